"""What the gates cost: time spent and refusals, by gate.

Every gate runs inside `Costs.gate`; the counters are of one process and one run, and enter no
file that a hash covers. Gates are ordered by what a refusal costs: time divided by refusals.
Next: `certify`.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from agentgym.formats import Record
from agentgym.prove.refused import RefusedError

__all__ = ["Cost", "Costs"]


class Cost(Record, kw_only=True):
    """What one gate did."""

    gate: str
    runs: int
    refusals: int
    seconds: float

    @property
    def per_refusal(self) -> float:
        """Seconds for each refusal; infinite where it never refused."""
        return self.seconds / self.refusals if self.refusals else float("inf")


class Costs:
    """Counts the runs, the refusals and the seconds of each gate.

    Args:
        clock: Seconds, from any start.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._seconds: dict[str, float] = {}
        self._runs: Counter[str] = Counter()
        self.codes: Counter[str] = Counter()
        """`gate.code` to how often it refused."""

    @contextmanager
    def gate(self, name: str) -> Iterator[None]:
        """Time what runs inside; a refusal is counted for the gate that it names."""
        began = self._clock()
        try:
            yield
        except RefusedError as error:
            self.codes[error.name] += 1
            raise
        finally:
            self._runs[name] += 1
            self._seconds[name] = self._seconds.get(name, 0.0) + self._clock() - began

    def by_gate(self) -> tuple[Cost, ...]:
        """Return what each gate did, the cheapest refusals first."""
        refusals = self.refusals()
        names = self._seconds.keys() | refusals.keys()
        found = [
            Cost(
                gate=name,
                runs=self._runs[name],
                refusals=refusals.get(name, 0),
                seconds=self._seconds.get(name, 0.0),
            )
            for name in names
        ]
        return tuple(sorted(found, key=lambda cost: (cost.per_refusal, cost.seconds, cost.gate)))

    def refusals(self) -> Mapping[str, int]:
        """Return gate to how often it refused."""
        found: Counter[str] = Counter()
        for name, count in self.codes.items():
            found[name.partition(".")[0]] += count
        return dict(found)

    def survivals(self) -> dict[str, int]:
        """Return how many tasks came to the gate `mutants`, and of how many a wrong run passed."""
        survived = [n for name, n in self.codes.items() if name.startswith("mutants.survived")]
        return {"tried": self._runs["mutants"], "survived": sum(survived)}
