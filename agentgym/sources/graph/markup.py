"""XML that is safe to expand: short entities are let through, all others refused.

A text comes in and goes out without the encoding that it declares, as it is decoded
already. Next: `rdf`, `network`.
"""

from __future__ import annotations

import re

from agentgym.errors import SourceError

__all__ = ["plain_markup"]

_ENTITY = re.compile(r"<!ENTITY\s+([^>]*)>")
_LONGEST = 1_000


def plain_markup(text: str, *, where: str) -> str:
    """Return the text without its declared encoding.

    Raises:
        SourceError: An entity of it is long, stands for others or for a file elsewhere.
    """
    for found in _ENTITY.finditer(text):
        inner = found[1]
        if "&" in inner or len(inner) > _LONGEST or re.match(r"%|\S+\s+(?:SYSTEM|PUBLIC)\b", inner):
            raise SourceError(
                "entities that are short and plain",
                found=" ".join(inner.split())[:60],
                where=f"{where} line {text.count(chr(10), 0, found.start()) + 1}",
                hint="write what the entity stands for in its places",
            )
    return re.sub(r"\A(\s*<\?xml[^>]*?)\s+encoding=[\"'][^\"']*[\"']", r"\1", text)
