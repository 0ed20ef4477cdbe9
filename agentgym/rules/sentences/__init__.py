"""Rules, effects and derived values in English.

`sentence` is for the manual, `hint` for a refused call. Order: speaker, clauses, ways, told,
hints, doings. Next: `boundary`.
"""

from __future__ import annotations

from agentgym.rules.sentences.clauses import life, refusal
from agentgym.rules.sentences.doings import derived_sentence, effect_sentence
from agentgym.rules.sentences.hints import hint
from agentgym.rules.sentences.told import joint, sentence

__all__ = [
    "derived_sentence",
    "effect_sentence",
    "hint",
    "joint",
    "life",
    "refusal",
    "sentence",
]
