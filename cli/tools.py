"""`agentgym show DIR tools`: what an agent can do in a domain."""

from __future__ import annotations

import json

from agentgym.episode import Suite
from agentgym.errors import UsageError, nearest
from agentgym.formats import Json
from agentgym.rules import sentence
from agentgym.tools.algebra import is_write
from agentgym.tools.views import faces
from agentgym.trajectory import ToolFace

from .console import facts, heading, paragraph, say, table

__all__ = ["VIEW", "print_tool", "show_tools"]

VIEW = (
    "How the tools are shown, as granularity=narrow,rename=0.5: granularity (as_is, narrow, rich), "
    "docs (full, brief, none), detail (full, distilled, difference), faces (full, names), rename "
    "and locked (shares), near_duplicates and distractors (counts), page_size, manual (true), "
    "absent (TOOL+TOOL), seed."
)


def show_tools(suite: Suite, name: str | None) -> None:
    """List the tools, or show one with its parameters and the rules that guard it."""
    domain = suite.domain
    if name is None:
        table(
            ["tool", "", "what it does"],
            [
                (tool.name, "write" if is_write(tool) else "read", tool.description)
                for tool in domain.tools
            ],
        )
        return
    if name not in domain.tool_by_name:
        raise UsageError(
            f"a tool of {domain.id}", found=repr(name), hint=nearest(name, domain.tool_by_name)
        )
    tool = domain.tool_by_name[name]
    print_tool(faces(domain.schema, domain.tools, [name])[0])
    if tool.guards:
        heading("Rules that may refuse it")
        for guard in tool.guards:
            paragraph(f"{guard}: {sentence(domain.rule(guard), domain.schema)}", indent=2)


def print_tool(face: ToolFace) -> None:
    """Print a tool as the agent is shown it."""
    say(f"{face.name} ({'write' if face.mutates else 'read'})", style="bold")
    paragraph(face.description, indent=2)
    required = face.parameters.get("required", ())
    properties = face.parameters.get("properties", {})
    if properties:
        heading("Parameters")
    facts(
        (
            f"  {name}{'' if name in required else ' (optional)'}",
            f"{_type(kind)}. {kind.get('description', '')}",
        )
        for name, kind in properties.items()
    )


def _type(kind: dict[str, Json]) -> str:
    named = kind.get("type", "anything")
    text = named if isinstance(named, str) else " or ".join(named)
    if "enum" in kind:
        text += " of " + ", ".join(json.dumps(value, ensure_ascii=False) for value in kind["enum"])
    for bound in ("format", "minimum", "maximum", "minLength", "maxLength", "pattern"):
        if bound in kind:
            text += f", {bound} {kind[bound]}"
    return text
