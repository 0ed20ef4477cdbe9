"""The conformance kit finds what is wrong: engines that are broken in one place each."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from market import market
from msgspec.structs import replace

from agentgym.domain import Domain
from agentgym.testing import (
    check_atomic,
    check_behaviour,
    check_commuting,
    check_deterministic,
    check_history,
    check_honesty,
    check_interleaved,
    check_moments,
    check_threads,
    check_total,
)
from agentgym.trajectory import Result
from agentgym.world import arguments, deeds, refusals, rows
from agentgym.world.compile import Engine
from agentgym.world.door import derived, doors
from agentgym.world.journal import Journal

Break = Callable[[pytest.MonkeyPatch], None]


def wrap(patch: pytest.MonkeyPatch, owner: Any, name: str, change: Callable[..., Any]) -> None:
    """Put a function in the place of another, which it is given first."""
    old = getattr(owner, name)
    patch.setattr(owner, name, lambda *args, **more: change(old, *args, **more))


def a_parameter_is_ignored(patch: pytest.MonkeyPatch) -> None:
    def read(old: Any, self: Any, sent: Any, at: str = "") -> Any:
        given = old(self, sent, at)
        return {name: value for name, value in given.items() if name != "shipping"}

    wrap(patch, arguments.Reader, "__call__", read)


def a_nested_parameter_is_ignored(patch: pytest.MonkeyPatch) -> None:
    def read(old: Any, self: Any, sent: Any, at: str = "") -> Any:
        given = old(self, sent, at)
        return given if not at else given | {"rate": 5}

    wrap(patch, arguments.Reader, "__call__", read)


def an_amount_is_always_one(patch: pytest.MonkeyPatch) -> None:
    def read(old: Any, self: Any, sent: Any, at: str = "") -> Any:
        given = old(self, sent, at)
        return given | {"amount": 100} if "amount" in given else given

    wrap(patch, arguments.Reader, "__call__", read)


def effects_are_dropped(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(doors, "effects", lambda *_: ())


def invariants_do_not_guard_what_follows(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(doors, "invariants", lambda *_: [])


def rules_are_not_asked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(deeds, "guards", lambda *_: [])


def a_derived_value_is_off_by_one(patch: pytest.MonkeyPatch) -> None:
    def rounded(old: Any, *args: Any, **more: Any) -> Any:
        found = old(*args, **more)
        return found + 1 if isinstance(found, int) and found > 1000 else found

    wrap(patch, derived, "rounded", rounded)


def undo_is_skipped(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(rows.World, "undo", lambda _: None)


def undo_forgets_the_counters(patch: pytest.MonkeyPatch) -> None:
    def undo(old: Any, self: Any) -> None:
        counters = self.counters
        old(self)
        self.counters = counters

    wrap(patch, rows.World, "undo", undo)


def undo_stops_halfway(patch: pytest.MonkeyPatch) -> None:
    def undo(old: Any, self: Any) -> None:
        del self._journal.trail[:1]
        old(self)

    wrap(patch, rows.World, "undo", undo)


def a_read_writes(patch: pytest.MonkeyPatch) -> None:
    def call(old: Any, self: Any, world: Any, name: str, sent: Any) -> Result:
        found: Result = old(self, world, name, sent)
        if name == "get_tag" and found.ok:
            world.insert("tag", (4711 + world.revision, f"seen {world.revision}"))
        return found

    wrap(patch, Engine, "call", call)


def a_read_counts(patch: pytest.MonkeyPatch) -> None:
    def call(old: Any, self: Any, world: Any, name: str, sent: Any) -> Result:
        found: Result = old(self, world, name, sent)
        if name == "get_tag":
            world.count("tag", 0, world.counter("tag", 0) + 1)
        return found

    wrap(patch, Engine, "call", call)


def sessions_leak(patch: pytest.MonkeyPatch) -> None:
    """All worlds of an image share one conversation."""

    def put(world: Any, session: Any) -> None:
        world.image.shared_session = session

    shared = property(lambda world: world.image.shared_session, put)
    patch.setattr(rows.World, "session", shared, raising=False)


def counters_leak(patch: pytest.MonkeyPatch) -> None:
    """The numbers of new rows go on over all worlds of an image."""

    def put(world: Any, counters: Any) -> None:
        world.image.shared_counters = counters

    shared = property(lambda world: world.image.shared_counters, put)
    patch.setattr(rows.World, "counters", shared, raising=False)


def arguments_are_shared(patch: pytest.MonkeyPatch) -> None:
    """Between reading arguments and acting on them, another thread may put its own there."""

    def read(old: Any, self: Any, sent: Any, at: str = "") -> Any:
        self.shared = old(self, sent, at)
        time.sleep(0)
        return self.shared

    wrap(patch, arguments.Reader, "__call__", read)


def restore_forgets_the_session(patch: pytest.MonkeyPatch) -> None:
    def restore(old: Any, self: Any, snapshot: Any) -> None:
        old(self, replace(snapshot, session=self.session))

    wrap(patch, rows.World, "restore", restore)


def reset_forgets_the_clock(patch: pytest.MonkeyPatch) -> None:
    def reset(old: Any, self: Any) -> None:
        turns = self.turns
        old(self)
        self.turns = turns

    wrap(patch, rows.World, "reset", reset)


def the_journal_misses_deletions(patch: pytest.MonkeyPatch) -> None:
    def record(old: Any, self: Any, entity: str, key: Any, before: Any, after: Any) -> None:
        old(self, entity, key, before, after)
        if after is None:
            self._log.pop()

    wrap(patch, Journal, "record", record)


def results_tell_of_other_calls(patch: pytest.MonkeyPatch) -> None:
    def call(old: Any, self: Any, world: Any, name: str, sent: Any) -> Result:
        found: Result = old(self, world, name, sent)
        if found.ok and name.startswith("update") and world.revision > 2:
            return Result(data=found.data | {"writes": world.revision})
        return found

    wrap(patch, Engine, "call", call)


def results_differ_each_time(patch: pytest.MonkeyPatch) -> None:
    calls = [0]

    def call(old: Any, self: Any, world: Any, name: str, sent: Any) -> Result:
        calls[0] += 1
        found: Result = old(self, world, name, sent)
        if found.ok and calls[0] % 7 == 0 and isinstance(found.data, dict):
            return Result(data=dict(reversed(found.data.items())))
        return found

    wrap(patch, Engine, "call", call)


def a_hostile_value_escapes(patch: pytest.MonkeyPatch) -> None:
    def read(old: Any, self: Any, sent: Any, at: str = "") -> Any:
        if isinstance(sent, dict) and "a\x00b" in [v for v in sent.values() if type(v) is str]:
            raise KeyError("NUL")
        return old(self, sent, at)

    wrap(patch, arguments.Reader, "__call__", read)


def errors_repeat_what_was_sent(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(refusals, "_SHOWN", 10**9)


def values_are_read_too_generously(patch: pytest.MonkeyPatch) -> None:
    """A text that looks like a number is taken for one."""

    def read(old: Any, self: Any, sent: Any, at: str = "") -> Any:
        if isinstance(sent, dict):
            sent = {n: int(v) if v in ("42", "1") else v for n, v in sent.items()}
        return old(self, sent, at)

    wrap(patch, arguments.Reader, "__call__", read)


BROKEN: list[tuple[Break, Callable[..., object]]] = [
    (a_parameter_is_ignored, check_honesty),
    (a_nested_parameter_is_ignored, check_honesty),
    (an_amount_is_always_one, check_honesty),
    (effects_are_dropped, check_history),
    (invariants_do_not_guard_what_follows, check_history),
    (rules_are_not_asked, check_history),
    (a_derived_value_is_off_by_one, check_history),
    (the_journal_misses_deletions, check_history),
    (undo_is_skipped, check_atomic),
    (undo_forgets_the_counters, check_atomic),
    (undo_stops_halfway, check_atomic),
    (a_read_writes, check_atomic),
    (a_read_counts, check_atomic),
    (sessions_leak, check_interleaved),
    (counters_leak, check_interleaved),
    (arguments_are_shared, check_threads),
    (restore_forgets_the_session, check_moments),
    (reset_forgets_the_clock, check_moments),
    (results_tell_of_other_calls, check_commuting),
    (results_differ_each_time, check_deterministic),
    (a_hostile_value_escapes, check_total),
    (errors_repeat_what_was_sent, check_total),
    (values_are_read_too_generously, check_total),
]


def test_the_whole_market_holds() -> None:
    """Nothing is found where nothing is broken."""
    check_honesty(market())
    check_behaviour(market())


@pytest.mark.parametrize(("broken", "check"), BROKEN, ids=lambda one: one.__name__)
def test_a_broken_engine_is_found_out(
    broken: Break, check: Callable[[Domain], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each fault is found by the check that is about it."""
    broken(monkeypatch)
    with pytest.raises(Exception) as found:  # noqa: PT011 - a KeyError is one way to fail
        check(market())
    assert isinstance(found.value, (AssertionError, KeyError)), found.value
