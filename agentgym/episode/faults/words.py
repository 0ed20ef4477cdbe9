"""What an agent is told when a call is struck: codes and sentences as a real service gives them.

They say what is known and what to do; whether the fault was drawn or real, nobody can tell.
Next: `dress`.
"""

from __future__ import annotations

from agentgym.trajectory import Fault, Result

__all__ = [
    "AS_OF",
    "FAILED",
    "LATE",
    "NOTE",
    "UNKNOWN",
    "later_than",
    "suspended",
    "too_many",
    "unasked",
]

NOTE = "note"
"""The key under which a result says what is odd about it."""
AS_OF = "as_of"
"""The key under which a result says of which moment its rows are."""


def _unavailable(message: str) -> Result:
    return Result(error=Fault(code="unavailable", message=message))


LATE = _unavailable(
    "The service did not answer in time (504). The call was not carried out; make it again."
)
"""A call that timed out."""

FAILED = _unavailable("The service has failed (503) before anything was done. Make the call again.")
"""A call that failed before commit."""

UNKNOWN = _unavailable(
    "The connection was lost before the answer came (502). It is not known whether the call was "
    "carried out: look at the records before you make it again."
)
"""A write of which nobody knows what came of it."""


def too_many(turns: int) -> Result:
    """Return the refusal of a rate limit that ends after so many turns."""
    when = "in the next turn" if turns == 1 else f"after {turns} turns"
    return Result(
        error=Fault(
            code="limit_exceeded", message=f"Too many requests (429). Make the call again {when}."
        )
    )


def later_than(fault: Fault, moment: str) -> Fault:
    """Return a refusal that rests on rows as of an earlier moment."""
    told = f"{fault.message} (as of {moment}; what changed later is not in it, so ask again)"
    return Fault(code=fault.code, message=told, parameter=fault.parameter, rule=fault.rule)


def unasked() -> Result:
    """Return the refusal of a change for which a policy update wants the user's yes."""
    return Result(
        error=Fault(
            code="rule_broken",
            message="By the policy update, every change of records needs a yes of the user first. "
            "Ask the user to confirm, then make the call again.",
        )
    )


def suspended() -> Result:
    """Return the refusal of a tool that a policy update has taken out of use."""
    return Result(
        error=Fault(
            code="rule_broken",
            message="By the policy update, this is not done at this desk any more. "
            "Leave it, or do what was asked for in another way.",
        )
    )
