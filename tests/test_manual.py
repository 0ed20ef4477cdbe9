"""Documents as tools: what agents look up is there, found by its words, and of bounded length."""

from __future__ import annotations

import tiny
from hypothesis import given
from hypothesis import strategies as st

from agentgym.domain import Domain
from agentgym.episode import Suite
from agentgym.episode.documents import Manual
from agentgym.formats import to_text
from agentgym.tools.algebra import ListTools, ReadManual, SearchManual, ShowToolDoc, Term, Tool

TEXT = """\
# Library: desk manual

## Loans

- A loan of a film ends after 3 days. [film_days]
- A loan of a book ends after 30 days,
  counted from its first. [book_days]

## Fees

Fees are never waived. A member who owes fees borrows nothing.

### Late fees

Each day costs a crown.

## Empty

## Crème brûlée

Not in the reading room.
"""
MANUAL = Manual(TEXT)
WORDS = st.text(st.characters(categories=("L", "N", "P", "Z", "C")), max_size=60)


def test_sections_are_listed_and_read() -> None:
    """Titles come first; a section is read by its title, whatever its case."""
    titles = MANUAL.read(None).data["sections"]
    assert titles == ["Loans", "Fees", "Crème brûlée"]
    for title in titles:
        assert MANUAL.read(f" {title.upper()} ").data["section"] == title
    missing = MANUAL.read("Lones")
    assert missing.error is not None and missing.error.code == "not_found"
    assert "did you mean 'Loans'" in missing.error.message


def test_a_search_finds_the_paragraph() -> None:
    """The paragraph that shares most and the rarest words comes first."""
    assert "30 days" in MANUAL.search("When does the loan of books end?").data["matches"][0]["text"]
    assert "film" in MANUAL.search("FILM").data["matches"][0]["text"]
    assert MANUAL.search("creme brulee").data["matches"][0]["section"] == "Crème brûlée"
    late = MANUAL.search("what does a late day cost").data["matches"][0]
    assert late == {"section": "Fees", "text": "Each day costs a crown."}


def test_a_search_without_a_match_says_so() -> None:
    """Words that stand nowhere, or say nothing, find nothing and a hint."""
    for words in ("helicopter", "the of and", "!?", " "):
        found = MANUAL.search(words).data
        assert found["matches"] == []
        assert "other words" in found["hint"]


@given(st.lists(WORDS, max_size=40).map("\n".join), WORDS)
def test_any_manual_and_any_words_are_answered_in_bounds(text: str, words: str) -> None:
    """Nothing raises, nothing is longer than it may be, and every section can be read."""
    manual = Manual(text)
    assert len(manual.search(words).data["matches"]) <= 3
    assert manual.search(words) == Manual(text).search(words)
    for title in manual.read(None).data["sections"]:
        assert len(manual.read(title).data["text"]) <= 6000


@given(st.integers(1, 400), st.integers(1, 500))
def test_long_sections_come_in_parts(lines: int, width: int) -> None:
    """A section of any length is read part by part, and no word is lost."""
    body = "\n".join(f"{n} {'x' * width}" for n in range(lines))
    manual = Manual(f"## Long\n\n{body}\n")
    parts = [manual.read(title).data["text"] for title in manual.read(None).data["sections"]]
    assert all(len(part) <= 6000 for part in parts)
    assert "\n".join(parts) == body


def test_a_view_with_a_manual_names_everything() -> None:
    """What is listed can be shown and called, and the manual holds the domain's rules."""
    one = tiny.suite()
    with one.episode("1", view="faces=names,rename=1,locked=0.5", max_turns=500) as episode:
        listed = episode.call("list_tools").data["tools"]
        assert [line["name"] for line in listed] == list(episode.view.names)
        for line in listed:
            doc = episode.call("show_tool_doc", name=line["name"]).data
            assert doc["name"] == line["name"]
            assert doc["description"].startswith(line["does"])
            assert doc["parameters"]["type"] == "object"
            if line["name"] != "conclude":
                episode.call(line["name"])
        assert not any("locked" in line for line in episode.call("list_tools").data["tools"])
        assert {tool["function"]["name"] for tool in episode.tools} == {
            "ask_user",
            "conclude",
            "list_tools",
            "show_tool_doc",
            "read_manual",
            "search_manual",
        }
        told = "".join(
            episode.call("read_manual", section=title).data["text"]
            for title in episode.call("read_manual").data["sections"]
        )
        assert all(rule.id in told for rule in one.domain.rules)


def test_a_domain_may_have_such_tools_itself() -> None:
    """They are answered by the episode without any view, and change nothing."""
    terms: tuple[Term, ...] = (ListTools(), ShowToolDoc(), ReadManual(), SearchManual())
    names = ("index", "explain", "open_manual", "ask_manual")
    more = tuple(
        Tool(name=name, description="Look it up.", term=term)
        for name, term in zip(names, terms, strict=True)
    )
    plain = tiny.domain()
    domain = Domain(
        **{name: getattr(plain, name) for name in plain.__struct_fields__ if name != "tools"},
        tools=(*plain.tools, *more),
    )
    task = tiny.tasks()[0]
    fields = {name: getattr(task, name) for name in task.__struct_fields__ if name != "tools"}
    one = Suite(domain, [type(task)(**fields, tools=(*task.tools, *names))])
    for view in ("", "manual=true", "rename=1,locked=1"):
        with one.episode(task.id, view=view) as episode:
            start = episode.digest()
            assert len(episode.call("index").data["tools"]) == len(domain.tools)
            assert episode.call("explain", name="index").data["description"] == "Look it up."
            assert episode.call("open_manual").data["sections"]
            assert "matches" in episode.call("ask_manual", words="loan").data
            refused = episode.call("explain", name="nothing").error
            assert refused is not None and refused.code == "not_found"
            assert episode.call("ask_manual").error is not None
            assert episode.digest() == start
            assert to_text(episode.trace())
