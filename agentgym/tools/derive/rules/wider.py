"""Rules that are not so simple: with exceptions, under conditions, and what is handed over.

A `Ground` comes in, candidates of several classes go out. Next: `synthesize` in the room itself.
"""

from __future__ import annotations

from collections.abc import Iterator

from agentgym import rng
from agentgym.rules import AnyOf, Compare, Elapsed, Holder, In, Not, Predicate, Rule
from agentgym.schema import Entity, Field
from agentgym.tools.derive.rules.choose import Candidate, both, name
from agentgym.tools.derive.rules.evidence import counted
from agentgym.tools.derive.rules.ground import Ground, Kind
from agentgym.tools.derive.rules.limits import amounts, beside, round_limit
from agentgym.tools.derive.rules.people import tiers
from agentgym.tools.derive.rules.states import lives
from agentgym.tools.derive.rules.times import DAY, aged, happens, span, window

__all__ = ["conditions", "exceptions", "hand_over"]

_DELICATE = frozenset(
    "disputed dispute overdue suspended blocked frozen flagged fraud escalated hold locked "
    "defaulted collections litigation no_show complaint".split()
)


def exceptions(ground: Ground) -> Iterator[Candidate]:
    """Propose limits that do not hold for some people, or for what is small or has not begun."""
    entitled = [(field, values) for field, values in tiers(ground) if field.type == "enum"][:1]
    for entity in ground.entities():
        for field in amounts(ground, entity)[:1]:
            yield from _for_some(ground, entity, field, entitled)
            if field.role == "money":
                yield from _small(ground, entity, field)


def _for_some(
    ground: Ground,
    entity: Entity,
    field: Field,
    entitled: list[tuple[Field, tuple[object, ...]]],
) -> Iterator[Candidate]:
    kinds: list[Kind] = [
        kind for kind in ("create", "update") if ground.sets(entity.name, (field.name,), kind)
    ]
    share = rng.stream(ground.seed, "exception", entity.name).uniform(0.5, 0.8)
    limit = round_limit(field, ground.values(entity, field), share)
    if not kinds or limit is None or ground.party is None or entity.name not in ground.paths:
        return
    for tier, values in entitled:
        if not ground.paths[entity.name]:
            continue
        small = Compare(field=field.name, op="le", value=limit)
        holder = Holder(entity=ground.party.name, field=tier.name, values=values)
        who = " or ".join(map(str, values))
        rule = Rule(
            id=name(entity.name, field.name, "over", limit, "for", who, "only"),
            kind="tier",
            entity=entity.name,
            on=tuple(kinds),
            fields=(field.name,) if "update" in kinds else (),
            predicate=AnyOf(of=(small, holder)),
            evidence=counted(ground, small, entity),
        )
        yield Candidate(rule, "exception", ground.weight(entity) + 3)


def _small(ground: Ground, entity: Entity, field: Field) -> Iterator[Candidate]:
    """Propose that old rows are deleted only where little is at stake."""
    moment = aged(ground, entity)
    if moment is None or not ground.does(entity.name, "delete"):
        return
    draws = rng.stream(ground.seed, "small", entity.name)
    limit = round_limit(field, ground.values(entity, field), draws.uniform(0.2, 0.5))
    days = window(ground, entity, moment, draws)
    if limit is None or days is None:
        return
    young = Elapsed(field=moment.name, op="le", seconds=days * DAY, at="before")
    small = Compare(field=field.name, op="le", value=limit, at="before")
    predicate = AnyOf(of=(young, small))
    if not both(*ground.share(predicate, entity.name)):
        return
    rule = Rule(
        id=name(entity.name, "deleted within", span(days * DAY), "unless at most", limit),
        kind="time_window",
        entity=entity.name,
        on=("delete",),
        predicate=predicate,
        evidence=counted(ground, predicate, entity),
    )
    yield Candidate(rule, "exception", ground.weight(entity))


def conditions(ground: Ground) -> Iterator[Candidate]:
    """Propose limits that hold only for rows of some kind: cash is taken up to so much."""
    for entity in ground.entities():
        if not happens(ground, entity):
            continue
        for field in amounts(ground, entity)[:1]:
            for sort in ground.fields(entity):
                if sort.type == "enum" and sort.role == "category":
                    yield from _of_kind(ground, entity, field, sort)


def _of_kind(ground: Ground, entity: Entity, field: Field, sort: Field) -> Iterator[Candidate]:
    if any(life.field.name == sort.name for life in lives(ground, entity)):
        return
    kinds: list[Kind] = [
        kind
        for kind in ("create", "update")
        if ground.sets(entity.name, (field.name, sort.name), kind)
    ]
    draws = rng.stream(ground.seed, "condition", entity.name, sort.name)
    value = draws.choice(sort.values or ("",))
    chosen = In(field=sort.name, values=(value,))
    amounts_ = sorted(
        amount
        for row in ground.rows[entity.name]
        if ground.judge(chosen, entity.name, row)
        and (amount := row[entity.position(field.name)]) is not None
        and not isinstance(amount, str)
    )
    limit = round_limit(field, amounts_, draws.uniform(0.6, 0.9))
    if not kinds or limit is None:
        return
    predicate = AnyOf(of=(Not(of=chosen), Compare(field=field.name, op="le", value=limit)))
    rule = Rule(
        id=name(entity.name, value, field.name, "at most", limit),
        kind="limit",
        entity=entity.name,
        on=tuple(kinds),
        fields=(field.name, sort.name) if "update" in kinds else (),
        predicate=predicate,
        evidence=counted(ground, predicate, entity),
    )
    yield Candidate(rule, "condition", ground.weight(entity))


def _dear(ground: Ground, entity: Entity) -> list[str]:
    """Return the field that says how dear a deal is: its total, else what tools set."""
    if not happens(ground, entity):
        return []
    sums = [
        field.name
        for field in ground.fields(entity)
        if field.role == "money" and (entity.name, field.name) in ground.schema.computed
    ]
    own = [f for f in amounts(ground, entity) if f.role == "money" and not beside(f)]
    return (sums or [field.name for field in own])[:1]


def hand_over(ground: Ground) -> Iterator[Candidate]:
    """Propose what this desk leaves to a colleague: large amounts, and what is delicate."""
    for entity in ground.entities():
        on = ground.kinds(entity.name, "update", "delete")
        if not on:
            continue
        dear = _dear(ground, entity)
        for field in ground.fields(entity):
            predicate: Predicate | None = None
            if field.type == "enum":
                words = tuple(v for v in field.values or () if set(name(v).split("_")) & _DELICATE)
                if words and len(words) < len(field.values or ()):
                    said = In(field=field.name, values=words, at="before")
                    predicate, what = Not(of=said), " or ".join(words)
            elif field.name in dear:
                share = rng.stream(ground.seed, "hand_over", entity.name, field.name)
                values = ground.values(entity, field)
                limit = round_limit(field, values, share.uniform(0.85, 0.97))
                if limit is not None:
                    predicate = Compare(field=field.name, op="le", value=limit, at="before")
                    what = f"{field.name} over {limit}"
            if predicate is None or not both(*ground.share(predicate, entity.name)):
                continue
            rule = Rule(
                id=name(entity.name, what, "handed over"),
                kind="hand_over",
                entity=entity.name,
                on=on,
                predicate=predicate,
                evidence=counted(ground, predicate, entity),
            )
            event = 2 * (aged(ground, entity) is not None)
            score = ground.weight(entity) + event + isinstance(predicate, Not)
            yield Candidate(rule, "hand_over", score)
