"""Each gate alone: certificates are recomputed, and what was tampered with is refused."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Any

import msgspec
import pytest
from strategies_tasks import OWN, proved

from agentgym.build.yields import Filled
from agentgym.plan import Aggregated, Emit, Fact, Plan, Select, Where, Write
from agentgym.prove import Prover, RefusedError, kills
from agentgym.prove.kills import MIN_MUTANTS, MIN_OPERATORS, Kills
from agentgym.prove.runs import Runs
from agentgym.schema.types import to_wire
from agentgym.tasks import Step, Task


@pytest.mark.parametrize("name", OWN)
def test_certificates_are_recomputed(name: str) -> None:
    """Certifying a task again, alone, gives its certificate to the byte."""
    prover, filled = proved(name)
    for task in filled.tasks[::4]:
        assert prover.certify(task) == task.certificate
        assert task.certificate.mutants >= MIN_MUTANTS
        mutants = next(g for g in task.certificate.gates if g.gate == "mutants")
        assert mutants.detail["operators"] >= MIN_OPERATORS
        assert all(gate.ok for gate in task.certificate.gates)


READS = ("multi_hop",)
WRITES = ("update", "policy_bound", "shift")


def with_gold(task: Task, change: Any) -> Task:
    """Return the task with its last gold step changed."""
    last = task.gold[-1]
    parts = {n: getattr(last, n) for n in last.__struct_fields__}
    return msgspec.structs.replace(task, gold=(*task.gold[:-1], Step(**(parts | change(last)))))


def with_goal(task: Task, **parts: Any) -> Task:
    """Return the task with its goal changed."""
    branch = msgspec.structs.replace(task.goal.branches[0], **parts)
    return msgspec.structs.replace(
        task, goal=msgspec.structs.replace(task.goal, branches=(branch,))
    )


def of_family(filled: Filled, *families: str) -> Task:
    """Return the first task of the families that rests on more than one call, of one row each."""
    return next(
        t
        for t in filled.tasks
        if t.family in families
        and len(t.gold) > 1
        and not any(isinstance(n, Write) and n.kind == "create" for n in t.plan.nodes)
    )


def without_clues(task: Task) -> Task:
    """Return the task with a plan whose anchors have no clues."""
    nodes = [
        msgspec.structs.replace(n, where=()) if isinstance(n, Select) else n
        for n in task.plan.nodes
    ]
    plan = msgspec.structs.replace(task.plan, nodes=tuple(nodes))
    return msgspec.structs.replace(task, plan=plan)


TAMPERED = {
    "provenance: an origin that is none": (
        "provenance",
        READS,
        lambda task: with_gold(task, lambda s: {"origin": dict.fromkeys(s.origin, "call:9:x")}),
    ),
    "provenance: an argument from nowhere": (
        "provenance",
        READS,
        lambda task: with_gold(task, lambda s: {"origin": {}}),
    ),
    "provenance: another value than the origin's": (
        "provenance",
        WRITES,
        lambda task: with_gold(task, lambda s: {"arguments": dict.fromkeys(s.arguments, 77)}),
    ),
    "executes: a tool that is not shown": (
        "executes",
        READS,
        lambda task: msgspec.structs.replace(task, tools=task.tools[:0]),
    ),
    "executes: an answer that the rows do not give": (
        "executes",
        READS,
        lambda task: msgspec.structs.replace(task, answer="something else"),
    ),
    "executes: a goal that the run does not reach": (
        "executes",
        WRITES,
        lambda task: with_goal(task, changes=()),
    ),
    "executes: another outcome than the run's": (
        "executes",
        READS,
        lambda task: with_goal(task, outcome="refused"),
    ),
    "text: other words": (
        "text",
        ("lookup", *READS),
        lambda task: msgspec.structs.replace(task, instruction="Please help me with my order."),
    ),
    "shortest: a bound that is not the proved one": (
        "shortest",
        READS,
        lambda task: msgspec.structs.replace(task, measured=task.measured | {"min_calls": 99}),
    ),
    "mutants: an answer that nobody need look up": (
        "mutants",
        READS,
        lambda task: with_goal(task, seen=()),
    ),
    "not_vacuous: nothing is asked for": (
        "not_vacuous",
        READS,
        lambda task: with_goal(task, answers=(), seen=()),
    ),
    "unique: a clue less": ("unique", READS, without_clues),
}


@pytest.mark.parametrize("case", TAMPERED)
@pytest.mark.parametrize("name", OWN)
def test_each_gate_refuses(name: str, case: str) -> None:
    """A task that was tampered with is refused by the gate that is there for it."""
    gate, families, change = TAMPERED[case]
    prover, filled = proved(name)
    allowed = {gate}
    if gate in ("unique", "not_vacuous"):
        allowed.add("executes")  # the interpreter's own opinion is asked first

    with pytest.raises(RefusedError) as error:
        prover.certify(change(of_family(filled, *families)))

    assert error.value.gate in allowed, error.value


def written_twice(plan: Plan) -> Plan:
    """Return the plan with each of its changes asked for twice."""
    again = [
        msgspec.structs.replace(node, id=f"{node.id}b")
        for node in plan.nodes
        if isinstance(node, Write) and node.target is not None
    ]
    assert again
    return msgspec.structs.replace(plan, nodes=(*plan.nodes, *again))


def counted(plan: Plan) -> Plan:
    """Return a plan that counts the one row of which the plan asks a field."""
    emit = next(node for node in plan.nodes if isinstance(node, Emit))
    number = Aggregated(id="n98", of=emit.node, function="count")
    rest = [node for node in plan.nodes if not isinstance(node, Emit)]
    nodes = (*rest, number, Emit(id="n99", node="n98"))
    return msgspec.structs.replace(plan, family="aggregate", nodes=nodes)


@pytest.mark.parametrize("name", OWN)
def test_gates_alone(name: str) -> None:
    """The gates that others shield refuse by themselves."""
    prover, filled = proved(name)
    task = of_family(filled, *READS)
    writes = next(t for t in filled.tasks if sum(isinstance(n, Write) for n in t.plan.nodes) > 1)

    with pytest.raises(RefusedError, match="unique"):
        prover.stage.unique.check(without_clues(task).plan)
    with pytest.raises(RefusedError, match="two writes to one row"):
        prover.stage.unique.check(written_twice(of_family(filled, *WRITES).plan))
    with pytest.raises(RefusedError, match="rows to aggregate"):
        prover.stage.unique.check(counted(task.plan))
    one = counted(task.plan)
    with pytest.raises(RefusedError, match=r"the answer is 1$"):
        prover.stage.shortcuts.guesses.check_guess(one, Emit(id="n99", node="n98"))
    with pytest.raises(RefusedError, match="not_vacuous"):
        Runs(prover.stage, with_goal(task, answers=(), seen=())).vacuous()
    less = with_goal(writes, changes=writes.goal.branches[0].changes[:-1])
    with pytest.raises(RefusedError, match="not_vacuous"):
        Runs(prover.stage, less).vacuous()
    with pytest.raises(RefusedError, match="deterministic"):
        Runs(prover.stage, task).deterministic("0" * 32)
    with pytest.raises(RefusedError, match="orders"):
        Runs(prover.stage, with_goal(task, outcome="refused")).orders()
    with pytest.raises(RefusedError, match="mutants"):
        Kills(Runs(prover.stage, with_goal(task, seen=()))).check()
    nobody = msgspec.structs.replace(task, user=msgspec.structs.replace(task.user, facts=()))
    with pytest.raises(RefusedError, match="provenance"):
        Runs(prover.stage, nobody).provenance()


@pytest.mark.parametrize("least", ["MIN_MUTANTS", "MIN_OPERATORS"])
def test_a_task_needs_enough_wrong_runs(least: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A task of which too few wrong runs, or kinds of them, are known is refused."""
    prover, filled = proved("clinic")
    monkeypatch.setattr(kills, least, 1000)

    with pytest.raises(RefusedError, match="wrong runs of"):
        Kills(Runs(prover.stage, filled.tasks[0])).check()


@pytest.mark.parametrize("name", OWN)
def test_the_text_gate_alone(name: str) -> None:
    """Words of another plan, words of none, and identifiers are refused, each for its reason."""
    prover, filled = proved(name)
    plain = ("lookup", "multi_hop", "update", "compare", "aggregate")
    one, other = [task for task in filled.tasks if task.family in plain][:2]
    column = next(f.name for e in prover.schema.entities for f in e.fields if "_" in f.name)

    with pytest.raises(RefusedError, match="another plan"):
        prover.check_text(one.plan, other.instruction)
    with pytest.raises(RefusedError, match="0 readings"):
        prover.check_text(one.plan, "Please help me.")
    with pytest.raises(RefusedError, match="identifier"):
        prover.check_text(one.plan, f"{one.instruction} I mean {column}.")


@pytest.mark.parametrize("name", OWN)
def test_the_provenance_gate_alone(name: str) -> None:
    """Arguments from later calls, and facts that cannot be asked for, are refused."""
    prover, filled = proved(name)
    task = of_family(filled, *READS)
    last = len(task.gold) - 1
    later = with_gold(task, lambda s: {"origin": dict.fromkeys(s.origin, f"call:{last}:x")})
    with pytest.raises(RefusedError, match="later call"):
        Runs(prover.stage, later).provenance()

    facts = tuple(msgspec.structs.replace(f, exposure="user") for f in task.plan.facts)
    held = msgspec.structs.replace(task, plan=msgspec.structs.replace(task.plan, facts=facts))
    with pytest.raises(RefusedError, match="nobody can be asked"):
        Runs(prover.stage, held).provenance()
    for questions, reason in (({"f1": "it", "f2": "it"}, "same words"), ({}, "every fact")):
        user = msgspec.structs.replace(task.user, questions=questions, facts=())
        with pytest.raises(RefusedError, match=reason):
            Runs(prover.stage, msgspec.structs.replace(task, user=user)).provenance()


@pytest.mark.parametrize("name", OWN)
def test_the_effects_gate_alone(name: str) -> None:
    """The interpreter has its own opinion of answers and of what is written."""
    prover, filled = proved(name)
    task = of_family(filled, *WRITES)
    nodes = tuple(node for node in task.plan.nodes if not isinstance(node, Write))
    silent = msgspec.structs.replace(task, plan=msgspec.structs.replace(task.plan, nodes=nodes))

    Runs(prover.stage, task).effects()
    with pytest.raises(RefusedError, match="other entities"):
        Runs(prover.stage, silent).effects()
    other = msgspec.structs.replace(of_family(filled, *READS), answer=7)
    with pytest.raises(RefusedError, match="the rows say"):
        Runs(prover.stage, other).effects()


def documents(prover: Prover, task: Task) -> list[str]:
    """Return what the tools that a task shows say of themselves."""
    return [prover.stage.shortcuts.leaks.document(tool) for tool in task.tools]


@pytest.mark.parametrize("name", OWN)
def test_leaks_are_refused(name: str) -> None:
    """The answer may not stand in the instruction, among the facts or be a common value."""
    prover, filled = proved(name)
    task = of_family(filled, *READS)

    leaking = msgspec.structs.replace(task, instruction=f"{task.instruction} Is it {task.answer}?")
    with pytest.raises(RefusedError, match="stands in the instruction"):
        prover.stage.shortcuts.leaks.check(leaking)
    enums = [f for e in prover.schema.entities for f in e.fields if f.type == "enum" and f.spoken]
    shown = [msgspec.structs.replace(task, answer=v) for f in enums for v in f.values or ()]
    told = [one for one in shown if any(f'"{one.answer}"' in d for d in documents(prover, one))]
    assert told
    for one in told:
        with pytest.raises(RefusedError, match=r"tool's description|stands in the instruction"):
            prover.stage.shortcuts.leaks.check(one)
    fact = Fact(id="f99", entity="x", field="y", value=task.answer)
    knowing = msgspec.structs.replace(
        task, plan=msgspec.structs.replace(task.plan, facts=(*task.plan.facts, fact))
    )
    with pytest.raises(RefusedError, match="one of the facts"):
        prover.stage.shortcuts.leaks.check(knowing)


def test_common_values_are_refused() -> None:
    """A field whose value most rows share is no question."""
    prover, _ = proved("clinic")
    refusals = Counter[str]()
    for owner in prover.schema.entities:
        for row, one in itertools.product(prover.tables.rows(owner.name)[:30], owner.fields):
            label = next((f for f in owner.fields if f.unique and f.type == "text"), None)
            if label is None or one.name == label.name:
                continue
            value = to_wire(label, row[owner.position(label.name)])
            if value is None or row[owner.position(one.name)] is None:
                continue
            fact = Fact(id="f1", entity=owner.name, field=label.name, value=value)
            select = Select(id="n1", entity=owner.name, where=(Where(field=label.name, fact="f1"),))
            emit = Emit(id="n2", node="n1", field=one.name)
            plan = Plan(family="lookup", facts=(fact,), nodes=(select, emit))
            column = prover.tables.column(owner.name, one.name)
            share = column[row[owner.position(one.name)]] / sum(column.values())
            try:
                prover.stage.shortcuts.check(plan)
            except RefusedError:
                refusals["refused"] += 1
                assert share > 0.25 or len(column) < 4
            else:
                refusals["passed"] += 1
                assert share <= 0.25
                assert len(column) >= 4

    assert refusals["refused"]
    assert refusals["passed"]
