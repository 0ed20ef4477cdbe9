"""What is wrong with an outline, to be told to the model, and to people at the end.

Next: `things`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from agentgym.errors import nearest
from agentgym.formats import Record

__all__ = ["Problem", "Report", "told"]

_TOLD = 25


class Problem(Record, kw_only=True):
    """One fault: where, what, and what would be right."""

    where: str
    """Path in the outline: `references[2]`."""
    what: str
    hint: str = ""
    part: str
    """What is left out where it stays so: `rule`, `reference`."""
    fatal: bool = False
    """Whether nothing can be built with it."""

    @property
    def sentence(self) -> str:
        """The fault in a sentence."""
        return f"{self.where}: {self.what}" + (f"; {self.hint}" if self.hint else "") + "."


class Report:
    """Problems and slips, gathered on the way."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.slips: Counter[str] = Counter()
        """What was mended without asking, by kind."""

    def fault(self, where: str, what: str, *, hint: str = "", part: str) -> None:
        """Note a problem: the part is left out where it is not repaired."""
        self.problems.append(Problem(where=where, what=what, hint=hint, part=part))

    def fatal(self, where: str, what: str, *, hint: str = "") -> None:
        """Note a problem with which nothing can be built."""
        self.problems.append(Problem(where=where, what=what, hint=hint, part="outline", fatal=True))

    def unknown(
        self, where: str, noun: str, name: str | None, known: Iterable[str], part: str
    ) -> None:
        """Note a name of nothing, with the nearest that there is."""
        said = f"there is no {noun} {name!r}" if name else f"no {noun} is named"
        self.fault(where, said, hint=nearest(name or "", known), part=part)

    def mend(self, what: str) -> None:
        """Count a slip."""
        self.slips[what] += 1

    @property
    def lost(self) -> bool:
        """Whether nothing can be built."""
        return any(problem.fatal for problem in self.problems)


def told(problems: Sequence[Problem]) -> str:
    """Return the problems as a numbered list."""
    lines = [f"{n}. {one.sentence}" for n, one in enumerate(problems[:_TOLD], 1)]
    if len(problems) > _TOLD:
        lines.append(f"and {len(problems) - _TOLD} more.")
    return "\n".join(lines)
