"""The nodes that a graph gets, one at a time: identifier, classes, names, values.

`Facts` come in, `New` nodes go out, each drawn after one that is there. Next: `invent`.
"""

from __future__ import annotations

import dataclasses
import random
import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from agentgym.rng import stream
from agentgym.sources.graph.facts import ALIASES, LABELS, Facts, Value, is_opaque, local
from agentgym.sources.graph.grow.invent import Namer, Range, vary

__all__ = ["Likeness", "New"]

_TRIES = 30
_CODE = 40
"""Letters of the longest text that is a code where no two nodes share it."""
_ENOUGH = 4

Profile = tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class New:
    """A node that is added."""

    id: str
    like: str
    """The node after which it is drawn: of the same classes."""
    kinds: Profile
    values: tuple[tuple[str, Value], ...]
    """Property and value."""


class Likeness:
    """Makes nodes like those of a graph.

    Args:
        facts: Of the graph.
        seed: Decides everything that is drawn.
        typed: The nodes after which new ones are drawn.
        profiles: Node to its classes.
        members: Classes to the nodes that have just these.
        fixed: Properties of which no new value can be made.
    """

    def __init__(
        self,
        facts: Facts,
        *,
        seed: int,
        typed: Sequence[str],
        profiles: Mapping[str, Profile],
        members: Mapping[Profile, Sequence[str]],
        fixed: Collection[str],
    ) -> None:
        self.facts, self.seed, self.fixed = facts, seed, fixed
        self.typed, self.profiles, self.members = typed, profiles, members
        self.spelled = {
            name: facts.name(name).casefold().replace("_", " ") for name in self._props()
        }
        self.ids = {node.casefold() for node in facts.nodes}
        self.numbers: dict[str, int] = {}
        """Beginning of an identifier to the last number after it."""
        self.counters: dict[str, int] = {}
        """Property to the last number that was made for it."""
        self.ranges: dict[tuple[Profile, str, str], Range] = {}
        self.taken: dict[str, set[str]] = defaultdict(set)
        self.columns: dict[tuple[Profile, str, str], list[str]] = defaultdict(list)
        self.alone: dict[tuple[Profile, str, str], bool] = {}
        self.namers: dict[tuple[Profile, str, str], Namer] = {}
        self._read()

    def _props(self) -> list[str]:
        return sorted({prop for said in self.facts.said.values() for prop in said})

    def _read(self) -> None:
        for profile in sorted(self.members):
            for node in self.members[profile]:
                for prop, values in sorted(self.facts.said.get(node, {}).items()):
                    for value in sorted(values):
                        self.columns[profile, prop, value.language].append(value.text)
                        self._used(prop).add(value.text.casefold())
        for slot, texts in sorted(self.columns.items()):
            self.alone[slot] = len(texts) >= _ENOUGH and len(set(texts)) == len(texts)

    def _used(self, prop: str) -> set[str]:
        """Return the values of a property, folded; names are kept together."""
        called = self.spelled[prop]
        return self.taken["" if called in LABELS or called in ALIASES else prop]

    def node(self, number: int) -> New:
        """Return the new node of that number."""
        draw = stream(self.seed, "grow", "node", number)
        like = draw.choice(self.typed)
        profile = self.profiles[like]
        values: list[tuple[str, Value]] = []
        for prop, seen in sorted(self.facts.said.get(like, {}).items()):
            made: set[Value] = set()
            for value in sorted(seen):
                made.add(self._value(profile, prop, value, draw))
            values += [(prop, value) for value in sorted(made)]
        names = [v.text for prop, v in values if self.spelled[prop] in LABELS]
        return New(
            id=self._id(like, profile, names, draw), like=like, kinds=profile, values=tuple(values)
        )

    def _value(self, profile: Profile, prop: str, value: Value, draw: random.Random) -> Value:
        slot = (profile, prop, value.language)
        texts, called = self.columns[slot], self.spelled[prop]
        if prop in self.fixed or value.declared in ("json", "boolean"):
            return dataclasses.replace(value, text=draw.choice(texts))
        if called in LABELS or called in ALIASES:
            text: str | None = self._namer(slot).name(self._used(prop), draw)
        elif self.alone[slot]:
            text = self._single(slot, value, draw)
        else:
            text = self._range(slot).value(draw)
        return dataclasses.replace(value, text=draw.choice(texts) if text is None else text)

    def _single(
        self, slot: tuple[Profile, str, str], value: Value, draw: random.Random
    ) -> str | None:
        """Return a value that no other node has; None where none can be made."""
        used = self._used(slot[1])
        for _ in range(_TRIES):
            text = self._range(slot).value(draw)
            if text is None:
                break
            if text.casefold() not in used:
                used.add(text.casefold())
                return text
        return self._code(slot, value, draw)

    def _code(
        self, slot: tuple[Profile, str, str], value: Value, draw: random.Random
    ) -> str | None:
        """Return a new text where no two nodes have the same, and it is no prose."""
        texts, prop = self.columns[slot], slot[1]
        if max(map(len, texts)) > _CODE:
            return None
        if value.declared in ("bigint", "integer") or all(re.fullmatch(r"\d+", t) for t in texts):
            whole = [int(text) for text in texts if re.fullmatch(r"[-+]?\d+", text)]
            if prop not in self.counters:
                self.counters[prop] = max(whole)
            self.counters[prop] += 1
            return str(self.counters[prop])
        if value.declared not in ("", "text"):
            return None
        words = sum(" " in text for text in texts)
        if 2 * words > len(texts):
            return self._namer(slot).name(self._used(prop), draw)
        return vary(draw.choice(texts), self._used(prop), draw)

    def _range(self, slot: tuple[Profile, str, str]) -> Range:
        if slot not in self.ranges:
            self.ranges[slot] = Range(self.columns[slot], alone=self.alone[slot])
        return self.ranges[slot]

    def _namer(self, slot: tuple[Profile, str, str]) -> Namer:
        found = self.namers.get(slot)
        if found is None:
            _, prop, language = slot
            more = [
                text
                for (_, other, tag), texts in self.columns.items()
                if (other, tag) == (prop, language)
                for text in texts
            ]
            found = self.namers[slot] = Namer(self.columns[slot], more)
        return found

    def _id(self, like: str, profile: Profile, names: Sequence[str], draw: random.Random) -> str:
        """Return an identifier of the same make: numbered, after the name, or a code."""
        tail = local(like)
        head = like[: len(like) - len(tail)] if like.endswith(tail) else ""
        plain = head == "" and "://" not in like
        if numbered := re.fullmatch(r"(?s)(.*?)(\d+)", like):
            return self._numbered(numbered[1], len(numbered[2]) if numbered[2][0] == "0" else 0)
        named = self._said_names(like)
        if plain and not is_opaque(like) and not any(_bare(like) == _bare(name) for name in named):
            slot = (profile, "", "")
            if slot not in self.namers:
                self.namers[slot] = Namer(self.members[profile], self.typed)
            return (
                self._namer(slot).name(self.ids, draw) if not named else vary(like, self.ids, draw)
            )
        for start, mark in enumerate(tail if names else ""):
            if mark.isalnum() and any(_bare(tail[start:]) == _bare(name) for name in named):
                text = head + tail[:start] + _styled(names[0], tail[start:])
                if text.casefold() not in self.ids and _bare(names[0]):
                    self.ids.add(text.casefold())
                    return text
        if not re.search(r"[^\W_]", tail):
            return self._numbered(f"{like}_", 0)
        return vary(like, self.ids, draw)

    def _numbered(self, head: str, wide: int) -> str:
        if head not in self.numbers:
            own = re.compile(re.escape(head) + r"(\d+)")
            found = [int(m[1]) for node in self.facts.nodes if (m := own.fullmatch(node))]
            self.numbers[head] = max(found, default=0)
        while True:
            self.numbers[head] += 1
            text = f"{head}{self.numbers[head]:0{wide}d}"
            if text.casefold() not in self.ids:
                self.ids.add(text.casefold())
                return text

    def _said_names(self, node: str) -> list[str]:
        said = self.facts.said.get(node, {})
        return [
            v.text
            for prop, vs in sorted(said.items())
            if self.spelled[prop] in LABELS
            for v in sorted(vs)
        ]


def _bare(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()


def _styled(name: str, like: str) -> str:
    """Write a name as an identifier is written: its case, and what stands between words."""
    mark = next((mark for mark in like if not mark.isalnum()), "")
    words = re.findall(r"[^\W_]+", name)
    text = mark.join(words)
    if like.islower():
        return text.lower()
    return text.upper() if like.isupper() else text
