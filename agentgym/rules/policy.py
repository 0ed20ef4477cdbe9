"""The desk manual: what a person at this desk is told before the first request.

Schema, rules and tools come in, Markdown goes out: sections, full sentences, no
dump. `domain` stores it as `policy.md`, the episode opens with it. Next: `tools.algebra`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from agentgym.formats import Record
from agentgym.rules.english import a, capital, few, listing, own
from agentgym.rules.predicate import Move, NoChildren
from agentgym.rules.rule import Rule
from agentgym.rules.sentences import life, refusal, sentence
from agentgym.schema import Entity, Schema

__all__ = ["Doer", "policy_text"]


class Doer(Protocol):
    """What this room needs to know of a tool; `tools` stands further down the stair."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def term(self) -> Record:
        """What it does: a record whose tag is the kind, perhaps with an `entity`."""


_WRITES = ("create", "update", "transition", "delete")


_ALWAYS = """\
Look things up before you answer. What the tools show is the truth; what you believe is not.
Never guess an ID, a code or an exact name. Take it from the user or from a tool's result.
Lists come in pages. Before you call something the largest, the latest or the only one, make sure \
that you have seen all of it, or let a tool sort, filter or count.
When something that you need is missing, or fits several records, ask the user with `ask_user`; \
do not choose for them.
Change what was asked and nothing else. When several changes are asked for, make all of them.
When a tool refuses, read why. Put right what you can; do not go around a rule by another way.
""".splitlines()
_WITH = {
    "calculate": "Do sums with `calculate`; amounts are exact, and so are their digits.",
    "current_time": "All times are in UTC. What time it is now, `current_time` tells.",
    "conclude": """\
At the end, call `conclude` once: `done` when the request is fulfilled, with the answer if one was \
asked for; `refused` when a rule forbids it, naming the rule; `impossible` when something that it \
needs does not exist. Having refused, leave everything as it was.""",
}


def policy_text(title: str, schema: Schema, rules: Sequence[Rule], tools: Sequence[Doer]) -> str:
    """Write the manual of a domain.

    Args:
        title: What people call the domain: `Clinic`.
        schema: Its schema.
        rules: Its rules; each is told once, with its id in brackets.
        tools: All its tools: what no tool does, the manual says cannot be done.

    Returns:
        Markdown that ends with a newline; the same for the same arguments.
    """
    does = _powers(tools)
    names = {tool.name for tool in tools}
    sections = [
        f"# {title}: desk manual",
        _section("What this desk does", _purpose(schema, does)),
        _section("How to work", _manners(names)),
        _section("What every record must satisfy", _checks(schema, rules)),
        _section("How a status may change", _lives(schema, rules)),
        _section("When a record may be deleted", _deletes(schema, rules, does)),
        _section("What cannot be done here", _limits(schema, does)),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _section(title: str, body: str) -> str:
    return f"## {title}\n\n{body}" if body else ""


def _powers(tools: Sequence[Doer]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for tool in tools:
        entity = getattr(tool.term, "entity", None)
        tag = type(tool.term).__struct_config__.tag
        if isinstance(entity, str) and isinstance(tag, str):
            found.setdefault(entity, set()).add(tag)
    return {entity: frozenset(kinds) for entity, kinds in found.items()}


def _can(does: dict[str, frozenset[str]], entity: Entity, *kinds: str) -> bool:
    return bool(does.get(entity.name, frozenset()) & set(kinds))


def _purpose(schema: Schema, does: dict[str, frozenset[str]]) -> str:
    kept = [e for e in schema.entities if e.spoken and e.kind in ("record", "lookup")]
    main = [e for e in kept if e.kind == "record"] or kept or list(schema.entities)
    asked = few([e.plural for e in main], 12)
    lines = [f"You answer people who ask about {asked}, with the tools that you are given."]
    changed = [e.plural for e in main if _can(does, e, *_WRITES)]
    if changed:
        whole = len(changed) == len(main)
        lines.append(
            "Some requests are questions; others ask you to change the records, and you may "
            f"change {'all of them' if whole else few(changed, 12)} within the rules below."
        )
    else:
        lines.append("Every request here is a question: no record can be changed.")
    return "\n".join(lines)


def _manners(names: set[str]) -> str:
    steps = list(_ALWAYS)
    if "ask_user" not in names:
        steps = [step.replace(" with `ask_user`", "") for step in steps]
    steps += [step for tool, step in _WITH.items() if tool in names]
    return "\n".join(f"{number}. {step}" for number, step in enumerate(steps, 1))


def _checks(schema: Schema, rules: Sequence[Rule]) -> str:
    parts = []
    for entity in schema.entities:
        lines = [
            f"- {sentence(rule, schema)} [{rule.id}]"
            for rule in rules
            if rule.entity == entity.name and not isinstance(rule.predicate, (Move, NoChildren))
        ]
        if lines:
            parts.append("\n".join([f"### {capital(entity.plural)}", "", *lines]))
    return "\n\n".join(parts)


def _lives(schema: Schema, rules: Sequence[Rule]) -> str:
    guards = {
        (rule.entity, rule.predicate.field): rule.id
        for rule in rules
        if isinstance(rule.predicate, Move)
    }
    lines = []
    for cycle in schema.lifecycles:
        guard = guards.get((cycle.entity, cycle.field))
        if guard is not None:
            entity = schema.entity(cycle.entity)
            owner = f"{own(entity.field(cycle.field).label, entity.label)} of {a(entity.label)}"
            lines.append(f"- The {owner} {life(cycle)}. [{guard}]")
    if lines:
        lines.insert(0, "A status moves one step at a time, and only along these lines:\n")
    return "\n".join(lines)


def _deletes(schema: Schema, rules: Sequence[Rule], does: dict[str, frozenset[str]]) -> str:
    lines = []
    for entity in schema.entities:
        if not _can(does, entity, "delete"):
            continue
        bars: list[str] = []
        ids: list[str] = []
        for rule in rules:
            if rule.entity == entity.name and isinstance(rule.predicate, NoChildren):
                bars.append(refusal(schema.relation(rule.predicate.relation), schema))
                ids.append(rule.id)
        if bars:
            said = _no(list(dict.fromkeys(bars)))
            line = f"{capital(a(entity.label))} can be deleted only while {said}."
            lines.append(f"- {line} [{', '.join(ids)}]")
    if lines:
        lines.insert(0, "Deleting a record never deletes another.\n")
    return "\n".join(lines)


def _no(bars: list[str]) -> str:
    """Say that none of the children is there: `no order or invoice refers to it`."""
    tail = " refers to it"
    plain = [bar.removesuffix(tail) for bar in bars if bar.endswith(tail)]
    roles = [f"no {bar}" for bar in bars if not bar.endswith(tail)]
    first = [f"no {listing(plain, 'or')}{tail}"] if plain else []
    return listing([*first, *roles], "and")


def _limits(schema: Schema, does: dict[str, frozenset[str]]) -> str:
    lines = []
    fixed = [e for e in schema.entities if not _can(does, e, *_WRITES)]
    if 0 < len(fixed) < len(schema.entities):
        lines.append(
            f"- {capital(listing(e.plural for e in fixed))} can be looked up but not changed."
        )
    open_ = [e for e in schema.entities if _can(does, e, *_WRITES)]
    for kind, said in (
        ("create", "be created"),
        ("delete", "be deleted"),
    ):
        closed = [e.plural for e in open_ if not _can(does, e, kind)]
        if closed:
            lines.append(f"- {capital(listing(closed))} cannot {said}.")
    if open_:
        lines.append(
            "- IDs, and everything that the system fills in by itself, cannot be set by hand."
        )
    if any(f.role == "secret" for e in schema.entities for f in e.fields):
        lines.append("- Passwords and other secrets are never shown and never changed.")
    lines.append(
        "- There are no tools but those you are given: what none of them does, you cannot do."
    )
    return "\n".join(lines)
