"""The episode itself: world, user, tools and trace of one task, in process.

In comes what the agent sends, out goes what it sees. An `Episode` is built from the
instruction, the user's script and the view of tools alone: it holds neither goal nor
gold nor verifier. Bad input of the agent is answered, never raised. Next: `suite`.
"""

from __future__ import annotations

from typing import Self

from agentgym.episode import failing
from agentgym.episode.acting import Acting
from agentgym.episode.faults import CALM, FaultOptions
from agentgym.episode.happenings import NOTHING
from agentgym.episode.log import MAX_SHOWN, deeds, events, outputs
from agentgym.episode.moment import Moment, StateKey
from agentgym.episode.parse import Parsed, message, parse, parse_call, plain_arguments, plain_call
from agentgym.episode.scene import Termination, text_of
from agentgym.episode.seat import Seat
from agentgym.episode.turn import ENDED, Turn
from agentgym.episode.view import View
from agentgym.errors import UsageError
from agentgym.formats import Json, decode
from agentgym.trajectory import Call, Event, Flags, Result
from agentgym.users import Report
from agentgym.world.rows import RowChange, World

__all__ = ["MAX_SHOWN", "NOTHING", "Episode", "Termination", "Turn", "text_of"]

_VOID = Flags(void=True)


class Episode(Acting):
    """One try at one task; see `Scene` for what it is made of."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def prompt(self) -> list[dict[str, str]]:
        """The first messages of the chat: the job, and what the user wants. Made anew."""
        opening = "\n".join([self._user.opening, *self._first])
        return [
            {"role": "system", "content": self._view.system},
            {"role": "user", "content": opening},
        ]

    @property
    def system(self) -> str:
        """What the agent is told about its job."""
        return self._view.system

    @property
    def tools(self) -> list[dict[str, Json]]:
        """The tools as OpenAI function schemas. Made anew."""
        return self._view.openai()

    @property
    def view(self) -> View:
        """The tools as they are shown."""
        return self._view

    @property
    def faults(self) -> FaultOptions:
        """What goes wrong with the world, as it is drawn from; thinned where turns are few."""
        return CALM if self._weather is None else self._weather.options

    @property
    def answer(self) -> Json:
        """What `conclude` carried; None before. Made anew."""
        return decode(self._answer, object, where="answer")

    @property
    def calls(self) -> int:
        """How many calls were made, refused ones included."""
        return self._calls

    def call(self, tool: str, /, **arguments: object) -> Result:
        """Call a tool; one turn.

        Args:
            tool: Name of a shown tool.
            arguments: Its arguments.

        Returns:
            What it gave, or why it was refused.
        """
        if self.done:
            return ENDED
        if type(tool) is str and self._view.kinds.get(tool) == "tool":
            plain, error = plain_arguments(arguments)
            if error is None:
                if self._weather is None and self._coach is None:
                    return self._quick(tool, plain)
                return self._single(tool, plain).results[0]
        return self._perform(Parsed(calls=(parse_call(tool, arguments),))).results[0]

    def call_json(self, action: object) -> Result | list[Result]:
        """Do whatever an agent sends: calls in any of the usual forms, or a message.

        Args:
            action: See `parse`.

        Returns:
            One result; a list of them where the action held several calls. A message to
            the user gives `{"reply": text}`.
        """
        results = self.act(action).results
        return results[0] if len(results) == 1 else list(results)

    def say(self, text: str) -> str:
        """Say something to the user, who hears the first 262144 characters; one turn.

        Returns:
            What the user replies.
        """
        if self.done:
            return text_of(ENDED)
        return self._say(Parsed(text=message(text))).observation

    def act(self, action: object) -> Turn:
        """Do what an agent sends, as one turn, and say what it sees.

        Args:
            action: See `parse`.
        """
        if self.done:
            return Turn(observation=text_of(ENDED), results=(ENDED,), flags=_VOID)
        call = plain_call(action)
        if call is not None and self._view.kinds.get(call[0]) == "tool":
            return self._single(*call)
        parsed = parse(action)
        if len(parsed.calls) == 1 and not parsed.text and parsed.reasoning is None:
            only = parsed.calls[0]
            if only.error is None and self._view.kinds.get(only.name) == "tool":
                return self._single(only.name, only.arguments)
        return self._perform(parsed) if parsed.calls else self._say(parsed)

    def stop(self, termination: Termination = "budget") -> None:
        """Cut the episode off; harmless after its end.

        Args:
            termination: Why.
        """
        if not self.done:
            self.truncated = True
            self._end(termination)

    def fail(self, error: BaseException, action: object = None) -> Turn:
        """End the episode because the environment itself has failed; harmless after its end.

        For whoever catches what `act`, `call` or `say` raised. The world is not touched any more,
        and nothing that was achieved can be judged.

        Args:
            error: What was raised.
            action: What the agent had sent, for the trace.

        Returns:
            What the agent is told.
        """
        if not self.done:
            self.failure = failing.of_exception(error)
            self.truncated = True
            self._end("exception")
            self._log.extend(failing.broken_off(self._log, self.turn, self._calls, action))
        return Turn(observation=text_of(failing.BROKEN), results=(failing.BROKEN,))

    def snapshot(self) -> Moment:
        """Keep this moment with world, user, faults, flags and trace; microseconds.

        Raises:
            ValueError: The episode is closed.
        """
        return self._moment()

    def restore(self, moment: Moment) -> None:
        """Go to a moment, whether it came before or after, of this episode or of another.

        Costs the rows that differ, when the next call is made. Moments stay valid.

        Args:
            moment: Of an episode of the same suite.

        Raises:
            UsageError: It is of another domain.
            ValueError: The episode is closed.
        """
        self._open_seat()
        if moment.state["_engine"].image is not self._engine.image:
            raise UsageError(
                f"a moment of an episode in {self._engine.domain.id}",
                found=repr(moment),
                where="restore",
                hint="restore it in an episode of its own suite",
            )
        self._become(moment)

    @classmethod
    def at(cls, moment: Moment) -> Episode:
        """Return an episode of its own at a moment, with a world of its own."""
        episode, state = cls.__new__(cls), moment.state
        pool: list[World] = state["_pool"]
        try:
            world = pool.pop()
        except IndexError:
            world = state["_engine"].world()
        episode._seat = Seat(world, episode, pool)  # noqa: SLF001 - its own kind
        episode._become(moment)  # noqa: SLF001
        return episode

    def fork(self) -> Episode:
        """Return an independent copy in the same state; neither disturbs the other.

        It is a handle on the same world, of which one of them at a time is in possession: to go
        on with another one costs the rows in which they differ. Forks belong to one thread, until
        `detach` gives them worlds of their own.

        Raises:
            ValueError: The episode is closed.
        """
        seat, other = self._open_seat(), Episode.__new__(Episode)
        rows = seat.world.snapshot() if self.here else self.kept
        other.__dict__.update(self._hold())
        other.here, other.kept, other._seat = False, rows, seat  # noqa: SLF001 - its own kind
        seat.sharers += 1
        return other

    def detach(self) -> None:
        """Move to a world of its own, which no fork shares: for another thread, or much to do.

        Raises:
            ValueError: The episode is closed.
        """
        world, seat = self._open_world(), self._open_seat()
        if seat.sharers == 1:
            return
        rows = world.snapshot()
        try:
            own = self._pool.pop()
        except IndexError:
            own = self._engine.world()
        own.restore(rows)
        seat.leave(self)
        self._seat = Seat(own, self, self._pool)

    def state_key(self) -> StateKey:
        """Return two hashes of where the episode stands: what is known, and what is so.

        Raises:
            ValueError: The episode is closed.
        """
        return self._key()

    def legal_tools(self) -> tuple[str, ...]:
        """Name the shown tools that may be called now, in the order in which they are shown.

        Those whose documentation has to be read first are left out until it was; after the end
        there are none. Whether the rules allow a call depends on its arguments.
        """
        return () if self.done else self._view.unlocked(self._memory)

    def close(self) -> None:
        """Give the world back; the trace stays. Harmless when repeated."""
        seat, self._seat = self._seat, None
        self.done = True
        if seat is not None:
            seat.leave(self)

    def trace(self) -> tuple[Event, ...]:
        """Return all that happened so far, in order."""
        self._look()
        return events(self._log, self._engine.domain.clock, self.turn, self.given)

    def outputs(self) -> tuple[tuple[Call, Result], ...]:
        """Return the agent's calls with what they gave, in order, as they were shown."""
        return outputs(self._log)

    def deeds(self) -> tuple[tuple[Call, Result], ...]:
        """Return the agent's calls as calls of the domain's own tools, with all that these gave.

        What the verdict looks at: neither view nor fault changes it.
        """
        return deeds(self._log)

    def report(self) -> Report:
        """Say how the conversation went, from the user's side."""
        return self._user.report()

    def changes(self) -> tuple[RowChange, ...]:
        """Return the net changes of rows since the start, but for what happened of its own accord.

        Raises:
            ValueError: The episode is closed.
        """
        return self._open_world().diff(self._ground)

    def digest(self) -> str:
        """Return the digest of the rows as they are now.

        Raises:
            ValueError: The episode is closed.
        """
        return self._open_world().digest()
