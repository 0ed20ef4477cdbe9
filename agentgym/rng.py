"""Named streams of seeded randomness: the only source of chance in the project.

A draw is keyed by (seed, stream, entity or event), never by the order of calls, so
that two rollouts which act differently do not shift each other's luck.
"""

from __future__ import annotations

import hashlib
import random

__all__ = ["key", "stream"]


def key(*parts: object) -> int:
    """Hash the parts to a 64-bit integer, the same in every process and on every machine."""
    text = "\x1f".join(f"{type(part).__name__}:{part}" for part in parts)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def stream(*parts: object) -> random.Random:
    """Open the stream named by the parts, usually (seed, room, thing).

    Returns:
        A generator of its own; drawing from it disturbs no other stream.
    """
    return random.Random(key(*parts))
