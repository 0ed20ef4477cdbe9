"""What is known about words: a frequency dictionary of English and our own vocabulary.

In comes one word in lower case; out goes whether it is a word, an abbreviation or an
acronym, and how it is written. The vocabulary is data, under `schemas/vocabulary`.
Next: `split` cuts names into words with it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

import inflect

from agentgym.formats import data_root, decode, read

__all__ = [
    "ABBREVIATIONS",
    "ADVERBS",
    "EVIDENCED",
    "LAST",
    "PARTICIPLES",
    "PIECES",
    "frequency",
    "head",
    "is_mixed",
    "is_pronounceable",
    "is_word",
    "plural",
    "singular",
    "surprise",
    "vocabulary",
    "written",
]


@cache
def vocabulary(name: str) -> Any:
    """Return one of our vocabulary files, read once."""
    path = data_root("schemas") / "vocabulary" / f"{name}.json"
    return decode(read(path), dict, where=str(path))


def _candidates(section: str) -> dict[str, tuple[str, ...]]:
    found = vocabulary("abbreviations")[section]
    return {key: (v,) if isinstance(v, str) else tuple(v) for key, v in found.items()}


ABBREVIATIONS = _candidates("always")
"""Short form to what it may stand for, likeliest first."""
EVIDENCED = _candidates("evidenced")
"""Short forms that are words too."""
LAST = _candidates("last")
"""Short forms at the end of a name only."""

_WORDS = vocabulary("words")
SHORT = frozenset(_WORDS["short"])
PIECES = frozenset(_WORDS["pieces"])
PARTICIPLES = frozenset(_WORDS["participles"])
_EXTRA = frozenset(_WORDS["extra"])
_COMPOUND = tuple(_WORDS["prefixes"])
ADVERBS = frozenset(_WORDS["adverbs"])
_TRAILING = frozenset(_WORDS["trailing"])
_SINGULAR = frozenset(_WORDS["singular"])
_UNCOUNTABLE = frozenset(_WORDS["uncountable"])
_IRREGULAR: dict[str, str] = _WORDS["irregular"]
_PLURALS: dict[str, str] = _WORDS["plurals"]
_UPPER = frozenset(vocabulary("acronyms")["upper"])
_MIXED: dict[str, str] = vocabulary("acronyms")["mixed"]
_ENGINE = inflect.engine()
_PREPOSITIONS = frozenset({"of", "in", "for", "per", "from", "on", "with"})
_PLAIN = re.compile(r"[a-z]+\Z")
_RARE = 8e5
_TOTAL = 1.0e12


@lru_cache(maxsize=1)
def _dictionary() -> dict[str, int]:
    path = files("symspellpy").joinpath("frequency_dictionary_en_82_765.txt")
    pairs = (line.split(" ") for line in path.read_text("utf-8-sig").splitlines())
    return {word: int(count) for word, count in pairs if "'" not in word}


def frequency(word: str) -> int:
    """Return how often the word stands in English text; 0 when it is not in the dictionary."""
    return _dictionary().get(word, 0)


def surprise(word: str) -> float:
    """Return the negative decimal logarithm of the word's share of English text."""
    return -math.log10(max(frequency(word), 1) / _TOTAL)


@lru_cache(maxsize=65536)
def is_word(word: str) -> bool:
    """Tell whether the word, in lower case, is English and no mere abbreviation."""
    if len(word) <= 3:
        return word in SHORT
    if word in ABBREVIATIONS:
        return word in ABBREVIATIONS[word]
    if word in _EXTRA:
        return True
    count = frequency(word)
    if len(word) == 4:
        return count >= _RARE
    return count > 0 or _is_derived(word)


def _is_derived(word: str) -> bool:
    """Tell whether the word is another one with a living prefix or suffix."""
    for prefix in _COMPOUND:
        rest = word[len(prefix) :] if word.startswith(prefix) else ""
        if len(rest) >= (3 if prefix == "sub" else 4) and is_word(rest):
            return True
    stem = re.sub(r"ables?\Z", "", word)
    roots = (stem, stem + "e", stem[:-1] if stem[-2:-1] == stem[-1:] else stem)
    return stem != word and len(stem) > 3 and any(frequency(root) > 0 for root in roots)


@lru_cache(maxsize=65536)
def written(word: str) -> str | None:
    """Return how an acronym is written (`URL`, `IPv4`, `IDs`); None for any other word."""
    if word in _MIXED:
        return _MIXED[word]
    if word in _UPPER:
        return word.upper()
    if word.endswith("s") and word[:-1] in _UPPER and len(word) > 2 and word not in SHORT:
        return word[:-1].upper() + "s"
    return None


def is_mixed(word: str) -> bool:
    """Tell whether the word is written in its own way (`OAuth`), not all in capitals."""
    return word in _MIXED


def is_pronounceable(word: str) -> bool:
    """Tell whether an unknown word of ASCII letters could be a word of some language."""
    if len(word) < 5 or not _PLAIN.match(word):
        return False
    if re.search(r"[^aeiouy]{5}|[aeiou]{4}|(.)\1\1", word):
        return False
    vowels = len(re.findall(r"[aeiouy]", word))
    return vowels * 4 >= len(word) and bool(re.search(r"[^aeiouy]", word))


@lru_cache(maxsize=65536)
def singular(word: str) -> str:
    """Return the singular of a noun in lower case; the word itself when it is none."""
    if word in _UNCOUNTABLE or word in _SINGULAR:
        return word
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if not _PLAIN.match(word):
        return word
    if not word.endswith("s"):
        return word if is_word(word) else _known(str(_ENGINE.singular_noun(word) or word), word)
    if word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-1] if is_word(word[:-1]) and not is_word(word[:-3] + "y") else word[:-3] + "y"
    if re.search(r"(sh|ch|x|ss|zz)es\Z", word):
        return _known(word[:-2], word)
    if word.endswith("ses") and not is_word(word[:-1]):
        return _known(word[:-2], word)
    return _known(word[:-1], word)


def _known(found: str, word: str) -> str:
    known = is_word(found) or written(found) is not None or found in ABBREVIATIONS
    return found if known or (not is_word(word) and is_pronounceable(found)) else word


def head(words: Sequence[str]) -> int:
    """Return the place of the noun that a label is about.

    It is the one before `of`, `in` and the like, else the last that is no participle
    or adverb and no number: `payments received`, `units of measure`, `address line 2`.
    """
    lower = [word.lower() for word in words]
    for place in range(1, len(lower) - 1):
        if lower[place] in _PREPOSITIONS and not _is_trailing(lower[place - 1]):
            return place - 1
    for place in range(2, len(lower) - 1):
        if lower[place] in ("to", "by") and _is_trailing(lower[place - 1]):
            return place - 2
    place = len(lower) - 1
    while place > 0 and (lower[place].isdigit() or _is_trailing(lower[place])):
        place -= 1
    return place if not _is_trailing(lower[place]) else len(lower) - 1


def _is_trailing(word: str) -> bool:
    if word in _TRAILING or word in ADVERBS:
        return True
    return len(word) > 5 and word.endswith("ed") and (is_word(word[:-1]) or is_word(word[:-2]))


@lru_cache(maxsize=65536)
def plural(label: str) -> str:
    """Return the plural of a label: of the noun that it is about."""
    words = label.split(" ")
    place = head(words)
    words[place] = _plural(words[place])
    return " ".join(words)


def _plural(word: str) -> str:
    if not word.isascii() or not word.replace("-", "").isalpha() or word in _UNCOUNTABLE:
        return word
    if word in _PLURALS:
        return _PLURALS[word]
    if word.endswith("s") and (singular(word) != word or not is_word(word)):
        return word
    if any(letter.isupper() for letter in word[1:]):
        return word if word.endswith("s") else word + "s"
    if word in _PREPOSITIONS or word in ("sales", "goods", "me", "us", "by", "to"):
        return word
    if word.endswith("s") and word not in _SINGULAR and not word.endswith(("ss", "us", "is")):
        return word
    if not is_word(word) and not re.search(r"(s|x|z|ch|sh|[^aeiou]y)\Z", word):
        return word if word.endswith(("en", "er")) else word + "s"
    return str(_ENGINE.plural_noun(word) or word)
