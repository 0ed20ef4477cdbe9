"""Run files: written line by line so that an interrupted run goes on, and read back.

In come trajectories, out goes a file that appears under its name when it is whole.
Next: `again`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from agentgym.errors import FormatError, UsageError
from agentgym.formats import decode, encode, write
from agentgym.trajectory import SCHEMA, Trajectory

__all__ = ["Stage", "read_runs"]


class _Head(msgspec.Struct):
    """As much of a record as says what it is."""

    schema: str = ""
    trajectory_id: str = ""


class Stage:
    """A run file in the making.

    Args:
        out: The file.
        expected: Ids of the records that it shall hold, in order.

    Raises:
        UsageError: It cannot be written, or its part is of another run.
    """

    def __init__(self, out: Path, expected: Sequence[str]) -> None:
        self._out = out
        self._part = out.with_name(f"{out.name}.part")
        self._timing = out.with_name(f"{out.stem}.timing.jsonl")
        self._expected = tuple(expected)
        self._lines = self._resume()

    def _resume(self) -> int:
        """Keep the whole lines of an interrupted run; return how many there are."""
        try:
            self._out.parent.mkdir(parents=True, exist_ok=True)
            content = self._part.read_bytes() if self._part.exists() else b""
        except OSError as error:
            raise _unwritable(self._out, error) from None
        if self._out.is_dir():
            raise UsageError("a file to write", found="a folder", where=str(self._out))
        whole = content[: content.rfind(b"\n") + 1]
        lines = whole.splitlines()
        for place, line in enumerate(lines):
            found = _head(line, f"{self._part} line {place + 1}").trajectory_id
            if place >= len(self._expected) or found != self._expected[place]:
                raise UsageError(
                    "an unfinished part of this very run",
                    found="one of other settings",
                    where=str(self._part),
                    hint="finish that run, delete the part, or write to another file",
                )
        write(self._part, whole)
        if not lines:
            write(self._timing, b"")
        return len(lines)

    def finished(self) -> Iterator[Trajectory]:
        """Yield the episodes that an interrupted run has left."""
        if self._lines:
            yield from read_runs(self._part)

    def append(self, trajectory: Trajectory, seconds: float) -> None:
        """Add one episode, as a whole line."""
        timing = {"trajectory_id": trajectory.trajectory_id, "wall_s": round(seconds, 6)}
        for path, value in ((self._part, trajectory), (self._timing, timing)):
            try:
                with path.open("ab") as stream:
                    stream.write(encode(value) + b"\n")
            except OSError as error:
                raise _unwritable(path, error) from None

    def publish(self) -> None:
        """Give the finished run its name."""
        try:
            self._part.replace(self._out)
        except OSError as error:
            raise _unwritable(self._out, error) from None


def _unwritable(path: Path, error: OSError) -> UsageError:
    return UsageError(
        "a place to write",
        found=str(error.strerror or error),
        where=str(path),
        hint="choose another path or change its permissions",
    )


def _head(line: bytes, where: str) -> _Head:
    try:
        head = msgspec.json.decode(line, type=_Head)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        head = _Head(schema="something else")
    if head.schema != SCHEMA:
        raise FormatError(
            f"a record of {SCHEMA}",
            found=repr(head.schema) if head.schema else "a record without a schema",
            where=where,
            hint="run the rollout again with this version, or read it with the one that wrote it",
        )
    return head


def read_runs(path: str | Path) -> Iterator[Trajectory]:
    """Read a run file.

    Args:
        path: The file; it is read line by line.

    Raises:
        FormatError: It is missing, or a line is no record of this version; says which.
    """
    try:
        lines = Path(path).open("rb")  # noqa: SIM115 - closed below, after the error is told
    except FileNotFoundError:
        raise FormatError(
            "a run file", found="nothing", where=str(path), hint="check the path"
        ) from None
    except OSError as error:
        raise FormatError("a readable file", found=str(error.strerror), where=str(path)) from None
    with lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                here = f"{path} line {number}"
                _head(line, here)
                yield decode(line, Trajectory, where=here)
