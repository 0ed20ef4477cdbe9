"""The door of this room: what a file is, found out from its content, and its `Draft`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from agentgym.errors import FormatError, SourceError
from agentgym.formats import decode, fingerprint
from agentgym.sources.assemble import assemble
from agentgym.sources.database import MAGIC, read_database
from agentgym.sources.draft import Draft
from agentgym.sources.graph import graph_form, parse_labels, read_graph
from agentgym.sources.openapi import draft_of, is_structured, may_be_api, read_text, unknown
from agentgym.sources.spider import is_spider, names, read_spider
from agentgym.sources.sql import read_script
from agentgym.sources.tables import Raw

if TYPE_CHECKING:
    from agentgym.client import Client

__all__ = ["WORDED", "called", "is_words", "listed", "read", "text_of"]

WORDED = (".md", ".markdown", ".txt")
"""Endings of files that may hold words about a business."""
_ASK = "for words about a business add --model NAME and --base-url URL"

_HINT = "give a SQLite database, an SQL script, a graph, an API description or a tables.json"


def read(
    path: Path | str,
    *,
    rows: int | None = None,
    focus: Sequence[str] = (),
    seed: int = 0,
    only: str | None = None,
    labels: Path | None = None,
    client: Client | None = None,
    entities: int = 12,
    repairs: int = 3,
    progress: Callable[[str], None] = lambda line: None,
) -> Draft:
    """Read a source into a draft.

    Args:
        path: A SQLite database, an SQL script (SQLite, PostgreSQL, MySQL), a graph, an API
            description, a list of tools or a file of many schemas (`tables.json`); as text
            also the URL of a live database.
        rows: About how many rows to keep in all, closed under references; 0 for none;
            None for all of them up to a cap.
        focus: Tables that the domain is about, as the source or the schema names them;
            what they need comes with them. Empty: all, or a readable part of a large schema.
        seed: The choice of rows.
        only: The schema wanted of a file that has many.
        labels: A file of labels for the nodes of a graph: identifier, tab, label.
        client: The model that reads words. With it the source is words about a business: a text
            file, or the words themselves.
        entities: Most kinds of things that the model may name.
        repairs: How often the model is told what is wrong with its outline.
        progress: Told a line a question to the model.

    Returns:
        Schema and rows, clean: every key, unique set and reference holds.

    Raises:
        SourceError: The file is missing, empty, damaged, of no known kind, or has no table;
            or a table in `focus` is not there, or the schema wanted of many is not said.
        ModelError: The model cannot be asked, or does not answer.
    """
    if rows is not None and rows < 0:
        raise SourceError(
            "a number of rows", found=str(rows), where="--rows", hint="give 0 or more"
        )
    if client is not None:
        _no_tables(path, rows=rows, focus=focus, only=only, labels=labels)
        return _told(path, client, entities=entities, repairs=repairs, progress=progress)
    if isinstance(path, str) and is_words(path):
        raise SourceError("a model that reads words", found="none", where="--model", hint=_ASK)
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
        draft = _described(text, path, focus=focus, seed=seed)
        if draft is not None:
            _one_schema(only, str(path))
            _no_labels(labels)
            return draft
        listed = _json(text, path)
        if is_spider(listed):
            many = True
            (raw, chosen), kind = read_spider(listed, only, where=str(path)), "spider"
            name = f"{path.name}: {chosen}"
        elif (form := graph_form(text, path.suffix)) is not None:
            given = None if labels is None else _labels(labels)
            kind, raw = "graph", read_graph(text, where=str(path), form=form, labels=given)
            dialect = form
        elif is_structured(text, path.suffix):
            raise unknown(text, where=str(path))
        else:
            kind = "sql"
            raw, dialect = _script(text, path)
        raw.notes[:0] = note
    if not many:
        _one_schema(only, str(path))
    if kind != "graph":
        _no_labels(labels)
    draft = assemble(
        raw,
        kind=kind,
        name=name,
        sha256=sha256,
        dialect=dialect,
        rows=rows,
        focus=focus,
        seed=seed,
    )
    return msgspec.structs.replace(draft, paths=True) if kind == "graph" else draft


def listed(path: Path) -> tuple[str, ...]:
    """Return the names of the schemas of a file that has many.

    Raises:
        SourceError: The file cannot be read, or is another kind of source.
    """
    text = "" if _head(path) == MAGIC else text_of(path)
    found = _json(text, path)
    if not is_spider(found):
        raise SourceError(
            "a file of many schemas, a tables.json",
            found="another source",
            where=f"{path} --all",
            hint="leave --all away",
        )
    return names(found, where=str(path))


def _described(text: str, path: Path, *, focus: Sequence[str], seed: int) -> Draft | None:
    """Read an API description or a list of tools; None for anything else."""
    if not may_be_api(text, path.suffix):
        return None
    found = read_text(text, path)
    return None if found is None else draft_of(found, path.name, focus=focus, seed=seed)


def is_words(source: str) -> bool:
    """Tell whether a source is words: it has spaces, and is neither a URL nor a path."""
    if "://" in source or not any(mark.isspace() for mark in source.strip()):
        return False
    try:
        return not Path(source).exists()
    except (OSError, ValueError):
        return True


def text_of(path: Path) -> str:
    """Return the text of a file, whatever its encoding.

    Raises:
        SourceError: It cannot be read, is empty, or is no text.
    """
    _head(path)
    return _text(_content(path), path)[0]


def _no_tables(
    path: Path | str,
    *,
    rows: int | None,
    focus: Sequence[str],
    only: str | None,
    labels: Path | None,
) -> None:
    """Refuse of words what is asked of tables."""
    _one_schema(only, called(path))
    _no_labels(labels)
    if rows is not None or focus:
        where = "--rows" if rows is not None else "--focus"
        raise SourceError(
            "a source with tables", found="words", where=where, hint=f"leave {where} away"
        )


def _told(
    path: Path | str,
    client: Client,
    *,
    entities: int,
    repairs: int,
    progress: Callable[[str], None],
) -> Draft:
    from agentgym.sources.text import read_text  # noqa: PLC0415 - few need it

    name, text = _words(path)
    return read_text(text, client, name=name, entities=entities, repairs=repairs, progress=progress)


def _words(source: Path | str) -> tuple[str, str]:
    """Return the name and the text of words, or of a file of them."""
    if isinstance(source, str):
        if is_words(source):
            return "words", source
        source = Path(source)
    if source.suffix.lower() not in WORDED:
        raise SourceError(
            "words about a business, or a text file of them",
            found=source.suffix or "another source",
            where=called(str(source)),
            hint=f"name a file that ends with {', '.join(WORDED)}, or leave --model away",
        )
    return source.name, text_of(source)


def called(source: Path | str) -> str:
    """Return how a source is named to people: of a URL no user, no password, no options."""
    if isinstance(source, str) and is_words(source):
        return "words"
    return _named(source) if isinstance(source, str) else source.name


def _named(source: str) -> str:
    from agentgym.sources.live import called, is_url, parse  # noqa: PLC0415 - few need it

    return called(parse(source)) if is_url(source) else Path(source).name


def _script(text: str, path: Path) -> tuple[Raw, str]:
    """Read a script; what may be words says how words are read."""
    try:
        return read_script(text, where=str(path))
    except SourceError as error:
        if path.suffix.lower() not in WORDED:
            raise
        raise SourceError(error.expected, found=error.found, where=error.where, hint=_ASK) from None


def _file_of(database: str | None) -> str:
    """Return the path in a URL of SQLite: its file is read as any other."""
    if database in (None, "", ":memory:"):
        raise SourceError(
            "the file of a SQLite database",
            found="a database in memory",
            where="sqlite://",
            hint="write sqlite:///path/to/file",
        )
    return str(database).removeprefix("file:")


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
