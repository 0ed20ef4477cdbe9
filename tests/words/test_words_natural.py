"""Rows as people tell them: places, holders of roles, `with` said once, fields that nobody says."""

from __future__ import annotations

from typing import Any, cast

import pytest
from strategies_plans import entity, field, relation

from agentgym.plan import Pick
from agentgym.rng import stream
from agentgym.schema import Schema
from agentgym.tasks.words.describe import Describer
from agentgym.tasks.words.english import ENGLISH
from agentgym.tasks.words.english.rows import NOUNS
from agentgym.tasks.words.idiom import known_place, preposition, ranked, town
from agentgym.tasks.words.lexicon import Lexicon, lexicon
from agentgym.tasks.words.meaning import Clue, Row, Tie, row_of
from agentgym.tasks.words.nouns import Nouns
from agentgym.tasks.words.parser import Parser
from agentgym.tasks.words.phrases import Again, It
from agentgym.tasks.words.values import Style, UnsayableError
from agentgym.tasks.words.writer import Writer

SHOP = Schema(
    entities=(
        entity("country", "countries", field("name", "text", "label"),
               field("area_in_square_kilometers", "integer", "measure")),
        entity("employee", "employees", field("first_name", "text", "person"),
               field("last_name", "text", "person"), field("city", "text", "place"),
               field("country", "text", "place")),
        entity("supplier", "suppliers", field("name", "text", "label"),
               references=("country_id",)),
        entity("product", "products", field("name", "text", "label"),
               field("unit_price", "decimal", "money", scale=2),
               field("replacement_cost", "decimal", "money", scale=2),
               field("units_on_order", "integer", "quantity"),
               field("reorder_level", "integer", "quantity"),
               field("discontinued", "integer", "flag"),
               field("status", "integer", "other"),
               field("title_html", "text", "other", label="title HTML"),
               field("change_date", "integer", "time"),
               references=("supplier_id", "buyer_id")),
        entity("product_tag", "product tags", references=("product_id", "supplier_id")),
        entity("order_line", "order lines", field("unit_price", "decimal", "money", scale=2),
               field("time_estimated", "decimal", "measure"),
               field("latest_check_date", "date", "time"),
               references=("product_id",)),
    ),
    relations=(
        relation("supplier", "country_id", "country"),
        relation("product", "supplier_id", "supplier"),
        relation("product", "buyer_id", "employee"),
        relation("product_tag", "product_id", "product"),
        relation("product_tag", "supplier_id", "supplier"),
        relation("order_line", "product_id", "product"),
    ),
)  # fmt: skip


def tied(name: str, row: Row) -> Tie:
    return Tie(relation=name, forward=True, row=row)


def eq(field_name: str, value: object) -> Clue:
    return Clue(field=field_name, op="eq", value=value)


def texts(row: Row, n_seeds: int = 20, *, plural: bool = False) -> set[str]:
    """Return how a row is said, each read back to it."""
    words = lexicon(SHOP)
    found = set()
    for seed in range(n_seeds):
        describer = Describer(words, stream(seed, "row"), 0)
        noun = describer.nouns(row) if plural else describer.noun(row)
        writer = Writer(ENGLISH, stream(seed, "text"), register="plain", style=Style())
        pieces = writer.write("rows" if plural else "inner", noun)
        text = "".join(chars for chars, _ in pieces)
        assert row in meanings(text, words, "rows" if plural else "inner"), text
        found.add(text)
    return found


def meanings(text: str, words: Lexicon, symbol: str) -> list[Row]:
    nouns = Nouns(words)
    parser = Parser(ENGLISH, text, words, dict.fromkeys(NOUNS, nouns.stands))
    return [
        r
        for n, end in parser.parse(symbol, 0)
        if end == len(text)
        for r in nouns.rows(cast("Any", n))
    ]


def relation_of(child: str, parent: str) -> str:
    return next(r.name for r in SHOP.relations if (r.entity, r.target) == (child, parent))


def test_countries_are_called_by_name() -> None:
    """A country is `Romania`, with its article where it has one; rows are in it."""
    for name, said in (("Romania", "Romania"), ("Netherlands", "the Netherlands")):
        row = row_of("country", [eq("name", name)], [], None)
        assert texts(row) == {said}
        supplier = row_of("supplier", [], [tied(relation_of("supplier", "country"), row)], None)
        assert {t.split(" in ")[-1] for t in texts(supplier) if " in " in t} == {said}
    odd = row_of("country", [eq("name", "Georgia")], [], None)
    assert all("country" in text for text in texts(odd))


def test_people_are_in_towns_and_countries() -> None:
    """Of two places of a row a name tells which is meant, unless it names both kinds."""
    for name, value, said in (
        ("country", "Portugal", "in Portugal"),
        ("country", "United Kingdom", "in the United Kingdom"),
        ("city", "Calgary", "in Calgary"),
    ):
        row = row_of("employee", [eq(name, value)], [], None)
        assert all(text.endswith(said) for text in texts(row, plural=True))
    for name, value in (("city", "New York"), ("city", "Portugal"), ("country", "Calgary")):
        row = row_of("employee", [eq(name, value)], [], None)
        assert not any(" in " in text for text in texts(row, plural=True))


def test_holders_of_a_role_are_called_by_name() -> None:
    """`whose buyer is Ana Reyes`: what she is the role says."""
    ana = row_of("employee", [eq("first_name", "Ana"), eq("last_name", "Reyes")], [], None)
    tie = tied(relation_of("product", "employee"), ana)
    found = texts(row_of("product", [], [tie], None), plural=True)
    assert any("Ana Reyes" in text for text in found)
    assert not any("is employee" in text or "is the employee" in text for text in found)


def test_who_was_called_by_a_role_is_pointed_at_by_it() -> None:
    """After `whose buyer is Ana Reyes`, she is `that buyer`."""
    ana = row_of("employee", [eq("first_name", "Ana"), eq("last_name", "Reyes")], [], None)
    name = relation_of("product", "employee")
    describer = Describer(lexicon(SHOP), stream(0, "role"), 0)
    describer.learn(row_of("product", [], [tied(name, ana)], None))
    again = describer.noun(ana)
    assert isinstance(again, Again)
    assert again.head == SHOP.relation(name).label


def test_with_is_said_once() -> None:
    """`with` stands before the first of several, and none is a number that people say."""
    row = row_of("product", [eq("units_on_order", 0), eq("reorder_level", 7)], [], None)
    found = texts(row, plural=True)
    assert any("no units on order" in text for text in found)
    assert not any(text.count(" with ") > 1 or "is 0" in text for text in found)


@pytest.mark.parametrize("name", ["discontinued", "status", "title_html", "change_date"])
def test_codes_and_digests_have_no_words(name: str) -> None:
    """An integer that is a flag, a state or a time, and markup, are never spoken of."""
    assert lexicon(SHOP).field("product", name) is None


def test_labels_as_people_say_them() -> None:
    """What comes before its noun in speech does so; a unit is left out where it can be."""
    words = lexicon(SHOP)
    estimated = words.field("order_line", "time_estimated")
    assert estimated is not None
    assert estimated.label == "estimated time"
    area = Pick(field="area_in_square_kilometers", largest=True)
    assert texts(row_of("country", [], [], area)) == {"the largest country"}


def test_superlatives_name_one_thing() -> None:
    """The cheapest of what has two prices, or a price for one, could be either."""
    words = lexicon(SHOP)
    assert words.superlative_of("product", Pick(field="unit_price", largest=False)) is None
    assert words.superlative_of("order_line", Pick(field="unit_price", largest=False)) is None
    assert not ranked("latest check date")
    with pytest.raises(UnsayableError):
        texts(row_of("order_line", [], [], Pick(field="latest_check_date", largest=True)))


def test_rows_that_only_link_are_not_spoken_of() -> None:
    """They say nothing but what two others have to do with each other."""
    with pytest.raises(UnsayableError):
        texts(row_of("product_tag", [], [], None), plural=True)


def test_it_is_said_only_of_the_one_thing_there_is() -> None:
    """After a second thing was spoken of, `it` could be either."""
    words = lexicon(SHOP)
    first = row_of("supplier", [eq("name", "Acme Ltd")], [], None)
    second = row_of("product", [eq("name", "Blue Pen")], [], None)
    for seed in range(20):
        describer = Describer(words, stream(seed, "it"), 0)
        for row in (first, second):
            describer.learn(row)
            describer.focus = row
        assert not describer.it_clear(second)
        assert not isinstance(describer.noun(second, top=True), It)


def test_two_of_a_kind_are_not_introduced() -> None:
    """`that product` would be neither of them."""
    words = lexicon(SHOP)
    pick = Pick(field="reorder_level", largest=True)
    sides = []
    for name in ("Acme Ltd", "Beta Ltd"):
        supplier = row_of("supplier", [eq("name", name)], [], None)
        product = row_of("product", [], [tied(relation_of("product", "supplier"), supplier)], pick)
        line = row_of("order_line", [], [tied(relation_of("order_line", "product"), product)], pick)
        sides.append((msg(line), False))
    with pytest.raises(UnsayableError):
        Describer(words, stream(0, "two"), 0).introduce(sides)


def msg(line: Row) -> Row:
    return row_of("order_line", [], list(line.ties), Pick(field="unit_price", largest=True))


def test_words_between_rows() -> None:
    """Who serves does not own; what is in a place is in it."""
    assert preposition("order", "employee", person=True) == "handled by"
    assert preposition("film", "language", person=False) == "in"
    assert preposition("airport", "country", person=False) == "in"
    assert preposition("payment", "customer", person=True) == "from"
    assert known_place("country", "Peru")
    assert not known_place("city", "Peru")
    assert town("city", "Berlin")
    assert not town("city", "New York")
