"""Origins: where an argument of a call comes from, written down so that it can be had again.

An origin is `fact:f1`, `call:0:items.0.album_id` (a path into the result of an earlier call),
`choice` (the agent's own: sorting, a page), or `computed:sum(call:0:total;fact:f2)`: worked out of
other origins, by the functions of `plan.Computed`, those of an aggregate, or one that gives the
first or last moment of a year. Facts and results come in with it, the value goes out.
Next: `remedies`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal

from agentgym.formats import Json
from agentgym.plan.tables.figures import compute

__all__ = ["moment", "origin_of", "resolved", "sources"]

_OPEN, _CLOSE, _NEXT = "(", ")", ";"
_TIMES = {"first": "-01-01T00:00:00Z", "last": "-12-31T23:59:59Z"}


def origin_of(function: str, parts: Sequence[str]) -> str:
    """Write the origin of a value that is worked out of others."""
    return f"computed:{function}{_OPEN}{_NEXT.join(parts)}{_CLOSE}"


def sources(origin: str) -> list[str]:
    """Return the origins of kind `fact`, `call` and `choice` that an origin rests on."""
    _, parts = _read(origin)
    return [origin] if parts is None else [leaf for part in parts for leaf in sources(part)]


def resolved(origin: str, facts: Mapping[str, Json], results: Sequence[Json]) -> Json:
    """Return the value at an origin.

    Args:
        origin: Of any kind but `choice`.
        facts: Id of a fact to its wire value.
        results: The data of the calls before.

    Raises:
        LookupError: It names a fact, a call or a place in a result that is not there.
        ValueError: It is no origin.
    """
    function, parts = _read(origin)
    if parts is not None:
        values = [resolved(part, facts, results) for part in parts]
        return _worked(function, values)
    kind, _, rest = origin.partition(":")
    if kind == "fact":
        return facts[rest]
    if kind != "call":
        raise ValueError(f"{origin!r} is no origin of a value")
    number, _, path = rest.partition(":")
    value = results[int(number)]
    for part in path.split("."):
        try:
            value = value[int(part)] if isinstance(value, list) else value[part]
        except TypeError:
            raise LookupError(f"nothing at {path!r} in result {number}") from None
    return value


def _worked(function: str, values: list[Json]) -> Json:
    if "_of_" in function:
        return moment(function, values[0])
    if function == "count":
        return len(values)
    if function in ("min", "max"):
        return (min if function == "min" else max)(values)
    if function.startswith("avg"):
        total = Decimal(str(compute("sum", values)))
        exact = Decimal(1).scaleb(-int(function[3:]))
        return (total / len(values)).quantize(exact, rounding=ROUND_HALF_UP)
    return compute(function, values)


def moment(function: str, number: Json) -> str:
    """Return a moment of a year or decade.

    Args:
        function: `<end>_<type>_of_<measure>`: the `first` or `last` moment of it, the one right
            `before` or `after` it; a `date` or a `datetime`; of a `year` or of a `decade`.
        number: The year, or the first of the decade.
    """
    end, kind, _, measure = function.split("_")
    years = 10 if measure == "decade" else 1
    first = int(number)
    year = {"first": first, "last": first + years - 1, "before": first - 1, "after": first + years}[
        end
    ]
    text = f"{year:04d}{_TIMES['first' if end in ('first', 'after') else 'last']}"
    return text if kind == "datetime" else text[:10]


def _read(origin: str) -> tuple[str, list[str] | None]:
    """Split a computed origin into its function and parts; None where it is of another kind."""
    kind, _, rest = origin.partition(":")
    if kind != "computed":
        return "", None
    function, _, inner = rest.partition(_OPEN)
    if not inner.endswith(_CLOSE):
        raise ValueError(f"{origin!r} is no origin of a value")
    return function, list(_parts(inner[:-1]))


def _parts(text: str) -> Iterator[str]:
    depth, start = 0, 0
    for place, letter in enumerate(text):
        depth += (letter == _OPEN) - (letter == _CLOSE)
        if letter == _NEXT and not depth:
            yield text[start:place]
            start = place + 1
    if text:
        yield text[start:]
