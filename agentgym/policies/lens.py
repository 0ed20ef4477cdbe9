"""The lens: calls of a domain's own tools, made through a view that shows them otherwise.

A call of the domain comes in; out go calls of shown tools, as many as it takes, and in the end
what the domain's own call would have given. Whatever is not in the results of shown tools is
not known. Next: `oracle`.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Mapping

from agentgym.episode.view import View
from agentgym.formats import Json, to_text
from agentgym.schema import Entity, Field
from agentgym.tools.algebra import (
    Get,
    ListRelated,
    Search,
    ShowToolDoc,
    Term,
    Transition,
    Update,
    listed,
)
from agentgym.tools.views import Shown, Surface, Way

__all__ = ["Lens", "Steps"]

Call = dict[str, Json]
"""A tool call: `name` and `arguments`."""

Steps = Generator[Call, Json, Json]
"""Yields calls, is sent what each gave, returns what it all comes to."""


class Lens:
    """Makes the calls of one episode through its view.

    Args:
        view: How the episode shows its tools: otherwise than the domain has them.
    """

    def __init__(self, view: View) -> None:
        assert view.surface is not None
        self._surface: Surface = view.surface
        self._detail = view.options.detail
        self._domain = view.domain
        self._own = view.domain.tool_by_name
        self._run = {tool.name: tool.term for tool in view.surface.run}
        self._unlocker = next(
            (name for name, term in view.terms.items() if isinstance(term, ShowToolDoc)), ""
        )
        self._unlocked: set[str] = set()
        self._seen: dict[str, Json] = {}
        self._rows: dict[tuple[str, str], dict[str, Json]] = {}

    def call(self, tool: str, arguments: Mapping[str, Json], wanted: Collection[str] = ()) -> Steps:
        """Make one call of the domain.

        Args:
            tool: Of the domain.
            arguments: Its arguments.
            wanted: Paths into the result of which the values will be needed: `items.0.name`.
        """
        own = self._own.get(tool)
        term = None if own is None else own.term
        match term:
            case Search() | ListRelated():
                return (yield from self._page(tool, term, dict(arguments), wanted))
            case Update():
                return (yield from self._update(tool, term, dict(arguments)))
            case _:
                return (yield from self._straight(tool, dict(arguments)))

    # one call

    def _route(self, tool: str, arguments: Mapping[str, Json]) -> tuple[Shown, Way] | None:
        """Find a way that takes all the arguments and sets nothing else."""
        for shown, way in self._surface.routes.get(tool, ()):
            taken = {*way.params.values(), *way.fixed}
            fixed = all(name in arguments and arguments[name] == v for name, v in way.fixed.items())
            if fixed and arguments.keys() <= taken and self._complete(shown, way, arguments):
                return shown, way
        return None

    def _complete(self, shown: Shown, way: Way, arguments: Mapping[str, Json]) -> bool:
        needed = set(shown.face.parameters["required"]) - {shown.selector}
        return all(way.params[param] in arguments for param in needed)

    def _make(self, route: tuple[Shown, Way], arguments: Mapping[str, Json]) -> Steps:
        shown, way = route
        if shown.locked and shown.name not in self._unlocked:
            yield {"name": self._unlocker, "arguments": {"name": shown.name}}
            self._unlocked.add(shown.name)
        back = {own: param for param, own in way.params.items()}
        sent = {back[own]: value for own, value in arguments.items() if own not in way.fixed}
        if shown.selector is not None:
            sent = {shown.selector: way.action} | sent
        given = yield {"name": shown.name, "arguments": sent}
        if self._detail == "difference" and isinstance(given, dict) and set(given) != {"error"}:
            given = self._restored(way.tool, arguments, given)
        return given

    def _straight(self, tool: str, arguments: dict[str, Json]) -> Steps:
        route = self._route(tool, arguments)
        if route is None:
            return _nothing(tool)
        return (yield from self._make(route, arguments))

    def _restored(self, tool: str, arguments: Mapping[str, Json], given: dict[str, Json]) -> Json:
        """Put together what was shown before and what has changed since."""
        term = self._run[tool]
        slot = to_text([tool, sorted(arguments.items())])
        match term:
            case Search() | ListRelated():
                entity = self._listed(term)
                before = {
                    _key(entity, row): row for row in self._seen.get(slot, {}).get("items", ())
                }
                rows = [before.get(_key(entity, row), {}) | row for row in given["items"]]
                whole: Json = given | {"items": rows}
            case Update() | Transition():
                entity = self._domain.schema.entity(term.entity)
                whole = self._rows.get((entity.name, _key(entity, given)), {}) | given
                rows = [whole]
            case _:
                name = getattr(term, "entity", None)
                whole = self._seen.get(slot, {}) | given
                if not isinstance(name, str) or not isinstance(whole, dict):
                    return whole
                entity = self._domain.schema.entity(name)
                rows = [whole]
        self._seen[slot] = whole
        for row in rows:
            self._rows[entity.name, _key(entity, row)] = row
        return whole

    # writes

    def _update(self, tool: str, term: Update, arguments: dict[str, Json]) -> Steps:
        """Change all fields at once, or one after the other where that is how they are shown."""
        route = self._route(tool, arguments)
        if route is not None:
            return (yield from self._make(route, arguments))
        keys = {one.param for one in term.key}
        fixed = {name: value for name, value in arguments.items() if name in keys}
        entity = self._domain.schema.entity(term.entity)
        late = {one.param: _lateness(entity.field(one.field)) for one in term.values}
        waiting = sorted((name for name in arguments if name not in keys), key=late.__getitem__)
        given: Json = _nothing(tool)
        refused = 0
        while waiting and refused < len(waiting):
            name = waiting.pop(0)
            given = yield from self._straight(tool, fixed | {name: arguments[name]})
            refused = refused + 1 if _refused(given) else 0
            if refused:
                waiting.append(name)  # what comes after may be what it waits for
        return given

    # lists

    def _listed(self, term: Search | ListRelated) -> Entity:
        schema = self._domain.schema
        return schema.entity(listed(term, schema) if isinstance(term, ListRelated) else term.entity)

    def _page(
        self,
        tool: str,
        term: Search | ListRelated,
        arguments: dict[str, Json],
        wanted: Collection[str],
    ) -> Steps:
        """Give a page as the domain's own tool has it, from pages of any size and by any filter."""
        number = int(arguments.pop("page", 1))
        first = (number - 1) * term.page_size
        route = self._route(tool, arguments)
        if route is not None:
            rows, total = yield from self._rows_of(route, arguments, first, first + term.page_size)
        else:
            rows, total = yield from self._common(tool, term, arguments)
            if isinstance(rows, list):
                rows = rows[first : first + term.page_size]
        if not isinstance(rows, list):
            return rows
        entity = self._listed(term)
        for path in wanted:
            _, _, rest = path.partition(".")
            place, _, field = rest.partition(".")
            row = rows[int(place)] if place.isdecimal() and int(place) < len(rows) else None
            if row is not None and field not in row:
                rows[int(place)] = row | (yield from self._whole(entity, row))
        return {
            "items": rows,
            "total": total,
            "page": number,
            "pages": -(-total // term.page_size),
        }

    def _rows_of(
        self, route: tuple[Shown, Way], arguments: dict[str, Json], first: int, last: int
    ) -> Generator[Call, Json, tuple[Json, int]]:
        """Collect the rows from `first` up to `last`; or what refused a page."""
        size = self._size(route[1].tool)
        page = first // size + 1
        rows: list[Json] = []
        start = (page - 1) * size
        while True:
            asked = arguments | ({"page": page} if page > 1 else {})
            given = yield from self._make(route, asked)
            if _refused(given):
                return given, 0
            rows += given["items"]
            if page * size >= last or page >= given["pages"]:
                return rows[first - start : last - start], int(given["total"])
            page += 1

    def _common(
        self, tool: str, term: Search | ListRelated, arguments: dict[str, Json]
    ) -> Generator[Call, Json, tuple[Json, int]]:
        """Collect the rows that pass all filters, of tools that take some of them each."""
        filters = {one.param for one in term.filters}
        rest = {name: value for name, value in arguments.items() if name not in filters}
        left = {name: value for name, value in arguments.items() if name in filters}
        entity = self._listed(term)
        rows: list[Json] | None = None
        while left:
            best: tuple[tuple[Shown, Way], dict[str, Json]] | None = None
            for _, way in self._surface.routes.get(tool, ()):
                mine = {n: v for n, v in left.items() if n in way.params.values()}
                route = self._route(tool, rest | mine) if mine else None
                if route is not None and (best is None or len(mine) > len(best[1])):
                    best = (route, mine)
            if best is None:
                return _nothing(tool), 0
            found, _ = yield from self._rows_of(best[0], rest | best[1], 0, 2**62)
            if not isinstance(found, list):
                return found, 0
            if rows is None:
                rows = found
            else:
                known = {_key(entity, row): row for row in found}
                rows = [
                    row | known[_key(entity, row)] for row in rows if _key(entity, row) in known
                ]
            left = {name: value for name, value in left.items() if name not in best[1]}
        return rows or [], len(rows or [])

    def _size(self, tool: str) -> int:
        term: Term = self._run[tool]
        assert isinstance(term, (Search, ListRelated))
        return term.page_size

    def _whole(self, entity: Entity, row: Mapping[str, Json]) -> Steps:
        """Look up a row of which a list has shown a part."""
        for tool in self._surface.routes:
            term = self._run[tool]
            if isinstance(term, Get) and term.entity == entity.name:
                key = {one.param: row[one.field] for one in term.key}
                given = yield from self._straight(tool, key)
                if not _refused(given):
                    return given
        return {}


def _key(entity: Entity, row: Mapping[str, Json]) -> str:
    return to_text([row.get(name) for name in entity.key])


def _lateness(field: Field) -> int:
    """Say how late a field is best set alone: rules ask for states, and for times as they are."""
    return 2 if field.type in ("date", "datetime") else int(field.role == "status")


def _refused(given: Json) -> bool:
    return not isinstance(given, dict) or set(given) == {"error"}


def _nothing(tool: str) -> Json:
    return {"error": {"code": "unknown_tool", "message": f"no shown tool comes to {tool}"}}
