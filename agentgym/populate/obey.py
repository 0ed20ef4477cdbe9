"""Rows that rules would have let in: references and values that go with a state.

What may only be created while the row above is in a state hangs on rows that are, or were, in it;
what is known only in a state is empty in the others. Rules and what a source says of fields come
in; made rows are changed, moved to another row above, or dropped. Next: `agree`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import chain

from agentgym.populate.limits import Limits
from agentgym.populate.meaning import field_words
from agentgym.populate.parents import Stock, unique_sets
from agentgym.populate.stories import Story
from agentgym.populate.times import PLANNED, Calendar, day_of
from agentgym.rng import stream
from agentgym.rules import In, Rule
from agentgym.schema import Entity, Lifecycle, Relation, Schema
from agentgym.schema.types import Stored, to_stored
from agentgym.sources import Values as Declared
from agentgym.tools.derive.effects import reached

__all__ = ["Movers", "blank", "grade", "known_only"]

Values = dict[str, Stored]
Mark = tuple[str, str]
_BEFORE = frozenset(
    """booked bought purchased enrolled registered reserved ordered invited signed paid created
    requested booking registration purchase reservation""".split()
)
"""Words of what people do before the day for which something is planned."""


def known_only(
    schema: Schema, values: Sequence[Declared], rules: Sequence[Rule]
) -> dict[Mark, frozenset[Stored]]:
    """Read in which states fields have a value, from what the source says and from its rules.

    Args:
        schema: Of the domain.
        values: What the source says of fields: `only`.
        rules: Those that let a field be set only in some states are read.

    Returns:
        Entity and field to the states of the entity's life cycle.
    """
    found: dict[Mark, frozenset[Stored]] = {}
    for one in values:
        cycle = _cycle(schema, one.entity) if one.only else None
        if cycle is not None and schema.entity(one.entity).field(one.field).nullable:
            status = schema.entity(one.entity).field(cycle.field)
            states = frozenset(to_stored(status, state) for state in one.only)
            found[one.entity, one.field] = states
    for rule in rules:
        cycle = _cycle(schema, rule.entity)
        match rule.predicate:
            case In(path=(), field=field, values=inside, at="after") if (
                rule.kind == "state" and "update" in rule.on and rule.fields
                and cycle is not None and cycle.field == field
            ):  # fmt: skip
                for name in rule.fields:
                    one_field = schema.entity(rule.entity).field(name)
                    if one_field.nullable and one_field.role != "reference":
                        found.setdefault((rule.entity, name), frozenset(inside))
            case _:
                pass
    return found


def _cycle(schema: Schema, entity: str) -> Lifecycle | None:
    cycles = [one for one in schema.lifecycles if one.entity == entity]
    return cycles[0] if len(cycles) == 1 else None


def blank(stock: Stock, made: Collection[str], only: Mapping[Mark, frozenset[Stored]]) -> None:
    """Empty the fields of rows that are in none of the states in which these are known.

    Args:
        stock: All rows; those of entities that were made are changed.
        made: Entities whose rows were made here.
        only: From `known_only`.
    """
    for (name, field), states in only.items():
        cycle = _cycle(stock.schema, name)
        if name not in made or cycle is None:
            continue
        for row in stock.rows[name]:
            if row[cycle.field] not in states:
                row[field] = None


def grade(stock: Stock, made: Collection[str], values: Sequence[Declared]) -> None:
    """Let results and scores that are known together agree: the first results, the best scores.

    Args:
        stock: All rows; those of entities that were made are changed.
        made: Entities whose rows were made here.
        values: What the source says of fields.
    """
    for name in made:
        entity = stock.schema.entity(name)
        mine = [entity.field(one.field) for one in values if one.entity == name and one.only]
        words = [f for f in mine if f.type == "enum" and "result" in field_words(f)]
        points = [f for f in mine if f.type == "integer" and "score" in field_words(f)]
        if len(words) != 1 or len(points) != 1:
            continue
        word, point = words[0], points[0]
        rows = [row for row in stock.rows[name] if None not in (row[word.name], row[point.name])]
        order = list(word.values or ())
        found = sorted((row[word.name] for row in rows), key=lambda v: order.index(str(v)))
        rows.sort(key=lambda row: float(row[point.name] or 0), reverse=True)
        for row, value in zip(rows, found, strict=True):
            row[word.name] = value


class Movers:
    """What the rows of an entity may hang on.

    Args:
        stock: All rows.
        stories: Of the entities that have one.
        rules: That let a row be created only while the one above is in some states.
        values: What the source says of fields.
        now: The day on which the domain begins, with fractions.
    """

    def __init__(
        self,
        stock: Stock,
        stories: Mapping[str, Story],
        rules: Sequence[Rule],
        values: Sequence[Declared],
        now: float,
    ) -> None:
        self.stock, self.stories, self.now = stock, stories, now
        self.planned = {(one.entity, one.along[0]) for one in values
                        if len(one.along) == 1 and float(one.least or 0) < 0}  # fmt: skip
        self.states: dict[str, tuple[str, frozenset[Stored]]] = {}
        for rule in rules:
            match rule.predicate:
                case In(path=(name,), field=field, values=inside) if (
                    rule.kind == "state" and "create" in rule.on
                ):
                    target = stock.schema.relation(name).target
                    cycle = _cycle(stock.schema, target)
                    if cycle is not None and cycle.field == field:
                        after = chain.from_iterable(reached(cycle, str(s)) for s in inside)
                        self.states[name] = field, frozenset(after)
                case _:
                    pass

    def move(self, name: str, limits: Limits) -> set[int]:
        """Let the rows of an entity hang on rows that could have let them in.

        Args:
            name: The entity; the rows above have their states.
            limits: Of the entity.

        Returns:
            The identities of rows for which there is none, and which have to go.
        """
        entity = self.stock.schema.entity(name)
        gone: set[int] = set()
        for relation in sorted(self.stock.schema.parents(name), key=lambda r: r.name):
            fits = self._fits(relation)
            if fits is not None and relation.target in self.stock.rows:
                gone |= _Mover(self.stock, entity, relation, limits).move(fits)
        return gone

    def _fits(self, relation: Relation) -> Callable[[Values], bool] | None:
        """Return the test of rows above that they could have let a row in."""
        tests: list[Callable[[Values], bool]] = []
        if relation.name in self.states:
            field, inside = self.states[relation.name]
            tests.append(lambda row: row[field] in inside)
        story = self.stories.get(relation.target)
        before = (relation.entity, relation.name) in self.planned
        if story is not None and story.ahead and not before and self._happens(relation.entity):
            start, now = story.start, self.now
            tests.append(lambda row: (day_of(row[start]) or 0.0) <= now)
        return (lambda row: all(test(row) for test in tests)) if tests else None

    def _happens(self, name: str) -> bool:
        """Say whether the rows of an entity take place once those above have begun."""
        entity = self.stock.schema.entity(name)
        times = [f for f in entity.fields
                 if f.type in ("date", "datetime") and f.role in ("time", "audit")]  # fmt: skip
        said = {word for field in times for word in field_words(field)}
        return bool(times) and not said & (_BEFORE | PLANNED)


class _Mover:
    """Moves the rows of one reference."""

    def __init__(self, stock: Stock, entity: Entity, relation: Relation, limits: Limits) -> None:
        self.entity, self.relation, self.limits = entity, relation, limits
        self.rows, self.above = stock.rows[entity.name], stock.rows[relation.target]
        self.rng = stream(stock.seed, "populate", "moved", relation.name)
        self.sets = [s for s in unique_sets(stock.schema, entity) if set(s) & set(relation.fields)]
        targeted = {n for r in stock.schema.children(entity.name) for n in r.target_fields}
        shared = {n for r in stock.schema.parents(entity.name) if r != relation for n in r.fields}
        self.fixed = bool(set(relation.fields) & (targeted | shared))
        target = stock.schema.entity(relation.target)
        self.times = (
            Calendar(entity, limits).origin,
            Calendar(target, Limits(stock.schema, target)).origin,
        )

    def move(self, fits: Callable[[Values], bool]) -> set[int]:
        """Move rows whose row above does not fit; return those that cannot be."""
        good = [row for row in self.above if fits(row)]
        marks = {self._mark(row) for row in good}
        loose = [n for n in self.relation.fields if self.entity.field(n).nullable]
        loose = [n for n in loose if n not in self.entity.key]
        taken = [{tuple(row[n] for n in names) for row in self.rows} for names in self.sets]
        gone: set[int] = set()
        for row in self.rows:
            mine = tuple(row[name] for name in self.relation.fields)
            if None in mine or mine in marks:
                continue
            for change in self._changes(row, good):
                after = row | change
                new = [tuple(after[n] for n in names) for names in self.sets]
                free = all(mark not in known for mark, known in zip(new, taken, strict=True))
                legal = all(map(self.limits.legal, change, change.values()))
                if free and legal and self.limits.broken(after) is None:
                    row.update(change)
                    for mark, known in zip(new, taken, strict=True):
                        known.add(mark)
                    break
            else:
                if loose:
                    row.update(dict.fromkeys(loose))
                else:
                    gone.add(id(row))
        return gone

    def _changes(self, row: Values, good: Sequence[Values]) -> Iterator[Values]:
        """Yield references to other rows above, first to those that were there in time."""
        if self.fixed or not good:
            return
        mine, theirs = self.times
        order = self.rng.sample(list(good), min(len(good), 12))
        if mine is not None and theirs is not None:
            order.sort(key=lambda other: str(other[theirs] or "") > str(row[mine] or ""))
        for other in order:
            yield dict(zip(self.relation.fields, self._mark(other), strict=True))

    def _mark(self, row: Values) -> tuple[Stored, ...]:
        return tuple(row[name] for name in self.relation.target_fields)
