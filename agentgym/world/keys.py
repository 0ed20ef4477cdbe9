"""New keys for created rows: the next number, or the next text of the keys that exist.

No chance and no clock: a key follows from the keys at the start and a counter.
Next: `writes`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import Literal

from agentgym.formats import Record

__all__ = ["Pattern", "pattern", "spell"]

_NUMBERED = re.compile(r"(.*?)(\d+)\Z", re.DOTALL)
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")
_HEX = re.compile(r"[0-9a-f]{8,64}\Z")


class Pattern(Record, kw_only=True):
    """How the text keys of an entity are spelled."""

    kind: Literal["number", "uuid", "hex"]
    prefix: str = ""
    width: int = 12
    """Digits of a number, with zeros in front; characters of a hex key."""
    highest: int = 0
    """Largest number so far."""


def pattern(keys: Iterable[str], *, longest: int | None) -> Pattern:
    """Find the spelling that all the keys share; hex digits where they share none.

    Args:
        keys: The keys at the start, in any order.
        longest: Most characters that a key may have.
    """
    known = list(keys)
    other = Pattern(kind="hex", width=min(12, longest or 12))
    if not known:
        return other
    if all(_UUID.match(key) for key in known):
        return Pattern(kind="uuid", width=36)
    if len({len(key) for key in known}) == 1 and len(known[0]) > 8 and all(map(_HEX.match, known)):
        return Pattern(kind="hex", width=len(known[0]))
    matches = [match for match in map(_NUMBERED.match, known) if match]
    prefixes = {match[1] for match in matches}
    if len(matches) == len(known) and len(prefixes) == 1:
        width = min(len(match[2]) for match in matches)
        numbers = [int(match[2][-18:]) for match in matches]
        if all(
            len(m[2]) <= 18 and m[2] == str(n).zfill(width)
            for m, n in zip(matches, numbers, strict=True)
        ):
            return Pattern(kind="number", prefix=prefixes.pop(), width=width, highest=max(numbers))
    return other


def spell(pattern: Pattern, entity: str, count: int, *, longest: int | None) -> str:
    """Spell the key of that count.

    Args:
        pattern: What `pattern` found.
        entity: The entity whose key it is.
        count: For numbers the number itself, else which key this is.
        longest: Most characters that a key may have.
    """
    if pattern.kind == "number":
        text = pattern.prefix + str(count).zfill(pattern.width)
        if longest is None or len(text) <= longest:
            return text
    digits = hashlib.blake2b(f"{entity}\x1f{count}".encode(), digest_size=32).hexdigest()
    if pattern.kind == "uuid":
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32]))
    return digits[: min(pattern.width if pattern.kind == "hex" else 12, longest or 64)]
