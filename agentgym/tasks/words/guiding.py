"""What a user says of their own part: that they do something themselves, and want to be guided.

`say_guiding` writes the sentence that stands at the end of an instruction, `read_guiding` takes
it off and says what it is about. Next: `paraphrase`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from agentgym.plan import Plan, Write
from agentgym.rng import stream
from agentgym.schema import Schema
from agentgym.tasks.words.lexicon import lexicon

__all__ = ["guided_acts", "joined", "read_guiding", "say_guiding"]

Act = tuple[str, str]
"""`change`, `add` or `remove`, and an entity."""

_VERBS = {"update": "change", "transition": "change", "create": "add", "delete": "remove"}
_WAYS = (
    "I {} myself, on my side: please find out what is to be done and tell me.",
    "Only I can {} here, so please look up what it takes and tell me exactly what to do.",
    "You cannot {} for me; I do that myself, as soon as you tell me how.",
    "To {} takes my own login, so please talk me through that part.",
)


def guided_acts(plan: Plan) -> tuple[Act, ...]:
    """Return what a plan leaves to the user, each once, in the order of the plan."""
    return tuple(
        dict.fromkeys(
            (_VERBS[node.kind], node.entity)
            for node in plan.nodes
            if isinstance(node, Write) and node.by == "user"
        )
    )


def say_guiding(plan: Plan, schema: Schema, *, seed: int) -> str | None:
    """Write what the user says of their own part.

    Args:
        plan: What is asked.
        schema: Supplies the labels.
        seed: Chooses the phrasing.

    Returns:
        The sentence; empty where nothing is left to the user, None where it cannot be said.
    """
    acts = guided_acts(plan)
    if not acts:
        return ""
    known = lexicon(schema).entities
    if any(entity not in known for _, entity in acts):
        return None
    phrases = [f"{verb} {known[entity].plural}" for verb, entity in acts]
    said = phrases[0] if len(phrases) == 1 else f"{', '.join(phrases[:-1])} and {phrases[-1]}"
    text = stream(seed, "guiding").choice(_WAYS).format(said)
    return text if read_guiding(f". {text}", schema) == [(".", acts)] else None


def read_guiding(text: str, schema: Schema) -> list[tuple[str, tuple[Act, ...]]]:
    """Read the end of an instruction.

    Args:
        text: The instruction.
        schema: What can be spoken of.

    Returns:
        Each way to take a sentence of this kind off its end: what is before, and what it says.
    """
    found = []
    for way in _WAYS:
        lead, _, tail = way.partition("{}")
        if not text.endswith(tail):
            continue
        body = text.removesuffix(tail)
        for match in re.finditer(rf"\s{re.escape(lead)}", body):
            for acts in _acts(body[match.end() :], schema):
                found.append((body[: match.start()], acts))
    return found


def _acts(text: str, schema: Schema) -> list[tuple[Act, ...]]:
    """Read a list of what is done, in every way."""
    known: dict[str, list[Act]] = {}
    for name, entity in lexicon(schema).entities.items():
        for verb in dict.fromkeys(_VERBS.values()):
            known.setdefault(f"{verb} {entity.plural}", []).append((verb, name))
    found: list[tuple[Act, ...]] = []

    def follow(rest: str, acts: tuple[Act, ...], *, last: bool) -> None:
        for phrase, meant in known.items():
            if not rest.startswith(phrase):
                continue
            left = rest[len(phrase) :]
            for act in meant:
                if not left:
                    found.append((*acts, act))
                elif not last:
                    for separator, ends in ((", ", False), (" and ", True)):
                        if left.startswith(separator):
                            follow(left[len(separator) :], (*acts, act), last=ends)

    follow(text, (), last=False)
    return found


def joined(parts: Sequence[str]) -> str:
    """Put the sentences of an instruction together, as lines where one of them has lines."""
    said = [part for part in parts if part]
    return ("\n\n" if any("\n" in part for part in said) else " ").join(said)
