"""Records: an episode that has ended, judged and rewarded, as a `Trajectory`. Next: `run`."""

from __future__ import annotations

import math
from collections.abc import Sequence

from msgspec.structs import replace

from agentgym.env.registration import default_id, ids
from agentgym.episode import Episode, Suite
from agentgym.episode.failing import why
from agentgym.formats import Record, encode, fingerprint
from agentgym.goals.verdict import Verdict
from agentgym.tasks import Task
from agentgym.trajectory import (
    AgentFacts,
    AssistantEvent,
    Call,
    EnvFacts,
    Event,
    Outcome,
    Provenance,
    TaskFacts,
    Trajectory,
)
from agentgym.version import VERSION

__all__ = ["Played", "record"]


class Played(Record, kw_only=True):
    """Under which settings an episode was played, and what each of its turns earned."""

    seed: int = 0
    """Of the run."""
    luck: int = 0
    """Of the episode."""
    grouped: bool = False
    """Whether it is one of a group that shares its luck."""
    user: str = ""
    """The user's profile, as text; empty for plainly."""
    hints: str = ""
    reward: str = ""
    """What is rewarded, as text; empty for success alone."""
    scores: tuple[tuple[float, dict[str, float]], ...] = ()
    """Reward, and the terms after it, of each turn of the agent."""


def record(
    suite: Suite,
    episode: Episode,
    verdict: Verdict | None,
    *,
    trajectory_id: str,
    agent: AgentFacts,
    config_sha256: str = "",
    played: Played | None = None,
) -> Trajectory:
    """Make the record of an episode that has ended.

    Args:
        suite: What was played.
        episode: The episode, not yet closed.
        verdict: How it was judged; None where the environment failed and nothing could be.
        trajectory_id: Id that no other record of the run has.
        agent: Who played.
        config_sha256: Hash of the run's settings.
        played: How it was played, and what it earned.
    """
    task, domain = suite.task(episode.task_id), suite.domain
    played = played or Played()
    committed = {name: env_id for env_id, name in ids().items()}
    faults = episode.faults.text()
    same = [episode.prompt, episode.view.fingerprint, episode.max_turns]
    if played.grouped or played.user or faults:
        same.append([played.luck, played.user, played.hints, faults])
    return Trajectory(
        trajectory_id=trajectory_id,
        group_id=fingerprint(encode([domain.world_hash, task.id]) + encode(same))[:32],
        env=EnvFacts(
            env_id=committed.get(domain.name, default_id()),
            env_version=str(domain.version),
            spec_sha256=domain.world_hash,
            domain=domain.name,
            seed=played.seed,
            view=_view(episode, task),
            user=played.user,
            faults=faults,
            hints=played.hints,
            reward=played.reward,
            luck=played.luck,
            max_turns=episode.max_turns,
        ),
        task=_task_facts(task, episode),
        agent=agent,
        user={"kind": "scripted"},
        tools=episode.view.faces,
        events=_scored(episode, played.scores),
        outcome=_outcome(episode, verdict, played.scores),
        provenance=Provenance(generator_version=VERSION, config_sha256=config_sha256),
    )


def _scored(
    episode: Episode, scores: Sequence[tuple[float, dict[str, float]]]
) -> tuple[Event, ...]:
    """Return the trace with what each turn earned."""
    events = []
    for event in episode.trace():
        place = event.turn - episode.given - 1
        if isinstance(event, AssistantEvent) and 0 <= place < len(scores):
            reward, terms = scores[place]
            kept = {name: value for name, value in terms.items() if value}
            event = replace(event, reward=reward, terms=kept)  # noqa: PLW2901
        events.append(event)
    return tuple(events)


def _view(episode: Episode, task: Task) -> str:
    """Write how the tools were shown, so that the same task shows them so again."""
    options = episode.view.options
    return options.text(task.view) if options.changed or task.view else ""


def _task_facts(task: Task, episode: Episode) -> TaskFacts:
    gold = tuple(
        Call(id=f"gold_{place}", name=step.tool, arguments=step.arguments)
        if step.by == "agent"
        else Call(id=f"gold_{place}", name="ask_user", arguments={"question": step.words})
        for place, step in enumerate(task.gold, 1)
    )
    return TaskFacts(
        task_id=task.id,
        split=task.split,
        instruction=task.instruction,
        system=episode.system,
        family=task.family,
        reference_actions=gold,
        difficulty=task.measured,
    )


def _outcome(
    episode: Episode,
    verdict: Verdict | None,
    scores: Sequence[tuple[float, dict[str, float]]],
) -> Outcome:
    broken = episode.failure is not None
    success = verdict is not None and verdict.success
    status = "failure"
    if broken or verdict is None:
        status = "error"
    elif success:
        status = "success"
    elif episode.truncated:
        status = "truncated"
    earned = math.fsum(reward for reward, _ in scores) if scores else float(success)
    user = episode.report()
    return Outcome(
        status=status,  # type: ignore[arg-type]
        termination=episode.termination or "exception",
        reward=0.0 if status == "error" else earned,
        components={} if verdict is None else verdict.terms,
        reasons=() if verdict is None else verdict.reasons,
        failure=why(episode, verdict),
        final_state_sha256="" if broken else episode.digest(),
        metrics={
            "turns": episode.turn,
            "calls": episode.calls,
            "errors": episode.errors,
            "malformed": episode.malformed,
            "facts_due": user.due,
            "facts_told": user.told,
            "turns_wasted": user.wasted,
        },
    )
