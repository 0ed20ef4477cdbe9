"""What a person asks, and what they want done: the parts of a message. Next: `values`."""

from __future__ import annotations

from agentgym.tasks.words.phrases.literals import Phrase
from agentgym.tasks.words.phrases.rows import Both, Inner, Intro, Noun, Value
from agentgym.tools.algebra import Function

__all__ = [
    "Add",
    "Amount",
    "Any",
    "Ask",
    "Being",
    "Counted",
    "Do",
    "Edit",
    "Every",
    "Given",
    "If",
    "Limited",
    "Listed",
    "Mark",
    "Mention",
    "Message",
    "Order",
    "Part",
    "Picked",
    "Query",
    "Question",
    "Raise",
    "Remove",
    "Sentence",
    "Story",
    "Summed",
    "Tested",
    "Thought",
    "Touch",
    "Turned",
    "Whether",
    "Which",
    "Worked",
]

# What is asked


class Mention(Phrase, kw_only=True):
    """A field that is asked for, with the unit in which it is kept or not."""

    field: str
    unit: str | None = None


class Ask(Phrase, kw_only=True):
    """Fields of a row."""

    fields: tuple[Mention, ...]
    noun: Inner
    short: bool = False
    """Whether the noun is short enough to stand in the middle of a sentence."""
    own: bool = False
    """Whether the noun may stand before the field: `its due date`."""


class Every(Phrase, kw_only=True):
    """Fields of every one of some rows."""

    fields: tuple[Mention, ...]
    rows: Noun | Both
    alone: bool = True
    """Whether one field is asked for, whose values may be the same."""
    plural: bool = True
    """Whether the fields are in the plural."""


class Listed(Phrase, kw_only=True):
    """Which rows there are, by what they are called."""

    rows: Noun | Both
    owner: Inner | None = None
    """Said as `which invoices does <owner> have`."""
    mine: bool = False
    """Whether the owner is the user: `which invoices do I have`."""
    short: bool = False
    """Whether little is said of the rows, so that more words may follow them."""


class Which(Phrase, kw_only=True):
    """Which of some rows has the largest or smallest value, by what it is called."""

    nouns: tuple[Inner, ...]
    field: str
    largest: bool
    time: bool = False
    two: bool = True
    """Whether there are two of them, not more."""


class Whether(Phrase, kw_only=True):
    """Whether a flag is set on a row."""

    noun: Inner
    flag: str


class Counted(Phrase, kw_only=True):
    """How many rows there are, or how many of them have a value in a field."""

    rows: Noun | Both
    field: str | None = None
    owner: Inner | None = None
    """Said as `how many invoices does <owner> have`."""
    mine: bool = False
    """Whether the owner is the user: `how many invoices do I have`."""
    short: bool = False
    """Whether little is said of the rows, so that more words may follow them."""


class Summed(Phrase, kw_only=True):
    """A sum, average, or extreme of a field over rows."""

    function: Function
    rows: Noun | Both
    field: Mention | None = None
    fields: Mention | None = None
    """The field in the plural, where that is what is said."""
    plain: bool = True
    """Whether a sum is not called total: the field itself may be."""
    digits: str | None = None
    """To how many decimals an average is rounded."""
    time: bool = False


class Part(Phrase, kw_only=True):
    """The value of a field of a row, as part of a calculation or a comparison."""

    field: Mention
    noun: Inner
    own: bool = False


class Worked(Phrase, kw_only=True):
    """A number worked out of others."""

    function: str
    terms: tuple[Value | Part | Counted | Summed | Worked, ...] = ()
    shared: Mention | None = None
    """The field, where the terms are one field of several rows."""
    nouns: tuple[Inner, ...] = ()
    digits: str | None = None
    """To how many decimals a percentage is rounded."""


class Story(Phrase, kw_only=True):
    """A calculation over what is said alone, as it comes up in everyday life."""

    function: str
    terms: tuple[Value, ...] = ()
    first: Value | None = None
    second: Value | None = None
    frame: str = "any"
    """What it may be about: `price`: so many at so much each; `purse`: money that is spent;
    `part`: less than the whole."""
    digits: str | None = None


Thought = Ask | Every | Listed | Which | Whether | Counted | Summed | Worked


# What is to be done


class Given(Phrase, kw_only=True):
    """A field, flag or role and the value that it shall have."""

    field: str
    value: Value | Worked
    code: bool = False
    """Whether the value is a number that names the row."""
    flag: bool = False
    """Whether the field is a flag."""
    plain: bool = False
    """Whether the row that the field shall refer to says which field is meant."""


class Edit(Phrase, kw_only=True):
    """New values for fields of a row: the first, and the rest."""

    field: str
    noun: Inner
    value: Value | Worked
    rest: tuple[Given, ...] = ()
    flag: bool = False
    """Whether the first field is a flag."""
    each: bool = False
    """Whether every row of the noun is meant."""
    own: bool = False


class Raise(Phrase, kw_only=True):
    """A number is added to a field of a row."""

    field: str
    noun: Inner
    by: Value
    own: bool = False


class Mark(Phrase, kw_only=True):
    """A flag set or cleared, or a status given, by its word."""

    noun: Inner
    text: str
    on: bool = True
    each: bool = False


class Add(Phrase, kw_only=True):
    """A new row, for the rows that it refers to, with values."""

    head: str
    owners: tuple[Inner, ...] = ()
    """What it belongs to: one row at most."""
    way: str = "for"
    """The word between the two."""
    gives: tuple[Given, ...] = ()
    apart: bool = False
    """Whether a comma keeps the values from what is said of the owner."""


class Remove(Phrase, kw_only=True):
    """A row deleted."""

    noun: Inner
    each: bool = False


class Touch(Phrase, kw_only=True):
    """Something about a row changed; what, the user does not say."""

    noun: Inner


Order = Edit | Raise | Mark | Add | Remove | Touch


class Query(Phrase, kw_only=True):
    """A sentence that asks."""

    things: tuple[Thought, ...]
    plural: bool = False


class Do(Phrase, kw_only=True):
    """A sentence that requests."""

    orders: tuple[Order, ...]


# What depends, and what leaves a choice


class Tested(Phrase, kw_only=True):
    """Two values compare."""

    left: Part | Counted | Summed | Worked
    op: str
    right: Value | Part | Counted | Summed | Worked
    time: bool = False
    plural: bool = False
    said: bool = True
    """Whether the right one is a value that is said."""


class Being(Phrase, kw_only=True):
    """A row has a status, or a flag; or it has not."""

    noun: Inner
    text: str
    on: bool = True
    flag: bool = False


class Amount(Phrase, kw_only=True):
    """How many rows there are compares with a number."""

    op: str
    count: Value
    rows: Noun | Both


class Any(Phrase, kw_only=True):
    """There is such a row."""

    rows: Noun | Both
    owner: Inner | None = None
    mine: bool = False
    """Whether the owner is the user: `I have any invoices`."""


Question = Tested | Being | Amount | Any


class If(Phrase, kw_only=True):
    """A sentence that asks and requests what depends on a check."""

    test: Question
    then: tuple[Query | Do, ...] = ()
    otherwise: tuple[Query | Do, ...] = ()
    kind: str = "both"
    """Which of the two there are: `then`, `otherwise` or `both`."""


class Limited(Phrase, kw_only=True):
    """What holds for the rows that are chosen together."""

    kind: str
    field: Mention | None = None
    fields: Mention | None = None
    """The field in the plural, where that is what is said."""
    op: str = "le"
    """`ge`, `le`, `both`, or `eq` where both are the same."""
    value: Value | None = None
    upto: Value | None = None
    """The largest total, where there is a smallest one, too."""


class Picked(Phrase, kw_only=True):
    """A sentence that leaves a choice: so many of the rows, within limits, and their fields."""

    count: str
    rows: Noun | Both
    fields: tuple[Mention, ...]
    limits: tuple[Limited, ...] = ()
    plural: bool = True
    """Whether the fields are in the plural."""


Sentence = Query | Do | If | Picked | Story


class Turned(Phrase, kw_only=True):
    """A change of mind: one value in the place of another; the field is named or not."""

    first: Value
    then: Value
    field: str | None = None
    flag: bool = False
    """Whether the field is a flag."""
    clue: bool = False
    """Whether the value says which row is meant; else it is one that is set."""


class Message(Phrase, kw_only=True):
    """All that is said."""

    sentences: tuple[Sentence, ...]
    intros: tuple[Intro, ...] = ()
    asks: bool = False
    """Whether it begins with a question."""
    led: bool = False
    """Whether it begins with rows that are introduced, or with a story."""
    mine: bool = False
    """Whether the matter is the user's own."""
    form: str = "prose"
    """`prose`, or `list`: an item a line."""
