"""The rows of one entity: roots come in, whole rows that hold go out.

Each row gets its state, its times, its values, copies from its parents and the totals
that follow; then checks are mended and uniques made unique. Next: `totals`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache

from agentgym.populate.limits import Limits
from agentgym.populate.meaning import PLACES, kind_of, scope, split
from agentgym.populate.parents import Root, Stock, unique_sets
from agentgym.populate.people import spots
from agentgym.populate.pools import words
from agentgym.populate.technical import GEO, Line
from agentgym.populate.times import Calendar, working
from agentgym.populate.totals import line_total, tax_in, tax_pairs
from agentgym.populate.values import Maker, final_states, maker, null_share
from agentgym.rng import stream
from agentgym.schema import Entity, Field, Relation
from agentgym.schema.types import Stored

__all__ = ["Smith", "parts"]

Values = dict[str, Stored]


def parts(entity: Entity, row: Values) -> Values:
    """Return what a row says about where it is: kinds of `meaning.PLACES` to values."""
    found: Values = {}
    for name, kind, first in _places(entity):
        value = row[name]
        if value is not None and value != "" and not (first and kind in found):
            found[kind] = value
    return found


@lru_cache(maxsize=4096)
def _places(entity: Entity) -> tuple[tuple[str, str, bool], ...]:
    """Return the fields that say where a row is, their kinds, and whether the first one counts."""
    geo = GEO.get((split(entity.label) or ("",))[-1])
    found: list[tuple[str, str, bool]] = []
    for field in entity.fields:
        if field.type == "text":
            kind = kind_of(entity, field)
            if kind in PLACES:
                found.append((field.name, kind, bool(scope(entity, field))))
            elif kind == "label" and geo is not None:
                found.append((field.name, geo, False))
    return tuple(found)


class Smith:
    """Makes the rows of one entity."""

    def __init__(
        self,
        stock: Stock,
        entity: Entity,
        limits: Limits,
        *,
        count: int,
        decided: Collection[str],
        pending: Collection[str],
        window: tuple[float, float],
        filled: Collection[str] = (),
    ) -> None:
        self.stock, self.entity, self.limits = stock, entity, limits
        self.end = window[1]
        self.pending = set(pending)
        self.calendar = Calendar(entity, limits)
        self.sets = unique_sets(stock.schema, entity)
        self.seen: dict[tuple[str, ...], set[tuple[Stored, ...]]] = {s: set() for s in self.sets}
        self.turns: dict[tuple[tuple[str, ...], tuple[Stored, ...]], int] = {}
        free = [f for f in entity.fields if f.name not in decided and f.name not in pending]
        self.free = {field.name: field for field in free}
        self.counted = self._counters(free)
        self.counters: dict[tuple[str, tuple[Stored, ...]], int] = {}
        seed = stock.seed
        self.makers: dict[str, Maker] = {
            field.name: maker(stock.schema, entity, field, limits, count, seed=seed)
            for field in free
            if field.name not in self.counted and field.name not in self.calendar.ranks
        }
        self.streams = {f.name: stream(seed, "populate", entity.name, f.name) for f in free}
        self.nulls = {
            f.name: null_share(f, seed=seed, entity=entity.name)
            for f in free
            if f.name not in entity.key and f.name not in filled
        }
        self.clock = stream(seed, "populate", entity.name, "times")
        states = [f for f in free if f.role == "status" and f.name in self.makers]
        self.status = states[0] if states else None
        self.copied = self._copies()
        self.used: set[str] = set()
        self.total = line_total(entity)
        self.taxed = tax_pairs(entity)

    def _counters(self, free: Sequence[Field]) -> dict[str, tuple[str, ...]]:
        """Find the numbers that are counted: whole keys, and places within a parent."""
        found: dict[str, tuple[str, ...]] = {}
        for fields in self.sets:
            own = [
                f for f in free if f.name in fields and f.type in ("integer", "decimal", "float")
            ]
            own = [f for f in own if f.name not in self.calendar.ranks]
            if not own or any(self.limits.choices[f.name] is not None for f in own):
                continue
            last = own[-1]
            if fields == self.entity.key or last.role in ("key", "other", "quantity", "code"):
                found.setdefault(last.name, tuple(n for n in fields if n != last.name))
        return found

    def _copies(self) -> dict[str, list[tuple[Relation, str]]]:
        """Find the fields that repeat what a parent says: `customer name`, `unit price`."""
        found: dict[str, list[tuple[Relation, str]]] = {}
        unique = {name for fields in self.sets for name in fields}
        for relation in self.stock.schema.parents(self.entity.name):
            target = self.stock.schema.entity(relation.target)
            for theirs in target.fields:
                if theirs.role in ("secret", "key", "audit", "reference"):
                    continue
                full = {f"{target.label} {theirs.label}", f"{relation.label} {theirs.label}"}
                for mine in self.free.values():
                    same = mine.label == theirs.label and "price" in split(mine.label)
                    alike = (mine.type, mine.scale) == (theirs.type, theirs.scale)
                    if alike and mine.name not in unique and (mine.label in full or same):
                        found.setdefault(mine.name, []).append((relation, theirs.name))
        return found

    def keys(self, field: Field, count: int, given: Sequence[Stored]) -> list[Stored]:
        """Make the values of a field before its rows, for rows that are made earlier.

        Args:
            field: Free, and referred to.
            count: How many are wanted.
            given: Values that must be among them, first.
        """
        known = dict.fromkeys(given)
        number = 0
        while len(known) < count and number < count * 3:
            line = Line(self.entity, number, seed=self.stock.seed)
            self._settle(line)
            value = self._value(field, line, {})
            turn = 0
            while value in known and turn < count * 2:
                turn += 1
                value = self.limits.vary(field.name, value, turn)
            if value is not None and self.limits.legal(field.name, value):
                known[value] = None
            number += 1
        return list(known)

    def make(self, roots: Sequence[Root], known: dict[str, list[Stored]]) -> None:
        """Make the rows and put them into the stock.

        Args:
            roots: In order of birth.
            known: Field to its values, where these were made before the rows.
        """
        rows: list[Values] = []
        births: list[float] = []
        last = 0.0
        places: list[Values] = []
        taken = {name: {root.values.get(name) for root in roots} for name in known}
        left = {n: iter([v for v in values if v not in taken[n]]) for n, values in known.items()}
        self.used = set()
        for root in roots:
            line = Line(self.entity, len(rows), seed=self.stock.seed)
            line.birth = max(working(root.birth, self.clock), root.since, last)
            last = line.birth
            line.near = self._near(root)
            start = dict(root.values)
            ready = {n: next(values, None) for n, values in left.items() if n not in start}
            if None in ready.values():
                continue
            start |= ready
            row = next(
                (r for _ in range(4) if (r := self._row(line, root, start)) is not None), None
            )
            if row is None:
                continue
            rows.append(row)
            births.append(line.birth)
            places.append({**line.near, **parts(self.entity, row)})
        self.stock.rows[self.entity.name] = rows
        self.stock.births[self.entity.name] = births
        self.stock.places[self.entity.name] = places

    def _near(self, root: Root) -> Values:
        """Return where the row's first parent with a place is."""
        for relation in self.stock.schema.parents(self.entity.name):
            known = self.stock.places.get(relation.target)
            if known and relation.name in root.parents and relation.target != self.entity.name:
                found = known[root.parents[relation.name]]
                if found:
                    return dict(found)
        return {}

    def _settle(self, line: Line) -> None:
        """Say which country, region or city a row about one is: each once, in its country."""
        kind = GEO.get((split(self.entity.label) or ("",))[-1])
        if kind is None or kind in line.near:
            return
        found = next((n for n in spots(kind, line.near) if n not in self.used), None)
        if found is None and kind != "country":
            found = line.rng.choice(words("nouns")) + line.rng.choice(words("town_tails"))
        if found is not None:
            self.used.add(found)
            line.near = {**line.near, kind: found}

    def _row(self, line: Line, root: Root, start: Values) -> Values | None:
        """Make one row, or None where it does not hold."""
        self._settle(line)
        row: Values = dict(start)
        for name in self.pending:
            row[name] = None
        closed: bool | None = None
        if self.status is not None and self.status.name not in row:
            row[self.status.name] = self._value(self.status, line, row)
            order = self.limits.choices[self.status.name] or [row[self.status.name]]
            final = final_states(self.stock.schema, self.entity, self.status, order)
            closed = row[self.status.name] in final
        times = self.calendar.draw(line.birth, self.end, self.clock, closed=closed)
        for name, field in self.free.items():
            if name not in row:
                known = times[name] if name in times else self._value(field, line, row)
                row[name] = self.limits.clamp(name, known)
        self._copy(row, root)
        for net, gross in self.taxed:
            if gross in self.free and net in self.free:
                tax_in(row, net, gross)
        if self.total is not None and self.total.field in self.free:
            row[self.total.field] = self.total.value(row, self.entity)
        whole = {field.name: row[field.name] for field in self.entity.fields}
        if not self._mend(whole) or not self._distinguish(whole):
            return None
        return whole

    def _value(self, field: Field, line: Line, row: Values) -> Stored:
        rng = self.streams[field.name]
        if field.name in self.counted:
            return self._count(field, row)
        if field.name in self.calendar.ranks:
            return self.calendar.draw(line.birth, self.end, self.clock, closed=None)[field.name]
        if self.nulls.get(field.name) and rng.random() < self.nulls[field.name]:
            return None
        return self.makers[field.name](line, rng)

    def _count(self, field: Field, row: Values) -> Stored:
        group = tuple(row.get(name) for name in self.counted[field.name])
        number = self.counters.get((field.name, group), 0) + 1
        self.counters[(field.name, group)] = number
        low, _ = self.limits.bounds[field.name]
        start = max(low, 0) - 1 if low is not None and low > 1 else 0
        if field.type == "decimal":
            return int(start + number * 10**field.scale)
        value = start + number
        if field.role == "code" and field.name not in self.entity.key and field.type == "integer":
            value += 1000 if self.limits.legal(field.name, value + 1000) else 0
        return float(value) if field.type == "float" else int(value)

    def _copy(self, row: Values, root: Root) -> None:
        for name, sources in self.copied.items():
            for relation, theirs in sources:
                if relation.name not in root.parents or relation.target not in self.stock.rows:
                    continue
                value = self.stock.rows[relation.target][root.parents[relation.name]][theirs]
                if value is not None and self.limits.legal(name, value):
                    row[name] = value
                    break

    def _mend(self, row: Values) -> bool:
        """Make single values legal and comparisons of two fields true; say whether all holds."""
        for name, field in self.free.items():
            if not self.limits.legal(name, row[name]) and not self._relegalise(field, row):
                return False
        for turn in range(8):
            check = self.limits.broken(row)
            if check is None:
                return all(self.limits.legal(name, row[name]) for name in self.free)
            left, right = check.field, str(check.other)
            self._reconcile(check.op, left, right, row, turn)
        return False

    def _relegalise(self, field: Field, row: Values) -> bool:
        value = self.limits.clamp(field.name, row[field.name])
        if value is None:
            value = (
                self.makers[field.name](
                    Line(self.entity, 0, seed=self.stock.seed), self.streams[field.name]
                )
                if field.name in self.makers
                else None
            )
        for turn in range(30):
            if value is not None and self.limits.legal(field.name, value):
                row[field.name] = value
                return True
            value = self.limits.vary(field.name, value, turn + 1) if value is not None else None
        if field.nullable and field.name not in self.entity.key:
            row[field.name] = None
            return True
        return False

    def _reconcile(self, op: str, left: str, right: str, row: Values, turn: int) -> None:
        """Change one side of a comparison that fails: swap, move, or leave it open."""
        fields = self.limits.fields
        loose = [n for n in (left, right) if n in self.free and fields[n].nullable]
        if turn >= 5 and loose:
            row[loose[-1]] = None
            return
        mine, other = row[left], row[right]
        if mine is None or other is None:
            return
        both = left in self.free and right in self.free
        alike = (fields[left].type, fields[left].scale) == (fields[right].type, fields[right].scale)
        swaps = op in ("lt", "le", "gt", "ge") and both and alike and turn == 0 and mine != other
        if swaps and self.limits.legal(left, other) and self.limits.legal(right, mine):
            row[left], row[right] = other, mine
            return
        moved, fixed = (
            (left, right)
            if left in self.free and (right not in self.free or turn % 2)
            else (right, left)
        )
        if moved not in self.free:
            return
        value = _convert(row[fixed], fields[fixed], fields[moved])
        if value is None:
            return
        step = {"lt": -1, "gt": 1, "ne": turn + 1}.get(op, 0)
        step = -step if moved == right and op != "ne" else step
        if isinstance(value, (int, float)):
            gap = 10 ** fields[moved].scale if op in ("lt", "gt") else 1
            near = value + step * gap
            value = near if self.limits.legal(moved, near) else value + step
        elif step:
            value = self.limits.vary(moved, value, step)
        if fields[moved].type == "float" and isinstance(value, int):
            value = float(value)
        if self.limits.legal(moved, value):
            row[moved] = value

    def _distinguish(self, row: Values) -> bool:
        """Make the row differ from all others where it must; say whether that was possible."""
        for fields in self.sets:
            if any(row[name] is None for name in fields) or set(fields) & self.pending:
                continue
            mark = tuple(row[name] for name in fields)
            if mark in self.seen[fields] and not self._vary(fields, row):
                return False
        marks = [(s, tuple(row[n] for n in s)) for s in self.sets]
        if any(None not in m and m in self.seen[s] for s, m in marks):
            return False
        for fields, mark in marks:
            self.seen[fields].add(mark)
        return True

    def _vary(self, fields: tuple[str, ...], row: Values) -> bool:
        own = [name for name in fields if name in self.free]
        own.sort(key=lambda n: (n in self.calendar.ranks, self.limits.choices[n] is not None))
        for name in own:
            base = row[name]
            choices = self.limits.choices[name]
            memo = (fields, tuple(row[n] for n in fields))
            turn = self.turns.get(memo, 0)
            for _ in range(len(choices) if choices is not None else 400):
                turn += 1
                row[name] = self.limits.vary(name, base, turn)
                mark = tuple(row[n] for n in fields)
                new = mark not in self.seen[fields] and self.limits.legal(name, row[name])
                if new and self.limits.broken(row) is None:
                    self.turns[memo] = turn
                    return True
            row[name] = base
        return False


def _convert(value: Stored, from_: Field, to: Field) -> Stored:
    """Return the value of one field as one of another type that compares with it."""
    if value is None or (from_.type == to.type and from_.scale == to.scale):
        return value
    if isinstance(value, (int, float)) and to.type in ("integer", "decimal", "float"):
        number = float(value / 10**from_.scale)
        return number if to.type == "float" else round(number * 10**to.scale)
    if from_.type == "date" and to.type == "datetime":
        return f"{value}T00:00:00Z"
    if from_.type == "datetime" and to.type == "date":
        return str(value)[:10]
    return None
