"""The glossary: words of the trade that stand for what rows have in common, and the tool for them.

A schema and its rows come in; out goes a tool whose term holds the words with their meanings: a
word for a state, for what is above or below a figure, or for both. Which word stands for what is
drawn from the schema alone, the figures are those of its rows. Next: `tools.views`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice

from agentgym.formats import Json
from agentgym.rng import stream
from agentgym.schema import Entity, Field, Schema
from agentgym.schema.types import Row, Stored, to_stored, to_wire
from agentgym.tools.algebra import Condition, LookUpTerm, Meaning, Tool

__all__ = ["CODE_WORDS", "glossary", "glossary_tool", "holds"]

CODE_WORDS = (
    "red-tag", "blue-slip", "amber-light", "tin-hat", "long-tail", "short-fuse", "slow-burn",
    "quick-step", "night-owl", "early-bird", "dry-run", "deep-end", "top-shelf", "back-burner",
    "front-row", "side-door", "grey-line", "green-card", "white-glove", "black-box", "gold-leaf",
    "silver-spoon", "iron-clad", "paper-thin", "glass-jaw", "stone-cold", "hot-plate", "ice-box",
    "wild-card", "dark-horse", "lame-duck", "cash-cow", "fat-cat", "lone-wolf", "paper-tiger",
    "sacred-cow", "white-elephant", "red-herring", "cold-turkey", "hot-potato", "sour-grape",
    "low-fruit", "bread-line", "ground-floor", "corner-shop", "back-yard", "dead-wood", "moonshot",
    "evergreen", "bluebird", "goldfinch", "starling", "kingfisher", "nightingale", "sandpiper",
    "tumbleweed", "snowdrop", "buttercup", "foxglove", "honeydew",
)  # fmt: skip
"""What words of the trade look like: they say nothing about what they stand for."""
_EACH = 4
"""Most words for one kind of row."""
_MOST = 24
_ROWS = 6
"""Fewest rows of a kind that is worth words of its own."""
_SHARE = (0.08, 0.55)
"""The smallest and largest share of the rows that a word stands for."""
_FIGURES = frozenset({"money", "quantity", "measure"})
_STATES = frozenset({"status", "category"})
_COUNT = 2
"""Fewest words for a kind of row: of one alone, nobody would have to look up what it means."""


def glossary_tool(schema: Schema, rows: Mapping[str, Sequence[Row]]) -> Tool | None:
    """Make the tool that tells what words of the trade mean; None where there are none.

    Args:
        schema: Of the domain.
        rows: Entity name to its rows in stored form.
    """
    entries = glossary(schema, rows)
    if not entries:
        return None
    return Tool(
        name="look_up_term",
        description="Look up what a word of the trade means here: what rows it stands for, and "
        "what has to hold for them.",
        term=LookUpTerm(entries=entries),
    )


def glossary(schema: Schema, rows: Mapping[str, Sequence[Row]]) -> tuple[Meaning, ...]:
    """Give words to what rows of a kind have in common."""
    chance = stream("glossary", *(entity.name for entity in schema.entities))
    known = _spoken(schema)
    free = [word for word in CODE_WORDS if not {word, *word.split("-")} & known]
    chance.shuffle(free)
    found: list[Meaning] = []
    for entity in schema.entities:
        here = rows.get(entity.name, ())
        if not entity.spoken or entity.kind != "record" or len(here) < _ROWS:
            continue
        options = list(_options(entity, here))
        chance.shuffle(options)
        mine: dict[frozenset[int], tuple[Condition, ...]] = {}
        for where in options:
            fits = frozenset(n for n, row in enumerate(here) if holds(entity, row, where))
            if _SHARE[0] <= len(fits) / len(here) <= _SHARE[1] and len(fits) > 1:
                mine.setdefault(fits, where)
        chosen = list(islice(mine.values(), min(_EACH, len(free))))
        if len(chosen) < _COUNT or len(found) + len(chosen) > _MOST:
            continue
        found += [Meaning(term=free.pop(), entity=entity.name, where=where) for where in chosen]
    return tuple(found)


def holds(entity: Entity, row: Row, where: Sequence[Condition]) -> bool:
    """Tell whether a row is one of those that a word stands for."""
    for one in where:
        value: Stored = row[entity.position(one.field)]
        wanted = to_stored(entity.field(one.field), one.value)
        if value is None or wanted is None:
            return False
        met = {
            "eq": value == wanted,
            "gt": value > wanted,  # type: ignore[operator]
            "lt": value < wanted,  # type: ignore[operator]
        }
        if not met[one.op]:
            return False
    return True


def _spoken(schema: Schema) -> set[str]:
    """Return the words that the schema itself uses."""
    texts = [text for e in schema.entities for text in (e.label, e.plural)]
    for entity in schema.entities:
        for field in entity.fields:
            texts += [field.label, *(field.values or ())]
    return {word for text in texts for word in (text.lower(), *text.lower().split())}


def _options(entity: Entity, rows: Sequence[Row]) -> Iterator[tuple[Condition, ...]]:
    """Yield what a word could stand for: a state, a figure, both together."""
    states = list(_states(entity, rows))
    figures = list(_limits(entity, rows))
    yield from ((one,) for one in (*states, *figures))
    for state in states:
        yield from ((state, figure) for figure in figures)


def _states(entity: Entity, rows: Sequence[Row]) -> Iterator[Condition]:
    for field in entity.fields:
        if not field.spoken or field.role not in _STATES or field.type not in ("enum", "text"):
            continue
        place = entity.position(field.name)
        values = list(dict.fromkeys(row[place] for row in rows if row[place] is not None))
        if 2 < len(values) <= 12:
            for value in sorted(values, key=str):
                yield Condition(field=field.name, op="eq", value=to_wire(field, value))


def _limits(entity: Entity, rows: Sequence[Row]) -> Iterator[Condition]:
    for field in entity.fields:
        if not field.spoken or field.role not in _FIGURES:
            continue
        if field.type not in ("integer", "decimal") or field.name in entity.key:
            continue
        place = entity.position(field.name)
        values = sorted(row[place] for row in rows if row[place] is not None)  # type: ignore[type-var]
        if len(set(values)) < _ROWS:
            continue
        for op, share in (("gt", 0.7), ("lt", 0.3)):
            value = _round(field, values[int(share * (len(values) - 1))])
            yield Condition(field=field.name, op=op, value=value)  # type: ignore[arg-type]


def _round(field: Field, stored: Stored) -> Json:
    """Round a figure to its first two digits, as people set limits."""
    wire = to_wire(field, stored)
    number = Decimal(str(wire))
    if number:
        number = round(number, 1 - number.adjusted())
    if field.type == "integer":
        return int(number)
    return number.quantize(Decimal(1).scaleb(-field.scale))
