"""How many calls a task needs at least: a bound that holds for every agent that knows.

Each call shows rows of one entity only; a way between two rows (`Path`) shows several, but only
their keys and which of them refer to which. A row must be seen when a clue is checked on
it, when it carries the reference that joins two others, or when it holds the answer;
that no such row can be guessed is what the shortcut gate proves (masking it leaves the
answer open). So the entities of those rows, each at least once, bound the reads from
below, and each write needs a call of its own. The gold run bounds from above.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from agentgym.plan import Aggregated, Emit, Plan, Select, Write
from agentgym.schema import Schema
from agentgym.tools.algebra import Create, Path, Sequence, Term, Tool, Transfer, subject

__all__ = ["lower_bound", "must_see"]


def must_see(plan: Plan, schema: Schema) -> dict[str, str]:
    """Name the selects whose row (or rows) some call must show.

    Returns:
        Id of the select to why: `answer`, `clue`, `reference` or `aggregate`.
    """
    reasons: dict[str, str] = {}
    told_keys = {
        node.id: {w.field for w in node.where if w.op == "eq"}
        for node in plan.nodes
        if isinstance(node, Select)
    }
    for node in plan.nodes:
        match node:
            case Emit():
                if isinstance(plan.node(node.node), Select):
                    reasons[node.node] = "answer"
            case Aggregated():
                reasons[node.of] = "aggregate"
            case Write():
                for setting in node.settings:
                    if setting.node and setting.source not in told_keys[setting.node]:
                        _demand(plan, schema, setting.node, str(setting.source), reasons)
                if node.target:
                    key = schema.entity(node.entity).key
                    if not set(key) <= told_keys[node.target]:
                        for field in key:
                            _demand(plan, schema, node.target, field, reasons)
            case Select():
                for link in node.links:
                    relation = schema.relation(link.relation)
                    if not link.forward:
                        reasons.setdefault(link.node, "reference")
                    elif not set(relation.target_fields) <= told_keys[link.node]:
                        for field in relation.target_fields:
                            _demand(plan, schema, link.node, field, reasons)
    return reasons


def _demand(plan: Plan, schema: Schema, name: str, field: str, reasons: dict[str, str]) -> None:
    """A value is needed: see its row, unless a child's reference already is the value."""
    node = plan.node(name)
    assert isinstance(node, Select)
    if not node.where and node.pick is None and len(node.links) == 1:
        link = node.links[0]
        if not link.forward and field in schema.relation(link.relation).target_fields:
            reasons.setdefault(link.node, "reference")
            return
    reasons.setdefault(name, "clue")


def lower_bound(plan: Plan, schema: Schema, tools: Iterable[Tool] = ()) -> int:
    """Return a number of calls that no agent can undercut without luck.

    Two kinds of rows are seen for nothing: those of a link entity, when a tool lists what
    they join, and those that a write shows which needed no reading before it. Where one of the
    tools writes several rows, as many writes as it could do count as one call. Where one tells
    how two rows are connected, all rows of which no more than keys and references are needed
    count as one call.
    """
    tools = tuple(tools)
    seen = must_see(plan, schema)
    shown = {
        node.entity
        for node in plan.nodes
        if isinstance(node, Write)
        and node.kind in ("update", "transition")
        and not _target_is_read(plan, schema, node)
    }
    read: set[str] = set()
    rows: set[str] = set()
    for name, reason in seen.items():
        node = plan.node(name)
        assert isinstance(node, Select)
        joins = schema.entity(node.entity).kind == "link" and reason in ("clue", "reference")
        if not joins and node.entity not in shown:
            read.add(node.entity)
            rows.add(name)
    writes = Counter(node.entity for node in plan.nodes if isinstance(node, Write))
    if any(isinstance(tool.term, Path) for tool in tools):
        read = _beyond_ways(plan, schema, read, rows)
    widest = max((_reach(tool.term, schema, writes) for tool in tools), default=1)
    return len(read) + -(-writes.total() // max(1, widest))


def _beyond_ways(plan: Plan, schema: Schema, read: set[str], rows: set[str]) -> set[str]:
    """Put the entities of whose rows ways show enough together as one."""
    alone: set[str] = set()
    for node in plan.nodes:
        if isinstance(node, Select) and node.id in rows:
            told = {where.field for where in node.where if where.op == "eq"}
            clues = {where.field for where in node.where}
            if set(schema.entity(node.entity).key) <= told:
                clues = set()
            if node.pick is not None:
                clues.add(node.pick.field)
            needed, entity = clues, node.entity
        elif isinstance(node, Emit | Aggregated):
            select = plan.node(node.node if isinstance(node, Emit) else node.of)
            if not isinstance(select, Select) or select.id not in rows:
                continue
            needed, entity = {str(node.field)}, select.entity
        else:
            continue
        if not needed <= _on_ways(schema, entity):
            alone.add(entity)
    return (read & alone) | ({""} if read - alone else set())


def _on_ways(schema: Schema, entity: str) -> set[str]:
    """Name the fields of which a way can show values: keys and references."""
    found = set(schema.entity(entity).key)
    return found.union(*(relation.fields for relation in schema.parents(entity)))


def _reach(term: Term, schema: Schema, writes: Counter[str]) -> int:
    """Return how many of the plan's writes one call of a tool could do at most."""
    match term:
        case Sequence():
            could = Counter[str]()
            for step in term.steps:
                could[str(subject(step.term, schema))] += max(1, _reach(step.term, schema, writes))
            return sum(min(number, writes[entity]) for entity, number in could.items())
        case Create(nested=nested) if nested:
            below = {schema.relation(one.relation).entity for one in nested}
            return min(1, writes[term.entity]) + sum(writes[entity] for entity in below)
        case Transfer():
            return writes[term.source.entity] + (
                writes[term.target.entity] if term.target.entity != term.source.entity else 0
            )
        case _:
            return 1


def _target_is_read(plan: Plan, schema: Schema, write: Write) -> bool:
    """Tell whether the key of the written row stands nowhere but in a row of its entity."""
    target = plan.node(str(write.target))
    assert isinstance(target, Select)
    key = set(schema.entity(write.entity).key)
    if key <= {where.field for where in target.where if where.op == "eq"}:
        return False
    return target.id in _demanded(plan, schema, target.id, key)


def _demanded(plan: Plan, schema: Schema, name: str, fields: set[str]) -> dict[str, str]:
    reasons: dict[str, str] = {}
    for field in sorted(fields):
        _demand(plan, schema, name, field, reasons)
    return reasons
