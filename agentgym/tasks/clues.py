"""Clues: how a person would tell which row is meant, without any identifier.

In come a row and the tables, out come facts that leave exactly this row. Clues are
selected constructively: each one shrinks what is left, none is superfluous.
Next: `sample`.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from typing import NamedTuple

from agentgym.formats import Json
from agentgym.plan import (
    Emit,
    Exposure,
    Fact,
    Link,
    Measure,
    Node,
    Op,
    Pick,
    Plan,
    Select,
    Setting,
    Where,
    Write,
)
from agentgym.plan.tables import Tables
from agentgym.schema import Entity, Field, Schema
from agentgym.schema.types import Row, Stored, fold, to_wire

__all__ = ["FIGURES", "Clue", "Sketch", "clue_fields", "describe", "names", "sayable"]

_RANK = {
    "label": 0,
    "person": 0,
    "code": 1,
    "contact": 2,
    "category": 3,
    "time": 3,
    "place": 3,
    "status": 4,
    "money": 5,
    "quantity": 6,
    "measure": 7,
}
FIGURES = frozenset({"money", "quantity", "measure"})
"""Roles of bare numbers, by which people do not call a row that belongs to others."""
_PLAIN = re.compile(r"[^\"“”\n\r\t\x00-\x1f\x7f<>{}\\`|]{1,60}\Z")
_OPAQUE = re.compile(r"[0-9a-f]{8,}|[0-9a-f-]{30,}", re.IGNORECASE)
_MACHINE = re.compile(
    r"(?i:(?=[0-9a-f-]*[a-f])(?=[0-9a-f-]*\d)[0-9a-f-]{16,})|://\S*[?&]|\b[A-Za-z]+_\w*_\w*\d|"
    r"(?=\S*[a-z])(?=\S*[A-Z])(?=\S*\d)[A-Za-z0-9+/]{20,}={0,2}"
)
"""Digests, UUIDs, base64 and addresses with parameters: not even codes are like that."""
_FIRST = re.compile(r"\b(first|given|fore) ?names?\b|\bforename\b", re.IGNORECASE)
_LAST = re.compile(r"\b(last|family) ?names?\b|\bsurname\b", re.IGNORECASE)


class Clue(NamedTuple):
    """A comparison of a field, or of a measure of it, with a value that is told."""

    field: str
    op: Op
    value: Stored
    """Stored value; of a measure an integer or a letter."""
    of: Measure | None = None


class Sketch:
    """A plan under construction: facts and nodes get their ids here."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.facts: list[Fact] = []
        self.nodes: list[Node] = []

    def fact(
        self,
        entity: str,
        field: str,
        stored: Stored,
        *,
        private: bool = False,
        of: Measure | None = None,
    ) -> str:
        """Add a fact and return its id.

        Args:
            entity: What the field is of.
            field: The field.
            stored: Stored value; of a measure an integer or a letter.
            private: Told when asked.
            of: The measure, if any.
        """
        name = f"f{len(self.facts) + 1}"
        kind = self.schema.entity(entity).field(field)
        exposure: Exposure = "user" if private else "instruction"
        value = to_wire(kind, stored) if of is None else stored
        self.facts.append(Fact(id=name, entity=entity, field=field, value=value, exposure=exposure))
        return name

    def select(
        self,
        entity: str,
        clues: Sequence[Clue | tuple[str, str, Stored]] = (),
        links: Sequence[Link] = (),
        pick: Pick | None = None,
        *,
        among: Sequence[str] = (),
    ) -> str:
        """Add a select with its clues and return its id.

        One without clues that is there already is not added again.
        """
        for node in () if clues else self.nodes:
            if isinstance(node, Select) and not node.where:
                same = (node.entity, node.links, node.pick, node.among, node.me)
                if same == (entity, tuple(links), pick, tuple(among), False):
                    return node.id
        told = [Clue(*clue) for clue in clues]
        where = tuple(
            Where(
                field=clue.field,
                op=clue.op,
                fact=self.fact(entity, clue.field, clue.value, of=clue.of),
                of=clue.of,
            )
            for clue in told
        )
        name = self.next_id()
        self.nodes.append(
            Select(
                id=name,
                entity=entity,
                where=where,
                links=tuple(links),
                pick=pick,
                among=tuple(among),
            )
        )
        return name

    def emit(self, node: str, field: str | None) -> None:
        """Add an answer."""
        self.nodes.append(Emit(id=self.next_id(), node=node, field=field))

    def write(
        self, kind: str, entity: str, target: str | None, settings: Sequence[Setting]
    ) -> None:
        """Add a write."""
        self.nodes.append(
            Write(
                id=self.next_id(),
                kind=kind,  # type: ignore[arg-type]
                entity=entity,
                target=target,
                settings=tuple(settings),
            )
        )

    def next_id(self) -> str:
        """Return the id of the next node."""
        return f"n{len(self.nodes) + 1}"

    def plan(self, family: str) -> Plan:
        """Return the plan as it stands."""
        return Plan(family=family, facts=tuple(self.facts), nodes=tuple(self.nodes))  # type: ignore[arg-type]


def sayable(field: Field, stored: Stored) -> bool:
    """Tell whether a person would say this value of the field."""
    if stored is None or not field.spoken or field.role in ("key", "reference", "secret", "audit"):
        return False
    if field.type in ("json", "bytes"):
        return False
    if field.type == "float":
        return len(repr(stored)) <= 10 and "e" not in repr(stored)
    if isinstance(stored, str) and field.type in ("text", "enum"):
        return (
            _PLAIN.match(stored) is not None
            and stored == stored.strip()
            and "  " not in stored
            and any(c.isalnum() for c in stored)
            and not _MACHINE.search(stored)
            and (field.role == "code" or not _OPAQUE.search(stored))
        )
    return True


def clue_fields(entity: Entity) -> list[Field]:
    """Return the fields that can tell rows apart in words, best first."""
    found = [
        field
        for field in entity.fields
        if field.spoken and field.role in _RANK and field.type not in ("json", "bytes", "boolean")
    ]
    return sorted(found, key=lambda field: _RANK[field.role])


def describe(
    tables: Tables,
    entity: Entity,
    row: Row,
    rng: random.Random,
    *,
    among: Sequence[Row] | None = None,
    most: int = 3,
) -> list[tuple[str, str, Stored]] | None:
    """Choose clues that leave exactly one row.

    Args:
        tables: The rows.
        entity: What the row is of.
        row: The row that is meant.
        rng: Draws which of several ways is taken.
        among: The rows that are left by other clues; None for all of the entity.
        most: Largest number of clues.

    Returns:
        (field, op, stored value) clues, or None where no such clues exist.
    """
    fields = [f for f in clue_fields(entity) if sayable(f, row[entity.position(f.name)])]
    rows = tables.rows(entity.name) if among is None else among
    chosen: list[tuple[str, str, Stored]] = []
    left = rows
    for field in names(fields, rng):
        chosen.append((field.name, "eq", row[entity.position(field.name)]))
        left = _keep(tables, entity, left, chosen[-1])
    used = {name for name, _, _ in chosen}
    rest = [field for field in fields if field.name not in used]
    while len(left) > 1 and len(chosen) < most and rest:
        options = []
        for field in rest:
            clue = field.name, "eq", row[entity.position(field.name)]
            kept = _keep(tables, entity, left, clue)
            if len(kept) < len(left):
                number = field.role in FIGURES
                options.append((number, len(kept) > 1, _RANK[field.role], rng.random(), clue, kept))
        if not options:
            return None
        *_, clue, left = min(options, key=lambda option: option[:4])
        chosen.append(clue)
        rest = [field for field in rest if field.name != clue[0]]
    if len(left) != 1 or not chosen:
        return None
    return _pruned(tables, entity, rows, chosen)


def names(fields: Sequence[Field], rng: random.Random) -> list[Field]:
    """Return the fields that name the row: a label, a person's names, or a code."""
    everyone = [field for field in fields if field.role in ("person", "label")]
    first = [field for field in everyone if _FIRST.search(field.label)][:1]
    last = [field for field in everyone if _LAST.search(field.label)][:1]
    people = [*first, *last] if first and last else []
    people = people or [field for field in fields if field.role == "person"][:1]
    labels = [field for field in fields if field.role == "label"][:1]
    codes = [field for field in fields if field.role == "code"]
    unique_codes = [field for field in codes if field.unique]
    options = [option for option in (people, labels, unique_codes[:1]) if option]
    if not options:
        return codes[:1]
    return options[0] if rng.random() < 0.75 else rng.choice(options)


def _keep(
    tables: Tables, entity: Entity, rows: Sequence[Row], clue: tuple[str, str, Stored]
) -> list[Row]:
    place, value = entity.position(clue[0]), _folded(clue[2])
    if rows is tables.rows(entity.name):
        return tables.lookup(entity.name, (clue[0],), (value,), folded=True)
    return [row for row in rows if row[place] is not None and _folded(row[place]) == value]


def _pruned(
    tables: Tables, entity: Entity, rows: Sequence[Row], chosen: list[tuple[str, str, Stored]]
) -> list[tuple[str, str, Stored]]:
    """Drop clues that the others make superfluous, the last ones first; names stay together."""
    for clue in chosen[:0:-1]:
        if entity.field(clue[0]).role == "person":
            continue
        others = [other for other in chosen if other is not clue]
        left = rows
        for other in others:
            left = _keep(tables, entity, left, other)
        if len(left) == 1:
            chosen = others
    return chosen


def _folded(value: Json) -> Json:
    return fold(value) if isinstance(value, str) else value
