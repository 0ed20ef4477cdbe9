"""Dates of one row, in the order in which things happen: ordered, paid, shipped, updated.

Every row has a birth (a day, with fractions); the first of its times is the birth, later
ones follow by rank, and no child is born before its parents. Nothing reads a clock: time
runs from 2022 to 2024, or as long as the rows that exist already. Next: `numbers`.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from random import Random

from agentgym.populate.limits import Limits
from agentgym.populate.meaning import field_words, split
from agentgym.schema import Entity, Field
from agentgym.schema.types import Stored

__all__ = ["END", "PLANNED", "PLANS", "START", "Calendar", "born", "day_of", "is_time", "later"]

START, END = 18996.0, 20070.0
"""First and last day (2022-01-04 and 2024-12-13), counted from 1970-01-01."""
_SHORT = frozenset(
    """appointment meeting session lesson visit booking reservation shift call interview class
    lecture slot consultation occurrence talk contribution screening showing performance rehearsal
    training practice match race flight trip ride tour webinar workshop exam event""".split()
)
"""What is over within hours, and begins at a quarter."""
PLANNED = frozenset(
    """start starts begin begins end ends depart departs departure planned held scheduled opens
    closes appointment slot from until""".split()
)
"""Words of times that people set beforehand: at a quarter of an hour."""
PLANS = PLANNED | frozenset(
    """due expires expire expiry expiration deadline renews renew renewal warranty next expected
    eta target valid through wanted keep best needed""".split()
)
"""Words of times that may lie ahead."""

_BIRTH = frozenset("birth birthday birthdate born dob".split())
_DEATH = frozenset("death died deceased dod".split())
_MADE = frozenset(
    """created create creation creating added inserted registered registration joined hired hire
    since signup recorded entered birth addition joining employment hiring enrolment inception
    insertion""".split()
)
_FIRST = frozenset(
    """ordered order placed opened open requested request submitted start started starts begin
    began begins from issued issue invoice posted booked booking reported admission admit admitted
    placement opening ordering request submission posting report effect
    rental published arrival checkin effective received visit enrolled enrollment""".split()
)
_SECOND = frozenset(
    """approved assigned scheduled confirmed activated accepted sent dispatched paid payment
    shipped ship shipping picked processed executed transaction departure invoiced
    verified reviewed published release released approval assignment confirmation activation
    acceptance dispatch shipment processing execution verification review publication merged
    merge deployment deployed""".split()
)
_THIRD = frozenset(
    """delivered delivery completed complete completion finished finish closed close ended end ends
    resolved returned return discharge discharged cancelled canceled terminated termination
    stopped stop left until to through checkout departed settled closing closure ending
    resolution cancellation settlement""".split()
)
_SOON = frozenset(
    """delivered delivery completed complete completion finished resolved returned return
    discharged checkout departed settled closed resolution settlement""".split()
)
"""Those of `_THIRD` that come within weeks, to all but the latest rows."""
_WEEKS, _SOON_OPEN = 45.0, 0.03
"""Days after which they have come, but for a small share of rows."""
_FUTURE = frozenset(
    """due deadline expected expires expire expiry expiration expired required renewal renew
    eta target warranty""".split()
)
_LAST = frozenset(
    "updated update modified modification changed change edited edit last synced seen sync".split()
)
_GONE = frozenset(
    """deleted archived removed deactivated revoked suspended deletion archiving removal
    deactivation revocation suspension""".split()
)


def is_time(field: Field) -> bool:
    """Say whether the field holds a point in time, in whatever type."""
    if field.type in ("date", "datetime"):
        return True
    if field.role not in ("time", "audit") or field.type not in ("integer", "text"):
        return False
    if field.role == "audit":
        return bool(
            set(field_words(field)) & (_MADE | _FIRST | _LAST | {"time", "at", "on"})
        ) and "by" not in field_words(field)
    return not set(field_words(field)) & {"year", "month", "day", "hour", "minute", "duration"}


def _rank(field: Field, owner: frozenset[str]) -> float:
    """Return the place of the field in the order of events; 0 is the birth of the row."""
    words = set(field_words(field))
    own = words - owner or words
    for rank, known in (
        (-1.0, _BIRTH),
        (9.0, _DEATH),
        (7.0, _GONE),
        (5.0, _FUTURE),
        (6.0, _LAST),
        (3.0, _THIRD),
        (2.0, _SECOND),
        (0.0, _MADE),
        (0.3, _FIRST),
    ):
        if own & known:
            return rank
    return 0.5


class Calendar:
    """The times of one entity: their order, and the values of a row."""

    def __init__(self, entity: Entity, limits: Limits) -> None:
        owner = frozenset(entity.label.split()) - _MADE - _FIRST - _SECOND - _THIRD
        fields = [field for field in entity.fields if is_time(field)]
        self.ranks = {field.name: _rank(field, owner) for field in fields}
        for _ in range(len(fields)):
            for check in limits.pairs:
                left, right = check.field, str(check.other)
                if check.op in ("gt", "ge"):
                    left, right = right, left
                known = {left, right} <= self.ranks.keys() and check.op not in ("eq", "ne")
                if known and self.ranks[right] <= self.ranks[left]:
                    self.ranks[right] = self.ranks[left] + 0.1
        self.fields = sorted(fields, key=lambda field: (self.ranks[field.name], field.name))
        ends = {f.name for f in fields if f.type != "date" and 3 <= self.ranks[f.name] < 5}
        self.short = ends if _SHORT & set(split(entity.label)) else set()
        self.soon = {f.name for f in fields if _SOON & set(field_words(f))} & {
            f.name for f in fields if 3 <= self.ranks[f.name] < 5
        }
        self.planned = {
            field.name for field in fields
            if field.type == "datetime" and self.ranks[field.name] < 5
            and PLANNED & set(field_words(field)) and field.role == "time"
        }  # fmt: skip
        past = [field for field in self.fields if 0 <= self.ranks[field.name] < 5]
        self.origin = past[0].name if past else None

    def draw(
        self, birth: float, end: float, rng: Random, *, closed: bool | None
    ) -> dict[str, Stored]:
        """Draw the times of a row.

        Args:
            birth: Day on which the row comes to be.
            end: Day after which nothing has happened yet.
            rng: Where the chance comes from.
            closed: Whether the row's status is a final one; None when it has no status.

        Returns:
            Field to stored value; None where it has not happened and may be NULL.
        """
        moment, reached, found = birth, -1.0, dict[str, Stored]()
        for field in self.fields:
            rank = self.ranks[field.name]
            if rank < 0:
                value = birth - rng.triangular(19, 82, 38) * 365.25
            elif rank >= 9:
                value = moment + rng.uniform(30, 900)
            elif 5 <= rank < 6:
                value = moment + rng.choice((7, 14, 30, 30, 60, 90))
            else:
                if reached >= 0 and rank > reached:
                    if field.name in self.short:
                        moment += rng.choice((15, 30, 30, 45, 60, 60, 90, 120)) / 1440
                    else:
                        long = rank >= 6
                        moment = later(moment, end, rng, whole=field.type == "date", long=long)
                if (self.short and reached < 3 and rank > 0) or field.name in self.planned:
                    moment = math.ceil(moment * 96 - 1e-6) / 96
                reached, value = max(reached, rank), moment
            shown = _render(field, value)
            found[field.name] = (
                None if field.nullable and _open(rank, rng, closed=closed) else shown
            )
            if field.name in self.soon and closed is None and field.nullable:
                share = _SOON_OPEN if end - birth > _WEEKS else 0.5
                found[field.name] = None if rng.random() < share else shown
        return found


def later(moment: float, end: float, rng: Random, *, whole: bool, long: bool) -> float:
    """Return a later moment: mostly within days, before the end where there is room."""
    gap = min(rng.lognormvariate(0.6, 1.0), 40.0)
    if long:
        gap = max(end - moment, 0.0) * rng.random() ** 3
    gap = max(gap, 1.0) if whole else gap
    return moment + (gap if moment + gap < end else max((end - moment) * rng.random(), 1 / 24))


def _open(rank: float, rng: Random, *, closed: bool | None) -> bool:
    """Say whether an event has not happened to this row."""
    if rank >= 9:
        return rng.random() < 0.93
    if rank >= 7:
        return rng.random() < 0.9
    if 3 <= rank < 5:
        return not closed if closed is not None else rng.random() < 0.3
    if 2 <= rank < 3:
        return rng.random() < (0.25 if closed is None else 0.05 if closed else 0.5)
    if rank >= 5:
        return rng.random() < 0.15
    return rng.random() < (0.02 if rank == 0 else 0.06)


def _render(field: Field, day: float) -> Stored:
    """Return the day (with fractions) as the field stores it; times of day fall into work hours."""
    whole, second = divmod(round(day * 86400), 86400)
    date = dt.date(1970, 1, 1) + dt.timedelta(days=max(whole, -25000))
    if field.type == "date":
        return date.isoformat()
    stamp = f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
    if field.type == "integer":
        return whole * 86400 + second
    if field.type == "datetime":
        return f"{date.isoformat()}T{stamp}Z"
    if field.max_length is not None and field.max_length < 19:
        return date.isoformat() if field.max_length >= 10 else stamp[: min(field.max_length, 5)]
    words = set(field_words(field))
    if "date" not in words and "time" in words and not words & {"stamp", "timestamp"}:
        return stamp[:5]
    return date.isoformat() if "date" in words else f"{date.isoformat()} {stamp}"


def working(day: float, rng: Random) -> float:
    """Move a moment into the hours and days on which most business happens."""
    whole = int(day // 1)
    weekday = (whole + 3) % 7
    if weekday >= 5 and rng.random() < 0.7:
        whole -= weekday - 4
    minute = int(rng.triangular(7 * 60, 20 * 60, 11 * 60))
    return whole + (minute * 60 + rng.randint(0, 59) * (rng.random() < 0.7)) / 86400


def born(calendar: Calendar, rows: Sequence[Mapping[str, Stored]], default: float) -> list[float]:
    """Return the births of rows that exist: the first of their times, or the default."""
    names = [f.name for f in calendar.fields if 0 <= calendar.ranks[f.name] < 5]
    found = []
    for row in rows:
        days = [day for name in names if (day := day_of(row[name])) is not None]
        found.append(min(days) if days else default)
    return found


def day_of(value: Stored) -> float | None:
    """Return the day of a stored time, with fractions; None where it is none."""
    if isinstance(value, int) and 0 < value < 2**33:
        return value / 86400
    try:
        moment = dt.datetime.fromisoformat(str(value)[:19]).replace(tzinfo=dt.UTC)
    except ValueError:
        return None
    return moment.timestamp() / 86400
