"""Documentation is run: every command and every code block of it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", ROOT / "agentgym" / "README.md", ROOT / "domains" / "README.md"]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def blocks(page: Path, kind: str) -> list[str]:
    """Return the code blocks of that kind."""
    return [body for found, body in BLOCK.findall(page.read_text()) if found == kind]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Return an empty folder in which the repository's data can be named as in the docs."""
    for name in ("schemas", "examples", "domains"):
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


def run(command: list[str], place: Path) -> str:
    """Run a command with our console script on the path, and return what it prints."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    result = subprocess.run(
        command,
        cwd=place,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": path},
    )
    assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}"
    return result.stdout


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands(page: Path, place: Path) -> None:
    """Every shell block runs, line by line, as one sitting."""
    for block in blocks(page, "sh"):
        for line in block.strip().splitlines():
            run(["bash", "-ec", line], place)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_console(page: Path, place: Path) -> None:
    """Every console block prints what it shows, command by command."""
    for block in blocks(page, "console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, shown = part.partition("\n")
            printed = run(["bash", "-ec", command], place)
            assert tidy(printed) == tidy(shown), command


def tidy(text: str) -> list[str]:
    """Return the lines that say something, without spaces at their ends."""
    return [line.rstrip() for line in text.splitlines() if line.strip()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_python(page: Path, place: Path) -> None:
    """Every Python block runs by itself."""
    for block in blocks(page, "python"):
        run([sys.executable, "-W", "error", "-c", block], place)


def test_make_targets_are_there_and_explained() -> None:
    """Every target that a page names is in the Makefile, with its line of help."""
    makefile = (ROOT / "Makefile").read_text()
    named = {name for page in PAGES for name in re.findall(r"make ([a-z]+)", page.read_text())}
    explained = set(re.findall(r"^([a-z]+):.*## ", makefile, re.MULTILINE))

    assert named <= explained
    assert {"demo", "test", "check", "slow", "golden", "domains", "bench", "wheel"} <= explained


def test_named_files_are_there() -> None:
    """Every path that a page names is in the repository."""
    missing = []
    for page in PAGES:
        folders = "schemas|examples|tests|agentgym|cli|domains"
        for path in re.findall(rf"`((?:{folders})/[\w./-]+)`", page.read_text()):
            registered_id = re.fullmatch(r"agentgym/\w+-v\d+", path)
            if not registered_id and not (ROOT / path).exists():
                missing.append(f"{page.name}: {path}")

    assert missing == []
