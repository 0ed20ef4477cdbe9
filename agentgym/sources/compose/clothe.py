"""The names of a trade for a glued structure.

A `Glued` and its industry come in, a `Naming` goes out. Identifiers follow from the words.
Next: `rows`.
"""

from __future__ import annotations

import keyword
import re
from collections import Counter

from agentgym.schema import Entity, Field, Relation
from agentgym.schema.names.lexicon import plural
from agentgym.sources.compose.clothes import identifier
from agentgym.sources.compose.fields import states_of
from agentgym.sources.compose.glue import Glued
from agentgym.sources.compose.records import Clothes, Industry
from agentgym.sources.compose.renaming import EntityName, FieldName, Naming, RelationName
from agentgym.sources.compose.speech import counted, field_label, inverse, reference_label
from agentgym.sources.compose.trade import label_of

__all__ = ["clothe"]

_RESERVED = frozenset(
    "element_id xpath bid model_config kind summary security_risk self cls page sort_by "
    "descending function field".split()
)
_SLOT = re.compile(r"\{([^{}]*)\}")
_COUNTS = ("measure", "quantity", "other")
_HAPPENS = ("time", "audit")
_SERVED = "client"
"""The slot of those who are served."""


def clothe(glued: Glued, industry: Industry) -> Naming:
    """Find the names of a trade for everything in a structure.

    Args:
        glued: The structure, in general words.
        industry: Whose words; all slots of the structure are clothed.
    """
    return _Wardrobe(glued, industry).naming()


class _Wardrobe:
    def __init__(self, glued: Glued, industry: Industry) -> None:
        self.glued, self.industry = glued, industry
        self.schema = glued.schema
        self.nouns = {e.name: self.clothes(e.name).noun for e in self.schema.entities}
        self.plurals = {
            e.name: self.clothes(e.name).plural or plural(self.nouns[e.name])
            for e in self.schema.entities
        }
        self.keys = {e.name: self._key(e) for e in self.schema.entities}
        self.labels = {r.name: self._label(r) for r in self.schema.relations}

    def clothes(self, slot: str) -> Clothes:
        return self.industry.slots[slot]

    def naming(self) -> Naming:
        fields = {entity.name: self._fields(entity) for entity in self.schema.entities}
        return Naming(
            entities={
                entity.name: EntityName(
                    name=identifier(self.nouns[entity.name]),
                    label=self.nouns[entity.name],
                    plural=self.plurals[entity.name],
                    comment=self.clothes(entity.name).about,
                )
                for entity in self.schema.entities
            },
            fields=fields,
            relations=self._relations(),
            values=self._values(),
            ids=self._ids(),
        )

    def _key(self, entity: Entity) -> FieldName | None:
        """Name the key that the engine made: an ID, a number of what happens, or a code."""
        if entity.key != ("key",):
            return None
        noun = self.nouns[entity.name]
        tail = "ID"
        if entity.field("key").type == "text":
            happens = any(field.role in (*_HAPPENS, "status") for field in entity.fields)
            tail = "number" if happens else "code"
        return FieldName(name=f"{identifier(noun)}_{tail.lower()}", label=f"{noun} {tail}")

    def _label(self, relation: Relation) -> str:
        slot, reference = self.glued.references[relation.name]
        noun = self.nouns[reference.to]
        named = {"_".join(k.split()): v for k, v in self.clothes(slot).names.items()}
        words = named.get(label_of(reference))
        if words is not None:
            return reference_label(words, noun)
        if not reference.label:
            return noun
        general = reference.to.replace("_", " ")
        said = reference_label(reference.label, noun)
        return re.sub(rf"\b{re.escape(general)}\b", noun, said)

    def _fields(self, entity: Entity) -> dict[str, FieldName]:
        pointing = {name: r for r in self.schema.parents(entity.name) for name in r.fields}
        names: set[str] = set()
        labels: set[str] = set()
        found: dict[str, FieldName] = {}
        for field in entity.fields:
            relation = pointing.get(field.name)
            if field.name == "key" and self.keys[entity.name] is not None:
                said = self.keys[entity.name]
                assert said is not None
            elif relation is not None:
                said = self._pointer(relation)
            else:
                said = self._plain(entity, field)
            name = said.name
            if keyword.iskeyword(name) or name in _RESERVED:
                name = f"{identifier(self.nouns[entity.name])}_{name}"
            said = FieldName(
                name=_free(name, names, "_"),
                label=_free(said.label, labels, " "),
                spoken=said.spoken,
            )
            found[field.name] = said
        return found

    def _pointer(self, relation: Relation) -> FieldName:
        """Name the field that refers: by what the target is to the row, and how it is told."""
        label = self.labels[relation.name]
        key = self.keys[relation.target]
        tail = key.label.rsplit(" ", 1)[-1] if key is not None else "ID"
        return FieldName(name=f"{identifier(label)}_{tail.lower()}", label=f"{label} {tail}")

    def _plain(self, entity: Entity, field: Field) -> FieldName:
        clothes = self.clothes(entity.name)
        words = clothes.names.get(field.name, "")
        noun = self.nouns[entity.name]
        spec = self.glued.specs[entity.name].get(field.name)
        if not words and spec is not None and spec.label:
            return FieldName(name=field.name, label=spec.label)
        if field.name == "name" and not words and clothes.naming == "company":
            return FieldName(name="name", label="company name")
        own = {one.name for one in clothes.fields}
        said = words or (field.name if field.name in own else self._trade_words(entity, field.name))
        said = said.replace("_", " ")
        label, spoken = field_label(said, field.type, noun)
        if field.type == "integer" and field.unit is None and field.role in _COUNTS:
            label = counted(label)
        return FieldName(name=identifier(said), label=label, spoken=spoken)

    def _trade_words(self, entity: Entity, name: str) -> str:
        """Put the nouns of the trade for slots that a field is called by: `messages_count`."""
        near = [r.target for r in self.schema.parents(entity.name)]
        near += [r.entity for r in self.schema.children(entity.name)]
        text = name.replace("_", " ")
        for slot in sorted(dict.fromkeys(near), key=lambda each: (-len(each), each)):
            general = slot.replace("_", " ")
            text = re.sub(rf"\b{re.escape(plural(general))}\b", self.plurals[slot], text)
            text = re.sub(rf"\b{re.escape(general)}(?= (?:at|on)\Z|\Z)", self.nouns[slot], text)
        return text

    def _relations(self) -> dict[str, RelationName]:
        pairs = Counter((r.entity, r.target) for r in self.schema.relations)
        taken: set[str] = set()
        labels: dict[str, set[str]] = {}
        inverses: dict[str, set[str]] = {}
        found: dict[str, RelationName] = {}
        for relation in self.schema.relations:
            slot, reference = self.glued.references[relation.name]
            label = _free(self.labels[relation.name], labels.setdefault(slot, set()), " ")
            back = inverse(
                reference.inverse,
                label=label,
                slot=slot,
                noun=self.nouns[relation.target],
                several=self.plurals[slot],
                alone=pairs[relation.entity, relation.target] == 1,
                own=relation.entity == relation.target,
            )
            name = f"{identifier(self.nouns[slot])}_{identifier(label)}"
            found[relation.name] = RelationName(
                name=_free(name, taken, "_"),
                label=label,
                inverse=_free(back, inverses.setdefault(relation.target, set()), " "),
            )
        return found

    def _values(self) -> dict[str, dict[str, dict[str, str]]]:
        """Say the states of each life cycle, and of the fields that hold them besides."""
        found: dict[str, dict[str, dict[str, str]]] = {}
        for cycle in self.schema.lifecycles:
            own = cycle.entity in self.glued.own_flows
            found.setdefault(cycle.entity, {})[cycle.field] = {
                state: (state if own else self._state(cycle.entity, state)).replace("_", " ")
                for state in cycle.moves
            }
        for slot, specs in self.glued.specs.items():
            for name, spec in specs.items():
                for other in states_of(spec):
                    if other in found:
                        found.setdefault(slot, {})[name] = found[other]["status"]
                if spec.type == "enum" and not states_of(spec):
                    said = {value: value.replace("_", " ") for value in spec.values}
                    if len(set(said.values())) == len(said):
                        found.setdefault(slot, {})[name] = said
        return found

    def _state(self, slot: str, state: str) -> str:
        """Say a state of a pattern: `waiting for guest`."""
        said = self.clothes(slot).states.get(state)
        if said is not None or _SERVED not in self.nouns:
            return said or state
        words = state.split("_")
        return " ".join(self.nouns[_SERVED] if word == _SERVED else word for word in words)

    def _ids(self) -> dict[str, str]:
        taken: set[str] = set()
        found: dict[str, str] = {}
        for old, made_of in self.glued.ids.items():
            new = _SLOT.sub(lambda match: identifier(self.nouns[match[1]]), made_of)
            found[old] = _free(new, taken, "_")
        return found


def _free(text: str, taken: set[str], mark: str) -> str:
    found, number = text, 2
    while found in taken:
        found, number = f"{text}{mark}{number}", number + 1
    taken.add(found)
    return found
