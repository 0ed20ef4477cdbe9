"""Reading an answer by the type of its slot: numbers, dates, yes and no, names.

An answer may be a bare value or a sentence around it; several candidate values for
one slot, or further members of a set, are a wrong answer. Next: `verdict`.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from agentgym.formats import Json
from agentgym.goals.goal import Answer
from agentgym.schema import Field, Schema

__all__ = ["Rivals", "check"]

Rivals = Callable[[str, str], frozenset[str]]
"""(entity, field) to the normalised texts that it holds anywhere: what an answer may hedge with."""

_NUMBER = re.compile(
    r"(?<![\w.])[-+−]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:[eE][-+]?\d+)?(?![\w]|\.\d)"
)
_ISO = re.compile(r"\b(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(:\d{2})?(?:\.\d+)?(Z|\+00:00)?)?")
_MONTHS = (
    "january february march april may june july august september october november december".split()
)
_NAMED = re.compile(
    r"\b(?:(?P<m1>[A-Za-z]{3,9})\.? (?P<d1>\d{1,2})(?:st|nd|rd|th)?,? (?P<y1>\d{4})"
    r"|(?P<d2>\d{1,2})(?:st|nd|rd|th)? (?P<m2>[A-Za-z]{3,9})\.? (?P<y2>\d{4}))"
    r"(?:,? (?:at )?(?P<time>\d{2}:\d{2})(?P<second>:\d{2})?)?"
)
_MARKS = " .!?\"'“”‘’`"
LONGEST = 24
"""Words of the longest name that is looked for inside a sentence."""
_YES = {"yes": True, "true": True, "no": False, "false": False}


def check(slot: Answer, given: Json, schema: Schema, rivals: Rivals, known: str) -> str | None:
    """Compare what was answered with one slot.

    Args:
        slot: What the answer must hold.
        given: What the agent answered: a JSON value.
        schema: What the slot's field is of.
        rivals: Other values that the field holds.
        known: What the instruction says, normalised: names in it are no hedges.

    Returns:
        None when the answer holds the slot's value and no other candidate; else why not.
    """
    field = schema.entity(slot.entity).field(slot.field) if slot.field else None
    if isinstance(given, dict) and len(given) == 1:
        given = next(iter(given.values()))
    if slot.many:
        return _check_set(slot, given, field, rivals, known)
    if isinstance(given, list):
        if len(given) != 1:
            return f"expected one value, found a list of {len(given)}"
        given = given[0]
    if given is None:
        return "no answer was given"
    return _check_one(slot, slot.values[0], given, field, rivals, known)


def _check_set(
    slot: Answer, given: Json, field: Field | None, rivals: Rivals, known: str
) -> str | None:
    if isinstance(given, str):
        given = [part.strip() for part in re.split(r"[;,\n]", given) if part.strip()]
    if not isinstance(given, list):
        return "expected a list of values"
    left = list(slot.values)
    for one in given:
        match = next(
            (v for v in left if _check_one(slot, v, one, field, rivals, known) is None), None
        )
        if match is None:
            return f"{one!r} does not belong to the answer, or stands in it twice"
        left.remove(match)
    return f"{len(left)} values are missing" if left else None


def _check_one(
    slot: Answer, value: Json, given: Json, field: Field | None, rivals: Rivals, known: str
) -> str | None:
    kind = _kind(slot, field)
    if kind == "number":
        return _check_number(slot, value, given, field)
    if kind == "boolean":
        return _check_boolean(value, given)
    if not isinstance(given, (str, int, float, Decimal)) or isinstance(given, bool):
        return "expected a text"
    if kind in ("date", "datetime"):
        return _check_time(str(value), str(given), with_time=kind == "datetime")
    assert field is not None
    return _check_text(str(value), str(given), rivals(slot.entity, field.name), known)


def _kind(slot: Answer, field: Field | None) -> str:
    if field is None or slot.function in ("count", "sum", "avg"):
        return "number"
    if field.type in ("integer", "decimal", "float"):
        return "number"
    return field.type if field.type in ("boolean", "date", "datetime") else "text"


def _check_number(slot: Answer, value: Json, given: Json, field: Field | None) -> str | None:
    wanted = Decimal(str(value))
    if isinstance(given, bool):
        return "expected a number"
    if isinstance(given, (int, float, Decimal)):
        found = [_decimal(str(given))]
    elif isinstance(given, str):
        found = [_decimal(text) for text in _NUMBER.findall(given)]
    else:
        return "expected a number"
    numbers = [number for number in found if number is not None]
    distinct = sorted(set(numbers))
    if not distinct:
        return "no number was given"
    if len(distinct) > 1:
        return f"expected one number, found {len(distinct)}"
    inexact = slot.function == "avg" or (field is not None and field.type == "float")
    if _close(distinct[0], wanted, inexact=inexact):
        return None
    return f"the number {distinct[0]} is not the answer"


def _decimal(text: str) -> Decimal | None:
    try:
        number = Decimal(text.replace(",", "").replace("−", "-"))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _close(given: Decimal, wanted: Decimal, *, inexact: bool) -> bool:
    if given == wanted:
        return True
    if not inexact or wanted == 0:
        return False
    digits = -int(given.as_tuple().exponent) if isinstance(given.as_tuple().exponent, int) else 0
    significant = len(str(abs(given)).replace(".", "").lstrip("0"))
    rounded_right = abs(given - wanted) * 2 <= Decimal(1).scaleb(-digits)
    return (rounded_right and (digits >= 2 or significant >= 4)) or abs(given - wanted) <= abs(
        wanted
    ) * Decimal("1e-6")


def _check_boolean(value: Json, given: Json) -> str | None:
    if isinstance(given, bool):
        return None if given == value else "the other is true"
    words = re.findall(r"[a-z]+", str(given).casefold())
    found = sorted({_YES[word] for word in words if word in _YES})
    if len(found) != 1:
        return "expected yes or no"
    return None if found[0] == value else "the other is true"


def _check_time(value: str, given: str, *, with_time: bool) -> str | None:
    found = sorted(set(_moments(given)))
    if not found:
        return "no date was given"
    if len(found) > 1:
        return f"expected one date, found {len(found)}"
    wanted = value if with_time else f"{value}T00:00:00Z"
    moment, precise = found[0]
    if not with_time:
        return None if moment[:10] == value else f"{moment[:10]} is not the answer"
    full = {
        "second": moment == wanted,
        "minute": moment[:16] == wanted[:16] and wanted[17:19] == "00",
    }
    if precise == "day":
        good = moment[:10] == wanted[:10] and wanted[11:19] == "00:00:00"
    else:
        good = full["second"] or (precise == "minute" and moment[:16] == wanted[:16])
    return None if good else f"{moment} is not the answer"


def _moments(text: str) -> list[tuple[str, str]]:
    found = []
    for day, minute, second, _ in _ISO.findall(text):
        found.append((f"{day}T{minute or '00:00'}{second or ':00'}Z", _precision(minute, second)))
    for match in _NAMED.finditer(text):
        name = (match["m1"] or match["m2"]).casefold()
        month = next((i for i, m in enumerate(_MONTHS, 1) if m == name or m[:3] == name), None)
        if month is not None:
            try:
                day = dt.date(
                    int(match["y1"] or match["y2"]), month, int(match["d1"] or match["d2"])
                ).isoformat()
            except ValueError:
                continue
            minute, second = match["time"] or "", match["second"] or ""
            found.append(
                (f"{day}T{minute or '00:00'}{second or ':00'}Z", _precision(minute, second))
            )
    return found


def _precision(minute: str, second: str) -> str:
    return "second" if second else "minute" if minute else "day"


def normal(text: str) -> str:
    """Return the form in which names are compared: NFC, folded, single spaces, no outer marks."""
    text = unicodedata.normalize("NFC", text).casefold()
    text = re.sub(r"\s+", " ", text).strip()
    return text.strip(_MARKS)


def _check_text(value: str, given: str, rivals: frozenset[str], known: str) -> str | None:
    wanted, found = normal(value), normal(given)
    if found == wanted:
        return None
    if not wanted or not _holds(found, wanted):
        return f"{given[:80]!r} is not the answer"
    longer = [p for p in _among(found, rivals) if p != wanted and _holds(p, wanted)]
    rest = found
    for phrase in sorted(longer, key=len, reverse=True):
        rest = _without(rest, phrase)
    if not _holds(rest, wanted):
        return f"{given[:80]!r} is not the answer"
    for phrase in [*longer, *_among(_without(rest, wanted), rivals)]:
        if not _told(known, phrase):
            return f"several candidates: {value!r} and {phrase!r}"
    return None


def _among(text: str, rivals: frozenset[str]) -> list[str]:
    """Return the rivals that stand in a normal text as whole words, in order."""
    words = text.split()
    found = [text] if text in rivals else []
    for start in range(len(words)):
        for stop in range(start + 1, min(start + LONGEST, len(words)) + 1):
            phrase = " ".join(words[start:stop]).strip(f"{_MARKS},;:")
            for one in (phrase, phrase.strip("()").strip(f"{_MARKS},;:")):
                if one in rivals and one not in found:
                    found.append(one)
    return found


def _without(text: str, phrase: str) -> str:
    return re.sub(rf"(?<!\w){re.escape(phrase)}(?!\w)", "\x00", text)


def _holds(text: str, phrase: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", text) is not None


def _told(text: str, phrase: str) -> bool:
    """Tell whether a phrase stands in the instruction, not as a part of a number or a date."""
    return re.search(rf"(?<![\w:./-]){re.escape(phrase)}(?!\w|[:./-]\w)", text) is not None
