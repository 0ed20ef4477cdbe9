"""Exact arithmetic on the text of an expression: no names, no powers, bounded in every way.

An expression as an agent wrote it comes in, an int or Decimal goes out, or a ValueError
that says what was expected.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

__all__ = ["calculate"]

_LONGEST = 1000
_DEEPEST = 50
_LARGEST = 10**30
_DIGITS = 12
"""Digits after the point where the exact value has no end."""

_TOKEN = re.compile(r"\s*(?:(\d+(?:\.\d*)?|\.\d+)|([a-z]+)|([-+*/(),]))", re.ASCII)


def calculate(expression: str) -> int | Decimal:
    """Compute the value of an expression.

    Args:
        expression: Numbers with + - * / ( ) and round(x, digits), min(..), max(..).

    Returns:
        An int where the value is whole, else a Decimal: exact where it has at most 12
        digits after the point, else rounded half up to 12.

    Raises:
        ValueError: It is no such expression, too large, or divides by zero.
    """
    if len(expression) > _LONGEST:
        raise ValueError(f"an expression of at most {_LONGEST} characters")
    value = _Parser(_tokens(expression)).whole()
    rounded = _round(value, _DIGITS)
    if rounded.denominator == 1:
        return int(rounded)
    scaled = rounded * 10**_DIGITS
    number = Decimal(f"{int(scaled)}E-{_DIGITS}")
    text = format(number, "f").rstrip("0")
    return Decimal(text)


def _tokens(expression: str) -> list[str]:
    found, place = [], 0
    text = expression.rstrip()
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            rest = text[place:].lstrip()[:1]
            raise ValueError(
                f"numbers with + - * / ( ), round, min and max; nothing else, as {rest!a}"
            )
        found.append(match[1] or match[2] or match[3])
        place = match.end()
    return found


class _Parser:
    """Recursive descent over the tokens."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._place = 0
        self._depth = 0

    def whole(self) -> Fraction:
        """Read everything."""
        value = self._sum()
        if self._place < len(self._tokens):
            raise ValueError(f"an operator instead of {self._tokens[self._place]!r}")
        return value

    def _peek(self) -> str:
        return self._tokens[self._place] if self._place < len(self._tokens) else ""

    def _take(self, token: str) -> bool:
        if self._peek() == token:
            self._place += 1
            return True
        return False

    def _expect(self, token: str) -> None:
        if not self._take(token):
            found = self._peek()
            raise ValueError(f"{token!r} instead of {repr(found) if found else 'the end'}")

    def _sum(self) -> Fraction:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ValueError(f"at most {_DEEPEST} levels of brackets")
        value = self._product()
        while self._peek() in ("+", "-"):
            value = _bound(value + self._product() if self._take("+") else self._minus(value))
        self._depth -= 1
        return value

    def _minus(self, value: Fraction) -> Fraction:
        self._expect("-")
        return value - self._product()

    def _product(self) -> Fraction:
        value = self._signed()
        while self._peek() in ("*", "/"):
            if self._take("*"):
                value = _bound(value * self._signed())
                continue
            self._expect("/")
            divisor = self._signed()
            if divisor == 0:
                raise ValueError("a divisor other than zero")
            value = _bound(value / divisor)
        return value

    def _signed(self) -> Fraction:
        negative = False
        while self._peek() in ("+", "-"):
            negative ^= self._peek() == "-"
            self._place += 1
        value = self._atom()
        return -value if negative else value

    def _atom(self) -> Fraction:
        found = self._peek()
        self._place += 1
        if found == "(":
            value = self._sum()
            self._expect(")")
            return value
        if found[:1].isdigit() or found[:1] == ".":
            return _bound(Fraction(found))
        if found in _FUNCTIONS:
            self._expect("(")
            arguments = [self._sum()]
            while self._take(","):
                arguments.append(self._sum())
            self._expect(")")
            return _FUNCTIONS[found](arguments)
        if found.isalpha():
            raise ValueError(f"round, min or max instead of {found!r}")
        raise ValueError(f"a number instead of {repr(found) if found else 'the end'}")


def _bound(value: Fraction) -> Fraction:
    if abs(value.numerator) > _LARGEST * value.denominator:
        raise ValueError("values of at most 30 digits")
    if value.denominator > _LARGEST**4:
        raise ValueError("fewer divisions: the exact value has too many digits")
    return value


def _round(value: Fraction, digits: int) -> Fraction:
    """Round half up, away from zero."""
    scaled = abs(value) * 10**digits
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Fraction(-whole if value < 0 else whole, 10**digits)


def _rounded(arguments: list[Fraction]) -> Fraction:
    if len(arguments) > 2:
        raise ValueError("round with a number and how many digits")
    digits = arguments[1] if len(arguments) == 2 else Fraction(0)
    if digits.denominator != 1 or not 0 <= digits <= _DIGITS:
        raise ValueError(f"a whole number of digits from 0 to {_DIGITS} in round")
    return _round(arguments[0], int(digits))


_FUNCTIONS: dict[str, Callable[[list[Fraction]], Fraction]] = {
    "round": _rounded,
    "min": min,
    "max": max,
}
