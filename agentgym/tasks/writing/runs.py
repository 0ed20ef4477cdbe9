"""Runs at random: legal calls, some of which fail, played from the start of a domain.

Tools and rows come in, segments of runs go out: calls, results and the net row changes that they
left. Next: `hindsight`.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

from msgspec.structs import replace

from agentgym.formats import Json
from agentgym.plan import Plan, Write
from agentgym.schema.types import to_wire
from agentgym.tasks.clues import Sketch
from agentgym.tasks.writing.several import Several
from agentgym.tools.algebra import (
    Aggregate,
    Argument,
    Filter,
    Find,
    Get,
    Identify,
    ListRelated,
    Search,
    subject,
)
from agentgym.trajectory import Call, Result
from agentgym.world.compile import Engine
from agentgym.world.journal import RowChange, Session
from agentgym.world.rows import World

__all__ = ["Runs", "Segment"]

_READ = 0.6
"""Share of reads among the calls of a random run."""


class Segment(NamedTuple):
    """A part of a run."""

    calls: tuple[Call, ...]
    results: tuple[Result, ...]
    changes: tuple[RowChange, ...]
    """Net row changes from its begin to its end."""


class Runs(Several):
    """Plays random runs."""

    @cached_property
    def _engine(self) -> Engine:
        return Engine(self.domain)

    def wandered(self, rng: random.Random, length: int) -> Segment:
        """Play about so many random calls from the start of the domain."""
        world = self._engine.world()
        calls: list[Call] = []
        results: list[Result] = []
        hub = rng.choice(self.entities).name
        self._identify(world, rng)
        wanted = max(1, length // 3) if rng.random() < 0.75 else 0
        while len(calls) < length:
            if wanted and rng.random() >= _READ:
                drawn = self._random_write(hub, rng)
                wanted -= drawn is not None
            else:
                drawn = self._random_read(hub, rng)
            if drawn is None:
                hub = rng.choice(self.entities).name
                drawn = self._random_read(hub, rng)
                if drawn is None:
                    break
            name, arguments = drawn
            world.session = replace(world.session, confirmed=1)
            call = Call(id=f"c{len(calls)}", name=name, arguments=arguments)
            calls.append(call)
            results.append(self._engine.call(world, name, arguments))
        segment = Segment(tuple(calls), tuple(results), world.diff())
        world.close()
        return segment

    def replayed(self, plan: Plan) -> Segment | None:
        """Play the writes of a plan, whatever rules say; None where one cannot be done."""
        engine = self.trial.engine
        world = engine.world()
        calls: list[Call] = []
        results: list[Result] = []
        for node in plan.nodes:
            if not isinstance(node, Write):
                continue
            way = next(iter(self.trial.calls(plan, node)), None)
            if way is None:
                return None
            for arguments in way[1]:
                call = Call(id=f"c{len(calls)}", name=way[0].name, arguments=arguments)
                calls.append(call)
                results.append(engine.call(world, call.name, arguments))
            if not all(result.ok for result in results):
                return None
        segment = Segment(tuple(calls), tuple(results), world.diff())
        world.close()
        return segment

    def _identify(self, world: World, rng: random.Random) -> None:
        """Let the user be somebody, where rules want to know who."""
        for tool in self.tools:
            if isinstance(tool.term, Identify):
                entity = self.schema.entity(tool.term.entity)
                rows = self.tables.rows(entity.name)
                if rows:
                    row = rng.choice(rows)
                    key = tuple(row[entity.position(name)] for name in entity.key)
                    world.session = Session(identity=(entity.name, key))

    def _random_write(self, hub: str, rng: random.Random) -> tuple[str, dict[str, Json]] | None:
        options = [tool for tool, _, _ in self.near(hub)] or self.writers
        if not options:
            return None
        sketch = Sketch(self.schema)
        if not self.by_tool(sketch, rng.choice(options), rng):
            return None
        plan = sketch.plan("backward")
        write = sketch.nodes[-1]
        assert isinstance(write, Write)
        for tool, calls in self.trial.calls(plan, write):
            return tool.name, calls[0]
        return None

    def _random_read(self, hub: str, rng: random.Random) -> tuple[str, dict[str, Json]] | None:
        """Draw a read of some rows of an entity, by values that stand there."""
        rows = self.tables.rows(hub)
        tools = [
            tool
            for tool in self.tools
            if isinstance(tool.term, (Get, Find, Search, ListRelated, Aggregate))
            and subject(tool.term, self.schema) == hub
        ]
        if not rows or not tools:
            return None
        tool, row = rng.choice(tools), rng.choice(rows)
        entity, term = self.schema.entity(hub), tool.term

        def given(arguments: Sequence[Argument | Filter]) -> dict[str, Json]:
            found = {
                one.param: to_wire(entity.field(one.field), row[entity.position(one.field)])
                for one in arguments
            }
            return {param: value for param, value in found.items() if value is not None}

        match term:
            case Get():
                return tool.name, given(term.key)
            case Find():
                return tool.name, given(term.by)
            case ListRelated():
                relation = self.schema.relation(term.relation)
                if term.through is not None:
                    return None
                names = dict(zip(relation.target_fields, relation.fields, strict=True))
                key = {one.param: names.get(one.field) for one in term.key}
                if None in key.values():
                    return None
                values = {
                    param: to_wire(entity.field(name), row[entity.position(name)])
                    for param, name in key.items()
                    if name is not None
                }
                return None if None in values.values() else (tool.name, values)
            case Search() | Aggregate():
                filters = [one for one in term.filters if one.op == "eq"]
                found = given(rng.sample(filters, min(len(filters), rng.choice((1, 1, 2)))))
                if isinstance(term, Aggregate):
                    function = rng.choice(term.functions)
                    if len(term.functions) > 1:
                        found["function"] = function
                    if function != "count":
                        found["field"] = rng.choice(term.fields)
                return tool.name, found
        return None
