"""The conformance kit finds what is wrong with tasks: of every family, broken in one place each."""

from __future__ import annotations

from typing import Any

import pytest
import shop
import tiny
from msgspec.structs import replace

from agentgym.build.one import build
from agentgym.domain.patch import Patch
from agentgym.episode import Suite, load
from agentgym.rules import Elapsed, Rule
from agentgym.schema import replace_entity
from agentgym.schema.types import to_wire
from agentgym.tasks import Task
from agentgym.testing.domains import check_tasks, check_user, check_wanted
from agentgym.testing.gold import check_gold
from agentgym.testing.honesty.staging import made
from agentgym.world.journal import rows_hash


@pytest.fixture(scope="module")
def every(tmp_path_factory: pytest.TempPathFactory) -> Suite:
    """A domain under rules, with tasks of every family."""
    folder = tmp_path_factory.mktemp("kit")
    build(shop.sqlite(folder / "shop.sqlite"), folder / "shop", tasks=60, rules=4)
    return load(folder / "shop")


def broken(suite: Suite, task: Task, **changes: Any) -> Suite:
    """Return the suite with one task alone, changed."""
    return Suite(suite.domain, [replace(task, **changes)])


def branched(task: Task, **changes: Any) -> dict[str, Any]:
    """Return how a task changes when its branches do."""
    branches = tuple(replace(b, **changes) for b in task.goal.branches)
    return {"goal": replace(task.goal, branches=branches)}


def of_family(suite: Suite, *families: str) -> Task:
    """Return the first task of some families."""
    return next(task for task in suite.tasks if task.family in families)


def test_every_family_passes(every: Suite) -> None:
    """Refusals, what cannot be done, hidden facts, changes of mind, sets and choices."""
    assert len({task.family for task in every.tasks}) > 15
    assert any(step.fails for task in every.tasks for step in task.gold)
    assert {task.outcome for task in every.tasks} == {"done", "refused", "impossible"}
    check_tasks(every)
    check_gold(every)


def test_what_needs_no_look_is_named(every: Suite) -> None:
    """A task whose end rests on rows is not solved by who looks at none."""
    task = of_family(every, "multi_hop")
    check_tasks(broken(every, task))
    with pytest.raises(AssertionError, match="who looks at nothing solves it"):
        check_tasks(broken(every, task, **branched(task, seen=())))


@pytest.mark.parametrize(
    ("families", "changes", "sentence"),
    [
        (("refusal",), {"rules": ()}, "nothing is asked"),
        (("unanswerable",), {"names": ()}, "nothing is asked"),
        (("lookup",), {"rules": ("any",)}, "needs no reason"),
    ],
)
def test_ends_without_a_reason_are_named(
    every: Suite, families: tuple[str, ...], changes: dict[str, Any], sentence: str
) -> None:
    """A refusal names its rule, what cannot be done what is missing, and what is done nothing."""
    task = of_family(every, *families)
    with pytest.raises(AssertionError, match=sentence):
        check_wanted(every, replace(task, **branched(task, **changes)))


def test_users_who_know_too_little_are_named(every: Suite) -> None:
    """What is held back can be asked for, and a change of mind is said."""
    shift, vague = of_family(every, "shift"), of_family(every, "ambiguous")
    for task in every.tasks:
        check_user(task)
    mute = replace(vague, user=replace(vague.user, questions={}))
    with pytest.raises(AssertionError, match="no name to ask for it"):
        check_user(mute)
    firm = replace(shift, user=replace(shift.user, shift=None))
    with pytest.raises(AssertionError, match="changes their mind"):
        check_user(firm)


def test_steps_that_fail_are_certified(every: Suite) -> None:
    """A step that is to fail does, and no other; the model refuses it for the same reason."""
    task = next(task for task in every.tasks if any(step.fails for step in task.gold))
    check_gold(broken(every, task))
    tame = tuple(replace(step, fails=False) for step in task.gold)
    with pytest.raises(AssertionError, match="is refused"):
        check_gold(broken(every, task, gold=tame))
    other = next(task for task in every.tasks if not any(step.fails for step in task.gold))
    wild = tuple(replace(step, fails=True) for step in other.gold)
    if wild:
        with pytest.raises(AssertionError, match="is to fail"):
            check_gold(broken(every, other, gold=wild))


def test_patches_are_played(every: Suite) -> None:
    """A task with a patch starts and ends with it, on the model as in the world."""
    domain = every.domain
    entity = domain.schema.entity("customer")
    row = domain.rows["customer"][-1]
    key = tuple(to_wire(entity.field(name), row[entity.position(name)]) for name in entity.key)
    field = next(f for f in entity.fields if f.type == "text" and f.role not in ("key", "secret"))
    patch = (Patch(entity="customer", key=key, values={field.name: "Somebody Else"}),)
    task = of_family(every, "no_tool_needed")
    patched = f"{rows_hash(domain.patched(patch).rows):032x}"
    certificate = replace(task.certificate, start=patched, end=patched)
    check_gold(broken(every, task, patch=patch, certificate=certificate))
    with pytest.raises(AssertionError, match="start in"):
        check_gold(broken(every, task, patch=patch))


def test_what_stands_above_has_not_ended_either() -> None:
    """Where rows are made until a time of the row above, there are such rows without that time."""
    domain = tiny.domain()
    loan = domain.schema.entity("loan")
    relation = next(r for r in domain.schema.relations if r.target == "loan" or r.entity == "loan")
    above = domain.schema.entity(relation.target)
    fields = (*above.fields, replace(loan.field("due_on"), name="closed_on", nullable=True))
    schema = replace_entity(domain.schema, replace(above, fields=fields))
    until = Rule(
        id="until",
        kind="time_window",
        entity=relation.entity,
        on=("create",),
        predicate=Elapsed(field="closed_on", op="lt", seconds=0, path=(relation.name,)),
    )
    ruled = replace(domain, schema=schema, rules=(*domain.rules, until))
    rows = [made(ruled, schema.entity(above.name), number) for number in range(4)]
    assert [row[-1] is None for row in rows] == [False, True, False, True]
