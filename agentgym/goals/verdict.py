"""The verdict: what was achieved, from the final state, the answer and the trace alone.

A `Judge` is made once a domain; it is the door that agents do not get. Time is
proportional to what changed and what was answered, not to the tables.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from agentgym.domain import Domain
from agentgym.formats import Json, Record
from agentgym.goals import answers
from agentgym.goals.answers import Column
from agentgym.goals.equivalence import compare
from agentgym.goals.goal import Answer, Branch, Goal, Seen
from agentgym.goals.offers import missed
from agentgym.goals.reasons import RuleNames, unnamed
from agentgym.goals.results import FREE, apart, shown
from agentgym.plan import Fact
from agentgym.rules import Add, sentence
from agentgym.schema import Entity
from agentgym.schema.types import Row, to_stored
from agentgym.tools.algebra import Identify, Term, subject
from agentgym.trajectory import Call, Result
from agentgym.world import RowChange

__all__ = ["Ending", "Judge", "Verdict"]


class Ending(Record, kw_only=True):
    """How an episode ended: all that a verdict looks at."""

    outcome: str | None
    """What `conclude` said; None when the episode ended without it."""
    answer: Json = None
    """What `conclude` carried."""
    reason: str | None = None
    """Why not, as `conclude` carried it."""
    message: str | None = None
    """The last message, where the episode ended with one."""
    changes: tuple[RowChange, ...] = ()
    """Net row changes since the start."""
    calls: tuple[tuple[Call, Result], ...] = ()
    """Calls of the domain's own tools with all that they gave, whatever a view showed of it."""
    truncated: bool = False


class Verdict(Record, kw_only=True):
    """Success, what it consists of, and why not."""

    success: bool
    terms: dict[str, float]
    """`success`, `state` (required changes made), `frame` (nothing else changed), `answer` (and the
    offers that are due, where events are watched), `evidence` (what the end rests on was looked up,
    or nothing where nothing need be), `policy` (no advisory rule was broken, the user not taken for
    somebody else), `outcome` (concluded as expected, and a refusal names its rule or what is
    missing): each 0.0 or 1.0."""
    reasons: tuple[str, ...] = ()
    """Why it failed, for the branch that came nearest; empty on success."""
    unknown: bool = False
    """Whether no branch is met and some branch could not be decided: no success, and no proof of
    a failure either. Whoever makes tasks or labels must leave it out."""


class Judge:
    """Judges the episodes of one domain.

    Args:
        domain: The domain as it is at the start of every episode.
        plain: Judge of the domain without the patch with which these episodes start: what it knows
            of entities that are the same is not found out again.
    """

    def __init__(self, domain: Domain, plain: Judge | None = None) -> None:
        self._domain = domain
        self._plain = plain
        self._lasting = frozenset(
            effect.do.entity
            for effect in domain.effects
            if effect.lasting and isinstance(effect.do, Add)
        )
        self._rules = RuleNames(domain.rules, domain.schema)
        self._columns: dict[tuple[str, str], Column] = {}
        self._keyed: dict[str, dict[Row, Row]] = {}

    @property
    def domain(self) -> Domain:
        """The domain as it is at the start of every episode."""
        return self._domain

    def verdict(
        self,
        goal: Goal,
        ending: Ending,
        *,
        instruction: str = "",
        party: Sequence[Fact] = (),
    ) -> Verdict:
        """Judge how an episode ended.

        Args:
            goal: What the task requires.
            ending: How the episode ended.
            instruction: What the user asked for; names in it are no hedges of an answer.
            party: Facts that tell who the user is: nobody may be taken for somebody else.

        Returns:
            Success if any branch of the goal is met; otherwise the terms and reasons of
            the branch that came nearest.
        """
        mistaken = self._mistaken(party, ending.calls)
        verdicts = [self._branch(one, ending, instruction, mistaken) for one in goal.branches]
        nearest = max(verdicts, key=lambda v: (v.success, sum(v.terms.values())))
        if nearest.success or nearest.unknown or not any(one.unknown for one in verdicts):
            return nearest
        return replace(nearest, unknown=True)

    def _branch(
        self, branch: Branch, ending: Ending, instruction: str, mistaken: list[str]
    ) -> Verdict:
        done = compare(branch.changes, ending.changes, self._domain.schema, self._lasting)
        calls = ending.calls
        evidence = [reason for seen in branch.seen if (reason := self._seen(seen, calls))]
        parts = {
            "state": done.missing,
            "frame": done.extra,
            "answer": self._answers(branch.answers, ending, answers.normal(instruction))
            + ([] if branch.offers is None else missed(branch.offers, calls, self._domain.schema)),
            "evidence": evidence + (self._busy(calls) if branch.idle else []),
            "policy": self._broken(calls) + mistaken,
            "outcome": _outcome(branch, ending) or self._why(branch, ending),
        }
        reasons = tuple(reason for found in parts.values() for reason in found)
        terms = {name: float(not found) for name, found in parts.items()}
        return Verdict(
            success=not reasons,
            terms={"success": float(not reasons)} | terms,
            reasons=reasons,
            unknown=done.unknown,
        )

    def _why(self, branch: Branch, ending: Ending) -> list[str]:
        """Say what the reason of a refusal does not name."""
        reason = ending.reason
        if reason is None and isinstance(ending.answer, str):
            reason = ending.answer
        if branch.outcome == "refused" and branch.rules:
            flaw = self._rules.flaw(reason, branch.rules)
            return [] if flaw is None else [flaw]
        if branch.outcome == "impossible":
            return unnamed(reason, branch.names)
        return []

    def _busy(self, calls: Sequence[tuple[Call, Result]]) -> list[str]:
        """Say which tools were called though the task needs none that reads or writes rows."""
        tools = self._domain.tool_by_name
        used = dict.fromkeys(
            call.name
            for call, _ in calls
            if call.name in tools and not isinstance(tools[call.name].term, FREE)
        )
        return [f"expected no look at the records, found a call of {name}" for name in used]

    def _answers(self, slots: Sequence[Answer], ending: Ending, known: str) -> list[str]:
        if not slots:
            return []
        given = ending.answer if ending.outcome is not None else ending.message
        checked = self._checked(slots, given, known)
        if checked is None:
            told = f"expected {len(slots)} values, as a list in the order asked for"
            return [f"answer: {told}, found {str(given)[:80]!r}"]
        return [
            f"answer: {slot.entity}{'' if slot.field is None else f'.{slot.field}'}: {reason}"
            for slot, reason in zip(slots, checked, strict=True)
            if reason
        ]

    def _checked(self, slots: Sequence[Answer], given: Json, known: str) -> list[str | None] | None:
        """Say of each slot why what was given does not hold it; None where no value is for each."""
        schema = self._domain.schema
        values = apart(given, slots, schema)
        if values is None:
            return None
        return [
            answers.check(slot, value, schema, self._column, known)
            for slot, value in zip(slots, values, strict=True)
        ]

    def slots(self, branch: Branch, given: Json, instruction: str = "") -> tuple[bool, ...]:
        """Tell of each slot of a branch whether an answer holds it.

        Args:
            branch: Of a goal.
            given: What was answered.
            instruction: What the user asked for.
        """
        found = self._checked(branch.answers, given, answers.normal(instruction))
        if found is None:
            return (False,) * len(branch.answers)
        return tuple(reason is None for reason in found)

    def sees(self, seen: Seen, call: Call, result: Result) -> bool:
        """Tell whether one call shows what an end rests on."""
        return self._seen(seen, ((call, result),)) is None

    def _seen(self, seen: Seen, calls: Sequence[tuple[Call, Result]]) -> str | None:
        """Say what no call showed."""
        schema = self._domain.schema
        entity = schema.entity(seen.entity)
        for call, result in calls:
            if result.error is not None and result.error.rule in seen.barred:
                return None
            tool = self._domain.tool_by_name.get(call.name)
            if tool is None:
                continue
            if subject(tool.term, schema) == seen.entity and _told(tool.term, result, seen):
                return None
            if result.ok and any(
                name == seen.entity
                and (seen.key is None or tuple(row.get(part) for part in entity.key) == seen.key)
                for name, row in shown(tool.term, result.data, schema)
            ):
                return None
        what = "" if seen.key is None else " " + ", ".join(map(str, seen.key))
        ways = f"a result that shows the {entity.label}{what}"
        if seen.barred:
            ways += f", or a call that {' or '.join(seen.barred)} refuses"
        return f"expected {ways}, found none: the end was not looked up"

    def _broken(self, calls: Sequence[tuple[Call, Result]]) -> list[str]:
        """Say which advisory rules were broken, each once."""
        broken = dict.fromkeys(rule for _, result in calls for rule in result.breaches)
        return [
            f"broke rule {name}: {sentence(self._domain.rule(name), self._domain.schema)}"
            for name in broken
        ]

    def _mistaken(self, party: Sequence[Fact], calls: Sequence[tuple[Call, Result]]) -> list[str]:
        """Say whether the user was ever identified as somebody else."""
        if not party or not any(self.mistakes(party, call.name, one) for call, one in calls):
            return []
        entity = self._domain.schema.entity(party[0].entity)
        return [f"identified the user as another {entity.label}"]

    def mistakes(self, party: Sequence[Fact], tool_name: str, result: Result) -> bool:
        """Tell whether a call takes the user for somebody else.

        Args:
            party: Facts that tell who the user is.
            tool_name: Of the domain's tool that was called.
            result: What it gave.
        """
        tool = self._domain.tool_by_name.get(tool_name)
        if tool is None or not isinstance(tool.term, Identify) or not result.ok:
            return False
        schema = self._domain.schema
        entity = schema.entity(party[0].entity)
        told = result.data["identified"]
        if tool.term.entity != entity.name or set(told) != set(entity.key):
            return False
        key = tuple([to_stored(entity.field(name), told[name]) for name in entity.key])
        row = self._known(entity).get(key)
        return row is None or any(
            row[entity.position(fact.field)] != to_stored(entity.field(fact.field), fact.value)
            for fact in party
        )

    def _known(self, entity: Entity) -> Mapping[Row, Row]:
        """Return the rows of an entity at the start, by key."""
        if self._plain is not None and self._same(entity.name):
            return self._plain._known(entity)  # noqa: SLF001 - its own kind
        if entity.name not in self._keyed:
            places = [entity.position(name) for name in entity.key]
            self._keyed[entity.name] = {
                tuple([row[place] for place in places]): row
                for row in self._domain.rows.get(entity.name, ())
            }
        return self._keyed[entity.name]

    def _same(self, entity: str) -> bool:
        """Tell whether the rows of an entity are those of the plain judge."""
        assert self._plain is not None
        theirs = self._plain._domain.rows  # noqa: SLF001 - its own kind
        return self._domain.rows.get(entity) is theirs.get(entity)

    def _column(self, entity: str, field: str) -> Column:
        """Return the texts that a field holds at the start."""
        if self._plain is not None and self._same(entity):
            return self._plain._column(entity, field)  # noqa: SLF001 - its own kind
        pair = entity, field
        if pair not in self._columns:
            owner = self._domain.schema.entity(entity)
            place = owner.position(field)
            self._columns[pair] = Column(
                str(row[place])
                for row in self._domain.rows.get(entity, ())
                if row[place] not in (None, "")
            )
        return self._columns[pair]


def _told(term: Term, result: Result, seen: Seen) -> bool:
    """Tell whether a call for rows of the entity says what is to be seen, whatever it showed."""
    if result.error is not None:
        return seen.nothing and result.error.code == "not_found"
    if isinstance(term, Identify):
        return False
    return seen.key is None or (seen.nothing and result.paged and not result.rows)


def _outcome(branch: Branch, ending: Ending) -> list[str]:
    if ending.truncated:
        return ["the episode was cut off before it was concluded"]
    if ending.outcome is None:
        if branch.outcome == "done" and ending.message is not None:
            return []
        return [f"the episode was not concluded as {branch.outcome}"]
    if ending.outcome != branch.outcome:
        return [f"concluded as {ending.outcome}, expected {branch.outcome}"]
    return []
