"""What the tasks of a domain are like taken together, and what candidates are drawn for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import cache

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies_tasks import OWN, own_domain, proved, tiny_domains

from agentgym import domain as domain_room
from agentgym import rng
from agentgym.build.fill import fill
from agentgym.build.quotas import LONG, Quotas, Wanted, easy
from agentgym.build.yields import Filled
from agentgym.domain import Domain
from agentgym.plan import Fact, Plan, Select, Where
from agentgym.plan.lower import NoLoweringError, lower
from agentgym.plan.tables import Tables
from agentgym.prove import Prover, RefusedError, lower_bound
from agentgym.prove.mutants import more_mutants, mutants
from agentgym.prove.run import Replay, Runner, gold_run
from agentgym.rules import Authenticated, Confirmed, Holder, NoChildren, Owner, parts
from agentgym.schema.types import to_wire
from agentgym.tasks import Task
from agentgym.tasks.clues import Sketch
from agentgym.tasks.knobs import Knobs
from agentgym.tasks.readable import Readable
from agentgym.tasks.sample import FAMILIES, Sampler
from agentgym.tools.algebra import (
    AskUser,
    Conclude,
    Create,
    Get,
    ListRelated,
    Search,
    Update,
    is_write,
)
from agentgym.tools.derive.rules import synthesize
from agentgym.tools.derive.rules.ground import Ground
from agentgym.world.compile import engine


def filled(domain: Domain, count: int = 10, *, seed: int = 0, max_tools: int = 40) -> Filled:
    """Fill a domain with tasks."""
    return fill(domain, count=count, seed=seed, max_tools=max_tools, progress=lambda line: None)


@cache
def ruled(name: str, level: int = 3) -> Domain:
    """Build one of our own domains with rules of a business."""
    domain = own_domain(name)
    made = synthesize(
        domain.schema,
        domain.rows,
        domain.tools,
        level=level,
        seed=0,
        now=domain.clock.start,
        rules=domain.rules,
    )
    return again(
        msgspec.structs.replace(domain, rules=(*domain.rules, *made.rules), tools=made.tools)
    )


@cache
def ruled_tasks(name: str) -> tuple[Prover, Filled]:
    """Fill it with ten tasks."""
    return Prover(ruled(name)), filled(ruled(name))


def again(domain: Domain) -> Domain:
    """Return the domain as its files would give it back."""
    return domain_room.parse(domain.to_json(), domain.rows_to_lines(), where=domain.name)


def with_tools(domain: Domain, *kinds: type) -> Domain:
    """Leave only the tools of some kinds, and the invariants."""
    kept = {rule.id for rule in domain.rules if rule.kind == "invariant"}
    tools = tuple(
        msgspec.structs.replace(tool, guards=tuple(g for g in tool.guards if g in kept))
        for tool in domain.tools
        if isinstance(tool.term, (*kinds, AskUser, Conclude))
    )
    rules = tuple(rule for rule in domain.rules if rule.id in kept)
    return again(msgspec.structs.replace(domain, tools=tools, rules=rules))


PLAIN = frozenset({"multi_hop", "aggregate", "compare", "set_valued", "update"})
"""Families of which nothing else is hard where one call does it."""


def figures(tasks: Iterable[Task]) -> tuple[int, int, int, int]:
    """Count families, easy tasks, tasks under a rule and long ones, by the stored figures."""
    tasks = list(tasks)
    calls = [int(str(task.measured["min_calls"])) for task in tasks]
    return (
        len({task.family for task in tasks}),
        sum(
            task.family == "lookup" or (n <= 1 and task.family in PLAIN)
            for task, n in zip(tasks, calls, strict=True)
        ),
        sum(bool(task.measured["rules"]) for task in tasks),
        sum(n >= 4 for n in calls),
    )


# shares


@pytest.mark.parametrize("name", OWN)
def test_ten_tasks_are_rich(name: str) -> None:
    """Eight families, at most three of one call, two under a rule, two of four calls or more."""
    _, found = ruled_tasks(name)
    families, easy_ones, under, long = figures(found.tasks)

    assert len(found.tasks) == 10
    assert families >= 8
    assert easy_ones <= 3
    assert under >= 2
    assert long >= 2
    assert found.shortfalls == ()


def test_many_tasks_keep_the_shares() -> None:
    """The shares hold for any number."""
    _, found = proved("clinic")
    families, easy_ones, _, long = figures(found.tasks)

    assert families == len(FAMILIES)
    assert easy_ones <= 12
    assert long >= 8


@pytest.mark.parametrize(
    ("kinds", "missing"),
    [
        ((), ("tasks: 0 of 10", "families", "no tool writes", "need 4 calls")),
        ((Search, ListRelated), ("no tool writes",)),
        ((Search, Get), ("no tool writes",)),
        ((Create,), ("families",)),
        ((Search, Get, Update), ()),
    ],
)
def test_few_tools_give_what_they_can(kinds: tuple[type, ...], missing: tuple[str, ...]) -> None:
    """With some tools only, no candidate is drawn that none of them reads; what lacks is said."""
    domain = with_tools(own_domain("clinic"), *kinds)
    found = filled(domain)

    for word in missing:
        assert any(word in sentence for sentence in found.shortfalls), found.shortfalls
    assert not any("no tool" in reason for reason in found.reasons), found.reasons
    assert bool(found.tasks) == bool(kinds)
    for task in found.tasks:
        known = {tool.name for tool in domain.tools} | ({"offer", "wait"} if task.stream else set())
        assert {step.tool for step in task.gold} <= known


@pytest.mark.parametrize("most", [6, 15])
def test_small_views_are_no_obstacle(most: int) -> None:
    """A task whose run needs more tools than are shown is refused, and others are found."""
    found = filled(ruled("harbour"), max_tools=most)

    assert found.tasks
    assert all(len(task.tools) <= most for task in found.tasks)


@given(st.integers(0, 200))
def test_shares_of_any_number(count: int) -> None:
    """No share is more than there are tasks; ten tasks have the shares as they are told."""
    quotas = Quotas(count)

    assert quotas.ruled_least <= count // 5
    assert quotas.long_least <= count // 5
    assert quotas.families_least <= max(count, 1)
    assert 3 * count / 10 <= quotas.easy_most <= 3 * count / 10 + 1
    if count == 10:
        assert (quotas.easy_most, quotas.ruled_least, quotas.long_least) == (3, 2, 2)


def fake(family: str, calls: int, rules: list[str]) -> Task:
    """Take a task for another one."""
    _, found = proved("clinic")
    task = found.tasks[0]
    measured = task.measured | {"min_calls": calls, "rules": list(rules)}
    return msgspec.structs.replace(task, family=family, measured=measured)


@settings(max_examples=60)
@given(
    st.integers(1, 12),
    st.lists(st.tuples(st.sampled_from(FAMILIES), st.integers(1, 6), st.booleans()), max_size=40),
)
def test_shares_are_kept_whatever_comes(count: int, offers: list[tuple[str, int, bool]]) -> None:
    """What is admitted only where it is taken has no more easy tasks than it may."""
    quotas = Quotas(count)
    tasks: list[Task] = []
    for family, calls, under in offers:
        awake = quotas.open(FAMILIES, ())
        assert awake
        if len(tasks) < count and family in awake:
            wanted = quotas.wanted(family)
            if quotas.takes(family, calls, wanted):
                assert calls >= wanted.least
                tasks.append(fake(family, calls, ["one"] if under else []))
                quotas.admit(tasks[-1])
    families, easy_ones, ruled_ones, long = figures(tasks)

    assert easy_ones <= quotas.easy_most
    told = " ".join(quotas.shortfalls(tasks, own_domain("clinic")))
    assert ("families" in told) == (families < quotas.families_least)
    assert ("under a rule" in told) == (ruled_ones < quotas.ruled_least)
    assert ("that need 4" in told) == (long < quotas.long_least)


def test_the_last_places_are_kept_for_what_is_missing() -> None:
    """Where the places that are left are all needed, only what serves is drawn."""
    quotas = Quotas(10)
    for _ in range(8):
        quotas.admit(fake("multi_hop", 5, []))

    assert set(quotas.open(FAMILIES, ())) == set(FAMILIES) - {"multi_hop"}
    assert quotas.needs_rule()
    assert not quotas.needs_long()
    assert not Quotas(10).needs_rule()
    assert not Quotas(10).needs_long()
    assert quotas.takes("multi_hop", 2, Wanted())
    assert not quotas.takes("multi_hop", 2, Wanted(least=LONG))
    assert easy("lookup", 3)
    assert easy("aggregate", 1)
    assert not easy("aggregate", 2)


# reading and routes


@settings(max_examples=40)
@given(tiny_domains(size=5), st.data())
def test_what_cannot_be_found_no_call_finds(domain: Domain, data: st.DataObject) -> None:
    """Where `Readable` says no, lowering finds no call; where it says yes, one usually does."""
    tools = data.draw(
        st.lists(
            st.sampled_from([t for t in domain.tools if not is_write(t)]), unique_by=id, max_size=6
        )
    )
    entity = data.draw(st.sampled_from(domain.schema.entities))
    rows = domain.rows[entity.name]
    if not rows:
        return
    row = data.draw(st.sampled_from(rows))
    fields = [f for f in entity.fields if row[entity.position(f.name)] is not None]
    known = data.draw(st.lists(st.sampled_from(fields), unique_by=lambda f: f.name, min_size=1))
    facts = tuple(
        Fact(
            id=f"f{n}",
            entity=entity.name,
            field=f.name,
            value=to_wire(f, row[entity.position(f.name)]),
        )
        for n, f in enumerate(known, 1)
    )
    where = tuple(Where(field=fact.field, fact=fact.id) for fact in facts)
    plan = ask(Select(id="n1", entity=entity.name, where=where), facts, entity.key[0])
    if Readable(domain.schema, tools).finds(entity.name, [f.name for f in known]):
        return
    runner = Runner(engine(domain))
    runner.start()
    with pytest.raises(NoLoweringError):
        lower(plan, Tables(domain.schema, domain.rows), tools, runner.call)


def ask(select: Select, facts: tuple[Fact, ...], field: str) -> Plan:
    """Ask a field of a row."""
    sketch = Sketch.__new__(Sketch)
    sketch.facts, sketch.nodes = list(facts), [select]
    sketch.emit(select.id, field)
    return sketch.plan("lookup")


@settings(max_examples=60)
@given(tiny_domains(size=5), st.integers(2, 5), st.integers(0, 30))
def test_a_route_costs_what_is_proved(domain: Domain, nodes: int, seed: int) -> None:
    """The calls that a route is thought to cost are the proved lower bound of its plan."""
    sampler = Sampler(Tables(domain.schema, domain.rows), domain.tools)
    draws = rng.stream(seed)
    end = draws.choice(sampler.entities)
    for shown in (True, False):
        route = sampler.routes.to(end.name, draws, nodes=nodes, least=nodes, shown=shown)
        if route is None:
            continue
        assert len({route[0].start, *(step.end for step in route)}) == nodes == len(route) + 1
        sketch = Sketch(domain.schema)
        at = sampler.along(sketch, route, draws)
        if at is None:
            assert not sketch.nodes
            assert not sketch.facts
            continue
        assert at.entity == end.name
        if shown:
            sketch.emit(at.node, end.fields[0].name)
        else:
            sketch.write("delete", at.entity, at.node, ())
        plan = sketch.plan("multi_hop")
        calls = sampler.routes.cost(route, shown=shown) + (not shown)
        assert lower_bound(plan, domain.schema) == calls


@settings(max_examples=25)
@given(
    tiny_domains(size=5),
    st.sampled_from(("multi_hop", "aggregate", "multi_write", "update")),
    st.integers(0, 9),
)
def test_wishes_draw_plans_that_stand(domain: Domain, family: str, seed: int) -> None:
    """Long plans and plans under a rule speak of rows there are, and are the same each time."""
    tables = Tables(domain.schema, domain.rows)
    plans = [
        Sampler(tables, domain.tools, domain.rules).draw(
            family, rng.stream(seed), Knobs(least=LONG, ruled=True)
        )
        for _ in range(2)
    ]
    assert plans[0] == plans[1]
    candidate = plans[0]
    for node in candidate.plan.nodes if candidate is not None else ():
        if isinstance(node, Select) and candidate is not None:
            assert tables.extent(candidate.plan, node.id)


@pytest.mark.parametrize("name", OWN)
def test_conditions_by_value_are_as_judged_by_row(name: str) -> None:
    """Of each row it is told the same whether its values or the row itself are looked at."""
    domain = ruled(name)
    ground = Ground(domain.schema, domain.rows, domain.tools, now=domain.clock.start, seed=0)
    for rule in domain.rules:
        if domain.rows[rule.entity]:
            judged = [
                ground.judge(rule.predicate, rule.entity, row) is not False
                for row in domain.rows[rule.entity]
            ]
            assert ground.held(rule.predicate, rule.entity) == judged


# proofs


@pytest.mark.parametrize("name", OWN)
def test_replays_end_as_plays_do(name: str) -> None:
    """A run that begins as the gold run ends the same from where it parts and from the start."""
    prover, found = ruled_tasks(name)
    other = Runner(prover.runner.engine)
    writing = [task for task in found.tasks if task.measured["writes"]]
    assert writing
    for task in writing:
        replay = Replay(prover.runner, gold_run(task))
        runs = [run for make in (mutants, more_mutants) for _, run in make(task, prover.stage)]
        for run in runs[::3]:
            assert replay.play(run) == other.play(run)


def test_further_wrong_runs_are_wrong() -> None:
    """Whatever is made beyond the usual fails too, or comes out as the right run does."""
    prover, found = ruled_tasks("clinic")
    kinds: Counter[str] = Counter()
    for task in found.tasks:
        replay = Replay(prover.runner, gold_run(task))
        for kind, run in more_mutants(task, prover.stage):
            right = replay.ending.changes == replay.play(run).changes
            verdict = prover.stage.judge.verdict(
                task.goal, replay.play(run), instruction=task.instruction
            )
            assert not verdict.success or (right and run.answer == task.answer), kind
            kinds[kind] += not verdict.success
    assert {"wrong_answer", "wrong_entity", "wrong_deed", "extra_write", "step_dropped"} <= set(
        kinds
    )


@pytest.mark.parametrize("name", OWN)
def test_rules_that_are_met_could_be_broken(name: str) -> None:
    """A rule about the talk refuses the same write in a fresh talk; guards are what is met."""
    prover, found = ruled_tasks(name)
    met_at_all = 0
    for task in found.tasks:
        met = task.measured["rules"]
        assert isinstance(met, list)
        writes = [s for s in task.gold if is_write(prover.domain.tool_by_name[s.tool])]
        assert not met or writes
        for rule in map(prover.domain.rule, map(str, met)):
            met_at_all += 1
            speaks = list(parts(rule.predicate))
            assert not all(isinstance(part, NoChildren) for part in speaks)
            asking = [
                step
                for step in writes
                if rule.kind == "invariant"
                or rule.id in prover.domain.tool_by_name[step.tool].guards
            ]
            assert asking
            if len(writes) == 1 and any(
                isinstance(part, (Authenticated, Owner, Holder, Confirmed)) for part in speaks
            ):
                prover.runner.start()
                fault = prover.runner.call(writes[0].tool, dict(writes[0].arguments)).error
                assert fault is not None
                assert fault.rule in met
    assert met_at_all


def test_rules_that_are_not_met_are_refused() -> None:
    """A task that claims a rule which its run is not under does not hold."""
    prover, found = ruled_tasks("clinic")
    task = next(task for task in found.tasks if task.measured["rules"])
    for claimed in ([], ["no_such_rule"], [*task.measured["rules"], "no_such_rule"]):
        with pytest.raises(RefusedError, match="stored rules"):
            prover.certify(
                msgspec.structs.replace(task, measured=task.measured | {"rules": claimed})
            )
    silent = {name: value for name, value in task.measured.items() if name != "rules"}
    assert prover.certify(msgspec.structs.replace(task, measured=silent)) == task.certificate


@settings(max_examples=40)
@given(tiny_domains(size=5))
def test_new_rows_clash_with_none(domain: Domain) -> None:
    """No drawn row has the key or a unique value of another, or joins what is joined already."""
    tables = Tables(domain.schema, domain.rows)
    sampler = Sampler(tables, domain.tools, domain.rules)
    runner = Runner(engine(domain))
    for number in range(12):
        candidate = sampler.draw("update", rng.stream(number))
        plan = candidate.plan if candidate is not None else None
        if plan is None or plan.nodes[-1].kind != "create":  # type: ignore[union-attr]
            continue
        runner.start()
        told = ""
        try:
            lower(plan, tables, domain.tools, runner.call, domain.rules)
        except NoLoweringError as error:
            told = str(error)
        assert "conflict" not in told, plan


def test_no_family_is_starved_by_wishes() -> None:
    """Families that seldom give long tasks have their turn all the same: they give short ones."""
    domain = ruled("clinic")
    families: Counter[str] = Counter()
    for number in range(5):
        named = msgspec.structs.replace(domain, name=f"clinic{number}")
        made = fill(named, count=10, seed=0, max_tools=40, progress=lambda line: None)
        families.update(task.family for task in made.tasks)
    heavy = ("aggregate", "compare", "conditional", "set_valued")
    assert all(families[name] for name in heavy), families
