"""Rules and effects: what may happen to rows, and what happens besides, as data.

One predicate is rendered four ways: as guard (by `world.guards`), as English sentence, as
error hint and as boundary values. No SQL here. Next: `tools.algebra`.
"""

from __future__ import annotations

from agentgym.rules.boundary import boundary
from agentgym.rules.effect import Add, Adjust, Assign, Effect, Value
from agentgym.rules.policy import policy_text, sections
from agentgym.rules.predicate import (
    All,
    Alone,
    AnyOf,
    Authenticated,
    Calls,
    Compare,
    Confirmed,
    Count,
    Elapsed,
    Holder,
    In,
    Move,
    NoChildren,
    Not,
    Owner,
    Param,
    Predicate,
    fields_of,
    parts,
)
from agentgym.rules.rule import CLASSES, Rule, RuleClass, derive
from agentgym.rules.sentences import derived_sentence, effect_sentence, hint, sentence

__all__ = [
    "CLASSES",
    "Add",
    "Adjust",
    "All",
    "Alone",
    "AnyOf",
    "Assign",
    "Authenticated",
    "Calls",
    "Compare",
    "Confirmed",
    "Count",
    "Effect",
    "Elapsed",
    "Holder",
    "In",
    "Move",
    "NoChildren",
    "Not",
    "Owner",
    "Param",
    "Predicate",
    "Rule",
    "RuleClass",
    "Value",
    "boundary",
    "derive",
    "derived_sentence",
    "effect_sentence",
    "fields_of",
    "hint",
    "parts",
    "policy_text",
    "sections",
    "sentence",
]
