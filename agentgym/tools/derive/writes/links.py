"""The tools of link entities: join rows, and part them again.

A link entity of a `Desk` comes in; `link` and `unlink` go out, which name what is joined and
never the key of the row that joins it. Next: `transfers`.
"""

from __future__ import annotations

from collections.abc import Sequence

from agentgym.formats import Record
from agentgym.rules import Rule
from agentgym.rules.english import a, listing
from agentgym.schema import Entity, Relation
from agentgym.tools.algebra import Argument, Link, Tool, Unlink
from agentgym.tools.derive import texts
from agentgym.tools.derive.desk import Desk
from agentgym.tools.derive.naming import Parameters, slug
from agentgym.tools.derive.writes.settable import (
    arguments,
    automatic,
    guards,
    lives,
    new_fields,
    refused_while,
    settable,
)

__all__ = ["Ends", "end_arguments", "end_said", "ends_of", "link", "pair_names", "unlink"]

_NEUTRAL = frozenset(
    "link links map mapping association assoc assignment assigned rel relation relationship xref "
    "ref join joins bridge to of and in has have x rows entry item list".split()
)
"""Words in the name of a link that add nothing to those of what it joins."""


class Ends(Record, kw_only=True):
    """What a link entity joins."""

    relations: tuple[Relation, ...]
    """At least two; of a pair, first what is added, then to what."""
    fields: tuple[str, ...]
    """The fields of the link that hold them, in its order."""
    sure: bool
    """Whether no two rows join the same."""
    plain: bool
    """Whether its name says nothing but what it joins, so that one is added to the other."""


def ends_of(desk: Desk, entity: Entity) -> Ends | None:
    """Return what the entity joins; None where it is no link, or one that nobody can name."""
    if entity.kind != "link":
        return None
    parents = desk.schema.parents(entity.name)
    pointing = {name for relation in parents for name in relation.fields}
    sets = [set(one) for one in (entity.key, *entity.uniques) if set(one) <= pointing]
    for fields in [*sets, pointing]:
        relations = _spanning(parents, fields)
        if len(relations) > 1:
            break
    else:
        return None
    cycles = lives(desk, entity)
    held = [field for field in entity.fields if field.name in fields]
    if any(field.name in cycles or not settable(desk, entity, field) for field in held):
        return None
    if entity.key_source in ("counter", "text", "row_number") and fields & set(entity.key):
        return None  # the world fills an end in by itself
    unique = [set(one) for one in (entity.key, *entity.uniques)]
    unique += [{field.name} for field in entity.fields if field.unique]
    plain = len(relations) == 2 and _words(entity) <= _NEUTRAL.union(
        *(_end_words(desk, relation) for relation in relations)
    )
    return Ends(
        relations=_ordered(entity, relations),
        fields=tuple(field.name for field in held),
        sure=any(one <= fields for one in unique),
        plain=plain,
    )


def link(desk: Desk, entity: Entity, ends: Ends, rules: Sequence[Rule]) -> Tool | None:
    """Make the tool that joins; None where nobody could supply all that the link needs."""
    more = new_fields(desk, entity, without=ends.fields)
    if more is None:
        return None
    taken = Parameters(entity)
    joined = end_arguments(desk, entity, ends, taken)
    if ends.plain:
        name = "add_{}_to_{}".format(*pair_names(desk, ends))
        said, into = (a(end_said(desk, relation)) for relation in ends.relations)
        text = f"Add {said} to {into}. Refused when it is there already."
    else:
        name = f"add_{entity.name}"
        said = listing(_joined(desk, ends))
        text = f"Add {a(entity.label)}, which joins {said}. Refused when they are joined already."
    return Tool(
        name=desk.names.take(name, f"add_{entity.name}", f"link_{entity.name}"),
        description=texts.cut(text + automatic(desk, entity)),
        term=Link(entity=entity.name, ends=joined, values=arguments(desk, entity, more, taken)),
        guards=guards(desk, entity, rules, "create"),
    )


def unlink(desk: Desk, entity: Entity, ends: Ends, rules: Sequence[Rule]) -> Tool:
    """Make the tool that parts what is joined."""
    if ends.plain:
        name = "remove_{}_from_{}".format(*pair_names(desk, ends))
        said, into = (a(end_said(desk, relation)) for relation in ends.relations)
        text = f"Remove {said} from {into}. Refused when it is not there."
    else:
        name = f"remove_{entity.name}"
        said = listing(_joined(desk, ends))
        text = f"Remove the {entity.label} that joins {said}. Refused when there is none."
    return Tool(
        name=desk.names.take(name, f"remove_{entity.name}", f"unlink_{entity.name}"),
        description=texts.cut(text + refused_while(desk, entity, rules)),
        term=Unlink(entity=entity.name, ends=end_arguments(desk, entity, ends, Parameters(entity))),
        guards=guards(desk, entity, rules, "delete"),
    )


def end_arguments(
    desk: Desk, entity: Entity, ends: Ends, taken: Parameters
) -> tuple[Argument, ...]:
    """Make the parameters that name what is joined."""
    return tuple(
        Argument(
            param=taken.take(name),
            field=name,
            description=texts.argument(
                entity, field, pointer=desk.pointer(entity, field), clears=not field.nullable
            ),
            required=True,
        )
        for name in ends.fields
        for field in (entity.field(name),)
    )


def end_said(desk: Desk, relation: Relation) -> str:
    """Say what is joined: by its part in the link, else by what it is."""
    return relation.label or desk.schema.entity(relation.target).label


def pair_names(desk: Desk, ends: Ends) -> tuple[str, str]:
    """Name what is added and to what, as parts of the name of a tool: `photo`, `product`."""
    part, whole = (slug(end_said(desk, one)) or one.target for one in ends.relations)
    return part.removeprefix(f"{whole}_"), whole


def _joined(desk: Desk, ends: Ends) -> list[str]:
    """Say what is joined, in the order of the parameters."""
    ordered = sorted(ends.relations, key=lambda one: ends.fields.index(one.fields[0]))
    return [a(end_said(desk, relation)) for relation in ordered]


def _spanning(parents: Sequence[Relation], fields: set[str]) -> tuple[Relation, ...]:
    """Return the relations that lie within the fields, if each field is of one of them."""
    found = {r.fields: r for r in reversed(parents) if set(r.fields) <= fields}
    if fields != {name for names in found for name in names}:
        return ()
    return tuple(relation for relation in parents if found.get(relation.fields) is relation)


def _ordered(entity: Entity, relations: tuple[Relation, ...]) -> tuple[Relation, ...]:
    """Put what is added before that to which it is added.

    That is the end with whose name the link's own begins, else the first field's.
    """
    place = {field.name: number for number, field in enumerate(entity.fields)}
    ordered = sorted(
        relations,
        key=lambda r: (
            not entity.name.startswith(r.target),
            -len(r.target) if entity.name.startswith(r.target) else 0,
            place[r.fields[0]],
        ),
    )
    return (ordered[1], ordered[0]) if len(ordered) == 2 else tuple(ordered)


def _words(entity: Entity) -> set[str]:
    return {_stem(word) for word in entity.name.split("_")}


def _end_words(desk: Desk, relation: Relation) -> set[str]:
    said = [*relation.target.split("_"), *end_said(desk, relation).lower().split()]
    said += desk.schema.entity(relation.target).plural.lower().split()
    return {_stem(word) for word in said}


def _stem(word: str) -> str:
    return word.removesuffix("s") if len(word) > 3 else word
