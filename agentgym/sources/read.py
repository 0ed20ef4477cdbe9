"""The door of this room: what a file is, found out from its content, and its `Draft`."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from agentgym.errors import FormatError, SourceError
from agentgym.formats import decode, fingerprint
from agentgym.sources.assemble import assemble
from agentgym.sources.database import MAGIC, read_database
from agentgym.sources.draft import Draft
from agentgym.sources.graph import graph_form, parse_labels, read_graph
from agentgym.sources.spider import is_spider, read_spider
from agentgym.sources.sql import read_script

__all__ = ["called", "read"]

_HINT = "give a SQLite database, an SQL script, a graph or a tables.json"


def read(
    path: Path | str,
    *,
    rows: int | None = None,
    focus: Sequence[str] = (),
    seed: int = 0,
    only: str | None = None,
    labels: Path | None = None,
) -> Draft:
    """Read a source into a draft.

    Args:
        path: A SQLite database, an SQL script (SQLite, PostgreSQL, MySQL), a graph or
            a file of many schemas (`tables.json`); as text also the URL of a live database.
        rows: About how many rows to keep in all, closed under references; 0 for none;
            None for all of them up to a cap.
        focus: Tables that the domain is about, as the source or the schema names them;
            what they need comes with them. Empty: all, or a readable part of a large schema.
        seed: The choice of rows.
        only: The schema wanted of a file that has many.
        labels: A file of labels for the nodes of a graph: identifier, tab, label.

    Returns:
        Schema and rows, clean: every key, unique set and reference holds.

    Raises:
        SourceError: The file is missing, empty, damaged, of no known kind, or has no table;
            or a table in `focus` is not there, or the schema wanted of many is not said.
    """
    if rows is not None and rows < 0:
        raise SourceError(
            "a number of rows", found=str(rows), where="--rows", hint="give 0 or more"
        )
    if isinstance(path, str):
        from agentgym.sources.live import is_url, parse, read_live  # noqa: PLC0415 - few need it

        url = parse(path) if is_url(path) else None
        if url is None or url.get_backend_name() == "sqlite":
            path = Path(path if url is None else _file_of(url.database))
        else:
            _one_schema(only, _named(path))
            _no_labels(labels)
            live = read_live(path, rows=rows, focus=focus)
            return assemble(
                live.raw,
                kind="database",
                name=live.name,
                sha256=live.sha256,
                dialect=live.dialect,
                rows=rows,
                focus=live.focus,
                seed=seed,
            )
    dialect, name = "", path.name
    many = False
    if _head(path) == MAGIC:
        kind, raw = "sqlite", read_database(path)
        with path.open("rb") as stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    else:
        content = _content(path)
        sha256 = fingerprint(content)
        text, note = _text(content, path)
        listed = _json(text, path)
        if is_spider(listed):
            many = True
            (raw, chosen), kind = read_spider(listed, only, where=str(path)), "spider"
            name = f"{path.name}: {chosen}"
        elif (form := graph_form(text, path.suffix)) is not None:
            given = None if labels is None else _labels(labels)
            kind, raw = "graph", read_graph(text, where=str(path), form=form, labels=given)
            dialect = form
        else:
            kind = "sql"
            raw, dialect = read_script(text, where=str(path))
        raw.notes[:0] = note
    if not many:
        _one_schema(only, str(path))
    if kind != "graph":
        _no_labels(labels)
    return assemble(
        raw,
        kind=kind,
        name=name,
        sha256=sha256,
        dialect=dialect,
        rows=rows,
        focus=focus,
        seed=seed,
    )


def called(source: Path | str) -> str:
    """Return how a source is named to people: of a URL no user, no password, no options."""
    return _named(source) if isinstance(source, str) else source.name


def _named(source: str) -> str:
    from agentgym.sources.live import called, is_url, parse  # noqa: PLC0415 - few need it

    return called(parse(source)) if is_url(source) else Path(source).name


def _file_of(database: str | None) -> str:
    """Return the path in a URL of SQLite: its file is read as any other."""
    if database in (None, "", ":memory:"):
        raise SourceError(
            "the file of a SQLite database",
            found="a database in memory",
            where="sqlite://",
            hint="write sqlite:///path/to/file",
        )
    return str(database)


def _one_schema(only: str | None, where: str) -> None:
    """Refuse the choice of a schema where there is no choice."""
    if only is not None:
        raise SourceError(
            "a file of many schemas",
            found="one that has only one",
            where=f"{where} --only",
            hint="leave --only away; --focus names tables",
        )


def _json(text: str, path: Path) -> object:
    """Decode a JSON text that lists schemas; None for anything else."""
    if text.lstrip()[:1] not in ("[", "{") or '"column_names_original"' not in text:
        return None
    try:
        return decode(text.encode(), object, where=str(path))
    except FormatError as error:
        raise SourceError(
            "a list of schemas in JSON", found=error.found, where=error.where, hint=error.hint
        ) from None


def _labels(path: Path) -> dict[str, str]:
    _head(path)
    return parse_labels(_text(_content(path), path)[0], where=str(path))


def _no_labels(labels: Path | None) -> None:
    """Refuse labels for what is no graph."""
    if labels is not None:
        raise SourceError(
            "a graph", found="another source", where="--labels", hint="leave --labels away"
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
