"""`ToolEnv`: a game of tools as a `gymnasium.Env` with texts in and texts out.

In comes an action (a call in any of the usual forms, or a message to the user), out goes what the
agent sees, with everything else in `info`. Next: `mix`, `vector`.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Self

import gymnasium
import numpy as np
from gymnasium.error import ResetNeeded

from agentgym.env.game import Game
from agentgym.env.info import Teller, drawn
from agentgym.env.pieces import GameMoment, Luck
from agentgym.env.registration import DEFAULT
from agentgym.env.resets import stages_of, wish
from agentgym.env.settings import Settings
from agentgym.env.spaces import ActionText, Unicode
from agentgym.episode import Episode, Suite, load
from agentgym.episode.moment import StateKey
from agentgym.episode.parse import MAX_LENGTH
from agentgym.episode.tokens import Tokenizer
from agentgym.errors import UsageError
from agentgym.formats import Json
from agentgym.goals.verdict import Verdict
from agentgym.tasks import Task
from agentgym.tools.views import ViewOptions
from agentgym.trajectory import Event

__all__ = ["EnvMoment", "ToolEnv"]


class EnvMoment(NamedTuple):
    """One moment of an environment, to go back to as often as one likes."""

    game: GameMoment
    luck: tuple[Any, ...]
    """What draws the seeds of episodes for which none is given."""


class ToolEnv(gymnasium.Env[str, str]):
    """One agent, one simulated user, and the tools of one domain.

    Observations are texts of up to 262,144 characters (`Unicode`), actions too (`ActionText`):
    one call, several, or a message to the user. An episode is terminated by the task's own end:
    the agent concludes, or the user ends the conversation or leaves. It is truncated when turns or
    budget are used up, and when something breaks in the environment itself. Either way it is
    judged, unless it broke: then `info["failure"]["by"]` is `environment`, the reward is 0.0 and
    means nothing.

    `info` has the same keys each time, and fresh dicts:

    - `domain`, `task_id`: texts.
    - `turn`: int, turns that the agent has taken in this attempt. `attempt`: int from 1.
    - `warm_start`: int, calls of the gold run that were made before its first turn.
    - `system`, `tools`: the job as a text, the tools in OpenAI form (cannot be changed).
    - `reward_terms`: every term of the reward as it stands, name to float.
    - `flags`: what was wrong with the turn, name to bool (see `trajectory.Flags`).
    - `failure`: `{}`, or at the end `by` (`agent`, `environment`), `code` and `message`.
    - `outcome`: text: empty, then `success`, `failure`, `truncated` or `error`.
    - `tokens`: ints: `action` and `observation` of this turn, `saved` by how results are shown,
      `total` of the episode.
    - `calls`: int, `cost`: float: of the agent's calls in all attempts.
    - `user`: how the conversation goes (see `users.Report`), name to int, float or bool.
    - `claims`: what the end claims, held against the rows (see `goals.rewards.Claims`): `right`,
      `wrong`, `supported` ints, `unsupported` a tuple of texts; nothing before the end.
    - `reflections`: tuple of texts, one for each attempt that failed.

    Every option but `tokenizer` and a `Suite` may be given as text, number or mapping; then the
    environment's spec can be written as JSON.

    Args:
        domain: A folder, or the name of a committed domain, or a `Suite`.
        split: Where the seed chooses tasks from: `train`, `test`; None for all.
        user: How the user behaves, as `users.Profile.of` takes it; `sample` draws a profile
            for each episode by its seed, `sample:NAME` from that population of `users`.
        reward: What is rewarded, as `RewardOptions.of` takes it: the name of a preset, weights;
            None for 1.0 on success and 0.0 else, at the end.
        hints: How far errors are explained: `none`, `brief`, `full`, or as they fade.
        faults: What goes wrong with the world, as `FaultOptions.of` takes it.
        view: How the tools are shown, as `ViewOptions.of` takes it: a text like
            `granularity=narrow,rename=0.5`, or a mapping; what it names wins over the options
            that a task has of its own.
        observation: What results show: `full`, `difference` or `distilled`; as `detail` of a view.
        intrinsic: Which tools for the agent's own mind there are: True, or some of `think`,
            `plan`, `note`, `recall`; as `intrinsic` of a view.
        max_turns: Turns after which an attempt is cut off, at least 2; None for as many as a task
            needs.
        attempts: How often the agent may try: a number, or as `Attempts.of` takes it. After an
            attempt that fails, the next action is taken as a reflection; then all is as it was at
            the start, and what was written stands in the first observation.
        warm_start: Calls of the gold run that are made before the first observation, which shows
            them; negative: all but as many.
        plan_hint: `full` or `partial`: puts the gold plan, or its first half, into the first
            observation.
        budget: What an episode may use up: calls as a number, or as `Budget.of` takes it. It is
            looked at after each turn.
        stages: What `reset(options={"stage": n})` changes of all this, from stage 1 on; None for
            `STAGES`.
        tokenizer: Counts the tokens of a text; None for a fourth of its bytes.
        strict: Whether what breaks in the environment itself is raised.
        render_mode: `ansi` for a transcript as text.

    Raises:
        DomainError: There is no such domain, or it was changed behind its manifest.
        TaskError: It has no tasks of that split.
        UsageError: An option has no such value; says which would do.
    """

    metadata = {"render_modes": ["ansi"], "render_fps": 1}

    def __init__(
        self,
        domain: str | Suite = DEFAULT,
        *,
        split: str | None = None,
        user: Any = None,
        reward: Any = None,
        hints: Any = None,
        faults: Any = None,
        view: Any = None,
        observation: str | None = None,
        intrinsic: Any = None,
        max_turns: int | None = None,
        attempts: Any = 1,
        warm_start: int = 0,
        plan_hint: str | None = None,
        budget: Any = None,
        stages: Sequence[Mapping[str, Json]] | None = None,
        tokenizer: Tokenizer | None = None,
        strict: bool = False,
        render_mode: str | None = None,
    ) -> None:
        self.settings = Settings.of(
            user=user,
            reward=reward,
            hints=hints,
            faults=faults,
            view=view,
            observation=observation,
            intrinsic=intrinsic,
            max_turns=max_turns,
            attempts=attempts,
            warm_start=warm_start,
            plan_hint=plan_hint,
            budget=budget,
        )
        """What was given, read."""
        self._stages = stages_of(self.settings, stages)
        if render_mode is not None and render_mode not in self.metadata["render_modes"]:
            raise UsageError("a render mode", found=repr(render_mode), hint="use 'ansi'")
        self.split, self.tokenizer, self.strict = split, tokenizer, strict
        self.render_mode = render_mode
        self.game: Game | None = None
        """What is being played; None before the first reset."""
        self._teller = Teller()
        self.observation_space = Unicode(MAX_LENGTH)
        self.action_space = ActionText(MAX_LENGTH, self._open(domain))

    @property
    def suite(self) -> Suite:
        """The domain that is played, with its tasks."""
        return self._suite

    @property
    def episode(self) -> Episode | None:
        """The attempt that is being played; None before the first reset."""
        return None if self.game is None else self.game.episode

    @property
    def verdict(self) -> Verdict | None:
        """How the last attempt was judged; None while the episode goes on."""
        return None if self.game is None else self.game.verdict

    @property
    def view(self) -> ViewOptions:
        """How the tools are shown, without what the tasks say."""
        return ViewOptions.of(self.settings.view)

    @property
    def max_turns(self) -> int | None:
        """Turns after which an attempt is cut off; None for as many as a task needs."""
        return self.settings.max_turns

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[str, dict[str, Any]]:
        """Start an episode.

        Args:
            seed: Chooses the task and is the luck of user and faults, the same in every process;
                None draws one.
            options: `task_id` to name the task, `split` to choose from another split; `user`,
                `warm_start`, `plan_hint` in the place of those of the environment; `user_seed`,
                `fault_seed`: luck of their own for user and faults; `stage`: a number from 1, which
                of the `stages` it is played in.

        Returns:
            The user's request, with what options add to it, and `info`.

        Raises:
            TaskError: There is no such task or split.
            UsageError: An option is unknown, or has no such value.
        """
        super().reset(seed=seed)
        wanted = wish(options, self.settings, self._stages, self.split)
        if seed is None:
            seed = int(self.np_random.integers(2**31))
        suite, task = self._choose(wanted.task_id, wanted.split, seed)
        luck = Luck(
            seed,
            seed if wanted.user_seed is None else wanted.user_seed,
            seed if wanted.fault_seed is None else wanted.fault_seed,
        )
        game = Game(
            suite,
            task,
            wanted.settings,
            luck,
            profile=wanted.settings.profile(luck.user),
            tokenizer=self.tokenizer,
            strict=self.strict,
        )
        self._close_game()
        self.game = game
        return game.observation, self._teller.info(game, spoke=False)

    def step(self, action: str) -> tuple[str, float, bool, bool, dict[str, Any]]:
        """Do an action, as one turn. After the end it does nothing and says so.

        Args:
            action: A call in any of the usual forms, several, or a message to the user. After an
                attempt that failed: a reflection on it.

        Returns:
            Observation, reward, terminated, truncated and `info`.

        Raises:
            ResetNeeded: There is no episode yet.
        """
        game = self._playing("step")
        turn, reward = game.step(action)
        return (
            turn.observation,
            reward,
            game.terminated,
            game.truncated,
            self._teller.info(game, spoke=bool(turn.said or turn.acts)),
        )

    def info(self) -> dict[str, Any]:
        """Say how things stand now: what `reset` and `step` give beside the observation, anew.

        Raises:
            ResetNeeded: There is no episode yet.
        """
        return self._teller.info(self._playing("info"), spoke=False)

    def render(self) -> str | None:
        """Return the transcript so far in the mode `ansi`; None in no mode.

        Raises:
            ResetNeeded: There is no episode yet.
        """
        if self.render_mode is None:
            return None
        return drawn(self._playing("render"))

    def close(self) -> None:
        """Give the world back; harmless when repeated."""
        self._close_game()

    def snapshot(self) -> EnvMoment:
        """Keep the moment, with user, faults, trace, rewards, attempts and seeds to come.

        Raises:
            ResetNeeded: There is no episode yet.
        """
        return EnvMoment(self._playing("snapshot").snapshot(), self._luck())

    def restore(self, moment: EnvMoment) -> None:
        """Go back to a moment, of this environment or of any other.

        A moment stays good: it may be gone back to again, in any order.
        """
        game = self.game
        same = game is not None and game.suite is moment.game.rest["suite"]
        if game is not None and not same:
            self._close_game()
        game = Game.at(moment.game, game.episode if game is not None and same else None)
        self.game = game
        self._np_random, self._np_random_seed = _generator(moment.luck)
        self._teller = Teller()

    def fork(self) -> Self:
        """Return an independent environment in the same state; neither disturbs the other.

        It is a handle on the same world (see `Episode.fork`): both belong to one thread, until
        `env.episode.detach()` gives one a world of its own.

        Raises:
            ResetNeeded: There is no episode yet.
        """
        game, random = self._playing("fork").fork(), _generator(self._luck())[0]
        other = copy.copy(self)
        other.__dict__.update(
            game=game,
            _np_random=random,
            _teller=Teller(),
            action_space=copy.deepcopy(self.action_space),
            observation_space=copy.deepcopy(self.observation_space),
        )
        return other

    def state_key(self) -> StateKey:
        """Say in two hashes what the agent has been shown, and all that the rest depends on.

        Raises:
            ResetNeeded: There is no episode yet.
        """
        return self._playing("state_key").state_key()

    def replay(self, events: Sequence[Event]) -> tuple[str, ...]:
        """Play a trace again, on a fresh episode of what is being played, and compare.

        Args:
            events: What an episode of the same task, settings and seeds told: `episode.trace()`.

        Returns:
            One sentence for each text, flag and digest of the world that comes out differently.

        Raises:
            ResetNeeded: There is no episode yet.
        """
        return self._playing("replay").replay(events)

    def legal_tools(self) -> tuple[str, ...]:
        """Name the tools that may be called now, in the order in which they are shown.

        Raises:
            ResetNeeded: There is no episode yet.
        """
        return self._playing("legal_tools").legal_tools()

    def _open(self, domain: str | Suite) -> Sequence[str]:
        """Open what is played; name the tools that a random action may call."""
        self._suite = domain if isinstance(domain, Suite) else load(domain)
        first = self.suite.of_split(self.split)[0]
        view = self.settings.view
        if not self.suite.options(first, view).changed:
            return sorted(tool.name for tool in self.suite.domain.tools)
        return sorted(self.suite.view(first, view).names)

    def _choose(self, task_id: str | None, split: str | None, seed: int) -> tuple[Suite, Task]:
        """Return the task that a seed stands for, unless one is named, and its suite."""
        suite = self.suite
        return suite, suite.choose(split=split, seed=seed) if task_id is None else suite.task(
            task_id
        )

    def _luck(self) -> tuple[Any, ...]:
        """Return the state of the generator, as values."""
        found = self._np_random
        if found is None:
            return (None, None, self._np_random_seed)
        bits = found.bit_generator
        return (type(bits), bits.state, self._np_random_seed)

    def _playing(self, what: str) -> Game:
        if self.game is None:
            raise ResetNeeded(f"expected a call of reset() before {what}()")
        return self.game

    def _close_game(self) -> None:
        if self.game is not None:
            self.game.close()
        self.game = None


def _generator(luck: tuple[Any, ...]) -> tuple[np.random.Generator | None, int | None]:
    """Make a generator of the state of one, with the seed that it was given."""
    kind, state, seed = luck
    if kind is None:
        return None, seed
    bits = kind(0)
    bits.state = state
    return np.random.Generator(bits), seed
