"""Terms of a link entity: rows joined, and parted.

Next: `transfers`.
"""

from __future__ import annotations

import sqlalchemy as sa

from agentgym.formats import Json
from agentgym.schema.types import Row, to_wire
from agentgym.tools.algebra import Argument, Link, Tool, Unlink
from agentgym.world.arguments import Given, Reader, keys, settable
from agentgym.world.creates import maker
from agentgym.world.deeds import Deed, checks, latest
from agentgym.world.door import Doors
from agentgym.world.guards import Guard
from agentgym.world.reads import missing
from agentgym.world.refusals import refuse, show
from agentgym.world.rows import World
from agentgym.world.tables import Table, hidden, picker, render

__all__ = ["link", "unlink"]


def link(tool: Tool, term: Link, doors: Doors) -> Deed:
    """Compile `Link`."""
    table, schema = doors.image.tables[term.entity], doors.image.domain.schema
    read = Reader(
        tool.name,
        [
            *keys(term.ends, term.entity, schema),
            *settable(term.values, table.entity, optional=False),
        ],
    )
    values = (*term.ends, *term.values)
    parameters = {one.field: one.param for one in values}
    asked = [
        *checks(tool, "create", term.entity, doors, parameters),
        _joined(table, term.ends),
    ]
    entry = doors.insert(term.entity, asked, parameters)
    build, now = table.whole_to_object, latest(table)

    def final(world: World, row: Row) -> Json:
        return build(now(world, row))

    def plain(_: World, row: Row) -> Json:
        return build(row)

    return Deed(
        read,
        maker(tool, values, table, entry),
        final if entry.restless else plain,
        final,
        table,
        lambda row: row,
    )


def _between(table: Table, ends: tuple[Argument, ...]) -> sa.ColumnElement[bool]:
    return sa.and_(*(table.sql.c[a.field] == sa.bindparam(f"0e{i}") for i, a in enumerate(ends)))


def _joined(table: Table, ends: tuple[Argument, ...]) -> Guard:
    """Compile the check that the ends are not joined already, whatever else the link says."""
    sql, _ = render(
        sa.select(sa.literal_column("1")).select_from(table.sql).where(_between(table, ends))
    )
    pick = picker(tuple(table.positions[one.field] for one in ends))
    fields = [table.entity.field(one.field) for one in ends]

    def check(world: World, before: Row | None, after: Row, _: Given) -> None:
        del before
        if world.execute(sql, pick(after)).fetchone() is not None:
            told = " and ".join(
                f.name if hidden(f) else f"{f.name} {show(to_wire(f, v))}"
                for f, v in zip(fields, pick(after), strict=True)
            )
            refuse(
                "conflict",
                f"{told} are joined already. Change or remove the {table.entity.label} "
                "that joins them.",
                parameter=ends[0].param,
            )

    return check


def unlink(tool: Tool, term: Unlink, doors: Doors) -> Deed:
    """Compile `Unlink`."""
    table, schema = doors.image.tables[term.entity], doors.image.domain.schema
    read = Reader(tool.name, keys(term.ends, term.entity, schema))
    sql, _ = render(
        sa.select(*table.whole).where(_between(table, term.ends)).order_by(*table.key_order())
    )
    remove = doors.delete(term.entity, checks(tool, "delete", term.entity, doors, {})).remove
    params = tuple(one.param for one in term.ends)
    fields = [table.entity.field(one.field) for one in term.ends]
    shown = [(f, table.positions[f.name]) for f in fields if not hidden(f)]

    def act(world: World, given: Given, call: Given) -> Row:
        rows: list[Row] = world.execute(sql, tuple([given[p] for p in params])).fetchall()
        if not rows:
            missing(table, term.ends, given)
        if len(rows) > 1:
            refuse(
                "ambiguous",
                f"{len(rows)} {table.entity.plural} join these. "
                "Remove the one that is meant by its key.",
                parameter=params[0],
            )
        remove(world, rows[0], call)
        return rows[0]

    def told(_: World, row: Row) -> Json:
        return {"removed": {f.name: to_wire(f, row[place]) for f, place in shown}}

    return Deed(read, act, told, told)
