"""Many domains in one environment: a seed stands for one task, whatever is open or was drawn."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import gymnasium
import pytest
import tiny
from hypothesis import given, settings
from hypothesis import strategies as st

from agentgym.env import MixEnv, MixVectorEnv, shelf
from agentgym.env.registration import MIX
from agentgym.env.shelf import Shelf, opened
from agentgym.episode import Suite
from agentgym.errors import DomainError, TaskError, UsageError


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of seven domains."""
    folder = tmp_path_factory.mktemp("many")
    for number in range(7):
        tiny.save(folder / f"d{number}")
    (folder / "report.json").write_text("{}")
    (folder / "empty").mkdir()
    return folder


def drawn(env: MixEnv, seeds: range) -> list[tuple[str, str]]:
    """Return folder and task of some seeds."""
    found = []
    for seed in seeds:
        _, info = env.reset(seed=seed)
        assert env.suite.folder is not None
        found.append((env.suite.folder.name, info["task_id"]))
    return found


def test_a_seed_stands_for_one_task(many: Path) -> None:
    """In whatever order, with however few domains open, and in another process."""
    one, two = MixEnv(many), MixEnv(many, keep=1)
    expected = drawn(one, range(40))
    assert len({folder for folder, _ in expected}) == 7
    two.reset(seed=77)
    assert [drawn(two, range(n, n + 1))[0] for n in reversed(range(40))] == expected[::-1]
    code = (
        "import sys, json; from agentgym.env import MixEnv\n"
        f"env = MixEnv({str(many)!r}); found = []\n"
        "for seed in range(40):\n"
        "    env.reset(seed=seed); found.append((env.suite.folder.name, env.episode.task_id))\n"
        "print(json.dumps(found))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert [tuple(pair) for pair in json.loads(done.stdout)] == expected


def test_few_domains_stay_open(many: Path) -> None:
    """As many as are kept; one that is played stays whole although it was closed meanwhile."""
    shelf._open.clear()
    env = MixEnv(many, keep=2)
    other = MixEnv(many, keep=2)
    observation, info = other.reset(seed=0)
    for seed in range(40):
        env.reset(seed=seed)
        assert len(shelf._open) <= 2
    again = MixEnv(many, keep=7)
    assert again.reset(seed=0) == (observation, info)
    assert again.step("{broken") == other.step("{broken")
    env.close()
    other.close()
    again.close()
    del env, other, again
    shelf._open.clear()
    gc.collect()
    assert not [
        one
        for one in gc.get_objects()
        if type(one) is Suite and one.folder is not None and many in one.folder.parents
    ]


def test_spaces_stay_the_same() -> None:
    """Whatever is played: the spaces are made once, and are those of every other mix."""
    env = gymnasium.make(MIX)
    spaces = env.action_space, env.observation_space
    for seed in range(5):
        env.reset(seed=seed)
        assert (env.action_space, env.observation_space) == spaces
        assert env.action_space.sample() in env.action_space
    domains = {env.reset(seed=seed)[1]["domain"] for seed in range(20)}
    assert domains == {"clinic", "elements", "harbour"}


@settings(max_examples=10)
@given(st.dictionaries(st.sampled_from([f"d{n}" for n in range(7)]), st.integers(1, 9), min_size=1))
def test_weights_are_kept(many: Path, weights: dict[str, int]) -> None:
    """Domains are drawn in the proportion of their weights; the others never."""
    found = Counter(
        suite.folder.name
        for seed in range(300)
        if (suite := Shelf(many, domains=weights).choose(seed)[0]).folder is not None
    )
    assert set(found) <= set(weights)
    total = sum(weights.values())
    for name, weight in weights.items():
        share = weight / total
        assert abs(found[name] / 300 - share) < 5 * (share * (1 - share) / 300) ** 0.5 + 0.01


def test_families_are_weighted_within_a_domain() -> None:
    """Only those that are named, in their proportion, in every domain that has them."""
    one = Shelf(families={"lookup": 1, "update": 3}, domains="clinic,harbour:2")
    found = Counter((t.family, s.domain.name) for s, t in map(one.choose, range(800)))
    assert {family for family, _ in found} == {"lookup", "update"}
    for name, share in (("clinic", 1 / 3), ("harbour", 2 / 3)):
        total = found["lookup", name] + found["update", name]
        assert abs(total / 800 - share) < 0.07
        assert abs(found["update", name] / total - 0.75) < 0.08


def test_a_domain_without_such_a_task_is_passed_over() -> None:
    """Also where hardly any has one; where none has, that is said."""
    one = Shelf(families="no_tool_needed")
    assert {s.domain.name for s, _ in map(one.choose, range(30))} == {"clinic", "harbour"}
    rare = Shelf(families="no_tool_needed", domains={"elements": 1e9, "clinic": 1e-9})
    assert rare.choose(3)[0].domain.name == "clinic"
    assert {t.split for _, t in (one.choose(seed, "train") for seed in range(20))} == {"train"}
    with pytest.raises(TaskError, match="families"):
        Shelf(families="lookups").choose(0)
    with pytest.raises(TaskError, match="'validation'"):
        Shelf().choose(0, "validation")


def test_tasks_have_names(many: Path) -> None:
    """By the id of the domain, or by the folder it lies in."""
    env = MixEnv(many)
    _, info = env.reset(options={"task_id": "d3/2"})
    assert info["task_id"] == "tiny_library-v1/0002"
    assert env.suite.folder is not None
    assert env.suite.folder.name == "d3"
    assert env.reset(options={"task_id": "tiny_library-v1/0004"})[1]["task_id"].endswith("0004")
    mix = MixEnv()
    assert mix.reset(options={"task_id": "harbour-v1/0003"})[1]["domain"] == "harbour"
    assert mix.reset(options={"task_id": "harbour/3"})[1]["task_id"] == "harbour-v1/0003"
    for wrong in ("harbor/1", "1", "harbour-v9/0001", "harbour/999"):
        with pytest.raises(TaskError):
            mix.reset(options={"task_id": wrong})


def test_wrong_options_of_a_mix(tmp_path: Path, many: Path) -> None:
    """Each is told with what would do."""
    with pytest.raises(DomainError, match="domains"):
        MixEnv(tmp_path)
    with pytest.raises(DomainError, match="folder"):
        MixEnv(tmp_path / "nothing")
    with pytest.raises(UsageError, match="did you mean 'clinic'"):
        MixEnv(domains=["clinik"])
    with pytest.raises(UsageError, match="above 0"):
        MixEnv(domains={"clinic": 0})
    with pytest.raises(UsageError, match="number from 0"):
        MixEnv(families={"lookup": -1})
    with pytest.raises(UsageError, match="number from 0"):
        MixEnv(domains="clinic:lots")
    with pytest.raises(UsageError, match="at least 1"):
        MixEnv(keep=0)
    with pytest.raises(UsageError, match="domains="):
        MixEnv(domain="clinic")
    with pytest.raises(gymnasium.error.ResetNeeded):
        _ = MixEnv().suite


def test_a_changed_domain_is_opened_anew(tmp_path: Path) -> None:
    """What is open is what the folder holds now."""
    place = tiny.save(tmp_path / "one")
    before = opened(place)
    assert opened(place) is before
    for name, end in (("tasks.jsonl", b"\n"), ("manifest.json", b" ")):
        (place / name).write_bytes((place / name).read_bytes() + end)
    with pytest.raises(DomainError):
        Shelf(tmp_path).choose(0)


def test_vectors_of_mixes_share_what_is_open(many: Path) -> None:
    """Twenty environments over seven domains open seven."""
    shelf._open.clear()
    vector = MixVectorEnv(20, folder=many)
    vector.reset(seed=0)
    suites = {id(env.suite) for env in vector.envs}
    assert len(suites) <= 7
    assert len(shelf._open) <= 7
    vector.close()
