"""Every family is admitted, its goal says what is right, and certificates are recomputed."""

from __future__ import annotations

import msgspec
import pytest
from msgspec.structs import replace
from sampled_tasks import candidates, every, sampled

from agentgym.domain.patch import Patch
from agentgym.plan import FAMILIES, Emit, Guard, Refuse, Shift
from agentgym.prove import Costs, Prover, RefusedError
from agentgym.prove.kills import Kills
from agentgym.prove.run import gold_run
from agentgym.prove.runs import Runs
from agentgym.tasks.knobs import Candidate, Knobs

DOMAIN = "clinic"
RARE = ("long_horizon",)
"""Families of which few draws hold together."""


def test_every_family_is_admitted() -> None:
    """Tasks of each family pass every gate, and carry what the family is about."""
    _, made = sampled(DOMAIN)

    assert [family for family in FAMILIES if not made[family] and family not in RARE] == []
    for family, tasks in made.items():
        for task in tasks:
            branch, kinds = task.goal.branches[0], {type(node) for node in task.plan.nodes}
            assert task.family == family
            assert task.outcome == branch.outcome
            assert task.shape
            if family == "refusal":
                assert branch.rules
                assert branch.outcome == "refused"
            if family == "unanswerable":
                assert branch.names
                assert branch.outcome == "impossible"
            if family == "no_tool_needed":
                assert branch.idle
            if family == "conditional":
                assert Guard in kinds
            if family == "shift":
                assert Shift in kinds
                assert task.user.shift is not None
            if family == "set_valued":
                assert branch.answers[0].many
            if family == "planning":
                assert branch.answers[0].count
            if family == "ambiguous":
                hidden = [fact for fact in task.plan.facts if fact.exposure == "hidden"]
                assert {fact.id for fact in hidden} <= set(task.user.questions)


def test_certificates_of_every_family_are_recomputed() -> None:
    """Certifying a task again, by one who knows nothing of how it was made, gives the same."""
    prover, tasks = every(DOMAIN)
    other = Prover(prover.domain)
    for task in tasks[::3]:
        assert other.certify(task) == task.certificate


def test_doing_nothing_never_wins() -> None:
    """No task of any family is won by an end without the work, whatever it is called."""
    prover, tasks = every(DOMAIN)
    for task in tasks:
        runs = Runs(prover.stages.of(task.patch), task)
        for outcome in ("done", "refused", "impossible", None):
            idle = replace(gold_run(task), calls=(), answer=None, reason="", outcome=outcome)
            assert not runs.judged(runs.replay.play(idle)).success, task.id


def test_wrong_runs_of_every_family_fail() -> None:
    """Eight kinds of wrong runs or more, all of which fail, for nearly every task."""
    prover, tasks = every(DOMAIN)
    kinds = {}
    for task in tasks:
        kills = Kills(Runs(prover.stages.of(task.patch), task))
        kills.check()
        kinds[task.id] = kills.kinds

    assert min(map(len, kinds.values())) >= 5
    assert sum(len(found) >= 8 for found in kinds.values()) >= 0.7 * len(kinds)
    seen = set().union(*kinds.values())
    assert seen >= {"step_dropped", "member_missing", "dumped_answer", "hedged_answer", "guessed"}
    assert seen >= {"other_reason", "needless_call", "other_branch", "first_value", "wrong_entity"}


def test_an_act_that_is_barred_is_barred_by_that_rule() -> None:
    """A refusal that names another rule, or an act that can be done, is no task."""
    prover, made = sampled(DOMAIN)
    task = made["refusal"][0]
    (node,) = [one for one in task.plan.nodes if isinstance(one, Refuse)]
    others = [rule.id for rule in prover.domain.rules if rule.id != node.rule]
    nodes = tuple(replace(n, rule=others[0]) if n is node else n for n in task.plan.nodes)
    mistaken = replace(task.plan, nodes=nodes)

    with pytest.raises(RefusedError) as error:
        prover.admit(mistaken, task_id="x", seed=0)
    assert error.value.gate == "executes"

    able = made["update"][0].plan
    act = next(n for n in able.nodes if type(n).__name__ == "Write")
    bar = Refuse(id="n99", act=act.id, because="rule", rule=node.rule)
    with pytest.raises(RefusedError) as error:
        prover.admit(replace(able, nodes=(*able.nodes, bar)), task_id="x", seed=0)
    assert error.value.gate == "executes"


def test_a_patched_task_is_proved_on_its_own_rows() -> None:
    """Rows that a patch changes are what clues, answers and calls see."""
    prover, made = sampled(DOMAIN)
    lookup = next(
        task
        for task in made["lookup"]
        if isinstance(task.answer, str) and task.goal.branches[0].seen[0].key
    )
    (emit,) = [node for node in lookup.plan.nodes if isinstance(node, Emit)]
    seen = lookup.goal.branches[0].seen[0]
    assert seen.key is not None
    field = str(emit.field)
    other = "2031-05-06" if lookup.answer[:2] in ("19", "20") else "Quite another"
    patch = (Patch(entity=seen.entity, key=seen.key, values={field: other}),)
    try:
        task = prover.admit(Candidate(plan=lookup.plan, patch=patch), task_id="p", seed=0)
    except RefusedError as error:
        pytest.skip(str(error))

    assert task.answer == other
    assert task.certificate.start != lookup.certificate.start
    assert prover.certify(task) == task.certificate
    assert prover.certify(lookup) == lookup.certificate
    with pytest.raises(RefusedError):
        prover.certify(replace(task, patch=()))


def test_a_patch_that_does_not_fit_is_refused() -> None:
    """A patch of what is not there is a reason, not a crash."""
    prover, made = sampled(DOMAIN)
    patch = (Patch(entity="nothing", key=(1,), values={}),)

    with pytest.raises(RefusedError) as error:
        prover.admit(Candidate(plan=made["lookup"][0].plan, patch=patch), task_id="p", seed=0)
    assert error.value.name == "executes.patch"


def test_knobs_are_kept() -> None:
    """More calls than are proved, or fewer than the run takes, are refused; knobs are stored."""
    prover, made = sampled(DOMAIN)
    plan = made["multi_hop"][0].plan
    with pytest.raises(RefusedError) as error:
        prover.admit(Candidate(plan=plan, knobs=Knobs(least=40)), task_id="k", seed=0)
    assert error.value.name == "shortest.too_short"
    with pytest.raises(RefusedError) as error:
        prover.admit(Candidate(plan=plan, knobs=Knobs(most=1)), task_id="k", seed=0)
    assert error.value.name == "shortest.too_long"
    candidate = Candidate(plan=plan, knobs=Knobs(least=1, held=1), operators=("seed", "deepen"))
    task = prover.admit(replace(candidate, parent="c/1"), task_id="k", seed=0)

    assert (task.knobs["least"], task.knobs["held"]) == (1, 1)
    assert "most" not in task.knobs
    assert (task.operators, task.parent) == (("seed", "deepen"), "c/1")


def test_what_was_proved_of_a_parent_is_not_proved_again() -> None:
    """Hops and clues of a certified task are taken over, of one of other rows they are not."""
    prover, made = sampled(DOMAIN)
    task = made["multi_hop"][0]
    fresh = Prover(prover.domain)
    fresh.trust(replace(task, certificate=replace(task.certificate, start="0" * 32)))
    assert not fresh.stage.known
    fresh.trust(task)
    known = set(fresh.stage.known)
    again = fresh.admit(task.plan, task_id=task.id, seed=0, proved=task)

    assert known
    assert fresh.stage.known == known
    assert again.certificate == prover.admit(task.plan, task_id=task.id, seed=0).certificate


def test_costs_are_counted_and_no_part_of_a_task() -> None:
    """Time and refusals by gate are to be had; tasks made at another pace are the same."""
    ticks = iter(range(10**9))
    slow = Costs(clock=lambda: float(next(ticks)))
    one, other = Prover(sampled(DOMAIN)[0].domain, costs=slow), sampled(DOMAIN)[0]
    for candidate in candidates(one, "lookup", 12):
        try:
            made = one.admit(candidate, task_id="c", seed=0)
        except RefusedError:
            continue
        assert msgspec.json.encode(made.certificate) == msgspec.json.encode(
            other.admit(candidate, task_id="c", seed=0).certificate
        )
    costs = {cost.gate: cost for cost in slow.by_gate()}

    assert costs["mutants"].runs > 0
    assert all(cost.seconds > 0 for cost in costs.values())
    assert sum(cost.refusals for cost in costs.values()) == slow.codes.total()
    rates = [cost.per_refusal for cost in slow.by_gate()]
    assert rates == sorted(rates)
    assert slow.survivals()["tried"] == costs["mutants"].runs
