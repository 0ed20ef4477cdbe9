"""The terms one by one: order, pages, decimals, rules and keys, by example."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentgym import rules
from agentgym.domain import Clock, Domain, Source
from agentgym.errors import DomainError
from agentgym.rules import All, AnyOf, Compare, In, Move, Not, Rule
from agentgym.schema import Entity, Field, Lifecycle, Relation, Schema
from agentgym.testing.truth import Scene, truth
from agentgym.tools.algebra import (
    Aggregate,
    Argument,
    Create,
    Filter,
    ListRelated,
    Order,
    Search,
    Term,
    Tool,
    Transition,
    Update,
)
from agentgym.world.compile import Engine
from agentgym.world.guards import guard
from agentgym.world.keys import pattern, spell
from agentgym.world.refusals import Refusal

ITEM = Entity(
    name="item",
    label="item",
    plural="items",
    key=("code",),
    key_source="text",
    fields=(
        Field(name="code", label="code", type="text", role="key"),
        Field(name="serial", label="serial", type="integer", unique=True, nullable=True),
        Field(name="price", label="price", type="decimal", scale=2, nullable=True, role="money"),
        Field(name="tax", label="tax", type="decimal", scale=4, nullable=True, role="money"),
        Field(name="weight", label="weight", type="float", nullable=True, role="measure"),
        Field(name="made", label="made on", type="date", nullable=True, role="time"),
        Field(name="sold", label="sold at", type="datetime", nullable=True, role="time"),
        Field(name="state", label="state", type="text", nullable=True, role="status"),
        Field(name="pin", label="pin", type="text", nullable=True, unique=True, role="secret"),
        Field(name="updated_at", label="updated", type="datetime", nullable=True, role="audit"),
        Field(name="size", label="size", type="integer", nullable=True, role="quantity"),
    ),
)
PART = Entity(
    name="part",
    label="part",
    plural="parts",
    key=("item_serial", "other"),
    fields=(
        Field(name="item_serial", label="item", type="integer", role="reference"),
        Field(name="other", label="part", type="text", role="reference"),
    ),
)


def _relation(name: str, field: str, target: str) -> Relation:
    return Relation(
        name=name,
        entity="part",
        fields=(field,),
        target="item",
        target_fields=(target,),
        label="item",
        inverse="parts",
    )


SCHEMA = Schema(
    entities=(ITEM, PART),
    relations=(
        _relation("part_item", "item_serial", "serial"),
        _relation("part_other", "other", "code"),
    ),
    lifecycles=(
        Lifecycle(
            entity="item", field="state", initial=("new",), moves={"new": ("old",), "old": ()}
        ),
    ),
)


def _row(code: str, serial: int, **values: Any) -> tuple[Any, ...]:
    names = [field.name for field in ITEM.fields]
    known = {"code": code, "serial": serial} | values
    return tuple(known.get(name) for name in names)


ROWS = (
    _row("I-007", 7, price=1050, tax=1, weight=0.1, state="new", pin="p7", size=2**62),
    _row("I-008", 8, price=-50, tax=105000, weight=0.2, state="OLD b", size=2**62),
    _row("I-009", 9, weight=0.3, made="2026-01-01", sold="2026-01-01T00:00:00Z", size=1),
    _row("i-010", 10, price=1050, state="new"),
)


def _domain(*terms: Term, rows: Any = ROWS, guards: tuple[Rule, ...] = ()) -> Domain:
    return Domain(
        name="items",
        title="Items",
        description="Items.",
        schema=SCHEMA,
        rules=(*rules.derive(SCHEMA), *guards),
        tools=tuple(
            Tool(
                name=f"t{number}",
                description="T.",
                term=term,
                guards=tuple(
                    rule.id
                    for rule in (*rules.derive(SCHEMA), *guards)
                    if rule.entity == getattr(term, "entity", "") and "delete" not in rule.on
                )
                if isinstance(term, (Create, Update, Transition))
                else (),
            )
            for number, term in enumerate(terms)
        ),
        clock=Clock(start="2026-05-01T00:00:00Z"),
        source=Source(kind="sql", name="items", sha256="0" * 64),
        rows={"item": tuple(rows), "part": ((7, "I-008"), (7, "i-010"), (9, "I-008"))},
    )


def _ask(*terms: Term, **more: Any) -> Any:
    engine = Engine(_domain(*terms, **more))
    world = engine.world()
    return lambda number=0, **sent: engine.call(world, f"t{number}", sent)


def _filter(field: str, op: Any) -> Filter:
    return Filter(param=f"{op}_{field}", field=field, op=op, description=field)


def _argument(field: str, *, required: bool = False) -> Argument:
    return Argument(param=field, field=field, description=field, required=required)


KEY = (_argument("code", required=True),)
NAMES = ("serial", "price", "tax", "weight", "made", "sold", "state", "size")


def test_nulls_come_last_and_ties_by_key() -> None:
    """Both directions put NULLs last; equal values stand in the order of keys."""
    ask = _ask(Search(entity="item", filters=(), sorts=NAMES))
    for descending, expected in (
        (False, ["I-008", "I-007", "i-010", "I-009"]),
        (True, ["I-007", "i-010", "I-008", "I-009"]),
    ):
        found = ask(sort_by="price", descending=descending).data["items"]
        assert [item["code"] for item in found] == expected


def test_pages_cover_all_rows_once() -> None:
    """Pages follow one another without gap; a page after the last is empty, not an error."""
    order = Order(field="price", descending=True)
    ask = _ask(Search(entity="item", filters=(), order=order, page_size=3))
    first, second, third = (ask(page=n).data for n in (1, 2, 3))
    assert [i["code"] for i in first["items"] + second["items"]] == [
        "I-007",
        "i-010",
        "I-008",
        "I-009",
    ]
    assert (first["total"], first["pages"], second["page"]) == (4, 2, 2)
    assert third == {"items": [], "total": 4, "page": 3, "pages": 2}
    assert ask(page=2**63 - 1).data["items"] == []
    assert ask(page=0).error.parameter == "page"
    assert _ask(Search(entity="item", filters=()), rows=())().data["pages"] == 0


def test_filters_ignore_case_but_not_wildcards() -> None:
    """`eq` and `contains` on texts fold case; `%` and `_` are only characters."""
    terms = (_filter("code", "eq"), _filter("state", "contains"), _filter("price", "ge"))
    ask = _ask(Search(entity="item", filters=terms))
    assert [i["serial"] for i in ask(eq_code="I-010").data["items"]] == [10]
    assert [i["serial"] for i in ask(contains_state="old").data["items"]] == [8]
    assert ask(contains_state="%").data["total"] == 0
    assert ask(contains_state="").error.code == "bad_arguments"
    assert ask(ge_price=10.5).data["total"] == 2
    assert ask(ge_price=Decimal("10.50"), contains_state="e").data["total"] == 2


def test_aggregates_are_exact() -> None:
    """Sums of decimals are exact, averages rounded half up, sums past 64 bits refused."""
    ask = _ask(
        Aggregate(
            entity="item",
            functions=("count", "sum", "avg", "min", "max"),
            fields=NAMES,
            filters=(_filter("serial", "le"),),
        )
    )
    assert ask(function="sum", field="price").data == {"value": Decimal("20.50"), "rows": 4}
    assert str(ask(function="avg", field="price").data["value"]) == "6.8333"
    assert str(ask(function="avg", field="serial").data["value"]) == "8.50"
    assert str(ask(function="avg", field="size").data["value"]) == "3074457345618258603.00"
    assert ask(function="sum", field="weight").data["value"] == 0.6
    assert ask(function="avg", field="weight").data["value"] == 0.2
    assert ask(function="count", field="price").data == {"value": 3, "rows": 4}
    assert ask(function="count").data == {"value": 4, "rows": 4}
    assert ask(function="sum", field="price", le_serial=1).data == {"value": None, "rows": 0}
    assert ask(function="max", field="made").data["value"] == "2026-01-01"
    assert ask(function="sum", field="size").error.code == "limit_exceeded"
    assert ask(function="sum", field="made").error.parameter == "field"
    assert ask(function="avg").error.parameter == "field"


def test_related_rows_through_a_link() -> None:
    """A link lists each row once, by keys that are not the target's primary key too."""
    through = ListRelated(relation="part_item", through="part_other", key=KEY, page_size=2)
    direct = ListRelated(relation="part_other", key=KEY)
    ask = _ask(through, direct)
    assert [i["code"] for i in ask(code="I-007").data["items"]] == ["I-008", "i-010"]
    assert ask(code="I-008").data["total"] == 0
    assert ask(code="i-007").error.code == "not_found"
    assert ask(1, code="I-008").data["items"] == [
        {"item_serial": 7, "other": "I-008"},
        {"item_serial": 9, "other": "I-008"},
    ]


def test_unique_values_conflict_without_telling_secrets() -> None:
    """A taken value is a conflict that names the parameter, but never a secret's value."""
    ask = _ask(Update(entity="item", key=KEY, values=(_argument("serial"), _argument("pin"))))
    assert ask(code="I-008", serial=9).error.parameter == "serial"
    secret = ask(code="I-008", pin="p7").error
    assert (secret.code, secret.parameter) == ("conflict", "pin")
    assert "p7" not in secret.message
    held = ask(code="I-007", serial=99).error
    assert held.code == "conflict"
    assert "2 parts refer" in held.message
    done = ask(code="I-008", serial=None).data
    assert done["serial"] is None
    assert done["updated_at"] == "2026-05-01T00:00:00Z"
    assert "pin" not in done


def test_moves_follow_the_life_cycle() -> None:
    """A transition goes where the life cycle leads; from nothing only to a first state."""
    ask = _ask(
        Transition(entity="item", key=KEY, to=_argument("state", required=True)),
        Create(entity="item", values=(_argument("state"),)),
    )
    assert ask(code="I-009", state="old").error.rule == "item_state_moves"
    assert ask(code="I-009", state="new").ok
    assert ask(code="I-009", state="new").error.rule == "item_state_moves"
    assert ask(code="I-009", state="old").ok
    assert ask(code="I-009", state="new").error.code == "rule_broken"
    assert ask(1, state="old").error.rule == "item_state_moves"
    made = ask(1).data
    assert (made["state"], made["updated_at"]) == ("new", "2026-05-01T00:00:00Z")


@pytest.mark.parametrize(
    ("keys", "longest", "expected"),
    [
        (["I-007", "I-010"], None, "I-011"),
        (["C9", "C10"], None, "C11"),
        (["P998", "P999"], None, "P1000"),
        (["7", "12"], None, "13"),
    ],
)
def test_text_keys_continue(keys: list[str], longest: int | None, expected: str) -> None:
    """Numbered keys go on after the highest, with the same prefix and width."""
    form = pattern(keys, longest=longest)
    assert spell(form, "item", form.highest + 1, longest=longest) == expected


@given(
    keys=st.lists(st.text(max_size=8), max_size=5),
    longest=st.sampled_from([None, 1, 3, 12, 36]),
    count=st.integers(1, 10**6),
)
def test_text_keys_of_any_form_fit(keys: list[str], longest: int | None, count: int) -> None:
    """Whatever the keys are, a new one is not longer than allowed and depends on the count."""
    form = pattern(keys, longest=longest)
    key = spell(form, "item", count, longest=longest)
    assert key == spell(form, "item", count, longest=longest)
    assert key and (longest is None or len(key) <= longest)


def test_new_keys_skip_those_in_use() -> None:
    """A text key that a caller gave by hand is not given out again."""
    ask = _ask(Create(entity="item", values=(_argument("code"),)), rows=ROWS[:3])
    assert ask(code="I-010").ok
    assert ask().data["code"] == "I-011"
    assert ask(code="I-011").error.code == "conflict"
    assert ask().data["code"] == "I-012"


def test_tools_that_do_not_fit_are_authors_mistakes() -> None:
    """Terms that would leak, ignore or break something are refused when compiled."""
    for term in (
        Aggregate(entity="item", functions=("min",), fields=("pin",), filters=()),
        Search(entity="item", filters=(_filter("pin", "eq"),)),
        Search(entity="item", filters=(_filter("serial", "contains"),)),
        Search(entity="item", filters=(), sorts=("pin",)),
        Update(entity="item", key=KEY, values=(_argument("code"),)),
        Update(entity="part", key=(_argument("other"),), values=(_argument("item_serial"),)),
    ):
        with pytest.raises(DomainError):
            Engine(_domain(term)).compile()


FIELDS = ("serial", "price", "tax", "weight", "made", "sold", "state")
OPS: Any = st.sampled_from(["eq", "ne", "lt", "le", "gt", "ge"])
CONSTANTS: dict[str, list[Any]] = {
    "serial": [7, 8, Decimal("7.5")],
    "price": [Decimal("10.50"), 10, 10.5, Decimal("10.505")],
    "tax": [Decimal("10.5"), 0, 0.0001],
    "weight": [0.1, 1, 0],
    "made": ["2026-01-01", "2025-01-01"],
    "sold": ["2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"],
    "state": ["new", "NEW", "old"],
}
GROUPS = (("serial", "price", "tax", "weight"), ("made", "sold"), ("state",))


@st.composite
def _comparisons(draw: st.DrawFn) -> Compare | In | Move:
    name = draw(st.sampled_from(FIELDS))
    kind = draw(st.sampled_from(["value", "other", "in", "move"]))
    if kind == "move":
        return Move(field="state")
    if kind == "in":
        return In(field=name, values=tuple(draw(st.lists(st.sampled_from(CONSTANTS[name])))))
    if kind == "value":
        return Compare(field=name, op=draw(OPS), value=draw(st.sampled_from(CONSTANTS[name])))
    group = next(group for group in GROUPS if name in group)
    return Compare(field=name, op=draw(OPS), other=draw(st.sampled_from(group)))


PREDICATES = st.recursive(
    _comparisons(),
    lambda inner: st.one_of(
        inner.map(lambda part: Not(of=part)),
        st.lists(inner, max_size=3).map(lambda parts: All(of=tuple(parts))),
        st.lists(inner, max_size=3).map(lambda parts: AnyOf(of=tuple(parts))),
    ),
    max_leaves=4,
)
ENGINE = Engine(_domain())
WORLD = ENGINE.world()


@given(predicate=PREDICATES, before=st.none() | st.sampled_from(ROWS), after=st.sampled_from(ROWS))
def test_guards_agree_with_the_reference(predicate: Any, before: Any, after: Any) -> None:
    """A compiled rule refuses exactly what the reference reading calls false."""
    rule = Rule(id="r", entity="item", on=("update",), predicate=predicate)
    names = [field.name for field in ITEM.fields]
    expected = truth(
        predicate,
        ITEM,
        Scene(SCHEMA, {}, "update"),
        before=before and dict(zip(names, before, strict=True)),
        after=dict(zip(names, after, strict=True)),
    )
    check = guard(rule, ENGINE.image, {})
    if expected is False:
        with pytest.raises(Refusal) as refused:
            check(WORLD, before, after, {})
        assert refused.value.fault.rule == "r"
    else:
        check(WORLD, before, after, {})


def test_records_of_the_room_are_frozen() -> None:
    """What a world hands out cannot be changed behind its back."""
    moment = WORLD.snapshot()
    with pytest.raises(AttributeError):
        moment.turns = 3  # type: ignore[misc]
    assert msgspec.structs.replace(moment) == moment
