"""Options of faults: every form means the same, and what is no option is named with the nearest."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentgym.episode.faults import CALM, KINDS, PRESETS, FaultOptions, RowIs, Strike
from agentgym.errors import UsageError

STRIKES = st.one_of(
    st.builds(
        Strike,
        kind=st.sampled_from(["timeout", "error_after", "stale", "truncated_page", "rate_limit"]),
        turn=st.none() | st.integers(1, 9),
        call=st.integers(1, 9),
        tool=st.sampled_from(["", "get_member"]),
        act=st.sampled_from([None, "confirm"]),
        row=st.none()
        | st.builds(
            RowIs,
            entity=st.just("loan"),
            key=st.tuples(st.integers(1, 9)),
            field=st.just("state"),
            value=st.sampled_from(["out", None, 3, True]),
        ),
        times=st.integers(1, 5),
        wait=st.none() | st.integers(1, 5),
        keep=st.none() | st.integers(1, 5),
    ),
    st.builds(Strike, kind=st.sampled_from(["change", "policy"]), turn=st.integers(1, 9)),
)
SHARES = st.sampled_from([0.0, 0.05, 0.125, 0.16])
OPTIONS = st.builds(
    FaultOptions,
    **dict.fromkeys(KINDS, SHARES),
    recoverable=st.integers(1, 5),
    wait=st.integers(1, 5),
    lag=st.integers(1, 10),
    seed=st.integers(-5, 99),
    thinned=st.none() | st.integers(0, 5),
    schedule=st.lists(STRIKES, max_size=3).map(tuple),
)


@given(OPTIONS)
def test_every_form_means_the_same(options: FaultOptions) -> None:
    """The text is read back as what was written; so are a mapping of it and the record itself."""
    assert FaultOptions.of(options.text()) == options
    assert FaultOptions.of(options) is options
    if options.schedule:
        assert FaultOptions.of(json.loads(options.text())) == options
    assert bool(options) == (options.text() != "" and _any(options))


def _any(options: FaultOptions) -> bool:
    return bool(options.schedule) or any(getattr(options, kind) for kind in KINDS)


@pytest.mark.parametrize("name", PRESETS)
def test_presets_have_names(name: str) -> None:
    """A preset goes by its name, alone or with options over it, and its text is the preset."""
    preset = PRESETS[name]

    assert FaultOptions.of(name) == preset == FaultOptions.of(preset.text())
    changed = FaultOptions.of(f"{name},timeout=0.01,seed=4")
    assert (changed.timeout, changed.seed, changed.stale) == (0.01, 4, preset.stale)
    assert changed == FaultOptions.of({"preset": name, "timeout": 0.01, "seed": 4})


def test_nothing_is_no_faults() -> None:
    """None, an empty text and the preset `none` are no faults."""
    assert FaultOptions.of(None) == FaultOptions.of("") == FaultOptions.of("none") == CALM
    assert not CALM and CALM.text() == ""


@pytest.mark.parametrize(
    ("given", "where", "told"),
    [
        ("ruogh", "faults", "did you mean 'rough'?"),
        ("tiemout=0.1", "faults", "did you mean 'timeout'?"),
        ({"stael": 0.1}, "faults", "did you mean 'stale'?"),
        ({"preset": "milde"}, "faults", "did you mean 'mild'?"),
        ("timeout=much", "faults timeout", "a share from 0 to 1"),
        ("timeout=1.5", "faults timeout", "a share from 0 to 1"),
        ("timeout=nan", "faults timeout", "a share from 0 to 1"),
        ({"timeout": True}, "faults timeout", "a share from 0 to 1"),
        ("recoverable=9", "faults recoverable", "from 1 to 5"),
        ("lag=0", "faults lag", "from 1 to 10"),
        ("seed=x", "faults seed", "a whole number"),
        ("timeout=0.1,timeout=0.2", "faults", "each option once"),
        ("timeout=0.6,error_before=0.6", "faults timeout+rate_limit+error_before", "at most 1"),
        ("mild,rough", "faults", "name=value"),
        (7, "faults", "options of faults"),
        ("{", "faults", ""),
        ({"schedule": "soon"}, "faults schedule", "a list of strikes"),
        ({"schedule": [{"kind": "time_out", "turn": 1}]}, "schedule[0]", "'timeout'"),
        ({"schedule": [{"kind": "timeout", "trun": 1}]}, "schedule[0]", "'turn'"),
        ({"schedule": [{"kind": "timeout"}]}, "faults schedule", "a trigger"),
        ({"schedule": [{"kind": "change", "call": 2}]}, "faults schedule", "a turn"),
        ({"schedule": [{"kind": "timeout", "turn": 1, "times": 9}]}, "schedule times", "1 to 5"),
        ({"schedule": [{"kind": "timeout", "turn": 0}]}, "schedule turn", "from 1"),
        ({"schedule": [{"kind": "timeout", "turn": "one"}]}, "schedule[0]", ""),
        ({"schedule": [{"kind": "timeout", "act": "shout"}]}, "schedule[0]", ""),
        ({"schedule": ["timeout"]}, "schedule[0]", "a strike"),
    ],
)
def test_what_is_no_option_is_told(given: Any, where: str, told: str) -> None:
    """The message says where, what was expected, and the nearest legal value."""
    with pytest.raises(UsageError) as caught:
        FaultOptions.of(given)

    assert where in caught.value.where
    assert told in str(caught.value)
