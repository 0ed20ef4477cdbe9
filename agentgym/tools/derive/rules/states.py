"""Rules about states: what is over is not changed any more, nor what belongs to it.

A `Ground` comes in, candidates of the class `state` go out. Next: `times`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from agentgym.formats import Json
from agentgym.rules import All, Compare, In, Not, Predicate, Rule
from agentgym.schema import Entity, Field
from agentgym.schema.roles.lifecycle import stage
from agentgym.schema.roles.words import ends, names, phrases
from agentgym.tools.algebra import Transition
from agentgym.tools.derive.rules.choose import Candidate, both, name
from agentgym.tools.derive.rules.evidence import counted
from agentgym.tools.derive.rules.ground import Ground

__all__ = ["Life", "children", "lives", "part_of", "said_of", "staffed", "states", "within"]

_SHUT = frozenset(
    "closed locked archived cancelled canceled deleted merged blocked finished completed "
    "finalized settled".split()
)
_LIVE = frozenset("active activebool enabled valid open".split())
_SAID = frozenset("is was has been are currently now".split())
_HANDS = frozenset(
    "staff employee clerk user salesperson agent cashier operator manager worker pilot "
    "driver".split()
)
"""Heads of names of those whose own standing says nothing of what they once dealt with."""
_PARTS = frozenset("line item detail entry position".split())


class Life(NamedTuple):
    """Of a field, the values while something is going on, and those once it is over."""

    field: Field
    open: tuple[Json, ...]
    over: tuple[Json, ...]
    dropped: tuple[str, ...] = ()
    """Of the states in which it is over, those in which it was given up."""
    moves: bool = False
    """Whether a life cycle lets nothing leave the states in which it is over."""
    freezes: bool = True
    """Whether it is over for good: an account that is not active may become so again."""


def lives(ground: Ground, entity: Entity) -> list[Life]:
    """Return what fields of the entity say of whether something is going on."""
    cycles = {c.field: c for c in ground.schema.lifecycles if c.entity == entity.name}
    found: list[Life] = []
    for field in ground.fields(entity):
        cycle = cycles.get(field.name)
        if cycle is not None:
            over = tuple(state for state, to in cycle.moves.items() if not to)
            values = tuple(cycle.moves)
        elif field.type == "enum" and ends(names(field), phrases("status")):
            values = field.values or ()
            over = _over(values)
        elif field.type == "boolean":
            *rest, last = field.name.split("_")
            if set(rest) - _SAID - set(entity.name.split("_")):
                continue  # a feature is enabled, or a part cancelled: the row goes on
            if last in _SHUT:
                found.append(Life(field, (False,), (True,)))
            elif last in _LIVE:
                found.append(Life(field, (True,), (False,), freezes=False))
            continue
        else:
            continue
        going = tuple(value for value in values if value not in over)
        if going and over:
            dropped = tuple(value for value in over if stage(value) == "dropped")
            found.append(Life(field, going, over, dropped, cycle is not None))
    return found


def _over(values: Sequence[str]) -> tuple[str, ...]:
    """Return the states in which it is over, of a field whose moves nobody declared.

    Where states stand in an order of their own, what comes before a state that is open is not
    the end: a ship that has arrived has yet to depart.
    """
    stages = [stage(value) for value in values]
    last = -1
    if list(values) != sorted(values):
        last = max((place for place, said in enumerate(stages) if said == "open"), default=-1)
    return tuple(
        value
        for place, (value, said) in enumerate(zip(values, stages, strict=True))
        if said == "dropped" or (said == "done" and place > last)
    )


def within(life: Life, path: tuple[str, ...] = (), *, before: bool = False) -> Predicate:
    """Say that it is not over yet, in the shorter of two ways."""
    at = "before" if before else "after"
    if life.field.type == "boolean":
        return Compare(
            field=life.field.name,
            op="eq",
            value=life.open[0],
            path=path,
            at=at,  # type: ignore[arg-type]
        )
    short = len(life.open) <= len(life.over) + 1
    values = life.open if short else life.over
    said = In(field=life.field.name, values=values, path=path, at=at)  # type: ignore[arg-type]
    return said if short else Not(of=said)


def states(ground: Ground) -> Iterator[Candidate]:
    """Propose that rows are changed, or their children, only while they are not over."""
    for entity in ground.entities():
        for life in lives(ground, entity):
            if life.freezes:
                yield from _own(ground, entity, life)
            yield from _below(ground, entity, life)


def _own(ground: Ground, entity: Entity, life: Life) -> Iterator[Candidate]:
    on = ground.kinds(entity.name, "update", "delete")
    predicate = within(life, before=True)
    if not on or not both(*ground.share(predicate, entity.name)):
        return
    over = " or ".join(map(str, life.over)) if life.field.type == "enum" else life.field.name
    rule = Rule(
        id=name(entity.name, "frozen once", over),
        kind="state",
        entity=entity.name,
        on=on,
        predicate=predicate,
        evidence=counted(ground, predicate, entity),
    )
    moving = [
        tool.name
        for tool in ground.tools
        if isinstance(tool.term, Transition)
        and (tool.term.entity, tool.term.to.field) == (entity.name, life.field.name)
    ]
    yield Candidate(
        rule,
        "state",
        ground.weight(entity) + 1,
        spares=tuple(moving) if life.moves else (),
        about=f"{entity.name} {life.field.name}",
    )


def said_of(life: Life) -> str:
    """Say in few words that it is not over: `active`, `draft or sent`, `not archived`."""
    if life.field.type == "boolean":
        said = life.field.name.removeprefix("is_")
        return said if life.open == (True,) else f"not {said}"
    if len(life.open) <= len(life.over) + 1:
        return " or ".join(map(str, life.open))
    return f"not {' or '.join(map(str, life.over))}"


def staffed(entity: str) -> bool:
    """Tell whether rows of the entity are those who deal with things at a desk, by its name."""
    return bool(_HANDS & set(entity.split("_")))


def part_of(child: Entity, parent: Entity) -> bool:
    """Tell whether rows of one are parts of rows of the other: lines of an order."""
    return (
        child.kind == "link"
        or child.name.startswith(f"{parent.name}_")
        or child.name.rpartition("_")[2] in _PARTS
    )


def children(ground: Ground, entity: Entity) -> Iterator[tuple[str, Entity]]:
    """Yield the relations over which rows refer to the entity that tools create or change."""
    for relation in ground.schema.children(entity.name):
        child = ground.schema.entity(relation.entity)
        if (
            child.name != entity.name
            and child.spoken
            and child.kind in ("record", "link")
            and ground.rows.get(child.name)
            and not any(child.field(name).role == "audit" for name in relation.fields)
        ):
            yield relation.name, child


def _below(ground: Ground, entity: Entity, life: Life) -> Iterator[Candidate]:
    if ground.party is not None and entity.name == ground.party.name:
        return  # what people are entitled to is said of them
    if staffed(entity.name):
        return
    for relation, child in children(ground, entity):
        if not part_of(child, entity) and life.dropped and life.field.type == "enum":
            # A paid order may be delivered yet; one that was cancelled may not.
            going = tuple(v for v in (*life.open, *life.over) if v not in life.dropped)
            life = life._replace(open=going, over=life.dropped)
        ends = ground.schema.relation(relation).fields
        moved = ground.sets(child.name, ends, "update")
        on = ground.kinds(child.name, "create", "update", "delete")
        again = not life.freezes and not part_of(child, entity)
        if again:
            # A room out of use is not booked; its bookings may be changed and cancelled.
            on = tuple(kind for kind in on if kind == "create" or (kind == "update" and moved))
        predicate = within(life, (relation,))
        if not on or not both(*ground.share(predicate, child.name)):
            continue
        evidence = counted(ground, predicate, child)
        if moved and not again:
            # Nothing is moved out of what is over, either.
            predicate = All(of=(predicate, within(life, (relation,), before=True)))
        rule = Rule(
            id=name(child.name, "needs", entity.name, said_of(life)),
            kind="state",
            entity=child.name,
            on=on,
            fields=ends if again and "update" in on else (),
            predicate=predicate,
            evidence=evidence,
        )
        score = ground.weight(entity) + ground.weight(child) / 2 - 1
        yield Candidate(rule, "state", score, about=f"{entity.name} {life.field.name}")
