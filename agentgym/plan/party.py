"""The party of a plan: who the user has to be, so that the rules let the plan pass.

A plan, the rows and the rules come in; out comes the plan with the facts by which the user is
identified. Whom a row belongs to is read from the paths of the ownership rules. Next: `remedies`.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from agentgym.plan import Fact, Node, Party, Plan, Select, Write
from agentgym.plan.remedies import NoLoweringError
from agentgym.plan.tables import Tables
from agentgym.rules import Authenticated, Holder, Owner, Rule, parts
from agentgym.schema.types import Row, Stored, fold, to_stored, to_wire
from agentgym.tools.algebra import Identify, Tool, subject

__all__ = ["Parties"]


class Parties:
    """Finds out who the user of a plan is.

    Args:
        tables: The rows of the domain as they are at the start.
        tools: Of the domain.
        rules: Of the domain; only those that tools name are looked at.
    """

    def __init__(self, tables: Tables, tools: Sequence[Tool], rules: Sequence[Rule]) -> None:
        self.tables, self.schema = tables, tables.schema
        self._identify = [tool.term for tool in tools if isinstance(tool.term, Identify)]
        named: dict[str, set[str]] = {}
        for tool in tools:
            entity = subject(tool.term, self.schema)
            if entity is not None:
                for name in tool.guards:
                    named.setdefault(name, set()).add(entity)
        self._rules = [
            rule
            for rule in rules
            if rule.enforced and rule.kind != "invariant" and rule.id in named
        ]

    def served(self, plan: Plan, draws: random.Random) -> Plan:
        """Return the plan with its party; as it is where it has one, or no rule asks for one.

        Raises:
            NoLoweringError: What it touches belongs to several, or nobody can be identified.
        """
        if plan.party is not None or not self._identify or not self._wanted(plan):
            return plan
        for term in self._identify:
            entity = self.schema.entity(term.entity)
            owners = list(dict.fromkeys(self._owners(plan, term.entity, Write)))
            if len(owners) > 1:
                raise NoLoweringError(f"it changes what belongs to several {entity.plural}")
            if not owners:
                owners = list(dict.fromkeys(self._owners(plan, term.entity, Select)))
                if len(owners) > 1:
                    return plan  # searches may still show what nobody may open by its key
            rows = (
                self.tables.lookup(entity.name, entity.key, owners[0])
                if owners
                else self._may(plan, term.entity)
            )
            rows = [row for row in rows if self._tellable(term, row)]
            if rows:
                return self._with(plan, term, draws.choice(rows))
        raise NoLoweringError("nobody may do this, or nobody can be identified")

    def as_user(self, plan: Plan, entity: str, row: Row) -> Plan | None:
        """Return the plan with a row as that of its user, by which a select can be `me`.

        Args:
            plan: A plan without a party.
            entity: What the row is of.
            row: The row.

        Returns:
            The plan; None where no tool identifies such users, or the row lacks what it asks for.
        """
        for term in self._identify:
            if term.entity == entity and self._tellable(term, row):
                return self._with(plan, term, row)
        return None

    def _with(self, plan: Plan, term: Identify, row: Row) -> Plan:
        entity = self.schema.entity(term.entity)
        taken = {fact.id for fact in plan.facts}
        free = (f"f{n}" for n in itertools.count(len(taken) + 1) if f"f{n}" not in taken)
        facts = tuple(
            Fact(
                id=name,
                entity=term.entity,
                field=one.field,
                value=to_wire(entity.field(one.field), row[entity.position(one.field)]),
                exposure="user",
            )
            for name, one in zip(free, term.by, strict=False)
        )
        party = Party(entity=term.entity, facts=tuple(fact.id for fact in facts))
        return replace(plan, facts=plan.facts + facts, party=party)

    def _tellable(self, term: Identify, row: Row) -> bool:
        """Tell whether the row can be identified: it has every value, and no other row has all."""
        entity = self.schema.entity(term.entity)
        names = tuple(one.field for one in term.by)
        values = tuple(row[entity.position(name)] for name in names)
        if None in values or "" in values:
            return False
        alike = tuple(fold(value) if isinstance(value, str) else value for value in values)
        return len(self.tables.lookup(entity.name, names, alike, folded=True)) == 1

    def _wanted(self, plan: Plan) -> bool:
        touched = {node.entity for node in plan.nodes if isinstance(node, (Select, Write))}
        return any(
            rule.entity in touched
            and any(isinstance(p, (Authenticated, Owner, Holder)) for p in parts(rule.predicate))
            for rule in self._rules
        )

    def _owners(
        self, plan: Plan, party: str, kind: type[Select | Write]
    ) -> Iterator[tuple[Stored, ...]]:
        """Yield the keys of those to whom the rows belong that guarded tools touch."""
        for rule in self._rules:
            for part in parts(rule.predicate):
                if not isinstance(part, Owner) or self._end(rule.entity, part.path) != party:
                    continue
                for node in plan.nodes:
                    if not isinstance(node, kind) or not _concerned(rule, node):
                        continue
                    for row in self._rows(plan, node, part.path):
                        entity = self.schema.entity(party)
                        yield tuple(row[entity.position(name)] for name in entity.key)

    def _rows(self, plan: Plan, node: Node, path: tuple[str, ...]) -> list[Row]:
        """Return the row of the party that a node's row leads to; none where nothing does."""
        if isinstance(node, Select):
            return self._follow(node.entity, self.tables.extent(plan, node.id), path)
        assert isinstance(node, Write)
        if node.target is not None:
            return self._follow(node.entity, self.tables.extent(plan, node.target), path)
        if not path:
            return []
        relation = self.schema.relation(path[0])
        child = self.schema.entity(relation.entity)
        values: list[Stored] = []
        for name in relation.fields:
            setting = next((s for s in node.settings if s.field == name), None)
            if setting is None:
                return []
            if setting.fact is not None:
                values.append(to_stored(child.field(name), plan.fact(setting.fact).value))
                continue
            select = plan.node(str(setting.node))
            if not isinstance(select, Select):
                return []
            rows = self.tables.extent(plan, select.id)
            if len(rows) != 1:
                return []
            place = self.schema.entity(select.entity).position(str(setting.source))
            values.append(rows[0][place])
        found = self.tables.lookup(relation.target, relation.target_fields, tuple(values))
        return self._follow(relation.target, found, path[1:])

    def _follow(self, entity: str, rows: list[Row], path: tuple[str, ...]) -> list[Row]:
        for name in path:
            relation = self.schema.relation(name)
            child = self.schema.entity(entity)
            places = [child.position(field) for field in relation.fields]
            keys = dict.fromkeys(tuple(row[place] for place in places) for row in rows)
            rows = [
                row
                for key in keys
                if None not in key
                for row in self.tables.lookup(relation.target, relation.target_fields, key)
            ]
            entity = relation.target
        return rows

    def _end(self, entity: str, path: tuple[str, ...]) -> str:
        return self.schema.relation(path[-1]).target if path else entity

    def _may(self, plan: Plan, party: str) -> list[Row]:
        """Return the rows of the party whose holders may do all that the plan does."""
        entity = self.schema.entity(party)
        rows = list(self.tables.rows(party))
        for rule in self._rules:
            if not any(_concerned(rule, node) for node in plan.nodes):
                continue
            predicate = rule.predicate
            if isinstance(predicate, Holder) and predicate.entity == party:
                field, place = entity.field(predicate.field), entity.position(predicate.field)
                legal = {to_stored(field, value) for value in predicate.values}
                rows = [row for row in rows if row[place] in legal]
        return rows


def _concerned(rule: Rule, node: Node) -> bool:
    """Tell whether a node of a plan may be guarded by the rule."""
    match node:
        case Write():
            kind = "update" if node.kind == "transition" else node.kind
            return node.entity == rule.entity and kind in rule.on
        case Select():
            return node.entity == rule.entity and "read" in rule.on
        case _:
            return False
