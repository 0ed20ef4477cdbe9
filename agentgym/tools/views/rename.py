"""Other names: what a tool or a parameter might as well be called.

A name comes in, names that say the same go out; which of them are free is known to the caller.
Next: `arrange`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from random import Random

import msgspec

from agentgym.rng import stream
from agentgym.tools.derive.naming import CONTROLS, RESERVED_PARAMETERS, short
from agentgym.tools.views.granularity import Take
from agentgym.tools.views.surface import Shown, Way

__all__ = ["other_name", "rename", "share_of"]

_VERBS = {
    "get": ("fetch", "retrieve", "read"),
    "find": ("locate", "trace", "look_for"),
    "search": ("query", "browse", "filter"),
    "list": ("enumerate", "show", "browse"),
    "look_up": ("consult", "inspect"),
    "compute": ("calculate", "work_out"),
    "count": ("tally", "get_number_of"),
    "create": ("register", "new", "make"),
    "update": ("edit", "amend", "revise"),
    "modify": ("alter", "edit", "amend"),
    "change": ("switch", "move"),
    "set": ("assign", "put"),
    "delete": ("erase", "drop", "discard"),
    "add": ("attach", "append", "put"),
    "remove": ("detach", "take", "erase"),
    "link": ("connect", "join", "tie"),
    "unlink": ("disconnect", "untie"),
    "transfer": ("shift", "convey"),
    "identify": ("recognise", "authenticate"),
    "authenticate": ("verify", "recognise"),
    "verify": ("authenticate", "check"),
    "cancel": ("call_off", "annul"),
    "place": ("submit", "enter"),
    "record": ("log", "enter"),
}
_SPLIT = re.compile(rf"({'|'.join(sorted(_VERBS, key=len, reverse=True))})_(.+)")
_ENDS = (
    ("_id", ("_no", "_ref", "_number")),
    ("_contains", ("_like", "_matching", "_has")),
    ("_from", ("_since", "_on_or_after")),
    ("_to", ("_until", "_on_or_before")),
    ("_name", ("_title", "_called")),
    ("_date", ("_day",)),
    ("_on", ("_date", "_day")),
    ("_at", ("_time", "_moment")),
    ("_code", ("_symbol", "_mark")),
    ("_status", ("_state", "_stage")),
    ("_number", ("_no", "_num")),
    ("_count", ("_number", "_tally")),
)
_STARTS = (
    ("min_", ("at_least_", "lowest_")),
    ("max_", ("at_most_", "highest_")),
    ("is_", ("flag_",)),
    ("has_", ("with_",)),
)
_WORDS = {
    "name": ("title", "called"),
    "status": ("state", "stage"),
    "state": ("status",),
    "email": ("mail", "email_address"),
    "phone": ("telephone", "phone_number"),
    "date": ("day",),
    "amount": ("sum", "value"),
    "quantity": ("qty", "amount"),
    "price": ("cost", "rate"),
    "number": ("no", "num"),
    "address": ("addr", "location"),
    "city": ("town",),
    "country": ("nation",),
    "expression": ("formula",),
    "section": ("chapter",),
    "words": ("terms",),
}


def other_name(name: str) -> tuple[str, ...]:
    """Name what a tool might be called instead, the best first."""
    match = _SPLIT.fullmatch(name)
    if match is None:
        return (f"run_{name}", f"do_{name}")
    verb, rest = match.groups()
    return tuple(f"{other}_{rest}" for other in _VERBS[verb])


def _other_parameter(name: str) -> tuple[str, ...]:
    if name in _WORDS:
        return _WORDS[name]
    for end, others in _ENDS:
        if name.endswith(end) and len(name) > len(end):
            return tuple(f"{name[: -len(end)]}{other}" for other in others)
    for start, others in _STARTS:
        if name.startswith(start):
            return tuple(f"{other}{name[len(start) :]}" for other in others)
    return (f"{name}_value", f"given_{name}")


def rename(
    tools: Sequence[Shown],
    kept: Iterable[str],
    take: Take,
    share: float,
    key: tuple[object, ...],
) -> list[Shown]:
    """Give a share of the tools, and of their parameters, other names.

    A parameter that several tools have bears one name in all of them, which no other has.

    Args:
        tools: What is shown.
        kept: Tools that keep their names and parameters.
        take: Gives free names of tools.
        share: From 0 to 1.
        key: Of the chances.
    """
    chance = stream(*key, "rename")
    still = frozenset(kept)
    moving = [shown for shown in tools if shown.name not in still]
    chosen = share_of([shown.name for shown in moving], share, chance)
    names: dict[str, str] = {}
    for shown in moving:
        if shown.name in chosen:
            others = list(other_name(shown.name))
            chance.shuffle(others)
            names[shown.name] = take(*others)
    held = dict.fromkeys(p for shown in moving for p in shown.face.parameters["properties"])
    selectors = {shown.selector for shown in moving}
    free = [p for p in held if p not in CONTROLS and p not in selectors]
    params: dict[str, str] = {}
    taken = {*held, *RESERVED_PARAMETERS}
    for param in share_of(free, share, chance):
        others = [short(other) for other in _other_parameter(param)]
        chance.shuffle(others)
        others += [short(f"{param}_value"), short(f"{param}_{len(params) + 2}")]
        other = next((one for one in others if one not in taken and one.isidentifier()), param)
        taken.add(other)
        params[param] = other
    return [
        shown if shown.name in still else _renamed(shown, names.get(shown.name, shown.name), params)
        for shown in tools
    ]


def share_of(names: Sequence[str], share: float, chance: Random) -> list[str]:
    """Draw that share of the names; the result is in their order."""
    mixed = list(names)
    chance.shuffle(mixed)
    drawn = frozenset(mixed[: round(share * len(mixed))])
    return [name for name in names if name in drawn]


def _renamed(shown: Shown, name: str, params: Mapping[str, str]) -> Shown:
    scheme = shown.face.parameters
    face = msgspec.structs.replace(
        shown.face,
        name=name,
        parameters=scheme
        | {
            "properties": {params.get(p, p): kind for p, kind in scheme["properties"].items()},
            "required": [params.get(p, p) for p in scheme["required"]],
        },
    )
    ways = tuple(
        Way(
            tool=way.tool,
            params={params.get(p, p): own for p, own in way.params.items()},
            fixed=way.fixed,
            action=way.action,
        )
        for way in shown.ways
    )
    return msgspec.structs.replace(shown, face=face, ways=ways)
