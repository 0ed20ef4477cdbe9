"""Short forms written out: by our vocabulary, and by what the schema itself uses.

In come the tokens of one name; out come `Words`, and whether a person would say them.
Next: `phrase`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from agentgym.schema.names.lexicon import (
    ABBREVIATIONS,
    ADVERBS,
    EVIDENCED,
    LAST,
    head,
    is_pronounceable,
    is_word,
    singular,
    vocabulary,
    written,
)
from agentgym.schema.names.split import Token

__all__ = ["Expander", "Words"]

_COUNTS = frozenset({"num", "nbr", "n", "cnt", "nr", "nb"})
_GLUED_ENDS = ("name", "date", "code", "desc", "type", "num", "id", "no", "nm")
_HAS = frozenset({"has", "have"})
_JOINING = frozenset({"of", "in", "to", "by", "for", "and", "from"})
_PLURAL_MODIFIERS = frozenset(vocabulary("words")["plural_modifiers"])
_GLUE = re.compile(
    r"(date|time|code|name|type|level|count|number|price|flag|size|qty|hrs|amt|pct|nbr|cnt|desc|addr)\Z"
)
"""Ends of unknown words that are two words, one of them short for another."""
_THINGS: dict[str, str] = vocabulary("phrases")["things"]
_TAILS = {"id": "ID", "no": "number", "num": "number", "nm": "name", "desc": "description"}
_VOWELS = frozenset("aeiouy")


class Words:
    """The words of a label, and which of them are none.

    Args:
        text: The words as people write them.
        spoken: Whether people would say them.
        bad: Those that are no words, in lower case.
    """

    __slots__ = ("bad", "raw", "spoken", "text")

    def __init__(
        self, text: Sequence[str], *, spoken: bool = True, bad: Iterable[str] = ()
    ) -> None:
        self.text = list(text)
        self.spoken = spoken
        self.bad = frozenset(bad)
        self.raw: list[Token] = []


class Expander:
    """Writes out the short forms of one schema.

    Args:
        tables: The tokens of each table's name, without prefixes.
        columns: The tokens of each column's name.
    """

    def __init__(self, tables: Iterable[Sequence[str]], columns: Iterable[Sequence[str]]) -> None:
        self._tables = Counter(singular(t) for words in tables for t in words if len(t) > 3)
        self._columns = Counter(t for words in columns for t in words if len(t) > 3)
        long = {t for t in (*self._tables, *self._columns) if is_word(t)}
        self._by_letter: dict[str, list[str]] = {}
        for word in sorted(long, key=lambda w: (-self._tables[w], -self._columns[w], w)):
            self._by_letter.setdefault(word[0], []).append(word)
        self._cache: dict[str, str | None] = {}

    def entity(self, words: Sequence[Token]) -> Words:
        """Write out the name of a table, in the singular."""
        kept = [w for n, w in enumerate(words) if w not in _HAS or n in (0, len(words) - 1)]
        found = self._all(kept, None, None)
        thing = _THINGS.get(" ".join(found.text).lower())
        if thing is not None:
            return Words(thing.split(" "))
        text = found.text
        if text:
            place = head(text)
            word = text[place]
            acronym = word.endswith("s") and word[:-1].isupper() and len(word) > 2
            text[place] = word[:-1] if acronym else singular(word)
            if not any(w in _JOINING for w in text):
                text[:place] = [w if w in _PLURAL_MODIFIERS else singular(w) for w in text[:place]]
            if len(text) > 1 and text[-1] in ADVERBS:
                text.insert(0, text.pop())
            if text[-1] == "staff":
                text.append("member")
        return found

    def field(self, words: Sequence[Token], own: Words, target: Words | None) -> Words:
        """Write out the name of a column of the entity `own`, which may refer to `target`."""
        return self._all(words, own, target)

    def _all(self, words: Sequence[Token], own: Words | None, target: Words | None) -> Words:
        text: list[str] = []
        bad: list[str] = []
        for place, part in enumerate(words):
            last = place == len(words) - 1
            if part in _COUNTS and place == 0 and not last and own is not None:
                text.append("number of")
                continue
            if part == "of" and text == ["number of"]:
                continue
            if part == "no" and place == 0 and not last and words[1] == "of":
                text.append("number")
                continue
            following = words[place + 1] if not last else None
            if text[-1:] == ["sub"]:
                text[-1] = "sub" + part
                continue
            if part == "sub" and following is not None and is_word(following):
                text.append(part)
                continue
            found = self._glued(part, own, target, alone=len(words) == 1) or self._one(
                part, own, target, place=place, last=last and place > 0, following=following
            )
            if found is None:
                bad.append(part)
            shown = part.upper() if part.shouted else part
            text.append(found or shown)
        flat = [word for piece in text for word in piece.split(" ")]
        return Words(flat, spoken=not bad and any(w[:1].isalpha() for w in flat), bad=bad)

    def _glued(
        self, part: str, own: Words | None, target: Words | None, *, alone: bool
    ) -> str | None:
        """Read `stuid` and `aid`: the start of an entity's name, and a word that ends names."""
        if own is None or (is_word(part) and len(part) > 3) or part in own.text:
            return None
        if part in ABBREVIATIONS and not (alone and len(part) == 3):
            return None
        for end in _GLUED_ENDS:
            start = part.removesuffix(end)
            if start == part or not start or len(start) > 4:
                continue
            tail = _TAILS.get(end, end)
            for entity in (target, own):
                if entity is None or not _opens(start, entity.text):
                    continue
                if entity is target or not is_word(part) or alone:
                    return " ".join([*entity.text, tail])
            if start in ABBREVIATIONS and len(start) > 1:
                return f"{self._likely(ABBREVIATIONS[start], own, target, strict=False)} {tail}"
        return None

    def _one(
        self,
        part: Token,
        own: Words | None,
        target: Words | None,
        *,
        place: int,
        last: bool,
        following: str | None,
    ) -> str | None:
        if part.isdigit() or not part.isascii():
            return part
        if target is not None and not last:
            near = self._near(part, target)
            if near is not None:
                return near
        acronym = written(part)
        if acronym is not None:
            return acronym
        if last and part in LAST:
            return LAST[part][0]
        if part in EVIDENCED:
            near = self._likely(EVIDENCED[part], own, target, strict=True)
            if near is not None:
                return near
        if part == "no" and following is not None:
            return part
        if part in ABBREVIATIONS:
            mine = own.text[0].lower() if own is not None and own.text else ""
            if place == 0 and not last and mine.startswith(part) and len(mine) > len(part) + 1:
                return mine
            return self._likely(ABBREVIATIONS[part], own, target, strict=False)
        if is_word(part):
            return part
        near = self._near(part, own) if own is not None else None
        found = near or self._anywhere(part)
        if found is not None:
            return found
        return part if is_pronounceable(part) and not _GLUE.search(part) else None

    def _near(self, part: str, entity: Words) -> str | None:
        """Return the word of an entity's label that the part shortens."""
        if len(part) < 2 or (is_word(part) and len(part) > 3):
            return None
        for word in entity.text:
            if word != part and len(word) > len(part) + 1 and _shortens(part, word.lower()):
                return word
        return None

    def _likely(
        self, options: Sequence[str], own: Words | None, target: Words | None, *, strict: bool
    ) -> str | None:
        for entity in (target, own):
            for option in options:
                if entity is not None and option in entity.text:
                    return option
        if strict:
            return next((option for option in options if self._tables[option]), None)
        return max(
            options,
            key=lambda o: (self._tables[o] > 0, self._columns[o] > 0, -options.index(o)),
        )

    def _anywhere(self, part: str) -> str | None:
        """Return the one word of the schema that the part shortens."""
        if part not in self._cache:
            self._cache[part] = None
            if len(part) >= 3 and part.isalpha():
                options = self._by_letter.get(part[0], ())
                starts = [w for w in options if w.startswith(part) and len(w) > len(part) + 1]
                if len(part) == 3:
                    starts = [w for w in starts if self._tables[w]]
                if starts:
                    self._cache[part] = starts[0]
                else:
                    skeletons = [w for w in options if _consonants(w) == part]
                    self._cache[part] = skeletons[0] if len(skeletons) == 1 else None
        return self._cache[part]


def _shortens(part: str, word: str) -> bool:
    return word.startswith(part) or (len(part) >= 2 and _is_skeleton(part, word))


def _is_skeleton(part: str, word: str) -> bool:
    """Tell whether the part is the word with letters, mostly vowels, left out."""
    if part[0] != word[0] or len(word) < len(part) + 2 or set(part[1:]) & _VOWELS:
        return False
    consonants = _consonants(word)
    if consonants == part or (len(part) >= 3 and consonants.startswith(part)):
        return True
    rest = iter(word)
    return (
        all(letter in rest for letter in part)
        and len(part) >= 3
        and part[-1] == consonants[-1]
        and len(part) * 2 >= len(consonants)
    )


def _consonants(word: str) -> str:
    return word[0] + "".join(letter for letter in word[1:] if letter not in _VOWELS)


def _opens(start: str, text: Sequence[str]) -> bool:
    """Tell whether the letters open an entity's name, or are its initials."""
    words = [word.lower() for word in text]
    initials = "".join(word[0] for word in words)
    if len(words) > 3 or (len(start) == 1 and len(words) > 1):
        return start in (initials, words[0][0] if len(words) < 4 else initials)
    return start == initials or any(
        word.startswith(start) or (len(start) >= 3 and _is_skeleton(start, word)) for word in words
    )
