"""Finding: the row of a select, all of its rows, or that there is none.

Selects come in; what they rest on is found first, then calls show the rows, and clues that no call
takes are checked on what was shown. Rows and where they stand go out. Next: `figures`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import replace

from agentgym.plan.lower.knowing import Knowing, pairs
from agentgym.plan.lower.offers import Until
from agentgym.plan.lower.records import At, Key, Known, Look, Pool, key_of
from agentgym.plan.nodes import Link, Pick, Select
from agentgym.plan.remedies import NoLoweringError, Operand
from agentgym.schema.types import Row

__all__ = ["Finding"]


class Finding(Knowing):
    """Finds rows through tools."""

    # values

    def operand(self, node: str, field: str, *, empty: bool = False) -> Operand:
        """Return the value of a field of a select's row, by the way that costs least.

        Args:
            node: Id of the select.
            field: Name of the field.
            empty: Whether an empty value will do.

        Raises:
            NoLoweringError: It cannot be known, or is empty.
        """
        select = self.select(node)
        if node not in self.found:
            known = self._unseen(select, field)
            if known is not None:
                return known
        at = self.row(node)
        if field not in at.row or (at.row[field] is None and not empty):
            raise NoLoweringError(f"{select.entity}.{field} is empty or not shown")
        return at.operand(field, self.basis.get(node, ()))

    def _unseen(self, select: Select, field: str) -> Operand | None:
        """Return a value that is known of a row that nobody has seen."""
        for fact in self.plan.who() if select.me else ():
            if fact.field == field:
                return self.told(fact.id)
        if select.me:
            number = self.remedies.identify(select.id)
            if number is not None and field in self.remedies.identity:
                value = self.remedies.identity[field]
                return Operand(value=value, origin=f"call:{number}:identified.{field}")
            return None
        for where in select.where:
            if where.op == "eq" and where.of is None and where.field == field:
                return self.told(where.fact)
        bare = not select.where and select.pick is None and not select.among
        if bare and len(select.links) == 1:
            (link,) = select.links
            relation = self.schema.relation(link.relation)
            if not link.forward and not link.absent and field in relation.target_fields:
                mine = relation.fields[relation.target_fields.index(field)]
                if len(self.tables.extent(self.plan, link.node)) == 1:
                    return self.operand(link.node, mine)
        return None

    # rows

    def row(self, node: str) -> At:
        """Find the row of a select, once.

        Raises:
            NoLoweringError: It has none or several, or no tool shows it.
        """
        if node not in self.found:
            select = self.select(node)
            rows = self.tables.extent(self.plan, node)
            if len(rows) != 1:
                raise NoLoweringError(f"{len(rows)} rows of {select.entity} fit")
            (at,) = self.sets.get(node) or self._rows(select, rows, single=True)
            self.found[node] = at
        return self.found[node]

    def rows(self, node: str) -> list[At]:
        """Find all rows of a select, once; none where it is seen that there is none.

        Raises:
            NoLoweringError: No tool shows them.
        """
        if node not in self.sets:
            select = self.select(node)
            rows = self.tables.extent(self.plan, node)
            if not rows:
                self.nothing(node)
            self.sets[node] = self._rows(select, rows, single=False) if rows else []
        return self.sets[node]

    def nothing(self, node: str) -> tuple[int, ...]:
        """See that a select has no row; returns the calls that show it.

        Raises:
            NoLoweringError: No tool shows it.
        """
        select = self.select(node)
        lacking = [k.node for k in select.links if not k.absent and self._empty(k.node)]
        if lacking:
            self.basis[node] = self.nothing(lacking[0])
        elif select.among and all(map(self._empty, select.among)):
            self.basis[node] = tuple(n for name in select.among for n in self.nothing(name))
        elif select.me:
            pool = self.desk.pool(select.entity, ())
            self.basis[node] = self.desk.look(select, self.who(), pool, until="all").numbers
        else:
            self._rows(select, (), single=False)
        return self.basis[node]

    def _empty(self, node: str) -> bool:
        return not self.tables.extent(self.plan, node)

    def _rows(self, select: Select, rows: Sequence[Row], *, single: bool) -> list[At]:
        """Let the rows of a select be shown, and know that they are its."""
        entity = self.schema.entity(select.entity)
        if select.among:
            seen, numbers = self._among(select)
        elif select.me:
            seen, numbers = self._mine(select, rows)
        else:
            seen, numbers = self._searched(select, rows, single=single)
        by_key: dict[Key, At] = {}
        for at in seen:
            by_key.setdefault(tuple(at.row.get(name) for name in entity.key), at)
        keys = {key_of(entity, row) for row in rows}
        if not keys <= by_key.keys():
            raise NoLoweringError(f"no tool finds the {entity.name}")
        self.basis[select.id] = tuple(sorted(numbers))
        return [at for key, at in by_key.items() if key in keys]

    def _among(self, select: Select) -> tuple[list[At], set[int]]:
        """Find each of the selects that this is one of, and check the other clues on the rows."""
        seen: list[At] = []
        numbers: set[int] = set()
        for name in select.among:
            one = len(self.tables.extent(self.plan, name)) == 1
            seen += [self.row(name)] if one else self.rows(name)
            numbers |= set(self.basis.get(name, ()))
        entity = self.schema.entity(select.entity)
        checks = {where.field for where in select.where}
        for link in select.links:
            relation = self.schema.relation(link.relation)
            checks |= set(relation.fields if link.forward else relation.target_fields)
            if not link.absent:
                self._tied(link)
        if select.pick is not None:
            checks.add(select.pick.field)
        if not all(checks <= at.row.keys() for at in seen):
            raise NoLoweringError(f"not all that is asked of the {entity.name} is shown")
        for at in seen:
            self._free(select, at, len(seen), numbers)
        return seen, numbers

    def _mine(self, select: Select, rows: Sequence[Row]) -> tuple[list[At], set[int]]:
        """Show the user's own row: by what identifies them, or by the key that it gave."""
        entity = self.schema.entity(select.entity)
        pool = self.desk.pool(select.entity, rows)
        number = self.remedies.identified
        if number is None:
            try:
                look = self.desk.look(select, self.who(), pool, until="first")
            except NoLoweringError:
                number = self.remedies.identify(select.id)
                if number is None:
                    raise
            else:
                return look.found, set(look.numbers)
        keys = {
            name: Operand(value=value, origin=f"call:{number}:identified.{name}")
            for name, value in self.remedies.identity.items()
        }
        if not set(entity.key) <= keys.keys():
            raise NoLoweringError(f"the key of the {entity.name} is not shown")
        look = self.desk.look(select, Known(keys, [], [], frozenset()), pool, until="first")
        return look.found, {number, *look.numbers}

    def _searched(
        self, select: Select, rows: Sequence[Row], *, single: bool
    ) -> tuple[list[At], set[int]]:
        """Search for rows by clues and links; see that links are absent, and which row is first."""
        links = tuple(link for link in select.links if not link.absent)
        plain = replace(select, pick=None, links=links)
        every = self.tables.fitting(self.plan, plain)
        cases = list(self.cases(select))
        if not single or len(cases) != 1:
            return self._everywhere(select, every, cases, rows if single else ())
        (known,) = cases
        pool = self.desk.pool(select.entity, every)
        look = None
        if select.pick is not None:
            look = self._in_order(select, known, pool, select.pick, rows[0])
        ordered = select.pick is None or look is not None
        if look is None:
            until: Until = "all" if select.pick else "last" if links != select.links else "first"
            look = self.desk.look(select, known, pool, until=until)
            self._shows(look.found, select.pick)
        numbers = set(look.numbers)
        entity = self.schema.entity(select.entity)
        target = key_of(entity, rows[0])
        for at in look.found:
            free = self._free(select, at, len(look.found), numbers)
            here = tuple(at.row.get(name) for name in entity.key) == target
            if (here and not free) or (free and ordered and not here):
                raise NoLoweringError(f"tools show another {entity.name}")
            if here and ordered:
                break
        return look.found, numbers

    def _in_order(
        self, select: Select, known: Known, pool: Pool, pick: Pick, row: Row
    ) -> Look | None:
        """Look at a list that is sorted as the pick says, as far as the row that it means."""
        entity = self.schema.entity(select.entity)
        place = entity.position(pick.field)
        best = row[place]
        rows = [
            one
            for one in self.tables.rows_at(entity.name, pool.bits)
            if one[place] is not None
            and (one[place] >= best if pick.largest else one[place] <= best)  # type: ignore[operator]
        ]
        near = self.desk.pool(entity.name, rows)
        whole = self.desk.price(select, known, pool, "all")
        ordered = self.desk.price(select, known, near, "last", pick)
        if ordered is None or (whole is not None and whole < ordered):
            return None
        return self.desk.look(select, known, near, until="last", pick=pick)

    def _shows(self, found: Iterable[At], pick: Pick | None) -> None:
        if pick is not None and not all(pick.field in at.row for at in found):
            raise NoLoweringError(f"{pick.field} is not shown")

    def _everywhere(
        self,
        select: Select,
        every: Sequence[Row],
        cases: Sequence[Known],
        wanted: Sequence[Row],
    ) -> tuple[list[At], set[int]]:
        """Look at all rows that fit, for each row of what the select is linked to.

        Where neither order nor absence has to be seen, until those that are wanted are shown.
        """
        entity = self.schema.entity(select.entity)
        left = {key_of(entity, row) for row in wanted}
        eager = bool(left) and select.pick is None and not any(k.absent for k in select.links)
        seen: list[At] = []
        numbers: set[int] = set()
        for link in () if cases else select.links:
            numbers |= set(self.basis.get(link.node, ()))
        for known in cases:
            pool = self.desk.pool(entity.name, self._within(select, every, known, cases))
            look = self.desk.look(select, known, pool, until="all")
            seen += look.found
            numbers |= set(look.numbers)
            left -= {tuple(at.row.get(name) for name in entity.key) for at in look.found}
            if eager and not left:
                break
        self._shows(seen, select.pick)
        for at in seen:
            self._free(select, at, len(seen), numbers)
        return seen, numbers

    def _within(
        self, select: Select, rows: Sequence[Row], known: Known, cases: Sequence[Known]
    ) -> list[Row]:
        """Return the rows that fit a case: those that hold the values that its links give."""
        if len(cases) == 1:
            return list(rows)
        bits = self.tables.bits_of(select.entity, rows)
        for field, operand in known.equal.items():
            bits &= self.tables.bits(select.entity, field, "eq", None, operand.value)
        return self.tables.rows_at(select.entity, bits)

    # what is known

    def cases(self, select: Select) -> Iterator[Known]:
        """Yield what can be said of the rows, for each row of what the select is linked to.

        Raises:
            NoLoweringError: What it is linked to cannot be found.
        """
        known = self.clues(select)
        ties = [self._tied(link) for link in select.links if not link.absent]
        for chosen in itertools.product(*ties):
            linked: dict[str, Operand] = {}
            for one in chosen:
                for field, operand in one.items():
                    linked.setdefault(field, operand)
            if all(linked[f].value == o.value for one in chosen for f, o in one.items()):
                yield known._replace(equal=linked | known.equal)

    def _tied(self, link: Link) -> list[dict[str, Operand]]:
        """Return what a link says of the row's fields, for each row of what it leads to.

        Nothing for a row that refers to none.
        """
        ends = pairs(self.schema.relation(link.relation), forward=link.forward)
        if len(self.tables.extent(self.plan, link.node)) == 1:
            told = {mine: self.operand(link.node, theirs, empty=True) for mine, theirs in ends}
            return [told] if all(one.value is not None for one in told.values()) else []
        found: dict[Key, dict[str, Operand]] = {}
        for at in self.rows(link.node):
            values = tuple(at.row.get(theirs) for _, theirs in ends)
            if None not in values:
                after = self.basis[link.node]
                one = {mine: at.operand(theirs, after) for mine, theirs in ends}
                found.setdefault(values, one)
        return list(found.values())

    # absence

    def _free(self, select: Select, at: At, count: int, numbers: set[int]) -> bool:
        """See whether a row is related to nothing that it must not be related to.

        Args:
            select: What the row was looked for as.
            at: The row.
            count: How many such rows have to be looked at.
            numbers: Takes the calls by which it was seen.
        """
        for link in select.links:
            if link.absent and self._related(link, at, count, numbers):
                return False
        return True

    def _related(self, link: Link, at: At, count: int, numbers: set[int]) -> bool:
        """See whether a row is related to any row of what an absent link leads to.

        Either all of those are found first, or those that are related to this row looked for.
        """
        ends = pairs(self.schema.relation(link.relation), forward=link.forward)
        if any(at.row.get(mine) is None for mine, _ in ends):
            return False
        other = self.select(link.node)
        if link.node not in self.sets:
            look = self._nearby(other, ends, at, count)
            if look is not None:
                numbers |= set(look.numbers)
                return bool(look.found)
        values = {tuple(one.row.get(f) for _, f in ends) for one in self.rows(link.node)}
        numbers |= set(self.basis[link.node])
        return tuple(at.row[mine] for mine, _ in ends) in values

    def _nearby(
        self, other: Select, ends: Sequence[tuple[str, str]], at: At, count: int
    ) -> Look | None:
        """Look for the rows that are related to one; None where all rows are better found first."""
        fields = [theirs for _, theirs in ends]
        told = {where.field for where in other.where}
        if other.pick or other.among or other.me or told & set(fields):
            return None
        if any(link.absent or self._empty(link.node) for link in other.links):
            return None
        cases = list(self.cases(other))
        if len(cases) != 1:
            return None
        (known,) = cases
        every = self.tables.extent(self.plan, other.id)
        whole = self.desk.price(other, known, self.desk.pool(other.entity, every), "all")
        extra = {theirs: at.operand(mine) for mine, theirs in ends}
        case = known._replace(equal=known.equal | extra)
        bits = self.tables.bits_of(other.entity, every)
        for field, operand in extra.items():
            bits &= self.tables.bits(other.entity, field, "eq", None, operand.value)
        pool = self.desk.pool(other.entity, self.tables.rows_at(other.entity, bits))
        here = self.desk.price(other, case, pool, "first")
        if here is None or (whole is not None and whole < here * count):
            return None
        return self.desk.look(other, case, pool, until="first")
