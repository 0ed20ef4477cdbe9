"""The rows at the start as PostgreSQL takes them in: statements, and the text of each COPY.

Made once a domain; every connection is filled from it. Next: `link`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from agentgym.domain import Domain
from agentgym.errors import DomainError
from agentgym.schema.types import Row, Stored, fold
from agentgym.world.backends.postgresql.tables import Layout, PostgresTable
from agentgym.world.tables import Table, indexes

__all__ = ["Content"]

_AT_ONCE = 40
"""Tables that one transaction makes: a server has room for so many locks only."""
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


class Content:
    """What fills a connection.

    Raises:
        DomainError: The rows contradict the schema.
    """

    def __init__(self, domain: Domain, tables: Mapping[str, Table]) -> None:
        self.creates = [table.create for table in tables.values()]
        self.copies = {
            f'COPY "{table.sql.name}" FROM STDIN': _copy(table, domain.rows[name])
            for name, table in tables.items()
            if domain.rows.get(name) and isinstance(table, PostgresTable)
        }
        self.layouts: dict[str, Layout] = {}
        """Where the parameters of writes come from; tables add to it."""
        for table in tables.values():
            assert isinstance(table, PostgresTable)
            self.layouts = table.layouts
        self.indexes = indexes(domain.schema, domain.tools, tables)
        named = ", ".join(f'"{table.sql.name}"' for table in tables.values())
        self.vacuum = f"VACUUM {named}".encode()
        self.size = sum(map(len, self.copies.values()))
        for name, table in tables.items():
            _check_distinct(table, domain.rows.get(name, ()))

    def batches(self) -> Iterator[str]:
        """Give the statements that make the tables, a transaction each."""
        for start in range(0, len(self.creates), _AT_ONCE):
            yield ";".join(self.creates[start : start + _AT_ONCE])


def _check_distinct(table: Table, rows: Sequence[Row]) -> None:
    for fields in (table.entity.key, *table.uniques):
        places = [table.positions[name] for name in fields]
        known: set[tuple[Stored, ...]] = set()
        for row in rows:
            values = tuple([row[place] for place in places])
            if None not in values and values in known:
                raise DomainError(
                    "rows that fit the keys and uniques of the schema",
                    found=f"{', '.join(map(repr, values))} twice",
                    where=f"rows of {table.entity.name}.{', '.join(fields)}",
                    hint="undo the edit of rows.jsonl, or change the schema",
                )
            known.add(values)


def _copy(table: PostgresTable, rows: Sequence[Row]) -> bytes:
    lines = []
    for row in rows:
        values = (*row, *[fold(value) for value in _texts(row, table.folded)])
        lines.append("\t".join(map(_spell, values)))
    text = "\n".join(lines) + "\n"
    if "\x00" in text:
        raise DomainError(
            "texts without NUL characters", found="one", where=f"rows of {table.entity.name}"
        )
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise DomainError(
            "texts without lone surrogates", found="one", where=f"rows of {table.entity.name}"
        ) from None


def _texts(row: Row, places: Sequence[int]) -> list[str | None]:
    return [None if (value := row[place]) is None else str(value) for place in places]


def _spell(value: Stored) -> str:
    if value is None:
        return "\\N"
    return value.translate(_ESCAPES) if isinstance(value, str) else repr(value)
