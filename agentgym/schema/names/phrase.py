"""Whole labels put as people put them: `created at` is the creation time.

In come the written-out words of a field; out come those of its label. Next: `relations`.
"""

from __future__ import annotations

from agentgym.schema.names.expand import Words
from agentgym.schema.names.lexicon import PARTICIPLES, is_word, plural, singular, vocabulary

__all__ = ["phrase"]

_PHRASES = vocabulary("phrases")
_WHOLE: dict[str, str] = _PHRASES["whole"]
_END: dict[str, str] = _PHRASES["end"]
_EVENTS: dict[str, str] = _PHRASES["events"]
_UNITS = vocabulary("units")
_NOUNS = frozenset({*_EVENTS.values(), "expiration", "effective", "closing"}) - {"seen"}
_MOMENTS = {
    "at": "time",
    "on": "date",
    "date": "date",
    "time": "time",
    "timestamp": "time",
    "year": "year",
}
_SCALES = {"thousand": "thousands", "million": "millions", "billion": "billions"}
_SCALES |= {scale: scale for scale in _SCALES.values()}
_OPEN = frozenset("in of to by from for with as at on into onto per until since than".split())
"""Words that a label cannot end with."""
_ASKING = frozenset("how what when where who which why if".split())
_PHRASAL = frozenset("checked opted logged signed locked clocked".split())
_BY: dict[str, str] = vocabulary("relations")["roles"]


def phrase(words: Words, entity: str) -> Words:
    """Return the words of a field as a person would put them.

    Args:
        words: The field's words, written out.
        entity: Label of its entity, for a field that is called `id` and no more.
    """
    text = list(words.text)
    lower = [word.lower() for word in text]
    if lower in (["id"], ["key"], ["pk"], ["uuid"]):
        tail = {"id": "ID", "pk": "ID", "uuid": "UUID"}.get(lower[0], lower[0])
        return Words([*entity.split(" "), tail], spoken=words.spoken, bad=words.bad)
    whole = _WHOLE.get(" ".join(lower))
    if whole is not None:
        return Words(whole.split(" "))
    if len(text) > 1 and lower[0] in ("is", "was", "fk"):
        text, lower = text[1:], lower[1:]
    if len(text) > 1 and lower[-1] in ("is", "was"):
        text, lower = text[:-1], lower[:-1]
    if len(text) == 2 and lower[0] == "amount" and lower[1].endswith(("ed", "payment", "standing")):
        text, lower = [text[1], "amount"], [lower[1], "amount"]
    if len(text) > 1 and lower[0] == "id" and lower[1] not in ("number", "card", "document"):
        text = [*text[1:], "ID"]
    elif len(text) > 1 and lower[-1] in ("fk", "pk", "sk"):
        rest = words.bad - {lower[-1]}
        words = Words(text, spoken=words.spoken or not rest, bad=rest)
        text = [*text[:-1], *(["ID"] if lower[-1] != "fk" else [])]
    if len(text) == 3 and lower[:2] == ["number", "of"] and lower[2].endswith("ed"):
        text = ["number", text[2]]
    elif len(text) > 2 and lower[:2] == ["number", "of"]:
        text = ["number", "of", *plural(" ".join([*text[2:-1], singular(text[-1])])).split(" ")]
    if len(text) > 1 and lower[-1] in _SCALES and lower[-2] not in ("in", "per", "of"):
        return Words([*text[:-1], "in", _SCALES[lower[-1]]], spoken=words.spoken, bad=words.bad)
    measured = _unit(text)
    if measured is not None:
        spoken = words.spoken or words.bad <= {lower[-1]}
        return Words(measured, spoken=spoken, bad=words.bad - {lower[-1]})
    said = _doer(_moment(_ending(text)))
    asks = len(said) > 1 and said[0].lower() in _ASKING
    closed = len(said) < 2 or said[-1].lower() not in _OPEN or said[-2].lower() in _PHRASAL
    return Words(said, spoken=words.spoken and closed and not asks, bad=words.bad)


def _doer(text: list[str]) -> list[str]:
    """Put `written by` as `writer`."""
    found = _BY.get(" ".join(text).lower()) if len(text) == 2 and text[-1].lower() == "by" else None
    return found.split(" ") if found else text


def _unit(text: list[str]) -> list[str] | None:
    """Put `weight kg` as `weight in kilograms`."""
    if len(text) > 2 and text[-2].lower() == "per" and text[-1].lower() in _UNITS["suffixes"]:
        unit = _UNITS["suffixes"][text[-1].lower()][0].split(" ")
        return [*text[:-1], singular(unit[0]), *unit[1:]]
    if len(text) < 2 or {"in", "per", "of"} & {word.lower() for word in text}:
        return None
    last = text[-1].lower()
    if last in _UNITS["suffixes"]:
        return [*text[:-1], "in", *_UNITS["suffixes"][last][0].split(" ")]
    if last in _UNITS["letters"] and text[-2].lower() in _UNITS["measures"]:
        return [*text[:-1], "in", _UNITS["letters"][last][0]]
    if last in _UNITS["words"] and text[-2].lower() in _UNITS["measures"]:
        return [*text[:-1], "in", last]
    return None


def _ending(text: list[str]) -> list[str]:
    for size in (2, 1):
        end = _END.get(" ".join(text[-size:]).lower()) if len(text) > size else None
        if end:
            return [*text[:-size], *end.split(" ")]
    return text


def _moment(text: list[str]) -> list[str]:
    """Put `shipped at` and `date shipped` as `shipping time` and `shipping date`."""
    if len(text) < 2:
        return text
    before, last = text[-2].lower(), text[-1].lower()
    if len(text) == 3 and text[0].lower() == "date" and (last == "made" or last in _EVENTS):
        event = [] if last == "made" or _EVENTS[last] == before else _EVENTS[last].split(" ")
        return [text[1], *event, "date"]
    if (
        last in ("from", "to")
        and len(text) == 3
        and text[0].lower() == "date"
        and before in _EVENTS
    ):
        return [*_EVENTS[before].split(" "), "start" if last == "from" else "end", "date"]
    if last == "at" and before in ("in", "out", "off", "up") and len(text) > 2:
        return [*text[:-3], f"{text[-3]}-{before}", "time"]
    if before in _MOMENTS and last in _EVENTS and last.endswith(("ed", "en", "t", "ld")):
        return [*_EVENTS[last].split(" "), before] if len(text) == 2 else text
    if before == "date" and len(text) == 2 and last in _NOUNS:
        return [last, "date"]
    if last in ("at", "on") and (
        before in _EVENTS or before in PARTICIPLES or before.endswith("ed")
    ):
        event = _EVENTS.get(before, before).split(" ")
        if len(text) > 2 and event[0] == "last":
            event = event[1:]
        return [*text[:-2], *event, _MOMENTS[last]]
    if last in ("at", "on") and len(before) > 3 and is_word(before):
        return [*text[:-1], _MOMENTS[last]]
    if (
        last in _MOMENTS
        and before in _EVENTS
        and last not in ("at", "on")
        and before.endswith(("ed", "ld", "lt", "wn", "id", "nt"))
    ):
        event = _EVENTS[before].split(" ")
        if len(text) > 2 and event[0] == "last":
            event = event[1:]
        return [*text[:-2], *event, _MOMENTS[last]]
    return text
