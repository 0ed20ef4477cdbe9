"""Single terms on runs made by hand: claims, harm, talk, breaches, cost, phases, and failures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from bench_rewards import shop
from reward_runs import committed, concluding, gold_actions, oracle, script

from agentgym.episode.turn import Done
from agentgym.goals.rewards import RewardOptions, play
from agentgym.goals.rewards.claims import Claims, Known, values_in
from agentgym.goals.rewards.harm import harm
from agentgym.goals.rewards.talk import Talk
from agentgym.plan import Emit, Write
from agentgym.tools.algebra import Update
from agentgym.trajectory import Act, Failure, Fault, Flags, Result
from agentgym.world import RowChange

# claims


@pytest.mark.parametrize(
    ("text", "forms"),
    [
        ("It costs €1,250.50 now.", ["1250.5"]),
        ("There were 3 of them, and 12 more.", []),
        ("There were 13 of them.", ["13"]),
        ("Booked for January 8, 2025 at 14:45 UTC.", ["2025-01-08", "14:45"]),
        ("Booked for the 8th of January 2025.", ["2025-01-08"]),
        ("Booked for 23 January at 2:45 pm.", ["-01-23", "14:45"]),
        ("Since 2024-02-29T10:00:00Z.", ["2024-02-29t10:00:00"]),
        ("Write to ada.b@mail.test, please.", ["ada.b@mail.test"]),
        ("Invoice INV-1328 is paid.", ["inv-1328"]),
        ("A dose of 62mg, the 2nd one.", ["62"]),
        ("The doctor is Adam Roberson. Nothing else.", ["adam", "roberson"]),
        ("I did it on Monday. OK.", []),
        ("", []),
    ],
)
def test_values_in_free_text(text: str, forms: list[str]) -> None:
    """Numbers, dates, times, addresses, codes and names are found, however they are written."""
    assert [form for form, _ in values_in(text)] == forms


@pytest.mark.parametrize(
    ("told", "form", "says"),
    [
        ("ending on November 1, 2024 at 19:00", "2024-11-01", True),
        ("ending on November 1, 2024 at 19:00", "-11-01", True),
        ("ending on November 1, 2024 at 19:00", "2024-11-10", False),
        ("€36.90", "36.9", True),
        ("€136.90", "36.9", False),
        ("INV-1328", "inv-1328", True),
        ("INV-13280", "inv-1328", False),
    ],
)
def test_what_was_told(told: str, form: str, says: bool) -> None:
    """A value is told where it stands as a whole, in whatever form."""
    assert Known(told).says(form) == says


def test_the_share_of_claims() -> None:
    """Slots that are right, of all slots and of what nobody has shown."""
    assert Claims().share == 1.0
    assert Claims(right=2, wrong=1, unsupported=("x",)).share == 0.5
    assert Claims(supported=1, unsupported=("x",)).share == 0.5
    assert Claims(right=0, wrong=1, supported=5).share == 0.0


def test_claims_slot_by_slot() -> None:
    """Of an answer with several slots, the share that is right is what is claimed truly."""
    suite = committed("clinic")
    task = next(t for t in suite.tasks if len(t.goal.branches[0].answers) > 2)
    answer = list(task.answer)
    answer[0] = "Quixwolde-98765"
    run = script(suite, task, [*oracle(suite, task).actions[:-1], concluding("done", answer)])
    _, meter = run.measured()

    assert meter.claims is not None
    assert (meter.claims.right, meter.claims.wrong) == (len(answer) - 1, 1)
    assert meter.claims.unsupported == ("Quixwolde-98765",)
    assert 0 < run.terms["claims"] < 1
    assert 0 < run.terms["progress"] < 1


# harm


def test_early_and_lasting_harm_is_worse() -> None:
    """Harm is worse the earlier it comes and the harder it is to undo; more rows are worse."""
    slot, other = ("a", (1,)), ("a", (2,))

    def of(turn: int, weight: float) -> float:
        return harm({slot: (turn, weight)}, 10)

    assert 0 < of(10, 0.5) < of(1, 0.5) == of(10, 1.0) < of(1, 1.0) == 0.5
    assert of(1, 1.0) < harm({slot: (1, 1.0), other: (9, 0.5)}, 10) < 1
    assert harm({}, 10) == 0.0


def test_what_can_be_taken_back() -> None:
    """A change that a tool can undo weighs half of one that none can."""
    suite = shop(("update_order", "get_order"))
    inverses = suite.meter(suite.tasks[0]).course.inverses
    entity = suite.domain.schema.entity("order")
    before = suite.domain.rows["order"][0]
    term = suite.domain.tool_by_name["update_order"].term
    assert isinstance(term, Update)
    settable = {one.field for one in term.values}

    def changed(place: int) -> RowChange:
        after = (*before[:place], "other", *before[place + 1 :])
        return RowChange(entity="order", key=before[:1], before=before, after=after)

    for place, field in enumerate(entity.fields):
        assert inverses.weight(changed(place)) == (0.5 if field.name in settable else 1.0)
    gone = RowChange(entity="order", key=before[:1], before=before, after=None)
    assert inverses.weight(gone) == 1.0
    assert 0 < len(settable) < len(entity.fields)


# talk


def _act(kind: Any, *facts: str) -> Act:
    return Act(kind=kind, facts=facts)


@pytest.mark.parametrize(
    ("turns", "needed", "communication", "cost"),
    [
        ([], (), 1.0, 0.0),
        ([], ("f1",), 0.0, 0.0),
        ([[_act("inform", "f1")]], ("f1",), 1.0, 0.1),
        ([[_act("inform", "f1")]], ("f1", "f2"), 0.5, 0.1),
        ([[_act("inform", "f1")], [_act("inform", "f1")]], ("f1",), 0.75, 0.271),
        ([[_act("unknown")], [_act("unknown")]], (), 0.5, 1 - 0.9**4),
        ([[_act("confirm")]], (), 1.0, 0.1),
        ([[_act("complain"), _act("inform", "f1")]], ("f1",), 0.5, 0.271),
        ([[_act("inform", "f1")], [_act("leave")]], ("f1",), 0.0, 0.1),
        ([[_act("close")]], (), 1.0, 0.0),
    ],
)
def test_talk(
    turns: Sequence[Sequence[Act]], needed: tuple[str, ...], communication: float, cost: float
) -> None:
    """What was needed and told counts; what was asked for nothing, complaints and leaving cost."""
    talk = Talk()
    for acts in turns:
        talk = talk.heard(acts, 1)

    assert talk.communication(needed) == pytest.approx(communication)
    assert talk.cost == pytest.approx(cost)


# the meter


def _refused(rule: str) -> Done:
    error = Fault(code="rule_broken", message="No.", rule=rule)
    return Done("update_order", {}, Result(error=error))


def test_breaches_are_counted() -> None:
    """Broken advisory rules and tried enforced ones count alike, each time."""
    suite = shop()
    meter = suite.meter(suite.tasks[0])
    broken = Done("update_order", {}, Result(data={}, breaches=("r1", "r2")))

    assert meter.step(done=[broken]).terms["breaches"] == 0.75
    assert meter.step(done=[_refused("r3")]).terms["breaches"] == 0.875
    assert meter.step(done=[_refused("r3")]).terms["breaches"] == 0.9375


def test_prices_and_budget() -> None:
    """Calls cost what their kind or their own name says; a budget is passed by spending more."""
    suite = shop()
    reward = "prices=get_order:0.5+ask:4,budget=7"
    meter = suite.meter(suite.tasks[0], reward)
    read, write = (Done(name, {}, Result(data={})) for name in ("get_order", "update_order"))

    assert meter.step(done=[read]).terms["spent"] == 0.5
    assert meter.step(done=[write]).terms["spent"] == 2.5
    assert not meter.over_budget
    assert meter.step(said="Well?").terms["spent"] == 6.5
    assert not meter.over_budget
    assert meter.step(done=[read, read]).terms["cost"] == 1.0
    assert meter.over_budget
    assert meter.spent == 7.5


def test_the_environment_failing_is_no_reward() -> None:
    """Where the environment fails, the turn is void and earns 0.0; the agent's failures count."""
    suite = shop()
    task = suite.tasks[0]
    for reward in ("sparse", "progress", "format_first", "progress,shaping=potential"):
        meter = suite.meter(task, reward)
        meter.step(done=[Done("get_order", {}, Result(data={}))])
        failed = meter.step(failure=Failure(by="environment", code="backend", message="Gone."))

        assert failed.reward == 0.0
        assert failed.void
        assert not meter.step().void
    meter = suite.meter(task, "format_first")
    own = meter.step(
        flags=Flags(void=True), failure=Failure(by="agent", code="max_turns", message="Late.")
    )
    assert not own.void


def test_repeated_calls_of_one_turn() -> None:
    """A turn that repeats a call counts once, and besides each call that is twice in it."""
    suite = shop()
    meter = suite.meter(suite.tasks[0])
    one = Done("get_order", {"order_id": 1}, Result(data={}))
    two = Done("get_order", {"order_id": 2}, Result(data={}))

    assert meter.step(done=[one]).terms["redundancy"] == 0.0
    assert meter.step(done=[one], flags=Flags(repeated=True)).terms["redundancy"] == 0.5
    last = meter.step(done=[one, two, two, two], flags=Flags(repeated=True))
    assert last.terms["redundancy"] == pytest.approx(3 / 6)


def test_a_task_without_a_gold_run() -> None:
    """Where there is neither plan nor gold run, the changes of the goal are the milestones."""
    suite = shop()
    task = suite.tasks[0]
    changes = task.goal.branches[0].changes
    actions = [
        {"name": "update_order", "arguments": {"order_id": one.key[0], "quantity": 11}}
        for one in changes
        if one.key is not None
    ]
    run = script(suite, task, [*actions, concluding("done")], max_turns=40)

    shares = [n / (len(changes) + 1) for n in range(1, len(changes) + 1)]
    assert run.verdict.success
    assert run.term("progress") == pytest.approx([*shares, 1.0])
    assert run.term("turn")[-3:] == [0.0, 1.0, 1.0]
    assert suite.meter(task).course.least == len(changes)


def test_guessed_arguments_are_no_milestone() -> None:
    """The right write with a key that no result has shown is not counted, nor is it before it."""
    suite = committed("clinic")
    task = next(
        t
        for t in suite.tasks
        if len(t.gold) == 2 and t.answer is None and t.outcome == "done" and not t.plan.party
    )
    looked = script(suite, task, gold_actions(task))
    elsewhere = {"name": "current_time", "arguments": {}}
    blind = script(suite, task, [elsewhere, *gold_actions(task)[1:]])

    assert looked.term("progress")[-1] > 0.5
    assert blind.term("progress") == [0.0, 0.0]


def test_changes_of_mind_begin_phases() -> None:
    """The turn reward is the mean over what the user wanted, each judged when it was given up."""
    suite = committed("clinic")
    task = next(
        t for t in suite.tasks if sum(isinstance(n, (Write, Emit)) for n in t.plan.nodes) > 2
    )
    acts = [node.id for node in task.plan.nodes if isinstance(node, (Write, Emit))]
    course = suite.meter(task).course
    turns = [acts[:1], acts]
    phases = course._phases(task.plan, task.goal, _played(suite, task), turns)

    assert len(phases) == 2
    assert phases[0].results & ~phases[1].results == 0
    assert phases[1].goals == ()


def _played(suite: Any, task: Any) -> Any:
    return play(suite.engine, suite.engine.world(suite.start(task)), task.gold)


def test_options_reach_the_meter() -> None:
    """A meter keeps what it was made with."""
    suite = shop()
    options = RewardOptions.of("staged,stage=2")

    assert suite.meter(suite.tasks[0], options).options is options


def test_a_verdict_alone_is_no_turn() -> None:
    """An episode that is ended from outside is closed without a further turn."""
    suite = shop()
    task = suite.tasks[0]
    run = script(suite, task, [concluding("done")])
    meter = suite.meter(task)
    first = meter.step(done=[Done("get_order", {}, Result(data={}))])
    last = meter.step(verdict=run.verdict)

    assert (first.terms["turns"], last.terms["turns"]) == (1.0, 1.0)
    assert last.terms["idle"] == 0.0
    assert meter.done


def test_thoughts_are_no_calls() -> None:
    """Thinking aloud costs nothing, and makes repeated calls no smaller a share."""
    suite = shop()
    meter = suite.meter(suite.tasks[0])
    one = Done("get_order", {"order_id": 1}, Result(data={}))
    meter.step(done=[one])
    before = meter.step(done=[one], flags=Flags(repeated=True)).terms
    thought = Done("think_aloud", {"thought": "Hm."}, Result(data={"noted": True}))
    after = meter.step(done=[thought]).terms

    for name in ("redundancy", "overuse", "spent", "executed", "idle"):
        assert after[name] == before[name], name


def test_nothing_is_found_out_before_the_first_turn() -> None:
    """To make a meter costs no gold run."""
    suite = shop()
    meter = suite.meter(suite.tasks[0], "progress")

    assert not meter._found
    assert set(meter.terms.values()) == {0.0}
    assert meter.fork().step(said="Hello?").terms["turns"] == 1.0
    assert not meter._found
