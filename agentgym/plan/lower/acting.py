"""Acting: writes, each by the tool that takes what is to be set.

A write comes in; its row is found (or all of its rows), the values that it sets are had from where
the plan says, and the tool is called. Next: `refusing`.
"""

from __future__ import annotations

from collections.abc import Iterator

from agentgym.plan.alone import alone
from agentgym.plan.lower.figures import Figures
from agentgym.plan.lower.records import At
from agentgym.plan.nodes import Computed, Value, Write
from agentgym.plan.remedies import NoLoweringError, Operand
from agentgym.tools.algebra import (
    Argument,
    Create,
    Delete,
    Link,
    Tool,
    Transition,
    Unlink,
    Update,
)

__all__ = ["Acting", "Deed"]

_KINDS: dict[str, tuple[type, ...]] = {
    "create": (Create, Link),
    "update": (Update,),
    "transition": (Transition,),
    "delete": (Delete, Unlink),
}

Deed = tuple[Tool, dict[str, Operand]]
"""A tool and its arguments."""


class Acting(Figures):
    """Does the writes of a plan."""

    def write(self, node: Write, after: tuple[int, ...] = ()) -> None:
        """Do a write: on its row, or on each of its rows.

        Args:
            node: The write.
            after: Calls that must come first.

        Raises:
            NoLoweringError: No tool does it, or it is refused.
        """
        for at in self.targets(node):
            told = f"no tool writes {node.kind} {node.entity}"
            for tool, arguments in self.deeds(node, at):
                values = {name: operand.value for name, operand in arguments.items()}
                result, first = self.remedies.call(tool, values, arguments, node.id)
                if not result.ok:
                    assert result.error is not None
                    broken = result.error.rule or result.error.code
                    raise NoLoweringError(f"{tool.name}: {broken}")
                self.remedies.note(tool.name, arguments, node.id, (*first, *after), by=node.by)
                break
            else:
                raise NoLoweringError(told)

    def prepare(self, node: Write) -> None:
        """Find out all that a write needs."""
        for at in self.targets(node):
            next(self.deeds(node, at), None)

    def targets(self, node: Write) -> list[At | None]:
        """Return the rows that are written one after the other; None for one that may be unseen."""
        if not node.each:
            return [None]
        assert node.target is not None
        found: list[At | None] = [*self.rows(node.target)]
        if not found:
            raise NoLoweringError(f"no {node.entity} is to be written")
        return found

    def settings(self, node: Write) -> dict[str, Operand]:
        """Return what a write sets, by field."""
        found: dict[str, Operand] = {}
        for setting in node.settings:
            if setting.fact is not None:
                found[setting.field] = self.told(setting.fact)
                continue
            assert setting.node is not None
            if isinstance(self.plan.node(setting.node), Computed) or setting.source is None:
                found[setting.field] = self.value(Value(node=setting.node))
            else:
                found[setting.field] = self.operand(setting.node, setting.source)
        return found

    def deeds(self, node: Write, at: At | None = None) -> Iterator[Deed]:
        """Yield the calls that do a write.

        Args:
            node: The write.
            at: The row, where it is one of several.
        """
        settings = self.settings(node)
        for tool in self.desk.giving(node.entity):
            if (node.id, tool.name) not in self.shunned:
                arguments = self._call(tool, node, settings, at)
                if arguments is not None:
                    yield tool, arguments

    def _call(
        self, tool: Tool, node: Write, settings: dict[str, Operand], at: At | None
    ) -> dict[str, Operand] | None:
        term, fixed = alone(tool.term)
        if not isinstance(term, _KINDS[node.kind]) or getattr(term, "entity", None) != node.entity:
            return None
        assert isinstance(term, (Create, Update, Transition, Delete, Link, Unlink))
        arguments: dict[str, Operand] = {}
        values: tuple[Argument, ...] = ()
        match term:
            case Create():
                if any(nested.least for nested in term.nested):
                    return None
                values = term.values
            case Update():
                values = term.values
            case Transition():
                values = (term.to,)
            case Link():
                values = term.ends + term.values
            case _:
                pass
        fields = {argument.field: argument.param for argument in values}
        if not set(settings) <= set(fields) or not set(fixed) <= set(fields.values()):
            return None
        own = {field: fixed[param] for field, param in fields.items() if param in fixed}
        if any(field not in settings or settings[field].value != own[field] for field in own):
            return None
        needed = term.ends if isinstance(term, Link) else ()
        needed += tuple(argument for argument in values if argument.required)
        if any(argument.field not in settings for argument in needed):
            return None
        if isinstance(term, Unlink):
            return {end.param: self._of(node, end.field, at) for end in term.ends}
        if not isinstance(term, (Create, Link)):
            for argument in term.key:
                arguments[argument.param] = self._of(node, argument.field, at)
        given = {fields[field]: operand for field, operand in settings.items()}
        return arguments | {param: one for param, one in given.items() if param not in fixed}

    def _of(self, node: Write, field: str, at: At | None) -> Operand:
        """Return a field of the row that is written, from clues where they tell it."""
        assert node.target is not None
        if at is not None:
            return at.operand(field, self.basis[node.target])
        select = self.select(node.target)
        if node.target not in self.found and not select.me and not select.among:
            for case in self.cases(select):
                if field in case.equal:
                    return case.equal[field]
        return self.operand(node.target, field)
