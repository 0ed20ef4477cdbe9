"""Goals: which changes and answers count as the same, and which do not."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentgym.goals.answers import Column, check, normal
from agentgym.goals.equivalence import compare, effects
from agentgym.goals.goal import Answer
from agentgym.schema import Entity, Field, Schema
from agentgym.world.rows import RowChange

SCHEMA = Schema(
    entities=(
        Entity(
            name="item",
            label="item",
            plural="items",
            key=("item_id",),
            key_source="counter",
            fields=(
                Field(name="item_id", label="item id", type="integer", role="key"),
                Field(name="name", label="name", type="text", role="label", nullable=True),
                Field(name="price", label="price", type="decimal", scale=2, role="money"),
                Field(name="weight", label="weight", type="float", role="measure", nullable=True),
                Field(name="sold_on", label="sold on", type="date", role="time", nullable=True),
                Field(name="sold_at", label="sold at", type="datetime", role="time", nullable=True),
                Field(name="active", label="active", type="boolean", role="flag"),
                Field(
                    name="updated_at", label="updated", type="datetime", role="audit", nullable=True
                ),
            ),
        ),
    )
)

names = st.text(alphabet="abcdefgh ", min_size=1, max_size=8).map(str.strip).filter(bool)
rows = st.tuples(
    st.integers(1, 9),
    names,
    st.integers(0, 10**6),
    st.floats(-1e6, 1e6, allow_nan=False),
    st.dates().map(str),
    st.none(),
    st.integers(0, 1),
    st.sampled_from(["2024-01-01T00:00:00Z", "2024-05-05T05:05:05Z"]),
)


@st.composite
def histories(draw: st.DrawFn) -> list[RowChange]:
    """Draw net changes of distinct rows: inserts, updates and deletes."""
    found = []
    for key in draw(st.lists(st.integers(1, 30), unique=True, max_size=6)):
        before, after = draw(rows), draw(rows)
        kind = draw(st.sampled_from(["insert", "update", "delete"]))
        found.append(
            RowChange(
                entity="item",
                key=(key,),
                before=None if kind == "insert" else (key, *before[1:]),
                after=None if kind == "delete" else (key, *after[1:]),
            )
        )
    return found


@given(histories(), st.randoms())
def test_changes_equal_themselves_in_any_order_with_any_generated_key(
    changes: list[RowChange], rng: random.Random
) -> None:
    """Order of rows, generated keys and volatile fields do not matter to a goal."""
    required = effects(changes, SCHEMA)
    renamed = []
    for place, change in enumerate(changes):
        if change.before is None and change.after is not None:
            key = 100 + place
            after = (key, *change.after[1:-1], "2030-01-01T00:00:00Z")
            renamed.append(RowChange(entity="item", key=(key,), before=None, after=after))
        else:
            renamed.append(change)
    rng.shuffle(renamed)

    assert compare(required, renamed, SCHEMA) == ([], [])


@given(histories(), st.data())
def test_any_other_change_is_seen(changes: list[RowChange], data: st.DataObject) -> None:
    """Leaving out a change, adding one, or writing another price is told apart."""
    required = effects(changes, SCHEMA)
    visible = [change for change in changes if effects([change], SCHEMA)]
    if not visible:
        return
    victim = data.draw(st.sampled_from(visible))
    rest = [change for change in changes if change is not victim]

    assert compare(required, rest, SCHEMA)[0]
    assert compare(effects(rest, SCHEMA), changes, SCHEMA) != ([], [])
    if victim.after is not None:
        other = (*victim.after[:2], int(victim.after[2] or 0) + 10**7, *victim.after[3:])
        changed = RowChange(entity="item", key=victim.key, before=victim.before, after=other)
        assert compare(required, [*rest, changed], SCHEMA) != ([], [])


def ask(
    field: str, value: object, given: object, *, rivals: tuple[str, ...] = (), **kw: object
) -> bool:
    """Tell whether an answer is taken for the slot's value."""
    slot = Answer(entity="item", field=field, values=(value,), **kw)  # type: ignore[arg-type]
    column = Column(rivals)
    return check(slot, given, SCHEMA, lambda entity, name: column, "") is None


@given(st.integers(-(10**8), 10**8), st.integers(-(10**8), 10**8))
def test_numbers_are_read_by_value(cents: int, other: int) -> None:
    """25, 25.0, "25.00" and "The price is 25.00 EUR." are one number, and no other is."""
    value, wrong = Decimal(cents).scaleb(-2), Decimal(other).scaleb(-2)
    for form in (value, float(value), str(value), f"{value:,}", f"The price is {value} EUR."):
        assert ask("price", value, form)
        assert ask("price", wrong, form) == (wrong == value)


@pytest.mark.parametrize(
    ("field", "value", "given", "good"),
    [
        ("price", Decimal("9.90"), "9.90 or 9.91", False),
        ("price", Decimal("9.90"), [Decimal("9.90"), Decimal(1)], False),
        ("price", Decimal("9.90"), None, False),
        ("price", Decimal("9.90"), True, False),
        ("price", Decimal("9.90"), {"price": 9.9}, True),
        ("price", Decimal("-9.90"), "−9.90", True),
        ("price", Decimal(1), True, False),
        ("price", Decimal("9.90"), "NaN", False),
        ("price", Decimal("9.90"), 1e400, False),
        ("sold_on", "2024-03-05", "March 5, 2024", True),
        ("sold_on", "2024-03-05", "5 March 2024", True),
        ("sold_on", "2024-03-05", "2024-03-05T00:00:00Z", True),
        ("sold_on", "2024-03-05", "2024-03-06", False),
        ("sold_on", "2024-03-05", "2024-03-05 or 2024-03-06", False),
        ("sold_at", "2024-03-05T14:05:00Z", "March 5, 2024 at 14:05", True),
        ("sold_at", "2024-03-05T14:05:07Z", "2024-03-05T14:05:07Z", True),
        ("sold_at", "2024-03-05T14:05:07Z", "2024-03-05", False),
        ("active", True, "Yes, it is.", True),
        ("active", True, "yes or no", False),
        ("name", "Blue Door", " blue   door. ", True),
        ("name", "Blue Door", "It is called Blue Door", True),
        ("name", "Blue Door", "It is Blue Door or Red Door", False),
        ("name", "Blue Door", "Blue Doors", False),
        ("name", "Blue Door", 7, False),
        ("weight", 0.123456, "0.1235", True),
        ("weight", 0.123456, "0.12", True),
        ("weight", 123.456, "123", False),
    ],
)
def test_answers(field: str, value: object, given: object, good: bool) -> None:
    """Slots are read by type; hedges, lists and near misses are wrong."""
    assert ask(field, value, given, rivals=("Red Door", "Blue Door")) is good


LONG = "A Name of Far More Words Than Eight That Nobody Would Ever Read Aloud"


@pytest.mark.parametrize(
    ("value", "given", "known", "good"),
    [
        ("Rock", "Rock And Roll", "", False),
        ("Rock", "It is Rock And Roll.", "", False),
        ("Rock", "It is Rock, not Rock And Roll.", "", False),
        ("Rock", "The genre of Rock And Roll is Rock.", "of which genre is rock and roll", True),
        ("Rock", "Rock And Roll", "of which genre is rock and roll", False),
        ("Suite 3", "Suite 3 or Suite 31", "", False),
        ("Suite 3", "Suite 3", "", True),
        ("8", "8 or 11", "at 11:18:49 on 2024-11-02", False),
        ("8", "8, on page 11", "what stands on page 11", True),
        ("Rock", f"Rock or {LONG}", "", False),
        (LONG, f"It is {LONG}.", "", True),
        ("New York", "New York", "", True),
        ("New York", "New York or York", "", False),
        ("New York", "In York: New York.", "who lives in york", True),
    ],
)
def test_names_within_names(value: str, given: str, known: str, good: bool) -> None:
    """A longer name that holds the answer is another answer, unless the question said it."""
    rivals = ("Rock", "Rock And Roll", "Suite 3", "Suite 31", "8", "11", LONG, "New York", "York")
    slot = Answer(entity="item", field="name", values=(value,))
    column = Column(rivals)

    assert (check(slot, given, SCHEMA, lambda e, f: column, normal(known)) is None) is good


def test_sets() -> None:
    """A set is right when all members and no others are named, in any order."""
    slot = Answer(entity="item", field="name", values=("a b", "c d"), many=True)

    def good(given: object) -> bool:
        return check(slot, given, SCHEMA, lambda e, f: Column(), "") is None

    assert good(["c d", "a b"])
    assert good("a b, c d")
    assert not good(["a b"])
    assert not good(["a b", "c d", "e"])
    assert good(["a b", "a b", "c d"])
