"""Policies that go by words alone: a guesser, a greedy one and a bounded search.

They know observations and `info["tools"]`, no more, and no grammar: a tool is as good as the words
that its name shares with the request, a parameter takes values of the request or of answers that
fit it. They are rungs of the ladder on which tasks are measured. Next: `oracle`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from agentgym.errors import FormatError
from agentgym.formats import Json, decode, to_text
from agentgym.policies.words import ISO, named, stems

__all__ = ["Guesser", "Seeker"]

_BOUND = re.compile(r"^(min|max)_|_(from|to)$")
_READS = frozenset(
    "ask average calculate conclude count current find get identify list look max mean min path "
    "query read search show sum total way".split()
)
"""First words of tools that change nothing."""


class Guesser:
    """Looks nothing up: concludes with the first thing that the request names."""

    def __call__(self, observation: str, info: dict[str, Any]) -> str:  # noqa: ARG002
        """Return the conclusion."""
        values = named(observation)
        arguments: dict[str, Json] = {"outcome": "done"}
        if values:
            arguments["answer"] = values[0]
        return to_text({"name": "conclude", "arguments": arguments})


class Seeker:
    """Makes the calls that the request's words and values allow, then answers by words.

    Args:
        calls: Most calls: a few make a greedy policy, many a bounded search.
    """

    def __init__(self, *, calls: int) -> None:
        self._most = calls
        self._start("")

    def reset(self, *, seed: int) -> None:  # noqa: ARG002 - nothing is left to chance
        """Start again."""
        self._start("")

    def _start(self, request: str) -> None:
        self._request = stems(request)
        self._known = named(request)
        self._seen: dict[str, list[Json]] = {}
        self._rows: list[dict[str, Json]] = []
        self._made: set[str] = set()
        self._left = self._most
        self._wrote = self._asked = self._barred = self._told = False

    def __call__(self, observation: str, info: dict[str, Any]) -> str:
        """Return the next call."""
        tools = [tool["function"] for tool in info["tools"]]
        if info["turn"] == 0:
            self._start(observation)
        else:
            self._learn(observation)
        self._left -= 1
        if self._barred and not self._asked and self._left > 0:
            self._asked = True
            asked = self._who(tools)
            if asked:
                return to_text({"name": "ask_user", "arguments": {"question": asked}})
        if self._left >= 0 and not self._wrote:
            for tool, arguments in self._calls(tools):
                call = to_text({"name": tool["name"], "arguments": arguments})
                if call not in self._made:
                    self._made.add(call)
                    self._told = False
                    self._wrote = self._changes(tool)
                    return call
        return self._conclude()

    def _who(self, tools: list[dict[str, Any]]) -> str:
        """Ask for what the tool that says who somebody is takes; nothing if there is none."""
        names = {tool["name"] for tool in tools}
        for tool in tools:
            if tool["name"].startswith("identify_") and "ask_user" in names:
                wanted = tool["parameters"].get("required", [])
                return f"What is your {' and your '.join(w.replace('_', ' ') for w in wanted)}?"
        return ""

    def _changes(self, tool: dict[str, Any]) -> bool:
        return tool["name"].partition("_")[0] not in _READS

    def _calls(self, tools: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], Any]]:
        """Yield what could be called, the best first; a change only as the last call."""
        scored = []
        for place, tool in enumerate(tools):
            verb = tool["name"].partition("_")[0]
            if tool["name"] in ("conclude", "ask_user", "calculate", "current_time"):
                continue
            if self._changes(tool) and not stems(verb) & self._request:
                continue
            if verb == "identify" and not self._told:
                continue
            name = stems(tool["name"])
            share = len(name & self._request) / max(len(name), 1)
            share += 2 * (verb == "identify")
            late = self._changes(tool) and self._left > 0
            scored.append((late, -share, place))
        for _, _, place in sorted(scored):
            arguments = self._arguments(tools[place])
            if arguments is not None:
                yield tools[place], arguments

    def _arguments(self, tool: dict[str, Any]) -> dict[str, Json] | None:
        """Fill the parameters; None where a required one has no value or nothing is given."""
        properties: dict[str, Any] = tool["parameters"].get("properties", {})
        required = tool["parameters"].get("required", [])
        filled: dict[str, Json] = {}
        used: list[Json] = []
        for name in required:
            value = self._value(name, properties[name], used)
            if value is None:
                return None
            filled[name] = value
            used.append(value)
        if not self._changes(tool) and required:
            return filled
        optional = [n for n in properties if n not in required and self._likeness(n) > 0]
        for name in sorted(optional, key=lambda n: -self._likeness(n)):
            value = self._value(name, properties[name], [])
            if value is not None and (value not in used or self._bounds(name, filled, value)):
                filled[name] = value
                used.append(value)
        return filled or (None if properties else {})

    def _bounds(self, name: str, filled: dict[str, Json], value: Json) -> bool:
        """Tell whether a parameter is the other bound of one that has the value."""
        mine = stems(_BOUND.sub("", name))
        return any(stems(_BOUND.sub("", n)) == mine and v == value for n, v in filled.items())

    def _value(self, name: str, kind: dict[str, Any], used: list[Json]) -> Json:
        seen = self._seen.get(name, [])
        if seen:
            return seen[-1]
        if "enum" in kind:
            fitting = [one for one in kind["enum"] if stems(str(one)) <= self._request]
            return fitting[0] if fitting and fitting[0] != "" else None
        types = kind.get("type", "string")
        types = [types] if isinstance(types, str) else types
        for value in self._known:
            if value not in used and _fits(value, types, kind):
                return value
        return None

    def _learn(self, observation: str) -> None:
        try:
            value = decode(observation.encode(), object, where="observation")
        except FormatError:
            return
        if isinstance(value, dict) and "error" in value:
            self._barred = self._barred or "identified" in str(value["error"])
        elif isinstance(value, dict) and isinstance(value.get("reply"), str):
            told = named(value["reply"])
            self._told = bool(told)
            self._known = [*told, *(one for one in self._known if one not in told)]
        elif isinstance(value, dict):
            items = value.get("items")
            for row in items if isinstance(items, list) else [value]:
                if isinstance(row, dict):
                    self._rows.append(row)
                    for field, one in row.items():
                        if one is not None and not isinstance(one, (dict, list)):
                            self._seen.setdefault(field, []).append(one)

    def _conclude(self) -> str:
        arguments: dict[str, Json] = {"outcome": "done"}
        if not self._wrote:
            told = {str(value) for value in (None, *self._known)}
            cells = [
                (self._nearness(row) + self._likeness(field), -place, value)
                for place, row in enumerate(self._rows)
                for field, value in row.items()
                if self._likeness(field) > 0 and str(value) not in told
            ]
            if cells:
                arguments["answer"] = max(cells, key=lambda cell: cell[:2])[2]
        return to_text({"name": "conclude", "arguments": arguments})

    def _nearness(self, row: dict[str, Json]) -> float:
        """Say how much of the request a row speaks of."""
        texts = {str(value).casefold() for value in row.values()}
        told = sum(str(value).casefold() in texts for value in self._known)
        return float(told)

    def _likeness(self, field: str) -> float:
        if field == "id" or field.endswith("_id"):
            return 0.0
        name = stems(_BOUND.sub("", field))
        return len(name & self._request) / max(len(name), 1)


def _fits(value: Json, types: list[str], kind: dict[str, Any]) -> bool:
    if isinstance(value, str):
        shape = kind.get("format")
        timed = ISO.fullmatch(value) is not None
        if shape in ("date", "date-time"):
            return timed and ("T" in value) == (shape == "date-time")
        return "string" in types and not timed
    if isinstance(value, int):
        return "integer" in types or "number" in types
    return "number" in types
