"""When something can be done, said after `only`: `until 24 hours before its start time`.

A predicate and a `Speaker` come in, an adverbial goes out. Next: `told`.
"""

from __future__ import annotations

from collections.abc import Sequence

from agentgym.rules.english import duration, listing
from agentgym.rules.predicate import (
    All,
    AnyOf,
    Authenticated,
    Calls,
    Compare,
    Confirmed,
    Elapsed,
    Holder,
    In,
    NoChildren,
    Not,
    Owner,
    Predicate,
)
from agentgym.rules.sentences.clauses import clause, held, same_of
from agentgym.rules.sentences.speaker import Speaker
from agentgym.schema import Entity

__all__ = ["belongs", "person", "way"]


def way(predicate: Predicate, speaker: Speaker, *, standing: bool) -> str:
    """Say under what condition something can be done.

    Args:
        predicate: The condition.
        speaker: The sentence in the making; the row has been named.
        standing: Whether nothing but what is already so can be meant: of a delete or a read.

    Raises:
        SchemaError: It names what the schema does not have.
    """
    if isinstance(predicate, All) and _plain(predicate.of):
        return _together([_way(part, speaker, standing=standing) for part in predicate.of])
    word, said = _way(predicate, speaker, standing=standing)
    return f"{word} {said}".strip()


def _plain(parts: Sequence[Predicate]) -> bool:
    return len(parts) > 1 and not any(isinstance(part, (All, AnyOf, Not)) for part in parts)


def _together(ways: Sequence[tuple[str, str]]) -> str:
    """Join the ways, those of one word under that word."""
    groups: dict[str, list[str]] = {}
    for word, said in ways:
        known = groups.setdefault(word, [])
        if said not in known:  # as it is and as it will be may be said alike
            known.append(said)
    return listing(f"{word} {listing(said)}".strip() for word, said in groups.items())


def _way(predicate: Predicate, speaker: Speaker, *, standing: bool) -> tuple[str, str]:
    match predicate:
        case Elapsed():
            return "", _window(predicate, speaker)
        case Owner():
            return "", f"for {belongs(predicate, speaker)}"
        case Holder():
            entity = speaker.schema.entity(predicate.entity)
            return "", f"for {entity.plural} {held(predicate, entity)}"
        case Authenticated() | Confirmed():
            return "", f"once {clause(predicate, speaker)}"
        case Calls() if _once_called(predicate):
            return "", f"after `{predicate.tool}` has been called{same_of(predicate, speaker)}"
        case _:
            now = standing or _stands(predicate)
            return "while" if now else "if", clause(predicate, speaker)


def _once_called(predicate: Calls) -> bool:
    return (predicate.op, predicate.value) in (("ge", 1), ("gt", 0), ("ne", 0))


def _stands(predicate: Predicate) -> bool:
    """Tell whether the clause is about what is so already, and not about what is written."""
    match predicate:
        case Not():
            return _stands(predicate.of)
        case All() | AnyOf():
            return bool(predicate.of) and all(_stands(part) for part in predicate.of)
        case Compare() | In() | Elapsed():
            return bool(predicate.path) or predicate.at == "before"
        case NoChildren():
            return True
        case _:
            return False


def person(entity: Entity) -> bool:
    """Tell whether rows of the entity are people, and no businesses: of them one says `who`."""
    return any(
        field.role in ("person", "contact") or set(field.name.split("_")) & _OF_PEOPLE
        for field in entity.fields
    ) or bool(set(entity.name.split("_")) & _PEOPLE)


_OF_PEOPLE = frozenset("birth username login nickname gender age".split())
_PEOPLE = frozenset("user member person patient customer client student guest".split())


def belongs(predicate: Owner, speaker: Speaker) -> str:
    """Say to whom the row belongs: `the patient to whom it belongs`."""
    if not predicate.path:
        return f"the {speaker.entity.label} whose record it is"
    relation = speaker.schema.relation(predicate.path[-1])
    target = speaker.reached(predicate.path)
    who = "whom" if person(target) else "which"
    if len(predicate.path) > 1:
        return speaker.whom(predicate.path)
    if relation.label == target.label:
        return f"the {relation.label} to {who} {speaker.it()} belongs"
    who = "who" if person(target) else "that"
    return f"the {target.label} {who} is {speaker.its(relation.label)}"


def _window(predicate: Elapsed, speaker: Speaker) -> str:
    named = speaker.of(predicate.field, predicate.path, new=predicate.at == "after")
    long = duration(abs(predicate.seconds))
    if not predicate.seconds:
        said = {"le": "up to", "lt": "before", "ge": "from", "gt": "after"}[predicate.op]
        return f"{said} {named}" + (" on" if predicate.op == "ge" else "")
    if predicate.seconds > 0:
        return {
            "le": f"within {long} of {named}",
            "lt": f"while less than {long} have passed since {named}",
            "ge": f"from {long} after {named} on",
            "gt": f"once more than {long} have passed since {named}",
        }[predicate.op]
    return {
        "le": f"until {long} before {named}",
        "lt": f"while more than {long} are left until {named}",
        "ge": f"from {long} before {named} on",
        "gt": f"once less than {long} are left until {named}",
    }[predicate.op]
