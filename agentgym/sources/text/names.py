"""Names as a model writes them, found again however it writes them the second time.

`Tool Loans`, `tool_loan` and `toolLoan` are one name. Next: `problems`.
"""

from __future__ import annotations

from collections.abc import Iterable

from agentgym.schema.names import snake
from agentgym.schema.names.lexicon import singular
from agentgym.schema.names.split import tokens

__all__ = ["Directory", "bare", "identifier", "one_of"]

_LONGEST = 31


def identifier(name: str) -> str:
    """Return the name in snake_case ASCII, cut between words; empty where nothing is left."""
    made = snake(tokens(name[:200]))
    while len(made) > _LONGEST and "_" in made:
        made = made.rpartition("_")[0]
    return made[:_LONGEST]


def one_of(name: str) -> str:
    """Return an identifier with its last word in the singular."""
    head, mark, last = name.rpartition("_")
    return head + mark + (singular(last) if last else "")


def bare(name: str) -> str:
    """Return what two writings of one name have in common: its words, each in the singular."""
    return "".join(singular(word) for word in identifier(name).split("_") if word)


class Directory:
    """Names that are there, by any of their writings."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        self.names: list[str] = []

    def add(self, name: str, *others: str) -> None:
        """Enter a name, and other writings of it; who came first keeps a writing."""
        self.names.append(name)
        for form in (name, *others):
            if bare(form):
                self._known.setdefault(bare(form), name)

    def find(self, name: str | None) -> str | None:
        """Return the name that was meant; None where there is none."""
        return self._known.get(bare(name)) if name else None

    def first(self, names: Iterable[str]) -> str | None:
        """Return the first that is there."""
        return next((found for name in names if (found := self.find(name)) is not None), None)
