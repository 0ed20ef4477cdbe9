"""Faces: tools as an agent sees them, and how much of their documentation it sees.

Tools come in, faces go out, also in the form of OpenAI's chat interface. Next: `options`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from agentgym.errors import TaskError, nearest
from agentgym.formats import Json, to_text
from agentgym.schema import Schema
from agentgym.tools.algebra import Tool, is_write
from agentgym.tools.derive.texts import shown
from agentgym.tools.parameters import parameters
from agentgym.trajectory import ToolFace

__all__ = ["exampled", "face", "faces", "first_sentence", "openai_tools", "thinned"]

_END = re.compile(r"(?<=[.!?])\s")
_SHAPES = {
    "date": "2000-12-31",
    "date-time": "2000-12-31T12:00:00Z",
    "base64": "QQ==",
    "expression": "2 * (3 + 4)",
    "question": "Which one do you mean?",
}
"""Format, or parameter of a tool that belongs to no entity, to a value of it."""


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


def exampled(shown: ToolFace) -> ToolFace:
    """Add an example call to the description of a face.

    Its values are made up from the types of the parameters, and are those of no row.
    """
    scheme = shown.parameters
    names: list[str] = list(scheme["required"])
    if not names or shown.mutates:  # what changes a row changes something
        names += [name for name in scheme["properties"] if name not in names][:1]
    given = {name: _example(scheme["properties"][name], name) for name in names}
    call = to_text({"name": shown.name, "arguments": given})
    text = f"{shown.description} Example: {call}".strip()
    return msgspec.structs.replace(shown, description=text)


def _example(kind: Json, name: str) -> Json:
    """Make up a value of a JSON Schema."""
    if "enum" in kind:
        return kind["enum"][0]
    found = kind.get("type", "string")
    match found[0] if isinstance(found, list) else found:
        case "integer":
            return max(1, kind.get("minimum", 1))
        case "number":
            return kind.get("multipleOf", 1) * 100
        case "boolean":
            return True
        case "array":
            return [_example(kind["items"], name)]
        case "object":
            inner = kind.get("properties", {})
            return {one: _example(inner[one], one) for one in kind.get("required") or inner}
    shape = kind.get("format") or kind.get("contentEncoding")
    if shape is None:
        return _SHAPES.get(name, "...")[: kind.get("maxLength")]
    return _SHAPES[shape]


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
