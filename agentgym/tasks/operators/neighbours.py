"""Neighbours: another candidate of the same shape, about other rows, told by other constants.

A candidate comes in; rows are drawn from what is asked back to what is told, each related as in
the candidate, and every fact is told anew of its row in the same way: a month for a month, a band
for a band. What cannot be carried over so is drawn anew until its shape is the same. `prove`
verifies what goes out.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence

from msgspec.structs import replace

from agentgym.formats import Json
from agentgym.plan import (
    Aggregated,
    Choose,
    Computed,
    Emit,
    Fact,
    Guard,
    Node,
    Plan,
    Refuse,
    Select,
    Shift,
    Where,
    Write,
    told,
)
from agentgym.plan.measures import measured, multiple_of
from agentgym.plan.shape import shape
from agentgym.schema import Field
from agentgym.schema.types import Row, Stored, to_stored, to_wire
from agentgym.tasks.clues import sayable
from agentgym.tasks.knobs import Candidate
from agentgym.tasks.operators.growing import reader
from agentgym.tasks.reading.checks import crowds, open_, rows_of, selects, sound
from agentgym.tasks.reading.coarse import SUPPORT
from agentgym.tasks.reading.several import OPTIONS
from agentgym.tasks.reads import Reader
from agentgym.tasks.sample import Sampler
from agentgym.tasks.values import new_value
from agentgym.tasks.walks import Walker
from agentgym.tasks.writes import Writer
from agentgym.tasks.writing.plans import without

__all__ = ["similar"]

_TRIES = 600
"""Draws of other rows."""
_DRAWS = 40
"""Draws of candidates of the family, where facts cannot be told anew."""
_NUMBERS = (Aggregated, Computed)


def similar(walker: Walker, candidate: Candidate, rng: random.Random) -> Candidate | None:
    """Draw a candidate of the same shape about other rows; None where none was found.

    Args:
        walker: Where rows can be walked; a `Sampler` can draw every family anew.
        candidate: What is varied.
        rng: The stream to draw from.
    """
    plan = told(_nobodys(candidate.plan))
    open_plan = told(without(plan, Refuse))
    if not candidate.patch and _carried(plan):
        other = _Other(reader(walker), open_plan, candidate)
        for _ in range(_TRIES):
            found = other.draw(rng)
            if found is not None and isinstance(walker, Writer):
                found = _ended(walker, plan, found)
            if found is not None and shape(found) == shape(plan):
                return replace(candidate, plan=found)
    elif isinstance(walker, Sampler):
        return _drawn(walker, candidate, plan, rng)
    return None


def _carried(plan: Plan) -> bool:
    """Tell whether every fact of a plan is one that can be told anew of other rows."""
    if plan.party is not None or any(node.among and node.pick is None for node in selects(plan)):
        return False
    refusals = [node for node in plan.nodes if isinstance(node, Refuse)]
    return len(refusals) <= 1 and all(one.because == "rule" for one in refusals)


def _nobodys(plan: Plan) -> Plan:
    """Forget who the user is, where nothing is told as their own: `prove` says who may ask."""
    if plan.party is None or any(node.me for node in selects(plan)):
        return plan
    facts = tuple(fact for fact in plan.facts if fact.id not in plan.party.facts)
    return replace(plan, facts=facts, party=None)


def _ended(ground: Writer, plan: Plan, found: Plan) -> Plan | None:
    """Return a plan about other rows as it ends there; None where it does not end alike."""
    if any(isinstance(node, Guard) for node in plan.nodes) and not ground.both_can(found):
        return None
    for refusal in plan.nodes:
        if isinstance(refusal, Refuse):
            acts = [node for node in found.nodes if isinstance(node, Write)]
            return ground.refused(found, acts[0]) if len(acts) == 1 else None
    return found


def _drawn(
    sampler: Sampler, candidate: Candidate, plan: Plan, rng: random.Random
) -> Candidate | None:
    """Draw the family anew until the shape is the same and the facts are others."""
    wanted = shape(plan)
    for _ in range(_DRAWS):
        found = sampler.draw(plan.family, rng, candidate.knobs)
        if found is not None and shape(found.plan) == wanted and _differs(plan, told(found.plan)):
            return found
    return None


def _differs(plan: Plan, other: Plan) -> bool:
    return [fact.value for fact in plan.facts] != [fact.value for fact in other.facts]


def _figures(node: Node) -> list[str]:
    """Name the facts of a node that any value of their field can take the place of."""
    match node:
        case Computed():
            return [one.fact for one in node.of if one.fact is not None]
        case Guard():
            sides = (node.test.left, node.test.right)
            return [one.fact for one in sides if one is not None and one.fact is not None]
        case Shift():
            return [node.first]
        case _:
            return []


class _Other:
    """One plan whose rows are exchanged."""

    def __init__(self, ground: Reader, plan: Plan, candidate: Candidate) -> None:
        self.ground, self.plan, self.candidate = ground, plan, candidate
        self.tables, self.schema = ground.tables, ground.schema
        self.several = crowds(plan)
        self.rows = rows_of(plan, self.tables)
        self.shape = shape(plan)
        self.open = [node.id for node in selects(plan) if open_(plan, self.tables, [node.id])]
        """Rows without which the answer stays open, one at a time."""

    def draw(self, rng: random.Random) -> Plan | None:
        """Exchange all rows once."""
        if self.rows is None:
            return None
        rows = self._rows(rng)
        if rows is None or (self.rows and all(rows[name] == self.rows[name] for name in self.rows)):
            return None
        facts = self._facts(rows, rng)
        if facts is None:
            return None
        plan: Plan | None = replace(self.plan, facts=tuple(facts))
        for node in self.plan.nodes:
            if isinstance(node, Choose) and plan is not None:
                plan = self._limited(plan, node)
        if plan is None:
            return None
        plan = told(plan)
        return plan if self._holds(plan) else None

    def _limited(self, plan: Plan, node: Choose) -> Plan | None:
        """Set the limits of a choice anew for the rows that there are to choose from."""
        select = plan.node(node.of)
        assert isinstance(select, Select)
        entity = self.schema.entity(select.entity)
        rows = self.tables.extent(plan, node.of)
        places = [entity.position(limit.field) for limit in node.limits]
        if not node.count < len(rows) <= OPTIONS or any(r[p] is None for r in rows for p in places):
            return None
        chosen = [
            (entity.field(one.field), one.op if one.kind == "total" else "distinct")
            for one in node.limits
        ]
        combos = list(itertools.combinations(rows, node.count))
        found = self.ground.tightened(entity, combos, chosen)
        if found is None:
            return None
        new = {
            limit.fact: to_wire(entity.field(limit.field), bound)
            for limit, (_, _, bound) in zip(node.limits, found, strict=True)
            if limit.fact is not None
        }
        facts = tuple(replace(one, value=new.get(one.id, one.value)) for one in plan.facts)
        return replace(plan, facts=facts)

    def _holds(self, plan: Plan) -> bool:
        support = self.candidate.knobs.clues or (SUPPORT if self.candidate.knobs.fuzz else 1)
        if not _differs(self.plan, plan) or not sound(plan, self.tables):
            return False
        if plan.family == "multi_hop" and not open_(plan, self.tables, self.open):
            return False
        for node in selects(plan):
            if node.id in crowds(plan) and not self.tables.extent(plan, node.id):
                return False
            for where in node.where if support > 1 and node.id not in self.several else ():
                alone = replace(node, where=(where,), links=(), among=(), pick=None)
                if len(self.tables.fitting(plan, alone)) < support:
                    return False
        return self._answers(plan) and shape(plan) == self.shape

    def _answers(self, plan: Plan) -> bool:
        """Tell whether every answer is there and can be said."""
        for emit in plan.nodes:
            if not isinstance(emit, Emit):
                continue
            values = self.tables.value(plan, emit)
            node = plan.node(emit.node)
            if isinstance(node, _NUMBERS):
                if values in ([], [None]) or values[0] in (0, 1):
                    return False
            elif isinstance(node, Choose):
                select = plan.node(node.of)
                assert isinstance(select, Select)
                place = self.schema.entity(select.entity).position(str(emit.field))
                held = [row[place] for row in self.tables.extent(plan, node.of)]
                if None in held or len(set(held)) < len(held):
                    return False
            elif isinstance(node, Select) and emit.field is not None and not emit.many:
                field = self.schema.entity(node.entity).field(emit.field)
                if len(values) != 1 or not sayable(field, to_stored(field, values[0])):
                    return False
        return True

    # rows

    def _rows(self, rng: random.Random) -> dict[str, Row] | None:
        """Draw a row for each select, from the last back to the first; a set has a member."""
        masks = self.ground.masks
        found: dict[str, int] = {}
        nodes = selects(self.plan)
        for node in reversed(nodes):
            if node.among:
                continue
            options: set[int] | None = None
            for after in nodes:
                for link in after.links:
                    if link.node == node.id and not link.absent and after.id in found:
                        ways = masks.related(link.relation, not link.forward, found[after.id])
                        options = set(ways) if options is None else options & set(ways)
            size = len(self.tables.rows(node.entity))
            if node.pick is not None and len(node.links) == 1 and node.links[0].forward:
                best = masks.best(node.links[0].relation, node.pick)
                holders = range(size) if options is None else options
                options = {number for number in holders if best >> number & 1}
            if not size or (options is not None and not options):
                return None
            found[node.id] = rng.randrange(size) if options is None else rng.choice(sorted(options))
        return {node.id: self.tables.rows(node.entity)[found.get(node.id, 0)] for node in nodes}

    # facts

    def _facts(self, rows: dict[str, Row], rng: random.Random) -> list[Fact] | None:
        new: dict[str, Json] = {}
        for node in self.plan.nodes:
            if isinstance(node, Select):
                for field in dict.fromkeys(where.field for where in node.where):
                    mine = [where for where in node.where if where.field == field]
                    values = self._told(node, mine, rows[node.id], rng)
                    if values is None:
                        return None
                    new |= {where.fact: value for where, value in zip(mine, values, strict=True)}
            elif isinstance(node, Write):
                for setting in node.settings:
                    if setting.fact is not None:
                        row = rows.get(str(node.target))
                        value = self._set(node.entity, setting.field, row, rng)
                        if value is None:
                            return None
                        new[setting.fact] = value
            for name in _figures(node):
                value = self._any(self.plan.fact(name), rng)
                if value is None:
                    return None
                new[name] = value
        return [replace(fact, value=new.get(fact.id, fact.value)) for fact in self.plan.facts]

    def _told(
        self, node: Select, wheres: Sequence[Where], row: Row, rng: random.Random
    ) -> list[Json] | None:
        """Tell the same of another row: values of the facts of clues on one field."""
        entity = self.schema.entity(node.entity)
        field = entity.field(wheres[0].field)
        value = row[entity.position(field.name)]
        if value is None:
            return None
        edges = [
            where
            for where in wheres
            if where.of is None and where.op not in ("eq", "ne", "contains")
        ]
        moved = self._moved(field, value, edges)
        if moved is None:
            return None
        found: list[Json] = []
        for where in wheres:
            if where in edges:
                found.append(moved[where.fact])
            elif where.of == "remainder":
                divisor = self.plan.fact(where.fact).value
                assert isinstance(divisor, int)
                if not isinstance(value, int) or not multiple_of(field, divisor, value):
                    return None
                found.append(divisor)
            elif where.of is not None:
                found.append(measured(field, where.of, value))
            elif where.op == "eq":
                found.append(to_wire(field, value))
            else:
                other = (
                    self._part(value, rng)
                    if where.op == "contains"
                    else self._not(node, field, value, rng)
                )
                found.append(other)
        told_ = [
            one is not None and (where.of is not None or sayable(field, to_stored(field, one)))
            for where, one in zip(wheres, found, strict=True)
        ]
        return found if all(told_) else None

    def _moved(self, field: Field, value: Stored, edges: Sequence[Where]) -> dict[str, Json] | None:
        """Move a band or a bound so that a value lies within, by steps of its own width."""
        stored = [to_stored(field, self.plan.fact(where.fact).value) for where in edges]
        if not edges:
            return {}
        if not isinstance(value, (int, float)) or any(isinstance(one, str) for one in stored):
            return None
        found: dict[str, Json] = {}
        low, high = min(stored), max(stored)  # type: ignore[type-var]
        assert isinstance(low, (int, float))
        assert isinstance(high, (int, float))
        if len(edges) == 2 and low > 0 and high == 10 * low and isinstance(value, int):
            if value < 1:
                return None
            start: int | float = 10 ** (len(str(value)) - 1)
            ends = {low: start, high: 10 * start}
        elif len(edges) == 2:
            width = high - low
            start = value // width * width if width else value
            ends = {low: start, high: start + width}
        else:
            step = 10 ** (len(str(abs(int(value)))) - 1)
            up = edges[0].op in ("le", "lt")
            ends = {low: value // step * step + (step if up else 0)}
        for where, one in zip(edges, stored, strict=True):
            end = ends[one]  # type: ignore[index]
            end = round(end, 6) if isinstance(end, float) and field.type == "float" else int(end)
            found[where.fact] = to_wire(field, end)
        return found

    def _part(self, value: Stored, rng: random.Random) -> Json:
        words = [word for word in str(value).split() if len(word) > 3 and word.isalpha()]
        return rng.choice(words) if len(str(value).split()) > 1 and words else None

    def _not(self, node: Select, field: Field, value: Stored, rng: random.Random) -> Json:
        values = [
            one
            for one in self.tables.ordered(node.entity, field.name)
            if one != value and sayable(field, one)
        ]
        return to_wire(field, rng.choice(values)) if values else None

    def _set(self, entity: str, name: str, row: Row | None, rng: random.Random) -> Json:
        owner = self.schema.entity(entity)
        field = owner.field(name)
        old = None if row is None else row[owner.position(name)]
        if any(c.entity == entity and c.field == name for c in self.schema.lifecycles):
            return next(
                (
                    to_wire(field, state)
                    for c in self.schema.lifecycles
                    if c.entity == entity and c.field == name
                    for state in c.moves.get(str(old), ())
                ),
                None,
            )
        return to_wire(field, new_value(self.tables, owner, field, old, rng))

    def _any(self, fact: Fact, rng: random.Random) -> Json:
        field = self.schema.entity(fact.entity).field(fact.field)
        values = [
            one for one in self.tables.ordered(fact.entity, fact.field) if sayable(field, one)
        ]
        return to_wire(field, rng.choice(values)) if values else None
