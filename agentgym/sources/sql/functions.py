"""Functions of constants that dumps and seed scripts call: texts, numbers and choices.

A call whose arguments are constants comes in, its value goes out. What depends on chance,
on rows or on a sequence is no constant. Next: `constants`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlglot import exp

from agentgym.formats import Json, encode

__all__ = ["computed"]

Read = Callable[[exp.Expression | None], Json]


def computed(node: exp.Expression, read: Read) -> Json:
    """Compute a function of constants.

    Args:
        node: A call.
        read: Reads an argument.

    Returns:
        Its value; None where an argument that matters is NULL.

    Raises:
        LookupError: The function is not known here.
        ValueError: An argument is not what the function takes.
    """
    if isinstance(node, exp.Coalesce):
        return next((v for v in map(read, (node.this, *node.expressions)) if v is not None), None)
    if isinstance(node, exp.Nullif):
        one, other = read(node.this), read(node.expression)
        return None if one == other else one
    if isinstance(node, exp.JSONObject):
        pairs = {str(read(pair.this)): read(pair.expression) for pair in node.expressions}
        return encode(pairs).decode()
    name, given = _call(node)
    arguments = [read(argument) for argument in given]
    function = _FUNCTIONS[name]
    if name not in _WHOLE and None in arguments:
        return None
    try:
        return function(*arguments)
    except (TypeError, ArithmeticError, OverflowError) as error:
        raise ValueError(f"arguments of {name}") from error


def _call(node: exp.Expression) -> tuple[str, list[exp.Expression]]:
    """Return the plain name of a call and its arguments in order."""
    if isinstance(node, exp.Anonymous):
        return str(node.this).casefold(), node.expressions
    if isinstance(node, exp.Func):
        places = [node.args.get(key) for key in node.arg_types]
        flat = [
            item for place in places for item in (place if isinstance(place, list) else [place])
        ]
        return node.key, [item for item in flat if isinstance(item, exp.Expression)]
    raise LookupError(node.key)


def _text(value: Json) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, (str, int, Decimal)) and not isinstance(value, bool):
        return str(value)
    raise TypeError("a text")


def _replace(text: Json, old: Json, new: Json = "") -> str:
    return _text(text).replace(_text(old), _text(new)) if old != "" else _text(text)


def _characters(*codes: Json) -> str:
    return "".join(chr(code) for code in codes if isinstance(code, int))


_UNISTR = re.compile(
    r"\\(?:(\\)|\+([0-9A-Fa-f]{6})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([0-9A-Fa-f]{4}))"
)


def _unistr(text: Json) -> str:
    """Resolve the escapes of `unistr`, as the dumps of SQLite and PostgreSQL write them."""

    def shown(found: re.Match[str]) -> str:
        return "\\" if found[1] else chr(int(next(filter(None, found.groups())), 16))

    return _UNISTR.sub(shown, _text(text)).encode("utf-16", "surrogatepass").decode("utf-16")


def _round(value: Any, digits: Any = 0) -> Decimal:
    return Decimal(value).quantize(Decimal(1).scaleb(-int(digits)), rounding=ROUND_HALF_UP)


def _json_list(*items: Json) -> str:
    return encode(list(items)).decode()


_FUNCTIONS: dict[str, Callable[..., Json]] = {
    "replace": _replace,
    "chr": _characters,
    "char": _characters,
    "unistr": _unistr,
    "lower": lambda text: _text(text).lower(),
    "upper": lambda text: _text(text).upper(),
    "trim": lambda text, marks=None: _text(text).strip(None if marks is None else _text(marks)),
    "concat": lambda *parts: "".join(map(_text, parts)),
    "length": lambda text: len(text if isinstance(text, bytes) else _text(text)),
    "hex": lambda data: (data if isinstance(data, bytes) else _text(data).encode()).hex().upper(),
    "unhex": lambda text: bytes.fromhex(_text(text)),
    "abs": abs,
    "round": _round,
    "json": _text,
    "jsonb": _text,
    "json_array": _json_list,
    "json_build_array": _json_list,
}
_WHOLE = frozenset({"json_array", "json_build_array"})
"""Functions to which NULL is a value like any other."""
