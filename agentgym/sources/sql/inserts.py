"""Rows in scripts: INSERT and COPY, read by a scanner of literals.

Only what is no literal is given to the parser; so a dump of many rows costs little.
Next: `script`.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from decimal import Decimal

from sqlglot import exp
from sqlglot.errors import SqlglotError

from agentgym.formats import Json
from agentgym.sources.sql.constants import NotConstantError, Reader
from agentgym.sources.sql.names import NAME, parse, parts
from agentgym.sources.tables import RawColumn, RawTable

__all__ = ["Inserted", "NotRowsError", "arrange", "copied_rows", "inserted"]

_HEAD = re.compile(
    rf"(?:INSERT|REPLACE)\b(?:\s+(?:OR\s+\w+|IGNORE|LOW_PRIORITY|DELAYED|HIGH_PRIORITY))*"
    rf"(?:\s+INTO)?\s+(?:ONLY\s+)?(?P<table>{NAME}(?:\s*\.\s*{NAME})*)(?:\s+AS\s+\w+)?\s*"
    rf"(?:\((?P<columns>\s*{NAME}(?:\s*,\s*{NAME})*\s*)\))?\s*"
    rf"(?:OVERRIDING\s+\w+\s+VALUE\s*)?(?P<values>VALUES?\b|(?=\(?\s*(?:SELECT|WITH)\b)"
    rf"|DEFAULT\s+VALUES|SET\b)\s*",
    re.IGNORECASE,
)
_COPY_HEAD = re.compile(
    rf"COPY\s+(?P<table>{NAME}(?:\s*\.\s*{NAME})*)\s*"
    rf"(?:\((?P<columns>\s*{NAME}(?:\s*,\s*{NAME})*\s*)\))?\s*FROM\s+STDIN\b(?P<options>.*)",
    re.IGNORECASE | re.DOTALL,
)
_SPACE = re.compile(r"(?:\s+|--[^\n]*|/\*.*?\*/|\#[^\n]*(?=\n))*", re.DOTALL)
_LITERAL = re.compile(
    r"""(?: (?P<number>[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)
          | (?P<word>NULL|TRUE|FALSE|DEFAULT)\b
          | (?P<escape>[eE])?(?P<string>'(?:[^'\\]|''|\\.)*'|'(?:[^']|'')*')
        )(?P<cast>(?:\s*::\s*[\w. "\[\]]+(?:\(\d+(?:,\s*\d+)?\))?)*)\s*(?=[,)])""",
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_PLAIN_QUOTE = re.compile(r"'((?:[^']|'')*)'", re.DOTALL)
_BACKSLASH = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "", "Z": ""}
DEFAULT: Json = object()
"""Stands where a row leaves a value to the table."""
_WORDS: dict[str, Json] = {"null": None, "true": True, "false": False, "default": DEFAULT}


class NotRowsError(ValueError):
    """A statement that inserts no rows of its own; the text says what it is."""


class Inserted:
    """The rows of one statement."""

    def __init__(self, table: tuple[str, str], columns: list[str]) -> None:
        self.table = table
        self.columns = columns
        """Empty: all columns of the table, in order."""
        self.rows: list[list[Json]] = []
        self.unread = 0
        """Values that were no constants."""


def inserted(text: str, dialect: str, reader: Reader) -> Inserted:
    """Read the rows of an INSERT.

    Args:
        text: The statement.
        dialect: Of SQL.
        reader: Reads what is no literal.

    Raises:
        NotRowsError: The rows come from a query, or the statement is not well formed.
    """
    head = _HEAD.match(text)
    if head is None:
        raise NotRowsError("statement with a syntax error")
    found = Inserted(_table(head["table"]), parts(head["columns"] or ""))
    word = head["values"].casefold()
    if word.startswith("default"):
        found.rows.append([])
    elif word == "set":
        _assigned(text, dialect, reader, found)
    elif word:
        _tuples(text, head.end(), dialect, reader, found)
    else:
        _selected(text[head.end() :], dialect, reader, found)
    return found


def _table(text: str) -> tuple[str, str]:
    names = parts(text)
    return (names[-2] if len(names) > 1 else "", names[-1])


def _tuples(text: str, place: int, dialect: str, reader: Reader, found: Inserted) -> None:
    while True:
        place = _skip(text, place)
        if text[place : place + 3].casefold() == "row":
            place = _skip(text, place + 3)
        if text[place : place + 1] != "(":
            raise NotRowsError("statement with a syntax error")
        row, place = _tuple(text, place + 1, dialect, reader, found)
        found.rows.append(row)
        place = _skip(text, place)
        if text[place : place + 1] != ",":
            break
        place += 1
    rest = text[place:].strip()
    if rest and not re.match(r"(ON|AS|RETURNING)\b", rest, re.IGNORECASE):
        raise NotRowsError("statement with a syntax error")


def _skip(text: str, place: int) -> int:
    found = _SPACE.match(text, place)
    return found.end() if found else place


def _tuple(
    text: str, place: int, dialect: str, reader: Reader, found: Inserted
) -> tuple[list[Json], int]:
    row: list[Json] = []
    while True:
        place = _skip(text, place)
        literal = _LITERAL.match(text, place)
        if literal is not None and _fits(literal, dialect):
            row.append(_literal(literal, dialect))
            place = literal.end()
        else:
            stop = _value_end(text, place)
            row.append(_expression(text[place:stop], dialect, reader, found))
            place = stop
        mark = text[place : place + 1]
        place += 1
        if mark == ")":
            return row, place
        if mark != ",":
            raise NotRowsError("statement with a syntax error")


def _fits(literal: re.Match[str], dialect: str) -> bool:
    """Tell whether the quotes end where this dialect ends them."""
    text = literal["string"]
    if not text or "\\" not in text or literal["escape"] or dialect == "mysql":
        return not literal["escape"] or dialect == "postgres"
    whole = _PLAIN_QUOTE.match(text)
    return whole is not None and whole.end() == len(text)


def _literal(literal: re.Match[str], dialect: str) -> Json:
    if literal["number"]:
        text = literal["number"]
        exact = "." in text or "e" in text.casefold()
        value: Json = Decimal(text) if exact else int(text)
    elif literal["word"]:
        value = _WORDS[literal["word"].casefold()]
    else:
        value = literal["string"][1:-1]
        if (literal["escape"] or dialect == "mysql") and "\\" in value:
            value = _BACKSLASH.sub(lambda hit: _ESCAPES.get(hit[1], hit[1]), value)
        value = value.replace("''", "'")
    if "bool" in literal["cast"].casefold() and isinstance(value, str):
        return value.casefold() in ("t", "true", "1", "yes", "on")
    return value


_NESTED = re.compile(r"""'(?:[^'\\]|''|\\.)*'|"(?:[^"]|"")*"|`[^`]*`|[()\[\],]""", re.DOTALL)


def _value_end(text: str, place: int) -> int:
    depth = 0
    for found in _NESTED.finditer(text, place):
        mark = found[0]
        if mark in "([":
            depth += 1
        elif depth and mark in ")]":
            depth -= 1
        elif not depth and mark in "),":
            return found.start()
    raise NotRowsError("statement with a syntax error")


def _expression(text: str, dialect: str, reader: Reader, found: Inserted) -> Json:
    if not text.strip():
        raise NotRowsError("statement with a syntax error")
    chosen = _parsed(f"SELECT {text}", dialect).expressions
    if len(chosen) != 1:
        raise NotRowsError("statement with a syntax error")
    try:
        return reader.value(chosen[0])
    except NotConstantError:
        found.unread += 1
        return None


def _parsed(text: str, dialect: str) -> exp.Expression:
    try:
        return parse(text, dialect)
    except (SqlglotError, RecursionError):
        raise NotRowsError("statement with a syntax error") from None


def _assigned(text: str, dialect: str, reader: Reader, found: Inserted) -> None:
    """Read MySQL's INSERT ... SET a = 1, b = 2."""
    body = re.split(r"\bSET\b", text, maxsplit=1, flags=re.IGNORECASE)[1]
    tree = _parsed(f"UPDATE x SET {body}", dialect)  # noqa: S608 - parsed, never run
    row = []
    for item in tree.expressions:
        if not isinstance(item, exp.EQ):
            raise NotRowsError("statement with a syntax error")
        found.columns.append(item.this.name)
        row.append(_expression(item.expression.sql(dialect), dialect, reader, found))
    found.rows.append(row)


def _selected(text: str, dialect: str, reader: Reader, found: Inserted) -> None:
    """Read INSERT ... SELECT 1, 'a' UNION ALL SELECT 2, 'b'; any other query is none of ours."""
    stack = [_parsed(text, dialect)]
    while stack:
        node = stack.pop()
        if isinstance(node, exp.Union):
            stack += [node.expression, node.this]
        elif isinstance(node, exp.Subquery):
            stack.append(node.this)
        elif isinstance(node, exp.Select) and not (node.args.get("from_") or node.args.get("from")):
            found.rows.append([_chosen(item, reader, found) for item in node.expressions])
        else:
            raise NotRowsError("insert from a query")


def _chosen(node: exp.Expression, reader: Reader, found: Inserted) -> Json:
    try:
        return reader.value(node.this if isinstance(node, exp.Alias) else node)
    except NotConstantError:
        found.unread += 1
        return None


def copied_rows(text: str, data: str) -> Inserted:
    """Read the rows of a COPY ... FROM stdin.

    Args:
        text: The statement.
        data: The lines after it.

    Raises:
        NotRowsError: The statement is not well formed.
    """
    head = _COPY_HEAD.match(text)
    if head is None:
        raise NotRowsError("statement with a syntax error")
    found = Inserted(_table(head["table"]), parts(head["columns"] or ""))
    options = head["options"]
    plain = "csv" not in options.casefold()
    mark = _option(_MARK, options, "\t" if plain else ",")
    empty = _option(_EMPTY, options, "\\N" if plain else "")
    if plain:
        found.rows = list(_lines(data, mark, empty))
    else:
        rows = list(csv.reader(io.StringIO(data), delimiter=mark[:1]))
        found.rows = [[None if value == empty else value for value in row] for row in rows if row]
    if "header" in options.casefold():
        del found.rows[:1]
    return found


_MARK = re.compile(r"\bDELIMITERS?\s+(?:AS\s+)?(E?)'((?:[^']|'')+)'", re.IGNORECASE)
_EMPTY = re.compile(r"\bNULL\s+(?:AS\s+)?(E?)'((?:[^']|'')*)'", re.IGNORECASE)


def _option(pattern: re.Pattern[str], options: str, usual: str) -> str:
    found = pattern.search(options)
    if found is None:
        return usual
    text = found[2].replace("''", "'")
    return _unescaped(text) if found[1] else text


_COPY_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "\\": "\\"}


def _lines(data: str, mark: str, empty: str) -> Iterator[list[Json]]:
    for line in data.split("\n"):
        if line.strip("\r"):
            cells = _cells(line.removesuffix("\r"), mark)
            yield [None if cell == empty else _unescaped(cell) for cell in cells]


def _cells(line: str, mark: str) -> list[str]:
    """Cut a line at its marks, but not at one after a backslash."""
    found: list[str] = []
    for part in line.split(mark):
        if found and (len(found[-1]) - len(found[-1].rstrip("\\"))) % 2:
            found[-1] += mark + part
        else:
            found.append(part)
    return found


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    return _BACKSLASH.sub(lambda hit: _COPY_ESCAPES.get(hit[1], hit[1]), text)


def arrange(table: RawTable, found: Inserted) -> Iterator[tuple[Json, ...] | None]:
    """Put the values of rows in the order of the table's columns.

    What a row does not give is the column's default, or the next number.

    Args:
        table: The rows are for it; its counters move on.
        found: The rows as written.

    Yields:
        A row each; None for one with too many or too few values.
    """
    columns = table.columns
    folded = {column.name.casefold(): place for place, column in enumerate(columns)}
    given = found.columns or [column.name for column in columns]
    wanted = [folded.get(name.casefold(), -1) for name in given]
    for row in found.rows:
        if len(row) != len(wanted) and (found.columns or len(row) > len(wanted)):
            yield None
            continue
        values: list[Json] = [DEFAULT] * len(columns)
        for place, value in zip(wanted, row, strict=False):
            if place >= 0:
                values[place] = value
        for place, column in enumerate(columns):
            values[place] = _filled(table, column, values[place])
        yield tuple(values)


def _filled(table: RawTable, column: RawColumn, value: Json) -> Json:
    if column.automatic:
        last = table.counters.get(column.name, 0)
        if value is DEFAULT or value is None:
            value = last + 1
        if isinstance(value, str) and value.isascii() and value.isdigit():
            value = int(value)
        if isinstance(value, int):
            table.counters[column.name] = max(last, value)
        return value
    return column.filled if value is DEFAULT else value
