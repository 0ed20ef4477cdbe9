"""What every world of a domain shares: its rows in a database, its digest, and patched starts.

Built once an engine, then only read. Next: `rows`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from functools import cached_property
from threading import Lock

from agentgym.domain import Domain
from agentgym.domain.patch import Patch
from agentgym.errors import DomainError
from agentgym.formats import encode
from agentgym.schema.types import Row
from agentgym.world.backends import Backend, SQLite, Store
from agentgym.world.journal import rows_hash
from agentgym.world.start import Start
from agentgym.world.tables import STORED, Table, tables

__all__ = ["Image"]

_KEPT = 256
"""Patched starts that an image keeps, the latest used."""


class Image:
    """What every world of a domain starts from; built once, then only read."""

    def __init__(self, domain: Domain, backend: Backend | None = None) -> None:
        self.domain = domain
        self.backend: Backend = backend or SQLite()
        self.tables: dict[str, Table] = tables(domain.schema, self.backend.table)
        self.order = {entity.name: place for place, entity in enumerate(domain.schema.entities)}
        self.start = Start(domain)
        """The rows of the domain as they are."""
        self._started: OrderedDict[bytes, Start] = OrderedDict()
        self._lock = Lock()

    @cached_property
    def store(self) -> Store:
        """The rows at the start, in the database of the backend.

        Raises:
            DomainError: The rows contradict the schema.
            BackendError: The database cannot be reached.
        """
        for name, table in self.tables.items():
            _check_types(table, self.domain.rows.get(name, ()))
        return self.backend.store(self.domain, self.tables)

    @cached_property
    def digest(self) -> int:
        """The digest of the rows at the start."""
        return rows_hash(self.domain.rows)

    def patched(self, patch: Sequence[Patch], *, where: str = "patch") -> Start:
        """Return the start that a patch makes; without one, the domain's own.

        Args:
            patch: The rows that are others.
            where: Whose patch it is, for messages.

        Raises:
            TaskError: The patch does not fit the domain.
        """
        if not patch:
            return self.start
        name = encode(patch)
        with self._lock:
            found = self._started.get(name)
            if found is None:
                delta = self.domain.patcher.differences(patch, where=where)
                found = self._started[name] = Start(self.domain, delta, self.start)
            self._started.move_to_end(name)
            while len(self._started) > _KEPT:
                self._started.popitem(last=False)
        return found


def _check_types(table: Table, rows: Iterable[Row]) -> None:
    for field, values in zip(table.entity.fields, zip(*rows, strict=True), strict=False):
        for kind in sorted(set(map(type, values)), key=lambda kind: kind.__name__):
            empty = kind is type(None) and field.name not in table.entity.key
            if not empty and kind is not STORED.get(field.type, str):
                raise DomainError(
                    f"stored values of type {field.type}",
                    found=kind.__name__,
                    where=f"rows of {table.entity.name}.{field.name}",
                )
