"""A warm start: the first calls of the gold run are made before an agent takes over.

In comes an episode that has just begun; out goes what was done in it, as it would have looked to
the agent. The oracle makes the calls, so that whatever has to be asked for is asked for.
Next: `game`.
"""

from __future__ import annotations

from typing import NamedTuple

from agentgym.episode import Episode, Turn
from agentgym.policies.oracle import Oracle
from agentgym.policies.steadfast import Steadfast
from agentgym.tasks import Task
from agentgym.world.rows import RowChange

__all__ = ["COLD", "MAX_HISTORY", "Warm", "steps_of", "warm"]

MAX_HISTORY = 50_000
"""Most characters of what was done that a first observation shows."""


class Warm(NamedTuple):
    """What was done before an agent took over."""

    steps: int
    """Calls of the gold run."""
    turns: int
    history: str
    """Actions and what came of each, in order; empty where nothing was done."""


COLD = Warm(0, 0, "")
"""Nothing was done."""


def steps_of(task: Task, wanted: int) -> int:
    """Return how many calls of the gold run a wish comes to; a negative one counts from its end."""
    calls = len(task.gold)
    return max(0, calls + wanted) if wanted < 0 else min(wanted, calls)


def warm(
    episode: Episode, task: Task, steps: int, *, faults: bool = False
) -> tuple[list[tuple[Turn, tuple[RowChange, ...] | None]], Warm]:
    """Make the first calls of the gold run.

    It ends early where the oracle cannot go on: a user who will not say what is needed, or an
    episode that ends.

    Args:
        episode: Nobody has acted in it.
        task: Which task it is of.
        steps: How many calls.
        faults: Whether something may go wrong with the world; then it is mended on the way.

    Returns:
        Every turn, with the net changes of rows after it where it wrote any; and what was done.
    """
    guide: Oracle | Steadfast = Oracle(task, view=episode.view)
    if faults:
        guide = Steadfast(task, view=episode.view)
    observation, info = episode.prompt[-1]["content"], {"tools": episode.tools, "turn": 0}
    lines: list[str] = []
    made: list[tuple[Turn, tuple[RowChange, ...] | None]] = []
    while not episode.done:
        action = guide(observation, info)
        if guide.made >= steps or guide.trouble:
            break
        turn = episode.act(action)
        made.append((turn, episode.changes() if turn.wrote else None))
        observation, info["turn"] = turn.observation, episode.turn
        lines.append(f"> {action}\n{observation}")
    return made, Warm(min(guide.made, steps), episode.turn, _whole(lines))


def _whole(lines: list[str]) -> str:
    """Join what was done; where it is too long, the longest answers are cut, all to one length."""
    if not lines:
        return ""
    text = "\n".join(lines)
    if len(text) <= MAX_HISTORY:
        return text
    most = MAX_HISTORY
    while sum(min(len(line), most) + 16 for line in lines) > MAX_HISTORY and most > 1:
        most = most * 3 // 4
    return "\n".join(line if len(line) <= most else f"{line[:most]} [cut off]" for line in lines)
