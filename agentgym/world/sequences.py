"""The term of several operations in one transaction.

Arguments are read once, by the first step that takes them; what a step takes from an earlier
one is that row as it is then. Next: `compile`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Never

import msgspec

from agentgym.errors import DomainError, nearest
from agentgym.formats import Json
from agentgym.schema import Field
from agentgym.schema.types import Stored, to_wire
from agentgym.tools.algebra import Sequence, Step, Tool
from agentgym.tools.parameters import bindings
from agentgym.world.arguments import Given, Parameter, Reader
from agentgym.world.deeds import Deed, latest
from agentgym.world.door import Doors
from agentgym.world.refusals import Refusal, refuse, show
from agentgym.world.rows import World
from agentgym.world.tables import hidden

__all__ = ["sequence"]

_Take = Callable[[World, list[Any], Given], Stored]
"""(world, what the steps so far wrote, arguments) to the value of a parameter of a step."""

Compile = Callable[[Tool, Any, Doors], Deed]


def sequence(tool: Tool, term: Sequence, doors: Doors, compiled: Compile) -> Deed:
    """Compile `Sequence`.

    Args:
        tool: Whose term it is.
        term: The steps.
        doors: Through which they write.
        compiled: Compiles the term of a step.

    Raises:
        DomainError: A step takes what no earlier one gives, or is given what it cannot take.
    """
    schema = doors.image.domain.schema
    deeds = [compiled(tool, step.term, doors) for step in term.steps]
    shared: dict[str, Parameter] = {}
    owners: dict[str, Field | None] = {}
    takes: list[list[tuple[str, _Take]]] = []
    for number, (step, deed) in enumerate(zip(term.steps, deeds, strict=True)):
        where = f"{tool.name}, step {number}"
        fields = {
            name: schema.entity(bound[0]).field(bound[1])
            for name, bound in bindings(step.term, schema).items()
        }
        _check_fixed(step, deed, where)
        found: list[tuple[str, _Take]] = []
        for name, one in deed.read.parameters.items():
            if name in step.given:
                found.append((name, _given(one, step.given[name], where)))
            elif name in step.taken:
                found.append((name, _taken(one, step.taken[name], deeds[:number], where)))
            elif name not in shared:
                shared[name], owners[name] = one, fields.get(name)
                found.append((name, _passed(name)))
            else:
                found.append((name, _again(one, owners[name], fields.get(name), where)))
                if one.required and not shared[name].required:
                    shared[name] = Parameter(
                        name, shared[name].convert, required=True, nullable=shared[name].nullable
                    )
        takes.append(found)
    read = Reader(tool.name, shared.values())
    optional = [frozenset(step.given) | frozenset(step.taken) for step in term.steps]

    def act(world: World, given: Given, call: Given) -> list[Any]:
        written: list[Any] = []
        for deed, found, fixed in zip(deeds, takes, optional, strict=True):
            own = {
                name: take(world, written, given)
                for name, take in found
                if name in given or name in fixed
            }
            written.append(deed.act(world, own, call))
        return written

    def told(world: World, written: list[Any]) -> Json:
        return {"steps": [deed.final(world, one) for deed, one in zip(deeds, written, strict=True)]}

    return Deed(read, act, told, told)


def _check_fixed(step: Step, deed: Deed, where: str) -> None:
    for name in (*step.given, *step.taken):
        if name not in deed.read.parameters or (name in step.given and name in step.taken):
            raise DomainError(
                "a parameter of the step, set once",
                found=repr(name),
                where=where,
                hint=nearest(name, deed.read.parameters),
            )


def _given(one: Parameter, value: Json, where: str) -> _Take:
    try:
        if value is None and not one.nullable:
            raise ValueError("a value")
        fixed = None if value is None else one.convert(value)
    except (ValueError, Refusal) as error:
        raise DomainError(str(error), found=repr(value), where=f"{where}, {one.name}") from None
    return lambda _, __, ___: fixed


def _passed(name: str) -> _Take:
    return lambda _, __, given: given[name]


def _again(one: Parameter, first: Field | None, field: Field | None, where: str) -> _Take:
    """Return what gives a further step a value that was read for an earlier one."""
    if first is None or field is None:
        raise DomainError("one list for one step", found=one.name, where=where)
    alike = _form(first) == _form(field)

    def again(_: World, __: list[Any], given: Given) -> Stored:
        value = given[one.name]
        return value if alike and value is not None else _fit(one, first, value)

    return again


def _form(field: Field) -> Field:
    """Return what decides how values of a field are read."""
    return msgspec.structs.replace(
        field,
        name="",
        source="",
        label="",
        role="other",
        unit=None,
        default=None,
        comment="",
        evidence=(),
        spoken=True,
        unique=False,
        generated=False,
        nullable=False,
    )


def _fit(one: Parameter, field: Field, value: Stored) -> Stored:
    """Turn the stored value of one field into that of the parameter's."""
    wire = to_wire(field, value)
    if wire is None:
        if not one.nullable:
            _misfit(one, None, "a value")
        return None
    try:
        return one.convert(wire)
    except ValueError as error:
        _misfit(one, wire, str(error))


def _misfit(one: Parameter, value: Json, expected: str) -> Never:
    refuse(
        "bad_arguments",
        f"{one.name}: expected {expected}, found {show(value)}.",
        parameter=one.name,
    )


def _taken(one: Parameter, path: str, earlier: list[Deed], where: str) -> _Take:
    number, _, name = path.partition(".")
    place = int(number) if number.isascii() and number.isdigit() else len(earlier)
    deed = earlier[place] if place < len(earlier) else None
    if deed is None or deed.table is None or deed.row is None:
        raise DomainError(
            "<step>.<field> of an earlier step that gives a row", found=repr(path), where=where
        )
    field, spot = deed.table.entity.field(name), deed.table.positions.get(name, 0)
    if hidden(field):
        raise DomainError("a field that may be shown", found=repr(path), where=where)
    row, now = deed.row, latest(deed.table)

    def take(world: World, written: list[Any], _: Given) -> Stored:
        value = now(world, row(written[place]))[spot]
        if value is None and not one.nullable:
            refuse(
                "not_found",
                f"The {field.label} that {one.name} is taken from is empty. Fill it in first.",
            )
        return _fit(one, field, value)

    return take
