"""Distances between structures: never more than the edits that there are, and hardly less."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st
from strategies_forms import drawn, edits

from agentgym.build.fleet.distance import Neighbourhood, distance, nearest
from agentgym.schema.canonical import form

RNG = st.integers(0, 10**9).map(random.Random)


def pair(rng: random.Random, size: int):
    """Draw two small structures, near or far."""
    draft = drawn(rng, rng.randint(0, size))
    one = draft.form()
    if rng.random() < 0.5:
        for _ in range(rng.randint(0, 3)):
            draft.edit()
        return one, draft.form()
    return one, drawn(rng, rng.randint(0, size)).form()


@given(RNG)
def test_never_more_than_the_exact_distance(rng):
    """Exhaustive search finds no cheaper way than the bound says, and 0 only where it finds 0."""
    one, other = pair(rng, 9)
    exact = edits(one, other)

    bound = distance(one, other)

    assert bound <= exact
    assert (bound == 0) == (exact == 0)
    assert bound == distance(other, one)
    assert Neighbourhood([other]).nearest(one) == bound


def test_hardly_less_than_the_exact_distance():
    """Over many small pairs the bounds add up to nearly as many edits as there are."""
    pairs = [pair(random.Random(f"tight {seed}"), 8) for seed in range(150)]
    exact = [edits(*each) for each in pairs]
    bounds = [distance(*each) for each in pairs]

    assert sum(bounds) >= 0.95 * sum(exact)
    assert sum(a == b for a, b in zip(exact, bounds, strict=True)) >= 0.9 * len(pairs)


@given(RNG, st.integers(10, 80), st.integers(0, 12))
def test_no_more_than_were_made(rng, size, made):
    """After so many edits of a large structure the distance is not larger."""
    draft = drawn(rng, size)
    one = draft.form()
    for _ in range(made):
        draft.edit()

    assert distance(one, draft.form(shuffled=True)) <= made


@given(RNG, st.integers(0, 40))
def test_the_order_of_nodes_does_not_count(rng, size):
    """A structure is at distance 0 from itself in any order."""
    draft = drawn(rng, size)

    assert distance(draft.form(), draft.form(shuffled=True)) == 0


@given(RNG)
def test_a_neighbourhood_is_made_of_pairs(rng):
    """The nearest member is as far as the nearest of all pairs, or a little less."""
    members = [drawn(rng, rng.randint(0, 14)).form() for _ in range(36)]
    asked = drawn(rng, 10).form()
    found = Neighbourhood(members)
    pairs = [distance(asked, member) for member in members]

    near = found.closest(asked)

    assert near is not None
    assert near[0] <= min(pairs)
    assert near[0] >= 0.7 * min(pairs)
    assert near[0] <= pairs[near[1]]
    for limit in (1, 3, 5):
        if found.within(asked, limit) is None:
            assert min(pairs) >= limit
    if min(pairs) < 3:
        assert found.within(asked, 3) is not None


@given(RNG)
def test_members_may_come_later(rng):
    """A neighbourhood that grows says the same as one that was made at once."""
    members = [drawn(rng, rng.randint(0, 12)).form() for _ in range(12)]
    grown = Neighbourhood()

    for number, member in enumerate(members):
        before = Neighbourhood(members[:number])
        assert grown.nearest(member) == before.nearest(member)
        assert grown.add(member) == number

    assert len(grown) == 12
    assert all(grown.nearest(member) == 0 for member in members)
    assert all(
        (first := grown.same(member)) is not None and first <= n for n, member in enumerate(members)
    )


@given(RNG)
def test_nearest_of_all(rng):
    """Each is told how far the nearest other one is, and which it is."""
    members = [drawn(rng, rng.randint(0, 10)).form() for _ in range(rng.randint(2, 9))]

    found, others = nearest(members)

    for number, (bound, other) in enumerate(zip(found, others, strict=True)):
        assert other != number
        rest = [distance(members[number], m) for n, m in enumerate(members) if n != number]
        assert bound <= min(rest)
        assert (bound == 0) == (min(rest) == 0)


def test_of_none_and_one():
    """Without another there is no distance."""
    alone = drawn(random.Random(1), 5).form()

    assert nearest([]) == ([], [])
    assert nearest([alone]) == ([], [])
    assert Neighbourhood().nearest(alone) is None
    assert Neighbourhood().within(alone, 3) is None
    assert Neighbourhood([form([])]).nearest(form([])) == 0
    assert distance(alone, form([])) == len(alone.nodes)


@given(RNG, st.integers(0, 6))
def test_a_limit_only_cuts(rng, limit):
    """With a limit the same is told, up to the limit."""
    one, other = pair(rng, 12)

    assert distance(one, other, at_most=limit) == min(limit, distance(one, other))
    assert (Neighbourhood([other]).within(one, limit) is None) == (distance(one, other) >= limit)


def test_enough_is_enough():
    """A limit cuts what is told."""
    far = drawn(random.Random(2), 40).form()

    assert distance(far, form([]), at_most=3) == 3
    assert distance(far, far, at_most=3) == 0


def test_to_hang_a_relation_elsewhere_is_two_edits():
    """One relation leads to another entity: labels say nothing, branches do."""
    nodes = ["entity:record:writable"] * 3 + ["relation:many:required:plain:other"] * 2
    chain = form(nodes, [(3, 0, "child"), (3, 1, "target"), (4, 1, "child"), (4, 2, "target")])
    star = form(nodes, [(3, 0, "child"), (3, 1, "target"), (4, 2, "child"), (4, 1, "target")])

    assert distance(chain, star) == edits(chain, star) == 2


def test_large_structures_are_compared():
    """Structures beyond the search for the best pairing have a bound too."""
    one, other = (drawn(random.Random(seed), 900).form() for seed in (3, 4))

    assert 0 < distance(one, other) < 1800
    assert distance(one, one) == 0
