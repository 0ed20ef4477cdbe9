"""Refusing: what shows that an act cannot be done, without doing it.

A refusal comes in; the rows that show why are found: those that the rule speaks of, the empty
field, the list without the row that is meant. Out goes the reason. Where nothing but the refused
call itself can show it, that call is made. Next: `others`.
"""

from __future__ import annotations

from collections.abc import Sequence

from agentgym.formats import Json
from agentgym.plan.lower.acting import Acting
from agentgym.plan.lower.looking import BarredError
from agentgym.plan.lower.offers import Until
from agentgym.plan.lower.records import At, Known
from agentgym.plan.nodes import Choose, Emit, Refuse, Select, Write
from agentgym.plan.remedies import NoLoweringError, Operand
from agentgym.rules import (
    Alone,
    Authenticated,
    Compare,
    Count,
    Elapsed,
    Holder,
    In,
    Move,
    NoChildren,
    Owner,
    Predicate,
    Rule,
    parts,
)
from agentgym.rules.english import a
from agentgym.schema import Relation
from agentgym.schema.types import to_stored

__all__ = ["Refusing"]


class Refusing(Acting):
    """Shows why acts cannot be done."""

    def refuse(self, node: Refuse) -> str:
        """Find what shows that an act cannot be done; returns the reason in words.

        Raises:
            NoLoweringError: No call shows it.
        """
        act = self.plan.node(node.act)
        assert isinstance(act, (Write, Emit))
        match node.because:
            case "rule":
                rule = self.remedies.rules.get(str(node.rule))
                if rule is None:
                    raise NoLoweringError(f"there is no rule {node.rule}")
                self.expected(act, rule)
                return f"The rule {rule.id} does not allow it."
            case "no_row":
                assert node.node is not None
                self.nothing(node.node)
                return self.missing(node.node)
            case "no_value":
                assert node.node is not None
                at = self.row(node.node)
                if str(node.field) not in at.row or at.row[str(node.field)] is not None:
                    raise NoLoweringError(f"{node.field} is not empty, or not shown")
                entity = self.schema.entity(self.select(node.node).entity)
                label = entity.field(str(node.field)).label
                return f"The {label} of the {entity.label} is not known: it is empty."
            case _:
                return self.toolless(act)

    def missing(self, node: str) -> str:
        """Say that no row fits."""
        select = self.select(node)
        entity = self.schema.entity(select.entity)
        told = [
            f"{entity.field(where.field).label} {self.plan.fact(where.fact).value}"
            for where in select.where
        ]
        return f"There is no {entity.label}{' with ' if told else ''}{' and '.join(told)}."

    def toolless(self, act: Write | Emit) -> str:
        """See the rows of an act that no tool does; returns the reason."""
        if isinstance(act, Emit):
            node = self.plan.node(act.node)
            for name in [node.of] if isinstance(node, Choose) else [act.node]:
                if isinstance(self.plan.node(name), Select):
                    self.rows(name) if act.many or isinstance(node, Choose) else self.row(name)
            select = self.plan.node(node.of if isinstance(node, Choose) else act.node)
            if not isinstance(select, Select) or act.field is None:
                return "No tool tells it."
            entity = self.schema.entity(select.entity)
            return f"No tool tells the {entity.field(act.field).label} of the {entity.label}."
        if act.target is not None:
            self.rows(act.target) if act.each else self.row(act.target)
        self.settings(act)
        entity = self.schema.entity(act.entity)
        fields = " and ".join(entity.field(one.field).label for one in act.settings)
        verb = {"create": "adds", "delete": "deletes"}.get(act.kind, "changes")
        what = f"the {fields} of {a(entity.label)}" if fields else a(entity.label)
        return f"No tool {verb} {what}."

    # rules

    def expected(self, act: Write | Emit, rule: Rule) -> None:
        """Find the rows that show that a rule bars an act.

        Raises:
            NoLoweringError: Nothing shows it.
        """
        self.desk.expected.add(rule.id)
        try:
            if isinstance(act, Emit):
                self.answer(act)
                return
            self.prepare(act)
            for part in parts(rule.predicate):
                self.shows(act, part)
        except BarredError:
            return
        except NoLoweringError:
            if isinstance(act, Emit) or not rule.enforced:
                raise
            self.attempt(act, rule)
        finally:
            self.desk.expected.discard(rule.id)

    def attempt(self, act: Write, rule: Rule) -> None:
        """Make the call that the rule refuses: where no row can be seen, it alone shows why."""
        for at in self.targets(act):
            for tool, arguments in self.deeds(act, at):
                if rule.id not in tool.guards:
                    continue
                values = {name: operand.value for name, operand in arguments.items()}
                result, after = self.remedies.call(tool, values, arguments, act.id)
                if result.error is None or result.error.rule != rule.id:
                    raise NoLoweringError(f"{rule.id} does not refuse {tool.name}")
                self.remedies.note(tool.name, arguments, act.id, after, fails=True)
                return
        raise NoLoweringError(f"no tool asks {rule.id}")

    def shows(self, act: Write, part: Predicate) -> None:
        """Find the rows that a part of a rule speaks of."""
        match part:
            case Compare() | In() | Elapsed():
                self.follow(act, part.path)
            case Move():
                self.follow(act, ())
            case Authenticated() | Holder():
                self.remedies.identify(act.id)
                if isinstance(part, Holder):
                    self.holder(act)
            case Owner():
                self.remedies.identify(act.id)
                self.follow(act, part.path[:-1])
            case Count():
                relation = self.schema.relation(part.relation)
                for at in self.follow(act, part.path):
                    self.children(act, relation, at, part.where)
            case NoChildren():
                relation = self.schema.relation(part.relation)
                for at in self.follow(act, ()):
                    self.children(act, relation, at, {}, until="first")
            case Alone():
                self.rivals(act, part.exclusive)
            case _:
                pass

    def follow(self, act: Write, path: Sequence[str]) -> list[At]:
        """Find the rows that a path leads to from the rows that are written, these included."""
        if act.target is not None:
            found = self.rows(act.target) if act.each else [self.row(act.target)]
        elif path:
            settings = self.settings(act)
            relation = self.schema.relation(path[0])
            if not set(relation.fields) <= settings.keys():
                return []
            found = self.above(act, relation, settings)
            path = path[1:]
        else:
            return []
        for name in path:
            relation = self.schema.relation(name)
            found = [
                above
                for at in found
                if None not in [at.row.get(field) for field in relation.fields]
                for above in self.above(
                    act, relation, {field: at.operand(field) for field in relation.fields}
                )
            ]
        return found

    def above(self, act: Write, relation: Relation, values: dict[str, Operand]) -> list[At]:
        """Find the row that a reference leads to."""
        pairs = zip(relation.target_fields, relation.fields, strict=True)
        return self.having(act, relation.target, {there: values[here] for there, here in pairs})

    def children(
        self,
        act: Write,
        relation: Relation,
        at: At,
        where: dict[str, tuple[str, ...]],
        *,
        until: Until = "all",
    ) -> None:
        """Find the rows that refer to one."""
        pairs = zip(relation.fields, relation.target_fields, strict=True)
        values = {mine: at.operand(theirs) for mine, theirs in pairs}
        self.having(act, relation.entity, values, checks=frozenset(where), until=until)

    def rivals(self, act: Write, exclusive: str) -> None:
        """Find the rows that exclude the written one."""
        one = next((e for e in self.schema.exclusives if e.id == exclusive), None)
        if one is None:
            return
        settings = self.settings(act)
        mine: list[At | None] = [*self.follow(act, ())]
        for at in mine or [None]:
            values = {name: settings[name] for name in one.same if name in settings}
            if at is not None:
                values = {name: values.get(name) or at.operand(name) for name in one.same}
            if len(values) == len(one.same):
                checks = {*one.where, *(one.span or ())}
                self.having(act, one.entity, values, checks=frozenset(checks))

    def holder(self, act: Write) -> None:
        """See the row of the user."""
        party = self.plan.party
        if party is None or not self.remedies.identity:
            return
        number = self.remedies.identified
        keys = {
            name: Operand(value=value, origin=f"call:{number}:identified.{name}")
            for name, value in self.remedies.identity.items()
        }
        self.having(act, party.entity, keys)

    def having(
        self,
        act: Write,
        entity: str,
        values: dict[str, Operand],
        *,
        checks: frozenset[str] = frozenset(),
        until: Until = "all",
    ) -> list[At]:
        """Find the rows that hold some values."""
        kind = self.schema.entity(entity)
        fields = tuple(values)
        stored: list[Json] = [to_stored(kind.field(n), one.value) for n, one in values.items()]
        rows = self.tables.lookup(entity, fields, tuple(stored))
        select = Select(id=act.id, entity=entity)
        pool = self.desk.pool(entity, rows)
        return self.desk.look(select, Known(values, [], [], checks), pool, until=until).found
