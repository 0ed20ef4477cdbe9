"""Between plans and meanings: a plan taken apart into acts, and one put together from them.

Equal rows and numbers become one node, equal values one fact; a value that the user holds back
is None, and what is hidden is not there at all. Of a change of mind, the value said first
counts. Next: `phrases`.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from agentgym.formats import Json, encode
from agentgym.plan import (
    Aggregated,
    Choose,
    Computed,
    Emit,
    Fact,
    Family,
    Guard,
    Limit,
    Link,
    Node,
    Plan,
    Select,
    Setting,
    Shift,
    Test,
    Value,
    Where,
    Write,
    told,
)
from agentgym.tasks.words.families import family
from agentgym.tasks.words.meaning import (
    Act,
    Cap,
    Cell,
    Change,
    Check,
    Chosen,
    Clue,
    Figure,
    Fork,
    Get,
    Put,
    Row,
    Term,
    Tie,
    Told,
    Work,
    cap_order,
    plain,
    row_of,
    work_of,
)

__all__ = ["assemble", "meant", "same", "tellable", "wishes"]

Thing = Row | Figure | Work | Chosen


def meant(plan: Plan, *, saying: bool = False) -> tuple[Act, ...]:
    """Return what a plan asks, act by act.

    Args:
        plan: The plan.
        saying: Whether to keep what values of calculations are like, which words show only in
            how they write them.
    """
    return _Apart(plan, saying=saying).acts()


class _Apart:
    """Takes one plan apart."""

    def __init__(self, plan: Plan, *, saying: bool) -> None:
        self._plan = plan
        self._saying = saying
        self._facts = {fact.id: fact for fact in plan.facts}
        for node in plan.nodes:
            if isinstance(node, Shift):
                self._facts[node.then] = self._facts[node.first]
        self._things: dict[str, Thing] = {}

    def acts(self) -> tuple[Act, ...]:
        made: dict[str, Act] = {}
        guards: list[Guard] = []
        for node in self._plan.nodes:
            match node:
                case Select():
                    self._things[node.id] = self._row(node)
                case Aggregated():
                    self._things[node.id] = Figure(
                        of=self._found(node.of), function=node.function, field=node.field
                    )
                case Computed():
                    self._things[node.id] = work_of(
                        node.function, [self._term(value) for value in node.of]
                    )
                case Choose():
                    self._things[node.id] = Chosen(
                        of=self._found(node.of),
                        count=node.count,
                        caps=cap_order(self._cap(limit) for limit in node.limits),
                    )
                case Emit():
                    of = self._things[node.node]
                    made[node.id] = Get(of=of, field=node.field, many=node.many)
                case Write():
                    made[node.id] = self._change(node)
                case Guard():
                    guards.append(node)
        return self._guarded(made, guards)

    def _guarded(self, made: dict[str, Act], guards: list[Guard]) -> tuple[Act, ...]:
        """Put each guard in the place of the first act that depends on it."""
        order = list(made)
        places: dict[str, Act] = {}
        inside: set[str] = set()
        for guard in guards:
            members = sorted((*guard.then, *guard.otherwise), key=order.index)
            test = guard.test
            left: Term | Row
            if test.op == "exists":
                left = self._found(test.left.node or "")
            else:
                left = self._term(test.left)
            right = None if test.right is None else self._term(test.right)
            inside.update(members)
            places[members[0]] = Fork(
                check=Check(left=left, op=test.op, right=right),
                then=tuple(made[m] for m in members if m in guard.then),
                otherwise=tuple(made[m] for m in members if m in guard.otherwise),
            )
        return tuple(
            places.get(name, act)
            for name, act in made.items()
            if name in places or name not in inside
        )

    def _found(self, name: str) -> Row:
        row = self._things[name]
        assert isinstance(row, Row), f"{name} is no row"
        return row

    def _told(self, name: str) -> tuple[Json, bool]:
        fact = self._facts[name]
        held = fact.exposure != "instruction"
        return (None if held else plain(fact.value)), held

    def _hidden(self, name: str | None) -> bool:
        return name is not None and self._facts[name].exposure == "hidden"

    def _row(self, node: Select) -> Row:
        clues: list[Clue] = []
        terms = {self._facts[where.fact].term for where in node.where} - {""}
        clues += [Clue(field="", op="eq", value=term) for term in sorted(terms)]
        for where in node.where:
            if not self._hidden(where.fact) and not self._facts[where.fact].term:
                value, held = self._told(where.fact)
                clues.append(
                    Clue(field=where.field, op=where.op, value=value, held=held, of=where.of)
                )
        ties = [
            Tie(
                relation=link.relation,
                forward=link.forward,
                row=self._found(link.node),
                absent=link.absent,
            )
            for link in node.links
        ]
        among = [self._found(one) for one in node.among]
        return row_of(node.entity, clues, ties, node.pick, among=among, me=node.me)

    def _term(self, value: Value) -> Term:
        if value.fact is not None:
            said, held = self._told(value.fact)
            fact = self._facts[value.fact]
            return Told(
                value=said, held=held, like=(fact.entity, fact.field) if self._saying else None
            )
        thing = self._things[value.node or ""]
        if isinstance(thing, Row):
            return Cell(row=thing, field=value.field or "")
        assert isinstance(thing, (Figure, Work)), f"{value.node} is no number"
        return thing

    def _cap(self, limit: Limit) -> Cap:
        value, held = self._told(limit.fact) if limit.fact is not None else (None, False)
        return Cap(kind=limit.kind, field=limit.field, op=limit.op, value=value, held=held)

    def _change(self, node: Write) -> Change:
        puts = [self._put(one) for one in node.settings if not self._hidden(one.fact)]
        return Change(
            kind=node.kind,
            entity=node.entity,
            target=self._found(node.target) if node.target else None,
            puts=tuple(sorted(puts, key=lambda put: put.field)),
            each=node.each,
        )

    def _put(self, setting: Setting) -> Put:
        if setting.node is not None:
            thing = self._things[setting.node]
            if isinstance(thing, (Work, Figure)):
                return Put(field=setting.field, work=thing)
            return Put(field=setting.field, row=self._found(setting.node), source=setting.source)
        assert setting.fact is not None
        value, held = self._told(setting.fact)
        return Put(field=setting.field, value=value, held=held)


def assemble(acts: tuple[Act, ...], *, family_as: Family | None = None) -> Plan:
    """Make the plan, in `plan.told` form, that asks these acts.

    Args:
        acts: What is asked, in order.
        family_as: The family to write down; by default the one that `family` derives.
    """
    together = _Together()
    for act in acts:
        together.act(act)
    return told(
        Plan(
            family=family_as or family(acts),
            facts=tuple(together.facts.values()),
            nodes=tuple(together.nodes.values()),
        )
    )


class _Together:
    """Puts one plan together."""

    def __init__(self) -> None:
        self.facts: dict[bytes, Fact] = {}
        self.nodes: dict[bytes, Node] = {}

    def act(self, act: Act) -> str:
        """Add an act and return its id."""
        match act:
            case Get():
                of = self.thing(act.of)
                return self._new(
                    lambda name: Emit(id=name, node=of, field=act.field, many=act.many)
                )
            case Change():
                target = self.thing(act.target) if act.target is not None else None
                settings = tuple(self._setting(act, put) for put in act.puts)
                return self._new(
                    lambda name: Write(
                        id=name,
                        kind=act.kind,
                        entity=act.entity,
                        target=target,
                        settings=settings,
                        each=act.each,
                    )
                )
            case Fork():
                test = self._test(act.check)
                then = tuple(self.act(one) for one in act.then)
                otherwise = tuple(self.act(one) for one in act.otherwise)
                return self._new(
                    lambda name: Guard(id=name, test=test, then=then, otherwise=otherwise)
                )

    def thing(self, thing: Thing) -> str:
        """Add what an act speaks of, unless it is there, and return its id."""
        mark = type(thing).__name__.encode() + encode(thing)
        if mark in self.nodes:
            return self.nodes[mark].id
        make: Callable[[str], Node]
        match thing:
            case Row():
                where = tuple(
                    Where(
                        field=c.field, op=c.op, of=c.of, fact=self._fact(thing.entity, c.field, c)
                    )
                    for c in thing.clues
                )
                links = tuple(
                    Link(
                        relation=t.relation,
                        forward=t.forward,
                        node=self.thing(t.row),
                        absent=t.absent,
                    )
                    for t in thing.ties
                )
                among = tuple(self.thing(one) for one in thing.among)
                make = lambda name: Select(  # noqa: E731
                    id=name,
                    entity=thing.entity,
                    where=where,
                    links=links,
                    pick=thing.pick,
                    among=among,
                    me=thing.me,
                )
            case Figure():
                of = self.thing(thing.of)
                make = lambda name: Aggregated(  # noqa: E731
                    id=name, of=of, function=thing.function, field=thing.field
                )
            case Work():
                terms = tuple(self._value(term) for term in thing.of)
                make = lambda name: Computed(id=name, function=thing.function, of=terms)  # noqa: E731
            case Chosen():
                of = self.thing(thing.of)
                limits = tuple(
                    Limit(
                        kind=cap.kind,
                        field=cap.field,
                        op=cap.op,
                        fact=self._fact(thing.of.entity, cap.field, cap)
                        if cap.kind == "total"
                        else None,
                    )
                    for cap in thing.caps
                )
                make = lambda name: Choose(id=name, of=of, count=thing.count, limits=limits)  # noqa: E731
        return self._new(make, mark)

    def _new(self, make: Callable[[str], Node], mark: bytes | None = None) -> str:
        node = make(f"n{len(self.nodes) + 1}")
        self.nodes[mark or node.id.encode()] = node
        return node.id

    def _fact(self, entity: str, field: str, one: Clue | Cap | Put | Told) -> str:
        mark = encode([entity, field, one.value, one.held])
        if mark not in self.facts:
            self.facts[mark] = Fact(
                id=f"f{len(self.facts) + 1}",
                entity=entity,
                field=field,
                value=one.value,
                exposure="user" if one.held else "instruction",
            )
        return self.facts[mark].id

    def _value(self, term: Term) -> Value:
        match term:
            case Told():
                return Value(fact=self._fact("", "", term))
            case Cell():
                return Value(node=self.thing(term.row), field=term.field)
        return Value(node=self.thing(term))

    def _setting(self, act: Change, put: Put) -> Setting:
        if put.row is not None:
            return Setting(field=put.field, node=self.thing(put.row), source=put.source)
        if put.work is not None:
            return Setting(field=put.field, node=self.thing(put.work))
        return Setting(field=put.field, fact=self._fact(act.entity, put.field, put))

    def _test(self, check: Check) -> Test:
        if isinstance(check.left, Row):
            return Test(left=Value(node=self.thing(check.left)), op=check.op)
        left = self._value(check.left)
        right = None if check.right is None else self._value(check.right)
        return Test(left=left, op=check.op, right=right)


def tellable(plan: Plan) -> Plan:
    """Return what the words of the plan can tell: `plan.told` form, held-back values None.

    Besides that, nodes that find the same are one, values that are the same are one fact
    of the field where they are used, and numbers are in one form. What is hidden, refused or
    said later on is gone. The family is kept.
    """
    return assemble(meant(plan), family_as=plan.family)


def same(one: Plan, other: Plan) -> bool:
    """Tell whether two plans ask the same, as far as words can tell.

    The family is left aside, since words do not name it, and so is whether a status is
    changed by `update` or `transition`, which is the same wish.
    """
    return wishes(meant(one)) == wishes(meant(other))


def wishes(acts: tuple[Act, ...]) -> tuple[Act, ...]:
    """Return the acts in the form in which those that wish the same are equal."""
    return tuple(_wish(act) for act in acts)


def _wish(act: Act) -> Act:
    match act:
        case Change(kind="transition"):
            return msgspec.structs.replace(act, kind="update")
        case Fork():
            return msgspec.structs.replace(
                act, then=wishes(act.then), otherwise=wishes(act.otherwise)
            )
    return act
