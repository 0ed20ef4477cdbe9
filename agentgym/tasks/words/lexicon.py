"""What can be named under a schema: the labels of its entities, fields and relations.

Made once a schema; both directions use it, `say` to see whether a label is clear and
the parser to find the labels that start at a place of a text. Next: `grammar`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TypeVar

import msgspec

from agentgym.plan import Pick
from agentgym.schema import Entity, Field, Relation, Schema
from agentgym.schema.types import ORDERED
from agentgym.tasks.words.idiom import (
    by_words,
    done_words,
    entity_words,
    field_words,
    is_year,
    known_place,
    mute,
    nobody,
    of_people,
    piecewise,
    somebody,
    superlatives,
    town,
    trait,
)
from agentgym.tasks.words.labels import flag_words, low, many, said, several, switch_words
from agentgym.tasks.words.scan import ending
from agentgym.tasks.words.values import enum_words

__all__ = ["Lexicon", "flag_words", "lexicon", "low", "many", "said", "several", "switch_words"]

T = TypeVar("T")

_DATING = frozenset({"at", "on", "of", "and", "when"})

_SILENT_ROLES = frozenset({"key", "reference", "secret"})
_SILENT_TYPES = frozenset({"json", "bytes"})
_FIRST = re.compile(r"\b(first|given|fore)\s?names?\b|\bforename\b")
_LAST = re.compile(r"\b(last|family)\s?names?\b|\bsurname\b")
_WORD = re.compile(r"\w+|\S")
_IN_UNIT = re.compile(
    r" in (?:square |cubic )?(?:kilo|milli|centi|micro)?"
    r"(?:gram|meter|metre|liter|second|minute|hour|day|byte|pound|mile|feet|foot|inch|inche|yard|acre|hectare|ton|tonne)s?\Z"
)
_PLACE = re.compile(r"^(?:city|town|country|state|region|province|continent|location)\Z")


class Lexicon:
    """The labels of a schema, by kind and by first word."""

    def __init__(self, schema: Schema) -> None:
        self.source = schema
        self.schema = _renamed(schema)
        """The same, with entities called as people call them."""
        self.entities = {e.name: e for e in self.schema.entities if e.spoken and said(e.label)}
        ours = self.entities.keys()
        self.relations = tuple(
            r for r in self.schema.relations if r.entity in ours and r.target in ours
        )
        self._fields = {
            e.name: tuple(
                msgspec.structs.replace(f, label=_alone(f, field_words(f, label), e))
                for f in e.fields
                if self._speakable(f) and not mute(f, label)
            )
            for e in self.entities.values()
            for label in (schema.entity(e.name).label,)
        }
        self._short: dict[tuple[str, str], str] = {}
        for name, fields in self._fields.items():
            self._shorten(name, fields)
        self._most: dict[str, dict[str, list[Pick]]] = {}
        self._done: dict[str, dict[str, list[Field]]] = {}
        self._by_label: dict[tuple[str, str], list[Field]] = {}
        self._by_plural: dict[tuple[str, str], list[Field]] = {}
        for name, fields in self._fields.items():
            for field in fields:
                labels = {low(field.label): None, low(self.brief(name, field)): None}
                if field.type == "boolean":
                    labels[low(switch_words(field))] = None
                for label in labels:
                    self._by_label.setdefault((name, label), []).append(field)
                self._by_plural.setdefault((name, low(several(field.label))), []).append(field)
                self._learn_idioms(name, field)
        self.units = tuple(
            sorted(
                {f.unit for fields in self._fields.values() for f in fields if f.unit},
                key=lambda unit: (-len(unit), unit),
            )
        )
        self.singular = _group((low(e.label), e) for e in self.entities.values())
        self.plural = _group((low(e.plural), e) for e in self.entities.values())
        self.role = _group((low(r.label), r) for r in self.relations)
        self.inverse = _group((low(r.inverse), r) for r in self.relations)
        self._label_words = {
            word
            for kind in ("singular", "plural", "field", "role", "word")
            for label in self._labels()[kind]
            for word in _WORD.findall(low(label))
        }
        self._index = {kind: _index(labels) for kind, labels in self._labels().items()}

    @staticmethod
    def _speakable(field: Field) -> bool:
        return (
            field.spoken
            and field.role not in _SILENT_ROLES
            and field.type not in _SILENT_TYPES
            and said(field.label)
        )

    def _labels(self) -> dict[str, list[str]]:
        entities = list(self.entities.values())
        fields = [f for fs in self._fields.values() for f in fs]
        roles = [r.label for r in self.relations if said(r.label)]
        return {
            "singular": [e.label for e in entities] + roles,
            "plural": [e.plural for e in entities if said(e.plural)]
            + [r.inverse for r in self.relations if said(r.inverse)],
            "field": [f.label for f in fields] + list(self._short.values()),
            "fields": [several(f.label) for f in fields],
            "role": roles,
            "flag": [flag_words(f) for f in fields if f.type == "boolean"],
            "switch": [switch_words(f) for f in fields if f.type == "boolean"],
            "word": [enum_words(v) for f in fields if f.type == "enum" for v in f.values or ()],
            "does": [does[0] for f in fields if (does := trait(f.label))],
            "do": [does[1] for f in fields if (does := trait(f.label))],
            "most": [word for words in self._most.values() for word in words],
            "done": [word for words in self._done.values() for word in words],
            "by": [verb for r in self.relations if (verb := by_words(r.label))],
        }

    def _shorten(self, entity: str, fields: tuple[Field, ...]) -> None:
        """Note labels without the units at their ends: `tare weight` in kilograms."""
        labels = {low(f.label) for f in fields}
        for field in fields:
            short = _IN_UNIT.sub("", field.label)
            if low(short) not in labels and said(short):
                labels.add(low(short))
                self._short[entity, field.name] = short

    def brief(self, entity: str, field: Field) -> str:
        """Return the label of the field where its unit does not matter."""
        return self._short.get((entity, field.name), field.label)

    def _learn_idioms(self, entity: str, field: Field) -> None:
        pair = superlatives(self.brief(entity, field))
        if pair and field.type in ORDERED:
            for word, largest in zip(pair, (True, False), strict=True):
                picks = self._most.setdefault(entity, {}).setdefault(word, [])
                picks.append(Pick(field=field.name, largest=largest))
        if field.type in ("date", "datetime") or is_year(field):
            done = done_words(field.label, self.entities[entity].label)
            if done:
                self._done.setdefault(entity, {}).setdefault(done, []).append(field)

    def superlative(self, entity: str, word: str) -> list[Pick]:
        """Return what the row is that a superlative names: the longest, the cheapest."""
        return self._most.get(entity, {}).get(low(word), [])

    def superlative_of(self, entity: str, pick: Pick) -> str | None:
        """Return the superlative that names the pick, if it names nothing else."""
        words = self._most.get(entity, {})
        field = self.field(entity, pick.field)
        if field is not None and field.role == "money":
            prices = [f for f in self.fields(entity) if f.role == "money"]
            if len(prices) > 1 or piecewise(self.entities[entity].label):
                return None
        person = self.is_person(entity)
        return next(
            (w for w, picks in words.items() if picks == [pick] and (of_people(w) or not person)),
            None,
        )

    def done(self, entity: str, word: str) -> list[Field]:
        """Return the times at which that was done to a row: issued, paid, born."""
        return self._done.get(entity, {}).get(low(word), [])

    def done_at(self, entity: str, field: Field) -> str | None:
        """Return what was done at the time that the field holds, if no other field says so."""
        word = done_words(field.label, self.entities[entity].label)
        return word if word and len(self.done(entity, word)) == 1 else None

    def place(self, entity: str) -> Field | None:
        """Return the field of the one place that rows of the entity have."""
        places = [f for f in self.fields(entity) if f.role == "place" and f.type == "text"]
        return places[0] if len(places) == 1 and _PLACE.search(low(places[0].label)) else None

    def placed(self, entity: str, text: str) -> Field | None:
        """Return the field that says of a row that it is in the place of that name."""
        only = self.place(entity)
        if only is not None:
            return only
        kinds = [
            f
            for f in self.fields(entity)
            if f.role == "place"
            and f.type == "text"
            and (known_place(f.label, text) or town(f.label, text))
        ]
        return kinds[0] if len(kinds) == 1 else None

    def is_person(self, entity: str) -> bool:
        """Tell whether rows of the entity are people."""
        if entity in self.entities and nobody(self.entities[entity].label):
            return False
        return any(f.role == "person" for f in self.names(entity)) or bool(self.person(entity))

    def is_somebody(self, entity: str) -> bool:
        """Tell whether rows of the entity are never `it`."""
        return self.is_person(entity) or somebody(self.entities[entity].label)

    def starting(self, kind: str, lowered: str, at: int) -> Iterator[tuple[str, int]]:
        """Yield the labels of a kind that start at a place, and where they end."""
        first = _WORD.match(lowered, at)
        if first:
            for label in self._index[kind].get(first.group(), ()):
                end = at + len(label)
                if lowered.startswith(label, at) and ending(lowered, end):
                    yield label, end

    def fields(self, entity: str) -> tuple[Field, ...]:
        """Return the fields of an entity that a message may mention."""
        return self._fields.get(entity, ())

    def labelled(self, entity: str, label: str) -> list[Field]:
        """Return the fields of the entity that have that label, or are a flag of that name."""
        return self._by_label.get((entity, low(label)), [])

    def plurally(self, entity: str, label: str) -> list[Field]:
        """Return the fields of the entity whose label has that plural."""
        return self._by_plural.get((entity, low(label)), [])

    def field(self, entity: str, name: str) -> Field | None:
        """Return the field of that name, if a message may mention it."""
        return next((f for f in self.fields(entity) if f.name == name), None)

    def between(self, child: str, parent: str) -> list[Relation]:
        """Return the relations from one entity to the other."""
        return [r for r in self.relations if r.entity == child and r.target == parent]

    def idioms(self) -> frozenset[str]:
        """Return the words that people say instead of labels: issued, longest."""
        kinds = ("does", "do", "most", "done", "by")
        return frozenset(w for kind in kinds for t in self._labels()[kind] for w in t.split(" "))

    def clear(self, relation: Relation) -> bool:
        """Tell whether a relation is the only one between two entities, either way."""
        both = (relation.entity, relation.target)
        ways = self.between(*both) + self.between(*reversed(both))
        return len(ways) == 1 and relation.entity != relation.target

    def roles(self, child: str) -> list[Relation]:
        """Return the relations by which rows of the entity refer to others."""
        return [r for r in self.relations if r.entity == child]

    @staticmethod
    def verb(relation: Relation) -> str | None:
        """Return what stands before the row referred to: `written by` for an author."""
        return by_words(relation.label)

    def verbs(self, child: str, verb: str) -> list[Relation]:
        """Return the relations of the entity that have that verb."""
        return [r for r in self.roles(child) if by_words(r.label) == verb]

    def is_word(self, word: str) -> bool:
        """Tell whether a word is part of a label."""
        return low(word) in self._label_words

    def only_links(self, entity: str) -> bool:
        """Tell whether rows of the entity say nothing but what two others have to do with it."""
        if self.schema.entity(entity).kind == "link":
            return True
        parents = self.schema.parents(entity)
        bare = not self._fields.get(entity) and not self.schema.children(entity)
        return bare and len(parents) == 2

    def links(self, entity: str, other: str) -> list[tuple[Relation, Relation]]:
        """Return the pairs of relations by which rows that only link tie one entity to another."""
        return [
            (near, far)
            for near in self.relations
            if near.target == entity and self.only_links(near.entity)
            for far in self.relations
            if far.entity == near.entity and far.target == other and far.name != near.name
        ]

    def names(self, entity: str) -> list[Field]:
        """Return the fields that a quoted text right after the noun may stand for."""
        if entity not in self.entities:
            return []
        texts = [f for f in self.fields(entity) if f.type == "text"]
        labels = [f for f in texts if f.role == "label"]
        own = {"name", "full name", "display name", f"{low(self.entities[entity].label)} name"}
        people = [f for f in texts if f.role == "person" and low(f.label) in own]
        codes = [] if self.person(entity) else [f for f in texts if f.role == "code"]
        if len(codes) > 1:
            label = low(self.entities[entity].label)
            plain = {"number", "code", "reference", "id", f"{label} number", f"{label} code"}
            codes = [f for f in codes if low(f.label) in plain]
        return labels or people[:1] or (codes if len(codes) == 1 else [])

    def person(self, entity: str) -> tuple[Field, Field] | None:
        """Return the fields of first and last name, if the entity has one of each."""
        texts = [
            f for f in self.fields(entity) if f.type == "text" and f.role in ("person", "label")
        ]
        first = [f for f in texts if _FIRST.search(low(f.label))]
        last = [f for f in texts if _LAST.search(low(f.label))]
        return (first[0], last[0]) if len(first) == len(last) == 1 else None

    def times(self, entity: str) -> list[Field]:
        """Return the fields that date a row as a whole: the date of an invoice, not a birth."""
        about = self.entities[entity].label if entity in self.entities else ""
        own = {"date", "day", "time", "timestamp", "start", *_WORD.findall(low(about))}
        return [
            f
            for f in self.fields(entity)
            if f.role == "time"
            and f.type in ("date", "datetime")
            and set(_WORD.findall(low(f.label))) <= own | _DATING
            and set(_WORD.findall(low(f.label))) & own
        ]

    def is_status(self, entity: str, field: Field) -> bool:
        """Tell whether a row can be marked as a value of the field."""
        moving = any(c.entity == entity and c.field == field.name for c in self.schema.lifecycles)
        return field.type == "enum" and (moving or field.role == "status")

    def moves(self, entity: str, field: str) -> bool:
        """Tell whether the field is the status of a life cycle."""
        return any(c.entity == entity and c.field == field for c in self.schema.lifecycles)


def _renamed(schema: Schema) -> Schema:
    """Call entities as people do, and the relations that are called by them."""
    entities = {}
    for row in schema.entities:
        label, plural_label = entity_words(row)
        entities[row.name] = msgspec.structs.replace(row, label=label, plural=plural_label)
    relations = []
    for one in schema.relations:
        target, child = schema.entity(one.target), schema.entity(one.entity)
        label, inverse = one.label, one.inverse
        if low(label) == low(target.label):
            label = entities[target.name].label
        if low(inverse) == low(child.plural):
            inverse = entities[child.name].plural
        relations.append(msgspec.structs.replace(one, label=label, inverse=inverse))
    return msgspec.structs.replace(
        schema, entities=tuple(entities.values()), relations=tuple(relations)
    )


def _alone(field: Field, label: str, entity: Entity) -> str:
    """Return what people call a field, unless another field of the entity is called so."""
    others = (low(other.label) for other in entity.fields if other.name != field.name)
    return field.label if low(label) in others else label


def _group(pairs: Iterable[tuple[str, T]]) -> dict[str, list[T]]:
    groups: dict[str, list[T]] = {}
    for label, one in pairs:
        groups.setdefault(label, []).append(one)
    return groups


def _index(labels: Iterable[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for label in sorted({low(label.strip()) for label in labels}, key=lambda w: (-len(w), w)):
        first = _WORD.match(label)
        if first:
            found.setdefault(first.group(), []).append(label)
    return {first: tuple(words) for first, words in found.items()}


_MADE: dict[int, Lexicon] = {}


def lexicon(schema: Schema) -> Lexicon:
    """Return the lexicon of a schema, made once for the schemas in use."""
    made = _MADE.get(id(schema))
    if made is None or made.source is not schema:
        if len(_MADE) >= 8:
            del _MADE[next(iter(_MADE))]
        made = _MADE[id(schema)] = Lexicon(schema)
    return made
