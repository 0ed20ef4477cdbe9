"""What identifies one of a resource: as operations name it, or by the names of its fields.

Next: `within`.
"""

from __future__ import annotations

import re
from collections import Counter

from agentgym.sources.openapi.names import parts, snake, stem
from agentgym.sources.openapi.resources import Resource, Trait, Use
from agentgym.tools.pool.operation import Shape

__all__ = ["identify", "key_trait", "may_identify", "names_secret", "own_key"]

_IDS = ("id", "uuid", "guid", "_id", "key", "slug", "code", "number", "name", "arn", "login")

_SECRET = re.compile(r"(?:^|_)(?:api_?key|password|secret|credentials?)(?:_|\Z)")
_ENDS = frozenset("id name arn key number code uuid identifier".split())


def identify(resource: Resource) -> str:
    """Find the trait that identifies one of a resource; it is added where no answer has it."""
    said: Counter[str] = Counter()
    shapes: dict[str, Shape] = {}
    for use in resource.uses:
        name = use.meant.key or _remote_key(use, resource.noun)
        if name and not names_secret(name):
            said[name] += 3 if use.meant.verb in ("get", "delete") else 1
            shape = next((p.shape for p in use.operation.takes if p.name == name), None)
            shapes.setdefault(name, shape or Shape(name=name, type="string"))
    for name, _ in said.most_common(4):
        found = key_trait(resource, name)
        if found:
            return found
    for name, _ in said.most_common(1):
        shape = shapes[name]
        if shape.type in ("object", "array"):
            continue
        kept = Shape(
            name=name,
            type="integer" if shape.type in ("integer", "number") else "string",
            format=shape.format,
            description=shape.description,
            required=True,
            longest=shape.longest,
            examples=shape.examples,
        )
        trait = snake(name) or "id"
        if trait in resource.traits:  # an object is called so
            trait = f"{trait}_id" if f"{trait}_id" not in resource.traits else f"{trait}_key"
        if trait in resource.traits:
            continue
        source = name if snake(name) == trait else trait
        resource.traits = {trait: Trait(source=source, shape=kept), **resource.traits}
        return trait
    return own_key(resource.traits, resource.noun)


def names_secret(name: str) -> bool:
    """Tell whether a parameter is called like what only its owner knows: it names no row."""
    return _SECRET.search(snake(name)) is not None


def own_key(traits: dict[str, Trait], noun: str) -> str:
    """Find an id-like field where no operation names one."""
    last = noun.rpartition("_")[2]
    own = [f"{noun}_{end}" for end in ("uuid", "key", "number", "code", "arn")]
    for name in ("id", "uuid", "guid", f"{noun}_id", f"{last}_id", *own, "slug", "key", "code"):
        trait = traits.get(name)
        if trait is not None and may_identify(trait.shape):
            return name
    return ""


def _remote_key(use: Use, noun: str) -> str:
    """Return the parameter by which an operation without a telling path names one of them."""
    if use.meant.verb not in ("get", "update", "delete", "act"):
        return ""
    needed = [p for p in use.operation.takes if p.required and p.shape.scalar]
    plain = [p for p in use.operation.takes if p.shape.scalar]
    last = noun.rpartition("_")[2]
    wanted = [f"{base}_{end}" for base in (noun, last) for end in ("id", "uuid", "arn", "key",
              "number", "code", "name", "identifier", "slug")]  # fmt: skip
    for name in (*wanted, "id", "uuid", "name", "key", "arn", "identifier", noun, last):
        for one in needed or plain:
            if snake(one.name) == name:
                return one.name
    if len(needed) == 1 and use.meant.verb in ("get", "delete") and not needed[0].shape.values:
        words = parts(needed[0].name)
        if words and words[-1] in _ENDS:
            return needed[0].name
    return ""


def key_trait(resource: Resource, parameter: str) -> str:
    """Return the trait that a parameter which names one of a resource stands for.

    `petId`, `pet_id` and `pet` all stand for `id`, where a pet has one.
    """
    traits, noun = resource.traits, resource.noun
    said = snake(parameter)
    last = noun.rpartition("_")[2]
    tail = said
    for base in (noun, last):
        tail = tail.removeprefix(f"{base}_")
    end = said.rpartition("_")[2]
    options = [said, tail, stem(tuple(said.split("_")))]
    if end in ("id", "ids", "identifier"):
        options += ["id", f"{noun}_id", f"{last}_id", "uuid", "guid"]
    elif end in ("name", "slug", "key", "code", "number", "uuid", "arn", "login", "username"):
        options += [end]
    if said in (noun, last, f"{noun}_") or (len(options) == 3 and end in (noun, last)):
        options += [*_IDS]
    if said == "id":
        options += [f"{noun}_id", f"{last}_id", "uuid", "key"]
    for name in options:
        trait = traits.get(name)
        if trait is not None and may_identify(trait.shape):
            return name
    return ""


def may_identify(shape: Shape) -> bool:
    """Tell whether values of a shape can tell things apart."""
    return (
        shape.type in ("string", "integer", "any", "number")
        and not shape.values
        and not names_secret(shape.name)
        and shape.format not in ("date", "date-time", "binary", "byte", "password")
    )
