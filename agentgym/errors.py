"""The error tree, and the one form that every message has.

A bad author is an error and raises; a bad agent is data and never does (see
`trajectory.Result`); what is neither is a bug of ours and is left to surface.

    AgentGymError
    ├── SourceError     what was given to build from cannot be read
    ├── SchemaError     a schema contradicts itself
    ├── DomainError     a domain folder is wrong, stale or missing
    ├── TaskError       a task is unknown, or no longer holds
    ├── FormatError     a file is not what its name says
    ├── BackendError    a database server cannot be reached, or cannot hold the rows
    ├── ModelError      a model cannot be asked, or does not answer
    │   ├── UnreachableError   its server cannot be reached, or is not able to answer now
    │   ├── RefusedError       its server refuses us: no key, a wrong one, no right
    │   ├── UnknownModelError  its server has no model of that name
    │   └── NoAnswerError      what came back is no answer that can be used
    └── UsageError      a call or command was given something it does not take
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = [
    "AgentGymError",
    "BackendError",
    "DomainError",
    "FormatError",
    "ModelError",
    "NoAnswerError",
    "RefusedError",
    "SchemaError",
    "SourceError",
    "TaskError",
    "UnknownModelError",
    "UnreachableError",
    "UsageError",
    "nearest",
]


class AgentGymError(Exception):
    """Anything that an author did wrong.

    Args:
        expected: What should have been there.
        found: What was there instead.
        where: File with JSON path, table.column, or option; empty when obvious.
        hint: What to do next, or the nearest legal value.
    """

    def __init__(self, expected: str, *, found: str = "", where: str = "", hint: str = "") -> None:
        self.expected = expected
        self.found = found
        self.where = where
        self.hint = hint
        message = f"expected {expected}" if found else expected
        if found:
            message += f", found {found}"
        if where:
            message = f"{where}: {message}"
        if hint:
            message += f"; {hint}"
        super().__init__(message)

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.expected, self.found, self.where, self.hint)


def _rebuild(
    kind: type[AgentGymError], expected: str, found: str, where: str, hint: str
) -> AgentGymError:
    return kind(expected, found=found, where=where, hint=hint)


class SourceError(AgentGymError):
    """What was given to build from cannot be read."""


class SchemaError(AgentGymError):
    """A schema contradicts itself."""


class DomainError(AgentGymError):
    """A domain folder is wrong, stale or missing."""


class TaskError(AgentGymError):
    """A task is unknown, or no longer holds in its domain."""


class FormatError(AgentGymError):
    """A file is not what its name says, or is of a format that this version does not know."""


class BackendError(AgentGymError):
    """A database server cannot be reached, or cannot hold the rows of a world."""


class ModelError(AgentGymError):
    """A model cannot be asked, or does not answer."""


class UnreachableError(ModelError):
    """The server of a model cannot be reached, or is not able to answer now."""


class RefusedError(ModelError):
    """The server of a model refuses us: there is no key, a wrong one, or it lacks the right."""


class UnknownModelError(ModelError):
    """The server has no model of that name."""


class NoAnswerError(ModelError):
    """What came back is no answer that can be used."""


class UsageError(AgentGymError):
    """A call or a command was given something that it does not take."""


def nearest(word: str, options: Iterable[str]) -> str:
    """Say which legal value was probably meant, as a clause for a hint.

    Args:
        word: What was given.
        options: The legal values.

    Returns:
        `did you mean 'x'?`, or the legal values where none is near, or nothing
        where there is no legal value at all.
    """
    known = sorted(set(options))
    if not known:
        return ""
    folded = {option.casefold(): option for option in reversed(known)}
    close = difflib.get_close_matches(word.casefold(), folded, n=1, cutoff=0.6)
    if close:
        return f"did you mean {folded[close[0]]!r}?"
    shown = ", ".join(repr(option) for option in known[:8])
    return f"use one of {shown}" + (f" ({len(known) - 8} more)" if len(known) > 8 else "")
