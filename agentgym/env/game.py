"""A game: all attempts of one agent at one task, under one reward.

In come actions, out come what the agent sees, what it earns and how things stand. Nothing here
knows of Gymnasium. The game holds the verdict's door and the meter of the reward; the episode in
it, which agents' helpers may hold, has neither. Next: `info`, `tool_env`.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

import msgspec

from agentgym.env.hint import plan_hint
from agentgym.env.pieces import GameMoment, Luck, Past
from agentgym.env.settings import Settings
from agentgym.env.tally import Tally
from agentgym.env.telling import NOT_MADE, again, failed, opening
from agentgym.env.warm import COLD, steps_of, warm
from agentgym.episode import Episode, Suite, Turn
from agentgym.episode.failing import of_exception, why
from agentgym.episode.moment import StateKey, full
from agentgym.episode.parse import parse
from agentgym.episode.retrace import retrace
from agentgym.episode.tokens import Tokenizer
from agentgym.goals.rewards import Meter
from agentgym.goals.verdict import Verdict
from agentgym.tasks import Task
from agentgym.trajectory import Event, Failure, Flags
from agentgym.users import Profile
from agentgym.world.rows import RowChange

__all__ = ["MAX_REFLECTION", "Game"]

MAX_REFLECTION = 2_000
"""Most characters of a reflection that are kept."""

STOPPED = Turn(observation="")
"""What the meter is told of when a budget ends an episode: a turn in which nothing was done."""

_ROOM = 20
"""Turns that one call of the gold run may take, what has to be asked first included."""


class Game:
    """Attempts at one task.

    Args:
        suite: Starts and judges episodes.
        task: The task.
        settings: How it is played.
        luck: Seeds of user and faults: the same for each attempt.
        profile: How the user behaves; None: plainly.
        tokenizer: Counts tokens; None for an estimate.
        strict: Whether what breaks in the environment is raised, and no end of the game.
    """

    def __init__(
        self,
        suite: Suite,
        task: Task,
        settings: Settings,
        luck: Luck,
        *,
        profile: Profile | None = None,
        tokenizer: Tokenizer | None = None,
        strict: bool = False,
    ) -> None:
        self.suite, self.task, self.settings, self.luck = suite, task, settings, luck
        self.limited = bool(settings.budget) or settings.reward.budget is not None
        """Whether it may end because too much was used up."""
        self.profile, self.strict = profile, strict
        self._tokenizer = tokenizer
        self.attempt = 1
        self.past: tuple[Past, ...] = ()
        """The attempts that failed, in order."""
        self.reflections: tuple[str, ...] = ()
        """What the agent wrote of them."""
        self.reflecting = False
        """Whether the next action is taken as a reflection on the attempt that just failed."""
        self.over = False
        self.terminated = self.truncated = False
        self.verdict: Verdict | None = None
        """How the last attempt was judged, once the game is over."""
        self.failure: Failure | None = None
        """Why it failed, once the game is over."""
        self.flags = Flags()
        """Of the last turn."""
        self.tally = Tally()
        """Tokens so far."""
        self._terms: dict[str, float] | None = None
        """What the meter has just told, until somebody takes it."""
        self._earned = self._paid = 0.0
        self._calls = 0
        self._cost = 0.0
        self.observation = self._begin()
        """What the agent saw last."""
        self.tally = self.tally.told(self.observation, tokenizer)

    @property
    def turn(self) -> int:
        """Turns that the agent has taken in this attempt."""
        return self.episode.turn - self.warm.turns

    @property
    def calls(self) -> int:
        """Calls that the agent has made, in all attempts."""
        return self._calls + self.episode.calls

    @property
    def cost(self) -> float:
        """What the calls of all attempts have cost, at the prices of the reward."""
        return self._cost + self.meter.spent

    def terms(self) -> dict[str, float]:
        """Return the reward's terms as they stand in this attempt: a dict of whoever asks."""
        terms, self._terms = self._terms, None
        return dict(self.meter.terms) if terms is None else terms

    @property
    def outcome(self) -> str:
        """How it ended: `success`, `failure`, `truncated` or `error`; empty while it goes on."""
        if not self.over:
            return ""
        if self.verdict is not None and self.verdict.success:
            return "success"
        if self.failure is not None and self.failure.by == "environment":
            return "error"
        return "truncated" if self.truncated else "failure"

    def step(self, action: object) -> tuple[Turn, float]:
        """Do an action, as one turn.

        Args:
            action: See `episode.parse`.

        Returns:
            What came of it, and what it earns.
        """
        if self.reflecting:
            return self._reflect(action)
        episode = self.episode
        turn = self._act(action)
        if self.over:
            self.flags, self.tally = turn.flags, Tally(total=self.tally.total)
            return turn, 0.0
        self._note(action, turn)
        if self.limited and not episode.done and self._used_up():
            episode.stop("budget")
        # Most turns are neither the first thing to go wrong nor the last of all.
        plain = not (episode.done or turn.wrote or episode.failure is not None)
        reward = self._measure(turn, None) if plain else self._score(turn)
        if self.limited and not episode.done and self._overspent():
            episode.stop("budget")
            reward += self._score(STOPPED)
        if episode.done:
            reward += self._end()
        if self.reflecting:
            told = failed(self.past[-1].verdict, episode, self.settings, self.attempt)
            turn = msgspec.structs.replace(turn, observation=f"{turn.observation}\n\n{told}")
            self.observation = turn.observation
            self.tally = self.tally.told(self.observation, self._tokenizer)
        return turn, reward

    def _act(self, action: object) -> Turn:
        episode = self.episode
        if self.strict:
            return episode.act(action)
        try:
            return episode.act(action)
        except Exception as error:  # noqa: BLE001 - whatever it was, it was not the agent's doing
            return episode.fail(error, action)

    def legal_tools(self) -> tuple[str, ...]:
        """Name the tools that may be called now: none after the end, or while it reflects."""
        return () if self.over or self.reflecting else self.episode.legal_tools()

    def snapshot(self) -> GameMoment:
        """Keep the moment.

        Raises:
            ValueError: The game is closed.
        """
        rest = {name: value for name, value in self.__dict__.items() if name != "episode"}
        rest["meter"], rest["_terms"] = self.meter.fork(), None
        return GameMoment(self.episode.snapshot(), rest)

    @classmethod
    def at(cls, moment: GameMoment, episode: Episode | None = None) -> Game:
        """Return a game that goes on from a moment.

        Args:
            moment: The moment; it stays good.
            episode: One of the same suite that is needed no longer: its world is taken.
        """
        game = cls.__new__(cls)
        game.__dict__.update(moment.rest)
        game.meter = game.meter.fork()
        if episode is None:
            episode = Episode.at(moment.episode)
        else:
            episode.restore(moment.episode)
        game.episode = episode
        return game

    def replay(self, events: Sequence[Event]) -> tuple[str, ...]:
        """Play a trace again on a fresh episode; return one sentence for each difference."""
        turns = max((event.turn for event in events), default=0)
        fresh = self._fresh(max(turns + 1, self.episode.max_turns))
        try:
            return retrace(fresh, events)
        finally:
            fresh.close()

    def fork(self) -> Game:
        """Return an independent copy in the same state: a handle, see `Episode.fork`.

        Raises:
            ValueError: The game is closed.
        """
        other = copy.copy(self)
        other.episode = self.episode.fork()
        other.meter, other._terms = self.meter.fork(), None  # noqa: SLF001 - its own kind
        return other

    def close(self) -> None:
        """Give the world back; harmless when repeated."""
        self.episode.close()

    def state_key(self) -> StateKey:
        """Say in two hashes what the agent has been shown, and all that the rest depends on.

        Raises:
            ValueError: The game is closed.
        """
        here = self.episode.state_key()
        shown = here.seen
        if self.past:
            shown = full((shown, self.reflections, self.reflecting))
        return StateKey(shown, full((here.full, self._state())))

    def _state(self) -> tuple[object, ...]:
        """Return all that the rest of the game depends on, besides its episode."""
        return (
            self.task.id,
            self.attempt,
            self.reflections,
            self.reflecting,
            self.over,
            self.meter.state(),
            self._earned,
            self._paid,
            *((self.tally.total, self.calls, self.cost) if self.limited else ()),
        )

    def _begin(self) -> str:
        """Start an attempt; return what the agent sees first."""
        settings = self.settings
        turns = settings.max_turns or self.suite.turns(self.task)
        steps = steps_of(self.task, settings.warm_start)
        self.warm = COLD
        self.episode = self._fresh(turns + (_ROOM * (steps + 1) if steps else 0))
        made: list[tuple[Turn, tuple[RowChange, ...] | None]] = []
        if steps:
            made, self.warm = warm(self.episode, self.task, steps, faults=bool(settings.faults))
            if self.episode.done:  # the user has left: nothing is left to play
                self.episode.close()
                made, self.warm = [], COLD
                self.episode = self._fresh(turns)
        # The history takes no turns from the agent.
        self.episode.max_turns = turns + self.warm.turns
        self.episode.given = self.warm.turns
        self.meter: Meter = self.suite.meter(
            self.task, settings.reward, max_turns=self.episode.max_turns
        )
        for turn, changes in made:
            self._measure(turn, changes)
        self._calls -= self.episode.calls
        self._cost -= self.meter.spent
        self._earned, self.verdict, self.failure = 0.0, None, None
        self._terms = None
        hint = ""
        if settings.plan_hint is not None:
            view = self.episode.view
            hint = plan_hint(self.task, view, settings.plan_hint, done=self.warm.steps)
        return opening(
            self.episode.prompt[-1]["content"],
            hint=hint,
            history=self.warm.history,
            header=again(self.attempt, settings.attempts.most, self.reflections),
        )

    def _fresh(self, turns: int) -> Episode:
        settings, luck = self.settings, self.luck
        return self.suite.episode(
            self.task.id,
            max_turns=turns,
            view=settings.view,
            user=self.profile,
            faults=settings.faults or None,
            hints=settings.hints,
            seed=luck.seed,
            user_seed=luck.user,
            fault_seed=luck.faults,
        )

    def _end(self) -> float:
        """End an attempt; return what the rewards lack to add up to what counts."""
        episode, verdict, attempts = self.episode, self.verdict, self.settings.attempts
        broken = verdict is None
        won = verdict is not None and verdict.success
        worth = self._earned
        if attempts.reward == "best":
            worth = max([worth, *(past.reward for past in self.past)])
        lacking = worth - self._paid - self._earned
        self._paid = worth
        if verdict is None or won or self.attempt == attempts.most or self._over_budget:
            self.over = True
            self.truncated = episode.truncated or broken
            self.terminated = not self.truncated
            return lacking
        self.past = (*self.past, Past(verdict, self._earned, episode.trace(), ""))
        self.reflecting, self.verdict, self.failure = True, None, None
        return lacking

    @property
    def _over_budget(self) -> bool:
        return self.episode.termination == "budget"

    def _reflect(self, action: object) -> tuple[Turn, float]:
        """Take an action as a reflection, and start the next attempt."""
        parsed = parse(action)
        text = (parsed.text or parsed.reasoning or "").strip()[:MAX_REFLECTION]
        self.past = (*self.past[:-1], self.past[-1]._replace(reflection=text))
        self.reflections = (*self.reflections, text)
        self._calls, self._cost = self.calls, self.cost
        self.episode.close()
        self.attempt += 1
        self.reflecting = False
        first = self._begin()
        turn = Turn(
            observation=f"{NOT_MADE}\n\n{first}" if parsed.calls else first,
            flags=Flags(void=not text, malformed=parsed.malformed),
        )
        self._note(action, turn)
        return turn, 0.0

    def _note(self, action: object, turn: Turn) -> None:
        """Count what an action and its answer came to."""
        self.flags, self.observation = turn.flags, turn.observation
        self.tally = self.tally.after(action, turn, self._tokenizer)

    def _used_up(self) -> bool:
        budget = self.settings.budget
        most = budget.calls
        return (most is not None and self._calls + self.episode.calls >= most) or (
            budget.tokens is not None and self.tally.total >= budget.tokens
        )

    def _overspent(self) -> bool:
        own, other, cost = self.settings.budget.cost, self.settings.reward.budget, self.cost
        return (own is not None and cost >= own) or (other is not None and cost > other)

    def _score(self, turn: Turn) -> float:
        """Hand a turn to the meter; at the end of an episode, the verdict with it."""
        episode, verdict, changes = self.episode, None, None
        self.failure = episode.failure
        if self.failure is None:
            try:
                changes = episode.changes() if turn.wrote else None
                verdict = self.suite.verdict(episode) if episode.done else None
            except Exception as error:  # whatever it was, it was not the agent's doing
                if self.strict:
                    raise
                episode.fail(error)
                self.failure, verdict = of_exception(error), None
            else:
                self.failure = why(episode, verdict)
        self.verdict = verdict
        return self._measure(turn, changes)

    def _measure(self, turn: Turn, changes: Sequence[RowChange] | None) -> float:
        score = self.meter.step(
            done=turn.done,
            changes=changes,
            flags=turn.flags,
            acts=turn.acts,
            said=turn.said,
            verdict=self.verdict,
            failure=self.failure,
        )
        self._terms = score.terms
        self._earned += score.reward
        return score.reward
