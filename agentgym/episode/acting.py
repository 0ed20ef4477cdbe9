"""Turns: what one action of the agent comes to, call by call.

In come actions that were read (`parse`); out goes the `Turn`, with a line in the log for all that
was sent, shown and said. Next: `play`.
"""

from __future__ import annotations

from msgspec.structs import replace

from agentgym.episode.clerk import Handed
from agentgym.episode.log import MAX_SHOWN, Answered, Said, Single, cut
from agentgym.episode.parse import MAX_CALLS, Attempt, Parsed
from agentgym.episode.scene import NOTHING, Scene, refused, text_of
from agentgym.episode.turn import Done, Turn
from agentgym.formats import Json
from agentgym.trajectory import Act, Call, Fault, Flags, Result
from agentgym.world.rows import World

__all__ = ["Acting"]


_RAISED = {
    (repeated, unprovenanced, truncated): Flags(
        repeated=repeated, unprovenanced=unprovenanced, truncated=truncated
    )
    for repeated in (False, True)
    for unprovenanced in (False, True)
    for truncated in (False, True)
}
_NAMES = {raised: flags.names for raised, flags in _RAISED.items()}


class Acting(Scene):
    """A scene on which an agent acts."""

    def _begin(self) -> World:
        """Begin a turn."""
        seat = self._seat
        world = seat.world if seat is not None and self.here else self._open_world()
        if self._unseen:
            self._look()
        self.turn += 1
        return world

    def _say(self, parsed: Parsed) -> Turn:
        world = self._begin()
        before = world.revision
        self._log.append(
            Said(turn=self.turn, content=parsed.text, reasoning=parsed.reasoning, calls=())
        )
        reply = self._heard(self._user.hear(parsed.text), world)
        if reply.ends:
            self.message = parsed.text
            self._end("user_stop" if reply.leaves else "agent_message")
        notices = self._end_turn(world)
        return Turn(
            observation="\n".join([reply.text, *notices]),
            results=(Result(data={"reply": reply.text}),),
            acts=reply.acts,
            notices=notices,
            wrote=world.revision != before,
            said=parsed.text,
        )

    def _quick(self, name: str, arguments: dict[str, Json]) -> Result:
        """Make such a call as `_single` does, for its result alone: the watch looks at it later."""
        world = self._open_world()
        self.turn += 1
        self._calls += 1
        before = world.revision
        shown = self._engine.call(world, name, arguments)
        breaches, error = shown.breaches, shown.error
        if breaches:
            shown = Result(data=shown.data)
        code = None
        if error is not None:
            self.errors += 1
            code = error.code
        digest = None if world.revision == before else world.digest()
        self._unseen.append((len(self._log), before, error))
        self._log.append(
            Single(self.turn, self._calls, name, arguments, text_of(shown), code, digest, breaches)
        )
        self._end_turn(world)
        return shown

    def _single(self, name: str, arguments: dict[str, Json]) -> Turn:
        """Make one readable call of a shown tool of the domain: the ordinary turn, and fast."""
        world = self._begin()
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
                whole = shown if whole is None else whole
                shown = Result(error=error)
        text = text_of(shown)
        wrote = world.revision != before
        raised = repeated, unprovenanced, len(text) > MAX_SHOWN
        all_text = None if whole is None else text_of(whole)
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
                _NAMES[raised],
                all_text,
                whole is not None and whole.error is not None,
                fault,
            )
        )
        done = Done(name, arguments, result, fault, text if whole is None else all_text)
        if raised[2]:
            text = cut(text, MAX_SHOWN)
        self._watch.came(text, error, fault)
        notices = self._end_turn(world)
        return Turn(
            observation="\n".join([text, *notices]) if notices else text,
            results=(shown,),
            done=(done,),
            flags=_RAISED[raised],
            notices=notices,
            wrote=wrote or (self._happenings is not NOTHING and world.revision != before),
        )

    def _perform(self, parsed: Parsed) -> Turn:
        world = self._begin()
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
                    handed, result, error = self._explained(handed, result, attempt, world)
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
                    handed.result if whole is None else whole,
                    handed.fault,
                    text if whole is None else handed.whole,
                )
            )
            if handed.reply is not None:
                acts.extend(handed.reply.acts)
                said.append(attempt.arguments["question"])
            cut_off = cut_off or shown < len(text)
            texts.append(text if shown == len(text) else cut(text, shown))
            if attempt.error is None and place < MAX_CALLS:
                self._watch.came(texts[-1], error, handed.fault)
        flags = Flags(
            void=all(attempt.error is not None for attempt in parsed.calls),
            malformed=parsed.malformed,
            repeated=repeated,
            truncated=cut_off or len(calls) > MAX_CALLS,
            unprovenanced=unprovenanced,
        )
        if flags:
            self._log[at] = replace(self._log[at], flags=flags.names)
        notices = self._end_turn(world)
        shown_text = texts[0] if len(texts) == 1 else "[" + ",".join(texts) + "]"
        return Turn(
            observation="\n".join([shown_text, *notices]),
            results=tuple(results),
            done=tuple(done),
            flags=flags,
            acts=tuple(acts),
            notices=notices,
            wrote=world.revision != began,
            said="\n".join(said),
        )

    def _explained(
        self, handed: Handed, result: Result, attempt: Attempt, world: World
    ) -> tuple[Handed, Result, Fault]:
        """Let the coach explain an error; trace and verdict keep it as it is."""
        error = result.error
        assert error is not None
        assert self._coach is not None
        if handed.whole_result is None:
            handed = replace(handed, whole=text_of(result), whole_result=result)
        error = self._coach.tell(error, attempt.name, attempt.arguments, self._view, world)
        return handed, Result(error=error), error

    def _record(self, attempt: Attempt, call_id: str) -> Call:
        error, raw = attempt.error, attempt.raw
        if error is None and attempt.name not in self._view.kinds:
            error = f"no tool is called {attempt.name!r}"
        return Call(
            id=call_id, name=attempt.name, arguments=attempt.arguments, raw=raw, parse_error=error
        )


def _too_many(count: int) -> Handed:
    return refused(
        "limit_exceeded",
        f"Expected at most {MAX_CALLS} calls in one action, found {count}; "
        "this one was not made, send it in the next action.",
    )
