"""The resources that operations are about, with all that is said of their fields.

Operations come in; each finds its resource by its path, its name and the component that it
gives, so that one resource under several names is one. What they take and give is united.
Next: `relate`, which finds keys and relations.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from agentgym.sources.openapi.controls import is_control, is_option_name
from agentgym.sources.openapi.document import common_prefix
from agentgym.sources.openapi.intent import Intent, intent
from agentgym.sources.openapi.names import parts, snake, stem
from agentgym.tools.pool.operation import Operation, Parameter, Shape

__all__ = ["CRUD", "Resource", "Trait", "Use", "component_noun", "gather", "is_option"]

CRUD = frozenset({"get", "list", "count", "create", "update", "delete"})
_DRESSING = frozenset(
    "dto response request model resource entity detail details detailed summary info full minimal "
    "simple basic item schema read out output view result object data base representation v1 v2 "
    "v3 api rest record type properties attributes payload body new existing public private "
    "extended short long compact expanded with without nullable webhook input create update get "
    "list description definition parameters spec".split()
)
"""Words around the name of a component that say only in what form it is."""
_ALIKE = 0.3
_APART = 0.34


@dataclasses.dataclass(slots=True)
class Trait:
    """A field of a resource, as operations speak of it."""

    source: str
    """Its name as first seen."""
    shape: Shape
    given: bool = False
    """Whether an answer has it."""
    always: bool = False
    """Whether every answer that has the resource has it."""
    sent: set[str] = dataclasses.field(default_factory=set)
    """Names of the operations that take it to write it."""
    aim: tuple[str, str] | None = None
    """The resource that it refers to, and its trait there."""


@dataclasses.dataclass(slots=True)
class Use:
    """An operation and what it means to do with a resource."""

    operation: Operation
    meant: Intent
    noun: str
    """The resource."""
    parent: str = ""
    """The resource that stands before it in the path."""


@dataclasses.dataclass(slots=True)
class Resource:
    """One kind of thing."""

    noun: str
    traits: dict[str, Trait] = dataclasses.field(default_factory=dict)
    """By name in snake_case."""
    uses: list[Use] = dataclasses.field(default_factory=list)
    key: str = ""
    """The trait that identifies one of them; empty where they are numbered."""
    comment: str = ""
    owner: str = ""
    """The resource whose part it is: it has no operations of its own."""
    link: bool = False
    """Whether it only joins two others."""
    lone: str = ""
    """The parent of which each has exactly one of it."""

    def add(self, shape: Shape, *, given: bool, by: str = "") -> Trait | None:
        """Say of a field what a shape says; what was said before counts first."""
        name = snake(shape.name)
        if not name:
            return None
        trait = self.traits.get(name)
        if trait is None:
            trait = self.traits[name] = Trait(source=shape.name, shape=shape)
        else:
            trait.shape = _filled(trait.shape, shape)
        trait.given |= given
        trait.always |= given and shape.required and not shape.nullable
        if by:
            trait.sent.add(by)
        return trait


def gather(operations: Sequence[Operation], skipped: Counter[str]) -> dict[str, Resource]:
    """Find the resources of operations.

    Args:
        operations: Of one description, or of several.
        skipped: Gets the counts of operations that are about no resource.

    Returns:
        Resources by noun, those of the first operations first, with the fields that answers and
        requests have.
    """
    prefixes: dict[str, tuple[str, ...]] = {}
    for api in dict.fromkeys(one.api for one in operations):
        prefixes[api] = common_prefix([one.source for one in operations if one.api == api])
    meant = [
        (one, intent(one.source or one.name, one.method, one.path, prefix=prefixes[one.api]))
        for one in operations
    ]
    alias = _aliases(meant)
    found: dict[str, Resource] = {}
    for one, told in meant:
        said = told
        noun = _noun(one, said, alias)
        if said.verb == "none" or not noun:
            skipped["operation that reads or writes no rows"] += 1
            continue
        parent = alias.names.get(said.parent, said.parent)
        if noun == parent != said.noun and said.nested:
            # /games/{id}/suggested, /orders/{id}/full
            if one.many or said.verb not in ("get", "update"):
                skipped["list of others that are like one"] += 1
                continue
            said = msgspec.structs.replace(said, key=said.parent_key, parent="", parent_key="")
            parent = ""
        use = Use(operation=one, meant=_settled(one, said), noun=noun, parent=parent)
        found.setdefault(noun, Resource(noun=noun)).uses.append(use)
    for resource in found.values():
        _describe(resource)
    return found


@dataclasses.dataclass(slots=True)
class _Aliases:
    """Which noun stands for which."""

    names: dict[str, str]
    components: dict[str, str]
    """Component to the resource that it describes."""
    apart: set[tuple[str, str]]
    """(noun, parent) of things that have the same name under several parents and are not one."""


def _aliases(meant: Sequence[tuple[Operation, Intent]]) -> _Aliases:
    crud = [(one, said) for one, said in meant if said.verb in CRUD and said.noun]
    items = {said.noun for _, said in crud if said.key or said.verb in ("create", "delete")}
    known = Counter(said.noun for _, said in crud)
    names: dict[str, str] = {}
    for noun in known:
        # get_customer_orders is about orders, where there are such
        words = noun.split("_")
        for start in range(1, len(words)):
            tail = "_".join(words[start:])
            remote = all(not said.key and not one.path for one, said in crud if said.noun == noun)
            if remote and tail in items and noun not in items and known[tail] > known[noun]:
                names[noun] = tail
                break
    components: dict[str, str] = {}
    users: dict[str, Counter[str]] = {}
    for one, said in crud:
        component = one.gives.component if one.gives is not None else ""
        if component:
            users.setdefault(component, Counter())[names.get(said.noun, said.noun)] += 1
    for component, counts in users.items():
        bare = component_noun(component)
        shared = len(counts) > 1 and bare in known and _is_specific(component)
        if bare in items or shared:
            components[component] = bare
        elif len(counts) > 1:
            best = [noun for noun in counts if noun in items]
            if best and _is_specific(component):
                components[component] = max(best, key=lambda noun: (counts[noun], -len(noun)))
    return _Aliases(names=names, components=components, apart=_apart(crud))


def _apart(crud: Sequence[tuple[Operation, Intent]]) -> set[tuple[str, str]]:
    """Find nouns that mean different things under different parents."""
    under: dict[str, dict[str, list[Operation]]] = {}
    for one, said in crud:
        under.setdefault(said.noun, {}).setdefault(said.parent, []).append(one)
    found: set[tuple[str, str]] = set()
    for noun, parents in under.items():
        if len(parents) < 2 or "" in parents:
            continue
        forms = {parent: _form(listed) for parent, listed in parents.items()}
        shapes = [form for form in forms.values() if form]
        if any(_likeness(shapes[0], form) < _APART for form in shapes[1:]):
            found |= {(noun, parent) for parent in parents}
    return found


def _form(operations: Iterable[Operation]) -> frozenset[str]:
    """Return the names of the fields that operations give."""
    return frozenset(
        snake(field.name)
        for one in operations
        if one.gives is not None
        for field in one.gives.fields
    )


def _likeness(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / max(1, min(len(one), len(other)))


def component_noun(component: str) -> str:
    """Return what a component is called without what says its form: `PetDto` to `pet`."""
    words = list(parts(component.rpartition(".")[2]))
    while len(words) > 1 and (words[-1] in _DRESSING or words[-1].isdigit()):
        words.pop()
    while len(words) > 1 and words[0] in _DRESSING:
        words.pop(0)
    return stem(tuple(words))


def _is_specific(component: str) -> bool:
    words = parts(component)
    return bool(words) and not all(word in _DRESSING for word in words)


def _noun(one: Operation, said: Intent, alias: _Aliases) -> str:
    noun = alias.names.get(said.noun, said.noun)
    if (said.noun, said.parent) in alias.apart and said.parent:
        return f"{said.parent}_{noun}"
    component = one.gives.component if one.gives is not None else ""
    if said.verb in ("get", "list", "create", "update") and component in alias.components:
        target = alias.components[component]
        if target != noun and said.verb in ("get", "list") and not said.key:
            return target
        if target != noun and noun not in ("", target) and said.key == "":
            return target
    return noun


def _settled(one: Operation, said: Intent) -> Intent:
    """Correct what a name says by what the operation gives."""
    verb = said.verb
    if verb == "get" and one.many and not said.key:
        verb = "list"
    if verb == "get" and not one.method and said.plural and not _keyed(one, said.noun):
        verb = "list"
    if verb == "get" and one.path.startswith("/#") and said.plural and one.gives is None:
        verb = "list"
    if verb == "list" and one.method == "get" and said.key and not one.many and not said.plural:
        verb = "get"
    return msgspec.structs.replace(said, verb=verb) if verb != said.verb else said


def _keyed(one: Operation, noun: str) -> bool:
    """Tell whether a tool requires the id of what it is about."""
    return any(
        each.required and snake(each.name) in ("id", f"{noun}_id", noun, f"{noun}_number")
        for each in one.takes
    )


def _describe(resource: Resource) -> None:
    """Unite what the operations of a resource say of its fields."""
    told = 0
    ranked = {"get": 0, "list": 1, "update": 2, "create": 3}
    ordered = sorted(resource.uses, key=lambda use: ranked.get(use.meant.verb, 9))
    readers = sum(use.meant.verb in ("get", "list") for use in resource.uses)
    for use in ordered:
        gives = use.operation.gives
        if gives is None or use.meant.verb not in ranked:
            continue
        mine = _form([use.operation])
        known = frozenset(name for name, trait in resource.traits.items() if trait.given)
        if told and _likeness(known, mine) < _ALIKE:
            continue
        if readers and not told and use.meant.verb in ("create", "update"):
            continue  # it gives a job or a receipt
        told += 1
        for field in gives.fields:
            resource.add(field, given=True)
        resource.comment = resource.comment or gives.description
    for use in resource.uses:
        if use.meant.verb in ("create", "update"):
            for parameter in use.operation.takes:
                if parameter.place != "path" and not is_option(parameter, resource):
                    resource.add(_sent(parameter), given=False, by=use.operation.name)
    if not told:
        # nothing is said of answers: what is asked for must be there
        for use in resource.uses:
            if use.meant.verb in CRUD:
                for parameter in use.operation.takes:
                    if parameter.shape.scalar and not is_control(parameter.name):
                        resource.add(_sent(parameter), given=False)


def is_option(parameter: Parameter, resource: Resource) -> bool:
    """Tell whether a parameter of a write says how it is done, and nothing of the row.

    Such are what pages or shapes an answer, beside the path, and flags like `send_confirmation`;
    not what answers show.
    """
    name = snake(parameter.name)
    trait = resource.traits.get(name)
    if trait is not None and trait.given:
        return False
    if parameter.place == "query" and is_control(name):
        return True
    return parameter.shape.type in ("boolean", "any") and is_option_name(name)


def _sent(parameter: Parameter) -> Shape:
    shape = parameter.shape
    return msgspec.structs.replace(shape, name=parameter.name, required=parameter.required)


def _filled(shape: Shape, other: Shape) -> Shape:
    """Fill in what a shape leaves open with what another says."""
    said = {
        name: getattr(other, name)
        for name in "format component description values longest examples default items".split()
        if not getattr(shape, name) and getattr(other, name)
    }
    for name in ("least", "most", "step"):
        if getattr(shape, name) is None and getattr(other, name) is not None:
            said[name] = getattr(other, name)
    if shape.type == "any" and other.type != "any":
        said["type"] = other.type
    if len(other.fields) > len(shape.fields) and shape.type in ("object", "any"):
        said["fields"] = other.fields
        said["type"] = "object"
    if shape.values and other.values and set(other.values) - set(shape.values):
        said["values"] = tuple(dict.fromkeys((*shape.values, *other.values)))
    if "values" in said and shape.type not in ("string", "any"):
        del said["values"]
    for name in ("write_only", "read_only"):
        if getattr(other, name) and not getattr(shape, name):
            said[name] = True
    return msgspec.structs.replace(shape, **said) if said else shape
