"""Which rules the writes of a run are under: asked, known to hold, and such as could be broken.

A rule counts where a write of the gold run asks it (the tool names it, or it is an invariant of
what is written), where it is true and not merely unknown of the row as it was written, and where
it could have been broken:

- a rule about who is served, about what the user agreed to or about calls before: it fails in a
  conversation in which nothing was said or called;
- any other rule of the business: it fails for some present row in the place of the written one;
- an invariant: the call itself set, to a value, a field of which it speaks.

That a row is kept while others refer to it counts for nothing. Next: `admit`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agentgym.domain import Domain
from agentgym.plan.lower import Step
from agentgym.plan.tables import Tables
from agentgym.prove.run import Runner
from agentgym.rules import (
    Alone,
    Authenticated,
    Calls,
    Confirmed,
    Holder,
    In,
    NoChildren,
    Owner,
    Rule,
    fields_of,
    parts,
)
from agentgym.schema import Entity
from agentgym.schema.types import Row, to_stored
from agentgym.tools.algebra import Tool, is_write, touched
from agentgym.tools.parameters import bindings
from agentgym.world import RowChange
from agentgym.world.arguments import Given
from agentgym.world.guards import Kind, Setting, Test, truth
from agentgym.world.journal import Session

__all__ = ["RulesMet"]

_SESSION = (Authenticated, Owner, Holder, Confirmed, Calls)
_MOST_ROWS = 200
"""Rows that are tried in the place of the written one."""


class RulesMet:
    """Finds the rules that gold runs are under, over one domain.

    Args:
        domain: The domain.
        tables: Its rows.
        runner: Plays calls on a world of it; is moved.
    """

    def __init__(self, domain: Domain, tables: Tables, runner: Runner) -> None:
        self.domain, self.schema = domain, domain.schema
        self.tables, self.runner = tables, runner
        self._tests: dict[tuple[str, str, str], Test] = {}

    def met(self, steps: Sequence[Step]) -> tuple[str, ...]:
        """Name the rules that the writes of a run are under, in the order of the domain.

        Args:
            steps: The calls of the run, each of which succeeds.
        """
        if not any(is_write(self.domain.tool_by_name[step.tool]) for step in steps):
            return ()
        found: set[str] = set()
        world = self.runner.world
        self.runner.start()
        for step in steps:
            tool = self.domain.tool_by_name[step.tool]
            if not is_write(tool):
                self.runner.call(step.tool, dict(step.arguments))
                continue
            before, session = world.snapshot(), world.session
            self.runner.call(step.tool, dict(step.arguments))
            given, after = self._given(tool, step), world.session
            for change in world.diff(before):
                for rule in self._asked(tool, change):
                    if rule.id not in found:
                        world.session = session
                        if self._under(rule, tool, change, given):
                            found.add(rule.id)
                        world.session = after
        return tuple(rule.id for rule in self.domain.rules if rule.id in found)

    def _given(self, tool: Tool, step: Step) -> Given:
        """Return the arguments as guards see them: stored values."""
        fields = bindings(tool.term, self.schema)
        return {
            param: value
            if param not in fields or value is None
            else to_stored(self.schema.entity(fields[param][0]).field(fields[param][1]), value)
            for param, value in step.arguments.items()
            if not isinstance(value, (list, dict))
        }

    def _asked(self, tool: Tool, change: RowChange) -> Iterator[Rule]:
        """Yield the rules that a tool asks of a change of a row."""
        kind = _kind(change)
        changed = self._changed(change)
        own = change.entity in touched(tool.term, self.schema)
        for rule in self.domain.rules:
            named = rule.kind == "invariant" or (own and rule.id in tool.guards)
            if named and rule.entity == change.entity and kind in rule.on:
                if kind != "update" or not rule.fields or changed & set(rule.fields):
                    yield rule

    def _changed(self, change: RowChange) -> set[str]:
        """Name the fields that a change sets to a value."""
        entity = self.schema.entity(change.entity)
        if change.after is None:
            return set()
        return {
            field.name
            for place, field in enumerate(entity.fields)
            if change.after[place] is not None
            and (change.before is None or change.before[place] != change.after[place])
        }

    def _under(self, rule: Rule, tool: Tool, change: RowChange, given: Given) -> bool:
        kind, row = _kind(change), change.after or change.before
        assert row is not None
        if all(isinstance(part, NoChildren) for part in parts(rule.predicate)):
            return False
        test = self._test(rule, tool, kind)
        world = self.runner.world
        if test(world, change.before, row, given) is not True:
            return False
        if rule.kind == "invariant":
            return self._set(rule, tool, change, given)
        if any(isinstance(part, _SESSION) for part in parts(rule.predicate)):
            session = world.session
            world.session = Session()
            try:
                return test(world, change.before, row, given) is False
            finally:
                world.session = session
        return any(
            test(world, None if kind == "create" else other, other, given) is False
            for other in self._others(self.schema.entity(rule.entity), row)
        )

    def _set(self, rule: Rule, tool: Tool, change: RowChange, given: Given) -> bool:
        """Tell whether the call itself set what an invariant is about, which could be broken."""
        told = {
            field
            for param, (entity, field, use) in bindings(tool.term, self.schema).items()
            if entity == rule.entity and use in ("value", "to") and given.get(param) is not None
        }
        told &= self._changed(change)
        about = set(fields_of(rule.predicate))
        for part in parts(rule.predicate):
            if isinstance(part, Alone):
                return bool(told)
            if isinstance(part, In):
                field = self.schema.entity(rule.entity).field(part.field)
                if field.type == "enum" and set(field.values or ()) <= set(part.values):
                    about.discard(part.field)
        return bool(told & about)

    def _others(self, entity: Entity, row: Row) -> Iterator[Row]:
        rows = self.tables.rows(entity.name)
        step = max(1, len(rows) // _MOST_ROWS)
        return (other for other in rows[::step] if other != row)

    def _test(self, rule: Rule, tool: Tool, kind: Kind) -> Test:
        name = rule.id, tool.name, kind
        if name not in self._tests:
            setting = Setting(self.schema.entity(rule.entity), self.runner.engine.image, kind, tool)
            self._tests[name] = truth(rule.predicate, setting)
        return self._tests[name]


def _kind(change: RowChange) -> Kind:
    if change.before is None:
        return "create"
    return "update" if change.after is not None else "delete"
