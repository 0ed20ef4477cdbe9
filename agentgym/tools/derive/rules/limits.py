"""Rules about amounts: at most so much in one row, moved at once, or so many rows at a time.

A `Ground` comes in, candidates of the class `limit` go out. Limits are round numbers that some
present rows reach and most do not. Next: `people`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from agentgym import rng
from agentgym.formats import Json
from agentgym.rules import Compare, Count, Param, Rule
from agentgym.schema import Entity, Field
from agentgym.schema.types import to_stored, to_wire
from agentgym.tools.algebra import Transfer
from agentgym.tools.derive.rules.choose import Candidate, both, name
from agentgym.tools.derive.rules.evidence import counted
from agentgym.tools.derive.rules.ground import Ground, Kind, technical
from agentgym.tools.derive.rules.states import children, lives
from agentgym.tools.derive.rules.times import happens

__all__ = ["amounts", "beside", "crowds", "round_limit", "sums"]

_ROUND = (10, 12, 15, 20, 25, 30, 40, 50, 60, 75, 80, 100)
_QUANTITIES = frozenset(
    "quantity qty units hours seats guests tickets copies shares pieces nights persons "
    "passengers participants items".split()
)
_BOUNDS = frozenset("low high range threshold limit min max minimum maximum balance".split())
"""Amounts that are no part of what is done: a limit, or what all that was done has led to."""
_MOST = 20
_LEAST = 3
"""Fewest parts that a whole may have at most."""
_BESIDES = frozenset(
    "tax vat fee commission discount freight shipping tip deposit surcharge adjustment".split()
)
"""Amounts that come on top of what a row is about."""


def amounts(ground: Ground, entity: Entity) -> list[Field]:
    """Return the fields that hold how much one row is about, and that tools set; best first.

    What is copied from a row above (a price) is not for the caller to choose. Quantities count
    where something is sold or billed: of a specimen there may be any.
    """
    chosen = {c.field for c in ground.schema.checks if (c.entity, c.op) == (entity.name, "in")}
    above = {
        field.name
        for relation in ground.schema.parents(entity.name)
        if relation.target != entity.name
        for field in ground.schema.entity(relation.target).fields
    }
    sold = any(
        field.role == "money" for one in (entity, *_above(ground, entity)) for field in one.fields
    )
    found = [
        field
        for field in ground.fields(entity)
        if field.role in (("money", "quantity") if sold else ("money",))
        and field.type in ("integer", "decimal")
        and not field.generated
        and (entity.name, field.name) not in ground.schema.computed
        and field.name not in above
        and not set(field.name.split("_")) & _BOUNDS
        and field.name not in chosen
        and (field.role == "money" or field.name.split("_")[-1] in _QUANTITIES)
    ]
    return sorted(found, key=lambda field: (field.role != "money", beside(field)))


def _above(ground: Ground, entity: Entity) -> list[Entity]:
    return [ground.schema.entity(r.target) for r in ground.schema.parents(entity.name)]


def beside(field: Field) -> bool:
    """Tell whether the amount comes on top of what the row is about: a tax, a fee."""
    words = set(field.name.split("_"))
    return bool(words & _BESIDES) and not words & {"total", "amount", "price"}


def round_limit(field: Field, values: Sequence[Any], share: float) -> Json | None:
    """Return a round wire value near the quantile, with values on both sides; None if none is.

    Args:
        field: Whose values they are.
        values: Sorted, stored.
        share: The quantile, 0 to 1.
    """
    if not values or values[-1] <= 0:
        return None
    aim = Decimal(str(to_wire(field, values[int(share * (len(values) - 1))])))
    if aim <= 0:
        return None
    exponent = aim.adjusted() - 1
    near = sorted(
        (abs(Decimal(step).scaleb(exponent) - aim), Decimal(step).scaleb(exponent))
        for step in _ROUND
    )
    for _, limit in near:
        whole = limit == limit.to_integral_value()
        if not whole and (field.type == "integer" or -limit.as_tuple().exponent > field.scale):  # type: ignore[operator]
            continue
        wire: Json = int(limit) if whole else limit
        held = sum(value <= to_stored(field, wire) for value in values)
        if both(held, len(values) - held):
            return wire
    return None


def sums(ground: Ground) -> Iterator[Candidate]:
    """Propose how much one row may be about, and how much is moved at once."""
    for entity in ground.entities():
        for field in amounts(ground, entity):
            kinds: list[Kind] = [
                kind
                for kind in ("create", "update")
                if ground.sets(entity.name, (field.name,), kind)
            ]
            draws = rng.stream(ground.seed, "limit", entity.name, field.name)
            limit = round_limit(field, ground.values(entity, field), draws.uniform(0.75, 0.95))
            if not kinds or limit is None:
                continue
            predicate = Compare(field=field.name, op="le", value=limit)
            rule = Rule(
                id=name(entity.name, field.name, "at most", limit),
                kind="limit",
                entity=entity.name,
                on=tuple(kinds),
                fields=(field.name,) if "update" in kinds else (),
                predicate=predicate,
                evidence=counted(ground, predicate, entity),
            )
            score = ground.weight(entity) + 2 * happens(ground, entity)
            score += (field.role == "money") - 5 * beside(field)
            yield Candidate(rule, "limit", score)
    yield from _moved(ground)


def _moved(ground: Ground) -> Iterator[Candidate]:
    for tool in ground.tools:
        term = tool.term
        if not isinstance(term, Transfer) or not ground.rows.get(term.source.entity):
            continue
        entity = ground.schema.entity(term.source.entity)
        field = entity.field(term.source.field)
        share = rng.stream(ground.seed, "limit", tool.name).uniform(0.5, 0.8)
        limit = round_limit(field, ground.values(entity, field), share)
        if limit is None:
            continue
        rule = Rule(
            id=name(tool.name, "at most", limit),
            kind="limit",
            entity=entity.name,
            on=("update",),
            predicate=Param(param=term.amount.param, op="le", value=limit),
            evidence=(f"some {entity.plural} hold more {field.label}",),
        )
        yield Candidate(rule, "transfer limit", ground.weight(entity) + 3, tools=(tool.name,))


def crowds(ground: Ground) -> Iterator[Candidate]:
    """Propose how many rows may refer to one: as many as a few parents have already.

    Counted are rows that are not over, or the parts of a whole; of what is done and past there
    may be any number.
    """
    for parent in ground.entities():
        for relation, child in children(ground, parent):
            if not ground.does(child.name, "create"):
                continue
            link = ground.schema.relation(relation)
            alone = any(
                one.entity == child.name and set(one.same) <= set(link.fields)
                for one in ground.schema.exclusives
            )
            if link.one_to_one or alone:
                continue
            states = [life for life in lives(ground, child) if life.field.type == "enum"][:1]
            where = {s.field.name: tuple(map(str, s.open)) for s in states}
            whole = child.name.startswith(f"{parent.name}_") and happens(ground, parent)
            if technical(child) or not (where or whole):
                continue
            numbers = [ground.count(relation, where, row) for row in ground.rows[parent.name]]
            limits = [
                n
                for n in range(2 if where else _LEAST, min(max(numbers), _MOST) + 1)
                if len(numbers) <= 20 * sum(number >= n for number in numbers) <= 10 * len(numbers)
            ]
            if not limits or min(numbers) >= limits[-1]:
                continue
            yield _crowd(ground, parent, relation, child, where, limits[-1], numbers)


def _crowd(
    ground: Ground,
    parent: Entity,
    relation: str,
    child: Entity,
    where: dict[str, tuple[str, ...]],
    most: int,
    numbers: list[int],
) -> Candidate:
    fields = (*ground.schema.relation(relation).fields, *where)
    kinds: tuple[Kind, ...] = ("create",)
    if ground.sets(child.name, fields, "update"):
        kinds = ("create", "update")
    full = sum(number >= most for number in numbers)
    said = " or ".join(state for states in where.values() for state in states)
    rule = Rule(
        id=name(parent.name, "has at most", most, said if len(said) < 24 else "open", child.plural),
        kind="limit",
        entity=child.name,
        on=kinds,
        fields=fields if "update" in kinds else (),
        predicate=Count(path=(relation,), relation=relation, where=where, op="le", value=most),
        evidence=(f"of {len(numbers)} {parent.plural}, {full} have {most} or more",),
    )
    score = ground.weight(child) + 2 * bool(where) + 4 * (parent.name in ground.paths)
    return Candidate(rule, "limit", score)
