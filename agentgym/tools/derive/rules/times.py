"""Rules about time: only until something was done, for so many days, or so long ahead.

A `Ground` comes in, candidates of the class `time_window` go out. The limits are such as people
set, and such that present rows lie on both sides of them. Next: `limits`.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from agentgym import rng
from agentgym.rules import Elapsed, Predicate, Rule
from agentgym.schema import Entity, Field
from agentgym.tools.derive.rules.choose import Candidate, both, name
from agentgym.tools.derive.rules.evidence import counted
from agentgym.tools.derive.rules.ground import Ground, Kind, listed
from agentgym.tools.derive.rules.states import children, part_of

__all__ = ["DAY", "aged", "happens", "span", "times", "window"]

DAY = 86_400
_DAYS = (1, 2, 3, 7, 10, 14, 21, 30, 45, 60, 90, 120, 180)
"""What such rules are made of: nobody has one of years."""
_RARE = 0.05
_AHEAD = (1, 2, 3, 7)

_DONE = frozenset(
    "shipped return returned delivered closed close cancelled canceled completed finished "
    "submitted departed departure paid resolved ended end ends discharge discharged "
    "left terminated archived deleted processed settled dispatched checkout merged".split()
)
_COMING = frozenset("start starts begin begins arrival appointment departure visit checkin".split())
_ARRANGED = frozenset(
    "appointment booking reservation meeting event lesson class course trip tour voyage exam "
    "interview hearing viewing screening shift sprint scheduled arrival checkin".split()
)
_NEVER_AGE = frozenset(
    "birth born birthday death died hire hired employed founded established joined join "
    "since last updated modified update expiry expires expired expiration valid until due end ends "
    "required planned expected estimated scheduled login verified next deleted sell valid "
    "from merged discontinued release released publication published support cancelled canceled "
    "closed archived used seen activity".split()
)


def times(ground: Ground) -> Iterator[Candidate]:
    """Propose until when rows may be changed, and how long ahead they must be made."""
    for entity in ground.entities():
        if any(field.role == "person" for field in entity.fields) and not _booked(ground, entity):
            continue  # people do not take place
        on = ground.kinds(entity.name, "update", "delete")
        for field in _moments(ground, entity):
            words = set(field.name.split("_"))
            if on and field.nullable and words & _DONE:
                yield from _until(ground, entity, field, on)
            if on and words & _COMING and "actual" not in words:
                yield from _before_start(ground, entity, field, on)
            if words & _COMING and (words | set(entity.name.split("_"))) & _ARRANGED:
                yield from _ahead(ground, entity, field)
        field_ = aged(ground, entity)
        if field_ is not None and on:
            yield from _young(ground, entity, field_, on)


def span(seconds: int) -> str:
    """Say a span in days, or in hours where it is short."""
    days = seconds // DAY
    return f"{seconds // 3600} hours" if days <= 2 else f"{days} days"


def aged(ground: Ground, entity: Entity) -> Field | None:
    """Return the field that says when what the row tells of took place; None where nothing did.

    People, places and things of a catalogue do not take place.
    """
    people = any(field.role == "person" for field in entity.fields)
    if people and not _booked(ground, entity):
        return None
    if listed(entity) or not ground.schema.parents(entity.name):
        return None
    acts = any(f.role in ("money", "quantity", "status") for f in ground.fields(entity))
    for role in ("time", "audit"):
        moments = sorted(_moments(ground, entity, role), key=lambda field: field.nullable)
        for field in moments:
            if set(field.name.split("_")) & _NEVER_AGE or (field.nullable and role == "audit"):
                continue
            if role == "time" or (acts and entity.name in ground.paths):
                return field
    return None


def happens(ground: Ground, entity: Entity) -> bool:
    """Tell whether rows are what somebody does or has done: dated, or a part of what is."""
    if aged(ground, entity) is not None:
        return True
    return any(
        part_of(entity, parent) and aged(ground, parent) is not None
        for relation in ground.schema.parents(entity.name)
        if (parent := ground.schema.entity(relation.target)).name != entity.name
    )


def _booked(ground: Ground, entity: Entity) -> bool:
    """Tell whether a row that names a person is something of theirs: an order to a name."""
    return bool(ground.paths.get(entity.name))


def _moments(ground: Ground, entity: Entity, role: str = "time") -> list[Field]:
    return [
        field
        for field in ground.fields(entity)
        if field.type in ("date", "datetime")
        and field.role == role
        and (entity.name, field.name) not in ground.schema.computed
    ]


def _until(
    ground: Ground, entity: Entity, field: Field, on: tuple[Kind, ...]
) -> Iterator[Candidate]:
    own = Elapsed(field=field.name, op="lt", seconds=0, at="before")
    if not both(*ground.share(own, entity.name)):
        return
    yield _candidate(ground, entity, on, own, "changes until", field.name, more=2)
    for relation, child in children(ground, entity):
        if not part_of(child, entity):
            continue
        kinds = ground.kinds(child.name, "create", "update", "delete")
        theirs = Elapsed(field=field.name, op="lt", seconds=0, path=(relation,))
        if kinds and both(*ground.share(theirs, child.name)):
            yield _candidate(
                ground, child, kinds, theirs, "changes until", entity.name, field.name, more=1
            )


def _before_start(
    ground: Ground, entity: Entity, field: Field, on: tuple[Kind, ...]
) -> Iterator[Candidate]:
    """Propose that nothing is changed shortly before it starts."""
    for days in _AHEAD:
        predicate = Elapsed(field=field.name, op="le", seconds=-days * DAY, at="before")
        if both(*ground.share(predicate, entity.name)):
            said = f"{span(days * DAY)} before"
            yield _candidate(
                ground, entity, on, predicate, "changes until", said, field.name, more=3
            )


def _ahead(ground: Ground, entity: Entity, field: Field) -> Iterator[Candidate]:
    """Propose how long ahead something is arranged: what the caller says decides."""
    kinds: list[Kind] = [
        kind for kind in ("create", "update") if ground.sets(entity.name, (field.name,), kind)
    ]
    if not kinds:
        return
    days = rng.stream(ground.seed, "ahead", entity.name, field.name).choice(_AHEAD[:3])
    predicate = Elapsed(field=field.name, op="le", seconds=-days * DAY)
    rule = Rule(
        id=name(entity.name, field.name, "at least", span(days * DAY), "ahead"),
        kind="time_window",
        entity=entity.name,
        on=tuple(kinds),
        fields=(field.name,) if "update" in kinds else (),
        predicate=predicate,
        evidence=("the caller says when it is to be",),
    )
    yield Candidate(rule, "ahead", ground.weight(entity))


def _young(
    ground: Ground, entity: Entity, field: Field, on: tuple[Kind, ...]
) -> Iterator[Candidate]:
    """Propose for how many days a row may be changed, or deleted."""
    draws = rng.stream(ground.seed, "young", entity.name, field.name)
    days = window(ground, entity, field, draws)
    if days is None:
        return
    predicate = Elapsed(field=field.name, op="le", seconds=days * DAY, at="before")
    kinds: tuple[Kind, ...] = ("delete",) if "delete" in on and draws.random() < 0.3 else on
    what = "deleted" if kinds == ("delete",) else "changed"
    yield _candidate(
        ground, entity, kinds, predicate, what, "within", span(days * DAY), "of", field.name
    )


def window(ground: Ground, entity: Entity, field: Field, draws: random.Random) -> int | None:
    """Choose a number of days that some rows are old, and some are not; None if there is none."""
    limits: dict[int, float] = {}
    for days in _DAYS:
        predicate = Elapsed(field=field.name, op="le", seconds=days * DAY)
        held, failed = ground.share(predicate, entity.name)
        rare = min(held, failed) / (held + failed)
        if both(held, failed) and rare >= _RARE:
            limits[days] = rare
    return draws.choices(list(limits), list(limits.values()))[0] if limits else None


def _candidate(
    ground: Ground,
    entity: Entity,
    on: tuple[Kind, ...],
    predicate: Predicate,
    *said: str,
    more: float = 0,
) -> Candidate:
    rule = Rule(
        id=name(entity.name, *said),
        kind="time_window",
        entity=entity.name,
        on=on,
        predicate=predicate,
        evidence=counted(ground, predicate, entity),
    )
    return Candidate(rule, "time_window", ground.weight(entity) + more)
