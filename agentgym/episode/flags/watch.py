"""The watch of one episode: repeated calls, and values that nobody had told or shown.

In come the calls, what came of them, and what was said; out come the flags. A value counts as told
where it occurs in the system text, the documentation of a tool, the words of the user, a result or
a notice, in whatever spelling, or where it may have been worked out of what does (`worked`). An
error tells nothing by repeating what was sent. Next: `feedback`.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping
from typing import Self

from agentgym.episode.flags import reading
from agentgym.episode.flags.ground import ANY, Ground, Kind
from agentgym.episode.flags.seen import Seen
from agentgym.episode.flags.worked import number_worked, time_worked
from agentgym.formats import Json, encode, to_text
from agentgym.trajectory import Fault

__all__ = ["Watch"]

_NONE: Mapping[str, Kind] = {}
_NUMBERS = re.compile(r"(?<![\w.])(?:\d+(?:\.\d*)?|\.\d+)")
_LONG = 10_000
"""Longest text that is looked for."""
_ROUND = re.compile(r"[1-9]\d?0*|\.\d\d?|\d\.\d{1,2}|0\.\d{1,3}|0|36[56]|1440|3600|86400")
"""Constants that people reckon with."""


class Watch:
    """Knows what the agent has seen and done in one episode.

    Args:
        ground: What is known of the view; None where nothing is told of it: then no value is looked
            at.
    """

    __slots__ = (
        "_args",
        "_known",
        "_made",
        "_name",
        "_refused",
        "_revision",
        "_seen",
        "_shaky",
        "_shared",
        "_slot",
        "ground",
    )

    def __init__(self, ground: Ground | None = None) -> None:
        self.ground = ground
        self._seen = Seen(None if ground is None else ground.seen)
        self._known: set[Json] = set()
        """Values that are known to have been told."""
        self._made: set[Hashable] = set()
        """Calls that were made since a row was last written."""
        self._refused: set[Hashable] = set()
        """Calls that were refused since anything was last told."""
        self._shared = False
        self._revision = 0
        self._name = ""
        self._args: Mapping[str, Json] = {}
        self._slot: Hashable = None
        self._shaky = False
        """Whether the last call held a value from nowhere."""

    def told(self, text: str) -> None:
        """Note that the user, or the world, said something."""
        self._seen.add(text, said=True)
        if self._refused:
            self._refused = set()

    def call(self, name: str, arguments: Mapping[str, Json], revision: int) -> tuple[bool, bool]:
        """Look at a call before it is made.

        Args:
            name: Of the shown tool.
            arguments: As the agent sent them.
            revision: Number of row writes so far.

        Returns:
            Whether it repeats a call since which nothing has changed, and whether it holds a value
            that nobody told or showed.
        """
        self._name, self._args = name, arguments
        if revision != self._revision:
            self._revision = revision
            self._made, self._refused = set(), set()
        ground = self.ground
        self._slot = slot = _slot(name, arguments)
        repeated = slot in self._made or slot in self._refused
        if ground is None:
            return repeated, False
        if repeated and name in ground.again:
            repeated = False
        self._shaky = name not in ground.free and not self._all_told(ground, name, arguments)
        return repeated, self._shaky

    def came(self, text: str, error: Fault | None, fault: str | None) -> None:
        """Note what the agent was shown of the call that it made last.

        Args:
            text: The result, as it was shown.
            error: Why it was refused.
            fault: Kind of the fault that the environment put into it: to try again repeats
                nothing.
        """
        ground, name = self.ground, self._name
        if fault is None and (error is not None or self._refused or self._slot not in self._made):
            self._note(error)
        if ground is None or name in ground.untold or (self._shaky and name in ground.sums):
            return
        if error is not None:
            text = _without(text, self._args)
        self._seen.add(text, said=name in ground.free)

    def _note(self, error: Fault | None) -> None:
        """Remember the call that was made, where to make it again would be of no use."""
        slot = self._slot
        if error is None:
            if slot not in self._made:
                self._own()
                self._made.add(slot)
                if self._refused:
                    self._refused = set()
        elif self.ground is None or error.rule not in self.ground.mending:
            self._own()
            self._refused.add(slot)

    def _own(self) -> None:
        """Make sets that forks share its own, before they are changed."""
        if self._shared:
            self._made, self._refused, self._shared = set(self._made), set(self._refused), False

    def fork(self) -> Self:
        """Return an independent copy in the same state."""
        if self._seen.texts:
            self._seen = self._seen.fork()
        other = type(self).__new__(type(self))
        other.ground, other._revision = self.ground, self._revision  # noqa: SLF001 - its own kind
        other._seen = Seen(self._seen.before)  # noqa: SLF001
        other._known = set()  # noqa: SLF001
        other._made, other._refused = self._made, self._refused  # noqa: SLF001
        self._shared = other._shared = True  # noqa: SLF001
        other._name, other._args = self._name, self._args  # noqa: SLF001
        other._slot, other._shaky = self._slot, self._shaky  # noqa: SLF001
        return other

    def state(self) -> Hashable:
        """Return all that its flags from here on depend on."""
        made = frozenset(to_text(slot) for slot in self._made)
        return self._seen.state(), made, frozenset(to_text(slot) for slot in self._refused)

    def _all_told(self, ground: Ground, name: str, arguments: Mapping[str, Json]) -> bool:
        known, kinds = self._known, None
        for param, value in arguments.items():
            try:
                if value in known:
                    continue
            except TypeError:
                pass
            if kinds is None:
                kinds = ground.kinds(name)
            if not self._told(ground, kinds.get(param, ANY), value):
                return False
        return True

    def _told(self, ground: Ground, kind: Kind, value: Json) -> bool:
        """Tell whether a value was told, or may have been worked out."""
        if kind.evidence == "free" or value is None or isinstance(value, bool):
            return True
        if isinstance(value, dict):
            items = kind.items or _NONE
            return all(self._told(ground, items.get(n, ANY), one) for n, one in value.items())
        if isinstance(value, (list, tuple)):
            return all(self._told(ground, kind, one) for one in value)
        if kind.evidence == "sum" and isinstance(value, str):
            return self._reckoned(ground, value)
        if not isinstance(value, str):
            return self._number(ground, kind, value)
        return len(value) > _LONG or self._text(ground, kind, value)

    def _number(self, ground: Ground, kind: Kind, value: Json) -> bool:
        digits = reading.number_of(value)
        if digits is None:
            return False
        if self._seen.holds_number(digits, ground.seen):
            self._known.add(value)
            return True
        if kind.evidence == "key":  # figures of the documentation are no keys
            return False
        return self._figure(digits) or number_worked(
            digits, kind.field, self._seen, ground.seen, ground.keys
        )

    def _figure(self, digits: str, last: Seen | None = None) -> bool:
        """Tell whether a number was told in any spelling."""
        seen = self._seen
        if seen.holds_number(digits, last) or seen.holds_written(digits, last):
            return True
        return last is None and digits.isdecimal() and len(digits) == 4 and self._year(int(digits))

    def _year(self, number: int) -> bool:
        return any(number in node.times().years for node in self._seen.chain())

    def _text(self, ground: Ground, kind: Kind, value: str) -> bool:
        seen = self._seen
        word = value.isascii() and value.isalnum()
        if seen.holds_word(value.lower()) if word else seen.holds_text(value):
            self._known.add(value)
            return True
        if word and kind.evidence == "key":
            return value.isdecimal() and self._figure(value, ground.seen)
        day = None if word else reading.day_of(value)
        if day is not None:
            moment = reading.moment_of(value)
            times = [node.times() for node in seen.chain()]
            days = any(value[:10] in one.days for one in times)
            if days and (moment is None or value[11:16] in ("00:00", "23:59")):
                return True
            if moment is not None:
                sent = f"{moment:%Y-%m-%dT%H:%M:%S}Z".rjust(20, "0")
                if any(sent in one.moments for one in times):
                    return True
            return time_worked(value, seen)
        words = reading.spaced(value)
        if words == "  ":
            return not value.strip() or any(value in t for node in seen.chain() for t in node.texts)
        if (not word and seen.holds_words(words)) or (
            kind.evidence == "part" and seen.holds_words(words.removesuffix(" "))
        ):
            self._known.add(value)
            return True
        if kind.evidence == "key":
            digits = value.strip()
            return digits.isdecimal() and digits.isascii() and self._figure(digits, ground.seen)
        if kind.evidence == "prose":
            return all(self._spoken(one) for one in words.split() if not one.isalpha())
        return seen.holds_all(words.split())

    def _spoken(self, word: str) -> bool:
        """Tell whether a word with figures in it was told; small numbers are anybody's."""
        if word.isdecimal() and len(word) <= 2:
            return True
        return self._seen.holds_words(f" {word} ") or (
            word.isascii() and word.isdecimal() and self._figure(word)
        )

    def _reckoned(self, ground: Ground, expression: str) -> bool:
        """Tell whether the numbers of an expression were told; round ones are anybody's."""
        for digits in _NUMBERS.findall(expression[:_LONG]):
            if _ROUND.fullmatch(digits) or len(digits) > 30:
                continue
            plain = digits.strip(".").lstrip("0") or "0"
            plain = plain.rstrip("0").rstrip(".") if "." in plain else plain
            plain = f"0{plain}" if plain.startswith(".") else plain
            if not self._figure(plain) and not number_worked(
                plain, "", self._seen, ground.seen, ground.keys
            ):
                return False
        return True


def _slot(name: str, arguments: Mapping[str, Json]) -> Hashable:
    """Return what two calls have in common that are the same."""
    if not arguments:
        return name
    if len(arguments) == 1:
        for param, value in arguments.items():
            if type(value) is str or type(value) is int:
                return name, param, value
    items = tuple(sorted(arguments.items()))
    for _, value in items:
        if type(value) is not str and type(value) is not int:
            return name, encode(dict(items)).decode()
    return name, items


def _without(text: str, arguments: Mapping[str, Json]) -> str:
    """Take out of an error what it repeats of the call."""
    for leaf in sorted(_leaves(arguments), key=len, reverse=True):
        if leaf and len(leaf) < _LONG:
            text = _blanked(text, leaf)
    return text


def _blanked(text: str, leaf: str) -> str:
    """Take a leaf out of a text wherever it is no part of a longer word."""
    found = text.find(leaf)
    while found >= 0:
        stop = found + len(leaf)
        before, after = text[found - 1 : found], text[stop : stop + 1]
        if ((before + leaf[0]).isalnum() and before) or ((leaf[-1] + after).isalnum() and after):
            found = text.find(leaf, found + 1)
        else:
            text = f"{text[:found]} {text[stop:]}"
            found = text.find(leaf, found)
    return text


def _leaves(value: Json) -> Iterator[str]:
    if isinstance(value, Mapping):
        for part in value.values():
            yield from _leaves(part)
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _leaves(part)
    elif value is not None and not isinstance(value, bool):
        yield to_text(value)[1:-1] if isinstance(value, str) else str(value)
