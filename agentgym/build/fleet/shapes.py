"""What tools, rules, plans and effects are without their names and constants.

Records of any room come in, short texts and graphs go out. They are read by their types alone:
what a field may hold literally (`"eq" | "lt"`), and whether something is so, is kept; names and
constants are not. A new kind of term, predicate or node needs no line here. Next: `diversity`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec
import msgspec.inspect

from agentgym.plan import Plan
from agentgym.rules import Add, Adjust, Assign, Compare, Effect, In, Rule, parts
from agentgym.schema import Schema
from agentgym.schema.canonical import Consequence, Form, form
from agentgym.tools.algebra import Tool

__all__ = ["consequence", "motif", "operators", "rule_shape", "shape", "tool_shape"]

_WORDS = frozenset({"entity", "field", "relation", "source", "param", "name", "label", "tool"})
"""Fields that hold names of the schema, never the id of a node or fact."""


def shape(value: Any) -> str:
    """Write a record, or a tuple or map of them, without names and constants.

    Parts stand in an order of their own, but for the steps of a sequence; what is left at its
    default is not written.
    """
    match value:
        case msgspec.Struct():
            config = value.__struct_config__
            found = [str(config.tag)] if config.tag else []
            for name, literal, default in _fields(type(value)):
                content = getattr(value, name)
                if content == default:
                    continue
                if literal and not isinstance(content, tuple):
                    found.append(f"{name}={str(content).lower()}")
                elif literal:
                    found.append(f"{name}={'+'.join(sorted(map(str, content)))}")
                elif isinstance(content, tuple) and name == "steps":
                    found.append(f"{name}={','.join(map(shape, content))}")
                else:
                    inner = shape(content)
                    found.append(f"{name}={inner}" if inner else name)
            return f"({' '.join(found)})"
        case tuple() | dict():
            parts_of = sorted(map(shape, value.values() if isinstance(value, dict) else value))
            return f"[{','.join(parts_of)}]" if any(parts_of) else f"{len(parts_of)}"
        case _:
            return ""


@cache
def _fields(kind: type[msgspec.Struct]) -> tuple[tuple[str, bool, Any], ...]:
    """Return name, whether it holds literals or a flag, and default of each field that counts."""
    info = msgspec.inspect.type_info(kind)
    assert isinstance(info, msgspec.inspect.StructType)
    return tuple(
        (one.name, _literal(one.type), _default(one))
        for one in info.fields
        if one.name not in {"description", "evidence", "id"}
    )


def _default(field: msgspec.inspect.Field) -> Any:
    made = field.default_factory
    return field.default if made is msgspec.NODEFAULT else made()


def _literal(kind: msgspec.inspect.Type) -> bool:
    match kind:
        case msgspec.inspect.LiteralType() | msgspec.inspect.BoolType():
            return True
        case msgspec.inspect.VarTupleType():
            return _literal(kind.item_type)
        case msgspec.inspect.UnionType():
            return all(
                isinstance(one, (msgspec.inspect.LiteralType, msgspec.inspect.NoneType))
                for one in kind.types
            )
        case _:
            return False


def tool_shape(tool: Tool) -> str:
    """Write what a tool does and takes, and by how many rules it is guarded."""
    guards = f" guards={len(tool.guards)}" if tool.guards else ""
    return f"{shape(tool.term)}{guards}"


def rule_shape(rule: Rule) -> str:
    """Write class, level, what it guards and the form of what must hold."""
    advice = "" if rule.enforced else " advice"
    on = "+".join(sorted(rule.on))
    return f"{rule.kind} {rule.level}{advice} {on} {shape(rule.predicate)}"


def motif(plan: Plan) -> Form:
    """Return the graph of a plan: nodes and facts, and what leads to what; no name, no constant."""
    nodes = [*plan.facts, *plan.nodes, *([] if plan.party is None else [plan.party])]
    places = {
        one: number for number, node in enumerate(nodes) if (one := getattr(node, "id", None))
    }
    arcs: list[tuple[int, int, str]] = []
    for number, node in enumerate(nodes):
        arcs += [(number, places[told], role) for role, told in _told(node, "", places)]
    kinds = [type(node).__name__.lower() for node in nodes]
    labels = [f"{kind}:{shape(node)}" for kind, node in zip(kinds, nodes, strict=True)]
    return form(labels, arcs)


def _told(value: Any, role: str, places: dict[str, int]) -> Iterator[tuple[str, str]]:
    """Name the nodes to which a record refers, each with the way that it does."""
    match value:
        case msgspec.Struct():
            for name, literal, _ in _fields(type(value)):
                if not literal and name not in _WORDS and name != "value":
                    content = getattr(value, name)
                    alone = "" if isinstance(content, (tuple, dict)) else name
                    yield from _told(content, f"{role}{_own(value, role)}.{alone or name}", places)
        case tuple():
            for one in value:
                yield from _told(one, role, places)
        case dict():
            for one in value.values():
                yield from _told(one, role, places)
        case str() if value in places:
            yield role, value
        case _:
            pass


def _own(value: msgspec.Struct, role: str) -> str:
    """Write what tells this part of a node from its like; the node itself has a label for it."""
    return shape(value) if role else ""


def operators(plan: Plan) -> tuple[str, ...]:
    """Name the operators that a plan is composed of, each once, sorted.

    They are the kinds of its nodes and of what leads from one to the next: `link forward=true`,
    `pick`, `where op=ge`, `aggregated function=count`, `write kind=update`.
    """
    found: set[str] = set()
    for node in (*plan.nodes, *([] if plan.party is None else [plan.party])):
        kind = type(node).__name__.lower()
        literals = [
            f"{name}={getattr(node, name)}"
            for name, literal, _ in _fields(type(node))
            if literal and getattr(node, name) is not None
        ]
        found.add(" ".join([kind, *literals]))
        found |= {" ".join([type(part).__name__.lower(), *_flags(part)]) for part in _within(node)}
    return tuple(sorted(found))


def _within(value: Any) -> Iterator[msgspec.Struct]:
    for name in value.__struct_fields__:
        content = getattr(value, name)
        for one in content if isinstance(content, tuple) else (content,):
            if isinstance(one, msgspec.Struct):
                yield one
                yield from _within(one)


def _flags(part: msgspec.Struct) -> list[str]:
    return [
        f"{name}={str(content).lower()}"
        for name, literal, _ in _fields(type(part))
        if literal and not isinstance(content := getattr(part, name), tuple)
    ]


def consequence(effect: Effect, schema: Schema) -> Consequence:
    """Say what an effect does in the words of the schema alone.

    Raises:
        SchemaError: It names an entity or relation that the schema does not have.
    """
    actor = schema.entity(effect.entity).name
    over: list[tuple[str, str]] = []
    if effect.each is not None:
        actor = schema.relation(effect.each).entity
        over.append(("each", effect.each))
    do = effect.do
    match do:
        case Add():
            target = schema.entity(do.entity).name
        case Adjust() | Assign():
            target = actor
            for step, name in enumerate(do.path):
                target = schema.relation(name).target
                over.append((f"via {step}", name))
    states = [] if effect.when is None else list(_waits(effect, actor))
    if isinstance(do, Assign) and isinstance(do.value.given, str):
        states.append(("sets", target, do.field, do.value.given))
    tag = type(do).__name__.lower()
    label = ":".join([
        "+".join(sorted(effect.on)),
        tag,
        "always" if effect.when is None else "when",
        "lasting" if effect.lasting else "undone",
    ])  # fmt: skip
    return Consequence(
        on=effect.entity, at=target, label=label, relations=tuple(over), states=tuple(states)
    )


def _waits(effect: Effect, actor: str) -> Iterator[tuple[str, str, str, str]]:
    assert effect.when is not None
    for part in parts(effect.when):
        match part:
            case In(path=()):
                values = part.values
            case Compare(path=(), op="eq"):
                values = (part.value,)
            case _:
                continue
        for value in values:
            if isinstance(value, str):
                yield "when", actor, part.field, value
