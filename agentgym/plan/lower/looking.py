"""Looking: one select's rows shown by calls, page by page.

What is known of the rows comes in; the cheapest call that leads to them is made, and further pages
are turned as long as need be. A call that was made before is not made again: what it showed is
known. Next: `finding`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from agentgym.formats import Json, to_text
from agentgym.plan.lower.offers import MOST_PAGES, Until, choice, cost, offers
from agentgym.plan.lower.records import At, Key, Known, Look, Offer, Pool, Ways, key_of
from agentgym.plan.nodes import Pick, Select
from agentgym.plan.remedies import NoLoweringError, Operand, Remedies
from agentgym.plan.tables import Tables
from agentgym.schema.types import Row
from agentgym.tools.algebra import Tool, subject
from agentgym.trajectory import Result

__all__ = ["BarredError", "Looking"]


class BarredError(NoLoweringError):
    """A rule that bars the act bars looking at its rows as well; the refused call was noted."""


class Looking:
    """Makes calls that show rows.

    Args:
        tables: The rows at the start.
        tools: The tools to choose from.
        remedies: Makes the calls, and notes them.
        ways: What is done otherwise than the cheapest.
    """

    def __init__(
        self, tables: Tables, tools: Sequence[Tool], remedies: Remedies, ways: Ways
    ) -> None:
        self.tables, self.tools, self.remedies, self.ways = tables, tools, remedies, ways
        self.schema = tables.schema
        self.expected: set[str] = set()
        """Ids of rules by which a refusal is what the run is to come to."""
        self._of: dict[str | None, list[Tool]] = {}
        for tool in tools:
            self._of.setdefault(subject(tool.term, self.schema), []).append(tool)
        self._made: dict[tuple[str, str], tuple[int, Result]] = {}

    def giving(self, entity: str) -> list[Tool]:
        """Return the tools that give or change rows of an entity."""
        return self._of.get(entity, [])

    def pool(self, entity: str, rows: Iterable[Row]) -> Pool:
        """Return some rows as those that fit."""
        rows = list(rows)
        kind = self.schema.entity(entity)
        keys = frozenset(key_of(kind, row) for row in rows)
        return Pool(self.tables.bits_of(entity, rows), keys)

    def look(
        self,
        select: Select,
        known: Known,
        pool: Pool,
        *,
        until: Until,
        pick: Pick | None = None,
    ) -> Look:
        """Let rows be shown, by the offer that takes fewest calls.

        Args:
            select: What is looked for; need not be of the plan.
            known: What can be said of it.
            pool: The rows that fit all that is checked on them.
            until: How long pages are turned.
            pick: The order that the list must have.

        Raises:
            NoLoweringError: No tool shows them.
        """
        refused: list[tuple[Offer, str]] = []
        for offer in self.ranked(select, known, pool, until, pick):
            found = self._take(select, offer, pool, until, refused)
            if found is not None:
                return found
        for offer, rule in refused:
            if rule in self.expected:
                self.remedies.note(offer.tool.name, offer.arguments, select.id, fails=True)
                raise BarredError(f"{offer.tool.name}: {rule}")
        raise NoLoweringError(f"no tool finds the {select.entity}")

    def ranked(
        self, select: Select, known: Known, pool: Pool, until: Until, pick: Pick | None = None
    ) -> list[Offer]:
        """Return the offers that lead to the rows, cheapest first."""
        entity = self.schema.entity(select.entity)
        broad = select.id in self.ways.broad
        found = []
        for offer in offers(self.tables, self.giving(select.entity), known, pick=pick, broad=broad):
            if (select.id, offer.tool.name) not in self.ways.shunned:
                calls = cost(self.tables, entity, offer, pool, until)
                if calls is not None:
                    found.append((calls, offer))
        return [offer for _, offer in sorted(found, key=lambda one: one[0])]

    def price(
        self, select: Select, known: Known, pool: Pool, until: Until, pick: Pick | None = None
    ) -> int | None:
        """Reckon how many calls the best offer takes; None where there is none."""
        best = self.ranked(select, known, pool, until, pick)[:1]
        entity = self.schema.entity(select.entity)
        return cost(self.tables, entity, best[0], pool, until) if best else None

    def _take(
        self,
        select: Select,
        offer: Offer,
        pool: Pool,
        until: Until,
        refused: list[tuple[Offer, str]],
    ) -> Look | None:
        """Make the calls of an offer; None where they do not show what they should."""
        entity = self.schema.entity(select.entity)
        pages: list[tuple[dict[str, Operand], Result, tuple[int, ...]]] = []
        left = set(pool.keys)
        for page in range(1, MOST_PAGES + 1):
            arguments = offer.arguments | ({"page": choice(page)} if page > 1 else {})
            result, after = self._call(offer.tool, arguments, select.id)
            if not result.ok:
                assert result.error is not None
                nothing = offer.exact and not pool.keys and result.error.code == "not_found"
                if nothing:
                    number = self.remedies.note(
                        offer.tool.name, arguments, select.id, after, fails=True
                    )
                    return Look([], (number,))
                if result.error.rule is not None:
                    refused.append((offer, result.error.rule))
                return None
            if result.paged == offer.exact or not all(
                offer.checks <= row.keys() for row in result.rows
            ):
                return None
            pages.append((arguments, result, after))
            here = {tuple(row.get(name) for name in entity.key) for row in result.rows}
            hit, left = bool(here & pool.keys), left - here
            last = offer.exact or page >= result.data["pages"]
            if last or (until == "first" and hit) or (until == "last" and not left and pool.keys):
                break
        else:
            return None
        if (left and until != "first") or (pool.keys and left == pool.keys):
            return None
        return self._noted(select, offer, pages, pool, until, entity.key)

    def _noted(
        self,
        select: Select,
        offer: Offer,
        pages: Sequence[tuple[dict[str, Operand], Result, tuple[int, ...]]],
        pool: Pool,
        until: Until,
        key: Sequence[str],
    ) -> Look:
        """Note the calls of an offer, and tell which of the rows that fit they showed."""
        numbers: list[int] = []
        found: list[At] = []
        for arguments, result, after in pages:
            slot = _slot(offer.tool, arguments)
            if slot in self._made:
                number = self._made[slot][0]
            else:
                number = self.remedies.note(
                    offer.tool.name, arguments, select.id, (*after, *numbers[-1:])
                )
                self._made[slot] = number, result
            numbers.append(number)
            for place, row in enumerate(result.rows):
                name: Key = tuple(row.get(part) for part in key)
                if name in pool.keys:
                    found.append(At(number, f"items.{place}." if result.paged else "", row))
        return Look(found[:1] if until == "first" else found, tuple(numbers))

    def _call(
        self, tool: Tool, arguments: dict[str, Operand], node: str
    ) -> tuple[Result, tuple[int, ...]]:
        slot = _slot(tool, arguments)
        if slot in self._made:
            return self._made[slot][1], ()
        values = {name: operand.value for name, operand in arguments.items()}
        return self.remedies.call(tool, values, arguments, node)

    def open(self, tool: Tool, arguments: dict[str, Operand], node: str) -> None:
        """Make a call that nothing rests on, unless it was made before."""
        if _slot(tool, arguments) not in self._made:
            result, after = self._call(tool, arguments, node)
            if result.ok:
                number = self.remedies.note(tool.name, arguments, node, after)
                self._made[_slot(tool, arguments)] = number, result

    def total(self, select: Select, known: Known) -> tuple[Json, int] | None:
        """Read off a list how many rows there are; None where no list holds all that is known.

        Returns:
            The number, and that of the call.
        """
        for offer in offers(self.tables, self.giving(select.entity), known):
            if offer.exact or offer.checks or (select.id, offer.tool.name) in self.ways.shunned:
                continue
            result, after = self._call(offer.tool, offer.arguments, select.id)
            if result.ok and result.paged:
                slot = _slot(offer.tool, offer.arguments)
                if slot not in self._made:
                    number = self.remedies.note(offer.tool.name, offer.arguments, select.id, after)
                    self._made[slot] = number, result
                return result.data["total"], self._made[slot][0]
        return None


def _slot(tool: Tool, arguments: dict[str, Operand]) -> tuple[str, str]:
    return tool.name, to_text({name: arguments[name].value for name in sorted(arguments)})
