"""`ToolEnv`: an episode as a `gymnasium.Env` with texts in and texts out.

In comes an action (a call in any of the usual forms, or a message to the user), out goes
what the agent sees, with everything else in `info`. The reward is 1.0 or 0.0, at the end.
Next: `vector`.
"""

from __future__ import annotations

from typing import Any

import gymnasium
import msgspec
from gymnasium.error import ResetNeeded

from agentgym.env.frozen import freeze
from agentgym.env.registration import DEFAULT
from agentgym.env.spaces import ActionText, Unicode
from agentgym.episode.parse import MAX_LENGTH
from agentgym.episode.play import Episode, Turn
from agentgym.episode.suite import Options, Suite, load
from agentgym.episode.view import View
from agentgym.errors import UsageError, nearest
from agentgym.formats import Json
from agentgym.goals.verdict import Verdict
from agentgym.tools.views import ViewOptions
from agentgym.trajectory import AssistantEvent, ToolEvent

__all__ = ["REWARD_TERMS", "ToolEnv"]

REWARD_TERMS = ("success", "state", "frame", "answer", "evidence", "policy", "outcome")
"""The keys of `info["reward_terms"]`; all 0.0 until the end."""


class ToolEnv(gymnasium.Env[str, str]):
    """One agent, one simulated user, and the tools of one domain.

    Args:
        domain: A folder, or the name of a committed domain (or a `Suite` that is loaded;
            the environment's spec can then not be written as JSON).
        split: Where the seed chooses tasks from: `train`, `test`; None for all.
        max_turns: Turns after which an episode is truncated; None for as many as a task needs.
        view: How the tools are shown, as `ViewOptions.of` takes it: a text like
            `granularity=narrow,rename=0.5`, or a mapping; what it names wins over the options
            that a task has of its own.
        render_mode: `ansi` for a transcript as text.

    Raises:
        DomainError: There is no such domain, or it was changed behind its manifest.
        TaskError: It has no tasks of that split.
        UsageError: The view has no such option.
    """

    metadata = {"render_modes": ["ansi"], "render_fps": 1}

    def __init__(
        self,
        domain: str | Suite = DEFAULT,
        *,
        split: str | None = None,
        max_turns: int | None = None,
        view: Options = None,
        render_mode: str | None = None,
    ) -> None:
        self.suite = domain if isinstance(domain, Suite) else load(domain)
        self.suite.of_split(split)
        if max_turns is not None and max_turns < 2:
            raise UsageError("at least 2 turns", found=str(max_turns), where="max_turns")
        if render_mode is not None and render_mode not in self.metadata["render_modes"]:
            raise UsageError("a render mode", found=repr(render_mode), hint="use 'ansi'")
        self.split = split
        self.max_turns = max_turns
        self.view = ViewOptions.of(view)
        """What `view` says, without what the tasks say."""
        self._given = view
        self.render_mode = render_mode
        self.observation_space = Unicode(MAX_LENGTH)
        self.action_space = ActionText(MAX_LENGTH, self._names())
        self.episode: Episode | None = None
        self.verdict: Verdict | None = None
        """How the last episode was judged; None while it goes on."""
        self._frozen: dict[View, list[dict[str, Json]]] = {}

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[str, dict[str, Any]]:
        """Start an episode.

        Args:
            seed: Chooses the task, the same in every process; None draws one.
            options: `task_id` to name the task, `split` to choose from another split.

        Returns:
            The user's request, and `info`.

        Raises:
            TaskError: There is no such task or split.
            UsageError: An option is unknown.
        """
        super().reset(seed=seed)
        given = dict(options or {})
        task_id, split = given.pop("task_id", None), given.pop("split", self.split)
        for name in given:
            raise UsageError(
                "an option of reset",
                found=repr(name),
                hint=nearest(str(name), ["task_id", "split"]),
            )
        if seed is None:
            seed = int(self.np_random.integers(2**31))
        episode = self.suite.episode(
            task_id, split=split, max_turns=self.max_turns, view=self._given, seed=seed
        )
        self._close_episode()
        self.episode = episode
        observation = episode.prompt[-1]["content"]
        return observation, self._info(episode, Turn(observation=observation))

    def step(self, action: str) -> tuple[str, float, bool, bool, dict[str, Any]]:
        """Do an action, as one turn. After the end it does nothing and says so.

        Args:
            action: A call in any of the usual forms, several, or a message to the user.

        Returns:
            Observation, reward, terminated, truncated and `info`.

        Raises:
            ResetNeeded: There is no episode yet.
        """
        episode = self.episode
        if episode is None:
            raise ResetNeeded("expected a call of reset() before step()")
        over = episode.done
        turn = episode.act(action)
        reward = 0.0
        if episode.done and not over:
            self.verdict = self.suite.verdict(episode)
            reward = float(self.verdict.success)
        terminated = episode.done and not episode.truncated
        return (
            turn.observation,
            reward,
            terminated,
            episode.truncated,
            self._info(episode, turn),
        )

    def render(self) -> str | None:
        """Return the transcript so far in the mode `ansi`; None in no mode.

        Raises:
            ResetNeeded: There is no episode yet.
        """
        if self.render_mode is None:
            return None
        if self.episode is None:
            raise ResetNeeded("expected a call of reset() before render()")
        return transcript(self.episode)

    def close(self) -> None:
        """Give the world back; harmless when repeated."""
        self._close_episode()

    def _close_episode(self) -> None:
        if self.episode is not None:
            self.episode.close()
        self.episode, self.verdict = None, None

    def _tools(self, episode: Episode) -> list[dict[str, Json]]:
        view = episode.view
        tools = self._frozen.get(view)
        if tools is None:
            tools = self._frozen[view] = freeze(episode.tools)
        return tools

    def _names(self) -> list[str]:
        """Name the tools that a random action may call: in a view, those of the first task."""
        first = self.suite.of_split(self.split)[0]
        if not self.suite.options(first, self._given).changed:
            return sorted(tool.name for tool in self.suite.domain.tools)
        return sorted(self.suite.view(first, self._given).names)

    def _info(self, episode: Episode, turn: Turn) -> dict[str, Any]:
        verdict = self.verdict
        terms = dict.fromkeys(REWARD_TERMS, 0.0)
        failure = outcome = ""
        if verdict is not None:
            terms.update(verdict.terms)
            failure = "; ".join(verdict.reasons)
            outcome = "success" if verdict.success else "failure"
            if episode.truncated:
                outcome = "truncated"
        return {
            "task_id": episode.task_id,
            "turn": episode.turn,
            "system": episode.system,
            "tools": self._tools(episode),
            "reward_terms": terms,
            "flags": msgspec.structs.asdict(turn.flags),
            "failure": failure,
            "outcome": outcome,
        }


def transcript(episode: Episode) -> str:
    """Write an episode for people: one line a message, call or answer."""
    lines = [episode.task_id]
    for event in episode.trace():
        if isinstance(event, AssistantEvent):
            if event.content:
                lines.append(f"{event.turn:>3} agent: {event.content}")
            for call in event.tool_calls:
                shown = call.raw if call.raw is not None else _arguments(call.arguments)
                lines.append(f"{event.turn:>3} agent> {call.name}({shown})")
        elif isinstance(event, ToolEvent):
            lines.append(f"{event.turn:>3}  tool> {event.content}")
        else:
            lines.append(f"{event.turn:>3}  user: {event.content}")
    if episode.done:
        lines.append(f"end: {episode.termination} {episode.outcome or ''}".rstrip())
    return "\n".join(lines) + "\n"


def _arguments(arguments: dict[str, Json]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in arguments.items())
