"""Trials: the writes of a plan played on a world in which rules bar nothing and note everything.

A plan comes in; out comes, write by write, which rules would have barred it once all is done
that a conversation can do (the user identified, a yes given, a row looked at), and what it
changed. Truth about rules is thus the world's own. Next: `changes`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import replace

from agentgym.domain import Domain
from agentgym.formats import Json, Record
from agentgym.plan import Aggregated, Computed, Fact, Plan, Select, Setting, Value, Write
from agentgym.plan.alone import alone
from agentgym.plan.tables import Tables
from agentgym.rules import Authenticated, Calls, Confirmed, Holder, NoChildren, Not, Owner, parts
from agentgym.schema import Entity
from agentgym.schema.types import Row, fold, to_stored, to_wire
from agentgym.tools.algebra import (
    Argument,
    Create,
    Delete,
    Identify,
    Link,
    Tool,
    Transition,
    Unlink,
    Update,
)
from agentgym.trajectory import ErrorCode
from agentgym.world.compile import Engine
from agentgym.world.journal import RowChange, Session

__all__ = ["KINDS", "ONE", "Attempt", "Trial", "identifying", "served_by"]

KINDS: dict[str, tuple[type, ...]] = {
    "update": (Update,),
    "transition": (Transition,),
    "create": (Create, Link),
    "delete": (Delete, Unlink),
}
"""Kind of a plan's write to the terms that do it."""

ONE = (Create, Update, Transition, Delete, Link, Unlink)
"""Terms that write one row."""

_SESSION = (Authenticated, Owner, Holder, Confirmed)


class Attempt(Record, kw_only=True):
    """What a write of a plan came to."""

    write: str
    """Id of the plan's node."""
    tool: str | None
    """None where no tool does it."""
    arguments: dict[str, Json] = {}
    error: ErrorCode | None = None
    """Why it is impossible, rules aside."""
    barred: tuple[str, ...] = ()
    """Ids of the rules that bar it, whatever the conversation brings."""
    changes: tuple[RowChange, ...] = ()
    """Net row changes of this write alone, in the order of its rows."""

    @property
    def allowed(self) -> bool:
        """Whether it can be done."""
        return self.tool is not None and self.error is None and not self.barred

    @property
    def barred_only(self) -> str | None:
        """The one rule that bars what is possible otherwise."""
        found = self.tool is not None and self.error is None and len(self.barred) == 1
        return self.barred[0] if found else None


class Trial:
    """Tries the writes of plans over one domain.

    Args:
        domain: The domain as every episode starts.
        tables: Its rows.
    """

    def __init__(self, domain: Domain, tables: Tables) -> None:
        self.domain, self.schema, self.tables = domain, domain.schema, tables
        self.rules = {rule.id: rule for rule in domain.rules}
        mild = tuple(replace(rule, enforced=False) for rule in domain.rules)
        self.engine = Engine(replace(domain, rules=mild))
        self.world = self.engine.world()

    def play(
        self, plan: Plan, only: Sequence[str] | None = None, *, alone: bool = False
    ) -> list[Attempt]:
        """Play the writes of a plan, one after the other, on the rows at the start.

        Args:
            plan: The plan; its targets have the rows that they should.
            only: Ids of the writes that are played, in that order; all of them when None.
            alone: Each on a fresh world.
        """
        self.world.reset()
        names = only
        if names is None:
            names = [node.id for node in plan.nodes if isinstance(node, Write)]
        found = []
        for name in names:
            write = plan.node(name)
            assert isinstance(write, Write)
            if alone:
                self.world.reset()
            found.append(self.attempt(plan, write))
        return found

    def allowed(self, plan: Plan) -> bool:
        """Tell whether every write of a plan can be done, one after the other."""
        return all(one.allowed and one.changes for one in self.play(plan))

    def attempt(self, plan: Plan, write: Write) -> Attempt:
        """Try one write where the world stands; of several tools, by the first that can."""
        best: Attempt | None = None
        for tool, calls in self.calls(plan, write):
            found = self._attempt(plan, write, tool, calls)
            if found.allowed:
                return found
            if best is None or (best.error is not None and found.error is None):
                best = found
        return best or Attempt(write=write.id, tool=None)

    def _attempt(
        self, plan: Plan, write: Write, tool: Tool, calls: Sequence[Mapping[str, Json]]
    ) -> Attempt:
        before = self.world.snapshot()
        error: ErrorCode | None = None
        barred: dict[str, None] = {}
        for arguments in calls:
            self._converse(plan, tool, arguments)
            result = self.engine.call(self.world, tool.name, dict(arguments))
            noted = result.breaches if result.ok else tuple(self.world.breaches)
            barred |= dict.fromkeys(noted)
            if result.error is not None:
                kept = self._kept(plan, write) if result.error.code == "conflict" else []
                barred |= dict.fromkeys(kept)
                error = error or (None if kept else result.error.code)
        changes = self.world.diff(before)
        found = Attempt(
            write=write.id,
            tool=tool.name,
            arguments=dict(calls[0]) if calls else {},
            error=error,
            barred=tuple(barred),
            changes=changes,
        )
        if not found.allowed:
            self.world.restore(before)
        return found

    def _kept(self, plan: Plan, write: Write) -> list[str]:
        """Name the rules that keep a row because others refer to it."""
        if write.kind != "delete" or write.target is None:
            return []
        entity = self.schema.entity(write.entity)
        rows = self.tables.extent(plan, write.target)
        found = []
        for rule in self.domain.rules:
            if rule.entity != entity.name or not isinstance(rule.predicate, NoChildren):
                continue
            relation = self.schema.relation(rule.predicate.relation)
            places = [entity.position(name) for name in relation.target_fields]
            keys = [tuple(row[place] for place in places) for row in rows]
            if any(self.tables.lookup(relation.entity, relation.fields, key) for key in keys):
                found.append(rule.id)
        return found

    def bare(self, plan: Plan, write: Write) -> tuple[str, ...]:
        """Name the rules that bar a write at the start of a conversation in which nothing was said.

        Those of them that `play` does not name are met by what is said and looked at first.
        """
        self.world.reset()
        noted: dict[str, None] = {}
        for tool, calls in self.calls(plan, write):
            for arguments in calls:
                result = self.engine.call(self.world, tool.name, dict(arguments))
                noted |= dict.fromkeys(result.breaches if result.ok else self.world.breaches)
            break
        self.world.reset()
        return tuple(noted)

    def _converse(self, plan: Plan, tool: Tool, arguments: Mapping[str, Json]) -> None:
        """Do what a conversation can do before a call: identify, agree, look first."""
        marks = self.world.session.marks
        self.world.session = Session(identity=self._identity(plan), confirmed=1, marks=marks)
        for name in tool.guards:
            rule = self.rules[name]
            for part in parts(rule.predicate):
                if isinstance(part, Not):
                    break
                if isinstance(part, Calls) and part.op in ("ge", "gt"):
                    given = {b: arguments[a] for a, b in part.same.items() if a in arguments}
                    self.engine.call(self.world, part.tool, given)

    def _identity(self, plan: Plan) -> tuple[str, tuple[Json, ...]] | None:
        if plan.party is None:
            return None
        entity = self.schema.entity(plan.party.entity)
        row = served_by(plan, self.tables)
        return (
            None
            if row is None
            else (
                entity.name,
                tuple(row[entity.position(name)] for name in entity.key),
            )
        )

    # calls

    def calls(self, plan: Plan, write: Write) -> Iterator[tuple[Tool, list[dict[str, Json]]]]:
        """Yield the tools that do a write, each with its calls: one for every row."""
        settings = {setting.field: self.given(plan, setting) for setting in write.settings}
        rows = [None] if write.target is None else self.tables.extent(plan, write.target)
        for tool in self.domain.tools:
            found = [self.arguments(tool, write, settings, row) for row in rows]
            if found and None not in found:
                yield tool, [one for one in found if one is not None]

    def makes(self, tool: Tool) -> bool:
        """Tell whether a tool makes rows."""
        return isinstance(alone(tool.term)[0], (Create, Link))

    def does(self, tool: Tool, write: Write) -> bool:
        """Tell whether a tool does writes of that kind on that entity."""
        term, _ = alone(tool.term)
        return isinstance(term, KINDS[write.kind]) and getattr(term, "entity", "") == write.entity

    def given(self, plan: Plan, setting: Setting) -> Json:
        """Return the wire value of a setting; None where it has none."""
        if setting.fact is not None:
            return plan.fact(setting.fact).value
        node = plan.node(str(setting.node))
        if isinstance(node, (Computed, Aggregated)):
            numbers = self.tables.values(plan, Value(node=node.id))
            return numbers[0] if len(numbers) == 1 else None
        assert isinstance(node, Select)
        rows = self.tables.extent(plan, node.id)
        if len(rows) != 1:
            return None
        entity = self.schema.entity(node.entity)
        source = str(setting.source)
        return to_wire(entity.field(source), rows[0][entity.position(source)])

    def arguments(
        self, tool: Tool, write: Write, settings: Mapping[str, Json], row: Row | None
    ) -> dict[str, Json] | None:
        """Return the arguments with which a tool does a write; None where it cannot."""
        term, fixed = alone(tool.term)
        if not isinstance(term, ONE) or not isinstance(term, KINDS[write.kind]):
            return None
        if term.entity != write.entity:
            return None
        values: tuple[Argument, ...]
        keys: tuple[Argument, ...]
        match term:
            case Create():
                if any(nested.least for nested in term.nested):
                    return None
                values, keys = term.values, ()
            case Update():
                values, keys = term.values, term.key
            case Transition():
                values, keys = (term.to,), term.key
            case Link():
                values, keys = term.ends + term.values, ()
            case Unlink():
                values, keys = (), term.ends
            case Delete():
                values, keys = (), term.key
        params = {argument.field: argument.param for argument in values}
        own = {field: fixed[param] for field, param in params.items() if param in fixed}
        if not settings.keys() <= params.keys() or not fixed.keys() <= set(params.values()):
            return None
        if any(field not in settings or settings[field] != own[field] for field in own):
            return None
        ends = term.ends if isinstance(term, Link) else ()
        needed = (*ends, *(argument for argument in values if argument.required))
        if any(argument.field not in settings for argument in needed):
            return None
        found = {p: settings[f] for f, p in params.items() if f in settings and p not in fixed}
        if keys:
            assert row is not None
            entity = self.schema.entity(write.entity)
            for argument in keys:
                place, field = entity.position(argument.field), entity.field(argument.field)
                found[argument.param] = to_wire(field, row[place])
        return found

    def asks(self, tool: Tool, *kinds: type) -> bool:
        """Tell whether a rule of a tool speaks of what a conversation brings about."""
        wanted = kinds or _SESSION
        return any(
            isinstance(part, wanted)
            for name in tool.guards
            for part in parts(self.rules[name].predicate)
        )


def served_by(plan: Plan, tables: Tables) -> Row | None:
    """Return the row of the user whom a plan is for; None where that is nobody's business."""
    if plan.party is None:
        return None
    entity = tables.schema.entity(plan.party.entity)
    facts = plan.who()
    names = tuple(fact.field for fact in facts)
    values = tuple(_folded(entity, fact) for fact in facts)
    rows = tables.lookup(entity.name, names, values, folded=True)
    return rows[0] if len(rows) == 1 else None


def _folded(entity: Entity, fact: Fact) -> Json:
    value = to_stored(entity.field(fact.field), fact.value)
    return fold(value) if isinstance(value, str) else value


def identifying(tools: Sequence[Tool]) -> list[Identify]:
    """List the terms by which users are identified."""
    return [tool.term for tool in tools if isinstance(tool.term, Identify)]
