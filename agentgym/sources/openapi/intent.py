"""What an operation means to do, and to what: told by its name, method and path.

Names come as `listPets`, `pets.list`, `Pets_ListByOwner`, `github_create_issue`; paths as
`/owners/{id}/pets`, `/pets/search`, `/orders/{id}/cancel`, `/instances/{name}:start`. Next:
`document`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from agentgym.formats import Record
from agentgym.sources.openapi.names import is_plural, parts, singular, stem
from agentgym.sources.openapi.steps import Step, steps_of
from agentgym.sources.openapi.verbs import (
    ACTIONS,
    AFTER,
    COUNTS,
    FILLERS,
    NAMESPACE,
    NOUNS,
    PREPOSITIONS,
    VERBS,
    Verb,
)

__all__ = ["Intent", "intent", "is_verb", "spoken"]

_MINE = re.compile(r"/(?:me|self|myself|whoami)/?\Z", re.IGNORECASE)
"""Ends of paths that name whoever calls."""
_ABOUT = frozenset("detail details info information summary metadata".split())
"""Last segments of paths that say of what stands before them that it is read."""
_LISTED = frozenset("list lookup search".split())
"""Last words of segments that say that what the others name is listed."""
_METHODS: dict[str, Verb] = {
    "get": "get", "put": "update", "patch": "update", "delete": "delete", "post": "create",
}  # fmt: skip


class Intent(Record, kw_only=True):
    """What an operation means to do."""

    verb: Verb
    word: str = ""
    """The verb as the operation says it: `cancel`."""
    noun: str = ""
    """To what, singular: `order_item`."""
    key: str = ""
    """The path parameter that names one of them."""
    parent: str = ""
    """To whose: the thing that stands before it in the path."""
    parent_key: str = ""
    """The path parameter that names that."""
    other: str = ""
    """A thing that the other is joined to by this operation: that of the parameter before."""
    plural: bool = False
    """Whether the noun was said as a plural."""
    nested: bool = False
    """Whether the path ends with the thing itself, below its parent."""


def intent(name: str, method: str, path: str, *, prefix: Sequence[str] = ()) -> Intent:
    """Tell what an operation means to do.

    Args:
        name: As the description has it; may be empty.
        method: In lower case; empty for a tool.
        path: Empty for a tool.
        prefix: Words with which all names of the description begin.
    """
    opening = name[: len(method)].lower()
    if method and opening == method and name[len(method) : len(method) + 1] in ("-", "_", "."):
        bare = spoken(name[len(method) + 1 :], prefix)
        said = bare if bare.verb != "none" else spoken(name, prefix)
    else:
        said = spoken(name, prefix)
    if not method:
        return said
    if _MINE.search(path):
        return Intent(verb="none")  # about whoever calls: no row can be told
    steps = steps_of(path)
    if not steps:
        return _remote(said, method)
    return _by_path(steps, said, method)


def is_verb(word: str) -> bool:
    """Tell whether a word says what is done."""
    return word in VERBS or word in ACTIONS


def _remote(said: Intent, method: str) -> Intent:
    """Judge an operation whose path says nothing: its name, then its method."""
    if said.verb == "none" and said.noun and method == "get":
        return _but(said, verb="list" if said.plural else "get")
    if said.verb == "none" and said.noun and method in ("delete", "put", "patch"):
        return _but(said, verb=_METHODS[method])
    return said


def _but(one: Intent, **changed: object) -> Intent:
    return Intent(**{**{n: getattr(one, n) for n in one.__struct_fields__}, **changed})


def _by_path(steps: Sequence[Step], said: Intent, method: str) -> Intent:
    """Judge by the end of the path, and by the name where that says more."""
    last = steps[-1]
    before = steps[-2] if len(steps) > 1 else None
    if before is not None and method == "get" and last.word.lower() in _ABOUT and not last.keys:
        around = parts(before.word)
        if around and not is_verb(around[0]):
            return _by_path(steps[:-1], _but(said, noun=stem(around)), method)
    rows = bool(said.noun) and said.verb not in ("none", "act")
    if rows and not last.keys and _squashed(last.word) == _squashed(said.word + said.noun):
        above = before if before is not None and before.keys else None
        return _but(
            said,
            parent="" if above is None else stem(parts(above.word)),
            parent_key="" if above is None else above.keys[-1],
        )
    if last.action:
        verb = _leading(last.action)[0]
        return _acting(last, before, verb or last.action, said, method)
    words = parts(last.word)
    if not last.word:
        return _nameless(last, said, method)
    if last.keys:
        first, noun = _leading(last.word)
        if first in NOUNS or (len(words) > 1 and first not in VERBS):
            first = ""
        if first and (len(words) > 1 or before is None):
            # /getUser/{id}
            told = VERBS.get(first, "act")
            return Intent(verb=told, word=first, noun=noun or said.noun, key=last.keys[-1])
        if first and before is not None and not is_plural(last.word):
            # /orders/{id}/cancel/{reason}, /pets/find/{name}
            return _acting(before, None, first, said, method)
        return _on_item(last, before, said, method)
    first, noun = _leading(last.word)
    if len(words) == 1 and first in NOUNS and (
        (method == "get" and first not in COUNTS)
        or method == "delete"
        or before is None
        or (first not in COUNTS and not (before.keys or said.verb == "act"))
    ):  # fmt: skip
        first = ""
    agreed = said.verb == "act" and len(words) > 1 and said.word == words[0]
    if agreed and not first and before is not None and before.keys:
        # suggestBids at /ads/{id}/suggest_bids
        return _acting(before, _previous(steps), "_".join(words), said, method)
    if first and (noun or before is not None or first in VERBS):
        if noun and (before is None or not before.keys):
            verb = VERBS.get(first, "act")
            return Intent(verb=verb, word=first, noun=noun, plural=is_plural(words[-1]))
        if before is not None:
            return _acting(before, _previous(steps), "_".join(words), said, method)
    return _on_list(last, before, said, method)


def _squashed(name: str) -> str:
    return "".join(parts(name))


def _previous(steps: Sequence[Step]) -> Step | None:
    return steps[-3] if len(steps) > 2 else None


def _nameless(last: Step, said: Intent, method: str) -> Intent:
    """Judge a path of parameters alone, as `/v2/{name}`: the name says what it is about."""
    verb = said.verb if said.verb != "none" else _METHODS[method]
    key = last.keys[-1] if verb in ("get", "update", "delete", "act") else ""
    parent = last.keys[-1] if verb in ("list", "create") and last.keys else ""
    return _but(said, verb=verb, key=key, parent_key=parent)


def _on_item(last: Step, before: Step | None, said: Intent, method: str) -> Intent:
    """Judge a path that ends with the name of one thing."""
    words = parts(last.word)
    if method == "get" and len(words) > 1 and words[-1] == "list":
        # /changeSetList/{repository}
        noun = stem(words[:-1])
        return Intent(verb="list", word="list", noun=noun, plural=True, parent_key=last.keys[-1])
    noun = stem(words)
    verb: Verb = _METHODS[method]
    if verb == "update" and said.verb == "create":
        verb = "create"
    elif verb == "create":
        verb = said.verb if said.verb in ("get", "list", "delete", "update") else "update"
        if said.verb == "act":
            return _acting(last, before, said.word, said, method)
        if said.verb == "create":
            verb = "create"
    elif verb == "get" and said.verb in ("list", "count") and not is_plural(last.word):
        verb = said.verb
    joined = before is not None and bool(before.keys)
    if method == "delete" and said.verb == "act" and not joined:
        verb = "act"  # disable, unfollow: the thing itself stays
    return Intent(
        verb=verb,
        word=said.word or method,
        noun=noun,
        key=last.keys[-1],
        plural=bool(words) and is_plural(words[-1]),
        parent=stem(parts(before.word)) if before is not None and joined else "",
        parent_key=before.keys[-1] if before is not None and joined else "",
    )


def _on_list(last: Step, before: Step | None, said: Intent, method: str) -> Intent:
    """Judge a path that ends with what things are called."""
    words = parts(last.word)
    listed = len(words) > 1 and words[-1] in _LISTED and method in ("get", "post")
    if listed:
        # /product-search, /orderList
        words = words[:-1]
        said = _but(said, verb="list", word="list")
    noun = stem(words)
    plural = listed or (bool(words) and is_plural(words[-1]))
    joined = before is not None and bool(before.keys)
    verb: Verb = _METHODS[method]
    word = said.word or method
    if method == "get":
        verb = said.verb if said.verb in ("list", "count") else "list" if plural else "get"
    elif method == "post":
        verb = "create"
        if said.verb in ("list", "get", "count", "delete", "update"):
            verb = said.verb
        elif said.verb in ("act", "none") and joined and before is not None and not plural:
            word = said.word if said.verb == "act" else "_".join(words)
            return _acting(before, None, word, said, method)
        elif said.verb == "act":
            above = before is not None and said.noun == stem(parts(before.word))
            if above and before is not None:
                return _acting(before if joined else last, None, said.word, said, method)
            if not plural:
                return _acting(last, None, said.word, said, method)
    elif method in ("put", "patch") and said.verb == "create":
        verb = "create"
    return Intent(
        verb=verb,
        word=word,
        noun=noun,
        plural=plural,
        nested=joined,
        parent=stem(parts(before.word)) if before is not None and joined else "",
        parent_key=before.keys[-1] if before is not None and joined else "",
    )


def _acting(step: Step, before: Step | None, word: str, said: Intent, method: str) -> Intent:
    """Judge a path that ends with something that is done to what stands before it."""
    words = parts(word)
    first = words[0] if words else ""
    verb: Verb = VERBS.get(first, "act")
    if verb == "get" and not step.keys:
        verb = "list" if method == "get" else said.verb
    if verb == "create" and step.keys:
        verb = "act"
    noun = stem(parts(step.word)) or said.noun
    joined = before is not None and bool(before.keys)
    return Intent(
        verb=verb,
        word="_".join(words),
        noun=noun,
        key=step.keys[-1] if step.keys else "",
        plural=True,
        parent=stem(parts(before.word)) if before is not None and joined else "",
        parent_key=before.keys[-1] if before is not None and joined else "",
    )


@lru_cache(maxsize=16384)
def _leading(segment: str) -> tuple[str, str]:
    """Return the verb with which a segment begins, and the noun after it."""
    words = parts(segment)
    if not words or not is_verb(words[0]):
        return "", ""
    if len(words) == 1:
        return (words[0], "") if not is_plural(words[0]) else ("", "")
    if is_plural(words[-1]) and (words[0] in NOUNS or words[0] not in VERBS):
        return "", ""  # failoverGroups, recordSets
    return words[0], _noun(words[1:])[0]


def spoken(name: str, prefix: Sequence[str] = ()) -> Intent:
    """Tell what a name alone says: a verb, and a noun after or before it."""
    pieces = [piece for piece in re.split(r"[./:_#\-\s]+", name) if piece]
    words = [list(parts(piece)) for piece in pieces]
    words = [one for one in words if one]
    flat = [word for one in words for word in one]
    for word in prefix:
        if len(flat) > 1 and flat[0] == word:
            flat = flat[1:]
            if words and words[0]:
                words[0] = words[0][1:]
                words = [one for one in words if one]
    if not flat:
        return Intent(verb="none")
    spot = _spot(flat, words)
    if spot is None:
        noun, plural = _noun(flat)
        return Intent(verb="none", noun=noun, plural=plural)
    verb: Verb = VERBS.get(flat[spot], "act")
    noun, plural = _noun(flat[spot + 1 :])
    parent = _parent(flat[spot + 1 :])
    before = [word for word in flat[:spot] if word not in NAMESPACE]
    if not noun and before:
        # pets.list, PetController_findAll: what stands right before the verb
        group = next(
            (one for one in reversed(words) if one and one[-1] == before[-1]), [before[-1]]
        )
        group = [word for word in group if word not in NAMESPACE and not is_verb(word)]
        noun, plural = _noun(group or [before[-1]])
    return Intent(verb=verb, word=flat[spot], noun=noun, plural=plural, parent=parent)


def _spot(flat: Sequence[str], pieces: Sequence[Sequence[str]]) -> int | None:
    """Return the place of the verb in a name: where a piece begins with one, else the first."""
    starts, place = [], 0
    for piece in pieces:
        starts.append((place, piece))
        place += len(piece)
    for start, piece in starts:
        if piece[0] in VERBS and piece[0] not in NOUNS:
            return start
    for start, piece in starts:
        if is_verb(piece[0]) and piece[0] not in NOUNS and not is_plural(piece[-1]):
            return start
    verbs = [n for n, word in enumerate(flat) if is_verb(word)]
    sure = [n for n in verbs if flat[n] not in NOUNS]
    return next(iter(sure or verbs), None)


def _noun(words: Sequence[str]) -> tuple[str, bool]:
    """Return the noun with which words begin, and whether it is a plural."""
    kept: list[str] = []
    for word in words:
        if word in PREPOSITIONS:
            if kept:
                break
            return "", False
        if word not in FILLERS and not (word in ("all", "list") and not kept):
            kept.append(word)
    while len(kept) > 1 and (kept[-1] in AFTER or kept[-1].isdigit() or kept[-1] in ("id", "ids")):
        kept.pop()
    if kept[-1:] == ["list"] and len(kept) > 1:
        kept.pop()
        return stem(tuple(kept)), True
    if not kept or kept in (["id"], ["ids"], ["all"]):
        return "", False
    return stem(tuple(kept)), singular(kept[-1]) != kept[-1]


def _parent(words: Sequence[str]) -> str:
    """Return whose things are meant: `list_orders_for_customer`, `add_item_to_cart`."""
    for place, word in enumerate(words):
        if word in ("for", "of", "from", "to", "in", "by", "on") and place:
            found, _ = _noun(words[place + 1 :])
            return found
    return ""
