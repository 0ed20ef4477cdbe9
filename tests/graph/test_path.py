"""The tool that tells how two rows are connected: right, honest, total, and counted."""

from __future__ import annotations

import itertools
from collections import Counter
from pathlib import Path as Path_
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from strategies_plans import entity, field, relation
from strategies_tasks import domain_of, tiny_domains

from agentgym import domain as domain_room
from agentgym import rng, rules
from agentgym.domain import Domain
from agentgym.errors import AgentGymError
from agentgym.plan import Emit, Fact, Link, Plan, Select, Where, told
from agentgym.prove import Prover, RefusedError, brute
from agentgym.prove.shortest import lower_bound
from agentgym.schema import Entity, Schema
from agentgym.schema.roles import infer
from agentgym.sources import read
from agentgym.tasks.sample import Sampler
from agentgym.testing import check_atomic, check_honesty, check_total
from agentgym.testing.model import Model
from agentgym.tools.algebra import Path, Unlink
from agentgym.tools.derive import derive
from agentgym.world.compile import Engine


def named(domain: Domain) -> Domain:
    """Return the domain with texts for keys, as a graph has them, and the tool for ways."""
    keys = {(e.name, e.key[0]) for e in domain.schema.entities if len(e.key) == 1}
    keys |= {(r.entity, r.fields[0]) for r in domain.schema.relations}

    def typed(entity: Entity) -> Entity:
        fields = tuple(
            msgspec.structs.replace(f, type="text") if (entity.name, f.name) in keys else f
            for f in entity.fields
        )
        return msgspec.structs.replace(entity, fields=fields, key_source="given")

    schema = Schema(
        entities=tuple(map(typed, domain.schema.entities)), relations=domain.schema.relations
    )
    rows = {
        entity.name: tuple(
            tuple(
                f"k{value}" if (entity.name, f.name) in keys and value is not None else value
                for f, value in zip(entity.fields, row, strict=True)
            )
            for row in domain.rows[entity.name]
        )
        for entity in schema.entities
    }
    invariants = rules.derive(schema)
    made = msgspec.structs.replace(
        domain,
        schema=schema,
        rules=invariants,
        tools=derive(schema, invariants, paths=True),
        rows=rows,
    )
    return domain_room.parse(made.to_json(), made.rows_to_lines(), where="named")


def whole(domain: Domain) -> Domain:
    """Return the domain as it is, with integers for keys, and the tool for ways between them."""
    tools = tuple(tool for tool in named(domain).tools if isinstance(tool.term, Path))
    made = msgspec.structs.replace(domain, tools=(*domain.tools, *tools))
    return domain_room.parse(made.to_json(), made.rows_to_lines(), where="whole")


def term_of(domain: Domain) -> Path | None:
    """Return the term of the tool for ways."""
    return next((t.term for t in domain.tools if isinstance(t.term, Path)), None)


@settings(max_examples=15)
@given(tiny_domains(size=5).map(named) | tiny_domains(size=5).map(whole))
def test_ways_are_what_trying_every_way_finds(domain: Domain) -> None:
    """For all rows and limits the engine gives what the model gives, also after writes."""
    term = term_of(domain)
    if term is None:
        return
    runner = Engine(domain)
    world = runner.world()
    model = Model(domain)
    ends = [
        (name, row[domain.schema.entity(name).position(domain.schema.entity(name).key[0])])
        for name in term.entities
        for row in domain.rows[name][:3]
    ]
    for turn in range(2):
        for (a, x), (b, y) in itertools.product(ends, ends):
            for most in (None, 1, 2, 4):
                sent = {"from_entity": a, "from_key": x, "to_entity": b, "to_key": y}
                sent |= {} if most is None else {"max_steps": most}
                mine, theirs = runner.call(world, "find_path", sent), model.call("find_path", sent)
                assert mine.ok == theirs.ok and mine.data == theirs.data, sent
                if mine.error and theirs.error:
                    assert mine.error.code == theirs.error.code
        for tool in domain.tools if not turn else ():
            if tool.name.startswith("delete_"):
                for _, key in ends:
                    given_ = dict.fromkeys(runner.parameters[tool.name]["required"], key)
                    assert (
                        runner.call(world, tool.name, given_).ok == model.call(tool.name, given_).ok
                    )


@settings(max_examples=5)
@given(tiny_domains(size=5))
def test_every_parameter_counts_and_every_call_is_answered(domain: Domain) -> None:
    """The kit finds the tool honest and total."""
    domain = named(domain)
    only = msgspec.structs.replace(
        domain,
        tools=tuple(t for t in domain.tools if isinstance(t.term, Path) or t.name == "conclude"),
    )
    if term_of(domain) is not None:
        check_total(only)
        check_atomic(only)


def bounds(domain: Domain, draws: int, cap: int) -> Counter[tuple[int, int, int | None]]:
    """Compare both lower bounds, without and with ways, with exhaustive search."""
    prover = Prover(domain)
    sampler = Sampler(prover.tables, domain.tools)
    found: Counter[tuple[int, int, int | None]] = Counter()
    for number, family in itertools.product(range(draws), ("lookup", "multi_hop", "aggregate")):
        drawn = sampler.draw(family, rng.stream("test", family, number))
        if drawn is None:
            continue
        plan = told(drawn.plan)
        try:
            prover.stage.unique.check(plan)
            prover.stage.shortcuts.check(plan)
        except RefusedError:
            continue
        low = lower_bound(plan, domain.schema, domain.tools)
        exact = brute.shortest(plan, domain, cap=cap)
        found[lower_bound(plan, domain.schema), low, exact] += 1
        assert exact is None or low <= exact, plan
    return found


@settings(max_examples=8)
@given(tiny_domains(size=4))
def test_the_lower_bound_counts_ways(domain: Domain) -> None:
    """Exhaustive search, which may ask for ways, never needs fewer calls than the bound."""
    bounds(named(domain), draws=2, cap=2)


def chain() -> tuple[Domain, Plan]:
    """Return tickets of parcels of shops of owners, and a question between two told keys."""
    names = ("owner", "shop", "parcel", "ticket")
    entities = [
        entity(
            name,
            f"{name}s",
            field("title", "text", "label"),
            references=(f"{names[place - 1]}_id",) if place else (),
        )
        for place, name in enumerate(names)
    ]
    schema = Schema(
        entities=tuple(entities),
        relations=tuple(
            relation(name, f"{above}_id", above) for above, name in itertools.pairwise(names)
        ),
    )
    above = {"shop": lambda n: n % 2 + 1, "parcel": lambda n: n * 3 % 8 + 1}
    rows: dict[str, tuple[Any, ...]] = {
        name: tuple(
            (n, above.get(name, lambda n: n * 5 % 8 + 1)(n), f"{name} {n}")
            if name != "owner"
            else (n, f"{name} {n}")
            for n in range(1, 9)
        )
        for name in names
    }
    domain = named(domain_of("chain", schema, rows))
    key = {name: domain.schema.entity(name).key[0] for name in names}
    tables = {
        name: {
            row[0]: dict(zip([f.name for f in e.fields], row, strict=True))
            for row in domain.rows[name]
        }
        for name, e in zip(names, domain.schema.entities, strict=True)
    }
    parcel = tables["ticket"]["k1"]["parcel_id"]
    shop = tables["parcel"][parcel]["shop_id"]
    owner = tables["shop"][shop]["owner_id"]
    plan = Plan(
        family="multi_hop",
        facts=(
            Fact(id="f1", entity="ticket", field=key["ticket"], value="k1"),
            Fact(id="f2", entity="owner", field=key["owner"], value=str(owner)),
        ),
        nodes=(
            Select(id="n1", entity="ticket", where=(Where(field=key["ticket"], fact="f1"),)),
            Select(
                id="n2",
                entity="parcel",
                links=(Link(relation="ticket_parcel", forward=False, node="n1"),),
            ),
            Select(id="n3", entity="owner", where=(Where(field=key["owner"], fact="f2"),)),
            Select(
                id="n4",
                entity="shop",
                links=(
                    Link(relation="parcel_shop", forward=False, node="n2"),
                    Link(relation="shop_owner", forward=True, node="n3"),
                ),
            ),
            Emit(id="n5", node="n4", field="title"),
        ),
    )
    return domain, plan


def test_a_way_does_the_work_of_several_look_ups() -> None:
    """Between two keys that are told a way needs one call; the bound knows, with the tool."""
    domain, plan = chain()
    prover = Prover(domain)
    prover.stage.unique.check(plan)
    assert prover.stage.shortcuts.masks.check(plan, ["n5"]) > 0
    without = msgspec.structs.replace(
        domain, tools=tuple(t for t in domain.tools if not isinstance(t.term, Path))
    )
    assert (
        brute.shortest(plan, without, cap=3) == lower_bound(plan, domain.schema, without.tools) == 3
    )
    assert (
        brute.shortest(plan, domain, cap=3) == lower_bound(plan, domain.schema, domain.tools) == 2
    )


def test_every_parameter_of_the_tool_counts() -> None:
    """The kit finds two values with different results for each."""
    check_honesty(chain()[0])


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"entities": ("owner", "nobody")}, "nobody"),
        ({"entities": ()}, "at least one entity"),
        ({"relations": ("ticket_nobody",)}, "ticket_nobody"),
        ({"entities": ("shop", "parcel", "owner")}, "relations between"),
        ({"joints": (("ticket_parcel", "shop_owner"),)}, "two relations of one entity"),
        ({"most": 7}, "1 to 6 steps"),
    ],
)
def test_a_term_that_does_not_fit_is_refused(change: dict[str, Any], match: str) -> None:
    """Reading a domain names what is wrong with it."""
    domain, _ = chain()
    tools = tuple(
        msgspec.structs.replace(t, term=msgspec.structs.replace(t.term, **change))
        if isinstance(t.term, Path)
        else t
        for t in domain.tools
    )
    with pytest.raises(AgentGymError, match=match):
        msgspec.structs.replace(domain, tools=tools).validate()


def test_of_equal_ways_the_first_and_after_a_write_the_next(tmp_path: Path_) -> None:
    """Ties go by key; what was removed is no way any more, and what was restored is one again."""
    lines = ["@prefix : <http://x/> . @prefix r: <http://www.w3.org/2000/01/rdf-schema#> ."]
    lines += [f':p{n} a :Person ; r:label "Person {n}" .' for n in range(6)]
    lines += [":p0 :knows :p2, :p1, :p4 . :p1 :knows :p3 . :p2 :knows :p3, :p5 ."]
    (tmp_path / "a.ttl").write_text("\n".join(lines))
    draft = read(tmp_path / "a.ttl")
    schema = infer(draft.schema, draft.rows)
    made = domain_of("people", schema, draft.rows)
    tools = derive(schema, made.rules, paths=True)
    runner = Engine(msgspec.structs.replace(made, tools=tools))
    world = runner.world()
    ends = {"from_entity": "person", "from_key": "p0", "to_entity": "person", "to_key": "p3"}

    def way() -> list[str]:
        return [step["key"] for step in runner.call(world, "find_path", ends).data["steps"]]

    start = world.snapshot()
    assert way() == ["p1", "p3"]
    ((unlink, term),) = [(t.name, t.term) for t in tools if isinstance(t.term, Unlink)]
    gone = dict(zip((end.param for end in term.ends), ("p0", "p1"), strict=True))
    assert runner.call(world, unlink, gone).ok
    assert way() == ["p2", "p3"]
    world.restore(start)
    assert way() == ["p1", "p3"]
    near = runner.call(world, "find_path", ends | {"max_steps": 1})
    assert near.error is not None and near.error.code == "not_found"
    assert runner.call(world, "find_path", ends | {"to_key": "p0"}).data["length"] == 0
