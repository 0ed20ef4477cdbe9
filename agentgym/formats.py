"""Files: canonical JSON in and out, atomic writes, hashes, and where our data lies.

Every record of the project is a `Record`; every file is written by `write`, which
puts the bytes under a temporary name and renames. Next: `schema`.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar, dataclass_transform

import msgspec

from agentgym.errors import FormatError, UsageError

__all__ = [
    "FORMAT",
    "Json",
    "Record",
    "check_writable",
    "convert",
    "data_root",
    "decode",
    "decode_lines",
    "encode",
    "encode_lines",
    "fingerprint",
    "numbered_lines",
    "read",
    "replace_folder",
    "to_text",
    "write",
]

FORMAT = 1
"""The version of all our file formats; a reader refuses any other."""

Json = Any
"""A JSON value: None, bool, int, float, Decimal, str, list or dict of these."""

T = TypeVar("T")


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(msgspec.field,))
class Record(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """What every record of the project is: frozen, keyword-only, strict about its fields."""


_ENCODER = msgspec.json.Encoder(order="sorted", decimal_format="number")
_PLAIN = msgspec.json.Encoder(decimal_format="number")


def encode(value: object) -> bytes:
    """Write a value as canonical JSON: sorted keys, no spaces, UTF-8, decimals as numbers."""
    return _ENCODER.encode(value)


def to_text(value: object) -> str:
    """Write a value as JSON text in its own key order: what an agent reads."""
    return _PLAIN.encode(value).decode()


def encode_lines(values: Iterable[object]) -> bytes:
    """Write values as JSON Lines, one canonical record a line, LF at each end."""
    return b"".join(_ENCODER.encode(value) + b"\n" for value in values)


def decode(content: bytes, kind: type[T], *, where: str) -> T:
    """Read one JSON value as `kind`; numbers with a point become `Decimal` where the shape is open.

    Raises:
        FormatError: The bytes are not JSON, or not of that shape; says where.
    """
    try:
        return msgspec.json.Decoder(kind, float_hook=Decimal).decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _explain(error, where, content) from None


def decode_lines(content: bytes, kind: type[T], *, where: str) -> Iterator[T]:
    """Read JSON Lines as `kind`, naming the line of the first fault.

    Raises:
        FormatError: A line is not JSON, or not of that shape.
    """
    return (value for _, value in numbered_lines(content, kind, where=where))


def numbered_lines(content: bytes, kind: type[T], *, where: str) -> Iterator[tuple[int, T]]:
    """Read JSON Lines as `kind`, each with its number from 1; empty lines are passed over.

    Raises:
        FormatError: A line is not JSON, or not of that shape.
    """
    decoder = msgspec.json.Decoder(kind, float_hook=Decimal)
    for number, line in enumerate(content.split(b"\n"), 1):
        if line.strip():
            try:
                value = decoder.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                raise _explain(error, f"{where} line {number}", b"") from None
            yield number, value


def convert(value: Json, kind: type[T], *, where: str) -> T:
    """Take a decoded JSON value as `kind`.

    Raises:
        FormatError: It is not of that shape; says where.
    """
    try:
        return msgspec.convert(value, kind)
    except (msgspec.ValidationError, RecursionError) as error:
        raise _explain(error, where, b"") from None


def _explain(error: Exception, where: str, content: bytes) -> FormatError:
    """Say what a decoder found, in the four parts of our messages."""
    text, _, path = str(error).partition(" - at `")
    expected, found = "a file in our format", text[:1].lower() + text[1:]
    for form, wanted, instead in _REASONS:
        match = form.match(text)
        if match:
            expected, found = match.expand(wanted), match.expand(instead)
            expected, found = _WORDS.get(expected, expected), _WORDS.get(found, found)
            break
    place = _BYTE.search(text)
    if place is not None and content:
        where = f"{where} line {content[: int(place[1])].count(_LF) + 1}"
    return FormatError(
        expected,
        found=found,
        where=f"{where} {path.rstrip('`')}".strip(),
        hint="undo the edit, or build the file again",
    )


_LF = b"\n"
_WORDS = {
    "array": "an array",
    "bool": "true or false",
    "decimal": "a number with a point",
    "dict": "an object",
    "float": "a number",
    "int": "a whole number",
    "int | null": "a whole number or null",
    "list": "an array",
    "object": "an object",
    "str": "a text",
    "str | null": "a text or null",
}
"""The decoder's names of types, in words."""

_BYTE = re.compile(r"\(byte (\d+)\)")
_REASONS = (
    (re.compile(r"JSON is malformed: (.+?)(?: \(byte \d+\))?$"), "JSON", r"\1"),
    (re.compile(r"Input data was truncated"), "JSON to its end", "a part of it"),
    (re.compile(r"Expected `(.+)`, got `(.+)`$"), r"\1", r"\2"),
    (re.compile(r"Expected (.+), got (.+)$"), r"\1", r"\2"),
    (re.compile(r"Object missing required field `(.+)`$"), r"the field \1", "nothing"),
    (re.compile(r"Object contains unknown field `(.+)`$"), "a field of the format", r"'\1'"),
    (re.compile(r"Invalid (?:enum )?value ('.*'|\d+)$", re.DOTALL), "a legal value", r"\1"),
)


def read(path: Path) -> bytes:
    """Read a file.

    Raises:
        FormatError: It is missing or cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise FormatError(
            "a file", found="nothing", where=str(path), hint="check the path"
        ) from None
    except OSError as error:
        raise FormatError("a readable file", found=str(error.strerror), where=str(path)) from None


def write(path: Path, content: bytes) -> None:
    """Write a file under a temporary name, then rename it into place.

    Raises:
        UsageError: The folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
            os.chmod(temporary, 0o644)
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise _unwritable(path, error) from None


def replace_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write a whole folder at once: a finished one appears, or the old one stays.

    Args:
        folder: Where it shall be; an existing one is replaced.
        files: Name (may hold `/`) to content.

    Raises:
        UsageError: The place cannot be written.
    """
    made = _missing(folder.parent)
    done = False
    new = old = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        new = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
        old = new / "old"
        fresh = new / "new"
        fresh.mkdir()
        for name, content in sorted(files.items()):
            (fresh / name).parent.mkdir(parents=True, exist_ok=True)
            (fresh / name).write_bytes(content)
        if folder.exists():
            os.replace(folder, old)
        os.replace(fresh, folder)
        done = True
    except OSError as error:
        raise _unwritable(folder, error) from None
    finally:
        if old is not None and old.exists() and not folder.exists():
            os.replace(old, folder)
        if new is not None:
            shutil.rmtree(new, ignore_errors=True)
        if not done:
            _remove_empty(made)


def check_writable(folder: Path) -> None:
    """Check that a folder can be made or replaced there, and leave nothing behind.

    Raises:
        UsageError: The place cannot be written.
    """
    made = _missing(folder.parent)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}.")).rmdir()
    except OSError as error:
        raise _unwritable(folder, error) from None
    finally:
        _remove_empty(made)


def _missing(folder: Path) -> list[Path]:
    """Return the folders that must be made for this one to be there, the innermost first."""
    found = []
    while not folder.exists():
        found.append(folder)
        folder = folder.parent
    return found


def _remove_empty(folders: Iterable[Path]) -> None:
    for folder in folders:
        with suppress(OSError):
            folder.rmdir()


def _unwritable(path: Path, error: OSError) -> UsageError:
    return UsageError(
        "a place to write",
        found=str(error.strerror or error),
        where=str(path),
        hint="choose another path or change its permissions",
    )


def fingerprint(content: bytes) -> str:
    """Return the SHA-256 of the bytes in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def data_root(kind: str) -> Path:
    """Find the folder of our data files: `domains` or `schemas`.

    Returns:
        `agentgym/<kind>` in a wheel, `<checkout>/<kind>` in a checkout.

    Raises:
        FormatError: It is in neither place.
    """
    package = Path(__file__).resolve().parent
    inside, beside = package / kind, package.parent / kind
    if inside.is_dir():
        return inside
    if beside.is_dir() and (package.parent / "pyproject.toml").is_file():
        return beside
    raise FormatError(
        f"the folder of our {kind}",
        found="nothing",
        where=f"{inside} and {beside}",
        hint="install the package again",
    )
