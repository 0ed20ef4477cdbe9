"""Whether a reply agrees with the agenda: read from its acts, as a check of the simulator itself.

Next: `agent`.
"""

from __future__ import annotations

from agentgym.users.agenda.knowledge import Knowledge
from agentgym.users.agenda.place import Place
from agentgym.users.profile import Profile
from agentgym.users.user import Reply

__all__ = ["due", "fits"]

_TELLING = frozenset({"inform", "confirm", "correct"})


def due(knowledge: Knowledge, place: Place) -> bool:
    """Tell whether something is still to be said."""
    return bool(
        place.turns < len(knowledge.turns)
        or place.owed
        or place.slips
        or any(i not in place.told for i in knowledge.announced[place.turns])
    )


def fits(knowledge: Knowledge, profile: Profile, before: Place, after: Place, reply: Reply) -> bool:
    """Tell whether a reply carries the user's goal on.

    It does not if it tells what they do not know, hold no longer or keep to themselves; if it says
    a turn before its time; if what is taken for told is not what it tells; if it says yes and no at
    once; if it ends while something is due; if it leaves while there is patience; or if something
    private stands in its text.
    """
    now, then = knowledge.held[after.turns], knowledge.held[before.turns]
    told: set[str] = set()
    kinds = set()
    for act in reply.acts:
        kinds.add(act.kind)
        if act.kind in _TELLING:
            if any(i not in now and i not in then for i in act.facts):
                return False
            told.update(act.facts)
        elif act.kind == "shift":
            if before.turns + 1 != after.turns or act.facts != knowledge.turns[before.turns].facts:
                return False
            told.update(act.facts)
    if after.turns > before.turns and "shift" not in kinds:
        return False
    if after.told - before.told != told - before.told:
        return False
    if {"confirm", "deny"} <= kinds or (reply.confirms and "confirm" not in kinds):
        return False
    if reply.leaves:
        if profile.patience is None or after.spent < profile.patience:
            return False
    elif reply.ends and due(knowledge, after):
        return False
    if knowledge.secrets:
        low = reply.text.casefold()
        return not any(secret in low for secret in knowledge.secrets)
    return True
