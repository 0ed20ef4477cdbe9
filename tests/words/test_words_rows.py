"""Words of rows: every clue, relation and introduction is said and read back as it was meant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from said_plans import Made
from strategies_plans import CLINIC, MUSIC, entity, field, relation
from strategies_rows import described

from agentgym.formats import Json
from agentgym.plan import Pick, Plan
from agentgym.rng import stream
from agentgym.schema import Schema
from agentgym.tasks.words import read, same, say, tellable
from agentgym.tasks.words.clauses import Clauses
from agentgym.tasks.words.describe import Describer
from agentgym.tasks.words.english import ENGLISH
from agentgym.tasks.words.english.rows import NOUNS
from agentgym.tasks.words.idiom import done_words, preposition, simple, trait
from agentgym.tasks.words.lexicon import Lexicon, lexicon
from agentgym.tasks.words.lint import clumsy
from agentgym.tasks.words.meaning import Clue, Row, Tie, row_of
from agentgym.tasks.words.nouns import Nouns
from agentgym.tasks.words.parser import Parser
from agentgym.tasks.words.phrases import Inner, Number
from agentgym.tasks.words.scan import bare, scan
from agentgym.tasks.words.values import (
    NOTHING,
    Style,
    UnsayableError,
    literal,
    measure_of,
    measured,
    valued,
    written,
)
from agentgym.tasks.words.writer import Writer, joined

SCHEMAS = {"music": MUSIC, "clinic": CLINIC}
quick = settings(
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

HARBOUR = Schema(
    entities=(
        entity(
            "shipping_line",
            "shipping lines",
            field("name", "text", "label"),
            field("country", "text", "place"),
        ),
        entity(
            "vessel",
            "vessels",
            field("name", "text", "label"),
            field("length", "decimal", "measure", scale=1, unit="m"),
            field("construction_year", "integer", "time"),
            field("discontinued", "boolean", "flag"),
            field("has_crane", "boolean", "flag"),
            field("units_in_stock", "integer", "quantity"),
            references=("line_id",),
        ),
        entity(
            "port_call",
            "port calls",
            field("voyage_number", "text", "code"),
            field("issue_date", "date", "time"),
            field("created_at", "datetime", "audit", label="creation time"),
            field("total", "decimal", "money", scale=2, unit="EUR"),
            field("status", "enum", "status", values=("announced", "arrived")),
            references=("vessel_id",),
        ),
        entity(
            "cargo_movement",
            "cargo movements",
            field("seal_number", "text", "code"),
            field("weight", "integer", "measure", unit="kg"),
            references=("call_id",),
        ),
    ),
    relations=(
        relation("vessel", "line_id", "shipping_line"),
        relation("port_call", "vessel_id", "vessel"),
        relation("cargo_movement", "call_id", "port_call"),
    ),
)
"""A harbour in which one clue of each kind can be told."""


# Round trips


@pytest.mark.parametrize("name", SCHEMAS)
@given(data=st.data(), seed=st.integers(0, 2**32))
@quick
def test_every_kind_of_row_reads_back(name: str, data: st.DataObject, seed: int) -> None:
    """Whatever tells a row, the message has it among its readings, each in its final form."""
    schema = SCHEMAS[name]
    one = data.draw(described(schema))
    wording = say(one, schema, seed=seed)
    if wording is not None:
        readings = read(wording.text, schema)
        assert any(same(reading, one) for reading in readings), wording.text
        assert all(tellable(reading) == reading for reading in readings)


@given(data=st.data(), seed=st.integers(0, 2**32), level=st.integers(0, 2))
@quick
def test_every_noun_reads_back(data: st.DataObject, seed: int, level: int) -> None:
    """A noun on its own stands for the row that it was made for, at every level of care."""
    row = data.draw(rows(HARBOUR))
    words = lexicon(HARBOUR)
    try:
        text = noun_text(row, words, seed, level)
    except UnsayableError:
        return
    assert row in meanings(text, words), text


def test_every_kind_of_clue_can_be_said() -> None:
    """No way to compare is without words."""
    for _, clue in every_clue():
        row = row_of(clue_entity(clue), [clue], [], None)
        words = lexicon(HARBOUR)
        for seed in range(12):
            text = noun_text(row, words, seed, seed % 3)
            assert meanings(text, words) == [row], text


@given(value=st.integers(-(10**12), 10**12), scale=st.integers(0, 4), seed=st.integers(0, 3))
@quick
def test_money_reads_back_in_every_style(value: int, scale: int, seed: int) -> None:
    """Amounts survive separators, signs, words and dropped zeros."""
    one = field("amount", "decimal", "money", scale=scale, unit=("EUR", "USD", "JPY", None)[seed])
    said = literal(one, Decimal(value).scaleb(-scale))
    for words in (False, True):
        text = written(said, Style(words=words)) + "."
        found = [valued(one, lit) for lit, end in scan(text, 0, ("EUR", "USD", "JPY")) if end > 0]
        assert Decimal(value).scaleb(-scale) in found, text


@given(time=st.datetimes(), style=st.integers(0, 4), utc=st.booleans())
@quick
def test_times_read_back_in_every_style(time: Any, style: int, utc: bool) -> None:
    """Dates and times survive every way to write them."""
    wire = f"{time.year:04}-{time.month:02}-{time.day:02}T{time:%H:%M:%S}Z"
    one = field("start", "datetime", "time")
    for op in ("eq", "lt", "le"):
        text = written(literal(one, wire, op=op), Style(dates=style, utc=utc))
        found = [valued(one, lit, op=op) for lit, end in scan(text, 0, ()) if end == len(text)]
        assert wire in found, text


@pytest.mark.parametrize(
    ("of", "value"),
    [
        ("year", 2019),
        ("decade", 1990),
        ("month", 3),
        ("initial", "Ö"),
        ("ending", "7"),
        ("letters", 12),
        ("words", 1),
        ("digit_sum", 0),
        ("remainder", 7),
    ],
)
def test_measures_read_back(of: Any, value: Json) -> None:
    """What is measured of a value is said and read as itself, and as no other measure."""
    said = measured(of, value)
    text = written(said, Style())
    found = [measure_of(of, lit) for lit, end in scan(text, 0, ()) if end == len(text)]
    assert [one for one in found if one is not NOTHING] == [value]


# What is said


def test_chains_are_told_step_by_step() -> None:
    """A row four steps away is introduced in sentences of their own, and no noun is deep."""
    made = Made()
    line = made.row("shipping_line", ("name", "Meadow"))
    vessel = made.row("vessel", ties=(("vessel_line", line),))
    call = made.row("port_call", ties=(("port_call_vessel", vessel),))
    cargo = made.row("cargo_movement", ties=(("cargo_movement_call", call),))
    made.emit(cargo, "seal_number")
    plan = made.plan("multi_hop")
    for seed in range(40):
        wording = say(plan, HARBOUR, seed=seed)
        assert wording is not None
        assert clumsy(wording.text, lexicon(HARBOUR)) == [], wording.text
        assert "(the one" not in wording.text
        assert len(re.findall(r"\bof the\b", wording.text.split(".")[-1])) <= 2


def test_superlatives_stand_at_their_own_noun() -> None:
    """The latest, the longest: before the noun; and never two in a row."""
    made = Made()
    line = made.row("shipping_line", ("name", "Meadow"))
    longest = Pick(field="length", largest=True)
    vessel = made.row("vessel", ties=(("vessel_line", line),), pick=longest)
    best = Pick(field="total", largest=True)
    call = made.row("port_call", ties=(("port_call_vessel", vessel),), pick=best)
    made.emit(call, "issue_date")
    texts = texts_of(made.plan("multi_hop"), HARBOUR)
    assert any("longest vessel" in text for text in texts)
    for text in texts:
        assert not re.search(r"with the \w+est [^.?]* with the \w+est", text), text


@pytest.mark.parametrize(
    ("clue", "said"),
    [
        (("port_call", "issue_date", "eq", "2024-03-05", None), "issued on March 5, 2024"),
        (("port_call", "issue_date", "eq", 2024, "year"), "issued in 2024"),
        (("port_call", "issue_date", "ge", 2024, "year"), "issued in 2024 or later"),
        (("port_call", "issue_date", "eq", 1990, "decade"), "issued in the 1990s"),
        (("port_call", "issue_date", "eq", 3, "month"), "issued in March of any year"),
        (("vessel", "construction_year", "eq", 2004, None), "built in 2004"),
        (("vessel", "discontinued", "eq", False, None), "that is not discontinued"),
        (("vessel", "has_crane", "eq", True, None), "that has crane"),
        (("vessel", "units_in_stock", "ge", 5, None), "with at least 5 units in stock"),
        (("vessel", "name", "contains", "Silver", None), 'with "Silver" in the name'),
        (("vessel", "name", "eq", "B", "initial"), "whose name starts with the letter B"),
        (("shipping_line", "country", "ne", "Germany", None), "not in Germany"),
        (("port_call", "voyage_number", "eq", "PC-1138", None), "port call PC-1138"),
        (("vessel", "units_in_stock", "eq", 7, "remainder"), "a multiple of 7"),
    ],
)
def test_clues_are_said_as_people_say_them(clue: Any, said: str) -> None:
    """Each clue has its idiom."""
    entity_, name, op, value, of = clue
    row = row_of(entity_, [Clue(field=name, op=op, value=value, of=of)], [], None)
    words = lexicon(HARBOUR)
    texts = {noun_text(row, words, seed, 0) for seed in range(60)}
    assert any(said in text for text in texts), sorted(texts)


def test_what_there_is_not_is_said() -> None:
    """A row without others: with none at all, and with none of a kind."""
    words = lexicon(HARBOUR)
    cancelled = Clue(field="status", op="eq", value="arrived")
    for child, said in (
        (Row(entity="port_call"), "without any port calls"),
        (row_of("port_call", [cancelled], [], None), "that has no arrived port calls"),
    ):
        tie = Tie(relation="port_call_vessel", forward=False, row=child, absent=True)
        row = row_of("vessel", [], [tie], None)
        texts = {noun_text(row, words, seed, 0) for seed in range(40)}
        assert any(said in text for text in texts), texts
    line = row_of("shipping_line", [Clue(field="country", op="eq", value="Peru")], [], None)
    tie = Tie(relation="vessel_line", forward=True, row=line, absent=True)
    texts = {noun_text(row_of("vessel", [], [tie], None), words, s, 0) for s in range(40)}
    assert any("that does not belong to any shipping line in Peru" in t for t in texts), texts


def test_ranges_are_said_as_one() -> None:
    """Two bounds of a field are one phrase."""
    clues = [
        Clue(field="total", op="ge", value=100),
        Clue(field="total", op="le", value=Decimal("200.5")),
    ]
    words = lexicon(HARBOUR)
    texts = {noun_text(row_of("port_call", clues, [], None), words, s, 0) for s in range(20)}
    assert any("between €100 and €200.50" in text for text in texts), texts
    assert all(text.count("total") == 1 for text in texts)


def test_the_users_own_rows_are_mine() -> None:
    """A row of the user is said with `my`, and read as theirs."""
    mine = Row(entity="customer", me=True)
    tie = Tie(relation="invoice_customer", forward=True, row=mine)
    row = row_of("invoice", [], [tie], Pick(field="invoice_date", largest=True))
    words = lexicon(MUSIC)
    texts = {noun_text(row, words, seed, 0) for seed in range(20)}
    assert "my latest invoice" in texts
    for text in texts:
        assert row in meanings(text, words, me="customer"), text


def test_that_points_back_only_where_it_is_clear() -> None:
    """With two vessels spoken of, neither is `that vessel`."""
    words = lexicon(HARBOUR)
    first = row_of("vessel", [Clue(field="name", op="eq", value="A")], [], None)
    second = row_of("vessel", [Clue(field="name", op="eq", value="B")], [], None)
    describer = Describer(words, stream(0, "t"), 0)
    describer.learn(first)
    assert "that vessel" in inner_text(describer.noun(first), 0)
    describer.learn(second)
    assert "that vessel" not in inner_text(describer.noun(first), 0)


# Idioms and the ear


def test_idioms() -> None:
    """Labels become what people say, where that is safe."""
    assert done_words("issue date", "invoice") == "issued"
    assert done_words("payment date", "payment") is None
    assert done_words("date of birth", "patient") == "born"
    assert done_words("colour", "car") is None
    assert preposition("invoice line", "invoice", person=False) == "on"
    assert preposition("invoice", "patient", person=True) == "for"
    assert preposition("appointment", "practitioner", person=True) == "with"
    assert preposition("invoice line", "treatment", person=False, forward=False) == "on"
    assert preposition("invoice line", "invoice", person=False, forward=False) == "of"
    assert trait("has ultrasound") == ("has ultrasound", "have ultrasound")
    assert trait("discontinued") is None
    assert [simple(flag) for flag in ("discontinued", "active", "seed", "staff")] == [
        True,
        True,
        False,
        False,
    ]
    assert [bare(t) for t in ("PC-1138", "Velvet Pebble", "velvet", "AC/DC", "A b")] == [
        True,
        True,
        False,
        False,
        False,
    ]


@pytest.mark.parametrize(
    "text",
    [
        "What is the name of the treatment of the line of the invoice of the patient?",
        "The vessel with the lowest length with the most recent build year?",
        'The treatment that has the invoice line that has the price "5"?',
        "The invoice of the patient (the one with the earliest date).",
        "The vessel of of the line.",
        "All informations, please.",
        "The airline whose active is no.",
        "The date held of the event.",
    ],
)
def test_clumsy_words_are_heard(text: str) -> None:
    """What a person would not say is found."""
    assert clumsy(text) != []


@pytest.mark.parametrize(
    "text",
    [
        "What is the due date of the latest invoice for Xavier Cannon?",
        'Take the vessel "of of (the one". What is its length?',
        "The shipping line with a credit limit of at least $500 in Peru?",
        "The invoice issued in March of any year?",
    ],
)
def test_plain_words_are_not_clumsy(text: str) -> None:
    """What a person would say is left alone, and so is data."""
    assert clumsy(text, lexicon(HARBOUR)) == []


def test_clauses_know_ranges_from_two_clues() -> None:
    """A bound with another of the same side stays two clues."""
    words = lexicon(HARBOUR)
    clues = [
        Clue(field="weight", op="ge", value=1),
        Clue(field="weight", op="gt", value=2),
    ]
    _, own = Clauses(words, stream(0, "t"), 0).told(
        "cargo_movement", clues, plural=False, adjectives=True
    )
    assert len(own) == 2
    assert isinstance(own[0].value, Number)  # type: ignore[union-attr]


# Helpers


def every_clue() -> Iterator[tuple[str, Clue]]:
    """Yield a clue of each kind over the harbour."""
    for op in ("eq", "ne", "lt", "le", "gt", "ge"):
        yield "total", Clue(field="total", op=op, value=Decimal("5.50"))
        yield "issue_date", Clue(field="issue_date", op=op, value="2024-03-05")
        yield "created_at", Clue(field="created_at", op=op, value="2024-03-05T10:15:00Z")
        for of, value in (("year", 2019), ("month", 3), ("decade", 1990)):
            yield of, Clue(field="issue_date", op=op, value=value, of=of)  # type: ignore[arg-type]
        for of in ("letters", "words"):
            yield of, Clue(field="seal_number", op=op, value=5, of=of)  # type: ignore[arg-type]
        yield "digit_sum", Clue(field="weight", op=op, value=5, of="digit_sum")
    for op in ("eq", "ne"):
        for of in ("initial", "ending"):
            yield of, Clue(field="seal_number", op=op, value="B", of=of)  # type: ignore[arg-type]
        yield "remainder", Clue(field="weight", op=op, value=7, of="remainder")  # type: ignore[arg-type]
        yield "status", Clue(field="status", op=op, value="arrived")  # type: ignore[arg-type]
        yield "country", Clue(field="country", op=op, value="Peru")  # type: ignore[arg-type]
    for op in ("eq", "lt", "le", "gt", "ge"):
        yield "held", Clue(field="weight", op=op, held=True)  # type: ignore[arg-type]
    yield "contains", Clue(field="seal_number", op="contains", value="x y")
    yield "flag", Clue(field="discontinued", op="eq", value=True)


def clue_entity(clue: Clue) -> str:
    """Return the entity of the harbour that has the field."""
    return next(e.name for e in HARBOUR.entities if any(f.name == clue.field for f in e.fields))


@st.composite
def rows(draw: Any, schema: Schema, hops: int = 1) -> Row:
    """Draw a row of the harbour with clues of any kind and a tie."""
    clues = [clue for _, clue in every_clue()]
    name = draw(st.sampled_from([e.name for e in schema.entities]))
    mine = [clue for clue in clues if clue_entity(clue) == name]
    chosen = draw(st.lists(st.sampled_from(mine), max_size=2, unique_by=lambda c: c.field))
    around = [(r, True) for r in schema.parents(name)] + [(r, False) for r in schema.children(name)]
    ties = []
    if hops and around and (not chosen or draw(st.booleans())):
        via, forward = draw(st.sampled_from(around))
        below = draw(rows(schema, hops - 1))
        if below.entity == (via.target if forward else via.entity):
            ties.append(Tie(relation=via.name, forward=forward, row=below))
    return row_of(name, chosen, ties, None)


def inner_text(noun: Inner, seed: int) -> str:
    """Write a noun."""
    writer = Writer(ENGLISH, stream(seed, "w"), register="plain", style=Style())
    return "".join(chars for chars, _ in writer.write("inner", noun))


def noun_text(row: Row, words: Lexicon, seed: int, level: int) -> str:
    """Describe a row and write it."""
    return inner_text(Describer(words, stream(seed, "d"), level).noun(row), seed)


def meanings(text: str, words: Lexicon, me: str | None = None) -> list[Row]:
    """Read a noun."""
    nouns = Nouns(words, me)
    parser = Parser(ENGLISH, text, words, dict.fromkeys(NOUNS, nouns.stands))
    found = [n for n, end in parser.parse("inner", 0) if end == len(text)]
    return list(dict.fromkeys(row for noun in found for row in nouns.rows(noun)))  # type: ignore[arg-type]


def texts_of(plan: Plan, schema: Schema, n_seeds: int = 40) -> list[str]:
    """Say a plan with many seeds."""
    found = [say(plan, schema, seed=seed) for seed in range(n_seeds)]
    return [wording.text for wording in found if wording is not None]


def test_joined_is_what_was_written() -> None:
    """The pieces of a noun are its text."""
    words = lexicon(HARBOUR)
    noun = Describer(words, stream(1, "d"), 0).noun(Row(entity="vessel"))
    writer = Writer(ENGLISH, stream(1, "w"), register="plain", style=Style())
    assert joined(writer.write("inner", noun))[0] == "The vessel"
