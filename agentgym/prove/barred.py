"""Acts that cannot be done: barred by exactly the rule that is named, or out of every tool's reach.

A plan with a refusal comes in. The act is tried as if nothing barred it: the attempt must be
refused by that rule and change nothing, and with the rule taken from the tools it must go through.
Whether some other row in the place of the written one would be let through says if the row has to
be looked at. Next: `runs`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress

from msgspec.structs import replace

from agentgym.formats import Json
from agentgym.plan import Emit, Plan, Refuse, Select, Write
from agentgym.plan.alone import alone
from agentgym.plan.lower import NoLoweringError, lower
from agentgym.prove.ends import rests_on
from agentgym.prove.refused import RefusedError
from agentgym.prove.run import Runner
from agentgym.prove.shortcuts.masks import spread
from agentgym.prove.stage import Stage
from agentgym.schema import Schema
from agentgym.schema.types import to_wire
from agentgym.tasks import Task
from agentgym.tools.algebra import (
    Create,
    Delete,
    Link,
    Term,
    Tool,
    Transfer,
    Transition,
    Unlink,
    Update,
    is_write,
    subject,
)
from agentgym.tools.algebra import (
    Sequence as Several,
)
from agentgym.trajectory import Result

__all__ = ["Barred"]

_OTHERS = 24
"""Rows that are tried in the place of the one that must not be written."""
_KINDS: dict[str, tuple[type, ...]] = {
    "create": (Create, Link),
    "update": (Update, Transition, Transfer),
    "transition": (Update, Transition),
    "delete": (Delete, Unlink),
}
Attempt = tuple[str, dict[str, Json], Result]


class Barred:
    """Tries acts that cannot be done, over one stage.

    Args:
        stage: Where the tasks start; its world is moved.
    """

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    def check(self, plan: Plan, barred: Sequence[Refuse], task: Task) -> None:
        """Check that each act is barred as the plan says.

        Raises:
            RefusedError: It can be done, or something else is in its way.
        """
        for node in barred:
            if node.because == "rule":
                self.rule(plan, node)
            elif node.because == "no_tool":
                self.no_tool(plan, node, task)

    def rule(self, plan: Plan, node: Refuse) -> None:
        """Try an act that a rule bars.

        Raises:
            RefusedError: The rule does not bar it, or is not all that does.
        """
        stage = self.stage
        stage.runner.start()
        attempts = self.tried(plan, node, stage.runner)
        last = attempts[-1][2] if attempts else None
        if last is not None and last.ok and node.rule in last.breaches:
            return  # a rule of the policy that no tool enforces
        if last is None or last.ok:
            raise RefusedError("executes", "not_barred", "the act can be done")
        if _rule(last) != node.rule:
            told = f"refused by {_rule(last) or 'no rule'}, not by {node.rule}"
            raise RefusedError("executes", "other_bar", told)
        if stage.runner.world.diff():
            raise RefusedError("executes", "bar_changes", "the refused act changed something")
        freed = self.free(node)
        if freed is not None:
            freed.start()
            attempts = self.tried(plan, node, freed)
            last = attempts[-1][2] if attempts else None
            # what holds whoever writes cannot be taken away: it bars the act again
            if last is None or not (last.ok or _rule(last) == node.rule):
                told = "without the rule, something else is in its way"
                raise RefusedError("executes", "other_bar", told)

    def free(self, node: Refuse) -> Runner | None:
        """Return what runs calls with one rule less; None where tools do not name it."""
        stage = self.stage
        tools = stage.domain.tools
        if not any(node.rule in tool.guards for tool in tools):
            return None
        fewer = [
            replace(tool, guards=tuple(name for name in tool.guards if name != node.rule))
            for tool in tools
        ]
        return stage.runner.with_tools(fewer)

    def tried(self, plan: Plan, node: Refuse, runner: Runner) -> list[Attempt]:
        """Do all that the act rests on, and the act; return the calls that would change rows.

        Reading and what rules want done first come before it, as in any run.
        """
        act = plan.node(node.act)
        kept = rests_on(plan, node.act)
        alone_ = replace(plan, nodes=tuple(one for one in plan.nodes if one.id in kept))
        attempts: list[Attempt] = []
        tools = runner.engine.domain.tool_by_name

        def call(name: str, arguments: dict[str, Json]) -> Result:
            result = runner.call(name, arguments)
            if is_write(tools[name]) or isinstance(act, Emit):
                attempts.append((name, arguments, result))
            return result

        with suppress(NoLoweringError):
            lower(
                alone_, self.stage.tables, runner.engine.domain.tools, call, self.stage.domain.rules
            )
        return attempts

    def matters(self, plan: Plan) -> tuple[str, ...]:
        """Name the refusals by a rule that other rows in the place of the act's would not meet."""
        found = []
        for node in self.stage.tables.barred(plan):
            act = plan.node(node.act)
            if node.because != "rule" or not isinstance(act, Write) or act.target is None:
                continue
            tried = self.elsewhere(plan, node, act)
            if any(one.ok and node.rule not in one.breaches for one in tried):
                found.append(node.id)
        return tuple(found)

    def elsewhere(self, plan: Plan, node: Refuse, act: Write) -> Iterator[Result]:
        """Do the act on other rows."""
        stage = self.stage
        stage.runner.start()
        attempts = self.tried(plan, node, stage.runner)
        if not attempts:
            return
        name, arguments, _ = attempts[-1]
        tool = stage.domain.tool_by_name[name]
        term, _ = alone(tool.term)
        if not isinstance(term, Update | Transition | Delete):
            return
        entity = stage.schema.entity(term.entity)
        before = stage.runner.world.snapshot()
        for row in spread(stage.tables.rows(act.entity), _OTHERS):
            key = {
                a.param: to_wire(entity.field(a.field), row[entity.position(a.field)])
                for a in term.key
            }
            if all(arguments.get(param) == value for param, value in key.items()):
                continue
            yield stage.runner.call(name, arguments | key)
            stage.runner.world.restore(before)

    def no_tool(self, plan: Plan, node: Refuse, task: Task) -> None:
        """No tool that is shown could do the act.

        Raises:
            RefusedError: One could.
        """
        act, schema = plan.node(node.act), self.stage.schema
        for name in task.tools:
            tool = self.stage.domain.tool_by_name[name]
            if isinstance(act, Write):
                able = any(_writes(term, act, schema) for term in _terms(tool.term))
            else:
                able = not is_write(tool) and _reads(tool, plan, act, schema)
            if able:
                raise RefusedError("executes", "tool_there", f"{name} could do it")


def _rule(result: Result) -> str | None:
    return None if result.error is None else result.error.rule


def _terms(term: Term) -> Iterator[Term]:
    if isinstance(term, Several):
        for step in term.steps:
            yield step.term
    else:
        yield term


def _writes(term: Term, act: Write, schema: Schema) -> bool:
    """Tell whether a term could do a write, or a part of it."""
    if not isinstance(term, _KINDS[act.kind]):
        return False
    if isinstance(term, Transfer):
        fields = {(s.entity, s.field) for s in (term.source, term.target)}
        return any((act.entity, one.field) in fields for one in act.settings)
    if subject(term, schema) != act.entity:
        return False
    arguments = getattr(term, "values", ()) or ((term.to,) if isinstance(term, Transition) else ())
    if not act.settings or not arguments:
        return True
    return bool({one.field for one in act.settings} & {one.field for one in arguments})


def _reads(tool: Tool, plan: Plan, act: object, schema: Schema) -> bool:
    """Tell whether a tool shows rows of which the answer is a value."""
    assert isinstance(act, Emit)
    for name in rests_on(plan, act.id):
        select = plan.node(name)
        if isinstance(select, Select) and name == act.node:
            return subject(tool.term, schema) == select.entity
    return False
