"""Whatever JSON a model sent, taken as an outline: every slip of form is mended and counted.

In comes a decoded JSON value of any shape; out goes an `Outline`, maybe an empty one. What it
says is judged by others. Next: `names`.
"""

from __future__ import annotations

import math
import re
import types
import unicodedata
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from agentgym.formats import Json, Record

__all__ = ["clean", "fit"]

T = TypeVar("T", bound=Record)

_LONGEST = 600
_MOST = 200
"""Items of a list that are looked at."""
_YES = frozenset("true yes y 1 t required always".split())
_ALIASES = {
    "nullable": ("optional", "null"),
    "optional": ("nullable",),
    "least": ("min", "minimum", "from_value"),
    "most": ("max", "maximum"),
    "values": ("enum", "options", "choices", "examples", "allowed_values"),
    "fields": ("columns", "attributes", "properties"),
    "entities": ("tables", "things", "classes", "resources"),
    "references": ("relations", "relationships", "foreign_keys", "links"),
    "lifecycles": ("life_cycles", "states", "state_machines"),
    "rules": ("constraints",),
    "about": ("description", "comment"),
    "to": ("target", "refers_to", "parent"),
    "entity": ("from", "table", "child"),
    "initial": ("start_state", "initial_state"),
    "moves": ("transitions",),
    "state": ("from",),
    "next": ("to",),
    "op": ("operator",),
    "number": ("most", "limit", "max"),
    "form": ("kind", "type"),
    "type": ("kind",),
}
"""Names under which models write a part that is missing under its own."""


def fit(value: Json, kind: type[T], slips: Counter[str]) -> T:
    """Take a JSON value as a record of the outline.

    Args:
        value: Any JSON value.
        kind: The record.
        slips: Gets the counts of what did not fit, by kind.

    Returns:
        The record; what is missing or is of no use has its default.
    """
    if isinstance(value, list):
        value = value[0] if len(value) == 1 else {"entities": value}
    while isinstance(value, dict) and len(value) == 1:
        (inner,) = value.values()
        if not isinstance(inner, dict) or next(iter(value)) in _hints(kind):
            break
        value = inner
    found = _record(value, kind, slips)
    return kind() if found is None else found


def clean(text: str) -> str:
    """Return a text on one line, in NFC, of characters that can be printed, and of some length."""
    text = text[: 8 * _LONGEST].encode("utf-8", "ignore").decode()
    text = "".join(c if c.isprintable() else " " for c in unicodedata.normalize("NFC", text))
    return " ".join(text.split())[:_LONGEST].rstrip()


@lru_cache(maxsize=64)
def _hints(kind: type[Record]) -> dict[str, Any]:
    return get_type_hints(kind)


def _record(value: Json, kind: type[T], slips: Counter[str]) -> T | None:
    if not isinstance(value, dict):
        return None
    known = {_plain(str(name)): part for name, part in reversed(value.items())}
    given: dict[str, Any] = {}
    for name, wanted in _hints(kind).items():
        part, there = known.get(_plain(name)), _plain(name) in known
        if not there:
            others = [a for a in _ALIASES.get(name, ()) if _plain(a) in known]
            others = [a for a in others if a not in _hints(kind)]
            if others:
                part, there = known[_plain(others[0])], True
                slips["part under another name"] += 1
        if there:
            given[name] = _part(part, wanted, slips)
    return kind(**{name: part for name, part in given.items() if part is not _NOTHING})


_NOTHING = object()


def _part(value: Json, wanted: Any, slips: Counter[str]) -> Any:
    origin, inner = get_origin(wanted), get_args(wanted)
    if origin is tuple:
        return _several(value, inner[0], slips)
    if origin in (Union, types.UnionType):
        plain = [one for one in inner if one is not type(None)]
        if isinstance(plain[0], type) and issubclass(plain[0], msgspec.Struct):
            return _tagged(value, plain, slips)
        if len(plain) > 1:
            return _scalar(value)
        if value is None or (isinstance(value, str) and value.strip().lower() in ("", "null")):
            return None
        return _part(value, plain[0], slips)
    if isinstance(wanted, type) and issubclass(wanted, msgspec.Struct):
        return _record(value, wanted, slips)
    if wanted is str:
        return _text(value)
    if wanted is bool:
        return value if isinstance(value, bool) else _text(value).lower() in _YES
    return _number(value, whole=wanted is int)


def _several(value: Json, wanted: Any, slips: Counter[str]) -> tuple[Any, ...]:
    """Take a list; of an object its values under their names, of a text its parts."""
    if isinstance(value, dict):
        if _is_record(wanted) and any(isinstance(one, dict) for one in value.values()):
            named = [{"name": n, **one} for n, one in value.items() if isinstance(one, dict)]
            slips["list written as an object"] += 1
            value = named
        elif _is_record(wanted):
            value = [value]
        else:
            value = list(value)
    if isinstance(value, str):
        value = [part for part in re.split(r"\s*[,;|]\s*", value) if part]
    if not isinstance(value, list):
        return ()
    if len(value) > _MOST:
        slips["list cut"] += 1
    found = []
    for one in value[:_MOST]:
        if _is_record(wanted) and isinstance(one, str):
            slips["name in place of a record"] += 1
            one = {"name": one}  # noqa: PLW2901 - the item in the form that is wanted
        part = _part(one, wanted, slips)
        if part is None or part == "":
            slips["item of another kind"] += 1
        else:
            found.append(part)
    return tuple(found)


def _is_record(wanted: Any) -> bool:
    one = get_args(wanted)[0] if get_origin(wanted) in (Union, types.UnionType) else wanted
    return isinstance(one, type) and issubclass(one, msgspec.Struct)


def _tagged(value: Json, kinds: list[Any], slips: Counter[str]) -> Any:
    """Take one of several records by its form; by its parts where the form is not known."""
    if not isinstance(value, dict):
        return None
    tags = {kind.__struct_config__.tag: kind for kind in kinds}
    said = next((v for k in ("form", "kind", "type") if (v := value.get(k)) is not None), "")
    kind = tags.get(_text(said).lower().replace(" ", "_").replace("-", "_"))
    if kind is None:
        names = {_plain(str(name)) for name in value}
        shared = [len(names & {_plain(n) for n in _hints(one)}) for one in kinds]
        kind = kinds[shared.index(max(shared))]
        slips["form that is none"] += 1
    return _record(value, kind, slips)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.casefold())


def _text(value: Json) -> str:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float, Decimal)):
        return clean(str(value)[:40]) if _bounded(value) else ""
    if isinstance(value, Mapping):
        named = value.get("name", value.get("value"))
        return clean(named) if isinstance(named, str) else ""
    return ""


def _scalar(value: Json) -> str | float | bool | None:
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, float, Decimal)):
        return _number(value, whole=False)  # type: ignore[no-any-return]
    text = _text(value)
    return text or None


def _number(value: Json, *, whole: bool) -> Any:
    """Take a number; `_NOTHING` where there is none in sight."""
    if isinstance(value, str):
        found = re.match(r"\s*[^\d\s.+-]?\s*([+-]?\d[\d,_]{0,15}(?:\.\d{1,9})?)", value[:40])
        value = None if found is None else Decimal(found[1].replace(",", "").replace("_", ""))
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        return _NOTHING
    if not _bounded(value):
        return _NOTHING
    number = float(value)
    return round(number) if whole else number


def _bounded(value: float | Decimal) -> bool:
    if isinstance(value, int) and value.bit_length() > 60:
        return False
    return math.isfinite(value) and -(10**12) < value < 10**12
