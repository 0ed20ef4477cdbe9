"""What tools and parameters of a description say of themselves, and what is said for them.

Next: `making`.
"""

from __future__ import annotations

import re

from agentgym.rules.english import a, capital
from agentgym.schema import Entity, Field, Schema
from agentgym.sources.openapi.names import parts, snake
from agentgym.sources.openapi.prose import sentence
from agentgym.sources.openapi.resources import Use
from agentgym.tools.algebra import Link, ListRelated, Term, Unlink

__all__ = ["filter_text", "page_size", "said", "value_text"]

_PAGE = 20
_LARGEST_PAGE = 100


def page_size(use: Use) -> int:
    """Return how many rows an operation gives at a time: as it says, else the usual number."""
    for one in use.operation.takes:
        if snake(one.name) in ("limit", "per_page", "page_size", "size", "max_results", "pagesize"):
            for value in (one.shape.default, one.shape.most):
                if isinstance(value, int) and not isinstance(value, bool) and value >= 5:
                    return min(value, _LARGEST_PAGE)
    return _PAGE


_LISTED = re.compile(
    r"\b(?:comma[- ]separated|array|multiple|list) (?:list |string |values? )?", re.IGNORECASE
)


def value_text(description: str, field: Field, label: str) -> str:
    """Describe a parameter: in the words of the description, or of the field."""
    said = sentence(_plainly(description))
    if said and snake(said.rstrip(".")) not in (field.name, snake(field.label)):
        return said
    noun = " ".join("ID" if word == "id" else word for word in field.label.split())
    words = parts(noun.lower())
    owner = tuple(parts(label.lower()))
    if words[: len(owner)] == owner and len(words) > len(owner):
        noun = " ".join(noun.split()[len(label.split()) :])
    return capital(f"{noun} of the {label}.")


def filter_text(description: str, field: Field, op: str, entity: Entity) -> str:
    """Describe a parameter that narrows a list: in the words of the description, or our own."""
    said = sentence(_plainly(description))
    if said and snake(said.rstrip(".")) not in (field.name, snake(field.label)):
        return said
    match op:
        case "ge" | "gt":
            return f"Lowest {field.label} to include."
        case "le" | "lt":
            return f"Highest {field.label} to include."
        case "contains":
            return f"Only {entity.plural} with this text in the {field.label}."
        case _:
            return f"Only {entity.plural} with this {field.label}."


def _plainly(description: str) -> str:
    """Say of one value what is said of a list of them."""
    return _LISTED.sub("", description) if _LISTED.match(description) else description


def said(use: Use, term: Term, entity: Entity, schema: Schema) -> str:
    """Describe an operation of which the description says nothing."""
    if isinstance(term, ListRelated):
        owner = schema.entity(schema.relation(term.relation).target)
        return f"List the {entity.plural} of {a(owner.label)}."
    if isinstance(term, (Link, Unlink)):
        joined = [schema.entity(r.target).label for r in schema.parents(term.entity)]
        others = [label for label in joined if label != entity.label] or [entity.label]
        if isinstance(term, Link):
            return f"Add {a(entity.label)} to {a(others[0])}."
        return f"Remove {a(entity.label)} from {a(others[0])}."
    verbs = {"get": "Get", "list": "List", "create": "Create", "update": "Update",
             "delete": "Delete", "count": "Count"}  # fmt: skip
    verb = verbs.get(use.meant.verb, capital(" ".join(use.meant.word.split("_"))))
    if use.meant.verb in ("list", "count"):
        return f"{verb} {entity.plural}."
    return f"{verb} {a(entity.label)}."
