"""Objects and lists within resources, as something plain.

An object is a reference to a resource that is known, a resource of its own where it has an id
and a name, or fields like `address_city`; a list of objects is a resource that belongs to the
one around it, or what joins two. Next: `relate`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import msgspec

from agentgym.sources.openapi.keys import may_identify, own_key
from agentgym.sources.openapi.names import pointer, snake, stem
from agentgym.sources.openapi.resources import Resource, Trait, component_noun
from agentgym.tools.pool.operation import Shape

__all__ = ["TOLD", "link", "open_up"]

TOLD = frozenset("name title label subject description email username code login key slug".split())
"""Names of fields by which people call things."""
_FLAT = 10
"""Most plain fields of an object that become fields of the one around it."""
_MOST_PARTS = 4
_DULL = frozenset(
    "links link self href meta metadata pagination error errors additional properties etag "
    "embedded permissions _links acl audit extensions annotations".split()
)


def open_up(
    resource: Resource, resources: dict[str, Resource], skipped: Counter[str], budget: list[int]
) -> None:
    """Turn the objects and lists within a resource into something plain."""
    opened: dict[str, Trait] = {}
    made = 0
    for name, trait in resource.traits.items():
        shape = trait.shape
        if shape.scalar:
            opened.setdefault(name, trait)
        elif shape.type == "object":
            for mine, found in _object(resource, trait, name, resources, skipped, budget):
                opened.setdefault(mine, found)
        elif shape.items is not None and shape.items.fields and made < _MOST_PARTS:
            made += _list(resource, trait, name, resources, skipped, budget)
        else:
            skipped["list within a resource"] += 1
    resource.traits = opened


def _object(
    resource: Resource,
    trait: Trait,
    name: str,
    resources: dict[str, Resource],
    skipped: Counter[str],
    budget: list[int],
) -> Iterator[tuple[str, Trait]]:
    """Yield the traits that stand for an object within a resource."""
    shape = trait.shape
    if name in _DULL or not shape.fields:
        skipped["object within a resource"] += 1
        return
    target = _meant(shape, name, resources)
    if target is resource and name in (resource.noun, resource.noun.rpartition("_")[2]):
        for one in shape.fields:  # what is sent as a whole
            if one.scalar and snake(one.name):
                yield snake(one.name), Trait(source=one.name, shape=one, sent=set(trait.sent))
        return
    if target is None and budget[0] > 0:
        target = _new(shape, name, resources, budget)
    if target is not None and target.key:
        said = pointer(name, target.key)
        theirs = target.traits[target.key].shape
        yield (
            said,
            Trait(
                source=said,
                shape=Shape(
                    name=said,
                    type=theirs.type,
                    format=theirs.format,
                    required=shape.required,
                    nullable=shape.nullable,
                    description=shape.description,
                ),
                given=trait.given,
                always=trait.always,
                sent=set(trait.sent),
                aim=(target.noun, target.key),
            ),
        )
        return
    plain = [one for one in _counted(shape) if one.scalar and snake(one.name)]
    for inner in shape.fields:
        if inner.type == "object" and 0 < len(inner.fields) <= 3:
            plain += [
                msgspec.structs.replace(one, name=f"{inner.name}_{one.name}")
                for one in inner.fields
                if one.scalar
            ]
    if len(shape.fields) > len(plain):
        skipped["object within a resource"] += 1
    for one in plain[:_FLAT]:
        said = f"{name}_{snake(one.name)}"
        inner = msgspec.structs.replace(
            one, name=said, required=one.required and shape.required,
            nullable=one.nullable or shape.nullable,
        )  # fmt: skip
        yield said, Trait(
            source=said, shape=inner, given=trait.given, always=trait.always and one.required,
            sent=set(trait.sent),
        )  # fmt: skip


def _counted(shape: Shape) -> tuple[Shape, ...]:
    """Return the fields of an object; an amount that is sent as a text is a number."""
    if not any(snake(one.name) in ("currency", "currency_code") for one in shape.fields):
        return shape.fields
    return tuple(
        msgspec.structs.replace(one, type="number")
        if one.type == "string" and snake(one.name) in ("value", "amount") and not one.values
        else one
        for one in shape.fields
    )


def _meant(shape: Shape, name: str, resources: dict[str, Resource]) -> Resource | None:
    """Return the known resource that an object within another is one of."""
    noun = component_noun(shape.component) if shape.component else ""
    named = stem(tuple(name.split("_")))
    for option in (noun, named):
        found = resources.get(option)
        if found is not None and found.key and (
            option == noun or any(snake(f.name) == found.key for f in shape.fields)
        ):  # fmt: skip
            return found
    return None


def _new(
    shape: Shape, name: str, resources: dict[str, Resource], budget: list[int]
) -> Resource | None:
    """Make a resource of an object that has an id and is called something."""
    names = {snake(one.name): one for one in shape.fields if one.scalar}
    noun = component_noun(shape.component) if shape.component else ""
    noun = noun or stem(tuple(name.split("_")))
    ids = [one for one in ("id", "uuid", "guid", f"{noun}_id") if one in names]
    ids = [one for one in ids if may_identify(names[one])]
    if not ids or not TOLD & set(names) or noun in resources or not noun:
        return None
    found = Resource(noun=noun, key=ids[0], comment=shape.description)
    for one in shape.fields:
        if one.scalar:
            found.add(one, given=True)
    resources[noun] = found
    budget[0] -= 1
    return found


def _list(
    resource: Resource,
    trait: Trait,
    name: str,
    resources: dict[str, Resource],
    skipped: Counter[str],
    budget: list[int],
) -> int:
    """Make a resource of the objects in a list within another; 0 where that comes to nothing."""
    items = trait.shape.items
    assert items is not None
    plain = [one for one in items.fields if one.scalar and snake(one.name)]
    target = _meant(items, name, resources)
    if target is not None:
        back = any(t.aim == (resource.noun, resource.key) for t in target.traits.values())
        held = any(t.aim == (target.noun, target.key) for t in resource.traits.values())
        if target is not resource and not back and not held and resource.key:
            link(resource, target, resources)
        return 0
    singular = stem(tuple(name.split("_")))
    noun = singular if singular.startswith(resource.noun) else f"{resource.noun}_{singular}"
    if len(plain) < 2 or noun in resources or not resource.key or budget[0] <= 0:
        skipped["list within a resource"] += 1
        return 0
    part = Resource(noun=noun, owner=resource.noun, comment=items.description)
    mine = pointer(resource.noun, resource.key)
    theirs = resource.traits[resource.key].shape
    for one in items.fields:
        if one.scalar:
            part.add(one, given=True)
        elif one.type == "object":
            target = _meant(one, snake(one.name), resources)
            if target is not None and target.key:
                said = f"{snake(one.name)}_{target.key}"
                part.traits.setdefault(said, Trait(
                    source=said, given=True, aim=(target.noun, target.key),
                    shape=Shape(name=said, type=target.traits[target.key].shape.type),
                ))  # fmt: skip
    part.key = own_key(part.traits, singular)
    if mine in part.traits and mine != part.key:
        part.traits[mine].aim = (resource.noun, resource.key)
    elif mine not in part.traits:
        part.traits[mine] = Trait(
            source=mine,
            shape=Shape(name=mine, type=theirs.type, format=theirs.format, required=True),
            aim=(resource.noun, resource.key),
            always=True,
        )
    for inner in part.traits.values():
        inner.sent = set(trait.sent)
    resources[noun] = part
    budget[0] -= 1
    return 1


def link(one: Resource, other: Resource, resources: dict[str, Resource]) -> int:
    """Make the resource that joins two others, once."""
    noun, back = f"{one.noun}_{other.noun}", f"{other.noun}_{one.noun}"
    if noun in resources or back in resources:
        return 0
    found = Resource(noun=noun, link=True)
    for each in (one, other):
        theirs = each.traits[each.key].shape
        said = pointer(each.noun, each.key)
        shape = Shape(name=said, type=theirs.type, format=theirs.format, required=True)
        found.traits[said] = Trait(source=said, shape=shape, aim=(each.noun, each.key), always=True)
    if len(found.traits) < 2:
        return 0
    resources[noun] = found
    return 1
