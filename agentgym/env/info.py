"""What is told of a game beside observations: `info`, and a transcript for people.

`info` has the same keys each time, of the same types, in fresh dicts. Next: `tool_env`.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

import msgspec

from agentgym.env.frozen import freeze
from agentgym.env.game import Game
from agentgym.env.telling import transcript
from agentgym.episode import Episode
from agentgym.episode.view import View
from agentgym.formats import Json
from agentgym.goals.rewards import Claims

__all__ = ["Teller", "drawn"]

_asdict = msgspec.structs.asdict
_NO_CLAIMS = _asdict(Claims())


class Teller:
    """Tells of the games of one environment; what is large is made once and cannot be changed."""

    def __init__(self) -> None:
        self._view: View | None = None
        self._tools: list[dict[str, Json]] = []
        self._episode: Episode | None = None
        self._report: dict[str, Any] = {}

    def info(self, game: Game, *, spoke: bool) -> dict[str, Any]:
        """Say how a game stands.

        Args:
            game: The game.
            spoke: Whether the agent has said something to the user.
        """
        episode, failure, tally = game.episode, game.failure, game.tally
        view, claims = episode.view, game.meter.claims
        if spoke or game.over or episode is not self._episode:
            self._episode, self._report = episode, _asdict(episode.report())
        return {
            "domain": game.suite.domain.name,
            "task_id": episode.task_id,
            "turn": episode.turn - game.warm.turns,
            "attempt": game.attempt,
            "warm_start": game.warm.steps,
            "system": view.system,
            "tools": self._tools if view is self._view else self._of(view),
            "reward_terms": game.terms(),
            "flags": _asdict(game.flags),
            "failure": {} if failure is None else _asdict(failure),
            "outcome": game.outcome if game.over else "",
            "tokens": {
                "action": tally.action,
                "observation": tally.observation,
                "saved": tally.saved,
                "total": tally.total,
            },
            "calls": game.calls,
            "cost": game.cost,
            "user": dict(self._report),
            "claims": dict(_NO_CLAIMS) if claims is None else _asdict(claims),
            "reflections": game.reflections,
        }

    def _of(self, view: View) -> list[dict[str, Json]]:
        self._view, self._tools = view, _shown(view)
        return self._tools


_SHOWN: WeakKeyDictionary[View, list[dict[str, Json]]] = WeakKeyDictionary()


def _shown(view: View) -> list[dict[str, Json]]:
    """Return the tools of a view; all environments of a process share them."""
    found = _SHOWN.get(view)
    if found is None:
        found = _SHOWN[view] = freeze(view.openai())
    return found


def drawn(game: Game) -> str:
    """Write a game for people: every attempt with what was written of it, and how it ended."""
    lines: list[str] = []
    several = game.settings.attempts.most > 1
    for number, past in enumerate(game.past, 1):
        lines += transcript(f"{game.task.id}, attempt {number}", past.trace)
        lines.append(f"end: failure, worth {past.reward:g}")
        if past.reflection:
            lines.append(f"reflection: {past.reflection}")
    episode = game.episode
    if not game.reflecting:
        title = f"{game.task.id}, attempt {game.attempt}" if several else game.task.id
        lines += transcript(title, episode.trace(), given=episode.given)
    if game.over:
        lines.append(f"end: {episode.termination} {episode.outcome or ''}".rstrip())
        if game.failure is not None:
            lines.append(f"failure by the {game.failure.by}: {game.failure.code}")
    return "\n".join(lines) + "\n"
