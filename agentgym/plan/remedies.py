"""Remedies: what a rule wants done before a call, done before it.

A refused call and the rule that refused it come in; the calls that satisfy the rule go in front
of it: the user is identified, is asked for a yes, a row is looked at first. What cannot be
remedied stays refused. Next: `lower`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from agentgym.formats import Json, Record
from agentgym.plan import Plan
from agentgym.rules import Authenticated, Calls, Confirmed, Holder, Not, Owner, Rule, parts
from agentgym.rules.english import a
from agentgym.schema import Schema
from agentgym.tools.algebra import (
    AskUser,
    Create,
    Delete,
    Identify,
    Link,
    Tool,
    Transfer,
    Transition,
    Unlink,
    Update,
    subject,
)
from agentgym.tools.algebra import (
    Sequence as Several,
)
from agentgym.tools.parameters import parameters
from agentgym.trajectory import Result

__all__ = ["NoLoweringError", "Operand", "Remedies", "Step"]

_MOST = 6
"""Remedies tried for one call."""

_VERBS: tuple[tuple[type, str], ...] = (
    (Create, "create"),
    (Update, "change"),
    (Transition, "change the status of"),
    (Delete, "delete"),
    (Link, "add"),
    (Unlink, "remove"),
    (Transfer, "make a transfer from"),
    (Several, "change"),
)


class NoLoweringError(Exception):
    """No chain of tools leads through the plan; the text says where it broke off."""


class Step(Record, kw_only=True):
    """One call of the gold run."""

    tool: str
    arguments: dict[str, Json]
    """Parameter to value, as executed."""
    origin: dict[str, str]
    """Parameter to `fact:f1`, `call:0:items.0.album_id`, or `choice` (sorting, function)."""
    node: str
    """The plan's node that it serves."""
    after: tuple[int, ...] = ()
    """Numbers of earlier calls that must come first, though no argument comes from them."""


class Operand(Record, kw_only=True):
    """A value with its origin, in the form of `Step.origin`."""

    value: Json
    origin: str


class Remedies:
    """Makes the calls of a gold run, and those that rules want before them.

    Args:
        plan: Whose run it is; its party says who the user is.
        schema: Of the domain.
        tools: Of the domain.
        rules: Of the domain.
        call: Executes a call where the world stands.
    """

    def __init__(
        self,
        plan: Plan,
        schema: Schema,
        tools: Sequence[Tool],
        rules: Sequence[Rule],
        call: Callable[[str, dict[str, Json]], Result],
    ) -> None:
        self.plan, self.schema, self.tools = plan, schema, tools
        self.rules = {rule.id: rule for rule in rules}
        self.steps: list[Step] = []
        self._call = call
        self._identified: int | None = None

    def note(
        self, tool: str, arguments: dict[str, Operand], node: str, after: tuple[int, ...] = ()
    ) -> int:
        """Add a step; returns its number."""
        self.steps.append(
            Step(
                tool=tool,
                arguments={name: operand.value for name, operand in arguments.items()},
                origin={name: operand.origin for name, operand in arguments.items()},
                node=node,
                after=after,
            )
        )
        return len(self.steps) - 1

    def call(
        self, tool: Tool, values: dict[str, Json], arguments: dict[str, Operand], node: str
    ) -> tuple[Result, tuple[int, ...]]:
        """Make a call; what refuses it is remedied as far as possible.

        Returns:
            What it gave, and the numbers of the steps that had to come first.
        """
        after: list[int] = []
        if self._identified is not None and self._asks_who(tool):
            after.append(self._identified)
        tried: set[str] = set()
        after += self._advised(tool, arguments, node)
        result = self._call(tool.name, values)
        for _ in range(_MOST):
            broken = None if result.error is None else result.error.rule
            if broken is None or broken in tried or broken not in self.rules:
                break
            tried.add(broken)
            number = self._remedy(self.rules[broken], tool, arguments, node)
            if number is None:
                break
            after.append(number)
            result = self._call(tool.name, values)
        return result, tuple(dict.fromkeys(after))

    def _advised(self, tool: Tool, arguments: dict[str, Operand], node: str) -> list[int]:
        """Do what advisory rules want first: no tool refuses for their sake."""
        found = []
        for name in tool.guards:
            rule = self.rules.get(name)
            if rule is not None and not rule.enforced and rule.kind in ("order", "confirmation"):
                number = self._remedy(rule, tool, arguments, node)
                if number is not None:
                    found.append(number)
        return found

    def _asks_who(self, tool: Tool) -> bool:
        return any(
            isinstance(part, (Authenticated, Owner, Holder))
            for name in tool.guards
            if name in self.rules
            for part in parts(self.rules[name].predicate)
        )

    def _remedy(
        self, rule: Rule, tool: Tool, arguments: dict[str, Operand], node: str
    ) -> int | None:
        """Do what the rule wants first; None where nothing helps."""
        found = list(parts(rule.predicate))
        if any(isinstance(part, Not) for part in found):
            return None
        if self._identified is None and any(
            isinstance(part, (Authenticated, Owner, Holder)) for part in found
        ):
            return self._identify(node)
        if any(isinstance(part, Confirmed) for part in found):
            return self._confirm(tool, node)
        for part in found:
            if isinstance(part, Calls) and part.op in ("ge", "gt", "eq"):
                number = self._first(part, arguments, node)
                if number is not None:
                    return number
        return None

    def _identify(self, node: str) -> int | None:
        party = self.plan.party
        if party is None:
            return None
        facts = {fact.field: fact for fact in map(self.plan.fact, party.facts)}
        for tool in self.tools:
            term = tool.term
            if not isinstance(term, Identify) or term.entity != party.entity:
                continue
            if not all(one.field in facts for one in term.by):
                continue
            arguments = {
                one.param: Operand(
                    value=facts[one.field].value, origin=f"fact:{facts[one.field].id}"
                )
                for one in term.by
            }
            if self._made(tool, arguments):
                self._identified = self.note(tool.name, arguments, node)
                return self._identified
        return None

    def _confirm(self, tool: Tool, node: str) -> int | None:
        entity = subject(tool.term, self.schema)
        ask = next((t for t in self.tools if isinstance(t.term, AskUser)), None)
        if ask is None or entity is None:
            return None
        verb = next(verb for kind, verb in _VERBS if isinstance(tool.term, kind))
        label = self.schema.entity(entity).label
        what = a(label) if verb == "create" else f"the {label}"
        question = Operand(value=f"Shall I go ahead and {verb} {what}?", origin="choice")
        if self._made(ask, {"question": question}):
            return self.note(ask.name, {"question": question}, node)
        return None

    def _first(self, wanted: Calls, arguments: dict[str, Operand], node: str) -> int | None:
        """Make the call that the rule wants before this one."""
        tool = next((t for t in self.tools if t.name == wanted.tool), None)
        if tool is None:
            return None
        given = {
            theirs: arguments[mine] for mine, theirs in wanted.same.items() if mine in arguments
        }
        if not set(parameters(tool, self.schema)["required"]) <= given.keys():
            return None
        return self.note(tool.name, given, node) if self._made(tool, given) else None

    def _made(self, tool: Tool, arguments: dict[str, Operand]) -> bool:
        return self._call(tool.name, {name: one.value for name, one in arguments.items()}).ok
