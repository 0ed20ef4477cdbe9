"""Hypothesis strategies for plans with every kind of act."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from strategies_plans import Builder, values

from agentgym.plan import (
    Aggregated,
    Choose,
    Computed,
    Emit,
    Fact,
    Guard,
    Limit,
    Node,
    Pick,
    Plan,
    Select,
    Test,
    Value,
    Write,
)
from agentgym.schema import Field, Schema
from agentgym.schema.types import ORDERED

NUMERIC = ("integer", "decimal", "float")
KINDS = (
    "many",
    "listed",
    "compare",
    "worked",
    "told",
    "each",
    "guard",
    "exists",
    "choose",
    "mixed",
)
"""What `acts` can draw."""


class Acting(Builder):
    """Draws plans with all kinds of act."""

    def told(self, name: str, one: Field) -> str:
        """Add a fact that is told at once."""
        made = Fact(
            id=f"f{len(self.facts) + 1}",
            entity=name,
            field=one.name,
            value=self.draw(values(one)),
        )
        self.facts.append(made)
        return made.id

    def of(self, name: str, kinds: tuple[str, ...] | frozenset[str]) -> list[Field]:
        """List the fields of an entity that have one of the types."""
        return [one for one in self.speakable(name) if one.type in kinds]

    def named(self, kinds: tuple[str, ...] | frozenset[str]) -> str:
        """Draw an entity with a field of one of the types."""
        fit = [e.name for e in self.schema.entities if self.of(e.name, kinds)]
        return str(self.draw(st.sampled_from(fit)))

    def many(self) -> None:
        """Ask for values of every row."""
        name = self.name()
        rows = self.select(name, self.draw(st.integers(0, 2)), many=True)
        fields = st.lists(
            st.sampled_from(self.speakable(name)),
            min_size=1,
            max_size=2,
            unique_by=lambda f: f.name,
        )
        for one in self.draw(fields):
            self.add(lambda id_, one=one: Emit(id=id_, node=rows, field=one.name, many=True))  # type: ignore[misc]

    def compare(self) -> None:
        """Ask which of some rows has most or least."""
        name = self.named(ORDERED)
        rows = tuple(self.select(name, 0) for _ in range(self.draw(st.integers(2, 3))))
        best = self.draw(st.sampled_from(self.of(name, ORDERED)))
        pick = Pick(field=best.name, largest=self.draw(st.booleans()))
        row = self.add(lambda id_: Select(id=id_, entity=name, among=rows, pick=pick))
        self.ask(row)

    def term(self, *, told: bool = True) -> Value:
        """Draw a number: of a row, over rows, or told."""
        kind = self.draw(st.sampled_from(("row", "rows", *(("told",) if told else ()))))
        name = self.named(NUMERIC)
        one = self.draw(st.sampled_from(self.of(name, NUMERIC)))
        if kind == "told":
            return Value(fact=self.told(name, one))
        if kind == "row":
            return Value(node=self.select(name, self.draw(st.integers(0, 1))), field=one.name)
        rows = self.select(name, 0, many=True)
        function = self.draw(st.sampled_from(("sum", "count", "max")))
        field = None if function == "count" else one.name
        number = self.add(lambda id_: Aggregated(id=id_, of=rows, function=function, field=field))
        return Value(node=number)

    def worked(self, *, told: bool) -> str:
        """Draw a number that is worked out."""
        function = self.draw(st.sampled_from(("sum", "difference", "product", "share")))
        if told:
            name = self.named(NUMERIC)
            one = self.draw(st.sampled_from(self.of(name, NUMERIC)))
            terms = (Value(fact=self.told(name, one)), Value(fact=self.told(name, one)))
        else:
            terms = (self.term(told=False), self.term())
        return self.add(lambda id_: Computed(id=id_, function=function, of=terms))

    def each(self) -> None:
        """Change every row."""
        name = self.name()
        rows = self.select(name, self.draw(st.integers(0, 1)), many=True)
        if self.draw(st.booleans()):
            self.add(lambda id_: Write(id=id_, kind="delete", entity=name, target=rows, each=True))
            return
        one = self.draw(st.sampled_from(self.speakable(name)))
        setting = self.setting(name, one, copies=False)
        moves = [c.field for c in self.schema.lifecycles if c.entity == name]
        kind: Any = "transition" if [one.name] == moves else "update"
        self.add(
            lambda id_: Write(
                id=id_, kind=kind, entity=name, target=rows, settings=(setting,), each=True
            )
        )

    def acted(self) -> tuple[str, ...]:
        """Draw one or two acts that may depend on something, and return their ids."""
        found = []
        for _ in range(self.draw(st.integers(1, 2))):
            before = len(self.nodes)
            if self.draw(st.booleans()):
                self.write()
            else:
                self.ask(self.select(self.name(), 0))
            found += [n.id for n in self.nodes[before:] if isinstance(n, (Emit, Write))]
        return tuple(found)

    def guard(self, *, exists: bool) -> None:
        """Let acts depend on a check."""
        if exists:
            left = Value(node=self.select(self.name(), self.draw(st.integers(0, 1)), many=True))
            test = Test(left=left, op="exists")
        else:
            name = self.name()
            one = self.draw(st.sampled_from(self.speakable(name)))
            ops: tuple[str, ...] = (
                ("eq", "ne", "lt", "le", "gt", "ge") if one.type in ORDERED else ("eq", "ne")
            )
            if one.type == "boolean":
                ops = ("eq",)
            left = Value(node=self.select(name, 0), field=one.name)
            right = Value(fact=self.told(name, one))
            test = Test(left=left, op=self.draw(st.sampled_from(ops)), right=right)
        then = self.acted()
        otherwise = self.acted() if self.draw(st.booleans()) else ()
        if not otherwise and self.draw(st.booleans()):
            then, otherwise = (), then
        self.add(lambda id_: Guard(id=id_, test=test, then=then, otherwise=otherwise))

    def choose(self) -> None:
        """Leave a choice within limits."""
        name = self.named(NUMERIC)
        rows = self.select(name, self.draw(st.integers(0, 1)), many=True)
        one = self.draw(st.sampled_from(self.of(name, NUMERIC)))
        limits = [
            Limit(
                kind="total",
                field=one.name,
                op=self.draw(st.sampled_from(("le", "ge"))),
                fact=self.told(name, one),
            )
        ]
        if self.draw(st.booleans()):
            apart = self.draw(st.sampled_from(self.speakable(name)))
            limits.append(Limit(kind="distinct", field=apart.name))
        count = self.draw(st.integers(2, 5))
        some = self.add(lambda id_: Choose(id=id_, of=rows, count=count, limits=tuple(limits)))
        asked = self.draw(st.sampled_from(self.speakable(name)))
        self.add(lambda id_: Emit(id=id_, node=some, field=asked.name))

    def act(self, kind: str) -> None:
        """Draw the nodes of one kind of act."""
        match kind:
            case "many" | "listed":
                self.many()
            case "compare":
                self.compare()
            case "worked" | "told":
                number = self.worked(told=kind == "told")
                self.add(lambda id_: Emit(id=id_, node=number))
            case "each":
                self.each()
            case "guard" | "exists":
                self.guard(exists=kind == "exists")
            case "choose":
                self.choose()
            case _:
                for _ in range(self.draw(st.integers(2, 5))):
                    self.act(self.draw(st.sampled_from(("many", "worked", "told", "each"))))
                    self.acted()


@st.composite
def acts(draw: Any, schema: Schema, kind: str) -> Plan:
    """Draw a plan with a kind of act."""
    builder = Acting(draw, schema)
    builder.act(kind)
    nodes: tuple[Node, ...] = tuple(builder.nodes)
    return Plan(family="long_horizon", facts=tuple(builder.facts), nodes=nodes)
