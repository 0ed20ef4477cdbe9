"""States that fit the age of their rows: what is past is over, what is to come has not begun.

The stock and the stories of its entities come in; states of made rows are dealt anew, as common
as they are said to be. What hangs on a planned time above it follows that. Next: `agree`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

from agentgym.populate.limits import Limits
from agentgym.populate.parents import Stock
from agentgym.populate.repeats import Ways
from agentgym.populate.spans import moment
from agentgym.populate.stories import Story
from agentgym.populate.times import Calendar, day_of, later
from agentgym.rng import stream
from agentgym.schema.types import Stored
from agentgym.sources import Values as Declared

__all__ = ["Dealing"]

Values = dict[str, Stored]
_CANCELLED = 0.1
"""Share of what is to come, or under way, that has come to nothing already."""
_LEFT_OPEN = 0.02
"""Share of rows of long ago that nobody closed."""
_FEWEST_OPEN = 0.12
_MISSED = ("miss", "show", "absent", "nobody", "lost", "broken", "left")
"""Parts of the names of states that nothing can be in before it begins."""
_OPEN = ((0.25, 0.9), (1.0, 0.6), (2.5, 0.25), (4.0, 0.08))
"""Age as a multiple of how long such a thing takes, and the share of rows that are open yet."""


class Dealing:
    """Deals states, one entity after the other, those above first.

    Args:
        stock: All rows; those of entities with a story are changed.
        stories: Of entities that were made.
        limits: Of every entity that was made.
        values: What the source says of fields: which times follow planned ones above.
        now: The day on which the domain begins, with fractions.
        ahead: Whether what is planned may lie after it.
    """

    def __init__(
        self,
        stock: Stock,
        stories: Mapping[str, Story],
        limits: Mapping[str, Limits],
        values: Sequence[Declared],
        now: float,
        *,
        ahead: bool,
    ) -> None:
        self.stock, self.stories, self.limits = stock, stories, limits
        self.now, self.ahead = now, ahead
        self.led = {
            one.entity: one for one in values
            if one.along and one.least is not None and float(one.least) < 0
        }  # fmt: skip
        self.phases: dict[int, str] = {}
        """Of rows, by identity: `ahead`, `under_way`, `open`, `over` or `void`."""

    def deal(self, name: str) -> None:
        """Deal the states of an entity, where it has a story."""
        if name in self.stories:
            dealer = _Dealer(self.stock, name, self.stories[name], self.limits[name], self.now)
            dealer.ahead = self.ahead
            dealer.deal(self.phases, Ways(self.stock), self.led.get(name))


class _Dealer:
    """Deals the states of one entity."""

    def __init__(self, stock: Stock, name: str, story: Story, limits: Limits, now: float) -> None:
        self.entity, self.story, self.limits, self.now = (
            stock.schema.entity(name),
            story,
            limits,
            now,
        )
        self.rows = stock.rows[name]
        self.rng = stream(stock.seed, "populate", name, "ages")
        self.calendar = Calendar(self.entity, limits)
        self.begun: dict[int, float | None] = {}
        self.ahead = False

    def deal(self, phases: dict[int, str], ways: Ways, led: Declared | None) -> None:
        """Set the states; note for each row whether it lies ahead, is under way or over.

        Args:
            phases: Of rows above, by identity; those of these rows are added.
            ways: Up from rows.
            led: What the time of a row follows, where that is planned above.
        """
        groups: dict[str, list[Values]] = {}
        free: list[Values] = []
        for row in self.rows:
            self.begun[id(row)] = self._begun(row, ways)
            high = ways.up(row, led.along) if led is not None else None
            phase = phases.get(id(high), "") if high is not None else ""
            phase = phase or self._phase(row)
            if phase:
                groups.setdefault(phase, []).append(row)
            else:
                free.append(row)
        free.sort(key=self._since)
        for row, open_ in zip(free, self._open(free), strict=True):
            groups.setdefault("open" if open_ else "over", []).append(row)
        self._today(groups)
        self._lately(groups)
        for phase in sorted(groups):
            self._give(groups[phase], self._shares(phase))
            phases.update((id(row), phase) for row in groups[phase])
        for row in groups.get("over", ()) if self.story.ahead else ():
            if row[self.story.status] in self.story.void:
                phases[id(row)] = "void"
        for row in groups.get("ahead", ()):
            if row[self.story.status] not in self.story.late:
                phases[id(row)] = "void"
        self._close()

    def _begun(self, row: Values, ways: Ways) -> float | None:
        """Return the day on which a row begins."""
        above = ways.up(row, (self.story.above,)) if self.story.above else row
        return None if above is None else day_of(above[self.story.start])

    def _since(self, row: Values) -> float:
        return self.begun[id(row)] or 0.0

    def _phase(self, row: Values) -> str:
        """Say where a row stands by its planned times; nothing where its age decides."""
        start = self.begun[id(row)]
        end = day_of(row[self.story.end]) if self.story.end else None
        if start is None:
            return ""
        if self.story.ahead and start > self.now:
            return "ahead"
        if end is not None:
            return "under_way" if end > self.now else "over"
        return "over" if self.story.ahead else ""

    def _open(self, rows: Sequence[Values]) -> list[bool]:
        """Say of rows in order of age which are open: mostly those that began lately."""
        found = []
        for row in rows:
            start = self.begun[id(row)]
            since = max(self.now - start, 0.0) / self.story.horizon if start is not None else 9.0
            share = next((share for most, share in _OPEN if since < most), _LEFT_OPEN)
            found.append(self.rng.random() < share)
        wanted = round(len(rows) * _FEWEST_OPEN)
        for place in range(len(rows) - 1, -1, -1):
            if sum(found) >= wanted:
                break
            found[place] = True
        return found

    def _today(self, groups: dict[str, list[Values]]) -> None:
        """Let a few of the last rows that are over be under way, where there are states for it."""
        story = self.story
        begun = [state for state in story.late if state not in story.ahead]
        over = groups.get("over", [])
        if not story.ahead or not begun or groups.get("under_way") or len(over) < 8:
            return
        timed = self.entity.field(story.start).type == "datetime"
        if story.end and not timed:
            return
        over.sort(key=self._since)
        for row in over[-2 if timed else -max(len(over) // 12, 2) :]:
            if timed:
                change = self._moved(row)
                legal = all(self.limits.legal(name, value) for name, value in change.items())
                if not change or not legal or self.limits.broken(row | change) is not None:
                    continue
                row.update(change)
                self.begun[id(row)] = day_of(row[story.start])
            elif self.now - self._since(row) > 4 * story.horizon:
                continue
            over.remove(row)
            groups.setdefault("under_way", []).append(row)

    def _lately(self, groups: dict[str, list[Values]]) -> None:
        """Let the last rows lie ahead, or last until after now, where none does."""
        story, over = self.story, groups.get("over", [])
        coming = bool(story.ahead) and self.ahead
        if groups.get("ahead") or len(over) < 3 or not (coming or story.end):
            return
        if not coming and groups.get("under_way"):
            return
        over.sort(key=self._since)
        for row in over[-max(round(len(over) * _FEWEST_OPEN), 1) :]:
            start = self.begun[id(row)]
            end = day_of(row[story.end]) if story.end else start
            if start is None or end is None or (end - start < 1 and not coming):
                continue
            luck = self.rng.random()
            away = self.now + 2 + 24 * luck if coming else self.now - (end - start) * luck
            moved = int(away - start) + 1
            change: Values = {}
            for name, day in {story.start: start, story.end or story.start: end}.items():
                text = str(moment(day + moved))
                change[name] = text[:10] if self.entity.field(name).type == "date" else text
            legal = all(self.limits.legal(name, value) for name, value in change.items())
            if moved > 0 and legal and self.limits.broken(row | change) is None:
                row.update(change)
                self.begun[id(row)] = start + moved
                over.remove(row)
                groups.setdefault(self._phase(row) or "open", []).append(row)

    def _moved(self, row: Values) -> Values:
        """Return the times of a row as if it had begun this morning."""
        start, end = day_of(row[self.story.start]), None
        if self.story.end:
            end = day_of(row[self.story.end])
        if start is None or (end is not None and end - start > 0.6):
            return {}
        begun = self.now - self.rng.choice((1, 2, 3)) / 96
        change: Values = {self.story.start: moment(begun)}
        if end is not None:
            change[self.story.end] = moment(begun + max(end - start, 4 / 96))
        return change

    def _shares(self, phase: str) -> dict[str, float]:
        story = self.story
        late = [state for state in story.late if story.shares.get(state, 0) > 0]
        over = {s: n for s, n in story.shares.items() if s not in story.late}
        begun = [state for state in late if state not in story.ahead] if story.ahead else late
        now = {"ahead": [s for s in late if s in story.ahead], "under_way": begun}
        if phase == "void":
            return {state: over[state] for state in story.void if state in over} or over
        wanted = late if phase == "open" else now.get(phase)
        if wanted is None:
            return over
        wanted = wanted or late
        found = {state: story.shares[state] for state in wanted}
        void = [state for state in story.void if state in over] if phase != "open" else []
        if phase == "ahead":
            void = [s for s in void if not any(w in s.replace("_", " ") for w in _MISSED)]
        whole = sum(found.values())
        return found | {state: whole * _CANCELLED / len(void) for state in void}

    def _give(self, rows: list[Values], shares: Mapping[str, float]) -> None:
        """Give states to rows, as many as their shares say; later rows are less far."""
        if not shares or not rows:
            return
        states = _portions(shares, len(rows), self.rng)
        far = {state: self.story.depths.get(state, 0) + self.rng.uniform(0, 0.5)
               for state in shares}  # fmt: skip
        order = list(rows)
        if all(state in self.story.late for state in shares):
            order.sort(key=self._since, reverse=True)
            states.sort(key=lambda state: far[state] + self.rng.uniform(-0.8, 0.8))
        else:
            self.rng.shuffle(states)
        for row, state in zip(order, states, strict=True):
            change = {self.story.status: state}
            if self.limits.legal(self.story.status, state) and (
                self.limits.broken(row | change) is None
            ):
                row.update(change)

    def _close(self) -> None:
        """Empty what is known only of rows that are over, and date the end of those that are."""
        story = self.story
        ends = [f for f in self.calendar.fields
                if f.nullable and 3 <= self.calendar.ranks[f.name] < 5
                and f.name not in (story.start, story.end)
                and f.type in ("date", "datetime")]  # fmt: skip
        for row in self.rows:
            if row[story.status] in story.late:
                row.update(dict.fromkeys(story.outcomes))
                row.update({field.name: None for field in ends})
                continue
            start = self.begun[id(row)]
            for field in ends if start is not None else ():
                if row[field.name] is None and not any(row[other.name] for other in ends):
                    day = later(start or 0.0, self.now, self.rng, whole=True, long=False)
                    value = str(moment(day))[: 10 if field.type == "date" else None]
                    change = row | {field.name: value}
                    if self.limits.legal(field.name, value) and self.limits.broken(change) is None:
                        row[field.name] = value


def _portions(shares: Mapping[str, float], count: int, rng: Random) -> list[str]:
    """Return as many states as wanted, each as often as its share, and once where there is room."""
    whole = sum(shares.values())
    exact = {state: count * share / whole for state, share in shares.items()}
    least = 1 if count >= 2 * len(shares) else 0
    dealt = {state: max(int(number), least) for state, number in exact.items()}
    rest = sorted(exact, key=lambda state: (dealt[state] - exact[state], rng.random()))
    found = [state for state in dealt for _ in range(dealt[state])]
    while len(found) < count:
        found += rest[: count - len(found)]
    while len(found) > count:
        most = max(dealt, key=lambda state: (found.count(state), state))
        found.remove(most)
    return found
