"""A file of many schemas (`tables.json`) -> a folder of domains, one of each schema.

Next: `composed`, where domains come from nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

from agentgym import sources
from agentgym.build import one
from agentgym.build.fleet.engine import Job, Made, Order, Outcome, Report, Shift, outcome, produce
from agentgym.build.yields import Filled
from agentgym.domain import Domain
from agentgym.formats import fingerprint
from agentgym.scale import cores

__all__ = ["make_listed"]


def make_listed(
    path: Path,
    out: Path,
    *,
    tasks: int,
    seed: int,
    rules: int = 2,
    max_tools: int = 40,
    least_tasks: int = 1,
    workers: int | None = None,
    force: bool = False,
    limit_s: float | None = 300.0,
    progress: Callable[[Made], None] = lambda made: None,
) -> tuple[Report, Shift]:
    """Make a domain of every schema of a file.

    Args:
        path: The file of schemas.
        out: The folder of domains; an interrupted run is gone on with.
        tasks: Proved tasks wanted of each.
        seed: Decides everything that is drawn.
        rules: Level of the rules of each domain, 0 to 4.
        max_tools: Most tools that an episode shows.
        least_tasks: With fewer a domain is rejected, where any are wanted.
        workers: Processes; all cores by default.
        force: Throw away what another order left in the folder.
        limit_s: Seconds after which one domain is given up.
        progress: Told after each domain.

    Returns:
        The report, and what only this run knows.

    Raises:
        SourceError: The file cannot be read, or has no list of schemas.
        UsageError: The folder cannot be used.
    """
    schemas = sources.listed(path)
    order = Order(
        kind="spider",
        count=len(schemas),
        seed=seed,
        tasks=tasks,
        rules=rules,
        options={
            "source": path.name,
            "sha256": fingerprint(path.read_bytes()),
            "max_tools": max_tools,
            "least_tasks": min(least_tasks, tasks),
        },
    )
    jobs: list[Job] = []
    taken: set[str] = set()
    for schema in schemas:
        name = _name(schema, taken)
        taken.add(name)
        jobs.append(Job(index=len(jobs), name=name, load=(str(path), schema)))
    return produce(
        order,
        lambda: iter(jobs),
        build_schema,
        out,
        workers=workers or cores(),
        force=force,
        limit_s=limit_s,
        progress=progress,
    )


def _name(schema: str, taken: set[str]) -> str:
    """Return the name of the domain of a schema, one that is not taken."""
    stem = re.sub(r"[^a-z0-9]+", "_", schema.lower()).strip("_")
    stem = stem if stem[:1].isalpha() else f"schema_{stem}".strip("_")
    name, number = stem, 2
    while name in taken:
        name, number = f"{stem}_{number}", number + 1
    return name


def build_schema(task: tuple[Job, Order, Path]) -> Outcome:
    """Make the folder of one schema, or say why there is none."""
    job, order, out = task
    path, schema = job.load
    draft = sources.read(Path(path), only=schema, seed=order.seed)
    report = one.construct(
        draft,
        out / job.name,
        name=job.name,
        tasks=order.tasks,
        seed=order.seed,
        rules=order.rules or 0,
        max_tools=int(str(order.options["max_tools"])),
        judge=partial(_judge, int(str(order.options["least_tasks"]))),
        options={
            "tasks": order.tasks,
            "rows": None,
            "focus": [],
            "max_tools": order.options["max_tools"],
            "only": schema,
        },
    )
    return outcome(job, report)


def _judge(least: int, domain: Domain, filled: Filled) -> str:
    if len(filled.tasks) >= least:
        return ""
    few = f"{len(filled.tasks)} of {least} over {len(domain.schema.entities)} entities"
    return f"too few tasks that can be proved: {few}"
