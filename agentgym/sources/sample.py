"""A referentially closed part of the rows, of about the size that was asked for.

Sheets come in and are cut in place. Parents are chosen first, those with children
more readily; children of chosen parents are taken family by family; whatever a chosen
row refers to is chosen too. Next: `assemble`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from agentgym.rng import stream
from agentgym.schema.types import Row
from agentgym.sources.sheets import Sheet
from agentgym.sources.tables import RawReference

__all__ = ["sample"]

_SPREAD = 0.75
"""How much the size of a table without parents counts: 1 is in proportion, 0 not at all."""
_LINK = 0.5
"""Share of a family that is wanted where rows do nothing but join two others."""
_LOOKUPS = 3
"""Small tables that others refer to may take one row in so many."""
_ROUNDS = 4


def sample(sheets: Mapping[str, Sheet], n_rows: int, *, seed: int) -> None:
    """Cut the sheets to about so many rows in all, closed under references.

    Args:
        sheets: Changed in place; their references hold, and still do afterwards.
        n_rows: How many rows, roughly: parents that are needed come on top.
        seed: The choice of rows.
    """
    if sum(sheet.size for sheet in sheets.values()) <= n_rows:
        return
    links = _links(sheets)
    aim = n_rows
    for _ in range(_ROUNDS):
        chosen = _choose(sheets, links, aim, seed)
        found = sum(map(len, chosen.values()))
        if found <= 1.1 * n_rows + 5 or aim < 2:
            break
        aim = max(1, int(aim * n_rows / found))
    for name, sheet in sheets.items():
        sheet.take([place in chosen[name] for place in range(sheet.size)])


_Links = dict[str, list[tuple[RawReference, list[int | None]]]]
"""Table to its references, each with the place of every row's parent."""


def _links(sheets: Mapping[str, Sheet]) -> _Links:
    index: dict[tuple[str, tuple[str, ...]], dict[Row, int]] = {}
    links: _Links = {}
    for name, sheet in sheets.items():
        links[name] = []
        for reference in sheet.references:
            target = sheets[reference.target]
            where = (reference.target, reference.target_columns)
            if where not in index:
                rows = target.tuples(reference.target_columns)
                index[where] = {row: place for place, row in enumerate(rows)}
            places = [
                None if None in row else index[where].get(row)
                for row in sheet.tuples(reference.columns)
            ]
            links[name].append((reference, places))
    return links


def _families(sheets: Mapping[str, Sheet], links: _Links) -> dict[str, str]:
    """Return for each table the one whose rows its own rows belong to; without cycles."""
    above: dict[str, str] = {}
    for name in sheets:
        closest = _closest(links[name])
        if closest is None:
            continue
        up: str | None = closest[0].target
        while up is not None and up != name:
            up = above.get(up)
        if up is None:
            above[name] = closest[0].target
    return above


def _order(sheets: Mapping[str, Sheet], above: Mapping[str, str]) -> list[str]:
    """Order the tables: families together, parents first.

    Families come before those that they only refer to, as orders before products: what
    they refer to is chosen with them.
    """
    root = {}
    for name in sheets:
        root[name] = name
        while root[name] in above:
            root[name] = above[root[name]]
    aims: dict[str, set[str]] = {name: set() for name in root.values()}
    for name, sheet in sheets.items():
        aims[root[name]].update(root[r.target] for r in sheet.references)
    left = list(aims)
    order: list[str] = []
    while left:
        first = min(left, key=lambda r: sum(r in aims[other] for other in left if other != r))
        left.remove(first)
        stack = [first]
        while stack:
            name = stack.pop(0)
            order.append(name)
            stack += [child for child in sheets if above.get(child) == name]
    return order


def _choose(
    sheets: Mapping[str, Sheet], links: _Links, n_rows: int, seed: int
) -> dict[str, set[int]]:
    children = _child_counts(sheets, links)
    chosen: dict[str, set[int]] = {name: set() for name in sheets}
    left = n_rows - _take_lookups(sheets, links, chosen, children, n_rows)
    above = _families(sheets, links)
    ordered = _order(sheets, above)
    weights = _weights(sheets, links, ordered, above)
    order = [name for name in ordered if sheets[name].size and not chosen[name]]
    total = sum(weights[name] for name in order)
    for name in order:
        quota = max(1, round(left * weights[name] / total)) if left > 0 else 0
        for row in _ranked(sheets[name], links[name], chosen, children[name], seed):
            if len(chosen[name]) >= quota:
                break
            _include(name, row, links, chosen)
    return chosen


def _weights(
    sheets: Mapping[str, Sheet], links: _Links, order: Sequence[str], above: Mapping[str, str]
) -> dict[str, float]:
    """Rate how many rows each table shall have: as many as make the families of parents whole."""
    weights: dict[str, float] = {}
    for name in order:
        sheet = sheets[name]
        weights[name] = float(sheet.size) ** _SPREAD
        family = _family(links[name])
        if family is None or name not in above:
            continue
        parents = len({place for place in family if place is not None})
        whole = weights[above[name]] * len(family) / parents
        referring = {c for reference in sheet.references for c in reference.columns}
        joins = len(sheet.references) > 1 and len(referring) == len(sheet.columns)
        weights[name] = min(float(sheet.size), whole * (_LINK if joins else 1))
    return weights


def _child_counts(sheets: Mapping[str, Sheet], links: _Links) -> dict[str, Counter[int]]:
    counts: dict[str, Counter[int]] = {name: Counter() for name in sheets}
    for own in links.values():
        for reference, places in own:
            counts[reference.target].update(place for place in places if place is not None)
    return counts


def _take_lookups(
    sheets: Mapping[str, Sheet],
    links: _Links,
    chosen: dict[str, set[int]],
    children: Mapping[str, Counter[int]],
    n_rows: int,
) -> int:
    """Choose small tables that others refer to as a whole; return how many rows that took."""
    small = [
        name
        for name, sheet in sheets.items()
        if children[name] and 0 < sheet.size <= max(8, n_rows // 20)
    ]
    taken = 0
    for name in sorted(small, key=lambda name: sheets[name].size):
        if taken + sheets[name].size > n_rows // _LOOKUPS:
            break
        for row in range(sheets[name].size):
            _include(name, row, links, chosen)
        taken = sum(map(len, chosen.values()))
    return taken


def _ranked(
    sheet: Sheet,
    links: list[tuple[RawReference, list[int | None]]],
    chosen: Mapping[str, set[int]],
    children: Counter[int],
    seed: int,
) -> list[int]:
    """Order the rows of a table by how readily they are taken.

    First those of chosen parents, one family after the other and each as a whole; among
    rows alike those with children more readily (Efraimidis and Spirakis, weighted sampling).
    """
    draw = stream(seed, "sample", sheet.name)
    lot = [draw.random() ** (1 / (1 + min(children[row], 20))) for row in range(sheet.size)]
    family = _family(links)
    family_draw = stream(seed, "sample", sheet.name, "families")
    turn: dict[int | None, float] = {}
    for parent in family or ():
        if parent not in turn:
            turn[parent] = family_draw.random()

    def rank(row: int) -> tuple[int, float, int, float]:
        absent = [
            places is family
            for reference, places in links
            if places[row] is not None and places[row] not in chosen[reference.target]
        ]
        return sum(absent), turn[family[row]] if family else 0.0, len(absent), -lot[row]

    rows = [row for row in range(sheet.size) if row not in chosen[sheet.name]]
    return sorted(rows, key=rank)


def _family(links: list[tuple[RawReference, list[int | None]]]) -> list[int | None] | None:
    """Return for each row its closest parent."""
    closest = _closest(links)
    return None if closest is None else closest[1]


def _closest(
    links: list[tuple[RawReference, list[int | None]]],
) -> tuple[RawReference, list[int | None]] | None:
    """Return the reference with the smallest families of more than one."""
    best, smallest = None, float("inf")
    for reference, places in links:
        parents = {place for place in places if place is not None}
        if parents and 1.2 <= len(places) / len(parents) < smallest:
            best, smallest = (reference, places), len(places) / len(parents)
    return best


def _include(name: str, row: int, links: _Links, chosen: dict[str, set[int]]) -> None:
    """Choose a row and everything that it refers to."""
    stack = [(name, row)]
    while stack:
        table, place = stack.pop()
        if place in chosen[table]:
            continue
        chosen[table].add(place)
        for reference, places in links[table]:
            parent = places[place]
            if parent is not None:
                stack.append((reference.target, parent))
