"""Failing: why an episode did not succeed, and whose doing that was.

In comes a verdict with how the episode ended, or an exception that came out of the environment;
out goes a `Failure`. What the environment did is never counted as an agent's failure.
Next: `scene`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from agentgym.episode.log import Answered, Line, Said, Single
from agentgym.episode.parse import parse
from agentgym.errors import BackendError, ModelError, TaskError
from agentgym.formats import to_text
from agentgym.goals.verdict import Verdict
from agentgym.trajectory import Call, Failure, Fault, Result

__all__ = ["BROKEN", "CODES", "Ended", "broken_off", "of_exception", "why"]

CODES: Final[Mapping[str, tuple[str, ...]]] = {
    "agent": (
        "user_left",
        "budget",
        "max_turns",
        "wrong_outcome",
        "wrong_state",
        "collateral",
        "policy",
        "wrong_answer",
        "no_evidence",
    ),
    "environment": ("backend", "unsolvable", "bug", "model"),
}
"""The codes of failures, by whose doing they are; of several that fit, the first."""

BROKEN: Final = Result(
    error=Fault(
        code="unavailable",
        message="The environment has failed; the episode is over, and nothing can be done in it.",
    )
)
"""What a call gives in which the environment itself fails."""

_TERMS = {
    "outcome": "wrong_outcome",
    "state": "wrong_state",
    "frame": "collateral",
    "policy": "policy",
    "answer": "wrong_answer",
    "evidence": "no_evidence",
}
"""Term of a verdict to the code of the failure in which it is 0, the graver first."""

_ENDS = {
    "user_stop": ("user_left", "The user gave up."),
    "budget": ("budget", "The budget was spent before it was concluded."),
    "max_turns": ("max_turns", "The episode was cut off before it was concluded."),
}

_LONGEST = 500


class Ended(Protocol):
    """What is asked of an episode that has ended."""

    @property
    def termination(self) -> str:
        """How it ended."""

    @property
    def failure(self) -> Failure | None:
        """What went wrong with the environment itself."""


def why(episode: Ended, verdict: Verdict | None) -> Failure | None:
    """Say why an episode did not succeed; None where it did, or goes on.

    Args:
        episode: The episode.
        verdict: How it was judged; None where it goes on, or nothing could be judged.
    """
    if episode.failure is not None:
        return episode.failure
    if verdict is None or verdict.success:
        return None
    told = " ".join(verdict.reasons)
    known = _ENDS.get(episode.termination)
    if known is not None:
        code, message = known
        return Failure(by="agent", code=code, message=message)
    code = next((code for term, code in _TERMS.items() if not verdict.terms.get(term, 1.0)), "")
    return Failure(by="agent", code=code or "wrong_state", message=told)


def of_exception(error: BaseException) -> Failure:
    """Say what went wrong with the environment, from what it raised.

    Args:
        error: Whatever came out of a turn: nothing that an agent sends raises, so it is none of
            the agent's doing.
    """
    if isinstance(error, ModelError):
        code = "model"
    elif isinstance(error, TaskError):
        code = "unsolvable"
    elif isinstance(error, (BackendError, sqlite3.OperationalError, ConnectionError)):
        code = "backend"
    else:
        code = "bug"
    text = str(error).split("\n", 1)[0][:_LONGEST]
    name = type(error).__name__
    return Failure(by="environment", code=code, message=f"{name}: {text}" if text else name)


def broken_off(log: Sequence[Line], turn: int, number: int, action: object) -> tuple[Line, ...]:
    """Return the lines that complete the log of a turn in which the environment has failed.

    Args:
        log: As it stands.
        turn: Number of the turn.
        number: How many calls were made, that turn's included.
        action: What the agent had sent; None where nobody knows.
    """
    calls: tuple[Call, ...] = ()
    lines: list[Line] = []
    now = [line for line in log if line.turn == turn]
    said = next((one for one in now if isinstance(one, Said) and not one.user), None)
    if said is not None:
        calls = said.calls or ()
    elif action is not None and not any(isinstance(line, Single) for line in now):
        parsed = parse(action)
        first = number + 1 - len(parsed.calls)
        calls = tuple(
            Call(
                id=f"call_{max(first, 1) + place}",
                name=attempt.name,
                arguments=attempt.arguments,
                raw=attempt.raw,
                parse_error=attempt.error,
            )
            for place, attempt in enumerate(parsed.calls)
        )
        lines.append(Said(turn=turn, content=parsed.text, reasoning=parsed.reasoning, calls=calls))
    answered = {line.call.id for line in now if isinstance(line, Answered)}
    text = to_text({"error": BROKEN.error})
    lines.extend(
        Answered(turn=turn, call=call, text=text, shown=len(text), code="unavailable", digest=None)
        for call in calls
        if call.id not in answered
    )
    return tuple(lines)
