"""Which field each parameter of an operation stands for, and how it is meant.

A use of a resource comes in; what its parameters are bound to goes out, and why others are left
out. Next: `tables`, `terms`.
"""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from typing import Literal

from agentgym.sources.openapi.controls import PAGING, WORDS, is_control, span
from agentgym.sources.openapi.keys import key_trait, names_secret
from agentgym.sources.openapi.names import parts, snake, stem
from agentgym.sources.openapi.resources import Resource, Trait, Use, is_option
from agentgym.tools.pool.operation import Parameter, Shape

__all__ = ["Bindings", "Bound", "Held", "bind", "label_trait"]

How = Literal["key", "parent", "value", "eq", "contains", "ge", "le", "gt", "lt"]

_LOOSE = re.compile(
    r"\b(?:contain|partial|substring|search|fuzzy|like|starts? with|prefix|wildcard|match)",
    re.IGNORECASE,
)
_LABELS = ("name", "title", "label", "display_name", "full_name", "subject", "summary", "username",
           "login", "email", "headline", "caption", "description", "text", "content")  # fmt: skip


@dataclasses.dataclass(slots=True)
class Bound:
    """A parameter and what it stands for."""

    param: str
    """The name under which a tool takes it."""
    trait: str
    how: How
    required: bool = False
    description: str = ""


@dataclasses.dataclass(slots=True)
class Held:
    """A parameter that holds a list of rows to be."""

    param: str
    part: str
    """The resource of which they are."""
    shape: Shape
    required: bool
    values: list[Bound]


@dataclasses.dataclass(slots=True)
class Bindings:
    """What the parameters of one operation stand for."""

    bound: list[Bound] = dataclasses.field(default_factory=list)
    held: list[Held] = dataclasses.field(default_factory=list)
    left: Counter[str] = dataclasses.field(default_factory=Counter)
    """Why parameters are left out, with counts."""
    needed: list[str] = dataclasses.field(default_factory=list)
    """Parameters that a caller must give and that stand for nothing."""

    def of(self, *hows: How) -> list[Bound]:
        """Return what is bound in one of these ways."""
        return [one for one in self.bound if one.how in hows]


def label_trait(resource: Resource) -> str:
    """Return the trait by which people call one of a resource; empty where there is none."""
    for name in (*_LABELS, f"{resource.noun}_name"):
        trait = resource.traits.get(name)
        if trait is not None and _is_text(trait.shape):
            return name
    for name, trait in resource.traits.items():
        if name.endswith(("_name", "_title")) and _is_text(trait.shape) and trait.aim is None:
            return name
    return ""


def bind(use: Use, resource: Resource, resources: dict[str, Resource]) -> Bindings:
    """Bind the parameters of an operation to the fields of its resource.

    Args:
        use: The operation, with what it means.
        resource: Of which it is.
        resources: All of them, as `relate` leaves them.
    """
    found = Bindings()
    writes = use.meant.verb in ("create", "update")
    taken: set[tuple[str, str]] = set()
    for parameter in use.operation.takes:
        one = _path(use, resource, resources, parameter) if parameter.place == "path" else None
        if one is None and parameter.place == "path":
            found.left["parameter that names what stands above"] += 1
            continue
        if one is None and _is_key(use, resource, parameter):
            one = Bound(parameter.name, resource.key, "key", required=True)
        if one is None and writes and parameter.place in ("body", "query"):
            _values(use, resource, resources, parameter, found, taken)
            continue
        if one is None:
            one = _filter(use, resource, parameter, found)
        if one is None:
            continue
        if (one.trait, one.how) in taken:
            found.left["parameter that says what another says"] += 1
            continue
        taken.add((one.trait, one.how))
        one.description = parameter.shape.description
        found.bound.append(one)
    return found


def _path(
    use: Use, resource: Resource, resources: dict[str, Resource], parameter: Parameter
) -> Bound | None:
    """Bind a parameter of the path: the key, or what the thing belongs to."""
    if names_secret(parameter.name):
        return None
    if parameter.name == use.meant.key:
        trait = key_trait(resource, parameter.name) or resource.key
        return Bound(parameter.name, trait, "key", required=True) if trait else None
    parent = resources.get(use.parent)
    if parent is not None and parameter.name == use.meant.parent_key:
        for name, one in resource.traits.items():
            if one.aim == (parent.noun, parent.key):
                return Bound(parameter.name, name, "parent", required=True)
        return Bound(parameter.name, "", "parent", required=True)
    said = snake(parameter.name)
    if use.meant.verb == "create" and said == resource.key:
        return Bound(parameter.name, said, "value", required=True)
    own = resource.traits.get(said)
    if own is not None and own.shape.scalar and use.meant.verb in ("list", "count"):
        return Bound(parameter.name, said, "eq")
    return None


def _is_key(use: Use, resource: Resource, parameter: Parameter) -> bool:
    """Tell whether a parameter that is not in the path names the row."""
    if use.meant.key or not resource.key or not parameter.shape.scalar:
        return False
    if use.meant.verb not in ("get", "update", "delete", "act"):
        return False
    said = snake(parameter.name)
    known = {snake(one.name) for one in use.operation.takes}
    if said == resource.key:
        return True
    return resource.key not in known and key_trait(resource, parameter.name) == resource.key and (
        parameter.required or said.startswith(resource.noun)
    )  # fmt: skip


def _values(
    use: Use,
    resource: Resource,
    resources: dict[str, Resource],
    parameter: Parameter,
    found: Bindings,
    taken: set[tuple[str, str]],
) -> None:
    """Bind a parameter that is written."""
    said, shape = snake(parameter.name), parameter.shape
    if shape.read_only:
        return
    if is_option(parameter, resource):
        found.left["parameter that says how a write is done"] += 1
        return
    ways: list[Bound] = []
    text = shape.description
    if shape.scalar:
        trait = said if said in resource.traits else said.removeprefix(f"{resource.noun}_")
        if trait in resource.traits and not resource.traits[trait].shape.read_only:
            ways = [Bound(parameter.name, trait, "value", parameter.required, text)]
    elif shape.type == "object":
        ways = _opened(resource, said, shape, required=parameter.required)
    elif shape.items is not None and shape.items.fields:
        held = _held(resource, resources, parameter)
        if held is not None and use.meant.verb == "create":
            found.held.append(held)
            return
    fresh = [one for one in ways if (one.trait, "value") not in taken]
    taken |= {(one.trait, "value") for one in fresh}
    found.bound += fresh
    if not ways:
        found.left[_why(parameter)] += 1
        if parameter.required:
            found.needed.append(parameter.name)


def _opened(resource: Resource, said: str, shape: Shape, *, required: bool) -> list[Bound]:
    """Bind what an object holds: the fields that stand for it, or what it refers to."""
    ways = []
    for name, trait in resource.traits.items():
        if not name.startswith(f"{said}_") or trait.shape.read_only:
            continue
        inner = next((f for f in shape.fields if f"{said}_{snake(f.name)}" == name), None)
        if trait.aim is not None or inner is not None:
            needed = required and (trait.aim is not None or (inner is not None and inner.required))
            text = trait.shape.description if inner is None else inner.description
            ways.append(Bound(name, name, "value", needed, text))
    return ways


def _held(resource: Resource, resources: dict[str, Resource], parameter: Parameter) -> Held | None:
    """Bind a list of objects to the resource that stands for its items."""
    items = parameter.shape.items
    assert items is not None
    singular = stem(tuple(parts(parameter.name)))
    noun = singular if singular.startswith(resource.noun) else f"{resource.noun}_{singular}"
    part = resources.get(noun)
    if part is None or part.owner != resource.noun:
        return None
    values = []
    for one in items.fields:
        name = snake(one.name)
        trait = part.traits.get(name)
        if trait is None and one.type == "object":
            name = next((n for n in part.traits if n.startswith(f"{name}_")
                         and part.traits[n].aim is not None), "")  # fmt: skip
            trait = part.traits.get(name)
        if trait is None or one.read_only or name == part.key:
            continue
        if trait.aim is not None and trait.aim[0] == resource.noun:
            continue
        values.append(Bound(one.name if one.scalar else name, name, "value", one.required,
                            one.description))  # fmt: skip
    if not values:
        return None
    return Held(parameter.name, noun, parameter.shape, parameter.required, values)


def _why(parameter: Parameter) -> str:
    shape = parameter.shape
    if is_control(parameter.name):
        return "parameter for paging, sorting or form"
    if shape.type == "array":
        return "parameter that is a list"
    return "parameter that no field stands for"


def _filter(use: Use, resource: Resource, parameter: Parameter, found: Bindings) -> Bound | None:
    """Bind a parameter that narrows a list."""
    if use.meant.verb not in ("list", "count", "get"):
        found.left["parameter that no field stands for"] += 1
        if parameter.required:
            found.needed.append(parameter.name)
        return None
    said, shape = snake(parameter.name), parameter.shape
    said = said.removeprefix("filter_").removeprefix("where_") or said
    kind = shape.items if shape.type == "array" and shape.items is not None else shape
    if said in WORDS or (said in ("filter", "name_like") and said not in resource.traits):
        label = label_trait(resource)
        if said == "filter" or not label:
            found.left["parameter that no field stands for"] += 1
            return None
        return Bound(parameter.name, label, "contains")
    direct = said if said in resource.traits else said.removeprefix(f"{resource.noun}_")
    trait = resource.traits.get(direct)
    if trait is None and shape.type == "array":
        direct = stem(tuple(direct.split("_")))
        trait = resource.traits.get(direct)
    if trait is None or not trait.shape.scalar:
        ranged = _range(said, resource)
        if ranged is not None:
            return Bound(parameter.name, *ranged)
        reference = next((n for n in (f"{said}_id", f"{said}_name", f"{said}_key")
                          if n in resource.traits), "")  # fmt: skip
        if reference and kind.scalar:
            return Bound(parameter.name, reference, "eq")
        found.left[_why(parameter)] += 1
        return None
    if said in PAGING and kind.type == "integer" and said not in ("start", "count", "size"):
        found.left["parameter for paging, sorting or form"] += 1
        return None
    if not kind.scalar:
        found.left["parameter that is a list"] += 1
        return None
    return Bound(parameter.name, direct, _exactly(direct, trait, parameter))


def _exactly(name: str, trait: Trait, parameter: Parameter) -> How:
    if _is_time(trait.shape, name):
        words = set(name.split("_"))
        if words & {"start", "from", "since"}:
            return "ge"
        if words & {"end", "to", "until"}:
            return "le"
    texts = trait.shape.type == "string" and not trait.shape.values and trait.aim is None
    if texts and not _is_time(trait.shape, name) and _LOOSE.search(parameter.shape.description):
        return "contains"
    return "eq"


def _range(said: str, resource: Resource) -> tuple[str, How] | None:
    """Return the field that a parameter bounds, and from which side."""
    found = span(said)
    if found is None:
        return None
    name = _bounded(found[0], resource)
    return (name, found[1]) if name else None


def _bounded(words: list[str], resource: Resource) -> str:
    base = "_".join(words)
    able = [n for n, t in resource.traits.items() if _is_ordered(t.shape, n)]
    ends = ("at", "date", "on", "time", "amount")
    fronts = ("date", resource.noun, "total")
    options = [base, *(f"{base}_{e}" for e in ends), *(f"{f}_{base}" for f in fronts)]
    for name in options if base else ():
        if name in able:
            return name
    if base in ("", "date", "time", "timestamp", "datetime", "day", "created", "updated"):
        times = [n for n in able if _is_time(resource.traits[n].shape, n)]
        first = [n for n in times if base and n.startswith(base)]
        first += [n for n in times if "creat" in n or n in ("date", "time", "timestamp")]
        return next(iter(first or times), "")
    return ""


def _is_text(shape: Shape) -> bool:
    return shape.type == "string" and not shape.values and not shape.format.startswith("date")


def _is_time(shape: Shape, name: str) -> bool:
    if shape.format in ("date", "date-time", "datetime", "unix-time", "timestamp"):
        return True
    end = name.rpartition("_")[2]
    return shape.type == "string" and not shape.values and end in ("at", "date", "datetime")


def _is_ordered(shape: Shape, name: str) -> bool:
    return shape.type in ("integer", "number") or _is_time(shape, name)
