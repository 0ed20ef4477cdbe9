"""From raw tables to a `Draft`: typed, keyed, linked, cut to size, cleaned, named.

The one road that every kind of source takes. Next: `schema.roles`, which adds meaning.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from agentgym.errors import SourceError
from agentgym.sources.clean import clean, relax
from agentgym.sources.draft import Draft
from agentgym.sources.focus import LARGEST, cut, named, split
from agentgym.sources.infer import infer_references
from agentgym.sources.keys import choose_key, key_source
from agentgym.sources.meaning import Meaning
from agentgym.sources.sample import sample
from agentgym.sources.shape import name_all, shape
from agentgym.sources.sheets import Sheet, open_sheet, share_types, words
from agentgym.sources.tables import Raw, RawColumn, RawReference, RawTable, is_bookkeeping, match

__all__ = ["MOST_ROWS", "assemble"]

MOST_ROWS = 15_000
"""Rows that are kept when nothing else is asked for."""
_SLACK = 1.1
"""A little over the cap is not worth a cut."""
_FEW_VALUES = 12
_SHORT = 30
_ENOUGH_ROWS = 20


def assemble(
    raw: Raw,
    *,
    kind: str,
    name: str,
    sha256: str,
    dialect: str,
    rows: int | None,
    focus: Sequence[str],
    seed: int,
) -> Draft:
    """Make a draft of raw tables.

    Args:
        raw: What was found; its counts and notes go on into the draft.
        kind: Of source.
        name: File name.
        sha256: Of the file.
        dialect: Of SQL, or the writing of a graph; empty for none.
        rows: How many rows to keep, about; None for all up to `MOST_ROWS`.
        focus: Tables that the domain is about; empty for all.
        seed: The choice of rows.

    Raises:
        SourceError: There is no table, or none of that name.
        SchemaError: A bug: the schema contradicts itself.
    """
    skipped, notes = Counter(raw.skipped), list(raw.notes)
    tables = _usable(raw, skipped, name)
    sheets = {table.name: open_sheet(table) for table in tables}
    _resolve(sheets, skipped)
    _link(sheets, {table.name: table for table in tables}, skipped)
    _focus(sheets, focus, notes, name)
    clean(sheets, skipped)
    _enumerate(sheets)
    _cut_rows(sheets, raw, rows, seed, notes)
    for sheet in sheets.values():
        relax(sheet, skipped)
    schema, kept = shape(sheets, skipped)
    schema.validate(where=name)
    return Draft(
        kind=kind,
        name=name,
        sha256=sha256,
        dialect=dialect,
        schema=schema,
        rows=kept,
        skipped={what: n for what, n in sorted(skipped.items()) if n},
        options=dict(raw.options),
        notes=tuple(notes),
    )


def _usable(raw: Raw, skipped: Counter[str], name: str) -> list[RawTable]:
    tables = []
    for table in raw.tables:
        if is_bookkeeping(table.name.rpartition(".")[2]):
            skipped["bookkeeping table"] += 1
        elif not any(not column.dropped for column in table.columns):
            skipped["table without columns"] += 1
        else:
            tables.append(table)
        dropped = sum(column.dropped for column in table.columns)
        skipped["search column"] += dropped
    if not tables:
        raise SourceError(
            "at least one table",
            found=_instead(skipped),
            where=name,
            hint="give a database or a script that has tables",
        )
    return tables


def _instead(skipped: Counter[str]) -> str:
    counts = [f"{n} {what}" for what, n in sorted(skipped.items()) if n]
    return "only " + ", ".join(counts[:6]) if counts else "none"


def _resolve(sheets: dict[str, Sheet], skipped: Counter[str]) -> None:
    """Spell the tables of declared references as they are spelled; drop those to nowhere."""
    for sheet in sheets.values():
        kept = []
        for reference in sheet.references:
            found = _find(sheets, reference.target)
            if found is None:
                skipped["reference to a table that is not there"] += 1
            else:
                reference.target = found
                kept.append(reference)
        sheet.references = kept


def _find(sheets: Mapping[str, Sheet], name: str) -> str | None:
    if name in sheets:
        return name
    found = match([RawTable(name=known) for known in sheets], name)
    return found.name if found else None


def _link(sheets: dict[str, Sheet], raw: Mapping[str, RawTable], skipped: Counter[str]) -> None:
    """Settle keys and references, and the types that they share."""
    for sheet in sheets.values():
        choose_key(sheet)
    for sheet in sheets.values():
        kept: list[RawReference] = []
        for reference in sheet.references:
            if not _settle(reference, sheets[reference.target]):
                skipped["reference to columns that are not unique"] += 1
            elif all(set(reference.columns) != set(old.columns) for old in kept):
                kept.append(reference)
            elif reference not in kept:
                skipped["second reference of the same columns"] += 1
        sheet.references = kept
    share_types(sheets, raw)
    infer_references(sheets)
    share_types(sheets, raw)
    for sheet in sheets.values():
        sheet.key_source = key_source(sheet)


def _settle(reference: RawReference, target: Sheet) -> bool:
    """Find the columns that a reference points to; False where they identify no row."""
    if not reference.target_columns:
        if target.key_source == "row_number":
            return False
        reference.target_columns = target.key
    spelled = {column.name.casefold(): column.name for column in target.columns}
    exact = {column.name for column in target.columns}
    columns = tuple(
        c if c in exact else spelled.get(c.casefold(), "") for c in reference.target_columns
    )
    if "" in columns or len(columns) != len(reference.columns):
        return False
    reference.target_columns = columns
    if any(set(columns) == set(unique) for unique in (target.key, *target.uniques)):
        return True
    if target.size and target.is_unique(columns):
        target.uniques.append(columns)
        return True
    return False


def _focus(sheets: dict[str, Sheet], focus: Sequence[str], notes: list[str], name: str) -> None:
    if focus:
        spelled = [word for word in focus if _find(sheets, word) is None]
        christened: dict[str, str] = {}
        if spelled:
            christened = {e.name: t for t, e in name_all(sheets).entities.items()}
        chosen = named(sheets, focus, christened=christened, where=name)
    elif len(sheets) > LARGEST:
        chosen = split(sheets)
    else:
        return
    out = [table for table in sheets if table not in set(chosen)]
    if out:
        shown = ", ".join(out[:8]) + (", ..." if len(out) > 8 else "")
        reach = "name others with --focus" if not focus else "--focus names the tables wanted"
        notes.append(
            f"{len(chosen)} of {len(sheets)} tables are used; {len(out)} are left out "
            f"({shown}): {reach}."
        )
    cut(sheets, chosen)


def _enumerate(sheets: Mapping[str, Sheet]) -> None:
    """Turn texts of few values that come again and again into enums."""
    linked = {
        (sheet.name, column)
        for sheet in sheets.values()
        for reference in sheet.references
        for column in reference.columns
    } | {
        (reference.target, column)
        for sheet in sheets.values()
        for reference in sheet.references
        for column in reference.target_columns
    }
    for sheet in sheets.values():
        identifying = {c for unique in (sheet.key, *sheet.uniques) for c in unique}
        for column in sheet.columns:
            meaning = sheet.meanings[column.name]
            free = column.name not in identifying and (sheet.name, column.name) not in linked
            if meaning.kind == "text" and free and not _is_open(column):
                found = _repeated(sheet, column.name)
                if found:
                    sheet.meanings[column.name] = found


_OPEN = frozenset(
    "name address city town village street postal postcode zip phone fax mobile email mail url uri "
    "website token hash password description notes note comment title text county".split()
)
"""Words of columns whose next value may well be a new one."""


def _is_open(column: RawColumn) -> bool:
    return column.generated or bool(_OPEN & set(words(column.name)))


def _repeated(sheet: Sheet, name: str) -> Meaning | None:
    if sheet.size < _ENOUGH_ROWS:
        return None
    counts: Counter[str] = Counter()
    for value in sheet.values[name]:
        if value is not None:
            counts[str(value)] += 1
            if len(counts) > _FEW_VALUES:
                return None
    filled = sum(counts.values())
    if len(counts) < 2 or filled < _ENOUGH_ROWS or min(counts.values()) < 2:
        return None
    if any(not 0 < len(value.strip()) == len(value) <= _SHORT for value in counts):
        return None
    if all(len(value) > 3 and value.isdigit() for value in counts):
        return None
    evidence = (f"{len(counts)} values in {filled} rows, each several times",)
    return Meaning(kind="enum", values=tuple(sorted(counts)), evidence=evidence)


def _cut_rows(
    sheets: Mapping[str, Sheet], raw: Raw, rows: int | None, seed: int, notes: list[str]
) -> None:
    inside = {table.name: table for table in raw.tables if table.name in sheets}
    total = sum(sheet.size for sheet in sheets.values())
    if rows is None and total <= MOST_ROWS * _SLACK:
        rows = total
    unseen = sum(max(0, (t.total or 0) - len(t.rows)) for t in inside.values())
    sample(sheets, MOST_ROWS if rows is None else max(0, rows), seed=seed)
    kept = sum(sheet.size for sheet in sheets.values())
    if kept < total + unseen:
        why = (
            ""
            if rows not in (None, total)
            else f" (at most about {MOST_ROWS:,}; --rows changes it)"
        )
        notes.append(f"{kept:,} of {total + unseen:,} rows are kept, closed under references{why}.")
