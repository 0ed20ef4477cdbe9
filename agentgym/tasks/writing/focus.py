"""The limits of rules: rows and values at which a rule turns from yes to no.

A rule and a tool that asks it come in; a write at the rule's limit is added to the sketch, on
the side that is meant, as near to it as the rows allow. Whether it truly is there the trial
says. Next: `barred`.
"""

from __future__ import annotations

import random
from functools import cached_property
from typing import Any, NamedTuple

from msgspec.structs import replace

from agentgym.plan.alone import alone
from agentgym.rules import (
    All,
    AnyOf,
    Authenticated,
    Calls,
    Compare,
    Confirmed,
    Count,
    Elapsed,
    Holder,
    In,
    NoChildren,
    Not,
    Owner,
    Predicate,
    Rule,
    parts,
)
from agentgym.schema.types import Row, to_stored
from agentgym.tasks.clues import Sketch
from agentgym.tasks.walks import At
from agentgym.tasks.writing.changes import CHANGES
from agentgym.tasks.writing.limits import Limits, kind_of, settable
from agentgym.tasks.writing.trial import ONE
from agentgym.tools.algebra import Create, Link, Tool

__all__ = ["SAID", "Asked", "Focus"]

SAID = (Authenticated, Confirmed, Calls, Owner, Holder)
"""Predicates about the conversation and who is in it."""

_NEAR = 8
"""Of the rows on a side, so many that are nearest to the limit are drawn from."""
_CASES = 3
"""Rows or values that are tried for one tool and rule."""


class Asked(NamedTuple):
    """A rule, and a tool that asks it."""

    tool: Tool
    rule: Rule


class _Sides(NamedTuple):
    """Rows on which it depends whether a rule holds, nearest to its limit first."""

    entity: str
    passing: list[Row]
    failing: list[Row]


class Focus(Limits):
    """Adds writes at the limits of rules."""

    @cached_property
    def _sides(self) -> dict[tuple[str, str], _Sides | None]:
        return {}

    @cached_property
    def asked(self) -> list[Asked]:
        """The pairs of a tool that writes one row and a rule that it asks."""
        return [
            Asked(tool, rule)
            for tool in self.writers
            for rule in self.rules
            if self._asks(tool, rule)
        ]

    def _asks(self, tool: Tool, rule: Rule) -> bool:
        term, _ = alone(tool.term)
        kind = kind_of(tool)
        if not isinstance(term, ONE) or rule.entity != term.entity or kind not in rule.on:
            return False
        if rule.kind != "invariant" and rule.id not in tool.guards:
            return False
        mine = set(settable(tool))
        if kind == "update" and rule.fields and not mine & set(rule.fields):
            return False
        if rule.kind == "invariant" and kind != "delete":
            about = {part.field for part in parts(rule.predicate) if hasattr(part, "field")}
            return bool(about & mine)
        return True

    def under(
        self,
        sketch: Sketch,
        asked: Asked,
        rng: random.Random,
        *,
        holds: bool,
        hops: int = 0,
        least: int = 0,
    ) -> bool:
        """Add a write at the limit of a rule; False, and the sketch as it was, if there is none.

        Args:
            sketch: What is grown.
            asked: The tool, and the rule that it asks.
            rng: The stream to draw from.
            holds: Whether the rule shall let it pass.
            hops: From how far away the row is found.
            least: About how many calls it shall take.
        """
        facts, nodes = len(sketch.facts), len(sketch.nodes)
        for _ in range(_CASES):
            if self._under(sketch, asked, rng, holds=holds, hops=hops, least=least):
                return True
            del sketch.facts[facts:], sketch.nodes[nodes:]
        return False

    def _under(
        self,
        sketch: Sketch,
        asked: Asked,
        rng: random.Random,
        *,
        holds: bool,
        hops: int,
        least: int,
    ) -> bool:
        tool, rule = asked
        term, fixed = alone(tool.term)
        sides = self.sides(rule, kind_of(tool), tool)
        rows = () if sides is None else sides.passing if holds else sides.failing
        near = set(rows[:_NEAR])
        if isinstance(term, (Create, Link)):
            if fixed:
                return False
            start: At | None = None
            if sides is not None:
                start = self.stand(
                    sketch, sides.entity, rng, hops=hops, least=least, fits=near.__contains__
                )
                if start is None:
                    return False
            preset = self.at_limit(tool, rule, None, rng) if sides is None else {}
            if sides is None and not preset:
                return False
            far = start is None
            return self.create(
                sketch,
                term,
                rng,
                hops=hops if far else 0,
                least=least if far else 0,
                start=start,
                preset=preset,
                loose=not holds,
            )
        assert isinstance(term, CHANGES)
        if sides is not None:
            at = self.stand(
                sketch, term.entity, rng, hops=hops, least=least, fits=near.__contains__
            )
            return at is not None and self.change(sketch, tool, at, rng, tried=False)
        at = self.stand(
            sketch,
            term.entity,
            rng,
            hops=hops,
            least=least,
            fits=lambda row: self.passes(tool, row),
        )
        if at is None:
            return False
        preset = self.at_limit(tool, rule, at.row, rng)
        if not preset:
            return False
        return self.change(sketch, tool, at, rng, preset=preset, tried=False)

    # rows at the limit

    def sides(self, rule: Rule, kind: str, tool: Tool) -> _Sides | None:
        """Return the rows on which a rule turns, for a write of some kind; None if on values."""
        slot = rule.id, tool.name
        if slot not in self._sides:
            self._sides[slot] = self._found(rule, kind, tool)
        return self._sides[slot]

    def _found(self, rule: Rule, kind: str, tool: Tool) -> _Sides | None:
        predicate, entity = rule.predicate, rule.entity
        if kind == "create":
            raised = _raised(predicate)
            if raised is None:
                return None
            relation = self.schema.relation(raised[0])
            predicate, entity = raised[1], relation.target
        elif isinstance(predicate, NoChildren):
            return self._kept(rule, tool)
        elif not _of_rows(predicate, set(settable(tool))):
            return None
        held = self.ground.held(predicate, entity)
        others = self._others(rule, tool, entity) if kind != "create" else None
        passing: list[Row] = []
        failing: list[Row] = []
        for number, (row, holds) in enumerate(zip(self.tables.rows(entity), held, strict=True)):
            if others is not None and not others[number]:
                continue
            (passing if holds else failing).append(row)

        def distance(row: Row) -> float:
            return self._distance(predicate, entity, row)

        if not failing:
            return _Sides(entity, passing, failing)
        return _Sides(entity, sorted(passing, key=distance), sorted(failing, key=distance))

    def _others(self, rule: Rule, tool: Tool, entity: str) -> list[bool]:
        """Tell of each row whether all other rules of the tool let it be written."""
        kind = kind_of(tool)
        asked = [
            other.predicate
            for other in self.rules
            if other.id in tool.guards
            and other.id != rule.id
            and other.kind != "invariant"
            and other.entity == entity
            and kind in other.on
        ]
        held = [self.ground.held(predicate, entity) for predicate in asked]
        if kind == "delete":
            held.append(self.ground.free(entity))
        size = len(self.tables.rows(entity))
        return [all(one[number] for one in held) for number in range(size)]

    def _kept(self, rule: Rule, tool: Tool) -> _Sides:
        """Return the rows that rows of just one other kind keep, with few of those first."""
        entity = rule.entity
        assert isinstance(rule.predicate, NoChildren)
        mine = rule.predicate.relation
        relations = [relation.name for relation in self.schema.children(entity)]
        asked = [
            other.predicate
            for other in self.rules
            if other.id in tool.guards and other.kind != "invariant" and other.entity == entity
        ]
        held = [self.ground.held(predicate, entity) for predicate in asked]
        passing: list[Row] = []
        failing: list[tuple[int, Row]] = []
        for number, row in enumerate(self.tables.rows(entity)):
            if not all(one[number] for one in held):
                continue
            counts = {name: self.ground.count(name, {}, row) for name in relations}
            if not any(counts.values()):
                passing.append(row)
            elif counts[mine] and sum(map(bool, counts.values())) == 1:
                failing.append((counts[mine], row))
        failing.sort(key=lambda pair: pair[0])
        return _Sides(entity, passing, [row for _, row in failing])

    def _distance(self, predicate: Predicate, entity: str, row: Row) -> float:
        """Return how far a row is from where a predicate turns; 0 where that is no number."""
        found: list[float] = []
        for part in parts(predicate):
            if not isinstance(part, (Compare, Elapsed, Count)):
                continue
            there = self.ground.climb(entity, row, part.path)
            if there is None:
                continue
            owner, above = self.schema.entity(there[0]), there[1]
            if isinstance(part, Count):
                number = self.ground.count(part.relation, part.where, above)
                found.append(float(abs(number - part.value)))
                continue
            value: Any = above[owner.position(part.field)]
            if value is None:
                continue
            if isinstance(part, Elapsed):
                found.append(abs(self.ground.age(value) - part.seconds) / 86_400)
            elif isinstance(value, (int, float)) and part.other is None:
                limit: Any = to_stored(owner.field(part.field), part.value)
                found.append(float(abs(value - limit)))
        return min(found, default=0.0)


def _of_rows(predicate: Predicate, mine: set[str]) -> bool:
    """Tell whether present rows decide on a predicate, and not what a call sets."""
    for part in parts(predicate):
        if isinstance(part, (Compare, In, Elapsed)):
            free = not part.path and part.at == "after" and part.field in mine
            if free:
                return False
        elif isinstance(part, (Count, Holder)):
            continue
        elif not isinstance(part, (All, AnyOf, Not, Authenticated, Owner, Confirmed, Calls)):
            return False
    return True


def _raised(predicate: Predicate) -> tuple[str, Predicate] | None:
    """Read a predicate on a new row as one on the row that it will refer to.

    Returns:
        The relation to that row, and the predicate there: a count as it will be, with one more.
        None where the predicate does not speak of one such row alone.
    """
    firsts: set[str] = set()

    def raised(part: Predicate) -> Predicate | None:
        match part:
            case Compare() | In() | Elapsed():
                if not part.path:
                    return None
                firsts.add(part.path[0])
                return replace(part, path=part.path[1:])
            case Count():
                if not part.path:
                    return None
                firsts.add(part.path[0])
                value = part.value - 1 if len(part.path) == 1 else part.value
                return replace(part, path=part.path[1:], value=value)
            case All() | AnyOf():
                inner = [raised(one) for one in part.of]
                found = tuple(one for one in inner if one is not None)
                return replace(part, of=found) if len(found) == len(inner) else None
            case Not():
                one = raised(part.of)
                return None if one is None else replace(part, of=one)
            case _:
                return None

    found = raised(predicate)
    return (firsts.pop(), found) if found is not None and len(firsts) == 1 else None
