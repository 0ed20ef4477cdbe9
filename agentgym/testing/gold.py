"""The gold run of every task, made by the model: an independent judge of the certificates.

A suite comes in; each of its tasks is played on dicts that start with its patch, and must give
what the world gives, errors that are expected included, and satisfy the goal. Next: `domains`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agentgym.domain import Domain
from agentgym.episode import Suite
from agentgym.goals.verdict import Ending, Judge
from agentgym.prove.guided import agents
from agentgym.prove.run import Runner, gold_run
from agentgym.schema.types import Row
from agentgym.tasks import Task
from agentgym.testing.model import Model
from agentgym.tools.algebra import AskUser
from agentgym.trajectory import Call, Result
from agentgym.users.agenda import confirming
from agentgym.world.journal import RowChange, rows_hash

__all__ = ["check_gold"]


def check_gold(suite: Suite) -> None:
    """Check that the model, which knows no SQL, agrees with what each certificate says.

    Args:
        suite: The domain with its tasks.

    Raises:
        AssertionError: A result, the rows at either end or the verdict differ.
    """
    runner = Runner(suite.engine)
    plain = _Stage(suite.domain)
    for task in suite.tasks:
        if task.stream:
            _check_watched(suite, task)
            continue
        runner.rebase(task.patch)
        _check(task, runner, _Stage(suite.domain.patched(task.patch)) if task.patch else plain)
    runner.world.close()


class _Stage:
    """The model, who judges it, and the rows that tasks of one patch start with."""

    def __init__(self, domain: Domain) -> None:
        self.model, self.judge = Model(domain), Judge(domain)
        self.start = {name: self.model.rows(name) for name in self.model.tables}


def _check(task: Task, runner: Runner, stage: _Stage) -> None:
    """Play the gold run of one task on the world and on the model."""
    model, start = stage.model, stage.start
    model.reset()
    digests = runner.start(), f"{rows_hash(start):032x}"
    assert digests == (task.certificate.start,) * 2, (
        f"{task.id}: world and model start in {digests}, certified {task.certificate.start}"
    )
    run = gold_run(task)
    told: list[tuple[Call, Result]] = []
    for number, (step, (name, sent)) in enumerate(zip(task.gold, run.calls, strict=True)):
        seen, expected = runner.call(name, sent), model.call(name, sent)
        where = f"{task.id}: {name}, call {number + 1} of the gold run,"
        if step.fails:
            assert not seen.ok, f"{where} is to fail and gives {seen}"
        else:
            assert seen.ok, f"{where} is refused: {seen.error}"
        assert _alike(seen, expected), f"{where} gives {seen}, and {expected} by the model"
        asking = isinstance(model.domain.tool_by_name[name].term, AskUser)
        if asking and confirming(str(sent["question"])):
            model.agree()
        told.append((Call(id=f"c{number}", name=name, arguments=sent), expected))
    end = {name: model.rows(name) for name in model.tables}
    digest = f"{rows_hash(end):032x}"
    certified = task.certificate.end
    assert digest == certified, f"{task.id}: the model ends in {digest}, certified {certified}"
    assert digest == runner.world.digest(), f"{task.id}: world and model end differently"
    changes = _changes(model, start, end)
    assert changes == runner.world.diff(), f"{task.id}: world and model changed other rows"
    ending = Ending(
        outcome=run.outcome,
        answer=run.answer,
        reason=run.reason or None,
        changes=changes,
        calls=tuple(told),
    )
    verdict = stage.judge.verdict(
        task.goal,
        agents(task, ending),
        instruction=task.instruction,
        party=task.plan.who(),
    )
    assert verdict.success, f"{task.id}: by the model it fails: {verdict.reasons}"


def _check_watched(suite: Suite, task: Task) -> None:
    """Play the gold run of a task with a stream in an episode: its end is the certified one."""
    with suite.episode(task.id) as episode:
        assert episode.digest() == task.certificate.start or any(n.turn == 0 for n in task.stream)
        for step in task.gold:
            result = episode.call(step.tool, **step.arguments)
            assert result.ok, f"{task.id}: {step.tool} is refused: {result.error}"
        certified = task.certificate.end
        assert episode.digest() == certified, f"{task.id}: ends otherwise than certified"
        episode.call("conclude", outcome=task.outcome)
        assert suite.verdict(episode).success, f"{task.id}: the gold run fails"


def _alike(seen: Result, expected: Result) -> bool:
    """Tell whether two results agree; of errors, in code and rule."""
    if seen.error is None or expected.error is None:
        return seen == expected
    codes = (seen.error.code, seen.error.rule), (expected.error.code, expected.error.rule)
    return codes[0] == codes[1]


def _changes(
    model: Model, start: Mapping[str, Sequence[Row]], end: Mapping[str, Sequence[Row]]
) -> tuple[RowChange, ...]:
    """List the rows that differ, in the order of entities and keys."""
    found = []
    for entity in model.schema.entities:
        places = [entity.position(name) for name in entity.key]
        then, now = (
            {tuple(row[place] for place in places): row for row in rows[entity.name]}
            for rows in (start, end)
        )
        for key in sorted(then.keys() | now.keys()):
            if then.get(key) != now.get(key):
                change = RowChange(
                    entity=entity.name, key=key, before=then.get(key), after=now.get(key)
                )
                found.append(change)
    return tuple(found)
