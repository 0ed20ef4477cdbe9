"""The words that make a hypothesis plausible: totals, parts of them, counts, times.

A field or an entity comes in; out goes what its name allows it to be. Next: `amounts`.
"""

from __future__ import annotations

import re
from typing import Literal

from agentgym.schema import Entity, Field, Schema
from agentgym.schema.roles.words import names

__all__ = [
    "COUNTS",
    "FIRST",
    "GONE",
    "LAST",
    "OPEN",
    "amount_like",
    "called",
    "free",
    "is_number",
    "part_sign",
    "price_like",
    "quantity_like",
    "rate_like",
    "stem",
    "unit_words",
    "words",
]

COUNTS = frozenset("count counts number num nr no n total cnt qty amount counter".split())
LAST = frozenset("last latest newest recent most".split())
FIRST = frozenset("first earliest oldest initial".split())
GONE = frozenset(
    """cancelled canceled void voided rejected declined failed refused deleted removed refunded
    reversed no-show noshow expired withdrawn abandoned""".split()
)
"""States of rows that no longer count."""
OPEN = frozenset(
    "open active current ongoing running draft pending started checked-out borrowed out".split()
)
"""States of which there is often one at a time."""

_WHOLE = frozenset(
    """total totals subtotal amount sum extended gross net payable due balance margin profit
    revenue value grand owed outstanding""".split()
)
_QUANTITY = frozenset("quantity qty units pieces hours nights days copies".split())
_PRICE = frozenset("price cost rate fee tariff fare".split())
_UP = frozenset(
    """tax vat gst freight shipping delivery handling postage surcharge fee fees tip gratuity
    deposit insurance commission duty packing""".split()
)
_DOWN = frozenset(
    """discount discounts rebate deduction deductions reduction refund refunds refunded paid
    cost costs expense expenses allocated reserved used sold spent credit credits voucher
    returned withheld""".split()
)
_RATE = frozenset("percent percentage pct rate share ratio factor fraction".split())
_UNITS = frozenset("eur usd gbp chf jpy dollars euros euro dollar cents amt".split())
_NOISE = frozenset("id ids the of a an at on date time datetime".split())


def words(thing: Field | Entity) -> frozenset[str]:
    """Return the words of the name: of the label and the identifier."""
    return frozenset(word for one in names(thing) for word in one)


def called(thing: Field | Entity) -> tuple[str, ...]:
    """Return the words of the label in order, without units of money."""
    return tuple(word for word in names(thing)[0] if word not in _UNITS)


def unit_words(text: str) -> frozenset[str]:
    """Return the words of a text, each without its plural ending."""
    return frozenset(stem(word) for word in re.findall(r"[^\W_]+", text.casefold())) - _NOISE


def stem(word: str) -> str:
    """Return the word without a plural ending."""
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") and len(word) > 3 else word


def is_number(field: Field) -> bool:
    """Tell whether the field is an exact number with a meaning of its own."""
    return field.type in ("integer", "decimal") and field.role not in (
        "key", "reference", "code", "flag", "status", "time", "secret", "audit",
    )  # fmt: skip


def free(schema: Schema, entity: Entity) -> frozenset[str]:
    """Name the fields that may be computed: in no key, reference or unique set, of no states."""
    bound = set(entity.key)
    bound |= {f.name for f in entity.fields if f.unique or f.role == "audit"}
    bound |= {name for names_ in entity.uniques for name in names_}
    bound |= {name for r in schema.parents(entity.name) for name in r.fields}
    bound |= {name for r in schema.children(entity.name) for name in r.target_fields}
    bound |= {one.field for one in schema.lifecycles if one.entity == entity.name}
    bound |= {one.field for one in schema.derived if one.entity == entity.name}
    return frozenset(f.name for f in entity.fields if f.name not in bound)


def amount_like(field: Field) -> bool:
    """Tell whether the name is that of a sum: `total`, `line amount`, `net due`."""
    found = words(field)
    if field.role not in ("money", "measure", "quantity", "other") or not is_number(field):
        return False
    whole = found & _WHOLE or {"line", "price"} <= found
    return bool(whole) and not found & (_RATE | {"limit", "max", "min", "unit", "threshold"})


def quantity_like(field: Field) -> bool:
    """Tell whether the name is that of a quantity in a line."""
    found = words(field)
    barred = {"stock", "min", "max", "reorder", "allocated", "total"}
    return is_number(field) and bool(found & _QUANTITY) and not found & (_PRICE | barred)


def price_like(field: Field) -> bool:
    """Tell whether the name is that of what one unit costs."""
    found = words(field)
    return (
        is_number(field)
        and field.role != "quantity"
        and bool(found & _PRICE)
        and not found & ({"total", "tax", "line", "discount", "exchange", "interest"} | _QUANTITY)
    )


def rate_like(field: Field) -> bool:
    """Tell whether the field may be a share of 1, like a discount of 0.15."""
    found = words(field)
    return field.type == "decimal" and field.scale >= 2 and "discount" in found


def part_sign(field: Field) -> Literal[1, -1]:
    """Return whether the field, as part of a sum, is added (1) or taken away (-1)."""
    found = words(field)
    return -1 if _DOWN & found and not _UP & found else 1
