"""What an exported folder says about itself: README and LICENSE.

Facts of the trajectories come in, Markdown goes out: what is there, what was left out,
what the format cannot carry. Next: `adp`, `openai`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from agentgym.trajectory import AssistantEvent, Trajectory

__all__ = ["adp_readme", "licence", "mark", "openai_readme"]


def mark(format: str) -> str:
    """Return the first line of the README of our exports, by which we know them again."""
    return f"<!-- written by agentgym: {format} -->"


_ADP = """
## Files

| file | what it is |
|---|---|
| `full_std.jsonl` | every record in the standard shape, `schema_version` 1.5.0; models of 1.0 load it too |
| `full_raw.jsonl` | the same episodes as they were recorded, same order |
| `sample_raw.json`, `sample_std.json`, `sample_sft.json` | the first records in each shape, same order |
| `sample_sft/openhands_v0.json` | the same as `sample_sft.json`, under the name that 1.5.0 gives it |
| `api.py` | a stub for each tool: typed parameters, documentation |
| `metadata.json` | the tools as JSON Schema |
| `extract_raw.py`, `raw_to_standardized.py`, `schema_raw.py` | how the files above come about, and the shape of a raw record |

```
python extract_raw.py | python raw_to_standardized.py | cmp - full_std.jsonl
```

Upstream's tests of the folder contradict each other across versions in two names: those of 1.0 refuse `metadata.json`, those of 1.5.0 refuse `sample_sft.json`. Delete the one that your version refuses; nothing else depends on it.

The fine-tuning samples are written by us in the shape of upstream's OpenHands converter, with a system text of our own. For training, run upstream's converters on `full_std.jsonl`.

## Conventions

- A string among `kwargs` carries its own quotes, as a Python literal, because converters paste `name=value` into code. `unquote` in `raw_to_standardized.py` gives the arguments back.
- Markup that converters would take for their own (`<think>`, `<finish>`, `<function=`, `<function_calls>`, `<invoke`, `<parameter=`, and what closes them) has one underscore more after its `<`, in every text: `<_think>`. `restore` in `raw_to_standardized.py` takes it away again.
- The last item is a message `<finish> ... </finish>`: the agent's last words, or what it concluded.
- The system text opens the first message, with an empty line after it; `details.task` holds its length as `system_length`.
- A call that names no tool of the episode, or lacks what the tool needs, is a message with the text of the call; its answer follows it.
- Every value of `details` is a string of JSON: `env`, `task`, `agent`, `user`, `outcome`, `faults` (call id to error code), `farewell` (what the user says after the agent's last words), `provenance`.

## What this format does not carry

Which calls were made in one message (they are put one after the other, each with its result), logical times, digests of the world's state, structured results beside their text, nested types and enums in `api.py` (they are in `metadata.json`), and the texts of a tool where episodes show it with unlike ones (`full_raw.jsonl` has each; here the first stands for all).
"""

_OPENAI = """
## Files

`train.jsonl`: one conversation a line, as OpenAI's chat fine-tuning takes it: `messages`, `tools`, `parallel_tool_calls`. Arguments are strings of JSON, every call is answered before the next turn of the assistant, and the last message is the assistant's: its last words, or what it concluded. What the user says after the agent's last words is left out. An assistant message that is not to be learned has `weight` 0.

A call that could not be read, or that names no tool of the episode, is the text of an assistant message; its answer is a user message.

## What this format does not carry

Reasoning, rewards, error codes, logical times, digests of the world's state, structured results beside their text, provenance.
"""


def adp_readme(kept: Sequence[Trajectory], left_out: Mapping[str, int]) -> str:
    """Describe an ADP data set."""
    said = [
        event
        for one in kept
        for event in one.events
        if isinstance(event, AssistantEvent) and event.tool_calls
    ]
    words = sum(bool(event.content or event.reasoning) for event in said)
    thoughts = (
        f"\nThe agent thought aloud before {words} of {len(said)} calls or groups of calls; "
        "upstream's quality control asks for four of five.\n"
    )
    return _head("adp", "Agent Data Protocol, classic", kept, left_out) + thoughts + _ADP


def openai_readme(kept: Sequence[Trajectory], left_out: Mapping[str, int]) -> str:
    """Describe a file for OpenAI's chat fine-tuning."""
    return _head("openai", "OpenAI chat fine-tuning", kept, left_out) + _OPENAI


def _head(format: str, title: str, kept: Sequence[Trajectory], left_out: Mapping[str, int]) -> str:
    count = sum(left_out.values())
    reasons = ", ".join(f"{number} {status}" for status, number in sorted(left_out.items()))
    lines = [
        mark(format),
        f"# Episodes in {title}",
        "",
        f"{len(kept)} successful episodes with tools, each judged by the state that it left behind.",
        f"Left out, because the format has no place for failure: {count}"
        + (f" ({reasons})." if count else "."),
        "",
        "| domain | policy | episodes | tasks |",
        "|---|---|---|---|",
    ]
    groups = Counter((one.env.domain, one.agent.name) for one in kept)
    for (domain, policy), number in sorted(groups.items()):
        tasks = {one.task.task_id for one in kept if one.env.domain == domain}
        lines.append(f"| {domain} | {policy} | {number} | {len(tasks)} |")
    return "\n".join(lines) + "\n"


_TERMS = """\
The scripts, stubs, documentation and wording of this folder were generated by agentgym
and are under the MIT License:

Copyright (c) 2026 agentgym authors

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
"""


def licence(kept: Sequence[Trajectory]) -> str:
    """State the licence of the folder, and of the rows that its results show."""
    named = sorted({one.provenance.license for one in kept if one.provenance.license})
    rows = (
        f"state this licence: {', '.join(named)}."
        if named
        else "state no licence: rows imported from a database keep the licence of their source."
    )
    return f"{_TERMS}\nFor the data that the results of tools show, the recorded episodes\n{rows}\n"
