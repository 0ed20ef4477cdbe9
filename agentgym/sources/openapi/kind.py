"""What a text in JSON or YAML describes: an API, a list of tools, or something else.

Next: `document`, `listed`.
"""

from __future__ import annotations

import re

from agentgym.formats import Json

__all__ = ["foreign", "is_api", "is_bare", "is_structured", "is_tool", "may_be_api", "tool_list"]

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
    """Tell whether a text is meant as JSON or YAML, or describes an API in another form.

    Args:
        text: The whole of it.
        extension: Of the file, with its dot.
    """
    if extension.casefold() in (".json", ".yaml", ".yml") or foreign(text) is not None:
        return True
    start = text.lstrip()[:1]
    return start == "{" or re.match(r"\s*\[\s*[\[{\"\]]", text) is not None


_FOREIGN = (
    (re.compile(r"#%RAML\b"), "RAML", "convert it to OpenAPI"),
    (re.compile(r"(?:\A|[\n{,])\s*[\"']?asyncapi[\"']?\s*:"), "an AsyncAPI description",
     "messages are no requests: describe the API in OpenAPI"),
    (re.compile(r"schema\.getpostman\.com|\"_postman_id\""), "a Postman collection",
     "convert it to OpenAPI"),
    (re.compile(r"\"__schema\"\s*:|^\s*(?:extend\s+)?(?:type|interface|input)\s+\w+[^{;]*\{",
                re.MULTILINE), "a GraphQL schema", "describe the API in OpenAPI"),
    (re.compile(r"discovery#restDescription"), "a Google discovery document",
     "convert it to OpenAPI"),
    (re.compile(r"[\"']?swagger(?:Version)?[\"']?\s*:\s*[\"']?1\."), "Swagger 1",
     "convert it to OpenAPI 3"),
    (re.compile(r"^\s*syntax\s*=\s*[\"']proto[23]", re.MULTILINE), "protocol buffers",
     "describe the API in OpenAPI"),
    (re.compile(r"<(?:\w+:)?definitions\b|schemas\.xmlsoap\.org/wsdl"), "WSDL",
     "describe the API in OpenAPI"),
    (re.compile(r"\A\s*\{\s*\"log\"\s*:\s*\{[^{}]*\"(?:version|creator|entries)\""),
     "a HAR recording", "describe the API in OpenAPI"),
)  # fmt: skip
"""How other descriptions of APIs begin, what they are, and what to do."""


def foreign(text: str) -> tuple[str, str] | None:
    """Name another kind of API description, and what to do; None where it is none that is known."""
    head = text[:_HEAD]
    if _VERSION.search(head) and not re.search(r"swagger\W+1\.", head):
        return None
    return next(((name, hint) for sign, name, hint in _FOREIGN if sign.search(head)), None)


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


def is_bare(one: Json) -> bool:
    """Tell whether an entry of a list of tools names a tool that says nothing of parameters."""
    if not isinstance(one, dict) or not isinstance(one.get("name"), str):
        return False
    said = isinstance(one.get("description"), str)
    return said and set(one) <= {"name", "description", "title", "annotations", "outputSchema"}


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
