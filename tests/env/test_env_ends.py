"""How episodes end, and what is said of it: budgets, users who leave, and what breaks by itself."""

from __future__ import annotations

from typing import Any

import gymnasium
import pytest
import tiny
from gymnasium.utils.env_checker import check_env as gymnasium_check

from agentgym.env import Attempts, Budget, ToolEnv
from agentgym.env.telling import transcript
from agentgym.episode import Episode, Suite
from agentgym.errors import BackendError
from agentgym.testing import check_env
from agentgym.trajectory import Act, AssistantEvent, Call, NoticeEvent, ToolEvent, UserEvent

FIND = '{"name": "find_member", "arguments": {"name": "Zoë Müller"}}'
GOOD = '{"name": "conclude", "arguments": {"outcome": "done", "answer": 12.5}}'


def made(**options: Any) -> ToolEnv:
    """Return an environment whose task is to tell fees of 12.5."""
    env = ToolEnv(tiny.suite(), **options)
    env.reset(seed=0, options={"task_id": "1"})
    return env


@pytest.mark.parametrize(
    ("options", "steps"),
    [
        ({"budget": 3}, 3),
        ({"budget": "calls=2"}, 2),
        ({"budget": {"cost": 3.0}}, 3),
        ({"budget": "tokens=70"}, 2),
        ({"reward": "sparse,budget=2"}, 3),
    ],
)
def test_a_spent_budget_ends_an_episode(options: dict[str, Any], steps: int) -> None:
    """It is truncated after the turn that spends it, judged, and begins no further attempt."""
    env = made(attempts=3, **options)
    for step in range(1, steps + 1):
        _, reward, over, cut, info = env.step(FIND)
        assert (reward, over, cut) == (0.0, False, step == steps), info["tokens"]
    assert info["outcome"] == "truncated"
    assert info["failure"]["by"] == "agent"
    assert info["failure"]["code"] == "budget"
    assert info["calls"] == steps
    assert info["cost"] == float(steps)
    assert env.verdict is not None
    assert env.episode is not None
    assert env.episode.termination == "budget"


def test_what_a_warm_start_takes_is_no_part_of_the_budget() -> None:
    """Calls and cost are those of the agent."""
    env = ToolEnv("clinic", budget={"calls": 2}, warm_start=-1)
    env.reset(seed=3)
    assert env.step("{broken")[3] is False
    assert env.step("{broken")[3] is True


def test_success_with_the_last_of_a_budget_is_success() -> None:
    """What ends by itself is not cut off."""
    env = made(budget=2)
    env.step(FIND)
    assert env.step(GOOD)[1:4] == (1.0, True, False)


def test_tokens_are_counted() -> None:
    """Of action and observation, by whatever counts them; the total is that of all."""
    env = made(tokenizer=len)
    first, info = env.reset(seed=0, options={"task_id": "1"})
    total = len(first)
    assert info["tokens"] == {"action": 0, "observation": total, "saved": 0, "total": total}
    for action in (FIND, "Why?"):
        seen, *_, info = env.step(action)
        total += len(action) + len(seen)
        assert info["tokens"]["action"] == len(action)
        assert info["tokens"]["observation"] == len(seen)
        assert info["tokens"]["total"] == total
    attempt = made(tokenizer=len, attempts=2)
    first = attempt.game.observation if attempt.game is not None else ""
    bad = '{"name": "conclude", "arguments": {"outcome": "done"}}'
    told, *_, info = attempt.step(bad)
    assert info["tokens"]["total"] == len(first) + len(bad) + len(told)
    again, *_, info = attempt.step("Hm.")
    assert info["tokens"]["total"] == len(first) + len(bad) + len(told) + 3 + len(again)


def test_a_user_who_leaves_ends_it() -> None:
    """That is the task's own end, and the agent's doing."""
    env = made(user="patience=1")
    for _ in range(9):
        _, reward, over, cut, info = env.step("Why are you such a fool?")
        if over:
            break
    assert (reward, over, cut, info["outcome"]) == (0.0, True, False, "failure")
    assert info["failure"]["code"] == "user_left"
    assert info["user"]["left"] is True


class Broken(Suite):
    """A suite in whose episodes, or on whose bench, something breaks."""

    where = "act"

    def episode(self, *given: Any, **more: Any) -> Episode:
        """Return an episode whose second turn breaks."""
        found = super().episode(*given, **more)
        act = found.act

        def breaking(action: object) -> Any:
            if self.where == "act" and found.turn >= 1:
                raise BackendError("a server", found="none")
            return act(action)

        found.act = breaking  # type: ignore[method-assign]
        return found

    def verdict(self, episode: Episode) -> Any:
        """Break, or judge."""
        if self.where == "verdict":
            raise RuntimeError("the bench is on fire")
        return super().verdict(episode)


@pytest.mark.parametrize(("where", "code"), [("act", "backend"), ("verdict", "bug")])
def test_what_breaks_by_itself_is_no_failure_of_the_agent(where: str, code: str) -> None:
    """The episode is truncated, earns a 0.0 that means nothing, and says whose doing it is."""
    suite = Broken(tiny.domain(), tiny.tasks())
    suite.where = where
    env = ToolEnv(suite, attempts=3, reward="progress")
    env.reset(seed=0, options={"task_id": "1"})
    assert env.step(FIND)[2:4] == (False, False)
    _, reward, over, cut, info = env.step(GOOD)
    assert (over, cut, info["outcome"]) == (False, True, "error")
    assert info["failure"]["by"] == "environment"
    assert info["failure"]["code"] == code
    assert env.verdict is None
    assert reward == 0.0
    assert env.step(FIND)[1:4] == (0.0, False, True)
    assert env.reset(seed=1)[1]["failure"] == {}
    strict = ToolEnv(suite, strict=True)
    strict.reset(seed=0, options={"task_id": "1"})
    strict.step(FIND)
    with pytest.raises((BackendError, RuntimeError)):
        strict.step(GOOD)


def test_a_transcript_shows_user_notices_and_faults() -> None:
    """Each has a line of its own, marked for what it is; what the agent is not told, too."""
    call = Call(id="call_1", name="get_row", arguments={"row_id": 3})
    own = Call(id="user_1", name="confirm_row", arguments={"row_id": 3})
    t = "2026-01-01T00:00:00Z"
    lines = transcript(
        "task",
        (
            UserEvent(i=0, t=t, turn=0, content="Do it.", acts=(Act(kind="open"),)),
            AssistantEvent(i=1, t=t, turn=1, tool_calls=(call,), flags=("repeated",)),
            ToolEvent(
                i=2, t=t, turn=1, call_id="call_1", name="get_row", content="{}", fault="stale"
            ),
            NoticeEvent(i=3, t=t, turn=1, content="The price went up.", kind="change"),
            AssistantEvent(i=4, t=t, turn=2, content="Confirm it, please."),
            UserEvent(i=5, t=t, turn=2, content="Done.", tool_calls=(own,)),
            ToolEvent(
                i=6,
                t=t,
                turn=2,
                call_id="user_1",
                name="confirm_row",
                content="{}",
                requestor="user",
            ),
        ),
        given=1,
    )
    assert lines == [
        "task",
        "  0  user: Do it. [open]",
        "  1 agent> get_row(row_id=3)",
        "  1        [repeated]",
        "  1  tool> {} [fault: stale]",
        "  1 change: The price went up.",
        "    here the agent begins",
        "  2 agent: Confirm it, please.",
        "  2  user: Done.",
        "  2  user> confirm_row(row_id=3)",
        "  2 theirs> {}",
    ]


def test_a_game_is_drawn_with_all_its_attempts() -> None:
    """From the first moment on; in no mode there is nothing to draw."""
    env = made(attempts=2, render_mode="ansi")
    env.step('{"name": "conclude", "arguments": {"outcome": "done"}}')
    assert "attempt 2" not in str(env.render())
    env.step("I was too quick.")
    env.step(GOOD)
    text = env.render()
    assert text is not None
    assert text.count("end:") == 2
    assert "reflection: I was too quick." in text
    assert made().render() is None


@pytest.mark.parametrize(
    "options",
    [
        {"reward": "progress", "user": "sample", "faults": "mild"},
        {"attempts": 2, "max_turns": 6, "hints": "full"},
        {"warm_start": 1, "plan_hint": "full", "budget": 50},
    ],
)
def test_the_conformance_kit_holds_with_options(options: dict[str, Any]) -> None:
    """The public check of environments finds nothing, whatever is on."""
    check_env(
        lambda: gymnasium.make("agentgym/Clinic-v1", **options),
        checker=gymnasium_check,
        seed=4,
        sparse="reward" not in options,
    )


def test_records_of_options_are_options() -> None:
    """What a text says, a record says too."""
    env = made(attempts=Attempts(most=2), budget=Budget(calls=9))
    assert env.settings == made(attempts="2", budget="calls=9").settings
