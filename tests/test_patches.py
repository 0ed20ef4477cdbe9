"""Patches: a world that starts with one is the world of the patched rows, whatever happens."""

from __future__ import annotations

import time
from typing import Any

import pytest
import store
import tiny
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from strategies_patches import patches
from strategies_world import domains

from agentgym.domain import Domain
from agentgym.domain.patch import Patch, patched
from agentgym.errors import TaskError
from agentgym.schema.discover import ordered
from agentgym.schema.holds import breaches, expected
from agentgym.schema.types import Row, to_stored
from agentgym.testing.calls import calls
from agentgym.testing.engines import compare
from agentgym.world.backends import postgres
from agentgym.world.compile import Engine
from agentgym.world.rows import World

COMMON = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
FEW = settings(COMMON, max_examples=max(10, settings().max_examples // 3))
STORE = store.domain()


def by_hand(domain: Domain, patch: tuple[Patch, ...]) -> dict[str, list[Row]] | None:
    """Apply a patch to all rows, compute every derived value, judge everything; None: refused."""
    rows = {e.name: list(domain.rows.get(e.name, ())) for e in domain.schema.entities}
    for one in patch:
        entity = domain.schema.entity(one.entity)
        places = [entity.position(name) for name in entity.key]
        fields = [entity.field(name) for name in entity.key]
        key = [to_stored(field, value) for field, value in zip(fields, one.key, strict=True)]
        own = rows[one.entity]
        at = next((n for n, row in enumerate(own) if [row[p] for p in places] == key), None)
        if one.values is None:
            if at is None:
                return None
            del own[at]
            continue
        given_ = {n: to_stored(entity.field(n), value) for n, value in one.values.items()}
        given_ |= dict(zip(entity.key, key, strict=True))
        old = [None] * len(entity.fields) if at is None else own[at]
        row = tuple(given_.get(f.name, v) for f, v in zip(entity.fields, old, strict=True))
        if at is None:
            own.append(row)
        else:
            own[at] = row
    for one_ in ordered(domain.schema, domain.schema.derived):
        entity = domain.schema.entity(one_.entity)
        place, own = entity.position(one_.field), rows[one_.entity]
        values = expected(domain.schema, one_, rows)
        rows[one_.entity] = [
            (*row[:place], value, *row[place + 1 :]) for row, value in zip(own, values, strict=True)
        ]
    for one in patch:
        if one.values is not None:
            entity = domain.schema.entity(one.entity)
            for owner, name in domain.schema.computed:
                if owner == entity.name and name in one.values:
                    wanted = to_stored(entity.field(name), one.values[name])
                    row = _find(domain, rows, one)
                    if row[entity.position(name)] != wanted:
                        return None
    if breaches(domain.schema, rows):
        return None
    return rows


def _find(domain: Domain, rows: dict[str, list[Row]], one: Patch) -> Row:
    entity = domain.schema.entity(one.entity)
    key = tuple(to_stored(entity.field(n), v) for n, v in zip(entity.key, one.key, strict=True))
    places = [entity.position(name) for name in entity.key]
    return next(row for row in rows[one.entity] if tuple(row[p] for p in places) == key)


def keyed(domain: Domain, rows: Any) -> dict[str, list[Row]]:
    """Return rows in the order of their keys."""
    found = {}
    for entity in domain.schema.entities:
        places = [entity.position(name) for name in entity.key]
        found[entity.name] = sorted(
            rows.get(entity.name, ()), key=lambda row: [row[p] for p in places]
        )
    return found


def check_patch(domain: Domain, patch: tuple[Patch, ...]) -> None:
    """Compare what is done about a patch with what is done by hand."""
    by_rows = by_hand(domain, patch)
    if by_rows is None:
        event("refused")
        with pytest.raises(TaskError):
            patched(domain.rows, domain.schema, patch)
        return
    event(f"applied {min(len(patch), 2)}")
    made = patched(domain.rows, domain.schema, patch)
    assert keyed(domain, made) == keyed(domain, by_rows)


@settings(COMMON)
@given(data=st.data(), domain=domains())
def test_a_patch_is_judged_as_all_rows_are(data: st.DataObject, domain: Domain) -> None:
    """What a patch meets is enough to judge it, and to compute what follows from it."""
    assume(not breaches(domain.schema, domain.rows))
    check_patch(domain, data.draw(patches(domain)))


@settings(COMMON)
@given(patch=patches(STORE))
def test_derived_values_follow_a_patch(patch: tuple[Patch, ...]) -> None:
    """Sums, counts and extremes of a patched start are those of its rows, at any depth."""
    check_patch(STORE, patch)


def legal(data: st.DataObject, domain: Domain) -> tuple[Patch, ...]:
    """Draw a patch, and leave out of it what does not fit."""
    found: tuple[Patch, ...] = ()
    for one in data.draw(patches(domain)):
        try:
            patched(domain.rows, domain.schema, (*found, one))
        except TaskError:
            continue
        found = (*found, one)
    return found


class Side:
    """A world with a patch, and beside it the world of a domain that has the patched rows."""

    def __init__(
        self, engine: Engine, patch: tuple[Patch, ...], world: World | None = None
    ) -> None:
        self.patch = patch
        self.world = engine.world(engine.start(patch)) if world is None else world
        self.other = Engine(engine.domain.patched(patch))
        self.scratch = self.other.world()

    def check(self) -> None:
        """Rows, digest, difference and counters are the same."""
        rows = {e.name: self.world.rows(e.name) for e in self.other.domain.schema.entities}
        assert rows == {name: self.scratch.rows(name) for name in rows}
        assert self.world.digest() == self.scratch.digest()
        assert self.world.diff() == self.scratch.diff()
        assert self.world.counters == self.scratch.counters
        assert (self.world.session, self.world.turns) == (self.scratch.session, self.scratch.turns)
        assert self.world.revision == self.scratch.revision


class Patched(RuleBasedStateMachine):
    """Any history of worlds that start with patches, beside worlds of the patched rows."""

    domain = STORE

    @initialize(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        """Make an engine, some patches and a world."""
        self.engine = Engine(self.domain)
        self.patches = [(), legal(data, self.domain), legal(data, self.domain)]
        self.sides = [Side(self.engine, patch) for patch in self.patches]
        self.at = 1
        self.moments: list[tuple[int, Any, Any]] = [
            (at, side.world.snapshot(), side.scratch.snapshot())
            for at, side in enumerate(self.sides)
        ]

    @property
    def side(self) -> Side:
        """The present pair of worlds."""
        return self.sides[self.at]

    @rule(data=st.data())
    def call(self, data: st.DataObject) -> None:
        """A call gives the same on both."""
        side = self.side
        name, sent = data.draw(calls(self.domain, side.scratch.rows))
        here, there = (
            self.engine.call(side.world, name, sent),
            side.other.call(side.scratch, name, sent),
        )
        assert here == there, (name, sent)

    @rule()
    def tick(self) -> None:
        """Let time pass."""
        self.side.world.tick()
        self.side.scratch.tick()

    @rule()
    def keep(self) -> None:
        """Take a snapshot."""
        side = self.side
        self.moments.append((self.at, side.world.snapshot(), side.scratch.snapshot()))

    @rule(which=st.integers(0, 9))
    def restore(self, which: int) -> None:
        """Go to a moment of this start or of another one, in the same world."""
        at, moment, other = self.moments[which % len(self.moments)]
        world, before = self.side.world, self.side.world.snapshot()
        back = {(c.entity, c.key): (c.after, c.before) for c in world.diff(moment)}
        self._move(at)
        world.restore(moment)
        self.side.scratch.restore(other)
        assert world.diff(moment) == ()
        forth = {(c.entity, c.key): (c.before, c.after) for c in world.diff(before)}
        assert forth == back

    @rule(at=st.integers(0, 2))
    def rebase(self, at: int) -> None:
        """Give the world another start."""
        world = self.side.world
        self._move(at)
        world.rebase(self.engine.start(self.patches[at]))
        self.side.scratch.reset()
        assert world.diff() == ()

    @rule()
    def reset(self) -> None:
        """Go back to the start."""
        self.side.world.reset()
        self.side.scratch.reset()
        assert self.side.world.diff() == ()

    @rule()
    def fork(self) -> None:
        """Go on with a fork; the world that is left stays as it was."""
        side = self.side
        left, digest = side.world, side.world.digest()
        side.world, side.scratch = left.fork(), side.scratch.fork()
        assert left.digest() == side.world.digest() == digest
        left.close()

    @rule()
    def mend(self) -> None:
        """Whatever a call did, it can be taken back in the plainest way."""
        side = self.side
        before = side.world.digest(), side.world.diff()
        side.world.begin()
        for entity in self.domain.schema.entities:
            for row in side.world.rows(entity.name)[:1]:
                side.world.delete(entity.name, row)
        side.world.mend()
        assert (side.world.digest(), side.world.diff()) == before

    @invariant()
    def same(self) -> None:
        """Both worlds are the same."""
        self.side.check()

    def _move(self, at: int) -> None:
        """Take the one world along to the start of another pair."""
        world, self.side.world = self.side.world, self.sides[at].world
        self.at = at
        self.side.world = world

    def teardown(self) -> None:
        """Give the worlds back."""
        for side in getattr(self, "sides", ()):
            side.world.close()
            side.scratch.close()


TestPatched = Patched.TestCase
TestPatched.settings = settings(COMMON, max_examples=15, stateful_step_count=25)


@FEW
@given(data=st.data(), domain=domains(most=3))
def test_drawn_domains_start_with_patches(data: st.DataObject, domain: Domain) -> None:
    """Whatever the schema is, calls on a patched start are those on the patched rows."""
    assume(not breaches(domain.schema, domain.rows))
    engine = Engine(domain)
    side = Side(engine, legal(data, domain))
    side.check()
    for _ in range(8):
        name, sent = data.draw(calls(domain, side.scratch.rows))
        here = engine.call(side.world, name, sent)
        assert here == side.other.call(side.scratch, name, sent), (name, sent)
        side.check()
    side.world.reset()
    side.scratch.reset()
    side.check()


@settings(COMMON, max_examples=8)
@given(data=st.data())
def test_patched_starts_behave_the_same_on_postgres(data: st.DataObject, postgres_url: str) -> None:
    """On PostgreSQL as in SQLite: rows, digests, results, snapshots across, resets."""
    patch = legal(data, STORE)
    mine, other = Engine(STORE), Engine(STORE, postgres(postgres_url))
    try:
        compare(data, mine, other, steps=12, patch=patch)
    finally:
        other.image.store.close()


def test_ids_count_on_from_a_patch() -> None:
    """New numbers follow those of the patched start: above what it adds, not what it removed."""
    domain = tiny.domain()
    last = max(int(str(row[0])) for row in domain.rows["loan"])
    loan = dict(
        zip(
            "loan_id member_id title due_on state".split(),
            (90, 1, "A", "2026-02-02", "out"),
            strict=True,
        )
    )
    engine, values = Engine(domain), {"member_id": 1, "title": "Zadig", "due_on": "2026-07-01"}
    for patch, wanted in (
        ((), last + 1),
        ((Patch(entity="loan", key=(90,), values=loan),), 91),
        ((Patch(entity="loan", key=(last,), values=None),), last),
    ):
        world = engine.world(engine.start(patch))
        assert engine.call(world, "create_loan", values).data["loan_id"] == wanted
        world.reset()
        assert engine.call(world, "create_loan", values).data["loan_id"] == wanted


MEMBER = {"name": "Twin", "phone": "5", "fees": 0}


@pytest.mark.parametrize(
    ("patch", "words"),
    [
        (Patch(entity="membre", key=(1,), values={}), "did you mean 'member'"),
        (Patch(entity="member", key=(1, 2), values={}), "a key of 1 values"),
        (Patch(entity="member", key=("x",), values={}), "an integer"),
        (Patch(entity="member", key=(1,), values={"phon": "1"}), "did you mean 'phone'"),
        (Patch(entity="member", key=(1,), values={"fees": "no"}), "a number"),
        (Patch(entity="member", key=(1,), values={"fees": None}), "a value for fees"),
        (Patch(entity="member", key=(1,), values={"member_id": 2}), "the value of the key"),
        (Patch(entity="member", key=(99,), values=None), "a member to take away"),
        (Patch(entity="member", key=(99,), values={"name": "N"}), "none of phone, fees"),
        (Patch(entity="member", key=(99,), values=MEMBER | {"name": "Ada Byron"}), "name twice"),
        (Patch(entity="member", key=(1,), values=None), "refers to no member"),
        (Patch(entity="loan", key=(1,), values={"member_id": 77}), "refers to no member"),
        (Patch(entity="loan", key=(1,), values={"state": "gone"}), "one of back, out"),
    ],
)
def test_what_does_not_fit_is_refused(patch: Patch, words: str) -> None:
    """Each kind of mistake is named, with the place where it stands."""
    with pytest.raises(TaskError, match=words) as caught:
        Engine(tiny.domain()).start((patch,), where="tiny/1 patch")
    assert "tiny/1 patch" in str(caught.value)


def test_a_row_is_patched_once_and_derived_values_must_be_right() -> None:
    """Two patches of a row, and a computed value that is not what follows, are refused."""
    twice = Patch(entity="member", key=(1,), values={"phone": "1"})
    with pytest.raises(TaskError, match="each row once"):
        Engine(tiny.domain()).start((twice, twice))
    order = STORE.rows["order"][0]
    with pytest.raises(TaskError, match="which the world computes"):
        Engine(STORE).start((Patch(entity="order", key=order[:1], values={"lines": 77}),))


def test_a_patch_is_no_change_of_the_agent() -> None:
    """The start is the patched one: no difference, no revision; undoing it is a difference."""
    engine = Engine(tiny.domain())
    start = engine.start((Patch(entity="member", key=(1,), values={"phone": "1"}),))
    assert start is engine.start((Patch(entity="member", key=(1,), values={"phone": "1"}),))
    world = engine.world(start)
    assert (world.diff(), world.revision) == ((), 0)
    assert world.digest() != engine.world().digest()
    old = next(row[2] for row in tiny.ROWS["member"] if row[0] == 1)
    assert engine.call(world, "update_member", {"member_id": 1, "phone": old}).ok
    (change,) = world.diff()
    assert (change.before[2], change.after[2]) == ("1", old)  # type: ignore[index]
    assert world.digest() == engine.world().digest()
    assert engine.world().get("member", (1,))[2] == old  # type: ignore[index]


def test_a_reset_with_a_patch_is_quick() -> None:
    """A patch of three rows costs tens of microseconds; a loose bound, for busy machines."""
    engine = Engine(STORE)
    lines = STORE.rows["line"][:3]
    start = engine.start(
        tuple(Patch(entity="line", key=row[:1], values={"quantity": 0}) for row in lines)
    )
    world = engine.world()
    best = 1.0
    for _ in range(30):
        began = time.perf_counter()
        world.rebase(start)
        world.rebase(engine.image.start)
        best = min(best, (time.perf_counter() - began) / 2)
    assert best < 0.001


def test_patched_domains_have_a_hash_of_their_own() -> None:
    """Rows in the order of keys, and an unpatched domain is itself."""
    domain = tiny.domain()
    assert domain.patched(()) is domain
    patch = (Patch(entity="member", key=(0,), values=MEMBER),)
    other = domain.patched(patch)
    assert [row[0] for row in other.rows["member"]] == sorted(
        int(str(row[0])) for row in other.rows["member"]
    )
    assert other.world_hash != domain.world_hash
    assert domain.rows == tiny.domain().rows
