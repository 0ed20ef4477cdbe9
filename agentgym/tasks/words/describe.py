"""The rows of one message: nouns for them, and sentences that speak of the inner ones first.

What would be a chain of nouns is taken apart: `introduce` gives sentences about the inner
rows, and what comes after says `that invoice`. Next: `say`.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from agentgym.tasks.words.idiom import belonging
from agentgym.tasks.words.lexicon import low, said
from agentgym.tasks.words.meaning import Row, rows_in
from agentgym.tasks.words.nominal import Nominal
from agentgym.tasks.words.phrases import Having, Intro, Introduced, Leading, Me
from agentgym.tasks.words.values import UnsayableError

__all__ = ["Describer"]

_DEEP = 2
"""A description with more nouns inside one another than this is never written."""
_INTROS = 4
"""No more sentences than this introduce rows."""


class Describer(Nominal):
    """Describes the rows of one message, and remembers which it has described."""

    def introduce(self, rows: Iterable[tuple[Row, bool]]) -> tuple[Intro, ...]:
        """Speak first of the rows that would make a description too deep, and remember them.

        Args:
            rows: What will be described, in order; and whether in the plural.

        Raises:
            UnsayableError: There are no words for one of them.
        """
        intros: list[Intro] = []
        told: list[Row] = []
        for row, _ in rows:
            while len(intros) < _INTROS and not self._reach.fits(row):
                inside = list(self._reach.inside(row))
                anchor = next((one for one in inside if self._reach.worth(one)), None)
                if anchor is None:
                    named = (
                        t.row for t in row.ties if not t.absent and self._reach.beyond(t) is None
                    )
                    anchor = next((one for one in named if not self._reach.pointable(one)), None)
                known = {one.entity for one in self._reach.known}
                if anchor is None or anchor.entity in known:
                    break
                intros.append(self._intro(anchor))
                self.learn(anchor)
                intro = intros[-1]
                if isinstance(intro, Leading):
                    self._reach.known[anchor] = intro.head
                self.focus = None if isinstance(intro, Leading) else anchor
                told.append(anchor)
            if not self._reach.fits(row):
                raise UnsayableError("a row at the end of a chain of nouns")
        if not all(map(self._reach.pointable, told)):
            raise UnsayableError("two of a kind are introduced")
        return tuple(intros)

    def _intro(self, row: Row) -> Intro:
        only = row.ties[0] if len(row.ties) == 1 else None
        if only is not None and not only.absent and self._reach.beyond(only) is None:
            relation = self._words.schema.relation(only.relation)
            target = self.entity(relation.target)
            clear = self._words.clear(relation)
            own = low(relation.label) != low(target.label)
            plain = not (row.clues or row.pick)
            told = own or (clear and belonging(target.label))
            if not only.forward and plain and told and said(relation.label) and self._chance(0.6):
                head = relation.label if own else target.label
                return Leading(noun=self.noun(only.row), head=head, own=own)
            plainly = any(c.op == "eq" and not c.held for c in row.clues) and row.pick is None
            if only.forward and clear and not own and plainly and self._chance(0.6):
                owner = self.noun(only.row)
                if self._words.is_person(only.row.entity) and not isinstance(owner, Me):
                    bare = msgspec.structs.replace(row, ties=())
                    noun = self.described(bare, plural=False, indefinite=True)
                    if not noun.tail:
                        return Having(noun=msgspec.structs.replace(noun, owner=owner, article="a"))
        reached = any(one in self._reach.known for one in rows_in(row))
        return Introduced(noun=self.described(row, plural=False), new=not reached)
