"""The shape of the house: the stair, one home per library, no hidden randomness, a light import."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "agentgym"

STAIR = (
    "errors version rng formats scale client",
    "schema",
    "trajectory",
    "rules",
    "tools",
    "sources",
    "domain",
    "populate",
    "world",
    "plan",
    "goals",
    "tasks",
    "users",
    "episode",
    "policies",
    "env",
    "rollout",
    "prove",
    "build",
    "annotate curriculum evaluate export store",
    "adapters",
    "testing",
)
FLOOR = {room: floor for floor, rooms in enumerate(STAIR) for room in rooms.split()}
ORDER = {room: place for place, room in enumerate(" ".join(STAIR).split())}

HOMES = {
    "sqlglot": {"sources"},
    "sqlalchemy": {"sources", "world", "store"},
    "faker": {"populate"},
    "jsonschema": {"formats"},
    "networkx": {"schema", "tools", "sources", "tasks", "prove", "build"},
    "rdflib": {"sources"},
    "yaml": {"sources"},
    "openai": {"client"},
    "gymnasium": {"env", "curriculum", "__init__"},
    "hypothesis": {"testing"},
    "ray": {"scale"},
    # worlds on a PostgreSQL server
    "psycopg": {"world"},
    "typer": {"cli"},
    "rich": {"cli"},
    # naming needs words: transliteration, a word list with frequencies, English plurals
    "anyascii": {"schema"},
    "symspellpy": {"schema"},
    "inflect": {"schema"},
    # vector environments and text spaces; distances between thousands of structures
    "numpy": {"env", "curriculum", "build"},
}

HEAVY = "openai ray faker hypothesis sqlglot sqlalchemy jsonschema networkx rdflib typer".split()
HEAVY.append("psycopg")


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def room(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imports(path: Path) -> list[tuple[str, int]]:
    """Return what a module imports at run time: dotted name and line."""
    tree = ast.parse(path.read_text())
    hidden = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    found = []
    for node in ast.walk(tree):
        if id(node) in hidden:
            continue
        if isinstance(node, ast.Import):
            found += [(alias.name, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found += [(f"{node.module}.{alias.name}", node.lineno) for alias in node.names]
    return found


def test_every_room_is_on_the_stair() -> None:
    """A new file or folder of the package has a place in the order of imports."""
    rooms = {room(path) for path in modules()} - {"__init__", "__main__"}

    assert rooms <= set(ORDER), sorted(rooms - set(ORDER))


def test_imports_never_climb() -> None:
    """A module imports only what is above it on the stair, or left of it on its line."""
    wrong = []
    for path in modules():
        if room(path) in ("__init__", "__main__"):
            continue
        for name, line in imports(path):
            parts = name.split(".")
            if parts[0] != "agentgym" or len(parts) < 2:
                continue
            target = parts[1]
            if target in ORDER and ORDER[target] > ORDER[room(path)]:
                wrong.append(f"{path.relative_to(ROOT)}:{line} imports {target}")

    assert wrong == []


def test_one_home_per_library() -> None:
    """Each library is named in its own rooms only, so that it can be replaced there."""
    wrong = []
    for path in [*modules(), *sorted((ROOT / "cli").rglob("*.py"))]:
        here = "cli" if path.is_relative_to(ROOT / "cli") else room(path)
        for name, line in imports(path):
            library = name.split(".")[0]
            if library in HOMES and here not in HOMES[library]:
                wrong.append(f"{path.relative_to(ROOT)}:{line} imports {library}")

    assert wrong == []


@pytest.mark.parametrize(
    "forbidden",
    [
        r"\btime\.time\(",
        r"datetime\.(now|today|utcnow)\(",
        r"date\.today\(",
        r"\brandom\.(random|choice|randint|shuffle|seed|sample)\(",
        r"\buuid[14]\b",
    ],
)
def test_no_hidden_randomness(forbidden: str) -> None:
    """No module reads the clock, the global generator, a uuid or the seeded hash."""
    wrong = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in modules()
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if re.search(forbidden, line.split("#")[0])
    ]

    assert wrong == []


def test_no_seeded_hash() -> None:
    """`hash` is called by `__hash__` methods alone: its value differs from process to process."""
    wrong = []
    for path in modules():
        tree = ast.parse(path.read_text())
        own = {
            id(inner)
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef) and node.name == "__hash__"
            for inner in ast.walk(node)
        }
        wrong += [
            f"{path.relative_to(ROOT)}:{node.lineno}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "hash"
            and id(node) not in own
        ]

    assert wrong == []


def test_import_is_light() -> None:
    """`import agentgym` loads none of the heavy libraries."""
    code = f"import sys, agentgym; print([m for m in {HEAVY!r} if m in sys.modules])"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )

    assert result.stdout.strip() == "[]"


def test_public_names_are_sorted_and_there() -> None:
    """Every `__all__` is sorted and names only what the module has."""
    wrong = []
    for path in modules():
        tree = ast.parse(path.read_text())
        for node in tree.body:
            if (
                isinstance(node, ast.Assign)
                and isinstance(node.targets[0], ast.Name)
                and node.targets[0].id == "__all__"
                and isinstance(node.value, ast.List)
            ):
                names = [ast.literal_eval(element) for element in node.value.elts]
                if names != sorted(names, key=_ruff_order):
                    wrong.append(f"{path.relative_to(ROOT)}: {names}")

    assert wrong == []


def _ruff_order(name: str) -> tuple[int, str]:
    """Constants, then classes, then the rest, each by the alphabet, as ruff sorts them."""
    kind = 0 if name.isupper() else 1 if name[:1].isupper() else 2
    return kind, name


def test_the_map_names_every_room() -> None:
    """`agentgym/README.md` draws the house as it is."""
    text = (PACKAGE / "README.md").read_text()
    rooms = sorted({room(p) for p in modules()} - {"__init__"})
    missing = [name for name in rooms if f"`{name}`" not in text]

    assert missing == []


def test_no_long_files() -> None:
    """A file that passes 450 lines is due to become a folder."""
    long = [
        f"{path.relative_to(ROOT)}: {count}"
        for path in modules()
        if (count := len(path.read_text().splitlines())) > 450
    ]

    assert long == []
