"""A blueprint clothed and dressed up: the draft of a business.

A `Blueprint` comes in, a `Draft` goes out, authored: nothing in it is inferred. Next:
`sources.draft`, and the way of a build.
"""

from __future__ import annotations

import re

from agentgym.rng import stream
from agentgym.rules.english import listing
from agentgym.schema import Schema
from agentgym.sources.compose.blueprint import Blueprint
from agentgym.sources.compose.clothe import clothe
from agentgym.sources.compose.glue import glue
from agentgym.sources.compose.library import Library, load, stamp
from agentgym.sources.compose.records import Industry
from agentgym.sources.compose.renaming import rename
from agentgym.sources.compose.rows import partial, size, values
from agentgym.sources.compose.usual import flows, states_of_rows
from agentgym.sources.draft import Draft

__all__ = ["compose", "name_of"]

_FEWEST_ROWS, _MOST_ROWS = 330, 480
_PLACE = re.compile(r"\b(of|at|for|in|with) (?:an?|the) [^,]*$")


def compose(blueprint: Blueprint, seed: int, *, library: Library | None = None) -> Draft:
    """Make the draft of a blueprint.

    Args:
        blueprint: Drawn from the library.
        seed: Decides the firm, the first number of codes and how many rows there are.
        library: Patterns and industries; the committed ones by default.

    Raises:
        FormatError: A committed file is not what it should be.
    """
    library = load() if library is None else library
    industry = library.industries[blueprint.industry]
    glued = glue(blueprint, library)
    naming = clothe(glued, industry)
    schema, rules, effects = rename(glued.schema, glued.rules, glued.effects, naming)
    rng = stream(seed, "compose", "draft", blueprint.index)
    firm = rng.choice(industry.firms)
    known = partial(glued, naming, industry)
    cycles = flows(blueprint, library)
    many = {naming.entities[slot].name: factor for slot, factor in glued.many.items()}
    return Draft(
        kind="compose",
        name=name_of(blueprint),
        sha256=stamp(library, blueprint.industry, list(blueprint.patterns)),
        schema=schema,
        authored=True,
        rules=rules,
        effects=effects,
        title=firm,
        description=_description(industry, firm, schema),
        size=size(
            schema,
            {name: len(rows) for name, rows in known.items()},
            many,
            rng.randint(_FEWEST_ROWS, _MOST_ROWS),
        ),
        many=many,
        values=(
            *values(glued, naming, industry, cycles, rng),
            *states_of_rows(cycles, naming),
        ),
        partial=known,
        tags={
            "industry": industry.name,
            "sector": industry.sector,
            "patterns": "+".join(blueprint.combination),
            "phase": "general",
        },
        options={"index": blueprint.index},
    )


def name_of(blueprint: Blueprint) -> str:
    """Return the name of the domain: `bakery_0042`."""
    return f"{blueprint.industry}_{blueprint.index:04}"


def _description(industry: Industry, firm: str, schema: Schema) -> str:
    """Say what the agent's job is: where it works, and what is kept there."""
    there = _PLACE.search(industry.desk)
    place = f"{industry.desk[: there.start(1)]}{there[1]} {firm}" if there else industry.desk
    where = place if there else f"{place} at {firm}"
    main = [entity for entity in schema.entities if entity.kind == "record"]
    named = [entity.plural for entity in main[:6]]
    kept = listing(named) if len(main) <= 6 else f"{', '.join(named)} and more"
    return (
        f"You work at {where}, which keeps records of {kept}. "
        "People ask you to look things up and to change records; "
        "your tools are the only way to do so."
    )
