"""How much domains differ: their forms, who is a duplicate, and how counts are spread.

Schemas with effects come in as forms, counts and refusals go out. What an edit is and how far
two forms are apart is told in `distance`. Next: `portrait`.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b

from agentgym.build.fleet.shapes import consequence
from agentgym.formats import Record
from agentgym.rules import Effect
from agentgym.schema import Schema
from agentgym.schema.canonical import Form, same, structure

__all__ = ["Spread", "digest", "duplicates", "spread", "structure_of"]


def structure_of(schema: Schema, effects: Iterable[Effect] = ()) -> Form:
    """Return the form of a domain: entities, relations, life cycles, what is derived, effects.

    Raises:
        SchemaError: An effect names what the schema does not have.
    """
    return structure(schema, [consequence(effect, schema) for effect in effects])


def digest(shapes: Iterable[str]) -> str:
    """Return the digest of a multiset of shapes, 32 hexadecimal digits."""
    content = "\n".join(sorted(shapes)).encode()
    return blake2b(content, digest_size=16).hexdigest()


def duplicates(forms: Sequence[Form]) -> dict[int, int]:
    """Find the forms that are isomorphic to an earlier one.

    Returns:
        Number of the form to be refused to the number of the first one like it.
    """
    found: dict[int, int] = {}
    first: dict[str, list[int]] = defaultdict(list)
    for number, form in enumerate(forms):
        twin = next((one for one in first[form.digest] if same(forms[one], form)), None)
        if twin is None:
            first[form.digest].append(number)
        else:
            found[number] = twin
    return found


class Spread(Record, kw_only=True):
    """How evenly things fall into classes."""

    total: int
    """Things."""
    distinct: int
    """Classes."""
    entropy: float
    """Of the shares of the classes, in bits; `log2(distinct)` where all are of one size."""
    coverage: float | None
    """Estimated share of all things of this kind, also unseen ones, whose class is among those
    seen: 1 less the share of classes that were seen once (Good and Turing); None of nothing."""
    largest: float
    """Share of the largest class."""
    first: str = ""
    """The largest class, of several the first by name."""


def spread(counts: Mapping[str, int]) -> Spread:
    """Say how evenly the things of a count are spread."""
    held = {name: number for name, number in counts.items() if number > 0}
    total = sum(held.values())
    if not total:
        return Spread(total=0, distinct=0, entropy=0.0, coverage=None, largest=0.0)
    shares = sorted(number / total for number in held.values())
    first = min(held, key=lambda name: (-held[name], name))
    once = Counter(held.values())[1]
    return Spread(
        total=total,
        distinct=len(held),
        entropy=round(abs(math.fsum(-share * math.log2(share) for share in shares)), 6),
        coverage=round(1 - once / total, 6),
        largest=round(held[first] / total, 6),
        first=first,
    )
