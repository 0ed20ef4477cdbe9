"""Terms that change or remove one row: update, transition and delete.

Each reads the row by its key and hands what it shall be to the door. Next: `creates`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from agentgym.errors import DomainError
from agentgym.formats import Json
from agentgym.rules import Move, Rule
from agentgym.schema.types import Row, Stored, to_wire
from agentgym.tools.algebra import Argument, Delete, Tool, Transition, Update
from agentgym.world.arguments import Given, Reader, argument, keys, settable
from agentgym.world.deeds import Deed, checks, latest
from agentgym.world.door import Doors
from agentgym.world.guards import guards
from agentgym.world.reads import keyed, missing
from agentgym.world.refusals import refuse, show
from agentgym.world.rows import World
from agentgym.world.tables import Table, hidden

__all__ = ["delete", "transition", "update"]


def update(tool: Tool, term: Update, doors: Doors) -> Deed:
    """Compile `Update`."""
    table, schema = doors.image.tables[term.entity], doors.image.domain.schema
    entity = table.entity
    for one in term.values:
        if one.field in entity.key:
            raise DomainError("no field of the key", found=one.field, where=tool.name)
    read = Reader(
        tool.name,
        [*keys(term.key, term.entity, schema), *settable(term.values, entity, optional=True)],
    )
    write, restless = _writer(tool, table, doors, term.key, term.values)
    names = ", ".join(one.param for one in term.values)
    places = tuple((one.param, table.positions[one.field]) for one in term.values)

    def act(world: World, given: Given, call: Given) -> Row:
        changes = [(place, given[name]) for name, place in places if name in given]
        if not changes:
            refuse(
                "bad_arguments",
                f"{tool.name}: expected a new value for at least one of {names}, found none.",
            )
        return write(world, given, call, changes)

    return _deed(table, read, act, restless=restless)


def transition(tool: Tool, term: Transition, doors: Doors) -> Deed:
    """Compile `Transition`."""
    table, schema = doors.image.tables[term.entity], doors.image.domain.schema
    field = table.entity.field(term.to.field)
    read = Reader(
        tool.name,
        [*keys(term.key, term.entity, schema), argument(term.to, field, required=True)],
    )
    moves = _moves(tool, term, doors)
    place, to = table.positions[field.name], term.to.param
    write, restless = _writer(tool, table, doors, term.key, (term.to,))

    def still(state: Stored) -> None:
        if moves is not None:
            refuse(
                "rule_broken",
                f"Rule {moves.id} does not allow this: the {field.label} is {show(state)} "
                "already. Choose another state, or leave it as it is.",
                parameter=to,
                rule=moves.id,
            )

    def act(world: World, given: Given, call: Given) -> Row:
        return write(world, given, call, [(place, given[to])], still)

    return _deed(table, read, act, restless=restless)


def _moves(tool: Tool, term: Transition, doors: Doors) -> Rule | None:
    """Return the rule on how the status changes: one that the tool names before an invariant."""
    domain = doors.image.domain
    named = [domain.rule(name) for name in tool.guards]
    kept = [rule for rule in domain.rules if rule.kind == "invariant"]
    for rule in (*named, *kept):
        predicate = rule.predicate
        if (
            rule.entity == term.entity
            and isinstance(predicate, Move)
            and predicate.field == term.to.field
        ):
            return rule
    return None


def _deed(
    table: Table, read: Reader, act: Callable[[World, Given, Given], Row], *, restless: bool
) -> Deed:
    build, now = table.whole_to_object, latest(table)

    def final(world: World, row: Row) -> Json:
        return build(now(world, row))

    def plain(_: World, row: Row) -> Json:
        return build(row)

    return Deed(read, act, final if restless else plain, final, table, lambda row: row)


def _writer(
    tool: Tool,
    table: Table,
    doors: Doors,
    key: Sequence[Argument],
    values: Sequence[Argument],
) -> tuple[Callable[..., Row], bool]:
    """Return what puts new values into the row of a key, and whether more may follow.

    Where no value differs nothing is written, and yet the row is given: only to whom, and when,
    the rules of the tool allow it.
    """
    parameters = {one.field: one.param for one in values}
    asked = checks(tool, "update", table.entity.name, doors, parameters)
    own = guards(tool, "update", doors.image, parameters, table.entity.name)
    inlet = doors.update(table.entity.name, tuple(parameters), asked, parameters)
    read_key, select, put = keyed(table, key), table.select, inlet.write

    def write(
        world: World,
        given: Given,
        call: Given,
        changes: Sequence[tuple[int, Stored]],
        still: Callable[[Stored], None] | None = None,
    ) -> Row:
        before: Row | None = world.execute(select, read_key(given)).fetchone()
        if before is None:
            missing(table, key, given)
        row = list(before)
        changed = []
        for place, value in changes:
            if row[place] != value:
                row[place] = value
                changed.append(place)
        if changed:
            return put(world, before, row, changed, call)
        for check in own:
            check(world, before, before, call)
        if still is not None:
            still(changes[0][1])
        return before

    return write, inlet.restless


def delete(tool: Tool, term: Delete, doors: Doors) -> Deed:
    """Compile `Delete`."""
    table, schema = doors.image.tables[term.entity], doors.image.domain.schema
    read = Reader(tool.name, keys(term.key, term.entity, schema))
    key, select = keyed(table, term.key), table.select
    remove = doors.delete(term.entity, checks(tool, "delete", term.entity, doors, {})).remove
    fields = [table.entity.field(name) for name in table.entity.key]
    shown = [(f, table.positions[f.name]) for f in fields if not hidden(f)]

    def act(world: World, given: Given, call: Given) -> Row:
        row: Row | None = world.execute(select, key(given)).fetchone()
        if row is None:
            missing(table, term.key, given)
        remove(world, row, call)
        return row

    def told(_: World, row: Row) -> Json:
        return {"deleted": {f.name: to_wire(f, row[place]) for f, place in shown}}

    return Deed(read, act, told, told)
