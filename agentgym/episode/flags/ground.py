"""What the agents of a view know before anything is said, and what its parameters stand for.

The system text, the shown tools and the schema come in; out goes a `Ground`, made once a view and
shared by its episodes. Next: `worked`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Literal, NamedTuple

from agentgym.episode.flags.seen import Seen
from agentgym.formats import to_text
from agentgym.rules import Elapsed, Rule, parts
from agentgym.schema import Field, Schema
from agentgym.tools.algebra import (
    INTRINSIC,
    AskUser,
    Calculate,
    Conclude,
    CurrentTime,
    ListTools,
    LookUpTerm,
    Offer,
    Path,
    ReadManual,
    SearchManual,
    ShowToolDoc,
    Term,
    Wait,
)
from agentgym.tools.parameters import bindings
from agentgym.tools.views import Surface
from agentgym.trajectory import ToolFace

__all__ = ["ANY", "NOT_TOLD", "Ground", "Kind"]

Evidence = Literal["free", "key", "part", "text", "prose", "number", "time", "any", "sum"]
"""What an argument has to be found by: nothing (the agent's own choice: a page, a sorting); the
value itself, said or given; a beginning of words; the words; its figures alone, for prose that the
agent writes; a number, or one worked out of such; a day or moment, or one worked out; what its type
says; the numbers of an expression."""


class Kind(NamedTuple):
    """What one parameter takes."""

    evidence: Evidence
    field: str = ""
    """The field that it stands for."""
    items: Mapping[str, Kind] | None = None
    """Of a list of objects: what their parameters take."""


ANY = Kind("any")
_FREE = Kind("free")
_SILENT = (
    AskUser,
    Conclude,
    ListTools,
    LookUpTerm,
    ShowToolDoc,
    ReadManual,
    SearchManual,
    *INTRINSIC,
)
"""Tools whose arguments are the agent's own words, or are judged elsewhere."""

NOT_TOLD = (Conclude, Offer, *INTRINSIC)
"""Tools whose results are the agent's own words."""

_AGAIN = (AskUser, Conclude, CurrentTime, Wait, *INTRINSIC)
"""Tools that may well be called twice with the same arguments."""


class Ground:
    """What is known of a view before an episode begins.

    Args:
        schema: Of the domain.
        rules: Of the domain.
        system: What the agent is told about its job.
        faces: The tools as the agent is shown them.
        terms: Shown name to the term that it leads to, or the first of them.
        surface: What the shown tools lead to; None where they are the domain's own.
    """

    def __init__(
        self,
        schema: Schema,
        rules: Sequence[Rule],
        system: str,
        faces: Sequence[ToolFace],
        terms: Mapping[str, Term],
        surface: Surface | None,
    ) -> None:
        self._schema, self._system, self._faces = schema, system, faces
        self._terms, self._surface = terms, surface
        self.free = frozenset(name for name, term in terms.items() if isinstance(term, _SILENT))
        """Tools whose arguments need no evidence."""
        self.untold = frozenset(name for name, term in terms.items() if isinstance(term, NOT_TOLD))
        """Tools whose results tell nothing."""
        self.sums = frozenset(name for name, term in terms.items() if isinstance(term, Calculate))
        self.again = frozenset(name for name, term in terms.items() if isinstance(term, _AGAIN))
        """Tools that may be called again and again."""
        self.mending = frozenset(
            rule.id
            for rule in rules
            if any(isinstance(part, Elapsed) for part in parts(rule.predicate))
        )
        """Rules that time alone may come to satisfy, or to break."""
        self.keys = frozenset(
            field.name
            for entity in schema.entities
            for field in entity.fields
            if field.role in ("key", "reference") or field.name in entity.key
        )
        """Names of fields whose numbers measure nothing."""
        self._kinds: dict[str, Mapping[str, Kind]] = {}

    @cached_property
    def seen(self) -> Seen:
        """The system text and the documentation of the tools; never added to."""
        found = Seen()
        found.add(self._system, said=True)
        for face in self._faces:
            found.add(to_text([face.name, face.description, face.parameters]))
        return found

    def kinds(self, name: str) -> Mapping[str, Kind]:
        """Return what the parameters of a shown tool take; of an unknown tool, nothing is known."""
        found = self._kinds.get(name)
        if found is None:
            found = self._kinds[name] = self._made(name)
        return found

    def _made(self, name: str) -> dict[str, Kind]:
        if name not in self._terms:
            return {}
        shown = None if self._surface is None else self._surface.by_name[name]
        if shown is None or self._surface is None:
            return _kinds(self._terms[name], self._schema)
        terms = {tool.name: tool.term for tool in self._surface.run}
        found: dict[str, Kind] = {}
        for way in shown.ways:
            own = _kinds(terms[way.tool], self._schema)
            for param, theirs in way.params.items():
                if theirs in own:
                    found.setdefault(param, own[theirs])
        if shown.selector is not None:
            found[shown.selector] = _FREE
        return found


def _kinds(term: Term, schema: Schema) -> dict[str, Kind]:
    """Say what each parameter of a term takes."""
    found = {
        name: _FREE
        for name in ("page", "sort_by", "descending", "function", "field", "max_steps")
        if name not in (bound := bindings(term, schema))
    }
    if isinstance(term, Calculate):
        found["expression"] = Kind("sum")
    if isinstance(term, Offer):
        found |= {"about": Kind("key"), "text": _FREE}
    if isinstance(term, Path):
        found |= {"from_entity": _FREE, "to_entity": _FREE}
        found |= {"from_key": Kind("key"), "to_key": Kind("key")}
    nested: dict[str, dict[str, Kind]] = {}
    for name, (entity, field_name, use) in bound.items():
        kind = _kind(schema.entity(entity).field(field_name), use)
        outer, inside, inner = name.partition("[].")
        if inside:
            nested.setdefault(outer, {})[inner] = kind
        else:
            found[name] = kind
    return found | {name: Kind("any", items=items) for name, items in nested.items()}


def _kind(field: Field, use: str) -> Kind:
    evidence: Evidence = "text"
    if field.type == "boolean":
        evidence = "free"
    elif use == "contains":
        evidence = "part"
    elif field.role in ("key", "reference", "code"):
        evidence = "key"
    elif field.type in ("integer", "decimal", "float"):
        evidence = "key" if use in ("key", "end") else "number"
    elif field.type in ("date", "datetime"):
        evidence = "time"
    elif field.type == "json":
        evidence = "any"
    elif field.role == "text" and use == "value":
        evidence = "prose"
    return Kind(evidence, field.name)
