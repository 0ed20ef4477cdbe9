"""Episodes: what an agent sends, what it sees, what it cannot reach."""

from __future__ import annotations

import json
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest
import tiny
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentgym.episode import Episode, Suite, load, parse
from agentgym.episode.play import MAX_SHOWN
from agentgym.episode.turn import ENDED
from agentgym.errors import DomainError, TaskError, UsageError
from agentgym.formats import encode, to_text
from agentgym.goals.goal import Goal
from agentgym.goals.verdict import Judge, Verdict
from agentgym.plan import Plan
from agentgym.schema import Schema
from agentgym.tasks import Certificate, Step, Task
from agentgym.trajectory import AssistantEvent, ToolEvent, UserEvent

SUITE = tiny.suite()

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)
CALL_LIKE = st.fixed_dictionaries(
    {},
    optional={
        "name": JSON | st.sampled_from([tool.name for tool in tiny.TOOLS]),
        "arguments": JSON | st.dictionaries(st.sampled_from(["member_id", "name"]), JSON),
        "function": JSON,
        "tool_calls": JSON | st.lists(JSON, max_size=3),
        "role": JSON,
        "content": JSON,
    },
)
TEXT = st.text(st.characters(categories=("L", "N", "P", "S", "Z", "C", "Cs")), max_size=40)
WRAPPED = st.tuples(
    st.sampled_from(
        ["{}", "<tool_call>{}</tool_call>", "```json\n{}\n```", "x {} y", "{}<tool_call>"]
    ),
    st.one_of(TEXT, CALL_LIKE.map(json.dumps)),
).map(lambda pair: pair[0].replace("{}", pair[1]))
ACTION = st.one_of(TEXT, WRAPPED, CALL_LIKE, JSON, st.binary(max_size=9), st.sets(st.integers()))


def legal_calls() -> st.SearchStrategy[dict[str, Any]]:
    """Draw calls that mostly fit the tiny library."""
    number = st.integers(0, 5)
    return st.one_of(
        st.builds(lambda n: {"name": "get_member", "arguments": {"member_id": n}}, number),
        st.builds(
            lambda n, p: {"name": "update_member", "arguments": {"member_id": n, "phone": p}},
            number,
            st.text(max_size=5),
        ),
        st.builds(
            lambda n, t: {
                "name": "create_loan",
                "arguments": {"member_id": n, "title": t, "due_on": "2026-07-01"},
            },
            number,
            st.text(max_size=5),
        ),
        st.builds(lambda n: {"name": "delete_member", "arguments": {"member_id": n}}, number),
        st.builds(
            lambda n: {"name": "return_loan", "arguments": {"loan_id": n, "state": "back"}}, number
        ),
        st.just({"name": "ask_user", "arguments": {"question": "What is the phone number?"}}),
        st.just({"name": "list_member_loans", "arguments": {"member_id": 2}}),
    )


def picture(episode: Episode) -> bytes:
    """Return everything that can be seen of an episode, as bytes."""
    return encode(
        [episode.trace(), episode.turn, episode.done, episode.digest(), episode.changes()]
    )


CALL = {"name": "get_member", "arguments": {"member_id": 1}}
TEXT_CALL = json.dumps(CALL)


@pytest.mark.parametrize(
    "action",
    [
        TEXT_CALL,
        CALL,
        f"  {TEXT_CALL}\n",
        json.dumps({"name": "get_member", "arguments": json.dumps(CALL["arguments"])}),
        json.dumps({"id": "x", "type": "function", "function": CALL}),
        json.dumps([CALL]),
        f"<tool_call>\n{TEXT_CALL}\n</tool_call>",
        f"I will look. <tool_call>{TEXT_CALL}",
        f"Let me see:\n```json\n{TEXT_CALL}\n```\n",
        f"```\n{TEXT_CALL}\n```",
        {"role": "assistant", "content": None, "tool_calls": [{"id": "1", "function": CALL}]},
        json.dumps({"role": "assistant", "content": "hm", "tool_calls": [{"function": CALL}]}),
        {"role": "assistant", "content": f"<tool_call>{TEXT_CALL}</tool_call>"},
        TEXT_CALL.encode(),
        json.dumps({"name": "get_member", "parameters": {"member_id": 1}}),
    ],
)
def test_every_usual_form_of_a_call_is_understood(action: object) -> None:
    """One call gives the same result in each of the forms in which models send calls."""
    episode = SUITE.episode("1")
    result = episode.call_json(action)
    assert not isinstance(result, list)
    assert result.data["name"] == "Ada Byron"
    assert episode.turn == 1
    assert result == SUITE.episode("1").call("get_member", member_id=1)


def test_several_calls_are_answered_in_order_in_one_turn() -> None:
    """Several calls in one action are one turn, and the observation is a list."""
    other = {"name": "get_member", "arguments": {"member_id": 2}}
    for action in (
        [CALL, other],
        f"<tool_call>{TEXT_CALL}</tool_call><tool_call>{json.dumps(other)}</tool_call>",
    ):
        episode = SUITE.episode("1")
        results = episode.call_json(action)
        assert isinstance(results, list)
        assert [result.data["member_id"] for result in results] == [1, 2]
        assert episode.turn == 1
    turn = SUITE.episode("1").act([CALL, {"name": "nope"}])
    first, second = json.loads(turn.observation)
    assert first["member_id"] == 1
    assert second["error"]["code"] == "unknown_tool"


@pytest.mark.parametrize(
    "action",
    [
        '{"name": "get_member", "arguments": {"member_id": 1}',
        "{}",
        '{"foo": 1}',
        '[{"name": 3}]',
        "[{",
        "<tool_call>get_member(1)</tool_call>",
        "```json\n{broken\n```",
        'I call {"name": "get_member", "arguments": {"member_id": 1}} now',
        '{"name": "get_member", "arguments": [1]}',
        '{"name": "get_member", "arguments": "{broken"}',
        {"tool_calls": 3},
        {"content": 3, "role": "assistant"},
        42,
        {"name": {1, 2}},
        {"name": "x", "arguments": {"y": object()}},
        "[" * 5000,
        '{"a":' * 5000,
        "x" * 300_000,
        "",
        "   ",
        None,
    ],
)
def test_what_looks_like_a_call_and_is_none_is_told_and_counted(action: object) -> None:
    """A malformed call costs a turn, changes nothing, and says what to send instead."""
    episode = SUITE.episode("1")
    turn = episode.act(action)
    error = json.loads(turn.observation)["error"]
    assert error["code"] == "bad_arguments"
    assert "expected" in error["message"]
    assert (turn.flags.malformed, turn.flags.void) == (True, True)
    assert (episode.turn, episode.malformed, episode.errors, episode.done) == (1, 1, 1, False)
    encode(episode.trace())


@pytest.mark.parametrize(
    "text", ["The answer is 5.", "[1, 2]", "42", "[note] done", "It is ```x``` now", "a { b"]
)
def test_plain_text_is_a_message_to_the_user(text: str) -> None:
    """Text that is no call reaches the user; with nothing left to tell, it is the last word."""
    episode = SUITE.episode("1")
    turn = episode.act(text)
    assert turn.observation == "Thank you, that is all."
    assert (episode.done, episode.termination, episode.message) == (True, "agent_message", text)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ACTION, min_size=20, max_size=30))
def test_nonsense_is_always_answered(actions: list[object]) -> None:
    """Whatever is sent, and however often, the answer is a text; nothing is ever raised."""
    episode = SUITE.episode("3", max_turns=10_000)
    before = episode.digest()
    for action in actions:
        turn = episode.act(action)
        assert isinstance(turn.observation, str)
        assert turn.observation
        turn.observation.encode()
        for result in turn.results:
            assert result.data is not None or result.error is not None
    encode(episode.trace())
    assert isinstance(SUITE.verdict(episode), Verdict)
    if not episode.changes():
        assert episode.digest() == before


@settings(max_examples=4, deadline=None)
@given(ACTION, st.integers(0, 2**32))
def test_a_thousand_turns_of_nonsense(action: object, salt: int) -> None:
    """A thousand turns of nonsense are a thousand typed observations."""
    episode = SUITE.episode("3", max_turns=2000)
    for place in range(1000):
        broken = f'{{"name": {salt + place}' if place % 2 else action
        turn = episode.act(broken)
        assert turn.observation
        if place % 2 and not episode.done:
            assert json.loads(turn.observation)["error"]["code"] == "bad_arguments"
    assert len(encode(episode.trace())) > 1000


@settings(max_examples=60, deadline=None)
@given(
    st.lists(legal_calls(), max_size=6),
    st.lists(legal_calls(), max_size=6),
    st.lists(legal_calls(), max_size=6),
)
def test_forks_are_independent(
    before: list[dict[str, Any]], mine: list[dict[str, Any]], theirs: list[dict[str, Any]]
) -> None:
    """A fork goes its own way: neither sees the other, and both match a run from the start."""
    episode = SUITE.episode("3")
    for call in before:
        episode.act(call)
    kept = picture(episode)
    fork = episode.fork()
    assert picture(fork) == kept
    for call in theirs:
        fork.act(call)
    assert picture(episode) == kept
    for call in mine:
        episode.act(call)
    for other, rest in ((episode, mine), (fork, theirs)):
        alone = SUITE.episode("3")
        for call in (*before, *rest):
            alone.act(call)
        assert picture(other) == picture(alone)


@settings(max_examples=30, deadline=None)
@given(st.lists(legal_calls(), max_size=8))
def test_a_used_world_comes_back_fresh(calls: list[dict[str, Any]]) -> None:
    """An episode in a pooled world sees nothing of the one before."""
    suite = SUITE
    first = suite.episode("2")
    fresh = picture(first)
    for call in calls:
        first.act(call)
    first.close()
    assert picture(suite.episode("2")) == fresh


def test_the_end_is_final() -> None:
    """After conclude every call gives one fixed answer and does nothing."""
    episode = SUITE.episode("3")
    episode.call("conclude", outcome="impossible", answer=[1, "x"], reason="no")
    assert (episode.done, episode.outcome, episode.answer, episode.reason) == (
        True,
        "impossible",
        [1, "x"],
        "no",
    )
    kept = picture(episode)
    assert episode.call("delete_member", member_id=1) == ENDED
    assert episode.call_json("hello") == ENDED
    assert episode.act("<tool_call>").results == (ENDED,)
    assert json.loads(episode.say("hello"))["error"]["code"] == "unavailable"
    assert picture(episode) == kept
    fork = episode.fork()
    assert fork.done
    episode.close()
    episode.close()
    assert episode.call("current_time") == ENDED
    with pytest.raises(ValueError, match="closed"):
        SUITE.verdict(episode)
    with pytest.raises(ValueError, match="closed"):
        episode.fork()


def test_calls_after_conclude_in_one_action_do_nothing() -> None:
    """What follows conclude in the same action is refused."""
    episode = SUITE.episode("1")
    update = {"name": "update_member", "arguments": {"member_id": 1, "phone": "1"}}
    results = episode.call_json([{"name": "conclude", "arguments": {"outcome": "done"}}, update])
    assert isinstance(results, list)
    assert results[1] == ENDED
    assert not episode.changes()


def test_the_turn_budget_cuts_off() -> None:
    """An episode that is not over after its turns is truncated, and does not succeed."""
    episode = SUITE.episode("1", max_turns=3)
    for _ in range(3):
        assert not episode.truncated
        episode.call("find_member", name="Zoë Müller")
    assert (episode.done, episode.truncated, episode.termination) == (True, True, "max_turns")
    assert not SUITE.verdict(episode).success
    last = SUITE.episode("1", max_turns=2)
    last.call("find_member", name="Zoë Müller")
    last.call("conclude", outcome="done", answer=12.5)
    assert (last.truncated, SUITE.verdict(last).success) == (False, True)


def test_only_shown_tools_can_be_called() -> None:
    """A tool of the domain that the task does not show is unknown, with the nearest name."""
    task = tiny.tasks()[0]
    narrow = Task(
        **{name: getattr(task, name) for name in Task.__struct_fields__ if name != "tools"},
        tools=("find_member", "conclude"),
    )
    episode = Suite(tiny.domain(), [narrow]).episode()
    result = episode.call("get_member", member_id=1)
    assert result.error is not None
    assert result.error.code == "unknown_tool"
    assert "find_member" in result.error.message
    assert [tool["function"]["name"] for tool in episode.tools] == ["find_member", "conclude"]
    event = episode.trace()[1]
    assert isinstance(event, AssistantEvent)
    assert event.tool_calls[0].parse_error


def test_too_many_calls_in_one_action_are_refused() -> None:
    """Calls beyond the limit of one action are not made, and told so."""
    results = SUITE.episode("1").call_json([CALL] * 40)
    assert isinstance(results, list)
    codes = [result.error.code if result.error else "ok" for result in results]
    assert codes == ["ok"] * 16 + ["limit_exceeded"] * 24


def test_long_results_are_cut_and_say_so() -> None:
    """What an action shows is bounded, whatever the rows hold."""
    episode = SUITE.episode("1")
    title = "x" * 50_000
    for _ in range(4):
        episode.call("create_loan", member_id=1, title=title, due_on="2026-07-01")
    turn = episode.act([{"name": "list_member_loans", "arguments": {"member_id": 1}}] * 2)
    assert len(turn.observation) < MAX_SHOWN + 500
    assert "cut off" in turn.observation
    assert turn.results[1].data["total"] == 5


def test_nothing_that_is_handed_out_can_change_the_episode() -> None:
    """Prompt, tools, answer and results are the caller's own."""
    episode = SUITE.episode("1")
    episode.prompt[0]["content"] = "x"
    episode.tools[0]["function"]["name"] = "x"
    result = episode.call("find_member", name="Zoë Müller")
    result.data["fees"] = 99
    episode.call("conclude", outcome="done", answer={"a": [12.5]})
    episode.answer["a"].append(1)
    assert episode.answer == {"a": [12.5]}
    assert "library" in episode.prompt[0]["content"]
    assert episode.tools[0]["function"]["name"] == "get_member"
    assert episode.outputs()[0][1].data["fees"] == 12.5


def test_goal_and_gold_are_out_of_reach() -> None:
    """From an episode, no chain of attributes leads to task, goal, plan or verifier."""
    episode = SUITE.episode("3")
    episode.call("find_member", name="Ada Byron")
    forbidden = (Goal, Plan, Step, Task, Certificate, Judge, Suite, Verdict)
    seen: set[int] = set()
    stack: list[object] = [episode]
    while stack:
        thing = stack.pop()
        if id(thing) in seen or isinstance(thing, (str, int, float, type(None), type)):
            continue
        seen.add(id(thing))
        assert not isinstance(thing, forbidden), type(thing)
        if isinstance(thing, dict):
            stack += [*thing.keys(), *thing.values()]
        elif isinstance(thing, (list, tuple, set, frozenset)):
            stack += list(thing)
        elif isinstance(thing, FunctionType):
            stack += [cell.cell_contents for cell in thing.__closure__ or ()]
        elif type(thing).__module__.startswith("agentgym"):
            slots = [name for kind in type(thing).__mro__ for name in _slots(kind)]
            names = [*getattr(thing, "__dict__", ()), *(n for n in slots if hasattr(thing, n))]
            stack += [getattr(thing, name) for name in names]
    assert len(seen) > 100


def _slots(kind: type) -> tuple[str, ...]:
    slots = getattr(kind, "__slots__", ())
    return (slots,) if isinstance(slots, str) else tuple(slots)


def test_the_trace_tells_all_in_order() -> None:
    """The trace holds every message, call and answer, as the agent saw it, with digests."""
    episode = SUITE.episode("3")
    episode.act({"content": "I look.", "tool_calls": [{"function": CALL}], "reasoning": "hm"})
    episode.call("update_member", member_id=1, phone="1")
    reply = episode.say("What is the new phone number?")
    trace = episode.trace()
    assert [event.i for event in trace] == list(range(len(trace)))
    assert [type(event) for event in trace] == [
        UserEvent,
        AssistantEvent,
        ToolEvent,
        AssistantEvent,
        ToolEvent,
        AssistantEvent,
        UserEvent,
    ]
    said, read, wrote, user = trace[1], trace[2], trace[4], trace[6]
    assert isinstance(said, AssistantEvent)
    assert isinstance(read, ToolEvent)
    assert isinstance(wrote, ToolEvent)
    assert isinstance(user, UserEvent)
    assert (said.content, said.reasoning) == ("I look.", "hm")
    assert read.content == to_text(read.data)
    assert read.state_sha256_after is None
    assert wrote.state_sha256_after == episode.digest()
    assert user.content == reply
    assert [event.t for event in trace][:4] == [
        "2026-06-01T08:00:00Z",
        "2026-06-01T08:00:00Z",
        "2026-06-01T08:00:00Z",
        "2026-06-01T08:01:00Z",
    ]


def test_the_seed_chooses_the_task() -> None:
    """Seed to task is a pure function, spread over the tasks, and splits are kept."""
    chosen = [SUITE.choose(seed=seed).id for seed in range(200)]
    assert chosen == [tiny.suite().choose(seed=seed).id for seed in range(200)]
    assert len(set(chosen)) == 5
    assert {SUITE.choose(split="test", seed=seed).id for seed in range(20)} == {
        "tiny_library-v1/0005"
    }
    with pytest.raises(TaskError, match="did you mean 'train'"):
        SUITE.episode(split="trian")
    with pytest.raises(TaskError, match="did you mean 'tiny_library-v1/0001'"):
        SUITE.episode("tiny_library-v1/001")
    with pytest.raises(UsageError, match="at least 2 turns"):
        SUITE.episode(max_turns=1)


def test_a_folder_is_loaded_once_and_checked(tmp_path: Path) -> None:
    """`load` gives the same suite again, and refuses a folder changed behind its manifest."""
    folder = tiny.save(tmp_path / "tiny")
    suite = load(folder)
    assert load(str(folder)) is suite
    assert load(folder, max_turns=5) is not suite
    assert suite.tasks == tiny.tasks() or encode(suite.tasks) == encode(tiny.tasks())
    assert suite.domain.world_hash == tiny.domain().world_hash
    other = tiny.save(tmp_path / "other")
    with (other / "tasks.jsonl").open("a", encoding="utf-8") as stream:
        stream.write("\n")
    with pytest.raises(DomainError, match=r"tasks\.jsonl"):
        load(other)
    with pytest.raises(DomainError, match="committed domain"):
        load("no_such_domain")


def test_a_suite_refuses_tasks_that_do_not_fit() -> None:
    """Double ids and unknown tools are authors' mistakes, told with the place."""
    tasks = tiny.tasks()
    with pytest.raises(TaskError, match="each task once"):
        Suite(tiny.domain(), [tasks[0], tasks[0]])
    fields = {name: getattr(tasks[0], name) for name in Task.__struct_fields__}
    with pytest.raises(TaskError, match="did you mean 'find_member'"):
        Suite(tiny.domain(), [Task(**fields | {"tools": ("find_membr",)})])
    with pytest.raises(TaskError, match="no tasks"):
        Suite(tiny.domain(), []).episode()


@settings(max_examples=100, deadline=None)
@given(ACTION)
def test_parsing_is_total_and_stable(action: object) -> None:
    """Parsing never raises, and what it gives is parsed to itself."""
    parsed = parse(action)
    assert parse(parsed) is parsed
    encode(parsed)
    assert bool(parsed.calls) or bool(parsed.text)


def test_the_schema_of_the_fixture_is_sound() -> None:
    """The tiny library is a domain like any other."""
    tiny.domain().validate()
    assert isinstance(tiny.SCHEMA, Schema)


def confirmed(episode: Episode) -> int:
    """Return how often the user has said yes to going on."""
    return episode._open_world().session.confirmed


def test_a_yes_of_the_user_is_remembered() -> None:
    """A yes to going on counts for the session, however it was asked for; nothing else does."""
    for ask in (
        lambda e, text: e.call("ask_user", question=text),
        lambda e, text: e.say(text),
        lambda e, text: e.act({"name": "ask_user", "arguments": {"question": text}}),
    ):
        with SUITE.episode("1") as episode:
            for text in ("What is the fee?", "Which member is it?"):
                ask(episode, text)
                assert confirmed(episode) == 0, text
            for count, text in enumerate(("Shall I go ahead?", "Do you confirm?"), 1):
                ask(episode, text)
                assert confirmed(episode) == count
            with episode.fork() as twin:
                ask(twin, "May I proceed?")
                assert confirmed(twin) == 3
            assert confirmed(episode) == 2


def test_to_confirm_a_fact_is_no_leave_to_go_on() -> None:
    """A question that asks for a fact to be confirmed is answered with the fact alone."""
    with SUITE.episode("3") as episode:
        told = episode.call("ask_user", question="Please confirm the new phone number.").data
        assert told["reply"].startswith("The ") and "555-0199" in told["reply"]
        assert confirmed(episode) == 0
        episode.call("ask_user", question="The phone number is 555-0199: shall I go ahead?")
        assert confirmed(episode) == 1


@pytest.mark.parametrize("view", ["", "rename=1"])
@pytest.mark.parametrize("together", [False, True])
def test_breaches_are_judged_and_never_shown(
    view: str, together: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An advisory rule that was broken fails the run, and the agent is not told of it."""
    rule = SUITE.domain.rules[0]
    one = Suite(SUITE.domain, SUITE.tasks)
    engine = one.engine
    plain = type(engine).call

    def breaking(self: Any, world: Any, name: str, arguments: object) -> Any:
        result = plain(self, world, name, arguments)
        if result.ok and name == "get_member":
            return type(result)(data=result.data, breaches=(rule.id,))
        return result

    monkeypatch.setattr(type(engine), "call", breaking)
    with one.episode("1", view=view) as episode:
        surface = episode.view.surface
        name = "get_member" if surface is None else surface.routes["get_member"][0][0].name
        param = "member_id"
        if surface is not None:
            param = next(iter(surface.by_name[name].ways[0].params))
        call = {"name": name, "arguments": {param: 1}}
        turn = episode.act([call, call] if together else call)
        assert all(result.ok and result.breaches == () for result in turn.results)
        assert rule.id not in turn.observation
        assert all(result.breaches == () for _, result in episode.outputs())
        assert rule.id not in encode(episode.trace()).decode()
        verdict = one.verdict(episode)
        assert verdict.terms["policy"] == 0.0
        assert sum(reason.startswith(f"broke rule {rule.id}: ") for reason in verdict.reasons) == 1
    with one.episode("1", view=view) as episode:
        assert one.verdict(episode).terms["policy"] == 1.0
