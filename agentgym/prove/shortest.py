"""How many calls a task needs at least: a bound that holds for every agent that knows.

Each call shows rows of one entity only; a way between two rows (`Path`) shows several, but only
their keys and which of them refer to which. A row must be seen when a clue is checked on
it, when it carries the reference that joins two others, when it holds the answer or decides
which of two things is wanted; that no such row can be guessed is what the shortcut gate proves
(masking it leaves the end open). So the entities of those rows, each at least once, bound the
reads from below, and each write needs a call of its own. The gold run bounds from above.

More precisely, where the rows are given:

- a call shows no more rows of an entity than the longest page of its tools, so an entity of which
  n rows must be seen takes n divided by that, rounded up: the row of each single select, for a set
  that is told as many rows as it has distinct values, for what is chosen as many as are chosen;
- a sum or an average over rows that no tool computes takes all of them;
- that nothing is there (an absent link, a test for existence, a request for what does not exist)
  takes one call for rows of the entity, whatever other clues there are: any of them may be what
  nothing satisfies, so that none of the rows before it need be seen;
- what is not wanted takes nothing: the branch of a guard that is not taken, an act that is
  barred; a bar that depends on the row (`matters`) takes one call for a row of its entity, an
  attempt at the act included.

Facts take nothing: what a user holds back is asked for in words, not by a call. Nor does a write
that is the user's: they are told of it in words, and what it gives is theirs to see.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable

from agentgym.plan import Aggregated, Choose, Computed, Emit, Guard, Plan, Select, Write
from agentgym.plan.tables import Tables
from agentgym.prove.ends import told_fields
from agentgym.prove.needs import Needs, must_see
from agentgym.schema import Schema
from agentgym.tools.algebra import (
    Aggregate,
    Create,
    ListRelated,
    Path,
    Search,
    Sequence,
    Term,
    Tool,
    Transfer,
    subject,
)

__all__ = ["lower_bound", "must_see"]

_HINTS = frozenset({"clue", "reference", "absent"})
"""Reasons for which a row of a link entity need not be shown itself: what it joins is listed."""


def lower_bound(
    plan: Plan,
    schema: Schema,
    tools: Iterable[Tool] = (),
    tables: Tables | None = None,
    *,
    wanted: Collection[str] | None = None,
    matters: Collection[str] = (),
) -> int:
    """Return a number of calls that no agent can undercut without luck.

    Two kinds of rows are seen for nothing: those of a link entity, when a tool lists what
    they join, and those that a write shows which needed no reading before it. Where one of the
    tools writes several rows, as many writes as it could do count as one call. Where one tells
    how two rows are connected, all rows of which no more than keys and references are needed
    count as one call.

    Args:
        plan: The plan.
        schema: Of its domain.
        tools: Of its domain.
        tables: The rows at the start; without them pages and sets are not counted, and what is
            wanted is not known but from `wanted`.
        wanted: As of `must_see`; what the rows decide where they are given.
        matters: As of `must_see`.
    """
    tools = tuple(tools)
    if wanted is None and tables is not None:
        wanted = [node.id for node in tables.wanted(plan)]
    needs = Needs(plan, schema, wanted, matters)
    writes = [
        n for n in plan.nodes if isinstance(n, Write) and n.id in needs.wanted and n.by == "agent"
    ]
    shown = {
        node.entity
        for node in writes
        if node.kind in ("update", "transition")
        and not node.each
        and not _target_is_read(plan, schema, node)
    }
    read: set[str] = set()
    rows: dict[str, str] = {}
    for name, reason in needs.reasons.items():
        node = plan.node(name)
        assert isinstance(node, Select)
        joins = schema.entity(node.entity).kind == "link" and reason in _HINTS
        if not joins and node.entity not in shown:
            read.add(node.entity)
            rows[name] = reason
    counts: Counter[str] = Counter()
    for node in writes:
        number = 1
        if node.each and tables is not None:
            number = len(tables.extent(plan, str(node.target)))
        counts[node.entity] += number
    ways = any(isinstance(tool.term, Path) for tool in tools)
    pages = 0
    if ways:
        read = _beyond_ways(plan, schema, read, rows)
    elif tables is not None:
        pages = sum(
            max(0, _pages(plan, tables, tools, entity, rows, counts[entity]) - 1)
            for entity in sorted(read)
        )
    widest = max((_reach(tool.term, schema, counts) for tool in tools), default=1)
    return len(read) + pages + -(-counts.total() // max(1, widest))


def _pages(
    plan: Plan,
    tables: Tables,
    tools: Iterable[Tool],
    entity: str,
    rows: dict[str, str],
    written: int,
) -> int:
    """Return how many calls show as many rows of an entity as must be seen.

    A write shows the row that it wrote, which then needs no place on a page.
    """
    schema = tables.schema
    mine = [tool.term for tool in tools if subject(tool.term, schema) == entity]
    width = max(
        (t.page_size if isinstance(t, Search | ListRelated) else 1 for t in mine), default=1
    )
    single: set[object] = set()
    most = 1
    for name, reason in rows.items():
        node = plan.node(name)
        if not isinstance(node, Select) or node.entity != entity:
            continue
        found = tables.extent(plan, name)
        most = max(most, _of_set(plan, tables, name, len(found), mine))
        if len(found) == 1 and reason in ("answer", "clue", "reference"):
            single.add(found[0])
    return -(-max(1, max(most, len(single)) - written) // width)


def _of_set(plan: Plan, tables: Tables, name: str, size: int, terms: Iterable[Term]) -> int:
    """Return how many rows of a select with several must be seen."""
    most = 1
    for node in plan.nodes:
        match node:
            case Emit(many=True) if node.node == name:
                select = plan.node(name)
                assert isinstance(select, Select)
                place = tables.schema.entity(select.entity).position(str(node.field))
                most = max(most, len({row[place] for row in tables.extent(plan, name)}))
            case Choose() if node.of == name:
                most = max(most, node.count)
            case Write(each=True) if node.target == name:
                most = max(most, size)
            case Aggregated() if node.of == name and node.function in ("sum", "avg"):
                if not any(isinstance(term, Aggregate) for term in terms):
                    most = max(most, size)
            case _:
                pass
    return most


def _beyond_ways(plan: Plan, schema: Schema, read: set[str], rows: dict[str, str]) -> set[str]:
    """Put the entities of whose rows ways show enough together as one."""
    alone: set[str] = set()
    for node in plan.nodes:
        match node:
            case Select() if rows.get(node.id, "absent") != "absent":
                clues = {where.field for where in node.where}
                if set(schema.entity(node.entity).key) <= told_fields(node):
                    clues = set()
                if node.pick is not None:
                    clues.add(node.pick.field)
                needed, name = clues, node.id
            case Emit() if node.node in rows:
                needed, name = {str(node.field)}, node.node
            case Aggregated() | Choose() if node.of in rows:
                needed, name = {"*"}, node.of
            case Write():
                sources = [s for s in node.settings if s.node in rows]
                for setting in sources:
                    select = plan.node(str(setting.node))
                    assert isinstance(select, Select)
                    if setting.source not in _on_ways(schema, select.entity):
                        alone.add(select.entity)
                continue
            case Computed() | Guard():
                values = (
                    node.of if isinstance(node, Computed) else (node.test.left, node.test.right)
                )
                for value in values:
                    if value is not None and value.field and value.node in rows:
                        select = plan.node(str(value.node))
                        assert isinstance(select, Select)
                        if value.field not in _on_ways(schema, select.entity):
                            alone.add(select.entity)
                continue
            case _:
                continue
        select = plan.node(name)
        assert isinstance(select, Select)
        if not needed <= _on_ways(schema, select.entity):
            alone.add(select.entity)
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
    if key <= told_fields(target):
        return False
    needs = Needs(plan, schema, (), ())
    needs.reasons = {}
    for field in sorted(key):
        needs.demand(target.id, field)
    return target.id in needs.reasons
