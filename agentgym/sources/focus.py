"""Which tables a domain is made of: those named and what they need, or a readable part.

`named` closes the tables asked for under required references; `split` finds in a large
schema the connected part that is most central and holds most rows; `cut` takes all
other tables out. Next: `sample`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from agentgym.errors import SourceError, nearest
from agentgym.sources.sheets import Sheet
from agentgym.sources.tables import RawReference

__all__ = ["LARGEST", "cut", "named", "split"]

LARGEST = 40
"""Most tables of a schema that is read as a whole."""
_IDEAL = 24
_ENOUGH = 12


def named(
    sheets: Mapping[str, Sheet],
    focus: Sequence[str],
    *,
    christened: Mapping[str, str],
    where: str,
) -> list[str]:
    """Return the tables asked for and those that they need.

    Args:
        sheets: All tables.
        focus: Names as the source or the schema spells them.
        christened: Name in the schema to name in the source.
        where: The source, for the error.

    Raises:
        SourceError: A name is not there.
    """
    folded = {name.casefold(): name for name in reversed(list(sheets))}
    chosen: list[str] = []
    for word in focus:
        name = word if word in sheets else folded.get(word.casefold())
        name = name or christened.get(word) or christened.get(word.casefold())
        if name is None:
            raise SourceError(
                "a table",
                found=repr(word),
                where=f"{where} --focus",
                hint=nearest(word, [*sheets, *christened]),
            )
        chosen.append(name)
    return _in_order(sheets, _needed(sheets, chosen))


def _in_order(sheets: Mapping[str, Sheet], chosen: set[str]) -> list[str]:
    return [name for name in sheets if name in chosen]


def _is_required(sheet: Sheet, reference: RawReference) -> bool:
    return all(not sheet.column(c).nullable or c in sheet.key for c in reference.columns)


def _needed(sheets: Mapping[str, Sheet], start: Iterable[str]) -> set[str]:
    """Close tables under references that every row must have."""
    found: set[str] = set()
    stack = list(start)
    while stack:
        name = stack.pop()
        if name not in found:
            found.add(name)
            sheet = sheets[name]
            stack += [r.target for r in sheet.references if _is_required(sheet, r)]
    return found


def split(sheets: Mapping[str, Sheet]) -> list[str]:
    """Choose a connected part of readable size.

    It grows from the most connected table by the neighbour that has the most to do
    with what is there already, together with all that the neighbour needs.

    Returns:
        Names in the order of the sheets, at most `LARGEST`.
    """
    near = _neighbours(sheets)
    needs = {name: _needed(sheets, [name]) for name in sheets}
    chosen: set[str] = set()
    while len(chosen) < _ENOUGH:
        rest = [name for name in sheets if name not in chosen]
        fitting = [name for name in rest if len(chosen | needs[name]) <= LARGEST]
        if not fitting:
            break
        start = max(fitting, key=lambda name: _centrality(sheets[name], near))
        chosen |= needs[start]
        _grow(sheets, near, needs, chosen)
    return _in_order(sheets, chosen) or list(sheets)[:LARGEST]


def _neighbours(sheets: Mapping[str, Sheet]) -> dict[str, Counter[str]]:
    near: dict[str, Counter[str]] = {name: Counter() for name in sheets}
    for name, sheet in sheets.items():
        for reference in sheet.references:
            if reference.target != name:
                near[name][reference.target] += 1
                near[reference.target][name] += 1
    return near


def _weight(sheet: Sheet) -> float:
    """Return how much a table has to tell: rows, and columns that are no references."""
    referring = {c for reference in sheet.references for c in reference.columns}
    return math.log2(2 + sheet.size) + math.sqrt(len(sheet.columns) - len(referring) + 1)


def _centrality(sheet: Sheet, near: Mapping[str, Counter[str]]) -> float:
    around = near[sheet.name]
    second = {further for name in around for further in near[name]}
    return math.sqrt(1 + len(around)) * math.sqrt(math.sqrt(1 + len(second))) * _weight(sheet)


def _grow(
    sheets: Mapping[str, Sheet],
    near: Mapping[str, Counter[str]],
    needs: Mapping[str, set[str]],
    chosen: set[str],
) -> None:
    while len(chosen) < _IDEAL:
        best, most = None, 0.0
        for name in sheets:
            extra = needs[name] - chosen
            if name in chosen or not extra or len(chosen) + len(extra) > LARGEST:
                continue
            score = _gain(sheets, near, extra, chosen)
            if score > most:
                best, most = extra, score
        if best is None:
            return
        chosen |= best


def _gain(
    sheets: Mapping[str, Sheet],
    near: Mapping[str, Counter[str]],
    extra: set[str],
    chosen: set[str],
) -> float:
    """Rate tables to add: how much of what they are linked to is there, and what they tell."""
    there = chosen | extra
    links = sum(1 for name in extra for other in near[name] if other in chosen)
    if not links:
        return 0.0
    shares = sum(
        sum(1 for other in near[name] if other in there) / math.sqrt(1 + len(near[name]))
        for name in sorted(extra)
    )
    told = sum(_weight(sheets[name]) for name in sorted(extra)) / len(extra)
    return shares * told / (len(extra) * math.sqrt(len(extra)))


_MEANINGLESS = frozenset({"integer", "bytes"})


def cut(sheets: dict[str, Sheet], chosen: Sequence[str]) -> None:
    """Take out all other tables, and the columns that only pointed to them."""
    inside = set(chosen)
    for name in [name for name in sheets if name not in inside]:
        del sheets[name]
    for sheet in sheets.values():
        outside = [r for r in sheet.references if r.target not in inside]
        kept = [r for r in sheet.references if r.target in inside]
        used = {c for reference in kept for c in reference.columns} | set(sheet.key)
        sheet.references = kept
        sheet.drop(
            c
            for reference in outside
            for c in reference.columns
            if c not in used and _is_pointer(sheet, c)
        )


def _is_pointer(sheet: Sheet, name: str) -> bool:
    """Tell whether a column without its reference means nothing to people."""
    meaning, column = sheet.meanings[name], sheet.column(name)
    if meaning.kind in _MEANINGLESS:
        return True
    declared = column.declared.casefold()
    return meaning.kind == "text" and ("uuid" in declared or column.max_length in (32, 36))
