"""The grammar of English as service desks hear it: patterns, nothing else.

`{attribute:symbol}` is a slot of the phrase, `[a|b]` a free choice. Whatever is added
here is written by `say` and understood by `read` at once. Next: `say`, `read`.
"""

from __future__ import annotations

from agentgym.tasks.words.english.acts import ACTS
from agentgym.tasks.words.english.choices import CHOICES
from agentgym.tasks.words.english.numbers import NUMBERS
from agentgym.tasks.words.english.rows import ROWS
from agentgym.tasks.words.grammar import Grammar
from agentgym.tasks.words.tones import SENTENCES

__all__ = ["ENGLISH"]

ENGLISH: Grammar = ROWS | ACTS | CHOICES | NUMBERS | SENTENCES
"""Symbol to what it can be."""
