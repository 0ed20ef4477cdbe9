"""What values are picked from: our word lists, and pools that Faker fills once a process.

Nothing here depends on a seed: a pool is the same in every process, and a column picks
from it with a stream of its own. This is the only module that knows Faker. Next: `limits`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from random import Random
from typing import Any, TypeVar

from faker import Faker
from faker.providers.person.en_US import Provider as Person

from agentgym.formats import data_root, decode, read
from agentgym.rng import key

__all__ = [
    "first_names",
    "last_names",
    "numbers",
    "skewed",
    "streets",
    "vocabulary",
    "words",
]

T = TypeVar("T")


@cache
def vocabulary(name: str) -> Any:
    """Read one of our word lists, `schemas/vocabulary/rows/<name>.json`."""
    path = data_root("schemas") / "vocabulary" / "rows" / f"{name}.json"
    return decode(read(path), object, where=path.name)


def words(name: str) -> list[str]:
    """Return the list of that name from `words.json`."""
    found: list[str] = vocabulary("words")[name]
    return found


@cache
def first_names() -> tuple[str, ...]:
    """Return first names of any gender, sorted."""
    return tuple(sorted(Person.first_names_nonbinary))


@cache
def last_names() -> tuple[str, ...]:
    """Return family names, sorted."""
    return tuple(sorted(Person.last_names))


@cache
def _faker(purpose: str) -> Faker:
    """Return a Faker of our own for one pool: no shared state, no other pool disturbed."""
    fake = Faker("en_US", use_weighting=False)
    fake.seed_instance(key("pool", purpose))
    return fake


@cache
def numbers(kind: str) -> tuple[str, ...]:
    """Return well-formed numbers with right check digits: `isbn13`, `ean13`, `iban`, `swift`."""
    fake = _faker(kind)
    return tuple(dict.fromkeys(str(getattr(fake, kind)()) for _ in range(500)))


@cache
def streets() -> tuple[str, ...]:
    """Return names of streets: a family name or a tree, and a kind of street."""
    tails = words("street_tails")
    heads = [*words("nouns"), *last_names()[::7]]
    return tuple(f"{head} {tails[place % len(tails)]}" for place, head in enumerate(heads))


def skewed(rng: Random, options: Sequence[T], *, steep: float = 2.0) -> T:
    """Pick one of the options, the earlier ones more often.

    Args:
        rng: Where the chance comes from.
        options: At least one.
        steep: 1 is even; the larger, the more the first ones win.
    """
    return options[int(len(options) * rng.random() ** steep)]
