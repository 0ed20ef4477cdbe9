"""References and life cycles, from the outline: between tables that are there, in states that are.

A `Plan` of tables and the outline come in; its ties and cycles go out. Next: `translate`.
"""

from __future__ import annotations

from collections import Counter

from agentgym.schema import Lifecycle
from agentgym.sources.text.names import bare, identifier
from agentgym.sources.text.outline import MOST_FIELDS, Outline, OutlineLifecycle, OutlineReference
from agentgym.sources.text.problems import Report
from agentgym.sources.text.things import Column, Cycle, Plan, Table, Tie, values_of

__all__ = ["cut_off", "tie"]

_MOST_STATES = 20
_TAIL = ("_id", "_number", "_no", "_key", "_ref", "_code")


def tie(plan: Plan, outline: Outline, report: Report) -> None:
    """Enter references and life cycles into the plan."""
    for place, reference in enumerate(outline.references):
        _refer(plan, reference, f"references[{place}]", report)
    _implied(plan, report)
    _loosen(plan, report)
    for place, cycle in enumerate(outline.lifecycles):
        _live(plan, cycle, f"lifecycles[{place}]", report)


def cut_off(plan: Plan, report: Report) -> None:
    """Leave out tables that no reference joins to another, and see that enough is left."""
    joined = {
        name for tie in plan.ties if tie.child != tie.target for name in (tie.child, tie.target)
    }
    for table in list(plan.tables.values()):
        if table.name not in joined:
            report.fault(
                f"entities[{table.place}]",
                f"no reference joins {table.name!r} to another entity",
                hint="add a reference, or leave the entity out",
                part="entity",
            )
            del plan.tables[table.name]
    plan.ties = [t for t in plan.ties if t.child in plan.tables and t.target in plan.tables]
    plan.cycles = [c for c in plan.cycles if c.table in plan.tables]
    for table in plan.tables.values():
        if all(c.tied or c.name == table.key for c in table.columns.values()) and not any(
            c.tied for c in table.columns.values()
        ):
            report.mend("entity without fields of its own")
            table.add(Column(name="name"))
    if len(plan.tables) < 2:
        report.fatal(
            "entities",
            f"{len(plan.tables)} of {len(plan.names.names)} entities can be used",
            hint="at least two are needed, joined by references",
        )


def _refer(plan: Plan, one: OutlineReference, where: str, report: Report) -> None:
    sides = []
    for end, name in (("entity", one.entity), ("to", one.to)):
        table = plan.table(name)
        if table is None:
            report.unknown(f"{where}.{end}", "entity", name, plan.tables, "reference")
            return
        sides.append(table)
    child, target = sides
    role = identifier(one.name)
    for tail in _TAIL:
        role = role.removesuffix(tail)
    optional = one.optional
    if child is target and not optional:
        report.mend("reference to its own kind that was not optional")
        optional = True
    _join(plan, child, target, role or target.name, report, optional=optional, one=one.one_to_one)


def _join(
    plan: Plan, child: Table, target: Table, role: str, report: Report, *, optional: bool, one: bool
) -> None:
    """Enter a reference; a field that was listed for it is used."""
    if any(t.child == child.name and t.target == target.name and t.role == role for t in plan.ties):
        report.mend("reference named twice")
        return
    listed = [f"{role}_id", role, f"{target.name}_id", target.name]
    named = [child.fields.find(name) for name in listed]
    used = next((n for n in named if n and n != child.key and not child.columns[n].tied), None)
    if used is None:
        name, number = f"{role}_id", 2
        while child.fields.find(name) is not None:
            name, number = f"{role}_{number}_id", number + 1
        if len(child.columns) >= MOST_FIELDS + 10:
            report.mend("reference beyond the most that are taken")
            return
        child.add(Column(name=name))
        used = name
    nullable = optional or (child.columns[used].nullable and used in child.columns)
    child.columns[used] = Column(
        name=used, kind="integer", nullable=nullable, unique=one, tied=True
    )
    plan.ties.append(
        Tie(child=child.name, column=used, target=target.name, role=role, one_to_one=one)
    )


def _implied(plan: Plan, report: Report) -> None:
    """Add the references that only the name of a field says: `tool_id`."""
    for table in plan.tables.values():
        for column in list(table.columns.values()):
            if column.tied or column.name == table.key or not column.name.endswith("_id"):
                continue
            target = plan.table(column.name.removesuffix("_id"))
            if target is None or target is table:
                continue
            report.mend("reference that only a field's name says")
            _join(plan, table, target, target.name, report, optional=column.nullable, one=False)


def _loosen(plan: Plan, report: Report) -> None:
    """Make one reference of every circle optional: somebody has to be first."""
    firm: dict[str, set[str]] = {name: set() for name in plan.tables}
    for one in plan.ties:
        column = plan.tables[one.child].columns[one.column]
        if column.nullable:
            continue
        if one.child in _above(firm, one.target):
            report.mend("reference in a circle that was not optional")
            column.nullable = True
        else:
            firm[one.child].add(one.target)


def _above(firm: dict[str, set[str]], start: str) -> set[str]:
    found, waiting = {start}, [start]
    while waiting:
        for name in sorted(firm[waiting.pop()] - found):
            found.add(name)
            waiting.append(name)
    return found


def _live(plan: Plan, one: OutlineLifecycle, where: str, report: Report) -> None:
    table = plan.table(one.entity)
    if table is None:
        report.unknown(f"{where}.entity", "entity", one.entity, plan.tables, "life cycle")
        return
    column = _status(table, one, where, report)
    if column is None:
        return
    if any(c.table == table.name and c.column == column.name for c in plan.cycles):
        report.mend("second life cycle of a field")
        return
    moves: dict[str, list[str]] = {}
    first = [one.initial] if one.initial else []
    for state in (*first, *(s for move in one.moves for s in (move.state, *move.next))):
        _state(table, column, state, moves, report)
    listed = [state for state in column.values if state not in moves]
    for move in one.moves:
        (here,), _ = _found(table, column, [move.state]) or (("",), ())
        if here:
            there, _ = values_of(table, column.name, move.next)
            moves[here] += [s for s in there if s != here and s not in moves[here]]
    initial, _ = values_of(table, column.name, first)
    if not any(moves.values()):
        report.fault(
            f"{where}.moves", "no state leads to another",
            hint="name the states that may follow each", part="life cycle",
        )  # fmt: skip
        return
    if not initial:
        report.mend("life cycle without a first state")
        arrived = {state for there in moves.values() for state in there}
        initial = [next((s for s in moves if s not in arrived), next(iter(moves)))]
    moves |= {state: [] for state in listed}
    cycle = Cycle(table=table.name, column=column.name, initial=initial, moves=moves)
    _reach(cycle, where, report)
    plan.cycles.append(cycle)


def _status(table: Table, one: OutlineLifecycle, where: str, report: Report) -> Column | None:
    """Return the field whose states these are; one that was not listed is added."""
    name = table.fields.find(one.field or "status")
    if name is None and identifier(one.field or "status") and len(table.columns) < MOST_FIELDS:
        report.mend("status that was not listed")
        name = identifier(one.field or "status")
        table.add(Column(name=name, kind="enum"))
    column = table.columns.get(name or "")
    if (
        column is None
        or column.tied
        or column.name == table.key
        or column.kind not in ("enum", "text")
    ):
        report.fault(
            f"{where}.field", f"{one.field!r} can have no states",
            hint="name a field of type enum", part="life cycle",
        )  # fmt: skip
        return None
    if column.kind == "text":
        report.mend("status that was no enum")
        column.kind, column.values = "enum", []
    column.unique = column.nullable = False
    return column


def _found(table: Table, column: Column, states: list[str]) -> tuple[list[str], list[str]] | None:
    found, strange = values_of(table, column.name, states)
    return (found, strange) if found else None


def _state(
    table: Table, column: Column, state: str, moves: dict[str, list[str]], report: Report
) -> None:
    """Enter a state; one that the field does not list is added to its values."""
    found, strange = values_of(table, column.name, [state[:60]])
    if strange and len(column.values) < _MOST_STATES and (bare(state) or state.strip()):
        report.mend("state that the field did not list")
        column.values.append(state[:60].strip())
        found = [column.values[-1]]
    for one in found:
        moves.setdefault(one, [])


def _reach(cycle: Cycle, where: str, report: Report) -> None:
    """See that every state can be reached; where one cannot, a row may begin in it."""
    made = Lifecycle(
        entity=cycle.table,
        field=cycle.column,
        initial=tuple(cycle.initial),
        moves={state: tuple(there) for state, there in cycle.moves.items()},
    )
    lost = made.unreachable
    if lost:
        report.fault(
            where,
            f"no move leads to {', '.join(map(repr, lost))}",
            hint=f"let a move lead there from {cycle.initial[0]!r} or a later state",
            part="way to a state",
        )
    while lost:
        cycle.initial.append(lost[0])
        made = Lifecycle(
            entity=made.entity,
            field=made.field,
            initial=tuple(cycle.initial),
            moves=made.moves,
        )
        lost = made.unreachable


def counts(plan: Plan) -> Counter[str]:
    """Count the parts of a plan, for people."""
    return Counter(
        entities=len(plan.tables), references=len(plan.ties), lifecycles=len(plan.cycles)
    )
