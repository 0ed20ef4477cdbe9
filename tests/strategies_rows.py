"""A Hypothesis strategy for plans whose rows are told by every kind of clue and relation."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from strategies_plans import Builder, values

from agentgym.plan import Aggregated, Emit, Fact, Link, Pick, Plan, Select, Where
from agentgym.schema import Field, Schema
from agentgym.schema.types import ORDERED

_BOUNDS = ("lt", "le", "gt", "ge", "ne")
_TIMES = ("date", "datetime")


class Describing(Builder):
    """Draws selects with measures, ranges, parts of texts, and rows that there are not."""

    def told(self, name: str, one: Field, value: Any) -> str:
        """Add a fact that is told at once."""
        self.facts.append(
            Fact(id=f"f{len(self.facts) + 1}", entity=name, field=one.name, value=value)
        )
        return self.facts[-1].id

    def clue(self, name: str, one: Field) -> list[Where]:
        """Draw the clues of one field."""
        ways = ["eq"]
        if one.type in ORDERED:
            ways += ["bound", "range"]
        if one.type in _TIMES:
            ways += ["year", "month", "both", "decade", "years"]
        if one.type == "integer":
            ways += ["digit_sum", "remainder"]
        if one.type == "text":
            ways += ["ne", "contains", "initial", "ending", "letters", "words"]
        if one.type == "enum":
            ways += ["ne"]
        way = self.draw(st.sampled_from(ways))

        def where(op: str, value: Any, of: Any = None) -> Where:
            fact = self.told(name, one, value)
            return Where(field=one.name, op=op, fact=fact, of=of)  # type: ignore[arg-type]

        bound = self.draw(st.sampled_from(_BOUNDS))
        year = self.draw(st.integers(1900, 2040))
        match way:
            case "eq" | "ne":
                return [where(way, self.draw(values(one)))]
            case "bound":
                return [where(bound, self.draw(values(one)))]
            case "range":
                least, most = sorted((self.draw(values(one)), self.draw(values(one))))
                return [where("ge", least), where("le", most)]
            case "contains":
                return [where("contains", self.draw(st.sampled_from(("Silver", "a b", "7", "é"))))]
            case "year":
                return [where(self.draw(st.sampled_from(("eq", *_BOUNDS))), year, "year")]
            case "years":
                return [where("ge", year, "year"), where("le", year + 3, "year")]
            case "decade":
                return [where(self.draw(st.sampled_from(("eq", *_BOUNDS))), year // 10 * 10, way)]
            case "month":
                month = self.draw(st.integers(1, 12))
                return [where(self.draw(st.sampled_from(("eq", *_BOUNDS))), month, "month")]
            case "both":
                month = self.draw(st.integers(1, 12))
                return [where("eq", year, "year"), where("eq", month, "month")]
            case "initial" | "ending":
                letter = self.draw(st.sampled_from("ABXÖ7"))
                return [where(self.draw(st.sampled_from(("eq", "ne"))), letter, way)]
            case "remainder":
                op = self.draw(st.sampled_from(("eq", "ne")))
                return [where(op, self.draw(st.integers(2, 12)), way)]
        op = self.draw(st.sampled_from(("eq", *_BOUNDS)))
        return [where(op, self.draw(st.integers(1, 30)), way)]

    def row(self, name: str, hops: int, *, many: bool = False) -> str:
        """Draw a select of any kind."""
        links = []
        around = [(r, True) for r in self.schema.parents(name)]
        around += [] if many else [(r, False) for r in self.schema.children(name)]
        if hops and around:
            via, forward = self.draw(st.sampled_from(around))
            below = self.row(via.target if forward else via.entity, hops - 1)
            links.append(Link(relation=via.name, forward=forward, node=below))
        without = [(r, True) for r in self.schema.parents(name)]
        without += [(r, False) for r in self.schema.children(name)]
        if without and self.draw(st.integers(0, 4)) == 0:
            via, forward = self.draw(st.sampled_from(without))
            other = via.target if forward else via.entity
            fields = self.speakable(other)
            told = fields and self.draw(st.booleans())
            wheres = self.clue(other, self.draw(st.sampled_from(fields))) if told else []
            none = self.add(lambda id_: Select(id=id_, entity=other, where=tuple(wheres)))
            links.append(Link(relation=via.name, forward=forward, node=none, absent=True))
        fields = self.speakable(name)
        least = 0 if links or many else 1
        chosen = self.draw(
            st.lists(
                st.sampled_from(fields), min_size=least, max_size=2, unique_by=lambda f: f.name
            )
        )
        where = tuple(one for field in chosen for one in self.clue(name, field))
        ordered = [f for f in fields if f.type in ORDERED]
        pick = None
        if not many and ordered and self.draw(st.integers(0, 3)) == 0:
            best = self.draw(st.sampled_from(ordered))
            pick = Pick(field=best.name, largest=self.draw(st.booleans()))
        return self.add(
            lambda id_: Select(id=id_, entity=name, where=where, links=tuple(links), pick=pick)
        )


@st.composite
def described(draw: Any, schema: Schema) -> Plan:
    """Draw a plan that asks for a field of a row, or for how many rows there are."""
    builder = Describing(draw, schema)
    name = builder.name()
    many = draw(st.integers(0, 3)) == 0
    row = builder.row(name, draw(st.integers(0, 3)), many=many)
    if many:
        number = builder.add(lambda id_: Aggregated(id=id_, of=row, function="count"))
        builder.add(lambda id_: Emit(id=id_, node=number))
    else:
        field = draw(st.sampled_from(builder.speakable(name))).name
        builder.add(lambda id_: Emit(id=id_, node=row, field=field))
    family = "aggregate" if many else "multi_hop"
    return Plan(family=family, facts=tuple(builder.facts), nodes=tuple(builder.nodes))  # type: ignore[arg-type]
