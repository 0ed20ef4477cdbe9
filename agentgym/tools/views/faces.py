"""Faces: tools as an agent sees them, and how much of their documentation it sees.

Tools come in, faces go out, also in the form of OpenAI's chat interface. Next: `options`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from agentgym.errors import TaskError, nearest
from agentgym.formats import Json
from agentgym.schema import Schema
from agentgym.tools.algebra import Tool, is_write
from agentgym.tools.derive.texts import shown
from agentgym.tools.parameters import parameters
from agentgym.trajectory import ToolFace

__all__ = ["face", "faces", "first_sentence", "openai_tools", "thinned"]

_END = re.compile(r"(?<=[.!?])\s")


def faces(schema: Schema, tools: Sequence[Tool], names: Sequence[str]) -> tuple[ToolFace, ...]:
    """Render tools as an agent sees them; no text names a tool that is not among them.

    Raises:
        TaskError: A name is not that of a tool.
    """
    known = {tool.name: tool for tool in tools}
    visible = frozenset(names)
    for name in names:
        if name not in known:
            raise TaskError("a tool", found=repr(name), hint=nearest(name, known))
    return tuple(face(schema, known[name], visible) for name in names)


def face(schema: Schema, tool: Tool, visible: frozenset[str]) -> ToolFace:
    """Render one tool; of other tools, its texts name those that are visible."""
    scheme = parameters(tool, schema)
    properties = {
        name: prop | {"description": shown(prop["description"], visible)}
        for name, prop in scheme["properties"].items()
    }
    return ToolFace(
        name=tool.name,
        description=tool.description,
        parameters=scheme | {"properties": properties},
        mutates=is_write(tool),
    )


def first_sentence(text: str) -> str:
    """Return a text up to the end of its first sentence."""
    return _END.split(text.strip(), maxsplit=1)[0]


def thinned(scheme: Json) -> Json:
    """Return a JSON Schema without descriptions, at any depth."""
    if isinstance(scheme, list):
        return [thinned(part) for part in scheme]
    if not isinstance(scheme, dict):
        return scheme
    found = {}
    for name, part in scheme.items():
        if name == "properties":
            found[name] = {inner: thinned(kind) for inner, kind in part.items()}
        elif name != "description":
            found[name] = part if name in ("enum", "default") else thinned(part)
    return found


def openai_tools(shown_faces: Sequence[ToolFace]) -> list[dict[str, Json]]:
    """Render faces as the `tools` of OpenAI's chat interface."""
    return [
        {
            "type": "function",
            "function": {
                "name": face.name,
                "description": face.description,
                "parameters": face.parameters,
            },
        }
        for face in shown_faces
    ]
