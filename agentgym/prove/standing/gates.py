"""The gates of a task in which nobody asks, and events come turn by turn.

A task as it is written comes in, its certificate goes out. What is due is found from the rows
before and after the events; nothing of it rests on a text. Whoever always offers, or never, fails.
Next: `__init__`, which admits.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal

from msgspec.structs import replace

from agentgym import rng
from agentgym.errors import UsageError
from agentgym.formats import Json
from agentgym.goals.offers import OFFER, WAIT
from agentgym.goals.verdict import Verdict
from agentgym.plan import Emit, Plan, Write
from agentgym.plan.tables import equal
from agentgym.prove.costs import Costs
from agentgym.prove.difficulty import difficulty
from agentgym.prove.kills import MIN_MUTANTS, MIN_OPERATORS
from agentgym.prove.refused import RefusedError
from agentgym.prove.run import Run
from agentgym.prove.stage import Stage
from agentgym.prove.standing.runs import (
    Played,
    Player,
    goal_of,
    gold_of,
    labels,
    relabelled,
    run_of,
)
from agentgym.prove.standing.strays import strays
from agentgym.tasks import Certificate, GateReport, Notice, Task, words
from agentgym.tasks.words.watching import (
    key_text,
    order_of,
    read_watch,
    same_order,
    say_notice,
)
from agentgym.tools.algebra import AskUser, is_write
from agentgym.tools.views import ViewOptions

__all__ = ["Gates"]

_FEWEST = 2
"""Events that there must be: one that is due, and one that is not."""


class Gates:
    """Runs the gates of tasks with a stream, over one stage.

    Args:
        stage: Where they start.
        costs: Counts what each gate costs.
    """

    def __init__(self, stage: Stage, costs: Costs) -> None:
        self.stage, self.costs = stage, costs
        self.domain, self.schema = stage.domain, stage.schema
        self.player = Player(stage.runner.engine)

    def due(self, plan: Plan, stream: Sequence[Notice]) -> list[bool]:
        """Tell of each event whether something is due on it.

        Raises:
            RefusedError: It is open, or all are due, or none is.
        """
        if order_of(plan) is None:
            raise RefusedError("unique", "order", "the plan is no standing order")
        found = labels(plan, stream, self.domain)
        if not any(found) or all(found) or len(found) < _FEWEST:
            raise RefusedError("no_shortcut", "alike", "of the events all are due, or none is")
        return found

    def least(self, plan: Plan, stream: Sequence[Notice]) -> int:
        """Return a number of calls that no agent can undercut: one for each offer, one to write."""
        due = sum(bool(notice.due) for notice in stream)
        tells = any(isinstance(node, Emit) for node in plan.nodes)
        writes = any(isinstance(node, Write) for node in plan.nodes)
        return due * tells + writes

    def measure(self, task: Task) -> tuple[Certificate, dict[str, Json]]:
        """Run every gate on a task, and measure how hard it is.

        Raises:
            RefusedError: A gate does not hold.
        """
        if task.patch or task.twin is not None:
            raise RefusedError("executes", "patch", "a watched world has no patch of its own")
        with self.costs.gate("executes"):
            gold = self.player.play(run_of(task, task.gold), task.stream)
            executes = self.executes(task, gold)
        gates: tuple[tuple[str, Callable[[], GateReport]], ...] = (
            ("provenance", lambda: self.provenance(task)),
            ("executes", lambda: executes),
            ("unique", lambda: self.unique(task)),
            ("no_shortcut", lambda: self.no_shortcut(task)),
            ("text", lambda: self.text(task)),
            ("shortest", lambda: self.shortest(task)),
            ("not_vacuous", lambda: self.vacuous(task)),
            ("deterministic", lambda: self.deterministic(task, gold)),
            ("orders", lambda: self.orders(task)),
        )
        reports = []
        for name, gate in gates:
            with self.costs.gate(name):
                reports.append(gate())
        figures = difficulty(task, gold.results, self.stage.runner.engine.parameters)
        guess = next(one for one in reports if one.gate == "no_shortcut")
        figures["prior_guess"] = guess.detail["guess_share"]
        for name, value in figures.items():
            if name in task.measured and not equal(task.measured[name], value):
                told = f"stored {name} {task.measured[name]}, measured {value}"
                raise RefusedError("executes", "other_difficulty", told)
        with self.costs.gate("mutants"):
            reports.append(self.mutants(task, gold))
        killed = reports[-1].detail["killed"]
        assert isinstance(killed, int)
        certificate = Certificate(
            gates=tuple(reports), mutants=killed, start=self.stage.start, end=gold.digest
        )
        return certificate, figures

    def judged(self, task: Task, run: Run) -> Verdict:
        """Play a run and judge it as episodes do."""
        return self.judge(task, self.player.play(run, task.stream))

    def judge(self, task: Task, played: Played) -> Verdict:
        """Judge what a run came to."""
        return self.stage.judge.verdict(
            task.goal, played.ending, instruction=task.instruction, party=()
        )

    def executes(self, task: Task, gold: Played) -> GateReport:
        """Play the gold run from a fresh world; no call fails, and it comes to the goal.

        Raises:
            RefusedError: It does not, or the goal, the run or the labels are others.
        """
        plan = task.plan
        try:
            options = ViewOptions.of(task.view)
        except UsageError as error:
            raise RefusedError("executes", "view", str(error)) from None
        stream = relabelled(plan, task.stream, self.due(plan, task.stream))
        if stream != task.stream:
            raise RefusedError("executes", "labels", "other events are due")
        made = gold_of(plan, task.stream, self.domain)
        if made != task.gold:
            raise RefusedError("executes", "other_run", "the gold run is another")
        for step, result in zip(task.gold, gold.results, strict=True):
            if step.tool not in task.tools or step.tool in options.absent:
                raise RefusedError("executes", "hidden_tool", f"the view does not show {step.tool}")
            if result.error is not None:
                told = f"{step.tool}: {result.error.message}"
                raise RefusedError("executes", "call_fails", told)
        still = self.player.play(run_of(task, task.gold), task.stream, ticks=False)
        goal = goal_of(plan, task.stream, still.ending.changes, self.domain, still.now)
        if goal != task.goal:
            raise RefusedError("executes", "other_goal", "the goal is another")
        written = {node.entity for node in plan.nodes if isinstance(node, Write)}
        if not written <= {change.entity for change in goal.branches[0].changes}:
            raise RefusedError("executes", "other_entities", "what is due changes nothing")
        verdict = self.judge(task, gold)
        if not verdict.success:
            raise RefusedError("executes", "not_the_goal", "; ".join(verdict.reasons))
        if any(
            isinstance(self.domain.tool_by_name[name].term, AskUser)
            for name in task.tools
            if name in self.domain.tool_by_name
        ):
            raise RefusedError("executes", "nobody", "nobody is there to be asked")
        return GateReport(gate="executes", ok=True, detail={"calls": len(task.gold)})

    def provenance(self, task: Task) -> GateReport:
        """Every argument is told by the order, or by an event that has come.

        Raises:
            RefusedError: One is not.
        """
        facts = {fact.id: fact.value for fact in task.plan.facts}
        count = {"fact": 0, "notice": 0}
        for turn, step in enumerate(task.gold):
            for param, value in step.arguments.items():
                kind, _, rest = step.origin.get(param, "").partition(":")
                known: Json
                if kind == "fact" and rest in facts:
                    known = facts[rest]
                elif kind == "notice" and rest.isdecimal() and int(rest) < len(task.stream):
                    notice = task.stream[int(rest)]
                    if notice.turn > turn:
                        raise RefusedError("provenance", "later", "an event that is yet to come")
                    known = (notice.key or (None,))[0]
                    if step.tool == OFFER:
                        known = key_text(notice.key or ())
                else:
                    raise RefusedError("provenance", "no_origin", f"{param} has no origin")
                if not equal(known, value):
                    raise RefusedError("provenance", "other_value", f"{param} is another value")
                count[kind] += 1
        return GateReport(gate="provenance", ok=True, detail=dict(count))

    def unique(self, task: Task) -> GateReport:
        """What is due is told by the rows, for each event, and these come in order.

        Raises:
            RefusedError: They do not.
        """
        turns = [notice.turn for notice in task.stream]
        if turns != sorted(turns) or any(notice.kind != "event" for notice in task.stream):
            raise RefusedError("unique", "stream", "the events are out of order")
        return GateReport(gate="unique", ok=True, detail={"events": len(task.stream)})

    def no_shortcut(self, task: Task) -> GateReport:
        """Whoever always acts fails, and whoever never does.

        Raises:
            RefusedError: One of them does not.
        """
        acts = tuple(one for notice in task.stream for one in notice.due)
        every = tuple(replace(notice, due=tuple(dict.fromkeys(acts))) for notice in task.stream)
        always = run_of(task, gold_of(task.plan, every, self.domain))
        offers = tuple(call for call in always.calls if call[0] in (OFFER, WAIT))
        last = max(notice.turn for notice in task.stream)
        waits: tuple[tuple[str, dict[str, Json]], ...] = ((WAIT, {}),) * (last + 1)
        for run in (always, replace(always, calls=offers), replace(always, calls=waits)):
            if self.judged(task, run).success:
                raise RefusedError("no_shortcut", "policy", "one answer fits all events")
        due = sum(bool(notice.due) for notice in task.stream)
        share = Decimal(1) / Decimal(2 ** len(task.stream))
        detail: dict[str, Json] = {
            "due": due,
            "harmless": len(task.stream) - due,
            "guess_share": Decimal(f"{share:.3f}"),
        }
        return GateReport(gate="no_shortcut", ok=True, detail=detail)

    def text(self, task: Task) -> GateReport:
        """The order reads back as the plan, and each event says what happens and no more.

        Raises:
            RefusedError: It does not.
        """
        text = task.instruction
        found = words.identifiers_in(text, self.schema)
        if found:
            raise RefusedError("text", "identifier", f"an identifier in the wording: {found[0]}")
        readings, order = read_watch(text, self.schema), order_of(task.plan)
        if len(readings) != 1:
            code = "many_readings" if readings else "no_reading"
            raise RefusedError("text", code, f"{len(readings)} readings of the wording")
        if order is None or not same_order(readings[0], order) or task.user.opening != text:
            raise RefusedError("text", "other_plan", "the wording reads as another plan")
        if not task.user.standing:
            raise RefusedError("text", "standing", "the user takes any message for the end")
        for notice in task.stream:
            entity, key = self.schema.entity(notice.entity), notice.key or ()
            (patch,) = notice.patch
            ways = [say_notice(self.schema, entity, key, v) for v in (None, patch.values)]
            if notice.text not in ways:
                raise RefusedError("text", "other_event", "an event is told otherwise")
        return GateReport(gate="text", ok=True, detail={"readings": 1})

    def shortest(self, task: Task) -> GateReport:
        """The stored bounds of the number of calls are the proved ones.

        Raises:
            RefusedError: They are others.
        """
        low, high = self.least(task.plan, task.stream), len(task.gold)
        stored = task.measured.get("min_calls"), task.measured.get("max_calls")
        if stored != (low, high) or low > high:
            told = f"stored bounds {stored}, proved ({low}, {high})"
            raise RefusedError("shortest", "other_bounds", told)
        return GateReport(gate="shortest", ok=True, detail={"at_least": low, "at_most": high})

    def vacuous(self, task: Task) -> GateReport:
        """The goal is false at the start, and without any one act.

        Raises:
            RefusedError: It holds without the work.
        """
        gold = run_of(task, task.gold)
        runs = [Run()]
        dropped = 0
        for place, (name, _) in enumerate(gold.calls):
            if self.acts(name):
                wait = (WAIT, dict[str, Json]())
                runs.append(
                    replace(gold, calls=(*gold.calls[:place], wait, *gold.calls[place + 1 :]))
                )
                dropped += 1
        for run in runs:
            if self.judged(task, run).success:
                raise RefusedError("not_vacuous", "idle", "the goal holds without the work")
        return GateReport(gate="not_vacuous", ok=True, detail={"dropped": dropped})

    def acts(self, name: str) -> bool:
        """Tell whether a call writes or offers."""
        tool = self.domain.tool_by_name.get(name)
        return name == OFFER or (tool is not None and is_write(tool))

    def deterministic(self, task: Task, gold: Played) -> GateReport:
        """Two replays give the same results and the same digest.

        Raises:
            RefusedError: They differ.
        """
        self.player.forget()
        if self.player.play(run_of(task, task.gold), task.stream) != gold:
            raise RefusedError("deterministic", "replays_differ", "two replays differ")
        return GateReport(gate="deterministic", ok=True, detail={"replays": 2})

    def orders(self, task: Task) -> GateReport:
        """What is due may be done in any order, and late.

        Raises:
            RefusedError: In some order the run comes to something else.
        """
        acts = [(step.tool, dict(step.arguments)) for step in task.gold if self.acts(step.tool)]
        last = max(notice.turn for notice in task.stream)
        waits: list[tuple[str, dict[str, Json]]] = [(WAIT, {})] * (last + 1)
        ways = list(itertools.islice(itertools.permutations(acts), 23))
        gold = run_of(task, task.gold)
        for way in (*ways, acts[::-1]):
            verdict = self.judged(task, replace(gold, calls=(*waits, *way)))
            if not verdict.success:
                raise RefusedError("orders", "order_matters", "; ".join(verdict.reasons))
        return GateReport(gate="orders", ok=True, detail={"orders": len(ways) + 2})

    def mutants(self, task: Task, gold: Played) -> GateReport:
        """Every wrong run fails, and there are enough of them.

        Raises:
            RefusedError: One passes, or there are too few.
        """
        killed: list[Run] = []
        kinds: set[str] = set()
        for kind, run in self.wrong(task):
            if run in killed:
                continue
            played = self.player.play(run, task.stream)
            verdict = self.judge(task, played)
            if verdict.success:
                if same(played, gold):
                    continue
                raise RefusedError("mutants", f"survived_{kind}", f"a wrong run passes: {kind}")
            if verdict.unknown:
                told = f"it is not known whether a wrong run passes: {kind}"
                raise RefusedError("mutants", "unknown", told)
            killed.append(run)
            kinds.add(kind)
        if len(killed) < MIN_MUTANTS or len(kinds) < MIN_OPERATORS:
            told = f"only {len(killed)} wrong runs of {len(kinds)} kinds"
            raise RefusedError("mutants", "too_few", told)
        return GateReport(
            gate="mutants", ok=True, detail={"killed": len(killed), "operators": len(kinds)}
        )

    def wrong(self, task: Task) -> Iterator[tuple[str, Run]]:
        """Make wrong runs of a task."""
        draws = rng.stream("mutants", task.id, task.instruction)
        yield from strays(task, self.stage, draws)


def same(one: Played, other: Played) -> bool:
    """Tell whether two runs changed and offered the same, and ended alike."""

    def end(played: Played) -> tuple[object, ...]:
        offers = sorted(
            str(call.arguments.get("about"))
            for call, result in played.ending.calls
            if call.name == OFFER and result.ok
        )
        return played.ending.outcome, played.ending.changes, offers, played.ending.truncated

    return end(one) == end(other)
