"""What a hostile agent, a careless author and a sudden stop may do to a world, and may not."""

from __future__ import annotations

import copy
import gc
import json
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import tiny
from msgspec.structs import replace
from nasty_sources import SOURCES
from ordinary_tasks import ordinary

from agentgym.build.check import check
from agentgym.build.one import build
from agentgym.domain import Domain, load
from agentgym.domain.folder import parse
from agentgym.episode import load as load_suite
from agentgym.episode.play import Episode
from agentgym.episode.suite import Suite
from agentgym.errors import AgentGymError
from agentgym.formats import data_root, encode
from agentgym.goals.goal import Branch, Goal
from agentgym.goals.verdict import Ending, Judge
from agentgym.policies.oracle import Oracle
from agentgym.rng import stream
from agentgym.rollout import replay, rollout
from agentgym.schema.types import Row, to_wire
from agentgym.testing.walk import check_history
from agentgym.tools.algebra import Create, Identify
from agentgym.trajectory import Result
from agentgym.world.compile import Engine
from agentgym.world.journal import Session, rows_hash
from agentgym.world.rows import World

CLINIC = load("clinic")
ENGINE = Engine(CLINIC)
UNGUARDED = tuple(replace(tool, guards=()) for tool in CLINIC.tools)
FREE = Engine(replace(CLINIC, tools=UNGUARDED))
"""The same without rules of the business."""
TINY = tiny.suite()
MEGA = 10_000_000


def rows_of(world: World, entity: str) -> list[dict[str, Any]]:
    """Return rows by field, in stored form."""
    names = [field.name for field in world.image.domain.schema.entity(entity).fields]
    return [dict(zip(names, row, strict=True)) for row in world.rows(entity)]


def patient(number: object, *, confirmed: int = 0) -> Session:
    """Return the session of an identified patient."""
    return Session(identity=("patient", (number,)), confirmed=confirmed)  # type: ignore[arg-type]


# what an agent sends


class Unprintable:
    """Whatever is done with it raises."""

    def __repr__(self) -> str:
        raise RuntimeError

    __str__ = __repr__


def circle() -> list[Any]:
    """Return a list that holds itself."""
    found: list[Any] = []
    found.append(found)
    return found


ACTIONS: dict[str, Any] = {
    "10 MB": "x" * MEGA,
    "10 MB of brackets": "[" * MEGA,
    "10 MB of quotes": '"' * MEGA,
    "10 MB as an argument": {"name": "find_member", "arguments": {"name": "x" * MEGA}},
    "10 MB as a name": {"name": "x" * MEGA, "arguments": {}},
    "a long name": '{"name": "' + "x" * 200_000 + '"}',
    "a list of a million": [0] * 1_000_000,
    "a million objects": [{}] * 1_000_000,
    "a hundred thousand calls": [{"name": "current_time"}] * 100_000,
    "80,000 empty calls": "[" + "{}," * 80_000 + "{}]",
    "20,000 tags": "<tool_call>" * 20_000,
    "20,000 fences": '```json\n{"name":1}\n```' * 10_000,
    "200 calls": [{"name": "current_time"}] * 200,
    "200 calls that are none": [{"name": 5, "arguments": {"a": "x" * 1000}}] * 200,
    "a list that holds itself": circle(),
    "an unprintable thing": Unprintable(),
    "unprintable things": [Unprintable()] * 1000,
    "a set": {1, 2},
    "a type": dict,
    "a lone surrogate": "\ud800",
    "an integer of 4,000 digits": {"name": "get_member", "arguments": {"member_id": 10**4000}},
    "a number beyond floats": '{"name": "get_member", "arguments": {"member_id": 1e400}}',
    "not a number": {"name": "get_member", "arguments": {"member_id": float("nan")}},
    "names that are no text": {1: 2, None: 3},
    "a name that is a list": {"name": ["get_member"], "arguments": {}},
}


@pytest.mark.parametrize("title", ACTIONS)
def test_any_action_is_answered_briefly(title: str) -> None:
    """It is answered in little work and few words, changes nothing, and plays again alike."""
    sent: list[Any] = [ACTIONS[title]]

    def hostile(_: str, __: dict[str, Any]) -> Any:
        return sent.pop() if sent else '{"name": "conclude", "arguments": {"outcome": "refused"}}'

    (trajectory,) = rollout(TINY, hostile, episodes=1)
    assert len(encode(trajectory.events)) < 2_000_000
    assert replay(trajectory, TINY) == ()
    assert trajectory.events[-1].turn == 2


CALLS: dict[str, Callable[[Episode], Any]] = {
    "no name": lambda e: e.call(None),  # type: ignore[arg-type]
    "a list as a name": lambda e: e.call(["get_member"]),  # type: ignore[arg-type]
    "a name that cannot be printed": lambda e: e.call(Unprintable()),  # type: ignore[arg-type]
    "a long name": lambda e: e.call("x" * MEGA),
    "a surrogate as a name": lambda e: e.call("\ud800"),
    "a surrogate as a parameter": lambda e: e.call("get_member", **{"\ud800": 1}),
    "a long parameter": lambda e: e.call("get_member", **{"x" * MEGA: 1}),
    "a long text": lambda e: e.call("find_member", name="x" * MEGA),
    "an integer of many digits": lambda e: e.call("get_member", member_id=1 << 20_000_000),
    "things": lambda e: e.call("get_member", member_id=Unprintable()),
    "a surrogate": lambda e: e.call("find_member", name="\ud800"),
    "a number": lambda e: e.say(5),  # type: ignore[arg-type]
    "nothing": lambda e: e.say(None),  # type: ignore[arg-type]
    "a speech": lambda e: e.say("what? " * (MEGA // 6)),
    "an unprintable speech": lambda e: e.say(Unprintable()),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("title", CALLS)
def test_any_call_is_answered(title: str) -> None:
    """Python callers get an answer too, and the trace can be written down."""
    episode = TINY.episode(TINY.tasks[0].id)
    before = episode.digest()
    result = CALLS[title](episode)
    assert isinstance(result, str) or (not result.ok and len(result.error.message) < 2_000)
    assert episode.digest() == before
    assert len(encode(episode.trace())) < 1_000_000
    assert episode.turn == 1


# a sudden stop


class Stop(KeyboardInterrupt):
    """Ctrl-C, at a chosen moment."""


def stopped(at: int, act: Callable[[], object]) -> bool:
    """Run something and stop it at its n-th step within the world; tell whether it came to it."""
    count = 0

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal count
        if "agentgym/world" not in frame.f_code.co_filename:
            return None
        if event != "exception":
            count += 1
            if count == at:
                raise Stop
        return trace

    before = sys.gettrace()
    gc.disable()  # so that no other world is given back meanwhile
    sys.settrace(trace)
    try:
        act()
    except Stop:
        return True
    finally:
        sys.settrace(before)
        gc.enable()
    return False


def whole(world: World) -> dict[str, list[Row]]:
    """Return all rows, which must be what the journal says."""
    rows = {entity.name: world.rows(entity.name) for entity in CLINIC.schema.entities}
    assert world.digest() == f"{rows_hash(rows):032x}"
    return rows


def points(act: Callable[[], object], prepare: Callable[[], object], step: int) -> Iterator[None]:
    """Yield after each stop, until the deed is done before it."""
    at = 1
    gc.collect()
    while True:
        prepare()
        if not stopped(at, act):
            return
        yield
        at += step


def add_room(world: World, number: int) -> None:
    """Write a row without a tool."""
    row = world.rows("room")[0]
    world.insert("room", (number, f"Room {number}", *row[2:]))


def a_line(world: World) -> dict[str, Any]:
    """Return a line to be added to an invoice: its total follows."""
    invoice = next(row for row in rows_of(world, "invoice") if row["status"] == "draft")
    return {
        "invoice_id": invoice["invoice_id"],
        "treatment_id": world.rows("treatment")[0][0],
        "quantity": 2,
        "unit_price_eur": 5,
    }


def test_a_write_that_is_stopped_leaves_nothing() -> None:
    """Wherever it stops: all was done, or rows, digest and session are as before."""
    world = FREE.world()
    add_room(world, 999)
    line, session = a_line(world), patient(1, confirmed=1)
    world.session = session
    start = world.snapshot()
    rows = whole(world)
    done = []
    assert FREE.call(world, "create_invoice_line", line).ok
    after = whole(world)
    for _ in points(
        lambda: FREE.call(world, "create_invoice_line", line), lambda: world.restore(start), 3
    ):
        found = whole(world)
        done.append(found == after)
        assert found in (rows, after)
        assert world.session == session
    assert len(done) > 50
    assert sum(done) < 4
    assert done == sorted(done)


def test_an_undoing_that_is_stopped_undoes() -> None:
    """A call that is refused late is taken back, though the taking back is stopped."""
    world = FREE.world()
    add_room(world, 999)
    invoice = rows_of(world, "invoice")[0]
    line = {"treatment_id": world.rows("treatment")[0][0], "quantity": 1, "unit_price_eur": 5}
    sent = {
        "patient_id": invoice["patient_id"],
        "invoice_number": "INV-999999",
        "issued_on": "2024-12-01",
        "due_on": "2024-12-31",
        "lines": [line, line | {"treatment_id": 10**9}],
    }
    tool = CLINIC.tool_by_name["create_invoice_with_lines"].term
    assert isinstance(tool, Create)
    sent[tool.nested[0].param] = sent.pop("lines")
    start, rows = world.snapshot(), whole(world)
    result = FREE.call(world, "create_invoice_with_lines", sent)
    assert result.error is not None
    assert result.error.code == "not_found", result.error
    stops = 0
    for _ in points(
        lambda: FREE.call(world, "create_invoice_with_lines", sent),
        lambda: world.restore(start),
        7,
    ):
        stops += 1
        assert whole(world) == rows
    assert stops > 30


@pytest.mark.parametrize("deed", ["restore", "reset"])
def test_going_back_that_is_stopped_goes_nowhere_or_all_the_way(deed: str) -> None:
    """A world is at one moment or the other, and whole at it."""
    world = FREE.world()
    start, rows = world.snapshot(), whole(world)
    assert FREE.call(world, "create_invoice_line", a_line(world)).ok
    later, changed = world.snapshot(), whole(world)
    act = {"restore": lambda: world.restore(start), "reset": world.reset}[deed]
    for _ in points(act, lambda: world.restore(later), 1):
        assert whole(world) in (rows, changed)


# rules


def kind(result: Result) -> str:
    """Return the class of the rule that a call broke."""
    assert result.error is not None
    assert result.error.rule is not None
    return CLINIC.rule(result.error.rule).kind


def test_a_write_of_nothing_is_a_write() -> None:
    """Sending the values that are there does not open what a rule keeps closed."""
    world = ENGINE.world()
    row = rows_of(world, "patient")[3]
    sent = {"patient_id": row["patient_id"], "family_doctor_id": row["family_doctor_id"]}
    result = ENGINE.call(world, "update_patient", sent)
    assert kind(result) == "ownership"
    world.session = patient(row["patient_id"])
    assert ENGINE.call(world, "update_patient", sent).ok
    assert not world.diff()


def test_a_status_that_stays_tells_nothing_to_strangers() -> None:
    """Who is served comes before what is wrong."""
    world = ENGINE.world()
    row = rows_of(world, "appointment")[-1]
    sent = {"appointment_id": row["appointment_id"], "status": row["status"]}
    result = ENGINE.call(world, "change_appointment_status", sent)
    assert kind(result) in ("authentication", "ownership")


def test_a_reference_is_no_way_around_ownership() -> None:
    """Rows are neither given away nor taken."""
    world = ENGINE.world()
    rows = [row for row in rows_of(world, "appointment") if row["starts_at"] > "2024-01-20"]
    mine = rows[0]
    other = next(row for row in rows if row["patient_id"] != mine["patient_id"])
    world.session = patient(mine["patient_id"], confirmed=5)
    for here, there in ((mine, other), (other, mine)):
        sent = {"appointment_id": here["appointment_id"], "patient_id": there["patient_id"]}
        result = ENGINE.call(world, "update_appointment", sent)
        assert kind(result) == "ownership"


def test_what_is_undone_passes_unless_it_left_a_trace() -> None:
    """A verdict does not see what came and went, but what it left in a history."""
    rules = tuple(rule for rule in CLINIC.rules if rule.id != "appointment_status_moves")
    domain = replace(CLINIC, tools=UNGUARDED, rules=rules)
    engine, judge = Engine(domain), Judge(domain)
    world, goal = engine.world(), Goal(branches=(Branch(),))

    def verdict() -> Any:
        return judge.verdict(goal, Ending(outcome="done", changes=world.diff()))

    supply = rows_of(world, "supply")[0]
    for number in (supply["units_in_stock"] + 1, supply["units_in_stock"]):
        sent = {"supply_id": supply["supply_id"], "units_in_stock": number}
        assert engine.call(world, "update_supply", sent).ok
    assert verdict().success
    row = next(row for row in rows_of(world, "appointment") if row["status"] == "confirmed")
    for status in ("cancelled", "confirmed"):
        sent = {"appointment_id": row["appointment_id"], "status": status}
        assert engine.call(world, "change_appointment_status", sent).ok
    found = verdict()
    assert not found.success
    assert len(found.reasons) == 2
    assert all(reason.startswith("residue: ") for reason in found.reasons)


def somebody_else(suite: Suite, told: dict[str, Any], tool: str) -> dict[str, Any]:
    """Return what identifies another person than the one of whom this was told."""
    term = suite.domain.tool_by_name[tool].term
    assert isinstance(term, Identify)
    entity = suite.domain.schema.entity(term.entity)
    for row in suite.domain.rows[entity.name]:
        found = {
            one.param: to_wire(entity.field(one.field), row[entity.position(one.field)])
            for one in term.by
        }
        if found != told and None not in found.values():
            return found
    raise AssertionError("there is nobody else")


def test_nobody_is_taken_for_somebody_else() -> None:
    """Whoever identified the user as another person fails, whatever else was done right."""
    suite = load_suite("clinic")
    identify = {tool.name for tool in suite.domain.tools if isinstance(tool.term, Identify)}
    plain = filter(ordinary, suite.tasks)
    tasks = [task for task in plain if identify & {step.tool for step in task.gold}][:6]
    assert tasks
    for task in tasks:
        episode, oracle = suite.episode(task.id), Oracle(task)
        observation = episode.prompt[-1]["content"]
        while not episode.done:
            observation = episode.act(oracle(observation, {"tools": episode.tools})).observation
        assert suite.verdict(episode).success
        calls = [call for call, _ in episode.outputs()]
        terms = [suite.domain.tool_by_name[call.name].term for call in calls]
        place = next(at for at, term in enumerate(terms) if isinstance(term, Identify))
        other = somebody_else(suite, calls[place].arguments, calls[place].name)
        for at in (place, len(calls) - 1):
            again = suite.episode(task.id)
            for number, call in enumerate(calls):
                if number == at:
                    assert again.call(calls[place].name, **other).ok
                again.call(call.name, **call.arguments)
            verdict = suite.verdict(again)
            assert not verdict.success
            assert verdict.terms["policy"] == 0.0
            assert any("identified the user as another" in one for one in verdict.reasons)


# what an author edits

_VALUES: tuple[Any, ...] = (
    *(None, 0, -1, True, "", "zzz", [], {}, 1.5, 10**20, "x" * 200, ["a"], "été", "select"),
    *("patient", "status", "patient_id", "create_payment", "payment_of_identified_patient_only"),
)


def _places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    if isinstance(node, dict):
        for name, value in node.items():
            yield from _places(value, (*path, name))
    elif isinstance(node, list):
        for place, value in enumerate(node):
            yield from _places(value, (*path, place))


def _edited(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    edited = copy.deepcopy(document)
    node = edited
    for step in path[:-1]:
        node = node[step]
    if value is ...:
        del node[path[-1]]
    else:
        node[path[-1]] = value
    return edited


def _break(edits: int, seed: int) -> int:
    """Make so many edits of a domain's file, and count those that are refused."""
    folder = data_root("domains") / "clinic"
    document = json.loads((folder / "domain.json").read_text())
    rows = (folder / "rows.jsonl").read_bytes()
    shapes: dict[tuple[Any, ...], list[tuple[Any, ...]]] = {}
    for path in _places(document):
        shape = tuple("*" if isinstance(step, int) else step for step in path)
        shapes.setdefault(shape, []).append(path)
    draws, refused = stream("nasty", "edits", seed), 0
    names = sorted(shapes)
    for _ in range(edits):
        path = draws.choice(shapes[draws.choice(names)])
        value = draws.choice((..., *_VALUES))
        error = _refusal(encode(_edited(document, path, value)), rows)
        if error is not None:
            refused += 1
            assert "here" in error, f"{path} = {value!r}: {error}"
            assert "expected" in error, f"{path} = {value!r}: {error}"
    return refused


def _refusal(content: bytes, rows: bytes) -> str | None:
    """Return why a domain cannot be used; None where it can."""
    try:
        engine = Engine(parse(content, rows, where="here"))
        engine.compile()
        engine.world()
    except AgentGymError as error:
        return str(error)
    return None


def test_an_edit_is_refused_where_it_is_or_works() -> None:
    """No edit comes out as anything else than an error that says where, or a domain that runs."""
    assert _break(40, 0) > 12


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 6))
def test_many_edits(seed: int) -> None:
    """The same of many."""
    assert _break(600, seed) > 200


def test_a_number_is_said_as_it_was_written() -> None:
    """What was found is a number of the file, and no Python."""
    folder = data_root("domains") / "clinic"
    rows = (folder / "rows.jsonl").read_bytes()
    content = (folder / "domain.json").read_text()
    document = json.loads(content, parse_float=Decimal)
    entity = next(e for e in document["schema"]["entities"] if e["name"] == "payment")
    field = next(f for f in entity["fields"] if f["name"] == "amount_eur")
    field["scale"] = 1
    with pytest.raises(AgentGymError, match=r"found \d+\.\d\d;"):
        parse(encode(document), rows, where="here")


# what is built of nasty sources


def build_nasty(name: str, folder: Path) -> Domain:
    """Build one of the sources, with the most rules, and check that it holds."""
    script = folder / f"{name}.sql"
    script.write_text(SOURCES[name])
    out = folder / name
    build(script, out, tasks=8, rules=4)
    assert check(out).ok
    return load(out)


def _holds(name: str, folder: Path) -> None:
    domain = build_nasty(name, folder)
    check_history(domain, seed=1, calls=300)
    suite = load_suite(folder / name)
    if not suite.tasks:
        assert name == "keys"  # where nothing has a name, nothing can be asked for
        return
    for policy, wanted in (("oracle", True), ("noop", False), ("random", False)):
        for played in rollout(suite, policy, episodes=len(suite.tasks)):
            won = played.outcome.status == "success"
            assert won is wanted, f"{policy} at {played.task.task_id}"


def test_a_source_of_keywords(tmp_path: Path) -> None:
    """Tables called like keywords, generated columns of generated columns, a trigger."""
    _holds("words", tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in SOURCES if name != "words"])
def test_nasty_sources(name: str, tmp_path: Path) -> None:
    """Each is built, checked, played, and agrees with its model."""
    _holds(name, tmp_path)
