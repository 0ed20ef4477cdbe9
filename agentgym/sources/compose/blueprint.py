"""A structure drawn in general words: which patterns, options, flows and cardinalities.

A seed and a number come in, a `Blueprint` goes out; nothing but these decides it. Next: `fleet`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Literal

from agentgym.formats import Record
from agentgym.rng import stream
from agentgym.sources.compose.library import Library, load, parts
from agentgym.sources.compose.records import Fragment, Option, Reference, Slot
from agentgym.sources.compose.trade import Trade, label_of, mentioned, trade

__all__ = ["Blueprint", "draw"]

FEWEST, MOST = 3, 7
"""Patterns of a structure."""
SMALLEST, LARGEST = 8, 20
"""Entities of a structure; fewer only where a trade has no more."""
_TIGHTENED, _LOOSENED, _SHARED, _FIXED, _KEPT = 0.25, 0.15, 0.25, 0.45, 0.8


class Blueprint(Record, kw_only=True):
    """A structure in general words."""

    index: int
    """Its number in the fleet, from 0."""
    industry: str
    patterns: tuple[str, ...]
    """Each after those that it needs."""
    options: dict[str, tuple[str, ...]] = {}
    """Pattern to its options, in the pattern's order."""
    slots: tuple[str, ...]
    flows: dict[str, str] = {}
    """Slot to the flow of its status."""
    keys: dict[str, Literal["number", "code", "references"]] = {}
    turned: tuple[str, ...] = ()
    """References `slot.label` that are optional where the pattern has them required, and the
    other way round."""
    shared: tuple[str, ...] = ()
    """References `slot.label` of which a target may have several, where the pattern has one."""
    fixed: tuple[str, ...] = ()
    """Slots that no tool writes, where the pattern lets them."""
    left_out: tuple[str, ...] = ()
    """Attributes `slot.field` of the trade that this structure does not have."""

    @property
    def combination(self) -> tuple[str, ...]:
        """The names of the patterns, sorted."""
        return tuple(sorted(self.patterns))


def draw(
    seed: int,
    index: int,
    *,
    industry: str,
    attempt: int = 0,
    library: Library | None = None,
) -> Blueprint:
    """Draw a structure.

    Args:
        seed: Of the fleet.
        index: Its number in the fleet.
        industry: The trade that it is for.
        attempt: How many were drawn and refused before.
        library: Patterns and industries; the committed ones by default.

    Raises:
        UsageError: There is no such industry.
        FormatError: A committed file is not what it should be.
    """
    library = load() if library is None else library
    work = trade(library, industry)
    return _Drawing(work, index, stream(seed, "compose", industry, index, attempt)).blueprint()


class _Drawing:
    """One structure in the making."""

    def __init__(self, work: Trade, index: int, rng: Random) -> None:
        self.work, self.index, self.rng = work, index, rng
        self.library = work.library
        self.patterns: list[str] = []
        self.chosen: set[tuple[str, str]] = set()
        self.slots: dict[str, Slot] = {}

    def blueprint(self) -> Blueprint:
        size = round(self.rng.triangular(SMALLEST, LARGEST - 2, 12))
        self._draw_patterns(size)
        self._draw_options(size)
        order = {name: place for place, name in enumerate(self.work.patterns)}
        self.patterns.sort(key=order.__getitem__)
        pieces = self.work.drawn(self.patterns, self.chosen)
        slots = [slot for piece in pieces for slot in piece.slots]
        references = self._references(pieces)
        said = frozenset().union(*map(mentioned, pieces))
        turned = self._turn(references, slots, said)
        return Blueprint(
            index=self.index,
            industry=self.work.industry.name,
            patterns=tuple(self.patterns),
            options={
                name: found
                for name in self.patterns
                if (found := tuple(o.name for o in self.library.patterns[name].options
                                   if (name, o.name) in self.chosen))
            },
            slots=tuple(slot.slot for slot in slots),
            flows=self._flows(pieces),
            keys=self._keys(slots, references),
            turned=turned,
            shared=tuple(
                name for name, (_, one) in references.items()
                if one.one_to_one and self.rng.random() < _SHARED
            ),
            fixed=tuple(
                slot.slot for slot in slots
                if slot.kind == "lookup" and slot.writable and self.rng.random() < _FIXED
            ),
            left_out=tuple(
                f"{slot.slot}.{field.name}"
                for slot in slots
                for field in self.work.industry.slots[slot.slot].fields
                if self.rng.random() >= _KEPT
            ),
        )  # fmt: skip

    def _draw_patterns(self, size: int) -> None:
        """Draw patterns until there are enough of them, and about two thirds of the entities."""
        waiting = list(self.work.patterns)
        self.rng.shuffle(waiting)
        if "party" in waiting and self.rng.random() < 0.9:
            waiting.remove("party")
            waiting.insert(0, "party")
        for name in waiting:
            if len(self.patterns) >= FEWEST and len(self.slots) >= size * 0.62:
                break
            new = [each for each in self.work.closures[name] if each not in self.patterns]
            fresh = {slot.slot: slot for each in new for slot in self.library.patterns[each].slots}
            forced = [one for one in self.work.forced[name] if one not in self.chosen]
            fresh |= {
                slot.slot: slot
                for pattern, option in forced
                for slot in _option(self.library, pattern, option).slots
            }
            if len(self.patterns) + len(new) > MOST or len(self.slots | fresh) > LARGEST - 2:
                continue
            self.patterns += new
            self.slots |= fresh
            self.chosen.update(forced)

    def _draw_options(self, size: int) -> None:
        """Draw options by their chance; then more, or fewer, until the size is about right."""
        able = [(name, option) for name in self.patterns for option in self.work.options(name)]
        luck = {(name, option.name): self.rng.random() for name, option in able}
        self._take([one for one in able if luck[one[0], one[1].name] < one[1].chance], LARGEST)
        rest = [one for one in able if one[1].slots]
        self.rng.shuffle(rest)
        for one in rest:
            if len(self.slots) >= min(size, SMALLEST + 1):
                break
            self._take([one], LARGEST)

    def _take(self, wanted: Sequence[tuple[str, Option]], most: int) -> None:
        """Take those of the options that can be, over and over, since one may need another."""
        waiting = [one for one in wanted if (one[0], one[1].name) not in self.chosen]
        taken = True
        while taken:
            taken = False
            for name, option in list(waiting):
                if self._fits(name, option) and len(self.slots) + len(option.slots) <= most:
                    waiting.remove((name, option))
                    self.chosen.add((name, option.name))
                    self.slots |= {slot.slot: slot for slot in option.slots}
                    taken = True

    def _fits(self, name: str, option: Option) -> bool:
        mine = {other for pattern, other in self.chosen if pattern == name}
        against = {
            other.name
            for other in self.library.patterns[name].options
            if option.name in other.without
        }
        if mine & (against | set(option.without)) or not set(option.needs) <= self.slots.keys():
            return False
        known = self.slots.keys() | {slot.slot for slot in option.slots}
        if any(one.slot not in known for one in option.extends):
            return False
        return all(
            slot.kind != "link" or sum(one.to in known for one in slot.refs) > 1
            for slot in option.slots
        )

    def _references(self, pieces: Sequence[Fragment]) -> dict[str, tuple[str, Reference]]:
        """Return the references that lead somewhere: `slot.label` to its slot and itself."""
        return {
            f"{one.slot}.{label_of(reference)}": (one.slot, reference)
            for piece in pieces
            for one in parts(piece)
            for reference in one.refs
            if reference.to in self.slots and one.slot in self.slots
        }

    def _turn(
        self,
        references: dict[str, tuple[str, Reference]],
        slots: Sequence[Slot],
        said: frozenset[str],
    ) -> tuple[str, ...]:
        """Choose references that are required or not, other than the pattern has them."""
        above: dict[str, set[str]] = {slot.slot: set() for slot in slots}
        for slot, one in references.values():
            if not one.optional:
                above[slot].add(one.to)
        found = []
        for name, (slot, one) in references.items():
            luck = self.rng.random()
            if one.in_key or one.to == slot or one.one_to_one:
                continue
            if one.optional:
                if luck < _TIGHTENED and not _leads(above, one.to, slot):
                    above[slot].add(one.to)
                    found.append(name)
            elif luck < _LOOSENED and self._may_be_empty(name, slot, one, said):
                found.append(name)
        return tuple(found)

    def _may_be_empty(self, name: str, slot: str, one: Reference, said: frozenset[str]) -> bool:
        """Tell whether nothing in the structure hangs on the reference."""
        target = self.slots[one.to]
        plain = self.slots[slot].kind == "record" and (target.kind == "lookup" or one.to in _ASIDE)
        return plain and name not in said and label_of(one) not in said

    def _flows(self, pieces: Sequence[Fragment]) -> dict[str, str]:
        found: dict[str, str] = {}
        for piece in pieces:
            for one in parts(piece):
                if one.flows and one.slot in self.slots and one.slot not in found:
                    flows = self.work.industry.slots[one.slot].flows or one.flows
                    found[one.slot] = self.rng.choice(flows).name
        return found

    def _keys(
        self, slots: Sequence[Slot], references: dict[str, tuple[str, Reference]]
    ) -> dict[str, Literal["number", "code", "references"]]:
        """Choose how rows are told apart: numbers everywhere, or codes where the trade has them."""
        targets = {one.to for _, one in references.values()}
        joined = Counter(slot for slot, one in references.values() if one.in_key)
        codes = self.rng.random() < 0.5
        found: dict[str, Literal["number", "code", "references"]] = {}
        for slot in slots:
            coded = bool(self.work.industry.slots[slot.slot].code) and slot.kind == "record"
            if joined[slot.slot] > 1 and slot.slot not in targets:
                found[slot.slot] = "references"
            elif slot.key == "code" or (slot.key == "either" and codes and coded):
                found[slot.slot] = "code"
            else:
                found[slot.slot] = "number"
        return found


_ASIDE = frozenset({"staff", "site"})
"""Slots of which it may be open which one it is, beside lists."""


def _option(library: Library, pattern: str, option: str) -> Option:
    return next(one for one in library.patterns[pattern].options if one.name == option)


def _leads(above: dict[str, set[str]], start: str, end: str) -> bool:
    """Tell whether required references lead from one slot to another."""
    seen, waiting = {start}, [start]
    while waiting:
        here = waiting.pop()
        if here == end:
            return True
        for other in above.get(here, ()):
            if other not in seen:
                seen.add(other)
                waiting.append(other)
    return False
