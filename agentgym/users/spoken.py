"""How the user says a value, so that it can be read back. Next: `agenda`."""

from __future__ import annotations

from decimal import Decimal

from agentgym.formats import Json, to_text

__all__ = ["spoken"]


def spoken(value: Json) -> str:
    """Say a wire value so that it can be read back: texts as they are, yes and no, numbers."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    if isinstance(value, Decimal):
        return f"{value:f}"
    return to_text(value)
