"""New tasks made of ones that are there: drawn, proved and accounted for.

In come a domain with its tasks and a way to draw candidates; out come admitted tasks and what
became of each draw. Next: `more`.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from agentgym.build.yields import Filled, Outcome, Tally
from agentgym.client import Client
from agentgym.domain import Domain
from agentgym.formats import encode
from agentgym.plan import told
from agentgym.prove import Prover, RefusedError
from agentgym.tasks import Task, Twin
from agentgym.tasks.knobs import Candidate
from agentgym.tasks.operators import Operator
from agentgym.tasks.sample import Sampler
from agentgym.tasks.words.paraphrase import Paraphraser

__all__ = ["Drawn", "Making", "last_number", "max_tools"]

Drawn = tuple[Candidate | None, Operator | None]


class Making:
    """A domain while tasks are made of others.

    Args:
        domain: The domain.
        there: The tasks that it has.
        count: How many new ones are wanted.
        seed: Decides all draws.
        tries: Draws without a task after which there are no more.
        client: The model that puts instructions differently, if one shall.
    """

    def __init__(
        self,
        domain: Domain,
        there: tuple[Task, ...],
        count: int,
        seed: int,
        *,
        tries: int = 60,
        client: Client | None = None,
    ) -> None:
        self.domain, self.there, self.count, self.seed = domain, there, count, seed
        self.tries = tries
        self.scribe = None if client is None else Paraphraser(client, domain.schema)
        self.prover = Prover(domain, max_tools=max_tools(domain), paraphraser=self.scribe)
        self.sampler = Sampler(
            self.prover.tables,
            domain.tools,
            domain.rules,
            now=domain.clock.start,
            domain=domain,
        )
        self.seen = {encode(told(task.plan)) for task in there}
        self.first = last_number(there) + 1
        self.tasks: list[Task] = []
        self.tally = Tally()

    def run(
        self,
        parent: Task,
        draw: Callable[[int], Drawn],
        fits: Callable[[Task, Operator | None], bool],
    ) -> Filled:
        """Draw until there is enough, or nothing more comes."""
        number = idle = 0
        while len(self.tasks) < self.count and idle < self.tries:
            candidate, operator = draw(number)
            number, idle = number + 1, idle + 1
            if candidate is None:
                self.refuse(parent.family, _names(operator), "no_candidate")
                continue
            made = self.prove(replace(candidate, parent=parent.id), parent)
            if made is None:
                continue
            if fits(made, operator):
                self.take(made)
                idle = 0
            else:
                self.refuse(made.family, made.operators, "unwanted", "no figure moved as asked")
        return self.filled()

    def prove(self, candidate: Candidate, parent: Task, twin: Twin | None = None) -> Task | None:
        """Prove a candidate; None where it is refused, and that is counted.

        Args:
            candidate: The candidate.
            parent: The task that it was made of.
            twin: What makes it a twin of that, which is worded by the same draws then.
        """
        plan = candidate.plan
        if encode(told(plan)) in self.seen:
            self.refuse(plan.family, candidate.operators, "repeated", "the same plan")
            return None
        name = f"{self.domain.id}/{self.first + len(self.tasks):04d}"
        own = parent.knobs.get("seed")
        try:
            return self.prover.admit(
                candidate,
                task_id=name,
                seed=own if twin is not None and isinstance(own, int) else self.seed,
                split=parent.split,
                proved=parent,
                twin=twin,
            )
        except RefusedError as error:
            self.refuse(plan.family, candidate.operators, error.gate, str(error), error.code)
            return None

    def take(self, task: Task) -> None:
        """Take a proved task in."""
        self.tasks.append(task)
        self.seen.add(encode(told(task.plan)))
        self.tally.count(Outcome(family=task.family, operators=task.operators, task=task))

    def refuse(
        self, family: str, operators: tuple[str, ...], gate: str, reason: str = "", code: str = ""
    ) -> None:
        """Count a draw that gave no task."""
        self.tally.count(
            Outcome(family=family, operators=operators, gate=gate, code=code, reason=reason)
        )

    def filled(self) -> Filled:
        """Return the account of all draws."""
        short = f"tasks: {len(self.tasks)} of {self.count}"
        filled = self.tally.filled(self.tasks, (short,) if len(self.tasks) < self.count else ())
        return filled if self.scribe is None else replace(filled, paraphrases=self.scribe.figures())


def _names(operator: Operator | None) -> tuple[str, ...]:
    return () if operator is None else (operator.name,)


def last_number(tasks: tuple[Task, ...]) -> int:
    """Return the highest number of a task; 0 where there is none."""
    return max((int(task.id.rpartition("/")[2]) for task in tasks), default=0)


def max_tools(domain: Domain) -> int:
    """Return how many tools an episode of the domain shows at most."""
    chosen = domain.source.options.get("max_tools", 40)
    return chosen if isinstance(chosen, int) else 40
