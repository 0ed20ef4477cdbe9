"""The rules of a desk, chapter by chapter: each told once, with its id in brackets.

Rules and effects come in, the bodies of sections go out; empty where there is nothing to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from agentgym.rules.effect import Effect
from agentgym.rules.english import a, capital, listing, own
from agentgym.rules.policy.desk import Powers, can
from agentgym.rules.predicate import Authenticated, Confirmed, Move, NoChildren, Owner
from agentgym.rules.rule import Rule, RuleClass
from agentgym.rules.sentences import (
    derived_sentence,
    effect_sentence,
    joint,
    life,
    refusal,
    sentence,
)
from agentgym.schema import Entity, Schema

__all__ = ["business", "deletes", "doings", "lives", "records"]

_CHAPTERS: tuple[tuple[str, tuple[RuleClass, ...], str], ...] = (
    (
        "Who is served",
        ("authentication", "ownership", "tier"),
        "Know whom you are talking to before you tell or change anything that is theirs.",
    ),
    (
        "What may be changed, and when",
        ("state", "time_window"),
        "What was possible yesterday may not be possible today: look at the record first.",
    ),
    (
        "Limits",
        ("limit", "once"),
        "There is so much, and no more. What goes beyond is refused, not split up.",
    ),
    (
        "Confirmation",
        ("confirmation",),
        "Some changes are made only once the user has agreed to them. One yes serves one change.",
    ),
    (
        "Order of work",
        ("order",),
        "Some things are done only after others.",
    ),
    (
        "What to refuse and hand over",
        ("hand_over",),
        "Some requests are not decided here, however good the reason.",
    ),
)
_ADVICE = "No tool refuses what follows. Keep to it all the same: it is looked at afterwards."


def business(
    rules: Sequence[Rule], schema: Schema, by: Mapping[str, Sequence[str]]
) -> dict[str, str]:
    """Write the chapters about who, when, how much and in what order, by title.

    Args:
        rules: The rules.
        schema: Their schema.
        by: Ids of rules that guard but some of the tools that write such rows, to those tools.
    """
    found: dict[str, str] = {}
    for title, kinds, opening in _CHAPTERS:
        own_ = [rule for rule in rules if rule.kind in kinds and rule.enforced]
        own_.sort(key=lambda rule: kinds.index(rule.kind))
        found[title] = _chapter(opening, own_, schema, by)
    advice = [rule for rule in rules if not rule.enforced]
    found["Good practice"] = _chapter(_ADVICE, advice, schema, by)
    return found


def _chapter(
    opening: str, rules: Sequence[Rule], schema: Schema, by: Mapping[str, Sequence[str]]
) -> str:
    if not rules:
        return ""
    general = [g for g in _groups(rules, schema, by) if len(g) > 1]
    told = {rule.id for group in general for rule in group}
    lines = [_line(joint(group, schema), group) for group in general]
    single = [rule for rule in rules if rule.id not in told]
    parts = [opening]
    by_entity = [(e, [r for r in single if r.entity == e.name]) for e in schema.entities]
    by_entity = [(entity, mine) for entity, mine in by_entity if mine]
    if len(by_entity) > 1 and len(single) > 2 * len(by_entity):
        if lines:
            parts.append("\n".join(lines))
        for entity, mine in by_entity:
            parts.append(
                _under(entity, [_line(sentence(r, schema, by.get(r.id, ())), [r]) for r in mine])
            )
    else:
        lines += [
            _line(sentence(r, schema, by.get(r.id, ())), [r]) for _, mine in by_entity for r in mine
        ]
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _under(entity: Entity, lines: Sequence[str]) -> str:
    return "\n".join([f"### {capital(entity.plural)}", "", *lines])


def _line(said: str, rules: Sequence[Rule]) -> str:
    return f"- {said} [{', '.join(rule.id for rule in rules)}]"


def _groups(
    rules: Iterable[Rule], schema: Schema, by: Mapping[str, Sequence[str]]
) -> list[list[Rule]]:
    """Group the rules that say the same of several entities."""
    groups: dict[tuple[object, ...], list[Rule]] = {}
    for rule in rules:
        how = (rule.id,) if rule.id in by else _sameness(rule, schema)
        groups.setdefault(how, []).append(rule)
    return list(groups.values())


def _sameness(rule: Rule, schema: Schema) -> tuple[object, ...]:
    how = (rule.kind, tuple(sorted(rule.on)), rule.enforced)
    alone = (rule.id, rule.entity)
    if rule.fields:
        return alone
    match rule.predicate:
        case Authenticated() if rule.kind == "authentication":
            return (*how, rule.predicate.entity)
        case Confirmed() if rule.kind == "confirmation":
            return how
        case Owner(path=(one,)) if rule.kind == "ownership":
            relation = schema.relation(one)
            return (*how, relation.label, relation.target)
        case _:
            return alone


def doings(schema: Schema, effects: Sequence[Effect]) -> str:
    """Say what the system does by itself: derived values, then effects."""
    lines = [f"- {derived_sentence(one, schema)} [{one.id}]" for one in schema.derived]
    lines += [f"- {effect_sentence(one, schema)} [{one.id}]" for one in effects]
    if not lines:
        return ""
    opening = "You need not do what follows, and you cannot prevent it: it happens with each write."
    return "\n\n".join([opening, "\n".join(lines)])


def records(schema: Schema, rules: Sequence[Rule]) -> str:
    """Say what every record must satisfy, entity by entity."""
    return _by_entity(
        schema,
        lambda entity: [
            _line(sentence(rule, schema), [rule])
            for rule in rules
            if rule.entity == entity.name
            and _invariant(rule)
            and not isinstance(rule.predicate, (Move, NoChildren))
        ],
    )


def _invariant(rule: Rule) -> bool:
    return rule.kind == "invariant" and rule.enforced


def _by_entity(schema: Schema, lines: Callable[[Entity], list[str]]) -> str:
    found = [(entity, lines(entity)) for entity in schema.entities]
    return "\n\n".join(_under(entity, said) for entity, said in found if said)


def lives(schema: Schema, rules: Sequence[Rule]) -> str:
    """Say how each status may change."""
    guards: dict[tuple[str, str], list[Rule]] = {}
    for rule in rules:
        if _invariant(rule) and isinstance(rule.predicate, Move):
            guards.setdefault((rule.entity, rule.predicate.field), []).append(rule)
    lines = []
    for cycle in schema.lifecycles:
        mine = guards.get((cycle.entity, cycle.field))
        if mine:
            entity = schema.entity(cycle.entity)
            owner = f"{own(entity.field(cycle.field).label, entity.label)} of {a(entity.label)}"
            lines.append(_line(f"The {owner} {life(cycle)}.", mine))
    if not lines:
        return ""
    opening = "A status moves one step at a time, and only along these lines:"
    return "\n\n".join([opening, "\n".join(lines)])


def deletes(schema: Schema, rules: Sequence[Rule], does: Powers) -> str:
    """Say when a record may be deleted, for what can be deleted at all."""
    lines = []
    for entity in schema.entities:
        if not can(does, entity, "delete"):
            continue
        mine = [
            (rule, rule.predicate)
            for rule in rules
            if rule.entity == entity.name
            and _invariant(rule)
            and isinstance(rule.predicate, NoChildren)
        ]
        if mine:
            bars = [refusal(schema.relation(p.relation), schema) for _, p in mine]
            said = _no(list(dict.fromkeys(bars)))
            told = f"{capital(a(entity.label))} can be deleted only while {said}."
            lines.append(_line(told, [rule for rule, _ in mine]))
    if not lines:
        return ""
    return "\n\n".join(["Deleting a record never deletes another.", "\n".join(lines)])


def _no(bars: list[str]) -> str:
    """Say that none of the children is there: `no order or invoice refers to it`."""
    tail = " refers to it"
    plain = [bar.removesuffix(tail) for bar in bars if bar.endswith(tail)]
    roles = [f"no {bar}" for bar in bars if not bar.endswith(tail)]
    first = [f"no {listing(plain, 'or')}{tail}"] if plain else []
    return listing([*first, *roles], "and")
