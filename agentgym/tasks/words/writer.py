"""Writing: a phrase turned into pieces of text by the productions that fit it. Next: `parser`."""

from __future__ import annotations

import random
import re

from agentgym.rules.english import a
from agentgym.tasks.words.grammar import (
    COUNTS,
    Filler,
    Grammar,
    Label,
    Many,
    Name,
    Piece,
    Production,
    Spelled,
    Unit,
    Valued,
)
from agentgym.tasks.words.lexicon import many
from agentgym.tasks.words.units import unit_words
from agentgym.tasks.words.values import Style, UnsayableError, written

__all__ = ["Writer", "joined"]

_CAPITAL = re.compile(r"[.?!] [a-z]")
_AN = re.compile(
    r"(?!uni|use|usa|eu|one\b|ur[aei])[aeiouàáâäéèêíîóôöúü]|hour|hono|heir", re.IGNORECASE
)


class Writer:
    """Writes phrases; chooses among productions with its stream, in its tone."""

    def __init__(
        self, grammar: Grammar, rng: random.Random, *, register: str, style: Style, line: str = ""
    ) -> None:
        """Prepare to write one message.

        Args:
            grammar: The productions.
            rng: Chooses among them.
            register: The tone.
            style: How values are written.
            line: What follows the first words that mean nothing, where it may.
        """
        self._grammar = grammar
        self._line = line
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
                if isinstance(phrase, rule.kind):
                    shown = written(phrase, self._style)  # type: ignore[arg-type]
                    return [(shown, type(phrase).__name__.lower())]
                raise UnsayableError(f"{phrase!r} as {rule.kind.__name__}")
            case Name():
                return [(str(phrase), "name")]
            case Unit():
                return [(unit_words(str(phrase)), "unit")]
            case Spelled():
                count = int(str(phrase))
                return [(COUNTS[count] if count < len(COUNTS) else str(count), "")]
            case Filler():
                words = self._rng.choice(rule.options.get(self._register, ("",)))
                line = self._line if self._line in rule.lines else ""
                return [(words, ""), ("" if words.endswith(": ") else line, "")]

    def _choose(self, symbol: str, rule: tuple[Production, ...], phrase: object) -> list[Piece]:
        mine: list[Production] = []
        rest: list[Production] = []
        for one in _of_kind(rule, type(phrase)):
            if _fits(one, phrase):
                suits = not one.registers or self._register in one.registers
                (mine if suits else rest).append(one)
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
        lead = "1. " if rule.numbered else rule.leads[-1 if len(phrases) > 1 else 0]
        pieces: list[Piece] = [(lead, "")]
        before = ""
        for place, one in enumerate(phrases):
            more = self.write(rule.later if place and rule.later else rule.item, one)
            first = more[0][0].split(" ")[0]
            if place:
                last = place == len(phrases) - 1 if not rule.alike else first == before
                between = rule.separators[-1 if last else 0]
                pieces.append((f"\n{place + 1}. " if rule.numbered else between, ""))
            pieces += more
            before = first
        return [*pieces, (rule.tail, "")]


def _article(text: str) -> str:
    if many(text):
        return ""
    if re.match(r"(?:[A-Z]{2,}|[A-Za-z])\b", text):
        return a(text).removesuffix(text)
    return "an " if _AN.match(text) else "a "


_KINDS: dict[tuple[int, type], tuple[tuple[Production, ...], tuple[Production, ...]]] = {}
"""Of a rule and a kind of phrase: the rule, and its productions for that kind."""


def _of_kind(rule: tuple[Production, ...], kind: type) -> tuple[Production, ...]:
    known = _KINDS.get((id(rule), kind))
    if known is None or known[0] is not rule:
        fitting = tuple(p for p in rule if p.kind is None or issubclass(kind, p.kind))
        known = _KINDS[id(rule), kind] = (rule, fitting)
    return known[1]


def _fits(production: Production, phrase: object) -> bool:
    if production.kind is None:
        return True
    return all(getattr(phrase, name) == value for name, value in production.fixed.items())


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
        if not kind:
            shown = _CAPITAL.sub(lambda found: found.group().upper(), shown)
        text += shown
        mask += f"<{kind}>" if kind else shown
        if shown.strip():
            ended = not kind and shown.rstrip().endswith((".", "?", "!"))
        start = ended and shown[-1].isspace()
    return text, mask


_OURS = frozenset({"", "singular", "plural", "field", "switch", "word"})
"""Pieces that may be capitalised: all but what is data."""
