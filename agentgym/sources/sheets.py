"""Sheets: tables whose columns are typed and whose values are in stored form.

Made from raw tables by `open_sheet`; the rooms of inference, cleaning, choosing and
sampling all work on these, column by column. Next: `keys`.
"""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from itertools import compress
from typing import Literal

from agentgym.schema.types import Row, Stored
from agentgym.sources.meaning import LONGEST, Meaning
from agentgym.sources.tables import RawCheck, RawColumn, RawExclusive, RawReference, RawTable
from agentgym.sources.values import decide

__all__ = ["Sheet", "open_sheet", "share_types", "words"]

KeySource = Literal["counter", "text", "given", "row_number"]


@dataclasses.dataclass(slots=True, kw_only=True)
class Sheet:
    """One table on its way to an entity."""

    name: str
    columns: list[RawColumn]
    meanings: dict[str, Meaning]
    values: dict[str, list[Stored]]
    size: int
    key: tuple[str, ...] = ()
    key_source: KeySource = "given"
    uniques: list[tuple[str, ...]] = dataclasses.field(default_factory=list)
    references: list[RawReference] = dataclasses.field(default_factory=list)
    checks: list[RawCheck] = dataclasses.field(default_factory=list)
    exclusives: list[RawExclusive] = dataclasses.field(default_factory=list)
    comment: str = ""
    link: bool = False
    accidental: bool = False
    """Whether only the rows say that the key is one: perhaps by chance."""
    evidence: list[str] = dataclasses.field(default_factory=list)
    unread: int = 0
    """Values that could not be read and became NULL."""
    blank: int = 0
    """Values that say nothing (blank, NaN) or too much (large binaries) and became NULL."""
    long: int = 0
    """Texts that were shortened."""

    def column(self, name: str) -> RawColumn:
        """Return the column of that very name."""
        return next(column for column in self.columns if column.name == name)

    def tuples(self, names: Sequence[str]) -> Iterable[Row]:
        """Return the values of some columns, row by row."""
        return zip(*(self.values[name] for name in names), strict=True)

    def take(self, keep: Sequence[bool]) -> None:
        """Keep the rows marked True."""
        self.values = {name: list(compress(v, keep)) for name, v in self.values.items()}
        self.size = sum(map(bool, keep))

    def drop(self, names: Iterable[str]) -> None:
        """Take columns out, with the uniques, references and checks that name them."""
        gone = set(names)
        self.columns = [column for column in self.columns if column.name not in gone]
        self.meanings = {name: m for name, m in self.meanings.items() if name not in gone}
        self.values = {name: v for name, v in self.values.items() if name not in gone}
        self.uniques = [unique for unique in self.uniques if not gone & set(unique)]
        self.references = [ref for ref in self.references if not gone & set(ref.columns)]
        self.checks = [c for c in self.checks if c.column not in gone and c.other not in gone]
        self.exclusives = [one for one in self.exclusives if not gone & set(one.columns)]

    def is_filled(self, name: str) -> bool:
        """Tell whether the column has a value in every row."""
        return None not in self.values[name]

    def is_unique(self, names: Sequence[str]) -> bool:
        """Tell whether every row has a value of its own in these columns, without NULL."""
        rows = list(self.tuples(names))
        return len(set(rows)) == len(rows) and not any(None in row for row in rows)


def open_sheet(table: RawTable) -> Sheet:
    """Type the columns of a raw table and read its values."""
    for place, column in enumerate(table.columns):
        unknown = column.generated and not column.summands
        if unknown and table.rows and all(row[place] is None for row in table.rows):
            column.dropped = True
    columns = [column for column in table.columns if not column.dropped]
    read: dict[str, list[Stored]] = {}
    meanings: dict[str, Meaning] = {}
    unread = blank = long = 0
    identifying = {name for unique in (table.key, *table.uniques) for name in unique}
    for place, column in enumerate(table.columns):
        if column.dropped:
            continue
        raw = [row[place] for row in table.rows]
        found = decide(column, raw, identifying=column.name in identifying)
        meaning = _hinted(column, raw, _flag(table, column, raw, found))
        meaning.blank = column.nullable and column.name not in identifying
        read[column.name], bad = meaning.column(raw)
        meanings[column.name] = meaning
        unread += bad
        if meaning.kind == "text":
            long += sum(isinstance(value, str) and len(value) > LONGEST for value in raw)
        blank += read[column.name].count(None) - raw.count(None) - bad
    names = {column.name for column in columns}
    return Sheet(
        name=table.name,
        columns=columns,
        meanings=meanings,
        values=read,
        size=len(table.rows),
        key=table.key if names.issuperset(table.key) else (),
        uniques=[unique for unique in table.uniques if names.issuperset(unique)],
        references=[ref for ref in table.references if names.issuperset(ref.columns)],
        checks=[c for c in table.checks if c.column in names and (c.other or c.column) in names],
        exclusives=[one for one in table.exclusives if names.issuperset(one.columns)],
        comment=table.comment,
        link=table.link,
        unread=unread,
        blank=blank,
        long=long,
    )


_YES_NO = frozenset({"is", "has", "can", "was", "should", "allow", "allows"})


def _flag(table: RawTable, column: RawColumn, raw: Sequence[object], meaning: Meaning) -> Meaning:
    """Return a boolean where an integer column says yes or no."""
    if meaning.kind != "integer" or column.name in table.key or column.automatic:
        return meaning
    for check in table.checks:
        if check.column == column.name and check.op == "in" and _zero_one(check.value):
            return Meaning(kind="boolean", evidence=("a check allows only 0 and 1",))
    seen = {value for value in raw if value is not None}
    if seen and words(column.name)[:1] and words(column.name)[0] in _YES_NO and seen <= {0, 1}:
        return Meaning(kind="boolean", evidence=("named as a flag, and only 0 and 1 occur",))
    return meaning


def _zero_one(value: object) -> bool:
    return isinstance(value, list) and sorted(map(str, value)) == ["0", "1"]


def _hinted(column: RawColumn, raw: Sequence[object], meaning: Meaning) -> Meaning:
    """Return an enum where a check or a comment lists the values and no row contradicts."""
    if meaning.kind != "text" or column.hinted is None:
        return meaning
    listed = tuple(dict.fromkeys(unicodedata.normalize("NFC", value) for value in column.hinted))
    enum = Meaning(kind="enum", values=listed, padded=column.padded, evidence=column.evidence)
    _, bad = enum.column(list(raw))
    return meaning if bad or len(listed) < 2 else enum


def share_types(sheets: Mapping[str, Sheet], raw: Mapping[str, RawTable]) -> None:
    """Give each referring column the type of the column that it refers to.

    Where values forbid it, both sides become texts, which any value can be.
    """
    for _ in range(len(sheets) + 1):
        changed = False
        for sheet in sheets.values():
            for reference in sheet.references:
                target = sheets[reference.target]
                pairs = zip(reference.columns, reference.target_columns, strict=True)
                for mine, theirs in pairs:
                    changed |= _share(sheet, mine, target, theirs, raw)
        if not changed:
            return


def _share(
    child: Sheet, mine: str, parent: Sheet, theirs: str, raw: Mapping[str, RawTable]
) -> bool:
    old, wanted = child.meanings[mine], parent.meanings[theirs]
    if _same(old, wanted):
        return False
    if _retype(child, mine, wanted, raw):
        return True
    if wanted.kind == "text":
        return False
    text = Meaning(kind="text", evidence=("it is referred to by texts",))
    _retype(parent, theirs, text, raw)
    return _retype(child, mine, text, raw)


def _same(one: Meaning, other: Meaning) -> bool:
    return (one.kind, one.scale, one.values) == (other.kind, other.scale, other.values) and (
        one.max_length == other.max_length
    )


def _retype(sheet: Sheet, name: str, wanted: Meaning, raw: Mapping[str, RawTable]) -> bool:
    """Read a column again in another meaning; False and no change where values forbid it."""
    meaning = dataclasses.replace(wanted, evidence=(), blank=sheet.meanings[name].blank)
    if sheet.size:
        table = raw[sheet.name]
        place = table.position(name)
        values = [row[place] for row in table.rows]
        stored, bad = meaning.column(values)
        if bad:
            return False
        regained = sheet.values[name].count(None) - stored.count(None)
        sheet.unread -= min(sheet.unread, max(0, regained))
        sheet.values[name] = stored
    sheet.meanings[name] = meaning
    return True


_WORD = re.compile(r"\d+|[^\W\d_]+")
_CAMEL = re.compile(r"(?<=[a-zà-ÿ0-9])(?=[A-ZÀ-Þ])|(?<=[A-Z])(?=[A-Z][a-z])")


def words(name: str) -> tuple[str, ...]:
    """Split a name into its words: snake_case, camelCase, blanks; lower case."""
    return tuple(word.casefold() for part in _CAMEL.split(name) for word in _WORD.findall(part))
