"""Trees and names: the one call of the parser, and names of tables with or without a schema.

Next: `constants`.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from typing import cast

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

__all__ = ["NAME", "TableName", "dotted", "parse", "parts", "table_name", "try_parse"]

_LOGGER = logging.getLogger("sqlglot")
"""Says for each statement that it is not known; we count those ourselves."""

TableName = tuple[str, str]
"""(schema or empty, table), as written but without quotes."""

NAME = r"""(?:"(?:[^"]|"")+"|`(?:[^`]|``)+`|\[[^\]]+\]|[^\W\d][\w$]*)"""
"""One name, quoted or not."""
_PART = re.compile(NAME)


def parts(text: str) -> list[str]:
    """Split a dotted name into its parts, without quotes."""
    found: list[str] = []
    for part in _PART.findall(text):
        if part[0] in '"`':
            found.append(part[1:-1].replace(part[0] * 2, part[0]))
        else:
            found.append(part[1:-1] if part[0] == "[" else part)
    return found


def dotted(text: str) -> TableName:
    """Return the name of a table that is written with or without a schema."""
    names = parts(text)
    return (names[-2] if len(names) > 1 else "", names[-1] if names else "")


def parse(text: str, dialect: str) -> exp.Expression:
    """Parse one statement or expression.

    Raises:
        SqlglotError: It is not well formed.
    """
    level = _LOGGER.level
    _LOGGER.setLevel(logging.CRITICAL)
    try:
        return cast("exp.Expression", sqlglot.parse_one(text, read=dialect))
    finally:
        _LOGGER.setLevel(level)


def try_parse(text: str, dialects: Sequence[str]) -> exp.Expression | None:
    """Parse in the first dialect that knows the statement; None where none does."""
    for dialect in dialects:
        try:
            tree = parse(text, dialect)
        except (SqlglotError, RecursionError):
            continue
        if not isinstance(tree, exp.Command):
            return tree
    return None


def table_name(node: exp.Expression | None) -> TableName:
    """Return the name of the table that a tree names."""
    table = node if isinstance(node, exp.Table) else node.find(exp.Table) if node else None
    return (table.db, table.name) if table is not None else ("", "")
