"""Candidates that write, the parts: standing on a row that is to be written, and making new rows.

In come walks over the rows and a tool's term, out comes a write in the sketch. Next: `writes`.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from agentgym.plan import Setting
from agentgym.schema.types import Stored
from agentgym.tasks.clues import Sketch, sayable
from agentgym.tasks.values import like_a_row, new_value
from agentgym.tasks.walks import At, Fits, Walker
from agentgym.tasks.writing.fields import Changeable
from agentgym.tools.algebra import Create, Link

__all__ = ["Creator"]


class Creator(Walker):
    """Finds the rows that writes are about, and draws new rows that belong to them."""

    changeable: Changeable
    """What a person would change."""
    now: str
    """The clock at the start."""

    def stand(
        self,
        sketch: Sketch,
        entity: str,
        rng: random.Random,
        *,
        hops: int,
        least: int,
        fits: Fits | None = None,
    ) -> At | None:
        """Stand on a row of the entity that is to be written, or that a new one refers to."""
        if hops == 0 and least <= 2:
            if rng.random() < 0.15:
                at = self.extreme(sketch, entity, rng)
                if at is not None:
                    return at if fits is None or fits(at.row) else None
            return self.anchor(sketch, rng, entity, fits=fits)
        if least <= 2:
            at = self.reach(sketch, entity, rng, hops)
            return at if at is None or fits is None or fits(at.row) else None
        nodes = rng.choice((least - 1, least - 1, least))
        route = self.routes.to(entity, rng, nodes=nodes, least=least - 1, shown=False)
        return self.along(sketch, route, rng, fits=fits) if route else None

    def extreme(self, sketch: Sketch, entity: str, rng: random.Random) -> At | None:
        """Stand on the row of an entity with the largest or smallest value, of some kind or all."""
        owner = self.schema.entity(entity)
        rows = list(self.tables.rows(entity))
        if not owner.spoken or len(rows) < 3:
            return None
        kinds = [f for f in owner.fields if f.spoken and f.role in ("category", "status", "place")]
        rng.shuffle(kinds)
        clues: list[tuple[str, str, Stored]] = []
        for field in kinds[:1]:
            value = rng.choice(rows)[owner.position(field.name)]
            kept = [row for row in rows if row[owner.position(field.name)] == value]
            if sayable(field, value) and 2 < len(kept) < len(rows):
                clues, rows = [(field.name, "eq", value)], kept
        found = self.pick(owner, rows, rng, known=[name for name, _, _ in clues])
        if found is None:
            return None
        pick, row = found
        facts, nodes = len(sketch.facts), len(sketch.nodes)
        node = sketch.select(entity, clues, (), pick)
        if self.tables.extent(sketch.plan("update"), node) == [row]:
            return At(node=node, entity=entity, row=row)
        del sketch.facts[facts:], sketch.nodes[nodes:]
        return None

    def reach(
        self,
        sketch: Sketch,
        entity: str,
        rng: random.Random,
        hops: int,
        *,
        then: tuple[str, bool] | None = None,
    ) -> At | None:
        """Stand on a row of the entity, described directly or from rows around it.

        Args:
            sketch: What is grown.
            entity: Where to stand.
            rng: The stream to draw from.
            hops: From how far away.
            then: The relation that is taken next, and whether towards the parent.
        """
        if hops == 0:
            return self.anchor(sketch, rng, entity)
        options = [(r, False) for r in self.schema.parents(entity) if r.target in self.spoken]
        options += [(r, True) for r in self.schema.children(entity) if r.entity in self.spoken]
        options = [
            (r, up)
            for r, up in options
            if (then is None or (r.name, not up) != then) and (up or self.leads(r, up=False))
        ]
        if not options:
            return None
        relation, up = rng.choice(options)
        start = relation.entity if up else relation.target
        before = self.reach(sketch, start, rng, hops - 1, then=(relation.name, up))
        return None if before is None else self.take(sketch, before, relation, rng, up=up)

    def create(
        self,
        sketch: Sketch,
        term: Create | Link,
        rng: random.Random,
        *,
        hops: int = 0,
        least: int = 0,
        start: At | None = None,
        preset: Mapping[str, Stored] | None = None,
        loose: bool = False,
    ) -> bool:
        """Make a new row that belongs to rows that clues describe.

        Args:
            sketch: What is grown.
            term: What the tool does.
            rng: The stream to draw from.
            hops: From how far away the first of those rows is found.
            least: About how many calls it shall take; overrides `hops`.
            start: A row that it shall belong to.
            preset: Values that some fields shall get.
            loose: Values may be taken already.

        Returns:
            Whether it was added; if not, the sketch is as it was.
        """
        facts, nodes = len(sketch.facts), len(sketch.nodes)
        settings = self.settings(
            sketch, term, rng, hops=hops, least=least, start=start, preset=preset or {}
        )
        values = {setting.field: value for setting, value in settings}
        if not settings or len(settings) > 6 or (not loose and self.taken(term, values)):
            del sketch.facts[facts:], sketch.nodes[nodes:]
            return False
        sketch.write("create", term.entity, None, [setting for setting, _ in settings])
        return True

    def taken(self, term: Create | Link, values: Mapping[str, Stored]) -> bool:
        """Tell whether a present row has the key, or the unique values, of a new one."""
        entity = self.schema.entity(term.entity)
        sets = [entity.key, *entity.uniques, *((f.name,) for f in entity.fields if f.unique)]
        if isinstance(term, Link):
            sets.append(tuple(end.field for end in term.ends))
        return any(
            set(fields) <= values.keys()
            and self.tables.lookup(entity.name, fields, tuple(values[name] for name in fields))
            for fields in sets
        )

    def settings(
        self,
        sketch: Sketch,
        term: Create | Link,
        rng: random.Random,
        *,
        hops: int,
        least: int,
        start: At | None,
        preset: Mapping[str, Stored],
    ) -> list[tuple[Setting, Stored]]:
        """Choose where the values of a new row come from, and which they are.

        Returns:
            None of them where some cannot be had.
        """
        entity = self.schema.entity(term.entity)
        settings: list[tuple[Setting, Stored]] = []
        referred = {name: r for r in self.schema.parents(entity.name) for name in r.fields}
        anchors: dict[str, At] = {}
        model = like_a_row(
            self.tables,
            entity,
            rng,
            now=self.now,
            ahead=lambda field: self.changeable.ahead(entity, field),
        )
        ends = term.ends if isinstance(term, Link) else ()
        if isinstance(term, Create) and any(nested.least for nested in term.nested):
            return []
        for argument in (*ends, *term.values):
            field = entity.field(argument.field)
            relation = referred.get(field.name)
            optional = not argument.required and argument not in ends
            wanted = relation is not None and start is not None and relation.target == start.entity
            given = preset.get(field.name) if relation is None else None
            if optional and not wanted and given is None:
                kept = not self.changeable.field(entity, field)
                if relation is not None or kept or rng.random() < 0.7:
                    continue
            if relation is not None:
                at = anchors.get(relation.name)
                if at is None and wanted and start not in anchors.values():
                    at = start
                if at is None:
                    at = self.kin(sketch, relation.target, (start, *anchors.values()), rng)
                if at is None:
                    far = not anchors and start is None
                    at = self.stand(
                        sketch,
                        relation.target,
                        rng,
                        hops=hops if far else 0,
                        least=least if far else 0,
                    )
                if at is None:
                    return []
                anchors[relation.name] = at
                source = relation.target_fields[relation.fields.index(field.name)]
                place = self.schema.entity(at.entity).position(source)
                setting = Setting(field=field.name, node=at.node, source=source)
                settings.append((setting, at.row[place]))
                continue
            value = given
            if value is None and field.spoken and sayable(field, model.get(field.name)):
                value = model[field.name]
            elif value is None and field.spoken and field.role not in ("key", "secret", "audit"):
                value = new_value(self.tables, entity, field, None, rng)
            if value is None and optional:
                continue
            if value is None:
                return []
            fact = sketch.fact(entity.name, field.name, value)
            settings.append((Setting(field=field.name, fact=fact), value))
        placed = start is None or start in anchors.values()
        return settings if placed and (anchors or not (hops or least)) else []

    def kin(
        self, sketch: Sketch, entity: str, known: Sequence[At | None], rng: random.Random
    ) -> At | None:
        """Go to a row of the entity that is related to one that is known, now and then."""
        for at in known:
            if at is None or rng.random() < 0.3:
                continue
            for relation, up in self.steps(at):
                if (relation.target if up else relation.entity) == entity:
                    found = self.take(sketch, at, relation, rng, up=up)
                    if found is not None:
                        return found
        return None
