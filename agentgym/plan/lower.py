"""Lowering: from a plan to the calls that a competent agent would make.

Each select is found by the cheapest tool that its clues and relations allow; each
argument is a fact or comes out of an earlier result, and its origin is kept. The
calls are executed as they are chosen, through the public tools. Next: `goals`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from agentgym.formats import Json, Record
from agentgym.plan import Aggregated, Emit, Plan, Select, Write
from agentgym.plan.tables import Tables
from agentgym.schema import Entity
from agentgym.schema.types import Row, to_wire
from agentgym.tools.algebra import (
    Aggregate,
    Create,
    Delete,
    Filter,
    Find,
    Get,
    ListRelated,
    Search,
    Tool,
    Transition,
    Update,
    subject,
)
from agentgym.trajectory import Result

__all__ = ["Lowered", "NoLoweringError", "Step", "lower"]


class NoLoweringError(Exception):
    """No chain of tools leads through the plan; the text says where it broke off."""


class Step(Record, kw_only=True):
    """One call of the gold run."""

    tool: str
    arguments: dict[str, Json]
    """Parameter to value, as executed."""
    origin: dict[str, str]
    """Parameter to `fact:f1`, `call:0:items.0.album_id`, or `choice` (sorting, function)."""
    node: str
    """The plan's node that it serves."""


class Lowered(Record, kw_only=True):
    """The gold run of a plan."""

    steps: tuple[Step, ...]
    answers: tuple[Json, ...] = ()
    """One wire value an emit, as the tools gave it."""
    shown: dict[str, tuple[Json, ...]] = {}
    """Select to the key of its row, for selects whose row was seen."""


class _Operand(Record, kw_only=True):
    value: Json
    origin: str


_At = tuple[int, str, dict[str, Json]]
"""Step number, path prefix, row object."""


def lower(
    plan: Plan,
    tables: Tables,
    tools: Sequence[Tool],
    call: Callable[[str, dict[str, Json]], Result],
) -> Lowered:
    """Turn a plan into calls, executing them.

    Args:
        plan: The plan; each of its selects of one row has exactly one.
        tables: The rows as they are before the plan.
        tools: The tools to choose from.
        call: Executes a call on a world that starts as `tables` is.

    Returns:
        The calls with the origin of each argument, and what they answer.

    Raises:
        NoLoweringError: Some node cannot be reached through the tools.
    """
    return _Lowering(plan, tables, tools, call).run()


class _Lowering:
    def __init__(
        self,
        plan: Plan,
        tables: Tables,
        tools: Sequence[Tool],
        call: Callable[[str, dict[str, Json]], Result],
    ) -> None:
        self.plan, self.tables, self.tools, self.call = plan, tables, tools, call
        self.schema = tables.schema
        self.steps: list[Step] = []
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

    # values

    def operand(self, node: str, field: str) -> _Operand:
        """Return the value of a field of a select's row, by the way that costs least."""
        select = self.plan.node(node)
        assert isinstance(select, Select)
        if node not in self.seen:
            for where in select.where:
                if where.op == "eq" and where.field == field:
                    return _Operand(
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
        return _Operand(value=row[field], origin=f"call:{number}:{prefix}{field}")

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

    def known(self, select: Select) -> tuple[dict[str, _Operand], list[tuple[str, str, _Operand]]]:
        """Return what can be passed for a select: equal values by field, and comparisons."""
        equal: dict[str, _Operand] = {}
        compared: list[tuple[str, str, _Operand]] = []
        for where in select.where:
            fact = _Operand(value=self.plan.fact(where.fact).value, origin=f"fact:{where.fact}")
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
            result = self.call(tool.name, values)
            at = _place(result, entity, target, whole=whole, first=select.pick is not None)
            if at is not None:
                self.steps.append(
                    Step(
                        tool=tool.name,
                        arguments=values,
                        origin={name: operand.origin for name, operand in arguments.items()},
                        node=node,
                    )
                )
                return len(self.steps) - 1, *at
        raise NoLoweringError(f"no tool finds the {entity.name}")

    def key(self, entity: Entity, row: Row) -> tuple[Json, ...]:
        return tuple(to_wire(entity.field(n), row[entity.position(n)]) for n in entity.key)

    def candidates(
        self,
        select: Select,
        equal: dict[str, _Operand],
        compared: list[tuple[str, str, _Operand]],
    ) -> Iterator[tuple[Tool, dict[str, _Operand], bool]]:
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
        equal: dict[str, _Operand],
        compared: list[tuple[str, str, _Operand]],
    ) -> tuple[dict[str, _Operand], bool] | None:
        term = tool.term
        assert isinstance(term, (Search, ListRelated))
        arguments: dict[str, _Operand] = {}
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
                arguments["sort_by"] = _Operand(value=select.pick.field, origin="choice")
                if select.pick.largest:
                    arguments["descending"] = _Operand(value=True, origin="choice")
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
        equal: dict[str, _Operand],
        compared: list[tuple[str, str, _Operand]],
    ) -> list[tuple[str, str, _Operand]]:
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
                arguments["function"] = _Operand(value=node.function, origin="choice")
            if node.field is not None:
                arguments["field"] = _Operand(value=node.field, origin="choice")
            filters: dict[tuple[str, str], str] = {
                (one.field, one.op): one.param for one in term.filters
            }
            wanted = self.wanted(term.filters, equal, compared)
            if not all((field, op) in filters for field, op, _ in wanted):
                continue
            arguments |= {filters[field, op]: operand for field, op, operand in wanted}
            values = {name: operand.value for name, operand in arguments.items()}
            result = self.call(tool.name, values)
            if not result.ok or result.data["value"] is None:
                raise NoLoweringError("the aggregate is empty")
            self.steps.append(
                Step(
                    tool=tool.name,
                    arguments=values,
                    origin={name: operand.origin for name, operand in arguments.items()},
                    node=node.id,
                )
            )
            return result.data["value"]
        raise NoLoweringError(f"no tool aggregates the {select.entity}")

    # writing

    def write(self, node: Write) -> None:
        settings: dict[str, _Operand] = {}
        for setting in node.settings:
            if setting.fact is not None:
                fact = self.plan.fact(setting.fact)
                settings[setting.field] = _Operand(value=fact.value, origin=f"fact:{fact.id}")
            else:
                assert setting.node is not None
                assert setting.source is not None
                settings[setting.field] = self.operand(setting.node, setting.source)
        for tool in self.tools:
            arguments = self.write_call(tool, node, settings)
            if arguments is None:
                continue
            values = {name: operand.value for name, operand in arguments.items()}
            result = self.call(tool.name, values)
            if not result.ok:
                assert result.error is not None
                raise NoLoweringError(f"{tool.name}: {result.error.code}")
            self.steps.append(
                Step(
                    tool=tool.name,
                    arguments=values,
                    origin={name: operand.origin for name, operand in arguments.items()},
                    node=node.id,
                )
            )
            return
        raise NoLoweringError(f"no tool writes {node.kind} {node.entity}")

    def write_call(
        self, tool: Tool, node: Write, settings: dict[str, _Operand]
    ) -> dict[str, _Operand] | None:
        term = tool.term
        kinds = {"create": Create, "update": Update, "transition": Transition, "delete": Delete}
        if not isinstance(term, kinds[node.kind]) or getattr(term, "entity", None) != node.entity:
            return None
        assert isinstance(term, (Create, Update, Transition, Delete))
        arguments: dict[str, _Operand] = {}
        values = ()
        if isinstance(term, (Create, Update)):
            values = term.values
        elif isinstance(term, Transition):
            values = (term.to,)
        fields = {argument.field: argument.param for argument in values}
        if not set(settings) <= set(fields):
            return None
        if any(argument.required and argument.field not in settings for argument in values):
            return None
        if not isinstance(term, Create):
            assert node.target is not None
            for argument in term.key:
                arguments[argument.param] = self.operand(node.target, argument.field)
        return arguments | {fields[field]: operand for field, operand in settings.items()}


def _place(
    result: Result, entity: Entity, target: tuple[Json, ...], *, whole: bool, first: bool
) -> tuple[str, dict[str, Json]] | None:
    """Find the wanted row in a result: its path and the row object."""
    if not result.ok or not isinstance(result.data, dict):
        return None
    data = result.data
    if "items" not in data:
        return ("", data) if tuple(data.get(name) for name in entity.key) == target else None
    if data["pages"] > 1 and not whole:
        return None
    for number, item in enumerate(data["items"]):
        if tuple(item.get(name) for name in entity.key) == target:
            if first and number > 0 and whole:
                return None
            return f"items.{number}.", item
    return None
