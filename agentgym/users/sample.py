"""Populations of users: many profiles in set proportions, the same for the same seed.

In come a number and shares; out go profiles. Next: `agenda`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Final

from agentgym import rng
from agentgym.errors import UsageError, nearest
from agentgym.users.profile import PRESETS, Profile

__all__ = ["POPULATIONS", "draw", "sample"]

Shares = Mapping[str, float]

POPULATIONS: Final[Mapping[str, Shares]] = {
    "everyday": {
        "plain": 0.3,
        "courteous": 0.15,
        "chatty": 0.15,
        "terse": 0.1,
        "vague": 0.1,
        "hurried": 0.1,
        "guarded": 0.05,
        "scattered": 0.05,
    },
    "easy": {"plain": 0.6, "courteous": 0.2, "chatty": 0.1, "terse": 0.1},
    "hard": {"vague": 0.25, "scattered": 0.25, "difficult": 0.25, "guarded": 0.15, "hurried": 0.1},
    "even": dict.fromkeys(PRESETS, 1.0),
}
"""Named populations: profile to its share."""


def sample(n: int, *, shares: Shares | str | None = None, seed: int = 0) -> tuple[Profile, ...]:
    """Draw a population with set proportions.

    How many there are of each profile is exact: the largest remainders are rounded up, and the
    seed decides between equal ones. They come well mixed: every beginning has about the shares of
    the whole. With two profiles, or equal shares, a longer population begins like a shorter one,
    but for the last round; with others, exact shares may ask for another order. One user is always
    of the largest share: `draw` leaves that to the seed.

    Args:
        n: How many.
        shares: Profile (a text that `Profile.of` reads) to its share; they need not add up to 1.
            The name of one of `POPULATIONS`; None for `everyday`.
        seed: Of their order.

    Raises:
        UsageError: There is no such population or profile, or a share is not one.
    """
    if type(n) is not int or n < 0:
        raise UsageError("a whole number, 0 or more", found=repr(n), where="sample n")
    parts = _parts(shares)
    weights = _whole([share for _, share in parts])
    total = sum(weights)
    luck = [rng.key(seed, "users", "sample", profile.text()) for profile, _ in parts]
    counts = [weight * n // total for weight in weights]
    rests = [weight * n % total for weight in weights]
    by_rest = sorted(range(len(parts)), key=lambda i: (-rests[i], luck[i]))
    for i in by_rest[: n - sum(counts)]:
        counts[i] += 1
    found, given = [], [0] * len(parts)
    for place in range(1, n + 1):
        behind = {
            i: weight * place - total * given[i]
            for i, weight in enumerate(weights)
            if given[i] < counts[i]
        }
        most = max(behind.values())
        equal = [i for i, much in behind.items() if much == most]
        chosen = min(equal, key=lambda i: rng.key(seed, "users", place, luck[i]))
        given[chosen] += 1
        found.append(parts[chosen][0])
    return tuple(found)


def draw(*, shares: Shares | str | None = None, seed: int = 0) -> Profile:
    """Draw one user by chance: over the seeds, profiles come with the shares that they have.

    Args:
        shares: As `sample` takes them.
        seed: Of the draw.

    Raises:
        UsageError: As of `sample`.
    """
    parts = _parts(shares)
    weights = _whole([share for _, share in parts])
    at = rng.key(seed, "users", "draw") * sum(weights) >> 64
    ends = itertools.accumulate(weights)
    return next(profile for (profile, _), end in zip(parts, ends, strict=True) if at < end)


def _whole(shares: Sequence[Fraction]) -> list[int]:
    """Return whole numbers in the proportions of some shares."""
    factor = math.lcm(*(share.denominator for share in shares))
    return [int(share * factor) for share in shares]


def _parts(shares: Shares | str | None) -> list[tuple[Profile, Fraction]]:
    """Read shares: profiles with theirs, none of them 0."""
    if shares is None:
        shares = "everyday"
    if isinstance(shares, str):
        if shares not in POPULATIONS:
            raise UsageError(
                "a population",
                found=repr(shares),
                where="sample shares",
                hint=nearest(shares, POPULATIONS),
            )
        shares = POPULATIONS[shares]
    if not isinstance(shares, Mapping):
        raise UsageError(
            "profiles with their shares", found=type(shares).__name__, where="sample shares"
        )
    parts = []
    for name, share in shares.items():
        try:
            exact = Fraction(str(share))
        except (ValueError, TypeError):
            exact = Fraction(-1)
        if exact < 0 or isinstance(share, bool):
            raise UsageError("a share, 0 or more", found=repr(share), where=f"sample {name}")
        if exact:
            parts.append((Profile.of(name), exact))
    if not parts:
        raise UsageError("a share above 0", found="none", where="sample shares")
    return parts
