"""Figures of the world room beside their floor: calls, writes, resets, forks, digests.

The floor F is `cursor.execute(<select by primary key>).fetchone()` on a table of 5,000 rows in
the same process. `figures` gives name to (measured, bar); `python tests/bench_world.py`
prints them.
"""

from __future__ import annotations

import gc
import importlib
import sqlite3
import statistics
import time
from collections.abc import Callable
from contextlib import suppress

import jsonschema
import msgspec

from agentgym import rules
from agentgym.domain import Clock, Domain, Source
from agentgym.schema import Check, Entity, Field, Relation, Schema
from agentgym.tools.algebra import (
    Argument,
    Get,
    Tool,
    Update,
)
from agentgym.world.arguments import Reader, settable
from agentgym.world.compile import Engine

__all__ = ["domain", "figures", "validation"]

ROWS = 5_000
_REPEATS = 7
_STATES = ("new", "paid", "sent", "done")


def domain(*, rows: int = ROWS) -> Domain:
    """Make a shop of orders: 8 columns, a text key, one reference, one check."""
    customer = Entity(
        name="customer",
        label="customer",
        plural="customers",
        key=("customer_id",),
        key_source="counter",
        fields=(
            Field(name="customer_id", label="customer number", type="integer", role="key"),
            Field(name="name", label="name", type="text", role="person"),
        ),
    )
    order = Entity(
        name="order",
        label="order",
        plural="orders",
        key=("order_id",),
        key_source="text",
        fields=(
            Field(name="order_id", label="order number", type="text", role="key"),
            Field(name="customer_id", label="customer", type="integer", role="reference"),
            Field(name="status", label="status", type="enum", values=_STATES, role="status"),
            Field(name="total", label="total", type="decimal", scale=2, role="money"),
            Field(name="quantity", label="quantity", type="integer", role="quantity"),
            Field(name="placed_on", label="order date", type="date", role="time"),
            Field(name="note", label="note", type="text", nullable=True, role="text"),
            Field(name="city", label="city", type="text", role="place"),
        ),
    )
    schema = Schema(
        entities=(customer, order),
        relations=(
            Relation(
                name="order_customer",
                entity="order",
                fields=("customer_id",),
                target="customer",
                target_fields=("customer_id",),
                label="customer",
                inverse="orders",
            ),
        ),
        checks=(
            Check(id="order_quantity_least", entity="order", field="quantity", op="ge", value=1),
        ),
    )
    key = (Argument(param="order_id", field="order_id", description="Number.", required=True),)
    return Domain(
        name="bench",
        title="Bench",
        description="Orders.",
        schema=schema,
        rules=rules.derive(schema),
        tools=(
            Tool(name="get_order", description="Get.", term=Get(entity="order", key=key)),
            Tool(
                name="update_order",
                description="Change.",
                term=Update(
                    entity="order",
                    key=key,
                    values=(Argument(param="quantity", field="quantity", description="Pieces."),),
                ),
                guards=("order_quantity_least",),
            ),
        ),
        clock=Clock(start="2026-01-01T00:00:00Z"),
        source=Source(kind="sql", name="bench", sha256="0" * 64),
        rows={
            "customer": tuple((n, f"Customer {n}") for n in range(1, 101)),
            "order": tuple(
                (
                    f"O{n:06d}",
                    n % 100 + 1,
                    _STATES[n % 4],
                    n * 137 % 99_999,
                    n % 9 + 1,
                    f"2025-{n % 12 + 1:02d}-{n % 28 + 1:02d}",
                    None
                    if n % 9 == 0
                    else f"Leave it at door {n} of the yard, please: the bell is out of order.",
                    f"City {n % 40}",
                )
                for n in range(1, rows + 1)
            ),
        },
    )


def _each(work: Callable[[int], object], count: int) -> float:
    """Return seconds per call, the garbage collector at rest."""
    gc.collect()
    gc.disable()
    start = time.perf_counter()
    for number in range(count):
        work(number)
    spent = time.perf_counter() - start
    gc.enable()
    return spent / count


def _floor(rows: int) -> Callable[[int], object]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute(
        "CREATE TABLE t (id TEXT PRIMARY KEY, c INTEGER, s TEXT, t INTEGER, q INTEGER, d TEXT,"
        " n TEXT, y TEXT) WITHOUT ROWID"
    )
    connection.executemany(
        "INSERT INTO t VALUES (?,?,?,?,?,?,?,?)", domain(rows=rows).rows["order"]
    )
    cursor = connection.cursor()
    keys = _keys(rows)
    sql = "SELECT * FROM t WHERE id = ?"
    return lambda n: cursor.execute(sql, (keys[n % 1000],)).fetchone()


def _keys(rows: int) -> list[str]:
    return [f"O{n * 7919 % rows + 1:06d}" for n in range(1000)]


def figures() -> dict[str, tuple[float, float]]:
    """Measure everything: name to (measured, bar).

    Names that end in `rate` are shares of the floor's rate, at least the bar; the others are
    floor times, at most the bar.
    """
    engine = Engine(domain())
    world = engine.world()
    keys = _keys(ROWS)
    gets = [{"order_id": key} for key in keys]
    writes = [[{"order_id": key, "quantity": n} for key in keys] for n in (11, 12)]

    def write(n: int) -> object:
        return engine.call(world, "update_order", writes[n // 1000 % 2][n % 1000])

    def write_with_digest(n: int) -> object:
        write(n)
        return world.digest()

    def episode(n: int) -> float:
        for place in range(20):
            engine.call(world, "update_order", writes[0][(n * 20 + place) % 1000])
        start = time.perf_counter()
        world.reset()
        return time.perf_counter() - start

    floor = _floor(ROWS)
    found: dict[str, list[float]] = {}
    for _ in range(_REPEATS):
        unit = _each(floor, 20_000)
        call = _each(lambda n: engine.call(world, "get_order", gets[n % 1000]), 20_000)
        writing = _each(write, 5_000)
        digesting = _each(write_with_digest, 5_000)
        world.reset()
        resets = statistics.median(episode(n) for n in range(50))
        for key in keys[:20]:
            engine.call(world, "update_order", {"order_id": key, "quantity": 13})
        snapshot = world.snapshot()
        fork = _each(lambda _: world.fork().close(), 50)
        keeping = _each(lambda _: world.snapshot(), 1000)

        world.reset()
        moments = (snapshot, world.snapshot())
        restoring = _each(lambda n, moments=moments: world.restore(moments[n % 2]), 200)  # type: ignore[misc]
        world.reset()
        for name, value in (
            ("floor, microseconds", unit * 1e6),
            ("call rate", unit / call),
            ("write rate", unit / writing),
            ("write and digest rate", unit / digesting),
            ("reset after 20 writes", resets / unit),
            (f"fork of {engine.image.store.size / 1e6:.1f} MB, 20 changed rows", fork / unit),
            ("snapshot of 20 changed rows", keeping / unit),
            ("restore of 20 changed rows", restoring / unit),
        ):
            found.setdefault(name, []).append(value)
    bars = (0.0, 0.5, 0.25, 0.14, 20.0, 80.0, 20.0, 100.0)
    return {
        name: (statistics.median(values), bar)
        for (name, values), bar in zip(found.items(), bars, strict=True)
    }


def validation() -> dict[str, tuple[float, float]]:
    """Compare reading arguments with general validators of the same JSON Schema.

    Names to (microseconds a call, times what ours takes). Ours also turns the values into stored
    ones; the others only say whether they fit. A library that is not installed is left out.
    """
    engine = Engine(domain())
    tool = engine.domain.tool_by_name["update_order"]
    keys = _keys(ROWS)
    sent = [{"order_id": key, "quantity": n % 9} for n, key in enumerate(keys)]
    entity = engine.domain.schema.entity("order")
    read = Reader(tool.name, settable(_arguments(tool), entity, optional=False))
    ways: dict[str, Callable[[int], object]] = {"ours": lambda n: read(sent[n % 1000])}
    schema = engine.parameters[tool.name]
    fitting = jsonschema.Draft202012Validator(schema)
    ways["jsonschema"] = lambda n: fitting.is_valid(sent[n % 1000])
    struct = msgspec.defstruct("Sent", [("order_id", str), ("quantity", int)])
    ways["msgspec.convert"] = lambda n: msgspec.convert(sent[n % 1000], struct)
    with suppress(ImportError):
        rust = importlib.import_module("jsonschema_rs").validator_for(schema)
        ways["jsonschema-rs"] = lambda n: rust.is_valid(sent[n % 1000])
    found = {
        name: statistics.median(_each(way, 5_000) for _ in range(_REPEATS)) * 1e6
        for name, way in ways.items()
    }
    return {name: (spent, spent / found["ours"]) for name, spent in found.items()}


def _arguments(tool: Tool) -> tuple[Argument, ...]:
    assert isinstance(tool.term, Update)
    return (*tool.term.key, *tool.term.values)


if __name__ == "__main__":
    for title, (measured, limit) in figures().items():
        print(f"{title:40} {measured:8.2f}   bar {limit}")
    for title, (spent, times) in validation().items():
        print(f"arguments, {title:29} {spent:8.2f} microseconds, {times:.1f} times ours")
