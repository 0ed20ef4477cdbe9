"""What a person asks, and what they want done: the parts of a message. Next: `values`."""

from __future__ import annotations

from agentgym.tasks.words.phrases.rows import Again, Noun, Phrase, Value
from agentgym.tools.algebra import Function

__all__ = [
    "Add",
    "Ask",
    "Counted",
    "Do",
    "Edit",
    "Given",
    "Mark",
    "Mention",
    "Message",
    "Order",
    "Query",
    "Remove",
    "Sentence",
    "Summed",
    "Whether",
]


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
