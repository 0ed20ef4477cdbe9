"""Which text of an entity names its rows: `name`, `title`, `subject`.

In come the judged fields of one entity; out they go, one of them perhaps as `label`.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from agentgym.schema import Field
from agentgym.schema.roles.case import Setting
from agentgym.schema.roles.sample import Sample
from agentgym.schema.roles.words import any_of, ends, joined, names, phrases, single

__all__ = ["choose_label"]

_OPEN = ("other", "category", "text", "place")
_OTHERS = frozenset(
    {"contact", "recipient", "sender", "ship", "reviewer", "owner", "author", "title"}
)


def choose_label(
    fields: Sequence[Field], samples: Sequence[Sample], setting: Setting
) -> list[Field]:
    """Return the fields with at most one label, chosen by name first and values second.

    Args:
        fields: The fields of the entity, judged one by one.
        samples: The values of each.
        setting: The entity.
    """
    ranked = []
    for place, (field, seen) in enumerate(zip(fields, samples, strict=True)):
        found = _rank(field, seen, setting, fields)
        if found is not None:
            ranked.append((found[0], place, found[1]))
    chosen = list(fields)
    if any(field.role == "label" for field in fields) or not ranked:
        return chosen
    _, place, why = min(ranked)
    field = chosen[place]
    chosen[place] = msgspec.structs.replace(
        field, role="label", unique=field.unique, evidence=joined(_kept(field), why)
    )
    return chosen


def _kept(field: Field) -> tuple[str, ...]:
    return tuple(e for e in field.evidence if not e.startswith(("the name ", "values look ")))


def _rank(
    field: Field, seen: Sample, setting: Setting, fields: Sequence[Field]
) -> tuple[int, str] | None:
    if field.type != "text" or field.role not in _OPEN or seen.is_prose:
        return None
    words = names(field)
    if any(_is_own_name(other) for other in fields):
        return None
    spread = len(seen.distinct) * 2 >= len(seen)
    entity = set(names(setting.entity)[0])
    if field.role != "text" and set(words[0]) == entity and spread:
        return 5, f"called as the {setting.entity.label} itself"
    found = ends(words, phrases("label"))
    if found and spread and not any_of(words, single("not_label")):
        before = words[0][: -len(found.split(" "))]
        order = [" ".join(phrase) for phrase in phrases("label")].index(found)
        if not set(before) - entity - single("own_names"):
            return order + 10 * len(before), f"{field.label!r} names the row"
        if len(seen.distinct) * 5 >= len(seen) * 4 and seen.texts:
            return 120 + order, f"{field.label!r} tells the rows apart"
        return None
    alone = all(f.role not in ("code", "person") for f in fields if f.name != field.name)
    if words[0][-1:] == ("description",) and seen.texts and seen.length <= 40 and alone and spread:
        return 150, "short texts that differ"
    if field.role in ("text", "place") or not field.spoken or not alone:
        return None
    if seen.is_unique and seen.length <= 60 and not seen.looks("path"):
        return 200, f"no two of {len(seen)} values are alike"
    free = [f for f in fields if f.type == "text" and f.role in _OPEN and f.role != "text"]
    lone = free == [field] and not seen.texts and not field.nullable and not _is_plain(field)
    if lone and len(set(setting.references.values())) < 2:
        return 300, "the only text that could name the row"
    return None


def _is_own_name(field: Field) -> bool:
    """Tell whether the field holds the name of the person that the row is."""
    return field.role == "person" and not set(names(field)[0]) & _OTHERS


def _is_plain(field: Field) -> bool:
    """Tell whether the name speaks against being what people call the row."""
    words = names(field)
    return bool(
        set(words[0][-1:]) & single("id")
        or ends(words, phrases("plain"))
        or ends(words, phrases("category"))
        or ends(words, phrases("time"))
        or (field.max_length or 0) > 400
    )
