"""What each node is: one class of those that it is said to be, or a group of its like.

`Facts` come in; node to class goes out. An untyped node is of the class that its relations
usually have at that end, else of a group of nodes that take part in the same relations.
Next: `relations`.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from agentgym.sources.graph.facts import UNNAMED, Facts, Value

__all__ = ["THING", "settle"]

THING = "thing"
_MANY = 20
"""Classes above which the rare ones are put together."""
_RARE = 5
_FEW = 2
_FILLED = 0.95
_SURE = 0.8
_ALIKE = 0.5
_MOST_GROUPS = 12
_LEADING = frozenset("has have had is was are uses".split())
_PREPOSITIONS = frozenset("in of at on by to for from with into about id".split())
_VERBS = {
    **dict.fromkeys("lives born died resides located based situated lies".split(), "place"),
    **dict.fromkeys("works employed".split(), "employer"),
    **dict.fromkeys("written authored".split(), "author"),
    **dict.fromkeys("made built produced manufactured".split(), "maker"),
    "directed": "director",
    "created": "creator",
    "owned": "owner",
    "studied": "school",
    "speaks": "language",
    "published": "publisher",
}
"""What the targets of a verb are."""

Slot = tuple[str, str]
"""A relation and an end of it: `>` its sources, `<` its targets."""


def settle(facts: Facts) -> dict[str, str]:
    """Return the class of every node."""
    chosen = _typed(facts)
    chosen = _gather_rare(facts, chosen)
    untyped = facts.nodes - set(chosen)
    if untyped:
        slots = _slots(facts)
        joined = _join(slots, chosen, untyped)
        facts.skipped["untyped node: class taken from its relations"] += len(joined)
        chosen |= joined
        left = untyped - set(joined)
        facts.skipped["untyped node: grouped by its relations"] += len(left)
        named = {facts.name(kind).casefold(): kind for kind in sorted(set(chosen.values()))}
        chosen |= _group(facts, slots, left, named)
    return {node: chosen[node] for node in sorted(chosen)}


def _typed(facts: Facts) -> dict[str, str]:
    """Choose the finest class that is declared, and of equals the most frequent."""
    sizes = Counter(kind for kinds in facts.kinds.values() for kind in kinds)
    above = _above(facts, sizes)
    fine = {
        node: kinds - {parent for kind in kinds for parent in above.get(kind, ())} or kinds
        for node, kinds in facts.kinds.items()
        if node in facts.nodes
    }
    counts = Counter(kind for kinds in fine.values() for kind in kinds)
    facts.skipped["further type of a resource"] += sum(len(kinds) - 1 for kinds in fine.values())
    return {node: _most(counts, kinds) for node, kinds in fine.items()}


def _most(counts: Mapping[str, int], names: Iterable[str]) -> str:
    return min(names, key=lambda name: (-counts.get(name, 0), name))


def _above(facts: Facts, sizes: Mapping[str, int]) -> dict[str, set[str]]:
    """Add to the declared hierarchy what the members show.

    A class is above those that lie inside it where they fill it, as when a reasoner has
    written down the wider classes of everything.
    """
    together: Counter[tuple[str, str]] = Counter(
        (a, b)
        for kinds in facts.kinds.values()
        if len(kinds) > 1
        for a in kinds
        for b in kinds
        if a != b
    )
    inside: dict[str, set[str]] = defaultdict(set)
    for (kind, other), number in together.items():
        if number == sizes[kind] < sizes[other] and sizes[kind] >= _FEW:
            inside[other].add(kind)
    filled = Counter(
        kind for kinds in facts.kinds.values() for kind in kinds if inside.get(kind, set()) & kinds
    )
    above = {kind: set(parents) for kind, parents in facts.above.items()}
    for other, kinds in inside.items():
        if filled[other] >= _FILLED * sizes[other]:
            for kind in kinds:
                above.setdefault(kind, set()).add(other)
    return above


def _gather_rare(facts: Facts, chosen: dict[str, str]) -> dict[str, str]:
    """Move the members of rare classes to wider ones, where there are very many classes.

    Those for which there is none count as untyped, and keep the class as a value.
    """
    counts = Counter(chosen.values())
    if len(counts) <= _MANY:
        return chosen
    ranked = sorted(counts, key=lambda kind: (-counts[kind], kind))
    large = {kind for kind in ranked[:_MANY] if counts[kind] >= _RARE}
    kept = {}
    for node, kind in chosen.items():
        wider = (facts.kinds[node] | facts.above.get(kind, set())) & large
        if kind in large or wider:
            kept[node] = kind if kind in large else _most(counts, wider)
        else:
            facts.said[node]["kind"].add(Value(text=facts.name(kind), declared="text"))
    facts.skipped["rare class put into a wider entity"] += len(counts) - len(large)
    return kept


def _slots(facts: Facts) -> dict[Slot, set[str]]:
    slots: dict[Slot, set[str]] = defaultdict(set)
    for edge in facts.edges:
        slots[edge.relation, ">"].add(edge.source)
        slots[edge.relation, "<"].add(edge.target)
    return {slot: slots[slot] for slot in sorted(slots)}


def _join(
    slots: Mapping[Slot, set[str]], chosen: Mapping[str, str], untyped: set[str]
) -> dict[str, str]:
    """Give untyped nodes the class that nearly all typed nodes at their place have."""
    votes: dict[str, Counter[str]] = defaultdict(Counter)
    for nodes in slots.values():
        counts = Counter(chosen[node] for node in nodes if node in chosen)
        if not counts:
            continue
        kind = _most(counts, counts)
        if counts[kind] >= _SURE * counts.total() and 2 * counts.total() >= len(nodes):
            for node in nodes & untyped:
                votes[node][kind] += 1
    return {node: _most(counts, counts) for node, counts in votes.items()}


def _group(
    facts: Facts, slots: Mapping[Slot, set[str]], nodes: set[str], taken: Mapping[str, str]
) -> dict[str, str]:
    """Group nodes that stand at the same ends of relations.

    A group that would be called as a class in `taken` is put to it.
    """
    inside = {slot: found & nodes for slot, found in slots.items() if found & nodes}
    parent = {slot: slot for slot in inside}

    def root(slot: Slot) -> Slot:
        while parent[slot] != slot:
            slot = parent[slot]
        return slot

    ends = list(inside)
    for place, one in enumerate(ends):
        for other in ends[:place]:
            shared = len(inside[one] & inside[other])
            if shared and shared >= _ALIKE * min(len(inside[one]), len(inside[other])):
                parent[max(root(one), root(other))] = min(root(one), root(other))
    mine: dict[str, Counter[Slot]] = defaultdict(Counter)
    sizes: Counter[Slot] = Counter()
    for slot, found in inside.items():
        sizes[root(slot)] += len(found)
        for node in found:
            mine[node][root(slot)] += 1
    group = {
        node: min(counts, key=lambda slot: (-counts[slot], -sizes[slot], slot))
        for node, counts in mine.items()
    }
    members = Counter(group.values())
    kept = sorted(members, key=lambda slot: (-members[slot], slot))[:_MOST_GROUPS]
    titles = _titles(facts, inside, root_of={slot: root(slot) for slot in ends}, kept=kept)
    return {
        node: taken.get(title.casefold(), title)
        for node in sorted(nodes)
        for title in [titles.get(group.get(node, ("", "")), THING)]
    }


def _titles(
    facts: Facts,
    inside: Mapping[Slot, set[str]],
    *,
    root_of: Mapping[Slot, Slot],
    kept: list[Slot],
) -> dict[Slot, str]:
    """Call a group after the relation that leads to most of it, else after one that leaves it."""
    titles: dict[Slot, str] = {}
    for group in kept:
        slots = [slot for slot in inside if root_of[slot] == group]
        telling = [
            slot for slot in slots if (slot[0], ">" if slot[1] == "<" else "<") not in slots
        ] or [("", "")]
        best = min(telling, key=lambda slot: (slot[1] == ">", -len(inside.get(slot, ())), slot))
        if best[0] in ("", UNNAMED):
            titles[group] = THING
            continue
        word = _noun(facts.name(best[0])) if best[1] == "<" else ""
        if not word and THING in titles.values():
            word = f"{facts.name(best[0])}_{THING}"
        word = word or THING
        while word in titles.values():
            word = f"{word}_{THING}"
        titles[group] = word
    return titles


def _noun(relation: str) -> str:
    """Return what a relation calls its targets; empty where it is a verb without a noun."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", relation).replace("_", " ").replace("-", " ")
    parts = words.casefold().split()
    if parts and parts[0] in _VERBS and (len(parts) < 2 or parts[-1] in _PREPOSITIONS):
        return _VERBS[parts[0]]
    if len(parts) > 1 and parts[0] in _LEADING | _PREPOSITIONS:
        parts = parts[1:]
    verb = len(parts) > 1 and parts[-1] in _PREPOSITIONS
    if verb and len(parts) == 2 and re.search(r"(?:ed|s|en)\Z", parts[0]):
        return ""
    return " ".join(parts[:-1] if verb else parts)
