"""What a message says about the user's facts, and whether that is so.

A user knows what they have said and what they want. Where somebody asks them to agree to something
else, they say no; where somebody has it right, they say so. What a message says of a fact is read
where it can be read for sure: its label and a value after it (`the due date is ...`, `set the due
date to ...`), a value that no longer holds, or another one than that by which the user tells
which row is meant. A message that holds the right value contradicts nothing. Next: `place`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from agentgym.users import hearing
from agentgym.users.agenda.knowledge import Key, Knowledge
from agentgym.users.hearing import Said

__all__ = ["Claims", "Reading", "claims"]

_TIES = re.compile(
    r"(?:\s+(?:of|for)\s+[^,;:?.]{1,40}?"
    r"(?=\s+(?:is|are|was|were|will|would|should|to|as|from)\b))?"
    r"(?:\s+(?:from [^,;:?]{1,40}? to|is|are|was|were|will be|would be|should be|to be|being|as|"
    r"equals|reads|to)\s+(?:now |set to |changed to |then )?|\s*[:=(]\s*|\s+)"
    r"(?:the |on |at |of )?[€$£]?",
    re.IGNORECASE,
)
_CHANGES = re.compile(
    r"\b(set|sett|chang|updat|mov|mak|made|put|correct|adjust|enter|add|creat|book|record|writ)\w*"
    r"\b",
    re.IGNORECASE,
)
_PLANS = re.compile(
    r"\b(i will|i'll|i’ll|i would|i'd|i’d|i am going to|i'm going to|proceed|go ahead|carry on|"
    r"shall (i|we)|"
    r"should (i|we)|may i|can i|would you like me|do you want me|set|change|update|delete|remove|"
    r"cancel|create|book)\b",
    re.IGNORECASE,
)
_YOUR = re.compile(r"\byour (own |current |new )?$", re.IGNORECASE)
_IT = re.compile(r"\b(?:it|this|that|them)\s+(?:to|as)\s+(?:the )?[€$£]?", re.IGNORECASE)
_BY_NUMBER = (
    r"(?<!\w)(?:{called})\s+(?:with\s+)?(?:the\s+)?(?:id|number|no\.?|#)?\s*#?(\d+)(?![\w.-])"
)
_STOP_AT = re.compile(r"[,;:?!\n)]|\.(?:\s|$)|\s(?:and|right|correct|or|is that|shall|should)\b")
_NAMELIKE = re.compile(r"[A-Z0-9#]")
_TO = re.compile(r"\bto\b", re.IGNORECASE)
_IS = re.compile(r"\b(is|are|was|were)\b", re.IGNORECASE)
_LONGEST = 60
_PLACES = 6
"""Places of a message at which something is said that are looked at."""


class Claims(NamedTuple):
    """What a message says about facts, by id."""

    wrong: tuple[str, ...] = ()
    """The facts that it contradicts: to be said again."""
    right: tuple[str, ...] = ()
    """The facts of which it asks whether they are so, and they are."""


NOTHING = Claims()


class Reading:
    """A message that is looked at for values.

    Args:
        text: The message, as `hearing.ungrouped` has it.
        words: Its words.
        lines: Its sentences.
        asking: Those of them that ask for something.
    """

    def __init__(
        self, text: str, words: frozenset[str], lines: Sequence[str], asking: Sequence[str]
    ) -> None:
        self.text, self.words, self.lines, self.asking = text, words, lines, asking
        self.low = text.casefold()
        self.shouts = text.isupper()
        """Whether it is all in capitals, which say nothing then about what is a name."""
        self.agrees = any(hearing.assents(one, hearing.CONFIRM) for one in asking)
        """Whether it wants a yes."""
        self._there: dict[str, bool] = {}

    @cached_property
    def said(self) -> list[Said]:
        """The values in it."""
        return hearing.values(self.text)

    @cached_property
    def plans(self) -> bool:
        """Whether it says what is going to be done."""
        return _PLANS.search(self.text) is not None

    def has(self, key: Key) -> bool:
        """Tell whether it has the value of a fact."""
        found = self._there.get(key.id)
        if found is None:
            found = hearing.mentions(self.low, self.said, key.forms, key.kind)
            self._there[key.id] = found
        return found

    def sentence(self, at: int) -> tuple[int, str]:
        """Return where the sentence at a place begins, and the sentence."""
        start = 0
        for line in self.lines:
            start = self.text.find(line, start)
            if start <= at < start + len(line):
                return start, line
            start += len(line)
        return 0, self.text


def claims(
    reading: Reading,
    keys: Mapping[str, Key],
    stale: Mapping[str, tuple[str, ...]],
    knowledge: Knowledge,
    told: frozenset[str],
) -> Claims:
    """Read what a message says about facts.

    Args:
        reading: The message.
        keys: The facts that hold now, by id.
        stale: Facts that hold no longer, to those that took their place.
        knowledge: Of the user.
        told: Ids of the facts that were told.
    """
    wrong: dict[str, None] = {}
    right: dict[str, None] = {}
    groups: dict[frozenset[str], list[Key]] = {}
    for key in keys.values():
        if not key.term:
            groups.setdefault(key.field, []).append(key)
    for group in groups.values():
        if not group[0].starts.isdisjoint(reading.words):
            _labelled(group, reading, wrong, right)
    if reading.agrees:
        if stale:
            _no_longer(stale, reading, keys, knowledge, wrong)
        _pronoun(groups, reading, wrong)
    if knowledge.hidden and reading.asking:
        _another(keys, reading, knowledge, told, wrong)
    if not (wrong or right):
        return NOTHING
    return Claims(tuple(i for i in keys if i in wrong), tuple(i for i in keys if i in right))


def _labelled(
    group: list[Key], reading: Reading, wrong: dict[str, None], right: dict[str, None]
) -> None:
    """Look at the values that stand after the label of some facts."""
    for number, match in enumerate(group[0].label.finditer(reading.text)):
        if number == _PLACES:
            break
        at = match.end()
        start, sentence = reading.sentence(match.start())
        tie = _TIES.match(reading.text, at, min(at + 2 * _LONGEST, start + len(sentence)))
        if tie is None or tie.end() == at:
            continue
        claimed = _claimed(tie.end(), reading, group[0])
        if not claimed:
            continue
        before = reading.text[start : match.start()]
        asks = sentence in reading.asking
        yours = _YOUR.search(before) is not None
        about = ([key for key in group if key.mine] if yours else group) or group
        if any(reading.has(key) for key in group):
            if asks and not reading.plans:
                right.update({key.id: None for key in about if claimed & key.forms})
            continue
        if any(_part(claimed, key.forms) for key in group):
            continue
        sets = _TO.search(tie.group()) and _CHANGES.search(before)
        plans = reading.agrees and _PLANS.search(before) and not _IS.search(tie.group())
        if asks or yours or sets or plans:
            wrong.update({key.id: None for key in about})


def _claimed(at: int, reading: Reading, key: Key) -> frozenset[str]:
    """Return the value at a place of a text, in the forms that one of the type can have."""
    low = reading.low[at : at + _LONGEST].lstrip("\"“'")
    for option in key.options:
        spelled = option.replace("_", " ").casefold()
        if spelled and low.startswith(spelled):
            return frozenset({spelled, option.casefold()})
    one = next((one for one in reading.said if 0 <= one.start - at <= 1), None)
    if one is not None:
        if key.kind in ("day", "time"):
            if one.kind not in ("day", "time"):
                return frozenset()
            return frozenset({one.value, one.value[:10]} if key.kind == "day" else {one.value})
        if key.kind == "number" and one.kind != "number":
            return frozenset()
        return frozenset({one.value})
    tail = reading.text[at : at + _LONGEST]
    if key.kind != "text" or key.options or reading.shouts or not _NAMELIKE.match(tail):
        return frozenset()
    stop = _STOP_AT.search(tail)
    phrase = " ".join(tail[: stop.start() if stop else _LONGEST].casefold().split())
    return frozenset({phrase}) if phrase and len(phrase.split()) <= 6 else frozenset()


def _part(claimed: frozenset[str], own: frozenset[str]) -> bool:
    """Tell whether a value is a part of another, as a first name of a full one."""
    return any(a in b or b in a for a in claimed for b in own if not a.isdigit() and len(b) > 1)


def _no_longer(
    stale: Mapping[str, tuple[str, ...]],
    reading: Reading,
    keys: Mapping[str, Key],
    knowledge: Knowledge,
    wrong: dict[str, None],
) -> None:
    """Look for what the user has changed their mind about, where the new value is missing."""
    for old, instead in stale.items():
        key, now = knowledge.keys[old], [i for i in instead if i in keys]
        if not now or any(reading.has(keys[i]) for i in now):
            continue
        if not any(key.forms & other.forms for other in keys.values()) and reading.has(key):
            wrong.update(dict.fromkeys(now))


def _pronoun(
    groups: Mapping[frozenset[str], list[Key]], reading: Reading, wrong: dict[str, None]
) -> None:
    """Look at `change it to ...`, where only one field can be meant."""
    for number, match in enumerate(_IT.finditer(reading.text)):
        if number == _PLACES:
            break
        one = next((s for s in reading.said if 0 <= s.start - match.end() <= 1), None)
        if one is None or (one.kind == "text" and not one.quoted):
            continue
        fitting = [g for g in groups.values() if _alike(one, g[0]) and not g[0].mine]
        if len(fitting) == 1 and not any(reading.has(key) for key in fitting[0]):
            wrong.update({key.id: None for key in fitting[0]})


def _alike(one: Said, key: Key) -> bool:
    """Tell whether a value can be one of a fact's field."""
    return one.kind == key.kind or {one.kind, key.kind} == {"day", "time"}


def _another(
    keys: Mapping[str, Key],
    reading: Reading,
    knowledge: Knowledge,
    told: frozenset[str],
    wrong: dict[str, None],
) -> None:
    """Look for another row than the one that is meant, where something hidden says which."""
    if not (reading.agrees or any(hearing.verifies(one) for one in reading.asking)):
        return
    hidden: dict[str, list[Key]] = {}
    for i, key in keys.items():
        if i in knowledge.hidden:
            hidden.setdefault(key.entity, []).append(key)
    others = frozenset[str]().union(*(key.forms for key in keys.values()))
    for group in hidden.values():
        if any(key.id in wrong for key in group):
            wrong.update({key.id: None for key in group})
        if any(key.id in wrong or reading.has(key) for key in group):
            continue
        untold = not any(key.id in told for key in group)
        if any(_rivals(key, reading, others) for key in group) or (
            untold and reading.agrees and _numbered(group[0], reading.text, others)
        ):
            wrong.update({key.id: None for key in group})


def _rivals(key: Key, reading: Reading, known: frozenset[str]) -> bool:
    """Tell whether a text has a value such as a fact's that the user knows nothing of."""
    if key.options:
        return any(
            spelled not in known and re.search(rf"(?<!\w){re.escape(spelled)}(?!\w)", reading.low)
            for spelled in (one.replace("_", " ").casefold() for one in key.options)
            if spelled in reading.low
        )
    if key.kind in ("day", "time"):
        return any(
            s.kind in ("day", "time") and s.value not in known and s.value[:10] not in known
            for s in reading.said
        )
    if key.kind == "text" and isinstance(key.wire, str):
        shape = hearing.shape(key.wire)
        return "9" in shape and any(
            s.kind == "text" and s.value not in known and hearing.shape(s.value) == shape
            for s in reading.said
        )
    return False


def _numbered(key: Key, text: str, known: frozenset[str]) -> bool:
    """Tell whether a text names a row by a number that the user has never heard of."""
    if not key.which:
        return False
    called = "|".join(map(re.escape, key.which))
    return any(
        match[1].lstrip("0") not in known
        for match in re.finditer(_BY_NUMBER.format(called=called), text, re.IGNORECASE)
    )
