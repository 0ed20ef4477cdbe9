"""A change of mind in words: `Actually, make that April 2 instead of March 30`.

`say_shift` words it, `read_shift` finds which value of the instruction it can be about. Next:
`paraphrase`.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from agentgym.formats import Json, Record
from agentgym.plan import Choose, Limit, Measure, Op, Plan, Select, Shift, Write
from agentgym.rng import stream
from agentgym.schema import Field, Schema
from agentgym.tasks.words.english import ENGLISH
from agentgym.tasks.words.lexicon import Lexicon, flag_words, lexicon, low, switch_words
from agentgym.tasks.words.manners import persona
from agentgym.tasks.words.meaning import plain
from agentgym.tasks.words.parser import Parser
from agentgym.tasks.words.phrases import Bare, Number, Quote, Truth, Turned
from agentgym.tasks.words.values import (
    NOTHING,
    Literal,
    Style,
    UnsayableError,
    bare,
    literal,
    measure_of,
    measured,
    valued,
    written,
)
from agentgym.tasks.words.writer import Writer, joined

__all__ = ["read_shift", "say_shift"]

_ATTEMPTS = 8
_DATES = range(5)


class _Use(Record, kw_only=True):
    """Where the instruction uses a fact."""

    fact: str
    entity: str
    field: str
    op: Op = "eq"
    of: Measure | None = None
    clue: bool = False
    """Whether it says which row is meant."""


def say_shift(plan: Plan, schema: Schema, *, seed: int, after: str | None = None) -> str | None:
    """Put the change of mind of a plan into words.

    Args:
        plan: A plan with a `Shift`.
        schema: Supplies the labels.
        seed: Chooses tone and phrasing.
        after: The instruction, whose way of writing values is kept.

    Returns:
        A sentence that `read_shift` understands in exactly one way; None where there is no
        shift or none that words can tell.
    """
    shift = next((node for node in plan.nodes if isinstance(node, Shift)), None)
    if shift is None:
        return None
    words = lexicon(schema)
    wanted = [(shift.first, plain(plan.fact(shift.then).value))]
    for use in _uses(plan):
        if use.fact != shift.first:
            continue
        for attempt in range(_ATTEMPTS):
            rng = stream(seed, "words", "shift", attempt)
            try:
                text = _attempt(plan, use, shift, words, rng, after, named=attempt > 2)
            except UnsayableError:
                continue
            if read_shift(text, schema, plan) == wanted:
                return text
    return None


def read_shift(text: str, schema: Schema, plan: Plan) -> list[tuple[str, Json]]:
    """Read a change of mind, as one who knows what the instruction said.

    Args:
        text: The sentence.
        schema: What can be spoken of.
        plan: What was asked for at first; of it only what the instruction tells is looked at.

    Returns:
        Each fact of the instruction that it can be about, with the value that takes its place,
        without doubles.
    """
    words = lexicon(schema)
    parser = Parser(ENGLISH, text, words, {})
    found: dict[tuple[str, str], tuple[str, Json]] = {}
    for turned, end in parser.parse("turn", 0):
        if end != len(text) or not isinstance(turned, Turned):
            continue
        for use in _uses(plan):
            fact = plan.fact(use.fact)
            field = words.field(use.entity, use.field)
            if fact.exposure != "instruction" or field is None or not _named(field, turned):
                continue
            first = _value(field, use, turned.first)
            then = _value(field, use, turned.then)
            if first is not NOTHING and then is not NOTHING and first == plain(fact.value):
                found[use.fact, repr(then)] = (use.fact, then)
    return list(found.values())


def _named(field: Field, turned: Turned) -> bool:
    if turned.field is None:
        return True
    labels = {low(field.label)}
    if field.type == "boolean":
        labels |= {low(switch_words(field)), low(flag_words(field))}
    return low(turned.field) in labels


def _value(field: Field, use: _Use, said: object) -> Json:
    if use.of is not None:
        return measure_of(use.of, said)
    return valued(field, said, op=use.op)


def _uses(plan: Plan) -> Iterator[_Use]:
    """Yield where the instruction uses which fact: the first one in the place of a later one."""
    turned = {node.then: node.first for node in plan.nodes if isinstance(node, Shift)}
    seen: dict[_Use, None] = {}
    for node in plan.nodes:
        match node:
            case Select():
                for where in node.where:
                    fact = turned.get(where.fact, where.fact)
                    use = _Use(
                        fact=fact,
                        entity=node.entity,
                        field=where.field,
                        op=where.op,
                        of=where.of,
                        clue=True,
                    )
                    seen[use] = None
            case Write():
                for one in node.settings:
                    if one.fact is not None:
                        fact = turned.get(one.fact, one.fact)
                        seen[_Use(fact=fact, entity=node.entity, field=one.field)] = None
            case Choose():
                of = plan.node(node.of)
                assert isinstance(of, Select)
                for limit in node.limits:
                    if limit.fact is not None:
                        seen[_limit(turned.get(limit.fact, limit.fact), of.entity, limit)] = None
    yield from seen


def _limit(fact: str, entity: str, limit: Limit) -> _Use:
    return _Use(fact=fact, entity=entity, field=limit.field, op=limit.op)


def _attempt(
    plan: Plan,
    use: _Use,
    shift: Shift,
    words: Lexicon,
    rng: random.Random,
    after: str | None,
    *,
    named: bool,
) -> str:
    field = words.field(use.entity, use.field)
    if field is None:
        raise UnsayableError(f"{use.entity}.{use.field} has no words")
    said: list[Literal] = []
    for name in (shift.first, shift.then):
        value = plan.fact(name).value
        if value is None:
            raise UnsayableError("a change to nothing")
        if use.of is not None:
            said.append(measured(use.of, value))
        else:
            said.append(_bare(field, literal(field, value, op=use.op)))
    flag = isinstance(said[0], Truth)
    loose = isinstance(said[0], Number) and said[0].unit is None
    named = named or flag or loose or rng.random() < 0.4
    label = switch_words(field) if flag else field.label
    turned = Turned(
        first=said[0],
        then=said[1],
        field=label if named else None,
        flag=flag,
        clue=use.clue and named and not flag,
    )
    who = persona(rng, mine=True)
    style = _style(said[0], who.style(), after)
    writer = Writer(ENGLISH, rng, register=who.register, style=style)
    return joined(writer.write("turn", turned))[0]


def _bare(field: Field, said: Literal) -> Literal:
    """Leave the quotes of a code away."""
    code = isinstance(said, Quote) and field.role == "code" and "-" in said.text and bare(said.text)
    return Bare(text=said.text) if code else said  # type: ignore[union-attr]


def _style(first: Literal, own: Style, after: str | None) -> Style:
    """Write values as the instruction does: the first one stands in it."""
    if after is None:
        return own
    for dates in (own.dates, *_DATES):
        for words in (own.words, not own.words):
            for curly in (own.curly, not own.curly):
                style = Style(dates=dates, words=words, curly=curly, utc=own.utc)
                if written(first, style) in after:
                    return style
    return own
