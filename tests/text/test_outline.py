"""Outlines: whatever a model writes becomes a draft that builds, or a list of problems."""

from __future__ import annotations

import json
import math
from collections import Counter
from typing import Any

import jsonschema
import pytest
from hypothesis import given, note, settings
from outlines import BIKE_WORKSHOP, FOOD_BANK, GOOD, TOOL_LIBRARY
from strategies_outlines import WILD, bent

from agentgym import domain as domain_room
from agentgym.build.mould import mould
from agentgym.build.one import check, construct
from agentgym.domain import Domain
from agentgym.formats import decode
from agentgym.rules import Adjust, Count, In
from agentgym.sources.text import Outline, Reading, fit, json_schema, shape
from agentgym.world.compile import engine


def read(outline) -> Reading:
    """Return what becomes of an outline as it comes from a server."""
    sent = decode(json.dumps(outline).encode(), object, where="test")
    return shape(fit(sent, Outline, Counter()), name="words", sha256="0" * 64)


def built(reading: Reading) -> Domain:
    """Return the domain of a draft, through the same doors as a build."""
    assert reading.draft is not None
    made = mould(reading.draft, name="made", seed=3, rules=2, options={})
    return domain_room.parse(made.to_json(), made.rows_to_lines(), where="made")


def judge(outline) -> None:
    """Check that an outline is refused with reasons, or builds."""
    try:
        reading = read(outline)
    except ValueError:
        json.dumps(outline, allow_nan=False)  # what is no JSON is no answer
        raise
    if reading.draft is None:
        assert any(problem.fatal for problem in reading.problems)
    else:
        note(f"{reading.problems}")
        domain = built(reading)
        assert len(domain.schema.entities) >= 2
        engine(domain).compile()
    for problem in reading.problems:
        assert problem.sentence.isprintable()
        assert problem.where


def finite(part) -> bool:
    if isinstance(part, float):
        return math.isfinite(part)
    if isinstance(part, dict):
        return all(map(finite, part.values()))
    return all(map(finite, part)) if isinstance(part, list) else True


FEW = settings(max_examples=max(1, settings().max_examples // 3))


@FEW
@given(WILD.filter(finite))
def test_any_answer_builds_or_is_refused_with_reasons(outline) -> None:
    judge(outline)


@FEW
@given(bent(list(GOOD.values())))
def test_a_good_outline_with_wrong_words_builds_or_is_refused(outline) -> None:
    judge(outline)


@pytest.mark.parametrize(
    "outline",
    [
        TOOL_LIBRARY,
        pytest.param(BIKE_WORKSHOP, marks=pytest.mark.slow),
        pytest.param(FOOD_BANK, marks=pytest.mark.slow),
    ],
    ids=["tools", "bikes", "food"],
)
def test_a_good_outline_builds_whole(outline, tmp_path) -> None:
    """Nothing of it is left out, twenty tasks are proved, and every proof holds again."""
    reading = read(outline)
    assert (reading.problems, reading.slips) == ((), {})
    assert reading.draft is not None
    folder = tmp_path / "made"
    report = construct(reading.draft, folder, name="made", tasks=20, seed=1)
    assert report.tasks == 20
    assert check(folder).ok


@pytest.mark.parametrize("outline", GOOD.values(), ids=["tools", "bikes", "food"])
def test_good_outlines_match_the_schema_that_models_are_held_to(outline) -> None:
    law = json_schema()
    jsonschema.Draft202012Validator.check_schema(law)
    jsonschema.Draft202012Validator(law).validate(outline)
    _strict(law)


def _strict(part) -> None:
    """Check what strict endpoints demand: all required, nothing else allowed, no references."""
    if isinstance(part, dict):
        assert "$ref" not in part and "default" not in part
        if part.get("type") == "object":
            assert part["required"] == list(part["properties"])
            assert part["additionalProperties"] is False
        for inner in part.values():
            _strict(inner)
    elif isinstance(part, list):
        for inner in part:
            _strict(inner)


def test_what_the_outline_says_is_in_the_domain() -> None:
    domain = built(read(BIKE_WORKSHOP))
    schema = domain.schema
    assert [e.name for e in schema.entities] == [
        "customer", "bicycle", "mechanic", "part", "job", "job_part",
    ]  # fmt: skip
    assert {(d.entity, d.field, d.how) for d in schema.derived} == {
        ("job_part", "amount", "sum"), ("job", "total", "sum"),
    }  # fmt: skip
    found = [
        (e.entity, e.do.field, e.do.by.sign) for e in domain.effects if isinstance(e.do, Adjust)
    ]
    assert found == [("job_part", "stock", -1)]
    assert ("job_id", "part_id") in schema.entity("job_part").uniques
    (rule,) = [r for r in domain.rules if r.id == "job_part_only_while_job_status"]
    assert isinstance(rule.predicate, In) and rule.predicate.values == ("waiting", "in_work")
    guarded = {tool.name for tool in domain.tools if rule.id in tool.guards}
    assert guarded and all("job_part" in name or "part" in name for name in guarded)
    brands = {row[2] for row in domain.rows["bicycle"]} | {row[1] for row in domain.rows["bicycle"]}
    assert brands & {"Gazelle", "Trek", "Giant", "Cube", "Koga"}


def test_limits_and_states_of_the_outline_are_rules() -> None:
    domain = built(read(TOOL_LIBRARY))
    counts = [r.predicate.value for r in domain.rules if isinstance(r.predicate, Count)]
    assert 3 in counts
    assert any(one.entity == "loan" for one in domain.schema.exclusives)
    (cycle,) = [c for c in domain.schema.lifecycles if c.entity == "loan"]
    assert cycle.moves["reserved"] == ("out", "cancelled") and cycle.moves["returned"] == ()
    assert "computed" not in str(domain.source.notes)
    assert built(read(FOOD_BANK)).schema.computed == {("parcel", "line_count")}


def broken(outline, **parts):
    """Return the outline with some of its parts replaced."""
    return {**outline, **parts}


CASES = {
    "unknown entity": (
        {"references": [*TOOL_LIBRARY["references"], {"entity": "loan", "to": "toool"}]},
        "references[4].to: there is no entity 'toool'; did you mean 'tool'?.",
    ),
    "unknown field": (
        {"rules": [{"form": "compare", "entity": "loan", "field": "du_date", "op": "ge",
                    "other": "start_date"}]},
        "did you mean 'due_date'?",
    ),
    "unreachable state": (
        {"lifecycles": [{"entity": "loan", "field": "status", "initial": "reserved",
                         "moves": [{"state": "reserved", "next": ["out"]}]}]},
        "no move leads to 'returned', 'cancelled'",
    ),
    "contradiction": (
        {"rules": [
            {"form": "compare", "entity": "loan", "field": "days", "op": "le", "value": 3},
            {"form": "compare", "entity": "loan", "field": "days", "op": "ge", "value": 9},
        ]},
        "rules[1]: it cannot hold together with rules[0]",
    ),
    "orphan": (
        {"entities": [*TOOL_LIBRARY["entities"], {"name": "weather", "fields": []}]},
        "no reference joins 'weather' to another entity",
    ),
    "a rule that says nothing": (
        {"rules": [{"form": "only_while", "entity": "repair", "actions": ["update"], "to": "tool",
                    "field": "status", "values": ["available", "lent", "in_repair", "retired"]}]},
        "every value is named",
    ),
    "units": (
        {"effects": [{"form": "adjust", "entity": "loan", "amount": "days", "to": "tool",
                      "field": "deposit", "direction": "up"}]},
        "do not add up",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_problems_are_named_with_the_nearest_legal_value(case: str) -> None:
    parts, said = CASES[case]
    reading = read(broken(TOOL_LIBRARY, **parts))
    assert any(said in problem.sentence for problem in reading.problems), reading.problems
    built(reading)


def test_small_slips_are_mended_without_asking() -> None:
    sloppy = {
        "name": "x",
        "tables": {
            "Tools": {"columns": [{"name": "Name", "type": "varchar"}, {"name": "name"}]},
            "tool loans": {
                "columns": [
                    {"name": "toolId", "type": "int"},
                    {"name": "Due Date", "type": "timestamp"},
                    {"name": "state", "type": "enum", "options": ["open"]},
                ]
            },
        },
        "lifecycles": [
            {"entity": "ToolLoan", "field": "state", "initial": "open",
             "transitions": [{"from": "open", "to": "closed"}]}
        ],
    }  # fmt: skip
    reading = read(sloppy)
    assert reading.problems == ()
    assert reading.slips["reference that only a field's name says"] == 1
    domain = built(reading)
    loan = domain.schema.entity("tool_loan")
    assert [f.name for f in loan.fields] == ["tool_loan_id", "tool_id", "due_date", "state"]
    assert loan.field("due_date").type == "datetime"
    assert loan.field("state").values == ("open", "closed")


def pair(**parts):
    """Return an outline of two entities that refer to each other."""
    states = {"name": "status", "type": "enum", "values": ["open", "done"]}
    return {
        "title": "Pairs",
        "entities": [
            {
                "name": name,
                "fields": [{"name": "name"}, states, {"name": "amount", "type": "decimal"}],
            }
            for name in ("sender", "receiver")
        ],
        "references": [
            {"entity": "sender", "to": "receiver"},
            {"entity": "receiver", "to": "sender"},
        ],
        **parts,
    }


def test_effects_that_set_each_other_off_are_refused() -> None:
    def lets(entity: str, to: str) -> dict[str, Any]:
        mark = {"when_field": "status", "when_values": ["done"]}
        return {
            "form": "set",
            "entity": entity,
            "to": to,
            "field": "status",
            "value": "done",
            **mark,
        }

    reading = read(pair(effects=[lets("sender", "receiver"), lets("receiver", "sender")]))
    assert [p.sentence for p in reading.problems] == ["effects[1]: it would set itself off."]
    assert len(built(reading).effects) >= 1


def test_sums_of_each_other_are_refused() -> None:
    def adds(entity: str, of: str) -> dict[str, Any]:
        return {"form": "sum", "entity": entity, "field": "amount", "of": of, "amount": "amount"}

    reading = read(pair(derived=[adds("sender", "receiver"), adds("receiver", "sender")]))
    assert [p.where for p in reading.problems] == ["derived[1]"]
    assert len(built(reading).schema.derived) == 1


def test_a_circle_of_references_has_somebody_who_is_first() -> None:
    domain = built(read(pair()))
    assert all(domain.rows[name] for name in ("sender", "receiver"))
    ends = [domain.schema.entity(r.entity).field(r.fields[0]) for r in domain.schema.relations]
    assert [end.nullable for end in ends] == [False, True]
