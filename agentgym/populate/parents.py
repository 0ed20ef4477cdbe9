"""Which rows a new row refers to, chosen before anything else about it.

Some parents are much more popular than others; links take each pair once; fields that
several references share agree. What is chosen late (circles, self references) is set in
`circles`, over rows that exist. Next: `circles`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import accumulate
from random import Random

from agentgym.populate.limits import Limits
from agentgym.populate.order import reaches
from agentgym.rng import stream
from agentgym.schema import Entity, Relation, Schema
from agentgym.schema.types import Stored

__all__ = ["Root", "Stock", "choose", "first_relations", "unique_sets"]

Values = dict[str, Stored]
TRIES = 40
"""Draws of parents for one row before the space of links counts as used up."""
_PLANNED = 0.17
"""Share of rows that lie ahead, where they are planned."""


class Stock:
    """What exists so far: rows by name of field, their births and places, keys to come."""

    def __init__(self, schema: Schema, *, seed: int) -> None:
        self.schema = schema
        self.seed = seed
        self.rows: dict[str, list[Values]] = {}
        self.births: dict[str, list[float]] = {}
        self.places: dict[str, list[Values]] = {}
        self.coming: dict[tuple[str, str], list[Stored]] = {}
        """Keys of entities that are made later, by entity and field."""
        self.reach = reaches(schema)
        self.demands: dict[str, list[Values]] = {}
        """Values that rows must have because rows that came with the source refer to them."""


class Root:
    """What of a new row its parents decide."""

    def __init__(self, values: Values, parents: dict[str, int]) -> None:
        self.values = values
        self.parents = parents
        self.birth = 0.0
        """The day on which the row comes to be, counted from 1970."""
        self.since = 0.0
        """The day before which it cannot: the youngest parent's birth."""


def unique_sets(schema: Schema, entity: Entity) -> list[tuple[str, ...]]:
    """Return every set of fields that no two rows share, the key first."""
    found = [entity.key, *entity.uniques, *((f.name,) for f in entity.fields if f.unique)]
    found += [r.fields for r in schema.parents(entity.name) if r.one_to_one]
    return list(dict.fromkeys(found))


def first_relations(
    schema: Schema, entity: Entity, later: Collection[str], coming: Collection[tuple[str, str]]
) -> tuple[list[Relation], list[Relation]]:
    """Tell the relations that are chosen with the row from those of the second pass.

    Args:
        schema: The whole.
        entity: Whose relations.
        later: Relations that were put off.
        coming: Keys that are known before their rows.

    Returns:
        Those chosen at once, widest and most needed first, and those chosen later.
    """
    targeted = {name for r in schema.children(entity.name) for name in r.target_fields}
    fixed = targeted | set(entity.key)
    now: list[Relation] = []
    after: list[Relation] = []
    for relation in schema.parents(entity.name):
        if relation.name not in later and relation.target != entity.name:
            now.append(relation)
        elif not set(relation.fields) & fixed:
            after.append(relation)
        elif len(relation.fields) == 1 and (relation.target, relation.target_fields[0]) in coming:
            now.append(relation)
        elif not set(relation.fields) <= fixed:
            after.append(relation)
    nullable = {field.name for field in entity.fields if field.nullable}
    now.sort(key=lambda r: (-len(r.fields), set(r.fields) <= nullable, r.name))
    return now, sorted(after, key=lambda r: (-len(r.fields), r.name))


class _Picker:
    """Draws the parents of one relation."""

    def __init__(
        self, stock: Stock, relation: Relation, entity: Entity, limits: Limits, *, distinct: bool
    ) -> None:
        self.relation = relation
        rng = stream(stock.seed, "populate", "popular", relation.name)
        self.options = _options(stock, relation, entity, limits)
        popular = list(self.options)
        rng.shuffle(popular)
        self.waiting = popular[::-1] if distinct else popular[: round(len(popular) * 0.85)]
        self.distinct = distinct
        self.popular = popular
        self.sums = list(accumulate(1 / (rank + 2) ** 0.7 for rank in range(len(popular))))
        self._index: dict[tuple[str, ...], dict[tuple[Stored, ...], list[int]]] = {}

    def draw(self, fixed: Mapping[str, Stored], rng: Random) -> int | None:
        """Return the place of a parent that agrees with what is fixed, or None."""
        shared = tuple(name for name in self.relation.fields if name in fixed)
        if shared:
            same = self.sharing(shared).get(tuple(fixed[name] for name in shared), ())
            return same[int(len(same) * rng.random() ** 1.5)] if same else None
        if self.distinct:
            return self.waiting.pop() if self.waiting else None
        if self.waiting and rng.random() < 0.5:
            return self.waiting.pop()
        if not self.popular:
            return None
        return self.popular[bisect_left(self.sums, rng.random() * self.sums[-1])]

    def sharing(self, shared: tuple[str, ...]) -> dict[tuple[Stored, ...], list[int]]:
        """Return the parents by their values of some of the fields."""
        if shared not in self._index:
            found: dict[tuple[Stored, ...], list[int]] = {}
            at = [self.relation.fields.index(name) for name in shared]
            for place in self.popular:
                values = self.options[place]
                found.setdefault(tuple(values[p] for p in at), []).append(place)
            self._index[shared] = found
        return self._index[shared]


def _options(
    stock: Stock, relation: Relation, entity: Entity, limits: Limits
) -> dict[int, tuple[Stored, ...]]:
    """Return the parents that the fields may refer to: place to the values referred to."""
    if relation.target in stock.rows and relation.target != entity.name:
        found = [
            tuple(row[name] for name in relation.target_fields)
            for row in stock.rows[relation.target]
        ]
    else:
        known = stock.coming.get((relation.target, relation.target_fields[0]), [])
        found = [(value,) for value in known]
    legal = _judge(relation.fields, limits)
    return {place: values for place, values in enumerate(found) if legal(values)}


def _judge(names: Sequence[str], limits: Limits) -> Callable[[Sequence[Stored]], bool]:
    def legal(values: Sequence[Stored]) -> bool:
        return None not in values and all(map(limits.legal, names, values))

    return legal


def choose(
    stock: Stock,
    entity: Entity,
    limits: Limits,
    relations: Sequence[Relation],
    count: int,
    *,
    window: tuple[float, float],
    passing: bool = False,
    ahead: float = 0.0,
) -> list[Root]:
    """Choose the parents of that many rows, or of fewer where links are used up.

    Args:
        stock: What exists so far.
        entity: Whose rows.
        limits: Of the entity.
        relations: Those that are chosen at once.
        count: How many rows are wanted.
        window: First and last day on which anything has happened.
        passing: Whether rows begin and end: then most are of late.
        ahead: Days after the window within which some rows lie, as they are planned.

    Returns:
        The rows' roots in order of birth.
    """
    chooser = _Chooser(stock, entity, limits, relations, window)
    chooser.passing, chooser.ahead = passing, ahead
    demands = stock.demands.get(entity.name, [])
    roots: list[Root] = []
    missed = 0
    for number in range(max(count, len(demands))):
        root = chooser.root(demands[number] if number < len(demands) else {})
        if root is not None:
            chooser.bear(root)
            roots.append(root)
        else:
            missed += 1
            if missed > 5 and number >= len(demands):
                break
    return sorted(roots, key=lambda root: root.birth)


class _Chooser:
    """Chooses the parents of the rows of one entity, one row after the other."""

    def __init__(
        self,
        stock: Stock,
        entity: Entity,
        limits: Limits,
        relations: Sequence[Relation],
        window: tuple[float, float],
    ) -> None:
        self.stock, self.entity, self.limits, self.window = stock, entity, limits, window
        self.passing, self.ahead = False, 0.0
        self.heirs = _heirs(stock, relations)
        self.relations = sorted(relations, key=lambda r: r.name in self.heirs)
        given = {name for relation in relations for name in relation.fields}
        inner = [fields for fields in unique_sets(stock.schema, entity) if set(fields) <= given]
        self.pickers = {
            r.name: _Picker(stock, r, entity, limits, distinct=r.fields in inner) for r in relations
        }
        self.seen: dict[tuple[str, ...], set[tuple[Stored, ...]]] = {f: set() for f in inner}
        self.rng = stream(stock.seed, "populate", entity.name, "parents")
        named = sorted(relation.name for relation in relations)
        self.share = {name: self.rng.uniform(0.02, 0.15) for name in named}
        self.loose = {f.name for f in entity.fields if f.nullable} - set(entity.key)

    def root(self, start: Mapping[str, Stored]) -> Root | None:
        """Draw the parents of one row until uniques and checks among them hold.

        Args:
            start: Values that the row must have.
        """
        for turn in range(TRIES):
            root = Root(dict(start), {})
            nullable = self.loose - start.keys()
            if not all(
                (turn < TRIES // 2 and self._follow(relation, root))
                or self._refer(relation, root, nullable)
                for relation in self.relations
            ):
                continue
            if self.limits.broken({n: root.values.get(n) for n in self.limits.fields}) is not None:
                continue
            marks = {fields: tuple(root.values[name] for name in fields) for fields in self.seen}
            if any(None not in mark and mark in self.seen[f] for f, mark in marks.items()):
                continue
            for fields, mark in marks.items():
                self.seen[fields].add(mark)
            return root
        return None

    def _follow(self, relation: Relation, root: Root) -> bool:
        """Set the fields of a relation as a parent has them; say whether it does."""
        picker = self.pickers[relation.name]
        if relation.name not in self.heirs or picker.distinct:
            return False
        other, theirs = self.heirs[relation.name]
        rows = self.stock.rows.get(other.target, [])
        place = root.parents.get(other.name)
        if place is None or place >= len(rows) or root.values.keys() & set(relation.fields):
            return False
        wanted = tuple(rows[place][name] for name in theirs.fields)
        found = picker.sharing(relation.fields).get(wanted)
        if not found:
            return False
        root.values.update(zip(relation.fields, wanted, strict=True))
        root.parents[relation.name] = found[0]
        return True

    def _refer(self, relation: Relation, root: Root, nullable: Collection[str]) -> bool:
        """Set the fields of one relation; say whether that was possible."""
        values, picker = root.values, self.pickers[relation.name]
        if any(name in values and values[name] is None for name in relation.fields):
            return self._leave_open(relation, root, nullable)
        own = [name for name in relation.fields if name not in values and name in nullable]
        place = None
        if not own or self.rng.random() >= self.share[relation.name]:
            place = picker.draw(values, self.rng)
        if place is not None:
            values.update(zip(relation.fields, picker.options[place], strict=True))
            root.parents[relation.name] = place
            return True
        loose = own or [name for name in relation.fields if name in nullable]
        if not loose:
            return False
        values[loose[0]] = None
        return self._leave_open(relation, root, nullable)

    def _leave_open(self, relation: Relation, root: Root, nullable: Collection[str]) -> bool:
        """Set the other fields of a relation of which one is NULL already."""
        values, picker = root.values, self.pickers[relation.name]
        rest = [name for name in relation.fields if name not in values]
        found = picker.draw({}, self.rng) if set(rest) - set(nullable) else None
        for name in rest:
            place = relation.fields.index(name)
            known = picker.options[found][place] if found is not None else None
            values[name] = None if name in nullable else known
        return all(values[name] is not None or name in nullable for name in rest)

    def bear(self, root: Root) -> None:
        """Choose the day on which the row comes to be: after its parents, in its own time."""
        start, end = self.window
        low = start
        for relation in self.relations:
            births = self.stock.births.get(relation.target)
            if relation.name in root.parents and births and relation.target != self.entity.name:
                low = max(low, births[root.parents[relation.name]])
        root.since = root.birth = low
        if self.entity.kind == "lookup":
            return
        if self.ahead and self.rng.random() < _PLANNED:
            root.birth = max(low, end + self.rng.uniform(0.5, self.ahead))
            return
        if self.passing:
            low = min(low, end - 1.0)
            root.since = min(root.since, low)
            root.birth = low + (end - 0.5 - low) * self.rng.random() ** 0.55
            return
        reach = self.stock.reach[self.entity.name]
        late = start + (end - min(45.0, (end - start) / 4) - start) * reach
        luck: float = self.rng.random() ** (0.8 if low == start else 1.2)
        root.birth = low + max(late - low, (end - low) / 8, 1.0) * luck


def _heirs(stock: Stock, relations: Sequence[Relation]) -> dict[str, tuple[Relation, Relation]]:
    """Find the references that follow from others: a payment's customer is its invoice's.

    Returns:
        Relation to the one that it follows from, and the parent's relation that it repeats.
    """
    found: dict[str, tuple[Relation, Relation]] = {}
    for relation in relations:
        for other in relations:
            if other.name == relation.name or other.name in found:
                continue
            for theirs in stock.schema.parents(other.target):
                same = (theirs.target, theirs.target_fields) == (
                    relation.target,
                    relation.target_fields,
                )
                alike = theirs.fields == relation.fields or theirs.label == relation.label
                if same and alike and not set(relation.fields) & set(other.fields):
                    found.setdefault(relation.name, (other, theirs))
    return found
