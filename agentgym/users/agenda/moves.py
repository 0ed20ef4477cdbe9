"""Moves: what the user is going to do with a reply, before it is put into words.

Next: `decide` makes them, `behaviours` changes them, `speech` says them.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from agentgym.trajectory import ActKind

__all__ = ["ACTS", "TELLING", "Move"]


class Move(NamedTuple):
    """One thing that the user does."""

    kind: str
    """One of `ACTS`."""
    facts: tuple[str, ...] = ()
    """Ids of the facts that it is about."""
    text: str = ""
    """The words, where the script or the world supplies them; of a slip, the wrong value."""
    deed: str | None = None


ACTS: Final[dict[str, ActKind | None]] = {
    "inform": "inform",
    "resend": "inform",
    "correct": "correct",
    "mend": "correct",
    "turn": "shift",
    "yes": "confirm",
    "right": "confirm",
    "no": "deny",
    "decline": "deny",
    "withhold": "withhold",
    "vague": "withhold",
    "unknown": "unknown",
    "all_told": "unknown",
    "meaning": "unknown",
    "more": None,
    "perhaps": None,
    "for_now": None,
    "no_more": "acknowledge",
    "hello": "acknowledge",
    "go_on": "acknowledge",
    "noted": "acknowledge",
    "never_mind": "acknowledge",
    "already": "acknowledge",
    "nudge": "request",
    "catch": "request",
    "shorter": "request",
    "need": "request",
    "why": "request",
    "what_exactly": "request",
    "sure": "request",
    "other": "request",
    "cut": "aside",
    "slip": "aside",
    "aside": "aside",
    "complain": "complain",
    "rude": "complain",
    "warn": "complain",
    "do": "do",
    "thanks": "close",
    "leave": "leave",
}
"""What a user can do, and the dialogue act that it is; None: a part of another one."""

TELLING: Final = frozenset({"inform", "resend", "correct", "mend", "right"})
"""Moves with which the facts that they are about are told."""
