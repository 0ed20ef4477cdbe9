"""Hidden facts: a request that leaves out what is needed, as a knob of every family."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from talk_tasks import drawn, prover_of, shares

from agentgym.plan import Select, Write
from agentgym.plan.unsaid import evident, hidden, without
from agentgym.prove import RefusedError
from agentgym.tasks import words
from agentgym.tasks.knobs import Knobs
from agentgym.tasks.writing.plans import with_fact

FAMILIES = ("lookup", "multi_hop", "update", "multi_write", "conditional", "long_horizon", "mixed")


@pytest.mark.parametrize("family", FAMILIES)
def test_facts_are_hidden_in_every_family(family: str) -> None:
    """Some tasks hide what is asked for, the certificate says how open they are."""
    found, _ = drawn("clinic", family, 24, Knobs(hidden=2))
    open_ones = [task for task in found if hidden(task.plan)]
    assert open_ones
    for task in open_ones:
        (unique,) = [gate for gate in task.certificate.gates if gate.gate == "unique"]
        assert unique.detail["unsaid"] >= 2
        assert task.measured["hidden"] == len(hidden(task.plan)) <= 2
        assert "underspecified" in task.measured["traits"]
        assert {*hidden(task.plan)} <= task.user.questions.keys()
    passed = shares("clinic", tuple(open_ones[:4]))
    assert passed == {"oracle": len(open_ones[:4]), "noop": 0, "random": 0}


def test_several_facts_are_hidden_over_several_nodes() -> None:
    """Up to four, of clues and of new values, in one request."""
    counts = set()
    places = set()
    for family in ("multi_write", "long_horizon", "update"):
        for task in drawn("clinic", family, 16, Knobs(hidden=4))[0]:
            names = {*hidden(task.plan)}
            counts.add(len(names))
            for node in task.plan.nodes:
                if isinstance(node, Select) and any(one.fact in names for one in node.where):
                    places.add("clue")
                if isinstance(node, Write) and any(one.fact in names for one in node.settings):
                    places.add(node.kind)
    assert max(counts) == 4
    assert {"clue", "create", "update"} <= places


def test_what_is_hidden_is_not_in_the_words() -> None:
    """The instruction reads as the plan without its hidden facts, and as nothing else."""
    for family in ("update", "multi_write"):
        prover = prover_of("clinic")
        for task in drawn("clinic", family, 24, Knobs(hidden=2))[0]:
            me = None if task.plan.party is None else task.plan.party.entity
            (reading,) = words.read(task.instruction, prover.schema, me=me)
            assert words.same(reading, task.plan)
            facts = {
                where.fact for n in reading.nodes if isinstance(n, Select) for where in n.where
            }
            left = without(task.plan, hidden(task.plan))
            told = {w.fact for n in left.nodes if isinstance(n, Select) for w in n.where}
            assert len(facts) <= len(told)


def test_what_nobody_would_miss_is_refused() -> None:
    """A clue that is not needed, and a value beside others that are told."""
    prover = prover_of("clinic")
    codes = set()
    for task in drawn("clinic", "update")[0]:
        for fact in task.plan.facts:
            if fact.exposure != "instruction" or fact.id in {one.id for one in task.plan.who()}:
                continue
            plan = with_fact(task.plan, replace(fact, exposure="hidden"))
            try:
                prover.stage.unique.check(plan)
            except RefusedError as error:
                codes.add(error.code)
                if error.code == "hidden_unseen":
                    assert not evident(plan, fact.id, prover.schema, prover.domain.tools)
            else:
                assert evident(plan, fact.id, prover.schema, prover.domain.tools)
    assert codes >= {"hidden_unseen"}
    assert codes <= {"hidden_unseen", "hidden_idle", "hidden_guess"}


def test_every_hidden_fact_is_needed() -> None:
    """Told at once instead, each leaves a plan that holds with one hidden fact less."""
    prover = prover_of("clinic")
    for task in drawn("clinic", "multi_write", 24, Knobs(hidden=2))[0][:6]:
        for name in hidden(task.plan):
            plan = with_fact(task.plan, replace(task.plan.fact(name), exposure="instruction"))
            report = prover.stage.unique.check(plan)
            assert bool(report.detail.get("unsaid")) == bool(hidden(plan))
