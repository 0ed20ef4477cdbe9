"""What an industry can be made of: its patterns with what they need, its options that are clothed.

A `Library` comes in, a `Trade` goes out, worked out once. Next: `blueprint`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

import msgspec

from agentgym.errors import UsageError, nearest
from agentgym.formats import Json
from agentgym.sources.compose.library import Library, fragments
from agentgym.sources.compose.records import (
    Fragment,
    Industry,
    Option,
    Pattern,
    Reference,
    Slot,
)

__all__ = ["Trade", "label_of", "mentioned", "trade"]


def label_of(reference: Reference) -> str:
    """Return the name by which a pattern speaks of a reference."""
    return "_".join((reference.label or reference.to).split())


class Trade:
    """One industry of a library.

    Args:
        library: All patterns.
        industry: The industry.

    Attributes:
        patterns: Names of the patterns that can be drawn, in the order of the industry, each
            after those that it needs.
        closures: Pattern to the patterns that come with it, itself among them.
    """

    def __init__(self, library: Library, industry: Industry) -> None:
        self.library = library
        self.industry = industry
        self.closures: dict[str, tuple[str, ...]] = {}
        self.forced: dict[str, tuple[tuple[str, str], ...]] = {}
        for name in industry.patterns:
            found = self._closure(name)
            if found is not None:
                self.closures[name] = tuple(found)
        ordered: dict[str, None] = {}
        for name in self.closures:
            ordered.update(dict.fromkeys(self.closures[name]))
        self.patterns = tuple(name for name in ordered if name in self.closures)

    def _closure(self, name: str) -> dict[str, None] | None:
        """Return what comes with a pattern, first what it needs; None where it is not clothed."""
        found: dict[str, None] = {}
        forced: dict[tuple[str, str], None] = {}

        def add(each: str, above: tuple[str, ...]) -> bool:
            pattern = self.library.patterns.get(each)
            if pattern is None or each not in self.industry.patterns:
                return False
            if not self.dressed(pattern.slots):
                return False
            for need in pattern.needs:
                home = self.library.homes.get(need)
                if home is None:
                    return False
                if home.option:
                    if need not in self.industry.slots:
                        return False
                    forced[home.pattern, home.option] = None
                if home.pattern not in (*above, *found) and not add(home.pattern, (*above, each)):
                    return False
            found[each] = None
            return True

        if not add(name, (name,)):
            return None
        self.forced[name] = tuple(forced)
        return found

    def dressed(self, slots: Iterable[Slot]) -> bool:
        """Tell whether the industry clothes the slots."""
        return all(slot.slot in self.industry.slots for slot in slots)

    def options(self, pattern: str) -> Iterator[Option]:
        """Yield the options of a pattern that the industry clothes and does not rule out."""
        for option in self.library.patterns[pattern].options:
            ruled_out = f"{pattern}.{option.name}" in self.industry.without
            if self.dressed(option.slots) and not ruled_out:
                yield option

    def drawn(self, patterns: Iterable[str], options: Iterable[tuple[str, str]]) -> list[Fragment]:
        """Return the fragments of patterns and options, patterns in order with their options."""
        chosen = set(options)
        found: list[Fragment] = []
        for name in patterns:
            pattern: Pattern = self.library.patterns[name]
            found += [
                each
                for option, each in fragments(pattern)
                if not option or (name, option) in chosen
            ]
        return found


def trade(library: Library, industry: str) -> Trade:
    """Return what an industry of the library can be made of.

    Raises:
        UsageError: The library has no such industry.
    """
    known: dict[str, Trade] = library.memory
    if industry not in known:
        if industry not in library.industries:
            raise UsageError(
                "an industry", found=repr(industry), hint=nearest(industry, library.industries)
            )
        known[industry] = Trade(library, library.industries[industry])
    return known[industry]


@lru_cache(maxsize=1024)
def _texts(content: bytes) -> frozenset[str]:
    return frozenset(_strings(msgspec.json.decode(content)))


def _strings(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield key
            yield from _strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from _strings(each)


def mentioned(fragment: Fragment) -> frozenset[str]:
    """Return the words that rules, effects, derived values and uniques of a fragment use."""
    said = [fragment.derived, fragment.exclusives, fragment.effects, fragment.rules,
            [slot.uniques for slot in fragment.slots]]  # fmt: skip
    return _texts(msgspec.json.encode(said))
