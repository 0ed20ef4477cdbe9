"""OpenAI chat fine-tuning: one conversation a line.

Trajectories come in, file names with contents go out. Arguments are strings of JSON,
each call is answered before the next assistant message, the last message is the
assistant's. Next: `export` writes the folder.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from agentgym.export.dataset.raw_to_standardized import (
    Dict,
    closing,
    is_listed,
    parted,
    shown,
    to_line,
    turns,
)
from agentgym.export.readme import openai_readme
from agentgym.formats import encode
from agentgym.trajectory import Trajectory

__all__ = ["chat", "dataset"]


def dataset(kept: Sequence[Trajectory], left_out: Mapping[str, int]) -> dict[str, bytes]:
    """Write every file of the folder.

    Args:
        kept: The successes, in order.
        left_out: Status to number of the episodes that are not exported.
    """
    lines = (to_line(chat(json.loads(encode(trajectory)))) for trajectory in kept)
    return {
        "README.md": openai_readme(kept, left_out).encode(),
        "train.jsonl": "".join(f"{line}\n" for line in lines).encode(),
    }


def chat(record: Dict) -> Dict:
    """Make one training example of a raw record."""
    system = record["task"].get("system", "")
    messages: list[Dict] = [{"role": "system", "content": system}] if system else []
    walked, _ = parted(turns(record, is_listed))
    for turn in walked:
        if turn["role"] == "assistant":
            messages += _assistant(turn)
        else:
            messages.append({"role": "user", "content": turn["content"]})
    if messages[-1]["role"] != "assistant" or "tool_calls" in messages[-1]:
        messages.append({"role": "assistant", "content": closing(record)})
    return {
        "messages": messages,
        "tools": [
            {
                "type": "function",
                "function": {
                    "name": tool["name"],
                    "description": tool["description"],
                    "parameters": tool["parameters"],
                },
            }
            for tool in shown(record).values()
        ],
        "parallel_tool_calls": any(len(m.get("tool_calls", ())) > 1 for m in messages),
    }


def _assistant(turn: Dict) -> list[Dict]:
    calls = [call for call in turn["calls"] if call["text"] is None]
    written = [call for call in turn["calls"] if call["text"] is not None]
    said: Dict = {"role": "assistant"}
    content = "\n\n".join(filter(None, [turn["content"], *(call["text"] for call in written)]))
    if content or not calls:
        said["content"] = content
    if calls:
        said["tool_calls"] = [
            {
                "id": call["id"],
                "type": "function",
                "function": {
                    "name": call["name"],
                    "arguments": json.dumps(call["arguments"], ensure_ascii=False),
                },
            }
            for call in calls
        ]
    if not turn["loss"]:
        said["weight"] = 0
    answers = [
        {"role": "tool", "tool_call_id": call["id"], "content": call["result"]} for call in calls
    ]
    return [said, *answers, *({"role": "user", "content": c["result"]} for c in written)]
