"""What a message asks for: its words without those that say nothing, and what kind it is.

Texts in, answers yes or no and sets of words out; no state. Next: `agenda`.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

__all__ = [
    "ASSENT",
    "CLOSER",
    "CONFIRM",
    "HINTS",
    "SENTENCE",
    "confirming",
    "greets",
    "is_question",
    "opens_with_w",
    "promises",
    "raw_words",
    "unsure",
    "which",
    "who",
    "words",
]

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
HINTS = {
    "when": frozenset({"date", "datetime"}),
    "how many": frozenset({"integer"}),
    "how much": frozenset({"decimal", "float"}),
}
"""Opening words of a question, and the value types that answer it."""

_WORD = re.compile(r"[^\W_]+")
SENTENCE = re.compile(r"[^.!?\n]+[.!?]*")
ASSENT = re.compile(
    r"\b(proceed|go ahead|carry on|(shall|should|may|can) i\b(?! (have|get|ask|know))"
    r"|do you (want|agree|approve)|would you like me|(is|are) (that|this|these|it) "
    r"(correct|right|ok|okay|fine|alright)|sounds? (good|right)|are you sure|ok to|okay to)",
    re.IGNORECASE,
)
CONFIRM = re.compile(rf"\bconfirm\w*|{ASSENT.pattern}", re.IGNORECASE)
CLOSER = re.compile(
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

_MANY = r"(several|multiple|many|more than one|a few|a couple|two|three|four|five|six|\d+)"
_UNSURE = re.compile(
    "|".join(
        (
            r"\bwhich (ones?\b|of (them|these|those|the)\b|is it\b|exactly\b)",
            r"\bwhich (is|are|was|were) [^.?!]{0,80}\bones?\b",
            r"\b(do|did|are|were) you (mean|refer|talk|think|speak)",
            r"\byou (mean|are referring|refer to|had in mind)\b",
            r"\bmore (specific|precise|exact|detail|information|info\b|context)",
            r"\b(specify|clarify|disambiguate|narrow|ambiguous|unclear|be specific|be exact)",
            r"\btell (them|these|those|the \w+) apart\b",
            r"\b(not|n't) (sure|clear|certain) (which|who)\b",
            r"\b(further|other|additional|any|some) details?\b",
            r"\bidentify (the|which|it\b)",
            r"\b(pick|choose|select) (one|from|between|which)\b",
            r"\b(is|was) it (the|an?)\b[^.!]{0,80}\bor\b",
            rf"\b(there (are|were|seem|appear)|there's)\b[^.?!]{{0,80}}\b{_MANY}\b",
            rf"\b(i|we) (see|found|find|have|got)\b[^.?!]{{0,80}}\b{_MANY}\b",
            r"\b(more than one|multiple|several) (\w+ ){0,3}(match|fit|exist|record|result|option)",
        )
    ),
    re.IGNORECASE,
)
_WHO = re.compile(
    r"\bwho (am i|are we) (talking|speaking|chatting|dealing)|\b(who are you|who is this|who's this"
    r"|and you are)\b|\b(verify|confirm|prove|establish|check) (your|who you|the caller|it is you)"
    r"( identity| are)?|\byour (identity|credentials)\b|\bidentify (yourself|you)\b|\byour "
    r"(own )?((full|first|last|family|given) )?name\b|"
    r"\b(how|what) (can|may|should|do) i call you\b",
    re.IGNORECASE,
)
_BIRTH = re.compile(r"\b(birthday|birthdate|dob)\b")


def unsure(text: str) -> bool:
    """Tell whether somebody does not know which of several is meant."""
    return _UNSURE.search(text) is not None


def which(text: str, called: tuple[str, ...]) -> bool:
    """Tell whether somebody asks which thing is meant, of those that are called so."""
    return _which(called).search(text) is not None


@lru_cache(256)
def _which(called: tuple[str, ...]) -> re.Pattern[str]:
    spelled = "|".join(map(re.escape, called))
    return re.compile(rf"\bwhich (?:\w+ ){{0,2}}(?:{spelled})\b", re.IGNORECASE)


def who(text: str) -> bool:
    """Tell whether somebody wants to know who the user is."""
    return _WHO.search(text) is not None


def confirming(question: str) -> bool:
    """Tell whether a question asks for a yes to going on, and for nothing else."""
    return CONFIRM.search(question) is not None and not opens_with_w(question)


def opens_with_w(text: str) -> bool:
    """Tell whether a text asks what, which, who, when, where or how."""
    return re.search(r"\b(what|which|who|when|where|how)\b", text, re.IGNORECASE) is not None


def is_question(sentence: str) -> bool:
    """Tell whether a sentence asks for something, with a question mark or without."""
    return sentence.rstrip().endswith("?") or _ASKS.match(sentence) is not None


def greets(sentence: str) -> bool:
    """Tell whether a sentence only greets."""
    return _GREETING.fullmatch(sentence) is not None


def promises(sentence: str) -> bool:
    """Tell whether a sentence only announces work."""
    return _PROMISE.match(sentence) is not None


def raw_words(text: str) -> frozenset[str]:
    """Return the words of a text, without regard to case."""
    return frozenset(_WORD.findall(text.casefold()))


def words(text: str) -> frozenset[str]:
    """Return the words that say what is meant, without plural, one for those that mean the same."""
    found = set()
    plain = _BIRTH.sub("birth date", unicodedata.normalize("NFC", text).casefold())
    for word in _WORD.findall(plain):
        if word not in _STOP:
            stem = word[:-1] if len(word) > 3 and word.endswith("s") and word[-2] != "s" else word
            found.add(_SYNONYMS.get(stem, stem))
    return frozenset(found)
