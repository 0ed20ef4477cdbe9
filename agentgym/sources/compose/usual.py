"""How common the states of a life cycle are in rows that are made.

A blueprint and its `Naming` come in, `Values` of the fields that hold states go out: what takes
place is mostly over, what stays is mostly in force. Next: `draft`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from agentgym.sources.compose.blueprint import Blueprint
from agentgym.sources.compose.flows import Course, course
from agentgym.sources.compose.library import Library, parts
from agentgym.sources.compose.records import Flow
from agentgym.sources.compose.renaming import Naming
from agentgym.sources.compose.trade import trade
from agentgym.sources.draft import Values

__all__ = ["flows", "states_of_rows"]

_STAYS = frozenset(
    "client subject site staff item resource asset unit vehicle recipe member_user card "
    "ledger_account".split()
)
"""Slots whose rows are there for years; those of all others begin and end."""
_BESIDE = frozenset("reserve standby verified".split())
"""States of what is kept for another day, or on its way to being of use."""
_FORCE = frozenset("active in_force full".split())
"""States in which most of what is not over is."""
_BEGUN_STATES = frozenset(
    "in_use checked_in boarding under_way departed running started on_the_way in_progress "
    "in_production in_check resting rework attending interrupted active suspended in_force".split()
)
"""States of what has begun, in the words of the patterns."""
_OPEN, _DONE, _VOID, _MAIN, _BEGUN, _SIDE = 20, 12, 3, 10, 3, 2


def states_of_rows(known: Mapping[str, Flow], naming: Naming) -> Iterator[Values]:
    """Say for each life cycle which states rows have, and how often.

    Args:
        known: Slot to its life cycle.
        naming: Its names.
    """
    for slot, flow in known.items():
        said = naming.values.get(slot, {}).get("status")
        if said is None or "status" not in naming.fields.get(slot, {}):
            continue
        way = course(flow)
        open_ = _open(flow, way)
        weights = _staying(flow, way, open_) if slot in _STAYS else _passing(flow, way, open_)
        yield Values(
            entity=naming.entities[slot].name,
            field=naming.fields[slot]["status"].name,
            values=tuple(said[state] for state in way.states for _ in range(weights[state])),
            late=() if slot in _STAYS else tuple(said[state] for state in open_),
            ahead=() if slot in _STAYS else tuple(said[s] for s in open_ if _ahead(s, flow, way)),
        )


def flows(blueprint: Blueprint, library: Library) -> dict[str, Flow]:
    """Return the life cycle of each slot, as the trade has it, or the pattern.

    Args:
        blueprint: The structure, in general words.
        library: Its patterns, and its trade.
    """
    chosen = [(name, option) for name, own in blueprint.options.items() for option in own]
    pieces = trade(library, blueprint.industry).drawn(blueprint.patterns, chosen)
    slots = library.industries[blueprint.industry].slots
    found: dict[str, Flow] = {}
    for one in (part for piece in pieces for part in parts(piece)):
        name = blueprint.flows.get(one.slot)
        if one.flows and name is not None and one.slot in blueprint.slots:
            known = {flow.name: flow for flow in slots[one.slot].flows or one.flows}
            if name in known:
                found.setdefault(one.slot, known[name])
    return found


def _open(flow: Flow, way: Course) -> tuple[str, ...]:
    """Return the states in which something is still to come."""
    over = {state for mark in ("done", "void") for state in flow.marks.get(mark, ())}
    return tuple(state for state in way.states if way.moves[state] and state not in over)


def _ahead(state: str, flow: Flow, way: Course) -> bool:
    """Say whether what is planned has not begun in the state."""
    if set(way.initial) & _BEGUN_STATES:
        return False
    if state in way.initial:
        return True
    done, void = set(flow.marks.get("done", ())), set(flow.marks.get("void", ()))
    after = set(way.moves[state])
    first = {there for start in way.initial for there in way.moves[start]}
    last = after <= done or (after <= done | void and bool(after & done) and state not in first)
    return not last and state not in _BEGUN_STATES and state not in flow.marks.get("held", ())


def _staying(flow: Flow, way: Course, open_: tuple[str, ...]) -> dict[str, int]:
    """Weigh the states of what is there for years: mostly in force, or where it comes back to."""
    live = [state for state in flow.marks.get("live", ()) if state in way.moves] or list(open_)
    begun = [state for state in live if state in way.initial]
    later = [state for state in live if state not in way.initial]
    back = [s for s in live if s not in _BESIDE and any(s in after for after in way.moves.values())]
    kept = [state for state in back if state in begun or not set(begun) & set(back)]
    main = (kept or later or begun or [""])[0]
    return {
        state: _MAIN if state == main else _BEGUN if state in begun else _SIDE
        for state in way.states
    }


def _passing(flow: Flow, way: Course, open_: tuple[str, ...]) -> dict[str, int]:
    """Weigh the states of what begins and ends: mostly it went well."""
    done = [state for state in flow.marks.get("done", ()) if state in way.moves]
    void = [state for state in way.states if state not in done and state not in open_]
    side = max(_VOID // max(len(void), 1), 1)
    each, begun = max(_DONE // max(len(done), 1), 1), max(_OPEN // max(len(open_), 1), 1)
    return {
        state: each
        if state in done
        else begun * (3 if state in _FORCE else 1)
        if state in open_
        else side
        for state in way.states
    }
