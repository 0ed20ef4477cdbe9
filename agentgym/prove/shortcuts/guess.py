"""Guesses: how likely the answer is for one who calls no tool.

A plan comes in, for each answer the share of the guesses that are right goes out: of a value its
share of the column, of a number its share of the values that it could have, of one out of a few
rows, a set or a choice the chance of a draw. Next: `leaks`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from agentgym.formats import Json
from agentgym.plan import Aggregated, Choose, Computed, Emit, Plan, Select, Value
from agentgym.plan.tables import Tables
from agentgym.prove.ends import rests_on
from agentgym.prove.needs import must_see
from agentgym.prove.refused import RefusedError
from agentgym.prove.shortcuts.masks import spread
from agentgym.schema.types import to_wire

__all__ = ["ALTERNATIVES", "MAX_DRAW", "MAX_SHARE", "MIN_VALUES", "Guesses"]

MAX_SHARE = 0.25
"""Largest share that the right answer may have among all possible ones: a guesser's luck."""
MAX_DRAW = 0.5
"""Largest chance of a draw among the few rows that the request itself names; that each of them
was looked at is asked of the run."""
MIN_VALUES = 4
"""Fewest distinct values that an asked field must have."""
ALTERNATIVES = 24
"""Rows that are tried in the place of a masked one, to weigh how likely a guess is."""
_CHOICES = 2000
"""Combinations that are counted."""


class Guesses:
    """Weighs guesses, over one set of rows.

    Args:
        tables: The rows.
    """

    def __init__(self, tables: Tables) -> None:
        self.tables, self.schema = tables, tables.schema

    def check(self, plan: Plan, wanted: Sequence[str]) -> float:
        """Check that no guess is likely.

        Returns:
            The chance that the likeliest answer is guessed; of several values of one row, together.

        Raises:
            RefusedError: It is too large.
        """
        cells: dict[str, list[Emit]] = {}
        others: list[Emit] = []
        for node in plan.nodes:
            if isinstance(node, Emit) and node.id in wanted:
                plain = isinstance(plan.node(node.node), Select) and not node.many
                (cells.setdefault(node.node, []) if plain else others).append(node)
        if not cells and not others:
            return 0.0
        if len(cells) + len(others) == 1:
            (asked,) = [*cells.values(), *([one] for one in others)]
            return self.row(plan, asked) if len(asked) > 1 else self.check_guess(plan, asked[0])
        chance = 1.0
        for emits in [*cells.values(), *([one] for one in others)]:
            chance *= self.share(plan, emits)
        _limit(chance, MAX_SHARE, "the answers are the right guess")
        return chance

    def share(self, plan: Plan, emits: Sequence[Emit]) -> float:
        """Return the chance that the answers of one row, or one answer, are guessed."""
        if len(emits) > 1:
            return self.alike(plan, emits)
        return self.chance(plan, emits[0])[0]

    def check_guess(self, plan: Plan, emit: Emit) -> float:
        """Return the chance that the only answer is guessed.

        Raises:
            RefusedError: It is too large.
        """
        node = plan.node(emit.node)
        if isinstance(node, Select) and not node.among and not emit.many:
            column = self.tables.column(node.entity, str(emit.field))
            if len(column) < MIN_VALUES:
                told = f"{emit.field} has {len(column)} values"
                raise RefusedError("no_shortcut", "few_values", told)
        share, most = self.chance(plan, emit)
        _limit(share, most, "the answer is the right guess")
        return share

    def chance(self, plan: Plan, emit: Emit) -> tuple[float, float]:
        """Return the chance that an answer is guessed, and how large it may be."""
        node = plan.node(emit.node)
        match node:
            case Choose():
                return self.choice(plan, node), MAX_SHARE
            case Select() if node.among and not emit.many:
                return self.draw(plan, node), MAX_DRAW
            case Select() if emit.many:
                return self.set(plan, emit, node), MAX_SHARE
            case Select():
                return self.value(plan, emit, node), MAX_SHARE
            case Aggregated() | Computed():
                return self.number(plan, emit, node), MAX_SHARE
        raise TypeError(f"{emit.node} has no value")

    def value(self, plan: Plan, emit: Emit, node: Select) -> float:
        """Return the share of the answer among the values of its field."""
        (answer,) = self.tables.value(plan, emit) or [None]
        assert emit.field is not None
        field = self.schema.entity(node.entity).field(emit.field)
        column = self.tables.column(node.entity, emit.field)
        held = [count for value, count in column.items() if to_wire(field, value) == answer]
        return sum(held) / max(sum(column.values()), 1)

    def row(self, plan: Plan, emits: Sequence[Emit]) -> float:
        """Return the chance that all the values are guessed that are asked of one row.

        Raises:
            RefusedError: It is too large.
        """
        share = self.alike(plan, emits)
        _limit(share, MAX_SHARE, "the answers are the right guess")
        return share

    def alike(self, plan: Plan, emits: Sequence[Emit]) -> float:
        """Return the share of the rows that hold all the values that are asked of one."""
        node = plan.node(emits[0].node)
        assert isinstance(node, Select)
        entity = self.schema.entity(node.entity)
        places = [entity.position(str(emit.field)) for emit in emits]
        rows = self.tables.rows(node.entity)
        wanted = [[row[place] for place in places] for row in self.tables.extent(plan, node.id)]
        return sum([row[place] for place in places] in wanted for row in rows) / max(1, len(rows))

    def draw(self, plan: Plan, node: Select) -> float:
        """Return the chance of a draw among the rows that are compared."""
        rows = {row for name in node.among for row in self.tables.extent(plan, name)}
        return 1 / max(1, len(rows))

    def set(self, plan: Plan, emit: Emit, node: Select) -> float:
        """Return the chance that as many values as there are were drawn."""
        column = self.tables.column(node.entity, str(emit.field))
        size = len(self.tables.value(plan, emit))
        if size >= len(column):
            raise RefusedError("no_shortcut", "whole", "every value there is belongs to the answer")
        return 1 / math.comb(len(column), size)

    def choice(self, plan: Plan, node: Choose) -> float:
        """Return the chance that rows that were drawn meet the limits."""
        rows = len(self.tables.extent(plan, node.of))
        found = self.tables.choices(plan, node, most=_CHOICES)
        if not found.whole and found.count < _CHOICES:
            told = "it is not known how many choices there are"
            raise RefusedError("no_shortcut", "choices_unknown", told)
        ways = math.comb(rows, node.count)
        if found.count >= _CHOICES and ways > _CHOICES:
            told = f"at least {found.count} of {ways} choices are right"
            if found.count / ways > MAX_SHARE or not self.few(plan, node, ways):
                raise RefusedError("no_shortcut", "guess", told)
        return found.count / max(1, ways)

    def few(self, plan: Plan, node: Choose, ways: int) -> bool:
        """Tell whether no more than the largest share of all choices is right."""
        most = math.ceil(ways * MAX_SHARE) + 1
        found = self.tables.choices(plan, node, most=most)
        return found.whole and found.count < most

    def number(self, plan: Plan, emit: Emit, node: Aggregated | Computed) -> float:
        """Return the share of a number among those that it could be for all that is told."""
        (answer,) = self.tables.value(plan, emit) or [None]
        if answer is None or (
            isinstance(node, Aggregated) and isinstance(answer, int) and answer < 2
        ):
            raise RefusedError("no_shortcut", "trivial", f"the answer is {answer}")
        counts = self.alternatives(plan, node)
        return counts.get(str(answer), 0) / max(counts.total(), 1)

    def alternatives(self, plan: Plan, node: Aggregated | Computed) -> Counter[str]:
        """Count the values that a number could have if one row on the way were another."""
        counts: Counter[str] = Counter()
        behind = rests_on(plan, node.id)
        sets = {one.of for one in plan.nodes if isinstance(one, Aggregated) and one.id in behind}
        for name in must_see(plan, self.schema):
            if name in sets or name not in behind:
                continue
            masked = plan.node(name)
            assert isinstance(masked, Select)
            for row in spread(self.tables.rows(masked.entity), ALTERNATIVES):
                for value in self.tables.values(plan, Value(node=node.id), {name: (row,)}):
                    if value not in (None, 0):
                        counts[str(value)] += 1
        if not counts and isinstance(node, Aggregated):
            counts = self.column(plan, node)
        return counts

    def column(self, plan: Plan, node: Aggregated) -> Counter[str]:
        """Count the values of which the smallest or largest is asked."""
        select = plan.node(node.of)
        assert isinstance(select, Select)
        if node.field is None or node.function not in ("min", "max"):
            return Counter()
        field = self.schema.entity(select.entity).field(node.field)
        values = self.tables.column(select.entity, node.field)
        return Counter({_text(to_wire(field, value)): count for value, count in values.items()})


def _limit(share: float, most: float, told: str) -> None:
    if share > most:
        raise RefusedError("no_shortcut", "guess", f"{told} in {share:.0%}")


def _text(value: Json) -> str:
    return str(value)
