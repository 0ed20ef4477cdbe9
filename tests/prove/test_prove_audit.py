"""The second set of wrong and right runs: independent, and able to find fault."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import tiny
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from sampled_tasks import every

from agentgym.goals.verdict import Judge, Verdict
from agentgym.plan import Select
from agentgym.prove.audit import OPERATORS, audit, brute_check
from agentgym.prove.run import Runner
from agentgym.prove.settle import same_end
from agentgym.world.compile import engine

ROOM = Path(__file__).resolve().parents[2] / "agentgym" / "prove"


def test_the_second_set_shares_nothing_with_the_first() -> None:
    """Its operators import nothing of the gate's mutants, and have other names."""
    for path in (ROOM / "audit").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom):
                assert "mutants" not in str(node.module), path
                assert node.module != "agentgym.prove.kills", path
    gate = "".join(path.read_text() for path in (ROOM / "mutants").glob("*.py"))

    assert len(OPERATORS) >= 15
    assert [name for name in OPERATORS if f'"{name}"' in gate] == []


def test_wrong_runs_fail_and_right_ones_pass() -> None:
    """Of tasks of all families, nearly all wrong runs fail, and no right one."""
    prover, tasks = every("clinic")
    found = audit(prover.domain, tasks, mutants=1500, alternatives=300)

    assert found.mutants >= 1500
    assert found.alternatives >= 300
    assert found.kill_rate > 0.999, found.survivors
    assert found.false_rejections == 0, found.refused
    assert len(found.operators) >= 15, found.operators
    assert set(found.kinds) >= {"detour", "words", "undone", "lowering"}, found.kinds
    assert audit(prover.domain, tasks, mutants=1500, alternatives=300) == found
    assert audit(prover.domain, tasks, seed=2, mutants=1500, alternatives=300) != found


@pytest.mark.parametrize("answer", [True, False])
def test_a_blind_judge_is_found_out(answer: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that passes everything lets wrong runs live; one that fails everything, right ones."""

    def verdict(*_: Any, **__: Any) -> Verdict:
        return Verdict(success=answer, terms={"success": float(answer)}, reasons=("no",))

    prover, tasks = every("clinic")
    monkeypatch.setattr(Judge, "verdict", verdict)
    found = audit(prover.domain, tasks[:6], mutants=100, alternatives=20)

    assert (found.killed == 0) == answer
    assert (found.false_rejections == 0) == answer
    assert bool(found.survivors) == answer
    assert bool(found.refused) != answer


def test_certificates_hold_by_other_means() -> None:
    """SQL finds the rows that the interpreter finds; a clue less is noticed."""
    prover, tasks = every("clinic")
    found = brute_check(prover.domain, tasks)
    assert found.wrong == ()
    assert found.selects > len(tasks)

    task = next(task for task in tasks if task.family == "lookup")
    nodes = tuple(replace(n, where=()) if isinstance(n, Select) else n for n in task.plan.nodes)
    blurred = replace(task, plan=replace(task.plan, nodes=nodes))
    assert len(brute_check(prover.domain, [blurred]).wrong) == 1


def test_bounds_are_searched_for_in_small_worlds() -> None:
    """A bound that no search confirms is named."""
    domain, task = tiny.domain(), tiny.tasks()[1]
    right = replace(task, measured={"min_calls": 2})
    assert brute_check(domain, [right]).searched == 1
    assert brute_check(domain, [right]).wrong == ()

    (told,) = brute_check(domain, [replace(task, measured={"min_calls": 3})]).wrong
    assert "2 calls by exhaustive search" in told


# ends


def lent(order: Sequence[int]) -> tuple[Runner, tuple[Any, ...]]:
    """Lend three books, in some order."""
    domain = tiny.domain()
    runner = Runner(engine(domain))
    runner.start()
    for number in order:
        title = ("Ulysses", "Emma", "Emma")[number]
        due = ("2026-07-01", "2026-07-02", "2026-07-03")[number]
        loan = {"member_id": 1 + number % 2, "title": title, "due_on": due}
        assert runner.call("create_loan", loan).ok
    return runner, runner.world.diff()


@settings(max_examples=20)
@given(st.permutations(range(3)), st.permutations(range(3)))
def test_the_same_rows_under_other_keys_are_the_same_end(one: list[int], other: list[int]) -> None:
    """Whatever order rows are made in; and one row less, or another value, is another end."""
    runner, first = lent(one)
    _, second = lent(other)
    schema = tiny.domain().schema

    assert same_end(schema, first, second) is True
    assert same_end(schema, first, second[:-1]) is False
    runner.call("update_member", {"member_id": 3, "phone": "1"})
    assert same_end(schema, first, runner.world.diff()) is False


def test_too_many_renamings_are_not_tried() -> None:
    """Nothing is said of ends that cannot be told apart in time."""
    _, first = lent([0, 1, 2] * 3)
    _, second = lent([2, 1, 0] * 3)

    assert same_end(tiny.domain().schema, first, second) is None
