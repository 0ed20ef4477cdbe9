"""Persons and places of one row: drawn once, so that all fields about them agree.

A place is a real city with its region, country, postcode pattern, time zone and rough
position; streets, numbers, persons and their addresses are fictional. Next: `times`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from random import Random

from agentgym.formats import Record
from agentgym.populate.pools import (
    first_names,
    last_names,
    skewed,
    streets,
    vocabulary,
    words,
)
from agentgym.schema.types import Stored

__all__ = [
    "Person",
    "Place",
    "draw_person",
    "draw_place",
    "handle",
    "near",
    "pattern",
    "phone",
    "spots",
]

Place = dict[str, str]
"""Kind of `meaning.PLACES` to its value, as text; `prefix`, `currency`, `language` besides."""


class Person(Record, kw_only=True):
    """A fictional person."""

    first: str
    middle: str
    last: str
    email: str
    username: str

    def part(self, kind: str) -> str:
        """Return one of `meaning.NAMES`."""
        if kind == "full":
            return f"{self.first} {self.last}"
        if kind == "initials":
            return f"{self.first[0]}{self.last[0]}"
        return str(getattr(self, kind))


def draw_person(rng: Random) -> Person:
    """Draw a person; names are even, addresses are of domains that no one owns."""
    first, middle = rng.choice(first_names()), rng.choice(first_names())
    last = rng.choice(last_names())
    style = rng.random()
    a, b = handle(first), handle(last)
    local = f"{a}.{b}" if style < 0.6 else f"{a[0]}{b}" if style < 0.8 else f"{a}{b[0]}"
    if rng.random() < 0.25:
        local += str(rng.randint(1, 99))
    user = f"{a[0]}{b}" if style < 0.5 else f"{a}{rng.randint(1, 999)}" if style < 0.8 else a + b
    return Person(
        first=first,
        middle=middle,
        last=last,
        email=f"{local}@{skewed(rng, words('domains'))}",
        username=user,
    )


def handle(name: str) -> str:
    """Return the name as part of an address: lower-case ASCII letters and digits."""
    plain = unicodedata.normalize("NFKD", name).lower()
    return re.sub(r"[^a-z0-9]+", "", plain) or "x"


@cache
def _countries() -> tuple[list[str], list[int]]:
    known = vocabulary("countries")
    return list(known), [country["weight"] for country in known.values()]


@cache
def _cities() -> dict[str, list[list[str]]]:
    found: dict[str, list[list[str]]] = {}
    for city in vocabulary("cities"):
        found.setdefault(city[3], []).append(city)
    return found


def draw_place(rng: Random) -> Place:
    """Draw a place: most in a few countries, and there most in the larger cities."""
    codes, weights = _countries()
    code = rng.choices(codes, weights)[0]
    return _settle(skewed(rng, _cities()[code], steep=1.5), rng)


def _settle(city: list[str], rng: Random) -> Place:
    country = vocabulary("countries")[city[3]]
    number = skewed(rng, range(1, 240), steep=1.7)
    return {
        "street": f"{number} {rng.choice(streets())}",
        "street2": f"{rng.choice(('Suite', 'Flat', 'Floor', 'Unit'))} {rng.randint(1, 40)}",
        "postcode": pattern(country["postcode"], rng),
        "city": city[0],
        "region": city[1],
        "region_code": city[2],
        "country": country["name"],
        "country_code": city[3],
        "iso3": country["iso3"],
        "timezone": city[6],
        "latitude": f"{float(city[4]) + rng.uniform(-0.09, 0.09):.5f}",
        "longitude": f"{float(city[5]) + rng.uniform(-0.09, 0.09):.5f}",
        "prefix": country["prefix"],
        "currency": country["currency"],
        "language": country["language"],
    }


def near(parts: Mapping[str, Stored], rng: Random) -> Place:
    """Return a place that agrees with what a parent row says, and fills in the rest.

    Args:
        parts: Kinds of `meaning.PLACES` that the parent row has, without NULLs.
        rng: For what the parent leaves open.
    """
    options = _agreeing(tuple((kind, str(parts[kind])) for kind in _FACTS if kind in parts))
    place = _settle(rng.choice(options), rng) if options else draw_place(rng)
    return place | {kind: str(value) for kind, value in parts.items()}


_FACTS = ("city", "region", "country_code", "country")


@lru_cache(maxsize=4096)
def _agreeing(parts: tuple[tuple[str, str], ...]) -> Sequence[list[str]]:
    """Return the cities of which all of that is true."""
    return [
        city
        for city in vocabulary("cities")
        if all(_facts(city)[kind] == value for kind, value in parts)
    ]


def _facts(city: list[str]) -> dict[str, str]:
    return {
        "city": city[0],
        "region": city[1],
        "country_code": city[3],
        "country": vocabulary("countries")[city[3]]["name"],
    }


def spots(kind: str, parts: Mapping[str, Stored]) -> list[str]:
    """Return the cities, regions or countries that agree with a place, best known first."""
    if kind == "country":
        return [country["name"] for country in vocabulary("countries").values()]
    agreeing = _agreeing(tuple((known, str(parts[known])) for known in _FACTS if known in parts))
    return list(dict.fromkeys(_facts(city)[kind] for city in agreeing))


def phone(place: Mapping[str, str], rng: Random, *, longest: int | None = None) -> str:
    """Return a telephone number of the place's country, from the ranges kept for fiction."""
    if longest is not None and longest < 12:
        return f"555{rng.randint(0, 9_999_999):07}"[:longest]
    area, line = rng.randint(201, 989), rng.randint(100, 199)
    prefix = place.get("prefix", "+1")
    found = f"{prefix} {area if prefix == '+1' else area % 90 + 10} 555 0{line}"
    return found if longest is None or len(found) <= longest else found.replace(" ", "")[:longest]


def pattern(form: str, rng: Random) -> str:
    """Fill a pattern: `#` becomes a digit, `?` a capital letter, the first digit is never 0."""
    found = ""
    for sign in form:
        if sign == "#":
            low = 1 if not any(c.isdigit() for c in found) else 0
            found += str(rng.randint(low, 9))
        elif sign == "?":
            found += rng.choice("ABCDEFGHJKLMNPRSTUVWXYZ")
        else:
            found += sign
    return found
