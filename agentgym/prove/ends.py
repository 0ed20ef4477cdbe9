"""What a plan comes to: its ends, what each rests on, and the form of that.

An end is a value that is asked, a row that is written, a test that decides. Two nodes of equal
form mean the same rows, in whichever plan they stand; what was proved of a form need not be
proved again over the same rows. Next: `shortest`, `shortcuts`.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator

from agentgym.formats import Json, Record
from agentgym.plan import (
    Aggregated,
    Choose,
    Computed,
    Emit,
    Guard,
    Link,
    Node,
    Plan,
    Refuse,
    Select,
    Value,
    Where,
    Write,
)

__all__ = ["End", "ends", "form", "inputs", "many", "rests_on", "told_fields", "without"]


class End(Record, kw_only=True):
    """Something that the rows decide: what an agent has to find out."""

    node: str
    """The emit, write or guard."""
    used: str
    """The node whose rows or number it is."""
    field: str | None = None
    """The field of the select's rows; None for the rows themselves, or a number."""
    what: str
    """`value`, `rows`, `test`, or `empty`: whether there is a value."""


def inputs(node: Node) -> tuple[str, ...]:
    """Return the nodes that a node is made of."""
    match node:
        case Select():
            return (*(link.node for link in node.links), *node.among)
        case Aggregated() | Choose():
            return (node.of,)
        case Computed():
            return _nodes(node.of)
        case Emit():
            return (node.node,)
        case Guard():
            return _nodes((node.test.left, node.test.right))
        case Write():
            target = () if node.target is None else (node.target,)
            return (*target, *(s.node for s in node.settings if s.node is not None))
        case _:
            return ()


def _nodes(values: Collection[Value | None]) -> tuple[str, ...]:
    return tuple(one.node for one in values if one is not None and one.node is not None)


def rests_on(plan: Plan, *names: str) -> set[str]:
    """Return the nodes that some nodes rest on, those included."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += inputs(plan.node(name))
    return found


def many(plan: Plan) -> set[str]:
    """Name the selects that may have several rows: those of which nothing takes one."""
    return _sets(plan) - _singles(plan)


def _singles(plan: Plan) -> set[str]:
    """Name the selects of which something takes the one row."""
    found: set[str] = set()
    for node in plan.nodes:
        match node:
            case Emit(many=False):
                found.add(node.node)
            case Write():
                found.update(s.node for s in node.settings if s.node is not None)
                if node.target is not None and not node.each:
                    found.add(node.target)
            case Select():
                found.update(link.node for link in node.links if not link.absent)
            case Computed():
                found.update(_nodes(node.of))
            case Guard() if node.test.op != "exists":
                found.update(_nodes((node.test.left, node.test.right)))
            case _:
                pass
    return found


def _sets(plan: Plan) -> set[str]:
    """Name the selects of which something takes all rows, or asks if there are any."""
    found: set[str] = set()
    for node in plan.nodes:
        match node:
            case Aggregated() | Choose():
                found.add(node.of)
            case Emit(many=True):
                found.add(node.node)
            case Write(each=True):
                found.add(str(node.target))
            case Select():
                found.update(node.among)
                found.update(link.node for link in node.links if link.absent)
            case Guard() if node.test.op == "exists":
                found.add(str(node.test.left.node))
            case _:
                pass
    return found


def told_fields(select: Select) -> set[str]:
    """Name the fields of a select's row whose value a clue tells outright."""
    return {where.field for where in select.where if where.op == "eq" and where.of is None}


def ends(plan: Plan, wanted: Collection[str]) -> Iterator[End]:
    """Yield what has to be found out for what is wanted, tests included.

    Args:
        plan: The plan.
        wanted: Ids of the emits and writes that are to be done, and of the refusals that come to
            bear.
    """
    for node in plan.nodes:
        match node:
            case Refuse(because="no_value") if node.id in wanted:
                yield End(node=node.id, used=str(node.node), field=node.field, what="empty")
            case Guard():
                for value in (node.test.left, node.test.right):
                    if value is not None and value.node is not None:
                        yield End(node=node.id, used=value.node, field=value.field, what="test")
            case Emit() if node.id in wanted:
                source = plan.node(node.node)
                used = source.of if isinstance(source, Choose) else node.node
                what = "rows" if isinstance(source, Choose) else "value"
                yield End(node=node.id, used=used, field=node.field, what=what)
            case Write() if node.id in wanted:
                if node.target is not None:
                    yield End(node=node.id, used=node.target, what="rows")
                for setting in node.settings:
                    if setting.node is not None:
                        yield End(
                            node=node.id, used=setting.node, field=setting.source, what="value"
                        )
            case _:
                pass


def form(plan: Plan, name: str, *, cut: str | None = None) -> Hashable:
    """Return what a node means, without its id: equal for nodes that mean the same.

    Args:
        plan: The plan that it is of.
        name: The node.
        cut: A select that could be any row of its entity.
    """
    former = _Former(plan)
    if cut is not None:
        masked = plan.node(cut)
        assert isinstance(masked, Select)
        former.known[cut] = "any", masked.entity
    return former.node(name)


class _Former:
    def __init__(self, plan: Plan) -> None:
        self.facts = {fact.id: fact for fact in plan.facts}
        self.nodes = {node.id: node for node in plan.nodes}
        self.party = plan.party
        self.known: dict[str, Hashable] = {}

    def node(self, name: str) -> Hashable:
        if name not in self.known:
            self.known[name] = self._node(self.nodes[name])
        return self.known[name]

    def _node(self, node: Node) -> Hashable:
        match node:
            case Select():
                me = self.party.facts if node.me and self.party is not None else ()
                return (
                    "select",
                    node.entity,
                    frozenset((w.field, w.op, w.of, self.fact(w.fact)) for w in node.where),
                    frozenset(
                        (k.relation, k.forward, k.absent, self.node(k.node)) for k in node.links
                    ),
                    node.pick,
                    frozenset(map(self.node, node.among)),
                    node.me,
                    tuple(map(self.fact, me)),
                )
            case Aggregated():
                return "aggregated", self.node(node.of), node.function, node.field
            case Computed():
                return "computed", node.function, tuple(map(self.value, node.of))
            case Choose():
                limits = frozenset(
                    (one.kind, one.field, one.op, None if one.fact is None else self.fact(one.fact))
                    for one in node.limits
                )
                return "choose", self.node(node.of), node.count, limits
            case Guard():
                right = None if node.test.right is None else self.value(node.test.right)
                return "guard", node.test.op, self.value(node.test.left), right
            case _:
                return (
                    "end",
                    type(node).__name__,
                    getattr(node, "many", getattr(node, "each", None)),
                )

    def value(self, value: Value) -> Hashable:
        if value.fact is not None:
            return "fact", self.fact(value.fact)
        return "node", self.node(str(value.node)), value.field or ""

    def fact(self, name: str) -> Hashable:
        return _plain(self.facts[name].value)


def _plain(value: Json) -> Hashable:
    """Return what stands for a wire value; True is not 1."""
    return type(value).__name__, str(value)


def without(plan: Plan, name: str, clue: Where | Link) -> Plan:
    """Return the plan without one clue of a select."""
    nodes: list[Node] = []
    for node in plan.nodes:
        if node.id == name and isinstance(node, Select):
            where = tuple(one for one in node.where if one is not clue)
            links = tuple(one for one in node.links if one is not clue)
            nodes.append(_replace(node, where, links))
        else:
            nodes.append(node)
    return Plan(family=plan.family, facts=plan.facts, nodes=tuple(nodes), party=plan.party)


def _replace(node: Select, where: tuple[Where, ...], links: tuple[Link, ...]) -> Select:
    return Select(
        id=node.id,
        entity=node.entity,
        where=where,
        links=links,
        pick=node.pick,
        among=node.among,
        me=node.me,
    )
