"""Terms that give many rows, a page at a time: search and list related.

Rows come sorted by `sort_by`, by the tool's own order, or by key; NULLs last, ties by
key. A page after the last is empty. Next: `writes`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import sqlalchemy as sa

from agentgym.errors import DomainError
from agentgym.formats import Json
from agentgym.schema.types import Row, Stored
from agentgym.tools.algebra import ListRelated, Search, Tool, listed
from agentgym.world.arguments import Given, Parameter, Reader, choice, flag, keys, page
from agentgym.world.reads import Body, Filters, allowed, keyed, missing
from agentgym.world.refusals import refuse
from agentgym.world.rows import Image, World
from agentgym.world.tables import Statement, Table, hidden, render

__all__ = ["list_related", "search"]

_MOST = 1024
"""Statements that one tool keeps, for combinations of filters and sorting."""

Scope = Callable[[World, Given], tuple[Stored, ...]]


class _Pages:
    """The statements and the answer of one tool that lists rows."""

    def __init__(
        self,
        tool: str,
        term: Search | ListRelated,
        table: Table,
        key: Sequence[Parameter],
        within: sa.ColumnElement[bool] | None,
    ) -> None:
        self._table = table
        self._within = within
        self._order = term.order
        self._size = term.page_size
        self._filters = Filters(term.filters, table)
        names = [*term.sorts, *([term.order.field] if term.order else [])]
        for name in names:
            if hidden(table.entity.field(name)):
                raise DomainError("a field that can be sorted by", found=repr(name), where=tool)
        if self._size < 1:
            raise DomainError("a page of at least one row", found=str(self._size), where=tool)
        sorting = [
            Parameter("sort_by", choice(term.sorts)),
            Parameter("descending", flag),
        ]
        self.read = Reader(
            tool,
            [
                *key,
                *self._filters.parameters,
                *(sorting if term.sorts else []),
                Parameter("page", page),
            ],
        )
        self._statements: dict[tuple[Stored | tuple[str, ...], ...], tuple[Statement, str]] = {}

    def answer(self, world: World, given: Given, scope: tuple[Stored, ...] = ()) -> Json:
        """Give one page, of the rows within the scope."""
        sort_by, descending = given.get("sort_by"), given.get("descending")
        if descending and sort_by is None:
            refuse(
                "bad_arguments",
                "descending: expected sort_by beside it, found nothing. "
                "Say what to sort by, or leave descending out.",
                parameter="descending",
            )
        used = self._filters.used(given)
        slot = (used, sort_by, descending)
        known = self._statements.get(slot)
        if known is None:
            if len(self._statements) >= _MOST:
                self._statements.clear()
            known = self._statements[slot] = self._render(used, sort_by, descending)
        (sql, names), counting = known
        bound = {f"0s{i}": value for i, value in enumerate(scope)}
        filters = [name for name in names if name[:2] == "0f"]
        bound |= dict(zip(filters, self._filters.values(filters, given), strict=True))
        values = tuple([bound[name] for name in names if name in bound])
        number, size = int(given.get("page") or 1), self._size
        rows: list[Row] = []
        total = None
        if number == 1:
            rows = world.execute(sql, (*values, size, 0)).fetchall()
            total = len(rows) if len(rows) < size else None
        if total is None:
            total = int(world.execute(counting, values).fetchone()[0])
        pages = -(-total // size)
        if 1 < number <= pages:
            rows = world.execute(sql, (*values, size, (number - 1) * size)).fetchall()
        build = self._table.to_object
        return {
            "items": [build(row) for row in rows],
            "total": total,
            "page": number,
            "pages": pages,
        }

    def _render(
        self, used: Sequence[str], sort_by: Stored, descending: Stored
    ) -> tuple[Statement, str]:
        table = self._table
        where = self._filters.where(used)
        if self._within is not None:
            where.insert(0, self._within)
        order = table.key_order()
        if sort_by is None and self._order is not None:
            sort_by, descending = self._order.field, self._order.descending
        if sort_by is not None:
            column = table.sql.c[str(sort_by)]
            order.insert(0, (column.desc() if descending else column.asc()).nulls_last())
        statement = (
            sa.select(*table.columns(table.shown))
            .select_from(table.sql)
            .where(*where)
            .order_by(*order)
            .limit(sa.bindparam("0limit"))
            .offset(sa.bindparam("0offset"))
        )
        counting = sa.select(sa.func.count()).select_from(table.sql).where(*where)
        return render(statement), render(counting)[0]


def search(tool: str, term: Search, image: Image) -> Body:
    """Compile `Search`."""
    pages = _Pages(tool, term, image.tables[term.entity], (), None)
    read, answer = pages.read, pages.answer
    return lambda world, arguments: answer(world, read(arguments))


def list_related(tool: Tool, term: ListRelated, image: Image) -> Body:
    """Compile `ListRelated`."""
    schema = image.domain.schema
    relation = schema.relation(term.relation)
    parent, child = image.tables[relation.target], image.tables[relation.entity]
    table = image.tables[listed(term, schema)]
    near = child.sql.alias("link") if term.through else child.sql
    within: sa.ColumnElement[bool] = sa.and_(
        *(near.c[name] == sa.bindparam(f"0s{i}") for i, name in enumerate(relation.fields))
    )
    if term.through is not None:
        further = schema.relation(term.through)
        there = [table.sql.c[name] for name in further.target_fields]
        here = sa.select(*(near.c[name] for name in further.fields)).where(within)
        within = (there[0] if len(there) == 1 else sa.tuple_(*there)).in_(here)
    parameters = keys(term.key, relation.target, schema)
    pages = _Pages(tool.name, term, table, parameters, within)
    allow, whole = allowed(tool, parent, term.key, image), parent.select
    key = keyed(parent, term.key)
    select, _ = render(
        sa.select(*(parent.sql.c[name] for name in relation.target_fields)).where(parent.keyed())
    )
    read, answer = pages.read, pages.answer

    def body(world: World, arguments: object) -> Json:
        given = read(arguments)
        scope = world.execute(select, key(given)).fetchone()
        if scope is None:
            missing(parent, term.key, given)
        if allow is not None:
            allow(world, world.execute(whole, key(given)).fetchone(), given)
        return answer(world, given, scope)

    return body
