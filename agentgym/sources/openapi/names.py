"""Names in descriptions: their words, as identifiers, and what a number of things is called.

Quick rules alone, as a hundred thousand names are read; names that people see are made by
`schema.names`. Next: `intent`.
"""

from __future__ import annotations

import keyword
import re
from functools import lru_cache

from agentgym.schema.names import snake as transcribed

__all__ = ["is_plural", "parts", "pointer", "singular", "snake", "stem"]

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORD = re.compile(r"[^\W_]+")
_IDS = re.compile(r"IDs(?![a-z])")
_SAME = frozenset(
    "news series species status address analysis basis business process access class bus gas lens "
    "campus corpus bonus virus census canvas atlas alias bias chaos cosmos kudos sms dns aws "
    "os tls https js css progress success loss boss pass glass mass cross press stress express "
    "address compass wireless less plus minus focus radius genus nexus previous various "
    "diagnostics analytics statistics metrics logistics https ios gps pos sas vms kms ses sns sqs "
    "ics is this has was its settings sales goods data media".split()
)
_IRREGULAR = {
    "people": "person",
    "children": "child",
    "men": "man",
    "women": "woman",
    "indices": "index",
    "vertices": "vertex",
    "matrices": "matrix",
    "appendices": "appendix",
    "criteria": "criterion",
    "phenomena": "phenomenon",
    "feet": "foot",
    "mice": "mouse",
    "geese": "goose",
    "teeth": "tooth",
    "movies": "movie",
    "cookies": "cookie",
    "series": "series",
    "caches": "cache",
    "axes": "axis",
    "crises": "crisis",
    "analyses": "analysis",
    "aliases": "alias",
    "statuses": "status",
    "buses": "bus",
    "viruses": "virus",
    "bonuses": "bonus",
    "campuses": "campus",
    "lenses": "lens",
    "leaves": "leaf",
    "lives": "life",
    "knives": "knife",
    "wives": "wife",
    "shelves": "shelf",
    "halves": "half",
    "categories": "category",
}


@lru_cache(maxsize=65536)
def parts(name: str) -> tuple[str, ...]:
    """Cut a name into its words, in lower case: `petIDs` to `pet`, `ids`; marks fall away."""
    if not name.isascii():
        name = transcribed([name])
    name = _IDS.sub("Ids", name)
    return tuple(
        word.lower() for piece in _CAMEL.split(name[:300]) for word in _WORD.findall(piece)
    )


@lru_cache(maxsize=65536)
def snake(name: str) -> str:
    """Make an ASCII identifier in snake_case of a name; empty where nothing is left of it."""
    found = "_".join(parts(name))
    if found[:1].isdigit():
        found = f"n_{found}"
    return f"{found}_" if keyword.iskeyword(found) else found


@lru_cache(maxsize=65536)
def singular(word: str) -> str:
    """Return the singular of a noun in lower case, by the usual endings."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word in _SAME or len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    if word.endswith(("sses", "shes", "ches", "xes", "zzes")):
        return word[:-2]
    return word[:-1]


def is_plural(word: str) -> bool:
    """Tell whether a noun is a plural."""
    return singular(word) != word


def pointer(noun: str, key: str) -> str:
    """Return what a field is called that holds the key of something: `pet_id`, `postcode`."""
    return noun if key == noun else f"{noun}_{key.removeprefix(f'{noun}_')}"


def stem(words: tuple[str, ...]) -> str:
    """Return the identifier of one of the things that the words name: `order_item`."""
    if not words:
        return ""
    return "_".join((*words[:-1], singular(words[-1])))
