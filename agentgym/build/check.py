"""The way back: a domain folder to the proof that it holds what it says, or not.

`check` recomputes everything and writes nothing; `seal` brings an edited folder in order.
Next: `one`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from agentgym import domain as domain_room
from agentgym.build.folder import FILES, files, policy
from agentgym.build.golden import golden
from agentgym.domain import Domain
from agentgym.errors import AgentGymError, DomainError
from agentgym.formats import FORMAT, Record, decode_lines, encode, read, replace_folder
from agentgym.prove import Prover, RefusedError
from agentgym.schema.holds import breaches
from agentgym.tasks import Certificate, Task
from agentgym.world.compile import engine

__all__ = ["CheckReport", "SealReport", "check", "seal"]

Progress = Callable[[str], None]

_SHOWN = 20
"""Rows that are named, of those that do not hold."""


class CheckReport(Record, kw_only=True):
    """Whether a folder holds what it says."""

    name: str
    ok: bool
    tasks: int
    stale: tuple[str, ...] = ()
    """Files that differ from the manifest."""
    problems: tuple[str, ...] = ()


class SealReport(Record, kw_only=True):
    """What became of the tasks of an edited domain."""

    name: str
    kept: int
    dropped: dict[str, str]
    """Task id to the gate and reason."""


def check(folder: Path | str, *, progress: Progress = lambda line: None) -> CheckReport:
    """Recompute everything that a domain folder claims.

    Args:
        folder: A domain folder, or a committed domain's name.
        progress: Told a line now and then.

    Returns:
        What is stale (differs from the manifest) and what does not hold.

    Raises:
        DomainError: There is no domain, or its parts do not fit together.
        FormatError: A file is not in our format.
    """
    place = domain_room.find(folder)
    manifest = domain_room.manifest(place)
    domain = domain_room.load(place, sealed=False)
    tasks = _tasks(place)
    stale = tuple(domain_room.altered(place, manifest))
    problems = [f"{name} differs from the manifest" for name in stale]
    problems += [f"the manifest does not name {n}" for n in FILES if n not in manifest.files]
    if manifest.name != domain.name:
        problems.append(f"the manifest is of {manifest.name!r}")
    if manifest.world != domain.world_hash:
        problems.append("the world hash differs from the manifest")
    if (place / "policy.md").exists() and read(place / "policy.md") != policy(domain):
        problems.append("policy.md is not what the rules render to")
    broken = _broken(place, domain)
    problems += [f"{where}: {found}" for where, found in broken]
    if not broken:
        _compile(place, domain)
        progress(f"checking {len(tasks)} tasks")
        problems += _unproved(domain, tasks, progress)
    trace = place / "golden.trace"
    if not problems and trace.exists() and read(trace) != golden(domain, tasks):
        problems.append("golden.trace is not what its task replays to")
    return CheckReport(
        name=domain.name, ok=not problems, tasks=len(tasks), stale=stale, problems=tuple(problems)
    )


def _compile(place: Path, domain: Domain) -> None:
    """Compile all tools of a domain that may have been edited.

    Raises:
        DomainError: One does not fit.
    """
    try:
        engine(domain).compile()
    except DomainError as error:
        raise DomainError(
            error.expected,
            found=error.found,
            where=f"{place}/domain.json: {error.where}".removesuffix(": "),
            hint=error.hint or "undo the edit",
        ) from None


def _broken(place: Path, domain: Domain) -> list[tuple[str, str]]:
    """Name the rows that are not what the schema says: line, and what is wrong."""
    found = breaches(domain.schema, domain.rows)
    where = str(place / "rows.jsonl")
    content = read(place / "rows.jsonl") if found else b""
    named = []
    for one in found[:_SHOWN]:
        line = domain_room.line_of(content, one.entity, one.row, where=where)
        named.append((f"rows.jsonl line {line}", f"{one.entity}{one.text}"))
    if len(found) > _SHOWN:
        named.append(("rows.jsonl", f"{len(found) - _SHOWN} more rows that do not hold"))
    return named


def _unproved(domain: Domain, tasks: tuple[Task, ...], progress: Progress) -> Iterator[str]:
    """Prove each task again, and name those that are not as their certificates say."""
    prover = Prover(domain, max_tools=_max_tools(domain))
    ids: set[str] = set()
    for number, task in enumerate(tasks, 1):
        found = _prove(prover, task)
        if task.id in ids:
            found = "the id stands twice"
        elif not task.id.startswith(f"{domain.id}/"):
            found = f"the id is not one of {domain.id}"
        elif not isinstance(found, str) and encode(found) != encode(task.certificate):
            found = "the certificate is not the one that was computed now"
        ids.add(task.id)
        if isinstance(found, str):
            yield f"{task.id}: {found}"
        if number % 25 == 0:
            progress(f"{number} of {len(tasks)} tasks checked")


def _max_tools(domain: Domain) -> int:
    chosen = domain.source.options.get("max_tools", 40)
    return chosen if isinstance(chosen, int) else 40


def _tasks(place: Path) -> tuple[Task, ...]:
    return tuple(decode_lines(read(place / "tasks.jsonl"), Task, where=f"{place}/tasks.jsonl"))


def _prove(prover: Prover, task: Task) -> Certificate | str:
    """Prove a task, or say why it does not hold."""
    if task.format != FORMAT:
        return f"it is of format {task.format}; this version reads format {FORMAT}"
    known = prover.domain.tool_by_name
    for name in (*task.tools, *(step.tool for step in task.gold)):
        if name not in known:
            return f"the domain has no tool {name!r}"
    try:
        return prover.certify(task)
    except RefusedError as error:
        return str(error)
    except (AgentGymError, LookupError, StopIteration, ValueError, AssertionError) as error:
        # a task of another domain, or edited by hand, can be wrong in any way
        return f"it does not fit the domain ({type(error).__name__}: {error})"


def seal(folder: Path | str, *, progress: Progress = lambda line: None) -> SealReport:
    """Bring an edited domain folder in order: validate, render, prove again, write.

    Tasks that no longer hold are dropped, each with its reason; files that are none of
    ours stay. A folder that is in order is left as it is.

    Args:
        folder: A domain folder, or a committed domain's name.
        progress: Told a line now and then.

    Raises:
        DomainError: The edit does not fit together; nothing is written.
        FormatError: A file is not in our format; nothing is written.
    """
    place = domain_room.find(folder)
    domain = domain_room.load(place, sealed=False)
    for where, found in _broken(place, domain):
        raise DomainError(
            "rows that are what the schema says",
            found=found,
            where=f"{place}/{where}",
            hint="correct the row, or undo the edit",
        )
    _compile(place, domain)
    prover = Prover(domain, max_tools=_max_tools(domain))
    kept: dict[str, Task] = {}
    dropped: dict[str, str] = {}
    for task in _tasks(place):
        name = f"{domain.id}/{task.id.rpartition('/')[2]}"
        named = msgspec.structs.replace(task, id=name)
        proved = _prove(prover, named) if name not in kept else "the id stands twice"
        if isinstance(proved, str):
            dropped[task.id] = proved
        else:
            kept[name] = msgspec.structs.replace(named, certificate=proved)
    progress(f"{len(kept)} tasks hold, {len(dropped)} do not")
    _write(place, files(domain, tuple(kept.values())))
    return SealReport(name=domain.name, kept=len(kept), dropped=dropped)


def _write(place: Path, content: dict[str, bytes]) -> None:
    there = {str(p.relative_to(place)): p.read_bytes() for p in place.rglob("*") if p.is_file()}
    if there | content != there:
        replace_folder(place, there | content)
