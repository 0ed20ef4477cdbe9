"""What is rewarded: every form of it, what is refused, and bounds that brute force agrees with."""

from __future__ import annotations

import itertools
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentgym.errors import UsageError
from agentgym.goals.rewards import PRESETS, SPANS, TERMS, RewardOptions
from agentgym.goals.rewards.bounds import bounds
from agentgym.goals.rewards.terms import PARTS

ENDS = {"success", "claims", *PARTS}
WEIGHED = sorted(set(SPANS) - {"spent"})
numbers = st.sampled_from([-2.0, -1.0, -0.25, 0.0, 0.1, 0.5, 1.0, 3.0])


def test_every_term_is_told() -> None:
    """Each term has a line that says what it is, and bounds that hold one another."""
    assert TERMS.keys() == SPANS.keys()
    for name, span in SPANS.items():
        assert TERMS[name].strip()
        assert span.unit, name
        assert span.passing[0] <= span.passing[1], name
        assert span.failing[0] <= span.failing[1], name


@pytest.mark.parametrize("name", [name for name in PRESETS if name != "weights"])
def test_a_preset_keeps_its_margin(name: str) -> None:
    """Under every preset the worst passing run outscores the best failing one by the margin."""
    found = RewardOptions.of(name)

    assert found.bounds(30).margin >= found.gap - 1e-12 > 0


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (None, ""),
        ("", ""),
        ("sparse", ""),
        ("progress", "progress"),
        ({"preset": "staged", "stage": 2}, "staged,stage=2"),
        ("progress, shaping=potential, gamma=0.9", "progress,shaping=potential,gamma=0.9"),
        ({"success": 1, "progress": Decimal("0.3")}, "weights=progress:0.3+success:1"),
        ("weights=success:1+progress:0.3", "weights=progress:0.3+success:1.0"),
        ({"weights": {"success": 2}, "budget": 9}, "weights=success:2,budget=9"),
        ("prices=read:0.5+get_x:1e20,budget=4", "prices=get_x:1e20+read:0.5,budget=4.0"),
        ("weights=format:9,unsafe=yes", "weights=format:9.0,unsafe=true"),
    ],
)
def test_all_forms(given: Any, text: str) -> None:
    """A reward is read from names, texts, mappings and records, and written so that it is read."""
    found = RewardOptions.of(given)

    assert found.text() == text
    assert RewardOptions.of(text) == found
    assert RewardOptions.of(found) is found


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("progres", "did you mean 'progress'?"),
        ("staged,stage=4", "1, 2 or 3"),
        ("staged,stage=two", "1, 2 or 3"),
        ("sparse,stage=1", "'staged'"),
        ("progress,gama=1", "did you mean 'gamma'?"),
        ("gamma=0.9", "shaping=potential"),
        ("progress,gamma=0", "up to 1"),
        ("progress,shaping=potental", "did you mean 'potential'?"),
        ("hierarchical,shaping=potential", "'progress'"),
        ("weights=sucess:1", "did you mean 'success'?"),
        ("weights=success", "name:number"),
        ("weights=success:1+success:2", "each name once"),
        ("weights=success:x", "a number"),
        ("weights", "with the preset 'weights'"),
        ({"preset": "progress", "weights": {"success": 1}}, "the preset 'weights'"),
        ({"weights": {"success": float("nan")}}, "a number"),
        ({"weights": [1]}, "names with numbers"),
        ({"weights": {"success": True}}, "a number"),
        ("progress,progress", "preset"),
        ("gamma=1,gamma=1", "each option once"),
        ("redundancy,margin=0.5", "0.4"),
        ("progress,margin=1", "below 1"),
        ("budget=0", "above 0"),
        ("prices=read:-1", "from 0"),
        ("unsafe=maybe", "true or false"),
        (7, "a reward"),
        ({"weights": {"success": 1, "format": 1}}, "let success weigh more than 1"),
        ({"success": 1, "redundancy": -2}, "let success weigh more than 2"),
        ({"success": 1, "spent": -0.001}, "'cost' in place of 'spent'"),
        ({"progress": 1}, "outscores"),
    ],
)
def test_what_is_refused(given: Any, told: str) -> None:
    """A bad reward is refused with what was expected, what was found and what would do."""
    with pytest.raises(UsageError, match="reward") as caught:
        RewardOptions.of(given)

    assert told in str(caught.value)


def test_weights_that_are_safe_in_short_episodes_only() -> None:
    """Terms that are counted by turns are held against the turns that an episode may last."""
    found = RewardOptions.of({"success": 1, "turns": -0.1})

    found.check(9)
    with pytest.raises(UsageError, match="within 11 turns"):
        found.check(11)
    RewardOptions.of({"weights": {"success": 1, "turns": -0.1}, "unsafe": True}).check(11)


@given(st.dictionaries(st.sampled_from(WEIGHED), numbers, min_size=1, max_size=5))
def test_hints_are_true(weights: dict[str, float]) -> None:
    """With the weight of success that a refusal names, and a bit more, weights are taken."""
    try:
        RewardOptions(preset="weights", weights=weights)
    except UsageError as error:
        enough = float(error.hint.split("more than ")[1].split(",")[0]) + 1e-4
        RewardOptions(preset="weights", weights=weights | {"success": enough})


def _ends(name: str, turns: int, *, passing: bool) -> list[float]:
    """Return the extreme values of a term after the last turn."""
    span = SPANS[name].passing if passing else SPANS[name].failing
    times = turns if SPANS[name].counts == "turns" else 1
    return sorted({bound * times for bound in span})


def _runs(weights: dict[str, float], turns: int, *, passing: bool) -> list[dict[str, float]]:
    names = list(weights)
    found = [
        dict(zip(names, values, strict=True))
        for values in itertools.product(*(_ends(n, turns, passing=passing) for n in names))
    ]
    # A run fails where some part of the verdict does not hold: one that is not weighed may be it.
    if not passing and set(PARTS) <= set(names):
        found = [run for run in found if any(run[name] == 0 for name in PARTS)]
    return found


@given(
    st.dictionaries(st.sampled_from(WEIGHED), numbers, min_size=1, max_size=5).flatmap(
        lambda some: st.sampled_from(
            [some, *(some | dict.fromkeys(PARTS, 0.5) | {"policy": w} for w in (-0.2, 0.1))]
        )
    ),
    st.integers(1, 6),
)
def test_bounds_are_those_of_brute_force(weights: dict[str, float], turns: int) -> None:
    """Both bounds are reached by some run within the bounds of the terms, and passed by none."""

    def totals(*, passing: bool) -> list[float]:
        return [
            sum(weights[name] * value for name, value in run.items())
            for run in _runs(weights, turns, passing=passing)
        ]

    found = bounds(weights, turns=turns)

    assert found.failing == pytest.approx(max(totals(passing=False)))
    assert found.passing == pytest.approx(min(totals(passing=True)))


@given(
    st.dictionaries(
        st.sampled_from("success progress harm turns format claims".split()), numbers, min_size=1
    ),
    st.sampled_from([0.3, 0.9]),
)
def test_discounted_bounds_hold(weights: dict[str, float], gamma: float) -> None:
    """No run of up to three turns gets past the bounds of discounted totals."""
    turns = 3
    found = bounds(weights, turns=turns, gamma=gamma)
    for length in range(1, turns + 1):
        for passing in (True, False):
            extremes = []
            for choose in (min, max):
                total = 0.0
                for name, weight in weights.items():
                    early = [0.0] if name in ENDS else _middle(name, turns)
                    ways = itertools.product(
                        *([early] * (length - 1)), _ends(name, turns, passing=passing)
                    )
                    total += choose(
                        sum(
                            gamma**n * weight * (now - before)
                            for n, (before, now) in enumerate(itertools.pairwise((0.0, *way)))
                        )
                        for way in ways
                    )
                extremes.append(total)
            if passing:
                assert extremes[0] >= found.passing - 1e-9
            else:
                assert extremes[1] <= found.failing + 1e-9


def _middle(name: str, turns: int) -> list[float]:
    times = turns if SPANS[name].counts == "turns" else 1
    return [bound * times for bound in SPANS[name].whole]
