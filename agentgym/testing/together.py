"""Worlds beside worlds: interleaved in one process, and in threads, each behaves as if alone.

A domain comes in; scripts that were played alone are played beside each other. Next: `atomic`.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence

from agentgym.domain import Domain
from agentgym.rng import stream
from agentgym.testing.script import Event, Player, drawn
from agentgym.world.compile import Engine

__all__ = ["check_interleaved", "check_threads"]

_Part = tuple[list[Event], list[str]]


def check_interleaved(domain: Domain, *, seed: int = 0, worlds: int = 3, calls: int = 30) -> None:
    """Check that worlds of one engine which take turns behave as each does alone.

    Args:
        domain: The domain under test.
        seed: Draws the histories, and who is next.
        worlds: How many there are.
        calls: How many calls each history has.

    Raises:
        AssertionError: A world sees something else than alone.
    """
    if not domain.tools:
        return
    parts = _parts(domain, seed, worlds, calls)
    engine = Engine(domain)
    players = [Player(engine) for _ in parts]
    turns = [number for number, (events, _) in enumerate(parts) for _ in events]
    stream("turns", domain.name, seed).shuffle(turns)
    done = [0] * len(parts)
    for number in turns:
        place = done[number]
        done[number] += 1
        _as_alone(players[number], parts[number], place, "beside another world")


def check_threads(domain: Domain, *, seed: int = 0, threads: int = 8, calls: int = 20) -> None:
    """Check that worlds of one engine in threads of their own behave as each does alone.

    Args:
        domain: The domain under test.
        seed: Draws the histories.
        threads: How many run at once; none of the tools is compiled when they start.
        calls: How many calls each history has.

    Raises:
        AssertionError: A world sees something else than alone.
    """
    if not domain.tools:
        return
    parts = _parts(domain, seed, threads, calls)
    engine, start = Engine(domain), threading.Barrier(len(parts))
    wrong: list[BaseException] = []

    def work(part: _Part) -> None:
        try:
            start.wait()
            player = Player(engine)
            for place in range(len(part[0])):
                _as_alone(player, part, place, "beside other threads")
        except BaseException as error:  # noqa: BLE001 - raised again outside the thread
            wrong.append(error)

    running = [threading.Thread(target=work, args=(part,)) for part in parts]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for one in running:
            one.start()
        for one in running:
            one.join()
    finally:
        sys.setswitchinterval(interval)
    if wrong:
        raise wrong[0]


def _parts(domain: Domain, seed: int, count: int, calls: int) -> Sequence[_Part]:
    """Draw histories, each on an engine of its own."""
    return [drawn(Engine(domain), 1000 * seed + number, calls) for number in range(count)]


def _as_alone(player: Player, part: _Part, place: int, where: str) -> None:
    event, alone = part[0][place], part[1][place]
    seen = player.play(event)
    assert seen == alone, f"{event.do} {event.name} is {seen} {where}, and {alone} alone"
