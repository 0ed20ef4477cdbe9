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
from agentgym.trajectory import Flags

__all__ = ["Teller", "drawn"]

_asdict = msgspec.structs.asdict
_NO_CLAIMS = _asdict(Claims())
_NO_FLAGS = _asdict(Flags())


class Teller:
    """Tells of the games of one environment; what is large is made once and cannot be changed."""

    def __init__(self) -> None:
        self._view: View | None = None
        self._tools: list[dict[str, Json]] = []
        self._episode: Episode | None = None
        self._report: dict[str, Any] = {}
        self._same: dict[str, Any] = {}
        """What `info` says of all turns of an attempt in which nobody speaks."""

    def info(self, game: Game, *, spoke: bool) -> dict[str, Any]:
        """Say how a game stands.

        Args:
            game: The game.
            spoke: Whether the agent has said something to the user.
        """
        episode, failure, tally, flags = game.episode, game.failure, game.tally, game.flags
        claims = game.meter.claims
        if spoke or game.over or episode is not self._episode:
            self._about(game)
        found = self._same.copy()
        found["turn"] = episode.turn - game.warm.turns
        found["reward_terms"] = game.terms()
        found["flags"] = _asdict(flags) if flags else _NO_FLAGS.copy()
        found["failure"] = {} if failure is None else _asdict(failure)
        found["tokens"] = {
            "action": tally.action,
            "observation": tally.observation,
            "saved": tally.saved,
            "total": tally.total,
        }
        found["calls"], found["cost"] = game.calls, game.cost
        found["user"] = self._report.copy()
        found["claims"] = _NO_CLAIMS.copy() if claims is None else _asdict(claims)
        return found

    def _about(self, game: Game) -> None:
        """Find out what stays as it is as long as nobody says anything and nothing ends."""
        episode = game.episode
        self._episode, self._report = episode, _asdict(episode.report())
        view = episode.view
        self._same = {
            "domain": game.suite.domain.name,
            "task_id": episode.task_id,
            "turn": 0,
            "attempt": game.attempt,
            "warm_start": game.warm.steps,
            "system": view.system,
            "tools": self._tools if view is self._view else self._of(view),
            "reward_terms": {},
            "flags": {},
            "failure": {},
            "outcome": game.outcome,
            "tokens": {},
            "calls": 0,
            "cost": 0.0,
            "user": {},
            "claims": {},
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
