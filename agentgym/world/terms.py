"""Words of the trade looked up: what one means, in a sentence and in conditions on rows.

A term of the algebra comes in, a body that answers calls goes out. Next: `compile`.
"""

from __future__ import annotations

from agentgym.formats import Json
from agentgym.rules.english import a, capital
from agentgym.schema import Schema
from agentgym.schema.types import fold
from agentgym.tools.algebra import LookUpTerm, Meaning
from agentgym.world.arguments import Parameter, Reader, words
from agentgym.world.reads import Body
from agentgym.world.refusals import refuse, show
from agentgym.world.rows import World

__all__ = ["look_up_term"]

_OPS = {
    "eq": "is",
    "lt": "is less than",
    "le": "is at most",
    "gt": "is more than",
    "ge": "is at least",
}


def look_up_term(name: str, term: LookUpTerm, schema: Schema) -> Body:
    """Compile a tool that tells what words of the trade mean.

    Args:
        name: Of the tool.
        term: Its words.
        schema: Of the domain, for the labels.
    """
    read = Reader(name, [Parameter("term", words("term"), required=True)])
    known = {fold(one.term): _told(one, schema) for one in term.entries}

    def body(world: World, arguments: object) -> Json:
        del world
        given = str(read(arguments)["term"])
        found = known.get(fold(given.strip().strip("\"“”'")))
        if found is None:
            told = f"{show(given)} is no word of the trade; look up the word alone, as it was said"
            refuse("not_found", told, parameter="term")
        return {**found, "where": [dict(one) for one in found["where"]]}

    return body


def _told(one: Meaning, schema: Schema) -> dict[str, Json]:
    entity = schema.entity(one.entity)
    parts = [
        f"whose {entity.field(c.field).label} {_OPS[c.op]} {_shown(c.value)}" for c in one.where
    ]
    return {
        "term": one.term,
        "meaning": f"{capital(a(entity.label))} {' and '.join(parts)}.",
        "entity": entity.name,
        "where": [{"field": c.field, "op": c.op, "value": c.value} for c in one.where],
    }


def _shown(value: Json) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)
