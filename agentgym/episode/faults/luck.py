"""Luck: draws that are keyed by an event, so that whatever else is done does not shift them.

In come a seed, a call and how often it was made before; out comes a number. Next: `risk`.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from hashlib import blake2b

import msgspec

from agentgym.formats import Json, encode

__all__ = ["WHOLE", "Luck", "event"]

WHOLE = 2**64
"""Half of a draw is a number below it: the upper one says what, the lower one how."""


class Luck:
    """Draws of one episode.

    Args:
        parts: What the draws are keyed by, besides the event.
    """

    __slots__ = ("_begun", "_seed")

    def __init__(self, *parts: object) -> None:
        text = "\x1f".join(f"{type(part).__name__}:{part}" for part in parts)
        self._seed = blake2b(text.encode(), digest_size=16).digest()
        self._begun = blake2b(self._seed, digest_size=16)

    @property
    def name(self) -> str:
        """What tells it from others, in hex digits."""
        return self._seed.hex()

    def draw(self, happened: bytes, number: int) -> int:
        """Return a draw for an event that has happened so many times before."""
        found = self._begun.copy()
        found.update(b"%b#%d" % (happened, number))
        return int.from_bytes(found.digest(), "big")

    def of(self, *parts: object) -> tuple[int, int]:
        """Return two draws below `WHOLE` for anything else, named by its parts."""
        return divmod(self.draw(b"\x1e" + "\x1f".join(map(str, parts)).encode(), 0), WHOLE)


def event(tool: str, arguments: Mapping[str, Json]) -> bytes:
    """Return a call as bytes: equal for calls of the same tool with the same arguments.

    Numbers of one value are the same however they are written, names come in any order.
    """
    try:
        found = encode((tool, arguments))
        return encode((tool, _plain(arguments))) if b"." in found else found
    except (TypeError, ValueError, OverflowError, RecursionError, msgspec.MsgspecError):
        return repr((tool, sorted(map(str, arguments)))).encode("utf-8", "backslashreplace")


def _plain(value: Json) -> Json:
    """Write numbers in one way."""
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    if isinstance(value, (float, Decimal)):
        try:
            number = Decimal(str(value))
            return str(number.normalize()) if number % 1 else int(number)
        except (InvalidOperation, OverflowError, ValueError):
            return str(value)
    return value
