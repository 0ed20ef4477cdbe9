"""Life cycles: how a status may change, from the usual order of the words for states.

In come a field and its values; out goes a `Lifecycle`, or nothing where the values
are not states that people order. The order is data: `schemas/vocabulary/lifecycles.json`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Literal

import msgspec

from agentgym.schema import Entity, Field, Lifecycle
from agentgym.schema.roles.sample import Sample
from agentgym.schema.roles.words import ends, names, phrases, vocabulary

__all__ = ["lifecycle", "listed_values", "stage"]

_Part = Literal["chain", "final", "exit", "pause"]
_MOST = 12
_RECORDED = frozenset("history histories log logs audit trail old new previous former".split())
"""Words of rows and fields that record the states of something else: these do not move."""
_LISTED = re.compile(
    r"(?:possible values|allowed values|valid values|values(?: are)?|one of|either|can be|options)"
    r"\s*(?:are|include)?\s*[:=]?\s*\(?\[?(.+?)[\])]?\s*\.?\s*$",
    re.IGNORECASE | re.DOTALL,
)


def listed_values(comment: str) -> tuple[str, ...]:
    """Return the values that a comment lists: `possible values: buy, sell`."""
    match = _LISTED.search(comment)
    if match is None:
        return ()
    text = re.split(r"\.\s|;\s*[A-Z]|\n", match[1])[0]
    parts = [p.strip().strip("'\"`").strip() for p in re.split(r"[,|/;]|\bor\b|\band\b", text)]
    parts = [part for part in parts if part]
    if any(len(p) > 30 or len(p.split()) > 3 or "(" in p or "..." in p for p in parts):
        return ()
    if any(p.casefold() in ("etc", "e.g", "...") for p in parts) or len(parts) > _MOST:
        return ()
    return tuple(dict.fromkeys(parts))


def lifecycle(entity: Entity, field: Field, seen: Sample) -> Lifecycle | None:
    """Return the life cycle of a field, or None where it has none.

    Args:
        entity: Its entity.
        field: A field of few values; only the values and the name count.
        seen: Its values in the rows: those of a text, where the name says status.
    """
    named = ends(names(field), phrases("status"))
    if any(set(one) & _RECORDED for one in (*names(entity), *(n[:1] for n in names(field)))):
        return None
    if field.type == "enum":
        values = tuple(field.values or ())
    elif field.type == "text" and named:
        values = tuple(sorted(str(value) for value in seen.distinct))
        if len(seen) < 2 * len(values):
            return None
    else:
        return None
    if not 2 <= len(values) <= _MOST:
        return None
    parts = {value: _part(value) for value in values}
    if any(part is None for part in parts.values()):
        return None
    if not named and not _tells(parts, field):
        return None
    return _assemble(entity, field, [(v, *p) for v, p in parts.items() if p], named)


def stage(value: str) -> Literal["open", "done", "dropped"] | None:
    """Tell where in a life a state stands: on its way, come to its end, or given up.

    Returns:
        The stage; None where nobody knows the word.
    """
    part = _part(value)
    if part is None:
        return None
    return {"final": "done", "exit": "dropped"}.get(part[0], "open")  # type: ignore[return-value]


def _tells(parts: dict[str, tuple[_Part, int] | None], field: Field) -> bool:
    """Tell whether the values alone show a life cycle: a beginning and an end."""
    stages = [part for part in parts.values() if part]
    begins = any(kind == "chain" and rank < 400 for kind, rank in stages)
    ended = any(kind in ("final", "exit") for kind, _ in stages)
    other = set(vocabulary("lifecycles")["not_named"])
    return len(stages) >= 3 and begins and ended and not other & set(names(field)[0])


def _part(value: str) -> tuple[_Part, int] | None:
    return _known().get(_plain(value))


def _plain(value: str) -> str:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", value)
    return re.sub(r"[\s_\-]+", " ", spaced).strip().casefold()


@lru_cache(maxsize=1)
def _known() -> dict[str, tuple[_Part, int]]:
    data = vocabulary("lifecycles")
    found: dict[str, tuple[_Part, int]] = {}
    for stage, words in enumerate(data["stages"]):
        for place, word in enumerate(words):
            found.setdefault(_plain(word), ("chain", stage * 100 + place))
    for word in data["active"]:
        found.setdefault(word, ("chain", 450))
    for word in data["reopened"]:
        found.setdefault(_plain(word), ("chain", 390))
    parts: tuple[tuple[_Part, str], ...] = (
        ("final", "final"),
        ("exit", "exits"),
        ("pause", "pauses"),
    )
    for part, section in parts:
        for place, word in enumerate(data[section]):
            found.setdefault(_plain(word), (part, place))
    return found


def _assemble(
    entity: Entity,
    field: Field,
    states: Sequence[tuple[str, _Part, int]],
    named: str,
) -> Lifecycle | None:
    def of(part: _Part) -> list[str]:
        return [v for v, p, _ in sorted(states, key=lambda s: (s[2], s[0])) if p == part]

    chain, final, exits, pauses = of("chain"), of("final"), of("exit"), of("pause")
    if not chain:
        return None
    after: dict[str, list[str]] = vocabulary("lifecycles")["after"]
    late = [s for s in final if {_plain(other) for other in final} & set(after.get(_plain(s), ()))]
    ends_ = [s for s in final if s not in late]
    moves: dict[str, list[str]] = {value: [] for value in (*chain, *final, *exits, *pauses)}
    for here, there in pairwise(chain):
        moves[here].append(there)
    moves[chain[-1]] += ends_
    rests = [chain[-1]] if pauses else []
    for state in rests:
        moves[state] += pauses
    for state in pauses:
        moves[state] += [*rests, *([] if len(chain) > 1 else ends_)]
    refusals = {_plain(word) for word in vocabulary("lifecycles")["refusals"]}
    decided = {v for v, p, rank in states if p == "chain" and rank >= 300}
    for state in (*chain, *pauses):
        late_refusal = state in decided and len(chain) > 1
        moves[state] += [e for e in exits if not (late_refusal and _plain(e) in refusals)]
    for state in late:
        for before in final:
            if before != state and _plain(before) in after[_plain(state)]:
                moves[before].append(state)
    if not any(moves.values()):
        return None
    start = field.default if field.default in chain else chain[0]
    why = (
        f"the values can be put in the usual order: {', '.join((*chain, *final, *exits, *pauses))}"
    )
    found = Lifecycle(
        entity=entity.name,
        field=field.name,
        initial=(str(start),),
        moves={state: tuple(dict.fromkeys(moves[state])) for state in _in_order(field, moves)},
        evidence=((f"the name ends with {named!r}",) if named else ()) + (why,),
    )
    # A row may begin at the default; what comes before that in the usual order begins too.
    for state in (*chain, *pauses, *final, *exits):
        if state in found.unreachable:
            found = msgspec.structs.replace(found, initial=(*found.initial, state))
    return found


def _in_order(field: Field, moves: dict[str, list[str]]) -> list[str]:
    return [v for v in field.values or () if v in moves] or list(moves)
