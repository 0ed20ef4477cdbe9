"""The reference of the terms that write, each over the door of `store`.

A term and its arguments come in; rows are written, and a function goes out that shows them as
they finally are. Next: `model`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from agentgym.formats import Json
from agentgym.rules import Count, Move, Rule, fields_of, parts
from agentgym.schema import Entity, Field
from agentgym.schema.types import Stored, to_stored, to_wire
from agentgym.testing.arithmetic import Key, No, key_of
from agentgym.testing.books import Call
from agentgym.testing.store import Store
from agentgym.testing.truth import Values, shown
from agentgym.tools.algebra import (
    Argument,
    Create,
    Delete,
    Link,
    Sequence,
    Term,
    Transfer,
    Transition,
    Unlink,
    Update,
)
from agentgym.tools.parameters import bindings

__all__ = ["Deeds", "is_shown"]

Show = Callable[[], Json]


def is_shown(field: Field) -> bool:
    """Tell whether tools ever give the field."""
    return field.role != "secret" and field.type != "bytes"


class Deeds(Store):
    """A store that knows what the writing terms do."""

    def done(self, term: Term, given: Mapping[str, Any], call: Call) -> Show:
        """Do what a term says."""
        match term:
            case Create():
                return self._create(term, given, call)
            case Link():
                entity = self.schema.entity(term.entity)
                ends = _values(term.ends, given)

                def apart(_: Values) -> None:
                    if any(_has(row, ends) for row in self._all(entity)):
                        raise No("conflict")

                sent = ends | _values(term.values, given)
                return self._show(entity, self.insert(entity, sent, call, last=apart))
            case Unlink():
                return self._unlink(term, given, call)
            case Update():
                values = _values(term.values, given)
                if not values:
                    raise No("bad_arguments")
                return self._change(term.entity, term.key, values, given, call)
            case Transition():
                return self._move(term, given, call)
            case Delete():
                return self._delete(term, given, call)
            case Transfer():
                return self._transfer(term, given, call)
            case Sequence():
                return self._sequence(term, given, call)
            case _:
                raise AssertionError(term)

    def _all(self, entity: Entity) -> Iterable[dict[str, Stored]]:
        return self.tables[entity.name].values()

    def _one(
        self, entity: Entity, arguments: Iterable[Argument], given: Mapping[str, Stored]
    ) -> dict[str, Stored]:
        by_field = {one.field: given[one.param] for one in arguments}
        row = self.tables[entity.name].get(tuple(by_field[name] for name in entity.key))
        if row is None:
            raise No("not_found")
        return row

    def _show(self, entity: Entity, key: Key) -> Show:
        last = dict(self.tables[entity.name][key])
        return lambda: shown(entity, self.tables[entity.name].get(key, last))

    def _create(self, term: Create, given: Mapping[str, Any], call: Call) -> Show:
        entity = self.schema.entity(term.entity)
        late = {rule.id for rule in self.domain.rules if term.nested and self._late(rule, term)}
        key = self.insert(entity, _values(term.values, given), call, late=late)
        lists: dict[str, list[Show]] = {}
        for nested in term.nested:
            relation = self.schema.relation(nested.relation)
            child = self.schema.entity(relation.entity)
            lists[nested.param] = []
            for item in given.get(nested.param, ()):
                above = self.tables[entity.name][key]
                sent = _values(nested.values, item)
                pairs = zip(relation.fields, relation.target_fields, strict=True)
                sent |= {mine: above[theirs] for mine, theirs in pairs}
                made = self.insert(child, sent, call)
                lists[nested.param].append(self._show(child, made))
        if late:
            self.check(entity, "create", None, self.tables[entity.name][key], call, only=late)
        whole = self._show(entity, key)
        return lambda: whole() | {name: [one() for one in rows] for name, rows in lists.items()}

    def _late(self, rule: Rule, term: Create) -> bool:
        """Tell whether a rule looks at what the nested rows bring about."""
        relations = {one.relation for one in term.nested}
        mine = [one for one in self.schema.derived if one.entity == term.entity]
        followed = {one.field for one in mine if one.relation in relations}
        for _ in mine:
            followed |= {
                one.field
                for one in mine
                if followed
                & {n for t in (one.own if one.relation else one.terms) for n in t.fields}
            }
        return rule.entity == term.entity and any(
            (isinstance(part, Count) and part.relation in relations)
            or bool(fields_of(part) & followed)
            for part in parts(rule.predicate)
        )

    def _unlink(self, term: Unlink, given: Mapping[str, Any], call: Call) -> Show:
        entity = self.schema.entity(term.entity)
        ends = _values(term.ends, given)
        rows = [row for row in self._all(entity) if _has(row, ends)]
        if len(rows) != 1:
            raise No("ambiguous" if rows else "not_found")
        self.delete(entity, rows[0], call)
        told = {name: to_wire(entity.field(name), value) for name, value in ends.items()}
        return lambda: {"removed": {n: v for n, v in told.items() if is_shown(entity.field(n))}}

    def _move(self, term: Transition, given: Mapping[str, Any], call: Call) -> Show:
        entity = self.schema.entity(term.entity)
        state = given[term.to.param]
        row = self._one(entity, term.key, given)
        if row[term.to.field] == state:
            self._check_still(entity, row, call)
            for rule in self.domain.rules:
                move = rule.predicate
                if isinstance(move, Move) and (rule.entity, move.field) == (
                    entity.name,
                    term.to.field,
                ):
                    raise No("rule_broken", rule.id)
        return self._change(term.entity, term.key, {term.to.field: state}, given, call)

    def _check_still(self, entity: Entity, row: Values, call: Call) -> None:
        """Ask the tool's own rules about a row that stays as it is: it is given all the same."""
        names = () if call.tool is None else call.tool.guards
        own = [name for name in names if self.domain.rule(name).kind != "invariant"]
        self.check(entity, "update", row, row, call, only=own)

    def _change(
        self,
        name: str,
        key: Iterable[Argument],
        values: Values,
        given: Mapping[str, Any],
        call: Call,
    ) -> Show:
        entity = self.schema.entity(name)
        before = self._one(entity, key, given)
        if all(before[field] == value for field, value in values.items()):
            self._check_still(entity, before, call)
        self.update(entity, before, values, call)
        return self._show(entity, key_of(entity, before))

    def _delete(self, term: Delete, given: Mapping[str, Any], call: Call) -> Show:
        entity = self.schema.entity(term.entity)
        row = self._one(entity, term.key, given)
        self.delete(entity, row, call)
        gone = shown(entity, row)
        return lambda: {"deleted": {name: gone[name] for name in entity.key if name in gone}}

    def _transfer(self, term: Transfer, given: Mapping[str, Any], call: Call) -> Show:
        amount = given[term.amount.param]
        if not amount > 0:
            raise No("bad_arguments")
        giver, taker = (
            self.schema.entity(term.source.entity),
            self.schema.entity(term.target.entity),
        )
        sides = (term.source, term.target)
        ends = [{one.field: given[one.param] for one in side.key} for side in sides]
        if giver is taker and ends[0] == ends[1]:
            raise No("bad_arguments")
        rows = []
        for entity, side in zip((giver, taker), sides, strict=True):
            rows.append(self._one(entity, side.key, given))
            if rows[-1][side.field] is None:
                raise No("conflict")
        source, target = rows
        if any(source[mine] != target[theirs] for mine, theirs in term.same):
            raise No("conflict")
        moved: list[Show] = []
        for entity, side, row, by in (
            (giver, term.source, source, -amount),
            (taker, term.target, target, amount),
        ):
            key = key_of(entity, row)
            now = self.tables[entity.name].get(key)
            if now is None:
                raise No("not_found")
            held: Any = now[side.field]
            if held is None:
                raise No("conflict")
            risen = held + by
            if not isinstance(risen, float) and not -(2**63) <= risen < 2**63:
                raise No("limit_exceeded")
            self.update(entity, now, {side.field: risen}, call)
            moved.append(self._show(entity, key))
        return lambda: {"source": moved[0](), "target": moved[1]()}

    def _sequence(self, term: Sequence, given: Mapping[str, Any], call: Call) -> Show:
        steps: list[Show] = []
        for step in term.steps:
            bound = bindings(step.term, self.schema)
            mine = {name: given[name] for name in given if name in _names(bound)}
            for name, value in step.given.items():
                entity, field, _ = bound[name]
                mine[name] = to_stored(self.schema.entity(entity).field(field), value)
            for name, where in step.taken.items():
                number, _, field = where.partition(".")
                entity, own, _ = bound[name]
                value = steps[int(number)]()[field]
                mine[name] = to_stored(self.schema.entity(entity).field(own), value)
                if mine[name] is None:
                    raise No("not_found")
            steps.append(self.done(step.term, mine, call))
        return lambda: {"steps": [one() for one in steps]}


def _names(bound: Mapping[str, Any]) -> set[str]:
    return {name.partition("[]")[0] for name in bound}


def _values(arguments: Iterable[Argument], given: Mapping[str, Any]) -> dict[str, Stored]:
    return {one.field: given[one.param] for one in arguments if one.param in given}


def _has(row: Values, values: Values) -> bool:
    return all(row[name] == value for name, value in values.items())
