"""From an outline to a `Draft`, with all that is wrong in it. No model is asked here.

An `Outline` comes in; a `Reading` goes out: the draft of what can be used, the problems, and
what was mended. Next: `prompt`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

import msgspec

from agentgym.errors import SchemaError
from agentgym.formats import Json, Record
from agentgym.rules import Effect, Rule, derive
from agentgym.rules.consistency import contradictions
from agentgym.schema import Schema
from agentgym.schema.discover import discover
from agentgym.schema.types import to_stored
from agentgym.sources.draft import Draft, Values
from agentgym.sources.text.bonds import Bonds
from agentgym.sources.text.lenient import clean
from agentgym.sources.text.outline import MOST_ENTITIES, Outline
from agentgym.sources.text.problems import Problem, Report
from agentgym.sources.text.rules import bind
from agentgym.sources.text.things import Plan, lay_out
from agentgym.sources.text.ties import cut_off, tie
from agentgym.sources.text.totals import apart, compute, happen
from agentgym.sources.text.translate import Key, translate
from agentgym.tools.derive.effects import find_effects

__all__ = ["Reading", "shape"]

_LONGEST_TITLE = 80
_LONGEST_DESCRIPTION = 500
_JOB = (
    "People ask you to look things up and to change records; your tools are the only way to do so."
)


class Reading(Record, kw_only=True):
    """What became of an outline."""

    draft: Draft | None
    """What can be used of it; None where nothing can be built."""
    problems: tuple[Problem, ...]
    """What is left out of the draft, or mended in a way that nobody asked for."""
    slips: dict[str, int]
    """What was mended without asking, by kind."""


def shape(outline: Outline, *, name: str, sha256: str, entities: int = MOST_ENTITIES) -> Reading:
    """Make a draft of what an outline says, as far as it makes sense.

    Args:
        outline: From a model, or written by hand.
        name: Of the text that it was made from.
        sha256: Of that text.
        entities: Most entities that are taken.
    """
    report = Report()
    plan = lay_out(outline, entities, report)
    tie(plan, outline, report)
    cut_off(plan, report)
    if report.lost:
        return _reading(None, report)
    schema, key = translate(plan)
    bonds = bind(outline.rules, schema, key, report)
    schema = _unique(schema, bonds)
    derived = compute(outline.derived, schema, key, report)
    schema = msgspec.structs.replace(schema, derived=tuple(one for _, one in derived))
    effects = happen(outline.effects, schema, key, report)
    schema, rules = _settled(schema, bonds, report)
    effects_ = _numbered([one for _, one in effects])
    try:
        schema.validate(where=name)
    except SchemaError as error:
        report.fatal("outline", f"it contradicts itself: {error}")
        return _reading(None, report)
    title = clean(outline.title)[:_LONGEST_TITLE].rstrip(" .")
    draft = Draft(
        kind="text",
        name=name,
        sha256=sha256,
        schema=schema,
        authored=True,
        values=tuple(_values(plan, schema, key)),
        rules=rules,
        effects=tuple(apart(schema, _joined(schema, effects_))),
        title=title,
        description=_description(title, clean(outline.description)),
    )
    return _reading(draft, report)


def _reading(draft: Draft | None, report: Report) -> Reading:
    return Reading(
        draft=draft, problems=tuple(report.problems), slips=dict(sorted(report.slips.items()))
    )


def _unique(schema: Schema, bonds: Bonds) -> Schema:
    """Enter the sets of fields that are unique together, and the fields that are alone."""
    entities = []
    for entity in schema.entities:
        mine = [fields for name, fields in bonds.uniques if name == entity.name]
        alone = {fields[0] for fields in mine if len(fields) == 1}
        together = [fields for fields in mine if len(fields) > 1]
        entities.append(
            msgspec.structs.replace(
                entity,
                fields=tuple(
                    msgspec.structs.replace(f, unique=True) if f.name in alone else f
                    for f in entity.fields
                ),
                uniques=(*entity.uniques, *together),
            )
        )
    return msgspec.structs.replace(schema, entities=tuple(entities))


def _settled(schema: Schema, bonds: Bonds, report: Report) -> tuple[Schema, tuple[Rule, ...]]:
    """Add the checks, exclusives and rules that can hold together, and what names imply."""
    while True:
        checked = msgspec.structs.replace(
            schema,
            checks=tuple(one for _, one in bonds.checks),
            exclusives=tuple(one for _, one in bonds.exclusives),
        )
        rules = tuple(one for _, one in bonds.rules)
        clash = _clash(checked, rules)
        if clash is None:
            break
        _leave_out(clash, bonds, report)
    found = discover(checked, {})
    extra = [one for one in found.checks if one not in checked.checks]
    while extra and _clash(_with(found, checked, extra), rules) is not None:
        extra.pop()
    return _with(found, checked, extra), rules


def _with(found: Schema, checked: Schema, extra: Sequence[object]) -> Schema:
    kept = tuple(one for one in found.checks if one in checked.checks or one in extra)
    return msgspec.structs.replace(found, checks=kept)


def _clash(schema: Schema, rules: Sequence[Rule]) -> tuple[str, ...] | None:
    """Return the ids of rules that contradict each other, whichever tools ask them."""
    together = [
        {rule.id for rule in rules if rule.entity == entity.name} for entity in schema.entities
    ]
    found = contradictions((*derive(schema), *rules), schema, [ids for ids in together if ids])
    return found[0].rules if found else None


def _leave_out(clash: Sequence[str], bonds: Bonds, report: Report) -> None:
    """Leave out the last of the outline's own rules that contradict each other."""
    for listed in (bonds.rules, bonds.exclusives, bonds.checks):
        for place in range(len(listed) - 1, -1, -1):
            where, one = listed[place]
            if one.id in clash:
                others = [
                    there
                    for kind in (bonds.checks, bonds.exclusives, bonds.rules)
                    for there, other in kind
                    if other.id in clash and other is not one
                ]
                said = (
                    f"it cannot hold together with {', '.join(others)}"
                    if others
                    else ("it can never hold")
                )
                report.fault(where, said, hint="change or remove one of them", part="rule")
                del listed[place]
                return
    raise AssertionError(clash)


def _numbered(effects: Sequence[Effect]) -> list[Effect]:
    taken: set[str] = set()
    found = []
    for effect in effects:
        name, number = effect.id, 2
        while name in taken:
            name, number = f"{effect.id}_{number}", number + 1
        taken.add(name)
        found.append(effect if name == effect.id else msgspec.structs.replace(effect, id=name))
    return found


def _joined(schema: Schema, said: Sequence[Effect]) -> list[Effect]:
    """Add what names imply, where the outline itself says nothing of the field."""
    taken = {(effect.entity, *_aim(schema, effect)) for effect in said}
    ids = {effect.id for effect in said} | {one.id for one in schema.derived}
    implied = [
        effect
        for effect in find_effects(schema, {})
        if (effect.entity, *_aim(schema, effect)) not in taken and effect.id not in ids
    ]
    return [*said, *implied]


def _aim(schema: Schema, effect: Effect) -> tuple[str, str]:
    path = getattr(effect.do, "path", ())
    if not hasattr(effect.do, "field"):
        return str(getattr(effect.do, "entity", "")), "*"
    return schema.relation(path[-1]).target if path else effect.entity, effect.do.field


def _values(plan: Plan, schema: Schema, key: Key) -> list[Values]:
    """Return the value lists and ranges, in wire form."""
    found = []
    for table in plan.tables.values():
        entity = schema.entity(key.entities[table.name])
        for column in table.columns.values():
            name = key.fields[table.name, column.name]
            field = entity.field(name)
            if (entity.name, name) in schema.computed or column.tied:
                continue
            if field.type == "text" and column.values:
                listed = [one for one in column.values if _holds(field, one)]
                if listed and not (field.unique and len(listed) < len(column.values)):
                    found.append(Values(entity=entity.name, field=name, values=tuple(listed)))
            elif column.least is not None or column.most is not None:
                ends = [_number(field.scale, end) for end in (column.least, column.most)]
                found.append(Values(entity=entity.name, field=name, least=ends[0], most=ends[1]))
    return found


def _holds(field: object, value: str) -> bool:
    try:
        to_stored(field, value)  # type: ignore[arg-type]
    except ValueError:
        return False
    return True


def _number(scale: int, value: float | None) -> Json:
    if value is None:
        return None
    exact = Decimal(str(value)).quantize(Decimal(1).scaleb(-scale))
    return exact if scale else int(exact)


def _description(title: str, said: str) -> str:
    """Return what the agent's job is; empty where the outline does not say."""
    if not said:
        return ""
    if len(said) > _LONGEST_DESCRIPTION:
        said = said[:_LONGEST_DESCRIPTION].rpartition(" ")[0] + " ..."
    said = said if said.endswith((".", "!", "?")) else said + "."
    desk = f"You work at the service desk of {title}." if title else "You work at a service desk."
    return f"{desk} {said} {_JOB}"


def left_out(problems: Sequence[Problem]) -> Counter[str]:
    """Count what is left out, by kind of part."""
    return Counter(problem.part for problem in problems)
