"""Rules of a business: made for any schema, legal, useful, and the same every time.

On real schemas each rule is kept by some call and broken by another, found by search.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from strategies import schemas

from agentgym import domain as domain_room
from agentgym import rng, sources
from agentgym import rules as rule_room
from agentgym.domain import Clock, Domain, Source
from agentgym.formats import Json, data_root, encode
from agentgym.populate import fill
from agentgym.rules import Calls, Confirmed, Rule, parts
from agentgym.rules.consistency import contradictions
from agentgym.schema import Schema
from agentgym.schema.roles import infer
from agentgym.schema.types import Row, Rows, to_wire
from agentgym.tools.algebra import (
    Argument,
    Create,
    Delete,
    Get,
    Identify,
    Link,
    Tool,
    Transition,
    Unlink,
    Update,
)
from agentgym.tools.derive import derive
from agentgym.tools.derive.party import owner_paths, party
from agentgym.tools.derive.rules import synthesize
from agentgym.tools.derive.rules.ground import Ground, written
from agentgym.world.compile import Engine, engine
from agentgym.world.journal import Session
from agentgym.world.rows import World

NOW = "2024-12-31T09:00:00Z"
SOURCES = ("clinic.sql", "harbour.sql")


def _sound(schema: Schema) -> Schema:
    """Let every life begin at its first state, from which all others can be reached."""
    lives = tuple(replace(life, initial=(next(iter(life.moves)),)) for life in schema.lifecycles)
    return replace(schema, lifecycles=lives)


_schemas = schemas().map(_sound)


def _domain(schema: Schema, rows: Rows, *, level: int = 4, seed: int = 0) -> Domain:
    base = rule_room.derive(schema)
    tools = derive(schema, base)
    made = synthesize(schema, rows, tools, level=level, seed=seed, now=NOW, rules=base)
    return Domain(
        name="made",
        title="Made",
        description="Made.",
        schema=schema,
        rules=(*base, *made.rules),
        tools=made.tools,
        clock=Clock(start=NOW),
        source=Source(kind="sql", name="made.sql", sha256="0" * 64),
        rows={entity.name: tuple(rows.get(entity.name, ())) for entity in schema.entities},
    )


def _business(domain: Domain) -> list[Rule]:
    return [rule for rule in domain.rules if rule.kind != "invariant"]


@cache
def _real(name: str) -> tuple[Schema, Rows]:
    draft = sources.read(data_root("schemas") / "sources" / name, rows=None, focus=(), seed=0)
    schema = infer(draft.schema, draft.rows)
    return schema, fill(schema, draft.rows, seed=0)


# whatever the schema


@settings(max_examples=30)
@given(schema=_schemas, seed=st.integers(0, 5))
def test_any_schema_gives_a_legal_domain(schema: Schema, seed: int) -> None:
    domain = _domain(schema, fill(schema, {}, seed=seed, size=12), seed=seed)
    again = domain_room.parse(domain.to_json(), domain.rows_to_lines(), where="made")
    assert again.world_hash == domain.world_hash
    engine(domain).compile()
    ids = [rule.id for rule in domain.rules]
    assert len(set(ids)) == len(ids)
    together = [tool.guards for tool in domain.tools]
    ours = {rule.id for rule in _business(domain)}
    for found in contradictions(domain.rules, schema, together):
        assert not ours & set(found.rules), found
    for rule in _business(domain):
        assert rule_room.sentence(rule, schema)
        assert rule_room.hint(rule, schema)
        assert rule.evidence
        assert 1 <= rule.level <= 4


@settings(max_examples=30)
@given(schema=_schemas, seed=st.integers(0, 5))
def test_a_level_holds_the_rules_of_the_lower_ones(schema: Schema, seed: int) -> None:
    rows = fill(schema, {}, seed=seed, size=12)
    base = rule_room.derive(schema)
    tools = derive(schema, base)
    known: list[Rule] = []
    for level in range(5):
        made = synthesize(schema, rows, tools, level=level, seed=seed, now=NOW, rules=base)
        assert [rule for rule in made.rules if rule.level < level] == known
        assert all(rule.level <= level for rule in made.rules)
        known = list(made.rules)
        if level == 0:
            assert made.tools == tools


@settings(max_examples=30)
@given(schema=_schemas, seed=st.integers(0, 5))
def test_guards_stand_where_a_rule_can_be_broken(schema: Schema, seed: int) -> None:
    domain = _domain(schema, fill(schema, {}, seed=seed, size=12), seed=seed)
    for rule in _business(domain):
        guarded = [tool for tool in domain.tools if rule.id in tool.guards]
        assert guarded, rule.id
        for tool in guarded:
            fitting = [
                one
                for one in written(tool.term, schema)
                if one.entity == rule.entity and one.kind in rule.on
            ]
            assert fitting
            if rule.fields:
                assert any(one.kind != "update" or one.fields & {*rule.fields} for one in fitting)
        if rule.kind == "ownership":
            for tool in domain.tools:
                for one in written(tool.term, schema):
                    if one.entity == rule.entity and one.kind in rule.on:
                        assert rule.id in tool.guards, (rule.id, tool.name)


def test_who_is_served_can_be_identified() -> None:
    for name in SOURCES:
        domain = _domain(*_real(name))
        assert sum(isinstance(tool.term, Identify) for tool in domain.tools) == 1
        served = [r for r in domain.rules if r.kind in ("authentication", "ownership")]
        assert {rule.kind for rule in served} == {"authentication", "ownership"}
        assert all(rule.enforced for rule in served)
        assert not any(
            isinstance(tool.term, Identify) for tool in _domain(*_real(name), level=1).tools
        )


@pytest.mark.parametrize("name", SOURCES)
def test_every_class_has_its_place(name: str) -> None:
    kinds = {rule.kind for seed in range(3) for rule in _business(_domain(*_real(name), seed=seed))}
    assert kinds >= {
        *("state", "time_window", "limit", "authentication", "ownership"),
        *("confirmation", "once", "order", "hand_over"),
    }
    levels = [len(_business(_domain(*_real(name), level=level))) for level in range(5)]
    assert levels[0] == 0
    assert 3 <= levels[1] <= 6
    assert 10 <= levels[4] <= 20
    assert any(not rule.enforced for rule in _business(_domain(*_real(name))))


def test_the_same_rules_whatever_the_hash_seed() -> None:
    script = (
        "import sys; sys.path.insert(0, 'tests'); import test_business_rules as t; "
        "from agentgym.formats import encode; "
        "d = t._domain(*t._real('clinic.sql')); "
        "sys.stdout.buffer.write(encode(d.rules) + encode(d.tools))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=Path(__file__).parent.parent,
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    domain = _domain(*_real("clinic.sql"))
    assert outputs == {encode(domain.rules) + encode(domain.tools)}


# each rule is kept by some call and broken by another


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("seed", range(2))
def test_each_rule_can_be_kept_and_broken(name: str, seed: int) -> None:
    domain = _domain(*_real(name), seed=seed)
    search = _Search(domain)
    for rule in _business(domain):
        for tool in domain.tools:
            if rule.id in tool.guards and _searchable(tool):
                assert search.kept(rule, tool), f"{tool.name} never passes {rule.id}"
        if any(rule.id in tool.guards and _searchable(tool) for tool in domain.tools):
            assert search.broken(rule), f"nothing breaks {rule.id}"


def _searchable(tool: Tool) -> bool:
    plain = isinstance(tool.term, (Create, Update, Transition, Delete, Link, Unlink, Get))
    return plain and not getattr(tool.term, "nested", ())


class _Search:
    """Tries calls one after the other, each on a fresh world."""

    def __init__(self, domain: Domain) -> None:
        self.domain, self.schema = domain, domain.schema
        person = party(self.schema)
        paths = owner_paths(self.schema, person) if person else {}
        self.ground = Ground(
            self.schema, domain.rows, domain.tools, now=NOW, seed=0, party=person, paths=paths
        )
        self.engine: Engine = engine(domain)
        self.world: World = self.engine.world()

    def kept(self, rule: Rule, tool: Tool) -> bool:
        """Tell whether rules of the business let a call of the tool pass.

        All that they want done first is done. Invariants are asked after them.
        """
        kept = {one.id for one in self.domain.rules if one.kind == "invariant"}
        for row, arguments in self.calls(tool, rule.entity):
            self.prepare(tool, rule.entity, row, arguments)
            result = self.engine.call(self.world, tool.name, arguments)
            passed = result.error is None or result.error.rule in kept
            if passed and rule.id not in result.breaches:
                return True
        return False

    def broken(self, rule: Rule) -> bool:
        """Tell whether a call of some tool is refused by the rule, or breaches its advice."""
        for tool in self.domain.tools:
            if rule.id not in tool.guards or not _searchable(tool):
                continue
            last: tuple[Row, dict[str, Json]] | None = None
            for row, arguments in self.calls(tool, rule.entity):
                # Some things may be done once, and what changes nothing is no second time.
                twice = last[1] if last is not None and last[0] is row else arguments
                last = row, arguments
                for known in (True, False):
                    self.prepare(tool, rule.entity, row, arguments, but=rule, known=known)
                    for tried in (arguments, twice):
                        result = self.engine.call(self.world, tool.name, tried)
                        if rule.id in result.breaches:
                            return True
                        if result.error is not None and result.error.rule == rule.id:
                            return True
        return False

    def prepare(
        self,
        tool: Tool,
        entity: str,
        row: Row,
        arguments: dict[str, Json],
        *,
        but: Rule | None = None,
        known: bool = True,
    ) -> None:
        """Do what rules want first, except for what one of them wants."""
        self.world.reset()
        person = self.ground.person(entity, row) if known else None
        identity = None
        if person is not None and self.ground.party is not None:
            place = [self.ground.party.position(name) for name in self.ground.party.key]
            identity = self.ground.party.name, tuple(person[spot] for spot in place)
        self.world.session = Session(identity=identity)
        yes = True
        for name in tool.guards:
            rule = self.domain.rule(name)
            for part in parts(rule.predicate):
                if isinstance(part, Confirmed) and rule is but:
                    yes = False
                if isinstance(part, Calls) and part.op == "ge" and rule is not but:
                    same = {theirs: arguments[mine] for mine, theirs in part.same.items()}
                    self.engine.call(self.world, part.tool, same)
        session = self.world.session
        self.world.session = Session(
            identity=session.identity, confirmed=9 * yes, marks=session.marks
        )

    def calls(self, tool: Tool, entity: str) -> Iterator[tuple[Row, dict[str, Json]]]:
        """Yield calls about rows of the entity, with the row."""
        draws = rng.stream("calls", tool.name)
        rows = list(self.domain.rows[entity])
        draws.shuffle(rows)
        for row in rows[:150]:
            match tool.term:
                case Get(key=key) | Delete(key=key) | Unlink(ends=key):
                    yield row, self.wire(entity, row, key)
                case Transition() as term:
                    for state in self.schema.entity(entity).field(term.to.field).values or ():
                        yield row, self.wire(entity, row, term.key) | {term.to.param: state}
                case Update() as term:
                    other = draws.choice(rows)
                    mine = self.wire(entity, row, term.key)
                    for one in term.values:
                        yield row, mine | self.wire(entity, other, (one,))
                    yield row, mine | self.wire(entity, other, term.values)
                case Create(values=values) | Link(values=values):
                    ends = tool.term.ends if isinstance(tool.term, Link) else ()
                    new = isinstance(tool.term, Create)
                    yield row, self.wire(entity, row, (*ends, *values), new=new)
                    other = draws.choice(rows)
                    yield other, self.wire(entity, other, ends) | self.wire(entity, row, values)
                    for one in (*ends, *values):  # what is joined already is not joined again
                        mixed = self.wire(entity, row, (*ends, *values))
                        yield row, mixed | self.wire(entity, other, (one,))
                case _:
                    pass

    def wire(
        self, entity: str, row: Row, taken: tuple[Argument, ...], *, new: bool = False
    ) -> dict[str, Json]:
        found = {}
        owner = self.schema.entity(entity)
        for one in taken:
            field = owner.field(one.field)
            value = to_wire(field, row[owner.position(one.field)])
            if value is not None:
                found[one.param] = value
                if field.unique and field.name not in owner.key and isinstance(value, str):
                    found[one.param] = f"{value}x"
                elif new and owner.key == (field.name,) and isinstance(value, str):
                    found[one.param] = f"{value[:-1]}~"
        return found
