"""What is wrong in files: each mistake is found, and nothing where there is none."""

import re

import pytest
from compose.small import TEXTS, library

from agentgym.sources.compose import check_industries, check_patterns, load
from agentgym.sources.compose.__main__ import main
from agentgym.sources.compose.check import check_industry, check_pattern
from agentgym.sources.compose.check.views import views

KNOWN = views(load())


def test_the_small_library_has_no_problem():
    small = library()
    assert check_patterns(small) == []
    assert check_industries(small) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("sales", 'needs = ["client"]', 'needs = ["clent"]', "did you mean 'client'?"),
        ("sales", 'to = "thing"', 'to = "thin"', "did you mean 'thing'?"),
        ("sales", 'field = "total"', 'field = "totl"', "did you mean 'total'?"),
        ("sales", '"line.order", terms', '"line.orders", terms', "did you mean 'line.order'?"),
        ("sales", 'values = ["@live"]', 'values = ["@alive"]', "a mark that the flow"),
        ("sales", "{order}_total", "{oder}_total", "did you mean 'order'?"),
        ("sales", 'fields = ["fee"]', 'fields = ["fe"]', "a field of order"),
        ("sales", '["quantity", "price"]', '["quantity", "prise"]', "did you mean 'price'?"),
        ("sales", '"placed > done"', '"placed >"', "states joined by >"),
        ("sales", '"draft > placed >', '"draft > placed", "there >', "a way to every state"),
        ("sales", 'done = ["done"]', 'done = ["dne"]', "did you mean 'done'?"),
        ("sales", 'default = "low"', 'default = "lo"', "did you mean 'low'?"),
        ("sales", 'after = "placed_on"', 'after = "place_on"', "did you mean 'placed_on'?"),
        ("sales", 'values = ["@order"]', 'values = ["@line"]', "a slot that has a status"),
        ("sales", "least = 1, most = 5", "least = 7, most = 5", "from small to large"),
        ("sales", 'value = "high"', 'value = "hi"', "one of high, low"),
        ("sales", 'without = ["fee"]', 'without = ["fees"]', "did you mean 'fee'?"),
        ("sales", "level = 1 },", "level = 0 },", "a level of 1 to 4"),
        ("people", 'slot = "client", fields', 'slot = "tag", fields', "at home in one pattern"),
        ("people", 'label = "introducer", optional = true', 'label = "introducer"', "is optional"),
        ("people", 'label = "introducer"', 'label = "introduced_by"', "a noun"),
        ("people", "chance = 1.0", "chance = 1.5", "a chance above 0"),
        ("things", 'same = ["name"]', 'same = ["nam"]', "did you mean 'name'?"),
        ("things", 'unit = "currency"', 'unit = "currency", scale = 9', "0 to 6 digits"),
        ("things", 'role = "flag"', 'role = "money"', "a type for money"),
        ("bakery", 'noun = "order line"', 'noun = "bread order"', "a noun of its own"),
        ("bakery", 'noun = "bread"\n', 'noun = "Bread"\n', "lower case"),
        ("bakery", "[slots.line]", "[slots.lin]", "clothes of line"),
        ("bakery", "introducer = ", "introdcer = ", "did you mean 'introducer'?"),
        ("bakery", '"referrer"', '"referred by"', "a noun"),
        ("bakery", "active = ", "actve = ", "did you mean 'active'?"),
        ("bakery", 'active = "regular"', 'active = "former"', "states of 'plain' that differ"),
        ("bakery", '"ordered on"', '"total"', "names that differ"),
        ("bakery", "urgency = [", "urgncy = [", "did you mean 'urgency'?"),
        ("bakery", 'name = "sliced"', 'name = "total"', "that the pattern does not have"),
        ("bakery", "price = 3.5", "prise = 3.5", "did you mean 'price'?"),
        ("bakery", "price = 3.5", "price = 3.555", "at most 2 digits"),
        ("bakery", 'name = "Wheat"', 'name = "Rye"', "each name once"),
        ("bakery", '"things"]', '"thigs"]', "did you mean 'things'?"),
        ("bakery", 'sector = "food"', 'sector = " "', "a text"),
        ("bakery", '"Oven", ', '"Crumb", ', "each once"),
        ("bakery", 'code = "BO"', 'code = "B"', "two to four capitals"),
        ("garage", 'live = ["booked", "on_lift"], ', "", "states for the mark 'live'"),
        ("garage", 'currency = "GBP"', 'currency = "pound"', "three capitals"),
    ],
)  # fmt: skip
def test_each_mistake_is_found(file, old, new, told):
    assert old in TEXTS[file]
    small = library(**{file: TEXTS[file].replace(old, new, 1)})
    found = [str(one) for one in (*check_patterns(small), *check_industries(small))]
    assert any(told in one for one in found), found


def test_a_reference_to_a_row_must_lead_to_one():
    text = TEXTS["bakery"].replace(
        'noun = "order line"', 'noun = "order line"\nrows = [{ thing = "Rya", quantity = 2 }]'
    )
    (found,) = check_industries(library(bakery=text))
    assert "did you mean 'Rye'?" in str(found)


def test_an_option_that_is_ruled_out_is_one():
    text = TEXTS["bakery"].replace("patterns = ", 'without = ["sales.hstory"]\npatterns = ')
    (found,) = check_industries(library(bakery=text))
    assert "did you mean 'sales.history'?" in str(found)


def test_a_field_repeats_one_that_is_there():
    good = 'name = "price", type = "decimal", repeats = "thing.price"'
    text = TEXTS["sales"].replace('name = "price", type = "decimal"', good)
    assert check_patterns(library(sales=text)) == []
    (found,) = check_patterns(library(sales=text.replace("thing.price", "thing.prise")))
    assert "did you mean 'price'?" in str(found)


@pytest.mark.parametrize("name", sorted(load().patterns))
def test_committed_patterns_have_no_problem(name):
    problems = check_pattern(load().patterns[name], load(), KNOWN)
    assert [str(one) for one in problems] == []


@pytest.mark.parametrize("name", sorted(load().industries))
def test_committed_industries_have_no_problem(name):
    problems = check_industry(load().industries[name], load(), KNOWN)
    assert [str(one) for one in problems] == []


def test_authors_are_told_of_their_file(tmp_path, capsys):
    folder = tmp_path / "industries"
    folder.mkdir()
    path = folder / "bakery.toml"
    text = """
name = "bakery"
title = "Bakery"
desk = "the counter of a bakery"
sector = "food"
firms = ["Crumb", "Oven", "Loaf"]
patterns = ["party", "staff"]
slots.client = { noun = "customer", names = { emal = "mail" } }
slots.staff = { noun = "baker", values = { role = ["apprentice", "master"] } }
"""
    path.write_text(text)
    assert main([str(path)]) == 1
    assert "did you mean 'email'?" in capsys.readouterr().out
    path.write_text(text.replace("emal", "email"))
    assert main([str(path)]) == 0
    path.write_text(text.replace("noun", "nown"))
    assert main([str(path)]) == 1
    assert re.search("did you mean 'noun'?", capsys.readouterr().out)
