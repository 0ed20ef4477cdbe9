"""What must hold of a tool's term: that its entity, fields and parameters are there and fit.

Next: `writes`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agentgym.domain.valid.faults import (
    TEXTS,
    at,
    check_known,
    check_name,
    check_new,
    check_once,
    fail,
)
from agentgym.errors import nearest
from agentgym.schema import Entity, Schema
from agentgym.schema.types import to_stored
from agentgym.tools.algebra import (
    Aggregate,
    Argument,
    Delete,
    Filter,
    Find,
    Get,
    ListRelated,
    LookUpTerm,
    Path,
    Search,
    Term,
    Transfer,
    Transition,
    Update,
    listed,
)
from agentgym.tools.derive.naming import CONTROLS, RESERVED_PARAMETERS

__all__ = ["check_key", "check_listed", "check_parameters", "check_reads"]

_LARGEST_PAGE = 1000
_LONGEST_WAY = 6
_KEYS = frozenset(("text", "integer"))


def check_parameters(term: Term, schema: Schema, where: str) -> None:
    """Check the parameters that stand for fields, and the key by which a row is named."""
    with at(where):
        if isinstance(term, ListRelated):
            listed(term, schema)
            _check_through(term, schema, where)
        elif hasattr(term, "entity"):
            schema.entity(term.entity)
        parts = list(_arguments(term, schema, where))
    controls = CONTROLS if isinstance(term, (Search, ListRelated, Aggregate)) else frozenset()
    seen: set[str] = set()
    for here, entity, part in parts:
        # sort_by, page and their like are taken by the term itself
        check_name(part.param, "a parameter", RESERVED_PARAMETERS, f"{here}.param")
        if not isinstance(term, Transfer):  # both ends may take one parameter, see `writes`
            check_new(part.param, seen | controls, "parameter", f"{here}.param")
        seen.add(part.param)
        check_argument(part, entity, here)
    match term:
        case Get() | Update() | Transition() | Delete():
            check_key(term.key, schema.entity(term.entity), where)
        case ListRelated():
            check_key(term.key, schema.entity(schema.relation(term.relation).target), where)
        case Path():
            with at(where):
                _check_path(term, schema, where)
        case LookUpTerm():
            with at(where):
                _check_words(term, schema, where)
        case _:
            pass


def _check_words(term: LookUpTerm, schema: Schema, where: str) -> None:
    """Check that each word of the trade speaks of fields, by values that they take."""
    check_once([one.term.casefold() for one in term.entries], "word", f"{where}.entries")
    for place, one in enumerate(term.entries):
        here = f"{where}.entries[{place}]"
        entity = schema.entity(one.entity)
        if not one.where or not one.term.strip():
            fail("a word that stands for something", repr(one.term), here)
        for number, condition in enumerate(one.where):
            field = entity.field(condition.field)
            if field.role == "secret":
                fail("a field that may be shown", condition.field, f"{here}.where[{number}]")
            to_stored(field, condition.value)


def _check_path(term: Path, schema: Schema, where: str) -> None:
    """Check that ways lead between rows that one text names, over references that are there."""
    check_once(term.entities, "entity", f"{where}.entities")
    if not term.entities:
        fail("at least one entity", "none", f"{where}.entities")
    if not 1 <= term.most <= _LONGEST_WAY:
        fail(f"1 to {_LONGEST_WAY} steps", str(term.most), f"{where}.most")
    kinds: set[str] = set()
    for place, name in enumerate(term.entities):
        entity = schema.entity(name)
        field = entity.field(entity.key[0])
        kinds.add(field.type)
        if len(entity.key) != 1 or field.role == "secret" or not kinds <= {field.type} & _KEYS:
            fail(
                "keys of one text, or of one integer",
                f"{name}: {', '.join(entity.key)}",
                f"{where}.entities[{place}]",
            )
    check_once(term.relations, "relation", f"{where}.relations")
    ends = [(f"{where}.relations[{n}]", name) for n, name in enumerate(term.relations)]
    for place, pair in enumerate(term.joints):
        here = f"{where}.joints[{place}]"
        ends += [(here, name) for name in pair]
        first, second = (schema.relation(name).entity for name in pair)
        if pair[0] == pair[1] or first != second:
            fail("two relations of one entity", f"{pair[0]}, {pair[1]}", here)
    for here, name in ends:
        relation = schema.relation(name)
        near = (relation.target,) if ".joints" in here else (relation.entity, relation.target)
        for entity_name in near:
            if entity_name not in term.entities:
                fail(
                    f"relations between {', '.join(term.entities)}",
                    f"{name} of {entity_name}",
                    here,
                )
        if relation.target_fields != schema.entity(relation.target).key:
            fail("a relation to a key", name, here)


def check_argument(part: Argument | Filter, entity: Entity, where: str) -> None:
    """Check that a parameter stands for a field that may be spoken of."""
    check_known(entity, (part.field,), f"{where}.field")
    field = entity.field(part.field)
    if field.role == "secret":
        fail("a field that may be shown", f"{field.name}, a secret", f"{where}.field")
    if isinstance(part, Filter) and part.op == "contains" and field.type not in TEXTS:
        fail("contains for texts only", f"{field.name} ({field.type})", f"{where}.op")


def _check_through(term: ListRelated, schema: Schema, where: str) -> None:
    near = schema.relation(term.relation)
    if term.through is not None and schema.relation(term.through).entity != near.entity:
        fitting = [r.name for r in schema.parents(near.entity)]
        fail(
            f"another relation of {near.entity}",
            repr(term.through),
            f"{where}.through",
            nearest(term.through, fitting),
        )


def _arguments(
    term: Term, schema: Schema, where: str
) -> Iterator[tuple[str, Entity, Argument | Filter]]:
    """Yield each parameter that stands for a field, with its place and its entity."""
    if isinstance(term, Transfer):
        for name, side in (("source", term.source), ("target", term.target)):
            for place, part in enumerate(side.key):
                yield f"{where}.{name}.key[{place}]", schema.entity(side.entity), part
        yield f"{where}.amount", schema.entity(term.source.entity), term.amount
        return
    owner = entity = None
    if isinstance(term, ListRelated):
        owner = schema.entity(schema.relation(term.relation).target)
        entity = schema.entity(listed(term, schema))
    elif hasattr(term, "entity"):
        owner = entity = schema.entity(term.entity)
    for name in ("key", "by", "ends", "values", "filters"):
        for place, part in enumerate(getattr(term, name, ())):
            of = owner if name == "key" else entity
            assert of is not None
            yield f"{where}.{name}[{place}]", of, part
    if isinstance(term, Transition):
        assert entity is not None
        yield f"{where}.to", entity, term.to


def check_key(key: Sequence[Argument], entity: Entity, where: str) -> None:
    """Check that the arguments name one row of the entity."""
    found = [argument.field for argument in key]
    if sorted(found) != sorted(entity.key):
        expected = f"the key of {entity.name}: {', '.join(entity.key)}"
        fail(expected, ", ".join(found) or "nothing", f"{where}.key")


def check_reads(term: Term, schema: Schema, where: str) -> None:
    """Check what only terms that read have."""
    match term:
        case Search() | ListRelated():
            entity = schema.entity(
                listed(term, schema) if isinstance(term, ListRelated) else term.entity
            )
            check_listed(entity, term.sorts, f"{where}.sorts")
            if term.order is not None:
                check_listed(entity, (term.order.field,), f"{where}.order")
            if not 1 <= term.page_size <= _LARGEST_PAGE:
                fail(f"1 to {_LARGEST_PAGE} rows a page", term.page_size, f"{where}.page_size")
        case Aggregate():
            check_listed(schema.entity(term.entity), term.fields, f"{where}.fields")
            if not term.functions or len(set(term.functions)) != len(term.functions):
                fail("functions, each once", list(term.functions), f"{where}.functions")
            if not term.fields and term.functions != ("count",):
                fail("fields to compute of", "none", f"{where}.fields", "count alone needs none")
        case Find() if not term.by:
            fail("at least one field to find by", "none", f"{where}.by")
        case _:
            pass


def check_listed(entity: Entity, names: Sequence[str], where: str) -> None:
    """Check that the fields are there, each once, and may be shown."""
    check_known(entity, names, where)
    check_once(names, "field", where)
    for name in names:
        if entity.field(name).role == "secret":
            fail("a field that may be shown", f"{name}, a secret", where)
