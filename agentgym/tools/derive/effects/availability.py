"""Things that are out while they are lent: a copy is on loan from its loan to its return.

Next: `effects`.
"""

from __future__ import annotations

from collections.abc import Iterator

from agentgym.formats import Json
from agentgym.rules import Assign, Effect, Elapsed, In, Predicate, Value
from agentgym.schema import Entity, Field, Relation
from agentgym.tools.derive.effects.ground import Ground, plain, words

__all__ = ["lendings", "open_marks"]

_LENT = frozenset(
    "loan checkout rental borrowing lending lease hire issue occupancy assignment stay".split()
)
_FREE = frozenset(("available", "in", "free", "vacant", "on shelf", "in library", "returned"))
_OUT = frozenset(
    ("on loan", "loaned", "borrowed", "lent", "rented", "rented out", "on hire", "hired", "out",
     "checked out", "occupied", "in use", "issued", "leased", "assigned", "unavailable")
)  # fmt: skip
_BACK = frozenset("returned ended closed completed".split())
_BACK_TIMES = frozenset("returned return checkin vacated".split())


def lendings(ground: Ground) -> Iterator[Effect]:
    """Find the states that follow whether a thing is lent."""
    for loan in ground.schema.entities:
        if not {word.removesuffix("s") for word in words(loan)} & _LENT:
            continue
        found = [
            (relation, *held)
            for relation in ground.schema.parents(loan.name)
            if relation.target != loan.name
            and (held := _held(ground, ground.schema.entity(relation.target))) is not None
        ]
        back = open_marks(ground, loan)
        if len(found) == 1 and back is not None and _rows_agree(ground, loan, found[0], back):
            yield from _lent(ground, loan, *found[0], back)


Held = tuple[Field, Json, Json]
Back = tuple[Field, tuple[str, ...]]


def _held(ground: Ground, entity: Entity) -> Held | None:
    """Return the field that says whether a thing is there, with its value for yes and for no."""
    for field in entity.fields:
        if not ground.settable(entity, field):
            continue
        if field.type == "boolean" and words(field) <= {"is", "available", "in", "stock"}:
            return (field, True, False) if "available" in words(field) else None
        named = field.role == "status" or words(field) & {"status", "state", "availability"}
        if field.type != "enum" or not named:
            continue
        there = [v for v in field.values or () if plain(v) in _FREE]
        out = [v for v in field.values or () if plain(v) in _OUT]
        if len(there) != 1 or len(out) != 1:
            continue
        cycle = ground.cycle(entity.name, field.name)
        if cycle and not (
            out[0] in cycle.moves.get(there[0], ()) and there[0] in cycle.moves.get(out[0], ())
        ):
            continue
        return field, there[0], out[0]
    return None


def open_marks(ground: Ground, loan: Entity) -> Back | None:
    """Return the field that tells when a loan is over, and its states then (none for a time)."""
    times = [
        f for f in loan.fields
        if f.type in ("date", "datetime") and f.nullable and words(f) & _BACK_TIMES
        and not words(f) & {"due", "expected", "planned"}
        and (loan.name, f.name) not in ground.schema.computed
    ]  # fmt: skip
    if len(times) == 1:
        return times[0], ()
    states = ground.states(loan)
    if states is None or times:
        return None
    over = tuple(v for v in states.values or () if plain(v) in _BACK)
    return (states, over) if over else None


def _rows_agree(
    ground: Ground, loan: Entity, held: tuple[Relation, Field, Json, Json], back: Back
) -> bool:
    """Tell whether every thing with an open loan is out, and no other, where there are rows."""
    relation, field, _, out = held
    sizes = ground.columns.size(loan.name), ground.columns.size(relation.target)
    if not all(sizes):
        return not any(sizes)
    marks = ground.columns(loan.name, back[0].name)
    states = ground.columns(relation.target, field.name)
    parents = ground.columns.parents(relation)
    lent = {
        parent
        for parent, mark in zip(parents, marks, strict=True)
        if parent >= 0 and (mark not in back[1] if back[1] else mark is None)
    }
    gone = {place for place, state in enumerate(states) if state == out}
    return len(lent) >= 3 and lent == gone


def _lent(
    ground: Ground,
    loan: Entity,
    relation: Relation,
    field: Field,
    there: Json,
    out: Json,
    back: Back,
) -> Iterator[Effect]:
    over: Predicate = (
        In(field=back[0].name, values=back[1])
        if back[1]
        else Elapsed(field=back[0].name, op="ge", seconds=0)
    )
    thing = ground.schema.entity(relation.target)
    still: Predicate | None = None
    if back[1]:
        others = tuple(v for v in back[0].values or () if v not in back[1])
        still = In(field=back[0].name, values=others)
    yield Effect(
        id=f"{loan.name}_takes_{thing.name}",
        entity=loan.name,
        on=("create",),
        when=still,
        do=Assign(path=(relation.name,), field=field.name, value=Value(given=out)),
        evidence=(f"by name: a {thing.label} with an open {loan.label} is out",),
    )
    yield Effect(
        id=f"{loan.name}_gives_back_{thing.name}",
        entity=loan.name,
        on=("create", "update"),
        fields=(back[0].name,),
        when=over,
        do=Assign(path=(relation.name,), field=field.name, value=Value(given=there)),
        evidence=(f"by name: a {thing.label} whose {loan.label} is over is there again",),
    )
