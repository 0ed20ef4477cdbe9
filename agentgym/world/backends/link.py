"""What a database must do to hold worlds: three protocols, and the one refusal of a write.

A `Backend` makes a `Store` of the rows of one domain at the start; a store makes as many
`Link`s as there are worlds, each with rows of its own. Next: `sqlite`, `postgresql`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from agentgym.domain import Domain
from agentgym.world.tables import Table

__all__ = ["Backend", "Execute", "Link", "Store", "TakenError"]

Execute = Callable[..., Any]
"""Runs one statement with its parameters; gives a cursor, to be drained before the next."""


class TakenError(Exception):
    """A row was not written, because another one has its key or a unique value.

    Args:
        table: Of the row.
        fields: What is taken: the key, or fields that are unique together.
    """

    def __init__(self, table: Table, fields: tuple[str, ...]) -> None:
        self.table = table
        self.fields = fields
        super().__init__(f"{table.entity.name}: {', '.join(fields)}")


class Link(Protocol):
    """A connection to the rows of one world, in a transaction that never ends well."""

    refill: Callable[[], Callable[[], None] | None]
    """Gives what writes the changes again where the database lost them; set by the world."""

    @property
    def execute(self) -> Execute:
        """Runs a statement."""

    @property
    def write(self) -> Execute:
        """Runs a statement of `Table.insert` or `Table.update`; raises `clash`."""

    @property
    def clash(self) -> type[Exception]:
        """What `write` raises where a key or a unique value is taken; nothing is written then."""

    def reset(self) -> None:
        """Go back to the rows at the start."""

    def close(self) -> None:
        """Give the rows back. Harmless when repeated."""

    def drop(self) -> None:
        """Its world is gone, perhaps amid a garbage collection, where no statement may run."""


class Store(Protocol):
    """The rows of a domain at the start, ready to be multiplied."""

    @property
    def size(self) -> int:
        """Bytes that make up the rows at the start."""

    def link(self) -> Link:
        """Make rows of its own for one more world."""

    def close(self) -> None:
        """Give back what is kept for further worlds. Harmless when repeated."""


class Backend(Protocol):
    """A database that can hold worlds."""

    table: type[Table]
    """How it sees an entity."""

    def store(self, domain: Domain, tables: Mapping[str, Table]) -> Store:
        """Make the store of a domain's rows.

        Raises:
            DomainError: The rows contradict the schema.
            BackendError: The database cannot be reached.
        """
