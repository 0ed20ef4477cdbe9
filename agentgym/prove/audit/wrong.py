"""Wrong runs of a second kind, made to measure the verifier after its own mutants let a task pass.

Written apart from the gate's mutants, from the two ends of a run: what it calls (`called`) and what
it says (`spoken`). Whether one is truly wrong is settled by `right.Truth`, never assumed.
Next: `right`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from agentgym.prove.audit import called, spoken
from agentgym.prove.audit.scene import Scene
from agentgym.prove.run import Run

__all__ = ["OPERATORS", "wrong_runs"]

Operator = Callable[[Scene], Iterator[Run]]

OPERATORS: dict[str, Operator] = {
    name: getattr(room, name) for room in (called, spoken) for name in room.__all__
}
"""Name of the operator to what it does."""


def wrong_runs(scene: Scene) -> Iterator[tuple[str, Run]]:
    """Yield the runs of all operators in turn, each once."""
    waiting = [(name, make(scene)) for name, make in OPERATORS.items()]
    known = {_name(scene.gold)}
    while waiting:
        for pair in list(waiting):
            name, runs = pair
            run = next(runs, None)
            if run is None:
                waiting.remove(pair)
            elif _name(run) not in known:
                known.add(_name(run))
                yield name, run


def _name(run: Run) -> str:
    return repr(run)
