"""The runs of one who watches: calls turn by turn, while things happen in between.

A standing order, its stream and calls come in; out go endings as an episode would have them, and
the gold run: whatever is due is done when it is heard of, what must be known is looked up, and
all other turns are waited. Next: `strays`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from agentgym.domain import Domain
from agentgym.errors import TaskError
from agentgym.formats import Json, Record, to_text
from agentgym.goals.equivalence import effects
from agentgym.goals.goal import Branch, Goal, Offered
from agentgym.goals.offers import OFFER, WAIT
from agentgym.goals.verdict import Ending
from agentgym.plan import Emit, Fact, Plan, Select, Write
from agentgym.plan.alone import alone
from agentgym.plan.remedies import Step
from agentgym.plan.tables import Tables
from agentgym.prove.refused import RefusedError
from agentgym.prove.run import Run
from agentgym.schema import Entity
from agentgym.schema.types import to_stored
from agentgym.tasks import Notice, Task
from agentgym.tasks.orders import due_of, looks
from agentgym.tasks.words.watching import key_text, say_notice
from agentgym.tools.algebra import Tool, Transition, Update
from agentgym.tools.derive import watch_tools
from agentgym.trajectory import Call, Result
from agentgym.world import RowChange
from agentgym.world.compile import Engine
from agentgym.world.rows import Snapshot, World

__all__ = ["Played", "Player", "goal_of", "gold_of", "labels", "relabelled", "run_of"]


class Played(Record, kw_only=True):
    """What a run came to."""

    ending: Ending
    results: tuple[Result, ...]
    digest: str
    now: str


class _Moment(NamedTuple):
    """Where a run stands."""

    snapshot: Snapshot
    ground: Snapshot | None
    results: tuple[Result, ...]


class Player:
    """Plays runs turn by turn on a world of its own.

    Args:
        engine: Of the domain.
    """

    def __init__(self, engine: Engine) -> None:
        domain = engine.domain
        self.engine = engine.with_tools((*domain.tools, *watch_tools()))
        self.world: World = self.engine.world()
        self._stream: tuple[Notice, ...] = ()
        self._moments: dict[tuple[bool, tuple[str, ...]], _Moment] = {}
        """Where runs of one stream stand after their first calls: they begin alike."""

    def play(self, run: Run, stream: Sequence[Notice], *, ticks: bool = True) -> Played:
        """Play a run from the start.

        Args:
            run: One call a turn.
            stream: What happens in between.
            ticks: Whether the clock moves, as it does in an episode.
        """
        if self._stream != stream:
            self._stream, self._moments = tuple(stream), {}
        names = tuple(to_text(call) for call in run.calls)
        done = len(names)
        while done and (ticks, names[:done]) not in self._moments:
            done -= 1
        if (ticks, ()) not in self._moments:
            self.world.reset()
            self._keep((ticks, ()), self._happen(stream, 0, None), ())
        moment = self._moments[ticks, names[:done]]
        self.world.restore(moment.snapshot)
        ground, results = moment.ground, list(moment.results)
        for number, (tool, arguments) in enumerate(run.calls[done:], done):
            results.append(self.engine.call(self.world, tool, dict(arguments)))
            if ticks:
                self.world.tick()
            ground = self._happen(stream, number + 1, ground)
            self._keep((ticks, names[: number + 1]), ground, results)
        calls = [
            (Call(id=f"c{number}", name=tool, arguments=arguments), result)
            for number, ((tool, arguments), result) in enumerate(
                zip(run.calls, results, strict=True)
            )
        ]
        ending = Ending(
            outcome=run.outcome,
            answer=run.answer,
            reason=run.reason or None,
            changes=self.world.diff(ground),
            calls=tuple(calls),
            truncated=run.truncated,
        )
        return Played(
            ending=ending,
            results=tuple(results),
            digest=self.world.digest(),
            now=self.world.now,
        )

    def forget(self) -> None:
        """Play all runs from the start again."""
        self._moments = {}

    def _keep(
        self,
        slot: tuple[bool, tuple[str, ...]],
        ground: Snapshot | None,
        results: Sequence[Result],
    ) -> None:
        self._moments[slot] = _Moment(self.world.snapshot(), ground, tuple(results))

    def _happen(
        self, stream: Sequence[Notice], turn: int, ground: Snapshot | None
    ) -> Snapshot | None:
        for notice in stream:
            if notice.turn == turn and notice.patch:
                try:
                    ground = self.engine.happen(self.world, notice.patch, ground)
                except TaskError as error:
                    raise RefusedError("executes", "patch", str(error)) from None
        return ground


def labels(plan: Plan, stream: Sequence[Notice], domain: Domain) -> list[bool]:
    """Tell of each event whether something is due on it, from the rows before and after.

    Args:
        plan: The standing order.
        stream: The events, each about a row of its own.
        domain: As it is at the start.

    Raises:
        RefusedError: An event fits no row, a row is meant twice, or what is due is open.
    """
    select = plan.nodes[0]
    if not isinstance(select, Select):
        raise RefusedError("unique", "order", "the plan is no standing order")
    patch = [one for notice in stream for one in notice.patch]
    slots = [(notice.entity, notice.key) for notice in stream]
    if len(set(slots)) != len(slots) or any(name != select.entity for name, _ in slots):
        raise RefusedError("unique", "twice", "two events about one row, or one about another kind")
    for notice in stream:
        if [(one.entity, one.key) for one in notice.patch] != [(notice.entity, notice.key)]:
            raise RefusedError("unique", "other_row", "an event changes another row than it names")
    try:
        later = domain.patched(patch)
    except TaskError as error:
        raise RefusedError("executes", "patch", str(error)) from None
    entity = domain.schema.entity(select.entity)
    fits = [_fitting(plan, select, Tables(domain.schema, d.rows), entity) for d in (domain, later)]
    found = []
    for notice in stream:
        assert notice.key is not None
        key = tuple(
            to_stored(entity.field(name), value)
            for name, value in zip(entity.key, notice.key, strict=True)
        )
        before, after = (key in one for one in fits)
        if before and after:
            raise RefusedError("unique", "open", "a row fits before and after: what is due is open")
        found.append(after)
    return found


def _fitting(plan: Plan, select: Select, tables: Tables, entity: Entity) -> set[tuple[object, ...]]:
    places = [entity.position(name) for name in entity.key]
    return {tuple(row[place] for place in places) for row in tables.extent(plan, select.id)}


# the gold run


def gold_of(plan: Plan, stream: Sequence[Notice], domain: Domain) -> tuple[Step, ...]:
    """Return the calls of one who does what is due as soon as it is heard of.

    Raises:
        RefusedError: No tool does it, or shows what must be known.
    """
    return _Gold(plan, stream, domain).steps()


class _Gold:
    def __init__(self, plan: Plan, stream: Sequence[Notice], domain: Domain) -> None:
        self.plan, self.stream, self.domain = plan, stream, domain
        select = plan.nodes[0]
        assert isinstance(select, Select)
        self.select = select
        self.entity = domain.schema.entity(select.entity)
        self.facts: Mapping[str, Fact] = {fact.id: fact for fact in plan.facts}

    def steps(self) -> tuple[Step, ...]:
        """Return one call for each turn."""
        found: list[Step] = []
        waiting = list(enumerate(self.stream))
        while waiting:
            number, notice = waiting[0]
            if notice.turn > len(found):
                found.append(Step(tool=WAIT, arguments={}, origin={}, node=self.select.id))
                continue
            waiting.pop(0)
            if self.open(notice):
                found.append(self.look(number, notice))
            for node in self.plan.nodes:
                if node.id not in notice.due:
                    continue
                if isinstance(node, Write):
                    found.append(self.write(node, number, notice))
                elif isinstance(node, Emit):
                    found.append(self.offer(node, number, notice))
        return tuple(found)

    def open(self, notice: Notice) -> bool:
        """Tell whether what an event says leaves open what is due."""
        told = {name for patch in notice.patch for name in patch.values or ()}
        if notice.text == say_notice(self.domain.schema, self.entity, notice.key or (), None):
            told = set()
        return not {where.field for where in self.select.where} <= told

    def look(self, number: int, notice: Notice) -> Step:
        """Look at the row of an event."""
        tool = looks(self.domain.tools, self.entity)
        if tool is None:
            raise RefusedError("executes", "no_lowering", f"no tool shows a {self.entity.label}")
        assert notice.key is not None
        names = [argument.param for argument in tool.term.key]  # type: ignore[union-attr]
        return Step(
            tool=tool.name,
            arguments=dict(zip(names, notice.key, strict=True)),
            origin=dict.fromkeys(names, f"notice:{number}"),
            node=self.select.id,
        )

    def write(self, node: Write, number: int, notice: Notice) -> Step:
        """Change the row of an event."""
        assert notice.key is not None
        values = {
            one.field: (self.facts[str(one.fact)].value, f"fact:{one.fact}")
            for one in node.settings
        }
        for tool in self.domain.tools:
            call = self._call(tool, node, values)
            if call is not None:
                key, given = call
                arguments = dict(zip(key, notice.key, strict=True))
                arguments |= {param: values[field][0] for param, field in given.items()}
                origin = dict.fromkeys(key, f"notice:{number}")
                origin |= {param: values[field][1] for param, field in given.items()}
                return Step(tool=tool.name, arguments=arguments, origin=origin, node=node.id)
        raise RefusedError("executes", "no_lowering", f"no tool writes {node.kind} {node.entity}")

    def _call(
        self, tool: Tool, node: Write, values: Mapping[str, tuple[Json, str]]
    ) -> tuple[list[str], dict[str, str]] | None:
        """Return the parameters of a tool's key, and which field each other one sets."""
        term, fixed = alone(tool.term)
        wanted = Transition if node.kind == "transition" else Update
        if not isinstance(term, (Update, Transition)) or not isinstance(term, wanted):
            return None
        if term.entity != node.entity or [a.field for a in term.key] != list(self.entity.key):
            return None
        settable = term.values if isinstance(term, Update) else (term.to,)
        params = {argument.field: argument.param for argument in settable}
        own = {field: fixed[param] for field, param in params.items() if param in fixed}
        if not values.keys() <= params.keys() or not fixed.keys() <= set(params.values()):
            return None
        if any(field not in values or values[field][0] != own[field] for field in own):
            return None
        if any(a.required and a.field not in values for a in settable):
            return None
        given = {params[field]: field for field in values if params[field] not in fixed}
        return [argument.param for argument in term.key], given

    def offer(self, node: Emit, number: int, notice: Notice) -> Step:
        """Tell the user of the row of an event."""
        assert notice.key is not None
        return Step(
            tool=OFFER,
            arguments={"about": key_text(notice.key)},
            origin={"about": f"notice:{number}"},
            node=node.id,
        )


def goal_of(
    plan: Plan, stream: Sequence[Notice], changes: Sequence[RowChange], domain: Domain, now: str
) -> Goal:
    """Return the goal of a standing order: what its gold run changed, and what it offered."""
    told = any(isinstance(node, Emit) for node in plan.nodes)
    offers = tuple(
        Offered(entity=notice.entity, key=notice.key or ())
        for notice in stream
        if told and notice.due
    )
    branch = Branch(changes=effects(changes, domain.schema, now=now), offers=offers)
    return Goal(branches=(branch,))


def relabelled(plan: Plan, stream: Sequence[Notice], due: Sequence[bool]) -> tuple[Notice, ...]:
    """Return the stream with other labels."""
    acts = due_of(plan)
    return tuple(
        replace(notice, due=acts if wanted else ())
        for notice, wanted in zip(stream, due, strict=True)
    )


def run_of(task: Task, steps: Sequence[Step]) -> Run:
    """Return steps as a run that ends as the task does."""
    return Run(
        calls=tuple((step.tool, dict(step.arguments)) for step in steps),
        outcome=task.outcome,
        answer=task.answer,
        reason=task.reason,
    )
