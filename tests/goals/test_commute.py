"""Writes that commute by their footprints do so when they are made; those in conflict do not."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import tiny

from agentgym import domain as domain_room
from agentgym.domain import Domain
from agentgym.formats import Json
from agentgym.goals.changes import effects
from agentgym.goals.commute import Footprint, commute, footprint
from agentgym.goals.equivalence import compare
from agentgym.rng import stream
from agentgym.testing.chance import Chance
from agentgym.testing.standing import stand
from agentgym.tools.algebra import Tool, is_write
from agentgym.tools.parameters import bindings
from agentgym.world import RowChange
from agentgym.world.compile import Engine
from agentgym.world.rows import World

_NONE = ("", "", "")
_Made = tuple[Tool, dict[str, Json]]


def _print(engine: Engine, world: World, made: _Made) -> Footprint | None:
    """Make a call where the world stands, and return its footprint if it went through."""
    tool, arguments = made
    before = world.snapshot()
    if not engine.call(world, tool.name, arguments).ok:
        return None
    return footprint(engine.domain, tool, arguments, world.diff(before))


def _end(engine: Engine, world: World, *calls: _Made) -> tuple[RowChange, ...] | None:
    """Make calls and return all that changed since the start; None where one was refused."""
    if not all(engine.call(world, tool.name, sent).ok for tool, sent in calls):
        return None
    return world.diff()


def _pairs(domain: Domain, count: int) -> Counter[str]:
    """Draw pairs of writes, and hold what footprints say to what both orders come to."""
    engine, draws = Engine(domain), stream("commute", domain.name)
    world, chance, found = engine.world(), Chance(domain, draws), Counter[str]()
    writes = [tool for tool in domain.tools if is_write(tool)]
    for _ in range(count):
        world.reset()
        pair: list[_Made] = []
        for _ in range(2):
            tool = draws.choice(writes)
            pair.append((tool, chance.arguments(tool, world.rows)))
        one, other = pair
        if draws.random() < 0.5:
            # The same row again: keys of the first, values of another draw.
            uses = bindings(one[0].term, domain.schema)
            keys = {
                name: sent for name, sent in one[1].items() if uses.get(name, _NONE)[2] == "key"
            }
            other = one[0], chance.arguments(one[0], world.rows) | keys
        stand(engine, world, one[0].name, one[1])
        start = world.snapshot()
        first, second = _print(engine, world, one), _print(engine, world, other)
        if first is None or second is None:
            continue
        ended = world.diff()
        world.restore(start)
        swapped = _end(engine, world, other, one)
        alike = swapped is not None and compare(
            effects(ended, domain.schema, now=world.now), swapped, domain.schema
        ) == ([], [])
        says = commute(first, second)
        found[f"{says} {'same' if alike else 'other'}"] += 1
        assert says == commute(second, first)
        assert says != "commute" or alike, (one, other)
        assert says != "conflict" or not alike, (one, other)
    return found


@pytest.mark.parametrize("name", ["clinic", "harbour"])
def test_on_committed_domains(name: str) -> None:
    """What footprints say is what happens, for pairs of writes drawn at random."""
    found = _pairs(domain_room.load(domain_room.find(name)), 200)

    assert found["commute same"] >= 5, found
    assert found["conflict other"] >= 1, found


def _two(one: tuple[str, dict[str, Any]], other: tuple[str, dict[str, Any]]) -> str:
    engine = Engine(tiny.domain())
    world = engine.world()
    prints = []
    for name, arguments in (one, other):
        made = _print(engine, world, (engine.domain.tool_by_name[name], arguments))
        assert made is not None
        prints.append(made)
    world.close()
    return commute(*prints)


def test_by_hand() -> None:
    """Other rows commute, one field conflicts, a new row comes before what refers to it."""
    ada, bo = {"member_id": 1}, {"member_id": 3}
    loan = {"title": "Ulysses", "due_on": "2026-07-01"}

    def phone(member: dict[str, Any], text: str) -> tuple[str, dict[str, Any]]:
        return "update_member", member | {"phone": text}

    assert _two(phone(ada, "1"), phone(bo, "2")) == "commute"
    assert _two(phone(ada, "1"), phone(ada, "2")) == "conflict"
    assert _two(("create_loan", ada | loan), ("create_loan", bo | loan)) == "commute"
    returned = ("return_loan", {"loan_id": 5, "state": "back"})
    assert _two(("create_loan", ada | loan), returned) == "conflict"
    assert _two(("update_member", ada | {"fees": 1}), phone(ada, "2")) == "execute"
    assert _two(phone(ada, "1"), ("create_loan", ada | loan)) == "execute"
