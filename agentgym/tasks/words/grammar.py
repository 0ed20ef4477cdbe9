"""The engine of the grammar: the same productions write a phrase and read it back.

A production is a pattern with slots and the phrase that it stands for; `Writer` turns
a phrase into pieces of text, `Parser` finds every phrase that stands at a place of a
text. What the productions are is data, in `english`. Next: `english`.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from itertools import product

from agentgym.formats import Json, Record
from agentgym.rules.english import a
from agentgym.tasks.words.lexicon import Lexicon, low, many
from agentgym.tasks.words.phrases import Day, Moment, Number, Phrase, Quote, Truth
from agentgym.tasks.words.values import Style, UnsayableError, scan, unit_words, written

__all__ = [
    "Filler",
    "Grammar",
    "Label",
    "Many",
    "Name",
    "Parser",
    "Piece",
    "Production",
    "Slot",
    "Spelled",
    "Unit",
    "Valued",
    "Writer",
    "joined",
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


Symbol = tuple[Production, ...] | Many | Label | Valued | Name | Unit | Spelled | Filler
Grammar = Mapping[str, Symbol]
Piece = tuple[str, str]
"""Characters, and what they are: empty for words of the grammar."""

_SLOT = re.compile(r"\{(\w+):([\w ]+)\}")
_OR = re.compile(r"\[([^\]]*)\]")
_NAME = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_COUNTS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_COUNT = re.compile(r"\d+(?!\w)|" + "|".join(_COUNTS))
_AN = re.compile(
    r"(?!uni|use|usa|eu|one\b|ur[aei])[aeiouàáâäéèêíîóôöúü]|hour|hono|heir", re.IGNORECASE
)


def productions(
    kind: type[Phrase] | None, *patterns: str, registers: tuple[str, ...] = (), **fixed: Json
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
    found = _NAME.fullmatch(text)
    return (
        found is not None
        and text[0].isupper()
        and all(part[1:].islower() or len(part) == 1 for part in re.split(r"['’-]", text))
    )


class Writer:
    """Writes phrases; chooses among productions with its stream, in its tone."""

    def __init__(
        self, grammar: Grammar, rng: random.Random, *, register: str, style: Style
    ) -> None:
        self._grammar = grammar
        self._rng = rng
        self._register = register
        self._style = style

    def write(self, symbol: str, phrase: object) -> list[Piece]:
        """Write a phrase.

        Raises:
            UnsayableError: No production fits.
        """
        rule = self._grammar[symbol]
        if phrase is None and not isinstance(rule, Filler):
            raise UnsayableError(f"nothing for {symbol}")
        match rule:
            case tuple():
                return self._choose(symbol, rule, phrase)
            case Many():
                return self._many(rule, phrase)
            case Label():
                text = str(phrase)
                return [(_article(text) if rule.article else "", ""), (text, rule.kind)]
            case Valued():
                if isinstance(phrase, rule.kind) and isinstance(
                    phrase, (Quote, Number, Day, Moment, Truth)
                ):
                    return [(written(phrase, self._style), type(phrase).__name__.lower())]
                raise UnsayableError(f"{phrase!r} as {rule.kind.__name__}")
            case Name():
                return [(str(phrase), "name")]
            case Unit():
                return [(unit_words(str(phrase)), "unit")]
            case Spelled():
                count = int(str(phrase))
                return [(_COUNTS[count] if count < len(_COUNTS) else str(count), "")]
            case Filler():
                return [(self._rng.choice(rule.options.get(self._register, ("",))), "")]

    def _choose(self, symbol: str, rule: tuple[Production, ...], phrase: object) -> list[Piece]:
        fitting = [p for p in rule if _fits(p, phrase)]
        mine = [p for p in fitting if not p.registers or self._register in p.registers]
        rest = [p for p in fitting if p not in mine]
        self._rng.shuffle(mine)
        self._rng.shuffle(rest)
        for option in (*mine, *rest):
            try:
                return self._produce(option, phrase)
            except UnsayableError:
                continue
        raise UnsayableError(f"no {symbol} for {phrase!r}")

    def _produce(self, production: Production, phrase: object) -> list[Piece]:
        pieces: list[Piece] = []
        for item in production.items:
            if isinstance(item, str):
                pieces.append((item, ""))
            elif production.kind is None:
                pieces.extend(self.write(item.of, phrase))
            else:
                pieces.extend(self.write(item.of, getattr(phrase, item.name, None)))
        return pieces

    def _many(self, rule: Many, phrase: object) -> list[Piece]:
        phrases = phrase if isinstance(phrase, tuple) else (phrase,)
        if not rule.least <= len(phrases) <= rule.most:
            raise UnsayableError(f"{len(phrases)} of {rule.item}")
        if not phrases:
            return []
        pieces: list[Piece] = [(rule.leads[-1 if len(phrases) > 1 else 0], "")]
        before = ""
        for place, one in enumerate(phrases):
            more = self.write(rule.later if place and rule.later else rule.item, one)
            first = more[0][0].split(" ")[0]
            if place:
                last = place == len(phrases) - 1 if not rule.alike else first == before
                pieces.append((rule.separators[-1 if last else 0], ""))
            pieces += more
            before = first
        return [*pieces, (rule.tail, "")]


def _article(text: str) -> str:
    if many(text):
        return ""
    if re.match(r"[A-Z]{2,}\b", text):
        return a(text).removesuffix(text)
    return "an " if _AN.match(text) else "a "


def _fits(production: Production, phrase: object) -> bool:
    if production.kind is None:
        return True
    return isinstance(phrase, production.kind) and all(
        getattr(phrase, name) == value for name, value in production.fixed.items()
    )


def joined(pieces: list[Piece]) -> tuple[str, str]:
    """Join pieces to sentences, and to their pattern, in which labels and values are masked."""
    text = ""
    mask = ""
    start, ended = True, False
    for chars, kind in pieces:
        shown = chars
        if not kind and text.endswith(","):
            if shown[:1] == ",":
                shown = shown[1:]
            elif shown[:1] in tuple(".?!;:)"):
                text, mask = text[:-1], mask[:-1]
        if not shown:
            continue
        if start and kind in _OURS:
            shown = shown[:1].upper() + shown[1:]
        text += shown
        mask += f"<{kind}>" if kind else shown
        if shown.strip():
            ended = not kind and shown.rstrip().endswith((".", "?", "!"))
        start = ended and shown.endswith(" ")
    return text, mask


_OURS = frozenset({"", "singular", "plural", "field", "switch", "word"})
"""Pieces that may be capitalised: all but what is data."""


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
                for production in rule:
                    first = production.lows[0]
                    if not isinstance(first, str) or self._low.startswith(first, at):
                        found.update(dict.fromkeys(self._produce(production, at)))
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
                name = _NAME.match(self._text, at)
                return [(name.group(), name.end())] if name and named(name.group()) else []
            case Unit():
                pairs = [(unit, unit_words(unit)) for unit in self._words.units]
                return [(u, at + len(w)) for u, w in pairs if self._text.startswith(w, at)]
            case Spelled():
                count = _COUNT.match(self._low, at)
                if not count:
                    return []
                word = count.group()
                return [(str(_COUNTS.index(word)) if word in _COUNTS else word, count.end())]
            case Filler():
                options = sorted({o for group in rule.options.values() for o in group} | {""})
                return [("", at + len(o)) for o in options if self._low.startswith(low(o), at)]
        raise AssertionError(rule)

    def _produce(self, production: Production, at: int) -> list[tuple[object, int]]:
        states: list[tuple[int, dict[str, object]]] = [(at, production.fixed)]
        for item in production.lows:
            if isinstance(item, str):
                states = [
                    (end + len(item), bound)
                    for end, bound in states
                    if self._low.startswith(item, end)
                ]
            else:
                states = [
                    (after, bound if item.name == "_" else {**bound, item.name: phrase})
                    for end, bound in states
                    for phrase, after in self.parse(item.of, end)
                ]
            if not states:
                return []
        kind = production.kind
        if kind is None:
            return [(next(iter(bound.values())), end) for end, bound in states]
        return [(kind(**bound), end) for end, bound in states]

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
