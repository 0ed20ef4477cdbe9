"""New names, codes and values of a kind that was seen.

Texts that are there come in; a text like them that is not there goes out. Next: `draw`.
"""

from __future__ import annotations

import datetime as dt
import random
import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation, localcontext
from typing import TypeVar

__all__ = ["Namer", "Range", "vary"]

_PARTS = re.compile(r"\d+|[^\W\d_]+|[\W_]+")
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d{1,3})?")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_COMMON = 3
"""Uses of a word in names of a class above which it says what a thing is: `Airport`."""
_FEW = 12
"""Distinct values below which new things have one of them."""
_TRIES = 40
_STEPS = 1000

Number = TypeVar("Number", Decimal, int)


class Namer:
    """Makes names like those of a class.

    Args:
        names: Those that are there.
        more: Names of other classes, for letters where there are few.
    """

    def __init__(self, names: Sequence[str], more: Sequence[str] = ()) -> None:
        self.names = sorted(set(names))
        counts = Counter(word for name in self.names for word in _words(name))
        self.common = {word for word, number in counts.items() if number >= _COMMON}
        rare = sorted(word for word in counts if word not in self.common and len(word) > 1)
        if len(rare) < _FEW:
            rare = sorted({*rare, *(w for name in more for w in _words(name) if len(w) > 1)})
        self.known = {word.casefold() for word in rare}
        self.starts: list[str] = []
        self.following: dict[str, list[str]] = defaultdict(list)
        for word in rare:
            text = f"{word.casefold()}\n"
            self.starts.append(text[:2])
            for place in range(2, len(text)):
                self.following[text[place - 2 : place]].append(text[place])

    def name(self, taken: set[str], draw: random.Random) -> str:
        """Return a new name and take it.

        Args:
            taken: Names that are there, folded; the new one is added.
            draw: The chance.
        """
        made = ""
        for attempt in range(_TRIES):
            made = self._variant(draw.choice(self.names), attempt, draw)
            if made.casefold() not in taken:
                break
        text, number = made, 2
        while text.casefold() in taken:
            text, number = f"{made} {number}", number + 1
        taken.add(text.casefold())
        return text

    def _variant(self, name: str, attempt: int, draw: random.Random) -> str:
        parts = _PARTS.findall(name)
        places = [n for n, part in enumerate(parts) if part[0].isalpha() and len(part) > 1]
        rare = [n for n in places if parts[n] not in self.common]
        numbers = [n for n, part in enumerate(parts) if part.isdigit()]
        if not rare and places and (not numbers or attempt > _TRIES // 2):
            rare = [draw.choice(places)]
        for place in rare:
            parts[place] = self._word(parts[place], draw)
        for place in numbers:
            wide = len(parts[place]) + attempt // 10
            parts[place] = str(draw.randrange(10 ** (wide - 1), 10**wide))
        return "".join(parts)

    def _word(self, like: str, draw: random.Random) -> str:
        """Return a word that is not there, of about the same length."""
        made = like.casefold()
        for _ in range(_TRIES):
            if not self.starts:
                break
            text = draw.choice(self.starts)
            while not text.endswith("\n") and len(text) <= 2 * len(like) + 2:
                text += draw.choice(self.following.get(text[-2:], ["\n"]))
            made = text.rstrip("\n")
            if made not in self.known and 2 * len(made) > len(like) and text.endswith("\n"):
                break
        if like.isupper() and len(like) > 1:
            return made.upper()
        return made[:1].upper() + made[1:] if like[0].isupper() else made


def _words(name: str) -> list[str]:
    return [part for part in _PARTS.findall(name) if part[0].isalpha()]


def vary(text: str, taken: set[str], draw: random.Random) -> str:
    """Return a code of the same shape that is new, and take it: `ABQ` gives `KXE`.

    The last run of letters or digits varies; it grows where all of its shape are taken.

    Args:
        text: A code that is there.
        taken: Codes that are there, folded; the new one is added.
        draw: The chance.
    """
    head, tail = re.fullmatch(r"(?s)(.*?)([^\W_]*[\W_]*)", text).groups()  # type: ignore[union-attr]
    if not re.search(r"[^\W_]", tail):
        head, tail = text, "a"
    for attempt in range(100 * _TRIES):
        more = "" if attempt < _TRIES else "0" * (1 + attempt // _TRIES // 10)
        made = head + "".join(_letter(mark, draw) for mark in tail + more)
        if made.casefold() not in taken:
            break
    else:
        raise AssertionError("every shape is taken")
    taken.add(made.casefold())
    return made


def _letter(mark: str, draw: random.Random) -> str:
    if mark.isdecimal():
        return draw.choice("0123456789")
    if not mark.isalpha():
        return mark
    letters = "abcdefghijklmnopqrstuvwxyz"
    return draw.choice(letters.upper() if mark.isupper() else letters)


class Range:
    """The numbers or dates that a property has.

    Args:
        seen: All its values, as written, with repetitions.
        alone: Whether no two things share one, so that a few make a range already.
    """

    def __init__(self, seen: Sequence[str], *, alone: bool = False) -> None:
        self.seen = seen
        self.days: list[int] = []
        self.numbers: list[Decimal] = []
        if len(set(seen)) <= (1 if alone else _FEW):
            return
        if all(_DATE.match(text) for text in seen):
            try:
                self.days = sorted(dt.date.fromisoformat(text[:10]).toordinal() for text in seen)
            except ValueError:
                return
        elif all(_NUMBER.fullmatch(text) for text in seen):
            self.numbers = sorted(Decimal(text) for text in seen)

    def value(self, draw: random.Random) -> str | None:
        """Return a value in the range, mostly where most of them are.

        Returns:
            The text; None where the values are few, or neither numbers nor dates.
        """
        if self.days:
            first, last = _neighbours(self.days, draw)
            day = dt.date.fromordinal(draw.randrange(first, last + 1))
            return day.isoformat() + draw.choice(self.seen)[10:]
        if not self.numbers:
            return None
        low, high = _neighbours(self.numbers, draw)
        digits = min(int(low.as_tuple().exponent), int(high.as_tuple().exponent), 0)
        with localcontext() as context:
            context.prec = 120
            try:
                made = low + (high - low) * draw.randrange(_STEPS) / _STEPS
                return f"{made.quantize(Decimal(1).scaleb(digits)):f}"
            except InvalidOperation:
                return None


def _neighbours(values: Sequence[Number], draw: random.Random) -> tuple[Number, Number]:
    """Return a value and the next larger one."""
    low = draw.choice(values)
    place = bisect_right(values, low)
    return low, values[min(place, len(values) - 1)]
