"""The structure of a live database: tables of all schemas, as its server describes them.

A connection comes in, raw tables without rows go out. Defaults, checks and generated
columns are texts of SQL there: they are read by the reader of scripts. Next: `rows`.
"""

from __future__ import annotations

import dataclasses
import re
import warnings
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.engine.reflection import Inspector

from agentgym.sources.live.connect import denied
from agentgym.sources.sql import index_details, table_details
from agentgym.sources.sql.ddl import note_comments
from agentgym.sources.tables import (
    Raw,
    RawColumn,
    RawReference,
    RawTable,
    declare,
    unrun,
)

__all__ = ["Described", "describe"]

_SYSTEM = frozenset("information_schema performance_schema mysql sys pg_catalog pg_toast".split())
_SQL = {"postgresql": "postgres", "mysql": "mysql", "mariadb": "mysql"}

_Place = tuple[str | None, str]
"""Schema and name of a table; no schema for the one that the connection reads by itself."""

_OPTIONAL = frozenset({"unique_constraints", "indexes", "check_constraints", "table_comment"})
"""What not every dialect of SQLAlchemy can tell of a table."""


@dataclasses.dataclass(slots=True, kw_only=True)
class Described:
    """The tables of a database, and where each of them is."""

    raw: Raw
    places: dict[str, _Place]
    """Name of a raw table to its place."""
    schemas: dict[str, tuple[str, ...]]
    """Schema to its raw tables."""

    def spelled(self, focus: Sequence[str]) -> tuple[str, ...]:
        """Return the names asked for: a schema as all its tables, `schema.table` as we call it."""
        dotted = {
            f"{schema}.{name}".casefold(): called
            for schema, tables in self.schemas.items()
            for called in tables
            for name in [self.places[called][1]]
        }
        found: list[str] = []
        for word in focus:
            schema = self.schemas.get(word, ())
            if self.raw.table(word) is None and schema:
                found += schema
            else:
                found.append(dotted.get(word.casefold(), word))
        return tuple(dict.fromkeys(found))


def describe(link: Connection) -> Described:
    """Describe all tables of all schemas that are no system's.

    Raises:
        sqlalchemy.exc.DBAPIError: The server refuses or is gone.
    """
    inspector = sa.inspect(link)
    raw = Raw()
    inner = _partitions(link, raw)
    own = inspector.default_schema_name or ""
    listed: list[_Place] = []
    for schema in _schemas(inspector, link):
        asked: str | None = None if schema == own else schema
        raw.skipped["view"] += len(inspector.get_view_names(asked))
        if link.dialect.name == "postgresql":
            materialized = getattr(inspector, "get_materialized_view_names", None)
            raw.skipped["materialized view"] += len(materialized(asked)) if materialized else 0
            foreign = getattr(inspector, "get_foreign_table_names", None)
            raw.skipped["foreign table"] += len(foreign(asked)) if foreign else 0
        names = [n for n in sorted(inspector.get_table_names(asked)) if (schema, n) not in inner]
        listed += [(asked, name) for name in names]
    counts = Counter(name.casefold() for _, name in listed)
    called = {
        (schema, name): f"{schema}.{name}" if schema and counts[name.casefold()] > 1 else name
        for schema, name in listed
    }
    _structures(inspector, link, raw, called)
    _programs(link, raw)
    schemas: dict[str, tuple[str, ...]] = {}
    for place, name in called.items():
        schemas[place[0] or own] = (*schemas.get(place[0] or own, ()), name)
    return Described(
        raw=raw, places={name: place for place, name in called.items()}, schemas=schemas
    )


def _schemas(inspector: Inspector, link: Connection) -> list[str]:
    """Return the schemas to read, the default one first; on MySQL a schema is a database."""
    own = inspector.default_schema_name or ""
    if link.dialect.name != "postgresql":
        return [own]
    others = [
        name
        for name in inspector.get_schema_names()
        if name not in _SYSTEM and not name.startswith("pg_") and name != own
    ]
    return [own, *sorted(others)]


def _partitions(link: Connection, raw: Raw) -> set[tuple[str, str]]:
    """Return the tables that are only parts of another: it is read as a whole."""
    if link.dialect.name != "postgresql":
        return set()
    query = (
        "SELECT n.nspname, c.relname FROM pg_catalog.pg_class AS c "
        "JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE c.relispartition "
        "AND c.relkind IN ('r', 'p', 'f')"
    )
    found = {(str(schema), str(name)) for schema, name in link.exec_driver_sql(query)}
    raw.skipped["partition of a table"] += len(found)
    return found


def _programs(link: Connection, raw: Raw) -> None:
    """Name the triggers: what they do does not happen."""
    queries = {
        "postgresql": "SELECT DISTINCT tgname FROM pg_catalog.pg_trigger "
        "WHERE NOT tgisinternal AND tgparentid = 0 ORDER BY tgname",
        "mysql": "SELECT trigger_name FROM information_schema.triggers "
        "WHERE trigger_schema = DATABASE() ORDER BY trigger_name",
    }
    query = queries.get("mysql" if link.dialect.name == "mariadb" else link.dialect.name)
    named = [f"trigger {row[0]}" for row in link.exec_driver_sql(query)] if query else []
    raw.skipped["trigger"] += len(named)
    if named:
        raw.notes.append(unrun(named))


def _domains(link: Connection) -> dict[str, str]:
    """Return for each domain its type with digits and length, which reflection leaves out."""
    if link.dialect.name != "postgresql":
        return {}
    query = (
        "SELECT t.typname, pg_catalog.format_type(t.typbasetype, t.typtypmod) "
        "FROM pg_catalog.pg_type AS t JOIN pg_catalog.pg_type AS b ON b.oid = t.typbasetype "
        "WHERE t.typtype = 'd' AND b.typtype = 'b' ORDER BY t.typname, t.typnamespace"
    )
    return {str(name): str(text) for name, text in link.exec_driver_sql(query)}


def _unknown(inspector: Inspector, schema: str | None) -> dict[tuple[str, str], str]:
    """Return the types of extensions, which reflection does not know, by table and column."""
    link = inspector.bind
    if not isinstance(link, Connection) or link.dialect.name != "postgresql":
        return {}
    query = (
        "SELECT c.relname, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod) "
        "FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid "
        "JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace "
        "WHERE n.nspname = :schema AND a.attnum > 0 AND NOT a.attisdropped"
    )
    where = {"schema": schema or inspector.default_schema_name}
    found = link.execute(sa.text(query), where)
    return {(str(table), str(column)): str(text) for table, column, text in found}


class _Parts:
    """What an inspector says of all tables of one schema, asked for at once."""

    def __init__(
        self,
        inspector: Inspector,
        schema: str | None,
        names: Sequence[str],
        domains: Mapping[str, str],
    ) -> None:
        self.domains = domains
        self.unknown = _unknown(inspector, schema)

        def ask(what: str) -> Mapping[str, Any]:
            try:
                with warnings.catch_warnings():  # of types that SQLAlchemy does not know
                    warnings.simplefilter("ignore", sa.exc.SAWarning)
                    found = getattr(inspector, f"get_multi_{what}")(
                        schema=schema, filter_names=names
                    )
            except NotImplementedError:
                # How SQLAlchemy says that a dialect cannot tell; without these a table is whole.
                if what not in _OPTIONAL:
                    raise
                return {}
            return {name: said for (_, name), said in found.items()}

        self.columns = ask("columns")
        self.keys = ask("pk_constraint")
        self.references = ask("foreign_keys")
        self.uniques = ask("unique_constraints")
        self.indexes = ask("indexes")
        self.checks = ask("check_constraints")
        self.comments = ask("table_comment")


def _structures(
    inspector: Inspector, link: Connection, raw: Raw, called: Mapping[_Place, str]
) -> None:
    by_schema: dict[str | None, list[str]] = {}
    for schema, name in called:
        by_schema.setdefault(schema, []).append(name)
    domains = _domains(link)
    for schema, names in by_schema.items():
        parts = _Parts(inspector, schema, names, domains)
        for name in names:
            table = _table(link, called[schema, name], name, parts, raw.skipped)
            own = inspector.default_schema_name
            for said in parts.references.get(name) or ():
                there = said.get("referred_schema") or schema
                target = (None if there == own else there, str(said["referred_table"]))
                table.references.append(
                    RawReference(
                        columns=tuple(said["constrained_columns"]),
                        target=called.get(target, f"{there}.{target[1]}"),
                        target_columns=tuple(said["referred_columns"]),
                    )
                )
            raw.tables.append(table)


def _table(
    link: Connection, called: str, name: str, parts: _Parts, skipped: Counter[str]
) -> RawTable:
    table = RawTable(name=called)
    pieces: list[str] = []
    comments: dict[str, str] = {}
    for said in parts.columns.get(name) or ():
        column = RawColumn(name=said["name"], nullable=bool(said.get("nullable", True)))
        checks = _typed(column, said["type"], link, parts.domains)
        if isinstance(said["type"], sa.types.NullType):
            declare(column, parts.unknown.get((name, column.name), ""))
        column.generated = said.get("computed") is not None
        identity = said.get("identity") is not None or said.get("autoincrement") is True
        table.columns.append(column)
        pieces.append(_definition(column, said, link))
        pieces += checks
        column.automatic = column.automatic or identity
        if said.get("comment"):
            comments[column.name] = str(said["comment"])
    key = (parts.keys.get(name) or {}).get("constrained_columns") or ()
    table.key = tuple(key)
    pieces += [f"CHECK ({said['sqltext']})" for said in parts.checks.get(name) or ()]
    numbered = {column.name for column in table.columns if column.automatic}
    _details(table, pieces, link, skipped)
    for column in table.columns:
        column.automatic = column.automatic or column.name in numbered
    for unique in parts.uniques.get(name) or ():
        table.add_unique(unique["column_names"])
    _indexes(table, parts.indexes.get(name) or (), link, skipped)
    note_comments(comments, table)
    table.comment = str((parts.comments.get(name) or {}).get("text") or "")
    return table


def _typed(column: RawColumn, kind: Any, link: Connection, domains: Mapping[str, str]) -> list[str]:
    """Write down a type; return the checks of its domain as pieces of SQL."""
    inner = getattr(kind, "data_type", None)
    if inner is not None:
        pieces = _typed(column, inner, link, domains)
        exact = domains.get(str(getattr(kind, "name", "")))
        if exact is not None and column.values is None:
            declare(column, exact)
        if getattr(kind, "not_null", False):
            column.nullable = False
        check = getattr(kind, "check", None)
        said = "" if check is None else str(check)
        quoted = link.dialect.identifier_preparer.quote(column.name)
        return [*pieces, f"CHECK ({said.replace('VALUE', quoted)})"] if said else pieces
    values = getattr(kind, "enums", None)
    if values:
        column.declared, column.kind = str(getattr(kind, "name", None) or "enum"), "text"
        column.values = tuple(str(value) for value in values)
        return []
    try:
        declare(column, str(kind.compile(dialect=link.dialect)))
    except sa.exc.CompileError:
        declare(column, "")
    return []


def _definition(column: RawColumn, said: Mapping[str, Any], link: Connection) -> str:
    """Return the column as CREATE TABLE writes it: only what `table_details` reads there."""
    quoted = link.dialect.identifier_preparer.quote(column.name)
    words = [quoted, "text" if column.values is not None else column.declared or "text"]
    computed = said.get("computed")
    if computed is not None:
        words.append(f"GENERATED ALWAYS AS ({computed['sqltext']}) STORED")
    elif said.get("default") is not None:
        words.append(f"DEFAULT {said['default']}")
    return " ".join(words)


def _details(
    table: RawTable, pieces: Sequence[str], link: Connection, skipped: Counter[str]
) -> None:
    dialect = _SQL.get(link.dialect.name, link.dialect.name)
    quote = link.dialect.identifier_preparer.quote
    statement = f"CREATE TABLE {quote(table.name)} ({', '.join(pieces)})"
    if dialect == "mysql":
        try:
            asked = f"SHOW CREATE TABLE {quote(table.name)}".replace(":", "\\:")
            said = link.execute(sa.text(asked)).one()
            statement = str(said[1])
        except sa.exc.DBAPIError as error:
            if not denied(error):
                raise
        for name in re.findall(r"json_valid\(`([^`]+)`\)", statement, re.IGNORECASE):
            declare(table.column(name) or RawColumn(name=name), "json")
    table_details(table, statement, dialect=dialect, skipped=skipped)


def _indexes(
    table: RawTable, indexes: Iterable[Mapping[str, Any]], link: Connection, skipped: Counter[str]
) -> None:
    quote = link.dialect.identifier_preparer.quote
    for index in indexes:
        columns = index.get("column_names") or [None]
        where = (index.get("dialect_options") or {}).get("postgresql_where")
        if not index.get("unique"):
            skipped["index"] += 1
        elif None in columns:
            skipped["unique index over an expression"] += 1
        elif where:
            listed = ", ".join(quote(str(column)) for column in columns)
            on = f"{quote(table.name)} ({listed})"
            statement = f"CREATE UNIQUE INDEX partial ON {on} WHERE {where}"
            if not index_details(table, statement, dialect=_SQL.get(link.dialect.name, "")):
                skipped["partial index"] += 1
        else:
            table.add_unique([str(column) for column in columns])
