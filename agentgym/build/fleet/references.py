"""Lists of tools and schemas from elsewhere, as they come: read into `Reference`s.

A file or folder comes in. Understood are: a domain folder, or a folder of them; a `domain.json`
or the schema in it; JSON (or JSON Lines) with names of tools, tool lists of OpenAI, Anthropic or
MCP, `{name, parameters}`, any of these under names of servers or in lists; an OpenAPI description;
a JSON Schema with definitions; a `tables.json` of Spider; text with one name a line.
Next: `overlap`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from agentgym.build.fleet.diversity import structure_of
from agentgym.build.fleet.portrait import Portrait, portray
from agentgym.errors import AgentGymError, FormatError, UsageError
from agentgym.formats import Record, convert, decode, numbered_lines, read
from agentgym.rules import Effect
from agentgym.schema import Schema

__all__ = ["Reference", "references", "words"]

_NAME = re.compile(r"[^\W\d][\w.:/$-]{0,127}")
_BREAK = re.compile(r"[\W_]+|(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SCHEMA = ("parameters", "inputSchema", "input_schema", "schema")
_LISTS = ("tools", "functions", "function", "result", "data")
_METHODS = frozenset({"get", "put", "post", "delete", "patch", "head", "options", "trace"})
_DEEPEST = 6
_LARGEST = 500_000_000
"""Bytes of a file that is read."""


class Reference(Record, kw_only=True):
    """One list from elsewhere."""

    name: str
    """File, and the server or domain in it."""
    tools: dict[str, tuple[str, ...] | None] = {}
    """Name to its parameters, sorted; None where the list does not say."""
    entities: tuple[str, ...] = ()
    shape: str = ""
    """Digest of the form of its schema, where there is one."""


def words(name: str) -> tuple[str, ...]:
    """Return the words of a name, in order of the alphabet: `getUser_byID` is by, get, id, user."""
    return tuple(sorted(piece.lower() for piece in _BREAK.split(name) if piece))


def references(path: Path) -> tuple[Reference, ...]:
    """Read what domains are compared with.

    Raises:
        UsageError: There is nothing of that path, or it is of no kind that is understood.
        FormatError: It cannot be read, or is empty.
    """
    if path.is_dir():
        return tuple(_folder(path))
    if path.is_file() and path.stat().st_size > _LARGEST:
        raise UsageError(
            f"a file of at most {_LARGEST // 1_000_000} MB",
            found=f"{path.stat().st_size // 1_000_000} MB",
            where=str(path),
            hint="give the part of it that lists the tools",
        )
    content = read(path)
    text = content.lstrip(b"\xef\xbb\xbf \t\r\n")
    if not text:
        raise FormatError("a list of tools", found="an empty file", where=str(path))
    structured = text[:1] in b'{["' or path.suffix.lower() in (".json", ".jsonl")
    found = _json(path, text) if structured else _lines(path, text)
    if not any(one.tools or one.entities for one in found):
        raise UsageError(
            "names of tools or entities",
            found="none",
            where=str(path),
            hint="give names, OpenAI or MCP tool lists, {name, parameters}, a domain folder, "
            "or one name a line",
        )
    return found


def _folder(path: Path) -> Iterator[Reference]:
    places = [path] if (path / "domain.json").is_file() else sorted(path.glob("*/domain.json"))
    if not places:
        raise UsageError(
            "a domain folder, or a folder of them",
            found="no domain.json",
            where=str(path),
            hint="give a file with tool lists, or build a domain of it first",
        )
    for place in places:
        portrait = portray(place if place.is_dir() else place.parent)
        if portrait.form is None:
            raise FormatError(
                "a domain that can be read", found=portrait.problems[0], where=str(path)
            )
        yield _of(portrait, str(place if place.is_dir() else place.parent))


def _of(portrait: Portrait, name: str) -> Reference:
    return Reference(
        name=name,
        tools={tool.name: tool.parameters for tool in portrait.tools if not tool.desk},
        entities=portrait.entities,
        shape=portrait.shape,
    )


def _lines(path: Path, content: bytes) -> tuple[Reference, ...]:
    """Read one name a line; what follows `#` is passed over."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise UsageError(
            "text, JSON, or a domain folder",
            found="binary data",
            where=str(path),
            hint="build a domain of it first with `agentgym build`, and give its folder",
        ) from None
    found: dict[str, None] = {}
    for number, line in enumerate(text.splitlines(), 1):
        name = line.partition("#")[0].strip()
        if name and not _NAME.fullmatch(name):
            raise FormatError(
                "the name of a tool",
                found=repr(name if len(name) <= 60 else f"{name[:60]}..."),
                where=f"{path} line {number}",
                hint="give one name a line, or JSON",
            )
        if name:
            found[name] = None
    return (Reference(name=path.name, tools=dict.fromkeys(found)),)


def _json(path: Path, content: bytes) -> tuple[Reference, ...]:
    """Read JSON, or JSON Lines."""
    try:
        return tuple(_read(path.name, decode(content, Any, where=str(path)), path))
    except FormatError as error:
        try:
            lines = [one for _, one in numbered_lines(content, Any, where=str(path))]
        except FormatError:
            raise error from None
    return tuple(_read(path.name, lines, path))


def _read(name: str, value: Any, path: Path, depth: int = 0) -> Iterator[Reference]:
    """Yield the lists in a JSON value: one for itself, and one for each that it holds by name."""
    if isinstance(value, list) and all(_held_in(one, "table_names_original") for one in value):
        for one in value:  # schemas as the Spider data set lists them
            tables = tuple(str(table) for table in one["table_names_original"])
            yield Reference(name=f"{name}: {one.get('db_id', '')}", entities=tables)
    elif not isinstance(value, dict) or _tool(value):
        tools = dict(_tools(value, 0))
        if tools:
            yield Reference(name=name, tools=tools)
    elif isinstance(value.get("entities"), list):
        if all(isinstance(one, str) for one in value["entities"]):
            tools = dict(_tools(value, 0))
            yield Reference(name=name, tools=tools, entities=tuple(value["entities"]))
        else:
            yield _schema(name, value, {}, path)
    elif isinstance(value.get("schema"), dict) and "tools" in value:
        yield _schema(name, value["schema"], value, path)
    elif isinstance(value.get("paths"), dict):
        yield _described(name, value)
    elif any(isinstance(value.get(key), (dict, list)) for key in _LISTS):
        yield Reference(name=name, tools=dict(_tools(value, 0)))
    elif defined := _defined(value):
        yield Reference(name=name, entities=defined)
    elif depth < _DEEPEST:
        for key, inner in value.items():
            if isinstance(inner, (dict, list)):
                yield from _read(f"{name}: {key}", inner, path, depth + 1)


def _described(name: str, value: Mapping[str, Any]) -> Reference:
    """Read the operations and schemas of an OpenAPI description, as far as they stand there."""
    tools: dict[str, tuple[str, ...] | None] = {}
    for place, item in value["paths"].items():
        if not isinstance(item, dict):
            continue
        for method, one in item.items():
            if method.lower() not in _METHODS or not isinstance(one, dict):
                continue
            called = one.get("operationId") or f"{method} {place}"
            taken = [*_list(item.get("parameters")), *_list(one.get("parameters"))]
            found = {p["name"] for p in taken if isinstance(p, dict) and _is_text(p.get("name"))}
            for body in _held(one, "requestBody", "content").values():
                found |= _held(body, "schema", "properties").keys()
            tools[str(called)] = tuple(sorted(found))
    entities = {*_held(value, "components", "schemas"), *_held(value, "definitions")}
    return Reference(name=name, tools=tools, entities=tuple(sorted(entities)))


def _held(value: Any, *keys: str) -> Mapping[str, Any]:
    """Return the object that lies under the keys, an empty one where there is none."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def _held_in(value: Any, key: str) -> bool:
    return isinstance(value, dict) and isinstance(value.get(key), list)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _schema(name: str, schema: Any, whole: Mapping[str, Any], path: Path) -> Reference:
    """Read a schema of ours, with the effects and tools of its domain if they are there."""
    where = f"{path} (a schema of a domain)"
    known = convert(schema, Schema, where=where)
    try:
        known.validate(where=where)
        effects = convert(whole.get("effects", []), tuple[Effect, ...], where=where)
        shape = structure_of(known, effects).digest
    except AgentGymError as error:
        raise FormatError(
            "a schema that holds together", found=str(error), where=str(path), hint="undo the edit"
        ) from None
    return Reference(
        name=name,
        tools=dict(_tools(whole.get("tools", []), 0)),
        entities=tuple(entity.name for entity in known.entities),
        shape=shape,
    )


def _defined(value: Mapping[str, Any]) -> tuple[str, ...]:
    """Name the objects that a JSON Schema defines."""
    found = []
    for key in ("$defs", "definitions"):
        held = value.get(key)
        if isinstance(held, dict):
            found += [
                name
                for name, one in held.items()
                if isinstance(one, dict) and (one.get("type") == "object" or "properties" in one)
            ]
    if value.get("type") == "object" and isinstance(value.get("title"), str):
        found.append(value["title"])
    return tuple(sorted(set(found)))


def _tools(value: Any, depth: int) -> Iterator[tuple[str, tuple[str, ...] | None]]:
    """Yield the tools in a list or in what wraps one."""
    if depth > _DEEPEST:
        return
    if isinstance(value, str):
        if _NAME.fullmatch(value):
            yield value, None
    elif isinstance(value, list):
        for one in value:
            yield from _tools(one, depth + 1)
    elif isinstance(value, dict):
        if _tool(value):
            yield value["name"], _parameters(value)
            return
        for key in _LISTS:
            if isinstance(value.get(key), (dict, list)):
                yield from _tools(value[key], depth + 1)


def _tool(value: Mapping[str, Any]) -> bool:
    held = any(isinstance(value.get(key), (dict, list)) for key in _LISTS)
    return _is_text(value.get("name")) and not held


def _parameters(value: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Name the parameters of a tool: of a JSON Schema, a map, or a list of names."""
    for key in _SCHEMA:
        held = value.get(key)
        if isinstance(held, dict):
            inner = held.get("properties", {} if "type" in held else held)
            return tuple(sorted(inner)) if isinstance(inner, dict) else ()
        if isinstance(held, list):
            named = [one.get("name") if isinstance(one, dict) else one for one in held]
            return tuple(sorted(one for one in named if isinstance(one, str)))
    return None
