"""The door of this room: what a file is, found out from its content, and its `Draft`."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from agentgym.errors import SourceError
from agentgym.formats import fingerprint
from agentgym.sources.assemble import assemble
from agentgym.sources.database import MAGIC, read_database
from agentgym.sources.draft import Draft
from agentgym.sources.graph import is_turtle, read_graph
from agentgym.sources.sql import read_script

__all__ = ["read"]

_HINT = "give a SQLite database, an SQL script or a Turtle graph"


def read(path: Path, *, rows: int | None = None, focus: Sequence[str] = (), seed: int = 0) -> Draft:
    """Read a source into a draft.

    Args:
        path: A SQLite database, an SQL script (SQLite, PostgreSQL, MySQL) or a Turtle graph.
        rows: About how many rows to keep in all, closed under references; 0 for none;
            None for all of them up to a cap.
        focus: Tables that the domain is about, as the source or the schema names them;
            what they need comes with them. Empty: all, or a readable part of a large schema.
        seed: The choice of rows.

    Returns:
        Schema and rows, clean: every key, unique set and reference holds.

    Raises:
        SourceError: The file is missing, empty, damaged, of no known kind, or has no table;
            or a table in `focus` is not there.
    """
    if rows is not None and rows < 0:
        raise SourceError(
            "a number of rows", found=str(rows), where="--rows", hint="give 0 or more"
        )
    dialect = ""
    if _head(path) == MAGIC:
        kind, raw = "sqlite", read_database(path)
        with path.open("rb") as stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    else:
        content = _content(path)
        sha256 = fingerprint(content)
        text, note = _text(content, path)
        if is_turtle(text):
            kind, raw = "graph", read_graph(text, where=str(path))
        else:
            kind = "sql"
            raw, dialect = read_script(text, where=str(path))
        raw.notes[:0] = note
    return assemble(
        raw,
        kind=kind,
        name=path.name,
        sha256=sha256,
        dialect=dialect,
        rows=rows,
        focus=focus,
        seed=seed,
    )


def _head(path: Path) -> bytes:
    """Return the first bytes of a file; where it cannot be read, say why."""
    try:
        with path.open("rb") as stream:
            return stream.read(len(MAGIC))
    except FileNotFoundError:
        raise SourceError(
            "a file to build from", found="nothing", where=str(path), hint="check the path"
        ) from None
    except IsADirectoryError:
        raise SourceError(
            "a file to build from", found="a folder", where=str(path), hint="name the file in it"
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SourceError(
            "a readable file", found=reason, where=str(path), hint="check its permissions"
        ) from None


def _content(path: Path) -> bytes:
    content = path.read_bytes()
    if not content.strip():
        raise SourceError("a file with content", found="an empty one", where=str(path), hint=_HINT)
    return content


def _text(content: bytes, path: Path) -> tuple[str, list[str]]:
    """Decode a text file; the notes say where its encoding had to be guessed."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return content.decode("utf-16"), []
        except UnicodeDecodeError:
            raise _not_text(path) from None
    wide = _wide(content)
    if wide is not None:
        return content.decode(wide), [
            f"The file has no mark of its encoding; it was read as {wide}."
        ]
    if b"\x00" in content:
        raise _not_text(path)
    try:
        return content.decode("utf-8-sig"), []
    except UnicodeDecodeError as error:
        text = content.decode("latin-1")
        strange = sum(not (c.isprintable() or c in "\t\r\n\x0c") for c in text[:20_000])
        if strange > 0.05 * len(text[:20_000]):
            raise _not_text(path) from None
        note = f"The file is not UTF-8 (byte {error.start}); it was read as Latin-1."
        return text, [note]


def _wide(content: bytes) -> str | None:
    """Return the encoding of a text of two bytes a letter; None for any other content."""
    for encoding, high in (("utf-16-le", content[1:2000:2]), ("utf-16-be", content[0:2000:2])):
        if high.count(0) > 0.8 * len(high):
            try:
                return encoding if "\x00" not in content.decode(encoding) else None
            except UnicodeDecodeError:
                return None
    return None


def _not_text(path: Path) -> SourceError:
    return SourceError(
        "a database or a text file", found="binary content", where=str(path), hint=_HINT
    )
