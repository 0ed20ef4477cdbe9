"""Numbers of one column, skewed as in business: log-normal money, small counts, bounded rates.

A field of a numeric type and its bounds come in; a function from a stream to a stored
value goes out. Next: `texts`.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from agentgym.populate.limits import Limits
from agentgym.populate.meaning import field_words, is_person, split
from agentgym.schema import Entity, Field
from agentgym.schema.types import Stored

__all__ = ["MONEY", "number", "yes_share"]

MONEY = frozenset(
    """price cost amount total subtotal salary wage fee balance budget revenue payment
    charge sum value fare rent premium deposit debit credit income profit tax freight
    discount turnover paid due msrp""".split()
)
_SALARY = frozenset("salary income wage pay".split())
_LARGE = frozenset(
    "budget revenue turnover balance loan mortgage limit cap capital asset sales msrp".split()
)
_SMALL = frozenset("fee tax freight shipping discount tip charge fine fare rate".split())
_TOTAL = frozenset("total subtotal amount sum payment paid due".split())

_RANGES: dict[str, tuple[float, float, float]] = {
    # word: lowest, most frequent, highest
    "age": (18, 38, 90),
    "month": (1, 6, 12),
    "day": (1, 14, 28),
    "hour": (7, 11, 20),
    "minute": (0, 30, 59),
    "percent": (0, 20, 100),
    "percentage": (0, 20, 100),
    "progress": (0, 60, 100),
    "rating": (1, 4, 5),
    "stars": (1, 4, 5),
    "score": (0, 70, 100),
    "latitude": (-60, 48, 60),
    "longitude": (-120, 8, 140),
    "weight": (1, 12, 80),
    "height": (10, 120, 200),
    "width": (10, 60, 200),
    "length": (10, 80, 300),
    "depth": (1, 30, 120),
    "temperature": (-5, 18, 36),
    "dose": (5, 50, 400),
    "dosage": (5, 50, 400),
    "duration": (5, 45, 240),
    "distance": (1, 40, 900),
    "mileage": (100, 42000, 180000),
    "odometer": (100, 42000, 180000),
    "speed": (10, 60, 130),
    "capacity": (4, 30, 250),
    "seats": (2, 12, 200),
    "size": (1, 40, 900),
    "bytes": (200, 60000, 9_000_000),
    "port": (22, 443, 9000),
    "vlan": (2, 100, 4000),
    "floor": (0, 2, 12),
    "rooms": (1, 3, 8),
    "bedrooms": (1, 2, 5),
    "level": (1, 2, 6),
    "priority": (1, 3, 5),
    "severity": (1, 2, 5),
    "rank": (1, 10, 50),
    "pages": (12, 180, 900),
    "attempts": (0, 0, 5),
    "views": (0, 60, 4000),
    "hours": (1, 6, 40),
    "days": (1, 10, 60),
    "weeks": (1, 4, 26),
    "months": (1, 12, 60),
    "years": (1, 3, 20),
    "minutes": (5, 40, 240),
    "seconds": (1, 120, 900),
    "milliseconds": (20_000, 220_000, 600_000),
    "term": (6, 24, 60),
    "stock": (0, 40, 600),
    "inventory": (0, 40, 600),
    "population": (2000, 80000, 9_000_000),
    "area": (20, 90, 900),
    "volume": (1, 20, 400),
    "grade": (1, 2, 6),
    "credits": (1, 4, 12),
    "version": (1, 1, 9),
    "revision": (1, 1, 9),
    "status": (1, 1, 4),
    "state": (1, 1, 4),
    "type": (1, 1, 4),
    "stage": (1, 2, 5),
    "probability": (0, 0.5, 1),
    "ratio": (0, 0.4, 1),
}
_HEAVY = frozenset("container cargo freight truck vessel ship vehicle wagon trailer".split())
_BODY = {"weight": (74.0, 13.0), "height": (171.0, 9.0)}
_RATES = frozenset("rate percent percentage discount tax ratio share vat commission".split())
_PLURALS = frozenset("quantity qty count number stock units items copies guests total".split())


def number(entity: Entity, field: Field, limits: Limits) -> Callable[[Random], Stored]:
    """Return what draws a number of the field.

    Args:
        entity: The owner of the field.
        field: Of type integer, decimal or float.
        limits: The bounds of the entity; values come out within them.
    """
    low, high = limits.bounds[field.name]
    scale = 10**field.scale
    if is_flag(field) and limits.legal(field.name, 0) and limits.legal(field.name, scale):
        share = yes_share(field)
        return lambda rng: (float if field.type == "float" else int)(scale * (rng.random() < share))
    if low is not None and high is not None:
        return _between(field, low, high)
    draw = _natural(field, person=is_person(entity), heavy=bool(_HEAVY & set(split(entity.label))))

    def make(rng: Random) -> Stored:
        value = draw(rng)
        stored = round(value, 4) if field.type == "float" else round(value * scale)
        return limits.clamp(field.name, stored)

    return make


def is_flag(field: Field) -> bool:
    """Say whether a number means yes or no."""
    words = split(field.name)
    if field.role == "flag":
        return True
    return (
        field.role == "other"
        and field.type == "integer"
        and (
            words[:1] in (("is",), ("has",), ("can",)) or words in [(w,) for w in _MOSTLY | _RARELY]
        )
    )


def yes_share(field: Field) -> float:
    """Return the share of rows in which a flag is set."""
    found = set(field_words(field))
    if found & _MOSTLY:
        return 0.86
    if found & _RARELY:
        return 0.06
    if field.default in (True, 1):
        return 0.85
    return 0.15 if field.default in (False, 0) and field.default is not None else 0.4


_MOSTLY = frozenset(
    "active enabled visible valid verified public available current confirmed".split()
)
_RARELY = frozenset(
    "deleted archived hidden locked banned blocked disabled removed test discontinued".split()
)


def _between(field: Field, low: float, high: float) -> Callable[[Random], Stored]:
    """Draw from both bounds, the lower part more often."""
    natural = _natural(field)
    scale = 10**field.scale
    wide = high - low

    def make(rng: Random) -> Stored:
        value: float = natural(rng) * scale
        if not low <= value <= high:
            value = low + wide * rng.betavariate(1.6, 2.4)
        if field.type == "float":
            return min(max(round(value, 4), low), high)
        return min(max(round(value), int(low)), int(high))

    return make


def _natural(
    field: Field, *, person: bool = False, heavy: bool = False
) -> Callable[[Random], float]:
    """Choose the distribution by the words of the label, then by the role and type."""
    words = set(field_words(field))
    whole = field.type == "integer"
    if words & {"year"} and field.role != "money":
        return lambda rng: float(2024 - int(rng.random() ** 2 * 15))
    if words & _RATES and field.role != "money" and not words & {"amount", "total"}:
        return _rate(field)
    if field.role == "money" or (words & MONEY and field.role in ("other", "measure")):
        return _money(words, whole=whole)
    for word in reversed(field_words(field)):
        if person and word in _BODY:
            middle, spread = _BODY[word]
            return lambda rng: min(max(rng.gauss(middle, spread), middle / 2), middle * 2)
        if word in _RANGES:
            low, mode, high = _RANGES[word]
            if word == "weight" and heavy:
                low, mode, high = 1500, 12000, 28000
            return lambda rng: _leaning(rng, low, mode, high)
    if field.role == "quantity" or words & _PLURALS:
        return lambda rng: float(1 + int(rng.expovariate(0.35)))
    if field.role == "category":
        return lambda rng: float(1 + int(5 * rng.random() ** 2))
    if field.role == "code" and whole:
        return lambda rng: float(rng.randint(1000, 9999))
    if whole:
        return lambda rng: float(1 + int(rng.expovariate(0.08)))
    return lambda rng: rng.lognormvariate(2.5, 0.8)


def _rate(field: Field) -> Callable[[Random], float]:
    """Draw a rate: of 100 where the field has no room behind the point, else a fraction."""
    if field.type == "integer":
        return lambda rng: float(rng.choice((0, 0, 0, 5, 5, 10, 10, 15, 20, 25)))
    if set(field_words(field)) & {"percent", "percentage", "tax", "vat"} or field.scale == 1:
        return lambda rng: rng.choice((0.0, 5.0, 7.0, 10.0, 19.0, 20.0, 20.0))
    return lambda rng: rng.choice((0.0, 0.0, 0.0, 0.05, 0.1, 0.1, 0.15, 0.2, 0.25))


def _money(words: set[str], *, whole: bool) -> Callable[[Random], float]:
    """Draw an amount: log-normal, and prices that end as prices do."""
    if words & {"hourly", "hour"}:
        return lambda rng: round(rng.lognormvariate(4.1, 0.35) * 2) / 2
    if words & _SALARY:
        return lambda rng: round(rng.lognormvariate(10.85, 0.3), -2)
    if words & _LARGE:
        return lambda rng: round(rng.lognormvariate(9.4, 0.9), -1)
    if words & _SMALL:
        return lambda rng: rng.lognormvariate(2.1, 0.7)
    if words & _TOTAL:
        return lambda rng: rng.lognormvariate(4.6, 0.9)

    def price(rng: Random) -> float:
        value = rng.lognormvariate(3.3, 0.9)
        if whole:
            return max(round(value), 1)
        return int(value) + rng.choice((0.99, 0.95, 0.5, 0.0, 0.49, 0.9))

    return price


def _leaning(rng: Random, low: float, mode: float, high: float) -> float:
    """Draw around the mode, with the far end rare."""
    spread = rng.gammavariate(2.0, 0.5)
    if rng.random() < 0.35:
        return mode - (mode - low) * rng.random()
    return min(mode + (high - mode) * spread * 0.12, high)
