"""The scene of an episode: all that is on it, and how it moves on.

World, user, faults, flags and log stand here together, so that one call, one word to the user or
one thing that happens by itself moves them all. Goal, gold and verifier are not on it.
Next: `acting`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from msgspec.structs import replace

from agentgym.episode.clerk import Handed, Memory
from agentgym.episode.faults import Weather
from agentgym.episode.feedback import Coach
from agentgym.episode.flags import Watch
from agentgym.episode.happenings import NOTHING, Happenings
from agentgym.episode.log import MAX_SHOWN, Answered, Line, Noticed, Said, Single, cut
from agentgym.episode.moment import Moment, StateKey, deeds_key, full, seen
from agentgym.episode.parse import Attempt
from agentgym.episode.seat import Seat
from agentgym.episode.turn import ENDED
from agentgym.episode.view import View
from agentgym.errors import nearest
from agentgym.formats import Json, to_text
from agentgym.tasks import Notice, UserDeed
from agentgym.tasks.deeds import arguments
from agentgym.trajectory import Act, Call, ErrorCode, Failure, Fault, Flags, Result
from agentgym.users import Reply, User
from agentgym.world.compile import Engine
from agentgym.world.rows import Snapshot, World

__all__ = ["NOTHING", "Scene", "Termination", "refused", "text_of"]

Termination = Literal[
    "", "agent_message", "conclude", "user_stop", "max_turns", "budget", "exception"
]

_FORKED = ("_user", "_watch", "_weather", "_coach")
"""What of a scene changes in place; everything else is replaced."""
_APART = frozenset({"_seat", "here", "kept", "_log", "_unseen", *_FORKED})


class Scene:
    """What is on in one episode.

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
        self.given = 0
        """Turns that were played before the agent's first, on its behalf."""
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
        self._unseen: list[tuple[int, int, Fault | None]] = []
        """Calls that the watch has not looked at yet: line of the log, revision before, error."""
        self._watch.told(user.opening)
        self._first = self._notice(world)

    def __repr__(self) -> str:
        state = "done" if self.done else f"turn {self.turn} of {self.max_turns}"
        return f"<Episode {self.task_id}: {state}>"

    def _open_seat(self) -> Seat:
        seat = self._seat
        if seat is None:
            raise ValueError(f"{self!r} is closed: nothing of its world is left")
        return seat

    def _open_world(self) -> World:
        seat = self._open_seat()
        return seat.world if self.here else seat.take(self)

    def _hold(self) -> dict[str, Any]:
        """Return all but world and seat, so that nothing that comes changes it."""
        self._look()
        held = {name: part for name, part in self.__dict__.items() if name not in _APART}
        held["_log"], held["_unseen"] = self._log.copy(), []
        for name in _FORKED:
            part = getattr(self, name)
            held[name] = None if part is None else part.fork()
        return held

    def _moment(self) -> Moment:
        seat = self._open_seat()
        rows = seat.world.snapshot() if self.here else self.kept
        assert rows is not None
        return Moment(rows, self._hold())

    def _become(self, moment: Moment) -> None:
        """Be as one was at a moment; the world follows with the next turn."""
        self.__dict__.update(moment.state)
        self._log, self._unseen = self._log.copy(), []
        for name in _FORKED:
            part = moment.state[name]
            setattr(self, name, None if part is None else part.fork())
        self.here, self.kept = False, moment.rows

    def _key(self) -> StateKey:
        world, ground = self._open_world(), self._ground
        self._look()
        return StateKey(
            seen(self._log),
            full(
                [
                    self.task_id,
                    self.max_turns - self.turn,
                    self._view.key,
                    world.digest(),
                    None if ground is None else ground.digest,
                    world.turns,
                    world.counters,
                    world.session,
                    world.revision,
                    self.done and (self.truncated, self.termination),
                    (self.outcome, self.reason, self.message, self._answer.decode()),
                    self.failure,
                    self._memory,
                    self._happenings.to_come(self.turn),
                    self._user.state(),
                    self._watch.state(),
                    None if self._weather is None else self._weather.state(),
                    None if self._coach is None else self._coach.state(),
                    deeds_key(self._log),
                ]
            ),
        )

    def _one(self, attempt: Attempt, world: World) -> Handed:
        if self.done:
            return Handed(result=ENDED)
        if attempt.error is not None:
            self.malformed += 1
            return refused("bad_arguments", f"Not a call: {attempt.error}.")
        name, kinds = attempt.name, self._view.kinds
        kind = kinds.get(name)
        if kind is None:
            return refused("unknown_tool", f"There is no tool {name!r}; {nearest(name, kinds)}")
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
            given = arguments(deed, reply.told, self._engine.domain)
            if given is None:
                continue  # they do not know yet what to do it with
            result = self._engine.call(world, deed.tool, given)
            call = Call(
                id=f"user_{len(self._log)}_{len(calls) + 1}",
                name=deed.tool,
                arguments=given,
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
        if self._weather is not None:
            self._weather.heard(reply.acts)
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

    def _look(self) -> None:
        """Let the watch look at calls whose flags nobody has asked for so far."""
        if not self._unseen:
            return
        unseen, self._unseen = self._unseen, []
        for at, revision, error in unseen:
            line = self._log[at]
            assert isinstance(line, Single)
            repeated, unprovenanced = self._watch.call(line.name, line.arguments, revision)
            text, cut_off = line.text, len(line.text) > MAX_SHOWN
            self._watch.came(cut(text, MAX_SHOWN) if cut_off else text, error, None)
            if repeated or unprovenanced or cut_off:
                flags = Flags(repeated=repeated, unprovenanced=unprovenanced, truncated=cut_off)
                self._log[at] = replace(line, flags=flags.names)

    def _end(self, termination: Termination) -> None:
        self.done = True
        self.termination = termination

    def _end_turn(self, world: World) -> tuple[str, ...]:
        """Let the clock move, and what is due happen; return what the agent is told of it."""
        world.tick()
        if self.turn >= self.max_turns and not self.done:
            self.truncated = True
            self._end("max_turns")
        if self._happenings is NOTHING or self.done:
            return ()
        return self._notice(world)

    def _notice(self, world: World) -> tuple[str, ...]:
        """Let happen what is due; return what the agent is told of it."""
        due: Sequence[Notice] = self._happenings.due(self.turn)
        if not due:
            return ()
        told = []
        for notice in due:
            if notice.patch:
                ground = self._engine.happen(world, notice.patch, self._ground)
                if ground is self._ground:
                    continue
                self._ground = ground
            if notice.text:
                self._log.append(Noticed(turn=self.turn, content=notice.text, kind=notice.kind))
                self._look()
                self._watch.told(notice.text)
                told.append(notice.text)
        return tuple(told)


def refused(code: ErrorCode, message: str) -> Handed:
    """Return what comes of a call that is refused here."""
    return Handed(result=Result(error=Fault(code=code, message=message)))


def text_of(result: Result) -> str:
    """Write a result as it is shown."""
    return to_text(result.data) if result.error is None else to_text({"error": result.error})
