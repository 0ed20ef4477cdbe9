"""The part file of a long run: what each draw came to, so that an interrupted run goes on.

In come outcomes, one a line; the file stands beside the domain folder until the run is finished.
Next: `more`.
"""

from __future__ import annotations

from pathlib import Path

from agentgym.build.yields import Outcome
from agentgym.errors import FormatError, UsageError
from agentgym.formats import Json, decode, encode, fingerprint, write

__all__ = ["Part"]


class Part:
    """The outcomes of an unfinished run.

    Args:
        folder: The domain folder that is filled.
        run: All that the outcomes depend on; a part of another run is not used.

    Raises:
        UsageError: The file cannot be written.
    """

    def __init__(self, folder: Path, run: dict[str, Json]) -> None:
        self.path = folder.with_name(f".{folder.name}.part")
        self._head = encode({"run": fingerprint(encode(run))}) + b"\n"
        self.known = self._resume()

    def _resume(self) -> tuple[Outcome, ...]:
        """Read the whole lines of the same run, and forget those of any other."""
        try:
            content = self.path.read_bytes() if self.path.exists() else b""
        except OSError as error:
            raise self._unwritable(error) from None
        found: list[Outcome] = []
        lines = content[: content.rfind(b"\n") + 1].splitlines(keepends=True)
        if lines and lines[0] == self._head:
            for line in lines[1:]:
                try:
                    found.append(decode(line, Outcome, where=str(self.path)))
                except FormatError:
                    break
        write(self.path, self._head + b"".join(encode(one) + b"\n" for one in found))
        return tuple(found)

    def keep(self, outcome: Outcome) -> None:
        """Add one outcome, as a whole line."""
        try:
            with self.path.open("ab") as stream:
                stream.write(encode(outcome) + b"\n")
        except OSError as error:
            raise self._unwritable(error) from None

    def remove(self) -> None:
        """Forget the run: it is finished."""
        self.path.unlink(missing_ok=True)

    def _unwritable(self, error: OSError) -> UsageError:
        return UsageError(
            "a place to write",
            found=str(error.strerror or error),
            where=str(self.path),
            hint="change its permissions",
        )
