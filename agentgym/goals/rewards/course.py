"""A course: all that the rewards of a task rest on, found out once a task and never changed.

A judge, the gold run and what the user can tell come in; out come the milestones, what each tool
costs and shows, and what a result or an argument means on the way. Next: `meter`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from agentgym.domain import Domain
from agentgym.formats import Json
from agentgym.goals.changes import effects, volatile
from agentgym.goals.goal import Goal
from agentgym.goals.matcher import Matcher
from agentgym.goals.results import FREE
from agentgym.goals.rewards.bridges import Kinds, Place, bridges
from agentgym.goals.rewards.claims import Known
from agentgym.goals.rewards.golden import Played
from agentgym.goals.rewards.harm import Inverses
from agentgym.goals.rewards.milestones import Milestones, needed
from agentgym.goals.verdict import Judge
from agentgym.plan import Emit, Fact, Plan, Write
from agentgym.plan.outline import below
from agentgym.rules import sentence
from agentgym.tools.algebra import WRITES, AskUser, Conclude, Identify, Tool
from agentgym.tools.derive import INTRINSIC_NAMES
from agentgym.trajectory import Result

__all__ = ["Course", "Face", "Ground", "Phase"]


class Face(NamedTuple):
    """What a tool is to a meter."""

    kind: str
    """`read`, `write`, `ask`, `free`, `end`; `thought`, which is no call at all."""
    uses: tuple[tuple[str, Place], ...] = ()
    """Parameters that may hold a bridge value, each with its kind."""
    nested: tuple[tuple[str, str, Place], ...] = ()
    """The same for lists: parameter, name in its items, kind."""
    gold: tuple[tuple[int, Json], ...] = ()
    """Bit and data of what the gold run's calls of it gave."""
    identifies: bool = False


UNKNOWN = Face("read")
"""A tool that only a view has."""
_NAMED = {str(kind.__struct_config__.tag): Face("free") for kind in FREE} | dict.fromkeys(
    INTRINSIC_NAMES, Face("thought")
)
"""What is shown under the same name in every domain, and needs no rows."""


class Phase(NamedTuple):
    """What the user wants between two changes of mind, as the gold run leaves it."""

    goals: tuple[Matcher, ...]
    """The net changes at its end: any one of these. None: of the branches of the goal."""
    results: int
    """Bits of the results that are to be seen by then."""
    idle: bool
    """Whether nothing at all need be called in it."""


class Ground:
    """What all tasks of a domain have in common.

    Args:
        domain: The domain.
    """

    def __init__(self, domain: Domain) -> None:
        self.kinds = Kinds(domain.schema, domain.tools)
        self.plain = {tool.name: _kind(tool) for tool in domain.tools}
        """Tool to its kind."""
        self.faces = dict(_NAMED)
        """Tool to what it is to a meter, whatever the task."""
        for tool in domain.tools:
            identifies = isinstance(tool.term, Identify)
            self.faces[tool.name] = Face(self.plain[tool.name], identifies=identifies)
        self.taking: dict[Place, list[tuple[str, str]]] = {}
        """Kind of value to the tools that take it, each with the parameter."""
        for name, places in self.kinds.parameters.items():
            for parameter, place in places.items():
                self.taking.setdefault(place, []).append((name, parameter))
        words = [domain.title, domain.description, *self.plain]
        for entity in domain.schema.entities:
            words += [entity.label, entity.plural]
            for field in entity.fields:
                words += [field.label, *map(str, field.values or ())]
        for rule in domain.rules:
            words += [rule.id, sentence(rule, domain.schema)]
        self.known = Known("\n".join(words))
        self.volatile = frozenset(
            field for entity in domain.schema.entities for field in volatile(entity)
        )
        self.labels = tuple(
            dict.fromkeys(
                label
                for entity in domain.schema.entities
                for label in (entity.label, entity.name, entity.name.replace("_", " "))
            )
        )
        """What rows are called when the user is told of them."""


def _kind(tool: Tool) -> str:
    term = tool.term
    if isinstance(term, Conclude):
        return "end"
    if isinstance(term, AskUser):
        return "ask"
    if isinstance(term, FREE):
        return "free"
    return "write" if isinstance(term, WRITES) else "read"


class Course:
    """What the rewards of one task rest on.

    Args:
        judge: Of the task.
        ground: Of its domain.
        plan: Of the task.
        goal: Of the task.
        played: Its gold run.
        facts: All that the user can tell.
        instruction: What the user asks for at first.
        tools: Names of the tools at hand.
        turns: What the user wants at first, and after each change of mind: ids of writes and
            emits; nothing where a change leaves it as it was.
        least: Calls that the task needs at least; None: as many as its gold run.
        moving: Whether rows change of their own accord meanwhile: what the gold run was shown then
            depends on the turn, and is not held against what others are shown.
    """

    def __init__(
        self,
        judge: Judge,
        ground: Ground,
        *,
        plan: Plan,
        goal: Goal,
        played: Played,
        facts: Sequence[Fact],
        instruction: str,
        tools: Iterable[str],
        turns: Sequence[Sequence[str]] = ((),),
        least: int | None = None,
        moving: bool = False,
    ) -> None:
        domain = judge.domain
        self.judge, self.ground, self.goal = judge, ground, goal
        self.instruction = instruction
        self.facts = {fact.id: fact for fact in facts}
        used = bridges(played, ground.kinds, facts)
        asking = [name for name, kind in ground.plain.items() if kind == "ask"]
        self.milestones = Milestones(plan, goal, played, used, domain.schema, facts, asking)
        self.needed = needed(plan, goal, played, facts)
        """Ids of the facts that must be asked for."""
        self.inverses = Inverses(domain, tools)
        self.gold_tools = tuple(step.tool for step in played.steps if step.by == "agent")
        counted = sum(ground.plain.get(name) in ("read", "write") for name in self.gold_tools)
        changes = max(len(branch.changes) for branch in goal.branches)
        self.least = least if least is not None else counted or changes
        """Calls that read or write rows which the task needs at least."""
        self.allowed = _allowed(goal, played)
        """Ids of enforced rules that a good run tries too, each with how often."""
        self._party = plan.who()
        self._volatile = ground.volatile
        wanted: dict[str, list[tuple[int, Json]]] = {}
        self._results = []
        for number, (step, result) in enumerate(zip(played.steps, played.results, strict=True)):
            bit = 0
            if ground.plain.get(step.tool) == "read" and step.by == "agent" and not moving:
                bit = 1 << number
                wanted.setdefault(step.tool, []).append((bit, self.lasting(result)))
            self._results.append(bit)
        self.faces = self._faces(wanted)
        self.turns = tuple(bool(wants) for wants in turns[1:])
        """Of each change of mind, whether another phase begins with it."""
        self.phases = self._phases(plan, goal, played, [turns[0], *filter(None, turns[1:])])

    def _faces(self, wanted: Mapping[str, Sequence[tuple[int, Json]]]) -> dict[str, Face]:
        ground, faces = self.ground, dict(self.ground.faces)
        for kind in dict.fromkeys(kind for kind, _ in self.milestones.bridges):
            for name, parameter in ground.taking.get(kind, ()):
                face = faces[name]
                outer, brackets, inner = parameter.partition("[].")
                if brackets:
                    faces[name] = face._replace(nested=(*face.nested, (outer, inner, kind)))
                else:
                    faces[name] = face._replace(uses=(*face.uses, (parameter, kind)))
        for name, results in wanted.items():
            faces[name] = faces[name]._replace(gold=tuple(results))
        return faces

    def _phases(
        self, plan: Plan, goal: Goal, played: Played, turns: Sequence[Sequence[str]]
    ) -> tuple[Phase, ...]:
        phases = []
        schema = self.judge.domain.schema
        nodes = {node.id for node in plan.nodes if isinstance(node, (Write, Emit))}
        for wants in turns[:-1]:
            serving = {name for act in wants if act in nodes for name in (act, *below(plan, act))}
            numbers = [n for n, step in enumerate(played.steps) if step.node in serving]
            last = max(numbers, default=-1) + 1
            net = played.after[last - 1] if last else ()
            phases.append(
                Phase((Matcher(effects(net, schema), schema),), self._bits(last), idle=not last)
            )
        idle = not played.steps and not any(b.changes or b.seen for b in goal.branches)
        phases.append(Phase((), self._bits(len(played.steps)), idle))
        return tuple(phases)

    def _bits(self, count: int) -> int:
        bits = 0
        for bit in self._results[:count]:
            bits |= bit
        return bits

    def lasting(self, result: Result) -> Json:
        """Return what a result says, without the fields that no goal looks at."""
        if result.error is not None:
            return result.error.code
        return self._stripped(result.data)

    def _stripped(self, data: Json) -> Json:
        if not self._volatile:
            return data
        if isinstance(data, dict):
            return {n: self._stripped(v) for n, v in data.items() if n not in self._volatile}
        if isinstance(data, list):
            return [self._stripped(one) for one in data]
        return data

    def contained(self, face: Face, result: Result, known: int) -> int:
        """Return the bits of the gold run's results that a result of the same tool equals.

        Args:
            face: Of the tool.
            result: What it gave.
            known: Bits that need not be looked at.
        """
        bits, data = known, None
        for bit, gold in face.gold:
            if not bit & bits:
                data = self.lasting(result) if data is None else data
                if gold == data:
                    bits |= bit
        return bits

    def mistaken(self, tool: str, result: Result) -> bool:
        """Tell whether a call took the user for somebody else."""
        return bool(self._party) and self.judge.mistakes(self._party, tool, result)

    def par(self, price: Mapping[str, float]) -> float:
        """Return what the gold run spends, its questions included.

        Args:
            price: Kinds of calls, and names of tools that have a price of their own.
        """
        plain = self.ground.plain
        spent = sum(
            price.get(name, price[_priced(plain.get(name, "free"))]) for name in self.gold_tools
        )
        return spent + price["ask"] * len(self.needed)


def _priced(kind: str) -> str:
    return "free" if kind == "end" else kind


def _allowed(goal: Goal, played: Played) -> dict[str, int]:
    """Count the refusals by rules that the gold run meets or that show why an end is right."""
    allowed: dict[str, int] = {}
    for branch in goal.branches:
        for rule in {rule for seen in branch.seen for rule in seen.barred} | set(branch.rules):
            allowed[rule] = 1
    for result in played.results:
        if result.error is not None and result.error.rule is not None:
            allowed[result.error.rule] = allowed.get(result.error.rule, 0) + 1
    return allowed
