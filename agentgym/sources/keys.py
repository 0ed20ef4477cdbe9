"""Keys that a source does not declare: unique sets, proofs by rows, numbers of our own.

Also the words of names, as keys and references are told by them. Next: `infer`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from agentgym.sources.meaning import Meaning
from agentgym.sources.sheets import KeySource, Sheet, words
from agentgym.sources.tables import RawColumn

__all__ = ["ID", "choose_key", "key_source", "stem"]

ID = frozenset(
    "id ids key code no num number nr uid uuid guid pk fk ref sk oid slug iata icao".split()
)
"""Words that say that a column identifies something."""


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("sses", "xes", "ches", "shes", "zes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def stem(name: str, common: Iterable[str]) -> tuple[str, ...]:
    """Return the singular words of a name, without what all tables of the schema begin with."""
    parts = words(name)
    for word in common:
        if len(parts) > 1 and parts[0] == word:
            parts = parts[1:]
    return tuple(_singular(part) for part in parts)


_COUNTABLE = frozenset({"integer", "text", "enum", "date", "datetime", "boolean"})
_LOST = 0.1
"""Share of rows that may lack a declared key before it is no key."""
_PREFIX = 3
"""Most columns in a key that only the rows prove."""


def choose_key(sheet: Sheet) -> None:
    """Give the sheet a key: declared, unique, proved by its rows, or a number of our own."""
    lost = sum(None in values for values in sheet.tuples(sheet.key)) if sheet.key else 0
    if lost > _LOST * sheet.size:
        sheet.evidence.append(f"key: the declared one is empty in {lost} of {sheet.size} rows")
        sheet.key = ()
    if not sheet.key:
        sheet.key, evidence = _undeclared_key(sheet)
        if sheet.key:
            sheet.evidence.append(evidence)
            sheet.uniques = [u for u in sheet.uniques if set(u) != set(sheet.key)]
    if not sheet.key:
        _number_rows(sheet)


def _undeclared_key(sheet: Sheet) -> tuple[tuple[str, ...], str]:
    required = [
        unique
        for unique in sorted(sheet.uniques, key=len)
        if all(not sheet.column(c).nullable and sheet.is_filled(c) for c in unique)
    ]
    if required:
        return required[0], "key: declared unique and required"
    if not sheet.size:
        return _key_by_name(sheet)
    names = [
        column.name
        for column in sheet.columns
        if sheet.meanings[column.name].kind in _COUNTABLE and not column.generated
    ]
    own = stem(sheet.name, ())
    alike = [n for n in names if words(n) and _is_id(stem(n, ()), own)]
    for name in alike:
        if sheet.size >= 2 and sheet.is_unique([name]):
            return (name,), f"key: no two of {sheet.size} rows share a {name}"
    return _prefix(sheet, names)


def _is_id(column: tuple[str, ...], table: tuple[str, ...]) -> bool:
    return bool(column) and (column[-1] in ID or column == table)


def _prefix(sheet: Sheet, names: Sequence[str]) -> tuple[tuple[str, ...], str]:
    """Return the shortest run of first columns that tells all rows apart."""
    first = [column.name for column in sheet.columns[:_PREFIX]]
    for length in range(1, len(first) + 1):
        chosen = tuple(first[:length])
        if not set(chosen) <= set(names) or sheet.size < 5:
            break
        if sheet.is_unique(chosen):
            sheet.accidental = True
            return chosen, f"key: no two of {sheet.size} rows share {' and '.join(chosen)}"
    return (), ""


def _key_by_name(sheet: Sheet) -> tuple[tuple[str, ...], str]:
    """Return the column that must be the key, going by its name; without rows."""
    own = stem(sheet.name, ())
    for column in sheet.columns:
        kind = sheet.meanings[column.name].kind
        mine = stem(column.name, ())
        named = mine in (("id",), (*own, "id")) or column.automatic
        if named and kind in ("integer", "text"):
            return (column.name,), "key: by its name"
    referring = [ref for ref in sheet.references if len(ref.columns) == 1]
    if len(referring) == 2 and len(sheet.columns) == 2:
        return tuple(column.name for column in sheet.columns), "key: a pair of references"
    return (), ""


def _number_rows(sheet: Sheet) -> None:
    taken = {column.name.casefold() for column in sheet.columns}
    base = re.sub(r"\W+", "_", sheet.name).strip("_") or "row"
    options = (f"{base}_id", f"{base}_number", *(f"{base}_number_{n}" for n in range(2, 99)))
    name = next(option for option in options if option.casefold() not in taken)
    column = RawColumn(name=name, declared="", kind="integer", nullable=False, automatic=True)
    sheet.columns.insert(0, column)
    sheet.meanings[name] = Meaning(kind="integer", evidence=("the source has no key",))
    sheet.values[name] = list(range(1, sheet.size + 1))
    sheet.key, sheet.key_source = (name,), "row_number"
    sheet.evidence.append("key: none in the source, so rows are numbered")


_FULL = 2**62
"""From this key on there is no room to count: a new row's is given."""
_PATTERN = re.compile(r"([^\W\d_]{0,12}[-_#/. ]?\d{2,}|[0-9a-fA-F-]{16,})\Z")


def key_source(sheet: Sheet) -> KeySource:
    """Tell where a new row gets its key from; asked once all references are known."""
    if sheet.key_source == "row_number":
        return "row_number"
    referring = {c for reference in sheet.references for c in reference.columns}
    if len(sheet.key) != 1 or sheet.key[0] in referring:
        return "given"
    name = sheet.key[0]
    kind, column = sheet.meanings[name].kind, sheet.column(name)
    if kind == "integer":
        most = max((int(v) for v in sheet.values[name] if v is not None), default=0)
        return "counter" if most < _FULL else "given"
    if kind != "text":
        return "given"
    shown = [str(value) for value in sheet.values[name][:200] if value is not None]
    if shown:
        alike = sum(_PATTERN.match(value) is not None for value in shown)
        return "text" if alike >= 0.9 * len(shown) else "given"
    declared = column.declared.casefold()
    generated = "uuid" in declared or "uniqueidentifier" in declared
    sized = column.max_length in (32, 36) and words(name)[-1:] in (("id",), ("uuid",), ("guid",))
    return "text" if generated or sized else "given"
