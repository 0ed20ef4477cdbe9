"""The policy graph: who meets whom, and walks that stay together."""

from __future__ import annotations

import random
from typing import NamedTuple

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from agentgym.formats import encode
from agentgym.rules import CLASSES, Compare, Rule
from agentgym.rules.graph import PolicyGraph, policy_graph, walk

_IDS = tuple("abcdefgh")


class _Doer(NamedTuple):
    name: str
    guards: tuple[str, ...]


@st.composite
def _domains(draw: st.DrawFn) -> tuple[list[Rule], list[_Doer]]:
    ids = draw(st.lists(st.sampled_from(_IDS), unique=True))
    rules = [
        Rule(
            id=name,
            kind=draw(st.sampled_from(CLASSES)),
            entity=draw(st.sampled_from(["loan", "member"])),
            on=("update",),
            predicate=Compare(field="fees", op="le", value=1),
            level=draw(st.integers(0, 4)),
        )
        for name in ids
    ]
    guards = st.lists(st.sampled_from(ids), unique=True) if ids else st.just([])
    tools = [_Doer(f"t{n}", tuple(draw(guards))) for n in range(draw(st.integers(0, 5)))]
    return rules, tools


@given(_domains())
def test_edges_are_the_pairs_that_meet(made: tuple[list[Rule], list[_Doer]]) -> None:
    rules, tools = made
    graph = policy_graph(rules, tools)
    asked = [r for r in rules if any(r.id in t.guards for t in tools)]
    assert [node.rule for node in graph.nodes] == [r.id for r in asked]
    edges = {edge.rules: edge for edge in graph.edges}
    assert len(edges) == len(graph.edges)
    for n, one in enumerate(asked):
        for two in asked[n + 1 :]:
            shared = [t.name for t in tools if {one.id, two.id} <= set(t.guards)]
            edge = edges.pop((one.id, two.id), None)
            assert (edge is not None) == bool(shared or one.entity == two.entity)
            if edge is not None:
                assert list(edge.tools) == shared
                assert edge.rows == (one.entity == two.entity)
                assert edge.weight == 2 * len(shared) + edge.rows
    assert not edges
    guarded = sum(bool(tool.guards) for tool in tools)
    for node in graph.nodes:
        assert 0 < node.weight <= 1
        assert abs(node.weight * guarded - len(node.tools)) < 0.001


@given(_domains(), st.integers(1, 20), st.integers(0, 99))
def test_a_walk_stays_together_and_stops_at_its_complexity(
    made: tuple[list[Rule], list[_Doer]], complexity: int, seed: int
) -> None:
    graph = policy_graph(*made)
    found = walk(graph, complexity, random.Random(seed))
    assert found == walk(graph, complexity, random.Random(seed))
    assert len(set(found)) == len(found)
    assert bool(found) == bool(graph.nodes)
    costs = {node.rule: max(1, node.level) for node in graph.nodes}
    met = {pair for edge in graph.edges for pair in (edge.rules, edge.rules[::-1])}
    for place, name in enumerate(found[1:], 1):
        assert any((earlier, name) in met for earlier in found[:place])
    if found:
        assert sum(costs[name] for name in found[:-1]) < complexity
    if found and sum(costs[name] for name in found) < complexity:
        rest = set(costs) - set(found)
        assert not any((one, other) in met for one in found for other in rest)


@given(_domains())
def test_text_and_json_say_the_same(made: tuple[list[Rule], list[_Doer]]) -> None:
    graph = policy_graph(*made)
    assert msgspec.json.decode(encode(graph), type=PolicyGraph) == graph
    text = graph.to_text()
    heads = [line for line in text.splitlines() if line and not line.startswith(" ")]
    assert len(heads) == max(1, len(graph.nodes))
    met = sum(line.startswith("  ") for line in text.splitlines())
    assert met == 2 * len(graph.edges)


def test_a_walk_of_nothing_is_empty() -> None:
    assert walk(policy_graph([], []), 5, random.Random(0)) == ()
    assert policy_graph([], []).to_text() == "No tool asks any rule.\n"
