"""Choosing among candidates: few rules, of many kinds, that all can be kept together.

`Candidate`s come in; `Choice` takes the best of each group in turn, gives ids, says of how many
rows a rule holds, and leaves out what would make a tool useless. Next: `synthesize`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from agentgym import rng
from agentgym.rules import All, AnyOf, Compare, Elapsed, In, Not, Owner, Predicate, Rule, parts
from agentgym.rules.consistency import contradictions
from agentgym.schema import Schema
from agentgym.schema.names import snake
from agentgym.tools import algebra
from agentgym.tools.algebra import Create, Delete, Term, Tool, Transfer, Unlink, touched
from agentgym.tools.derive.naming import slug
from agentgym.tools.derive.rules.ground import Ground, Written
from agentgym.tools.derive.rules.repeats import repeats

__all__ = ["Candidate", "Choice", "both", "name"]

_LONGEST = 60
_LOOSE = frozenset(
    "or and of at for in has is once only than unless until with most when it was after".split()
)
"""Words with which no id ends."""


class Candidate(NamedTuple):
    """A rule that could be made."""

    rule: Rule
    group: str
    """What it is like: groups take turns."""
    score: float = 0
    tools: tuple[str, ...] | None = None
    """The tools that it guards; None: all that write its entity in its ways."""
    spares: tuple[str, ...] = ()
    """Tools that cannot break it, though they write its entity."""
    about: str = ""
    """What it turns on: of a group, few rules turn on the same."""


def both(held: int, failed: int) -> bool:
    """Tell whether a predicate that so many rows pass and fail says something about them."""
    least = max(1, (held + failed) // 50)
    return held >= least and failed >= least


def name(*pieces: object) -> str:
    """Make the id of a rule of names and values; other scripts are said in ASCII.

    What is too long ends at a word that can stand last.
    """
    said = slug(snake(re.sub(r"[^\w\s.]|_", " ", " ".join(map(str, pieces))).split()))
    if len(said) <= _LONGEST:
        return said
    said = said[: _LONGEST + 1].rpartition("_")[0]
    while said.rpartition("_")[2] in _LOOSE:
        said = said.rpartition("_")[0]
    return said


class Choice:
    """The rules taken so far, with the tools that each guards.

    Args:
        ground: What they are made for.
        kept: What holds already.
    """

    def __init__(self, ground: Ground, kept: Sequence[Rule]) -> None:
        self.ground = ground
        self.rules: list[Rule] = []
        self.guards: dict[str, list[str]] = {}
        """Tool to the ids of the rules that it asks."""
        self.kept = kept
        self._ids = {rule.id for rule in kept}
        self._subjects: Counter[tuple[str, str]] = Counter()
        self._said: list[Predicate] = []

    def take(
        self, candidates: Sequence[Candidate], most: int, *, level: int, each: int = 2
    ) -> list[Rule]:
        """Take up to `most` of the candidates: the best of each group in turn.

        Of one group at most `each` rules are taken, one about each entity and two that turn on
        the same; no two rules say the same.

        Returns:
            What was taken, in that order.
        """
        groups: dict[str, list[Candidate]] = {}
        for one in candidates:
            groups.setdefault(one.group, []).append(one)
        for queue in groups.values():
            queue.sort(key=lambda one: (-self._score(one), one.rule.id))
        found: list[Rule] = []
        left = dict.fromkeys(groups, each)
        while len(found) < most and any(groups.values()):
            for group, queue in groups.items():
                if not left[group]:
                    queue.clear()
                while queue and len(found) < most:
                    rule = self._add(queue.pop(0), level)
                    if rule is not None:
                        left[group] -= 1
                        found.append(rule)
                        break
        return found

    def advise(self, name: str) -> None:
        """Make advice of a rule: the manual says so, and no tool refuses."""
        self.rules = [
            msgspec.structs.replace(rule, enforced=False) if rule.id == name else rule
            for rule in self.rules
        ]

    def settle(self, kept: Sequence[Rule]) -> None:
        """Drop what contradicts what holds already, or rules of lower levels.

        Args:
            kept: What holds already.
        """
        while True:
            together = [
                [*tool.guards, *self.guards.get(tool.name, ())] for tool in self.ground.tools
            ]
            found = contradictions((*kept, *self.rules), self.ground.schema, together)
            ours = [one.rules for one in found if any(r.id in one.rules for r in self.rules)]
            if not ours:
                return
            last = [rule for rule in self.rules if rule.id in ours[0]][-1]
            self.rules.remove(last)
            for names in self.guards.values():
                if last.id in names:
                    names.remove(last.id)

    def _score(self, one: Candidate) -> float:
        return one.score + 3 * rng.stream(self.ground.seed, "rule", one.rule.id).random()

    def _add(self, one: Candidate, level: int) -> Rule | None:
        rule = one.rule
        subject, turns = (one.group, f"rows of {rule.entity}"), (one.group, one.about)
        if self._subjects[subject] or rule.predicate in self._said:
            return None
        if repeats(rule, (*self.kept, *self.rules)):
            return None
        if one.about and self._subjects[turns] > 1:
            return None
        if rule.on == ("delete",) and not any(self.ground.free(rule.entity)):
            return None  # something refers to every row: none can be deleted anyway
        tools = [tool for tool in self.ground.tools if _breaks(one, tool, self.ground)]
        if not tools or not all(self._usable(rule, tool) for tool in tools):
            return None
        if not self._independent(rule, tools):
            return None
        fields = rule.fields if "update" in rule.on else ()
        rule = msgspec.structs.replace(rule, id=self._id(rule.id), level=level, fields=fields)
        self._subjects.update((subject, turns))
        self._said.append(rule.predicate)
        self._ids.add(rule.id)
        self.rules.append(rule)
        for tool in tools:
            self.guards.setdefault(tool.name, []).append(rule.id)
        return rule

    def _id(self, wanted: str) -> str:
        found, number = wanted, 2
        while found in self._ids:
            found, number = f"{wanted}_{number}", number + 1
        return found

    def _usable(self, rule: Rule, tool: Tool) -> bool:
        """Tell whether some present row passes this rule and all others that the tool asks."""
        creates = isinstance(tool.term, Create)
        asked = [
            one
            for one in (*self._asked(tool, rule.entity), rule)
            if not (creates and _own(one.predicate))
        ]
        passes = self._passes(asked, rule.entity)
        if isinstance(tool.term, (Delete, Unlink)):
            free = self.ground.free(rule.entity)
            if any(free):
                return any(one and other for one, other in zip(passes, free, strict=True))
        return any(passes)

    def _independent(self, rule: Rule, tools: Sequence[Tool]) -> bool:
        """Tell whether neither the rule nor those it meets follow from the others.

        Each that some rows fail is failed, under some tool, by a row that passes the others.
        """
        near = {one.id: one for tool in tools for one in self._asked(tool, rule.entity)}
        return all(
            one.kind in ("authentication", "ownership")  # the caller decides, and not the row
            or all(self.ground.held(one.predicate, rule.entity))
            or any(self._alone(one, rule, tool) for tool in self.ground.tools)
            for one in (*near.values(), rule)
        )

    def _alone(self, one: Rule, new: Rule, tool: Tool) -> bool:
        known = self.guards.get(tool.name, [])
        touched = any(
            _touches(new, what) for guarded, what in self.ground.writes if guarded.name == tool.name
        )
        if not (touched if one is new else one.id in known):
            return False
        others = [r for r in self._asked(tool, new.entity) if r is not one]
        if touched and one is not new:
            others.append(new)
        fails = self.ground.held(one.predicate, new.entity)
        return any(
            passes and not held
            for passes, held in zip(self._passes(others, new.entity), fails, strict=True)
        )

    def _asked(self, tool: Tool, entity: str) -> list[Rule]:
        known = self.guards.get(tool.name, [])
        return [rule for rule in self.rules if rule.id in known and rule.entity == entity]

    def _passes(self, asked: Sequence[Rule], entity: str) -> list[bool]:
        """Tell of each row whether it passes all the rules."""
        found = [True] * len(self.ground.rows[entity])
        for rule in asked:
            held = self.ground.held(rule.predicate, entity)
            found = [one and other for one, other in zip(found, held, strict=True)]
        return found


def _own(predicate: Predicate) -> bool:
    """Tell whether the arguments of a call that creates the row decide."""
    return any(
        isinstance(part, (Compare, In, Elapsed)) and not part.path for part in parts(predicate)
    )


def _breaks(one: Candidate, tool: Tool, ground: Ground) -> bool:
    """Tell whether some call of the tool may break the rule."""
    if tool.name in one.spares or (one.tools is not None and tool.name not in one.tools):
        return False
    if _of_nobody(one.rule, tool.term, ground.schema):
        return False
    return any(
        _touches(one.rule, what) for guarded, what in ground.writes if guarded.name == tool.name
    )


def _of_nobody(rule: Rule, term: Term, schema: Schema) -> bool:
    """Tell whether no call could be by the owner: one row of two, or one made by the same call."""
    steps = [step.term for step in term.steps] if isinstance(term, algebra.Sequence) else [term]
    every = {step.entity for step in steps if isinstance(step, Create)}
    made = every - {rule.entity}
    several = isinstance(term, Transfer) and term.source.entity == term.target.entity
    for part in parts(rule.predicate):
        if isinstance(part, Owner) and rule.entity in touched(term, schema):
            if not part.path and (several or (len(steps) > 1 and rule.entity in every)):
                return True
            if len(part.path) == 1 and schema.relation(part.path[0]).target in made:
                return True
            if part.path and any(_leaves_open(step, rule, part, schema) for step in steps):
                return True
    return False


def _leaves_open(term: Term, rule: Rule, owner: Owner, schema: Schema) -> bool:
    """Tell whether the term makes a row without saying whose it is."""
    if not isinstance(term, (Create, algebra.Link)) or term.entity != rule.entity:
        return False
    ends = term.ends if isinstance(term, algebra.Link) else ()
    given = {argument.field for argument in (*ends, *term.values)}
    return not set(schema.relation(owner.path[0]).fields) <= given


def _touches(rule: Rule, what: Written) -> bool:
    if what.entity != rule.entity or what.kind not in rule.on:
        return False
    if what.kind == "update":
        return not rule.fields or bool(what.fields & set(rule.fields))
    if what.kind == "create":
        return any(_looks(part, what) for part in parts(rule.predicate))
    return True


def _looks(part: Predicate, what: Written) -> bool:
    """Tell whether a part of a predicate may fail for a row that is created with these fields."""
    match part:
        case Compare() | In() | Elapsed():
            return part.at == "after" and (bool(part.path) or part.field in what.fields)
        case Not() | All() | AnyOf():
            return False
        case _:
            return True
