"""What results show and answers hold, taken apart: rows of a result, slots of an answer.

Next: `verdict`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from agentgym.formats import Json
from agentgym.goals.answers.members import pieces
from agentgym.goals.goal import Answer
from agentgym.schema import Schema
from agentgym.tools.algebra import (
    INTRINSIC,
    WATCHING,
    AskUser,
    Calculate,
    Conclude,
    Create,
    CurrentTime,
    Identify,
    ListTools,
    LookUpTerm,
    ReadManual,
    SearchManual,
    ShowToolDoc,
    Term,
    Transfer,
    subject,
)
from agentgym.tools.algebra import Sequence as Steps

__all__ = ["FREE", "apart", "shown"]

FREE = (
    *INTRINSIC,
    *WATCHING,
    AskUser,
    Calculate,
    Conclude,
    CurrentTime,
    ListTools,
    LookUpTerm,
    ReadManual,
    SearchManual,
    ShowToolDoc,
)
"""The terms that neither read nor write rows."""


def shown(term: Term, data: Json, schema: Schema) -> Iterator[tuple[str, dict[str, Json]]]:
    """Yield the rows that a result shows, each with its entity: nested ones and steps too."""
    if not isinstance(data, dict):
        return
    match term:
        case Identify():
            return  # who somebody is, and no row
        case Transfer():
            for side, name in ((term.source, "source"), (term.target, "target")):
                if isinstance(data.get(name), dict):
                    yield side.entity, data[name]
        case Steps():
            for step, result in zip(term.steps, data.get("steps", ()), strict=False):
                yield from shown(step.term, result, schema)
        case Create():
            yield term.entity, data
            for nested in term.nested:
                child = schema.relation(nested.relation).entity
                yield from ((child, row) for row in data.get(nested.param, ()))
        case _:
            entity = subject(term, schema)
            if entity is not None:
                paged = data.keys() == {"items", "total", "page", "pages"}
                rows = data["items"] if paged else [data]
                yield from ((entity, row) for row in rows if isinstance(row, dict))


def apart(given: Json, slots: Sequence[Answer], schema: Schema) -> list[Json] | None:
    """Divide an answer among slots: by the names of an object, else by order.

    A text is divided where it falls into just as many parts.

    Returns:
        One value for each slot; None where there are not as many.
    """
    if len(slots) == 1:
        return [given]
    if isinstance(given, dict) and len(given) == len(slots):
        return _by_name(given, slots, schema) or list(given.values())
    if isinstance(given, list) and len(given) == len(slots):
        return given
    if isinstance(given, str):
        for cut in (given.split("\n"), given.split(";"), [piece for piece, _ in pieces(given)]):
            parts = [part.strip() for part in cut if part.strip()]
            if len(parts) == len(slots):
                return list(parts)
    return None


def _by_name(given: dict[str, Json], slots: Sequence[Answer], schema: Schema) -> list[Json] | None:
    """Take the values by their names, where each slot has just one that is called so."""
    names = {_plain(name): name for name in given}
    found: list[Json] = []
    for slot in slots:
        entity = schema.entity(slot.entity)
        if slot.field is None:
            return None
        field = entity.field(slot.field)
        called = {
            _plain(text)
            for text in (
                field.name,
                field.label,
                f"{entity.name} {field.name}",
                f"{entity.label} {field.label}",
            )
        }
        mine = sorted(called & names.keys())
        if len(mine) != 1:
            return None
        found.append(given[names[mine[0]]])
    fields = {(slot.entity, slot.field) for slot in slots}
    labels = {_plain(schema.entity(e).field(f or "").label) for e, f in fields}
    return found if len(fields) == len(labels) == len(slots) else None


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.casefold())
