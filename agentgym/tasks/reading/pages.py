"""Pages: how many must be read to find a row by what is told of it.

The tools that list rows and what is known come in, a number of pages goes out. Next: `choice`.
"""

from __future__ import annotations

from collections.abc import Sequence

from agentgym.tasks.readable import Readable
from agentgym.tasks.reading.hints import Hint
from agentgym.tasks.reading.masks import Masks

__all__ = ["PAGES", "Pages", "Related"]

PAGES = 3
"""Pages that may have to be read to find a row."""

Related = Sequence[tuple[frozenset[str], int]]
"""Fields whose values are known from other rows, and the rows that have them."""


class Pages:
    """Counts pages over one domain.

    Args:
        masks: The rows.
        readable: What its tools can read.
    """

    def __init__(self, masks: Masks, readable: Readable) -> None:
        self.masks, self.readable = masks, readable

    def count(
        self,
        entity: str,
        related: Sequence[tuple[frozenset[str], int]],
        chosen: Sequence[Hint],
    ) -> float:
        """Count the pages on which a tool shows all rows that could be meant.

        Args:
            entity: What the rows are of.
            related: Fields whose values are known from other rows, and the rows that have them.
            chosen: What else is told.
        """
        masks = self.masks
        fields = frozenset[str]().union(*(names for names, _ in related))
        clues = [clue for hint in chosen for clue in hint.clues]
        equal = {clue.field: clue for clue in clues if clue.op == "eq" and clue.of is None}
        for needed in self.readable.exact(entity):
            if needed <= fields | equal.keys():
                bits = masks.all(entity)
                for names, theirs in related:
                    bits &= theirs if names & needed else -1
                for name in needed & equal.keys():
                    bits &= masks.told(entity, equal[name])
                if bits.bit_count() == 1:
                    return 1
        best = float("inf")
        for listing in self.readable.listings(entity):
            if not listing.needed <= fields:
                continue
            bits = masks.all(entity)
            for names, theirs in related:
                filtered = all((name, "eq") in listing.compares for name in names)
                if names <= listing.needed or filtered:
                    bits &= theirs
            for clue in clues:
                op = {"lt": "le", "gt": "ge"}.get(clue.op, clue.op)
                both = {(clue.field, "ge"), (clue.field, "le")} <= listing.compares
                if clue.of in ("year", "decade"):
                    helps = both
                elif clue.of is None:
                    helps = (clue.field, op) in listing.compares or (op == "eq" and both)
                    if not helps and op == "eq" and (clue.field, "contains") in listing.compares:
                        bits &= masks.told(entity, clue._replace(op="contains"))
                else:
                    helps = False
                if helps:
                    bits &= masks.told(entity, clue)
            best = min(best, -(-bits.bit_count() // listing.page_size))
        return best
