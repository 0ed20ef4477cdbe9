"""What the terms of a run are worth: its score, and its potential where there is one.

Options come in; out goes what gives both after a turn. A turn earns by how much the score rises,
and gamma times the potential less the potential before. Next: `meter`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import itemgetter, mul

from agentgym.goals.rewards.options import RewardOptions
from agentgym.goals.rewards.presets import credit, total

__all__ = ["Pay", "pay"]

Terms = Mapping[str, float]
Pay = Callable[[Terms, bool], tuple[float, float | None]]
"""(terms after a turn, whether it was the last) to score and potential."""


def pay(options: RewardOptions) -> Pay:
    """Return what gives score and potential under some options."""
    score = _score(options)
    if options.shaping == "bounded":
        return lambda terms, _: (score(terms), None)
    weight = options.weights.get("progress", 0.0) if options.weights else 1.0
    # Phi is 0 at the end, whatever was reached.
    return lambda terms, last: (score(terms), 0.0 if last else weight * terms["progress"])


def _score(options: RewardOptions) -> Callable[[Terms], float]:
    potential = options.shaping == "potential"
    if options.weights:
        names = [name for name in options.weights if name != "progress" or not potential]
        weights = [options.weights[name] for name in names]
        if not names:
            return lambda _: 0.0
        if len(names) == 1:
            (name,), (weight,) = names, weights
            return lambda terms: weight * terms[name]
        values = itemgetter(*names)
        return lambda terms: sum(map(mul, weights, values(terms)))
    if options.preset == "sparse" or potential:
        return itemgetter("success")
    gap = options.gap
    if options.preset == "redundancy":
        return lambda terms: _fathom(terms, 0.4 - gap)
    worth = credit(options.preset, options.stage or 1)
    return lambda terms: total(worth(terms), success=terms["success"], margin=gap)


def _fathom(terms: Terms, most: float) -> float:
    form = 0.1 * terms["format"]
    if terms["success"]:
        return form + max(1 - terms["redundancy"], 0.5)
    return form + most * terms["progress"]
