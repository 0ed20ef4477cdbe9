"""How a call is refused: one exception inside the room, a `Fault` outside it.

Bodies of tools raise `Refusal`; the engine turns it into a `Result`. Texts hold what
was expected, what was found and what to do next, and are safe to encode whatever the
agent sent. Next: `arguments`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Never

from agentgym.formats import Json
from agentgym.trajectory import ErrorCode, Fault

__all__ = ["Refusal", "refuse", "show"]

_SHOWN = 60
"""Longest excerpt of what was found, in characters."""


class Refusal(Exception):  # noqa: N818 - it is no error of the program
    """The call cannot be done; nothing was changed."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


def refuse(
    code: ErrorCode, message: str, *, parameter: str | None = None, rule: str | None = None
) -> Never:
    """Refuse the call.

    Raises:
        Refusal: Always.
    """
    raise Refusal(Fault(code=code, message=message, parameter=parameter, rule=rule))


def show(value: Json) -> str:
    """Show what was found, in a few characters that can always be encoded."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return f'"{clean(value)}"'
    if isinstance(value, int):
        return str(value) if value.bit_length() <= 128 else "an integer of very many digits"
    if isinstance(value, (float, Decimal)):
        return clean(str(value))
    if isinstance(value, (list, tuple)):
        return f"a list of {len(value)}" if value else "an empty list"
    if isinstance(value, dict):
        return "an object" if value else "an empty object"
    return clean(type(value).__name__)


def clean(text: str) -> str:
    """Clip a text, and write what cannot be encoded or printed as an escape."""
    cut = text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in cut
    )
