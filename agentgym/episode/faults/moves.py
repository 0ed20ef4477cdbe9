"""Moves: what the world does by itself in an episode: rows that change, rules that are new.

In come a task and luck; out come notices. By construction no task is moved by them: what changes
is a number that neither its plan, goal and gold run nor any rule, effect or sorting of the domain
speaks of; what a new rule forbids the gold run does not do, and what it asks for the user gives.
Next: `climate`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Literal

from agentgym.domain import Domain
from agentgym.domain.patch import Patch
from agentgym.episode.faults.luck import WHOLE, Luck
from agentgym.episode.faults.options import FaultOptions, Strike
from agentgym.formats import Record, encode, to_text
from agentgym.rules import Compare, In, Rule
from agentgym.schema import Entity, Field
from agentgym.schema.types import to_stored, to_wire
from agentgym.tasks import Notice, Task
from agentgym.tools.algebra import WRITES, AskUser, ListRelated, Search
from agentgym.tools.views import first_sentence

__all__ = ["Movable", "NewRule", "changes", "movable", "new_rule", "unspoken"]

_TURNS = 6
"""After how many of the first turns a row may change by itself."""
_SOON = 4
"""Within how many turns a new rule is announced."""
_WORD = re.compile(rb"[A-Za-z_][A-Za-z0-9_]*")
_NUMBERS = ("integer", "decimal", "float")

_Slot = tuple[str, tuple[object, ...]]
"""Entity and wire values of the key of a row."""

Movable = tuple[Entity, Field]
"""A field whose values may change by themselves."""


class NewRule(Record, kw_only=True):
    """A rule that holds from some turn on."""

    turn: int
    """After which it is announced."""
    kind: Literal["confirm", "suspend"]
    """Every change needs a yes of the user; one tool may not be used any more."""
    tool: str = ""

    def notice(self, domain: Domain) -> Notice:
        """Return how the agent is told."""
        if self.kind == "confirm":
            text = (
                "Policy update: from now on, ask the user to confirm before every change of "
                "records; one yes serves one change."
            )
        else:
            what = first_sentence(domain.tool_by_name[self.tool].description).rstrip(".")
            text = f"Policy update: from now on this is not done at this desk: {what}."
        return Notice(turn=self.turn, text=text, kind="policy")


def movable(domain: Domain) -> tuple[Movable, ...]:
    """Return the fields on which nothing in a domain rests: numbers that nobody speaks of."""
    schema = domain.schema
    bound = _words(schema.lifecycles, schema.derived, schema.exclusives, domain.effects)
    # A value that stands in the column already keeps what is said of the field alone.
    bound |= _words([check for check in schema.checks if check.other is not None])
    bound |= _words([rule for rule in domain.rules if not _of_one_value(rule)])
    for tool in domain.tools:
        term = tool.term
        if isinstance(term, (Search, ListRelated)) and term.order is not None:
            bound.add(term.order.field)
    found = []
    for entity in schema.entities:
        joined = {
            name
            for relation in schema.relations
            for owner, names in (
                (relation.entity, relation.fields),
                (relation.target, relation.target_fields),
            )
            if owner == entity.name
            for name in names
        }
        joined.update(entity.key, *entity.uniques)
        for field in entity.fields:
            free = field.type in _NUMBERS and field.role not in ("secret", "key")
            if (
                free
                and not (field.unique or field.generated)
                and field.name not in joined
                and field.name not in bound
            ):
                found.append((entity, field))
    return tuple(found)


def _of_one_value(rule: Rule) -> bool:
    """Tell whether a rule is about one value of a row, each taken for itself."""
    told = rule.predicate
    if rule.kind != "invariant":
        return False
    return isinstance(told, In) or (isinstance(told, Compare) and told.other is None)


def unspoken(fields: Iterable[Movable], task: Task) -> tuple[Movable, ...]:
    """Return those fields that neither plan nor goal nor gold run of a task speak of."""
    spoken = _words(task.plan, task.goal, task.gold, task.stream, task.user.deeds)
    return tuple(one for one in fields if one[1].name not in spoken)


def changes(
    options: FaultOptions, domain: Domain, task: Task, fields: Iterable[Movable], luck: Luck
) -> tuple[Notice, ...]:
    """Return which rows change by themselves in an episode, by turn.

    Args:
        options: How often.
        domain: Whose rows.
        task: What is played; no row changes that its goal changes.
        fields: What may change; see `unspoken`.
        luck: Of the episode.
    """
    asked = [(strike.turn, strike) for strike in options.schedule if strike.kind == "change"]
    due: list[tuple[int | None, Strike | None]] = [*asked]
    turn: int | None
    for turn in range(1, _TURNS + 1):
        if luck.of("change", turn)[0] < options.change * WHOLE:
            due.append((turn, None))
    if not due:
        return ()
    free = list(fields)
    kept = {(p.entity, p.key) for p in (*task.patch, *(p for n in task.stream for p in n.patch))}
    for branch in task.goal.branches:
        kept.update((c.entity, c.key) for c in branch.changes if c.key is not None)
    found = []
    for place, (turn, strike) in enumerate(due):
        fitting = [
            (entity, field)
            for entity, field in free
            if strike is None
            or (strike.entity in ("", entity.name) and strike.field in ("", field.name))
        ]
        patch = _moved(domain, task, fitting, kept, luck, place) if fitting else None
        if patch is not None:
            assert turn is not None
            found.append(_notice(domain, turn, patch))
    return tuple(found)


def _moved(
    domain: Domain,
    task: Task,
    fields: Sequence[Movable],
    kept: set[_Slot],
    luck: Luck,
    place: int,
) -> Patch | None:
    """Return one row with another value of one field: one that some other row has.

    As often as not it is a row at which whoever does the task has to look.
    """
    near = [
        (entity, field, seen.key)
        for branch in task.goal.branches
        for seen in branch.seen
        for entity, field in fields
        if seen.key is not None and seen.entity == entity.name
    ]
    for attempt in range(8):
        which, other = luck.of("moved", place, attempt)
        if near and which % 2:
            entity, field, told = near[(which >> 1) % len(near)]
            key = tuple(told)
        else:
            entity, field = fields[(which >> 1) % len(fields)]
            rows = domain.rows.get(entity.name, ())
            if not rows:
                continue
            row = rows[(which >> 24) % len(rows)]
            key = tuple(to_wire(entity.field(n), row[entity.position(n)]) for n in entity.key)
        if (entity.name, key) in kept:
            continue
        at, rows = entity.position(field.name), domain.rows.get(entity.name, ())
        stored = tuple(to_stored(entity.field(n), v) for n, v in zip(entity.key, key, strict=True))
        found = domain.patcher.lookup.row(entity.name, stored)
        if found is None:
            continue
        value = rows[other % len(rows)][at]
        if value is not None and found[at] not in (None, value):
            return Patch(entity=entity.name, key=key, values={field.name: to_wire(field, value)})
    return None


def _notice(domain: Domain, turn: int, patch: Patch) -> Notice:
    entity = domain.schema.entity(patch.entity)
    ((name, value),) = (patch.values or {}).items()
    field = entity.field(name)
    key = ", ".join(part if isinstance(part, str) else to_text(part) for part in patch.key)
    unit = f" {field.unit}" if field.unit else ""
    text = f"The {field.label} of {entity.label} {key} is now {to_text(value)}{unit}."
    return Notice(
        turn=turn, text=text, entity=entity.name, key=patch.key, patch=(patch,), kind="change"
    )


def new_rule(
    options: FaultOptions, domain: Domain, task: Task, reach: Iterable[str], luck: Luck
) -> NewRule | None:
    """Return the rule that is new in an episode, if any.

    Args:
        options: How often.
        domain: Whose tools.
        task: What is played.
        reach: Names of the tools that the agent can reach.
        luck: Of the episode.
    """
    turn = next((strike.turn for strike in options.schedule if strike.kind == "policy"), None)
    whether, when = luck.of("policy")
    if turn is None:
        if whether >= options.policy * WHOLE:
            return None
        turn = 1 + when % _SOON
    tools = domain.tool_by_name
    writes = [n for n in reach if n in tools and isinstance(tools[n].term, WRITES)]
    used = {step.tool for step in task.gold} | {deed.tool for deed in task.user.deeds}
    script = task.user
    asks = any(n in tools and isinstance(tools[n].term, AskUser) for n in reach)
    plain = asks and not (script.shift or script.later or script.deeds or task.stream)
    which, choice = luck.of("policy", "which")
    if plain and used.intersection(writes) and which % 2:
        return NewRule(turn=turn, kind="confirm")
    spare = [name for name in writes if name not in used]
    return NewRule(turn=turn, kind="suspend", tool=spare[choice % len(spare)]) if spare else None


def _words(*values: object) -> set[str]:
    """Return every word in some records: names of fields among them."""
    return {word.decode() for word in _WORD.findall(encode(values))}
