"""What all kinds of mutants are made from: a task, its gold run, rows and tools to draw from.

Deterministic: everything is drawn from the stream of the task's id and instruction.
Next: `endings`.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from msgspec.structs import replace

from agentgym import rng
from agentgym.formats import Json
from agentgym.plan import Select
from agentgym.plan.alone import alone
from agentgym.prove.run import Run, gold_run
from agentgym.prove.stage import Stage
from agentgym.schema import Entity
from agentgym.schema.types import Row, to_stored, to_wire
from agentgym.tasks import Task
from agentgym.tasks.values import new_value
from agentgym.tools.algebra import Delete, Transition, Update, is_write

__all__ = ["MORE", "Call", "Maker", "alike", "stored"]

Call = tuple[str, dict[str, Json]]
MORE = 48
"""Most further runs of one kind."""


class Maker:
    """Makes runs that differ from the gold run of a task.

    Args:
        task: The task with its gold run.
        stage: Where it starts.
        more: Draw others than at first.
    """

    def __init__(self, task: Task, stage: Stage, *, more: bool = False) -> None:
        self.task, self.stage, self.plan = task, stage, task.plan
        self.tables, self.schema = stage.tables, stage.schema
        self.tools = stage.domain.tool_by_name
        self.gold = gold_run(task)
        self.draws = rng.stream("mutants", task.id, task.instruction, *(("more",) if more else ()))
        self.writes = [
            place
            for place, (name, _) in enumerate(self.gold.calls)
            if is_write(self.tools[name]) and not task.gold[place].fails
        ]

    def with_calls(self, calls: list[Call]) -> Run:
        """Return the gold run with other calls."""
        return replace(self.gold, calls=tuple(calls))

    def with_answer(self, answer: Json) -> Run:
        """Return the gold run with another answer."""
        return replace(self.gold, answer=answer)

    def replaced(self, place: int, arguments: dict[str, Json]) -> Run:
        """Return the gold run with other arguments of one call."""
        calls = list(self.gold.calls)
        calls[place] = calls[place][0], arguments
        return self.with_calls(calls)

    def extra_writes(self, most: int) -> Iterator[Call]:
        """Change a field of some row that the task does not speak of."""
        touched = {node.entity for node in self.plan.nodes if isinstance(node, Select)}
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
        """Yield entity and key of each row that the gold run writes by its key."""
        for place in self.writes:
            name, arguments = self.gold.calls[place]
            term, _ = alone(self.tools[name].term)
            if isinstance(term, (Update, Transition, Delete)):
                yield (term.entity, *(str(arguments[a.param]) for a in term.key))

    def small_change(self, term: Update, entity: Entity, row: Row) -> dict[str, Json] | None:
        """Return one new value for a row; None where none can be made."""
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

    def there_and_back(self, most: int) -> Iterator[tuple[Call, Call]]:
        """Change a field of some row, and set it back to what it was."""
        for name, arguments in self.extra_writes(most):
            term = self.tools[name].term
            assert isinstance(term, Update)
            entity = self.schema.entity(term.entity)
            key = tuple(stored(entity, a.field, arguments[a.param]) for a in term.key)
            rows = self.tables.lookup(entity.name, tuple(a.field for a in term.key), key)
            fields = {a.param: a.field for a in term.values if a.param in arguments}
            if len(rows) == 1:
                back = {p: self.wire(entity, rows[0], field) for p, field in fields.items()}
                keys = {a.param: arguments[a.param] for a in term.key}
                yield (name, arguments), (name, keys | back)

    def some_rows(self, entity: Entity, most: int) -> list[Row]:
        """Draw rows of an entity."""
        rows = self.tables.rows(entity.name)
        return list(rows) if len(rows) <= most else self.draws.sample(list(rows), most)

    def wire(self, entity: Entity, row: Row, field: str) -> Json:
        """Return what a row holds in a field."""
        return to_wire(entity.field(field), row[entity.position(field)])


def stored(entity: Entity, field: str, value: Json) -> Json:
    """Return the stored form of a wire value."""
    return to_stored(entity.field(field), value)


def alike(one: Json, other: Json) -> bool:
    """Tell whether a verdict might take one value for the other."""
    if isinstance(one, list) and isinstance(other, list):
        return sorted(map(str, one)) == sorted(map(str, other))
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, (int, float, Decimal)) and isinstance(other, (int, float, Decimal)):
        a, b = Decimal(str(one)), Decimal(str(other))
        return a == b or abs(a - b) <= abs(b) * Decimal("0.01") + Decimal("0.01") * (
            a != a.to_integral_value()
        )
    return str(one).casefold().strip() == str(other).casefold().strip()
