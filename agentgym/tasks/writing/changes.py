"""One write in a sketch: a row is found, and a tool's term says what is done to it.

In come walks over the rows and the tools that write, out comes a write at the end of the
sketch. Next: `several`.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property, partial

from agentgym.formats import Json
from agentgym.plan import Setting, Write
from agentgym.plan.alone import alone
from agentgym.schema import Entity, Field
from agentgym.schema.types import Row, Stored, to_stored, to_wire
from agentgym.tasks.clues import Sketch, sayable
from agentgym.tasks.values import apart, moved, new_value
from agentgym.tasks.walks import At
from agentgym.tasks.writing.copies import Copies, clue_fields_of
from agentgym.tasks.writing.trial import KINDS, ONE
from agentgym.tools.algebra import Create, Delete, Link, Tool, Transition, Unlink, Update

__all__ = ["CHANGES", "Changes", "last_write"]

CHANGES = (Update, Transition, Delete, Unlink)
"""Terms that change a row that there is."""

_CLOSE = 3
"""Days within which two times of a row belong together."""


class Changes(Copies):
    """Adds writes to sketches, by tools that there are."""

    # tools

    def writing(self, kind: str, *, ruled: bool = False) -> list[Tool]:
        """List the tools that write in a way, those that ask a rule if it shall be so."""
        return [
            tool
            for tool in self.tools
            for term in (alone(tool.term)[0],)
            if isinstance(term, ONE)
            and isinstance(term, KINDS[kind])
            and self.changeable.entity(self.schema.entity(term.entity))
            and (not ruled or tool.name in self.ruled)
        ]

    @cached_property
    def writers(self) -> list[Tool]:
        """The tools that write one row of what a person would have changed."""
        return [tool for kind in KINDS for tool in self.writing(kind)]

    def one_write(
        self,
        sketch: Sketch,
        kinds: Sequence[str],
        rng: random.Random,
        *,
        hops: int = 0,
        least: int = 0,
        ruled: bool = False,
    ) -> bool:
        """Add one write to the sketch; False where the draw came to nothing.

        Args:
            sketch: What is grown.
            kinds: To choose from, the likely ones several times.
            rng: The stream to draw from.
            hops: From how far away the row is found.
            least: About how many calls it shall take; overrides `hops`.
            ruled: Only by a tool that asks a rule.
        """
        options = {kind: self.writing(kind, ruled=ruled) for kind in dict.fromkeys(kinds)}
        kinds = [kind for kind in kinds if options[kind]]
        if not kinds:
            return False
        tool = rng.choice(options[rng.choice(kinds)])
        return self.by_tool(sketch, tool, rng, hops=hops, least=least, ruled=ruled)

    def by_tool(
        self,
        sketch: Sketch,
        tool: Tool,
        rng: random.Random,
        *,
        hops: int = 0,
        least: int = 0,
        ruled: bool = False,
    ) -> bool:
        """Add one write by a tool to the sketch; see `one_write`."""
        term, fixed = alone(tool.term)
        if isinstance(term, (Create, Link)):
            return not fixed and self.create(sketch, term, rng, hops=hops, least=least)
        assert isinstance(term, CHANGES)
        fits = partial(self.passes, tool)
        at = self.stand(sketch, term.entity, rng, hops=hops, least=least, fits=fits)
        return at is not None and self.change(sketch, tool, at, rng, ruled=ruled)

    def passes(self, tool: Tool, row: Row) -> bool:
        """Tell whether the rules that a tool asks may let it write a present row.

        What is said and called before counts as done, and the user as the one to whom it belongs.
        """
        if tool.name not in self._passing:
            term, _ = alone(tool.term)
            assert isinstance(term, CHANGES)
            entity = term.entity
            kind = "delete" if isinstance(term, (Delete, Unlink)) else "update"
            asked = [
                rule.predicate
                for rule in self.rules
                if rule.id in tool.guards
                and (rule.kind != "invariant" or kind == "delete")
                and rule.entity == entity
                and kind in rule.on
            ]
            held = [self.ground.held(predicate, entity) for predicate in asked]
            if kind == "delete":
                held.append(self.ground.free(entity))
            self._passing[tool.name] = {
                row
                for row, *passed in zip(self.tables.rows(entity), *held, strict=True)
                if all(passed)
            }
        return row in self._passing[tool.name]

    # changes of a row

    def change(
        self,
        sketch: Sketch,
        tool: Tool,
        at: At,
        rng: random.Random,
        *,
        ruled: bool = False,
        preset: Mapping[str, Stored] | None = None,
        tried: bool = True,
        plain: bool = False,
    ) -> bool:
        """Change the row on which a walk stands.

        Args:
            sketch: What is grown.
            tool: What it is changed by.
            at: Where the walk stands.
            rng: The stream to draw from.
            ruled: Only under a rule.
            preset: Values that some fields shall get.
            tried: Whether the rules must let the row be written.
            plain: Give it new values that are told, and none that are copied or worked out.
        """
        if tried and not self.passes(tool, at.row):
            return False
        term, fixed = alone(tool.term)
        given = dict(preset or {})
        match term:
            case Transition():
                to = fixed.get(term.to.param)
                return self.move(sketch, term, at, rng, to=to, forced=given.get(term.to.field))
            case Update():
                about = self.ruled.get(tool.name, frozenset()) if ruled else frozenset()
                if fixed:
                    met = not about or bool(about & {"*", *(one.field for one in term.values)})
                    return met and self.fixed(sketch, term, at, fixed)
                return self.renew(sketch, term, at, rng, about=about, preset=given, plain=plain)
            case _:
                sketch.write("delete", at.entity, at.node, ())
                return True

    def move(
        self,
        sketch: Sketch,
        term: Transition,
        at: At,
        rng: random.Random,
        *,
        to: Json = None,
        forced: Stored = None,
    ) -> bool:
        """Move the row to a state that may follow its own; to one state, where the tool has one.

        Args:
            sketch: What is grown.
            term: What the tool does.
            at: The row.
            rng: The stream to draw from.
            to: The one state of the tool.
            forced: A state that is tried though it may not follow.
        """
        entity = self.schema.entity(term.entity)
        cycles = [
            c
            for c in self.schema.lifecycles
            if c.entity == term.entity and c.field == term.to.field
        ]
        state = at.row[entity.position(term.to.field)]
        following = cycles[0].moves.get(str(state), ()) if cycles else ()
        if forced is not None:
            following = (str(forced),) if forced != state else ()
        if to is not None:
            following = tuple(one for one in following if one == to)
        if not following or not entity.field(term.to.field).spoken:
            return False
        fact = sketch.fact(entity.name, term.to.field, rng.choice(following))
        sketch.write("transition", at.entity, at.node, [Setting(field=term.to.field, fact=fact)])
        return True

    def fixed(self, sketch: Sketch, term: Update, at: At, values: Mapping[str, Json]) -> bool:
        """Give the row the values that the tool itself sets; False where it has them."""
        entity = self.schema.entity(term.entity)
        fields = {one.param: entity.field(one.field) for one in term.values}
        if set(values) != set(fields):
            return False
        clues = clue_fields_of(sketch, entity.name)
        settings: list[Setting] = []
        for param, value in values.items():
            field = fields[param]
            same = to_wire(field, at.row[entity.position(field.name)]) == value
            if same or value is None or field.name in clues:
                return False
            if not self.changeable.field(entity, field):
                return False
            fact = sketch.fact(entity.name, field.name, to_stored(field, value))
            settings.append(Setting(field=field.name, fact=fact))
        sketch.write("update", at.entity, at.node, settings)
        return True

    def renew(
        self,
        sketch: Sketch,
        term: Update,
        at: At,
        rng: random.Random,
        *,
        about: Collection[str] = (),
        preset: Mapping[str, Stored] | None = None,
        plain: bool = False,
        wanted: int | None = None,
    ) -> bool:
        """Give the row a new value or two.

        Args:
            sketch: What is grown.
            term: What the tool does.
            at: The row.
            rng: The stream to draw from.
            about: Fields of which one must be set, `*` for any; none where that is all the same.
            preset: Values that some fields shall get.
            plain: Only values that are told.
            wanted: How many fields; drawn if not said.
        """
        entity = self.schema.entity(term.entity)
        if preset:
            return self._preset(sketch, entity, at, preset)
        clues = clue_fields_of(sketch, entity.name)
        fields = [
            field
            for field in (entity.field(argument.field) for argument in term.values)
            if self.changeable.field(entity, field) and field.name not in clues
        ]
        rng.shuffle(fields)
        if about and "*" not in about:
            fields.sort(key=lambda field: field.name not in about)
        settings: list[Setting] = []
        wanted = wanted or (1 if rng.random() < 0.8 else 2)
        for field in fields:
            if about and not settings and not {"*", field.name} & set(about):
                return False
            setting = None
            if field.type in ("date", "datetime"):
                together = self.times(entity, at.row, field, fields, rng)
                facts = {name: sketch.fact(entity.name, name, v) for name, v in together.items()}
                settings += [Setting(field=name, fact=fact) for name, fact in facts.items()]
                if len(settings) >= wanted:
                    break
                continue
            if not plain and not settings and rng.random() < 0.3:
                setting = self.copied(sketch, at, entity, field, rng)
            if setting is None:
                old = at.row[entity.position(field.name)]
                value = new_value(self.tables, entity, field, old, rng)
                if value is None:
                    continue
                private = field.type == "text" and not settings and rng.random() < 0.3
                fact = sketch.fact(entity.name, field.name, value, private=private)
                setting = Setting(field=field.name, fact=fact)
            settings.append(setting)
            if len(settings) == wanted:
                break
        if settings:
            sketch.write("update", at.entity, at.node, settings)
        return bool(settings)

    def times(
        self,
        entity: Entity,
        row: Row,
        field: Field,
        settable: Sequence[Field],
        rng: random.Random,
    ) -> dict[str, Stored]:
        """Draw a new time, and with it those that lie close to it: a start and its end.

        Returns:
            Field to stored value; nothing where a time that has to go with it cannot be set.
        """
        old = row[entity.position(field.name)]
        if old is None:
            value = new_value(self.tables, entity, field, None, rng)
            return {} if value is None else {field.name: value}
        others = {
            other.name: str(row[entity.position(other.name)])
            for other in entity.fields
            if other.type in ("date", "datetime")
            and other.name != field.name
            and row[entity.position(other.name)] is not None
        }
        days = rng.choice((1, 2, 3, 5, 7, 10, 14, 21, 28, -1, -2, -7))
        near = {name for name, value in others.items() if apart(str(old), value) <= _CLOSE}
        if not near <= {one.name for one in settable}:
            return {}
        found: dict[str, Stored] = {}
        for name in (field.name, *sorted(near)):
            value = moved(str(row[entity.position(name)]), days)
            if value is None or not sayable(entity.field(name), value):
                return {}
            found[name] = value
        new = str(found[field.name])[:10]
        for name in others.keys() - near:
            limit = others[name][:10]
            if (str(old)[:10] <= limit) != (new <= limit):
                return {}
        return found

    def _preset(self, sketch: Sketch, entity: Entity, at: At, preset: Mapping[str, Stored]) -> bool:
        settings = []
        clues = clue_fields_of(sketch, entity.name)
        for name, value in preset.items():
            same = value == at.row[entity.position(name)]
            if same or name in clues or not sayable(entity.field(name), value):
                return False
            settings.append(Setting(field=name, fact=sketch.fact(entity.name, name, value)))
        sketch.write("update", at.entity, at.node, settings)
        return True


def last_write(sketch: Sketch) -> Write:
    """Return the write that was added last."""
    found = sketch.nodes[-1]
    assert isinstance(found, Write)
    return found
