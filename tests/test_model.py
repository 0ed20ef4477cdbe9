"""The world equals the reference model, whatever a domain is made of and in any history."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from market import choices, chosen, market

from agentgym.domain import Domain
from agentgym.rules import Compare, Rule
from agentgym.testing import Model, check_history
from agentgym.testing.machine import DomainMachine, check_call, machine
from agentgym.world.compile import Engine


class MarketMachine(DomainMachine):
    """Markets with any part of the algebra, of derived values, effects and rules."""

    def choose(self, data: st.DataObject) -> Domain:
        """Draw a market."""
        return chosen(data.draw(choices()))


TestMarkets = MarketMachine.TestCase
TestWholeMarket = machine(market()).TestCase
TestWithoutRules = machine(market(business=())).TestCase

most = settings.get_profile(settings.get_current_profile_name()).max_examples
for one in (TestMarkets, TestWholeMarket, TestWithoutRules):
    one.settings = settings(max_examples=max(10, most // 3), stateful_step_count=30)


def test_most_calls_of_a_history_succeed() -> None:
    """What is compared is mostly what happens, not what is refused; every write tool succeeds."""
    domain = market()
    found = check_history(domain, calls=1500)
    done = {name: count for name, count in found.items() if ":" not in name}
    assert sum(done.values()) > sum(found.values()) / 2
    # An order is kept by its history and its lines.
    assert {tool.name for tool in domain.tools} - done.keys() == {"delete_orders"}


def test_what_a_new_row_refers_to_is_looked_at_before_its_list() -> None:
    """Where both the row and one of its list break a rule, world and model name the row's."""
    plain = Compare(field="tier", path=("orders_customer",), op="eq", value="plain")
    few = Compare(field="quantity", op="le", value=3)
    domain = market(
        business=(
            Rule(id="plain", kind="state", entity="orders", on=("create",), predicate=plain),
            Rule(id="few", kind="limit", entity="line", on=("create",), predicate=few),
        )
    )
    engine, model = Engine(domain), Model(domain)
    sent = {"customer_id": 2, "items": [{"product_id": 1, "quantity": 4}]}
    found = check_call(engine, engine.world(), model, "place_order", sent)
    assert found.error is not None
    assert found.error.rule == "plain"


@settings(max_examples=8)
@given(choices(), st.integers(0, 2**32))
def test_histories_of_markets(ids: dict[str, list[str]], seed: int) -> None:
    """Seeded histories of sensible calls, over any part of the algebra."""
    check_history(chosen(ids), seed=seed, calls=150)


@pytest.mark.slow
@settings(max_examples=60)
@given(choices(), st.integers(0, 2**32))
def test_long_histories(ids: dict[str, list[str]], seed: int) -> None:
    """The same, for long."""
    check_history(chosen(ids), seed=seed, calls=2000)
