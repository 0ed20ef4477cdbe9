"""Answers that can be put together from the words of the request."""

from __future__ import annotations

import pytest

from agentgym.goals.answers import normal
from agentgym.prove.shortcuts.leaks import made_of

TOLD = normal("The email of staff member Sheila Chavez in Berlin? Invoice Q1841, blood test.")


@pytest.mark.parametrize(
    "value", ["sheila.chavez@example.com", "schavez@example.com", "Invoice Q1841", "Chavez"]
)
def test_what_is_made_of_the_words_told_is_given_away(value: str) -> None:
    """An address made of the name, a name made of the code: nobody need look it up."""
    assert made_of(value, TOLD)


@pytest.mark.parametrize(
    "value", ["Leipzig", "Blood test, basic", "Berlin Tower", "2024-01-02", "+1 600 555", "Ina"]
)
def test_what_says_more_than_the_request_is_not(value: str) -> None:
    """A word in common does not tell the rest."""
    assert not made_of(value, TOLD)
