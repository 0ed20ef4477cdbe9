"""Rules of a business make sense in its trade: whom, what and when they are about.

Small schemas stand for trades; what nobody there would say must not be said.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from agentgym import rules as rule_room
from agentgym import sources
from agentgym.formats import Json
from agentgym.populate import fill
from agentgym.rules import (
    All,
    AnyOf,
    Authenticated,
    Compare,
    Confirmed,
    Count,
    Elapsed,
    Holder,
    Not,
    Owner,
    Param,
    Predicate,
    Rule,
    RuleClass,
    parts,
    sentence,
)
from agentgym.schema import Entity, Field, Schema
from agentgym.schema.roles import infer
from agentgym.tools.derive import derive
from agentgym.tools.derive.party import owner_paths, party
from agentgym.tools.derive.rules import synthesize
from agentgym.tools.derive.rules.choose import name
from agentgym.tools.derive.rules.repeats import repeats

SHOP = """
CREATE TABLE customers (id serial PRIMARY KEY, first_name varchar(40) NOT NULL,
  last_name varchar(40) NOT NULL, email varchar(80) NOT NULL UNIQUE);
CREATE TABLE employees (id serial PRIMARY KEY, first_name varchar(40) NOT NULL,
  last_name varchar(40) NOT NULL, email varchar(80) NOT NULL UNIQUE,
  is_active boolean NOT NULL, hired_on date, confirmed_at timestamp);
CREATE TABLE projects (id serial PRIMARY KEY, name varchar(40) NOT NULL,
  lfs_enabled boolean NOT NULL);
CREATE TABLE products (id serial PRIMARY KEY, name varchar(40) NOT NULL,
  price numeric(10,2) NOT NULL, discontinued_date date);
CREATE TABLE product_prices (id serial PRIMARY KEY,
  product_id integer NOT NULL REFERENCES products, price numeric(10,2) NOT NULL,
  noted_on date NOT NULL);
CREATE TABLE orders (id serial PRIMARY KEY, customer_id integer NOT NULL REFERENCES customers,
  employee_id integer NOT NULL REFERENCES employees, project_id integer REFERENCES projects,
  ordered_at timestamp NOT NULL, total numeric(10,2) NOT NULL, freight numeric(10,2) NOT NULL,
  status varchar(12) NOT NULL CHECK (status IN ('open','paid','cancelled')));
CREATE TABLE order_lines (id serial PRIMARY KEY, order_id integer NOT NULL REFERENCES orders,
  product_id integer NOT NULL REFERENCES products, quantity integer NOT NULL CHECK (quantity > 0),
  unit_price numeric(10,2) NOT NULL);
CREATE TABLE login_logs (id serial PRIMARY KEY, customer_id integer NOT NULL REFERENCES customers,
  logged_at timestamp NOT NULL, is_active boolean NOT NULL);
"""
LAB = """
CREATE TABLE patients (id serial PRIMARY KEY, last_name varchar(40) NOT NULL,
  birth_date date NOT NULL, phone varchar(20) NOT NULL);
CREATE TABLE specimens (id serial PRIMARY KEY, patient_id integer NOT NULL REFERENCES patients,
  taken_on date NOT NULL, quantity integer NOT NULL);
CREATE TABLE measurements (id serial PRIMARY KEY,
  specimen_id integer NOT NULL REFERENCES specimens, measured_at timestamp NOT NULL,
  range_low numeric(8,2), range_high numeric(8,2), amount_value numeric(8,2),
  amount_unit varchar(10));
"""
CLUB = """
CREATE TABLE courts (id serial PRIMARY KEY, name varchar(40) NOT NULL UNIQUE,
  is_active boolean NOT NULL);
CREATE TABLE members (id serial PRIMARY KEY, full_name varchar(40) NOT NULL,
  email varchar(80) NOT NULL UNIQUE);
CREATE TABLE bookings (id serial PRIMARY KEY, court_id integer NOT NULL REFERENCES courts,
  member_id integer NOT NULL REFERENCES members, starts_at timestamp NOT NULL,
  players integer NOT NULL);
"""
NOW = "2024-12-31T09:00:00Z"


@cache
def _read(script: str) -> Schema:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "made.sql"
        path.write_text(script)
        draft = sources.read(path, rows=None, focus=(), seed=0)
    return infer(draft.schema, draft.rows)


@cache
def _rules(script: str, seed: int, level: int = 4) -> tuple[Rule, ...]:
    schema = _read(script)
    base = rule_room.derive(schema)
    tools = derive(schema, base)
    rows = fill(schema, {}, seed=seed)
    return synthesize(schema, rows, tools, level=level, seed=seed, now=NOW, rules=base).rules


def _said(script: str) -> list[Rule]:
    return [rule for seed in range(6) for rule in _rules(script, seed)]


# whom


def test_customers_are_served_and_not_those_who_serve_them() -> None:
    served = party(_read(SHOP))
    assert served is not None
    assert served.name == "customer"
    alone = SHOP.replace("customer_id integer NOT NULL REFERENCES customers,", "")
    found = party(_read(alone))
    assert found is None or found.name != "employee"


def test_staff_are_served_where_nobody_else_is() -> None:
    script = """
    CREATE TABLE employees (id serial PRIMARY KEY, last_name varchar(40) NOT NULL,
      email varchar(80) NOT NULL UNIQUE);
    CREATE TABLE leave_requests (id serial PRIMARY KEY,
      employee_id integer NOT NULL REFERENCES employees, starts_on date NOT NULL);
    """
    found = party(_read(script))
    assert found is not None
    assert found.name == "employee"


def test_a_business_is_served_where_no_person_is() -> None:
    script = """
    CREATE TABLE shipping_lines (id serial PRIMARY KEY, name varchar(40) NOT NULL,
      scac_code char(4) NOT NULL UNIQUE);
    CREATE TABLE pilots (id serial PRIMARY KEY, last_name varchar(40) NOT NULL,
      licence_number varchar(12) NOT NULL UNIQUE, phone varchar(20) NOT NULL);
    CREATE TABLE vessels (id serial PRIMARY KEY, name varchar(40) NOT NULL,
      line_id integer NOT NULL REFERENCES shipping_lines);
    CREATE TABLE calls (id serial PRIMARY KEY, vessel_id integer NOT NULL REFERENCES vessels,
      pilot_id integer REFERENCES pilots, arrival_at timestamp NOT NULL);
    """
    schema = _read(script)
    found = party(schema)
    assert found is not None
    assert found.name == "shipping_line"
    assert set(owner_paths(schema, found)) == {"shipping_line", "vessel", "call"}
    told = sentence(next(r for r in _rules(script, 0) if r.predicate == Owner()), schema)
    assert told == (
        "Serve only the shipping line that has been identified: the record of a shipping line "
        "is shown, changed and deleted only for that shipping line."
    )


def test_what_hangs_on_a_thing_is_not_its_makers() -> None:
    script = """
    CREATE TABLE users (id serial PRIMARY KEY, last_name varchar(40) NOT NULL,
      email varchar(80) NOT NULL UNIQUE);
    CREATE TABLE events (id serial PRIMARY KEY, title varchar(40) NOT NULL,
      creator_id integer NOT NULL REFERENCES users);
    CREATE TABLE event_items (id serial PRIMARY KEY, title varchar(40) NOT NULL,
      event_id integer NOT NULL REFERENCES events);
    CREATE TABLE registrations (id serial PRIMARY KEY,
      event_id integer NOT NULL REFERENCES events, placed_at timestamp NOT NULL);
    """
    schema = _read(script)
    found = party(schema)
    assert found is not None
    assert set(owner_paths(schema, found)) == {"user", "event", "event_item"}


# what


def test_notes_of_a_system_are_nobodys_business() -> None:
    for rule in _said(SHOP):
        if rule.entity in ("login_log", "product_price"):
            assert rule.kind == "ownership", rule.id


def test_a_catalogue_is_no_deal() -> None:
    kinds = {rule.kind for rule in _said(SHOP) if rule.entity == "product"}
    assert kinds <= {"limit", "confirmation", "order", "time_window"}
    for rule in _said(SHOP):
        if rule.entity == "product":
            assert rule.kind == "limit" or rule.on == ("delete",), rule.id


def test_neither_features_nor_staff_decide() -> None:
    for rule in _said(SHOP):
        for part in parts(rule.predicate):
            if isinstance(part, Compare) and part.path:
                assert part.field not in ("lfs_enabled", "is_active"), rule.id


def test_what_is_out_of_use_is_not_taken_anew_and_may_be_given_up() -> None:
    """A court out of use is not booked; its bookings are moved elsewhere, or cancelled."""
    turning = [
        rule
        for rule in _said(CLUB)
        if any(isinstance(p, Compare) and p.field == "is_active" for p in parts(rule.predicate))
    ]
    assert turning
    for rule in turning:
        assert rule.predicate == Compare(
            field="is_active", op="eq", value=True, path=("booking_court",)
        )
        assert (rule.on, rule.fields) == (("create", "update"), ("court_id",)), rule.id


def test_people_do_not_take_place() -> None:
    for rule in _said(SHOP) + _said(LAB):
        if rule.entity in ("employee", "customer", "patient"):
            assert not any(isinstance(part, Elapsed) for part in parts(rule.predicate)), rule.id


def test_only_what_is_open_or_a_part_is_counted() -> None:
    for rule in _said(SHOP) + _said(LAB):
        if isinstance(rule.predicate, Count):
            assert rule.predicate.where or rule.entity == "order_line", rule.id


def test_what_is_measured_is_no_money() -> None:
    schema = _read(LAB)
    roles = {field.name: field.role for field in schema.entity("measurement").fields}
    assert "money" not in {roles["range_low"], roles["range_high"], roles["amount_value"]}
    for rule in _said(LAB):
        assert rule.kind not in ("limit", "hand_over"), rule.id


def test_there_is_something_at_every_level() -> None:
    for level in range(1, 5):
        assert any(rule.level == level for rule in _rules(SHOP, 0))
    assert {rule.kind for rule in _said(SHOP)} >= {
        *("state", "limit", "authentication", "ownership"),
        *("confirmation", "once", "order", "hand_over"),
    }


# again


def _rule(kind: RuleClass, predicate: Predicate, *on: str) -> Rule:
    return Rule(
        id=kind,
        kind=kind,
        entity="order",
        on=on or ("create", "update"),  # type: ignore[arg-type]
        predicate=predicate,
    )


def _most(value: Json) -> Compare:
    return Compare(field="total", op="le", value=value)


@pytest.mark.parametrize(
    ("kind", "predicate", "again"),
    [
        ("confirmation", AnyOf(of=(_most(60), Confirmed())), True),
        ("confirmation", AnyOf(of=(_most(40), Confirmed())), False),
        ("hand_over", Compare(field="total", op="le", value=90, at="before"), True),
        ("hand_over", Compare(field="freight", op="le", value=90, at="before"), False),
        ("limit", AnyOf(of=(Not(of=Compare(field="a", op="eq", value=1)), _most(50))), True),
        ("tier", AnyOf(of=(_most(50), Holder(entity="c", field="t", values=("a",)))), True),
    ],
)
def test_nothing_is_asked_above_a_limit(kind: RuleClass, predicate: Predicate, again: bool) -> None:
    assert repeats(_rule(kind, predicate), [_rule("limit", _most(50))]) is again


def test_one_window_of_time_is_enough() -> None:
    young = Elapsed(field="at", op="le", seconds=86_400, at="before")
    one = _rule("time_window", young, "delete")
    older = Elapsed(field="at", op="le", seconds=8 * 86_400, at="before")
    other = _rule("time_window", AnyOf(of=(older, _most(9))), "delete")
    assert repeats(other, [one])
    assert not repeats(_rule("time_window", older, "create"), [one])


def test_one_condition_on_what_a_row_refers_to_is_enough() -> None:
    open_ = Compare(field="active", op="eq", value=True, path=("order_shop",))
    before = Compare(field="active", op="eq", value=True, path=("order_shop",), at="before")
    mine = _rule("state", All(of=(open_, before)), "create", "delete")
    assert repeats(mine, [_rule("state", open_, "create")])
    assert not repeats(mine, [_rule("state", open_, "update")])
    other = Compare(field="active", op="eq", value=True, path=("order_agent",))
    assert not repeats(mine, [_rule("state", other, "create")])


@pytest.mark.parametrize("script", [SHOP, LAB])
def test_no_rule_repeats_another(script: str) -> None:
    for seed in range(6):
        rules = _rules(script, seed)
        for place, rule in enumerate(rules):
            assert not repeats(rule, rules[:place]), rule.id


# words

_USER = Schema(
    entities=(
        Entity(
            name="user",
            label="user",
            plural="users",
            key=("id",),
            fields=(
                Field(name="id", label="id", type="integer"),
                Field(name="plan", label="plan", type="enum", values=("free", "gold")),
                Field(name="is_active", label="is active", type="boolean"),
                Field(name="total", label="total", type="integer"),
            ),
        ),
    )
)


def _tell(kind: RuleClass, predicate: Predicate, *on: str, by: tuple[str, ...] = ()) -> str:
    rule = Rule(id="r", kind=kind, entity="user", on=on, predicate=predicate)  # type: ignore[arg-type]
    return sentence(rule, _USER, by)


def test_a_user_is_not_identified_as_a_user() -> None:
    assert _tell("authentication", Authenticated(entity="user"), "delete") == (
        "Before a user is deleted, the user must have been identified."
    )


def test_who_is_entitled_is_said_as_people_do() -> None:
    gold = Holder(entity="user", field="plan", values=("gold",))
    active = Holder(entity="user", field="is_active", values=(True,))
    closed = Holder(entity="user", field="is_active", values=(False,))
    assert _tell("tier", active, "delete").endswith("only for users marked as active.")
    assert _tell("tier", closed, "delete").endswith("only for users not marked as active.")
    assert _tell("tier", gold, "delete").endswith('only for users whose plan is "gold".')
    small = Compare(field="total", op="le", value=5)
    told = _tell("tier", AnyOf(of=(small, gold)), "create", "update")
    assert told.endswith(', unless the plan of the user is "gold".')


def test_a_rule_for_one_tool_names_it() -> None:
    limit = Param(param="amount", op="le", value=5)
    assert _tell("limit", limit, "update", by=("move_money",)) == (
        "The amount given to `move_money` must be at most 5."
    )
    assert _tell("confirmation", Confirmed(), "update", by=("move_money",)) == (
        "Before `move_money` is called, say what will be done and get the user's yes."
    )


def test_what_is_handed_over_is_named() -> None:
    large = Compare(field="total", op="le", value=5, at="before")
    told = _tell("hand_over", large, "update")
    assert told.startswith("If the total of a user is more than 5, that user is not changed at")


@pytest.mark.parametrize(
    ("pieces", "said"),
    [
        (("order", "annulé", "only when confirmed"), "order_annule_only_when_confirmed"),
        (("order", "at most", "2.5"), "order_at_most_2_5"),
        (("a" * 50, "over 400 for business or admin only"), f"{'a' * 50}_over_400"),
    ],
)
def test_ids_lose_no_words(pieces: tuple[str, ...], said: str) -> None:
    assert name(*pieces) == said


def test_ids_in_other_scripts_are_ids() -> None:
    said = name("order", "открыт", "完了")
    assert said.isascii()
    assert len(said.split("_")) >= 3
