"""The words of a field's name, and the vocabulary that they are looked up in.

In comes a field or an entity; out go its words in lower case, as people say them and
as the source has them. Next: `sample`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Any

from agentgym.formats import data_root, decode, read
from agentgym.schema import Entity, Field

__all__ = [
    "Names",
    "any_of",
    "ends",
    "has",
    "joined",
    "names",
    "phrases",
    "single",
    "vocabulary",
]

Names = tuple[tuple[str, ...], ...]
"""The ways in which a name can be read: as words of the label, and of the identifier."""


@cache
def vocabulary(name: str) -> Any:
    """Return one of our vocabulary files, read once."""
    path = data_root("schemas") / "vocabulary" / f"{name}.json"
    return decode(read(path), dict, where=str(path))


@cache
def phrases(section: str) -> tuple[tuple[str, ...], ...]:
    """Return the phrases of a section of the vocabulary of roles, each cut into words."""
    return tuple(tuple(phrase.casefold().split(" ")) for phrase in vocabulary("roles")[section])


@cache
def single(section: str) -> frozenset[str]:
    """Return the single words of a section."""
    return frozenset(word.casefold() for word in vocabulary("roles")[section])


def names(thing: Field | Entity) -> Names:
    """Return the words of a field or an entity: of its label, then of its identifier."""
    label = tuple(re.findall(r"[^\W_]+(?:-[^\W_]+)?", thing.label.casefold()))
    identifier = tuple(part for part in re.split(r"[_\d]+", thing.name) if part)
    return (label,) if identifier == label else (label, identifier)


def has(words: Names, options: Iterable[tuple[str, ...]]) -> str:
    """Return the longest of the phrases that stands in the name, or nothing."""
    found = ""
    for option in options:
        size = len(option)
        for one in words:
            if any(one[n : n + size] == option for n in range(len(one) - size + 1)):
                phrase = " ".join(option)
                found = phrase if len(phrase) > len(found) else found
    return found


def ends(words: Names, options: Iterable[tuple[str, ...]]) -> str:
    """Return the longest of the phrases that the name ends with, or nothing.

    A number at the end does not count: `address line 2` ends with `address line`.
    """
    found = ""
    for option in options:
        for one in words:
            bare = one[:-1] if len(one) > 1 and one[-1].isdigit() else one
            if bare[-len(option) :] == option:
                phrase = " ".join(option)
                found = phrase if len(phrase) > len(found) else found
    return found


def any_of(words: Names, options: frozenset[str]) -> str:
    """Return the first word of the name that is among the options, or nothing."""
    return next((word for one in words for word in one if word in options), "")


def joined(evidence: Iterable[str], *more: str) -> tuple[str, ...]:
    """Return the evidence with more of it, each sentence once."""
    return tuple(dict.fromkeys((*evidence, *more)))
