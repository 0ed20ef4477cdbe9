"""New values are such as a person would say; what nearly exists does not exist."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

from desks import Desk, desks, domain_of, own_writer, schema_of, writer_of
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from agentgym import rng
from agentgym.plan import Emit, Fact, Plan, Select, Where, Write
from agentgym.schema.types import to_stored
from agentgym.tasks.knobs import Knobs
from agentgym.tasks.values import like_a_row, new_value
from agentgym.tasks.writing.fields import Changeable


@settings(max_examples=30)
@given(desks(), st.integers(0, 9))
def test_new_values_are_of_their_column(desk: Desk, seed: int) -> None:
    """They differ, are legal, and names are made of words that the column has."""
    domain = desk.domain()
    tables = writer_of(domain).tables
    draws = rng.stream(seed, "values")
    for entity in domain.schema.entities:
        for field in entity.fields:
            column = tables.ordered(entity.name, field.name)
            if field.role not in ("label", "person", "category", "money", "quantity", "time"):
                continue
            for old in (None, *column[:2]):
                value = new_value(tables, entity, field, old, draws)
                if value is None:
                    continue
                assert value != old
                assert not (field.unique and value in column)
                if field.type == "text":
                    words = {word for one in column for word in re.findall(r"[^\W\d]+", str(one))}
                    assert set(re.findall(r"[^\W\d]+", str(value))) <= words
                if (
                    field.type in ("integer", "decimal")
                    and min(int(str(one)) for one in column) >= 0
                ):
                    assert int(str(value)) >= 0


def test_times_that_belong_together_move_together() -> None:
    """An appointment that is put off still lasts as long; a new one lasts as long as others."""
    writer = own_writer("clinic")
    entity = writer.schema.entity("appointment")
    start, end = entity.position("starts_at"), entity.position("ends_at")

    def length(one: str, other: str) -> dt.timedelta:
        return dt.datetime.fromisoformat(other) - dt.datetime.fromisoformat(one)

    known = {length(str(row[start]), str(row[end])) for row in writer.tables.rows("appointment")}
    moved = 0
    for number in range(300):
        found = writer.update(rng.stream(31, number), Knobs())
        if found is None:
            continue
        for write in found.plan.nodes:
            if not isinstance(write, Write) or write.entity != "appointment":
                continue
            given_ = {s.field: found.plan.fact(s.fact).value for s in write.settings if s.fact}
            if "starts_at" in given_ and "ends_at" in given_:
                assert length(given_["starts_at"], given_["ends_at"]) in known
                moved += 1
    assert moved >= 3
    for number in range(20):
        made = like_a_row(
            writer.tables,
            entity,
            rng.stream(number),
            now=writer.now,
            ahead=lambda field: writer.changeable.ahead(entity, field),
        )
        assert length(str(made["starts_at"]), str(made["ends_at"])) in known
        assert str(made["starts_at"]) > writer.now


def test_nobody_changes_what_has_happened() -> None:
    """Times of the past, sums and counts are not set; agreed times and prices are."""
    clinic = own_writer("clinic").domain
    changeable = Changeable(clinic.schema, clinic.effects, now=clinic.clock.start)
    settable = {
        (entity.name, field.name)
        for entity in clinic.schema.entities
        for field in entity.fields
        if changeable.field(entity, field)
    }
    assert {("appointment", "starts_at"), ("invoice", "due_on")} <= settable
    assert {("treatment", "price_eur"), ("patient", "phone")} <= settable
    past = {("patient", "registered_on"), ("patient", "date_of_birth"), ("invoice", "issued_on")}
    assert not past & settable
    assert ("invoice", "total_eur") not in settable
    assert ("supply", "units_in_stock") not in settable
    assert not changeable.entity(clinic.schema.entity("appointment_status_history"))


def test_what_nearly_exists_does_not_exist() -> None:
    """Where every first name goes with every last name, no other pair of them is missing."""
    domain = domain_of(
        schema_of(cycle=False, checked=False, summed=False, products=False),
        seed=0,
        size=8,
        level=0,
    )
    owner = domain.schema.entity("customer")
    places = [owner.position(name) for name in ("first_name", "last_name")]
    names = [("Ann", "Lee"), ("Ann", "Ray"), ("Bob", "Lee"), ("Bob", "Ray")]
    rows = []
    for row, pair in zip(domain.rows["customer"], names, strict=False):
        changed = list(row)
        for place, name in zip(places, pair, strict=True):
            changed[place] = name
        rows.append(tuple(changed))
    facts = tuple(
        Fact(id=f"f{number}", entity="customer", field=field, value=value)
        for number, (field, value) in enumerate((("first_name", "Bob"), ("last_name", "Lee")), 1)
    )
    clues = tuple(Where(field=fact.field, fact=fact.id) for fact in facts)
    plan = Plan(
        family="lookup",
        facts=facts,
        nodes=(
            Select(id="n1", entity="customer", where=clues),
            Emit(id="n2", node="n1", field="city"),
        ),
    )
    assert len(rows) == 4
    for left, some in ((4, False), (3, True)):
        kept = {**domain.rows, "customer": tuple(rows[:left]), "order": (), "line": ()}
        writer = writer_of(replace(domain, rows=kept))
        found = [one for n in range(20) for one in writer.missing(plan, rng.stream(n))]
        pairs = {tuple(one.facts[place].value for place in (0, 1)) for one, _ in found}
        assert bool(pairs) is some
        assert pairs <= {("Bob", "Ray")} - set(names[:left]) or not some


def test_limits_are_met_by_one_step() -> None:
    """Amounts that a rule bars lie one step beyond its limit."""
    writer = own_writer("clinic")
    rule = next(r for r in writer.rules if r.id == "payment_amount_eur_at_most_300")
    tool = next(t for t in writer.writers if t.name == "create_payment")
    entity = writer.schema.entity("payment")
    cases = [case["amount_eur"] for case in writer.cases(tool, rule, None)]
    step = to_stored(entity.field("amount_eur"), Decimal("0.01"))
    limit = to_stored(entity.field("amount_eur"), 300)
    assert isinstance(limit, int)
    assert isinstance(step, int)
    assert sorted(map(int, map(str, cases))) == [limit - step, limit, limit + step]
