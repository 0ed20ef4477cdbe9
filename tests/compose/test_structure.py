"""Blueprints, fleets and what is glued of them."""

import os
import subprocess
import sys
from collections import Counter
from itertools import islice
from math import ceil

import pytest
from compose.small import TEXTS, library
from hypothesis import given, settings
from hypothesis import strategies as st

from agentgym import rules as rule_room
from agentgym.domain.valid import check_parts
from agentgym.errors import UsageError
from agentgym.formats import encode, fingerprint
from agentgym.rules import Add, Compare, In
from agentgym.schema.canonical import structure
from agentgym.sources.compose import Blueprint, compose, draw, fleet, glue, load
from agentgym.sources.compose.blueprint import LARGEST, MOST

SMALL = library()
EVERYTHING = Blueprint(
    index=0,
    industry="bakery",
    patterns=("people", "things", "sales"),
    options={
        "people": ("standing", "introduced"),
        "things": ("weighing", "checked_tags"),
        "sales": ("fee", "history"),
    },
    slots=("client", "thing", "tag", "thing_tag", "tag_check", "order", "line", "happening"),
    flows={"client": "plain", "order": "long"},
    keys={
        "client": "number",
        "thing": "number",
        "tag": "number",
        "thing_tag": "number",
        "tag_check": "number",
        "order": "code",
        "line": "number",
        "happening": "number",
    },
)
BARE = Blueprint(
    index=0,
    industry="bakery",
    patterns=("people", "sales"),
    options={},
    slots=("client", "order", "line"),
    flows={"order": "short"},
    keys={"client": "number", "order": "number", "line": "number"},
)


@st.composite
def blueprints(draw_from):
    industry = draw_from(st.sampled_from(sorted(load().industries)))
    return draw(draw_from(st.integers(0, 2**32)), draw_from(st.integers(0, 999)), industry=industry)


def valid(glued):
    invariants = rule_room.derive(glued.schema)
    check_parts(glued.schema, (*invariants, *glued.rules), glued.effects, (), where="made")


@settings(max_examples=60)
@given(blueprints())
def test_every_blueprint_glues_to_a_valid_schema(blueprint):
    glued = glue(blueprint)
    valid(glued)
    assert tuple(glued.schema.by_name) == blueprint.slots
    assert len(blueprint.patterns) <= MOST
    assert len(blueprint.slots) <= LARGEST
    trade = load().industries[blueprint.industry]
    assert set(blueprint.slots) <= set(trade.slots)
    assert set(blueprint.patterns) <= set(trade.patterns)
    for name in blueprint.patterns:
        assert set(load().patterns[name].needs) <= set(blueprint.slots)
        assert not {f"{name}.{one}" for one in blueprint.options.get(name, ())} & set(trade.without)


def test_what_is_there_is_said():
    glued = glue(EVERYTHING, SMALL)
    valid(glued)
    (total,) = [one for one in glued.schema.derived if one.field == "total"]
    assert [term.fields for term in total.own] == [("fee",)]
    assert {rule.id for rule in glued.rules} == {
        "line_while_order_live",
        "order_for_live_client",
        "order_of_weighed_thing",
    }
    (check,) = glued.schema.checks
    assert (check.field, check.op, check.value) == ("quantity", "gt", 0)
    (effect,) = glued.effects
    assert isinstance(effect.do, Add)
    assert set(effect.do.values) == {"order_key", "at", "new_status"}
    happening = glued.schema.entity("happening")
    assert (
        happening.field("new_status").values == glued.schema.entity("order").field("status").values
    )
    assert happening.field("order_key").type == "text"


def test_what_is_not_there_is_left_out():
    glued = glue(BARE, SMALL)
    valid(glued)
    assert {relation.name for relation in glued.schema.relations} == {"order_client", "line_order"}
    (total,) = [one for one in glued.schema.derived if one.field == "total"]
    assert total.own == ()
    assert [rule.id for rule in glued.rules] == ["line_while_order_live"]
    assert glued.effects == ()
    assert glued.schema.exclusives == ()


def test_a_mark_of_several_states_is_a_choice_among_them():
    said = {rule.id: rule.predicate for rule in glue(EVERYTHING, SMALL).rules}
    assert said["line_while_order_live"] == In(
        path=("line_order",), field="status", values=("draft", "placed")
    )
    assert isinstance(glue(BARE, SMALL).rules[0].predicate, Compare)


def test_values_that_the_trade_renames_are_renamed_in_rules():
    urgent = BARE.__class__(**{**_fields(BARE), "options": {"sales": ("urgent_only",)}})
    glued = glue(urgent, SMALL)
    assert glued.schema.entity("order").field("urgency").values == ("some day", "at once")
    assert glued.schema.entity("order").field("urgency").default == "some day"
    predicate = next(r for r in glued.rules if r.id == "order_urgent").predicate
    assert isinstance(predicate, Compare)
    assert predicate.value == "at once"


def test_values_of_which_the_trade_has_others_are_in_no_rule():
    text = TEXTS["bakery"].replace('["some day", "at once"]', '["a", "b", "c"]')
    urgent = BARE.__class__(**{**_fields(BARE), "options": {"sales": ("urgent_only",)}})
    glued = glue(urgent, library(bakery=text))
    assert "order_urgent" not in [rule.id for rule in glued.rules]


def _fields(blueprint):
    return {name: getattr(blueprint, name) for name in blueprint.__struct_fields__}


def test_a_link_that_is_referred_to_has_a_key_of_its_own():
    glued = glue(EVERYTHING, SMALL)
    link = glued.schema.entity("thing_tag")
    assert link.key == ("key",)
    assert link.uniques == (("thing_key", "tag_key"),)
    drawn = [draw(1, n, industry="bakery", library=SMALL) for n in range(30)]
    for one in drawn:
        if "thing_tag" in one.slots:
            joined = "tag_check" not in one.slots
            assert (one.keys["thing_tag"] == "references") == joined


def test_references_turn_and_are_shared():
    turned = Blueprint(**_fields(BARE) | {"turned": ("order.client",)})
    assert glue(turned, SMALL).schema.entity("order").field("client_key").nullable
    assert not glue(BARE, SMALL).schema.entity("order").field("client_key").nullable


def test_options_exclude_each_other_and_what_is_ruled_out_is_not_drawn():
    text = TEXTS["bakery"].replace("patterns = ", 'without = ["sales.history"]\npatterns = ')
    for number in range(60):
        one = draw(3, number, industry="bakery", library=library(bakery=text))
        options = one.options.get("sales", ())
        assert not {"fee", "urgent_only"} <= set(options)
        assert "history" not in options
        assert "people" not in one.patterns or "standing" in one.options["people"]


def test_slots_without_clothes_are_not_drawn():
    for number in range(30):
        one = draw(3, number, industry="garage", library=SMALL)
        assert "happening" not in one.slots
        assert "tag_check" not in one.slots


def test_an_unknown_trade_is_told():
    with pytest.raises(UsageError, match="did you mean 'bakery'"):
        draw(1, 1, industry="bakry", library=SMALL)


def test_the_first_of_a_longer_fleet_are_those_of_a_shorter_one():
    long = list(fleet(5, 40))
    assert list(fleet(5, 25)) == long[:25]
    assert list(islice(fleet(5, 40), 10)) == long[:10]
    assert list(fleet(6, 10)) != long[:10]


def test_a_fleet_has_no_twins_and_uses_its_trades_alike():
    made = list(fleet(11, 140))
    assert [one.index for one in made] == list(range(140))
    digests = Counter(structure(glue(one).schema).digest for one in made)
    assert max(digests.values()) == 1
    together = Counter(one.combination for one in made)
    assert max(together.values()) <= max(2, ceil(0.02 * len(made)))
    trades = Counter(one.industry for one in made)
    assert len(trades) == len(load().industries)
    assert max(trades.values()) - min(trades.values()) <= 1
    sizes = [len(one.slots) for one in made]
    assert sum(sizes) / len(sizes) >= 8


def test_what_is_not_accepted_is_drawn_again():
    asked = []

    def judge(blueprint):
        asked.append(blueprint)
        return len(asked) % 3 != 0

    made = list(fleet(5, 20, accept=judge))
    assert len(made) == 20
    assert len(asked) > 20
    assert all(one in asked for one in made)
    assert made == [one for number, one in enumerate(asked, 1) if number % 3]


def test_a_fleet_that_runs_out_says_so():
    with pytest.raises(UsageError, match="each unlike the others"):
        list(fleet(1, 3, accept=lambda one: one.index < 2, library=SMALL))
    with pytest.raises(UsageError, match="500 structures"):
        list(fleet(1, 500, library=SMALL))


def test_nothing_hangs_on_the_seed_of_hashes():
    code = (
        "from agentgym.formats import encode, fingerprint\n"
        "from agentgym.sources.compose import compose, fleet\n"
        "print(fingerprint(encode([compose(one, 4) for one in fleet(4, 4)])))\n"
    )
    here = os.environ.get("PYTHONHASHSEED", "")
    there = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONHASHSEED": "2" if here == "1" else "1"},
        capture_output=True,
        check=True,
        text=True,
    ).stdout.strip()
    assert there == fingerprint(encode([compose(one, 4) for one in fleet(4, 4)]))
