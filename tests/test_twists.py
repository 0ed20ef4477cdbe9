"""Episodes with a twist: patched rows, hidden facts, a change of mind, refusals, no call at all."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agentgym import domain as domain_room
from agentgym.build.golden import golden
from agentgym.domain.patch import Patch
from agentgym.env import ToolEnv
from agentgym.episode import Episode, Suite
from agentgym.errors import TaskError
from agentgym.export import FORMATS, export
from agentgym.export.dataset.raw_to_standardized import closing
from agentgym.formats import decode, encode
from agentgym.goals.goal import Answer, Branch, Change, Goal, Seen
from agentgym.plan import (
    Computed,
    Emit,
    Fact,
    Party,
    Plan,
    Refuse,
    Select,
    Setting,
    Shift,
    Value,
    Where,
    Write,
)
from agentgym.policies import Noop, Oracle
from agentgym.rollout import replay, rollout
from agentgym.schema.types import to_wire
from agentgym.tasks import Certificate, Step, Task, Turn, UserScript

CLINIC = domain_room.load("clinic")
PATIENT = CLINIC.schema.entity("patient")


def wire(row: Any) -> dict[str, Any]:
    """Return a patient as tools show it."""
    return {f.name: to_wire(f, v) for f, v in zip(PATIENT.fields, row, strict=True)}


ONE = wire(CLINIC.rows["patient"][0])
KEY = max(row[0] for row in CLINIC.rows["patient"]) + 1  # type: ignore[type-var,operator]
TWIN = ONE | {
    "patient_id": KEY,
    "date_of_birth": "1990-01-31",
    "email": "twin@example.com",
    "phone": "+44 1",
    "city": "Twinham",
    "insurance_number": "PAT-9999",
}
PATCH = (Patch(entity="patient", key=(KEY,), values=TWIN),)


def _fact(number: int, field: str, value: Any, exposure: Any = "instruction") -> Fact:
    return Fact(id=f"f{number}", entity="patient", field=field, value=value, exposure=exposure)


def _step(tool: str, node: str, *, fails: bool = False, **given: Any) -> Step:
    """Make a step of `parameter=(value, origin)`."""
    return Step(
        tool=tool,
        node=node,
        arguments={name: value for name, (value, _) in given.items()},
        origin={name: origin for name, (_, origin) in given.items()},
        fails=fails,
    )


def _task(
    number: int, family: Any, facts: Any, nodes: Any, gold: Any, branch: Branch, **more: Any
) -> Task:
    turn, questions = more.pop("shift", None), more.pop("questions", {})
    opening = more.pop("opening", "Please help me.")
    return Task(
        id=f"{CLINIC.id}/{number:04d}",
        family=family,
        instruction=opening,
        user=UserScript(opening=opening, facts=facts, questions=questions, shift=turn),
        tools=tuple(tool.name for tool in CLINIC.tools),
        plan=Plan(family=family, facts=facts, nodes=nodes, party=more.pop("party", None)),
        goal=Goal(branches=(branch,)),
        gold=gold,
        certificate=Certificate(gates=(), mutants=0, start="", end=""),
        **more,
    )


def _named(*more: Where) -> tuple[Where, ...]:
    return (Where(field="first_name", fact="f1"), Where(field="last_name", fact="f2"), *more)


NAMES = (_fact(1, "first_name", ONE["first_name"]), _fact(2, "last_name", ONE["last_name"]))
BORN = _fact(3, "date_of_birth", TWIN["date_of_birth"], "hidden")
AMBIGUOUS = _task(
    1,
    "ambiguous",
    (*NAMES, BORN),
    (
        Select(id="n1", entity="patient", where=_named(Where(field="date_of_birth", fact="f3"))),
        Emit(id="n2", node="n1", field="city"),
    ),
    (
        _step(
            "search_patients",
            "n1",
            first_name_contains=(ONE["first_name"], "fact:f1"),
            last_name_contains=(ONE["last_name"], "fact:f2"),
        ),
    ),
    Branch(
        answers=(Answer(entity="patient", field="city", values=("Twinham",)),),
        seen=(Seen(entity="patient", key=(KEY,)),),
    ),
    opening=f"In which city does {ONE['first_name']} {ONE['last_name']} live?",
    answer="Twinham",
    patch=PATCH,
    view={"rename": Decimal("0.5"), "docs": "brief"},
)
ME = (
    _fact(3, "insurance_number", ONE["insurance_number"], "user"),
    _fact(4, "date_of_birth", ONE["date_of_birth"], "user"),
)
IDENTIFY = _step(
    "identify_patient",
    "n1",
    insurance_number=(ONE["insurance_number"], "fact:f3"),
    date_of_birth=(ONE["date_of_birth"], "fact:f4"),
)
SHIFTED = _task(
    2,
    "shift",
    (_fact(1, "city", "Leeds"), _fact(2, "city", "York", "user"), *ME),
    (
        Select(id="n1", entity="patient", me=True),
        Write(
            id="n2",
            kind="update",
            entity="patient",
            target="n1",
            settings=(Setting(field="city", fact="f2"),),
        ),
        Shift(id="n3", first="f1", then="f2"),
    ),
    (
        IDENTIFY,
        _step(
            "update_patient",
            "n2",
            patient_id=(1, "call:0:identified.patient_id"),
            city=("York", "fact:f2"),
        ),
    ),
    Branch(changes=(Change(entity="patient", kind="update", key=(1,), values={"city": "York"}),)),
    opening="I have moved to Leeds; please change my city.",
    party=Party(entity="patient", facts=("f3", "f4")),
    questions={"f3": "my insurance number", "f4": "my date of birth"},
    shift=Turn(text="Actually, make that York instead of Leeds.", facts=("f2",), replaces=("f1",)),
)
RULE = "patient_of_identified_patient_only"
REFUSED = _task(
    3,
    "refusal",
    NAMES,
    (
        Select(id="n1", entity="patient", where=_named()),
        Write(id="n2", kind="delete", entity="patient", target="n1"),
        Refuse(id="n3", act="n2", because="rule", rule=RULE),
    ),
    (
        _step(
            "search_patients",
            "n1",
            first_name_contains=(ONE["first_name"], "fact:f1"),
            last_name_contains=(ONE["last_name"], "fact:f2"),
        ),
        _step("delete_patient", "n2", fails=True, patient_id=(1, "call:0:items.0.patient_id")),
    ),
    Branch(outcome="refused", rules=(RULE,)),
    outcome="refused",
    reason=f"rule {RULE}",
)
ALONE = _task(
    4,
    "no_tool_needed",
    (
        Fact(id="f1", entity="treatment", field="price_eur", value=Decimal("12.50")),
        Fact(
            id="f2", entity="treatment", field="price_eur", value=Decimal("7.25"), exposure="user"
        ),
    ),
    (
        Computed(id="n1", function="sum", of=(Value(fact="f1"), Value(fact="f2"))),
        Emit(id="n2", node="n1"),
    ),
    (),
    Branch(
        answers=(
            Answer(
                entity="treatment", field="price_eur", function="sum", values=(Decimal("19.75"),)
            ),
        ),
        idle=True,
    ),
    answer=Decimal("19.75"),
    questions={"f2": "the other price"},
)
TASKS = (AMBIGUOUS, SHIFTED, REFUSED, ALONE)
SUITE = Suite(CLINIC, TASKS)


def play(task: Task, policy: Any, suite: Suite = SUITE) -> Episode:
    """Play an episode to its end."""
    episode = suite.episode(task.id)
    observation = episode.prompt[-1]["content"]
    while not episode.done:
        observation = episode.act(policy(observation, {"tools": episode.tools})).observation
    return episode


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.family)
def test_the_gold_dialogue_wins(task: Task) -> None:
    """The oracle asks for what it needs, concludes as the task says, and nobody else wins."""
    oracle = Oracle(task, view=SUITE.view(task))
    episode = play(task, oracle)
    verdict = SUITE.verdict(episode)
    assert verdict.success, (verdict.reasons, oracle.trouble)
    assert episode.outcome == task.outcome
    assert (episode.reason or "") == task.reason == (SUITE.ending(episode).reason or "")
    assert not SUITE.verdict(play(task, Noop())).success
    assert decode(encode(task), Task, where="task") == task


def test_the_hidden_fact_is_asked_for() -> None:
    """Two patients are there; the user says which one, and only when asked."""
    oracle = Oracle(AMBIGUOUS, view=SUITE.view(AMBIGUOUS))
    episode = play(AMBIGUOUS, oracle)
    said = [event.content for event in episode.trace() if type(event).__name__ == "ToolEvent"]
    asked = next(
        number for number, text in enumerate(said) if "1990-01-31" in text and "reply" in text
    )
    assert asked < next(number for number, text in enumerate(said) if "Twinham" in text)
    with SUITE.episode(AMBIGUOUS.id, view={"rename": 0, "docs": "full"}) as plain:
        assert not plain.view.options.changed
        found = plain.call(
            "find_patient_by_name", first_name=ONE["first_name"], last_name=ONE["last_name"]
        )
        assert found.error is not None
        assert found.error.code == "ambiguous"
        reply = plain.say("There are two patients of that name. Which one do you mean?")
        assert "1990-01-31" in reply
        plain.call("conclude", outcome="done", answer="Manchester")
        assert not SUITE.verdict(plain).success


def test_patched_rows_are_the_start() -> None:
    """No change, another digest, answers that the judge knows; other episodes see nothing of it."""
    domain = CLINIC.patched(PATCH)
    with SUITE.episode(AMBIGUOUS.id) as one, SUITE.episode(REFUSED.id) as other:
        assert one.changes() == ()
        assert one.digest() != other.digest()
        assert one.digest() == Suite(domain, []).engine.world().digest()
        twin = one.fork()
        assert twin.digest() == one.digest()
        twin.close()
    for task in (AMBIGUOUS, REFUSED, AMBIGUOUS):
        with SUITE.episode(task.id, view="rename=0") as again:
            found = again.call("search_patients", city="Twinham")
            assert found.data["total"] == (task is AMBIGUOUS)
            again.call("conclude", outcome="done", answer="Twinham or Manchester")
            verdict = SUITE.verdict(again)
            assert not verdict.success
    wrong = msgspec.structs.replace(
        AMBIGUOUS, patch=(Patch(entity="patient", key=(1,), values=None),)
    )
    with pytest.raises(TaskError, match=r"0001 \$\.patch: .* refers to no patient"):
        Suite(CLINIC, [wrong]).episode("1")


def test_an_identified_twin_is_known_to_the_judge() -> None:
    """Who is in the patched rows alone is somebody, when it is asked who was identified."""
    party = {"f3": TWIN["insurance_number"], "f4": TWIN["date_of_birth"]}
    facts = tuple(
        msgspec.structs.replace(f, value=party[f.id]) if f.id in party else f
        for f in SHIFTED.plan.facts
    )
    task = msgspec.structs.replace(
        SHIFTED,
        patch=PATCH,
        plan=msgspec.structs.replace(SHIFTED.plan, facts=facts),
        user=msgspec.structs.replace(SHIFTED.user, facts=facts),
        goal=Goal(
            branches=(
                Branch(
                    changes=(
                        Change(
                            entity="patient", kind="update", key=(KEY,), values={"city": "York"}
                        ),
                    )
                ),
            )
        ),
    )
    suite = Suite(CLINIC, [task])
    oracle = Oracle(task)
    episode = play(task, oracle, suite)
    assert suite.verdict(episode).success, (suite.verdict(episode).reasons, oracle.trouble)


def test_the_change_of_mind_reaches_everybody_who_asks() -> None:
    """The first answer brings it; who never asks does what is no longer wanted."""
    with SUITE.episode(SHIFTED.id) as one:
        assert "York" not in one.prompt[-1]["content"]
        assert (
            "York"
            in one.call("ask_user", question="May I have your insurance number?").data["reply"]
        )
        said = one.call("ask_user", question="Shall I change it to York?")
        assert "York" in said.data["reply"]
        assert "Leeds" not in said.data["reply"]
    with SUITE.episode(SHIFTED.id) as two:
        assert "insurance" not in two.say("Your city is Leeds now.").lower()
        assert not two.done
    with SUITE.episode(SHIFTED.id) as three:
        three.call("ask_user", question="What is your insurance number and date of birth?")
        fork = three.fork()
        assert three.say("All done: your city is York.").startswith("Thank you")
        assert not fork.done
        assert "York" not in fork.say("What is your date of birth?")


def test_a_forked_change_of_mind_comes_once_each() -> None:
    """A fork from before it hears it too."""
    with SUITE.episode(SHIFTED.id) as one:
        fork = one.fork()
        for each in (one, fork):
            assert (
                "Actually"
                in each.call("ask_user", question="What is your date of birth?").data["reply"]
            )
            assert "Actually" not in each.call("ask_user", question="And your name?").data["reply"]
        fork.close()


def test_the_oracle_sees_through_what_was_to_fail() -> None:
    """A call that was to be refused and is not, or the other way round, is no gold run."""
    calm = msgspec.structs.replace(REFUSED.gold[1], fails=False)
    task = msgspec.structs.replace(REFUSED, gold=(REFUSED.gold[0], calm))
    oracle = Oracle(task)
    assert not SUITE.verdict(play(task, oracle)).success
    assert "was refused" in oracle.trouble
    eager = msgspec.structs.replace(REFUSED.gold[0], fails=True)
    oracle = Oracle(msgspec.structs.replace(REFUSED, gold=(eager,)))
    play(REFUSED, oracle)
    assert "was not refused" in oracle.trouble


def test_an_explicit_view_wins_field_by_field() -> None:
    """What the caller names wins, even with what is the default; the rest is the task's."""
    own = SUITE.view(AMBIGUOUS).options
    assert (own.rename, own.docs) == (0.5, "brief")
    for given in ("rename=0", {"rename": 0}):
        options = SUITE.view(AMBIGUOUS, given).options
        assert (options.rename, options.docs) == (0, "brief")
    whole = SUITE.view(AMBIGUOUS, type(own)(docs="none")).options
    assert (whole.rename, whole.docs) == (0.5, "none")
    assert SUITE.view(REFUSED).options == type(own)()
    for asked in (None, "rename=0", "rename=0,docs=full", "page_size=3"):
        options = SUITE.view(AMBIGUOUS, asked).options
        text = options.text(AMBIGUOUS.view)
        assert SUITE.view(AMBIGUOUS, text).options == options
    sized = msgspec.structs.replace(AMBIGUOUS, view={"page_size": 3, "absent": ["get_room"]})
    text = type(own)().text(sized.view)
    assert Suite(CLINIC, [sized]).view(sized, text).options == type(own)()
    for view, words in (
        ({"renam": 1}, "did you mean 'rename'"),
        ({"absent": ["search_patients"]}, "search_patients"),
    ):
        with pytest.raises(TaskError, match=words):
            Suite(CLINIC, [msgspec.structs.replace(AMBIGUOUS, view=view)])


def test_long_tasks_have_turns_enough() -> None:
    """A gold run that is longer than the usual cut gets twice its turns, unless somebody says."""
    long = msgspec.structs.replace(REFUSED, gold=REFUSED.gold[:1] * 40)
    suite = Suite(
        CLINIC, [long, ALONE.__class__(**{n: getattr(ALONE, n) for n in Task.__struct_fields__})]
    )
    assert suite.episode(long.id).max_turns == 82
    assert suite.episode(ALONE.id).max_turns == 30
    assert suite.episode(long.id, max_turns=7).max_turns == 7
    assert Suite(CLINIC, [long], max_turns=9).episode(long.id).max_turns == 9
    assert ToolEnv(suite).reset(options={"task_id": long.id})[1]["task_id"] == long.id


def test_records_replay_and_are_exported(tmp_path: Path) -> None:
    """Trajectories of all of them come out again, and become conversations."""
    records = list(rollout(SUITE, "oracle", episodes=len(TASKS)))
    assert [one.outcome.status for one in records] == ["success"] * len(TASKS)
    for record in records:
        assert replay(record, SUITE) == ()
    for name in FORMATS:
        assert export(records, name, tmp_path / name).records == len(TASKS)
    told = [closing(msgspec.json.decode(encode(record))) for record in records]
    assert told == ["Twinham", "Done.", f"Refused: rule {RULE}", "19.75"]
    views = [one.env.view for one in records]
    assert views[1:] == ["", "", ""]
    named = list(rollout(SUITE, "oracle", episodes=1, view={"rename": 0}))
    assert replay(named[0], SUITE) == ()
    assert named[0].env.view != views[0]


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.family)
def test_golden_traces_show_them(task: Task) -> None:
    """The trace for reviewers ends well, and says in which rows the start differs."""
    text = golden(CLINIC, [task]).decode()
    assert "verdict  success" in text
    assert ("patch    patient" in text) == bool(task.patch)
    if task.reason:
        assert json.dumps(task.reason)[1:-1] in text
