"""Cutting names into words: at underscores, capitals and digits, and within glued words.

In comes a name as a schema writes it; out go tokens in lower case, in order.
`unitprice` is cut by a search for the likeliest English words. Next: `christening`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Self

from agentgym.schema.names.lexicon import (
    ABBREVIATIONS,
    EVIDENCED,
    PIECES,
    frequency,
    is_mixed,
    is_word,
    surprise,
    written,
)

__all__ = ["Segmenter", "Token", "tokens"]

_FUNCTION_WORDS = frozenset({"of", "to", "in", "on", "by", "no", "at", "or"})
_LONGEST = 16
_ENDS = frozenset("date time code name type level qty hrs count number price flag size".split())
"""Words that end so many names that a cut before them needs little else."""
_LIMIT = 1.6
_ENOUGH = 2.0e6


class Token(str):
    """A word of a name in lower case, which remembers how it stood there.

    Attributes:
        glued: It follows the token before it without a mark or capital between (`address1`).
        shouted: It was in capitals beside words that were not (`PONumber`).
    """

    __slots__ = ("glued", "shouted")
    glued: bool
    shouted: bool

    def __new__(cls, text: str, *, glued: bool = False, shouted: bool = False) -> Self:
        """Make a token."""
        token = super().__new__(cls, text)
        token.glued = glued
        token.shouted = shouted
        return token


@lru_cache(maxsize=65536)
def tokens(name: str) -> tuple[Token, ...]:
    """Cut a name at marks, capitals and digits.

    >>> tokens("InvoiceLineID2")
    ('invoice', 'line', 'id', '2')
    """
    text = unicodedata.normalize("NFC", unicodedata.normalize("NFKC", name))
    text = re.sub(r"(?<=\w)['\u2019](?=\w)", "", text)
    parts = "".join(c if _is_letter(c) else " " for c in text).split()
    mixed = any(part != part.upper() for part in parts)
    found: list[Token] = []
    for part in parts:
        if written(part.lower()) is not None or part.isdigit():
            found.append(Token(part.lower()))
        elif part:
            found.extend(_cut(part, mixed=mixed))
    return tuple(found)


def _is_letter(character: str) -> bool:
    return character.isalnum() or unicodedata.category(character).startswith("M")


def _cut(part: str, *, mixed: bool) -> Iterable[Token]:
    pieces = re.findall(r"\d+|[^\d]+", part)
    glued = False
    for place, piece in enumerate(pieces):
        whole = "".join(pieces[place : place + 2]).lower()
        if place + 1 < len(pieces) and written(whole) is not None:
            pieces[place + 1] = ""
            yield Token(whole, glued=glued)
        elif piece.isdigit():
            yield Token(piece, glued=glued)
        elif piece:
            for word in _humps(piece):
                shouted = mixed and 2 <= len(word) <= 5 and word.isupper()
                yield Token(word.lower(), glued=glued, shouted=shouted)
                glued = False
        glued = True


def _humps(text: str) -> list[str]:
    """Cut at capitals; a run of capitals is one word, less the start of the next."""
    starts = [0]
    for place in range(1, len(text)):
        before, here = text[place - 1], text[place]
        after = text[place + 1] if place + 1 < len(text) else ""
        plural_mark = after == "s" and place + 2 >= len(text)
        opens_word = before.isupper() and after.islower() and not plural_mark
        if here.isupper() and (before.islower() or opens_word):
            starts.append(place)
    words = [text[a:b] for a, b in zip(starts, [*starts[1:], len(text)], strict=True)]
    joined: list[str] = []
    for word in words:
        if joined and len(joined[-1]) == 1 and is_mixed((joined[-1] + word).lower()):
            joined[-1] += word
        else:
            joined.append(word)
    return joined


class Segmenter:
    """Cuts glued words, knowing the words that the schema uses elsewhere.

    Args:
        known: Words that stand on their own somewhere in the schema.
    """

    def __init__(self, known: Iterable[str] = ()) -> None:
        self._known = frozenset(word for word in known if len(word) >= 3)
        self._cache: dict[str, tuple[str, ...]] = {}

    def cut(self, word: str) -> tuple[str, ...]:
        """Return the words that are glued in a token, or the token alone."""
        if word not in self._cache:
            self._cache[word] = self._search(word)
        return self._cache[word]

    def _search(self, word: str) -> tuple[str, ...]:
        whole = (word,)
        if len(word) < 5 or not (word.isascii() and word.isalpha()):
            return whole
        if written(word) or word in ABBREVIATIONS or word in EVIDENCED or is_word(word):
            return whole
        best: list[tuple[float, tuple[str, ...]]] = [(0.0, ())]
        for end in range(1, len(word) + 1):
            options: list[tuple[float, tuple[str, ...]]] = [(float("inf"), whole)]
            for start in range(max(0, end - _LONGEST), end):
                before, cut = best[start]
                if before < float("inf"):
                    piece = word[start:end]
                    cost = self._cost(piece, first=start == 0, last=end == len(word))
                    options.append((before + cost, (*cut, piece)))
            best.append(min(options))
        cost, cut = best[-1]
        return cut if cost <= _LIMIT * len(word) and len(cut) <= 7 else whole

    def _cost(self, piece: str, *, first: bool, last: bool) -> float:
        size = len(piece)
        if size == 1:
            return float("inf")
        if size == 2:
            if piece == "id" and (last or first):
                return 2.5
            if piece in ("no", "nr") and last:
                return 6.0
            if piece == "ip" and (first or last):
                return 5.5
            return 5.0 if piece in _FUNCTION_WORDS and not first and not last else float("inf")
        bonus = 3.0 if piece in self._known and (size > 3 or piece in PIECES) else 0.0
        if last and piece in _ENDS:
            bonus = max(bonus, 2.0)
        if size == 3 and piece not in PIECES:
            return 11.0 if (written(piece) or "").isupper() else float("inf")
        if piece in ABBREVIATIONS and not is_word(piece):
            return 4.5 if piece in PIECES else 6.5 - bonus + (2.0 if size == 3 else 0.0)
        if written(piece) is not None:
            return 6.5 - bonus
        if not is_word(piece) and not bonus:
            return float("inf")
        if size == 4 and frequency(piece) < 10 * _ENOUGH and not bonus:
            return float("inf")
        if size == 5 and frequency(piece) < _ENOUGH / 5 and not bonus:
            return float("inf")
        penalty = {3: 3.0, 4: 1.5}.get(size, 0.5)
        return max(surprise(piece), 3.0) - bonus + penalty
