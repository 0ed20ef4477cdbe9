"""Who of a crew has which tools, and what each is told.

A view of tools comes in; out go roles: one at the front, who alone hears the user and concludes,
and others, who share the records among them. The split depends on the seed and on what there is,
never on what a task needs. Next: `crew`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agentgym.episode.view import View
from agentgym.errors import UsageError, nearest
from agentgym.formats import Json, Record
from agentgym.goals.results import FREE
from agentgym.rng import key
from agentgym.rules import sentence
from agentgym.tools.algebra import AskUser, Conclude, Identify, subject

__all__ = ["FRONT", "TELL", "Role", "divide", "tell_tool"]

FRONT = "front"
"""The role that hears the user and concludes."""
TELL = "tell_colleague"
"""The tool by which roles speak to each other."""
_FRONTS = (AskUser, Conclude, Identify)


class Role(Record, kw_only=True):
    """One member of a crew."""

    name: str
    tools: tuple[str, ...]
    """Names of the tools of the view that it may call, in the view's order."""
    entities: tuple[str, ...] = ()
    """Labels of what its tools are about, in plural."""
    system: str = ""
    """What it is told about its job."""


def divide(
    view: View, roles: int | Mapping[str, Sequence[str]], *, seed: int = 0
) -> tuple[Role, ...]:
    """Divide the tools of a view among the members of a crew, the front first.

    Tools that are about no records at all are everybody's. Those that speak with the user, end
    the episode or identify somebody are the front's.

    Args:
        view: What is shown to all of them together.
        roles: How many there are, 2 to 8; or, for each besides the front, the names of the
            entities that are its own. What nobody is given is the front's.
        seed: Decides who gets what where only a number is given.

    Raises:
        UsageError: There are too few or too many, or an entity is unknown or named twice.
    """
    schema = view.domain.schema
    about = {name: subject(term, schema) for name, term in view.terms.items()}
    entities = sorted({entity for entity in about.values() if entity is not None})
    if isinstance(roles, Mapping):
        entities = sorted({*entities, *schema.by_name})
    owners = _owners(entities, roles, seed)
    names = [FRONT, *dict.fromkeys(name for name in _named(roles) if name != FRONT)]
    common = {
        name
        for name, term in view.terms.items()
        if isinstance(term, FREE) and not isinstance(term, _FRONTS)
    }
    own: dict[str, list[str]] = {name: [] for name in names}
    for tool in view.names:
        if tool in common:
            for tools in own.values():
                tools.append(tool)
        elif isinstance(view.terms[tool], _FRONTS) or about[tool] is None:
            own[FRONT].append(tool)
        else:
            own[owners[str(about[tool])]].append(tool)
    labels = {
        name: tuple(schema.entity(entity).plural for entity in entities if owners[entity] == name)
        for name in names
    }
    return tuple(
        Role(
            name=name,
            tools=tuple(own[name]),
            entities=labels[name],
            system=_system(view, name, own[name], labels),
        )
        for name in names
    )


def tell_tool(role: Role, roles: Sequence[Role]) -> dict[str, Json]:
    """Return the tool by which a role speaks to the others, in OpenAI form."""
    others = [one.name for one in roles if one.name != role.name]
    return {
        "type": "function",
        "function": {
            "name": TELL,
            "description": "Say something to a colleague, whose turn it is then.",
            "parameters": {
                "type": "object",
                "properties": {
                    "to": {
                        "type": "string",
                        "enum": others,
                        "description": "Who is to hear it.",
                    },
                    "text": {
                        "type": "string",
                        "minLength": 1,
                        "description": "What to say; they know nothing else of the matter.",
                    },
                },
                "required": ["to", "text"],
                "additionalProperties": False,
            },
        },
    }


def _named(roles: int | Mapping[str, Sequence[str]]) -> list[str]:
    if isinstance(roles, Mapping):
        return [str(name) for name in roles]
    return [f"desk_{number}" for number in range(1, roles)]


def _owners(
    entities: Sequence[str], roles: int | Mapping[str, Sequence[str]], seed: int
) -> dict[str, str]:
    """Map entities to the roles whose they are."""
    if isinstance(roles, Mapping):
        owners: dict[str, str] = {}
        for role, given in roles.items():
            for entity in [given] if isinstance(given, str) else given:
                where = f"roles.{role}"
                if entity not in entities:
                    hint = nearest(str(entity), entities)
                    raise UsageError(
                        "an entity of the domain", found=repr(entity), where=where, hint=hint
                    )
                if entity in owners:
                    raise UsageError("each entity once", found=f"{entity} twice", where=where)
                owners[entity] = str(role)
        if not [role for role in roles if role != FRONT]:
            raise UsageError("a role besides the front", found="none", where="roles")
        return {entity: owners.get(entity, FRONT) for entity in entities}
    if isinstance(roles, bool) or not isinstance(roles, int) or not 2 <= roles <= 8:
        raise UsageError("2 to 8 roles", found=repr(roles), where="roles")
    names = _named(roles)
    dealt = sorted(entities, key=lambda entity: key(seed, "crew", entity))
    return {entity: names[place % len(names)] for place, entity in enumerate(dealt)}


def _system(
    view: View, name: str, tools: Sequence[str], labels: Mapping[str, Sequence[str]]
) -> str:
    """Say what a role's job is, and who the others are; rules only of its own tools."""
    domain = view.domain
    colleagues = [
        f"- {other}: {_listed(labels[other]) or 'no records'}"
        + (" and the user" if other == FRONT else "")
        for other in labels
        if other != name
    ]
    acting = [
        "You act by calling your tools; every call is answered before you go on.",
        f"What others can find out or do, ask of them with {TELL}; they know only what you say.",
    ]
    if name == FRONT:
        asks = [tool for tool in tools if isinstance(view.terms[tool], AskUser)]
        ends = [tool for tool in tools if isinstance(view.terms[tool], Conclude)]
        acting.append("You alone hear the user; a plain text without a call is said to them.")
        acting += [f"What only the user can know, ask with {tool}." for tool in asks]
        acting.append("Nobody may change anything that the user did not ask for.")
        acting += [
            f"When all is done, call {tool}: it ends the conversation. Give there the answer, if "
            "one was asked for: the value alone, or a list of values in the order asked for."
            for tool in ends
        ]
    else:
        acting.append("A plain text without a call is said to whoever asked you last.")
        acting.append("Change nothing that you were not asked to change.")
    known = domain.tool_by_name
    guards = {guard for tool in tools if tool in known for guard in known[tool].guards}
    told = [f"- {sentence(rule, domain.schema)}" for rule in domain.rules if rule.id in guards]
    parts = [
        domain.description.strip(),
        f"You are called {name}. Your records: {_listed(labels[name]) or 'none'}.",
        "\n".join(["Your colleagues:", *colleagues]),
        " ".join(acting),
        "\n".join(["Rules:", *told]) if told else "",
    ]
    return "\n\n".join(part for part in parts if part)


def _listed(names: Sequence[str]) -> str:
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
