"""What a message says and asks for, by its words: everything that needs no facts to be known.

`patterns` tells what a sentence does, `words` what it is about, `values` which values it holds.
Texts in, plain answers out; no state. Next: `agenda`.
"""

from __future__ import annotations

from agentgym.users.hearing.patterns import (
    ASSENT,
    CLOSER,
    CONFIRM,
    HINTS,
    assents,
    claims_end,
    closes,
    confirming,
    did_it,
    garbled,
    goes_on,
    greets,
    insults,
    is_question,
    opens_with_w,
    promises,
    refuses,
    reports,
    sentences,
    spelled_out,
    unsure,
    verifies,
    what_to_do,
    which,
    who,
)
from agentgym.users.hearing.values import Said, forms, kind_of, mentions, shape, ungrouped, values
from agentgym.users.hearing.words import STOP, Vocabulary, raw_words, words

__all__ = [
    "ASSENT",
    "CLOSER",
    "CONFIRM",
    "HINTS",
    "STOP",
    "Said",
    "Vocabulary",
    "assents",
    "claims_end",
    "closes",
    "confirming",
    "did_it",
    "forms",
    "garbled",
    "goes_on",
    "greets",
    "insults",
    "is_question",
    "kind_of",
    "mentions",
    "opens_with_w",
    "promises",
    "raw_words",
    "refuses",
    "reports",
    "sentences",
    "shape",
    "spelled_out",
    "ungrouped",
    "unsure",
    "values",
    "verifies",
    "what_to_do",
    "which",
    "who",
    "words",
]
