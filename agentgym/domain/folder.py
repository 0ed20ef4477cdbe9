"""Domain folders: found, read with every check, compared with their manifest.

A name or a folder comes in, a `Domain` that fits together goes out. Next: `populate`.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from agentgym.domain.records import Domain, Manifest
from agentgym.errors import DomainError, FormatError, nearest
from agentgym.formats import (
    FORMAT,
    Json,
    convert,
    data_root,
    decode,
    fingerprint,
    numbered_lines,
    read,
)
from agentgym.schema import Schema
from agentgym.schema.types import Row, Stored, parser

__all__ = ["altered", "committed", "find", "line_of", "load", "manifest", "parse"]


def parse(content: bytes, lines: bytes, *, where: str) -> Domain:
    """Make a domain from the text of `domain.json` and `rows.jsonl`.

    Raises:
        FormatError: A file is not in our format.
        DomainError: The parts do not fit together.
    """
    here = f"{where}/domain.json"
    head = decode(content, Any, where=here)
    if not isinstance(head, dict) or head.get("format") != FORMAT:
        found = head.get("format") if isinstance(head, dict) else type(head).__name__
        raise FormatError(
            f"format {FORMAT}",
            found="none" if found is None else repr(found),
            where=f"{here} $.format",
            hint="build the domain again, or install the release that wrote it",
        )
    del head["format"]
    if "rows" in head:
        raise FormatError(
            "rows in rows.jsonl", found="rows", where=f"{here} $.rows", hint="move them"
        )
    domain = convert(head, Domain, where=here)
    domain.validate(where=here)
    return msgspec.structs.replace(
        domain, rows=_parse_rows(domain.schema, lines, f"{where}/rows.jsonl")
    )


def _parse_rows(schema: Schema, lines: bytes, where: str) -> dict[str, tuple[Row, ...]]:
    rows: dict[str, list[Row]] = {entity.name: [] for entity in schema.entities}
    readers = {
        entity.name: [(field.name, parser(field), field.nullable) for field in entity.fields]
        for entity in schema.entities
    }
    for number, line in numbered_lines(lines, dict[str, dict[str, Any]], where=where):
        for name, row in line.items():
            here = f"{where} line {number}"
            if name not in rows:
                raise _wrong("an entity", name, here, nearest(name, rows))
            values: list[Stored] = []
            try:
                for field, read_value, nullable in readers[name]:
                    value = row.get(field)
                    if value is None and not nullable:
                        raise ValueError("a value")
                    values.append(None if value is None else read_value(value))
            except ValueError as error:
                raise _wrong(str(error), row.get(field), f"{here} {name}.{field}") from None
            if len(row) != len(values):
                known = [known for known, _, _ in readers[name]]
                for extra in sorted(set(row) - set(known)):
                    raise _wrong(f"a field of {name}", extra, here, nearest(extra, known))
            rows[name].append(tuple(values))
    return {name: tuple(found) for name, found in rows.items()}


def _wrong(expected: str, found: Json, where: str, hint: str = "") -> DomainError:
    shown = str(found) if isinstance(found, Decimal) else repr(found)
    shown = "nothing" if found is None else shown
    return DomainError(expected, found=shown, where=where, hint=hint or "undo the edit")


def line_of(lines: bytes, entity: str, number: int, *, where: str) -> int:
    """Return the line of `rows.jsonl` that holds a row of an entity.

    Args:
        lines: The content of the file.
        entity: The entity.
        number: Which of its rows, from 0.
        where: The file, for messages.
    """
    found = [
        at for at, line in numbered_lines(lines, dict[str, Any], where=where) if entity in line
    ]
    return found[number]


def committed() -> tuple[str, ...]:
    """Name the domains that come with the package, sorted."""
    return tuple(sorted(p.parent.name for p in data_root("domains").glob("*/domain.json")))


def find(name: str | Path) -> Path:
    """Return the folder of a domain, given the folder or a committed domain's name.

    Raises:
        DomainError: There is no such folder or name.
    """
    folder = Path(name)
    if (folder / "domain.json").is_file():
        return folder
    if isinstance(name, str) and name in committed():
        return data_root("domains") / name
    raise DomainError(
        "a domain folder (with domain.json) or the name of a committed domain",
        found=repr(str(name)),
        hint=nearest(str(name), committed()),
    )


def load(name: str | Path, *, sealed: bool = True) -> Domain:
    """Load a domain from its folder.

    Args:
        name: A folder, or the name of a committed domain.
        sealed: Refuse a folder whose files differ from its manifest.

    Raises:
        DomainError: There is none, its parts do not fit, or it was changed behind its manifest.
        FormatError: A file is not in our format.
    """
    folder = find(name)
    domain = parse(read(folder / "domain.json"), read(folder / "rows.jsonl"), where=str(folder))
    if sealed:
        for stale in altered(folder, manifest(folder)):
            raise DomainError(
                "the file that the manifest names",
                found="another content" if (folder / stale).exists() else "no file",
                where=f"{folder}/{stale}",
                hint=f"undo the edit, or run `agentgym seal {folder}`",
            )
    return domain


def manifest(folder: Path) -> Manifest:
    """Read the manifest of a domain folder.

    Raises:
        FormatError: It is missing, or not in our format.
    """
    path = folder / "manifest.json"
    if not path.is_file():
        raise FormatError(
            "the manifest of a domain folder",
            found="nothing",
            where=str(path),
            hint=f"run `agentgym seal {folder}`",
        )
    found = decode(read(path), Manifest, where=str(path))
    if found.format != FORMAT:
        raise FormatError(
            f"format {FORMAT}",
            found=str(found.format),
            where=f"{path} $.format",
            hint="build the domain again, or install the release that wrote it",
        )
    return found


def altered(folder: Path, manifest: Manifest) -> list[str]:
    """Name the files of the folder whose content is not what the manifest says."""
    expected = dict.fromkeys(_NEEDED, "") | manifest.files
    return [
        name
        for name, content in sorted(expected.items())
        if not (folder / name).is_file() or fingerprint((folder / name).read_bytes()) != content
    ]


_NEEDED = ("domain.json", "rows.jsonl", "tasks.jsonl")
"""Files that a manifest names in any case: what an episode depends on."""
