"""The verdict: what was achieved, from the final state, the answer and the trace alone.

A `Judge` is made once a domain; it is the door that agents do not get. Time is
proportional to what changed and what was answered, not to the tables.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agentgym.domain import Domain
from agentgym.formats import Json, Record
from agentgym.goals import answers
from agentgym.goals.equivalence import compare
from agentgym.goals.goal import Answer, Branch, Goal, Seen
from agentgym.plan import Fact
from agentgym.rules import Add, sentence
from agentgym.schema import Entity
from agentgym.schema.types import Row, to_stored
from agentgym.tools.algebra import Identify, subject
from agentgym.trajectory import Call, Result
from agentgym.world import RowChange

__all__ = ["Ending", "Judge", "Verdict"]


class Ending(Record, kw_only=True):
    """How an episode ended: all that a verdict looks at."""

    outcome: str | None
    """What `conclude` said; None when the episode ended without it."""
    answer: Json = None
    """What `conclude` carried."""
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
    """`success`, `state` (required changes made), `frame` (nothing else changed), `answer`,
    `evidence` (the answer was looked up), `policy` (no advisory rule was broken, the user not
    taken for somebody else), `outcome`: each 0.0 or 1.0."""
    reasons: tuple[str, ...] = ()
    """Why it failed, for the branch that came nearest; empty on success."""


class Judge:
    """Judges the episodes of one domain.

    Args:
        domain: The domain as it is at the start of every episode.
    """

    def __init__(self, domain: Domain) -> None:
        self._domain = domain
        self._lasting = frozenset(
            effect.do.entity
            for effect in domain.effects
            if effect.lasting and isinstance(effect.do, Add)
        )
        self._rivals: dict[tuple[str, str], frozenset[str]] = {}
        self._keyed: dict[str, dict[Row, Row]] = {}

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
        return max(verdicts, key=lambda v: (v.success, sum(v.terms.values())))

    def _branch(
        self, branch: Branch, ending: Ending, instruction: str, mistaken: list[str]
    ) -> Verdict:
        missing, extra = compare(branch.changes, ending.changes, self._domain.schema, self._lasting)
        outcome = _outcome(branch, ending)
        answer = self._answers(branch.answers, ending, answers.normal(instruction))
        evidence = [reason for seen in branch.seen if (reason := self._seen(seen, ending.calls))]
        parts = {
            "state": missing,
            "frame": extra,
            "answer": answer,
            "evidence": evidence,
            "policy": self._broken(ending.calls) + mistaken,
            "outcome": outcome,
        }
        reasons = tuple(reason for found in parts.values() for reason in found)
        terms = {name: float(not found) for name, found in parts.items()}
        return Verdict(
            success=not reasons, terms={"success": float(not reasons)} | terms, reasons=reasons
        )

    def _answers(self, slots: Sequence[Answer], ending: Ending, known: str) -> list[str]:
        if not slots:
            return []
        given = ending.answer if ending.outcome is not None else ending.message
        values: list[Json]
        if len(slots) == 1:
            values = [given]
        elif isinstance(given, dict) and len(given) == len(slots):
            values = list(given.values())
        elif isinstance(given, list) and len(given) == len(slots):
            values = given
        else:
            return [f"expected {len(slots)} values, as a list in the order asked for"]
        schema = self._domain.schema
        checked = [
            answers.check(slot, value, schema, self._rivals_of, known)
            for slot, value in zip(slots, values, strict=True)
        ]
        return [f"answer: {reason}" for reason in checked if reason]

    def _seen(self, seen: Seen, calls: Sequence[tuple[Call, Result]]) -> str | None:
        schema = self._domain.schema
        entity = schema.entity(seen.entity)
        for call, result in calls:
            tool = self._domain.tool_by_name.get(call.name)
            if tool is None or not result.ok or subject(tool.term, schema) != seen.entity:
                continue
            if seen.key is None:
                return None
            for row in result.rows:
                if (
                    isinstance(row, dict)
                    and tuple(row.get(name) for name in entity.key) == seen.key
                ):
                    return None
        return f"the answer was not looked up: no result showed the {entity.label} that it is about"

    def _broken(self, calls: Sequence[tuple[Call, Result]]) -> list[str]:
        """Say which advisory rules were broken, each once."""
        broken = dict.fromkeys(rule for _, result in calls for rule in result.breaches)
        return [
            f"broke rule {name}: {sentence(self._domain.rule(name), self._domain.schema)}"
            for name in broken
        ]

    def _mistaken(self, party: Sequence[Fact], calls: Sequence[tuple[Call, Result]]) -> list[str]:
        """Say whether the user was ever identified as somebody else."""
        if not party:
            return []
        schema = self._domain.schema
        entity = schema.entity(party[0].entity)
        wanted = {
            entity.position(fact.field): to_stored(entity.field(fact.field), fact.value)
            for fact in party
        }
        for call, result in calls:
            tool = self._domain.tool_by_name.get(call.name)
            if tool is None or not isinstance(tool.term, Identify) or not result.ok:
                continue
            told = result.data["identified"]
            if tool.term.entity != entity.name or set(told) != set(entity.key):
                continue
            key = tuple([to_stored(entity.field(name), told[name]) for name in entity.key])
            row = self._known(entity).get(key)
            if row is None or any(row[place] != value for place, value in wanted.items()):
                return [f"identified the user as another {entity.label}"]
        return []

    def _known(self, entity: Entity) -> Mapping[Row, Row]:
        """Return the rows of an entity at the start, by key."""
        if entity.name not in self._keyed:
            places = [entity.position(name) for name in entity.key]
            self._keyed[entity.name] = {
                tuple([row[place] for place in places]): row
                for row in self._domain.rows.get(entity.name, ())
            }
        return self._keyed[entity.name]

    def _rivals_of(self, entity: str, field: str) -> frozenset[str]:
        pair = entity, field
        if pair not in self._rivals:
            owner = self._domain.schema.entity(entity)
            place = owner.position(field)
            self._rivals[pair] = frozenset(
                answers.normal(str(row[place]))
                for row in self._domain.rows.get(entity, ())
                if row[place] is not None
            ) - {""}
        return self._rivals[pair]


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
