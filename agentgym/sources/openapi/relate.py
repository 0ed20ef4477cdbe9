"""Keys of resources, what they refer to, what they consist of, and what joins them.

Resources come in as operations describe them; they go out with plain fields alone: objects
within them are references, resources of their own, or fields like `address_city`; lists within
them are resources of their own. Next: `tables`.
"""

from __future__ import annotations

import re
from collections import Counter

from agentgym.sources.openapi.keys import identify
from agentgym.sources.openapi.names import pointer, snake
from agentgym.sources.openapi.resources import CRUD, Resource, Trait
from agentgym.sources.openapi.within import TOLD, link, open_up
from agentgym.tools.pool.operation import Shape

__all__ = ["relate"]

_MOST_FOUND = 16
"""Most resources that are known only from within others."""
_MOST_LINKS = 16
_MOST_AIMS = 7
"""Most references that a resource keeps, and most of them to one other."""
_MOST_ALIKE = 2


def relate(resources: dict[str, Resource], skipped: Counter[str]) -> None:
    """Settle keys, and turn what is nested into fields, references and resources.

    Args:
        resources: From `gather`; changed in place, with new ones at the end.
        skipped: Gets the counts of what is left out.
    """
    _name(resources, skipped)
    _drop_empty(resources, skipped)
    for resource in resources.values():
        resource.key = identify(resource)
    for resource in list(resources.values()):
        _parents(resource, resources)
    budget = [_MOST_FOUND]
    for resource in list(resources.values()):
        open_up(resource, resources, skipped, budget)
    for resource in resources.values():
        _refer(resource, resources)
        _thin(resource, skipped)
    _join(resources)


def _name(resources: dict[str, Resource], skipped: Counter[str]) -> None:
    """Give a name to what no answer describes and nothing is called by."""
    for resource in resources.values():
        read = any(use.meant.verb in ("get", "list") for use in resource.uses)
        told = any(trait.given for trait in resource.traits.values())
        called = any(name.rpartition("_")[2] in TOLD for name in resource.traits)
        plain = sum(
            trait.shape.type != "boolean" and not name.endswith("id")
            for name, trait in resource.traits.items()
        )
        if read and not told and not called and plain < 2 and len(resource.uses) > 1:
            resource.traits["name"] = Trait(source="name", shape=Shape(name="name", type="string"))
            skipped["resource without fields: a name was added"] += 1


def _drop_empty(resources: dict[str, Resource], skipped: Counter[str]) -> None:
    """Drop what nothing is known of: no field that anybody could ask for."""
    for noun in list(resources):
        resource = resources[noun]
        crud = [use for use in resource.uses if use.meant.verb in CRUD]
        told = [t for t in resource.traits.values() if t.shape.scalar or t.shape.fields]
        if not crud or len(told) < 2:
            skipped["operation on what has no fields"] += len(resource.uses)
            del resources[noun]


def _parents(resource: Resource, resources: dict[str, Resource]) -> None:
    """Find in paths what each of a resource belongs to, and give it a field for that."""
    said: Counter[tuple[str, str]] = Counter()
    for use in resource.uses:
        if use.parent in resources and use.meant.verb in CRUD:
            said[use.parent, use.meant.parent_key] += 1
    for (noun, parameter), _ in said.most_common():
        parent = resources[noun]
        if not parent.key or any(t.aim == (noun, parent.key) for t in resource.traits.values()):
            continue
        if _is_joined(resource, parent):
            continue
        _reference(resource, parent, parameter or f"{noun}_id")


def _is_joined(resource: Resource, parent: Resource) -> bool:
    """Tell whether a resource stands on its own and is only put to the other, or taken off."""
    free = any(use.meant.verb in CRUD and not use.parent for use in resource.uses)
    if not free or resource is parent:
        return False
    under = [use for use in resource.uses if use.parent == parent.noun]
    if _pointing(resource, parent, ""):
        return False
    made = any(
        use.meant.verb == "create"
        and sum(p.place == "body" and snake(p.name) in resource.traits
                and snake(p.name) != resource.key for p in use.operation.takes) >= 2
        for use in under
    )  # fmt: skip
    put = any(use.meant.key and use.meant.verb in ("update", "delete", "create") for use in under)
    return put and not made


def _pointing(resource: Resource, parent: Resource, parameter: str) -> str:
    """Return the trait of a resource that already holds its parent."""
    noun, last = parent.noun, parent.noun.rpartition("_")[2]
    own = resource is parent
    names = [snake(parameter), f"{noun}_{parent.key}", f"{noun}_id", f"{last}_{parent.key}",
             f"{last}_id", noun, last]  # fmt: skip
    if own:
        names = [f"parent_{parent.key}", "parent_id", f"parent_{noun}_id", "parent"]
    for name in names:
        if name in resource.traits and (name != resource.key or own):
            return name
    return ""


def _reference(resource: Resource, parent: Resource, parameter: str) -> None:
    """Make a trait of a resource refer to another resource."""
    aim = (parent.noun, parent.key)
    theirs = parent.traits[parent.key].shape
    name = _pointing(resource, parent, parameter)
    trait = resource.traits.get(name)
    if trait is not None and trait.shape.scalar and trait.aim is None:
        trait.aim = aim
        return
    if trait is not None and not trait.shape.scalar and trait.aim is None:
        return  # an object: `_open` makes the reference
    said = snake(parameter)
    own = f"parent_{parent.noun}_{parent.key}" if resource is parent else ""
    telling = parent.noun.rpartition("_")[2] in said.split("_") and "_" in said
    if not telling or said in resource.traits:
        said = pointer(parent.noun, parent.key)
    said = own or said
    if said in resource.traits:
        return
    shape = Shape(name=said, type=theirs.type, format=theirs.format)
    resource.traits[said] = Trait(source=said, shape=shape, aim=aim)


def _thin(resource: Resource, skipped: Counter[str]) -> None:
    """Keep the references that matter: those that are written, always there, or first."""
    aims = [name for name, trait in resource.traits.items() if trait.aim and name != resource.key]
    ranked = sorted(
        range(len(aims)),
        key=lambda n: (not resource.traits[aims[n]].sent, not resource.traits[aims[n]].always, n),
    )
    targets: Counter[str] = Counter()
    kept = 0
    for place in ranked:
        trait = resource.traits[aims[place]]
        assert trait.aim is not None
        if kept < _MOST_AIMS and targets[trait.aim[0]] < _MOST_ALIKE:
            kept += 1
            targets[trait.aim[0]] += 1
        else:
            skipped["reference of a very wide resource"] += 1
            del resource.traits[aims[place]]


_ID_END = re.compile(r"(.+)_(?:id|uuid|guid|key|code|number|arn)\Z")


def _refer(resource: Resource, resources: dict[str, Resource]) -> None:
    """Let fields refer to resources that they are named after: `owner_id`, `ownerId`."""
    for name, trait in resource.traits.items():
        found = _ID_END.match(name)
        if trait.aim is not None or found is None or name == resource.key:
            continue
        noun = found[1]
        target = resources.get(noun)
        if target is None:
            ends = [one for one in resources.values() if noun.endswith(f"_{one.noun}")]
            target = max(ends, key=lambda one: len(one.noun)) if ends else None
        if target is None or not target.key or not trait.shape.scalar or trait.shape.values:
            continue
        end = name.rpartition("_")[2]
        theirs = target.traits[target.key].shape
        kinds = {trait.shape.type, theirs.type}
        alike = len(kinds - {"any"}) <= 1
        if alike and (target.key in (end, f"{target.noun}_{end}", name) or end == "id"):
            trait.aim = (target.noun, target.key)


def _join(resources: dict[str, Resource]) -> None:
    """Make what joins resources that are put to one another: `/groups/{id}/users/{id}`."""
    made = 0
    for resource in list(resources.values()):
        for noun in dict.fromkeys(use.parent for use in resource.uses if use.parent in resources):
            parent = resources[noun]
            tied = any(t.aim == (noun, parent.key) for t in resource.traits.values())
            if tied or not parent.key or not resource.key or made >= _MOST_LINKS:
                continue
            if parent is not resource:
                made += link(parent, resource, resources)
