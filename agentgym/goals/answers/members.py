"""Answers of several values: all members of a set, or some that may be chosen.

A list comes in, or a text that is cut into one; each piece is read as a single value is. A
member that is given twice is harmless; one that does not belong, or is missing, is not.
Next: `answers`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Protocol

from agentgym.formats import Json
from agentgym.goals.goal import Answer, Bound

__all__ = ["bound_broken", "check_choice", "check_set", "pieces"]


class Reader(Protocol):
    """Says why what was given is not one of the values."""

    def __call__(self, place: int, given: Json, *, bare: bool = False) -> str | None:
        """Read what was given as the value at a place.

        Args:
            place: Which value.
            given: What was given.
            bare: Whether a name must stand alone, without words around it.
        """


Lead = Callable[[str], bool]
"""Whether words before a colon may be left out."""

_CUT = re.compile(r"\s*(?:;|\n|,|\s+(?:and|&)\s+|\|)\s*", re.IGNORECASE)
_BULLET = re.compile(r"^\s*(?:[-*•–]\s+|\(?\d{1,2}[.)]\s+)")
_NONE = frozenset({"", "none", "nothing", "no one", "nobody", "there are none", "[]"})
_LONGEST_JOIN = 5
"""Most pieces that are put together again, where a value holds commas."""


def check_set(slot: Answer, given: Json, reads: Reader, leads: Lead) -> str | None:
    """Compare what was given with all members of a set."""
    found, stranger = _matched(given, len(slot.values), reads, leads)
    if stranger is not None:
        return f"{stranger!r} does not belong to the answer"
    missing = [value for place, value in enumerate(slot.values) if place not in found]
    if missing:
        return f"{len(missing)} of {len(slot.values)} values are missing, {missing[0]!r} for one"
    return None


def check_choice(slot: Answer, given: Json, reads: Reader, leads: Lead) -> list[str]:
    """Compare what was given with a choice within bounds; every reason why it is none."""
    found, stranger = _matched(given, len(slot.values), reads, leads)
    if stranger is not None:
        return [f"{stranger!r} is none of the values that may be chosen"]
    reasons = []
    if len(found) != slot.count:
        reasons.append(f"expected {slot.count} different values, found {len(found)}")
    for bound in slot.bounds:
        broken = bound_broken(bound, sorted(found))
        if broken:
            reasons.append(broken)
    return reasons


def bound_broken(bound: Bound, chosen: Iterable[int]) -> str | None:
    """Say how the chosen places break a bound; None where they keep it.

    Two empty weights are not distinct, and none adds nothing to a total.
    """
    weights = [bound.weights[place] for place in chosen]
    if bound.kind == "distinct":
        keys = [repr(_number(weight)) for weight in weights]
        twice = next((w for w, key in zip(weights, keys, strict=True) if keys.count(key) > 1), None)
        if len(set(keys)) == len(keys):
            return None
        return f"expected each {bound.field} once, found {twice!r} twice"
    total = sum((Fraction(str(weight)) for weight in weights if weight is not None), Fraction(0))
    limit = Fraction(str(bound.value))
    if total <= limit if bound.op == "le" else total >= limit:
        return None
    most = "at most" if bound.op == "le" else "at least"
    shown = Decimal(total.numerator) / Decimal(total.denominator)
    return f"expected a total {bound.field} of {most} {bound.value}, found {shown}"


def _number(value: Json) -> Json:
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return Fraction(str(value))
    return value


def _matched(given: Json, count: int, reads: Reader, leads: Lead) -> tuple[set[int], Json]:
    """Find which values were given; and one thing that is none of them, if there is."""
    if isinstance(given, str):
        return _in_text(given, count, reads, leads)
    items = given if isinstance(given, list) else [given]
    found: set[int] = set()
    for one in items:
        item = next(iter(one.values())) if isinstance(one, dict) and len(one) == 1 else one
        place = _place(item, count, found, reads)
        if place is None:
            return found, "nothing" if item is None else item
        found.add(place)
    return found, None


def _place(
    item: Json, count: int, found: set[int], reads: Reader, *, bare: bool = False
) -> int | None:
    """Return the value that an item stands for: one that is still missing, if any."""
    fitting = [place for place in range(count) if reads(place, item, bare=bare) is None]
    return next((place for place in fitting if place not in found), next(iter(fitting), None))


def _in_text(text: str, count: int, reads: Reader, leads: Lead) -> tuple[set[int], Json]:
    if text.strip(" .").casefold() in _NONE:
        return set(), None
    whole = {place for place in range(count) if reads(place, text, bare=True) is None}
    best: tuple[set[int], Json] = (set(list(whole)[:1]), None) if whole else (set(), text[:80])
    for cut in _readings(text, leads):
        for sizes in (range(1, _LONGEST_JOIN + 1), range(_LONGEST_JOIN, 0, -1)):
            tried = _joined(cut, count, reads, sizes)
            best = max(best, tried, key=lambda one: (one[1] is None, len(one[0])))
    return best


def _readings(text: str, leads: Lead) -> list[list[tuple[str, str]]]:
    """Cut a text into pieces, each with the mark after it; without what leads in, too."""
    found = []
    if re.search(r"[;\n]", text):
        parts = (_BULLET.sub("", part).strip() for part in re.split(r"[;\n]", text))
        found.append([(part, "; ") for part in parts if part])
    found.append(pieces(text))
    lead, colon, rest = text.partition(":")
    if colon and rest[:1].isspace() and rest.strip() and leads(lead):
        found.append(pieces(rest))
    return found


def pieces(text: str) -> list[tuple[str, str]]:
    """Cut a text at commas, semicolons, lines and `and`; each piece with the mark after it."""
    found, start = [], 0
    for match in [*_CUT.finditer(text), None]:
        stop = len(text) if match is None else match.start()
        piece = _BULLET.sub("", text[start:stop]).strip()
        if piece and piece.casefold() not in ("and", "&"):
            piece = re.sub(r"^(?:and|&)\s+", "", piece, flags=re.IGNORECASE)
            found.append((piece, "" if match is None else match[0]))
        elif found and match is not None:
            found[-1] = found[-1][0], found[-1][1] + match[0]
        start = stop if match is None else match.end()
    return found


def _joined(
    cut: Sequence[tuple[str, str]], count: int, reads: Reader, sizes: range
) -> tuple[set[int], Json]:
    """Read pieces as values, some of them put together again."""
    found: set[int] = set()
    at = 0
    while at < len(cut):
        for size in sizes:
            if at + size > len(cut):
                continue
            parts = cut[at : at + size]
            item = "".join(piece + mark for piece, mark in parts[:-1]) + parts[-1][0]
            place = _place(item, count, found, reads, bare=size > 1)
            if place is not None:
                found.add(place)
                at += size
                break
        else:
            return found, cut[at][0]
    return found, None
