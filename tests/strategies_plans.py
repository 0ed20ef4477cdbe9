"""Schemas made by hand, and Hypothesis strategies for schemas and plans of all families."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from agentgym.formats import Json
from agentgym.plan import (
    Aggregated,
    Emit,
    Fact,
    Link,
    Node,
    Pick,
    Plan,
    Select,
    Setting,
    Where,
    Write,
)
from agentgym.schema import Entity, Field, Lifecycle, Relation, Schema
from agentgym.schema.types import ORDERED

KEY = "id"


def field(name: str, type_: str, role: str = "other", **more: Any) -> Field:
    """Make a field whose label is its name with spaces."""
    more.setdefault("label", name.replace("_", " "))
    return Field(name=name, type=type_, role=role, **more)  # type: ignore[arg-type]


def entity(name: str, plural: str, *fields: Field, references: tuple[str, ...] = ()) -> Entity:
    """Make an entity with a surrogate key, and reference fields of those names."""
    return Entity(
        name=name,
        label=name.replace("_", " "),
        plural=plural,
        key=(KEY,),
        key_source="counter",
        fields=(
            field(KEY, "integer", "key", source=f"{name.title().replace('_', '')}Id"),
            *(field(r, "integer", "reference", nullable=True) for r in references),
            *fields,
        ),
    )


def relation(child: str, column: str, target: str, label: str = "", inverse: str = "") -> Relation:
    """Make a relation over one field."""
    return Relation(
        name=f"{child}_{column.removesuffix('_id')}",
        entity=child,
        fields=(column,),
        target=target,
        target_fields=(KEY,),
        label=label or target.replace("_", " "),
        inverse=inverse or f"{child.replace('_', ' ')}s",
    )


MUSIC = Schema(
    entities=(
        entity("artist", "artists", field("name", "text", "label")),
        entity("album", "albums", field("title", "text", "label"), references=("artist_id",)),
        entity("media_type", "media types", field("name", "text", "label")),
        entity(
            "track",
            "tracks",
            field("name", "text", "label"),
            field("composer", "text", "person", nullable=True),
            field("milliseconds", "integer", "measure", label="duration", unit="ms"),
            field("unit_price", "decimal", "money", scale=2, unit="USD"),
            field("explicit", "boolean", "flag"),
            references=("album_id", "media_type_id"),
        ),
        entity(
            "employee",
            "employees",
            field("first_name", "text", "person"),
            field("last_name", "text", "person"),
            field("title", "text", "category"),
            field("hire_date", "datetime", "time"),
            field("phone", "text", "contact", nullable=True),
            references=("reports_to",),
        ),
        entity(
            "customer",
            "customers",
            field("first_name", "text", "person"),
            field("last_name", "text", "person"),
            field("email", "text", "contact", label="email address", unique=True),
            field("phone", "text", "contact", label="phone number", nullable=True),
            field("city", "text", "place", nullable=True),
            field("country", "text", "place"),
            references=("support_rep_id",),
        ),
        entity(
            "invoice",
            "invoices",
            field("invoice_date", "datetime", "time"),
            field("billing_city", "text", "place", nullable=True),
            field("total", "decimal", "money", scale=2),
            references=("customer_id",),
        ),
        entity(
            "invoice_line",
            "invoice lines",
            field("unit_price", "decimal", "money", scale=2),
            field("quantity", "integer", "quantity"),
            references=("invoice_id", "track_id"),
        ),
    ),
    relations=(
        relation("album", "artist_id", "artist"),
        relation("track", "album_id", "album"),
        relation("track", "media_type_id", "media_type"),
        relation("employee", "reports_to", "employee", "manager", "reports"),
        relation(
            "customer",
            "support_rep_id",
            "employee",
            "support representative",
            "supported customers",
        ),
        relation("invoice", "customer_id", "customer"),
        relation("invoice_line", "invoice_id", "invoice"),
        relation("invoice_line", "track_id", "track"),
    ),
)
"""A music store, in the shape of a well-known sample database."""

CLINIC = Schema(
    entities=(
        entity(
            "doctor",
            "doctors",
            field("name", "text", "person"),
            field("specialty", "enum", "category", values=("cardiology", "general medicine")),
            field("room", "text", "code"),
            field("accepts_new", "boolean", "flag", label="accepting new patients"),
        ),
        entity(
            "patient",
            "patients",
            field("first_name", "text", "person"),
            field("last_name", "text", "person"),
            field("birth_date", "date", "time", label="date of birth"),
            field("phone", "text", "contact", label="phone number", nullable=True),
            field("weight", "float", "measure", unit="kg", nullable=True),
            field("is_active", "boolean", "flag", label="is active"),
            references=("family_doctor_id", "referred_by_id"),
        ),
        entity(
            "appointment",
            "appointments",
            field("code", "text", "code", label="reference number", unique=True),
            field("starts_at", "datetime", "time", label="start time"),
            field("minutes", "integer", "quantity", label="length", unit="minutes"),
            field(
                "status",
                "enum",
                "status",
                values=("booked", "checked_in", "COMPLETED", "cancelled", "no_show"),
            ),
            field("note", "text", "text", nullable=True),
            references=("patient_id", "doctor_id"),
        ),
        entity(
            "bill",
            "bills",
            field("number", "integer", "code"),
            field("issued_on", "date", "time", label="issue date"),
            field("due_on", "date", "time", label="due date"),
            field("amount", "decimal", "money", scale=2, unit="EUR"),
            field("is_paid", "boolean", "flag", label="paid"),
            references=("appointment_id",),
        ),
    ),
    relations=(
        relation("patient", "family_doctor_id", "doctor", "family doctor", "regular patients"),
        relation("patient", "referred_by_id", "doctor", "referring doctor", "referred patients"),
        relation("appointment", "patient_id", "patient"),
        relation("appointment", "doctor_id", "doctor"),
        relation("bill", "appointment_id", "appointment"),
    ),
    lifecycles=(
        Lifecycle(
            entity="appointment",
            field="status",
            initial=("booked",),
            moves={
                "booked": ("checked_in", "cancelled", "no_show"),
                "checked_in": ("COMPLETED",),
                "COMPLETED": (),
                "cancelled": (),
                "no_show": (),
            },
        ),
    ),
)
"""A clinic, with a life cycle and two relations between the same entities."""

# Plans

_NAMES = ("Luís", "Jane", "Ana", "O'Hara", "Anna Maria", "de la Cruz", "McKay", "Ödön", "Li")
_TEXTS = (
    "Warner 25 Anos",
    "AC/DC",
    "Paris",
    "it's",
    "a and b, the one of c",
    '7" single',
    "x.",
    "No",
)
_quiet = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), min_size=1)
texts = st.one_of(
    st.sampled_from(_TEXTS),
    _quiet.filter(lambda t: t == t.strip() and t.isprintable() and not re.search('[“”"]', t)),
)


def values(one: Field) -> st.SearchStrategy[Json]:
    """Draw wire values of a field."""
    match one.type:
        case "integer":
            return st.integers(-5, 300_000)
        case "decimal":
            return st.integers(-500, 300_000).map(lambda n: Decimal(n).scaleb(-one.scale))
        case "float":
            return st.sampled_from((0.5, 71.25, 3.0, -2.125, 1e-4))
        case "boolean":
            return st.booleans()
        case "date":
            return st.dates(dt.date(1900, 1, 1), dt.date(2040, 1, 1)).map(str)
        case "datetime":
            times = st.datetimes(*_SPAN)
            exact = times.map(lambda t: t.strftime("%Y-%m-%dT%H:%M:%SZ"))
            return exact | exact.map(lambda t: f"{t[:10]}T00:00:00Z")
        case "enum":
            return st.sampled_from(one.values or ())
        case _:
            return st.sampled_from(_NAMES) if one.role == "person" else texts


_SPAN = (dt.datetime.fromisoformat("1990-01-01"), dt.datetime.fromisoformat("2040-01-01"))
_SILENT = ("key", "reference", "secret")


class Builder:
    """Draws one plan over a schema, node by node."""

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any], schema: Schema) -> None:
        self.draw = draw
        self.schema = schema
        self.facts: list[Fact] = []
        self.nodes: list[Node] = []
        self.held: set[tuple[str, str]] = set()

    def speakable(self, name: str) -> list[Field]:
        """List the fields of an entity that a plan may use."""
        return [f for f in self.schema.entity(name).fields if f.role not in _SILENT]

    def fact(self, name: str, one: Field, *, may_hold: bool = False) -> str:
        """Add a fact; sometimes one that is told only when asked."""
        held = may_hold and (name, one.name) not in self.held and self.draw(st.integers(0, 5)) == 0
        if held:
            self.held.add((name, one.name))
        made = Fact(
            id=f"f{len(self.facts) + 1}",
            entity=name,
            field=one.name,
            value=self.draw(values(one)),
            exposure="user" if held else "instruction",
        )
        self.facts.append(made)
        return made.id

    def add(self, make: Callable[[str], Node]) -> str:
        """Add a node."""
        node = make(f"n{len(self.nodes) + 1}")
        self.nodes.append(node)
        return node.id

    def wheres(self, name: str, least: int, most: int, *, ops: bool) -> tuple[Where, ...]:
        """Draw clues, each on a field of its own."""
        fields = self.speakable(name)
        chosen = self.draw(
            st.lists(
                st.sampled_from(fields),
                min_size=min(least, len(fields)),
                max_size=min(most, len(fields)),
                unique_by=lambda f: f.name,
            )
        )
        found = []
        for one in chosen:
            op = "eq"
            if ops and one.type in ORDERED:
                op = self.draw(st.sampled_from(("eq", "lt", "le", "gt", "ge")))
            fact = self.fact(name, one, may_hold=op == "eq")
            found.append(Where(field=one.name, op=op, fact=fact))  # type: ignore[arg-type]
        return tuple(found)

    def select(self, name: str, hops: int, *, many: bool = False) -> str:
        """Draw a select with a chain of ties below it."""
        links = []
        around = [(r, True) for r in self.schema.parents(name)]
        if not many:
            around += [(r, False) for r in self.schema.children(name)]
        if hops and around:
            via, forward = self.draw(st.sampled_from(around))
            below = self.select(via.target if forward else via.entity, hops - 1)
            links.append(Link(relation=via.name, forward=forward, node=below))
        wheres = self.wheres(name, 0 if links or many else 1, 2, ops=True)
        ordered = [f for f in self.speakable(name) if f.type in ORDERED]
        pick = None
        if not many and ordered and self.draw(st.integers(0, 3)) == 0:
            best = self.draw(st.sampled_from(ordered))
            pick = Pick(field=best.name, largest=self.draw(st.booleans()))
        return self.add(
            lambda name_: Select(id=name_, entity=name, where=wheres, links=tuple(links), pick=pick)
        )

    def name(self) -> str:
        """Draw an entity."""
        names = [e.name for e in self.schema.entities if self.speakable(e.name)]
        return str(self.draw(st.sampled_from(names)))

    def ask(self, node: str) -> None:
        """Ask for one or two fields of a row."""
        fields = self.speakable(next(n.entity for n in self.nodes if n.id == node))  # type: ignore[union-attr]
        for one in self.draw(
            st.lists(st.sampled_from(fields), min_size=1, max_size=2, unique_by=lambda f: f.name)
        ):
            self.add(lambda name_, one=one: Emit(id=name_, node=node, field=one.name))  # type: ignore[misc]

    def figure(self) -> None:
        """Ask for a number over rows."""
        name = self.name()
        of = self.select(name, self.draw(st.integers(0, 2)), many=True)
        numeric = [f for f in self.speakable(name) if f.type in ("integer", "decimal", "float")]
        ordered = [f for f in self.speakable(name) if f.type in ORDERED]
        function = self.draw(
            st.sampled_from(
                (
                    "count",
                    *(("sum", "avg") if numeric else ()),
                    *(("min", "max") if ordered else ()),
                )
            )
        )
        pool = {"sum": numeric, "avg": numeric, "min": ordered, "max": ordered}.get(function)
        one = self.draw(st.sampled_from(pool)).name if pool else None
        number = self.add(lambda name_: Aggregated(id=name_, of=of, function=function, field=one))
        self.add(lambda name_: Emit(id=name_, node=number))

    def setting(self, name: str, one: Field, *, copies: bool) -> Setting:
        """Draw where the new value of a field comes from."""
        alike = [
            (e.name, f.name)
            for e in self.schema.entities
            for f in self.speakable(e.name)
            if f.type == one.type and f.type != "enum"
        ]
        if copies and alike and self.draw(st.booleans()):
            source, other = self.draw(st.sampled_from(alike))
            return Setting(field=one.name, node=self.select(source, 0), source=other)
        return Setting(field=one.name, fact=self.fact(name, one, may_hold=True))

    def write(self, *, copies: bool = False) -> None:
        """Draw one change."""
        name = self.name()
        kind = self.draw(st.sampled_from(("create", "update", "update", "delete")))
        if kind == "delete":
            row = self.select(name, self.draw(st.integers(0, 1)))
            self.add(lambda name_: Write(id=name_, kind="delete", entity=name, target=row))
            return
        target = None if kind == "create" else self.select(name, self.draw(st.integers(0, 2)))
        fields = self.draw(
            st.lists(
                st.sampled_from(self.speakable(name)),
                min_size=1,
                max_size=3,
                unique_by=lambda f: f.name,
            )
        )
        settings = [self.setting(name, one, copies=copies) for one in fields]
        parents = self.schema.parents(name)
        if parents and self.draw(st.booleans()):
            via = self.draw(st.sampled_from(parents))
            row = self.select(via.target, 0)
            settings.append(Setting(field=via.fields[0], node=row, source=via.target_fields[0]))
        moves = [c.field for c in self.schema.lifecycles if c.entity == name]
        if kind == "update" and [s.field for s in settings] == moves:
            kind = "transition"
        self.add(
            lambda name_: Write(
                id=name_, kind=kind, entity=name, target=target, settings=tuple(settings)
            )
        )

    def plan(self, family: str) -> Plan:
        """Draw a plan of a family."""
        match family:
            case "lookup":
                self.ask(self.select(self.name(), 0))
            case "multi_hop":
                self.ask(self.select(self.name(), self.draw(st.integers(1, 4))))
            case "aggregate":
                self.figure()
            case "update":
                self.write(copies=self.draw(st.booleans()))
            case "multi_write":
                for _ in range(self.draw(st.integers(2, 4))):
                    self.write()
        return Plan(family=family, facts=tuple(self.facts), nodes=tuple(self.nodes))  # type: ignore[arg-type]


FAMILIES = ("lookup", "multi_hop", "aggregate", "update", "multi_write")


@st.composite
def plans(draw: Any, schema: Schema, family: str | None = None) -> Plan:
    """Draw a plan over a schema."""
    return Builder(draw, schema).plan(family or draw(st.sampled_from(FAMILIES)))


# Schemas

AWKWARD = (
    "order", "name", "of", "group by", "order line", "line", "series", "the", "number",
    "and", "date of birth", "birth", "status", "größe", "价格", "customer", "with", "total",
    "total price", "price", "latest", "value", "new one", "e-mail", "rate (net)", "that",
)  # fmt: skip
CLEAR = (
    "apple", "bridge", "castle", "dolphin", "engine", "forest", "garden", "hammer", "island",
    "jacket", "kettle", "lantern", "mirror", "needle", "orchard", "pencil", "quilt", "ribbon",
    "saddle", "teapot", "umbrella", "violin", "walnut", "yacht", "zebra", "anchor", "basket",
)  # fmt: skip
_ROLES = {
    "text": ("label", "code", "person", "place", "text"),
    "enum": ("status", "category"),
    "boolean": ("flag",),
    "date": ("time", "other"),
    "datetime": ("time", "audit"),
    "integer": ("quantity", "code"),
    "decimal": ("money",),
    "float": ("measure",),
}


@st.composite
def schemas(draw: Any, *, clear: bool = False) -> Schema:
    """Draw a schema of a few entities; awkward labels unless `clear`."""
    pool = list(draw(st.permutations(CLEAR))) if clear else []

    def label(kind: str) -> str:
        return pool.pop() if clear and kind == "entity" else str(draw(st.sampled_from(AWKWARD)))

    made: list[Entity] = []
    relations: list[Relation] = []
    for place in range(draw(st.integers(1, 3))):
        name = label("entity")
        targets = [e for e in made if draw(st.booleans())]
        fields = []
        for number in range(draw(st.integers(1, 4))):
            kind = draw(st.sampled_from(tuple(_ROLES)))
            fields.append(
                field(
                    f"field_{number}",
                    kind,
                    draw(st.sampled_from(_ROLES[kind])),
                    label=f"{CLEAR[number]} {place}{number}".replace("0", "zero")
                    if clear
                    else draw(st.sampled_from(AWKWARD)),
                    scale=2 if kind == "decimal" else 0,
                    unit=draw(st.sampled_from((None, "kg", "EUR"))) if kind == "decimal" else None,
                    values=("open", "in_progress", "PG", "closed") if kind == "enum" else None,
                    nullable=True,
                )
            )
        here = entity(
            f"entity_{place}", "", *fields, references=tuple(f"{t.name}_id" for t in targets)
        )
        plural = name if not clear and draw(st.booleans()) else f"{name}s"
        made.append(
            Entity(name=here.name, label=name, plural=plural, key=here.key, fields=here.fields)
        )
        for target in targets:
            role = target.label if clear else draw(st.sampled_from((target.label, *AWKWARD)))
            relations.append(
                relation(here.name, f"{target.name}_id", target.name, role, f"{name}s")
            )
    return Schema(entities=tuple(made), relations=tuple(relations))
