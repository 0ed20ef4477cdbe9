"""Building, checking and sealing: same bytes everywhere, bad input told, nothing half written."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import shop
from hypothesis import given, settings
from hypothesis import strategies as st

from agentgym import formats
from agentgym.build import check as checking
from agentgym.build import mould as moulding
from agentgym.build import one as building
from agentgym.build.folder import FILES, policy
from agentgym.build.one import build, check, seal
from agentgym.domain import Domain, load, parse
from agentgym.episode import load as load_suite
from agentgym.errors import AgentGymError, DomainError, FormatError, SourceError, UsageError
from agentgym.formats import Json, encode
from agentgym.rollout import read_runs
from agentgym.schema.holds import breaches
from agentgym.tasks import Task
from agentgym.world.compile import engine as engine_of

MAKERS = {"shop.sql": shop.script, "shop.sqlite": shop.sqlite, "shop.ttl": shop.graph}
TASKS = 10

Content = dict[str, bytes]


def content(folder: Path) -> Content:
    """Return every file below a folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def tree(folder: Path) -> list[str]:
    """Name everything below a folder."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.fixture(scope="session")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop in every form that can be built from."""
    folder = tmp_path_factory.mktemp("sources")
    for name, make in MAKERS.items():
        make(folder / name)
    return folder


@pytest.fixture(scope="session")
def built(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a domain built from each form, all called `shop`."""
    folder = tmp_path_factory.mktemp("built")
    for name in MAKERS:
        build(sources / name, folder / name / "shop", tasks=TASKS)
    return folder


@pytest.fixture
def place(built: Path, tmp_path: Path) -> Path:
    """A copy of the domain built from the script, to be edited."""
    return Path(shutil.copytree(built / "shop.sql" / "shop", tmp_path / "shop"))


# the same bytes


@pytest.mark.parametrize("name", MAKERS)
def test_a_build_has_its_files_and_checks(built: Path, name: str) -> None:
    """Each kind of source gives the six files, as many tasks as asked for, and a green check."""
    folder = built / name / "shop"
    report = check(folder)
    assert tree(folder) == sorted([*FILES, "manifest.json"])
    assert (report.ok, report.tasks, report.problems) == (True, TASKS, ())


OTHER = f"""
import os, sys
from pathlib import Path
from agentgym.build.one import build
base = Path(sys.argv[1])
for name in sys.argv[2:]:
    os.chdir(base)
    build(Path("in") / name, Path("out") / name / "shop", tasks={TASKS})
"""


@pytest.mark.parametrize("hashseed", ["0", "4242"])
def test_another_process_writes_the_same_bytes(
    sources: Path, built: Path, tmp_path: Path, hashseed: str
) -> None:
    """With another order of sets, from copies, in another folder, with relative paths: the same."""
    (tmp_path / "in").mkdir()
    for name in MAKERS:
        shutil.copy(sources / name, tmp_path / "in" / name)
    subprocess.run(
        [sys.executable, "-c", OTHER, str(tmp_path), *MAKERS],
        env=os.environ | {"PYTHONHASHSEED": hashseed, "LC_ALL": "C", "TZ": "Asia/Tokyo"},
        check=True,
    )
    assert content(tmp_path / "out") == content(built)


@pytest.mark.parametrize("name", MAKERS)
def test_the_seed_decides(sources: Path, built: Path, tmp_path: Path, name: str) -> None:
    """The same seed gives the same bytes in the same process; another gives other tasks."""
    again = build(sources / name, tmp_path / "again" / "shop", tasks=TASKS)
    assert content(Path(again.folder)) == content(built / name / "shop")
    other = build(sources / name, tmp_path / "other" / "shop", tasks=TASKS, seed=1)
    files, first = content(Path(other.folder)), content(built / name / "shop")
    assert files["tasks.jsonl"] != first["tasks.jsonl"]
    assert files["manifest.json"] != first["manifest.json"]


def test_the_name_comes_from_the_folder_or_is_given(sources: Path, tmp_path: Path) -> None:
    """A folder's name becomes a legal domain name; a given name is taken as it is."""
    first = build(sources / "shop.sql", tmp_path / "My Shop", tasks=1)
    second = build(sources / "shop.sql", tmp_path / "x", name="my_shop", tasks=1)
    assert first.name == second.name == "my_shop"
    assert content(Path(first.folder)) == content(Path(second.folder))


def test_force_replaces_the_folder(sources: Path, place: Path) -> None:
    """With `force` the new domain takes the place of the old one, and nothing else is left."""
    before = content(place)
    build(sources / "shop.sql", place, tasks=TASKS, seed=5, force=True)
    assert tree(place.parent) == sorted(["shop", *(f"shop/{name}" for name in before)])
    build(sources / "shop.sql", place, tasks=TASKS, force=True)
    assert content(place) == before


def test_what_cannot_be_read_in_a_script_is_counted_and_named(tmp_path: Path) -> None:
    """A script with errors in the middle builds; what was left out is in the report."""
    path = tmp_path / "in.sql"
    broken = "CREATE TABLE oops id INTEGER PRIMARY;\nGRANT ALL ON region TO somebody"
    tables = shop.SCRIPT.split(";\n")
    path.write_text(";\n".join([*tables[:2], broken, *tables[2:]]))
    report = build(path, tmp_path / "out", tasks=4)
    domain = load(tmp_path / "out")
    assert report.tasks == 4
    assert len(domain.schema.entities) == 5
    assert sum(report.skipped.values()) == 2
    assert any("oops" in note for note in report.notes), (report.skipped, report.notes)
    assert check(tmp_path / "out").ok


def test_a_table_without_a_key_or_rows_builds(tmp_path: Path) -> None:
    """A database with an empty table and one without a key is an ordinary one."""
    path = shop.sqlite(tmp_path / "in.sqlite")
    base = sqlite3.connect(path)
    base.execute("CREATE TABLE visit (seen_on DATE, visitor TEXT, mood TEXT)")
    base.executemany(
        "INSERT INTO visit VALUES (?, ?, ?)",
        [(f"2024-01-{n % 9 + 1:02d}", f"Guest {n % 9}", "good") for n in range(25)],
    )
    base.execute("DELETE FROM order_line")
    base.commit()
    base.close()
    build(path, tmp_path / "out", tasks=6)
    domain = load(tmp_path / "out")
    assert domain.schema.entity("visit").key_source == "row_number"
    assert len(domain.rows["visit"]) == 25
    assert check(tmp_path / "out").ok


def test_a_build_without_rows_invents_them(tmp_path: Path) -> None:
    """Tables without a single row become a world with rows and tasks."""
    path = tmp_path / "in.sqlite"
    base = sqlite3.connect(path)
    base.executescript(shop.SCRIPT)
    base.close()
    report = build(path, tmp_path / "out", tasks=6)
    assert (report.tasks, load(tmp_path / "out").source.rows) == (6, "synthetic")
    assert check(tmp_path / "out").ok


# bad sources and places


def _nothing(folder: Path) -> Path:
    return folder / "in"


def _file(data: bytes) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        (folder / "in").write_bytes(data)
        return folder / "in"

    return make


def _empty_database(folder: Path) -> Path:
    base = sqlite3.connect(folder / "in")
    base.execute("PRAGMA user_version = 1")
    base.close()
    return folder / "in"


def _cut(share: float) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        data = shop.sqlite(folder / "in").read_bytes()
        (folder / "in").write_bytes(data[: int(len(data) * share)])
        return folder / "in"

    return make


def _folder(folder: Path) -> Path:
    (folder / "in").mkdir()
    return folder / "in"


def _script(folder: Path) -> Path:
    return shop.script(folder / "in")


def _used(folder: Path) -> Path:
    (folder / "out").mkdir()
    (folder / "out" / "domain.json").write_text("{}")
    return _script(folder)


def _others(folder: Path) -> Path:
    (folder / "out").mkdir()
    (folder / "out" / "letters.txt").write_text("Dear")
    return _script(folder)


def _taken(folder: Path) -> Path:
    (folder / "out").write_text("here")
    return _script(folder)


BAD_BUILDS: dict[str, tuple[Callable[[Path], Path], dict[str, Any], type[AgentGymError]]] = {
    "no file": (_nothing, {}, SourceError),
    "a folder": (_folder, {}, SourceError),
    "empty file": (_file(b""), {}, SourceError),
    "spaces": (_file(b" \n\n "), {}, SourceError),
    "not a database": (_file(b"\x89PNG\r\n\x1a\n" + bytes(range(256))), {}, SourceError),
    "prose": (_file(b"Dear all, this is no script at all.\n"), {}, SourceError),
    "only comments": (_file(b"-- nothing\n/* at all */\n"), {}, SourceError),
    "no tables": (_file(b"SELECT 1;\nDROP TABLE x;\n"), {}, SourceError),
    "only the magic": (_file(b"SQLite format 3\x00"), {}, SourceError),
    "empty database": (_empty_database, {}, SourceError),
    "cut in the header": (_cut(0.002), {}, SourceError),
    "cut in the middle": (_cut(0.5), {}, SourceError),
    "broken graph": (_file(b"@prefix v: <http://x/> .\nv:a v:b v:c ; ;; .\n<<"), {}, SourceError),
    "unknown focus": (_script, {"focus": ("custommer",)}, SourceError),
    "negative rows": (_script, {"rows": -1}, SourceError),
    "illegal name": (_script, {"name": "My Shop"}, UsageError),
    "empty name": (_script, {"name": ""}, UsageError),
    "name of digits": (_script, {"name": "3"}, UsageError),
    "nameless folder": (_script, {"out": "日本"}, UsageError),
    "name in use": (_used, {}, UsageError),
    "folder of other files": (_others, {"force": True}, UsageError),
    "a file in the way": (_taken, {}, UsageError),
    "a file above": (_taken, {"out": "out/below"}, UsageError),
    "a place for no one": (_script, {"out": "/proc/agentgym/out"}, UsageError),
}


def fault_of(act: Callable[[], object]) -> AgentGymError | None:
    """Return the error of ours that an act raises, if it raises one."""
    try:
        act()
    except AgentGymError as error:
        return error
    return None


def refused(act: Callable[[], object], kind: type[AgentGymError]) -> AgentGymError:
    """Return the error that an act raises; its message has all its parts."""
    with pytest.raises(AgentGymError) as caught:
        act()
    error = caught.value
    assert type(error) is kind, repr(error)
    assert error.expected and error.found and error.hint, str(error)
    assert "\n" not in str(error)
    assert "Traceback" not in str(error)
    return error


@pytest.mark.parametrize("case", BAD_BUILDS)
def test_bad_input_is_told_and_leaves_nothing(tmp_path: Path, case: str) -> None:
    """Expected, found, where and what to do; and the folder is as it was, and so is its parent."""
    make, options, kind = BAD_BUILDS[case]
    source = make(tmp_path)
    before = tree(tmp_path), content(tmp_path)
    options = dict(options)
    out = tmp_path / options.pop("out", "out")
    error = refused(lambda: build(source, out, tasks=2, **options), kind)
    assert error.where
    assert (tree(tmp_path), content(tmp_path)) == before


@pytest.mark.parametrize("seed", range(6))
def test_damage_anywhere_is_told_or_survived(tmp_path: Path, seed: int) -> None:
    """A database with a page overwritten builds from what is left, or is refused; never a crash."""
    path = shop.sqlite(tmp_path / "in")
    data = bytearray(path.read_bytes())
    page = 4096
    start = (seed * 5 + 1) % (len(data) // page) * page
    data[start : start + page] = bytes(n * (seed + 3) % 256 for n in range(page))
    path.write_bytes(data)
    error = fault_of(lambda: build(path, tmp_path / "out", tasks=1))
    if error is None:
        assert check(tmp_path / "out").ok
    else:
        assert type(error) is SourceError
        assert error.where and error.hint
        assert tree(tmp_path) == ["in"]


@pytest.mark.parametrize("stage", ["infer", "populate", "derive", "fill", "files"])
@pytest.mark.parametrize("force", [False, True])
def test_an_interruption_leaves_nothing(
    sources: Path, place: Path, monkeypatch: pytest.MonkeyPatch, *, stage: str, force: bool
) -> None:
    """Ctrl-C at any stage leaves no half folder, and an old one as it was."""
    out = place if force else place.parent / "far" / "away"
    before = tree(place.parent), content(place.parent)

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(building if hasattr(building, stage) else moulding, stage, interrupt)
    with pytest.raises(KeyboardInterrupt):
        build(sources / "shop.sql", out, tasks=2, force=force)
    assert (tree(place.parent), content(place.parent)) == before


# edits by hand


def edit(place: Path, change: Callable[[Any], object], file: str = "domain.json") -> None:
    """Change a JSON file of the folder, as a person would."""
    value = json.loads((place / file).read_bytes())
    change(value)
    (place / file).write_text(json.dumps(value, indent=1))


def tool(value: Any, name: str) -> Any:
    """Return the tool of that name from the content of a `domain.json`."""
    return next(one for one in value["tools"] if one["name"] == name)


def entity(value: Any, name: str) -> Any:
    """Return the entity of that name from the content of a `domain.json`."""
    return next(one for one in value["schema"]["entities"] if one["name"] == name)


def _put(where: Callable[[Any], Any], key: Any, new: Json) -> Callable[[Any], object]:
    def change(value: Any) -> None:
        where(value)[key] = new

    return change


def _rule(**changes: Json) -> Callable[[Any], object]:
    def change(value: Any) -> None:
        rule: dict[str, Json] = {"id": "odd", "entity": "product", "on": ["create"]}
        rule["predicate"] = {"type": "compare", "field": "price", "op": "le", "value": 9}
        value["rules"].append(rule | changes)

    return change


def _predicate(**predicate: Json) -> Callable[[Any], object]:
    return _rule(predicate=predicate)


def _top(value: Any) -> Any:
    return value


def _tool(name: str) -> Callable[[Any], Any]:
    return lambda value: tool(value, name)


def _term(name: str) -> Callable[[Any], Any]:
    return lambda value: tool(value, name)["term"]


BAD_EDITS: dict[str, tuple[Callable[[Any], object], type[AgentGymError], str]] = {
    "another format": (
        _put(_top, "format", 2),
        FormatError,
        "$.format: expected format 1, found 2",
    ),
    "no format": (
        lambda v: v.pop("format"),
        FormatError,
        "$.format: expected format 1, found none",
    ),
    "rows in it": (_put(_top, "rows", []), FormatError, "rows.jsonl"),
    "unknown member": (_put(_top, "tolls", []), FormatError, "found 'tolls'"),
    "wrong type": (_put(_top, "tools", {}), FormatError, "$.tools: expected an array"),
    "missing member": (lambda v: v.pop("clock"), FormatError, "the field clock"),
    "a clock of nonsense": (_put(lambda v: v["clock"], "start", "noon"), DomainError, "$.clock"),
    "a clock too fast": (_put(lambda v: v["clock"], "step_s", 10**9), DomainError, "step_s"),
    "illegal name": (_put(_top, "name", "The Shop"), DomainError, "$.name"),
    "rule on no entity": (_rule(entity="produkt"), DomainError, "did you mean 'product'?"),
    "rule on no field": (
        _predicate(type="compare", field="prise", op="le", value=9),
        DomainError,
        "did you mean 'price'?",
    ),
    "rule on no kind of write": (_rule(on=[]), DomainError, ".on"),
    "rule on a strange write": (_rule(on=["upsert"]), FormatError, "found 'upsert'"),
    "rule with a text for a number": (
        _predicate(type="compare", field="price", op="le", value="cheap"),
        DomainError,
        "a value of price (decimal), found 'cheap'",
    ),
    "rule with nothing to compare": (
        _predicate(type="compare", field="price", op="le"),
        DomainError,
        "either a value or another field",
    ),
    "rule on unlike fields": (
        _predicate(type="compare", field="price", op="le", other="title"),
        DomainError,
        "decimal and text",
    ),
    "rule of an unknown kind": (_predicate(type="often"), FormatError, "found 'often'"),
    "rule on no life cycle": (_predicate(type="move", field="title"), DomainError, "life cycle"),
    "rule on no relation": (
        _predicate(type="no_children", relation="order_product"),
        DomainError,
        "a relation",
    ),
    "rule on another's relation": (
        _predicate(type="no_children", relation="order_customer"),
        DomainError,
        "points to customer",
    ),
    "rule of no parts": (_predicate(type="all", of=[]), DomainError, ".predicate.of"),
    "rule twice": (lambda v: v["rules"].append(v["rules"][0]), DomainError, "twice"),
    "unknown guard": (_put(_tool("create_order"), "guards", ["nope"]), DomainError, "guards[0]"),
    "guard of another": (
        _put(_tool("create_order"), "guards", ["product_price_gt_1"]),
        DomainError,
        "a rule about order",
    ),
    "unknown entity in a term": (
        _put(_term("get_product"), "entity", "prodct"),
        DomainError,
        "did you mean 'product'?",
    ),
    "unknown field in a term": (
        _put(lambda v: tool(v, "get_product")["term"]["key"][0], "field", "id"),
        DomainError,
        "a field of product",
    ),
    "a key in part": (_put(_term("get_product"), "key", []), DomainError, "the key of product"),
    "unknown kind of term": (_put(_term("get_product"), "type", "fetch"), FormatError, "'fetch'"),
    "no page": (_put(_term("search_products"), "page_size", 0), DomainError, "page_size"),
    "sort by nothing": (_put(_term("search_products"), "sorts", ["colour"]), DomainError, ".sorts"),
    "tool without a name": (
        _put(_tool("get_product"), "name", ""),
        DomainError,
        "ASCII identifier",
    ),
    "reserved name": (_put(_tool("get_product"), "name", "bash"), DomainError, "bash_1"),
    "name twice": (_put(_tool("get_product"), "name", "get_order"), DomainError, "twice"),
    "unknown reference": (
        _put(lambda v: v["schema"]["relations"][0], "target", "regoin"),
        DomainError,
        "did you mean 'region'?",
    ),
    "uneven reference": (
        _put(lambda v: v["schema"]["relations"][0], "target_fields", []),
        DomainError,
        "as many fields on each side",
    ),
    "enum without values": (
        _put(lambda v: entity(v, "order")["fields"][3], "values", []),
        DomainError,
        "the values of an enum",
    ),
    "field twice": (
        lambda v: entity(v, "product")["fields"].append(entity(v, "product")["fields"][0]),
        DomainError,
        "twice",
    ),
}


@pytest.mark.parametrize("case", BAD_EDITS)
def test_a_wrong_edit_is_told_and_nothing_is_written(place: Path, case: str) -> None:
    """A wrong rule or tool is refused by load, check and seal, with its place in the file."""
    change, kind, part = BAD_EDITS[case]
    edit(place, change)
    before = content(place.parent)
    for act in (load, load_suite, check, seal):
        error = refused(partial(act, place), kind)
        assert part in str(error), str(error)
        assert str(place / "domain.json") in error.where
    assert content(place.parent) == before
    assert tree(place.parent) == sorted(["shop", *(f"shop/{name}" for name in content(place))])


@pytest.mark.parametrize(
    ("file", "data", "part"),
    [
        ("domain.json", b"", "expected JSON"),
        ("domain.json", b"[]", "expected format 1"),
        ("domain.json", b'{"format":1,', "expected JSON"),
        ("domain.json", b"\xff\xfe", "JSON"),
        ("rows.jsonl", b"{}}\n", "line 1: expected JSON"),
        ("rows.jsonl", b'\n{"region":3}\n', "line 2 $[...]: expected an object"),
        ("rows.jsonl", b'{"regio":{}}\n', "did you mean 'region'?"),
        ("rows.jsonl", b'{"region":{"name":"x"}}\n', "line 1 region.region_id"),
        ("rows.jsonl", b'{"region":{"name":"x","region_id":"1"}}\n', "line 1 region.region_id"),
        ("rows.jsonl", b'{"region":{"name":"x","region_id":1,"nam":2}}\n', "did you mean 'name'?"),
        ("tasks.jsonl", b"{", "line 1: expected JSON"),
        ("tasks.jsonl", b'{"id":"x"}\n', "line 1: expected the field family"),
    ],
)
def test_a_broken_file_is_told_with_its_line(
    place: Path, file: str, data: bytes, part: str
) -> None:
    """A file that is not in our format is named with line and place."""
    (place / file).write_bytes(data)
    before = content(place.parent)
    for act in (check, seal):
        with pytest.raises((FormatError, DomainError)) as caught:
            act(place)
        error = caught.value
        assert part in str(error), str(error)
        assert str(place / file) in error.where
        assert error.found and error.hint
    assert content(place.parent) == before


@pytest.mark.parametrize("file", FILES)
def test_a_file_changed_behind_the_manifest_is_named(place: Path, file: str) -> None:
    """Loading refuses a folder of which one file differs, and check says which."""
    (place / file).write_bytes((place / file).read_bytes() + b"\n")
    error = refused(lambda: load(place), DomainError)
    assert error.where == str(place / file)
    assert "agentgym seal" in error.hint
    report = check(place)
    assert (report.ok, report.stale) == (False, (file,))
    seal(place)
    assert check(place).ok


@pytest.mark.parametrize("file", FILES)
def test_a_missing_file_is_named(place: Path, file: str) -> None:
    """Without one of its files a folder is no domain; what can be rendered, seal renders."""
    before = content(place)
    (place / file).unlink()
    with pytest.raises(AgentGymError) as caught:
        load(place)
    assert file in str(caught.value)
    if file in ("policy.md", "golden.trace"):
        assert check(place).stale == (file,)
        seal(place)
        assert content(place) == before
    else:
        for act in (check, seal):
            refused(partial(act, place), DomainError if file == FILES[0] else FormatError)


def test_a_missing_manifest_is_named_and_made_again(place: Path) -> None:
    """Without its manifest a folder is not loaded; sealing gives it the same one again."""
    before = content(place)
    (place / "manifest.json").unlink()
    for act in (load, check):
        assert "agentgym seal" in refused(partial(act, place), FormatError).hint
    seal(place)
    assert content(place) == before


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (_put(_top, "world", "0" * 64), "world hash"),
        (_put(_top, "name", "stop"), "the manifest is of 'stop'"),
        (lambda m: m["files"].pop("golden.trace"), "does not name golden.trace"),
        (lambda m: m["files"].pop("tasks.jsonl"), "tasks.jsonl differs"),
    ],
)
def test_a_manifest_edited_by_hand_is_found_out(
    place: Path, change: Callable[[Any], object], part: str
) -> None:
    """Check compares what the manifest says with what is there."""
    edit(place, change, "manifest.json")
    report = check(place)
    assert not report.ok
    assert any(part in problem for problem in report.problems), report.problems


def test_a_manifest_of_another_format_is_refused(place: Path) -> None:
    """A manifest that a later version wrote is not read."""
    edit(place, _put(_top, "format", 2), "manifest.json")
    for act in (load, check):
        assert "$.format" in refused(partial(act, place), FormatError).where


# rows edited by hand


def lines(place: Path) -> list[dict[str, dict[str, Json]]]:
    """Return the rows of the folder, a line each."""
    return [json.loads(line) for line in (place / "rows.jsonl").read_bytes().splitlines()]


def first(rows: list[dict[str, Any]], name: str) -> int:
    """Return the index of an entity's first row."""
    return next(at for at, line in enumerate(rows) if name in line)


def _dangle(rows: list[Any]) -> int:
    at = first(rows, "order")
    rows[at]["order"]["customer_id"] = 999_999
    return at


def _same_key(rows: list[Any]) -> int:
    at = first(rows, "product")
    rows[at + 1]["product"]["product_id"] = rows[at]["product"]["product_id"]
    return at + 1


def _same_value(rows: list[Any]) -> int:
    at = first(rows, "customer")
    rows[at + 2]["customer"]["email"] = rows[at]["customer"]["email"]
    return at + 2


def _negative(rows: list[Any]) -> int:
    at = first(rows, "product") + 3
    rows[at]["product"]["price"] = -1
    return at


@pytest.mark.parametrize(
    ("change", "entity_", "part"),
    [
        (_dangle, "order", "refers to no customer (999999,)"),
        (_same_key, "product", "product_id twice"),
        (_same_value, "customer", "email twice"),
        (_negative, "product", "check product_price_gt_1 fails"),
    ],
)
def test_rows_that_break_the_schema_are_named(
    place: Path, change: Callable[[list[Any]], int], entity_: str, part: str
) -> None:
    """A reference, key, unique or check broken by hand is told with line and entity."""
    rows = lines(place)
    at = change(rows)
    (place / "rows.jsonl").write_bytes(b"\n" + b"".join(encode(row) + b"\n" for row in rows))
    before = content(place)
    where = f"rows.jsonl line {at + 2}"
    report = check(place)
    assert not report.ok
    assert any(
        problem.startswith(f"{where}: {entity_}") and part in problem for problem in report.problems
    ), report.problems
    error = refused(lambda: seal(place), DomainError)
    assert error.where == f"{place}/{where}"
    assert part in error.found
    assert content(place) == before


# seal


def test_sealing_an_untouched_folder_changes_nothing(place: Path) -> None:
    """A folder that is in order keeps every byte, and its files are not even written again."""
    before = content(place), [(place / name).stat().st_mtime_ns for name in FILES]
    report = seal(place)
    assert (report.kept, report.dropped) == (TASKS, {})
    assert (content(place), [(place / name).stat().st_mtime_ns for name in FILES]) == before


def test_texts_may_be_edited(place: Path) -> None:
    """After an edit of what people and agents read, sealing renders and proves all again."""

    def change(value: Any) -> None:
        value["title"] = "The Corner Shop"
        value["description"] = "You are the clerk."
        tool(value, "get_product")["description"] = "Look one product up."

    edit(place, change)
    assert set(check(place).stale) == {"domain.json"}
    report = seal(place)
    assert (report.kept, report.dropped) == (TASKS, {})
    assert check(place).ok
    assert b"The Corner Shop" in (place / "policy.md").read_bytes()
    suite = load_suite(place)
    assert suite.domain.tool_by_name["get_product"].description == "Look one product up."
    assert suite.domain.world_hash.encode() in (place / "golden.trace").read_bytes()


def test_labels_may_be_edited(place: Path) -> None:
    """A new word for a thing drops the tasks whose words no longer say what they ask, no others."""
    edit(place, lambda v: entity(v, "region").update(label="district", plural="districts"))
    texts = {t.id: t.instruction for t in tasks_of(place)}
    report = seal(place)
    assert report.kept + len(report.dropped) == TASKS
    assert all("region" in texts[name].lower() for name in report.dropped), report.dropped
    assert check(place).ok


def tasks_of(place: Path) -> tuple[Task, ...]:
    """Return the tasks of a folder, sealed or not."""
    return checking._tasks(place)


def test_a_deleted_tool_drops_the_tasks_that_show_it(place: Path) -> None:
    """Tasks that need or show a tool that is gone are dropped, each with its reason."""
    tasks = tasks_of(place)
    gone = next(s.tool for t in tasks for s in t.gold if s.tool.startswith(("create", "update")))
    edit(place, lambda v: v["tools"].remove(tool(v, gone)))
    shown = {t.id for t in tasks if gone in t.tools}
    assert not check(place).ok
    report = seal(place)
    assert set(report.dropped) == shown
    assert set(report.dropped.values()) == {f"the domain has no tool {gone!r}"}
    assert report.kept == TASKS - len(shown)
    assert check(place).ok


def test_a_new_rule_drops_the_tasks_that_it_forbids(place: Path) -> None:
    """A rule that refuses what a task asks for takes that task away, and says which gate."""
    tasks = tasks_of(place)
    written = {
        t.id: {s.tool for s in t.gold if s.tool.startswith(("create_", "update_", "delete_"))}
        for t in tasks
    }
    name = next(one for names in written.values() for one in sorted(names))

    def change(value: Any) -> None:
        one = tool(value, name)
        owner = entity(value, one["term"]["entity"])
        key = owner["key"][0]
        kind = name.partition("_")[0]
        never = {"type": "compare", "field": key, "op": "lt", "value": -5}
        rule = {"id": "never", "kind": "limit", "entity": owner["name"], "on": [kind]}
        value["rules"].append(rule | {"predicate": never})
        one["guards"] = [*one.get("guards", []), "never"]

    edit(place, change)
    report = seal(place)
    forbidden = {task: reason for task, reason in report.dropped.items() if "never" in reason}
    assert set(forbidden) == {task for task, names in written.items() if name in names}
    assert report.reasons["executes"] == len(forbidden)
    # a wrong run that is refused proves nothing: a task may be left with too few of them
    others = [reason for task, reason in report.dropped.items() if task not in forbidden]
    assert all(reason.startswith("mutants: only") for reason in others), report.dropped
    assert b"less than -5" in (place / "policy.md").read_bytes()
    assert check(place).ok


def test_files_of_others_stay(place: Path) -> None:
    """Sealing keeps what somebody else put into the folder."""
    (place / "notes").mkdir()
    (place / "notes" / "mine.txt").write_text("keep")
    edit(place, _put(_top, "title", "Other"))
    seal(place)
    assert (place / "notes" / "mine.txt").read_text() == "keep"
    assert check(place).ok


def test_a_new_version_numbers_its_tasks_anew(place: Path) -> None:
    """Tasks are called by the domain and its version: sealing carries them over."""
    edit(place, _put(_top, "version", 2))
    assert "the id is not one of shop-v2" in check(place).problems[-1]
    assert seal(place).kept == TASKS
    assert load_suite(place).task("1").id == "shop-v2/0001"
    assert check(place).ok


TASK_EDITS: dict[str, tuple[Callable[[Any], object], str]] = {
    "format": (_put(_top, "format", 9), "it is of format 9"),
    "unknown tool": (_put(_top, "tools", ["fetch"]), "the domain has no tool 'fetch'"),
    "wrong answer": (lambda t: t["goal"]["branches"][0].update(outcome="refused"), ""),
    "no steps": (_put(_top, "gold", []), ""),
    "no nodes": (lambda t: t["plan"].update(nodes=[]), ""),
    "other words": (_put(_top, "instruction", "Please do nothing."), ""),
    "other certificate": (lambda t: t["certificate"].update(mutants=3), "certificate"),
    "strange value": (lambda t: t["plan"]["facts"][0].update(value="moon"), ""),
    "strange entity": (lambda t: t["plan"]["nodes"][0].update(entity="moon"), ""),
    "strange change": (
        lambda t: t["goal"]["branches"][0].update(changes=[{"entity": "moon", "kind": "insert"}]),
        "",
    ),
    "strange node": (lambda t: t["plan"]["nodes"][0].update(id="n99"), ""),
}


@pytest.mark.parametrize("case", TASK_EDITS)
def test_a_task_edited_by_hand_does_not_hold(place: Path, case: str) -> None:
    """Whatever is wrong with a task, check names it and seal drops it; no edit is a crash."""
    change, part = TASK_EDITS[case]
    tasks = (place / "tasks.jsonl").read_bytes().splitlines()
    task = json.loads(tasks[1], parse_float=Decimal)
    change(task)
    tasks[1] = encode(task)
    (place / "tasks.jsonl").write_bytes(b"".join(line + b"\n" for line in tasks))
    report = check(place)
    name = task["id"]
    assert any(p.startswith(f"{name}: ") and part in p for p in report.problems), report.problems
    sealed = seal(place)
    assert set(sealed.dropped) == (set() if case == "other certificate" else {name})
    assert check(place).ok


# any edit at all


def _spots(value: Json, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner: list[tuple[Any, Json]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    return [path, *(spot for key, part in inner for spot in _spots(part, (*path, key)))]


@st.composite
def edits(draw: st.DrawFn, value: Any) -> Any:
    """Change one place of a JSON value: removed, or replaced by what stands elsewhere, or odd."""
    spots = [spot for spot in _spots(value)[1:] if spot[0] != "source"]
    spot = draw(st.sampled_from(spots))
    changed = json.loads(json.dumps(value))
    parent = changed
    for key in spot[:-1]:
        parent = parent[key]
    if draw(st.integers(0, 4)) == 0:
        del parent[spot[-1]]
        return changed
    other: Any = value
    for key in draw(st.sampled_from(spots)):
        other = other[key]
    odd: st.SearchStrategy[Any] = st.sampled_from(
        [None, "", 0, -1, 1.5, True, [], {}, "x y", 10**30, "nope", 2**62]
    )
    parent[spot[-1]] = draw(st.just(other) | odd)
    return changed


EDITED: dict[str, Any] = {}


@settings(max_examples=60)
@given(data=st.data())
def test_any_edit_is_refused_or_runs(built: Path, data: st.DataObject) -> None:
    """Whatever one edit does to `domain.json`, it is told in full or gives a domain that runs."""
    folder = built / "shop.sql" / "shop"
    if not EDITED:
        EDITED["value"] = json.loads((folder / "domain.json").read_bytes())
    value = data.draw(edits(EDITED["value"]))
    rows = (folder / "rows.jsonl").read_bytes()
    content = json.dumps(value).encode()
    error = fault_of(lambda: run(parse(content, rows, where="shop")))
    if error is not None:
        assert isinstance(error, (DomainError, FormatError))
        assert error.expected and error.found and error.where and error.hint, str(error)


def run(domain: Domain) -> None:
    """Render a domain, and call each of its tools with nothing."""
    if breaches(domain.schema, domain.rows):
        return
    engine = engine_of(domain)
    engine.compile()
    policy(domain)
    world = engine.world()
    for one in domain.tools:
        result = engine.call(world, one.name, {})
        assert result.ok or result.error
    world.tick()
    assert len(world.now) == 20
    again = parse(domain.to_json(), domain.rows_to_lines(), where="again")
    assert again.world_hash == domain.world_hash


def test_a_run_file_of_another_version_is_refused(tmp_path: Path) -> None:
    """What another version recorded is not read as ours."""
    path = tmp_path / "runs.jsonl"
    path.write_text('{"schema":"agentgym.trajectory/2","trajectory_id":"x"}\n')
    error = refused(lambda: list(read_runs(path)), FormatError)
    assert "agentgym.trajectory/2" in error.found
    assert error.where == f"{path} line 1"


def test_formats_are_the_ones_of_this_version() -> None:
    """The files of a folder are of the format that this version reads."""
    assert formats.FORMAT == 1
