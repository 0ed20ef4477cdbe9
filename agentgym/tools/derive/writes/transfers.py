"""The tools that move an amount from one row to another: money, points, stock.

An entity of a `Desk` comes in; a tool goes out where its rows hold what can be moved among
them, and a check keeps what they hold from falling below zero. Next: `sequences`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agentgym.rules import Rule
from agentgym.rules.english import a, listing
from agentgym.schema import Entity, Field, Relation
from agentgym.tools.algebra import Argument, Side, Tool, Transfer
from agentgym.tools.derive import texts
from agentgym.tools.derive.desk import Desk
from agentgym.tools.derive.naming import Parameters, slug
from agentgym.tools.derive.writes.settable import guards, settable

__all__ = ["transfers"]

_BALANCE = frozenset({"balance"})
_OWNED = frozenset(
    "points credit credits miles seats allocation allocated allowance budget".split()
)
_STOCK = frozenset("stock hand onhand inventory quantity qty units pieces".split())
_HOLDERS = frozenset(
    "account wallet card purse fund budget allocation member customer client user subscriber "
    "membership pool vault portfolio loyalty license licence subscription department project team "
    "plan employee allowance".split()
)
"""Heads of names of what holds points, credits, seats or a budget of its own."""
_PLACES = frozenset(
    "warehouse store location branch site depot shelf bin facility shop outlet hub center centre "
    "room station yard storage silo tank fridge cabinet pharmacy ward hospital clinic library "
    "kitchen bay zone vault dock terminal stockroom".split()
)
_NOT_HELD = frozenset(
    "min max minimum maximum threshold limit level reorder safety opening closing initial previous "
    "start end average avg target order ordered price cost value due outstanding owed per story "
    "safe change delta rate last first requested received shipped sold daily monthly total".split()
)
_NOT_HOLDERS = frozenset(
    "daily monthly weekly yearly history snapshot invoice bill loan order statement payment "
    "transaction transfer entry line item log receipt movement adjustment report summary".split()
)


def transfers(desk: Desk, entity: Entity, rules: Sequence[Rule]) -> Iterator[Tool]:
    """Make the tool that moves what rows of the entity hold, where they hold anything.

    Rows of one unit only exchange it: their currency or unit must be equal, and stock stays of
    one product. A table of stock by product and place that has no key of its own takes the
    product once.
    """
    if _NOT_HOLDERS & set(entity.name.split("_")):
        return
    for field in entity.fields:
        if not _held(desk, entity, field):
            continue
        words = set(field.name.split("_"))
        same = _units(desk, entity)
        if words & _BALANCE or (words & _OWNED and _HOLDERS & set(entity.name.split("_"))):
            yield _move(desk, entity, field, same, rules, stock=False)
            return
        placed = _placed(desk, entity)
        if words & _STOCK and placed is not None:
            yield _move(desk, entity, field, (*placed, *same), rules, stock=True)
            return


def _held(desk: Desk, entity: Entity, field: Field) -> bool:
    """Tell whether the field is an amount that tools may change and that never is negative."""
    return (
        field.type in ("integer", "decimal")
        and field.role in ("money", "quantity", "measure", "other")
        and field.spoken
        and not field.nullable
        and not field.unique
        and field.name not in entity.key
        and field.name not in desk.references[entity.name]
        and not _NOT_HELD & set(field.name.split("_"))
        and settable(desk, entity, field)
        and any(
            check.entity == entity.name
            and check.field == field.name
            and check.op in ("ge", "gt")
            and check.other is None
            and check.value >= 0
            for check in desk.schema.checks
        )
    )


def _units(desk: Desk, entity: Entity) -> tuple[str, ...]:
    """Name the fields that say in what the amount is counted."""
    found = []
    for field in entity.fields:
        relation = desk.references[entity.name].get(field.name)
        words = set(field.name.split("_")) | set(relation.target.split("_") if relation else ())
        if words & {"currency", "uom"} or field.name in ("unit", "unit_id", "unit_of_measure"):
            if field.role not in ("secret", "audit") and field.name not in entity.key:
                found.append(field.name)
    return tuple(found)


def _placed(desk: Desk, entity: Entity) -> tuple[str, ...] | None:
    """Name the fields of what lies in a place, in a table of stock; None where it is none.

    Each row is of one place and one product: no two have both.
    """
    parents = desk.schema.parents(entity.name)
    for unique in (entity.key, *entity.uniques):
        inside = [r for r in parents if set(r.fields) <= set(unique)]
        places = [r for r in inside if _is_place(r)]
        things = [r for r in inside if r not in places]
        if len(places) == 1 and things and not set(places[0].fields) & _fields(things):
            return tuple(name for name in unique if name in _fields(things))
    return None


def _is_place(relation: Relation) -> bool:
    words = {*relation.target.split("_"), *slug(relation.label).split("_")}
    return bool(words & _PLACES)


def _fields(relations: Sequence[Relation]) -> set[str]:
    return {name for relation in relations for name in relation.fields}


def _move(
    desk: Desk,
    entity: Entity,
    field: Field,
    same: tuple[str, ...],
    rules: Sequence[Rule],
    *,
    stock: bool,
) -> Tool:
    shared = set(same) & set(entity.key)
    taken = Parameters(entity)
    source = _side(desk, entity, "from", shared, taken)
    target = _side(desk, entity, "to", shared, taken)
    amount = Argument(
        param=taken.take("quantity" if stock else "amount"),
        field=field.name,
        description=f"How much is moved{_unit(field)}; more than 0, and no more than there is.",
        required=True,
    )
    label = texts.noun(entity, field)
    if stock:
        names = ["move_stock", f"move_{entity.name}"]
        text = f"Move stock {_between(desk, entity, shared)}, both or neither."
    else:
        names = [f"transfer_{slug(label) or field.name}", f"transfer_{entity.name}_{field.name}"]
        what = "money" if field.role == "money" else label
        text = f"Transfer {what} from one {entity.label} to another, both or neither."
    alike = [desk.said(entity, entity.field(name)) for name in same if name not in shared]
    if alike:
        text += f" Both must have the same {listing(alike)}."
    return Tool(
        name=desk.names.take(*names, f"transfer_{entity.name}_{field.name}"),
        description=texts.cut(f"{text} Refused when there is not enough."),
        term=Transfer(
            source=Side(entity=entity.name, key=source, field=field.name),
            target=Side(entity=entity.name, key=target, field=field.name),
            amount=amount,
            same=tuple((name, name) for name in same if name not in shared),
        ),
        guards=guards(desk, entity, rules, "update", {field.name}),
    )


def _between(desk: Desk, entity: Entity, shared: set[str]) -> str:
    """Say between what stock moves: `of a product from one warehouse to another`."""
    parents = [r for r in desk.schema.parents(entity.name) if set(r.fields) <= set(entity.key)]
    things = [a(r.label) for r in parents if set(r.fields) <= shared]
    places = [r.label for r in parents if not set(r.fields) & shared]
    if not things or len(places) != 1:
        return f"from one {entity.label} to another"
    return f"of {listing(things)} from one {places[0]} to another"


def _side(
    desk: Desk, entity: Entity, word: str, shared: set[str], taken: Parameters
) -> tuple[Argument, ...]:
    """Make the parameters of one side; what both sides share is one parameter."""
    found = []
    for one in desk.key(entity):
        if one.field in shared:
            taken.taken.add(one.param)
            found.append(one)
            continue
        end = "from which it is taken" if word == "from" else "to which it goes"
        found.append(
            Argument(
                param=taken.take(f"{word}_{one.param}"),
                field=one.field,
                description=texts.which(one.description, end),
                required=True,
            )
        )
    return tuple(found)


def _unit(field: Field) -> str:
    if field.unit:
        return f", in {field.unit}"
    if field.type == "decimal" and field.scale:
        return f", with at most {field.scale} digits after the point"
    return ""
