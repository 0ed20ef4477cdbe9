"""Words of acts: every node is said and read back, in many ways and in no two meanings."""

from __future__ import annotations

import re
import time
from decimal import Decimal

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from said_plans import EVERY, Made, made
from strategies_acts import KINDS, acts
from strategies_plans import CLINIC, MUSIC

from agentgym.plan import Choose, Emit, Fact, Plan, Select, Shift, Value, Write
from agentgym.rng import stream
from agentgym.tasks.words import (
    REGISTERS,
    family,
    identifiers_in,
    question,
    read,
    read_shift,
    same,
    say,
    say_shift,
    tellable,
)
from agentgym.tasks.words.english import ENGLISH
from agentgym.tasks.words.english.acts import ACTS
from agentgym.tasks.words.english.choices import CHOICES
from agentgym.tasks.words.english.numbers import NUMBERS
from agentgym.tasks.words.english.rows import ROWS
from agentgym.tasks.words.grammar import Many, Slot
from agentgym.tasks.words.manners import persona
from agentgym.tasks.words.near import near
from agentgym.tasks.words.plans import meant
from agentgym.tasks.words.tones import SENTENCES
from agentgym.tasks.words.variety import variety, wordings

SCHEMAS = {"music": MUSIC, "clinic": CLINIC}
quick = settings(
    deadline=None,
    max_examples=10,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def me(plan: Plan) -> str | None:
    """Return the entity of the user, if the plan has one."""
    return plan.party.entity if plan.party is not None else None


def test_every_symbol_stands_for_something() -> None:
    """No pattern has a slot that nothing fills."""
    used = set()
    for rule in ENGLISH.values():
        if isinstance(rule, tuple):
            used |= {i.of for p in rule for i in p.items if isinstance(i, Slot)}
        elif isinstance(rule, Many):
            used |= {rule.item, *([rule.later] if rule.later else [])}
    assert used <= set(ENGLISH)
    parts = (ROWS, ACTS, CHOICES, NUMBERS, SENTENCES)
    assert sum(map(len, parts)) == len(ENGLISH), "two symbols have one name"


@pytest.mark.parametrize("name", SCHEMAS)
@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data(), seed=st.integers(0, 2**32))
@quick
def test_acts_read_back(name: str, kind: str, data: st.DataObject, seed: int) -> None:
    """A wording of any act has the plan among its readings, each in its final form."""
    schema = SCHEMAS[name]
    plan = data.draw(acts(schema, kind))
    wording = say(plan, schema, seed=seed)
    if wording is not None:
        readings = read(wording.text, schema)
        assert any(same(reading, plan) for reading in readings), wording.text
        assert all(tellable(reading) == reading for reading in readings)
        assert identifiers_in(wording.text, schema) == []


@pytest.mark.parametrize("name", EVERY)
def test_families_are_said_and_mean_one_thing(name: str) -> None:
    """Each plan made by hand has words for every seed, with one reading: the plan."""
    plan, schema = made(name)
    for seed in range(25):
        wording = say(plan, schema, seed=seed)
        assert wording is not None
        (reading,) = read(wording.text, schema, me=me(plan))
        assert same(reading, plan), wording.text
        assert identifiers_in(wording.text, schema) == []
        assert wording.register in REGISTERS
        bare = re.sub(r'"[^"]*"|“[^”]*”', "Q", wording.text)
        assert not re.search(r"  |,,|,[.?!]| [.,?!]|[.?!] [a-z]", bare.replace("\n  ", "\n")), bare


@pytest.mark.parametrize("name", EVERY)
def test_families_have_forty_forms(name: str) -> None:
    """One plan of each family has at least forty patterns, in every register."""
    plan, schema = made(name)
    found = variety(wordings(plan, schema, range(80)))
    print(f"{name}: {found}")
    assert found.patterns >= 40
    assert set(found.registers) == set(REGISTERS)
    assert found.entropy > 5
    assert found.repetition < 0.6


@pytest.mark.parametrize("name", EVERY)
def test_near_plans_have_other_words(name: str) -> None:
    """What differs in one place is said otherwise, and read as itself."""
    plan, schema = made(name)
    mine = {w.text for w in wordings(plan, schema, range(8))}
    others = near(plan, schema)
    assert others
    for other in others[:12]:
        assert not same(plan, other)
        for wording in wordings(other, schema, range(2)):
            assert wording.text not in mine
            assert not any(same(r, plan) for r in read(wording.text, schema, me=me(plan)))


def test_family_follows_the_shape() -> None:
    """The family is derived from what is asked."""
    shapes = {
        "lookup": "lookup",
        "multi_hop": "multi_hop",
        "aggregate": "aggregate",
        "compare": "compare",
        "difference": "compare",
        "set_valued": "set_valued",
        "update": "update",
        "multi_write": "multi_write",
        "conditional": "conditional",
        "planning": "planning",
        "no_tool": "no_tool_needed",
    }
    for name, shape in shapes.items():
        assert family(meant(made(name)[0])) == shape


def test_what_is_hidden_is_not_said() -> None:
    """A hidden clue is in no wording, in no reading, and asked for by its name."""
    plan, schema = made("ambiguous")
    hidden = next(f for f in plan.facts if f.exposure == "hidden")
    for wording in wordings(plan, schema, range(30)):
        assert "2021" not in wording.text
        assert "10:15" not in wording.text
        (reading,) = read(wording.text, schema)
        assert all(f.field != "starts_at" for f in reading.facts)
    assert question(hidden, schema) == "the start time of the appointment"
    assert question(hidden, schema, plan=plan) == "the start time of the appointment"


def test_what_is_refused_is_worded_like_what_is_done() -> None:
    """The words of an act do not tell whether it can be done."""
    plan, schema = made("refusal")
    possible = msgspec.structs.replace(
        plan, nodes=tuple(n for n in plan.nodes if not hasattr(n, "because"))
    )
    for seed in range(20):
        assert say(plan, schema, seed=seed) == say(possible, schema, seed=seed)


def test_change_of_mind_is_said_in_two_turns() -> None:
    """The instruction tells the first value, the later turn both; each reads back."""
    plan, schema = made("shift")
    shift = next(n for n in plan.nodes if isinstance(n, Shift))
    found = set()
    for seed in range(40):
        wording = say(plan, schema, seed=seed)
        assert wording is not None
        assert "30" in wording.text
        assert "Apr" not in wording.text
        assert "2021-04-02" not in wording.text
        turn = say_shift(plan, schema, seed=seed)
        assert turn is not None
        assert read_shift(turn, schema, plan) == [(shift.first, "2021-04-02T09:00:00Z")]
        found.add(turn)
    assert len(found) >= 20
    assert read_shift("Actually, make that April 5, 2021.", schema, plan) == []
    assert say_shift(made("lookup")[0], MUSIC, seed=1) is None


def test_change_of_mind_names_what_could_be_two_things() -> None:
    """Where the first value stands at two places, the turn says which one is meant."""
    one = Made()
    row = one.row("bill", ("number", 7))
    write = one.write("update", "bill", row, ("issued_on", "2021-03-30"), ("due_on", "2021-05-02"))
    del write
    first = one.fact("bill.due_on", "2021-03-30")
    then = next(f.id for f in one.facts if f.value == "2021-05-02")
    one.facts = [
        msgspec.structs.replace(f, exposure="user") if f.id == then else f for f in one.facts
    ]
    one.node(Shift, first=first, then=then)
    plan = one.plan("shift")
    for seed in range(20):
        turn = say_shift(plan, CLINIC, seed=seed)
        assert turn is not None
        assert "due date" in turn
        assert read_shift(turn, CLINIC, plan) == [(first, "2021-05-02")]


def test_report_shows_its_blanks() -> None:
    """A report has as many blanks as values are asked for; another number is no reading."""
    plan, schema = made("mask_fill")
    reports = [w for w in wordings(plan, schema, range(40)) if "[1]" in w.text]
    assert len(reports) > 25
    for wording in reports:
        assert "[3]" in wording.text
        assert "A-1042" in wording.text
        assert read(wording.text.replace("[3]", "[4]"), schema) == []
        assert read(wording.text.replace("A-1042", "A-1043"), schema) != [tellable(plan)]
    assert read("Appointment\n[1]\n\nFill in [1].", schema) == []
    assert read("Appointment\nStatus: [1]\n\nFill in [1].", schema) != []


def test_units_and_rounding_are_stated() -> None:
    """Money has its currency, times their zone, percentages their decimals."""
    plan, schema = made("share")
    for wording in wordings(plan, schema, range(20)):
        assert "euro" in wording.text or "€" in wording.text
        assert "two decimals" in wording.text
    plan, schema = made("shift")
    assert all("UTC" in wording.text for wording in wordings(plan, schema, range(10)))


def test_what_was_spoken_of_last_is_it() -> None:
    """`it` is the row of the act before, and nothing else."""
    text = "Mark the appointment A-1042 as cancelled. Then tell me its start time."
    (reading,) = read(text, CLINIC)
    assert [n.entity for n in reading.nodes if isinstance(n, Select)] == ["appointment"]
    text = "What is the name of the doctor of the appointment A-1042? Then delete it."
    (reading,) = read(text, CLINIC)
    assert any(getattr(n, "entity", "") == "doctor" for n in reading.nodes[-1:])
    assert read("Tell me its start time.", CLINIC) == []
    assert read("Delete the appointment A-1042. Then tell me its start time.", CLINIC) == []


def test_branches_start_from_the_same_row() -> None:
    """What the first branch speaks of last is not what the second one points to."""
    text = (
        "If the amount of the bill with the number 7 is over 80 EUR, tell me the name of the "
        'doctor called "Dr. Roy"; otherwise, mark it as paid.'
    )
    (reading,) = read(text, CLINIC)
    (write,) = [n for n in reading.nodes if isinstance(n, Write)]
    target = reading.node(write.target or "")
    assert isinstance(target, Select)
    assert target.entity == "bill"


def test_limits_are_all_said() -> None:
    """A choice tells its number, every limit, and what to give."""
    plan, schema = made("planning")
    for wording in wordings(plan, schema, range(25)):
        for said in ("three", "80", "200", "due date", "number", "paid"):
            assert said in wording.text


def test_long_messages_are_lists_or_paragraphs() -> None:
    """Many acts are laid out in lines, often; each row is described anew where it has to be."""
    plan, schema = made("long_horizon")
    found = wordings(plan, schema, range(30))
    assert sum("\n1. " in f"\n{w.text}" for w in found) >= 5
    assert sum("\n\n" in w.text for w in found) >= 3
    assert not any("\n" not in w.text for w in found)


def test_the_speaker_of_own_matters_is_no_clerk() -> None:
    """A person who asks about their own row says `my`, and does not speak as staff."""
    plan, schema = made("mine")
    for wording in wordings(plan, schema, range(40)):
        assert re.search(r"\bmy\b", wording.text, re.IGNORECASE)
        assert wording.role == ""
        assert "our records" not in wording.text


def test_personas_are_drawn() -> None:
    """Registers, roles and habits vary with the seed, and only with it."""
    found = [persona(stream(seed, "p")) for seed in range(200)]
    assert found == [persona(stream(seed, "p")) for seed in range(200)]
    assert {one.register for one in found} == set(REGISTERS)
    assert any(one.role for one in found)
    assert len({one.quirks for one in found}) >= 6
    assert not any(persona(stream(seed, "p"), mine=True).role for seed in range(200))


def test_readings_do_not_explode() -> None:
    """A message of sentences that are ambiguous each is refused quickly."""
    line = 'Tell me the name of the doctor of the patient with the phone number "1".'
    began = time.process_time()
    readings = read(" ".join([line] * 14), CLINIC)
    assert len(readings) > 1
    assert time.process_time() - began < 3


def test_long_messages_are_quick() -> None:
    """A message of many acts is said and read in a fraction of a second."""
    plan, schema = made("long_horizon")
    say(plan, schema, seed=0)
    began = time.process_time()
    for seed in range(1, 11):
        say(plan, schema, seed=seed)
    assert (time.process_time() - began) / 10 < 0.3


def test_terms_may_stand_in_any_order() -> None:
    """The order of what is added up means nothing; that of a share does."""

    def shares(function: str, *numbers: str) -> Plan:
        one = Made()
        terms = [one.told("bill.amount", Decimal(n)) for n in numbers]
        one.emit(one.work(function, *terms))
        return one.plan("no_tool_needed")

    assert same(shares("sum", "1", "2", "3"), shares("sum", "3", "1", "2"))
    assert not same(shares("share", "1", "2"), shares("share", "2", "1"))
    assert not same(shares("sum", "1", "2"), shares("product", "1", "2"))


def test_held_back_value_in_a_calculation_has_no_words() -> None:
    """What cannot be announced is not said."""
    one = Made()
    term = Value(fact=one.fact("bill.amount", Decimal("3.00"), "user"))
    one.emit(one.work("sum", term, one.told("bill.amount", Decimal("4.00"))))
    assert say(one.plan("no_tool_needed"), CLINIC, seed=1) is None


def test_choice_of_something_unspeakable_has_no_words() -> None:
    """A limit on a field without words cannot be told."""
    one = Made()
    rows = one.row("bill", ("is_paid", False))
    some = one.node(Choose, of=rows, count=2)
    one.nodes.append(Emit(id="n3", node=some, field="id"))
    assert say(one.plan("planning"), CLINIC, seed=1) is None


def test_facts_of_the_party_are_not_said() -> None:
    """Who the user is, is told when asked."""
    plan, schema = made("mine")
    assert all("1980" not in w.text for w in wordings(plan, schema, range(20)))
    assert isinstance(plan.facts[-1], Fact)
