"""Created rows are the same up to their keys: judged by trying every bijection."""

from __future__ import annotations

import random
import time

from goals.diffs import SCHEMA, made, renamed, same, small
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from agentgym.goals.changes import effects
from agentgym.goals.equivalence import compare
from agentgym.goals.goal import Change
from agentgym.goals.pairing import Node, pair
from agentgym.schema.types import Stored
from agentgym.world import RowChange


def _shuffled(changes: list[RowChange], rng: random.Random) -> list[RowChange]:
    """Rename the keys of created rows at random, and move them about."""
    names: dict[tuple[str, Stored], Stored] = {}
    for entity in ("order", "line", "history"):
        old = [c.key[0] for c in changes if c.entity == entity and c.before is None]
        new = [key + 300 for key in old]  # type: ignore[operator]
        rng.shuffle(new)
        names |= {(entity, a): b for a, b in zip(old, new, strict=True)}
    found = renamed(changes, names)
    rng.shuffle(found)
    return found


@given(small(), st.randoms(use_true_random=False))
def test_keys_do_not_matter(changes: list[RowChange], rng: random.Random) -> None:
    """Other keys, in another order, are the same end, whatever refers to what."""
    assert compare(effects(changes, SCHEMA), _shuffled(changes, rng), SCHEMA) == ([], [])


@given(small(most=4), small(most=4), st.randoms(use_true_random=False), st.booleans())
def test_as_all_bijections_say(
    one: list[RowChange], other: list[RowChange], rng: random.Random, twisted: bool
) -> None:
    """Equal exactly where some bijection makes the one of the other."""
    if twisted and one:
        # Near misses: one reference or value of a shuffled copy is another.
        other = _shuffled(one, rng)
        place = rng.randrange(len(other))
        victim = other[place]
        if victim.after is not None and victim.before is None and victim.entity != "pair":
            at = rng.randrange(1, len(victim.after))
            pool = [c.after[at] for c in other if c.entity == victim.entity and c.after is not None]
            after = (*victim.after[:at], rng.choice(pool), *victim.after[at + 1 :])
            other[place] = replace(victim, after=after)
    found = compare(effects(one, SCHEMA), other, SCHEMA)

    assert (found == ([], [])) == same(one, other)
    assert not found.unknown


@given(small(), st.data())
def test_every_value_counts(changes: list[RowChange], data: st.DataObject) -> None:
    """A single value of a created or changed row that is another one is another end."""
    required = effects(changes, SCHEMA)
    choices = [
        (place, at)
        for place, change in enumerate(changes)
        if change.after is not None
        for at in range(1, len(change.after) - (change.entity == "order"))
        if change.entity != "pair"
    ]
    assume(choices)
    place, at = data.draw(st.sampled_from(choices))
    victim = changes[place]
    assert victim.after is not None
    other: object = "z" if isinstance(victim.after[at], str) else 77
    twisted = [*changes]
    twisted[place] = replace(victim, after=(*victim.after[:at], other, *victim.after[at + 1 :]))
    missing, extra = compare(required, twisted, SCHEMA)

    assert missing or extra


def test_two_rows_that_refer_to_each_other() -> None:
    """A pair of twins is no pair of rows that each refer to themselves."""
    twins = [made("order", 1, "a", 2, None), made("order", 2, "a", 1, None)]
    selves = [made("order", 1, "a", 1, None), made("order", 2, "a", 2, None)]
    required = effects(twins, SCHEMA)

    assert {change.made for change in required} == {(1,), (2,)}
    assert compare(required, twins, SCHEMA) == ([], [])
    assert compare(required, renamed(twins, {("order", 1): 9, ("order", 2): 8}), SCHEMA) == ([], [])
    missing, extra = compare(required, selves, SCHEMA)
    assert missing
    assert missing[0].startswith("done otherwise: ")
    assert extra == []


def test_rings() -> None:
    """Two rings of three are no ring of six: colours alone cannot tell, the search does."""
    six = [made("order", n, "a", (n + 1) % 6, None) for n in range(6)]
    threes = [made("order", n, "a", n // 3 * 3 + (n + 1) % 3, None) for n in range(6)]

    assert compare(effects(six, SCHEMA), six[::-1], SCHEMA) == ([], [])
    assert compare(effects(six, SCHEMA), threes, SCHEMA).missing
    assert compare(effects(threes, SCHEMA), six, SCHEMA).missing


def test_unknown_is_no_success() -> None:
    """A search that is cut off says so, as a reason."""
    six = [made("order", n, "a", (n + 1) % 6, None) for n in range(6)]
    threes = [made("order", n, "a", n // 3 * 3 + (n + 1) % 3, None) for n in range(6)]
    found = compare(effects(six, SCHEMA), threes, SCHEMA, cap=2)

    assert found.unknown
    assert any(reason.startswith("unknown: ") for reason in found.missing)
    assert not compare(effects(six, SCHEMA), threes, SCHEMA).unknown


def test_twice_and_residue() -> None:
    """A row made once too often is not asked for; one that a lasting effect left is residue."""
    once = [made("order", 1, "a", None, None), made("history", 1, 1)]
    twice = [*once, made("order", 2, "a", None, None), made("history", 2, 2)]
    missing, extra = compare(effects(once, SCHEMA), twice, SCHEMA, {"history"})

    assert missing == []
    assert sorted(reason.split(":")[0] for reason in extra) == ["not asked for", "residue"]
    left = [made("history", 1, 1)]
    assert compare((), left, SCHEMA, {"history"}).extra[0].startswith("residue: create history")


def test_within() -> None:
    """A field that may hold several values may also stay what it was, if that is one of them."""
    before = (1, "a", None, None, "2025-01-01T00:00:00Z")

    def changed(tag: str, twin: int | None) -> list[RowChange]:
        after = (1, tag, twin, None, "2025-01-01T00:00:00Z")
        return [RowChange(entity="order", key=(1,), before=before, after=after)]

    required = Change(
        entity="order", kind="update", key=(1,), values={"twin_id": 2}, within={"tag": ("a", "b")}
    )
    assert compare([required], changed("b", 2), SCHEMA) == ([], [])
    assert compare([required], changed("a", 2), SCHEMA) == ([], [])
    assert compare([required], changed("c", 2), SCHEMA).missing
    assert compare([required], changed("b", 1), SCHEMA).missing
    free = Change(entity="line", kind="insert", values={"quantity": 1}, within={"order_id": (1, 2)})
    assert compare([free], [made("line", 9, 2, 1)], SCHEMA) == ([], [])
    assert compare([free], [made("line", 9, 3, 1)], SCHEMA).missing


@given(
    st.lists(st.frozensets(st.integers(0, 5), min_size=1), max_size=6),
    st.lists(st.integers(0, 5), max_size=6),
)
def test_choices_are_dealt_out(wanted: list[frozenset[int]], held: list[int]) -> None:
    """Rows with several values each: a pairing holds exactly where the values can be dealt out."""

    def dealt(left: list[frozenset[int]], values: tuple[int, ...]) -> bool:
        if not left:
            return not values
        return any(
            dealt(left[1:], values[:at] + values[at + 1 :])
            for at, value in enumerate(values)
            if value in left[0]
        )

    kind = ("row", "insert")
    found = pair(
        [Node(kind, {}, {"x": several}) for several in wanted],
        [Node(kind, {"x": value}) for value in held],
    )
    assert found.holds is dealt(wanted, tuple(held))


def test_hundreds_of_equal_rows_are_matched_at_once() -> None:
    """Ties that are symmetric need no search: 300 orders with their lines, all alike."""
    rows = [made("order", n, "a", None, None) for n in range(300)]
    rows += [made("line", n, n, 1) for n in range(300)]
    required = effects(rows, SCHEMA)
    start = time.process_time()
    assert compare(required, _shuffled(rows, random.Random(1)), SCHEMA) == ([], [])
    assert time.process_time() - start < 5
