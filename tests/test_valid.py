"""What a hand edit can break: each fault is named with its place, and with what to do."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pytest
from test_rules_words import DAY, DESK, LINES, field

from agentgym.domain.valid import check_parts
from agentgym.errors import DomainError
from agentgym.rules import (
    Add,
    Adjust,
    All,
    Alone,
    AnyOf,
    Assign,
    Authenticated,
    Calls,
    Compare,
    Confirmed,
    Count,
    Effect,
    Elapsed,
    Holder,
    In,
    Owner,
    Param,
    Predicate,
    Rule,
    Value,
    derive,
)
from agentgym.schema import Derived, Exclusive, Lifecycle, Product, Schema
from agentgym.schema import Relation as Reference
from agentgym.tools.algebra import (
    Argument,
    AskUser,
    Create,
    Delete,
    Get,
    Identify,
    Link,
    Nested,
    ReadManual,
    Side,
    Step,
    Term,
    Tool,
    Transfer,
    Transition,
    Unlink,
    Update,
)
from agentgym.tools.algebra import (
    Sequence as Steps,
)


def arg(name: str, param: str = "", *, required: bool = True) -> Argument:
    return Argument(param=param or name, field=name, description=f"The {name}.", required=required)


def tool(name: str, term: Term, *guards: str) -> Tool:
    return Tool(name=name, description=f"{name}.", term=term, guards=guards)


def replaced(schema: Schema, about: str, **more: Any) -> Schema:
    one = msgspec.structs.replace(schema.entity(about), **more)
    kept = tuple(one if e.name == about else e for e in schema.entities)
    return msgspec.structs.replace(schema, entities=kept)


def _schema() -> Schema:
    """Return the desk with a link entity, and accounts between which amounts are moved."""
    base = replaced(
        DESK,
        "doctor",
        key_source="counter",
        fields=(
            *DESK.entity("doctor").fields,
            field("euros", "balance", "decimal", scale=2, unit="EUR"),
            field("dollars", "dollar balance", "decimal", scale=2, unit="USD"),
            field("count", "number of visits", "integer", nullable=True),
            field("city", "city"),
            field("since", "first day", "date"),
        ),
    )
    link = msgspec.structs.replace(
        base.entity("doctor"),
        name="duty",
        label="duty",
        plural="duties",
        kind="link",
        key=("doctor_id", "patient_id"),
        key_source="given",
        fields=(
            field("doctor_id", "doctor id", "integer"),
            field("patient_id", "patient id", "integer"),
            field("hours", "hours", "integer"),
        ),
    )
    ends = tuple(
        Reference(
            name=f"duty_{one}",
            entity="duty",
            fields=(f"{one}_id",),
            target=one,
            target_fields=("id",),
            label=one,
            inverse="duties",
        )
        for one in ("doctor", "patient")
    )
    return msgspec.structs.replace(
        base,
        entities=(*base.entities, link),
        relations=(*base.relations, *ends),
        derived=(
            Derived(
                id="invoice_total",
                entity="invoice",
                field="total",
                relation="line_invoice",
                terms=LINES,
            ),
        ),
    )


SCHEMA = _schema()
KEY = (arg("id"),)
SIDES: dict[str, Any] = {
    "source": Side(entity="doctor", key=(arg("id", "source_id"),), field="euros"),
    "target": Side(entity="doctor", key=(arg("id", "target_id"),), field="euros"),
    "amount": arg("euros", "amount"),
}
STEPS = (
    Step(term=Create(entity="invoice", values=(arg("patient_id"), arg("issued_on")))),
    Step(
        term=Create(entity="line", values=(arg("invoice_id"), arg("quantity"), arg("price"))),
        taken={"invoice_id": "0.id"},
    ),
)
TERMS: dict[str, Term] = {
    "get_visit": Get(entity="visit", key=KEY),
    "change_visit": Update(entity="visit", key=KEY, values=(arg("starts_at"), arg("ends_at"))),
    "set_status": Transition(entity="visit", key=KEY, to=arg("status")),
    "delete_visit": Delete(entity="visit", key=KEY),
    "create_invoice": Create(
        entity="invoice",
        values=(arg("patient_id"), arg("issued_on")),
        nested=(
            Nested(
                param="lines",
                relation="line_invoice",
                values=(arg("quantity"), arg("price")),
                description="Its lines.",
            ),
        ),
    ),
    "join": Link(entity="duty", ends=(arg("doctor_id"), arg("patient_id")), values=(arg("hours"),)),
    "part": Unlink(entity="duty", ends=(arg("doctor_id"), arg("patient_id"))),
    "move": Transfer(**SIDES),
    "bill": Steps(steps=STEPS),
    "identify": Identify(entity="patient", by=(arg("name"), arg("tier"))),
    "ask_user": AskUser(),
    "read_manual": ReadManual(),
}
OPEN = In(field="status", values=("requested", "confirmed"), at="before")
RULES = (
    Rule(id="open", kind="state", entity="visit", on=("update", "delete"), predicate=OPEN),
    Rule(id="yes", kind="confirmation", entity="visit", on=("delete",), predicate=Confirmed()),
    Rule(
        id="own",
        kind="ownership",
        entity="visit",
        on=("read", "update", "delete"),
        predicate=Owner(path=("visit_patient",)),
    ),
    Rule(
        id="looked",
        kind="order",
        entity="visit",
        on=("delete",),
        predicate=Calls(tool="get_visit", same={"id": "id"}, op="ge", value=1),
    ),
    Rule(
        id="few",
        kind="limit",
        entity="invoice",
        on=("create",),
        predicate=Count(path=("invoice_patient",), relation="invoice_patient", op="le", value=9),
    ),
)
GUARDS = {
    "get_visit": ("own",),
    "change_visit": ("own", "open"),
    "delete_visit": ("own", "open", "yes", "looked"),
    "create_invoice": ("few",),
}
EFFECTS = (
    Effect(
        id="counted",
        entity="visit",
        on=("create", "delete"),
        do=Adjust(path=("visit_doctor",), field="count", by=Product(fields=("patient_id",))),
    ),
    Effect(
        id="closed",
        entity="visit",
        on=("update",),
        fields=("status",),
        when=Compare(field="status", op="eq", value="done"),
        do=Assign(field="closed_at", value=Value(now=True)),
    ),
    Effect(
        id="noted",
        entity="visit",
        on=("delete",),
        do=Add(
            entity="doctor",
            values={
                "name": Value(field="status"),
                "euros": Value(given=0),
                "dollars": Value(given=0),
                "city": Value(field="name", path=("visit_patient",)),
                "since": Value(field="starts_at"),
            },
        ),
    ),
)


def tools(**terms: Term) -> list[Tool]:
    known = TERMS | terms
    return [tool(name, term, *GUARDS.get(name, ())) for name, term in known.items()]


def check(
    *,
    schema: Schema = SCHEMA,
    more: Sequence[Rule] = (),
    effects: Sequence[Effect] = EFFECTS,
    made: Sequence[Tool] | None = None,
) -> None:
    rules = (*derive(schema), *RULES, *more)
    check_parts(schema, rules, effects, tools() if made is None else made, where="domain.json")


def test_what_fits_together_is_legal() -> None:
    """The domain that the tests below break is whole."""
    check()


def _rule(predicate: Predicate, about: str = "visit", on: str = "update", **more: Any) -> Any:
    made: dict[str, Any] = {"id": "odd", "kind": "state", "entity": about, "on": tuple(on.split())}
    return {"more": [Rule(predicate=predicate, **(made | more))]}


def _guarding(predicate: Predicate, name: str, about: str, on: str, **more: Any) -> Any:
    wrong = _rule(predicate, about, on, **more)
    made = [
        msgspec.structs.replace(one, guards=(*one.guards, "odd")) if one.name == name else one
        for one in tools()
    ]
    return wrong | {"made": made}


def _effect(do: Any, about: str = "visit", on: str = "create", **more: Any) -> Any:
    made: dict[str, Any] = {"id": "odd", "entity": about, "on": tuple(on.split())}
    return {"effects": [*EFFECTS, Effect(do=do, **(made | more))]}


def _derived(**more: Any) -> Any:
    made: dict[str, Any] = {
        "id": "odd",
        "entity": "doctor",
        "field": "count",
        "relation": "visit_doctor",
        "how": "count",
    }
    one = Derived(**(made | more))
    return {
        "schema": msgspec.structs.replace(SCHEMA, derived=(*SCHEMA.derived, one)),
        "effects": (),
    }


def _exclusive(**more: Any) -> Any:
    made: dict[str, Any] = {"id": "odd", "entity": "visit", "same": ("doctor_id",)}
    one = Exclusive(**(made | more))
    return {"schema": msgspec.structs.replace(SCHEMA, exclusives=(*SCHEMA.exclusives, one))}


def _life(**more: Any) -> Any:
    moves = {"gold": ("silver",), "silver": (), "none": ("gold",)}
    made: dict[str, Any] = {"entity": "patient", "field": "tier", "initial": ("none",)}
    one = Lifecycle(**({"moves": moves} | made | more))
    return {"schema": msgspec.structs.replace(SCHEMA, lifecycles=(*SCHEMA.lifecycles, one))}


def _term(name: str, **changes: Any) -> Any:
    term: Any = TERMS[name]
    return {"made": tools(**{name: msgspec.structs.replace(term, **changes)})}


def _steps(*steps: Step) -> Any:
    return _term("bill", steps=steps)


def _second(**changes: Any) -> Any:
    return _steps(STEPS[0], msgspec.structs.replace(STEPS[1], **changes))


TOTAL = Value(given=1)
CIRCLE = (
    Effect(
        id="there",
        entity="visit",
        on=("update",),
        fields=("starts_at",),
        do=Adjust(path=("visit_doctor",), field="count", by=Product(fields=("doctor_id",))),
    ),
    Effect(
        id="back",
        entity="doctor",
        on=("update",),
        fields=("count",),
        each="visit_doctor",
        do=Assign(field="starts_at", value=Value(now=True)),
    ),
)
CASES: dict[str, tuple[Any, str]] = {
    # rules
    "a path from elsewhere": (
        _rule(Compare(field="name", op="eq", value="x", path=("invoice_patient",))),
        (
            "$.rules[*] (odd).predicate.path[0]: expected a relation of visit, found "
            "'invoice_patient', which starts at invoice; did you mean 'visit_patient'?"
        ),
    ),
    "a path to nowhere": (
        _rule(Owner(path=("visit_pateint",))),
        "found 'visit_pateint'; did you mean 'visit_patient'?",
    ),
    "a field of the wrong row": (
        _rule(Compare(field="status", op="eq", value="x", path=("visit_patient",))),
        "expected a field of patient, found 'status'",
    ),
    "a value that is none": (
        _rule(In(field="tier", values=("golden",), path=("visit_patient",))),
        "expected a value of tier (enum), found 'golden'; did you mean 'gold'?",
    ),
    "time of what is no time": (
        _rule(Elapsed(field="status", op="le", seconds=DAY)),
        "expected a date or a datetime, found status (enum); did you mean 'starts_at'?",
    ),
    "an unknown exclusive": (
        _rule(Alone(exclusive="one_vist")),
        "expected an exclusive of visit, found 'one_vist'; did you mean 'one_visit'?",
    ),
    "a count of strangers": (
        _rule(Count(relation="line_invoice", op="le", value=1)),
        "expected a relation that points to visit, found 'line_invoice', which points to invoice",
    ),
    "a count of fewer than none": (
        _rule(Count(path=("visit_doctor",), relation="visit_doctor", op="le", value=-1)),
        "expected a number from 0, found -1",
    ),
    "a count where nothing is": (
        _rule(
            Count(
                path=("visit_doctor",),
                relation="visit_doctor",
                where={"status": ("new",)},
                op="le",
                value=1,
            )
        ),
        "expected a value of status (enum), found 'new'",
    ),
    "a holder of nothing": (
        _rule(Holder(entity="patient", field="teir", values=("gold",))),
        "expected a field of patient, found 'teir'; did you mean 'tier'?",
    ),
    "nobody to be": (
        _rule(Authenticated(entity="pateint")),
        "expected an entity, found 'pateint'; did you mean 'patient'?",
    ),
    "nobody can be it": (
        _rule(Authenticated(entity="doctor")),
        (
            "expected a user who can be identified as doctor, found a tool that identifies "
            "patient; add a tool of kind 'identify', or remove the rule"
        ),
    ),
    "nobody can agree": (
        {"made": [one for one in tools() if one.name != "ask_user"]},
        (
            "(yes).predicate: expected a tool by which the user can agree, found none; add a tool "
            "of kind 'ask_user', or remove the rule"
        ),
    ),
    "an unknown call": (
        _rule(Calls(tool="get_vist", op="ge", value=1)),
        "expected the name of a tool, found 'get_vist'; did you mean 'get_visit'?",
    ),
    "a call's unknown parameter": (
        _rule(Calls(tool="get_visit", same={"id": "visit"}, op="ge", value=1)),
        "expected a parameter of get_visit, found 'visit'; use one of 'id'",
    ),
    "a parameter that the tool lacks": (
        _guarding(Param(param="hour", op="le", value=3), "join", "duty", "create"),
        (
            "(join).guards[0]: expected a parameter of join, found 'hour', of which rule odd "
            "speaks; did you mean 'hours'?"
        ),
    ),
    "a parameter of another type": (
        _guarding(Param(param="hours", op="le", value="many"), "join", "duty", "create"),
        "expected a value of hours (integer), found 'many'",
    ),
    "a guard on what the tool does not do": (
        _guarding(OPEN, "set_status", "visit", "delete"),
        "expected a rule on update, found 'odd', on delete; remove it",
    ),
    "a session in an invariant": (
        _rule(Confirmed(), kind="invariant"),
        (
            "expected an invariant that speaks of rows alone, found 'confirmed'; give the rule "
            "another kind"
        ),
    ),
    "an invariant on reads": (
        _rule(OPEN, kind="invariant", on="read"),
        "expected an invariant on writes, found one on 'read'; remove 'read'",
    ),
    "nothing, outside hand-over": (
        _rule(AnyOf(of=())),
        (
            "expected at least one predicate, found none, which never holds; a rule of kind "
            "'hand_over' may have none"
        ),
    ),
    "before there was anything": (
        _rule(OPEN, on="create"),
        "found the row before its creation; use 'after'",
    ),
    "fields of a delete": (
        _rule(OPEN, on="delete", fields=("status",)),
        "expected fields only where updates are guarded, found on delete; add 'update' to on",
    ),
    "an unknown field": (
        _rule(OPEN, fields=("state",)),
        "expected a field of visit, found 'state'; did you mean 'status'?",
    ),
    "a level beyond": (_rule(OPEN, level=5), "expected a level of 0 to 4, found 5"),
    "a rule that never holds": (
        _rule(
            All(
                of=(
                    Compare(field="closed_at", op="lt", other="starts_at"),
                    Compare(field="closed_at", op="gt", other="starts_at"),
                )
            )
        ),
        (
            "(odd): expected a rule that can hold, found one by which visit is never changed; "
            "change or remove it"
        ),
    ),
    "rules that contradict": (
        _guarding(
            In(field="status", values=("done",), at="before"), "delete_visit", "visit", "delete"
        ),
        (
            "(odd): expected rules that can hold together, found open, odd, by which visit is "
            "never deleted; change it, or open"
        ),
    ),
    "calls in a circle": (
        {
            "more": [
                Rule(
                    id=name,
                    kind="order",
                    entity="duty",
                    on=(on,),  # type: ignore[arg-type]
                    predicate=Calls(tool=other, op="ge", value=1),
                )
                for name, on, other in (("a", "create", "part"), ("b", "delete", "join"))
            ],
            "made": [
                *(one for one in tools() if one.name not in ("join", "part")),
                tool("join", TERMS["join"], "a"),
                tool("part", TERMS["part"], "b"),
            ],
        },
        (
            "(join).guards: expected tools that can be called one after the other, found the "
            "circle join -> part -> join; change one of their rules"
        ),
    ),
    # effects
    "an effect twice": (
        {"effects": [*EFFECTS, EFFECTS[0]]},
        "$.effects[3] (counted): expected each effect once, found 'counted' twice; rename",
    ),
    "an effect on no field": (
        _effect(Assign(field="closed", value=Value(now=True)), on="update"),
        "(odd).do.field: expected a field of visit, found 'closed'; did you mean 'closed_at'?",
    ),
    "an adjusted text": (
        _effect(Adjust(path=("visit_doctor",), field="name", by=Product(fields=("id",)))),
        "(odd).do.field: expected a field of numbers, found name (text)",
    ),
    "an amount of texts": (
        _effect(Adjust(path=("visit_doctor",), field="count", by=Product(fields=("status",)))),
        "(odd).do.by.fields: expected a field of numbers, found status (enum)",
    ),
    "an adjustment of another unit": (
        _effect(
            Adjust(
                path=("invoice_patient", "patient_doctor"),
                field="dollars",
                by=Product(fields=("shipping",)),
            ),
            "invoice",
        ),
        "expected an amount in USD, like dollars, found EUR",
    ),
    "an adjusted row without a way": (
        _effect(Adjust(path=(), field="id", by=Product(fields=("id",)))),
        "expected a path to the row that is adjusted, found none",
    ),
    "an effect on a computed field": (
        _effect(Assign(path=("line_invoice",), field="total", value=TOTAL), "line"),
        (
            "expected a field that can be set, found invoice.total, which the world computes; "
            "remove the effect, or the derived value"
        ),
    ),
    "an effect on a key": (
        _effect(Assign(field="id", value=TOTAL), on="update"),
        "expected a field that can change, found id, which is of the key",
    ),
    "an assignment to what is gone": (
        _effect(Assign(field="closed_at", value=Value(now=True)), on="delete"),
        "expected a row that is there afterwards, found the one that is deleted",
    ),
    "a value of another type": (
        _effect(Assign(field="closed_at", value=Value(field="status")), on="update"),
        "expected a field of type datetime, like closed_at, found status (enum)",
    ),
    "a value of two kinds": (
        _effect(Assign(field="closed_at", value=Value(now=True, field="starts_at")), on="update"),
        "expected one of given, field, change and now, found field and now; remove the others",
    ),
    "a time in a text": (
        _effect(Assign(path=("visit_doctor",), field="city", value=Value(now=True))),
        "expected a date or a datetime for the time, found city (text)",
    ),
    "nothing, where something is needed": (
        _effect(Assign(path=("visit_doctor",), field="city", value=Value())),
        "expected a value for city, which may not be empty, found none",
    ),
    "the rise of a text": (
        _effect(Assign(path=("visit_doctor",), field="count", value=Value(change="status"))),
        "expected two fields of numbers, found status (enum) and count (integer)",
    ),
    "a row without what it needs": (
        _effect(Add(entity="doctor", values={"name": Value(given="x")})),
        "expected a value for euros, which every doctor needs, found none",
    ),
    "each of strangers": (
        _effect(Assign(field="quantity", value=TOTAL), each="line_invoice"),
        "(odd).each: expected a relation that points to visit, found 'line_invoice'",
    ),
    "an effect of a call": (
        _effect(Assign(field="closed_at", value=Value(now=True)), on="update", when=Confirmed()),
        "(odd).when: expected a condition on rows, found 'confirmed'; effects see no call",
    ),
    "effects in a circle": (
        {"effects": CIRCLE},
        (
            "$.effects[0] (there): expected effects and derived values that come to an end, found "
            "the circle there -> back -> there; remove one of them, or let it watch other fields"
        ),
    ),
    "an effect and a derived value in a circle": (
        {
            "effects": [
                Effect(
                    id="again",
                    entity="invoice",
                    on=("update",),
                    fields=("total",),
                    each="line_invoice",
                    do=Assign(field="quantity", value=TOTAL),
                )
            ]
        },
        "found the circle invoice_total -> again -> invoice_total",
    ),
    # derived values and exclusives
    "a derived value of strangers": (
        _derived(relation="line_invoice"),
        "expected a relation that points to doctor, found 'line_invoice', which points to invoice",
    ),
    "a derived text": (
        _derived(field="city"),
        "$.schema.derived[1] (odd).field: expected a field of whole numbers, found city (text)",
    ),
    "a derived key": (
        _derived(field="id"),
        "expected a field that can be computed, found id, which is of the key",
    ),
    "a derived value computed twice": (
        {
            "schema": msgspec.structs.replace(
                SCHEMA,
                derived=(*SCHEMA.derived, msgspec.structs.replace(SCHEMA.derived[0], id="odd")),
            )
        },
        (
            "expected a field that nothing else computes, found invoice.total computed by "
            "invoice_total too; remove one of them"
        ),
    ),
    "a sum of texts": (
        _derived(how="sum", terms=(Product(fields=("status",)),)),
        "(odd).terms[0].fields: expected a field of numbers, found status (enum)",
    ),
    "a sum of nothing": (_derived(how="sum"), "expected at least one term, found none"),
    "a count with terms": (_derived(terms=(*LINES[:0], Product(fields=("id",)))), "for a count"),
    "the latest of texts": (
        _derived(how="max", field="since", terms=(Product(fields=("status",)),)),
        "expected a field of numbers or times, like status (enum), found since (date)",
    ),
    "the most of nothing, where something is needed": (
        _derived(how="max", field="euros", terms=(Product(fields=("id",)),)),
        (
            "expected a field that may be empty, as it is over no rows, found euros, which may "
            "not; make it nullable"
        ),
    ),
    "a derived value where nothing is": (
        _derived(where={"status": ("open",)}),
        "(odd).where.status: expected a value of status (enum), found 'open'",
    ),
    "a count over no relation": (
        _derived(relation=None),
        "expected a relation whose rows it is computed over, found 'count' without one",
    ),
    "a derived value of itself": (
        _derived(relation=None, how="sum", terms=(Product(fields=("count",)),)),
        (
            "$.schema.derived[1] (odd): expected effects and derived values that come to an end, "
            "found the circle odd -> odd"
        ),
    ),
    "a span of unlike ends": (
        _exclusive(span=("starts_at", "status")),
        (
            "(odd).span: expected two fields of one type as start and end, found starts_at "
            "(datetime) and status (text); use one of 'closed_at', 'ends_at'"
        ),
    ),
    "an exclusive of what is not there": (
        _exclusive(same=("doctor",)),
        "expected a field of visit, found 'doctor'; did you mean 'doctor_id'?",
    ),
    "an exclusive where nothing is": (
        _exclusive(where={"status": ()}),
        "(odd).where.status: expected at least one value, found none",
    ),
    "an id twice": (_exclusive(id="one_visit"), "expected each id once, found 'one_visit' twice"),
    # life cycles
    "a state out of reach": (
        _life(moves={"none": ("gold",), "gold": (), "silver": ("gold",)}),
        (
            "(patient.tier).moves: expected states that can be reached from none, found 'silver'; "
            "let a move lead to 'silver', or add it to the initial states"
        ),
    ),
    "a move to nowhere": (
        _life(moves={"none": ("golden",), "gold": ()}),
        "expected a state, found 'golden'; did you mean 'gold'?",
    ),
    "a second life": (_life(entity="visit", field="status"), "expected one life cycle for a field"),
    # tools that write
    "a computed field set": (
        _term("create_invoice", values=(arg("total"),)),
        (
            "(create_invoice).term.values[0]: expected a field that can be set, found total, which "
            "follows from others; remove it"
        ),
    ),
    "a list of strangers": (
        _term(
            "create_invoice",
            nested=(
                Nested(param="v", relation="visit_doctor", values=(arg("status"),), description=""),
            ),
        ),
        (
            "nested[0].relation: expected a relation that points to invoice, found 'visit_doctor', "
            "which points to doctor; use one of 'line_invoice'"
        ),
    ),
    "a list that fills what is filled": (
        _term(
            "create_invoice",
            nested=(
                Nested(
                    param="v", relation="line_invoice", values=(arg("invoice_id"),), description=""
                ),
            ),
        ),
        "expected a field that is not filled in, found invoice_id, which refers to the new invoice",
    ),
    "a list of no length": (
        _term(
            "create_invoice",
            nested=(
                Nested(
                    param="v",
                    relation="line_invoice",
                    values=(arg("price"),),
                    description="",
                    least=3,
                    most=2,
                ),
            ),
        ),
        "expected 0 <= least <= most, and most from 1, found 3 and 2",
    ),
    "a list under a taken name": (
        _term(
            "create_invoice",
            nested=(
                Nested(
                    param="issued_on",
                    relation="line_invoice",
                    values=(arg("price"),),
                    description="",
                ),
            ),
        ),
        "expected each parameter once, found 'issued_on' twice",
    ),
    "an end that joins nothing": (
        _term("join", ends=(arg("doctor_id"), arg("hours")), values=()),
        (
            "(join).term.ends[1].field: expected a field that refers to what is joined, found "
            "hours, which refers to nothing; use one of 'doctor_id', 'patient_id'"
        ),
    ),
    "one end": (
        _term("part", ends=(arg("doctor_id"),)),
        "(part).term.ends: expected at least two that are joined, found 1",
    ),
    "an end said twice": (
        _term("join", values=(arg("patient_id", "other"),)),
        "expected what else the link says, found patient_id, which is an end",
    ),
    "a transfer between units": (
        _term("move", target=Side(entity="doctor", key=(arg("id", "to"),), field="dollars")),
        (
            "(move).term.target.field: expected a field in EUR, like euros, found dollars in USD; "
            "amounts of one unit alone can be moved"
        ),
    ),
    "a transfer between types": (
        _term("move", target=Side(entity="doctor", key=(arg("id", "to"),), field="count")),
        "expected a field of type decimal of scale 2, like euros, found count (integer)",
    ),
    "a transfer of texts": (
        _term("move", source=Side(entity="doctor", key=(arg("id", "from_id"),), field="city")),
        "(move).term.source.field: expected a field of numbers that can change, found city (text)",
    ),
    "a transfer of what is computed": (
        _term(
            "move",
            source=Side(entity="invoice", key=(arg("id", "from_id"),), field="total"),
            amount=arg("total", "amount"),
        ),
        "expected a field that can be set, found total, which follows from others",
    ),
    "a transfer to itself": (
        _term("move", target=SIDES["source"]),
        "(move).term.target.key: expected two rows, found one and the same; name another parameter",
    ),
    "a transfer of something else": (
        _term("move", amount=arg("dollars", "amount")),
        "(move).term.amount.field: expected the field of the source, euros, found 'dollars'",
    ),
    "a transfer between what is not the same": (
        _term("move", same=(("city", "since"),)),
        "(move).term.same[0]: expected a field of type text, like city, found since (date)",
    ),
    "a sequence of one": (
        _steps(STEPS[0]),
        "(bill).term.steps: expected at least two steps, found 1; one needs no sequence",
    ),
    "a step that takes from a later one": (
        _second(taken={"invoice_id": "1.id"}),
        (
            "(bill).term.steps[1].taken.invoice_id: expected an earlier step, found 1; earlier "
            "steps: 0"
        ),
    ),
    "a step that takes nothing": (
        _second(taken={"invoice_id": "0.number"}),
        "expected a field of invoice, found 'number'",
    ),
    "a step that takes oddly": (
        _second(taken={"invoice_id": "id"}),
        "expected <step>.<field>, as 0.id, found 'id'",
    ),
    "a step that takes another type": (
        _second(taken={"invoice_id": "0.issued_on"}),
        "expected a value of type integer, as invoice_id is, found 0.issued_on (date)",
    ),
    "a step that takes what it lacks": (
        _second(taken={"invoice": "0.id"}),
        (
            "(bill).term.steps[1].taken: expected a parameter of the step, found 'invoice'; did "
            "you mean 'invoice_id'?"
        ),
    ),
    "a step given a wrong value": (
        _second(given={"quantity": "many"}),
        "steps[1].given.quantity: expected a value of quantity (integer), found 'many'",
    ),
    "a step given and taking": (
        _second(given={"invoice_id": 1}),
        "expected a parameter set once, found 'invoice_id' given and taken; remove one of them",
    ),
    "steps that share a name of two types": (
        _steps(
            STEPS[0], Step(term=Create(entity="line", values=(arg("invoice_id", "issued_on"),)))
        ),
        "expected one type for 'issued_on', date as in step 0, found integer; rename the parameter",
    ),
    "a step that takes from a delete": (
        _steps(
            Step(term=Delete(entity="visit", key=KEY)),
            Step(term=Delete(entity="line", key=KEY), taken={"id": "0.id"}),
        ),
        "expected a step that gives a row, found step 0, a delete",
    ),
    "someone known by one thing": (
        _term("identify", by=(arg("name"),)),
        (
            "(identify).term.by: expected at least two fields, or one that is unique, found name; "
            "use one of 'id'"
        ),
    ),
    "two manuals": (
        {"made": [*tools(), tool("second_manual", ReadManual())]},
        "expected one tool of kind 'read_manual', found 'read_manual' and 'second_manual'",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_wrong_edit_is_told(case: str) -> None:
    """The message says where, what was expected, what was found, and what to do."""
    wrong, said = CASES[case]
    with pytest.raises(DomainError) as caught:
        check(**wrong)
    error = caught.value
    text = re.sub(r"rules\[\d+\]", "rules[*]", str(error))
    assert said in text, text
    assert error.where.startswith("domain.json $.")
    assert error.expected and error.found and error.hint


def test_what_only_notes_itself_is_no_circle() -> None:
    """Effects that note something in the row that was written come to an end."""
    notes = [
        Effect(
            id=name,
            entity="visit",
            on=("create", "update"),
            do=Assign(field=name, value=Value(now=True)),
        )
        for name in ("closed_at", "ends_at")
    ]
    check(effects=notes)


LEGAL: dict[str, Callable[[], Any]] = {
    "a hand-over of everything": lambda: _rule(AnyOf(of=()), kind="hand_over", on="delete"),
    "calls that an exception avoids": lambda: _guarding(
        AnyOf(of=(Calls(tool="join", op="ge", value=1), Confirmed())), "join", "duty", "create"
    ),
    "a key that both ends share": lambda: _term(
        "move",
        source=Side(
            entity="duty", key=(arg("doctor_id", "a"), arg("patient_id", "p")), field="hours"
        ),
        target=Side(
            entity="duty", key=(arg("doctor_id", "b"), arg("patient_id", "p")), field="hours"
        ),
        amount=arg("hours", "amount"),
    ),
    "someone known by a key": lambda: _term("identify", by=(arg("id"),)),
    "no rows to begin with": lambda: _life(
        initial=("none", "gold"), moves={"none": ("gold",), "gold": ("none",)}
    ),
}


@pytest.mark.parametrize("case", LEGAL)
def test_what_looks_odd_and_is_legal(case: str) -> None:
    """What has a meaning is let through."""
    check(**LEGAL[case]())
