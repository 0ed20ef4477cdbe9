"""Moves put into words: phrases by register, chosen by seed and place in the dialogue.

Moves come in, a text and its dialogue acts go out. Next: `agent`.
"""

from __future__ import annotations

from collections.abc import Sequence

from agentgym import rng
from agentgym.trajectory import Act
from agentgym.users.agenda.knowledge import Key, Knowledge
from agentgym.users.agenda.moves import ACTS, Move
from agentgym.users.agenda.phrases import PHRASES
from agentgym.users.profile import Profile

__all__ = ["Speech"]

_LEADS = frozenset({"resend", "mend", "no"})
"""Kinds that are said once, before the facts."""
_TOLD = frozenset({"inform", "slip"})
"""Kinds that make something of `perhaps`."""
_LONG = (
    "Thank you for asking.",
    "I hope that helps.",
    "Just let me know if anything is unclear.",
    "I appreciate your help with this.",
)
"""What those say besides who like to talk."""


class Speech:
    """Says things as a profile has it.

    Args:
        profile: Whose words.
        seed: Of their choice.
    """

    __slots__ = ("_long", "_phrases", "_seed", "_varies")

    def __init__(self, profile: Profile, seed: int) -> None:
        self._phrases = PHRASES[profile.register]
        self._varies = profile.register != "plain"
        self._long = profile.verbosity == "long"
        self._seed = seed

    def say(self, moves: Sequence[Move], knowledge: Knowledge, place: int) -> str:
        """Return the words of a reply.

        Args:
            moves: What is done with it.
            knowledge: What the facts are called.
            place: How many replies came before.
        """
        parts: list[str] = []
        said: set[str] = set()
        tells = any(move.kind in _TOLD for move in moves)
        for number, move in enumerate(moves):
            kind = move.kind
            if kind == "perhaps" and not tells:
                continue
            if kind in _LEADS or kind == "correct":
                lead = "no" if kind == "correct" else kind
                if lead not in said:
                    said.add(lead)
                    parts.append(self._phrase(lead, place, number))
                if kind == "no":
                    continue
                kind = "inform"
            if kind == "turn" or (move.text and kind in ("other", "aside", "outcome")):
                parts.append(move.text)
            elif move.facts and kind in ("inform", "slip", "cut"):
                for i in move.facts:
                    key = _key(knowledge, i)
                    if key is not None and (same := f"{kind} {key.said}") not in said:
                        said.add(same)
                        parts.append(self._tell(kind, key, move.text, place))
            elif move.facts:
                phrase = self._phrase(kind, place, number)
                names = " and ".join(
                    key.name for i in move.facts if (key := _key(knowledge, i)) is not None
                )
                first = _key(knowledge, move.facts[0])
                verb, value = ("is", "") if first is None else (first.verb, first.value)
                parts.append(phrase.format(name=names, verb=verb, value=value))
            elif kind == "complain":
                level = min(int(move.text or 0), len(self._phrases[kind]) - 1)
                parts.append(self._phrases[kind][level])
            else:
                parts.append(self._phrase(kind, place, number))
        if self._long and moves and moves[-1].kind not in ("turn", "thanks", "leave", "cut"):
            at = rng.key(self._seed, "users", "long", place) % (2 * len(_LONG))
            if at < len(_LONG):
                parts.append(_LONG[at])
        return " ".join(parts)

    def _phrase(self, kind: str, place: int, number: int) -> str:
        """Choose how something is said."""
        choices = self._phrases[kind]
        if len(choices) == 1 or not self._varies:
            return choices[0]
        return choices[rng.key(self._seed, "users", "words", kind, place, number) % len(choices)]

    def _tell(self, kind: str, key: Key, wrong: str, place: int) -> str:
        """Say a fact; of a cut one, the beginning."""
        if kind == "cut":
            return key.name[:1].upper() + key.name[1 : max(2, len(key.name) - 2)]
        if kind == "inform" and not self._varies:
            return key.said
        choices = self._phrases[kind]
        at = 0
        if len(choices) > 1:
            at = rng.key(self._seed, "users", "words", kind, place, key.id) % len(choices)
        return choices[at].format(
            Name=key.name[:1].upper() + key.name[1:],
            name=key.name,
            verb=key.verb,
            value=key.value,
            wrong=wrong,
        )


def acts(moves: Sequence[Move]) -> tuple[Act, ...]:
    """Return the dialogue acts of moves, those of one kind about facts together."""
    found: list[Act] = []
    for move in moves:
        kind = ACTS[move.kind]
        if kind is None:
            continue
        last = found[-1] if found else None
        if (
            last is not None
            and last.kind == kind
            and last.facts
            and move.facts
            and move.deed is None
        ):
            found[-1] = Act(kind=kind, facts=(*last.facts, *move.facts))
        elif not (last is not None and last.kind == kind and not move.facts and move.deed is None):
            found.append(Act(kind=kind, facts=move.facts, deed=move.deed))
    return tuple(found)


def _key(knowledge: Knowledge, fact_id: str) -> Key | None:
    """Return the words of a fact of any sort."""
    return (
        knowledge.keys.get(fact_id)
        or knowledge.private.get(fact_id)
        or knowledge.unknown.get(fact_id)
    )
