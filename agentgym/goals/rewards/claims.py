"""Claims: what is said at the end, value by value, held against the goal and what was seen.

The answer and the last words come in; out goes which slots are right, which are wrong, and which
values nobody has shown or told: invented ones. Numbers, dates, times, addresses and codes are
looked for everywhere, names where they are not the first word of a sentence. Whole numbers below 13
and what merely repeats a slot that is right are no claims of their own. Results are looked through
once, at the end, from the last one back, until all is found. Next: `course`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal, InvalidOperation
from functools import cached_property

from agentgym.formats import Json, Record, to_text
from agentgym.goals.answers import normal
from agentgym.goals.goal import Branch
from agentgym.goals.rewards.bridges import scalars
from agentgym.goals.verdict import Judge

__all__ = ["Claims", "Known", "claimed", "values_in"]

_MONTHS = (
    "january february march april may june july august september october november december".split()
)
_MONTH = "|".join(f"{month}|{month[:3]}" for month in _MONTHS)
_TOKEN = re.compile(
    rf"""
    (?P<iso>\d{{4}}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?Z?)?)
    | (?P<day_first>\b\d{{1,2}}(?:st|nd|rd|th)?\ (?:of\ )?(?:{_MONTH})\b(?:\.?,?\ \d{{4}}\b)?)
    | (?P<month_first>\b(?:{_MONTH})\b\.?\ \d{{1,2}}(?:st|nd|rd|th)?\b(?:,?\ \d{{4}}\b)?)
    | (?P<clock>\b\d{{1,2}}:\d\d(?::\d\d)?\b(?:\ ?[ap]\.?m\b\.?)?)
    | (?P<mail>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)
    | (?P<code>\b(?=[\w/.-]*\d)(?=[\w/.-]*[^\W\d_])[\w]+(?:[-/._][\w]+)*)
    | (?P<number>[-+]?\d[\d,]*(?:\.\d+)?)
    | (?P<word>[^\W\d_][\w'’-]*)
    | (?P<stop>[.!?:;]+(?=\s|$)|\n)
    """,
    re.VERBOSE | re.IGNORECASE,
)
_DATE = re.compile(r"(?:\d{4})?-\d\d-\d\d")
_ORDINAL = re.compile(r"\d+(?:st|nd|rd|th)\Z", re.IGNORECASE)
_AMOUNT = re.compile(r"(\d+(?:\.\d+)?)[^\W\d_]{1,3}\Z")
_SMALL = 13
_COMMON = frozenset(
    "i i'm i've i'll utc ok yes no mr mrs ms dr eur usd gbp id ids monday tuesday wednesday "
    "thursday friday saturday sunday".split()
) | frozenset(_MONTHS)


class Known:
    """What the agent is told from the start, and in the same words every time.

    Args:
        text: All of it.
    """

    def __init__(self, text: str) -> None:
        self.text = text.casefold()

    @cached_property
    def numbers(self) -> frozenset[str]:
        """The numbers in it, in the form in which they are looked for."""
        found = (_number(match["number"]) for match in _TOKEN.finditer(self.text))
        return frozenset(_plain(number) for number in found if number is not None)

    @cached_property
    def days(self) -> tuple[str, ...]:
        """The days that it holds in words, as dates."""
        return tuple(
            _day(match.group())
            for match in _TOKEN.finditer(self.text)
            if match.lastgroup in ("day_first", "month_first")
        )

    def says(self, form: str) -> bool:
        """Tell whether it holds a value as a whole word, or a day as one in words."""
        text, start = self.text, self.text.find(form)
        while start >= 0:
            end = start + len(form)
            before = text[start - 1] if start and form[0] != "-" else " "
            after = text[end] if end < len(text) else " "
            if not (before.isalnum() or after.isalnum()):
                return True
            start = text.find(form, start + 1)
        if form[0].isdigit() and form.replace(".", "").isdigit():
            return form in self.numbers
        return _DATE.match(form) is not None and any(day.endswith(form) for day in self.days)


class Claims(Record, kw_only=True):
    """What was claimed at the end."""

    right: int = 0
    """Slots that the answer holds."""
    wrong: int = 0
    """Slots that it does not hold."""
    supported: int = 0
    """Further values that somebody has shown or told."""
    unsupported: tuple[str, ...] = ()
    """Those that nobody has, as they were said."""

    @property
    def share(self) -> float:
        """Slots that are right, of all and of the unsupported values; 1 where nothing was due.

        Where no slot was due: values with support, of all that were said.
        """
        true = self.right if self.right + self.wrong else self.supported
        whole = true + self.wrong + len(self.unsupported)
        return true / whole if whole else 1.0


def claimed(
    judge: Judge,
    branches: Sequence[Branch],
    answer: Json,
    words: str,
    *,
    instruction: str,
    known: Known,
    facts: Iterable[Json],
    results: Iterable[Json],
    answered: bool = False,
) -> tuple[Claims, tuple[tuple[bool, ...], ...]]:
    """Check what was said at the end.

    Args:
        judge: Of the task.
        branches: Of its goal.
        answer: What was concluded with, or the last message.
        words: What was said beside it: the reason of a refusal.
        instruction: What the user asked for.
        known: All else that the agent was told from the start.
        facts: Wire values that the user told.
        results: What calls gave, the last one first.
        answered: Whether the verdict is that the answer holds all that one branch wants.

    Returns:
        The claims, and of each slot of each branch whether the answer holds it.
    """
    held: tuple[tuple[bool, ...], ...]
    if answered and len(branches) == 1:
        held = ((True,) * len(branches[0].answers),)
    else:
        held = tuple(judge.slots(branch, answer, instruction) for branch in branches)
    most = max(range(len(branches)), key=lambda place: sum(held[place]))
    right = sum(held[most])
    wrong = len(held[most]) - right
    mine = [
        _written(value)
        for slot, good in zip(branches[most].answers, held[most], strict=True)
        if good
        for value in slot.values
    ]
    due = [value for slot in branches[most].answers for value in slot.values]
    plain = answered and all(one in due for one in scalars(answer))
    said = dict.fromkeys([*(() if plain else _values(answer)), *values_in(words)])
    open_: dict[str, str] = {}
    if said:
        told = Known("\n".join([instruction, *mine, *map(_written, facts)]))
        open_ = {f: text for f, text in said if not told.says(f) and not known.says(f)}
    for data in results:
        if not open_:
            break
        for one in scalars(data):
            if open_ and one is not None:
                _strike(open_, one)
    found = Claims(
        right=right,
        wrong=wrong,
        supported=len(said) - len(open_),
        unsupported=tuple(open_.values()),
    )
    return found, held


def _written(value: Json) -> str:
    return value if isinstance(value, str) else to_text(value)


def _values(answer: Json) -> Iterator[tuple[str, str]]:
    for one in scalars(answer):
        if isinstance(one, str):
            yield from values_in(one, bare=True)
        elif isinstance(one, (int, float, Decimal)) and not isinstance(one, bool):
            yield from values_in(str(one), bare=True)


def values_in(text: str, *, bare: bool = False) -> Iterator[tuple[str, str]]:
    """Yield the values that a text holds: the form that is looked for, and how it is written.

    Args:
        text: Free English, or a value.
        bare: Whether a text of up to four words is a value, of which the first word counts too.
    """
    first = not (bare and len(text.split()) <= 4)
    for match in _TOKEN.finditer(text):
        kind, found = str(match.lastgroup), match.group()
        if kind == "stop":
            first = True
            continue
        if kind == "number":
            number = _number(found)
            if number is not None and not (number == int(number) and abs(number) < _SMALL):
                yield _plain(number), found
        elif kind in ("day_first", "month_first"):
            yield _day(found), found
        elif kind == "iso":
            yield found.replace(" ", "T").rstrip("Z").casefold(), found
        elif kind == "clock":
            yield _clock(found), found
        elif kind == "mail":
            yield found.casefold(), found
        elif kind == "code":
            amount = _AMOUNT.match(found)
            if amount is not None:
                yield from values_in(amount[1])
            elif not _ORDINAL.match(found):
                yield found.casefold(), found
        elif found[0].isupper() and not first and found.casefold() not in _COMMON:
            name = re.sub(r"['’]s$", "", found)
            if not name.isupper() or len(name) > 3:
                yield name.casefold(), found
        first = False


def _day(text: str) -> str:
    """Write a day in words as a date; without the year, where it has none."""
    words = re.findall(r"[a-z]+|\d+", text.casefold())
    numbers = [int(word) for word in words if word.isdigit()]
    month = next(
        place for place, name in enumerate(_MONTHS, 1) for word in words if name[:3] == word[:3]
    )
    year = f"{numbers[1]:04d}" if len(numbers) > 1 else ""
    return f"{year}-{month:02d}-{numbers[0]:02d}"


def _clock(text: str) -> str:
    """Write a time of day as in a date with time."""
    digits, half = re.match(r"[\d:]+", text), text.casefold()  # always begins with digits
    assert digits is not None
    hour, _, rest = digits.group().partition(":")
    number = int(hour)
    if "p" in half:
        number = number % 12 + 12
    elif "a" in half:
        number %= 12
    return f"{number:02d}:{rest}"


def _number(text: str | None) -> Decimal | None:
    if text is None:
        return None
    try:
        return Decimal(text.replace(",", ""))
    except InvalidOperation:
        return None


def _plain(number: Decimal) -> str:
    """Write a number so that equal ones read the same, whatever their sign."""
    return format(abs(number).normalize(), "f")


def _strike(open_: dict[str, str], value: Json) -> None:
    """Strike what a value supports."""
    if isinstance(value, str):
        text = value.casefold()
        folded = normal(value)
        for form in [
            form
            for form in open_
            if form in text or (form.isalpha() and form in folded) or form.replace("t", " ") in text
        ]:
            del open_[form]
    elif isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        number = _number(str(value))
        if number is not None:
            open_.pop(_plain(number), None)
