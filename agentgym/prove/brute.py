"""The judge of the clever checks: exhaustive search, for worlds small enough.

`extents` enumerates which rows a plan's selects can be, `answers` what its ends can be for
one who has seen some rows, `shortest` searches breadth-first through real calls until that
leaves one answer. Slow on purpose, and written from the definitions alone.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping

from agentgym.domain import Domain
from agentgym.formats import Json
from agentgym.plan import Aggregated, Emit, Plan, Select, Write
from agentgym.plan.tables import aggregate
from agentgym.schema import Schema
from agentgym.schema.types import Row, Rows, fold, to_stored, to_wire
from agentgym.tools.algebra import (
    WRITES,
    Aggregate,
    AskUser,
    Calculate,
    Conclude,
    CurrentTime,
    ListRelated,
    Path,
    Search,
    Tool,
    subject,
)
from agentgym.tools.parameters import bindings, parameters
from agentgym.world.compile import engine

__all__ = ["answers", "extents", "shortest", "values"]

Name = tuple[str, tuple[Json, ...]]
"""Entity and wire key of a row; an empty key for a figure over rows of the entity.

A row of which only key and references were shown has a `~` before its entity.
"""
Seen = frozenset[Name]


def extents(
    plan: Plan, schema: Schema, rows: Rows, assumed: Mapping[str, Row] | None = None
) -> dict[str, set[Row]]:
    """Enumerate all assignments of rows to selects that satisfy every clue.

    Picks are applied afterwards, select by select, as the plan orders them.

    Args:
        plan: The plan.
        schema: What the rows are of.
        rows: Entity to rows.
        assumed: Selects that are taken to be a row, whatever their clues say.

    Returns:
        Select to the rows that it has in some assignment of what it rests on.
    """
    found: dict[str, set[Row]] = {}
    for node in plan.nodes:
        if not isinstance(node, Select):
            continue
        if assumed and node.id in assumed:
            found[node.id] = {assumed[node.id]}
            continue
        fits = {row for row in rows.get(node.entity, ()) if _fits(plan, schema, node, row, found)}
        if node.pick is not None:
            place = schema.entity(node.entity).position(node.pick.field)
            values = [row[place] for row in fits if row[place] is not None]
            best = (max if node.pick.largest else min)(values) if values else None  # type: ignore[type-var]
            fits = {row for row in fits if values and row[place] == best}
        found[node.id] = fits
    return found


def _fits(plan: Plan, schema: Schema, node: Select, row: Row, found: dict[str, set[Row]]) -> bool:
    entity = schema.entity(node.entity)
    for where in node.where:
        field = entity.field(where.field)
        value, told = (
            row[entity.position(where.field)],
            to_stored(field, plan.fact(where.fact).value),
        )
        if value is None or told is None:
            return False
        if isinstance(value, str) and isinstance(told, str) and where.op == "eq":
            value, told = fold(value), fold(told)
        order = (value > told) - (value < told)  # type: ignore[operator]
        legal = {"eq": (0,), "lt": (-1,), "le": (-1, 0), "gt": (1,), "ge": (0, 1)}[where.op]
        if order not in legal:
            return False
    for link in node.links:
        relation = schema.relation(link.relation)
        child, parent = schema.entity(relation.entity), schema.entity(relation.target)
        pairs = list(zip(relation.fields, relation.target_fields, strict=True))

        def joined(one: Row, other: Row) -> bool:
            below, above = (one, other) if link.forward else (other, one)  # noqa: B023
            return all(
                below[child.position(a)] is not None  # noqa: B023
                and below[child.position(a)] == above[parent.position(b)]  # noqa: B023
                for a, b in pairs  # noqa: B023
            )

        if not any(joined(row, other) for other in found[link.node]):
            return False
    return True


def answers(plan: Plan, domain: Domain, seen: Seen) -> set[tuple[str, ...]]:
    """Enumerate the answers that are left for one who has seen some of the rows.

    A select whose row was seen, as was what it rests on, is known. Of the row that a known
    one refers to, the key is known. Any other could be every row that was not seen.

    Returns:
        The possible answers, as texts, one a question.
    """
    schema, rows = domain.schema, domain.rows
    truth = extents(plan, schema, rows)
    ends = {e.node for e in plan.nodes if isinstance(e, Emit)}
    sets = {node.of for node in plan.nodes if isinstance(node, Aggregated)}
    carriers = {
        link.node
        for node in plan.nodes
        if isinstance(node, Select)
        for link in node.links
        if not link.forward
    }
    whole: set[str] = set()
    keyed: set[str] = set()
    doubtful: dict[str, list[Row]] = {}
    for node in plan.nodes:
        if not isinstance(node, Select):
            continue
        if not all(k.node in (keyed if k.forward else whole) for k in node.links):
            continue
        here = {_name(schema, node.entity, row) for row in truth[node.id]}
        known = _sight(plan, schema, node, seen)
        if here <= known or (node.id in sets and (node.entity, ()) in seen):
            whole.add(node.id)
            keyed.add(node.id)
            continue
        if not node.where and any(not k.forward for k in node.links):
            keyed.add(node.id)
            if node.id not in ends | sets | carriers:
                continue
        doubtful[node.id] = [
            row
            for row in rows.get(node.entity, ())
            if _name(schema, node.entity, row) not in known or row in truth[node.id]
        ]
    left: set[tuple[str, ...]] = set()
    for chosen in itertools.product(*doubtful.values()):
        found = extents(plan, schema, rows, dict(zip(doubtful, chosen, strict=True)))
        left |= set(itertools.product(*values(plan, schema, found)))
    return left


def _sight(plan: Plan, schema: Schema, node: Select, seen: Seen) -> Seen:
    """Add the rows on ways, where no more than their keys and references is needed."""
    entity = schema.entity(node.entity)
    needed = {where.field for where in node.where}
    if set(entity.key) <= {where.field for where in node.where if where.op == "eq"}:
        needed = set()
    if node.pick is not None:
        needed.add(node.pick.field)
    for end in plan.nodes:
        if isinstance(end, Emit) and end.node == node.id:
            needed.add(str(end.field))
        if isinstance(end, Aggregated) and end.of == node.id:
            return seen
    shown = {*entity.key, *(f for one in schema.parents(entity.name) for f in one.fields)}
    if not needed <= shown:
        return seen
    return seen | {(name[1:], key) for name, key in seen if name.startswith("~")}


def values(plan: Plan, schema: Schema, found: dict[str, set[Row]]) -> Iterator[list[str]]:
    """Yield the values of each answer, empty where there are none."""
    for end in plan.nodes:
        if isinstance(end, Emit):
            node = plan.node(end.node)
            if isinstance(node, Aggregated):
                select = plan.node(node.of)
                assert isinstance(select, Select)
                entity = schema.entity(select.entity)
                value = aggregate(
                    entity, node.function, node.field, sorted(found[node.of], key=str)
                )
                yield [] if value in (None, 0) else [str(value)]
            else:
                assert isinstance(node, Select)
                place = schema.entity(node.entity).position(str(end.field))
                yield sorted({str(row[place]) for row in found[node.id] if row[place] is not None})


def _name(schema: Schema, entity: str, row: Row) -> Name:
    kind = schema.entity(entity)
    return entity, tuple(to_wire(kind.field(k), row[kind.position(k)]) for k in kind.key)


def shortest(plan: Plan, domain: Domain, *, cap: int) -> int | None:
    """Search for the smallest number of calls after which what was seen leaves one answer.

    Every reading tool is tried with every combination of values that belong there and are
    known so far (one filter at a time, and all of the plan's own clues together), with every
    sorting and the first three pages. Of what was seen, only what is not less counts.

    Args:
        plan: A plan without writes.
        domain: The domain, a tiny one.
        cap: Largest number of calls that is tried.

    Returns:
        The number, or None where `cap` calls are not enough.
    """
    assert not any(isinstance(node, Write) for node in plan.nodes)
    shown: dict[Name, dict[str, Json]] = {}
    frontier: list[Seen] = [frozenset()]
    for depth in range(cap + 1):
        if any(_enough(plan, domain, seen) for seen in frontier):
            return depth
        if depth == cap:
            break
        following: set[Seen] = set()
        for seen in frontier:
            for rows in _outputs(domain, plan, {name: shown[name] for name in seen if name[1]}):
                shown |= rows
                following.add(seen | frozenset(rows))
        frontier = [s for s in following if not any(s < other for other in following)]
    return None


def _enough(plan: Plan, domain: Domain, seen: Seen) -> bool:
    """Tell whether the answer was shown and no other is left."""
    truth = extents(plan, domain.schema, domain.rows)
    for end in plan.nodes:
        if isinstance(end, Emit):
            node = plan.node(end.node)
            name = node.of if isinstance(node, Aggregated) else node.id
            select = plan.node(name)
            assert isinstance(select, Select)
            here = {_name(domain.schema, select.entity, row) for row in truth[name]}
            known = _sight(plan, domain.schema, select, seen)
            if not (
                here <= known or (isinstance(node, Aggregated) and (select.entity, ()) in seen)
            ):
                return False
    return len(answers(plan, domain, seen)) == 1


def _outputs(
    domain: Domain, plan: Plan, seen: Mapping[Name, dict[str, Json]]
) -> Iterator[dict[Name, dict[str, Json]]]:
    """Yield what each possible call shows: named rows."""
    runner = engine(domain)
    world = runner.world()
    for tool in domain.tools:
        if isinstance(tool.term, (*WRITES, AskUser, Calculate, Conclude, CurrentTime)):
            continue
        if isinstance(tool.term, Path):
            for ends in _ends(tool.term, domain.schema, plan, seen):
                result = runner.call(world, tool.name, ends)
                if result.ok:
                    yield _passed(domain.schema, ends, result.data["steps"])
            continue
        entity = subject(tool.term, domain.schema)
        assert entity is not None
        if isinstance(tool.term, Aggregate):
            yield {(entity, ()): {}}  # whatever it is asked: the most generous reading
            continue
        key = domain.schema.entity(entity).key
        for arguments in _arguments(tool, domain.schema, plan, seen):
            result = runner.call(world, tool.name, arguments)
            if result.ok:
                yield {(entity, tuple(item[name] for name in key)): item for item in result.rows}


def _ends(
    term: Path, schema: Schema, plan: Plan, seen: Mapping[Name, dict[str, Json]]
) -> Iterator[dict[str, Json]]:
    """Yield every pair of rows whose keys are known."""
    met = {(name.lstrip("~"), key): item for (name, key), item in seen.items()}
    keys = [
        (name, key)
        for name in term.entities
        for key in _belonging(schema, plan, met, name, schema.entity(name).key[0])
    ]
    for one, other in itertools.permutations(keys, 2):
        yield {"from_entity": one[0], "from_key": one[1], "to_entity": other[0], "to_key": other[1]}


def _passed(
    schema: Schema, ends: Mapping[str, Json], steps: list[dict[str, Json]]
) -> dict[Name, dict[str, Json]]:
    """Name the rows of a way."""
    met = [(str(ends["from_entity"]), ends["from_key"])]
    met += [(str(step["entity"]), step["key"]) for step in steps]
    return {(f"~{name}", (key,)): {schema.entity(name).key[0]: key} for name, key in met}


def _arguments(
    tool: Tool, schema: Schema, plan: Plan, seen: Mapping[Name, dict[str, Json]]
) -> Iterator[dict[str, Json]]:
    uses = bindings(tool.term, schema)
    values = {
        param: _belonging(schema, plan, seen, owner, field)
        for param, (owner, field, _) in uses.items()
    }
    face = parameters(tool, schema)
    required = face["required"]
    clues = {(f.entity, f.field): f.value for f in plan.facts}
    own = {name: clues[e, f] for name, (e, f, _) in uses.items() if (e, f) in clues}
    for chosen in itertools.product(*(values[name] for name in required)):
        base = dict(zip(required, chosen, strict=True))
        yield base
        yield own | base
        for name in uses:
            if name not in base:
                for value in values[name]:
                    yield base | {name: value}
        if isinstance(tool.term, (Search, ListRelated)):
            for page in (2, 3):
                yield base | {"page": page}
            for field in tool.term.sorts:
                yield base | {"sort_by": field}
                yield base | {"sort_by": field, "descending": True}


def _belonging(
    schema: Schema, plan: Plan, seen: Mapping[Name, dict[str, Json]], owner: str, field: str
) -> list[Json]:
    """List the known values of a field and of the fields that refer to it or that it refers to."""
    columns = {(owner, field)}
    for relation in schema.relations:
        for mine, theirs in zip(relation.fields, relation.target_fields, strict=True):
            pair = {(relation.entity, mine), (relation.target, theirs)}
            if (owner, field) in pair:
                columns |= pair
                columns |= {
                    (other.entity, f)
                    for other in schema.children(relation.target)
                    for f in other.fields
                }
    found = [fact.value for fact in plan.facts if (fact.entity, fact.field) in columns]
    found += [
        value
        for (entity, _), row in seen.items()
        for name, value in row.items()
        if (entity, name) in columns and value is not None
    ]
    return list({str(value): value for value in found}.values())
