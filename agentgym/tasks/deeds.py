"""Deeds of the user: what only they can do, how they are asked for it, and what they hear of it.

In come a plan's write and the schema; out come its words, the request that an agent makes of them,
and the plain reading of any request. Values that the user does not know are told in sentences of
their own, and the call that the user makes takes them as they were said. Next: `guided`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation

from agentgym.domain import Domain
from agentgym.formats import Json, Record, to_text
from agentgym.plan import Fact, Plan, Write
from agentgym.schema import Field, Schema
from agentgym.tasks import UserDeed, UserScript
from agentgym.tools.algebra import is_write, touched
from agentgym.tools.parameters import bindings

__all__ = ["Heard", "arguments", "hear", "imperative", "name_of", "own_tools", "request", "say"]

_NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?")
_QUOTED = re.compile(r"\"([^\"]*)\"|“([^”]*)”")
_TOKEN = re.compile(r"[\w:+/@-]+(?:\.[\w:+/@-]+)*")
_WORD = re.compile(r"[^\W_]+")
_IS = r"(?:\s+of\s+(?:the|this|that|your)\s+(?:new\s+)?[\w ]{1,40}?)?"
_SAYS = r"\s*[(:=,]?\s*(?:(?:is|are|to|as|with|should be|must be|has to be)\s+)?[=:]?\s*"
_MINE = re.compile(r"\b(?:i|i'll|i've|i'm|we|we'll|we've)\b[^,;:]*\Z", re.IGNORECASE)
"""Before what the agent says that it does itself."""
_SENTENCE = re.compile(r".+?(?:[.!?](?=\s|$)|$)", re.DOTALL)
_STOP = frozenset(
    "a an the of for to in on at by with from and or is are be that this its it your you me my i "
    "please could can would will now then there here new".split()
)
_VERBS = {
    "change": frozenset("set change update edit make put mark move switch adjust modify".split()),
    "add": frozenset("add create make enter book register open insert record".split()),
    "remove": frozenset("remove delete cancel erase drop take clear".split()),
}
"""What a deed begins with, to the verbs that mean it as well."""
_ASKS = frozenset("please you your yourself need must".split())


class Heard(Record, kw_only=True):
    """What a message asks the user to do."""

    deeds: tuple[str, ...] = ()
    """Ids of the deeds that are asked for and of which everything needed is told, in order."""
    told: tuple[tuple[str, str], ...] = ()
    """Id of a needed fact and what was said it is, for those."""
    missing: tuple[str, ...] = ()
    """Ids of the facts that other deeds which are asked for still need."""


# what is said


def imperative(write: Write, plan: Plan, schema: Schema, known: Collection[str]) -> str:
    """Return what a write is, as an imperative: `set the status of the visit to "confirmed"`.

    Args:
        write: The write.
        plan: Whose it is.
        schema: Supplies the labels.
        known: The fields that it sets to what the user knows: their values are said with it.
    """
    entity = schema.entity(write.entity)
    told = [
        (entity.field(one.field).label, say(plan.fact(str(one.fact)).value))
        for one in write.settings
        if one.fact is not None and one.field in known
    ]
    if write.kind == "delete":
        return f"remove the {entity.label}"
    if write.kind == "create":
        gives = _listed([f"the {label} {value}" for label, value in told])
        return f"add a new {entity.label}{' with ' if told else ''}{gives}"
    if told:
        (label, value), *others = told
        rest = [f"the {label} to {value}" for label, value in others]
        return "set " + _listed([f"the {label} of the {entity.label} to {value}", *rest])
    labels = _listed([f"the {entity.field(one.field).label}" for one in write.settings])
    return f"change {labels} of the {entity.label}"


def name_of(write: Write, field: str, schema: Schema, *, key: bool) -> str:
    """Name a value that the user needs for a deed: `the new fee of the visit`."""
    entity = schema.entity(write.entity)
    label = entity.field(field).label
    if key:
        return f"the {label} of the {entity.label}"
    if write.kind == "create":
        return f"the {label} of the new {entity.label}"
    return f"the new {label} of the {entity.label}"


def say(value: Json) -> str:
    """Say a wire value so that it can be heard: numbers and codes as they are, texts in quotes."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, str):
        plain = _TOKEN.fullmatch(value) is not None and any(map(str.isdigit, value))
        if plain:
            return value
        return f"“{value}”" if '"' in value else f'"{value}"'
    return to_text(value)


def request(deed: UserDeed, script: UserScript, values: Mapping[str, Json]) -> str:
    """Write what an agent says so that the user does a deed.

    Args:
        deed: The deed.
        script: The user's.
        values: Id of each needed fact to its wire value, as the agent takes it to be.
    """
    parts = [f"Please {deed.words}."]
    for name in deed.needs:
        words = script.questions[name]
        parts.append(f"{words[:1].upper()}{words[1:]} is {say(values[name])}.")
    return " ".join(parts)


# what is heard


def hear(text: str, script: UserScript) -> Heard:
    """Read what a message asks the user to do.

    A deed is asked for in its own words, or in a sentence that addresses the user and holds all of
    these that say what it is, with a verb that means the same.

    Args:
        text: The message.
        script: The user's: the deeds and the facts that they need.
    """
    flat = " ".join(text.split())
    places = _places(flat, script.deeds)
    deeds: list[str] = []
    told: list[tuple[str, str]] = []
    missing: list[str] = []
    facts = {fact.id: fact for fact in script.unknown}
    for number, (at, deed) in enumerate(places):
        end = places[number + 1][0] if number + 1 < len(places) else len(flat)
        part = flat[at:end] if len(places) > 1 else flat
        rest = re.sub(re.escape(deed.words), " ", part, flags=re.IGNORECASE)
        needs = [facts[name] for name in deed.needs]
        found = {fact.id: _said(rest, fact, script.questions, deed) for fact in needs}
        lacking = [name for name, value in found.items() if value is None]
        if lacking:
            missing += lacking
        else:
            deeds.append(deed.id)
            told += [(name, value) for name, value in found.items() if value is not None]
    return Heard(deeds=tuple(deeds), told=tuple(told), missing=tuple(missing))


def _places(text: str, deeds: Sequence[UserDeed]) -> list[tuple[int, UserDeed]]:
    """Find which deeds are asked for, and where, in order of the text."""
    low = text.casefold()
    spans: list[tuple[int, int, UserDeed]] = []
    for deed in deeds:
        words = deed.words.casefold()
        for found in re.finditer(re.escape(words), low):
            lead = re.split(r"[.!?]\s", low[: found.start()])[-1]
            if _MINE.search(lead) is None:
                spans.append((found.start(), found.end(), deed))
    whole = [
        (start, deed)
        for start, end, deed in spans
        if not any(a <= start and end <= b and (a, b) != (start, end) for a, b, _ in spans)
    ]
    places = whole or list(_loosely(text, deeds))
    first: dict[str, tuple[int, UserDeed]] = {}
    for at, deed in sorted(places, key=lambda pair: pair[0]):
        first.setdefault(deed.id, (at, deed))
    return sorted(first.values(), key=lambda pair: pair[0])


def _loosely(text: str, deeds: Sequence[UserDeed]) -> Iterator[tuple[int, UserDeed]]:
    """Find deeds that sentences ask for in other words; of several in one, those that say most."""
    for sentence in _SENTENCE.finditer(text):
        said = _WORD.findall(sentence.group().casefold())
        known = set(said)
        asks = known & _ASKS or any(
            said[:1] == [verb] for verbs in _VERBS.values() for verb in verbs
        )
        if not asks or _MINE.match(sentence.group().lstrip()):
            continue
        fits: list[tuple[frozenset[str], UserDeed]] = []
        for deed in deeds:
            lead, *rest = _WORD.findall(deed.words.casefold())
            verbs = _VERBS.get("change" if lead == "set" else lead, frozenset({lead}))
            content = frozenset(rest) - _STOP
            if content <= known and known & verbs:
                fits.append((content, deed))
        for content, deed in fits:
            if not any(content < other for other, _ in fits):
                yield sentence.start(), deed


def _said(text: str, fact: Fact, questions: Mapping[str, str], deed: UserDeed) -> str | None:
    """Find what a message says that a needed fact is; None where it says nothing of it.

    What it says of the deed itself is no value of a fact that goes unnamed.
    """
    name = questions[fact.id].removeprefix("the ")
    bare = re.sub(r"^new ", "", name)
    label, _, _ = bare.partition(" of the ")
    value = _value(fact)
    for words in dict.fromkeys((name, bare, label)):
        pattern = rf"\b{re.escape(words)}\b{_IS if words == label else ''}{_SAYS}"
        for found in re.finditer(pattern, text, re.IGNORECASE):
            said = value.match(text, found.end())
            if said is not None:
                return _clean(said)
    if len(deed.needs) == 1:
        loose = _NUMBER if value is _NUMBER else _QUOTED
        own = {_clean(found) for found in loose.finditer(deed.words)}
        candidates = dict.fromkeys(map(_clean, loose.finditer(text)))
        left = [one for one in candidates if one not in own]
        if len(left) == 1:
            return left[0]
    return None


_TEXT = re.compile(rf"{_QUOTED.pattern}|{_TOKEN.pattern}")
_TRUTH = re.compile(r"\b(?:yes|no|true|false)\b", re.IGNORECASE)


def _value(fact: Fact) -> re.Pattern[str]:
    """Return how values of the kind of a fact are written."""
    if isinstance(fact.value, bool):
        return _TRUTH
    return _NUMBER if isinstance(fact.value, (int, float, Decimal)) else _TEXT


def _clean(found: re.Match[str]) -> str:
    inner = next((group for group in found.groups() if group is not None), None)
    return found.group() if inner is None else inner


# what is done


def arguments(
    deed: UserDeed, told: Sequence[tuple[str, str]], domain: Domain
) -> dict[str, Json] | None:
    """Return the arguments of the call that the user makes, with what they were told.

    Args:
        deed: The deed.
        told: Id of a fact and what was said that it is.
        domain: Whose tool the user calls.

    Returns:
        None where something that it needs was not told.
    """
    if not deed.takes:
        return dict(deed.arguments)
    said = dict(told)
    if not set(deed.needs) <= said.keys():
        return None
    uses = bindings(domain.tool_by_name[deed.tool].term, domain.schema)
    found = dict(deed.arguments)
    for param, name in deed.takes.items():
        entity, field, _ = uses[param]
        found[param] = _meant(domain.schema.entity(entity).field(field), said[name])
    return found


def _meant(field: Field, said: str) -> Json:
    """Return the wire value that a text stands for; the text itself where it is none."""
    text = said.strip()
    try:
        match field.type:
            case "integer":
                return int(text.replace(",", ""))
            case "decimal":
                return Decimal(text.replace(",", ""))
            case "float":
                return float(text.replace(",", ""))
            case "boolean" if text.casefold() in ("yes", "true", "no", "false"):
                return text.casefold() in ("yes", "true")
            case "enum":
                same = [v for v in field.values or () if v.casefold() == text.casefold()]
                return same[0] if len(same) == 1 else text
    except (ValueError, InvalidOperation):
        pass
    return text


def own_tools(deeds: Sequence[UserDeed], domain: Domain) -> frozenset[str]:
    """Name the tools of a domain that are the user's where they have these deeds.

    All tools that write rows of the kinds which the deeds write: the agent has none of them.
    """
    known = domain.tool_by_name
    theirs = {
        name
        for deed in deeds
        if deed.tool in known
        for name in touched(known[deed.tool].term, domain.schema)
    }
    return frozenset(
        tool.name
        for tool in domain.tools
        if is_write(tool) and theirs & set(touched(tool.term, domain.schema))
    )


def _listed(parts: Sequence[str]) -> str:
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"
