"""The trail of a run: milestones, harm and talk, as they stand after each turn.

In come the calls of a turn, net changes of rows and the acts of the user; out goes Phi, with what
the meter says of the rest. Next: `meter`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from agentgym.formats import Json
from agentgym.goals.offers import OFFER, offered
from agentgym.goals.rewards.bridges import Place, holds
from agentgym.goals.rewards.course import UNKNOWN, Course
from agentgym.goals.rewards.harm import Harmed, harm, noticed
from agentgym.goals.rewards.talk import Talk
from agentgym.goals.rewards.turns import INVALID, Made, Seen, shown, uses
from agentgym.trajectory import Act, Call
from agentgym.world import RowChange

__all__ = ["Trail"]


class Trail:
    """What a run has passed. All that it holds is replaced, and never changed.

    Args:
        course: Finds out what the rewards of the task rest on.
        turns: Turns after which the episode is cut off.
    """

    _course: Course

    def __init__(self, course: Callable[[], Course], turns: int) -> None:
        self._find, self._last = course, turns
        self._found = False
        self._talk = Talk()
        self._talked = 1.0, 0.0
        """Communication and the user's cost."""
        self._seen: Seen = None
        self._count = 0
        """How many results were seen."""
        self._looked: tuple[tuple[int, int], ...] = ()
        """Bridge values that were used before they were shown: bit, and results looked at."""
        self._reached = 0
        """Bits of the milestones that are reached for good."""
        self._offered: tuple[str, ...] = ()
        """Rows of which the user was told unasked."""
        self._made: tuple[int, ...] = ()
        """Of each branch: bits of the effects that are there now."""
        self._whole = False
        """Whether the net changes are exactly those of some branch."""
        self._harmed: Harmed = {}
        self._harm = 0.0
        self._changes: Sequence[RowChange] = ()
        self._progress: float | None = 0.0
        """Phi; None where it is to be worked out again."""

    @property
    def course(self) -> Course:
        """What the rewards of the task rest on; found out when it is first needed."""
        if not self._found:
            self._begin()
        return self._course

    def _begin(self) -> None:
        """Find out what the task's rewards rest on: with the first turn, never before."""
        course = self._course = self._find()
        self._found = True
        self._made = tuple(0 for _ in course.milestones.ways)
        self._whole = any(way.matcher.match(()).whole for way in course.milestones.ways)
        self._talked = self._talk.communication(course.needed), 0.0

    def _heard(self, acts: Sequence[Act], asks: int) -> None:
        """Take what the user did into account."""
        before = self._talk
        talk = self._talk = before.heard(acts, asks)
        self._talked = talk.communication(self._course.needed), talk.cost
        marks = self._course.milestones
        if talk.told is not before.told:
            for fact in talk.told - before.told:
                self._reach(marks.asks.get(fact, 0))
        if talk.yes and not before.yes:
            self._reach(marks.yes)

    def _changed(self, changes: Sequence[RowChange], turn: int) -> None:
        """Hold the net changes against the goal."""
        self._changes = changes
        made, there = [], []
        least: tuple[RowChange, ...] | None = None
        for way in self._course.milestones.ways:
            matched = way.matcher.match(changes)
            made.append(way.made(matched))
            there.append(matched.whole)
            if least is None or len(matched.beside) < len(least):
                least = matched.beside
        if tuple(made) != self._made:
            self._made, self._progress = tuple(made), None
        self._whole = any(there)
        self._harmed = noticed(self._harmed, least or (), self._course.inverses, turn)
        self._harm = harm(self._harmed, self._last)

    def _reach(self, bits: int) -> None:
        if bits & ~self._reached:
            self._reached |= bits
            self._progress = None

    def _look(self, done: Sequence[Made]) -> None:
        """See which bridge values were used, and which rows an end rests on were shown."""
        course = self._course
        for one in done:
            face = course.faces.get(one.tool, UNKNOWN)
            if face.uses or face.nested:
                error = one.result.error
                if error is None or error.code not in INVALID:
                    for kind, value in uses(face, one.arguments):
                        bit = course.milestones.bridges.get((kind, value), 0)
                        if bit & ~self._reached:
                            self._bridge(bit, kind, value)
        for one in done:
            result = one.result
            if result.error is None:
                text = one.text
                self._seen = self._seen, text, result.data if text is None else None
                self._count += 1
                if one.tool == OFFER:
                    self._offer(one)
            for way in course.milestones.ways:
                for bit, seen in way.seen:
                    if bit & ~self._reached and not (result.paged and result.rows):
                        call = Call(id="", name=one.tool, arguments={})
                        if course.judge.sees(seen, call, result):
                            self._reach(bit)

    def _offer(self, one: Made) -> None:
        """Count an offer: it is as good as an answer where it is due, and a nuisance elsewhere."""
        call = Call(id="", name=one.tool, arguments=dict(one.arguments))
        names = offered([(call, one.result)], self._course.ground.labels)
        ways = self._course.milestones.ways
        self._offered = (*self._offered, *names)
        self._progress = None
        if not any(way.told(self._offered) for way in ways):
            talk = self._talk
            talk = self._talk = talk._replace(asks=talk.asks + 1, needless=talk.needless + 1)
            self._talked = talk.communication(self._course.needed), talk.cost

    def _bridge(self, bit: int, kind: Place, value: Json) -> None:
        """Count a bridge value that is used, if some result before has shown it."""
        known = dict(self._looked)
        names = self._course.ground.kinds.names.get(kind, frozenset())
        left = self._count - known.get(bit, 0)
        for data in shown(self._seen):
            if not left:
                break
            left -= 1
            if holds(data, names, value):
                self._reach(bit)
                return
        known[bit] = self._count
        self._looked = tuple(known.items())

    def _phi(self) -> float:
        """Return the share of milestones of the branch that is nearest."""
        if self._progress is None:
            ways = self._course.milestones.ways
            self._progress = max(
                way.share(self._reached | made | (way.told(self._offered) if way.offers else 0))
                for way, made in zip(ways, self._made, strict=True)
            )
        return self._progress
