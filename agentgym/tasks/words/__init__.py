"""Words: a plan as the message of a person, and back.

One grammar serves both directions: `say` renders a plan, `read` finds every plan that
a message can stand for, knowing only the schema. A wording is faithful when it has
exactly one reading and that reading is the `same` as the plan.
"""

from __future__ import annotations

from agentgym.tasks.words.families import family
from agentgym.tasks.words.later import read_later, read_opening, reads_as, say_later, say_opening
from agentgym.tasks.words.lint import identifiers_in
from agentgym.tasks.words.manners import REGISTERS
from agentgym.tasks.words.plans import same, tellable
from agentgym.tasks.words.read import read
from agentgym.tasks.words.say import Wording, question, say
from agentgym.tasks.words.shift import read_shift, say_shift

__all__ = [
    "REGISTERS",
    "Wording",
    "family",
    "identifiers_in",
    "question",
    "read",
    "read_later",
    "read_opening",
    "read_shift",
    "reads_as",
    "same",
    "say",
    "say_later",
    "say_opening",
    "say_shift",
    "tellable",
]
