"""How profiles are written and read, and populations drawn."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentgym.errors import UsageError
from agentgym.users import PLAIN, POPULATIONS, PRESETS, Profile, draw, sample
from agentgym.users.agenda.phrases import ASIDES, OTHERS, PHRASES
from agentgym.users.profile import BEHAVIOURS


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from([*PRESETS, "mine", "a-b_9"]),
    st.lists(st.sampled_from(BEHAVIOURS), unique=True),
    st.none() | st.integers(1, 10_000),
    st.integers(0, 100),
    st.sampled_from(("plain", "polite", "casual", "curt")),
    st.sampled_from(("short", "long")),
    st.sampled_from(("ready", "careful", "reluctant")),
    st.none() | st.integers(1, 9),
)
def test_what_is_written_is_read(
    name: str,
    behaviours: list[Any],
    patience: int | None,
    mood: int,
    register: Any,
    verbosity: Any,
    confirm: Any,
    disclosure: int | None,
) -> None:
    """Every profile has a text that means it, and a mapping."""
    profile = Profile(
        name=name,
        behaviours=tuple(behaviours),
        patience=patience,
        mood=mood / 100,
        register=register,
        verbosity=verbosity,
        confirm=confirm,
        disclosure=disclosure,
    )
    assert Profile.of(profile.text()) == profile
    assert Profile.of(profile) is profile
    options = {field: getattr(profile, field) for field in Profile.__struct_fields__}
    assert Profile.of(options) == profile


def test_profiles_come_in_many_forms() -> None:
    """A name, behaviours, options over a preset; the plain one is the empty text."""
    assert Profile.of(None) == Profile.of("") == Profile.of("plain") == Profile.of({}) == PLAIN
    assert PLAIN.text() == ""
    for name, profile in PRESETS.items():
        assert Profile.of(name) == profile
        assert Profile.of({"name": name}) == profile
        assert profile.text() == ("" if name == "plain" else name)
    one = Profile.of(" patience=4 , vague_first,partial")
    assert (one.patience, one.behaviours) == (4, ("vague_first", "partial"))
    over = Profile.of("hurried,patience=none,wary")
    assert over.behaviours == (*PRESETS["hurried"].behaviours, "wary")
    assert (over.patience, over.register) == (None, "curt")
    assert Profile.of({"name": "hurried", "behaviours": ["partial"]}).behaviours == ("partial",)


@pytest.mark.parametrize(
    ("given_", "sentence"),
    [
        ("hurryed", "did you mean 'hurried'"),
        ("plain,vage_first", "did you mean 'vague_first'"),
        ("patience=soon", "whole number from 1 to 10000"),
        ("patience=0", "whole number from 1 to 10000"),
        ("patients=3", "did you mean 'patience'"),
        ("patience=3,patience=4", "each option once"),
        ("partial,partial", "each behaviour once"),
        ("behaviours=partial+partial", "each behaviour once"),
        ("behaviours=partiel", "did you mean 'partial'"),
        ("register=loud", "one of plain, polite, casual, curt"),
        ("mood=2", "a number from 0 to 1"),
        ("mood=good", "a number from 0 to 1"),
        ("name=no name", "a word of letters"),
        ("a,,b", "a profile or a behaviour"),
        ("plain,,partial", "a name or name=value"),
        ({"patience": True}, "whole number"),
        ({"patience": 2.5}, "whole number"),
        ({"habits": ()}, "an option of a user"),
        ({"name": 7}, "a word of letters"),
        ({"behaviours": 7}, "names of behaviours"),
        (7, "a profile of a user"),
    ],
)
def test_mistakes_are_explained(given_: Any, sentence: str) -> None:
    """What cannot be read is named, with what would do."""
    with pytest.raises(UsageError, match=sentence.split(",", maxsplit=1)[0]):
        Profile.of(given_)


shares = st.dictionaries(
    st.sampled_from(list(PRESETS)), st.floats(0.01, 5, allow_nan=False), min_size=1, max_size=6
)


@settings(max_examples=150, deadline=None)
@given(shares, st.integers(0, 60), st.integers(0, 2**40))
def test_populations_have_their_shares(parts: dict[str, float], n: int, seed: int) -> None:
    """Counts are those of the largest remainders, whatever the seed; it only orders them."""
    found = sample(n, shares=parts, seed=seed)
    assert len(found) == n
    assert found == sample(n, shares=parts, seed=seed)
    counts = Counter(one.name for one in found)
    total = sum(parts.values())
    rests = {}
    for name, share in parts.items():
        exact = share * n / total
        assert int(exact + 1e-9) - 1e-9 <= counts[name] <= int(exact) + 1
        rests[name] = exact - int(exact)
    up = {name for name, share in parts.items() if counts[name] > share * n / total + 1e-9}
    down = {name for name, share in parts.items() if counts[name] < share * n / total - 1e-9}
    assert all(rests[a] >= rests[b] - 1e-6 for a in up for b in down)


@settings(max_examples=60, deadline=None)
@given(
    st.floats(0.01, 5) | st.none(),
    st.integers(2, 6),
    st.integers(0, 40),
    st.integers(0, 40),
    st.integers(0, 99),
)
def test_longer_populations_begin_alike(
    share: float | None, kinds: int, n: int, more: int, seed: int
) -> None:
    """With two profiles or equal shares, but for the last round."""
    parts = {"plain": 1.0, "terse": share} if share else dict.fromkeys(list(PRESETS)[:kinds], 1.0)
    short, long = sample(n, shares=parts, seed=seed), sample(n + more, shares=parts, seed=seed)
    sure = max(0, n - len(parts))
    assert short[:sure] == long[:sure]


def test_named_populations() -> None:
    """Each can be drawn; even shares come evenly; another seed gives another order."""
    for name in POPULATIONS:
        assert len(sample(7, shares=name)) == 7
    even = sample(2 * len(PRESETS), shares="even")
    assert set(Counter(one.name for one in even).values()) == {2}
    assert sample(40, seed=1, shares="even") != sample(40, seed=2, shares="even")
    assert sample(0) == ()
    assert sample(4, shares={"plain": 1, "patience=3": 1}).count(PLAIN) == 2
    drawn = Counter(draw(seed=seed).name for seed in range(600))
    assert 130 < drawn["plain"] < 230
    assert set(drawn) == set(POPULATIONS["everyday"])
    assert draw(seed=5) == draw(seed=5)


@pytest.mark.parametrize(
    ("n", "parts"),
    [
        (-1, None), (True, None), (3, "nobody"), (3, {}), (3, {"plain": 0}), (3, {"plain": -1}),
        (3, {"plain": "much"}), (3, {"plain": True}), (3, {"plan": 1}), (3, ["plain"]),
        (3, {"plain": float("nan")}), (3, {"plain": float("inf")}),
    ],
)  # fmt: skip
def test_wrong_shares_are_refused(n: Any, parts: Any) -> None:
    """A population that cannot be drawn is an error of whom it is asked by."""
    with pytest.raises(UsageError):
        sample(n, shares=parts)


def test_phrases_hold_no_values_and_only_a_yes_says_yes() -> None:
    """Whoever plays can tell a yes by its words, and no phrase invents anything."""
    for register, kinds in PHRASES.items():
        for kind, choices in kinds.items():
            for one in choices:
                assert not any(c.isdigit() for c in one), (register, kind)
                assert ("yes" in one.casefold()) == (kind == "yes"), (register, kind)
    for one in (*ASIDES, *(text for text, _ in OTHERS)):
        assert not any(c.isdigit() for c in one)
        assert "yes" not in one.casefold().split()
