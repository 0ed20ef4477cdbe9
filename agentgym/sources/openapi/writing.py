"""Operations that write as terms: create, update, delete, link, unlink, and actions.

Next: `terms`.
"""

from __future__ import annotations

from agentgym.rules.english import capital
from agentgym.schema import Entity
from agentgym.sources.openapi.bind import Bindings, Held
from agentgym.sources.openapi.making import Making
from agentgym.sources.openapi.placed import Taken
from agentgym.sources.openapi.prose import sentence
from agentgym.sources.openapi.resources import Use
from agentgym.sources.openapi.states import moved_to
from agentgym.sources.openapi.wording import value_text
from agentgym.tools.algebra import (
    Argument,
    Create,
    Delete,
    Link,
    Nested,
    Sequence,
    Step,
    Term,
    Transition,
    Unlink,
    Update,
)

__all__ = ["Writing"]

_MOST_VALUES = 30


class Writing(Making):
    """Makes terms that write."""

    def _values(
        self, use: Use, bound: Bindings, entity: Entity, taken: Taken, *, new: bool
    ) -> tuple[Argument, ...]:
        found: list[Argument] = []
        hows = ("value", "parent", "key") if new else ("value",)
        known: set[str] = set()
        for one in bound.of(*hows):
            field = self.placed.field(use.noun, one.trait)
            if field is None or field.name in known or field.type == "bytes":
                continue
            automatic = entity.key_source in ("counter", "text", "row_number")
            if field.name in entity.key and (not new or automatic):
                continue
            if len(found) >= _MOST_VALUES and not one.required:
                self.skipped["value of a very long list"] += 1
                continue
            known.add(field.name)
            needed = not field.nullable and field.default is None
            found.append(
                self._argument(use, one, field, taken, required=new and (one.required or needed))
            )
        return tuple(found)

    def _create(self, use: Use, bound: Bindings, entity: Entity) -> Term | str:
        joined = self._link(use, bound)
        if joined is not None:
            return joined
        if entity.kind == "link":
            return "operation on what only joins others"
        if use.meant.key and not bound.of("value"):
            return "operation that sets no field"
        taken = Taken(entity)
        values = self._values(use, bound, entity, taken, new=True)
        given = {one.field for one in values}
        filled = set(entity.key) if entity.key_source != "given" else set()
        for field in entity.fields:
            open_ = not field.nullable and field.default is None and field.name not in filled
            if open_ and field.name not in given:
                return "operation that cannot give all that a new row needs"
        if not values:
            return "operation that sets no field"
        nested = tuple(
            one
            for held in bound.held[:2]
            for one in (self._nested(held, entity, taken),)
            if one is not None
        )
        return Create(entity=entity.name, values=values, nested=nested)

    def _nested(self, held: Held, entity: Entity, taken: Taken) -> Nested | None:
        child = self.placed.entity(held.part)
        if child is None:
            return None
        relations = [r for r in self.schema.parents(child.name) if r.target == entity.name]
        if len(relations) != 1:
            return None
        relation = relations[0]
        names = Taken(child)
        values: list[Argument] = []
        for one in held.values:
            field = self.placed.field(held.part, one.trait)
            if field is None or field.name in relation.fields or field.name in child.key:
                continue
            if field.name in {value.field for value in values} or field.type == "bytes":
                continue
            needed = not field.nullable and field.default is None
            values.append(
                Argument(
                    param=names.take(one.param),
                    field=field.name,
                    description=value_text(one.description, field, child.label),
                    required=one.required or needed,
                )
            )
        given = {value.field for value in values} | set(relation.fields)
        given |= set(child.key) if child.key_source != "given" else set()
        left = [
            f.name
            for f in child.fields
            if not f.nullable and f.default is None and f.name not in given
        ]
        if left or not values:
            self.skipped["list of rows that cannot be made"] += 1
            return None
        return Nested(
            param=taken.take(held.param),
            relation=relation.name,
            values=tuple(values),
            description=sentence(held.shape.description)
            or capital(f"{child.plural} of the new {entity.label}."),
            least=1 if held.required else 0,
        )

    def _link(self, use: Use, bound: Bindings) -> Link | None:
        """Return the term that joins what the path names, where that is what is meant."""
        if not use.parent or not any(not one.trait for one in bound.of("parent")):
            return None
        ends = self._ends(use, bound)
        if ends is None:
            return None
        link, arguments = ends
        return Link(entity=link.name, ends=arguments)

    def _ends(self, use: Use, bound: Bindings) -> tuple[Entity, tuple[Argument, ...]] | None:
        joined = self.placed.joining(use.parent, use.noun)
        resource = self.placed.resources[use.noun]
        mine = [one for one in bound.of("key", "value") if one.trait == resource.key]
        theirs = [one for one in bound.of("parent") if not one.trait]
        if joined is None or not mine or not theirs:
            return None
        link, near, far = joined
        taken = Taken(link)
        found = []
        for one, relation in ((theirs[0], near), (mine[0], far)):
            target = self.schema.entity(relation.target)
            field = link.field(relation.fields[0])
            found.append(
                Argument(
                    param=taken.take(one.param),
                    field=field.name,
                    description=value_text(
                        one.description, target.field(target.key[0]), target.label
                    ),
                    required=True,
                )
            )
        return link, tuple(found)

    def _update(self, use: Use, bound: Bindings, entity: Entity) -> Term | str:
        joined = self._link(use, bound)
        if joined is not None:
            return joined
        taken = Taken(entity)
        key = self._key(use, bound, taken)
        if key is None:
            return "operation without a key"
        values = self._values(use, bound, entity, taken, new=False)
        if not values:
            return "operation that sets no field"
        if len(values) == 1 and (entity.name, values[0].field) in self.lifecycles:
            return Transition(entity=entity.name, key=key, to=_needed(values[0]))
        return Update(entity=entity.name, key=key, values=tuple(map(_free, values)))

    def _delete(self, use: Use, bound: Bindings, entity: Entity) -> Term | str:
        if any(not one.trait for one in bound.of("parent")) and use.parent:
            ends = self._ends(use, bound)
            if ends is not None:
                return Unlink(entity=ends[0].name, ends=ends[1])
        key = self._key(use, bound, Taken(entity))
        return "operation without a key" if key is None else Delete(entity=entity.name, key=key)

    def _act(self, use: Use, bound: Bindings, entity: Entity) -> Term | str:
        if use.operation.method == "get":
            return "action that moves no state"
        taken = Taken(entity)
        key = self._key(use, bound, taken)
        if key is None:
            return "action that moves no state"
        for field in entity.fields:
            values = field.values or (("true", "false") if field.type == "boolean" else ())
            value = moved_to(use.meant.word, field, values)
            if value is None:
                continue
            to = Argument(
                param=taken.take(field.name), field=field.name, description="New value.",
                required=True,
            )  # fmt: skip
            if (entity.name, field.name) in self.lifecycles:
                moves = self.lifecycles[entity.name, field.name].moves
                if not any(value in following for following in moves.values()):
                    continue
                term: Transition | Update = Transition(entity=entity.name, key=key, to=to)
            elif field.type == "boolean":
                term = Update(entity=entity.name, key=key, values=(_free(to),))
            else:
                continue
            return Sequence(steps=(Step(term=term, given={to.param: value}),))
        return "action that moves no state"


def _needed(one: Argument) -> Argument:
    return Argument(
        param=one.param, field=one.field, description=one.description, required=True
    )  # fmt: skip


def _free(one: Argument) -> Argument:
    return Argument(param=one.param, field=one.field, description=one.description)
