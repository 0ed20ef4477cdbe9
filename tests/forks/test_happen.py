"""Rows that change by themselves: judged against all rows, by hand, whatever was done before."""

from __future__ import annotations

from typing import Any

import pytest
import store
import tiny
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from strategies_patches import patches

from agentgym.domain import Domain
from agentgym.domain.patch import Patch
from agentgym.episode import Suite
from agentgym.errors import TaskError
from agentgym.schema.discover import ordered
from agentgym.schema.holds import breaches, expected
from agentgym.schema.types import Row, to_stored
from agentgym.tasks import Notice
from agentgym.testing.calls import calls
from agentgym.world.backends import postgres
from agentgym.world.compile import Engine
from agentgym.world.journal import RowChange, Snapshot, rows_hash
from agentgym.world.rows import World

COMMON = settings(
    deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
STORE = store.domain()

Table = dict[tuple[Any, ...], Row]
State = dict[str, Table]


def state_of(world: World) -> State:
    """Return all rows of a world by key."""
    found: State = {}
    for entity in world.image.domain.schema.entities:
        places = [entity.position(name) for name in entity.key]
        found[entity.name] = {tuple(r[p] for p in places): r for r in world.rows(entity.name)}
    return found


def by_hand(domain: Domain, state: State, patch: tuple[Patch, ...], gone: set[Any]) -> State | None:
    """Apply a patch to all rows, compute every derived value, judge everything; None: unfit."""
    state = {name: dict(table) for name, table in state.items()}
    for one in patch:
        entity, table = domain.schema.entity(one.entity), state[one.entity]
        fields = [entity.field(name) for name in entity.key]
        key = tuple(to_stored(f, v) for f, v in zip(fields, one.key, strict=True))
        if (one.entity, key) in gone:
            continue
        if one.values is None:
            table.pop(key, None)
            continue
        told = {n: to_stored(entity.field(n), v) for n, v in one.values.items()}
        told |= dict(zip(entity.key, key, strict=True))
        names = [field.name for field in entity.fields]
        if key not in table:
            computed = {name for owner, name in domain.schema.computed if owner == entity.name}
            if set(names) - set(told) - computed:
                return None
            table[key] = tuple(told.get(name) for name in names)
        else:
            row = table[key]
            table[key] = tuple(told.get(n, v) for n, v in zip(names, row, strict=True))
    for derived in ordered(domain.schema, domain.schema.derived):
        place = domain.schema.entity(derived.entity).position(derived.field)
        rows = {name: list(table.values()) for name, table in state.items()}
        values = expected(domain.schema, derived, rows)
        own = state[derived.entity]
        state[derived.entity] = {
            key: (*row[:place], value, *row[place + 1 :])
            for (key, row), value in zip(own.items(), values, strict=True)
        }
    rows = {name: list(table.values()) for name, table in state.items()}
    return None if breaches(domain.schema, rows) else state


class Story:
    """A world to which an agent and nobody do things, beside all its rows by hand."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.domain = engine, engine.domain
        self.world = engine.world()
        self.ground: Snapshot | None = None
        self.state = state_of(self.world)
        self.alone = self.state
        """The rows as they were if nobody had called anything."""

    def call(self, name: str, sent: Any) -> None:
        """Let the agent call a tool."""
        self.engine.call(self.world, name, sent)
        self.state = state_of(self.world)

    def happen(self, patch: tuple[Patch, ...]) -> None:
        """Let rows change by themselves."""
        gone, clash = set(), False
        for one in patch:
            entity = self.domain.schema.entity(one.entity)
            fields = [entity.field(name) for name in entity.key]
            key = tuple(to_stored(f, v) for f, v in zip(fields, one.key, strict=True))
            then, now = key in self.alone[one.entity], key in self.state[one.entity]
            if then and not now:
                gone.add((one.entity, key))
            clash = clash or (now and not then and one.values is not None)
        now_ = by_hand(self.domain, self.state, patch, gone)
        then_ = by_hand(self.domain, self.alone, patch, set())
        turns, session = self.world.turns, self.world.session
        ground = self.engine.happen(self.world, patch, self.ground)
        assert (self.world.turns, self.world.session) == (turns, session)
        if clash or now_ is None or then_ is None:
            event("unfit")
            assert ground is self.ground
        else:
            event("happened")
            assert ground is not None
            self.ground, self.state, self.alone = ground, now_, then_

    def check(self) -> None:
        """Compare rows, digest and what is the agent's doing."""
        assert state_of(self.world) == self.state
        tables = {name: list(table.values()) for name, table in self.state.items()}
        assert self.world.digest() == f"{rows_hash(tables):032x}"
        found = [
            RowChange(entity=name, key=key, before=then.get(key), after=now.get(key))
            for name, now in self.state.items()
            for then in (self.alone[name],)
            for key in sorted({*now, *then})
            if now.get(key) != then.get(key)
        ]
        assert list(self.world.diff(self.ground)) == found


def tell(data: st.DataObject, story: Story, steps: int) -> None:
    """Let a drawn story happen, with moments that are gone back to and forks."""
    domain, kept = story.domain, []
    for _ in range(steps):
        match data.draw(st.integers(0, 7)):
            case 0 | 1 | 2:
                rows = story.world.rows
                story.call(*data.draw(calls(domain, rows)))
            case 3 | 4:
                story.happen(data.draw(patches(domain, most=3)))
            case 5:
                kept.append((story.world.snapshot(), story.ground, story.state, story.alone))
            case 6 if kept:
                moment = data.draw(st.sampled_from(kept))
                story.world.restore(moment[0])
                _, story.ground, story.state, story.alone = moment
            case _:
                left = story.world
                story.world = left.fork()
                left.close()
        story.check()
    story.world.reset()
    assert story.world.diff() == ()
    story.world.close()


@settings(COMMON, max_examples=40)
@given(data=st.data())
def test_what_happens_is_no_doing_of_the_agent(data: st.DataObject) -> None:
    """Rows, digest and the agent's net changes are as by hand, in any order of everything."""
    tell(data, Story(Engine(STORE)), 12)


@settings(COMMON, max_examples=4)
@given(data=st.data())
def test_it_happens_so_on_postgres_too(data: st.DataObject, postgres_url: str) -> None:
    """The other engine lets the same happen."""
    engine = Engine(STORE, postgres(postgres_url))
    try:
        tell(data, Story(engine), 8)
    finally:
        engine.image.store.close()


def test_a_field_of_each_is_the_doing_of_each() -> None:
    """Agent and world change one row: the fields that the world gives win, the others stay."""
    engine = Engine(tiny.domain())
    world = engine.world()
    assert engine.call(world, "update_member", {"member_id": 1, "phone": "111"}).ok
    patch = (Patch(entity="member", key=(1,), values={"name": "Zoe"}),)
    ground = engine.happen(world, patch)
    (change,) = world.diff(ground)
    assert (change.before[1:3], change.after[1:3]) == (  # type: ignore[index]
        ("Zoe", tiny.ROWS["member"][0][2]),
        ("Zoe", "111"),
    )
    ground = engine.happen(
        world, (Patch(entity="member", key=(1,), values={"phone": "222"}),), ground
    )
    assert world.diff(ground) == ()
    assert engine.call(world, "update_member", {"member_id": 1, "phone": "111"}).ok
    (change,) = world.diff(ground)
    assert (change.before[2], change.after[2]) == ("222", "111")  # type: ignore[index]


def test_what_the_agent_deleted_stays_deleted_and_a_key_it_took_is_its_own() -> None:
    """A change of a row that is gone changes nothing; ids count on from rows that came."""
    engine = Engine(tiny.domain())
    world = engine.world()
    member = {"name": "Zoe", "phone": "1", "fees": 0}
    ground = engine.happen(world, (Patch(entity="member", key=(90,), values=member),))
    assert world.diff(ground) == ()
    assert engine.call(world, "delete_member", {"member_id": 90}).ok
    renamed = Patch(entity="member", key=(90,), values={"name": "Zadie"})
    ground = engine.happen(world, (renamed,), ground)
    (change,) = world.diff(ground)
    assert (change.key, change.after) == ((90,), None)
    assert change.before is not None
    assert change.before[1] == "Zadie"
    loan = {"member_id": 1, "title": "A", "due_on": "2026-02-02", "state": "out"}
    ground = engine.happen(world, (Patch(entity="loan", key=(40,), values=loan),), ground)
    made = {"member_id": 1, "title": "Zadig", "due_on": "2026-07-01"}
    assert engine.call(world, "create_loan", made).data["loan_id"] == 41
    taken = Patch(entity="loan", key=(41,), values=loan)
    assert engine.happen(world, (taken,), ground) is ground
    with pytest.raises(TaskError, match="did you mean 'loan'"):
        engine.happen(world, (Patch(entity="lone", key=(41,), values=loan),), ground)


def test_a_stream_that_cannot_happen_is_told_before_it_is_played() -> None:
    """Each notice is tried after those before it, at the first episode; the place is named."""
    loan = {"member_id": 9, "title": "A", "due_on": "2026-02-02", "state": "out"}
    member = {"name": "Zoe", "phone": "1", "fees": 0}
    late = Notice(turn=3, text="", patch=(Patch(entity="loan", key=(90,), values=loan),))
    early = Notice(turn=1, text="", patch=(Patch(entity="member", key=(9,), values=member),))
    task = tiny.tasks()[0]
    for stream, told in (
        ((late, early), None),
        ((late,), r"\$\.stream\[0\]\.patch.*refers to no member"),
        ((early, replace(early, turn=2)), None),
        ((replace(early, patch=(Patch(entity="membre", key=(9,), values={}),)),), "did you mean"),
    ):
        suite = Suite(tiny.domain(), [replace(task, stream=stream)])
        if told is None:
            suite.episode(task.id).close()
        else:
            with pytest.raises(TaskError, match=told):
                suite.episode(task.id)
