"""The rows of a folder that was edited: whether they still hold, and what follows from others.

A domain comes in; the rows that break its schema or its invariants go out, each with its line, or
the domain with its computed fields made anew. Next: `check`.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from agentgym import domain as domain_room
from agentgym.domain import Domain
from agentgym.errors import DomainError
from agentgym.formats import to_text
from agentgym.rules import Alone, Compare, In, Move, Rule, derive, parts, sentence
from agentgym.schema.discover import ordered
from agentgym.schema.holds import Breach, breaches, expected
from agentgym.world.compile import engine
from agentgym.world.guards import Setting, truth

__all__ = ["broken", "settle", "unkept"]

_SHOWN = 20
"""Rows that are named, of those that do not hold."""


def broken(domain: Domain, content: bytes) -> list[tuple[str, str]]:
    """Name the rows that are not what the schema and the invariants say.

    Args:
        domain: With its rows.
        content: Of its `rows.jsonl`, in which they stand.

    Returns:
        `rows.jsonl line 7` and what is wrong there; of many, the first 20 and a count.
    """
    found = breaches(domain.schema, domain.rows) or list(_refused(domain))
    named = []
    for one in found[:_SHOWN]:
        line = domain_room.line_of(content, one.entity, one.row, where="rows.jsonl")
        named.append((f"rows.jsonl line {line}", f"{one.entity}{one.text}"))
    if len(found) > _SHOWN:
        named.append(("rows.jsonl", f"{len(found) - _SHOWN} more rows that do not hold"))
    return named


def _refused(domain: Domain) -> Iterator[Breach]:
    """Find the rows that no tool could have written, in the order of the rules."""
    implied = {(rule.entity, msgspec.json.encode(rule.predicate)) for rule in derive(domain.schema)}
    asked = [
        rule
        for rule in domain.rules
        if rule.kind == "invariant"
        and rule.enforced
        and (rule.entity, msgspec.json.encode(rule.predicate)) not in implied
        and _stands(rule)
    ]
    if not asked:
        return
    runner = engine(domain)
    world = runner.world()
    for rule in asked:
        entity = domain.schema.entity(rule.entity)
        test = truth(rule.predicate, Setting(entity, runner.image))
        for number, row in enumerate(domain.rows.get(entity.name, ())):
            if test(world, row, row, {}) is False:
                said = sentence(rule, domain.schema)
                yield Breach(entity.name, number, f": rule {rule.id} fails: {said}")
    world.close()


def _stands(rule: Rule) -> bool:
    """Tell whether the rule is about rows as they stand, and not about how they change."""
    still = not any(getattr(part, "at", "after") == "before" for part in parts(rule.predicate))
    return still and not rule.fields and {"create", "update"} <= set(rule.on)


def unkept(domain: Domain, *, where: str) -> list[DomainError]:
    """Find what the schema says of rows and no rule keeps, so that a tool could break it.

    Args:
        domain: A domain that fits together.
        where: Its `domain.json`, for messages.
    """
    kept = {rule.id: rule for rule in domain.rules if rule.kind == "invariant" and rule.enforced}
    found = []
    for rule in derive(domain.schema):
        if not isinstance(rule.predicate, (Alone, Compare, In, Move)):
            continue  # what refers to a row that is deleted, the world protects by itself
        mine = kept.get(rule.id)
        same = mine is not None and (mine.predicate, set(mine.on)) == (rule.predicate, set(rule.on))
        if same and mine is not None and not mine.fields:
            continue
        said = to_text(msgspec.structs.replace(rule, evidence=()))
        found.append(
            DomainError(
                f"the rule {rule.id}, which keeps what the schema says",
                found="none" if mine is None else "another predicate, or on other writes",
                where=f"{where} $.rules",
                hint=f"write {said}, or change the schema too",
            )
        )
    return found


def settle(domain: Domain) -> tuple[Domain, dict[str, int]]:
    """Make every computed field anew from what it follows from.

    Returns:
        The domain, and `entity.field` to how many of its values changed.
    """
    rows = {name: list(own) for name, own in domain.rows.items()}
    changed: dict[str, int] = {}
    for one in ordered(domain.schema, domain.schema.derived):
        place = domain.schema.entity(one.entity).position(one.field)
        own = rows.get(one.entity, [])
        values = expected(domain.schema, one, rows)
        count = 0
        for number, (row, value) in enumerate(zip(own, values, strict=True)):
            if row[place] != value:
                own[number] = (*row[:place], value, *row[place + 1 :])
                count += 1
        if count:
            changed[f"{one.entity}.{one.field}"] = count
    if not changed:
        return domain, changed
    return msgspec.structs.replace(domain, rows={n: tuple(own) for n, own in rows.items()}), changed
