"""The meter: what each turn of one episode earns, with all terms.

In comes what a turn did, out comes a `Score`. All that a meter remembers is values that are
replaced and never changed, so that a fork is a copy of a few references; what needs the net changes
of rows is worked out again only when there are any, and nothing looks back over the episode but
the check of the last words, once. Next: the environment, which holds it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Self

from agentgym.formats import Json, to_text
from agentgym.goals.rewards.bridges import scalars
from agentgym.goals.rewards.claims import Claims, claimed
from agentgym.goals.rewards.course import UNKNOWN, Course, Phase
from agentgym.goals.rewards.options import PRICES, RewardOptions
from agentgym.goals.rewards.pay import pay
from agentgym.goals.rewards.terms import PARTS, SPANS
from agentgym.goals.rewards.trail import Trail
from agentgym.goals.rewards.turns import INVALID, Made, Score, again, shown
from agentgym.goals.verdict import Verdict
from agentgym.trajectory import Act, Failure, Flags
from agentgym.world import RowChange

__all__ = ["Meter"]

_PLAIN = Flags()
_NOTHING: Mapping[str, float] = dict.fromkeys(SPANS, 0.0)
_FLAWLESS: Mapping[str, float] = {"format": 1.0, "executed": 1.0}


class Meter(Trail):
    """Measures one episode.

    Args:
        course: Finds out what the rewards of the task rest on; asked with the first turn.
        options: What is rewarded.
        turns: Turns after which the episode is cut off.

    Raises:
        UsageError: In that many turns, the weights let a failing run outscore a passing one.
    """

    def __init__(self, course: Callable[[], Course], options: RewardOptions, turns: int) -> None:
        options.check(turns)
        super().__init__(course, turns)
        self.options = options
        self._own, self._gamma = options.prices, options.gamma
        self._price = PRICES | options.prices if options.prices else PRICES
        self._scale = 1.0
        """What costs are a share of."""
        self._pay = pay(options)
        self._score = self._potential = 0.0
        """What has been earned so far, and the potential that was last paid for."""
        self._now = dict(_NOTHING)
        """The terms as they stand: changed in place, handed out as copies."""
        self._matched: tuple[Phase, Sequence[RowChange], bool] | None = None
        """A phase that was held against changes, the changes, and whether they were its own."""
        self.claims: Claims | None = None
        """What was claimed at the end; None before."""
        self.done = False
        """Whether the episode is over, and earns nothing more."""
        self._turns = self._bad = self._failed = self._idle = 0
        self._calls = self._refused = self._repeated = self._moved = self._broken = 0
        self._tried: tuple[str, ...] = ()
        """Rules that refused a call, each time."""
        self._spent = 0.0
        self._level = 0
        self._contained = 0
        self._phase = self._shifts = self._won = self._begun = 0

    def _begin(self) -> None:
        super()._begin()
        par = max(self._course.par(self._price), 1.0)
        self._scale = self.options.budget or 4 * par

    @property
    def terms(self) -> Mapping[str, float]:
        """The terms after the last turn; to be read only."""
        return self._now

    @property
    def spent(self) -> float:
        """What all calls and messages cost so far."""
        return self._spent

    @property
    def over_budget(self) -> bool:
        """Whether more was spent than the budget: the episode is to be cut off."""
        budget = self.options.budget
        return budget is not None and self._spent > budget

    def fork(self) -> Self:
        """Return an independent copy in the same state."""
        other = type(self).__new__(type(self))
        other.__dict__.update(self.__dict__)
        other._now = self._now.copy()  # noqa: SLF001 - its own kind
        return other

    def state(self) -> Hashable:
        """Return all that rewards from here on depend on; looks at all that was seen."""
        if not self._found:
            self._begin()
        known = frozenset(to_text(one) for data in shown(self._seen) for one in scalars(data))
        rest = tuple(
            (name, tuple(value.items()) if isinstance(value, dict) else value)
            for name, value in sorted(vars(self).items())
            if name not in _FIXED
        )
        changes = tuple((one.entity, one.key, one.after) for one in self._changes)
        return self.options.text(), self._last, known, changes, rest

    def step(
        self,
        *,
        done: Sequence[Made] = (),
        changes: Sequence[RowChange] | None = None,
        flags: Flags = _PLAIN,
        acts: Sequence[Act] = (),
        said: str = "",
        verdict: Verdict | None = None,
        failure: Failure | None = None,
    ) -> Score:
        """Measure a turn.

        Args:
            done: The calls that were made.
            changes: Net changes of rows since the start; None where no row was written.
            flags: What was wrong with the turn.
            acts: What the user did.
            said: What the agent said to the user.
            verdict: At the end, how the episode was judged. Alone, with nothing that was done or
                said, it ends the episode after the last turn, and is none itself.
            failure: Why it failed, if it has.
        """
        if self.done:
            return Score(0.0, self._now.copy())
        if not self._found:
            self._begin()
        if verdict is None or done or said or acts or flags or not self._turns:
            self._turns += 1
            self._idle += not done or (flags.void and self._nothing_read(done))
        asks = self._made_calls(done) if done else 0
        if flags.void or flags.malformed:
            self._bad += 1
        if flags.repeated:
            self._repeated += 1 if len(done) < 2 else again(done)
        if said and not asks:
            asks = 1
            self._spent += self._price["ask"]
        if asks or acts:
            self._heard(acts, asks)
            for act in acts:
                if act.kind == "shift":
                    self._shift()
        if changes is not None:
            self._changed(changes, self._turns)
        if done:
            self._look(done)
        if verdict is not None:
            self._conclude(done, said, verdict)
        self._stand(verdict)
        terms = self._now.copy()
        if failure is not None and failure.by == "environment":
            self.done = True
            return Score(0.0, terms, True)
        self.done = verdict is not None
        score, potential = self._pay(terms, self.done)
        earned = score - self._score
        if potential is not None:
            earned += self._gamma * potential - self._potential
            self._potential = potential
        self._score = score
        return Score(earned, terms)

    # a turn

    def _made_calls(self, done: Sequence[Made]) -> int:
        """Count the calls of a turn; return how many of them were questions."""
        faces, price, own = self._course.faces, self._price, self._own
        asks, failed = 0, False
        for one in done:
            tool, result = one.tool, one.result
            face, error = faces.get(tool, UNKNOWN), result.error
            kind = face.kind
            if kind == "thought":
                self._level = max(self._level, 2)
                continue
            if face is UNKNOWN and error is not None and error.code in INVALID:
                kind = "free"
            elif kind == "end":
                if error is None:
                    self._level = max(self._level, 2)
                    continue
                kind = "free"
            self._calls += 1
            if own and tool in own:
                self._spent += own[tool]
            else:
                self._spent += price[kind]
            if kind in ("read", "write"):
                self._moved += 1
            elif kind == "ask":
                asks += 1
            if error is None:
                self._level = max(self._level, 3)
                if face.gold:
                    self._contained = self._course.contained(face, result, self._contained)
                if result.breaches:
                    self._broken += len(result.breaches)
                if face.identifies and self._course.mistaken(tool, result):
                    self._broken += 1
                continue
            failed = True
            self._refused += 1
            self._level = max(self._level, 1 if error.code in INVALID else 2)
            if face.gold:
                self._contained = self._course.contained(face, result, self._contained)
            if error.rule is not None and error.code == "rule_broken":
                if self._tried.count(error.rule) >= self._course.allowed.get(error.rule, 0):
                    self._broken += 1
                self._tried = (*self._tried, error.rule)
        if failed:
            self._failed += 1
        return asks

    def _nothing_read(self, done: Sequence[Made]) -> bool:
        """Tell whether no call of a turn could be read."""
        return all(one.result.error is not None for one in done)

    def _shift(self) -> None:
        """Begin what the user wants from here on."""
        turns = self._course.turns
        if self._shifts < len(turns) and turns[self._shifts]:
            self._won += self._wins(self._course.phases[self._phase], ended=True)
            self._phase += 1
            self._begun = self._moved
        self._shifts += 1

    # the end

    def _conclude(self, done: Sequence[Made], said: str, verdict: Verdict) -> None:
        """Check the last words and the slots of the answer."""
        course = self._course
        # Words that ended nothing are no answer.
        answer: Json = said if said and verdict.terms.get("outcome") else None
        words = ""
        for one in done:
            if course.faces.get(one.tool, UNKNOWN).kind == "end" and one.result.ok:
                answer = one.arguments.get("answer")
                words = str(one.arguments.get("reason") or "")
        told = [*self._talk.told, *(f for f in course.facts if self._opening(f))]
        self.claims, held = claimed(
            course.judge,
            course.goal.branches,
            answer,
            words,
            instruction=course.instruction,
            known=course.ground.known,
            facts=[course.facts[fact].value for fact in told if fact in course.facts],
            results=shown(self._seen),
            answered=verdict.terms.get("answer") == 1,
        )
        parts = verdict.terms
        for way, slots in zip(course.milestones.ways, held, strict=True):
            if parts.get("evidence", 0.0):
                for bit, _ in way.seen:
                    self._reach(bit)
                for bit, good in zip(way.slots, slots, strict=True):
                    self._reach(bit if good else 0)
            if parts.get("outcome", 0.0):
                self._reach(way.concluded)

    def _opening(self, fact: str) -> bool:
        return self._course.facts[fact].exposure not in ("user", "hidden")

    # terms

    def _wins(self, phase: Phase, *, ended: bool) -> bool:
        """Tell whether a phase stands as after the gold run, with all that this was shown."""
        if phase.idle:
            return ended and self._moved == self._begun
        if self._contained & phase.results != phase.results:
            return False
        if not phase.goals:
            return self._whole
        last = self._matched
        if last is None or last[0] is not phase or last[1] is not self._changes:
            whole = any(goal.match(self._changes).whole for goal in phase.goals)
            last = self._matched = phase, self._changes, whole
        return last[2]

    def _stand(self, verdict: Verdict | None) -> None:
        """Bring the terms to where they stand after a turn."""
        now = self._now
        if self._turns == 1:
            now |= _FLAWLESS
        now["turns"] = float(self._turns)
        phases = self._course.phases
        phase = phases[self._phase]
        if phase.idle or self._contained & phase.results == phase.results:
            now["turn"] = (self._won + self._wins(phase, ended=verdict is not None)) / len(phases)
        else:
            now["turn"] = self._won / len(phases)
        if self._progress is None:
            now["progress"] = self._phi()
        level = self._level
        now["level"] = 4.0 if level == 3 and self._whole else float(level)
        now["communication"], now["user_cost"] = self._talked
        spent = now["spent"] = self._spent
        now["cost"] = spent / self._scale if spent < self._scale else 1.0
        over = self._moved - self._course.least
        if over > 0:
            now["overuse"] = over / self._moved
        if self._harm != now["harm"]:
            now["harm"] = self._harm
        if self._bad or self._refused or self._repeated or self._broken or self._idle:
            self._blame()
        if verdict is not None:
            for name in PARTS:
                now[name] = verdict.terms.get(name, 0.0)
            if self.claims is not None:
                now["claims"] = self.claims.share
            if verdict.success:
                now["success"] = now["progress"] = 1.0
                now["level"] = 5.0

    def _blame(self) -> None:
        """Bring the terms of what has gone wrong to where they stand."""
        now, turns, calls = self._now, self._turns, self._calls
        now["format"] = 1 - self._bad / turns
        if calls:
            now["executed"] = 1 - self._refused / calls
            now["redundancy"] = min(1.0, self._repeated / calls)
        now["breaches"] = 1 - 0.5**self._broken
        now["failed"] = float(self._failed)
        now["idle"] = float(self._idle)


_FIXED = frozenset(
    "options _find _found _course _last _own _price _scale _gamma _pay claims _now _matched _seen "
    "_changes _progress _harm _talked _whole".split()
)
"""What a meter holds that is the same for all episodes of a task, or follows from the rest."""
