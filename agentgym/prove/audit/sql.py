"""Uniqueness a second time: the selects of a plan as claims, asked of the database itself.

A plan comes in; what the interpreter and SQL disagree about goes out, in sentences. The statements
are written in `world.claims`, which knows nothing of plans. Next: `check`.
"""

from __future__ import annotations

from collections.abc import Iterator

from agentgym.plan import Guard, Plan, Refuse, Select, Where
from agentgym.plan.measures import told_measure
from agentgym.plan.tables import Tables
from agentgym.prove.ends import many, rests_on
from agentgym.schema import Schema
from agentgym.schema.types import Stored, to_stored
from agentgym.world.claims import Claim, Clue, Tie, fits
from agentgym.world.rows import World

__all__ = ["claims", "differences"]


def claims(plan: Plan, schema: Schema) -> tuple[Claim, ...]:
    """Write the selects of a plan as claims, in the plan's order."""
    return tuple(_claim(plan, node, schema) for node in plan.nodes if isinstance(node, Select))


def _claim(plan: Plan, node: Select, schema: Schema) -> Claim:
    clues = [_clue(plan, node.entity, where, schema) for where in node.where]
    if node.me:
        owner = schema.entity(node.entity)
        clues += [
            Clue(field=fact.field, op="eq", value=to_stored(owner.field(fact.field), fact.value))
            for fact in plan.who()
        ]
    return Claim(
        id=node.id,
        entity=node.entity,
        clues=tuple(clues),
        ties=tuple(
            Tie(relation=k.relation, forward=k.forward, claim=k.node, absent=k.absent)
            for k in node.links
        ),
        among=node.among,
        pick=None if node.pick is None else (node.pick.field, node.pick.largest),
    )


def _clue(plan: Plan, entity: str, where: Where, schema: Schema) -> Clue:
    told = plan.fact(where.fact).value
    value: Stored
    if where.of is not None:
        value = told_measure(where.of, told)
    else:
        value = to_stored(schema.entity(entity).field(where.field), told)
    return Clue(field=where.field, op=where.op, value=value, of=where.of)


def differences(plan: Plan, tables: Tables, world: World) -> Iterator[str]:
    """Yield where the interpreter and the database disagree, and what is not unique in it.

    Args:
        plan: A plan that was proved.
        tables: The rows as the interpreter sees them.
        world: A world with the same rows.
    """
    schema, several, missing = tables.schema, many(plan), _missing(plan)
    found = fits(world, schema, claims(plan, schema))
    nowhere = {name for name in found if rests_on(plan, name) & missing and not found[name]}
    for name, keys in found.items():
        node = plan.node(name)
        assert isinstance(node, Select)
        entity = schema.entity(node.entity)
        places = [entity.position(part) for part in entity.key]
        rows = sorted(tuple(row[place] for place in places) for row in tables.extent(plan, name))
        if rows != sorted(keys):
            yield f"{name} ({node.entity}): {len(rows)} rows by the interpreter, {len(keys)} by SQL"
        elif name not in several and name not in nowhere and len(keys) != 1:
            yield f"{name} ({node.entity}): {len(keys)} rows fit"


def _missing(plan: Plan) -> set[str]:
    """Name the selects that may be empty: what is said not to exist, or asked after."""
    found: set[str] = set()
    for node in plan.nodes:
        if isinstance(node, Refuse) and node.because == "no_row":
            found.add(str(node.node))
        elif isinstance(node, Guard) and node.test.op == "exists":
            found.add(str(node.test.left.node))
    return found
