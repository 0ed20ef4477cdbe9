"""What takes place and comes to an end: an entity with a status and a time.

A schema and what a source says of its fields come in; out goes, for each entity whose rows begin
and end, a `Story`: when a row begins, when it is over, which states are open until then. People,
places and things, which stay for years, have none. Next: `ages`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from agentgym.formats import Record
from agentgym.populate.limits import Limits
from agentgym.populate.meaning import field_words, is_person, kind_of
from agentgym.populate.parents import unique_sets
from agentgym.populate.pools import words
from agentgym.populate.texts import fit
from agentgym.populate.texts import states as states_of
from agentgym.populate.times import PLANNED, PLANS, Calendar
from agentgym.populate.values import common_first, final_states
from agentgym.schema import Entity, Field, Schema
from agentgym.schema.types import Stored, to_stored
from agentgym.sources import Values as Declared

__all__ = ["Story", "stays", "stories", "under_way"]

_ENDS = frozenset("end ends ended until through renews closes expires finish finishes to".split())
_LONG = 300
"""Days; what may last longer is in force from its first day, and nobody plans it for a date."""
_USUAL = 30.0
"""Days until what takes place is over, where nothing says how long that takes."""


class Story(Record, kw_only=True):
    """How the rows of an entity begin and end."""

    status: str
    start: str
    """When a row begins; where it has no such time, that of the row above."""
    above: str = ""
    """The relation to the row above whose time `start` is; empty where it is the row's own."""
    end: str = ""
    """The time at which a row is over; empty where it has none of its own."""
    shares: dict[str, float]
    """State to how common it is."""
    late: tuple[str, ...]
    """States of what is not over."""
    ahead: tuple[str, ...] = ()
    """Those of `late` in which it has not begun; empty where nothing begins later than noted."""
    void: tuple[str, ...] = ()
    """States of what came to nothing."""
    depths: dict[str, int] = {}
    """State to the number of moves that lead to it."""
    horizon: float = _USUAL
    """Days in which a row is usually over."""
    outcomes: tuple[str, ...] = ()
    """Fields that are empty until it is over."""


def stays(schema: Schema, entity: Entity) -> bool:
    """Say whether rows are people, places or things: there for years, and mostly in order."""
    if is_person(entity):
        return True
    times = [f for f in entity.fields if f.type in ("date", "datetime")]
    if any(_ASKED & set(field_words(field)) for field in times):
        return False
    above = [r for r in schema.parents(entity.name) if r.target != entity.name]
    nullable = {field.name for field in entity.fields if field.nullable}
    return not any(
        schema.entity(r.target).kind != "lookup" and not set(r.fields) <= nullable for r in above
    )


_ASKED = frozenset(
    "placed ordered requested submitted issued booked reported admitted invoiced".split()
)
"""Words of times at which people ask for what begins and ends."""


def under_way(state: str, moves: Mapping[str, Collection[str]], over: Collection[str]) -> bool:
    """Say whether a state that is not over is that of something which has begun.

    Args:
        state: No state in which a row begins.
        moves: State to those that may follow it.
        over: The states of what went well.
    """
    said = state.replace("_", " ").casefold()
    after = moves.get(state, ())
    return any(part in said for part in words("begun_states")) or (
        bool(after) and set(after) <= set(over)
    )


def stories(
    schema: Schema,
    made: Sequence[str],
    limits: Mapping[str, Limits],
    values: Sequence[Declared],
    known: Collection[tuple[str, str]],
) -> dict[str, Story]:
    """Read the story of each entity that has one.

    Args:
        schema: With roles.
        made: Entities whose rows are made.
        limits: Of each of these.
        values: What the source says of fields.
        known: Fields whose values the source gives row by row.
    """
    said = {(one.entity, one.field): one for one in values}
    found: dict[str, Story] = {}
    for name in made:
        story = _story(schema, schema.entity(name), limits[name], said, known)
        if story is not None:
            found[name] = story
    return found


def _story(
    schema: Schema,
    entity: Entity,
    limits: Limits,
    said: Mapping[tuple[str, str], Declared],
    known: Collection[tuple[str, str]],
) -> Story | None:
    fields = [f for f in entity.fields if f.role == "status"] or [
        f for f in entity.fields if f.role == "category" and field_words(f)[-1:] == ("status",)
    ]
    fields = [field for field in fields if (entity.name, field.name) not in known]
    fixed = {name for names in unique_sets(schema, entity) for name in names}
    fixed |= {name for owner, name in schema.computed if owner == entity.name}
    fixed |= {name for r in schema.parents(entity.name) for name in r.fields}
    choices = _choices(entity, fields[0], limits) if len(fields) == 1 else None
    calendar = Calendar(entity, limits)
    past = [f for f in calendar.fields if 0 <= calendar.ranks[f.name] < 5]
    past = [f for f in past if (entity.name, f.name) not in schema.computed]
    past = [f for f in past if f.type in ("date", "datetime")]
    past = [f for f in past if not f.nullable or calendar.ranks[f.name] < 1]
    past = [f for f in past if not f.nullable] or past
    if choices is None or len(choices) < 2 or fields[0].name in fixed:
        return None
    above = "" if past else _above(schema, entity)
    if above:
        past = _times(schema, schema.entity(schema.relation(above).target))
    if not past:
        return None
    status, states = fields[0], [str(choice) for choice in choices]
    start = next((f for f in past if PLANNED & set(field_words(f))), past[0])
    cycle = next((c for c in schema.lifecycles
                  if (c.entity, c.field) == (entity.name, status.name)), None)  # fmt: skip
    moves = {state: cycle.moves.get(state, ()) for state in states} if cycle else {}
    one = said.get((entity.name, status.name))
    if one is not None and one.values:
        shares: dict[str, float] = dict(Counter(str(to_stored(status, v)) for v in one.values))
        shares = {state: share for state, share in shares.items() if state in states}
        late = [state for state in states if state in set(one.late)]
        void = _rare(shares, late)
    elif stays(schema, entity):
        return None
    else:
        final = final_states(schema, entity, status, choices)
        late = [state for state in states if state not in final]
        shares = {
            str(state): 1 / (place + 1) ** 1.3
            for place, state in enumerate(common_first(schema, entity, status, list(choices)))
        }
        void = [s for s in states if s not in late and _says(s, "sour_states")]
        if len(void) + len(late) == len(states):
            void = [state for state in void if "return" not in state.casefold()]
    if not late or len(late) == len(states):
        return None
    if one is not None and one.ahead:
        ahead = [state for state in late if state in set(one.ahead)]
    else:
        first = set(cycle.initial) if cycle else set()
        done = [state for state in states if state not in late and state not in void]
        ahead = [s for s in late if s in first or not under_way(s, moves, done)]
        ahead = ahead if any(_says(state, "planned_states") for state in ahead) else []
    spans = [d for (owner, _), d in said.items()
             if owner == entity.name and d.after and not d.along]  # fmt: skip
    end = "" if above else _end(entity, start, past, {d.field: d for d in spans})
    return Story(
        status=status.name,
        start=start.name,
        above=above,
        end=end,
        shares=shares,
        late=tuple(late),
        ahead=tuple(ahead) if not above and _planned(entity, start, end, spans) else (),
        void=tuple(void),
        depths=_depths(moves, cycle.initial if cycle else ()),
        horizon=_horizon(entity, start, spans),
        outcomes=tuple(
            f.name for f in entity.fields
            if f.nullable and f.name not in fixed and _OUTCOMES & set(field_words(f))
            and f.role not in ("reference", "time", "audit", "status")
            and (entity.name, f.name) not in known
        ),
    )  # fmt: skip


_OUTCOMES = frozenset("grade result score outcome satisfaction verdict approved".split())
"""Words of what is known when something is over."""


def _choices(entity: Entity, field: Field, limits: Limits) -> list[Stored] | None:
    """Return the states of a field: those of its type, or as a text is made."""
    found = limits.choices[field.name]
    if found is None and field.type == "text" and kind_of(entity, field) == "status":
        listed = dict.fromkeys(fit(state, field.max_length) for state in states_of(entity, field))
        found = [state for state in listed if limits.legal(field.name, state)]
    return found


def _says(state: str, kind: str) -> bool:
    said = state.replace("_", " ").casefold()
    return any(part in said for part in words(kind))


def _rare(shares: Mapping[str, float], late: Collection[str]) -> list[str]:
    """Return the states of what is over that are rarer than the commonest."""
    over = {state: share for state, share in shares.items() if state not in late}
    most = max(over.values(), default=0)
    return [state for state, share in over.items() if share < most]


def _end(entity: Entity, start: Field, past: Sequence[Field], spans: Mapping[str, Declared]) -> str:
    """Return the time at which a row is over: a second one that is always there."""
    for field in entity.fields:
        if field.nullable or field.name == start.name or field.type not in ("date", "datetime"):
            continue
        if not _ENDS & set(field_words(field)):
            continue
        if field in past or (field.name in spans and spans[field.name].after == start.name):
            return field.name
    return ""


def _planned(entity: Entity, start: Field, end: str, spans: Sequence[Declared]) -> bool:
    """Say whether a row is set for a date to come, rather than begun when it is noted."""
    if not PLANNED & set(field_words(start)):
        return False
    longest = [
        float(d.most) / (1 if entity.field(d.field).type == "date" else 24)
        for d in spans
        if d.field == end and d.most is not None
    ]
    return not any(days >= _LONG for days in longest) and "renews" not in end


def _above(schema: Schema, entity: Entity) -> str:
    """Return the relation to the row that a row without a time of its own belongs to."""
    for relation in sorted(schema.parents(entity.name), key=lambda r: r.name):
        target = schema.entity(relation.target)
        needed = not any(entity.field(name).nullable for name in relation.fields)
        people = any(f.role in ("contact", "person", "secret") for f in target.fields)
        if needed and target.name != entity.name and not people and _times(schema, target):
            return relation.name
    return ""


def _times(schema: Schema, entity: Entity) -> list[Field]:
    """Return the times of an entity that are always there and may be when a row begins."""
    calendar = Calendar(entity, Limits(schema, entity))
    return [f for f in calendar.fields
            if 0 <= calendar.ranks[f.name] < 1 and not f.nullable
            and f.type in ("date", "datetime")]  # fmt: skip


def _horizon(entity: Entity, start: Field, spans: Sequence[Declared]) -> float:
    """Return in how many days a row is over, from what the source says of times that may be."""
    days = [
        (float(d.least) + float(d.most)) / 2 / (1 if entity.field(d.field).type == "date" else 24)
        for d in spans
        if d.after == start.name and d.least is not None and d.most is not None
        and entity.field(d.field).nullable and not PLANS & set(field_words(entity.field(d.field)))
    ]  # fmt: skip
    return max(min(days), 7.0) if days else _USUAL


def _depths(moves: Mapping[str, Collection[str]], first: Sequence[str]) -> dict[str, int]:
    found = dict.fromkeys(first, 0)
    waiting = list(first)
    while waiting:
        here = waiting.pop(0)
        for there in moves.get(here, ()):
            if there not in found:
                found[there] = found[here] + 1
                waiting.append(there)
    return found
