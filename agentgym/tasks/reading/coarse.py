"""How vaguely a value can be told: five kinds of fuzzing, three levels each, as one table.

A value of a field comes in, clues go out that it satisfies and that say less than it. The kinds
after FORT: *category* (what kind of thing instead of which), *range* (a band instead of a number,
a month instead of a day), *meta* (what the name is like), *arithmetic* (what can be computed of
the number), *exclusion* (what it is not). Next: `hints`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal, NamedTuple

from agentgym.plan import Measure
from agentgym.plan.measures import measured
from agentgym.schema import Field
from agentgym.schema.types import Stored
from agentgym.tasks.clues import Clue, sayable

__all__ = ["FORMS", "LEVELS", "SUPPORT", "Form", "Kind", "forms"]

Kind = Literal["exact", "category", "range", "meta", "arithmetic", "exclusion"]
LEVELS = (0, 1, 2, 3)
"""0: as it is. 1: mildly vague (a month, a narrow band, a word of the name). 2: vague (a year, a
lower bound, first and last letter). 3: very vague (a decade, an order of magnitude, a letter)."""
SUPPORT = 3
"""Rows that every clue must leave where clues are vague."""

Told = list[tuple[Clue, ...]]
"""Ways to tell something: each is one clue or two that are told together."""


class Form(NamedTuple):
    """One way of telling a value vaguely."""

    kind: Kind
    level: int
    types: frozenset[str]
    """Types of the fields that it is for."""
    roles: frozenset[str]
    """Roles of the fields that it is for."""
    make: Callable[[Field, Stored], Told]


_TIMES = frozenset({"date", "datetime"})
_NUMBERS = frozenset({"integer", "decimal", "float"})
_SIZES = frozenset({"money", "quantity", "measure"})
_NAMES = frozenset({"label", "person", "place"})
_KINDS = frozenset({"category", "status", "place"})
_TEXTS = frozenset({"text", "enum"})


def _by(of: Measure) -> Callable[[Field, Stored], Told]:
    def make(field: Field, value: Stored) -> Told:
        told = measured(field, of, value)
        if of in ("initial", "ending") and not _plain(value, told, last=of == "ending"):
            return []
        return [] if told is None else [(Clue(field.name, "eq", told, of),)]

    return make


def _plain(value: Stored, letter: Stored, *, last: bool) -> bool:
    """Tell whether a text begins or ends with that letter, and nothing before or after it."""
    text = str(value)
    return letter is not None and len(str(letter)) == 1 and text[-last].upper() == letter


def _both(*of: Measure) -> Callable[[Field, Stored], Told]:
    makers = [_by(one) for one in of]

    def make(field: Field, value: Stored) -> Told:
        found = [make(field, value) for make in makers]
        return [tuple(clue for one in found for clue in one[0])] if all(found) else []

    return make


def _itself(field: Field, value: Stored) -> Told:
    return [(Clue(field.name, "eq", value),)]


def _part(field: Field, value: Stored) -> Told:
    """Tell one word of several."""
    words = [word for word in str(value).split() if len(word) > 3 and word.isalpha()]
    if len(str(value).split()) < 2 or not words:
        return []
    return [(Clue(field.name, "contains", word),) for word in words]


def _edges(value: Stored, parts: int) -> tuple[Stored, Stored] | None:
    """Return round numbers around a number, a fraction of its own size apart."""
    assert isinstance(value, (int, float))
    if isinstance(value, int):
        step = max(1, 10 ** (len(str(abs(value))) - 1) // parts)
        return value // step * step, value // step * step + step
    if not value or not math.isfinite(value):
        return None
    digits = math.floor(math.log10(abs(value)))
    step = 10.0**digits / parts
    low = math.floor(value / step) * step
    kept = max(0, 3 - digits)
    return round(low, kept), round(low + step, kept)


def _band(parts: int) -> Callable[[Field, Stored], Told]:
    def make(field: Field, value: Stored) -> Told:
        edges = _edges(value, parts)
        if edges is None or not edges[0] <= value <= edges[1]:  # type: ignore[operator]
            return []
        return [(Clue(field.name, "ge", edges[0]), Clue(field.name, "le", edges[1]))]

    return make


def _bound(field: Field, value: Stored) -> Told:
    """Tell from where or up to where."""
    edges = _edges(value, 1)
    if edges is None or not edges[0] <= value <= edges[1]:  # type: ignore[operator]
        return []
    return [(Clue(field.name, "ge", edges[0]),), (Clue(field.name, "le", edges[1]),)]


def _magnitude(field: Field, value: Stored) -> Told:
    """Tell how many digits the number has before the point."""
    if not isinstance(value, int) or value < 10 ** (field.scale + 1):
        return []
    low = 10 ** (len(str(value)) - 1)
    return [(Clue(field.name, "ge", low), Clue(field.name, "lt", 10 * low))]


def _divisor(field: Field, value: Stored) -> Told:
    """Tell of which small number it is a multiple."""
    if not isinstance(value, int) or value <= 0:
        return []
    return [
        (Clue(field.name, "eq", of, "remainder"),)
        for of in (7, 9, 11, 13, 25)
        if value > of and value % of == 0
    ]


def _digits(field: Field, value: Stored) -> Told:
    if not isinstance(value, int) or value < 10:
        return []
    return _by("digit_sum")(field, value)


FORMS: tuple[Form, ...] = (
    Form("category", 1, _TEXTS, _KINDS, _itself),
    Form("category", 2, frozenset({"enum"}), _KINDS, _itself),
    Form("category", 3, frozenset({"enum"}), _KINDS, _itself),
    Form("range", 1, _TIMES, frozenset({"time"}), _both("year", "month")),
    Form("range", 2, _TIMES, frozenset({"time"}), _by("year")),
    Form("range", 3, _TIMES, frozenset({"time"}), _by("decade")),
    Form("range", 3, _TIMES, frozenset({"time"}), _by("month")),
    Form("range", 1, _NUMBERS, _SIZES, _band(10)),
    Form("range", 2, _NUMBERS, _SIZES, _band(2)),
    Form("range", 2, _NUMBERS, _SIZES, _bound),
    Form("range", 3, frozenset({"integer", "decimal"}), _SIZES, _magnitude),
    Form("meta", 1, frozenset({"text"}), _NAMES | {"other"}, _part),
    Form("meta", 2, frozenset({"text"}), _NAMES, _both("initial", "ending")),
    Form("meta", 3, frozenset({"text"}), _NAMES, _by("initial")),
    Form("meta", 3, frozenset({"text"}), _NAMES, _by("ending")),
    Form("meta", 3, frozenset({"text"}), _NAMES, _by("letters")),
    Form("meta", 3, frozenset({"text"}), frozenset({"label"}), _by("words")),
    Form("arithmetic", 2, frozenset({"integer"}), _SIZES, _divisor),
    Form("arithmetic", 3, frozenset({"integer"}), _SIZES, _digits),
)
"""Kind x level x type and role of the field x how it is told. Exclusions are about other values
than the row's own, and categories of a row are also its parents: `hints` adds both."""


def forms(field: Field, value: Stored, level: int) -> list[tuple[Kind, tuple[Clue, ...]]]:
    """List the ways to tell a value at one level of vagueness, those that a person could say."""
    found: list[tuple[Kind, tuple[Clue, ...]]] = []
    for form in FORMS:
        if form.level == level and field.type in form.types and field.role in form.roles:
            for clues in form.make(field, value):
                if all(clue.of is not None or sayable(field, clue.value) for clue in clues):
                    found.append((form.kind, clues))
    return found
