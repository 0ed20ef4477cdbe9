"""Sealing an edited folder: computed fields, rows, rules and tasks, each told with its place."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import market
import pytest
import shop
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from typer.testing import CliRunner

from agentgym.build.one import build, check, seal
from agentgym.build.rows import settle, unkept
from agentgym.cli import app
from agentgym.domain import load
from agentgym.errors import DomainError, UsageError
from agentgym.schema.holds import breaches

TASKS = 8


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A domain that was built from a script."""
    folder = tmp_path_factory.mktemp("built")
    build(shop.script(folder / "shop.sql"), folder / "shop", tasks=TASKS)
    return folder / "shop"


@pytest.fixture
def place(built: Path, tmp_path: Path) -> Path:
    """A copy of it, to be edited."""
    return Path(shutil.copytree(built, tmp_path / "shop"))


def edit(place: Path, change: Callable[[Any], object]) -> None:
    """Change `domain.json` as a person would."""
    value = json.loads((place / "domain.json").read_bytes())
    change(value)
    (place / "domain.json").write_text(json.dumps(value, indent=1))


def content(place: Path) -> dict[str, bytes]:
    """Return every file of the folder."""
    return {path.name: path.read_bytes() for path in sorted(place.iterdir())}


def refused(place: Path) -> DomainError:
    """Return why the folder cannot be sealed; nothing of it was written."""
    before = content(place)
    with pytest.raises(DomainError) as caught:
        seal(place)
    assert content(place) == before
    error = caught.value
    assert error.expected and error.found and error.where and error.hint
    return error


# computed fields


def _count_lines(value: Any) -> None:
    """Give orders a field that counts their lines."""
    order = next(one for one in value["schema"]["entities"] if one["name"] == "order")
    order["fields"].append(
        {"name": "lines", "label": "number of lines", "type": "integer", "nullable": True}
    )
    value["schema"].setdefault("derived", []).append(
        {
            "id": "order_lines_follow",
            "entity": "order",
            "field": "lines",
            "how": "count",
            "relation": "order_line_order",
        }
    )


def test_a_computed_field_is_made_anew(place: Path) -> None:
    """Check names the rows of which an edited field is not what it follows from; seal settles."""
    orders = len(load(place).rows["order"])
    edit(place, _count_lines)
    report = check(place)
    named = [one for one in report.problems if one.startswith("rows.jsonl")]
    assert len(named) == min(orders, 20) + (orders > 20)
    assert "order.lines: order_lines_follow makes it" in named[0]

    sealed = seal(place)
    assert sealed.settled == {"order.lines": orders}
    assert sealed.kept + len(sealed.dropped) == TASKS
    assert check(place).ok
    domain = load(place)
    at = domain.schema.entity("order").position("lines")
    lines = Counter(row[0] for row in domain.rows["order_line"])
    assert {row[0]: row[at] for row in domain.rows["order"]} == {
        row[0]: lines[row[0]] for row in domain.rows["order"]
    }
    before = content(place)
    assert seal(place).settled == {}
    assert content(place) == before


def test_a_computed_value_that_breaks_a_rule_is_named(place: Path) -> None:
    """Where what is computed breaks a rule, seal says in which row, and writes nothing."""

    def change(value: Any) -> None:
        _count_lines(value)
        predicate = {"type": "compare", "field": "lines", "op": "eq", "value": 0}
        rule = {"id": "no_lines", "entity": "order", "predicate": predicate}
        value["rules"].append(rule | {"on": ["create", "update"]})

    edit(place, change)
    error = refused(place)
    assert "rows.jsonl line" in error.where
    assert "rule no_lines fails: The number of lines of an order must be 0" in error.found


@settings(max_examples=40)
@given(ids=market.choices(), data=st.data())
def test_settled_rows_are_what_they_follow_from(
    ids: dict[str, list[str]], data: st.DataObject
) -> None:
    """Whatever stood in computed fields, settling gives back what the world had computed."""
    domain = market.chosen(ids)
    schema = domain.schema
    wrong = {name: list(rows) for name, rows in domain.rows.items()}
    changed: Counter[str] = Counter()
    for one in schema.derived:
        place = schema.entity(one.entity).position(one.field)
        for number, row in enumerate(wrong[one.entity]):
            if data.draw(st.booleans()):
                values = [*row]
                values[place] = data.draw(st.integers(-(10**6), 10**6))
                wrong[one.entity][number] = tuple(values)
                changed[f"{one.entity}.{one.field}"] += values[place] != row[place]
    broken = replace(domain, rows={name: tuple(rows) for name, rows in wrong.items()})

    again, told = settle(broken)

    assert again.rows == domain.rows
    assert told == {name: count for name, count in changed.items() if count}
    derived = {one.id for one in schema.derived}
    assert not any(
        one.text.split(" makes it")[0] in derived for one in breaches(schema, again.rows)
    )


# rows and rules


def test_rows_that_break_a_new_invariant_are_named(place: Path) -> None:
    """An invariant that rows of the start do not satisfy is refused with their lines."""
    prices = [int(str(row[2])) for row in load(place).rows["product"]]
    limit = sorted(prices)[len(prices) // 2]
    rule = {
        "id": "product_not_dear",
        "entity": "product",
        "on": ["create", "update"],
        "predicate": {"type": "compare", "field": "price", "op": "le", "value": limit / 100},
    }
    edit(place, lambda value: value["rules"].append(rule))
    named = [one for one in check(place).problems if one.startswith("rows.jsonl")]
    dear = sum(price > limit for price in prices)
    assert dear and len(named) == min(dear, 20) + (dear > 20)
    assert "rule product_not_dear fails: The price of a product must be at most" in named[0]
    assert "product_not_dear" in refused(place).found


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda rules: rules.remove(rules[0]), "none"),
        (lambda rules: rules[0]["predicate"].update(value=1), "another predicate"),
        (lambda rules: rules[0].update(on=["create"]), "another predicate, or on other writes"),
        (lambda rules: rules[0].update(fields=["credit"]), "another predicate"),
    ],
)
def test_what_the_schema_says_and_no_rule_keeps_is_named(
    place: Path, change: Callable[[Any], object], found: str
) -> None:
    """A check whose rule was removed or changed alone is told, with the rule to write."""

    def edited(value: Any) -> None:
        name = value["rules"][0]["id"]
        for one in value["tools"]:
            one["guards"] = [guard for guard in one.get("guards", []) if guard != name]
        change(value["rules"])

    name = load(place).rules[0].id
    edit(place, edited)
    problems = check(place).problems
    assert any(f"expected the rule {name}" in one and found in one for one in problems), problems
    error = refused(place)
    assert found in error.found
    assert error.where == f"{place}/domain.json $.rules"
    wanted = json.loads(
        error.hint.removeprefix("write ").removesuffix(", or change the schema too")
    )

    def mended(value: Any) -> None:
        value["rules"] = [one for one in value["rules"] if one["id"] != name]
        value["rules"].insert(0, wanted)

    edit(place, mended)
    assert seal(place).kept == TASKS


def test_every_market_keeps_what_its_schema_says() -> None:
    """What is derived from a schema is found there, and no other rule is asked for."""
    domain = market.market()
    assert unkept(domain, where="domain.json") == []
    bare = replace(domain, rules=())
    said = [error.expected for error in unkept(bare, where="domain.json")]
    wanted = [*domain.schema.checks, *domain.schema.exclusives, *domain.schema.lifecycles]
    assert len(said) == len(wanted)


# tasks


def test_dropped_tasks_are_counted_by_reason(place: Path) -> None:
    """Tasks whose tools are gone are told apart from those that a new rule forbids."""
    domain = load(place)
    used = Counter(step["tool"] for task in tasks(place) for step in task["gold"])
    gone = next(name for name in used if name.startswith(("get_", "find_", "search_")))
    edit(place, lambda v: v.update(tools=[one for one in v["tools"] if one["name"] != gone]))
    lost = {task["id"] for task in tasks(place) if gone in task["tools"]}
    report = seal(place)
    assert gone in domain.tool_by_name
    assert set(report.dropped) == lost
    assert report.reasons == {"tool gone": len(lost)}
    assert sum(report.reasons.values()) == len(report.dropped)
    before = content(place)
    assert seal(place).dropped == {}
    assert content(place) == before


def tasks(place: Path) -> list[dict[str, Any]]:
    """Return the tasks of a folder, as they stand in the file."""
    return [json.loads(line) for line in (place / "tasks.jsonl").read_bytes().splitlines()]


def test_an_edit_makes_the_trace_stale(place: Path) -> None:
    """Every rendered file of another world is named, not only the edited one."""
    edit(place, lambda value: value["clock"].update(step_s=61))
    problems = check(place).problems
    assert "domain.json differs from the manifest" in problems
    assert "golden.trace is of another world" in problems


# views


def test_a_view_that_takes_a_needed_tool_is_found(place: Path) -> None:
    """Check names the tasks that a view cannot serve, and no others."""
    needed = {task["id"]: {step["tool"] for step in task["gold"]} for task in tasks(place)}
    name = next(n for n in sorted(set().union(*needed.values())) if n.startswith(("get", "find")))
    report = check(place, view=f"absent={name}")
    lost = {line.partition(":")[0] for line in report.unserved}
    assert lost == {task for task, tools in needed.items() if name in tools}
    assert lost and not report.ok and report.problems == ()
    served = check(place, view={"granularity": "narrow", "rename": 0.5, "docs": "none"})
    assert served.ok and served.unserved == ()
    with pytest.raises(UsageError, match="did you mean"):
        check(place, view=f"absent={name[:-1]}")


def test_what_is_printed(place: Path) -> None:
    """The commands say what was computed, kept and dropped, and what to do next."""

    def run(*words: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, [*words])
        return result.exit_code, result.stdout

    edit(place, _count_lines)
    code, said = run("check", str(place))
    assert code == 1
    assert said.endswith(f"After an edit that was meant, run: agentgym seal {place}\n")
    code, said = run("seal", str(place))
    assert code == 0
    assert "order.lines: " in said and "values computed anew" in said
    left = len(tasks(place))
    assert f"{left} tasks kept, {TASKS - left} dropped" in said
    name = next(step["tool"] for task in tasks(place) for step in task["gold"])
    code, said = run("check", str(place), "--view", f"absent={name}")
    assert code == 1
    assert f"shop: all {left} tasks hold, no file is stale\nThe view cannot serve " in said
    code, said = run("check", str(place), "--view", "docs=brief")
    assert (code, said.splitlines()[-1]) == (0, f"The view serves all {left} tasks.")
