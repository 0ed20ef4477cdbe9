"""Sums of what is told: the family `no_tool_needed`.

Values that people could say come in, a number that follows from them is asked. Next: `figures`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Literal

from agentgym.formats import Json
from agentgym.plan import Computed, Value
from agentgym.plan.tables import compute
from agentgym.schema import Field
from agentgym.schema.types import Stored, to_wire
from agentgym.tasks.clues import Sketch, sayable
from agentgym.tasks.knobs import Candidate, Knobs
from agentgym.tasks.reading.grounds import Grounds
from agentgym.tasks.spoken import adds_up

__all__ = ["Function", "Sums", "worth"]

Function = Literal["sum", "difference", "product", "share", "days"]
_TRIES = 12
"""Draws of one candidate."""


class Sums(Grounds):
    """Draws questions for numbers that need no look at the rows."""

    def no_tool_needed(self, rng: random.Random, knobs: Knobs) -> Candidate | None:
        """Ask a number that follows from what is told."""
        makers: list[Callable[[Sketch, random.Random, int | None], bool]] = [
            self._total,
            *(() if (knobs.acts or 2) > 2 else (self._apart, self._product)),
        ]
        for _ in range(_TRIES):
            sketch = Sketch(self.schema)
            if rng.choice(makers)(sketch, rng, knobs.acts):
                return self.finished(sketch, "no_tool_needed", knobs, ["seed"])
        return None

    def _told(self, entity: str, field: Field, rng: random.Random) -> Stored:
        """Draw a value of a field that a person could say; None where there is none."""
        values = [
            value for value in self.tables.ordered(entity, field.name) if sayable(field, value)
        ]
        return rng.choice(values) if values else None

    def _arithmetic(
        self,
        sketch: Sketch,
        function: Function,
        told: Sequence[tuple[str, Field, Stored]],
    ) -> bool:
        """Ask one number of values that are told; False where that is no question."""
        values = [to_wire(field, value) for _, field, value in told]
        if None in values or not worth(function, values, compute(function, values)):
            return False
        if any(not isinstance(v, str) and not _EVERYDAY[0] <= v <= _EVERYDAY[1] for v in values):
            return False
        facts = [sketch.fact(entity, field.name, value) for entity, field, value in told]
        self._ask(sketch, function, [Value(fact=fact) for fact in facts])
        return True

    def _total(self, sketch: Sketch, rng: random.Random, count: int | None) -> bool:
        options = [
            (e.name, f)
            for e in self.entities
            for f in self.answers.numbers(e.name)
            if f.role in ("money", "quantity") and adds_up(f)
        ]
        if not options:
            return False
        entity, field = rng.choice(options)
        number = max(2, count or rng.choice((2, 3, 3, 4)))
        told = [(entity, field, self._told(entity, field, rng)) for _ in range(number)]
        return self._arithmetic(sketch, "sum", told)

    def _apart(self, sketch: Sketch, rng: random.Random, _: int | None) -> bool:
        options = [
            (e.name, f)
            for e in self.entities
            for f in self.answers.numbers(e.name, times=True)
            if f.type == "date" or (f.role == "money" and adds_up(f))
        ]
        if not options:
            return False
        entity, field = rng.choice(options)
        functions: tuple[Function, ...] = ("difference", "difference", "share")
        function = "days" if field.role == "time" else rng.choice(functions)
        told = [(entity, field, self._told(entity, field, rng)) for _ in range(2)]
        if function == "days":
            told.sort(key=lambda one: str(one[2]))
        return self._arithmetic(sketch, function, told)

    def _product(self, sketch: Sketch, rng: random.Random, _: int | None) -> bool:
        prices = [
            (e.name, f)
            for e in self.entities
            for f in self.answers.numbers(e.name)
            if f.role == "money" and adds_up(f)
        ]
        counts = [
            (e.name, f)
            for e in self.entities
            for f in self.answers.numbers(e.name)
            if f.role == "quantity" and f.type == "integer" and adds_up(f)
        ]
        if not prices or not counts:
            return False
        price = rng.choice(prices)
        count = rng.choice([one for one in counts if one[0] == price[0]] or counts)
        told = [(entity, field, self._told(entity, field, rng)) for entity, field in (price, count)]
        price_told, pieces = (to_wire(one, value) for _, one, value in told)
        if not isinstance(pieces, int) or not isinstance(price_told, (int, float)):
            return False
        if not (_PIECES[0] <= pieces <= _PIECES[1] and price_told <= _PRICE):
            return False
        return self._arithmetic(sketch, "product", told)

    def _ask(self, sketch: Sketch, function: Function, of: Sequence[Value]) -> None:
        node = sketch.next_id()
        sketch.nodes.append(Computed(id=node, function=function, of=tuple(of)))
        sketch.emit(node, None)


_PIECES = (2, 60)
"""How many of a thing people buy, fewest and most."""
_PRICE = 1_000
"""The highest price that is asked for several pieces."""
_EVERYDAY = (2, 100_000)
"""The smallest and the largest number that people work out in a message."""


def worth(function: str, values: Sequence[Json], result: Json) -> bool:
    """Tell whether a computed number is worth asking: no operand of it, nor 0 or 1 or 100%."""
    if result is None or isinstance(result, str) or result in values or result <= 1:
        return False
    if any(not isinstance(value, str) and abs(value) <= 1 for value in values):
        return False
    return function != "share" or 1 < result < 100
