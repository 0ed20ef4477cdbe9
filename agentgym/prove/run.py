"""Runs: a list of calls and a conclusion, executed through the public tools.

What gates and mutants share: every run starts from the domain's own rows, sees only
what the tools give, and ends in an `Ending` that the judge reads. Next: `mutants`.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from agentgym.errors import AgentGymError
from agentgym.formats import Json, Record
from agentgym.goals.verdict import Ending
from agentgym.plan.lower import Step
from agentgym.tasks import Task
from agentgym.tools.algebra import AskUser
from agentgym.trajectory import Call, Result
from agentgym.users.agenda import confirming
from agentgym.world.compile import Engine

__all__ = ["Replay", "Run", "Runner", "gold_run", "resolve"]


class Run(Record, kw_only=True):
    """What an agent does in one episode, dialogue aside."""

    calls: tuple[tuple[str, dict[str, Json]], ...] = ()
    outcome: str | None = "done"
    answer: Json = None
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

    def start(self) -> str:
        """Set the world back to the domain's own rows and return its digest."""
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
        self.ending = self.play(run)

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
        calls=tuple((step.tool, dict(step.arguments)) for step in task.gold), answer=task.answer
    )


def resolve(step: Step, task: Task, results: Sequence[Result]) -> dict[str, Json]:
    """Compute the arguments of a gold step from what an agent knows before it.

    Raises:
        AgentGymError: An argument has no origin, or its origin does not hold it.
    """
    arguments: dict[str, Json] = {}
    facts = {fact.id: fact.value for fact in task.plan.facts}
    for name, value in step.arguments.items():
        origin = step.origin.get(name, "")
        kind, _, rest = origin.partition(":")
        if kind == "fact" and rest in facts:
            arguments[name] = facts[rest]
        elif kind == "call":
            where = f"{task.id} {step.tool}.{name}"
            number, _, path = rest.partition(":")
            arguments[name] = _at(_result(number, results, where=where), path, where=where)
        elif kind == "choice":
            arguments[name] = value
        else:
            raise AgentGymError(
                "an origin for every argument",
                found=repr(origin),
                where=f"{task.id} {step.tool}.{name}",
            )
    return arguments


def _result(number: str, results: Sequence[Result], *, where: str) -> Json:
    if not number.isdecimal() or int(number) >= len(results):
        raise AgentGymError("the number of an earlier call", found=repr(number), where=where)
    return results[int(number)].data


def _at(data: Json, path: str, *, where: str) -> Json:
    for part in path.split("."):
        try:
            data = data[int(part)] if isinstance(data, list) else data[part]
        except (KeyError, IndexError, ValueError, TypeError):
            raise AgentGymError(
                "a value in an earlier result", found="none", where=f"{where} at {path}"
            ) from None
    return data
