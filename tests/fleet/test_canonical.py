"""Canonical forms: names and order never count, one edit always does, exhaustive search judges."""

from __future__ import annotations

import random
import subprocess
import sys
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import schemas
from strategies_forms import drawn, isomorphic

from agentgym.schema import Derived, Entity, Exclusive, Field, Lifecycle, Product, Relation, Schema
from agentgym.schema.canonical import Consequence, Form, form, same, structure

replace = msgspec.structs.replace
RNG = st.integers(0, 10**9).map(random.Random)


@st.composite
def whole(draw: st.DrawFn) -> tuple[Schema, tuple[Consequence, ...]]:
    """Draw a schema with derived values, exclusives and consequences."""
    schema = draw(schemas())
    derived, exclusives, consequences = [], [], []
    for number, relation in enumerate(schema.relations):
        if draw(st.booleans()):
            derived.append(
                Derived(
                    id=f"d{number}",
                    entity=relation.target,
                    field=schema.entity(relation.target).fields[0].name,
                    how=draw(st.sampled_from(["count", "min"])),
                    relation=relation.name,
                )
            )
        if draw(st.booleans()):
            where = {
                cycle.field: cycle.initial
                for cycle in schema.lifecycles
                if cycle.entity == relation.entity and draw(st.booleans())
            }
            exclusives.append(
                Exclusive(
                    id=f"x{number}", entity=relation.entity, same=relation.fields, where=where
                )
            )
        if draw(st.booleans()):
            consequences.append(
                Consequence(
                    on=relation.entity,
                    at=relation.target,
                    label=draw(st.sampled_from(["create:adjust", "update:assign"])),
                    relations=(("via 0", relation.name),),
                    states=tuple(
                        ("when", cycle.entity, cycle.field, cycle.initial[0])
                        for cycle in schema.lifecycles
                        if cycle.entity == relation.entity
                    ),
                )
            )
    made = replace(schema, derived=tuple(derived), exclusives=tuple(exclusives))
    made.validate()
    return made, tuple(consequences)


def shuffled(rng: random.Random, found: Any) -> tuple[Any, ...]:
    """Return the things in any order."""
    return tuple(rng.sample(list(found), len(found)))


def renamed(
    schema: Schema, consequences: tuple[Consequence, ...], rng: random.Random
) -> tuple[Schema, tuple[Consequence, ...]]:
    """Give everything another name, another order and other plain fields."""
    numbers = rng.sample(range(10_000), 9_000)

    def fresh(_: object) -> str:
        return f"z{numbers.pop()}"

    entity = {e.name: fresh(e) for e in schema.entities}
    field = {(e.name, f.name): fresh(f) for e in schema.entities for f in e.fields}
    relation = {r.name: fresh(r) for r in schema.relations}
    state = {(c.entity, c.field, s): fresh(s) for c in schema.lifecycles for s in c.moves}

    def names(of: str, found: Any) -> tuple[str, ...]:
        return tuple(field[of, name] for name in found)

    def where(of: str, found: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        return {
            field[of, name]: shuffled(rng, [state.get((of, name, v), v) for v in values])
            for name, values in found.items()
        }

    entities = [
        replace(
            e,
            name=entity[e.name],
            label="thing",
            plural="things",
            key=names(e.name, e.key),
            uniques=tuple(names(e.name, one) for one in e.uniques),
            fields=shuffled(
                rng,
                [
                    *(replace(f, name=field[e.name, f.name], label="what") for f in e.fields),
                    *(
                        Field(name=fresh(n), label="more", type="text", nullable=True)
                        for n in range(rng.randint(0, 2))
                    ),
                ],
            ),
        )
        for e in schema.entities
    ]
    relations = [
        replace(
            r,
            name=relation[r.name],
            entity=entity[r.entity],
            target=entity[r.target],
            fields=names(r.entity, r.fields),
            target_fields=names(r.target, r.target_fields),
            label="other",
            inverse="others",
        )
        for r in schema.relations
    ]
    cycles = [
        Lifecycle(
            entity=entity[c.entity],
            field=field[c.entity, c.field],
            initial=shuffled(rng, [state[c.entity, c.field, s] for s in c.initial]),
            moves={
                state[c.entity, c.field, s]: shuffled(
                    rng, [state[c.entity, c.field, t] for t in c.moves[s]]
                )
                for s in shuffled(rng, c.moves)
            },
        )
        for c in schema.lifecycles
    ]
    derived = [
        replace(
            d,
            id=fresh(d),
            entity=entity[d.entity],
            field=field[d.entity, d.field],
            relation=relation[d.relation] if d.relation else None,
        )
        for d in schema.derived
    ]
    exclusives = [
        replace(
            x,
            id=fresh(x),
            entity=entity[x.entity],
            same=names(x.entity, x.same),
            where=where(x.entity, x.where),
        )
        for x in schema.exclusives
    ]
    new = replace(
        schema,
        entities=shuffled(rng, entities),
        relations=shuffled(rng, relations),
        checks=(),
        lifecycles=shuffled(rng, cycles),
        derived=shuffled(rng, derived),
        exclusives=shuffled(rng, exclusives),
    )
    told = [
        replace(
            c,
            on=entity[c.on],
            at=entity[c.at],
            relations=tuple((role, relation[name]) for role, name in c.relations),
            states=shuffled(
                rng,
                [(role, entity[e], field[e, f], state[e, f, s]) for role, e, f, s in c.states],
            ),
        )
        for c in consequences
    ]
    return new, shuffled(rng, told)


@given(whole(), RNG)
def test_names_order_and_plain_fields_do_not_count(made, rng):
    """Another schema of the same structure has the same form."""
    schema, consequences = made

    other = structure(*renamed(schema, consequences, rng))

    assert other.digest == structure(schema, consequences).digest
    assert same(other, structure(schema, consequences))


def edited(  # noqa: PLR0915 - one case a kind of edit
    schema: Schema, consequences: tuple[Consequence, ...], rng: random.Random
) -> tuple[str, Any, Any]:
    """Make one structural edit; say which."""
    entity = rng.choice(schema.entities)
    more: Any
    new: Any
    ways = ["entity", "kind", "writable", "relation", "effect", "derived", "exclusive"]
    ways += ["cardinality", "unrelated", "optional"] if schema.relations else []
    ways += ["state", "move", "initial", "no cycle"] if schema.lifecycles else []
    ways += ["no effect"] if consequences else []
    way = rng.choice(ways)
    swap = lambda new: tuple(new if e.name == new.name else e for e in schema.entities)  # noqa: E731
    match way:
        case "entity":
            more = Entity(
                name="brand_new",
                label="new",
                plural="new",
                key=("id",),
                fields=(Field(name="id", label="id", type="integer"),),
            )
            return way, replace(schema, entities=(*schema.entities, more)), consequences
        case "kind":
            new = replace(entity, kind="log" if entity.kind != "log" else "record")
            return way, replace(schema, entities=swap(new)), consequences
        case "writable":
            new = replace(entity, writable=not entity.writable)
            return way, replace(schema, entities=swap(new)), consequences
        case "relation":
            target = rng.choice(schema.entities)
            new = replace(
                entity,
                fields=(*entity.fields, Field(name="brand_new", label="new", type="integer")),
            )
            more = Relation(
                name="brand_new",
                entity=entity.name,
                fields=("brand_new",),
                target=target.name,
                target_fields=target.key[:1],
                label="new",
                inverse="new",
            )
            whole = replace(schema, entities=swap(new), relations=(*schema.relations, more))
            return way, whole, consequences
        case "effect":
            more = Consequence(on=entity.name, at=entity.name, label="create:assign")
            return way, schema, (*consequences, more)
        case "no effect":
            return way, schema, consequences[1:]
        case "derived":
            more = Derived(
                id="brand_new",
                entity=entity.name,
                field=entity.fields[0].name,
                terms=(Product(fields=(entity.fields[0].name,)),),
            )
            return way, replace(schema, derived=(*schema.derived, more)), consequences
        case "exclusive":
            more = Exclusive(id="brand_new", entity=entity.name, same=entity.key[:1])
            return way, replace(schema, exclusives=(*schema.exclusives, more)), consequences
        case "cardinality":
            at = rng.randrange(len(schema.relations))
            one = schema.relations[at]
            new = replace(one, one_to_one=not one.one_to_one)
            relations = (*schema.relations[:at], new, *schema.relations[at + 1 :])
            return way, replace(schema, relations=relations), consequences
        case "unrelated":
            gone = schema.relations[-1]
            derived = tuple(d for d in schema.derived if d.relation != gone.name)
            kept = tuple(
                c for c in consequences if all(name != gone.name for _, name in c.relations)
            )
            relations = schema.relations[:-1]
            return way, replace(schema, relations=relations, derived=derived), kept
        case "optional":
            one = rng.choice(schema.relations)
            child = schema.entity(one.entity)
            null = all(not child.field(name).nullable for name in one.fields)
            fields = tuple(
                replace(f, nullable=null) if f.name in one.fields else f for f in child.fields
            )
            return way, replace(schema, entities=swap(replace(child, fields=fields))), consequences
    cycle = schema.lifecycles[0]
    moves = dict(cycle.moves)
    initial = cycle.initial
    match way:
        case "state":
            moves["brand_new"] = ()
        case "move":
            state = rng.choice(list(moves))
            known = set(moves[state])
            other = [s for s in moves if s not in known]
            moves[state] = (*moves[state], other[0]) if other else moves[state][1:]
        case "initial":
            later = [s for s in moves if s not in initial]
            initial = (*initial, later[0]) if later else initial[1:]
        case "no cycle":
            return way, replace(schema, lifecycles=schema.lifecycles[1:]), consequences
    new = replace(cycle, moves=moves, initial=initial)
    return way, replace(schema, lifecycles=(new, *schema.lifecycles[1:])), consequences


@given(whole(), RNG)
def test_one_edit_changes_the_form(made, rng):
    """Whatever is added, taken away or changed in the structure is seen."""
    schema, consequences = made
    way, schema_, told = edited(schema, consequences, rng)
    other = structure(schema_, told)
    if way == "cardinality" and other == structure(schema, consequences):
        return  # the keys say already that there is at most one

    assert other.digest != structure(schema, consequences).digest, way
    assert not same(other, structure(schema, consequences))


def test_keys_say_that_there_is_at_most_one():
    """A reference that is unique is one to one, whether or not the relation says so."""
    people, desks = (
        Entity(
            name=name,
            label=name,
            plural=name,
            key=("id",),
            fields=(
                Field(name="id", label="id", type="integer"),
                Field(name="at", label="at", type="integer", unique=unique),
            ),
        )
        for name, unique in (("person", True), ("desk", False))
    )
    relation = Relation(
        name="r",
        entity="person",
        fields=("at",),
        target="desk",
        target_fields=("id",),
        label="desk",
        inverse="people",
    )
    schema = Schema(entities=(people, desks), relations=(relation,))
    said = replace(schema, relations=(replace(relation, one_to_one=True),))

    assert structure(schema) == structure(said)


@given(RNG, st.integers(0, 6), st.integers(0, 6))
def test_exhaustive_search_agrees(rng, one, other):
    """`same` says of small graphs what trying every way says."""
    first, second = drawn(rng, one), drawn(rng, other)
    forms = [first.form(), first.form(shuffled=True), second.form()]

    for a in forms:
        for b in forms:
            assert same(a, b) == isomorphic(a, b)
            assert (a.digest == b.digest) >= isomorphic(a, b)
    assert same(forms[0], forms[1])


def ring(sizes: tuple[int, ...]) -> Form:
    """Return rings of nodes that all look alike."""
    arcs, start = [], 0
    for size in sizes:
        arcs += [(start + n, start + (n + 1) % size, "next") for n in range(size)]
        start += size
    return form(["node"] * start, arcs)


def test_what_refinement_cannot_tell_apart_is_told_apart():
    """Two rings of three and one of six have one digest, and are not the same."""
    two, one = ring((3, 3)), ring((6,))

    assert two.digest == one.digest
    assert not same(two, one)
    assert same(ring((6,)), form(["node"] * 6, [((n + 1) % 6, n, "next") for n in range(6)]))


def test_parallel_arcs_and_loops_count():
    """Two arcs between the same nodes are not one, and a loop is an arc."""
    nodes = ["a", "a"]

    assert not same(form(nodes, [(0, 1, "x")]), form(nodes, [(0, 1, "x"), (0, 1, "x")]))
    assert not same(form(nodes, [(0, 0, "x")]), form(nodes, [(0, 1, "x")]))
    assert not same(form(nodes, [(0, 1, "x")]), form(nodes, [(0, 1, "y")]))
    assert same(form(nodes, [(0, 1, "x")]), form(nodes, [(1, 0, "x")]))


def test_an_empty_schema_has_a_form():
    """Nothing is a structure too."""
    assert same(structure(Schema(entities=())), form([]))


def test_many_alike_are_compared_at_once():
    """Two hundred entities that nothing tells apart are no reason to wait."""
    nodes = ["entity:lookup:fixed"] * 200

    assert same(form(nodes), form(nodes[:], []))
    hub = [(n, 0, "target") for n in range(1, 200)]
    turned = [(n, 199, "target") for n in range(199)]
    assert same(form(nodes, hub), form(nodes, turned))


def test_the_digest_is_the_same_in_every_process():
    """Nothing of the process is in a digest."""
    code = (
        "from agentgym.schema.canonical import form;"
        "print(form(['a:x', 'b', 'b'], [(0, 1, 'r'), (0, 2, 'r'), (2, 1, 's')]).digest)"
    )

    told = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed},
        ).stdout.strip()
        for seed in ("1", "2")
    }

    assert told == {form(["b", "b", "a:x"], [(2, 0, "r"), (2, 1, "r"), (1, 0, "s")]).digest}


@pytest.mark.parametrize("wrong", ["nobody", ""])
def test_a_consequence_of_nothing_is_refused(wrong):
    """A consequence that names what is not there is an error of the schema."""
    from agentgym.errors import SchemaError  # noqa: PLC0415

    with pytest.raises(SchemaError, match="an entity"):
        structure(Schema(entities=()), [Consequence(on=wrong, at=wrong, label="x")])
