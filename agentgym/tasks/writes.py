"""Candidates that write: one change, several, or one that must first be found.

In come walks over the rows and the tools that write, out come plans of the families
`update` and `multi_write`. Next: `sample`.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping, Sequence
from functools import partial

from agentgym.formats import Json
from agentgym.plan import Plan, Setting
from agentgym.plan.alone import alone
from agentgym.plan.tables import Tables
from agentgym.rules import In, Move, NoChildren, Rule, fields_of, parts
from agentgym.schema import Relation
from agentgym.schema.types import Row, to_stored, to_wire
from agentgym.tasks.clues import Sketch
from agentgym.tasks.creates import Creator
from agentgym.tasks.values import new_value
from agentgym.tasks.walks import At
from agentgym.tools.algebra import Create, Delete, Link, Tool, Transition, Unlink, Update
from agentgym.tools.derive.rules.ground import Ground

__all__ = ["Writer"]

_CHANGES = (Update, Transition, Delete, Unlink)
"""Terms that change a row that there is."""

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


class Writer(Creator):
    """Draws plans that change rows, by tools that there are.

    Args:
        tables: The rows of the domain as they are at the start.
        tools: Its tools.
        rules: Its rules: rows are chosen that they let be written.
        now: Its clock at the start.
    """

    def __init__(
        self,
        tables: Tables,
        tools: Sequence[Tool],
        rules: Sequence[Rule] = (),
        *,
        now: str = "2024-01-01T00:00:00Z",
    ) -> None:
        super().__init__(tables, tools)
        self.rules = rules
        self.ruled = {tool.name: about for tool in tools if (about := _about(tool, rules))}
        """Tool to the fields of which it must set one to be under a rule; `*` stands for any."""
        rows = {entity.name: tables.rows(entity.name) for entity in self.schema.entities}
        self.ground = Ground(self.schema, rows, tools, now=now, seed=0)
        self._passing: dict[str, set[Row]] = {}

    def single_write(
        self, sketch: Sketch, rng: random.Random, *, ruled: bool = False
    ) -> Plan | None:
        """Change, move, create or delete one described row.

        Args:
            sketch: What is grown.
            rng: The stream to draw from.
            ruled: Only by a tool that asks a rule.
        """
        kinds = ("update", "update", "transition", "create", "create", "delete")
        done = self.one_write(sketch, kinds, rng, ruled=ruled)
        return sketch.plan("update") if done else None

    def read_write(
        self, sketch: Sketch, rng: random.Random, *, least: int = 0, ruled: bool = False
    ) -> Plan | None:
        """Change a row that must first be found over a relation, or add one to such a row.

        Args:
            sketch: What is grown.
            rng: The stream to draw from.
            least: About how many calls the plan shall need.
            ruled: Only by a tool that asks a rule.
        """
        kinds = ("update", "update", "transition", "create", "delete")
        hops = rng.choice((1, 1, 2))
        done = self.one_write(sketch, kinds, rng, hops=hops, least=least, ruled=ruled)
        return sketch.plan("update") if done else None

    def multi_write(
        self, sketch: Sketch, rng: random.Random, *, least: int = 0, ruled: bool = False
    ) -> Plan | None:
        """Two to four writes in one request, around one row or here and there.

        Args:
            sketch: What is grown.
            rng: The stream to draw from.
            least: About how many calls the plan shall need.
            ruled: One of them at least by a tool that asks a rule.
        """
        wanted = rng.choice((3, 3, 4)) if least > 3 else rng.choice((2, 2, 3))
        if rng.random() < 0.6:
            done = self.around(sketch, rng, wanted, ruled=ruled)
            return sketch.plan("multi_write") if done else None
        kinds = ("update", "update", "transition", "create")
        for number in range(wanted):
            hops, first = rng.choice((0, 0, 1)), number == 0
            if not self.one_write(sketch, kinds, rng, hops=hops, ruled=ruled and first):
                return None
        return sketch.plan("multi_write")

    def writing(self, kind: str, *, ruled: bool) -> list[Tool]:
        """List the tools that write in a way, those that ask a rule if it shall be so."""
        return [
            tool
            for tool in self.tools
            for term in (alone(tool.term)[0],)
            if isinstance(term, _KINDS[kind])
            and term.entity in self.spoken  # type: ignore[union-attr]
            and (not ruled or tool.name in self.ruled)
        ]

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
        term, fixed = alone(tool.term)
        if isinstance(term, (Create, Link)):
            return not fixed and self.create(sketch, term, rng, hops=hops, least=least)
        assert isinstance(term, _CHANGES)
        fits = partial(self.passes, tool)
        at = self.stand(sketch, term.entity, rng, hops=hops, least=least, fits=fits)
        return at is not None and self.change(sketch, tool, at, rng, ruled=ruled)

    def passes(self, tool: Tool, row: Row) -> bool:
        """Tell whether the rules that a tool asks may let it write a present row.

        What is said and called before counts as done, and the user as the one to whom it belongs.
        """
        if tool.name not in self._passing:
            term, _ = alone(tool.term)
            assert isinstance(term, _CHANGES)
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

    def change(
        self, sketch: Sketch, tool: Tool, at: At, rng: random.Random, *, ruled: bool = False
    ) -> bool:
        """Change the row on which a walk stands, under a rule if it shall be so."""
        if not self.passes(tool, at.row):
            return False
        term, fixed = alone(tool.term)
        match term:
            case Transition():
                return self.transition(sketch, term, at, rng, to=fixed.get(term.to.param))
            case Update():
                about = self.ruled.get(tool.name, frozenset()) if ruled else frozenset()
                if fixed:
                    met = not about or bool(about & {"*", *(one.field for one in term.values)})
                    return met and self.fixed(sketch, term, at, fixed)
                return self.update(sketch, term, at, rng, about=about)
            case _:
                sketch.write("delete", at.entity, at.node, ())
                return True

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
        for tool, relation, up in (*options, *options):
            facts, nodes = len(sketch.facts), len(sketch.nodes)
            term, fixed = alone(tool.term)
            if isinstance(term, (Create, Link)):
                added = not fixed and self.create(sketch, term, rng, start=at)
            else:
                there = at if relation is None else self.take(sketch, at, relation, rng, up=up)
                added = (
                    there is not None
                    and (there.entity, there.row) not in written
                    and self.change(sketch, tool, there, rng, ruled=ruled and not done)
                )
                if there is not None and added:
                    written.add((there.entity, there.row))
            if not added:
                del sketch.facts[facts:], sketch.nodes[nodes:]
            done += added
            if done == wanted:
                return True
            if ruled and not done:
                return False
        return done > 1

    def near(self, hub: str) -> list[tuple[Tool, Relation | None, bool]]:
        """List the tools that write a row, or one a relation away: with the relation to take."""
        steps = [(r, True) for r in self.schema.parents(hub) if r.target in self.spoken]
        steps += [(r, False) for r in self.schema.children(hub) if r.entity in self.spoken]
        ends = {r.target if up else r.entity: (r, up) for r, up in steps if self.leads(r, up=up)}
        found: list[tuple[Tool, Relation | None, bool]] = []
        for kind in _KINDS:
            for tool in self.writing(kind, ruled=False):
                entity = alone(tool.term)[0].entity  # type: ignore[union-attr]
                if kind == "create":
                    if any(r.target == hub for r in self.schema.parents(entity)):
                        found.append((tool, None, False))
                elif entity == hub:
                    found.append((tool, None, False))
                elif entity in ends:
                    found.append((tool, *ends[entity]))
        return found

    def transition(
        self,
        sketch: Sketch,
        term: Transition,
        at: At,
        rng: random.Random,
        *,
        to: Json = None,
    ) -> bool:
        """Move the row to a state that may follow its own; to one state, where the tool has one."""
        entity = self.schema.entity(term.entity)
        lifecycle = next(
            c
            for c in self.schema.lifecycles
            if c.entity == term.entity and c.field == term.to.field
        )
        state = at.row[entity.position(term.to.field)]
        following = lifecycle.moves.get(str(state), ())
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
        if set(values) != set(fields) or not all(one.spoken for one in fields.values()):
            return False
        clues = {fact.field for fact in sketch.facts if fact.entity == entity.name}
        settings: list[Setting] = []
        for param, value in values.items():
            field = fields[param]
            same = to_wire(field, at.row[entity.position(field.name)]) == value
            if same or value is None or field.role not in _SETTABLE or field.name in clues:
                return False
            fact = sketch.fact(entity.name, field.name, to_stored(field, value))
            settings.append(Setting(field=field.name, fact=fact))
        sketch.write("update", at.entity, at.node, settings)
        return True

    def update(
        self,
        sketch: Sketch,
        term: Update,
        at: At,
        rng: random.Random,
        *,
        about: Collection[str] = (),
    ) -> bool:
        """Give the row a new value or two.

        Args:
            sketch: What is grown.
            term: What the tool does.
            at: The row.
            rng: The stream to draw from.
            about: Fields of which one must be set, `*` for any; none where that is all the same.
        """
        entity = self.schema.entity(term.entity)
        fields = [entity.field(argument.field) for argument in term.values]
        clues = {fact.field for fact in sketch.facts if fact.entity == entity.name}
        fields = [f for f in fields if f.spoken and f.role in _SETTABLE and f.name not in clues]
        rng.shuffle(fields)
        if about and "*" not in about:
            fields.sort(key=lambda field: field.name not in about)
        settings: list[Setting] = []
        wanted = 1 if rng.random() < 0.8 else 2
        for field in fields:
            value = new_value(self.tables, entity, field, at.row[entity.position(field.name)], rng)
            if value is None:
                continue
            if about and not settings and not {"*", field.name} & set(about):
                return False
            private = field.type == "text" and not settings and rng.random() < 0.3
            fact = sketch.fact(entity.name, field.name, value, private=private)
            settings.append(Setting(field=field.name, fact=fact))
            if len(settings) == wanted:
                break
        if settings:
            sketch.write("update", at.entity, at.node, settings)
        return bool(settings)


def _about(tool: Tool, rules: Sequence[Rule]) -> frozenset[str]:
    """Name the fields of which a tool must set one for a rule to be met; `*` for any."""
    term, _ = alone(tool.term)
    match term:
        case Create():
            kind, fields = "create", {a.field for a in term.values if a.required}
        case Link():
            kind, fields = "create", {a.field for a in (*term.ends, *term.values)}
        case Update():
            kind, fields = "update", {a.field for a in term.values}
        case Transition():
            kind, fields = "update", {term.to.field}
        case Delete() | Unlink():
            kind, fields = "delete", set[str]()
        case _:
            return frozenset()
    found: set[str] = set()
    for rule in rules:
        if rule.id not in tool.guards or rule.entity != term.entity or kind not in rule.on:
            continue
        if rule.kind != "invariant":
            found |= fields & set(rule.fields) if rule.fields and kind == "update" else {"*"}
            continue
        speaks = list(parts(rule.predicate))
        moves = any(isinstance(part, Move) for part in speaks)
        if not any(isinstance(part, (NoChildren, In)) for part in speaks) and not (
            moves and kind == "create"
        ):
            met = fields & fields_of(rule.predicate)
            found |= met if kind == "update" else {"*"} if met else set()
    return frozenset(found)
