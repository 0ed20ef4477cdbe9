"""The episode itself: world, user, tools and trace of one task, in process.

In comes what the agent sends, out goes what it sees. An `Episode` is built from the
instruction, the user's script and the view of tools alone: it holds neither goal nor
gold nor verifier. Bad input of the agent is answered, never raised. Next: `suite`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Self

from msgspec.structs import replace

from agentgym.episode.clerk import Handed, Memory
from agentgym.episode.faults import Weather
from agentgym.episode.feedback import Coach
from agentgym.episode.flags import Watch
from agentgym.episode.happenings import Happenings
from agentgym.episode.log import (
    MAX_SHOWN,
    Answered,
    Line,
    Noticed,
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
from agentgym.episode.seat import Seat
from agentgym.episode.turn import ENDED, Done, Turn
from agentgym.episode.view import View
from agentgym.errors import nearest
from agentgym.formats import Json, decode, to_text
from agentgym.tasks import Notice, UserDeed
from agentgym.trajectory import Act, Call, ErrorCode, Event, Failure, Fault, Flags, Result
from agentgym.users import Reply, Report, User
from agentgym.world.compile import Engine
from agentgym.world.rows import RowChange, Snapshot, World

__all__ = ["MAX_SHOWN", "Episode", "Turn"]

Termination = Literal["", "agent_message", "conclude", "user_stop", "max_turns", "exception"]


NOTHING = Happenings()
"""Nothing happens of its own accord."""

_VOID = Flags(void=True)


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
        happenings: What happens of its own accord.
        weather: What goes wrong with calls; None for nothing.
        coach: Explains errors; None for the errors as they are.
        watch: Sees what is wrong with turns.
        deeds: What the user can do with tools of their own.
    """

    def __init__(
        self,
        *,
        task_id: str,
        view: View,
        user: User,
        engine: Engine,
        world: World,
        max_turns: int,
        pool: list[World],
        happenings: Happenings = NOTHING,
        weather: Weather | None = None,
        coach: Coach | None = None,
        watch: Watch | None = None,
        deeds: Sequence[UserDeed] = (),
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
        self.failure: Failure | None = None
        """What went wrong with the environment itself; None as long as it is well."""
        self.here = True
        self.kept: Snapshot | None = None
        self._answer = b"null"
        self._view = view
        self._user = user
        self._engine = engine
        self._seat: Seat | None = Seat(world, self, pool)
        self._pool = pool
        self._calls = 0
        self._memory = Memory()
        self._happenings = happenings
        self._weather = weather
        self._coach = coach
        self._watch = Watch() if watch is None else watch
        self._deeds = {deed.id: deed for deed in deeds}
        self._ground: Snapshot | None = None
        """The start with all that has happened of its own accord since; None for the start."""
        opened = (Act(kind="open"),)
        self._log: list[Line] = [
            Said(turn=0, content=user.opening, user=True, acts=opened, intent=user.wants)
        ]
        self._watch.told(user.opening)
        self._first = self._notice(world)

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
        parsed = parse(action)
        if len(parsed.calls) == 1 and not parsed.text and parsed.reasoning is None:
            only = parsed.calls[0]
            if only.error is None and self._view.kinds.get(only.name) == "tool":
                return self._single(only.name, only.arguments)
        return self._perform(parsed) if parsed.calls else self._say(parsed)

    def fork(self) -> Episode:
        """Return an independent copy in the same state; neither disturbs the other.

        It is a handle on the same world, of which one of them at a time is in possession: to go
        on with another one costs the rows in which they differ. Forks belong to one thread, until
        `detach` gives them worlds of their own.

        Raises:
            ValueError: The episode is closed.
        """
        seat, kept = self._seat, self.kept
        if seat is None:
            raise ValueError(f"{self!r} is closed: nothing of its world is left")
        if self.here:
            kept = seat.world.snapshot()
        seat.sharers += 1
        other = Episode.__new__(Episode)
        other.__dict__.update(self.__dict__)
        other.here, other.kept = False, kept
        other._user, other._watch, other._log = self._user.fork(), self._watch.fork(), [*self._log]
        if self._weather is not None:
            other._weather = self._weather.fork()
        return other

    def detach(self) -> None:
        """Move to a world of its own, which no fork shares: for another thread, or much to do.

        Raises:
            ValueError: The episode is closed.
        """
        world, seat = self._open_world(), self._seat
        assert seat is not None
        try:
            own = self._pool.pop()
        except IndexError:
            own = world.fork()
        else:
            own.restore(world.snapshot())
        seat.leave(self)
        self._seat = Seat(own, self, self._pool)

    def close(self) -> None:
        """Give the world back for the next episode; whatever is called after it has no effect.

        An episode that is never closed is freed as any object; only its world is not used again.
        """
        seat, self._seat = self._seat, None
        self.done = True
        if seat is not None:
            seat.leave(self)

    def trace(self) -> tuple[Event, ...]:
        """Return all that happened so far, in order."""
        return events(self._log, self._engine.domain.clock, self.turn)

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

    def _open_world(self) -> World:
        seat = self._seat
        if seat is None:
            raise ValueError(f"{self!r} is closed: nothing of its world is left")
        return seat.world if self.here else seat.take(self)

    def _say(self, parsed: Parsed) -> Turn:
        world = self._open_world()
        self.turn += 1
        before = world.revision
        self._log.append(
            Said(turn=self.turn, content=parsed.text, reasoning=parsed.reasoning, calls=())
        )
        reply = self._heard(self._user.hear(parsed.text), world)
        if reply.ends:
            self.message = parsed.text
            self._end("user_stop" if reply.leaves else "agent_message")
        wrote = world.revision != before
        notices = self._end_turn(world)
        return Turn(
            observation="\n".join([reply.text, *notices]),
            results=(Result(data={"reply": reply.text}),),
            acts=reply.acts,
            notices=notices,
            wrote=wrote,
            said=parsed.text,
        )

    def _single(self, name: str, arguments: dict[str, Json]) -> Turn:
        """Make one readable call of a shown tool of the domain: the ordinary turn, and fast."""
        world = self._open_world()
        self.turn += 1
        self._calls += 1
        before = world.revision
        repeated, unprovenanced = self._watch.call(name, arguments, before)
        weather, whole, fault = self._weather, None, None
        if weather is None:
            shown = self._engine.call(world, name, arguments)
        else:
            met = weather.call(self._engine, world, name, arguments)
            shown, whole, fault = met.result, met.whole, met.fault
        result = shown if whole is None else whole
        breaches = result.breaches
        if shown.breaches:
            shown = Result(data=shown.data)
        error = shown.error
        if error is not None:
            self.errors += 1
            if self._coach is not None:
                error = self._coach.tell(error, name, arguments, self._view, world)
                shown = Result(error=error)
        text = text_of(shown)
        wrote = world.revision != before
        flags = Flags()
        cut_off = len(text) > MAX_SHOWN
        if repeated or unprovenanced or cut_off:
            flags = Flags(repeated=repeated, unprovenanced=unprovenanced, truncated=cut_off)
        if fault is None and whole is None:
            self._log.append(
                Single(
                    self.turn,
                    self._calls,
                    name,
                    arguments,
                    text,
                    None if error is None else error.code,
                    world.digest() if wrote else None,
                    breaches,
                    flags.names if flags else (),
                )
            )
        else:
            call = Call(id=f"call_{self._calls}", name=name, arguments=arguments)
            self._log.append(Said(turn=self.turn, content="", calls=(call,), flags=flags.names))
            self._log.append(
                Answered(
                    turn=self.turn,
                    call=call,
                    text=text,
                    shown=min(len(text), MAX_SHOWN),
                    code=None if error is None else error.code,
                    digest=world.digest() if wrote else None,
                    breaches=breaches,
                    whole=None if whole is None else text_of(whole),
                    failed=whole is not None and not whole.ok,
                    fault=fault,
                )
            )
        if cut_off:
            text = cut(text, MAX_SHOWN)
        self._watch.told(text)
        notices = self._end_turn(world)
        return Turn(
            observation="\n".join([text, *notices]) if notices else text,
            results=(shown,),
            done=(Done(name, arguments, result, fault),),
            flags=flags,
            notices=notices,
            wrote=wrote,
        )

    def _perform(self, parsed: Parsed) -> Turn:
        world = self._open_world()
        self.turn += 1
        turn, first, began = self.turn, self._calls + 1, world.revision
        calls = tuple(
            self._record(attempt, f"call_{first + place}")
            for place, attempt in enumerate(parsed.calls)
        )
        self._calls += len(calls)
        at = len(self._log)
        self._log.append(
            Said(turn=turn, content=parsed.text, reasoning=parsed.reasoning, calls=calls)
        )
        results: list[Result] = []
        texts: list[str] = []
        done: list[Done] = []
        acts: list[Act] = []
        said: list[str] = []
        left = MAX_SHOWN
        repeated = unprovenanced = cut_off = False
        for place, (attempt, call) in enumerate(zip(parsed.calls, calls, strict=True)):
            before = world.revision
            if attempt.error is None:
                again, unknown = self._watch.call(attempt.name, attempt.arguments, before)
                repeated, unprovenanced = repeated or again, unprovenanced or unknown
            handed = self._one(attempt, world) if place < MAX_CALLS else _too_many(len(calls))
            self._memory = handed.memory or self._memory
            result = handed.result
            breaches = result.breaches
            if handed.whole_result is not None:
                breaches = handed.whole_result.breaches
            if result.breaches:
                result = Result(data=result.data)
            error = result.error
            if error is not None:
                self.errors += 1
                if self._coach is not None:
                    error = self._coach.tell(
                        error, attempt.name, attempt.arguments, self._view, world
                    )
                    result = Result(error=error)
            text = text_of(result)
            shown = min(len(text), left)
            left -= shown
            whole, deed = handed.whole_result, handed.deed
            self._log.append(
                Answered(
                    turn=turn,
                    call=call,
                    text=text,
                    shown=shown,
                    code=error.code if error else None,
                    digest=world.digest() if world.revision != before else None,
                    breaches=breaches,
                    deed=deed,
                    whole=handed.whole,
                    failed=whole is not None and not whole.ok,
                    fault=handed.fault,
                )
            )
            results.append(result)
            done.append(
                Done(
                    deed.tool if deed is not None else attempt.name,
                    deed.arguments if deed is not None else attempt.arguments,
                    result if whole is None else whole,
                    handed.fault,
                )
            )
            if handed.reply is not None:
                acts.extend(handed.reply.acts)
                said.append(attempt.arguments["question"])
            cut_off = cut_off or shown < len(text)
            texts.append(text if shown == len(text) else cut(text, shown))
            self._watch.told(texts[-1])
        flags = Flags(
            void=all(attempt.error is not None for attempt in parsed.calls),
            malformed=parsed.malformed,
            repeated=repeated,
            truncated=cut_off or len(calls) > MAX_CALLS,
            unprovenanced=unprovenanced,
        )
        if flags:
            self._log[at] = replace(self._log[at], flags=flags.names)
        wrote = world.revision != began
        notices = self._end_turn(world)
        shown_text = texts[0] if len(texts) == 1 else "[" + ",".join(texts) + "]"
        return Turn(
            observation="\n".join([shown_text, *notices]),
            results=tuple(results),
            done=tuple(done),
            flags=flags,
            acts=tuple(acts),
            notices=notices,
            wrote=wrote,
            said="\n".join(said),
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
            return clerk.call(
                self._engine, world, name, attempt.arguments, self._memory, self._weather
            )
        if kind == "tool" and self._weather is not None:
            met = self._weather.call(self._engine, world, name, attempt.arguments)
            whole = None if met.whole is None else text_of(met.whole)
            return Handed(result=met.result, whole=whole, whole_result=met.whole, fault=met.fault)
        result = self._engine.call(world, name, attempt.arguments)
        if kind == "tool" or result.error is not None:
            return Handed(result=result)
        given: dict[str, Json] = result.data
        if kind == "document":
            return self._view.look_up(name, given, self._memory)
        if kind == "ask":
            reply = self._heard(self._user.answer(given["question"]), world)
            if reply.leaves:
                self._end("user_stop")
            return Handed(result=Result(data={"reply": reply.text}), reply=reply)
        self.outcome = given["outcome"]
        self.reason = given.get("reason")
        self._answer = to_text(given.get("answer")).encode()
        self._end("conclude")
        return Handed(result=Result(data={"concluded": self.outcome}))

    def _heard(self, reply: Reply, world: World) -> Reply:
        """Do what the user's reply brings with it, and log it."""
        if reply.confirms:
            session = world.session
            world.session = replace(session, confirmed=session.confirmed + 1)
        said, calls, answered = [reply.text], list[Call](), list[Answered]()
        for deed_id in reply.deeds:
            deed, before = self._deeds[deed_id], world.revision
            result = self._engine.call(world, deed.tool, deed.arguments)
            call = Call(
                id=f"user_{len(self._log)}_{len(calls) + 1}",
                name=deed.tool,
                arguments=deed.arguments,
            )
            calls.append(call)
            text = text_of(Result(data=result.data) if result.ok else result)
            answered.append(
                Answered(
                    turn=self.turn,
                    call=call,
                    text=text,
                    shown=len(text),
                    code=None if result.error is None else result.error.code,
                    digest=world.digest() if world.revision != before else None,
                    user=True,
                )
            )
            said.append(self._user.did(deed_id, result))
        if calls:
            reply = replace(reply, text=" ".join(filter(None, said)))
        self._watch.told(reply.text)
        self._log.append(
            Said(
                turn=self.turn,
                content=reply.text,
                calls=tuple(calls) or None,
                user=True,
                acts=reply.acts,
                intent=self._user.wants,
            )
        )
        self._log.extend(answered)
        return reply

    def _end(self, termination: Termination) -> None:
        self.done = True
        self.termination = termination

    def _end_turn(self, world: World) -> tuple[str, ...]:
        """Let the clock move, and what is due happen; return what the agent is told of it."""
        world.tick()
        if self.turn >= self.max_turns and not self.done:
            self.truncated = True
            self._end("max_turns")
        return () if self.done else self._notice(world)

    def _notice(self, world: World) -> tuple[str, ...]:
        due: Sequence[Notice] = self._happenings.due(self.turn)
        if not due:
            return ()
        for notice in due:
            if notice.patch:
                self._ground = self._engine.happen(world, notice.patch, self._ground)
            if notice.text:
                self._log.append(Noticed(turn=self.turn, content=notice.text, kind=notice.kind))
                self._watch.told(notice.text)
        return tuple(notice.text for notice in due if notice.text)


def _fault(code: ErrorCode, message: str) -> Handed:
    return Handed(result=Result(error=Fault(code=code, message=message)))


def _too_many(count: int) -> Handed:
    return _fault(
        "limit_exceeded",
        f"Expected at most {MAX_CALLS} calls in one action, found {count}; "
        "this one was not made, send it in the next action.",
    )


def text_of(result: Result) -> str:
    """Write a result as it is shown."""
    return to_text(result.data) if result.error is None else to_text({"error": result.error})
