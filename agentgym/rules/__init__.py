"""Rules: typed predicates over arguments, rows, clock and session, as data.

One predicate is rendered four ways: as guard (by `world.compile`), as English
sentence, as error hint and as boundary values. No SQL here. Next: `tools.algebra`.
"""

from __future__ import annotations

from agentgym.rules.boundary import boundary
from agentgym.rules.policy import policy_text
from agentgym.rules.predicate import (
    All,
    AnyOf,
    Compare,
    In,
    Move,
    NoChildren,
    Not,
    Predicate,
    Rule,
    derive,
    fields_of,
)
from agentgym.rules.sentences import hint, sentence

__all__ = [
    "All",
    "AnyOf",
    "Compare",
    "In",
    "Move",
    "NoChildren",
    "Not",
    "Predicate",
    "Rule",
    "boundary",
    "derive",
    "fields_of",
    "hint",
    "policy_text",
    "sentence",
]
