"""Texts of one column: names of things, codes, states, categories, sentences.

The words of entity and field come in; lists and functions that read like a real
business's go out. The words themselves are data, `schemas/vocabulary/rows/`. Next: `values`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random
from typing import Any

from agentgym.populate.meaning import field_words, is_person, split
from agentgym.populate.pools import last_names, vocabulary, words
from agentgym.schema import Entity, Field

__all__ = ["catalog", "code_head", "fit", "reasons", "sentence", "states", "titles"]

_KIN: Any = vocabulary("kinship")
"""Which words mean which of our lists: data, `schemas/vocabulary/rows/kinship.json`."""
_GROUPING = frozenset("category type kind class group classification".split())


def fit(text: str, longest: int | None) -> str:
    """Cut a text to a length, at a word where that leaves enough."""
    if longest is None or len(text) <= longest:
        return text
    cut = text[:longest].rsplit(" ", 1)[0].rstrip(" ,;:&-")
    return cut if len(cut) * 2 > longest else text[:longest].strip() or text[:longest]


def catalog(entity: Entity, field: Field, *, whole: bool = False) -> list[str] | None:
    """Return the usual values of a category or lookup, most common first, where we know them.

    Args:
        entity: The owner of the field.
        field: Of which the last word counts most.
        whole: Whether the field names the row, so that the entity's words say the same.
    """
    known: dict[str, list[str]] = vocabulary("catalogs")
    for own in (split(field.label), split(entity.label))[: 2 if whole else 1]:
        plain = [word for word in own if word not in ("name", "title", "label", "id", "code")]
        for name, listed in known.items():
            if " " in name and set(name.split()) <= set(plain):
                return listed
        if plain and plain[-1] in _GROUPING:
            about = plain[:-1] or split(entity.label)
            for word in reversed(about):
                for alias in (word, _KIN["kin"].get(word, "")):
                    if alias and f"{alias} category" in known:
                        return known[f"{alias} category"]
            for word in reversed(plain[:-1]):
                if word in _KIN["catalog_of"]:
                    return known[_KIN["catalog_of"][word]]
            return known["category"]
        if plain and plain[-1] in _KIN["catalog_of"]:
            return known[_KIN["catalog_of"][plain[-1]]]
    return None


def reasons(entity: Entity) -> list[str]:
    """Return why a row of the entity comes to be: of a visit, of a return, of anything."""
    known: dict[str, list[str]] = vocabulary("catalogs")
    for word in reversed(split(entity.label)):
        found = known.get(f"{_KIN['kin'].get(word, word)} reason")
        if found:
            return found
    return known["reason"]


def states(entity: Entity, field: Field) -> list[str]:
    """Return the states of a status field whose values the schema does not list."""
    known: dict[str, list[str]] = vocabulary("statuses")
    found = (*field_words(field), *reversed(split(entity.label)))
    for word in found:
        for name in (word, _KIN["states_of"].get(word, "")):
            if name in known:
                return known[name]
    if is_person(entity):
        return known["person"]
    return known["default"]


def titles(
    entity: Entity, field: Field, count: int, rng: Random, *, kin: Sequence[str] = ()
) -> list[str]:
    """Return names for that many rows, distinct as long as the words last.

    Args:
        entity: Whose rows.
        field: That holds the name.
        count: How many.
        rng: Where the chance comes from.
        kin: Labels of what refers to the entity: they say what a bare `category` is about.
    """
    owner = list(split(entity.label))
    empty = ("name", "title", "label", "id", "description", *owner)
    about = [word for word in split(field.label) if word not in empty]
    closed = entity.kind == "lookup" or _is_grouping(about, owner)
    listed = catalog(entity, field, whole=not about) if closed else None
    if listed == vocabulary("catalogs")["category"]:
        for word in (word for label in kin for word in split(label)):
            listed = vocabulary("catalogs").get(f"{_KIN['kin'].get(word, word)} category", listed)
    if listed is not None:
        found = list(dict.fromkeys(listed))
    else:
        family = next(
            (
                name
                for word in (*reversed(about), *owner[-1:])
                for name, members in _KIN["families"].items()
                if word in members
            ),
            "",
        )
        head = " ".join(about) or (entity.label if entity.spoken else "")
        found = _spread(lambda: _title(family, head, rng), min(count, 4000))
    if not found:
        found = ["Item"]
    return [_again(found[place % len(found)], place // len(found)) for place in range(count)]


def _again(text: str, turn: int) -> str:
    """Return the text for the `turn`-th time: `Eye test`, `Eye test, short`, ... `Eye test 9`."""
    variants = words("variants")
    if turn == 0:
        return text
    if turn <= len(variants) and " " not in text[-3:] and not text[-1:].isdigit():
        return f"{text}, {variants[turn - 1]}"
    return f"{text} {turn + 1}"


def _is_grouping(about: Sequence[str], owner: Sequence[str]) -> bool:
    last = (about or owner)[-1:]
    return (
        bool(last)
        and (last[0] in _GROUPING or last[0] in _KIN["catalog_of"])
        and not any(last[0] in members for members in _KIN["families"].values())
    )


def _spread(draw: object, count: int) -> list[str]:
    """Draw until there are that many different ones, or no new one comes for long."""
    assert callable(draw)
    found: dict[str, None] = {}
    for _ in range(count * 6 + 20):
        if len(found) >= count:
            break
        found[draw()] = None
    return list(found)


def _title(family: str, head: str, rng: Random) -> str:
    """Fill one of the forms of a family: `{nouns}` is any noun, `{head}` what the row is."""
    if family == "talk":
        return sentence("subjects", _NOTHING, "", rng, None)
    forms: list[str] = vocabulary("forms")[family if head else family or "title"]

    def fill(match: re.Match[str]) -> str:
        style, _, name = match[1].rpartition(" ")
        if name == "number":
            return f"{rng.randint(1, 40):02}"
        if name == "head":
            last = split(head)[-1:] or ("house",)
            return last[0].capitalize() if style == "big" else head
        word = rng.choice(last_names() if name == "last_names" else words(name))
        return word.lower() if style == "small" else word

    return re.sub(r"\{([a-z_ ]+)\}", fill, rng.choice(forms))


_NOTHING = Entity(name="entry", label="request", plural="requests", key=("id",), fields=())


def code_head(entity: Entity) -> str:
    """Return the letters that codes of the entity begin with: `INV` for invoices."""
    own = split(entity.label)
    if len(own) > 1:
        return "".join(word[0] for word in own[:3]).upper()
    return (own[0] if own else "x")[:3].upper()


def sentence(kind: str, entity: Entity, first: str, rng: Random, longest: int | None) -> str:
    """Return one or two English sentences of a kind in `sentences.json`, never cut within one."""
    forms: list[str] = vocabulary("sentences")[kind]
    known = vocabulary("catalogs")
    fill = {
        "first": first,
        "entity": entity.label if entity.spoken else "entry",
        "noun": rng.choice(words("nouns")).lower(),
        "number": str(rng.randint(2, 9)),
        "weekday": rng.choice(known["weekday"][:5]),
        "season": rng.choice(known["season"]),
        "region": rng.choice(known["region"][:4]).lower(),
        "department": rng.choice(known["department"]).lower(),
        "quality": rng.choice(
            ("simple", "practical", "reliable", "detailed", "popular", "flexible")
        ),
    }
    found = rng.choice(forms).format_map(fill)
    if kind not in ("subjects", "questions") and rng.random() < 0.35:
        more = rng.choice(forms).format_map(fill)
        if more != found and (longest is None or len(found) + len(more) < longest):
            found = f"{found} {more}"
    return fit(found[:1].upper() + found[1:], longest)
