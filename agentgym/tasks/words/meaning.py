"""What a message means: a plan without ids, as nested records that can be compared.

`meant` takes a plan apart, `assemble` puts one together again, in the form of
`plan.told`: equal rows and figures become one node, equal values one fact, and a
value that the user holds back is None. Next: `phrases`.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Literal

import msgspec

from agentgym.formats import Json, Record, encode
from agentgym.plan import (
    Aggregated,
    Emit,
    Fact,
    Family,
    Link,
    Node,
    Op,
    Pick,
    Plan,
    Select,
    Setting,
    Where,
    Write,
    told,
)
from agentgym.tools.algebra import Function

__all__ = [
    "Act",
    "Change",
    "Clue",
    "Figure",
    "Get",
    "Op",
    "Put",
    "Row",
    "Tie",
    "assemble",
    "family",
    "meant",
    "rows_in",
    "same",
    "tellable",
]

Kind = Literal["create", "update", "transition", "delete"]


class Clue(Record, kw_only=True):
    """A field of a row compares with a value."""

    field: str
    op: Op
    value: Json = None
    held: bool = False
    """Whether the user tells the value only when asked; it is None then."""


class Tie(Record, kw_only=True):
    """The row is related to another."""

    relation: str
    forward: bool
    row: Row


class Row(Record, kw_only=True):
    """What a select finds; clues and ties are in canonical order."""

    entity: str
    clues: tuple[Clue, ...] = ()
    ties: tuple[Tie, ...] = ()
    pick: Pick | None = None
    again: bool = False
    """A mere mention of a row that was described before; only while reading."""


class Figure(Record, kw_only=True):
    """One number over the rows."""

    of: Row
    function: Function
    field: str | None = None


class Get(Record, kw_only=True):
    """A value that is asked for."""

    of: Row | Figure
    field: str | None = None


class Put(Record, kw_only=True):
    """A field that is written: a value, or the `source` field of a row."""

    field: str
    value: Json = None
    held: bool = False
    row: Row | None = None
    source: str | None = None


class Change(Record, kw_only=True):
    """A row that is written."""

    kind: Kind
    entity: str
    target: Row | None = None
    puts: tuple[Put, ...] = ()


Act = Get | Change


def row_of(entity: str, clues: list[Clue], ties: list[Tie], pick: Pick | None) -> Row:
    """Make a row with its clues and ties in canonical order."""
    return Row(
        entity=entity,
        clues=tuple(sorted(clues, key=lambda c: (c.field, c.op, str(c.value)))),
        ties=tuple(sorted(ties, key=lambda t: (t.relation, t.forward, encode(t.row)))),
        pick=pick,
    )


def rows_in(row: Row) -> Iterator[Row]:
    """Yield the row and every row that it is tied to, outermost first."""
    yield row
    for tie in row.ties:
        yield from rows_in(tie.row)


def plain(value: Json) -> Json:
    """Bring numbers to one form, so that 5, 5.0 and Decimal("5.00") are the same."""
    if isinstance(value, (float, Decimal)):
        number = Decimal(repr(value)) if isinstance(value, float) else value
        if not number.is_finite():
            return value
        return int(number) if number == number.to_integral_value() else number.normalize()
    return value


def meant(plan: Plan) -> tuple[Act, ...]:
    """Return what a plan asks, act by act."""
    rows: dict[str, Row | Figure] = {}
    acts: list[Act] = []
    for node in plan.nodes:
        match node:
            case Select():
                rows[node.id] = _row(plan, node, rows)
            case Aggregated():
                rows[node.id] = Figure(
                    of=_found(rows, node.of), function=node.function, field=node.field
                )
            case Emit():
                acts.append(Get(of=rows[node.node], field=node.field))
            case Write():
                acts.append(
                    Change(
                        kind=node.kind,
                        entity=node.entity,
                        target=_found(rows, node.target) if node.target else None,
                        puts=tuple(
                            sorted(
                                (_put(plan, setting, rows) for setting in node.settings),
                                key=lambda put: put.field,
                            )
                        ),
                    )
                )
    return tuple(acts)


def _found(rows: dict[str, Row | Figure], name: str) -> Row:
    row = rows[name]
    assert isinstance(row, Row), f"{name} is a figure, not a row"
    return row


def _row(plan: Plan, node: Select, rows: dict[str, Row | Figure]) -> Row:
    clues = []
    for where in node.where:
        fact = plan.fact(where.fact)
        held = fact.exposure == "user"
        value = None if held else plain(fact.value)
        clues.append(Clue(field=where.field, op=where.op, value=value, held=held))
    ties = [
        Tie(relation=link.relation, forward=link.forward, row=_found(rows, link.node))
        for link in node.links
    ]
    return row_of(node.entity, clues, ties, node.pick)


def _put(plan: Plan, setting: Setting, rows: dict[str, Row | Figure]) -> Put:
    if setting.node is not None:
        return Put(field=setting.field, row=_found(rows, setting.node), source=setting.source)
    assert setting.fact is not None
    fact = plan.fact(setting.fact)
    held = fact.exposure == "user"
    return Put(field=setting.field, value=None if held else plain(fact.value), held=held)


def assemble(acts: tuple[Act, ...], *, family_as: Family | None = None) -> Plan:
    """Make the plan, in `plan.told` form, that asks these acts.

    Args:
        acts: What is asked, in order.
        family_as: The family to write down; by default the one that `family` derives.
    """
    facts: dict[bytes, Fact] = {}
    nodes: dict[bytes, Node] = {}

    def fact(entity: str, field: str, value: Json, *, held: bool) -> str:
        mark = encode([entity, field, value, held])
        if mark not in facts:
            facts[mark] = Fact(
                id=f"f{len(facts) + 1}",
                entity=entity,
                field=field,
                value=value,
                exposure="user" if held else "instruction",
            )
        return facts[mark].id

    def put(mark: bytes, node: Node) -> str:
        nodes[mark] = node
        return node.id

    def select(row: Row) -> str:
        mark = b"row" + encode(row)
        if mark in nodes:
            return nodes[mark].id
        where = tuple(
            Where(field=c.field, op=c.op, fact=fact(row.entity, c.field, c.value, held=c.held))
            for c in row.clues
        )
        links = tuple(
            Link(relation=t.relation, forward=t.forward, node=select(t.row)) for t in row.ties
        )
        name = f"n{len(nodes) + 1}"
        return put(
            mark, Select(id=name, entity=row.entity, where=where, links=links, pick=row.pick)
        )

    def figure(one: Figure) -> str:
        mark = b"figure" + encode(one)
        if mark in nodes:
            return nodes[mark].id
        of = select(one.of)
        name = f"n{len(nodes) + 1}"
        return put(mark, Aggregated(id=name, of=of, function=one.function, field=one.field))

    def setting(act: Change, one: Put) -> Setting:
        if one.row is not None:
            return Setting(field=one.field, node=select(one.row), source=one.source)
        return Setting(field=one.field, fact=fact(act.entity, one.field, one.value, held=one.held))

    for place, act in enumerate(acts):
        mark = f"act{place}".encode()
        if isinstance(act, Get):
            of = select(act.of) if isinstance(act.of, Row) else figure(act.of)
            put(mark, Emit(id=f"n{len(nodes) + 1}", node=of, field=act.field))
        else:
            target = select(act.target) if act.target is not None else None
            settings = tuple(setting(act, one) for one in act.puts)
            put(
                mark,
                Write(
                    id=f"n{len(nodes) + 1}",
                    kind=act.kind,
                    entity=act.entity,
                    target=target,
                    settings=settings,
                ),
            )
    return told(
        Plan(
            family=family_as or family(acts),
            facts=tuple(facts.values()),
            nodes=tuple(nodes.values()),
        )
    )


def family(acts: tuple[Act, ...]) -> Family:
    """Derive the family from the shape of what is asked.

    Two writes or more are `multi_write`, one is `update`.
    Without a write, a figure makes `aggregate`, ties or a pick `multi_hop`, else `lookup`.
    """
    changes = [act for act in acts if isinstance(act, Change)]
    if len(changes) > 1:
        return "multi_write"
    if changes:
        return "update"
    gets = [act for act in acts if isinstance(act, Get)]
    if any(isinstance(get.of, Figure) for get in gets):
        return "aggregate"
    linked = any(isinstance(g.of, Row) and (g.of.ties or g.of.pick) for g in gets)
    return "multi_hop" if linked else "lookup"


def tellable(plan: Plan) -> Plan:
    """Return what the words of the plan can tell: `plan.told` form, held-back values None.

    Besides that, nodes that find the same are one, values that are the same are one fact
    of the field where they are used, and numbers are in one form. The family is kept.
    """
    return assemble(meant(plan), family_as=plan.family)


def same(one: Plan, other: Plan) -> bool:
    """Tell whether two plans ask the same, as far as words can tell.

    The family is left aside, since words do not name it, and so is whether a status is
    changed by `update` or `transition`, which is the same wish.
    """
    return _comparable(one) == _comparable(other)


def _comparable(plan: Plan) -> Plan:
    plan = tellable(plan)
    return msgspec.structs.replace(
        plan,
        family="lookup",
        nodes=tuple(
            msgspec.structs.replace(node, kind="update")
            if isinstance(node, Write) and node.kind == "transition"
            else node
            for node in plan.nodes
        ),
    )
