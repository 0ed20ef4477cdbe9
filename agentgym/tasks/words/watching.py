"""Standing orders in words: what is watched, when something is due, and what is due then.

`say_watch` writes the opening of a task without a request, `read_watch` reads every plan that one
can stand for, `say_notice` writes what happens. Next: `paraphrase`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from agentgym.formats import Json, to_text
from agentgym.plan import Emit, Op, Plan, Select, Write
from agentgym.plan.tables import equal
from agentgym.rng import stream
from agentgym.rules.english import a
from agentgym.schema import Entity, Field, Schema
from agentgym.tasks.words.lexicon import Lexicon, lexicon, low
from agentgym.tasks.words.meaning import plain
from agentgym.tasks.words.values import (
    NOTHING,
    Style,
    UnsayableError,
    ending,
    enum_words,
    literal,
    scan,
    valued,
    written,
)

__all__ = [
    "Clause",
    "Order",
    "key_text",
    "order_of",
    "read_watch",
    "same_order",
    "say_notice",
    "say_watch",
    "watchable",
]


class Clause(NamedTuple):
    """A comparison of a field with a value."""

    field: str
    op: Op
    value: Json


class Order(NamedTuple):
    """What a standing order says."""

    entity: str
    clauses: tuple[Clause, ...]
    """What a row must come to be like; in order of their names."""
    puts: tuple[tuple[str, Json], ...]
    """Fields that are set then, to what."""
    told: bool
    """Whether the user wants to hear of it."""


_WAYS = (
    (
        "Please watch the {plural} for me. Whenever {one} changes so that {clauses}, {acts}. "
        "Otherwise stay quiet and change nothing."
    ),
    (
        "I would like you to keep an eye on the {plural}. As soon as {one} changes in such a way "
        "that {clauses}, {acts}. Leave all others alone, and do not bother me with them."
    ),
    (
        "From now on, watch over the {plural}: each time {one} changes so that {clauses}, {acts}. "
        "In all other cases, say and do nothing."
    ),
    (
        "Here is a standing order for the {plural}. If {one} changes and {clauses} from then on, "
        "{acts}. About anything else I do not want to hear, and it stays as it is."
    ),
)
_BLANK = re.compile(r"\{(?:plural|one|clauses|acts)\}")
_OPS: dict[str, dict[Op, str]] = {
    "number": {
        "eq": "is",
        "gt": "is above",
        "lt": "is below",
        "ge": "is at least",
        "le": "is at most",
    },
    "time": {"gt": "is after", "lt": "is before"},
    "text": {"eq": "is", "ne": "is not"},
}
_KINDS = {
    "integer": "number",
    "decimal": "number",
    "float": "number",
    "date": "time",
    "datetime": "time",
    "enum": "text",
    "text": "text",
}
_TELL = ("let me know", "tell me about it", "report it to me")


def order_of(plan: Plan) -> Order | None:
    """Return the standing order that a plan holds; None where it is none."""
    selects = [node for node in plan.nodes if isinstance(node, Select)]
    writes = [node for node in plan.nodes if isinstance(node, Write)]
    emits = [node for node in plan.nodes if isinstance(node, Emit)]
    others = len(plan.nodes) - len(selects) - len(writes) - len(emits)
    if len(selects) != 1 or len(writes) > 1 or len(emits) > 1 or others or not (writes or emits):
        return None
    (select,) = selects
    if select.links or select.among or select.pick or select.me or not select.where:
        return None
    if any(where.of is not None for where in select.where):
        return None
    facts = {fact.id: fact for fact in plan.facts}
    if any(fact.exposure != "instruction" for fact in plan.facts) or plan.party is not None:
        return None
    puts: list[tuple[str, Json]] = []
    for write in writes:
        if write.target != select.id or not write.each or write.kind not in _WRITES:
            return None
        for one in write.settings:
            if one.fact is None:
                return None
            puts.append((one.field, plain(facts[one.fact].value)))
    if any(emit.node != select.id or not emit.many for emit in emits):
        return None
    clauses = [Clause(w.field, w.op, plain(facts[w.fact].value)) for w in select.where]
    return Order(
        entity=select.entity,
        clauses=tuple(sorted(clauses, key=lambda one: (one.field, one.op))),
        puts=tuple(sorted(puts, key=lambda pair: pair[0])),
        told=bool(emits),
    )


_WRITES = frozenset({"update", "transition"})


def watchable(field: Field, op: Op, value: Json) -> bool:
    """Tell whether a clause can be said: the field compares so, and the value has words."""
    if op not in _OPS.get(_KINDS.get(field.type, ""), ()) or value is None:
        return False
    try:
        _write(field, op, value)
    except UnsayableError:
        return False
    return True


def say_watch(plan: Plan, schema: Schema, *, seed: int) -> str | None:
    """Put the standing order of a plan into words.

    Args:
        plan: The plan.
        schema: Supplies the labels.
        seed: Chooses the phrasing.

    Returns:
        Sentences that `read_watch` understands in exactly one way; None where there are none.
    """
    order, words = order_of(plan), lexicon(schema)
    if order is None or order.entity not in words.entities:
        return None
    draws = stream(seed, "watch")
    ways = list(_WAYS)
    draws.shuffle(ways)
    tell = draws.choice(_TELL)
    for way in ways:
        try:
            text = _filled(way, order, words, tell)
        except UnsayableError:
            return None
        readings = read_watch(text, schema)
        if len(readings) == 1 and same_order(readings[0], order):
            return text
    return None


def same_order(one: Order, other: Order) -> bool:
    """Tell whether two orders are one."""
    if (one.entity, one.told, len(one.clauses), len(one.puts)) != (
        other.entity,
        other.told,
        len(other.clauses),
        len(other.puts),
    ):
        return False
    clauses = zip(one.clauses, other.clauses, strict=True)
    puts = zip(one.puts, other.puts, strict=True)
    return all(a[:2] == b[:2] and equal(a.value, b.value) for a, b in clauses) and all(
        a[0] == b[0] and equal(a[1], b[1]) for a, b in puts
    )


def _filled(way: str, order: Order, words: Lexicon, tell: str) -> str:
    entity = words.entities[order.entity]
    own = _own(words, order.entity)
    clauses = [
        f"{own} {_field(words, order.entity, one.field).label} "
        f"{_write(_field(words, order.entity, one.field), one.op, one.value)}"
        for one in order.clauses
    ]
    acts = []
    for name, value in order.puts:
        field = _field(words, order.entity, name)
        acts.append(f"set {own} {field.label} to {_value(field, 'eq', value)}")
    if order.told:
        acts.append(tell)
    return way.format(
        plural=entity.plural,
        one=a(entity.label),
        clauses=" and ".join(clauses),
        acts=" and ".join(acts),
    )


def _own(words: Lexicon, entity: str) -> str:
    return "their" if words.is_somebody(entity) else "its"


def _field(words: Lexicon, entity: str, name: str) -> Field:
    field = words.field(entity, name)
    if field is None:
        raise UnsayableError(f"{entity}.{name} has no words")
    return field


def _write(field: Field, op: Op, value: Json) -> str:
    phrase = _OPS.get(_KINDS.get(field.type, ""), {}).get(op)
    if phrase is None:
        raise UnsayableError(f"{field.type} by {op}")
    return f"{phrase} {_value(field, op, value)}"


def _value(field: Field, op: Op, value: Json) -> str:
    return written(literal(field, value, op=op), Style())


# reading


def read_watch(text: str, schema: Schema) -> list[Order]:
    """Read a standing order.

    Args:
        text: The opening.
        schema: What can be spoken of.

    Returns:
        Every order that it can be, without doubles.
    """
    words = lexicon(schema)
    found: dict[str, Order] = {}
    for way in _WAYS:
        lead, middle, before, between, tail = _BLANK.split(way)
        for name, entity in words.entities.items():
            head = f"{lead}{entity.plural}{middle}{a(entity.label)}{before}"
            if not text.startswith(head) or not text.endswith(tail):
                continue
            body = text[len(head) : len(text) - len(tail)]
            for order in _orders(body, between, name, words):
                found.setdefault(to_text(order), order)
    return list(found.values())


def _orders(body: str, between: str, entity: str, words: Lexicon) -> Iterator[Order]:
    own = _own(words, entity)
    for clauses, at in _clauses(body, 0, entity, own, words):
        if not body.startswith(between, at):
            continue
        rest = body[at + len(between) :]
        for puts, told in _acts(rest, entity, own, words):
            yield Order(
                entity=entity,
                clauses=tuple(sorted(clauses, key=lambda one: (one.field, one.op))),
                puts=puts,
                told=told,
            )


def _clauses(
    text: str, at: int, entity: str, own: str, words: Lexicon
) -> Iterator[tuple[tuple[Clause, ...], int]]:
    for clause, end in _clause(text, at, entity, own, words):
        yield (clause,), end
        if text.startswith(" and ", end):
            for more, after in _clauses(text, end + len(" and "), entity, own, words):
                yield (clause, *more), after


def _clause(
    text: str, at: int, entity: str, own: str, words: Lexicon
) -> Iterator[tuple[Clause, int]]:
    for field in words.fields(entity):
        head = f"{own} {field.label} "
        if not text.startswith(head, at):
            continue
        place = at + len(head)
        for op, phrase in _OPS.get(_KINDS.get(field.type, ""), {}).items():
            if text.startswith(f"{phrase} ", place):
                for value, end in _read(text, place + len(phrase) + 1, field, op, words):
                    yield Clause(field.name, op, value), end


def _acts(
    text: str, entity: str, own: str, words: Lexicon
) -> Iterator[tuple[tuple[tuple[str, Json], ...], bool]]:
    if text in _TELL:
        yield (), True
    for field in words.fields(entity):
        head = f"set {own} {field.label} to "
        if text.startswith(head):
            for value, end in _read(text, len(head), field, "eq", words):
                rest = text[end:]
                if not rest or (rest.startswith(" and ") and rest[5:] in _TELL):
                    yield ((field.name, value),), bool(rest)


def _read(text: str, at: int, field: Field, op: Op, words: Lexicon) -> Iterator[tuple[Json, int]]:
    """Yield the values of a field that stand at a place."""
    seen: set[tuple[str, int]] = set()
    for said, end in scan(text, at, words.units):
        value = valued(field, said, op=op)
        if value is not NOTHING and (to_text(value), end) not in seen:
            seen.add((to_text(value), end))
            yield plain(value), end
    for value in field.values or () if field.type == "enum" else ():
        try:
            phrase = written(literal(field, value, op=op), Style())
        except UnsayableError:
            continue
        end = at + len(phrase)
        if low(text[at:end]) == low(phrase) and ending(text, end):
            if (to_text(value), end) not in seen:
                seen.add((to_text(value), end))
                yield value, end


# what happens


def key_text(key: tuple[Json, ...]) -> str:
    """Write the key of a row as a notice names it."""
    return "/".join(one if isinstance(one, str) else to_text(one) for one in key)


def say_notice(
    schema: Schema, entity: Entity, key: tuple[Json, ...], values: Mapping[str, Json] | None
) -> str:
    """Write what is told of an event.

    Args:
        schema: Supplies the labels.
        entity: What the row is of.
        key: Wire values of its key.
        values: Field to its new value; None where it is not told what has changed.
    """
    words = lexicon(schema)
    spoken = words.entities.get(entity.name, entity)
    label = f"{spoken.label[:1].upper()}{spoken.label[1:]}"
    head = f"{label} {key_text(key)} has changed"
    if not values:
        return f"{head}."
    parts = []
    for name, value in values.items():
        field = words.field(entity.name, name) or entity.field(name)
        parts.append(f"the {field.label} is now {_shown(field, value)}")
    return f"{head}: {' and '.join(parts)}."


def _shown(field: Field, value: Json) -> str:
    if value is None:
        return "empty"
    try:
        return _value(field, "eq", value)
    except UnsayableError:
        return enum_words(value) if isinstance(value, str) else to_text(value)
