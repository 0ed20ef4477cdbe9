"""What the user does about a message: corrects, tells, agrees, changes their mind, asks, ends.

In come a message and where the dialogue stands; out goes a `Decision`: moves, and whether the
message was of any use. Priority: what is false about the facts is put right, what is asked for is
told, what is asked to be done is agreed to or done, the next turn of the script is said, what is
still to be told is told; only when nothing of that is left the user is content. Habits come after
(`behaviours`), and so do the words (`speech`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from agentgym.tasks import Turn, deeds
from agentgym.users import hearing
from agentgym.users.agenda.asking import (
    asked,
    general,
    kept_private,
    meaning_of,
    meant,
    names,
    refers,
    without_closer,
)
from agentgym.users.agenda.claims import Claims, Reading, claims
from agentgym.users.agenda.knowledge import Knowledge
from agentgym.users.agenda.moves import TELLING, Move
from agentgym.users.agenda.place import Draft
from agentgym.users.agenda.proposals import unwanted
from agentgym.users.profile import Profile

__all__ = ["FLOOD", "Decision", "decide"]

FLOOD = 20_000
"""Characters beyond which nobody reads a message."""
_READ = 2_400
"""Characters of a message that are looked at: its beginning and its end."""
_KEPT = 400
_GREETINGS, _PROMISES = 2, 5
"""How many in a row are no waste of time."""
_FILLERS = frozenset(
    "unknown all_told no_more nudge catch thanks hello go_on noted perhaps".split()
)
"""Moves that say nothing where there is something else to say."""
_COMMON = hearing.STOP | frozenset(
    "not no yes ok okay done been set changed updated found thanks hello sorry all now new more "
    "because but into than then there about up out only other good well after before next".split()
)
_LISTS = re.compile(r":\W*\Z|\b(?:following|below)\b", re.IGNORECASE)
_PIECE = re.compile(r"[,;|\n•]+")
_MANY = 5
_LONGEST_WORD = 60


class Decision(NamedTuple):
    """What is done about a message."""

    moves: list[Move]
    useful: bool = True
    """Whether the message got on, asked for something, or said that work goes on."""
    ends: bool = False
    confirms: bool = False
    rude: bool = False
    deeds: tuple[str, ...] = ()
    told: tuple[tuple[str, str], ...] = ()


def decide(
    knowledge: Knowledge, draft: Draft, profile: Profile, message: str, *, tool: bool
) -> Decision:
    """Decide what to do about a message; the draft is changed as far as turns go.

    Args:
        knowledge: What the user knows.
        draft: Where the dialogue stands.
        profile: How they say yes.
        message: What the agent says.
        tool: Whether it was put by a tool: then it is a question, and nothing ends with it.
    """
    if len(message) > FLOOD:
        return Decision([Move("shorter")], useful=False)
    text = message
    if len(text) > _READ:
        text = f"{text[: _READ // 2]}\n{text[-_READ // 2 :]}"
    text = hearing.ungrouped(text)
    first = _overdue(knowledge, draft)
    rude = hearing.insults(text)
    found = _Hearing(knowledge, draft, profile, text, tool=tool).decide()
    moves, confirms = found.moves, found.confirms
    if first:
        there = {i for move in first for i in move.facts}
        moves = [*first, *_without(moves, there)]
        if any(move.kind == "mend" for move in first):
            # What was agreed to may rest on what was wrong.
            moves, confirms = [move for move in moves if move.kind != "yes"], False
        found = found._replace(useful=True, ends=False)
    ends = found.ends
    if rude:
        # No insult is a last word, unless it says that the work is done.
        ends = ends and hearing.claims_end(text)
        moves = [move for move in moves if ends or move.kind not in _FILLERS]
        moves = [*moves, Move("rude")]
    return found._replace(
        moves=moves, ends=ends, confirms=confirms, rude=rude, useful=found.useful and not rude
    )


def _overdue(knowledge: Knowledge, draft: Draft) -> list[Move]:
    """Return what has to be said first: what was wrong, and what was cut off."""
    held = knowledge.held[draft.turns]
    slips = tuple(i for i in draft.slips if i in held)
    owed = tuple(i for i in draft.owed if i in held and i not in slips and i not in draft.told)
    draft.slips = draft.owed = ()
    moves = [Move("mend", slips)] if slips else []
    if owed:
        moves.append(Move("resend", owed))
    return moves


def _without(moves: Sequence[Move], there: set[str]) -> list[Move]:
    """Leave out of moves the facts that are told already, and what says nothing."""
    found = []
    for move in moves:
        if move.kind in _FILLERS or move.kind == "more":
            continue
        if move.kind in TELLING and move.facts:
            left = tuple(i for i in move.facts if i not in there)
            if left:
                found.append(move._replace(facts=left))
            continue
        found.append(move)
    return found


class _Hearing:
    """One message, as one user hears it."""

    def __init__(
        self, knowledge: Knowledge, draft: Draft, profile: Profile, text: str, *, tool: bool
    ) -> None:
        self.known = knowledge
        self.draft = draft
        self.profile = profile
        self.written = text
        """As it was written; `text`: as it is read."""
        self.text = text = hearing.spelled_out(text)
        self.tool = tool
        self.words = hearing.raw_words(text)
        self.lines = hearing.sentences(text)
        self.keys = knowledge.held[draft.turns]
        told = draft.told
        self.announced = [i for i in knowledge.announced[draft.turns] if i not in told]
        self.hidden = [i for i in knowledge.hidden if i in self.keys and i not in told]
        turns = knowledge.turns
        self.turn: Turn | None = turns[draft.turns] if draft.turns < len(turns) else None

    def decide(self) -> Decision:
        if self.known.script.deeds:
            done = self._asked_to_act()
            if done is not None:
                return done
        lines = self.lines
        opened = [one for one in lines if self._opens(one)]
        if any(_LISTS.search(one) for one in opened):
            opened = [one for one in lines if not hearing.greets(one) and not hearing.closes(one)]
        if self.tool or opened:
            if self._makes_no_sense():
                return Decision([Move("catch")], useful=False)
            self.draft.idle = 0
            question = self.text if self.tool else " ".join(opened)
            strange = unwanted(lines, self.known)
            if strange and not self._claims(opened or lines).wrong:
                return self._declined(strange, [one for one in opened if one not in strange])
            return self._answer(question, opened or lines)
        return self._remark(lines)

    def _opens(self, sentence: str) -> bool:
        """Tell whether a sentence of a message wants to be answered."""
        if self.hidden and (hearing.unsure(sentence) or hearing.what_to_do(sentence)):
            return True
        if hearing.closes(sentence) or hearing.greets(sentence):
            return False
        if hearing.is_question(sentence):
            return True
        return not (
            hearing.promises(sentence)
            or hearing.claims_end(sentence)
            or not names(sentence, [*self.announced, *self.hidden], self.known)
            or hearing.values(sentence)
        )

    def _makes_no_sense(self) -> bool:
        """Tell whether a message has many words and none that anybody would use here."""
        words = self.words
        if hearing.garbled(self.written):
            return True
        if not words:
            return False
        if words & _COMMON or words & self.known.vocabulary.known:
            return False
        if any(len(word) > _LONGEST_WORD for word in words):
            return True
        return any(
            len(piece.split()) >= _MANY and not any(c.isdigit() for c in piece)
            for piece in _PIECE.split(self.text)
        )

    # deeds

    def _asked_to_act(self) -> Decision | None:
        """Do what only the user can do, if that is what is asked for."""
        script, draft = self.known.script, self.draft
        heard = deeds.hear(self.written, script)
        if not heard.deeds and draft.awaiting:
            whole = deeds.hear(f"{draft.awaiting} {self.written}", script)
            heard = whole if whole.deeds else heard
        due = tuple(one for one in heard.deeds if one not in draft.done)
        if due:
            draft.awaiting, draft.idle = "", 0
            needed = {need for one in script.deeds if one.id in due for need in one.needs}
            return Decision(
                [Move("do", deed=one) for one in due],
                deeds=due,
                told=tuple(pair for pair in heard.told if pair[0] in needed),
            )
        if heard.missing:
            missing = tuple(i for i in heard.missing if i in self.known.unknown)
            draft.awaiting = f"{draft.awaiting} {self.written}".strip()[-_KEPT:]
            new = draft.once(f"need:{'+'.join(missing)}:{len(draft.awaiting)}")
            return Decision([Move("need", missing)], useful=new)
        if heard.deeds or (draft.done and hearing.did_it(self.text)):
            return Decision([Move("already")], useful=draft.once("did it"))
        return None

    # questions

    def _declined(self, strange: Sequence[str], others: list[str]) -> Decision:
        """Say no to what nobody asked for, and answer what else is asked."""
        no = Move("decline")
        first = self.draft.once(f"declined:{' '.join(strange)[:80]}")
        others = [one for one in others if not hearing.assents(one, hearing.CONFIRM)]
        if not others:
            return Decision([no], useful=first)
        rest = self._answer(" ".join(others), others)
        moves = [move for move in rest.moves if move.kind not in ("yes", "no", *_FILLERS)]
        return rest._replace(moves=[no, *moves], confirms=False)

    def _answer(self, question: str, lines: list[str]) -> Decision:
        known, draft, keys = self.known, self.draft, self.keys
        heard = self.text
        term = meaning_of(heard, known)
        if term and not meant(heard, keys, known, draft.told):
            return Decision([Move("meaning", (term,))], useful=draft.once(f"meaning:{term}"))
        which = meant(heard, keys, known, draft.told)
        found = asked(question, keys, known, draft.told)
        if which:
            found = [i for i in keys if i in which or (i in found and i not in known.first)]
        private = kept_private(question, found, known)
        said = self._claims(lines)
        # "Please confirm your phone number" asks for a fact, and no more than that.
        closer = hearing.closes(question)
        wish = without_closer(question) if closer else question
        agrees = hearing.assents(wish, hearing.ASSENT if found else hearing.CONFIRM)
        agrees = agrees and not which and not (found and hearing.opens_with_w(question))
        agrees = agrees and not hearing.what_to_do(question) and not private
        right = () if said.wrong or which else said.right
        if right:
            agrees, found = False, [i for i in found if i not in right]
        lead: list[Move] = []
        unfit = not (found or agrees or right or private or said.wrong)
        if unfit:
            found = list(known.identity) if hearing.who(question) else []
            if not found and refers(question):
                found = [i for i in asked(heard, keys, known, draft.told) if i not in known.first]
            if not found:
                found = self.announced[:1]
                lead = [Move("more" if closer else "perhaps")] * bool(found)
        turn = self.turn
        if turn is not None and (turn.when == "answer" or closer or (unfit and not found)):
            return self._turned(turn, lead, found, said.wrong, private)
        if said.wrong:
            rest = tuple(i for i in found if i not in said.wrong)
            new = [draft.once(f"denied:{i}") for i in said.wrong]
            moves = [Move("no", said.wrong), Move("correct", said.wrong), *_telling(rest)]
            return Decision(moves, useful=any(new) or self._new(rest))
        if agrees:
            return self._agreed(question, found)
        moves = [*lead, *([Move("right", right)] if right else []), *_telling(found)]
        moves += [Move("withhold", tuple(private))] * bool(private)
        if moves:
            again = [draft.once(f"again:{i}") for i in (*right, *private, *found)]
            confirms = False
            return Decision(
                moves, useful=self._new((*right, *found)) or any(again), confirms=confirms
            )
        if closer:
            return Decision([Move("no_more")], useful=draft.once("no more"))
        return Decision([Move("all_told" if general(question) else "unknown")], useful=False)

    def _claims(self, asking: Sequence[str]) -> Claims:
        known, draft = self.known, self.draft
        reading = Reading(self.text, self.words, self.lines, asking)
        return claims(reading, self.keys, known.stale[draft.turns], known, draft.told)

    def _turned(
        self,
        turn: Turn,
        lead: list[Move],
        found: list[str],
        wrong: Sequence[str],
        private: Sequence[str],
    ) -> Decision:
        """Say the next turn of the script with what was asked for; there is no yes in it.

        A yes would be to what the user no longer wants.
        """
        gone = {*turn.facts, *turn.replaces}
        wrong = tuple(i for i in wrong if i not in gone)
        moves = [*lead, *([Move("no", wrong), Move("correct", wrong)] if wrong else [])]
        moves += _telling([i for i in found if i not in gone and i not in wrong])
        moves += [Move("withhold", tuple(private))] * bool(private)
        self.draft.turns += 1
        self.draft.told |= frozenset(turn.facts)
        return Decision([*moves, Move("turn", turn.facts, turn.text)])

    def _agreed(self, question: str, found: list[str]) -> Decision:
        """Say yes to going on, unless the user wants to hear more first."""
        known, draft, policy = self.known, self.draft, self.profile.confirm
        if known.script.standing and hearing.reports(question):
            return Decision([Move("all_told")], useful=draft.once("standing"))
        if policy == "careful" and not hearing.raw_words(question) & known.vocabulary.known:
            if draft.once("careful"):
                return Decision([Move("what_exactly")])
        if policy == "reluctant" and draft.once(f"sure:{' '.join(question.split())[:80]}"):
            return Decision([Move("sure")])
        shift = known.script.shift
        later = () if shift is None or not draft.turns else shift.facts
        again = [i for i in later if i in self.keys and i not in found]
        moves = [Move("yes"), *_telling([*again, *found])]
        return Decision(moves, confirms=hearing.confirming(question))

    def _new(self, facts: Sequence[str]) -> bool:
        return any(i not in self.draft.told for i in facts)

    # statements

    def _remark(self, lines: list[str]) -> Decision:
        draft, known = self.draft, self.known
        if not self.words or self._makes_no_sense():
            return Decision([Move("catch")], useful=False)
        if "other" in draft.marks and hearing.refuses(self.text):
            if not hearing.claims_end(self.text) and draft.once("refused"):
                return Decision([Move("never_mind")])
        if all(map(hearing.greets, lines)):
            draft.idle += 1
            return Decision([Move("hello")], useful=draft.idle <= _GREETINGS)
        if all(hearing.promises(one) or hearing.greets(one) for one in lines):
            draft.idle += 1
            return Decision([Move("go_on")], useful=draft.idle <= _PROMISES)
        turn = self.turn
        if turn is None or self.announced:
            said = self._claims(())
            wrong = tuple(i for i in said.wrong if draft.once(f"said:{i}"))
            if wrong:
                new = self._new(wrong)
                return Decision([Move("no", wrong), Move("correct", wrong)], useful=new)
        if self.announced:
            return self._unfinished(lines)
        if known.script.standing:
            draft.idle += 1
            return Decision([Move("noted")], useful=draft.idle <= _PROMISES)
        if turn is not None:
            draft.idle = 0
            return self._turned(turn, [], [], (), ())
        return Decision([Move("thanks")], ends=True)

    def _unfinished(self, lines: list[str]) -> Decision:
        """Keep the conversation open: something that the agent knows of is untold.

        Who says a second time that they are done, or asks if there is more, is told it.
        """
        draft = self.draft
        asks = any(map(hearing.closes, lines))
        if asks and self.turn is not None:
            return self._turned(self.turn, [Move("more")], self.announced[:1], (), ())
        if asks:
            draft.idle = 0
            return Decision([Move("more"), *_telling(self.announced[:1])])
        draft.idle += 1
        useful = hearing.goes_on(self.text) and draft.idle <= _PROMISES
        if draft.once(f"nudged:{self.announced[0]}"):
            return Decision([Move("nudge")], useful=useful)
        return Decision([Move("more"), *_telling(self.announced[:1])], useful=useful)


def _telling(facts: Sequence[str]) -> list[Move]:
    return [Move("inform", (i,)) for i in facts]
