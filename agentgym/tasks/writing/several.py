"""Several writes in one request: around one row, here and there, or one for every row of a kind.

A sketch comes in, writes are at its end when it goes out. Next: `focus`.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from agentgym.plan import Link as Related
from agentgym.plan import Select, Setting, Write
from agentgym.plan.alone import alone
from agentgym.schema import Relation
from agentgym.schema.types import Row, Stored
from agentgym.tasks.clues import Sketch, sayable
from agentgym.tasks.values import new_value
from agentgym.tasks.walks import At
from agentgym.tasks.writing.changes import CHANGES, Changes
from agentgym.tasks.writing.trial import KINDS
from agentgym.tools.algebra import Create, Link, Tool, Transition, Update

__all__ = ["Option", "Several"]

Option = tuple[Tool, Relation | None, bool]
"""A tool, the relation over which its row is reached from the present one, and which way."""

_EACH = (2, 8)
"""Fewest and most rows that one request changes alike."""


class Several(Changes):
    """Adds several writes to sketches."""

    def around(self, sketch: Sketch, rng: random.Random, wanted: int, *, ruled: bool) -> bool:
        """Add writes to one described row and to rows that are related to it.

        Args:
            sketch: What is grown.
            rng: The stream to draw from.
            wanted: How many writes at most; at least two.
            ruled: One of them at least by a tool that asks a rule.
        """
        hub = rng.choice(self.entities).name
        options = self.near(hub)
        rng.shuffle(options)
        if ruled:
            options.sort(key=lambda option: option[0].name not in self.ruled)
            if not options or options[0][0].name not in self.ruled:
                return False
        at = self.anchor(sketch, rng, hub) if options else None
        if at is None:
            return False
        written: set[tuple[str, Row]] = set()
        done = 0
        for option in (*options, *options):
            done += self.deed(sketch, at, option, rng, written, ruled=ruled and not done)
            if done == wanted:
                return True
            if ruled and not done:
                return False
        return done > 1

    def deed(
        self,
        sketch: Sketch,
        at: At,
        option: Option,
        rng: random.Random,
        written: set[tuple[str, Row]],
        *,
        ruled: bool = False,
        plain: bool = False,
    ) -> bool:
        """Add a write to the row on which a walk stands, or to one beside it.

        Args:
            sketch: What is grown; as it was where nothing came of it.
            at: Where the walk stands.
            option: What is done, and where.
            rng: The stream to draw from.
            written: Entities and rows that other writes change; added to.
            ruled: Only under a rule.
            plain: Only with values that are told.
        """
        tool, relation, up = option
        facts, nodes = len(sketch.facts), len(sketch.nodes)
        term, fixed = alone(tool.term)
        if relation is not None and at.came == (relation.name, not up):
            return False
        if isinstance(term, (Create, Link)):
            added = not fixed and self.create(sketch, term, rng, start=at)
        else:
            there = at if relation is None else self.take(sketch, at, relation, rng, up=up)
            added = (
                there is not None
                and (there.entity, there.row) not in written
                and self.change(sketch, tool, there, rng, ruled=ruled, plain=plain)
            )
            if there is not None and added:
                written.add((there.entity, there.row))
        if not added:
            del sketch.facts[facts:], sketch.nodes[nodes:]
        return added

    def near(self, hub: str) -> list[Option]:
        """List the tools that write a row, or one a relation away: with the relation to take."""
        if hub not in self._options:
            self._options[hub] = self._near(hub)
        return list(self._options[hub])

    def _near(self, hub: str) -> list[Option]:
        steps = [(r, True) for r in self.schema.parents(hub) if r.target in self.spoken]
        steps += [(r, False) for r in self.schema.children(hub) if r.entity in self.spoken]
        ends = {r.target if up else r.entity: (r, up) for r, up in steps if self.leads(r, up=up)}
        found: list[Option] = []
        for kind in KINDS:
            for tool in self.writing(kind):
                entity = alone(tool.term)[0].entity  # type: ignore[union-attr]
                if kind == "create":
                    if any(r.target == hub for r in self.schema.parents(entity)):
                        found.append((tool, None, False))
                elif entity == hub:
                    found.append((tool, None, False))
                elif entity in ends:
                    found.append((tool, *ends[entity]))
        return found

    def scattered(self, sketch: Sketch, rng: random.Random, wanted: int, *, ruled: bool) -> bool:
        """Add writes here and there, the first by a tool that asks a rule if it shall be so."""
        kinds = ("update", "update", "transition", "create")
        for number in range(wanted):
            hops, first = rng.choice((0, 0, 1)), number == 0
            if not self.one_write(sketch, kinds, rng, hops=hops, ruled=ruled and first):
                return False
        return True

    # one write for every row

    def each(self, sketch: Sketch, rng: random.Random, *, ruled: bool = False) -> bool:
        """Change every row that refers to a described one, or is of some kind, alike."""
        tools = [
            tool
            for kind in ("update", "transition", "delete")
            for tool in self.writing(kind, ruled=ruled)
            if isinstance(alone(tool.term)[0], CHANGES)
        ]
        rng.shuffle(tools)
        for tool in tools[:6]:
            facts, nodes = len(sketch.facts), len(sketch.nodes)
            if self._each(sketch, tool, rng):
                return True
            del sketch.facts[facts:], sketch.nodes[nodes:]
        return False

    def _each(self, sketch: Sketch, tool: Tool, rng: random.Random) -> bool:
        term, fixed = alone(tool.term)
        assert isinstance(term, CHANGES)
        found = self._group(sketch, term.entity, rng)
        if found is None:
            return False
        node, rows = found
        if not all(self.passes(tool, row) for row in rows):
            return False
        entity = self.schema.entity(term.entity)
        told = {where.field for where in node.where}
        kind, settings = "delete", tuple[Setting, ...]()
        match term:
            case Transition():
                place = entity.position(term.to.field)
                cycle = next(
                    (
                        c
                        for c in self.schema.lifecycles
                        if (c.entity, c.field) == (entity.name, term.to.field)
                    ),
                    None,
                )
                if cycle is None:
                    return False
                common = set(cycle.moves)
                for row in rows:
                    common &= set(cycle.moves.get(str(row[place]), ()))
                if term.to.param in fixed:
                    common &= {str(fixed[term.to.param])}
                if not common:
                    return False
                fact = sketch.fact(entity.name, term.to.field, rng.choice(sorted(common)))
                kind, settings = "transition", (Setting(field=term.to.field, fact=fact),)
            case Update():
                if fixed:
                    return False
                setting = self._alike(sketch, term, rows, told, rng)
                if setting is None:
                    return False
                kind, settings = "update", (setting,)
            case _:
                pass
        sketch.nodes.append(
            Write(
                id=sketch.next_id(),
                kind=kind,  # type: ignore[arg-type]
                entity=entity.name,
                target=node.id,
                settings=settings,
                each=True,
            )
        )
        return True

    def _alike(
        self,
        sketch: Sketch,
        term: Update,
        rows: Sequence[Row],
        told: set[str],
        rng: random.Random,
    ) -> Setting | None:
        """Choose one new value for all of the rows."""
        entity = self.schema.entity(term.entity)
        fields = [
            field
            for field in (entity.field(argument.field) for argument in term.values)
            if self.changeable.field(entity, field)
            and not field.unique
            and field.role not in ("contact", "person", "label")
            and field.name not in told
        ]
        rng.shuffle(fields)
        for field in fields:
            place = entity.position(field.name)
            value = new_value(self.tables, entity, field, rng.choice(rows)[place], rng)
            if value is not None and all(row[place] != value for row in rows):
                return Setting(field=field.name, fact=sketch.fact(entity.name, field.name, value))
        return None

    def _group(
        self, sketch: Sketch, entity: str, rng: random.Random
    ) -> tuple[Select, list[Row]] | None:
        """Tell of a few rows at once: those that refer to one row, of a kind if it must be."""
        least, most = _EACH
        owner = self.schema.entity(entity)
        relations = [
            relation
            for relation in self.schema.parents(entity)
            if relation.target in self.spoken and self.leads(relation, up=False)
        ]
        if relations and rng.random() < 0.8:
            relation = rng.choice(relations)
            at = self.anchor(
                sketch,
                rng,
                relation.target,
                fits=lambda row: least <= len(self.below(relation, row)),
            )
            if at is None:
                return None
            rows = self.below(relation, at.row)
            links = [Related(relation=relation.name, forward=True, node=at.node)]
            known = list(relation.fields)
        else:
            rows, links, known = list(self.tables.rows(entity)), [], []
        clues: list[tuple[str, str, Stored]] = []
        if not links or len(rows) > most or rng.random() < 0.3:
            kept = self._kind(entity, rows, rng)
            if kept is not None:
                clues, rows = kept
        if not least <= len(rows) <= most or not (links or clues):
            return None
        if not self.readable.finds(entity, [*known, *(name for name, _, _ in clues)]):
            return None
        node = sketch.select(owner.name, clues, links)
        found = next(one for one in sketch.nodes if one.id == node)
        assert isinstance(found, Select)
        rows = self.tables.extent(sketch.plan("multi_write"), node)
        return (found, rows) if least <= len(rows) <= most else None

    def below(self, relation: Relation, row: Row) -> list[Row]:
        """Return the rows that refer to a row."""
        entity = self.schema.entity(relation.target)
        key = tuple(row[entity.position(name)] for name in relation.target_fields)
        return self.tables.lookup(relation.entity, relation.fields, key) if None not in key else []

    def _kind(
        self, entity: str, rows: Sequence[Row], rng: random.Random
    ) -> tuple[list[tuple[str, str, Stored]], list[Row]] | None:
        """Choose a clue that keeps a few of the rows."""
        owner = self.schema.entity(entity)
        fields = [
            field
            for field in owner.fields
            if field.spoken
            and field.role in ("category", "status", "place", "flag", "time")
            and field.type != "datetime"
        ]
        rng.shuffle(fields)
        for field in fields:
            place = owner.position(field.name)
            value = rng.choice(rows)[place] if rows else None
            if not sayable(field, value):
                continue
            kept = [row for row in rows if row[place] == value]
            if _EACH[0] <= len(kept) <= _EACH[1] and len(kept) < len(rows):
                return [(field.name, "eq", value)], kept
        return None
