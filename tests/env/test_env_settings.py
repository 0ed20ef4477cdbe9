"""Options of environments: every form of each, what contradicts, what stages and resets change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentgym.env import STAGES, Attempts, Budget, ToolEnv
from agentgym.env.settings import Settings
from agentgym.errors import AgentGymError, UsageError
from agentgym.goals.rewards import RewardOptions
from agentgym.tools.views import ViewOptions
from agentgym.users import PLAIN, Profile

CLINIC = "clinic"

WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "user": ({"user": "plainn"}, "plain"),
    "user form": ({"user": 5}, "user"),
    "population": ({"user": "sample:everyda"}, "everyday"),
    "reward": ({"reward": "sparce"}, "did you mean 'sparse'"),
    "hints": ({"hints": "briefly"}, "brief"),
    "faults": ({"faults": "timeouts=0.1"}, "timeout"),
    "view": ({"view": "renam=1"}, "rename"),
    "observation": ({"observation": "ful"}, "did you mean 'full'"),
    "observation twice": ({"observation": "full", "view": "detail=difference"}, "leave detail"),
    "intrinsic": ({"intrinsic": "thinks"}, "think"),
    "max_turns": ({"max_turns": 1}, "at least 2"),
    "max_turns kind": ({"max_turns": 2.5}, "at least 2"),
    "attempts": ({"attempts": 0}, "1 to 50"),
    "attempts kind": ({"attempts": True}, "1 to 50"),
    "attempts text": ({"attempts": "many"}, "1 to 50"),
    "attempts option": ({"attempts": "mos=3"}, "did you mean 'most'"),
    "attempts reward": ({"attempts": {"reward": "first"}}, "last, best"),
    "attempts tell": ({"attempts": "tell=al"}, "none, brief, full"),
    "attempts twice": ({"attempts": "most=2,most=3"}, "once"),
    "attempts half": ({"attempts": "most=2,best"}, "name=value"),
    "warm_start": ({"warm_start": "two"}, "gold run"),
    "warm_start flag": ({"warm_start": True}, "gold run"),
    "plan_hint": ({"plan_hint": "half"}, "partial, full"),
    "budget": ({"budget": 0}, "from 1"),
    "budget option": ({"budget": "call=3"}, "did you mean 'calls'"),
    "budget cost": ({"budget": {"cost": float("inf")}}, "above 0"),
    "budget tokens": ({"budget": {"tokens": 2.5}}, "from 1"),
    "render_mode": ({"render_mode": "human"}, "ansi"),
    "stages": ({"stages": [{"hint": "full"}]}, "did you mean 'hints'"),
    "stages form": ({"stages": ["full"]}, "options by name"),
    "split": ({"split": "trian"}, "train"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_option_is_told_with_what_would_do(name: str) -> None:
    """Each raises when the environment is made, and names the nearest legal value."""
    options, told = WRONG[name]
    with pytest.raises(AgentGymError, match=told):
        ToolEnv(CLINIC, **options)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"task": "1"}, "task_id"),
        ({"task_id": 1}, "a text"),
        ({"stage": 9}, "1 to 4"),
        ({"stage": "1"}, "whole number"),
        ({"user_seed": 1.5}, "whole number"),
        ({"fault_seed": True}, "whole number"),
        ({"user": "plainn"}, "plain"),
        ({"warm_start": None}, "gold run"),
        ({"plan_hint": "half"}, "partial"),
    ],
)
def test_a_wrong_option_of_reset_is_told(options: dict[str, Any], told: str) -> None:
    """It raises, and what was being played goes on."""
    env = ToolEnv(CLINIC)
    env.reset(seed=1)
    before = env.state_key()
    with pytest.raises(UsageError, match=told):
        env.reset(options=options)
    assert env.state_key() == before
    env.close()


def test_forms_of_one_option_come_to_the_same() -> None:
    """A text, a mapping, a number and a record say the same."""
    three = Attempts(most=3, reward="best", tell="full")
    assert Attempts.of("most=3, reward=best,tell=full") == three
    assert Attempts.of({"most": 3, "reward": "best", "tell": "full"}) == three
    assert Attempts.of(three) is three
    assert Attempts.of(3) == Attempts.of("3") == Attempts(most=3)
    calls = Budget(calls=20, cost=3.5)
    assert Budget.of("calls=20,cost=3.5") == Budget.of({"calls": 20, "cost": 3.5}) == calls
    assert Budget.of(20) == Budget.of("20") == Budget(calls=20)
    assert not Budget.of(None)
    assert Budget.of("tokens=1")
    assert Settings.of(user=None).user is None
    assert Settings.of(user=PLAIN).user == PLAIN
    assert Settings.of(reward=None).reward == RewardOptions()


@given(st.sampled_from(["full", "difference", "distilled"]), st.data())
def test_observation_is_put_into_any_view(detail: str, data: st.DataObject) -> None:
    """What the view says besides stays, in each of its forms, and it wins over a task's own."""
    form: Callable[[str], Any] = data.draw(
        st.sampled_from(
            [
                lambda text: text,
                ViewOptions.of,
                lambda text: {"rename": 0.5, "seed": 3},
                lambda _: None,
            ]
        )
    )
    view = form("rename=0.5,seed=3")
    found = Settings.of(view=view, observation=detail).view
    shown = ViewOptions.of(found)
    assert shown.detail == detail
    assert (shown.rename, shown.seed) == ((0.5, 3) if view is not None else (0.0, 0))
    assert ViewOptions.over({"detail": "distilled", "docs": "brief"}, found).detail == detail
    assert ViewOptions.over({"detail": "distilled", "docs": "brief"}, found).docs == "brief"
    assert ViewOptions.of(Settings.of(view=view).view).detail == "full"


def test_stages_change_what_they_name() -> None:
    """A stage wins over the environment, a reset over the stage; the last one of ours is plain."""
    env = ToolEnv(CLINIC, hints="brief", reward="staged", faults="timeout=0.1", user="terse")
    for number, stage in enumerate(STAGES, 1):
        env.reset(seed=0, options={"stage": number})
        assert env.game is not None
        settings = env.game.settings
        assert settings == env.settings.over(stage)
        assert (settings.reward.preset == "staged") == (number == len(STAGES))
        assert bool(settings.faults) == (number == len(STAGES))
    env.reset(options={"stage": 1, "plan_hint": None, "user": "courteous"})
    assert env.game is not None
    assert env.game.settings.plan_hint is None
    assert env.game.settings.user == Profile.of("courteous")
    own = ToolEnv(CLINIC, stages=[{"warm_start": -1}, {"max_turns": 5}])
    own.reset(seed=2, options={"stage": 2})
    assert own.episode is not None
    assert own.episode.max_turns == 5
    own.reset(seed=2)
    assert own.game is not None
    assert own.game.settings == own.settings


def test_a_user_is_drawn_by_its_seed() -> None:
    """`sample` draws a profile for each episode: the same for equal seeds, many over many."""
    one, two = ToolEnv(CLINIC, user="sample"), ToolEnv(CLINIC, user="sample")
    names = set()
    for seed in range(40):
        one.reset(seed=seed)
        assert one.game is not None
        assert one.game.profile is not None
        names.add(one.game.profile.name)
        two.reset(seed=900, options={"user_seed": seed})
        assert two.game is not None
        assert two.game.profile == one.game.profile
        if seed == 7:
            two.reset(seed=seed)
            assert two.game.profile == one.game.profile
    assert len(names) > 4
    one.reset(seed=3, options={"user": "terse"})
    assert one.game is not None
    assert one.game.profile == Profile.of("terse")


def test_seeds_of_user_and_faults_are_apart() -> None:
    """Each can be set alone; without, both are the seed of the episode."""
    env = ToolEnv(CLINIC)
    env.reset(seed=4)
    assert env.game is not None
    assert env.game.luck == (4, 4, 4)
    env.reset(seed=4, options={"user_seed": 5, "fault_seed": np.int64(6)})
    assert env.game.luck == (4, 5, 6)
    env.reset(options={"fault_seed": 6})
    assert env.game.luck[2] == 6
    assert env.game.luck[0] == env.game.luck[1]
