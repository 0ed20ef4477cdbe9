"""Where worlds start: the rows of a domain, but for those that a task's patch makes others.

A domain and what differs come in; digest, rows, highest keys and spelling of new keys at the
start go out. Made once a patch; worlds and snapshots share it. Next: `rows`.
"""

from __future__ import annotations

from agentgym.domain import Domain
from agentgym.schema.types import Row
from agentgym.world.journal import Delta, Key, difference
from agentgym.world.keys import Pattern, pattern

__all__ = ["Start"]


class Start:
    """The rows with which worlds begin.

    Args:
        domain: Whose rows; its `patcher` says what a patch makes of them.
        delta: (entity, key) to the row of the domain and the row at the start.
        plain: The start without any difference; None for that start itself.
    """

    def __init__(
        self, domain: Domain, delta: Delta | None = None, plain: Start | None = None
    ) -> None:
        self.delta: Delta = delta or {}
        """The rows that differ from the domain's; to be read only."""
        self.digest = difference(self.delta)
        """By how much they move the digest."""
        self._domain = domain
        self._plain = plain
        self._highest: dict[tuple[str, int], int] = {}
        self._patterns: dict[tuple[str, int], Pattern] = {}

    def __eq__(self, other: object) -> bool:
        """Compare by the rows that differ; starts of one domain are compared alone."""
        return isinstance(other, Start) and (self is other or self.delta == other.delta)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<Start {self._domain.id}: {len(self.delta)} other rows>"

    def row(self, entity: str, key: Key) -> Row | None:
        """Return the row of that key; None where there is none."""
        known = self.delta.get((entity, key))
        return self._domain.patcher.lookup.row(entity, key) if known is None else known[1]

    def highest(self, entity: str, place: int) -> int:
        """Return the largest integer of a field; 0 when none is larger."""
        slot = (entity, place)
        found = self._highest.get(slot)
        if found is None:
            found = self._highest[slot] = self._find_highest(entity, place)
        return found

    def _find_highest(self, entity: str, place: int) -> int:
        if self._plain is not None and not self._moves(entity):
            return self._plain.highest(entity, place)
        values = (row[place] for row in self._rows(entity))
        return max([0, *(value for value in values if isinstance(value, int))])

    def pattern(self, entity: str, place: int) -> Pattern:
        """Return the spelling of a text key."""
        slot = (entity, place)
        found = self._patterns.get(slot)
        if found is None:
            found = self._patterns[slot] = self._find_pattern(entity, place)
        return found

    def _find_pattern(self, entity: str, place: int) -> Pattern:
        if self._plain is not None and not self._moves(entity):
            return self._plain.pattern(entity, place)
        longest = self._domain.schema.entity(entity).fields[place].max_length
        values = (row[place] for row in self._rows(entity))
        return pattern((v for v in values if isinstance(v, str)), longest=longest)

    def _moves(self, entity: str) -> bool:
        """Tell whether the entity has other keys than in the domain."""
        return any(
            name == entity and (before is None or after is None)
            for (name, _), (before, after) in self.delta.items()
        )

    def _rows(self, entity: str) -> tuple[Row, ...]:
        """Return the rows of an entity. Costs O(rows)."""
        if self._plain is None:
            return self._domain.rows.get(entity, ())
        return self._domain.patcher.rows(self.delta).get(entity, ())
