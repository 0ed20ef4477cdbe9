"""Dual control in proofs: the user's part of a task, made from its plan and checked on every task.

In come a plan with writes of the user's own and its gold run; out come the deeds, what has to be
told for each, and the words. A task whose script says anything else does not hold. Next: `runs`.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from agentgym.errors import TaskError
from agentgym.formats import Json
from agentgym.goals.verdict import Ending
from agentgym.plan import Emit, Fact, Guard, Later, Plan, Refuse, Write
from agentgym.plan.lower import NoLoweringError, Step, lower
from agentgym.plan.tables import equal
from agentgym.prove.refused import RefusedError
from agentgym.prove.stage import Stage
from agentgym.tasks import Task, UserDeed, UserScript, words
from agentgym.tasks.deeds import arguments, hear, imperative, name_of, own_tools, request
from agentgym.tasks.words.guiding import guided_acts, joined, read_guiding, say_guiding
from agentgym.tools.parameters import bindings
from agentgym.tools.views import view

__all__ = ["agents", "check", "fitted", "noted", "plain", "theirs"]


def theirs(plan: Plan) -> list[Write]:
    """Return the writes of a plan that are the user's."""
    return [node for node in plan.nodes if isinstance(node, Write) and node.by == "user"]


def agents(task: Task, ending: Ending) -> Ending:
    """Leave out what the user did: a verdict looks at the agent's own calls."""
    own = {step.tool for step in task.gold if step.by == "user"}
    own |= {deed.tool for deed in task.user.deeds}
    if not own:
        return ending
    return replace(ending, calls=tuple(pair for pair in ending.calls if pair[0].name not in own))


# words


def noted(plan: Plan, wording: words.Wording, stage: Stage, *, seed: int) -> words.Wording:
    """Let an instruction say which part is the user's own.

    Raises:
        RefusedError: It cannot be said.
    """
    note = say_guiding(plan, stage.schema, seed=seed)
    if note is None:
        raise RefusedError("text", "part_not_said", "the user's own part cannot be said")
    return replace(wording, text=joined([wording.text, note])) if note else wording


def plain(plan: Plan, text: str, stage: Stage) -> str:
    """Return an instruction without what it says of the user's own part.

    Raises:
        RefusedError: It says nothing of it, or something else.
    """
    acts = guided_acts(plan)
    if not acts:
        return text
    readings = [rest for rest, said in read_guiding(text, stage.schema) if said == acts]
    if len(readings) != 1:
        told = f"{len(readings)} readings of what the user does"
        raise RefusedError("text", "part_differs", told)
    return readings[0].rstrip()


# the script


def fitted(task: Task, stage: Stage, *, seed: int, max_tools: int) -> Task:
    """Give a task what its plan leaves to the user.

    Args:
        task: The task as it would be if the agent did all of it.
        stage: Where it starts; its world is moved.
        seed: Of the choice of tools.
        max_tools: Most tools that it shows.

    Raises:
        RefusedError: Something of it cannot be the user's, or needs a tool that is.
    """
    if not theirs(task.plan):
        return task
    if all(step.by == "agent" for step in task.gold):
        raise RefusedError("executes", "no_deed", "nothing of what is wanted is the user's")
    script = _script(task, stage)
    gold = tuple(
        replace(step, words=_words(step, script)) if step.by == "user" else step
        for step in task.gold
    )
    own = own_tools(script.deeds, stage.domain)
    needed = list(dict.fromkeys(step.tool for step in gold if step.by == "agent"))
    if own & set(needed):
        raise RefusedError("executes", "own_tool", "the agent needs a tool that is the user's")
    others = [tool for tool in stage.domain.tools if tool.name not in own]
    domain = stage.domain
    try:
        shown = view(domain.name, stage.schema, others, needed, seed=seed, max_tools=max_tools)
    except TaskError:
        told = f"needs more than {max_tools} tools"
        raise RefusedError("executes", "many_tools", told) from None
    return replace(task, user=script, gold=gold, tools=shown)


def check(task: Task, stage: Stage) -> None:
    """Check the user's part of a task: made anew, it must be the same, and nobody else's.

    Raises:
        RefusedError: It differs, the agent has a tool for it, or a request is not understood.
    """
    if {step.by for step in task.gold} <= {"agent"} and not theirs(task.plan):
        if task.user.deeds or task.user.unknown:
            raise RefusedError("executes", "deeds", "the user does what the plan does not leave")
        return
    wanted = {node.id for node in stage.tables.wanted(task.plan)}
    script = _script(task, stage)
    if (script.deeds, script.unknown, script.questions) != (
        task.user.deeds,
        task.user.unknown,
        task.user.questions,
    ):
        raise RefusedError("executes", "deeds", "the deeds of the user are others")
    own = own_tools(script.deeds, stage.domain)
    if own & set(task.tools):
        name = min(own & set(task.tools))
        raise RefusedError("executes", "own_tool", f"the agent is shown {name}")
    done = [step for step in task.gold if step.by == "user"]
    if {step.node for step in done} != {n.id for n in theirs(task.plan) if n.id in wanted}:
        raise RefusedError("executes", "deeds", "the run does other deeds than the plan")
    for step in done:
        if step.words != _words(step, script):
            raise RefusedError("text", "request_differs", "a request is worded otherwise")
        heard = hear(step.words, script)
        deed = next(one for one in script.deeds if one.id == step.node)
        called = arguments(deed, heard.told, stage.domain)
        if heard.deeds != (deed.id,) or called is None or not equal(called, step.arguments):
            raise RefusedError("text", "request_differs", "a request is heard as another")


def _script(task: Task, stage: Stage) -> UserScript:
    """Make the user's script: what it holds already, and the deeds.

    Raises:
        RefusedError: A deed cannot be had, or two are asked for in the same words.
    """
    deeds: list[UserDeed] = []
    unknown: list[Fact] = []
    questions = {
        name: text
        for name, text in task.user.questions.items()
        if any(fact.id == name for fact in task.plan.facts)
    }
    for node in theirs(task.plan):
        step = _step(task, node, stage)
        uses = bindings(stage.domain.tool_by_name[step.tool].term, stage.schema)
        takes: dict[str, str] = {}
        for param, value in step.arguments.items():
            if step.origin[param].startswith("fact:"):
                continue
            if param not in uses or value is None or isinstance(value, (list, dict)):
                raise RefusedError("executes", "deeds", f"nobody can say what {param} is")
            entity, field, use = uses[param]
            name = takes[param] = f"u{len(unknown) + 1}"
            unknown.append(Fact(id=name, entity=entity, field=field, value=value))
            key = use == "key" or (use == "end" and node.kind == "delete")
            questions[name] = name_of(node, field, stage.schema, key=key)
        known = {one.field for one in node.settings if one.fact is not None}
        deeds.append(
            UserDeed(
                id=node.id,
                tool=step.tool,
                arguments=dict(step.arguments),
                words=imperative(node, task.plan, stage.schema, known),
                needs=tuple(takes.values()),
                takes=takes,
            )
        )
    for deed in deeds:
        names = [questions[name] for name in deed.needs]
        if len(set(names)) != len(names):
            raise RefusedError("text", "same_words", "two needed values are called the same")
    if len({deed.words for deed in deeds}) != len(deeds):
        raise RefusedError("text", "same_words", "two deeds are asked for in the same words")
    return replace(task.user, deeds=tuple(deeds), unknown=tuple(unknown), questions=questions)


def _step(task: Task, node: Write, stage: Stage) -> Step:
    """Return the call of a write: that of the gold run, or of a run in which it were wanted.

    Raises:
        RefusedError: It cannot be done, or by several calls alone.
    """
    found = [step for step in task.gold if step.node == node.id and step.by == "user"]
    if not found:
        found = [s for s in _alone(task.plan, node, stage) if s.node == node.id and s.by == "user"]
    if len(found) != 1:
        raise RefusedError("executes", "deeds", f"{len(found)} calls of the user for one deed")
    return found[0]


def _alone(plan: Plan, node: Write, stage: Stage) -> Sequence[Step]:
    """Play a write as if it alone were wanted."""
    others = (Write, Emit, Guard, Refuse, Later)
    nodes = tuple(one for one in plan.nodes if one is node or not isinstance(one, others))
    stage.runner.start()
    try:
        return lower(
            replace(plan, nodes=nodes),
            stage.tables,
            stage.domain.tools,
            stage.runner.call,
            stage.domain.rules,
        ).steps
    except NoLoweringError as error:
        raise RefusedError("executes", "no_lowering", str(error)) from None


def _words(step: Step, script: UserScript) -> str:
    """Write what an agent says for a step of the user."""
    deed = next(one for one in script.deeds if one.id == step.node)
    values: dict[str, Json] = {name: step.arguments[param] for param, name in deed.takes.items()}
    return request(deed, script, values)
