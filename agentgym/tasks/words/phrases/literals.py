"""Values as they are said. Next: `mods`."""

from __future__ import annotations

from agentgym.formats import Record

__all__ = [
    "Bare",
    "Day",
    "Decade",
    "Letter",
    "Moment",
    "Month",
    "Number",
    "Phrase",
    "Quote",
    "Truth",
    "Word",
    "Year",
    "YearMonth",
]


class Phrase(Record, kw_only=True):
    """Anything that can be said."""


class Quote(Phrase, kw_only=True):
    """A text in quotes."""

    text: str


class Number(Phrase, kw_only=True):
    """A number, with its unit or not."""

    digits: str
    unit: str | None = None


class Day(Phrase, kw_only=True):
    """A date, `YYYY-MM-DD`."""

    day: str


class Moment(Phrase, kw_only=True):
    """A date and a time in UTC, `YYYY-MM-DDTHH:MM:SSZ`."""

    time: str


class Bare(Phrase, kw_only=True):
    """A code or a proper name without quotes: `PC-1138`, `Velvet Pebble`."""

    text: str


class Year(Phrase, kw_only=True):
    """A calendar year."""

    year: int


class Decade(Phrase, kw_only=True):
    """`the 1990s`, by its first year."""

    start: int


class Month(Phrase, kw_only=True):
    """`March`, of any year."""

    month: int


class YearMonth(Phrase, kw_only=True):
    """`March 2021`."""

    year: int
    month: int


class Letter(Phrase, kw_only=True):
    """`the letter B`."""

    letter: str


class Word(Phrase, kw_only=True):
    """A value of an enum, said as plain words."""

    text: str


class Truth(Phrase, kw_only=True):
    """Yes or no."""

    on: bool
