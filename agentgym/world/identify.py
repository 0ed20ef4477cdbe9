"""The term that says who is served: the user identified by what only that person would know.

Values compare as `Find` compares them. Only a success touches the session; a failure never
says which of the values was wrong, nor whose they are. Next: `lists`.
"""

from __future__ import annotations

import msgspec
import sqlalchemy as sa

from agentgym.errors import DomainError
from agentgym.formats import Json
from agentgym.schema import Entity
from agentgym.schema.types import to_wire
from agentgym.tools.algebra import Filter, Identify
from agentgym.world.arguments import Reader, keys
from agentgym.world.reads import Body, Filters
from agentgym.world.refusals import refuse
from agentgym.world.rows import Image, World
from agentgym.world.tables import hidden, render

__all__ = ["identify"]


def identify(tool: str, term: Identify, image: Image) -> Body:
    """Compile `Identify`.

    Raises:
        DomainError: What it asks for would not tell one row from another, or is never compared.
    """
    table = image.tables[term.entity]
    _check_enough(tool, term, table.entity)
    filters = Filters(
        [
            Filter(param=one.param, field=one.field, op="eq", description=one.description)
            for one in term.by
        ],
        table,
    )
    read = Reader(tool, keys(term.by, term.entity, image.domain.schema))
    statement = (
        sa.select(*(table.sql.c[name] for name in table.entity.key))
        .where(*filters.where([one.param for one in term.by]))
        .order_by(*table.key_order())
    )
    sql, names = render(statement)
    sql += " LIMIT 2"
    fields = [table.entity.field(name) for name in table.entity.key]
    shown = [(place, field) for place, field in enumerate(fields) if not hidden(field)]
    entity, asked = table.entity, "value" if len(term.by) == 1 else "values"

    def body(world: World, arguments: object) -> Json:
        given = read(arguments)
        found = world.execute(sql, filters.values(names, given)).fetchall()
        if not found:
            refuse(
                "not_found",
                f"No {entity.label} could be identified by the {asked} given. "
                f"Ask the user for the {asked} again.",
            )
        if len(found) > 1:
            refuse(
                "ambiguous",
                f"More than one {entity.label} matches the {asked} given. "
                "Look for another way to tell who the user is, or hand over.",
            )
        key = found[0]
        world.session = msgspec.structs.replace(world.session, identity=(entity.name, key))
        return {"identified": {field.name: to_wire(field, key[place]) for place, field in shown}}

    return body


def _check_enough(tool: str, term: Identify, entity: Entity) -> None:
    named = {one.field for one in term.by}
    alone = {(field.name,) for field in entity.fields if field.unique}
    unique = {entity.key, *entity.uniques} | alone
    if len(named) < 2 and not any(set(fields) <= named for fields in unique):
        raise DomainError(
            "two fields, or one that is unique, to identify by",
            found=", ".join(sorted(named)) or "none",
            where=tool,
        )
