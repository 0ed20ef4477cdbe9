"""Domains and tasks for the tests of plans and proofs: built in memory, tiny or whole.

`proved` fills one of our own schemas with tasks; `tiny_domains` draws worlds of a few rows.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from hypothesis import strategies as st
from strategies_plans import entity, field, relation

from agentgym import domain as domain_room
from agentgym import rules, sources
from agentgym.build.fill import fill
from agentgym.build.yields import Filled
from agentgym.domain import Clock, Domain, Source
from agentgym.populate import fill as populate
from agentgym.prove import Prover
from agentgym.schema import Entity, Relation, Schema
from agentgym.schema.roles import infer
from agentgym.schema.types import Rows
from agentgym.tools.derive import derive, glossary_tool

__all__ = ["OWN", "domain_of", "own_domain", "proved", "tiny_domains"]

SOURCES = Path(__file__).resolve().parent.parent / "schemas" / "sources"
OWN = tuple(sorted(path.stem for path in SOURCES.glob("*.sql")))
"""The schemas that are our own."""


def domain_of(name: str, schema: Schema, rows: Rows) -> Domain:
    """Make a domain with every tool that its schema earns, as its files would give it back."""
    found = rules.derive(schema)
    words = glossary_tool(schema, rows)
    made = Domain(
        name=name,
        title=name,
        description=f"You work at the {name}.",
        schema=schema,
        rules=found,
        tools=(*derive(schema, found), *(() if words is None else (words,))),
        clock=Clock(start="2026-01-01T09:00:00Z"),
        source=Source(kind="sql", name=name, sha256="0" * 64),
        rows={one.name: tuple(rows.get(one.name, ())) for one in schema.entities},
    )
    made.validate()
    return domain_room.parse(made.to_json(), made.rows_to_lines(), where=name)


@cache
def own_domain(name: str) -> Domain:
    """Build one of our own domains in memory, without tasks."""
    draft = sources.read(SOURCES / f"{name}.sql")
    schema = infer(draft.schema, draft.rows)
    return domain_of(name, schema, populate(schema, dict(draft.rows), seed=0))


@cache
def proved(name: str, count: int = 40) -> tuple[Prover, Filled]:
    """Fill one of our own domains with tasks."""
    domain = own_domain(name)
    filled = fill(domain, count=count, seed=0, max_tools=40, progress=lambda line: None)
    return Prover(domain), filled


_FIELDS = (
    field("title", "text", "label"),
    field("code", "text", "code", unique=True),
    field("city", "text", "place", nullable=True),
    field("price", "decimal", "money", scale=2),
    field("quantity", "integer", "quantity"),
    field("opened_on", "date", "time", nullable=True),
    field("grade", "enum", "category", values=("plain", "fine", "rare")),
    field("phone", "text", "contact", nullable=True),
)
_NAMES = ("owner", "shop", "parcel", "ticket")


@st.composite
def tiny_domains(draw: st.DrawFn, *, size: int = 4, page: int | None = None) -> Domain:
    """Draw a world of two to four entities, with a few rows each.

    Args:
        draw: Hypothesis' own.
        size: Rows of a principal entity.
        page: Items a page of every list, if not as derived.
    """
    count = draw(st.integers(2, 4))
    made: list[Entity] = []
    relations: list[Relation] = []
    for place, name in enumerate(_NAMES[:count]):
        parents = sorted(draw(st.sets(st.integers(0, place - 1), min_size=1))) if place else []
        chosen = draw(st.lists(st.sampled_from(_FIELDS), unique_by=id, min_size=2, max_size=4))
        references = tuple(f"{_NAMES[parent]}_id" for parent in parents)
        made.append(entity(name, f"{name}s", *chosen, references=references))
        relations += [relation(name, f"{_NAMES[p]}_id", _NAMES[p]) for p in parents]
    if draw(st.booleans()):
        ends = [_NAMES[0], _NAMES[draw(st.integers(0, count - 1))]]
        fields = [f"{end}_{'ab'[n]}_id" for n, end in enumerate(ends)]
        made.append(
            Entity(
                name="tie",
                label="tie",
                plural="ties",
                kind="link",
                key=tuple(fields),
                fields=tuple(field(one, "integer", "reference") for one in fields),
            )
        )
        relations += [relation("tie", f, end) for f, end in zip(fields, ends, strict=True)]
    schema = Schema(entities=tuple(made), relations=tuple(relations))
    schema.validate()
    rows = populate(schema, {}, seed=draw(st.integers(0, 999)), size=size)
    domain = domain_of("tiny", schema, rows)
    return domain if page is None else _paged(domain, page)


def _paged(domain: Domain, page: int) -> Domain:
    content = domain.to_json().replace(b'"page_size": 20', f'"page_size": {page}'.encode())
    return domain_room.parse(content, domain.rows_to_lines(), where="tiny")
