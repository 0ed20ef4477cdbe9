"""All that an agent was told or shown, ready to be asked whether a value occurs in it.

Texts come in as they are told. Each is read at most once, and only when a value is asked for that
stands in none of the latest; a value that occurs nowhere costs no more after many texts than after
few. Forks share what was told before them. Next: `ground`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from agentgym.episode.flags import reading

__all__ = ["Seen"]

_RAW = 4000
"""Characters that are searched as they stand before they are read."""
_FEW = 4
"""Texts that are."""
_DEEPEST = 8
"""Most links from what a fork was told to what all were told, before they are joined."""


class Times:
    """The days, moments and lengths of time that texts speak of."""

    __slots__ = ("days", "moments", "months", "seconds", "spans", "years")

    def __init__(self) -> None:
        self.days: dict[str, None] = {}
        """In the order in which they were seen."""
        self.moments: dict[str, None] = {}
        self.years: set[int] = set()
        self.months: set[tuple[int, int]] = set()
        self.seconds: set[int] = set()
        """Lengths of time in seconds."""
        self.spans: set[int] = set()
        """Lengths of time in months."""

    def read(self, text: str, *, said: bool) -> None:
        """Add what a text speaks of; people say it in more ways than tools."""
        days, moments = reading.days(text, said=said)
        self.days |= dict.fromkeys(days)
        self.moments |= dict.fromkeys(moments)
        if not said:
            self.seconds |= reading.lengths(text)
            return
        years, months = reading.years(text)
        self.years |= years
        self.months |= months
        seconds, spans = reading.spans(text)
        self.seconds |= seconds
        self.spans |= spans


class Seen:
    """Texts that an agent has seen, behind those that it had seen before.

    What was forked is never added to any more, and may be asked by several threads: to read a text
    twice adds nothing.

    Args:
        before: What was seen before.
    """

    __slots__ = (
        "_digests",
        "_figured",
        "_figures",
        "_folded",
        "_pieced",
        "_pieces",
        "_places",
        "_raw",
        "_summed",
        "_timed",
        "_times",
        "_vocabulary",
        "_worded",
        "_words",
        "_written",
        "before",
        "depth",
        "figured",
        "said",
        "texts",
    )

    def __init__(self, before: Seen | None = None) -> None:
        self.before = before
        self.depth: int = 0 if before is None else before.depth + 1
        self.texts: list[str] = []
        self.said: list[bool] = []
        """Of each text, whether it was said by people rather than given by a tool."""
        self.figured: dict[int, Any] = {}
        """What `worked` has read of the latest results, by place."""
        self._raw = 0
        self._pieced = 0
        self._figured = 0
        self._written = 0
        self._timed = 0
        self._summed = 0
        self._worded = 0
        self._folded = 0
        # made when they are needed: most forks never do
        self._pieces: set[str] | None = None
        self._figures: tuple[set[str], set[str], set[str]] | None = None
        self._vocabulary: set[str] | None = None
        self._places: dict[str, list[int]] | None = None
        self._words: dict[int, str] | None = None
        self._times: Times | None = None
        self._digests: set[int] | None = None

    def add(self, text: str, *, said: bool = False) -> None:
        """Note a text."""
        self.texts.append(text)
        self.said.append(said)
        self._raw += len(text)

    def chain(self) -> Iterator[Seen]:
        """Yield it and all before it, the latest first."""
        node: Seen | None = self
        while node is not None:
            yield node
            node = node.before

    def fork(self) -> Seen:
        """Return one to go on with; this one must not be added to any more."""
        if self.depth < _DEEPEST:
            return Seen(self)
        nodes = list(self.chain())
        whole = Seen(nodes[-1])
        for node in reversed(nodes[:-1]):
            whole.texts += node.texts
            whole.said += node.said
        whole._raw = sum(map(len, whole.texts))
        return Seen(whole)

    # as it stands

    def holds_text(self, text: str) -> bool:
        """Tell whether a JSON string, or a text in quotes, stands somewhere just as it is."""
        raw = f'"{text}"'
        return any(node.has(text, raw) for node in self.chain())

    def has(self, piece: str, raw: str) -> bool:
        """Look here: for a piece between quotes in what was cut, for raw text in the rest."""
        texts = self.texts
        if self._raw > _RAW or len(texts) - self._pieced > _FEW:
            self._cut()
        if self._pieces is not None and piece in self._pieces:
            return True
        return any(raw in texts[place] for place in range(len(texts) - 1, self._pieced - 1, -1))

    def _cut(self) -> None:
        """Take the texts apart at their quotes: cheap, and right for most of what tools give."""
        count, pieces = len(self.texts), self._pieces or set()
        for text in self.texts[self._pieced : count]:
            pieces.update(text.split('"'))
        self._pieces, self._pieced, self._raw = pieces, count, 0

    # in any spelling

    def holds_number(self, digits: str, last: Seen | None = None) -> bool:
        """Tell whether a number stands somewhere.

        Args:
            digits: In the one spelling of `reading.number_of`.
            last: Where not to look any more, nor in what is before it.
        """
        node: Seen | None = self
        while node is not None and node is not last:
            if node.has_number(digits):
                return True
            node = node.before
        return False

    def has_number(self, digits: str) -> bool:
        """Look here for a number."""
        found = self._figures
        if found is None:
            found = self._figures = set(), set(), set()
        said, given, _ = found
        if digits in given or digits in said:
            return True
        count = len(self.texts)
        if self._figured < count:
            if any(
                f":{digits}," in self.texts[place]
                for place in range(count - 1, self._figured - 1, -1)
            ):
                return True
            for place in range(self._figured, count):
                text = self.texts[place]
                if self.said[place]:
                    said.update(reading.numbers(text))
                else:
                    given.update(reading.figures(text))
            self._figured = count
        return digits in given or digits in said

    def numbers_said(self) -> set[str]:
        """Return the numbers that people said here."""
        self.has_number("")
        assert self._figures is not None
        return self._figures[0]

    def holds_written(self, digits: str, last: Seen | None = None) -> bool:
        """Tell whether a number stands somewhere in what tools gave, as people write it."""
        node: Seen | None = self
        while node is not None and node is not last:
            if digits in node.numbers_written():
                return True
            node = node.before
        return False

    def numbers_written(self) -> set[str]:
        """Return the numbers in what tools gave here, read as what people write."""
        self.has_number("")
        assert self._figures is not None
        found, count = self._figures[2], len(self.texts)
        for place in range(self._written, count):
            if not self.said[place]:
                found.update(reading.numbers(self.texts[place]))
        self._written = count
        return found

    def times(self) -> Times:
        """Return what is spoken of here."""
        found = self._times
        if found is None:
            found = self._times = Times()
        for place in range(self._timed, len(self.texts)):
            found.read(self.texts[place], said=self.said[place])
            self._timed = place + 1
        return found

    def vocabulary(self) -> set[str]:
        """Return all words here, folded."""
        found, count = self._vocabulary, len(self.texts)
        if found is None or self._folded < count:
            found = found or set()
            for place in range(self._folded, count):
                found.update(reading.words(self.texts[place]))
            self._vocabulary, self._folded = found, count
        return found

    def _spaced(self) -> tuple[dict[str, list[int]], dict[int, str]]:
        """Return where each word stands, and the words of each text, folded."""
        places, known = self._places, self._words
        if places is None or known is None:
            places, known = self._places, self._words = {}, {}
        count = len(self.texts)
        for place in range(self._worded, count):
            text = known[place] = reading.spaced(self.texts[place])
            for word in set(text.split()):
                places.setdefault(word, []).append(place)
        self._worded = count
        return places, known

    def holds_word(self, word: str) -> bool:
        """Tell whether a word, folded, stands in a text."""
        node: Seen | None = self
        while node is not None:
            known = node._vocabulary  # noqa: SLF001 - its own kind
            if known is not None and word in known:
                return True
            node = node.before
        node = self
        while node is not None:
            unread = node._folded < len(node.texts)
            if unread and word in node.vocabulary():
                return True
            node = node.before
        return False

    def holds_words(self, words: str) -> bool:
        """Tell whether words stand one after the other in a text.

        Args:
            words: As `reading.spaced` gives them; without the blank at the end, the last of them
                may be but the beginning of one.
        """
        whole = words.split()
        part = "" if words.endswith(" ") else whole.pop()
        return any(node.has_words(words, whole, part) for node in self.chain())

    def has_words(self, words: str, whole: list[str], part: str) -> bool:
        """Look here for words in a row; `whole` are the whole ones, `part` begins the last."""
        known = self.vocabulary()
        if not whole:
            return f"\n{part}" in "\n".join(["", *known])
        if not known.issuperset(whole):
            return False
        if len(whole) == 1 and not part:
            return True
        places, texts = self._spaced()
        return any(words in texts[place] for place in _rarest(places, whole))

    def holds_all(self, words: list[str]) -> bool:
        """Tell whether a text holds all of the words, in any order."""
        for node in self.chain():
            if not node.vocabulary().issuperset(words):
                continue
            places, texts = node._spaced()  # noqa: SLF001 - its own kind
            for place in _rarest(places, words):
                if all(f" {word} " in texts[place] for word in words):
                    return True
        return False

    # as a whole

    def state(self) -> int:
        """Return a figure that is equal where the same texts were seen, in whatever order."""
        found: set[int] = set()
        for node in self.chain():
            found |= node.digests()
        return sum(found) % 2**128

    def digests(self) -> set[int]:
        """Return the digests of the texts here, each once."""
        found = self._digests
        if found is None:
            found = self._digests = set()
        count = len(self.texts)
        found.update(_digest(text) for text in self.texts[self._summed : count])
        self._summed = count
        return found


def _rarest(places: dict[str, list[int]], words: list[str]) -> list[int]:
    """Return where the rarest of the words stands; nowhere, if one of them does not."""
    found: list[int] | None = None
    for word in words:
        here = places.get(word)
        if here is None:
            return []
        if found is None or len(here) < len(found):
            found = here
    return found or []


def _digest(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=16).digest(), "big")
