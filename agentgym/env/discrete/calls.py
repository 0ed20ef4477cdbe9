"""Calls that somebody could make who goes by words alone: an enumeration for discrete agents.

In come the shown tools and what is known; out come calls with filled parameters, a few for each
tool, the likeliest first, each with what a learner may look at. Next: `wrapper`.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from agentgym.env.discrete.known import Known, Memory
from agentgym.formats import Json, to_text
from agentgym.policies.words import ISO, stems

__all__ = ["Candidate", "Face", "candidates", "faces"]

_PAIR = re.compile(r"^(?:min|max)_(.+)$|^(.+?)_(?:from|to)$")
_PART = re.compile(r"_contains$")
_ORDER = frozenset({"sort_by", "descending", "page"})
_MOST = re.compile(
    r"\b(larg|high|lat|most|long|great|max|newest|big|heav|dens|top|old(?=er|est))\w*",
    re.IGNORECASE,
)
_LIMITS = ("type", "format", "enum", "minLength", "maxLength", "minimum", "maximum")
"""What of a parameter's schema a value has to fit."""
_TRIED = 3
"""Values of a parameter that are tried, the likeliest."""
_STRONG = 2.0
"""From which likelihood on an optional parameter is filled of its own accord."""


class Face(NamedTuple):
    """A tool as it is shown, taken apart once."""

    name: str
    verb: str
    words: frozenset[str]
    required: tuple[str, ...]
    units: tuple[tuple[str, tuple[str, ...]], ...]
    """Optional parameters: what they are about, and those that take the same value."""
    schemas: Mapping[str, Any]


class Candidate(NamedTuple):
    """A call that could be made."""

    tool: str
    arguments: dict[str, Json]
    share: float
    """Share of the words of the tool's name that the user has said."""
    fit: float
    """How well the values fit their parameters, 0.0 to 1.0."""
    filled: int
    """How many parameters are filled."""
    said: float
    """Share of the arguments that the user said; the others are from results."""


def faces(tools: Sequence[Mapping[str, Any]]) -> list[Face]:
    """Take OpenAI function schemas apart."""
    found = []
    for tool in tools:
        shape = tool["function"]
        properties: dict[str, Any] = shape["parameters"].get("properties", {})
        required = tuple(shape["parameters"].get("required", ()))
        units: dict[str, list[str]] = {}
        for name in properties:
            if name not in required and name not in _ORDER:
                pair = _PAIR.match(name)
                units.setdefault((pair[1] or pair[2]) if pair else name, []).append(name)
        found.append(
            Face(
                name=shape["name"],
                verb=shape["name"].partition("_")[0],
                words=stems(shape["name"]),
                required=required,
                units=tuple((name, tuple(sorted(params))) for name, params in units.items()),
                schemas=properties,
            )
        )
    return found


def candidates(face: Face, memory: Memory, most: int) -> list[Candidate]:
    """List calls of a tool, the likeliest first; none where a required parameter has no value.

    Args:
        face: The tool.
        memory: What is known.
        most: How many at most.
    """
    if face.name == "conclude":
        return _endings(face, memory, most)
    if face.name == "ask_user":
        return [
            _candidate(face, {"question": question}, 1.0, memory) for question in _asks(memory)
        ][:most]
    if "expression" in face.required:
        return []
    found: list[Candidate] = []
    seen: set[str] = set()
    for arguments, fit in itertools.islice(_filled(face, memory, most), 4 * most):
        text = to_text([face.name, sorted(arguments.items())])
        if text not in seen and text not in memory.made:
            seen.add(text)
            found.append(_candidate(face, arguments, fit, memory))
    return found[:most]


def _candidate(face: Face, arguments: dict[str, Json], fit: float, memory: Memory) -> Candidate:
    said = sum(to_text(value) in memory.told for value in arguments.values())
    return Candidate(
        tool=face.name,
        arguments=arguments,
        share=len(face.words & memory.words) / max(len(face.words), 1),
        fit=min(fit / 6.0, 1.0),
        filled=len(arguments),
        said=said / max(len(arguments), 1),
    )


def _filled(face: Face, memory: Memory, most: int) -> Iterator[tuple[dict[str, Json], float]]:
    """Yield arguments with how well they fit: the whole first, then less and other ones."""
    if "page" in face.schemas and memory.last and memory.last[0] == face.name:
        page = int(memory.last[1].get("page", 1))
        if page < memory.pages:
            yield {**memory.last[1], "page": page + 1}, _STRONG
    pools = [_values(name, face.schemas[name], memory)[:_TRIED] for name in face.required]
    if not all(pools):
        return
    order = _sorting(face, memory)
    options = [
        (likely, params, value)
        for name, params in face.units
        for likely, value in _values(name, face.schemas[params[0]], memory)[:1]
    ]
    options.sort(key=lambda option: -option[0])
    strong = [option for option in options if option[0] >= _STRONG]
    products = sorted(
        itertools.product(*pools),
        key=lambda picks: -sum(likely for likely, _ in picks) + _twice(picks),
    )
    for picks in products[:most]:
        base = dict(zip(face.required, (value for _, value in picks), strict=True))
        fit = sum(likely for likely, _ in picks) / max(len(picks), 1)
        chosen: dict[str, Json] = {}
        taken = {to_text(value) for value in base.values()}
        for _, params, value in strong:
            if to_text(value) not in taken:
                taken.add(to_text(value))
                chosen |= dict.fromkeys(params, value)
        if chosen or order:
            yield (
                base | chosen | order,
                fit + (sum(o[0] for o in strong) / len(strong) if strong else 0),
            )
        if base or not face.units:
            yield base, fit
        for likely, params, value in options:
            yield base | dict.fromkeys(params, value), fit + likely


def _twice(picks: tuple[tuple[float, Json], ...]) -> float:
    texts = [to_text(value) for _, value in picks]
    return 3.0 * (len(texts) - len(set(texts)))


def _sorting(face: Face, memory: Memory) -> dict[str, Json]:
    """Sort by what the user speaks of, where they speak of a most or least."""
    schema = face.schemas.get("sort_by")
    if schema is None or not re.search(r"\w(est|st)\b|\bmost\b|\bleast\b", memory.request):
        return {}
    fields = sorted(
        schema.get("enum", ()), key=lambda f: -len(stems(f) & memory.words) / max(len(stems(f)), 1)
    )
    if not fields or not stems(fields[0]) & memory.words:
        return {}
    most = _MOST.search(memory.request) is not None
    return {"sort_by": fields[0]} | ({"descending": True} if most else {})


def _values(name: str, schema: Mapping[str, Any], memory: Memory) -> list[tuple[float, Json]]:
    """List values for a parameter with how likely they are, the likeliest first."""
    slot = (name, *[str(schema.get(one)) for one in _LIMITS])
    found = memory.fitting.get(slot)
    if found is None:
        found = memory.fitting[slot] = _found(name, schema, memory)
    return found


def _found(name: str, schema: Mapping[str, Any], memory: Memory) -> list[tuple[float, Json]]:
    pair = _PAIR.match(name)
    about = _PART.sub("", (pair[1] or pair[2]) if pair else name)
    words = stems(about)
    spoken = len(words & memory.words) / max(len(words), 1)
    if "enum" in schema:
        picks = [one for one in schema["enum"] if one != "" and stems(str(one)) <= memory.words]
        return [(1.0 + 2.0 * spoken, one) for one in picks]
    if schema.get("type") == "boolean":
        return [(0.5 + spoken, value) for value in (True, False)]
    best: dict[str, tuple[float, int, Json]] = {}
    reference = about.endswith("_id") or about == "id"
    for number, known in enumerate(memory.values):
        likely = _likely(known, about, schema, spoken, reference=reference)
        if likely > 0:
            text = known.text
            now = (likely, known.turn * 1000 - known.place - number * 1e-3, known.value)
            if text not in best or now[:2] > best[text][:2]:
                best[text] = now  # type: ignore[assignment]
    ranked = sorted(best.values(), key=lambda one: (-one[0], -one[1]))
    return [(likely, value) for likely, _, value in ranked]


def _likely(
    known: Known, about: str, schema: Mapping[str, Any], spoken: float, *, reference: bool
) -> float:
    if not _fits(known.value, schema):
        return 0.0
    if known.field:
        if known.field == about:
            return 5.0 - 0.5 * min(known.place, 2)
        if reference and known.field.endswith("_id") and isinstance(known.value, int):
            same = stems(known.field[:-3]) & stems(about[:-3])
            return 1.0 + bool(same) - 0.2 * min(known.place, 2)
        return 0.0
    if reference and spoken < 1:
        return 0.0
    return 1.0 + 2.0 * spoken


def _fits(value: Json, schema: Mapping[str, Any]) -> bool:
    kinds = schema.get("type", "string")
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if isinstance(value, bool):
        return "boolean" in kinds
    if isinstance(value, str):
        shape = schema.get("format")
        timed = ISO.fullmatch(value) is not None
        if shape in ("date", "date-time"):
            return timed and ("T" in value) == (shape == "date-time")
        size = schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", 2**20)
        return "string" in kinds and not timed and size
    if not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        return False
    return "number" in kinds or ("integer" in kinds and isinstance(value, int))


def _asks(memory: Memory) -> list[str]:
    """Return what may be asked: openly, or who the user is after a refusal."""
    asks = ["Which one do you mean, and what else do you need me to know?"]
    who = "Who am I speaking with? Please tell me what identifies you."
    return [who, *asks] if memory.code == "rule_broken" else [*asks, who]


def _endings(face: Face, memory: Memory, most: int) -> list[Candidate]:
    """List conclusions: done, done with an answer, refused, impossible."""
    cells = sorted(
        (
            (-_named(known.field, memory), -known.turn, known.place, number, known.value)
            for number, known in enumerate(memory.values)
            if known.field and known.text not in memory.told
        ),
        key=lambda cell: cell[:4],
    )
    answers = list({to_text(cell[-1]): (cell[-1], -cell[0]) for cell in cells[: 3 * most]}.values())
    found = [
        _candidate(face, {"outcome": "done", "answer": value}, 6.0 * named, memory)
        for value, named in answers[: max(most - 3, 1)]
    ]
    for outcome in ("done", "refused", "impossible"):
        found.append(_candidate(face, {"outcome": outcome}, 0.0, memory))
    return found


def _named(field: str, memory: Memory) -> float:
    """Return the share of a field's words that the user has said; ids are asked for least."""
    words = stems(field)
    share = len(words & memory.words) / max(len(words), 1)
    return share * (0.4 if field.endswith("_id") or field == "id" else 1.0)
