"""Which row changes count as the same: volatile fields aside, generated keys renamed.

In come the net changes of a world, out comes whether they are the changes that a
branch of the goal requires, and if not, why. Next: `matcher`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from agentgym.formats import Json
from agentgym.goals.changes import describe, effects, generated, references, visible, volatile
from agentgym.goals.goal import Change
from agentgym.goals.pairing import CAP, Node, Pairing, Ref, fits, pair
from agentgym.schema import Entity, Schema
from agentgym.schema.types import Row, Stored, to_stored
from agentgym.world import RowChange

__all__ = [
    "Compared",
    "Side",
    "compare",
    "describe",
    "effects",
    "generated",
    "goal_sides",
    "paired",
    "run_side",
    "run_sides",
    "volatile",
]


class Compared(NamedTuple):
    """How net changes differ from the required ones: sentences, in both lists none where not."""

    missing: list[str]
    """What was not done, or done otherwise. `unknown: ...` where the created rows could not be
    told apart within the cap: neither the same nor another end, and never a success."""
    extra: list[str]
    """What was changed besides: `residue: ...` where what is left behind is of a lasting entity."""

    @property
    def unknown(self) -> bool:
        """Whether it could not be decided."""
        return any(reason.startswith("unknown: ") for reason in self.missing)


class Side(NamedTuple):
    """One changed row of the goal or of the run, ready to be compared."""

    node: Node
    row: tuple[str, str, tuple[Stored, ...] | None]
    """Entity, kind, key; no key where the world makes it."""
    source: Change | RowChange


def compare(
    required: Sequence[Change],
    changes: Sequence[RowChange],
    schema: Schema,
    lasting: Collection[str] = (),
    *,
    cap: int = CAP,
) -> Compared:
    """Compare net row changes with what a branch requires.

    Rows whose key is known are compared by key. Created rows whose key the world makes are the
    same where all else that they hold is, up to renaming of those keys in all references.

    Args:
        required: The changes of the branch.
        changes: Net row changes of the world since the start.
        schema: What the rows are of.
        lasting: Entities whose rows are left behind by what is undone: histories, ledgers.
        cap: Steps after which the search for who is who ends.

    Returns:
        What is missing or wrong, and what was changed besides: both empty when the changes
        are exactly the required ones.
    """
    ours, theirs = _sides(required, changes, schema)
    pairs, found = paired(required, ours, theirs, cap)
    missing, extra = _reasons(ours, theirs, pairs, schema, lasting)
    if found.holds is None:
        missing.append(f"unknown: which created row is which was not found within {cap} steps")
    elif not found.holds and not missing and not extra:
        missing.append(_crossed(ours, theirs, pairs, schema))
    return Compared(missing, extra)


def paired(
    required: Sequence[Change], ours: Sequence[Side], theirs: Sequence[Side], cap: int
) -> tuple[dict[int, int], Pairing]:
    """Pair required changes with net ones, by key where it is known, else by what they hold."""
    renamed = any(change.made is not None for change in required)
    pairs: dict[int, int] = {}
    if not renamed:
        places = {side.row: place for place, side in enumerate(theirs) if side.row[2] is not None}
        for place, side in enumerate(ours):
            match = places.get(side.row) if side.row[2] is not None else None
            if match is not None and fits(side.node, theirs[match].node):
                pairs[place] = match
    left = [place for place, side in enumerate(ours) if renamed or side.row[2] is None]
    open_to = [place for place, side in enumerate(theirs) if renamed or side.row[2] is None]
    found = Pairing({}, True)
    if left or open_to:
        found = pair([ours[p].node for p in left], [theirs[p].node for p in open_to], cap=cap)
        pairs |= {left[mine]: open_to[other] for mine, other in found.pairs.items()}
    return pairs, found


def _reasons(
    ours: Sequence[Side],
    theirs: Sequence[Side],
    pairs: Mapping[int, int],
    schema: Schema,
    lasting: Collection[str],
) -> tuple[list[str], list[str]]:
    """Say what has no partner: a row that was meant and holds something else, in one sentence."""
    used = set(pairs.values())
    spare = {side.row: place for place, side in enumerate(theirs) if place not in used}
    missing = []
    for place, side in enumerate(ours):
        if place in pairs:
            continue
        other = spare.pop(side.row, None) if side.row[2] is not None else None
        told = _told(side, schema)
        if other is None:
            missing.append(f"not done: {told}")
            continue
        used.add(other)
        missing.append(f"done otherwise: {_told(theirs[other], schema)}, expected {told}")
    extra = []
    for place, side in enumerate(theirs):
        if place not in used:
            residue = side.row[1] == "insert" and side.row[0] in lasting
            code = "residue" if residue else "not asked for"
            extra.append(f"{code}: {_told(side, schema)}")
    return missing, extra


def _crossed(
    ours: Sequence[Side], theirs: Sequence[Side], pairs: Mapping[int, int], schema: Schema
) -> str:
    """Say that each row is there, and that they refer to one another in another way."""
    for place, other in pairs.items():
        for name, value in ours[place].node.values.items():
            found = theirs[other].node.values.get(name)
            if isinstance(value, Ref) and isinstance(found, Ref):
                if pairs[value.node] != found.node:
                    told = _told(theirs[other], schema)
                    return f"done otherwise: {told}, where {name} is another new row than expected"
    return "done otherwise: the new rows refer to one another in another way than expected"


def _sides(
    required: Sequence[Change],
    changes: Sequence[RowChange],
    schema: Schema,
) -> tuple[list[Side], list[Side]]:
    """Bring goal and run into one form: stored values, references to created rows as such."""
    ours = goal_sides(required, schema)
    return ours, run_sides(required, ours, changes, schema)


def goal_sides(required: Sequence[Change], schema: Schema) -> list[Side]:
    """Bring the required changes into the form in which they are compared."""
    made: dict[tuple[str, tuple[Stored, ...]], int] = {}
    for place, change in enumerate(required):
        if change.made is not None:
            made[change.entity, _stored_key(schema.entity(change.entity), change.made)] = place
    return [_required(change, schema, made) for change in required]


def run_sides(
    required: Sequence[Change],
    ours: Sequence[Side],
    changes: Sequence[RowChange],
    schema: Schema,
) -> list[Side]:
    """Bring net changes into the form in which they are compared with the required ones."""
    kinds = {change.entity for change in required if change.made is not None}
    seen = [change for change in changes if visible(schema.entity(change.entity), change)]
    created = {
        (change.entity, change.key): place
        for place, change in enumerate(seen)
        if change.entity in kinds and change.before is None
    }
    choices = {side.row: side.node.within for side in ours if side.node.within}
    return [run_side(change, schema, created, choices) for change in seen]


def _required(
    change: Change, schema: Schema, made: Mapping[tuple[str, tuple[Stored, ...]], int]
) -> Side:
    entity = schema.entity(change.entity)
    key = None if change.key is None else _stored_key(entity, change.key)
    plain = {name: to_stored(entity.field(name), v) for name, v in change.values.items()}
    values: dict[str, Stored | Ref] = {}
    if key is not None:
        held = dict(zip(entity.key, key, strict=False))
        if change.kind == "insert":
            plain |= held
        else:
            values |= {f"key {name}": value for name, value in held.items()}
    values |= plain
    if made:
        row = tuple(plain.get(field.name) for field in entity.fields)
        values |= _as_references(schema, entity, row, made, values)
    node = Node(
        (entity.name, change.kind),
        values,
        {
            name: frozenset(to_stored(entity.field(name), value) for value in several)
            for name, several in change.within.items()
        },
        exact=change.kind != "insert",
        free=frozenset(change.free),
    )
    return Side(node, (entity.name, change.kind, key), change)


def run_side(
    change: RowChange,
    schema: Schema,
    created: Mapping[tuple[str, tuple[Stored, ...]], int],
    choices: Mapping[tuple[str, str, tuple[Stored, ...] | None], Mapping[str, object]],
) -> Side:
    """Bring one net change into that form."""
    entity = schema.entity(change.entity)
    drop = volatile(entity)
    key: tuple[Stored, ...] | None = change.key
    values: dict[str, Stored | Ref] = {}
    if change.before is None:
        assert change.after is not None
        kind, free = "insert", generated(entity)
        drop |= set(free)
        key = None if free else key
        values = {
            field.name: value
            for field, value in zip(entity.fields, change.after, strict=True)
            if field.name not in drop
        }
    elif change.after is None:
        kind = "delete"
    else:
        kind = "update"
        either = choices.get((entity.name, kind, key), ())
        values = {
            field.name: after
            for field, before, after in zip(entity.fields, change.before, change.after, strict=True)
            if (before != after or field.name in either) and field.name not in drop
        }
    if kind != "insert":
        values |= {f"key {n}": v for n, v in zip(entity.key, change.key, strict=True)}
    if created and change.after is not None:
        values |= _as_references(schema, entity, change.after, created, values)
    return Side(Node((entity.name, kind), values), (entity.name, kind, key), change)


def _as_references(
    schema: Schema,
    entity: Entity,
    row: Row,
    created: Mapping[tuple[str, tuple[Stored, ...]], int],
    values: Mapping[str, object],
) -> dict[str, Ref]:
    """Return the fields that refer to created rows, with the nodes of these."""
    return {
        name: Ref(created[target, key], place)
        for target, key, names in references(schema, entity, row)
        if (target, key) in created
        for place, name in enumerate(names)
        if name in values
    }


def _told(side: Side, schema: Schema) -> str:
    source = side.source
    if isinstance(source, Change):
        return describe(source, schema)
    return describe(effects([source], schema)[0], schema)


def _stored_key(entity: Entity, key: Sequence[Json]) -> tuple[Stored, ...]:
    return tuple(
        to_stored(entity.field(name), value) for name, value in zip(entity.key, key, strict=False)
    )
