"""Measured difficulty: figures are what they say, are checked again, and follow the knobs."""

from __future__ import annotations

from collections import Counter

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies_tasks import OWN, own_domain, proved

from agentgym import rng
from agentgym.build.dials import DIALS, Dial, dials, ladder
from agentgym.build.making import Making
from agentgym.plan import Choose, Guard, Later, Refuse, Select, Shift
from agentgym.policies import LADDER
from agentgym.prove import RefusedError
from agentgym.tasks import Task
from agentgym.tasks.knobs import Candidate
from agentgym.tasks.operators import Operator
from agentgym.tasks.operators.acts import OPERATORS as ACTS
from agentgym.tasks.operators.reads import OPERATORS as READS

HARDER = [one for one in (*READS, *ACTS) if one.harder is not None]
RARE = {"aggregate", "cycle", "violate"}
"""Operators for which few tasks of the clinic have room."""


def test_figures_are_what_they_say() -> None:
    """Each figure of each task is counted here a second time."""
    prover, filled = proved("clinic")
    for task in filled.tasks:
        plan, told = task.plan, task.measured
        selects = [node for node in plan.nodes if isinstance(node, Select)]
        who = {fact.id for fact in plan.who()}
        later = [node for node in plan.nodes if isinstance(node, Later)]
        who |= {name for turn in later for name in turn.facts}
        held = [f for f in plan.facts if f.exposure in ("user", "hidden") and f.id not in who]
        control = [node for node in plan.nodes if isinstance(node, (Guard, Refuse, Shift, Later))]
        assert told["turns"] == len(later)
        assert told["hidden"] == sum(f.exposure == "hidden" for f in plan.facts)
        assert told["terms"] == len({f.term for f in plan.facts if f.term})
        assert told["entities"] == len(selects)
        assert told["clues"] == sum(len(node.where) + len(node.links) for node in selects)
        assert told["held"] == len(held)
        assert told["cases"] == len(control)
        assert told["bounds"] == sum(
            len(node.limits) for node in plan.nodes if isinstance(node, Choose)
        )
        assert told["tools"] == len(task.tools)
        assert told["visible"] is None or 1 <= told["visible"] <= len(task.gold)
        gate = next(one for one in task.certificate.gates if one.gate == "no_shortcut")
        assert told["prior_guess"] == gate.detail["guess_share"]
        assert prover.certify(task) == task.certificate
    assert any(task.measured["clues"] for task in filled.tasks)


@settings(max_examples=20)
@given(st.data())
def test_other_figures_are_refused(data: st.DataObject) -> None:
    """A task that says it is harder or easier than it is does not hold."""
    prover, filled = proved("clinic")
    task = data.draw(st.sampled_from(filled.tasks))
    names = ("clues", "vagueness", "held", "cases", "alike", "altered", "tools", "branching")
    name = data.draw(st.sampled_from(names))
    was = task.measured[name]
    assert was is not None
    wrong = task.measured | {name: was + data.draw(st.integers(1, 3))}
    with pytest.raises(RefusedError, match="stored"):
        prover.certify(msgspec.structs.replace(task, measured=wrong))


def figure(task: Task, name: str) -> int:
    """Return a figure of a task."""
    value = task.measured[name]
    assert isinstance(value, int)
    return value


@pytest.mark.parametrize("operator", HARDER, ids=lambda one: one.name)
def test_each_operator_raises_its_figure(operator: Operator) -> None:
    """Of the variants that are proved most have more of what the operator makes more of."""
    _, filled = proved("clinic")
    making = Making(own_domain("clinic"), filled.tasks, 1, 0)
    found: Counter[bool] = Counter()
    for task in filled.tasks:
        draws = rng.stream("harder", operator.name, task.id)
        start = Candidate(plan=task.plan, operators=task.operators, patch=task.patch)
        candidate = operator.apply(making.sampler, start, draws)
        if candidate is None:
            continue
        try:
            new = making.prover.admit(candidate, task_id=f"{making.domain.id}/9999", seed=0)
        except RefusedError:
            continue
        assert operator.harder is not None
        found[figure(new, operator.harder) > figure(task, operator.harder)] += 1
        if found.total() == 6:
            break

    assert found[True] > 0 or operator.name in RARE
    if operator.harder != "min_calls":  # what a call shows besides may be what is asked
        assert found[False] <= found[True]


@pytest.mark.parametrize("dial", DIALS, ids=lambda one: one.knob)
def test_figures_follow_the_knobs(dial: Dial) -> None:
    """From its lowest to its highest value that gives tasks, a knob raises its figure."""
    for name in OWN:
        made = dials(own_domain(name), count=4, chosen=(dial,))
        means = [one.mean for one in made if one.tasks]
        assert None not in means
        if len(means) >= 2:
            assert means[-1] > means[0]  # type: ignore[operator]
            return
    pytest.fail(f"no domain gives tasks for two values of {dial.knob}")


def test_the_ladder_labels_every_task() -> None:
    """The oracle passes everything, a guess nothing that must be looked up."""
    _, filled = proved("clinic")
    found = ladder(own_domain("clinic"), filled.tasks)
    again = ladder(own_domain("clinic"), filled.tasks)

    assert found == again
    assert set(found.tasks) == {task.id for task in filled.tasks}
    for task in filled.tasks:
        rungs = found.tasks[task.id]
        assert set(rungs.passed) == set(LADDER)
        assert rungs.passed["oracle"]
        assert not rungs.passed["guesser"] or task.measured["min_calls"] == 0
        assert rungs.rung <= len(LADDER) - 1
    assert any(rungs.passed["search"] for rungs in found.tasks.values())
    shares = [*found.families.values()]
    shares += [one for by_value in found.figures.values() for one in by_value.values()]
    assert all(one.passed["oracle"] == one.tasks for one in shares)
    assert sum(one.tasks for one in found.families.values()) == len(filled.tasks)
