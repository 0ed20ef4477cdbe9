"""The episode itself: world, user, tools and trace of one task, in process.

In comes what the agent sends, out goes what it sees. An `Episode` is built from the
instruction, the user's script and the view of tools alone: it holds neither goal nor
gold nor verifier. Bad input of the agent is answered, never raised. Next: `suite`.
"""

from __future__ import annotations

from typing import Literal, Self

from msgspec.structs import replace

from agentgym.episode.clerk import Handed, Memory
from agentgym.episode.log import (
    MAX_SHOWN,
    Answered,
    Line,
    Said,
    Single,
    cut,
    deeds,
    events,
    outputs,
)
from agentgym.episode.parse import (
    MAX_CALLS,
    Attempt,
    Parsed,
    message,
    parse,
    parse_call,
    plain_arguments,
)
from agentgym.episode.view import View
from agentgym.errors import nearest
from agentgym.formats import Json, Record, decode, to_text
from agentgym.trajectory import Call, ErrorCode, Event, Fault, Result
from agentgym.users.agenda import Agenda, Reply
from agentgym.world.compile import Engine
from agentgym.world.rows import RowChange, World

__all__ = ["MAX_SHOWN", "Episode", "Turn"]

ENDED = Result(
    error=Fault(
        code="unavailable",
        message="The episode has ended; this had no effect and nothing more can be done in it.",
    )
)

Termination = Literal["", "agent_message", "conclude", "max_turns"]


class Turn(Record, kw_only=True):
    """What came of one action."""

    observation: str
    """The text that the agent sees: JSON of the result, a list of them, or the user's words."""
    results: tuple[Result, ...] = ()
    malformed: bool = False
    """Whether a part of the action looked like a call and could not be read."""
    void: bool = False
    """Whether the action held neither a readable call nor a message."""


class Episode:
    """One try at one task.

    Args:
        task_id: Which task it is.
        view: The tools that are shown.
        user: Who asks and answers.
        engine: Runs the tools.
        world: The state that they work on, fresh.
        max_turns: After how many turns it is cut off.
        pool: Where the world goes when nobody needs it any more, and forks find theirs.
    """

    def __init__(
        self,
        *,
        task_id: str,
        view: View,
        user: Agenda,
        engine: Engine,
        world: World,
        max_turns: int,
        pool: list[World],
    ) -> None:
        self.task_id = task_id
        self.max_turns = max_turns
        self.turn = 0
        self.done = False
        self.truncated = False
        self.termination: Termination = ""
        self.outcome: str | None = None
        """What `conclude` said."""
        self.reason: str | None = None
        self.message: str | None = None
        """The agent's last message, where the episode ended with it."""
        self.errors = 0
        """How many calls were refused."""
        self.malformed = 0
        """How many could not be read; they count as refused too."""
        self._answer = b"null"
        self._view = view
        self._user = user
        self._engine = engine
        self._world: World | None = world
        self._pool = pool
        self._calls = 0
        self._memory = Memory()
        self._log: list[Line] = [Said(turn=0, content=user.opening)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "done" if self.done else f"turn {self.turn} of {self.max_turns}"
        return f"<Episode {self.task_id}: {state}>"

    @property
    def prompt(self) -> list[dict[str, str]]:
        """The first messages of the chat: the job, and what the user wants. Made anew."""
        return [
            {"role": "system", "content": self._view.system},
            {"role": "user", "content": self._user.opening},
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
                return self._single(tool, plain)[0]
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
            return _text_of(ENDED)
        return self._say(Parsed(text=message(text))).observation

    def act(self, action: object) -> Turn:
        """Do what an agent sends, as one turn, and say what it sees.

        Args:
            action: See `parse`.
        """
        if self.done:
            return Turn(observation=_text_of(ENDED), results=(ENDED,), void=True)
        parsed = parse(action)
        if len(parsed.calls) == 1 and not parsed.text and parsed.reasoning is None:
            only = parsed.calls[0]
            if only.error is None and self._view.kinds.get(only.name) == "tool":
                result, text = self._single(only.name, only.arguments)
                shown = text if len(text) <= MAX_SHOWN else cut(text, MAX_SHOWN)
                return Turn(observation=shown, results=(result,))
        return self._perform(parsed) if parsed.calls else self._say(parsed)

    def fork(self) -> Episode:
        """Return an independent copy in the same state; neither disturbs the other.

        Raises:
            ValueError: The episode is closed.
        """
        world = self._open_world()
        try:
            twin = self._pool.pop()
        except IndexError:
            twin = world.fork()
        else:
            twin.reset()
            twin.restore(world.snapshot())
        other = Episode.__new__(Episode)
        own = {"_world": twin, "_user": self._user.fork(), "_log": list(self._log)}
        other.__dict__.update(self.__dict__ | own)
        return other

    def close(self) -> None:
        """Give the world back for the next episode; whatever is called after it has no effect.

        An episode that is never closed is freed as any object; only its world is not used again.
        """
        world, self._world = self._world, None
        self.done = True
        if world is not None:
            self._pool.append(world)

    def trace(self) -> tuple[Event, ...]:
        """Return all that happened so far, in order."""
        return events(self._log, self._engine.domain.clock, self.turn)

    def outputs(self) -> tuple[tuple[Call, Result], ...]:
        """Return the calls with what they gave, in order, as they were given."""
        return outputs(self._log)

    def deeds(self) -> tuple[tuple[Call, Result], ...]:
        """Return the calls as calls of the domain's own tools, with all that these gave.

        What the verdict looks at: no view changes it.
        """
        return deeds(self._log)

    def changes(self) -> tuple[RowChange, ...]:
        """Return the net changes of rows since the start.

        Raises:
            ValueError: The episode is closed.
        """
        return self._open_world().diff()

    def digest(self) -> str:
        """Return the digest of the rows as they are now.

        Raises:
            ValueError: The episode is closed.
        """
        return self._open_world().digest()

    def _open_world(self) -> World:
        if self._world is None:
            raise ValueError(f"{self!r} is closed: nothing of its world is left")
        return self._world

    def _say(self, parsed: Parsed) -> Turn:
        world = self._open_world()
        self.turn += 1
        self._log.append(
            Said(
                turn=self.turn,
                content=parsed.text,
                reasoning=parsed.reasoning,
                calls=(),
            )
        )
        reply = self._heard(self._user.hear(parsed.text), world)
        self._log.append(Said(turn=self.turn, content=reply.text))
        if reply.ends:
            self.message = parsed.text
            self._end("agent_message")
        self._end_turn(world)
        return Turn(observation=reply.text, results=(Result(data={"reply": reply.text}),))

    def _single(self, name: str, arguments: dict[str, Json]) -> tuple[Result, str]:
        """Make one readable call of a shown tool of the domain: the ordinary turn, and fast."""
        world = self._open_world()
        self.turn += 1
        self._calls += 1
        before = world.revision
        result = self._engine.call(world, name, arguments)
        breaches = result.breaches
        if breaches:
            result = Result(data=result.data)
        error, text = result.error, _text_of(result)
        digest = world.digest() if world.revision != before else None
        if error is not None:
            self.errors += 1
        self._log.append(
            Single(
                self.turn,
                self._calls,
                name,
                arguments,
                text,
                None if error is None else error.code,
                digest,
                breaches,
            )
        )
        self._end_turn(world)
        return result, text

    def _perform(self, parsed: Parsed) -> Turn:
        world = self._open_world()
        self.turn += 1
        turn, first = self.turn, self._calls + 1
        calls = tuple(
            self._record(attempt, f"call_{first + place}")
            for place, attempt in enumerate(parsed.calls)
        )
        self._calls += len(calls)
        self._log.append(
            Said(turn=turn, content=parsed.text, reasoning=parsed.reasoning, calls=calls)
        )
        results: list[Result] = []
        texts: list[str] = []
        left = MAX_SHOWN
        for place, (attempt, call) in enumerate(zip(parsed.calls, calls, strict=True)):
            before = world.revision
            handed = self._one(attempt, world) if place < MAX_CALLS else _too_many(len(calls))
            self._memory = handed.memory or self._memory
            result = handed.result
            breaches = result.breaches
            if breaches:
                result = Result(data=result.data)
            text = _text_of(result)
            shown = min(len(text), left)
            left -= shown
            error = result.error
            if error is not None:
                self.errors += 1
            self._log.append(
                Answered(
                    turn=turn,
                    call=call,
                    text=text,
                    shown=shown,
                    code=error.code if error else None,
                    digest=world.digest() if world.revision != before else None,
                    breaches=breaches,
                    deed=handed.deed,
                    whole=handed.whole,
                )
            )
            results.append(result)
            texts.append(text if shown == len(text) else cut(text, shown))
        self._end_turn(world)
        return Turn(
            observation=texts[0] if len(texts) == 1 else "[" + ",".join(texts) + "]",
            results=tuple(results),
            malformed=parsed.malformed,
            void=all(attempt.error is not None for attempt in parsed.calls),
        )

    def _record(self, attempt: Attempt, call_id: str) -> Call:
        error, raw = attempt.error, attempt.raw
        if error is None and attempt.name not in self._view.kinds:
            error = f"no tool is called {attempt.name!r}"
        return Call(
            id=call_id, name=attempt.name, arguments=attempt.arguments, raw=raw, parse_error=error
        )

    def _one(self, attempt: Attempt, world: World) -> Handed:
        if self.done:
            return Handed(result=ENDED)
        if attempt.error is not None:
            self.malformed += 1
            return _fault("bad_arguments", f"Not a call: {attempt.error}.")
        name, kinds = attempt.name, self._view.kinds
        kind = kinds.get(name)
        if kind is None:
            return _fault("unknown_tool", f"There is no tool {name!r}; {nearest(name, kinds)}")
        if kind == "shown":
            clerk = self._view.clerk
            assert clerk is not None
            return clerk.call(self._engine, world, name, attempt.arguments, self._memory)
        result = self._engine.call(world, name, attempt.arguments)
        if kind == "tool" or result.error is not None:
            return Handed(result=result)
        given: dict[str, Json] = result.data
        if kind == "document":
            return self._view.look_up(name, given, self._memory)
        if kind == "ask":
            reply = self._heard(self._user.answer(given["question"]), world)
            return Handed(result=Result(data={"reply": reply.text}))
        self.outcome = given["outcome"]
        self.reason = given.get("reason")
        self._answer = to_text(given.get("answer")).encode()
        self._end("conclude")
        return Handed(result=Result(data={"concluded": self.outcome}))

    def _heard(self, reply: Reply, world: World) -> Reply:
        """Let the session know of a yes to going on."""
        if reply.confirms:
            session = world.session
            world.session = replace(session, confirmed=session.confirmed + 1)
        return reply

    def _end(self, termination: Termination) -> None:
        self.done = True
        self.termination = termination

    def _end_turn(self, world: World) -> None:
        world.tick()
        if self.turn >= self.max_turns and not self.done:
            self.truncated = True
            self._end("max_turns")


def _fault(code: ErrorCode, message: str) -> Handed:
    return Handed(result=Result(error=Fault(code=code, message=message)))


def _too_many(count: int) -> Handed:
    return _fault(
        "limit_exceeded",
        f"Expected at most {MAX_CALLS} calls in one action, found {count}; "
        "this one was not made, send it in the next action.",
    )


def _text_of(result: Result) -> str:
    return to_text(result.data) if result.error is None else to_text({"error": result.error})
