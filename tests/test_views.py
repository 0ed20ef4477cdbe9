"""Views: however the tools are shown, they do the same, and no task changes its truth."""

from __future__ import annotations

import functools
import keyword
from pathlib import Path
from typing import Any

import gymnasium
import msgspec
import pytest
import tiny
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from msgspec.structs import replace
from ordinary_tasks import ordinary

from agentgym.env import ToolEnv
from agentgym.episode import Episode, Suite, load, unfit
from agentgym.errors import TaskError, UsageError
from agentgym.formats import encode, to_text
from agentgym.policies import Noop, Oracle, RandomLegal
from agentgym.rollout import read_runs, replay, rollout
from agentgym.rules import All, Calls, Compare, Rule
from agentgym.tasks import Step, Task
from agentgym.tools.algebra import Aggregate, AskUser, Conclude, ListRelated, Search, Transition
from agentgym.tools.derive import RESERVED_PARAMETERS, RESERVED_TOOLS
from agentgym.tools.derive.naming import CONTROLS
from agentgym.tools.parameters import parameters
from agentgym.tools.views import ViewOptions
from agentgym.trajectory import AssistantEvent, ToolEvent

NAMES = ("clinic", "harbour", "tiny")
KNOBS = (
    "granularity=rich",
    "granularity=narrow",
    "near_duplicates=12",
    "distractors=12",
    "rename=1",
    "rename=0.5,seed=3",
    "locked=1",
    "docs=none",
    "docs=brief",
    "page_size=2",
    "detail=distilled",
    "detail=difference",
    "manual=true",
    "faces=names",
)

shares = st.sampled_from([0.0, 0.3, 1.0])
views = st.builds(
    ViewOptions,
    granularity=st.sampled_from(["as_is", "narrow", "rich"]),
    near_duplicates=st.sampled_from([0, 3, 40]),
    distractors=st.sampled_from([0, 5, 100]),
    rename=shares,
    locked=shares,
    docs=st.sampled_from(["brief", "full", "none"]),
    page_size=st.sampled_from([None, 1, 3, 50]),
    detail=st.sampled_from(["difference", "distilled", "full"]),
    manual=st.booleans(),
    faces=st.sampled_from(["full", "names"]),
    seed=st.integers(0, 5),
)


@functools.cache
def suite(name: str) -> Suite:
    """Load a suite once."""
    return tiny.suite() if name == "tiny" else load(name)


def play(episode: Episode, policy: Any) -> None:
    """Let a policy play an episode to its end."""
    observation = episode.prompt[-1]["content"]
    while not episode.done:
        observation = episode.act(policy(observation, {"tools": episode.tools})).observation


def start(one: Suite, task: Task, view: ViewOptions | str) -> Episode:
    """Start an episode that is long enough for any view."""
    return one.episode(task.id, view=view, max_turns=100_000)


def solved(one: Suite, task: Task, view: ViewOptions | str) -> tuple[bool, str]:
    """Tell whether the oracle solves a task in a view, and what was in its way."""
    with start(one, task, view) as episode:
        oracle = Oracle(task, view=episode.view)
        play(episode, oracle)
        verdict = one.verdict(episode)
        return verdict.success, f"{oracle.trouble} {verdict.reasons}"


@pytest.mark.parametrize("knob", KNOBS)
@pytest.mark.parametrize("name", NAMES)
def test_every_task_is_solved_under_every_knob(name: str, knob: str) -> None:
    """The gold run leads to success in each view, and doing nothing never does."""
    one = suite(name)
    served = [t for t in one.tasks if unfit(one.domain, t, ViewOptions.of(knob)) is None]
    assert len(served) > 0.9 * len(one.tasks)
    for task in served:
        success, why = solved(one, task, knob)
        assert success, (task.id, why)
        with start(one, task, knob) as episode:
            play(episode, Noop())
            assert not one.verdict(episode).success


ONCE = Calls(tool="update_member", same={"member_id": "member_id"}, op="lt", value=1)
OWING = Compare(field="fees", op="gt", value=0)


@pytest.mark.parametrize(
    ("kind", "predicate", "sent", "barred"),
    [
        ("once", ONCE, ("phone", "fees"), True),
        ("once", ONCE, ("fees",), False),
        ("state", OWING, ("phone", "fees"), False),
        (
            "state",
            All(of=(OWING, Compare(field="phone", op="ne", value="0"))),
            ("phone", "fees"),
            True,
        ),
        ("invariant", OWING, ("phone", "fees"), False),
    ],
)
def test_fields_that_bar_each_other_are_not_changed_alone(
    kind: Any, predicate: Any, sent: tuple[str, ...], barred: bool
) -> None:
    """A view of narrow tools says that it cannot serve what rules let happen only at once."""
    one = suite("tiny")
    rule = Rule(id="barring", kind=kind, entity="member", on=("update",), predicate=predicate)
    tools = tuple(
        replace(tool, guards=(*tool.guards, rule.id)) if tool.name == "update_member" else tool
        for tool in one.domain.tools
    )
    ruled = replace(one.domain, tools=tools, rules=(*one.domain.rules, rule))
    step = Step(tool="update_member", arguments=dict.fromkeys(sent, 1), origin={}, node="n1")
    task = replace(one.tasks[0], gold=(step,), tools=("update_member",))

    error = unfit(ruled, task, ViewOptions.of("granularity=narrow"))
    assert (error is not None and "in one call only" in str(error)) == barred
    assert unfit(ruled, task, ViewOptions()) is None


@given(st.sampled_from(NAMES), st.integers(0, 49), views)
def test_tasks_are_solved_under_all_knobs_at_once(
    name: str, number: int, options: ViewOptions
) -> None:
    """So do all combinations of knobs."""
    one = suite(name)
    task = one.tasks[number % len(one.tasks)]
    assume(unfit(one.domain, task, options) is None)
    success, why = solved(one, task, options)
    assert success, (task.id, options.text(), why)


@given(st.sampled_from(NAMES), st.integers(0, 49), views)
def test_what_is_shown_is_well_made(name: str, number: int, options: ViewOptions) -> None:
    """Names are unique and legal, schemas are JSON Schemas, and nothing says more than `docs`."""
    one = suite(name)
    view = one.view(one.tasks[number % len(one.tasks)], options)
    names = [face.name for face in view.faces]
    assert len(set(names)) == len(names)
    assert set(names) <= set(view.names)
    assert options.faces == "full" or len(names) <= 6
    for face in view.faces:
        assert face.name.isidentifier() and face.name.isascii() and len(face.name) <= 64
        assert face.name not in RESERVED_TOOLS and not keyword.iskeyword(face.name)
        assert len(face.description) <= 1024
        Draft202012Validator.check_schema(face.parameters)
        properties = face.parameters["properties"]
        assert set(face.parameters["required"]) <= set(properties)
        for param in properties:
            assert param.isidentifier() and len(param) <= 64
            assert param in CONTROLS or param not in RESERVED_PARAMETERS
        if options.docs != "full" and options.faces == "full":
            assert not any("description" in kind for kind in properties.values())
        if options.docs == "none" and options.faces == "full":
            assert face.description == ""


@given(st.sampled_from(NAMES), st.integers(0, 49), views.filter(lambda one: one.changed))
def test_no_parameter_is_lost(name: str, number: int, options: ViewOptions) -> None:
    """Each parameter of each of the domain's tools can be given, or stands for each of its states.

    No shown parameter leads to nothing.
    """
    one = suite(name)
    task = one.tasks[number % len(one.tasks)]
    surface = one.view(task, options).surface
    assert surface is not None
    schema = one.domain.schema
    for tool in one.domain.tools:
        if tool.name not in task.tools:
            continue
        routes = surface.routes[tool.name]
        covered = {own for _, way in routes for own in way.params.values()}
        left = set(parameters(tool, schema)["properties"]) - covered
        if isinstance(tool.term, Transition):
            set_to = {way.fixed.get(tool.term.to.param) for _, way in routes}
            moves = next(
                c.moves
                for c in schema.lifecycles
                if (c.entity, c.field) == (tool.term.entity, tool.term.to.field)
            )
            reached = {state for to in moves.values() for state in to}
            assert not left or (left == {tool.term.to.param} and reached <= set_to)
        else:
            assert not left
    for shown in surface.tools:
        given_ = {param for way in shown.ways for param in way.params}
        assert set(shown.face.parameters["properties"]) == given_ | ({shown.selector} - {None})


@settings(max_examples=30)
@given(st.sampled_from(NAMES), st.integers(0, 49), views, st.integers(0, 10**6))
def test_a_view_never_changes_the_truth(
    name: str, number: int, options: ViewOptions, seed: int
) -> None:
    """What was done in a view gives, done in the domain itself, the same rows and results."""
    one = suite(name)
    task = one.tasks[number % len(one.tasks)]
    assume(not task.stream)  # what happens by itself is no doing of the agent
    policy = RandomLegal(seed=seed)
    with start(one, task, options) as episode:
        play(episode, policy)
        deeds, digest = episode.deeds(), episode.digest()
        events = [event for event in episode.trace() if isinstance(event, ToolEvent)]
        engine = one.engine
        world = engine.world()
        for (call, result), event in zip(deeds, events, strict=True):
            tool = one.domain.tool_by_name.get(call.name)
            if tool is None or isinstance(tool.term, (AskUser, Conclude)) or not result.ok:
                continue
            if options.page_size is not None and isinstance(tool.term, (Search, ListRelated)):
                continue
            while world.turns < event.turn - 1:
                world.tick()
            again = engine.call(world, call.name, call.arguments)
            assert to_text(again.data) == to_text(result.data), (event.name, call)
        assert world.digest() == digest


@given(st.sampled_from(NAMES), st.integers(0, 49), views, st.integers(0, 10**6))
def test_forks_keep_locks_and_what_was_seen(
    name: str, number: int, options: ViewOptions, seed: int
) -> None:
    """A fork goes on as the original would have, and leaves it as it was."""
    one = suite(name)
    task = one.tasks[number % len(one.tasks)]
    first, second = RandomLegal(seed=seed), RandomLegal(seed=seed + 1)
    with start(one, task, options) as episode:
        names = list(episode.view.names)
        for place in range(6):
            tool = names[(seed * 7 + place) % len(names)]
            if tool != "conclude":
                episode.act({"name": "show_tool_doc", "arguments": {"name": tool}})
        with episode.fork() as aside:
            play(aside, second)
        with episode.fork() as twin:
            play(twin, first)
            play(episode, RandomLegal(seed=seed))
            assert twin.trace() == episode.trace()
            assert twin.digest() == episode.digest()


def test_locked_tools_wait_for_their_documentation() -> None:
    """A locked tool refuses with a hint; to read about it opens it, in this episode alone."""
    one = suite("clinic")
    task = one.tasks[0]
    with start(one, task, "locked=1") as episode, start(one, task, "locked=1") as other:
        name = next(n for n in episode.view.names if n.startswith(("get_", "find_", "search_")))
        refused = episode.call(name)
        assert refused.error is not None and refused.error.code == "unavailable"
        assert f"show_tool_doc with name {name}" in refused.error.message
        assert episode.call("show_tool_doc", name="no_such").error is not None
        assert episode.call("show_tool_doc", name=name).ok
        later = episode.call(name)
        assert later.error is None or later.error.code == "bad_arguments"
        again = other.call(name)
        assert again.error is not None and again.error.code == "unavailable"
        for free in ("ask_user", "conclude", "show_tool_doc"):
            assert not other.view.surface.by_name[free].locked  # type: ignore[union-attr]


def test_a_view_that_hides_what_a_task_needs_is_refused() -> None:
    """The error names the task and the tool, wherever such a view is asked for."""
    one = suite("clinic")
    task = next(task for task in one.tasks if task.gold)
    needed = task.gold[0].tool
    with pytest.raises(TaskError, match=f"{task.id}.*{needed}"):
        one.episode(task.id, view={"absent": [needed]})
    with pytest.raises(TaskError, match=f"{task.id}.*conclude"):
        one.episode(task.id, view="absent=conclude")
    with pytest.raises(TaskError, match="did you mean 'ask_user'"):
        one.episode(task.id, view="absent=ask_usr")
    with pytest.raises(TaskError, match=needed):
        rollout(one, "oracle", episodes=50, view=f"absent={needed}")
    hiding = msgspec.structs.replace(task, tools=tuple(n for n in task.tools if n != needed))
    with pytest.raises(TaskError, match=f"{task.id}.*{needed}"):
        Suite(one.domain, [hiding])
    spare = next(n for n in task.tools if n not in {s.tool for s in task.gold} and "_" in n[:5])
    options = ViewOptions(absent=(spare,))
    assert unfit(one.domain, task, options) is None
    view = one.view(task, options)
    assert spare not in view.names
    with start(one, task, options) as episode:
        result = episode.call(spare)
        assert result.error is not None and result.error.code == "unknown_tool"


@given(views)
@example(ViewOptions(absent=("a", "b"), rename=0.25, seed=-3))
def test_options_have_a_text_form(options: ViewOptions) -> None:
    """What is written is read again, as text, as JSON and as a mapping."""
    assert ViewOptions.of(options.text()) == options
    assert msgspec.json.decode(encode(options), type=ViewOptions) == options
    assert ViewOptions.of(msgspec.structs.asdict(options)) == options


@pytest.mark.parametrize(
    ("given_", "told"),
    [
        ("granularty=rich", "did you mean 'granularity'"),
        ("granularity=narow", "did you mean 'narrow'"),
        ("granularity", "name=value"),
        ("rename=2", "from 0 to 1"),
        ("rename=nan", "from 0 to 1"),
        ("locked=much", "from 0 to 1"),
        ("page_size=0", "from 1 to 1000"),
        ("near_duplicates=-1", "from 0 to 200"),
        ("distractors=1.5", "whole number"),
        ("manual=perhaps", "true or false"),
        ("docs=full,docs=none", "each option once"),
        ({"seed": "x"}, "whole number"),
        ({"absent": "get_member"}, "names of tools"),
        ({"page_size": True}, "whole number"),
        (7, "options of a view"),
    ],
)
def test_wrong_options_are_told(given_: Any, told: str) -> None:
    """An author's mistake names the option and what would do."""
    with pytest.raises(UsageError, match="view") as error:
        ViewOptions.of(given_)
    assert told in str(error.value)


@given(st.sampled_from(NAMES), views)
def test_views_say_nothing_of_the_plan(name: str, options: ViewOptions) -> None:
    """Two tasks that show the same tools are shown alike, whatever is to be done."""
    one = suite(name)
    tasks = [
        msgspec.structs.replace(task, tools=one.tasks[0].tools, gold=())
        for task in list(filter(ordinary, one.tasks))[:2]
    ]
    prints = {Suite(one.domain, [task]).view(task, options).fingerprint for task in tasks}
    assert len(prints) == 1


@given(st.sampled_from(NAMES), st.integers(0, 49), st.integers(0, 9))
def test_refusals_speak_of_what_is_shown(name: str, number: int, seed: int) -> None:
    """No message names a tool or a parameter that the agent does not see."""
    one = suite(name)
    task = one.tasks[number % len(one.tasks)]
    with start(one, task, ViewOptions(rename=1.0, seed=seed)) as episode:
        surface = episode.view.surface
        assert surface is not None
        hidden = {n for n in surface.routes if n not in surface.by_name}
        for shown in surface.tools[:25]:
            way = shown.ways[0]
            gone = {own for param, own in way.params.items() if own != param and "_" in own}
            tries: list[dict[str, Any]] = [{}, {"x": 1}, *({p: [1]} for p in way.params)]
            for arguments in tries:
                error = episode.call(shown.name, **arguments).error
                if error is None:
                    continue
                words = set(error.message.replace(":", " ").replace(",", " ").split())
                assert not words & (hidden | gone), error
                assert error.parameter is None or error.parameter in {*way.params, "x"}


@given(st.integers(1, 7), st.sampled_from(("clinic", "harbour")))
def test_pages_of_any_size_hold_the_same_rows(size: int, name: str) -> None:
    """Page after page, a list gives what the domain's own pages give, in the same order."""
    one = suite(name)
    tool = next(t for t in one.domain.tools if isinstance(t.term, Search))
    task = msgspec.structs.replace(one.tasks[0], tools=(tool.name, "ask_user", "conclude"), gold=())
    small = Suite(one.domain, [task], max_turns=10_000)
    assert rows_of(small, tool.name, f"page_size={size}", most=size) == rows_of(
        small, tool.name, ""
    )


def rows_of(one: Suite, tool: str, view: str, *, most: int = 10**9) -> list[Any]:
    """Collect the rows of a list, page by page."""
    found: list[Any] = []
    with one.episode(one.tasks[0].id, view=view) as episode:
        page, pages = 1, 1
        while page <= pages:
            data = episode.call(tool, page=page).data
            assert len(data["items"]) <= most
            found += data["items"]
            page, pages = page + 1, data["pages"]
        assert len(found) == data["total"]
    return found


def test_a_difference_says_what_changed_and_no_more() -> None:
    """A write gives key and changes, a repeated read what has changed since it was made."""
    one = tiny.suite()
    with one.episode("1", view="detail=difference") as episode:
        whole = episode.call("get_member", member_id=1).data
        assert episode.call("get_member", member_id=1).data == {"member_id": 1}
        changed = episode.call("update_member", member_id=1, phone="555-7").data
        assert changed == {"member_id": 1, "phone": "555-7"}
        assert episode.call("update_member", member_id=1, phone="555-7").data == {"member_id": 1}
        assert episode.call("get_member", member_id=1).data == {"member_id": 1, "phone": "555-7"}
        full = [result.data for _, result in episode.deeds()]
        assert full[0] == whole
        assert full[4] == whole | {"phone": "555-7"}


@given(st.integers(0, 49), st.integers(0, 10**6))
def test_what_is_distilled_is_a_part_of_the_whole(number: int, seed: int) -> None:
    """Every value that is shown is that of the whole result, and none of them is empty."""

    def within(part: Any, whole: Any) -> None:
        if isinstance(part, dict):
            assert None not in part.values()
            for name, value in part.items():
                within(value, whole[name])
        elif isinstance(part, list):
            assert len(part) == len(whole)
            for one_, other in zip(part, whole, strict=True):
                within(one_, other)
        else:
            assert part == whole

    one = suite("clinic")
    with start(one, one.tasks[number % len(one.tasks)], "detail=distilled") as episode:
        play(episode, RandomLegal(seed=seed))
        for (call, part), (_, whole) in zip(episode.outputs(), episode.deeds(), strict=True):
            tool = one.domain.tool_by_name.get(call.name)  # none has what watching needs
            if part.ok and tool is not None and not isinstance(tool.term, Aggregate):
                within(part.data, whole.data)
    other = suite("elements")
    with other.episode(other.tasks[0].id, view="detail=distilled,distractors=200") as episode:
        rows = [episode.call("get_element", atomic_number=n).data for n in range(1, 29)]
        fields = {frozenset(row) for row in rows if row is not None}
        assert len(fields) > 1, "some rows lack something"


def test_records_hold_what_was_shown_and_replay(tmp_path: Path) -> None:
    """Messages and tools bear the shown names, the domain's own calls stand beside them."""
    one = suite("clinic")
    out = tmp_path / "runs.jsonl"
    view = "granularity=rich,rename=1,locked=0.3,page_size=4,detail=difference,seed=2"
    list(rollout(one, "oracle", episodes=12, out=out, view=view, max_turns=500))
    for trajectory in read_runs(out):
        assert trajectory.outcome.status == "success"
        usual = one.task(trajectory.task.task_id).view
        assert ViewOptions.over(usual, trajectory.env.view) == ViewOptions.over(usual, view)
        names = {face.name for face in trajectory.tools}
        for event in trajectory.events:
            if isinstance(event, AssistantEvent):
                assert all(call.name in names for call in event.tool_calls)
            elif isinstance(event, ToolEvent):
                assert event.name in names
                own = event.deed.tool if event.deed is not None else event.name
                assert own in one.domain.tool_by_name or own == "show_tool_doc"
        assert replay(trajectory, one) == ()
        other = msgspec.structs.replace(trajectory.env, view="")
        assert replay(msgspec.structs.replace(trajectory, env=other), one)


def test_the_environment_takes_a_view_as_text() -> None:
    """`gymnasium.make` takes the text form, and its spec stays JSON."""
    env = gymnasium.make("agentgym/Domain-v0", domain="clinic", view="granularity=narrow,rename=1")
    _, info = env.reset(seed=3)
    names = {tool["function"]["name"] for tool in info["tools"]}
    plain = ToolEnv("clinic")
    _, before = plain.reset(seed=3)
    assert names - {tool["function"]["name"] for tool in before["tools"]}
    assert env.spec is not None
    assert gymnasium.make(gymnasium.envs.registration.EnvSpec.from_json(env.spec.to_json()))
    tools = env.unwrapped.action_space.tools  # type: ignore[attr-defined]
    assert {"ask_user", "conclude"} <= set(tools)
    with pytest.raises(UsageError, match="did you mean 'rename'"):
        ToolEnv("clinic", view="renam=1")


def test_the_same_options_give_the_same_views() -> None:
    """A view is a function of the domain, the tools and the options; the seed changes it."""
    one = suite("harbour")
    task = one.tasks[0]
    text = "rename=0.5,locked=0.5,near_duplicates=6,distractors=6"
    prints = [
        Suite(one.domain, one.tasks).view(task, f"{text},seed={seed}").fingerprint
        for seed in (1, 1, 2)
    ]
    assert prints[0] == prints[1] != prints[2]


def test_a_near_duplicate_does_what_it_says() -> None:
    """Beside a tool that computes anything stand tools that count, add or sort, and aliases."""
    one = suite("clinic")
    task = one.tasks[0]
    view = one.view(task, "near_duplicates=200")
    assert view.surface is not None
    extra = [shown for shown in view.surface.tools if shown.name not in one.domain.tool_by_name]
    assert any(shown.ways[0].fixed.get("function") == "count" for shown in extra)
    assert any("sort_by" in shown.ways[0].fixed for shown in extra)
    assert any(not shown.ways[0].fixed for shown in extra)
    with start(one, task, "near_duplicates=200") as episode:
        for shown in extra:
            if shown.face.mutates or shown.face.parameters["required"]:
                continue
            result = episode.call(shown.name)
            assert result.ok, (shown.name, result)
            way = shown.ways[0]
            assert one.engine.call(one.engine.world(), way.tool, way.fixed).data == result.data
