"""Which rows some call must show: what an end needs that nobody was told.

A row must be seen when a clue is checked on it, when it carries the reference that joins two
others, when it holds the answer or decides which of two things is wanted. A plan comes in; its
selects go out, each with the reason. Next: `shortest`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from agentgym.plan import (
    Aggregated,
    Choose,
    Computed,
    Emit,
    Guard,
    Plan,
    Refuse,
    Select,
    Value,
    Write,
)
from agentgym.prove.ends import inputs, told_fields
from agentgym.schema import Schema

__all__ = ["Needs", "must_see"]


def must_see(
    plan: Plan,
    schema: Schema,
    wanted: Collection[str] | None = None,
    matters: Collection[str] = (),
) -> dict[str, str]:
    """Name the selects whose row (or rows) some call must show.

    Args:
        plan: The plan.
        schema: Of its domain.
        wanted: Ids of the emits and writes that are to be done; all that are not refused if None.
        matters: Ids of the refusals by a rule that would not bar every row.

    Returns:
        Id of the select to why: `answer`, `clue`, `reference`, `aggregate`, `test`, `absent`
        (that none of its rows is there, or is tied to another) or `barred`.
    """
    return Needs(plan, schema, wanted, matters).reasons


class Needs:
    """Goes through what is wanted and finds the rows that it rests on.

    Takes what `must_see` does; `reasons` is what that returns.
    """

    def __init__(
        self,
        plan: Plan,
        schema: Schema,
        wanted: Collection[str] | None,
        matters: Collection[str],
    ) -> None:
        self.plan, self.schema = plan, schema
        refused = {node.act for node in plan.nodes if isinstance(node, Refuse)}
        asked = [n.id for n in plan.nodes if isinstance(n, Emit | Write) and n.id not in refused]
        self.wanted = set(asked if wanted is None else wanted)
        tests = [node.id for node in plan.nodes if isinstance(node, Guard)]
        self.relevant = self.behind(*sorted(self.wanted), *tests)
        self.reasons: dict[str, str] = {}
        for node in plan.nodes:
            if isinstance(node, Refuse):
                self.refusal(node, matters)
            elif node.id in self.relevant:
                self.visit(node)

    def behind(self, *names: str) -> set[str]:
        """Return what some nodes rest on, but for what leads to rows that are not there."""
        found: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name in found:
                continue
            found.add(name)
            node = self.plan.node(name)
            below: Iterable[str] = inputs(node)
            if isinstance(node, Guard) and node.test.op == "exists":
                below = ()
            if isinstance(node, Select):
                below = [*(link.node for link in node.links if not link.absent), *node.among]
            waiting += below
        return found

    def visit(self, node: object) -> None:
        """Note the rows that a node needs by itself."""
        match node:
            case Emit():
                if isinstance(self.plan.node(node.node), Select):
                    self.reasons[node.node] = "answer"
            case Aggregated():
                if not self.stored(node):
                    self.reasons[node.of] = "aggregate"
            case Choose():
                self.reasons[node.of] = "answer"
            case Computed():
                for value in node.of:
                    self.value(value)
            case Guard():
                if node.test.op == "exists":
                    self.reasons.setdefault(str(node.test.left.node), "absent")
                else:
                    self.value(node.test.left)
                    self.value(node.test.right)
            case Write():
                self.write(node)
            case Select():
                self.links(node)

    def stored(self, node: Aggregated) -> bool:
        """Tell whether a row of another entity may hold the number, kept there for its children."""
        select = self.plan.node(node.of)
        assert isinstance(select, Select)
        over = [one.relation for one in self.schema.derived if one.relation is not None]
        return any(self.schema.relation(name).entity == select.entity for name in over)

    def value(self, value: Value | None) -> None:
        """A value is compared or worked with: see its row, unless it was told."""
        if value is None or value.node is None or value.field is None:
            return
        select = self.plan.node(value.node)
        assert isinstance(select, Select)
        if value.field not in told_fields(select):
            self.demand(select.id, value.field)

    def write(self, node: Write) -> None:
        """What is copied is read, and the key of what is changed."""
        for setting in node.settings:
            if setting.node is not None and setting.source is not None:
                source = self.plan.node(setting.node)
                if isinstance(source, Select) and setting.source not in told_fields(source):
                    self.demand(setting.node, setting.source)
        if node.target is not None:
            self.key(node.target, node.entity)

    def key(self, name: str, entity: str) -> None:
        """The key of a row is needed."""
        select, key = self.plan.node(name), self.schema.entity(entity).key
        assert isinstance(select, Select)
        if not set(key) <= told_fields(select):
            for field in key:
                self.demand(name, field)

    def links(self, node: Select) -> None:
        """A reference is followed: see the row that carries it, and the one that it leads to."""
        for link in node.links:
            relation, other = self.schema.relation(link.relation), self.plan.node(link.node)
            assert isinstance(other, Select)
            if link.absent:
                self.reasons.setdefault(link.node, "absent")
            elif not link.forward:
                self.reasons.setdefault(link.node, "reference")
            elif not set(relation.target_fields) <= told_fields(other):
                for field in relation.target_fields:
                    self.demand(link.node, field)

    def refusal(self, node: Refuse, matters: Collection[str]) -> None:
        """See why an act cannot be done."""
        act = self.plan.node(node.act)
        match node.because:
            case "no_row":
                self.reasons.setdefault(str(node.node), "absent")
            case "no_value":
                name = str(node.node)
                self.reasons.setdefault(name, "answer")
                before = self.behind(name) - self.relevant
                for other in self.plan.nodes:
                    if other.id in before:
                        self.visit(other)
            case "rule" if node.id in matters and isinstance(act, Write) and act.target:
                self.reasons.setdefault(act.target, "barred")
            case _:
                pass

    def demand(self, name: str, field: str) -> None:
        """A value is needed: see its row, unless a child's reference already is the value."""
        node = self.plan.node(name)
        assert isinstance(node, Select)
        if node.me and field in self.schema.entity(node.entity).key:
            return  # whoever identifies the user is given the key
        only = not node.where and node.pick is None and not node.among and not node.me
        if only and len(node.links) == 1:
            link = node.links[0]
            relation = self.schema.relation(link.relation)
            if not link.forward and not link.absent and field in relation.target_fields:
                self.reasons.setdefault(link.node, "reference")
                return
        self.reasons.setdefault(name, "clue")
