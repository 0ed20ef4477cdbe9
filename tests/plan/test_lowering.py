"""Runs of plans of every kind: through the public tools, each value had from somewhere."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from drawn_plans import KINDS, draw_plan
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from plan_domains import Place, domain_of, own
from wide_plans import TWO, played

from agentgym import rng
from agentgym.domain import Domain
from agentgym.formats import Json, to_text
from agentgym.plan import (
    Choose,
    Emit,
    Fact,
    Guard,
    Link,
    Party,
    Plan,
    Refuse,
    Select,
    Setting,
    Value,
    Where,
    Write,
)
from agentgym.plan import Test as Asked
from agentgym.plan.lower import Lowered, NoLoweringError, lower, lowerings
from agentgym.plan.origins import moment, origin_of, resolved, sources
from agentgym.plan.party import Parties
from agentgym.plan.tables import Tables, equal
from agentgym.rules import (
    Compare,
    Confirmed,
    Count,
    Elapsed,
    Holder,
    In,
    Owner,
    Predicate,
    Rule,
)
from agentgym.schema.types import to_wire
from agentgym.tools.algebra import Argument, Identify, Tool, is_write
from agentgym.trajectory import Result

TRIED = 7
"""Plans that are drawn of each kind over each domain."""


@cache
def place(name: str, page: int) -> tuple[Domain, Tables, Place]:
    """One of our own domains, with short pages."""
    domain = own(name, page)
    return domain, Tables(domain.schema, domain.rows), Place(domain)


def drawn(name: str, page: int, kind: str) -> list[Plan]:
    """Draw plans of a kind."""
    domain, tables, _ = place(name, page)
    found = (
        draw_plan(tables, domain.tools, kind, rng.stream(7, name, kind, str(n)))
        for n in range(3 * TRIED)
    )
    return [plan for plan in found if plan is not None][:TRIED]


def judge(plan: Plan, run: Lowered, tables: Tables, where: Place) -> None:
    """Play a run again, from where its arguments come, and compare it with the rows alone."""
    call = where.start()
    tools = where.domain.tool_by_name
    facts = {fact.id: fact.value for fact in plan.facts}
    results: list[Result] = []
    for number, step in enumerate(run.steps):
        data = [one.data for one in results]
        assert set(step.origin) == set(step.arguments)
        assert all(n < number for n in step.after)
        for name, value in step.arguments.items():
            origin = step.origin[name]
            if origin != "choice":
                assert equal(resolved(origin, facts, data), value), (step, name)
            for leaf in sources(origin):
                if leaf.startswith("call:"):
                    source = int(leaf.split(":")[1])
                    assert source < number
                    assert origin == leaf or source in step.after
        result = call(step.tool, step.arguments)
        assert result.ok != step.fails, (step, result.error)
        results.append(result)
    reads = [
        (s.tool, to_text(sorted(s.arguments.items())))
        for s in run.steps
        if not is_write(tools[s.tool])
    ]
    reads = [one for one in reads if one[0] != "ask_user"]
    assert len(set(reads)) == len(reads), "a call is repeated"
    turned(run, results)
    answered(plan, run, tables)
    shown = {}
    for result in results:
        for row in result.rows:
            shown[to_text(sorted(row.items()))] = row
    for name, keys in (*run.listed.items(), *((n, (k,)) for n, k in run.shown.items())):
        select = plan.node(name)
        assert isinstance(select, Select)
        entity = tables.schema.entity(select.entity)
        rows = tables.extent(plan, name)
        wanted = [
            tuple(to_wire(entity.field(f), r[entity.position(f)]) for f in entity.key) for r in rows
        ]
        assert sorted(map(to_text, keys)) == sorted(map(to_text, wanted))
        for key in keys:
            pairs = dict(zip(entity.key, key, strict=True))
            assert any(pairs.items() <= row.items() for row in shown.values())
    changed(plan, tables, where)
    ended(plan, run, tables)


def turned(run: Lowered, results: list[Result]) -> None:
    """Pages are turned from the first on."""
    pages: dict[str, int] = {}
    for step, result in zip(run.steps, results, strict=True):
        if result.paged:
            rest = {k: v for k, v in step.arguments.items() if k != "page"}
            name = to_text([step.tool, sorted(rest.items())])
            assert step.arguments.get("page", 1) == pages.get(name, 0) + 1
            pages[name] = pages.get(name, 0) + 1


def answered(plan: Plan, run: Lowered, tables: Tables) -> None:
    """The answers are those of the rows."""
    emits = [node for node in tables.wanted(plan) if isinstance(node, Emit)]
    assert len(run.answers) == len(emits)
    for emit, answer in zip(emits, run.answers, strict=True):
        values = tables.value(plan, emit)
        if emit.many or isinstance(plan.node(emit.node), Choose):
            assert sorted(map(to_text, answer)) == sorted(map(to_text, values))
        else:
            assert len(values) == 1
            assert equal(values[0], answer)


def changed(plan: Plan, tables: Tables, where: Place) -> None:
    """What is wanted is written, on the rows that are meant, and on no other row of theirs."""
    writes = [node for node in tables.wanted(plan) if isinstance(node, Write)]
    done = where.world.diff()
    for node in writes:
        entity = tables.schema.entity(node.entity)
        if node.target is None:
            continue
        targets = tables.extent(plan, node.target)
        for row in targets:
            key = tuple(row[entity.position(name)] for name in entity.key)
            (after,) = [
                r
                for r in where.world.rows(entity.name)
                if tuple(r[entity.position(name)] for name in entity.key) == key
            ]
            for setting in node.settings:
                if setting.fact is not None:
                    field = entity.field(setting.field)
                    value = to_wire(field, after[entity.position(setting.field)])
                    assert equal(value, plan.fact(setting.fact).value)
                elif setting.source is None:
                    field = entity.field(setting.field)
                    (worked,) = tables.values(plan, Value(node=setting.node))
                    assert equal(to_wire(field, after[entity.position(setting.field)]), worked)
    if not writes:
        assert not done


def ended(plan: Plan, run: Lowered, tables: Tables) -> None:
    """The end is what the refusals say, and the reason names them."""
    barred = tables.barred(plan)
    if not barred:
        assert (run.outcome, run.reason) == ("done", "")
        return
    assert run.outcome == ("refused" if barred[0].because == "rule" else "impossible")
    for one in barred:
        if one.because == "rule":
            assert str(one.rule) in run.reason


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("name", "page"), [("clinic", 5), ("harbour", 8)])
def test_plans_are_lowered(name: str, page: int, kind: str) -> None:
    """A plan of each kind has a run, which comes to what the rows say; others come to the same."""
    domain, tables, where = place(name, page)
    plans = drawn(name, page, kind)
    if kind not in ("no_tool", "no_value"):  # such rows are few
        assert plans
    ways = 0
    for plan in plans:
        run = lower(plan, tables, domain.tools, where.start(), domain.rules)
        judge(plan, run, tables, where)
        calls = {to_text(run.steps)}
        for other in lowerings(plan, tables, domain.tools, where.start, domain.rules, most=3):
            judge(plan, other, tables, where)
            calls.add(to_text(other.steps))
            ways += 1
        assert len(calls) <= 4
    if kind not in ("facts_only", "no_tool", "no_value", "counted") and plans:
        assert ways >= len(plans) // 4


@given(played(), st.sampled_from((1, 2, 20)))
@settings(max_examples=40, deadline=None)
def test_a_run_comes_to_what_the_rows_say_or_is_none(case: Any, page: int) -> None:
    """Whatever the plan: unique or not, with rows or without, over keys of several fields."""
    schema, rows, plan = case
    domain = domain_of(schema, rows, page=page)
    tables, where = Tables(domain.schema, domain.rows), Place(domain)
    try:
        run = lower(plan, tables, domain.tools, where.start(), domain.rules)
    except NoLoweringError:
        return
    judge(plan, run, tables, where)
    for other in lowerings(plan, tables, domain.tools, where.start, domain.rules, most=3):
        judge(plan, other, tables, where)


@pytest.mark.parametrize("kind", ["vague", "members", "absent", "best"])
def test_longer_pages_take_fewer_calls(kind: str) -> None:
    """What takes many pages of a few rows takes few pages of many."""
    domain, tables, where = place("clinic", 5)
    whole, every, wide = place("clinic", 200)
    for plan in drawn("clinic", 5, kind):
        short = lower(plan, tables, domain.tools, where.start(), domain.rules)
        long = lower(plan, every, whole.tools, wide.start(), whole.rules)

        assert len(long.steps) <= len(short.steps)


# rules, and who the user is

_NAMED = Identify(
    entity="owner",
    by=(
        Argument(param="name", field="name", description="Name.", required=True),
        Argument(param="age", field="age", description="Age.", required=True),
    ),
)
_TOOLS = (Tool(name="identify", description="Identify the user.", term=_NAMED),)
_OWNERS = ((1, "Ada", 30), (2, "Bo", 40), (3, "Cy", 50))
_PETS = tuple((n, 1 + n % 2, f"pet {n}" if n % 4 else None, 100 * n) for n in range(1, 13))


_KIND: dict[type, Any] = {
    Owner: "ownership",
    Holder: "tier",
    Elapsed: "time_window",
    Count: "limit",
    Confirmed: "confirmation",
}


def ruled(predicate: Predicate, *tools: str, enforced: bool = True, page: int = 5) -> Domain:
    """The owners and their pets, with one more rule."""
    rule = Rule(
        id="house_rule",
        kind=_KIND.get(type(predicate), "state"),
        entity="pet",
        on=("update", "delete"),
        predicate=predicate,
        enforced=enforced,
    )
    return domain_of(
        TWO,
        {"owner": _OWNERS, "pet": _PETS},
        page=page,
        more_rules=(rule,),
        more_tools=_TOOLS,
        guarded=dict.fromkeys(tools, ("house_rule",)),
    )


ME = (
    Fact(id="f8", entity="owner", field="name", value="ada", exposure="user"),
    Fact(id="f9", entity="owner", field="age", value=30, exposure="user"),
)
PARTY = Party(entity="owner", facts=("f8", "f9"))


def change(pet: str = "pet 1", **refuse: Any) -> Plan:
    """Let the cost of a pet be changed, or not."""
    facts = (
        Fact(id="f1", entity="pet", field="name", value=pet),
        Fact(id="f2", entity="pet", field="cost", value=7),
    )
    nodes: tuple[Any, ...] = (
        Select(id="n1", entity="pet", where=(Where(field="name", fact="f1"),)),
        Write(
            id="n2",
            kind="update",
            entity="pet",
            target="n1",
            settings=(Setting(field="cost", fact="f2"),),
        ),
    )
    if refuse:
        nodes += (Refuse(id="n3", act="n2", **refuse),)
    return Plan(family="refusal", facts=(*facts, *ME), nodes=nodes, party=PARTY)


def ran(plan: Plan, domain: Domain) -> tuple[Lowered, Place]:
    """Lower a plan, and judge it."""
    tables, where = Tables(domain.schema, domain.rows), Place(domain)
    run = lower(plan, tables, domain.tools, where.start(), domain.rules)
    judge(plan, run, tables, where)
    return run, where


RULES: dict[str, tuple[Predicate, set[str]]] = {
    "own row": (Compare(field="cost", op="gt", value=50), {"find_pet_by_name"}),
    "parent": (
        Compare(field="age", op="lt", value=10, path=("pet_owner",)),
        {"find_pet_by_name", "get_owner"},
    ),
    "in": (In(field="name", values=("x",), path=("pet_owner",)), {"find_pet_by_name", "get_owner"}),
    "count": (
        Count(path=("pet_owner",), relation="pet_owner", op="le", value=2),
        {"find_pet_by_name", "get_owner", "list_pets_of_owner"},
    ),
    "holder": (
        Holder(entity="owner", field="name", values=("Bo",)),
        {"find_pet_by_name", "identify", "get_owner"},
    ),
    "owner": (Owner(path=("pet_owner",)), {"find_pet_by_name", "identify"}),
}


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("enforced", [True, False])
def test_a_refused_act_is_shown_and_not_done(name: str, *, enforced: bool) -> None:
    """The rows that a rule speaks of are looked at; the act itself is not tried."""
    predicate, tools = RULES[name]
    domain = ruled(predicate, "update_pet", enforced=enforced)
    plan = change(because="rule", rule="house_rule")
    run, _ = ran(plan, domain)

    assert run.outcome == "refused"
    assert "house_rule" in run.reason
    assert {step.tool for step in run.steps} == tools
    assert not any(step.fails for step in run.steps)
    other = replace(plan, nodes=plan.nodes[:2])
    if enforced:
        with pytest.raises(NoLoweringError, match="house_rule"):
            ran(other, domain)


def test_where_rows_cannot_be_seen_the_refused_call_shows_why() -> None:
    """Without a tool that shows what the rule speaks of, the act is tried."""
    domain = ruled(Compare(field="age", op="lt", value=10, path=("pet_owner",)), "update_pet")
    kept = tuple(
        t
        for t in domain.tools
        if t.name not in ("get_owner", "find_owner_by_name", "search_owners")
    )
    run, where = ran(change(because="rule", rule="house_rule"), replace(domain, tools=kept))

    assert [(step.tool, step.fails) for step in run.steps][-1] == ("update_pet", True)
    assert not where.world.diff()


def test_what_rules_want_first_comes_first() -> None:
    """The user is identified, or asked, before the act; once where one call serves all."""
    run, _ = ran(change("pet 2"), ruled(Owner(path=("pet_owner",)), "update_pet"))
    assert [step.tool for step in run.steps] == ["find_pet_by_name", "identify", "update_pet"]
    assert 1 in run.steps[2].after
    run, _ = ran(change(), ruled(Confirmed(), "update_pet"))
    assert [step.tool for step in run.steps] == ["find_pet_by_name", "ask_user", "update_pet"]


def mine(*more: Any, exposure: str = "user") -> Plan:
    """Start a plan with the user's own row."""
    return Plan(
        family="lookup",
        facts=ME,
        nodes=(Select(id="n1", entity="owner", me=True), *more),
        party=PARTY,
    )


def test_the_user_is_identified_for_what_is_theirs() -> None:
    """The key of the user's row is what identification gives; the row is found by what they say."""
    domain = ruled(Owner(path=("pet_owner",)), "update_pet")
    pets = Select(
        id="n2", entity="pet", links=(Link(relation="pet_owner", forward=True, node="n1"),)
    )
    run, _ = ran(mine(pets, Emit(id="n3", node="n2", field="name", many=True)), domain)
    assert [s.tool for s in run.steps][:2] == ["identify", "list_pets_of_owner"]
    assert run.steps[1].origin["owner_id" if "owner_id" in run.steps[1].origin else "id"] == (
        "call:0:identified.id"
    )
    run, _ = ran(mine(Emit(id="n2", node="n1", field="age")), domain)
    assert [s.tool for s in run.steps] in (["find_owner_by_name"], ["search_owners"])
    write = Write(
        id="n3",
        kind="update",
        entity="pet",
        target="n2",
        settings=(Setting(field="cost", node="n1", source="age"),),
        each=True,
    )
    run, _ = ran(mine(pets, write), domain)
    tools = [s.tool for s in run.steps]
    assert tools.count("identify") == 1
    assert tools.count("update_pet") == 6


def test_without_a_way_to_identify_the_row_is_found() -> None:
    """No tool identifies anybody: the facts of the party are looked for."""
    domain = ruled(Compare(field="cost", op="gt", value=0))
    kept = tuple(t for t in domain.tools if t.name != "identify")
    pets = Select(
        id="n2", entity="pet", links=(Link(relation="pet_owner", forward=True, node="n1"),)
    )
    plan = mine(pets, Emit(id="n3", node="n2", field="name", many=True))
    run, _ = ran(plan, replace(domain, tools=kept))
    assert "identify" not in {s.tool for s in run.steps}


# guards


@pytest.mark.parametrize("bound", [0, 1000])
def test_only_the_branch_that_is_wanted_is_done(bound: int) -> None:
    """What decides is seen before the act, though no argument comes from it."""
    plan = change()
    test = Asked(left=Value(node="n3", field="cost"), op="gt", right=Value(fact="f4"))
    facts = (
        *plan.facts,
        Fact(id="f3", entity="pet", field="name", value="pet 5"),
        Fact(id="f4", entity="pet", field="cost", value=bound),
    )
    nodes = (
        *plan.nodes,
        Select(id="n3", entity="pet", where=(Where(field="name", fact="f3"),)),
        Emit(id="n4", node="n3", field="cost"),
        Guard(id="n5", test=test, then=("n2",), otherwise=("n4",)),
    )
    run, where = ran(replace(plan, facts=facts, nodes=nodes), ruled(Confirmed()))
    if bound:
        assert len(run.answers) == 1
        assert [s.tool for s in run.steps] == ["find_pet_by_name"]
    else:
        assert not run.answers
        assert run.steps[-1].tool == "update_pet"
        assert 0 in run.steps[-1].after
        assert len(where.world.diff()) == 1


def test_an_empty_value_fails_a_test() -> None:
    """The row with the empty field is shown, and the other branch taken."""
    plan = change()
    test = Asked(left=Value(node="n3", field="name"), op="ne", right=Value(fact="f1"))
    nodes = (
        *plan.nodes,
        Select(id="n3", entity="pet", where=(Where(field="cost", fact="f3"),)),
        Guard(id="n5", test=test, then=("n2",)),
    )
    facts = (*plan.facts, Fact(id="f3", entity="pet", field="cost", value=4))
    run, where = ran(replace(plan, facts=facts, nodes=nodes), ruled(Confirmed()))
    assert run.steps
    assert not where.world.diff()


def test_what_is_not_there_is_an_error_that_is_expected() -> None:
    """A row whose name nobody has: `find` says so, and the step is marked."""
    plan = mine()
    facts = (Fact(id="f1", entity="owner", field="name", value="Nobody"),)
    nodes = (
        Select(id="n1", entity="owner", where=(Where(field="name", fact="f1"),)),
        Emit(id="n2", node="n1", field="age"),
        Refuse(id="n3", act="n2", because="no_row", node="n1"),
    )
    run, _ = ran(Plan(family="unanswerable", facts=facts, nodes=nodes), ruled(Confirmed()))
    assert plan.party is not None
    assert [s.fails for s in run.steps] == [s.tool.startswith("find") for s in run.steps]
    assert run.outcome == "impossible"
    assert "Nobody" in run.reason


def test_a_write_does_not_hide_what_a_later_act_looks_for() -> None:
    """The second row is found before the first change would hide it."""
    facts = (
        Fact(id="f1", entity="pet", field="name", value="pet 1"),
        Fact(id="f2", entity="pet", field="cost", value=3),
        Fact(id="f3", entity="pet", field="cost", value=2),
    )
    nodes = (
        Select(id="n1", entity="pet", where=(Where(field="name", fact="f1"),)),
        Write(
            id="n2",
            kind="update",
            entity="pet",
            target="n1",
            settings=(Setting(field="cost", fact="f2"),),
        ),
        Select(id="n3", entity="pet", where=(Where(field="cost", fact="f2"),)),
        Write(
            id="n4",
            kind="update",
            entity="pet",
            target="n3",
            settings=(Setting(field="cost", fact="f3"),),
        ),
    )
    run, where = ran(Plan(family="multi_write", facts=facts, nodes=nodes), ruled(Confirmed()))
    assert [s.tool for s in run.steps] == ["find_pet_by_name", "search_pets"] + ["update_pet"] * 2
    assert len(where.world.diff()) == 2


def test_an_act_comes_after_the_pages_that_were_turned_for_it() -> None:
    """No argument comes from the pages before, on which the row was not."""
    plan = change()
    clue = Where(field="name", op="contains", fact="f1")
    plan = replace(
        plan,
        facts=(replace(plan.facts[0], value="1"), *plan.facts[1:], FIVE),
        nodes=(
            replace(plan.nodes[0], where=(clue, Where(field="cost", op="ne", fact="f5"))),
            *plan.nodes[1:],
        ),
    )
    rows = {"owner": _OWNERS, "pet": ((1, 1, "pet 1", 100), *_PETS[1:9], (10, 1, "pet 10", 1000))}
    domain = domain_of(TWO, rows, page=1)
    run, _ = ran(replace(plan, party=None), domain)
    pages = [n for n, step in enumerate(run.steps) if step.tool == "search_pets"]
    assert len(pages) == 2
    assert set(run.steps[-1].after) == {0}


FIVE = Fact(id="f5", entity="pet", field="cost", value=1)


# origins


@given(st.integers(30, 9900), st.sampled_from(("date", "datetime")), st.booleans())
def test_moments_bound_a_year(year: int, kind: str, decade: bool) -> None:
    """What lies between the first and last moment is what is of the year or decade."""
    measure, years = ("decade", 10) if decade else ("year", 1)
    year -= year % years
    ends = [moment(f"{e}_{kind}_of_{measure}", year) for e in ("before", "first", "last", "after")]
    assert ends == sorted(ends)
    assert [int(end[:4]) for end in ends] == [year - 1, year, year + years - 1, year + years]
    assert {len(end) for end in ends} == {10 if kind == "date" else 20}


@given(
    st.recursive(
        st.sampled_from(("fact:f1", "call:0:items.1.x", "call:2:y")),
        lambda one: st.builds(
            origin_of, st.sampled_from(("sum", "product")), st.lists(one, min_size=1, max_size=3)
        ),
        max_leaves=6,
    )
)
@settings(max_examples=60)
def test_origins_read_back(origin: str) -> None:
    """A number worked out of others is worked out again, however deep."""
    facts = {"f1": 2}
    results: list[Json] = [{"items": [{}, {"x": 3}]}, None, {"y": 5}]
    value = eval(
        origin.replace("computed:", "")
        .replace("fact:f1", "2")
        .replace("call:0:items.1.x", "3")
        .replace("call:2:y", "5")
        .replace(";", ",")
        .replace("sum(", "add(")
        .replace("product(", "mul("),
        {"add": lambda *a: sum(a), "mul": lambda *a: __import__("math").prod(a)},
    )

    assert resolved(origin, facts, results) == value
    assert set(sources(origin)) <= {"fact:f1", "call:0:items.1.x", "call:2:y"}


@pytest.mark.parametrize("origin", ["call:9:x", "call:0:none", "fact:f7", "call:0:items.9"])
def test_an_origin_that_is_not_there_is_an_error(origin: str) -> None:
    """Nothing is made up."""
    with pytest.raises(LookupError):
        resolved(origin, {"f1": 1}, [{"items": []}])
    with pytest.raises(ValueError, match="origin"):
        resolved("choice", {}, [])


def test_the_user_of_a_plan_is_a_row() -> None:
    """A plan gets the facts by which its user is identified, under ids that it does not have."""
    domain = ruled(Owner(path=("pet_owner",)), "update_pet")
    tables = Tables(domain.schema, domain.rows)
    parties = Parties(tables, domain.tools, domain.rules)
    plan = replace(change("pet 2"), facts=change("pet 2").facts[1:2], party=None)
    made = parties.as_user(plan, "owner", domain.rows["owner"][2])

    assert made is not None
    plan = made
    assert plan.party is not None
    assert [fact.value for fact in plan.who()] == ["Cy", 50]
    assert len({fact.id for fact in plan.facts}) == len(plan.facts)
    me = Select(id="n9", entity="owner", me=True)
    assert tables.fitting(plan, me) == [domain.rows["owner"][2]]
    assert parties.as_user(plan, "pet", domain.rows["pet"][0]) is None
    assert parties.served(plan, rng.stream(1)) == plan
