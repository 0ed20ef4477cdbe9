"""`agentgym show DIR tasks`: what can be tried in a domain, and why each task may be trusted."""

from __future__ import annotations

from agentgym.episode import Suite
from agentgym.formats import Json, to_text
from agentgym.goals.goal import Branch, Change
from agentgym.tasks import Task

from .console import facts, heading, paragraph, say, table

__all__ = ["show_tasks"]


def show_tasks(suite: Suite, name: str | None) -> None:
    """List the tasks, or show one whole: words, goal, gold run and certificate."""
    if name is not None:
        _whole(suite.task(name))
        return
    table(
        ["task", "family", "split", "calls", "instruction"],
        [
            (
                task.id.rsplit("/", 1)[-1],
                task.family.replace("_", " "),
                task.split,
                _calls(task),
                task.instruction,
            )
            for task in suite.tasks
        ],
        right=["calls"],
    )


def _calls(task: Task) -> str:
    low, high = task.measured.get("min_calls"), task.measured.get("max_calls")
    if low is None:
        return ""
    return f"{low}" if high in (None, low) else f"{low}-{high}"


def _whole(task: Task) -> None:
    say(task.id, style="bold")
    paragraph(task.instruction, indent=2)
    held = [fact for fact in task.user.facts if fact.exposure == "user"]
    if held:
        heading("The user tells when asked")
        facts((f"  {task.user.questions.get(f.id, f.field)}", _json(f.value)) for f in held)
    heading("Measured")
    facts((f"  {name.replace('_', ' ')}", _json(v)) for name, v in sorted(task.measured.items()))
    heading("Goal: one of these ends, and nothing else changed")
    for branch in task.goal.branches:
        _print_branch(branch)
    heading("Gold run")
    for number, step in enumerate(task.gold, 1):
        say(f"  {number}. {step.tool}")
        facts(
            (f"       {name}", f"{_json(value)}  <- {step.origin.get(name, '')}")
            for name, value in step.arguments.items()
        )
    if task.answer is not None:
        say(f"  answer: {_json(task.answer)}")
    heading(f"Certificate: {task.certificate.mutants:,} wrong runs tried, all failed")
    facts(
        (
            f"  {gate.gate.replace('_', ' ')}",
            f"{'holds' if gate.ok else 'FAILS'}  {_json(gate.detail)}",
        )
        for gate in task.certificate.gates
    )
    heading(f"{len(task.tools):,} tools shown")
    paragraph(", ".join(task.tools), indent=2)


def _print_branch(branch: Branch) -> None:
    say(f"  {branch.outcome}")
    for change in branch.changes:
        paragraph(_change(change), indent=4)
    for answer in branch.answers:
        of = f"{answer.entity}.{answer.field}" if answer.field else f"number of {answer.entity}"
        asked = f"{answer.function} of {of}" if answer.function else of
        paragraph(f"answer {asked}: {', '.join(_json(v) for v in answer.values)}", indent=4)
    for seen in branch.seen:
        key = f" {_json(list(seen.key))}" if seen.key is not None else ""
        paragraph(f"seen in a result: {seen.entity}{key}", indent=4)


def _change(change: Change) -> str:
    key = f" {_json(list(change.key))}" if change.key is not None else ""
    return f"{change.kind} {change.entity}{key} {_json(change.values) if change.values else ''}"


def _json(value: Json) -> str:
    return to_text(value)
