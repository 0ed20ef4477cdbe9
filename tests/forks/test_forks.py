"""Forks and moments: whatever order they are made and gone back to in, each is an episode alone."""

from __future__ import annotations

import gc
import json
import random
import threading
import time
import tracemalloc
import weakref
from collections import defaultdict
from typing import Any

import bench_world
import pytest
import tiny
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from msgspec.structs import replace

from agentgym.domain.patch import Patch
from agentgym.episode import Episode, Suite, load
from agentgym.episode.happenings import Happenings
from agentgym.episode.moment import Moment
from agentgym.episode.retrace import retrace
from agentgym.episode.seen import seen_before
from agentgym.errors import UsageError
from agentgym.formats import to_text
from agentgym.tasks import Notice, Task
from agentgym.testing.chance import Chance
from agentgym.trajectory import AssistantEvent, Failure
from agentgym.world.backends import postgres
from agentgym.world.compile import Engine

COMMON = settings(deadline=None, suppress_health_check=list(HealthCheck))

STREAM = (
    Notice(turn=0, text="The library opens."),
    Notice(
        turn=2,
        text="Bo Li has a new phone number.",
        kind="change",
        patch=(Patch(entity="member", key=(3,), values={"phone": "555-0199"}),),
    ),
    Notice(turn=4, text="", patch=(Patch(entity="loan", key=(1,), values={"title": "Emma"}),)),
)


def with_stream(tasks: tuple[Task, ...]) -> tuple[Task, ...]:
    """Return the tasks, and each once more in a world that does not stand still."""
    moving = [replace(t, id=f"{t.id}9", stream=STREAM) for t in tasks]
    return (*tasks, *moving)


SUITE = Suite(tiny.domain(), with_stream(tiny.tasks()), max_turns=9)
IDS = [task.id for task in SUITE.tasks]

NUMBER = st.integers(0, 5)
PHONE = st.sampled_from(["1", "555-0101", "2"])
CALLS = st.one_of(
    st.builds(lambda n: ("get_member", {"member_id": n}), NUMBER),
    st.builds(lambda n: ("list_member_loans", {"member_id": n}), NUMBER),
    st.builds(lambda n, p: ("update_member", {"member_id": n, "phone": p}), NUMBER, PHONE),
    st.builds(lambda n: ("delete_member", {"member_id": n}), NUMBER),
    st.builds(
        lambda n: ("create_loan", {"member_id": n, "title": "Z", "due_on": "2026-07-01"}), NUMBER
    ),
    st.builds(lambda n: ("return_loan", {"loan_id": n, "state": "back"}), NUMBER),
    st.builds(lambda q: ("ask_user", {"question": q}), st.sampled_from(["Your phone?", "Go on?"])),
    st.just(("current_time", {})),
    st.just(("conclude", {"outcome": "done", "answer": 3})),
    st.just(("no_such_tool", {})),
)
ACTIONS = st.one_of(
    CALLS.map(lambda c: json.dumps({"name": c[0], "arguments": c[1]})),
    st.lists(CALLS, min_size=2, max_size=3).map(
        lambda cs: json.dumps([{"name": n, "arguments": a} for n, a in cs])
    ),
    st.sampled_from(["What is the phone number?", "Done.", "{", "Anything else?", ""]),
)
OPTIONS = st.fixed_dictionaries(
    {"seed": st.integers(0, 3)},
    optional={
        "faults": st.just("timeout=0.3,stale=0.3,error_after=0.2,change=0.3"),
        "hints": st.sampled_from(["brief", "full"]),
        "view": st.sampled_from(["detail=difference", "rename=0.5"]),
    },
)


def lived(suite: Suite, task_id: str, options: dict[str, Any], actions: tuple[Any, ...]) -> Episode:
    """Return an episode that was played from its start, alone."""
    episode = suite.episode(task_id, **options)
    for action in actions:
        episode.act(action)
    return episode


def same(one: Episode, other: Episode) -> None:
    """Compare all that can be seen of two episodes."""
    assert one.trace() == other.trace()
    assert one.digest() == other.digest()
    assert one.changes() == other.changes()
    assert one.state_key() == other.state_key()
    assert one.legal_tools() == other.legal_tools()
    assert one.report() == other.report()
    assert one.outputs() == other.outputs()
    assert one.deeds() == other.deeds()
    facts = "turn done truncated termination outcome reason message errors malformed calls answer"
    assert [getattr(one, n) for n in facts.split()] == [getattr(other, n) for n in facts.split()]


class Tree(RuleBasedStateMachine):
    """Episodes that fork, are kept, gone back to, moved and dropped, beside what each has done."""

    @initialize(task_id=st.sampled_from(IDS), options=OPTIONS)
    def start(self, task_id: str, options: dict[str, Any]) -> None:
        """Start one episode."""
        self.task_id, self.options = task_id, options
        self.lives: list[tuple[Episode, tuple[Any, ...]]] = [
            (SUITE.episode(task_id, **options), ())
        ]
        self.moments: list[tuple[Moment, tuple[Any, ...]]] = []

    @rule(which=st.integers(0, 99), action=ACTIONS)
    def act(self, which: int, action: str) -> None:
        """One of them goes on; what it sees is what it would see alone."""
        place = which % len(self.lives)
        episode, actions = self.lives[place]
        alone = lived(SUITE, self.task_id, self.options, actions)
        assert episode.act(action) == alone.act(action)
        same(episode, alone)
        alone.close()
        if not episode.done:
            self.lives[place] = episode, (*actions, action)
        else:
            episode.close()
            del self.lives[place]
            if not self.lives:
                self.lives = [(SUITE.episode(self.task_id, **self.options), ())]

    @precondition(lambda self: len(self.lives) < 6)
    @rule(which=st.integers(0, 99))
    def fork(self, which: int) -> None:
        """One becomes two."""
        episode, actions = self.lives[which % len(self.lives)]
        self.lives.append((episode.fork(), actions))

    @rule(which=st.integers(0, 99))
    def keep(self, which: int) -> None:
        """A moment is kept."""
        episode, actions = self.lives[which % len(self.lives)]
        self.moments.append((episode.snapshot(), actions))

    @precondition(lambda self: self.moments)
    @rule(which=st.integers(0, 99), moment=st.integers(0, 99))
    def restore(self, which: int, moment: int) -> None:
        """One goes to a moment, its own or another's."""
        place = which % len(self.lives)
        kept, actions = self.moments[moment % len(self.moments)]
        self.lives[place][0].restore(kept)
        self.lives[place] = self.lives[place][0], actions

    @precondition(lambda self: self.moments and len(self.lives) < 6)
    @rule(moment=st.integers(0, 99))
    def begin_at(self, moment: int) -> None:
        """A new one begins at a moment."""
        kept, actions = self.moments[moment % len(self.moments)]
        self.lives.append((Episode.at(kept), actions))

    @rule(which=st.integers(0, 99))
    def detach(self, which: int) -> None:
        """One moves to a world of its own."""
        self.lives[which % len(self.lives)][0].detach()

    @precondition(lambda self: len(self.lives) > 1)
    @rule(which=st.integers(0, 99), close=st.booleans())
    def leave(self, which: int, close: bool) -> None:
        """One is closed, or just dropped."""
        episode, _ = self.lives.pop(which % len(self.lives))
        if close:
            episode.close()

    @invariant()
    def nobody_is_disturbed(self) -> None:
        """The first and the last of them are as if alone."""
        for episode, actions in (self.lives[0], self.lives[-1]) if hasattr(self, "lives") else ():
            alone = lived(SUITE, self.task_id, self.options, actions)
            same(episode, alone)
            alone.close()

    def teardown(self) -> None:
        """Give the worlds back."""
        for episode, _ in getattr(self, "lives", ()):
            episode.close()


TestTree = Tree.TestCase
TestTree.settings = settings(COMMON, max_examples=30, stateful_step_count=16)


def spoken(task: Task) -> list[Any]:
    """Return what an agent could do about a task: its gold calls, and words to the user."""
    asked = [f"What is {words}?" for words in task.user.questions.values()]
    calls = [to_text({"name": step.tool, "arguments": step.arguments}) for step in task.gold]
    asked += ["Shall I go ahead? Please confirm.", "Which one do you mean?", "It is done.", "Hm."]
    tool = "ask_user" if "ask_user" in task.tools else "no_such_tool"
    asked += [to_text({"name": tool, "arguments": {"question": words}}) for words in asked]
    return [*calls[:-1], *asked]


TALKS = load("harbour")


@st.composite
def ways(draw: st.DrawFn) -> tuple[Suite, str, list[tuple[dict[str, Any], tuple[Any, ...]]], Any]:
    """Draw short ways through one task, made of a few actions, and actions to go on with."""
    if draw(st.booleans()):
        suite, task = SUITE, draw(st.sampled_from(SUITE.tasks))
        actions = ACTIONS
    else:
        suite, task = TALKS, draw(st.sampled_from(TALKS.tasks))
        actions = st.sampled_from(spoken(task))
    few = draw(st.lists(actions, min_size=2, max_size=3))
    options = draw(st.lists(OPTIONS, min_size=1, max_size=2))
    way = st.lists(st.sampled_from(few), max_size=4).map(tuple)
    found = draw(st.lists(st.tuples(st.sampled_from(options), way), min_size=6, max_size=10))
    return suite, task.id, found, draw(st.lists(actions, min_size=1, max_size=3))


@settings(COMMON, max_examples=150)
@given(drawn=ways())
def test_equal_keys_behave_equally(drawn: Any) -> None:
    """Ways to the same key go on alike, turn by turn, and are judged alike."""
    suite, task_id, found, then = drawn
    alike = defaultdict(list)
    for options, way in found:
        episode = lived(suite, task_id, options, way)
        alike[episode.state_key().full].append(((options, way), episode))
    for (_, first), *others in alike.values():
        for way, other in others:
            event("met")
            one = first.fork()
            for action in then:
                assert one.act(action) == other.act(action), (way, action)
                assert one.state_key().full == other.state_key().full
            mine, theirs = suite.verdict(one), suite.verdict(other)
            assert (mine.success, mine.terms) == (theirs.success, theirs.terms)
            one.close()
            other.close()
        first.close()


def test_reads_in_another_order_come_to_the_same() -> None:
    """What is known and what is so do not depend on the order of reads; a write makes another."""
    a = json.dumps({"name": "get_member", "arguments": {"member_id": 1}})
    b = json.dumps({"name": "get_member", "arguments": {"member_id": 2}})
    write = json.dumps({"name": "update_member", "arguments": {"member_id": 1, "phone": "7"}})
    keys = [
        lived(SUITE, IDS[0], {}, way).state_key() for way in ((a, b), (b, a), (a, a), (a, write))
    ]
    assert keys[0].seen == keys[1].seen
    assert len({key.seen for key in keys}) == 3
    assert keys[3].full != keys[2].full


@settings(COMMON, max_examples=40)
@given(
    task_id=st.sampled_from(IDS), options=OPTIONS, actions=st.lists(ACTIONS, min_size=1, max_size=6)
)
def test_a_trace_says_what_was_seen_and_can_be_retraced(
    task_id: str, options: dict[str, Any], actions: list[str]
) -> None:
    """The record alone gives every hash of what was seen, and every digest; a change is told."""
    episode = SUITE.episode(task_id, **options)
    keys = []
    for action in actions:
        if not episode.done:
            keys.append(episode.state_key().seen)
            episode.act(action)
    trace = episode.trace()
    assert list(seen_before(trace)) == keys
    assert retrace(SUITE.episode(task_id, **options), trace) == ()
    assert retrace(SUITE.episode(task_id, **options), trace[:-1]) != ()
    for at, old in enumerate(trace):
        if not isinstance(old, AssistantEvent):
            other = [*trace[:at], replace(old, content="other"), *trace[at + 1 :]]
            (told,) = retrace(SUITE.episode(task_id, **options), other)
            assert told.startswith(f"event {at}: expected ")


def test_a_moment_is_of_one_domain() -> None:
    """Another suite's moment is refused, with a word about it; a closed episode has none."""
    episode, clinic = SUITE.episode(IDS[0]), load("clinic").episode()
    with pytest.raises(UsageError, match="a moment of an episode in tiny_library"):
        episode.restore(clinic.snapshot())
    kept = episode.snapshot()
    assert IDS[0] in repr(kept)
    episode.close()
    for deed in (episode.snapshot, episode.fork, episode.state_key, lambda: episode.restore(kept)):
        with pytest.raises(ValueError, match="closed"):
            deed()
    again = Episode.at(kept)
    assert again.call("get_member", member_id=1).ok
    other_task = SUITE.episode(IDS[1])
    other_task.restore(kept)
    same(other_task, lived(SUITE, IDS[0], {}, ()))


def test_locked_tools_are_not_legal() -> None:
    """A tool whose documentation has to be read is legal once it was; after the end none is."""
    episode = SUITE.episode(IDS[0])
    assert set(episode.legal_tools()) == {tool["function"]["name"] for tool in episode.tools}
    episode.call("conclude", outcome="done")
    assert episode.legal_tools() == ()
    episode = SUITE.episode(IDS[0], view="faces=names,locked=1.0")
    before = episode.legal_tools()
    assert "get_member" not in before
    assert episode.call("show_tool_doc", name="get_member").ok
    assert set(episode.legal_tools()) == {*before, "get_member"}


KEYS = [f"O{number + 1:06d}" for number in range(2_000)]


@pytest.fixture(scope="module")
def wide() -> Suite:
    """A shop of about 1 MB, and one task in it."""
    domain = bench_world.domain(rows=7_000)
    task = replace(
        tiny.tasks()[0],
        id="bench-v1/0001",
        tools=tuple(tool.name for tool in domain.tools),
        gold=(),
    )
    found = Suite(domain, [task], max_turns=10**9)
    assert 900_000 < found.engine.image.store.size < 1_300_000
    return found


def write(episode: Episode, number: int) -> None:
    """Change one order."""
    arguments = {"order_id": KEYS[number], "quantity": number % 97 + 101}
    (result,) = episode.act(to_text({"name": "update_order", "arguments": arguments})).results
    assert result.ok, result.error


def test_a_thousand_forks_of_a_megabyte_stay_small(wide: Suite) -> None:
    """A tree of forks, each with rows of its own, needs less than 20 kB a fork and one world."""
    with wide.episode("bench-v1/0001") as root:
        for number in range(20):
            write(root, number)
        gc.collect()
        tracemalloc.start()
        tree = [root]
        for number in range(1_000):
            fork = tree[number // 2].fork()
            write(fork, 20 + number)
            tree.append(fork)
        size, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert size / 1_000 < 20_000
        assert len({id(one._seat) for one in tree}) == 1
        depth = [0]
        for number, one in enumerate(tree[1:]):
            depth.append(depth[number // 2] + 1)
            assert len(one.changes()) == 20 + depth[-1]
        began = time.perf_counter()
        forks = [tree[-1].fork() for _ in range(1_000)]
        spent = (time.perf_counter() - began) / 1_000
        assert spent < 0.0005, "a fork costs microseconds"
        for one in (*tree, *forks):
            one.close()


def test_dropped_forks_leak_nothing_and_free_the_world(wide: Suite) -> None:
    """Forks that nobody closes go with their last name, and the world with the last of them."""
    gc.collect()
    gc.disable()
    try:
        root = wide.episode("bench-v1/0001")
        world = weakref.ref(root._open_world())
        forks = [root.fork() for _ in range(50)]
        moments = [one.snapshot() for one in forks]
        for number, one in enumerate(forks):
            write(one, number)
        seats = [weakref.ref(one) for one in forks]
        del one, forks
        assert not any(ref() for ref in seats)
        assert world() is not None
        write(root, 0)
        del root
        assert world() is None, "a moment keeps no world alive"
        again = Episode.at(moments[0])
        assert again.changes() == ()
        again.close()
    finally:
        gc.enable()


def test_the_world_comes_back_when_all_forks_are_closed() -> None:
    """The last one to close gives the world to the next episode."""
    suite = Suite(tiny.domain(), tiny.tasks())
    root = suite.episode(IDS[0])
    world, forks = root._open_world(), [root.fork() for _ in range(3)]
    forks[0].detach()
    own = forks[0]._open_world()
    assert own is not world
    for one in (forks[1], root, forks[2]):
        assert world not in suite._pool
        one.close()
        one.close()
    assert suite._pool == [world]
    forks[0].detach()
    assert forks[0]._open_world() is own, "who is alone stays"
    forks[0].close()
    assert suite._pool == [world, own]


def test_to_switch_costs_the_rows_that_differ(wide: Suite) -> None:
    """Going on with another fork writes the rows in which they differ, however many both share."""
    with wide.episode("bench-v1/0001") as root:
        for number in range(300):
            write(root, number)
        left, right = root.fork(), root.fork()
        write(left, 301)
        write(right, 302)
        world = root._open_world()
        connection = world._link._connection  # type: ignore[attr-defined]
        written = []
        for one in (left, right, left, right):
            before = connection.total_changes
            one.call("get_order", order_id=KEYS[500])
            written.append(connection.total_changes - before)
        assert written == [1, 2, 2, 2]
        left.close()
        right.close()


def test_each_thread_goes_its_own_way() -> None:
    """Detached forks play in threads at once, and come out as they would alone."""
    suite = Suite(tiny.domain(), tiny.tasks(), max_turns=400)
    draws = random.Random(3)
    chance = Chance(suite.domain, draws)
    root = suite.episode(IDS[0])
    root.call("update_member", member_id=1, phone="9")
    rows = {name: list(found) for name, found in suite.domain.rows.items()}
    ways = []
    for _ in range(8):
        tools = [chance.tool() for _ in range(60)]
        ways.append([(t.name, chance.arguments(t, lambda name: rows[name])) for t in tools])
    episodes = [root.fork() for _ in ways]
    for one in episodes:
        one.detach()
    traces: dict[int, Any] = {}

    def play(number: int) -> None:
        for name, arguments in ways[number]:
            episodes[number].call(name, **arguments)
        traces[number] = episodes[number].trace(), episodes[number].digest()

    threads = [threading.Thread(target=play, args=(number,)) for number in range(len(ways))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, way in enumerate(ways):
        alone = root.fork()
        for name, arguments in way:
            alone.call(name, **arguments)
        assert (alone.trace(), alone.digest()) == traces[number]
        alone.close()
        episodes[number].close()


@settings(COMMON, max_examples=3)
@given(actions=st.lists(ACTIONS, min_size=2, max_size=6))
def test_forks_on_postgres(actions: list[str], postgres_url: str) -> None:
    """On a server as in process: forks, moments, keys and traces are the same."""
    far = Suite(tiny.domain(), with_stream(tiny.tasks()), max_turns=9)
    engine = Engine(far.domain, postgres(postgres_url))
    far.__dict__["engine"] = engine
    try:
        for task_id in (IDS[0], f"{IDS[0]}9"):
            mine, theirs = SUITE.episode(task_id), far.episode(task_id)
            kept = []
            for action in actions:
                if theirs.done:
                    break
                kept.append((mine.snapshot(), theirs.snapshot(), theirs.fork()))
                assert mine.act(action) == theirs.act(action)
                same(mine, theirs)
            for one, other, fork in kept[::-1]:
                mine.restore(one)
                theirs.restore(other)
                same(mine, theirs)
                same(mine, fork)
                fork.detach()
                same(mine, fork)
                fork.close()
            theirs.close()
            mine.close()
    finally:
        for world in far._pool:
            world.close()
        engine.image.store.close()


@settings(COMMON, max_examples=40)
@given(
    task_id=st.sampled_from(IDS),
    options=OPTIONS,
    way=st.lists(st.tuples(CALLS, st.booleans()), min_size=1, max_size=6),
)
def test_calls_of_either_door_leave_the_same_trace(
    task_id: str, options: dict[str, Any], way: list[Any]
) -> None:
    """What is called as a function, flagged later, is what is sent as text and flagged at once."""
    one, other = SUITE.episode(task_id, **options), SUITE.episode(task_id, **options)
    for (name, arguments), direct in way:
        action = json.dumps({"name": name, "arguments": arguments})
        (told,) = other.act(action).results
        assert (one.call(name, **arguments) if direct else one.act(action).results[0]) == told
    same(one, other)
    one.close()
    other.close()


class Part:
    """Stands in for a part of an episode, in another state."""

    def __init__(self, part: Any) -> None:
        self._part = part

    def __getattr__(self, name: str) -> Any:
        return getattr(self._part, name)

    def state(self) -> tuple[object, ...]:
        """Return a state that no part is in."""
        return "another", self._part.state()


CHANGES: dict[str, Any] = {
    "user": lambda e: setattr(e, "_user", Part(e._user)),
    "watch": lambda e: setattr(e, "_watch", Part(e._watch)),
    "weather": lambda e: setattr(e, "_weather", Part(e._weather)),
    "coach": lambda e: setattr(e, "_coach", Part(e._coach)),
    "memory": lambda e: setattr(e, "_memory", replace(e._memory, notes=("x",))),
    "clock": lambda e: e._open_world().tick(),
    "session": lambda e: setattr(
        e._open_world(), "session", replace(e._open_world().session, confirmed=9)
    ),
    "counters": lambda e: e._open_world().count("loan", 0, 900),
    "rows": lambda e: e._engine.call(
        e._open_world(), "update_member", {"member_id": 1, "phone": "8"}
    ),
    "what happened": lambda e: setattr(
        e,
        "_ground",
        e._engine.happen(
            e._open_world().fork(), (Patch(entity="member", key=(1,), values={"phone": "8"}),)
        ),
    ),
    "what is to come": lambda e: setattr(e, "_happenings", Happenings(STREAM[:1])),
    "view": lambda e: setattr(e, "_view", SUITE.view(SUITE.task(IDS[0]), "rename=0.5")),
    "turns": lambda e: setattr(e, "max_turns", e.max_turns + 1),
    "calls": lambda e: e._log.pop(),
    "outcome": lambda e: setattr(e, "outcome", "done"),
    "message": lambda e: setattr(e, "message", "x"),
    "answer": lambda e: setattr(e, "_answer", b"3"),
    "end": lambda e: setattr(e, "done", True),
    "failure": lambda e: setattr(e, "failure", Failure(by="environment", code="bug", message="")),
    "task": lambda e: setattr(e, "task_id", IDS[1]),
}


@pytest.mark.parametrize("part", CHANGES)
def test_every_part_counts_in_the_key(part: str) -> None:
    """An episode that differs in one part alone has another key."""
    options: dict[str, Any] = {"faults": "timeout=0.5", "hints": "full:3,none"}
    one, other = (SUITE.episode(f"{IDS[0]}9", **options) for _ in range(2))
    for episode in (one, other):
        episode.call("get_member", member_id=1)
    assert one.state_key() == other.state_key()
    CHANGES[part](other)
    assert one.state_key().full != other.state_key().full
