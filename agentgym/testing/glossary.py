"""Words of the trade, looked up once more: what the kit expects a glossary to tell.

A term of the algebra and a word come in; the result comes out, or a refusal. Next: `model`.
"""

from __future__ import annotations

from agentgym.formats import Json
from agentgym.rules.english import a, capital
from agentgym.schema import Schema
from agentgym.testing.arithmetic import No
from agentgym.tools.algebra import LookUpTerm

__all__ = ["meaning"]

_SAID = {"eq": "", "lt": "less than ", "le": "at most ", "gt": "more than ", "ge": "at least "}


def meaning(term: LookUpTerm, schema: Schema, word: str) -> Json:
    """Return what a word means; whatever its case, quotes and spaces around it.

    Raises:
        No: It is no word of the trade.
    """
    plain = word.strip().strip("\"'“”").casefold()
    for entry in term.entries:
        if entry.term.casefold() == plain:
            break
    else:
        raise No("not_found")
    entity = schema.entity(entry.entity)
    clauses = []
    for one in entry.where:
        value = f'"{one.value}"' if isinstance(one.value, str) else f"{one.value}"
        clauses.append(f"whose {entity.field(one.field).label} is {_SAID[one.op]}{value}")
    return {
        "term": entry.term,
        "meaning": capital(f"{a(entity.label)} {' and '.join(clauses)}."),
        "entity": entry.entity,
        "where": [{"field": c.field, "op": c.op, "value": c.value} for c in entry.where],
    }
