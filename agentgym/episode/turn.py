"""One turn of an episode: what came of one action of the agent.

Next: `play`.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from agentgym.formats import Json, Record
from agentgym.trajectory import Act, Fault, Flags, Result

__all__ = ["ENDED", "Done", "Turn"]

ENDED = Result(
    error=Fault(
        code="unavailable",
        message="The episode has ended; this had no effect and nothing more can be done in it.",
    )
)
"""What every call after the end gives."""


class Done(msgspec.Struct, frozen=True, gc=False):
    """A call as a call of the domain's own tools, and all that it gave. To be read only."""

    tool: str
    """As sent, where it came to none of the domain's tools."""
    arguments: Mapping[str, Json]
    result: Result
    """All that it gave, with `breaches`, whatever a view or a fault made of it."""
    fault: str | None = None
    """Kind of the fault that the environment put into what was shown."""
    text: str | None = None
    """The data of the result as JSON, where they are at hand; of an error, anything."""


class Turn(Record, kw_only=True, gc=False):
    """What came of one action."""

    observation: str
    """The text that the agent sees: JSON of the result, a list of them, or the user's words; then
    the notices, each on a line of its own."""
    results: tuple[Result, ...] = ()
    """As they are shown."""
    done: tuple[Done, ...] = ()
    """One for each call that was made, in order."""
    flags: Flags = Flags()
    acts: tuple[Act, ...] = ()
    """What the user did, where they were heard."""
    notices: tuple[str, ...] = ()
    """What happened of its own accord."""
    wrote: bool = False
    """Whether any row was written, by the agent, the user or of its own accord."""
    said: str = ""
    """What the agent said to the user, by a message or a question."""
