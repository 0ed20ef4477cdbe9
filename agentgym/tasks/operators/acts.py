"""Operators on what is done: conditions, refusals, changes of mind, more acts, decoys.

Each takes a candidate that can be done and gives another one, or None where its precondition does
not hold. Acts are tried on a world before they are handed on; decoy rows are proved to leave
every clue and answer as it is. Next: `tasks.sample`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

from msgspec.structs import replace

from agentgym.formats import Json
from agentgym.plan import Emit, Family, Guard, Later, Plan, Refuse, Select, Shift, Write, told
from agentgym.schema.types import Row
from agentgym.tasks.clues import Sketch
from agentgym.tasks.knobs import Candidate
from agentgym.tasks.operators import Operator
from agentgym.tasks.operators.decoys import decoy_rows
from agentgym.tasks.operators.drafts import Draft
from agentgym.tasks.twins import TwinKind, twin
from agentgym.tasks.walks import At, Walker
from agentgym.tasks.writes import Writer
from agentgym.tasks.writing.long import LONG
from agentgym.tasks.writing.plans import acts_of
from agentgym.tools.views import ViewOptions

__all__ = ["OPERATORS", "dressed", "writer"]

_TRIES = 8
_DUPLICATES = 3
"""Near-duplicates of tools where the knobs do not say how many."""
_PERTURBED: tuple[Mapping[str, Json], ...] = (
    {"rename": 0.5},
    {"page_size": 5},
    {"detail": "distilled"},
    {"docs": "brief"},
)
_CONTROL = (Guard, Refuse, Shift, Later)


def writer(walker: Walker) -> Writer:
    """Return what draws acts where a walker walks: itself, if it can."""
    return walker if isinstance(walker, Writer) else Writer(walker.tables, walker.tools)


def dressed(walker: Walker, candidate: Candidate, rng: random.Random) -> Candidate:
    """Add what the knobs of a candidate ask for beside its plan: decoy rows, decoy tools.

    What cannot be had is left out; the operators of the result say what is there.
    """
    if candidate.knobs.decoy_rows:
        candidate = decoy_rows(walker, candidate, rng) or candidate
    if candidate.knobs.decoy_tools:
        candidate = _decoy_tools(walker, candidate, rng) or candidate
    return candidate


def _plain(plan: Plan) -> bool:
    """Tell whether a plan is done as it is: no condition, refusal or change of mind."""
    return not any(isinstance(node, _CONTROL) for node in plan.nodes)


def _grown(candidate: Candidate, plan: Plan, name: str) -> Candidate:
    return replace(candidate, plan=plan, operators=(*candidate.operators, name))


def _ground(ground: Writer, plan: Plan) -> tuple[Draft, list[tuple[Select, Row]]]:
    """Open a plan, without its party, with the rows of its selects of one row."""
    who = set(() if plan.party is None else plan.party.facts)
    facts = tuple(fact for fact in plan.facts if fact.id not in who)
    plan = told(replace(plan, party=None, facts=facts))
    draft = Draft(ground.tables, plan)
    found = []
    for node in plan.nodes:
        if isinstance(node, Select):
            rows = ground.tables.extent(plan, node.id)
            if len(rows) == 1:
                found.append((node, rows[0]))
    return draft, found


def _at(select: Select, row: Row) -> At:
    came = None
    if len(select.links) == 1:
        came = (select.links[0].relation, not select.links[0].forward)
    return At(node=select.id, entity=select.entity, row=row, came=came)


def _guard(walker: Walker, candidate: Candidate, rng: random.Random) -> Candidate | None:
    """Let the one write depend on what a row says, with another act where it says otherwise."""
    ground, plan = writer(walker), candidate.plan
    acts = acts_of(plan)
    if candidate.patch or not _plain(plan) or len(acts) != 1 or not isinstance(acts[0], Write):
        return None
    if acts[0].each:
        return None
    for _ in range(_TRIES):
        draft, rows = _ground(ground, plan)
        write = next(node for node in draft.nodes if isinstance(node, Write))
        near = {write.target, *(one.node for one in write.settings)}
        options = [pair for pair in rows if pair[0].id in near]
        if not options:
            return None
        at = _at(*rng.choice(options))
        test = ground.question(draft, at, rng, wanted=rng.random() < 0.5)
        if test is None:
            continue
        other = ground.second_act(draft, at, write, test, rng)
        if other is None:
            continue
        ground.guarded(draft, test, (write.id, other), rng)
        made = draft.done("conditional")
        if ground.both_can(made):
            return _grown(candidate, made, "guard")
    return None


def _to_twin(kind: TwinKind, name: str) -> Callable[..., Candidate | None]:
    def apply(walker: Walker, candidate: Candidate, rng: random.Random) -> Candidate | None:
        found = twin(candidate, kind, writer(walker), rng)
        if found is None:
            return None
        return replace(found[0], operators=(*candidate.operators, name))

    return apply


def _shift(walker: Walker, candidate: Candidate, rng: random.Random) -> Candidate | None:
    """Let a value or a row be said otherwise at first."""
    ground, plan = writer(walker), candidate.plan
    writes = [node for node in plan.nodes if isinstance(node, Write)]
    if candidate.patch or not _plain(plan) or not writes or any(one.each for one in writes):
        return None
    draft, _ = _ground(ground, plan)
    made = ground.shifted(draft.done("shift"), rng)
    if made is None or not ground.done(made):
        return None
    return _grown(candidate, made, "shift")


def _more(
    walker: Walker,
    candidate: Candidate,
    name: str,
    draw: Callable[[Writer, Draft, list[tuple[Select, Row]]], bool],
) -> Candidate | None:
    """Add an act that disturbs none of those that are there."""
    ground, plan = writer(walker), candidate.plan
    if candidate.patch or not _plain(plan):
        return None
    if any(isinstance(node, Emit) and node.many for node in plan.nodes):
        return None
    if any(fact.exposure == "hidden" for fact in plan.facts):
        return None
    for _ in range(_TRIES):
        draft, rows = _ground(ground, plan)
        if not rows or not draw(ground, draft, rows):
            continue
        made = draft.done()
        if len(acts_of(made)) <= len(acts_of(plan)) or not ground.calm(made):
            continue
        family = _family(ground, made)
        if family is not None:
            return _grown(candidate, replace(made, family=family), name)
    return None


def _family(ground: Writer, plan: Plan) -> Family | None:
    """Name the family of several acts; None where words could not tell them as one request."""
    if ground.cost(plan) >= LONG[0]:
        return "long_horizon"
    return "multi_write" if any(isinstance(act, Write) for act in acts_of(plan)) else None


def _recombine(walker: Walker, candidate: Candidate, rng: random.Random) -> Candidate | None:
    """Merge the request with another about the row that both begin with."""

    def draw(ground: Writer, draft: Draft, rows: list[tuple[Select, Row]]) -> bool:
        return ground.act(draft, _at(*rows[0]), rng, _written(ground, draft))

    return _more(walker, candidate, "recombine", draw)


def _grow(walker: Walker, candidate: Candidate, rng: random.Random) -> Candidate | None:
    """Go on from a row that the request changes, to one beside it."""

    def draw(ground: Writer, draft: Draft, rows: list[tuple[Select, Row]]) -> bool:
        targets = {node.target for node in draft.nodes if isinstance(node, Write)}
        changed = [pair for pair in rows if pair[0].id in targets]
        if not changed:
            return False
        at = _at(*rng.choice(changed))
        options = [
            option
            for option in ground.near(at.entity)
            if option[1] is not None or ground.trial.makes(option[0])
        ]
        if not options:
            return False
        return ground.deed(draft, at, rng.choice(options), rng, _written(ground, draft))

    return _more(walker, candidate, "grow", draw)


def _written(ground: Writer, draft: Sketch) -> set[tuple[str, Row]]:
    """Return the rows that a draft changes already."""
    plan = draft.plan("multi_write")
    return {
        (node.entity, row)
        for node in plan.nodes
        if isinstance(node, Write) and node.target is not None
        for row in ground.tables.extent(plan, node.target)
    }


def _decoy_tools(walker: Walker, candidate: Candidate, rng: random.Random) -> Candidate | None:
    """Show tools that look like those that are needed."""
    del walker
    count = candidate.knobs.decoy_tools or _DUPLICATES
    if candidate.view.get("near_duplicates"):
        return None
    return _seen_by(
        candidate, {"near_duplicates": count, "seed": rng.randrange(10**6)}, "decoy_tools"
    )


def _perturb(walker: Walker, candidate: Candidate, rng: random.Random) -> Candidate | None:
    """Show tools, lists or rows otherwise: other names, smaller pages, less of each row."""
    del walker
    options = [one for one in _PERTURBED if not one.keys() & candidate.view.keys()]
    if not options:
        return None
    return _seen_by(candidate, {**rng.choice(options), "seed": rng.randrange(10**6)}, "perturb")


def _seen_by(candidate: Candidate, more: Mapping[str, Json], name: str) -> Candidate:
    view = {**more, **candidate.view}
    ViewOptions.of(view)  # what no view can be is found here, and not in an episode
    return replace(candidate, view=view, operators=(*candidate.operators, name))


def _relabel(walker: Walker, candidate: Candidate, rng: random.Random) -> Candidate | None:
    """Play the writes, and tell anew what they did."""
    ground, plan = writer(walker), candidate.plan
    if candidate.patch or not _plain(plan):
        return None
    if not any(isinstance(node, Write) for node in plan.nodes):
        return None
    played = ground.attempts(plan)
    if played is None or not all(one.allowed for one in played):
        return None
    segment = ground.replayed(plan)
    if segment is None:
        return None
    found = ground.relabelled(segment, rng)
    if found is None or told(replace(found.plan, family=plan.family)) == told(plan):
        return None
    return replace(
        candidate,
        plan=found.plan,
        operators=(*candidate.operators, "relabel"),
    )


OPERATORS: tuple[Operator, ...] = (
    Operator(name="guard", truth="changing", harder="cases", apply=_guard),
    Operator(
        name="negate", truth="changing", harder="cases", apply=_to_twin("unanswerable", "negate")
    ),
    Operator(
        name="violate", truth="changing", harder="cases", apply=_to_twin("violating", "violate")
    ),
    Operator(name="recombine", truth="changing", harder="min_calls", apply=_recombine),
    Operator(name="shift", truth="preserving", harder="cases", apply=_shift),
    Operator(name="grow", truth="changing", harder="min_calls", apply=_grow),
    Operator(name="decoy_rows", truth="preserving", harder="alike", apply=decoy_rows),
    Operator(name="decoy_tools", truth="preserving", harder="alike", apply=_decoy_tools),
    Operator(name="perturb", truth="preserving", harder="altered", apply=_perturb),
    Operator(name="relabel", truth="preserving", harder=None, apply=_relabel),
)
"""The operators of this file."""
