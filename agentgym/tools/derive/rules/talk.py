"""Rules about the conversation: a yes before what cannot be undone, once only, look first.

A `Ground` comes in, candidates of the classes `confirmation`, `once` and `order` go out.
Next: `wider`.
"""

from __future__ import annotations

from collections.abc import Iterator

from agentgym import rng
from agentgym.rules import AnyOf, Calls, Compare, Confirmed, In, Rule
from agentgym.schema import Entity
from agentgym.tools.algebra import Argument, Create, Delete, Get, Tool, Transfer, Update
from agentgym.tools.derive.rules.choose import Candidate, name
from agentgym.tools.derive.rules.evidence import counted
from agentgym.tools.derive.rules.ground import Ground
from agentgym.tools.derive.rules.limits import amounts, beside, round_limit
from agentgym.tools.derive.rules.states import lives, staffed
from agentgym.tools.derive.rules.times import aged, happens

__all__ = ["confirmation", "once", "order"]


def confirmation(ground: Ground) -> Iterator[Candidate]:
    """Propose what is done only once the user has said yes."""
    for entity in ground.entities():
        weight = ground.weight(entity)
        if ground.does(entity.name, "delete"):
            rule = Rule(
                id=name(entity.name, "deleted only when confirmed"),
                kind="confirmation",
                entity=entity.name,
                on=("delete",),
                predicate=Confirmed(),
                evidence=("what is deleted does not come back",),
            )
            yield Candidate(rule, "confirmation", weight)
        for life in lives(ground, entity):
            if not life.dropped or not ground.sets(entity.name, (life.field.name,), "update"):
                continue
            free = tuple(v for v in (*life.open, *life.over) if v not in life.dropped)
            rule = Rule(
                id=name(entity.name, " or ".join(life.dropped), "only when confirmed"),
                kind="confirmation",
                entity=entity.name,
                on=("update",),
                fields=(life.field.name,),
                predicate=AnyOf(of=(In(field=life.field.name, values=free), Confirmed())),
                evidence=(f"given up: {', '.join(life.dropped)}",),
            )
            yield Candidate(rule, "confirmation", weight + 3)
        yield from _dear(ground, entity)
    yield from _moved(ground)


def _dear(ground: Ground, entity: Entity) -> Iterator[Candidate]:
    """Propose that dear things are made only with a yes."""
    for field in amounts(ground, entity)[:1]:
        if field.role != "money" or beside(field) or not happens(ground, entity):
            continue
        if not ground.sets(entity.name, (field.name,), "create"):
            continue
        draws = rng.stream(ground.seed, "dear", entity.name, field.name)
        limit = round_limit(field, ground.values(entity, field), draws.uniform(0.4, 0.7))
        if limit is None:
            continue
        small = Compare(field=field.name, op="le", value=limit)
        rule = Rule(
            id=name(entity.name, field.name, "over", limit, "only when confirmed"),
            kind="confirmation",
            entity=entity.name,
            on=("create",),
            predicate=AnyOf(of=(small, Confirmed())),
            evidence=counted(ground, small, entity),
        )
        yield Candidate(rule, "confirmation", ground.weight(entity) + 1)


def _moved(ground: Ground) -> Iterator[Candidate]:
    for tool in ground.tools:
        if isinstance(tool.term, Transfer):
            entity = ground.schema.entity(tool.term.source.entity)
            if ground.rows.get(entity.name):
                rule = Rule(
                    id=name(tool.name, "only when confirmed"),
                    kind="confirmation",
                    entity=entity.name,
                    on=("update",),
                    predicate=Confirmed(),
                    evidence=("what was moved is moved at once",),
                )
                yield Candidate(rule, "confirmation", ground.weight(entity) + 5, tools=(tool.name,))


def once(ground: Ground) -> Iterator[Candidate]:
    """Propose what is done at most once in a conversation with the same row."""
    for tool in ground.tools:
        term = tool.term
        match term:
            case Update() if _dealt(ground, ground.schema.entity(term.entity)):
                key, what = term.key, f"{term.entity} changed once"
            case Transfer():
                key, what = (*term.source.key, *term.target.key), f"{tool.name} once"
            case Create() if _paid(ground, term):
                parents = {
                    name
                    for relation in ground.schema.parents(term.entity)
                    if ground.schema.entity(relation.target).kind == "record"
                    and not staffed(relation.target)
                    for name in relation.fields
                }
                key = tuple(a for a in term.values if a.field in parents and a.required)
                what = f"one {term.entity} for each {_told_apart(ground, term, key)}"
            case _:
                continue
        entity = _spoken(ground, tool)
        if entity is None or not key:
            continue
        kind = "create" if isinstance(term, Create) else "update"
        rule = Rule(
            id=name(what.removesuffix("_id")),
            kind="once",
            entity=entity.name,
            on=(kind,),  # type: ignore[arg-type]
            predicate=Calls(tool=tool.name, same={a.param: a.param for a in key}, op="lt", value=1),
            evidence=("each call has an effect of its own",),
        )
        yield Candidate(rule, "once", ground.weight(entity), tools=(tool.name,))


def _told_apart(ground: Ground, term: Create, key: tuple[Argument, ...]) -> str:
    """Name what there is one for: rather a thing than the person whose it is."""
    party = "" if ground.party is None else ground.party.name
    persons = {
        name
        for relation in ground.schema.parents(term.entity)
        if relation.target == party
        for name in relation.fields
    }
    return min((one.field for one in key), key=lambda name: name in persons, default="")


def _dealt(ground: Ground, entity: Entity) -> bool:
    """Tell whether the row is a deal: dated, and about money or with a status."""
    acts = any(field.role in ("money", "status") for field in ground.fields(entity))
    return acts and aged(ground, entity) is not None


def _paid(ground: Ground, term: Create) -> bool:
    entity = ground.schema.entity(term.entity)
    paid = any(field.role == "money" for field in amounts(ground, entity))
    return paid and aged(ground, entity) is not None


def _spoken(ground: Ground, tool: Tool) -> Entity | None:
    """Return the entity that the tool writes, where rules are made for it."""
    written = [one.entity for guarded, one in ground.writes if guarded.name == tool.name]
    return next((e for e in ground.entities() if e.name in written[:1]), None)


def order(ground: Ground) -> Iterator[Candidate]:
    """Propose what is looked at before it is changed or deleted, or something is billed to it.

    Of what a catalogue lists, only a delete is worth a look; of the user's own record, nothing.
    """
    gets: dict[str, tuple[Tool, Get]] = {}
    for tool in ground.tools:
        if isinstance(tool.term, Get):
            gets.setdefault(tool.term.entity, (tool, tool.term))
    for tool in ground.tools:
        entity = _spoken(ground, tool)
        if entity is None or (ground.party is not None and entity.name == ground.party.name):
            continue
        deal = happens(ground, entity)
        match tool.term:
            case (Update() | Delete()) as term if entity.name in gets and (
                deal or isinstance(term, Delete)
            ):
                look, get = gets[entity.name]
                same = _same(term.key, get.key)
                what = "changed" if isinstance(term, Update) else "deleted"
                kind = "update" if isinstance(term, Update) else "delete"
                yield _look(
                    ground,
                    tool,
                    look,
                    entity,
                    same,
                    kind,
                    (entity.name, what, "only after it was looked at"),
                    more=2 * deal + isinstance(term, Delete),
                )
            case Create() as term if deal:
                yield from _parents(ground, tool, term, entity, gets)
            case _:
                pass


def _parents(
    ground: Ground, tool: Tool, term: Create, entity: Entity, gets: dict[str, tuple[Tool, Get]]
) -> Iterator[Candidate]:
    for relation in ground.schema.parents(entity.name):
        target = ground.schema.entity(relation.target)
        if relation.target not in gets or target.kind != "record" or not target.spoken:
            continue
        if ground.party is not None and target.name == ground.party.name:
            continue
        if not any(f.role in ("money", "quantity", "status") for f in target.fields):
            continue  # nothing there decides on what is made
        look, get = gets[relation.target]
        mine = {a.field: a.param for a in term.values if a.required}
        pairs = dict(zip(relation.target_fields, relation.fields, strict=True))
        same = {mine[pairs[a.field]]: a.param for a in get.key if mine.get(pairs.get(a.field, ""))}
        if len(same) == len(get.key):
            said = (entity.name, "only after", target.name, "was looked at")
            yield _look(ground, tool, look, entity, same, "create", said, more=4)


def _same(mine: tuple[Argument, ...], theirs: tuple[Argument, ...]) -> dict[str, str]:
    other = {argument.field: argument.param for argument in theirs}
    return {argument.param: other[argument.field] for argument in mine}


def _look(
    ground: Ground,
    tool: Tool,
    look: Tool,
    entity: Entity,
    same: dict[str, str],
    kind: str,
    said: tuple[str, ...],
    *,
    more: float,
) -> Candidate:
    rule = Rule(
        id=name(*said),
        kind="order",
        entity=entity.name,
        on=(kind,),  # type: ignore[arg-type]
        predicate=Calls(tool=look.name, same=same, op="ge", value=1),
        evidence=(f"{look.name} shows what {tool.name} is about",),
    )
    return Candidate(rule, "order", ground.weight(entity) + more, tools=(tool.name,))
