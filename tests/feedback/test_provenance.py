"""Values from nowhere: what was told is never flagged, what was made up is."""

from __future__ import annotations

import functools
import json
import random
import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ordinary_tasks import ordinary

from agentgym.episode import Suite, load
from agentgym.episode.flags import Ground, Watch
from agentgym.formats import to_text
from agentgym.policies import Oracle
from agentgym.tools.parameters import bindings
from agentgym.trajectory import Fault

DOMAINS = ("clinic", "harbour", "elements")
VIEWS = (
    "detail=distilled",
    "detail=difference,docs=none",
    "granularity=rich,rename=1,docs=brief",
    "granularity=narrow,near_duplicates=10",
    "faces=names,page_size=5",
    "intrinsic=true,docs=examples",
)


@functools.cache
def suite(name: str) -> Suite:
    return load(name)


def ground(name: str = "clinic") -> Ground:
    one = suite(name)
    return one.view(one.tasks[0]).ground


def flagged(name: str, number: int, view: str | None) -> list[tuple[str, ...]]:
    """Play a gold run, and return the flags of its turns that were raised."""
    one = suite(name)
    task = one.tasks[number % len(one.tasks)]
    if view is not None and "narrow" in view:
        task = next(t for t in one.tasks if len(t.gold) == 1)
    with one.episode(task.id, view=view, max_turns=400) as episode:
        oracle = Oracle(task, view=episode.view)
        oracle.reset(seed=0)
        text, found = episode.prompt[-1]["content"], []
        while not episode.done:
            turn = episode.act(oracle(text, {"tools": episode.tools}))
            text = turn.observation
            if turn.flags.unprovenanced:
                found.append(turn.flags.names)
        assert not oracle.trouble
        return found


@pytest.mark.parametrize("name", DOMAINS)
def test_no_value_of_a_gold_run_is_flagged(name: str) -> None:
    """Whatever a gold run sends was told or shown before."""
    for number in range(len(suite(name).tasks)):
        assert flagged(name, number, None) == []


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("name", DOMAINS)
def test_no_view_hides_where_a_value_comes_from(name: str, view: str) -> None:
    """The same under every view."""
    for number in range(0, len(suite(name).tasks), 10):
        assert flagged(name, number, view) == []


@pytest.mark.parametrize("name", DOMAINS)
def test_what_is_made_up_is_flagged(name: str) -> None:
    """Keys and texts that occur nowhere are flagged, all of them."""
    one, chance = suite(name), random.Random(name)
    schema, tried = one.domain.schema, 0
    for task in list(filter(ordinary, one.tasks))[::3]:
        with one.episode(task.id) as episode:
            watch = Watch(episode.view.ground)
            watch.told(task.instruction)
            for step in task.gold:
                tool = one.domain.tool_by_name[step.tool]
                for param, (entity, field, _) in bindings(tool.term, schema).items():
                    kind = episode.view.ground.kinds(step.tool)[param.partition("[]")[0]]
                    if param not in step.arguments or kind.evidence not in ("key", "text", "part"):
                        continue
                    column = schema.entity(entity).field(field)
                    if column.type == "integer":
                        made: Any = chance.randint(10**6, 10**7)
                    elif column.type == "text":
                        made = "".join(chance.choice("bcdfgaeiou") for _ in range(9))
                    else:
                        continue
                    tried += 1
                    assert watch.fork().call(step.tool, step.arguments | {param: made}, 0)[1], made
    assert tried > 20


@pytest.mark.parametrize(
    ("said", "tool", "arguments"),
    [
        ("on Aug 29, 2023", "search_invoices", {"issued_on_from": "2023-08-29"}),
        ("on 29 August 2023", "search_invoices", {"issued_on_from": "2023-08-29"}),
        ("on the 29th of August, 2023", "search_invoices", {"issued_on_from": "2023-08-29"}),
        (
            "at 2024-05-02 at 15:04:22",
            "search_supply_movements",
            {"moved_at_from": "2024-05-02T15:04:22Z"},
        ),
        (
            "Jan 3, 2025 at 15:45 UTC",
            "search_supply_movements",
            {"moved_at_from": "2025-01-03T15:45:00Z"},
        ),
        (
            "all of them in 2023",
            "search_invoices",
            {"issued_on_from": "2023-01-01", "issued_on_to": "2023-12-31"},
        ),
        (
            "from the 1990s",
            "search_invoices",
            {"issued_on_from": "1990-01-01", "issued_on_to": "1999-12-31"},
        ),
        (
            "in March 2023",
            "search_invoices",
            {"issued_on_from": "2023-03-01", "issued_on_to": "2023-03-31"},
        ),
        ("two weeks after 2023-03-01", "update_invoice", {"due_on": "2023-03-15"}),
        ("a month after 2023-01-31", "update_invoice", {"due_on": "2023-02-28"}),
        ("the day after 2023-12-31", "update_invoice", {"due_on": "2024-01-01"}),
        (
            "90 minutes from 2023-08-29T11:00:00Z",
            "search_supply_movements",
            {"moved_at_to": "2023-08-29T12:30:00Z"},
        ),
        (
            "on 2023-08-29, from 2 pm",
            "search_supply_movements",
            {"moved_at_from": "2023-08-29T14:00:00Z"},
        ),
        ("a credit of $36,510", "search_invoices", {"min_total_eur": 36510}),
        ("a credit of 36,510.50 euros", "search_invoices", {"min_total_eur": Decimal("36510.50")}),
        ("€54", "search_invoices", {"min_total_eur": Decimal("54.00")}),
        ("two dozen of them, twelve each", "create_supply", {"units_in_stock": 12}),
        ("20 of them, 5 more than before", "create_supply", {"units_in_stock": 25}),
        ("7 boxes of 12 each", "create_supply", {"units_in_stock": 84}),
        ("3 hours", "create_supply", {"units_in_stock": 180}),
        ('the supply "Gentle  Supply"', "find_supply_by_name", {"name": "gentle supply"}),
        ("Anna Maria of the Lee family", "search_supplies", {"name_contains": "Anna Lee"}),
        ("those that were not shown up", "search_supply_movements", {"type": "not_shown"}),
        ("invoice no. INV-1436, please", "find_invoice_by_number", {"invoice_number": "inv-1436"}),
        ("anything", "search_supplies", {"page": 7, "sort_by": "name", "descending": True}),
        ("10% off 59.90", "calculate", {"expression": "59.90 * 0.9"}),
        ("anything", "conclude", {"outcome": "done", "answer": 77.5}),
        ("anything", "ask_user", {"question": "Is it number 4711?"}),
    ],
)
def test_any_spelling_of_what_was_said_counts(
    said: str, tool: str, arguments: dict[str, Any]
) -> None:
    """Numbers, dates and words are known again, and so is what comes of them."""
    watch = Watch(ground())
    watch.told(f"Hello, this is about it: {said}.")

    assert not watch.call(tool, arguments, 0)[1]


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("search_invoices", {"issued_on_from": "2023-08-30"}),
        ("search_supply_movements", {"moved_at_from": "2023-08-29T11:15:31Z"}),
        ("search_invoices", {"min_total_eur": Decimal("77.77")}),
        ("create_supply", {"units_in_stock": 977}),
        ("get_supply", {"supply_id": 8}),
        ("get_supply", {"supply_id": "8"}),
        ("get_supply", {"supply_id": 29}),
        ("get_supply", {"supply_id": 20}),
        ("find_supply_by_name", {"name": "Gentle lotion"}),
        ("find_invoice_by_number", {"invoice_number": "INV-143"}),
        ("find_invoice_by_number", {"invoice_number": "INV-14367"}),
        ("calculate", {"expression": "1234.56 * 2"}),
        ("get_supply", {"colour": "green"}),
    ],
)
def test_what_is_only_like_what_was_said_does_not_count(tool: str, arguments: Any) -> None:
    """A day later, a key from within a date, or from the documentation, is made up."""
    watch = Watch(ground())
    watch.told("Gentle supply number 7 moved on 2023-08-29 at 11:15:30, with INV-1436.")

    assert watch.call(tool, arguments, 0)[1]


def test_an_error_tells_nothing_by_repeating_what_was_sent() -> None:
    """A value that was made up stays so, however often it is refused."""
    watch = Watch(ground())
    for value in (4711, "no such name"):
        tool, param = (
            ("get_supply", "supply_id") if value == 4711 else ("find_supply_by_name", "name")
        )
        fault = Fault(code="not_found", message=f'No supply is "{value}"; did you mean "Soap"?')
        for turn in range(3):
            assert watch.call(tool, {param: value}, turn)[1]
            watch.came(to_text({"error": fault}), fault, None)
    assert not watch.call("find_supply_by_name", {"name": "Soap"}, 9)[1]


def test_own_words_and_sums_of_made_up_numbers_tell_nothing() -> None:
    """Notes and calculations are no way to make a value known."""
    one = suite("clinic")
    with one.episode("1", view="intrinsic=true") as episode:
        calls = [
            ("take_note", {"text": "supply 4711"}, False),
            ("recall_notes", {}, False),
            ("calculate", {"expression": "4700 + 11.11"}, True),
            ("calculate", {"expression": "4711.11 - 0.11"}, True),
            ("get_supply", {"supply_id": 4711}, True),
        ]
        for name, arguments, made_up in calls:
            action = to_text({"name": name, "arguments": arguments})
            assert episode.act(action).flags.unprovenanced is made_up, name


WORDS = ("red", "blue", "sea", "12", "5", "120", "a-7", "x_y")
NUMBERS = st.sampled_from([1, 5, 7, 12, 13, 20, 120, 512])
ROWS = st.fixed_dictionaries({"supply_id": NUMBERS, "name": st.sampled_from(WORDS)})
TEXTS = st.one_of(
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join),
    st.one_of(ROWS, st.lists(ROWS, max_size=3).map(lambda rows: {"items": rows})).map(to_text),
)


def occurs(value: int | str, texts: list[str]) -> bool:
    """Judge by brute force: word by word over all texts."""
    if isinstance(value, int):
        return any(str(value) in re.findall(r"(?<![\w.-])\d+(?!\w)", text) for text in texts)
    words = re.findall(r"[a-z0-9]+", value)
    return any(set(words) <= set(re.findall(r"[a-z0-9]+", text.lower())) for text in texts)


@settings(max_examples=300)
@given(
    told=st.lists(TEXTS, max_size=30),
    value=NUMBERS | st.lists(st.sampled_from(WORDS), min_size=1, max_size=2).map(" ".join),
    forks=st.sets(st.integers(0, 29)),
)
def test_brute_force_agrees_on_what_occurs(
    told: list[str], value: int | str, forks: set[int]
) -> None:
    """A watch knows a key or a name just where somebody who reads everything finds it."""
    here = ground()
    system = [here._system, *(to_text([f.name, f.description, f.parameters]) for f in here._faces)]
    watch = Watch(here)
    for place, text in enumerate(told):
        if text.startswith("{"):
            watch.call("search_supplies", {}, place)
            watch.came(text, None, None)
        else:
            watch.told(text)
        if place in forks:
            other = watch.fork()
            watch.told("999 green")  # tells the other nothing
            watch = other
    tool, param = (
        ("get_supply", "supply_id") if isinstance(value, int) else ("find_supply_by_name", "name")
    )
    known = told if isinstance(value, int) else [*told, *system]

    assert watch.call(tool, {param: value}, 99)[1] is not occurs(value, known)


@given(st.lists(TEXTS, max_size=12), st.randoms(use_true_random=False))
def test_states_are_equal_where_the_same_is_known(told: list[str], chance: Any) -> None:
    """Neither order nor forks nor repetition make a difference; another text does."""
    one, other = Watch(ground()), Watch(ground())
    mixed = [*told, *told]
    chance.shuffle(mixed)
    for text in told:
        one.told(text)
    for text in mixed:
        other.told(text)
        other = other.fork() if chance.random() < 0.5 else other
    assert one.state() == other.state()
    other.told("something new")
    assert one.state() != other.state()


def test_forks_of_forks_stay_small_and_apart() -> None:
    """A long line of forks knows all that its ancestors were told, and nothing else."""
    watch = Watch(ground())
    lost = []
    for number in range(200):
        watch.told(f"number {1000 + number} is next")
        lost.append(watch)
        watch = watch.fork()
        lost[-1].told(f"number {5000 + number} is for me")
    assert not watch.call("get_supply", {"supply_id": 1000}, 0)[1]
    assert not watch.call("get_supply", {"supply_id": 1199}, 0)[1]
    assert watch.call("get_supply", {"supply_id": 5100}, 0)[1]
    assert lost[50].call("get_supply", {"supply_id": 1051}, 0)[1]
    assert not lost[50].call("get_supply", {"supply_id": 5050}, 0)[1]
    assert sum(1 for _ in watch._seen.chain()) < 12


@settings(max_examples=200, deadline=None)
@given(
    st.text(max_size=200),
    st.one_of(st.text(max_size=30), st.integers(), st.floats(), st.booleans()),
)
def test_any_text_and_any_value_can_be_looked_at(text: str, value: Any) -> None:
    """Whatever is said and sent, an answer comes."""
    watch = Watch(ground())
    watch.told(text)
    watch.call("create_supply", {"name": value, "units_in_stock": value, "x": [{"y": value}]}, 0)
    watch.came(json.dumps({"a": text}), None, None)
    watch.call("search_supply_movements", {"moved_at_from": value, "supply_id": value}, 0)
    watch.call("calculate", {"expression": value}, 0)
    watch.state()
