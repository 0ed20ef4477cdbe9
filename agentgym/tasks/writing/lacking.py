"""What cannot be had: a row that nearly exists, a value that is empty, a wish without a tool.

In come rows and tools, out come candidates of the family `unanswerable`: each differs by one
thing from what could be done. Next: `vague`.
"""

from __future__ import annotations

import datetime as dt
import random
import re
from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from agentgym.formats import Json
from agentgym.plan import Plan, Refuse, Select, Setting, Where, Write
from agentgym.schema import Entity, Field
from agentgym.schema.types import Stored, fold, to_stored, to_wire
from agentgym.tasks.clues import Sketch, sayable
from agentgym.tasks.knobs import Candidate, Knobs
from agentgym.tasks.values import new_value
from agentgym.tasks.writing.changes import last_write
from agentgym.tasks.writing.copies import clue_fields_of
from agentgym.tasks.writing.fair import fair
from agentgym.tasks.writing.plans import acts_of, rests_on, with_fact
from agentgym.tasks.writing.several import Several
from agentgym.tools.derive.rules.ground import written

__all__ = ["Lacking"]

_TRIES = 5
_VALUES = 24
"""Other values of a clue that are tried."""


class Lacking(Several):
    """Draws what cannot be done or answered."""

    def unanswerable(self, rng: random.Random, knobs: Knobs) -> Candidate | None:
        """Ask for what is not there."""
        ways = [self._no_row, self._no_row, self._no_value, self._no_tool]
        for _ in range(_TRIES):
            sketch = Sketch(self.schema)
            plan = rng.choice(ways)(sketch, rng, knobs)
            if plan is not None and (_missing(plan) or fair(plan, self.tables)):
                return self._lacking(plan, knobs)
        return None

    def _lacking(self, plan: Plan, knobs: Knobs) -> Candidate:
        """Make a candidate; tools that could do what none shall do are taken away."""
        view: dict[str, Json] = {}
        for node in plan.nodes:
            if isinstance(node, Refuse) and node.because == "no_tool":
                act = plan.node(node.act)
                assert isinstance(act, Write)
                absent = self.removing(act.entity) if act.kind == "delete" else []
                view = {"absent": absent} if absent else {}
        return Candidate(plan=plan, operators=("seed", "negate"), view=view, knobs=knobs)

    def removing(self, entity: str) -> list[str]:
        """Name the tools that remove rows of an entity."""
        return [
            tool.name
            for tool in self.tools
            for one in written(tool.term, self.schema)
            if one.entity == entity and one.kind == "delete"
        ]

    # no row

    def _no_row(self, sketch: Sketch, rng: random.Random, knobs: Knobs) -> Plan | None:
        """Ask of, or change, a row that differs in one clue from one that there is."""
        hops = max(0, knobs.entities - 1) if knobs.entities else rng.choice((0, 0, 1))
        if rng.random() < 0.6 or not self.writers:
            entity = rng.choice(self.entities).name
            at = self.stand(sketch, entity, rng, hops=hops, least=knobs.least)
            if at is None or self.tell(sketch, at, rng) is None:
                return None
        else:
            kinds = ("update", "update", "transition", "delete", "create")
            if not self.one_write(sketch, kinds, rng, hops=hops, least=knobs.least):
                return None
            if not self.done(sketch.plan("update")):
                return None
        plan = sketch.plan("unanswerable")
        if not fair(plan, self.tables):
            return None
        for one in self.missing(plan, rng):
            return one[0]
        return None

    def missing(self, plan: Plan, rng: random.Random) -> Iterator[tuple[Plan, str]]:
        """Yield the plan with one told clue changed so that it finds nothing.

        Every act that rests on the missing row is refused; where one does not, nothing is
        yielded.

        Yields:
            The plan and the id of the fact that differs.
        """
        clues = [
            (node, where)
            for node in plan.nodes
            if isinstance(node, Select)
            for where in node.where
            if where.op == "eq"
            and where.of is None
            and plan.fact(where.fact).exposure == "instruction"
        ]
        rng.shuffle(clues)
        acts = acts_of(plan)
        if any(isinstance(node, Refuse) for node in plan.nodes):
            return
        for node, where in clues:
            resting = [act for act in acts if node.id in rests_on(plan, act.id)]
            if len(resting) != len(acts):
                continue
            for value in self.nearly(plan, node, where, rng):
                fact = plan.fact(where.fact)
                changed = with_fact(plan, replace(fact, value=value))
                if self.tables.extent(changed, node.id):
                    continue
                first = self.first_empty(changed)
                refusals = tuple(
                    Refuse(
                        id=f"n{len(plan.nodes) + 1 + number}",
                        act=act.id,
                        because="no_row",
                        node=first,
                    )
                    for number, act in enumerate(acts)
                )
                yield (
                    replace(changed, family="unanswerable", nodes=(*plan.nodes, *refusals)),
                    fact.id,
                )
                break

    def first_empty(self, plan: Plan) -> str | None:
        """Name the first select of a plan that finds nothing."""
        for node in plan.nodes:
            if isinstance(node, Select) and not self.tables.extent(plan, node.id):
                return node.id
        return None

    def nearly(self, plan: Plan, node: Select, where: Where, rng: random.Random) -> Iterator[Json]:
        """Yield wire values for a clue that no row has together with the other clues.

        First those of other rows, so that each clue alone finds something; then a number or a
        letter that differs.
        """
        entity = self.schema.entity(node.entity)
        field = entity.field(where.field)
        old = to_stored(field, plan.fact(where.fact).value)
        column = self.tables.ordered(entity.name, field.name)
        others = [one for one in column if one != old and sayable(field, one)]
        alone_told = len(node.where) == 1 and not node.links
        made = list(_misread(field, old, column, rng))
        if not alone_told:
            rng.shuffle(others)
            made = [*others[:_VALUES], *made]
        present = {_folded(one) for one in self.tables.column(entity.name, field.name)}
        for value in made:
            if value == old or not sayable(field, value):
                continue
            if alone_told and _folded(value) in present:
                continue
            yield to_wire(field, value)

    # no value

    def _no_value(self, sketch: Sketch, rng: random.Random, knobs: Knobs) -> Plan | None:
        """Ask for a field that is empty in the row, and is not in others."""
        options = [
            (entity, field)
            for entity in self.entities
            for field in entity.fields
            if field.nullable
            and self.changeable.asked(entity, field)
            and field.name not in entity.key
            and 0 < self._filled(entity, field) < len(self.tables.rows(entity.name))
        ]
        if not options:
            return None
        entity, field = rng.choice(options)
        place = entity.position(field.name)
        hops = max(0, knobs.entities - 1) if knobs.entities else rng.choice((0, 0, 1))
        at = self.stand(
            sketch, entity.name, rng, hops=hops, least=knobs.least, fits=lambda r: r[place] is None
        )
        if at is None or field.name in clue_fields_of(sketch, entity.name):
            return None
        sketch.emit(at.node, field.name)
        act = sketch.nodes[-1].id
        sketch.nodes.append(
            Refuse(id=sketch.next_id(), act=act, because="no_value", node=at.node, field=field.name)
        )
        return sketch.plan("unanswerable")

    def _filled(self, entity: Entity, field: Field) -> int:
        return sum(self.tables.column(entity.name, field.name).values())

    # no tool

    def _no_tool(self, sketch: Sketch, rng: random.Random, knobs: Knobs) -> Plan | None:
        """Wish for a change that no tool makes."""
        wishes = list(self.wishes())
        if not wishes:
            wishes = [(entity, None) for entity in self.entities if self._removable(entity)]
        if not wishes:
            return None
        entity, field = rng.choice(wishes)
        hops = max(0, knobs.entities - 1) if knobs.entities else rng.choice((0, 0, 1))
        at = self.stand(sketch, entity.name, rng, hops=hops, least=knobs.least)
        if at is None:
            return None
        if field is None:
            sketch.write("delete", at.entity, at.node, ())
        else:
            if field.name in clue_fields_of(sketch, entity.name):
                return None
            old = at.row[entity.position(field.name)]
            value = new_value(self.tables, entity, field, old, rng)
            if value is None:
                return None
            fact = sketch.fact(entity.name, field.name, value)
            sketch.write("update", at.entity, at.node, [Setting(field=field.name, fact=fact)])
        write = last_write(sketch)
        sketch.nodes.append(Refuse(id=sketch.next_id(), act=write.id, because="no_tool"))
        return sketch.plan("unanswerable")

    def wishes(self) -> Iterator[tuple[Entity, Field | None]]:
        """Yield the changes of present rows that a person could wish for and no tool makes.

        Yields:
            The entity, and the field that nothing sets; None for its rows being removed.
        """
        done = [one for tool in self.tools for one in written(tool.term, self.schema)]
        for entity in self.entities:
            if not self.changeable.entity(entity) or entity.kind == "lookup":
                continue
            mine = [one for one in done if one.entity == entity.name and one.kind != "read"]
            if self._removable(entity) and not any(one.kind == "delete" for one in mine):
                yield entity, None
            fields = {name for one in mine if one.kind == "update" for name in one.fields}
            for field in entity.fields:
                if field.name not in fields | set(entity.key) and self._wished(entity, field):
                    yield entity, field

    def _removable(self, entity: Entity) -> bool:
        """Tell whether a person could wish a row away, and would not be content with its status."""
        if not self.changeable.entity(entity) or entity.kind == "lookup":
            return False
        return not any(field.role in ("status", "flag") for field in entity.fields)

    def _wished(self, entity: Entity, field: Field) -> bool:
        """Tell whether a person could wish for another value: also of what the world computes."""
        computed = (entity.name, field.name) in self.schema.computed
        computed = computed and field.role in ("money", "quantity") and field.spoken
        return computed or (self.changeable.field(entity, field) and field.role != "other")


def _missing(plan: Plan) -> bool:
    return any(isinstance(node, Refuse) and node.because == "no_row" for node in plan.nodes)


def _misread(
    field: Field, old: Stored, column: Sequence[Stored], rng: random.Random
) -> Iterator[Stored]:
    """Yield values that differ a little: another year, another number, the other half of a name."""
    match field.type:
        case "date" | "datetime":
            day, rest = str(old)[:10], str(old)[10:]
            for years, days in rng.sample(((1, 0), (-1, 0), (0, 1), (0, -1), (0, 7)), 5):
                try:
                    found = dt.date.fromisoformat(day)
                    found = found.replace(year=found.year + years) + dt.timedelta(days=days)
                except (ValueError, OverflowError):
                    continue
                yield found.isoformat() + rest
        case "integer" | "decimal":
            for step in rng.sample((1, -1, 2, 10), 4):
                yield int(str(old)) + step
        case "text":
            text = str(old)
            numbers = list(re.finditer(r"\d+", text))
            for number in numbers[-1:]:
                for step in rng.sample((1, 2, 3, 7, 11), 5):
                    width = len(number[0])
                    other = str((int(number[0]) + step) % 10**width).rjust(width, "0")
                    yield text[: number.start()] + other + text[number.end() :]
            head, space, tail = text.rpartition(" ")
            if space and not numbers and field.role in ("label", "person"):
                tails = [str(one).rpartition(" ")[2] for one in column if " " in str(one)]
                tails = [one for one in dict.fromkeys(tails) if one != tail]
                for other in rng.sample(tails, min(6, len(tails))):
                    yield f"{head} {other}"


def _folded(value: Stored) -> Stored:
    return fold(value) if isinstance(value, str) else value
