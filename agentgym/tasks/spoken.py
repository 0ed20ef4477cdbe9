"""What a message may speak of, and what people ask for: decided before anything is drawn.

A schema comes in; out comes the same schema in which every entity and field that no words are
found for is unspoken, so that no plan is drawn that could not be said. Next: `walks`.
"""

from __future__ import annotations

import re

from msgspec.structs import replace

from agentgym.plan import Plan
from agentgym.rng import stream
from agentgym.schema import Entity, Field, Schema
from agentgym.tasks.words.lexicon import lexicon
from agentgym.tasks.words.plans import meant
from agentgym.tasks.words.speaker import Speaker
from agentgym.tasks.words.values import UnsayableError

__all__ = ["adds_up", "asked_for", "only_links", "spoken", "worded"]

_KEYS = frozenset("id ids identifier uuid guid key oid rowid pk serial".split())
"""Words at the ends of labels of what only a system needs to know."""
_NO_SUMS = frozenset(
    "rate rating score level percentage percent share depth draught draft height width temperature "
    "age year floor grade rank position latitude longitude index average mean ratio density "
    "minimum maximum min max speed reorder voltage frequency number probability radius elevation "
    "altitude pressure limit threshold factor multiplier discount deductible excess code".split()
)
"""Words of labels whose values do not add up to anything."""
_SUMS = frozenset(
    "weight mass area size hours hour minutes minute days weeks duration length distance mileage "
    "volume capacity tonnage population count quantity amount acreage bytes kilometres kilometers "
    "miles litres liters surface space load weights yield effort time".split()
)
"""Words of labels of measures whose values add up."""
_UNITS = frozenset(
    "kg g t lb lbs kilogram kilograms gram grams tonne tonnes ton tons pound pounds h hour hours "
    "min minute minutes day days km kilometre kilometres kilometer kilometers mile miles m2 km2 ha "
    "hectare hectares acre acres l litre litres liter liters ml byte bytes kb mb gb m3".split()
)
"""Units whose values add up."""
_MADE: dict[int, tuple[Schema, Schema]] = {}
_WORD = re.compile(r"[a-z0-9]+")


def spoken(schema: Schema) -> Schema:
    """Return the schema with everything unspoken that no message can mention.

    Args:
        schema: Of a domain.
    """
    known = _MADE.get(id(schema))
    if known is not None and known[0] is schema:
        return known[1]
    words = lexicon(schema)
    entities = []
    for entity in schema.entities:
        said = {field.name for field in words.fields(entity.name)}
        fields = tuple(
            replace(field, spoken=False) if field.spoken and field.name not in said else field
            for field in entity.fields
        )
        speakable = entity.spoken and entity.name in words.entities
        entities.append(replace(entity, fields=fields, spoken=speakable))
    made = replace(schema, entities=tuple(entities))
    if len(_MADE) >= 8:
        _MADE.pop(next(iter(_MADE)))
    _MADE[id(schema)] = schema, made
    return made


def worded(plan: Plan, schema: Schema) -> bool:
    """Tell whether there are phrases for a plan; whether they read back is not looked at.

    It costs a tenth of saying it.

    Args:
        plan: What is asked.
        schema: The schema with the labels.
    """
    acts = meant(plan, saying=True)
    for level in range(3):
        speaker = Speaker(lexicon(schema), stream("worded", level), level)
        try:
            speaker.message(acts, mine=plan.party is not None)
        except UnsayableError:
            continue
        return bool(acts)
    return False


def only_links(schema: Schema, entity: str) -> bool:
    """Tell whether rows say nothing but which two others go together: nobody counts or makes them.

    Args:
        schema: Of a domain, or what `spoken` made of it.
        entity: What the rows are of.
    """
    words = lexicon(next((old for old, new in _MADE.values() if new is schema), schema))
    return words.only_links(entity) and not words.fields(entity)


def asked_for(entity: Entity, field: Field) -> bool:
    """Tell whether a person would want to know the field: no key, nor what stands for one.

    Args:
        entity: What it is of.
        field: The field.
    """
    words = _WORD.findall(field.label.lower())
    if not words or words[-1] in _KEYS:
        return False
    if field.role == "flag" or (field.name in entity.key and field.type == "integer"):
        return False
    return entity.kind != "link" or field.role != "code"


def adds_up(field: Field) -> bool:
    """Tell whether the values of several rows add up to something: money, counts, weights.

    Args:
        field: The field.
    """
    words = set(_WORD.findall(field.label.lower()))
    if field.type not in ("integer", "decimal") or words & _NO_SUMS:
        return False
    if field.role == "measure":
        unit = set(_WORD.findall((field.unit or "").lower()))
        return bool(words & _SUMS or unit & _UNITS)
    return field.role in ("money", "quantity")
