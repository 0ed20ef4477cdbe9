"""What a tool does to one row, whether it says so itself or as a sequence of one step.

A term comes in; the term that writes goes out, with the parameters that the tool sets itself:
`cancel_order` is a change of status to `cancelled`. Next: `lower`.
"""

from __future__ import annotations

from agentgym.formats import Json
from agentgym.tools.algebra import Sequence, Term

__all__ = ["alone"]


def alone(term: Term) -> tuple[Term, dict[str, Json]]:
    """Return the one write of a term.

    Returns:
        The term of the only step of a sequence, and its parameters that the tool sets itself, to
        their wire values; any other term as it is, and nothing.
    """
    if isinstance(term, Sequence) and len(term.steps) == 1 and not term.steps[0].taken:
        return term.steps[0].term, term.steps[0].given
    return term, {}
