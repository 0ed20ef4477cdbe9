"""Long seeded histories of sensible calls: a domain's world beside its model, call by call.

Where the state machine looks for the smallest surprise, `check_history` goes far: most of its
calls succeed, because values come from the rows that are there and the conversation is brought
to where the rules want it. Next: `machine`.
"""

from __future__ import annotations

from collections import Counter

from msgspec.structs import replace

from agentgym.domain import Domain
from agentgym.formats import Json
from agentgym.rng import stream
from agentgym.testing.chance import Chance
from agentgym.testing.machine import check_call
from agentgym.testing.model import Model
from agentgym.testing.standing import standing
from agentgym.tools.algebra import Tool
from agentgym.world.compile import Engine
from agentgym.world.journal import rows_hash
from agentgym.world.rows import World

__all__ = ["check_history"]

_LOOK = 25
"""Calls between two comparisons of all rows."""


def check_history(domain: Domain, *, seed: int = 0, calls: int = 500) -> Counter[str]:
    """Let the same history happen to a world and to the model, and compare them.

    Args:
        domain: The domain under test.
        seed: Draws everything.
        calls: How many calls are made.

    Returns:
        How often each tool succeeded (`tool`), and was refused (`tool: code`, or the broken rule).

    Raises:
        AssertionError: A result, a row, a digest or the session differs.
    """
    draws = stream("history", domain.name, seed)
    chance = Chance(domain, draws)
    engine = Engine(domain)
    world, model = engine.world(), Model(domain)
    kept = [(world.snapshot(), model.snapshot())]
    found: Counter[str] = Counter()
    for number in range(calls if domain.tools else 0):
        tool = chance.tool()
        sent = chance.arguments(tool, model.rows)
        if draws.random() < 0.6:
            _entitle(engine, world, model, tool, sent)
        before = world.digest()
        result = check_call(engine, world, model, tool.name, sent)
        told = result.error and (result.error.rule or result.error.code)
        found[tool.name if told is None else f"{tool.name}: {told}"] += 1
        assert result.ok or world.digest() == before, f"{tool.name}, refused, changed a row"
        match draws.randrange(40):
            case 0 | 1 | 2 | 3:
                world.session = replace(world.session, confirmed=world.session.confirmed + 1)
                model.agree()
            case 4 | 5:
                world.tick()
                model.turns += 1
            case 6:
                kept.append((world.snapshot(), model.snapshot()))
            case 7:
                snapshot, copy = draws.choice(kept)
                world.restore(snapshot)
                model.restore(copy)
            case 8:
                world = world.fork()
            case 9 if number > calls // 2:
                world.reset()
                model.reset()
            case _:
                pass
        if number % _LOOK == 0:
            _same(world, model)
    _same(world, model)
    return found


def _entitle(engine: Engine, world: World, model: Model, tool: Tool, sent: dict[str, Json]) -> None:
    """Bring both to where the rules of the tool want the conversation."""
    wanted = standing(engine.domain, model.rows, tool, sent)
    if wanted.identity is not None:
        world.session = replace(world.session, identity=wanted.identity)
        model.identity = wanted.identity
    for name, arguments in wanted.calls:
        check_call(engine, world, model, name, arguments)


def _same(world: World, model: Model) -> None:
    rows = {entity.name: world.rows(entity.name) for entity in model.schema.entities}
    for name, here in rows.items():
        assert here == model.rows(name), f"the rows of {name} differ"
    assert world.digest() == f"{rows_hash(rows):032x}", "the digest is not that of the rows"
