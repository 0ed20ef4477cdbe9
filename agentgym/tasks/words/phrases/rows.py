"""Values, rows, and sentences that introduce them. Next: `acts`."""

from __future__ import annotations

from agentgym.tasks.words.phrases.literals import (
    Bare,
    Day,
    Decade,
    Letter,
    Moment,
    Month,
    Number,
    Phrase,
    Quote,
    Truth,
    Word,
    Year,
    YearMonth,
)
from agentgym.tasks.words.phrases.mods import (
    Best,
    Mod,
)

__all__ = [
    "Adjective",
    "Again",
    "Alike",
    "Blank",
    "Both",
    "Called",
    "Either",
    "Having",
    "Held",
    "Inner",
    "Intro",
    "Introduced",
    "It",
    "Latest",
    "Leading",
    "Me",
    "Most",
    "Named",
    "Noun",
    "Person",
    "Place",
    "Read",
    "Thing",
    "Value",
]


class Held(Phrase, kw_only=True):
    """A value that the user will tell when asked."""


class Blank(Phrase, kw_only=True):
    """No value at all."""


class Read(Phrase, kw_only=True):
    """The value of a field of a row."""

    field: str
    noun: Inner


class Alike(Phrase, kw_only=True):
    """The value that the field of the same label has in another row."""

    noun: Inner


class Thing(Phrase, kw_only=True):
    """A row itself, where a reference to it is written."""

    noun: Inner


Said = (
    Quote | Bare | Number | Day | Moment | Year | Decade | Month | YearMonth | Letter | Word | Truth
)
Value = Said | Held | Blank | Read | Alike | Thing


class Latest(Phrase, kw_only=True):
    """`the latest ...`: by the one time that the entity has."""

    largest: bool


class Most(Phrase, kw_only=True):
    """`the longest ...`: by the field that has a superlative of its own."""

    text: str


class Adjective(Phrase, kw_only=True):
    """`the cancelled ...`: a value of an enum."""

    text: str


class Named(Phrase, kw_only=True):
    """`"Warner 25 Anos"` right after the noun: by what people call it."""

    text: Quote | Bare
    code: bool = False
    """Whether it is a code, which nothing is called."""


class Person(Phrase, kw_only=True):
    """`Ana Reyes` right after the noun: first and last name."""

    first: str
    last: str


# Nouns


class Noun(Phrase, kw_only=True):
    """A description of one row, or of rows."""

    head: str
    plural: bool = False
    owner: Inner | None = None
    """Said in the place of the article: `its`, `my`, `Ana Reyes's`; means `of`."""
    before: tuple[Latest | Most | Adjective, ...] = ()
    naming: tuple[Named | Person, ...] = ()
    mods: tuple[Mod, ...] = ()
    tail: tuple[Best, ...] = ()
    """Of `whichever ... has the largest total`."""
    article: str = "the"
    """`the`, `any`, `a`, or nothing before a head with a name: `patient Ana Reyes`."""


class Called(Phrase, kw_only=True):
    """`Ana Reyes`: a person, by nothing but the name."""

    first: str
    last: str


class Place(Phrase, kw_only=True):
    """`Romania`, `the Netherlands`: what everybody knows, by nothing but the name."""

    text: Bare
    the: bool = False


class Again(Phrase, kw_only=True):
    """`that customer`: the one that was described before."""

    head: str


class It(Phrase, kw_only=True):
    """`it`, `its`: what was spoken of last."""


class Me(Phrase, kw_only=True):
    """`me`, `my`: the user's own row."""


class Either(Phrase, kw_only=True):
    """`whichever of the two has the higher price`: the one of these rows that has most."""

    nouns: tuple[Inner, ...]
    best: Best


class Both(Phrase, kw_only=True):
    """`invoice INV-3 and invoice INV-7`: all of these rows."""

    nouns: tuple[Inner, ...]


Inner = Noun | Called | Place | Again | It | Me | Either
"""What one row can be said as."""


# Sentences that introduce a row


class Introduced(Phrase, kw_only=True):
    """A row that what follows is about: `It's about the invoice of the patient Ana Reyes`."""

    noun: Noun
    new: bool = True
    """Whether it has nothing to do with what was introduced before."""


class Leading(Phrase, kw_only=True):
    """`That vessel belongs to a shipping line.`: the row that it refers to, by its role."""

    noun: Inner
    head: str
    own: bool = False
    """Whether the role has another name than the entity: `That patient has a family doctor.`"""


class Having(Phrase, kw_only=True):
    """A row by whose it is: `Ana Reyes has an appointment dated March 3, 2021`."""

    noun: Noun
    """With an owner."""


Intro = Introduced | Leading | Having
