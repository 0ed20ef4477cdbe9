"""The state of the reference model: rows as dicts, counters, clock and conversation.

Here are also the rules that a write is asked, and what a new row holds when nobody says.
Next: `store`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from typing import Any, Literal

from agentgym.domain import Domain, later
from agentgym.rules import Rule
from agentgym.schema import Entity, Field
from agentgym.schema.types import Row, Stored, to_stored
from agentgym.testing.arithmetic import Key, No, is_written, key_of, refers
from agentgym.testing.truth import Scene, Values, needs_yes, truth
from agentgym.tools.algebra import Tool
from agentgym.world.door import WRITTEN
from agentgym.world.keys import pattern, spell

__all__ = ["NOBODY", "Books", "Call", "Kind", "Table"]

Table = dict[Key, dict[str, Stored]]
Kind = Literal["create", "update", "delete", "read"]


class Call:
    """One call of a tool: what its rules look at, and what they said."""

    def __init__(
        self, tool: Tool | None, given: Mapping[str, Any], fields: Mapping[str, Field]
    ) -> None:
        self.tool, self.given, self.fields = tool, given, fields
        self.breaches: list[str] = []
        self.yes = 0
        """How many of the user's confirmations the call rests on."""

    def of(self, other: Mapping[str, Any]) -> Call:
        """Return a call of the same tool with other arguments, that notes the same things."""
        twin = copy.copy(self)
        twin.given = other
        return twin


NOBODY = Call(None, {}, {})


class Books:
    """The rows of one domain instance, and the conversation as far as rules look at it."""

    def __init__(self, domain: Domain) -> None:
        self.domain, self.schema = domain, domain.schema
        self.turns = 0
        self.tables: dict[str, Table] = {}
        for entity in self.schema.entities:
            names = [field.name for field in entity.fields]
            rows = (dict(zip(names, row, strict=True)) for row in domain.rows.get(entity.name, ()))
            self.tables[entity.name] = {key_of(entity, row): row for row in rows}
        self.counters: dict[tuple[str, str], int] = {}
        self.identity: tuple[str, Key] | None = None
        self.confirmed = 0
        self.calls: list[tuple[str, Mapping[str, Any]]] = []
        """The successful calls so far."""
        self._start = {name: dict(table) for name, table in self.tables.items()}

    def rows(self, entity: str) -> list[Row]:
        """Return all rows in key order, in stored form."""
        table = self.tables[entity]
        return [tuple(table[key].values()) for key in sorted(table)]

    def snapshot(self) -> Any:
        """Keep this moment. Rows are replaced and never changed, so that they can be shared."""
        tables = {name: dict(table) for name, table in self.tables.items()}
        return tables, self.counters, self.turns, (self.identity, self.confirmed, self.calls)

    def restore(self, snapshot: Any) -> None:
        """Go to that moment."""
        tables, self.counters, self.turns, session = snapshot
        self.tables = {name: dict(table) for name, table in tables.items()}
        self.identity, self.confirmed, self.calls = session

    def reset(self) -> None:
        """Go back to the start."""
        self.restore((self._start, {}, 0, (None, 0, [])))

    @property
    def now(self) -> str:
        """The logical time."""
        return later(self.domain.clock.start, self.turns * self.domain.clock.step_s)

    # rules

    def scene(self, kind: Kind, call: Call) -> Scene:
        """Return what predicates may look at."""
        return Scene(
            schema=self.schema,
            tables=self.tables,
            kind=kind,
            now=self.now,
            given=call.given,
            fields=call.fields,
            identity=self.identity,
            confirmed=self.confirmed,
            calls=self.calls,
        )

    def check(
        self,
        entity: Entity,
        kind: Kind,
        before: Values | None,
        after: Values,
        call: Call,
        *,
        only: Collection[str] | None = None,
        without: Collection[str] = (),
    ) -> None:
        """Ask the tool's own rules, then the invariants of the entity."""
        names = () if call.tool is None else call.tool.guards
        own = [self.domain.rule(name) for name in names]
        own.sort(key=lambda rule: rule.kind not in ("authentication", "ownership", "tier"))
        asked = [rule for rule in own if rule.kind != "invariant"]
        asked += [rule for rule in self.domain.rules if rule.kind == "invariant"]
        for rule in asked:
            if rule.id not in without and (only is None or rule.id in only):
                self._ask(rule, entity, kind, before, after, call)

    def _ask(
        self,
        rule: Rule,
        entity: Entity,
        kind: Kind,
        before: Values | None,
        after: Values,
        call: Call,
    ) -> None:
        if rule.entity != entity.name or kind not in rule.on:
            return
        if kind == "update" and rule.fields and before is not None:
            if all(before[name] == after[name] for name in rule.fields):
                return
        scene = self.scene(kind, call)
        before = None if kind == "create" else before
        if truth(rule.predicate, entity, scene, before=before, after=after) is False:
            if rule.enforced:
                raise No("rule_broken", rule.id)
            call.breaches.append(rule.id)
        elif rule.enforced and rule.kind != "invariant":
            call.yes |= needs_yes(rule.predicate, entity, scene, before=before, after=after)

    def children(self, name: str, row: Values) -> int:
        """Count the rows, other than the row itself, that refer to it through the relation."""
        relation = self.schema.relation(name)
        own = relation.entity == relation.target and refers(relation, row, row)
        found = self.tables[relation.entity].values()
        return sum(refers(relation, one, row) for one in found) - own

    def _references(self, entity: Entity, before: Values | None, after: Values) -> None:
        for relation in self.schema.parents(entity.name):
            now = [after[name] for name in relation.fields]
            same = before is not None and now == [before[name] for name in relation.fields]
            own = relation.target == entity.name and refers(relation, after, after)
            parents = self.tables[relation.target].values()
            if None in now or same or own:
                continue
            if not any(refers(relation, after, parent) for parent in parents):
                raise No("not_found")

    def _unique(self, entity: Entity, old: Key | None, after: Values) -> None:
        sets = [entity.key, *((f.name,) for f in entity.fields if f.unique), *entity.uniques]
        for names in sets:
            values = [after[name] for name in names]
            for key, row in self.tables[entity.name].items():
                if key != old and None not in values and values == [row[n] for n in names]:
                    raise No("conflict")

    # what nobody says

    def _unsaid(self, entity: Entity, field: Field) -> Stored:
        if field.default is not None:
            with suppress(ValueError):
                return to_stored(field, field.default)
        for cycle in self.schema.lifecycles:
            if (cycle.entity, cycle.field) == (entity.name, field.name) and cycle.initial:
                return cycle.initial[0]
        clocked = field.type in ("date", "datetime") and field.name not in entity.key
        if clocked and not field.generated and (is_written(field, WRITTEN) or not field.nullable):
            return self._time(field)
        return None

    def _time(self, field: Field) -> str:
        return self.now[:10] if field.type == "date" else self.now

    def _counter(self, entity: Entity, name: str) -> int:
        start = [row[name] for row in self._start[entity.name].values()]
        return self.counters.get(
            (entity.name, name), max([0, *(v for v in start if isinstance(v, int))])
        )

    def _new_key(self, entity: Entity, field: Field) -> tuple[Stored, int]:
        count = self._counter(entity, field.name) + 1
        if field.type == "integer":
            if count >= 2**63:
                raise No("limit_exceeded")
            return count, count
        if field.type != "text":
            return None, count
        known = [str(row[field.name]) for row in self._start[entity.name].values()]
        form, longest = pattern(known, longest=field.max_length), field.max_length
        spelled: Callable[[int], str] = lambda n: spell(  # noqa: E731
            form, entity.name, n + form.highest, longest=longest
        )
        first = count
        while len(entity.key) == 1 and (spelled(count),) in self.tables[entity.name]:
            count += 1
            if count >= first + 10_000:
                raise No("limit_exceeded")
        return spelled(count), count
