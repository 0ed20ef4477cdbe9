"""What a meter is told of a turn and says of it, and what it reads in the calls of one.

In comes a call; out come the values in it that matter on the way. Next: `pay`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from agentgym.formats import Json, decode, to_text
from agentgym.goals.rewards.bridges import Place
from agentgym.goals.rewards.course import Face
from agentgym.trajectory import Result

__all__ = ["INVALID", "Made", "Score", "Seen", "again", "shown", "uses"]


INVALID = frozenset({"bad_arguments", "unknown_tool"})
"""Codes of calls that came to nothing, whatever the rows are."""


class Made(Protocol):
    """A call as a call of the domain's own tools, with all that it gave (`episode.turn.Done`)."""

    @property
    def tool(self) -> str:
        """Name of the domain's tool; as sent, where it came to none."""

    @property
    def arguments(self) -> Mapping[str, Json]:
        """Its arguments."""

    @property
    def result(self) -> Result:
        """All that it gave."""

    @property
    def text(self) -> str | None:
        """The data of the result as JSON text, where they are at hand."""


class Score(NamedTuple):
    """What a turn earned."""

    reward: float
    terms: dict[str, float]
    """Every term as it is after the turn; see `TERMS`."""
    void: bool = False
    """Whether the environment failed: the reward is 0.0, which says nothing about the agent, and
    the episode is to be left out of every mean."""


Seen = tuple["Seen", str | None, Json] | None
"""What calls gave, the latest first: (all before it, data as JSON text or None, else data)."""


def again(done: Sequence[Made]) -> int:
    """Count the repeated calls of a turn that holds one, those within it too."""
    if len(done) < 2:
        return 1
    forms = [(one.tool, to_text(dict(sorted(one.arguments.items())))) for one in done]
    return max(1, len(forms) - len(set(forms)))


def shown(seen: Seen) -> Iterator[Json]:
    """Yield what was seen, the latest first."""
    while seen is not None:
        seen, text, data = seen
        yield data if text is None else decode(text.encode(), object, where="a result")


def uses(face: Face, arguments: Mapping[str, Json]) -> Iterator[tuple[Place, Any]]:
    """Yield the values that a call passes where a bridge value may go, each with its kind."""
    for name, kind in face.uses:
        value = arguments.get(name)
        if value is not None and not isinstance(value, (dict, list)):
            yield kind, value
    for outer, inner, kind in face.nested:
        items = arguments.get(outer)
        for item in items if isinstance(items, list) else ():
            value = item.get(inner) if isinstance(item, dict) else None
            if value is not None and not isinstance(value, (dict, list)):
                yield kind, value
