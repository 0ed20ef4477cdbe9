"""Happenings: rows that change by themselves while an agent works on them.

A patch comes in; the rows as they are now change by it, as one transaction in the journal. Out
goes the ground: the start with all that happened of its own accord and nothing that the agent
did, so that `World.diff` against it is the agent's doing alone. Next: `compile`.
"""

from __future__ import annotations

from collections.abc import Sequence

from agentgym.domain.patch import Patch
from agentgym.errors import TaskError
from agentgym.schema.types import Row
from agentgym.world.backends import TakenError
from agentgym.world.journal import Delta, Key, Session, Snapshot, composed, difference, steps
from agentgym.world.rows import World

__all__ = ["happen"]


def happen(world: World, patch: Sequence[Patch], ground: Snapshot | None) -> Snapshot | None:
    """Let rows change by themselves; see `Engine.happen`."""
    patcher = world.image.domain.patcher
    told = patcher.read(patch)
    start = world.start
    now = composed(start.delta, world.delta)
    then = start.delta if ground is None else composed(ground.start.delta, ground.delta)
    gone = set[tuple[str, Key]]()
    for entity, key, values in told:
        slot = entity.name, key
        before, after = _row(world, then, slot), _row(world, now, slot)
        if before is not None and after is None:
            gone.add(slot)
        elif before is None and after is not None and values is not None:
            return ground
    try:
        here, alone = patcher.later(now, told, gone=gone), patcher.later(then, told)
        _write(world, steps(now, here))
    except (TaskError, TakenError):
        return ground
    delta = {(name, key): (was, now) for name, key, was, now in steps(start.delta, alone)}
    return Snapshot(
        world=world.image.domain.world_hash,
        start=start,
        delta=delta,
        digest=difference(delta),
        revision=0,
        turns=world.turns,
        counters={},
        session=Session(),
    )


def _row(world: World, delta: Delta, slot: tuple[str, Key]) -> Row | None:
    known = delta.get(slot)
    return world.image.start.row(*slot) if known is None else known[1]


def _write(world: World, moves: list[tuple[str, Key, Row | None, Row | None]]) -> None:
    """Write rows as one transaction; those that go first, so that what is unique may move.

    Raises:
        TakenError: A unique value is taken; nothing is written.
    """
    tables = world.image.tables
    world.begin()
    try:
        for entity, _, before, after in moves:
            if before is not None and (after is None or tables[entity].uniques):
                world.delete(entity, before)
        for entity, _, before, after in moves:
            table = tables[entity]
            if after is None:
                continue
            if before is not None and not table.uniques:
                world.update(entity, before, after)
                continue
            world.insert(entity, after)
            for place in table.key_positions:
                if before is None and table.entity.fields[place].type == "integer":
                    world.count(entity, place, int(after[place] or 0))
    except BaseException:
        world.mend()
        raise
