"""Hypothesis strategies of tool calls: sensible, nearly sensible and nonsense.

A domain and the present rows come in; names and arguments as an agent may send them go
out. Next: `machine`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from hypothesis import strategies as st

from agentgym.domain import Domain
from agentgym.formats import Json
from agentgym.schema import Field
from agentgym.schema.types import Row, to_wire
from agentgym.tools.algebra import Tool, is_write
from agentgym.tools.parameters import bindings, parameters

__all__ = ["arguments", "calls", "nonsense", "values"]

_TEXTS = ("", "a", "A", "Ab", "ä", "Ä", "ß", "SS", "b c", "%", "_", "é", "z" * 41, "none")

nonsense: st.SearchStrategy[Json] = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.sampled_from([2**63, -(2**63) - 1, 2**64, 10**400, 5.0, 1e400, float("nan"), -0.0]),
        st.sampled_from(
            [Decimal("1E+999999999"), Decimal("NaN"), Decimal("-Infinity"), Decimal("2.50")]
        ),
        st.floats(),
        st.text(max_size=6),
        st.sampled_from(
            ["\ud800", "\x00", "e\u0301", "2024-02-30", "1", "true", "null", "a\u2028b"]
        ),
    ),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=5,
)
"""Any value that a careless agent or decoder may hand over."""


def values(field: Field) -> st.SearchStrategy[Json]:
    """Draw a legal wire value of the field, from few, so that they meet again."""
    kind = field.type
    if kind == "integer":
        return st.integers(-3, 12) | st.sampled_from([2**63 - 1, -(2**63)])
    if kind == "decimal":
        return st.integers(-300, 300).map(lambda n: Decimal(n).scaleb(-field.scale))
    if kind == "float":
        return st.sampled_from([0.0, 0.1, -1.5, 2.0, 1e10, 1e-9, -7.25, 3])
    if kind == "boolean":
        return st.booleans()
    if kind == "date":
        return st.sampled_from(["2024-01-31", "2024-02-29", "2025-12-01", "0001-01-01"])
    if kind == "datetime":
        return st.sampled_from(["2024-01-31T08:00:00Z", "2024-01-31 08:00", "2025-12-01T23:59:59Z"])
    if kind == "enum":
        return st.sampled_from(field.values or ("",))
    if kind == "json":
        return st.sampled_from([{}, [1, None], "x", 2, {"b": [True], "a": "ä"}])
    if kind == "bytes":
        return st.sampled_from(["", "QQ==", "QUI="])
    fitting = [text for text in _TEXTS if field.max_length is None or len(text) <= field.max_length]
    return st.sampled_from(fitting)


Known = Callable[[str], Sequence[Row]]
"""Entity to its present rows."""


class _Hand:
    """Draws the arguments of one call, so that those of one entity come from one row."""

    def __init__(self, draw: st.DrawFn, domain: Domain, rows: Known) -> None:
        self._draw = draw
        self._schema = domain.schema
        self._rows = rows
        self._chosen: dict[str, Row] = {}

    def any_of(self, bound: tuple[str, str, str]) -> Json:
        """Draw a value for a parameter that stands for a field."""
        entity, name, use = bound
        field = self._schema.entity(entity).field(name)
        value = self._present(entity, name, use)
        if value is None:
            value = self._draw(values(field))
        if isinstance(value, str) and value and use in ("contains", "by", "eq"):
            value = self._draw(st.sampled_from([value, value.upper(), value.lower(), value[:1]]))
        if field.nullable and use == "value" and self._luck(7) == 5:
            return None
        return value

    def _present(self, entity: str, name: str, use: str) -> Json:
        """Take the value of a row that is there; None where there is none."""
        for relation in self._schema.parents(entity):
            if name in relation.fields and use in ("value", "end"):
                name = relation.target_fields[relation.fields.index(name)]
                entity = relation.target
                break
        known = self._rows(entity)
        if not known or self._luck(4) == 0:
            return None
        if entity not in self._chosen:
            self._chosen[entity] = known[self._luck(len(known) - 1)]
        owner = self._schema.entity(entity)
        return to_wire(owner.field(name), self._chosen[entity][owner.position(name)])

    def item(
        self, name: str, kind: dict[str, Json], bound: dict[str, tuple[str, str, str]]
    ) -> Json:
        """Draw one row of a nested list."""
        self._chosen.clear()
        found: dict[str, Json] = {}
        for inner in kind["properties"]:
            if inner in kind["required"] or self._luck(2) == 0:
                found[inner] = self.any_of(bound[f"{name}[].{inner}"])
        return self._draw(nonsense) if self._luck(19) == 11 else found

    def _luck(self, most: int) -> int:
        return self._draw(st.integers(0, most))


@st.composite
def arguments(draw: st.DrawFn, tool: Tool, domain: Domain, rows: Known) -> dict[str, Json]:
    """Draw arguments of the tool: mostly legal, often of rows that are there."""
    declared, bound = parameters(tool, domain.schema), bindings(tool.term, domain.schema)
    hand = _Hand(draw, domain, rows)
    sent: dict[str, Json] = {}
    for name, kind in declared["properties"].items():
        # Hypothesis likes the ends of a range: what shall be rare lies in the middle.
        luck = draw(st.integers(0, 19))
        if luck == 13:
            sent[name] = draw(nonsense)
        elif name not in declared["required"] and luck % 3:
            continue
        elif name in bound:
            sent[name] = hand.any_of(bound[name])
        elif kind.get("type") == "array":
            sent[name] = [
                hand.item(name, kind["items"], bound)
                for _ in range(draw(st.integers(0, min(3, kind["maxItems"]))))
            ]
        else:
            sent[name] = draw(_free(kind))
    if draw(st.integers(0, 39)) == 23:
        sent[draw(st.text(max_size=5))] = draw(nonsense)
    return sent


def _free(kind: dict[str, Json]) -> st.SearchStrategy[Json]:
    if "enum" in kind:
        return st.sampled_from(kind["enum"])
    if kind.get("type") == "boolean":
        return st.booleans()
    if kind.get("type") == "integer":
        return st.integers(1, 4)
    return st.text(min_size=1, max_size=5)


@st.composite
def calls(draw: st.DrawFn, domain: Domain, rows: Known) -> tuple[str, Json]:
    """Draw a call of one of the domain's tools; every second one is a write."""
    writes = [tool for tool in domain.tools if is_write(tool)]
    writing: bool = draw(st.booleans())
    likely = writes if writes and writing else list(domain.tools)
    tool = draw(st.sampled_from(likely))
    if draw(st.integers(0, 59)) == 37:
        return tool.name, draw(nonsense)
    return tool.name, draw(arguments(tool, domain, rows))
