"""Tools as Python: the `api.py` of an ADP data set, one stub a tool.

Tool faces come in, source text goes out. Each stub has typed parameters and a docstring
that pydocstyle accepts whatever the tool's own text is; calling one does nothing.
Next: `adp`.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Mapping

from agentgym.errors import FormatError
from agentgym.export.dataset.raw_to_standardized import escape, quote
from agentgym.formats import Json
from agentgym.trajectory import ToolFace

__all__ = ["api", "signature"]

_HEAD = '''"""Stubs of the tools of this data set: names, typed parameters, documentation.

A call in the data set is `function(**kwargs)`; a string among the kwargs carries its own quotes.
"""

from __future__ import annotations
'''

_TYPES = {
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "array": "list",
    "object": "dict",
    "null": "None",
}

# First words that are a bare verb beyond doubt: a summary must be in the imperative.
_VERBS = frozenset(
    "Add Aggregate Answer Ask Assign Book Calculate Cancel Change Close Compute Conclude Count "
    "Create Delete Describe End Find Finish Get Give Keep Link List Look Make Mark Move Open "
    "Place Put Read Recall Register Remove Rename Return Say Search Send Set Show Take Tell Think "
    "Transfer Transition Unlink Update Write".split()
)

_SAMPLES: dict[str, Json] = {
    "string": "text",
    "integer": 1,
    "number": 1.5,
    "boolean": True,
    "array": [],
    "object": {},
    "null": None,
}


def api(tools: Iterable[ToolFace]) -> str:
    """Write the module of stubs, in the order given.

    Raises:
        FormatError: A tool's name is none that Python can define.
    """
    return _HEAD + "".join(f"\n\n{_stub(tool)}" for tool in tools)


def signature(tool: ToolFace) -> str:
    """Write the call signature of a tool: `get_invoice(invoice_id: int)`.

    Parameters that Python cannot name are taken together as `**kwargs`.
    """
    typed = [
        f"{name}: {_annotation(kind)}"
        + ("" if name in _required(tool) else f"{_nullable(kind)} = None")
        for name, kind in _ordered(tool)
    ]
    if not _is_plain(tool):
        typed = ["**kwargs: object"]
    return f"{tool.name}({', '.join(typed)})"


def _stub(tool: ToolFace) -> str:
    if not _is_name(tool.name):
        raise FormatError(
            "tools named by Python identifiers",
            found=repr(tool.name),
            where="api.py",
            hint="rename the tool in domain.json and play again",
        )
    lines = [_summary(tool), *_body(tool)]
    parameters = _ordered(tool)
    if parameters:
        lines += ["", "Args:", "----"]
        if not _is_plain(tool):
            lines.append("    **kwargs (object): The parameters that follow, by name.")
        lines += [f"    {name} ({_annotation(kind)}): {_about(kind)}" for name, kind in parameters]
    lines += ["", "Example:", "-------", f"    {_example(tool)}", "", ""]
    text = "\n".join(f"    {line}".rstrip() for line in lines[:-1]) + "\n    "
    raw = "r" if "\\" in text else ""
    return f'def {signature(tool)} -> None:\n    {raw}"""{text.lstrip()}"""\n'


def _is_name(name: str) -> bool:
    return name.isidentifier() and name.isascii() and not keyword.iskeyword(name)


def _is_plain(tool: ToolFace) -> bool:
    return all(_is_name(name) for name, _ in _ordered(tool))


def _required(tool: ToolFace) -> frozenset[str]:
    return frozenset(tool.parameters.get("required", ()))


def _ordered(tool: ToolFace) -> list[tuple[str, Mapping[str, Json]]]:
    properties: Mapping[str, Mapping[str, Json]] = tool.parameters.get("properties", {})
    return sorted(properties.items(), key=lambda item: item[0] not in _required(tool))


def _annotation(kind: Mapping[str, Json]) -> str:
    if "anyOf" in kind:
        found = [part for option in kind["anyOf"] for part in _annotation(option).split(" | ")]
        return "object" if "object" in found else " | ".join(dict.fromkeys(found))
    named = kind.get("type")
    names = [named] if isinstance(named, str) else list(named or ())
    types = [_TYPES[name] for name in names if name in _TYPES]
    return " | ".join(types) if types and len(types) == len(names) else "object"


def _nullable(kind: Mapping[str, Json]) -> str:
    annotation = _annotation(kind)
    return "" if annotation == "object" or "None" in annotation else " | None"


def _sample(kind: Mapping[str, Json]) -> Json:
    if "anyOf" in kind:
        return _sample(kind["anyOf"][0])
    for key in ("default", "examples", "enum"):
        if kind.get(key) is not None:
            found = kind[key]
            return found[0] if isinstance(found, (list, tuple)) and found else found
    named = kind.get("type")
    first = named if isinstance(named, str) else next(iter(named or ["string"]), "string")
    if first in ("integer", "number") and kind.get("minimum") is not None:
        return kind["minimum"]
    return _SAMPLES.get(first, "text")


def _example(tool: ToolFace) -> str:
    values = {name: _sample(kind) for name, kind in _ordered(tool) if name in _required(tool)}
    pairs = ", ".join(f"{name}={value}" for name, value in quote(values).items())
    return _line(f"{tool.name}({pairs})", end="")


def _summary(tool: ToolFace) -> str:
    first = _sentences(tool.description)[0]
    if first.split(" ", 1)[0] in _VERBS and f"{tool.name}(" not in first:
        return first
    return f"Call the tool `{tool.name}`."


def _body(tool: ToolFace) -> list[str]:
    sentences = _sentences(tool.description)
    rest = sentences[1:] if _summary(tool) == sentences[0] else sentences
    return ["", " ".join(rest)] if any(rest) else []


def _about(kind: Mapping[str, Json]) -> str:
    if "anyOf" in kind:
        return " Or: ".join(dict.fromkeys(_about(option) for option in kind["anyOf"]))
    text = _line(kind.get("description") or "A value")
    values = kind.get("enum")
    return f"{text} One of: {_line(', '.join(map(repr, values)))}" if values else text


def _sentences(text: str) -> list[str]:
    parts = re.split(r"(?<=[.!?]) ", _line(text), maxsplit=1)
    return [parts[0].rstrip("!?.:;, ") + "." if parts[0].strip(".") else "", *parts[1:]]


def _line(text: str, *, end: str = ".") -> str:
    """Put the text on one line without anything that ends a docstring or starts a section."""
    flat = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    flat = escape(flat).replace('"""', r"\"\"\"")
    return flat if flat.endswith((".", "!", "?")) or not end else flat.rstrip(":;, ") + end
