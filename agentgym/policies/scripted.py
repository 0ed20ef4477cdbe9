"""Policies that know nothing: one does nothing, one makes random legal calls.

They are the floor that every task must stay above.
"""

from __future__ import annotations

import re
from decimal import Context, Decimal
from typing import Any

from agentgym.errors import FormatError
from agentgym.formats import Json, decode, to_text
from agentgym.rng import stream

__all__ = ["Noop", "RandomLegal"]

_END = "conclude"
_MOST = 10
_TOGETHER = (("descending", "sort_by"), ("function", "field"))
"""Parameters of our tools that mean nothing without another."""
_WIDE = Context(prec=700)
"""Enough digits for any two floats."""
_SHAPES = {
    "date": re.compile(r"\d{4}-\d\d-\d\d\Z"),
    "date-time": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z"),
}


class Noop:
    """Concludes at once that all is done."""

    def __call__(self, observation: str, info: dict[str, Any]) -> str:  # noqa: ARG002
        """Return the conclusion."""
        return to_text({"name": _END, "arguments": {"outcome": "done"}})


class RandomLegal:
    """Makes a few random calls that fit the tools' parameters, then concludes at random.

    Its values are those of the schemas and those that it has seen in answers.

    Args:
        seed: Decides every choice.
    """

    def __init__(self, *, seed: int = 0) -> None:
        self.reset(seed=seed)

    def reset(self, *, seed: int) -> None:
        """Forget all that was seen and start again with a seed."""
        self._chance = stream(seed, "policies", "random")
        self._calls = self._chance.randint(1, _MOST)
        self._seen: dict[str, list[Json]] = {}
        self._all: list[Json] = []
        self._began = False

    def __call__(self, observation: str, info: dict[str, Any]) -> str:
        """Return the next random call."""
        if self._began:
            self._learn(observation)
        self._began = True
        tools = [tool["function"] for tool in info["tools"] if tool["function"]["name"] != _END]
        self._calls -= 1
        if self._calls < 0 or not tools:
            return self._end()
        tool = self._chance.choice(tools)
        return to_text({"name": tool["name"], "arguments": self._arguments(tool["parameters"])})

    def _end(self) -> str:
        arguments: dict[str, Json] = {"outcome": "done"}
        if self._all:
            arguments["answer"] = self._chance.choice(self._all)
        return to_text({"name": _END, "arguments": arguments})

    def _arguments(self, parameters: dict[str, Any]) -> dict[str, Json]:
        properties = parameters.get("properties", {})
        required = set(parameters.get("required", ()))
        optional = [name for name in properties if name not in required]
        chosen = [name for name in optional if self._chance.random() < 0.25]
        if optional and not chosen:
            chosen = [self._chance.choice(optional)]
        values = {
            name: self._value(name, kind)
            for name, kind in properties.items()
            if name in required or name in chosen
        }
        for name, other in _TOGETHER:
            if name in values and other in properties and other not in values:
                values[other] = self._value(other, properties[other])
        return values

    def _value(self, name: str, kind: dict[str, Any]) -> Json:
        if name == "expression":
            return f"{self._chance.randint(1, 99)} + {self._chance.randint(1, 99)}"
        if "enum" in kind:
            return self._chance.choice(kind["enum"])
        fitting = [value for value in self._seen.get(name, ()) if _fits(value, kind)]
        fitting = fitting or [value for value in self._all if _fits(value, kind)]
        if fitting and self._chance.random() < 0.8:
            return self._chance.choice(fitting)
        return self._made(_types(kind)[0], kind)

    def _made(self, wanted: str, kind: dict[str, Any]) -> Json:
        day = f"20{self._chance.randint(10, 29)}-0{self._chance.randint(1, 9)}-15"
        if kind.get("format") == "date":
            return day
        if kind.get("format") == "date-time":
            return f"{day}T12:00:00Z"
        made: dict[str, Json] = {
            "integer": max(self._chance.randint(1, 20), int(kind.get("minimum", 1))),
            "number": self._chance.randint(1, 200),
            "boolean": self._chance.random() < 0.5,
            "null": None,
        }
        letters = "".join(self._chance.choice("aeinorst") for _ in range(4))
        return made.get(wanted, letters[: int(kind.get("maxLength", 4))])

    def _learn(self, observation: str) -> None:
        try:
            value = decode(observation.encode(), object, where="observation")
        except FormatError:
            return
        if not (isinstance(value, dict) and set(value) == {"error"}):
            self._collect("", value)

    def _collect(self, name: str, value: Json) -> None:
        if isinstance(value, dict):
            for key, part in value.items():
                self._collect(key, part)
        elif isinstance(value, list):
            for part in value:
                self._collect(name, part)
        elif value is not None:
            self._seen.setdefault(name, []).append(value)
            self._all.append(value)


def _types(kind: dict[str, Any]) -> list[str]:
    types = kind.get("type", "string")
    return [types] if isinstance(types, str) else list(types)


def _fits(value: Json, kind: dict[str, Any]) -> bool:
    wanted = _types(kind)
    if isinstance(value, bool):
        return "boolean" in wanted
    if isinstance(value, str):
        shape = _SHAPES.get(kind.get("format", ""))
        short = len(value) <= kind.get("maxLength", len(value))
        return "string" in wanted and short and (shape is None or shape.match(value) is not None)
    if isinstance(value, int):
        return ("integer" in wanted or "number" in wanted) and value >= kind.get("minimum", value)
    step = kind.get("multipleOf")
    exact = step is None or not _WIDE.remainder(Decimal(str(value)), Decimal(str(step)))
    return "number" in wanted and exact
