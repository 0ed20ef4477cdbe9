"""The values of one field, seen as evidence: how many, how alike, of what pattern.

In come stored values; out go counts and shares. Next: `fields`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property

from agentgym.schema.types import Stored

__all__ = ["PATTERNS", "Sample"]

PATTERNS: dict[str, re.Pattern[str]] = {
    "email": re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+"),
    "phone": re.compile(
        r"(?=(?:.*\d){6})\+?[\d\s().\-/]{6,24}(?:\s*(?:x|ext\.?)\s*\d+)?", re.IGNORECASE
    ),
    "uuid": re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE),
    "hex": re.compile(r"(?=.*\d)(?:[0-9a-f]{2}){8,}", re.IGNORECASE),
    "url": re.compile(r"(?:https?|ftp)://\S+|www\.\S+", re.IGNORECASE),
    "path": re.compile(
        r"(?:[\w.\- ]*/){2,}[\w.\- ]*|[\w\-]+\.(?:jpe?g|png|gif|pdf|svg|bmp)", re.IGNORECASE
    ),
    "code": re.compile(r"(?=.*[A-Z0-9])[A-Z0-9][A-Z0-9\-_/.#]{0,23}"),
    "name": re.compile(r"[^\W\d_]+(?:[ '\-.]+[^\W\d_]+){1,4}\.?"),
}
"""Patterns of whole values, by what they show."""

_MOST = 4000


class Sample:
    """Values of one field, without the empty ones; the first 4,000.

    Args:
        values: Stored values in row order.
    """

    def __init__(self, values: Iterable[Stored]) -> None:
        self.values: list[int | float | str] = []
        for value in values:
            if value is not None:
                self.values.append(value)
                if len(self.values) == _MOST:
                    break

    def __len__(self) -> int:
        return len(self.values)

    @cached_property
    def distinct(self) -> list[int | float | str]:
        """The different values, in order of first appearance."""
        return list(dict.fromkeys(self.values))

    @cached_property
    def texts(self) -> list[str]:
        """The values that are texts."""
        return [value for value in self.values if isinstance(value, str) and value.strip()]

    @cached_property
    def length(self) -> float:
        """The average length of the texts, in characters; 0 without any."""
        return sum(map(len, self.texts)) / len(self.texts) if self.texts else 0.0

    @property
    def is_unique(self) -> bool:
        """Whether at least ten values are there and no two are alike."""
        return len(self) >= 10 and len(self.distinct) == len(self)

    @cached_property
    def is_prose(self) -> bool:
        """Whether the texts are sentences: long, or of several lines."""
        lines = sum("\n" in text.strip() for text in self.texts)
        return bool(self.texts) and (self.length > 70 or lines * 5 > len(self.texts))

    def share(self, pattern: str) -> tuple[int, int]:
        """Return how many of the texts are of a pattern, and how many there are."""
        match = PATTERNS[pattern].fullmatch
        return sum(1 for text in self.texts if match(text.strip())), len(self.texts)

    def looks(self, pattern: str, *, least: float = 0.8) -> bool:
        """Tell whether that share of the texts is of the pattern."""
        hits, total = self.share(pattern)
        return total > 0 and hits >= least * total

    def only(self, values: Iterable[object]) -> bool:
        """Tell whether there are values and all of them, whatever their case, are these."""
        legal = {str(value).casefold() for value in values}
        return bool(self.values) and all(str(v).casefold() in legal for v in self.distinct)
