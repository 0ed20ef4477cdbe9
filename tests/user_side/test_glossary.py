"""Words of the trade: a glossary made of the schema, a tool that explains it, tasks told in it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from talk_tasks import drawn, prover_of, shares, worded_domain

from agentgym import domain as domain_room
from agentgym.errors import DomainError
from agentgym.plan import Select
from agentgym.prove import RefusedError
from agentgym.prove.coded import otherwise, terms
from agentgym.prove.mutants import mutants
from agentgym.tasks import words
from agentgym.tasks.words.later import say_opening
from agentgym.testing.honesty import dishonest
from agentgym.tools.algebra import LookUpTerm, Meaning, Tool
from agentgym.tools.derive import glossary_tool
from agentgym.tools.derive.glossary import CODE_WORDS, holds
from agentgym.world.compile import Engine

DOMAINS = ("clinic", "harbour")


def words_of(name: str) -> tuple[Tool, tuple[Meaning, ...]]:
    """Return the tool that explains words, and its words."""
    tool = next(t for t in worded_domain(name).tools if isinstance(t.term, LookUpTerm))
    assert isinstance(tool.term, LookUpTerm)
    return tool, tool.term.entries


@pytest.mark.parametrize("name", DOMAINS)
def test_the_glossary_is_made_of_the_schema(name: str) -> None:
    """The same each time; each word stands for some rows of its kind, no two for the same."""
    domain = worded_domain(name)
    _, entries = words_of(name)
    again = glossary_tool(domain.schema, domain.rows)
    assert again is not None
    assert again.term == LookUpTerm(entries=entries)
    assert {one.term for one in entries} <= {*CODE_WORDS}
    assert len({one.term for one in entries}) == len(entries)
    groups: dict[str, list[frozenset[int]]] = {}
    for one in entries:
        entity, rows = domain.schema.entity(one.entity), domain.rows[one.entity]
        fits = frozenset(n for n, row in enumerate(rows) if holds(entity, row, one.where))
        assert 1 < len(fits) < len(rows)
        groups.setdefault(one.entity, []).append(fits)
    assert all(1 < len(found) == len({*found}) for found in groups.values())


@pytest.mark.parametrize("name", DOMAINS)
def test_the_tool_tells_what_a_word_means(name: str) -> None:
    """Whatever its case, in a sentence and in conditions; it is honest, and survives a file."""
    domain = worded_domain(name)
    tool, entries = words_of(name)
    engine = Engine(domain)
    world = engine.world()
    for one in entries:
        result = engine.call(world, tool.name, {"term": one.term.upper()})
        assert result.ok
        assert result.data["entity"] == one.entity
        assert [c["value"] for c in result.data["where"]] == [c.value for c in one.where]
        label = domain.schema.entity(one.entity).label.lower()
        assert label in result.data["meaning"].lower()
        result.data["where"].clear()
        assert engine.call(world, tool.name, {"term": one.term}).data["where"]
    assert not [place for place in dishonest(domain) if place.startswith(tool.name)]
    copy = domain_room.parse(domain.to_json(), domain.rows_to_lines(), where=name)
    assert copy.tool_by_name[tool.name] == tool


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.text(), st.none(), st.integers(), st.lists(st.text(), max_size=2)))
def test_the_tool_is_total(said: object) -> None:
    """Any argument gives a result; what is no word is not found."""
    tool, entries = words_of("clinic")
    engine = Engine(worded_domain("clinic"))
    result = engine.call(engine.world(), tool.name, {"term": said})
    known = {one.term for one in entries}
    if not (isinstance(said, str) and said.strip().strip("\"“”'").casefold() in known):
        assert result.error is not None
        assert result.error.code in ("not_found", "bad_arguments")


def test_a_glossary_that_speaks_of_nothing_is_refused() -> None:
    """A field that is not there, a word twice, a value that the field does not take."""
    domain = worded_domain("clinic")
    tool, entries = words_of("clinic")
    first = entries[0]
    other = replace(first.where[0], field="nowhere")
    for broken in (
        (replace(first, where=(other,)), *entries[1:]),
        (first, *entries),
        (replace(first, entity="nobody"), *entries[1:]),
        (replace(first, where=()), *entries[1:]),
    ):
        made = replace(tool, term=LookUpTerm(entries=broken))
        tools = tuple(made if one is tool else one for one in domain.tools)
        text = replace(domain, tools=tools)
        with pytest.raises(DomainError):
            domain_room.parse(text.to_json(), text.rows_to_lines(), where="broken")


@pytest.mark.parametrize("name", DOMAINS)
def test_most_draws_hold_and_only_who_looks_up_passes(name: str) -> None:
    """More than half of the draws are admitted; the oracle passes all, luck none."""
    found, candidates = drawn(name, "jargon", 20)
    assert len(found) * 2 > candidates > 8
    assert shares(name, found) == {"oracle": len(found), "noop": 0, "random": 0}


@pytest.mark.parametrize("name", DOMAINS)
def test_without_the_glossary_the_request_is_open(name: str) -> None:
    """The gold run looks the word up; with other meanings it comes to something else."""
    prover = prover_of(name)
    tool, entries = words_of(name)
    kinds: set[str] = set()
    for task in drawn(name, "jargon", 20)[0]:
        (term,) = terms(task.plan)
        assert f'"{term}"' in task.instruction or f"“{term}”" in task.instruction
        assert [s.arguments for s in task.gold if s.tool == tool.name] == [{"term": term}]
        (unique,) = [gate for gate in task.certificate.gates if gate.gate == "unique"]
        assert unique.detail["coded"] >= 2
        entry = next(one for one in entries if one.term == term)
        for condition in entry.where:
            assert f" {condition.value} " not in f" {task.instruction} " or condition.op != "eq"
        kinds |= {kind for kind, _ in mutants(task, prover.stages.of(task.patch))}
        others = list(otherwise(task.plan, entry, entries))
        assert len(others) >= 1
        assert all(terms(plan) != [term] for plan in others)
        assert task.measured["terms"] == 1
        assert "noisy" in task.measured["traits"]
        assert prover.certify(task) == task.certificate
        assert {fact.id for fact in task.user.facts if fact.term} == set()
    assert "other_meaning" in kinds


def test_a_word_for_something_else_is_refused() -> None:
    """The clues of a word are those of the glossary, and of its kind of rows."""
    prover = prover_of("clinic")
    task = drawn("clinic", "jargon", 20)[0][0]
    plan = task.plan
    (term,) = terms(plan)
    _, entries = words_of("clinic")
    other = next(one.term for one in entries if one.term != term)
    wrong = tuple(replace(f, term=other) if f.term else f for f in plan.facts)
    unknown = tuple(replace(f, term="nonsense") if f.term else f for f in plan.facts)
    silent = tuple(replace(f, term="") if f.term else f for f in plan.facts)
    codes = []
    for facts in (wrong, unknown, silent):
        with pytest.raises(RefusedError) as caught:
            prover.stage.unique.check(replace(plan, facts=facts))
        codes.append(caught.value.code)
    assert codes == ["term_differs", "term_unknown", "term_none"]


def test_words_of_the_trade_read_back_in_many_ways() -> None:
    """A wording has one reading, with the word where the clues were; there are many patterns."""
    phrasings = set()
    for name in DOMAINS:
        schema = worded_domain(name).schema
        for task in drawn(name, "jargon", 20)[0]:
            me = None if task.plan.party is None else task.plan.party.entity
            (reading,) = words.read(task.instruction, schema, me=me)
            assert words.same(reading, task.plan)
            coded = [n for n in reading.nodes if isinstance(n, Select)
                     and any(not where.field for where in n.where)]  # fmt: skip
            assert coded
            for seed in range(4):
                wording = say_opening(task.plan, schema, seed=seed)
                if wording is not None:
                    phrasings.add(wording.phrasing)
    assert len(phrasings) >= 40
