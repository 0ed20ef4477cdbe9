"""Records: an episode that has ended and its verdict, as a `Trajectory`. Next: `run`."""

from __future__ import annotations

from agentgym.env.registration import default_id, ids
from agentgym.episode import Episode, Suite
from agentgym.formats import encode, fingerprint
from agentgym.goals.verdict import Verdict
from agentgym.tasks import Task
from agentgym.trajectory import (
    AgentFacts,
    Call,
    EnvFacts,
    Outcome,
    Provenance,
    TaskFacts,
    Trajectory,
)
from agentgym.version import VERSION

__all__ = ["record"]


def record(
    suite: Suite,
    episode: Episode,
    verdict: Verdict,
    *,
    trajectory_id: str,
    agent: AgentFacts,
    config_sha256: str = "",
    seed: int = 0,
) -> Trajectory:
    """Make the record of an episode that has ended.

    Args:
        suite: What was played.
        episode: The episode, not yet closed.
        verdict: How it was judged.
        trajectory_id: Id that no other record of the run has.
        agent: Who played.
        config_sha256: Hash of the run's settings.
        seed: Seed of the run.
    """
    task, domain = suite.task(episode.task_id), suite.domain
    committed = {name: env_id for env_id, name in ids().items()}
    prompt = encode([episode.prompt, episode.view.fingerprint, episode.max_turns])
    return Trajectory(
        trajectory_id=trajectory_id,
        group_id=fingerprint(encode([domain.world_hash, task.id]) + prompt)[:32],
        env=EnvFacts(
            env_id=committed.get(domain.name, default_id()),
            env_version=str(domain.version),
            spec_sha256=domain.world_hash,
            domain=domain.name,
            seed=seed,
            view=_view(episode, task),
        ),
        task=_task_facts(task, episode),
        agent=agent,
        user={"kind": "scripted"},
        tools=episode.view.faces,
        events=episode.trace(),
        outcome=_outcome(episode, verdict, episode.digest()),
        provenance=Provenance(generator_version=VERSION, config_sha256=config_sha256),
    )


def _view(episode: Episode, task: Task) -> str:
    """Write how the tools were shown, so that the same task shows them so again."""
    options = episode.view.options
    return options.text(task.view) if options.changed or task.view else ""


def _task_facts(task: Task, episode: Episode) -> TaskFacts:
    gold = tuple(
        Call(id=f"gold_{place}", name=step.tool, arguments=step.arguments)
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


def _outcome(episode: Episode, verdict: Verdict, digest: str) -> Outcome:
    status = "success" if verdict.success else "truncated" if episode.truncated else "failure"
    return Outcome(
        status=status,  # type: ignore[arg-type]
        termination=episode.termination or "exception",
        reward=float(verdict.success),
        components=verdict.terms,
        reasons=verdict.reasons,
        final_state_sha256=digest,
        metrics={
            "turns": episode.turn,
            "calls": episode.calls,
            "errors": episode.errors,
            "malformed": episode.malformed,
        },
    )
