"""Predicates over the conversation: who is served, what the user agreed to, what was called.

Unlike comparisons they are never unknown: who is not known to be entitled is not. Calls are
counted under marks: canonical texts of a tool and of the values of its parameters.
Next: `truth`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec

from agentgym.errors import DomainError
from agentgym.formats import Json, encode
from agentgym.rules import Calls, Confirmed, Holder, Owner, Predicate, parts
from agentgym.schema import Field
from agentgym.schema.types import Row, Stored, to_stored
from agentgym.tools.algebra import Tool, is_write
from agentgym.tools.parameters import bindings
from agentgym.world.arguments import Given
from agentgym.world.guards.measures import NUMBERS, OPS, constant, midnight
from agentgym.world.guards.paths import climb, summit
from agentgym.world.guards.setting import Setting, Test, behind
from agentgym.world.rows import Image, World
from agentgym.world.tables import picker

__all__ = ["authenticated", "calls", "confirmed", "holder", "made", "noted", "owner", "remembered"]

Mark = Callable[[Given], str]

_Body = Callable[[World, object], Json]


def authenticated(entity: str) -> Test:
    """Compile that the user was identified as a row of the entity."""

    def test(world: World, _: Row | None, __: Row, ___: Given) -> bool | None:
        identity = world.session.identity
        return identity is not None and identity[0] == entity

    return test


def owner(predicate: Owner, setting: Setting) -> Test:
    """Compile that a path leads to the identified row."""
    top = summit(predicate.path, setting)
    path = predicate.path
    pick = setting.image.tables[top.name].key_of
    if path:
        last = setting.schema.relation(path[-1])
        if last.target_fields == top.key:
            # The reference holds the key itself: the last row need not be read.
            child = setting.image.tables[last.entity]
            pick = picker(tuple(child.positions[name] for name in last.fields))
            path = path[:-1]
    earlier, later = climb(path, "before", setting), climb(path, "after", setting)

    def test(world: World, before: Row | None, after: Row, _: Given) -> bool | None:
        identity = world.session.identity
        if identity is None or identity[0] != top.name:
            return False
        row = later(world, before, after)
        if row is None or pick(row) != identity[1]:
            return False
        if before is None or before is after:
            return True
        row = earlier(world, before, after)
        return row is not None and pick(row) == identity[1]

    return test


def holder(predicate: Holder, setting: Setting) -> Test:
    """Compile that the identified row has one of the values, as it is."""
    entity = setting.schema.entity(predicate.entity)
    place = entity.position(predicate.field)
    where = f"a rule on {setting.entity.name}"
    known = frozenset(constant(entity.fields[place], v, where) for v in predicate.values) - {None}

    def test(world: World, _: Row | None, __: Row, ___: Given) -> bool | None:
        identity = world.session.identity
        if identity is None or identity[0] != entity.name:
            return False
        row = world.get(*identity)
        return row is not None and row[place] in known

    return test


def confirmed(world: World, _: Row | None, __: Row, ___: Given) -> bool | None:
    """Tell whether the user agreed to something that has not been done yet."""
    return world.session.confirmed > 0


def calls(predicate: Calls, setting: Setting) -> Test:
    """Compile a limit on the calls of a tool so far."""
    compare, limit, so_far = OPS[predicate.op], predicate.value, made(predicate, setting)
    return lambda world, _, __, given: compare(so_far(world, given), limit)


def made(predicate: Calls, setting: Setting) -> Callable[[World, Given], int]:
    """Return the function that counts the calls so far that agree with this one."""
    domain, where = setting.image.domain, f"a rule on {setting.entity.name}"
    counted = domain.tool_by_name.get(predicate.tool)
    if counted is None:
        raise DomainError("the name of a tool", found=repr(predicate.tool), where=where)
    pairs = sorted((theirs, mine) for mine, theirs in predicate.same.items())
    if pairs and setting.tool is None:
        raise DomainError("a rule of a tool", found=f"the arguments {pairs}", where=where)
    for theirs, _ in pairs:
        behind(counted, theirs, domain.schema, where=where)
    taken = [
        (mine, behind(setting.tool, mine, domain.schema, where=where))
        for _, mine in pairs
        if setting.tool is not None
    ]
    mark = _mark(predicate.tool, [theirs for theirs, _ in pairs], taken)
    return lambda world, given: world.session.marks.get(mark(given), 0)


def noted(tool: Tool, image: Image) -> Callable[[World, Given], None] | None:
    """Return what a successful call leaves in the session; None where that is nothing.

    A call of a tool that some rule of the domain counts leaves its marks, and a write that a
    rule let pass because the user had agreed takes that agreement away.
    """
    marks = _marks(tool, image)
    guards = [image.domain.rule(name).predicate for name in tool.guards]
    asks = is_write(tool) and any(isinstance(p, Confirmed) for p in _all_parts(guards))
    if not marks and not asks:
        return None

    def note(world: World, given: Given) -> None:
        session = world.session
        counts = session.marks
        if marks:
            counts = dict(counts)
            for mark in marks:
                text = mark(given)
                counts[text] = counts.get(text, 0) + 1
        left = session.confirmed
        if asks and world.spends:
            left, world.spends = max(left - 1, 0), False
        world.session = msgspec.structs.replace(session, marks=counts, confirmed=left)

    return note


def remembered(tool: Tool, body: _Body, image: Image) -> _Body:
    """Return the body of a tool that writes nothing, so that its successful calls are noted."""
    note = noted(tool, image)
    if note is None:
        return body
    free = Field(name="text", label="text", type="text")
    fields = {
        param: free
        if use == "contains"
        else msgspec.structs.replace(
            image.domain.schema.entity(entity).field(name), max_length=None
        )
        for param, (entity, name, use) in bindings(tool.term, image.domain.schema).items()
    }

    def noting(world: World, arguments: object) -> Json:
        data = body(world, arguments)
        assert isinstance(arguments, dict)
        note(
            world,
            {
                param: to_stored(fields[param], value) if param in fields else value
                for param, value in arguments.items()
            },
        )
        return data

    return noting


def _marks(tool: Tool, image: Image) -> list[Mark]:
    domain = image.domain
    asked = [rule.predicate for rule in domain.rules]
    asked += [effect.when for effect in domain.effects if effect.when is not None]
    groups = dict.fromkeys(
        tuple(sorted(part.same.values()))
        for part in _all_parts(asked)
        if isinstance(part, Calls) and part.tool == tool.name
    )
    return [
        _mark(
            tool.name,
            names,
            [
                (n, behind(tool, n, domain.schema, where=f"a rule that counts {tool.name}"))
                for n in names
            ],
        )
        for names in groups
    ]


def _all_parts(predicates: Iterable[Predicate]) -> Iterable[Predicate]:
    for predicate in predicates:
        yield from parts(predicate)


def _mark(tool: str, names: Sequence[str], taken: Sequence[tuple[str, Field | None]]) -> Mark:
    """Return what makes the mark of a call.

    Args:
        tool: The tool that is counted.
        names: Parameters of that tool, sorted.
        taken: For each of them, the parameter that holds its value, with the field behind it.
    """
    if not names:
        text = encode([tool]).decode()
        return lambda _: text

    def mark(given: Given) -> str:
        values = [_canonical(field, given.get(param)) for param, field in taken]
        return encode([tool, names, values]).decode()

    return mark


def _canonical(field: Field | None, value: Stored) -> Any:
    """Return one form for values that are equal, whatever fields they are of."""
    if value is None:
        return None
    if field is None:
        return [str(Fraction(value))] if isinstance(value, (int, float, Decimal)) else value
    if field.type in NUMBERS:
        if isinstance(value, int) and not field.scale:
            return [str(value)]
        return [str(Fraction(value) / 10**field.scale)]
    return midnight(str(value)) if field.type == "date" else value
