"""Exact reasoning over conditions that hold together: whether nothing satisfies them.

Bounds and differences are closed as shortest paths are (a circle of less than nothing is a
contradiction), lists of values are cut to the bounds, and bounds to the lists, until nothing
changes. What is called impossible is; what is not called so may be impossible all the same.
Next: here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import product
from math import ceil, floor, prod

from agentgym.rules.consistency.forms import Branch, Constant, Member, Pair, Variable

__all__ = ["impossible", "parted"]

_MOST = 2_048
"""Combinations of alternatives beyond which nothing is said."""
_ROUNDS = 64

_Limit = tuple[Fraction, bool]
"""An upper limit of a difference, and whether it is not reached itself."""


def impossible(rules: Sequence[Sequence[Branch]]) -> bool:
    """Tell whether no case satisfies one branch of each rule. False where that is not known."""
    if any(not branches for branches in rules):
        return True
    for group in parted(rules):
        if prod(len(branches) for branches in group) > _MOST:
            continue
        if all(_contradicts(frozenset().union(*chosen)) for chosen in product(*group)):
            return True
    return False


def parted(rules: Sequence[Sequence[Branch]]) -> list[list[Sequence[Branch]]]:
    """Part the rules into those that share no variable with each other."""
    names = [
        {name for branch in branches for one in branch for name in _names(one)}
        for branches in rules
    ]
    groups: list[tuple[set[object], list[Sequence[Branch]]]] = []
    for mine, branches in zip(names, rules, strict=True):
        joined: tuple[set[object], list[Sequence[Branch]]] = (set(mine), [branches])
        apart = []
        for group in groups:
            if group[0] & joined[0]:
                joined = (joined[0] | group[0], [*group[1], *joined[1]])
            else:
                apart.append(group)
        groups = [*apart, joined]
    return [group for _, group in groups]


def _names(one: Member | Pair) -> Iterator[object]:
    if isinstance(one, Member):
        yield one.variable.name
    else:
        yield one.left.name
        yield one.right.name


@lru_cache(maxsize=4096)
def _contradicts(branch: Branch) -> bool:
    return any(_Case(group).impossible() for group in _connected(branch))


def _connected(branch: Iterable[Member | Pair]) -> list[list[Member | Pair]]:
    groups: list[tuple[set[object], list[Member | Pair]]] = []
    for one in sorted(branch, key=repr):
        joined: tuple[set[object], list[Member | Pair]] = (set(_names(one)), [one])
        apart = []
        for group in groups:
            if group[0] & joined[0]:
                joined = (joined[0] | group[0], [*group[1], *joined[1]])
            else:
                apart.append(group)
        groups = [*apart, joined]
    return [group for _, group in groups]


class _Case:
    """Conditions on variables that hang together."""

    def __init__(self, conditions: Sequence[Member | Pair]) -> None:
        variables: dict[object, Variable] = {}
        texts: set[str] = set()
        for one in conditions:
            for variable in (one.variable,) if isinstance(one, Member) else (one.left, one.right):
                variables[variable.name] = variable
                texts.update(v for v in variable.values or () if isinstance(v, str))
            if isinstance(one, Member):
                texts.update(v for v in one.values if isinstance(v, str))
        # Texts only compare with each other: their places in order stand for them.
        self.rank = {text: Fraction(place) for place, text in enumerate(sorted(texts))}
        self.names = list(variables)
        self.place = {name: place for place, name in enumerate(self.names, 1)}
        self.steps = [Fraction(0), *(variables[name].step for name in self.names)]
        size = len(self.names) + 1
        self.limit: list[list[_Limit | None]] = [[None] * size for _ in range(size)]
        self.lists: dict[int, set[Fraction]] = {}
        self.out: dict[int, set[Fraction]] = {}
        self.unequal: list[tuple[int, int]] = []
        self.changed = True
        for variable in variables.values():
            here = self.place[variable.name]
            if variable.values is not None:
                self.keep(here, {self.number(value) for value in variable.values})
            if variable.least is not None:
                self.above(here, Fraction(variable.least), strict=False)
        for one in conditions:
            if isinstance(one, Pair):
                self.pair(one)
            else:
                self.member(one)

    def number(self, value: Constant) -> Fraction:
        return self.rank[value] if isinstance(value, str) else value

    def keep(self, here: int, values: set[Fraction]) -> None:
        self.lists[here] = self.lists[here] & values if here in self.lists else set(values)

    def member(self, one: Member) -> None:
        here = self.place[one.variable.name]
        values = {self.number(value) for value in one.values}
        if one.op == "in":
            self.keep(here, values)
        elif one.op in ("out", "ne"):
            self.out.setdefault(here, set()).update(values)
        else:
            (value,) = values
            if one.op in ("lt", "le", "eq"):
                self.below(here, value, strict=one.op == "lt")
            if one.op in ("gt", "ge", "eq"):
                self.above(here, value, strict=one.op == "gt")

    def pair(self, one: Pair) -> None:
        left, right = self.place[one.left.name], self.place[one.right.name]
        if one.op == "ne":
            self.unequal.append((left, right))
        if one.op in ("lt", "le", "eq"):
            self.apart(left, right, strict=one.op == "lt")
        if one.op in ("gt", "ge", "eq"):
            self.apart(right, left, strict=one.op == "gt")

    def apart(self, low: int, high: int, *, strict: bool) -> None:
        step = self.steps[low]
        if strict and step and step == self.steps[high]:
            self.tighten(low, high, (-step, False))
        else:
            self.tighten(low, high, (Fraction(0), strict))

    def below(self, here: int, value: Fraction, *, strict: bool) -> None:
        step = self.steps[here]
        if step:
            units = value / step
            value = (ceil(units) - 1 if strict else floor(units)) * step
        self.tighten(here, 0, (value, strict and not step))

    def above(self, here: int, value: Fraction, *, strict: bool) -> None:
        step = self.steps[here]
        if step:
            units = value / step
            value = (floor(units) + 1 if strict else ceil(units)) * step
        self.tighten(0, here, (-value, strict and not step))

    def tighten(self, one: int, two: int, limit: _Limit) -> None:
        known = self.limit[one][two]
        if known is None or _smaller(limit, known):
            self.limit[one][two] = limit
            self.changed = True

    def impossible(self) -> bool:
        for _ in range(_ROUNDS):
            if not self.changed:
                return False
            self.changed = False
            if not self.close() or not self.cut():
                return True
        return False

    def close(self) -> bool:
        """Take every difference over every third; False where a circle comes to less than 0."""
        size = len(self.limit)
        for over in range(size):
            for one in range(size):
                first = self.limit[one][over]
                if first is None:
                    continue
                for two in range(size):
                    second = self.limit[over][two]
                    if second is not None:
                        total = (first[0] + second[0], first[1] or second[1])
                        known = self.limit[one][two]
                        if known is None or _smaller(total, known):
                            self.limit[one][two] = total
        none = (Fraction(0), False)
        return not any(
            (own := self.limit[place][place]) is not None and _smaller(own, none)
            for place in range(size)
        )

    def cut(self) -> bool:
        """Fit bounds, lists and exclusions to each other; False where nothing is left."""
        for here in range(1, len(self.limit)):
            high, low = self.limit[here][0], self.limit[0][here]
            if high is not None:
                self.below(here, high[0], strict=high[1])
            if low is not None:
                self.above(here, -low[0], strict=low[1])
            out = self.out.get(here, set())
            if here in self.lists:
                left = {v for v in self.lists[here] - out if self.within(here, v)}
                if not left:
                    return False
                self.lists[here] = left
                self.below(here, max(left), strict=False)
                self.above(here, min(left), strict=False)
            high, low = self.limit[here][0], self.limit[0][here]
            if high is not None and not high[1] and high[0] in out:
                self.below(here, high[0], strict=True)
            if low is not None and not low[1] and -low[0] in out:
                self.above(here, -low[0], strict=True)
        return self.differ()

    def differ(self) -> bool:
        for one, two in self.unequal:
            there, back = self.limit[one][two], self.limit[two][one]
            if there is not None and back is not None and there[0] <= 0 and back[0] <= 0:
                return False
            for here, other in ((one, two), (two, one)):
                value = self.fixed(here)
                known = self.out.setdefault(other, set())
                if value is not None and value not in known:
                    known.add(value)
                    self.changed = True
        return True

    def fixed(self, here: int) -> Fraction | None:
        high, low = self.limit[here][0], self.limit[0][here]
        if high is None or low is None or high[0] != -low[0]:
            return None
        return high[0]

    def within(self, here: int, value: Fraction) -> bool:
        high, low = self.limit[here][0], self.limit[0][here]
        if high is not None and (value > high[0] or (high[1] and value == high[0])):
            return False
        if low is not None and (value < -low[0] or (low[1] and value == -low[0])):
            return False
        step = self.steps[here]
        return not step or (value / step).denominator == 1


def _smaller(one: _Limit, two: _Limit) -> bool:
    return one[0] < two[0] or (one[0] == two[0] and one[1] and not two[1])
