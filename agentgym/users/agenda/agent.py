"""A user without a language model: an agenda of facts and goals, and rules for when to tell them.

In comes what the agent says; out goes a `Reply`, which depends on nothing else than the script,
the profile, the seed, the place in the dialogue and the words heard. Next: `episode`.
"""

from __future__ import annotations

import re

from agentgym.schema import Schema
from agentgym.tasks import UserScript
from agentgym.trajectory import Act, Result
from agentgym.users.agenda.alignment import fits
from agentgym.users.agenda.behaviours import Scene, act_out
from agentgym.users.agenda.decide import decide
from agentgym.users.agenda.knowledge import Knowledge
from agentgym.users.agenda.moves import TELLING, Move
from agentgym.users.agenda.place import Draft, Place, Tally
from agentgym.users.agenda.speech import Speech, acts
from agentgym.users.profile import PLAIN, Profile
from agentgym.users.user import Reply, Report

__all__ = ["Agenda", "agreed"]

_YES = re.compile(r"\W*(?:[^\W\d_]+, )?yes\b", re.IGNORECASE)
_SHOWN = 200
"""Characters of an error that the user repeats."""


def agreed(text: str) -> bool:
    """Tell whether a reply of an `Agenda` says yes to going on."""
    return _YES.match(text) is not None


class Agenda:
    """A user who follows a script.

    Every value that they utter is a fact of the script, told because it was asked for, because it
    was said wrongly, or because a message fitted none of them (so that a dialogue always gets on);
    or, with the behaviour `contradicting`, one near to it that is put right with the next reply.
    Facts are told by acts: the acts of a reply say which. Some have a way of their own: what is
    hidden is told to who asks for it, or which one is meant, or names another one, and is never
    brought up; what is private is told to nobody; what the user comes to want is said in the words
    of the script.

    Args:
        script: What the user knows and wants.
        schema: Where the labels of its facts stand.
        profile: How they behave.
        seed: Of their words, and of the chances of their habits.
        knowledge: The same of this script and schema, prepared before.
    """

    __slots__ = ("_known", "_place", "_profile", "_seed", "_speech", "_tally")

    def __init__(
        self,
        script: UserScript,
        schema: Schema,
        profile: Profile = PLAIN,
        *,
        seed: int = 0,
        knowledge: Knowledge | None = None,
    ) -> None:
        self._known = Knowledge(script, schema) if knowledge is None else knowledge
        self._profile = profile
        self._seed = seed
        self._speech = Speech(profile, seed)
        self._place = Place(self._known.first)
        self._tally = Tally()

    @property
    def opening(self) -> str:
        """The first message: what the user wants."""
        return self._known.script.opening

    @property
    def profile(self) -> Profile:
        """How they behave."""
        return self._profile

    @property
    def told(self) -> frozenset[str]:
        """Ids of the facts that the agent has heard."""
        return self._place.told

    @property
    def held_back(self) -> tuple[str, ...]:
        """Ids of the facts that the agent has not heard yet, in order, hidden ones too."""
        return tuple(i for i in self._known.keys if i not in self._place.told)

    @property
    def due(self) -> tuple[str, ...]:
        """Ids of the facts that the agent knows of, and has not heard, in order."""
        place = self._place
        return tuple(i for i in self._known.announced[place.turns] if i not in place.told)

    @property
    def wants(self) -> tuple[str, ...]:
        """Ids of the plan's writes and emits that are wanted now."""
        return self._known.wants[self._place.turns]

    def fork(self) -> Agenda:
        """Return an independent copy in the same state."""
        other = Agenda.__new__(Agenda)
        other._known, other._profile, other._seed = self._known, self._profile, self._seed  # noqa: SLF001
        other._speech, other._place, other._tally = self._speech, self._place, self._tally  # noqa: SLF001
        return other

    def state(self) -> tuple[object, ...]:
        """Return all that the answers from here on depend on."""
        place, profile = self._place, self._profile
        if profile is PLAIN:
            return (*place._replace(replies=0), "", 0, 0)
        return (*place, profile.text(), self._seed, self._tally.messages)

    def report(self) -> Report:
        """Say how the conversation went so far."""
        place, tally, due = self._place, self._tally, self._known.due
        return Report(
            turns=tally.messages,
            due=len(due),
            told=sum(i in place.told for i in due),
            wasted=tally.wasted,
            aligned=tally.fitting / tally.messages if tally.messages else 1.0,
            mood=self._mood(),
            left=place.left,
        )

    def answer(self, question: str) -> Reply:
        """Answer a question that was put by a tool; it ends the conversation only by leaving.

        Args:
            question: What the agent asks, in any words.
        """
        return self._reply(question, tool=True)

    def hear(self, message: str) -> Reply:
        """React to a message: answer it if it is a question, else take it as the last word.

        A message that only greets or promises work is acknowledged, one that cannot be made out
        is no last word either. One that claims the end while something that the agent needs is
        untold is answered by asking for questions, and then by telling it; one before a turn of
        the script with that turn. Hidden facts keep nobody from ending.

        Args:
            message: What the agent says, in any words.
        """
        return self._reply(message, tool=False)

    def did(self, deed: str, result: Result) -> str:
        """Hear what came of a deed, and say so."""
        if result.ok:
            self._place = self._place._replace(done=self._place.done | {deed})
            return "Done."
        assert result.error is not None
        message = result.error.message[:_SHOWN]
        low = message.casefold()
        if any(secret in low for secret in self._known.secrets):
            return "That did not work."
        return f"That did not work: {message}"

    def _mood(self) -> float:
        """Return how content they are: less with every bit of patience that is gone."""
        place, profile = self._place, self._profile
        if place.left:
            return 0.0
        if profile.patience is None:
            return profile.mood / (1 + place.spent / PLAIN_PATIENCE)
        return profile.mood * max(0.0, 1 - place.spent / profile.patience)

    def _reply(self, message: str, *, tool: bool) -> Reply:
        known, profile, before, tally = self._known, self._profile, self._place, self._tally
        if before.left:
            return self._leave(before)
        draft = Draft(before)
        found = decide(known, draft, profile, message, tool=tool)
        moves, wasted = found.moves, not found.useful and not found.ends
        if wasted:
            weight = 1 + found.rude
            draft.spent += 2 * weight if "impatient" in profile.behaviours else weight
        elif draft.spent and not draft.idle:
            draft.spent -= 1
        messages = tally.messages + 1
        if profile.patience is not None and draft.spent >= profile.patience:
            # What would have been said is not: nothing of it has happened.
            draft = Draft(before._replace(spent=draft.spent, left=True))
            reply = self._leave(before)
        else:
            if wasted and profile.patience is not None and 2 * draft.spent > profile.patience:
                moves = [*moves, Move("warn")]
            if profile.behaviours or profile.disclosure is not None:
                moves = act_out(moves, Scene(known, profile, self._seed, draft, messages))
            told = frozenset(i for move in moves if move.kind in TELLING for i in move.facts)
            draft.told |= told
            reply = Reply(
                text=self._speech.say(moves, known, before.replies),
                acts=acts(moves),
                ends=found.ends,
                confirms=found.confirms,
                deeds=found.deeds,
                told=found.told,
            )
        draft.replies += 1
        self._place = after = draft.place()
        self._tally = Tally(
            messages,
            tally.wasted + wasted,
            tally.fitting + fits(known, profile, before, after, reply),
        )
        return reply

    def _leave(self, place: Place) -> Reply:
        text = self._speech.say([Move("leave")], self._known, place.replies)
        return Reply(text=text, acts=(Act(kind="leave"),), ends=True, leaves=True)


PLAIN_PATIENCE = 12
"""By which the mood of somebody falls who never leaves."""
