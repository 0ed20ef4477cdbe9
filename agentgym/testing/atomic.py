"""All or nothing: a call that fails leaves everything as it was, wherever on its way it fails.

A domain comes in. Calls are drawn; each that writes is made again with a fault at every one of
its row writes. What reads leaves rows, digest and counters alone. Next: `footprints`.
"""

from __future__ import annotations

from collections.abc import Callable

from agentgym.domain import Domain
from agentgym.rng import stream
from agentgym.schema.types import Row
from agentgym.testing.chance import Chance
from agentgym.testing.standing import counted, stand
from agentgym.testing.states import apart, state
from agentgym.tools.algebra import Identify, is_write
from agentgym.trajectory import Fault
from agentgym.world.compile import Engine
from agentgym.world.refusals import Refusal
from agentgym.world.rows import World

__all__ = ["check_atomic"]

_MOST = 12
"""Row writes of one call at which a fault is tried."""

_TRIES = 4
"""Calls of a tool until one succeeds."""


class _TornError(BaseException):
    """What no tool expects."""


_FAULTS: tuple[Callable[[], BaseException], ...] = (
    lambda: Refusal(Fault(code="conflict", message="It fails here.")),
    lambda: _TornError("it fails here"),
    lambda: MemoryError("it fails here"),
)


class _Brittle(World):
    """A world in which one row write fails: the one that follows `left` others."""

    left = -1
    """Row writes that still succeed; negative: all do."""
    late = False
    """Whether the fault comes after the row was written, and not before."""
    fault: Callable[[], BaseException] = _FAULTS[0]
    writes = 0
    """Row writes so far."""

    def insert(self, entity: str, row: Row) -> None:
        self._tear(late=False)
        super().insert(entity, row)
        self._tear(late=True)

    def update(
        self, entity: str, before: Row, after: Row, changed: tuple[int, ...] | None = None
    ) -> None:
        self._tear(late=False)
        super().update(entity, before, after, changed)
        self._tear(late=True)

    def delete(self, entity: str, row: Row) -> None:
        self._tear(late=False)
        super().delete(entity, row)
        self._tear(late=True)

    def _tear(self, *, late: bool) -> None:
        if late:
            self.writes += 1
        if self.left == 0 and late == self.late:
            self.left = -1
            raise self.fault()
        if late and self.left > 0:
            self.left -= 1


def check_atomic(domain: Domain, *, seed: int = 0, rounds: int = 2) -> int:
    """Check that what fails changes nothing, and that what reads writes nothing.

    Args:
        domain: The domain under test.
        seed: Draws the calls.
        rounds: How often each tool is called until it succeeds, or is given up.

    Returns:
        How many faults in the middle of calls were tried.

    Raises:
        AssertionError: Something is left of a call that failed, or a read left a trace.
    """
    engine = Engine(domain)
    chance, world = Chance(domain, stream("atomic", domain.name, seed)), _Brittle(engine.image)
    tried = 0
    for _ in range(rounds):
        for tool in domain.tools:
            for _ in range(_TRIES):
                sent = chance.arguments(tool, world.rows)
                stand(engine, world, tool.name, sent)
                before = world.snapshot()
                faults = _once(engine, world, tool.name, sent)
                if faults is None:
                    continue
                tried += faults
                if chance.draws.random() < 0.5:
                    world.restore(before)
                break
    return tried


def _once(engine: Engine, world: _Brittle, name: str, sent: object) -> int | None:
    """Make one call, and again with each fault; None where it is refused."""
    before, snapshot, written = state(world), world.snapshot(), world.writes
    result = engine.call(world, name, sent)
    after = state(world)
    if not result.ok:
        left = apart(before, after)
        assert not left, f"{name}, refused with {result.error}, changes {left}"
        return None
    if not is_write(engine.domain.tool_by_name[name]):
        left = apart(before, after, but=("session",) if _may_note(engine.domain, name) else ())
        assert not left, f"{name} reads, and changes {left}"
        spent = before.session.confirmed != after.session.confirmed
        assert not spent, f"{name} reads, and uses up a yes"
        return 0
    writes = min(world.writes - written, _MOST)
    for place in range(writes):
        for late in (False, True):
            world.restore(snapshot)
            _tear(engine, world, name, sent, place, late=late)
            left = apart(before, state(world))
            assert not left, f"{name} fails at row write {place + 1}, and changes {left}"
    world.restore(snapshot)
    assert engine.call(world, name, sent) == result, f"{name} is not what it was before it failed"
    left = apart(after, state(world))
    assert not left, f"{name}, made again after it failed, differs in {left}"
    return 2 * writes


def _tear(
    engine: Engine, world: _Brittle, name: str, sent: object, place: int, *, late: bool
) -> None:
    """Make a call that fails at one of its row writes."""
    world.left, world.late, world.fault = place, late, _FAULTS[place % len(_FAULTS)]
    try:
        result = engine.call(world, name, sent)
        assert not result.ok, f"{name} does not notice that a row was not written"
    except _TornError:
        pass
    finally:
        world.left = -1


def _may_note(domain: Domain, name: str) -> bool:
    """Tell whether a call that reads may leave something in the conversation."""
    return isinstance(domain.tool_by_name[name].term, Identify) or name in counted(domain)
