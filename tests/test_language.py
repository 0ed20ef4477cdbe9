"""Language: what instructions, tools and manuals say is what a person would write."""

from __future__ import annotations

import os
import re
from pathlib import Path

import msgspec
import pytest
from language import QUOTED, form, offences, word_faults

import agentgym
from agentgym.build.one import build
from agentgym.tasks.words.lint import identifiers_in

ROOT = Path(__file__).parents[1]
COMMITTED = sorted(path.parent.name for path in (ROOT / "domains").glob("*/domain.json"))
DATA = Path(os.environ.get("AGENTGYM_DATA", ROOT / "schemas"))
SOURCES = sorted({*(ROOT / "schemas").rglob("*.sql"), *DATA.rglob("*.sq*"), *DATA.rglob("*.ttl")})
HARD = re.compile(r"^(?!an unknown word)")
"""Words of other languages are no fault: schemas are written in them."""


@pytest.mark.parametrize("name", COMMITTED)
def test_committed_instructions_are_what_a_person_would_write(name: str) -> None:
    """No instruction holds an identifier, a short form that is no word, a key or a digest."""
    suite = agentgym.load(name)
    found = {task.id: [o for o in offences(task, suite.domain) if HARD.match(o)]
             for task in suite.tasks}  # fmt: skip
    assert {task: said for task, said in found.items() if said} == {}


@pytest.mark.parametrize("name", COMMITTED)
def test_tools_and_parameters_are_described_in_sentences(name: str) -> None:
    """Descriptions begin with a capital, end with a stop and hold no source name."""
    for tool in agentgym.load(name).domain.tools:
        said = [tool.description]
        for group in ("key", "by", "filters", "values"):
            said += [part.description for part in getattr(tool.term, group, ())]
        for text in said:
            assert re.match(r"[A-Z]", text), text
            assert re.search(r"[.?!)]\Z", text), text
            assert "  " not in text
            assert " to to " not in text
            assert not re.search(r"\bID ID\b|\b(\w{4,}) \1\b", text), text


@pytest.mark.parametrize("name", COMMITTED)
def test_the_manual_is_written_in_sentences(name: str) -> None:
    """Every line of the manual is a heading, a numbered step, a point or a sentence."""
    text = (ROOT / "domains" / name / "policy.md").read_text("utf-8")
    for line in filter(None, text.splitlines()):
        assert re.match(r"#{1,3} [A-Z]|\d+\. [A-Z]|- [A-Z\"]|[A-Z]", line), line
        if not line.startswith("#"):
            assert re.search(r"[.:]( \[[\w, -]+\])?\Z", line), line


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("What is the cust_name of the customer?", "an underscore"),
        ("What is the custName of the customer?", "capitals inside"),
        ("What is the address1 of the customer?", "digits in a word"),
        ("What is the nbr of the order?", "no word"),
        ("What is the tbl of the order?", "no word"),
        ("What is the WQX of the order?", "no word"),
        ("What is the total of the order with the ID 17?", "a key"),
        ('Set the name to "3f2b8c9d0a1e4f5b".', "hex"),
        ('Set the name to "https://example.com/a?token=1".', "a URL"),
        ('Set the name to "{"a": 1}".', "JSON"),
        ("Set the rate to 0.30000000000000004.", "noise"),
        ("what is the total?", "begins in lower case"),
        ("What is the total", "no stop"),
        ("Good morning. please look it up.", "a sentence in lower case"),
        ("Change the name of the album that the track belongs to to “X”.", "a small word twice"),
        ("Create an customer with a address.", "'an' before"),
    ],
)
def test_the_ear_hears_what_only_a_program_would_say(text: str, why: str) -> None:
    """Each kind of fault is found."""
    suite = agentgym.load("clinic")
    task = msgspec.structs.replace(suite.tasks[0], instruction=text)
    assert any(found.startswith(why) for found in offences(task, suite.domain)), text


@pytest.mark.parametrize(
    "text",
    [
        'I need the SCAC code and the VAT rate of the invoice "INV_1_x".',
        "Hi! Could you set the due date of Ana's invoice to 3 May 2024 at 10:15? Thanks.",
        "What's the average fee of all visits (rounded to two decimals)?",
        "Mark the email of an hourly worker as opted in, and a unit as used.",
    ],
)
def test_the_ear_lets_english_pass(text: str) -> None:
    """Acronyms, names, contractions and quoted values are no faults."""
    assert list(form(text)) == []
    bare = QUOTED.sub("", text)
    words = [word for word in re.findall(r"[^\W\d]+(?:['’-]\w+)*", bare) if word != "Ana's"]
    assert [fault for word in words for fault in word_faults(word)] == []


@pytest.mark.slow
@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_instructions_of_any_source_are_english(source: Path, tmp_path: Path) -> None:
    """Tasks of a freshly built domain say nothing that only a program would say."""
    build(source, tmp_path / "domain", name="domain", tasks=25)
    suite = agentgym.load(tmp_path / "domain")
    for task in suite.tasks:
        assert [o for o in offences(task, suite.domain) if HARD.match(o)] == [], task.instruction
        assert identifiers_in(task.instruction, suite.domain.schema) == [], task.instruction
