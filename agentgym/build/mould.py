"""A draft becomes a domain, whole but for its tasks.

What the source declares is taken as it is; the rest is inferred, made and derived. Next: `fill`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from agentgym import rules as rule_room
from agentgym.domain import Clock, Domain, Source
from agentgym.formats import Json
from agentgym.populate import PRESENT, anonymise, personal_fields
from agentgym.populate import fill as populate
from agentgym.rules.english import few
from agentgym.schema import Schema
from agentgym.schema.discover import discover
from agentgym.schema.roles import infer
from agentgym.schema.types import Rows
from agentgym.sources import Draft
from agentgym.tools.algebra import Tool, subject
from agentgym.tools.derive import derive, glossary_tool
from agentgym.tools.derive.effects import find_effects
from agentgym.tools.derive.given import given
from agentgym.tools.derive.guards import guard
from agentgym.tools.derive.rules import synthesize

__all__ = ["mould"]


def mould(
    draft: Draft,
    *,
    name: str,
    seed: int,
    keep_personal: bool = False,
    rules: int = 2,
    options: Mapping[str, Json],
) -> Domain:
    """Make the domain of a draft: what fields mean, rows, rules, tools, clock.

    Args:
        draft: From `sources`.
        name: Name of the domain.
        seed: Decides everything that is drawn.
        keep_personal: Leave personal and secret values of given rows as they are.
        rules: How complex the rules of the business are, 0 to 4.
        options: What else the domain records of how it was asked for.

    Returns:
        The domain, not yet validated: `domain.parse` does that with its files.
    """
    schema = draft.schema
    if not draft.authored:
        schema = discover(infer(schema, draft.rows), draft.rows)
    imported = dict(draft.rows)
    notes = list(draft.notes)
    if imported and not keep_personal and not draft.authored:
        personal = personal_fields(schema, imported)
        imported = dict(anonymise(schema, imported, seed=seed))
        if personal:
            notes.append(
                "Replaced by fictional values: "
                + "; ".join(f"{e} ({', '.join(f)})" for e, f in personal.items())
                + "."
            )
    effects = draft.effects or (() if draft.authored else find_effects(schema, draft.rows))
    rows = populate(
        schema, imported, seed=seed, effects=effects, rules=draft.rules,
        values=draft.values, partial=draft.partial, many=draft.many,
        **({} if draft.size is None else {"size": draft.size}),
    )  # fmt: skip
    empty = [e.name for e in schema.entities if not rows.get(e.name)]
    if empty:
        notes.append(f"Without rows: {', '.join(empty)}.")
    invariants = rule_room.derive(schema)
    declared = tuple(rule for rule in draft.rules if rule.level <= rules)
    skipped = dict(draft.skipped)
    if draft.tools:
        tools, counts = given(schema, draft.tools, invariants)
        notes += _completed(draft, tools, schema)
        skipped |= {what: n + skipped.get(what, 0) for what, n in counts.items()}
    else:
        tools = derive(schema, invariants, paths=draft.paths)
    words = None if draft.authored else glossary_tool(schema, rows)
    if words is not None and words.name not in {tool.name for tool in tools}:
        tools = (*tools, words)
    clock = Clock(start=_clock(schema, rows) if imported else PRESENT)
    made = synthesize(
        schema,
        rows,
        guard(schema, tools, declared, effects),
        level=rules,
        seed=seed,
        now=clock.start,
        rules=(*invariants, *declared),
    )
    return Domain(
        name=name,
        title=draft.title or name.replace("_", " ").replace("-", " ").capitalize(),
        description=draft.description or _description(name, schema),
        schema=schema,
        rules=(*invariants, *declared, *made.rules),
        effects=effects,
        tools=made.tools,
        clock=clock,
        source=Source(
            kind=draft.kind,
            name=draft.name,
            sha256=draft.sha256,
            dialect=draft.dialect,
            options={
                "seed": seed,
                "keep_personal": keep_personal,
                "rules": rules,
                **options,
                **draft.options,
            },
            rows=_origin(imported, rows),
            tags=draft.tags,
            skipped=dict(sorted(skipped.items())),
            notes=tuple(notes),
        ),
        rows={entity.name: tuple(rows.get(entity.name, ())) for entity in schema.entities},
    )


def _completed(draft: Draft, tools: Sequence[Tool], schema: Schema) -> list[str]:
    """Say which tools were added to those that the source declares."""
    known = {tool.name for tool in draft.tools}
    added = [tool for tool in tools if tool.name not in known and subject(tool.term, schema)]
    if not added:
        return []
    found = {subject(tool.term, schema): None for tool in added}
    named = [schema.entity(name).plural for name in found if name is not None]
    verb = "tool was" if len(added) == 1 else "tools were"
    return [f"{len(added)} {verb} added so that {few(named)} can be found and read."]


def _description(name: str, schema: Schema) -> str:
    main = [e for e in schema.entities if e.spoken and e.kind == "record"]
    main = main or [e for e in schema.entities if e.spoken] or list(schema.entities)
    named = [entity.plural for entity in main[:6]]
    listed = ", ".join(named[:-1]) + f" and {named[-1]}" if len(named) > 1 else named[0]
    more = " and more" if len(main) > 6 else ""
    return (
        f"You work at the {name.replace('_', ' ')} service desk, "
        f"which keeps records of {listed}{more}. "
        "People ask you to look things up and to change records; "
        "your tools are the only way to do so."
    )


_PLANS = frozenset(
    "due until expires expire expiry expiration deadline renews renew renewal warranty next "
    "planned expected eta target valid ends end through closes wanted keep".split()
)
"""Words of times that lie ahead for as long as somebody likes."""


def _clock(schema: Schema, rows: Rows) -> str:
    """Return the morning after the last thing that has happened."""
    latest = "2024-01-01T00:00:00Z"
    for entity in schema.entities:
        for place, field in enumerate(entity.fields):
            if field.type not in ("date", "datetime") or field.role not in ("time", "audit"):
                continue
            if _PLANS & {*field.name.split("_"), *field.label.split()}:
                continue
            values = [str(row[place]) for row in rows.get(entity.name, ()) if row[place]]
            moments = [value + "T00:00:00Z" if len(value) == 10 else value for value in values]
            latest = max([latest, *(moment for moment in moments if moment < "2100")])
    day = dt.date.fromisoformat(latest[:10]) + dt.timedelta(days=1)
    return f"{day.isoformat()}T09:00:00Z"


def _origin(imported: Rows, filled: Rows) -> str:
    if not imported:
        return "synthetic"
    return "imported" if {e for e, rows in filled.items() if rows} <= set(imported) else "mixed"
