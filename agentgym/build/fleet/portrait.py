"""One domain folder as a fleet sees it: a small record with all that reports and splits need.

A folder comes in, a `Portrait` goes out: files are hashed, `domain.json` and `tasks.jsonl` read
as far as needed, nothing is replayed. A folder that is broken has a portrait too, with what is
wrong. Next: `summary`.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Literal

import msgspec

from agentgym import domain as domain_room
from agentgym.build.fleet.diversity import digest, structure_of
from agentgym.build.fleet.shapes import motif, operators, rule_shape, tool_shape
from agentgym.domain import Source
from agentgym.errors import AgentGymError, FormatError
from agentgym.formats import FORMAT, Json, Record, decode, fingerprint, numbered_lines, read
from agentgym.plan import Plan
from agentgym.rules import Effect, Rule
from agentgym.schema import Schema
from agentgym.schema.canonical import Form
from agentgym.tools.algebra import Tool, is_write, subject
from agentgym.tools.parameters import parameters

__all__ = ["Portrait", "TaskMark", "ToolMark", "clear", "portray"]


class TaskMark(Record, kw_only=True):
    """What splits and counts need of a task."""

    id: str
    family: str
    motif: str
    """Digest of the plan without names and constants."""
    operators: tuple[str, ...]
    """What the plan is composed of, each once, sorted."""
    length: int
    """Calls that are needed at least, as proved; where that was not measured, those of the gold
    run."""


class ToolMark(Record, kw_only=True):
    """A tool by its names."""

    name: str
    parameters: tuple[str, ...]
    """Sorted."""
    shape: str
    write: bool = False
    desk: bool = False
    """Whether any domain has it: a calculator, the clock, the end of a task."""


class Portrait(Record, kw_only=True):
    """A domain folder, or what is wrong with it."""

    folder: str
    """Name of the folder."""
    health: Literal["sound", "stale", "broken"]
    """`stale`: files differ from the manifest; `broken`: it cannot be read."""
    problems: tuple[str, ...] = ()
    manifest: str = ""
    """SHA-256 of manifest.json."""
    world: str = ""
    name: str = ""
    title: str = ""
    kind: str = ""
    """What it was made from, as `Source.kind` says."""
    tags: dict[str, str] = {}
    sizes: dict[str, int] = {}
    """Counts: entities, relations, fields, rows, tools, writing tools, rules, effects, tasks ..."""
    wanted: int | None = None
    """Tasks that were asked for, where that was recorded."""
    form: Form | None = None
    """Of its schema and effects; None where it is broken."""
    tool_set: str = ""
    """Digest of its tools without their names."""
    rule_set: str = ""
    """Digest of its rules without their names."""
    rules: dict[str, int] = {}
    """Class of rules to how many there are."""
    entities: tuple[str, ...] = ()
    tools: tuple[ToolMark, ...] = ()
    tasks: tuple[TaskMark, ...] = ()

    @property
    def shape(self) -> str:
        """Digest of the form of the schema; empty where it is broken."""
        return "" if self.form is None else self.form.digest


class _Head(msgspec.Struct):
    """What of `domain.json` is read; the rest is passed over."""

    name: str
    schema: Schema
    source: Source
    format: int = 0
    version: int = 1
    title: str = ""
    rules: tuple[Rule, ...] = ()
    effects: tuple[Effect, ...] = ()
    tools: tuple[Tool, ...] = ()


class _Line(msgspec.Struct):
    """What of a line of `tasks.jsonl` is read."""

    id: str
    family: str
    plan: Plan
    gold: list[msgspec.Raw] = []
    measured: dict[str, Json] = {}


def clear(name: str) -> str:
    """Return the name of a folder as text; what of it is none is replaced."""
    return name.encode(errors="replace").decode()


def portray(folder: Path) -> Portrait:
    """Read a domain folder; never raises for what is in it."""
    try:
        return _portray(folder)
    except AgentGymError as error:
        return Portrait(folder=clear(folder.name), health="broken", problems=(clear(str(error)),))
    except (OSError, RecursionError) as error:
        wrong = f"{folder}: {type(error).__name__}: {error}"
        return Portrait(folder=clear(folder.name), health="broken", problems=(clear(wrong),))


def _portray(folder: Path) -> Portrait:
    manifest = domain_room.manifest(folder)
    problems = [f"{name} differs from the manifest" for name in _altered(folder, manifest.files)]
    head = decode(read(folder / "domain.json"), _Head, where=f"{folder}/domain.json")
    if head.format != FORMAT:
        raise FormatError(
            f"format {FORMAT}",
            found=str(head.format),
            where=f"{folder}/domain.json $.format",
            hint="build the domain again, or install the release that wrote it",
        )
    head.schema.validate(where=f"{folder}/domain.json $.schema")
    if manifest.name != head.name:
        problems.append(f"the manifest is of {manifest.name!r}")
    tasks = _tasks(folder)
    tools = tuple(_tool(tool, head.schema) for tool in head.tools)
    wanted = head.source.options.get("tasks")
    return Portrait(
        folder=clear(folder.name),
        health="stale" if problems else "sound",
        problems=tuple(problems),
        manifest=fingerprint(read(folder / "manifest.json")),
        world=manifest.world,
        name=head.name,
        title=head.title,
        kind=head.source.kind,
        tags=head.source.tags,
        sizes=_sizes(folder, head, tasks),
        wanted=wanted if isinstance(wanted, int) else None,
        form=structure_of(head.schema, head.effects),
        tool_set=digest(tool.shape for tool in tools),
        rule_set=digest(map(rule_shape, head.rules)),
        rules=dict(sorted(Counter(rule.kind for rule in head.rules).items())),
        entities=tuple(entity.name for entity in head.schema.entities),
        tools=tools,
        tasks=tasks,
    )


_NEEDED = ("domain.json", "rows.jsonl", "tasks.jsonl")


def _altered(folder: Path, files: dict[str, str]) -> list[str]:
    """Name the files that are not what the manifest says, or that it does not name."""
    wrong = []
    for name in sorted({*files, *_NEEDED}):
        path = folder / name
        if not path.is_file() or fingerprint(read(path)) != files.get(name):
            wrong.append(name)
    return wrong


def _sizes(folder: Path, head: _Head, tasks: tuple[TaskMark, ...]) -> dict[str, int]:
    schema = head.schema
    return {
        "entities": len(schema.entities),
        "relations": len(schema.relations),
        "fields": sum(len(entity.fields) for entity in schema.entities),
        "rows": sum(1 for line in read(folder / "rows.jsonl").split(b"\n") if line.strip()),
        "tools": len(head.tools),
        "writing tools": sum(map(is_write, head.tools)),
        "life cycles": len(schema.lifecycles),
        "derived values": len(schema.derived),
        "rules": len(head.rules),
        "effects": len(head.effects),
        "tasks": len(tasks),
    }


def _tool(tool: Tool, schema: Schema) -> ToolMark:
    return ToolMark(
        name=tool.name,
        parameters=tuple(sorted(parameters(tool, schema).get("properties", {}))),
        shape=tool_shape(tool),
        write=is_write(tool),
        desk=subject(tool.term, schema) is None,
    )


def _tasks(folder: Path) -> tuple[TaskMark, ...]:
    path = folder / "tasks.jsonl"
    found = []
    for number, line in numbered_lines(read(path), _Line, where=str(path)):
        least = line.measured.get("min_calls")
        try:
            shape = motif(line.plan).digest
        except (LookupError, ValueError) as error:
            raise FormatError(
                "a plan that holds together",
                found=f"{type(error).__name__}: {error}",
                where=f"{path} line {number}",
                hint=f"run `agentgym seal {folder}`",
            ) from None
        found.append(
            TaskMark(
                id=line.id,
                family=line.family,
                motif=shape,
                operators=operators(line.plan),
                length=least if isinstance(least, int) else len(line.gold),
            )
        )
    return tuple(found)
