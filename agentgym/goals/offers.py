"""Offers: of which rows the user was told unasked, against those of which they want to be told.

The calls of an episode come in; out go the rows that were offered, and what is wrong with that.
Next: `verdict`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from agentgym.formats import to_text
from agentgym.goals.goal import Offered
from agentgym.schema import Schema
from agentgym.trajectory import Call, Result

__all__ = ["OFFER", "WAIT", "missed", "offered", "row_name"]

OFFER, WAIT = "offer", "wait"
"""What the tools of one who watches are called."""


def row_name(key: Sequence[object]) -> str:
    """Write the key of a row as it is compared."""
    return "/".join(one if isinstance(one, str) else to_text(one) for one in key).casefold()


def offered(calls: Iterable[tuple[Call, Result]], labels: Iterable[str]) -> list[str]:
    """Return what was offered, in order: the keys of rows as they were named, doubles included.

    Args:
        calls: What the agent called.
        labels: Words that may stand before a key: `order 17`.
    """
    leads = tuple(sorted((label.casefold() for label in labels), key=len, reverse=True))
    found = []
    for call, result in calls:
        if call.name == OFFER and result.ok:
            about = " ".join(str(call.arguments.get("about", "")).casefold().split())
            for lead in leads:
                about = about.removeprefix(f"{lead} ")
            found.append(about.strip(" #.:\"'“”"))
    return found


def missed(
    wanted: Sequence[Offered], calls: Iterable[tuple[Call, Result]], schema: Schema
) -> list[str]:
    """Say which offers are missing, and which nobody wants to hear.

    Args:
        wanted: The rows of which the user wants to be told.
        calls: What the agent called.
        schema: What the rows are of.
    """
    labels = dict.fromkeys(
        label
        for entity in schema.entities
        for label in (entity.label, entity.name, entity.name.replace("_", " "))
    )
    given = Counter(offered(calls, labels))
    due = {row_name(one.key): one.entity for one in wanted}
    reasons = []
    for name, entity in due.items():
        if not given[name]:
            reasons.append(f"expected an offer about {schema.entity(entity).label} {name}")
        elif given[name] > 1:
            reasons.append(f"offered {name} {given[name]} times")
    return reasons + [
        f"an offer about {name!r}, of which nothing is due" for name in given if name not in due
    ]
