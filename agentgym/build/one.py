"""One source to one domain folder: read, infer, fill, derive, prove, write.

The folder appears whole or not at all. Everything in it follows from source, options
and version; nothing from clock, machine or folder. Next: `check`, which goes the other way.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from agentgym import domain as domain_room
from agentgym import sources
from agentgym.build.check import CheckReport, SealReport, check, seal
from agentgym.build.fill import fill
from agentgym.build.folder import files
from agentgym.build.mould import mould
from agentgym.build.yields import Filled, Yield
from agentgym.client import Client
from agentgym.domain import Domain
from agentgym.errors import UsageError
from agentgym.formats import Json, Record, check_writable, replace_folder
from agentgym.sources import Draft
from agentgym.tools.derive.rules import LEVELS

__all__ = ["CheckReport", "Report", "SealReport", "build", "check", "construct", "seal"]

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
    attempts: int = 0
    """How many draws were made."""
    yields: dict[str, Yield] = {}
    """Family to what became of its candidates."""
    operators: dict[str, Yield] = {}
    """Operator to what became of the candidates that it had a part in."""
    mutants: dict[str, int] = {}
    """`tried`: candidates that came to the gate `mutants`; `survived`: those that it refused
    because a wrong run passed."""
    reasons: dict[str, int]
    skipped: dict[str, int]
    """What of the source was left out, by kind."""
    notes: tuple[str, ...]
    shortfalls: tuple[str, ...] = ()
    """What the tasks lack, taken together: a sentence each."""
    paraphrases: dict[str, int] = {}
    """How many instructions a model put differently (`taken`), and why how many it did not."""
    rejected: str = ""
    """Why no folder was written; empty where one was."""


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
    client: Client | None = None,
    entities: int = 12,
    repairs: int = 3,
    paraphrase: bool = False,
    progress: Progress = lambda line: None,
) -> Report:
    """Build a domain folder from a source.

    Args:
        source: A SQLite file, a SQL script, a graph file, an API description or list of tools,
            a `tables.json`, or the URL of a database as SQLAlchemy writes it; with a client
            words, or a file of them.
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
        client: The model that reads words, and that paraphrases.
        entities: Most kinds of things that it may name, 2 to 25.
        repairs: How often it is told what is wrong.
        paraphrase: Let the model put instructions differently.
        progress: Told a line a stage.

    Raises:
        SourceError: The source cannot be read.
        ModelError: The model cannot be asked, or does not answer.
        UsageError: A name or place cannot be used, or there is no such level of rules.
    """
    if rules not in LEVELS:
        raise UsageError(
            f"a level of {LEVELS[0]} to {LEVELS[-1]}", found=str(rules), where="--rules"
        )
    name = _legal_name(out.resolve().name if name is None else name, given=name is not None)
    _free(out, name, force=force)
    progress(f"reading {sources.called(source)}")
    draft = sources.read(
        source,
        rows=rows,
        focus=tuple(focus),
        seed=seed,
        only=only,
        labels=labels,
        client=client if not paraphrase or _worded(source) else None,
        entities=entities,
        repairs=repairs,
        progress=progress,
    )
    options = {
        "tasks": tasks,
        "rows": rows,
        "focus": list(focus),
        "max_tools": max_tools,
        **({"only": only} if only is not None else {}),
        **({"labels": labels.name} if labels is not None else {}),
        **({"paraphrase": client.model} if paraphrase and client is not None else {}),
    }
    return construct(
        draft,
        out,
        name=name,
        tasks=tasks,
        seed=seed,
        keep_personal=keep_personal,
        max_tools=max_tools,
        rules=rules,
        options=options,
        client=client if paraphrase else None,
        progress=progress,
    )


def construct(
    draft: Draft,
    out: Path,
    *,
    name: str,
    tasks: int,
    seed: int,
    keep_personal: bool = False,
    max_tools: int = 40,
    rules: int = 2,
    options: Mapping[str, Json] | None = None,
    judge: Callable[[Domain, Filled], str] = lambda domain, filled: "",
    client: Client | None = None,
    progress: Progress = lambda line: None,
) -> Report:
    """Build the folder of a draft, whatever it came from.

    Args:
        draft: From `sources`.
        out: The folder to write; what is there is replaced.
        name: Name of the domain, a legal one.
        tasks: How many certified tasks are wanted.
        seed: Decides everything that is drawn.
        keep_personal: Leave personal and secret values of given rows as they are.
        max_tools: Most tools that an episode shows.
        rules: How complex the rules of the business are, 0 to 4.
        options: What else the domain shall record of how it was asked for.
        judge: Says why a domain with these tasks is not wanted: then nothing is written.
        client: The model that puts instructions differently, if one shall.
        progress: Told a line a stage.
    """
    progress(f"{len(draft.schema.entities)} entities; making rows, rules and tools")
    domain = mould(
        draft, name=name, seed=seed, keep_personal=keep_personal, rules=rules, options=options or {}
    )
    domain = domain_room.parse(domain.to_json(), domain.rows_to_lines(), where=name)
    progress(f"{len(domain.tools)} tools; proving tasks")
    filled = fill(
        domain, count=tasks, seed=seed, max_tools=max_tools, progress=progress, client=client
    )
    rejected = judge(domain, filled)
    if not rejected:
        progress("writing")
        replace_folder(out, files(domain, filled.tasks))
    return _report(domain, filled, out, rejected)


def _worded(source: Path | str) -> bool:
    """Tell whether a source is words, or a file of them: what only a model reads."""
    if isinstance(source, str):
        return sources.is_words(source)
    return source.suffix.lower() in sources.WORDED


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


def _report(domain: Domain, filled: Filled, out: Path, rejected: str) -> Report:
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
        attempts=filled.attempts,
        yields=filled.families,
        operators=filled.operators,
        mutants=filled.mutants,
        reasons=filled.reasons,
        skipped=domain.source.skipped,
        notes=domain.source.notes,
        shortfalls=filled.shortfalls,
        paraphrases=filled.paraphrases,
        rejected=rejected,
    )
