"""A script, cut into statements, each with its line; and the guess of its dialect.

Strings, comments, dollar quotes, bodies of triggers and procedures, DELIMITER, COPY
data and the commands of client programs are respected. Next: `script`.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

__all__ = ["Statement", "guess_dialect", "pieces", "plain", "statements"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement as written, without its end mark."""

    text: str
    line: int
    """Where it begins, counted from 1."""
    copied: str | None = None
    """The data lines after a COPY ... FROM stdin."""


_SIGNS: dict[str, tuple[tuple[str, int], ...]] = {
    "mysql": (
        (r"^\s*(?:CREATE|INSERT|ALTER|DROP)\b[^;]*?`", 3),
        (r"\bENGINE\s*=\s*\w+", 5),
        (r"\bAUTO_INCREMENT\b", 5),
        (r"/\*!\d{5}", 5),
        (r"^\s*DELIMITER\s", 5),
        (r"\b(?:LONG|MEDIUM|TINY)(?:TEXT|BLOB|INT)\b", 3),
        (r"\bint\(\d+\)", 2),
        (r"\bENUM\s*\('", 2),
        (r"\bUNSIGNED\b", 2),
        (r"^\s*LOCK TABLES\b", 4),
    ),
    "postgres": (
        (r"\bcharacter varying\b|\btimestamp with(?:out)? time zone\b", 4),
        (r"'::\w|\)::\w", 4),
        (r"\b(?:BIG|SMALL)?SERIAL\b", 4),
        (r"\bnextval\s*\(", 4),
        (r"^\s*COPY\b[^;]+\bFROM\s+stdin\b", 5),
        (r"^\s*CREATE TYPE\b|^\s*CREATE DOMAIN\b", 4),
        (r"\b(?:jsonb|bytea|timestamptz|uuid|tsvector|citext)\b", 2),
        (r"\$\$|\$_?[a-z]+\$", 2),
        (r"^\s*ALTER TABLE ONLY\b", 5),
        (r"^\s*COMMENT ON (?:TABLE|COLUMN)\b", 3),
        (r"\bpublic\.\w", 3),
        (r"^\s*CREATE (?:SCHEMA|EXTENSION|SEQUENCE|MATERIALIZED)\b", 2),
        (r"\bGENERATED (?:ALWAYS|BY DEFAULT) AS IDENTITY\b", 3),
        (r"\bINTERVAL\s+'", 1),
    ),
    "sqlite": (
        (r"\bAUTOINCREMENT\b", 5),
        (r"\bWITHOUT\s+ROWID\b", 5),
        (r"^\s*PRAGMA\b", 5),
        (r"\bsqlite_(?:sequence|master|stat1)\b", 5),
        (r"\bINSERT OR (?:IGNORE|REPLACE)\b", 3),
        (r"\bINTEGER\s+(?:NOT NULL\s+)?PRIMARY KEY\b", 2),
        (r"\bdatetime\('now'|\bstrftime\(", 3),
        (r"\[\w[\w ]*\]\s+(?:INTEGER|NVARCHAR|TEXT|NUMERIC)", 4),
        (r"^\s*\)\s*STRICT\s*;", 4),
        (r"\bCOLLATE\s+NOCASE\b", 4),
    ),
}


def guess_dialect(text: str) -> str:
    """Guess in which dialect a script is written, from what only one of them has.

    Returns:
        `mysql`, `postgres` or `sqlite`; `postgres` where nothing tells them apart.
    """
    shown = text[:400_000]
    scores = {
        dialect: sum(
            weight * min(3, len(re.findall(sign, shown, re.IGNORECASE | re.MULTILINE)))
            for sign, weight in signs
        )
        for dialect, signs in _SIGNS.items()
    }
    return max(("postgres", "sqlite", "mysql"), key=lambda dialect: scores[dialect])


_TOKEN = re.compile(
    r"""
      (?P<comment>--[^\n]*|/\*.*?(?:\*/|\Z))
    | (?P<hash>\#[^\n]*)
    | (?P<escaped>\b[eE]'(?:[^'\\]|\\.|'')*'?)
    | (?P<string>')
    | (?P<double>"(?:[^"]|"")*"?)
    | (?P<back>`(?:[^`]|``)*`?)
    | (?P<square>\[[^\]\n']*\])
    | (?P<dollar>\$(?:[A-Za-z_]\w*)?\$)
    | (?P<end>;)
    | (?P<batch>(?<=\n)[ \t]*(?:GO|/)[ \t\r]*(?=\n|\Z))
    | (?P<word>[^\W\d]\w*)
    """,
    re.VERBOSE | re.DOTALL,
)
_PLAIN_STRING = re.compile(r"'(?:[^']|'')*('|\Z)", re.DOTALL)
_SLASH_STRING = re.compile(r"'(?:[^'\\]|\\.|'')*('|\Z)", re.DOTALL)
_SLASH_DOUBLE = re.compile(r'"(?:[^"\\]|\\.|"")*("|\Z)', re.DOTALL)
_BODY = re.compile(
    r"CREATE\s+(?:OR\s+REPLACE\s+)?(?:DEFINER\s*=\s*\S+\s+)?(?:TEMP\w*\s+)?"
    r"(?:TRIGGER|PROCEDURE|FUNCTION|EVENT)\b",
    re.IGNORECASE,
)
_CLIENT = re.compile(r"\s*(?:\\[a-zA-Z!][^\n]*|\.[a-z]+\b[^\n]*|GO\s*(?=\n|\Z))")
_DELIMITER = re.compile(r"\s*DELIMITER[ \t]+(\S+)[^\n]*(?:\n|\Z)", re.IGNORECASE)
_COPY = re.compile(r"COPY\b.*\bFROM\s+STDIN\b", re.IGNORECASE | re.DOTALL)
_COPY_END = re.compile(r"^\\\.[ \t]*\r?$", re.MULTILINE)
_OPENS = frozenset({"begin", "case"})
_CLOSED = re.compile(r"\s+(IF|LOOP|WHILE|REPEAT|CASE)\b", re.IGNORECASE)


def statements(text: str, dialect: str) -> Iterator[Statement]:
    """Cut a script into its statements.

    Args:
        text: The script.
        dialect: Which quotes and comments it has.

    Yields:
        Statements that hold more than comments, in order.
    """
    place, line, counted = 0, 1, 0
    mark = ";"
    while place < len(text):
        first = _after_comments(text, place, dialect)
        skipped = _CLIENT.match(text, first) or _DELIMITER.match(text, first)
        if skipped is not None and _is_command(skipped, dialect):
            if skipped.re is _DELIMITER:
                mark = skipped[1]
            place = skipped.end()
            continue
        start = place
        stop, place = _end(text, start, dialect, mark)
        body = text[start:stop]
        lead = len(body) - len(_uncommented(body, dialect))
        line += text.count("\n", counted, start + lead)
        counted = start + lead
        copied = None
        if _COPY.match(body, lead) and dialect == "postgres":
            place, copied = _copied(text, place)
        if body[lead:].strip():
            yield Statement(text=body[lead:].strip(), line=line, copied=copied)


def _is_command(found: re.Match[str], dialect: str) -> bool:
    if found.re is _DELIMITER:
        return True
    word = found[0].lstrip()
    return word[0] != "." or dialect == "sqlite"


def _copied(text: str, place: int) -> tuple[int, str]:
    start = text.find("\n", place) + 1 or len(text)
    end = _COPY_END.search(text, start)
    if end is None:
        return len(text), text[start:]
    return end.end(), text[start : end.start()]


_COMMENTS = re.compile(r"(?:\s+|--[^\n]*(?:\n|\Z)|/\*(?!!).*?(?:\*/|\Z))*", re.DOTALL)
_HASHES = re.compile(r"(?:\s+|(?:--|\#)[^\n]*(?:\n|\Z)|/\*(?!!).*?(?:\*/|\Z))*", re.DOTALL)


def _after_comments(text: str, place: int, dialect: str) -> int:
    found = (_HASHES if dialect == "mysql" else _COMMENTS).match(text, place)
    return found.end() if found else place


def _uncommented(body: str, dialect: str) -> str:
    return body[_after_comments(body, 0, dialect) :]


def _end(text: str, start: int, dialect: str, mark: str) -> tuple[int, int]:
    """Return where the statement ends, and where the next one may begin."""
    if mark != ";":
        stop = text.find(mark, start)
        return (stop, stop + len(mark)) if stop >= 0 else (len(text), len(text))
    place, depth = start, 0
    body: bool | None = None
    while True:
        found = _TOKEN.search(text, place)
        if found is None:
            return len(text), len(text)
        kind, place = str(found.lastgroup), found.end()
        if kind == "word":
            if body is None:
                body = bool(_BODY.match(text, found.start())) and dialect != "postgres"
            word = found[0].casefold() if body else ""
            if word in _OPENS:
                depth += 1
            elif word == "end":
                closed = _CLOSED.match(text, place)
                place = closed.end() if closed else place
                depth = max(0, depth - (closed is None or closed[1].casefold() == "case"))
        elif (kind == "end" and depth == 0) or kind == "batch":
            return found.start(), place
        else:
            place = _over(text, found, kind, dialect)


def _over(text: str, found: re.Match[str], kind: str, dialect: str) -> int:
    """Return the place after a quoted part or a comment."""
    start, end = found.span()
    if kind == "string":
        quoted = (_SLASH_STRING if dialect == "mysql" else _PLAIN_STRING).match(text, start)
        return quoted.end() if quoted else end
    if kind == "double" and dialect == "mysql":
        quoted = _SLASH_DOUBLE.match(text, start)
        return quoted.end() if quoted else end
    if kind == "dollar":
        stop = text.find(found[0], end) if dialect == "postgres" else start
        return stop + len(found[0]) if stop >= 0 else len(text)
    if (kind == "hash" and dialect != "mysql") or (kind == "square" and dialect != "sqlite"):
        return start + 1
    return start + 1 if kind == "escaped" and dialect != "postgres" else end


_RESTART = re.compile(
    r"^[ \t]*(?:CREATE\s+(?:TABLE|TYPE|DOMAIN|UNIQUE|INDEX|VIEW)"
    r"|INSERT\s+INTO|ALTER\s+TABLE|COPY\s)",
    re.IGNORECASE | re.MULTILINE,
)


def pieces(statement: Statement, dialect: str) -> list[Statement]:
    """Cut a statement that cannot be read where another seems to begin in it.

    A quote that is never closed, or a missing end mark, costs only its own statement so.

    Returns:
        The faulty head and the statements after it; one alone where nothing else begins.
    """
    found = _RESTART.search(statement.text, 1)
    if found is None:
        return [statement]
    head, rest = statement.text[: found.start()], statement.text[found.start() :]
    shift = statement.line + head.count("\n") - 1
    parts = [Statement(text=head.strip(), line=statement.line)]
    for part in statements(rest, dialect):
        parts.append(dataclasses.replace(part, line=part.line + shift))
    return parts


def plain(text: str) -> str:
    """Return the beginning of a statement on one line, for messages."""
    shown = " ".join(text.split())
    return shown if len(shown) <= 60 else shown[:57] + "..."
