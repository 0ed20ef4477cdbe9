"""Terms that belong to no entity: what can be looked up, what any desk has, what is only thought.

Next: `tool`.
"""

from __future__ import annotations

from typing import Literal

from agentgym.formats import Json, Record

__all__ = [
    "INTRINSIC",
    "WATCHING",
    "AskUser",
    "Calculate",
    "Conclude",
    "Condition",
    "CurrentTime",
    "ListTools",
    "LookUpTerm",
    "MakePlan",
    "Meaning",
    "Offer",
    "ReadManual",
    "RecallNotes",
    "SearchManual",
    "ShowToolDoc",
    "TakeNote",
    "ThinkAloud",
    "Wait",
]

# what can be looked up


class ListTools(Record, kw_only=True, tag="list_tools"):
    """The names of the tools at hand, each with the first sentence of its description."""


class ShowToolDoc(Record, kw_only=True, tag="show_tool_doc"):
    """What one tool does and takes. Gives its name, description and parameters; `not_found`."""


class ReadManual(Record, kw_only=True, tag="read_manual"):
    """One section of the desk manual, or the list of its sections."""


class SearchManual(Record, kw_only=True, tag="search_manual"):
    """The paragraphs of the manual that hold the words, best first, a few at a time."""


class Condition(Record, kw_only=True):
    """A field of a row compares with a value."""

    field: str
    op: Literal["eq", "lt", "gt"]
    value: Json
    """Wire value."""


class Meaning(Record, kw_only=True):
    """A word of the trade, and what holds for the rows of an entity for which it stands."""

    term: str
    entity: str
    where: tuple[Condition, ...]


class LookUpTerm(Record, kw_only=True, tag="look_up_term"):
    """What a word of the trade means, whatever its case.

    Gives `{"term": t, "meaning": sentence, "entity": e, "where": [{"field": f, "op": o, "value":
    v}..]}`; `not_found` where it is no such word.
    """

    entries: tuple[Meaning, ...]


# what any desk has


class Calculate(Record, kw_only=True, tag="calculate"):
    """An arithmetic expression, computed exactly. Gives `{"value": number}`."""


class CurrentTime(Record, kw_only=True, tag="current_time"):
    """The logical clock. Gives `{"now": datetime}`."""


class AskUser(Record, kw_only=True, tag="ask_user"):
    """A question to the user. Gives `{"reply": text}`."""


class Conclude(Record, kw_only=True, tag="conclude"):
    """The end of the task: outcome, answer, reason. Gives `{"concluded": outcome}`."""


# what one has who watches


class Offer(Record, kw_only=True, tag="offer"):
    """Something that the user is told of unasked: which record it is, and what about it.

    Gives `{"offered": about}`.
    """


class Wait(Record, kw_only=True, tag="wait"):
    """A turn in which nothing is said or done. Gives `{"waited": true}`."""


WATCHING = (Offer, Wait)
"""The terms of one who watches: no domain has them, tasks with a stream show them."""


# what is only thought: these change nothing but the episode's own memory


class ThinkAloud(Record, kw_only=True, tag="think_aloud"):
    """A thought, put down before going on. Gives `{"words": n}`, how many it has."""


class MakePlan(Record, kw_only=True, tag="make_plan"):
    """The steps that are to come; they replace those of the plan before. Gives `{"steps": n}`."""


class TakeNote(Record, kw_only=True, tag="take_note"):
    """A note, kept to the end of the episode. Gives `{"note": k, "words": n}`."""


class RecallNotes(Record, kw_only=True, tag="recall_notes"):
    """The notes taken, those that hold a word or all, and the plan.

    Gives `{"notes": [{"note": k, "text": t}..], "plan": [step..]}`, of both what holds the word.
    """


INTRINSIC = (ThinkAloud, MakePlan, TakeNote, RecallNotes)
"""The terms that are only thought."""
