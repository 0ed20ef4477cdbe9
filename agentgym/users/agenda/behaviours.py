"""Habits: each changes what the user is going to do with a reply, and never what they want.

In come moves and the scene, out go other moves. What a habit holds up is told when it is asked for
again: each holds up a fact once, so that nothing takes more than a few questions. A yes and a turn
of the script are never held up. Next: `speech`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from agentgym import rng
from agentgym.users.agenda.knowledge import Key, Knowledge
from agentgym.users.agenda.moves import Move
from agentgym.users.agenda.phrases import ASIDES, OTHERS
from agentgym.users.agenda.place import Draft
from agentgym.users.profile import Behaviour, Profile

__all__ = ["HABITS", "Scene", "act_out", "slip"]

Moves = list[Move]


class Scene:
    """What a habit looks at: who speaks, and where the dialogue stands."""

    __slots__ = ("draft", "knowledge", "messages", "profile", "seed")

    def __init__(
        self, knowledge: Knowledge, profile: Profile, seed: int, draft: Draft, messages: int
    ) -> None:
        self.knowledge = knowledge
        self.profile = profile
        self.seed = seed
        self.draft = draft
        self.messages = messages
        """Messages of the agent so far, this one included."""

    def chance(self, *names: object) -> float:
        """Return a number from 0 to 1 that is the same for the same seed and names."""
        return rng.key(self.seed, "users", *names) / 2**64

    def new(self, moves: Moves) -> list[str]:
        """Return the ids of the facts that moves are about to tell for the first time."""
        return [i for move in moves if move.kind == "inform" for i in move.facts if self._open(i)]

    def _open(self, fact_id: str) -> bool:
        return fact_id not in self.draft.told


def _hold(moves: Moves, held: list[str], instead: Move) -> Moves:
    """Put one move in the place of the first of some facts, and leave the others out."""
    found: Moves = []
    for move in moves:
        if move.kind != "inform" or not set(move.facts) & set(held):
            found.append(move)
            continue
        left = tuple(i for i in move.facts if i not in held)
        if left:
            found.append(Move("inform", left))
        if instead not in found:
            found.append(instead)
    return found


def _wary(moves: Moves, scene: Scene) -> Moves:
    """Ask what something personal is needed for, the first time."""
    held = [i for i in scene.new(moves) if scene.knowledge.keys[i].mine]
    if not held or not scene.draft.once("wary"):
        return moves
    return _hold(moves, held, Move("why", tuple(held)))


def _vague_first(moves: Moves, scene: Scene) -> Moves:
    """Say what it is about, and the value only when asked again."""
    marks = scene.draft.marks
    held = [i for i in scene.new(moves) if f"vague:{i}" not in marks]
    if not held or ("vague" in marks and scene.chance("vague", held[0]) > 0.5):
        return moves
    scene.draft.marks = marks | {"vague", *(f"vague:{i}" for i in held)}
    return _hold(moves, held, Move("vague", tuple(held)))


def _contradicting(moves: Moves, scene: Scene) -> Moves:
    """Say something near to one value, with doubt, and put it right with the next reply."""
    for i in scene.new(moves):
        mark = f"slip:{i}"
        if mark in scene.draft.marks:
            continue
        if "slip" in scene.draft.marks and scene.chance("slip", i) > 0.34:
            continue
        wrong = slip(scene.knowledge.keys[i], scene.knowledge)
        if wrong:
            scene.draft.marks |= {"slip", mark}
            scene.draft.slips += (i,)
            return _hold(moves, [i], Move("slip", (i,), wrong))
    return moves


def _truncated(moves: Moves, scene: Scene) -> Moves:
    """Send a message that breaks off before the value, and the rest with the next one."""
    marks = scene.draft.marks
    new = scene.new(moves)
    if any(move.kind in ("yes", "turn", "slip") for move in moves) or not new:
        return moves
    mark = f"cut:{new[0]}"
    if mark in marks or ("cut" in marks and scene.chance("cut", new[0]) > 0.34):
        return moves
    scene.draft.marks = marks | {"cut", *(f"cut:{i}" for i in new)}
    scene.draft.owed += tuple(new)
    first = next(place for place, m in enumerate(moves) if m.kind == "inform" and new[0] in m.facts)
    return [*moves[:first], Move("cut", (new[0],))]


def _partial(moves: Moves, scene: Scene) -> Moves:
    """Tell one fact of those that are asked for, the others when they are asked for again."""
    return limited(moves, scene, 1)


def limited(moves: Moves, scene: Scene, most: int) -> Moves:
    """Tell so many new facts, and the others when they are asked for again."""
    new = scene.new(moves)
    if len(new) <= most:
        return moves
    return _hold(moves, new[most:], Move("for_now"))


def _eager(moves: Moves, scene: Scene) -> Moves:
    """Tell what is to be asked for next as well."""
    told = scene.new(moves)
    if not told or any(move.kind in ("turn", "cut") for move in moves):
        return moves
    knowledge, draft = scene.knowledge, scene.draft
    for i in knowledge.announced[draft.turns]:
        if i not in draft.told and i not in told and i not in draft.slips:
            return [*moves, Move("inform", (i,))]
    return moves


def _tangential(moves: Moves, scene: Scene) -> Moves:
    """Talk of something else besides, now and then."""
    draft = scene.draft
    if not _goes_on(moves) or (draft.replies and scene.chance("aside", draft.replies) > 0.4):
        return moves
    at = rng.key(scene.seed, "users", "aside words", draft.replies) % len(ASIDES)
    aside = Move("aside", text=ASIDES[at])
    return [aside, *moves] if moves[0].kind in ("inform", "vague", "slip") else [*moves, aside]


def _unavailable(moves: Moves, scene: Scene) -> Moves:
    """Ask for something that no desk can do, once."""
    if not _goes_on(moves) or moves[-1].kind in ("turn", "what_exactly", "sure", "why"):
        return moves
    known = scene.knowledge.vocabulary.known
    fitting = [text for text, near in OTHERS if not known & set(near.split())]
    if not fitting or not scene.draft.once("other"):
        return moves
    at = rng.key(scene.seed, "users", "other") % len(fitting)
    return [*moves, Move("other", text=fitting[at])]


def _impatient(moves: Moves, scene: Scene) -> Moves:
    """Complain, the more and the louder the longer it takes."""
    if not _goes_on(moves) or any(m.kind in ("warn", "rude", "complain") for m in moves):
        return moves
    level = scene.messages + 2 * scene.draft.spent
    if scene.chance("impatient", scene.draft.replies) > min(0.9, 0.1 + 0.12 * level):
        return moves
    return [*moves, Move("complain", text=str(min(2, level // 3)))]


def _goes_on(moves: Moves) -> bool:
    """Tell whether the conversation goes on after a reply, which does not break off."""
    return bool(moves) and all(move.kind not in ("thanks", "leave", "cut") for move in moves)


HABITS: Final[Mapping[Behaviour, Callable[[Moves, Scene], Moves]]] = {
    "wary": _wary,
    "vague_first": _vague_first,
    "contradicting": _contradicting,
    "partial": _partial,
    "eager": _eager,
    "truncated": _truncated,
    "tangential": _tangential,
    "unavailable": _unavailable,
    "impatient": _impatient,
}
"""Every behaviour, in the order in which they take their turns."""


def act_out(moves: Moves, scene: Scene) -> Moves:
    """Let the habits of a profile change what is going to be done."""
    chosen = scene.profile.behaviours
    for name, habit in HABITS.items():
        if name in chosen:
            moves = habit(moves, scene)
        if name == "partial" and scene.profile.disclosure is not None:
            moves = limited(moves, scene, scene.profile.disclosure)
    return moves


def slip(key: Key, knowledge: Knowledge) -> str:
    """Return a value near to a fact's, said as facts are; empty where none is safe.

    It is none that the user knows, and has nothing in it of what is private.
    """
    if key.term or (wrong := _near(key)) is None:
        return ""
    low = wrong.casefold()
    if any(secret in low for secret in knowledge.secrets):
        return ""
    bare = low.strip('"“”')
    for other in knowledge.keys.values():
        spelled = other.value.strip('"“”').casefold()
        if spelled and (spelled == bare or (len(spelled) > 1 and spelled in bare)):
            return ""
    return wrong


def _near(key: Key) -> str | None:
    """Return a value near to a fact's."""
    wire = key.wire
    if isinstance(wire, bool) or wire is None:
        return None
    if key.options:
        others = [one for one in key.options if one != wire]
        return others[0] if others else None
    if key.kind in ("day", "time") and isinstance(wire, str):
        try:
            day = dt.date.fromisoformat(wire[:10]) + dt.timedelta(days=1)
        except (ValueError, OverflowError):
            return None
        return day.isoformat() + wire[10:]
    if isinstance(wire, (int, float, Decimal)):
        number = Decimal(str(wire))
        return f"{number + 1:f}" if number.is_finite() and abs(number) < 10**15 else None
    if isinstance(wire, str):
        for place in range(len(wire) - 1, -1, -1):
            if wire[place] in "012345678":
                other = chr(ord(wire[place]) + 1)
                return key.value.replace(wire, wire[:place] + other + wire[place + 1 :])
    return None
