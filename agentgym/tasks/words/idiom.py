"""How people say what a schema only labels: `issued on` for an issue date.

A label comes in, the word that people use goes out, or None where there is no safe one. The
words are data: `schemas/vocabulary/said.json`. Next: `lexicon`.
"""

from __future__ import annotations

import re
from functools import lru_cache

from agentgym.schema import Entity, Field
from agentgym.schema.names.lexicon import vocabulary

__all__ = [
    "belonging",
    "by_words",
    "done_words",
    "entity_words",
    "field_words",
    "is_year",
    "known_place",
    "mute",
    "nobody",
    "of_people",
    "option",
    "piecewise",
    "preposition",
    "ranked",
    "simple",
    "somebody",
    "superlatives",
    "town",
    "trait",
    "with_article",
]

_SAID = vocabulary("said")
_DONE: dict[str, str] = _SAID["done"]
_PARTICIPLES = frozenset(_DONE.values())
_BY: dict[str, str] = _SAID["by"]
_MOST: dict[str, list[str]] = _SAID["superlatives"]
_ADJECTIVES = frozenset(_SAID["adjectives"])
_NOT_ADJECTIVES = frozenset(_SAID["not_adjectives"])
_RULES = tuple(
    (tuple(rule["child"]), tuple(rule["parent"]), str(rule["say"]))
    for rule in _SAID["prepositions"]
)
_LISTED = tuple(_SAID["listed"])
_SERVED = tuple(_SAID["served"])
_GROUPS = tuple(_SAID["groups"])
_DATED = re.compile(r"(?:date|time|year) (?:of )?(.+)|(.+) (?:date|time|year|timestamp)")
_WITH_ARTICLE = frozenset(_SAID["with_article"])
_SETTINGS = frozenset(_SAID["settings"])
_BIRTH = frozenset({"date of birth", "birth date", "birthday", "year of birth"})
_FIELDS: dict[str, str] = _SAID["fields"]
_ENTITIES: dict[str, list[str]] = _SAID["entities"]
_CODED = frozenset(_SAID["coded"])
_TECHNICAL = re.compile(rf"\b(?:{'|'.join(_SAID['technical'])})\b", re.IGNORECASE)
_NO_MOST = frozenset(_SAID["no_most"])
_NOT_OF_PEOPLE = frozenset(_SAID["not_of_people"])
_NOT_PEOPLE = tuple(_SAID["not_people"])
_PEOPLE = tuple(_SAID["people"])
_PRICED = tuple(_SAID["listed_with_price"])
_DATED_BEFORE = re.compile(r"(date|year) (\w+)", re.IGNORECASE)
_PART = re.compile(
    r"(?:address|location) (city|state|country|street|zip code|postal code|postcode|region|county)",
    re.IGNORECASE,
)
_TURNED = re.compile(
    r"(address) (delivery|billing|shipping|home|work|mailing|postal)"
    r"|(\w+ limit) (daily|weekly|monthly|yearly)",
    re.IGNORECASE,
)
_DONE_AFTER = re.compile(
    r"(time|amount|price|cost|quantity|effort|budget) (\w{3,}ed)", re.IGNORECASE
)
_TAXED = re.compile(r"(?:including|excluding) \w+", re.IGNORECASE)
_PLACES = {
    "country": frozenset(_SAID["countries"]),
    "continent": frozenset(_SAID["continents"]),
}
_UNCLEAR = frozenset(_SAID["unclear_places"])
_READY = re.compile(r"(?:default|ready|available|visible|open|eligible|part|not) ")
_SINCE = re.compile(r"\bsince(?: date| time)?\Z")
_UNDONE = {done: what for what, done in reversed(_DONE.items())}
_PARTICIPLE = re.compile(r"(?:date|time) (\w+)", re.IGNORECASE)
_LOG = re.compile(r"\bhistor(?:y|ies)\Z")
_VERBS = {
    "has": "have",
    "can": "can",
    "needs": "need",
    "requires": "require",
    "accepts": "accept",
    "allows": "allow",
    "uses": "use",
    "includes": "include",
}
"""How a flag can begin that says what a row does."""


def entity_words(entity: Entity) -> tuple[str, str]:
    """Return what one row of the entity is called, and several: one of a history is an entry."""
    if entity.kind == "log" and _LOG.search(entity.label):
        return f"{entity.label} entry", f"{entity.label} entries"
    known = _ENTITIES.get(entity.label.lower())
    return (known[0], known[1]) if known else (entity.label, entity.plural)


def field_words(field: Field, entity: str) -> str:
    """Return what people call a field: the IATA code, the modification date.

    Args:
        field: The field.
        entity: What the row is called.
    """
    label = field.label
    known = _FIELDS.get(label.lower())
    if known:
        return known
    if label.lower() == f"{entity.lower()} id":
        return "ID"
    if label.lower() == entity.lower() == "address":
        return f"street {label}"
    part = _PART.fullmatch(label)
    if part:
        return part[1]
    turned = _TURNED.fullmatch(label)
    if turned:
        what, which = (one for one in turned.groups() if one)
        return f"{which} {what}"
    dated = _DATED_BEFORE.fullmatch(label)
    if dated and dated[2].lower() in _DONE:
        return f"{dated[2]} {dated[1].lower()}"
    undone = _PARTICIPLE.fullmatch(label)
    if undone and undone[1].lower() in _UNDONE and _UNDONE[undone[1].lower()] != "due":
        return f"{_UNDONE[undone[1].lower()]} {label.split(' ')[0].lower()}"
    done = _DONE_AFTER.fullmatch(label)
    if done:
        return f"{done[2]} {done[1]}"
    return f"amount {label}" if field.type == "decimal" and _TAXED.fullmatch(label) else label


def mute(field: Field, entity: str) -> bool:
    """Tell whether nobody would say the field: an integer that codes a state, a digest.

    Args:
        field: The field.
        entity: What the row is called.
    """
    label = field.label.lower()
    if _TECHNICAL.search(label) or _SINCE.search(label):
        return True
    if field.type in ("date", "datetime") and _PARTICIPLE.fullmatch(field_words(field, entity)):
        return True
    if label == entity.lower() and field_words(field, entity) == field.label:
        return field.role not in ("label", "person", "text", "category")
    if field.type == "boolean":
        bare = re.sub(r"^(?:is|was|has been) ", "", label)
        known = trait(label) or option(bare) or simple(bare) or _READY.match(bare)
        return len(bare.split(" ")) > 2 and not known
    if field.type not in ("integer", "float", "decimal"):
        return False
    if field.role == "flag" or (simple(label) and " " not in label):
        return True
    if option(label) and " " in label:
        return True
    if field.type == "integer" and field.role == "time":
        return not is_year(field)
    return field.role == "other" and label.split(" ")[-1] in _CODED


def ranked(label: str) -> bool:
    """Tell whether the rows with the most of a field can be named: not of the latest start."""
    return label.lower().split(" ")[0] not in _NO_MOST


def somebody(entity: str) -> bool:
    """Tell whether a row is called what people are called: a patient, a guest."""
    return _ends(entity, _PEOPLE)


def nobody(entity: str) -> bool:
    """Tell whether a row is none of a person, though it has a person's name: an address."""
    return _ends(entity, _NOT_PEOPLE)


def of_people(superlative: str) -> bool:
    """Tell whether people are called so: the tallest, not the lightest."""
    return superlative not in _NOT_OF_PEOPLE


def piecewise(entity: str) -> bool:
    """Tell whether rows of an entity are so many of a thing, each at a price."""
    return _ends(entity, _PRICED)


def known_place(label: str, text: str) -> bool:
    """Tell whether everybody knows what a name names: a country, a continent.

    Args:
        label: What it is taken for.
        text: The name.
    """
    return text in _PLACES.get(label.lower(), ())


def town(label: str, text: str) -> bool:
    """Tell whether a name is one that a town can have, and nothing larger.

    Args:
        label: Of the field that holds it.
        text: The name.
    """
    larger = any(text in names for names in _PLACES.values())
    return label.lower() in ("city", "town") and not larger and text not in _UNCLEAR


def is_year(field: Field) -> bool:
    """Tell whether an integer is a calendar year."""
    words = field.label.lower().split()
    return field.type == "integer" and (words[-1:] == ["year"] or words[:2] == ["year", "of"])


@lru_cache(maxsize=4096)
def done_words(label: str, entity: str) -> str | None:
    """Return what was done at the time of that label: `issued` for `issue date`.

    Args:
        label: Of a time or a year.
        entity: What the row is called; what it is itself cannot be done to it.
    """
    bare = label.lower()
    if bare in _BIRTH:
        return "born"
    found = _DATED.fullmatch(bare)
    if not found:
        return None
    event = found[1] or found[2]
    if any(word.startswith(event) for word in entity.lower().split()):
        return None
    done = event if event in _PARTICIPLES else _DONE.get(event)
    same = done and any(word[:4] == done[:4] for word in entity.lower().split())
    return None if same else done


def superlatives(label: str) -> tuple[str, str] | None:
    """Return what the row with the most, and the one with the least of a field is called."""
    found = _MOST.get(label.lower())
    return (found[0], found[1]) if found else None


def by_words(role: str) -> str | None:
    """Return what stands before the one who has a role: `written by` for `author`."""
    return _BY.get(role.lower())


def simple(flag: str) -> bool:
    """Tell whether a row simply is what a flag is called: discontinued, active."""
    words = flag.lower().split()
    last = words[-1] if words else ""
    if len(words) == 2 and last == "only":
        return True
    if len(words) > 2 or last in _NOT_ADJECTIVES:
        return False
    formed = re.search(r"\w{3}(?<!e)(?:ed|able|ible|ous|less|ful)\Z", last)
    return last in _ADJECTIVES or formed is not None


def option(flag: str) -> bool:
    """Tell whether a flag is a setting, called by what it does: `notify managers`."""
    return flag.lower().split(" ")[0] in _SETTINGS


def trait(label: str) -> tuple[str, str] | None:
    """Return what a row of such a flag does, and do: `has ultrasound`, `have ultrasound`."""
    first, _, rest = label.partition(" ")
    base = _VERBS.get(first.lower())
    if base and rest:
        return f"{first.lower()} {rest}", f"{base} {rest}"
    words = label.lower().split(" ")
    switched = len(words) > 1 and words[-1] in ("enabled", "disabled", "allowed", "activated")
    return (f"has {label}", f"have {label}") if switched else None


def with_article(place: str) -> bool:
    """Tell whether a place is called with an article: the Netherlands."""
    return place in _WITH_ARTICLE


@lru_cache(maxsize=4096)
def preposition(child: str, parent: str, *, person: bool, forward: bool = True) -> str:
    """Return the word between a row and what it refers to: the invoice `for` a patient.

    Args:
        child: What the row is called.
        parent: What it refers to.
        person: Whether that is a person.
        forward: Whether the child comes first; else the parent: the treatment `on` a line.
    """
    said = next((w for cs, ps, w in _RULES if _ends(child, cs) and _ends(parent, ps)), None)
    if not forward:
        listed = _ends(child, _LISTED) and not _ends(child, ("history entry", "log entry"))
        return "on" if listed and said != "on" else "of"
    return said or ("for" if person and _ends(child, _SERVED) else "of")


def belonging(parent: str) -> bool:
    """Tell whether rows belong to such a row: a line, a group, a department."""
    return _ends(parent, _GROUPS)


def _ends(label: str, words: tuple[str, ...]) -> bool:
    lowered = label.lower()
    return any(lowered == word or lowered.endswith(" " + word) for word in words)
