"""A folder of domains: portraits, shapes, report, splits, overlap, and the command."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest
import tiny
from hypothesis import given
from hypothesis import strategies as st
from strategies_forms import drawn
from typer.testing import CliRunner, Result

from agentgym.build.fleet.diversity import duplicates, spread
from agentgym.build.fleet.overlap import overlap
from agentgym.build.fleet.portrait import Portrait, TaskMark, portray
from agentgym.build.fleet.references import Reference, references, words
from agentgym.build.fleet.shapes import consequence, motif, operators, rule_shape, shape, tool_shape
from agentgym.build.fleet.splits import NAMES, Axis, Splits, shares_of, split
from agentgym.build.fleet.summary import summarise, survey
from agentgym.cli import app
from agentgym.domain import load
from agentgym.errors import FormatError, UsageError
from agentgym.formats import decode
from agentgym.plan import Fact, Link, Plan, Select
from agentgym.rules import Adjust, Effect, In, Rule
from agentgym.schema import Product
from agentgym.schema.canonical import same
from agentgym.tasks import Task
from agentgym.tools.algebra import Argument, Get, Search, Tool

replace = msgspec.structs.replace
CLINIC = Path(__file__).resolve().parents[2] / "domains" / "clinic"


def agentgym(*asked: object) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(app, [str(word) for word in asked])


@pytest.fixture
def worlds(tmp_path: Path) -> Path:
    """A folder of two domains of one structure, with what is no domain beside them."""
    folder = tmp_path / "worlds"
    tiny.save(folder / "one")
    tiny.save(folder / "two")
    (folder / "notes").mkdir()
    (folder / ".fleet").mkdir()
    (folder / "report.json").write_text("{}")
    return folder


def tasks_of(folder: Path) -> list[Task]:
    """Read the tasks of a domain."""
    lines = (folder / "tasks.jsonl").read_bytes().splitlines()
    return [decode(line, Task, where="") for line in lines]


# shapes


def test_names_do_not_count_in_the_shape_of_a_tool():
    """A tool under other names and in another order of parameters is the same; one more is not."""

    def search(names: str) -> Tool:
        by = tuple(
            {"param": n, "field": n, "op": "eq" if n < "m" else "ge", "description": n}
            for n in names
        )
        term = msgspec.convert({"type": "search", "entity": names, "filters": by}, Search)
        return Tool(name=names, description=names, term=term)

    assert tool_shape(search("ax")) == tool_shape(search("zb"))
    assert tool_shape(search("ax")) != tool_shape(search("ab"))
    assert tool_shape(search("ax")) != tool_shape(search("axy"))
    key = (Argument(param="p", field="f", description="d", required=True),)
    assert tool_shape(Tool(name="g", description="", term=Get(entity="e", key=key))).startswith(
        "(get"
    )
    guarded = replace(search("ax"), guards=("some_rule",))
    assert tool_shape(guarded) != tool_shape(search("ax"))


def test_constants_do_not_count_in_the_shape_of_a_rule():
    """Values and names are passed over; class, level and the form of the predicate are not."""
    rule = Rule(
        id="a",
        kind="state",
        entity="x",
        on=("update",),
        level=1,
        predicate=In(field="f", values=("u", True)),
    )
    like = replace(rule, id="b", entity="y", predicate=In(field="g", values=(False, 7)))

    assert rule_shape(rule) == rule_shape(like)
    assert rule_shape(rule) != rule_shape(replace(rule, level=2))
    assert rule_shape(rule) != rule_shape(replace(rule, enforced=False))
    assert rule_shape(rule) != rule_shape(
        replace(rule, predicate=In(field="f", values=("u",), at="before"))
    )


def turned(plan: Plan, rng: random.Random) -> Plan:
    """Give a plan other ids, other names and other constants."""
    text = msgspec.json.encode(plan).decode()
    content = json.loads(text)
    ids = [node["id"] for node in [*content["facts"], *content["nodes"]]]
    fresh = dict(zip(ids, rng.sample([f"q{n}" for n in range(50)], len(ids)), strict=True))

    def walk(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {k: walk(v, k) for k, v in value.items()}
        if isinstance(value, list):
            return [walk(one, key) for one in value]
        if key in ("entity", "field", "relation", "source"):
            return None if value is None else f"n_{value}"
        if key == "value":
            return "constant"
        return fresh.get(value, value) if isinstance(value, str) and key != "family" else value

    new = walk(content)
    rng.shuffle(new["facts"])
    return msgspec.convert(new, Plan)


@pytest.mark.parametrize("seed", range(3))
def test_names_and_constants_do_not_count_in_a_motif(seed):
    """A plan under other names is the same motif, of the same operators."""
    rng = random.Random(seed)
    plans = [task.plan for task in tasks_of(CLINIC)]

    for plan in plans:
        other = turned(plan, rng)
        assert same(motif(plan), motif(other))
        assert operators(plan) == operators(other)
    assert len({motif(plan).digest for plan in plans}) > len(
        {task.family for task in tasks_of(CLINIC)}
    )


def test_what_leads_where_counts_in_a_motif():
    """Two clues about the first thing are not a clue about each of two things."""
    facts = tuple(Fact(id=f"f{n}", entity="e", field="f", value=1) for n in (1, 2))
    clue = lambda *names: tuple({"field": "f", "fact": name} for name in names)  # noqa: E731

    def plan(first: Any, second: Any, *, forward: bool = True) -> Plan:
        one = msgspec.convert({"type": "select", "id": "n1", "entity": "e", "where": first}, Select)
        two = msgspec.convert(
            {"type": "select", "id": "n2", "entity": "e", "where": second}, Select
        )
        link = Link(relation="r", forward=forward, node="n1")
        return Plan(family="lookup", facts=facts, nodes=(one, replace(two, links=(link,))))

    chain = plan(clue("f1", "f2"), ())
    assert not same(motif(chain), motif(plan(clue("f1"), clue("f2"))))
    assert not same(motif(chain), motif(plan(clue("f1", "f2"), (), forward=False)))
    assert same(motif(chain), motif(plan(clue("f2", "f1"), ())))
    assert shape(chain.nodes[0]) == "(select entity where=[(field fact),(field fact)])"


def test_an_effect_in_words_of_the_schema():
    """What an effect writes is found over its path, what it waits for among the states."""
    effect = Effect(
        id="x",
        entity="loan",
        on=("update",),
        when=In(field="state", values=("back",)),
        do=Adjust(path=("loan_member",), field="fees", by=Product(fields=("loan_id",))),
        lasting=True,
    )

    found = consequence(effect, tiny.SCHEMA)

    assert (found.on, found.at) == ("loan", "member")
    assert found.label == "update:adjust:when:lasting"
    assert found.relations == (("via 0", "loan_member"),)
    assert found.states == (("when", "loan", "state", "back"),)


# counts


@given(st.lists(st.integers(0, 30), max_size=20), st.integers(0, 10**9))
def test_duplicates_are_those_that_come_later(sizes, seed):
    """The first of each structure stays, whatever else is among them."""
    rng = random.Random(seed)
    drafts = [drawn(random.Random(size % 7), size % 7) for size in sizes]
    forms = [draft.form(shuffled=rng.random() < 0.5) for draft in drafts]

    found = duplicates(forms)

    kept = [n for n in range(len(forms)) if n not in found]
    assert all(first < late and same(forms[first], forms[late]) for late, first in found.items())
    assert all(not same(forms[a], forms[b]) for a in kept for b in kept if a < b)


def test_spread_of_counts():
    """Entropy is in bits; coverage is what Good and Turing say."""
    assert spread({}).coverage is None
    even = spread({"a": 2, "b": 2, "c": 2, "d": 2})
    assert (even.entropy, even.coverage, even.largest, even.first) == (2.0, 1.0, 0.25, "a")
    alone = spread({"a": 1, "b": 0})
    assert (alone.total, alone.distinct, alone.entropy, alone.coverage) == (1, 1, 0.0, 0.0)


# portraits and report


def test_a_portrait_agrees_with_the_domain():
    """What is read in passing is what a full load gives."""
    domain, tasks = load(CLINIC), tasks_of(CLINIC)

    found = portray(CLINIC)

    assert found.health == "sound"
    assert found.sizes["rows"] == sum(map(len, domain.rows.values()))
    assert found.sizes["tools"] == len(domain.tools)
    assert found.sizes["tasks"] == len(tasks) == found.wanted
    assert [t.length for t in found.tasks] == [t.measured["min_calls"] for t in tasks]
    assert found.entities == tuple(domain.schema.by_name)
    assert {t.name for t in found.tools if t.desk} == {
        "calculate",
        "current_time",
        "ask_user",
        "conclude",
        "look_up_term",
    }


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("domain.json", b""),
        ("domain.json", b"[1]"),
        ("domain.json", b'{"format": 7}'),
        ("domain.json", b"\xff\xfe\x00"),
        ("domain.json", b"[" * 100_000),
        ("manifest.json", b"{}"),
        (
            "manifest.json",
            b'{"format": 2, "name": "x", "generator_version": "1", "world": "", "files": {}}',
        ),
        ("tasks.jsonl", b'{"id": 3}\n'),
        ("tasks.jsonl", b"no json"),
        ("domain.json", None),
        ("manifest.json", None),
        ("tasks.jsonl", None),
        ("rows.jsonl", None),
    ],
)
def test_a_broken_domain_is_named_and_the_rest_is_read(worlds, name, content):
    """Whatever is wrong with one domain, the report is made, and says so."""
    place = worlds / "two" / name
    place.unlink()
    if content is not None:
        place.write_bytes(content)

    found = summarise(survey(worlds))

    assert found.domains == 2
    assert list(found.broken) == ["two"]
    assert name in found.broken["two"]
    assert (found.sound, found.structures, found.foreign) == (1, 1, ("notes",))
    result = agentgym("fleet", worlds)
    assert result.exit_code == 1
    assert "broken" in result.stdout
    assert "Traceback" not in result.output


def test_a_directory_in_the_place_of_a_file(worlds):
    """A folder where a file should be is a broken domain."""
    (worlds / "two" / "tasks.jsonl").unlink()
    (worlds / "two" / "tasks.jsonl").mkdir()

    assert list(summarise(survey(worlds)).broken) == ["two"]


def test_an_edit_is_stale(worlds):
    """A domain that differs from its manifest is counted, and is in no split."""
    place = worlds / "two" / "policy.md"
    place.write_bytes((place.read_bytes() if place.exists() else b"") + b"more")
    manifest = worlds / "two" / "manifest.json"
    content = json.loads(manifest.read_text())
    content["files"]["policy.md"] = "0" * 64
    manifest.write_text(json.dumps(content))

    fleet = survey(worlds)
    found = summarise(fleet)

    assert found.stale == {"two": ("policy.md differs from the manifest",)}
    assert found.sound == 1
    assert split(fleet.portraits).left_out == ("two",)


def test_duplicates_and_namesakes_are_named(worlds):
    """Two copies are one structure, under one name."""
    found = summarise(survey(worlds))

    assert found.structures == 1
    assert found.duplicates == {"one": ("two",)}
    assert list(found.namesakes.values()) == [("one", "two")]
    assert found.nearest is not None
    assert found.nearest.least == 0


def test_workers_do_not_count(worlds):
    """One process and two say the same."""
    assert survey(worlds, workers=1) == survey(worlds, workers=2)


@pytest.mark.parametrize("what", ["nothing", "file", "domain", "empty"])
def test_what_is_no_fleet_is_refused(worlds, what):
    """A folder of domains is wanted, and the message says what else it is."""
    places = {
        "nothing": worlds / "no",
        "file": worlds / "report.json",
        "domain": worlds / "one",
        "empty": worlds / "notes",
    }

    result = agentgym("fleet", places[what])

    assert result.exit_code == 2
    assert "expected a folder of domain folders" in result.stderr


def tagged(worlds: Path, name: str, **tags: str) -> None:
    """Give a domain tags, and its manifest the new hash."""
    from agentgym.formats import fingerprint  # noqa: PLC0415

    place = worlds / name
    content = json.loads((place / "domain.json").read_text())
    content["source"]["tags"] = tags
    (place / "domain.json").write_text(json.dumps(content))
    manifest = json.loads((place / "manifest.json").read_text())
    manifest["files"]["domain.json"] = fingerprint((place / "domain.json").read_bytes())
    (place / "manifest.json").write_text(json.dumps(manifest))


def test_tags_are_counted_and_chosen_by(worlds):
    """Patterns, industries and phases; the order of patterns does not count."""
    tagged(worlds, "one", patterns="order+ledger", industry="bakery", phase="general")
    tagged(worlds, "two", patterns="ledger+order", industry="clinic", phase="vertical")

    found = json.loads(agentgym("fleet", worlds, "--json").stdout)["summary"]
    general = json.loads(agentgym("fleet", worlds, "--phase", "general", "--json").stdout)[
        "summary"
    ]

    assert found["patterns"] == {"ledger": 2, "order": 2}
    assert found["combinations"]["distinct"] == 1
    assert found["combinations"]["largest"] == 1.0
    assert found["industries"] == {"bakery": 1, "clinic": 1}
    assert found["phases"] == {"general": 1, "vertical": 1}
    assert (general["domains"], general["phase"]) == (1, "general")
    wrong = agentgym("fleet", worlds, "--phase", "vertica")
    assert wrong.exit_code == 2
    assert "general, vertical" in wrong.stderr


def test_the_full_check_is_run(worlds):
    """`--check` proves every task again, and a task that does not hold is told."""
    result = agentgym("fleet", worlds, "--check", "--workers", 1, "--json")
    held = json.loads(result.stdout)["summary"]

    assert held["checked"] == 2
    assert (result.exit_code == 1) == bool(held["failed"])


# splits


def portraits(rng: random.Random, number: int) -> list[Portrait]:
    """Make portraits of domains, without folders."""
    found = []
    for n in range(number):
        tasks = tuple(
            TaskMark(
                id=f"d{n}-v1/{k:04}",
                family="lookup",
                motif=f"m{rng.randrange(12)}",
                operators=(f"o{rng.randrange(5)}",),
                length=rng.randint(1, 7),
            )
            for k in range(rng.randint(0, 6))
        )
        form = drawn(random.Random(rng.randrange(9)), 4).form()
        found.append(Portrait(folder=f"d{n}", name=f"d{n}", health="sound", form=form, tasks=tasks))
    return found


def groups(given: list[Portrait]) -> dict[str, dict[str, Any]]:
    """Say of each axis which member is of which group."""
    tasks = {f"{p.folder}/{t.id.rpartition('/')[2]}": t for p in given for t in p.tasks}
    return {
        "domain": {p.folder: p.name for p in given},
        "shape": {p.folder: p.shape for p in given},
        "operators": {m: t.operators for m, t in tasks.items()},
        "motif": {m: t.motif for m, t in tasks.items()},
        "length": {m: t.length for m, t in tasks.items()},
    }


def where(axis: Axis) -> dict[str, str]:
    """Say in which split each member is, each once."""
    found = [(member, name) for name in NAMES for member in getattr(axis, name)]
    assert len(dict(found)) == len(found)
    return dict(found)


@given(st.integers(0, 10**9).map(random.Random), st.integers(0, 40))
def test_splits_are_whole_disjoint_and_pure(rng, number):
    """Each member is in one split, with all of its group, whatever the order; the counts agree."""
    given_ = portraits(rng, number)

    made = split(given_)

    for name, group in groups(given_).items():
        axis = made.axes[name]
        placed = where(axis)
        assert placed.keys() == group.keys()
        homes: dict[object, set[str]] = {}
        for member, of in group.items():
            homes.setdefault(of, set()).add(placed[member])
        assert all(len(home) == 1 for home in homes.values())
        assert axis.groups == len(homes)
        for one in NAMES:
            assert axis.counts[one]["members"] == len(getattr(axis, one))
        assert axis.holds == (not axis.note)
        if not all(getattr(axis, one) for one in NAMES):
            assert not axis.holds
    assert split(rng.sample(given_, len(given_))) == made


@given(st.integers(0, 10**9).map(random.Random), st.integers(1, 30))
def test_more_domains_move_none(rng, number):
    """Where a member is does not follow from what else is there."""
    given_ = portraits(rng, number)
    some = rng.sample(given_, rng.randint(0, number))

    all_of, part = split(given_), split(some)

    for name in all_of.axes:
        assert where(part.axes[name]).items() <= where(all_of.axes[name]).items()


def test_shares_are_about_what_was_asked():
    """Of two thousand domains, about eight in ten are trained on; the seed moves them."""
    given_ = portraits(random.Random(0), 2000)
    axis = split(given_).axes["domain"]

    assert 1540 <= len(axis.train) <= 1660
    assert 150 <= len(axis.test) <= 250
    assert axis.holds
    assert split(given_, seed=1).axes["domain"].train != axis.train
    whole = split(given_, shares=(100, 0, 0)).axes["domain"]
    assert (len(whole.train), whole.holds) == (2000, True)


def test_longer_tasks_are_tested():
    """No task that is trained on is as long as one that is tested."""
    given_ = portraits(random.Random(0), 50)
    length = groups(given_)["length"]
    axis = split(given_).axes["length"]

    assert max(length[m] for m in axis.train) < min(length[m] for m in axis.validation)
    assert max(length[m] for m in axis.validation) < min(length[m] for m in axis.test)


def test_too_few_groups_are_told():
    """One domain is no three splits."""
    made = split(portraits(random.Random(0), 1))

    assert not made.axes["domain"].holds
    assert (
        "1 group are too few" in made.axes["domain"].note or "too few" in made.axes["domain"].note
    )
    assert split([]).axes["motif"].note == "there are no tasks"


@pytest.mark.parametrize(
    "wrong", ["80,10", "80,10,5", "a,b,c", "0,50,50", "110,-10,0", "", "80.5,10,9.5"]
)
def test_shares_that_make_no_sense(wrong):
    """Percentages are whole and add up."""
    with pytest.raises(UsageError, match="add up to 100"):
        shares_of(wrong)


def test_splits_are_written(worlds):
    """The file holds what was told, the same bytes each time."""
    first = agentgym("fleet", worlds, "--splits")
    content = (worlds / "splits.json").read_bytes()
    agentgym("fleet", worlds, "--splits", "--json")

    made = decode(content, Splits, where="")

    assert first.exit_code == 0
    assert (worlds / "splits.json").read_bytes() == content
    assert made == split(survey(worlds).portraits)
    assert sum(made.axes["domain"].counts[name]["members"] for name in NAMES) == 2


# overlap


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("get_user", "getUser"),
        ("get_user", "User.Get"),
        ("get_user_by_id", "get-user-by-ID"),
        ("HTTPServer", "http_server"),
    ],
)
def test_writing_and_order_of_words_do_not_count(one, other):
    """Names that differ in case, separators and order have the same words."""
    assert words(one) == words(other)


FORMS: dict[str, Any] = {
    "names": ["get_member", "GetLoan"],
    "openai": [
        {
            "type": "function",
            "function": {
                "name": "get_member",
                "parameters": {"type": "object", "properties": {"member_id": {}}},
            },
        },
        {"type": "function", "function": {"name": "GetLoan"}},
    ],
    "mcp": {
        "tools": [
            {
                "name": "get_member",
                "inputSchema": {"type": "object", "properties": {"member_id": {}}},
            },
            {"name": "GetLoan"},
        ]
    },
    "answer": {
        "jsonrpc": "2.0",
        "id": 1,
        "result": {"tools": [{"name": "get_member"}, {"name": "GetLoan"}]},
    },
    "anthropic": [
        {"name": "get_member", "input_schema": {"properties": {"member_id": {}}}},
        {"name": "GetLoan"},
    ],
    "plain": [
        {"name": "get_member", "parameters": ["member_id"]},
        {"name": "GetLoan", "parameters": {"loan_id": "int"}},
    ],
    "servers": {"a": {"tools": [{"name": "get_member"}]}, "b": [{"name": "GetLoan"}]},
    "openapi": {
        "openapi": "3.0.0",
        "paths": {
            "/members": {
                "get": {"operationId": "get_member", "parameters": [{"name": "member_id"}]}
            },
            "/loans": {"get": {"operationId": "GetLoan"}, "parameters": [{"$ref": "#/x"}]},
        },
    },
}


@pytest.mark.parametrize("kind", FORMS)
def test_lists_of_tools_are_understood(tmp_path, kind):
    """Each usual way to list tools gives their names, and parameters where they are said."""
    place = tmp_path / "tools.json"
    place.write_text(json.dumps(FORMS[kind]))

    found = references(place)

    tools = {name: parameters for one in found for name, parameters in one.tools.items()}
    assert tools.keys() == {"get_member", "GetLoan"}
    assert tools["get_member"] in (None, ("member_id",))
    assert (tools["get_member"] is None) == (kind in ("names", "answer", "servers"))


def test_lines_are_understood(tmp_path):
    """One name a line, or one JSON value a line."""
    (tmp_path / "names.txt").write_text(
        "\ufeff# a benchmark\nget_member\n\nGetLoan  # old\n", "utf-8"
    )
    (tmp_path / "tools.jsonl").write_text(
        '{"name": "get_member"}\n{"function": [{"name": "GetLoan"}]}\n'
    )

    (names,), (lines,) = references(tmp_path / "names.txt"), references(tmp_path / "tools.jsonl")

    assert set(names.tools) == set(lines.tools) == {"get_member", "GetLoan"}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"  \n",
        b"{",
        b"[1, 2, 3]",
        b"{}",
        b"[]",
        b'{"a": {"b": {}}}',
        b"a sentence that names no tool\n",
        b"SQLite format 3\x00\xff\xfe",
        b"[" * 100_000,
        b'{"entities": [{"name": "x"}]}',
        b'{"entities": [], "relations": [{"name": 3}]}',
        b'{"tools": "none"}',
        b"null",
    ],
)
def test_a_file_of_no_use_is_told(tmp_path, worlds, content):
    """A file that lists nothing is a mistake in one message."""
    place = tmp_path / "list.json"
    place.write_bytes(content)

    with pytest.raises((FormatError, UsageError)) as told:
        references(place)
    result = agentgym("fleet", worlds, "--against", place)

    assert str(place.name) in str(told.value)
    assert result.exit_code in (1, 2)
    assert result.stderr.startswith("agentgym: ")


def test_overlap_is_scored(worlds):
    """A domain shares all with itself, its names with a list of them, nothing with strangers."""
    mine = survey(worlds).portraits[:1]
    own = [tool.name for tool in mine[0].tools if not tool.desk]
    camel = Reference(name="camel", tools=dict.fromkeys(n.title().replace("_", "") for n in own))
    half = Reference(name="half", tools=dict.fromkeys(own[: len(own) // 2]))
    none = Reference(name="none", tools={"launch_rocket": ("fuel", "target")}, entities=("rocket",))

    def score(*lists: Reference):
        return overlap(mine, lists).shared[0]

    assert score(none).score == 0
    assert (score(camel).exact, score(camel).words, score(camel).score) == (0, 1, 1)
    assert score(half).exact == round((len(own) // 2) / len(own), 4)
    assert score(none, half, camel).reference == "camel"
    whole = score(*references(worlds / "two"))
    assert (whole.shape, whole.entities, whole.parameters, whole.score) == (True, 1, 1, 1)
    assert whole.matches[0].names == 1


def test_parameters_are_compared_by_name():
    """A tool that takes the same under another name is found; one parameter tells nothing."""
    clinic = portray(CLINIC)
    tool = next(t for t in clinic.tools if t.name == "create_patient")
    same_parameters = Reference(
        name="r", tools={"enlist": tool.parameters, "fetch": ("patient_id",)}
    )

    found = overlap([clinic], [same_parameters]).shared[0]

    assert found.exact == found.words == 0
    assert 0 < found.parameters < 0.1
    assert found.matches[0].tool == "create_patient"
    assert found.matches[0].like == "enlist"


def test_a_domain_may_be_refused(worlds, tmp_path):
    """Above the limit the command exits with 1 and names the domain."""
    place = tmp_path / "names.txt"
    place.write_text("get_member\n")

    result = agentgym("fleet", worlds, "--against", place, "--refuse-above", 0.01)

    assert result.exit_code == 1
    assert "2 share more than 0.01: one, two" in result.stdout
    assert agentgym("fleet", worlds, "--against", place, "--refuse-above", 0.9).exit_code == 0
    assert agentgym("fleet", worlds, "--refuse-above", 0.9).exit_code == 2
    assert (
        agentgym("fleet", worlds, "--against", CLINIC, "--against", worlds / "one").exit_code == 0
    )


def test_the_same_schema_under_other_names_is_found(worlds, tmp_path):
    """A schema given as JSON is compared by its structure."""
    content = json.loads((worlds / "one" / "domain.json").read_text())
    place = tmp_path / "schema.json"
    text = json.dumps(content["schema"]).replace("member", "guest").replace("loan", "stay")
    place.write_text(text)

    found = overlap(survey(worlds).portraits, references(place)).shared

    assert all(one.shape and one.score == 1 for one in found)
    assert all(one.entities == 0 for one in found)


def test_a_copied_domain_is_found_among_others(worlds):
    """A folder of domains is a list too."""
    shutil.copytree(CLINIC, worlds / "clinic")

    found = {one.folder: one for one in overlap([portray(CLINIC)], references(worlds)).shared}

    assert found["clinic"].reference.endswith("clinic")
    assert found["clinic"].score == 1
