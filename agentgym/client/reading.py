"""JSON out of what a model wrote: bare, in a fenced block, or amid prose. Next: `cache`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agentgym.errors import FormatError
from agentgym.formats import Json, decode

__all__ = ["json_in"]

_THOUGHT = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL | re.IGNORECASE)
_FENCE = re.compile(r"```[ \t]*[\w-]*[ \t]*\r?\n?(.*?)```", re.DOTALL)
_CUT = re.compile(r'[{\[]\s*["{\[]')
"""How an object or array begins that never ends: what is inside it is no answer either."""
_TRAILING = re.compile(r",(\s*[}\]])")
_TRIES = 20
"""Opening brackets at which an object is looked for."""
_SEARCHED = 200_000
"""Characters of prose in which one is looked for."""


def json_in(text: str) -> Json:
    """Find the JSON object or array that a text is, or holds.

    Thoughts between `<think>` marks are passed over, fenced blocks come before prose, and a
    comma too many before a closing bracket is forgiven.

    Returns:
        The largest object or array found; None where there is none. A number, text or null
        by itself is none.
    """
    bare = _THOUGHT.sub("", text).strip().removeprefix("\ufeff")
    best: tuple[int, Json] = (0, None)
    for part in _parts(bare):
        if len(part) <= best[0]:
            continue
        found = _read(part)
        if found is not None:
            best = (len(part), found)
            if part == bare:
                break
    return best[1]


def _parts(text: str) -> Iterator[str]:
    """Yield what may be JSON, the likelier first."""
    yield text
    for fence in _FENCE.finditer(text):
        yield fence[1].strip()
    text, start, tries = text[:_SEARCHED], 0, 0
    while tries < _TRIES and (opening := _next(text, start)) >= 0:
        end = _closing(text, opening)
        tries += 1
        if end < 0:
            if _CUT.match(text, opening):
                return
            start = opening + 1
            continue
        yield text[opening : end + 1]
        start = end + 1


def _next(text: str, start: int) -> int:
    places = [place for mark in "{[" if (place := text.find(mark, start)) >= 0]
    return min(places, default=-1)


def _closing(text: str, opening: int) -> int:
    """Return where the bracket closes, strings passed over; -1 where it does not."""
    depth, inside, escaped = 0, False, False
    for place in range(opening, len(text)):
        mark = text[place]
        if inside:
            if escaped:
                escaped = False
            elif mark == "\\":
                escaped = True
            elif mark == '"':
                inside = False
        elif mark == '"':
            inside = True
        elif mark in "{[":
            depth += 1
        elif mark in "}]":
            depth -= 1
            if not depth:
                return place
    return -1


def _read(part: str) -> Json:
    if not part.startswith(("{", "[")):
        return None
    for form in (part, _TRAILING.sub(r"\1", part)):
        try:
            return decode(form.encode("utf-8", "surrogatepass"), object, where="answer")
        except (FormatError, ValueError):
            continue
    return None
