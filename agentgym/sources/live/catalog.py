"""What a server's own catalog says and reflection does not, or not exactly.

A connection comes in; exact types go out, and for PostgreSQL parts of tables, references between
schemas, exclusion constraints, and what the user may not read. Next: `describe`.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from agentgym.sources.tables import RawReference

__all__ = ["Catalog", "Exact", "Place", "catalog"]

Place = tuple[str, str]
"""Schema and name of a table, or of a type."""
_OURS = "n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'"
"""What `OURS` stands for in the queries below: no schema of the server's own."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Exact:
    """The type of a column with digits and length; of a domain the type under it."""

    declared: str
    checks: tuple[str, ...] = ()
    """Conditions of its domains, in SQL, about `VALUE`."""
    required: bool = False
    """Whether a domain forbids NULL."""


@dataclasses.dataclass(slots=True, kw_only=True)
class Catalog:
    """What was found; empty for any other server."""

    partitions: set[Place] = dataclasses.field(default_factory=set)
    """Tables that are only parts of another: it is read as a whole."""
    refused: set[Place] = dataclasses.field(default_factory=set)
    """Tables that the user may not read."""
    heirs: dict[Place, tuple[int, ...]] = dataclasses.field(default_factory=dict)
    """Table to the numbers of those that inherit from it, whose rows it shows but which belong to
    a table of their own."""
    references: dict[Place, tuple[tuple[Place, RawReference], ...]] | None = None
    """Table to the tables that it refers to; None where reflection has to tell."""
    exclusions: dict[Place, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    """Table to its exclusion constraints, in SQL."""
    types: dict[Place, dict[str, Exact]] = dataclasses.field(default_factory=dict)
    """Table to its columns."""


def catalog(link: Connection) -> Catalog:
    """Ask the catalog of a server."""
    if link.dialect.name in ("mysql", "mariadb"):
        return Catalog(types=_column_types(link))
    if link.dialect.name != "postgresql":
        return Catalog()
    partitions, heirs = _inheritance(link)
    return Catalog(
        partitions=partitions,
        refused=_refused(link),
        heirs=heirs,
        references=_references(link),
        exclusions=_exclusions(link),
        types=_types(link),
    )


def _asked(link: Connection, query: str) -> Sequence[Sequence[object]]:
    return link.execute(sa.text(query.replace("OURS", _OURS))).fetchall()


def _refused(link: Connection) -> set[Place]:
    query = (
        "SELECT n.nspname, c.relname FROM pg_catalog.pg_class AS c "
        "JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace "
        "WHERE c.relkind IN ('r', 'p') AND OURS AND NOT (has_schema_privilege(n.oid, 'USAGE') "
        "AND has_table_privilege(c.oid, 'SELECT'))"
    )
    return {(str(schema), str(name)) for schema, name in _asked(link, query)}


def _inheritance(link: Connection) -> tuple[set[Place], dict[Place, tuple[int, ...]]]:
    """Tell parts from heirs: a table that inherits and adds no column is a part too."""
    query = (
        "SELECT n.nspname, c.relname, c.oid::bigint, c.relispartition, pn.nspname, p.relname, "
        "NOT EXISTS (SELECT FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = c.oid "
        "AND a.attnum > 0 AND NOT a.attisdropped AND a.attinhcount = 0) "
        "FROM pg_catalog.pg_inherits AS i JOIN pg_catalog.pg_class AS c ON c.oid = i.inhrelid "
        "JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace "
        "JOIN pg_catalog.pg_class AS p ON p.oid = i.inhparent "
        "JOIN pg_catalog.pg_namespace AS pn ON pn.oid = p.relnamespace "
        "WHERE c.relkind IN ('r', 'p', 'f') AND OURS ORDER BY 1, 2, i.inhseqno"
    )
    above: dict[Place, list[Place]] = {}
    numbers: dict[Place, int] = {}
    alike: set[Place] = set()
    for schema, name, number, partition, there, parent, same in _asked(link, query):
        place = (str(schema), str(name))
        above.setdefault(place, []).append((str(there), str(parent)))
        numbers[place] = int(str(number))
        if partition or same:
            alike.add(place)
    parts = {place for place in alike if len(above[place]) == 1}
    heirs: dict[Place, list[int]] = {}
    for place, number in numbers.items():
        owner = place
        while owner in parts:
            owner = above[owner][0]
        reached = list(above[place])
        for parent in reached:
            reached += [one for one in above.get(parent, ()) if one not in reached]
            if parent != owner:
                heirs.setdefault(parent, []).append(number)
    return parts, {parent: tuple(found) for parent, found in heirs.items()}


def _references(link: Connection) -> dict[Place, tuple[tuple[Place, RawReference], ...]]:
    """Return the foreign keys; those that a partitioned table hands down are none of their own."""
    columns = (
        "ARRAY(SELECT a.attname::text FROM unnest(KEY) WITH ORDINALITY AS u (num, place) "
        "JOIN pg_catalog.pg_attribute AS a ON a.attrelid = TABLE AND a.attnum = u.num "
        "ORDER BY u.place)"
    )
    query = (
        "SELECT n.nspname, c.relname, tn.nspname, t.relname, MINE, THEIRS "
        "FROM pg_catalog.pg_constraint AS k "
        "JOIN pg_catalog.pg_class AS c ON c.oid = k.conrelid "
        "JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace "
        "JOIN pg_catalog.pg_class AS t ON t.oid = k.confrelid "
        "JOIN pg_catalog.pg_namespace AS tn ON tn.oid = t.relnamespace "
        "WHERE k.contype = 'f' AND k.conparentid = 0 AND OURS ORDER BY 1, 2, k.conname"
    )
    for word, key, table in (("MINE", "conkey", "conrelid"), ("THEIRS", "confkey", "confrelid")):
        query = query.replace(
            word, columns.replace("KEY", f"k.{key}").replace("TABLE", f"k.{table}")
        )
    found: dict[Place, list[tuple[Place, RawReference]]] = {}
    for schema, name, there, target, mine, theirs in _asked(link, query):
        reference = RawReference(
            columns=_names(mine), target=str(target), target_columns=_names(theirs)
        )
        aim = (str(there), str(target))
        found.setdefault((str(schema), str(name)), []).append((aim, reference))
    return {place: tuple(listed) for place, listed in found.items()}


def _names(found: object) -> tuple[str, ...]:
    return tuple(str(name) for name in found) if isinstance(found, (list, tuple)) else ()


def _exclusions(link: Connection) -> dict[Place, tuple[str, ...]]:
    query = (
        "SELECT n.nspname, c.relname, pg_catalog.pg_get_constraintdef(k.oid) "
        "FROM pg_catalog.pg_constraint AS k JOIN pg_catalog.pg_class AS c ON c.oid = k.conrelid "
        "JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace "
        "WHERE k.contype = 'x' AND OURS ORDER BY 1, 2, k.conname"
    )
    found: dict[Place, tuple[str, ...]] = {}
    for schema, name, said in _asked(link, query):
        place = (str(schema), str(name))
        plain = re.sub(r"\s+(DEFERRABLE|INITIALLY DEFERRED)\b", "", str(said))
        found[place] = (*found.get(place, ()), plain)
    return found


def _types(link: Connection) -> dict[Place, dict[str, Exact]]:
    """Return the exact types of all columns, domains taken apart down to what is under them."""
    domains = _domains(link)
    query = (
        "SELECT n.nspname, c.relname, a.attname, a.atttypid::bigint, "
        "pg_catalog.format_type(a.atttypid, a.atttypmod) FROM pg_catalog.pg_attribute AS a "
        "JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid "
        "JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace "
        "WHERE c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped AND OURS"
    )
    found: dict[Place, dict[str, Exact]] = {}
    for schema, name, column, kind, said in _asked(link, query):
        here = found.setdefault((str(schema), str(name)), {})
        here[str(column)] = domains.get(int(str(kind))) or Exact(declared=str(said))
    return found


def _column_types(link: Connection) -> dict[Place, dict[str, Exact]]:
    """Return the types of all columns of the database as MySQL writes them."""
    query = (
        "SELECT table_schema, table_name, column_name, column_type "
        "FROM information_schema.columns WHERE table_schema = DATABASE()"
    )
    found: dict[Place, dict[str, Exact]] = {}
    for schema, name, column, said in _asked(link, query):
        here = found.setdefault((str(schema), str(name)), {})
        here[str(column)] = Exact(declared=str(said))
    return found


def _domains(link: Connection) -> dict[int, Exact]:
    query = (
        "SELECT t.oid::bigint, t.typbasetype::bigint, t.typnotnull, "
        "pg_catalog.format_type(t.typbasetype, t.typtypmod), "
        "ARRAY(SELECT pg_catalog.pg_get_constraintdef(k.oid) FROM pg_catalog.pg_constraint AS k "
        "WHERE k.contypid = t.oid AND k.contype = 'c' ORDER BY k.conname) "
        "FROM pg_catalog.pg_type AS t WHERE t.typtype = 'd' ORDER BY 1"
    )
    said = {int(str(row[0])): row[1:] for row in _asked(link, query)}
    found: dict[int, Exact] = {}
    for oid in said:
        kind, checks, required, declared = oid, [], False, ""
        while kind in said:
            base, forbids, under, more = said[kind]
            checks += list(_names(more))
            required = required or bool(forbids)
            kind, declared = int(str(base)), str(under)
        found[oid] = Exact(declared=declared, checks=tuple(checks), required=required)
    return found
