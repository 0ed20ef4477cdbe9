"""Plans of every kind of node, drawn over rows; and a second reading of them, row by row.

`wide` draws a schema, rows and a plan; `naive` reads its selects from the definitions alone.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from hypothesis import strategies as st
from msgspec.structs import replace
from strategies_plans import CLINIC, Builder, entity, field, relation

from agentgym.formats import Json
from agentgym.plan import (
    Aggregated,
    Choose,
    Computed,
    Emit,
    Fact,
    Guard,
    Later,
    Limit,
    Link,
    Node,
    Party,
    Pick,
    Plan,
    Refuse,
    Select,
    Setting,
    Shift,
    Test,
    Value,
    Where,
    Write,
)
from agentgym.schema import Entity, Field, Relation, Schema
from agentgym.schema.types import ORDERED, Row, Rows, Stored, to_wire

_NODES = 8
"""Nodes after which a plan stops to grow."""

SITES = Schema(
    entities=(
        Entity(
            name="site",
            label="site",
            plural="sites",
            key=("country", "number"),
            fields=(
                field("country", "text", "key"),
                field("number", "integer", "key"),
                field("name", "text", "label", nullable=True),
                field("opened", "date", "time", nullable=True),
                field("floors", "integer", "quantity", nullable=True),
            ),
        ),
        Entity(
            name="box",
            label="box",
            plural="boxes",
            key=("id",),
            key_source="counter",
            fields=(
                field("id", "integer", "key"),
                field("site_country", "text", "reference", nullable=True),
                field("site_number", "integer", "reference", nullable=True),
                field("parent_id", "integer", "reference", nullable=True),
                field("label", "text", "label", nullable=True),
                field("price", "decimal", "money", scale=2, nullable=True),
                field("weight", "float", "measure", nullable=True),
                field("packed_at", "datetime", "time", nullable=True),
                field("sealed", "boolean", "flag", nullable=True),
            ),
        ),
    ),
    relations=(
        Relation(
            name="box_site",
            entity="box",
            fields=("site_country", "site_number"),
            target="site",
            target_fields=("country", "number"),
            label="site",
            inverse="boxes",
        ),
        relation("box", "parent_id", "box", "parent", "parts"),
    ),
)
"""A reference over two fields, and one to the same entity."""

TWO = Schema(
    entities=(
        entity(
            "owner", "owners", field("name", "text", "label"), field("age", "integer", "quantity")
        ),
        entity(
            "pet",
            "pets",
            field("name", "text", "label", nullable=True),
            field("cost", "decimal", "money", scale=2, nullable=True),
            references=("owner_id",),
        ),
    ),
    relations=(relation("pet", "owner_id", "owner"),),
)

_TEXTS = ("a", "A", "Straße 7", "STRASSE 7", "é", "É", "b c", "7 samurai", "77", "")
_OF = {
    "date": ("year", "month", "decade"),
    "datetime": ("year", "month", "decade"),
    "text": ("initial", "ending", "letters", "words"),
    "enum": ("initial", "letters"),
    "integer": ("digit_sum", "remainder"),
    "decimal": ("remainder", "digit_sum"),
    "float": ("remainder",),
}


def stored(one: Field) -> st.SearchStrategy[Stored]:
    """Draw stored values from so few that they meet."""
    values: st.SearchStrategy[Stored]
    match one.type:
        case "integer" | "decimal":
            values = st.sampled_from((-12, 0, 1, 2, 3, 12, 300))
        case "float":
            values = st.sampled_from((0.1, 0.2, 2.5))
        case "boolean":
            values = st.integers(0, 1)
        case "date":
            values = st.sampled_from(("2019-12-31", "2024-01-01", "2024-02-29"))
        case "datetime":
            values = st.sampled_from(("2024-01-01T00:00:00Z", "2031-01-01T10:00:00Z"))
        case "enum":
            values = st.sampled_from(one.values or ())
        case _:
            values = st.sampled_from(_TEXTS)
    if one.role == "key":
        return st.integers(1, 6) if one.type == "integer" else st.sampled_from(("a", "B"))
    if one.role == "reference":
        return st.none() | (
            st.integers(1, 6) if one.type == "integer" else st.sampled_from(("a", "B"))
        )
    return st.none() | values


@st.composite
def worlds(draw: Any, schema: Schema, most: int = 6) -> dict[str, tuple[Row, ...]]:
    """Draw rows that know nothing of references or uniques, but for distinct keys."""
    found = {}
    for one in schema.entities:
        rows = draw(st.lists(st.tuples(*map(stored, one.fields)), max_size=most))
        places = [one.position(name) for name in one.key]
        found[one.name] = tuple({tuple(r[p] for p in places): r for r in rows}.values())
    return found


class Wide(Builder):
    """Draws plans of every kind of node."""

    def __init__(self, draw: Any, schema: Schema, rows: Rows) -> None:
        super().__init__(draw, schema)
        self.rows = rows
        self.party: Party | None = None

    def chance(self, of: int) -> bool:
        """Draw a yes, once in so many times."""
        return bool(self.draw(st.integers(0, of - 1)) == 0)

    def told(self, name: str, one: Field, value: Json, exposure: str = "instruction") -> str:
        """Add a fact of a value."""
        made = Fact(
            id=f"f{len(self.facts) + 1}",
            entity=name,
            field=one.name,
            value=value,
            exposure=exposure,  # type: ignore[arg-type]
        )
        self.facts.append(made)
        return made.id

    def known(self, name: str, one: Field) -> str:
        """Add a fact, of a row if there is one."""
        place = self.schema.entity(name).position(one.name)
        column = [row[place] for row in self.rows.get(name, ()) if row[place] is not None]
        value = self.draw(st.sampled_from(column) if column and not self.chance(5) else stored(one))
        if value is None:
            value = self.draw(stored(one).filter(lambda v: v is not None))
        told = to_wire(one, value)
        if isinstance(told, str) and one.type == "text" and self.draw(st.booleans()):
            told = told.swapcase()
        return self.told(name, one, told)

    def clue(self, name: str) -> Where:
        """Draw a clue."""
        one = self.draw(st.sampled_from(self.speakable(name)))
        measures = _OF.get(one.type, ())
        if measures and self.chance(3):
            of = self.draw(st.sampled_from(measures))
            if of in ("initial", "ending"):
                value: Json = self.draw(st.sampled_from(("A", "a", "E", "É", "C", "S", "B")))
            elif of in ("year", "decade"):
                value = self.draw(st.sampled_from((2010, 2019, 2020, 2024, 2030)))
            else:
                value = self.draw(st.integers(0, 6))
            ordered = ("eq", "ne", "lt", "le", "gt", "ge")
            legal: Any = ordered[:2] if of == "remainder" else ordered
            return Where(
                field=one.name,
                op=self.draw(st.sampled_from(legal)),
                fact=self.told(name, one, value),
                of=of,
            )
        ops: Any = ("eq", "eq", "ne")
        if one.type in ORDERED:
            ops += ("lt", "le", "gt", "ge")
        if one.type == "text" and self.chance(2):
            part = self.draw(st.sampled_from(("a", "STR", "7", " ", "zz", "é")))
            return Where(field=one.name, op="contains", fact=self.told(name, one, part))
        return Where(field=one.name, op=self.draw(st.sampled_from(ops)), fact=self.known(name, one))

    def select(self, name: str, hops: int, *, many: bool = False) -> str:
        """Draw a select with whatever a select can have below it."""
        if self.party is not None and self.party.entity == name and self.chance(3):
            return self.add(lambda id_: Select(id=id_, entity=name, me=True))
        if len(self.nodes) > _NODES:
            hops = 0
        links: list[Link] = []
        among: tuple[str, ...] = ()
        around = [(r, True) for r in self.schema.parents(name)]
        around += [(r, False) for r in self.schema.children(name)]
        while hops and around and len(links) < 2 and not self.chance(3):
            via, forward = self.draw(st.sampled_from(around))
            target = via.target if forward else via.entity
            old = [n.id for n in self.nodes if isinstance(n, Select) and n.entity == target]
            below = (
                self.draw(st.sampled_from(old))
                if old and self.chance(3)
                else self.select(target, hops - 1)
            )
            links.append(
                Link(relation=via.name, forward=forward, node=below, absent=self.chance(4))
            )
        if hops and self.chance(4):
            among = tuple(self.select(name, hops - 1) for _ in range(self.draw(st.integers(2, 3))))
        wheres = tuple(self.clue(name) for _ in range(self.draw(st.integers(0, 2))))
        ordered = [f for f in self.speakable(name) if f.type in ORDERED]
        pick = None
        if ordered and not many and self.chance(4):
            best = self.draw(st.sampled_from(ordered))
            pick = Pick(field=best.name, largest=self.draw(st.booleans()))
        return self.add(
            lambda id_: Select(
                id=id_, entity=name, where=wheres, links=tuple(links), pick=pick, among=among
            )
        )

    def value(self, deep: int = 2) -> Value:
        """Draw an operand."""
        name = self.name()
        one = self.draw(st.sampled_from(self.speakable(name)))
        kind = self.draw(st.sampled_from(("fact", "select", "select", "number", "computed")))
        if kind == "computed" and deep and len(self.nodes) < _NODES:
            return Value(node=self.computed(deep - 1))
        if kind == "number":
            of = self.select(name, 1, many=True)
            return Value(node=self.add(lambda id_: Aggregated(id=id_, of=of, function="count")))
        if kind == "select":
            old = [n.id for n in self.nodes if isinstance(n, Select) and n.entity == name]
            node = (
                self.draw(st.sampled_from(old)) if old and self.chance(2) else self.select(name, 1)
            )
            return Value(node=node, field=one.name)
        return Value(fact=self.known(name, one))

    def computed(self, deep: int = 2) -> str:
        """Draw a computed number."""
        function = self.draw(st.sampled_from(("sum", "difference", "product", "share", "days")))
        count = self.draw(st.integers(2, 3)) if function in ("sum", "product") else 2
        of = tuple(self.value(deep) for _ in range(count))
        return self.add(lambda id_: Computed(id=id_, function=function, of=of))

    def choose(self) -> str:
        """Draw a choice of rows."""
        name = self.name()
        of = self.select(name, 1, many=True)
        numbers = [f for f in self.speakable(name) if f.type in ("integer", "decimal", "float")]
        limits = []
        if numbers and self.chance(2):
            one = self.draw(st.sampled_from(numbers))
            limits += [
                Limit(kind="total", field=one.name, op=op, fact=self.known(name, one))
                for op in self.draw(st.lists(st.sampled_from(("le", "ge")), max_size=2))
            ]
        if self.chance(2):
            one = self.draw(st.sampled_from(self.speakable(name)))
            limits.append(Limit(kind="distinct", field=one.name))
        count = self.draw(st.integers(1, 3))
        return self.add(lambda id_: Choose(id=id_, of=of, count=count, limits=tuple(limits)))

    def act(self) -> str:
        """Draw an act."""
        kind = self.draw(st.sampled_from(("emit", "many", "number", "choose", "write", "each")))
        if kind == "number":
            node = self.computed()
            return self.add(lambda id_: Emit(id=id_, node=node))
        if kind == "choose":
            node = self.choose()
            (choose,) = (n for n in self.nodes if n.id == node)
            (of,) = (n for n in self.nodes if n.id == choose.of)  # type: ignore[union-attr]
            one = self.draw(st.sampled_from(self.speakable(of.entity)))  # type: ignore[union-attr]
            return self.add(lambda id_: Emit(id=id_, node=node, field=one.name))
        name = self.name()
        one = self.draw(st.sampled_from(self.speakable(name)))
        if kind in ("emit", "many"):
            node = self.select(name, 2)
            return self.add(
                lambda id_: Emit(id=id_, node=node, field=one.name, many=kind == "many")
            )
        node = self.select(name, 1)
        setting = Setting(field=one.name, fact=self.known(name, one))
        if self.chance(3):
            setting = Setting(field=one.name, node=self.computed())
        return self.add(
            lambda id_: Write(
                id=id_,
                kind="update",
                entity=name,
                target=node,
                settings=(setting,),
                each=kind == "each",
            )
        )

    def test(self) -> Test:
        """Draw a test."""
        if self.chance(3):
            return Test(left=Value(node=self.select(self.name(), 1)), op="exists")
        left = self.value()
        op = self.draw(st.sampled_from(("eq", "ne", "lt", "le", "gt", "ge")))
        return Test(left=left, op=op, right=self.value())

    def whole(self) -> Plan:
        """Draw a plan."""
        facts: tuple[str, ...] = ()
        if self.chance(2):
            name = self.name()
            facts = tuple(
                self.known(name, one)
                for one in self.speakable(name)[: self.draw(st.integers(1, 2))]
            )
            self.party = Party(entity=name, facts=facts)
        acts = [self.act() for _ in range(self.draw(st.integers(1, 3)))]
        if self.chance(2):
            test = self.test()
            cut = self.draw(st.integers(0, len(acts)))
            self.add(
                lambda id_: Guard(
                    id=id_, test=test, then=tuple(acts[:cut]), otherwise=tuple(acts[cut:])
                )
            )
        if self.chance(3):
            act = self.draw(st.sampled_from(acts))
            because = self.draw(st.sampled_from(("no_tool", "rule")))
            self.add(
                lambda id_: Refuse(
                    id=id_, act=act, because=because, rule="r" if because == "rule" else None
                )
            )
        used = [f.id for f in self.facts if f.id not in facts]
        if used and self.chance(3):
            then = self.draw(st.sampled_from(used))
            old = next(f for f in self.facts if f.id == then)
            one = self.schema.entity(old.entity).field(old.field)
            first = self.known(old.entity, one)
            self.add(lambda id_: Shift(id=id_, first=first, then=then))
        return Plan(
            family="planning",
            facts=tuple(self.facts),
            nodes=tuple(self.nodes),
            party=self.party,
        )


@st.composite
def wide(draw: Any) -> tuple[Schema, dict[str, tuple[Row, ...]], Plan]:
    """Draw a schema, rows, and a plan over them."""
    schema = draw(st.sampled_from((TWO, SITES, CLINIC)))
    rows = draw(worlds(schema))
    return schema, rows, Wide(draw, schema, rows).whole()


@st.composite
def played(draw: Any) -> tuple[Schema, dict[str, tuple[Row, ...]], Plan]:
    """Draw a plan without refusals over rows that a world can hold: references lead somewhere."""
    drawn = draw(st.sampled_from((TWO, SITES)))
    schema = Schema(
        entities=tuple(
            replace(
                one,
                fields=tuple(replace(f, nullable=f.role != "key") for f in one.fields),
            )
            for one in drawn.entities
        ),
        relations=drawn.relations,
    )
    rows = draw(worlds(schema))
    for tie in schema.relations:
        child, parent = schema.entity(tie.entity), schema.entity(tie.target)
        places = [child.position(name) for name in tie.fields]
        known = {tuple(r[parent.position(n)] for n in tie.target_fields) for r in rows[parent.name]}
        rows[child.name] = tuple(
            row
            if tuple(row[place] for place in places) in known
            else tuple(None if n in places else value for n, value in enumerate(row))
            for row in rows[child.name]
        )
    plan = Wide(draw, schema, rows).whole()
    nodes = tuple(node for node in plan.nodes if not isinstance(node, Refuse))
    return schema, rows, replace(plan, nodes=nodes)


# A second reading


def measure(one: Field, of: str, wire: Json) -> Any:
    """Read a measure off a wire value, from its definition."""
    letters = [c for c in wire if c.isalpha()] if isinstance(wire, str) else []
    dated = one.type in ("date", "datetime")
    text = one.type in ("text", "enum")
    moment = dt.date.fromisoformat(wire[:10]) if dated else None
    match of:
        case "year":
            return moment.year if moment else None
        case "month":
            return moment.month if moment else None
        case "decade":
            return moment.year - moment.year % 10 if moment else None
        case "initial":
            return letters[0].upper() if text and letters else None
        case "ending":
            return letters[-1].upper() if text and letters else None
        case "letters":
            return len(letters) if text else None
        case "words":
            return len(wire.split()) if text else None
        case "digit_sum":
            return sum(int(c) for c in str(wire) if c != "-") if one.type == "integer" else None
    raise AssertionError(of)


def _same(one: str) -> str:
    return one.casefold()


def passes(one: Field, where: Where, told: Json, wire: Json) -> bool:
    """Tell whether a value passes a clue, from its definition."""
    if wire is None:
        return False
    if where.of == "remainder":
        if one.type not in ("integer", "decimal") or told == 0:
            return False
        multiple = Decimal(wire) % Decimal(told) == 0
        return multiple == (where.op == "eq")
    left, right = wire, told
    if where.of is not None:
        left = measure(one, where.of, wire)
        right = told.upper() if isinstance(told, str) else told
        if left is None:
            return False
    elif where.op in ("eq", "ne", "contains") and isinstance(wire, str):
        left, right = _same(wire), _same(told)
    match where.op:
        case "eq":
            return bool(left == right)
        case "ne":
            return bool(left != right)
        case "lt":
            return bool(left < right)
        case "le":
            return bool(left <= right)
        case "gt":
            return bool(left > right)
        case "ge":
            return bool(left >= right)
        case "contains":
            return right in left
    raise AssertionError(where.op)


def joined(schema: Schema, link: Link, mine: Row, theirs: Row) -> bool:
    """Tell whether two rows are related."""
    tie = schema.relation(link.relation)
    child, parent = (mine, theirs) if link.forward else (theirs, mine)
    return all(
        child[schema.entity(tie.entity).position(a)] is not None
        and child[schema.entity(tie.entity).position(a)]
        == parent[schema.entity(tie.target).position(b)]
        for a, b in zip(tie.fields, tie.target_fields, strict=True)
    )


def naive(
    plan: Plan, schema: Schema, rows: Rows, assumed: Mapping[str, Sequence[Row]] | None = None
) -> dict[str, list[Row]]:
    """Read the extent of every select, row by row."""
    found: dict[str, list[Row]] = {}
    for node in plan.nodes:
        if not isinstance(node, Select):
            continue
        if assumed and node.id in assumed:
            found[node.id] = list(assumed[node.id])
            continue
        one = schema.entity(node.entity)
        wheres = node.where
        if node.me:
            assert plan.party is not None
            wheres = tuple(Where(field=f.field, fact=f.id) for f in plan.who())
        fits = []
        for row in rows.get(node.entity, ()):
            good = all(
                passes(
                    one.field(w.field),
                    w,
                    plan.fact(w.fact).value,
                    to_wire(one.field(w.field), row[one.position(w.field)]),
                )
                for w in wheres
            )
            for link in node.links:
                related = any(joined(schema, link, row, other) for other in found[link.node])
                good = good and related != link.absent
            if node.among:
                good = good and any(row in found[name] for name in node.among)
            if good:
                fits.append(row)
        if node.pick is not None:
            place = one.position(node.pick.field)
            values = [row[place] for row in fits if row[place] is not None]
            best = (max if node.pick.largest else min)(values) if values else None  # type: ignore[type-var]
            fits = [row for row in fits if values and row[place] == best]
        found[node.id] = fits
    return found


def numbers(plan: Plan, schema: Schema, value: Value, taken: Mapping[str, Row | list[Row]]) -> Json:
    """Work out a value, where each select that gives a value is one row."""
    if value.fact is not None:
        return plan.fact(value.fact).value
    node = plan.node(str(value.node))
    if isinstance(node, Select):
        one = schema.entity(node.entity)
        row = taken[node.id]
        return to_wire(one.field(str(value.field)), row[one.position(str(value.field))])  # type: ignore[arg-type]
    if isinstance(node, Aggregated):
        return len(taken[f"{node.id}:all"])
    assert isinstance(node, Computed)
    of = [numbers(plan, schema, one, taken) for one in node.of]
    if node.function == "days":
        if not all(isinstance(v, str) and len(v) in (10, 20) and v[4:5] == "-" for v in of):
            return None
        moments = [dt.datetime.fromisoformat(v[:10] + (v[10:] or "T00:00:00Z")) for v in of]
        return abs(moments[0] - moments[1]).days
    if any(v is None or isinstance(v, (str, bool)) for v in of):
        return None
    exact = [Decimal(str(v)) for v in of]
    if node.function == "share":
        if exact[1] == 0:
            return None
        return (exact[0] * 100 / exact[1]).quantize(Decimal("0.01"), ROUND_HALF_UP)
    if node.function == "difference":
        return max(exact) - min(exact)
    total = exact[0]
    for part in exact[1:]:
        total = total + part if node.function == "sum" else total * part
    return total


def combinations(
    plan: Plan, schema: Schema, choose: Choose, rows: Sequence[Row]
) -> list[tuple[Row, ...]]:
    """List every choice of rows that meets the limits, in order."""
    node = plan.node(choose.of)
    assert isinstance(node, Select)
    one = schema.entity(node.entity)

    def good(rows: tuple[Row, ...]) -> bool:
        for limit in choose.limits:
            kind, place = one.field(limit.field), one.position(limit.field)
            values = [to_wire(kind, row[place]) for row in rows]
            if any(value is None for value in values):
                return False
            if limit.kind == "distinct":
                folded = [v.casefold() if isinstance(v, str) else v for v in values]
                if len(set(folded)) < len(folded):
                    return False
                continue
            total = sum(Decimal(str(value)) for value in values)
            bound = Decimal(str(plan.fact(str(limit.fact)).value))
            if not (total <= bound if limit.op == "le" else total >= bound):
                return False
        return True

    return [chosen for chosen in itertools.combinations(rows, choose.count) if good(chosen)]


def shuffled(plan: Plan, draw: Any) -> Plan:
    """Say the same plan otherwise: other ids, other order of all that has none."""
    facts = [f.id for f in plan.facts]
    nodes = [n.id for n in plan.nodes]
    new = dict(zip(facts, draw(st.permutations([f"x{n}" for n in range(len(facts))])), strict=True))
    new |= dict(
        zip(nodes, draw(st.permutations([f"y{n}" for n in range(len(nodes))])), strict=True)
    )

    def mixed(parts: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(draw(st.permutations(list(parts))))

    def value(one: Value) -> Value:
        if one.fact is not None:
            return Value(fact=new[one.fact])
        return Value(node=new[str(one.node)], field=one.field)

    def node(one: Node) -> Node:
        match one:
            case Select():
                return Select(
                    id=new[one.id],
                    entity=one.entity,
                    where=mixed(
                        [
                            Where(field=w.field, op=w.op, fact=new[w.fact], of=w.of)
                            for w in one.where
                        ]
                    ),
                    links=mixed(
                        [
                            Link(
                                relation=k.relation,
                                forward=k.forward,
                                node=new[k.node],
                                absent=k.absent,
                            )
                            for k in one.links
                        ]
                    ),
                    pick=one.pick,
                    among=mixed([new[name] for name in one.among]),
                    me=one.me,
                )
            case Aggregated():
                return Aggregated(
                    id=new[one.id], of=new[one.of], function=one.function, field=one.field
                )
            case Computed():
                of = [value(part) for part in one.of]
                return Computed(
                    id=new[one.id],
                    function=one.function,
                    of=tuple(of) if one.function == "share" else mixed(of),
                )
            case Choose():
                limits = [
                    Limit(kind=k.kind, field=k.field, op=k.op, fact=new[k.fact] if k.fact else None)
                    for k in one.limits
                ]
                return Choose(id=new[one.id], of=new[one.of], count=one.count, limits=mixed(limits))
            case Write():
                settings = [
                    Setting(
                        field=s.field,
                        fact=new[s.fact] if s.fact else None,
                        node=new[s.node] if s.node else None,
                        source=s.source,
                    )
                    for s in one.settings
                ]
                return Write(
                    id=new[one.id],
                    kind=one.kind,
                    entity=one.entity,
                    target=new[one.target] if one.target else None,
                    settings=mixed(settings),
                    each=one.each,
                )
            case Emit():
                return Emit(id=new[one.id], node=new[one.node], field=one.field, many=one.many)
            case Guard():
                right = None if one.test.right is None else value(one.test.right)
                return Guard(
                    id=new[one.id],
                    test=Test(left=value(one.test.left), op=one.test.op, right=right),
                    then=mixed([new[name] for name in one.then]),
                    otherwise=mixed([new[name] for name in one.otherwise]),
                )
            case Refuse():
                return Refuse(
                    id=new[one.id],
                    act=new[one.act],
                    because=one.because,
                    rule=one.rule,
                    node=new[one.node] if one.node else None,
                    field=one.field,
                )
            case Shift():
                return Shift(id=new[one.id], first=new[one.first], then=new[one.then])
            case Later():
                return Later(
                    id=new[one.id],
                    adds=mixed([new[name] for name in one.adds]),
                    drops=mixed([new[name] for name in one.drops]),
                    facts=mixed([new[name] for name in one.facts]),
                    when=one.when,
                )

    made = {one.id: node(one) for one in plan.nodes}
    acts = [one for one in plan.nodes if isinstance(one, (Write, Emit))]
    order: dict[str, None] = {}

    def put(name: str) -> None:
        if name in order:
            return
        for below in mixed(_below(plan.node(name))):
            put(below)
        order[name] = None

    # queries in any order in which each comes after what it rests on; acts in their own
    for one in mixed(
        [n.id for n in plan.nodes if not isinstance(n, (Write, Emit, Guard, Refuse, Shift, Later))]
    ):
        if draw(st.booleans()):
            put(one)
    for act in acts:
        put(act.id)
    for one in mixed([n.id for n in plan.nodes]):
        put(one)
    party = plan.party
    return Plan(
        family=plan.family,
        facts=mixed(
            [
                Fact(
                    id=new[f.id], entity=f.entity, field=f.field, value=f.value, exposure=f.exposure
                )
                for f in plan.facts
            ]
        ),
        nodes=tuple(made[name] for name in order),
        party=None
        if party is None
        else Party(entity=party.entity, facts=tuple(new[f] for f in party.facts)),
    )


def _below(node: Node) -> list[str]:
    match node:
        case Select():
            return [*(k.node for k in node.links), *node.among]
        case Aggregated() | Choose():
            return [node.of]
        case Computed():
            return [v.node for v in node.of if v.node]
        case Write():
            return [
                *([node.target] if node.target else []),
                *(s.node for s in node.settings if s.node),
            ]
        case Emit():
            return [node.node]
        case Guard():
            sides = [node.test.left, *([node.test.right] if node.test.right else [])]
            return [*(v.node for v in sides if v.node)]
        case Refuse():
            return [node.node] if node.node else []
        case _:
            return []
