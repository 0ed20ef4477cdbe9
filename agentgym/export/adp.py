"""Agent Data Protocol, classic shape: the folder of a data set as upstream expects it.

Trajectories come in, file names with contents go out. One line satisfies the models of
version 1.0 and of 1.5.0; `dataset.raw_to_standardized` makes it, and is itself part of
the folder, so that anybody can make it again. Next: `openai`.

Sources: Agent Data Protocol, arXiv 2510.24702.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from agentgym.export.conversation import conversation
from agentgym.export.dataset import raw_to_standardized
from agentgym.export.dataset.raw_to_standardized import (
    Dict,
    escape_all,
    standardize,
    to_line,
)
from agentgym.export.readme import adp_readme, licence
from agentgym.export.stubs import api
from agentgym.formats import Json, encode
from agentgym.trajectory import ToolFace, Trajectory

__all__ = ["SAMPLES", "dataset"]

SAMPLES = 5
"""Most records in a sample file."""


def dataset(kept: Sequence[Trajectory], left_out: Mapping[str, int]) -> dict[str, bytes]:
    """Write every file of the data set.

    Args:
        kept: The successes, in order.
        left_out: Status to number of the episodes that are not exported.

    Raises:
        FormatError: A tool's name is none that Python can define.
    """
    raw = [encode(trajectory) for trajectory in kept]
    records: list[Dict] = [json.loads(line) for line in raw]
    standard = [made for record in records if (made := standardize(record)) is not None]
    tools = merged(trajectory.tools for trajectory in kept)
    spoken = [conversation(made, _documentation(tools, made)) for made in standard[:SAMPLES]]
    scripts = Path(raw_to_standardized.__file__).parent
    return {
        "LICENSE": licence(kept).encode(),
        "README.md": adp_readme(kept, left_out).encode(),
        "api.py": api(tools).encode(),
        "extract_raw.py": (scripts / "extract_raw.py").read_bytes(),
        "full_raw.jsonl": b"".join(line + b"\n" for line in raw),
        "full_std.jsonl": "".join(f"{to_line(made)}\n" for made in standard).encode(),
        "metadata.json": pretty(metadata(tools)),
        "raw_to_standardized.py": (scripts / "raw_to_standardized.py").read_bytes(),
        "sample_raw.json": pretty(records[:SAMPLES]),
        "sample_sft.json": pretty(spoken),
        "sample_sft/openhands_v0.json": pretty(spoken),
        "sample_std.json": pretty(standard[:SAMPLES]),
        "schema_raw.py": (scripts / "schema_raw.py").read_bytes(),
    }


def _documentation(tools: Sequence[ToolFace], standard: Dict) -> str:
    shown = frozenset(standard["available_custom_tools"])
    return api(tool for tool in tools if tool.name in shown)


def metadata(tools: Iterable[ToolFace]) -> Dict:
    """Describe the data set as upstream's `DatasetMetadata` does."""
    return {
        "custom_tools": [
            {
                "type": "function",
                "function": escape_all(
                    {
                        "name": tool.name,
                        "description": tool.description,
                        "parameters": msgspec.to_builtins(tool.parameters),
                    }
                ),
            }
            for tool in tools
        ],
        "code_enabled": [],
        "browser_enabled": False,
    }


def pretty(value: object) -> bytes:
    """Write JSON as upstream formats it: two spaces, no escapes, a final newline."""
    return (json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def merged(views: Iterable[Iterable[ToolFace]]) -> tuple[ToolFace, ...]:
    """Bring the tools of all episodes together, by name.

    Domains may give one name to unlike tools, and views of one domain may say other words
    about the same: the union takes what any of them takes, with the first one's words.
    """
    found: dict[str, ToolFace] = {}
    for view in views:
        for tool in view:
            if tool.requestor == "assistant":
                known = found.get(tool.name)
                found[tool.name] = tool if known in (None, tool) else _union(known, tool)
    return tuple(found[name] for name in sorted(found))


def _union(one: ToolFace | None, other: ToolFace) -> ToolFace:
    if one is None:
        return other
    mine, theirs = one.parameters.get("properties", {}), other.parameters.get("properties", {})
    required = [
        name
        for name in one.parameters.get("required", ())
        if name in other.parameters.get("required", ())
    ]
    parameters = one.parameters | {
        "properties": {
            name: _either(mine[name], theirs[name])
            if name in mine and name in theirs
            else (mine | theirs)[name]
            for name in [*mine, *(name for name in theirs if name not in mine)]
        },
        "required": required,
    }
    return msgspec.structs.replace(one, parameters=parameters, mutates=one.mutates or other.mutates)


def _either(one: Json, other: Json) -> Json:
    """Take both kinds of value; a difference in words alone keeps the first words."""
    if _wordless(one) == _wordless(other):
        return one
    options = one["anyOf"] if set(one) == {"anyOf"} else [one]
    known = [_wordless(option) for option in options]
    return {"anyOf": options if _wordless(other) in known else [*options, other]}


def _wordless(kind: Json) -> Json:
    return {name: value for name, value in kind.items() if name != "description"}
