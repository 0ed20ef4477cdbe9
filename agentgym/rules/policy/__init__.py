"""The desk manual: what a person at this desk is told before the first request.

Schema, rules, effects and tools come in, Markdown goes out: sections, full sentences, no dump.
`domain` stores it as `policy.md`, tools read it section by section. Next: `tools.algebra`.
"""

from __future__ import annotations

from collections.abc import Sequence

from agentgym.rules.effect import Effect
from agentgym.rules.policy.chapters import business, deletes, doings, lives, records
from agentgym.rules.policy.desk import Doer, cannot, manners, powers, purpose
from agentgym.rules.rule import Rule
from agentgym.schema import Schema

__all__ = ["Doer", "policy_text", "sections"]

_MARK = "## "


def policy_text(
    title: str,
    schema: Schema,
    rules: Sequence[Rule],
    tools: Sequence[Doer],
    effects: Sequence[Effect] = (),
) -> str:
    """Write the manual of a domain.

    Args:
        title: What people call the domain: `Clinic`.
        schema: Its schema.
        rules: Its rules; each is told once, with its id in brackets. Left out is only when a
            record may be deleted, where no tool deletes it.
        tools: All its tools: what no tool does, the manual says cannot be done.
        effects: Its effects, told as the schema's derived values are.

    Returns:
        Markdown that ends with a newline; the same for the same arguments.
    """
    does = powers(tools, schema)
    told = business(rules, schema, _by(rules, tools))
    refused, advice = told.pop("What to refuse and hand over"), told.pop("Good practice")
    bodies = {
        "What this desk does": purpose(schema, does),
        "How to work": manners({tool.name for tool in tools}),
        **told,
        "What the system does by itself": doings(schema, effects),
        "What every record must satisfy": records(schema, rules),
        "How a status may change": lives(schema, rules),
        "When a record may be deleted": deletes(schema, rules, does),
        "What to refuse and hand over": refused,
        "Good practice": advice,
        "What cannot be done here": cannot(schema, does),
    }
    parts = [f"# {title}: desk manual"]
    parts += [f"{_MARK}{name}\n\n{body}" for name, body in bodies.items() if body]
    return "\n\n".join(parts) + "\n"


def _by(rules: Sequence[Rule], tools: Sequence[Doer]) -> dict[str, list[str]]:
    """Name the tools of rules that guard nothing but moves of amounts, by the rule's id."""
    guarded: dict[str, list[Doer]] = {rule.id: [] for rule in rules if rule.kind != "invariant"}
    for tool in tools:
        for name in tool.guards:
            if name in guarded:
                guarded[name].append(tool)
    return {
        name: [tool.name for tool in found]
        for name, found in guarded.items()
        if found and all(tool.term.__struct_config__.tag == "transfer" for tool in found)
    }


def sections(text: str) -> list[tuple[str, str]]:
    """Take a manual apart, also one that was edited by hand.

    Args:
        text: Markdown whose sections begin with `## `.

    Returns:
        (title, body) of each section, in order; what stands before the first belongs to none.
        Bodies have no empty line at either end.
    """
    found: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        if line.startswith(_MARK):
            found.append((line.removeprefix(_MARK).strip(), []))
        elif found:
            found[-1][1].append(line)
    return [(title, "\n".join(body).strip("\n")) for title, body in found]
