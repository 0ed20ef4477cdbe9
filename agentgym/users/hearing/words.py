"""The words of a message: without those that say nothing, and one for those that mean the same.

Texts in, sets of words out. What means the same is known of English (`SYNONYMS`), of our
vocabulary (`billed` and `billing`, `qty` and `quantity`), and of a schema (plurals). Words that a
schema tells apart are told apart. Next: `values`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from typing import Any

from agentgym.formats import data_root, decode, read
from agentgym.schema import Schema

__all__ = ["STOP", "Vocabulary", "raw_words", "words"]

STOP = frozenset(
    "a an the of for to in on at by with from and or is are was were be been being am do does did "
    "have has had can could will would shall should may might must i me my mine you your yours we "
    "us our it its this that these those he she they them his her their there here please tell "
    "give provide let know need want like ask say what which who whom whose when where why how "
    "exactly also just still as if so any some s t re ll ve d".split()
)
"""Words that say nothing about which fact is meant."""

_GROUPS = (
    ("phone", "telephone", "mobile", "cell"),
    ("email", "mail", "e"),
    ("amount", "quantity", "number", "count", "many"),
    ("price", "cost", "much", "fee"),
    ("date", "day", "time", "datetime"),
    ("address", "street"),
    ("zip", "postcode", "postal"),
    ("surname", "lastname"),
    ("picture", "photo", "image"),
    ("status", "state"),
    ("title", "heading"),
    ("comment", "note", "remark"),
)
SYNONYMS = {word: group[0] for group in _GROUPS for word in group}

_WORD = re.compile(r"[^\W_]+")
_BIRTH = re.compile(r"\b(birthday|birthdate|dob)\b")


def raw_words(text: str) -> frozenset[str]:
    """Return the words of a text, without regard to case."""
    return frozenset(_WORD.findall(text.casefold()))


def _plain(text: str) -> str:
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    return _BIRTH.sub("birth date", text.casefold())


def _stem(word: str) -> str:
    return word[:-1] if len(word) > 3 and word[-1] == "s" and word[-2] != "s" else word


def words(text: str) -> frozenset[str]:
    """Return the words that say what is meant, without plural, one for those that mean the same."""
    return frozenset(
        SYNONYMS.get(stem := _stem(word), stem)
        for word in _WORD.findall(_plain(text))
        if word not in STOP
    )


class Vocabulary:
    """What the words of one schema mean.

    Args:
        schema: Whose labels they are.
    """

    __slots__ = ("_same", "known")

    def __init__(self, schema: Schema) -> None:
        same, labels = dict(SYNONYMS), set[str]()
        for entity in schema.entities:
            labels |= raw_words(entity.label) | raw_words(entity.plural)
            for field in entity.fields:
                labels |= raw_words(field.label)
            _alike(same, entity.label, entity.plural)
        _said(same, labels)
        _short(same, labels)
        self._same = same
        """Every word to the one that stands for it; itself where it is missing."""
        self.known = frozenset(labels)
        """The words of all labels."""

    def apart(self, labels: Iterable[str]) -> Vocabulary:
        """Return a vocabulary in which these labels do not come to the same."""
        clashing = self._clashes(labels)
        if not clashing:
            return self
        other = Vocabulary.__new__(Vocabulary)
        other.known = self.known
        other._same = self._same | {word: word for word in clashing}  # noqa: SLF001
        return other

    def _clashes(self, labels: Iterable[str]) -> set[str]:
        """Return the words by which labels differ that would come to the same."""
        seen: dict[frozenset[str], frozenset[str]] = {}
        found: set[str] = set()
        for label in labels:
            raw, meant = raw_words(label) - STOP, self.words(label)
            other = seen.setdefault(meant, raw)
            found |= {_stem(word) for word in other ^ raw}
        return found

    def words(self, text: str) -> frozenset[str]:
        """Return the words that say what is meant, one for those that mean the same."""
        same = self._same
        found = set()
        for word in _WORD.findall(_plain(text)):
            if word in STOP:
                continue
            other = same.get(word)
            if other is None:
                stem = _stem(word)
                other = same.get(stem, stem)
            found.add(other)
        return frozenset(found)


@cache
def _data(name: str) -> Any:
    path = data_root("schemas") / "vocabulary" / f"{name}.json"
    return decode(read(path), dict, where=str(path))


def _alike(same: dict[str, str], label: str, plural: str) -> None:
    """Take one row and several of a kind for the same: `person` and `people`."""
    one, many = label.casefold().split(), plural.casefold().split()
    if len(one) == len(many):
        for singular, several in zip(one, many, strict=True):
            if singular != several and several not in same and several not in STOP:
                stem = _stem(singular)
                same[several] = same.get(stem, stem)


def _said(same: dict[str, str], labels: set[str]) -> None:
    """Take what happened for its name: `billed` for `billing`."""
    for noun, done in _data("said")["done"].items():
        if noun in labels and done not in labels and done not in same and " " not in noun + done:
            stem = _stem(noun)
            same[_stem(done)] = same[done] = same.get(stem, stem)


def _short(same: dict[str, str], labels: set[str]) -> None:
    """Take short forms for what they stand for: `qty` for `quantity`."""
    for short, long in _data("abbreviations")["always"].items():
        meant = long if isinstance(long, str) else long[0]
        if short in labels or short in same or short in STOP or " " in meant:
            continue
        stem = _stem(meant.casefold())
        if meant in labels or stem in labels:
            same[short] = same.get(stem, stem)
