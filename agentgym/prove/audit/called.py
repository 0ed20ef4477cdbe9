"""Operators on what a run calls: values, rows, orders and calls that are not those of the task.

Each takes the scene of a task and yields runs that differ from the right one. Next: `spoken`.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from msgspec.structs import replace

from agentgym.prove.audit.scene import Scene, is_number, other_days
from agentgym.prove.run import Run, gold_run
from agentgym.schema.types import to_wire
from agentgym.tools.algebra import Delete, Update, is_write
from agentgym.tools.parameters import bindings

__all__ = [
    "cut_texts",
    "emptied_fields",
    "merged",
    "removed_rows",
    "repeated",
    "replayed",
    "retargeted",
    "reversed_writes",
    "shiftedother_days",
    "slipped_units",
    "stale_values",
    "swapped_arguments",
    "truncated",
]


def swapped_arguments(scene: Scene) -> Iterator[Run]:
    """Two values of one kind change places, across calls or within one."""
    slots = [
        (place, name, value)
        for place in scene.writes
        for name, value in scene.gold.calls[place][1].items()
    ]
    for _ in range(12):
        if len(slots) < 2:
            return
        (p, a, v), (q, b, w) = scene.draws.sample(slots, 2)
        if type(v) is type(w) and v != w:
            calls = [(name, dict(arguments)) for name, arguments in scene.gold.calls]
            calls[p][1][a], calls[q][1][b] = w, v
            yield replace(scene.gold, calls=tuple(calls))


def retargeted(scene: Scene) -> Iterator[Run]:
    """A write goes to a sibling of the row that it is for."""
    for place in scene.writes:
        name, arguments = scene.gold.calls[place]
        uses = bindings(scene.tools[name].term, scene.schema)
        for param, (entity, field, use) in uses.items():
            if param not in arguments or use not in ("key", "end"):
                continue
            kind = scene.schema.entity(entity)
            row = scene.row_of(entity, [arguments[param]]) if kind.key == (field,) else None
            if row is None:
                continue
            near = scene.neighbours(entity, row)
            for other in scene.draws.sample(near, min(3, len(near))):
                value = to_wire(kind.field(field), other[kind.position(field)])
                yield scene.with_argument(place, param, value)


def shiftedother_days(scene: Scene) -> Iterator[Run]:
    """A date is one day, one month or one year off."""
    for place in scene.writes:
        for name, value in scene.gold.calls[place][1].items():
            for other in other_days(value):
                yield scene.with_argument(place, name, other)
    for place, value in enumerate(scene.values()):
        for other in other_days(value):
            yield scene.with_value(place, other)


def slipped_units(scene: Scene) -> Iterator[Run]:
    """A number in another unit: cents for euros, thousands for ones, the other sign."""
    factors = (Decimal(100), Decimal(1000), Decimal("0.01"), Decimal(12), Decimal(-1), Decimal(2))
    for place in scene.writes:
        uses = bindings(scene.tools[scene.gold.calls[place][0]].term, scene.schema)
        for name, value in scene.gold.calls[place][1].items():
            if is_number(value) and value and uses.get(name, ("", "", ""))[2] == "value":
                for factor in factors:
                    new = Decimal(str(value)) * factor
                    yield scene.with_argument(
                        place, name, int(new) if isinstance(value, int) else new
                    )
    for place, value in enumerate(scene.values()):
        if is_number(value) and value:
            for factor in factors:
                yield scene.with_value(place, Decimal(str(value)) * factor)


def stale_values(scene: Scene) -> Iterator[Run]:
    """What was there before is written or answered again."""
    for place in scene.writes:
        name, arguments = scene.gold.calls[place]
        term = scene.tools[name].term
        if not isinstance(term, Update):
            continue
        kind = scene.schema.entity(term.entity)
        row = scene.row_of(term.entity, [arguments[a.param] for a in term.key])
        for one in term.values if row is not None else ():
            if one.param in arguments:
                old = to_wire(kind.field(one.field), row[kind.position(one.field)])  # type: ignore[index]
                yield scene.with_argument(place, one.param, old)
                if scene.values():
                    yield scene.with_value(0, old)


def cut_texts(scene: Scene) -> Iterator[Run]:
    """A text loses a word, a letter, or its capitals, where it is written."""
    for place in scene.writes:
        uses = bindings(scene.tools[scene.gold.calls[place][0]].term, scene.schema)
        for name, value in scene.gold.calls[place][1].items():
            if isinstance(value, str) and uses.get(name, ("", "", ""))[2] == "value":
                for other in (
                    value[1:],
                    value[:-1],
                    value.swapcase(),
                    f"{value} {value}",
                    value + ".",
                ):
                    if other.strip() and other != value:
                        yield scene.with_argument(place, name, other)


def truncated(scene: Scene) -> Iterator[Run]:
    """The run stops somewhere, and claims the rest."""
    calls = scene.gold.calls
    for _ in range(min(4, len(calls))):
        kept = sorted(scene.draws.sample(range(len(calls)), scene.draws.randrange(len(calls))))
        yield replace(scene.gold, calls=tuple(calls[place] for place in kept))


def repeated(scene: Scene) -> Iterator[Run]:
    """Every write comes twice, or all of the run does."""
    calls = scene.gold.calls
    for place in scene.writes:
        yield replace(scene.gold, calls=(*calls[: place + 1], calls[place], *calls[place + 1 :]))
    if scene.writes:
        yield replace(scene.gold, calls=calls + calls)


def reversed_writes(scene: Scene) -> Iterator[Run]:
    """The writes come in the opposite order, in the places that they have."""
    if len(scene.writes) > 1:
        calls = list(scene.gold.calls)
        for place, other in zip(scene.writes, scene.writes[::-1], strict=True):
            calls[place] = scene.gold.calls[other]
        yield replace(scene.gold, calls=tuple(calls))


def replayed(scene: Scene) -> Iterator[Run]:
    """The right run of another task."""
    for other in scene.draws.sample(scene.others, min(4, len(scene.others))):
        run = gold_run(other)
        yield run
        yield replace(run, answer=scene.gold.answer)
        yield replace(scene.gold, answer=run.answer)


def merged(scene: Scene) -> Iterator[Run]:
    """The right run, and the writes of another task besides."""
    for other in scene.draws.sample(scene.others, min(4, len(scene.others))):
        run = gold_run(other)
        if any(name in scene.tools and is_write(scene.tools[name]) for name, _ in run.calls):
            yield replace(scene.gold, calls=scene.gold.calls + run.calls)
            yield replace(scene.gold, calls=run.calls + scene.gold.calls)


def removed_rows(scene: Scene) -> Iterator[Run]:
    """A row disappears besides."""
    tools = [tool for tool in scene.domain.tools if isinstance(tool.term, Delete)]
    for tool in scene.draws.sample(tools, min(3, len(tools))):
        assert isinstance(tool.term, Delete)
        rows = scene.domain.rows.get(tool.term.entity, ())
        kind = scene.schema.entity(tool.term.entity)
        for row in scene.draws.sample(list(rows), min(3, len(rows))):
            key = {
                a.param: to_wire(kind.field(a.field), row[kind.position(a.field)])
                for a in tool.term.key
            }
            yield replace(scene.gold, calls=(*scene.gold.calls, (tool.name, key)))


def emptied_fields(scene: Scene) -> Iterator[Run]:
    """A field of a row that was looked at is emptied besides."""
    tools = [tool for tool in scene.domain.tools if isinstance(tool.term, Update)]
    for tool in scene.draws.sample(tools, min(4, len(tools))):
        assert isinstance(tool.term, Update)
        kind = scene.schema.entity(tool.term.entity)
        free = [a for a in tool.term.values if kind.field(a.field).nullable]
        rows = scene.domain.rows.get(kind.name, ())
        for row in scene.draws.sample(list(rows), min(2, len(rows)) if free else 0):
            key = {
                a.param: to_wire(kind.field(a.field), row[kind.position(a.field)])
                for a in tool.term.key
            }
            one = scene.draws.choice(free)
            yield replace(
                scene.gold, calls=(*scene.gold.calls, (tool.name, key | {one.param: None}))
            )
