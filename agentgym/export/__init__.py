"""Recorded episodes as files for training: one format, one file of this folder.

Trajectories come in, a folder goes out, whole or not at all. Formats for imitation have no place
for failure: successes are exported, the others counted. `rl` takes all that happened.
Next: `adp`, `openai`, `rl`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from msgspec.structs import asdict

from agentgym.errors import FormatError, UsageError, nearest
from agentgym.export import adp, openai, rl
from agentgym.export.readme import mark
from agentgym.export.rl import RLOptions
from agentgym.formats import Json, Record, replace_folder
from agentgym.trajectory import Trajectory

__all__ = ["FORMATS", "Exported", "RLOptions", "export"]

Writer = Callable[[Sequence[Trajectory], Mapping[str, int]], dict[str, bytes]]

_IMITATION: dict[str, Writer] = {"adp": adp.dataset, "openai": openai.dataset}
"""Name of a format for imitation to what writes its folder."""

FORMATS = (*_IMITATION, "rl")
"""Names of all formats."""


class Exported(Record, kw_only=True):
    """What an export wrote."""

    format: str
    records: int
    """Episodes in the files: the successes; for `rl`, all in which the environment was well."""
    left_out: dict[str, int] = {}
    """Status to number of the episodes that are not in the files."""
    files: tuple[str, ...]
    """Names in the folder, sorted."""
    counts: dict[str, int] = {}
    """What else is in them, for `rl`: see `rl.Counts`."""


def export(
    trajectories: Iterable[Trajectory],
    format: str,
    out_folder: Path,
    *,
    options: RLOptions | Mapping[str, Json] | str | None = None,
) -> Exported:
    """Write episodes as a folder of the format.

    Args:
        trajectories: Recorded episodes, in the order in which they shall be written.
        format: One of `FORMATS`.
        out_folder: Where it shall be; an earlier export of the same format is replaced.
        options: Of the format `rl`, as `RLOptions.of` takes them; the others have none.

    Raises:
        UsageError: The format or an option is unknown, there is nothing to export, or the folder
            holds other files.
        FormatError: Two episodes share an id, or the format cannot hold a tool's name.
    """
    if format not in FORMATS:
        raise UsageError(
            "a format", found=repr(format), where="--format", hint=nearest(format, FORMATS)
        )
    if options is not None and format != "rl":
        raise UsageError("no options", found=repr(options), where=f"format {format}")
    chosen = RLOptions.of(options)
    given = tuple(trajectories)
    _check_unique(given)
    if format == "rl":
        return _whole(given, chosen, out_folder)
    kept = [one for one in given if one.outcome.status == "success"]
    left_out: Counter[str] = Counter(
        one.outcome.status for one in given if one.outcome.status != "success"
    )
    if not kept:
        raise UsageError(
            "at least one successful episode to export",
            found=f"none among {len(given)}",
            hint="the format has no place for failure: play with a policy that succeeds",
        )
    files = _IMITATION[format](kept, left_out)
    _publish(out_folder, format, files)
    return Exported(
        format=format,
        records=len(kept),
        left_out=dict(sorted(left_out.items())),
        files=tuple(sorted(files)),
    )


def _whole(given: Sequence[Trajectory], options: RLOptions, out_folder: Path) -> Exported:
    """Write all that happened."""
    if not given:
        raise UsageError("at least one episode to export", found="none")
    files, counts = rl.dataset(given, options)
    _publish(out_folder, "rl", files)
    return Exported(
        format="rl",
        records=counts.trajectories,
        left_out={"error": counts.broken} if counts.broken else {},
        files=tuple(sorted(files)),
        counts=asdict(counts),
    )


def _publish(out_folder: Path, format: str, files: Mapping[str, bytes]) -> None:
    folder = out_folder.resolve()
    _check_free(folder, format, files)
    replace_folder(folder, files)


def _check_free(folder: Path, format: str, files: Mapping[str, bytes]) -> None:
    if not folder.exists():
        return
    found = "a file"
    if folder.is_dir():
        held = [path for path in folder.rglob("*") if "__pycache__" not in path.parts]
        names = sorted(str(path.relative_to(folder)) for path in held if not path.is_dir())
        if not held:
            return
        readme = folder / "README.md"
        ours = readme.is_file() and readme.read_bytes().startswith(mark(format).encode())
        foreign = [name for name in names if not ours or name not in files]
        if not foreign:
            return
        found = f"a folder that holds {foreign[0]!r}"
    raise UsageError(
        f"a new or empty folder, or an earlier {format} export",
        found=found,
        where=str(folder),
        hint="choose another --out",
    )


def _check_unique(trajectories: Sequence[Trajectory]) -> None:
    seen = set[str]()
    for trajectory in trajectories:
        if trajectory.trajectory_id in seen:
            raise FormatError(
                "each trajectory once",
                found=f"{trajectory.trajectory_id!r} twice",
                hint="leave out the second file or line",
            )
        seen.add(trajectory.trajectory_id)
