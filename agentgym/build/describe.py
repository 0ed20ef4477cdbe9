"""JSON Schemas of our files, generated from the record types that read and write them.

The types come in with the docstrings under their fields, one schema a file goes out.
`make formats` writes them into `schemas/formats`; nothing at run time reads them.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import msgspec

from agentgym.domain import Domain, Manifest
from agentgym.formats import FORMAT, Json, Record, encode, write
from agentgym.tasks import Task
from agentgym.trajectory import Trajectory

__all__ = ["schemas"]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_PLACE = "#/$defs/{name}"


def schemas() -> dict[str, bytes]:
    """Render the JSON Schema (2020-12) of each kind of file.

    Returns:
        File name to content: `domain` and `manifest` describe a file, `rows`, `task` and
        `trajectory` one line of a file.
    """
    domain = _of("domain", "domain.json", Domain)
    head = domain["$defs"]["Domain"]
    del head["properties"]["rows"]
    head["properties"]["format"] = _FORMAT
    head["required"] = sorted({"format", *head["required"]})
    return {
        f"{name}.schema.json": msgspec.json.format(encode(content), indent=1) + b"\n"
        for name, content in {
            "domain": domain,
            "manifest": _versioned(_of("manifest", "manifest.json", Manifest), "Manifest"),
            "rows": _rows(),
            "task": _versioned(_of("task", "one line of tasks.jsonl", Task), "Task"),
            "trajectory": _of("trajectory", "one line of a run file", Trajectory),
        }.items()
    }


_FORMAT: dict[str, Json] = {
    "const": FORMAT,
    "description": "Version of the format; a reader refuses any other.",
}


def _head(name: str, what: str) -> dict[str, Json]:
    return {"$schema": _DIALECT, "$id": f"urn:agentgym:{name}:{FORMAT}", "title": what}


def _of(name: str, what: str, kind: type[Record]) -> dict[str, Json]:
    (top,), parts = msgspec.json.schema_components([kind], ref_template=_PLACE)
    for one in _reached(kind):
        _describe(parts[one.__name__], one)
    return _head(name, what) | top | {"$defs": _standard(parts)}


def _standard(content: Json) -> Json:
    """Leave out what JSON Schema does not know: OpenAPI's `discriminator`."""
    if isinstance(content, dict):
        return {k: _standard(v) for k, v in content.items() if k != "discriminator"}
    return [_standard(v) for v in content] if isinstance(content, list) else content


def _versioned(content: dict[str, Json], kind: str) -> dict[str, Json]:
    """Say that only the present format is read; a file that says none is of it."""
    content["$defs"][kind]["properties"]["format"] = _FORMAT
    return content


def _rows() -> dict[str, Json]:
    return _head("rows", "one line of rows.jsonl") | {
        "description": "One row: the name of its entity, and its wire values by field.",
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": {"type": "object", "minProperties": 1},
        "propertyNames": {"pattern": "^[A-Za-z_][A-Za-z0-9_]*$"},
    }


def _reached(kind: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    """Yield the record and every record that its fields can hold, each once."""
    seen: dict[type[msgspec.Struct], None] = {}

    def visit(part: object) -> None:
        if isinstance(part, msgspec.inspect.StructType):
            if part.cls in seen:
                return
            seen[part.cls] = None
        for name in getattr(part, "__struct_fields__", ()):
            inner = getattr(part, name)
            for one in inner if isinstance(inner, tuple) else (inner,):
                if isinstance(one, msgspec.inspect.Field):
                    visit(one.type)
                elif isinstance(one, msgspec.inspect.Type):
                    visit(one)

    visit(msgspec.inspect.type_info(kind))
    yield from seen


def _describe(part: dict[str, Json], kind: type[msgspec.Struct]) -> None:
    """Put the docstrings of the class and of its fields into its schema."""
    node = ast.parse(dedent(inspect.getsource(kind))).body[0]
    assert isinstance(node, ast.ClassDef)
    part["description"] = _plain(ast.get_docstring(node) or "")
    for field, text in zip(node.body, node.body[1:], strict=False):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(text, ast.Expr)
            and isinstance(text.value, ast.Constant)
            and isinstance(text.value.value, str)
        ):
            shown = part["properties"].get(field.target.id)
            if shown is not None:
                shown["description"] = _plain(text.value.value)


def _plain(text: str) -> str:
    return " ".join(text.split())


def _main(folder: Path) -> None:
    for name, content in schemas().items():
        write(folder / name, content)


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
