"""Composed domains from end to end: rows that hold, tasks that are proved and won."""

import pytest
from compose.small import TEXTS, library
from compose.test_structure import EVERYTHING

from agentgym import domain as domain_room
from agentgym.build.one import check, construct
from agentgym.populate import fill
from agentgym.rollout import rollout
from agentgym.sources.compose import compose, fleet


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    (blueprint,) = list(fleet(2, 1))
    draft = compose(blueprint, 2)
    out = tmp_path_factory.mktemp("made") / draft.name
    construct(draft, out, name=draft.name, tasks=5, seed=2)
    return out


def test_a_composed_domain_passes_its_check(folder):
    report = check(folder)
    assert report.ok, report


def test_rows_are_as_the_trade_says(folder):
    domain = domain_room.load(folder)
    (blueprint,) = list(fleet(2, 1))
    draft = compose(blueprint, 2)
    assert sum(map(len, domain.rows.values())) >= 250
    assert all(domain.rows[entity.name] for entity in domain.schema.entities)
    for name, rows in draft.partial.items():
        assert len(domain.rows[name]) == len(rows)


def test_the_oracle_wins(folder):
    played = list(rollout(folder, "oracle", episodes=5))
    assert len(played) == 5
    assert all(one.outcome.status == "success" for one in played)


def test_what_a_row_repeats_is_what_it_refers_to():
    text = TEXTS["sales"].replace('name = "price", ', 'name = "price", repeats = "thing.price", ')
    draft = compose(EVERYTHING, 3, library=library(sales=text))
    rows = fill(
        draft.schema, {}, seed=3, values=draft.values, partial=draft.partial, many=draft.many
    )
    names = {e.name: [field.name for field in e.fields] for e in draft.schema.entities}
    known = {entity: [dict(zip(names[entity], row, strict=True)) for row in rows[entity]]
             for entity in names}  # fmt: skip
    prices = {row["bread_id"]: row["price"] for row in known["bread"]}
    lines = [row for row in known["order_line"] if row["bread_id"] is not None]
    assert len(lines) > 20
    assert all(row["price"] == prices[row["bread_id"]] for row in lines)
    for row in lines:
        price, quantity = row["price"], row["quantity"]
        assert isinstance(price, int)
        assert isinstance(quantity, int)
        assert row["amount"] == price * quantity
