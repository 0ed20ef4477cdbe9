"""The fewest calls, by exhaustive search through real ones.

`answers` enumerates what the ends can be for one who has seen some rows; `shortest` searches
breadth-first through calls until that leaves one. What a call could tell is read as generously
as can be, so that no cleverer agent needs fewer. Next: the tests that use them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping

from agentgym.domain import Domain
from agentgym.formats import Json
from agentgym.plan import Aggregated, Choose, Emit, Guard, Plan, Refuse, Select, Value, Write
from agentgym.prove.brute.rows import Found, extents, keeps, values, wanted
from agentgym.prove.ends import inputs
from agentgym.schema import Schema
from agentgym.schema.types import Row, to_wire
from agentgym.tools.algebra import (
    INTRINSIC,
    WRITES,
    Aggregate,
    AskUser,
    Calculate,
    Conclude,
    CurrentTime,
    ListRelated,
    ListTools,
    LookUpTerm,
    Path,
    ReadManual,
    Search,
    SearchManual,
    ShowToolDoc,
    Tool,
    subject,
)
from agentgym.tools.parameters import bindings, parameters
from agentgym.world.compile import engine

__all__ = ["answers", "shortest"]

Name = tuple[str, tuple[Json, ...]]
"""Entity and wire key of a row; an empty key for a figure over rows of the entity.

A row of which only key and references were shown has a `~` before its entity. An entity of which
some call found no row has a `!` before it.
"""
Seen = frozenset[Name]

_NOT_READ = (
    *WRITES,
    *INTRINSIC,
    AskUser,
    Calculate,
    Conclude,
    CurrentTime,
    ListTools,
    LookUpTerm,
    ShowToolDoc,
    ReadManual,
    SearchManual,
)


def answers(plan: Plan, domain: Domain, seen: Seen) -> set[tuple[str, ...]]:
    """Enumerate the answers that are left for one who has seen some of the rows.

    A select whose row was seen, as was what it rests on, is known. Of the row that a known
    one refers to, the key is known. Any other could be every row that was not seen, and so could
    what a condition asks for, if nothing at all was found of it.

    Returns:
        The possible answers, as texts, one a question; those that are not wanted are empty.
    """
    schema, rows = domain.schema, domain.rows
    truth = extents(plan, schema, rows)
    doubtful = _doubtful(plan, domain, seen, truth)
    left: set[tuple[str, ...]] = set()
    emits = [node.id for node in plan.nodes if isinstance(node, Emit)]
    for chosen in itertools.product(*doubtful.values()):
        found = extents(plan, schema, rows, dict(zip(doubtful, chosen, strict=True)))
        for acts in wanted(plan, schema, found):
            parts = values(plan, schema, found)
            told = [v if n in acts else [""] for n, v in zip(emits, parts, strict=True)]
            left |= set(itertools.product(*told))
    return left


def _doubtful(plan: Plan, domain: Domain, seen: Seen, truth: Found) -> dict[str, list[Row | None]]:
    """Return the selects of which the row is not known, with the rows that they could be."""
    schema, rows = domain.schema, domain.rows
    ends = {e.node for e in plan.nodes if isinstance(e, Emit)}
    ends |= {v for e in plan.nodes if isinstance(e, Guard) for v in inputs(e)}
    ends |= {str(e.node) for e in plan.nodes if isinstance(e, Refuse)}
    sets = {node.of for node in plan.nodes if isinstance(node, Aggregated)}
    tested = {
        str(node.test.left.node)
        for node in plan.nodes
        if isinstance(node, Guard) and node.test.op == "exists"
    }
    links = [k for node in plan.nodes if isinstance(node, Select) for k in node.links]
    carriers = {link.node for link in links if not link.forward}
    carriers |= {name for n in plan.nodes if isinstance(n, Select) for name in n.among}
    absent = {link.node for link in links if link.absent}
    whole: set[str] = set()
    keyed: set[str] = set()
    found: dict[str, list[Row | None]] = {}
    for node in plan.nodes:
        if not isinstance(node, Select):
            continue
        below = [k.node in (keyed if k.forward else whole) or k.absent for k in node.links]
        if not all(below) or not all(name in whole for name in node.among):
            continue
        here = {_name(schema, node.entity, row) for row in truth[node.id]}
        known = _sight(plan, schema, node, seen)
        empty = not here and (f"!{node.entity}", ()) in seen
        told = node.id in absent and _called(node.entity, seen)
        if (
            (here and here <= known)
            or empty
            or told
            or (node.id in sets and (node.entity, ()) in seen)
        ):
            whole.add(node.id)
            keyed.add(node.id)
            continue
        if not node.where and not node.me and any(not k.forward for k in node.links):
            keyed.add(node.id)
            if node.id not in ends | sets | carriers:
                continue
        found[node.id] = [
            row
            for row in rows.get(node.entity, ())
            if _name(schema, node.entity, row) not in known or row in truth[node.id]
        ]
        if node.id in tested:
            found[node.id].append(None)
    return found


def _called(entity: str, seen: Seen) -> bool:
    """Tell whether any call was one for rows of an entity."""
    return any(name.lstrip("!") == entity for name, _ in seen)


def _sight(plan: Plan, schema: Schema, node: Select, seen: Seen) -> Seen:
    """Add the rows on ways, where no more than their keys and references is needed."""
    entity = schema.entity(node.entity)
    needed = {where.field for where in node.where}
    told = {where.field for where in node.where if where.op == "eq" and where.of is None}
    if set(entity.key) <= told:
        needed = set()
    if node.pick is not None:
        needed.add(node.pick.field)
    for end in plan.nodes:
        if isinstance(end, Emit) and end.node == node.id:
            needed.add(str(end.field))
        if isinstance(end, Aggregated | Choose) and end.of == node.id:
            return seen
        tests = (
            (end.test.left, end.test.right) if isinstance(end, Guard) else getattr(end, "of", ())
        )
        for value in tests if isinstance(tests, tuple) else ():
            if isinstance(value, Value) and value.node == node.id and value.field:
                needed.add(value.field)
    shown = {*entity.key, *(f for one in schema.parents(entity.name) for f in one.fields)}
    if not needed <= shown:
        return seen
    return seen | {(name[1:], key) for name, key in seen if name.startswith("~")}


def _name(schema: Schema, entity: str, row: Row) -> Name:
    kind = schema.entity(entity)
    return entity, tuple(to_wire(kind.field(k), row[kind.position(k)]) for k in kind.key)


def shortest(plan: Plan, domain: Domain, *, cap: int) -> int | None:
    """Search for the smallest number of calls after which what was seen leaves one answer.

    Every reading tool is tried with every combination of values that belong there and are
    known so far (one filter at a time, and all of the plan's own clues together), with every
    sorting and the first three pages. Of what was seen, only what is not less counts.

    Args:
        plan: A plan without writes, and without a refusal by a rule.
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
    schema = domain.schema
    truth = extents(plan, schema, domain.rows)
    (acts,) = wanted(plan, schema, truth)
    for node in plan.nodes:
        match node:
            case Emit() if node.id in acts:
                if not _shown(plan, domain, node.node, truth, seen):
                    return False
            case Guard():
                if not all(_shown(plan, domain, one, truth, seen) for one in inputs(node)):
                    return False
            case Refuse(because="no_row"):
                select = plan.node(str(node.node))
                assert isinstance(select, Select)
                if (f"!{select.entity}", ()) not in seen:
                    return False
            case Refuse(because="no_value"):
                if not _shown(plan, domain, str(node.node), truth, seen):
                    return False
                if _empty(plan, domain, node, seen) != {True}:
                    return False
            case _:
                pass
    if any(isinstance(node, Refuse) for node in plan.nodes):
        return True
    return len(answers(plan, domain, seen)) == 1


def _empty(plan: Plan, domain: Domain, node: Refuse, seen: Seen) -> set[bool]:
    """Return whether the field could be empty, and whether it could be filled."""
    schema, rows = domain.schema, domain.rows
    select = plan.node(str(node.node))
    assert isinstance(select, Select)
    place = schema.entity(select.entity).position(str(node.field))
    doubtful = _doubtful(plan, domain, seen, extents(plan, schema, rows))
    left: set[bool] = set()
    for chosen in itertools.product(*doubtful.values()):
        found = extents(plan, schema, rows, dict(zip(doubtful, chosen, strict=True)))
        left |= {row[place] is None for row in found[select.id]}
    return left


def _shown(plan: Plan, domain: Domain, name: str, truth: Found, seen: Seen) -> bool:
    """Tell whether the rows were shown of which a node's value is."""
    node, schema = plan.node(name), domain.schema
    if isinstance(node, Choose):
        select = plan.node(node.of)
        assert isinstance(select, Select)
        known = {r for r in truth[node.of] if _name(schema, select.entity, r) in seen}
        return keeps(plan, schema, node, known)
    if isinstance(node, Aggregated):
        select = plan.node(node.of)
        assert isinstance(select, Select)
        if (select.entity, ()) in seen:
            return True
        name = node.of
    elif not isinstance(node, Select):
        return all(_shown(plan, domain, one, truth, seen) for one in inputs(node))
    select = plan.node(name)
    assert isinstance(select, Select)
    here = {_name(schema, select.entity, row) for row in truth[name]}
    if not here:
        return (f"!{select.entity}", ()) in seen
    return here <= _sight(plan, schema, select, seen)


def _outputs(
    domain: Domain, plan: Plan, seen: Mapping[Name, dict[str, Json]]
) -> Iterator[dict[Name, dict[str, Json]]]:
    """Yield what each possible call shows: named rows."""
    runner = engine(domain)
    world = runner.world()
    for tool in domain.tools:
        if isinstance(tool.term, _NOT_READ):
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
            shown = result.rows if result.ok else []
            if shown:
                yield {(entity, tuple(item[name] for name in key)): item for item in shown}
            elif result.ok or (result.error is not None and result.error.code == "not_found"):
                yield {(f"!{entity}", ()): {}}


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
