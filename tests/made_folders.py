"""Domain folders for the tests of making more tasks: our own domains, with a few tasks."""

from __future__ import annotations

from pathlib import Path

from strategies_tasks import own_domain, proved

from agentgym.build.folder import files
from agentgym.formats import decode_lines, replace_folder
from agentgym.tasks import Task

__all__ = ["domain_folder", "tasks_of"]

COUNT = 40


def domain_folder(place: Path, name: str = "clinic") -> Path:
    """Write one of our own domains with its first tasks."""
    _, filled = proved(name)
    folder = place / name
    replace_folder(folder, files(own_domain(name), filled.tasks[:COUNT]))
    return folder


def tasks_of(folder: Path) -> list[Task]:
    """Read the tasks of a folder."""
    where = folder / "tasks.jsonl"
    return list(decode_lines(where.read_bytes(), Task, where=str(where)))
