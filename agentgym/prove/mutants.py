"""Mutants: wrong runs made from the right one, all of which a verdict must refuse.

Each is wrong by construction: what it changes, answers or leaves out differs from what
the task asks. Deterministic: drawn from the stream of the task's id.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from agentgym import rng
from agentgym.formats import Json
from agentgym.plan import Emit, Select
from agentgym.plan.alone import alone
from agentgym.plan.tables import Tables
from agentgym.prove.run import Run, gold_run
from agentgym.schema import Entity
from agentgym.schema.types import Row, to_stored, to_wire
from agentgym.tasks import Task
from agentgym.tasks.values import new_value
from agentgym.tools.algebra import (
    Create,
    Delete,
    Get,
    Link,
    Tool,
    Transition,
    Unlink,
    Update,
    is_write,
)
from agentgym.tools.parameters import bindings

__all__ = ["more_mutants", "mutants"]


def mutants(task: Task, tables: Tables, tools: dict[str, Tool]) -> Iterator[tuple[str, Run]]:
    """Make wrong runs of a task.

    Args:
        task: The task with its gold run.
        tables: The rows at the start.
        tools: All tools of the domain by name.

    Yields:
        The name of the operator and the wrong run.
    """
    maker = _Maker(task, tables, tools)
    yield from maker.both()
    yield from maker.reading() if task.goal.branches[0].answers else ()
    yield from maker.writing()


def more_mutants(task: Task, tables: Tables, tools: dict[str, Tool]) -> Iterator[tuple[str, Run]]:
    """Make further wrong runs, for tasks of which many others come out right or are refused.

    Takes and yields what `mutants` does; some of its runs may come again.
    """
    maker = _Maker(task, tables, tools, more=True)
    yield from maker.reading_more() if task.goal.branches[0].answers else ()
    yield from maker.writing_more()
    yield from maker.early_ends()
    for call in maker.extra_writes(_MORE):
        yield "extra_write", maker.with_calls([*maker.gold.calls, call])


_MORE = 48
"""Most further runs of one kind."""


class _Maker:
    def __init__(
        self, task: Task, tables: Tables, tools: dict[str, Tool], *, more: bool = False
    ) -> None:
        self.task, self.tables, self.tools = task, tables, tools
        self.schema = tables.schema
        self.gold = gold_run(task)
        self.draws = rng.stream("mutants", task.id, task.instruction, *(("more",) if more else ()))
        self.writes = [
            place for place, (name, _) in enumerate(self.gold.calls) if is_write(tools[name])
        ]

    def with_calls(self, calls: list[tuple[str, dict[str, Json]]]) -> Run:
        return Run(calls=tuple(calls), answer=self.gold.answer)

    def both(self) -> Iterator[tuple[str, Run]]:
        yield "nothing_done", Run()
        for outcome in ("refused", "impossible"):
            yield (
                "wrong_outcome",
                Run(calls=self.gold.calls, outcome=outcome, answer=self.gold.answer),
            )
        yield "cut_off", Run(calls=self.gold.calls, outcome=None, truncated=True)
        for call in self.extra_writes(8):
            yield "extra_write", self.with_calls([*self.gold.calls, call])

    # answers

    def reading(self) -> Iterator[tuple[str, Run]]:
        right = self.task.answer
        others = self.other_answers(8)
        for other in others:
            yield "wrong_answer", Run(calls=self.gold.calls, answer=other)
        for other in others[:2]:
            yield "hedged_answer", Run(calls=self.gold.calls, answer=[right, other])
            yield (
                "hedged_answer",
                Run(calls=self.gold.calls, answer=f"{_text(right)} or {_text(other)}"),
            )
        yield "no_answer", Run(calls=self.gold.calls)
        yield "guessed", Run(answer=right)
        for call, value in self.other_rows(6):
            yield "wrong_entity", Run(calls=(*self.gold.calls[:-1], call), answer=value)

    def other_answers(self, most: int) -> list[Json]:
        slot = self.task.goal.branches[0].answers[0]
        right = self.task.answer
        found: list[Json] = []
        if isinstance(right, (int, float, Decimal)) and not isinstance(right, bool):
            exact = Decimal(str(right))
            step = max(Decimal(1), (abs(exact) / 7).to_integral_value())
            found = [exact + step, exact - step, exact * 10 + 1, -exact - 1, exact + 2 * step]
        if slot.field is not None and slot.function in (None, "min", "max"):
            field = self.schema.entity(slot.entity).field(slot.field)
            column = [
                to_wire(field, value) for value in self.tables.ordered(slot.entity, slot.field)
            ]
            self.draws.shuffle(column)
            found = column[:most] + found
        return [value for value in found if not _alike(value, right)][:most]

    def other_rows(self, most: int) -> Iterator[tuple[tuple[str, dict[str, Json]], Json]]:
        """Read another row of the answer's entity, and answer its value."""
        slot = self.task.goal.branches[0].answers[0]
        if slot.field is None or slot.function is not None:
            return
        entity = self.schema.entity(slot.entity)
        getter = next(
            (
                tool
                for tool in self.tools.values()
                if isinstance(tool.term, Get) and tool.term.entity == entity.name
            ),
            None,
        )
        if getter is None:
            return
        assert isinstance(getter.term, Get)
        field, place = entity.field(slot.field), entity.position(slot.field)
        for row in self.some_rows(entity, 3 * most):
            value = to_wire(field, row[place])
            if value is None or _alike(value, self.task.answer):
                continue
            key = {a.param: self.wire(entity, row, a.field) for a in getter.term.key}
            yield (getter.name, key), value
            most -= 1
            if not most:
                return

    def reading_more(self) -> Iterator[tuple[str, Run]]:
        """Answer what is true of other rows: of those that a clue less would leave."""
        for other in self.other_truths(_MORE):
            yield "wrong_answer", Run(calls=self.gold.calls, answer=other)

    def other_truths(self, most: int) -> list[Json]:
        """Return what the answer would be if one row on the way were another."""
        plan, right = self.task.plan, self.task.answer
        emits = [node for node in plan.nodes if isinstance(node, Emit)]
        found: list[Json] = []
        for node in plan.nodes:
            if len(emits) != 1 or not isinstance(node, Select):
                continue
            for row in self.some_rows(self.schema.entity(node.entity), most):
                for value in self.tables.value(plan, emits[0], {node.id: (row,)}):
                    if value is not None and value not in found and not _alike(value, right):
                        found.append(value)
        return found[:most]

    def early_ends(self) -> Iterator[tuple[str, Run]]:
        """Claim to be done before the last call, and answer right."""
        for place in range(1, len(self.gold.calls)):
            yield "step_dropped", Run(calls=self.gold.calls[:place], answer=self.gold.answer)

    # writes

    def writing_more(self) -> Iterator[tuple[str, Run]]:
        """Write on further rows, or do something else to the same one."""
        for place in self.writes:
            calls = list(self.gold.calls)
            for changed in self.changed(place):
                yield "argument_changed", self.with_calls(self.replaced(place, changed))
            for changed in self.elsewhere(place, _MORE):
                yield "wrong_entity", self.with_calls(self.replaced(place, changed))
            for deed in self.other_deeds(place):
                yield "wrong_deed", self.with_calls([*calls[:place], deed, *calls[place + 1 :]])

    def other_deeds(self, place: int) -> Iterator[tuple[str, dict[str, Json]]]:
        """Change the row that was meant, by another tool than the one that was."""
        name, arguments = self.gold.calls[place]
        term, _ = alone(self.tools[name].term)
        if not isinstance(term, (Update, Transition, Delete)):
            return
        entity = self.schema.entity(term.entity)
        key = {a.field: arguments[a.param] for a in term.key}
        values = tuple(_stored(entity, field, value) for field, value in key.items())
        rows = self.tables.lookup(entity.name, tuple(key), values)
        for tool in self.tools.values():
            other = tool.term
            if tool.name == name or getattr(other, "entity", None) != entity.name:
                continue
            if isinstance(other, Delete):
                yield tool.name, {a.param: key[a.field] for a in other.key}
            elif isinstance(other, Update) and len(rows) == 1:
                change = self.small_change(other, entity, rows[0])
                if change is not None:
                    yield tool.name, {a.param: key[a.field] for a in other.key} | change

    def writing(self) -> Iterator[tuple[str, Run]]:
        for place in self.writes:
            calls = list(self.gold.calls)
            yield "step_dropped", self.with_calls(calls[:place] + calls[place + 1 :])
            for changed in self.changed(place):
                yield "argument_changed", self.with_calls(self.replaced(place, changed))
            for changed in self.added(place, 3):
                yield "argument_added", self.with_calls(self.replaced(place, changed))
            for changed in self.elsewhere(place, 8):
                yield "wrong_entity", self.with_calls(self.replaced(place, changed))
            name, arguments = calls[place]
            if isinstance(self.tools[name].term, (Create, Link)):
                yield "done_twice", self.with_calls([*calls, (name, arguments)])
            undo = self.undo(place)
            if undo is not None:
                yield "undone", self.with_calls([*calls, undo])

    def replaced(self, place: int, arguments: dict[str, Json]) -> list[tuple[str, dict[str, Json]]]:
        calls = list(self.gold.calls)
        calls[place] = calls[place][0], arguments
        return calls

    def changed(self, place: int) -> Iterator[dict[str, Json]]:
        """Write another value, for each value that is written."""
        name, arguments = self.gold.calls[place]
        uses = bindings(self.tools[name].term, self.schema)
        for param, value in arguments.items():
            owner, field_name, use = uses.get(param, ("", "", ""))
            if use not in ("value", "to"):
                continue
            entity = self.schema.entity(owner)
            field = entity.field(field_name)
            stored = None if value is None else _stored(entity, field_name, value)
            tried: list[Json] = []
            for _ in range(6):
                other = to_wire(field, new_value(self.tables, entity, field, stored, self.draws))
                if other is not None and not any(_alike(other, t) for t in (value, *tried)):
                    tried.append(other)
                    yield arguments | {param: other}

    def added(self, place: int, most: int) -> Iterator[dict[str, Json]]:
        """Write one more field than the task asks for."""
        name, arguments = self.gold.calls[place]
        term = self.tools[name].term
        if not isinstance(term, (Create, Update, Link)):
            return
        entity = self.schema.entity(term.entity)
        for argument in term.values:
            field = entity.field(argument.field)
            if argument.param in arguments or field.role in ("reference", "key"):
                continue
            other = new_value(self.tables, entity, field, None, self.draws)
            if other is not None:
                yield arguments | {argument.param: to_wire(field, other)}
                most -= 1
            if not most:
                return

    def elsewhere(self, place: int, most: int) -> Iterator[dict[str, Json]]:
        """Write the same on another row."""
        name, arguments = self.gold.calls[place]
        term, _ = alone(self.tools[name].term)
        if not isinstance(term, (Update, Transition, Delete, Link, Unlink)):
            return
        entity = self.schema.entity(term.entity)
        which = term.ends if isinstance(term, (Link, Unlink)) else term.key
        for row in self.some_rows(entity, most):
            key = {a.param: self.wire(entity, row, a.field) for a in which}
            if any(not _alike(arguments[param], value) for param, value in key.items()):
                yield arguments | key

    def undo(self, place: int) -> tuple[str, dict[str, Json]] | None:
        """Set what was updated back to what it was."""
        name, arguments = self.gold.calls[place]
        term = self.tools[name].term
        if not isinstance(term, Update):
            return None
        entity = self.schema.entity(term.entity)
        key = tuple(_stored(entity, a.field, arguments[a.param]) for a in term.key)
        rows = self.tables.lookup(entity.name, tuple(a.field for a in term.key), key)
        if len(rows) != 1:
            return None
        back = {
            a.param: self.wire(entity, rows[0], a.field)
            for a in term.values
            if a.param in arguments
        }
        if any(value is None for value in back.values()):
            return None
        return name, {a.param: arguments[a.param] for a in term.key} | back

    def extra_writes(self, most: int) -> Iterator[tuple[str, dict[str, Json]]]:
        """Change a field of some row that the task does not speak of."""
        touched = {node.entity for node in self.task.plan.nodes if isinstance(node, Select)}
        updates = [tool for tool in self.tools.values() if isinstance(tool.term, Update)]
        updates.sort(key=lambda tool: tool.term.entity not in touched)  # type: ignore[union-attr]
        spoken_of = set(self.written_keys())
        each = max(2, -(-2 * most // max(1, len(updates))))
        for tool in updates[: 2 * most]:
            assert isinstance(tool.term, Update)
            entity = self.schema.entity(tool.term.entity)
            for row in self.some_rows(entity, each):
                key = {a.param: self.wire(entity, row, a.field) for a in tool.term.key}
                if (entity.name, *map(str, key.values())) in spoken_of:
                    continue
                change = self.small_change(tool.term, entity, row)
                if change is not None:
                    yield tool.name, key | change
                    most -= 1
                    if not most:
                        return

    def written_keys(self) -> Iterator[tuple[str, ...]]:
        for place in self.writes:
            name, arguments = self.gold.calls[place]
            term, _ = alone(self.tools[name].term)
            if isinstance(term, (Update, Transition, Delete)):
                yield (term.entity, *(str(arguments[a.param]) for a in term.key))

    def small_change(self, term: Update, entity: Entity, row: Row) -> dict[str, Json] | None:
        for argument in term.values:
            field = entity.field(argument.field)
            if field.role in ("reference", "key"):
                continue
            value = new_value(
                self.tables, entity, field, row[entity.position(field.name)], self.draws
            )
            if value is not None:
                return {argument.param: to_wire(field, value)}
        return None

    def some_rows(self, entity: Entity, most: int) -> list[Row]:
        rows = self.tables.rows(entity.name)
        return list(rows) if len(rows) <= most else self.draws.sample(list(rows), most)

    def wire(self, entity: Entity, row: Row, field: str) -> Json:
        return to_wire(entity.field(field), row[entity.position(field)])


def _stored(entity: Entity, field: str, value: Json) -> Json:
    return to_stored(entity.field(field), value)


def _text(value: Json) -> str:
    return str(value)


def _alike(one: Json, other: Json) -> bool:
    """Tell whether a verdict might take one value for the other."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, (int, float, Decimal)) and isinstance(other, (int, float, Decimal)):
        a, b = Decimal(str(one)), Decimal(str(other))
        return a == b or abs(a - b) <= abs(b) * Decimal("0.01") + Decimal("0.01") * (
            a != a.to_integral_value()
        )
    return str(one).casefold().strip() == str(other).casefold().strip()
