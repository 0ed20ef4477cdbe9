"""One entity as SQL sees it: its table, its statements as text, and its shape on the wire.

SQLAlchemy renders every statement once; worlds then run the plain text on a bare
cursor. Names of tables and columns are those of the schema. What is said here is for
SQLite; another database has a `Table` of its own. Next: `backends`, `rows`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from operator import itemgetter
from typing import Any

import sqlalchemy as sa

from agentgym.formats import Json
from agentgym.schema import Entity, Field, Schema
from agentgym.schema.types import Row, Stored, to_wire
from agentgym.tools.algebra import (
    Aggregate,
    Find,
    Identify,
    ListRelated,
    Search,
    Tool,
    listed,
)
from agentgym.world.dialect import SQLITE, Statement, render
from agentgym.world.journal import Key

__all__ = ["Statement", "Table", "hidden", "picker", "render", "tables"]

_TYPES: dict[str, Any] = {
    "integer": sa.INTEGER,
    "decimal": sa.INTEGER,
    "boolean": sa.INTEGER,
    "float": sa.REAL,
}
STORED: dict[str, type] = {"integer": int, "decimal": int, "boolean": int, "float": float}
"""Python type of the stored values; text for all types that are not here."""


def hidden(field: Field) -> bool:
    """Tell whether the field never appears in any output."""
    return field.role == "secret" or field.type == "bytes"


class Table:
    """The statements and the shape of one entity."""

    dialect: sa.Dialect = SQLITE
    longest_name: int | None = None
    """Most characters of a name in this database."""
    reserved: frozenset[str] = frozenset()
    """Names that no column may have."""

    def __init__(self, entity: Entity, name: str, metadata: sa.MetaData) -> None:
        self.entity = entity
        self.positions = {field.name: place for place, field in enumerate(entity.fields)}
        self.key_positions = tuple(self.positions[name] for name in entity.key)
        self.key_of: Callable[[Row], Key] = picker(self.key_positions)
        self.shown = tuple(field for field in entity.fields if not hidden(field))
        key = entity.field(entity.key[0])
        self.counted = len(entity.key) == 1 and key.type == "integer"
        taken = set(self.reserved)
        columns = [
            self.column(field, _free_name(field.name, taken, self.longest_name))
            for field in entity.fields
        ]
        uniques = [(field.name,) for field in entity.fields if field.unique] + list(entity.uniques)
        self.uniques = tuple(
            dict.fromkeys(unique for unique in uniques if set(unique) != set(entity.key))
        )
        self.sql = self.table(sa.quoted_name(name, quote=True), metadata, columns)
        self.whole = [self.sql.c[field.name] for field in entity.fields]
        """The columns of the fields, in order; there may be others."""
        self._updates: dict[tuple[int, ...], str] = {}
        self._holders: dict[tuple[str, ...], str] = {}

    def column(self, field: Field, name: str) -> sa.Column[Any]:
        """Make the column of a field."""
        return sa.Column(
            sa.quoted_name(name, quote=True),
            _TYPES.get(field.type, sa.TEXT),
            key=field.name,
            primary_key=field.name in self.entity.key,
            nullable=field.name not in self.entity.key,
            unique=False,
            autoincrement=False,
        )

    def table(
        self, name: str, metadata: sa.MetaData, columns: Sequence[sa.Column[Any]]
    ) -> sa.Table:
        """Make the table of these columns."""
        return sa.Table(
            name,
            metadata,
            *columns,
            *(sa.UniqueConstraint(*unique) for unique in self.uniques),
            sqlite_with_rowid=self.counted,
        )

    def keyed(self) -> sa.ColumnElement[bool]:
        """Say that the key is what the parameters 0k0, 0k1, ... hold."""
        return sa.and_(
            *(self.sql.c[n] == sa.bindparam(f"0k{i}") for i, n in enumerate(self.entity.key))
        )

    def key_order(self) -> list[sa.ColumnElement[Any]]:
        """Order by key."""
        return [self.sql.c[n].asc() for n in self.entity.key]

    @cached_property
    def create(self) -> str:
        """The statement that makes the table."""
        return render(sa.schema.CreateTable(self.sql), self.dialect)[0]

    def index(self, fields: tuple[str, ...], *, folded: bool) -> str:
        """Render the statement that makes an index over the fields."""
        parts = [sa.func.fold(self.sql.c[n]) if folded else self.sql.c[n] for n in fields]
        name = ".".join((str(self.sql.name), *fields, *(["fold"] if folded else [])))
        index = sa.Index(sa.quoted_name(name, quote=True), *parts, _table=self.sql)
        return render(sa.schema.CreateIndex(index), self.dialect)[0]

    def indexes(
        self, plain: Iterable[tuple[str, ...]], folded: Iterable[tuple[str, ...]]
    ) -> list[str]:
        """Render the statements that make the indexes which the table itself does not have.

        Args:
            plain: Fields by which rows are looked up.
            folded: Those of which the folded form is compared.
        """
        covered = (self.entity.key, *self.uniques)
        texts = [
            self.index(fields, folded=False)
            for fields in plain
            if not any(one[: len(fields)] == fields for one in covered)
        ]
        return texts + [self.index(fields, folded=True) for fields in folded]

    @cached_property
    def select(self) -> str:
        """The whole row of one key."""
        return render(sa.select(*self.whole).where(self.keyed()))[0]

    @cached_property
    def select_shown(self) -> str:
        """The row of one key, as far as tools show it."""
        return render(sa.select(*self.columns(self.shown)).where(self.keyed()))[0]

    @cached_property
    def select_all(self) -> str:
        """All whole rows in key order."""
        return render(sa.select(*self.whole).order_by(*self.key_order()))[0]

    @cached_property
    def insert(self) -> str:
        """A whole row in."""
        return render(sa.insert(self.sql))[0]

    @cached_property
    def delete(self) -> str:
        """The row of one key out."""
        return render(sa.delete(self.sql).where(self.keyed()))[0]

    def update(self, changed: tuple[int, ...]) -> str:
        """Render the statement that sets the fields at these positions, in this order."""
        text = self._updates.get(changed)
        if text is None:
            columns = [self.sql.c[self.entity.fields[place].name] for place in changed]
            values: list[tuple[Any, Any]] = [
                (c, sa.bindparam(f"0v{i}")) for i, c in enumerate(columns)
            ]
            statement = sa.update(self.sql).where(self.keyed()).ordered_values(*values)
            text = self._updates[changed] = render(statement)[0]
        return text

    def holders(self, fields: tuple[str, ...]) -> str:
        """Render the statement that gives the keys of the rows with these values of the fields."""
        text = self._holders.get(fields)
        if text is None:
            wanted = [self.sql.c[n] == sa.bindparam(f"0u{i}") for i, n in enumerate(fields)]
            keys = [self.sql.c[name] for name in self.entity.key]
            text = self._holders[fields] = render(sa.select(*keys).where(*wanted))[0]
        return text

    def columns(self, fields: Iterable[Field]) -> list[sa.Column[Any]]:
        """The columns of the fields; a constant where there is none."""
        found = [self.sql.c[field.name] for field in fields]
        return found or [sa.literal_column("1")]  # type: ignore[list-item]

    @cached_property
    def to_object(self) -> Callable[[Row], dict[str, Json]]:
        """Turn the shown values of a row into the object that tools give."""
        return shape(self.shown)

    @cached_property
    def whole_to_object(self) -> Callable[[Row], dict[str, Json]]:
        """Turn a whole row into the object that tools give."""
        if len(self.shown) == len(self.entity.fields):
            return self.to_object
        pick = picker(tuple(self.positions[field.name] for field in self.shown))
        build = self.to_object
        return lambda row: build(pick(row))


def shape(fields: Sequence[Field]) -> Callable[[Row], dict[str, Json]]:
    """Return the function that turns stored values of these fields into a wire object."""
    names = tuple(field.name for field in fields)
    special = tuple(
        (f.name, _to_wire(f)) for f in fields if f.type in ("decimal", "boolean", "json")
    )
    # The hottest line of all: naming `strict` would cost a thirtieth of a call.
    if not special:
        return lambda row: dict(zip(names, row))  # noqa: B905

    def build(row: Row) -> dict[str, Json]:
        found: dict[str, Json] = dict(zip(names, row))  # noqa: B905
        for name, convert in special:
            value = found[name]
            if value is not None:
                found[name] = convert(value)
        return found

    return build


def _to_wire(field: Field) -> Callable[[Any], Json]:
    """Return `to_wire` of the field, decided once; for values other than None."""
    if field.type == "decimal":
        unit = Decimal(1).scaleb(-field.scale)
        return lambda value: Decimal(value) * unit
    if field.type == "boolean":
        return bool
    return lambda value: to_wire(field, value)


def tables(schema: Schema, make: type[Table] = Table) -> dict[str, Table]:
    """Make the table of every entity, by entity name; `make` says for which database."""
    metadata = sa.MetaData(info={"dialect": make.dialect})
    taken: set[str] = set()
    return {
        entity.name: make(entity, _free_name(entity.name, taken, make.longest_name), metadata)
        for entity in schema.entities
    }


def indexes(schema: Schema, tools: Iterable[Tool], found: Mapping[str, Table]) -> list[str]:
    """Render the indexes that references, exclusives, finds and case-blind filters need."""
    plain: dict[str, dict[tuple[str, ...], None]] = {name: {} for name in found}
    folded: dict[str, dict[tuple[str, ...], None]] = {name: {} for name in found}
    references = {(r.entity, n) for r in schema.relations for n in r.fields}
    for relation in schema.relations:
        plain[relation.entity][relation.fields] = None
        plain[relation.target][relation.target_fields] = None
    for exclusive in schema.exclusives:
        if exclusive.same:
            plain[exclusive.entity][exclusive.same] = None
    for tool in tools:
        for entity, name in _searched(tool, schema, references):
            text = schema.entity(entity).field(name).type == "text"
            (folded if text else plain)[entity][name,] = None
    return [
        text for name, table in found.items() for text in table.indexes(plain[name], folded[name])
    ]


def _searched(
    tool: Tool, schema: Schema, references: set[tuple[str, str]]
) -> Iterable[tuple[str, str]]:
    term = tool.term
    if isinstance(term, (Find, Identify)):
        yield from ((term.entity, argument.field) for argument in term.by)
    elif isinstance(term, (Search, Aggregate, ListRelated)):
        entity = listed(term, schema) if isinstance(term, ListRelated) else term.entity
        for one in term.filters:
            if one.op == "eq" and (entity, one.field) in references:
                yield entity, one.field


def picker(places: tuple[int, ...]) -> Callable[[Row], tuple[Stored, ...]]:
    """Return the function that takes the values at these places out of a row."""
    if len(places) > 1:
        return itemgetter(*places)
    if not places:
        return lambda _: ()
    place = places[0]
    return lambda row: (row[place],)


def _free_name(name: str, taken: set[str], longest: int | None = None) -> str:
    """SQLite ignores case in names and keeps `sqlite_` for itself; the schema does neither."""
    free, count = name, 1
    while (
        free.lower() in taken
        or free.lower().startswith("sqlite_")
        or (longest is not None and len(free) > longest)
    ):
        count += 1
        free = f"_{name if longest is None else name[: longest // 2]}_{count}"
    taken.add(free.lower())
    return free
