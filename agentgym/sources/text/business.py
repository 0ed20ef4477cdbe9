"""Rules of an outline that guard what tools do: limits, and states in which something is done.

Next: `rules`.
"""

from __future__ import annotations

from agentgym.rules import Count, In, Rule
from agentgym.sources.text.bonds import Bonds, picked, way
from agentgym.sources.text.outline import ACTIONS, AtMost, OnlyWhile
from agentgym.sources.text.problems import Report
from agentgym.sources.text.things import Table
from agentgym.sources.text.translate import Key

__all__ = ["at_most", "only_while"]

_SAID = ("the outline says so",)
_MOST_CHILDREN = 1000
_LEVEL = 1
"""What the words say holds wherever a business has rules at all."""


def at_most(rule: AtMost, table: Table, key: Key, bonds: Bonds, where: str, report: Report) -> None:
    """Translate a limit on how many rows refer to one row."""
    relation = way(table, rule.of, key, f"{where}.of", report)
    if relation is None:
        return
    if not 1 <= rule.number <= _MOST_CHILDREN:
        report.fault(
            f"{where}.number", f"{rule.number} is no limit", hint=f"use 1 to {_MOST_CHILDREN}",
            part="rule",
        )  # fmt: skip
        return
    counted = picked(rule.field, rule.values, table, key, where, report)
    if counted is None:
        return
    entity = key.entities[table.name]
    bonds.rules.append(
        (
            where,
            Rule(
                id=bonds.id(relation.target, "at_most", str(rule.number), entity),
                kind="limit",
                level=_LEVEL,
                entity=entity,
                on=("create",),
                predicate=Count(
                    path=(relation.name,),
                    relation=relation.name,
                    where=counted,
                    op="le",
                    value=rule.number,
                ),
                evidence=_SAID,
            ),
        )
    )


def only_while(
    rule: OnlyWhile, table: Table, key: Key, bonds: Bonds, where: str, report: Report
) -> None:
    """Translate a rule by which rows are written only in some state."""
    actions: list[str] = [one for one in ACTIONS if one in map(str.lower, rule.actions)]
    relation = None
    owner: Table | None = table
    if rule.to is not None and key.entity(rule.to) is not table:
        relation = way(table, rule.to, key, f"{where}.to", report)
        if relation is None:
            return
        owner = next(t for t in key.plan.tables.values() if key.entities[t.name] == relation.target)
    else:
        actions = [one for one in actions if one != "create"] or ["update"]
    if not actions:
        report.mend("rule that did not say of which actions")
        actions = ["create"]
    assert owner is not None
    held = picked(rule.field or "status", rule.values, owner, key, where, report)
    if not held:
        return
    ((field, values),) = held.items()
    column = next(c for c in owner.columns.values() if key.fields[owner.name, c.name] == field)
    if set(values) >= set(column.values):
        report.fault(
            f"{where}.values", "every value is named, so the rule says nothing",
            hint="name fewer", part="rule",
        )  # fmt: skip
        return
    entity = key.entities[table.name]
    bonds.rules.append(
        (
            where,
            Rule(
                id=bonds.id(entity, "only_while", owner.name if relation else "", field),
                kind="state",
                level=_LEVEL,
                entity=entity,
                on=tuple(actions),  # type: ignore[arg-type]
                predicate=In(
                    field=field,
                    values=values,
                    path=() if relation is None else (relation.name,),
                    at="before" if relation is None else "after",
                ),
                evidence=_SAID,
            ),
        )
    )
