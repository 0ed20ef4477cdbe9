"""Reading: every phrase that the productions allow at a place of a text. Next: `english`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from agentgym.tasks.words.grammar import (
    COUNTS,
    NAME,
    Filler,
    Grammar,
    Label,
    Many,
    Name,
    Production,
    Slot,
    Spelled,
    Symbol,
    Unit,
    Valued,
    named,
)
from agentgym.tasks.words.lexicon import Lexicon, low
from agentgym.tasks.words.scan import scan
from agentgym.tasks.words.units import unit_words

__all__ = ["Parser"]

_COUNT = re.compile(r"\d+(?!\w)|" + "|".join(COUNTS))

Found = tuple[tuple[object, int], ...]


class Parser:
    """Reads phrases: every one that the grammar allows at a place of a text."""

    def __init__(
        self,
        grammar: Grammar,
        text: str,
        words: Lexicon,
        keep: Mapping[str, Callable[[object], bool]],
    ) -> None:
        """Prepare to read one text.

        Args:
            grammar: The productions.
            text: What to read.
            words: The labels that may occur.
            keep: Symbol to a test that its phrases must pass to be kept.
        """
        self._grammar = grammar
        self._text = text
        self._low = low(text)
        self._words = words
        self._keep = keep
        self._memo: dict[tuple[str, int], Found] = {}

    def parse(self, symbol: str, at: int) -> Found:
        """Return the phrases of a symbol that start at a place, each with its end."""
        known = self._memo.get((symbol, at))
        if known is not None:
            return known
        rule = self._grammar[symbol]
        found: dict[tuple[object, int], None] = {}
        match rule:
            case tuple():
                self._walk(_tree(rule), [(at, {})], found)
            case Many():
                found = dict.fromkeys(self._many(rule, at))
            case _:
                found = dict.fromkeys(self._terminal(rule, at))
        test = self._keep.get(symbol)
        if test is not None:
            found = {one: None for one in found if test(one[0])}
        self._memo[symbol, at] = tuple(found)
        return self._memo[symbol, at]

    def _terminal(self, rule: Symbol, at: int) -> list[tuple[object, int]]:
        match rule:
            case Label(article=True):
                return [
                    one
                    for article in ("a ", "an ", "")
                    if self._low.startswith(article, at)
                    for one in self._words.starting(rule.kind, self._low, at + len(article))
                ]
            case Label():
                return list(self._words.starting(rule.kind, self._low, at))
            case Valued():
                return [
                    one
                    for one in scan(self._text, at, self._words.units)
                    if isinstance(one[0], rule.kind)
                ]
            case Name():
                name = NAME.match(self._text, at)
                if not name:
                    return []
                whole = name.group()
                texts = dict.fromkeys((whole, whole.removesuffix("'s")))
                return [(text, at + len(text)) for text in texts if named(text)]
            case Unit():
                pairs = [(unit, unit_words(unit)) for unit in self._words.units]
                return [(u, at + len(w)) for u, w in pairs if self._text.startswith(w, at)]
            case Spelled():
                count = _COUNT.match(self._low, at)
                if not count:
                    return []
                word = count.group()
                return [(str(COUNTS.index(word)) if word in COUNTS else word, count.end())]
            case Filler():
                return [("", end) for end in self._filler(rule, at)]
        raise AssertionError(rule)

    def _filler(self, rule: Filler, at: int) -> list[int]:
        options = {o for group in rule.options.values() for o in group} | {""}
        ends = {at + len(o) for o in options if self._low.startswith(low(o), at)}
        lines = {
            end + len(line)
            for end in ends
            for line in rule.lines
            if self._low.startswith(low(line), end)
        }
        return sorted(ends | lines)

    def _walk(
        self,
        tree: _Tree,
        states: list[tuple[int, dict[str, object]]],
        found: dict[tuple[object, int], None],
    ) -> None:
        """Follow productions that begin alike together, and note what stands at their ends."""
        for production in tree.ends:
            kind = production.kind
            for end, bound in states:
                if kind is None:
                    found[next(iter(bound.values())), end] = None
                else:
                    found[kind(**{**production.fixed, **bound}), end] = None
        if tree.texts:
            for end, bound in states:
                for text, below in tree.texts.get(self._low[end : end + 1], ()):
                    if self._low.startswith(text, end):
                        self._walk(below, [(end + len(text), bound)], found)
        for slot, below in tree.slots:
            after = [
                (place, bound if slot.name == "_" else {**bound, slot.name: phrase})
                for end, bound in states
                for phrase, place in self.parse(slot.of, end)
            ]
            if after:
                self._walk(below, after, found)

    def _many(self, rule: Many, at: int) -> list[tuple[object, int]]:
        found: list[tuple[object, int]] = [((), at)] if rule.least == 0 else []
        rows: list[tuple[tuple[object, ...], int]] = [
            ((one,), end)
            for lead in rule.leads
            if self._low.startswith(lead, at)
            for one, end in self.parse(rule.item, at + len(lead))
        ]
        for size in range(1, rule.most + 1):
            if size >= rule.least:
                for several, end in rows:
                    if self._low.startswith(rule.tail, end):
                        found.append((several, end + len(rule.tail)))
                    if rule.loose:
                        found.append((several, end))
            rows = [
                ((*several, one), after)
                for several, end in rows
                for separator in rule.separators
                if self._low.startswith(separator, end)
                for one, after in self.parse(rule.later or rule.item, end + len(separator))
            ]
        return found


class _Tree:
    """Productions by what they begin with."""

    def __init__(self) -> None:
        self.ends: list[Production] = []
        """Those that are complete here."""
        self.texts: dict[str, list[tuple[str, _Tree]]] = {}
        """By its first letter, the text that follows."""
        self.slots: list[tuple[Slot, _Tree]] = []

    def below(self, item: str | Slot) -> _Tree:
        """Return what follows an item, which is added where it is new."""
        branch: list[tuple[str, _Tree]] | list[tuple[Slot, _Tree]]
        branch = self.texts.setdefault(item[:1], []) if isinstance(item, str) else self.slots
        for known, tree in branch:
            if known == item:
                return tree
        tree = _Tree()
        branch.append((item, tree))  # type: ignore[arg-type]
        return tree


_TREES: dict[int, tuple[tuple[Production, ...], _Tree]] = {}


def _tree(rule: tuple[Production, ...]) -> _Tree:
    """Return the productions of a rule as a tree, made once."""
    known = _TREES.get(id(rule))
    if known is None or known[0] is not rule:
        tree = _Tree()
        for production in rule:
            place = tree
            for item in production.lows:
                place = place.below(item)
            place.ends.append(production)
        known = _TREES[id(rule)] = (rule, tree)
    return known[1]
