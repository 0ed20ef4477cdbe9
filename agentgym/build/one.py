"""One source to one domain folder: read, infer, fill, derive, prove, write.

The folder appears whole or not at all. Everything in it follows from source, options
and version; nothing from clock, machine or folder. Next: `check`, which goes the other way.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from agentgym import domain as domain_room
from agentgym import rules as rule_room
from agentgym import sources
from agentgym.build.check import CheckReport, SealReport, check, seal
from agentgym.build.fill import Filled, fill
from agentgym.build.folder import files
from agentgym.domain import Clock, Domain, Source
from agentgym.errors import UsageError
from agentgym.formats import Record, check_writable, replace_folder
from agentgym.populate import anonymise, personal_fields
from agentgym.populate import fill as populate
from agentgym.schema import Schema
from agentgym.schema.discover import discover
from agentgym.schema.roles import infer
from agentgym.schema.types import Rows
from agentgym.tools.derive import derive
from agentgym.tools.derive.effects import find_effects
from agentgym.tools.derive.rules import LEVELS, synthesize

__all__ = ["CheckReport", "Report", "SealReport", "build", "check", "seal"]

Progress = Callable[[str], None]


class Report(Record, kw_only=True):
    """What a build made."""

    name: str
    folder: str
    entities: int
    relations: int
    rows: int
    tools: int
    rules: int
    tasks: int
    families: dict[str, int]
    refused: dict[str, int]
    """Gate to refused candidates."""
    reasons: dict[str, int]
    skipped: dict[str, int]
    """What of the source was left out, by kind."""
    notes: tuple[str, ...]


def build(
    source: Path | str,
    out: Path,
    *,
    name: str | None = None,
    tasks: int = 50,
    seed: int = 0,
    rows: int | None = None,
    focus: Sequence[str] = (),
    keep_personal: bool = False,
    force: bool = False,
    max_tools: int = 40,
    rules: int = 2,
    only: str | None = None,
    labels: Path | None = None,
    progress: Progress = lambda line: None,
) -> Report:
    """Build a domain folder from a source.

    Args:
        source: A SQLite file, a SQL script, a graph file, a `tables.json`, or the URL of a
            database as SQLAlchemy writes it.
        out: The folder to write.
        name: Name of the domain; the last part of `out` by default.
        tasks: How many certified tasks are wanted.
        seed: Decides everything that is drawn.
        rows: About how many rows of the source are kept, in all.
        focus: Tables to keep, with what they refer to; all, or a readable part, by default.
        keep_personal: Leave personal and secret values as they are.
        force: Replace a domain folder that is there.
        max_tools: Most tools that an episode shows.
        rules: How complex the rules of the business are, 0 (invariants alone) to 4.
        only: The schema wanted, of a file that has many.
        labels: A file of labels for the nodes of a graph: identifier, tab, label.
        progress: Told a line a stage.

    Raises:
        SourceError: The source cannot be read.
        UsageError: A name or place cannot be used, or there is no such level of rules.
    """
    if rules not in LEVELS:
        raise UsageError(
            f"a level of {LEVELS[0]} to {LEVELS[-1]}", found=str(rules), where="--rules"
        )
    name = _legal_name(out.resolve().name if name is None else name, given=name is not None)
    _free(out, name, force=force)
    progress(f"reading {sources.called(source)}")
    draft = sources.read(source, rows=rows, focus=tuple(focus), seed=seed, only=only, labels=labels)
    progress(f"{len(draft.schema.entities)} entities; inferring what the fields mean")
    schema = discover(infer(draft.schema, draft.rows), draft.rows)
    imported = dict(draft.rows)
    notes = list(draft.notes)
    if imported and not keep_personal:
        personal = personal_fields(schema, imported)
        imported = dict(anonymise(schema, imported, seed=seed))
        if personal:
            notes.append(
                "Replaced by fictional values: "
                + "; ".join(f"{e} ({', '.join(f)})" for e, f in personal.items())
                + "."
            )
    effects = find_effects(schema, draft.rows)
    filled_rows = populate(schema, imported, seed=seed, effects=effects)
    empty = [e.name for e in schema.entities if not filled_rows.get(e.name)]
    if empty:
        notes.append(f"Without rows: {', '.join(empty)}.")
    invariants = rule_room.derive(schema)
    clock = Clock(start=_clock(schema, filled_rows))
    made = synthesize(
        schema,
        filled_rows,
        derive(schema, invariants),
        level=rules,
        seed=seed,
        now=clock.start,
        rules=invariants,
    )
    domain = Domain(
        name=name,
        title=name.replace("_", " ").replace("-", " ").capitalize(),
        description=_description(name, schema),
        schema=schema,
        rules=(*invariants, *made.rules),
        effects=effects,
        tools=made.tools,
        clock=clock,
        source=Source(
            kind=draft.kind,
            name=draft.name,
            sha256=draft.sha256,
            dialect=draft.dialect,
            options={
                "seed": seed,
                "tasks": tasks,
                "rows": rows,
                "focus": list(focus),
                "keep_personal": keep_personal,
                "max_tools": max_tools,
                "rules": rules,
                **({"only": only} if only is not None else {}),
                **({"labels": labels.name} if labels is not None else {}),
                **draft.options,
            },
            rows=_origin(imported, filled_rows),
            skipped=draft.skipped,
            notes=tuple(notes),
        ),
        rows={entity.name: tuple(filled_rows.get(entity.name, ())) for entity in schema.entities},
    )
    domain = domain_room.parse(domain.to_json(), domain.rows_to_lines(), where=name)
    progress(f"{len(domain.tools)} tools; proving tasks")
    filled = fill(domain, count=tasks, seed=seed, max_tools=max_tools, progress=progress)
    progress("writing")
    replace_folder(out, files(domain, filled.tasks))
    return _report(domain, filled, out)


def _legal_name(name: str, *, given: bool) -> str:
    clean = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    if not clean or not clean[0].isalpha() or (given and name != clean):
        raise UsageError(
            "a name of small letters, digits and _ that begins with a letter",
            found=repr(name),
            where="--name",
            hint=f"use {clean!r}" if clean and clean[0].isalpha() else "give --name",
        )
    return clean


def _free(out: Path, name: str, *, force: bool) -> None:
    """Check that the folder may be written, before any work is done."""
    if not out.exists():
        parent = out
        while not parent.exists():
            parent = parent.parent
        if not parent.is_dir():
            raise UsageError(
                "a folder to write in",
                found="a file",
                where=str(parent),
                hint="choose another --out",
            )
        check_writable(out)
        return
    if not out.is_dir():
        raise UsageError("a folder", found="a file", where=str(out), hint="choose another --out")
    check_writable(out)
    if not any(out.iterdir()):
        return
    if not (out / "domain.json").is_file():
        raise UsageError(
            "an empty folder, or a domain folder",
            found="other files",
            where=str(out),
            hint="choose another --out",
        )
    if not force:
        raise UsageError(
            "a new folder",
            found=f"a domain folder (the name {name!r} is in use)",
            where=str(out),
            hint="choose another --out, or replace it with --force",
        )


def _description(name: str, schema: Schema) -> str:
    main = [e for e in schema.entities if e.spoken and e.kind == "record"]
    main = main or [e for e in schema.entities if e.spoken] or list(schema.entities)
    named = [entity.plural for entity in main[:6]]
    listed = ", ".join(named[:-1]) + f" and {named[-1]}" if len(named) > 1 else named[0]
    more = " and more" if len(main) > 6 else ""
    return (
        f"You work at the {name.replace('_', ' ')} service desk, "
        f"which keeps records of {listed}{more}. "
        "People ask you to look things up and to change records; "
        "your tools are the only way to do so."
    )


def _clock(schema: Schema, rows: Rows) -> str:
    latest = "2024-01-01T00:00:00Z"
    for entity in schema.entities:
        for place, field in enumerate(entity.fields):
            if field.type in ("date", "datetime") and field.role in ("time", "audit"):
                values = [
                    str(row[place]) for row in rows.get(entity.name, ()) if row[place] is not None
                ]
                moments = [value + "T00:00:00Z" if len(value) == 10 else value for value in values]
                latest = max([latest, *(m for m in moments if m < "2100")])
    day = dt.date.fromisoformat(latest[:10]) + dt.timedelta(days=1)
    return f"{day.isoformat()}T09:00:00Z"


def _origin(imported: Rows, filled: Rows) -> str:
    if not imported:
        return "synthetic"
    return "imported" if {e for e, rows in filled.items() if rows} <= set(imported) else "mixed"


def _report(domain: Domain, filled: Filled, out: Path) -> Report:
    return Report(
        name=domain.name,
        folder=str(out),
        entities=len(domain.schema.entities),
        relations=len(domain.schema.relations),
        rows=sum(len(rows) for rows in domain.rows.values()),
        tools=len(domain.tools),
        rules=len(domain.rules),
        tasks=len(filled.tasks),
        families=dict(sorted(Counter(task.family for task in filled.tasks).items())),
        refused=filled.refused,
        reasons=filled.reasons,
        skipped=domain.source.skipped,
        notes=domain.source.notes,
    )
