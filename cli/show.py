"""`agentgym show`: a domain at a glance, or one part of it whole."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

import typer

from agentgym.episode import Suite, load
from agentgym.errors import UsageError, nearest
from agentgym.rules import sentence
from agentgym.tools.algebra import is_write

from .check import Folder
from .console import counts, facts, heading, paragraph, say
from .entities import show_entities
from .rules import show_graph, show_policy, show_rules
from .tasks import show_tasks
from .tools import show_tools

__all__ = ["show"]


def show(
    folder: Folder,
    part: Annotated[
        str | None,
        typer.Argument(help="entities, tools, rules, policy, graph or tasks; a glance without it."),
    ] = None,
    name: Annotated[
        str | None, typer.Argument(help="One entity, tool, rule or task, shown whole.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print rules, policy or graph as JSON.")
    ] = False,
) -> None:
    """Show a domain: its entities, tools, rules, manual and tasks, or one of them whole."""
    parts = {"entities": show_entities, "tasks": show_tasks, "tools": show_tools}
    papers = {"graph": show_graph, "policy": show_policy, "rules": show_rules}
    known = sorted((*parts, *papers))
    if part is not None and part not in known:
        raise UsageError("a part of a domain", found=repr(part), hint=nearest(part, known))
    if as_json and part not in papers:
        raise UsageError(
            f"one of {', '.join(papers)} with --json", found=part or "none", where="show"
        )
    suite = load(str(folder))
    if part is None:
        _overview(suite, str(folder))
    elif part in papers:
        papers[part](suite, name, as_json=as_json)
    else:
        parts[part](suite, name)


def _overview(suite: Suite, folder: str) -> None:
    domain = suite.domain
    say(f"{domain.title} ({domain.id})", style="bold")
    paragraph(domain.description)
    say()
    facts(
        [
            ("source", f"{domain.source.name} ({domain.source.kind}, rows {domain.source.rows})"),
            ("clock", f"starts at {domain.clock.start}, {domain.clock.step_s} s a turn"),
            ("world", domain.world_hash[:16]),
        ]
    )
    heading(f"{len(domain.schema.entities):,} entities")
    show_entities(suite, None)
    writes = sum(is_write(tool) for tool in domain.tools)
    heading(f"{len(domain.tools):,} tools: {len(domain.tools) - writes:,} read, {writes:,} write")
    paragraph(counts(Counter(_kind(tool.term) for tool in domain.tools)))
    heading(f"{len(domain.rules):,} rules")
    for rule in domain.rules[:5]:
        paragraph(sentence(rule, domain.schema), indent=2)
    if len(domain.rules) > 5:
        say(f"  ... and {len(domain.rules) - 5:,} more")
    heading(f"{len(suite.tasks):,} tasks")
    paragraph(counts(Counter(task.family for task in suite.tasks)))
    for task in suite.tasks[:3]:
        paragraph(f"{task.id.rsplit('/', 1)[-1]}  {task.instruction}", indent=2)
    heading("More")
    for more in ("tasks", "tasks ID", "tools NAME", "entities NAME", "rules", "policy", "graph"):
        say(f"  agentgym show {folder} {more}")


def _kind(term: object) -> str:
    return type(term).__struct_config__.tag  # type: ignore[attr-defined,no-any-return]
