"""A whole script read into raw tables, or one CREATE TABLE into a table known otherwise.

Next: `sources.assemble`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from sqlglot import exp

from agentgym.errors import SourceError
from agentgym.sources.sql.constants import NOW
from agentgym.sources.sql.create import define, parse_table, trailing
from agentgym.sources.sql.ddl import column_names, note_comments, qualified
from agentgym.sources.sql.exclusions import add_partial
from agentgym.sources.sql.names import dotted, try_parse
from agentgym.sources.sql.script import Script
from agentgym.sources.sql.split import guess_dialect, statements
from agentgym.sources.tables import Raw, RawTable, unrun

__all__ = ["index_details", "read_script", "table_details"]

_NAMED = 5
"""Most faulty statements that are named one by one."""


def read_script(text: str, *, where: str) -> tuple[Raw, str]:
    """Read an SQL script.

    Args:
        text: The whole of it.
        where: The file, for errors.

    Returns:
        What was found, and the dialect.

    Raises:
        SourceError: Nothing in it creates a table.
    """
    dialect = guess_dialect(text)
    script = Script(dialect)
    for statement in statements(text, dialect):
        script.take(statement)
    if not script.tables:
        raise _nothing(script, where)
    return Raw(
        tables=list(_plainly_named(script)), skipped=script.skipped, notes=list(_notes(script))
    ), dialect


def _nothing(script: Script, where: str) -> SourceError:
    found = ", ".join(f"{n} {kind}" for kind, n in sorted(script.skipped.items())[:6] if n)
    first = f" (first: {script.faults[0]})" if script.faults else ""
    return SourceError(
        "an SQL script that creates tables",
        found=(found or "none") + first,
        where=where,
        hint="give a SQLite database, an SQL script with CREATE TABLE, or a knowledge graph",
    )


def _notes(script: Script) -> Iterator[str]:
    shown = script.faults[:_NAMED]
    for fault in shown:
        yield f"A statement that cannot be read was left out, {fault}."
    if len(script.faults) > len(shown):
        more = len(script.faults) - len(shown)
        yield f"{more} more statements that cannot be read were left out."
    if script.unrun:
        yield unrun(script.unrun)
    if script.reader.clocked:
        yield (
            f"{script.reader.clocked} values were told from the clock; "
            f"it was taken to be {NOW:%Y-%m-%d %H:%M}."
        )


def _plainly_named(script: Script) -> Iterator[RawTable]:
    """Take the schema off table names, unless two tables would be called the same."""
    counts = Counter(name.casefold() for _, name in script.tables)
    called = {
        qualified(key): key[1] if counts[key[1].casefold()] == 1 else qualified(key)
        for key in script.tables
    }
    for key, table in script.tables.items():
        table.name = called[qualified(key)]
        for reference in table.references:
            target = script.find(dotted(reference.target))
            if target is not None:
                reference.target = called.get(target.name, target.name)
        yield table


def table_details(table: RawTable, sql: str, *, dialect: str, skipped: Counter[str]) -> None:
    """Add checks, defaults and comments from a CREATE TABLE to a table described otherwise.

    Args:
        table: Its columns, key and references are known already.
        sql: The statement; one that cannot be parsed adds only its comments.
        dialect: Of SQL.
        skipped: Gets the counts.
    """
    note_comments(trailing(sql), table)
    script = Script(dialect)
    tree = parse_table(sql, script.dialects, Counter()) if sql else None
    if not isinstance(tree, exp.Create) or not isinstance(tree.this, exp.Schema):
        return
    shadow = RawTable(name=table.name)
    define(shadow, tree.this, script.types, skipped)
    for said in shadow.columns:
        column = table.column(said.name)
        if column is not None:
            column.default, column.filled = said.default, said.filled
            column.automatic = column.automatic or said.automatic
            column.summands = said.summands
            if column.hinted is None:
                column.hinted, column.evidence = said.hinted, said.evidence
    table.checks = shadow.checks
    table.exclusives += shadow.exclusives


def index_details(table: RawTable, sql: str, *, dialect: str) -> bool:
    """Add what a unique index over some of the rows says; tell whether a schema can hold it.

    Args:
        table: Its columns are known already.
        sql: The CREATE UNIQUE INDEX ... WHERE.
        dialect: Of SQL.
    """
    tree = try_parse(sql, (dialect,))
    index = tree.this if isinstance(tree, exp.Create) else None
    parameters = index.args.get("params") if isinstance(index, exp.Index) else None
    where = parameters.args.get("where") if isinstance(parameters, exp.IndexParameters) else None
    if parameters is None or where is None:
        return False
    return add_partial(table, column_names(table, parameters.args.get("columns") or []), where)
