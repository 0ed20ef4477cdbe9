"""Numbers in answers: digits in any usual grouping, words, units and currencies.

A text comes in, the quantities that it mentions go out; several that are not equal are no
answer. `1,234` is read as English does, `1.234,50` as it can only be meant. Next: `members`.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import NamedTuple

from agentgym.formats import Json
from agentgym.goals.answers.doubts import doubt, joined_by_or
from agentgym.goals.answers.texts import Column
from agentgym.goals.answers.times import mentions, without
from agentgym.goals.answers.units import CURRENCIES, LOOSE, SIGNS, convert, signs, words_of

__all__ = ["Quantity", "check_number", "quantities"]

_SIGN = "|".join(re.escape(sign) for sign in sorted(SIGNS, key=len, reverse=True))
_GAP = "['’\u00a0\u202f\u2009]"
_DIGITS = (
    r"(?:\d{1,3}(?:\.\d{3})+,\d+|\d{1,3}(?:\.\d{3}){2,}"
    rf"|\d{{1,3}}(?:{_GAP}\d{{3}})+(?:[.,]\d+)?|\d{{1,3}}(?: \d{{3}})+,\d+"
    r"|\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,2}(?:,\d{2})+,\d{3}(?:\.\d+)?"
    r"|0,\d+(?!,)|\d+,\d{1,2}(?![\d,])|\d+(?:\.\d+)?(?:[eE][-+]?\d{1,3})?|\.\d+)"
)
_CODES = "|".join(CURRENCIES)
_NUMBER = re.compile(
    rf"(?<![\w.])(?<![^\W\d_][-/])(?P<minus>[-+−])?(?:(?P<sign>{_SIGN}|\b(?:{_CODES})\b)\s?)?"
    rf"(?P<less>[-−])?(?P<digits>{_DIGITS})(?![\d]|[.,]\d)",
    re.IGNORECASE,
)
_SCALES = {"hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9}
_SCALE = re.compile(r"\s?(hundred|thousand|million|billion)\b", re.IGNORECASE)
_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_SMALL = {word: n for n, word in enumerate(_ONES)} | {
    word: 10 * n for n, word in enumerate(_TENS, 2)
}
_FIRST = "|".join(sorted(_SMALL, key=len, reverse=True))
_SPELLED = re.compile(
    rf"\b(?:(?P<minus>minus|negative)\s+)?(?P<words>(?:{_FIRST})"
    rf"(?:(?:[\s-]+|\s+and\s+)(?:{_FIRST}|{'|'.join(_SCALES)}))*)\b(?!-)",
    re.IGNORECASE,
)
_LEADS = re.compile(r"(?:[,:=]|\b(?:is|are|was|were|has|have|just|exactly|or|either|only))$")
_UNIT = re.compile(
    r"\s?(?:-\s?)?(?P<word>[A-Za-zµμ°º%‰¢$€£¥₹₩²³℃℉][\w./°²³$]*)(?P<second>\s[A-Za-z]+)?(?P<third>\s[A-Za-z]+)?"
)
_JOINT = re.compile(r"\s*(?:,|and|,\s*and)?\s*", re.IGNORECASE)


class Quantity(NamedTuple):
    """A number that a text mentions."""

    number: Fraction
    unit: tuple[str, ...]
    """What the unit beside it may mean; empty where there is none."""
    loose: bool
    """Whether the unit may be a word of plain English: `in`, `a`."""
    digits: Decimal
    """The number as it was written."""
    start: int
    stop: int


def quantities(text: str) -> list[Quantity]:
    """Find the numbers in a text, dates and times of day aside."""
    text = without(text, [one for one in mentions(text) if not one.yearless])
    found = [one for match in _NUMBER.finditer(text) if (one := _digits(text, match))]
    found += [_words(text, match) for match in _SPELLED.finditer(text) if _counts(text, match)]
    return sorted(found, key=lambda one: one.start)


def _digits(text: str, match: re.Match[str]) -> Quantity | None:
    stop = match.end()
    written = match["digits"]
    number = _decimal(written)
    if number is None:
        return None
    if match["minus"] in ("-", "−") or match["less"]:
        number = -number
    exact = Fraction(number)
    scale = _SCALE.match(text, stop)
    if scale:
        exact, stop = exact * _SCALES[scale[1].casefold()], scale.end()
        number *= _SCALES[scale[1].casefold()]
    if match["sign"]:
        unit, loose = signs(match["sign"]), False
        again, _, end = _unit(text, stop)
        if again and set(again) & set(unit):
            unit, stop = again, end
    else:
        unit, loose, end = _unit(text, stop)
        stop = end
    if re.match(r"\w", text[stop:]) and stop == match.end():
        return None
    return Quantity(exact, unit, loose, number, match.start(), stop)


def _unit(text: str, at: int) -> tuple[tuple[str, ...], bool, int]:
    """Read the unit after a number: the longest words that are one."""
    match = _UNIT.match(text, at)
    if match is None:
        return (), False, at
    word = match["word"]
    for parts in ((word, match["second"], match["third"]), (word, match["second"]), (word,)):
        if None in parts:
            continue
        said = " ".join("".join(part or "" for part in parts).split())
        for one in (said, said.rstrip(".")):
            if unit := signs(one):
                end = match.start("word") + len("".join(part or "" for part in parts))
                end -= len(said) - len(one)
                return unit, one.casefold() in LOOSE, end
    return (), False, at


def _decimal(text: str) -> Decimal | None:
    if re.fullmatch(r"\d{1,3}(?:\.\d{3})+,\d+|\d{1,3}(?:\.\d{3}){2,}", text):
        text = text.replace(".", "").replace(",", ".")
    elif re.fullmatch(rf"\d{{1,3}}(?:(?:{_GAP}| )\d{{3}})+(?:[.,]\d+)?", text):
        text = re.sub(rf"{_GAP}| ", "", text).replace(",", ".")
    elif re.fullmatch(r"0,\d+|\d+,\d{1,2}", text):
        text = text.replace(",", ".")
    try:
        number = Decimal(text.replace(",", ""))
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number.adjusted()) < 400 else None


def _counts(text: str, match: re.Match[str]) -> bool:
    """Tell whether number words are a number there: `one` alone often is a pronoun."""
    if match["words"].casefold() != "one":
        return True
    after = text[match.end() :].strip(" .!")
    before = text[: match.start()].rstrip().casefold()
    return not after.startswith("of ") and (not before or _LEADS.search(before) is not None)


def _words(text: str, match: re.Match[str]) -> Quantity:
    total = part = 0
    for word in re.split(r"[\s-]+", match["words"].casefold()):
        if word in _SMALL:
            part += _SMALL[word]
        elif word == "hundred":
            part = max(part, 1) * 100
        elif word in _SCALES:
            total, part = total + max(part, 1) * _SCALES[word], 0
    number = (total + part) * (-1 if match["minus"] else 1)
    unit, loose, stop = _unit(text, match.end())
    return Quantity(Fraction(number), unit, loose, Decimal(number), match.start(), stop)


def check_number(
    value: Json, given: Json, *, unit: str | None, inexact: bool, column: Column, known: str
) -> str | None:
    """Compare a number with what was answered.

    Args:
        value: Wire value.
        given: What was answered: a number, or a text around one.
        unit: Unit of the value; None where it has none.
        inexact: Whether it may be rounded, to two digits after the point or four in all.
        column: What else the field holds: no rounding may make one of another.
        known: The instruction: numbers in it are no hedges.
    """
    wanted = Decimal(str(value))
    if isinstance(given, bool) or not isinstance(given, (int, float, Decimal, str)):
        return f"expected the number {wanted}, found {str(given)[:80]!r}"
    if not isinstance(given, str):
        number = _decimal_of(given)
        if number is None:
            return f"expected the number {wanted}, found {given}"
        right = _close(number, wanted, inexact=inexact, column=column)
        return None if right else f"expected the number {wanted}, found {given}"
    found = _summed(quantities(given), given)
    if not found:
        return f"expected the number {wanted}, found none in {given[:80]!r}"
    return _one_of(found, wanted, given, unit, inexact, column, known)


def _one_of(
    found: list[Quantity],
    wanted: Decimal,
    given: str,
    unit: str | None,
    inexact: bool,
    column: Column,
    known: str,
) -> str | None:
    wrong = (
        f"expected the number {wanted}{'' if unit is None else f' {unit}'}, found {given[:80]!r}"
    )
    right: list[Quantity] = []
    others: list[Quantity] = []
    foreign = False
    for one in found:
        number, fits = _in_unit(one, unit)
        foreign |= not fits
        good = fits and (
            _close(one.digits, wanted, inexact=inexact, column=column)
            if number == Fraction(one.digits)
            else _near(number, wanted, inexact=inexact)
        )
        (right if good else others).append(one)
    if not right:
        return wrong + (", in another unit" if foreign and len(found) == 1 else "")
    for one in right:
        left = doubt(given, one.start, one.stop, sized=True)
        if left:
            return f"{wrong}: {left}"
    told = {one.number for one in quantities(known)} if others else set()
    mine = {one.number for one in right}
    for one in others:
        joined = any(joined_by_or(given, (one.start, one.stop), (r.start, r.stop)) for r in right)
        if joined or one.number not in told or mine & told:
            return f"several candidates: {wanted} and {given[one.start : one.stop].strip()!r}"
    return None


def _in_unit(one: Quantity, unit: str | None) -> tuple[Fraction, bool]:
    """Turn a quantity into the unit wanted; and tell whether it can be."""
    if unit is None or not one.unit or not words_of(unit):
        return one.number, True
    number = convert(one.number, one.unit, unit)
    if number is None:
        return one.number, one.loose
    return number, True


def _summed(found: list[Quantity], text: str) -> list[Quantity]:
    """Put together what is said in two units: `1 h 30 min`, `5 ft 3 in`."""
    result: list[Quantity] = []
    for one in found:
        last = result[-1] if result else None
        if last and last.unit and one.unit and _JOINT.fullmatch(text[last.stop : one.start]):
            share = convert(one.number, one.unit, last.unit[0])
            smaller = convert(Fraction(1), one.unit, last.unit[0])
            if share is not None and smaller is not None and 0 < smaller < 1 and 0 <= share < 1:
                number = last.number + share
                digits = Decimal(number.numerator) / Decimal(number.denominator)
                result[-1] = Quantity(number, last.unit, False, digits, last.start, one.stop)
                continue
        result.append(one)
    return result


def _decimal_of(number: int | float | Decimal) -> Decimal | None:
    found = Decimal(str(number))
    return found if found.is_finite() else None


def _near(number: Fraction, wanted: Decimal, *, inexact: bool) -> bool:
    exact = Fraction(wanted)
    return number == exact or (inexact and abs(number - exact) <= abs(exact) / 10**6)


def _close(given: Decimal, wanted: Decimal, *, inexact: bool, column: Column) -> bool:
    if given == wanted:
        return True
    if not inexact or wanted == 0 or _held(given, column):
        return False
    exponent = given.as_tuple().exponent
    digits = -exponent if isinstance(exponent, int) else 0
    significant = len(str(abs(given)).replace(".", "").lstrip("0"))
    rounded_right = abs(given - wanted) * 2 <= Decimal(1).scaleb(-digits)
    if not (rounded_right and (digits >= 2 or significant >= 4)):
        return abs(given - wanted) <= abs(wanted) * Decimal("1e-6")
    return True


def _held(given: Decimal, column: Column) -> bool:
    """Tell whether the field holds that very number somewhere."""
    return bool(column.texts) and {str(float(given)), str(given)} & column.texts != frozenset()
