"""One entity as PostgreSQL sees it: texts by code point, folded twins, guarded writes.

Indexes of texts are hash indexes, and there are no unique constraints: a B-tree takes no text
of more than 2,700 bytes, SQLite takes any. A write that would take a key or a unique value
twice writes no row instead, which leaves the transaction alive. Next: `content`, `link`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from agentgym.schema import Entity, Field
from agentgym.world.dialect import POSTGRES, Statement, folded_key, render
from agentgym.world.tables import Table

__all__ = ["Layout", "PostgresTable"]

Layout = tuple[tuple[int, bool], ...]
"""Where each parameter of a write comes from: a place in what is given, and whether folded."""

_NUMBERS: dict[str, Any] = {
    "integer": sa.BIGINT(),
    "decimal": sa.BIGINT(),
    "boolean": sa.BIGINT(),
    "float": sa.DOUBLE_PRECISION(),
}
_SHORT = frozenset({*_NUMBERS, "date", "datetime"})
"""Types whose values always fit a B-tree."""
_FOLDED = frozenset({"text", "enum"})
"""Types whose values are compared without regard to case."""


class PostgresTable(Table):
    """The statements of one entity for PostgreSQL."""

    dialect = POSTGRES
    longest_name = 63
    reserved = frozenset({"tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"})

    def __init__(self, entity: Entity, name: str, metadata: sa.MetaData) -> None:
        self.layouts: dict[str, Layout] = metadata.info.setdefault("layouts", {})
        """Of the writes of all tables, by their text."""
        self.folded = tuple(
            place for place, field in enumerate(entity.fields) if field.type in _FOLDED
        )
        """Places of the fields that have a folded twin, in the order of the twins."""
        super().__init__(entity, name, metadata)

    def column(self, field: Field, name: str) -> sa.Column[Any]:
        """Make the column of a field."""
        return sa.Column(
            sa.quoted_name(name, quote=True),
            _NUMBERS.get(field.type, sa.TEXT(collation="C")),
            key=field.name,
            nullable=field.name not in self.entity.key,
        )

    def table(
        self, name: str, metadata: sa.MetaData, columns: Sequence[sa.Column[Any]]
    ) -> sa.Table:
        """Make the table of these columns, and of the folded texts."""
        twins = [
            sa.Column(
                f".{place}",
                sa.TEXT(collation="C"),
                key=folded_key(self.entity.fields[place].name),
            )
            for place in self.folded
        ]
        return sa.Table(name, metadata, *columns, *twins, prefixes=["TEMPORARY"])

    def indexes(
        self, plain: Iterable[tuple[str, ...]], folded: Iterable[tuple[str, ...]]
    ) -> list[str]:
        """Render the statements that make the indexes."""
        hashes: dict[str, None] = {}
        trees: dict[tuple[str, ...], None] = {}
        for fields in (self.entity.key, *self.uniques, *plain):
            short = tuple(n for n in fields if self.entity.field(n).type in _SHORT)
            if short:
                trees[short] = None
            hashes |= dict.fromkeys(name for name in fields if name not in short)
        hashes |= dict.fromkeys(folded_key(name) for (name,) in folded)
        known = list(trees)
        trees = {
            one: None
            for one in known
            if not any(other != one and other[: len(one)] == one for other in known)
        }
        wanted = [(fields, "btree") for fields in trees] + [((one,), "hash") for one in hashes]
        return [self._index(number, names, method) for number, (names, method) in enumerate(wanted)]

    def _index(self, number: int, names: tuple[str, ...], method: str) -> str:
        name = sa.quoted_name(f"{str(self.sql.name)[:50]}.{number}", quote=True)
        columns = [self.sql.c[one] for one in names]
        index = sa.Index(name, *columns, _table=self.sql, postgresql_using=method)
        return render(sa.schema.CreateIndex(index), self.dialect)[0]

    @cached_property
    def insert(self) -> str:
        """A whole row in, unless its key or a unique value is taken."""
        columns = list(self.sql.c)
        new = sa.select(
            *(
                _given(f"0n{place}", column)
                for place, column in enumerate(columns[: len(self.whole)])
            ),
            *(
                _given(f"0t{place}", column)
                for place, column in zip(self.folded, columns[len(self.whole) :], strict=True)
            ),
        ).subquery(".new")
        other = self.sql.alias(".other")
        free = [
            ~sa.exists(
                sa.select(sa.literal_column("1"))
                .select_from(other)
                .where(*(other.c[n] == new.c[f"0n{self.positions[n]}"] for n in fields))
            )
            for fields in (self.entity.key, *self.uniques)
        ]
        statement = sa.insert(self.sql).from_select(
            columns, sa.select(*new.c).where(*free), include_defaults=False
        )
        return self._write(render(statement), 0)

    def update(self, changed: tuple[int, ...]) -> str:
        """Render the statement that sets the fields at these positions, in this order.

        It sets nothing where a unique value is taken.
        """
        text = self._updates.get(changed)
        if text is None:
            text = self._updates[changed] = self._update(changed)
        return text

    def _update(self, changed: tuple[int, ...]) -> str:
        names = [self.entity.fields[place].name for place in changed]
        columns = [self.sql.c[name] for name in names]
        given = [_given(f"0n{i}", column) for i, column in enumerate(columns)]
        for i, place in enumerate(changed):
            if place in self.folded:
                twin = self.sql.c[folded_key(self.entity.fields[place].name)]
                columns.append(twin)
                given.append(_given(f"0t{i}", twin))
        new = sa.select(*given).subquery(".new")
        other = self.sql.alias(".other")
        free = []
        for fields in self.uniques:
            if not set(fields) & set(names):
                continue
            after = {
                name: new.c[f"0n{names.index(name)}"] if name in names else self.sql.c[name]
                for name in fields
            }
            same = sa.and_(*(other.c[name] == self.sql.c[name] for name in self.entity.key))
            taken: sa.Select[Any] = (
                sa.select(sa.literal_column("1"))
                .select_from(other)
                .where(*(other.c[name] == value for name, value in after.items()), ~same)
                .correlate(new, self.sql)
            )
            free.append(~sa.exists(taken))
        values: list[tuple[Any, Any]] = list(zip(columns, new.c, strict=True))
        statement = sa.update(self.sql).where(self.keyed(), *free).ordered_values(*values)
        return self._write(render(statement), len(changed))

    def _write(self, statement: Statement, keys: int) -> str:
        """Note where the parameters of a write come from: new values first, then the key."""
        text, names = statement
        self.layouts[text] = tuple(
            (int(name[2:]) + (keys if name[1] == "k" else 0), name[1] == "t") for name in names
        )
        return text


def _given(name: str, column: sa.Column[Any]) -> sa.Label[Any]:
    """Take a parameter as a value of the column; the type must be said, as NULL has none."""
    kind = sa.TEXT() if isinstance(column.type, sa.TEXT) else column.type
    return sa.cast(sa.bindparam(name), kind).label(name)
