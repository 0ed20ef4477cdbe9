"""What an industry says of rows: lists that it has, texts, ranges, and how many there are.

A `Glued`, its `Naming` and the industry come in; values and partial rows of a draft go out.
Next: `draft`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any

import msgspec

from agentgym.formats import Json
from agentgym.schema import Schema
from agentgym.schema.names.lexicon import vocabulary
from agentgym.sources.compose.fields import states_of, wire
from agentgym.sources.compose.glue import Glued
from agentgym.sources.compose.records import FieldSpec, Flow, Industry
from agentgym.sources.compose.renaming import FieldName, Naming
from agentgym.sources.draft import Values

__all__ = ["partial", "size", "values"]

_HOMES: list[dict[str, Any]] = vocabulary("homes")["homes"]
_TOWNS = ("city", "destination")
_FIRST = (101, 1001, 2001, 4001, 10001)
_CODES = 400
"""Codes of an entity, more than any has rows."""


def values(
    glued: Glued, naming: Naming, industry: Industry, flows: Mapping[str, Flow], rng: Random
) -> tuple[Values, ...]:
    """Say what made rows hold: examples, ranges, codes and towns, in the names of the trade.

    Args:
        glued: The structure, in general words.
        naming: Its names.
        industry: Whose values; they go before those of the patterns.
        flows: Slot to its life cycle.
        rng: For the first code, and the region in which the business is at home.
    """
    first = rng.choice(_FIRST)
    homes = [home for home in _HOMES if home["currency"] == industry.currency]
    home = rng.choice(homes) if homes else None
    phones = [] if home is None else _phones(home["prefix"], rng)
    towns = home["towns"] if home else []
    found = _values(glued, naming, industry, first, towns, phones)
    return tuple(_in_states(found, glued, naming, flows))


def _phones(prefix: str, rng: Random) -> list[str]:
    """Return telephone numbers of a region, from the ranges kept for fiction."""
    areas = rng.sample(range(201, 989) if prefix == "+1" else range(21, 99), 4)
    found = [f"{prefix} {area} 555 0{line}" for area in areas for line in range(100, 200)]
    rng.shuffle(found)
    return found


def _values(
    glued: Glued,
    naming: Naming,
    industry: Industry,
    first: int,
    towns: Sequence[str],
    phones: Sequence[str],
) -> Iterator[Values]:
    for entity in glued.schema.entities:
        clothes = industry.slots[entity.name]
        if entity.key == ("key",) and entity.field("key").type == "text":
            head = clothes.code or _head(clothes.noun)
            yield Values(
                entity=naming.entities[entity.name].name,
                field=naming.fields[entity.name]["key"].name,
                values=tuple(f"{head}-{first + number}" for number in range(_CODES)),
            )
        for name, spec in glued.specs[entity.name].items():
            if (entity.name, name) in glued.schema.computed:
                continue
            repeats = _path(glued, naming, entity.name, spec.repeats)
            within = _path(glued, naming, entity.name, spec.within)
            along = _path(glued, naming, entity.name, spec.after) if "." in spec.after else ()
            names = naming.fields[entity.name]
            one = _of_field(spec, names, along)
            near = towns if name in _TOWNS else phones if name == "phone" else ()
            if one is None and near:
                one = Values(entity="", field="", values=tuple(near))
            if one is None and (repeats or within or spec.only):
                one = Values(entity="", field="")
            named = name == "name" and clothes.naming in ("person", "company")
            if one is None or (named and name not in clothes.values):
                continue
            yield Values(
                entity=naming.entities[entity.name].name,
                field=names[name].name,
                values=one.values,
                least=one.least,
                most=one.most,
                step=one.step,
                after=one.after,
                along=along[:-1],
                within=within,
                repeats=repeats,
            )


def _path(glued: Glued, naming: Naming, slot: str, given: str) -> tuple[str, ...]:
    """Say what a field repeats: relations up, and a field; nothing where one is not there."""
    found: list[str] = []
    *labels, field = given.split(".")
    for label in labels:
        relation = f"{slot}_{label}"
        if relation not in glued.references:
            return ()
        found.append(naming.relations[relation].name)
        slot = glued.references[relation][1].to
    name = naming.fields[slot].get(field)
    return (*found, name.name) if found and name is not None else ()


def _head(noun: str) -> str:
    words = noun.replace("-", " ").split(" ")
    if len(words) > 1:
        return "".join(word[0] for word in words[:3]).upper()
    return noun[:3].upper()


def _in_states(
    found: Iterator[Values], glued: Glued, naming: Naming, flows: Mapping[str, Flow]
) -> Iterator[Values]:
    """Say of fields that only rows in some states have which states these are."""
    states: dict[tuple[str, str], tuple[str, ...]] = {}
    for slot, specs in glued.specs.items():
        for name, spec in specs.items():
            if spec.only and slot in flows:
                said = naming.values[slot]["status"]
                marks = flows[slot].marks
                told = [s for one in spec.only for s in marks.get(one[1:], (one,))]
                key = naming.entities[slot].name, naming.fields[slot][name].name
                states[key] = tuple(dict.fromkeys(said[state] for state in told if state in said))
    for one in found:
        yield msgspec.structs.replace(one, only=states.get((one.entity, one.field), ()))


def _of_field(
    spec: FieldSpec, names: Mapping[str, FieldName], along: tuple[str, ...]
) -> Values | None:
    if spec.type == "enum":
        return None
    if spec.after:
        if not along and spec.after not in names:
            return None
        after = along[-1] if along else names[spec.after].name
        return Values(
            entity="", field="", least=spec.least, most=spec.most, step=spec.step, after=after
        )
    if spec.examples:
        listed = tuple(wire(spec, value) for value in spec.examples)
        return Values(entity="", field="", values=listed)
    if spec.least is None or spec.most is None:
        return None
    return Values(
        entity="",
        field="",
        least=wire(spec, spec.least),
        most=wire(spec, spec.most),
        step=None if spec.step is None else wire(spec, spec.step),
    )


def partial(
    glued: Glued, naming: Naming, industry: Industry
) -> dict[str, tuple[dict[str, Json], ...]]:
    """Say the rows that the trade has, as far as known: entity to rows, in the names of the trade.

    Lists of names that the trade gives are rows as well. What speaks of a field, a value or a
    row that the structure lacks is left out.
    """
    known = {e.name: _listed(glued, industry, e.name) for e in glued.schema.entities}
    labels = {slot: {row.get("name", row.get("title")) for row in rows}
              for slot, rows in known.items()}  # fmt: skip
    found: dict[str, tuple[dict[str, Json], ...]] = {}
    for slot, rows in known.items():
        if rows:
            found[naming.entities[slot].name] = tuple(
                _row(glued, naming, slot, row, labels) for row in rows
            )
    return found


def _listed(glued: Glued, industry: Industry, slot: str) -> list[dict[str, Json]]:
    """Return the rows of a slot, in the names of the pattern.

    Rows without a name are samples, which occur again and again: lines of invoices, reviews.
    """
    clothes = industry.slots[slot]
    if clothes.rows:
        rows = [{"_".join(k.split()): v for k, v in row.items()} for row in clothes.rows]
        if any({"name", "title"} & row.keys() for row in rows):
            return rows
        return rows * max(_SAMPLES // len(rows), 1)
    spec = glued.specs[slot].get("name")
    if spec is None or clothes.naming in ("person", "company"):
        return []
    names = clothes.values.get("name", ())
    if not names and spec.unique and glued.schema.entity(slot).kind == "lookup":
        names = spec.examples
    return [{"name": name} for name in dict.fromkeys(names)]


def _row(
    glued: Glued,
    naming: Naming,
    slot: str,
    row: Mapping[str, Json],
    labels: Mapping[str, set[Json]],
) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for name, value in row.items():
        relation = f"{slot}_{name}"
        if relation in glued.references:
            to = glued.references[relation][1].to
            if value in labels[to]:
                found[naming.relations[relation].name] = value
        elif name == "status":
            said = naming.values.get(slot, {}).get(name, {})
            plain = str(value).replace("_", " ")
            if plain in said.values() or value in said:
                found[naming.fields[slot][name].name] = said.get(str(value), plain)
        elif name in glued.specs[slot] and (slot, name) not in glued.schema.computed:
            spec = glued.specs[slot][name]
            new = naming.fields[slot][name].name
            if spec.type != "enum":
                found[new] = wire(spec, value)
            elif states_of(spec) or value in spec.values:
                found[new] = naming.values.get(slot, {}).get(name, {}).get(str(value), value)
    return found


def size(schema: Schema, known: Mapping[str, int], many: Mapping[str, float], wanted: int) -> int:
    """Choose how many rows a principal entity gets, so that all have about as many as wanted.

    Args:
        schema: The structure.
        known: Entity to its number of rows, where that is known.
        many: Entity to a factor on its number of rows.
        wanted: Rows in all.
    """
    weight, fixed = 0.0, 0
    for entity in schema.entities:
        above = [r for r in schema.parents(entity.name) if r.target != entity.name]
        if entity.name in known:
            fixed += known[entity.name]
        elif entity.kind == "lookup":
            fixed += 8
        else:
            usual = 3.0 if entity.kind == "log" else 2.0 if above else 1.0
            weight += usual * many.get(entity.name, 1.0)
    return min(max(round((wanted - fixed) / max(weight, 1.0)), _SMALL), _BIG)


_SMALL, _BIG = 12, 45
_SAMPLES = 60
"""About as many rows are made of samples."""
_DAY = 24
"""Hours; what lasts longer than a day lasts whole days."""
