"""What a text in JSON or YAML describes: an API, a list of tools, or something else.

Next: `document`, `listed`.
"""

from __future__ import annotations

import re

from agentgym.formats import Json

__all__ = ["is_api", "is_structured", "is_tool", "may_be_api", "tool_list"]

_VERSION = re.compile(
    r"""(?:\A|[\n{,])\s*["']?(?:openapi|swagger)["']?\s*:\s*["']?\d""", re.IGNORECASE
)
_TOOLS = re.compile(r"""["']?(?:inputSchema|input_schema|parameters|function)["']?\s*:""")
_OPENING = re.compile(r"""^["']?(?:openapi|swagger)["']?:\s*["']?[23]\.""", re.MULTILINE)
_LOOK = 200_000
_HEAD = 5_000


def may_be_api(text: str, extension: str) -> bool:
    """Tell quickly whether a text may describe an API or tools; `load` then tells for sure.

    Args:
        text: The whole of it.
        extension: Of the file, with its dot.
    """
    if text.lstrip()[:1] in ("{", "["):
        return (
            _VERSION.search(text) is not None
            or _TOOLS.search(text[:_LOOK]) is not None
            or '"tools"' in text[:_LOOK]
        )
    if extension.casefold() in (".yaml", ".yml"):
        return _VERSION.search(text) is not None or _TOOLS.search(text[:_LOOK]) is not None
    return _OPENING.search(text[:_HEAD]) is not None


def is_structured(text: str, extension: str) -> bool:
    """Tell whether a text is meant as JSON or YAML, whatever it says.

    Args:
        text: The whole of it.
        extension: Of the file, with its dot.
    """
    if extension.casefold() in (".json", ".yaml", ".yml"):
        return True
    start = text.lstrip()[:1]
    return start == "{" or re.match(r"\s*\[\s*[\[{\"\]]", text) is not None


def is_api(document: Json) -> bool:
    """Tell whether a document is an OpenAPI description, of version 2 or 3."""
    if not isinstance(document, dict):
        return False
    version = document.get("openapi", document.get("swagger"))
    return str(version)[:1] in ("2", "3") and not isinstance(version, (dict, list, type(None)))


def is_tool(one: Json) -> bool:
    """Tell whether a value describes one tool, in any of the known forms."""
    if not isinstance(one, dict):
        return False
    inner = one.get("function")
    if isinstance(inner, dict):
        return isinstance(inner.get("name"), str)
    if not isinstance(one.get("name"), str):
        return False
    forms = ("inputSchema", "input_schema", "parameters")
    return any(isinstance(one.get(form), dict) for form in forms) or one.get("type") == "function"


def tool_list(document: Json) -> list[Json] | None:
    """Return the tools that a document lists; None where it lists none.

    A bare list, one under `tools` (also in the `result` of an answer), or several such lists
    under the names of servers.
    """
    if isinstance(document, list):
        return document if any(map(is_tool, document)) else None
    if not isinstance(document, dict):
        return None
    if is_tool(document):
        return [document]
    for key in ("tools", "functions"):
        if isinstance(document.get(key), list):
            return tool_list(document[key])
    inner = document.get("result")
    if isinstance(inner, dict):
        return tool_list(inner)
    several = [tool_list(one) for one in document.values() if isinstance(one, (dict, list))]
    found = [tool for tools in several if tools for tool in tools]
    lists = [one for one in document.values() if isinstance(one, dict) and "tools" in one]
    return found if found and len(lists) >= max(1, len(document) - 1) else None
