"""CREATE TABLE: parsed, or read in part where the parser knows less than the engines do.

Next: `script`.
"""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import closing

from sqlglot import exp

from agentgym.sources.pragma import describe
from agentgym.sources.sql.ddl import Types, add_column, add_constraints
from agentgym.sources.sql.names import NAME, parts, try_parse
from agentgym.sources.tables import RawColumn, RawTable, declare

__all__ = ["define", "parse_table", "simplified", "trailing"]


def parse_table(
    text: str, dialects: Sequence[str], skipped: Counter[str]
) -> exp.Create | RawTable | None:
    """Read a CREATE TABLE.

    Args:
        text: The statement.
        dialects: In which it may be written, the likeliest first.
        skipped: Gets the counts of columns that were read in part.

    Returns:
        Its tree; or the table itself where only SQLite could read it; None for neither.
    """
    for version in (text, simplified(text)):
        tree = try_parse(version, dialects)
        if isinstance(tree, exp.Create):
            return tree
    return _by_engine(text, skipped) or _in_part(simplified(text), dialects[:1], skipped)


_UNPARSED = (
    (re.compile(r"\bUNSIGNED\s+BIG\s+INT\b", re.IGNORECASE), "BIGINT"),
    (re.compile(r"\ACREATE\s+FOREIGN\s+TABLE\b", re.IGNORECASE), "CREATE TABLE"),
    (re.compile(r"\)\s*SERVER\s+\S+(?:\s+OPTIONS\s*\(.*\))?\s*\Z", re.IGNORECASE | re.DOTALL), ")"),
    (re.compile(r"\AALTER\s+FOREIGN\s+TABLE\b", re.IGNORECASE), "ALTER TABLE"),
    (re.compile(r"\bNO\s+INHERIT\b", re.IGNORECASE), ""),
    (re.compile(r"\bMATCH\s+(?:FULL|SIMPLE|PARTIAL)\b", re.IGNORECASE), ""),
    (re.compile(r"\)\s*(?:(?:TEXTIMAGE_|FILESTREAM_)?ON\s+\[?\w+\]?\s*)+\Z", re.IGNORECASE), ")"),
    (re.compile(r"\bWITH\s+(?:NO)?CHECK\s+(?=ADD\b)", re.IGNORECASE), ""),
    (re.compile(r"\b(?:NON)?CLUSTERED\b(?=\s*\()", re.IGNORECASE), ""),
    (re.compile(r"\)\s*(?:(?:WITHOUT\s+ROWID|STRICT)\b\s*,?\s*)+\Z", re.IGNORECASE), ")"),
)


def simplified(text: str) -> str:
    """Take out or replace what the parser may not know and a schema does not need."""
    for pattern, instead in _UNPARSED:
        text = pattern.sub(instead, text)
    return text


def _by_engine(text: str, skipped: Counter[str]) -> RawTable | None:
    """Let SQLite read the statement into an empty database of its own."""
    with closing(sqlite3.connect(":memory:")) as db:
        try:
            db.execute(text)
            name = db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchone()[0]
            return describe(db, name, skipped)
        except (sqlite3.Error, TypeError):
            return None


_HEAD = re.compile(rf"CREATE\s[^(]*?{NAME}(?:\s*\.\s*{NAME})*\s*\(", re.IGNORECASE)
_PIECE = re.compile(
    r"""'(?:[^'\\]|''|\\.)*'|"(?:[^"]|"")*"|`[^`]*`|--[^\n]*|[()\[\],]""", re.DOTALL
)
_COLUMN = re.compile(
    rf"\s*(?P<name>{NAME})\s+(?P<type>\"?[A-Za-z][\w .\"]*?(?:\([^()]*\))?(?:\[\])*)\s*"
    r"(?P<rest>(?:NOT\s+NULL|NULL|DEFAULT|PRIMARY|UNIQUE|CHECK|REFERENCES|COLLATE|CONSTRAINT)\b"
    r".*)?\Z",
    re.IGNORECASE | re.DOTALL,
)
_CANONICAL = {
    "integer": "BIGINT",
    "decimal": "NUMERIC",
    "float": "REAL",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "datetime": "TIMESTAMP",
    "json": "JSON",
    "bytes": "BLOB",
}
_CONSTRAINT = re.compile(
    r"\s*(?:CONSTRAINT|PRIMARY|FOREIGN|UNIQUE|CHECK|EXCLUDE|KEY|INDEX)\b", re.IGNORECASE
)


def _in_part(text: str, dialects: Sequence[str], skipped: Counter[str]) -> exp.Create | None:
    """Write each column that the parser does not know with a plain type, and parse again."""
    head = _HEAD.match(text)
    if head is None:
        return None
    elements, end = _elements(text, head.end())
    if end == len(text) or not all(element.strip() for element in elements):
        return None
    kept: list[str] = []
    for element in elements:
        if try_parse(f"CREATE TABLE x ({element})", dialects) is not None:
            kept.append(element)
            continue
        column = _COLUMN.match(element)
        if _CONSTRAINT.match(element):
            skipped["table constraint of an unknown kind"] += 1
        elif column is None:
            return None
        else:
            kept.append(_plain_column(column))
            skipped["column read in part"] += 1
    start = f"{head[0]}{', '.join(kept)}"
    tree = try_parse(start + text[end:], dialects) or try_parse(f"{start})", dialects)
    return tree if isinstance(tree, exp.Create) else None


def _elements(text: str, place: int) -> tuple[list[str], int]:
    """Cut the inside of the parentheses at its commas; also return where they close."""
    found, depth, start = [], 0, place
    for hit in _PIECE.finditer(text, place):
        mark = hit[0]
        if mark in "([":
            depth += 1
        elif mark in ")]" and depth:
            depth -= 1
        elif not depth and mark in "),":
            found.append(text[start : hit.start()])
            start = hit.end()
            if mark == ")":
                return found, hit.start()
    return [*found, text[start:]], len(text)


def _plain_column(found: re.Match[str]) -> str:
    shape = RawColumn(name="")
    declare(shape, found["type"])
    kind = _CANONICAL.get(shape.kind or "text", "TEXT")
    required = re.search(r"\bNOT\s+NULL\b", found["rest"] or "", re.IGNORECASE)
    return f"{found['name']} {kind}{' NOT NULL' if required else ''}"


def define(table: RawTable, node: exp.Schema, types: Types, skipped: Counter[str]) -> None:
    """Write the columns and constraints of a definition into a table."""
    items = [
        exp.ColumnDef(this=item) if isinstance(item, exp.Identifier) else item
        for item in node.expressions
    ]
    for item in items:
        if isinstance(item, exp.ColumnDef):
            add_column(table, item, types, skipped)
    add_constraints(table, (i for i in items if not isinstance(i, exp.ColumnDef)), skipped)


_QUOTED = re.compile(r"""'(?:[^'\n]|'')*'|"[^"\n]*"|`[^`\n]*`|(--)""")
_FIRST = re.compile(rf"\s*,?\s*({NAME})")


def trailing(text: str) -> dict[str, str]:
    """Return the comment at the end of each line that begins with a name."""
    found: dict[str, str] = {}
    for line in text.split("\n"):
        mark = next((hit for hit in _QUOTED.finditer(line) if hit[1]), None)
        first = _FIRST.match(line[: mark.start()]) if mark else None
        if mark and first:
            found.setdefault(parts(first[1])[0], line[mark.end() :].strip())
    return found
