"""The records of a plan: facts, query nodes, effect nodes, control and user nodes.

Every edge says where its value comes from: a fact of the user (with its exposure), a row
that a tool shows, or a number computed from those. Next: `canonical`, `tables`.
"""

from __future__ import annotations

from typing import Literal

from agentgym.formats import Json, Record
from agentgym.tools.algebra import Function

__all__ = [
    "FAMILIES",
    "Aggregated",
    "Choose",
    "Computed",
    "Emit",
    "Exposure",
    "Fact",
    "Family",
    "Guard",
    "Later",
    "Limit",
    "Link",
    "Measure",
    "Node",
    "Op",
    "Party",
    "Pick",
    "Plan",
    "Refuse",
    "Select",
    "Setting",
    "Shift",
    "Test",
    "Value",
    "Where",
    "Write",
]

Family = Literal[
    "lookup",
    "multi_hop",
    "aggregate",
    "compare",
    "set_valued",
    "update",
    "multi_write",
    "conditional",
    "policy_bound",
    "refusal",
    "unanswerable",
    "ambiguous",
    "shift",
    "planning",
    "long_horizon",
    "mask_fill",
    "no_tool_needed",
    "backward",
    "mixed",
    "underspecified",
    "jargon",
    "guided",
    "proactive",
]
FAMILIES: tuple[Family, ...] = Family.__args__  # type: ignore[attr-defined]
"""The families of tasks, in the order in which they take turns."""

Exposure = Literal["instruction", "user", "hidden", "jargon"]
"""How a fact reaches the agent: told at once; announced at once and told when asked; neither said
nor announced, and told when asked (what makes a request ambiguous); or told at once in a word of
the trade, whose meaning the glossary gives."""

Op = Literal["eq", "ne", "lt", "le", "gt", "ge", "contains"]
"""How a value compares with a fact. `ne` never holds of an empty value; `contains`: the fact is a
part of the text, whatever its case."""

Measure = Literal[
    "year",
    "month",
    "decade",
    "initial",
    "ending",
    "letters",
    "words",
    "digit_sum",
    "remainder",
]
"""What of a value is compared instead of the value itself: year (integer), month (integer, 1 to
12), decade (its first year) of a time in UTC; initial and ending (first and last letter, upper
case), number of letters, number of words of a text; sum of the decimal digits of an integer;
`remainder`: the value is a multiple of the fact."""


class Fact(Record, kw_only=True):
    """A value that the user knows."""

    id: str
    """`f1`, `f2`, ... in order of first use."""
    entity: str
    field: str
    value: Json
    """Wire value; of a measure: an integer or a letter."""
    exposure: Exposure = "instruction"
    term: str = ""
    """The word of the trade that stands for it, alone or with others; for `jargon` alone."""


class Where(Record, kw_only=True):
    """A row's field compares with a fact. Texts compare whatever their case."""

    field: str
    op: Op = "eq"
    fact: str
    of: Measure | None = None


class Link(Record, kw_only=True):
    """The row is related to a row of another node.

    `forward`: the row refers to it (row is the child, node the parent).
    Not `forward`: it refers to the row (row is the parent, node the child).
    """

    relation: str
    forward: bool
    node: str
    absent: bool = False
    """Turns it round: no row of the node is related. The node may have any number of rows then."""


class Pick(Record, kw_only=True):
    """Of the rows that satisfy the rest, the one with the largest or smallest value."""

    field: str
    largest: bool


class Select(Record, kw_only=True, tag="select"):
    """The rows of an entity that satisfy every clue.

    One row, except where an `Aggregated`, a `Choose`, an `Emit` or a `Write` takes all of them,
    another select is `among` them, or an absent link leads to them.
    """

    id: str
    """`n1`, `n2`, ... in topological order, shared by all kinds of node."""
    entity: str
    where: tuple[Where, ...] = ()
    links: tuple[Link, ...] = ()
    pick: Pick | None = None
    among: tuple[str, ...] = ()
    """Selects of the same entity: the row is one of theirs (the union)."""
    me: bool = False
    """The user's own row, found by the facts of the plan's party; it has no other clue."""


class Aggregated(Record, kw_only=True, tag="aggregated"):
    """One number over the rows of a select."""

    id: str
    of: str
    function: Function
    field: str | None = None
    """None only for `count`."""


class Value(Record, kw_only=True):
    """A value: of a fact, of a field of a select's one row, or of a number. One of the two."""

    fact: str | None = None
    node: str | None = None
    """A select (with `field`), an aggregated or a computed."""
    field: str | None = None


class Computed(Record, kw_only=True, tag="computed"):
    """A number worked out of others, exactly (`plan.tables` says how it is rounded).

    `sum` and `product` of all; `difference`: how far the two are apart, never negative; `share`:
    the first as a percentage of the second; `days`: whole days between two times.
    """

    id: str
    function: Literal["sum", "difference", "product", "share", "days"]
    of: tuple[Value, ...]
    """Two or more for `sum` and `product`, two for the others."""


class Limit(Record, kw_only=True):
    """A hard constraint on what is chosen together."""

    kind: Literal["total", "distinct"]
    """`total`: the sum of the field compares with the fact; `distinct`: no two share a value."""
    field: str
    op: Literal["le", "ge"] = "le"
    fact: str | None = None
    """None for `distinct`."""


class Choose(Record, kw_only=True, tag="choose"):
    """Some rows of a select, together within limits; whichever fit are right."""

    id: str
    of: str
    count: int
    limits: tuple[Limit, ...] = ()


class Setting(Record, kw_only=True):
    """A field of the written row and where its value comes from: exactly one of the three."""

    field: str
    fact: str | None = None
    node: str | None = None
    """The select whose row's `source` field gives the value; a computed gives its number."""
    source: str | None = None


class Write(Record, kw_only=True, tag="write"):
    """One change of one row, or of each row of a select."""

    id: str
    kind: Literal["create", "update", "transition", "delete"]
    entity: str
    target: str | None = None
    """The select of the row; None for `create`."""
    settings: tuple[Setting, ...] = ()
    each: bool = False
    """Every row of the target is changed, two or more."""
    by: Literal["agent", "user"] = "agent"
    """Who does it. The user's own tools are not shown to the agent, who has to guide them."""


class Emit(Record, kw_only=True, tag="emit"):
    """A value that the answer must hold."""

    id: str
    node: str
    """A select of one row, an aggregated, a computed or a choose."""
    field: str | None = None
    """The field of the select's or choose's rows; None for a number."""
    many: bool = False
    """The values of every row of the select, each once, in any order."""


class Test(Record, kw_only=True):
    """A question with the answer yes or no: two values compare, or a select has a row."""

    left: Value
    op: Literal["eq", "ne", "lt", "le", "gt", "ge", "exists"]
    right: Value | None = None
    """None for `exists`, where `left` names the select."""


class Guard(Record, kw_only=True, tag="guard"):
    """Which of the writes and emits are wanted depends on the rows, as they are at the start."""

    id: str
    test: Test
    then: tuple[str, ...]
    """Writes and emits that are wanted where the test holds."""
    otherwise: tuple[str, ...] = ()
    """Those that are wanted where it does not. All others are wanted in any case."""


class Refuse(Record, kw_only=True, tag="refuse"):
    """An act that is asked for and cannot be done: the right end is to say so."""

    id: str
    act: str
    """The write or emit; it is not done."""
    because: Literal["rule", "no_row", "no_value", "no_tool"]
    rule: str | None = None
    """Id of the rule that bars it, for `rule`: the outcome is `refused`. Else `impossible`."""
    node: str | None = None
    """For `no_row`: the select that finds nothing. For `no_value`: that of the row."""
    field: str | None = None
    """For `no_value`: the field that is empty."""


class Shift(Record, kw_only=True, tag="shift"):
    """The user changes their mind: says one fact at first, and another later on.

    All other nodes use the later one. It is told together with the first answer that the
    user gives, so some other fact must be held back.
    """

    id: str
    first: str
    """The fact of the instruction; no other node uses it."""
    then: str
    """The fact that takes its place; its exposure is `user`."""


class Later(Record, kw_only=True, tag="later"):
    """The user comes to want more, or gives something up: one turn, in the order of the nodes.

    What no such node adds is what the instruction asks for; what one gives up is not to be done.
    """

    id: str
    adds: tuple[str, ...] = ()
    """Writes and emits that are wanted from then on."""
    drops: tuple[str, ...] = ()
    """Writes that are wanted no longer."""
    facts: tuple[str, ...] = ()
    """Ids of the facts that are told with it; their exposure is `user`."""
    when: Literal["answer", "close"] = "close"
    """With the first answer that the user gives, or when they are asked if there is more."""


Node = (
    Select | Aggregated | Computed | Choose | Write | Emit | Guard | Refuse | Shift | Later
)  # fmt: skip


class Party(Record, kw_only=True):
    """Who the user is, where a rule wants to know or something is called the user's own."""

    entity: str
    facts: tuple[str, ...]
    """Ids of facts by which the agent identifies them; told when asked, used by no clue."""


class Plan(Record, kw_only=True):
    """Facts and nodes in topological order; emits and writes are what is asked, in order."""

    family: Family
    facts: tuple[Fact, ...]
    nodes: tuple[Node, ...]
    party: Party | None = None

    def fact(self, id: str) -> Fact:
        """Return the fact of that id."""
        return next(fact for fact in self.facts if fact.id == id)

    def who(self) -> tuple[Fact, ...]:
        """Return the facts that tell who the user is; none where no rule wants to know."""
        return () if self.party is None else tuple(map(self.fact, self.party.facts))

    def node(self, id: str) -> Node:
        """Return the node of that id."""
        return next(node for node in self.nodes if node.id == id)
