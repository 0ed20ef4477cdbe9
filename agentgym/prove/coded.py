"""Coded: what is told in a word of the trade is what the glossary says, and nobody could guess it.

A plan comes in. Each word is in the glossary, stands for just the clues that are told by it, and
with another of its words, or any of the rows that are left without it, the request would come to
something else. Out goes how many things it could mean for one who looks nothing up. Next: `unique`.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

from msgspec.structs import replace

from agentgym.plan import Fact, Node, Plan, Select, Where
from agentgym.plan.tables import Tables, equal
from agentgym.prove.ends import ends
from agentgym.prove.hidden import Hidden
from agentgym.prove.refused import RefusedError
from agentgym.prove.shortcuts.masks import Masks
from agentgym.tools.algebra import LookUpTerm, Meaning, Tool

__all__ = ["Coded", "otherwise", "terms"]


def terms(plan: Plan) -> list[str]:
    """List the words of the trade in which a plan is told, each once."""
    return list(dict.fromkeys(fact.term for fact in plan.facts if fact.exposure == "jargon"))


class Coded:
    """Weighs words of the trade, over one set of rows.

    Args:
        tables: The rows.
        masks: What ends come to.
        tools: Of the domain.
    """

    def __init__(self, tables: Tables, masks: Masks, tools: Sequence[Tool]) -> None:
        self.tables, self.masks = tables, masks
        self.hidden = Hidden(tables, masks, tools)
        self.entries: tuple[Meaning, ...] = tuple(
            one for tool in tools if isinstance(tool.term, LookUpTerm) for one in tool.term.entries
        )

    def check(self, plan: Plan, wanted: Sequence[str]) -> int:
        """Check the words of a plan.

        Args:
            plan: The plan.
            wanted: Ids of the acts that are to be done.

        Returns:
            How many things the request could mean, by the words of the glossary for such rows; 0
            where it is told in none.

        Raises:
            RefusedError: A word means something else, or makes no difference.
        """
        found = 0
        for fact in plan.facts:
            if (fact.exposure == "jargon") != bool(fact.term):
                raise RefusedError("unique", "term_none", "a word of the trade that nobody says")
        for term in terms(plan):
            entry = next((one for one in self.entries if one.term == term), None)
            if entry is None:
                raise RefusedError("unique", "term_unknown", "the glossary lacks a word")
            self.same(plan, entry)
            names = [fact.id for fact in plan.facts if fact.term == term]
            readings = self.readings(plan, entry, wanted)
            readings = max(readings, self.hidden.readings(plan, names, wanted))
            if readings < 2:
                told = "the request comes to the same whatever the word means"
                raise RefusedError("unique", "term_idle", told)
            found = max(found, readings)
        return found

    def same(self, plan: Plan, entry: Meaning) -> None:
        """The clues that are told by a word are those for which it stands.

        Raises:
            RefusedError: They are others, or of something else.
        """
        facts = {fact.id: fact for fact in plan.facts if fact.term == entry.term}
        used: set[str] = set()
        for node in plan.nodes:
            if not isinstance(node, Select):
                continue
            mine = [where for where in node.where if where.fact in facts]
            if not mine:
                continue
            used |= {where.fact for where in mine}
            alike = len(mine) == len(entry.where) and all(
                any(_is(where, facts[where.fact], c.field, c.op, c.value) for where in mine)
                for c in entry.where
            )
            if node.entity != entry.entity or not alike:
                raise RefusedError("unique", "term_differs", "a word that means something else")
        if used != facts.keys():
            raise RefusedError("unique", "term_differs", "a word for what is no clue")

    def readings(self, plan: Plan, entry: Meaning, wanted: Sequence[str]) -> int:
        """Count what the request could come to, were the word another for such rows."""
        found: set[Hashable] = set()
        for other in (plan, *otherwise(plan, entry, self.entries)):
            result = tuple(tuple(self.masks.outcomes(other, end)) for end in ends(other, wanted))
            if any(result):
                found.add(result)
        return len(found)


def otherwise(plan: Plan, entry: Meaning, entries: Sequence[Meaning]) -> Iterator[Plan]:
    """Yield the plan with another word of the glossary in the place of one."""
    gone = {fact.id for fact in plan.facts if fact.term == entry.term}
    highest = max(int(fact.id[1:]) for fact in plan.facts)
    for other in entries:
        if other.entity != entry.entity or other.term == entry.term:
            continue
        facts = tuple(
            Fact(
                id=f"f{highest + number}",
                entity=other.entity,
                field=one.field,
                value=one.value,
                exposure="jargon",
                term=other.term,
            )
            for number, one in enumerate(other.where, 1)
        )
        clues = tuple(
            Where(field=one.field, op=one.op, fact=fact.id)
            for one, fact in zip(other.where, facts, strict=True)
        )
        nodes: list[Node] = []
        for node in plan.nodes:
            if isinstance(node, Select) and any(one.fact in gone for one in node.where):
                kept = tuple(one for one in node.where if one.fact not in gone)
                nodes.append(replace(node, where=(*kept, *clues)))
            else:
                nodes.append(node)
        left = tuple(fact for fact in plan.facts if fact.id not in gone)
        yield replace(plan, facts=(*left, *facts), nodes=tuple(nodes))


def _is(where: Where, fact: Fact, field: str, op: str, value: object) -> bool:
    same = where.field == field and where.op == op and where.of is None
    return same and equal(fact.value, value)
