"""More tasks for a domain that is there: of chosen families, like one, or harder than one.

In comes a domain folder, out go the same folder with further certified tasks and the account of
every draw. What was there stays as it is, byte for byte. Next: `fill`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec.structs import replace

from agentgym import domain as domain_room
from agentgym import rng
from agentgym.build.fill import Asked, Filling
from agentgym.build.folder import files
from agentgym.build.making import Drawn, Making, max_tools
from agentgym.build.part import Part
from agentgym.build.yields import Filled
from agentgym.client import Client
from agentgym.domain import Domain
from agentgym.errors import TaskError, UsageError, nearest
from agentgym.formats import Record, decode_lines, encode, fingerprint, read, replace_folder
from agentgym.plan import FAMILIES
from agentgym.tasks import Task, Twin
from agentgym.tasks.knobs import Candidate, Knobs
from agentgym.tasks.operators import Operator
from agentgym.tasks.operators.acts import OPERATORS as ACTS
from agentgym.tasks.operators.neighbours import similar as neighbour
from agentgym.tasks.operators.reads import OPERATORS as READS
from agentgym.tasks.operators.withhold import OPERATORS as UNSAID
from agentgym.tasks.twins import TWINS, TwinKind, twin
from agentgym.version import VERSION

__all__ = ["Added", "add", "evolve", "like", "twins"]

Progress = Callable[[str], None]
_SEEDS = 2**32
_NEIGHBOURS = 6
"""Draws of neighbours without one that holds after which there are no more."""
_EVOLVED = 4
"""Draws of each operator without a harder task after which there are no more."""
_TWINS = 3
"""Twins of a task that are tried, of each kind."""
_KEPT = frozenset(Knobs.__struct_fields__) - {"least", "most", "entities", "shape"}
"""Knobs of a task that hold for what is made of it."""


class Added(Record, kw_only=True):
    """What was added to a domain."""

    name: str
    folder: str
    there: int
    """Tasks before."""
    tasks: tuple[str, ...]
    """Ids of the new ones."""
    filled: Filled
    moved: dict[str, tuple[str, int, int]] = {}
    """Evolved task to the figure that rose: its name, its parent's, its own."""
    twins: dict[str, tuple[int, int]] = {}
    """Kind of twin to how many were looked for, and how many were found."""


def add(
    folder: Path | str,
    *,
    count: int,
    families: tuple[str, ...] = (),
    knobs: Knobs | None = None,
    seed: int = 0,
    client: Client | None = None,
    progress: Progress = lambda line: None,
) -> Added:
    """Add certified tasks to a domain folder; an interrupted call goes on where it was.

    Args:
        folder: A domain folder, or a committed domain's name.
        count: How many are wanted.
        families: Which; with none and no knobs the usual mixture of all that the domain carries.
        knobs: How they shall be; `least` and `most` bound the proved number of calls.
        seed: Decides all draws, together with the number of the first new task.
        client: The model that puts instructions differently, if one shall.
        progress: Told a line now and then.

    Raises:
        DomainError: There is no domain, or it was changed behind its manifest.
        UsageError: There is no such family, the domain does not carry it, or the knobs
            contradict each other.
    """
    knobs = Knobs() if knobs is None else knobs
    for name in families:
        if name not in FAMILIES:
            raise UsageError("a family", found=repr(name), hint=nearest(name, FAMILIES))
    if knobs.most is not None and knobs.most < knobs.least:
        raise UsageError(
            "a range of calls from the fewer to the more", found=f"{knobs.least}..{knobs.most}"
        )
    place, domain, there = _open(folder)
    asked = Asked(
        families=families or FAMILIES, knobs=knobs, exact=bool(families) or knobs != Knobs()
    )
    part = Part(
        place,
        {
            "version": VERSION,
            "domain": fingerprint(domain.to_json()),
            "world": domain.world_hash,
            "there": [task.id for task in there],
            "count": count,
            "asked": encode(asked).decode(),
            "seed": seed,
            **({"paraphrase": client.model} if client is not None else {}),
        },
    )
    filling = Filling(
        domain,
        count=count,
        seed=rng.key(seed, "more", len(there)) % _SEEDS,
        max_tools=max_tools(domain),
        asked=asked,
        there=there,
        known=part.known,
        keep=part.keep,
        client=client,
    )
    lacking = [name for name in families if name not in filling.families]
    if lacking:
        part.remove()
        raise UsageError(
            f"a family that {domain.name} carries",
            found=repr(lacking[0]),
            hint=f"it carries {', '.join(sorted(filling.sampler.families()))}",
        )
    if part.known:
        progress(f"going on after {len(part.known)} draws")
    filled = filling.run(progress)
    _write(place, domain, there + filled.tasks)
    part.remove()
    return _added(place, domain, there, filled)


def like(
    folder: Path | str,
    of: str,
    *,
    count: int,
    seed: int = 0,
    client: Client | None = None,
    progress: Progress = lambda line: None,
) -> Added:
    """Add near neighbours of a task: the same structure about other rows, proved as any task.

    Args:
        folder: A domain folder, or a committed domain's name.
        of: Id of the task.
        count: How many are wanted.
        seed: Decides all draws.
        client: The model that puts instructions differently, if one shall.
        progress: Told a line now and then.

    Raises:
        TaskError: There is no such task.
    """
    place, domain, there = _open(folder)
    parent = _task(there, of)
    making = Making(domain, there, count, seed, tries=_NEIGHBOURS, client=client)

    def draw(number: int) -> Drawn:
        draws = rng.stream(seed, "similar", parent.id, len(there), number)
        return neighbour(making.sampler, _candidate(parent), draws), None

    filled = making.run(parent, draw, lambda task, operator: task.shape == parent.shape)
    progress(f"{len(filled.tasks)} of {count} neighbours proved")
    _write(place, domain, there + filled.tasks)
    return _added(place, domain, there, filled)


def evolve(
    folder: Path | str,
    of: str,
    *,
    count: int = 1,
    operators: tuple[str, ...] = (),
    seed: int = 0,
    client: Client | None = None,
    progress: Progress = lambda line: None,
) -> Added:
    """Add variants of a task that are harder: each has a measured figure that has risen.

    Args:
        folder: A domain folder, or a committed domain's name.
        of: Id of the task.
        count: How many are wanted.
        operators: Those that may be used; all by default.
        seed: Decides all draws.
        client: The model that puts instructions differently, if one shall.
        progress: Told a line now and then.

    Raises:
        TaskError: There is no such task.
        UsageError: There is no such operator.
    """
    known = {one.name: one for one in (*READS, *ACTS, *UNSAID) if one.harder is not None}
    for name in operators:
        if name not in known:
            raise UsageError(
                "an operator that makes something harder",
                found=repr(name),
                hint=nearest(name, known),
            )
    chosen = [known[name] for name in operators] or list(known.values())
    place, domain, there = _open(folder)
    parent = _task(there, of)
    making = Making(domain, there, count, seed, tries=_EVOLVED * len(chosen), client=client)
    moved: dict[str, tuple[str, int, int]] = {}

    def draw(number: int) -> Drawn:
        draws = rng.stream(seed, "evolve", parent.id, len(there), number)
        operator = chosen[number % len(chosen)]
        return operator.apply(making.sampler, _candidate(parent), draws), operator

    def harder(task: Task, operator: Operator | None) -> bool:
        assert operator is not None
        figure = str(operator.harder)
        before, after = (_figure(one, figure) for one in (parent, task))
        if after > before:
            moved[task.id] = figure, before, after
        return after > before

    filled = making.run(parent, draw, harder)
    progress(f"{len(filled.tasks)} of {count} harder tasks proved")
    _write(place, domain, there + filled.tasks)
    return replace(_added(place, domain, there, filled), moved=moved)


def twins(
    folder: Path | str,
    of: tuple[str, ...] = (),
    *,
    kinds: tuple[TwinKind, ...] = TWINS,
    seed: int = 0,
    progress: Progress = lambda line: None,
) -> Added:
    """Add twins of tasks: each differs from its task in one fact, and so in how it must end.

    Args:
        folder: A domain folder, or a committed domain's name.
        of: Ids of the tasks; all of them by default.
        kinds: Kinds of twins.
        seed: Decides all draws.
        progress: Told a line now and then.

    Raises:
        TaskError: There is no such task.
    """
    place, domain, there = _open(folder)
    chosen = [_task(there, name) for name in of] or [t for t in there if t.twin is None]
    making = Making(domain, there, len(chosen) * len(kinds), seed)
    pairs: dict[str, dict[str, str]] = {}
    tried: Counter[str] = Counter()
    for number, task in enumerate(chosen, 1):
        for kind in kinds:
            if kind not in task.twins:
                tried[kind] += 1
                made = _twin(making, task, kind)
                if made is not None:
                    making.take(made)
                    pairs.setdefault(task.id, {})[kind] = made.id
        if number % 25 == 0:
            progress(f"twins of {number} of {len(chosen)} tasks")
    filled = replace(making.filled(), shortfalls=())
    named = tuple(replace(t, twins={**t.twins, **pairs.get(t.id, {})}) for t in there)
    _write(place, domain, named + filled.tasks)
    found = Counter(kind for of_task in pairs.values() for kind in of_task)
    shares = {kind: (tried[kind], found[kind]) for kind in kinds if tried[kind]}
    return replace(_added(place, domain, there, filled), twins=shares)


def _twin(making: Making, task: Task, kind: TwinKind) -> Task | None:
    """Make the twin of a task, worded as the task is; None where there is none that holds."""
    for turn in range(_TWINS):
        draws = rng.stream(making.seed, "twin", task.id, kind, turn)
        found = twin(_candidate(task), kind, making.sampler, draws)
        if found is None:
            making.refuse(task.family, (), "no_candidate")
            return None
        candidate, fact = found
        mark = Twin(of=task.id, kind=kind, fact=fact)
        made = making.prove(replace(candidate, parent=task.id), task, mark)
        if made is not None:
            return made
    return None


def _open(folder: Path | str) -> tuple[Path, Domain, tuple[Task, ...]]:
    place = domain_room.find(folder).resolve()
    where = f"{place}/tasks.jsonl"
    domain = domain_room.load(place)
    return place, domain, tuple(decode_lines(read(place / "tasks.jsonl"), Task, where=where))


def _task(tasks: tuple[Task, ...], name: str) -> Task:
    by_id = {task.id: task for task in tasks}
    by_number = {task.id.rpartition("/")[2].lstrip("0"): task for task in tasks}
    found = by_id.get(name) or by_number.get(name.lstrip("0"))
    if found is None:
        numbers = [task.id.rpartition("/")[2] for task in tasks]
        hint = nearest(name, by_id if "/" in name else numbers)
        raise TaskError("a task of the domain", found=repr(name), hint=hint or "it has no tasks")
    return found


def _candidate(task: Task) -> Candidate:
    """Return what a task was made of; how many calls were asked for aside."""
    asked = {name: value for name, value in task.knobs.items() if name in _KEPT}
    return Candidate(
        plan=task.plan,
        operators=task.operators,
        patch=task.patch,
        view=task.view,
        stream=task.stream,
        knobs=msgspec.convert(asked, Knobs),
        parent=task.parent,
    )


def _figure(task: Task, name: str) -> int:
    value = task.measured.get(name, 0)
    if isinstance(value, list):
        return len(value)
    return value if isinstance(value, int) else 0


def _write(place: Path, domain: Domain, tasks: tuple[Task, ...]) -> None:
    content = files(domain, tasks)
    there = {str(p.relative_to(place)): p.read_bytes() for p in place.rglob("*") if p.is_file()}
    replace_folder(place, there | content)


def _added(place: Path, domain: Domain, there: tuple[Task, ...], filled: Filled) -> Added:
    return Added(
        name=domain.name,
        folder=str(place),
        there=len(there),
        tasks=tuple(task.id for task in filled.tasks),
        filled=filled,
    )
