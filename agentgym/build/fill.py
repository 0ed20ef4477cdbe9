"""Filling a domain with tasks: candidates in turn until enough are admitted.

Which family draws next, and what it draws, depends on what was admitted so far, never on time;
what keeps coming to nothing rests. Next: `one`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from agentgym import rng
from agentgym.build.quotas import Quotas, Wanted
from agentgym.domain import Domain
from agentgym.formats import Record, encode
from agentgym.plan import Plan, Select, told
from agentgym.prove import Prover, RefusedError, lower_bound
from agentgym.tasks import Task
from agentgym.tasks.sample import FAMILIES, HOPS, Sampler

__all__ = ["Filled", "fill"]

_WEIGHTS = {
    "lookup": 1,
    "multi_hop": 4,
    "aggregate": 2,
    "update": 5,
    "multi_write": 2,
}
PATIENCE = 150
"""Draws without an admitted task after which a family rests."""
WISH_PATIENCE = 40
"""Draws without an admitted task after which a family is no longer asked for long tasks, or for
tasks under a rule."""
HOP_PATIENCE = 30
"""Draws without an admitted task after which a number of hops rests, until another is admitted."""


class Filled(Record, kw_only=True):
    """What came of the candidates."""

    tasks: tuple[Task, ...]
    attempts: int = 0
    """How many draws were made: each gave a task or is counted in `refused`."""
    refused: dict[str, int]
    """Gate to how many candidates it refused; `no_candidate` for draws that came to nothing,
    `unwanted` for those that need too few calls or are under no rule, `repeated` for plans like
    ones that were admitted before."""
    reasons: dict[str, int]
    """`gate: reason` to how often, the most frequent ones."""
    shortfalls: tuple[str, ...] = ()
    """Which shares of long, ruled or different tasks were not reached: a sentence each."""


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
    return _Filling(domain, count=count, seed=seed, max_tools=max_tools).run(progress)


class _Filling:
    """One domain while it is filled."""

    def __init__(self, domain: Domain, *, count: int, seed: int, max_tools: int) -> None:
        self.domain, self.count, self.seed = domain, count, seed
        self.prover = Prover(domain, max_tools=max_tools)
        self.sampler = Sampler(
            self.prover.tables, domain.tools, domain.rules, now=domain.clock.start
        )
        self.quotas = Quotas(count)
        self.tasks: list[Task] = []
        self.refused: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.admitted: Counter[str] = Counter()
        self.idle = dict.fromkeys(FAMILIES, 0)
        self.wishes = _Wishes()
        self.hops = _Hops()
        self.shapes: Counter[bytes] = Counter()
        self.seen: set[bytes] = set()
        self.attempts = 0

    def run(self, progress: Callable[[str], None]) -> Filled:
        """Draw until there is enough, or nothing more comes."""
        while len(self.tasks) < self.count:
            awake = [family for family in FAMILIES if self.idle[family] < PATIENCE]
            if not awake and not self.quotas.relaxed:
                self.quotas.relaxed = True
                self.idle = dict.fromkeys(FAMILIES, 0)
                continue
            if not awake:
                break
            family = min(
                self.quotas.open(awake, self.wishes.hopeless()),
                key=lambda f: (self.admitted[f] / _WEIGHTS[f], FAMILIES.index(f)),
            )
            task = self.draw(family)
            if task is not None and len(self.tasks) % 10 == 0:
                progress(f"{len(self.tasks)} of {self.count} tasks proved")
        return Filled(
            tasks=tuple(self.tasks),
            attempts=self.attempts,
            refused=dict(sorted(self.refused.items())),
            reasons=dict(sorted(self.reasons.most_common(12))),
            shortfalls=self.quotas.shortfalls(self.tasks, self.domain),
        )

    def draw(self, family: str) -> Task | None:
        """Draw one candidate and prove it; None where it is no task."""
        self.attempts += 1
        self.idle[family] += 1
        wanted = self.wishes.of(family, self.quotas.wanted(family))
        entities = None
        if family == "multi_hop":
            entities = self.hops.next(wanted.least)
        plan = self.sampler.draw(
            family,
            rng.stream(self.seed, "task", family, self.attempts),
            entities=entities,
            least=wanted.least,
            ruled=wanted.ruled,
        )
        if plan is None:
            self.refused["no_candidate"] += 1
            return None
        plan = told(plan)
        calls = lower_bound(plan, self.domain.schema, self.domain.tools)
        if not self.quotas.takes(family, calls, wanted):
            self.refused["unwanted"] += 1
            return None
        shape = _shape(plan)
        if encode(plan) in self.seen or self.shapes[shape] >= max(2, self.count // 8):
            self.refused["repeated"] += 1
            return None
        self.seen.add(encode(plan))
        split = "test" if rng.key("split", shape.hex()) % 5 == 0 else "train"
        name = f"{self.domain.id}/{len(self.tasks) + 1:04d}"
        try:
            task = self.prover.admit(plan, task_id=name, seed=self.seed, split=split)
        except RefusedError as error:
            self.refused[error.gate] += 1
            self.reasons[str(error)] += 1
            return None
        if wanted.ruled and not task.measured["rules"] and self.quotas.needs_rule():
            self.refused["unwanted"] += 1
            return None
        self.tasks.append(task)
        self.quotas.admit(task)
        self.admitted[family] += 1
        self.wishes.admit(family, wanted)
        if entities is not None:
            self.hops.admit(entities)
        self.shapes[shape] += 1
        self.idle = {f: 0 if f == family else n for f, n in self.idle.items()}
        return task


class _Wishes:
    """Drops what is wished of a family where it keeps coming to nothing."""

    def __init__(self) -> None:
        self.idle: Counter[tuple[str, str]] = Counter()
        self.turn = 0

    def of(self, family: str, wanted: Wanted) -> Wanted:
        """Return what of the wishes is still asked for; the draw counts against them."""
        wishes = [
            wish
            for wish in ("least", "ruled")
            if getattr(wanted, wish) and self.idle[family, wish] < WISH_PATIENCE
        ]
        self.turn += 1
        if len(wishes) > 1 and self.turn % 3:  # what cannot be had together may come alone
            del wishes[self.turn % 3 - 1]
        self.idle.update((family, wish) for wish in wishes)
        return Wanted(least=wanted.least if "least" in wishes else 0, ruled="ruled" in wishes)

    def hopeless(self) -> set[tuple[str, str]]:
        """Name the families and what is no longer wished of them."""
        return {pair for pair, idle in self.idle.items() if idle >= WISH_PATIENCE}

    def admit(self, family: str, wanted: Wanted) -> None:
        """Count an admitted task: its wishes were not in vain."""
        for wish in ("least", "ruled"):
            if getattr(wanted, wish):
                self.idle[family, wish] = 0


class _Hops:
    """Chooses how far the next plan of `multi_hop` leads, so that all lengths come in turn."""

    def __init__(self) -> None:
        self.admitted = dict.fromkeys(HOPS, 0)
        self.idle = dict.fromkeys(HOPS, 0)

    def next(self, least: int) -> int:
        """Return the number of entities that was admitted least, unless it came to nothing.

        Args:
            least: Fewest entities.
        """
        legal = [n for n in HOPS if n >= least]
        awake = [n for n in legal if self.idle[n] < HOP_PATIENCE]
        if not awake:
            self.idle |= dict.fromkeys(legal, 0)
            awake = legal
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
