"""What the user says of their own accord: worded from the plan, and read back by the gate `text`.

A plan comes in; out go the turns of the user's script, a change of mind first, then what they come
to want or give up. A turn with the first answer goes with the change of mind, if there is one.
Next: `admit`.
"""

from __future__ import annotations

from typing import TypedDict

from msgspec.structs import replace

from agentgym.plan import Later, Plan, Shift
from agentgym.plan.intents import intents, turns
from agentgym.plan.tables import compared
from agentgym.prove.refused import RefusedError
from agentgym.rng import key
from agentgym.schema import Schema
from agentgym.tasks import Task, Turn, words

__all__ = ["Said", "check", "turns_of"]


class Said(TypedDict):
    """The turns of a script, and what its opening wants."""

    shift: Turn | None
    later: tuple[Turn, ...]
    wants: tuple[str, ...]


def turns_of(plan: Plan, schema: Schema, *, seed: int, after: str) -> Said:
    """Word all that the user of a plan says of their own accord after an instruction.

    Args:
        plan: The plan.
        schema: Supplies the labels.
        seed: Chooses tone and phrasing.
        after: The instruction.

    Raises:
        RefusedError: Something of it cannot be told.
    """
    shift = _shift(plan, schema, seed=seed, after=after)
    later = []
    coming = turns(plan)
    for place, (node, wants) in enumerate(zip(coming, intents(plan)[1:], strict=True)):
        text = words.say_later(plan, node, schema, seed=key(seed, "later", place))
        if text is None:
            raise RefusedError("text", "later_not_said", "what is wanted later cannot be said")
        later.append(Turn(text=text, facts=node.facts, when=node.when, wants=wants))
    wants = intents(plan)[0] if coming else ()
    if shift is not None and coming:
        shift = replace(shift, wants=wants)
    return Said(shift=shift, later=tuple(later), wants=wants)


def _shift(plan: Plan, schema: Schema, *, seed: int, after: str) -> Turn | None:
    node = next((one for one in plan.nodes if isinstance(one, Shift)), None)
    if node is None:
        return None
    text = words.say_shift(plan, schema, seed=seed, after=after)
    if text is None:
        raise RefusedError("text", "shift_not_said", "the change of mind cannot be said")
    return Turn(text=text, facts=(node.then,), replaces=(node.first,))


def check(task: Task, schema: Schema) -> None:
    """Read back what the user of a task says of their own accord.

    Raises:
        RefusedError: It says something else than the plan has, or in another order.
    """
    plan, script = task.plan, task.user
    shifts = [node for node in plan.nodes if isinstance(node, Shift)]
    turn = script.shift
    if len(shifts) != (turn is not None):
        raise RefusedError("text", "shift_missing", "a change of mind is not told, or not meant")
    if turn is not None:
        _read_shift(turn, shifts[0], plan, schema)
    coming, wants = turns(plan), intents(plan)
    if len(coming) != len(script.later):
        raise RefusedError(
            "text", "later_missing", "what is wanted later is not told, or not meant"
        )
    expected = wants[0] if coming else ()
    if script.wants != expected or (turn is not None and turn.wants != expected):
        raise RefusedError("text", "other_intent", "the user wants other things at first")
    for node, said, wanted in zip(coming, script.later, wants[1:], strict=True):
        _read_later(said, node, plan, schema)
        if said.wants != wanted:
            raise RefusedError("text", "other_intent", "the user comes to want other things")


def _read_shift(turn: Turn, node: Shift, plan: Plan, schema: Schema) -> None:
    readings = words.read_shift(turn.text, schema, plan)
    if [name for name, _ in readings] != [node.first] or turn.facts != (node.then,):
        raise RefusedError("text", "shift_differs", "the change of mind reads as another one")
    if not compared(readings[0][1], "eq", plan.fact(node.then).value):
        told = "the change of mind reads as one to another value"
        raise RefusedError("text", "shift_differs", told)


def _read_later(turn: Turn, node: Later, plan: Plan, schema: Schema) -> None:
    if not words.reads_as(turn.text, plan, node, schema):
        told = "what is wanted later reads as something else"
        raise RefusedError("text", "later_differs", told)
    if words.identifiers_in(turn.text, schema):
        raise RefusedError("text", "identifier", "an identifier in what is said later")
    if (turn.facts, turn.when, turn.replaces) != (node.facts, node.when, ()):
        told = "what is wanted later is told otherwise than the plan has it"
        raise RefusedError("text", "later_differs", told)
