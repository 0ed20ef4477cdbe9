"""What must hold of terms that write, and of the one that identifies.

Nothing sets what the world computes; what is joined, moved or done in sequence fits together.
Next: `sense`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from agentgym.domain.valid.faults import (
    NUMBERS,
    at,
    check_known,
    check_name,
    check_new,
    check_once,
    check_value,
    fail,
    kind,
)
from agentgym.domain.valid.predicates import check_lifecycle
from agentgym.domain.valid.terms import (
    check_argument,
    check_key,
    check_listed,
    check_parameters,
)
from agentgym.errors import nearest
from agentgym.schema import Entity, Field, Schema
from agentgym.tools.algebra import (
    Argument,
    Create,
    Delete,
    Identify,
    Link,
    Nested,
    Side,
    Step,
    Term,
    Tool,
    Transfer,
    Transition,
    Unlink,
    Update,
)
from agentgym.tools.algebra import Sequence as Steps
from agentgym.tools.derive.naming import RESERVED_PARAMETERS
from agentgym.tools.parameters import bindings, parameters

__all__ = ["check_writes"]

_TAKEN = re.compile(r"(\d+)\.(\w+)")


def check_writes(term: Term, schema: Schema, where: str) -> None:
    """Check what only terms that write have, and `Identify`."""
    match term:
        case Create():
            entity = schema.entity(term.entity)
            _check_values(term.values, entity, schema, f"{where}.values")
            taken = {argument.param for argument in term.values}
            for place, nested in enumerate(term.nested):
                here = f"{where}.nested[{place}]"
                check_new(nested.param, taken, "parameter", f"{here}.param")
                taken.add(nested.param)
                _check_nested(nested, entity, schema, here)
        case Update():
            entity = schema.entity(term.entity)
            _check_values(term.values, entity, schema, f"{where}.values")
            if not term.values:
                fail("at least one value to change", "none", f"{where}.values")
            for place, argument in enumerate(term.values):
                if argument.field in entity.key:
                    found = f"{argument.field}, which is of the key"
                    fail("a field that can change", found, f"{where}.values[{place}]")
        case Transition():
            check_lifecycle(schema, term.entity, term.to.field, f"{where}.to")
        case Link():
            entity = schema.entity(term.entity)
            _check_ends(term.ends, entity, schema, f"{where}.ends")
            _check_values(term.values, entity, schema, f"{where}.values")
            ends = {argument.field for argument in term.ends}
            for place, argument in enumerate(term.values):
                if argument.field in ends:
                    found = f"{argument.field}, which is an end"
                    fail("what else the link says", found, f"{where}.values[{place}]")
        case Unlink():
            _check_ends(term.ends, schema.entity(term.entity), schema, f"{where}.ends")
        case Transfer():
            _check_transfer(term, schema, where)
        case Steps():
            _check_sequence(term, schema, where)
        case Identify():
            _check_identify(term, schema.entity(term.entity), where)
        case _:
            pass


def _check_values(values: Sequence[Argument], entity: Entity, schema: Schema, where: str) -> None:
    check_listed(entity, [argument.field for argument in values], where)
    for place, argument in enumerate(values):
        _check_settable(entity, argument.field, schema, f"{where}[{place}]")


def _check_settable(entity: Entity, name: str, schema: Schema, where: str) -> None:
    if entity.field(name).generated or (entity.name, name) in schema.computed:
        fail("a field that can be set", f"{name}, which follows from others", where, "remove it")


def _check_nested(nested: Nested, entity: Entity, schema: Schema, where: str) -> None:
    check_name(nested.param, "a parameter", RESERVED_PARAMETERS, f"{where}.param")
    with at(f"{where}.relation"):
        relation = schema.relation(nested.relation)
    if relation.target != entity.name:
        fitting = [r.name for r in schema.children(entity.name)]
        found = f"{nested.relation!r}, which points to {relation.target}"
        hint = nearest(nested.relation, fitting)
        fail(f"a relation that points to {entity.name}", found, f"{where}.relation", hint)
    child = schema.entity(relation.entity)
    if not nested.values:
        fail("at least one value for each row of the list", "none", f"{where}.values")
    seen: set[str] = set()
    for place, argument in enumerate(nested.values):
        here = f"{where}.values[{place}]"
        check_name(argument.param, "a parameter", RESERVED_PARAMETERS, f"{here}.param")
        check_new(argument.param, seen, "parameter", f"{here}.param")
        seen.add(argument.param)
        check_argument(argument, child, here)
        if argument.field in relation.fields:
            found = f"{argument.field}, which refers to the new {entity.label}"
            fail("a field that is not filled in", found, here, "remove it")
    _check_values(nested.values, child, schema, f"{where}.values")
    if not 0 <= nested.least <= nested.most or nested.most < 1:
        fail("0 <= least <= most, and most from 1", f"{nested.least} and {nested.most}", where)


def _check_ends(ends: Sequence[Argument], entity: Entity, schema: Schema, where: str) -> None:
    names = [argument.field for argument in ends]
    check_once(names, "field", where)
    left, joined = set(names), 0
    for relation in schema.parents(entity.name):
        if set(relation.fields) <= set(names):
            joined += 1
            left -= set(relation.fields)
    mine = [name for relation in schema.parents(entity.name) for name in relation.fields]
    for place, name in enumerate(names):
        if name in left:
            found, hint = f"{name}, which refers to nothing", nearest(name, mine)
            fail("a field that refers to what is joined", found, f"{where}[{place}].field", hint)
    if joined < 2:
        fail("at least two that are joined", str(joined), where, nearest("", mine))


def _check_side(side: Side, schema: Schema, where: str) -> Field:
    with at(f"{where}.entity"):
        entity = schema.entity(side.entity)
    check_key(side.key, entity, where)
    check_known(entity, (side.field,), f"{where}.field")
    field = entity.field(side.field)
    tied = {name for relation in schema.parents(entity.name) for name in relation.fields}
    if field.type not in NUMBERS or field.name in {*entity.key, *tied}:
        numbers = [f.name for f in entity.fields if f.type in NUMBERS and f.name not in entity.key]
        found = f"{field.name} ({field.type})"
        hint = nearest(field.name, numbers)
        fail("a field of numbers that can change", found, f"{where}.field", hint)
    _check_settable(entity, field.name, schema, f"{where}.field")
    return field


def _check_transfer(term: Transfer, schema: Schema, where: str) -> None:
    source = _check_side(term.source, schema, f"{where}.source")
    target = _check_side(term.target, schema, f"{where}.target")
    if kind(source) != kind(target):
        found = f"{target.name} ({kind(target)})"
        fail(f"a field of type {kind(source)}, like {source.name}", found, f"{where}.target.field")
    if source.unit != target.unit:
        found = f"{target.name} in {target.unit or 'no unit'}"
        expected = f"a field in {source.unit or 'no unit'}, like {source.name}"
        fail(expected, found, f"{where}.target.field", "amounts of one unit alone can be moved")
    if term.amount.field != term.source.field:
        expected = f"the field of the source, {term.source.field}"
        fail(expected, repr(term.amount.field), f"{where}.amount.field")
    ends = schema.entity(term.source.entity), schema.entity(term.target.entity)
    for place, (mine, theirs) in enumerate(term.same):
        here = f"{where}.same[{place}]"
        check_known(ends[0], (mine,), here)
        check_known(ends[1], (theirs,), here)
        kinds = kind(ends[0].field(mine)), kind(ends[1].field(theirs))
        if kinds[0] != kinds[1]:
            fail(f"a field of type {kinds[0]}, like {mine}", f"{theirs} ({kinds[1]})", here)
    _check_shared(term, ends, where)


def _check_shared(term: Transfer, ends: tuple[Entity, Entity], where: str) -> None:
    """Check that both ends share parameters only where they mean the same, and are two rows."""
    sources = {argument.param: argument.field for argument in term.source.key}
    targets = {argument.param: argument.field for argument in term.target.key}
    for name, mine in sources.items():
        if name in targets:
            kinds = kind(ends[0].field(mine)), kind(ends[1].field(targets[name]))
            if kinds[0] != kinds[1]:
                found = f"{mine} ({kinds[0]}) and {targets[name]} ({kinds[1]})"
                fail(f"one type for the parameter {name!r}", found, f"{where}.target.key")
    one = term.source.entity == term.target.entity
    if one and sources == targets:
        fail("two rows", "one and the same", f"{where}.target.key", "name another parameter")
    for end, names, side in (("source", sources, term.source), ("target", targets, term.target)):
        if len(names) != len(side.key):
            fail("each parameter once", "one twice", f"{where}.{end}.key")
    if term.amount.param in {*sources, *targets}:
        fail("each parameter once", f"{term.amount.param!r} twice", f"{where}.amount.param")


def _check_sequence(term: Steps, schema: Schema, where: str) -> None:
    if len(term.steps) < 2 and not any(step.given for step in term.steps):
        found = str(len(term.steps))
        fail("at least two steps", found, f"{where}.steps", "one needs no sequence")
    shared: dict[str, tuple[int, Field]] = {}
    for number, step in enumerate(term.steps):
        here = f"{where}.steps[{number}]"
        check_parameters(step.term, schema, f"{here}.term")
        check_writes(step.term, schema, f"{here}.term")
        bound = {
            name: schema.entity(entity).field(field)
            for name, (entity, field, _) in bindings(step.term, schema).items()
        }
        tool = Tool(name="step", description="", term=step.term)
        legal = set(parameters(tool, schema)["properties"])
        _check_given(step, bound, legal, here)
        for name, source in step.taken.items():
            _check_taken(name, source, bound.get(name), term.steps[:number], schema, here)
        for name, field in bound.items():
            if name in step.given or name in step.taken:
                continue
            first, other = shared.setdefault(name, (number, field))
            if kind(other) != kind(field):
                expected = f"one type for {name!r}, {kind(other)} as in step {first}"
                fail(expected, kind(field), here, "rename the parameter of one step")


def _check_given(step: Step, bound: Mapping[str, Field], legal: set[str], where: str) -> None:
    for name in (*step.given, *step.taken):
        part = "given" if name in step.given else "taken"
        if name not in legal:
            hint = nearest(name, legal)
            fail("a parameter of the step", repr(name), f"{where}.{part}", hint)
        if name in step.given and name in step.taken:
            fail("a parameter set once", f"{name!r} given and taken", where, "remove one of them")
    for name, value in step.given.items():
        if name in bound and not (value is None and bound[name].nullable):
            check_value(bound[name], value, f"{where}.given.{name}")


def _check_taken(
    name: str,
    source: str,
    field: Field | None,
    before: Sequence[Step],
    schema: Schema,
    where: str,
) -> None:
    here = f"{where}.taken.{name}"
    match = _TAKEN.fullmatch(source)
    if match is None:
        fail("<step>.<field>, as 0.id", repr(source), here)
    number = int(match[1])
    if number >= len(before):
        legal = ", ".join(map(str, range(len(before)))) or "none: it is the first"
        fail("an earlier step", str(number), here, f"earlier steps: {legal}")
    given = before[number].term
    if isinstance(given, (Delete, Unlink, Transfer)):
        tag = type(given).__struct_config__.tag
        fail("a step that gives a row", f"step {number}, a {tag}", here)
    entity = schema.entity(given.entity)
    check_known(entity, (match[2],), here)
    if entity.field(match[2]).role == "secret":
        fail("a field that may be shown", f"{match[2]}, a secret", here)
    if field is not None and kind(entity.field(match[2])) != kind(field):
        found = f"{source} ({kind(entity.field(match[2]))})"
        fail(f"a value of type {kind(field)}, as {name} is", found, here)


def _check_identify(term: Identify, entity: Entity, where: str) -> None:
    names = [argument.field for argument in term.by]
    check_once(names, "field", f"{where}.by")
    if len(names) < 2 and not any(_unique(entity, name) for name in names):
        fail(
            "at least two fields, or one that is unique",
            ", ".join(names) or "none",
            f"{where}.by",
            nearest("", [field.name for field in entity.fields if _unique(entity, field.name)]),
        )


def _unique(entity: Entity, name: str) -> bool:
    return entity.field(name).unique or entity.key == (name,) or (name,) in entity.uniques
