"""The world room: terms against the model, snapshots, digests, and whatever an agent sends."""

from __future__ import annotations

import gc
import random
import sqlite3
import threading
from decimal import Decimal
from typing import Any

import bench_world
import msgspec
import pytest
import tiny
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies_world import domains

from agentgym.domain import Domain
from agentgym.errors import DomainError, UsageError
from agentgym.formats import to_text
from agentgym.testing.calls import calls, nonsense
from agentgym.testing.machine import DomainMachine, machine
from agentgym.testing.model import Model
from agentgym.trajectory import Fault
from agentgym.world import Session
from agentgym.world.compile import Engine, engine
from agentgym.world.journal import rows_hash
from agentgym.world.rows import World

COMMON = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


class DrawnMachine(DomainMachine):
    def choose(self, data: st.DataObject) -> Domain:
        """Draw a domain."""
        return data.draw(domains(most=3))


TestDrawn = DrawnMachine.TestCase
TestDrawn.settings = settings(COMMON, stateful_step_count=25)

TestTiny = machine(tiny.domain()).TestCase
TestTiny.settings = settings(COMMON, stateful_step_count=30)


@pytest.fixture
def library() -> tuple[Engine, World]:
    made = Engine(tiny.domain())
    return made, made.world()


@settings(COMMON)
@given(data=st.data(), domain=domains(most=3))
def test_no_secret_is_ever_shown(data: st.DataObject, domain: Domain) -> None:
    """No output holds a secret or bytes field, and every output can be written as JSON."""
    made = Engine(domain)
    world, model = made.world(), Model(domain)
    secret = {
        (entity.name, field.name)
        for entity in domain.schema.entities
        for field in entity.fields
        if field.role == "secret" or field.type == "bytes"
    }
    for _ in range(15):
        name, sent = data.draw(calls(domain, model.rows))
        result = made.call(world, name, sent)
        to_text(result).encode()
        term = domain.tool_by_name[name].term
        entity = getattr(term, "entity", None)
        if result.ok and entity and isinstance(result.data, dict):
            for item in result.data.get("items", [result.data]):
                assert not {(entity, key) for key in item} & secret


@settings(COMMON)
@given(name=st.sampled_from([t.name for t in tiny.TOOLS]) | nonsense, sent=nonsense)
def test_nonsense_gets_a_result(name: Any, sent: Any) -> None:
    """Whatever the name and the arguments are, there is a result that can be written down."""
    made = engine(tiny.domain())
    world = made.world()
    result = made.call(world, name, sent)
    to_text(result).encode()
    assert result.error is None or result.error.message
    world.close()


@settings(COMMON)
@given(data=st.data())
def test_nonsense_in_one_parameter_changes_nothing_or_is_legal(data: st.DataObject) -> None:
    """A refused call leaves the digest, the revision and the next id as they were."""
    made = engine(tiny.domain())
    world = made.world()
    tool = data.draw(st.sampled_from(tiny.TOOLS))
    names = list(made.parameters[tool.name]["properties"]) or ["x"]
    sent = {name: data.draw(nonsense | st.sampled_from([1, "out", "Ada Byron"])) for name in names}
    before = world.digest()
    result = made.call(world, tool.name, sent)
    to_text(result).encode()
    if not result.ok:
        assert (world.digest(), world.revision, world.counters) == (before, 0, {})
    world.close()


def test_deep_and_huge_arguments_are_refused(library: tuple[Engine, World]) -> None:
    """Depth, length and size have bounds; none of them ends the process."""
    made, world = library
    deep: object = 1

    def code(name: str, /, **sent: object) -> str:
        error = made.call(world, name, sent).error
        return error.code if error else ""

    for _ in range(100_000):
        deep = [deep]
    assert code("conclude", outcome="done", answer=deep) == "bad_arguments"
    assert code("conclude", outcome="done", answer="x" * 200_000) == "limit_exceeded"
    assert code("find_member", name="x" * 1_000_000) == "limit_exceeded"
    for number in (10**5000, Decimal("1E+999999999"), 2**63, float("inf"), float("nan")):
        assert code("get_member", member_id=number) == "bad_arguments"
    while isinstance(deep, list):  # taken apart by hand: its own end would be too deep
        deep = deep[0]


def test_faults_say_what_to_do(library: tuple[Engine, World]) -> None:
    """Each fault names its parameter, what was expected and found, and the nearest name."""
    made, world = library

    def fault(name: str, /, **sent: object) -> Fault:
        error = made.call(world, name, sent).error
        assert error is not None
        return error

    assert "did you mean 'get_member'?" in fault("get_membr").message
    unknown = fault("get_member", memberid=1)
    assert unknown.parameter == "memberid" and "'member_id'" in unknown.message
    wrong = fault("get_member", member_id="one")
    assert wrong.parameter == "member_id" and 'an integer, found "one"' in wrong.message
    assert "found nothing" in fault("get_member").message
    assert fault("get_member", member_id=None).code == "bad_arguments"
    gone = fault("create_loan", member_id=99, title="T", due_on="2026-07-01")
    assert (gone.code, gone.parameter) == ("not_found", "member_id")
    kept = fault("delete_member", member_id=2)
    assert kept.rule == "member_keeps_loan_member" and "2 loans refer to it" in kept.message
    still = fault("return_loan", loan_id=2, state="back")
    assert still.rule == "loan_state_moves" and "already" in still.message
    assert fault("list_member_loans", member_id=1, descending=True).parameter == "descending"


def test_ids_do_not_depend_on_refused_calls(library: tuple[Engine, World]) -> None:
    """A create that is refused uses up no id; a deleted row's id never comes back."""
    made, world = library
    loan = {"member_id": 1, "title": "T", "due_on": "2026-07-01"}
    assert not made.call(world, "create_loan", loan | {"member_id": 99}).ok
    assert made.call(world, "create_loan", loan).data["loan_id"] == 5
    fifth = world.get("loan", (5,))
    assert fifth is not None
    world.delete("loan", fifth)
    assert made.call(world, "create_loan", loan).data["loan_id"] == 6


def test_undone_writes_cancel(library: tuple[Engine, World]) -> None:
    """Writing a value and writing it back leaves no difference and the first digest."""
    made, world = library
    start = world.digest()
    for phone in ("555-0999", "555-0101"):
        assert made.call(world, "update_member", {"member_id": 1, "phone": phone}).ok
    assert (world.diff(), world.digest(), world.revision) == ((), start, 2)
    assert made.call(world, "update_member", {"member_id": 1, "phone": "555-0101"}).ok
    assert world.revision == 2


def test_differences_are_sorted_and_relative_to_any_moment(library: tuple[Engine, World]) -> None:
    """`diff` is in order of entities and keys, net, from the start or from a snapshot."""
    made, world = library
    made.call(world, "return_loan", {"loan_id": 3, "state": "back"})
    middle = world.snapshot()
    made.call(world, "return_loan", {"loan_id": 1, "state": "back"})
    made.call(world, "update_member", {"member_id": 3, "fees": 0})
    assert [(c.entity, c.key) for c in world.diff()] == [
        ("member", (3,)),
        ("loan", (1,)),
        ("loan", (3,)),
    ]
    assert [(c.entity, c.key) for c in world.diff(middle)] == [("member", (3,)), ("loan", (1,))]
    world.reset()
    (back,) = world.diff(middle)
    assert back.before is not None
    assert back.after is not None
    assert (back.key, back.before[-1], back.after[-1]) == ((3,), "back", "out")


def test_clock_and_session_are_kept_but_not_hashed(library: tuple[Engine, World]) -> None:
    """Turns move the clock by its step; clock and session are in snapshots, not in digests."""
    made, world = library
    digest, moment = world.digest(), world.snapshot()
    world.tick()
    world.session = Session(confirmed=1)
    assert made.call(world, "current_time", {}).data == {"now": "2026-06-01T08:01:00Z"}
    assert world.digest() == digest
    twin = world.fork()
    assert (twin.now, twin.session, twin.turns) == (world.now, world.session, 1)
    world.restore(moment)
    assert (world.turns, world.session) == (0, Session())
    assert (twin.turns, twin.session.confirmed) == (1, 1)


def test_forks_are_detached(library: tuple[Engine, World]) -> None:
    """What is written in a fork is not seen in its origin, and the other way round."""
    made, world = library
    made.call(world, "update_member", {"member_id": 1, "fees": 1})
    twin = world.fork()
    assert (twin.digest(), twin.revision, twin.diff()) == (world.digest(), 1, world.diff())
    made.call(twin, "update_member", {"member_id": 1, "fees": 2})
    made.call(world, "update_member", {"member_id": 2, "fees": 3})
    assert [c.key for c in twin.diff()] == [(1,)]
    world.close()
    world.close()
    assert made.call(twin, "get_member", {"member_id": 1}).data["fees"] == 2


def test_a_snapshot_survives_pickling_by_value(library: tuple[Engine, World]) -> None:
    """A snapshot is a record: it can be encoded, and restored in another world."""
    made, world = library
    made.call(world, "update_member", {"member_id": 1, "fees": 9})
    copy = msgspec.structs.replace(world.snapshot())
    other = made.world()
    other.restore(copy)
    assert other.digest() == world.digest()


def test_worlds_move_between_threads(library: tuple[Engine, World]) -> None:
    """A world may be used by another thread than the one that made it."""
    made, world = library
    found: list[bool] = []
    work = threading.Thread(
        target=lambda: found.append(made.call(world, "get_member", {"member_id": 1}).ok)
    )
    work.start()
    work.join()
    assert found == [True]


def test_a_snapshot_of_another_domain_is_refused(library: tuple[Engine, World]) -> None:
    """Restoring what belongs to another domain is an author's mistake."""
    _, world = library
    other = Engine(bench_world.domain(rows=3)).world()
    with pytest.raises(UsageError, match="another domain"):
        world.restore(other.snapshot())


def test_engines_are_kept_by_world_hash() -> None:
    """Equal domains share an engine; a changed one has its own."""
    assert engine(tiny.domain()) is engine(tiny.domain())
    changed = msgspec.structs.replace(tiny.domain(), rows=tiny.ROWS | {"loan": ()})
    assert engine(changed) is not engine(tiny.domain())


def test_rows_that_contradict_the_schema_are_refused() -> None:
    """Double keys, double uniques and values of another type are authors' mistakes."""
    start = tiny.domain()
    for member in (
        (1, "Ada", "1", 0),
        (9, "Ada Byron", "1", 0),
        (9, "Eve", "1", Decimal(1)),
        (9, "Eve", "1", True),
        (None, "Eve", "1", 0),
    ):
        rows = tiny.ROWS | {"member": (*tiny.ROWS["member"], member)}
        with pytest.raises(DomainError, match="rows of member"):
            Engine(msgspec.structs.replace(start, rows=rows)).world()


@settings(COMMON)
@given(domain=domains(most=3), turn=st.randoms(use_true_random=False))
def test_the_digest_knows_no_order(domain: Domain, turn: random.Random) -> None:
    """Shuffled rows give the same digest; another row gives another."""
    shuffled = {}
    for name, rows in domain.rows.items():
        order = list(rows)
        turn.shuffle(order)
        shuffled[name] = tuple(order)
    twin = msgspec.structs.replace(domain, rows=shuffled)
    digest = Engine(domain).world().digest()
    assert digest == Engine(twin).world().digest() == f"{rows_hash(domain.rows):032x}"
    assert len(digest) == 32
    for name, rows in domain.rows.items():
        if rows:
            fewer = msgspec.structs.replace(domain, rows=domain.rows | {name: rows[1:]})
            assert rows_hash(fewer.rows) != rows_hash(domain.rows)


def test_the_digest_is_the_same_everywhere() -> None:
    """The digest is pinned: it may change only with the format of row hashes."""
    assert Engine(tiny.domain()).world().digest() == "d02047deb0c70c1bf509e73c96b803db"


def test_a_world_that_is_collected_runs_no_statement(library: tuple[Engine, World]) -> None:
    """Only a closed world leaves its connection to the next; a lost one is freed as it is."""
    made, _ = library
    store = made.image.store
    store.close()
    lost = made.world()
    del lost
    gc.collect()
    assert store._spare == []  # type: ignore[attr-defined]
    closed = made.world()
    execute = closed.execute
    closed.close()
    closed.close()
    assert len(store._spare) == 1  # type: ignore[attr-defined]
    with pytest.raises(sqlite3.ProgrammingError):
        execute("SELECT 1")
    made.world().close()
    assert len(store._spare) == 1  # type: ignore[attr-defined]
