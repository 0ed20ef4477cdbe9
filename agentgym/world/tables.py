"""One entity as SQL sees it: its table, its statements as text, and its shape on the wire.

SQLAlchemy renders every statement once; worlds then run the plain text on a bare
cursor. Names of tables and columns are those of the schema. Next: `rows`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from functools import cached_property
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import dialect

from agentgym.formats import Json
from agentgym.schema import Entity, Field, Schema
from agentgym.schema.types import Row, Stored, to_wire
from agentgym.tools.algebra import (
    Aggregate,
    Find,
    ListRelated,
    Search,
    Tool,
    listed,
)
from agentgym.world.journal import Key

__all__ = ["Statement", "Table", "hidden", "render", "tables"]

_DIALECT = dialect(paramstyle="qmark")
_TYPES: dict[str, Any] = {
    "integer": sa.INTEGER,
    "decimal": sa.INTEGER,
    "boolean": sa.INTEGER,
    "float": sa.REAL,
}
STORED: dict[str, type] = {"integer": int, "decimal": int, "boolean": int, "float": float}
"""Python type of the stored values; text for all types that are not here."""

Statement = tuple[str, tuple[str, ...]]
"""SQL text and the names of its parameters, in order."""


def render(statement: sa.sql.expression.ClauseElement) -> Statement:
    """Turn a statement into text with `?` and the names of its bound parameters."""
    compiled = statement.compile(dialect=_DIALECT)
    order: Sequence[str] = getattr(compiled, "positiontup", None) or ()
    return str(compiled), tuple(order)


def hidden(field: Field) -> bool:
    """Tell whether the field never appears in any output."""
    return field.role == "secret" or field.type == "bytes"


class Table:
    """The statements and the shape of one entity."""

    def __init__(self, entity: Entity, name: str, metadata: sa.MetaData) -> None:
        self.entity = entity
        self.positions = {field.name: place for place, field in enumerate(entity.fields)}
        self.key_positions = tuple(self.positions[name] for name in entity.key)
        self.key_of: Callable[[Row], Key] = _picker(self.key_positions)
        self.shown = tuple(field for field in entity.fields if not hidden(field))
        key = entity.field(entity.key[0])
        self.counted = len(entity.key) == 1 and key.type == "integer"
        columns: list[sa.Column[Any]] = []
        taken: set[str] = set()
        for field in entity.fields:
            kind = _TYPES.get(field.type, sa.TEXT)
            safe = _free_name(field.name, taken)
            columns.append(
                sa.Column(
                    sa.quoted_name(safe, quote=True),
                    kind,
                    key=field.name,
                    primary_key=field.name in entity.key,
                    nullable=field.name not in entity.key,
                    unique=False,
                    autoincrement=False,
                )
            )
        uniques = [(field.name,) for field in entity.fields if field.unique] + list(entity.uniques)
        self.uniques = tuple(
            dict.fromkeys(unique for unique in uniques if set(unique) != set(entity.key))
        )
        self.sql = sa.Table(
            sa.quoted_name(name, quote=True),
            metadata,
            *columns,
            *(sa.UniqueConstraint(*unique) for unique in self.uniques),
            sqlite_with_rowid=self.counted,
        )
        self.column_names = {column.name: column.key for column in columns}
        self._updates: dict[tuple[int, ...], str] = {}

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
        return render(sa.schema.CreateTable(self.sql))[0]

    def index(self, fields: tuple[str, ...], *, folded: bool) -> str:
        """Render the statement that makes an index over the fields."""
        parts = [sa.func.fold(self.sql.c[n]) if folded else self.sql.c[n] for n in fields]
        name = ".".join((str(self.sql.name), *fields, *(["fold"] if folded else [])))
        index = sa.Index(sa.quoted_name(name, quote=True), *parts, _table=self.sql)
        return render(sa.schema.CreateIndex(index))[0]

    @cached_property
    def select(self) -> str:
        """The whole row of one key."""
        return render(sa.select(*self.sql.c).where(self.keyed()))[0]

    @cached_property
    def select_shown(self) -> str:
        """The row of one key, as far as tools show it."""
        return render(sa.select(*self.columns(self.shown)).where(self.keyed()))[0]

    @cached_property
    def select_all(self) -> str:
        """All whole rows in key order."""
        return render(sa.select(*self.sql.c).order_by(*self.key_order()))[0]

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
        pick = _picker(tuple(self.positions[field.name] for field in self.shown))
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


def tables(schema: Schema) -> dict[str, Table]:
    """Make the table of every entity, by entity name."""
    metadata = sa.MetaData()
    taken: set[str] = set()
    return {
        entity.name: Table(entity, _free_name(entity.name, taken), metadata)
        for entity in schema.entities
    }


def indexes(schema: Schema, tools: Iterable[Tool], found: dict[str, Table]) -> list[str]:
    """Render the indexes that references, finds and case-blind filters need."""
    plain: dict[tuple[str, tuple[str, ...]], None] = {}
    folded: dict[tuple[str, tuple[str, ...]], None] = {}
    references = {(r.entity, n) for r in schema.relations for n in r.fields}
    for relation in schema.relations:
        plain[relation.entity, relation.fields] = None
        plain[relation.target, relation.target_fields] = None
    for tool in tools:
        for entity, name in _searched(tool, schema, references):
            text = schema.entity(entity).field(name).type == "text"
            (folded if text else plain)[entity, (name,)] = None
    texts = []
    for entity, fields in plain:
        table = found[entity]
        covered = (table.entity.key, *table.uniques)
        if not any(one[: len(fields)] == fields for one in covered):
            texts.append(table.index(fields, folded=False))
    texts += [found[entity].index(fields, folded=True) for entity, fields in folded]
    return texts


def _searched(
    tool: Tool, schema: Schema, references: set[tuple[str, str]]
) -> Iterable[tuple[str, str]]:
    term = tool.term
    if isinstance(term, Find):
        yield from ((term.entity, argument.field) for argument in term.by)
    elif isinstance(term, (Search, Aggregate, ListRelated)):
        entity = listed(term, schema) if isinstance(term, ListRelated) else term.entity
        for one in term.filters:
            if one.op == "eq" and (entity, one.field) in references:
                yield entity, one.field


def _picker(places: tuple[int, ...]) -> Callable[[Row], tuple[Stored, ...]]:
    if len(places) > 1:
        return itemgetter(*places)
    if not places:
        return lambda _: ()
    place = places[0]
    return lambda row: (row[place],)


def _free_name(name: str, taken: set[str]) -> str:
    """SQLite ignores case in names and keeps `sqlite_` for itself; the schema does neither."""
    free, count = name, 1
    while free.lower() in taken or free.lower().startswith("sqlite_"):
        count += 1
        free = f"_{name}_{count}"
    taken.add(free.lower())
    return free
