"""Which resources of a large API a domain is made of: those most is done with, and near ones.

Next: `terms`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from agentgym.sources.openapi.resources import CRUD, Resource

__all__ = ["readable"]

_LARGEST = 40
"""Most resources that are taken as a whole."""
_KEPT = 26


def readable(
    resources: dict[str, Resource],
    focus: Sequence[str],
    skipped: Counter[str],
    notes: list[str],
) -> dict[str, Resource]:
    """Choose the resources of a domain.

    Args:
        resources: All of them, as `relate` leaves them.
        focus: Those asked for; with them all are kept that they may need.
        skipped: Gets the counts of what is left out.
        notes: Gets a sentence that says so.

    Returns:
        At most `_LARGEST` resources, in their order; references to others are dropped.
    """
    if len(resources) <= _LARGEST:
        return resources
    near = _near(resources)
    weight = {noun: _weight(resource) for noun, resource in resources.items()}
    chosen: dict[str, None] = {}
    for word in focus:
        if word in resources:
            chosen[word] = None
    while len(chosen) < _KEPT:
        around = [n for one in chosen for n in near[one] if n not in chosen]
        ranked = sorted(
            dict.fromkeys(around),
            key=lambda n: (-sum(o in chosen for o in near[n]) - weight[n] / 6, n),
        )
        rest = [n for n in resources if n not in chosen]
        if not rest:
            break
        best = ranked[0] if ranked else max(rest, key=lambda n: (weight[n] + len(near[n]), n))
        chosen[best] = None
    kept = {noun: resource for noun, resource in resources.items() if noun in chosen}
    out = [noun for noun in resources if noun not in chosen]
    skipped["operation on a resource that is left out"] += sum(
        len(resources[noun].uses) for noun in out
    )
    shown = ", ".join(out[:8]) + (", ..." if len(out) > 8 else "")
    notes.append(
        f"{len(kept)} of {len(resources)} resources are used; {len(out)} are left out "
        f"({shown}): name others with --focus."
    )
    for resource in kept.values():
        for trait in resource.traits.values():
            if trait.aim is not None and trait.aim[0] not in kept:
                trait.aim = None
    return {
        noun: resource
        for noun, resource in kept.items()
        if not resource.link or sum(t.aim is not None for t in resource.traits.values()) == 2
    }


def _near(resources: dict[str, Resource]) -> dict[str, dict[str, None]]:
    found: dict[str, dict[str, None]] = {noun: {} for noun in resources}
    for noun, resource in resources.items():
        for trait in resource.traits.values():
            if trait.aim is not None and trait.aim[0] in found and trait.aim[0] != noun:
                found[noun][trait.aim[0]] = None
                found[trait.aim[0]][noun] = None
    return found


def _weight(resource: Resource) -> float:
    """Say how much can be done with a resource: kinds of operations count more than numbers."""
    verbs = {use.meant.verb for use in resource.uses} & CRUD
    return 2.0 * len(verbs) + min(len(resource.uses), 12) / 4 + (1.0 if resource.key else 0.0)
