"""Turn raw records (`agentgym.trajectory/1`) into the Agent Data Protocol, classic shape.

Reads one JSON object a line from standard input and writes one a line to standard
output; needs Python alone. One line satisfies the models of version 1.0 and of 1.5.0.
Failures are left out, because a record without `<finish>` is not finished work.
"""

from __future__ import annotations

import json
import re
import sys
from ast import literal_eval
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import Any

SCHEMA_VERSION = "1.5.0"

Dict = dict[str, Any]

# Text that converters read as markup of theirs. One underscore after the `<` takes that
# meaning away; text that has underscores there already gets one more, so nothing is lost.
_MARKUP = r"/?(?:think|finish|function_calls|function|invoke|parameter)\b"
_HAZARD = re.compile(rf"<(?=_*{_MARKUP})", re.IGNORECASE)
_ESCAPED = re.compile(rf"<_(?=_*{_MARKUP})", re.IGNORECASE)


def escape(text: str) -> str:
    """Take the meaning from markup in the text: `<think>` becomes `<_think>`."""
    return _HAZARD.sub("<_", text)


def restore(text: str) -> str:
    """Undo `escape`."""
    return _ESCAPED.sub("<", text)


def escape_all(value: Any) -> Any:
    """Escape every string inside a JSON value, names of fields aside."""
    if isinstance(value, str):
        return escape(value)
    if isinstance(value, list):
        return [escape_all(item) for item in value]
    if isinstance(value, dict):
        return {name: escape_all(item) for name, item in value.items()}
    return value


def quote(arguments: Dict) -> Dict:
    """Write the arguments of a call as keyword arguments of a line of code.

    A string carries its own quotes, as a Python literal; other values stay as they are.
    """
    return {
        name: escape(repr(value)) if isinstance(value, str) else escape_all(value)
        for name, value in arguments.items()
    }


def unquote(kwargs: Dict) -> Dict:
    """Undo `quote`."""

    def undo(value: Any) -> Any:
        if isinstance(value, str):
            return restore(value)
        if isinstance(value, list):
            return [undo(item) for item in value]
        if isinstance(value, dict):
            return {name: undo(item) for name, item in value.items()}
        return value

    return {
        name: literal_eval(restore(value)) if isinstance(value, str) else undo(value)
        for name, value in kwargs.items()
    }


def is_listed(call: Dict, tools: dict[str, Dict]) -> bool:
    """Tell whether the text of the call could be read and names a tool of the record."""
    return call.get("parse_error") is None and call["name"] in tools


def is_callable(call: Dict, tools: dict[str, Dict]) -> bool:
    """Tell whether the call is listed and has the arguments that its tool takes."""
    if not is_listed(call, tools):
        return False
    parameters = tools[call["name"]]["parameters"]
    given = set(call["arguments"])
    return given <= set(parameters.get("properties", {})) and given >= set(
        parameters.get("required", ())
    )


def shown(record: Dict) -> dict[str, Dict]:
    """Return the tools that the agent was shown, by name, in order."""
    return {
        tool["name"]: tool
        for tool in record.get("tools", ())
        if tool.get("requestor", "assistant") == "assistant"
    }


def turns(record: Dict, is_call: Callable[[Dict, dict[str, Dict]], bool]) -> Iterator[Dict]:
    """Walk through a record: each message with its calls, each call with its answer.

    Yields:
        `{"role": "user", "content"}`, the same with `environment` for an answer to no call, or
        `{"role": "assistant", "content", "reasoning", "loss", "calls": [{"id", "name",
        "arguments", "text", "result", "error"}]}`. Ids are unique in the record. `text` is
        None for a call, and what the agent wrote for something that is none by `is_call`.
        `result` is empty where the record holds no answer.
    """
    tools, ids = shown(record), set[str]()
    events = record.get("events", ())
    if not events or events[0]["role"] != "user":
        yield {"role": "user", "content": record["task"]["instruction"]}
    starts = [i for i, event in enumerate(events) if event["role"] == "assistant"]
    yield from map(_heard, events[: starts[0]] if starts else events)
    for start, end in pairwise([*starts, len(events)]):
        said, after = events[start], list(events[start + 1 : end])
        calls = [_answered(call, after, ids) for call in said.get("tool_calls", ())]
        for call in calls:
            text = call.pop("raw") or json.dumps(
                {"name": call["name"], "arguments": call["arguments"]}, ensure_ascii=False
            )
            call["text"] = None if is_call(call, tools) else text
        yield {
            "role": "assistant",
            "content": said.get("content", ""),
            "reasoning": said.get("reasoning"),
            "loss": said.get("loss", True),
            "calls": calls,
        }
        yield from map(_heard, after)


def _heard(event: Dict) -> Dict:
    return {
        "role": "user" if event["role"] == "user" else "environment",
        "content": event["content"],
    }


def parted(walked: Iterable[Dict]) -> tuple[list[Dict], list[str]]:
    """Part what the user says after the agent's last words from the turns before it."""
    kept = list(walked)
    end = len(kept)
    while kept[end - 1]["role"] == "user" and end > 1:
        end -= 1
    if kept[end - 1]["role"] != "assistant" or kept[end - 1]["calls"]:
        return kept, []
    return kept[:end], [turn["content"] for turn in kept[end:]]


def _answered(call: Dict, after: list[Dict], ids: set[str]) -> Dict:
    name, number = call["id"] or "call", 1
    while name in ids or not name:
        number += 1
        name = f"{call['id'] or 'call'}_{number}"
    ids.add(name)
    found = next((e for e in after if e["role"] == "tool" and e["call_id"] == call["id"]), None)
    if found is not None:
        after.remove(found)
    return {
        "id": name,
        "name": call["name"],
        "arguments": call["arguments"],
        "raw": call.get("raw"),
        "parse_error": call.get("parse_error"),
        "result": found.get("content", "") if found else "",
        "error": found.get("error_type") if found else None,
    }


def closing(record: Dict) -> str:
    """Say the end of the work as a sentence to the user: what the last call concluded."""
    said = [event for event in record.get("events", ()) if event["role"] == "assistant"]
    if said and record["outcome"]["termination"] == "conclude" and said[-1].get("tool_calls"):
        end = said[-1]["tool_calls"][-1]["arguments"]
        said_last = [] if end.get("answer") in (None, "") else [_spoken(end["answer"])]
        if end.get("outcome", "done") != "done":
            reason = f": {end['reason']}" if end.get("reason") else ""
            said_last.append(f"{str(end['outcome']).capitalize()}{reason}")
        if said_last:
            return ". ".join(said_last)
    return "Done."


def _spoken(answer: Any) -> str:
    if isinstance(answer, str):
        return answer
    if isinstance(answer, list):
        return ", ".join(_spoken(item) for item in answer)
    return json.dumps(answer, ensure_ascii=False)


def standardize(record: Dict) -> Dict | None:
    """Make the ADP record of a raw one; None for an episode that did not succeed."""
    if record["outcome"]["status"] != "success":
        return None
    content, faults = list[Dict](), Dict()
    walked, farewell = parted(turns(record, is_callable))
    for turn in walked:
        if turn["role"] != "assistant":
            content.append(_observation(turn["content"], turn["role"]))
        elif not turn["calls"]:
            content.append(_said(turn, turn["content"]))
        for place, call in enumerate(turn.get("calls", ())):
            content += _exchange(turn if place == 0 else {}, call)
            if call["error"] is not None:
                faults[call["id"]] = call["error"]
    system = record["task"].get("system", "")
    if system:
        content[0]["content"] = f"{escape(system)}\n\n{content[0]['content']}"
    return {
        "schema_version": SCHEMA_VERSION,
        "id": record["trajectory_id"],
        "content": _finished(content, record),
        "available_custom_tools": list(shown(record)),
        "details": _details(record, faults, len(escape(system)), farewell),
    }


def _observation(text: str, source: str, **more: str) -> Dict:
    return {"class_": "text_observation", "content": escape(text), "source": source} | more


def _said(turn: Dict, text: str) -> Dict:
    item: Dict = {"class_": "message_action", "content": escape(text)}
    if turn.get("reasoning"):
        item["reasoning_content"] = escape(turn["reasoning"])
    return item


def _exchange(turn: Dict, call: Dict) -> list[Dict]:
    if call["text"] is not None:
        said = "\n\n".join(part for part in (turn.get("content"), call["text"]) if part)
        return [_said(turn, said), _observation(call["result"], "environment")]
    action: Dict = {
        "class_": "api_action",
        "function": call["name"],
        "kwargs": quote(call["arguments"]),
    }
    thought = turn.get("content") or turn.get("reasoning")
    if thought:
        action["description"] = escape(thought)
    if turn.get("reasoning"):
        action["reasoning_content"] = escape(turn["reasoning"])
    action["tool_call_id"] = call["id"]
    result = _observation(call["result"], "environment", name=call["name"], tool_call_id=call["id"])
    return [action, result]


def _finished(content: list[Dict], record: Dict) -> list[Dict]:
    last = content[-1]
    if last["class_"] == "message_action":
        return [*content[:-1], last | {"content": f"<finish> {last['content']} </finish>"}]
    end = f"<finish> {escape(closing(record))} </finish>"
    return [*content, {"class_": "message_action", "content": end}]


def _details(record: Dict, faults: Dict, system_length: int, farewell: list[str]) -> dict[str, str]:
    task = {name: value for name, value in record["task"].items() if name != "system"}
    parts = {
        "env": record["env"],
        "task": task | {"system_length": system_length},
        "agent": record["agent"],
        "user": record.get("user", {}),
        "outcome": record["outcome"],
        "faults": faults,
        "farewell": farewell,
        "provenance": record["provenance"] | {"group_id": record["group_id"]},
    }
    return {name: escape(to_line(value)) for name, value in parts.items()}


def to_line(value: Any) -> str:
    """Write JSON on one line that every reader of lines takes for one line."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    return re.sub("[\x85\u2028\u2029]", lambda mark: f"\\u{ord(mark[0]):04x}", text)


def main() -> None:
    """Convert standard input to standard output."""
    sys.stdin.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")  # type: ignore[union-attr]
    for line in sys.stdin:
        standard = standardize(json.loads(line)) if line.strip() else None
        if standard is not None:
            print(to_line(standard))


if __name__ == "__main__":
    main()
