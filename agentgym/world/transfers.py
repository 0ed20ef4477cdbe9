"""The term that moves an amount from one row to another: two rows through the door, or none.

Next: `sequences`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from agentgym.errors import DomainError
from agentgym.formats import Json
from agentgym.schema import Field
from agentgym.schema.types import Row, to_wire
from agentgym.tools.algebra import Side, Tool, Transfer
from agentgym.world.arguments import Given, Reader, argument, keys
from agentgym.world.deeds import Deed, checks, latest
from agentgym.world.door import Doors
from agentgym.world.door.exact import NUMBERS, rounded
from agentgym.world.reads import keyed, missing
from agentgym.world.refusals import refuse, show
from agentgym.world.rows import World
from agentgym.world.tables import hidden

__all__ = ["transfer"]


class _Moved(NamedTuple):
    source: Row
    target: Row


class _Side:
    """One row of a transfer."""

    def __init__(self, tool: Tool, side: Side, amount: str, doors: Doors) -> None:
        self.side, self.entity = side, side.entity
        self.table = doors.image.tables[side.entity]
        self.field = self.table.entity.field(side.field)
        if side.field in self.table.entity.key or self.field.type not in NUMBERS:
            raise DomainError(
                "a field of numbers outside the key",
                found=f"{side.field} ({self.field.type})",
                where=tool.name,
            )
        self.place = self.table.positions[side.field]
        self.key = keyed(self.table, side.key)
        parameters = {side.field: amount}
        asked = checks(tool, "update", side.entity, doors, parameters)
        self.write = doors.update(side.entity, (side.field,), asked, parameters).write
        self.latest = latest(self.table)

    def row(self, world: World, given: Given) -> Row:
        """Return the present row, which holds a number."""
        row: Row | None = world.execute(self.table.select, self.key(given)).fetchone()
        if row is None:
            missing(self.table, self.side.key, given)
        if row[self.place] is None:
            refuse(
                "conflict",
                f"The {self.field.label} of this {self.table.entity.label} is not known, so that "
                "nothing can be moved. Set it first.",
                parameter=self.side.key[0].param,
            )
        return row

    def move(self, world: World, row: Row, by: Any, call: Given) -> Row:
        """Write the row with a number that has risen by so much."""
        changed, held = list(row), row[self.place]
        assert not isinstance(held, str)
        changed[self.place] = rounded((held or 0) + by, self.field, whole=True)
        if changed[self.place] == row[self.place]:
            # Beside a large float a small one vanishes.
            return row
        return self.write(world, row, changed, [self.place], call)


def transfer(tool: Tool, term: Transfer, doors: Doors) -> Deed:
    """Compile `Transfer`.

    Raises:
        DomainError: The two numbers are not of one kind.
    """
    schema, amount = doors.image.domain.schema, term.amount.param
    source = _Side(tool, term.source, amount, doors)
    target = _Side(tool, term.target, amount, doors)
    if _kind(source.field) != _kind(target.field) or term.amount.field != term.source.field:
        raise DomainError(
            "two fields of one type, scale and unit",
            found=f"{source.field.name} and {target.field.name}",
            where=tool.name,
        )
    read = Reader(
        tool.name,
        [
            *keys(term.source.key, source.entity, schema),
            *keys(term.target.key, target.entity, schema),
            argument(term.amount, source.field, required=True),
        ],
    )
    same = tuple(
        (source.table.entity.field(a), source.table.positions[a], target.table.positions[b])
        for a, b in term.same
    )
    one_entity = source.entity == target.entity

    def act(world: World, given: Given, call: Given) -> _Moved:
        by: Any = given[amount]
        if by <= 0:
            refuse(
                "bad_arguments",
                f"{amount}: expected more than 0, found {show(to_wire(source.field, by))}.",
                parameter=amount,
            )
        if one_entity and source.key(given) == target.key(given):
            refuse(
                "bad_arguments",
                f"{tool.name}: expected two different {source.table.entity.plural}, found the "
                "same one twice.",
                parameter=term.target.key[0].param,
            )
        start, end = source.row(world, given), target.row(world, given)
        for field, mine, theirs in same:
            if start[mine] != end[theirs]:
                refuse(
                    "conflict",
                    f"The {field.label} of the two differs"
                    + _told(field, start[mine], end[theirs])
                    + ". Move amounts only where it is the same.",
                    parameter=term.target.key[0].param,
                )
        left = source.move(world, start, -by, call)
        # What followed may have changed the other row.
        return _Moved(left, target.move(world, target.latest(world, end), by, call))

    def told(world: World, moved: _Moved) -> Json:
        return {
            "source": source.table.whole_to_object(source.latest(world, moved.source)),
            "target": target.table.whole_to_object(target.latest(world, moved.target)),
        }

    return Deed(read, act, told, told)


def _kind(field: Field) -> tuple[str, int, str | None]:
    return field.type, field.scale, field.unit


def _told(field: Field, one: Any, two: Any) -> str:
    if hidden(field):
        return ""
    return f": {show(to_wire(field, one))} and {show(to_wire(field, two))}"
