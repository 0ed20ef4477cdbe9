"""A Hypothesis state machine that drives any domain's tools against the model.

`machine(domain)` gives a test case for one domain; subclass `DomainMachine` to draw
domains. Two worlds of one engine run interleaved, each beside a model of its own.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from msgspec.structs import replace

from agentgym.domain import Domain
from agentgym.testing.calls import calls
from agentgym.testing.model import Model
from agentgym.tools.algebra import (
    INTRINSIC,
    AskUser,
    Calculate,
    Conclude,
    ListTools,
    LookUpTerm,
    ReadManual,
    SearchManual,
    ShowToolDoc,
)
from agentgym.trajectory import Result
from agentgym.world import Snapshot
from agentgym.world.compile import Engine
from agentgym.world.journal import rows_hash
from agentgym.world.rows import World

__all__ = ["DomainMachine", "check_call", "machine"]

SIDES = st.integers(0, 1)

FREE = (
    Calculate,
    AskUser,
    Conclude,
    ListTools,
    LookUpTerm,
    ShowToolDoc,
    ReadManual,
    SearchManual,
    *INTRINSIC,
)
"""Terms that look at no row: the engine reads their arguments, and the episode does the rest."""


class DomainMachine(RuleBasedStateMachine):
    """Calls, snapshots, restores, forks, resets and turns, in any order."""

    domain: Domain | None = None
    """The domain under test; None where `choose` draws one."""

    def __init__(self) -> None:
        super().__init__()
        self.engine: Engine
        self.worlds: list[World] = []
        self.models: list[Model] = []
        self.moments: list[tuple[Snapshot, Any]] = []

    def choose(self, data: st.DataObject) -> Domain:
        """Return the domain of this run."""
        del data
        assert self.domain is not None
        return self.domain

    @initialize(data=st.data())
    def start(self, data: st.DataObject) -> None:
        """Make the engine, two worlds and their models."""
        domain = self.choose(data)
        self.engine = Engine(domain)
        self.worlds = [self.engine.world(), self.engine.world()]
        self.models = [Model(domain), Model(domain)]

    @rule(data=st.data(), side=SIDES)
    def call(self, data: st.DataObject, side: int) -> None:
        """Call a tool on both, and compare what they say."""
        world, model = self.worlds[side], self.models[side]
        name, sent = data.draw(calls(self.engine.domain, model.rows))
        before = world.digest()
        found = check_call(self.engine, world, model, name, sent)
        if not found.ok:
            assert world.digest() == before, "a refused call changed a row"

    @rule(side=SIDES)
    def agree(self, side: int) -> None:
        """Let the user say yes to going on."""
        session = self.worlds[side].session
        self.worlds[side].session = replace(session, confirmed=session.confirmed + 1)
        self.models[side].agree()

    @rule(side=SIDES)
    def keep(self, side: int) -> None:
        """Take a snapshot."""
        self.moments.append((self.worlds[side].snapshot(), self.models[side].snapshot()))

    @rule(data=st.data(), side=SIDES)
    def restore(self, data: st.DataObject, side: int) -> None:
        """Go to any snapshot of either world, any number of times."""
        if self.moments:
            place = data.draw(st.integers(0, len(self.moments) - 1))
            snapshot, kept = self.moments[place]
            self.worlds[side].restore(snapshot)
            self.models[side].restore(kept)
            assert self.worlds[side].diff(snapshot) == ()

    @rule(side=SIDES)
    def fork(self, side: int) -> None:
        """Let a fork take the place of the other world."""
        self.worlds[1 - side] = self.worlds[side].fork()
        self.models[1 - side].restore(self.models[side].snapshot())
        assert self.worlds[0].revision == self.worlds[1].revision

    @rule(side=SIDES)
    def reset(self, side: int) -> None:
        """Go back to the start."""
        self.worlds[side].reset()
        self.models[side].reset()
        assert self.worlds[side].diff() == ()

    @rule(side=SIDES)
    def tick(self, side: int) -> None:
        """Let a turn pass."""
        self.worlds[side].tick()
        self.models[side].turns += 1

    @invariant()
    def same(self) -> None:
        """World and model hold the same rows, and the digest is that of the rows."""
        for world, model in zip(self.worlds, self.models, strict=True):
            rows = {e.name: world.rows(e.name) for e in model.schema.entities}
            assert rows == {name: model.rows(name) for name in rows}
            assert world.digest() == f"{rows_hash(rows):032x}"

    @invariant()
    def netto(self) -> None:
        """The difference from the start, applied to the start, gives the rows now."""
        for world in self.worlds:
            domain = self.engine.domain
            for entity in domain.schema.entities:
                rows = {tuple(r): r for r in domain.rows.get(entity.name, ())}
                for change in world.diff():
                    if change.entity == entity.name:
                        assert change.before != change.after
                        if change.before is not None:
                            del rows[change.before]
                        if change.after is not None:
                            rows[change.after] = change.after
                assert set(rows) == set(world.rows(entity.name))


def check_call(engine: Engine, world: World, model: Model, name: str, sent: object) -> Result:
    """Run one call on both, and compare data, error code and rule.

    Raises:
        AssertionError: They differ.
    """
    expected, found = model.call(name, sent), engine.call(world, name, sent)
    term = engine.domain.tool_by_name[name].term
    if isinstance(term, FREE):
        return found
    code = found.error and (found.error.code, found.error.rule)
    assert code == (expected.error and (expected.error.code, expected.error.rule)), found
    assert found.data == expected.data
    assert found.breaches == expected.breaches
    assert world.session.identity == model.identity
    assert world.session.confirmed == model.confirmed
    assert repr(found.data) == repr(expected.data), "equal, but of another type"
    return found


def machine(domain: Domain) -> type[DomainMachine]:
    """Make the state machine of one domain; its `TestCase` is the test."""
    return type(f"{domain.name}_machine", (DomainMachine,), {"domain": domain})
