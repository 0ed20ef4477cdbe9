"""What holds of every run, right or wrong, under every preset and under all weights that are taken.

Wrong runs are those of the room that proves, walks at random, parts of the gold run, the gold run
with more in it, what is done and undone, and the reading of all pages.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ordinary_tasks import ordinary
from reward_runs import DOMAINS, Played, committed, concluding, gold_actions, oracle, script, settle

from agentgym import rng
from agentgym.episode import Suite
from agentgym.errors import UsageError
from agentgym.goals.rewards import SPANS, TERMS, RewardOptions
from agentgym.goals.verdict import Judge
from agentgym.prove.mutants import mutants
from agentgym.prove.run import Runner, gold_run
from agentgym.prove.stage import Stage
from agentgym.tasks import Task
from agentgym.tools.algebra import Get, ListRelated, Search, Update

PRESETS = (
    "sparse",
    "progress",
    "staged,stage=1",
    "staged,stage=2",
    "staged,stage=3",
    "format_first",
    "partial_tests",
    "hierarchical",
    "redundancy",
    "progress,margin=0.5",
    "weights=success:1+progress:0.3",
    "weights=success:1+progress:0.2+format:0.2+redundancy:-0.1+overuse:-0.1+harm:-0.3",
    "weights=success:1+communication:0.1+breaches:-0.1+cost:-0.1+user_cost:-0.1+claims:0.1",
)
FIRST, *OTHERS = DOMAINS
EACH = [FIRST, *(pytest.param(name, marks=pytest.mark.slow) for name in OTHERS)]
WEIGHED = sorted(set(SPANS) - {"spent"})


@cache
def _stage(domain: str) -> Stage:
    suite = committed(domain)
    return Stage(suite.domain, Runner(suite.engine))


def _tasks(domain: str) -> list[Task]:
    """Return one task of each family."""
    found: dict[str, Task] = {}
    for task in filter(ordinary, committed(domain).tasks):
        found.setdefault(task.family, task)
    return list(found.values())


def _wrong(domain: str, task: Task) -> Iterator[Played]:
    suite = committed(domain)
    gold = gold_run(task)
    if not task.patch:
        kinds: dict[str, int] = {}
        for kind, run in mutants(task, _stage(domain)):
            kinds[kind] = kinds.get(kind, 0) + 1
            if kinds[kind] <= 1:
                yield settle(suite, task, run)
    actions = gold_actions(task)
    end = concluding(task.outcome, task.answer, task.reason)
    for count in {0, len(actions) // 2}:
        yield script(suite, task, [*actions[:count], end])
    yield script(suite, task, [*actions, *actions, end])
    yield script(suite, task, ["{", "nothing to say", *actions, "", end])
    chance = rng.stream("walk", task.id)
    names = [name for name in task.tools if name != "conclude"]
    some = [{"name": name, "arguments": {}} for name in chance.sample(names, min(6, len(names)))]
    yield script(suite, task, [*some, *actions, end])
    yield script(suite, task, [*some, concluding("impossible", reason="No.")])
    yield settle(suite, task, gold, extra=_pages(domain, task))


def _pages(domain: str, task: Task, most: int = 12) -> list[dict[str, Any]]:
    """Return calls that turn pages of all that can be listed without arguments."""
    tools = committed(domain).domain.tool_by_name
    lists = [name for name in task.tools if isinstance(tools[name].term, Search)]
    pages = itertools.product(range(1, 4), lists)
    return [{"name": name, "arguments": {"page": page}} for page, name in pages][:most]


@cache
def _runs(domain: str) -> tuple[tuple[Played, ...], tuple[Played, ...]]:
    """Return runs that pass and runs that fail, of some tasks."""
    passing: list[Played] = []
    failing: list[Played] = []
    for task in _tasks(domain):
        for run in (oracle(committed(domain), task), *_wrong(domain, task)):
            (passing if run.verdict.success else failing).append(run)
    return tuple(passing), tuple(failing)


@pytest.mark.parametrize("domain", EACH)
@pytest.mark.parametrize("reward", PRESETS)
def test_no_failing_run_outscores_a_passing_one(domain: str, reward: str) -> None:
    """Under every preset the worst passing run is better than the best failing one, any task's."""
    passing, failing = _runs(domain)
    options = RewardOptions.of(reward)

    worst = min(run.total(options) for run in passing)
    best = max(run.total(options) for run in failing)

    assert worst - best >= options.gap - 1e-9
    assert worst > best
    assert len(failing) > len(passing) > 15


@given(
    st.dictionaries(
        st.sampled_from(WEIGHED), st.sampled_from([-1.0, -0.2, -0.02, 0.05, 0.3, 1.0]), max_size=6
    ),
    st.sampled_from([1.0, 2.0, 5.0]),
    st.data(),
)
@settings(max_examples=100)
def test_no_weights_that_are_taken_let_one(
    weights: dict[str, float], success: float, data: st.DataObject
) -> None:
    """Under weights that are not refused, the same holds."""
    passing, failing = _runs(FIRST)
    some = data.draw(st.lists(st.sampled_from(failing), min_size=1, max_size=8))
    others = data.draw(st.lists(st.sampled_from(passing), min_size=1, max_size=8))
    try:
        options = RewardOptions.of(weights | {"success": success})
        for run in (*some, *others):
            options.check(run.limit)
    except UsageError:
        return

    assert max(r.total(options) for r in some) < min(r.total(options) for r in others)


@pytest.mark.parametrize("domain", EACH)
def test_terms_stay_within_their_bounds(domain: str) -> None:
    """All terms are there after every turn, are numbers, and end within the bounds they state."""
    for run in itertools.chain(*_runs(domain)):
        scores, _ = run.measured()
        for score in scores:
            assert score.terms.keys() == TERMS.keys()
            assert all(map(math.isfinite, score.terms.values()))
            for name, value in score.terms.items():
                if not SPANS[name].counts:
                    low, high = SPANS[name].whole
                    assert low <= value <= high, name
        for name, value in scores[-1].terms.items():
            span = SPANS[name].passing if run.verdict.success else SPANS[name].failing
            times = run.limit if SPANS[name].counts == "turns" else 1
            assert span[0] * times <= value <= span[1] * times, (name, run.task.id)


@pytest.mark.parametrize("domain", EACH)
@pytest.mark.parametrize("gamma", [1.0, 0.9])
def test_potentials_come_to_nothing(domain: str, gamma: float) -> None:
    """Discounted as the options say, what progress pays as a potential telescopes away."""
    shaped = RewardOptions.of({"preset": "progress", "shaping": "potential", "gamma": gamma})
    for run in itertools.chain(*_runs(domain)):
        last = gamma ** (len(run.turns) - 1)
        assert run.total(shaped, gamma) == pytest.approx(run.verdict.success * last)


@pytest.mark.parametrize("domain", EACH)
def test_rewards_add_up_to_the_score(domain: str) -> None:
    """What bounded weights pay turn by turn is the weighted sum of the last terms."""
    weights = {"success": 9.0, "progress": 2.0, "harm": -1.0, "format": 0.5, "turns": -0.01}
    for run in itertools.chain(*_runs(domain)):
        expected = sum(weights[name] * run.terms[name] for name in weights)
        assert run.total({"weights": weights}) == pytest.approx(expected)


@pytest.mark.parametrize("domain", DOMAINS)
def test_the_gold_run_reaches_every_milestone(domain: str) -> None:
    """Every ordinary task: the gold run ends at 1, without harm, breach or false claim."""
    suite = committed(domain)
    for task in filter(ordinary, suite.tasks):
        run = oracle(suite, task)
        scores, meter = run.measured()
        terms = scores[-1].terms
        ways = meter.course.milestones.ways
        shares = [
            way.share(meter._reached | made) for way, made in zip(ways, meter._made, strict=True)
        ]

        assert max(shares) == 1.0, task.id
        for name in ("success", "progress", "turn", "format", "communication", "claims"):
            assert terms[name] == 1.0, (task.id, name)
        for name in ("harm", "breaches"):
            assert terms[name] == 0.0, (task.id, name)
        rising = run.term("progress")
        assert rising == sorted(rising), task.id


@pytest.mark.parametrize("domain", DOMAINS)
def test_other_tasks_are_credited_on_the_way(domain: str) -> None:
    """Where wishes come later, words or the user's deeds count, credit rises and ends at 1."""
    suite = committed(domain)
    played = 0
    for task in suite.tasks:
        if ordinary(task) or task.view:
            continue
        run = oracle(suite, task)
        rising = run.term("progress")
        played += 1

        assert run.terms["success"] == run.terms["progress"] == 1.0, task.id
        assert rising == sorted(rising), task.id
        assert run.terms["harm"] == run.terms["breaches"] == 0.0, task.id
    assert played


@pytest.mark.parametrize("domain", DOMAINS)
def test_scanning_everything_farms_nothing(domain: str) -> None:
    """Whoever turns all pages and uses nothing of it reaches no milestone, and pays for it.

    Of what can be done: where it cannot, to have seen so is half of the way.
    """
    suite = committed(domain)
    for task in _tasks(domain):
        pages = _pages(domain, task, 20)
        if not pages or task.goal.branches[0].idle or task.outcome != "done":
            continue
        run = script(suite, task, [*pages, concluding("done")])
        if run.verdict.success:
            continue

        assert run.terms["progress"] == 0.0, task.id
        least = run.measured()[1].course.least
        assert run.terms["overuse"] == pytest.approx(max(0, len(pages) - least) / len(pages))


def _undone_by(suite: Suite, calls: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the call that the last one undoes."""
    term = suite.domain.tool_by_name[calls[-1]["name"]].term
    assert isinstance(term, Update)
    key = [one.param for one in term.key]
    return next(
        call
        for call in calls[:-1]
        if call["name"] == calls[-1]["name"]
        and all(call["arguments"][name] == calls[-1]["arguments"][name] for name in key)
    )


@pytest.mark.parametrize("domain", DOMAINS)
def test_undo_and_redo_farm_nothing(domain: str) -> None:
    """A loop that ends in the rows in which it began earns nothing, whatever is undone in it."""
    suite, checked, fallen = committed(domain), 0, 0
    for task in _tasks(domain):
        if task.patch:
            continue
        for kind, run in mutants(task, _stage(domain)):
            if kind != "undone":
                continue
            calls = [{"name": name, "arguments": given} for name, given in run.calls]
            loop = [calls[-1], _undone_by(suite, calls)] * 3
            once = script(suite, task, calls[:-1], max_turns=40)
            often = script(suite, task, [*calls[:-1], *loop], max_turns=40)
            before = once.term("progress")[-1]
            after = often.term("progress")[len(calls) - 2 :]

            assert after[-1] == before
            assert max(after) == before
            fallen += min(after) < before
            assert often.total("progress") == pytest.approx(once.total("progress"))
            checked += 1
            break
    assert checked >= fallen > 0


@pytest.mark.parametrize("domain", EACH)
def test_forks_go_their_own_way(domain: str) -> None:
    """A fork measures on as the meter would have, and neither disturbs the other."""
    for run in _runs(domain)[0][::7]:
        whole, _ = run.measured("progress")
        for cut in range(len(run.turns)):
            meter = run.suite.meter(run.task, "progress", max_turns=run.limit)
            for turn in run.turns[:cut]:
                meter.step(**turn)
            other, same = meter.fork(), meter.fork()
            assert other.state() == same.state() == meter.state()
            hash(meter.state())
            meter.step(said="Hello?", acts=())
            assert meter.state() != other.state()
            scores = [other.step(**turn) for turn in run.turns[cut:]]

            assert scores == whole[cut:]
            assert [same.step(**turn) for turn in run.turns[cut:]] == scores


def test_nothing_is_earned_after_the_end() -> None:
    """A meter whose episode is over gives nothing, and keeps its terms."""
    suite = committed(DOMAINS[0])
    run = oracle(suite, suite.tasks[0])
    scores, meter = run.measured("progress")
    again = meter.step(said="Anything else?")

    assert again.reward == 0.0
    assert again.terms == scores[-1].terms
    assert isinstance(suite._judge_of(suite.tasks[0]), Judge)


def test_lists_and_lookups_are_there() -> None:
    """The tests above have something to scan."""
    for name in DOMAINS:
        terms = {type(tool.term) for tool in committed(name).domain.tools}
        assert {Search, Get, ListRelated} <= terms
