"""What the rows for reinforcement learning hold, where there is a choice.

Next: `groups`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal, get_args

from agentgym.errors import UsageError, nearest
from agentgym.formats import Json, Record

__all__ = ["MASKS", "Mask", "RLOptions"]

Mask = Literal["void", "malformed", "overlong"]
"""Why nothing shall be learnt from a trajectory: a turn of it was void; a part of a turn could not
be read as a call; it was cut off before it was concluded."""
MASKS: tuple[Mask, ...] = get_args(Mask)

Messages = Literal["new", "all"]


class RLOptions(Record, kw_only=True):
    """What the rows hold.

    Raises:
        UsageError: A value is out of its range; says which would do.
    """

    masks: tuple[Mask, ...] = ("void",)
    """Which trajectories have no loss in any of their turns; they count in their groups."""
    messages: Messages = "new"
    """Whether a row holds the messages since the turn before, or all from the start."""
    gamma: float = 0.95
    """Discount of the returns by which turns of one state are compared."""
    epsilon: float = 1e-6
    """Added to a standard deviation before it divides."""

    def __post_init__(self) -> None:
        for mask in self.masks:
            if mask not in MASKS:
                raise _wrong("masks", "a reason to mask", mask, MASKS)
        if self.messages not in get_args(Messages):
            raise _wrong("messages", "new or all", self.messages, get_args(Messages))
        for name, least, most in (("gamma", 0.0, 1.0), ("epsilon", 1e-12, 1.0)):
            value = getattr(self, name)
            if type(value) not in (int, float) or not (
                math.isfinite(value) and least <= value <= most
            ):
                raise _wrong(name, f"a number from {least:g} to {most:g}", value)

    @classmethod
    def of(cls, given: RLOptions | Mapping[str, Json] | str | None) -> RLOptions:
        """Read options.

        Args:
            given: Options; a text like `masks=void+overlong,messages=all`; a mapping; None for
                the defaults. `masks=` masks nothing.

        Raises:
            UsageError: There is no such option, or a value is out of its range.
        """
        if given is None or isinstance(given, RLOptions):
            return given or cls()
        if isinstance(given, str):
            pairs = [part.partition("=") for part in given.split(",") if part.strip()]
            told: dict[str, Any] = {name.strip(): value.strip() for name, _, value in pairs}
        elif isinstance(given, Mapping):
            told = dict(given)
        else:
            raise _wrong("options", "a text, a mapping or options", type(given).__name__)
        found: dict[str, Any] = {}
        for name, value in told.items():
            if name not in cls.__struct_fields__:
                raise UsageError(
                    "an option of the format rl",
                    found=repr(name),
                    where="options",
                    hint=nearest(str(name), cls.__struct_fields__),
                )
            found[name] = _read(name, value)
        return cls(**found)


def _read(name: str, value: Any) -> Any:
    if name == "masks":
        if isinstance(value, str):
            value = [part.strip() for part in value.split("+") if part.strip()]
        if not isinstance(value, list | tuple):
            raise _wrong(name, "names of masks", value)
        return tuple(value)
    if name in ("gamma", "epsilon") and isinstance(value, str | Decimal):
        try:
            return float(value)
        except ValueError:
            raise _wrong(name, "a number", value) from None
    return value


def _wrong(where: str, expected: str, found: object, legal: tuple[str, ...] = ()) -> UsageError:
    return UsageError(
        expected,
        found=repr(found),
        where=f"options {where}",
        hint=nearest(str(found), legal) if legal else "",
    )
