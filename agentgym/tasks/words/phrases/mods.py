"""What describes a noun. Next: `rows`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentgym.plan import Measure, Op
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
    Word,
    Year,
    YearMonth,
)

if TYPE_CHECKING:
    from agentgym.tasks.words.phrases.rows import Inner, Named, Noun, Person

__all__ = [
    "Apart",
    "Asked",
    "Bearing",
    "Belongs",
    "Best",
    "Compared",
    "Done",
    "Flagged",
    "Has",
    "Holding",
    "Is",
    "Isnt",
    "Lacking",
    "Linked",
    "Missing",
    "Mod",
    "Of",
    "Placed",
    "RoleOf",
    "Shaped",
    "Termed",
    "Timed",
    "Whose",
    "Without",
]


class Is(Phrase, kw_only=True):
    """`whose city is "Paris"`, `with the city "Paris"`."""

    field: str
    value: Quote | Bare | Number | Day | Moment | Word
    way: str = "whose"
    """The word it begins with; `by`: as a number that names the row, `with the number 7`."""


class Isnt(Phrase, kw_only=True):
    """`whose city is not "Paris"`, `with a city other than "Paris"`."""

    field: str
    value: Quote | Bare | Number | Word
    way: str = "whose"


class Holding(Phrase, kw_only=True):
    """`whose name contains "Silver"`, `with "Silver" in the name`."""

    field: str
    value: Quote


class Compared(Phrase, kw_only=True):
    """`with a total over 5`, `whose total is between 5 and 9`, `with at least 5 refills left`."""

    field: str
    op: Op
    """`eq` only where the field is what is counted."""
    value: Number
    upto: Number | None = None
    """The upper bound of a range, whose lower bound is the value; `op` is `ge` then."""
    way: str = "whose"
    """`whose`, `with`; `many` and `number`: the field is what is counted."""


class Timed(Phrase, kw_only=True):
    """`issued before March 3, 2021`, `whose due date is in 2019`, `dated March 3, 2021`."""

    op: Op
    value: Day | Moment | Year | Decade | Month | YearMonth
    upto: Day | Moment | Year | Decade | None = None
    """The upper bound of a range, whose lower bound is the value; `op` is `ge` then."""
    field: str | None = None
    """The label of the field, or what was done then."""
    way: str = "dated"
    """`whose`, `with`, `done`, or `dated`: by the one time that the entity has."""


class Shaped(Phrase, kw_only=True):
    """`whose name starts with the letter B`, `whose quantity is a multiple of 7`."""

    field: str
    of: Measure
    op: Op
    value: Letter | Number
    plural: bool = False
    """Whether the label is a plural: `whose notes start with`, `whose number of rooms is`."""
    one: bool = False
    """Whether it is a single letter or word."""


class Placed(Phrase, kw_only=True):
    """`in Germany`: by the one place that the entity has."""

    value: Quote | Bare
    on: bool = True
    the: bool = False
    """Whether the name has an article: `in the Netherlands`."""


class Flagged(Phrase, kw_only=True):
    """`that is discontinued`, `that is marked as discontinued`, `that has ultrasound`."""

    flag: str
    on: bool
    plural: bool = False
    who: bool = False
    """Whether a person is meant."""
    way: str = "marked"
    """`marked`, `is`, or `does`."""


class Asked(Phrase, kw_only=True):
    """`whose phone number I'll give you when you ask`; by `op`: a bound that is held back."""

    field: str
    op: Op = "eq"
    time: bool = False


class Of(Phrase, kw_only=True):
    """`of the album "X"`: whatever relation holds between the two."""

    noun: Inner
    how: str = "of"
    """The word between them."""


class Belongs(Phrase, kw_only=True):
    """`that belongs to the album "X"`: the row refers to it."""

    noun: Inner
    plural: bool = False
    who: bool = False
    """Whether a person is meant."""


class Whose(Phrase, kw_only=True):
    """`whose manager is the employee "X"`: the row refers to it in that role."""

    role: str
    noun: Inner


class Bearing(Phrase, kw_only=True):
    """`whose manager is Ana Reyes`: it refers in that role to the row of that name."""

    role: str
    name: Named | Person


class Done(Phrase, kw_only=True):
    """`written by the user "X"`: the row refers to it in a role that has a verb."""

    verb: str
    noun: Inner


class Linked(Phrase, kw_only=True):
    """A row that another entity, which only links, ties to this one: `linked to the keyword`."""

    noun: Inner
    on: bool = True
    plural: bool = False
    who: bool = False
    """Whether a person is meant."""


class Has(Phrase, kw_only=True):
    """`that have the album "X"`: it refers to the rows."""

    noun: Inner
    plural: bool = False
    who: bool = False
    """Whether a person is meant."""


class RoleOf(Phrase, kw_only=True):
    """`that is the manager of the employee "X"`: it refers to the row in that role."""

    role: str
    noun: Inner
    on: bool = True
    plural: bool = False
    who: bool = False
    """Whether a person is meant."""


class Without(Phrase, kw_only=True):
    """`without any invoices dated ...`: none of them refers to the row."""

    rows: Noun
    plural: bool = False
    who: bool = False
    """Whether a person is meant."""


class Missing(Phrase, kw_only=True):
    """`without a manager`: the row refers to nothing in that role."""

    role: str
    plural: bool = False
    who: bool = False
    """Whether a person is meant."""


class Apart(Phrase, kw_only=True):
    """`that does not belong to any shipping line ...`: the row refers to none of them."""

    noun: Inner
    plural: bool = False
    who: bool = False
    """Whether a person is meant."""


class Lacking(Phrase, kw_only=True):
    """`that does not have any employee ... as a manager`: the row refers to none in that role."""

    role: str
    noun: Inner
    plural: bool = False
    who: bool = False
    """Whether a person is meant."""


class Termed(Phrase, kw_only=True):
    """`that we call "red-tag"`: in a word of the trade, which the glossary explains."""

    text: Quote


class Best(Phrase, kw_only=True):
    """`with the largest total`; at the end of `whichever ...`: `has the largest total`."""

    field: str
    largest: bool
    how: str = "number"
    """How more and less of the field is said: `number`, `count`, `span`, `time`."""
    after: bool = False
    """Whether another `with` stands before it: `and the largest total`."""


Mod = (
    Is
    | Isnt
    | Holding
    | Compared
    | Timed
    | Shaped
    | Placed
    | Flagged
    | Asked
    | Of
    | Belongs
    | Whose
    | Bearing
    | Done
    | Linked
    | Has
    | RoleOf
    | Without
    | Missing
    | Apart
    | Lacking
    | Termed
    | Best
)
