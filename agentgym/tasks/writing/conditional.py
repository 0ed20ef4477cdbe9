"""Writes that depend on what the rows say: one act where a test holds, another where it does not.

A row is reached, a question about it that must be looked up is drawn with the answer that is
wanted, and two acts that could both be done. Out come candidates of the family `conditional`.
Next: `lacking`.
"""

from __future__ import annotations

import operator
import random
from collections.abc import Callable, Collection, Sequence
from typing import Any, Literal

from agentgym.plan import Guard, Plan, Select, Test, Value, Write
from agentgym.plan import Link as Related
from agentgym.plan.alone import alone
from agentgym.schema import Entity, Field, Relation
from agentgym.schema.types import ORDERED, Row, Stored
from agentgym.tasks.clues import Sketch, sayable
from agentgym.tasks.knobs import Candidate, Knobs
from agentgym.tasks.walks import At
from agentgym.tasks.writing.copies import clue_fields_of
from agentgym.tasks.writing.fair import fair
from agentgym.tasks.writing.plans import acts_of, rests_on
from agentgym.tasks.writing.several import Option, Several

__all__ = ["Conditional"]

_TRIES = 5
_ACTS = 10
"""Ways to act that are tried around one row."""
_TESTED = ("status", "category", "place", "flag", "money", "quantity", "measure", "time")

_SAMPLE = 200
"""Rows that are asked whether a question is open."""

Compared = Literal["eq", "ne", "lt", "le", "gt", "ge"]
_OPS: dict[str, Callable[[Any, Any], bool]] = {
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}


class Conditional(Several):
    """Draws acts that a test decides on."""

    def conditional(self, rng: random.Random, knobs: Knobs) -> Candidate | None:
        """Do one thing if something is so, and another if it is not."""
        hubs = [entity.name for entity in self.entities if self.near(entity.name)]
        for _ in range(_TRIES if hubs else 0):
            sketch = Sketch(self.schema)
            hops = knobs.entities - 1 if knobs.entities else rng.choice((0, 0, 1))
            at = self.stand(sketch, rng.choice(hubs), rng, hops=hops, least=knobs.least - 1)
            if at is None:
                continue
            test = self.question(sketch, at, rng, wanted=rng.random() < 0.5)
            if test is None:
                continue
            acts = self.two_acts(sketch, at, test, rng, ruled=knobs.ruled)
            if acts is None:
                continue
            self.guarded(sketch, test, acts, rng)
            plan = sketch.plan("conditional")
            if _idle(plan, test) or not fair(plan, self.tables):
                continue
            if self.both_can(plan):
                return Candidate(plan=plan, operators=("seed", "guard"), knobs=knobs)
        return None

    def guarded(
        self, sketch: Sketch, test: Test, acts: tuple[str, str], rng: random.Random
    ) -> None:
        """Let a test decide between two acts of the sketch."""
        first, second = acts if rng.random() < 0.5 else acts[::-1]
        then, otherwise = sorted((first, second), key=lambda name: int(name[1:]))
        if rng.random() < 0.5:
            then, otherwise = otherwise, then
        guard = Guard(id=sketch.next_id(), test=test, then=(then,), otherwise=(otherwise,))
        sketch.nodes.append(guard)

    def both_can(self, plan: Plan) -> bool:
        """Tell whether each act of a plan could be done alone, and to another end."""
        asked = {
            one.test.left.node
            for one in plan.nodes
            if isinstance(one, Guard) and one.test.op == "exists"
        }
        if any(asked & rests_on(plan, act.id) for act in acts_of(plan)):
            return False  # what may not be there is nothing to act on
        tried = self.attempts(plan, alone=True)
        if tried is None or not all(one.allowed and one.changes for one in tried):
            return False
        return len(tried) < 2 or tried[0].changes != tried[1].changes

    # acts

    def two_acts(
        self, sketch: Sketch, at: At, test: Test, rng: random.Random, *, ruled: bool = False
    ) -> tuple[str, str] | None:
        """Add two acts of which either could be done; None where two cannot be had."""
        options = self.near(at.entity)
        rng.shuffle(options)
        if ruled:
            options.sort(key=lambda option: option[0].name not in self.ruled)
        write = self._first(sketch, at, options[:_ACTS], rng, ruled=ruled)
        if write is None:
            return None
        other = self.second_act(sketch, at, write, test, rng)
        return None if other is None else (write.id, other)

    def second_act(
        self, sketch: Sketch, at: At, write: Write, test: Test, rng: random.Random
    ) -> str | None:
        """Add an act that could stand in the place of a write; returns its id.

        Args:
            sketch: What is grown.
            at: The row that the test is about.
            write: The other act.
            test: What decides; what it compares is not asked for.
            rng: The stream to draw from.
        """
        tested = {test.left.field, None if test.right is None else test.right.field}
        drawn = rng.random()
        if drawn < 0.65:
            other = self.other_value(sketch, write, rng)
            if other is not None:
                return other
        if drawn > 0.85 and self.tell(sketch, at, rng, fits=lambda f: f.name not in tested):
            return sketch.nodes[-1].id
        options = self.near(at.entity)
        rng.shuffle(options)
        options.sort(key=lambda option: alone(option[0].term)[0].entity != write.entity)  # type: ignore[union-attr]
        about = {at.node, *_about(write)}
        second = self._first(sketch, at, options[:_ACTS], rng, ruled=False, about=about)
        if second is not None:
            return second.id
        return self.other_value(sketch, write, rng)

    def _first(
        self,
        sketch: Sketch,
        at: At,
        options: Sequence[Option],
        rng: random.Random,
        *,
        ruled: bool,
        about: Collection[str] = (),
    ) -> Write | None:
        """Add the first act that can be had; one to or for a row that is `about`, if any is."""
        for option in options:
            facts, nodes = len(sketch.facts), len(sketch.nodes)
            if self.deed(sketch, at, option, rng, set(), ruled=ruled, plain=True):
                write = sketch.nodes[-1]
                assert isinstance(write, Write)
                if not about or _about(write) & set(about):
                    return write
                del sketch.facts[facts:], sketch.nodes[nodes:]
        return None

    def other_value(self, sketch: Sketch, write: Write, rng: random.Random) -> str | None:
        """Add an update once more with another value; returns its id."""
        if write.kind != "update" or write.each or len(write.settings) != 1:
            return None
        (setting,) = write.settings
        entity = self.schema.entity(write.entity)
        field = entity.field(setting.field)
        if setting.fact is None or field.type == "boolean":
            return None
        plan = sketch.plan("conditional")
        given = plan.fact(setting.fact).value
        rows = self.tables.extent(plan, str(write.target))
        old = rows[0][entity.position(field.name)]
        value = self.another(entity, field, old, given, rng)
        if value is None:
            return None
        fact = sketch.fact(entity.name, field.name, value)
        new = type(setting)(field=field.name, fact=fact)
        sketch.write("update", write.entity, write.target, [new])
        return sketch.nodes[-1].id

    # questions

    def question(self, sketch: Sketch, at: At, rng: random.Random, *, wanted: bool) -> Test | None:
        """Draw a question about the row on which a walk stands, whose answer is as wanted.

        It cannot be answered by what the clues say.
        """
        ways = [self._of_field, self._of_field, self._of_field, self._of_rows, self._of_parent]
        rng.shuffle(ways)
        for way in ways:
            facts, nodes = len(sketch.facts), len(sketch.nodes)
            test = way(sketch, at, rng, wanted=wanted)
            if test is not None:
                return test
            del sketch.facts[facts:], sketch.nodes[nodes:]
        return None

    def _of_field(self, sketch: Sketch, at: At, rng: random.Random, *, wanted: bool) -> Test | None:
        """Compare a field of the row with a value that is told."""
        entity = self.schema.entity(at.entity)
        told = clue_fields_of(sketch, entity.name)
        fields = [
            field
            for field in entity.fields
            if field.spoken
            and field.role in _TESTED
            and field.type not in ("json", "bytes", "float")
            and field.name not in told
            and at.row[entity.position(field.name)] is not None
        ]
        rng.shuffle(fields)
        for field in fields:
            own = at.row[entity.position(field.name)]
            drawn = self.compared(entity, field, own, rng, wanted=wanted)
            if drawn is not None:
                op, value = drawn
                fact = sketch.fact(entity.name, field.name, value)
                return Test(
                    left=Value(node=at.node, field=field.name), op=op, right=Value(fact=fact)
                )
        return None

    def compared(
        self, entity: Entity, field: Field, own: Stored, rng: random.Random, *, wanted: bool
    ) -> tuple[Compared, Stored] | None:
        """Draw how a field compares with a value of its column, so that the answer is as wanted."""
        if field.type == "boolean":
            return "eq", int(str(own)) if wanted else 1 - int(str(own))
        column = [
            one for one in self.tables.ordered(entity.name, field.name) if sayable(field, one)
        ]
        if field.type not in ORDERED or field.role in ("status", "category", "place"):
            others = [one for one in column if one != own]
            if not others or not sayable(field, own):
                return None
            unless = rng.random() < 0.2
            value = own if wanted is not unless else rng.choice(others)
            return ("ne" if unless else "eq"), value
        ordered = sorted(column)  # type: ignore[type-var]
        if len(ordered) < 3:
            return None
        ops: tuple[Compared, ...] = (
            ("gt", "lt") if field.role == "time" else ("ge", "le", "gt", "lt")
        )
        op = rng.choice(ops)
        rising = op in ("ge", "gt")
        strict = op in ("gt", "lt")
        below = [one for one in ordered if one < own]  # type: ignore[operator]
        above = [one for one in ordered if one > own]  # type: ignore[operator]
        same = [own] if sayable(field, own) else []
        holding = (below[-6:] if rising else above[:6]) + ([] if strict else same)
        failing = (above[:6] if rising else below[-6:]) + (same if strict else [])
        ends = ordered[0], ordered[-1]
        options = [
            value
            for value in (holding if wanted else failing)
            if {_OPS[op](end, value) for end in ends} == {True, False}
        ]
        return (op, rng.choice(options)) if options else None

    def _of_rows(self, sketch: Sketch, at: At, rng: random.Random, *, wanted: bool) -> Test | None:
        """Ask whether some row refers to this one, of a kind if it must be."""
        relations = [
            relation
            for relation in self.schema.children(at.entity)
            if relation.entity in self.spoken
            and self.schema.entity(relation.entity).kind != "link"
            and self.leads(relation, up=False)
            and self.tables.rows(relation.entity)
        ]
        rng.shuffle(relations)
        for relation in relations:
            rows = self.below(relation, at.row)
            clues: list[tuple[str, str, Stored]] = []
            if bool(rows) is not wanted or rng.random() < 0.6:
                clue = self._clue(self.schema.entity(relation.entity), rows, rng, wanted=wanted)
                if clue is None:
                    continue
                clues = [clue]
            link = Related(relation=relation.name, forward=True, node=at.node)
            if not clues and (
                self._always(relation)
                or any(isinstance(node, Select) and link in node.links for node in sketch.nodes)
            ):
                continue
            node = sketch.select(relation.entity, clues, [link])
            return Test(left=Value(node=node), op="exists")
        return None

    def _always(self, relation: Relation) -> bool:
        """Tell whether every row has some that refer to it."""
        entity = self.schema.entity(relation.entity)
        places = [entity.position(name) for name in relation.fields]
        keys = {tuple(row[place] for place in places) for row in self.tables.rows(entity.name)}
        return len(keys) >= len(self.tables.rows(relation.target))

    def _clue(
        self, entity: Entity, rows: Sequence[Row], rng: random.Random, *, wanted: bool
    ) -> tuple[str, str, Stored] | None:
        """Choose a kind of which some of the rows are, or none."""
        fields = [
            field
            for field in entity.fields
            if field.spoken and field.role in ("status", "category", "flag", "place")
        ]
        rng.shuffle(fields)
        for field in fields:
            place = entity.position(field.name)
            there = list(dict.fromkeys(row[place] for row in rows))
            column = self.tables.ordered(entity.name, field.name)
            options = there if wanted else [one for one in column if one not in there]
            options = [one for one in options if sayable(field, one)]
            if options and (rows or wanted):
                return field.name, "eq", rng.choice(options)
        return None

    def _of_parent(
        self, sketch: Sketch, at: At, rng: random.Random, *, wanted: bool
    ) -> Test | None:
        """Compare two values: of the row, and of one that it refers to."""
        entity = self.schema.entity(at.entity)
        told = clue_fields_of(sketch, entity.name)
        options = [
            (mine, relation, theirs)
            for relation in self.schema.parents(at.entity)
            if relation.target in self.spoken
            and self.leads(relation, up=True)
            and at.came != (relation.name, False)
            for theirs in self.schema.entity(relation.target).fields
            for mine in entity.fields
            if mine.spoken
            and theirs.spoken
            and mine.name not in told
            and mine.role in ("money", "quantity", "time")
            and (mine.type, mine.role, mine.unit, mine.scale)
            == (theirs.type, theirs.role, theirs.unit, theirs.scale)
        ]
        rng.shuffle(options)
        for mine, relation, theirs in options[:3]:
            facts, nodes = len(sketch.facts), len(sketch.nodes)
            there = self.up(sketch, at, relation)
            if there is None:
                continue
            own = at.row[entity.position(mine.name)]
            value = there.row[self.schema.entity(there.entity).position(theirs.name)]
            if own is not None and value is not None and own != value:
                more = own > value  # type: ignore[operator]
                op: Compared = "gt" if more is wanted else "lt"
                if not self._open(relation, mine.name, theirs.name, op):
                    del sketch.facts[facts:], sketch.nodes[nodes:]
                    continue
                return Test(
                    left=Value(node=at.node, field=mine.name),
                    op=op,
                    right=Value(node=there.node, field=theirs.name),
                )
            del sketch.facts[facts:], sketch.nodes[nodes:]
        return None

    def _open(self, relation: Relation, mine: str, theirs: str, op: Compared) -> bool:
        """Tell whether rows give both answers to how they compare with what they refer to."""
        entity = self.schema.entity(relation.entity)
        parent = self.schema.entity(relation.target)
        found = set()
        for row in self.tables.rows(entity.name)[:_SAMPLE]:
            above = self.ground.climb(entity.name, row, (relation.name,))
            own = row[entity.position(mine)]
            other = None if above is None else above[1][parent.position(theirs)]
            if own is not None and other is not None:
                found.add(_OPS[op](own, other))
        return len(found) == 2


def _about(write: Write) -> set[str]:
    """Name the rows that a write changes, or to which a new one belongs."""
    if write.target is not None:
        return {write.target}
    return {one.node for one in write.settings if one.node is not None}


def _idle(plan: Plan, test: Test) -> bool:
    """Tell whether an act would set the very value that is asked about."""
    right = None if test.right is None else test.right.fact
    if right is None or test.op not in ("eq", "ne"):
        return False
    return any(
        one.field == test.left.field
        and one.fact is not None
        and plan.fact(one.fact).value == plan.fact(right).value
        for act in acts_of(plan)
        if isinstance(act, Write) and act.target == test.left.node
        for one in act.settings
    )
