"""`anonymise`: personal and secret columns of rows that were somebody's become fictional.

The same value becomes the same wherever it stands, different ones stay different, so that
joins and counts survive; names, addresses and user names of one person still agree. Kept
are companies, products, artists, cities and countries. Next: `world`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from agentgym.populate import disguise
from agentgym.populate.limits import Limits
from agentgym.populate.meaning import field_words, is_person, kind_of, scope, split
from agentgym.populate.pools import first_names, last_names
from agentgym.rng import key
from agentgym.schema import Entity, Field, Schema
from agentgym.schema.types import Row, Rows, Stored, fold

__all__ = ["anonymise", "personal_fields"]

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+\Z")
_PHONE = re.compile(r"(?:\+|\()[\d\s().\-/]{6,22}(?:\s*(?:x|ext\.?)\s*\d+)?\Z")
_PUBLIC = frozenset("artist band composer performer musician singer conductor".split())
_DIRECT = ("first", "middle", "last", "full", "initials", "username", "email", "phone")
_ORDER = (
    "full", "last", "first", "middle", "email", "username", "phone", "street", "street2",
    "postcode", "url", "initials", "secret", "mask",
)  # fmt: skip
Column = tuple[str, str]


def personal_fields(schema: Schema, rows: Rows) -> dict[str, tuple[str, ...]]:
    """Name the fields that `anonymise` replaces.

    Args:
        schema: With roles.
        rows: Of the source; what looks like an address or a telephone number counts too.

    Returns:
        Entity to the names of its personal and secret fields, in order; entities without are
        left out.
    """
    found = _kinds(schema, rows)
    return {
        entity.name: own
        for entity in schema.entities
        if (own := tuple(f.name for f in entity.fields if (entity.name, f.name) in found))
    }


def anonymise(schema: Schema, rows: Rows, *, seed: int) -> dict[str, tuple[Row, ...]]:
    """Replace what is personal or secret.

    Args:
        schema: With roles.
        rows: Entity to rows in stored form.
        seed: The same seed and values give the same replacements, in any order of rows.

    Returns:
        All rows, in the order given; NULLs, uniques, lengths, checks and references as before.
    """
    kinds = _kinds(schema, rows)
    columns = _Columns(schema, rows, kinds)
    maps = _maps(schema, rows, kinds, columns, seed=seed)
    result: dict[str, tuple[Row, ...]] = {}
    for name, own in rows.items():
        entity = schema.entity(name)
        changes = [
            (place, maps[kinds[name, field.name]])
            for place, field in enumerate(entity.fields)
            if (name, field.name) in kinds
        ]
        result[name] = tuple(_changed(row, changes) for row in own)
    return result


def _changed(row: Row, changes: Sequence[tuple[int, Callable[[Stored], Stored]]]) -> Row:
    if not changes:
        return tuple(row)
    after = list(row)
    for place, change in changes:
        if after[place] is not None and after[place] != "":
            after[place] = change(after[place])
    return tuple(after)


def _kinds(schema: Schema, rows: Rows) -> dict[Column, str]:
    """Find the personal columns, and all columns joined to them, with the kind of each."""
    found: dict[Column, str] = {}
    for entity in schema.entities:
        for place, field in enumerate(entity.fields):
            values = [row[place] for row in rows.get(entity.name, ())]
            kind = _kind(schema, entity, field, values)
            if kind:
                found[entity.name, field.name] = kind
    for group in _joined(schema):
        kinds = sorted({found[c] for c in group if c in found}, key=_ORDER.index)
        if kinds:
            able = all(_replaceable(schema.entity(e).field(f)) for e, f in group)
            for column in group:
                found.pop(column, None)
                if able:
                    found[column] = kinds[0]
    return found


def _replaceable(field: Field) -> bool:
    return field.type in ("text", "integer", "bytes", "json")


def _kind(schema: Schema, entity: Entity, field: Field, values: Sequence[Stored]) -> str:
    """Return how a column is personal, or nothing."""
    if not _replaceable(field) or _bound(schema, entity, field):
        return ""
    if field.role == "secret":
        return "secret"
    if field.type == "integer":
        return "phone" if field.role == "contact" and kind_of(entity, field) == "phone" else ""
    if field.type != "text" or field.role in ("time", "flag", "status", "category", "money"):
        return ""
    kind = kind_of(entity, field)
    naming = field.role in ("person", "label") or kind in ("first", "last", "full")
    if naming and _PUBLIC & {*field_words(field), *split(entity.label)}:
        return ""
    if field.role == "contact":
        if kind in ("city", "region", "region_code", "country", "country_code", "company"):
            return ""
        return kind if kind in _ORDER else "mask"
    if field.role == "person":
        return "" if kind in ("courtesy", "company", "job", "city") else _named(kind)
    if field.role == "label" and is_person(entity) and kind in ("label", "full"):
        return "full"
    if kind in _DIRECT and (kind != "username" or is_person(entity)) and _says(field, kind):
        return kind if field.role not in ("reference", "key", "place", "text") else ""
    return _seen(values)


def _says(field: Field, kind: str) -> bool:
    """Say whether the words alone make a field personal: `author` may be a number of things."""
    return kind != "full" or "name" in field_words(field) or "contact" in field_words(field)


def _named(kind: str) -> str:
    return kind if kind in ("first", "middle", "last", "initials", "username", "email") else "full"


def _bound(schema: Schema, entity: Entity, field: Field) -> bool:
    """Say whether checks leave the field no freedom."""
    for check in schema.checks:
        if check.entity != entity.name or field.name not in (check.field, check.other):
            continue
        if check.op in ("in", "eq") and check.other is None:
            return True
        if check.other is not None and check.op in ("lt", "le", "gt", "ge"):
            return True
    return False


def _seen(values: Sequence[Stored]) -> str:
    """Judge a column by what stands in it: half of it addresses or telephone numbers."""
    texts = [str(value) for value in values if value is not None and value != ""]
    for kind, form in (("email", _EMAIL), ("phone", _PHONE)):
        if texts and sum(form.match(text) is not None for text in texts) * 2 >= len(texts):
            return kind
    return ""


def _joined(schema: Schema) -> list[list[Column]]:
    """Return the groups of columns that references and checks of equality join."""
    head: dict[Column, Column] = {}

    def find(column: Column) -> Column:
        while head.setdefault(column, column) != column:
            column = head[column]
        return column

    def join(one: Column, two: Column) -> None:
        a, b = sorted((find(one), find(two)))
        head[b] = a

    for relation in schema.relations:
        for mine, theirs in zip(relation.fields, relation.target_fields, strict=True):
            join((relation.entity, mine), (relation.target, theirs))
    for check in schema.checks:
        if check.op == "eq" and check.other is not None:
            join((check.entity, check.field), (check.entity, check.other))
    groups: dict[Column, list[Column]] = {}
    for column in sorted(head):
        groups.setdefault(find(column), []).append(column)
    return list(groups.values())


class _Columns:
    """The old values of every kind, and what the columns in which they stand accept."""

    def __init__(self, schema: Schema, rows: Rows, kinds: Mapping[Column, str]) -> None:
        self.values: dict[str, set[Stored]] = {}
        self.fits: dict[str, dict[str, list[disguise.Accept]]] = {}
        limits: dict[str, Limits] = {}
        for (name, field), kind in sorted(kinds.items()):
            entity = schema.entity(name)
            own = limits.setdefault(name, Limits(schema, entity))
            accept = _accept(own, field)
            place = entity.position(field)
            values = {row[place] for row in rows.get(name, ())} - {None, ""}
            self.values.setdefault(kind, set()).update(values)
            for value in values:
                spot = self.fits.setdefault(kind, {}).setdefault(fold(str(value)) or "", [])
                spot.append(accept)

    def texts(self, *kinds: str) -> list[str]:
        """Return the old values of the kinds, sorted."""
        return sorted({str(value) for kind in kinds for value in self.values.get(kind, ())})


def _accept(limits: Limits, field: str) -> disguise.Accept:
    number = limits.fields[field].type == "integer"

    def accept(value: Stored) -> bool:
        if number:
            return str(value).lstrip("-").isdigit() and limits.legal(field, int(str(value)))
        return limits.legal(field, value)

    return accept


def _maps(
    schema: Schema, rows: Rows, kinds: Mapping[Column, str], columns: _Columns, *, seed: int
) -> dict[str, Callable[[Stored], Stored]]:
    """Return what replaces a value, by kind."""
    fits = {**columns.fits, "first": _both(columns.fits, "first", "middle")}
    names = disguise.Names(
        columns.texts("first", "middle"), columns.texts("last"), columns.texts("full"),
        seed=seed, fits=fits,
    )  # fmt: skip
    owners = _owners(schema, rows, kinds, names, seed=seed)

    def table(kind: str, draw: disguise.Draw) -> Callable[[Stored], Stored]:
        found = disguise.assign(
            columns.texts(kind), draw, seed=seed, purpose=kind, fits=columns.fits.get(kind, {})
        )
        return lambda value: _typed(found[fold(str(value)) or ""], value)

    def keyed(make: Callable[..., str]) -> disguise.Draw:
        return lambda value, attempt: make(value, attempt, seed=seed)

    makers: dict[str, Callable[[], Callable[[Stored], Stored]]] = {
        "first": lambda: lambda value: names.first(str(value)),
        "middle": lambda: lambda value: names.first(str(value)),
        "last": lambda: lambda value: names.last(str(value)),
        "full": lambda: table("full", _full(names, seed)),
        "email": lambda: table("email", disguise.email(owners, seed=seed)),
        "username": lambda: table("username", disguise.username(owners, seed=seed)),
        "street": lambda: table("street", keyed(disguise.street)),
        "url": lambda: table("url", keyed(disguise.url)),
        "secret": lambda: table("secret", _secret(schema, kinds, seed)),
    }
    return {
        kind: makers[kind]() if kind in makers else table(kind, keyed(disguise.mask))
        for kind in sorted(set(kinds.values()))
    }


def _both(
    fits: Mapping[str, dict[str, list[disguise.Accept]]], *kinds: str
) -> dict[str, list[disguise.Accept]]:
    found: dict[str, list[disguise.Accept]] = {}
    for kind in kinds:
        for value, accepts in fits.get(kind, {}).items():
            found.setdefault(value, []).extend(accepts)
    return found


def _typed(new: str, old: Stored) -> Stored:
    return int(new) if isinstance(old, int) else new


def _full(names: disguise.Names, seed: int) -> disguise.Draw:
    """Propose the name made of the new parts; shorter ones, then other persons, where refused."""

    def draw(value: str, attempt: int) -> str:
        if attempt == 0:
            return names.full(value)
        given, family = names.full(value).split()[:1], names.full(value).split()[-1:]
        if attempt == 1:
            return " ".join([*given, *family])
        if attempt == 2:
            return " ".join([*(name[:1] + "." for name in given), *family])
        first, last = _stranger(f"{value}{attempt}", seed)
        return f"{first} {last}" if attempt < 200 else last

    return draw


def _stranger(value: str, seed: int) -> tuple[str, str]:
    """Return a person for a value that names none: the same for `jane_roe` and `jane.roe@...`."""
    pools = first_names(), last_names()
    local = (fold(value) or "").partition("@")[0]
    place = key(seed, "stranger", "".join(filter(str.isalnum, local)))
    return pools[0][place % len(pools[0])], pools[1][place // 1000 % len(pools[1])]


def _secret(schema: Schema, kinds: Mapping[Column, str], seed: int) -> disguise.Draw:
    types = {schema.entity(e).field(f).type for (e, f), kind in kinds.items() if kind == "secret"}

    def draw(value: str, attempt: int) -> str:
        if types == {"bytes"}:
            return disguise.bytes_of(value, attempt, seed=seed)
        if types == {"json"}:
            return f'{{"removed":{attempt}}}'
        return disguise.mask(value, attempt, seed=seed)

    return draw


def _owners(
    schema: Schema, rows: Rows, kinds: Mapping[Column, str], names: disguise.Names, *, seed: int
) -> Callable[[str], tuple[str, str]]:
    """Return what tells the new given and family name of the owner of an address or user name."""
    known: dict[str, set[tuple[str, str]]] = {}
    for name, own in rows.items():
        entity = schema.entity(name)
        marked = [f for f in entity.fields if kinds.get((name, f.name)) in ("email", "username")]
        for field in marked:
            read = _reader(entity, field, kinds, names)
            place = entity.position(field.name)
            for row in own:
                person = read(row) if row[place] else None
                if person is not None:
                    known.setdefault(fold(str(row[place])) or "", set()).add(person)

    def owner(value: str) -> tuple[str, str]:
        found = known.get(fold(value) or "")
        return min(found) if found else _stranger(value, seed)

    return owner


def _reader(
    entity: Entity, field: Field, kinds: Mapping[Column, str], names: disguise.Names
) -> Callable[[Row], tuple[str, str] | None]:
    """Return what reads the new name of the person that an address of the row belongs to."""
    about = scope(entity, field)
    own = [
        f for f in entity.fields if kinds.get((entity.name, f.name)) in ("first", "last", "full")
    ]
    own = [f for f in own if scope(entity, f) == about] or own
    at = {kinds[entity.name, f.name]: entity.position(f.name) for f in reversed(own)}

    def read(row: Row) -> tuple[str, str] | None:
        first, last, full = (row[at[k]] if k in at else None for k in ("first", "last", "full"))
        if first or last:
            return names.first(str(first or last)), names.last(str(last or first))
        if full:
            parts: Iterable[str] = names.parts(names.full(str(full)))[1]
            found = [*parts, *names.full(str(full)).split()]
            return found[0], names.full(str(full)).split()[-1]
        return None

    return read
