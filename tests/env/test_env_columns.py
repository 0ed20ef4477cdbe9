"""Infos of many environments: what Gymnasium's own putting together gives, made when it is read."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import numpy as np
import pytest
from gymnasium.vector import VectorEnv
from hypothesis import given
from hypothesis import strategies as st
from portable_env import plain

from agentgym.env.columns import Columns

NUMBER = 3
LEAVES = st.one_of(
    st.booleans(),
    st.integers(-9, 9),
    st.floats(-9, 9),
    st.text("abé", max_size=2),
    st.tuples(st.integers(0, 3)),
    st.lists(st.integers(0, 3), max_size=2),
)
KINDS: dict[str, st.SearchStrategy[Any]] = {
    "flag": st.booleans(),
    "count": st.integers(-9, 9),
    "cost": st.floats(-9, 9),
    "text": st.text("abé🙂", max_size=3),
    "_odd": st.integers(0, 9),
    "parts": st.tuples(st.integers(0, 3)),
    "tools": st.lists(st.integers(0, 3), max_size=2),
    "box": st.integers(0, 9).map(lambda n: np.array([n, n + 1])),
    "small": st.integers(0, 9).map(np.int8),
    "nothing": st.none(),
    "final_obs": st.text("ab", max_size=2),
}
FLAT = st.fixed_dictionaries({}, optional=KINDS)
INFOS = st.fixed_dictionaries(
    {"terms": st.fixed_dictionaries({"a": st.floats(0, 1), "b": st.integers(0, 3)})},
    optional={**KINDS, "inner": FLAT, "failure": FLAT, "final_info": FLAT},
)
TOLD = st.lists(st.tuples(st.integers(0, NUMBER - 1), INFOS), max_size=5).map(
    lambda told: sorted(told, key=lambda one: one[0])
)


def theirs(told: list[tuple[int, dict[str, Any]]]) -> dict[str, Any]:
    """Put infos together as Gymnasium does."""
    env = VectorEnv()
    env.num_envs = NUMBER
    found: dict[str, Any] = {}
    for place, info in told:
        found = env._add_info(found, info, place)
    return found


@given(TOLD)
def test_columns_are_what_gymnasium_makes(told: list[tuple[int, dict[str, Any]]]) -> None:
    """Keys, their order, types and values are the same, however it is read."""
    expected = theirs(told)
    assert plain(Columns(told, NUMBER)) == plain(expected)
    assert list(Columns(told, NUMBER)) == list(expected)
    assert len(Columns(told, NUMBER)) == len(expected)
    for key, value in expected.items():
        mine = Columns(told, NUMBER)
        assert key in mine
        assert plain(mine[key]) == plain(value)
        assert plain(mine.get(key)) == plain(value)
        assert plain(mine) == plain(expected)


@given(TOLD, st.data())
def test_columns_change_as_dicts_do(
    told: list[tuple[int, dict[str, Any]]], data: st.DataObject
) -> None:
    """Any sequence of changes comes to what it comes to on an ordinary dict."""
    mine, other = Columns(told, NUMBER), theirs(told)
    names = st.sampled_from([*other, "new", "_new"])
    for _ in range(data.draw(st.integers(0, 6))):
        name = data.draw(names)
        deed = data.draw(st.sampled_from(["set", "delete", "pop", "default", "update", "or"]))
        if deed == "set":
            mine[name] = other[name] = 7
        elif deed == "delete" and name in other:
            del mine[name]
            del other[name]
        elif deed == "pop":
            assert plain(mine.pop(name, None)) == plain(other.pop(name, None))
        elif deed == "default":
            assert plain(mine.setdefault(name, 5)) == plain(other.setdefault(name, 5))
        elif deed == "update":
            mine.update({name: 1}, more=2)
            other.update({name: 1}, more=2)
        elif deed == "or":
            assert plain(mine | {name: 3}) == plain(other | {name: 3})
            mine |= {name: 4}
            other |= {name: 4}
        assert (name in mine) == (name in other)
        assert len(mine) == len(other)
    assert plain(dict(mine)) == plain(other)
    assert {key: plain(value) for key, value in mine.items()} == plain(other)


def test_columns_are_dicts_for_everybody() -> None:
    """They are copied, pickled, compared, unpacked and written as the dicts that they stand for."""
    told = [(0, {"turn": 1, "text": "a"}), (1, {"turn": 2, "text": "b"})]

    def mine() -> Columns:
        return Columns(told, 2)

    whole = {key: plain(value) for key, value in mine().items()}
    assert isinstance(mine(), dict)
    for other in (
        copy.copy(mine()),
        copy.deepcopy(mine()),
        pickle.loads(pickle.dumps(mine())),
        mine().copy(),
        {**mine()},
        dict(mine()),
        {} | mine(),
    ):
        assert type(other) is dict
        assert plain(other) == whole
    texts = Columns([(0, {"text": "a"})], 1)
    assert json.dumps({key: plain(value) for key, value in texts.items()}) == json.dumps(
        {"text": ["object", ["a"]], "_text": ["bool", [True]]}
    )
    assert repr(Columns([], 1)) == "{}"
    assert Columns([], 1) == {}
    assert Columns([], 1) != {"a": 1}
    assert list(reversed(mine())) == ["_text", "text", "_turn", "turn"]
    assert list(mine().keys()) == ["turn", "_turn", "text", "_text"]
    assert len(list(mine().values())) == 4
    assert mine().popitem()[0] == "_text"
    emptied = mine()
    emptied.clear()
    assert not emptied
    with pytest.raises(KeyError, match="nope"):
        mine()["nope"]
    with pytest.raises(TypeError):
        hash(mine())


def test_columns_are_made_when_they_are_read() -> None:
    """Reading one entry makes that one and its mask, and no other."""
    found = Columns([(0, {"a": 1, "b": {"c": 2.5}}), (1, {"a": 3, "b": {"c": 0.5}})], 2)
    assert found["a"].tolist() == [1, 3]
    assert dict.__len__(found) == 2
    assert found["b"]["c"].tolist() == [2.5, 0.5]
    assert found["_b"].all()
    assert found["a"] is found["a"]
