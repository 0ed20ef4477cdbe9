"""A user without a language model: an agenda of facts, and rules for when to tell them.

In comes what the agent says; out goes a `Reply`, which depends on nothing else than the
script, the facts told so far and the words heard. Every value that it utters is a fact
of the script, told because it was asked for, or because a question fitted none of them
(so that a dialogue always gets on). Two kinds of fact have a way of their own: what is hidden
is told to who asks for it or which one is meant, and is never brought up; a change of mind
comes with the first answer. Next: `episode`.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Collection
from decimal import Decimal

from agentgym.errors import SchemaError
from agentgym.formats import Json, to_text
from agentgym.plan import Fact
from agentgym.schema import Schema
from agentgym.tasks import Turn, UserScript
from agentgym.trajectory import Result
from agentgym.users import hearing
from agentgym.users.hearing import confirming, raw_words, words
from agentgym.users.user import Reply, Report

__all__ = ["Agenda", "confirming", "spoken"]

_PLURAL = re.compile(r"[^su]s$", re.IGNORECASE)
_MINE = "my "
"""How the name of a fact begins that tells who the user is."""


class Agenda:
    """A user who follows a script.

    Args:
        script: What the user knows and wants.
        schema: Where the labels of its facts stand.
    """

    __slots__ = ("_keys", "_script", "_told", "_turned")

    def __init__(self, script: UserScript, schema: Schema) -> None:
        self._script = script
        self._keys = {fact.id: _Key(fact, script, schema) for fact in script.facts}
        self._told = frozenset(f.id for f in script.facts if f.exposure == "instruction")
        self._turned = False

    @property
    def opening(self) -> str:
        """The first message: what the user wants."""
        return self._script.opening

    @property
    def told(self) -> frozenset[str]:
        """Ids of the facts that the agent has heard."""
        return self._told

    @property
    def held_back(self) -> tuple[str, ...]:
        """Ids of the facts that the agent has not heard yet, in order, hidden ones too."""
        return tuple(fact.id for fact in self._script.facts if fact.id not in self._told)

    @property
    def wants(self) -> tuple[str, ...]:
        """Ids of the plan's writes and emits that are wanted now."""
        turn = self._script.shift
        return (
            turn.wants if turn is not None and self._turned and turn.wants else self._script.wants
        )

    def fork(self) -> Agenda:
        """Return an independent copy in the same state."""
        return copy.copy(self)

    def state(self) -> tuple[object, ...]:
        """Return all that the answers from here on depend on."""
        return self._told, self._turned

    def report(self) -> Report:
        """Say how the conversation went so far."""
        due = [fact.id for fact in self._script.facts if fact.exposure != "instruction"]
        return Report(due=len(due), told=sum(fact_id in self._told for fact_id in due))

    def did(self, deed: str, result: Result) -> str:
        """Hear what came of a deed."""
        return "Done." if result.ok else "That did not work."

    def answer(self, question: str) -> Reply:
        """Answer a question; never ends the conversation.

        A change of mind that is still to come is part of the answer, whatever was asked; then
        there is no yes in it, since that would be to what the user no longer wants.

        Args:
            question: What the agent asks, in any words.
        """
        return self._answer(question, question)

    def hear(self, message: str) -> Reply:
        """React to a message: answer it if it is a question, else take it as the last word.

        A message that only greets or promises work is acknowledged, one without a word is
        no last word either. One that claims the end while
        something that the agent needs is untold is answered by asking for questions, or with
        the change of mind that is still to come. Hidden facts keep nobody from ending.
        """
        sentences = hearing.SENTENCE.findall(message)
        open_ones = [s for s in sentences if self._opens(s)]
        if open_ones:
            return self._answer(" ".join(open_ones), message)
        if self._announced():
            if any(hearing.CLOSER.search(sentence) for sentence in sentences):
                return self._answer(message, message)
            return Reply(
                text="There is something that I have not told you yet. Please ask me what you need."
            )
        if not raw_words(message):
            return Reply(text="I did not catch that. Please go on.")
        if sentences and all(map(hearing.greets, sentences)):
            return Reply(text="Hello. You have my request; please go on.")
        if sentences and all(map(hearing.promises, sentences)):
            return Reply(text="All right, please do.")
        turn = self._turn()
        if turn is not None:
            return Reply(text=turn.text)
        return Reply(text="Thank you, that is all.", ends=True)

    def _answer(self, question: str, heard: str) -> Reply:
        meant = self._meant(heard)
        asked = self._asked(question)
        if meant:
            asked = [f for f in self._keys if f in meant or (f in asked and self._kept(f))]
        # "Please confirm your phone number" asks for a fact, and no more than that.
        agrees = (hearing.ASSENT if asked else hearing.CONFIRM).search(question) is not None
        agrees = agrees and not meant and not (asked and hearing.opens_with_w(question))
        lead: list[str] = []
        if not asked and not agrees:
            asked = self._mine() if hearing.who(question) else []
            if not asked:
                asked = list(self._announced()[:1])
                lead = ["Yes, one more thing."] * bool(asked and hearing.CLOSER.search(question))
        turn = self._turn()
        if turn is not None:
            parts = [self._tell(f) for f in asked if f not in (*turn.facts, *turn.replaces)]
            return Reply(text=" ".join([*lead, *parts, turn.text]))
        if agrees:
            lead = ["Yes, please go ahead with what I asked for.", *self._later(asked)]
        parts = [*lead, *(self._tell(fact_id) for fact_id in asked)]
        if parts:
            return Reply(text=" ".join(parts), confirms=agrees and confirming(question))
        if hearing.CLOSER.search(question):
            return Reply(text="No, thank you, that is all.")
        return Reply(text="I do not know that. Please go by what I have told you.")

    def _opens(self, sentence: str) -> bool:
        """Tell whether a sentence of a message wants to be answered."""
        if hearing.unsure(sentence) and any(map(self._hidden, self.held_back)):
            return True
        return hearing.is_question(sentence) and hearing.CLOSER.search(sentence) is None

    def _turn(self) -> Turn | None:
        """Change the mind, if that is still to come: what is said then, and from there on known."""
        turn = self._script.shift
        if turn is None or self._turned:
            return None
        self._turned = True
        self._told |= frozenset(turn.facts)
        return turn

    def _later(self, asked: Collection[str]) -> list[str]:
        """Say once more what the user has changed their mind about."""
        turn = self._script.shift
        facts = () if turn is None or not self._turned else turn.facts
        return [self._tell(fact_id) for fact_id in facts if fact_id not in asked]

    def _hidden(self, fact_id: str) -> bool:
        return self._keys[fact_id].exposure == "hidden"

    def _mine(self) -> list[str]:
        """Return the facts that tell who the user is."""
        return [fact_id for fact_id, key in self._keys.items() if key.name.startswith(_MINE)]

    def _kept(self, fact_id: str) -> bool:
        """Tell whether the instruction does not say it."""
        return self._keys[fact_id].exposure != "instruction"

    def _announced(self) -> tuple[str, ...]:
        """Return the facts that the agent knows of and has not heard, in order."""
        turn = self._script.shift
        later = () if turn is None else turn.facts
        return tuple(f for f in self.held_back if not self._hidden(f) and f not in later)

    def _valid(self) -> dict[str, _Key]:
        """Return the facts as the user holds them now: before or after the change of mind."""
        turn = self._script.shift
        if turn is None:
            return self._keys
        gone = turn.replaces if self._turned else turn.facts
        return {fact_id: key for fact_id, key in self._keys.items() if fact_id not in gone}

    def _meant(self, heard: str) -> list[str]:
        """Name the hidden facts that say which one is meant, where that is the question.

        Those of the thing that the question names, else of the first that has some untold.
        """
        hidden = {f: key for f, key in self._keys.items() if self._hidden(f)}
        named = [key.entity for key in hidden.values() if hearing.which(heard, key.which)]
        if not hidden or not (named or hearing.unsure(heard)):
            return []
        if not named:
            known = words(heard)
            named = [key.entity for key in hidden.values() if key.kind & known]
        left = [f for f in hidden if f not in self._told]
        entity = named[0] if named else hidden[(left or list(hidden))[0]].entity
        return [f for f, key in hidden.items() if key.entity == entity]

    def _asked(self, question: str) -> list[str]:
        """Name the facts that the question asks for, in order.

        A fact is named in full, or by its field's label, or by the kind of its value with
        some other word of it. What the words of a longer name explain names nothing else.
        Where nothing is named so, a part of a label will do for what is untold and for who the
        user is.
        """
        known = words(question) | raw_words(question)
        keys = self._valid()
        named = [fact_id for fact_id, key in keys.items() if key.phrase <= known]
        found = {a for a in named if not any(keys[a].phrase < keys[b].phrase for b in named)}
        explained = frozenset[str]().union(*(keys[fact_id].phrase for fact_id in found))
        kinds = frozenset[str]().union(
            *(kinds for lead, kinds in hearing.HINTS.items() if lead in question.casefold())
        )
        hinted = {
            fact_id: len(key.all & known) + len(keys) * (key.field <= known)
            for fact_id, key in keys.items()
            if fact_id not in named
            and (
                (key.field and key.field <= known and not key.field <= explained)
                or (key.type in kinds and key.all & known - explained)
            )
        }
        for fact_id, score in hinted.items():
            key = keys[fact_id]
            better = [
                other
                for other in hinted
                if key.field < keys[other].field <= known
                or (key.field == keys[other].field and hinted[other] > score)
            ]
            if not better:
                found.add(fact_id)
        return [fact_id for fact_id in keys if fact_id in (found or self._nearly(keys, known))]

    def _nearly(self, keys: dict[str, _Key], known: frozenset[str]) -> set[str]:
        """Name the facts of whose labels the question has the largest part, at least a half."""
        shares = {
            fact_id: len(key.field & known) / len(key.field)
            for fact_id, key in keys.items()
            if key.field and (fact_id not in self._told or key.name.startswith(_MINE))
        }
        most = max(shares.values(), default=0.0)
        return {fact_id for fact_id, share in shares.items() if share == most >= 0.5}

    def _tell(self, fact_id: str) -> str:
        self._told |= {fact_id}
        key = self._keys[fact_id]
        return f"{key.name[:1].upper()}{key.name[1:]} {key.verb} {key.value}."


class _Key:
    """The words by which one fact is recognised, and those in which it is told."""

    __slots__ = (
        "all",
        "entity",
        "exposure",
        "field",
        "kind",
        "name",
        "phrase",
        "type",
        "value",
        "verb",
        "which",
    )

    def __init__(self, fact: Fact, script: UserScript, schema: Schema) -> None:
        self.entity, self.exposure = fact.entity, fact.exposure
        field_label, self.type = fact.field.replace("_", " "), "text"
        called = [fact.entity.replace("_", " ")]
        try:
            entity = schema.entity(fact.entity)
            field = entity.field(fact.field)
            field_label, self.type = field.label, field.type
            called = [entity.label, entity.plural]
        except SchemaError:
            pass
        self.kind = words(" ".join(called))
        """Words of what it is a fact about."""
        self.which = tuple(called)
        """How it is called, one and several."""
        self.name = script.questions.get(fact.id) or f"the {field_label}"
        self.verb = "are" if _PLURAL.search(self.name.partition(" of ")[0]) else "is"
        self.value = spoken(fact.value)
        if self.type == "text" and isinstance(fact.value, str):
            self.value = f"“{self.value}”" if '"' in self.value else f'"{self.value}"'
        self.phrase = words(self.name) or raw_words(self.name)
        self.field = words(field_label)
        self.all = self.phrase | self.field | words(called[0])


def spoken(value: Json) -> str:
    """Say a wire value so that it can be read back: texts as they are, yes and no, numbers."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    if isinstance(value, Decimal):
        return f"{value:f}"
    return to_text(value)
