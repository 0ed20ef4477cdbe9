"""Verdicts on runs: a second set of wrong ones fails, every right way is accepted."""

from __future__ import annotations

import datetime as dt
import itertools
import random
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

import msgspec
import pytest
from strategies_tasks import OWN, proved

from agentgym.build.yields import Filled
from agentgym.formats import Json
from agentgym.goals.verdict import Ending
from agentgym.prove import Prover
from agentgym.prove.run import Run, gold_run
from agentgym.prove.runs import Runs
from agentgym.schema import Field
from agentgym.schema.types import fold, to_stored, to_wire
from agentgym.tasks import Task
from agentgym.tools.algebra import (
    Create,
    Delete,
    Find,
    Get,
    ListRelated,
    Search,
    Update,
    is_write,
    subject,
)
from agentgym.tools.parameters import bindings

Calls = list[tuple[str, dict[str, Json]]]


def plain(filled: Filled) -> list[Task]:
    """Return the tasks that are done, on the rows as they are, and answer values one by one."""
    return [
        task
        for task in filled.tasks
        if task.outcome == "done"
        and not task.patch
        and not task.stream
        and not task.goal.branches[0].idle
        and all(slot.count is None and not slot.many for slot in task.goal.branches[0].answers)
    ]


def alike(field: Field | None, one: Json, other: Json) -> bool:
    """Tell whether two values mean the same, so that neither is a wrong answer for the other."""
    if isinstance(one, str) and isinstance(other, str):
        return str(fold(one)).strip() == str(fold(other)).strip()
    if isinstance(one, bool) or not isinstance(one, (int, float, Decimal)):
        return str(one) == str(other)
    exact, found = Decimal(str(one)), Decimal(str(other))
    near = abs(exact) / 1000 if field is not None and field.type == "float" else 0
    return abs(exact - found) <= near


def wrong_answers(prover: Prover, task: Task) -> Iterator[Json]:
    """Yield every other value of the column, and the right number in a wrong unit or scale."""
    slot = task.goal.branches[0].answers[0]
    right = slot.values[0]
    field = prover.schema.entity(slot.entity).field(slot.field) if slot.field else None
    if field is not None and slot.function in (None, "min", "max"):
        for stored in sorted(prover.tables.column(slot.entity, field.name), key=str):
            other = to_wire(field, stored)
            if not alike(field, right, other):
                yield other
                yield f"It is {other}."
                yield f"{right} or {other}"
                yield [right, other]
    if isinstance(right, (int, float, Decimal)) and right:
        for factor in (10, 100, 1000, Decimal("0.1"), Decimal("0.001"), -1, 2):
            yield Decimal(str(right)) * factor
        yield f"between {right} and {Decimal(str(right)) + 1}"
    yield from (None, "", [], {}, "I do not know.", "none", "yes", [right, right, right])


def wrong_calls(prover: Prover, task: Task, draws: random.Random) -> Iterator[Calls]:
    """Yield call lists that leave another state: values, rows, omissions, additions."""
    gold: Calls = [(name, dict(arguments)) for name, arguments in gold_run(task).calls]
    tools, schema = prover.domain.tool_by_name, prover.schema
    for stop in range(len(gold)):
        yield gold[:stop]
    for place, (name, arguments) in enumerate(gold):
        if not is_write(tools[name]):
            continue
        for param, (owner, field_name, _) in bindings(tools[name].term, schema).items():
            if param not in arguments:
                continue
            field = schema.entity(owner).field(field_name)
            column = [
                to_wire(field, v) for v in sorted(prover.tables.column(owner, field_name), key=str)
            ]
            for other in draws.sample(column, min(len(column), 6)):
                if str(other) != str(arguments[param]):
                    yield replaced(gold, place, arguments | {param: other})
            if isinstance(arguments[param], str) and field.type == "text":
                text = arguments[param]
                for changed in (text.upper(), text.lower(), f"{text} ", f" {text}", text[:-1]):
                    if changed != text:
                        yield replaced(gold, place, arguments | {param: changed})
    writes = [place for place, (name, _) in enumerate(gold) if is_write(tools[name])]
    for one, other in itertools.combinations(writes, 2):
        swapped = exchanged(prover, gold, one, other)
        if swapped is not None:
            yield swapped
    for extra in extra_calls(prover, draws):
        yield [*gold, extra]
        yield [extra, *gold]


def replaced(gold: Calls, place: int, arguments: dict[str, Json]) -> Calls:
    """Return the calls with one of them changed."""
    return [*gold[:place], (gold[place][0], arguments), *gold[place + 1 :]]


def exchanged(prover: Prover, gold: Calls, one: int, other: int) -> Calls | None:
    """Write to each of two rows what belongs to the other."""
    tool = prover.domain.tool_by_name[gold[one][0]]
    if gold[one][0] != gold[other][0] or not isinstance(tool.term, Update):
        return None
    keys = [a.param for a in tool.term.key]
    first, second = gold[one][1], gold[other][1]
    left = first | {key: second[key] for key in keys}
    right = second | {key: first[key] for key in keys}
    return replaced(replaced(gold, one, left), other, right)


def extra_calls(prover: Prover, draws: random.Random) -> Iterator[tuple[str, dict[str, Json]]]:
    """Yield a delete of a row that nothing refers to, a copy of a row, and an emptied field."""
    schema, tables = prover.schema, prover.tables
    for tool in draws.sample(list(prover.domain.tools), len(prover.domain.tools)):
        term = tool.term
        rows = tables.rows(getattr(term, "entity", "")) if is_write(tool) else ()
        if not rows:
            continue
        row = draws.choice(rows)
        entity = schema.entity(term.entity)  # type: ignore[union-attr]
        wire = {f.name: to_wire(f, v) for f, v in zip(entity.fields, row, strict=True)}
        if isinstance(term, Delete):
            yield tool.name, {a.param: wire[a.field] for a in term.key}
        if isinstance(term, Create):
            yield (
                tool.name,
                {a.param: wire[a.field] for a in term.values if wire[a.field] is not None},
            )
        if isinstance(term, Update):
            free = [a for a in term.values if entity.field(a.field).nullable]
            for argument in free[:1]:
                key = {a.param: wire[a.field] for a in term.key}
                yield tool.name, key | {argument.param: None}


def killed(prover: Prover, task: Task) -> tuple[int, list[Run]]:
    """Play the second set of wrong runs; return how many failed, and those that passed."""
    dead, alive = 0, []
    right = prover.runner.play(gold_run(task)).changes
    draws = random.Random(task.id)
    runs = []
    if task.goal.branches[0].answers:
        runs += [Run(calls=gold_run(task).calls, answer=a) for a in wrong_answers(prover, task)]
        runs.append(Run(answer=task.answer))
    runs += [
        Run(calls=tuple(calls), answer=task.answer) for calls in wrong_calls(prover, task, draws)
    ]
    runs += [
        Run(calls=gold_run(task).calls, answer=task.answer, outcome=outcome)
        for outcome in ("refused", "impossible", None)
    ]
    for run in runs:
        ending = prover.runner.play(run)
        if run.outcome == "done" and run.answer == task.answer and ending.changes == right:
            if not task.goal.branches[0].answers or prover_saw(prover, task, ending):
                continue  # it came to the same: not a wrong run after all
        if prover.stage.judge.verdict(task.goal, ending, instruction=task.instruction).success:
            alive.append(run)
        else:
            dead += 1
    return dead, alive


def prover_saw(prover: Prover, task: Task, ending: Ending) -> bool:
    """Tell whether a run looked up what its answer rests on."""
    gold = prover.runner.play(gold_run(task))
    shown = [result.data for _, result in ending.calls if result.ok]
    return gold.calls[-1][1].data in shown or not task.goal.branches[0].answers


@pytest.mark.parametrize("name", OWN)
def test_a_second_set_of_wrong_runs_fails(name: str) -> None:
    """Other values, rows, units, prefixes, additions and hedges do not pass."""
    prover, filled = proved(name)
    total, survivors = 0, []
    for task in plain(filled):
        dead, alive = killed(prover, task)
        total += dead
        survivors += [(task.id, task.instruction, task.answer, run) for run in alive]

    assert total > 50 * len(plain(filled))
    assert len(survivors) <= total / 1000, (len(survivors), total, survivors[:5])


# right runs that are not the gold run


def said(task: Task, prover: Prover) -> Iterator[Json]:
    """Yield the right answer in other forms."""
    answers = task.goal.branches[0].answers
    if len(answers) != 1:
        return
    slot, value = answers[0], answers[0].values[0]
    field = prover.schema.entity(slot.entity).field(slot.field) if slot.field else None
    yield from (str(value), f"{value}.", f"The answer is {value}.", [value], {"value": value})
    yield f"**{value}**"
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        unit = field.unit if field is not None and field.unit else "in all"
        yield from (f"{value:,}", float(value), f"It comes to {value:,} {unit}.")
        yield Decimal(f"{value}0") if "." in str(value) else f"{value}.0"
    if field is not None and field.type == "date" and slot.function in (None, "min", "max"):
        day = dt.date.fromisoformat(str(value))
        yield from (f"{day:%B} {day.day}, {day.year}", f"{day.day} {day:%b} {day.year}")
        yield f"It was on {day:%B} {day.day}, {day.year}."
        yield f"{value}T00:00:00Z"
    if field is not None and field.type == "datetime" and slot.function in (None, "min", "max"):
        moment = str(value)
        yield from (moment.replace("T", " ").removesuffix("Z"), moment.replace("Z", "+00:00"))
        day = dt.date.fromisoformat(moment[:10])
        yield f"{day:%B} {day.day}, {day.year} at {moment[11:19]}"
    if isinstance(value, str) and field is not None and field.type == "text":
        yield from (f'"{value}"', value.upper(), f"  {value}  ", f"It is {value}.")


def reads_between(prover: Prover, task: Task) -> Calls:
    """Return the gold calls with other reads around each."""
    calls: Calls = []
    others = [t.name for t in prover.domain.tools if isinstance(t.term, Search)]
    for place, call in enumerate(gold_run(task).calls):
        calls += [(others[place % len(others)], {}), ("no_such_tool", {}), call]
    return [*calls, (others[0], {"page": 2})]


def by_search(prover: Prover, task: Task) -> Iterator[Calls]:
    """Yield runs that search or list, page by page, where the gold run finds or gets."""
    gold: Calls = list(gold_run(task).calls)
    for place, (name, _) in enumerate(gold):
        term = prover.domain.tool_by_name[name].term
        if isinstance(term, (Get, Find, ListRelated)):
            entity = subject(term, prover.schema)
            for tool in prover.domain.tools:
                if isinstance(tool.term, Search) and tool.term.entity == entity:
                    pages: Calls = [(tool.name, {"page": n}) for n in range(1, 20)]
                    yield [*gold[:place], *pages, *gold[place + 1 :]]


def there_and_back(prover: Prover, task: Task) -> Iterator[Calls]:
    """Yield runs that write something else first, or undo a write and do it again."""
    gold: Calls = list(gold_run(task).calls)
    for place, (name, arguments) in enumerate(gold):
        term = prover.domain.tool_by_name[name].term
        if not isinstance(term, Update):
            continue
        entity = prover.schema.entity(term.entity)
        fields = tuple(a.field for a in term.key)
        key = tuple(to_stored(entity.field(a.field), arguments[a.param]) for a in term.key)
        (row,) = prover.tables.lookup(entity.name, fields, key)
        old = {
            a.param: to_wire(entity.field(a.field), row[entity.position(a.field)])
            for a in term.values
            if a.param in arguments
        }
        back = {a.param: arguments[a.param] for a in term.key} | old
        yield [*gold[: place + 1], (name, back), (name, arguments), *gold[place + 1 :]]
        yield [*gold[: place + 1], (name, arguments), *gold[place + 1 :]]


@pytest.mark.parametrize("name", OWN)
def test_every_right_way_is_accepted(name: str) -> None:
    """Detours, other tools, other orders, other words: no right run is refused."""
    prover, filled = proved(name)
    refused, tried = [], Counter[str]()
    for task in plain(filled):
        gold = gold_run(task)
        runs = [("detour", Run(calls=tuple(reads_between(prover, task)), answer=task.answer))]
        runs += [
            ("search", Run(calls=tuple(c), answer=task.answer)) for c in by_search(prover, task)
        ]
        runs += [
            ("back", Run(calls=tuple(c), answer=task.answer)) for c in there_and_back(prover, task)
        ]
        orders = itertools.islice(Runs(prover.stage, task).extensions(), 24)
        runs += [("order", Run(calls=c, answer=task.answer)) for c in orders]
        runs += [("words", Run(calls=gold.calls, answer=a)) for a in said(task, prover)]
        for kind, run in runs:
            verdict = prover.stage.judge.verdict(
                task.goal, prover.runner.play(run), instruction=task.instruction
            )
            tried[kind] += 1
            if not verdict.success:
                refused.append((kind, task.instruction, task.answer, run.answer, verdict.reasons))
        ending = msgspec.structs.replace(
            prover.runner.play(gold),
            outcome=None,
            answer=None,
            message=f"I have done that. {'' if task.answer is None else task.answer}".strip(),
        )
        if len(task.goal.branches[0].answers) < 2:
            assert prover.stage.judge.verdict(
                task.goal, ending, instruction=task.instruction
            ).success

    assert refused == [], (len(refused), tried, refused[:5])
    assert min(tried[kind] for kind in ("detour", "search", "back", "order", "words")) > 5, tried
