"""Nothing -> a fleet of domains: blueprints drawn one by one, each unlike all before it, built.

Next: `pooled`, where API descriptions take the place of blueprints.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from agentgym.build import one
from agentgym.build.fleet.distance import Neighbourhood
from agentgym.build.fleet.diversity import structure_of
from agentgym.build.fleet.engine import Job, Made, Order, Outcome, Report, Shift, outcome, produce
from agentgym.build.yields import Filled
from agentgym.domain import Domain
from agentgym.errors import UsageError, nearest
from agentgym.formats import encode, fingerprint
from agentgym.rng import stream
from agentgym.scale import cores
from agentgym.sources.compose import Blueprint, Library, compose, fleet, glue, load, name_of

__all__ = ["EDITS", "make_composed"]

EDITS = 3
"""Edits at least between a structure and each earlier one of its fleet."""
_LEVELS = (2, 3, 3, 4)
"""Levels of rules that are drawn from."""
_SPARE = 1000
"""Structures at most that may be drawn beyond those wanted."""


def make_composed(
    out: Path,
    *,
    count: int,
    tasks: int,
    seed: int,
    rules: int | None = None,
    vertical: Sequence[str] = (),
    workers: int | None = None,
    force: bool = False,
    limit_s: float | None = 300.0,
    progress: Callable[[Made], None] = lambda made: None,
) -> tuple[Report, Shift]:
    """Make domains from nothing but patterns and the words of trades.

    Args:
        out: The folder of domains; an interrupted run is gone on with.
        count: Domains wanted.
        tasks: Proved tasks wanted of each; a domain that cannot have so many, or not of as many
            kinds as `quotas` asks, is rejected and another one drawn.
        seed: Decides everything that is drawn.
        rules: Level of the rules, 0 to 4; drawn for each domain by default.
        vertical: Industries to draw from; all, as general domains, by default.
        workers: Processes; all cores by default.
        force: Throw away what another order left in the folder.
        limit_s: Seconds after which one domain is given up.
        progress: Told after each domain.

    Returns:
        The report, and what only this run knows.

    Raises:
        UsageError: The folder cannot be used, there is no such industry, or there are not so
            many structures that are unlike each other.
    """
    library = load()
    for name in vertical:
        if name not in library.industries:
            raise UsageError(
                "an industry", found=repr(name), where="--vertical",
                hint=nearest(name, library.industries),
            )  # fmt: skip
    order = Order(
        kind="compose",
        count=count,
        seed=seed,
        tasks=tasks,
        rules=rules,
        options={"vertical": sorted(set(vertical)), "library": _stamp(library)},
    )
    gate = _Gate(library)
    return produce(
        order,
        lambda: _jobs(order, gate, _only(library, vertical)),
        build_blueprint,
        out,
        workers=workers or cores(),
        force=force,
        refused=lambda: dict(gate.refused),
        limit_s=limit_s,
        progress=progress,
    )


class _Gate:
    """Lets a structure pass that is far enough from all that passed before."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.passed = Neighbourhood()
        self.refused: Counter[str] = Counter()

    def __call__(self, blueprint: Blueprint) -> bool:
        glued = glue(blueprint, self.library)
        form = structure_of(glued.schema, glued.effects)
        if self.passed.same(form) is not None:
            self.refused["the structure of an earlier one"] += 1
            return False
        if self.passed.within(form, EDITS) is not None:
            self.refused[f"less than {EDITS} edits from an earlier one"] += 1
            return False
        self.passed.add(form)
        return True


def _jobs(order: Order, gate: _Gate, library: Library) -> Iterator[Job]:
    drawn = fleet(order.seed, order.count + _SPARE, accept=gate, library=library)
    for index, blueprint in enumerate(drawn):
        yield Job(index=index, name=name_of(blueprint), load=blueprint)


def _only(library: Library, names: Sequence[str]) -> Library:
    if not names:
        return library
    kept = {name: library.industries[name] for name in sorted(set(names))}
    return msgspec.structs.replace(library, industries=kept)


def _stamp(library: Library) -> str:
    return fingerprint(encode([library.patterns, library.industries]))


def build_blueprint(task: tuple[Job, Order, Path]) -> Outcome:
    """Make the folder of one blueprint, or say why there is none."""
    job, order, out = task
    draft = compose(job.load, order.seed)
    if order.options["vertical"]:
        draft = msgspec.structs.replace(draft, tags={**draft.tags, "phase": "vertical"})
    level = order.rules
    if level is None:
        level = stream(order.seed, "compose", "rules", job.index).choice(_LEVELS)
    report = one.construct(
        draft,
        out / job.name,
        name=job.name,
        tasks=order.tasks,
        seed=order.seed,
        rules=level,
        judge=_judge,
        options={"tasks": order.tasks, "max_tools": 40},
    )
    return outcome(job, report)


def _judge(domain: Domain, filled: Filled) -> str:
    del domain
    if not filled.shortfalls:
        return ""
    return f"tasks too few or too much alike: {'; '.join(filled.shortfalls)}"
