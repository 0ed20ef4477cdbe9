"""Near duplicates: tools that stand beside one that they resemble.

Each is honest: it bears another name for the same, or does a part of it, as its description
says. Next: `rename`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

import msgspec

from agentgym.rng import stream
from agentgym.schema import Entity, Schema
from agentgym.tools.algebra import Aggregate, ListRelated, Order, Search, Term, listed
from agentgym.tools.derive.naming import plural
from agentgym.tools.views.granularity import Take, part
from agentgym.tools.views.rename import other_name
from agentgym.tools.views.surface import Shown

__all__ = ["near_duplicates"]

_FIGURES = {"sum": "sum of the", "avg": "average", "min": "smallest", "max": "largest"}


def near_duplicates(
    schema: Schema,
    tools: Sequence[Shown],
    terms: Mapping[str, Term],
    take: Take,
    count: int,
    key: tuple[object, ...],
) -> list[Shown]:
    """Put up to `count` tools beside those that they resemble, before or after them.

    Args:
        schema: Of the domain.
        tools: What is shown so far, without the domain-free tools.
        terms: The domain's tools: name to term.
        take: Gives free names.
        count: How many.
        key: Of the chances.
    """
    chance = stream(*key, "near")
    makers: list[tuple[int, str]] = []
    for place, shown in enumerate(tools):
        makers.append((place, ""))
        if len(shown.ways) == 1 and shown.selector is None:
            term = terms[shown.tool]
            makers += [(place, kind) for kind in _kinds(schema, shown, term)]
    chance.shuffle(makers)
    beside: dict[int, list[Shown]] = {}
    for place, kind in makers[:count]:
        one = _made(schema, tools[place], terms, take, kind)
        beside.setdefault(place, []).append(one)
    found: list[Shown] = []
    for place, shown in enumerate(tools):
        mine = [shown, *beside.get(place, ())]
        chance.shuffle(mine)
        found += mine
    return found


def _kinds(schema: Schema, shown: Shown, term: Term) -> Iterator[str]:
    """Name the parts of a tool that can stand beside it."""
    properties = shown.face.parameters["properties"]
    if isinstance(term, Aggregate) and "function" in properties:
        yield "count"
        entity = schema.entity(term.entity)
        for function in term.functions:
            if function == "count":
                continue
            able = (f for f in term.fields if function in ("min", "max") or _adds(entity, f))
            yield from (f"{function} {field}" for field in islice(able, 2))
    elif isinstance(term, (Search, ListRelated)) and "sort_by" in properties:
        for name in term.sorts[:2]:
            for order in (Order(field=name), Order(field=name, descending=True)):
                if order != term.order:
                    yield f"sorted {name} {'down' if order.descending else 'up'}"


def _adds(entity: Entity, field: str) -> bool:
    return entity.field(field).type in ("integer", "decimal", "float")


def _made(schema: Schema, shown: Shown, terms: Mapping[str, Term], take: Take, kind: str) -> Shown:
    if not kind:
        name = take(*other_name(shown.name))
        return msgspec.structs.replace(shown, face=msgspec.structs.replace(shown.face, name=name))
    term = terms[shown.tool]
    word, _, rest = kind.partition(" ")
    if isinstance(term, Aggregate):
        entity = schema.entity(term.entity)
        if word == "count":
            return part(
                shown,
                take(f"count_{plural(entity)}", f"count_{entity.name}_rows"),
                f"Count the {entity.plural} that pass all filters given.",
                without=["field"],
                fixed={"function": "count"},
            )
        field = entity.field(rest)
        return part(
            shown,
            take(f"{word}_{entity.name}_{field.name}"),
            f"Compute the {_FIGURES[word]} {field.label} of the {entity.plural} that pass all "
            "filters given.",
            fixed={"function": word, "field": rest},
        )
    assert isinstance(term, (Search, ListRelated))
    entity = schema.entity(listed(term, schema) if isinstance(term, ListRelated) else term.entity)
    name, _, way = rest.partition(" ")
    first = "largest or latest" if way == "down" else "smallest or earliest"
    head = shown.face.description.partition(".")[0].partition(", ")[0]
    return part(
        shown,
        take(f"{shown.name}_by_{'highest' if way == 'down' else 'lowest'}_{name}"),
        f"{head}, the {first} {entity.field(name).label} first.",
        fixed={"sort_by": name, "descending": way == "down"},
    )
