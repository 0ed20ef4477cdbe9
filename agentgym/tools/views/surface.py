"""The surface of a view: the tools that are shown, and the ways from them to the domain's own.

A shown tool does nothing by itself: each of its ways is a call of one tool of the domain, with
its parameters under the shown names and perhaps some values fixed. So rules, traces and verdicts
meet the domain's own calls, whatever is shown. Next: `granularity`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property

from agentgym.errors import nearest
from agentgym.formats import Json, Record
from agentgym.tools.algebra import Tool
from agentgym.trajectory import Fault, ToolFace

__all__ = ["Shown", "Surface", "Way"]

_LONGEST = 60
_QUOTED = r'"(?:[^"\\]|\\.)*"'


class Way(Record, kw_only=True):
    """One way from a shown tool to a tool of the domain."""

    tool: str
    params: dict[str, str]
    """Shown parameter to the tool's own."""
    fixed: dict[str, Json] = {}
    """Own parameters to wire values that the shown tool sets."""
    action: str | None = None
    """What the caller chooses it by, where there are several ways."""


class Shown(Record, kw_only=True):
    """A tool as it is shown, and what a call of it comes to."""

    face: ToolFace
    """With its whole documentation."""
    ways: tuple[Way, ...]
    selector: str | None = None
    """The parameter that chooses the way; None where there is one."""
    locked: bool = False

    @property
    def name(self) -> str:
        """Its name."""
        return self.face.name

    @property
    def tool(self) -> str:
        """The tool of the domain that it leads to, or the first of them."""
        return self.ways[0].tool


class Surface(Record, kw_only=True, dict=True):
    """All that a view shows of a domain's tools."""

    tools: tuple[Shown, ...]
    run: tuple[Tool, ...]
    """The domain's tools as they are compiled for it: their pages may be of another size."""
    rebuilt: bool = False
    """Whether they are not the domain's own, one by one."""

    @cached_property
    def by_name(self) -> dict[str, Shown]:
        """The shown tools by name."""
        return {tool.name: tool for tool in self.tools}

    @cached_property
    def routes(self) -> dict[str, tuple[tuple[Shown, Way], ...]]:
        """The ways to each tool of the domain, in the order in which they are shown."""
        found: dict[str, tuple[tuple[Shown, Way], ...]] = {}
        for shown in self.tools:
            for way in shown.ways:
                found[way.tool] = (*found.get(way.tool, ()), (shown, way))
        return found

    @cached_property
    def _said(self) -> tuple[re.Pattern[str], dict[str, str]] | None:
        said = {
            name: routes[0][0].name
            for name, routes in self.routes.items()
            if name not in self.by_name
        }
        return (_words(said), said) if said else None

    def say(self, text: str) -> str:
        """Name in a text the shown tools where it names those of the domain."""
        if self._said is None:
            return text
        pattern, said = self._said
        return pattern.sub(lambda match: said.get(match[0], match[0]), text)

    def translate(
        self, name: str, arguments: Mapping[str, Json]
    ) -> tuple[Way, dict[str, Json]] | Fault:
        """Turn a call of a shown tool into one of the domain's own.

        Args:
            name: Of a shown tool.
            arguments: As the agent sent them; their values are looked at by the tool itself.

        Returns:
            The way and the arguments of its tool, or why there is none.
        """
        shown = self.by_name[name]
        way = shown.ways[0]
        if shown.selector is not None:
            chosen = _choose(shown, arguments)
            if isinstance(chosen, Fault):
                return chosen
            way = chosen
        given: dict[str, Json] = {}
        for param, value in arguments.items():
            if param == shown.selector:
                continue
            own = way.params.get(param)
            if own is None:
                return _unknown(shown, way, param)
            given[own] = value
        return way, given | way.fixed

    def tell(self, fault: Fault, name: str, way: Way) -> Fault:
        """Put a refusal of the domain's tool in the words of the shown one."""
        back = {own: param for param, own in way.params.items() if own != param}
        text = fault.message
        if way.tool != name:
            text = re.sub(rf"{_QUOTED}|\b{re.escape(way.tool)}\b", _swap({way.tool: name}), text)
        # A short name like `city` may stand in the text as a plain word, so that only the
        # parameter which is to blame, and lists of parameters, are put in other words then.
        plain = {own: param for own, param in back.items() if "_" in own or own == fault.parameter}
        if "at least one of " in text:
            plain = back
        if plain:
            text = _words(plain, quoted=True).sub(_swap(plain), text)
        parameter = fault.parameter
        if parameter is not None:
            parameter = back.get(parameter, parameter)
        return Fault(code=fault.code, message=self.say(text), parameter=parameter, rule=fault.rule)


def _words(names: Iterable[str], *, quoted: bool = False) -> re.Pattern[str]:
    known = "|".join(re.escape(name) for name in sorted(names, key=lambda n: (-len(n), n)))
    return re.compile(rf"{_QUOTED}|\b(?:{known})\b" if quoted else rf"\b(?:{known})\b")


def _swap(names: Mapping[str, str]) -> Callable[[re.Match[str]], str]:
    return lambda match: names.get(match[0], match[0])


def _choose(shown: Shown, arguments: Mapping[str, Json]) -> Way | Fault:
    selector = shown.selector
    assert selector is not None
    actions = {way.action: way for way in shown.ways if way.action is not None}
    options = ", ".join(actions)
    if selector not in arguments:
        return Fault(
            code="bad_arguments",
            message=f"{shown.name} needs {selector}: expected one of {options}, found nothing.",
            parameter=selector,
        )
    found = arguments[selector]
    if isinstance(found, str) and found in actions:
        return actions[found]
    hint = f" ({nearest(found[:_LONGEST], actions)})" if isinstance(found, str) else ""
    return Fault(
        code="bad_arguments",
        message=f"{selector}: expected one of {options}{hint}.",
        parameter=selector,
    )


def _unknown(shown: Shown, way: Way, param: str) -> Fault:
    with_ = f" with {shown.selector} {way.action}" if shown.selector is not None else ""
    hint = nearest(param[:_LONGEST], way.params) if way.params else "it takes none."
    quoted = ascii(param[:_LONGEST])[1:-1]
    return Fault(
        code="bad_arguments",
        message=f'{shown.name} has no parameter "{quoted}"{with_}; {hint}',
        parameter=quoted,
    )
