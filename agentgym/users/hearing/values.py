"""The values in a message: dates, times, numbers, quoted texts and codes, however they are written.

A text comes in, `Said` values with their places go out; `forms` says in which of these a wire
value can be recognised. Next: `claims`.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Literal, NamedTuple

from agentgym.formats import Json

__all__ = ["Kind", "Said", "forms", "kind_of", "mentions", "shape", "ungrouped", "values"]

Kind = Literal["day", "time", "number", "text"]


class Said(NamedTuple):
    """A value that stands in a text."""

    kind: Kind
    value: str
    """In one form, whatever the text has."""
    start: int
    end: int
    quoted: bool = False


_MONTHS = "january february march april may june july august september october november december"
_MONTH = {name: number for number, name in enumerate(_MONTHS.split(), 1)}
_MONTH |= {name[:3]: number for name, number in _MONTH.items()} | {"sept": 9}
_NAMES = "|".join(sorted(_MONTH, key=len, reverse=True))
_AT = r"(?:,?\s+(?:at\s+)?(?P<{0}h>\d{{1,2}}):(?P<{0}m>\d{{2}})(?::(?P<{0}s>\d{{2}}))?)?"
_VALUE = re.compile(
    r"(?P<y>\d{4})-(?P<mo>\d{2})-(?P<d>\d{2})"
    r"(?:[T ](?P<h>\d{2}):(?P<mi>\d{2})(?::(?P<s>\d{2}))?Z?)?(?![\w-])"
    rf"|(?<!\w)(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<mo2>{_NAMES})\.?,?\s+(?P<y2>\d{{4}})"
    + _AT.format("a")
    + rf"|(?<!\w)(?P<mo3>{_NAMES})\.?\s+(?P<d3>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<y3>\d{{4}})"
    + _AT.format("b")
    + r"|[\"“](?P<q>[^\"“”\n]{0,200})[\"”]"
    r"|(?P<code>(?<![\w@#.+-])[#+]?(?=[\w@.+/-]*\d|[\w.+-]*@)[\w@+/#-]+(?:[.:][\w@+/#-]+)*)",
    re.IGNORECASE,
)
_COMMAS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_UNIT = re.compile(r"([+-]?\d+(?:\.\d+)?)([^\W\d_]{1,4}|%)?")
_MOST = 24
"""Values of one message that are looked at."""


def ungrouped(text: str) -> str:
    """Write the numbers of a text without commas between thousands, as `values` wants them."""
    return _COMMAS.sub("", text) if "," in text else text


def values(text: str) -> list[Said]:
    """Find the values in a text, in order; of many, the first."""
    found: list[Said] = []
    for match in _VALUE.finditer(text):
        one = _read(match)
        if one is not None:
            found.append(one)
            if len(found) == _MOST:
                break
    return found


def _read(match: re.Match[str]) -> Said | None:
    part = match.group
    start, end = match.span()
    if part("q") is not None:
        return Said("text", _folded(part("q")), start, end, quoted=True)
    if part("code") is not None:
        code = part("code").rstrip(".:/-")
        number = _number(code)
        if number is not None:
            return Said("number", number, start, end)
        return Said("text", code.casefold(), start, end)
    if part("y"):
        year, month, day = part("y"), part("mo"), part("d")
        clock = part("h"), part("mi"), part("s")
    elif part("y2"):
        year, month, day = part("y2"), _month(part("mo2")), part("d2")
        clock = part("ah"), part("am"), part("as")
    else:
        year, month, day = part("y3"), _month(part("mo3")), part("d3")
        clock = part("bh"), part("bm"), part("bs")
    written = f"{year}-{int(month):02d}-{int(day):02d}"
    if clock[0] is None:
        return Said("day", written, start, end)
    written += f"T{int(clock[0]):02d}:{clock[1]}:{clock[2] or '00'}"
    return Said("time", written, start, end)


def _month(name: str) -> str:
    return str(_MONTH[name.casefold()])


def _folded(text: str) -> str:
    return " ".join(text.casefold().split()).rstrip(".,")


def _number(text: str) -> str | None:
    match = _UNIT.fullmatch(text.strip().removeprefix("#"))
    if match is None:
        return None
    return _plain(match[1])


def _plain(digits: str) -> str | None:
    try:
        number = Decimal(digits)
    except InvalidOperation:
        return None
    if not number.is_finite() or number.adjusted() > 40:
        return None
    return f"{number.normalize():f}"


def kind_of(field_type: str) -> Kind:
    """Return in what form values of a field's type are said."""
    if field_type == "date":
        return "day"
    if field_type == "datetime":
        return "time"
    return "number" if field_type in ("integer", "decimal", "float") else "text"


def forms(value: Json, kind: Kind) -> frozenset[str]:
    """Return the forms of a wire value in which `values` gives it."""
    if value is None or isinstance(value, (bool, list, dict)):
        return frozenset()
    if isinstance(value, (int, float, Decimal)):
        number = _plain(str(value))
        return frozenset() if number is None else frozenset({number})
    found = {_folded(value)}
    if kind in ("day", "time"):
        found = {one.value for one in values(value)}
        found |= {one[:10] for one in found}
        return frozenset(found or {_folded(value)})
    number = _number(value)
    if number is not None:
        found.add(number)
    enumerated = _folded(value.replace("_", " "))
    return frozenset({*found, enumerated} - {""})


def mentions(text: str, said: list[Said], own: frozenset[str], kind: Kind) -> bool:
    """Tell whether a text has one of the forms of a value.

    Args:
        text: The text, case folded.
        said: The values in it.
        own: The forms, as `forms` has them.
        kind: Of the value.
    """
    if kind in ("day", "time"):
        return any(
            one.value in own or (kind == "day" and one.kind == "time" and one.value[:10] in own)
            for one in said
        )
    return any(one.value in own for one in said) or any(_stands(text, form) for form in own)


def _stands(text: str, form: str) -> bool:
    """Tell whether a form stands in a text, not as a part of a longer word or number."""
    at = text.find(form)
    while at >= 0:
        end = at + len(form)
        before, after = text[at - 1 : at], text[end : end + 1]
        if not (before.isalnum() and form[0].isalnum()) and not (
            after.isalnum() and form[-1].isalnum()
        ):
            digits = form[-1].isdigit() and after == "." and text[end + 1 : end + 2].isdigit()
            if not digits:
                return True
        at = text.find(form, at + 1)
    return False


def shape(code: str) -> str:
    """Return what a code looks like: `AAA-9999`; codes of one shape name things of one kind."""
    return "".join("9" if c.isdigit() else "A" if c.isalpha() else c for c in code.casefold())
