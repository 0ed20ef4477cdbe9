"""The term that tells how two rows are connected.

A term and an image come in, the body of the tool goes out. The references of all rows are
read when they are first needed in a state of the world, and kept until it changes. Next:
`compile`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from agentgym.errors import DomainError
from agentgym.formats import Json
from agentgym.schema import Relation
from agentgym.schema.types import Stored
from agentgym.tools.algebra import Path
from agentgym.world.arguments import Parameter, Reader, choice, steps, words
from agentgym.world.reads import Body
from agentgym.world.refusals import refuse, show
from agentgym.world.rows import Image, World

__all__ = ["path"]

_LARGEST = 2**63 - 1

Node = tuple[str, Any]
"""Entity and key."""
Step = tuple[int, Node]
"""Place of the relation (twice it, and one more backwards), and the row that it leads to."""


def path(tool: str, term: Path, image: Image) -> Body:
    """Compile `Path`."""
    schema = image.domain.schema
    first = schema.entity(term.entities[0])
    whole = first.field(first.key[0]).type == "integer"

    def key(name: str) -> Parameter:
        return Parameter(name, steps(_LARGEST) if whole else words(name), required=True)

    read = Reader(
        tool,
        [
            Parameter("from_entity", choice(term.entities), required=True),
            key("from_key"),
            Parameter("to_entity", choice(term.entities), required=True),
            key("to_key"),
            Parameter("max_steps", steps(term.most)),
        ],
    )
    web = _Web(term, image)

    def body(world: World, arguments: object) -> Json:
        given = read(arguments)
        near = web.of(world)
        ends: list[Node] = []
        for end in ("from", "to"):
            entity, value = str(given[f"{end}_entity"]), given[f"{end}_key"]
            if (entity, value) not in near:
                label = schema.entity(entity).label
                refuse(
                    "not_found",
                    f"No {label} has the key {show(value)}. Check the value, or look for it first.",
                    parameter=f"{end}_key",
                )
            ends.append((entity, value))
        most = int(given.get("max_steps") or term.most)
        found = _shortest(near, ends[0], ends[1], most)
        if found is None:
            refuse(
                "not_found",
                f"No way of at most {most} step{'s' if most > 1 else ''} joins them. "
                "Allow more steps, or take it that they are not connected.",
                parameter="max_steps",
            )
        return {
            "steps": [
                {"relation": web.labels[place], "entity": entity, "key": key}
                for place, (entity, key) in found
            ],
            "length": len(found),
        }

    return body


class _Web:
    """What is joined to what, in the latest state that was asked for."""

    def __init__(self, term: Path, image: Image) -> None:
        schema = image.domain.schema
        if not term.most >= 1:
            raise DomainError("a way of at least one step", found=str(term.most), where="path")
        self._schema, self._term = schema, term
        self._kept: tuple[str, dict[Node, list[Step]]] = ("", {})
        self.labels: list[str] = []
        for name in term.relations:
            relation = schema.relation(name)
            self.labels += [relation.label, relation.inverse]
        for first, _ in term.joints:
            label = schema.entity(schema.relation(first).entity).label
            self.labels += [label, label]

    def of(self, world: World) -> Mapping[Node, Sequence[Step]]:
        """Return for each row its steps, in order."""
        state = world.digest()
        known, near = self._kept
        if state != known:
            near = self._read(world)
            self._kept = (state, near)
        return near

    def _read(self, world: World) -> dict[Node, list[Step]]:
        schema, term = self._schema, self._term
        rows = {name: world.rows(name) for name in term.entities}
        near: dict[Node, list[Step]] = {}
        places = {name: schema.entity(name).position(schema.entity(name).key[0]) for name in rows}
        for name, found in rows.items():
            near.update(((name, row[places[name]]), []) for row in found)
        more: dict[Node, list[Step]] = defaultdict(list)
        for number, name in enumerate(term.relations):
            relation = schema.relation(name)
            place = schema.entity(relation.entity).position(relation.fields[0])
            for row in rows[relation.entity]:
                if row[place] is not None:
                    child = (relation.entity, row[places[relation.entity]])
                    parent = self._target(relation, row[place])
                    more[child].append((2 * number, parent))
                    more[parent].append((2 * number + 1, child))
        for number, (first, second) in enumerate(term.joints, len(term.relations)):
            one, other = schema.relation(first), schema.relation(second)
            entity = schema.entity(one.entity)
            mine, theirs = entity.position(one.fields[0]), entity.position(other.fields[0])
            for row in world.rows(entity.name):
                if row[mine] is not None and row[theirs] is not None:
                    left, right = self._target(one, row[mine]), self._target(other, row[theirs])
                    more[left].append((2 * number, right))
                    more[right].append((2 * number + 1, left))
        for node, led in more.items():
            if node in near:
                near[node] = sorted(set(led))
        return near

    def _target(self, relation: Relation, value: Stored) -> Node:
        return relation.target, value


def _shortest(
    near: Mapping[Node, Sequence[Step]], start: Node, end: Node, most: int
) -> list[Step] | None:
    """Search breadth first: what is met first comes first in order."""
    if start == end:
        return []
    before: dict[Node, tuple[Node, Step]] = {}
    ring = [start]
    for _ in range(most):
        following: list[Node] = []
        for node in ring:
            for step in near[node]:
                other = step[1]
                if other != start and other not in before and other in near:
                    before[other] = (node, step)
                    if other == end:
                        return _back(before, start, end)
                    following.append(other)
        ring = following
    return None


def _back(before: Mapping[Node, tuple[Node, Step]], start: Node, end: Node) -> list[Step]:
    steps: list[Step] = []
    node = end
    while node != start:
        node, step = before[node]
        steps.append(step)
    return steps[::-1]
