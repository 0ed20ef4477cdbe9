"""Argument honesty: each declared parameter has a state and two values that differ in effect.

The state is the domain's own, or that with a few rows added that differ in everything, and a
conversation that has come to where the rules want it; a refusal of a malformed value does not
count as a difference. Parameters inside the items of a list count like any other. Next:
`bases`, `values`, `staging`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from agentgym.domain import Domain
from agentgym.formats import Json, encode
from agentgym.schema.types import to_wire
from agentgym.testing.honesty.bases import bases, company, items, put
from agentgym.testing.honesty.staging import staged
from agentgym.testing.honesty.values import candidates
from agentgym.testing.standing import Known, stand
from agentgym.tools.algebra import (
    INTRINSIC,
    AskUser,
    Calculate,
    Conclude,
    Create,
    CurrentTime,
    Link,
    ListTools,
    LookUpTerm,
    ReadManual,
    SearchManual,
    ShowToolDoc,
    Tool,
)
from agentgym.world.compile import Engine
from agentgym.world.rows import World

__all__ = ["check_honesty", "dishonest"]

BASES = 10
"""Rows around which calls are tried."""
_TRIED = 40
"""Rows that are looked at for them: those with which a call succeeds are preferred."""
_ALIVE = 12
"""Calls after which a row is given up as one with which none succeeds."""

_NO_ROWS = (
    *INTRINSIC,
    AskUser,
    Calculate,
    Conclude,
    CurrentTime,
    ListTools,
    ReadManual,
    SearchManual,
    ShowToolDoc,
)


def check_honesty(domain: Domain) -> None:
    """Check every parameter of every tool over rows.

    Raises:
        AssertionError: A parameter never made a difference.
    """
    found = dishonest(domain)
    assert not found, f"{domain.name}: {found[0]} makes no difference ({len(found)} parameters)"


def dishonest(domain: Domain) -> list[str]:
    """Name the parameters, as `tool.parameter`, for which no difference was found.

    One inside the items of a list is named `tool.items[].parameter`.
    """
    runner = Engine(domain)
    world = runner.world()
    found: list[str] = []
    for tool in domain.tools:
        if isinstance(tool.term, _NO_ROWS):
            continue
        if isinstance(tool.term, LookUpTerm):
            said = [
                runner.call(world, tool.name, {"term": one.term}) for one in tool.term.entries[:2]
            ]
            same = len(said) < 2 or said[0] == said[1] or not all(one.ok for one in said)
            found += [f"{tool.name}.term"] * same
            continue
        left = [f"{tool.name}.{param}" for param in _Trial(runner, world, tool).dishonest()]
        found += left
    world.close()
    return found


class _Trial:
    """One tool, tried until each of its parameters has made a difference."""

    def __init__(self, runner: Engine, world: World, tool: Tool) -> None:
        self.runner, self.world, self.tool = runner, world, tool
        self.domain = _asked(runner.domain, tool)
        self.declared = runner.parameters[tool.name]["properties"]

    def dishonest(self) -> list[str]:
        left = list(_places(self.declared))
        self.world.reset()
        own = {name: self.domain.rows.get(name, ()) for name in self.world.image.tables}
        left = self._try(left, own.__getitem__)
        if left:
            self.world.reset()
            made = staged(self.domain, self.world, self.tool)
            left = self._try(left, lambda name: made.get(name) or own[name], again=False)
        return left

    def _try(self, left: list[str], rows: Known, *, again: bool = True) -> list[str]:
        """Return the parameters that made no difference with these rows."""
        start = self.world.snapshot()
        dull: list[list[dict[str, Json]]] = []
        lively = 0
        for number, base in enumerate(bases(self.domain, self.tool, rows)):
            if not left or number >= _TRIED or lively >= BASES:
                break
            self.world.restore(start)
            tries = list(company(self.domain, self.tool, base, rows))
            if self._lives(tries):
                lively += 1
                left = self._differing(left, tries, rows)
            elif len(dull) < BASES:
                dull.append(tries)
        for tries in dull if again or not lively else ():
            self.world.restore(start)
            self._clear(tries[0])
            left = self._differing(left, tries, rows)
        self.world.restore(start)
        return left

    def _lives(self, tries: list[dict[str, Json]]) -> bool:
        """Tell whether a call with some of the arguments succeeds; makes room for new rows."""
        self._clear(tries[0])
        before = self.world.snapshot()
        for sent in tries[:_ALIVE]:
            stand(self.runner, self.world, self.tool.name, sent)
            alive = self.runner.call(self.world, self.tool.name, sent).ok
            self.world.restore(before)
            if alive:
                return True
        return False

    def _clear(self, sent: dict[str, Json]) -> None:
        """Take away the row that holds what a new one is to hold."""
        term = self.tool.term
        if not isinstance(term, (Create, Link)):
            return
        wanted = self.runner.domain.schema.entity(term.entity)
        values = (*term.ends, *term.values) if isinstance(term, Link) else term.values
        for row in self.world.rows(term.entity):
            fits = [
                to_wire(wanted.field(a.field), row[wanted.position(a.field)]) == sent[a.param]
                for a in values
                if a.param in sent
            ]
            if fits and all(fits):
                self.world.delete(term.entity, row)
                return

    def _differing(
        self, left: list[str], tries: Iterable[dict[str, Json]], rows: Known
    ) -> list[str]:
        for base in tries:
            if not left:
                break
            before = self.world.snapshot()
            stand(self.runner, self.world, self.tool.name, base)
            left = [place for place in left if not self._differs(place, base, rows)]
            self.world.restore(before)
        return left

    def _differs(self, place: str, base: dict[str, Json], rows: Known) -> bool:
        """Tell whether two values of the parameter give different results in this state."""
        snapshot = self.world.snapshot()
        outer = place.partition("[].")[0]
        only = len(_declared(self.declared, place).get("enum", (1, 2))) == 1
        seen: set[bytes] = set()
        for value in self._values(place, base, rows):
            arguments = put(base, place, value)
            if arguments is None:
                continue
            result = self.runner.call(self.world, self.tool.name, arguments)
            told = encode((result.data, self.world.digest(), self.world.session.identity))
            self.world.restore(snapshot)
            error = result.error
            if error is None:
                seen.add(told)
            elif (
                error.code != "bad_arguments"
                or error.parameter != outer
                or (only and value is None)
            ):
                seen.add(encode((error.code, error.message)))
            if len(seen) > 1:
                return True
        return False

    def _values(self, place: str, base: dict[str, Json], rows: Known) -> Iterator[Json]:
        nested = next(
            (one for one in getattr(self.tool.term, "nested", ()) if one.param == place), None
        )
        if nested is None:
            yield from candidates(self.domain, self.tool, place, base, rows)
            return
        several = items(self.domain, nested, None, rows)
        yield None
        yield []
        yield base.get(place)
        yield from ([one] for one in several)
        yield several


def _asked(domain: Domain, tool: Tool) -> Domain:
    """Return the domain with the rules that the tool asks: values are made to fit them."""
    rules = tuple(
        rule for rule in domain.rules if rule.kind == "invariant" or rule.id in tool.guards
    )
    return replace(domain, rules=rules)


def _places(declared: dict[str, Json]) -> Iterator[str]:
    for name, kind in declared.items():
        yield name
        if kind.get("type") == "array":
            for inner in kind["items"]["properties"]:
                yield f"{name}[].{inner}"


def _declared(declared: dict[str, Json], place: str) -> dict[str, Json]:
    outer, _, inner = place.partition("[].")
    found: dict[str, Json] = declared[outer]
    return found["items"]["properties"][inner] if inner else found
