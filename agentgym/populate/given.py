"""What a source says of rows that are to be made: values, ranges, rows known in part.

`Given` is read once; it makes the makers of fields and the beginnings of rows. Next: `synthesis`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from random import Random

from agentgym.errors import SchemaError, nearest
from agentgym.formats import Json
from agentgym.populate.limits import Limits
from agentgym.populate.technical import Line
from agentgym.rng import stream
from agentgym.schema import Entity, Field, Schema
from agentgym.schema.types import Stored, to_stored
from agentgym.sources import Values as Declared

__all__ = ["Given"]

Row = dict[str, Stored]
Maker = Callable[[Line, Random], Stored]


class Given:
    """What a source says of rows that are to be made.

    Args:
        schema: Of the domain.
        values: Of single fields.
        partial: Entity to rows known in part: field to wire value, relation to a label.
        many: Entity to a factor on the number of its rows.

    Raises:
        SchemaError: An entity, field, relation or value is not one of the schema's.
    """

    def __init__(
        self,
        schema: Schema,
        values: Sequence[Declared] = (),
        partial: Mapping[str, Sequence[Mapping[str, Json]]] | None = None,
        many: Mapping[str, float] | None = None,
    ) -> None:
        self.schema = schema
        self.values = {(one.entity, one.field): one for one in values}
        self.partial = dict(partial or {})
        self.many = dict(many or {})
        for name, field in self.values:
            schema.entity(name).field(field)
        for name in (*self.partial, *self.many):
            schema.entity(name)

    def maker(self, entity: Entity, field: Field, limits: Limits, *, seed: int) -> Maker | None:
        """Return what makes the values of a field; None where the source says nothing of it."""
        found = self.values.get((entity.name, field.name))
        if found is None:
            return None
        if found.values:
            listed = [_stored(entity, field, value) for value in found.values]
            listed = [value for value in listed if limits.legal(field.name, value)]
            if field.role == "status" and len(set(listed)) < len(listed):
                return lambda _line, rng: rng.choice(listed)
            listed = list(dict.fromkeys(listed))
            return _listed(listed, entity, field, seed=seed) if listed else None
        if found.least is None or found.most is None or found.after:
            return None
        low, high = _stored(entity, field, found.least), _stored(entity, field, found.most)
        step = 1 if found.step is None else _stored(entity, field, found.step)
        return _ranged(field, limits, low, high, step if found.step is not None else None)

    def beginnings(self, entity: Entity, rows: Mapping[str, Sequence[Row]]) -> list[Row] | None:
        """Return what is known of each row of an entity; None where the source has none.

        Args:
            entity: Whose rows.
            rows: Those made so far, for what relations lead to; a relation to rows that are
                not made yet is left to chance.
        """
        if entity.name not in self.partial:
            return None
        found: list[Row] = []
        for number, known in enumerate(self.partial[entity.name]):
            row: Row = {}
            for name, value in known.items():
                relation = self.schema.relation_by_name.get(name)
                if relation is None or relation.entity != entity.name:
                    row[name] = _stored(entity, entity.field(name), value)
                elif relation.target in rows and relation.target != entity.name:
                    target = self.schema.entity(relation.target)
                    other = _named(target, rows[relation.target], value, f"{entity.name} {number}")
                    mine = zip(relation.fields, relation.target_fields, strict=True)
                    row.update({field: other[theirs] for field, theirs in mine})
            found.append(row)
        return found

    def tie(self, entity: Entity, rows: Sequence[Row]) -> None:
        """Set the references of rows to rows of the same entity, where the source has them."""
        known = self.partial.get(entity.name, ())
        own = [r for r in self.schema.parents(entity.name) if r.target == entity.name]
        own = [r for r in own if any(r.name in row for row in known)]
        label = _label(entity)
        for row in rows if own and label else ():
            said = next((k for k in known if k.get(str(label)) == row[str(label)]), {})
            for relation in own:
                value = said.get(relation.name)
                other = None
                if value is not None:
                    other = _named(entity, rows, value, entity.name)
                for mine, theirs in zip(relation.fields, relation.target_fields, strict=True):
                    row[mine] = None if other is None else other[theirs]


def _label(entity: Entity) -> str | None:
    labels = [f.name for f in entity.fields if f.role == "label"]
    labels += [f.name for f in entity.fields if f.role == "code"]
    labels += [f.name for f in entity.fields if f.unique and f.type == "text"]
    return labels[0] if labels else None


def _named(entity: Entity, rows: Sequence[Row], value: Json, where: str) -> Row:
    """Return the row of that label, code or key."""
    names = [f.name for f in entity.fields if f.role in ("label", "code") or f.name in entity.key]
    for name in names:
        for row in rows:
            if row[name] == value:
                return row
    hint = nearest(str(value), [str(row[n]) for n in names[:2] for row in rows])
    raise SchemaError(f"the label of a {entity.label}", found=repr(value), where=where, hint=hint)


def _stored(entity: Entity, field: Field, value: Json) -> Stored:
    if isinstance(value, float) and field.type == "decimal":
        value = round(Decimal(str(value)), field.scale)
    if isinstance(value, int) and not isinstance(value, bool) and field.type == "float":
        value = float(value)
    try:
        return to_stored(field, value)
    except ValueError as error:
        raise SchemaError(
            str(error), found=repr(value), where=f"{entity.name}.{field.name}"
        ) from None


def _listed(listed: list[Stored], entity: Entity, field: Field, *, seed: int) -> Maker:
    """Take the values of a list in turn where they name the row, else common ones more often."""
    if field.unique or field.role in ("label", "code") or field.name in entity.key:
        rng = stream(seed, "populate", entity.name, field.name, "given")
        mixed = listed if field.name in entity.key else rng.sample(listed, len(listed))
        return lambda line, _rng: mixed[line.number % len(mixed)]
    if len(listed) > 8:
        return lambda _line, rng: listed[int(len(listed) * rng.random() ** 1.2)]

    def make(line: Line, rng: Random) -> Stored:
        turn, place = divmod(line.number, 3)
        if place == 1 and turn < len(listed):
            return listed[turn]
        return listed[int(len(listed) * rng.random() ** 1.7)]

    return make


def _ranged(field: Field, limits: Limits, low: Stored, high: Stored, step: Stored) -> Maker:
    """Draw between both ends, the lower part more often; prices end as prices do."""
    least, most = float(str(low)), float(str(high))
    if step is None:
        step = _grain(field, least, most)
    grain = float(str(step))

    def make(_line: Line, rng: Random) -> Stored:
        value = least + (most - least) * rng.betavariate(1.6, 2.4)
        value = min(max(round(value / grain) * grain, least), most)
        return limits.clamp(field.name, round(value, 4) if field.type == "float" else round(value))

    return make


def _grain(field: Field, least: float, most: float) -> float:
    """Return the step of a range without one: as coarse as people would say such a number."""
    if field.type == "float":
        return 0.1 if most - least > 2 else 0.01
    scale = 10**field.scale if field.type == "decimal" else 1
    size = most / scale
    if field.type == "decimal" and field.role == "money":
        return scale / 100 * (5 if size < 20 else 50 if size < 500 else 1000)
    return 1.0 if field.type != "decimal" else max(scale / 10, 1.0)
