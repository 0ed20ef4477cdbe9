"""The grammar's own language: the same productions write a phrase and read it back.

A production is a pattern with slots and the phrase that it stands for; `writer` turns
a phrase into pieces of text, `parser` finds every phrase that stands at a place of a
text. What the productions are is data, in `english`. Next: `writer`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import product

from agentgym.formats import Json, Record
from agentgym.tasks.words.lexicon import low
from agentgym.tasks.words.phrases import Phrase

__all__ = [
    "COUNTS",
    "NAME",
    "Filler",
    "Grammar",
    "Label",
    "Many",
    "Name",
    "Piece",
    "Production",
    "Slot",
    "Spelled",
    "Unit",
    "Valued",
    "named",
    "productions",
]


class Slot(Record, kw_only=True):
    """A place in a pattern that another symbol fills."""

    name: str
    """The attribute of the phrase; `_` for words that mean nothing."""
    of: str
    """The symbol."""


class Production(Record, kw_only=True):
    """One way to say a kind of phrase; without a kind it passes on what its slot holds."""

    kind: type[Phrase] | None
    items: tuple[str | Slot, ...]
    lows: tuple[str | Slot, ...]
    """The items in lower case, for reading."""
    fixed: dict[str, Json] = {}
    """Attributes that the phrase must have for this pattern."""
    registers: tuple[str, ...] = ()
    """The tones that it suits; every one when empty."""


class Many(Record, kw_only=True):
    """A tuple of phrases, one after the other."""

    item: str
    later: str | None = None
    """The symbol of all but the first, where it differs."""
    separators: tuple[str, ...] = (" ",)
    """Written: the last one before the last phrase, the first one elsewhere."""
    alike: bool = False
    """Whether the last separator is written only between phrases that begin alike."""
    least: int = 1
    most: int = 12
    leads: tuple[str, ...] = ("",)
    """What comes before: the first when there is one phrase, the last when several."""
    tail: str = ""
    loose: bool = False
    """Whether the tail may be missing."""
    numbered: bool = False
    """Whether each phrase is a numbered line; only written: `read` takes messages line by line."""


class Label(Record, kw_only=True):
    """A label of the lexicon; `article` puts a or an before it."""

    kind: str
    article: bool = False


class Valued(Record, kw_only=True):
    """A literal of that kind."""

    kind: type[Phrase]


class Name(Record, kw_only=True):
    """One capitalised word of a personal name."""


class Unit(Record, kw_only=True):
    """A unit of the schema."""


class Spelled(Record, kw_only=True):
    """A small count, spelled."""


class Filler(Record, kw_only=True):
    """Words that mean nothing, by tone."""

    options: dict[str, tuple[str, ...]]
    lines: tuple[str, ...] = ()
    """What may follow them, such as who speaks."""


Symbol = tuple[Production, ...] | Many | Label | Valued | Name | Unit | Spelled | Filler
Grammar = Mapping[str, Symbol]
Piece = tuple[str, str]
"""Characters, and what they are: empty for words of the grammar."""

_SLOT = re.compile(r"\{(\w+):([\w ]+)\}")
_OR = re.compile(r"\[([^\]]*)\]")
NAME = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
COUNTS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def productions(
    kind: type[Phrase] | None, /, *patterns: str, registers: tuple[str, ...] = (), **fixed: Json
) -> tuple[Production, ...]:
    """Make productions from patterns: `{attribute:symbol}` is a slot, `[a|b]` a choice."""
    made = []
    for pattern in patterns:
        parts = _OR.split(pattern)
        choices = [p.split("|") if i % 2 else [p] for i, p in enumerate(parts)]
        for chosen in product(*choices):
            items = _items("".join(chosen))
            lows = tuple(low(item) if isinstance(item, str) else item for item in items)
            made.append(
                Production(kind=kind, items=items, lows=lows, fixed=fixed, registers=registers)
            )
    return tuple(made)


def _items(pattern: str) -> tuple[str | Slot, ...]:
    parts = _SLOT.split(pattern)
    items: list[str | Slot] = []
    for place in range(0, len(parts), 3):
        if parts[place]:
            items.append(parts[place])
        if place + 2 < len(parts):
            items.append(Slot(name=parts[place + 1], of=parts[place + 2]))
    return tuple(items)


def named(text: str) -> bool:
    """Tell whether a name can stand bare: one capitalised word, written as names are."""
    found = NAME.fullmatch(text)
    return (
        found is not None
        and text[0].isupper()
        and all(part[1:].islower() or len(part) == 1 for part in re.split(r"['’-]", text))
    )
