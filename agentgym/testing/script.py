"""Scripts: histories that can be played again, elsewhere and beside others.

An engine and a seed come in; happenings go out with what each of them came to. Whoever plays
the same script must see the same, whatever else goes on. Next: `together`.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from msgspec.structs import replace

from agentgym.domain import Domain
from agentgym.formats import Json
from agentgym.rng import stream
from agentgym.testing.chance import Chance
from agentgym.testing.standing import standing
from agentgym.testing.states import State, apart, state
from agentgym.world.compile import Engine
from agentgym.world.journal import Session
from agentgym.world.rows import Snapshot, World

__all__ = ["Event", "Player", "check_deterministic", "check_moments", "drawn", "transcript"]


class Event(NamedTuple):
    """One thing that happens to a world."""

    do: Literal["call", "serve", "tick", "keep", "restore", "fork", "reset"]
    name: str = ""
    """Of the tool that is called."""
    sent: Json = None
    session: Session = Session()
    """Who is served from here on."""
    place: int = 0
    """Which of the kept moments is restored."""


class Player:
    """Lets events happen to one world of an engine.

    Args:
        engine: Runs the tools.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.world: World = engine.world()
        self.moments: list[Snapshot] = [self.world.snapshot()]

    def play(self, event: Event) -> str:
        """Let one event happen, and return what can be seen of it."""
        seen = ""
        match event.do:
            case "call":
                seen = repr(self.engine.call(self.world, event.name, event.sent))
            case "serve":
                self.world.session = event.session
            case "tick":
                self.world.tick()
            case "keep":
                self.moments.append(self.world.snapshot())
            case "restore":
                self.world.restore(self.moments[event.place])
            case "fork":
                self.world = self.world.fork()
            case "reset":
                self.world.reset()
        world = self.world
        told = world.digest(), world.session, sorted(world.counters.items()), world.now
        return f"{event.do} {event.name} {seen} {told}"


def drawn(engine: Engine, seed: int, count: int) -> tuple[list[Event], list[str]]:
    """Draw a script while it is played.

    Args:
        engine: Its domain has at least one tool.
        seed: Draws everything.
        count: How many calls are made, besides what else happens.
    """
    draws = stream("script", engine.domain.name, seed)
    chance, player = Chance(engine.domain, draws), Player(engine)
    events: list[Event] = []
    seen: list[str] = []

    def happen(event: Event) -> None:
        events.append(event)
        seen.append(player.play(event))

    for _ in range(count):
        tool = chance.tool()
        sent = chance.arguments(tool, player.world.rows)
        wanted = standing(engine.domain, player.world.rows, tool, sent)
        session = player.world.session
        if draws.random() < 0.7:
            identity = wanted.identity or session.identity
            happen(Event("serve", session=replace(session, identity=identity, confirmed=2)))
            for name, arguments in wanted.calls:
                happen(Event("call", name, arguments))
        happen(Event("call", tool.name, sent))
        match draws.randrange(16):
            case 0:
                happen(Event("tick"))
            case 1 | 2:
                happen(Event("keep"))
            case 3:
                happen(Event("restore", place=draws.randrange(len(player.moments))))
            case 4:
                happen(Event("fork"))
            case 5 if draws.random() < 0.3:
                happen(Event("reset"))
            case _:
                pass
    return events, seen


def transcript(domain: Domain, *, seed: int = 0, calls: int = 60) -> list[str]:
    """Return what is seen of a drawn history: the same text in every process."""
    return drawn(Engine(domain), seed, calls)[1] if domain.tools else []


def check_deterministic(domain: Domain, *, seed: int = 0, calls: int = 60) -> None:
    """Check that the same events come to the same, in another world and by another engine.

    Args:
        domain: The domain under test.
        seed: Draws the events.
        calls: How many calls are made.

    Raises:
        AssertionError: Something that can be seen differs.
    """
    if not domain.tools:
        return
    engine = Engine(domain)
    events, seen = drawn(engine, seed, calls)
    for where, other in (("another world", engine), ("another engine", Engine(domain))):
        player = Player(other)
        for event, first in zip(events, seen, strict=True):
            again = player.play(event)
            assert again == first, f"{event.do} {event.name} was {first} and is {again} in {where}"


def check_moments(domain: Domain, *, seed: int = 0, calls: int = 60) -> None:
    """Check that every moment of a history can be gone back to, in any order and by any world.

    Args:
        domain: The domain under test.
        seed: Draws the history and the order.
        calls: How many calls the history has.

    Raises:
        AssertionError: A moment is not as it was, or goes on otherwise than it did.
    """
    if not domain.tools:
        return
    engine = Engine(domain)
    events, _ = drawn(engine, seed, calls)
    player, met = Player(engine), [_met(engine.world())]
    for event in events:
        player.play(event)
        if event.do == "keep":
            met.append(_met(player.world))
        assert player.world.diff(player.world.snapshot()) == (), "a moment differs from itself"
    draws = stream("moments", domain.name, seed)
    worlds = [player.world, player.world.fork(), engine.world()]
    order = [*range(len(met))] * 2
    draws.shuffle(order)
    for place in order:
        world = draws.choice(worlds)
        world.restore(player.moments[place])
        _same(met[place], world)
        twin = world.fork()
        _same(met[place], twin)
        _goes_on(domain, engine, world, twin, seed=place)
        twin.restore(player.moments[place])
        _same(met[place], twin)
    for world in worlds:
        world.reset()
        _same(met[0], world)


def _met(world: World) -> tuple[State, str]:
    return state(world), world.now


def _same(met: tuple[State, str], world: World) -> None:
    now = _met(world)
    differing = apart(met[0], now[0])
    assert not differing, f"a moment that was gone back to differs in {differing}"
    assert met[1] == now[1], "the clock did not go back"


def _goes_on(domain: Domain, engine: Engine, world: World, twin: World, *, seed: int) -> None:
    """A fork goes on as its origin would, and leaves it alone."""
    chance = Chance(domain, stream("after", domain.name, seed))
    before = state(world)
    calls = [(t.name, chance.arguments(t, world.rows)) for t in (chance.tool(), chance.tool())]
    apart_from = [repr(engine.call(twin, name, sent)) for name, sent in calls]
    differing = apart(before, state(world))
    assert not differing, f"calls on a fork change its origin: {differing}"
    after = state(twin)
    assert [repr(engine.call(world, *call)) for call in calls] == apart_from, "a fork parts"
    differing = apart(after, state(world))
    assert not differing, f"a fork parts from its origin in {differing}"
