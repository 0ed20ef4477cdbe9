"""The reference of all writes: what follows when a row is written.

Slow and short, written apart from `world.door` so that each can judge the other: derived values
are made anew from all rows after every write, never kept. Next: `model`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from fractions import Fraction
from typing import Any, Literal

from agentgym.rules import Add, Adjust, Assign, Effect, Value
from agentgym.schema import Derived, Entity, Field
from agentgym.schema.types import Stored, to_stored
from agentgym.testing.arithmetic import (
    NUMBERS,
    Key,
    No,
    amount_of,
    converted,
    counts,
    exactly,
    fitting,
    is_written,
    key_of,
    refers,
    rounded,
)
from agentgym.testing.books import NOBODY, Books, Call, Kind
from agentgym.testing.truth import Values, truth
from agentgym.world.door import UPDATED

__all__ = ["Store"]


class Store(Books):
    """The rows of one domain instance, and the one door through which they are written."""

    def insert(
        self,
        entity: Entity,
        sent: Mapping[str, Stored],
        call: Call = NOBODY,
        *,
        lacking: Literal["bad_arguments", "conflict"] = "bad_arguments",
        late: Collection[str] = (),
        last: Callable[[Values], None] | None = None,
    ) -> Key:
        """Make a row; returns its key.

        Args:
            entity: Whose row it is.
            sent: What is given of it.
            call: Whose rules it is asked.
            lacking: The code of the refusal where a field would be empty.
            late: Ids of rules that are asked later.
            last: One more check, after all rules.
        """
        row: dict[str, Stored] = {}
        raised: dict[tuple[str, str], int] = {}
        for field in entity.fields:
            if field.name in entity.key and entity.key_source != "given":
                row[field.name] = sent.get(field.name)
                if row[field.name] is None:
                    row[field.name], count = self._new_key(entity, field)
                    raised[entity.name, field.name] = count
            elif field.name in sent:
                row[field.name] = sent[field.name]
            else:
                row[field.name] = self._unsaid(entity, field)
        self.derive(entity, row)
        for field in entity.fields:
            need = field.name in entity.key or not (field.nullable or field.generated)
            if need and row[field.name] is None:
                raise No(lacking)
        self._references(entity, None, row)
        self.check(entity, "create", None, row, call, without=late)
        if last is not None:
            last(row)
        self._unique(entity, None, row)
        key = key_of(entity, row)
        self.tables[entity.name][key] = row
        for name in entity.key:
            if entity.field(name).type == "integer":
                raised[entity.name, name] = max(self._counter(entity, name), int(row[name] or 0))
        self.counters = self.counters | raised
        self._follow(entity, "create", None, row)
        return key

    def update(
        self, entity: Entity, before: dict[str, Stored], values: Values, call: Call = NOBODY
    ) -> None:
        """Change fields of the present row; nothing happens where none differs."""
        after = before | dict(values)
        self.derive(entity, after)
        if after == before:
            return
        changing = self._changing(entity, set(values))
        for field in entity.fields:
            if is_written(field, UPDATED) and field.name not in changing:
                after[field.name] = self._time(field)
        self._references(entity, before, after)
        self.check(entity, "update", before, after, call)
        for relation in self.schema.children(entity.name):
            changed = any(before[n] != after[n] for n in relation.target_fields)
            if changed and self.children(relation.name, before):
                raise No("conflict")
        self._unique(entity, key_of(entity, before), after)
        self.tables[entity.name][key_of(entity, before)] = after
        self._follow(entity, "update", before, after)

    def delete(self, entity: Entity, row: dict[str, Stored], call: Call = NOBODY) -> None:
        """Remove a present row."""
        self.check(entity, "delete", row, row, call)
        if any(self.children(r.name, row) for r in self.schema.children(entity.name)):
            raise No("conflict")
        del self.tables[entity.name][key_of(entity, row)]
        self._follow(entity, "delete", row, None)

    def _changing(self, entity: Entity, fields: set[str]) -> set[str]:
        """Name the fields that may change when these do."""
        found = set(fields)
        while True:
            more = {
                one.field
                for one in self.schema.derived
                if one.entity == entity.name
                and found & {n for t in (one.own if one.relation else one.terms) for n in t.fields}
            }
            if more <= found:
                return found
            found |= more

    # derived values

    def derive(self, entity: Entity, row: dict[str, Stored]) -> None:
        """Make every derived value of a row anew; those that build on others come to rest."""
        mine = [one for one in self.schema.derived if one.entity == entity.name]
        for _ in mine:
            for one in mine:
                row[one.field] = self._value(one, entity, row)

    def _value(self, one: Derived, entity: Entity, row: Values) -> Stored:
        target = entity.field(one.field)
        if one.relation is None:
            return rounded(amount_of(one.terms, entity, row), target)
        relation = self.schema.relation(one.relation)
        child = self.schema.entity(relation.entity)
        below = [
            other
            for other in self.tables[child.name].values()
            if refers(relation, other, row) and counts(one, child, other)
        ]
        if one.how == "count":
            return rounded(Fraction(len(below)), target)
        if one.how == "sum":
            amount = sum((amount_of(one.terms, child, other) for other in below), Fraction(0))
            return rounded(amount + amount_of(one.own, entity, row), target)
        name = one.terms[0].fields[0]
        field = child.field(name)
        values: list[Any] = [other[name] for other in below if other[name] is not None]
        if not values:
            return None
        best = min(values) if one.how == "min" else max(values)
        return rounded(exactly(best, field), target) if field.type in NUMBERS else best

    def _follow(
        self, entity: Entity, kind: Kind, before: Values | None, after: Values | None
    ) -> None:
        """Do what follows from a row that was written: derived values above it, then effects."""
        for relation in self.schema.parents(entity.name):
            group = [one for one in self.schema.derived if one.relation == relation.name]
            if not group:
                continue
            above = self.schema.entity(relation.target)
            keys = []
            for row in (before, after):
                keys += [
                    key
                    for key, parent in self.tables[above.name].items()
                    if row is not None and refers(relation, row, parent)
                ]
            for key in dict.fromkeys(keys):
                parent = self.tables[above.name].get(key)
                if parent is not None:
                    fed = {one.field: self._value(one, above, parent) for one in group}
                    if any(parent[name] != value for name, value in fed.items()):
                        self.update(above, parent, fed)
        for effect in self.domain.effects:
            if effect.entity == entity.name and kind in effect.on:
                if self._happens(effect, entity, kind, before, after):
                    self._effect(effect, entity, kind, before, after)

    # effects

    def _happens(
        self,
        effect: Effect,
        entity: Entity,
        kind: Kind,
        before: Values | None,
        after: Values | None,
    ) -> bool:
        if before is not None and after is not None and effect.fields:
            if all(before[name] == after[name] for name in effect.fields):
                return False
        if effect.when is None:
            return True
        scene = self.scene(kind, NOBODY)
        row = before if after is None else after
        assert row is not None
        if truth(effect.when, entity, scene, before=before, after=row) is not True:
            return False
        if before is None or after is None:
            return True
        return truth(effect.when, entity, scene, before=before, after=before) is not True

    def _effect(
        self,
        effect: Effect,
        entity: Entity,
        kind: Kind,
        before: Values | None,
        after: Values | None,
    ) -> None:
        if effect.each is None:
            self._do(effect, entity, kind, before, after)
            return
        relation = self.schema.relation(effect.each)
        child = self.schema.entity(relation.entity)
        row = before if after is None else after
        assert row is not None
        keys = [k for k, one in self.tables[child.name].items() if refers(relation, one, row)]
        for key in sorted(keys):
            one = self.tables[child.name].get(key)
            if one is not None:
                now = dict(one)
                self._do(
                    effect,
                    child,
                    kind,
                    None if before is None else now,
                    None if after is None else now,
                )

    def _do(
        self,
        effect: Effect,
        start: Entity,
        kind: Kind,
        before: Values | None,
        after: Values | None,
    ) -> None:
        row = before if after is None else after
        assert row is not None
        match effect.do:
            case Adjust():
                differs = kind == "update" and effect.when is None and effect.each is None
                self._adjust(effect.do, start, before, after, differs=differs)
            case Assign():
                there = (
                    (start, self.tables[start.name].get(key_of(start, row)))
                    if not effect.do.path
                    else self._climb(start, row, effect.do.path)
                )
                if there[1] is not None:
                    self._set(effect.do, start, there[0], there[1], before, after)
            case Add():
                entity = self.schema.entity(effect.do.entity)
                sent = {
                    name: self._from(value, start, entity.field(name), before, after)
                    for name, value in effect.do.values.items()
                }
                self.insert(entity, sent, lacking="conflict")

    def _set(
        self,
        do: Assign,
        start: Entity,
        top: Entity,
        there: dict[str, Stored],
        before: Values | None,
        after: Values | None,
    ) -> None:
        field = top.field(do.field)
        value = self._from(do.value, start, field, before, after)
        if value is None and not field.nullable:
            raise No("conflict")
        if there[do.field] != value:
            self.update(top, there, {do.field: value})

    def _adjust(
        self,
        do: Adjust,
        start: Entity,
        before: Values | None,
        after: Values | None,
        *,
        differs: bool,
    ) -> None:
        top = self.schema.entity(self.schema.relation(do.path[-1]).target)
        field = top.field(do.field)

        def amount(row: Values) -> Any:
            return rounded(amount_of((do.by,), start, row), field)

        moves: list[tuple[Values, Any]] = []
        first = self.schema.relation(do.path[0]).fields
        if after is None:
            assert before is not None
            moves = [(before, -amount(before))]
        elif before is None or not differs:
            moves = [(after, amount(after))]
        elif all(before[name] == after[name] for name in first):
            moves = [(after, amount(after) - amount(before))]
        else:
            moves = [(before, -amount(before)), (after, amount(after))]
        for row, by in moves:
            _, there = self._climb(start, row, do.path)
            if by and there is not None and there[do.field] is not None:
                held: Any = there[do.field]
                risen = fitting(held + by, field)
                self.update(top, there, {do.field: risen})

    def _climb(
        self, entity: Entity, row: Values, path: Sequence[str]
    ) -> tuple[Entity, dict[str, Stored] | None]:
        found: Values | None = row
        for name in path:
            relation = self.schema.relation(name)
            entity = self.schema.entity(relation.target)
            child = found
            found = None
            if child is not None:
                for parent in self.tables[entity.name].values():
                    if refers(relation, child, parent):
                        found = parent
        return entity, found  # type: ignore[return-value]

    def _from(
        self,
        value: Value,
        start: Entity,
        target: Field,
        before: Values | None,
        after: Values | None,
    ) -> Stored:
        if value.now:
            return self.now[:10] if target.type == "date" else self.now
        if value.change is not None:
            field = start.field(value.change)
            risen = exactly(None if after is None else after[field.name], field)
            risen -= exactly(None if before is None else before[field.name], field)
            return rounded(risen, target)
        if value.field is None:
            return to_stored(target, value.given)
        row = before if value.before or after is None else after
        entity = start
        if row is not None and value.path:
            entity, row = self._climb(start, row, value.path)
        elif value.path:
            entity = self.schema.entity(self.schema.relation(value.path[-1]).target)
        held = None if row is None else row[value.field]
        return None if held is None else converted(held, entity.field(value.field), target)
