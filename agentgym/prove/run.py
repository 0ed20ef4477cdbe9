"""Runs: a list of calls and a conclusion, executed through the public tools.

What gates and mutants share: every run starts from the domain's own rows, sees only
what the tools give, and ends in an `Ending` that the judge reads. Next: `mutants`.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from agentgym.domain.patch import Patch
from agentgym.errors import AgentGymError
from agentgym.formats import Json, Record
from agentgym.goals.verdict import Ending
from agentgym.plan.lower import Step
from agentgym.plan.origins import resolved, sources
from agentgym.tasks import Task
from agentgym.tools.algebra import AskUser, Tool
from agentgym.trajectory import Call, Result
from agentgym.users.agenda import confirming
from agentgym.world import RowChange
from agentgym.world.compile import Engine

__all__ = ["Replay", "Run", "Runner", "earlier", "gold_run", "resolve"]


class Run(Record, kw_only=True):
    """What an agent does in one episode, dialogue aside."""

    calls: tuple[tuple[str, dict[str, Json]], ...] = ()
    outcome: str | None = "done"
    answer: Json = None
    reason: str = ""
    truncated: bool = False


class Runner:
    """Executes runs on one world, which is set back before each.

    Args:
        engine: The compiled domain.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.world = engine.world()
        self._asking = {t.name for t in engine.domain.tools if isinstance(t.term, AskUser)}

    def with_tools(self, tools: Sequence[Tool]) -> Runner:
        """Return what runs other tools over the same rows, in the same world."""
        other = Runner.__new__(Runner)
        other.engine, other.world = self.engine.with_tools(tools), self.world
        other._asking = self._asking  # noqa: SLF001 - its own kind
        return other

    def rebase(self, patch: Sequence[Patch]) -> None:
        """Let the world start with a patch from here on.

        Raises:
            TaskError: The patch does not fit.
        """
        self.world.rebase(self.engine.start(patch))

    def start(self) -> str:
        """Set the world back to where it starts and return its digest."""
        self.world.reset()
        return self.world.digest()

    def call(self, tool: str, arguments: dict[str, Json]) -> Result:
        """Execute one call where the world stands; a user who is asked to confirm says yes."""
        result = self.engine.call(self.world, tool, arguments)
        if tool in self._asking and result.ok and confirming(str(arguments["question"])):
            session = self.world.session
            self.world.session = replace(session, confirmed=session.confirmed + 1)
        return result

    def play(self, run: Run) -> Ending:
        """Execute a run from the start and return how it ended."""
        self.world.reset()
        calls = []
        for number, (tool, arguments) in enumerate(run.calls):
            result = self.call(tool, arguments)
            calls.append((Call(id=f"c{number}", name=tool, arguments=arguments), result))
        return Ending(
            outcome=run.outcome,
            answer=run.answer,
            reason=run.reason or None,
            changes=self.world.diff(),
            calls=tuple(calls),
            truncated=run.truncated,
        )


class Replay:
    """Executes runs that begin as a given one does from where they part from it.

    Args:
        runner: Executes the calls; its world is moved.
        run: What the others begin as; executed once, and kept call by call.
    """

    def __init__(self, runner: Runner, run: Run) -> None:
        self.runner, self.calls = runner, run.calls
        runner.start()
        self._moments = [runner.world.snapshot()]
        self._results: list[Result] = []
        for tool, arguments in run.calls:
            self._results.append(runner.call(tool, arguments))
            self._moments.append(runner.world.snapshot())
        self._whole = runner.world.diff()
        self.digest = runner.world.digest()
        """Of the world after the run."""
        self.ending = self.play(run)

    def changed(self, place: int) -> tuple[RowChange, ...]:
        """Return what one call of the run changed; the world is moved to just after it."""
        self.runner.world.restore(self._moments[place + 1])
        return self.runner.world.diff(self._moments[place])

    def play(self, run: Run) -> Ending:
        """Return how a run ends: what `Runner.play` gives."""
        shared = 0
        for mine, theirs in zip(run.calls, self.calls, strict=False):
            if mine != theirs:
                break
            shared += 1
        results = self._results[:shared]
        changes = self._whole
        if shared < len(run.calls) or shared < len(self.calls):
            self.runner.world.restore(self._moments[shared])
            results += [self.runner.call(tool, given) for tool, given in run.calls[shared:]]
            changes = self.runner.world.diff()
        return Ending(
            outcome=run.outcome,
            answer=run.answer,
            reason=run.reason or None,
            changes=changes,
            calls=tuple(
                (Call(id=f"c{number}", name=tool, arguments=arguments), result)
                for number, ((tool, arguments), result) in enumerate(
                    zip(run.calls, results, strict=True)
                )
            ),
            truncated=run.truncated,
        )


def gold_run(task: Task) -> Run:
    """Return the gold run of a task."""
    return Run(
        calls=tuple((step.tool, dict(step.arguments)) for step in task.gold),
        outcome=task.outcome,
        answer=task.answer,
        reason=task.reason,
    )


def resolve(step: Step, task: Task, results: Sequence[Result]) -> dict[str, Json]:
    """Compute the arguments of a gold step from what an agent knows before it.

    Raises:
        AgentGymError: An argument has no origin, or its origin does not hold it.
    """
    arguments: dict[str, Json] = {}
    facts = {fact.id: fact.value for fact in task.plan.facts}
    known = [result.data for result in results]
    for name, value in step.arguments.items():
        origin = step.origin.get(name, "")
        if origin == "choice":
            arguments[name] = value
            continue
        try:
            arguments[name] = resolved(origin, facts, known)
        except (LookupError, ValueError) as error:
            raise AgentGymError(
                "an origin for every argument that holds its value",
                found=f"{origin!r}: {error}",
                where=f"{task.id} {step.tool}.{name}",
            ) from None
    return arguments


def earlier(step: Step) -> set[int]:
    """Return the numbers of the calls that must come before a step."""
    calls = (leaf for origin in step.origin.values() for leaf in sources(origin))
    return {int(leaf.split(":")[1]) for leaf in calls if leaf.startswith("call:")} | set(step.after)
