"""What kind of thing an entity is: a record, a link, a lookup list or a log; whom it serves.

In comes a schema whose fields are judged; out go kinds, what may be written, and the
principal: the person or account that the business is about.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from agentgym.schema import Entity, Schema
from agentgym.schema.roles.words import names, single, vocabulary
from agentgym.schema.types import Row

__all__ = ["kind_of", "principal", "writable"]

_Kind = Literal["record", "link", "lookup", "log"]
_SMALL = 60
_SILENT = ("audit", "key", "reference")


def kind_of(schema: Schema, entity: Entity, rows: Sequence[Row]) -> tuple[_Kind, tuple[str, ...]]:
    """Return the kind of an entity, and why; a kind that the source gave is kept."""
    if entity.kind != "record":
        return entity.kind, ()
    findings: tuple[tuple[_Kind, str], ...] = (
        ("link", _link(schema, entity)),
        ("log", _log(schema, entity)),
        ("lookup", _lookup(schema, entity, len(rows))),
    )
    for kind, why in findings:
        if why:
            return kind, (why,)
    return "record", ()


def _link(schema: Schema, entity: Entity) -> str:
    parents = schema.parents(entity.name)
    ends = {name for relation in parents for name in relation.fields}
    joined = [key for key in (entity.key, *entity.uniques) if len(key) > 1 and set(key) <= ends]
    extra = [f for f in entity.fields if f.name not in ends and f.role not in ("audit", "key")]
    surrogate = len(parents) == 2 and not extra and entity.key_source != "given"
    bare = len(parents) >= 2 and len(extra) <= 1 and not schema.children(entity.name)
    if bare and (joined or surrogate):
        targets = " and ".join(schema.entity(r.target).label for r in parents[:2])
        return f"joins {targets} and says little more"
    return ""


def _log(schema: Schema, entity: Entity) -> str:
    words = names(entity)[0]
    last = words[-1] if words else ""
    found = last if last in single("log_words") else ""
    if "audit" in words or words[-2:] in (("log", "entry"), ("history", "archive")):
        found = found or words[-2]
    alone = words == ("history",)
    if found and not alone and not schema.children(entity.name) and schema.parents(entity.name):
        return f"the name says {found!r} and nothing refers to it"
    return ""


def _lookup(schema: Schema, entity: Entity, size: int) -> str:
    if schema.parents(entity.name) or not schema.children(entity.name):
        return ""
    last = names(entity)[0][-1:]
    listed = bool(last) and last[0] in single("lookup_words")
    users = [schema.entity(r.entity) for r in schema.children(entity.name)]
    if not listed and all(_link(schema, user) or user.kind == "link" for user in users):
        return ""
    told = [f for f in entity.fields if f.role not in _SILENT]
    if len(told) > 3 or not told or any(f.role in ("person", "contact", "secret") for f in told):
        return ""
    count = len(schema.children(entity.name))
    many = f"{count} relation" + ("s" if count > 1 else "")
    if 0 < size <= _SMALL:
        return f"{size} rows of few fields, target of {many}"
    if not size and listed:
        return f"a list called {last[0]!r}, target of {many}"
    return ""


def writable(entity: Entity, kind: _Kind) -> tuple[bool, tuple[str, ...]]:
    """Tell whether tools may write the rows of an entity, and why not."""
    if not entity.writable:
        return False, ()
    if kind == "log":
        return False, ("not written by tools: a log grows by itself",)
    if not entity.spoken:
        return False, ("not written by tools: its name is made of no words",)
    return True, ()


def principal(schema: Schema) -> Schema:
    """Mark the entity that stands for the person or account served, where there is one.

    It gets a sentence of evidence that starts with `principal:`.
    """
    ranked = []
    order = _ordered()
    for place, entity in enumerate(schema.entities):
        if any(text.startswith("principal:") for text in entity.evidence):
            return schema
        word = names(entity)[0][-1:]
        if entity.kind != "record" or not entity.spoken or not word or word[0] not in order:
            continue
        personal = sum(f.role in ("person", "contact") for f in entity.fields)
        children = len(schema.children(entity.name))
        exact = len(names(entity)[0]) == 1
        if personal or children:
            score = (not personal, not exact, order.index(word[0]) - min(children, 8), place)
            ranked.append((score, entity.name, children))
    if not ranked:
        return schema
    _, name, children = min(ranked)
    entity = schema.entity(name)
    called = names(entity)[0][-1]
    why = f"principal: called {called!r}, target of {children} relation" + "s" * (children != 1)
    return msgspec.structs.replace(
        schema,
        entities=tuple(
            msgspec.structs.replace(e, evidence=(*e.evidence, why)) if e is entity else e
            for e in schema.entities
        ),
    )


def _ordered() -> list[str]:
    return [word.casefold() for word in vocabulary("roles")["principals"]]
