"""The way back: a domain folder to the proof that it holds what it says, or not.

`check` recomputes everything and writes nothing; `seal` brings an edited folder in order.
Next: `one`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from agentgym import domain as domain_room
from agentgym import rng
from agentgym.build.fill import Filling
from agentgym.build.folder import FILES, files, policy
from agentgym.build.golden import golden
from agentgym.build.making import max_tools
from agentgym.build.rows import broken, settle, unkept
from agentgym.domain import Domain
from agentgym.episode.view import View, unfit
from agentgym.errors import AgentGymError, DomainError, UsageError, nearest
from agentgym.formats import FORMAT, Record, decode_lines, encode, read, replace_folder
from agentgym.prove import Prover, RefusedError
from agentgym.prove.audit import Checked, brute_check
from agentgym.tasks import Certificate, Task
from agentgym.tools.derive import watch_tools
from agentgym.tools.views import ViewOptions
from agentgym.world.compile import engine

__all__ = ["CheckReport", "SealReport", "check", "seal"]

Progress = Callable[[str], None]


class CheckReport(Record, kw_only=True):
    """Whether a folder holds what it says."""

    name: str
    ok: bool
    """Whether there are no problems, and the view serves every task."""
    tasks: int
    stale: tuple[str, ...] = ()
    """Files that differ from the manifest."""
    problems: tuple[str, ...] = ()
    """What does not hold: files first, then rows, then tasks by their ids."""
    unserved: tuple[str, ...] = ()
    """Tasks that lose a tool that they need in the view that was asked about, with the tool."""
    brute: Checked | None = None
    """What was found by other means, where that was asked for."""


class SealReport(Record, kw_only=True):
    """What became of the tasks of an edited domain."""

    name: str
    kept: int
    dropped: dict[str, str]
    """Task id to the gate and reason."""
    reasons: dict[str, int] = {}
    """Gate, or what else there was, to how many tasks were dropped for it."""
    settled: dict[str, int] = {}
    """Computed field to how many of its values were made anew."""
    new: tuple[str, ...] = ()
    """Ids of tasks that were made in the place of the dropped ones."""


class _Lapsed(Record, kw_only=True):
    """Why a task does not hold."""

    gate: str
    reason: str

    def __str__(self) -> str:
        return self.reason


def check(
    folder: Path | str,
    *,
    view: ViewOptions | Mapping[str, Any] | str | None = None,
    brute: bool = False,
    progress: Progress = lambda line: None,
) -> CheckReport:
    """Recompute everything that a domain folder claims.

    Args:
        folder: A domain folder, or a committed domain's name.
        view: A view of which to say which tasks it cannot serve.
        brute: Also check every certificate by other means: uniqueness in SQL, and the least
            number of calls by exhaustive search where the world is small.
        progress: Told a line now and then.

    Returns:
        What is stale (differs from the manifest) and what does not hold.

    Raises:
        DomainError: There is no domain, or its parts do not fit together.
        FormatError: A file is not in our format.
        UsageError: The view has no such option, or takes away a tool that is not there.
    """
    place = domain_room.find(folder)
    manifest = domain_room.manifest(place)
    domain = domain_room.load(place, sealed=False)
    tasks = _tasks(place)
    unserved = tuple(_unserved(domain, tasks, ViewOptions.of(view)))
    stale = tuple(domain_room.altered(place, manifest))
    problems = [f"{name} differs from the manifest" for name in stale]
    problems += [f"the manifest does not name {n}" for n in FILES if n not in manifest.files]
    if manifest.name != domain.name:
        problems.append(f"the manifest is of {manifest.name!r}")
    if manifest.world != domain.world_hash:
        problems.append("the world hash differs from the manifest")
    if (place / "policy.md").exists() and read(place / "policy.md") != policy(domain):
        problems.append("policy.md is not what the rules render to")
    trace = read(place / "golden.trace") if (place / "golden.trace").exists() else None
    if trace is not None and not trace.startswith(golden(domain, ())):
        problems.append("golden.trace is of another world")
    wrong = [str(error) for error in unkept(domain, where="domain.json")]
    wrong += [f"{where}: {found}" for where, found in broken(domain, read(place / "rows.jsonl"))]
    problems += wrong
    if not wrong:
        _compile(place, domain)
        progress(f"checking {len(tasks)} tasks")
        problems += _unproved(domain, tasks, progress)
    if not problems and trace is not None and trace != golden(domain, tasks):
        problems.append("golden.trace is not what its task replays to")
    checked = brute_check(domain, tasks, progress) if brute and not wrong else None
    if checked is not None:
        problems += checked.wrong
    return CheckReport(
        name=domain.name,
        ok=not problems and not unserved,
        tasks=len(tasks),
        stale=stale,
        problems=tuple(problems),
        unserved=unserved,
        brute=checked,
    )


def _unserved(domain: Domain, tasks: tuple[Task, ...], options: ViewOptions) -> Iterator[str]:
    """Name the tasks that a view takes a tool from that they need."""
    for name in options.absent:
        if name not in domain.tool_by_name:
            hint = nearest(name, domain.tool_by_name)
            raise UsageError("a tool of the domain", found=repr(name), where="view", hint=hint)
    if not options.changed:
        return
    shown: dict[tuple[str, ...], frozenset[str]] = {}
    for task in tasks:
        error = unfit(domain, task, options)
        if error is not None:
            yield f"{task.id}: expected {error.expected}, found {error.found}"
        elif set(task.tools) <= {*domain.tool_by_name, *(tool.name for tool in watch_tools())}:
            if task.tools not in shown:
                shown[task.tools] = frozenset(View(domain, task.tools, options).tools)
            for name in dict.fromkeys(step.tool for step in task.gold if step.by == "agent"):
                if name not in shown[task.tools]:
                    yield f"{task.id}: expected a way to {name}, which the task needs, found none"


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


def _unproved(domain: Domain, tasks: tuple[Task, ...], progress: Progress) -> Iterator[str]:
    """Prove each task again, and name those that are not as their certificates say."""
    prover = Prover(domain, max_tools=max_tools(domain))
    ids: set[str] = set()
    for number, task in enumerate(tasks, 1):
        found = _prove(prover, task)
        wrong = str(found) if isinstance(found, _Lapsed) else ""
        if task.id in ids:
            wrong = "the id stands twice"
        elif not task.id.startswith(f"{domain.id}/"):
            wrong = f"the id is not one of {domain.id}"
        elif isinstance(found, Certificate) and encode(found) != encode(task.certificate):
            wrong = "the certificate is not the one that was computed now"
        ids.add(task.id)
        if wrong:
            yield f"{task.id}: {wrong}"
        if number % 25 == 0:
            progress(f"{number} of {len(tasks)} tasks checked")


def _tasks(place: Path) -> tuple[Task, ...]:
    return tuple(decode_lines(read(place / "tasks.jsonl"), Task, where=f"{place}/tasks.jsonl"))


def _prove(prover: Prover, task: Task) -> Certificate | _Lapsed:
    """Prove a task, or say why it does not hold."""
    if task.format != FORMAT:
        reason = f"it is of format {task.format}; this version reads format {FORMAT}"
        return _Lapsed(gate="format", reason=reason)
    known = {*prover.domain.tool_by_name, *(tool.name for tool in watch_tools())}
    for name in (*task.tools, *(step.tool for step in task.gold)):
        if name not in known:
            return _Lapsed(gate="tool gone", reason=f"the domain has no tool {name!r}")
    try:
        return prover.certify(task)
    except RefusedError as error:
        return _Lapsed(gate=error.gate, reason=str(error))
    except (AgentGymError, LookupError, StopIteration, ValueError, AssertionError) as error:
        # a task of another domain, or edited by hand, can be wrong in any way
        reason = f"it does not fit the domain ({type(error).__name__}: {error})"
        return _Lapsed(gate="does not fit", reason=reason)


def seal(
    folder: Path | str, *, refill: bool = False, progress: Progress = lambda line: None
) -> SealReport:
    """Bring an edited domain folder in order: validate, compute, render, prove again, write.

    Fields that the world computes are made anew from what they follow from; any other row that
    does not hold is an error. Tasks that no longer hold are dropped, each with its reason; files
    that are none of ours stay. A folder that is in order is left as it is.

    Args:
        folder: A domain folder, or a committed domain's name.
        refill: Whether as many new tasks are made as were dropped.
        progress: Told a line now and then.

    Raises:
        DomainError: The edit does not fit together; nothing is written.
        FormatError: A file is not in our format; nothing is written.
    """
    place = domain_room.find(folder)
    domain, settled = settle(domain_room.load(place, sealed=False))
    if settled:
        progress(f"{sum(settled.values())} computed values made anew")
    for error in unkept(domain, where=f"{place}/domain.json"):
        raise error
    for where, found in broken(domain, read(place / "rows.jsonl")):
        raise DomainError(
            "rows that are what the schema says",
            found=found,
            where=f"{place}/{where}",
            hint="correct the row, or undo the edit",
        )
    _compile(place, domain)
    prover = Prover(domain, max_tools=max_tools(domain))
    kept: dict[str, Task] = {}
    dropped: dict[str, _Lapsed] = {}
    for task in _tasks(place):
        name = f"{domain.id}/{task.id.rpartition('/')[2]}"
        named = msgspec.structs.replace(task, id=name)
        if name in kept:
            dropped[task.id] = _Lapsed(gate="id", reason="the id stands twice")
            continue
        proved = _prove(prover, named)
        if isinstance(proved, _Lapsed):
            dropped[task.id] = proved
        else:
            kept[name] = msgspec.structs.replace(named, certificate=proved)
    progress(f"{len(kept)} tasks hold, {len(dropped)} do not")
    tasks = tuple(kept.values())
    new = _refilled(domain, tasks, len(dropped), progress) if refill and dropped else ()
    _write(place, files(domain, tasks + new))
    return SealReport(
        name=domain.name,
        kept=len(kept),
        dropped={name: str(lapsed) for name, lapsed in dropped.items()},
        reasons=dict(sorted(Counter(lapsed.gate for lapsed in dropped.values()).items())),
        settled=settled,
        new=tuple(task.id for task in new),
    )


def _refilled(
    domain: Domain, tasks: tuple[Task, ...], count: int, progress: Progress
) -> tuple[Task, ...]:
    """Make so many new tasks, different from those that are there."""
    seed = rng.key("refill", domain.world_hash, len(tasks)) % 2**32
    filling = Filling(domain, count=count, seed=seed, max_tools=max_tools(domain), there=tasks)
    return filling.run(progress).tasks


def _write(place: Path, content: dict[str, bytes]) -> None:
    there = {str(p.relative_to(place)): p.read_bytes() for p in place.rglob("*") if p.is_file()}
    if there | content != there:
        replace_folder(place, there | content)
