"""Bridge values: what a run has to find out in one result and use in a later call.

The gold run comes in; out come the values, each with the fields under which a result may show it
and the parameters under which a call may use it. A field that refers to a row holds the same kind
of value as the key that it refers to. Next: `milestones`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from agentgym.formats import Json
from agentgym.goals.rewards.golden import Played
from agentgym.plan import Fact
from agentgym.plan.origins import sources
from agentgym.schema import Schema
from agentgym.tools.algebra import Tool
from agentgym.tools.parameters import bindings

__all__ = ["Bridge", "Kinds", "bridges", "holds", "scalars"]

Place = tuple[str, str]
"""Entity and field."""


class Bridge(NamedTuple):
    """A value that the gold run finds out and uses."""

    kind: Place
    """The field that it is a value of; the key, of what refers to one."""
    value: Json
    call: int
    """Number of the first call from which it is taken."""


class Kinds:
    """Of which kind the values of fields and parameters are.

    Args:
        schema: What the rows are of.
        tools: Of the domain.
    """

    def __init__(self, schema: Schema, tools: Iterable[Tool]) -> None:
        self._schema = schema
        names: dict[Place, set[str]] = {}
        for entity in schema.entities:
            for field in entity.fields:
                names.setdefault(self.kind(entity.name, field.name), set()).add(field.name)
        self.names = {kind: frozenset(found) for kind, found in names.items()}
        """Kind to the names of the fields that hold values of it."""
        self.parameters: dict[str, dict[str, Place]] = {
            tool.name: {
                name: self.kind(entity, field)
                for name, (entity, field, _) in bindings(tool.term, schema).items()
            }
            for tool in tools
        }
        """Tool to its parameters, each with its kind; one in a list is called `items[].key`."""

    def kind(self, entity: str, field: str) -> Place:
        """Return of which kind the values of a field are."""
        way: list[Place] = [(entity, field)]
        while (following := self._referred(way[-1])) is not None:
            if following in way:
                # Of references in a circle, the first by name stands for all.
                way.append(min(way[way.index(following) :]))
                break
            way.append(following)
        return way[-1]

    def _referred(self, place: Place) -> Place | None:
        """Return the key field that a field refers to; None where it refers to none."""
        for relation in self._schema.parents(place[0]):
            if place[1] in relation.fields:
                number = relation.fields.index(place[1])
                return relation.target, relation.target_fields[number]
        return None


def bridges(played: Played, kinds: Kinds, facts: Sequence[Fact]) -> dict[int, list[Bridge]]:
    """Find the bridge values of a gold run.

    Values that the user tells are none, and neither are those that are worked out of several.

    Returns:
        Number of a call to the bridge values that its arguments hold.
    """
    told = {(kinds.kind(fact.entity, fact.field), str(fact.value)) for fact in facts}
    found: dict[int, list[Bridge]] = {}
    first: dict[tuple[Place, str], Bridge] = {}
    for number, step in enumerate(played.steps):
        places = kinds.parameters.get(step.tool, {})
        for name, value in step.arguments.items():
            origin = step.origin.get(name, "")
            kind = places.get(name)
            if kind is None or not origin.startswith("call:") or value is None:
                continue
            if isinstance(value, (list, dict)) or (kind, str(value)) in told:
                continue
            call = int(sources(origin)[0].split(":")[1])
            slot = kind, str(value)
            if slot not in first:
                first[slot] = Bridge(kind, value, call)
            found.setdefault(number, []).append(first[slot])
    return found


def holds(data: Json, names: frozenset[str], value: Json) -> bool:
    """Tell whether a result shows a value under one of the names, however deep."""
    if isinstance(data, dict):
        for name, one in data.items():
            if isinstance(one, (dict, list)):
                if holds(one, names, value):
                    return True
            elif one == value and name in names:
                return True
        return False
    return isinstance(data, list) and any(holds(one, names, value) for one in data)


def scalars(data: Json) -> Iterator[Json]:
    """Yield every value in a result that is neither an object nor a list."""
    if isinstance(data, Mapping):
        for one in data.values():
            yield from scalars(one)
    elif isinstance(data, (list, tuple)):
        for one in data:
            yield from scalars(one)
    else:
        yield data
