"""How many tokens a game has taken: of each action and of what it gave.

In come actions and turns, out goes a `Tally`, which is replaced and never changed. Next: `game`.
"""

from __future__ import annotations

import msgspec

from agentgym.episode import Turn
from agentgym.episode.tokens import Tokenizer, counted, tokens
from agentgym.formats import to_text

__all__ = ["Tally"]


class Tally(msgspec.Struct, frozen=True, gc=False):
    """Tokens of the last turn, and of all."""

    action: int = 0
    observation: int = 0
    saved: int = 0
    """How many more the whole results would have been, had the view shown all of them."""
    total: int = 0
    """Of all actions and observations."""

    def after(self, action: object, turn: Turn, tokenizer: Tokenizer | None) -> Tally:
        """Return the tally after a turn.

        Args:
            action: As the agent sent it.
            turn: What came of it.
            tokenizer: Counts the tokens of a text; None for a fourth of its bytes.
        """
        count = tokens if tokenizer is None else tokenizer
        done, saved, text = turn.done, 0, turn.observation
        if done and (len(done) > 1 or turn.results[0].data is not done[0].result.data):
            saved = counted(turn, tokenizer)["saved"]
        written = action if type(action) is str else _text(action)
        if tokenizer is None and written.isascii() and text.isascii():
            sent, seen = (len(written) + 3) // 4, (len(text) + 3) // 4
        else:
            sent, seen = count(written), count(text)
        return Tally(sent, seen, saved, self.total + sent + seen)

    def told(self, observation: str, tokenizer: Tokenizer | None) -> Tally:
        """Return the tally with another observation in the place of the last one."""
        seen = (tokens if tokenizer is None else tokenizer)(observation)
        total = self.total - self.observation + seen
        return msgspec.structs.replace(self, observation=seen, total=total)


def _text(action: object) -> str:
    """Write an action that is no text."""
    try:
        return to_text(action)
    except (TypeError, ValueError, RecursionError):
        return f"<{type(action).__name__}>"
