"""Documentation is run: every command and every code block of it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_type_hints

import jsonschema
import msgspec
import pytest
from outlines import TOOL_LIBRARY
from scripted_model import serving

from agentgym import sources
from agentgym.domain import Clock, Domain, Source
from agentgym.formats import Record, decode
from agentgym.rules import (
    CLASSES,
    Add,
    Adjust,
    Assign,
    Effect,
    Predicate,
    Rule,
    Value,
    derived_sentence,
    effect_sentence,
    parts,
    sentence,
)
from agentgym.rules import derive as derive_rules
from agentgym.schema import Derived, Exclusive, Schema
from agentgym.schema.roles import infer
from agentgym.tools.algebra import Argument, Filter, Nested, Side, Step, Term, Tool
from agentgym.tools.derive import derive as derive_tools
from agentgym.tools.views import ViewOptions
from agentgym.world.compile import engine

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", ROOT / "agentgym" / "README.md", ROOT / "domains" / "README.md"]
SITTINGS = sorted((ROOT / "docs").glob("*.md"))
"""Pages of which all blocks run in one folder, in the order of the page."""
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def blocks(page: Path, kind: str) -> list[str]:
    """Return the code blocks of that kind."""
    return [body for found, body in BLOCK.findall(page.read_text()) if found == kind]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Yield an empty folder in which the repository's data can be named as in the docs.

    A model is served there that has one outline to give, whatever it is asked.
    """
    for name in ("schemas", "examples", "domains"):
        (tmp_path / name).symlink_to(ROOT / name)
    with serving(TOOL_LIBRARY) as model:
        monkeypatch.setenv("OPENAI_BASE_URL", model.url)
        monkeypatch.setenv("AGENTGYM_CACHE", str(tmp_path / ".answers"))
        yield tmp_path


def start(command: list[str], place: Path) -> subprocess.CompletedProcess[str]:
    """Run a command with our console script on the path."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        command,
        cwd=place,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": path},
    )


def run(command: list[str], place: Path) -> str:
    """Run a command that must succeed, and return what it prints."""
    result = start(command, place)
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


def shown(command: str, place: Path) -> str:
    """Run a command, and return all that a terminal shows of it but its progress."""
    result = start(["bash", "-c", command], place)
    told = [line for line in result.stderr.splitlines() if not line.startswith("[")]
    failed = any(line.startswith("agentgym: ") for line in told) or "problems" in result.stdout
    assert (result.returncode != 0) == failed, f"{command}\n{result.stdout}\n{result.stderr}"
    return "\n".join([*tidy(result.stdout), *told])


def matches(printed: str, pattern: str) -> bool:
    """Tell whether a text is as shown, where `...` stands for anything."""
    parts = (re.escape(part) for part in "\n".join(tidy(pattern)).split("..."))
    return re.fullmatch(".*".join(parts), printed, re.DOTALL) is not None


@pytest.mark.parametrize("page", SITTINGS, ids=lambda page: page.stem)
def test_sitting(page: Path, place: Path) -> None:
    """The blocks of a page run one after the other, and print what they show."""
    for kind, body in BLOCK.findall(page.read_text()):
        if kind == "python":
            run([sys.executable, "-W", "error", "-c", body], place)
        elif kind == "console":
            for part in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
                command, _, wanted = part.partition("\n")
                printed = shown(command, place)
                assert matches(printed, wanted), f"{command}\n{printed}"
        else:
            assert kind == "json", f"{page.name} has a block that nothing runs: {kind!r}"


REFERENCE = ROOT / "docs" / "rules-and-effects.md"
KINDS: dict[str, type[Record]] = {
    "Predicates": Rule,
    "Derived values": Derived,
    "Exclusives": Exclusive,
    "Effects": Effect,
    "Tools": Tool,
}
"""Chapter of the reference to what its blocks are."""


SHOWN = re.compile(r"^```json\n(.*?)^```\n(?:\n> ([^\n]*)\n)?", re.MULTILINE | re.DOTALL)


def examples() -> list[tuple[str, Any, Any, str]]:
    """Return the blocks of the reference: text, JSON, record, and the sentence below it."""
    found = []
    for chapter in re.split(r"^## ", REFERENCE.read_text(), flags=re.MULTILINE)[1:]:
        for match in SHOWN.finditer(chapter):
            text, said = match[1], match[2] or ""
            kind = KINDS[chapter.partition("\n")[0]]
            record = decode(text.encode(), kind, where=f"{REFERENCE.name}: {text[:60]}")
            found.append((text, json.loads(text), record, said))
    return found


def clinic() -> Schema:
    """Return the schema of the clinic with what its tables alone say."""
    draft = sources.read(ROOT / "schemas" / "sources" / "clinic.sql")
    schema = infer(draft.schema, draft.rows)
    exclusives = tuple(one for _, _, one, _ in examples() if isinstance(one, Exclusive))
    derived = tuple(one for _, _, one, _ in examples() if isinstance(one, Derived))
    return msgspec.structs.replace(schema, exclusives=exclusives, derived=derived)


def reference() -> Domain:
    """Return a domain of all that the reference shows."""
    schema = clinic()
    shown = [one for _, _, one, _ in examples()]
    rules = {rule.id: rule for rule in derive_rules(schema)}
    rules |= {one.id: one for one in shown if isinstance(one, Rule)}
    tools = {tool.name: tool for tool in derive_tools(schema, tuple(derive_rules(schema)))}
    tools |= {one.name: one for one in shown if isinstance(one, Tool)}
    return Domain(
        name="clinic",
        title="Clinic",
        description="A clinic.",
        schema=schema,
        rules=tuple(rules.values()),
        effects=tuple(one for one in shown if isinstance(one, Effect)),
        tools=tuple(tools.values()),
        clock=Clock(start="2024-06-01T09:00:00Z"),
        source=Source(kind="sql", name="clinic.sql", sha256=""),
    )


def test_examples_of_the_reference_make_a_domain() -> None:
    """All that the reference shows fits together, is what its schema says, and compiles."""
    domain = reference()
    domain.validate()
    engine(domain).compile()
    content = json.loads(domain.to_json())
    law = json.loads((ROOT / "schemas" / "formats" / "domain.schema.json").read_text())
    jsonschema.Draft202012Validator(law).validate(content)
    held = [*content["rules"], *content["effects"], *content["tools"]]
    held += [*content["schema"]["derived"], *content["schema"]["exclusives"]]
    names = {one.get("id", one.get("name")) for one in held}
    assert {one.get("id", one.get("name")) for _, one, _, _ in examples()} <= names


def test_sentences_of_the_reference_are_rendered() -> None:
    """Below each rule, effect, derived value and exclusive stands what it says in English."""
    schema = clinic()
    cycles = schema.lifecycles
    assert cycles
    for text, _, one, said in examples():
        match one:
            case Rule():
                expected = sentence(one, schema)
            case Effect():
                expected = effect_sentence(one, schema)
            case Derived():
                expected = derived_sentence(one, schema)
            case _:
                expected = ""
        assert said == expected, text


def test_the_reference_is_complete() -> None:
    """Every predicate, term, effect, class of rule, key and option of a view is in it."""
    text = REFERENCE.read_text()
    shown = [one for _, _, one, _ in examples()]
    predicates = {type(p) for one in shown if isinstance(one, Rule) for p in parts(one.predicate)}
    assert predicates == set(get_args(Predicate))
    assert {type(one.do) for one in shown if isinstance(one, Effect)} == {Adjust, Assign, Add}
    terms = {type(one.term) for one in shown if isinstance(one, Tool)}
    bare = {term for term in get_args(Term) if not term.__struct_fields__}
    assert terms | bare == set(get_args(Term))
    tags = {one.__struct_config__.tag for one in bare}
    words = [*CLASSES, *tags, *ViewOptions.__struct_fields__]
    assert [word for word in words if f"`{word}`" not in text] == []
    for option in ("granularity", "docs", "detail", "faces"):
        legal = get_args(get_type_hints(ViewOptions)[option])
        assert [word for word in legal if f"`{word}`" not in text] == []
    pieces = (Rule, Effect, Value, Derived, Exclusive, Tool, Argument, Filter, Nested, Side, Step)
    keys = {
        f
        for one in (*pieces, *predicates, *terms, Adjust, Assign, Add)
        for f in one.__struct_fields__
    }
    assert sorted(key for key in keys if f'"{key}"' not in text and f"`{key}`" not in text) == []


def test_views_of_the_reference_are_legal() -> None:
    """Every `--view` that the page shows is read."""
    for view in re.findall(r"--view ([\w.]+=[^\s`]*)", REFERENCE.read_text()):
        assert ViewOptions.of(view).text() == ViewOptions.of(ViewOptions.of(view).text()).text()


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
    for page in [*PAGES, *SITTINGS]:
        folders = "schemas|examples|tests|agentgym|cli|domains|docs"
        for path in re.findall(rf"`((?:{folders})/[\w./-]+)`", page.read_text()):
            registered_id = re.fullmatch(r"agentgym/\w+-v\d+", path)
            if not registered_id and not (ROOT / path).exists():
                missing.append(f"{page.name}: {path}")

    assert missing == []
