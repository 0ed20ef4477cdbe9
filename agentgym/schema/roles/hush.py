"""Last words on labels: what is the name, and what people never mention though it has a word.

In come judged fields with samples of their values; out they go, those that hold ids,
clocks or digests no longer `spoken`. Next: `lifecycle`.
"""

from __future__ import annotations

import re

import msgspec

from agentgym.schema import Entity, Field
from agentgym.schema.roles.sample import Sample
from agentgym.schema.roles.words import joined

__all__ = ["called", "hushed"]

_IDS = frozenset({"ID", "IDs", "OID", "OIDs", "UUID", "UUIDs", "GUID", "GUIDs", "UID", "PK", "FK"})
_CLOCKS = frozenset({"epoch", "unix", "timestamp"})
_DIGESTS = frozenset({"SHA", "MD5", "SHA-1", "SHA-256", "checksum", "hash", "digest", "etag"})
_MADE = re.compile(r"[a-z]+_\w+|\w+(?:[:/#]\w+)+", re.IGNORECASE)
_EPOCH = 10**8


def called(fields: list[Field], entity: Entity) -> list[Field]:
    """Call a text that is called like its entity its name: `the name of the artist`."""
    taken = {field.label for field in fields}
    return [
        msgspec.structs.replace(field, label="name")
        if field.label == entity.label
        and field.type == "text"
        and field.role in ("label", "code", "person", "place", "other")
        and "name" not in taken
        else field
        for field in fields
    ]


def hushed(field: Field, seen: Sample) -> Field:
    """Return the field, not spoken where its values are for programs only.

    Args:
        field: With its role.
        seen: A sample of its values, maybe empty.
    """
    reason = _reason(field, seen) if field.spoken and field.role not in ("key", "reference") else ""
    if not reason:
        return field
    return msgspec.structs.replace(
        field, spoken=False, evidence=joined(field.evidence, f"not spoken: {reason}")
    )


def _reason(field: Field, seen: Sample) -> str:
    words = field.label.split(" ")
    numbers = [value for value in seen.values if isinstance(value, int)]
    if words[-1] in _IDS:
        if field.type == "integer" or field.role == "other":
            return "an id"
        if seen.texts and sum(bool(_MADE.fullmatch(text)) for text in seen.texts) * 2 > len(seen):
            return "an id, with values made by programs"
    if field.type == "integer" and _CLOCKS & set(words):
        return "a clock"
    if field.role == "time" and numbers and all(abs(n) > _EPOCH for n in numbers):
        return "seconds of a clock"
    if field.type in ("text", "bytes") and _DIGESTS & set(words):
        return "a digest"
    if any(seen.texts and seen.looks(pattern) for pattern in ("uuid", "hex")):
        return "values are no words"
    return ""
