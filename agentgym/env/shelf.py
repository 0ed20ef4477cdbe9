"""A folder of domains: opened one by one as they are drawn, the latest kept open.

In come a folder and weights; out comes the task that a seed stands for, with its suite. What a
seed stands for depends on names, weights and the domains' own tasks alone, never on what was drawn
before. Next: `mix`.
"""

from __future__ import annotations

import math
import threading
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from weakref import WeakKeyDictionary

from agentgym import domain as domain_room
from agentgym.episode import Suite, load
from agentgym.errors import DomainError, TaskError, UsageError, nearest
from agentgym.formats import data_root, fingerprint, read
from agentgym.rng import stream
from agentgym.tasks import Task

__all__ = ["KEPT", "Shelf", "opened"]

KEPT = 32
"""Suites that a process keeps open for all its shelves, the latest used."""

_TRIES = 50

_open: OrderedDict[tuple[str, str], Suite] = OrderedDict()
_lock = threading.Lock()


def opened(folder: Path, keep: int = KEPT) -> Suite:
    """Open a domain of a folder, unless it is open; close the one that was used the longest ago.

    A suite that is still played stays whole until its last episode is closed.

    Args:
        folder: The domain.
        keep: How many stay open.

    Raises:
        DomainError: Its parts do not fit, or it was changed behind its manifest.
        FormatError: A file is not in our format.
        TaskError: A task does not fit the domain.
    """
    slot = str(folder), fingerprint(read(folder / "manifest.json"))
    with _lock:
        suite = _open.get(slot)
        if suite is not None:
            _open.move_to_end(slot)
    if suite is None:
        suite = load(folder, keep=False)
        with _lock:
            suite = _open.setdefault(slot, suite)
            _open.move_to_end(slot)
            while len(_open) > keep:
                _open.popitem(last=False)
    return suite


class Shelf:
    """Domains that lie in one folder, and how often each is drawn.

    Args:
        folder: Holds a folder for each domain; None for the committed ones.
        domains: Names of those that are drawn; a mapping gives each its weight (any number above
            0; 0 leaves it out), a sequence weighs them alike; None for all, alike.
        families: The same for families of tasks: first a domain is drawn, then a family that it
            has, then one of its tasks. None: every task of the domain alike.
        keep: How many domains the process keeps open.

    Raises:
        DomainError: There is no such folder, or no domain in it.
        UsageError: It has no domain of such a name, or a weight is no number from 0.
    """

    def __init__(
        self,
        folder: str | Path | None = None,
        *,
        domains: Mapping[str, float] | Sequence[str] | str | None = None,
        families: Mapping[str, float] | Sequence[str] | str | None = None,
        keep: int = KEPT,
    ) -> None:
        if type(keep) is not int or keep < 1:
            raise UsageError("at least 1 open domain", found=repr(keep), where="keep")
        self.folder = data_root("domains") if folder is None else Path(folder).resolve()
        self._keep = keep
        there = self._there()
        weights = _weights(domains, "domains")
        for name in weights or ():
            if name not in there:
                raise UsageError(
                    f"a domain in {self.folder}",
                    found=repr(name),
                    where="domains",
                    hint=nearest(name, there),
                )
        shares = dict.fromkeys(there, 1.0) if weights is None else weights
        self.names = tuple(name for name in there if shares.get(name))
        """Names of the domains that are drawn, sorted."""
        self._sums = list(accumulate(shares[name] for name in self.names))
        self._families = _weights(families, "families")
        self._choices: WeakKeyDictionary[Suite, dict[str | None, _Choice]] = WeakKeyDictionary()

    def __repr__(self) -> str:
        return f"<Shelf {self.folder}: {len(self.names)} domains>"

    def suite(self, name: str) -> Suite:
        """Open the domain of that name.

        Raises:
            DomainError: It is none of the shelf's, or is broken.
        """
        if name not in self.names:
            raise DomainError(
                f"a domain of {self.folder} that is drawn",
                found=repr(name),
                hint=nearest(name, self.names),
            )
        return opened(self.folder / name, self._keep)

    def choose(self, seed: int, split: str | None = None) -> tuple[Suite, Task]:
        """Return the task that a seed stands for: a pure function of its arguments.

        Where the domain that comes first has no task of the split or of the families, the next one
        is drawn.

        Raises:
            TaskError: No domain has any.
        """
        luck = stream(seed, "mix")
        for _ in range(_TRIES):
            at = bisect_right(self._sums, luck.random() * self._sums[-1])
            found = self._task(self.names[min(at, len(self.names) - 1)], split, luck.random())
            if found is not None:
                return found
        # Hardly any domain has one: they are gone through in an order of the seed's own.
        for name in luck.sample(self.names, len(self.names)):
            found = self._task(name, split, luck.random())
            if found is not None:
                return found
        families = "" if self._families is None else f" of {', '.join(self._families)}"
        raise TaskError(
            f"a task{families} in {self.folder}",
            found=f"none in split {split!r}" if split is not None else "none",
            hint="name other families, another split, or build more",
        )

    def task(self, task_id: str) -> tuple[Suite, Task]:
        """Return a task by its id, `<domain>-v<N>/<0001>` or `<folder>/<0001>`.

        Raises:
            TaskError: There is none.
        """
        head, _, number = task_id.partition("/")
        if number and head in self.names:
            suite = self.suite(head)
            return suite, suite.task(number)
        for name in self.names if number else ():
            # A folder need not be called as its domain is.
            if domain_room.manifest(self.folder / name).name == head.rpartition("-v")[0]:
                suite = self.suite(name)
                if suite.domain.id == head:
                    return suite, suite.task(task_id)
        raise TaskError(
            f"a task of a domain in {self.folder}",
            found=repr(task_id),
            hint=f"write it <domain>/<0001>; {nearest(head, self.names)}",
        )

    def _there(self) -> list[str]:
        if not self.folder.is_dir():
            raise DomainError("a folder of domains", found="nothing", where=str(self.folder))
        there = sorted(
            path.parent.name
            for path in self.folder.glob("*/manifest.json")
            if (path.parent / "tasks.jsonl").exists()
        )
        if not there:
            hint = "name the folder that holds the domains' folders"
            raise DomainError("domains", found="none", where=str(self.folder), hint=hint)
        return there

    def _task(self, name: str, split: str | None, share: float) -> tuple[Suite, Task] | None:
        """Return the task of a domain at a share of its weight; None where none may be drawn."""
        suite = self.suite(name)
        choices = self._choices.setdefault(suite, {})
        choice = choices.get(split)
        if choice is None:
            choice = choices[split] = _Choice(suite, split, self._families)
        place = choice.at(share)
        return None if place is None else (suite, suite.tasks[place])


class _Choice:
    """Which tasks of one suite may be drawn, and how often; holds their places alone."""

    __slots__ = ("_places", "_sums")

    def __init__(
        self, suite: Suite, split: str | None, families: Mapping[str, float] | None
    ) -> None:
        tasks = [
            (place, task)
            for place, task in enumerate(suite.tasks)
            if split is None or task.split == split
        ]
        if families is None:
            weights = [1.0] * len(tasks)
        else:
            counts: dict[str, int] = {}
            for _, task in tasks:
                counts[task.family] = counts.get(task.family, 0) + 1
            weights = [families.get(task.family, 0.0) / counts[task.family] for _, task in tasks]
        drawn = [
            (place, weight) for (place, _), weight in zip(tasks, weights, strict=True) if weight
        ]
        self._places = tuple(place for place, _ in drawn)
        self._sums = list(accumulate(weight for _, weight in drawn))

    def at(self, share: float) -> int | None:
        """Return the place of the task at a share of the whole weight."""
        if not self._places:
            return None
        at = bisect_right(self._sums, share * self._sums[-1])
        return self._places[min(at, len(self._places) - 1)]


def _weights(
    given: Mapping[str, float] | Sequence[str] | str | None, where: str
) -> dict[str, float] | None:
    """Read weights: a mapping, a sequence of names, or a text like `clinic:2,harbour`."""
    if given is None:
        return None
    if isinstance(given, str):
        pairs = [part.partition(":") for part in given.split(",") if part.strip()]
        found = {name.strip(): _weight(text, where) if sign else 1.0 for name, sign, text in pairs}
    elif isinstance(given, Mapping):
        found = {name: _weight(weight, where) for name, weight in given.items()}
    else:
        found = dict.fromkeys(given, 1.0)
    if not any(found.values()):
        raise UsageError("at least one weight above 0", found=repr(given), where=where)
    return found


def _weight(given: object, where: str) -> float:
    try:
        weight = float(given)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        weight = math.nan
    if isinstance(given, bool) or not math.isfinite(weight) or weight < 0:
        raise UsageError("a number from 0", found=repr(given), where=where)
    return weight
