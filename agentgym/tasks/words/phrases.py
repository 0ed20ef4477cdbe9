"""Phrases: what a sentence is made of, between meaning and words.

A phrase holds labels and literals as they are said, not fields and entities: `say`
chooses the phrases for a meaning, `grammar` writes and reads them, `read` finds every
meaning that they can have under a schema. Next: `values`.
"""

from __future__ import annotations

from agentgym.formats import Record
from agentgym.tasks.words.meaning import Op
from agentgym.tools.algebra import Function

__all__ = [
    "Add",
    "Adjective",
    "Again",
    "Alike",
    "Ask",
    "Asked",
    "Belongs",
    "Best",
    "Blank",
    "Compared",
    "Counted",
    "Dated",
    "Day",
    "Do",
    "Edit",
    "Flagged",
    "Given",
    "Has",
    "Held",
    "Is",
    "Latest",
    "Linked",
    "Mark",
    "Mention",
    "Message",
    "Mod",
    "Moment",
    "Named",
    "Noun",
    "Number",
    "Of",
    "Order",
    "Owner",
    "Person",
    "Phrase",
    "Query",
    "Quote",
    "Read",
    "Remove",
    "RoleOf",
    "Sentence",
    "Summed",
    "Thing",
    "Truth",
    "Value",
    "Whether",
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


# What is asked


class Mention(Phrase, kw_only=True):
    """A field that is asked for, with the unit in which it is kept or not."""

    field: str
    unit: str | None = None


class Ask(Phrase, kw_only=True):
    """Fields of a row."""

    fields: tuple[Mention, ...]
    noun: Noun | Again
    short: bool = False
    """Whether the noun is short enough to stand in the middle of a sentence."""


class Whether(Phrase, kw_only=True):
    """Whether a flag is set on a row."""

    noun: Noun | Again
    flag: str


class Counted(Phrase, kw_only=True):
    """How many rows there are, or how many of them have a value in a field."""

    rows: Noun
    field: str | None = None
    owner: Noun | Again | None = None
    """Said as `how many invoices does <owner> have`."""


class Summed(Phrase, kw_only=True):
    """A sum, average, or extreme of a field over rows."""

    function: Function
    field: Mention
    rows: Noun
    plain: bool = True
    """Whether a sum is not called total: the field itself may be."""
    digits: str | None = None
    """To how many decimals an average is rounded."""
    time: bool = False


# What is to be done


class Given(Phrase, kw_only=True):
    """A field, flag or role and the value that it shall have."""

    field: str
    value: Value
    code: bool = False
    """Whether the value is a number that names the row."""
    flag: bool = False
    """Whether the field is a flag."""


class Edit(Phrase, kw_only=True):
    """New values for fields of a row: the first, and the rest."""

    field: str
    noun: Noun | Again
    value: Value
    rest: tuple[Given, ...] = ()
    flag: bool = False
    """Whether the first field is a flag."""


class Mark(Phrase, kw_only=True):
    """A flag set or cleared, or a status given, by its word."""

    noun: Noun | Again
    text: str
    on: bool = True


class Add(Phrase, kw_only=True):
    """A new row, for the rows that it refers to, with values."""

    head: str
    owners: tuple[Noun | Again, ...] = ()
    gives: tuple[Given, ...] = ()


class Remove(Phrase, kw_only=True):
    """A row deleted."""

    noun: Noun | Again


Order = Edit | Mark | Add | Remove


class Query(Phrase, kw_only=True):
    """A sentence that asks."""

    things: tuple[Ask | Whether | Counted | Summed, ...]
    plural: bool = False


class Do(Phrase, kw_only=True):
    """A sentence that requests."""

    orders: tuple[Order, ...]


Sentence = Query | Do


class Message(Phrase, kw_only=True):
    """All that is said."""

    sentences: tuple[Sentence, ...]
    asks: bool = False
    """Whether it begins with a question."""
