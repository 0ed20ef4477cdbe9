"""What the desk is for, how to work at it, and what it cannot do.

Schema and tools come in, the bodies of sections go out. Next: `chapters`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from agentgym.formats import Record
from agentgym.rules.english import capital, few, listing
from agentgym.schema import Entity, Schema

__all__ = ["Doer", "Powers", "can", "cannot", "manners", "powers", "purpose"]

Powers = Mapping[str, frozenset[str]]
"""Entity to what tools do to its rows: `create`, `update`, `transition`, `delete`, reads."""

_WRITES = ("create", "update", "transition", "delete")
_AS = {"link": "create", "unlink": "delete", "transfer": "update"}


class Doer(Protocol):
    """What this room needs to know of a tool; `tools` stands further down the stair."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def term(self) -> Record:
        """What it does: a record whose tag is the kind, perhaps with an `entity`."""

    @property
    def guards(self) -> Sequence[str]:
        """Ids of the rules that it asks."""


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


def powers(tools: Sequence[Doer], schema: Schema) -> Powers:
    """Find out what the tools do to the rows of which entity."""
    found: dict[str, set[str]] = {}

    def note(term: Any) -> None:
        tag = type(term).__struct_config__.tag
        kind = _AS.get(tag, tag)
        for one in (term, getattr(term, "source", None), getattr(term, "target", None)):
            entity = getattr(one, "entity", None)
            if isinstance(entity, str):
                found.setdefault(entity, set()).add(kind)
        for nested in getattr(term, "nested", ()):
            found.setdefault(schema.relation(nested.relation).entity, set()).add("create")
        for step in getattr(term, "steps", ()):
            note(step.term)

    for tool in tools:
        note(tool.term)
    return {entity: frozenset(kinds) for entity, kinds in found.items()}


def can(does: Powers, entity: Entity, *kinds: str) -> bool:
    """Tell whether some tool does one of these to rows of the entity."""
    return bool(does.get(entity.name, frozenset()) & set(kinds))


def purpose(schema: Schema, does: Powers) -> str:
    """Say what people ask here, and whether anything can be changed."""
    kept = [e for e in schema.entities if e.spoken and e.kind in ("record", "lookup")]
    main = [e for e in kept if e.kind == "record"] or kept or list(schema.entities)
    asked = few([e.plural for e in main], 12)
    lines = [f"You answer people who ask about {asked}, with the tools that you are given."]
    changed = [e.plural for e in main if can(does, e, *_WRITES)]
    anything = any(can(does, e, *_WRITES) for e in schema.entities)
    if changed or anything:
        whole = len(changed) == len(main)
        which = "all of them" if whole else few(changed, 12) or "some of what belongs to them"
        lines.append(
            "Some requests are questions; others ask you to change the records, and you may "
            f"change {which} within the rules below."
        )
    else:
        lines.append("Every request here is a question: no record can be changed.")
    return "\n".join(lines)


def manners(names: set[str]) -> str:
    """Say how to work, with the tools that there are."""
    steps = list(_ALWAYS)
    if "ask_user" not in names:
        steps = [step.replace(" with `ask_user`", "") for step in steps]
    steps += [step for tool, step in _WITH.items() if tool in names]
    return "\n".join(f"{number}. {step}" for number, step in enumerate(steps, 1))


def cannot(schema: Schema, does: Powers) -> str:
    """Say what no tool does."""
    lines = []
    fixed = [e for e in schema.entities if not can(does, e, *_WRITES)]
    if 0 < len(fixed) < len(schema.entities):
        lines.append(
            f"- {capital(listing(e.plural for e in fixed))} can be looked up but not changed."
        )
    open_ = [e for e in schema.entities if can(does, e, *_WRITES)]
    for kind, said in (
        ("create", "be created"),
        ("delete", "be deleted"),
    ):
        closed = [e.plural for e in open_ if not can(does, e, kind)]
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
