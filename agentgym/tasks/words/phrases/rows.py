"""Values, rows, and what describes them. Next: `acts`."""

from __future__ import annotations

from agentgym.formats import Record
from agentgym.tasks.words.meaning import Op

__all__ = [
    "Adjective",
    "Again",
    "Alike",
    "Asked",
    "Belongs",
    "Best",
    "Blank",
    "Compared",
    "Dated",
    "Day",
    "Flagged",
    "Has",
    "Held",
    "Is",
    "Latest",
    "Linked",
    "Mod",
    "Moment",
    "Named",
    "Noun",
    "Number",
    "Of",
    "Owner",
    "Person",
    "Phrase",
    "Quote",
    "Read",
    "RoleOf",
    "Thing",
    "Truth",
    "Value",
    "Whose",
    "Word",
]


class Phrase(Record, kw_only=True):
    """Anything that can be said."""


# Values


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


class Word(Phrase, kw_only=True):
    """A value of an enum, said as plain words."""

    text: str


class Truth(Phrase, kw_only=True):
    """Yes or no."""

    on: bool


class Held(Phrase, kw_only=True):
    """A value that the user will tell when asked."""


class Blank(Phrase, kw_only=True):
    """No value at all."""


class Read(Phrase, kw_only=True):
    """The value of a field of a row."""

    field: str
    noun: Noun | Again


class Alike(Phrase, kw_only=True):
    """The value that the field of the same label has in another row."""

    noun: Noun | Again


class Thing(Phrase, kw_only=True):
    """A row itself, where a reference to it is written."""

    noun: Noun | Again


Value = Quote | Number | Day | Moment | Word | Truth | Held | Blank | Read | Alike | Thing


# Nouns and what describes them


class Is(Phrase, kw_only=True):
    """`whose city is "Paris"`, `with the city "Paris"`."""

    field: str
    value: Quote | Number | Day | Moment | Word
    way: str = "whose"
    """The word it begins with; `by`: as a number that names the row, `with the number 7`."""


class Compared(Phrase, kw_only=True):
    """`with a total over 5`, `whose due date is before March 3, 2021`."""

    field: str
    op: Op
    value: Number | Day | Moment
    way: str = "whose"
    """The word it begins with."""
    time: bool = False
    """Whether it is a matter of before and after, not of more and less."""


class Dated(Phrase, kw_only=True):
    """`dated after March 3, 2021`: by the one time that the entity has."""

    op: Op
    value: Day | Moment


class Flagged(Phrase, kw_only=True):
    """`that is marked as discontinued`."""

    flag: str
    on: bool
    plural: bool = False


class Asked(Phrase, kw_only=True):
    """`whose phone number I'll give you when you ask`."""

    field: str


class Of(Phrase, kw_only=True):
    """`of the album "X"`: whatever relation holds between the two."""

    noun: Noun | Again


class Belongs(Phrase, kw_only=True):
    """`that belongs to the album "X"`: the row refers to it."""

    noun: Noun | Again
    plural: bool = False


class Whose(Phrase, kw_only=True):
    """`whose manager is the employee "X"`: the row refers to it in that role."""

    role: str
    noun: Noun | Again


class Owner(Phrase, kw_only=True):
    """`that the album "X" belongs to`: it refers to the row."""

    noun: Noun | Again


class Linked(Phrase, kw_only=True):
    """A row that another entity, which only links, ties to this one: `linked to the keyword`."""

    noun: Noun | Again


class Has(Phrase, kw_only=True):
    """`that has the album "X"`: it refers to the row."""

    noun: Noun | Again
    plural: bool = False


class RoleOf(Phrase, kw_only=True):
    """`that is the manager of the employee "X"`: it refers to the row in that role."""

    role: str
    noun: Noun | Again


class Best(Phrase, kw_only=True):
    """`with the largest total`."""

    field: str
    largest: bool
    time: bool = False


Mod = (
    Is
    | Compared
    | Dated
    | Flagged
    | Asked
    | Of
    | Belongs
    | Whose
    | Owner
    | Has
    | Linked
    | RoleOf
    | Best
)


class Latest(Phrase, kw_only=True):
    """`the latest ...`: by the one time that the entity has."""

    largest: bool


class Adjective(Phrase, kw_only=True):
    """`the cancelled ...`: a value of an enum."""

    text: str


class Named(Phrase, kw_only=True):
    """`"Warner 25 Anos"` right after the noun: by what people call it."""

    text: Quote
    code: bool = False
    """Whether it is a code, which nothing is called."""


class Person(Phrase, kw_only=True):
    """`Ana Reyes` right after the noun: first and last name."""

    first: str
    last: str


class Noun(Phrase, kw_only=True):
    """A description of one row, or of rows."""

    head: str
    plural: bool = False
    before: tuple[Latest | Adjective, ...] = ()
    naming: tuple[Named | Person, ...] = ()
    close: tuple[Mod, ...] = ()
    """Said in parentheses right after the noun, so that it can belong to nothing else."""
    mods: tuple[Mod, ...] = ()
    aside: tuple[Mod, ...] = ()
    """Said after all else as `, the one ...`; only of the noun that a sentence is about."""


class Again(Phrase, kw_only=True):
    """`that customer`: the one that was described before."""

    head: str
