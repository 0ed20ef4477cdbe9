"""The structure of a live database: tables of all schemas, as its server describes them.

A connection comes in, raw tables without rows go out. Defaults, checks and generated
columns are texts of SQL there: they are read by the reader of scripts. What reflection does
not tell comes from `catalog`. Next: `rows`.
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

from agentgym.errors import SourceError
from agentgym.sources.live.catalog import Catalog, Exact, Place, catalog
from agentgym.sources.live.connect import called
from agentgym.sources.live.faults import denied
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

_OPTIONAL = frozenset({"unique_constraints", "indexes", "check_constraints", "table_comment"})
"""What not every dialect of SQLAlchemy can tell of a table."""


@dataclasses.dataclass(slots=True, kw_only=True)
class Described:
    """The tables of a database, and where each of them is."""

    raw: Raw
    places: dict[str, Place]
    """Name of a raw table to its schema and its name there."""
    heirs: dict[str, tuple[int, ...]]
    """Name of a raw table to the numbers of those whose rows it shows besides its own."""
    refused: list[str]
    """Tables that the user may not read."""

    @property
    def schemas(self) -> dict[str, tuple[str, ...]]:
        """Return each schema with its raw tables."""
        found: dict[str, tuple[str, ...]] = {}
        for name, (schema, _) in self.places.items():
            found[schema] = (*found.get(schema, ()), name)
        return found

    def spelled(self, focus: Sequence[str]) -> tuple[str, ...]:
        """Return the names asked for: a schema as all its tables, `schema.table` as we call it."""
        dotted = {
            f"{schema}.{name}".casefold(): table for table, (schema, name) in self.places.items()
        }
        schemas, found = self.schemas, list[str]()
        for word in focus:
            schema = schemas.get(word, ())
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
    own = inspector.default_schema_name or ""
    known = catalog(link)
    raw.skipped["partition of a table"] += len(known.partitions)
    listed: list[Place] = []
    for schema in _schemas(inspector, link):
        raw.skipped["view"] += len(inspector.get_view_names(schema))
        if link.dialect.name == "postgresql":
            materialized = getattr(inspector, "get_materialized_view_names", None)
            raw.skipped["materialized view"] += len(materialized(schema)) if materialized else 0
            foreign = getattr(inspector, "get_foreign_table_names", None)
            raw.skipped["foreign table"] += len(foreign(schema)) if foreign else 0
        listed += [(schema, name) for name in sorted(inspector.get_table_names(schema))]
    listed = [place for place in listed if place not in known.partitions]
    refused = [place for place in listed if place in known.refused]
    if listed and len(refused) == len(listed):
        raise SourceError(
            "a table that may be read",
            found=f"{len(refused)} that the server refuses to show",
            where=called(link.engine.url),
            hint="grant USAGE on their schemas and SELECT on them to the user",
        )
    names = _called([place for place in listed if place not in known.refused], own)
    _structures(inspector, link, raw, names, known)
    _programs(link, raw)
    return Described(
        raw=raw,
        places={name: place for place, name in names.items()},
        heirs={names[place]: found for place, found in known.heirs.items() if place in names},
        refused=[f"{schema}.{name}" for schema, name in refused],
    )


def _called(listed: Sequence[Place], own: str) -> dict[Place, str]:
    """Name the tables: with their schema where it is not the own one and the name is not alone."""
    counts = Counter(name.casefold() for _, name in listed)
    found: dict[Place, str] = {}
    taken: set[str] = set()
    for schema, name in listed:
        alone = schema == own or counts[name.casefold()] == 1
        chosen = name if alone else f"{schema}.{name}"
        while chosen in taken:
            chosen = f"{schema}.{chosen}"
        taken.add(chosen)
        found[schema, name] = chosen
    return found


def _schemas(inspector: Inspector, link: Connection) -> list[str]:
    """Return the schemas to read, the default one first; on MySQL a schema is a database."""
    own = inspector.default_schema_name or ""
    listed = [] if own and link.dialect.name != "postgresql" else inspector.get_schema_names()
    others = sorted(
        name
        for name in listed
        if name.casefold() not in _SYSTEM and not name.startswith("pg_") and name != own
    )
    if own:
        return [own, *others]
    if link.dialect.name in ("mysql", "mariadb"):
        raise SourceError(
            "the name of a database",
            found="none",
            where=called(link.engine.url),
            hint=f"write it after the host; there are: {', '.join(others[:8]) or 'none'}",
        )
    return others


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


class _Parts:
    """What an inspector says of all tables of one schema, asked for at once."""

    def __init__(
        self,
        inspector: Inspector,
        schema: str,
        names: Sequence[str],
        known: Catalog,
    ) -> None:
        self.types = {name: known.types.get((schema, name), {}) for name in names}
        self.exclusions = {name: known.exclusions.get((schema, name), ()) for name in names}

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
    inspector: Inspector, link: Connection, raw: Raw, names: Mapping[Place, str], known: Catalog
) -> None:
    by_schema: dict[str, list[str]] = {}
    for schema, name in names:
        by_schema.setdefault(schema, []).append(name)
    for schema, inside in by_schema.items():
        parts = _Parts(inspector, schema, inside, known)
        for name in inside:
            table = _table(link, names[schema, name], name, parts, raw.skipped)
            if known.references is not None:
                told = known.references.get((schema, name), ())
            else:
                told = _reflected(schema, parts.references.get(name) or ())
            for aim, reference in told:
                there = names.get(aim, f"{aim[0]}.{aim[1]}")
                table.references.append(dataclasses.replace(reference, target=there))
            raw.tables.append(table)


def _reflected(
    schema: str, said: Iterable[Mapping[str, Any]]
) -> tuple[tuple[Place, RawReference], ...]:
    """Return what reflection says of the references of a table."""
    return tuple(
        (
            (str(one.get("referred_schema") or schema), str(one["referred_table"])),
            RawReference(
                columns=tuple(one["constrained_columns"]),
                target=str(one["referred_table"]),
                target_columns=tuple(one["referred_columns"]),
            ),
        )
        for one in said
    )


def _table(
    link: Connection, known_as: str, name: str, parts: _Parts, skipped: Counter[str]
) -> RawTable:
    table = RawTable(name=known_as)
    pieces: list[str] = []
    comments: dict[str, str] = {}
    for said in parts.columns.get(name) or ():
        column = RawColumn(name=said["name"], nullable=bool(said.get("nullable", True)))
        checks = _typed(column, said["type"], link, parts.types[name].get(column.name))
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
    pieces += parts.exclusions[name]
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


def _typed(column: RawColumn, kind: Any, link: Connection, exact: Exact | None) -> list[str]:
    """Write down a type; return the checks of its domains as pieces of SQL.

    Args:
        column: Gets the type.
        kind: What reflection says.
        link: To the server.
        exact: What the catalog says, where there is one.
    """
    while (inner := getattr(kind, "data_type", None)) is not None:
        kind = inner
    values = getattr(kind, "enums", None)
    if values:
        column.declared, column.kind = str(getattr(kind, "name", None) or "enum"), "text"
        column.values = tuple(str(value) for value in values)
    elif exact is not None:
        declare(column, exact.declared)
    else:
        try:
            declare(column, str(kind.compile(dialect=link.dialect)))
        except sa.exc.CompileError:
            declare(column, "")
    if exact is None:
        return []
    column.nullable = column.nullable and not exact.required
    quoted = link.dialect.identifier_preparer.quote(column.name)
    return [_about(check, quoted) for check in exact.checks]


def _about(check: str, column: str) -> str:
    """Put a column for the `VALUE` of a domain's check, but not inside of texts."""
    plain = re.sub(r"\s+NOT VALID$", "", check)
    texts = r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\bVALUE\b"
    return re.sub(texts, lambda found: column if found[0] == "VALUE" else found[0], plain)


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
