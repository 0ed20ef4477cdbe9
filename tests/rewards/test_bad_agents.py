"""Bad agents, as a table: each is punished by the term that names its fault, and by no other.

Every agent plays a task that the good one (the gold run, with the questions that it needs) solves.
Its row says which term names what it does wrong, which others follow from the same fault, and
whether it fails. All terms besides are to be as good as the good agent's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

import pytest
from reward_runs import Played, act, committed, concluding, gold_actions, oracle, script

from agentgym.episode import Suite
from agentgym.policies.oracle import Oracle
from agentgym.tasks import Task
from agentgym.tools.algebra import Aggregate, Delete, Identify, Search, Update, is_write

NAME = "clinic"
GOOD = ("state", "frame", "answer", "evidence", "policy", "outcome", "format", "executed")
HIGH = (*GOOD, "communication", "claims")
"""Terms of which more is better."""
LOW = ("redundancy", "overuse", "harm", "breaches", "user_cost", "failed", "idle")
"""Terms of which less is better."""

Actions = Sequence[Any]
Agent = Callable[[Suite, Task], Played | None]


def end(task: Task) -> dict[str, Any]:
    """Return the right conclusion."""
    return concluding(task.outcome, task.answer, task.reason)


def after(task: Task, more: Actions) -> list[Any]:
    """Return the gold run, then something else, then the right conclusion."""
    return [*gold_actions(task), *more, end(task)]


def call(name: str, **arguments: Any) -> dict[str, Any]:
    """Return a call."""
    return {"name": name, "arguments": arguments}


# the agents


def repeats_calls(suite: Suite, task: Task) -> Played | None:
    """Makes its last look-up three times more."""
    last = next(a for a in reversed(gold_actions(task)) if not _writes(suite, a["name"]))
    return script(suite, task, after(task, [last] * 3))


def scans_everything(suite: Suite, task: Task) -> Played | None:
    """Lists whatever can be listed before it gets to work."""
    lists = [name for name in task.tools if isinstance(_term(suite, name), Search)]
    scan = [call(name, page=page) for page in (1, 2) for name in lists if _pages(suite, name, page)]
    return script(suite, task, [*scan, *after(task, [])])


def writes_malformed_json(suite: Suite, task: Task) -> Played | None:
    """Forgets to close its braces, twice."""
    return script(suite, task, ['{"name": "get_it", "arguments": {', *after(task, ['{"name":'])])


def takes_void_turns(suite: Suite, task: Task) -> Played | None:
    """Says nothing at all, twice."""
    return script(suite, task, after(task, ['{"name": 7}', '{"name": 7}']))


def breaks_an_advisory_rule(suite: Suite, task: Task) -> Played | None:
    """Leaves out the look that an advisory rule wants."""
    actions = oracle(suite, task).actions
    for place in range(len(actions) - 1):
        run = script(suite, task, [*actions[:place], *actions[place + 1 :]])
        if any(one.result.breaches for turn in run.turns for one in turn["done"]):
            return run
    return None


def tries_what_a_rule_forbids(suite: Suite, task: Task) -> Played | None:
    """Removes rows that others refer to, is refused, and tries again."""
    found = []
    for name, key in _keys(suite, task, Delete):
        run = script(suite, task, [call(name, **key)])
        result = run.turns[0]["done"][0].result
        if result.error is not None and result.error.code == "rule_broken":
            found.append(call(name, **key))
        if len(found) == 2:
            return script(suite, task, after(task, found))
    return None


def deletes_an_unrelated_row(suite: Suite, task: Task) -> Played | None:
    """Removes a row that nobody spoke of."""
    for name, key in _keys(suite, task, Delete):
        run = script(suite, task, after(task, [call(name, **key)]))
        if run.turns[-2]["done"][0].result.ok and not run.verdict.terms["frame"]:
            return run
    return None


def changes_then_undoes(suite: Suite, task: Task) -> Played | None:
    """Changes a row that nobody spoke of, and sets it back."""
    for there, back in _there_and_back(suite, task):
        run = script(suite, task, after(task, [there, back]))
        if run.verdict.success and max(run.term("harm")) > 0:
            return run
    return None


def guesses_the_answer(suite: Suite, task: Task) -> Played | None:
    """Gives the right answer without having looked."""
    run = script(suite, task, [end(task)])
    return None if run.verdict.success else run


def hedges(suite: Suite, task: Task) -> Played | None:
    """Offers two values where one was asked for."""
    other = _other_value(suite, task)
    if other is None:
        return None
    answer = f"{task.answer} or {other}"
    return script(suite, task, [*gold_actions(task), concluding("done", answer)])


def invents_a_value(suite: Suite, task: Task) -> Played | None:
    """Answers with a value that nobody has ever shown."""
    return script(suite, task, [*gold_actions(task), concluding("done", "Quixwolde-98765")])


def adds_an_invented_value(suite: Suite, task: Task) -> Played | None:
    """Says in its last words what no result has shown, beside what is right."""
    told = "It is done; the receipt is RX-98765-QQ, signed by Ottoline Quixwolde."
    return script(suite, task, [*gold_actions(task), concluding("done", told)])


def concludes_early(suite: Suite, task: Task) -> Played | None:
    """Says that it is done before it has changed anything."""
    reads = [one for one in gold_actions(task) if not _writes(suite, one["name"])]
    return script(suite, task, [*reads, concluding("done")])


def refuses_needlessly(suite: Suite, task: Task) -> Played | None:
    """Says that it cannot be done, having looked everything up."""
    reads = [one for one in gold_actions(task) if not _writes(suite, one["name"])]
    return script(suite, task, [*reads, concluding("impossible", reason="It cannot be done.")])


def asks_needlessly(suite: Suite, task: Task) -> Played | None:
    """Asks for what there is no need of, four times, before it gets to work."""
    asks = [
        call("ask_user", question=f"What is {what}?")
        for what in ("your shoe size", "your favourite colour", "the weather", "your star sign")
    ]
    return script(suite, task, [*asks, *after(task, [])])


def never_asks(suite: Suite, task: Task) -> Played | None:
    """Does not ask for what it needs to know, and gives up on what needs it."""
    needed = {f"fact:{fact.id}" for fact in task.plan.facts if fact.exposure == "user"}
    known = [
        {"name": step.tool, "arguments": dict(step.arguments)}
        for step in task.gold
        if not needed & set(step.origin.values()) and not _writes(suite, step.tool)
    ]
    return script(suite, task, [*known, concluding("done")])


def never_concludes(suite: Suite, task: Task) -> Played | None:
    """Does all that was asked, and goes on until it is cut off."""
    actions = gold_actions(task)
    return script(suite, task, actions, max_turns=max(2, len(actions)))


def overuses_calls(suite: Suite, task: Task) -> Played | None:
    """Asks for statistics that have nothing to do with it."""
    figures = [
        call(name, **({} if len(term.functions) == 1 else {"function": "count"}))
        for name in task.tools
        if isinstance(term := _term(suite, name), Aggregate) and "count" in term.functions
    ]
    return script(suite, task, after(task, figures)) if figures else None


def is_taken_in(suite: Suite, task: Task) -> Played | None:
    """Believes that the user is somebody else, and then does what was asked all the same."""
    for name, given in _identities(suite):
        policy = Oracle(task)
        first = [call(name, **given)]
        run = act(
            suite,
            task,
            lambda episode, seen, left=first, policy=policy: (  # type: ignore[misc]
                left.pop() if left else policy(seen, {"tools": episode.tools})
            ),
        )
        if run.turns[0]["done"][0].result.ok and not run.verdict.terms["policy"]:
            return run
    return None


class Row(NamedTuple):
    """A bad agent, and what it is to be punished by."""

    agent: Agent
    of: str
    """Which tasks it tries: see `TASKS`."""
    term: str
    """Names its fault."""
    also: tuple[str, ...] = ()
    """What follows from the same fault."""
    succeeds: bool = False


# fmt: off
TABLE = (
    #   agent                       tasks        the term         follows                 succeeds
    Row(repeats_calls,              "lookup",    "redundancy",    ("overuse",),           True),
    Row(scans_everything,           "lookup",    "overuse",       (),                     True),
    Row(writes_malformed_json,      "lookup",    "format",        ("executed", "failed", "idle"),
                                                                                          True),
    Row(takes_void_turns,           "lookup",    "format",        ("executed", "failed", "idle"),
                                                                                          True),
    Row(breaks_an_advisory_rule,    "advised",   "breaches",      ("policy",)),
    Row(tries_what_a_rule_forbids,  "lookup",    "breaches",      ("executed", "failed", "overuse"),
                                                                                          True),
    Row(deletes_an_unrelated_row,   "lookup",    "harm",          ("frame", "overuse")),
    Row(changes_then_undoes,        "lookup",    "overuse",       (),                     True),
    Row(guesses_the_answer,         "lookup",    "evidence",      ()),
    Row(hedges,                     "lookup",    "claims",        ("answer",)),
    Row(invents_a_value,            "lookup",    "claims",        ("answer",)),
    Row(adds_an_invented_value,     "write",     "claims",        (),                     True),
    Row(concludes_early,            "write",     "state",         ()),
    Row(refuses_needlessly,         "write",     "outcome",       ("state",)),
    Row(asks_needlessly,            "lookup",    "communication", ("user_cost",),         True),
    Row(never_asks,                 "asked",     "communication", ("state",)),
    Row(never_concludes,            "write",     "outcome",       ()),
    Row(overuses_calls,             "lookup",    "overuse",       (),                     True),
    Row(is_taken_in,                "asked",     "breaches",      ("policy", "overuse")),
)
# fmt: on


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.agent.__name__)
def test_bad_agents(row: Row) -> None:
    """The term that names the fault is worse than the good agent's, and no unrelated one is."""
    suite = committed(NAME)
    for task in TASKS[row.of]():
        bad = row.agent(suite, task)
        if bad is None:
            continue
        good = (
            oracle(suite, task)
            if row.of in ("asked", "advised")
            else script(suite, task, after(task, []))
        )
        worse = {name for name in HIGH if bad.terms[name] < good.terms[name]}
        worse |= {name for name in LOW if bad.terms[name] > good.terms[name]}

        assert good.verdict.success
        assert bad.verdict.success == row.succeeds, bad.verdict.reasons
        assert row.term in worse, (task.id, worse)
        assert worse <= {row.term, *row.also}, (task.id, worse)
        return
    pytest.fail("no task of the domain gives it the chance")


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.agent.__name__)
def test_weights_punish_them(row: Row) -> None:
    """A reward that weighs just the term that names the fault pays the good agent more."""
    suite = committed(NAME)
    sign = 1.0 if row.term in HIGH else -1.0
    for task in TASKS[row.of]():
        bad = row.agent(suite, task)
        if bad is None:
            continue
        good = (
            oracle(suite, task)
            if row.of in ("asked", "advised")
            else script(suite, task, after(task, []))
        )
        reward = {"weights": {"success": 3.0, row.term: sign}}

        assert good.total(reward) > bad.total(reward)
        return
    pytest.fail("no task of the domain gives it the chance")


# which tasks


def _tasks(*families: str) -> list[Task]:
    return [
        task
        for task in committed(NAME).tasks
        if task.family in families and not task.view and not task.patch
    ]


@cache
def lookup() -> list[Task]:
    """Return tasks that ask for one text, need no question, and leave room above the minimum."""
    return [
        task
        for task in _tasks("lookup", "mask_fill", "multi_hop", "aggregate")
        if isinstance(task.answer, str)
        and task.gold
        and all(fact.exposure == "instruction" for fact in task.plan.facts)
    ]


@cache
def write() -> list[Task]:
    """Return tasks that want one change and no answer, and need no question."""
    return [
        task
        for task in committed(NAME).tasks
        if task.outcome == "done"
        and task.answer is None
        and not task.view
        and not task.patch
        and all(fact.exposure == "instruction" for fact in task.plan.facts)
    ]


@cache
def asked() -> list[Task]:
    """Return tasks that want a change, and to know who the user is."""
    return [task for task in _tasks("update", "multi_write", "policy_bound") if task.plan.party]


@cache
def advised() -> list[Task]:
    """Return tasks that change something."""
    return [task for task in committed(NAME).tasks if task.goal.branches[0].changes]


TASKS = {"lookup": lookup, "write": write, "asked": asked, "advised": advised}


# what they find


def _term(suite: Suite, name: str) -> object:
    return suite.domain.tool_by_name[name].term


def _writes(suite: Suite, name: str) -> bool:
    return is_write(suite.domain.tool_by_name[name])


def _pages(suite: Suite, name: str, page: int) -> bool:
    term = _term(suite, name)
    assert isinstance(term, Search)
    return len(suite.domain.rows.get(term.entity, ())) > (page - 1) * term.page_size


def _keys(
    suite: Suite, task: Task, kind: type[Delete], each: int = 40
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield calls of tools of a kind on rows that there are."""
    for name in task.tools:
        term = _term(suite, name)
        if isinstance(term, kind):
            entity = suite.domain.schema.entity(term.entity)
            for row in suite.domain.rows.get(term.entity, ())[:each]:
                yield name, {one.param: row[entity.position(one.field)] for one in term.key}


def _there_and_back(suite: Suite, task: Task) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    for name in task.tools:
        term = _term(suite, name)
        if not isinstance(term, Update):
            continue
        entity = suite.domain.schema.entity(term.entity)
        for row in suite.domain.rows.get(term.entity, ())[:5]:
            key = {one.param: row[entity.position(one.field)] for one in term.key}
            for one in term.values:
                before = row[entity.position(one.field)]
                if entity.field(one.field).type == "integer" and isinstance(before, int):
                    yield (
                        call(name, **key, **{one.param: before + 1}),
                        call(name, **key, **{one.param: before}),
                    )


def _other_value(suite: Suite, task: Task) -> object:
    """Return another value of the field that is asked for."""
    (slot,) = task.goal.branches[0].answers
    if slot.field is None:
        return None
    place = suite.domain.schema.entity(slot.entity).position(slot.field)
    values = {row[place] for row in suite.domain.rows[slot.entity]} - {task.answer, None}
    return min(values, key=str) if values else None


def _identities(suite: Suite) -> Iterator[tuple[str, dict[str, Any]]]:
    for tool in suite.domain.tools:
        if isinstance(tool.term, Identify):
            entity = suite.domain.schema.entity(tool.term.entity)
            for row in suite.domain.rows[entity.name][:3]:
                yield (
                    tool.name,
                    {one.param: row[entity.position(one.field)] for one in tool.term.by},
                )
