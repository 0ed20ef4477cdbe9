"""Loading: the name of a domain or its folder becomes a suite, once a process.

Next: `env`.
"""

from __future__ import annotations

import threading
from pathlib import Path

from agentgym import domain as domain_room
from agentgym.episode.suite import Suite
from agentgym.formats import decode_lines, fingerprint, read
from agentgym.tasks import Task

__all__ = ["load"]

_LOADED: dict[tuple[str, str, int | None], Suite] = {}
_LOCK = threading.Lock()


def load(name: str | Path, *, max_turns: int | None = None, keep: bool = True) -> Suite:
    """Load a domain with its tasks; the same folder is loaded once a process.

    Args:
        name: A folder, or the name of a committed domain.
        max_turns: Turns after which an episode is cut off; None for as many as its task needs.
        keep: Whether the process keeps it for good; else it is loaded anew each time.

    Raises:
        DomainError: There is none, its parts do not fit, or it was changed behind its manifest.
        FormatError: A file is not in our format.
        TaskError: A task does not fit the domain.
        UsageError: There are fewer than 2 turns.
    """
    folder = domain_room.find(name).resolve()
    here = str(folder), fingerprint(read(folder / "manifest.json")), max_turns
    with _LOCK:
        suite = _LOADED.get(here)
        if suite is None and keep:
            suite = _LOADED[here] = _read(folder, max_turns)
    return _read(folder, max_turns) if suite is None else suite


def _read(folder: Path, max_turns: int | None) -> Suite:
    domain = domain_room.load(folder)
    lines = read(folder / "tasks.jsonl")
    tasks = tuple(decode_lines(lines, Task, where=str(folder / "tasks.jsonl")))
    return Suite(domain, tasks, folder=folder, max_turns=max_turns)
