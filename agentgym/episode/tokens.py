"""What observations cost: counts of tokens, without the tokenizer of any model.

A text or a turn comes in, numbers go out. A token is taken to be four bytes of UTF-8, which is
about right for English and JSON, and the same on any machine. Next: `play`.
"""

from __future__ import annotations

from collections.abc import Callable

from agentgym.episode.turn import Turn
from agentgym.formats import to_text
from agentgym.trajectory import Result

__all__ = ["Tokenizer", "counted", "tokens"]

Tokenizer = Callable[[str], int]
"""Counts the tokens of a text."""


def tokens(text: str) -> int:
    """Count the tokens of a text: its bytes by four, rounded up."""
    size = len(text) if text.isascii() else len(text.encode(errors="replace"))
    return (size + 3) // 4


def counted(turn: Turn, tokenizer: Tokenizer | None = None) -> dict[str, int]:
    """Count what a turn costs.

    Args:
        turn: What came of one action.
        tokenizer: Counts the tokens of a text; None for `tokens`.

    Returns:
        `observation`: the tokens of the text that the agent sees. `saved`: how many more the
        whole results would have been, had the view shown all of them; less than 0 where a view or
        a fault has added something.
    """
    count = tokens if tokenizer is None else tokenizer
    saved = 0
    for shown, done in zip(turn.results, turn.done, strict=False):
        whole = done.result
        if whole.ok and shown.ok and whole.data is not shown.data:
            saved += count(_text(whole)) - count(_text(shown))
    return {"observation": count(turn.observation), "saved": saved}


def _text(result: Result) -> str:
    return to_text(result.data)
