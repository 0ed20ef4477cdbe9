"""What a text names: its words that matter, and the values in it.

A text of any kind comes in; out go words that are the same for one and for many, and texts,
numbers and times as tools take them. No grammar is known here. Next: `seeker`.
"""

from __future__ import annotations

import re
from functools import lru_cache

from agentgym.formats import Json

__all__ = ["ISO", "named", "stems"]

_QUOTED = re.compile(r"[\"“]([^\"“”]+)[\"”]")
_NUMBER = re.compile(r"(?<![\w.,-])-?\d+(?:,\d{3})*(?:\.\d+)?(?![\w-])")
_CODE = re.compile(r"\b(?=[\w-]*\d)(?=[\w-]*[A-Z])[A-Z][\w-]*\d[\w-]*\b")
_NAMES = re.compile(r"(?<![.!?:] )(?<!^)\b[A-Z][\w'’-]+(?: (?:of |the |de |van )?[A-Z][\w'’-]+)*")
_MONTHS = dict(
    zip("jan feb mar apr may jun jul aug sep oct nov dec".split(), range(1, 13), strict=True)
)
_DAY = re.compile(
    r"\b(?:(?P<m>[A-Z][a-z]{2,8}) (?P<d>\d{1,2})|(?P<d2>\d{1,2}) (?P<m2>[A-Z][a-z]{2,8})),? "
    r"(?P<y>\d{4})(?: at (?P<t>\d\d:\d\d(?::\d\d)?))?"
)
_SPACED = re.compile(r"\b(\d{4}-\d\d-\d\d) at (\d\d:\d\d(?::\d\d)?)")
ISO = re.compile(r"\b\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\dZ)?\b")
"""A date or a time as tools write it."""
_WORD = re.compile(r"[^\W_]+")
_DULL = frozenset(
    "a an the of in to as and or with whose is are was for from that this it its my me i you by "
    "on at please can could would what which how many tell know need only one hello hi let thanks "
    "thank good utc dear hey also then take there".split()
)
_STEM = re.compile(r"(?<=..)(ing|ied|ies|ed|es|e|s|y)$")


@lru_cache(4096)
def stems(text: str) -> frozenset[str]:
    """Return the words that matter of a text or a name, the same for one and for many."""
    found = (word.casefold() for word in _WORD.findall(text))
    return frozenset(_STEM.sub("", word) for word in found if word not in _DULL)


def named(text: str) -> list[Json]:
    """List what a text may name: quoted texts, times, codes, numbers, capitalised names."""
    found: list[Json] = list(_QUOTED.findall(text))
    rest = _QUOTED.sub(" ", text)
    for day in _DAY.finditer(rest):
        month = _MONTHS.get((day["m"] or day["m2"])[:3].casefold())
        if month:
            date = f"{day['y']}-{month:02}-{int(day['d'] or day['d2']):02}"
            found += [date, f"{date}T{_clock(day['t'])}Z"]
    for date, clock in _SPACED.findall(rest):
        found.append(f"{date}T{_clock(clock)}Z")
    found += ISO.findall(rest)
    rest = _DAY.sub(" ", ISO.sub(" ", rest))
    found += _CODE.findall(rest)
    for number in _NUMBER.findall(_CODE.sub(" ", rest)):
        plain = number.replace(",", "")
        found.append(float(plain) if "." in plain else int(plain))
    for name in _NAMES.findall(rest):
        plain = re.sub(r"['’]s?$", "", name)
        if plain.casefold() not in _DULL and "'" not in plain and "’" not in plain:
            found += [*plain.split(" "), plain] if " " in plain else [plain]
    return list(dict.fromkeys(found))


def _clock(text: str | None) -> str:
    clock = text or "00:00"
    return clock if len(clock) > 5 else f"{clock}:00"
