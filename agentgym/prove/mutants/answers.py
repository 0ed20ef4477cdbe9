"""Mutants of answers: wrong, hedged, too many, too few, not looked up. Next: `acts`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from agentgym.formats import Json
from agentgym.goals.goal import Answer
from agentgym.plan import Emit, Select
from agentgym.prove.mutants.maker import MORE, Call, Maker, alike
from agentgym.prove.run import Run
from agentgym.schema.types import to_wire
from agentgym.tools.algebra import Get

__all__ = ["Answers"]

_SLOTS = 6
"""Most slots of one answer that are changed in turn."""


class Answers(Maker):
    """Makes runs that answer wrongly."""

    @property
    def slots(self) -> tuple[Answer, ...]:
        """What is asked."""
        return self.task.goal.branches[0].answers

    def given(self) -> list[Json]:
        """Return what the gold run answers, one for each slot."""
        right = self.gold.answer
        return [right] if len(self.slots) == 1 else list(right) if isinstance(right, list) else []

    def answered(self, place: int, value: Json) -> Run:
        """Return the gold run with another value in one slot."""
        values = self.given()
        values[place] = value
        return self.with_answer(values[0] if len(values) == 1 else values)

    def answers(self) -> Iterator[tuple[str, Run]]:
        """Answer something else, more than one thing, nothing, or without looking."""
        given = self.given()
        each = max(2, 8 // max(1, len(given)))
        for place, (slot, right) in enumerate(zip(self.slots, given, strict=False)):
            if place >= _SLOTS:
                break
            if slot.many or slot.count is not None:
                yield from self.sets(
                    place, slot, list(right) if isinstance(right, list) else [right]
                )
                continue
            others = self.others(slot, right, each)
            for other in others:
                yield "wrong_answer", self.answered(place, other)
            for other in others[:2]:
                yield "hedged_answer", self.answered(place, [right, other])
                yield "hedged_answer", self.answered(place, f"{right} or {other}")
            if len(others) > 3:
                dump = [*others[:3], right, *others[3:]]
                yield "dumped_answer", self.answered(place, dump)
                yield "dumped_answer", self.answered(place, ", ".join(map(str, dump)))
        yield from self.whole(given)
        for call, value in self.other_rows(6):
            yield "wrong_entity", Run(calls=(*self.gold.calls[:-1], call), answer=value)

    def whole(self, given: Sequence[Json]) -> Iterator[tuple[str, Run]]:
        """Leave out an answer, mix two up, give all of them unseen."""
        yield "no_answer", self.with_answer(None)
        if self.gold.calls:
            yield "guessed", self.with_calls([])
        if len(given) > 1:
            for place in range(min(len(given), _SLOTS)):
                rest = [value for n, value in enumerate(given) if n != place]
                yield "slot_missing", self.with_answer(rest)
            for one, other in zip(range(len(given)), range(1, len(given)), strict=False):
                if not alike(given[one], given[other]):
                    swapped = list(given)
                    swapped[one], swapped[other] = swapped[other], swapped[one]
                    yield "slots_swapped", self.with_answer(swapped)

    def sets(self, place: int, slot: Answer, right: list[Json]) -> Iterator[tuple[str, Run]]:
        """Miss a member, add one, take another for one."""
        for number in range(min(4, len(right))):
            rest = [value for n, value in enumerate(right) if n != number]
            yield "member_missing", self.answered(place, rest)
        known = right if slot.many else list(slot.values)
        others = [v for v in self.column(slot, MORE) if not any(alike(v, one) for one in known)]
        for other in others[:4]:
            yield "member_added", self.answered(place, [*right, other])
            if right:
                yield "member_changed", self.answered(place, [*right[1:], other])
        if right:
            yield "member_missing", self.answered(place, right[0])
            if len(right) > 1:
                yield "member_twice", self.answered(place, [*right[:-1], right[0]])
        if slot.many and others:
            yield "dumped_answer", self.answered(place, [*right, *others])
        if slot.count is not None:
            spare = [v for v in slot.values if not any(alike(v, one) for one in right)]
            if spare:
                yield "member_added", self.answered(place, [*right, spare[0]])
                yield "dumped_answer", self.answered(place, list(slot.values))

    def column(self, slot: Answer, most: int) -> list[Json]:
        """Draw values of the field that is asked."""
        if slot.field is None:
            return []
        field = self.schema.entity(slot.entity).field(slot.field)
        values = self.tables.ordered(slot.entity, slot.field)
        drawn = self.draws.sample(values, min(len(values), most))
        return [to_wire(field, value) for value in drawn]

    def others(self, slot: Answer, right: Json, most: int) -> list[Json]:
        """Return wrong values close to the right one."""
        found: list[Json] = []
        if isinstance(right, (int, float, Decimal)) and not isinstance(right, bool):
            exact = Decimal(str(right))
            step = max(Decimal(1), (abs(exact) / 7).to_integral_value())
            found = [exact + step, exact - step, exact * 10 + 1, -exact - 1, exact + 2 * step]
        if slot.field is not None and slot.function in (None, "min", "max"):
            found = self.column(slot, 2 * most) + found
        return [value for value in found if not alike(value, right)][:most]

    def other_rows(self, most: int) -> Iterator[tuple[Call, Json]]:
        """Read another row of the answer's entity, and answer its value."""
        if len(self.slots) != 1 or self.slots[0].many or self.slots[0].count is not None:
            return
        (slot,) = self.slots
        if slot.field is None or slot.function is not None or self.gold.outcome != "done":
            return
        entity = self.schema.entity(slot.entity)
        getters = (
            tool
            for tool in self.tools.values()
            if isinstance(tool.term, Get) and tool.term.entity == entity.name
        )
        getter = next(getters, None)
        if getter is None:
            return
        assert isinstance(getter.term, Get)
        field, place = entity.field(slot.field), entity.position(slot.field)
        for row in self.some_rows(entity, 3 * most):
            value = to_wire(field, row[place])
            if value is None or alike(value, self.gold.answer):
                continue
            key = {a.param: self.wire(entity, row, a.field) for a in getter.term.key}
            yield (getter.name, key), value
            most -= 1
            if not most:
                return

    def other_truths(self) -> Iterator[tuple[str, Run]]:
        """Answer what would be true if one row on the way were another."""
        for place, (emit, right) in enumerate(zip(self.emits(), self.given(), strict=False)):
            found: list[Json] = []
            for node in self.plan.nodes:
                if not isinstance(node, Select) or len(found) >= MORE:
                    continue
                for row in self.some_rows(self.schema.entity(node.entity), MORE):
                    values = self.tables.value(self.plan, emit, {node.id: (row,)})
                    for value in [values] if emit.many else values:
                        if (
                            value not in (None, [])
                            and value not in found
                            and not alike(value, right)
                        ):
                            found.append(value)
            for value in found[:MORE]:
                yield "wrong_answer", self.answered(place, value)

    def emits(self) -> list[Emit]:
        """Return the emits that are wanted, if each has a slot of one value or a set."""
        found = [node for node in self.tables.wanted(self.plan) if isinstance(node, Emit)]
        plain = all(slot.count is None for slot in self.slots)
        return found if plain and len(found) == len(self.slots) else []
