"""What a matcher says while an episode goes on is what a comparison says at its end."""

from __future__ import annotations

from goals.diffs import SCHEMA, made, small
from hypothesis import given
from hypothesis import strategies as st

from agentgym.goals.equivalence import compare, effects
from agentgym.goals.goal import Change
from agentgym.goals.matcher import Matcher
from agentgym.world import RowChange


def _check(required: tuple[Change, ...], matcher: Matcher, changes: list[RowChange]) -> None:
    found, told = matcher.match(changes), compare(required, changes, SCHEMA)

    assert found.whole == (not told.missing and not told.extra)
    if found.whole:
        assert found.pairs.keys() == set(range(len(required)))
        assert found.beside == ()
    assert len(found.pairs) <= len(required)
    assert all(change in changes for change in (*found.pairs.values(), *found.beside))
    if not told.extra:
        assert found.beside == ()


@given(small(), st.lists(small(), max_size=4), st.data())
def test_as_a_comparison_says(
    wanted: list[RowChange], others: list[list[RowChange]], data: st.DataObject
) -> None:
    """One matcher, asked of several states one after the other, forgets and confuses nothing."""
    required = effects(wanted, SCHEMA)
    matcher = Matcher(required, SCHEMA)
    states = [
        [],
        *others,
        wanted,
        wanted[: len(wanted) // 2],
        [*wanted, *(others[0] if others else [])],
    ]
    for state in data.draw(st.permutations(states)):
        unique = {(one.entity, one.key): one for one in state}
        _check(required, matcher, list(unique.values()))


def _tagged(key: int, tag: str) -> RowChange:
    before = (key, "a", None, None, "2025-01-01T00:00:00Z")
    return RowChange(
        entity="order", key=(key,), before=before, after=(key, tag, None, None, before[-1])
    )


def test_rows_beside_and_rows_done_otherwise() -> None:
    """A row that nothing wants is beside; one that is wanted and holds something else is not."""
    matcher = Matcher(effects([_tagged(1, "b"), made("line", 200, 1, 2)], SCHEMA), SCHEMA)
    right, otherwise, other = _tagged(1, "b"), _tagged(1, "c"), _tagged(2, "b")
    line, longer, extra = (made("line", 300 + n, 1, n) for n in (2, 3, 4))

    assert matcher.match([right, line]) == ({0: right, 1: line}, (), True)
    assert matcher.match([otherwise]) == ({}, (), False)
    assert matcher.match([right, other]) == ({0: right}, (other,), False)
    assert matcher.match([longer]) == ({}, (), False)
    found = matcher.match([right, line, extra])
    assert (found.pairs, found.beside, found.whole) == ({0: right, 1: line}, (extra,), False)
    assert len(matcher.match([longer, extra]).beside) == 1
