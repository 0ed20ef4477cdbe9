"""Operators on what is read: how a question grows, is told more vaguely, or hides something.

Each takes a candidate apart at one place, rewrites it, and looks at the increment alone: that
every row is still told, that no new row can be skipped, that nothing is told which is asked.
`neighbours` makes another candidate of the same shape. Next: `tasks.sample`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from msgspec.structs import replace

from agentgym.plan import Aggregated, Emit, Family, Link, Plan, Select, told
from agentgym.tasks.knobs import Candidate
from agentgym.tasks.operators import Figure, Operator
from agentgym.tasks.operators.drafts import Draft
from agentgym.tasks.operators.growing import TRIES, branch, kept, known, reader, rewritten
from agentgym.tasks.operators.joining import cycle, intersect
from agentgym.tasks.reading.answers import leaked, wire
from agentgym.tasks.reading.checks import crowds, rows_of, selects, sound
from agentgym.tasks.reading.choice import Place
from agentgym.tasks.reading.hints import Hint, met
from agentgym.tasks.reading.knots import Knot
from agentgym.tasks.reads import Reader
from agentgym.tasks.walks import Walker
from agentgym.tools.algebra import Aggregate

__all__ = ["OPERATORS"]


def _leaves(plan: Plan) -> list[Select]:
    """List the selects of one row that are told by clues alone."""
    several = crowds(plan)
    return [
        node
        for node in selects(plan)
        if node.where and not node.links and not node.me and node.id not in several
    ]


# what comes first


def _seed(walker: Walker, candidate: Candidate, rng: random.Random) -> Candidate | None:
    """Ask a field of a row of the kind that the candidate ends on: where everything starts."""
    ground = reader(walker)
    ends = [node.entity for node in selects(candidate.plan)]
    draw = ground.path(rng, knots=1, end=ends[-1] if ends else None)
    grown = ground.grown(rng, candidate.knobs, draw, tries=TRIES)
    if grown is None:
        return None
    found = ground.inquiry(grown, candidate.knobs, "lookup")
    return None if found is None else replace(found, parent=candidate.parent)


# longer


def _deepen(walker: Walker, candidate: Candidate, rng: random.Random) -> Candidate | None:
    """Tell a row that clues tell by another one, from which a relation leads to it alone."""
    ground = reader(walker)
    plan = candidate.plan
    rows = rows_of(plan, ground.tables)
    leaves = _leaves(plan)
    rng.shuffle(leaves)
    for leaf in leaves if rows else ():
        assert rows is not None
        for _ in range(TRIES):
            pinned = branch(ground, leaf.entity, rows[leaf.id], rng, candidate.knobs, 1)
            if pinned is None:
                break
            spoken = {(plan.node(name).entity, row) for name, row in rows.items()}  # type: ignore[union-attr]
            if any((k.entity, k.row) in spoken for k in pinned.trail.knots[:-1]):
                continue
            draft = Draft(ground.tables, plan)
            nodes = ground.pins.lay(draft, pinned, bare=True)
            knot = pinned.trail.knots[-1]
            links = [
                Link(relation=tie.relation.name, forward=tie.forward, node=nodes[tie.knot])
                for tie in knot.ties
            ]
            new = ground.pins.select(draft, knot, pinned.hints[-1], links)
            made = next(node for node in draft.nodes if node.id == new)
            draft.nodes = [node for node in draft.nodes if node.id != new]
            draft.replaced(replace(made, id=leaf.id))
            family: Family = "multi_hop" if plan.family == "lookup" else plan.family
            found = kept(ground, candidate, draft.done(family), "deepen")
            if found is not None:
                return found
    return None


def _widen(walker: Walker, candidate: Candidate, rng: random.Random) -> Candidate | None:
    """Ask one thing more: of the row that is asked already, or of a row of its own."""
    ground = reader(walker)
    plan = candidate.plan
    rows = rows_of(plan, ground.tables)
    if rows is None or plan.family in ("planning", "no_tool_needed"):
        return None
    places = [n.node for n in plan.nodes if isinstance(n, Emit) and n.node in rows]
    if places and rng.random() < 0.5:
        node = plan.node(rng.choice(places))
        assert isinstance(node, Select)
        told = {plan.fact(where.fact).field for where in node.where}
        told |= {
            n.field for n in plan.nodes if isinstance(n, Emit) and n.node == node.id and n.field
        }
        for field in ground.answers.of(node.entity, rows[node.id], rng, told=told):
            draft = Draft(ground.tables, plan)
            draft.emit(node.id, field.name)
            found = kept(ground, candidate, draft.done(), "widen")
            if found is not None:
                return found
    for _ in range(TRIES):
        grown = ground.grown(
            rng, candidate.knobs, ground.path(rng, knots=rng.choice((1, 2))), tries=TRIES
        )
        if grown is None:
            return None
        draft = Draft(ground.tables, plan)
        end = ground.pins.lay(draft, grown.pinned)[-1]
        draft.emit(end, grown.fields[0].name)
        found = kept(ground, candidate, draft.done(), "widen")
        if found is not None and grown.row not in rows.values():
            return found
    return None


# numbers


def _aggregate(walker: Walker, candidate: Candidate, rng: random.Random) -> Candidate | None:
    """Ask a number over what refers to the row, instead of a field of it."""
    ground = reader(walker)
    plan = candidate.plan
    rows = rows_of(plan, ground.tables)
    emits = [n for n in plan.nodes if isinstance(n, Emit)]
    if rows is None or len(emits) != 1 or emits[0].node not in rows:
        return None
    (emit,) = emits
    node = plan.node(emit.node)
    assert isinstance(node, Select)
    place = ground.masks.place(node.entity, rows[node.id])
    options = []
    for tool in ground.tools:
        term = tool.term
        if not isinstance(term, Aggregate) or term.entity not in ground.spoken:
            continue
        filters = {(one.field, one.op) for one in term.filters}
        for relation in ground.schema.children(node.entity):
            if relation.entity == term.entity and all(
                (f, "eq") in filters for f in relation.fields
            ):
                if len(ground.masks.related(relation.name, True, place)) > 1:
                    options.append((relation, term))
    rng.shuffle(options)
    for relation, term in options:
        function, field = ground.function_over(term, ground.schema.entity(term.entity), (), rng)
        draft = Draft(ground.tables, plan)
        link = Link(relation=relation.name, forward=True, node=node.id)
        of = draft.select(term.entity, (), [link])
        number = draft.next_id()
        draft.nodes.append(Aggregated(id=number, of=of, function=function, field=field))  # type: ignore[arg-type]
        draft.replaced(Emit(id=emit.id, node=number))
        found = kept(ground, candidate, draft.done("aggregate"), "aggregate")
        if found is not None:
            return found
    return None


# vaguer, and held back


def _fuzz(walker: Walker, candidate: Candidate, rng: random.Random) -> Candidate | None:
    """Tell the rows one level more vaguely, by other clues where needed."""
    ground = reader(walker)
    knobs = replace(candidate.knobs, fuzz=candidate.knobs.fuzz + 1)
    if knobs.fuzz > 3:
        return None
    plan = candidate.plan
    rows = rows_of(plan, ground.tables)
    several = crowds(plan)
    asked = {(n.node, n.field) for n in plan.nodes if isinstance(n, Emit)}
    told = [n for n in selects(plan) if n.where and n.id not in several and not n.me]
    if rows is None or not told:
        return None
    for _ in range(TRIES):
        draft = Draft(ground.tables, plan)
        hints: list[Hint] = []
        for node in told:
            bare = replace(node, where=(), links=tuple(k for k in node.links if not k.absent))
            base = ground.tables.bits_of(node.entity, ground.tables.fitting(plan, bare))
            without = [str(field) for name, field in asked if name == node.id]
            knot = Knot(node.entity, rows[node.id])
            place = Place(node.entity, knot.row, base, known(ground, plan, bare.links))
            chosen = ground.choice.drawn(
                place, rng, fuzz=knobs.fuzz, support=knobs.clues, without=without
            )
            if chosen is None:
                return None
            hints += chosen
            new = ground.pins.select(draft, knot, chosen, bare.links)
            made = next(one for one in draft.nodes if one.id == new)
            draft.nodes = [one for one in draft.nodes if one.id != new]
            draft.replaced(replace(made, id=node.id, pick=node.pick))
        if met(knobs.fuzz, hints):
            found = kept(ground, candidate, draft.done(), "fuzz")
            if found is not None:
                return replace(found, knobs=knobs)
    return None


def _hide(_: Walker, candidate: Candidate, rng: random.Random) -> Candidate | None:
    """Tell one fact only when asked; another one must be told at once."""
    plan = candidate.plan
    mine = set(plan.party.facts) if plan.party is not None else set()
    options = [f for f in plan.facts if f.exposure == "instruction" and f.id not in mine]
    if len(options) < 2:
        return None
    hidden = rng.choice(options)
    facts = tuple(replace(fact, exposure="user") if fact is hidden else fact for fact in plan.facts)
    knobs = replace(candidate.knobs, held=candidate.knobs.held + 1)
    return rewritten(candidate, told(replace(plan, facts=facts)), "hide", knobs)


def _mask(walker: Walker, candidate: Candidate, rng: random.Random) -> Candidate | None:
    """Hide one more cell of a report; a question about one row becomes a report first."""
    ground = reader(walker)
    plan = candidate.plan
    rows = rows_of(plan, ground.tables)
    if rows is None:
        return None
    if plan.family != "mask_fill":
        ends = [n.node for n in plan.nodes if isinstance(n, Emit) and n.node in rows]
        if plan.family not in ("lookup", "multi_hop") or not ends:
            return None
        end = plan.node(ends[0])
        assert isinstance(end, Select)
        report = ground.report(end.entity, rows[end.id], rng, candidate.knobs)
        return None if report is None else rewritten(candidate, report.plan, "mask")
    told = {(plan.fact(w.fact).entity, w.field) for n in selects(plan) for w in n.where}
    asked = {(n.node, n.field) for n in plan.nodes if isinstance(n, Emit)}
    for node in rng.sample(selects(plan), len(selects(plan))):
        for field in ground.answers.of(node.entity, rows[node.id], rng):
            entity = ground.schema.entity(node.entity)
            value = wire(entity, field, rows[node.id])
            if (node.id, field.name) in asked or leaked(value, plan.facts):
                continue
            if (node.entity, field.name) not in told:
                draft = Draft(ground.tables, plan)
                draft.emit(node.id, field.name)
                made = draft.done()
                if sound(made, ground.tables):
                    return rewritten(candidate, made, "mask")
    return _covered(ground, candidate, rng)


def _covered(ground: Reader, candidate: Candidate, rng: random.Random) -> Candidate | None:
    """Hide a cell that is shown, where the others still tell the row."""
    plan = candidate.plan
    for node in selects(plan):
        for where in rng.sample(node.where, len(node.where)):
            entity = ground.schema.entity(node.entity)
            (row,) = ground.tables.extent(plan, node.id)
            if not ground.answers.rare(entity, entity.field(where.field), row):
                continue
            draft = Draft(ground.tables, plan)
            draft.replaced(replace(node, where=tuple(w for w in node.where if w is not where)))
            draft.emit(node.id, where.field)
            made = draft.done()
            if sound(made, ground.tables):
                return rewritten(candidate, made, "mask")
    return None


_Made = Callable[[Walker, Candidate, random.Random], Candidate | None]
_ALL: Sequence[tuple[str, str, Figure | None, _Made]] = (
    ("seed", "changing", None, _seed),
    ("deepen", "preserving", "min_calls", _deepen),
    ("widen", "changing", "answers", _widen),
    ("intersect", "preserving", "min_calls", intersect),
    ("cycle", "preserving", "min_calls", cycle),
    ("aggregate", "changing", "min_calls", _aggregate),
    ("fuzz", "preserving", "vagueness", _fuzz),
    ("hide", "preserving", "held", _hide),
    ("mask", "changing", "answers", _mask),
)
OPERATORS: tuple[Operator, ...] = tuple(
    Operator(name=name, truth=truth, harder=harder, apply=apply)  # type: ignore[arg-type]
    for name, truth, harder, apply in _ALL
)
"""The operators on what is read."""
