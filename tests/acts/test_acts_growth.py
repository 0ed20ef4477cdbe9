"""Operators, twins and tasks read off runs: each keeps what it promises."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from acts_checks import check_conditional, check_refusal, check_shift, check_unanswerable
from desks import Desk, Judge, desks, own_writer, rows_of, writer_of
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from agentgym import rng
from agentgym.domain import Domain
from agentgym.goals.equivalence import compare, effects
from agentgym.plan import Emit, Plan, Select, Write
from agentgym.plan.tables import Tables
from agentgym.schema.holds import violations
from agentgym.schema.types import to_stored
from agentgym.tasks.backward import Segment, relabel, segments
from agentgym.tasks.knobs import Candidate, Knobs
from agentgym.tasks.operators.acts import OPERATORS, dressed
from agentgym.tasks.twins import TWINS, TwinKind, possible, twin
from agentgym.tasks.writes import Writer
from agentgym.tasks.writing.plans import acts_of, without
from agentgym.tools.views import ViewOptions
from agentgym.trajectory import Call

BY_NAME = {one.name: one for one in OPERATORS}
BASES = ("update", "multi_write", "policy_bound", "ambiguous", "backward", "unanswerable")


def bases(writer: Writer, seed: int, count: int) -> Iterator[Candidate]:
    """Yield candidates of several families."""
    for number in range(count):
        family = BASES[(seed + number) % len(BASES)]
        found = getattr(writer, family)(rng.stream(seed, family, number), Knobs())
        if found is not None:
            yield found


def writes(plan: Plan) -> list[Write]:
    return [node for node in plan.nodes if isinstance(node, Write)]


def check_grown(
    domain: Domain, writer: Writer, judge: Judge, base: Candidate, name: str, found: Candidate
) -> None:
    """Hold what an operator gave to what it promises."""
    assert found.operators[-1] == name
    assert found.operators[: len(base.operators)] == base.operators
    match name:
        case "guard":
            check_conditional(writer, judge, found.plan)
        case "negate":
            check_unanswerable(domain, found)
        case "violate":
            check_refusal(domain, judge, found.plan)
        case "shift":
            check_shift(found.plan)
        case "recombine" | "grow":
            assert len(acts_of(found.plan)) > len(acts_of(base.plan))
            results = judge.play(found.plan, writes(found.plan))
            assert all(result.ok for result in results)
            forward = judge.changes()
            judge.play(found.plan, writes(found.plan)[::-1])
            told = effects(forward, domain.schema)
            assert not any(compare(told, judge.changes(), domain.schema)), "the order matters"
        case "decoy_rows":
            check_decoys(domain, base, found)
        case "decoy_tools" | "perturb":
            assert found.plan == base.plan
            assert ViewOptions.of(found.view).changed
        case "relabel":
            judge.play(base.plan, writes(base.plan))
            told = effects(judge.changes(), domain.schema)
            judge.play(found.plan, writes(found.plan))
            assert not any(compare(told, judge.changes(), domain.schema))


def check_decoys(domain: Domain, base: Candidate, found: Candidate) -> None:
    """Decoys satisfy the schema, fit all clues of a select but one, and change nothing."""
    tables = Tables(domain.schema, domain.rows).patched(found.patch)
    rows = {one.name: tables.rows(one.name) for one in domain.schema.entities}
    assert not violations(domain.schema, rows)
    patched = replace(domain, rows={name: tuple(own) for name, own in rows.items()})
    for node in base.plan.nodes:
        if isinstance(node, Select):
            owner = domain.schema.entity(node.entity)
            places = [owner.position(name) for name in owner.key]
            keys = [
                {tuple(row[place] for place in places) for row in rows_of(base.plan, one, node.id)}
                for one in (domain, patched)
            ]
            assert keys[0] == keys[1]
    for patch in found.patch[len(base.patch) :]:
        assert patch.values is not None
        owner = domain.schema.entity(patch.entity)
        key = tuple(to_stored(owner.field(n), v) for n, v in zip(owner.key, patch.key, strict=True))
        (row,) = tables.lookup(owner.name, owner.key, key)
        misses = []
        for node in base.plan.nodes:
            if not isinstance(node, Select) or node.entity != patch.entity:
                continue
            missed = int(node.pick is not None)
            for where in node.where:
                told = to_stored(owner.field(where.field), base.plan.fact(where.fact).value)
                given = row[owner.position(where.field)]
                missed += told != given and node.pick is None
            misses.append(missed)
        assert min(misses) <= 1


@settings(max_examples=25)
@given(desks(), st.integers(0, 30))
def test_operators_keep_what_they_promise(desk: Desk, seed: int) -> None:
    """On small worlds, whatever an operator gives holds; truth is kept where it says so."""
    domain = desk.domain()
    writer = writer_of(domain)
    judge = Judge(domain, writer)
    for base in bases(writer, seed, 2):
        for one in OPERATORS:
            found = one.apply(writer, base, rng.stream(seed, one.name))
            again = one.apply(writer, base, rng.stream(seed, one.name))
            assert found == again
            if found is not None:
                check_grown(domain, writer, judge, base, one.name, found)


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_every_operator_applies_somewhere(name: str) -> None:
    """On a domain that is well made, each operator grows some of the plain candidates."""
    writer = own_writer("clinic")
    judge = Judge(writer.domain, writer)
    number = 0
    for seed in range(6):
        for base in bases(writer, seed, 6):
            found = BY_NAME[name].apply(writer, base, rng.stream(seed, name))
            if found is not None:
                check_grown(writer.domain, writer, judge, base, name, found)
                number += 1
        if number >= 3:
            break
    assert number >= 3


def test_candidates_are_dressed_as_their_knobs_say() -> None:
    """Decoys of rows and tools come where they are asked for, and nowhere else."""
    writer = own_writer("clinic")
    asked = Knobs(decoy_rows=2, decoy_tools=4)
    found = 0
    for number in range(10):
        base = writer.update(rng.stream(8, number), asked)
        if base is None:
            continue
        more = dressed(writer, base, rng.stream(9, number))
        assert more.view["near_duplicates"] == 4
        assert len(more.patch) <= 2
        found += bool(more.patch)
        plain = replace(base, knobs=Knobs())
        assert dressed(writer, plain, rng.stream(9, number)) == plain
    assert found >= 3


# twins


def check_twin(
    domain: Domain, writer: Writer, judge: Judge, base: Plan, kind: TwinKind, made: Plan, fact: str
) -> None:
    """Hold a twin to its kind, and to differing in one fact."""
    who = set(base.party.facts) if base.party else set()
    mine = {one.id: one for one in base.facts if one.id not in who}
    theirs = {one.id: one for one in made.facts}
    assert mine.keys() == theirs.keys()
    assert [name for name in mine if mine[name] != theirs[name]] == [fact]
    assert mine[fact].exposure == "instruction"
    assert bare(base) == bare(made)
    match kind:
        case "unanswerable":
            check_unanswerable(domain, Candidate(plan=made))
        case "violating":
            check_refusal(domain, judge, made)
        case "benign":
            assert possible(made, writer)
            assert all(result.ok for result in judge.play(made, writes(made)))


def bare(plan: Plan) -> tuple[object, ...]:
    """Return the nodes of a plan without its refusals."""
    return without(plan, type(plan.nodes[-1])).nodes if is_refused(plan) else plan.nodes


def is_refused(plan: Plan) -> bool:
    return type(plan.nodes[-1]).__name__ == "Refuse"


@settings(max_examples=25)
@given(desks(), st.integers(0, 30))
def test_twins_differ_in_one_told_fact(desk: Desk, seed: int) -> None:
    """On small worlds, a twin is what its kind says and differs in just one fact."""
    domain = desk.domain()
    writer = writer_of(domain)
    judge = Judge(domain, writer)
    for base in bases(writer, seed, 2):
        for kind in TWINS:
            found = twin(base, kind, writer, rng.stream(seed, kind))
            if found is not None:
                check_twin(domain, writer, judge, base.plan, kind, found[0].plan, found[1])


@pytest.mark.parametrize("kind", TWINS)
def test_each_kind_of_twin_occurs(kind: TwinKind) -> None:
    """Updates of a well made domain have twins of every kind, and a refusal has a benign one."""
    writer = own_writer("clinic")
    judge = Judge(writer.domain, writer)
    number = 0
    for seed in range(16):
        family = "refusal" if kind == "benign" and seed % 2 else "update"
        base = getattr(writer, family)(rng.stream(seed, "twins"), Knobs())
        found = None if base is None else twin(base, kind, writer, rng.stream(seed))
        if base is not None and found is not None:
            check_twin(writer.domain, writer, judge, base.plan, kind, found[0].plan, found[1])
            number += 1
    assert number >= 4


# backward


def check_read_off(domain: Domain, judge: Judge, segment: Segment, plan: Plan) -> None:
    """A plan does what the run did, needs each of its writes, and asks what the run saw."""
    told = effects(segment.changes, domain.schema)
    mine = writes(plan)
    results = judge.play(plan, mine)
    assert all(result.ok for result in results)
    assert not any(compare(told, judge.changes(), domain.schema))
    for left in mine:
        judge.play(plan, [one for one in mine if one is not left])
        assert any(compare(told, judge.changes(), domain.schema)), "a write is of no use"
    shown = repr([result.data for result in segment.results if result.ok])
    for act in acts_of(plan):
        if isinstance(act, Emit):
            for value in judge.tables.value(plan, act):
                assert repr(value) in shown


@settings(max_examples=30)
@given(desks(), st.integers(0, 99))
def test_runs_are_read_back(desk: Desk, seed: int) -> None:
    """Random runs give tasks that come to the same."""
    domain = desk.domain()
    writer = writer_of(domain)
    judge = Judge(domain, writer)
    for segment in segments(writer, rng.stream(seed), count=3, length=7):
        tables = Tables(domain.schema, domain.rows)
        found = relabel(
            tables,
            domain.tools,
            segment.calls,
            segment.results,
            segment.changes,
            rng.stream(seed, "told"),
            domain=domain,
        )
        if found is not None:
            assert found.plan.family == "backward"
            check_read_off(domain, judge, segment, found.plan)
            for node in found.plan.nodes:
                if isinstance(node, Select) and not any(
                    isinstance(one, Emit) and one.many for one in found.plan.nodes
                ):
                    assert rows_of_any(found.plan, judge, node.id)


def rows_of_any(plan: Plan, judge: Judge, name: str) -> bool:
    """Tell whether a select finds rows; clues that compare otherwise are left to the tables."""
    node = plan.node(name)
    assert isinstance(node, Select)
    if all(where.op == "eq" for where in node.where):
        return bool(rows_of(plan, judge.domain, name))
    return bool(judge.tables.extent(plan, name))


def test_what_cancels_out_is_not_asked() -> None:
    """A write that is undone later is no wish; of two to one field, the last counts."""
    writer = own_writer("clinic")
    domain = writer.domain
    base = next(
        found.plan
        for number in range(60)
        for found in (writer.update(rng.stream(11, number), Knobs()),)
        if found is not None
        and len(found.plan.nodes) == 2
        and writes(found.plan)[0].kind == "update"
        and len(writes(found.plan)[0].settings) == 1
        and writes(found.plan)[0].settings[0].fact
        and found.plan.party is None
        and domain.schema.entity(writes(found.plan)[0].entity)
        .field(writes(found.plan)[0].settings[0].field)
        .type
        in ("text", "enum")
    )
    (write,) = writes(base)
    served = writer.parties.served(base, rng.stream(0))
    tool, (new,) = next(iter(writer.trial.calls(served, write)))
    (row,) = writer.tables.extent(base, str(write.target))
    owner = domain.schema.entity(write.entity)
    name = write.settings[0].field
    param = next(a.param for a in tool.term.values if a.field == name)  # type: ignore[union-attr]
    old = row[owner.position(name)]
    others = [v for v in writer.tables.ordered(owner.name, name) if v not in (old, new[param])]
    judge = Judge(domain, writer)
    judge.world.reset()
    calls: list[Any] = []
    results: list[Any] = []
    for value in (others[0], old, new[param]):
        arguments = {**new, param: value}
        calls.append(Call(id=f"c{len(calls)}", name=tool.name, arguments=arguments))
        results.append(judge.call(served, tool.name, arguments))
    calls.append(Call(id="c3", name="no_such_tool", arguments={}))
    results.append(judge.engine.call(judge.world, "no_such_tool", {}))
    found = writer.relabelled(Segment(tuple(calls), tuple(results), judge.changes()), rng.stream(1))
    assert found is not None
    (left,) = writes(found.plan)
    assert [found.plan.fact(str(s.fact)).value for s in left.settings] == [new[param]]
    undone = Segment(tuple(calls[:2]), tuple(results[:2]), ())
    nothing = writer.relabelled(undone, rng.stream(1))
    assert nothing is None or not writes(nothing.plan)
