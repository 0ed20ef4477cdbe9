"""A user without a language model: an agenda of facts, and rules for when to tell them.

In comes what the agent says; out goes a `Reply`, which depends on nothing else than the
script, the facts told so far and the words heard. Every value that it utters is a fact
of the script, told because it was asked for, or because a question fitted none of them
(so that a dialogue always gets on). Next: `episode`.
"""

from __future__ import annotations

import copy
import re
import unicodedata
from decimal import Decimal

from agentgym.errors import SchemaError
from agentgym.formats import Json, Record, to_text
from agentgym.plan import Fact
from agentgym.schema import Schema
from agentgym.tasks import UserScript

__all__ = ["Agenda", "Reply", "confirming", "spoken"]

_STOP = frozenset(
    "a an the of for to in on at by with from and or is are was were be been being am do does did "
    "have has had can could will would shall should may might must i me my mine you your yours we "
    "us our it its this that these those he she they them his her their there here please tell "
    "give provide let know need want like ask say what which who whom whose when where why how "
    "exactly also just still as if so any some s t re ll ve d".split()
)
"""Words that say nothing about which fact is meant."""

_SYNONYMS = {
    word: group[0]
    for group in (
        ("phone", "telephone", "mobile", "cell"),
        ("email", "mail", "e"),
        ("amount", "quantity", "number", "count", "many"),
        ("price", "cost", "much", "fee"),
        ("date", "day", "time", "datetime"),
        ("address", "street"),
        ("zip", "postcode", "postal"),
        ("surname", "lastname"),
        ("picture", "photo", "image"),
        ("status", "state"),
        ("title", "heading"),
        ("comment", "note", "remark"),
    )
    for word in group
}
_HINTS = {
    "when": frozenset({"date", "datetime"}),
    "how many": frozenset({"integer"}),
    "how much": frozenset({"decimal", "float"}),
}
"""Opening words of a question, and the value types that answer it."""

_PLURAL = re.compile(r"[^su]s$", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+")
_SENTENCE = re.compile(r"[^.!?\n]+[.!?]*")
_ASSENT = re.compile(
    r"\b(proceed|go ahead|carry on|(shall|should|may|can) i\b(?! (have|get|ask|know))"
    r"|do you (want|agree|approve)|would you like me|(is|are) (that|this|these|it) "
    r"(correct|right|ok|okay|fine|alright)|sounds? (good|right)|are you sure|ok to|okay to)",
    re.IGNORECASE,
)
_CONFIRM = re.compile(rf"\bconfirm\w*|{_ASSENT.pattern}", re.IGNORECASE)
_CLOSER = re.compile(
    r"\b((any|some)thing (else|more|further)|(any|some) (other|more|further)\b"
    r"|further (help|assistance|questions?|requests?))",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"^\W*(?:(?:ok|okay|sure|well|hello|hi|thanks|thank you|sorry|and|so|then)\b\W*)*"
    r"(what|which|who|whom|whose|when|where|why|how|could you|can you|would you|will you|"
    r"do you|did you|are you|is there|may i (have|ask|know|get)|(please )?"
    r"(tell|give|provide|send|share|state|specify|clarify|confirm|enter)\b|i (still )?need\b)",
    re.IGNORECASE,
)
_PROMISE = re.compile(
    r"^\W*(?:(?:ok|okay|sure|certainly|of course|great|alright|right|thanks|thank you|hello|hi|"
    r"understood)\b\W*)*(let me (?!know)|i('ll| will| am going to|'m going to|'m now| am now)\b|"
    r"(one|just a) (moment|second|minute)|please (wait|hold)|hold on|give me a)",
    re.IGNORECASE,
)


_GREETING = re.compile(
    r"\W*(hi|hello|hey|greetings|welcome|good (morning|afternoon|evening|day)|"
    r"how are you)( there| everyone| again| to you)?\W*",
    re.IGNORECASE,
)


class Reply(Record, kw_only=True):
    """What the user answers."""

    text: str
    ends: bool = False
    """Whether the conversation is over with it."""
    confirms: bool = False
    """Whether it says yes to going on with a change."""


class Agenda:
    """A user who follows a script.

    Args:
        script: What the user knows and wants.
        schema: Where the labels of its facts stand.
    """

    __slots__ = ("_keys", "_script", "_told")

    def __init__(self, script: UserScript, schema: Schema) -> None:
        self._script = script
        self._keys = {fact.id: _Key(fact, script, schema) for fact in script.facts}
        self._told = frozenset(f.id for f in script.facts if f.exposure == "instruction")

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
        """Ids of the facts that the agent has not heard yet, in order."""
        return tuple(fact.id for fact in self._script.facts if fact.id not in self._told)

    def fork(self) -> Agenda:
        """Return an independent copy in the same state."""
        return copy.copy(self)

    def answer(self, question: str) -> Reply:
        """Answer a question; never ends the conversation.

        Args:
            question: What the agent asks, in any words.
        """
        asked = self._asked(question)
        parts = []
        # "Please confirm your phone number" asks for a fact, and no more than that.
        agrees = (_ASSENT if asked else _CONFIRM).search(question) is not None
        agrees = agrees and not (asked and _opens_with_w(question))
        if agrees:
            parts.append("Yes, please go ahead with what I asked for.")
        parts += [self._tell(fact_id) for fact_id in asked]
        if parts:
            return Reply(text=" ".join(parts), confirms=agrees and confirming(question))
        held = self.held_back
        if held:
            lead = "Yes, one more thing. " if _CLOSER.search(question) else ""
            return Reply(text=lead + self._tell(held[0]))
        if _CLOSER.search(question):
            return Reply(text="No, thank you, that is all.")
        return Reply(text="I do not know that. Please go by what I have told you.")

    def hear(self, message: str) -> Reply:
        """React to a message: answer it if it is a question, else take it as the last word.

        A message that only greets or promises work is acknowledged, one without a word is
        no last word either. One that claims the end while
        something that the agent needs is untold is answered by asking for questions.
        """
        sentences = _SENTENCE.findall(message)
        open_ones = [s for s in sentences if _is_question(s) and not _CLOSER.search(s)]
        if open_ones:
            return self.answer(" ".join(open_ones))
        if self.held_back:
            if any(_CLOSER.search(sentence) for sentence in sentences):
                return self.answer(message)
            return Reply(
                text="There is something that I have not told you yet. Please ask me what you need."
            )
        if not _WORD.search(message):
            return Reply(text="I did not catch that. Please go on.")
        if sentences and all(_GREETING.fullmatch(s) for s in sentences):
            return Reply(text="Hello. You have my request; please go on.")
        if sentences and all(_PROMISE.match(s) for s in sentences):
            return Reply(text="All right, please do.")
        return Reply(text="Thank you, that is all.", ends=True)

    def _asked(self, question: str) -> list[str]:
        """Name the facts that the question asks for, in order.

        A fact is named in full, or by its field's label, or by the kind of its value with
        some other word of it. What the words of a longer name explain names nothing else.
        """
        words = _words(question) | frozenset(_WORD.findall(question.casefold()))
        keys = self._keys
        named = [fact_id for fact_id, key in keys.items() if key.phrase <= words]
        found = {a for a in named if not any(keys[a].phrase < keys[b].phrase for b in named)}
        explained = frozenset[str]().union(*(keys[fact_id].phrase for fact_id in found))
        kinds = frozenset[str]().union(
            *(kinds for lead, kinds in _HINTS.items() if lead in question.casefold())
        )
        hinted = {
            fact_id: len(key.all & words) + len(keys) * (key.field <= words)
            for fact_id, key in keys.items()
            if fact_id not in named
            and (
                (key.field and key.field <= words and not key.field <= explained)
                or (key.type in kinds and key.all & words - explained)
            )
        }
        for fact_id, score in hinted.items():
            key = keys[fact_id]
            better = [
                other
                for other in hinted
                if key.field < keys[other].field <= words
                or (key.field == keys[other].field and hinted[other] > score)
            ]
            if not better:
                found.add(fact_id)
        return [fact_id for fact_id in keys if fact_id in found]

    def _tell(self, fact_id: str) -> str:
        self._told |= {fact_id}
        key = self._keys[fact_id]
        return f"{key.name[:1].upper()}{key.name[1:]} {key.verb} {key.value}."


class _Key:
    """The words by which one fact is recognised, and those in which it is told."""

    __slots__ = ("all", "field", "name", "phrase", "type", "value", "verb")

    def __init__(self, fact: Fact, script: UserScript, schema: Schema) -> None:
        entity_words, field_label, self.type = fact.entity, fact.field.replace("_", " "), "text"
        try:
            entity = schema.entity(fact.entity)
            field = entity.field(fact.field)
            entity_words, field_label, self.type = entity.label, field.label, field.type
        except SchemaError:
            pass
        self.name = script.questions.get(fact.id) or f"the {field_label}"
        self.verb = "are" if _PLURAL.search(self.name.partition(" of ")[0]) else "is"
        self.value = spoken(fact.value)
        if self.type == "text" and isinstance(fact.value, str):
            self.value = f"“{self.value}”" if '"' in self.value else f'"{self.value}"'
        self.phrase = _words(self.name) or frozenset(_WORD.findall(self.name.casefold()))
        self.field = _words(field_label)
        self.all = self.phrase | self.field | _words(entity_words)


def confirming(question: str) -> bool:
    """Tell whether a question asks for a yes to going on, and for nothing else."""
    return _CONFIRM.search(question) is not None and not _opens_with_w(question)


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


def _words(text: str) -> frozenset[str]:
    found = set()
    for word in _WORD.findall(unicodedata.normalize("NFC", text).casefold()):
        if word not in _STOP:
            stem = word[:-1] if len(word) > 3 and word.endswith("s") and word[-2] != "s" else word
            found.add(_SYNONYMS.get(stem, stem))
    return frozenset(found)


def _opens_with_w(text: str) -> bool:
    return re.search(r"\b(what|which|who|when|where|how)\b", text, re.IGNORECASE) is not None


def _is_question(sentence: str) -> bool:
    return sentence.rstrip().endswith("?") or _ASKS.match(sentence) is not None
