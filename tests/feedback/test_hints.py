"""Errors that help: what they say at each level, how help fades, what they never tell."""

from __future__ import annotations

import functools
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from agentgym.episode import Episode, Suite, load
from agentgym.episode.feedback import Coach, HintOptions
from agentgym.errors import UsageError
from agentgym.formats import Json
from agentgym.policies import Oracle
from agentgym.rules import Rule
from agentgym.testing.calls import calls
from agentgym.tools.algebra import Find, Search, is_write
from agentgym.trajectory import Fault, Result

DOMAINS = ("clinic", "harbour", "elements")
LEVELS = st.sampled_from(["none", "brief", "full"])


@functools.cache
def suite(name: str) -> Suite:
    """Return a suite of one task that shows every tool."""
    one = load(name)
    task = msgspec.structs.replace(one.tasks[0], tools=tuple(t.name for t in one.domain.tools))
    return Suite(one.domain, [task])


def start(name: str, hints: Any = "full", view: Any = None) -> Episode:
    one = suite(name)
    return one.episode(one.tasks[0].id, hints=hints, view=view, max_turns=10_000)


def error(episode: Episode, name: str, arguments: dict[str, Any]) -> Fault | None:
    result = episode.call_json({"name": name, "arguments": arguments})
    assert isinstance(result, Result)
    return result.error


@st.composite
def sent(draw: st.DrawFn) -> tuple[str, str, dict[str, Json]]:
    """Draw a call of a tool of some domain, most of them wrong."""
    name = draw(st.sampled_from(DOMAINS))
    domain = suite(name).domain
    tool, arguments = draw(calls(domain, lambda entity: domain.rows.get(entity, ())))
    assume(isinstance(arguments, dict) and tool in domain.tool_by_name)
    return name, tool, arguments


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(sent())
def test_legal_values_are_legal(call: tuple[str, str, dict[str, Json]]) -> None:
    """With any of them in its place, the same call does not fail on the same."""
    name, tool, arguments = call
    with start(name) as episode:
        first = error(episode, tool, arguments)
        if first is None or first.legal is None or first.parameter is None:
            return
        assert len(first.legal) <= 8
        for value in first.legal:
            if first.parameter in arguments or "needs" in first.message:
                changed = arguments | {first.parameter: value}
            else:
                changed = arguments
            if "has no parameter" in first.message:
                known = suite(name).engine.parameters[tool]["properties"]
                changed = {k: v for k, v in arguments.items() if k in known} | {str(value): None}
            other = error(episode.fork(), tool, changed)
            same = other is not None and (other.code, other.parameter, other.rule) == (
                first.code,
                first.parameter,
                first.rule,
            )
            assert not same, (first, other)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(sent(), st.sampled_from([None, "granularity=rich,rename=1,seed=3", "detail=distilled"]))
def test_repairs_are_shown_and_no_row_slips_out(
    call: tuple[str, str, dict[str, Json]], view: str | None
) -> None:
    """A tool that repairs is one that the agent has; names are told only where all may look."""
    name, tool, arguments = call
    domain = suite(name).domain
    with start(name, view=view) as episode:
        surface = episode.view.surface
        if surface is not None:
            tool = surface.routes[tool][0][0].name if tool in surface.routes else tool
        found = error(episode, tool, arguments)
        if found is None:
            return
        shown = {face.name for face in episode.view.faces}
        assert found.repair is None or found.repair in shown
        assert found.repair is None or found.repair in found.message
        if found.code == "not_found" and found.legal is not None:
            term = episode.view.terms[tool]
            assert isinstance(term, Find)
            assert not any(
                "read" in rule.on and rule.entity == term.entity for rule in domain.rules
            )
            assert any(
                isinstance(t.term, Search) and t.term.entity == term.entity for t in domain.tools
            )


def test_a_missing_row_is_shown_by_the_tool_that_is_named() -> None:
    """For each tool that takes a key: what is named lists such rows, if anything does."""
    repaired = 0
    for name in DOMAINS:
        domain = suite(name).domain
        for tool in domain.tools:
            kinds = suite(name).view(suite(name).tasks[0]).ground.kinds(tool.name)
            required = suite(name).engine.parameters[tool.name]["required"]
            keys = [p for p in required if p in kinds and kinds[p].evidence == "key"]
            if len(required) != 1 or len(keys) != 1 or is_write(tool):
                continue
            with start(name) as episode:
                value: Json = 10**9
                if (
                    suite(name).engine.parameters[tool.name]["properties"][keys[0]]["type"]
                    == "string"
                ):
                    value = "no-such-key"
                found = error(episode, tool.name, {keys[0]: value})
                if found is None or found.code != "not_found" or found.repair is None:
                    continue
                result = episode.call(found.repair)
                if result.error is not None:  # it takes arguments: a list of what belongs to a row
                    continue
                assert result.rows
                field = kinds[keys[0]].field
                given_ = {keys[0]: result.rows[0][field]} if field in result.rows[0] else None
                if given_ is not None:
                    after = error(episode, tool.name, given_)
                    assert after is None or after.code != "not_found"
                    repaired += 1
    assert repaired >= 10


@pytest.mark.parametrize(
    ("tool", "arguments", "legal", "repair"),
    [
        ("search_supply_movements", {"type": "recieved"}, ("received", "used", "wasted"), None),
        ("get_supply", {"supply_id": "3"}, (3,), None),
        ("get_supply", {"supply": 3}, ("supply_id",), None),
        ("get_suply", {"supply_id": 3}, None, "get_supply"),
        ("get_supply", {"supply_id": 9999}, None, "search_supplies"),
        ("search_invoices", {"issued_on_from": "June 30, 2023"}, ("2023-06-30",), None),
        ("search_invoices", {"descending": "yes"}, (True, False), None),
        ("search_supplies", {"page": 0}, (1,), None),
        ("find_invoice_by_number", {"invoice_number": "INV-1"}, None, "search_invoices"),
        ("update_supply_movement", {"movement_id": 1, "quantity": 0}, (1,), None),
        ("update_appointment", {"appointment_id": 5, "reason": "x"}, None, "identify_patient"),
        ("delete_practitioner", {"practitioner_id": 1}, None, "list_appointments_of_practitioner"),
    ],
)
def test_errors_say_what_would_do(
    tool: str, arguments: dict[str, Any], legal: tuple[Json, ...] | None, repair: str | None
) -> None:
    """The values that are legal, the nearest first, and the tool that helps."""
    with start("clinic") as episode:
        found = error(episode, tool, arguments)
        assert found is not None
        assert (found.legal, found.repair) == (legal, repair)


def test_a_name_that_is_nearly_right_is_told_and_no_code() -> None:
    """A slip in a name that anybody can look up; never a number that one might guess."""
    with start("clinic") as episode:
        found = error(episode, "find_supply_by_name", {"name": "Gentel  supply"})
        assert found is not None
        assert found.legal is not None
        assert found.legal[0] == "Gentle supply"
        for tool, param, value in (
            ("find_invoice_by_number", "invoice_number", "INV-14361"),
            ("find_patient_by_insurance_number", "insurance_number", "PAT-13101"),
        ):
            found = error(episode, tool, {param: value})
            assert found is not None
            assert found.legal is None
        found = error(
            episode,
            "identify_patient",
            {"insurance_number": "PAT-1310", "date_of_birth": "1999-01-01"},
        )
        assert found is not None
        assert found.legal is None


def test_a_rule_about_reading_keeps_names_to_itself() -> None:
    """Where somebody may not see each row, no name of one is told."""
    one = suite("clinic")
    barred = Rule(
        id="supplies_are_secret",
        kind="ownership",
        entity="supply",
        on=("read",),
        predicate=one.domain.rules[0].predicate,
    )
    with start("clinic") as episode:
        domain = msgspec.structs.replace(one.domain, rules=(*one.domain.rules, barred))
        episode.view.domain, kept = domain, episode.view.domain
        try:
            found = error(episode, "find_supply_by_name", {"name": "Gentel supply"})
        finally:
            episode.view.domain = kept
        assert found is not None
        assert found.legal is None


def test_levels_say_less_and_less() -> None:
    """The code alone, what is wrong, or all there is; and never a hint below `full`."""
    call = ("search_supply_movements", {"type": "recieved"})
    with start("clinic", "none") as episode:
        found = error(episode, *call)
        assert found == Fault(code="bad_arguments", message="The arguments are wrong.")
    with start("clinic", "brief") as episode:
        found = error(episode, *call)
        assert found is not None
        assert found.parameter == "type"
        assert "did you mean" not in found.message
        assert found.legal is None
        assert found.repair is None
    with start("clinic", None) as episode:
        plain = error(episode, *call)
    with start("clinic", "full") as episode:
        found = error(episode, *call)
        assert found is not None
        assert plain is not None
        assert found.message == plain.message
        assert found.legal


def levels(episode: Episode, times: int) -> list[str]:
    """Make the same mistake again and again, and name the level of each error."""
    found = []
    for _ in range(times):
        fault = error(episode, "search_supply_movements", {"type": "recieved"})
        assert fault is not None
        found.append("full" if fault.legal else "brief" if fault.parameter else "none")
    return found


@given(st.lists(st.tuples(LEVELS, st.integers(1, 4)), max_size=3), LEVELS)
def test_help_fades_by_stages(stages: list[tuple[str, int]], last: str) -> None:
    """So many errors at each level, then the last for good; a fork goes on where it was."""
    text = ",".join([*(f"{level}:{count}" for level, count in stages), last])
    wanted = [level for level, count in stages for _ in range(count)]
    wanted += [last] * 3
    options = HintOptions.of(text)
    assert options is not None
    assert HintOptions.of(options.text()) == options
    with start("clinic", text) as episode:
        half = len(wanted) // 2
        assert levels(episode, half) == wanted[:half]
        other = episode.fork()
        assert levels(episode, len(wanted) - half) == wanted[half:]
        assert levels(other, len(wanted) - half) == wanted[half:]


def test_help_fades_by_the_stage_of_a_training() -> None:
    """From all errors to none; what is drawn depends on the error, and on nothing before it."""
    with start("clinic", "fade=0.0") as episode:
        assert set(levels(episode, 20)) == {"full"}
    with start("clinic", "fade=1.0") as episode:
        assert set(levels(episode, 20)) == {"none"}
    with start("clinic", "fade=0.5") as one, start("clinic", "fade=0.5") as other:
        error(other, "get_suply", {})
        error(other, "get_supply", {"supply_id": 9999})
        drawn = levels(one, 60)
        assert drawn == levels(other, 60)
        assert 15 < drawn.count("full") < 45
        assert set(drawn) == {"full", "brief", "none"}


def test_states_tell_how_far_help_has_faded() -> None:
    """Equal where the next errors are told alike."""
    states = []
    for times in (0, 1, 2, 5, 9):
        coach = Coach.of("full:1,none:1")
        assert coach is not None
        with start("clinic") as episode:
            for _ in range(times):
                fault = Fault(code="not_found", message="No.")
                coach.tell(fault, "get_supply", {}, episode.view, episode._open_world())
        states.append(coach.state())
    assert states[0] != states[1] != states[2] == states[3] == states[4]


@pytest.mark.parametrize(
    ("given_", "text"),
    [
        ("full", "full"),
        ("fading", "full:3,brief:3,none"),
        ({"full": 2, "brief": None}, "full:2,brief"),
        ({"full": 2}, "full:2,none"),
        ({"fade": Decimal("0.25")}, "fade=0.25"),
        ({"stages": [["brief", 2]], "last": "none"}, "brief:2,none"),
        (HintOptions(last="brief"), "brief"),
        ("full:4", "full:4,none"),
    ],
)
def test_options_have_many_forms(given_: Any, text: str) -> None:
    """All of them come to the same record, and to one text."""
    options = HintOptions.of(given_)
    assert options is not None
    assert options.text() == text
    assert HintOptions.of(text) == options


@pytest.mark.parametrize(
    "wrong",
    [
        *("ful", "full,none", "full:x", "full:0", "fade=2", "fade=x", "fad=0.5", "", 3),
        *({"fading": 1}, {"full": None, "none": None}, {"stages": [1]}, {"fade": True}),
        *({"full": 1.5}, {"last": "x"}),
    ],
)
def test_other_options_are_refused(wrong: Any) -> None:
    """With what would be legal."""
    with pytest.raises(UsageError, match="expected"):
        HintOptions.of(wrong)


@pytest.mark.parametrize("hints", ["none", "brief", "full", "fading"])
def test_hints_change_no_verdict(hints: str) -> None:
    """What the agent is told of a refusal is not what the verdict goes by."""
    for name in DOMAINS:
        one = load(name)
        refusing = [task for task in one.tasks if any(step.fails for step in task.gold)][:6]
        for task in (*refusing, *one.tasks[:3]):
            with one.episode(task.id, hints=hints) as episode:
                oracle = Oracle(task, view=episode.view)
                oracle.reset(seed=0)
                text = episode.prompt[-1]["content"]
                while not episode.done:
                    text = episode.act(oracle(text, {"tools": episode.tools})).observation
                verdict = one.verdict(episode)
                assert verdict.success, (task.id, verdict.reasons)


@pytest.mark.parametrize("view", [None, "granularity=rich,rename=1"])
@pytest.mark.parametrize("several", [False, True])
def test_the_verdict_sees_errors_as_they_are(view: str | None, several: bool) -> None:
    """What the domain said is kept beside what the agent was told of it."""
    found = []
    for hints in (None, "none"):
        with start("clinic", hints, view) as episode:
            surface = episode.view.surface
            tool = "update_supply_movement"
            call: dict[str, Json] = {"name": tool, "arguments": {"movement_id": 1, "quantity": 0}}
            if surface is not None:
                shown, way = surface.routes[tool][0]
                back = {own: param for param, own in way.params.items()}
                arguments: dict[str, Json] = {back["movement_id"]: 1, back["quantity"]: 0}
                if shown.selector is not None:
                    arguments[shown.selector] = way.action
                call = {"name": shown.name, "arguments": arguments}
            turn = episode.act([call, call] if several else call)
            told, kept = episode.outputs()[0][1].error, episode.deeds()[0][1].error
            assert turn.results[0].error == told
            assert turn.done[0].result.error == kept
            found.append((told, kept))
    (plain, _), (bare, kept) = found
    assert kept is not None
    assert plain is not None
    assert kept.rule == plain.rule == "supply_movement_quantity_gt_1"
    assert bare == Fault(code="rule_broken", message="A rule does not allow this.")


def test_examples_in_the_documentation_are_of_no_row() -> None:
    """Each tool shows how it is called; its values are right in type, and say nothing of rows."""
    for view in ("docs=examples", "docs=examples,faces=names", "docs=examples,rename=1"):
        with start("clinic", view=view) as episode:
            for face in episode.view.faces:
                text = face.description.rpartition(" Example: ")[2]
                call = episode.fork().call_json(text)
                assert isinstance(call, Result)
                error = call.error
                assert error is None or error.code != "bad_arguments", (text, error)
