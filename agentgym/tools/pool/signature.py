"""What operations are compared by: the names and types of what they take and give.

An `Operation` comes in, a `Signature` goes out: small enough for a pool of hundreds of thousands.
Names are words: `petId`, `pet_id` and the `id` of what a path calls `/pets/{id}` are all
`pet id`. Next: `graph`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from agentgym.formats import Record
from agentgym.tools.pool.operation import Operation, Shape

__all__ = ["Signature", "Trait", "signature", "singular", "words"]

_SPLIT = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_BARE = frozenset("id ids uuid guid key code number no slug name ref sha arn uid oid pk".split())
"""Words that name a thing only together with what it is of."""
_MARKS = frozenset("id uuid guid uid oid key code number slug ref sha arn".split())
"""Last words of what one thing is known by."""
_NOISE = frozenset(
    """href url uri link self rel type kind object etag created updated modified created at
    updated at limit offset page page size per page sort order fields format locale language
    api version cursor next token count total status message error errors success meta
    metadata""".split()
)
_DEPTH = 3
_MOST = 60


class Trait(Record, kw_only=True):
    """One thing that an operation takes or gives."""

    name: str
    """Lower-case words: `pet id`."""
    type: str
    required: bool = False
    mark: bool = False
    """Whether it says which one: an identifier."""


class Signature(Record, kw_only=True):
    """What an operation is compared by."""

    api: str
    name: str
    resource: str
    """`pet`; empty where it is about no resource."""
    writes: bool = False
    many: bool = False
    takes: tuple[Trait, ...] = ()
    gives: tuple[Trait, ...] = ()


def words(name: str) -> tuple[str, ...]:
    """Split a name into lower-case words, the last one in the singular."""
    found = [word.lower() for word in _SPLIT.findall(name)]
    return (*found[:-1], singular(found[-1])) if found else ()


def singular(word: str) -> str:
    """Return the singular of an English word, as far as its ending tells."""
    if word == "ids":
        return "id"
    if len(word) < 4 or word.endswith(("ss", "us", "is", "news", "series", "species")):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "xes", "sses", "zes")):
        return word[:-2]
    return word.removesuffix("s")


def signature(operation: Operation) -> Signature:
    """Reduce an operation to what it is compared by.

    Returns:
        At most 60 traits a side, each name once; what pages, links and audits is left out.
    """
    resource = " ".join(words(operation.resource))
    owners = dict(_owners(operation.path))
    takes: dict[str, Trait] = {}
    for one in operation.takes:
        owner = owners.get(one.name, resource)
        if one.place == "body" and not one.shape.scalar:
            for name, shape in _inner(one.shape, ()):
                _add(takes, name, shape, owner=resource, required=False)
        else:
            _add(takes, (one.name,), one.shape, owner=owner, required=one.required)
    gives: dict[str, Trait] = {}
    if operation.gives is not None:
        for name, shape in _inner(operation.gives, ()):
            _add(gives, name, shape, owner=resource, required=False)
    return Signature(
        api=operation.api,
        name=operation.name,
        resource=resource,
        writes=operation.writes,
        many=operation.many,
        takes=tuple(takes.values())[:_MOST],
        gives=tuple(gives.values())[:_MOST],
    )


def _owners(path: str) -> Iterator[tuple[str, str]]:
    """Yield the parameters of a path and what each is of: the collection before it."""
    before = ""
    for part in path.split("/"):
        if part.startswith("{"):
            yield part.strip("{}"), before
        elif part:
            before = " ".join(words(part))


def _inner(shape: Shape, above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Shape]]:
    inner = shape.items if shape.type == "array" and shape.items is not None else shape
    if len(above) >= _DEPTH:
        return
    for one in inner.fields:
        if one.scalar:
            yield (*above, one.name), one
        else:
            yield from _inner(one, (*above, one.name))


def _add(
    found: dict[str, Trait], path: tuple[str, ...], shape: Shape, *, owner: str, required: bool
) -> None:
    own = words(path[-1])
    if not own:
        return
    if len(own) == 1 and own[0] in _BARE:
        above = words(path[-2]) if len(path) > 1 else tuple(owner.split())
        own = (*above, *own)
    name = " ".join(own)
    if name in _NOISE or own[-1] in ("href", "url", "uri", "link"):
        return
    kind = "number" if shape.type in ("integer", "number") else shape.type
    mark = own[-1] in _MARKS and len(own) > 1
    if name not in found or (required and not found[name].required):
        found[name] = Trait(name=name, type=kind, required=required, mark=mark)
