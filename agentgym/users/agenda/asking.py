"""Which facts a message asks for, by its words. Everything here is a pure function.

In come a question and what the user knows; out go ids of facts. Next: `claims`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from agentgym.users import hearing
from agentgym.users.agenda.knowledge import Key, Knowledge

__all__ = [
    "asked",
    "general",
    "kept_private",
    "meaning_of",
    "meant",
    "names",
    "refers",
    "without_closer",
]

_CLAUSE = re.compile(r"[,;:.?!\n]+|\bor\b")
_YOUR = re.compile(r"\byour\b", re.IGNORECASE)
_MEANS = re.compile(
    r"\b(mean by|mean(s|ing)?\b|what (is|are|do you call)|stand(s)? for|explain|define|definition)",
    re.IGNORECASE,
)
_HEAD = re.compile(
    r"([^\W_]+)[\s_-]+((?:number|name|date|time|id|code|type|status|address|amount)s?)\b",
    re.IGNORECASE,
)
"""A word that says of what kind something is, and the one before it."""
_BEFORE = hearing.STOP | frozenset("new current full exact own old correct right".split())
_ANAPHOR = re.compile(
    r"\b(?:it|that|this|these|those|them|supply|provide|missing|same)\b", re.IGNORECASE
)
_GENERAL = re.compile(
    r"\bwhy\b|\bdouble.?check|\b(?:details?|information|info|context|more about)\b|"
    r"\bwhat exactly\b|\bsure\b",
    re.IGNORECASE,
)
_UNITS = re.compile(r"\bhow many ([^\W\d_]+)", re.IGNORECASE)
_OPTIONS = 12
"""Values of a field that are looked for in a question."""


def asked(
    question: str, keys: Mapping[str, Key], knowledge: Knowledge, told: Collection[str]
) -> list[str]:
    """Name the facts that a question asks for, in order.

    A fact is named in full, or by its field's label, or by the kind of its value with
    some other word of it. What the words of a longer name explain names nothing else.
    What somebody wants to hear in kilograms is what has that unit.
    Where nothing is named so, two of the values that its field can have will do, or a part of a
    label, for what is untold and for who the user is. `your` means what is the user's own.

    Args:
        question: Any words.
        keys: The facts that can be meant, by id.
        knowledge: Of the user.
        told: Ids of the facts that were told.
    """
    low = question.casefold()
    counted = _counted(low, keys)
    if counted:
        return counted
    known = knowledge.vocabulary.words(question) | hearing.raw_words(question)
    named = [i for i, key in keys.items() if key.phrase <= known]
    found = {
        a
        for a in named
        if not any(keys[a].phrase < keys[b].phrase for b in named)
        or (keys[a].mine and f"your {keys[a].name[3:].casefold()}" in low)
    }
    explained = frozenset[str]().union(*(keys[i].phrase for i in found))
    kinds = frozenset[str]().union(*(k for lead, k in hearing.HINTS.items() if lead in low))
    hinted = {
        i: len(key.all & known) + len(keys) * (key.field <= known)
        for i, key in keys.items()
        if i not in named
        and (
            (key.field and key.field <= known and not key.field <= explained)
            or (key.type in kinds and key.all & known - explained)
        )
    }
    for i, score in hinted.items():
        key = keys[i]
        if not any(
            key.field < keys[other].field <= known
            or (key.field == keys[other].field and hinted[other] > score)
            for other in hinted
        ):
            found.add(i)
    if not found:
        found = _by_values(low, keys) or _nearly(question, keys, knowledge, known, told)
    elif len(found) > 1 and _YOUR.search(question):
        found = _own(found, keys, named)
    return [i for i in keys if i in found]


def _own(found: set[str], keys: Mapping[str, Key], named: Collection[str]) -> set[str]:
    """Leave out what has the label of something of the user's own, and is not theirs.

    What is named by more than its label is meant all the same.
    """
    mine = {keys[i].field for i in found if keys[i].mine}
    return {
        i
        for i in found
        if (key := keys[i]).mine or key.field not in mine or (i in named and key.field < key.phrase)
    }


def _by_values(low: str, keys: Mapping[str, Key]) -> set[str]:
    """Name the facts of whose fields a question names two values."""
    return {
        i
        for i, key in keys.items()
        if key.options
        and sum(one.replace("_", " ").casefold() in low for one in key.options[:_OPTIONS]) > 1
    }


def _counted(low: str, keys: Mapping[str, Key]) -> list[str]:
    """Name the facts in whose unit a question wants to hear a number: `how many minutes`."""
    many = _UNITS.search(low)
    if many is None:
        return []
    return [i for i, key in keys.items() if key.unit and _unit(key.unit, many[1])]


def _unit(sign: str, word: str) -> bool:
    """Tell whether a word is the name of a unit."""
    sign = sign.casefold()
    return word == sign or word in _UNIT_WORDS.get(sign, ())


_UNIT_WORDS = {
    "eur": ("euro", "euros"),
    "usd": ("dollar", "dollars"),
    "gbp": ("pound", "pounds"),
    "ms": ("millisecond", "milliseconds"),
    "s": ("second", "seconds"),
    "min": ("minute", "minutes"),
    "h": ("hour", "hours"),
    "d": ("day", "days"),
    "b": ("byte", "bytes"),
    "kb": ("kilobyte", "kilobytes"),
    "mb": ("megabyte", "megabytes"),
    "kg": ("kilogram", "kilograms", "kilos"),
    "g": ("gram", "grams"),
    "mg": ("milligram", "milligrams"),
    "t": ("ton", "tons", "tonnes"),
    "lb": ("pound", "pounds"),
    "m": ("meter", "meters", "metre", "metres"),
    "cm": ("centimeter", "centimeters"),
    "mm": ("millimeter", "millimeters"),
    "km": ("kilometer", "kilometers"),
    "mi": ("mile", "miles"),
    "ft": ("foot", "feet"),
    "l": ("liter", "liters", "litre", "litres"),
    "ml": ("milliliter", "milliliters"),
    "%": ("percent",),
}


def _nearly(
    question: str,
    keys: Mapping[str, Key],
    knowledge: Knowledge,
    known: frozenset[str],
    told: Collection[str],
) -> set[str]:
    """Name the facts of whose labels the question has the largest part, at least a half.

    A `phone number` is no part of an `insurance number`.
    """
    heads = [
        (before, head)
        for before, head in _HEAD.findall(question.casefold())
        if before not in _BEFORE
    ]
    shares: dict[str, float] = {}
    for i, key in keys.items():
        if key.field and (i not in told or key.mine):
            common = key.field & known
            others = [head for before, head in heads if not _words(knowledge, before) & key.all]
            if others and common <= _words(knowledge, " ".join(others)):
                continue
            shares[i] = len(common) / len(key.field)
    most = max(shares.values(), default=0.0)
    return {i for i, share in shares.items() if share == most >= 0.5}


def _words(knowledge: Knowledge, text: str) -> frozenset[str]:
    return knowledge.vocabulary.words(text)


def names(sentence: str, untold: Collection[str], knowledge: Knowledge) -> bool:
    """Tell whether a sentence that is no question names something untold, in full."""
    yours = _YOUR.search(sentence) is not None
    keys = [knowledge.keys[i] for i in untold]
    if not any(yours if key.mine else len(key.phrase) > 1 for key in keys):
        return False
    known = knowledge.vocabulary.words(sentence) | hearing.raw_words(sentence)
    return any(key.phrase <= known and (yours if key.mine else len(key.phrase) > 1) for key in keys)


def general(question: str) -> bool:
    """Tell whether somebody wants to hear more, and names nothing: who, what, why, which one."""
    if hearing.who(question) or hearing.what_to_do(question) or hearing.unsure(question):
        return True
    return _GENERAL.search(question) is not None


def refers(question: str) -> bool:
    """Tell whether a question is about something that was named before it: `Can you supply it?`."""
    return _ANAPHOR.search(question) is not None


def meant(
    heard: str, keys: Mapping[str, Key], knowledge: Knowledge, told: Collection[str]
) -> list[str]:
    """Name the hidden facts that say which one is meant, or what is to be done.

    Where the question is which one: those of the thing that it names, else of the first that has
    some untold. Where it is what to do: all of them.

    Args:
        heard: The whole message.
        keys: The facts that hold now.
        knowledge: Of the user.
        told: Ids of the facts that were told.
    """
    hidden = {i: key for i, key in keys.items() if i in knowledge.hidden}
    if not hidden:
        return []
    named = [key.entity for key in hidden.values() if hearing.which(heard, key.which)]
    if not named and not hearing.unsure(heard):
        return list(hidden) if hearing.what_to_do(heard) else []
    if not named:
        known = knowledge.vocabulary.words(heard)
        named = [key.entity for key in hidden.values() if key.about & known]
    left = [i for i in hidden if i not in told]
    entity = named[0] if named else hidden[(left or list(hidden))[0]].entity
    return [i for i, key in hidden.items() if key.entity == entity]


def kept_private(question: str, found: Collection[str], knowledge: Knowledge) -> list[str]:
    """Name the private facts that a question asks for.

    What has the label of something else that it asks for is not meant, unless named in full.

    Args:
        question: Any words.
        found: Ids of the other facts that it asks for.
        knowledge: Of the user.
    """
    private = knowledge.private
    if not private:
        return []
    known = knowledge.vocabulary.words(question) | hearing.raw_words(question)
    taken = {knowledge.keys[i].field for i in found}
    explained = frozenset[str]().union(*(knowledge.keys[i].phrase for i in found))
    taken |= {key.field for key in private.values() if key.field <= explained}
    return [
        i
        for i, key in private.items()
        if (key.phrase <= known and not key.phrase <= explained)
        or (key.field and key.field <= known and key.field not in taken)
    ]


def meaning_of(question: str, knowledge: Knowledge) -> str:
    """Return the fact whose word of the trade the user is to explain; empty if there is none."""
    for i, key in knowledge.keys.items():
        if key.term and key.term.casefold() in question.casefold() and _MEANS.search(question):
            return i
    return ""


def without_closer(question: str) -> str:
    """Return what of a question does not ask if there is anything else."""
    return " ".join(part for part in _CLAUSE.split(question) if not hearing.closes(part))
