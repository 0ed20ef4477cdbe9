"""A folder of texts becomes a folder of domains, one each; what is finished is not done again.

Texts and a model come in; domain folders go out, named by their files. Next: `one`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from agentgym import domain as domain_room
from agentgym import sources
from agentgym.build.one import Report, build
from agentgym.client import Client
from agentgym.errors import (
    AgentGymError,
    DomainError,
    FormatError,
    RefusedError,
    UnknownModelError,
    UnreachableError,
    UsageError,
)
from agentgym.formats import Json, Record
from agentgym.schema.names import snake
from agentgym.sources.text import digest

__all__ = ["Batch", "build_ideas", "slugs"]


class Batch(Record, kw_only=True):
    """What became of a folder of texts."""

    made: tuple[Report, ...] = ()
    kept: tuple[str, ...] = ()
    """Domains that were finished already."""
    failed: dict[str, str] = {}
    """File name to why it became no domain."""


def build_ideas(
    folder: Path,
    out: Path,
    client: Client,
    *,
    tasks: int = 50,
    seed: int = 0,
    force: bool = False,
    max_tools: int = 40,
    rules: int = 2,
    entities: int = 12,
    repairs: int = 3,
    progress: Callable[[str], None] = lambda line: None,
) -> Batch:
    """Build a domain of every text in a folder.

    A text that no domain can be built of is noted, and the next one is taken. A run that was
    interrupted goes on where it stopped.

    Args:
        folder: Holds the texts: `.txt`, `.md`. Folders in it are passed over.
        out: Gets a domain folder for each, named by its file.
        client: The model that reads them.
        tasks: How many certified tasks each domain shall have.
        seed: Decides everything that is drawn.
        force: Build again what is there.
        max_tools: Most tools that an episode shows.
        rules: How complex the rules of the business are, 0 to 4.
        entities: Most kinds of things that the model may name.
        repairs: How often the model is told what is wrong.
        progress: Told a line a stage.

    Raises:
        UsageError: There is no text, or two would have one name.
        ModelError: The model cannot be asked at all.
    """
    made: list[Report] = []
    kept: list[str] = []
    failed: dict[str, str] = {}
    named = slugs(folder)
    for place, (path, name) in enumerate(named.items(), 1):
        progress(f"{place} of {len(named)}: {path.name}")
        target = out / name
        asked: dict[str, Json] = {
            "tasks": tasks,
            "seed": seed,
            "max_tools": max_tools,
            "rules": rules,
            "entities": entities,
            "model": client.model,
        }
        try:
            if not force and (target / "domain.json").exists():
                _same(target, digest(sources.text_of(path)), asked)
                kept.append(name)
                continue
            made.append(
                build(
                    path,
                    target,
                    name=name,
                    tasks=tasks,
                    seed=seed,
                    force=force,
                    max_tools=max_tools,
                    rules=rules,
                    client=client,
                    entities=entities,
                    repairs=repairs,
                    progress=progress,
                )
            )
        except (UnreachableError, RefusedError, UnknownModelError):
            raise
        except AgentGymError as error:
            failed[path.name] = str(error)
    return Batch(made=tuple(made), kept=tuple(kept), failed=failed)


def slugs(folder: Path) -> dict[Path, str]:
    """Name the domain of every text in a folder, sorted by file name.

    Raises:
        UsageError: There is no text, or two would have one name.
    """
    paths = sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in sources.WORDED
        and not path.name.startswith(".")
        and path.is_file()
    )
    if not paths:
        raise UsageError(
            f"a folder of texts ({', '.join(sources.WORDED)})",
            found="no text in it",
            where=str(folder),
            hint="put one text for each domain into it",
        )
    found: dict[Path, str] = {}
    taken: dict[str, Path] = {}
    for path in paths:
        name = snake(re.split(r"[\W_]+", path.stem))
        name = name if name[:1].isalpha() else f"idea_{name}".rstrip("_")
        if name in taken:
            raise UsageError(
                "files whose names differ in letters and digits",
                found=f"{taken[name].name} and {path.name}",
                where=str(folder),
                hint="rename one of them",
            )
        taken[name], found[path] = path, name
    return found


def _same(folder: Path, sha256: str, asked: dict[str, Json]) -> None:
    """Check that a finished domain is of this text, and was asked for in this way.

    Raises:
        UsageError: It is not, or is no domain.
    """
    try:
        source = domain_room.load(folder, sealed=False).source
    except (DomainError, FormatError) as error:
        raise UsageError(
            "a finished domain, or none",
            found=f"one that cannot be read ({error})",
            where=str(folder),
            hint="build it again with --force",
        ) from None
    known = dict(source.options)
    other = [name for name, value in asked.items() if known.get(name) != value]
    if source.sha256 != sha256:
        other = ["text", *other]
    if other:
        raise UsageError(
            "a domain of this text, asked for in this way",
            found=f"one of another {' and '.join(other)}",
            where=str(folder),
            hint="build it again with --force, or choose another --out",
        )
