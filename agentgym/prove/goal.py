"""The goal of a task: from its plan and from where the gold run left the world.

What is asked becomes typed answers, what was changed becomes required changes, what the end rests
on becomes evidence that some call must have shown; what cannot be done becomes the reason that
must be named. Next: `admit`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Literal

from msgspec.structs import replace

from agentgym.formats import Json
from agentgym.goals.equivalence import effects
from agentgym.goals.goal import Answer, Bound, Branch, Change, Goal, Seen
from agentgym.plan import (
    Aggregated,
    Choose,
    Computed,
    Emit,
    Guard,
    Plan,
    Refuse,
    Select,
    Write,
)
from agentgym.plan.tables import Tables
from agentgym.prove.ends import inputs, rests_on
from agentgym.prove.needs import must_see
from agentgym.prove.shortcuts.leaks import forms
from agentgym.rules import Rule
from agentgym.schema import Entity
from agentgym.schema.types import Row, to_wire
from agentgym.world import RowChange

__all__ = ["Goals"]

Outcome = Literal["done", "refused", "impossible"]
_DEEDS = {
    "create": ("create", "add", "adds", "make", "new", "register", "book"),
    "delete": ("delete", "deletes", "remove", "removes", "cancel", "erase"),
    "update": ("change", "changes", "update", "edit", "set"),
    "transition": ("change", "changes", "update", "move", "mark", "set"),
}
MOST_SEEN = 60
"""Most rows of a set of which the goal demands that each was shown; of more, any read will do."""


class Goals:
    """Derives goals over one set of rows.

    Args:
        tables: The rows at the start.
        rules: Of the domain.
    """

    def __init__(self, tables: Tables, rules: Sequence[Rule]) -> None:
        self.tables, self.schema, self.rules = tables, tables.schema, rules

    def of(
        self,
        plan: Plan,
        changes: Sequence[RowChange],
        answers: Sequence[Json],
        *,
        now: str,
        matters: Collection[str] = (),
    ) -> Goal:
        """Derive the goal of a plan.

        Args:
            plan: The plan.
            changes: What the gold run changed.
            answers: What it answered: one value for each emit that is wanted.
            now: The logical time of the run.
            matters: Ids of the refusals by a rule that depend on the row which is not written.
        """
        wanted = self.tables.wanted(plan)
        barred = self.tables.barred(plan)
        emits = [node for node in wanted if isinstance(node, Emit)]
        slots = [self.answer(plan, e, v) for e, v in zip(emits, answers, strict=True)]
        told = {fact.value for fact in plan.facts if isinstance(fact.value, str)}
        clock = None if told & {now, now[:10]} else now
        required = effects(changes, self.schema, now=clock)
        seen = list(dict.fromkeys(self.seen(plan, wanted, barred, matters)))
        branch = Branch(
            outcome=self.outcome(barred),
            changes=required,
            answers=tuple(slots),
            seen=tuple(seen),
            rules=tuple(dict.fromkeys(str(one.rule) for one in barred if one.because == "rule")),
            names=tuple(
                ways for one in barred if one.because != "rule" for ways in self.names(plan, one)
            ),
            idle=self.idle(plan, required, barred),
        )
        return Goal(branches=(branch,))

    def answer(self, plan: Plan, emit: Emit, value: Json) -> Answer:
        """Derive a slot of the answer."""
        node = plan.node(emit.node)
        match node:
            case Choose():
                return self.choice(plan, emit, node)
            case Aggregated():
                select = _select(plan, node.of)
                return Answer(
                    entity=select.entity,
                    field=node.field,
                    function=node.function,
                    values=(value,),
                )
            case Computed():
                entity, field = self.kind(plan, node)
                return Answer(entity=entity, field=field, function=node.function, values=(value,))
            case _:
                select = _select(plan, emit.node)
                values = tuple(value) if emit.many and isinstance(value, list) else (value,)
                return Answer(entity=select.entity, field=emit.field, values=values, many=emit.many)

    def choice(self, plan: Plan, emit: Emit, node: Choose) -> Answer:
        """Derive the slot of a choice: all that may be chosen, and what must hold together."""
        select = _select(plan, node.of)
        entity = self.schema.entity(select.entity)
        limited = {limit.field for limit in node.limits}
        rows = [
            row
            for row in self.tables.extent(plan, node.of)
            if all(row[entity.position(name)] is not None for name in (*limited, str(emit.field)))
        ]
        bounds = tuple(
            Bound(
                kind=limit.kind,
                field=limit.field,
                weights=tuple(_wire(entity, row, limit.field) for row in rows),
                op=limit.op,
                value=None if limit.fact is None else plan.fact(limit.fact).value,
            )
            for limit in node.limits
        )
        return Answer(
            entity=entity.name,
            field=emit.field,
            values=tuple(_wire(entity, row, str(emit.field)) for row in rows),
            count=node.count,
            bounds=bounds,
        )

    def kind(self, plan: Plan, node: Computed) -> tuple[str, str | None]:
        """Name a field whose kind of number a computed one is: one of a float, if there is any."""
        found = list(self.leaves(plan, node))
        for entity, field in found:
            if field is not None and self.schema.entity(entity).field(field).type == "float":
                return entity, field
        return found[0]

    def leaves(self, plan: Plan, node: Computed) -> Iterator[tuple[str, str | None]]:
        """Yield entity and field of all that a number is worked out of."""
        for value in node.of:
            source = None if value.node is None else plan.node(value.node)
            match source:
                case None:
                    fact = plan.fact(str(value.fact))
                    yield fact.entity, fact.field
                case Computed():
                    yield from self.leaves(plan, source)
                case Aggregated():
                    yield _select(plan, source.of).entity, source.field
                case _:
                    yield _select(plan, str(value.node)).entity, value.field

    # evidence

    def seen(
        self,
        plan: Plan,
        wanted: Sequence[Emit | Write],
        barred: Sequence[Refuse],
        matters: Collection[str],
    ) -> Iterator[Seen]:
        """Yield what some call must have shown: what answers, conditions and refusals rest on."""
        for node in wanted:
            if isinstance(node, Emit):
                yield from self.rows(plan, node.node)
            elif node.by == "user":
                yield from self.guided(plan, node, wanted)
        for guard in plan.nodes:
            if isinstance(guard, Guard):
                yield from self.tested(plan, guard)
        for one in barred:
            act = plan.node(one.act)
            if one.because == "no_row":
                yield Seen(entity=_select(plan, str(one.node)).entity, nothing=True)
            elif one.because == "no_value":
                yield from self.rows(plan, str(one.node))
            elif one.id in matters and isinstance(act, Write) and act.target is not None:
                for seen in self.rows(plan, act.target):
                    yield replace(seen, barred=(str(one.rule),))

    def guided(self, plan: Plan, node: Write, wanted: Sequence[Emit | Write]) -> Iterator[Seen]:
        """Yield what has to be found out before the user can be told what to do."""
        must = must_see(plan, self.schema, [one.id for one in wanted])
        for name in sorted(rests_on(plan, node.id) & must.keys()):
            entity = self.schema.entity(_select(plan, name).entity)
            if must[name] != "absent" and entity.kind != "link":
                yield from self.rows(plan, name)

    def tested(self, plan: Plan, guard: Guard) -> Iterator[Seen]:
        """Yield what a condition rests on; a refused attempt tells as well."""
        test = guard.test
        left = str(test.left.node)
        found: list[Seen] = []
        if test.op == "exists":
            if self.tables.holds(plan, test):
                found = list(self.rows(plan, left))
            else:
                found = [Seen(entity=_select(plan, left).entity, nothing=True)]
        else:
            for value in (test.left, test.right):
                if value is not None and value.node is not None:
                    found += self.rows(plan, value.node)
        for seen in found:
            rules = tuple(rule.id for rule in self.rules if rule.entity == seen.entity)
            yield replace(seen, barred=rules)

    def rows(self, plan: Plan, name: str) -> Iterator[Seen]:
        """Yield the rows of which a node's value is."""
        node = plan.node(name)
        match node:
            case Aggregated():
                yield Seen(entity=_select(plan, node.of).entity)
            case Choose():
                yield Seen(entity=_select(plan, node.of).entity)
            case Computed():
                for other in inputs(node):
                    yield from self.rows(plan, other)
            case Select():
                entity = self.schema.entity(node.entity)
                found = self.tables.extent(plan, name)
                for other in node.among if node.pick is not None else ():
                    found += self.tables.extent(plan, other)
                if len(found) > MOST_SEEN:
                    yield Seen(entity=entity.name)
                    return
                for row in dict.fromkeys(found):
                    yield Seen(entity=entity.name, key=_key(entity, row))

    # refusals

    def outcome(self, barred: Sequence[Refuse]) -> Outcome:
        """Say how the run ends."""
        if not barred:
            return "done"
        return "refused" if any(one.because == "rule" for one in barred) else "impossible"

    def names(self, plan: Plan, node: Refuse) -> tuple[tuple[str, ...], ...]:
        """Return what a reason must name, and for each of it the ways to say it.

        Of a row that is not there, what was told of it, or its kind where nothing was; of a value,
        the field; of an act that no tool does, the fields that it would set, or the deed.
        """
        act = plan.node(node.act)
        match node.because:
            case "no_row":
                select = _select(plan, str(node.node))
                told = [plan.fact(where.fact).value for where in select.where]
                words = [text for value in told for text in (str(value), *forms(value))]
                return (_once(words or self.kind_words(select.entity)),)
            case "no_value":
                select = _select(plan, str(node.node))
                return (_once(self.field_words(select.entity, str(node.field))),)
            case _ if isinstance(act, Write):
                words = [w for one in act.settings for w in self.field_words(act.entity, one.field)]
                if words and act.kind in ("update", "transition"):
                    return (_once(words),)
                return _once(self.kind_words(act.entity)), _DEEDS[act.kind]
            case _ if isinstance(act, Emit) and act.field is not None:
                source = plan.node(act.node)
                of = source.of if isinstance(source, Choose) else act.node
                return (_once(self.field_words(_select(plan, of).entity, act.field)),)
        return ()

    def kind_words(self, entity: str) -> list[str]:
        """Return what rows of an entity are called."""
        kind = self.schema.entity(entity)
        return [kind.label, kind.plural]

    def field_words(self, entity: str, name: str) -> list[str]:
        """Return what a field is called."""
        field = self.schema.entity(entity).field(name)
        return [field.label, name]

    def idle(self, plan: Plan, changes: Sequence[Change], barred: Sequence[Refuse]) -> bool:
        """Tell whether all that is asked is told."""
        reads = any(isinstance(node, Select) for node in plan.nodes)
        return not reads and not changes and not barred


def _once(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))


def _select(plan: Plan, name: str) -> Select:
    node = plan.node(name)
    assert isinstance(node, Select)
    return node


def _wire(entity: Entity, row: Row, field: str) -> Json:
    return to_wire(entity.field(field), row[entity.position(field)])


def _key(entity: Entity, row: Row) -> tuple[Json, ...]:
    return tuple(_wire(entity, row, name) for name in entity.key)
