"""Rules about who is served: known, with what is theirs, and as what they are entitled to.

A `Ground` with a party comes in, candidates of the classes `authentication`, `ownership` and
`tier` go out. Next: `talk`.
"""

from __future__ import annotations

from collections.abc import Iterator

from agentgym.formats import Json
from agentgym.rules import Authenticated, Holder, Owner, Rule
from agentgym.rules.english import a
from agentgym.schema import Entity, Field
from agentgym.schema.types import to_stored
from agentgym.tools.algebra import Identify
from agentgym.tools.derive.rules.choose import Candidate, both, name
from agentgym.tools.derive.rules.ground import Ground, technical
from agentgym.tools.derive.rules.states import lives
from agentgym.tools.derive.rules.times import happens

__all__ = ["authentication", "ownership", "tier", "tiers"]

_FARTHEST = 4
_MOST_RELATIONS = 2
"""Longest way from a row to its person that a desk would look at."""

_GOOD = frozenset("active verified approved enrolled admitted aktiv activo actif".split())
_RANKED = frozenset(
    "tier level plan membership segment grade class type role loyalty rank package "
    "subscription program programme account_type".split()
)
_NOT_RANKED = frozenset(
    "gender sex blood marital language country religion race ethnicity contact".split()
)
_HIGH = frozenset(
    "gold platinum diamond silver vip premium pro plus business enterprise corporate admin "
    "administrator manager owner elite preferred executive first verified approved trusted "
    "professional wholesale partner staff superuser unlimited advanced".split()
)


def authentication(ground: Ground) -> Iterator[Candidate]:
    """Propose what is done only for somebody who is known."""
    if ground.party is None:
        return
    if not _owned(ground):
        return
    for entity in ground.schema.entities:
        far = len(ground.paths.get(entity.name, ()))
        if far > _FARTHEST or not _known(ground, entity):
            continue
        on = ground.kinds(entity.name, "create", "update", "delete")
        if entity.name == ground.party.name:
            on = tuple(kind for kind in on if kind != "create")
        if on:
            rule = Rule(
                id=name(entity.name, "needs identified", ground.party.name),
                kind="authentication",
                entity=entity.name,
                on=on,
                predicate=Authenticated(entity=ground.party.name),
                evidence=(f"{entity.plural} belong to {a(ground.party.label)}",),
            )
            known = entity.name == ground.party.name
            score = ground.weight(entity) + 3 * (far > _MOST_RELATIONS) - 5 * technical(entity)
            yield Candidate(rule, "authentication", -9 if known else score)


def ownership(ground: Ground) -> Iterator[Candidate]:
    """Propose that people get at their own rows only."""
    if ground.party is None:
        return
    people = len(ground.rows[ground.party.name])
    for entity in _owned(ground):
        path = ground.paths[entity.name]
        on = ground.kinds(entity.name, "create", "update", "delete", "read")
        if not path:
            on = tuple(kind for kind in on if kind != "create")
        number = len(ground.rows[entity.name])
        owned = sum(ground.person(entity.name, row) is not None for row in ground.rows[entity.name])
        if not on or not owned or people < 2:
            continue
        rule = Rule(
            id=name(entity.name, "of identified", ground.party.name, "only"),
            kind="ownership",
            entity=entity.name,
            on=on,
            predicate=Owner(path=path),
            evidence=(f"{owned} of {number} belong to one of {people} {ground.party.plural}",),
        )
        yield Candidate(rule, "ownership", ground.weight(entity) + 6 - 2 * len(path))


def _owned(ground: Ground) -> list[Entity]:
    party = ground.party
    if party is None or not any(
        isinstance(tool.term, Identify) and tool.term.entity == party.name for tool in ground.tools
    ):
        return []
    return [
        entity
        for entity in ground.schema.entities
        if _known(ground, entity)
        and len(ground.paths.get(entity.name, ("",) * 9)) <= _MOST_RELATIONS
    ]


def _known(ground: Ground, entity: Entity) -> bool:
    """Tell whether rows of the entity are there, belong to somebody, and are spoken of."""
    kept = entity.spoken and entity.kind in ("record", "link") and ground.rows.get(entity.name)
    return bool(kept) and entity.name in ground.paths


def tiers(ground: Ground) -> list[tuple[Field, tuple[Json, ...]]]:
    """Return fields of the party with the values that entitle to more than others do.

    Only where present rows hold some of those values, and some of the others.
    """
    party = ground.party
    if party is None or not _owned(ground):
        return []
    found: list[tuple[Field, tuple[Json, ...]]] = []
    for field in ground.fields(party):
        if field.type != "enum" or not 2 <= len(field.values or ()) <= 6:
            continue
        words = set(field.name.split("_"))
        if field.role == "status" or not words & _RANKED or words & _NOT_RANKED:
            continue
        high = tuple(v for v in field.values or () if set(name(v).split("_")) & _HIGH)
        if high:
            found.append((field, high))
    return [(field, values) for field, values in found if _mixed(ground, party, field, values)]


def _standing(ground: Ground, party: Entity) -> list[tuple[Field, tuple[Json, ...]]]:
    """Return fields of the party with the values of those who are in good standing."""
    found: list[tuple[Field, tuple[Json, ...]]] = []
    for life in lives(ground, party):
        good = tuple(v for v in (*life.open, *life.over) if v not in life.dropped)
        live = tuple(v for v in good if str(v).casefold() in _GOOD)
        if live or life.field.type == "boolean":
            found.append((life.field, live or life.open))
    return [(field, values) for field, values in found if _mixed(ground, party, field, values)]


def _mixed(ground: Ground, party: Entity, field: Field, values: tuple[Json, ...]) -> bool:
    legal = {to_stored(field, value) for value in values}
    place = party.position(field.name)
    held = sum(row[place] in legal for row in ground.rows[party.name])
    return both(held, len(ground.rows[party.name]) - held)


def tier(ground: Ground) -> Iterator[Candidate]:
    """Propose what only some people may have done."""
    party = ground.party
    if party is None:
        return
    for field, values in (*_standing(ground, party), *tiers(ground)):
        for entity in _owned(ground):
            if entity.name == party.name or entity.kind != "record" or technical(entity):
                continue
            deal = any(f.role in ("status", "money", "quantity") for f in ground.fields(entity))
            if not (deal and happens(ground, entity) and ground.does(entity.name, "create")):
                continue  # notes and members of a list are for everybody
            who = " or ".join(map(str, values))
            if field.type == "boolean":
                said = field.label.removeprefix("is ")
                who = said if values == (True,) else f"not {said}"
            rule = Rule(
                id=name(entity.name, "create for", who, party.name, "only"),
                kind="tier",
                entity=entity.name,
                on=("create",),
                predicate=Holder(entity=party.name, field=field.name, values=values),
                evidence=(f"the {party.plural} differ in it",),
            )
            score = ground.weight(entity) - 2 * len(ground.paths[entity.name])
            yield Candidate(rule, "tier", score)
