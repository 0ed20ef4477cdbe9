"""Plans: the interpreter agrees with exhaustive enumeration, and so does what tools answer."""

from __future__ import annotations

import random
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies_plans import CLINIC, MUSIC, Builder, plans
from strategies_tasks import OWN, proved
from wide_plans import SITES

from agentgym.plan import Choose, Emit, Fact, Link, Plan, Select, Where, Write, told
from agentgym.plan.tables import Tables
from agentgym.prove import brute
from agentgym.schema import Field, Schema
from agentgym.schema.types import Row, Rows, Stored, to_wire

_TEXTS = ("a", "A", "ß", "SS", "Straße", "STRASSE", "é", "É", "b c")


def stored(one: Field) -> st.SearchStrategy[Stored]:
    """Draw stored values from so few that they meet."""
    values: st.SearchStrategy[Stored]
    match one.type:
        case "integer" | "decimal":
            values = st.integers(1, 3)
        case "float":
            values = st.sampled_from((0.5, 1.0, 2.5))
        case "boolean":
            values = st.integers(0, 1)
        case "date":
            values = st.sampled_from(("2024-01-01", "2024-02-01", "2025-01-01"))
        case "datetime":
            values = st.sampled_from(("2024-01-01T00:00:00Z", "2024-01-01T10:00:00Z"))
        case "enum":
            values = st.sampled_from(one.values or ())
        case _:
            values = st.sampled_from(_TEXTS)
    return values if one.role == "key" else st.none() | values


@st.composite
def tables(draw: Any, schema: Schema) -> dict[str, tuple[Row, ...]]:
    """Draw rows that know nothing of references or uniques, but for distinct keys."""
    found = {}
    for entity in schema.entities:
        rows = draw(st.lists(st.tuples(*map(stored, entity.fields)), max_size=6))
        places = [entity.position(name) for name in entity.key]
        found[entity.name] = tuple({tuple(r[p] for p in places): r for r in rows}.values())
    return found


class Known(Builder):
    """Draws plans whose facts are mostly values of the rows, in any case of letters."""

    def __init__(self, draw: Any, schema: Schema, rows: Rows) -> None:
        super().__init__(draw, schema)
        self.rows = rows

    def fact(self, name: str, one: Field, *, may_hold: bool = False) -> str:
        """Add a fact, of a row if there is one."""
        made = super().fact(name, one, may_hold=may_hold)
        place = self.schema.entity(name).position(one.name)
        column = [row[place] for row in self.rows.get(name, ()) if row[place] is not None]
        if column and self.draw(st.integers(0, 4)):
            value = to_wire(one, self.draw(st.sampled_from(column)))
            if isinstance(value, str) and one.type == "text" and self.draw(st.booleans()):
                value = value.swapcase()
            old = self.facts.pop()
            kind = type(old)
            parts = {n: getattr(old, n) for n in old.__struct_fields__ if n != "value"}
            self.facts.append(kind(**parts, value=value))
        return made


@st.composite
def cases(draw: Any) -> tuple[Schema, dict[str, tuple[Row, ...]], Plan]:
    """Draw a schema, rows, and a plan over them."""
    schema = draw(st.sampled_from((SITES, CLINIC, MUSIC)))
    rows = draw(tables(schema))
    family = draw(st.sampled_from(("lookup", "multi_hop", "multi_hop", "aggregate")))
    return schema, rows, Known(draw, schema, rows).plan(family)


@given(cases())
def test_extents_are_those_of_enumeration(case: tuple[Schema, Rows, Plan]) -> None:
    """Links, comparisons, picks, NULLs, composite references and case agree with brute force."""
    schema, rows, plan = case
    seen = Tables(schema, rows)
    truth = brute.extents(plan, schema, rows)
    for node in plan.nodes:
        if isinstance(node, Select):
            extent = seen.extent(plan, node.id)

            assert set(extent) == truth[node.id], node
            assert len(extent) == len(set(extent))


@given(cases(), st.data())
def test_a_masked_row_agrees_with_enumeration(
    case: tuple[Schema, Rows, Plan], data: st.DataObject
) -> None:
    """What is left when one select is taken to be another row agrees with brute force."""
    schema, rows, plan = case
    selects = [n for n in plan.nodes if isinstance(n, Select) and rows.get(n.entity)]
    if not selects:
        return
    masked = data.draw(st.sampled_from(selects))
    row = data.draw(st.sampled_from(list(rows[masked.entity])))
    truth = brute.extents(plan, schema, rows, {masked.id: row})
    seen = Tables(schema, rows)
    for node in selects:
        assert set(seen.extent(plan, node.id, {masked.id: (row,)})) == truth[node.id]


@given(cases())
def test_telling_keeps_what_is_asked(case: tuple[Schema, Rows, Plan]) -> None:
    """The told form is its own told form, and asks for the same values."""
    schema, rows, plan = case
    again = told(plan)
    seen = Tables(schema, rows)

    assert told(again) == again
    assert [seen.value(plan, e) for e in plan.nodes if isinstance(e, Emit)] == [
        seen.value(again, e) for e in again.nodes if isinstance(e, Emit)
    ]


@given(tables(SITES), st.data())
def test_several_links_hold_together(rows: Rows, data: st.DataObject) -> None:
    """A row that is told by two relations satisfies both, as enumeration says."""
    names = ("site", "box", "box")
    facts = tuple(
        Fact(id=f"f{n}", entity=e, field=f, value=data.draw(st.sampled_from(_TEXTS)))
        for n, (e, f) in enumerate((("site", "name"), ("box", "label"), ("box", "label")))
    )
    anchors = tuple(
        Select(id=f"n{n}", entity=e, where=(Where(field=facts[n].field, fact=f"f{n}"),))
        for n, e in enumerate(names)
    )
    links = (
        Link(relation="box_site", forward=True, node="n0"),
        Link(relation="box_parent", forward=True, node="n1"),
        Link(relation="box_parent", forward=False, node="n2"),
    )
    chosen = tuple(data.draw(st.lists(st.sampled_from(links), unique=True, min_size=2)))
    node = Select(id="n3", entity="box", links=chosen)
    plan = Plan(family="multi_hop", facts=facts, nodes=(*anchors, node))
    found = Tables(SITES, rows).extent(plan, "n3")

    assert set(found) == brute.extents(plan, SITES, rows)["n3"]


@given(tables(SITES))
def test_nothing_equals_null(rows: Rows) -> None:
    """A look-up finds no row by a value that is not there."""
    seen = Tables(SITES, rows)

    assert seen.lookup("box", ("parent_id",), (None,)) == []
    assert seen.lookup("box", ("site_country", "site_number"), ("a", None)) == []


@given(plans(CLINIC), st.randoms())
def test_telling_forgets_the_order_of_clues(plan: Plan, shuffle: random.Random) -> None:
    """Plans that differ in the order of clues and settings are told alike."""

    def mixed(parts: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(shuffle.sample(parts, len(parts)))

    nodes = tuple(
        msgspec.structs.replace(node, where=mixed(node.where))
        if isinstance(node, Select)
        else msgspec.structs.replace(node, settings=mixed(node.settings))
        if isinstance(node, Write)
        else node
        for node in plan.nodes
    )

    assert told(msgspec.structs.replace(plan, nodes=nodes)) == told(plan)


@pytest.mark.parametrize("name", OWN)
def test_tools_answer_what_the_rows_say(name: str) -> None:
    """Every argument of a gold run has an origin, and the run ends in the interpreter's value."""
    prover, filled = proved(name)
    for task in filled.tasks:
        if task.stream:
            continue  # what is told of an event is an offer, and no answer
        tables = prover.tables.patched(task.patch)
        emits = [node for node in tables.wanted(task.plan) if isinstance(node, Emit)]
        answers = task.answer if len(emits) > 1 else [task.answer]
        for emit, answer in zip(emits, answers, strict=bool(emits)):
            values = tables.value(task.plan, emit)
            if emit.many or isinstance(task.plan.node(emit.node), Choose):
                assert sorted(map(str, values)) == sorted(map(str, answer))
            else:
                assert [str(value) for value in values] == [str(answer)]
        for step in task.gold:
            assert set(step.origin) == set(step.arguments)


@pytest.mark.parametrize("name", OWN)
def test_no_gold_call_is_idle(name: str) -> None:
    """A gold run repeats no call, and each call serves a node of the plan.

    What lets time pass, or asks whether there is more, may come again.
    """
    _, filled = proved(name)
    for task in filled.tasks:
        acts = [
            step
            for step in task.gold
            if step.tool != "wait" and "anything else" not in str(step.arguments)
        ]
        calls = [(step.tool, str(sorted(step.arguments.items()))) for step in acts]
        nodes = {node.id for node in task.plan.nodes}

        assert len(set(calls)) == len(calls)
        assert {step.node for step in task.gold} <= nodes
