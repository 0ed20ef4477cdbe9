"""Filling a domain with tasks: candidates in turn until enough are admitted.

Which family draws next, and what it draws, depends on what was admitted so far, never on time;
what keeps coming to nothing rests. Every draw is accounted for: it gave a task, or is counted by
what refused it, by family and by operator. Next: `one`, `more`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping

from msgspec.structs import replace

from agentgym import rng
from agentgym.build.caps import Caps
from agentgym.build.quotas import Quotas, Wanted
from agentgym.build.yields import Filled, Outcome, Tally
from agentgym.client import Client
from agentgym.domain import Domain
from agentgym.formats import Record
from agentgym.plan import FAMILIES, Family
from agentgym.plan.shape import shape
from agentgym.prove import Prover, RefusedError, lower_bound
from agentgym.tasks import Task
from agentgym.tasks.knobs import Candidate, Knobs
from agentgym.tasks.sample import HOPS, Sampler
from agentgym.tasks.words.paraphrase import Paraphraser

__all__ = ["Asked", "Filling", "fill"]

_WEIGHTS: Mapping[Family, int] = {
    "lookup": 2,
    "multi_hop": 6,
    "aggregate": 3,
    "compare": 3,
    "set_valued": 3,
    "update": 5,
    "multi_write": 4,
    "conditional": 3,
    "policy_bound": 3,
    "refusal": 3,
    "unanswerable": 3,
    "ambiguous": 2,
    "shift": 2,
    "planning": 2,
    "long_horizon": 2,
    "mask_fill": 2,
    "no_tool_needed": 1,
    "backward": 1,
    "mixed": 2,
    "underspecified": 2,
    "jargon": 2,
    "guided": 1,
    "proactive": 1,
}
"""How many tasks of a family there are beside those of others."""
_FUTILE = 4
"""Draws that came to nothing which put off the turn of a family like one admitted task."""
PATIENCE = 150
"""Draws without an admitted task after which a family rests."""
WISH_PATIENCE = 40
"""Draws without an admitted task after which a family is no longer asked for long tasks, or for
tasks under a rule."""
HOP_PATIENCE = 30
"""Draws without an admitted task after which a number of hops rests, until another is admitted."""


class Asked(Record, kw_only=True):
    """What somebody asks for, rather than a domain's usual mixture."""

    families: tuple[str, ...] = FAMILIES
    knobs: Knobs = Knobs()
    exact: bool = False
    """Only the families and knobs count: no shares of easy, long or ruled tasks."""


def fill(
    domain: Domain,
    *,
    count: int,
    seed: int,
    max_tools: int,
    progress: Callable[[str], None],
    asked: Asked | None = None,
    client: Client | None = None,
) -> Filled:
    """Sample candidates until `count` tasks are admitted or every family rests.

    Args:
        domain: The domain, finished but for its tasks.
        count: How many tasks are wanted.
        seed: Decides all draws.
        max_tools: Most tools that an episode shows.
        progress: Told a line now and then.
        asked: Families and knobs, if not all of them as usual.
        client: The model that puts instructions differently, if one shall.

    Returns:
        The admitted tasks, in order, and why the other candidates were refused.
    """
    return Filling(
        domain, count=count, seed=seed, max_tools=max_tools, asked=asked, client=client
    ).run(progress)


class Filling:
    """One domain while it is filled.

    Args:
        domain: The domain.
        count: How many tasks are wanted beside those that are there.
        seed: Decides all draws.
        max_tools: Most tools that an episode shows.
        asked: Families and knobs.
        there: Tasks that the domain has; new ones are numbered after them and differ from them.
        known: Outcomes of the first draws, from an earlier run of the same; they are not drawn
            again.
        keep: Told each outcome that is not known, in order.
        prover: Proves the tasks of this domain; one of its own if None.
        client: The model that puts instructions differently, if one shall; with a prover of its
            own.
    """

    def __init__(
        self,
        domain: Domain,
        *,
        count: int,
        seed: int,
        max_tools: int,
        asked: Asked | None = None,
        there: tuple[Task, ...] = (),
        known: tuple[Outcome, ...] = (),
        keep: Callable[[Outcome], None] = lambda outcome: None,
        prover: Prover | None = None,
        client: Client | None = None,
    ) -> None:
        self.domain, self.count, self.seed = domain, count, seed
        self.asked = Asked() if asked is None else asked
        self.known, self.keep = known, keep
        scribe = None if client is None else Paraphraser(client, domain.schema)
        self.prover = prover or Prover(domain, max_tools=max_tools, paraphraser=scribe)
        self.sampler = Sampler(
            self.prover.tables,
            domain.tools,
            domain.rules,
            now=domain.clock.start,
            domain=domain,
        )
        carried = self.sampler.families()
        self.families = [family for family in _turns(domain) if family in carried]
        self.families = [family for family in self.families if family in self.asked.families]
        self.quotas = Quotas(count, self.families)
        self.caps = Caps(count + len(there), there)
        self.first = max((int(task.id.rpartition("/")[2]) for task in there), default=0) + 1
        self.tasks: list[Task] = []
        self.outcomes = Tally()
        self.admitted: Counter[str] = Counter()
        self.idle = dict.fromkeys(self.families, 0)
        self.wishes = _Wishes()
        self.hops = _Hops()
        self.attempts = 0

    def run(self, progress: Callable[[str], None]) -> Filled:
        """Draw until there is enough, or nothing more comes."""
        while len(self.tasks) < self.count:
            awake = [family for family in self.families if self.idle[family] < PATIENCE]
            if not awake and not self.quotas.relaxed and not self.asked.exact:
                self.quotas.relaxed = True
                self.idle = dict.fromkeys(self.families, 0)
                continue
            if not awake:
                break
            choice = awake if self.asked.exact else self.quotas.open(awake, self.wishes.hopeless())
            family = min(choice, key=lambda f: (self.turn(f), self.families.index(f)))
            outcome = self.draw(family)
            if outcome.task is not None and len(self.tasks) % 10 == 0:
                progress(f"{len(self.tasks)} of {self.count} tasks proved")
        filled = self.outcomes.filled(self.tasks, self.shortfalls())
        scribe = self.prover.paraphraser
        return filled if scribe is None else replace(filled, paraphrases=scribe.figures())

    def shortfalls(self) -> tuple[str, ...]:
        """Say what the tasks lack, taken together."""
        if not self.asked.exact:
            return self.quotas.shortfalls(self.tasks, self.domain)
        done = len(self.tasks)
        return () if done == self.count else (f"tasks: {done} of {self.count}",)

    def turn(self, family: Family) -> float:
        """Say how late a family's turn is; draws that came to nothing put it off.

        Those in which a long task was wished for do not: any other may come of the next.
        """
        futile = self.idle[family] - self.wishes.refused[family]
        return (self.admitted[family] + futile / _FUTILE) / _WEIGHTS[family]

    def draw(self, family: Family) -> Outcome:
        """Make the next draw of a family, and account for it."""
        self.attempts += 1
        self.idle[family] += 1
        wanted = Wanted() if self.asked.exact else self.quotas.wanted(family)
        wanted = self.wishes.of(family, wanted, forced=self.quotas.needs_long())
        knobs = self.knobs(family, wanted)
        if self.attempts <= len(self.known):
            outcome = self.known[self.attempts - 1]
        else:
            outcome = self.attempt(family, knobs, wanted)
            self.keep(outcome)
        self.outcomes.count(outcome)
        if outcome.task is not None:
            self.admit(outcome.task, family, wanted, knobs)
        return outcome

    def knobs(self, family: Family, wanted: Wanted) -> Knobs:
        """Say how the next candidate of a family should be."""
        knobs = self.asked.knobs
        if family == "multi_hop" and knobs.entities is None:
            least = max(wanted.least, knobs.least)
            knobs = replace(knobs, entities=self.hops.next(least))
        return replace(
            knobs, least=max(knobs.least, wanted.least), ruled=knobs.ruled or wanted.ruled
        )

    def attempt(self, family: str, knobs: Knobs, wanted: Wanted) -> Outcome:
        """Draw one candidate and prove it."""
        draws = rng.stream(self.seed, "task", family, self.attempts)
        candidate = self.sampler.draw(family, draws, knobs)
        if candidate is None:
            return Outcome(family=family, gate="no_candidate", drawn=False)
        return self.prove(candidate, family, wanted)

    def prove(self, candidate: Candidate, family: str, wanted: Wanted) -> Outcome:
        """Prove a candidate, or say what refused it."""
        plan = candidate.plan

        def refused(gate: str, reason: str = "") -> Outcome:
            return Outcome(family=family, operators=candidate.operators, gate=gate, reason=reason)

        if not self.asked.exact:
            tables = None if candidate.patch else self.prover.tables
            calls = lower_bound(plan, self.domain.schema, self.domain.tools, tables)
            if not self.quotas.takes(family, calls, wanted):
                return refused("unwanted")
        again = self.caps.refusal(plan)
        if again:
            return refused("repeated", again)
        split = "test" if rng.key("split", shape(plan)) % 5 == 0 else "train"
        name = f"{self.domain.id}/{self.first + len(self.tasks):04d}"
        try:
            task = self.prover.admit(candidate, task_id=name, seed=self.seed, split=split)
        except RefusedError as error:
            return Outcome(
                family=family,
                operators=candidate.operators,
                gate=error.gate,
                code=error.code,
                reason=str(error),
            )
        if wanted.ruled and not task.measured["rules"] and self.quotas.needs_rule():
            return refused("unwanted")
        again = self.caps.repeats(task)
        if again:
            return refused("repeated", again)
        return Outcome(family=family, operators=candidate.operators, task=task)

    def admit(self, task: Task, family: Family, wanted: Wanted, knobs: Knobs) -> None:
        """Take a proved task in."""
        self.tasks.append(task)
        self.quotas.admit(task)
        self.caps.admit(task)
        self.admitted[family] += 1
        self.wishes.admit(family, wanted)
        if family == "multi_hop":
            self.hops.admit(knobs.entities)
        self.idle[family] = 0


def _turns(domain: Domain) -> list[Family]:
    """Put the families in the order in which they take turns: another one in each domain.

    Heavy ones come early, so that a few tasks hold those that most people want.
    """
    draws = rng.stream("families", domain.name)
    places = {family: draws.random() ** (1 / _WEIGHTS[family]) for family in FAMILIES}
    return sorted(FAMILIES, key=lambda family: -places[family])


class _Wishes:
    """Drops what is wished of a family where it keeps coming to nothing."""

    def __init__(self) -> None:
        self.idle: Counter[tuple[str, str]] = Counter()
        self.spared: dict[str, bool] = defaultdict(bool)
        self.refused: Counter[str] = Counter()
        """Draws for a long task since the last one of the family."""
        self.turn = 0

    def of(self, family: str, wanted: Wanted, *, forced: bool) -> Wanted:
        """Return what of the wishes is still asked for; the draw counts against them.

        Args:
            family: Whose draw it is.
            wanted: What is wished.
            forced: Whether only long tasks have a place. Else every other draw of a family that
                gave none is for a task of any length: it may be carried in no other way.
        """
        wishes = [
            wish
            for wish in ("least", "ruled")
            if getattr(wanted, wish) and self.idle[family, wish] < WISH_PATIENCE
        ]
        if not forced and self.idle[family, "least"] and self.spared[family]:
            wishes = [wish for wish in wishes if wish != "least"]
        self.spared[family] = not self.spared[family]
        self.refused[family] += "least" in wishes
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
        self.refused[family] = 0
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
        legal = [n for n in HOPS if n >= least] or [max(HOPS)]
        awake = [n for n in legal if self.idle[n] < HOP_PATIENCE]
        if not awake:
            self.idle |= dict.fromkeys(legal, 0)
            awake = legal
        chosen = min(awake, key=lambda n: (self.admitted[n], n))
        self.idle[chosen] += 1
        return chosen

    def admit(self, entities: int | None) -> None:
        """Count an admitted plan."""
        if entities in self.admitted:
            assert entities is not None
            self.admitted[entities] += 1
            self.idle[entities] = 0
