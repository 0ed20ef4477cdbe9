"""Legal values of a parameter, the nearest to what was sent first.

What a refused call was aimed at comes in; values go out that the same call does not fail on for the
same reason. They come from the documentation of the tool, from the rule that refused, and of rows
only names that a shown tool lists to anybody: no key, no code, nothing that is kept from the agent.
Next: `repair`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation

from agentgym.episode.feedback.aim import Aim, rule_of
from agentgym.episode.flags import reading
from agentgym.episode.view import View
from agentgym.formats import Json
from agentgym.rules import Compare, In, Move, Param
from agentgym.schema import Field
from agentgym.schema.types import fold, to_stored, to_wire
from agentgym.tools.algebra import Find, Search
from agentgym.trajectory import Fault
from agentgym.world.rows import World

__all__ = ["MOST", "legal_values"]

MOST = 8
"""Legal values that are named at most."""
_NAMES = 3
_CLOSE = 0.8
"""How like a name must be to what was sent (see `difflib`), to be told."""
_MOST_ROWS = 20_000
_LONGEST = 100
_TRUTH = {"true": True, "yes": True, "y": True, "1": True, "on": True}
_SPOKEN = frozenset({"label", "place", "person", "other", "category"})


def legal_values(
    fault: Fault, arguments: Mapping[str, Json], aimed: Aim | None, view: View, world: World
) -> tuple[Json, ...]:
    """Return legal values; none where nothing can be said.

    Args:
        fault: Why the call was refused.
        arguments: As they were sent.
        aimed: What it was aimed at.
        view: The tools that are shown.
        world: The state.
    """
    if aimed is None:
        return ()
    sent = arguments.get(fault.parameter) if fault.parameter is not None else None
    match fault.code:
        case "bad_arguments" if aimed.face is not None:
            return _of_schema(fault, sent, arguments, aimed.face.parameters)
        case "rule_broken":
            return _of_rule(fault, sent, aimed, view, world)
        case "not_found" if isinstance(sent, str):
            return _names(sent, aimed, view, world)
        case _:
            return ()


def _of_schema(
    fault: Fault, sent: Json, arguments: Mapping[str, Json], scheme: Mapping[str, Json]
) -> tuple[Json, ...]:
    properties: Mapping[str, Json] = scheme["properties"]
    parameter = fault.parameter
    if parameter is None:
        return ()
    if parameter not in properties:
        free = [name for name in properties if name not in arguments]
        return tuple(_like(parameter, free))
    kind = properties[parameter]
    if parameter in arguments and _readable(kind, sent):
        return ()
    return tuple(_of_kind(kind, sent))[:MOST]


def _readable(kind: Mapping[str, Json], sent: Json) -> bool:
    """Tell whether a list or an object is wrong only inside: then nothing is said of it whole."""
    return isinstance(sent, (list, dict)) and kind.get("type") in ("array", "object", None)


def _of_kind(kind: Mapping[str, Json], sent: Json) -> list[Json]:
    """Return values of a JSON Schema, the nearest to what was sent first."""
    if "enum" in kind:
        return _like(str(sent), [value for value in kind["enum"] if value is not None])
    found = kind.get("type")
    name = next((one for one in found if one != "null"), "") if isinstance(found, list) else found
    match name:
        case "boolean":
            on = isinstance(sent, (str, int)) and str(sent).strip().lower() in _TRUTH
            return [on, not on]
        case "integer" | "number":
            number = _number(sent)
            return [] if number is None else _within(kind, number, whole=name == "integer")
        case "string":
            return _texts(kind, sent)
        case _:
            return []


def _number(sent: Json) -> Decimal | None:
    if isinstance(sent, bool) or not isinstance(sent, (str, int, float, Decimal)):
        return None
    try:
        number = Decimal(str(sent)[:_LONGEST].strip().replace(",", ""))
    except InvalidOperation:
        return None
    return number if number.is_finite() and number.adjusted() < 18 else None


def _within(kind: Mapping[str, Json], number: Decimal, *, whole: bool) -> list[Json]:
    least, most = kind.get("minimum"), kind.get("maximum")
    if least is not None and number < least:
        number = Decimal(least)
    if most is not None and number > most:
        number = Decimal(most)
    step = Decimal(1) if whole else kind.get("multipleOf")
    if step is not None:
        number = Decimal(number // step) * step
    return [int(number)] if whole else [number]


def _texts(kind: Mapping[str, Json], sent: Json) -> list[Json]:
    shape = kind.get("format")
    if shape in ("date", "date-time"):
        if not isinstance(sent, str):
            return []
        days, moments = map(set, reading.days(sent[:_LONGEST]))
        if shape == "date":
            return sorted(days) if len(days) == 1 else []
        if moments:
            return sorted(moments) if len(moments) == 1 else []
        return [f"{day}T00:00:00Z" for day in days] if len(days) == 1 else []
    if "contentEncoding" in kind or isinstance(sent, bool):
        return []
    if isinstance(sent, (int, Decimal)) and len(str(sent)) <= kind.get("maxLength", _LONGEST):
        return [str(sent)]
    return []


def _like(sent: str, known: Iterable[Json]) -> list[Json]:
    """Sort values by how like they are to what was sent; what is as near keeps its order."""
    folded = sent[:_LONGEST].casefold()

    def distance(value: Json) -> float:
        return -difflib.SequenceMatcher(None, folded, str(value).casefold()).ratio()

    return sorted(known, key=distance)[:MOST]


def _of_rule(fault: Fault, sent: Json, aimed: Aim, view: View, world: World) -> tuple[Json, ...]:
    """Return values that the broken rule allows, where it speaks of the argument alone."""
    rule, column = rule_of(fault, view), aimed.column(view)
    if rule is None or column is None:
        return ()
    entity, field, use = column
    own = use in ("value", "to") and rule.entity == entity.name
    match rule.predicate:
        case In(field=name, values=values, path=(), at="after") if own and name == field.name:
            return tuple(_like(str(sent), values))
        case Compare(field=name, path=(), at="after", other=None) as one if (
            own and name == field.name
        ):
            return _bound(field, one.op, one.value)
        case Param(param=name) as one if name == aimed.parameter:
            return _bound(field, one.op, one.value)
        case Move(field=name) if own and name == field.name:
            return _moves(aimed, field, view, world)
        case _:
            return ()


def _bound(field: Field, op: str, limit: Json) -> tuple[Json, ...]:
    """Return the value at the limit, or next to it."""
    if limit is None or op == "ne":
        return ()
    if op in ("eq", "le", "ge"):
        return (limit,)
    if field.type not in ("integer", "decimal"):
        return ()
    step = Decimal(1).scaleb(-field.scale)
    found = Decimal(str(limit)) + (step if op == "gt" else -step)
    return (int(found),) if field.type == "integer" else (found,)


def _moves(aimed: Aim, field: Field, view: View, world: World) -> tuple[Json, ...]:
    """Return the states that may follow the present one of the row."""
    name = next(iter(aimed.bound.values()))[0]
    entity = view.domain.schema.entity(name)
    cycle = next((c for c in view.domain.schema.lifecycles if c.entity == name), None)
    if cycle is None or cycle.field != field.name:
        return ()
    keys = {f: p for p, (e, f, use) in aimed.bound.items() if use == "key" and e == name}
    if not keys:  # a new row
        return cycle.initial
    try:
        key = tuple(to_stored(entity.field(one), aimed.arguments[keys[one]]) for one in entity.key)
    except (KeyError, ValueError):
        return ()
    row = world.get(name, key)
    if row is None:
        return ()
    return cycle.moves.get(str(row[entity.position(field.name)]), ())


def _names(sent: str, aimed: Aim, view: View, world: World) -> tuple[Json, ...]:
    """Return the names that are very like one that nobody bears, where a tool lists them anyhow."""
    term = aimed.term
    column = aimed.column(view)
    if not isinstance(term, Find) or column is None or len(sent) > _LONGEST or aimed.guards:
        return ()
    entity, field, _ = column
    if field.type != "text" or field.role not in _SPOKEN or not listed_to_all(entity.name, view):
        return ()
    if view.domain.rows is None or len(rows := world.rows(entity.name)) > _MOST_ROWS:
        return ()
    others = [one for one in term.by if one.field != field.name]
    place = entity.position(field.name)
    found: dict[str, None] = {}
    for row in rows:
        borne = row[place]
        if isinstance(borne, str) and all(
            fold(str(row[entity.position(one.field)])) == fold(str(aimed.arguments.get(one.param)))
            for one in others
        ):
            found[borne] = None
    folded: dict[str, list[str]] = {}
    for name in sorted(found):
        folded.setdefault(_words(name), []).append(name)
    close = difflib.get_close_matches(_words(sent), folded, n=_NAMES, cutoff=_CLOSE)
    return tuple(to_wire(field, folded[one][0]) for one in close if len(folded[one]) == 1)


def _words(name: str) -> str:
    return re.sub(r"\s+", " ", name.casefold()).strip()


def listed_to_all(entity: str, view: View) -> bool:
    """Tell whether a shown tool lists the rows of an entity, and no rule bars anybody from one."""
    barred = any("read" in rule.on and rule.entity == entity for rule in view.domain.rules)
    shown = {face.name for face in view.faces}
    searched = any(
        isinstance(term, Search) and term.entity == entity and name in shown
        for name, term in view.terms.items()
    )
    return searched and not barred
