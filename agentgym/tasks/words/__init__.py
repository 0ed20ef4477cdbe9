"""Words: a plan as the message of a person, and back.

One grammar serves both directions: `say` renders a plan, `read` finds every plan that
a message can stand for, knowing only the schema. A wording is faithful when it has
exactly one reading and that reading is the `same` as the plan.
"""

from __future__ import annotations

from agentgym.tasks.words.lint import identifiers_in
from agentgym.tasks.words.meaning import family, same, tellable
from agentgym.tasks.words.read import read
from agentgym.tasks.words.say import Wording, question, say

__all__ = ["Wording", "family", "identifiers_in", "question", "read", "same", "say", "tellable"]
