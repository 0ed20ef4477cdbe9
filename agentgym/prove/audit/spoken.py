"""Operators on what a run says: answers, outcomes and reasons that are not those of the task.

Each takes the scene of a task and yields runs that differ from the right one. Next: `wrong`.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from msgspec.structs import replace

from agentgym.formats import Json
from agentgym.prove.audit.scene import Scene, is_number
from agentgym.prove.run import Run
from agentgym.schema.types import Row, to_wire
from agentgym.tools.algebra import Find, Get, Search

__all__ = [
    "empty_answers",
    "mixed_slots",
    "neighbours_answers",
    "other_ends",
    "partial_sets",
    "permuted_digits",
    "two_answers",
    "unseen",
    "wrong_reasons",
]

_OUTCOMES = ("done", "refused", "impossible")


def permuted_digits(scene: Scene) -> Iterator[Run]:
    """The digits of a number or a code in another order, or one of them another."""
    for place, value in enumerate(scene.values()):
        text = str(value)
        digits = [n for n, letter in enumerate(text) if letter.isdigit()]
        if isinstance(value, bool) or not digits:
            continue
        for _ in range(6):
            letters = list(text)
            one = scene.draws.choice(digits)
            other = scene.draws.choice(digits)
            letters[one], letters[other] = letters[other], letters[one]
            if scene.draws.random() < 0.5:
                letters[one] = scene.draws.choice("0123456789")
            changed = "".join(letters)
            if changed != text:
                yield scene.with_value(place, _like(value, changed))


def neighbours_answers(scene: Scene) -> Iterator[Run]:
    """What a sibling of the right row holds, looked up and all."""
    for place, slot in enumerate(scene.task.goal.branches[0].answers):
        if slot.field is None or slot.function is not None or place >= len(scene.values()):
            continue
        kind = scene.schema.entity(slot.entity)
        field = kind.field(slot.field)
        rows = [
            s.key for s in scene.task.goal.branches[0].seen if s.entity == slot.entity and s.key
        ]
        row = scene.row_of(slot.entity, rows[0]) if rows else None
        if row is None:
            continue
        near = scene.neighbours(slot.entity, row)
        for other in scene.draws.sample(near, min(6, len(near))):
            value = to_wire(field, other[kind.position(field.name)])
            if value is not None:
                run = scene.with_value(place, value)
                yield run
                yield replace(run, calls=(*run.calls, *_looked_up(scene, slot.entity, other)))


def two_answers(scene: Scene) -> Iterator[Run]:
    """The right answer beside another one, in one breath."""
    for place, slot in enumerate(scene.task.goal.branches[0].answers):
        if slot.field is None or slot.function is not None or place >= len(scene.values()):
            continue
        kind = scene.schema.entity(slot.entity)
        field, right = kind.field(slot.field), scene.values()[place]
        rows = scene.domain.rows.get(slot.entity, ())
        for other in scene.draws.sample(list(rows), min(4, len(rows))):
            value = to_wire(field, other[kind.position(field.name)])
            if value is None or str(value).casefold() == str(right).casefold():
                continue
            for told in (
                f"{value}, or else {right}",
                f"Either {right} or {value}.",
                [right, value],
            ):
                yield scene.with_value(place, told)


def partial_sets(scene: Scene) -> Iterator[Run]:
    """Some of the values, too many of them, or one of them twice."""
    values = scene.values()
    if len(values) < 2:
        return
    for size in sorted({1, len(values) - 1, len(values) // 2} - {0}):
        yield replace(scene.gold, answer=scene.draws.sample(values, size))
    yield replace(scene.gold, answer=[*values, *values])
    yield replace(scene.gold, answer=[*values, "something else"])


def mixed_slots(scene: Scene) -> Iterator[Run]:
    """The values of several questions in another order."""
    values = scene.values()
    if len(scene.task.goal.branches[0].answers) > 1:
        for _ in range(4):
            yield replace(scene.gold, answer=scene.draws.sample(values, len(values)))


def empty_answers(scene: Scene) -> Iterator[Run]:
    """Nothing, or what amounts to nothing."""
    if scene.task.goal.branches[0].answers:
        nothing: tuple[Json, ...] = (None, "", [], {}, "unknown", "See above.", "n/a", 0)
        for answer in nothing:
            yield replace(scene.gold, answer=answer)


def unseen(scene: Scene) -> Iterator[Run]:
    """The right end out of nowhere, or after looking at something else."""
    if scene.gold.calls:
        yield replace(scene.gold, calls=())
        searches = [tool for tool in scene.domain.tools if isinstance(tool.term, Search)]
        for tool in scene.draws.sample(searches, min(2, len(searches))):
            yield replace(scene.gold, calls=((tool.name, {"page": 9}),))


def other_ends(scene: Scene) -> Iterator[Run]:
    """Another outcome, with and without a reason."""
    for outcome in _OUTCOMES:
        if outcome != scene.gold.outcome:
            yield replace(scene.gold, outcome=outcome)
            yield replace(scene.gold, outcome=outcome, reason="It is against the rules.")
    yield replace(scene.gold, outcome=None, answer=None, truncated=True)


def wrong_reasons(scene: Scene) -> Iterator[Run]:
    """A refusal for a reason of another task, or for none."""
    if scene.gold.outcome == "done":
        return
    mine = scene.task.goal.branches[0]
    reasons = {
        other.reason
        for other in scene.others
        if other.reason
        and not set(other.goal.branches[0].rules) & set(mine.rules)
        and not set(sum(other.goal.branches[0].names, ())) & set(sum(mine.names, ()))
    }
    for reason in scene.draws.sample(sorted(reasons), min(3, len(reasons))):
        yield replace(scene.gold, reason=reason)
    for reason in ("", "no", "Something is missing.", "This is not allowed by our policy."):
        yield replace(scene.gold, reason=reason)


def _looked_up(scene: Scene, entity: str, row: Row) -> list[tuple[str, dict[str, Json]]]:
    kind = scene.schema.entity(entity)
    for tool in scene.domain.tools:
        term = tool.term
        if isinstance(term, Get | Find) and term.entity == entity:
            by = term.key if isinstance(term, Get) else term.by
            return [
                (
                    tool.name,
                    {
                        a.param: to_wire(kind.field(a.field), row[kind.position(a.field)])
                        for a in by
                    },
                )
            ]
    return []


def _like(value: Json, text: str) -> Json:
    """Return a text as a number where it was one."""
    if not is_number(value):
        return text
    try:
        return int(text) if isinstance(value, int) else Decimal(text)
    except (ValueError, ArithmeticError):
        return text
