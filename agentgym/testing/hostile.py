"""What a careless or hostile agent may send, and what must come of it: a typed answer, cheaply.

A domain comes in. Every place of every tool's arguments is given values that break parsers,
databases and memories. Each gives an error that says little and changes nothing, or exactly
what the model gives. Next: `atomic`.
"""

from __future__ import annotations

import base64
import sys
from collections.abc import Iterator
from decimal import Decimal
from types import FrameType
from typing import Any

from agentgym.domain import Domain
from agentgym.formats import Json
from agentgym.rng import stream
from agentgym.testing.chance import Chance
from agentgym.testing.machine import check_call
from agentgym.testing.model import Model
from agentgym.testing.standing import standing
from agentgym.testing.states import apart, state
from agentgym.tools.algebra import Tool
from agentgym.tools.parameters import bindings
from agentgym.world.compile import Engine
from agentgym.world.rows import World

__all__ = ["HUGE", "STRANGE", "check_total"]

_MEGA = 10_000_000
_LONGEST = 2_000
"""Most characters of an error's message."""
_STEPS, _STEPS_A_TOOL = 20_000, 500
"""Most calls of functions that one call may cost, and as many more for each tool of the domain:
what is misspelt is compared with all that there is."""

_TURNS = 12
"""One in so many values is given to a place whose kind is known."""


def _deep(levels: int) -> Json:
    lists: Json = []
    objects: Json = {}
    for _ in range(levels):
        lists, objects = [lists], {"a": objects}
    return [lists, objects]


def _circular() -> Json:
    found: list[Json] = []
    found.append(found)
    return found


_DEEP = _deep(10_000)

HUGE: dict[str, Json] = {
    "10 MB of text": "x" * _MEGA,
    "10 MB of digits": "9" * _MEGA,
    "10 MB of two-byte text": "ä" * (_MEGA // 2),
    "10 MB of combining marks": "e" + "\u0301" * (_MEGA // 2),
    "10 MB of base64": base64.b64encode(b"x" * (_MEGA * 3 // 4)).decode(),
    "a list of a million": [0] * 1_000_000,
    "lists 10,000 deep": _DEEP[0],
    "objects 10,000 deep": _DEEP[1],
    "a list that holds itself": _circular(),
    "an object of 100,000 names": {f"n{n}": n for n in range(100_000)},
    "an integer of 1,000,000 digits": 1 << 3_321_928,
}
"""Values whose size is the attack: refused, whatever the model would make of them."""

STRANGE: dict[str, Json] = {
    "NUL": "\x00",
    "NUL inside": "a\x00b",
    "a lone surrogate": "\ud800",
    "surrogates inside": "a\udfffb",
    "1e400": 1e400,
    "-1e400": -1e400,
    "not a number": float("nan"),
    "negative zero": -0.0,
    "the smallest float": 5e-324,
    "the largest float": 1.7976931348623157e308,
    "Decimal 1e400": Decimal("1e400"),
    "Decimal 1e999999999": Decimal("1E+999999999"),
    "Decimal 1e-999999999": Decimal("1E-999999999"),
    "Decimal NaN": Decimal("NaN"),
    "Decimal sNaN": Decimal("sNaN"),
    "Decimal of 4,000 digits": Decimal("9" * 4_000),
    "an integer of 4,000 digits": 10**4_000 - 1,
    "a negative one": 1 - 10**4_000,
    "4,000 digits as text": "7" * 4_000,
    "2**63": 2**63,
    "-2**63": -(2**63),
    "-2**63 - 1": -(2**63) - 1,
    "SQL that drops": '\'; DROP TABLE "order"; --',
    "SQL that is true": "' OR '1'='1",
    "SQL that joins": "1 UNION SELECT name, sql FROM sqlite_master",
    "SQL with a comment": "/* x */ -- y",
    "a pattern of everything": "%",
    "a pattern of one": "_",
    "a backslash": "\\",
    "a bound parameter": "?1 :name @x $y",
    "a format": "{0.__class__} %s %n ${x}",
    "null": None,
    "true": True,
    "false": False,
    "zero": 0,
    "minus one": -1,
    "a fraction": 0.1,
    "an empty text": "",
    "blanks": " \t\n\r\u2028\u3000",
    "an empty list": [],
    "a list of nothing": [None],
    "an empty object": {},
    "an object": {"a": 1},
    "an object without a name": {"": None},
    "bytes": b"x",
    "a pair": (1, 2),
    "a set": frozenset({1}),
    "a type": dict,
    "a complex number": 1j,
    "not of NFC": "e\u0301",
    "right to left": "\u202eabc",
    "the year 0": "0000-01-01",
    "the year 10000": "10000-01-01T00:00:00Z",
    "the 30th of February": "2024-02-30",
    "a leap second": "2016-12-31T23:59:60Z",
    "a far zone": "0001-01-01T00:00:00+23:59",
    "yes in words": "true",
    "a number in words": "1e3",
    "a number in digits": "1",
}
"""Values whose form is the attack: the world and the model agree on them."""


def check_total(domain: Domain, *, seed: int = 0, thorough: bool = False) -> int:
    """Check that whatever is sent gives a typed answer in bounded work.

    Args:
        domain: The domain under test; it should be small.
        seed: Draws the arguments into which hostile values are put.
        thorough: Whether each place of each tool is given each value. If not, the first place of
            each kind (of a term, a type and a use) is, and the others a few in turn.

    Returns:
        How many calls were made.

    Raises:
        AssertionError: An exception came out, an error says too much or changed something, a
            success is not the model's, or a call did too much work.
    """
    siege = _Siege(domain, seed, thorough=thorough)
    for tool in domain.tools:
        siege.beset(tool)
    siege.names()
    siege.finish()
    return siege.made


class _Siege:
    """One world beside its model, and all that is thrown at it."""

    def __init__(self, domain: Domain, seed: int, *, thorough: bool) -> None:
        self.domain, self.made, self.thorough = domain, 0, thorough
        self.known: set[str] = set()
        """Kinds of places that were given everything."""
        self.turn = 0
        self.engine, self.model = Engine(domain), Model(domain)
        self.world: World = self.engine.world()
        self.start = self.world.snapshot(), self.model.snapshot()
        self.chance = Chance(domain, stream("siege", domain.name, seed))
        self.calm = state(self.world)

    def beset(self, tool: Tool) -> None:
        """Put every hostile value into every place of a tool's arguments."""
        declared = self.engine.parameters[tool.name]
        base = self._honest(tool)
        for title, value in self._chosen(type(tool.term).__name__):
            if not (type(value) is dict and title in STRANGE):
                self._send(tool, value, huge=title in HUGE, title=title)
        bound = bindings(tool.term, self.domain.schema)
        for place, kind in _places(declared):
            use = bound.get(place, ("", "", ""))[2]
            told = {name: said for name, said in kind.items() if name != "description"}
            for title, value in self._chosen(f"{type(tool.term).__name__} {use} {told}"):
                where = f"{place} = {title}"
                self._send(tool, _with(base, place, value), huge=title in HUGE, title=where)
        for name in ("", "\x00", "\ud800", "x" * 100_000, "__class__", "'; --"):
            if name not in declared["properties"]:
                self._send(tool, {**base, name: 1}, huge=False, title=f"a parameter {name[:9]!r}")
        self._send(tool, {**base, 5: 1, None: 2, (): 3}, huge=False, title="names that are no text")

    def _chosen(self, kind: str) -> list[tuple[str, Json]]:
        """Choose what a place is given: everything, if it is the first of its kind."""
        whole = [*STRANGE.items(), *HUGE.items()]
        if self.thorough or kind not in self.known:
            self.known.add(kind)
            return whole
        self.turn += 1
        return whole[self.turn % _TURNS :: _TURNS]

    def names(self) -> None:
        """Call tools that are not there."""
        for title, value in (*STRANGE.items(), *HUGE.items()):
            result = self._bounded(
                lambda value=value: self.engine.call(self.world, value, {}), title
            )
            error = result.error
            assert error is not None and error.code == "unknown_tool", (
                f"{title} is a tool: {result}"
            )
            self._short(error.message, title)
            self.made += 1

    def finish(self) -> None:
        """Look at all rows: nothing was dropped, nothing is left."""
        differing = apart(self.calm, state(self.world), but=("session",))
        assert not differing, f"after hostile calls the world differs in {differing}"

    def _honest(self, tool: Tool) -> dict[str, Json]:
        """Draw arguments with everything that there is, lists filled."""
        best: dict[str, Json] = {}
        for _ in range(4):
            sent = self.chance.arguments(tool, self.model.rows)
            best = sent | best if len(best) >= len(sent) else best | sent
        return best

    def _send(self, tool: Tool, sent: Any, *, huge: bool, title: str) -> None:
        where = f"{tool.name} given {title}"
        arguments = sent if isinstance(sent, dict) else {}
        wanted = standing(self.domain, self.model.rows, tool, {} if huge else arguments)
        self.world.session = type(self.world.session)(identity=wanted.identity, confirmed=1)
        self.model.identity, self.model.confirmed = wanted.identity, 1
        self.made += 1
        if huge:
            before = self.world.digest()
            result = self._bounded(lambda: self.engine.call(self.world, tool.name, sent), where)
            assert result.ok or self.world.digest() == before, (
                f"{where} is refused, and changes rows"
            )
        else:
            try:
                result = check_call(self.engine, self.world, self.model, tool.name, sent)
            except AssertionError as error:
                raise AssertionError(f"{where}: {error}") from error
        if result.error is not None:
            self._short(result.error.message, where)
            for text in (result.error.parameter, result.error.rule):
                self._short(text or "", where)
        if result.ok:
            self.world.restore(self.start[0])
            self.model.restore(self.start[1])

    def _bounded(self, call: Any, where: str) -> Any:
        """Make a call, counting the functions that it calls."""
        steps = 0

        def count(_: FrameType, __: str, ___: Any) -> None:
            nonlocal steps
            steps += 1

        before = sys.getprofile()
        sys.setprofile(count)
        try:
            result = call()
        finally:
            sys.setprofile(before)
        most = _STEPS + _STEPS_A_TOOL * len(self.domain.tools)
        assert steps <= most, f"{where} costs {steps} steps"
        return result

    def _short(self, text: str, where: str) -> None:
        assert len(text) <= _LONGEST, f"{where} gets an answer of {len(text)} characters"
        try:
            text.encode()
        except UnicodeEncodeError:
            raise AssertionError(f"{where} gets an answer that cannot be encoded") from None


def _places(declared: dict[str, Json]) -> Iterator[tuple[str, dict[str, Json]]]:
    """Yield each place of the arguments with its kind: `items`, `items[]`, `items[].price`."""
    for name, kind in declared["properties"].items():
        yield name, kind
        if kind.get("type") == "array":
            yield f"{name}[]", kind["items"]
            inner = kind["items"]["properties"].items()
            yield from ((f"{name}[].{one}", below) for one, below in inner)


def _with(base: dict[str, Json], place: str, value: Json) -> dict[str, Json]:
    outer, _, inner = place.partition("[]")
    if outer == place:
        return base | {outer: value}
    listed = base.get(outer) or [{}]
    last = value if not inner else listed[-1] | {inner.removeprefix("."): value}
    return base | {outer: [*listed[:-1], last]}
