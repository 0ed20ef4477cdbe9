"""A row in the making, and the kinds of text that need no words: addresses, hashes, codes.

What makers look at, a `Line`, and a function for each technical kind of `meaning`. Next: `values`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from random import Random

from agentgym.populate.people import Person, Place, draw_person, draw_place, near, pattern
from agentgym.populate.pools import numbers, skewed, words
from agentgym.rng import stream
from agentgym.schema import Entity
from agentgym.schema.types import Stored

__all__ = ["GEO", "TECHNICAL", "Line"]

GEO = {
    "country": "country",
    "nation": "country",
    "city": "city",
    "town": "city",
    "region": "region",
    "province": "region",
    "state": "region",
}
"""Last word of an entity's label to what its rows are."""


class Line:
    """A row in the making: what its makers may look at."""

    def __init__(self, entity: Entity, number: int, *, seed: int) -> None:
        self.entity = entity
        self.number = number
        self.seed = seed
        self.birth = 0.0
        self.near: dict[str, Stored] = {}
        self._persons: dict[tuple[str, ...], Person] = {}
        self._places: dict[tuple[str, ...], Place] = {}

    @cached_property
    def rng(self) -> Random:
        """The row's own stream, for what several of its fields share."""
        return stream(self.seed, "populate", self.entity.name, "row", self.number)

    def person(self, about: tuple[str, ...]) -> Person:
        """Return the person that fields of these words are about."""
        if about not in self._persons:
            rng = stream(self.seed, "populate", self.entity.name, "person", *about, self.number)
            self._persons[about] = draw_person(rng)
        return self._persons[about]

    def place(self, about: tuple[str, ...]) -> Place:
        """Return the place that fields of these words are about; a parent's, where it has one."""
        if about not in self._places:
            rng = stream(self.seed, "populate", self.entity.name, "place", *about, self.number)
            self._places[about] = near(self.near, rng) if self.near else draw_place(rng)
        return self._places[about]


def _hex(length: int) -> Callable[[Random], str]:
    return lambda rng: rng.randbytes(length // 2).hex()


def _uuid(rng: Random) -> str:
    text = rng.randbytes(16).hex()
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"


def _slug(rng: Random) -> str:
    return f"{rng.choice(words('adjectives'))}-{rng.choice(words('nouns'))}".lower()


def _file(rng: Random) -> str:
    return (
        f"{rng.choice(words('file_stems'))}-{rng.randint(1, 400)}.{rng.choice(words('file_tails'))}"
    )


TECHNICAL: dict[str, Callable[[Random], str]] = {
    "url": lambda rng: f"https://{skewed(rng, words('domains'))}/{_slug(rng)}",
    "ip": lambda rng: f"10.{rng.randint(0, 31)}.{rng.randint(0, 255)}.{rng.randint(1, 254)}",
    "mac": lambda rng: "02:" + ":".join(f"{byte:02x}" for byte in rng.randbytes(5)),
    "cidr": lambda rng: f"10.{rng.randint(0, 31)}.{rng.randint(0, 255)}.0/24",
    "hostname": lambda rng: (
        f"{rng.choice(words('machine_names'))}-{rng.randint(1, 40):02}.example.net"
    ),
    "path": lambda rng: f"/data/{rng.choice(words('code_nouns'))}/{_file(rng)}",
    "filename": _file,
    "slug": _slug,
    "uuid": _uuid,
    "hash": _hex(40),
    "version": lambda rng: (
        f"{rng.randint(1, 4)}.{int(rng.expovariate(0.3))}.{int(rng.expovariate(0.3))}"
    ),
    "isbn": lambda rng: rng.choice(numbers("isbn13")),
    "iban": lambda rng: rng.choice(numbers("iban")),
    "bic": lambda rng: rng.choice(numbers("swift")),
    "ean": lambda rng: rng.choice(numbers("ean13")),
    "vin": lambda rng: pattern("1?#??##?#########", rng),
    "plate": lambda rng: pattern("??? ###", rng),
    "card": lambda rng: "4000" + pattern("############", rng),
    "idnumber": lambda rng: pattern("9##-##-####", rng),
    "tracking": lambda rng: pattern("1Z############", rng),
    "serial": lambda rng: pattern("??##-######", rng),
    "sku": lambda rng: pattern("???-####", rng),
    "account": lambda rng: pattern("##########", rng),
    "extension": lambda rng: pattern("####", rng),
    "branch": lambda rng: (
        "main" if rng.random() < 0.5 else f"feature/{rng.choice(words('code_nouns'))}"
    ),
    "useragent": lambda rng: (
        f"{skewed(rng, ('Firefox', 'Chrome', 'Safari'))}/{rng.randint(90, 130)}.0"
    ),
    "cron": lambda rng: f"{rng.choice((0, 15, 30))} {rng.randint(0, 23)} * * *",
    "clock": lambda rng: f"{rng.randint(7, 19):02}:{rng.choice(('00', '15', '30', '45'))}",
    "figure": lambda rng: str(rng.randint(2, 400)),
    "day": lambda rng: f"{rng.randint(2015, 2023)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}",
    "locale": lambda rng: skewed(rng, ("en", "de", "fr", "es", "it", "nl", "pt", "ja")),
}
