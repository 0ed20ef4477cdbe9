"""Raw tables: the one form in which every source hands over what it found.

Names are the source's own, values are plain Python values, nothing is repaired yet.
`declare` says what a declared type means in any of the dialects. Next: `values`,
which looks at the rows, and `assemble`, which makes a `Draft` of all.
"""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Sequence
from typing import Literal

from agentgym.formats import Json
from agentgym.schema import ValueType

__all__ = [
    "Raw",
    "RawCheck",
    "RawColumn",
    "RawExclusive",
    "RawReference",
    "RawTable",
    "declare",
    "is_bookkeeping",
    "match",
    "unrun",
]

Op = Literal["eq", "ne", "lt", "le", "gt", "ge", "in"]

RawRow = tuple[Json, ...]
"""One row as the source holds it: None, bool, int, float, Decimal, str, bytes, list or dict."""


@dataclasses.dataclass(slots=True, kw_only=True)
class RawColumn:
    """One column as declared."""

    name: str
    declared: str = ""
    """The type in the source's words."""
    kind: ValueType | None = None
    """What the declaration alone says; None where only the values can tell."""
    scale: int | None = None
    max_length: int | None = None
    padded: bool = False
    """Whether trailing blanks are only filling, as in CHAR(n)."""
    nullable: bool = True
    default: Json = None
    """A constant, as the source wrote it."""
    filled: Json = None
    """What rows hold that give no value."""
    generated: bool = False
    summands: tuple[tuple[int, tuple[str, ...]], ...] = ()
    """What a generated column adds up: a sign (1, -1) and the columns that are multiplied."""
    automatic: bool = False
    """Whether the source numbers new rows by itself."""
    values: tuple[str, ...] | None = None
    """Legal values of a declared enum."""
    hinted: tuple[str, ...] | None = None
    """Values that a comment lists; they hold only where no row contradicts."""
    dropped: bool = False
    """Whether it holds nothing for people, like a search index."""
    comment: str = ""
    evidence: tuple[str, ...] = ()


@dataclasses.dataclass(slots=True, kw_only=True)
class RawReference:
    """One foreign key, declared or inferred."""

    columns: tuple[str, ...]
    target: str
    target_columns: tuple[str, ...] = ()
    """Empty: the key of the target."""
    inferred: bool = False
    evidence: tuple[str, ...] = ()


@dataclasses.dataclass(slots=True, kw_only=True)
class RawCheck:
    """One comparison that the source enforces."""

    column: str
    op: Op
    value: Json = None
    other: str | None = None


@dataclasses.dataclass(slots=True, kw_only=True)
class RawExclusive:
    """Of rows that agree in some columns only one may pass a condition (at a time)."""

    same: tuple[str, ...]
    where: tuple[RawCheck, ...] = ()
    """Comparisons that must all hold: `eq`, `ne` or `in` with constants."""
    span: tuple[str, str] | None = None
    """Columns of a half-open time, start and end: only overlapping rows exclude each other."""

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns that it names."""
        return (*self.same, *(check.column for check in self.where), *(self.span or ()))


@dataclasses.dataclass(slots=True, kw_only=True)
class RawTable:
    """One table as declared, with its rows."""

    name: str
    columns: list[RawColumn] = dataclasses.field(default_factory=list)
    key: tuple[str, ...] = ()
    uniques: list[tuple[str, ...]] = dataclasses.field(default_factory=list)
    references: list[RawReference] = dataclasses.field(default_factory=list)
    checks: list[RawCheck] = dataclasses.field(default_factory=list)
    exclusives: list[RawExclusive] = dataclasses.field(default_factory=list)
    rows: list[RawRow] = dataclasses.field(default_factory=list)
    counters: dict[str, int] = dataclasses.field(default_factory=dict)
    """Last number given in each automatic column."""
    total: int | None = None
    """How many rows the source has, where not all were taken."""
    comment: str = ""
    link: bool = False
    """Whether the source itself says that it only joins two others."""

    def column(self, name: str) -> RawColumn | None:
        """Find a column by name, letter case aside; None when there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        folded = name.casefold()
        for column in self.columns:
            if column.name.casefold() == folded:
                return column
        return None

    def position(self, name: str) -> int:
        """Return the place of a column in the rows."""
        return next(place for place, column in enumerate(self.columns) if column.name == name)

    def add_unique(self, names: Sequence[str]) -> None:
        """Note that these columns are unique together."""
        wanted = tuple(names)
        if wanted and all(set(wanted) != set(old) for old in (self.key, *self.uniques)):
            self.uniques.append(wanted)


@dataclasses.dataclass(slots=True, kw_only=True)
class Raw:
    """Everything that was found in a source."""

    tables: list[RawTable] = dataclasses.field(default_factory=list)
    skipped: Counter[str] = dataclasses.field(default_factory=Counter)
    notes: list[str] = dataclasses.field(default_factory=list)
    options: dict[str, Json] = dataclasses.field(default_factory=dict)
    """What the source itself decided, to be recorded with what was asked for."""

    def table(self, name: str) -> RawTable | None:
        """Find a table by name, letter case aside; None when there is none."""
        return match(self.tables, name)


def match(tables: Sequence[RawTable], name: str) -> RawTable | None:
    """Find a table by name, exactly first, then letter case aside."""
    for table in tables:
        if table.name == name:
            return table
    folded = name.casefold()
    return next((table for table in tables if table.name.casefold() == folded), None)


_NAMED = 20


def unrun(names: Sequence[str]) -> str:
    """Say which triggers and routines were left out: what they would do does not happen."""
    shown = ", ".join(dict.fromkeys(names[:_NAMED]))
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"Never run, so what they do does not happen: {shown}{more}."


_INTEGER = frozenset(
    "int integer bigint smallint tinyint mediumint int2 int4 int8 uint ubigint usmallint utinyint "
    "umediumint serial bigserial smallserial serial2 serial4 serial8 int128 uint128 int256 long "
    "byteint oid year rowversion".split()
)
_AUTOMATIC = frozenset("serial bigserial smallserial serial2 serial4 serial8".split())
_DECIMAL = frozenset("decimal numeric number dec fixed udecimal bigdecimal bignumeric".split())
_MONEY = frozenset("money smallmoney currency".split())
_FLOAT = frozenset("float real double float4 float8 udouble binary_float binary_double".split())
_BOOLEAN = frozenset("boolean bool logical".split())
_DATE = frozenset("date date32".split())
_DATETIME = frozenset(
    "datetime timestamp timestamptz timestampltz timestampntz datetime2 smalldatetime datetime64 "
    "timestamp_s timestamp_ms timestamp_ns datetimeoffset".split()
)
_JSON = frozenset("json jsonb array hstore struct map object variant list".split())
_BYTES = frozenset(
    "blob bytea varbinary binary tinyblob mediumblob longblob image raw bytes".split()
)
_TEXT = frozenset(
    "text char character varchar nvarchar nchar bpchar varchar2 nvarchar2 clob nclob tinytext "
    "mediumtext longtext string citext name uuid uniqueidentifier inet cidr macaddr ipaddress ipv4 "
    "ipv6 ipprefix xml time timetz interval enum set native varying fixedstring ntext bit_varying "
    "point geometry geography polygon linestring box circle path ltree isbn "
    "int4range int8range numrange tsrange tstzrange daterange "
    "int4multirange int8multirange nummultirange tsmultirange tstzmultirange datemultirange".split()
)
_FIXED = frozenset("char character nchar bpchar fixedstring".split())
_SEARCH = frozenset("tsvector tsquery vector halfvec".split())
_LONGEST = 500


def declare(column: RawColumn, text: str) -> None:
    """Write down what a declared type means.

    Args:
        column: Gets `declared`, `kind`, `scale`, `max_length`, `padded` and `automatic`.
        text: The type as written: `VARCHAR(20)`, `numeric(10,2)`, `character varying[]`.
    """
    column.declared = text
    plain = text.casefold().replace('"', "").strip()
    found = re.search(r"\(([\d\s,]*)\)", plain)
    sizes = [int(n) for n in re.findall(r"\d+", found[1])] if found else []
    words = re.sub(r"\([^)]*\)", " ", plain).split()
    word = words[0].rpartition(".")[2] if words else ""
    if plain.endswith("[]") or (len(words) > 1 and words[-1] == "array"):
        column.kind = "json"
        return
    if words[:1] in (["unsigned"], ["national"], ["signed"], ["native"]) and len(words) > 1:
        word = words[1] if words[1] != "big" else "bigint"
    column.automatic = column.automatic or word in _AUTOMATIC
    _set(column, word, sizes)


def _set(column: RawColumn, word: str, sizes: Sequence[int]) -> None:
    if word in _INTEGER:
        column.kind = "boolean" if word == "tinyint" and list(sizes) == [1] else "integer"
    elif word in _DECIMAL:
        column.kind, column.scale = "decimal", None
        if sizes:
            column.scale = sizes[1] if len(sizes) > 1 else 0
    elif word in _MONEY:
        column.kind, column.scale = "decimal", 2
    elif word in _FLOAT:
        column.kind = "float"
    elif word in _BOOLEAN or (word == "bit" and (not sizes or list(sizes) == [1])):
        column.kind = "boolean"
    elif word in _DATE:
        column.kind = "date"
    elif word in _DATETIME:
        column.kind = "datetime"
    elif word in _JSON:
        column.kind = "json"
    elif word in _BYTES:
        column.kind = "bytes"
    elif word in _SEARCH:
        column.kind, column.dropped = "text", True
    elif word in _TEXT or word == "bit":
        column.kind = "text"
        column.padded = word in _FIXED
        if sizes and "time" not in word and word != "interval" and 0 < sizes[0] <= _LONGEST:
            column.max_length = sizes[0]
    else:
        column.kind = _affinity(word)


def _affinity(word: str) -> ValueType | None:
    """Return what SQLite itself would make of an unknown type name."""
    for part, kind in (
        ("int", "integer"),
        ("char", "text"),
        ("clob", "text"),
        ("text", "text"),
        ("blob", "bytes"),
        ("real", "float"),
        ("floa", "float"),
        ("doub", "float"),
        ("bool", "boolean"),
        ("datetime", "datetime"),
        ("date", "date"),
        ("money", "decimal"),
    ):
        if part in word:
            return kind  # type: ignore[return-value]
    return None


_BOOKKEEPING = re.compile(
    r"(alembic_version\w*|django_migrations|django_session|schema_migrations?"
    r"|ar_internal_metadata|sqlite_\w+|flyway_schema_history|schema_version|databasechangelog(lock)?"
    r"|__efmigrationshistory|__migrationhistory|knex_migrations(_lock)?|_prisma_migrations"
    r"|goose_db_version|migrations|migrate_version|typeorm_metadata|sequelizemeta|phinxlog"
    r"|doctrine_migration_versions|spatial_ref_sys|geometry_columns|sysdiagrams|south_migrationhistory"
    r"|pg_stat_statements|migration_versions|schemamigrations|_litestream_\w+)",
    re.IGNORECASE,
)


def is_bookkeeping(table: str) -> bool:
    """Tell whether a table is kept by a migration tool or an engine, not by the business."""
    return _BOOKKEEPING.fullmatch(table) is not None
