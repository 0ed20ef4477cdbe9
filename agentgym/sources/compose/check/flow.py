"""Life cycles: legal chains, reachable states, marks on states that there are. Next: `pattern`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agentgym.errors import FormatError
from agentgym.schema import Lifecycle
from agentgym.sources.compose.check.problem import Notes
from agentgym.sources.compose.check.values import check_identifier
from agentgym.sources.compose.flows import Course, course
from agentgym.sources.compose.records import Flow

__all__ = ["check_flows", "check_state"]

_STATE = re.compile(r"[a-z][a-z0-9]*([ _-][a-z0-9]+)*\Z")


def check_state(state: str, place: str, notes: Notes) -> None:
    """Check that a state is a word or two in lower case."""
    if not _STATE.match(state) or len(state) > 30:
        notes.add(place, "a state in lower case, of few words", repr(state))


def check_flows(flows: Sequence[Flow], place: str, notes: Notes) -> dict[str, Course]:
    """Check the flows of a slot.

    Returns:
        What could be read, by name of the flow.
    """
    found: dict[str, Course] = {}
    for number, flow in enumerate(flows):
        here = f"{place}.flows[{number}] ({flow.name})"
        if not flow.name.strip():
            notes.add(f"{here}.name", "a name", "an empty one")
        if flow.name in found:
            notes.add(f"{here}.name", "each flow once", repr(flow.name))
        try:
            read = course(flow)
        except FormatError as error:
            notes.add(f"{here}.chains", error.expected, error.found, hint=error.hint)
            continue
        for state in read.states:
            check_state(state, f"{here}.chains", notes)
        if len(read.states) < 2:
            notes.add(f"{here}.chains", "at least two states", list(read.states))
        for state in flow.initial:
            if state not in read.states:
                notes.add(f"{here}.initial", "a state of the chains", repr(state), read.states)
        for mark, states in flow.marks.items():
            check_identifier(mark, f"{here}.marks", notes)
            if not states:
                notes.add(f"{here}.marks.{mark}", "at least one state", "none", hint="remove it")
            for state in states:
                if state not in read.states:
                    notes.add(
                        f"{here}.marks.{mark}", "a state of the chains", repr(state), read.states
                    )
        known = [state for state in read.initial if state in read.states]
        cycle = Lifecycle(entity="x", field="x", initial=tuple(known), moves=read.moves)
        for state in cycle.unreachable:
            notes.add(
                f"{here}.chains", "a way to every state", f"none to {state!r}",
                hint="add a chain that leads there, or name it in initial",
            )  # fmt: skip
        found[flow.name] = read
    return found
