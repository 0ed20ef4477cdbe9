"""What domains share with lists of tools and schemas from elsewhere.

So that training sets can be kept clear of public benchmarks. Portraits and `Reference`s come in,
for each domain a score and what it shares go out. Tools that any domain has (a calculator, the
clock, the end of a task) are left out, and so are the parameters of paging. Next: `summary`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from agentgym.build.fleet.portrait import Portrait, ToolMark
from agentgym.build.fleet.references import Reference, words
from agentgym.formats import Record

__all__ = ["Match", "Overlap", "Shared", "overlap"]

_PAGING = frozenset({"page", "sort_by", "descending", "function", "field", "limit", "offset"})
_TELLING = 2
"""Parameters from which a set of their names tells something."""
_SHOWN = 8


class Match(Record, kw_only=True):
    """A tool of a domain, and the one elsewhere that is most like it."""

    tool: str
    like: str
    names: float
    """1 for equal names, and for the same words in other order or writing; else 0."""
    parameters: float
    """Names of parameters in both, of those in either (Jaccard); 0 where unknown."""


class Shared(Record, kw_only=True, omit_defaults=False):
    """What one domain shares with one list: the one with which it shares most."""

    folder: str
    reference: str
    score: float
    """The largest of the shares below; 1 for a schema of the same shape."""
    exact: float
    """Share of its tools whose names are in the list."""
    words: float
    """Share of its tools whose names have the words of one in the list, whatever the case, the
    separators and the order."""
    parameters: float
    """Share of its tools with two or more parameters that have those of one in the list."""
    entities: float
    """Share of its entities whose names have the words of one in the list."""
    shape: bool
    """Whether the list is of a domain whose schema has the same structure."""
    matches: tuple[Match, ...] = ()
    """The tools that are most alike, at most eight."""
    shared_entities: tuple[str, ...] = ()


class Overlap(Record, kw_only=True, omit_defaults=False):
    """The report: every domain, most shared first."""

    references: tuple[str, ...]
    tools: int
    """Tools in all lists."""
    above: float | None = None
    """Score above which domains are refused."""
    refused: tuple[str, ...] = ()
    shared: tuple[Shared, ...]


def overlap(
    portraits: Iterable[Portrait],
    references: Sequence[Reference],
    *,
    above: float | None = None,
) -> Overlap:
    """Compare domains with lists of tools.

    Args:
        portraits: The domains; broken ones are left out.
        references: The lists, at least one.
        above: Score above which a domain is refused; None: none is.
    """
    lists = [_List(one) for one in references]
    found = [
        max((_shared(one, each) for each in lists), key=lambda shared: shared.score)
        for one in portraits
        if one.form is not None
    ]
    found.sort(key=lambda one: (-one.score, one.folder))
    return Overlap(
        references=tuple(one.name for one in references),
        tools=sum(len(one.tools) for one in references),
        above=above,
        refused=tuple(one.folder for one in found if above is not None and one.score > above),
        shared=tuple(found),
    )


class _List:
    """A reference, ready to be looked up in."""

    def __init__(self, reference: Reference) -> None:
        self.reference = reference
        self.words: dict[tuple[str, ...], str] = {}
        self.sets: dict[frozenset[str], str] = {}
        self.by_parameter: dict[str, list[tuple[str, frozenset[str]]]] = defaultdict(list)
        for name, parameters in reference.tools.items():
            self.words.setdefault(words(name), name)
            found = _telling(parameters or ())
            if len(found) >= _TELLING:
                self.sets.setdefault(found, name)
                for one in found:
                    self.by_parameter[one].append((name, found))
        self.entities = {words(name) for name in reference.entities}

    def match(self, tool: ToolMark) -> Match:
        """Find the tool that is most like one."""
        mine = _telling(tool.parameters)
        equal = tool.name if tool.name in self.reference.tools else self.words.get(words(tool.name))
        if equal is not None:
            theirs = _telling(self.reference.tools[equal] or ())
            return Match(tool=tool.name, like=equal, names=1.0, parameters=_jaccard(mine, theirs))
        best = Match(tool=tool.name, like="", names=0.0, parameters=0.0)
        if len(mine) < _TELLING:
            return best
        if mine in self.sets:
            return Match(tool=tool.name, like=self.sets[mine], names=0.0, parameters=1.0)
        for name, theirs in sorted(
            {near for one in mine for near in self.by_parameter.get(one, ())},
            key=lambda near: near[0],
        ):
            alike = _jaccard(mine, theirs)
            if alike > best.parameters:
                best = Match(tool=tool.name, like=name, names=0.0, parameters=alike)
        return best


def _telling(parameters: Iterable[str]) -> frozenset[str]:
    """Return the names of parameters in one writing, those of paging aside."""
    return frozenset("_".join(words(one)) for one in parameters if one.lower() not in _PAGING)


def _jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    return round(len(one & other) / len(one | other), 4) if one | other else 0.0


def _shared(portrait: Portrait, other: _List) -> Shared:
    own = [tool for tool in portrait.tools if not tool.desk]
    matches = [other.match(tool) for tool in own]
    telling = [tool for tool in own if len(_telling(tool.parameters)) >= _TELLING]
    entities = [name for name in portrait.entities if words(name) in other.entities]
    shares = {
        "exact": _share(sum(tool.name in other.reference.tools for tool in own), own),
        "words": _share(sum(match.names == 1 for match in matches), own),
        "parameters": _share(
            sum(_telling(tool.parameters) in other.sets for tool in telling), telling
        ),
        "entities": _share(len(entities), portrait.entities),
    }
    shape = bool(other.reference.shape) and other.reference.shape == portrait.shape
    ranked = sorted(
        (match for match in matches if match.like),
        key=lambda match: (-match.names, -match.parameters, match.tool),
    )
    return Shared(
        folder=portrait.folder,
        reference=other.reference.name,
        score=1.0 if shape else max(shares.values()),
        shape=shape,
        matches=tuple(ranked[:_SHOWN]),
        shared_entities=tuple(entities),
        **shares,
    )


def _share(number: int, of: Sequence[object]) -> float:
    return round(number / len(of), 4) if of else 0.0
