"""What an agent knows so far: the request's words and values, and what answers have shown.

Observations come in, in order; out go values with where they come from. Next: `calls`.
"""

from __future__ import annotations

from typing import NamedTuple

from agentgym.errors import FormatError
from agentgym.formats import Json, decode, to_text
from agentgym.policies.words import named, stems

__all__ = ["Known", "Memory"]

_ROWS = 5
"""Rows of a page of which the values are kept."""
_KEPT = 400
"""Values that are kept, the latest."""


class Known(NamedTuple):
    """A value and where it comes from."""

    value: Json
    field: str
    """Of the result that showed it; empty for what the user said."""
    place: int
    """Of its row in the result; 0 for what the user said."""
    turn: int
    text: str
    """The value as JSON."""


class Memory:
    """What was said and shown in one episode.

    Args:
        request: The first observation.
    """

    def __init__(self, request: str) -> None:
        self.request = request
        self.words = stems(request)
        """Words of all that the user said."""
        self.values = [Known(value, "", 0, 0, to_text(value)) for value in named(request)]
        self.latest: tuple[Known, ...] = ()
        """What the last result showed."""
        self.kind = "request"
        """What the last observation was: request, reply, error, nothing, row, rows, written, other;
        `written`: the row of a write."""
        self.rows = 0
        """How many rows the last result spoke of."""
        self.code = ""
        """Code of the last error."""
        self.pages = 1
        self.made: set[str] = set()
        """Calls that were made, as text, since anything was changed."""
        self.last: tuple[str, dict[str, Json]] | None = None
        """The last call: tool and arguments."""
        self.told: frozenset[str] = frozenset()
        """Values that the user said, as JSON."""
        self.fitting: dict[object, list[tuple[float, Json]]] = {}
        """What fits a parameter, found out once for what is known now."""
        self._renew()

    def learn(self, observation: str, turn: int) -> None:
        """Take in what an action gave."""
        self.rows, self.code, self.pages, self.latest = 0, "", 1, ()
        text, _, rest = observation.partition("\n")
        try:
            value = decode(text.encode(), object, where="observation")
        except FormatError:
            self._said(observation, turn)
            return
        if rest:
            self._said(rest, turn)
        if not isinstance(value, dict):
            self.kind = "other"
        elif isinstance(value.get("error"), dict):
            self.kind, self.code = "error", str(value["error"].get("code", ""))
        elif isinstance(value.get("reply"), str) and len(value) == 1:
            self._said(value["reply"], turn)
        elif isinstance(value.get("items"), list):
            rows = [row for row in value["items"] if isinstance(row, dict)]
            self.rows = int(value.get("total", len(rows)))
            self.pages = int(value.get("pages", 1))
            self.kind = "rows" if self.rows > 1 else "row" if rows else "nothing"
            self._shown(rows[:_ROWS], turn)
        else:
            self.kind, self.rows = "row", 1
            self._shown([value], turn)

    def _said(self, text: str, turn: int) -> None:
        self.kind = "reply"
        self.words |= stems(text)
        told = [Known(value, "", 0, turn, to_text(value)) for value in named(text)]
        gone = {one.text for one in told}
        self.values = [*told, *(v for v in self.values if v.field or v.text not in gone)]
        self._renew()

    def _shown(self, rows: list[dict[str, Json]], turn: int) -> None:
        found = []
        for place, row in enumerate(rows):
            for field, value in row.items():
                if isinstance(value, dict):
                    found += [
                        Known(v, f, place, turn, to_text(v)) for f, v in value.items() if _plain(v)
                    ]
                elif _plain(value):
                    found.append(Known(value, field, place, turn, to_text(value)))
        self.latest = tuple(found)
        self.values = (self.values + found)[-_KEPT:]
        self._renew()

    def _renew(self) -> None:
        self.told = frozenset(one.text for one in self.values if not one.field)
        self.fitting = {}


def _plain(value: Json) -> bool:
    return value is not None and not isinstance(value, (dict, list))
