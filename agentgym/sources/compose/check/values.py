"""Whether a field says what a value of it may be, and whether values are so. Next: `speech`."""

from __future__ import annotations

import keyword
import re
from collections.abc import Sequence
from decimal import Decimal

from agentgym.formats import Json
from agentgym.sources.compose.check.problem import Notes
from agentgym.sources.compose.fields import states_of, wire
from agentgym.sources.compose.records import FieldSpec

__all__ = ["check_field", "check_identifier", "check_noun", "check_range", "check_values"]

_NUMBERS = ("integer", "decimal", "float")
_TIMES = ("date", "datetime")
_IDENTIFIER = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*\Z")
_OPEN = frozenset("by to from at in on of for with as into under over via".split())
_ROLES = {
    "money": ("decimal", "integer"),
    "quantity": _NUMBERS,
    "measure": _NUMBERS,
    "flag": ("boolean",),
    "time": _TIMES,
    "audit": (*_TIMES, "text"),
    "category": ("enum", "text", "integer"),
    "status": ("enum",),
    "contact": ("text",),
    "person": ("text",),
    "place": ("text", "enum"),
    "text": ("text",),
    "label": ("text",),
    "code": ("text", "integer"),
}


def check_identifier(name: str, place: str, notes: Notes) -> None:
    """Check that a name is an identifier in snake_case."""
    if not _IDENTIFIER.match(name) or keyword.iskeyword(name):
        notes.add(place, "a name in snake_case", repr(name), hint="write it like unit_price")


def check_noun(words: str, place: str, notes: Notes) -> None:
    """Check that words can stand after `the`: they end with no preposition."""
    last = words.replace("_", " ").split(" ")[-1]
    if last in _OPEN:
        notes.add(
            place, "a noun, as in `the sender of the parcel`", repr(words),
            hint="write referrer for `referred by`, origin for `from`",
        )  # fmt: skip


def check_field(spec: FieldSpec, place: str, notes: Notes, *, clothed: bool = False) -> None:
    """Check one field of a pattern or a trade.

    Args:
        spec: The field.
        place: Where it stands.
        notes: What is found wrong is noted there.
        clothed: Whether it is a trade's, which must say the values of an enum itself.
    """
    check_identifier(spec.name, f"{place}.name", notes)
    if spec.name == "key":
        notes.add(f"{place}.name", "another name", "'key', which is that of every row")
    if spec.role in ("key", "reference"):
        notes.add(
            f"{place}.role",
            "the meaning of a plain field",
            repr(spec.role),
            hint="keys are made by the engine, references are written in refs",
        )
    fitting = _ROLES.get(spec.role)
    if fitting and spec.type not in fitting:
        notes.add(f"{place}.type", f"a type for {spec.role}: {', '.join(fitting)}", spec.type)
    if spec.type == "enum":
        if clothed and not spec.values:
            notes.add(f"{place}.values", "the values of an enum", "none")
        if len(set(spec.values)) != len(spec.values):
            notes.add(f"{place}.values", "each value once", list(spec.values))
        if spec.values and not all(value.strip() == value != "" for value in spec.values):
            notes.add(f"{place}.values", "words without spaces around them", list(spec.values))
        if states_of(spec) and len(spec.values) > 1:
            notes.add(f"{place}.values", "`@slot` alone, or words", list(spec.values))
    elif spec.values:
        notes.add(
            f"{place}.values", "values for an enum alone", f"a field of type {spec.type}",
            hint='write type = "enum", or examples instead of values',
        )  # fmt: skip
    if spec.unit == "currency" and spec.role != "money":
        notes.add(f"{place}.role", "money, as its unit is a currency", spec.role)
    if spec.type in ("json", "bytes"):
        notes.add(f"{place}.type", "a type that people can say", spec.type)
    if not 0 <= spec.scale <= 6:
        notes.add(f"{place}.scale", "0 to 6 digits", spec.scale)
    if spec.default is not None:
        check_values(spec, (spec.default,), f"{place}.default", notes)
    check_values(spec, spec.examples, f"{place}.examples", notes)
    check_range(spec, (spec.least, spec.most), place, notes)
    if spec.after and spec.type not in _TIMES:
        notes.add(f"{place}.after", "after for dates and times alone", f"type {spec.type}")
    if spec.step is not None and not spec.after:
        if spec.type not in _NUMBERS:
            notes.add(f"{place}.step", "a step for numbers alone", f"type {spec.type}")
        else:
            check_values(spec, (spec.step,), f"{place}.step", notes)


def check_values(spec: FieldSpec, values: Sequence[Json], place: str, notes: Notes) -> None:
    """Check that values are legal for the field."""
    for value in values:
        if value is None:
            continue
        try:
            wire(spec, value)
        except ValueError as error:
            options = spec.values if spec.type == "enum" else ()
            notes.add(place, f"{error} ({spec.name} is of type {spec.type})", repr(value), options)
        else:
            if isinstance(value, str) and (not value.strip() or value != value.strip()):
                notes.add(place, "a text without spaces around it", repr(value))
    if len({repr(value) for value in values}) != len(values):
        double = [value for place_, value in enumerate(values) if value in values[:place_]]
        notes.add(place, "each value once", f"{double[0]!r} twice")


def check_range(spec: FieldSpec, ends: tuple[Json, Json], place: str, notes: Notes) -> None:
    """Check the smallest and the largest value of a field, each may be None."""
    if ends == (None, None):
        return
    if spec.after and spec.type in _TIMES:
        least = -400 if "." in spec.after else 0
        if not all(isinstance(end, (int, float, Decimal)) and end >= least for end in ends):
            notes.add(place, f"two numbers, days or hours after {spec.after}", list(ends))
        elif ends[0] > ends[1]:
            notes.add(place, "a range from small to large", f"{ends[0]} to {ends[1]}")
        return
    if spec.type not in (*_NUMBERS, *_TIMES):
        notes.add(place, "a range for numbers and times alone", f"type {spec.type}")
        return
    before = len(notes.problems)
    check_values(spec, [end for end in dict.fromkeys(ends) if end is not None], place, notes)
    low, high = ends
    if len(notes.problems) == before and low is not None and high is not None and low > high:
        notes.add(place, "a range from small to large", f"{low} to {high}")
