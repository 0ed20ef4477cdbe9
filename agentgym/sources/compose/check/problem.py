"""One mistake of an author, in the four parts of our messages. Next: `views`."""

from __future__ import annotations

from collections.abc import Iterable

from agentgym.errors import FormatError, nearest
from agentgym.formats import Record

__all__ = ["Notes", "Problem"]


class Problem(Record, kw_only=True):
    """What is wrong, and where."""

    file: str
    """`patterns/order`, `industries/bakery`."""
    place: str
    expected: str
    found: str
    hint: str = ""

    def error(self) -> FormatError:
        """Return it as an error."""
        return FormatError(
            self.expected, found=self.found, where=f"{self.file}: {self.place}", hint=self.hint
        )

    def __str__(self) -> str:
        return str(self.error())


class Notes:
    """The problems of one file, as they are found."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []

    def add(
        self,
        place: str,
        expected: str,
        found: object,
        options: Iterable[str] = (),
        *,
        hint: str = "",
    ) -> None:
        """Note a problem.

        Args:
            place: Where in the file: `slots.order.fields.total`.
            expected: What should have been there.
            found: What is there.
            options: The legal values; the nearest is the hint.
            hint: What to do, where that is no legal value.
        """
        said = found if isinstance(found, str) else repr(found)
        options = list(options)
        near = nearest(str(found).strip("'"), options) if options and not hint else hint
        one = Problem(file=self.file, place=place, expected=expected, found=said, hint=near)
        if one not in self.problems:
            self.problems.append(one)
