"""Domains from nothing, and of a pile of API descriptions, as a user makes them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from agentgym.build import one
from agentgym.build.fleet.composed import EDITS, make_composed
from agentgym.build.fleet.distance import nearest
from agentgym.build.fleet.diversity import structure_of
from agentgym.build.fleet.pooled import make_pool
from agentgym.domain import load
from agentgym.errors import SourceError, UsageError
from agentgym.tools.pool.graph import Thresholds

ROOT = Path(__file__).resolve().parent.parent.parent
APIS = ROOT / "schemas" / "sources" / "apis"
COUNT = 4


def content(out: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(out)): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file() and ".fleet" not in path.parts
    }


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small fleet from nothing."""
    out = tmp_path_factory.mktemp("fleet") / "worlds"
    make_composed(out, count=COUNT, tasks=10, seed=3, workers=1)
    return out


def test_a_fleet_has_what_was_asked(worlds: Path) -> None:
    """Ten tasks of each domain, of many kinds; every domain holds in full."""
    report = json.loads((worlds / "report.json").read_bytes())

    assert report["made"] == COUNT
    for name in report["domains"]:
        assert one.check(worlds / name).ok
        tasks = list(
            map(msgspec.json.decode, (worlds / name / "tasks.jsonl").read_bytes().splitlines())
        )
        assert len(tasks) == 10
        assert len({task["family"] for task in tasks}) >= 5
        assert sum(task["family"] == "lookup" for task in tasks) <= 3
        assert sum(task["measured"]["min_calls"] >= 4 for task in tasks) >= 2
        assert sum(bool(task["measured"].get("rules")) for task in tasks) >= 2


def test_structures_are_apart_and_trades_differ(worlds: Path) -> None:
    """No two are less than three edits apart; each says its trade, patterns and phase."""
    domains = [load(path.parent) for path in sorted(worlds.glob("*/domain.json"))]
    edits, _ = nearest([structure_of(one.schema, one.effects) for one in domains])

    assert min(edits) >= EDITS
    tags = [domain.source.tags for domain in domains]
    assert len({tag["industry"] for tag in tags}) == COUNT
    assert {tag["phase"] for tag in tags} == {"general"}
    assert all(tag["patterns"].count("+") >= 2 for tag in tags)


def test_workers_hash_seeds_and_deaths_leave_no_trace(worlds: Path, tmp_path: Path) -> None:
    """A fleet that was killed amid its work, and gone on with by two workers, is the same."""
    out = tmp_path / "worlds"
    command = [sys.executable, "-m", "agentgym.cli", "compose", "--out", str(out), "--seed", "3"]
    command += ["--count", str(COUNT), "--tasks", "10", "--workers"]
    environment = os.environ | {"PYTHONHASHSEED": "77"}
    with subprocess.Popen([*command, "1"], env=environment, stderr=subprocess.DEVNULL) as run:
        until = time.monotonic() + 120
        while time.monotonic() < until and not list(tmp_path.glob("worlds/*/manifest.json")):
            time.sleep(0.05)
        run.send_signal(signal.SIGKILL)
    there = {path.name for path in out.glob("*_*")}
    assert 0 < len(there) < COUNT
    assert all((out / name / "manifest.json").is_file() for name in there)

    subprocess.run([*command, "2"], env=environment, check=True, capture_output=True)
    assert content(out) == content(worlds)


def test_a_longer_fleet_begins_like_a_shorter_one(worlds: Path, tmp_path: Path) -> None:
    make_composed(tmp_path / "two", count=2, tasks=10, seed=3, workers=1)

    mine, theirs = content(tmp_path / "two"), content(worlds)
    names = {name for name in mine if "/" in name}
    assert names
    assert {name: mine[name] for name in names} == {name: theirs[name] for name in names}


def test_a_vertical_fleet_is_of_its_trade(tmp_path: Path) -> None:
    make_composed(tmp_path / "v", count=2, tasks=4, seed=1, workers=1, vertical=["bakery"])

    tags = [load(path.parent).source.tags for path in (tmp_path / "v").glob("*/domain.json")]
    assert [(tag["industry"], tag["phase"]) for tag in tags] == [("bakery", "vertical")] * 2
    with pytest.raises(UsageError, match="bakery"):
        make_composed(tmp_path / "w", count=2, tasks=4, seed=1, vertical=["bakry"])


def test_a_pool_becomes_domains(tmp_path: Path) -> None:
    """Three descriptions of three kinds: each a community, and a domain that holds."""
    out = tmp_path / "worlds"
    (tmp_path / "specs").mkdir()
    for path in APIS.iterdir():
        (tmp_path / "specs" / path.name).write_bytes(path.read_bytes())
    (tmp_path / "specs" / "twice.yaml").write_bytes((APIS / "lending.yaml").read_bytes())
    (tmp_path / "specs" / "broken.json").write_text('{"openapi": "3.0.0", ')
    (tmp_path / "specs" / "package.json").write_text('{"name": "x"}')
    report, _ = make_pool(tmp_path / "specs", out, count=3, tasks=5, seed=0, workers=1)

    assert report.fleet.made == report.communities == 3
    assert report.files == 6
    assert sum(report.unread.values()) == 3
    assert report.unread["the same content as another file"] == 1
    for name in report.fleet.domains:
        assert one.check(out / name).ok
    edges = [
        msgspec.json.decode(line) for line in (out / "tool-graph.jsonl").read_bytes().splitlines()
    ]
    assert len(edges) == sum(report.edges.values())
    assert all(edge["weight"] > 0 and edge["evidence"] for edge in edges)

    again = tmp_path / "again"
    make_pool(tmp_path / "specs", again, count=3, tasks=5, seed=0, workers=2)
    assert content(again) == content(out)


def test_a_pool_of_nothing_says_so(tmp_path: Path) -> None:
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / "package.json").write_text('{"name": "x"}')
    with pytest.raises(SourceError, match="descriptions of APIs"):
        make_pool(tmp_path / "specs", tmp_path / "out", count=1, tasks=1, seed=0, workers=1)
    with pytest.raises(UsageError, match="a folder of API descriptions"):
        make_pool(APIS / "lending.yaml", tmp_path / "out2", count=1, tasks=1, seed=0, workers=1)


def test_other_thresholds_are_another_order(tmp_path: Path) -> None:
    out = tmp_path / "out"
    make_pool(APIS, out, count=1, tasks=2, seed=0, workers=1)
    with pytest.raises(UsageError, match="thresholds"):
        make_pool(APIS, out, count=1, tasks=2, seed=0, workers=1, thresholds=Thresholds(alike=0.5))
