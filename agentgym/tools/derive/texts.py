"""What tools and parameters say of themselves, in the English of a good API.

Fields, filters and terms come in, one or two sentences each go out. Next: `reads`, `writes`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from agentgym.rules.english import a, capital, clip, listing, of_the, own, plain, value
from agentgym.schema import Entity, Field, Relation
from agentgym.tools.algebra import Op, Order

__all__ = [
    "argument",
    "cut",
    "filter_text",
    "given_by",
    "key_text",
    "labels_listing",
    "noun",
    "order_text",
    "original",
    "row_of",
    "shown",
    "which",
]

LONGEST = 1000
"""Characters in a description; the strictest tool-calling interface allows 1024."""

_KEY_WORDS = frozenset("id key code number no nr uuid guid".split())
_VERBS = frozenset("is has are was were can may must should will does did allows needs".split())
_GIVEN = re.compile(r", as (\w+)(?: or (\w+))? gives? it")
_SENTENCES = re.compile(r"(?<=[.!?]) (?=[A-Z])")
_PLUMBING = re.compile(r"(?:primary|foreign|surrogate|clustered) key\b", re.IGNORECASE)
"""What a source says of its tables, and not of the business."""
_FORMS = {
    "date": "as YYYY-MM-DD",
    "datetime": "as YYYY-MM-DDTHH:MM:SSZ, in UTC",
    "bytes": "in base64",
}


def given_by(tools: Sequence[str]) -> str:
    """Say which tools give the value, as a clause that `shown` can take out again."""
    return f", as {' or '.join(tools[:2])} gives it" if tools else ""


def shown(text: str, names: frozenset[str]) -> str:
    """Leave out of a text the clause about tools that are not shown."""

    def keep(match: re.Match[str]) -> str:
        return given_by([name for name in match.groups() if name in names])

    return _GIVEN.sub(keep, text)


def which(text: str, end: str) -> str:
    """Say of a row that a parameter names which of several it is: `ID of the track to take out`."""
    head, mark, rest = text.partition(", as ")
    if not mark:
        head, mark, rest = text.partition(".")
    return f"{head} {end}{mark}{rest}"


def original(entity: Entity, field: Field | None = None) -> str:
    """Name what the source calls it, where our name is only a transcription of that."""
    source = entity.source if field is None else field.source
    return "" if source.isascii() or not source else f' In the source: "{plain(source)}".'


def row_of(relation: Relation, parent: Entity) -> str:
    """Say what the target of a relation is: `customer`, `support representative (an employee)`."""
    if relation.label in ("", parent.label):
        return parent.label
    return f"{relation.label} ({a(parent.label)})"


def noun(entity: Entity, field: Field) -> str:
    """Say a field without its entity; the key is its last word, however the source prefixes it.

    The city of a city is its name.
    """
    if field.label == entity.label and field.role in ("label", "code", "place", "other"):
        return "name"
    words = own(field.label, entity.label).split()
    if entity.key == (field.name,) and words[-1].lower() in _KEY_WORDS:
        words = words[-1:]
    return " ".join(words)


def key_text(entity: Entity, field: Field, owner: str, finders: Sequence[str]) -> str:
    """Describe a parameter that names a row by its key."""
    said = capital(f"{noun(entity, field)} of the {owner}{given_by(finders)}.")
    return said + original(entity, field)


def argument(
    entity: Entity,
    field: Field,
    *,
    pointer: tuple[str, str, Sequence[str]] | None = None,
    clears: bool = False,
) -> str:
    """Describe a parameter that holds a value to be written or to be found.

    Args:
        entity: The entity.
        field: Its field.
        pointer: For a reference: what it points to, its field there, the tools that give it.
        clears: Whether a row that exists is changed: null empties the field, no default counts.
    """
    if pointer is not None:
        target, theirs, finders = pointer
        said = f"{theirs} of the {target}{given_by(finders)}"
    elif field.type == "boolean":
        said = _yes_or_no(entity, field)
    else:
        said = f"{noun(entity, field)} of the {entity.label}{_form(field)}"
    said = capital(said)
    if field.default is not None and not clears:
        said += f"; {value(field, field.default)} by default"
    if clears and field.nullable:
        said += "; null empties it"
    return said + "." + _comment(entity, field) + original(entity, field)


def filter_text(
    entity: Entity,
    field: Field,
    op: Op,
    *,
    pointer: tuple[str, str, Sequence[str]] | None = None,
) -> str:
    """Describe a parameter that keeps some rows of a list."""
    rows = f"Only {entity.plural}"
    if pointer is not None:
        target, theirs, finders = pointer
        return f"{rows} of this {target}: its {theirs}{given_by(finders)}."
    unit = f", in {field.unit}" if field.unit and not _says_unit(field) else ""
    day = field.type in ("date", "datetime")
    form = f", {_FORMS[field.type]}" if day else unit
    match op:
        case "eq" if field.type == "boolean":
            return f'{rows} for which "{field.label}" is true, or only those for which it is false.'
        case "eq" if field.type == "text":
            return f"{rows} with exactly this {noun(entity, field)}, ignoring case."
        case "eq":
            return f"{rows} with this {noun(entity, field)}{form}."
        case "contains":
            return f"{rows} with this text in the {noun(entity, field)}, ignoring case."
        case "ge":
            return f"{'Earliest' if day else 'Lowest'} {field.label} to include{form}."
        case "le":
            return f"{'Latest' if day else 'Highest'} {field.label} to include{form}."
        case _:
            return f"{rows} {'above' if op == 'gt' else 'below'} this {field.label}{form}."


def order_text(entity: Entity, order: Order | None) -> str:
    """Say how a list is sorted by default: `, newest first`."""
    if order is None:
        return ""
    field = entity.field(order.field)
    if order.descending and field.type in ("date", "datetime"):
        return ", newest first"
    return f", sorted by {noun(entity, field)}" + (" from the largest" if order.descending else "")


def cut(text: str) -> str:
    """Keep a description within the limit."""
    return clip(text, LONGEST)


def labels_listing(labels: Sequence[str], most: int = 4) -> str:
    """List the labels of fields, the first few of many."""
    labels = list(dict.fromkeys(labels))
    if len(labels) <= most + 1:
        return listing(labels)
    return ", ".join(labels[:most]) + " and more"


def _yes_or_no(entity: Entity, field: Field) -> str:
    first, _, rest = field.label.partition(" ")
    if first in _VERBS and rest:
        return f"whether the {entity.label} {field.label}"
    return f"{of_the(field.label, entity.label)}: true for yes, false for no"


def _form(field: Field) -> str:
    if field.type in _FORMS:
        return f", {_FORMS[field.type]}"
    parts = [f"in {field.unit}"] if field.unit and not _says_unit(field) else []
    if field.type == "decimal" and field.scale:
        noun = "digit" if field.scale == 1 else "digits"
        parts.append(f"with at most {field.scale} {noun} after the point")
    return f", {', '.join(parts)}" if parts else ""


def _says_unit(field: Field) -> bool:
    return field.unit == "ms" and "milliseconds" in field.label.split()


def _comment(entity: Entity, field: Field) -> str:
    told = [part for part in _SENTENCES.split(plain(field.comment)) if not _PLUMBING.match(part)]
    said = clip(capital(" ".join(told)), 160)
    known = f"{field.label} {entity.label} {entity.plural} the of an a".lower().split()
    if set(said.lower().rstrip(".").split()) <= set(known):
        return ""
    return f" {said}{'' if said.endswith(('.', '!', '?')) else '.'}" if said else ""
