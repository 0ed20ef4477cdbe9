"""Patches: a few rows in which the world of one task differs from its domain's.

A patch is applied before an episode starts and is no change of the agent's: no rule is asked and
no effect follows. Rows in stored form and a patch come in; out goes which rows are others, with
the derived values that follow from them, or the rows as they are then. What does not fit the
schema is refused. Costs what the patch touches; what is looked up is indexed once.
Next: `world.start`.
"""

from __future__ import annotations

import itertools
from collections.abc import Container, Iterable, Mapping, Sequence
from functools import cached_property

from agentgym.domain.layer import Differences, Key, Layer, Lookup, picker
from agentgym.errors import TaskError, nearest
from agentgym.formats import Json, Record, to_text
from agentgym.schema import Derived, Entity, Schema
from agentgym.schema.holds import breaches, expected
from agentgym.schema.types import Row, Rows, Stored, parser, to_wire

__all__ = ["Differences", "Patch", "Patcher", "patched"]


class Patch(Record, kw_only=True):
    """One row that is another at the start."""

    entity: str
    key: tuple[Json, ...]
    """Wire values of its key."""
    values: dict[str, Json] | None
    """Wire values: of every field for a row that the domain does not have, of those that differ
    for one that it has; None takes the row away. Those of the key and derived ones may be left
    out; where they are given they must be right."""


Told = Sequence[tuple[Entity, Key, dict[str, Stored] | None]]
"""A patch in stored values: entity, key, and the fields given; None takes the row away."""


class Patcher:
    """Applies patches to one set of rows.

    Args:
        schema: What the rows are of.
        rows: Entity to rows in stored form; never mutated.
    """

    def __init__(self, schema: Schema, rows: Rows) -> None:
        self.schema = schema
        self.lookup = Lookup(schema, rows)
        self._rows = rows

    @cached_property
    def _derived(self) -> list[Derived]:
        # Loaded with the first patch: a domain without one is read sooner.
        from agentgym.schema.discover import ordered  # noqa: PLC0415

        return ordered(self.schema, self.schema.derived)

    def differences(self, patch: Iterable[Patch], *, where: str = "patch") -> Differences:
        """Say in which rows a patched start differs, derived values included.

        Args:
            patch: The rows that are others, each once.
            where: Whose patch it is, for messages.

        Raises:
            TaskError: A name is unknown, a value is none of its field, a row is there or is not,
                or the rows would break the schema; says which and how.
        """
        layer, told = Layer(self.lookup), self.read(patch, where=where)
        for number, (entity, key, values) in enumerate(told):
            layer.put(entity, key, self._made(layer, entity, key, values, f"{where} $[{number}]"))
        self._derive(layer, where)
        for entity, key, values in told:
            self._agree(layer, entity, key, values or {}, where)
        self._judge(layer, layer.subjects(), where)
        return {slot: pair for slot, pair in layer.found.items() if pair[0] != pair[1]}

    def read(self, patch: Iterable[Patch], *, where: str = "patch") -> Told:
        """Turn a patch into stored values.

        Args:
            patch: The rows that are others, each once.
            where: Whose patch it is, for messages.

        Raises:
            TaskError: A name is unknown, a value is none of its field, or a row is there twice.
        """
        told, seen = list[tuple[Entity, Key, dict[str, Stored] | None]](), set[tuple[str, Key]]()
        for number, one in enumerate(patch):
            here = f"{where} $[{number}]"
            entity, key, values = self._read(one, here)
            if (entity.name, key) in seen:
                raise TaskError("each row once", found=_named(entity, key), where=here)
            seen.add((entity.name, key))
            told.append((entity, key, values))
        return told

    def later(
        self,
        differences: Differences,
        told: Told,
        *,
        gone: Container[tuple[str, Key]] = (),
        where: str = "patch",
    ) -> Differences:
        """Say in which rows a world differs once a patch has come to it, mid-way.

        Fields that the patch gives win over what they hold, but for derived ones, which follow
        from the rest; what shall go may have gone already.

        Args:
            differences: In which rows it differs from the domain's before; not changed.
            told: The patch, read.
            gone: Rows that were taken away before the patch came, and stay away.
            where: Whose patch it is, for messages.

        Raises:
            TaskError: The patch does not fit the rows as they are: a new one lacks a field, or they
                would break the schema.
        """
        layer = Layer(self.lookup)
        layer.found = dict(differences)
        for entity, key, values in told:
            slot = entity.name, key
            if slot not in gone and (values is not None or layer.row(*slot) is not None):
                layer.put(entity, key, self._made(layer, entity, key, values, where))
        self._derive(layer, where)
        before = Layer(self.lookup)
        before.found = differences
        moved = {
            slot: (was, now)
            for slot, (_, now) in layer.found.items()
            if (was := before.row(*slot)) != now
        }
        self._judge(layer, layer.subjects(moved), where)
        return {slot: pair for slot, pair in layer.found.items() if pair[0] != pair[1]}

    def rows(self, differences: Differences) -> dict[str, tuple[Row, ...]]:
        """Return all rows as they are with these differences.

        New rows stand where their keys belong; where rows are in no order of keys, at the end.
        """
        found = {name: tuple(rows) for name, rows in self._rows.items()}
        for name in dict.fromkeys(entity for entity, _ in differences):
            entity, own = self.schema.entity(name), found.get(name, ())
            key_of = picker(entity, entity.key)
            now = {key: after for (e, key), (_, after) in differences.items() if e == name}
            kept = [now.pop(key, row) for row in own for key in (key_of(row),)]
            rows = [row for row in [*kept, *now.values()] if row is not None]
            keys = [key_of(row) for row in own]
            if all(one < other for one, other in itertools.pairwise(keys)):
                rows.sort(key=key_of)
            found[name] = tuple(rows)
        return found

    def _read(self, one: Patch, here: str) -> tuple[Entity, Key, dict[str, Stored] | None]:
        """Turn one patch into stored values."""
        entity = self.schema.by_name.get(one.entity)
        if entity is None:
            hint = nearest(one.entity, self.schema.by_name)
            raise TaskError("an entity", found=repr(one.entity), where=f"{here}.entity", hint=hint)
        if len(one.key) != len(entity.key):
            told = f"a key of {len(entity.key)} values ({', '.join(entity.key)})"
            raise TaskError(told, found=str(len(one.key)), where=f"{here}.key")
        pairs = zip(entity.key, one.key, strict=True)
        key = tuple(_stored(entity, name, value, f"{here}.key") for name, value in pairs)
        if one.values is None:
            return entity, key, None
        known = {field.name for field in entity.fields}
        values: dict[str, Stored] = {}
        for name, value in one.values.items():
            at = f"{here}.values.{name}"
            if name not in known:
                raise TaskError(
                    f"a field of {entity.name}",
                    found=repr(name),
                    where=f"{here}.values",
                    hint=nearest(name, known),
                )
            values[name] = _stored(entity, name, value, at)
            if name in entity.key and values[name] != key[entity.key.index(name)]:
                raise TaskError("the value of the key", found=to_text(value), where=at)
        return entity, key, values

    def _made(
        self, layer: Layer, entity: Entity, key: Key, values: dict[str, Stored] | None, here: str
    ) -> Row | None:
        """Return the row that a patch makes of the one that is there."""
        row = layer.row(entity.name, key)
        if values is None:
            if row is None:
                raise TaskError(f"a {entity.label} to take away", found="none", where=here)
            return None
        if row is not None:
            return tuple(
                values.get(field.name, value)
                for field, value in zip(entity.fields, row, strict=True)
            )
        values = values | dict(zip(entity.key, key, strict=True))
        lacking = [
            field.name
            for field in entity.fields
            if field.name not in values and (entity.name, field.name) not in self.schema.computed
        ]
        if lacking:
            raise TaskError(
                f"every field of {_named(entity, key)}, which the domain does not have",
                found=f"none of {', '.join(lacking)}",
                where=f"{here}.values",
                hint="an empty field is null",
            )
        return tuple(values.get(field.name) for field in entity.fields)

    def _derive(self, layer: Layer, where: str) -> None:
        """Make the derived values anew on which the patch has a bearing."""
        try:
            self._follow(layer)
        except OverflowError:
            raise TaskError("values that add up", found="too large a sum", where=where) from None

    def _follow(self, layer: Layer) -> None:
        for one in self._derived:
            entity = self.schema.entity(one.entity)
            place, key_of = entity.position(one.field), picker(entity, entity.key)
            fitting = {key: after for key, _, after in layer.of(one.entity) if after is not None}
            if one.relation is not None:
                relation = self.schema.relation(one.relation)
                both = [row for _, *pair in layer.of(relation.entity) for row in pair]
                for row in both:
                    above = [] if row is None else layer.parents(relation, row)
                    fitting |= {key_of(parent): parent for parent in above}
            rows = list(fitting.values())
            for row, value in zip(rows, self._expected(layer, one, rows), strict=False):
                if row[place] != value:
                    layer.put(entity, key_of(row), (*row[:place], value, *row[place + 1 :]))

    def _expected(self, layer: Layer, one: Derived, rows: list[Row]) -> list[Stored]:
        """Return what a derived field is to hold in some rows of its entity, in their order."""
        below: list[Row] = []
        mine = {one.entity: rows}
        if one.relation is not None:
            relation = self.schema.relation(one.relation)
            for row in rows:
                below += layer.children(relation, row)
            if relation.entity == one.entity:
                below = [*rows, *(row for row in dict.fromkeys(below) if row not in rows)]
            mine[relation.entity] = below
        return expected(self.schema, one, mine)

    def _agree(
        self, layer: Layer, entity: Entity, key: Key, values: dict[str, Stored], where: str
    ) -> None:
        """Refuse derived values that were given and are not what follows."""
        after = layer.found[entity.name, key][1]
        for name, value in values.items():
            if after is not None and after[entity.position(name)] != value:
                field = entity.field(name)
                right = to_text(to_wire(field, after[entity.position(name)]))
                raise TaskError(
                    f"{right} as {name} of {_named(entity, key)}, which the world computes",
                    found=to_text(to_wire(field, value)),
                    where=where,
                    hint="leave it out",
                )

    def _judge(self, layer: Layer, subjects: Mapping[str, list[Row]], where: str) -> None:
        """Refuse rows that break the schema: these, and all that meets them."""
        near: dict[str, dict[Row, None]] = {name: {} for name in subjects}
        for name, row in layer.around(subjects):
            near.setdefault(name, {})
            if row is not None and row not in subjects.get(name, ()):
                near[name][row] = None
        rows = {name: [*found, *subjects.get(name, ())] for name, found in near.items()}
        for breach in breaches(self._part(rows, subjects), rows):
            if breach.entity in subjects and breach.row >= len(near[breach.entity]):
                entity = self.schema.entity(breach.entity)
                raise _broken(entity, rows[breach.entity][breach.row], breach.text, where)
        for one in self.schema.exclusives:
            if one.entity in subjects:
                entity = self.schema.entity(one.entity)
                small = Schema(entities=(entity,), exclusives=(one,))
                group = layer.alike(one.entity, one.same, subjects[one.entity])
                for breach in breaches(small, {one.entity: group}):
                    raise _broken(entity, group[breach.row], breach.text, where)

    def _part(
        self, rows: Mapping[str, Sequence[Row]], subjects: Mapping[str, Sequence[Row]]
    ) -> Schema:
        """Return the part of the schema that has a say about the subjects."""
        whole = self.schema
        return Schema(
            entities=tuple(entity for entity in whole.entities if entity.name in rows),
            relations=tuple(
                one for one in whole.relations if one.entity in rows and one.target in rows
            ),
            checks=tuple(one for one in whole.checks if one.entity in subjects),
            derived=tuple(
                one
                for one in whole.derived
                if one.entity in subjects
                and (one.relation is None or whole.relation(one.relation).entity in rows)
            ),
        )


def patched(rows: Rows, schema: Schema, patch: Sequence[Patch]) -> dict[str, tuple[Row, ...]]:
    """Return the rows as they are with a patch, derived values included.

    Who has many patches for the same rows makes one `Patcher`.

    Args:
        rows: Entity to rows in stored form; not changed.
        schema: What they are of.
        patch: The rows that are others, each once.

    Raises:
        TaskError: The patch does not fit; says where and why.
    """
    patcher = Patcher(schema, rows)
    return patcher.rows(patcher.differences(patch))


def _stored(entity: Entity, name: str, value: Json, where: str) -> Stored:
    field = entity.field(name)
    if value is None:
        if field.nullable and name not in entity.key:
            return None
        raise TaskError(f"a value for {name}", found="null", where=where)
    try:
        return parser(field)(value)
    except ValueError as error:
        raise TaskError(str(error), found=_shown(value), where=where) from None


def _shown(value: Json) -> str:
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 100 else f"{text[:100]}..."


def _named(entity: Entity, key: Key) -> str:
    told = (to_wire(entity.field(n), v) for n, v in zip(entity.key, key, strict=True))
    return f"{entity.name} {', '.join(map(_shown, told))}"


def _broken(entity: Entity, row: Row, text: str, where: str) -> TaskError:
    return TaskError(
        "rows that the schema allows",
        found=f"{_named(entity, picker(entity, entity.key)(row))}{text}",
        where=where,
        hint="change the patch",
    )
