"""A blueprint glued to one schema in general words: entities are called as slots are.

A `Blueprint` comes in, a `Glued` goes out: a valid schema, effects and rules, and what of the
files each name came from. What speaks of an absent slot, field, reference or mark is left out.
Next: `clothe`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TypeVar

import msgspec

from agentgym.formats import Json, Record
from agentgym.rules import Effect, Rule
from agentgym.schema import (
    Entity,
    Exclusive,
    Field,
    Lifecycle,
    Relation,
    Schema,
)
from agentgym.sources.compose import rewrite
from agentgym.sources.compose.blueprint import Blueprint
from agentgym.sources.compose.clothes import specs
from agentgym.sources.compose.fields import field_of, states_of
from agentgym.sources.compose.flows import Course, course
from agentgym.sources.compose.library import Library, load, parts
from agentgym.sources.compose.records import FieldSpec, Flow, Reference, Slot
from agentgym.sources.compose.rewrite import Absent
from agentgym.sources.compose.sums import check_of, computed, whole
from agentgym.sources.compose.trade import label_of, trade
from agentgym.tools.derive.party import DECLARED

__all__ = ["Glued", "glue"]

T = TypeVar("T")
_put = msgspec.structs.replace
_SLOT = re.compile(r"\{([^{}]*)\}")


class Glued(Record, kw_only=True):
    """A structure in general words, and where its names come from."""

    schema: Schema
    rules: tuple[Rule, ...]
    effects: tuple[Effect, ...]
    specs: dict[str, dict[str, FieldSpec]]
    """Slot to its plain fields, as the trade has them, by the pattern's names."""
    references: dict[str, tuple[str, Reference]]
    """Relation to the slot that refers, and the reference."""
    own_flows: tuple[str, ...]
    """Slots whose flow is the trade's, so that its states are in the trade's words."""
    ids: dict[str, str]
    """Id of a rule, effect, check, derived value or exclusive to what it is made of: `{order}`
    stands for the noun of a slot."""
    many: dict[str, float]
    """Slot to a factor on its number of rows."""


def glue(blueprint: Blueprint, library: Library | None = None) -> Glued:
    """Glue the pieces of a blueprint along the slots that they share.

    Args:
        blueprint: Drawn from the library.
        library: Patterns and industries; the committed ones by default.

    Raises:
        FormatError: A committed file is not what it should be.
    """
    return _Bench(blueprint, load() if library is None else library).glued()


class _Bench:
    """Where the pieces of one blueprint lie; it is the speech of their rules as well."""

    def __init__(self, blueprint: Blueprint, library: Library) -> None:
        self.blueprint = blueprint
        self.industry = library.industries[blueprint.industry]
        chosen = [(name, each) for name, found in blueprint.options.items() for each in found]
        self.pieces = trade(library, blueprint.industry).drawn(blueprint.patterns, chosen)
        self.slots: dict[str, Slot] = {
            slot.slot: slot for piece in self.pieces for slot in piece.slots
        }
        self.flows: dict[str, Flow] = {}
        self.courses: dict[str, Course] = {}
        self.own_flows: list[str] = []
        self.specs: dict[str, dict[str, FieldSpec]] = {}
        self.patterned: dict[str, dict[str, FieldSpec]] = {}
        self.references: dict[str, tuple[str, Reference]] = {}
        self.columns: dict[str, dict[str, str]] = {name: {} for name in self.slots}
        self.keys: dict[str, tuple[str, ...]] = {}
        self.exclusives: dict[str, str] = {}
        self.ids: dict[str, str] = {}
        self._collect()

    def _collect(self) -> None:
        pieces = [one for piece in self.pieces for one in parts(piece)]
        pieces = [one for one in pieces if one.slot in self.slots]
        plain: dict[str, list[FieldSpec]] = {name: [] for name in self.slots}
        for one in pieces:
            plain[one.slot] += [
                field for field in one.fields
                if all(slot in self.blueprint.flows for slot in states_of(field))
            ]  # fmt: skip
            name = self.blueprint.flows.get(one.slot)
            if one.flows and name is not None and one.slot not in self.flows:
                own = self.industry.slots[one.slot].flows
                self.flows[one.slot] = next(flow for flow in own or one.flows if flow.name == name)
                self.courses[one.slot] = course(self.flows[one.slot])
                self.own_flows += [one.slot] if own else []
            for reference in one.refs:
                if reference.to in self.slots:
                    self._refer(one.slot, reference)
        for name, fields in plain.items():
            self.patterned[name] = {field.name: field for field in fields}
            found = specs(fields, self.industry.slots[name])
            self.specs[name] = {
                field: spec for field, spec in found.items()
                if f"{name}.{field}" not in self.blueprint.left_out
            }  # fmt: skip
        for name in self.slots:
            self.keys[name] = self._key(name)

    def _refer(self, slot: str, reference: Reference) -> None:
        label = label_of(reference)
        name = f"{slot}.{label}"
        turned = reference.optional != (name in self.blueprint.turned)
        single = reference.one_to_one and name not in self.blueprint.shared
        self.references.setdefault(
            f"{slot}_{label}", (slot, _put(reference, optional=turned, one_to_one=single))
        )
        self.columns[slot][label] = f"{label}_key"

    def _key(self, slot: str) -> tuple[str, ...]:
        if self.blueprint.keys[slot] == "references":
            joined = [one for owner, one in self.references.values() if owner == slot]
            return tuple(self.columns[slot][label_of(one)] for one in joined if one.in_key)
        return ("key",)

    def glued(self) -> Glued:
        """Glue it."""
        entities = tuple(self._entity(slot) for slot in self.slots.values())
        relations = tuple(self._relation(name) for name in self.references)
        exclusives = self._said(
            (one for piece in self.pieces for one in piece.exclusives),
            rewrite.exclusive,
        )
        derived = self._said(
            (one for piece in self.pieces for one in piece.derived), rewrite.derived
        )
        derived = tuple({(one.entity, one.field): one for one in reversed(derived)}.values())[::-1]
        schema = Schema(
            entities=computed(entities, derived),
            relations=relations,
            lifecycles=tuple(
                Lifecycle(
                    entity=slot,
                    field="status",
                    initial=self.courses[slot].initial,
                    moves=self.courses[slot].moves,
                    evidence=("declared",),
                )
                for slot in self.slots
                if slot in self.courses
            ),
            derived=derived,
            exclusives=exclusives,
        )
        rules = self._said((one for piece in self.pieces for one in piece.rules), rewrite.rule)
        effects = self._said(
            (one for piece in self.pieces for one in piece.effects), rewrite.effect
        )
        checks = [check for rule in rules if (check := check_of(rule)) is not None]
        kept = tuple(rule for rule in rules if check_of(rule) is None)
        return Glued(
            schema=_put(schema, checks=tuple(checks)),
            rules=kept,
            effects=tuple(one for one in effects if whole(one, schema)),
            specs=self.specs,
            references=self.references,
            own_flows=tuple(self.own_flows),
            ids=self.ids,
            many={slot.slot: slot.many for slot in self.slots.values() if slot.many != 1.0},
        )

    def _said(self, given: Iterable[T], say: Callable[[T, rewrite.Words], T]) -> tuple[T, ...]:
        found = []
        for one in given:
            try:
                said = say(one, self)
            except Absent:
                continue
            self.ids[said.id] = one.id  # type: ignore[attr-defined]
            if isinstance(said, Exclusive):
                self.exclusives[one.id] = said.id  # type: ignore[attr-defined]
            found.append(_put(said, evidence=("declared",)))  # type: ignore[type-var]
        return tuple(found)

    def _entity(self, slot: Slot) -> Entity:
        name, style = slot.slot, self.blueprint.keys[slot.slot]
        clothes = self.industry.slots[name]
        fields: list[Field] = []
        if style != "references":
            fields.append(_key_field(coded=style == "code"))
        plain = [
            field_of(self._legal(name, spec), currency=self.industry.currency)
            for spec in self.specs[name].values()
        ]
        if clothes.naming == "person" or (not clothes.naming and name in _PERSONS):
            plain = [_put(f, role="person") if f.name == "name" else f for f in plain]
        naming = [field for field in plain if field.role in ("label", "person")][:1]
        fields += naming
        fields += [
            self._reference_field(one) for owner, one in self.references.values() if owner == name
        ]
        home = {field.name for field in slot.fields}
        rest = [field for field in plain if field not in naming]
        own = {field.name for field in clothes.fields}
        fields += [field for field in rest if field.name in home]
        if name in self.courses:
            fields.append(self._status(name))
        fields += [field for field in rest if field.name in own]
        fields += [field for field in rest if field.name not in home | own]
        return Entity(
            name=name,
            label=name.replace("_", " "),
            plural=name.replace("_", " ") + "s",
            kind=slot.kind,
            key=self.keys[name],
            key_source={"number": "counter", "code": "text", "references": "given"}[style],  # type: ignore[arg-type]
            fields=tuple(fields),
            uniques=self._uniques(slot),
            writable=slot.writable and name not in self.blueprint.fixed,
            evidence=(DECLARED,) if name == "client" else ("declared",),
        )

    def _legal(self, slot: str, spec: FieldSpec) -> FieldSpec:
        """Give an enum its values, and no default that is none of them."""
        for other in states_of(spec):
            spec = _put(spec, values=self.courses[other].states)
        if spec.type == "enum" and spec.default is not None and spec.default not in spec.values:
            old = self.patterned[slot].get(spec.name)
            place = old.values.index(spec.default) if old and spec.default in old.values else 0
            spec = _put(spec, default=spec.values[min(place, len(spec.values) - 1)])
        return spec

    def _status(self, slot: str) -> Field:
        states = self.courses[slot]
        return Field(
            name="status",
            label="status",
            type="enum",
            values=states.states,
            default=states.initial[0] if len(states.initial) == 1 else None,
            role="status",
        )

    def _reference_field(self, one: Reference) -> Field:
        label = label_of(one)
        coded = self.blueprint.keys[one.to] == "code"
        return Field(
            name=f"{label}_key",
            label=f"{label.replace('_', ' ')} key",
            type="text" if coded else "integer",
            nullable=one.optional,
            unique=one.one_to_one,
            role="reference",
        )

    def _relation(self, name: str) -> Relation:
        slot, one = self.references[name]
        label = label_of(one)
        return Relation(
            name=name,
            entity=slot,
            fields=(f"{label}_key",),
            target=one.to,
            target_fields=self.keys[one.to],
            label=label.replace("_", " "),
            inverse=f"{slot.replace('_', ' ')}s as {label.replace('_', ' ')}",
            one_to_one=one.one_to_one,
            evidence=("declared",),
        )

    def _uniques(self, slot: Slot) -> tuple[tuple[str, ...], ...]:
        found: list[tuple[str, ...]] = []
        for unique in slot.uniques:
            try:
                found.append(tuple(self.field(slot.slot, name) for name in unique))
            except Absent:
                continue
        joined = [
            self.columns[slot.slot][label_of(one)]
            for owner, one in self.references.values()
            if owner == slot.slot and one.in_key
        ]
        if len(joined) > 1 and self.keys[slot.slot] == ("key",):
            found.append(tuple(joined))
        return tuple(one for one in dict.fromkeys(found) if set(one) != set(self.keys[slot.slot]))

    def entity(self, name: str) -> str:
        """Say a slot, if it was drawn."""
        if name not in self.slots:
            raise Absent("a slot", name)
        return name

    def field(self, entity: str, name: str) -> str:
        """Say a field of a slot, its key, or the field of a reference."""
        self.entity(entity)
        if name == "key" and len(self.keys[entity]) == 1:
            return self.keys[entity][0]
        if name in self.columns[entity]:
            return self.columns[entity][name]
        if name in self.specs[entity] or (name == "status" and entity in self.courses):
            return name
        raise Absent(f"a field of {entity}", name)

    def relation(self, name: str) -> tuple[str, str, str]:
        """Say a reference that is written `slot.label`."""
        slot, _, label = name.partition(".")
        key = f"{slot}_{'_'.join(label.split())}"
        if key not in self.references:
            raise Absent("a reference", name)
        return key, slot, self.references[key][1].to

    def values(self, entity: str, field: str, value: Json) -> tuple[Json, ...]:
        """Say a value as the trade has it; a mark by its states."""
        self.field(entity, field)
        if field == "status" and entity in self.courses and isinstance(value, str):
            if value.startswith("@"):
                states = self.flows[entity].marks.get(value[1:], ())
            else:
                states = (value,) if value in self.courses[entity].states else ()
            if not states:
                raise Absent(f"a state of {entity}", value)
            return states
        spec = self.specs[entity].get(field)
        if spec is None or spec.type != "enum" or value is None or states_of(spec):
            return (value,)
        if value in spec.values:
            return (value,)
        known = self.patterned[entity][field].values if field in self.patterned[entity] else ()
        if value in known and len(known) == len(spec.values):
            return (spec.values[known.index(value)],)
        raise Absent(f"a value of {entity}.{field}", str(value))

    def id(self, text: str) -> str:
        """Say an id in the names of the slots."""

        def said(match: re.Match[str]) -> str:
            return self.entity(match[1])

        return _SLOT.sub(said, text)

    def exclusive(self, text: str) -> str:
        """Say the id of an exclusive that is there."""
        if text not in self.exclusives:
            raise Absent("an exclusive", text)
        return self.exclusives[text]

    def refuse(self, what: str, found: str) -> Absent:
        """Return what is raised where names do not fit together."""
        return Absent(what, found)


_PERSONS = frozenset({"client", "staff"})
"""Slots of people, where the trade does not say otherwise."""


def _key_field(*, coded: bool) -> Field:
    return Field(
        name="key",
        label="key",
        type="text" if coded else "integer",
        unique=True,
        role="code" if coded else "key",
    )
