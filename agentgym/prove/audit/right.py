"""Right runs that are not the gold run, and the brute truth of any run.

`Truth` settles by the rows alone whether a run came to what a task asks: all rows at the end, what
was said, what was shown. `right_runs` makes runs that should: other lowerings, other orders, other
words, detours, and what is done and undone. Next: `audit`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal, InvalidOperation

from msgspec.structs import replace

from agentgym.formats import Json
from agentgym.goals.goal import Answer, Branch, Seen
from agentgym.goals.verdict import Ending
from agentgym.prove.audit.scene import Scene
from agentgym.prove.run import Run
from agentgym.prove.settle import same_end
from agentgym.schema import Schema
from agentgym.schema.types import to_wire
from agentgym.tools.algebra import (
    Calculate,
    CurrentTime,
    Delete,
    Find,
    Get,
    Identify,
    ListRelated,
    Search,
    Tool,
    Unlink,
    Update,
    is_write,
    subject,
    touched,
)

__all__ = ["Truth", "right_runs"]

Lowerings = Callable[[], Iterable[Run]]
"""Gives the other ways in which the plan of a task can be lowered."""


class Truth:
    """Settles whether runs of one task are right, without the judge.

    Args:
        scene: The task and its rows.
        gold: How the gold run ended.
    """

    def __init__(self, scene: Scene, gold: Ending) -> None:
        self.scene, self.gold = scene, gold
        self.branch: Branch = scene.task.goal.branches[0]
        self.slots: Sequence[Answer] = self.branch.answers

    def right(self, run: Run, ending: Ending) -> bool | None:
        """Tell whether a run is right; None where too much would have to be tried.

        It is where all rows are as after the gold run (but for names of generated keys), it says
        the same, value by value, and the rows on which the answer rests were shown.
        """
        if run.truncated or run.outcome != self.branch.outcome or not self.reasoned(run):
            return False
        if any(result.breaches for _, result in ending.calls) or self.mistaken(ending):
            return False
        if not self.said(run.answer):
            return False
        if self.branch.idle and any(self.reads(call.name) for call, _ in ending.calls):
            return False
        if not all(self.shown(seen, ending) for seen in self.branch.seen):
            return False
        return same_end(self.scene.schema, self.gold.changes, ending.changes)

    def reasoned(self, run: Run) -> bool:
        """Tell whether a reason is the gold one, or none is needed."""
        return self.branch.outcome == "done" or run.reason == self.scene.gold.reason

    def mistaken(self, ending: Ending) -> bool:
        """Tell whether the user was taken for somebody else."""
        who = self.scene.task.plan.who()
        for call, result in ending.calls:
            tool = self.scene.tools.get(call.name)
            if not who or tool is None or not isinstance(tool.term, Identify) or not result.ok:
                continue
            entity = self.scene.schema.entity(tool.term.entity)
            told = [result.data["identified"].get(name) for name in entity.key]
            row = self.scene.row_of(entity.name, told)
            if row is None or any(
                fact.entity != entity.name
                or not _same(
                    to_wire(entity.field(fact.field), row[entity.position(fact.field)]), fact.value
                )
                for fact in who
            ):
                return True
        return False

    def reads(self, name: str) -> bool:
        """Tell whether a tool reads or writes rows."""
        tool = self.scene.tools.get(name)
        return tool is not None and subject(tool.term, self.scene.schema) is not None

    def said(self, answer: Json) -> bool:
        """Tell whether an answer is the gold one, whatever the order of a set."""
        if not self.slots:
            return True
        if len(self.slots) == 1:
            return self.slot(self.slots[0], answer)
        given = answer if isinstance(answer, list) else []
        return len(given) == len(self.slots) and all(
            self.slot(slot, one) for slot, one in zip(self.slots, given, strict=True)
        )

    def slot(self, slot: Answer, given: Json) -> bool:
        """Tell whether one slot holds what it must."""
        if slot.many or slot.count is not None:
            values = list(given) if isinstance(given, list) else [given]
            places = [self.place(slot, value) for value in values]
            if None in places:
                return False
            chosen = [place for place in dict.fromkeys(places) if place is not None]
            if slot.many:  # what is said twice is said
                return len(chosen) == len(slot.values)
            return len(chosen) == slot.count and self.bound(slot, chosen)
        if isinstance(given, list) and len(given) == 1:
            (given,) = given
        return self.equal(slot, slot.values[0], given)

    def place(self, slot: Answer, given: Json) -> int | None:
        """Return which of a slot's values was given."""
        return next((n for n, v in enumerate(slot.values) if self.equal(slot, v, given)), None)

    def bound(self, slot: Answer, places: Sequence[int]) -> bool:
        """Tell whether what was chosen keeps the limits."""
        for one in slot.bounds:
            weights = [one.weights[place] for place in places]
            if one.kind == "distinct":
                if len({str(weight).casefold() for weight in weights}) < len(weights):
                    return False
                continue
            total = sum((Decimal(str(weight)) for weight in weights), Decimal(0))
            limit = Decimal(str(one.value))
            if not (total <= limit if one.op == "le" else total >= limit):
                return False
        return True

    def equal(self, slot: Answer, right: Json, given: Json) -> bool:
        """Tell whether two values are the same: numbers by value, texts whatever their case."""
        if isinstance(right, bool) or isinstance(given, bool):
            return right is given
        one, other = _decimal(right), _decimal(given)
        if one is not None and other is not None:
            field = (
                None
                if slot.field is None
                else self.scene.schema.entity(slot.entity).field(slot.field)
            )
            inexact = slot.function == "avg" or (field is not None and field.type == "float")
            near = abs(one) * Decimal("1e-6") if inexact else 0
            return abs(one - other) <= near
        if one is not None and not isinstance(right, str):
            return False
        return _folded(right) == _folded(given)

    def shown(self, seen: Seen, ending: Ending) -> bool:
        """Tell whether the rows of one piece of evidence stand in some result."""
        schema = self.scene.schema
        for call, result in ending.calls:
            tool = self.scene.tools.get(call.name)
            if tool is None or isinstance(tool.term, Identify | Delete | Unlink):
                continue  # they tell keys alone
            own = seen.entity in (subject(tool.term, schema), *touched(tool.term, schema))
            if result.error is not None:
                missing = seen.nothing and own and result.error.code == "not_found"
                if missing or result.error.rule in seen.barred:
                    return True
            elif own and (seen.key is None or _holds(result.data, schema, seen)):
                return True
        return False


def right_runs(
    scene: Scene, lowerings: Lowerings, same: Callable[[Run], bool]
) -> Iterator[tuple[str, Run]]:
    """Yield runs of a task that should be accepted; `Truth` has the last word.

    Args:
        scene: The task and its rows.
        lowerings: Gives other ways to do the same.
        same: Tells whether a run leaves the rows as the gold run does.
    """
    gold = scene.gold
    for run in lowerings():
        yield "lowering", replace(gold, calls=run.calls)
    yield from (("order", run) for run in _orders(scene))
    yield from (("words", run) for run in _words(scene))
    yield from (("detour", run) for run in _detours(scene))
    yield from (("other_tool", run) for run in _other_tools(scene))
    for run in _undone(scene):
        if same(run):
            yield "undone", run


def _orders(scene: Scene) -> Iterator[Run]:
    """Draw orders in which every call comes after those that it takes a value from."""
    steps, calls = scene.task.gold, scene.gold.calls
    for _ in range(4):
        order: list[int] = []
        while len(order) < len(calls):
            ready = [
                n
                for n, step in enumerate(steps)
                if n not in order
                and all(
                    int(o.split(":")[1]) in order for o in step.origin.values() if o[:5] == "call:"
                )
                and set(step.after) <= set(order)
            ]
            order.append(scene.draws.choice(ready))
        if order != sorted(order):
            yield replace(scene.gold, calls=tuple(calls[n] for n in order))


def _words(scene: Scene) -> Iterator[Run]:
    """Say the right answer in other forms."""
    slots, values = scene.task.goal.branches[0].answers, scene.values()
    if len(slots) == 1 and not slots[0].many and slots[0].count is None and values:
        for said in _said(scene.schema, slots[0], values[0]):
            yield replace(scene.gold, answer=said)
    if len(slots) == 1 and (slots[0].many or slots[0].count is not None) and len(values) > 1:
        yield replace(scene.gold, answer=values[::-1])
    elif len(slots) > 1 and len(values) == len(slots):
        yield replace(
            scene.gold,
            answer=[[value] if not isinstance(value, list) else value for value in values],
        )


def _said(schema: Schema, slot: Answer, value: Json) -> Iterator[Json]:
    field = None if slot.field is None else schema.entity(slot.entity).field(slot.field)
    yield [value]
    yield {"answer": value}
    if isinstance(value, bool):
        yield "Yes." if value else "No."
        return
    yield str(value)
    yield f"The answer is {value}."
    if isinstance(value, int | Decimal):
        if "E" not in str(value):
            yield Decimal(f"{value}.0") if isinstance(value, int) else Decimal(f"{value}0")
        yield f"{value:,}"
    if isinstance(value, str) and field is not None and field.type == "text":
        yield value.upper()
        yield f'"{value}"'
    if isinstance(value, str) and field is not None and field.type == "date":
        day = dt.date.fromisoformat(value)
        yield f"{day:%B} {day.day}, {day.year}"
        yield f"{day.day} {day:%b} {day.year}"


def _detours(scene: Scene) -> Iterator[Run]:
    """Look at other things, ask wrongly, and reckon, before and between."""
    harmless: list[tuple[str, dict[str, Json]]] = [("no_such_tool", {})]
    idle = scene.task.goal.branches[0].idle
    for tool in scene.domain.tools:
        if isinstance(tool.term, Search) and not idle:
            harmless += [(tool.name, {}), (tool.name, {"page": 2}), (tool.name, {"nonsense": 1})]
        elif isinstance(tool.term, CurrentTime):
            harmless.append((tool.name, {}))
        elif isinstance(tool.term, Calculate):
            harmless.append((tool.name, {"expression": "2 * 21"}))
    for _ in range(4):
        calls: list[tuple[str, dict[str, Json]]] = []
        for call in scene.gold.calls:
            calls += [*scene.draws.sample(harmless, min(2, len(harmless))), call]
        calls.append(scene.draws.choice(harmless))
        yield replace(scene.gold, calls=tuple(calls))


def _other_tools(scene: Scene) -> Iterator[Run]:
    """Page through a list where the gold run looks a row up."""
    for place, (name, _) in enumerate(scene.gold.calls):
        tool = scene.tools.get(name)
        if tool is None or not isinstance(tool.term, Get | Find | ListRelated):
            continue
        for other in scene.domain.tools:
            if isinstance(other.term, Search) and _shows(tool, other, scene.schema):
                rows = len(scene.domain.rows.get(other.term.entity, ()))
                pages = -(-rows // other.term.page_size)
                if pages <= 30:
                    listed = tuple((other.name, {"page": n}) for n in range(1, pages + 1))
                    calls = scene.gold.calls
                    yield replace(scene.gold, calls=calls[:place] + listed + calls[place + 1 :])


def _shows(tool: Tool, other: Tool, schema: Schema) -> bool:
    return subject(tool.term, schema) == subject(other.term, schema)


def _undone(scene: Scene) -> Iterator[Run]:
    """Write something else and set it back, before or after."""
    tools = [
        tool for tool in scene.domain.tools if isinstance(tool.term, Update) and is_write(tool)
    ]
    for tool in scene.draws.sample(tools, min(4, len(tools))):
        assert isinstance(tool.term, Update)
        kind = scene.schema.entity(tool.term.entity)
        rows = list(scene.domain.rows.get(kind.name, ()))
        free = [a for a in tool.term.values if kind.field(a.field).role not in ("key", "reference")]
        if len(rows) < 2 or not free:
            continue
        one, other = scene.draws.sample(rows, 2)
        argument = scene.draws.choice(free)
        place = kind.position(argument.field)
        if one[place] == other[place] or one[place] is None or other[place] is None:
            continue
        key = {
            a.param: to_wire(kind.field(a.field), one[kind.position(a.field)])
            for a in tool.term.key
        }
        there, back = (to_wire(kind.field(argument.field), row[place]) for row in (other, one))
        pair = (
            (tool.name, key | {argument.param: there}),
            (tool.name, key | {argument.param: back}),
        )
        yield replace(scene.gold, calls=pair + scene.gold.calls)
        yield replace(scene.gold, calls=scene.gold.calls + pair)


def _holds(data: Json, schema: Schema, seen: Seen) -> bool:
    """Tell whether a row of that key stands anywhere in a result."""
    assert seen.key is not None
    entity = schema.entity(seen.entity)
    if isinstance(data, dict):
        if tuple(data.get(name) for name in entity.key) == seen.key:
            return True
        return any(_holds(value, schema, seen) for value in data.values())
    return isinstance(data, list) and any(_holds(value, schema, seen) for value in data)


def _decimal(value: Json) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        return None
    try:
        number = Decimal(str(value).strip().replace(",", ""))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _same(one: Json, other: Json) -> bool:
    return _folded(one) == _folded(other)


def _folded(value: Json) -> str:
    return " ".join(str(value).casefold().strip(" .!?\"'").split())
