"""Operations as a draft: one coherent schema, tools under their own names, value lists.

What operations of one description or of many say of one resource is united. Next:
`tools.derive.given`, which takes the tools into the domain.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec

from agentgym.errors import SourceError
from agentgym.formats import Json, encode, fingerprint
from agentgym.schema import Field, Schema, replace_entity
from agentgym.schema.roles import infer
from agentgym.schema.types import to_stored
from agentgym.sources.assemble import assemble
from agentgym.sources.draft import Draft, Values
from agentgym.sources.openapi.bind import Bindings, bind
from agentgym.sources.openapi.part import readable
from agentgym.sources.openapi.placed import Placed
from agentgym.sources.openapi.relate import relate
from agentgym.sources.openapi.resources import Resource, Use, gather
from agentgym.sources.openapi.states import lived
from agentgym.sources.openapi.tables import column_name, is_secret, tables
from agentgym.sources.openapi.terms import Maker
from agentgym.sources.tables import Raw
from agentgym.tools.algebra import Tool
from agentgym.tools.pool.operation import Operation, Operations, Shape

__all__ = ["draft_of"]

_MOST_TOOLS = 120
_MOST_OF_ONE = 14
_SIZE = 40
"""About how many rows a principal entity gets."""


def draft_of(
    operations: Sequence[Operation] | Operations,
    name: str,
    *,
    kind: str = "openapi",
    sha256: str = "",
    focus: Sequence[str] = (),
    seed: int = 0,
) -> Draft:
    """Make a draft of operations.

    Args:
        operations: Of one description whole, or any of one or several.
        name: File name, or what to call it.
        kind: Of source, where operations come without their description.
        sha256: Of the source; of the operations where empty.
        focus: Resources that the domain is about; all, or a readable part, by default.
        seed: Passed on.

    Returns:
        Schema without rows, tools, value lists; what is left out is counted.

    Raises:
        SourceError: No operation reads or writes a resource, or there is none of a name in
            `focus`.
    """
    skipped: Counter[str] = Counter()
    notes: list[str] = []
    title = dialect = ""
    if isinstance(operations, Operations):
        skipped.update(operations.skipped)
        title = operations.title
        kind, sha256, dialect = operations.kind, operations.sha256, operations.dialect
        notes += operations.notes
        listed = operations.operations
    else:
        listed = tuple(operations)
    resources = gather(listed, skipped)
    relate(resources, skipped)
    if not any(resource.uses for resource in resources.values()):
        raise _nothing(listed, name)
    resources = readable(resources, focus, skipped, notes)
    bindings = _bindings(resources)
    made = tables(resources, bindings, skipped)
    if not any(len(table.columns) > 1 for table in made):
        raise _nothing(listed, name)
    raw = Raw(tables=made, notes=notes)
    draft = assemble(
        raw,
        kind=kind,
        name=name,
        sha256=sha256 or fingerprint(encode([(one.api, one.name) for one in listed])),
        dialect=dialect,
        rows=None,
        focus=focus,
        seed=seed,
    )
    skipped.update(draft.skipped)
    schema = _marked(draft.schema, resources, bindings)
    placed = Placed(schema, resources)
    tools = _tools(placed, bindings, skipped)
    if not tools:
        raise _nothing(listed, name)
    return msgspec.structs.replace(
        draft,
        schema=schema,
        tools=tools,
        values=tuple(_values(placed)),
        size=_SIZE,
        title=title,
        skipped={what: n for what, n in sorted(skipped.items()) if n},
    )


def _nothing(listed: Sequence[Operation], name: str) -> SourceError:
    return SourceError(
        "an operation that reads or writes a resource",
        found=f"{len(listed)} operations that do not" if listed else "no operation at all",
        where=name,
        hint="give a description of an API that keeps records",
    )


def _bindings(resources: Mapping[str, Resource]) -> dict[str, list[tuple[Use, Bindings]]]:
    return {
        noun: [(use, bind(use, resource, dict(resources))) for use in resource.uses]
        for noun, resource in resources.items()
    }


def _marked(
    schema: Schema,
    resources: Mapping[str, Resource],
    bindings: Mapping[str, list[tuple[Use, Bindings]]],
) -> Schema:
    """Write down what only the operations tell: secrets, units, life cycles."""
    placed = Placed(schema, dict(resources))
    cycles = []
    for noun, resource in resources.items():
        entity = placed.entity(noun)
        if entity is None:
            continue
        secret = {
            column_name(resource, name)
            for name, trait in resource.traits.items()
            if is_secret(trait.shape) and name != resource.key
        }
        fields = tuple(
            msgspec.structs.replace(field, role="secret", nullable=True)
            if (field.source or field.name) in secret
            else field
            for field in entity.fields
        )
        entity = msgspec.structs.replace(entity, fields=fields)
        schema = replace_entity(schema, entity)
        words = [use.meant.word for use, _ in bindings.get(noun, []) if use.meant.verb == "act"]
        cycle = lived(entity, words) if words else None
        if cycle is not None:
            cycles.append(cycle)
            status = msgspec.structs.replace(
                entity.field(cycle.field), role="status", evidence=cycle.evidence
            )
            fields = tuple(status if f.name == cycle.field else f for f in entity.fields)
            schema = replace_entity(schema, msgspec.structs.replace(entity, fields=fields))
    return msgspec.structs.replace(schema, lifecycles=(*schema.lifecycles, *cycles))


def _tools(
    placed: Placed, bindings: Mapping[str, list[tuple[Use, Bindings]]], skipped: Counter[str]
) -> tuple[Tool, ...]:
    """Make the tools, resource by resource; of very many, those of each kind come first."""
    maker = Maker(placed, skipped, infer(placed.schema, {}).lifecycles)
    rank = {"get": 0, "list": 1, "create": 2, "update": 3, "act": 4, "delete": 5, "count": 6}
    share = max(6, _MOST_TOOLS // max(1, len(placed.schema.entities)))
    found: list[Tool] = []
    for uses in bindings.values():
        made = 0
        kinds: Counter[str] = Counter()
        ordered = []
        for use, bound in uses:
            kinds[use.meant.verb] += 1
            ordered.append((kinds[use.meant.verb], rank.get(use.meant.verb, 9), use, bound))
        for _, _, use, bound in sorted(ordered, key=lambda one: one[:2]):
            if made >= min(_MOST_OF_ONE, share) and placed.entity(use.noun) is not None:
                skipped["operation beyond those that fit"] += 1
                continue
            tool = maker.make(use, bound)
            if tool is not None:
                found.append(tool)
                made += 1
    return tuple(found)


def _values(placed: Placed) -> list[Values]:
    """List what the description says of values: examples and ranges."""
    found = []
    for noun, resource in placed.resources.items():
        entity = placed.entity(noun)
        if entity is None:
            continue
        for name, trait in resource.traits.items():
            field = placed.field(noun, name)
            if field is None or field.name in entity.key or trait.aim is not None:
                continue
            one = _value(entity.name, field, trait.shape)
            if one is not None:
                found.append(one)
    return found


def _value(entity: str, field: Field, shape: Shape) -> Values | None:
    values: list[Json] = []
    if field.type in ("text", "integer", "decimal") and len(shape.examples) > 2:
        for example in shape.examples:
            try:
                to_stored(field, example)
            except (ValueError, TypeError):
                continue
            values.append(example)
    least, most, step = (_number(field, one) for one in (shape.least, shape.most, shape.step))
    if len(values) < 3:
        values = []
    if not values and least is None and most is None and step is None:
        return None
    return Values(
        entity=entity, field=field.name, values=tuple(values), least=least, most=most, step=step
    )


def _number(field: Field, value: Json) -> Json:
    if value is None or field.type not in ("integer", "decimal", "float"):
        return None
    number = Decimal(str(value))
    if field.type == "integer":
        return int(number) if number == int(number) else None
    if field.type == "float":
        return float(number)
    return round(number, field.scale)
