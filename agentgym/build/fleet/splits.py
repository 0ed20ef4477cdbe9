"""Which domains and tasks are trained on, and which are kept for validation and test.

Portraits come in, `Splits` go out, along five axes. On each, what is alike stays together, so that
what is tested was not trained on: the same domain, schemas of one shape, tasks whose plans are
composed of the same operators, tasks of one plan motif, tasks of one length. A group goes where
the hash of its name says, whatever else is there: adding domains moves none. Lengths go by
fixed limits: what is tested is longer than what was trained on. Next: `overlap`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from agentgym import rng
from agentgym.build.fleet.portrait import Portrait
from agentgym.errors import UsageError
from agentgym.formats import FORMAT, Record

__all__ = ["NAMES", "SHARES", "Axis", "Splits", "shares_of", "split"]

Name = Literal["train", "validation", "test"]

NAMES: tuple[Name, ...] = ("train", "validation", "test")
SHARES = (80, 10, 10)
"""Of a hundred groups, how many are of each."""
LENGTHS = (3, 4)
"""Most calls that a task needs, to be trained on, and to be validated with."""


class Axis(Record, kw_only=True, omit_defaults=False):
    """The splits along one axis."""

    of: Literal["domains", "tasks"]
    """What its members are: names of folders, or `<folder>/<id of the task>`."""
    groups: int
    """Groups that stay whole."""
    counts: dict[str, dict[str, int]]
    """Split to its `groups` and `members`."""
    holds: bool
    """Whether every split has a share that is worth its name."""
    note: str = ""
    """Why it does not."""
    train: tuple[str, ...] = ()
    validation: tuple[str, ...] = ()
    test: tuple[str, ...] = ()


class Splits(Record, kw_only=True, omit_defaults=False):
    """The file `splits.json` of a folder of domains."""

    format: int = FORMAT
    seed: int
    shares: tuple[int, int, int]
    """Percent of the groups that train, validation and test are asked to have."""
    phase: str | None = None
    """The one phase whose domains are split; None: all."""
    left_out: tuple[str, ...] = ()
    """Folders of domains that are stale or broken."""
    axes: dict[str, Axis]
    """`domain`, `shape`, `operators`, `motif`, `length`."""


def shares_of(text: str) -> tuple[int, int, int]:
    """Read shares as a person writes them: `80,10,10`.

    Raises:
        UsageError: They are not three whole numbers from 0 whose sum is 100, the first above 0.
    """
    try:
        train, validation, test = (int(part) for part in text.replace("/", ",").split(","))
    except ValueError:
        train = validation = test = -1
    if min(train, validation, test) < 0 or train + validation + test != 100 or not train:
        raise UsageError(
            "three percentages of train, validation and test that add up to 100",
            found=repr(text),
            where="--shares",
            hint="80,10,10 is usual",
        )
    return train, validation, test


def split(
    portraits: Iterable[Portrait],
    *,
    shares: tuple[int, int, int] = SHARES,
    phase: str | None = None,
    seed: int = 0,
) -> Splits:
    """Split domains and their tasks along every axis.

    Args:
        portraits: Domains in any order; only sound ones are split.
        shares: Percent of the groups for train, validation and test.
        phase: The phase that they are of, to be said.
        seed: Another one gives other splits.
    """
    given = sorted(portraits, key=lambda one: one.folder)
    sound = [one for one in given if one.health == "sound"]

    def drawn(axis: str) -> Callable[[str], Name]:
        return lambda group: _drawn(axis, group, shares, seed)

    domains = [(one.folder, one) for one in sound]
    tasks = [
        (f"{one.folder}/{task.id.rpartition('/')[2]}", task) for one in sound for task in one.tasks
    ]
    made: dict[str, Axis] = {
        "domain": _axis("domains", [(m, one.name) for m, one in domains], drawn("domain"), shares),
        "shape": _axis("domains", [(m, one.shape) for m, one in domains], drawn("shape"), shares),
        "operators": _axis(
            "tasks", [(m, "; ".join(t.operators)) for m, t in tasks], drawn("operators"), shares
        ),
        "motif": _axis("tasks", [(m, task.motif) for m, task in tasks], drawn("motif"), shares),
        "length": _axis("tasks", [(m, str(task.length)) for m, task in tasks], _by_length, shares),
    }
    return Splits(
        seed=seed,
        shares=shares,
        phase=phase,
        left_out=tuple(one.folder for one in given if one.health != "sound"),
        axes=made,
    )


def _drawn(axis: str, group: str, shares: Sequence[int], seed: int) -> Name:
    """Say where a group goes: by its name alone."""
    place = rng.key(seed, "split", axis, group) % 10_000
    passed = 0
    for name, share in zip(NAMES, shares, strict=True):
        passed += 100 * share
        if place < passed:
            return name
    raise AssertionError


def _by_length(length: str) -> Name:
    train, validation = LENGTHS
    calls = int(length)
    return "train" if calls <= train else "validation" if calls <= validation else "test"


def _axis(
    of: Literal["domains", "tasks"],
    members: Sequence[tuple[str, str]],
    where: Callable[[str], Name],
    shares: Sequence[int],
) -> Axis:
    groups: dict[str, list[str]] = defaultdict(list)
    for member, group in members:
        groups[group].append(member)
    found: dict[Name, list[str]] = {name: [] for name in NAMES}
    number: Counter[str] = Counter()
    for group, held in groups.items():
        name = where(group)
        found[name] += held
        number[name] += 1
    note = _doubt(
        of, {n: len(m) for n, m in found.items()}, shares, list(map(len, groups.values()))
    )
    return Axis(
        of=of,
        groups=len(groups),
        counts={name: {"groups": number[name], "members": len(found[name])} for name in NAMES},
        holds=not note,
        note=note,
        train=tuple(sorted(found["train"])),
        validation=tuple(sorted(found["validation"])),
        test=tuple(sorted(found["test"])),
    )


def _doubt(of: str, members: dict[Name, int], shares: Sequence[int], sizes: list[int]) -> str:
    """Say why the splits along an axis are not what was asked for; nothing where they are."""
    total = sum(sizes)
    if not total:
        return f"there are no {of}"
    many = f"{len(sizes):,} group{'s' if len(sizes) > 1 else ''}"
    wanted = {name: share for name, share in zip(NAMES, shares, strict=True) if share}
    empty = [name for name in wanted if not members[name]]
    if empty:
        return f"too few groups ({len(sizes):,}): {' and '.join(empty)} got none"
    off = [
        f"{name} has {100 * members[name] / total:.0f}% of the {of}, not {share}%"
        for name, share in wanted.items()
        if not share / 2 <= 100 * members[name] / total <= max(2 * share, (100 + share) / 2)
    ]
    if not off:
        return ""
    return f"{'; '.join(off)}: {many}, the largest with {100 * max(sizes) / total:.0f}%"
