"""The distribution: what is installed is what the repository holds, under one import name."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from agentgym.version import VERSION

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())
BESIDE = ("cli", "domains", "schemas")
"""Folders beside the package that are installed inside it."""
SUFFIXES = set(".LICENSE .json .jsonl .md .py .sql .toml .trace .ttl .txt .typed .yaml".split())


def shipped() -> set[str]:
    """Name the files of the repository that a wheel must hold, as the wheel names them."""
    found = set()
    for folder in ("agentgym", *BESIDE):
        for path in (ROOT / folder).rglob("*"):
            inside = path.relative_to(ROOT)
            if path.is_file() and path.suffix in SUFFIXES:
                found.add(str(inside if folder == "agentgym" else Path("agentgym") / inside))
    return found


def test_every_package_is_listed():
    """The list in pyproject.toml is the folders that hold modules, and the three beside them."""
    folders = {path.parent for path in (ROOT / "agentgym").rglob("*.py")}
    names = {".".join(folder.relative_to(ROOT).parts) for folder in folders}

    expected = sorted(names | {f"agentgym.{name}" for name in BESIDE})

    assert expected == SETTINGS["tool"]["setuptools"]["packages"]


def test_one_version():
    """The distribution has the version that is written into every file of ours."""
    assert SETTINGS["project"]["version"] == VERSION


def test_every_dependency_has_a_lower_bound():
    """Each dependency says since which version it will do."""
    assert all(">=" in one for one in SETTINGS["project"]["dependencies"])


def test_every_lint_exception_has_its_reason():
    """An ignored rule has its reason on its line."""
    text = (ROOT / "pyproject.toml").read_text()
    lint = text[text.index("[tool.ruff.lint]") : text.index("[tool.ruff.lint.pydocstyle]")]
    ignored = [line for line in lint.splitlines() if line.startswith('    "')]

    assert ignored
    assert all(" # " in line for line in ignored), [one for one in ignored if " # " not in one]


@pytest.mark.slow
def test_wheel_holds_what_the_repository_holds(tmp_path: Path):
    """No file of the package, the command line or the data is missing, none is too many."""
    copy = tmp_path / "repository"
    for name in ("agentgym", *BESIDE):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("LICENSE", "README.md", "pyproject.toml"):
        shutil.copy(ROOT / name, copy / name)
    command = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        str(tmp_path),
    ]
    subprocess.run([*command, str(copy)], check=True, capture_output=True)
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        held = {name for name in wheel.namelist() if ".dist-info/" not in name}

    assert held == shipped()
