"""Paths as what they name: `/v1/owners/{id}/pets` to `owners` with a key, and `pets`.

Versions, prefixes and formats fall away. Next: `intent`.
"""

from __future__ import annotations

import re
from functools import lru_cache

from agentgym.formats import Record
from agentgym.sources.openapi.names import parts

__all__ = ["Step", "steps_of"]

_SKIPPED = re.compile(
    r"(?:v?\d+(?:[._]\d+)*(?:alpha|beta|preview)?\d*|v\d+\w{0,8}|api|apis|rest|restapi|services?|"
    r"public|json|xml|json\.\w+|odata|data|rpc|web|latest|providers|[A-Za-z]+\.[A-Za-z.]+|"
    r"_?all|index\.php|dev|prod|beta|alpha|me|self|current|-|_)\Z",
    re.IGNORECASE,
)
"""Segments of paths that name nothing."""
_SERVICE = re.compile(r"\A\w*services?\.(?=\w)", re.IGNORECASE)
"""What stands before the name of a call: `rest_services.get_systems`."""
_PARAM = re.compile(r"\{[+*]?([^{}]+?)\*?\}")


class Step(Record, kw_only=True):
    """A static segment of a path, and the parameters that follow it."""

    word: str
    keys: tuple[str, ...] = ()
    action: str = ""
    """What is said after a colon: `/instances/{name}:start`."""


@lru_cache(maxsize=16384)
def steps_of(path: str) -> tuple[Step, ...]:
    """Cut a path into what it names; versions, prefixes and formats fall away."""
    path, mark, rest = path.partition("#")
    if mark:
        return ()
    path = path.partition("?")[0]
    path = re.sub(r"\(([^()]*)\)", lambda m: f"/{m[1]}" if "{" in m[1] else "", path)
    found: list[tuple[str, list[str], str]] = []
    for segment in path.strip("/").split("/"):
        plain, _, action = segment.partition(":") if not segment.startswith(":") else (
            f"{{{segment[1:]}}}", "", "",
        )  # fmt: skip
        keys = _PARAM.findall(plain)
        static = _PARAM.sub("", plain).strip("'\"=.-,;_ ")
        if action.startswith("{"):
            action = ""
        static = re.sub(r"\.(?:json|xml|html|php|aspx?|do)\Z", "", static, flags=re.IGNORECASE)
        keys = [key for key in keys if key.lower() not in ("format", "ext", "extension")]
        static = _SERVICE.sub("", static)
        if static in ("json", "xml", "format"):
            static = ""  # /pets/{id}.json
        if static.lower().startswith("by") and parts(static)[:1] == ("by",) and found:
            static = ""  # /users/by-name/{name}
        if (static and not _SKIPPED.match(static)) or (action and not keys and not found):
            found.append((static, [], action))
        if keys and not found:
            found.append(("", [], ""))
        if keys:
            word, known, before = found[-1]
            found[-1] = (word, [*known, *keys], action or before)
        elif action and found:
            word, known, _ = found[-1]
            found[-1] = (word, known, action)
    del rest
    return tuple(Step(word=w, keys=tuple(k), action=a) for w, k, a in found)
