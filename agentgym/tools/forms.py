"""The parameters of tools that belong to no entity: the same in every domain.

Next: `parameters`.
"""

from __future__ import annotations

from agentgym.formats import Json
from agentgym.tools.algebra import (
    AskUser,
    Calculate,
    Conclude,
    CurrentTime,
    ListTools,
    LookUpTerm,
    MakePlan,
    Offer,
    ReadManual,
    RecallNotes,
    SearchManual,
    ShowToolDoc,
    TakeNote,
    ThinkAloud,
    Wait,
)

__all__ = ["DESK", "closed"]


def closed(properties: dict[str, Json], required: list[str]) -> dict[str, Json]:
    """Make the JSON Schema of an object that takes these properties and no other."""
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


DESK: dict[type, dict[str, Json]] = {
    Calculate: closed(
        {
            "expression": {
                "type": "string",
                "description": "Numbers with + - * / ( ) and round(x, digits), min(..), max(..).",
            }
        },
        ["expression"],
    ),
    CurrentTime: closed({}, []),
    ListTools: closed({}, []),
    ShowToolDoc: closed(
        {"name": {"type": "string", "minLength": 1, "description": "Name of the tool."}},
        ["name"],
    ),
    ReadManual: closed(
        {
            "section": {
                "type": "string",
                "minLength": 1,
                "description": "Title of the section; leave it out to get the list of titles.",
            }
        },
        [],
    ),
    SearchManual: closed(
        {"words": {"type": "string", "minLength": 1, "description": "What to look for."}},
        ["words"],
    ),
    ThinkAloud: closed(
        {"thought": {"type": "string", "minLength": 1, "description": "What you think."}},
        ["thought"],
    ),
    MakePlan: closed(
        {
            "steps": {
                "type": "array",
                "items": {"type": "string", "minLength": 1},
                "minItems": 1,
                "maxItems": 50,
                "description": "The steps in order, a sentence each.",
            }
        },
        ["steps"],
    ),
    TakeNote: closed(
        {"text": {"type": "string", "minLength": 1, "description": "What to keep."}},
        ["text"],
    ),
    RecallNotes: closed(
        {
            "word": {
                "type": "string",
                "minLength": 1,
                "description": "What the notes must hold, whatever its case; leave it out for "
                "all of them.",
            }
        },
        [],
    ),
    Offer: closed(
        {
            "about": {
                "type": "string",
                "minLength": 1,
                "description": "Which record it is about: its key, as the event names it.",
            },
            "text": {"type": "string", "minLength": 1, "description": "What to tell the user."},
        },
        ["about"],
    ),
    Wait: closed({}, []),
    LookUpTerm: closed(
        {
            "term": {
                "type": "string",
                "minLength": 1,
                "description": "The word, alone and as it was said.",
            }
        },
        ["term"],
    ),
    AskUser: closed(
        {"question": {"type": "string", "minLength": 1, "description": "What to ask the user."}},
        ["question"],
    ),
    Conclude: closed(
        {
            "outcome": {
                "type": "string",
                "enum": ["done", "refused", "impossible"],
                "description": "done: the request is fulfilled; refused: a rule forbids it; "
                "impossible: something is missing.",
            },
            "answer": {
                "description": "The answer, when the user asked for one: the value alone, "
                "or a list of values."
            },
            "reason": {
                "type": "string",
                "description": "The rule or the missing thing, when not done.",
            },
        },
        ["outcome"],
    ),
}
"""Term to the JSON Schema of its parameters."""
