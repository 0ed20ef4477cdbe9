"""The weather of one episode: what goes wrong with a call, though the agent did nothing wrong.

In comes a call; out comes what the agent is shown of it, and what truly came of it.
Next: `happenings`.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Self

import msgspec

from agentgym.domain import Clock, later
from agentgym.episode.faults import words
from agentgym.episode.faults.dress import Dress, formats_of, other_name, told
from agentgym.episode.faults.luck import WHOLE, Luck, event
from agentgym.episode.faults.moves import NewRule
from agentgym.episode.faults.options import FaultOptions, Kind, RowIs, Strike
from agentgym.episode.faults.past import NO_PAST, Past, as_of
from agentgym.episode.faults.risk import Risk, struck
from agentgym.formats import Json, Record
from agentgym.schema import Schema
from agentgym.schema.types import to_stored
from agentgym.tasks import Notice
from agentgym.trajectory import Act, Result
from agentgym.world.compile import Engine
from agentgym.world.rows import World

__all__ = ["Weather", "Weathered"]

_DRIFT_FROM = 4
"""In which of the first turns a field gets its other name."""
_DRIFT_FOR = (3, 8)
"""For how many turns it keeps it, at least and at most."""
_DRIFTED = _DRIFT_FROM + _DRIFT_FOR[1]
"""From which turn on all fields have their own names again."""


class Weathered(Record, kw_only=True, gc=False):
    """What came of a call."""

    result: Result
    """As it is shown."""
    whole: Result | None = None
    """What truly came of it, for trace and verdict, where that is something else: what a write did
    whose answer was lost; the rows of a read as the agent has seen them, under their own names."""
    fault: Kind | None = None
    """Kind of the fault, if there was one."""
    dress: Dress | None = None
    """What is still to be done to the data of the result, where the caller does it."""


class _Met(msgspec.Struct, frozen=True, gc=False):
    """How an event has gone so far."""

    number: int = 0
    """How often it has happened."""
    row: int = 0
    """How many times in a row it has been struck."""
    until: int = 0
    """Turn of the clock before which it is refused."""


_NEVER = _Met()


class Weather:
    """Faults, by seed and event: the k-th identical call meets the same in every episode.

    A call that a rate limit refuses while it lasts is no event of its own.

    Args:
        options: Which faults, and how often.
        luck: Of the episode.
        risks: What may go wrong, by tool; others are never struck.
        schema: Of the domain.
        clock: Of the domain.
        rule: What is new mid-way.
        notices: What happens mid-way.
        level: How many times shares are halved.
        sure: Events that must not be left in doubt.
    """

    def __init__(
        self,
        options: FaultOptions,
        *,
        luck: Luck,
        risks: Mapping[str, Risk],
        schema: Schema,
        clock: Clock,
        rule: NewRule | None = None,
        notices: Sequence[Notice] = (),
        level: int = 0,
        sure: frozenset[bytes] = frozenset(),
    ) -> None:
        self.options = options
        self._luck, self._risks, self._schema, self._clock = luck, risks, schema, clock
        self._rule, self._notices, self._level, self._sure = rule, tuple(notices), level, sure
        self._most = options.recoverable
        self._drifts = options.renamed_field * WHOLE
        self._schedule = tuple(s for s in options.schedule if s.kind not in ("change", "policy"))
        self._looks = options.stale > 0 or any(s.kind == "stale" for s in options.schedule)
        # What changes in the course of an episode.
        self._met: dict[bytes, _Met] = {}
        self._shared = False
        self._calls = 0
        self._fired: tuple[int, ...] = ()
        self._acts: frozenset[str] = frozenset()
        self._past: Past = NO_PAST
        self._looked = 0

    def notices(self) -> tuple[Notice, ...]:
        """Return what happens to the rows and rules mid-way; drawn once an episode."""
        return self._notices

    def heard(self, acts: Sequence[Act]) -> None:
        """Note what the user did."""
        if self._schedule and acts:
            self._acts = self._acts | {act.kind for act in acts}

    def call(
        self,
        engine: Engine,
        world: World,
        name: str,
        arguments: Mapping[str, Json],
        *,
        dress: bool = True,
    ) -> Weathered:
        """Make a call of one of the domain's tools, in this weather.

        Args:
            engine: Runs it.
            world: What it works on.
            name: Of the tool.
            arguments: As the agent sent them.
            dress: Whether to do to the data what `Weathered.dress` says; else the caller does.
        """
        risk = self._risks.get(name)
        if risk is None:
            return Weathered(result=engine.call(world, name, arguments))
        self._calls += 1
        turn = world.turns
        if self._looks:
            now = self._past.now
            if now is None or now.revision != world.revision:
                self._past = self._past.seen(world, self._looked)
            self._looked = turn
        rule = self._rule
        if rule is not None and turn >= rule.turn:
            refused = self._barred(rule, risk, name, world)
            if refused is not None:
                return Weathered(result=refused, fault="policy")
        happened = event(name, arguments)
        met = self._met.get(happened, _NEVER)
        if turn < met.until:
            return Weathered(result=words.too_many(met.until - turn), fault="rate_limit")
        kind, more, strike, place = None, 0, None, -1
        if self._schedule:
            place = self._due(risk, name, world, happened)
        if place >= 0:
            strike = self._schedule[place]
            kind, more = strike.kind, self._luck.draw(happened, met.number) % WHOLE
        elif risk.total and met.row < self._most:
            sure = bool(self._sure) and happened in self._sure
            kind, more = struck(risk, self._luck, happened, met.number, self._level, sure)
        if kind is None:
            self._note(happened, _Met(met.number + 1))
            result = engine.call(world, name, arguments)
            if rule is not None and result.ok:
                self._serve(rule, risk, world)
            if not self._drifts or turn >= _DRIFTED:
                return Weathered(result=result)
            found = Weathered(result=result)
        else:
            until = 0
            if kind == "rate_limit":
                until = world.turns + (
                    strike.wait if strike and strike.wait else 1 + more % self.options.wait
                )
            self._note(happened, _Met(met.number + 1, met.row + 1, until))
            unsure = risk.unsure and happened not in self._sure
            made = engine, world, name, arguments
            found = self._strike(kind, more, strike, risk, made, until, unsure=unsure)
            if strike is not None:
                if found.fault is None:
                    self._note(happened, _Met(met.number + 1))
                else:
                    self._fired = tuple(sorted((*self._fired, place)))
        if risk.entity and found.result.ok:
            found = self._drifted(found, risk.entity, turn)
        if dress and found.dress is not None:
            shown = Result(data=found.dress.on(found.result.data), breaches=found.result.breaches)
            return Weathered(result=shown, whole=found.whole or found.result, fault=found.fault)
        return found

    def fork(self) -> Self:
        """Return an independent copy in the same state; what they share is never changed."""
        other = type(self).__new__(type(self))
        self._shared = True
        other.__dict__.update(self.__dict__)
        return other

    def state(self) -> Hashable:
        """Return all that the faults from here on depend on, besides the world."""
        return (
            self.options,
            self._luck.name,
            self._level,
            frozenset(
                (happened.decode(), met.number, met.row, met.until)
                for happened, met in self._met.items()
            ),
            self._calls if self._schedule else 0,
            self._fired,
            self._acts,
            (self._past.state(), self._looked) if self._looks else None,
        )

    def _note(self, happened: bytes, met: _Met) -> None:
        if self._shared:
            self._met, self._shared = dict(self._met), False
        self._met[happened] = met

    # new rules

    def _barred(self, rule: NewRule, risk: Risk, name: str, world: World) -> Result | None:
        if rule.kind == "suspend":
            return words.suspended() if name == rule.tool else None
        return words.unasked() if risk.write and world.session.confirmed < 1 else None

    def _serve(self, rule: NewRule, risk: Risk, world: World) -> None:
        """Take the yes that a change was made with, unless a rule of the domain has."""
        if rule.kind != "confirm" or not risk.write or world.turns < rule.turn or world.spends:
            return
        session = world.session
        if session.confirmed > 0:
            world.session = msgspec.structs.replace(session, confirmed=session.confirmed - 1)

    # strikes

    def _strike(
        self,
        kind: Kind,
        more: int,
        strike: Strike | None,
        risk: Risk,
        made: tuple[Engine, World, str, Mapping[str, Json]],
        until: int,
        *,
        unsure: bool,
    ) -> Weathered:
        engine, world, name, arguments = made
        if kind == "rate_limit":
            return Weathered(result=words.too_many(until - world.turns), fault=kind)
        if kind == "timeout":
            return Weathered(result=words.UNKNOWN if unsure else words.LATE, fault=kind)
        if kind == "error_before":
            return Weathered(result=words.FAILED, fault=kind)
        if kind == "stale":
            return self._stale(more, *made)
        result = engine.call(world, name, arguments)
        if not result.ok:
            return Weathered(result=result)
        if self._rule is not None:
            self._serve(self._rule, risk, world)
        if kind == "error_after":
            return Weathered(result=words.UNKNOWN, whole=result, fault=kind)
        if kind == "truncated_page":
            return _truncated(result, more, strike)
        field = "" if strike is None else strike.field
        dress = self._formatted(risk.entity, result, more, field)
        if kind == "renamed_field":
            dress = self._renamed(risk.entity, result, more, field)
        return Weathered(result=result, fault=kind if dress else None, dress=dress)

    def _stale(
        self, more: int, engine: Engine, world: World, name: str, arguments: Mapping[str, Json]
    ) -> Weathered:
        """Show rows as they were, where that makes a difference."""
        moment = self._past.moment(world.turns, self.options.lag, more)
        if moment is None:
            return Weathered(result=engine.call(world, name, arguments))
        old = as_of(engine, world, moment, name, arguments)
        result = engine.call(world, name, arguments)
        if old == result:
            return Weathered(result=result)
        when = later(self._clock.start, moment.turns * self._clock.step_s)
        if old.error is not None:
            old = Result(error=words.later_than(old.error, when))
            return Weathered(result=old, fault="stale")
        return Weathered(result=old, fault="stale", dress=Dress(as_of=when))

    def _formatted(self, entity: str, result: Result, more: int, field: str) -> Dress | None:
        fields = [
            one
            for one in formats_of(self._schema.entity(entity))
            if field in ("", one.name) and any(row.get(one.name) is not None for row in result.rows)
        ]
        if not fields:
            return None
        one = fields[more % len(fields)]
        return Dress(formatted=one, note=told(one))

    def _renamed(self, name: str, result: Result, more: int, field: str) -> Dress | None:
        entity = self._schema.entity(name)
        fields = [
            one.name
            for one in entity.fields
            if one.name not in entity.key
            and field in ("", one.name)
            and any(one.name in row for row in result.rows)
        ]
        if not fields:
            return None
        chosen = fields[more % len(fields)]
        other = other_name(entity, chosen, more)
        return Dress(field=chosen, name=other) if other else None

    def _drifted(self, found: Weathered, entity: str, turn: int) -> Weathered:
        """Give one field of an entity its other name, while it has one."""
        if turn >= _DRIFTED or (found.dress is not None and found.dress.name):
            return found
        whether, more = self._luck.of("renamed", entity)
        if (whether << self._level) >= self._drifts:
            return found
        least, most = _DRIFT_FOR
        since = more % _DRIFT_FROM
        if not since <= turn < since + least + (more >> 8) % (most - least + 1):
            return found
        record = self._schema.entity(entity)
        names = [one.name for one in record.fields if one.name not in record.key]
        if not names:
            return found
        field = names[(more >> 16) % len(names)]
        other = other_name(record, field, more >> 32)
        if not other or not any(field in row for row in found.result.rows):
            return found
        dress = found.dress or Dress()
        return msgspec.structs.replace(
            found,
            fault=found.fault or "renamed_field",
            dress=msgspec.structs.replace(dress, field=field, name=other),
        )

    # what is scheduled

    def _due(self, risk: Risk, name: str, world: World, happened: bytes) -> int:
        """Return the place of the strike that is due for a call; -1 where none is."""
        for place, strike in enumerate(self._schedule):
            if (
                strike.kind in risk.kinds
                and (strike.kind != "error_after" or happened not in self._sure)
                and self._fired.count(place) < strike.times
                and (strike.turn is None or world.turns + 1 >= strike.turn)
                and (strike.call is None or self._calls >= strike.call)
                and strike.tool in ("", name)
                and (strike.act is None or strike.act in self._acts)
                and (strike.row is None or self._holds(strike.row, world))
            ):
                return place
        return -1

    def _holds(self, told: RowIs, world: World) -> bool:
        """Tell whether a row holds a value; whatever the domain does not have, it does not."""
        entity = self._schema.by_name.get(told.entity)
        names = () if entity is None else tuple(field.name for field in entity.fields)
        if entity is None or told.field not in names or len(told.key) != len(entity.key):
            return False
        try:
            pairs = zip(entity.key, told.key, strict=True)
            row = world.get(
                entity.name, tuple(to_stored(entity.field(name), value) for name, value in pairs)
            )
            wanted = to_stored(entity.field(told.field), told.value)
        except (TypeError, ValueError):
            return False
        return row is not None and row[entity.position(told.field)] == wanted


def _truncated(result: Result, more: int, strike: Strike | None) -> Weathered:
    """Leave some items of a page out."""
    if not result.paged or len(result.rows) < 2:
        return Weathered(result=result)
    items = result.rows
    keep = 1 + more % (len(items) - 1)
    if strike is not None and strike.keep is not None:
        keep = min(strike.keep, len(items) - 1)
    note = (
        f"Only the first {keep} of the {len(items)} items of this page could be loaded; "
        "ask for the page again to get them all."
    )
    cut = Result(data=result.data | {"items": items[:keep]}, breaches=result.breaches)
    return Weathered(result=cut, fault="truncated_page", dress=Dress(note=note))
