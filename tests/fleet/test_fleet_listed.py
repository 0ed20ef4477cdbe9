"""A file of many schemas becomes a folder of domains: the same bytes always, resumed, counted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from agentgym.build.fleet.listed import make_listed
from agentgym.build.one import build, check
from agentgym.cli.app import app
from agentgym.errors import UsageError


def schema(name: str, thing: str, **changes: Any) -> dict[str, Any]:
    """Return a schema of people who own things, as such files write it."""
    columns = [
        (-1, "*", "text"),
        (0, "person id", "number"),
        (0, "name", "text"),
        (0, "city", "text"),
        (1, f"{thing} id", "number"),
        (1, "title", "text"),
        (1, "price", "number"),
        (1, "person id", "number"),
    ]
    return {
        "db_id": name,
        "table_names_original": ["people", f"{thing}s"],
        "table_names": ["people", f"{thing}s"],
        "column_names_original": [[table, said] for table, said, _ in columns],
        "column_names": [[table, said] for table, said, _ in columns],
        "column_types": [kind for *_, kind in columns],
        "primary_keys": [1, 4],
        "foreign_keys": [[7, 1]],
        **changes,
    }


@pytest.fixture(name="path")
def _path(tmp_path: Path) -> Path:
    """Three schemas: two whose names differ in letter case, and a damaged one."""
    path = tmp_path / "tables.json"
    listed = [
        schema("Book_Shop", "book"),
        schema("book_shop", "painting"),
        schema("9 lives", "boat", foreign_keys=[[7, 99]]),
    ]
    path.write_text(json.dumps(listed))
    return path


def content(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".fleet" not in path.parts
    }


def test_every_schema(path: Path, tmp_path: Path) -> None:
    """Each becomes what a build of it alone gives; a damaged one is counted with its reason."""
    report, _ = make_listed(path, tmp_path / "worlds", tasks=3, seed=0, workers=1)

    assert list(report.domains) == ["book_shop", "book_shop_2"]
    assert (report.made, report.drawn, report.rejected) == (2, 3, {"SourceError": 1})
    assert "9 lives" in report.rejections["schema_9_lives"]
    assert all(sizes["tasks"] == 3 for sizes in report.domains.values())
    assert check(tmp_path / "worlds" / "book_shop_2").ok
    build(path, tmp_path / "book_shop_2", only="book_shop", tasks=3)
    assert content(tmp_path / "book_shop_2") == content(tmp_path / "worlds" / "book_shop_2")


def test_resumed(path: Path, tmp_path: Path) -> None:
    """What is there is kept, what is lost is made again, by any number of workers."""
    out = tmp_path / "worlds"
    make_listed(path, out, tasks=2, seed=0, workers=1)
    whole = content(out)
    (out / "book_shop" / "manifest.json").unlink()

    _, shift = make_listed(path, out, tasks=2, seed=0, workers=2)
    assert shift.began_with == 1
    assert content(out) == whole
    with pytest.raises(UsageError, match="tasks"):
        make_listed(path, out, tasks=3, seed=0, workers=1)
    path.write_text(json.dumps([schema("other", "book")]))
    with pytest.raises(UsageError, match="the order that this fleet was begun with"):
        make_listed(path, out, tasks=2, seed=0, workers=1)


def test_too_few_tasks(tmp_path: Path) -> None:
    """A schema about which nothing can be asked is no domain."""
    path = tmp_path / "tables.json"
    path.write_text(json.dumps([schema("a", "book")]))

    report, _ = make_listed(path, tmp_path / "w", tasks=2, least_tasks=99, seed=0, workers=1)
    assert report.made == 1
    report, _ = make_listed(path, tmp_path / "none", tasks=0, seed=0, workers=1)
    assert report.made == 1


def test_command(path: Path, tmp_path: Path) -> None:
    """`build --all` makes them; what makes no sense beside it is refused."""
    run = CliRunner().invoke
    out = str(tmp_path / "worlds")
    done = run(app, ["build", str(path), "--all", "--out", out, "--tasks", "2", "--workers", "1"])
    assert done.exit_code == 0
    assert "2 of 3 wanted" in done.output
    for option in (["--only", "book_shop"], ["--rows", "5"], ["--name", "x"], ["--keep-personal"]):
        failed = run(app, ["build", str(path), "--all", "--out", out, *option])
        assert (failed.exit_code, option[0] in failed.output) == (2, True), failed.output
    alone = run(app, ["build", str(path), "--out", str(tmp_path / "x")])
    assert alone.exit_code == 1
    assert all(word in alone.output for word in ("Book_Shop", "--only", "--all"))
    lost = run(app, ["build", str(path), "--out", out, "--workers", "2"])
    assert (lost.exit_code, "--all" in lost.output) == (2, True)
