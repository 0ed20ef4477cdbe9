"""Rules of the business, made up for any schema that has something to protect.

Schema, rows and tools come in; out go rules of every class that the schema has a place for, and
the tools with the rules that each of them asks. Every rule is held by some present rows and not
by others, or by what a caller says and does; it guards only tools that can break it, and leaves
each of them useful. Next: `rules.policy`, which tells the rules as a manual.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from agentgym import rng
from agentgym.formats import Record
from agentgym.rules import Authenticated, Holder, Owner, Rule, parts
from agentgym.schema import Entity, Schema
from agentgym.schema.types import Rows
from agentgym.tools.algebra import Identify, Tool, subject
from agentgym.tools.derive.party import identify_tool, owner_paths, party
from agentgym.tools.derive.rules import limits, people, states, talk, times, wider
from agentgym.tools.derive.rules.choose import Candidate, Choice
from agentgym.tools.derive.rules.ground import Ground

__all__ = ["LEVELS", "Synthesized", "synthesize"]

LEVELS = range(5)
"""How complex rules may be: 0 none, 1 facts of one row, 2 who is served, 3 conditions and limits
across rows, yes and once, 4 order, exceptions, advice, hand-over."""

_ADVICE = ("order", "time_window", "limit")
"""Classes of which a rule may be advice only."""

_OWNED = 12
"""Most kinds of rows that are protected from those to whom they do not belong."""


class Synthesized(Record, kw_only=True):
    """Rules of a business, and the tools that they guard."""

    rules: tuple[Rule, ...]
    """The new rules only, those of lower levels first."""
    tools: tuple[Tool, ...]
    """All tools, in their order; one that identifies the user is added where rules want it."""


def synthesize(
    schema: Schema,
    rows: Rows,
    tools: Sequence[Tool],
    *,
    level: int,
    seed: int,
    now: str,
    rules: Sequence[Rule] = (),
) -> Synthesized:
    """Make up the rules of a business.

    Args:
        schema: Its schema.
        rows: Its rows at the start, as stored values: limits are chosen among them.
        tools: Its tools.
        level: 0 to 4. The rules of a level are among those of each higher one.
        seed: Decides what is drawn.
        now: The clock at the start, UTC.
        rules: What holds already.

    Returns:
        From none, where nothing is worth protecting, to about 20 rules with unique ids.
    """
    if level <= 0:
        return Synthesized(rules=(), tools=tuple(tools))
    person = party(schema)
    if person is not None and not rows.get(person.name):
        person = None
    asked = tuple(tools) if person is None else _with_identify(schema, tools, person)
    whose = {} if person is None else owner_paths(schema, person)
    ground = Ground(schema, rows, asked, now=now, seed=seed, party=person, paths=whose)
    choice = Choice(ground, rules)
    size = len(ground.entities())
    for step, take in enumerate((_one_row, _who, _across, _more), 1):
        if step <= level:
            take(choice, ground, size)
    choice.settle(rules)
    return _made(choice, asked, tools)


def _one_row(choice: Choice, ground: Ground, size: int) -> None:
    found = [*states.states(ground), *times.times(ground), *limits.sums(ground)]
    choice.take(found, 3 + min(2, size // 5), level=1)


def _who(choice: Choice, ground: Ground, size: int) -> None:
    del size
    choice.take(list(people.authentication(ground)), 1, level=2)
    choice.take(list(people.ownership(ground)), _OWNED, level=2, each=_OWNED)
    choice.take(list(people.tier(ground)), 1, level=2)


def _across(choice: Choice, ground: Ground, size: int) -> None:
    del size
    found = [*talk.confirmation(ground), *limits.crowds(ground), *talk.once(ground)]
    choice.take(found, 3, level=3)


def _more(choice: Choice, ground: Ground, size: int) -> None:
    found: list[Candidate] = [
        *wider.exceptions(ground),
        *talk.order(ground),
        *wider.hand_over(ground),
        *wider.conditions(ground),
    ]
    made = choice.take(found, 3 + min(1, size // 6), level=4)
    orders = [rule for rule in made if rule.kind in _ADVICE]
    if orders:
        advice = rng.stream(ground.seed, "advisory").choice(orders)
        choice.advise(advice.id)


def _with_identify(schema: Schema, tools: Sequence[Tool], person: Entity) -> tuple[Tool, ...]:
    """Put the tool that identifies the user before those that belong to no entity."""
    if any(isinstance(tool.term, Identify) for tool in tools):
        return tuple(tools)
    found = identify_tool(schema, person)
    if found is None:
        return tuple(tools)
    names = {tool.name for tool in tools}
    number, free = 2, found.name
    while free in names:
        free, number = f"{found.name}_{number}", number + 1
    found = msgspec.structs.replace(found, name=free)
    place = next(
        (n for n, tool in enumerate(tools) if subject(tool.term, schema) is None), len(tools)
    )
    return (*tools[:place], found, *tools[place:])


def _made(choice: Choice, asked: Sequence[Tool], tools: Sequence[Tool]) -> Synthesized:
    served = any(
        isinstance(part, (Authenticated, Owner, Holder))
        for rule in choice.rules
        for part in parts(rule.predicate)
    )
    return Synthesized(
        rules=tuple(choice.rules),
        tools=tuple(
            msgspec.structs.replace(tool, guards=(*tool.guards, *choice.guards.get(tool.name, ())))
            for tool in (asked if served else tools)
        ),
    )
