"""Intent: that what the user comes to want, or gives up, can be known in time by every agent.

A plan comes in. What is asked for at first needs nothing that is told later; what is given up could
not be done before the user has answered something, and they give it up with that answer.
Next: `unique`.
"""

from __future__ import annotations

from collections.abc import Collection

from agentgym.plan import Emit, Plan, Refuse, Shift, Write
from agentgym.plan.intents import intents, turns, used
from agentgym.plan.outline import below
from agentgym.prove.refused import RefusedError

__all__ = ["check"]


def check(plan: Plan) -> None:
    """Check the turns of a plan.

    Raises:
        RefusedError: One cannot be followed, or comes too late.
    """
    coming, wanted = turns(plan), intents(plan)
    if not coming:
        return
    acts = {node.id for node in plan.nodes if isinstance(node, (Write, Emit))}
    changed = [name for turn in coming for name in (*turn.adds, *turn.drops)]
    if not {*changed} <= acts or len({*changed}) != len(changed):
        raise _refused("twice", "something comes to be wanted twice, or was given up before")
    if any(isinstance(node, Refuse) for node in plan.nodes):
        raise _refused("refusal", "what is wanted changes where something cannot be done")
    if not wanted[0] or not wanted[-1]:
        raise _refused("nothing", "there is a time at which nothing is wanted")
    shifts = any(isinstance(node, Shift) for node in plan.nodes)
    for place, turn in enumerate(coming):
        if not (turn.adds or turn.drops):
            raise _refused("idle", "a turn in which nothing changes")
        if turn.when == "answer" and (place or shifts):
            raise _refused("late", "a turn with an answer that is not the first one")
        if turn.drops and turn.when != "answer":
            raise _refused("late", "something is given up after it may have been done")
    _told(plan)
    _held(plan)


def _told(plan: Plan) -> None:
    """What an act rests on is told before it is wanted, or with the turn that adds it."""
    coming = turns(plan)
    facts = {fact.id: fact for fact in plan.facts}
    later = [name for turn in coming for name in turn.facts]
    if len({*later}) != len(later) or any(facts[name].exposure != "user" for name in later):
        raise _refused("facts", "a fact is told twice, or at once")
    first = _facts(plan, intents(plan)[0])
    known = first
    for turn in coming:
        if {*turn.facts} & known:
            raise _refused("facts", "a fact is told after it was needed")
        mine = _facts(plan, turn.adds)
        if not mine - known <= {*turn.facts}:
            raise _refused("facts", "what comes to be wanted rests on a fact that nobody tells")
        known = known | {*turn.facts}


def _held(plan: Plan) -> None:
    """Something has to be asked before a turn that comes with the first answer.

    What is given up then rests on a fact that is held back and that nothing else needs.
    """
    coming = turns(plan)
    if coming[0].when != "answer":
        return
    held = {fact.id for fact in plan.facts if fact.exposure in ("user", "hidden")}
    held -= {name for turn in coming for name in turn.facts}
    if not held & _facts(plan, intents(plan)[0]):
        raise _refused("unasked", "nothing has to be asked, so no turn comes with an answer")
    for name in coming[0].drops:
        if not isinstance(plan.node(name), Write):
            raise _refused("answer", "an answer is given up: to have given it harms nobody")
        if not held & _facts(plan, (name,)):
            raise _refused("late", "something is given up after it may have been done")


def _facts(plan: Plan, acts: Collection[str]) -> set[str]:
    needed = {*acts, *(name for act in acts for name in below(plan, act))}
    return used([node for node in plan.nodes if node.id in needed])


def _refused(code: str, told: str) -> RefusedError:
    return RefusedError("unique", f"intent_{code}", told)
