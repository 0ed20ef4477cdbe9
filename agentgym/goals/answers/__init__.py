"""Reading an answer by the type of its slot: numbers, dates, yes and no, names.

An answer may be a bare value or a sentence around it. Several candidate values for one slot,
a value that is taken back or left open, and further members of a set are wrong answers.
Order: doubts, texts, times, units, numbers, members. Next: `verdict`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

from agentgym.errors import FormatError
from agentgym.formats import Json, decode
from agentgym.goals.answers.doubts import doubt
from agentgym.goals.answers.members import Reader, check_choice, check_set
from agentgym.goals.answers.numbers import check_number
from agentgym.goals.answers.texts import Column, Names, check_text, named, normal, tokens
from agentgym.goals.answers.times import check_time
from agentgym.goals.goal import Answer
from agentgym.plan.tables import equal
from agentgym.schema import Field, Schema

__all__ = ["Column", "Columns", "check", "flaw", "normal"]

Columns = Callable[[str, str], Column]
"""(entity, field) to what it holds anywhere: what an answer may hedge with."""

_NUMBERS = frozenset("count sum avg difference product share days".split())
"""Functions of which the value is a number, whatever the field holds."""
_UNITLESS = frozenset({"count", "product"})
_EMPTY = Column()
LONGEST = 10_000
"""Characters that an answer may have besides its value."""
_TRUTH = re.compile(
    r"(?P<not>\b(?:not|isn['’]?t|never)\s+)?\b(?P<word>yes|true|false|no)\b(?P<rest>\s+\w+)?",
    re.IGNORECASE,
)
_YES = {"yes": True, "true": True, "no": False, "false": False}


class _Slot(NamedTuple):
    """A slot with what it is read against."""

    answer: Answer
    kind: str
    field: Field | None
    column: Column
    unit: str | None
    names: Names


def check(slot: Answer, given: Json, schema: Schema, columns: Columns, known: str) -> str | None:
    """Compare what was answered with one slot.

    Args:
        slot: What the answer must hold.
        given: What the agent answered: a JSON value.
        schema: What the slot's field is of.
        columns: What else its field holds.
        known: What the instruction says, normalised: names in it are no hedges.

    Returns:
        None when the answer holds the slot's value and no other candidate; else why not.
    """
    broken = flaw(slot, schema)
    if broken:
        return f"the slot cannot be judged: {broken}"
    one = _slot(slot, schema, columns, known)
    if isinstance(given, dict) and len(given) == 1 and one.kind != "json":
        given = next(iter(given.values()))
    if slot.many or slot.count is not None:
        if given is None:
            return "no answer was given"
        given = _decoded(given)
        if slot.count is not None:
            return "; ".join(check_choice(slot, given, _reader(one), _leads(one))) or None
        return check_set(slot, given, _reader(one), _leads(one))
    if isinstance(given, list) and one.kind != "json":
        if len(given) != 1:
            return f"expected one value, found a list of {len(given)}"
        given = given[0]
    if given is None:
        return "no answer was given"
    return _check_one(one, 0, given)


def flaw(slot: Answer, schema: Schema) -> str | None:
    """Say why no answer could be judged by a slot; None where any can.

    Of what may be chosen, no two may read the same: rows of equal names are told apart by
    nothing that an agent can say. Whoever makes a goal asks this first.
    """
    if not slot.values and not slot.many:
        return "it has no value"
    if slot.aliases and len(slot.aliases) != len(slot.values):
        return f"{len(slot.aliases)} sets of other names for {len(slot.values)} values"
    if slot.count is None:
        return None if slot.many or len(slot.values) == 1 else "several values, and no set of them"
    if not 1 <= slot.count <= len(slot.values):
        return f"{slot.count} of {len(slot.values)} values"
    for bound in slot.bounds:
        if len(bound.weights) != len(slot.values):
            return f"{len(bound.weights)} weights for {len(slot.values)} values"
        if bound.kind == "total" and not _sums(bound.value, *bound.weights):
            return f"the {bound.field} has no total"
    field = _field(slot, schema)
    if _kind(slot, field) in ("text", "enum"):
        forms = [tokens(str(value)) or (normal(str(value)),) for value in slot.values]
    else:
        forms = [(str(_plain(value)),) for value in slot.values]
    twice = next((form for form in forms if forms.count(form) > 1), None)
    return None if twice is None else f"two of the values read as {' '.join(twice)!r}"


def _sums(limit: Json, *weights: Json) -> bool:
    numeric = (int, float, Decimal)
    return isinstance(limit, numeric) and all(w is None or isinstance(w, numeric) for w in weights)


def _plain(value: Json) -> Json:
    numeric = isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)
    return Decimal(str(value)).normalize() if numeric else value


def _field(slot: Answer, schema: Schema) -> Field | None:
    return schema.entity(slot.entity).field(slot.field) if slot.field else None


def _slot(slot: Answer, schema: Schema, columns: Columns, known: str) -> _Slot:
    field = _field(slot, schema)
    kind = _kind(slot, field)
    column = _EMPTY
    if field is not None and kind == "enum":
        column = Column(field.values or (), camel=True)
    elif field is not None and (slot.function is None or kind != "number"):
        column = columns(slot.entity, field.name) if _looked_at(kind, field) else _EMPTY
    labels = schema.entity(slot.entity).label + " " + (field.label if field is not None else "")
    names = Names(column, known, frozenset(tokens(labels)) | frozenset(labels.casefold().split()))
    return _Slot(slot, kind, field, column, _unit(slot, field), names)


def _looked_at(kind: str, field: Field) -> bool:
    return kind in ("text", "datetime") or field.type == "float"


def _unit(slot: Answer, field: Field | None) -> str | None:
    if slot.unit is not None:
        return slot.unit
    if slot.function in ("share", "days"):
        return {"share": "%", "days": "d"}[slot.function]
    return None if field is None or slot.function in _UNITLESS else field.unit


def _kind(slot: Answer, field: Field | None) -> str:
    if field is None or slot.function in _NUMBERS:
        return "number"
    if field.type in ("integer", "decimal", "float"):
        return "number"
    named = ("boolean", "date", "datetime", "enum", "json")
    return field.type if field.type in named else "text"


def _reader(one: _Slot) -> Reader:
    def read(place: int, given: Json, *, bare: bool = False) -> str | None:
        if bare and one.kind in ("text", "enum") and not _alone(one, place, str(given)):
            return "other words stand beside it"
        return _check_one(one, place, given)

    return read


def _alone(one: _Slot, place: int, given: str) -> bool:
    """Tell whether a text is but a name of the value."""
    aliases = one.answer.aliases[place] if one.answer.aliases else ()
    return any(
        normal(given) == normal(name) or tokens(given) == tokens(name)
        for name in (str(one.answer.values[place]), *aliases)
    )


def _leads(one: _Slot) -> Callable[[str], bool]:
    """Tell what may stand before a colon that leads in: nothing that might be a member."""
    return lambda text: not re.search(r"\d|,", text) and not named(text, one.names)


def _decoded(given: Json) -> Json:
    """Read a list that was written as text."""
    if isinstance(given, str) and given.lstrip().startswith("["):
        try:
            return decode(given.encode(), list, where="answer")
        except FormatError:
            return given
    return given


def _check_one(one: _Slot, place: int, given: Json) -> str | None:
    slot, value = one.answer, one.answer.values[place]
    if given is None:
        return "no answer was given"
    if isinstance(given, str) and len(given) > LONGEST + len(str(value)):
        return f"expected {value!r}, found a text of {len(given)} characters"
    if one.kind == "number":
        inexact = slot.function in ("avg", "share") or (
            one.field is not None and one.field.type == "float"
        )
        return check_number(
            value, given, unit=one.unit, inexact=inexact, column=one.column, known=one.names.known
        )
    if one.kind == "boolean":
        return _check_boolean(bool(value), given)
    if one.kind == "json":
        return _check_json(value, given)
    if not isinstance(given, (str, int, float, Decimal)) or isinstance(given, bool):
        return f"expected {value!r}, found {str(given)[:80]}"
    if one.kind in ("date", "datetime"):
        return check_time(
            str(value),
            str(given),
            with_time=one.kind == "datetime",
            column=one.column,
            known=one.names.known,
        )
    aliases = slot.aliases[place] if slot.aliases else ()
    return check_text((str(value), *aliases), str(given), one.names)


def _check_boolean(value: bool, given: Json) -> str | None:
    if isinstance(given, bool):
        return None if given == value else f"expected {_said(value)}, found {_said(given)}"
    text = str(given)
    found = set()
    for match in _TRUTH.finditer(text):
        word = match["word"].casefold()
        if word == "no" and match["rest"]:
            continue  # `no problem` denies something else
        if doubt(text, match.start("word"), match.end("word")) and not match["not"]:
            return f"expected {_said(value)}, found {text[:80]!r}"
        found.add(_YES[word] != bool(match["not"]))
    if found != {value}:
        return f"expected {_said(value)}, found {text[:80]!r}"
    return None


def _said(value: bool) -> str:
    return "yes" if value else "no"


def _check_json(value: Json, given: Json) -> str | None:
    if isinstance(given, str) and not isinstance(value, str):
        try:
            given = decode(given.encode(), object, where="answer")
        except FormatError:
            return f"expected {value}, found {given[:80]!r}"
    return None if equal(value, given) else f"expected {value}, found {str(given)[:80]}"
