"""Users on real tasks: whoever they are, the gold run wins, and a bad run fails all the same."""

from __future__ import annotations

import pytest

from agentgym.episode import Suite, load
from agentgym.policies import Oracle
from agentgym.tasks import Task
from agentgym.users import PRESETS, Report
from agentgym.users.profile import BEHAVIOURS

DOMAINS = ("clinic", "harbour", "elements")
TURNS = 200


def play(suite: Suite, task: Task, user: str | None, seed: int) -> tuple[bool, str, Report]:
    """Play the gold run of a task with a user; return whether it won, why not, and their report."""
    oracle = Oracle(task, view=suite.view(task))
    with suite.episode(task.id, user=user, seed=seed, max_turns=TURNS) as episode:
        seen = episode.prompt[-1]["content"]
        while not episode.done:
            info = {"turn": episode.turn, "tools": episode.tools}
            seen = episode.act(oracle(seen, info)).observation
        report = episode.report()
        return suite.verdict(episode).success, oracle.trouble, report


def dialogues(suite: Suite) -> list[Task]:
    """Return the tasks in which somebody has to be asked."""
    return [
        task
        for task in suite.tasks
        if task.user.shift
        or task.user.later
        or task.user.deeds
        or any(fact.exposure in ("user", "hidden") for fact in task.user.facts)
    ]


@pytest.mark.parametrize("name", [*PRESETS, "+".join(BEHAVIOURS)])
def test_the_gold_run_wins_with_every_user(name: str) -> None:
    """The verdict is that with the plain user, nothing is wasted and every message fits."""
    user = name if name in PRESETS else f"behaviours={name},confirm=reluctant,disclosure=1"
    for place, domain in enumerate(DOMAINS):
        suite = load(domain)
        tasks = dialogues(suite)
        for task in tasks[place % 3 :: 3]:
            for seed in range(2):
                won, trouble, report = play(suite, task, user, seed)
                assert won, (task.id, trouble)
                assert not report.wasted
                assert not report.left
                assert report.aligned == 1.0


@pytest.mark.slow
@pytest.mark.parametrize("domain", DOMAINS)
def test_every_task_is_won_with_every_habit(domain: str) -> None:
    """All tasks, all behaviours one by one."""
    suite = load(domain)
    for task in suite.tasks:
        for seed, user in enumerate(BEHAVIOURS):
            won, trouble, report = play(suite, task, user, seed)
            assert won, (task.id, user, trouble)
            assert report.aligned == 1.0


@pytest.mark.parametrize("user", [None, "vague", "difficult"])
def test_a_guess_does_not_win(user: str | None) -> None:
    """In an ambiguous task, who asks for leave to take another row is told which one is meant."""
    for domain in DOMAINS:
        suite = load(domain)
        for task in suite.tasks:
            hidden = [fact for fact in task.user.facts if fact.exposure == "hidden"]
            if task.family != "ambiguous" or not hidden:
                continue
            fact = hidden[0]
            entity = suite.domain.schema.entity(fact.entity)
            others = {
                str(row[entity.position(fact.field)]) for row in suite.domain.rows[fact.entity]
            } - {str(fact.value)}
            label = entity.field(fact.field).label
            for other in sorted(others)[:3]:
                with suite.episode(task.id, user=user) as episode:
                    text = f'Shall I take the {entity.label} with the {label} "{other}"?'
                    if not isinstance(fact.value, str) or fact.field.endswith(("_on", "_at")):
                        text = text.replace('"', "")
                    turn = episode.act(text)
                    assert "confirm" not in [act.kind for act in turn.acts], (task.id, text)
                    assert "deny" in [act.kind for act in turn.acts], (task.id, text)


def test_forks_of_an_episode_take_their_user_along() -> None:
    """A fork goes on with the user where they were, and leaves the first one alone."""
    suite = load("clinic")
    task = next(task for task in dialogues(suite) if len(task.user.facts) > 2)
    with suite.episode(task.id, user="difficult", seed=3) as one, one.fork() as two:
        for episode in (one, two):
            texts = [episode.act("What else do you need from me?").observation for _ in range(6)]
            if episode is one:
                first = texts
        assert texts == first
        assert one.report() == two.report()
