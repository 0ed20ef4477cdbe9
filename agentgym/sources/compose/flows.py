"""Life cycles from the chains in which a pattern or a trade writes them.

`placed > paid > delivered` comes in; states, moves and where a row begins come out. Next:
`rewrite`.
"""

from __future__ import annotations

from itertools import pairwise

from agentgym.errors import FormatError
from agentgym.formats import Record
from agentgym.sources.compose.records import Flow

__all__ = ["Course", "course", "states"]


class Course(Record, kw_only=True):
    """A life cycle: its states in the order of the chains, and how one may follow another."""

    states: tuple[str, ...]
    initial: tuple[str, ...]
    moves: dict[str, tuple[str, ...]]


def course(flow: Flow) -> Course:
    """Read the chains of a flow.

    Raises:
        FormatError: A chain has no state, or one twice in a row.
    """
    moves: dict[str, list[str]] = {}
    first = ""
    for chain in flow.chains:
        states = [" ".join(state.split()) for state in chain.split(">")]
        if not all(states):
            raise FormatError(
                "states joined by >", found=repr(chain), hint="write 'placed > paid > delivered'"
            )
        first = first or states[0]
        for state in states:
            moves.setdefault(state, [])
        for state, after in pairwise(states):
            if state == after:
                raise FormatError("two states", found=f"{state!r} twice in a row in {chain!r}")
            if after not in moves[state]:
                moves[state].append(after)
    if not first:
        raise FormatError("at least one chain", found="none")
    return Course(
        states=tuple(moves),
        initial=tuple(dict.fromkeys((first, *flow.initial))),
        moves={state: tuple(after) for state, after in moves.items()},
    )


def states(flow: Flow) -> tuple[str, ...]:
    """Return the states of a flow in the order of its chains; none where they cannot be read."""
    try:
        return course(flow).states
    except FormatError:
        return ()
