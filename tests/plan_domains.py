"""Domains in which plans are lowered, and a world with a user who says yes to what is asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

from msgspec.structs import replace

from agentgym import domain as domain_room
from agentgym import rules, sources
from agentgym.domain import Clock, Domain, Source
from agentgym.formats import Json
from agentgym.populate import fill as populate
from agentgym.rules import Rule
from agentgym.schema import Schema
from agentgym.schema.roles import infer
from agentgym.schema.types import Rows
from agentgym.tools.algebra import AskUser, ListRelated, Search, Tool
from agentgym.tools.derive import derive
from agentgym.trajectory import Result
from agentgym.world.compile import engine

SOURCES = Path(__file__).resolve().parent.parent / "schemas" / "sources"


def domain_of(
    schema: Schema,
    rows: Rows,
    *,
    page: int | None = None,
    more_rules: Sequence[Rule] = (),
    more_tools: Sequence[Tool] = (),
    guarded: dict[str, tuple[str, ...]] | None = None,
) -> Domain:
    """Make a domain with every tool that its schema earns.

    Args:
        schema: The schema.
        rows: Its rows, in stored form.
        page: Items a page of every list, if not as derived.
        more_rules: Rules beside those that follow from the schema.
        more_tools: Tools beside the derived ones.
        guarded: Name of a tool to ids of rules that it asks as well.
    """
    found = (*rules.derive(schema), *more_rules)
    tools = []
    for tool in (*derive(schema, rules.derive(schema)), *more_tools):
        term = tool.term
        if page is not None and isinstance(term, Search | ListRelated):
            term = replace(term, page_size=page)
        own = (guarded or {}).get(tool.name, ())
        tools.append(replace(tool, term=term, guards=(*tool.guards, *own)))
    made = Domain(
        name="place",
        title="place",
        description="You work at the place.",
        schema=schema,
        rules=found,
        tools=tuple(tools),
        clock=Clock(start="2026-01-01T09:00:00Z"),
        source=Source(kind="sql", name="place", sha256="0" * 64),
        rows={one.name: tuple(rows.get(one.name, ())) for one in schema.entities},
    )
    made.validate()
    return domain_room.parse(made.to_json(), made.rows_to_lines(), where="place")


@cache
def own(name: str, page: int | None = None) -> Domain:
    """Build one of our own domains in memory, without tasks."""
    draft = sources.read(SOURCES / f"{name}.sql")
    schema = infer(draft.schema, draft.rows)
    return domain_of(schema, populate(schema, dict(draft.rows), seed=0), page=page)


class Place:
    """A world of a domain, set back at will."""

    def __init__(self, domain: Domain) -> None:
        self.domain, self.engine = domain, engine(domain)
        self.world = self.engine.world()
        self.asking = {tool.name for tool in domain.tools if isinstance(tool.term, AskUser)}

    def start(self) -> Callable[[str, dict[str, Json]], Result]:
        """Set the world back; gives what calls its tools."""
        self.world.reset()

        def call(tool: str, arguments: dict[str, Json]) -> Result:
            result = self.engine.call(self.world, tool, arguments)
            if tool in self.asking:
                session = self.world.session
                self.world.session = replace(session, confirmed=session.confirmed + 1)
            return result

        return call
