"""Values at the limits of rules: what a tool lets the caller set, at or just beyond a limit.

A rule and a tool that asks it come in, stored values of the tool's fields go out. Next: `focus`.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from agentgym.plan.alone import alone
from agentgym.rules import Compare, Rule, boundary, parts
from agentgym.schema import Entity, Field
from agentgym.schema.types import Row, Stored, to_stored
from agentgym.tasks.clues import sayable
from agentgym.tasks.writing.several import Several
from agentgym.tools.algebra import Create, Delete, Link, Tool, Transition, Unlink, Update

__all__ = ["Limits", "kind_of", "settable"]


class Limits(Several):
    """Draws values at the limits of rules."""

    def at_limit(
        self, tool: Tool, rule: Rule, row: Row | None, rng: random.Random
    ) -> Mapping[str, Stored]:
        """Draw values for what a tool sets, at or just beyond the limit of a rule."""
        options = list(self.cases(tool, rule, row))
        return rng.choice(options) if options else {}

    def cases(self, tool: Tool, rule: Rule, row: Row | None) -> Iterator[dict[str, Stored]]:
        """Yield values of fields that a tool sets, at and around the limits of a rule.

        Args:
            tool: What sets them.
            rule: The rule that it asks.
            row: The row that it is about, where there is one.
        """
        entity = self.schema.entity(rule.entity)
        mine = settable(tool)
        params = {f"arguments.{param}": field for field, param in mine.items()}
        compared = [
            part for part in parts(rule.predicate) if isinstance(part, Compare) and part.other
        ]
        for part in compared:
            if row is not None and not part.path:
                yield from self._beside(entity, part, row, mine)
        for case in () if compared else boundary(rule, self.schema, now=self.now):
            named = {params.get(name, name): value for name, value in case.items()}
            if not named.keys() <= mine.keys():
                continue
            try:
                values = {n: to_stored(entity.field(n), value) for n, value in named.items()}
            except ValueError:
                continue
            if all(self._plausible(entity, entity.field(n), v) for n, v in values.items()):
                yield values

    def _plausible(self, entity: Entity, field: Field, value: Stored) -> bool:
        """Tell whether a person could ask for the value."""
        if not sayable(field, value):
            return False
        if field.type == "text":
            return value in self.tables.column(entity.name, field.name)
        if isinstance(value, (int, float)) and value < 0:
            column = self.tables.column(entity.name, field.name)
            return any(isinstance(one, (int, float)) and one < 0 for one in column)
        return True

    def _beside(
        self, entity: Entity, part: Compare, row: Row, mine: Mapping[str, str]
    ) -> Iterator[dict[str, Stored]]:
        """Yield values of one of two compared fields around the other's present one."""
        for name, against in ((part.field, str(part.other)), (str(part.other), part.field)):
            field, value = entity.field(name), row[entity.position(against)]
            if name not in mine or value is None or entity.field(against).type != field.type:
                continue
            for step in (-1, 0, 1):
                moved = _moved(field, value, step)
                if moved is not None and sayable(field, moved):
                    yield {name: moved}


def _moved(field: Field, value: Stored, step: int) -> Stored:
    match field.type:
        case "integer" | "decimal":
            return int(str(value)) + step
        case "date":
            try:
                return (dt.date.fromisoformat(str(value)) + dt.timedelta(days=step)).isoformat()
            except OverflowError:
                return None
        case "datetime":
            try:
                then = dt.datetime.fromisoformat(str(value).rstrip("Z")) + dt.timedelta(hours=step)
            except (OverflowError, ValueError):
                return None
            return then.isoformat(timespec="seconds") + "Z"
        case _:
            return None


def kind_of(tool: Tool) -> Literal["create", "update", "delete"]:
    """Name what a tool does to a row."""
    term, _ = alone(tool.term)
    if isinstance(term, (Create, Link)):
        return "create"
    return "delete" if isinstance(term, (Delete, Unlink)) else "update"


def settable(tool: Tool) -> dict[str, str]:
    """Return what a tool lets the caller set: field to parameter."""
    term, fixed = alone(tool.term)
    match term:
        case Create() | Update():
            values: Sequence[Any] = term.values
        case Link():
            values = term.values
        case Transition():
            values = (term.to,)
        case _:
            values = ()
    return {one.field: one.param for one in values if one.param not in fixed}
