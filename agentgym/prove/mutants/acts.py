"""Mutants of writes: left out, changed, elsewhere, twice, undone, in another order.

Next: `certify`.
"""

from __future__ import annotations

from collections.abc import Iterator

from agentgym.formats import Json
from agentgym.plan import Write
from agentgym.plan.alone import alone
from agentgym.plan.unsaid import hidden
from agentgym.prove.mutants.maker import MORE, Call, Maker, alike, stored
from agentgym.prove.run import Run
from agentgym.schema.types import to_wire
from agentgym.tasks.values import new_value
from agentgym.tools.algebra import (
    Create,
    Delete,
    Link,
    Transition,
    Unlink,
    Update,
    is_write,
)
from agentgym.tools.parameters import bindings

__all__ = ["Acts"]


class Acts(Maker):
    """Makes runs that write wrongly."""

    def acts(self) -> Iterator[tuple[str, Run]]:
        """Leave out a write, change it, do it elsewhere, twice, or undo it."""
        calls = list(self.gold.calls)
        for place in self.writes:
            yield "step_dropped", self.with_calls(calls[:place] + calls[place + 1 :])
            for changed in self.changed(place):
                yield "argument_changed", self.replaced(place, changed)
            for changed in self.added(place, 3):
                yield "argument_added", self.replaced(place, changed)
            for changed in self.elsewhere(place, 8):
                yield "wrong_entity", self.replaced(place, changed)
            name, arguments = calls[place]
            if isinstance(self.tools[name].term, (Create, Link)):
                yield "done_twice", self.with_calls([*calls, (name, arguments)])
            for deed in self.other_tools(place):
                yield "wrong_tool", self.with_calls([*calls[:place], deed, *calls[place + 1 :]])
            undo = self.undo(place)
            if undo is not None:
                yield "undone", self.with_calls([*calls, undo])
        for one, other in zip(self.writes, self.writes[1:], strict=False):
            swapped = list(calls)
            swapped[one], swapped[other] = swapped[other], swapped[one]
            yield "wrong_order", self.with_calls(swapped)
        idle = self.task.goal.branches[0].idle
        for there, back in () if idle else self.there_and_back(1):
            yield "undo_pair", self.with_calls([there, back, *calls])
            yield "undo_pair", self.with_calls([*calls, there, back])

    def more_acts(self) -> Iterator[tuple[str, Run]]:
        """Write on further rows, or do something else to the same one."""
        for place in self.writes:
            calls = list(self.gold.calls)
            for changed in self.changed(place):
                yield "argument_changed", self.replaced(place, changed)
            for changed in self.elsewhere(place, MORE):
                yield "wrong_entity", self.replaced(place, changed)
            for deed in self.other_deeds(place):
                yield "wrong_deed", self.with_calls([*calls[:place], deed, *calls[place + 1 :]])
        if not self.writes and self.gold.outcome != "done":
            yield from self.attempts()

    def attempts(self) -> Iterator[tuple[str, Run]]:
        """Do what cannot be done, on rows for which it can."""
        for place, step in enumerate(self.task.gold):
            if step.fails and is_write(self.tools[step.tool]):
                for changed in self.elsewhere(place, MORE):
                    yield "wrong_entity", self.replaced(place, changed)

    def other_deeds(self, place: int) -> Iterator[Call]:
        """Change the row that was meant, by another tool than the one that was."""
        name, arguments = self.gold.calls[place]
        term, _ = alone(self.tools[name].term)
        if not isinstance(term, (Update, Transition, Delete)):
            return
        entity = self.schema.entity(term.entity)
        key = {a.field: arguments[a.param] for a in term.key}
        values = tuple(stored(entity, field, value) for field, value in key.items())
        rows = self.tables.lookup(entity.name, tuple(key), values)
        for tool in self.tools.values():
            other = tool.term
            if tool.name == name or getattr(other, "entity", None) != entity.name:
                continue
            if isinstance(other, Delete):
                yield tool.name, {a.param: key[a.field] for a in other.key}
            elif isinstance(other, Update) and len(rows) == 1:
                change = self.small_change(other, entity, rows[0])
                if change is not None:
                    yield tool.name, {a.param: key[a.field] for a in other.key} | change

    def other_tools(self, place: int) -> Iterator[Call]:
        """Change something else about a row of which it is not said what is to be changed."""
        node = next((one for one in self.plan.nodes if one.id == self.task.gold[place].node), None)
        unsaid = {*hidden(self.plan)}
        if not isinstance(node, Write) or not any(one.fact in unsaid for one in node.settings):
            return
        name, arguments = self.gold.calls[place]
        term, _ = alone(self.tools[name].term)
        if not isinstance(term, (Update, Transition)):
            return
        entity = self.schema.entity(term.entity)
        key = {a.field: arguments[a.param] for a in term.key}
        values = tuple(stored(entity, field, value) for field, value in key.items())
        rows = self.tables.lookup(entity.name, tuple(key), values)
        mine = {one.field for one in node.settings}
        for tool in self.tools.values() if len(rows) == 1 else ():
            other = tool.term
            if not isinstance(other, Update) or other.entity != entity.name:
                continue
            for one in other.values:
                field = entity.field(one.field)
                if one.field in mine or field.role in ("reference", "key"):
                    continue
                before = rows[0][entity.position(one.field)]
                value = new_value(self.tables, entity, field, before, self.draws)
                if value is not None:
                    given = {a.param: key[a.field] for a in other.key}
                    yield tool.name, given | {one.param: to_wire(field, value)}

    def changed(self, place: int) -> Iterator[dict[str, Json]]:
        """Write another value, for each value that is written."""
        name, arguments = self.gold.calls[place]
        uses = bindings(self.tools[name].term, self.schema)
        for param, value in arguments.items():
            owner, field_name, use = uses.get(param, ("", "", ""))
            if use not in ("value", "to"):
                continue
            entity = self.schema.entity(owner)
            field = entity.field(field_name)
            before = None if value is None else stored(entity, field_name, value)
            tried: list[Json] = []
            for _ in range(6):
                other = to_wire(field, new_value(self.tables, entity, field, before, self.draws))
                if other is not None and not any(alike(other, t) for t in (value, *tried)):
                    tried.append(other)
                    yield arguments | {param: other}

    def added(self, place: int, most: int) -> Iterator[dict[str, Json]]:
        """Write one more field than the task asks for."""
        name, arguments = self.gold.calls[place]
        term = self.tools[name].term
        if not isinstance(term, (Create, Update, Link)):
            return
        entity = self.schema.entity(term.entity)
        for argument in term.values:
            field = entity.field(argument.field)
            if argument.param in arguments or field.role in ("reference", "key"):
                continue
            other = new_value(self.tables, entity, field, None, self.draws)
            if other is not None:
                yield arguments | {argument.param: to_wire(field, other)}
                most -= 1
            if not most:
                return

    def elsewhere(self, place: int, most: int) -> Iterator[dict[str, Json]]:
        """Write the same on another row."""
        name, arguments = self.gold.calls[place]
        term, _ = alone(self.tools[name].term)
        if not isinstance(term, (Update, Transition, Delete, Link, Unlink)):
            return
        entity = self.schema.entity(term.entity)
        which = term.ends if isinstance(term, (Link, Unlink)) else term.key
        for row in self.some_rows(entity, most):
            key = {a.param: self.wire(entity, row, a.field) for a in which}
            if any(not alike(arguments[param], value) for param, value in key.items()):
                yield arguments | key

    def undo(self, place: int) -> Call | None:
        """Set what was updated back to what it was."""
        name, arguments = self.gold.calls[place]
        term = self.tools[name].term
        if not isinstance(term, Update):
            return None
        entity = self.schema.entity(term.entity)
        key = tuple(stored(entity, a.field, arguments[a.param]) for a in term.key)
        rows = self.tables.lookup(entity.name, tuple(a.field for a in term.key), key)
        if len(rows) != 1:
            return None
        back = {
            a.param: self.wire(entity, rows[0], a.field)
            for a in term.values
            if a.param in arguments
        }
        if any(value is None for value in back.values()):
            return None
        return name, {a.param: arguments[a.param] for a in term.key} | back
