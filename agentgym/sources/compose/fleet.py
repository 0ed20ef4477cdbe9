"""Many structures, each unlike all before it.

A seed and a count come in, blueprints go out one after the other; the first of a longer fleet
are those of a shorter one. Next: `glue`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from math import ceil

from agentgym.errors import UsageError
from agentgym.rng import stream
from agentgym.schema.canonical import structure
from agentgym.sources.compose.blueprint import Blueprint, draw
from agentgym.sources.compose.glue import glue
from agentgym.sources.compose.library import Library, load

__all__ = ["fleet"]

SHARE = 0.02
"""The largest part of a fleet that may have one combination of patterns."""
_TRIES = 40
"""Structures drawn of one trade before the next one has its turn."""


def fleet(
    seed: int,
    count: int,
    *,
    accept: Callable[[Blueprint], bool] | None = None,
    library: Library | None = None,
) -> Iterator[Blueprint]:
    """Draw structures that differ from each other.

    A structure is drawn again where its patterns together would be in more than two of a hundred
    structures so far (at least two may share them), and where it is not accepted. Trades take
    turns, so that all are used alike.

    Args:
        seed: Decides everything that is drawn.
        count: How many are wanted.
        accept: A judge of structures, asked last; one that it accepts is yielded next. What it
            has seen before is part of what it answers, and nothing else may be. By default one
            that refuses a canonical form that was there before.
        library: Patterns and industries; the committed ones by default.

    Yields:
        Blueprints, numbered from 0.

    Raises:
        UsageError: There are not so many different structures.
        FormatError: A committed file is not what it should be.
    """
    library = load() if library is None else library
    trades = sorted(library.industries)
    accept = _Unlike(library) if accept is None else accept
    together: Counter[tuple[str, ...]] = Counter()
    for index in range(count):
        for blueprint in _drawn(seed, index, trades, library):
            most = max(2, ceil(SHARE * (index + 1)))
            if together[blueprint.combination] >= most:
                continue
            if not accept(blueprint):
                continue
            together[blueprint.combination] += 1
            yield blueprint
            break
        else:
            raise UsageError(
                f"{count} structures, each unlike the others",
                found=f"{index}, and no further one",
                where=f"a fleet of {len(trades)} industries and {len(library.patterns)} patterns",
                hint="ask for fewer, or add industries and patterns",
            )


class _Unlike:
    """Accepts structures whose canonical form was not there before."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.forms: set[str] = set()

    def __call__(self, blueprint: Blueprint) -> bool:
        form = structure(glue(blueprint, self.library).schema).digest
        new = form not in self.forms
        self.forms.add(form)
        return new


def _drawn(seed: int, index: int, trades: list[str], library: Library) -> Iterator[Blueprint]:
    """Draw structures for one place in the fleet: of the trade whose turn it is, then of others."""
    if not trades:
        return
    turn, place = divmod(index, len(trades))
    order = list(trades)
    stream(seed, "compose", "turn", turn).shuffle(order)
    for trade in [*order[place:], *order[:place]]:
        for attempt in range(_TRIES):
            yield draw(seed, index, industry=trade, attempt=attempt, library=library)
