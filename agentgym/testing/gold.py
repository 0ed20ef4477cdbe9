"""The gold run of every task, made by the model: an independent judge of the certificates.

A suite comes in; each of its tasks is played on dicts, and must give what the world gives and
satisfy the goal. Next: `domains`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agentgym.episode import Suite
from agentgym.goals.verdict import Ending, Judge
from agentgym.prove.run import Runner, gold_run
from agentgym.schema.types import Row
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
        AssertionError: A result, the rows at the end or the verdict differ.
    """
    domain, runner = suite.domain, Runner(suite.engine)
    model, judge = Model(domain), Judge(suite.domain)
    start = {name: model.rows(name) for name in model.tables}
    for task in suite.tasks:
        model.reset()
        run = gold_run(task)
        told: list[tuple[Call, Result]] = []
        runner.start()
        for number, (name, sent) in enumerate(run.calls):
            seen, expected = runner.call(name, sent), model.call(name, sent)
            where = f"{task.id}: {name}, call {number + 1} of the gold run,"
            assert seen.ok, f"{where} is refused: {seen.error}"
            assert seen == expected, f"{where} gives {seen}, and {expected} by the model"
            asking = isinstance(domain.tool_by_name[name].term, AskUser)
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
        ending = Ending(outcome=run.outcome, answer=run.answer, changes=changes, calls=tuple(told))
        verdict = judge.verdict(
            task.goal, ending, instruction=task.instruction, party=task.plan.who()
        )
        assert verdict.success, f"{task.id}: by the model it fails: {verdict.reasons}"
    runner.world.close()


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
