"""The clerk: stands in a view between what the agent calls and what the domain's tools do.

A call of a shown tool comes in; out goes what is shown of its result, with the domain's own call
and all that it gave for trace and verdict. Next: `view`.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from agentgym.episode.detail import changed_rows, difference, distilled
from agentgym.episode.faults import Weather
from agentgym.formats import Json, Record, decode, to_text
from agentgym.schema import Schema
from agentgym.tools.algebra import WRITES, Get, ShowToolDoc, subject
from agentgym.tools.views import Surface, ViewOptions
from agentgym.trajectory import Deed, Fault, Result
from agentgym.users import Reply
from agentgym.world.compile import Engine
from agentgym.world.rows import World

__all__ = ["Clerk", "Handed", "Memory"]


class Memory(Record, kw_only=True):
    """What an episode remembers of its view; replaced, never changed, so that forks share it."""

    unlocked: frozenset[str] = frozenset()
    """Shown tools whose documentation was read."""
    seen: dict[str, str] = {}
    """A read and its arguments, as text, to what it gave when it was last made."""
    notes: tuple[str, ...] = ()
    """What the agent has written down for itself."""
    plan: tuple[str, ...] = ()
    """What it means to do."""


class Handed(Record, kw_only=True):
    """What came of a call."""

    result: Result
    """As it is shown."""
    memory: Memory | None = None
    """To go on with; None where it is as it was."""
    deed: Deed | None = None
    """The domain's own call; None where it came to none, or is the call as it was sent."""
    whole: str | None = None
    """All that it gave, as text, where less is shown."""
    whole_result: Result | None = None
    """The same, as it is; None where all is shown."""
    fault: str | None = None
    """Kind of the fault that the environment put into it."""
    reply: Reply | None = None
    """What the user said, where it was a question to them."""


class Clerk:
    """Passes calls of shown tools on.

    Args:
        schema: Of the domain.
        surface: The shown tools.
        options: How they are shown.
    """

    def __init__(self, schema: Schema, surface: Surface, options: ViewOptions) -> None:
        self.surface = surface
        self._schema = schema
        self._detail = options.detail
        self._terms = {tool.name: tool.term for tool in surface.run}
        guarded = {tool.name for tool in surface.run if tool.guards}
        self._unlocker = next(
            (name for name, term in self._terms.items() if isinstance(term, ShowToolDoc)), ""
        )
        self._got = frozenset(
            str(subject(self._terms[name], schema))
            for name in surface.routes
            if isinstance(self._terms[name], Get) and name not in guarded
        )

    def call(
        self,
        engine: Engine,
        world: World,
        name: str,
        arguments: Mapping[str, Json],
        memory: Memory,
        weather: Weather | None = None,
    ) -> Handed:
        """Pass a call on.

        Args:
            engine: Runs the domain's tools.
            world: What they work on.
            name: Of a shown tool.
            arguments: As the agent sent them.
            memory: Of the episode; the one to go on with is in what is handed back.
            weather: What may go wrong with it; None for nothing.
        """
        shown = self.surface.by_name[name]
        if shown.locked and name not in memory.unlocked:
            return Handed(result=self._refused(name))
        found = self.surface.translate(name, arguments)
        if isinstance(found, Fault):
            return Handed(result=Result(error=found))
        way, given = found
        deed = None
        if way.tool != name or given != arguments:
            deed = Deed(tool=way.tool, arguments=given)
        term = self._terms[way.tool]
        start = None
        if self._detail == "difference" and isinstance(term, WRITES):
            start = world.snapshot()
        fault = truly = dress = None
        if weather is None:
            result = engine.call(world, way.tool, given)
        else:
            met = weather.call(engine, world, way.tool, given, dress=False)
            result, truly, fault, dress = met.result, met.whole, met.fault, met.dress
        kept = (
            None if truly is None else to_text(truly.data if truly.ok else {"error": truly.error})
        )
        if result.error is not None:
            told = Result(error=self.surface.tell(result.error, name, way))
            return Handed(result=told, deed=deed, whole=kept, whole_result=truly, fault=fault)
        if self._detail == "full":
            if dress is not None:
                truly, kept = result, to_text(result.data)
                result = Result(data=dress.on(result.data), breaches=result.breaches)
            return Handed(result=result, deed=deed, whole=kept, whole_result=truly, fault=fault)
        whole = to_text(result.data)
        if self._detail == "distilled":
            data = distilled(self._schema, term, given, result.data, self._got)
        else:
            slot = to_text([way.tool, sorted(given.items())])
            before = memory.seen.get(slot)
            data = difference(
                self._schema,
                term,
                _plain(whole),
                None if before is None else _plain(before),
                {} if start is None else changed_rows(self._schema, world.diff(start)),
            )
            if fault in (None, "renamed_field") and not isinstance(term, WRITES):
                memory = msgspec.structs.replace(memory, seen=memory.seen | {slot: whole})
        if dress is not None:
            data = dress.on(data)
        shown_result = Result(data=data, breaches=result.breaches)
        return Handed(
            result=shown_result,
            memory=memory,
            deed=deed,
            whole=whole if kept is None else kept,
            whole_result=truly or result,
            fault=fault,
        )

    def _refused(self, name: str) -> Result:
        hint = f"Read its documentation first: {self._unlocker} with name {name}."
        return Result(error=Fault(code="unavailable", message=f"{name} is locked. {hint}"))


def _plain(text: str) -> Json:
    return decode(text.encode(), object, where="result")
