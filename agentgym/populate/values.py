"""One maker for each field: from a row in the making to the value it gets.

`maker` reads role, type, words and limits of a field once and returns a function that
is called for each row with what is known of it so far, a `Line`. Next: `parents`.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from random import Random

from agentgym.formats import encode
from agentgym.populate.limits import Limits, shift_text
from agentgym.populate.meaning import (
    NAMES,
    PLACES,
    field_words,
    kind_of,
    scope,
    split,
)
from agentgym.populate.numbers import number, yes_share
from agentgym.populate.people import Place, phone
from agentgym.populate.pools import skewed, vocabulary, words
from agentgym.populate.technical import GEO, TECHNICAL, Line
from agentgym.populate.texts import catalog, code_head, fit, reasons, sentence, states, titles
from agentgym.rng import stream
from agentgym.schema import Entity, Field, Schema
from agentgym.schema.types import Stored, to_stored

__all__ = ["Maker", "common_first", "final_states", "maker", "null_share"]


Maker = Callable[[Line, Random], Stored]
"""From the row so far and the stream of the column to a value."""


def maker(
    schema: Schema, entity: Entity, field: Field, limits: Limits, count: int, *, seed: int
) -> Maker:
    """Return the maker of a field.

    Args:
        schema: For the life cycles.
        entity: The owner of the field.
        field: Neither a reference nor a time.
        limits: Of the entity.
        count: How many rows there will be.
        seed: Of the whole filling.
    """
    choices = limits.choices[field.name]
    if choices is not None:
        return _chosen(schema, entity, field, choices)
    if field.type in ("integer", "decimal", "float"):
        draw = number(entity, field, limits)
        usual = _default(field, limits)
        if usual is not None and field.role in ("other", "category", "quantity", "measure"):
            return lambda _line, rng: usual if rng.random() < 0.5 else draw(rng)
        return lambda _line, rng: draw(rng)
    if field.type == "json":
        return _document
    if field.type == "bytes":
        return lambda _line, rng: base64.b64encode(rng.randbytes(12)).decode()
    if field.type in ("date", "datetime"):
        return lambda _line, _rng: "2024-01-15" + ("T09:00:00Z" if field.type == "datetime" else "")
    return _text(schema, entity, field, count, seed=seed)


def _default(field: Field, limits: Limits) -> Stored:
    try:
        value = to_stored(field, field.default)
    except ValueError:
        return None
    return value if value is not None and limits.legal(field.name, value) else None


def _chosen(schema: Schema, entity: Entity, field: Field, choices: Sequence[Stored]) -> Maker:
    """Pick from a few legal values; life cycles go round first, so that every state occurs."""
    if not choices:
        return lambda _line, _rng: None
    if field.type == "boolean":
        share = yes_share(field)
        return lambda _line, rng: int(rng.random() < share) if len(choices) == 2 else choices[0]
    order = list(choices)
    if any(c.entity == entity.name and c.field == field.name for c in schema.lifecycles) or (
        field.role == "status"
    ):
        order = common_first(schema, entity, field, order)
    return _rounds(order)


def _rounds(order: Sequence[Stored]) -> Maker:
    """Pick skewed, but let each value come once before it is left to chance."""

    def make(line: Line, rng: Random) -> Stored:
        turn, place = divmod(line.number, 3)
        if place == 1 and turn < len(order):
            return order[turn]
        return skewed(rng, order, steep=1.9)

    return make


def common_first(schema: Schema, entity: Entity, field: Field, order: list[Stored]) -> list[Stored]:
    """Put the states in which most rows are first: the good end, then the way to it."""
    final = final_states(schema, entity, field, order)

    def cost(state: Stored) -> tuple[int, int]:
        sour = any(part in str(state).casefold() for part in words("sour_states"))
        return (
            2 if sour else 0 if state in final or str(state).casefold() == "active" else 1
        ), order.index(state)

    return sorted(order, key=cost)


def final_states(
    schema: Schema, entity: Entity, field: Field, order: Sequence[Stored]
) -> frozenset[Stored]:
    """Return the final states of a status field, from its life cycle or from the words."""
    for cycle in schema.lifecycles:
        if cycle.entity == entity.name and cycle.field == field.name:
            return frozenset(state for state, moves in cycle.moves.items() if not moves)
    ends = words("final_states")
    return frozenset(s for s in order if any(end in str(s).casefold() for end in ends))


def _document(_line: Line, rng: Random) -> Stored:
    noun = rng.choice(words("nouns")).lower()
    value = {
        "source": skewed(rng, ("web", "import", "api")),
        "tags": [noun],
        "version": rng.randint(1, 4),
    }
    return encode(value).decode()


def null_share(field: Field, *, seed: int, entity: str) -> float:
    """Return the share of rows in which a field that may be NULL is NULL."""
    if not field.nullable:
        return 0.0
    found = set(field_words(field))
    usual = {
        "label": 0.0, "code": 0.02, "status": 0.0, "key": 0.0, "money": 0.05, "flag": 0.02,
        "category": 0.05, "contact": 0.08, "person": 0.02, "place": 0.04, "text": 0.3,
        "quantity": 0.05, "audit": 0.08, "secret": 0.1,
    }.get(field.role, 0.14)  # fmt: skip
    if found & {"middle", "line2", "address2", "suite", "deleted", "reason", "error", "suffix"}:
        usual = 0.65
    if found & {"2", "3", "4"} and found & {"address", "line"}:
        usual = 0.7
    return usual * stream(seed, "populate", entity, field.name, "nulls").uniform(0.5, 1.5)


def _text(schema: Schema, entity: Entity, field: Field, count: int, *, seed: int) -> Maker:
    """Return the maker of a text that may be anything."""
    kind, longest = kind_of(entity, field), field.max_length
    if kind in NAMES:
        about = _about(entity, field)
        return lambda line, _rng: _short(line.person(about).part(kind), kind, longest)
    if kind in PLACES:
        at = scope(entity, field)
        return lambda line, _rng: _placed(line.place(at), kind, longest)
    if kind == "phone":
        home = _home(entity, scope(entity, field))
        return lambda line, rng: phone(line.place(home), rng, longest=longest)
    where = GEO.get((split(entity.label) or ("",))[-1])
    if kind == "label" and where is not None and len(split(field.label)) < 3:
        return lambda line, _rng: _placed(line.place(()), where, longest)
    if kind == "label" or (kind == "company" and (longest or 99) > 3):
        named = entity if kind == "label" else _as_company(entity)
        kin = [schema.entity(r.entity).label for r in schema.children(entity.name)]
        rng_ = stream(seed, "populate", entity.name, field.name, "titles")
        listed = titles(named, field, count, rng_, kin=sorted(kin))
        return lambda line, _rng: fit(listed[line.number % len(listed)], longest)
    if kind == "status":
        order = common_first(
            schema,
            entity,
            field,
            list(_lifecycle_states(schema, entity, field) or states(entity, field)),
        )
        order = [fit(str(state), longest) for state in order]
        return _rounds(list(dict.fromkeys(order)))
    if kind in ("category", "courtesy", "reason", "job", "language", "continent", "format", "mime"):
        return _category(entity, field, kind)
    if kind in (
        "notes",
        "descriptions",
        "comments",
        "questions",
        "messages",
        "subject",
        "instructions",
    ):
        forms = "subjects" if kind == "subject" else kind
        return lambda line, rng: sentence(
            forms, entity, line.person(("writer",)).first, rng, longest
        )
    if kind == "currency":
        return lambda line, _rng: fit(line.place(()).get("currency", "EUR"), longest)
    if kind == "code":
        return _code(entity, field, seed=seed)
    if kind == "secret":
        return lambda _line, rng: rng.randbytes(20).hex()[: longest or 40]
    if kind == "flag":
        yes, no = ("Y", "N") if longest == 1 else ("yes", "no")
        share = yes_share(field)
        return lambda _line, rng: yes if rng.random() < share else no
    made = TECHNICAL.get(kind)
    if made is not None:
        return lambda _line, rng: fit(made(rng), longest)
    if kind in ("money", "quantity", "measure"):
        return lambda _line, rng: fit(str(1 + int(rng.expovariate(0.05))), longest)
    return _anything(entity, field)


def _about(entity: Entity, field: Field) -> tuple[str, ...]:
    """Return whom a name is about; an address without words of its own joins the only names."""
    about = scope(entity, field)
    named = [
        scope(entity, other)
        for other in entity.fields
        if other.type == "text" and kind_of(entity, other) in ("first", "last", "full")
    ]
    return about if about in named or not named else named[0]


def _home(entity: Entity, where: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words of the place that a phone number belongs to."""
    placed = [
        scope(entity, other)
        for other in entity.fields
        if other.type == "text" and kind_of(entity, other) in PLACES
    ]
    return where if where in placed or not placed else placed[0]


def _as_company(entity: Entity) -> Entity:
    return Entity(name=entity.name, label="company", plural="companies", key=entity.key, fields=())


def _short(text: str, kind: str, longest: int | None) -> str:
    if kind == "middle" and longest is not None and longest <= 2:
        return text[:longest]
    if kind == "email" and longest is not None and len(text) > longest:
        local, _, domain = text.partition("@")
        keep = longest - len(domain) - 1
        return f"{local[:keep]}@{domain}" if keep > 0 else text[:longest]
    return fit(text, longest)


def _placed(place: Place, kind: str, longest: int | None) -> str:
    text = place.get(kind, "")
    if kind == "country_code" and longest == 3:
        return place.get("iso3", text)
    if longest is not None and len(text) > longest:
        if kind == "country":
            return place["country_code"][:longest]
        if kind == "region":
            return place.get("region_code", text)[:longest]
        if kind == "postcode":
            return text.replace(" ", "").replace("-", "")[:longest]
    return fit(text, longest)


def _lifecycle_states(schema: Schema, entity: Entity, field: Field) -> tuple[str, ...]:
    for cycle in schema.lifecycles:
        if cycle.entity == entity.name and cycle.field == field.name:
            return tuple(cycle.moves)
    return ()


def _category(entity: Entity, field: Field, kind: str) -> Maker:
    known = vocabulary("catalogs")
    options: list[str] = known.get(kind, []) if kind != "category" else []
    if kind == "reason":
        options = reasons(entity)
    options = options or catalog(entity, field) or known["category"]
    longest = field.max_length
    if longest is not None and longest <= 3:
        options = [option[:longest].upper() for option in options]
    options = list(dict.fromkeys(fit(option, longest) for option in options))[
        : 8 if kind == "category" else 20
    ]
    return _rounds(options)


def _code(entity: Entity, field: Field, *, seed: int) -> Maker:
    """Return a maker of codes: a head and a number that grows with the rows."""
    longest, head = field.max_length, code_head(entity)
    first = 1000 + stream(seed, "populate", entity.name, field.name, "first").randint(0, 40) * 10
    own = split(field.label)
    if longest is not None and longest < 4:
        return lambda line, _rng: shift_text("", line.number, longest)
    coded: list[str] | None = vocabulary("catalogs").get(
        " ".join([*split(entity.label)[-1:], "code"])
    )
    if entity.kind == "lookup" or coded:
        listed = coded or catalog(entity, field, whole=True)
        if listed is not None:
            return lambda line, _rng: (
                fit(
                    shift_text(
                        listed[line.number % len(listed)], line.number // len(listed), longest
                    )
                    if line.number >= len(listed)
                    else listed[line.number],
                    longest,
                )
                .upper()
                .replace(" ", "_")[: longest or 99]
            )
    if own[-1:] == ("number",) and longest is not None and longest < 8:
        return lambda line, _rng: f"{first + line.number}"[-longest:]

    def make(line: Line, _rng: Random) -> Stored:
        text = f"{head}-{first + line.number}"
        return text if longest is None or len(text) <= longest else text.replace("-", "")[-longest:]

    return make


def _anything(entity: Entity, field: Field) -> Maker:
    """Return a maker for a text that says nothing of itself."""
    longest = field.max_length
    if catalog(entity, field) is not None:
        return _category(entity, field, "category")
    if longest is not None and longest <= 3:
        letters = "ABCDEFGH"[: max(3, longest * 2)]
        return lambda _line, rng: "".join(skewed(rng, letters) for _ in range(longest))
    if longest is not None and longest <= 12:
        return lambda _line, rng: fit(rng.choice(words("nouns")).lower(), longest)
    return lambda _line, rng: fit(
        f"{rng.choice(words('adjectives'))} {rng.choice(words('nouns')).lower()}", longest
    )
