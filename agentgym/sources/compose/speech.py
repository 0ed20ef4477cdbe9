"""What people say for the words of a trade: labels of fields, of references, their inverses.

Words as authors write them come in (`check in at`), what can stand after `the` goes out
(`check-in time`). Next: `clothe`.
"""

from __future__ import annotations

import re

from agentgym.schema import ValueType
from agentgym.schema.names.expand import Words
from agentgym.schema.names.lexicon import PARTICIPLES, plural, singular, vocabulary
from agentgym.schema.names.phrase import phrase

__all__ = ["counted", "field_label", "inverse", "reference_label"]

_EVENTS = frozenset(vocabulary("phrases")["events"])
_ROLES: dict[str, str] = vocabulary("relations")["roles"]
_MOMENTS = {"on": "date", "at": "time"}
_ENDS = frozenset("since until from by for before after".split())
_PARTICLES = frozenset("in out up back down off over on through".split())
_DOING = {
    "arrives": "arrival",
    "begins": "start",
    "closes": "closing",
    "departs": "departure",
    "opens": "opening",
    "renews": "renewal",
}
_WHOLE = {
    "from on": "start date",
    "until on": "end date",
    "from at": "start time",
    "until at": "end time",
    "happened on": "event date",
    "happened at": "event time",
    "next on": "next date",
    "used on": "date of use",
    "used at": "time of use",
    "valid until on": "expiry date",
}
_COUNTED = {"decimal": "amount", "integer": "number", "float": "amount"}
"""What is counted or summed up, of a field that is called by what was done: `paid`."""
_COUNTS = frozenset("number point mile score".split())
"""Words of what says itself that it is a number."""
_IRREGULAR = frozenset(
    "brought born bought built cast caught cut done drawn driven dug fed felt found given gone "
    "grown held hung kept laid left lent let lost made met moved paid put read rung sat seen "
    "sent set shot shown sold spent spoken sprung stood struck sung swept swum taken taught "
    "thrown told torn worn woven written".split()
)


def field_label(words: str, kind: ValueType, noun: str) -> tuple[str, bool]:
    """Say a field, and whether the label can be spoken.

    Args:
        words: What the trade calls it.
        kind: Type of its values.
        noun: What the trade calls its owner.
    """
    said = words.split(" ")
    if kind in ("date", "datetime"):
        label = _moment(said)
        if label is not None:
            return label, True
    if len(said) == 1 and _participle(said[0]) and kind in _COUNTED:
        return f"{_COUNTED[kind]} {said[0]}", True
    found = phrase(Words(said), noun)
    return " ".join(found.text), found.spoken


def counted(label: str) -> str:
    """Say how many there are of what a label names in the plural: `number of players`."""
    last = label.rsplit(" ", maxsplit=1)[-1]
    one = singular(last)
    several = one != last and plural(one) == last
    said = label.split(" ")
    return f"number of {label}" if several and not _COUNTS & {one, *said} else label


def _moment(said: list[str]) -> str | None:
    """Say a time that is called by what happened then; None for another."""
    text, last = " ".join(said), said[-1]
    if text in _WHOLE:
        return _WHOLE[text]
    if len(said) < 2:
        return None
    if last in _ENDS:
        return f"{text} date"
    if last not in _MOMENTS:
        return None
    moment, rest = _MOMENTS[last], said[:-1]
    doing = rest[-1]
    if doing in _DOING:
        return " ".join([*rest[:-1], _DOING[doing], moment])
    if doing in _EVENTS:
        return None
    if rest == [doing] and doing in _PARTICLES:
        return f"{moment} {doing}"
    verb = doing
    if doing in _PARTICLES:
        verb = rest[-2]
        if not _participle(verb):
            return None
    if _participle(verb):
        return f"{moment} {' '.join(rest)}"
    if doing in _PARTICLES:
        return f"{moment} {doing}" if len(rest) == 1 else None
    return f"{' '.join(rest)} {moment}"


def _participle(word: str) -> bool:
    return word in _IRREGULAR or word in PARTICIPLES or (len(word) > 4 and word.endswith("ed"))


def reference_label(words: str, noun: str) -> str:
    """Say what the target is to a row: a noun, from the words of a reference.

    Args:
        words: What the pattern or the trade calls it.
        noun: What the trade calls the target.
    """
    said = " ".join(words.replace("_", " ").split())
    if said in _ROLES:
        return _ROLES[said]
    first, _, last = said.rpartition(" ")
    if last == "by" and first:
        verb = first.split(" ")[-1]
        return f"{verb[:-2]}ing {noun}" if verb.endswith("ed") else f"{noun} {said}"
    return said


def inverse(
    given: str, *, label: str, slot: str, noun: str, several: str, alone: bool, own: bool
) -> str:
    """Say what the rows are to the target, plural.

    Args:
        given: What the pattern says, in general words; may be empty.
        label: What the target is to the rows.
        slot: The rows in general words.
        noun: What the trade calls the target.
        several: What the trade calls the rows.
        alone: Whether no other reference of the rows leads to the target.
        own: Whether rows refer to rows of their own kind.
    """
    general = plural(slot.replace("_", " "))
    if re.search(rf"\b{re.escape(general)}\b", given):
        return re.sub(rf"\b{re.escape(general)}\b", several, given)
    words = given.split(" ")
    if len(words) == 1 and given.endswith(("ed", "ing")):
        return f"{given} {several}"
    if own:
        first = label.split(" ", maxsplit=1)[0]
        if first in _OWN:
            return f"{_OWN[first]} {several}"
        return f"{several} as {label}" if label != noun else several
    return several if alone or label == noun else f"{several} as {label}"


_OWN = {
    "parent": "child",
    "related": "related",
    "earlier": "later",
    "previous": "later",
    "whole": "part",
    "manager": "managed",
    "main": "secondary",
}
"""First word of a reference to its own kind, to what the others are then."""
