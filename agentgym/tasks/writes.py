"""Candidates that write: one change, several, or one that must first be found.

In come walks over the rows and the tools that write, out come plans of the families
`single_write`, `multi_write` and `read_write`. Next: `sample`.
"""

from __future__ import annotations

import random

from agentgym.plan import Plan, Setting
from agentgym.tasks.clues import Sketch
from agentgym.tasks.values import new_value
from agentgym.tasks.walks import At, Walker
from agentgym.tools.algebra import Create, Delete, Link, Transition, Unlink, Update

__all__ = ["Writer"]

_KINDS: dict[str, tuple[type, ...]] = {
    "update": (Update,),
    "transition": (Transition,),
    "create": (Create, Link),
    "delete": (Delete, Unlink),
}

_SETTABLE = (
    "contact",
    "category",
    "place",
    "quantity",
    "money",
    "measure",
    "time",
    "flag",
    "person",
    "label",
    "other",
)


class Writer(Walker):
    """Draws plans that change rows, by tools that there are."""

    def single_write(self, sketch: Sketch, rng: random.Random) -> Plan | None:
        """Change, move, create or delete one described row."""
        kind = rng.choice(("update", "update", "transition", "create", "create", "delete"))
        done = self.one_write(sketch, kind, rng, hops=0)
        return sketch.plan("single_write") if done else None

    def read_write(self, sketch: Sketch, rng: random.Random) -> Plan | None:
        """Change a row that must first be found over a relation, or by another row's value."""
        kind = rng.choice(("update", "update", "transition", "delete"))
        done = self.one_write(sketch, kind, rng, hops=rng.choice((1, 1, 2)))
        return sketch.plan("read_write") if done else None

    def multi_write(self, sketch: Sketch, rng: random.Random) -> Plan | None:
        """Two to three writes in one request."""
        for _ in range(rng.choice((2, 2, 3))):
            kind = rng.choice(("update", "update", "transition", "create"))
            if not self.one_write(sketch, kind, rng, hops=rng.choice((0, 0, 1))):
                return None
        return sketch.plan("multi_write")

    def one_write(self, sketch: Sketch, kind: str, rng: random.Random, hops: int) -> bool:
        """Add one write to the sketch; False where the draw came to nothing."""
        terms = [tool.term for tool in self.tools if isinstance(tool.term, _KINDS[kind])]
        terms = [term for term in terms if term.entity in self.spoken]  # type: ignore[union-attr]
        if not terms:
            return False
        term = rng.choice(terms)
        assert isinstance(term, (Update, Transition, Create, Delete, Link, Unlink))
        if isinstance(term, (Create, Link)):
            return self.create(sketch, term, rng)
        at = self.reach(sketch, term.entity, rng, hops)
        if at is None:
            return False
        if isinstance(term, (Delete, Unlink)):
            if any(self.children(at, relation) for relation in self.schema.children(at.entity)):
                return False
            sketch.write("delete", at.entity, at.node, ())
            return True
        if isinstance(term, Transition):
            return self.transition(sketch, term, at, rng)
        return self.update(sketch, term, at, rng)

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
        options = [(r, up) for r, up in options if then is None or (r.name, not up) != then]
        if not options:
            return None
        relation, up = rng.choice(options)
        start = relation.entity if up else relation.target
        before = self.reach(sketch, start, rng, hops - 1, then=(relation.name, up))
        if before is None:
            return None
        if up:
            return self.up(sketch, before, relation)
        return self.down(sketch, before, relation, rng)

    def transition(self, sketch: Sketch, term: Transition, at: At, rng: random.Random) -> bool:
        """Move the row to a state that may follow its own."""
        entity = self.schema.entity(term.entity)
        lifecycle = next(
            c
            for c in self.schema.lifecycles
            if c.entity == term.entity and c.field == term.to.field
        )
        state = at.row[entity.position(term.to.field)]
        following = lifecycle.moves.get(str(state), ())
        if not following or not entity.field(term.to.field).spoken:
            return False
        fact = sketch.fact(entity.name, term.to.field, rng.choice(following))
        sketch.write("transition", at.entity, at.node, [Setting(field=term.to.field, fact=fact)])
        return True

    def update(self, sketch: Sketch, term: Update, at: At, rng: random.Random) -> bool:
        """Give the row a new value or two."""
        entity = self.schema.entity(term.entity)
        fields = [entity.field(argument.field) for argument in term.values]
        clues = {fact.field for fact in sketch.facts if fact.entity == entity.name}
        fields = [f for f in fields if f.spoken and f.role in _SETTABLE and f.name not in clues]
        rng.shuffle(fields)
        settings: list[Setting] = []
        wanted = 1 if rng.random() < 0.8 else 2
        for field in fields:
            value = new_value(self.tables, entity, field, at.row[entity.position(field.name)], rng)
            if value is None:
                continue
            private = field.type == "text" and not settings and rng.random() < 0.3
            fact = sketch.fact(entity.name, field.name, value, private=private)
            settings.append(Setting(field=field.name, fact=fact))
            if len(settings) == wanted:
                break
        if settings:
            sketch.write("update", at.entity, at.node, settings)
        return bool(settings)

    def create(self, sketch: Sketch, term: Create | Link, rng: random.Random) -> bool:
        """Make a new row that belongs to rows that clues describe."""
        entity = self.schema.entity(term.entity)
        settings: list[Setting] = []
        referred = {name: r for r in self.schema.parents(entity.name) for name in r.fields}
        anchors: dict[str, At] = {}
        ends = term.ends if isinstance(term, Link) else ()
        if isinstance(term, Create) and any(nested.least for nested in term.nested):
            return False
        for argument in (*ends, *term.values):
            field = entity.field(argument.field)
            relation = referred.get(field.name)
            optional = not argument.required and argument not in ends
            if optional and (relation is not None or rng.random() < 0.7):
                continue
            if relation is not None:
                at = anchors.get(relation.name) or self.anchor(sketch, rng, relation.target)
                if at is None:
                    return False
                anchors[relation.name] = at
                source = relation.target_fields[relation.fields.index(field.name)]
                settings.append(Setting(field=field.name, node=at.node, source=source))
                continue
            value = (
                new_value(self.tables, entity, field, None, rng)
                if field.spoken and field.role not in ("key", "secret", "audit")
                else None
            )
            if value is None and optional:
                continue
            if value is None:
                return False
            settings.append(
                Setting(field=field.name, fact=sketch.fact(entity.name, field.name, value))
            )
        if not settings or len(settings) > 6:
            return False
        sketch.write("create", entity.name, None, settings)
        return True
