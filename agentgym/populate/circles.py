"""References that close a circle or lead to the same entity, set when all rows exist.

Rows with open references come in; they go out referring to others that fit, or to nothing
where that is allowed; what cannot be helped is dropped. Next: `totals`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from agentgym.populate.limits import Limits
from agentgym.populate.parents import Stock, Values, unique_sets
from agentgym.rng import stream
from agentgym.schema import Entity, Relation
from agentgym.schema.types import Stored

__all__ = ["attach"]


def attach(
    stock: Stock,
    entity: Entity,
    limits: Limits,
    relations: Sequence[Relation],
    decided: Collection[str],
) -> None:
    """Set the references of the second pass in rows that exist; drop rows where none fits.

    Args:
        stock: The rows, changed in place.
        entity: Whose rows.
        limits: Of the entity.
        relations: Those of the second pass.
        decided: Fields that the first pass has set.
    """
    touched = {name for relation in relations for name in relation.fields} - set(decided)
    sets = [fields for fields in unique_sets(stock.schema, entity) if touched & set(fields)]
    seen: dict[tuple[str, ...], set[tuple[Stored, ...]]] = {fields: set() for fields in sets}
    helpers = [_Second(stock, r, entity) for r in relations]
    nullable = {f.name for f in entity.fields if f.nullable} - set(entity.key)
    kept: list[int] = []
    for place, row in enumerate(stock.rows[entity.name]):
        done = set(decided)
        good = True
        for helper in helpers:
            fits = _fits(row, limits, [s for s in sets if set(s) - done], seen)
            good = good and helper.set(place, row, done, nullable, fits)
            done |= set(helper.relation.fields)
        if good:
            kept.append(place)
            for fields in sets:
                seen[fields].add(tuple(row[name] for name in fields))
    for store in (stock.rows, stock.births, stock.places):
        have: list[object] = store[entity.name]  # type: ignore[assignment]
        have[:] = [have[place] for place in kept]


def _fits(
    row: Values,
    limits: Limits,
    sets: Iterable[tuple[str, ...]],
    seen: Mapping[tuple[str, ...], set[tuple[Stored, ...]]],
) -> Callable[[Mapping[str, Stored]], bool]:
    def fits(change: Mapping[str, Stored]) -> bool:
        after = {**row, **change}
        if not all(limits.legal(name, value) for name, value in change.items()):
            return False
        marks = [(fields, tuple(after[name] for name in fields)) for fields in sets]
        if any(None not in mark and mark in seen[fields] for fields, mark in marks):
            return False
        return limits.broken(after) is None

    return fits


class _Second:
    """One relation of the second pass."""

    def __init__(self, stock: Stock, relation: Relation, entity: Entity) -> None:
        self.relation = relation
        self.itself = relation.target == entity.name
        self.targets = stock.rows.get(relation.target, [])
        self.rng = stream(stock.seed, "populate", "later", relation.name)
        self.share = self.rng.uniform(0.15, 0.35) if self.itself else self.rng.uniform(0.02, 0.15)
        back = [
            r for r in stock.schema.parents(relation.target)
            if r.target == entity.name and r.name != relation.name and not self.itself
        ]  # fmt: skip
        self.back = back[0] if back else None
        self.home: dict[tuple[Stored, ...], list[int]] = {}
        if self.back is not None:
            for place, row in enumerate(self.targets):
                self.home.setdefault(tuple(row[n] for n in self.back.fields), []).append(place)

    def set(
        self,
        place: int,
        row: Values,
        done: Collection[str],
        nullable: Collection[str],
        fits: Callable[[Mapping[str, Stored]], bool],
    ) -> bool:
        """Set the fields of the relation that are still open; say whether that was possible."""
        relation = self.relation
        open_ = [name for name in relation.fields if name not in done]
        if not open_:
            return True
        loose = [name for name in open_ if name in nullable]
        if any(row[name] is None for name in relation.fields if name in done):
            return len(loose) == len(open_)
        root = self.itself and place == 0
        if loose and (root or self.rng.random() < self.share):
            return True
        for target in self._candidates(place, row):
            values = [self.targets[target][name] for name in relation.target_fields]
            pairs = list(zip(relation.fields, values, strict=True))
            change = {name: value for name, value in pairs if name in open_}
            agree = all(row[name] == value for name, value in pairs if name not in open_)
            if agree and None not in values and fits(change):
                row.update(change)
                return True
        return bool(loose)

    def _candidates(self, place: int, row: Values) -> Iterable[int]:
        """Return targets to try: of one's own house first, elder ones before oneself."""
        if self.itself:
            elder = [int(place * self.rng.random() ** 1.8) for _ in range(12)] if place else []
            return [
                *elder,
                *range(place - 1, max(place - 60, -1), -1),
                place,
                *range(place + 1, len(self.targets)),
            ]
        if self.back is not None:
            mine = self.home.get(tuple(row[name] for name in self.back.target_fields), [])
            if mine:
                return [*self.rng.sample(mine, len(mine)), *range(len(self.targets))]
        count = len(self.targets)
        if not count:
            return []
        return [*(int(count * self.rng.random() ** 1.5) for _ in range(12)), *range(count)]
