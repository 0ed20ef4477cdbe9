"""Filling a domain with tasks: candidates in turn until enough are admitted.

Which family draws next depends on what was admitted so far, never on time; a family
that keeps coming to nothing rests. Next: `one`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from agentgym import rng
from agentgym.domain import Domain
from agentgym.formats import Record, encode
from agentgym.plan import Plan, Select, told
from agentgym.prove import Prover, RefusedError
from agentgym.tasks import Task
from agentgym.tasks.sample import FAMILIES, HOPS, Sampler

__all__ = ["Filled", "fill"]

_WEIGHTS = {
    "lookup": 1,
    "multi_hop": 4,
    "aggregate": 2,
    "single_write": 2,
    "multi_write": 1,
    "read_write": 2,
}
PATIENCE = 150
"""Draws without an admitted task after which a family rests."""
HOP_PATIENCE = 30
"""Draws without an admitted task after which a number of hops rests, until another is admitted."""


class Filled(Record, kw_only=True):
    """What came of the candidates."""

    tasks: tuple[Task, ...]
    attempts: int = 0
    """How many draws were made: each gave a task or is counted in `refused`."""
    refused: dict[str, int]
    """Gate to how many candidates it refused; `no_candidate` for draws that came to nothing,
    `repeated` for plans like ones that were admitted before."""
    reasons: dict[str, int]
    """`gate: reason` to how often, the most frequent ones."""


def fill(
    domain: Domain, *, count: int, seed: int, max_tools: int, progress: Callable[[str], None]
) -> Filled:
    """Sample candidates until `count` tasks are admitted or every family rests.

    Args:
        domain: The domain, finished but for its tasks.
        count: How many tasks are wanted.
        seed: Decides all draws.
        max_tools: Most tools that an episode shows.
        progress: Told a line now and then.

    Returns:
        The admitted tasks, in order, and why the other candidates were refused.
    """
    prover = Prover(domain, max_tools=max_tools)
    sampler = Sampler(prover.tables, domain.tools)
    tasks: list[Task] = []
    refused: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    admitted: Counter[str] = Counter()
    idle = dict.fromkeys(FAMILIES, 0)
    hops = _Hops()
    shapes: Counter[bytes] = Counter()
    seen: set[bytes] = set()
    attempt = 0
    while len(tasks) < count:
        awake = [family for family in FAMILIES if idle[family] < PATIENCE]
        if not awake:
            break
        family = min(awake, key=lambda f: (admitted[f] / _WEIGHTS[f], FAMILIES.index(f)))
        attempt += 1
        idle[family] += 1
        entities = hops.next() if family == "multi_hop" else None
        plan = sampler.draw(family, rng.stream(seed, "task", family, attempt), entities=entities)
        if plan is None:
            refused["no_candidate"] += 1
            continue
        plan = told(plan)
        shape = _shape(plan)
        if encode(plan) in seen or shapes[shape] >= max(2, count // 8):
            refused["repeated"] += 1
            continue
        seen.add(encode(plan))
        name = f"{domain.id}/{len(tasks) + 1:04d}"
        split = "test" if rng.key("split", shape.hex()) % 5 == 0 else "train"
        try:
            task = prover.admit(plan, task_id=name, seed=seed, split=split)
        except RefusedError as error:
            refused[error.gate] += 1
            reasons[str(error)] += 1
            continue
        tasks.append(task)
        admitted[family] += 1
        if entities is not None:
            hops.admit(entities)
        shapes[shape] += 1
        idle = {f: 0 if f == family else n for f, n in idle.items()}
        if len(tasks) % 10 == 0:
            progress(f"{len(tasks)} of {count} tasks proved")
    return Filled(
        tasks=tuple(tasks),
        attempts=attempt,
        refused=dict(sorted(refused.items())),
        reasons=dict(sorted(reasons.most_common(12))),
    )


class _Hops:
    """Chooses how far the next plan of `multi_hop` leads, so that all lengths come in turn."""

    def __init__(self) -> None:
        self.admitted = dict.fromkeys(HOPS, 0)
        self.idle = dict.fromkeys(HOPS, 0)

    def next(self) -> int:
        """Return the number of entities that was admitted least, unless it came to nothing."""
        awake = [n for n in HOPS if self.idle[n] < HOP_PATIENCE]
        if not awake:
            self.idle = dict.fromkeys(HOPS, 0)
            awake = list(HOPS)
        chosen = min(awake, key=lambda n: (self.admitted[n], n))
        self.idle[chosen] += 1
        return chosen

    def admit(self, entities: int) -> None:
        """Count an admitted plan."""
        self.admitted[entities] += 1
        self.idle[entities] = 0


def _shape(plan: Plan) -> bytes:
    """Return what a plan asks with all its values forgotten."""
    nodes = [
        node.__class__.__name__.encode()
        + encode(
            (
                node.entity,
                [(w.field, w.op) for w in node.where],
                [(k.relation, k.forward) for k in node.links],
                node.pick,
            )
        )
        if isinstance(node, Select)
        else encode(node)
        for node in plan.nodes
    ]
    return b"\n".join(nodes)
