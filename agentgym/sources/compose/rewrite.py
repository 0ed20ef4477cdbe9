"""Rules, effects and derived values said in other names.

A record and the `Words` of a speech come in; the same record in that speech goes out. The
speech raises `Absent` for what it has no word for; what depends on that is left out. Used to
check patterns, to glue them, and to clothe them. Next: `check`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeVar

import msgspec

from agentgym.formats import Json
from agentgym.rules import (
    Add,
    Adjust,
    All,
    Alone,
    AnyOf,
    Assign,
    Authenticated,
    Calls,
    Compare,
    Confirmed,
    Count,
    Effect,
    Elapsed,
    Holder,
    In,
    Move,
    NoChildren,
    Not,
    Owner,
    Param,
    Predicate,
    Rule,
    Value,
)
from agentgym.schema import Derived, Exclusive, Product

__all__ = ["Absent", "Words", "derived", "effect", "exclusive", "predicate", "rule"]

T = TypeVar("T")
_put = msgspec.structs.replace


class Absent(Exception):  # noqa: N818 - it is no error where a structure lacks a part
    """The speech has no word for something.

    Args:
        what: What was looked for: `a field of order`.
        found: What the record says.
        options: What could have been said.
    """

    def __init__(self, what: str, found: str, options: Sequence[str] = ()) -> None:
        super().__init__(what, found)
        self.what = what
        self.found = found
        self.options = tuple(options)


class Words(Protocol):
    """One speech: what an old name is called now. Every method raises `Absent`."""

    def entity(self, name: str) -> str:
        """Say an entity."""

    def field(self, entity: str, name: str) -> str:
        """Say a field of an entity, which is named in the old way."""

    def relation(self, name: str) -> tuple[str, str, str]:
        """Say a relation; and its child and target, in the old way."""

    def values(self, entity: str, field: str, value: Json) -> tuple[Json, ...]:
        """Say a value of a field: one, or the several that it stands for."""

    def id(self, text: str) -> str:
        """Say the id of a rule, an effect or a derived value."""

    def exclusive(self, text: str) -> str:
        """Say the id of an exclusive that is there."""

    def refuse(self, what: str, found: str) -> Absent:
        """Return what is raised where names that are known do not fit together."""


def _climb(words: Words, entity: str, path: Sequence[str]) -> tuple[tuple[str, ...], str]:
    """Say a path of relations upwards; and where it ends, in the old way."""
    said = []
    for name in path:
        new, child, target = words.relation(name)
        if child != entity:
            raise words.refuse(f"a reference of {entity}", name)
        said.append(new)
        entity = target
    return tuple(said), entity


def _where(
    words: Words, entity: str, where: Mapping[str, Sequence[str]]
) -> dict[str, tuple[str, ...]]:
    return {
        words.field(entity, name): tuple(
            dict.fromkeys(one for value in values for one in words.values(entity, name, value))
        )
        for name, values in where.items()
    }


def _kept(said: Callable[[T], T], parts: Sequence[T]) -> tuple[T, ...]:
    """Say each of several parts, without those that have no words; at least one must."""
    found, missing = [], None
    for part in parts:
        try:
            found.append(said(part))
        except Absent as absent:
            missing = absent
    if missing is not None and not found:
        raise missing
    return tuple(found)


def predicate(given: Predicate, entity: str, words: Words) -> Predicate:
    """Say a predicate about a row of an entity.

    Raises:
        Absent: It speaks of what has no word.
    """
    match given:
        case Compare():
            path, end = _climb(words, entity, given.path)
            field = words.field(end, given.field)
            if given.other is not None:
                other = words.field(end, given.other)
                return _put(given, field=field, other=other, path=path)
            values = words.values(end, given.field, given.value)
            if len(values) == 1:
                return _put(given, field=field, value=values[0], path=path)
            among = In(field=field, values=values, path=path, at=given.at)
            if given.op not in ("eq", "ne"):
                raise words.refuse("eq or ne with a mark", given.op)
            return among if given.op == "eq" else Not(of=among)
        case In():
            path, end = _climb(words, entity, given.path)
            values = tuple(
                dict.fromkeys(
                    one for value in given.values for one in words.values(end, given.field, value)
                )
            )
            return _put(given, field=words.field(end, given.field), values=values, path=path)
        case Elapsed():
            path, end = _climb(words, entity, given.path)
            return _put(given, field=words.field(end, given.field), path=path)
        case Move():
            return Move(field=words.field(entity, given.field))
        case NoChildren():
            name, _, target = words.relation(given.relation)
            if target != entity:
                raise words.refuse(f"a reference to {entity}", given.relation)
            return NoChildren(relation=name)
        case Alone():
            return Alone(exclusive=words.exclusive(given.exclusive))
        case Count():
            path, end = _climb(words, entity, given.path)
            name, child, target = words.relation(given.relation)
            if target != end:
                raise words.refuse(f"a reference to {end}", given.relation)
            return _put(given, path=path, relation=name, where=_where(words, child, given.where))
        case Authenticated():
            return Authenticated(entity=words.entity(given.entity))
        case Owner():
            return Owner(path=_climb(words, entity, given.path)[0])
        case Holder():
            values = tuple(
                one
                for value in given.values
                for one in words.values(given.entity, given.field, value)
            )
            return Holder(
                entity=words.entity(given.entity),
                field=words.field(given.entity, given.field),
                values=values,
            )
        case Confirmed():
            return given
        case Not():
            return Not(of=predicate(given.of, entity, words))
        case All():
            return All(of=_kept(lambda part: predicate(part, entity, words), given.of))
        case AnyOf():
            return AnyOf(of=_kept(lambda part: predicate(part, entity, words), given.of))
        case Param() | Calls():
            raise words.refuse("a predicate about rows: tools have no names here", _tag(given))


def _tag(given: Predicate) -> str:
    return str(type(given).__struct_config__.tag)


def _product(words: Words, entity: str, given: Product) -> Product:
    return _put(given, fields=tuple(words.field(entity, name) for name in given.fields))


def derived(given: Derived, words: Words) -> Derived:
    """Say a derived value; summands without words are left out.

    Raises:
        Absent: It speaks of what has no word.
    """
    entity, child, relation = given.entity, given.entity, given.relation
    name = words.entity(entity)
    if relation is not None:
        relation, child, target = words.relation(relation)
        if target != entity:
            raise words.refuse(f"a reference to {entity}", str(given.relation))
    own: tuple[Product, ...] = ()
    if given.own:
        try:
            own = _kept(lambda one: _product(words, entity, one), given.own)
        except Absent:
            own = ()
    return _put(
        given,
        id=words.id(given.id),
        entity=name,
        field=words.field(entity, given.field),
        relation=relation,
        terms=_kept(lambda one: _product(words, child, one), given.terms),
        where=_where(words, child, given.where),
        own=own,
    )


def exclusive(given: Exclusive, words: Words) -> Exclusive:
    """Say an exclusive.

    Raises:
        Absent: It speaks of what has no word.
    """
    entity = given.entity
    span = given.span
    return _put(
        given,
        id=words.id(given.id),
        entity=words.entity(entity),
        same=tuple(words.field(entity, name) for name in given.same),
        where=_where(words, entity, given.where),
        span=None if span is None else (words.field(entity, span[0]), words.field(entity, span[1])),
    )


def _named(words: Words, entity: str, fields: Sequence[str]) -> tuple[str, ...]:
    return _kept(lambda name: words.field(entity, name), fields)


def rule(given: Rule, words: Words) -> Rule:
    """Say a rule.

    Raises:
        Absent: It speaks of what has no word.
    """
    return _put(
        given,
        id=words.id(given.id),
        entity=words.entity(given.entity),
        fields=_named(words, given.entity, given.fields),
        predicate=predicate(given.predicate, given.entity, words),
    )


def _value(given: Value, entity: str, words: Words, target: tuple[str, str]) -> Value:
    """Say where a value comes from, for the field of the target."""
    if given.given is not None:
        return _put(given, given=words.values(*target, given.given)[0])
    path, end = _climb(words, entity, given.path)
    return _put(
        given,
        path=path,
        field=None if given.field is None else words.field(end, given.field),
        change=None if given.change is None else words.field(end, given.change),
    )


def effect(given: Effect, words: Words) -> Effect:
    """Say an effect; values of a new row that has no such field are left out.

    Raises:
        Absent: It speaks of what has no word.
    """
    start, each = given.entity, given.each
    if each is not None:
        each, start, target = words.relation(each)
        if target != given.entity:
            raise words.refuse(f"a reference to {given.entity}", str(given.each))
    do: Adjust | Assign | Add
    match given.do:
        case Adjust():
            path, end = _climb(words, start, given.do.path)
            do = _put(
                given.do,
                path=path,
                field=words.field(end, given.do.field),
                by=_product(words, start, given.do.by),
            )
        case Assign():
            path, end = _climb(words, start, given.do.path)
            do = _put(
                given.do,
                path=path,
                field=words.field(end, given.do.field),
                value=_value(given.do.value, start, words, (end, given.do.field)),
            )
        case Add():
            to = given.do.entity
            entity = words.entity(to)
            values = {}
            for name, value in given.do.values.items():
                try:
                    values[words.field(to, name)] = _value(value, start, words, (to, name))
                except Absent:
                    continue
            do = Add(entity=entity, values=values)
    return _put(
        given,
        id=words.id(given.id),
        entity=words.entity(given.entity),
        fields=_named(words, given.entity, given.fields),
        when=None if given.when is None else predicate(given.when, given.entity, words),
        each=each,
        do=do,
    )
