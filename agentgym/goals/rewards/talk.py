"""Talk: what a conversation got and what it cost the user, from the acts of the user alone.

The acts of each turn come in; out go `communication` and `user_cost`. Next: `claims`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from agentgym.trajectory import Act

__all__ = ["Talk"]

_TELLS = frozenset({"open", "inform", "confirm", "correct", "shift"})
"""Acts that tell the facts which they are about."""
_WORTH = frozenset({"confirm", "deny", "correct", "shift", "do", "close", "leave"})
"""Acts that no question was needless for. To be told what was told before is none of them."""


class Talk(NamedTuple):
    """A conversation so far. Never changed: what is heard makes another one."""

    told: frozenset[str] = frozenset()
    """Ids of the facts that were told, those of the opening aside."""
    asks: int = 0
    """Questions and messages to the user, the last word aside."""
    needless: int = 0
    """Those that got nothing that was not known."""
    complaints: int = 0
    yes: bool = False
    """Whether the user said yes to going on."""
    left: bool = False
    """Whether the user gave up."""

    def heard(self, acts: Sequence[Act], asks: int) -> Talk:
        """Return the conversation after a turn in which the user was heard.

        Args:
            acts: What the user did.
            asks: How many questions and messages there were to them.
        """
        told, needless = self.told, bool(acts)
        complaints, yes, left, last = 0, self.yes, self.left, False
        for act in acts:
            kind = act.kind
            if kind in _TELLS and act.facts and not told.issuperset(act.facts):
                told = told.union(act.facts)
                needless = False
            if kind in _WORTH:
                needless = False
                yes = yes or kind == "confirm"
                left = left or kind == "leave"
                last = last or kind in ("close", "leave")
            elif kind == "complain":
                complaints += 1
        return Talk(
            told,
            self.asks + max(asks - last, 0),
            self.needless + (needless and asks > 0),
            self.complaints + complaints,
            yes,
            left,
        )

    def communication(self, needed: Collection[str]) -> float:
        """Return how well the conversation went: see `TERMS`."""
        if self.left:
            return 0.0
        good = 0.5**self.complaints
        if needed:
            good *= sum(fact in self.told for fact in needed) / len(needed)
        if self.needless:
            good *= 1 - self.needless / self.asks / 2
        return good

    @property
    def cost(self) -> float:
        """What it cost the user: see `TERMS`."""
        burden = self.asks + self.needless + 2 * self.complaints
        return 1 - 0.9**burden if burden else 0.0
