"""The conformance kit on every committed domain, and on one that is built for it."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import gymnasium
import msgspec
import pytest
import shop
import tiny
from gymnasium.utils.env_checker import check_env as gymnasium_check
from hypothesis import HealthCheck, given, settings
from hypothesis.stateful import run_state_machine_as_test
from market import choices, chosen, market
from strategies_world import domains

from agentgym import domain as domain_room
from agentgym.build.golden import golden
from agentgym.build.one import build, seal
from agentgym.domain import Domain
from agentgym.env import ids
from agentgym.episode import Suite, load
from agentgym.formats import encode, fingerprint
from agentgym.rules import Count, Elapsed, In, Rule
from agentgym.schema import Derived, Lifecycle, Product, replace_entity
from agentgym.testing import check_behaviour, check_domain, check_env, machine
from agentgym.testing.domains import check_tasks
from agentgym.testing.gold import check_gold
from agentgym.testing.honesty import dishonest
from agentgym.testing.honesty.bases import bases
from agentgym.testing.honesty.staging import staged
from agentgym.tools.algebra import ListRelated, Search, Sequence, Tool
from agentgym.world.compile import Engine

COMMITTED = domain_room.committed()
BUILT = "built"
DOMAINS = (*COMMITTED, BUILT)
OTHERS = sorted(
    path
    for path in Path(os.environ.get("AGENTGYM_DATA", os.devnull)).glob("*/*")
    if path.suffix in (".sqlite", ".sql", ".ttl")
)
"""Real databases, scripts and graphs, where a folder of them is given."""
ENVS = ("agentgym/Domain-v0", *ids())


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A domain that is built here, so that this file never tests nothing."""
    folder = tmp_path_factory.mktemp("conformance")
    build(shop.sqlite(folder / "shop.sqlite"), folder / "shop", tasks=12)
    return folder / "shop"


def place_of(name: str, built: Path) -> Path | str:
    """Return what to load a domain of the list by."""
    return built if name == BUILT else name


@pytest.mark.parametrize("name", DOMAINS)
def test_domain(name: str, built: Path) -> None:
    """Files, rows, tools, tasks and certificates hold what they say."""
    check_domain(place_of(name, built))


@pytest.mark.parametrize("name", DOMAINS)
def test_golden_trace(name: str, built: Path) -> None:
    """The golden trace replays line by line; the first line that differs is named."""
    place = domain_room.find(place_of(name, built))
    suite = load(place)
    kept = (place / "golden.trace").read_text().splitlines()
    now = golden(suite.domain, suite.tasks).decode().splitlines()
    for number, (old, new) in enumerate(zip(kept, now, strict=False), 1):
        assert old == new, f"{place}/golden.trace line {number}: was {old!r}, is {new!r}"
    assert len(kept) == len(now), f"{place}/golden.trace: was {len(kept)} lines, is {len(now)}"


@pytest.mark.parametrize("name", DOMAINS)
def test_machine(name: str, built: Path) -> None:
    """Any sequence of calls, restores and forks agrees with a model of the rows."""
    drive(domain_room.load(place_of(name, built)), examples=4, steps=12)


@pytest.mark.slow
@pytest.mark.parametrize("name", DOMAINS)
def test_machine_at_length(name: str, built: Path) -> None:
    """The same, for long."""
    drive(domain_room.load(place_of(name, built)), examples=60, steps=40)


def drive(domain: Domain, *, examples: int, steps: int) -> None:
    """Run the state machine on a domain, cut to a few rows of each entity."""
    rows = {name: found[:50] for name, found in domain.rows.items()}
    domain = msgspec.structs.replace(domain, rows=rows)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run_state_machine_as_test(
            machine(domain),
            settings=settings(
                max_examples=examples,
                stateful_step_count=steps,
                deadline=None,
                derandomize=True,
                suppress_health_check=list(HealthCheck),
            ),
        )


@pytest.mark.parametrize("env_id", ENVS)
def test_env(env_id: str) -> None:
    """Gymnasium's checker is silent, warnings being errors, and the kit's own checks hold."""
    check_env(functools.partial(gymnasium.make, env_id), checker=gymnasium_check)


def test_env_of_a_folder(built: Path) -> None:
    """So they are for a folder that was built a moment ago."""
    make = functools.partial(gymnasium.make, "agentgym/Domain-v0", domain=str(built))
    check_env(make, checker=gymnasium_check)


@pytest.mark.slow
@pytest.mark.parametrize("source", [None, *OTHERS], ids=lambda path: path.name if path else "shop")
def test_domains_of_real_sources(source: Path | None, tmp_path: Path) -> None:
    """Whatever is built, the kit finds nothing to say; more sources lie in AGENTGYM_DATA."""
    build(source or shop.script(tmp_path / "shop.sql"), tmp_path / "out", tasks=20)
    check_domain(tmp_path / "out")


# how tools behave, whatever the domain is made of


@settings(max_examples=5)
@given(domains())
def test_behaviour_of_drawn_domains(domain: Domain) -> None:
    """Any schema, with all the tools that it yields."""
    check_behaviour(domain)


@settings(max_examples=3)
@given(choices())
def test_behaviour_of_markets(ids: dict[str, list[str]]) -> None:
    """Any part of the algebra, of derived values, effects and rules."""
    check_behaviour(chosen(ids))


@pytest.mark.slow
@pytest.mark.parametrize("name", DOMAINS)
def test_behaviour_at_length(name: str, built: Path) -> None:
    """The same of every domain, for long."""
    check_behaviour(domain_room.load(place_of(name, built)), effort=6, seed=1)


def test_every_process_sees_the_same(built: Path) -> None:
    """What is seen of any domain does not depend on the seed of hashes."""
    places = [str(place_of(name, built)) for name in DOMAINS]
    code = (
        "from agentgym import domain, formats, testing\n"
        f"for place in {places}:\n"
        "    found = testing.transcript(domain.load(place), calls=40)\n"
        "    print(place, formats.fingerprint(repr(found).encode()))\n"
    )
    told = [
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert told[0] == told[1]
    assert told[0].count("\n") == len(DOMAINS)


# the kit finds what is wrong


def change(domain: Domain, name: str, **changes: Any) -> Domain:
    """Return the domain with one tool's term changed."""

    def changed(tool: Tool) -> Tool:
        if tool.name != name:
            return tool
        return msgspec.structs.replace(tool, term=msgspec.structs.replace(tool.term, **changes))

    return msgspec.structs.replace(domain, tools=tuple(map(changed, domain.tools)))


def test_the_built_domain_is_honest(built: Path) -> None:
    """Every parameter makes a difference somewhere, also with few rows or none."""
    domain = domain_room.load(built)
    for most in (None, 1, 0):
        rows = {name: found[:most] for name, found in domain.rows.items()}
        assert dishonest(msgspec.structs.replace(domain, rows=rows)) == []


def test_the_market_is_honest() -> None:
    """So are all terms, guarded by all kinds of rules: the conversation is as they want it."""
    for most in (None, 1, 0):
        domain = market()
        rows = {name: found[:most] for name, found in domain.rows.items()}
        assert dishonest(msgspec.structs.replace(domain, rows=rows)) == []


def test_nobody_owns_what_is_made_with_them(tmp_path: Path) -> None:
    """A rule of ownership does not guard the tool that makes the owner in the same call."""
    (tmp_path / "in.sql").write_text(
        "CREATE TABLE area (area_id INTEGER PRIMARY KEY, title TEXT NOT NULL UNIQUE);"
        "CREATE TABLE customer (customer_id INTEGER PRIMARY KEY, full_name TEXT NOT NULL,"
        " email TEXT NOT NULL UNIQUE, phone TEXT);"
        "CREATE TABLE customer_area (customer_id INTEGER NOT NULL REFERENCES customer,"
        " area_id INTEGER NOT NULL REFERENCES area, PRIMARY KEY (customer_id, area_id));"
    )
    build(tmp_path / "in.sql", tmp_path / "out", tasks=0, rules=4)
    domain = domain_room.load(tmp_path / "out")
    assert any(isinstance(getattr(t.term, "nested", None), tuple) for t in domain.tools)
    assert dishonest(domain) == []


def test_nobody_is_served_as_whom_they_are_about_to_become(tmp_path: Path) -> None:
    """Nor does it guard the tool that makes somebody and moves them on in the same call."""
    (tmp_path / "in.sql").write_text(
        "CREATE TABLE customer (customer_id INTEGER PRIMARY KEY, full_name TEXT NOT NULL,"
        " email TEXT NOT NULL UNIQUE, phone TEXT,"
        " status TEXT NOT NULL CHECK (status IN ('pending', 'active', 'closed')));"
        "CREATE TABLE parcel (parcel_id INTEGER PRIMARY KEY, sent_on DATE NOT NULL,"
        " customer_id INTEGER NOT NULL REFERENCES customer);"
    )
    build(tmp_path / "in.sql", tmp_path / "out", tasks=0, rules=4)
    domain = domain_room.load(tmp_path / "out")
    once = [t for t in domain.tools if isinstance(t.term, Sequence)]
    assert [tool.name for tool in once] == ["create_and_activate_customer"]
    owned = {r.id for r in domain.rules if r.entity == "customer" and r.kind == "ownership"}
    assert owned
    assert not owned & set(once[0].guards)
    assert dishonest(domain) == []


def test_sorting_what_is_one_is_found_out() -> None:
    """A list that can hold one row at most must not offer to sort it."""
    domain = tiny.domain()
    relation = msgspec.structs.replace(domain.schema.relations[0], one_to_one=True)
    loan = domain.schema.entity("loan")
    only = tuple(
        msgspec.structs.replace(f, unique=f.unique or f.name == "member_id") for f in loan.fields
    )
    schema = msgspec.structs.replace(
        domain.schema,
        relations=(relation,),
        entities=(
            domain.schema.entity("member"),
            msgspec.structs.replace(loan, fields=only),
        ),
    )
    rows = domain.rows | {"loan": domain.rows["loan"][:1]}
    single = msgspec.structs.replace(domain, schema=schema, rows=rows)
    assert dishonest(single) == ["list_member_loans.descending"]


def test_derived_tools_do_not_sort_what_is_one(tmp_path: Path) -> None:
    """No derived list of at most one row has sorts, whichever way uniqueness is declared."""
    script = shop.SCRIPT + (
        "CREATE TABLE badge (badge_id INTEGER PRIMARY KEY, colour TEXT NOT NULL, made DATE,"
        " customer_id INTEGER NOT NULL UNIQUE REFERENCES customer (customer_id));"
        "CREATE TABLE locker (customer_id INTEGER PRIMARY KEY REFERENCES customer (customer_id),"
        " title TEXT NOT NULL, rent DECIMAL(6,2) NOT NULL);"
    )
    (tmp_path / "in.sql").write_text(script)
    build(tmp_path / "in.sql", tmp_path / "out", tasks=0)
    domain = domain_room.load(tmp_path / "out")
    terms = {t.term.relation: t.term for t in domain.tools if isinstance(t.term, ListRelated)}
    single = [r.name for r in domain.schema.relations if r.entity in ("badge", "locker")]
    assert len(single) == 2
    assert all(terms[name].sorts == () and terms[name].order is None for name in single)
    assert dishonest(domain) == []


def test_lists_of_its_own_kind_are_staged(tmp_path: Path) -> None:
    """Where nobody leads more than one, the kit makes somebody who leads several."""
    (tmp_path / "in.sql").write_text(
        "CREATE TABLE clerk (clerk_id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
        " manager_id INTEGER REFERENCES clerk (clerk_id));"
        "INSERT INTO clerk VALUES (1, 'Ada Stone', NULL), (2, 'Ben Hill', 1), (3, 'Cy Marsh', 2);"
    )
    build(tmp_path / "in.sql", tmp_path / "out", tasks=0)
    domain = domain_room.load(tmp_path / "out")
    own = [t.term for t in domain.tools if isinstance(t.term, ListRelated)]
    assert any(term.relation == "clerk_manager" and term.sorts for term in own)
    assert dishonest(domain) == []


@pytest.mark.parametrize("other", [("delete", "le", 120), ("update", "ge", 1)])
def test_rules_of_other_tools_do_not_hide_what_one_allows(other: tuple[Any, Any, int]) -> None:
    """Values are made for the rules that a tool asks: a new row's time lies ahead."""

    def rule(id: str, on: Any, op: Any, days: int) -> Rule:
        predicate = Elapsed(field="due_on", op=op, seconds=days * 86_400)
        return Rule(id=id, kind="time_window", entity="loan", on=(on,), predicate=predicate)

    domain = tiny.domain()
    tools = tuple(
        msgspec.structs.replace(tool, guards=("ahead",)) if tool.name == "create_loan" else tool
        for tool in domain.tools
    )
    rules = (*domain.rules, rule("ahead", "create", "le", -3), rule("past", *other))
    for found in (rules, rules[::-1]):
        assert dishonest(msgspec.structs.replace(domain, rules=found, tools=tools)) == []


def test_rows_that_the_rules_want_are_referred_to() -> None:
    """Where only one member may borrow, who has not borrowed yet, loans are tried with that one."""
    domain = tiny.domain()
    rule = Rule(
        id="cy",
        kind="state",
        entity="loan",
        on=("create",),
        predicate=In(field="name", values=("Cy Marsh",), path=("loan_member",)),
    )
    tools = tuple(
        msgspec.structs.replace(tool, guards=("cy",)) if tool.name == "create_loan" else tool
        for tool in domain.tools
    )
    member = (*domain.rows["member"], (4, "Cy Marsh", "555-0104", 0))
    for rows in (domain.rows | {"member": member}, domain.rows):
        ruled = msgspec.structs.replace(domain, rules=(*domain.rules, rule), tools=tools, rows=rows)
        assert dishonest(ruled) == []


def test_what_a_row_adds_up_to_leaves_room(tmp_path: Path) -> None:
    """Where no bill may be overpaid, the kit makes one that is not paid yet."""
    (tmp_path / "in.sql").write_text(
        "CREATE TABLE bill (bill_id INTEGER PRIMARY KEY, title TEXT NOT NULL UNIQUE,"
        " paid INTEGER NOT NULL, total INTEGER NOT NULL, CHECK (paid <= total));"
        "CREATE TABLE payment (payment_id INTEGER PRIMARY KEY, method TEXT NOT NULL,"
        " amount INTEGER NOT NULL CHECK (amount > 0), bill_id INTEGER NOT NULL REFERENCES bill);"
        "INSERT INTO bill VALUES (1, 'Roof', 70, 70), (2, 'Door', 20, 20);"
        "INSERT INTO payment VALUES (1, 'cash', 70, 1), (2, 'card', 20, 2);"
    )
    build(tmp_path / "in.sql", tmp_path / "out", tasks=0, rules=0)
    domain = domain_room.load(tmp_path / "out")
    for fields in (("paid", "total"), ("total", "paid")):  # whichever stands first
        bill = domain.schema.entity("bill")
        names = ("bill_id", "title", *fields)
        rows = tuple(tuple(row[bill.position(n)] for n in names) for row in domain.rows["bill"])
        paid = Derived(
            id="paid",
            entity="bill",
            field="paid",
            how="sum",
            relation="payment_bill",
            terms=(Product(fields=("amount",)),),
        )
        entity = msgspec.structs.replace(bill, fields=tuple(bill.field(n) for n in names))
        schema = msgspec.structs.replace(replace_entity(domain.schema, entity), derived=(paid,))
        tools = [t for t in domain.tools if t.name == "create_payment"]
        assert len(tools) == 1
        found = msgspec.structs.replace(
            domain, schema=schema, rows=domain.rows | {"bill": rows}, tools=tuple(tools)
        )
        assert dishonest(found) == []


def test_amounts_are_moved_between_what_one_owns() -> None:
    """Transfers are tried first with two rows of one owner, where somebody has two."""
    domain = market()
    rows = {"account": ((1, 3, "EUR", 70), (2, 1, "EUR", 5000), (3, 1, "EUR", 100))}
    tried = next(bases(domain, domain.tool_by_name["transfer_money"], rows.__getitem__))
    assert (tried["from_id"], tried["to_id"]) == (2, 3)


def test_what_has_not_ended_is_staged() -> None:
    """Where a row may be changed until some time, there are rows for which it has not come."""
    domain = tiny.domain()
    loan = domain.schema.entity("loan")
    fields = tuple(msgspec.structs.replace(f, nullable=f.name == "due_on") for f in loan.fields)
    until = Rule(
        id="until",
        kind="time_window",
        entity="loan",
        on=("update",),
        predicate=Elapsed(field="due_on", op="lt", seconds=0, at="before"),
    )
    schema = replace_entity(domain.schema, msgspec.structs.replace(loan, fields=fields))
    ruled = msgspec.structs.replace(domain, schema=schema, rules=(*domain.rules, until))
    found = staged(ruled, Engine(ruled).world(), ruled.tool_by_name["return_loan"])
    assert {row[loan.position("due_on")] is None for row in found["loan"]} == {True, False}


def test_rows_that_a_rule_counts_are_staged() -> None:
    """Where only a member with loans may be changed, the members that are made have some."""
    domain = tiny.domain()
    rule = Rule(
        id="lent",
        kind="state",
        entity="member",
        on=("update",),
        predicate=Count(relation="loan_member", op="ge", value=1),
    )
    ruled = msgspec.structs.replace(domain, rules=(*domain.rules, rule))
    world = Engine(ruled).world()
    found = staged(ruled, world, ruled.tool_by_name["update_member"])
    members, loans = ({row[0] for row in found["member"]}, {row[1] for row in found["loan"]})
    assert members == loans


def test_an_argument_without_effect_is_found_out(built: Path) -> None:
    """A filter on a field that always holds the same value is named."""
    domain = domain_room.load(built)
    search = domain.tool_by_name["search_products"].term
    assert isinstance(search, Search)
    same = msgspec.structs.replace(search.filters[0], param="same", field="status", op="eq")
    order = domain.schema.entity("order")
    fields = tuple(
        msgspec.structs.replace(f, values=("open",)) if f.name == "status" else f
        for f in order.fields
    )
    schema = msgspec.structs.replace(
        domain.schema,
        entities=tuple(
            msgspec.structs.replace(e, fields=fields) if e.name == "order" else e
            for e in domain.schema.entities
        ),
        lifecycles=(
            Lifecycle(entity="order", field="status", initial=("open",), moves={"open": ()}),
        ),
    )
    place = order.position("status")
    rows = domain.rows | {
        "order": tuple((*r[:place], "open", *r[place + 1 :]) for r in domain.rows["order"])
    }
    constant = msgspec.structs.replace(
        change(domain, "search_orders", filters=(same,)),
        schema=schema,
        rows=rows,
        rules=(),
        effects=(),
    )
    tools = tuple(msgspec.structs.replace(t, guards=()) for t in constant.tools)
    found = dishonest(msgspec.structs.replace(constant, tools=tools))
    assert [one for one in found if one.startswith("search_orders.")] == ["search_orders.same"]


@pytest.mark.parametrize(
    ("file", "old", "new", "sentence"),
    [
        ("domain.json", b'"format"', b' "format"', "canonical form"),
        ("golden.trace", b"verdict", b"Verdict", "golden.trace"),
        ("tasks.jsonl", b'"mutants":', b'"mutants":1', "certificate"),
        ("policy.md", b"can", b"may", "policy.md"),
    ],
)
def test_what_does_not_hold_is_named(
    built: Path, tmp_path: Path, file: str, old: bytes, new: bytes, sentence: str
) -> None:
    """A folder that was tampered with, manifest included, does not pass."""
    place = Path(shutil.copytree(built, tmp_path / "shop"))
    content = (place / file).read_bytes()
    assert old in content
    (place / file).write_bytes(content.replace(old, new, 1))
    seen = domain_room.manifest(place)
    files = seen.files | {file: fingerprint((place / file).read_bytes())}
    (place / "manifest.json").write_bytes(encode(msgspec.structs.replace(seen, files=files)))
    with pytest.raises(AssertionError, match=sentence):
        check_domain(place)
    seal(place)
    check_domain(place)


def test_a_task_that_nobody_can_solve_is_named(built: Path) -> None:
    """Tasks are played by the oracle and by one who does nothing."""
    suite = load(built)
    task = suite.tasks[0]
    broken = Suite(
        suite.domain, [msgspec.structs.replace(task, gold=task.gold[:-1], answer="nobody")]
    )
    with pytest.raises(AssertionError, match="the oracle does not solve it"):
        check_tasks(broken)


def test_a_certificate_of_another_end_is_named(built: Path) -> None:
    """The model plays every gold run, and ends where the certificate says."""
    suite = load(built)
    check_gold(suite)
    task = next(task for task in suite.tasks if task.goal.branches[0].changes)
    wrong = msgspec.structs.replace(task.certificate, end=task.certificate.start)
    broken = Suite(suite.domain, [msgspec.structs.replace(task, certificate=wrong)])
    with pytest.raises(AssertionError, match="certified"):
        check_gold(broken)
