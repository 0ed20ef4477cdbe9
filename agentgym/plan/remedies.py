"""Remedies: what a rule wants done before a call, done before it.

A refused call and the rule that refused it come in; the calls that satisfy the rule go in front
of it: the user is identified, is asked for a yes, a row is looked at first. What cannot be
remedied stays refused. Here is also the list of the calls that were made. Next: `lower`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

from agentgym.formats import Json, Record
from agentgym.plan.nodes import Fact, Later, Plan, Select
from agentgym.plan.origins import sources
from agentgym.rules import Authenticated, Calls, Confirmed, Holder, Not, Owner, Rule, parts
from agentgym.rules.english import a
from agentgym.schema import Schema
from agentgym.tools.algebra import (
    AskUser,
    Create,
    Delete,
    Identify,
    Link,
    LookUpTerm,
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


_QUESTIONS = {
    "answer": "Is there anything else that I should know?",
    "close": "Is there anything else that I can do for you?",
}
"""What makes the user go on, by when they do."""


class NoLoweringError(Exception):
    """No chain of tools leads through the plan; the text says where it broke off."""


class Step(Record, kw_only=True):
    """One call of the gold run."""

    tool: str
    arguments: dict[str, Json]
    """Parameter to value, as executed."""
    origin: dict[str, str]
    """Parameter to `fact:f1`, `call:0:items.0.album_id`, `choice` (sorting, function, page), or
    `computed:sum(call:0:total;fact:f2)`; see `plan.origins`."""
    node: str
    """The plan's node that it serves."""
    after: tuple[int, ...] = ()
    """Numbers of earlier calls that must come first, though no argument comes from them."""
    fails: bool = False
    """Whether an error is what it is to give: nothing is found, or a rule refuses it."""
    by: Literal["agent", "user"] = "agent"
    """Whose tool it is. The user's is not shown to the agent, who asks them to call it."""
    words: str = ""
    """What the agent says so that the user makes the call; empty for calls of its own."""


class Operand(Record, kw_only=True):
    """A value with its origin, in the form of `Step.origin`."""

    value: Json
    origin: str
    after: tuple[int, ...] = ()
    """Numbers of the calls besides those of its origin by which the agent knows that it is it."""


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
        self.identified: int | None = None
        """Number of the call that identified the user."""
        self.identity: dict[str, Json] = {}
        """What it gave: the key of the user's row."""
        self._meanings: dict[str, tuple[int, Any]] = {}
        self.heard: dict[str, int] = {}
        """Id of a fact to the number of the question with whose answer the user told it."""

    def note(
        self,
        tool: str,
        arguments: dict[str, Operand],
        node: str,
        after: tuple[int, ...] = (),
        *,
        fails: bool = False,
        by: Literal["agent", "user"] = "agent",
    ) -> int:
        """Add a step; returns its number."""
        known = {number for one in arguments.values() for number in one.after}
        known |= {
            int(leaf.split(":")[1])
            for one in arguments.values()
            if one.origin.startswith("computed:")
            for leaf in sources(one.origin)
            if leaf.startswith("call:")
        }
        known |= {
            self.heard[leaf.removeprefix("fact:")]
            for one in arguments.values()
            for leaf in sources(one.origin)
            if leaf.removeprefix("fact:") in self.heard
        }
        self.steps.append(
            Step(
                tool=tool,
                arguments={name: operand.value for name, operand in arguments.items()},
                origin={name: operand.origin for name, operand in arguments.items()},
                node=node,
                after=tuple(sorted({*after, *known})),
                fails=fails,
                by=by,
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
        if self.identified is not None and self._asks_who(tool):
            after.append(self.identified)
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
        if self.identified is None and any(
            isinstance(part, (Authenticated, Owner, Holder)) for part in found
        ):
            return self.identify(node)
        if any(isinstance(part, Confirmed) for part in found):
            return self._confirm(tool, node)
        for part in found:
            if isinstance(part, Calls) and part.op in ("ge", "gt", "eq"):
                number = self._first(part, arguments, node)
                if number is not None:
                    return number
        return None

    def identify(self, node: str) -> int | None:
        """Identify the user, once, by the facts of the plan's party.

        Args:
            node: The node that it serves.

        Returns:
            Number of the call; None where no tool takes these facts, or they fit nobody.
        """
        party = self.plan.party
        if self.identified is not None or party is None:
            return self.identified
        facts = {fact.field: fact for fact in self.plan.who()}
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
            result = self._made(tool, arguments)
            if result.ok:
                self.identified = self.note(tool.name, arguments, node)
                self.identity = result.data["identified"]
                return self.identified
        return None

    def _confirm(self, tool: Tool, node: str) -> int | None:
        entity = subject(tool.term, self.schema)
        ask = next((t for t in self.tools if isinstance(t.term, AskUser)), None)
        if ask is None or entity is None:
            return None
        verb = next((verb for kind, verb in _VERBS if isinstance(tool.term, kind)), "look up")
        label = self.schema.entity(entity).label
        what = a(label) if verb == "create" else f"the {label}"
        question = Operand(value=f"Shall I go ahead and {verb} {what}?", origin="choice")
        if self._made(ask, {"question": question}).ok:
            return self.note(ask.name, {"question": question}, node)
        return None

    def hear(self, turn: Later) -> int | None:
        """Ask the user, who comes to want something else with the answer.

        Args:
            turn: What they say then.

        Returns:
            Number of the question; None where no tool asks.
        """
        ask = next((t for t in self.tools if isinstance(t.term, AskUser)), None)
        if ask is None:
            return None
        question = Operand(value=_QUESTIONS[turn.when], origin="choice")
        if not self._made(ask, {"question": question}).ok:
            return None
        before = tuple(dict.fromkeys(self.heard.values()))
        number = self.note(ask.name, {"question": question}, turn.id, before)
        self.heard |= dict.fromkeys((*turn.facts, turn.id), number)
        return number

    def meaning(self, fact: Fact) -> Operand:
        """Look up a word of the trade, once, and return the value of one of its conditions.

        Raises:
            NoLoweringError: No tool knows the word, or it means something else.
        """
        if fact.term not in self._meanings:
            tool = next((t for t in self.tools if isinstance(t.term, LookUpTerm)), None)
            if tool is None:
                raise NoLoweringError("no tool looks words up")
            arguments = {"term": Operand(value=fact.term, origin="choice")}
            result = self._made(tool, arguments)
            if not result.ok:
                raise NoLoweringError("a word that is not in the glossary")
            node = next(
                one.id
                for one in self.plan.nodes
                if isinstance(one, Select) and any(w.fact == fact.id for w in one.where)
            )
            self._meanings[fact.term] = self.note(tool.name, arguments, node), result.data
        number, data = self._meanings[fact.term]
        ops = {
            where.op
            for one in self.plan.nodes
            if isinstance(one, Select)
            for where in one.where
            if where.fact == fact.id
        }
        for place, one in enumerate(data["where"]):
            if one["field"] == fact.field and one["op"] in ops and one["value"] == fact.value:
                return Operand(value=one["value"], origin=f"call:{number}:where.{place}.value")
        raise NoLoweringError("a word that means something else")

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
        return self.note(tool.name, given, node) if self._made(tool, given).ok else None

    def _made(self, tool: Tool, arguments: dict[str, Operand]) -> Result:
        return self._call(tool.name, {name: one.value for name, one in arguments.items()})
