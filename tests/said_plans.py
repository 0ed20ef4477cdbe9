"""Plans made by hand, some of each family, over the schemas of `strategies_plans`."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from strategies_plans import CLINIC, MUSIC

from agentgym.formats import Json
from agentgym.plan import (
    Aggregated,
    Choose,
    Computed,
    Emit,
    Fact,
    Guard,
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
from agentgym.schema import Schema

__all__ = ["EVERY", "Made", "made"]


class Made:
    """Puts a plan together, line by line; every method gives the id of what it adds."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self.nodes: list[Node] = []

    def fact(self, path: str, value: Json, exposure: str = "instruction") -> str:
        """Add a fact of `entity.field`."""
        entity, _, field = path.partition(".")
        made = Fact(
            id=f"f{len(self.facts) + 1}",
            entity=entity,
            field=field,
            value=value,
            exposure=exposure,  # type: ignore[arg-type]
        )
        self.facts.append(made)
        return made.id

    def _add(self, kind: type, /, **more: Any) -> str:
        name = f"n{len(self.nodes) + 1}"
        self.nodes.append(kind(id=name, **more))
        return name

    def row(self, entity: str, *clues: Any, ties: tuple[Any, ...] = (), **more: Any) -> str:
        """Add a select: clues are `(field, value)` or `(field, op, value)` with an exposure."""
        where = []
        for clue in clues:
            field, *rest = clue
            op: Any
            exposure = "instruction"
            if rest[-1] in ("user", "hidden"):
                exposure = rest.pop()
            op, value = rest if len(rest) == 2 else ("eq", rest[0])
            fact = self.fact(f"{entity}.{field}", value, exposure)
            where.append(Where(field=field, op=op, fact=fact))
        links = tuple(
            Link(relation=name.lstrip("<!"), forward=not name.startswith("<"), node=node,
                 absent="!" in name)
            for name, node in ties
        )  # fmt: skip
        return self._add(Select, entity=entity, where=tuple(where), links=links, **more)

    def emit(self, node: str, *fields: str | None, many: bool = False) -> list[str]:
        """Ask for fields of a node."""
        return [self._add(Emit, node=node, field=f, many=many) for f in fields or (None,)]

    def figure(self, of: str, function: str, field: str | None = None) -> str:
        """Add a number over rows."""
        return self._add(Aggregated, of=of, function=function, field=field)

    def write(
        self, kind: str, entity: str, target: str | None, *sets: Any, each: bool = False
    ) -> str:
        """Add a change; settings are `(field, value)`, `(field, node, source)` or with `user`."""
        settings = []
        for one in sets:
            field, value, *rest = one
            if rest and rest[0] == "user":
                settings.append(
                    Setting(field=field, fact=self.fact(f"{entity}.{field}", value, "user"))
                )
            elif rest:  # `None` for the source of a number
                settings.append(Setting(field=field, node=value, source=rest[0]))
            else:
                settings.append(Setting(field=field, fact=self.fact(f"{entity}.{field}", value)))
        return self._add(
            Write, kind=kind, entity=entity, target=target, settings=tuple(settings), each=each
        )

    def work(self, function: str, *of: Value) -> str:
        """Add a number worked out."""
        return self._add(Computed, function=function, of=of)

    def told(self, path: str, value: Json) -> Value:
        """Make a value of a fact."""
        return Value(fact=self.fact(path, value))

    def node(self, kind: type, /, **more: Any) -> str:
        """Add any other node."""
        return self._add(kind, **more)

    def plan(self, family: str, party: Party | None = None) -> Plan:
        """Finish."""
        return Plan(
            family=family,  # type: ignore[arg-type]
            facts=tuple(self.facts),
            nodes=tuple(self.nodes),
            party=party,
        )


def _customer(one: Made, first: str = "Luís", last: str = "Gonçalves") -> str:
    return one.row("customer", ("first_name", first), ("last_name", last))


def _lookup() -> tuple[Plan, Schema]:
    one = Made()
    one.emit(_customer(one), "email", "city")
    return one.plan("lookup"), MUSIC


def _multi_hop() -> tuple[Plan, Schema]:
    one = Made()
    latest = one.row(
        "invoice",
        ties=(("invoice_customer", _customer(one)),),
        pick=Pick(field="invoice_date", largest=True),
    )
    one.emit(latest, "total")
    return one.plan("multi_hop"), MUSIC


def _aggregate() -> tuple[Plan, Schema]:
    one = Made()
    rows = one.row("invoice", ties=(("invoice_customer", _customer(one)),))
    one.emit(one.figure(rows, "sum", "total"))
    return one.plan("aggregate"), MUSIC


def _compare() -> tuple[Plan, Schema]:
    one = Made()
    rows = [one.row("album", ("title", name)) for name in ("Big Ones", "Let There Be Rock")]
    tracks = [one.row("track", ("name", name)) for name in ("Overdose", "Crazy")]
    del rows
    best = one.row("track", among=tuple(tracks), pick=Pick(field="milliseconds", largest=True))
    one.emit(best, "name")
    kept = [n for n in one.nodes if not (isinstance(n, Select) and n.entity == "album")]
    one.nodes = kept
    return one.plan("compare"), MUSIC


def _difference() -> tuple[Plan, Schema]:
    one = Made()
    first = one.row("bill", ("number", 1042))
    second = one.row("bill", ("number", 1077))
    gap = one.work(
        "difference", Value(node=first, field="amount"), Value(node=second, field="amount")
    )
    one.emit(gap)
    return one.plan("compare"), CLINIC


def _set_valued() -> tuple[Plan, Schema]:
    one = Made()
    artist = one.row("artist", ("name", "AC/DC"))
    one.emit(one.row("album", ties=(("album_artist", artist),)), "title", many=True)
    return one.plan("set_valued"), MUSIC


def _update() -> tuple[Plan, Schema]:
    one = Made()
    one.write("update", "customer", _customer(one), ("phone", "555-0142", "user"))
    return one.plan("update"), MUSIC


def _multi_write() -> tuple[Plan, Schema]:
    one = Made()
    patient = one.row("patient", ("first_name", "Ana"), ("last_name", "Reyes"))
    rows = one.row("appointment", ("status", "booked"), ties=(("appointment_patient", patient),))
    one.write("transition", "appointment", rows, ("status", "cancelled"), each=True)
    return one.plan("multi_write"), CLINIC


def _conditional() -> tuple[Plan, Schema]:
    one = Made()
    bill = one.row("bill", ("number", 1042))
    limit = one.fact("bill.amount", Decimal("80.00"))
    write = one.write("update", "bill", bill, ("is_paid", True))
    (emit,) = one.emit(bill, "due_on")
    one.node(
        Guard,
        test=Test(left=Value(node=bill, field="amount"), op="gt", right=Value(fact=limit)),
        then=(emit,),
        otherwise=(write,),
    )
    return one.plan("conditional"), CLINIC


def _exists() -> tuple[Plan, Schema]:
    one = Made()
    patient = one.row("patient", ("first_name", "Ana"), ("last_name", "Reyes"))
    rows = one.row("appointment", ("status", "booked"), ties=(("appointment_patient", patient),))
    write = one.write("update", "patient", patient, ("is_active", False))
    one.node(Guard, test=Test(left=Value(node=rows), op="exists"), then=(), otherwise=(write,))
    return one.plan("conditional"), CLINIC


def _status() -> tuple[Plan, Schema]:
    one = Made()
    visit = one.row("appointment", ("code", "A-1042"))
    booked = one.fact("appointment.status", "booked")
    write = one.write("transition", "appointment", visit, ("status", "cancelled"))
    (emit,) = one.emit(visit, "starts_at")
    one.node(
        Guard,
        test=Test(left=Value(node=visit, field="status"), op="eq", right=Value(fact=booked)),
        then=(write,),
        otherwise=(emit,),
    )
    return one.plan("conditional"), CLINIC


def _refusal() -> tuple[Plan, Schema]:
    one = Made()
    bill = one.row("bill", ("number", 1042))
    write = one.write("delete", "bill", bill)
    one.node(Refuse, act=write, because="rule", rule="r1")
    return one.plan("refusal"), CLINIC


def _unanswerable() -> tuple[Plan, Schema]:
    one = Made()
    row = one.row("track", ("name", "Overdose"))
    (emit,) = one.emit(row, "composer")
    one.node(Refuse, act=emit, because="no_value", node=row, field="composer")
    return one.plan("unanswerable"), MUSIC


def _ambiguous() -> tuple[Plan, Schema]:
    one = Made()
    patient = one.row("patient", ("first_name", "Ana"), ("last_name", "Reyes"))
    visit = one.row(
        "appointment",
        ("starts_at", "2021-03-05T10:15:00Z", "hidden"),
        ties=(("appointment_patient", patient),),
    )
    one.write("transition", "appointment", visit, ("status", "cancelled"))
    return one.plan("ambiguous"), CLINIC


def _shift() -> tuple[Plan, Schema]:
    one = Made()
    visit = one.row("appointment", ("code", "A-1042"))
    write = one.write("update", "appointment", visit, ("starts_at", "2021-04-02T09:00:00Z"))
    first = one.fact("appointment.starts_at", "2021-03-30T09:00:00Z")
    made = one.nodes[-1]
    assert isinstance(made, Write)
    assert made.id == write
    then = made.settings[0].fact
    one.facts = [
        Fact(id=f.id, entity=f.entity, field=f.field, value=f.value, exposure="user")
        if f.id == then
        else f
        for f in one.facts
    ]
    one.node(Shift, first=first, then=then)
    one.write("update", "appointment", visit, ("note", "bring the card", "user"))
    return one.plan("shift"), CLINIC


def _planning() -> tuple[Plan, Schema]:
    one = Made()
    rows = one.row("bill", ("is_paid", False), ("amount", "lt", Decimal("80.00")))
    most = one.fact("bill.amount", Decimal("200.00"))
    some = one.node(
        Choose,
        of=rows,
        count=3,
        limits=(
            Limit(kind="total", field="amount", op="le", fact=most),
            Limit(kind="distinct", field="due_on"),
        ),
    )
    one.emit(some, "number")
    return one.plan("planning"), CLINIC


def _long_horizon() -> tuple[Plan, Schema]:
    one = Made()
    for first, last in (("Luís", "Gonçalves"), ("Jane", "Peacock"), ("Ana", "Reyes")):
        row = _customer(one, first, last)
        one.emit(row, "email")
        one.write("update", "customer", row, ("city", "Paris"))
        latest = one.row(
            "invoice",
            ties=(("invoice_customer", row),),
            pick=Pick(field="invoice_date", largest=True),
        )
        one.emit(latest, "total", "invoice_date")
    return one.plan("long_horizon"), MUSIC


def _mask_fill() -> tuple[Plan, Schema]:
    one = Made()
    visit = one.row("appointment", ("code", "A-1042"), ("status", "booked"))
    one.emit(visit, "starts_at", "minutes")
    doctor = one.row("doctor", ties=(("<appointment_doctor", visit),))
    one.emit(doctor, "name")
    return one.plan("mask_fill"), CLINIC


def _mask_table() -> tuple[Plan, Schema]:
    one = Made()
    first = one.row("bill", ("number", 1042), ("is_paid", True))
    one.emit(first, "due_on")
    second = one.row("bill", ("number", 1077), ("due_on", "2021-05-02"))
    one.emit(second, "is_paid")
    return one.plan("mask_fill"), CLINIC


def _no_tool() -> tuple[Plan, Schema]:
    one = Made()
    price = one.told("invoice_line.unit_price", Decimal("0.99"))
    count = one.told("invoice_line.quantity", 12)
    one.emit(one.work("product", count, price))
    return one.plan("no_tool_needed"), MUSIC


def _days() -> tuple[Plan, Schema]:
    one = Made()
    first = one.told("bill.issued_on", "2021-03-30")
    second = one.told("bill.due_on", "2021-05-02")
    one.emit(one.work("days", first, second))
    return one.plan("no_tool_needed"), CLINIC


def _share() -> tuple[Plan, Schema]:
    one = Made()
    first = one.told("bill.amount", Decimal("30.00"))
    second = one.told("bill.amount", Decimal("120.00"))
    one.emit(one.work("share", first, second))
    return one.plan("no_tool_needed"), CLINIC


def _backward() -> tuple[Plan, Schema]:
    one = Made()
    one.write("update", "customer", _customer(one), ("city", "Lisbon"))
    return one.plan("backward"), MUSIC


def _policy_bound() -> tuple[Plan, Schema]:
    one = Made()
    one.write("transition", "appointment", one.row("appointment", ("code", "A-1042")),
              ("status", "cancelled"))  # fmt: skip
    return one.plan("policy_bound"), CLINIC


def _mine() -> tuple[Plan, Schema]:
    one = Made()
    me = one.row("patient", me=True)
    last = one.row(
        "appointment",
        ties=(("appointment_patient", me),),
        pick=Pick(field="starts_at", largest=True),
    )
    one.write("transition", "appointment", last, ("status", "cancelled"))
    one.emit(me, "phone")
    who = one.fact("patient.birth_date", "1980-01-01", "user")
    return one.plan("update", Party(entity="patient", facts=(who,))), CLINIC


def _each_edit() -> tuple[Plan, Schema]:
    one = Made()
    rows = one.row("bill", ("is_paid", False), ("amount", "gt", Decimal("80.00")))
    one.write("update", "bill", rows, ("due_on", "2021-05-02"), each=True)
    return one.plan("multi_write"), CLINIC


def _each_more() -> tuple[Plan, Schema]:
    one = Made()
    rows = one.row("bill", ("issued_on", "lt", "2021-01-01"))
    one.write("update", "bill", rows, ("due_on", "2021-05-02"), ("is_paid", True), each=True)
    return one.plan("multi_write"), CLINIC


def _each_gone() -> tuple[Plan, Schema]:
    one = Made()
    rows = one.row("appointment", ("status", "no_show"))
    one.write("delete", "appointment", rows, each=True)
    return one.plan("multi_write"), CLINIC


def _three() -> tuple[Plan, Schema]:
    one = Made()
    rows = tuple(one.row("track", ("name", name)) for name in ("Overdose", "Crazy", "Eclipse"))
    best = one.row("track", among=rows, pick=Pick(field="milliseconds", largest=False))
    one.emit(best, "composer")
    return one.plan("compare"), MUSIC


def _summed() -> tuple[Plan, Schema]:
    one = Made()
    first, second = (one.row("bill", ("number", n)) for n in (1042, 1077))
    work = one.work("sum", Value(node=first, field="amount"), Value(node=second, field="amount"))
    one.write("update", "bill", first, ("amount", work, None))
    return one.plan("update"), CLINIC


def _counted() -> tuple[Plan, Schema]:
    one = Made()
    patient = one.row("patient", ("first_name", "Ana"), ("last_name", "Reyes"))
    rows = one.row("appointment", ("status", "booked"), ties=(("appointment_patient", patient),))
    number = one.figure(rows, "count")
    write = one.write("update", "patient", patient, ("is_active", True))
    test = Test(left=Value(node=number), op="ge", right=one.told("appointment.code", 3))
    one.node(Guard, test=test, then=(write,), otherwise=())
    return one.plan("conditional"), CLINIC


def _against() -> tuple[Plan, Schema]:
    one = Made()
    first, second = (one.row("bill", ("number", n)) for n in (1042, 1077))
    write = one.write("update", "bill", first, ("is_paid", True))
    left, right = (Value(node=row, field="due_on") for row in (first, second))
    one.node(Guard, test=Test(left=left, op="lt", right=right), then=(write,), otherwise=())
    return one.plan("conditional"), CLINIC


def _share_of() -> tuple[Plan, Schema]:
    one = Made()
    paid, every = one.row("bill", ("is_paid", True)), one.row("bill")
    parts = [Value(node=one.figure(rows, "sum", "amount")) for rows in (paid, every)]
    one.emit(one.work("share", *parts))
    return one.plan("aggregate"), CLINIC


EVERY = {
    name.removeprefix("_"): make
    for name, make in list(globals().items())
    if name.startswith("_") and callable(make) and not name.startswith("__")
    if name != "_customer"
}
"""What it is to what makes it: a plan and its schema."""


def made(name: str) -> tuple[Plan, Schema]:
    """Make the plan of that name."""
    plan, schema = EVERY[name]()
    return plan, schema
