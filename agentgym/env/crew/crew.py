"""`CrewEnv`: several agents share one episode, by turns, and one reward.

In comes an action of whoever's turn it is, out goes what the next one sees. World, user, faults
and reward are those of the `ToolEnv` below; who may call what, and who hears whom, is decided here.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Self

import gymnasium
from gymnasium.error import ResetNeeded

from agentgym.env.crew.roles import FRONT, TELL, Role, divide, tell_tool
from agentgym.env.frozen import freeze
from agentgym.env.registration import DEFAULT
from agentgym.env.spaces import ActionText, Unicode
from agentgym.env.tool_env import EnvMoment, ToolEnv
from agentgym.episode import Parsed, Suite, parse
from agentgym.episode.log import MAX_SHOWN
from agentgym.episode.parse import MAX_LENGTH, Attempt
from agentgym.errors import UsageError, nearest
from agentgym.formats import Json, to_text

__all__ = ["CrewEnv", "CrewMoment"]

_SAID = MAX_SHOWN
"""Most characters of one message between colleagues: as many as results show."""


class Line(NamedTuple):
    """One turn of the crew."""

    role: str
    action: str
    observation: str
    """What the role saw of it."""


class CrewMoment(NamedTuple):
    """One moment of a crew, to go back to as often as one likes."""

    below: EnvMoment
    rest: dict[str, Any]


class CrewEnv(gymnasium.Env[str, str]):
    """Several agents, one user, one world, one reward.

    The front hears the user's request; the others know what they are told. `step` takes the action
    of the role that `info["role"]` names, and returns what the role sees whose turn is next: its
    own results as long as it goes on, or what a colleague has told it. A turn passes with the tool
    `tell_colleague`; where another than the front sends a plain text, it goes to whoever asked it
    last. A call of somebody else's tool is refused. The reward of every step is that of all.

    `info` is that of `ToolEnv`, with `role` (whose turn is next), `roles` (all names), `messages`
    (between colleagues so far), and `system` and `tools` of that role. `turn` counts the turns of
    all.

    Args:
        domain: As in `ToolEnv`.
        roles: How many there are, 2 to 8, or whose records are which (see `crew.divide`).
        max_messages: Messages between colleagues after which the episode is truncated; None for
            twice the turns that it may have.
        split: As in `ToolEnv`.
        render_mode: `ansi` for a transcript as text.
        options: Every other option of `ToolEnv` but `attempts`, `warm_start` and `plan_hint`, which
            are for one agent.

    Raises:
        DomainError: There is no such domain, or it was changed behind its manifest.
        TaskError: It has no tasks of that split.
        UsageError: An option has no such value.
    """

    metadata = {"render_modes": ["ansi"], "render_fps": 1}

    def __init__(
        self,
        domain: str | Suite = DEFAULT,
        *,
        roles: int | Mapping[str, Sequence[str]] = 2,
        max_messages: int | None = None,
        split: str | None = None,
        render_mode: str | None = None,
        **options: Any,
    ) -> None:
        for name in ("attempts", "warm_start", "plan_hint", "stages"):
            if name in options:
                raise UsageError(
                    "an option for a crew", found=repr(name), hint="use ToolEnv for it"
                )
        if max_messages is not None and max_messages < 1:
            raise UsageError("at least 1 message", found=str(max_messages), where="max_messages")
        if render_mode is not None and render_mode not in self.metadata["render_modes"]:
            raise UsageError("a render mode", found=repr(render_mode), hint="use 'ansi'")
        self.below = ToolEnv(domain, split=split, **options)
        """Plays the episode."""
        self.render_mode = render_mode
        self._given, self._most = roles, max_messages
        first = self.below.suite.of_split(split)[0]
        divide(self.below.suite.view(first, self.below.settings.view), roles)
        self.observation_space = Unicode(MAX_LENGTH)
        tools = self.below.action_space.tools  # type: ignore[attr-defined]
        self.action_space = ActionText(MAX_LENGTH, (*tools, TELL))
        self._made: dict[object, tuple[tuple[Role, ...], dict[str, list[dict[str, Json]]]]] = {}
        self._begun = False
        self._clear()

    def _clear(self) -> None:
        self.roles: tuple[Role, ...] = ()
        """The crew of the present episode, the front first."""
        self.role = FRONT
        """Whose turn it is."""
        self.history: tuple[Line, ...] = ()
        """What each did and saw, in order."""
        self.messages = 0
        """Messages between colleagues so far."""
        self._asked: dict[str, str] = {}
        self._waiting: dict[str, str] = {}

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[str, dict[str, Any]]:
        """Start an episode; arguments as those of `ToolEnv`. The front's turn is first."""
        super().reset(seed=seed)
        if seed is None:
            seed = int(self.np_random.integers(2**31))
        observation, info = self.below.reset(seed=seed, options=options)
        self._clear()
        self._begun = True
        episode = self.below.episode
        assert episode is not None
        slot = episode.view, seed if isinstance(self._given, int) else 0
        found = self._made.get(slot)
        if found is None:
            roles = divide(episode.view, self._given, seed=slot[1])
            shown = {
                tool["function"]["name"]: tool
                for tool in episode.tools  # what the view shows of each
            }
            tools = {
                role.name: freeze(
                    [*(shown[name] for name in role.tools if name in shown), tell_tool(role, roles)]
                )
                for role in roles
            }
            self._made = {slot: (roles, tools)}
            found = self._made[slot]
        self.roles, self._tools = found
        self._limit = self._most or 2 * episode.max_turns
        return observation, self._info(info)

    def step(self, action: str) -> tuple[str, float, bool, bool, dict[str, Any]]:
        """Do an action of the role whose turn it is, as one turn.

        Args:
            action: Calls of its tools, a message to a colleague, or a text.

        Returns:
            What the next role sees, the reward of all, terminated, truncated and `info`.

        Raises:
            ResetNeeded: There is no episode yet.
        """
        if not self._begun:
            raise ResetNeeded("expected a call of reset() before step()")
        name = self.role
        parsed = self._addressed(parse(action), name)
        told = [call for call in parsed.calls if call.name == TELL and call.error is None]
        calls = tuple(call for call in parsed.calls if call not in told)
        foreign = [call for call in calls if self._foreign(call, name)]
        calls = tuple(call for call in calls if call not in foreign)
        seen: list[str] = []
        reward, terminated, truncated = 0.0, False, False
        info: dict[str, Any] | None = None
        if calls or not (told or foreign):
            sent = Parsed(calls=calls, text=parsed.text, reasoning=parsed.reasoning)
            observation, reward, terminated, truncated, info = self.below.step(sent)  # type: ignore[arg-type]
            seen.append(observation)
        seen += [self._refused(call, name) for call in foreign]
        over = terminated or truncated
        for call in told:
            if not over:
                seen.append(self._tell(name, call.arguments))
        shown = action if isinstance(action, str) else to_text([call.name for call in parsed.calls])
        self.history = (*self.history, Line(name, shown, "\n".join(seen)))
        if info is None:
            info, reward, truncated = self._counted(info, reward)
            over = truncated
        waiting = "" if over else self._waiting.pop(self.role, "")
        mine = "\n".join(seen) if self.role == name or over else ""
        observation = "\n".join(part for part in (mine, waiting) if part)
        return observation, reward, terminated, truncated, self._info(info)

    def _counted(
        self, info: dict[str, Any] | None, reward: float
    ) -> tuple[dict[str, Any], float, bool]:
        """Say how things stand after a turn of which the world heard nothing."""
        game = self.below.game
        assert game is not None
        if self.messages > self._limit and not game.over:
            game.episode.stop("max_turns")
            _, reward, _, truncated, info = self.below.step("")
            return info, reward, truncated
        return self.below.info(), reward, game.truncated

    def _addressed(self, parsed: Parsed, name: str) -> Parsed:
        """Take a plain text of anybody but the front as a message to who asked them last."""
        if parsed.calls or name == FRONT:
            return parsed
        to = self._asked.get(name, FRONT)
        call = Attempt(name=TELL, arguments={"to": to, "text": parsed.text})
        return Parsed(calls=(call,), reasoning=parsed.reasoning)

    def _foreign(self, call: Attempt, name: str) -> bool:
        episode = self.below.episode
        assert episode is not None
        if call.error is not None or call.name not in episode.view.kinds:
            return False
        return all(role.name != name or call.name not in role.tools for role in self.roles)

    def _refused(self, call: Attempt, name: str) -> str:
        self.messages += 1
        whose = next((role.name for role in self.roles if call.name in role.tools), FRONT)
        told = f"{call.name} is not a tool of {name}: {whose} has it; ask with {TELL}."
        return to_text({"error": {"code": "unknown_tool", "message": told}})

    def _tell(self, name: str, arguments: Mapping[str, Json]) -> str:
        """Pass a message on, and the turn with it; return what the sender sees."""
        self.messages += 1
        others = [role.name for role in self.roles if role.name != name]
        to, text = arguments.get("to"), arguments.get("text")
        if not isinstance(to, str) or to not in others:
            hint = nearest(str(to), others)
            message = f"Expected a colleague in to, found {to!r}; {hint}."
            return to_text({"error": {"code": "bad_arguments", "message": message}})
        if not isinstance(text, str) or not text.strip():
            message = "Expected something to say in text, found nothing."
            return to_text({"error": {"code": "bad_arguments", "message": message}})
        self._asked = self._asked | {to: name}
        line = f"{name}: {text[:_SAID]}"
        self._waiting = self._waiting | {
            to: "\n".join(part for part in (self._waiting.get(to, ""), line) if part)
        }
        self.role = to
        return to_text({"told": to})

    def _info(self, info: dict[str, Any]) -> dict[str, Any]:
        role = next(one for one in self.roles if one.name == self.role)
        return info | {
            "role": role.name,
            "roles": tuple(one.name for one in self.roles),
            "messages": self.messages,
            "turn": info["turn"] + self.messages,
            "system": role.system,
            "tools": self._tools[role.name],
        }

    def render(self) -> str | None:
        """Return what each role did and saw so far in the mode `ansi`; None in no mode.

        Raises:
            ResetNeeded: There is no episode yet.
        """
        if self.render_mode is None:
            return None
        if not self._begun:
            raise ResetNeeded("expected a call of reset() before render()")
        episode = self.below.episode
        assert episode is not None
        lines = [episode.task_id, f"{'user':>8}: {episode.prompt[-1]['content']}"]
        for line in self.history:
            lines += [f"{line.role:>8}> {line.action}", f"{'':>8}  {line.observation}"]
        return "\n".join(lines) + "\n"

    def close(self) -> None:
        """Give the world back; harmless when repeated."""
        self.below.close()
        self._begun = False

    def snapshot(self) -> CrewMoment:
        """Keep the moment, with all that was said.

        Raises:
            ResetNeeded: There is no episode yet.
        """
        kept = ("roles", "role", "history", "messages", "_asked", "_waiting", "_tools", "_limit")
        below = self.below.snapshot()
        return CrewMoment(below, {name: self.__dict__[name] for name in kept})

    def restore(self, moment: CrewMoment) -> None:
        """Go back to a moment, which stays good."""
        self.below.restore(moment.below)
        self.__dict__.update(moment.rest)
        self._begun = True

    def fork(self) -> Self:
        """Return an independent crew in the same state; see `ToolEnv.fork`.

        Raises:
            ResetNeeded: There is no episode yet.
        """
        other = copy.copy(self)
        other.below = self.below.fork()
        other._np_random = copy.deepcopy(self._np_random)  # noqa: SLF001 - another of our kind
        return other
