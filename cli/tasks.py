"""`agentgym show DIR tasks`: what can be tried in a domain, and why each task may be trusted."""

from __future__ import annotations

from agentgym.episode import Suite
from agentgym.formats import Json, to_text
from agentgym.goals.goal import Branch, Change
from agentgym.tasks import Task

from .console import facts, heading, paragraph, say, table
from .plans import show_plan

__all__ = ["show_tasks"]

_FIGURES = {
    "alike": "tools and rows added that look like those needed",
    "altered": "other ways in which the tools are shown differently",
    "answers": "values asked for",
    "asks": "facts that the user tells only when asked",
    "bounds": "hard constraints on what is chosen",
    "branching": "tools that could be called at a step, on average",
    "cases": "conditions, refusals and changes of mind",
    "clues": "comparisons and relations that describe the rows",
    "due": "events on which something is due",
    "entities": "sets of rows that the plan speaks of",
    "events": "events that are watched",
    "exact": "whether the two bounds of the calls are one",
    "choices": "changes that are not said: the tools that fit, and the right ones",
    "held": "of those that are asked for, what does not say who the user is",
    "hidden": "facts that are not even announced",
    "max_calls": "calls of the gold run",
    "min_calls": "fewest calls, proved",
    "prior_guess": "share of the likeliest answer among those possible",
    "rules": "rules that its writes are under",
    "terms": "words of the trade",
    "tools": "tools shown",
    "traits": "what makes the request hard to plan for",
    "turns": "how often something comes to be wanted or is given up",
    "vagueness": "how vaguely the rows are told",
    "visible": "call after which all of the answer was shown",
    "writes": "changes asked for",
}
"""What each figure counts."""
_GATES = {
    "provenance": "each argument comes from the user or an earlier result",
    "executes": "the gold run comes to the goal",
    "unique": "the clues as told fit one row each",
    "no_shortcut": "no row can be skipped, no answer guessed",
    "text": "the words read back as this plan alone",
    "shortest": "the bounds of the calls are proved",
    "not_vacuous": "less than the whole work fails",
    "deterministic": "two replays are the same",
    "orders": "any order of independent calls passes",
    "mutants": "every wrong run fails",
}
"""What each gate says."""


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
    later = {name for turn in task.user.later for name in turn.facts}
    held = [f for f in task.user.facts if f.exposure != "instruction" and f.id not in later]
    if held:
        heading("The user tells when asked")
        facts((f"  {task.user.questions.get(f.id, f.field)}", _json(f.value)) for f in held)
    if task.user.shift is not None:
        paragraph(f"Later on the user says: {task.user.shift.text}", indent=2)
    for turn in task.user.later:
        when = "With the first answer" if turn.when == "answer" else "Asked for more,"
        paragraph(f"{when} the user says: {turn.text}", indent=2)
    show_plan(task.plan)
    if task.stream:
        heading("What happens, and what is due on it")
        facts(
            (f"  turn {one.turn}", f"{one.text}  {', '.join(one.due) or 'nothing is due'}")
            for one in task.stream
        )
    if task.user.deeds:
        heading("What only the user can do")
        facts(
            (f"  {one.id}", f"{one.words}  with {one.tool}({_json(one.arguments)})")
            for one in task.user.deeds
        )
    heading("Made")
    facts(
        [
            ("  by", ", ".join(task.operators) or "sampling"),
            ("  words", task.words),
            *([("  from", task.parent)] if task.parent else []),
            *([("  twin of", f"{task.twin.of} ({task.twin.kind})")] if task.twin else []),
            *((f"  {kind} twin", name) for kind, name in sorted(task.twins.items())),
            *((f"  {name.replace('_', ' ')}", _json(v)) for name, v in sorted(task.knobs.items())),
        ]
    )
    heading("Measured")
    facts(
        (f"  {name.replace('_', ' ')}", f"{_json(value)}  {_FIGURES.get(name, '')}".rstrip())
        for name, value in sorted(task.measured.items())
    )
    heading("Goal: one of these ends, and nothing else changed")
    for branch in task.goal.branches:
        _print_branch(branch)
    heading("Gold run")
    for number, step in enumerate(task.gold, 1):
        say(f"  {number}. {step.tool}{' (the user, who is asked)' if step.words else ''}")
        if step.words:
            paragraph(step.words, indent=7)
        facts(
            (f"       {name}", f"{_json(value)}  <- {step.origin.get(name, '')}")
            for name, value in step.arguments.items()
        )
    if task.answer is not None:
        say(f"  answer: {_json(task.answer)}")
    if task.outcome != "done":
        say(f"  concluded as {task.outcome}: {task.reason}")
    heading(f"Certificate: {task.certificate.mutants:,} wrong runs tried, all failed")
    facts(
        (
            f"  {gate.gate.replace('_', ' ')}",
            f"{'holds' if gate.ok else 'FAILS'}  {_GATES.get(gate.gate, '')}  {_json(gate.detail)}",
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
    for one in branch.offers or ():
        paragraph(f"the user is told of: {one.entity} {_json(list(one.key))}", indent=4)
    for seen in branch.seen:
        key = f" {_json(list(seen.key))}" if seen.key is not None else ""
        paragraph(f"seen in a result: {seen.entity}{key}", indent=4)


def _change(change: Change) -> str:
    key = f" {_json(list(change.key))}" if change.key is not None else ""
    return f"{change.kind} {change.entity}{key} {_json(change.values) if change.values else ''}"


def _json(value: Json) -> str:
    return to_text(value)
