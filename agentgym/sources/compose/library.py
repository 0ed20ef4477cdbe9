"""The committed patterns and industries, read once a process.

TOML files come in, a `Library` goes out. What an author did wrong is told with file, place, what
was expected and what was found. Next: `rewrite`.
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cache, cached_property
from pathlib import Path
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from agentgym.errors import FormatError, nearest
from agentgym.formats import Json, Record, data_root, encode, fingerprint, read
from agentgym.sources.compose.records import Extension, Fragment, Industry, Pattern, Slot

__all__ = [
    "Home",
    "Library",
    "fragments",
    "load",
    "parse",
    "parse_either",
    "parts",
    "read_files",
    "stamp",
]

T = TypeVar("T")


class Home(Record, kw_only=True):
    """Where a slot comes from."""

    pattern: str
    option: str = ""
    """Empty where the pattern always has it."""


class Library(Record, kw_only=True, dict=True):
    """All patterns and industries, by name, in the order of their names."""

    patterns: dict[str, Pattern]
    industries: dict[str, Industry] = {}
    prints: dict[str, str] = {}
    """`patterns/NAME` and `industries/NAME` to the fingerprint of the file."""

    @cached_property
    def homes(self) -> dict[str, Home]:
        """Slot to where it comes from; the first, where an author gave it two."""
        found: dict[str, Home] = {}
        for pattern in self.patterns.values():
            for option, fragment in fragments(pattern):
                for slot in fragment.slots:
                    found.setdefault(slot.slot, Home(pattern=pattern.name, option=option))
        return found

    @cached_property
    def slots(self) -> dict[str, Slot]:
        """The slots by name, as their home has them."""
        found: dict[str, Slot] = {}
        for pattern in self.patterns.values():
            for _, fragment in fragments(pattern):
                for slot in fragment.slots:
                    found.setdefault(slot.slot, slot)
        return found

    @cached_property
    def memory(self) -> dict[str, Any]:
        """What was worked out of the library, by industry; `trade` keeps it there."""
        return {}


def fragments(pattern: Pattern) -> Iterator[tuple[str, Fragment]]:
    """Yield the pieces of a pattern: itself, named with nothing, then its options by name."""
    yield "", pattern
    for option in pattern.options:
        yield option.name, option


def parts(fragment: Fragment) -> tuple[Slot | Extension, ...]:
    """Return what a fragment says of slots: those of its own, then those that it extends."""
    return (*fragment.slots, *fragment.extends)


@cache
def load() -> Library:
    """Read the committed patterns and industries.

    Raises:
        FormatError: A file is not what it should be; says where.
    """
    root = data_root("schemas")
    return read_files(
        sorted((root / "patterns").glob("*.toml")), sorted((root / "industries").glob("*.toml"))
    )


def read_files(patterns: list[Path], industries: list[Path]) -> Library:
    """Read patterns and industries from files that bear their names.

    Raises:
        FormatError: A file is not what it should be; says where.
    """
    prints: dict[str, str] = {}
    found: dict[str, Pattern] = {}
    trades: dict[str, Industry] = {}
    for path in patterns:
        content = read(path)
        found[path.stem] = parse(content, Pattern, where=str(path))
        prints[f"patterns/{path.stem}"] = fingerprint(content)
    for path in industries:
        content = read(path)
        trades[path.stem] = parse(content, Industry, where=str(path))
        prints[f"industries/{path.stem}"] = fingerprint(content)
    for path, name in [(p, found[p.stem].name) for p in patterns] + [
        (p, trades[p.stem].name) for p in industries
    ]:
        if name != path.stem:
            raise FormatError(
                "a name that is the file's", found=repr(name), where=str(path),
                hint=f"write name = {path.stem!r}",
            )  # fmt: skip
    return Library(patterns=found, industries=trades, prints=prints)


def parse(content: bytes, kind: type[T], *, where: str) -> T:
    """Read one TOML file, strictly.

    Args:
        content: The bytes of the file.
        kind: `Pattern` or `Industry`.
        where: The file, for messages.

    Raises:
        FormatError: It is not TOML, or not of that shape; says where, and what is near.
    """
    return _shaped(_tables(content, where), kind, where)


def parse_either(content: bytes, *, where: str) -> Pattern | Industry:
    """Read one TOML file as what it is: an industry says where its desk is.

    Raises:
        FormatError: It is not TOML, or not of that shape; says where, and what is near.
    """
    value = _tables(content, where)
    if "desk" in value or "patterns" in value:
        return _shaped(value, Industry, where)
    return _shaped(value, Pattern, where)


def _tables(content: bytes, where: str) -> dict[str, Json]:
    try:
        value = tomllib.loads(content.decode(), parse_float=Decimal)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FormatError("TOML", found=str(error), where=where, hint="mend the syntax") from None
    found = _plain(value)
    assert isinstance(found, dict)
    return found


def _shaped(value: Json, kind: type[T], where: str) -> T:
    try:
        return msgspec.convert(value, kind)
    except (msgspec.ValidationError, RecursionError) as error:
        raise _explain(str(error), value, kind, where) from None


def _plain(value: Json) -> Json:
    """Put dates and times as the texts that tools speak."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, dt.datetime):
        moment = value.astimezone(dt.UTC) if value.tzinfo else value
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    return value


_STEP = re.compile(r"\.([A-Za-z_]\w*)|\[(\d+|\.\.\.)\]")
_NAMED = ("name", "slot", "id", "to")


def _explain(error: str, value: Json, kind: type, where: str) -> FormatError:
    """Say what msgspec found, with the place in the names of the file and what is near."""
    text, _, path = error.partition(" - at `")
    place, shape, inside = _follow(path.rstrip("`"), value, kind)
    here = f"{where} {place}".strip()
    if unknown := re.match(r"Object contains unknown field `(.+)`$", text):
        name = unknown[1]
        legal = _keys(shape, inside)
        return FormatError(
            "a known key", found=repr(name), where=here, hint=nearest(name, legal) or "remove it"
        )
    if missing := re.match(r"Object missing required field `(.+)`$", text):
        return FormatError(
            f"the key {missing[1]}", found="nothing", where=here, hint=f"add {missing[1]} = ..."
        )
    if invalid := re.match(r"Invalid (?:enum )?value '(.*)'$", text, re.DOTALL):
        hint = nearest(invalid[1], _literals(shape)) or "use the word of the format"
        return FormatError("a legal word", found=repr(invalid[1]), where=here, hint=hint)
    if got := re.match(r"Expected `(.+)`, got `(.+)`$", text):
        return FormatError(
            f"a value of type {got[1]}", found=f"one of type {got[2]}", where=here,
            hint="see agentgym/sources/compose/records.py",
        )  # fmt: skip
    return FormatError("a file of the format", found=text, where=here)


def _follow(path: str, value: Json, kind: Any) -> tuple[str, Any, Json]:
    """Walk a path through value and type: its place in names, and what is expected there."""
    said, inside, shape = "", value, kind
    for key, number in _STEP.findall(path):
        if key:
            shape = shape if key == "type" and _tagged(shape) else _fields(shape, inside).get(key)
            inside = inside.get(key) if isinstance(inside, Mapping) else None
            said = f"{said.rstrip()}.{key}" if said else key
        elif number == "...":
            shape = (get_args(_bare(shape)) or (None,))[-1]
            inside = None
            said += "[...]"
        else:
            shape = (get_args(_bare(shape)) or (None,))[0]
            fits = isinstance(inside, list) and int(number) < len(inside)
            inside = inside[int(number)] if fits else None
            name = _name(inside)
            said += f"[{number}]" + (f" ({name}) " if isinstance(name, str) and name else "")
    return said.strip(), shape, inside


def _name(value: Json) -> Json:
    """Return what a table calls itself; nothing where it does not."""
    known = value if isinstance(value, dict) else {}
    return next((known[key] for key in _NAMED if key in known), "")


def _bare(shape: Any) -> Any:
    """Take the alternative that is not None, of a type that may be absent."""
    if get_origin(shape) in (Union, UnionType):
        rest = [one for one in get_args(shape) if one is not type(None)]
        return rest[0] if len(rest) == 1 else shape
    return shape


def _structs(shape: Any) -> list[type[msgspec.Struct]]:
    shape = _bare(shape)
    parts = get_args(shape) if get_origin(shape) in (Union, UnionType) else (shape,)
    return [p for p in parts if isinstance(p, type) and issubclass(p, msgspec.Struct)]


def _tagged(shape: Any) -> bool:
    """Tell whether the records of a type are told apart by their tags."""
    return any(isinstance(one.__struct_config__.tag, str) for one in _structs(shape))


def _chosen(shape: Any, value: Json) -> list[type[msgspec.Struct]]:
    """Return the records that the value may be, by its tag where there are several."""
    known = _structs(shape)
    tag = value.get("type") if isinstance(value, dict) else None
    tagged = [one for one in known if one.__struct_config__.tag == tag]
    return tagged or known


def _fields(shape: Any, value: Json) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one in _chosen(shape, value):
        found |= get_type_hints(one)
    return found


def _keys(shape: Any, value: Json) -> list[str]:
    return [name for one in _chosen(shape, value) for name in one.__struct_fields__]


def _literals(shape: Any) -> list[str]:
    if get_origin(shape) is Literal:
        return [str(one) for one in get_args(shape)]
    tags = [str(one.__struct_config__.tag) for one in _structs(shape)]
    return tags or [word for one in get_args(shape) for word in _literals(one)]


def stamp(library: Library, industry: str, patterns: list[str]) -> str:
    """Return one fingerprint of the files that a structure was made from."""
    names = [f"industries/{industry}", *(f"patterns/{name}" for name in sorted(patterns))]
    return fingerprint(encode([[name, library.prints.get(name, "")] for name in names]))
