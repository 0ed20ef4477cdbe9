"""Many schemas in one file: `tables.json`, as benchmarks of text-to-SQL publish them.

The decoded file comes in, the raw tables of one of its schemas go out: readable names, types
made exact from names where the file says only `number` or `time`, keys, references. It has
no rows. Next: `assemble`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from agentgym.errors import SourceError, nearest
from agentgym.schema.names.lexicon import frequency, written
from agentgym.schema.roles.words import has, phrases, single
from agentgym.sources.sheets import words
from agentgym.sources.tables import Raw, RawColumn, RawReference, RawTable, declare

__all__ = ["is_spider", "names", "read_spider"]

_SHOWN = 8
_LISTS = ("table_names_original", "column_names_original", "column_types")
_FRACTIONS = frozenset(
    "rate ratio percent percentage pct gpa latitude longitude weight height length width depth "
    "distance area temperature average avg mean density speed velocity billion billions million "
    "usd dollar dollars euros elevation altitude probability factor resolution pressure humidity "
    "precipitation acceleration diameter radius magnitude gdp share".split()
)
"""Words of numbers that have digits after the point."""
_DAYS = frozenset({"date", "day", "birthday", "dob"})
_MOMENTS = frozenset({"datetime", "timestamp", "time"})
_CODES = frozenset({"id", "key", "number", "num", "no", "phone", "ssn"})


def is_spider(content: object) -> bool:
    """Tell whether decoded JSON is a list of schemas of this kind, or one of them."""
    listed = content if isinstance(content, list) else [content]
    return bool(listed) and all(
        isinstance(one, dict) and "column_names_original" in one and "table_names_original" in one
        for one in listed
    )


def read_spider(content: object, only: str | None, *, where: str) -> tuple[Raw, str]:
    """Read one schema of the file.

    Args:
        content: The decoded file; `is_spider` holds.
        only: `db_id` of the schema wanted; None where the file has but one.
        where: The file, for errors.

    Returns:
        The tables without rows, and the name of the schema.

    Raises:
        SourceError: There is no such schema, it must be said which, or one is damaged.
    """
    schemas = _entries(content, where)
    if only is None and len(schemas) > 1:
        shown = ", ".join(list(schemas)[:_SHOWN]) + (", ..." if len(schemas) > _SHOWN else "")
        raise SourceError(
            "one schema",
            found=f"{len(schemas)} schemas ({shown})",
            where=where,
            hint="name the one wanted with --only, or make a domain of each with --all",
        )
    name = next(iter(schemas)) if only is None else only
    if name not in schemas:
        raise SourceError(
            f"one of {len(schemas)} schemas",
            found=repr(name),
            where=f"{where} --only",
            hint=nearest(name, schemas),
        )
    return _Reader(schemas[name], f"{where}: {name}").raw(), name


def names(content: object, *, where: str) -> tuple[str, ...]:
    """Return the names of the schemas of the file, in its order.

    Raises:
        SourceError: Two are called the same.
    """
    return tuple(_entries(content, where))


def _entries(content: object, where: str) -> dict[str, Mapping[str, Any]]:
    entries: dict[str, Mapping[str, Any]] = {}
    listed: Sequence[Any] = content if isinstance(content, list) else [content]
    for place, one in enumerate(listed):
        name = str(one.get("db_id") or f"schema {place + 1}")
        if name in entries:
            raise SourceError("schemas of different names", found=f"{name!r} twice", where=where)
        entries[name] = one
    return entries


class _Reader:
    """One schema of the file, on its way to raw tables."""

    def __init__(self, one: Mapping[str, Any], where: str) -> None:
        self._where = where
        self._one = one
        self._raw = Raw()
        self._skipped: Counter[str] = self._raw.skipped
        self._at: list[tuple[RawTable, RawColumn] | None] = []
        """Of each numbered column its table and itself; None for the `*`."""
        self._initials: dict[str, str] = {}
        """What short words in names stand for: `cmi` beside a table `customer master index`."""

    def raw(self) -> Raw:
        """Return the tables."""
        try:
            self._tables()
            self._columns()
            self._keys()
            pairs = self._pairs()
            self._types(pairs)
            self._references(pairs)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            raise SourceError(
                f"a schema with {', '.join(_LISTS)}, primary_keys and foreign_keys that fit",
                found=f"{type(error).__name__} ({error})",
                where=self._where,
                hint="the entry is damaged: take the file from its publisher again",
            ) from None
        return self._raw

    def _tables(self) -> None:
        originals = self._one["table_names_original"]
        readable = self._one.get("table_names") or originals
        self._initials = _initials(readable)
        called = _tell_apart([self._spelled(name) for name in readable], originals)
        for name, original in zip(called, originals, strict=True):
            self._raw.tables.append(RawTable(name=name, comment=_original(name, original)))

    def _columns(self) -> None:
        originals = self._one["column_names_original"]
        readable = self._one.get("column_names") or originals
        types = self._one["column_types"]
        if not len(originals) == len(readable) == len(types):
            raise ValueError("column lists of unequal length")
        by_table: dict[int, list[int]] = {}
        for place, (table, _) in enumerate(originals):
            if not -1 <= table < len(self._raw.tables):
                raise ValueError(f"a column of table {table}")
            by_table.setdefault(table, []).append(place)
        called: dict[int, str] = {}
        for places in by_table.values():
            spoken = _tell_apart(
                [self._spelled(readable[p][1]) for p in places],
                [originals[p][1] for p in places],
            )
            called.update(zip(places, spoken, strict=True))
        for place, (table, original) in enumerate(originals):
            if table < 0:
                self._at.append(None)
                continue
            column = RawColumn(
                name=called[place],
                declared=str(types[place]),
                comment=_original(called[place], original),
            )
            self._raw.tables[table].columns.append(column)
            self._at.append((self._raw.tables[table], column))

    def _spelled(self, name: str) -> str:
        """Return a readable name with initials spelled out."""
        return " ".join(self._initials.get(word, word) for word in str(name).split(" "))

    def _keys(self) -> None:
        for said in self._one.get("primary_keys", ()):
            for number in said if isinstance(said, list) else [said]:
                found = self._column(number)
                if found is not None and found[1].name not in found[0].key:
                    found[0].key += (found[1].name,)
                    found[1].nullable = False

    def _column(self, number: int) -> tuple[RawTable, RawColumn] | None:
        if not 0 <= number < len(self._at):
            raise ValueError(f"a column numbered {number}")
        return self._at[number]

    def _pairs(self) -> list[tuple[int, int]]:
        """Return the references that can be held, each column with the one that it refers to."""
        pairs: list[tuple[int, int]] = []
        for child, target in dict.fromkeys((a, b) for a, b in self._one.get("foreign_keys", ())):
            mine, theirs = self._column(child), self._column(target)
            if mine is None or theirs is None or mine[1] is theirs[1]:
                self._skipped["reference of no column"] += 1
            else:
                pairs.append((child, target))
        above = dict(reversed(pairs))
        return [(child, self._identifying(target, above)) for child, target in pairs]

    def _identifying(self, target: int, above: Mapping[int, int]) -> int:
        """Follow a reference to what is itself a reference up to the column that is a key."""
        seen: set[int] = set()
        while target in above and target not in seen:
            table, column = self._at[target] or (RawTable(name=""), RawColumn(name=""))
            if table.key == (column.name,):
                break
            seen.add(target)
            target = above[target]
        return target

    def _types(self, pairs: Sequence[tuple[int, int]]) -> None:
        linked = {number for pair in pairs for number in pair}
        for place, found in enumerate(self._at):
            if found is not None:
                table, column = found
                _declare(column, linked=place in linked or column.name in table.key)
        for _ in range(len(pairs) + 1):
            changed = False
            for child, target in pairs:
                mine, theirs = self._at[child], self._at[target]
                if mine and theirs and mine[1].kind != theirs[1].kind:
                    mine[1].kind, mine[1].scale = theirs[1].kind, theirs[1].scale
                    self._skipped["type that a referring column does not share"] += 1
                    changed = True
            if not changed:
                break

    def _references(self, pairs: Sequence[tuple[int, int]]) -> None:
        for child, target, columns in self._grouped(pairs):
            theirs = tuple(theirs for _, theirs in columns)
            if not child.columns or (child is target and columns[0][0] == columns[0][1]):
                self._skipped["reference to itself"] += 1
                continue
            if len(theirs) == 1 and not self._identifies(target, theirs[0]):
                self._skipped["reference to a part of a key"] += 1
                continue
            child.references.append(
                RawReference(
                    columns=tuple(mine for mine, _ in columns),
                    target=target.name,
                    target_columns=theirs,
                )
            )

    def _grouped(
        self, pairs: Sequence[tuple[int, int]]
    ) -> list[tuple[RawTable, RawTable, list[tuple[str, str]]]]:
        """Put together the pairs that make up one reference to a key of several columns."""
        between: dict[tuple[str, str], list[tuple[RawTable, str, RawTable, str]]] = {}
        for child, target in pairs:
            mine, theirs = self._at[child], self._at[target]
            if mine and theirs:
                link = (mine[0], mine[1].name, theirs[0], theirs[1].name)
                between.setdefault((mine[0].name, theirs[0].name), []).append(link)
        found = []
        for links in between.values():
            child_table, _, target_table, _ = links[0]
            pointed = [theirs for _, _, _, theirs in links]
            columns = [(mine, theirs) for _, mine, _, theirs in links]
            whole = len(target_table.key) > 1 and sorted(pointed) == sorted(target_table.key)
            groups = [columns] if whole else [[pair] for pair in columns]
            found += [(child_table, target_table, group) for group in groups]
        return found

    def _identifies(self, target: RawTable, name: str) -> bool:
        """Tell whether a column may be referred to; SQL refers only to what is unique."""
        column = target.column(name)
        if name in target.key or column is None:
            return target.key == (name,)
        if target.key:
            target.add_unique((name,))
        else:
            target.key = (name,)
        column.nullable = False
        return True


_LONG = 3
"""Words at least of a name that initials stand for."""


def _initials(names: Sequence[str]) -> dict[str, str]:
    """Return the initials of long names: of one name alone, and neither a word nor well known."""
    listed = [str(name).casefold().split() for name in names]
    long = [("".join(word[0] for word in name), name) for name in listed if len(name) >= _LONG]
    counts = Counter(short for short, _ in long)
    return {
        short: " ".join(name)
        for short, name in long
        if counts[short] == 1 and not frequency(short) and written(short) is None
    }


def _original(name: str, original: str) -> str:
    """Return the original name where the readable one does not tell it."""
    return "" if words(name) == words(original) else f"Called {original} in the source."


def _tell_apart(readable: Sequence[str], originals: Sequence[str]) -> list[str]:
    """Return readable names; the original where two are alike or nothing is left."""
    counts = Counter(" ".join(words(str(name))) for name in readable)
    found: list[str] = []
    taken: set[str] = set()
    for name, original in zip(readable, originals, strict=True):
        spoken = " ".join(words(str(name)))
        chosen = str(name) if spoken and counts[spoken] == 1 else str(original)
        number, stem = 2, chosen
        while chosen.casefold() in taken:
            chosen, number = f"{stem} {number}", number + 1
        taken.add(chosen.casefold())
        found.append(chosen)
    return found


def _declare(column: RawColumn, *, linked: bool) -> None:
    """Make a type exact: the file knows only text, number, time, boolean and others."""
    said, named = column.declared, words(column.name)
    if said == "number":
        declare(column, _number(named, linked=linked))
    elif said == "time":
        declare(column, _time(named))
    elif said == "boolean":
        declare(column, "boolean")
    elif not linked and named[-1:] and (named[-1] in _DAYS or named[:2] == ("date", "of")):
        declare(column, "date")
    elif not linked and named[-1:] in (("datetime",), ("timestamp",)):
        declare(column, "datetime")
    else:
        declare(column, "text")
    column.declared = said


def _number(named: Sequence[str], *, linked: bool) -> str:
    if linked or not named or named[-1] in _CODES or named[:2] == ("number", "of"):
        return "integer"
    money = has((tuple(named),), phrases("money"))
    if money and money not in single("money_weak"):
        return "decimal(10,2)"
    return "decimal(10,2)" if _FRACTIONS & set(named) or money == "amount" else "integer"


def _time(named: Sequence[str]) -> str:
    if named[-1:] == ("year",):
        return "integer"
    return "datetime" if _MOMENTS & set(named) else "date"
