"""The plan: what a task truly asks, as a typed graph, before any word is written.

A plan is told in facts that the user knows and in relations of the schema; it never
holds a value that no tool or user can supply. `Tables` interprets it straight over
the rows, without SQL and without tools, so that it can judge both. Next: `goals`.
"""

from __future__ import annotations

from typing import Literal

from agentgym.formats import Json, Record
from agentgym.tools.algebra import Function

__all__ = [
    "Aggregated",
    "Emit",
    "Fact",
    "Link",
    "Node",
    "Party",
    "Pick",
    "Plan",
    "Select",
    "Setting",
    "Where",
    "Write",
]


class Fact(Record, kw_only=True):
    """A value that the user knows."""

    id: str
    """`f1`, `f2`, ... in order of first use."""
    entity: str
    field: str
    value: Json
    """Wire value."""
    exposure: Literal["instruction", "user"] = "instruction"
    """Told at once, or only when asked."""


class Where(Record, kw_only=True):
    """A row's field compares with a fact. Texts compare whatever their case."""

    field: str
    op: Literal["eq", "lt", "le", "gt", "ge"] = "eq"
    fact: str


class Link(Record, kw_only=True):
    """The row is related to the one row of another node.

    `forward`: the row refers to it (row is the child, node the parent).
    Not `forward`: it refers to the row (row is the parent, node the child).
    """

    relation: str
    forward: bool
    node: str


class Pick(Record, kw_only=True):
    """Of the rows that satisfy the rest, the one with the largest or smallest value."""

    field: str
    largest: bool


class Select(Record, kw_only=True, tag="select"):
    """The rows of an entity that satisfy every clue; one row, except under an aggregate."""

    id: str
    """`n1`, `n2`, ... in topological order, shared by all kinds of node."""
    entity: str
    where: tuple[Where, ...] = ()
    links: tuple[Link, ...] = ()
    pick: Pick | None = None


class Aggregated(Record, kw_only=True, tag="aggregated"):
    """One number over the rows of a select."""

    id: str
    of: str
    function: Function
    field: str | None = None
    """None only for `count`."""


class Setting(Record, kw_only=True):
    """A field of the written row and where its value comes from: exactly one of the three."""

    field: str
    fact: str | None = None
    node: str | None = None
    """The select whose row's `source` field gives the value."""
    source: str | None = None


class Write(Record, kw_only=True, tag="write"):
    """One change of one row."""

    id: str
    kind: Literal["create", "update", "transition", "delete"]
    entity: str
    target: str | None = None
    """The select of the row; None for `create`."""
    settings: tuple[Setting, ...] = ()


class Emit(Record, kw_only=True, tag="emit"):
    """A value that the answer must hold."""

    id: str
    node: str
    """A select of one row, or an aggregated."""
    field: str | None = None
    """The field of the select's row; None for an aggregated."""


Node = Select | Aggregated | Write | Emit


class Party(Record, kw_only=True):
    """Who the user is, where a rule wants to know: facts by which the agent identifies them."""

    entity: str
    facts: tuple[str, ...]
    """Ids of facts that no node uses; the user tells them when asked."""


class Plan(Record, kw_only=True):
    """Facts and nodes in topological order; emits and writes are what is asked, in order."""

    family: Literal["lookup", "multi_hop", "aggregate", "single_write", "multi_write", "read_write"]
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


def told(plan: Plan) -> Plan:
    """Return the plan as its words can tell it: ids in canonical order, clues sorted.

    Two plans that ask the same of the same facts are equal after it. Nodes are numbered
    in depth-first order from each emit and write, facts in order of first use; clues of
    a select are sorted by field and op. Exposure and family are kept; the facts of the party
    come last.
    """
    facts: dict[str, str] = {}
    nodes: dict[str, Node] = {}
    names: dict[str, str] = {}

    def fact(old: str) -> str:
        return facts.setdefault(old, f"f{len(facts) + 1}")

    def visit(old: str) -> str:
        if old in names:
            return names[old]
        node = plan.node(old)
        new: Node
        match node:
            case Select():
                where = tuple(
                    sorted(node.where, key=lambda w: (w.field, w.op, str(plan.fact(w.fact).value)))
                )
                links = tuple(
                    sorted(
                        node.links, key=lambda k: (k.relation, k.forward, str(_shape(plan, k.node)))
                    )
                )
                links = tuple(
                    Link(relation=k.relation, forward=k.forward, node=visit(k.node)) for k in links
                )
                where = tuple(Where(field=w.field, op=w.op, fact=fact(w.fact)) for w in where)
                name = f"n{len(names) + 1}"
                new = Select(id=name, entity=node.entity, where=where, links=links, pick=node.pick)
            case Aggregated():
                of = visit(node.of)
                name = f"n{len(names) + 1}"
                new = Aggregated(id=name, of=of, function=node.function, field=node.field)
            case Write():
                target = visit(node.target) if node.target else None
                settings = tuple(
                    Setting(
                        field=s.field,
                        fact=fact(s.fact) if s.fact else None,
                        node=visit(s.node) if s.node else None,
                        source=s.source,
                    )
                    for s in sorted(node.settings, key=lambda s: s.field)
                )
                name = f"n{len(names) + 1}"
                new = Write(
                    id=name, kind=node.kind, entity=node.entity, target=target, settings=settings
                )
            case Emit():
                of = visit(node.node)
                name = f"n{len(names) + 1}"
                new = Emit(id=name, node=of, field=node.field)
        names[old] = name
        nodes[name] = new
        return name

    for node in plan.nodes:
        if isinstance(node, (Write, Emit)):
            visit(node.id)
    party = plan.party
    if party is not None:
        party = Party(entity=party.entity, facts=tuple(fact(old) for old in party.facts))
    kept = {new: old for old, new in facts.items()}
    return Plan(
        family=plan.family,
        facts=tuple(
            Fact(id=new, entity=f.entity, field=f.field, value=f.value, exposure=f.exposure)
            for new, f in ((new, plan.fact(old)) for new, old in kept.items())
        ),
        nodes=tuple(nodes.values()),
        party=party,
    )


def _shape(plan: Plan, name: str) -> tuple[object, ...]:
    node = plan.node(name)
    assert isinstance(node, Select)
    return (
        node.entity,
        sorted((w.field, w.op, str(plan.fact(w.fact).value)) for w in node.where),
        sorted((k.relation, k.forward, str(_shape(plan, k.node))) for k in node.links),
        str(node.pick),
    )
