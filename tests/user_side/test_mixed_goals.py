"""What is wanted changes on the way: the plan says when, the user says it, the end decides."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from msgspec.structs import replace
from talk_tasks import drawn, played, prover_of, shares, worded_domain

from agentgym.episode import Suite
from agentgym.plan import Emit, Later, Plan, Shift, Write, told
from agentgym.plan.intents import added, dropped, intents, opening, turns
from agentgym.plan.shape import shape
from agentgym.prove import RefusedError, intent
from agentgym.prove.mutants import mutants
from agentgym.tasks import Task, words
from agentgym.trajectory import UserEvent

DOMAINS = ("clinic", "harbour")


def tasks() -> Iterator[Task]:
    """Yield mixed tasks of our own domains."""
    for name in DOMAINS:
        yield from drawn(name, "mixed")[0]


def given_up() -> Task:
    """Return a task in which something is given up."""
    return next(task for task in tasks() if any(turn.drops for turn in turns(task.plan)))


def refused(plan: Plan) -> str:
    """Return the code with which the turns of a plan are refused."""
    with pytest.raises(RefusedError) as caught:
        intent.check(plan)
    return caught.value.code


def with_turn(plan: Plan, **fields: object) -> Plan:
    """Return the plan with another first turn."""
    first = turns(plan)[0]
    nodes = tuple(replace(one, **fields) if one is first else one for one in plan.nodes)
    return replace(plan, nodes=nodes)


@pytest.mark.parametrize("name", DOMAINS)
def test_most_draws_hold_and_only_who_listens_passes(name: str) -> None:
    """Half of the draws are admitted; the oracle passes all, doing nothing and luck none."""
    found, candidates = drawn(name, "mixed")
    assert len(found) * 2 > candidates > 12
    assert shares(name, found) == {"oracle": len(found), "noop": 0, "random": 0}


def test_each_way_of_going_on_comes_up() -> None:
    """More is wanted, something is given up, a value shifts: and the labels say so."""
    kinds = set()
    for task in tasks():
        traits = task.measured["traits"]
        coming = turns(task.plan)
        kinds |= {"more" if turn.adds else "less" for turn in coming}
        shifted = any(isinstance(node, Shift) for node in task.plan.nodes)
        kinds |= {"shift"} if shifted else set()
        assert ("shifted" in traits) == (shifted or any(turn.drops for turn in coming))
        assert "multiple" in traits
        assert task.measured["turns"] == len(coming)
    assert kinds == {"more", "less", "shift"}


def test_the_intent_is_stored_with_each_message_of_the_user() -> None:
    """What the log says that the user wants is what the plan says, and ends at the goal's."""
    for name in DOMAINS:
        found = drawn(name, "mixed")[0]
        suite = Suite(worded_domain(name), found)
        for task in found:
            episode = played(suite, task, "oracle")
            said = [one.intent for one in episode.trace() if isinstance(one, UserEvent)]
            expected = intents(task.plan)
            assert list(dict.fromkeys(said)) == list(dict.fromkeys(expected))
            wanted = {node.id for node in prover_of(name).tables.wanted(task.plan)}
            assert wanted == {*expected[-1]}


def test_who_stops_at_the_opening_or_does_what_was_given_up_fails() -> None:
    """Such runs are among the mutants of every task, and all are killed."""
    for name in DOMAINS:
        prover = prover_of(name)
        for task in drawn(name, "mixed")[0]:
            stage = prover.stages.of(task.patch)
            kinds = {kind for kind, _ in mutants(task, stage)}
            adds = any(turn.adds for turn in turns(task.plan))
            drops = any(turn.drops for turn in turns(task.plan))
            assert ("first_wants" in kinds) >= adds
            assert ("given_up" in kinds) == drops
            assert prover.certify(task) == task.certificate


def test_the_parts_of_a_plan_make_the_whole() -> None:
    """Each act is asked in one part; facts of later turns are in no part before theirs."""
    for task in tasks():
        plan = task.plan
        acts = [node.id for node in plan.nodes if isinstance(node, (Write, Emit))]
        parts = [opening(plan), *(added(plan, turn) for turn in turns(plan) if turn.adds)]
        asked = [node.id for part in parts if part for node in part.nodes if node.id in acts]
        assert sorted(asked) == sorted(acts)
        later = {name for turn in turns(plan) for name in turn.facts}
        assert not later & {fact.id for fact in opening(plan).facts}
        assert told(plan) == told(told(plan))
        assert shape(plan) == shape(told(plan)) == task.shape


def test_turns_read_back_as_what_they_mean() -> None:
    """The words of a turn have one reading; those of another turn do not do for it."""
    for name in DOMAINS:
        schema = worded_domain(name).schema
        for task in drawn(name, "mixed")[0]:
            me = None if task.plan.party is None else task.plan.party.entity
            for node, turn in zip(turns(task.plan), task.user.later, strict=True):
                (wish,) = words.read_later(turn.text, schema, me=me)
                less = dropped(task.plan, node)
                assert (wish.less is None) == (less is None)
                assert words.reads_as(turn.text, task.plan, node, schema)
                other = replace(node, adds=node.drops, drops=node.adds)
                assert not words.reads_as(turn.text, task.plan, other, schema)
            readings, coming = words.read_opening(task.instruction, schema, me=me)
            assert coming == any(turn.when == "close" for turn in task.user.later)
            assert len(readings) == 1


def test_a_script_that_says_something_else_is_refused() -> None:
    """Neither another text, nor other intents, nor a turn less passes the gate."""
    task = given_up()
    prover = prover_of(next(n for n in DOMAINS if task.id.startswith(n)))
    script = task.user
    first, *rest = script.later
    broken = (
        replace(script, later=()),
        replace(script, wants=()),
        replace(script, later=(replace(first, text="One more thing. Bye."), *rest)),
        replace(script, later=(replace(first, wants=script.wants), *rest)),
    )
    for user in broken:
        with pytest.raises(RefusedError) as caught:
            prover.certify(replace(task, user=user))
        assert caught.value.gate == "text"


def test_turns_that_nobody_could_follow_are_refused() -> None:
    """What is given up too late, told by nobody, or wanted twice."""
    plan = given_up().plan
    intent.check(plan)
    first = turns(plan)[0]
    assert refused(with_turn(plan, when="close")) == "intent_late"
    assert refused(with_turn(plan, drops=())) in ("intent_idle", "intent_unasked")
    assert refused(with_turn(plan, adds=first.drops)) == "intent_twice"
    assert refused(with_turn(plan, drops=intents(plan)[0])) == "intent_nothing" or turns(plan)[1:]
    bare = tuple(replace(fact, exposure="instruction") for fact in plan.facts)
    assert refused(replace(plan, facts=bare)) in ("intent_unasked", "intent_facts")
    more = next(task.plan for task in tasks() if any(t.facts for t in turns(task.plan)))
    silent = tuple(
        replace(node, facts=()) if isinstance(node, Later) else node for node in more.nodes
    )
    assert refused(replace(more, nodes=silent)) == "intent_facts"
