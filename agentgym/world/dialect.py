"""How statements are written: one text for SQLite, one for PostgreSQL, from the same expression.

An expression of SQLAlchemy comes in; the text for the database that its table is made for
goes out, with the names of its parameters. Two functions differ between the databases:
`sa.func.fold` (the form in which texts are compared when case does not matter) and
`sa.func.instr`. Next: `tables`.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.dialects.sqlite import dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

__all__ = ["POSTGRES", "SQLITE", "Statement", "folded_key", "render"]

SQLITE: sa.Dialect = dialect(paramstyle="qmark")
POSTGRES: sa.Dialect = PGDialect(paramstyle="format")  # type: ignore[no-untyped-call, unused-ignore]

Statement = tuple[str, tuple[str, ...]]
"""SQL text and the names of its parameters, in order."""


def render(
    statement: sa.sql.expression.ClauseElement, target: sa.Dialect | None = None
) -> Statement:
    """Turn a statement into text and the names of its bound parameters.

    Args:
        statement: What to write down.
        target: For which database; that of the statement's first table when None.
    """
    compiled = statement.compile(dialect=target or _target(statement))
    order: tuple[str, ...] = tuple(getattr(compiled, "positiontup", None) or ())
    return str(compiled), order


def _target(statement: sa.sql.expression.ClauseElement) -> sa.Dialect:
    for element in sa.sql.visitors.iterate(statement):
        owner: Any = getattr(element, "table", element)
        while not isinstance(owner, sa.Table) and hasattr(owner, "element"):
            owner = owner.element
        if isinstance(owner, sa.Table):
            found: sa.Dialect = owner.metadata.info.get("dialect", SQLITE)
            return found
    return SQLITE


def folded_key(name: str) -> str:
    """Name the column that holds the folded text of a field, where a database needs one.

    It is no identifier, so that no field has this name.
    """
    return f".{name}"


class fold(GenericFunction[str]):  # noqa: N801 - SQLAlchemy registers it under its name
    """The folded form of a text column; SQLite calls `schema.types.fold`."""

    type = sa.TEXT()
    inherit_cache = True


class instr(GenericFunction[int]):  # noqa: N801 - SQLAlchemy registers it under its name
    """The place of one text in another, from 1; 0 where it is not."""

    type = sa.INTEGER()
    inherit_cache = True


@compiles(fold, "postgresql")
def _folded_column(element: Any, compiler: SQLCompiler, **how: Any) -> str:
    """Read the column that was folded when the row was written."""
    (column,) = element.clauses
    return compiler.process(column.table.c[folded_key(column.key)], **how)


@compiles(instr, "postgresql")
def _strpos(element: Any, compiler: SQLCompiler, **how: Any) -> str:
    return compiler.process(sa.func.strpos(*element.clauses), **how)
