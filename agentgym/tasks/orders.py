"""Standing orders with a stream of events: nobody asks, and some of what happens is due.

Rows and tools come in; out come a standing order (rows that come to be like this: change them so,
or tell me), and a stream of events of which some are due and some are not: near misses among them.
What is due follows from the rows alone. Next: `watching`.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from functools import cached_property

from msgspec.structs import replace

from agentgym.domain.patch import Patch
from agentgym.errors import TaskError
from agentgym.formats import Json
from agentgym.plan import Emit, Op, Plan, Select, Setting, Where, Write
from agentgym.plan.alone import alone
from agentgym.plan.tables import compared
from agentgym.schema import Entity, Field
from agentgym.schema.types import Row, Stored, to_wire
from agentgym.tasks import Notice
from agentgym.tasks.clues import Sketch, sayable
from agentgym.tasks.knobs import Candidate, Knobs
from agentgym.tasks.values import new_value
from agentgym.tasks.words.lexicon import lexicon
from agentgym.tasks.words.watching import say_notice, watchable
from agentgym.tasks.writes import Writer
from agentgym.tools.algebra import Get, Tool, Transition, Update
from agentgym.tools.derive import watch_tools

__all__ = ["MOST_EVENTS", "Orders", "due_of", "looks"]

MOST_EVENTS = 8
_TRIES = 12
_ROWS = 400
"""Rows of an entity that are drawn from."""
_CONDITION = (
    "status",
    "category",
    "place",
    "quantity",
    "money",
    "measure",
    "time",
    "flag",
    "other",
)
_OPS: dict[str, tuple[Op, ...]] = {
    "integer": ("gt", "lt", "ge", "le"),
    "decimal": ("gt", "lt", "ge", "le"),
    "float": ("gt", "lt"),
    "date": ("gt", "lt"),
    "datetime": ("gt", "lt"),
    "enum": ("eq",),
    "text": ("eq",),
}
Test = tuple[Field, Op, Json]
"""A field, how it compares, and the wire value."""


def due_of(plan: Plan) -> tuple[str, ...]:
    """Name the acts of a standing order, in order."""
    return tuple(node.id for node in plan.nodes if isinstance(node, (Write, Emit)))


def looks(tools: Sequence[Tool], entity: Entity) -> Tool | None:
    """Return the tool that shows a row by its key, unasked by rules; None where there is none."""
    for tool in tools:
        term = tool.term
        if isinstance(term, Get) and term.entity == entity.name and not tool.guards:
            if [argument.field for argument in term.key] == list(entity.key):
                return tool
    return None


class Orders:
    """Draws standing orders and the events to them, over one domain.

    Args:
        writer: Knows rows, tools and rules.
    """

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.schema, self.tables, self.tools = writer.schema, writer.tables, writer.tools

    @cached_property
    def watched(self) -> list[Entity]:
        """The entities whose rows can be watched: looked up by one key that people can say."""
        taken = {tool.name for tool in self.tools}
        if any(tool.name in taken for tool in watch_tools()):
            return []
        words = lexicon(self.schema)
        return [
            entity
            for entity in self.writer.entities
            if entity.name in words.entities
            and entity.kind != "link"
            and self.writer.changeable.entity(entity)
            and len(entity.key) == 1
            and entity.field(entity.key[0]).type in ("integer", "text")
            and entity.field(entity.key[0]).role != "secret"
            and len(self.tables.rows(entity.name)) >= 6
            and looks(self.tools, entity) is not None
            and any(self._moves(entity, field) for field in self._tested(entity))
        ]

    def draw(self, rng: random.Random, knobs: Knobs) -> Candidate | None:
        """Draw an order with its events; None where nothing came of it."""
        for _ in range(_TRIES if self.watched else 0):
            found = self._order(rng.choice(self.watched), rng, knobs)
            if found is not None:
                return found
        return None

    def _tested(self, entity: Entity) -> list[Field]:
        """Return the fields that a standing order may be about."""
        words = lexicon(self.schema)
        derived = {(one.entity, one.field) for one in self.schema.derived}
        return [
            field
            for field in entity.fields
            if field.role in _CONDITION
            and field.type in _OPS
            and not field.unique
            and field.name not in entity.key
            and (entity.name, field.name) not in derived
            and words.field(entity.name, field.name) is not None
        ]

    def _moves(self, entity: Entity, field: Field) -> bool:
        """Tell whether a value changes in the course of business, and is no fact of the past."""
        return field.role == "status" or self.writer.changeable.field(entity, field)

    def _order(self, entity: Entity, rng: random.Random, knobs: Knobs) -> Candidate | None:
        fields = self._tested(entity)
        moving = rng.choice([field for field in fields if self._moves(entity, field)])
        first = self._test(entity, moving, rng)
        others = [field for field in fields if field.name != moving.name]
        second = self._test(entity, rng.choice(others), rng) if others else None
        if first is None:
            return None
        tests = [first] if second is None or rng.random() < 0.3 else [first, second]
        tells = rng.random() < 0.7
        act = self._act(entity, {test[0].name for test in tests}, rng)
        if act is None or (tells and rng.random() < 0.35):
            tells, act = True, None
        events = self._events(entity, tests, act, rng)
        if events is None:
            return None
        plan = self._plan(entity, tests, act, tells=tells)
        stream = self._stream(entity, plan, events, rng)
        return Candidate(plan=plan, operators=("watch",), stream=stream, knobs=knobs)

    def _test(self, entity: Entity, field: Field, rng: random.Random) -> Test | None:
        """Draw a comparison that some rows pass and some do not."""
        rows = self._sample(entity, rng)
        place = entity.position(field.name)
        values = [row[place] for row in rows if sayable(field, row[place])]
        if not values:
            return None
        op = rng.choice(_OPS[field.type])
        value = to_wire(field, rng.choice(values))
        passing = sum(compared(to_wire(field, row[place]), op, value) for row in rows)
        if not watchable(field, op, value) or not 0 < passing < len(rows):
            return None
        return field, op, value

    def _sample(self, entity: Entity, rng: random.Random) -> list[Row]:
        rows = self.tables.rows(entity.name)
        return list(rows) if len(rows) <= _ROWS else rng.sample(list(rows), _ROWS)

    def _act(
        self, entity: Entity, tested: set[str], rng: random.Random
    ) -> tuple[Tool, Field, Json] | None:
        """Choose what is to be done with a row: a tool, the field that it sets, and to what."""
        tools = [
            tool
            for kind in ("update", "transition")
            for tool in self.writer.writing(kind)
            if getattr(alone(tool.term)[0], "entity", "") == entity.name
            and not self.writer.trial.asks(tool)
        ]
        rng.shuffle(tools)
        words = lexicon(self.schema)
        for tool in tools:
            term, fixed = alone(tool.term)
            if isinstance(term, Transition):
                names = [term.to.field]
            elif isinstance(term, Update) and not fixed:
                names = [argument.field for argument in term.values]
            else:
                continue
            able = [
                entity.field(name)
                for name in names
                if name not in tested
                and words.field(entity.name, name) is not None
                and not entity.field(name).unique
                and (
                    isinstance(term, Transition)
                    or self.writer.changeable.field(entity, entity.field(name))
                )
                and entity.field(name).role
                not in ("contact", "person", "label", "key", "reference")
            ]
            rng.shuffle(able)
            for field in able:
                value: Stored | Json
                if isinstance(term, Transition) and term.to.param in fixed:
                    value = fixed[term.to.param]
                else:
                    drawn = new_value(self.tables, entity, field, None, rng)
                    value = None if drawn is None else to_wire(field, drawn)
                if value is not None and watchable(field, "eq", value):
                    return tool, field, value
        return None

    def _events(
        self,
        entity: Entity,
        tests: Sequence[Test],
        act: tuple[Tool, Field, Json] | None,
        rng: random.Random,
    ) -> list[tuple[Row, Patch]] | None:
        """Draw rows that change, each once: some come to fit, some nearly, some not at all."""
        rows = self._sample(entity, rng)
        rng.shuffle(rows)
        moving = tests[0]
        wanted = {"due": rng.choice((1, 2, 2, 3)), "near": rng.choice((1, 2)), "far": 1}
        if len(tests) == 1:
            wanted["near"], wanted["far"] = 0, wanted["near"] + 1
        found: dict[str, list[tuple[Row, Patch]]] = {kind: [] for kind in wanted}
        for row in rows:
            short = [kind for kind in wanted if len(found[kind]) < wanted[kind]]
            if not short:
                break
            kind = self._happening_kind(entity, row, tests, act)
            if kind not in short and not ("far" in short and kind is not None):
                continue
            kind = kind if kind in short else "far"
            fits = kind != "far"
            value = self._moved(entity, row, moving, rng, fits=fits)
            if value is None:
                continue
            key = tuple(to_wire(entity.field(n), row[entity.position(n)]) for n in entity.key)
            patch = Patch(entity=entity.name, key=key, values={moving[0].name: value})
            if self._holds((*(one for some in found.values() for _, one in some), patch)):
                found[kind].append((row, patch))
        if not found["due"] or not (found["near"] or found["far"]):
            return None
        events = [event for some in found.values() for event in some]
        rng.shuffle(events)
        return events[:MOST_EVENTS]

    def _happening_kind(
        self,
        entity: Entity,
        row: Row,
        tests: Sequence[Test],
        act: tuple[Tool, Field, Json] | None,
    ) -> str | None:
        """Say what an event at a row would be if its moving field came to fit; None for neither."""
        passes = [compared(self._wire(entity, row, f), op, value) for f, op, value in tests]
        if passes[0]:
            return "far" if all(passes) else None
        if not all(passes[1:]):
            return "near"
        if act is not None:
            tool, field, value = act
            if compared(self._wire(entity, row, field), "eq", value) or not self.writer.passes(
                tool, row
            ):
                return None
            term, _ = alone(tool.term)
            if isinstance(term, Transition) and not self._may(entity, row, field, value):
                return None
        return "due"

    def _may(self, entity: Entity, row: Row, field: Field, value: Json) -> bool:
        """Tell whether a state may follow that of a row."""
        cycles = [
            one
            for one in self.schema.lifecycles
            if (one.entity, one.field) == (entity.name, field.name)
        ]
        state = str(row[entity.position(field.name)])
        return all(str(value) in one.moves.get(state, ()) for one in cycles)

    def _moved(
        self, entity: Entity, row: Row, test: Test, rng: random.Random, *, fits: bool
    ) -> Json:
        """Draw another value of a row's field that passes a test or does not; None for none."""
        field, op, value = test
        place = entity.position(field.name)
        column = self.tables.ordered(entity.name, field.name)
        options = rng.sample(column, min(len(column), 12))
        drawn = new_value(self.tables, entity, field, row[place], rng)
        for one in (*options, *([drawn] if drawn is not None else [])):
            if one is None or one == row[place]:
                continue
            wire = to_wire(field, one)
            if compared(wire, op, value) == fits:
                return wire
        return None

    def _wire(self, entity: Entity, row: Row, field: Field) -> Json:
        return to_wire(field, row[entity.position(field.name)])

    def _holds(self, patch: Sequence[Patch]) -> bool:
        """Tell whether the rows may change so, one after the other."""
        try:
            self.writer.domain.patcher.differences(patch)
        except TaskError:
            return False
        return True

    def _plan(
        self,
        entity: Entity,
        tests: Sequence[Test],
        act: tuple[Tool, Field, Json] | None,
        *,
        tells: bool,
    ) -> Plan:
        sketch = Sketch(self.schema)

        def fact(field: Field, value: Json) -> str:
            name = sketch.fact(entity.name, field.name, None)
            sketch.facts[-1] = replace(sketch.facts[-1], value=value)
            return name

        where = tuple(Where(field=f.name, op=op, fact=fact(f, value)) for f, op, value in tests)
        sketch.nodes.append(Select(id="n1", entity=entity.name, where=where))
        if act is not None:
            tool, field, value = act
            kind = "transition" if isinstance(alone(tool.term)[0], Transition) else "update"
            setting = Setting(field=field.name, fact=fact(field, value))
            sketch.nodes.append(
                Write(
                    id=sketch.next_id(),
                    kind=kind,  # type: ignore[arg-type]
                    entity=entity.name,
                    target="n1",
                    settings=(setting,),
                    each=True,
                )
            )
        if tells:
            emit = Emit(id=sketch.next_id(), node="n1", field=entity.key[0], many=True)
            sketch.nodes.append(emit)
        return sketch.plan("proactive")

    def _stream(
        self, entity: Entity, plan: Plan, events: Sequence[tuple[Row, Patch]], rng: random.Random
    ) -> tuple[Notice, ...]:
        """Put events into turns, told in full or only that something has changed."""
        full = rng.random() < 0.5
        turns = list(_turns(len(events), rng))
        select = plan.nodes[0]
        assert isinstance(select, Select)
        facts = {fact.id: fact.value for fact in plan.facts}
        notices = []
        for turn, (row, patch) in zip(turns, events, strict=True):
            assert patch.values is not None
            values = dict(zip((f.name for f in entity.fields), row, strict=True))
            wire = {f.name: to_wire(f, values[f.name]) for f in entity.fields} | patch.values
            fits = all(compared(wire[w.field], w.op, facts[w.fact]) for w in select.where)
            told = patch.values if full else None
            notices.append(
                Notice(
                    turn=turn,
                    text=say_notice(self.schema, entity, patch.key, told),
                    entity=entity.name,
                    key=patch.key,
                    patch=(patch,),
                    due=due_of(plan) if fits and not self._fitted(row, plan) else (),
                )
            )
        return tuple(notices)

    def _fitted(self, row: Row, plan: Plan) -> bool:
        """Tell whether a row fits a standing order as it is."""
        return row in self.tables.extent(plan, "n1")


def _turns(count: int, rng: random.Random) -> Iterator[int]:
    """Yield after which turn each event comes; now and then two at once."""
    turn = rng.choice((0, 1, 1, 2))
    for _ in range(count):
        yield turn
        turn += rng.choice((0, 1, 2, 2, 3, 4))
