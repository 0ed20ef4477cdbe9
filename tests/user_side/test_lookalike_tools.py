"""Look-alike tools: the request fits several, the user's fact decides, and it can be measured."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from talk_tasks import drawn, played, prover_of, shares, worded_domain

from agentgym.episode import Suite
from agentgym.goals.calling import callings
from agentgym.plan import Write
from agentgym.prove import RefusedError
from agentgym.prove.lookalikes import choices
from agentgym.prove.mutants import mutants
from agentgym.tasks import Task, words
from agentgym.tasks.words.later import say_opening
from agentgym.trajectory import Event

DOMAINS = ("clinic", "harbour")


@pytest.mark.parametrize("name", DOMAINS)
def test_most_draws_hold_and_only_who_asks_passes(name: str) -> None:
    """Nearly all draws are admitted; the oracle passes all, doing nothing and luck none."""
    found, candidates = drawn(name, "underspecified", 16)
    assert len(found) * 4 >= 3 * candidates > 0
    assert shares(name, found) == {"oracle": len(found), "noop": 0, "random": 0}


@pytest.mark.parametrize("name", DOMAINS)
def test_several_tools_fit_and_some_are_wrong(name: str) -> None:
    """The measured choice names them; wrong-tool runs are among the mutants."""
    prover = prover_of(name)
    for task in drawn(name, "underspecified", 16)[0]:
        (choice,) = task.measured["choices"]
        assert {*choice["right"]} < {*choice["among"]}
        assert len(choice["among"]) >= 2
        assert choice["right"]
        assert choice["ask"]
        assert list(choices(task, prover.domain)) == [choice]
        kinds = [kind for kind, _ in mutants(task, prover.stages.of(task.patch))]
        assert "wrong_tool" in kinds
        assert prover.certify(task) == task.certificate


def test_a_view_with_one_tool_for_it_is_no_choice() -> None:
    """Where one tool does whatever could be meant, there is nothing to choose."""
    for name in DOMAINS:
        prover = prover_of(name)
        for task in drawn(name, "underspecified", 16)[0]:
            (choice,) = list(choices(replace(task, view={}), prover.domain))
            if len(choice["among"]) > len(choice["right"]):
                continue
            with pytest.raises(RefusedError):
                prover.certify(replace(task, view={}))
            return
    pytest.fail("every task has several tools as the domain has them")


def test_how_the_tool_was_chosen_is_measured() -> None:
    """The oracle asks first and is right; who calls at once is seen not to have asked."""
    domain = worded_domain("clinic")
    found = drawn("clinic", "underspecified", 16)[0]
    suite = Suite(domain, found)
    for task in found[:6]:
        gold = {step.node: step.arguments for step in task.gold}
        asked = callings(task.measured["choices"], gold, played(suite, task, "oracle").trace())
        assert [(one.asked, one.tool, one.arguments) for one in asked] == [(True, True, True)]
        (wrong,) = callings(task.measured["choices"], gold, hasty(suite, task))
        assert (wrong.asked, wrong.tool, wrong.arguments) == (False, False, False)
        nothing = played(suite, task, "noop").trace()
        (silent,) = callings(task.measured["choices"], gold, nothing)
        assert (silent.asked, silent.tool, silent.arguments) == (False, False, False)


def hasty(suite: Suite, task: Task) -> tuple[Event, ...]:
    """Call a wrong tool at once, and return the trace."""
    (choice,) = task.measured["choices"]
    wrong = next(name for name in choice["among"] if name not in choice["right"])
    episode = suite.episode(task.id)
    episode.call_json({"name": wrong, "arguments": {}})
    return episode.trace()


def test_the_request_says_to_what_and_not_what() -> None:
    """It reads as a change without a value; and there are many ways to say it."""
    phrasings = set()
    for name in DOMAINS:
        schema = worded_domain(name).schema
        for task in drawn(name, "underspecified", 16)[0]:
            me = None if task.plan.party is None else task.plan.party.entity
            (reading,) = words.read(task.instruction, schema, me=me)
            (write,) = [node for node in reading.nodes if isinstance(node, Write)]
            assert not write.settings
            for seed in range(6):
                wording = say_opening(task.plan, schema, seed=seed)
                if wording is not None:
                    phrasings.add(wording.phrasing)
    assert len(phrasings) >= 40
