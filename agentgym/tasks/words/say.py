"""From a plan to words: what a person would write to a service desk.

A plan's meaning is put into phrases, with a choice wherever English has one, and the
grammar writes them. A wording that reads back in more than one way is put differently,
as long as there is another way to put it. Next: `lint`.
"""

from __future__ import annotations

import random
from collections.abc import Iterable

from agentgym.formats import Record
from agentgym.plan import Fact, Plan, Write
from agentgym.rng import stream
from agentgym.schema import Schema
from agentgym.tasks.words.english import ENGLISH
from agentgym.tasks.words.lexicon import Lexicon, flag_words, lexicon
from agentgym.tasks.words.lint import clumsy
from agentgym.tasks.words.manners import persona
from agentgym.tasks.words.meaning import Act, Change, acts_in, mains, rows_in
from agentgym.tasks.words.plans import meant, same
from agentgym.tasks.words.read import read
from agentgym.tasks.words.report import report
from agentgym.tasks.words.speaker import Speaker
from agentgym.tasks.words.values import UnsayableError
from agentgym.tasks.words.writer import Writer, joined

__all__ = ["Wording", "question", "say"]

_LEVELS = (0, 0, 0, 1, 1, 2, 2, 2)
"""How carefully each attempt marks what belongs to what."""
_REPORT = 0.85
"""How often what can be a form with blanks is one, where the family asks for it."""


class Wording(Record, kw_only=True):
    """A message, and the pattern that it follows."""

    text: str
    phrasing: str
    """The text with its labels and values masked: what makes two wordings alike."""
    register: str = "plain"
    """Its tone, one of `REGISTERS`."""
    role: str = ""
    """What the writer says of themselves."""


def say(plan: Plan, schema: Schema, *, seed: int) -> Wording | None:
    """Put a plan into words.

    Of a change of mind, the instruction tells what is said first; see `shift.say_shift`. What is
    refused is worded like anything else, and what is hidden is not said.

    Args:
        plan: What is asked; held-back facts are announced without their values.
        schema: Supplies the labels.
        seed: Chooses tone and phrasing.

    Returns:
        The message, one that `read` understands in exactly one way if some phrasing
        does; None when the plan cannot be told without identifiers or loss.
    """
    words = lexicon(schema)
    acts = meant(plan, saying=True)
    me = plan.party.entity if plan.party is not None else None
    mine = me is not None
    if not acts or _confused(acts):
        return None
    best: tuple[int, Wording] | None = None
    unclear: Wording | None = None
    for attempt, level in enumerate(_LEVELS):
        rng = stream(seed, "words", attempt)
        try:
            wording = _attempt(plan, acts, words, rng, level, mine=mine)
        except UnsayableError:
            continue
        readings = read(wording.text, schema, me=me)
        if not any(same(reading, plan) for reading in readings):
            continue
        if len(readings) > 1:
            unclear = unclear or wording
            continue
        faults = clumsy(wording.text, words)
        if not faults:
            return wording
        wrong = any(fault.startswith("wrong:") for fault in faults)
        if not wrong and (best is None or len(faults) < best[0]):
            best = (len(faults), wording)
    if best is not None and best[0] <= 1:
        return best[1]
    return unclear if best is None else best[1]


def question(fact: Fact, schema: Schema, *, plan: Plan | None = None) -> str:
    """Name a held-back value as its user would: `the new phone number of the customer`.

    Args:
        fact: The fact.
        schema: Supplies the labels.
        plan: Where it is used; without it, the value is taken for a new one, unless it is
            hidden, which is only ever a clue.

    Returns:
        A noun phrase.
    """
    known = lexicon(schema)
    entity = known.entities.get(fact.entity, schema.entity(fact.entity))
    field = known.field(fact.entity, fact.field) or schema.entity(fact.entity).field(fact.field)
    label = field.label
    use = "clue" if fact.exposure == "hidden" else "update"
    if plan is not None:
        use = "clue"
        for act in acts_in(meant(plan)):
            if isinstance(act, Change) and (act.entity, fact.field) in _held(act):
                use = act.kind if act.entity == fact.entity else use
        for node in plan.nodes:
            if isinstance(node, Write) and any(one.fact == fact.id for one in node.settings):
                use = node.kind
    if field.type == "boolean":
        return f"whether the {entity.label} is marked as {flag_words(field)}"
    if use == "create":
        return f"the {label} of the new {entity.label}"
    return f"the {'' if use == 'clue' else 'new '}{label} of the {entity.label}"


def _held(change: Change) -> list[tuple[str, str]]:
    return [(change.entity, put.field) for put in change.puts if put.held]


def _confused(acts: Iterable[Act]) -> bool:
    """Tell whether held-back values could not be told apart when asked for."""
    acts = tuple(acts)
    rows = dict.fromkeys(row for act in acts for top in mains(act) for row in rows_in(top))
    held = [(row.entity, clue.field) for row in rows for clue in row.clues if clue.held]
    for act in acts_in(acts):
        if isinstance(act, Change):
            held += _held(act)
    return len(held) != len(set(held))


def _attempt(
    plan: Plan, acts: tuple[Act, ...], words: Lexicon, rng: random.Random, level: int, *, mine: bool
) -> Wording:
    who = persona(rng, mine=mine)
    if plan.family == "mask_fill" and rng.random() < _REPORT:
        text, mask = report(acts, words, rng, who)
    else:
        message = Speaker(words, rng, level).message(acts, mine=mine)
        writer = Writer(ENGLISH, rng, register=who.register, style=who.style(), line=who.role)
        text, mask = joined(writer.write("message", message))
    role = who.role if who.role and who.role in text else ""
    return Wording(text=text.strip(), phrasing=mask.strip(), register=who.register, role=role)
