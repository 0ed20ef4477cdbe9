"""Composed domains from end to end: rows that hold, tasks that are proved and won."""

import pytest

from agentgym import domain as domain_room
from agentgym.build.one import check, construct
from agentgym.rollout import rollout
from agentgym.sources.compose import compose, fleet


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    (blueprint,) = list(fleet(2, 1))
    draft = compose(blueprint, 2)
    out = tmp_path_factory.mktemp("made") / draft.name
    construct(draft, out, name=draft.name, tasks=5, seed=2)
    return out


def test_a_composed_domain_passes_its_check(folder):
    report = check(folder)
    assert report.ok, report


def test_rows_are_as_the_trade_says(folder):
    domain = domain_room.load(folder)
    (blueprint,) = list(fleet(2, 1))
    draft = compose(blueprint, 2)
    assert sum(map(len, domain.rows.values())) >= 250
    assert all(domain.rows[entity.name] for entity in domain.schema.entities)
    for name, rows in draft.partial.items():
        assert len(domain.rows[name]) == len(rows)


def test_the_oracle_wins(folder):
    played = list(rollout(folder, "oracle", episodes=5))
    assert len(played) == 5
    assert all(one.outcome.status == "success" for one in played)
