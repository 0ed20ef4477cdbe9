"""Lowering: from a plan to the calls that a competent agent would make.

Each select is found by the cheapest tool that its clues and relations allow; each
argument is a fact or comes out of an earlier result, and its origin is kept. The
calls are executed as they are chosen, through the public tools. Next: `goals`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from agentgym.formats import Json, Record
from agentgym.plan import Aggregated, Emit, Plan, Select, Write
from agentgym.plan.alone import alone
from agentgym.plan.remedies import NoLoweringError, Operand, Remedies, Step
from agentgym.plan.tables import Tables
from agentgym.rules import Rule
from agentgym.schema import Entity
from agentgym.schema.types import Row, to_wire
from agentgym.tools.algebra import (
    Aggregate,
    Argument,
    Create,
    Delete,
    Filter,
    Find,
    Get,
    Link,
    ListRelated,
    Search,
    Tool,
    Transition,
    Unlink,
    Update,
    subject,
)
from agentgym.trajectory import Result

__all__ = ["Lowered", "NoLoweringError", "Step", "lower"]


class Lowered(Record, kw_only=True):
    """The gold run of a plan."""

    steps: tuple[Step, ...]
    answers: tuple[Json, ...] = ()
    """One wire value an emit, as the tools gave it."""
    shown: dict[str, tuple[Json, ...]] = {}
    """Select to the key of its row, for selects whose row was seen."""


_KINDS: dict[str, tuple[type, ...]] = {
    "create": (Create, Link),
    "update": (Update,),
    "transition": (Transition,),
    "delete": (Delete, Unlink),
}

_At = tuple[int, str, dict[str, Json]]
"""Step number, path prefix, row object."""


def lower(
    plan: Plan,
    tables: Tables,
    tools: Sequence[Tool],
    call: Callable[[str, dict[str, Json]], Result],
    rules: Sequence[Rule] = (),
) -> Lowered:
    """Turn a plan into calls, executing them.

    Args:
        plan: The plan; each of its selects of one row has exactly one.
        tables: The rows as they are before the plan.
        tools: The tools to choose from.
        call: Executes a call on a world that starts as `tables` is.
        rules: Of the domain: what one of them wants first (an identified user, a yes, another
            call) is done first.

    Returns:
        The calls with the origin of each argument, and what they answer.

    Raises:
        NoLoweringError: Some node cannot be reached through the tools.
    """
    return _Lowering(plan, tables, tools, Remedies(plan, tables.schema, tools, rules, call)).run()


class _Lowering:
    def __init__(
        self,
        plan: Plan,
        tables: Tables,
        tools: Sequence[Tool],
        remedies: Remedies,
    ) -> None:
        self.plan, self.tables, self.tools = plan, tables, tools
        self.schema = tables.schema
        self.remedies = remedies
        self.steps = remedies.steps
        self.seen: dict[str, _At] = {}

    def run(self) -> Lowered:
        answers: list[Json] = []
        for node in self.plan.nodes:
            if isinstance(node, Emit):
                answers.append(self.emit(node))
            elif isinstance(node, Write):
                self.write(node)
        shown = {}
        for name, (_, _, row) in self.seen.items():
            select = self.plan.node(name)
            assert isinstance(select, Select)
            entity = self.schema.entity(select.entity)
            shown[name] = tuple(row[part] for part in entity.key)
        return Lowered(steps=tuple(self.steps), answers=tuple(answers), shown=shown)

    # calls

    def call(
        self, tool: Tool, values: dict[str, Json], arguments: dict[str, Operand], node: str
    ) -> tuple[Result, tuple[int, ...]]:
        """Make a call, doing first what a rule wants done first."""
        return self.remedies.call(tool, values, arguments, node)

    def step(
        self, tool: Tool, arguments: dict[str, Operand], node: str, after: tuple[int, ...]
    ) -> None:
        """Note a call that was made."""
        self.remedies.note(tool.name, arguments, node, after)

    # values

    def operand(self, node: str, field: str) -> Operand:
        """Return the value of a field of a select's row, by the way that costs least."""
        select = self.plan.node(node)
        assert isinstance(select, Select)
        if node not in self.seen:
            for where in select.where:
                if where.op == "eq" and where.field == field:
                    return Operand(
                        value=self.plan.fact(where.fact).value, origin=f"fact:{where.fact}"
                    )
            if not select.where and select.pick is None and len(select.links) == 1:
                link = select.links[0]
                relation = self.schema.relation(link.relation)
                if not link.forward and field in relation.target_fields:
                    mine = relation.fields[relation.target_fields.index(field)]
                    return self.operand(link.node, mine)
        number, prefix, row = self.row(node)
        if row.get(field) is None:
            raise NoLoweringError(f"{select.entity}.{field} is empty or not shown")
        return Operand(value=row[field], origin=f"call:{number}:{prefix}{field}")

    def row(self, node: str) -> _At:
        """Find the row of a select, once."""
        if node not in self.seen:
            self.seen[node] = self.find(node)
        return self.seen[node]

    def emit(self, emit: Emit) -> Json:
        node = self.plan.node(emit.node)
        if isinstance(node, Aggregated):
            return self.aggregate(node)
        assert emit.field is not None
        _, _, row = self.row(emit.node)
        if row.get(emit.field) is None:
            raise NoLoweringError(f"{emit.field} is empty or not shown")
        return row[emit.field]

    # reading

    def known(self, select: Select) -> tuple[dict[str, Operand], list[tuple[str, str, Operand]]]:
        """Return what can be passed for a select: equal values by field, and comparisons."""
        equal: dict[str, Operand] = {}
        compared: list[tuple[str, str, Operand]] = []
        for where in select.where:
            fact = Operand(value=self.plan.fact(where.fact).value, origin=f"fact:{where.fact}")
            if where.op == "eq":
                equal[where.field] = fact
            else:
                compared.append((where.field, where.op, fact))
        for link in select.links:
            relation = self.schema.relation(link.relation)
            pairs = list(zip(relation.fields, relation.target_fields, strict=True))
            for mine, theirs in pairs if link.forward else [(t, m) for m, t in pairs]:
                equal.setdefault(mine, self.operand(link.node, theirs))
        return equal, compared

    def find(self, node: str) -> _At:
        select = self.plan.node(node)
        assert isinstance(select, Select)
        entity = self.schema.entity(select.entity)
        rows = self.tables.extent(self.plan, node)
        if len(rows) != 1:
            raise NoLoweringError(f"{len(rows)} rows of {entity.name} fit")
        target = self.key(entity, rows[0])
        equal, compared = self.known(select)
        for tool, arguments, whole in self.candidates(select, equal, compared):
            values = {name: operand.value for name, operand in arguments.items()}
            result, after = self.call(tool, values, arguments, node)
            at = _place(result, entity, target, whole=whole, first=select.pick is not None)
            if at is not None:
                self.step(tool, arguments, node, after)
                return len(self.steps) - 1, *at
        raise NoLoweringError(f"no tool finds the {entity.name}")

    def key(self, entity: Entity, row: Row) -> tuple[Json, ...]:
        return tuple(to_wire(entity.field(n), row[entity.position(n)]) for n in entity.key)

    def candidates(
        self,
        select: Select,
        equal: dict[str, Operand],
        compared: list[tuple[str, str, Operand]],
    ) -> Iterator[tuple[Tool, dict[str, Operand], bool]]:
        """Yield the calls that could show the row, cheapest first.

        The last part tells whether the arguments hold every clue.
        """
        mine = [tool for tool in self.tools if subject(tool.term, self.schema) == select.entity]
        if select.pick is None:
            for tool in mine:
                if isinstance(tool.term, Get) and all(a.field in equal for a in tool.term.key):
                    yield tool, {a.param: equal[a.field] for a in tool.term.key}, True
            for tool in mine:
                if isinstance(tool.term, Find) and all(a.field in equal for a in tool.term.by):
                    yield tool, {a.param: equal[a.field] for a in tool.term.by}, True
        for kind in (ListRelated, Search):
            for tool in mine:
                if isinstance(tool.term, kind):
                    found = self.list_call(tool, select, equal, compared)
                    if found is not None:
                        yield tool, *found

    def list_call(
        self,
        tool: Tool,
        select: Select,
        equal: dict[str, Operand],
        compared: list[tuple[str, str, Operand]],
    ) -> tuple[dict[str, Operand], bool] | None:
        term = tool.term
        assert isinstance(term, (Search, ListRelated))
        arguments: dict[str, Operand] = {}
        covered: set[str] = set()
        if isinstance(term, ListRelated):
            relation = self.schema.relation(term.relation)
            if term.through is not None:
                return None
            pairs = dict(zip(relation.target_fields, relation.fields, strict=True))
            for argument in term.key:
                mine = pairs.get(argument.field)
                if mine is None or mine not in equal:
                    return None
                arguments[argument.param] = equal[mine]
                covered.add(mine)
        left = [
            item for item in self.wanted(term.filters, equal, compared) if item[0] not in covered
        ]
        for one in term.filters:
            for item in left:
                if item[:2] == (one.field, one.op):
                    arguments[one.param] = item[2]
                    left.remove(item)
                    break
        for one in term.filters:
            part = one.op == "contains" and (one.field, "eq") in {item[:2] for item in left}
            if part and str(equal[one.field].value).strip():
                arguments[one.param] = equal[one.field]
        if not arguments and (equal or compared):
            return None
        whole = not left
        if select.pick is not None:
            order = term.order
            if select.pick.field in term.sorts:
                arguments["sort_by"] = Operand(value=select.pick.field, origin="choice")
                if select.pick.largest:
                    arguments["descending"] = Operand(value=True, origin="choice")
            elif (
                order is None
                or order.field != select.pick.field
                or order.descending != select.pick.largest
            ):
                return None
        return arguments, whole

    def wanted(
        self,
        filters: Sequence[Filter],
        equal: dict[str, Operand],
        compared: list[tuple[str, str, Operand]],
    ) -> list[tuple[str, str, Operand]]:
        """List what filters should hold; a value between bounds where none takes the value."""
        known = {(one.field, one.op) for one in filters}
        found = []
        for field, operand in equal.items():
            bounded = (field, "ge") in known and (field, "le") in known
            ops = ("ge", "le") if bounded and (field, "eq") not in known else ("eq",)
            found += [(field, op, operand) for op in ops]
        return found + compared

    def aggregate(self, node: Aggregated) -> Json:
        select = self.plan.node(node.of)
        assert isinstance(select, Select)
        equal, compared = self.known(select)
        for tool in self.tools:
            term = tool.term
            if not isinstance(term, Aggregate) or term.entity != select.entity:
                continue
            if node.function not in term.functions or (
                node.field and node.field not in term.fields
            ):
                continue
            arguments = {}
            if len(term.functions) > 1:
                arguments["function"] = Operand(value=node.function, origin="choice")
            if node.field is not None:
                arguments["field"] = Operand(value=node.field, origin="choice")
            filters: dict[tuple[str, str], str] = {
                (one.field, one.op): one.param for one in term.filters
            }
            wanted = self.wanted(term.filters, equal, compared)
            if not all((field, op) in filters for field, op, _ in wanted):
                continue
            arguments |= {filters[field, op]: operand for field, op, operand in wanted}
            values = {name: operand.value for name, operand in arguments.items()}
            result, after = self.call(tool, values, arguments, node.id)
            if not result.ok or result.data["value"] is None:
                raise NoLoweringError("the aggregate is empty")
            self.step(tool, arguments, node.id, after)
            return result.data["value"]
        raise NoLoweringError(f"no tool aggregates the {select.entity}")

    # writing

    def write(self, node: Write) -> None:
        settings: dict[str, Operand] = {}
        for setting in node.settings:
            if setting.fact is not None:
                fact = self.plan.fact(setting.fact)
                settings[setting.field] = Operand(value=fact.value, origin=f"fact:{fact.id}")
            else:
                assert setting.node is not None
                assert setting.source is not None
                settings[setting.field] = self.operand(setting.node, setting.source)
        for tool in self.tools:
            arguments = self.write_call(tool, node, settings)
            if arguments is None:
                continue
            values = {name: operand.value for name, operand in arguments.items()}
            result, after = self.call(tool, values, arguments, node.id)
            if not result.ok:
                assert result.error is not None
                told = result.error.rule or result.error.code
                raise NoLoweringError(f"{tool.name}: {told}")
            self.step(tool, arguments, node.id, after)
            return
        raise NoLoweringError(f"no tool writes {node.kind} {node.entity}")

    def write_call(
        self, tool: Tool, node: Write, settings: dict[str, Operand]
    ) -> dict[str, Operand] | None:
        term, fixed = alone(tool.term)
        if not isinstance(term, _KINDS[node.kind]) or getattr(term, "entity", None) != node.entity:
            return None
        assert isinstance(term, (Create, Update, Transition, Delete, Link, Unlink))
        arguments: dict[str, Operand] = {}
        values: tuple[Argument, ...] = ()
        match term:
            case Create():
                if any(nested.least for nested in term.nested):
                    return None
                values = term.values
            case Update():
                values = term.values
            case Transition():
                values = (term.to,)
            case Link():
                values = term.ends + term.values
            case _:
                pass
        fields = {argument.field: argument.param for argument in values}
        if not set(settings) <= set(fields) or not set(fixed) <= set(fields.values()):
            return None
        own = {field: fixed[param] for field, param in fields.items() if param in fixed}
        if any(field not in settings or settings[field].value != own[field] for field in own):
            return None
        needed = term.ends if isinstance(term, Link) else ()
        needed += tuple(argument for argument in values if argument.required)
        if any(argument.field not in settings for argument in needed):
            return None
        if isinstance(term, Unlink):
            return self.ends(term, node)
        if not isinstance(term, (Create, Link)):
            assert node.target is not None
            for argument in term.key:
                arguments[argument.param] = self.operand(node.target, argument.field)
        given = {fields[field]: operand for field, operand in settings.items()}
        return arguments | {param: one for param, one in given.items() if param not in fixed}

    def ends(self, term: Unlink, node: Write) -> dict[str, Operand] | None:
        """Name what is joined, from the clues of the link where they tell it."""
        assert node.target is not None
        select = self.plan.node(node.target)
        assert isinstance(select, Select)
        equal, _ = self.known(select)
        return {
            end.param: equal[end.field]
            if end.field in equal
            else self.operand(node.target, end.field)
            for end in term.ends
        }


def _place(
    result: Result, entity: Entity, target: tuple[Json, ...], *, whole: bool, first: bool
) -> tuple[str, dict[str, Json]] | None:
    """Find the wanted row in a result: its path and the row object."""
    if not result.ok or not isinstance(result.data, dict):
        return None
    data = result.data
    if not result.paged:
        return ("", data) if tuple(data.get(name) for name in entity.key) == target else None
    if data["pages"] > 1 and not whole:
        return None
    for number, item in enumerate(data["items"]):
        if tuple(item.get(name) for name in entity.key) == target:
            if first and number > 0 and whole:
                return None
            return f"items.{number}.", item
    return None
