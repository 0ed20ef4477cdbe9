"""The world equals the reference model, whatever a domain is made of and in any history."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from market import choices, chosen, market

from agentgym.domain import Domain
from agentgym.testing.machine import DomainMachine, machine


class MarketMachine(DomainMachine):
    """Markets with any part of the algebra, of derived values, effects and rules."""

    def choose(self, data: st.DataObject) -> Domain:
        """Draw a market."""
        return chosen(data.draw(choices()))


TestMarkets = MarketMachine.TestCase
TestWholeMarket = machine(market()).TestCase
TestWithoutRules = machine(market(business=())).TestCase

for case in (TestMarkets, TestWholeMarket, TestWithoutRules):
    case.settings = settings(settings.default, stateful_step_count=30)
