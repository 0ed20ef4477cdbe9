"""The graph of tools: which operation supplies what another one needs, and which are alike.

Signatures come in; edges with their weights and evidence go out. Every number that decides
anything stands in `Thresholds`. Next: `communities`.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from agentgym.formats import Record
from agentgym.tools.pool.signature import Signature, Trait

__all__ = ["Edge", "Resource", "Thresholds", "ToolGraph", "build_graph"]


_STANDARD = frozenset(
    "code iata icao isbn issn ean gtin upc vin lei asin iban bic doi postcode zip".split()
)
"""Last words of identifiers that mean the same to every provider; all others are issued by one."""
_ENDING = frozenset("delete remove destroy terminate deregister purge".split())
"""Words in the names of operations after which what they tell of is gone."""


class Thresholds(Record, kw_only=True):
    """What decides which edges there are, and how heavy each is."""

    same_api: float = 1.0
    """Weight of an edge inside one API, of one provider, and between others."""
    same_provider: float = 0.5
    other_provider: float = 0.2
    wrong_type: float = 0.5
    """Factor where a number meets a text."""
    common: int = 8
    """A name that more APIs than these have links no two of them: `resource arn` and `tag key`
    mean something else in each."""
    hub: int = 20
    """Operations of one API that need an identifier, up to which an edge for it has its whole
    weight; with n of them it has hub / n: `account id` in all paths says where, not what."""
    suppliers: int = 4
    """Operations at most that supply one parameter, those of its own resource first."""
    alike: float = 0.8
    """Cosine of the vectors of two resources of different APIs from which they are alike."""
    shared: int = 4
    """Names at least that both have."""
    same: float = 0.97
    """Cosine from which a resource of the same name and provider is another version of one
    that is there, and is left out."""
    rare: int = 80
    """Resources at most that have a name by which like ones are looked for."""
    neighbours: float = 0.1
    """Weight between a resource and the one before it in its API: below that of any identifier
    that few operations need, above that of one from elsewhere."""


class Edge(Record, kw_only=True):
    """One operation supplies another, or two resources are alike."""

    source: int
    """Places in the list of signatures; of resources that are alike, of their first ones."""
    target: int
    kind: Literal["supplies", "alike"]
    weight: float
    evidence: str
    """`pet id: given by list_pets, needed by get_pet`."""


class Resource(Record, kw_only=True):
    """The operations of one API that are about one thing."""

    api: str
    name: str
    members: tuple[int, ...]


class ToolGraph(Record, kw_only=True):
    """The operations of a pool and what leads from one to the other."""

    operations: int
    resources: tuple[Resource, ...]
    edges: tuple[Edge, ...]
    between: dict[tuple[int, int], float]
    """Two resources (the lower place first) to the sum of the weights between them."""
    left_out: dict[str, int]
    """Operations and names that no edge was drawn for, by reason."""


def build_graph(signatures: Sequence[Signature], thresholds: Thresholds) -> ToolGraph:
    """Draw the graph of a pool.

    Args:
        signatures: Of all operations, in a fixed order.
        thresholds: What decides.

    Returns:
        The graph; the same for the same signatures in the same order.
    """
    left_out: Counter[str] = Counter()
    resources = _resources(signatures, left_out)
    vectors = _vectors(signatures, resources)
    edges, older = _alike(resources, vectors, thresholds)
    kept = tuple(one for place, one in enumerate(resources) if place not in older)
    left_out["another version of an operation that is there"] += sum(
        len(resources[place].members) for place in older
    )
    edges += _supplies(signatures, kept, thresholds, left_out)
    return ToolGraph(
        operations=sum(len(one.members) for one in kept),
        resources=kept,
        edges=tuple(edges),
        between=_between(kept, edges, thresholds),
        left_out=dict(sorted((reason, n) for reason, n in left_out.items() if n)),
    )


def provider(api: str) -> str:
    """Return who provides an API: `azure.com` of `azure.com:compute`."""
    return api.partition(":")[0]


def _resources(signatures: Sequence[Signature], left_out: Counter[str]) -> list[Resource]:
    found: dict[tuple[str, str], list[int]] = {}
    for place, one in enumerate(signatures):
        if not one.resource:
            left_out["operation about no resource"] += 1
        elif not one.takes and not one.gives:
            left_out["operation that takes and gives nothing"] += 1
        else:
            found.setdefault((one.api, one.resource), []).append(place)
    return [
        Resource(api=api, name=name, members=tuple(members))
        for (api, name), members in found.items()
    ]


def _vectors(
    signatures: Sequence[Signature], resources: Sequence[Resource]
) -> list[dict[str, float]]:
    """Weigh the names of each resource by how few others have them (tf-idf, length 1)."""
    names = [_names(signatures, one) for one in resources]
    known = Counter(name for own in names for name in own)
    total = len(resources) + 1
    found = []
    for own in names:
        vector = {name: math.log(total / known[name]) for name in sorted(own)}
        length = math.sqrt(sum(weight * weight for weight in vector.values())) or 1.0
        found.append({name: weight / length for name, weight in vector.items()})
    return found


def _names(signatures: Sequence[Signature], resource: Resource) -> set[str]:
    found: set[str] = set()
    for place in resource.members:
        for trait in (*signatures[place].takes, *signatures[place].gives):
            found.add(trait.name)
    return found


def _alike(
    resources: Sequence[Resource], vectors: Sequence[dict[str, float]], thresholds: Thresholds
) -> tuple[list[Edge], set[int]]:
    """Find resources of different APIs that are alike, and those that are there already."""
    holders: dict[str, list[int]] = defaultdict(list)
    for place, vector in enumerate(vectors):
        for name in vector:
            holders[name].append(place)
    edges: list[Edge] = []
    older: set[int] = set()
    for place, vector in enumerate(vectors):
        shared: Counter[int] = Counter()
        for name in vector:
            if len(holders[name]) <= thresholds.rare:
                shared.update(other for other in holders[name] if other < place)
        mine = resources[place]
        for other, number in sorted(shared.items()):
            theirs = resources[other]
            if theirs.api == mine.api or other in older:
                continue
            if number < min(thresholds.shared, len(vector)):
                continue
            near = sum(weight * vectors[other].get(name, 0.0) for name, weight in vector.items())
            kin = provider(theirs.api) == provider(mine.api)
            if near >= thresholds.same and kin and theirs.name == mine.name:
                older.add(place)
                break
            if near >= thresholds.alike and number >= thresholds.shared:
                told = sorted(vector.keys() & vectors[other].keys(), key=lambda n: (-vector[n], n))
                scope = thresholds.same_provider if kin else thresholds.other_provider
                edges.append(
                    Edge(
                        source=theirs.members[0],
                        target=mine.members[0],
                        kind="alike",
                        weight=round(near * scope, 4),
                        evidence=f"cosine {near:.2f}: both have {', '.join(told[:4])}",
                    )
                )
    gone = {resources[place].members[0] for place in older}
    return [edge for edge in edges if not gone & {edge.source, edge.target}], older


def _supplies(
    signatures: Sequence[Signature],
    resources: Sequence[Resource],
    thresholds: Thresholds,
    left_out: Counter[str],
) -> list[Edge]:
    """Draw an edge from what gives an identifier to what needs it."""
    kept = [place for one in resources for place in one.members]
    givers: dict[str, list[int]] = defaultdict(list)
    spread: dict[str, set[str]] = defaultdict(set)
    needed: Counter[tuple[str, str]] = Counter()
    for place in kept:
        one = signatures[place]
        needed.update((one.api, trait.name) for trait in one.takes if trait.mark)
        ends = one.writes and not _ENDING.isdisjoint(one.name.split("_"))
        for trait in one.gives:
            if trait.mark and not ends:
                givers[trait.name].append(place)
        for trait in (*one.gives, *one.takes):
            spread[trait.name].add(one.api)
    common = {name for name, apis in spread.items() if len(apis) > thresholds.common}
    left_out["name too common to link APIs"] += len(common & givers.keys())
    by_api: dict[tuple[str, str], list[int]] = defaultdict(list)
    for name, places in givers.items():
        for place in places:
            by_api[(name, signatures[place].api)].append(place)
    edges = []
    for place in kept:
        one = signatures[place]
        for trait in one.takes:
            if not trait.mark:
                continue
            found = by_api.get((trait.name, one.api)) or (
                givers.get(trait.name, []) if trait.name not in common else []
            )
            options = [o for o in found if o != place and _issues(signatures[o], one, trait)]
            options.sort(key=lambda other: _rank(signatures, other, one, trait))
            if not options:
                left_out["identifier that nothing supplies"] += 1
            for other in options[: thresholds.suppliers]:
                edge = _edge(signatures, other, place, trait, len(spread[trait.name]), thresholds)
                scale = min(1.0, thresholds.hub / needed[one.api, trait.name])
                edges.append(msgspec.structs.replace(edge, weight=round(edge.weight * scale, 4)))
    return edges


def _issues(giver: Signature, taker: Signature, trait: Trait) -> bool:
    """Tell whether an operation can have issued what another needs.

    In one API a name means one thing. From elsewhere comes only what the giver is about, and
    from another provider only what is a standard: its `user id` is no user here.
    """
    if giver.api == taker.api:
        return True
    about = bool(giver.resource) and trait.name.startswith(f"{giver.resource} ")
    standard = trait.name.rpartition(" ")[2] in _STANDARD
    return about and (standard or provider(giver.api) == provider(taker.api))


def _rank(
    signatures: Sequence[Signature], other: int, one: Signature, trait: Trait
) -> tuple[bool, bool, bool, bool, int]:
    """Say how far an operation is from being where one would look first for an identifier."""
    giver = signatures[other]
    return (
        giver.api != one.api,
        not trait.name.startswith(giver.resource),
        giver.writes,
        not giver.many,
        other,
    )


def _edge(
    signatures: Sequence[Signature],
    source: int,
    target: int,
    trait: Trait,
    apis: int,
    thresholds: Thresholds,
) -> Edge:
    giver, taker = signatures[source], signatures[target]
    weight = thresholds.other_provider
    if giver.api == taker.api:
        weight = thresholds.same_api
    elif provider(giver.api) == provider(taker.api):
        weight = thresholds.same_provider
    given = next(one for one in giver.gives if one.name == trait.name)
    if given.type != trait.type and "any" not in (given.type, trait.type):
        weight *= thresholds.wrong_type
    if giver.api != taker.api:
        weight /= 1 + math.log2(apis)
    return Edge(
        source=source,
        target=target,
        kind="supplies",
        weight=round(weight, 4),
        evidence=f"{trait.name}: given by {giver.name}, needed by {taker.name}",
    )


def _between(
    resources: Sequence[Resource], edges: Iterable[Edge], thresholds: Thresholds
) -> dict[tuple[int, int], float]:
    """Sum the weights between resources; those of one API hang together a little."""
    home = {member: place for place, one in enumerate(resources) for member in one.members}
    found: dict[tuple[int, int], float] = defaultdict(float)
    for edge in edges:
        first, second = sorted((home[edge.source], home[edge.target]))
        if first != second:
            found[(first, second)] += edge.weight
    last: dict[str, int] = {}
    for place, one in enumerate(resources):
        if one.api in last:
            found[(last[one.api], place)] += thresholds.neighbours
        last[one.api] = place
    return {pair: round(weight, 4) for pair, weight in sorted(found.items())}
