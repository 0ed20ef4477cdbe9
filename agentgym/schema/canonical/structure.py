"""The structure of a schema: a labelled graph without names and plain fields.

A `Schema` and the consequences of its writes come in, a `Form` goes out. Its nodes, what their
labels tell and where their arcs lead:

- entity: kind; writable or not
- relation: many or one to one; required or optional; part of the key or not; to itself or not.
  `child` and `target` entity
- cycle: `of` an entity
- state: initial or not. `of` a cycle
- move: `from` and `to` a state
- derived: how; over its own row or those below it; filtered or not. `of` an entity, `over` a
  relation, `counts` states
- exclusive: always or within a span; filtered or not. `of` an entity, `same` relations, `counts`
  states
- effect: what its `Consequence` says. `on` and `at` an entity; further ones to relations and states

Checks, field types, counts of fields and the ways of keys are plain and left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from agentgym.formats import Record
from agentgym.schema import Entity, Relation, Schema
from agentgym.schema.canonical.graph import Form, form

__all__ = ["Consequence", "structure"]


class Consequence(Record, kw_only=True):
    """What else a write does, in the words of the schema alone."""

    on: str
    """The entity whose write it follows."""
    at: str
    """The entity whose row it writes."""
    label: str
    """What it does, without a name."""
    relations: tuple[tuple[str, str], ...] = ()
    """Role, and the name of a relation that it goes over."""
    states: tuple[tuple[str, str, str, str], ...] = ()
    """Role, entity, field and the state that it waits for or sets; what is no state of a life
    cycle is passed over."""


class _Sheet:
    """Nodes and arcs as they are collected."""

    def __init__(self) -> None:
        self.nodes: list[str] = []
        self.arcs: list[tuple[int, int, str]] = []

    def add(self, label: str, *arcs: tuple[str, int]) -> int:
        place = len(self.nodes)
        self.nodes.append(label)
        self.arcs += [(place, target, role) for role, target in arcs]
        return place


def structure(schema: Schema, consequences: Iterable[Consequence] = ()) -> Form:
    """Return the form of a schema: the same for every schema of the same structure.

    Args:
        schema: A schema that holds together.
        consequences: What writes do besides.

    Raises:
        SchemaError: A consequence names an entity or relation that the schema does not have.
    """
    sheet = _Sheet()
    entities = {entity.name: sheet.add(_entity(entity)) for entity in schema.entities}
    relations = {
        one.name: sheet.add(
            _relation(schema.entity(one.entity), one),
            ("child", entities[one.entity]),
            ("target", entities[one.target]),
        )
        for one in schema.relations
    }
    states = _states(schema, sheet, entities)
    for derived in schema.derived:
        over = derived.relation
        child = derived.entity if over is None else schema.relation(over).entity
        sheet.add(
            f"derived:{derived.how}:{'row' if over is None else 'below'}:{_filter(derived.where)}",
            ("of", entities[derived.entity]),
            *([] if over is None else [("over", relations[over])]),
            *_counts(states, child, derived.where),
        )
    for one in schema.exclusives:
        held = [
            r.name for r in schema.parents(one.entity) if set(r.fields) <= set(one.same)
        ]  # the rows of which at most one may be there at a time
        sheet.add(
            f"exclusive:{'always' if one.span is None else 'span'}:{_filter(one.where)}",
            ("of", entities[one.entity]),
            *(("same", relations[name]) for name in held),
            *_counts(states, one.entity, one.where),
        )
    for each in consequences:
        sheet.add(
            f"effect:{each.label}",
            ("on", entities[schema.entity(each.on).name]),
            ("at", entities[schema.entity(each.at).name]),
            *((role, relations[schema.relation(name).name]) for role, name in each.relations),
            *(
                (role, states[key])
                for role, *names in each.states
                if (key := tuple(names)) in states
            ),
        )
    return form(sheet.nodes, sheet.arcs)


def _entity(entity: Entity) -> str:
    return f"entity:{entity.kind}:{'writable' if entity.writable else 'fixed'}"


def _relation(child: Entity, one: Relation) -> str:
    mine = set(one.fields)
    unique = [set(child.key), *map(set, child.uniques)]
    unique += [{field.name} for field in child.fields if field.unique]
    single = one.one_to_one or any(fields <= mine for fields in unique)
    optional = any(child.field(name).nullable for name in one.fields)
    return ":".join([
        "relation",
        "one" if single else "many",
        "optional" if optional else "required",
        "key" if mine & set(child.key) else "plain",
        "self" if one.entity == one.target else "other",
    ])  # fmt: skip


def _filter(where: Mapping[str, Sequence[str]]) -> str:
    return "filtered" if where else "all"


_States = dict[tuple[str, ...], int]
"""Entity, field and state to the node."""


def _states(schema: Schema, sheet: _Sheet, entities: Mapping[str, int]) -> _States:
    """Add the life cycles."""
    found: _States = {}
    for cycle in schema.lifecycles:
        place = sheet.add("cycle", ("of", entities[cycle.entity]))
        for state in cycle.moves:
            label = "state:initial" if state in cycle.initial else "state:later"
            found[cycle.entity, cycle.field, state] = sheet.add(label, ("of", place))
        for state, after in cycle.moves.items():
            for new in dict.fromkeys(after):
                ends = (cycle.entity, cycle.field, state), (cycle.entity, cycle.field, new)
                sheet.add("move", ("from", found[ends[0]]), ("to", found[ends[1]]))
    return found


def _counts(
    states: _States, entity: str, where: Mapping[str, Sequence[str]]
) -> list[tuple[str, int]]:
    return [
        ("counts", states[entity, field, value])
        for field, values in where.items()
        for value in dict.fromkeys(values)
        if (entity, field, value) in states
    ]
