"""References that a source does not declare, where names and values prove them.

`raw_candidates` works on names alone (a reader of large files uses it to know which rows
belong together); `infer_references` adds the proof by values.
Next: `focus`.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence

from agentgym.schema.types import Stored
from agentgym.sources.keys import ID, stem
from agentgym.sources.sheets import Sheet, words
from agentgym.sources.tables import RawReference, RawTable

__all__ = [
    "Candidate",
    "candidates",
    "infer_references",
    "raw_candidates",
]

_GENERIC = ID | frozenset("name type status value title label kind date time index pos".split())
_CERTAIN = 95
"""From this strength on a name alone is proof enough."""
_USABLE = 85
"""From this strength on a name is proof enough where no other table could be meant."""
_STRAYS = 0.05
"""Share of values that may be missing where the name is certain: lost rows of real databases."""
_NAMESAKE = 75
"""Strength of a name that two columns or a column and a table share."""
_FEW = 3
"""Distinct values that prove a reference with a weaker name."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A column that by its name may refer to a column of another table."""

    table: str
    column: str
    target: str
    target_column: str
    strength: int
    reason: str

    @property
    def chance(self) -> bool:
        """Tell whether the columns have no more in common than a name of any kind."""
        return (
            self.strength <= _NAMESAKE and self.column.casefold() == self.target_column.casefold()
        )


_SHELF = frozenset("tbl tb t dim fact fct stg ref lkp lu".split())


def _common(tables: Sequence[str]) -> tuple[str, ...]:
    """Return the first words that most tables share, or that only say what a table is."""
    first = Counter(words(name)[0] for name in tables if len(words(name)) > 1)
    shared = [w for w, n in sorted(first.items()) if n >= 3 and n >= 0.6 * len(tables)]
    return (*shared, *sorted(word for word in _SHELF if first[word] >= 2))


def candidates(tables: Sequence[tuple[str, Sequence[str], Sequence[str]]]) -> list[Candidate]:
    """Name every pair of columns of which one may refer to the other, going by names.

    Args:
        tables: Name, columns, and the columns that are unique alone (the key first).

    Returns:
        Strongest first for each column; in the order of the tables.
    """
    common = _common([name for name, _, _ in tables])
    targets = [
        _Target(name, key, stem(name, common), stem(key, common), place == 0)
        for name, _, keys in tables
        for place, key in enumerate(keys)
    ]
    by_word: dict[str, list[int]] = {}
    for place, target in enumerate(targets):
        for word in target.words():
            by_word.setdefault(word, []).append(place)
    found: list[Candidate] = []
    for name, columns, keys in tables:
        own_stem = stem(name, common)
        for column in columns:
            mine = stem(column, common)
            if mine[-1:] and mine[-1] in ID and mine[:-1] == own_stem:
                continue
            near = sorted({place for word in mine[-2:] for place in by_word.get(word, ())})
            own = [_candidate(name, column, mine, keys, targets[place]) for place in near]
            found += sorted((c for c in own if c is not None), key=lambda c: -c.strength)
    return found


@dataclasses.dataclass(frozen=True, slots=True)
class _Target:
    """A column that identifies the rows of its table, and may be referred to."""

    table: str
    key: str
    table_stem: tuple[str, ...]
    key_stem: tuple[str, ...]
    first: bool
    """Whether it is the primary key."""

    def words(self) -> set[str]:
        """Return the words one of which a referring column must end with."""
        found = {*self.table_stem[-1:], *self.key_stem[-1:]} - ID
        if len(self.key_stem) > 1 and self.key_stem[-1] in ID:
            found.add(self.key_stem[-2])
        return found

    def is_about(self) -> bool:
        """Tell whether the key is named after its own table."""
        return tuple(part for part in self.key_stem if part not in ID) == self.table_stem


def _candidate(
    name: str, column: str, mine: tuple[str, ...], keys: Sequence[str], target: _Target
) -> Candidate | None:
    if target.table == name and (target.key == column or mine == target.key_stem):
        return None
    strength, reason = _strength(mine, target)
    if list(keys[:1]) == [column] and column == target.key and not target.is_about():
        strength = min(strength, _USABLE - 1)
    if not strength:
        return None
    return Candidate(
        table=name,
        column=column,
        target=target.table,
        target_column=target.key,
        strength=strength,
        reason=reason,
    )


def _strength(mine: tuple[str, ...], target: _Target) -> tuple[int, str]:
    """Rate how much a column name sounds like a reference; 0 means not at all."""
    table, key, first = target.table_stem, target.key_stem, target.first
    specific = any(part not in _GENERIC for part in key)
    if not mine or not table or not key or not (first or key[-1] in ID):
        return 0, ""
    if specific and mine == key:
        strength = _CERTAIN + 5 if target.is_about() else _USABLE - 1
        return strength if key[-1] in ID else min(
            strength, _NAMESAKE
        ), "the column has the name of the key"
    if first and len(mine) > 1 and mine[-1] in ID:
        if mine[:-1] == table:
            return _CERTAIN + 1, "the column is named after the table"
        if mine[:-1][-len(table) :] == table and not _LOOSE & set(mine):
            return _USABLE + len(table), "the column name ends with the table"
    if specific and len(key) > 1 and len(mine) > len(key) and mine[-len(key) :] == key:
        return 80, "the column name ends with the key"
    if first and mine == table:
        return _NAMESAKE, "the column has the name of the table"
    if first and len(mine) > len(table) and mine[-len(table) :] == table:
        return 60, "the column name ends with the table"
    return 0, ""


_LOOSE = frozenset("external remote legacy friendly foreign".split())
"""Words that say that a column only looks like a reference."""


def infer_references(sheets: Mapping[str, Sheet]) -> None:
    """Add to each sheet the references that names and values prove."""
    unique_of = {sheet.name: _single_keys(sheet) for sheet in sheets.values()}
    listed = [(s.name, [c.name for c in s.columns], unique_of[s.name]) for s in sheets.values()]
    known = {name: {k: set(s.values[k]) for k in unique_of[name]} for name, s in sheets.items()}
    by_column: dict[tuple[str, str], list[Candidate]] = {}
    for candidate in (*_precedents(sheets), *candidates(listed)):
        by_column.setdefault((candidate.table, candidate.column), []).append(candidate)
    declared = any(sheet.references for sheet in sheets.values())
    for (name, column), options in by_column.items():
        sheet = sheets[name]
        taken = {c for reference in sheet.references for c in reference.columns}
        if column in taken or sheet.column(column).generated:
            continue
        fitting = [c for c in options if _same_kind(sheet, column, sheets[c.target], c)]
        fitting = [c for c in fitting if not (c.chance and _refuted(c, sheets, known))]
        proved = _proved(sheet, column, fitting, sheets, known, declared=declared)
        if proved is not None:
            sheet.references.append(proved)


def _precedents(sheets: Mapping[str, Sheet]) -> list[Candidate]:
    """Take as an example what columns of the same name in other tables are declared to refer to."""
    said: dict[str, Counter[tuple[str, str]]] = {}
    for sheet in sheets.values():
        for reference in sheet.references:
            if len(reference.columns) == 1:
                aim = (reference.target, reference.target_columns[0])
                said.setdefault(reference.columns[0].casefold(), Counter())[aim] += 1
    found = []
    for sheet in sheets.values():
        for column in sheet.columns:
            aims = said.get(column.name.casefold(), Counter())
            words_of = words(column.name)
            if len(aims) != 1 or (len(words_of) == 1 and words_of[0] in _GENERIC):
                continue
            (target, key), times = next(iter(aims.items()))
            if times > 1 and (sheet.name, column.name) != (target, key):
                found.append(
                    Candidate(
                        table=sheet.name,
                        column=column.name,
                        target=target,
                        target_column=key,
                        strength=_CERTAIN + 6,
                        reason=f"{times} other tables refer so",
                    )
                )
    return found


def _refuted(
    candidate: Candidate,
    sheets: Mapping[str, Sheet],
    known: Mapping[str, Mapping[str, set[Stored]]],
) -> bool:
    """Tell whether a key may be one by chance: elsewhere the name has other values."""
    if not sheets[candidate.target].accidental:
        return False
    there = known[candidate.target][candidate.target_column]
    return any(
        value is not None and value not in there
        for sheet in sheets.values()
        for value in sheet.values.get(candidate.column, ())
    )


def _single_keys(sheet: Sheet) -> list[str]:
    """Return the columns that alone identify a row, the key first."""
    sets = [sheet.key, *sheet.uniques]
    return list(dict.fromkeys(names[0] for names in sets if len(names) == 1))


def _same_kind(child: Sheet, column: str, parent: Sheet, candidate: Candidate) -> bool:
    mine, theirs = child.meanings[column].kind, parent.meanings[candidate.target_column].kind
    alike = {"enum": "text"}
    return alike.get(mine, mine) == alike.get(theirs, theirs) and theirs in (
        "integer",
        "text",
        "enum",
    )


def _proved(
    sheet: Sheet,
    column: str,
    options: Sequence[Candidate],
    sheets: Mapping[str, Sheet],
    known: Mapping[str, Mapping[str, set[Stored]]],
    *,
    declared: bool,
) -> RawReference | None:
    if not options:
        return None
    values = {value for value in sheet.values[column] if value is not None}
    if not values or not any(sheets[option.target].size for option in options):
        return _by_name(sheet, options, declared=declared)
    for option in options:
        if option.target == sheet.name and option.strength < _USABLE:
            continue
        there = known[option.target][option.target_column]
        needed = 1 if option.strength >= _CERTAIN else 2 if option.strength >= 80 else _FEW
        missing = len(values - there)
        strays = _STRAYS * len(values) if option.strength >= _CERTAIN else 0
        if len(values) < needed or missing > strays or _backwards(sheet, column, there):
            continue
        said = f"all {len(values)} values are there"
        if missing:
            said = f"{len(values) - missing} of {len(values)} values are there"
        return _reference(option, (option.reason, said))
    return None


def _backwards(sheet: Sheet, column: str, there: set[Stored]) -> bool:
    """Tell whether a whole key would refer to a smaller table: the wrong way round."""
    return sheet.key == (column,) and len(there) < sheet.size


def _by_name(sheet: Sheet, options: Sequence[Candidate], *, declared: bool) -> RawReference | None:
    """Return the reference whose name is unmistakable.

    Where a schema declares none at all, the name of another table's key will do, and an
    integer with the name of a table.
    """
    best = options[0]
    rivals = [option for option in options[1:] if option.strength == best.strength]
    whole = sheet.meanings[best.column].kind == "integer" and not best.chance
    least = _USABLE if declared else _NAMESAKE if whole else _USABLE - 1
    if rivals or best.strength < least:
        return None
    return _reference(best, (best.reason, "no rows to prove it by"))


def _reference(option: Candidate, evidence: tuple[str, ...]) -> RawReference:
    return RawReference(
        columns=(option.column,),
        target=option.target,
        target_columns=(option.target_column,),
        inferred=True,
        evidence=evidence,
    )


def raw_candidates(tables: Sequence[RawTable]) -> list[Candidate]:
    """Name the pairs of columns of raw tables that may belong together, going by names."""
    listed = []
    for table in tables:
        sets = [table.key, *table.uniques]
        keys = list(dict.fromkeys(names[0] for names in sets if len(names) == 1))
        listed.append((table.name, [column.name for column in table.columns], keys))
    return candidates(listed)
