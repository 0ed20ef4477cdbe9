"""The operations that a text describes, whatever it describes them in.

A file or a text comes in, `Operations` go out: cheap, without rows and roles, so that thousands
of descriptions can be read. Next: `draft`, which makes a domain of operations.
"""

from __future__ import annotations

from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from pathlib import Path

from agentgym.errors import SourceError
from agentgym.formats import Json, fingerprint
from agentgym.sources.openapi.document import read_document
from agentgym.sources.openapi.kind import foreign, is_api, tool_list
from agentgym.sources.openapi.listed import read_tools
from agentgym.sources.openapi.load import load
from agentgym.tools.pool.operation import Operations

__all__ = ["described", "operations", "read_text", "unknown"]


def operations(source: Path | str, *, name: str = "") -> Operations:
    """Read the operations of an API description or a list of tools.

    Args:
        source: A file, or the text itself.
        name: What to call it where it does not say; by default after the file.

    Returns:
        The operations in the order of the description; none where it has none.

    Raises:
        SourceError: It cannot be read, or describes neither an API nor tools.
    """
    if isinstance(source, Path):
        try:
            content = source.read_bytes()
            wide = content[:2] in (BOM_UTF16_LE, BOM_UTF16_BE)
            text = content.decode("utf-16" if wide else "utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise SourceError(
                "a readable text file", found=reason, where=str(source), hint="check the path"
            ) from None
        where, path = str(source), source
    else:
        text, where, path = source, name or "text", None
    document = load(text, where=where)
    found = described(
        document, path=path, name=name or (path.stem if path else "api"), sha256=_hash(text)
    )
    if found is None:
        raise unknown(text, where=where)
    return found


def read_text(text: str, path: Path) -> Operations | None:
    """Read the operations that the text of a file describes; None where it describes none.

    Raises:
        SourceError: It begins as JSON or YAML and is damaged.
    """
    try:
        document = load(text, where=str(path))
    except SourceError:
        if path.suffix.casefold() in (".json", ".yaml", ".yml") or text.lstrip()[:1] == "{":
            raise
        return None
    return described(document, path=path, name=path.stem, sha256=_hash(text))


def described(document: Json, *, path: Path | None, name: str, sha256: str) -> Operations | None:
    """Read the operations of a decoded document; None where it describes none.

    Args:
        document: Decoded JSON or YAML.
        path: Its file, for references to files beside it.
        name: What to call it where it does not say.
        sha256: Of the text.
    """
    if is_api(document):
        return read_document(document, path=path, name=name, sha256=sha256)
    tools = tool_list(document)
    return None if tools is None else read_tools(tools, name=name, sha256=sha256)


def unknown(text: str, *, where: str) -> SourceError:
    """Say what a text is that nothing can be built from; for one in JSON or YAML, or alike.

    Raises:
        SourceError: It is neither.
    """
    other = foreign(text)
    if other is not None:
        said, hint = other
        return SourceError("an API description in OpenAPI", found=said, where=where, hint=hint)
    return SourceError(
        "an API description, a list of tools, a graph or a tables.json",
        found=_shown(load(text, where=where)),
        where=where,
        hint="an API description begins with openapi or swagger, a list of tools has tools",
    )


def _shown(document: Json) -> str:
    """Say what a document is, for an error."""
    if isinstance(document, dict):
        keys = ", ".join(str(key)[:30] for key in list(document)[:6])
        return f"an object with {keys}" if keys else "an empty object"
    if isinstance(document, list):
        return f"a list of {len(document)} values" if document else "an empty list"
    return "nothing" if document is None else "a single value"


def _hash(text: str) -> str:
    return fingerprint(text.encode())
