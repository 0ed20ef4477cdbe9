"""What is rewarded: a preset or weights of terms, how progress is paid, prices and a budget.

A name, a text such as `staged,stage=2` or `weights=success:1+progress:0.3`, a mapping or a record
comes in; a checked `RewardOptions` goes out. Next: `meter`.

Which trainer wants which shaping: one that looks at whole trajectories (GRPO, RLOO, LOOP) wants
`bounded`, since the sum of a potential over a run comes to the same for all runs and teaches it
nothing; one that learns from steps (PPO with a critic, GiGPO) may take `potential` with its own
discount, which leaves the best policy what it is (Ng, Harada and Russell, 1999).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal, get_args

from agentgym.errors import UsageError, nearest
from agentgym.formats import Record
from agentgym.goals.rewards.bounds import Bounds, bounds
from agentgym.goals.rewards.presets import PRESETS
from agentgym.goals.rewards.terms import SPANS

__all__ = ["PRICES", "RewardOptions", "Rewards"]

Shaping = Literal["bounded", "potential"]

PRICES: dict[str, float] = {"read": 1.0, "write": 2.0, "ask": 3.0, "free": 0.0}
"""Kind of a call to its price. `ask`: a question or message to the user. `free`: what neither reads
nor writes rows, the conclusion, and what cannot be read as a call of any tool."""

_MARGIN = 0.1
_FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


class RewardOptions(Record, kw_only=True):
    """What a run is rewarded for.

    Under every preset, and under all weights that are taken, a failing run gets less than a
    passing one: of the totals of whole runs, discounted by `gamma` where there is one.

    Raises:
        UsageError: A value is out of its range, options do not go together, or a failing run might
            outscore a passing one; says which would do.
    """

    preset: str = "sparse"
    """Name of a preset; `weights` where there are weights."""
    stage: int | None = None
    """Of `staged`: 1 (everything), 2 (what holds as a whole) or 3 (success alone); else None."""
    weights: dict[str, float] = {}
    """Name of a term to its weight. After each turn, the change of the weighted sum is paid."""
    shaping: Shaping = "bounded"
    """How progress is paid, by the preset `progress` and by weights. `bounded`: what it rises by.
    `potential`: gamma Phi' - Phi, where Phi is 0 at the end."""
    gamma: float = 1.0
    """The trainer's discount, for `potential`."""
    margin: float | None = None
    """By how much every passing run is to outscore every failing one; None: 0.1 for presets, and
    anything more than nothing for weights."""
    prices: dict[str, float] = {}
    """Name of a tool, or a kind of call (see `PRICES`), to its price."""
    budget: float | None = None
    """What a run may spend; an episode is cut off when it has spent more. None: no limit."""
    unsafe: bool = False
    """Whether weights are taken though a failing run might outscore a passing one."""

    def __post_init__(self) -> None:
        if not isinstance(self.preset, str) or self.preset not in PRESETS:
            raise _wrong("preset", "the name of a preset", self.preset, PRESETS)
        if self.shaping not in get_args(Shaping):
            raise _wrong("shaping", "bounded or potential", self.shaping, get_args(Shaping))
        if type(self.unsafe) is not bool:
            raise _wrong("unsafe", "true or false", self.unsafe)
        _number("gamma", self.gamma, "a number above 0 and up to 1", low=0, high=1, open_=True)
        if self.margin is not None:
            _number("margin", self.margin, "a number above 0", low=0, open_=True)
        if self.budget is not None:
            _number("budget", self.budget, "a number above 0", low=0, open_=True)
        _mapping("weights", self.weights)
        _mapping("prices", self.prices)
        for name, weight in self.weights.items():
            if name not in SPANS:
                raise _wrong("weights", "names of terms", name, SPANS)
            _number(f"weights {name}", weight, "a number")
        for name, price in self.prices.items():
            _number(f"prices {name}", price, "a number from 0", low=0)
        self._together()
        if self.weights and not self.unsafe:
            self.check(1)

    def _together(self) -> None:
        """See whether the options go together."""
        if (self.preset == "weights") != bool(self.weights):
            found = repr(self.preset) if self.weights else "none"
            hint = f"use one of {', '.join(map(repr, PRESETS))}" if self.weights else ""
            raise UsageError("weights with the preset 'weights'", found=found, where=_W, hint=hint)
        if self.preset == "staged":
            if self.stage not in (None, 1, 2, 3) or isinstance(self.stage, bool):
                raise _wrong("stage", "1, 2 or 3", self.stage)
        elif self.stage is not None:
            raise UsageError("a stage with the preset 'staged'", found=repr(self.preset), where=_W)
        if self.shaping == "potential" and self.preset not in ("progress", "weights"):
            raise UsageError(
                "the preset 'progress', or weights, with a potential",
                found=repr(self.preset),
                where=_W,
                hint="use 'progress,shaping=potential'",
            )
        if self.shaping == "bounded" and self.gamma != 1:
            raise UsageError(
                "gamma with shaping=potential",
                found=f"{self.gamma} with {self.shaping}",
                where=_W,
                hint="bounded credit is for totals that are not discounted",
            )
        if self.margin is not None and self.margin >= 1 and not self.weights:
            raise _wrong("margin", "a number below 1", self.margin)
        if self.preset == "redundancy" and (self.margin or 0) > 0.4:
            raise _wrong("margin", "a number up to 0.4 with the preset 'redundancy'", self.margin)

    @property
    def gap(self) -> float:
        """The margin that is kept."""
        if self.margin is not None:
            return self.margin
        return 0.0 if self.weights else _MARGIN

    def bounds(self, turns: int) -> Bounds:
        """Return the most that a failing run can get, and the least that a passing one can.

        Args:
            turns: Turns after which an episode is cut off.
        """
        if self.weights:
            paid = dict(self.weights)
            if self.shaping == "potential":
                paid.pop("progress", None)
            return bounds(paid, turns=turns, gamma=self.gamma)
        if self.preset == "sparse" or self.shaping == "potential":
            return Bounds(0.0, self.gamma ** (turns - 1))
        if self.preset == "redundancy":
            return Bounds(0.5 - self.gap, 0.5)
        half = (1 - self.gap) / 2
        return Bounds(half, 1 - half)

    def check(self, turns: int) -> None:
        """See whether weights let a failing run outscore a passing one.

        Args:
            turns: Turns after which an episode is cut off.

        Raises:
            UsageError: They do, and are not marked `unsafe`; says by how much.
        """
        if self.unsafe or not self.weights:
            return
        found = self.bounds(turns)
        if found.margin > 0 and found.margin >= self.gap:
            return
        more = "" if not self.gap else f" by {self.gap:g}"
        last = self.gamma ** (turns - 1)
        # Discounted, success weighs less than what it is held against.
        needed = self.weights.get("success", 0.0) + (self.gap - found.margin) / last
        if math.isfinite(needed):
            hint = f"let success weigh more than {needed:.6g}, or say unsafe=true"
        else:
            hint = "weigh 'cost' in place of 'spent', or say unsafe=true"
        raise UsageError(
            f"weights under which every passing run outscores every failing one{more}",
            found=(
                f"up to {found.failing:.6g} for failing and down to {found.passing:.6g} for "
                f"passing within {turns} turn{'s' * (turns != 1)}"
            ),
            where=f"{_W} weights",
            hint=hint,
        )

    @classmethod
    def of(cls, given: Rewards) -> RewardOptions:
        """Take options in any of their forms.

        Args:
            given: Options; the name of a preset; a text `name=value,name=value`, which may begin
                with the name of a preset, and in which weights and prices are written
                `name:number+name:number`; a mapping of options, or of terms to their weights; None
                for success alone.

        Raises:
            UsageError: There is no such preset or option, or a value is not one.
        """
        if isinstance(given, RewardOptions):
            return given
        values = _said(given)
        if values.get("weights") and "preset" not in values:
            values["preset"] = "weights"
        return cls(**values)

    def text(self) -> str:
        """Write the options so that `of` reads them; empty for success alone."""
        parts = []
        for name in self.__struct_fields__:
            found = getattr(self, name)
            if found == getattr(_PLAIN, name) or (name == "preset" and self.weights):
                continue
            if name == "preset":
                parts.append(found)
            elif isinstance(found, dict):
                pairs = (
                    f"{key}:{value!r}".replace("e+", "e") for key, value in sorted(found.items())
                )
                parts.append(f"{name}={'+'.join(pairs)}")
            else:
                parts.append(f"{name}={str(found).lower()}")
        return ",".join(parts)


Rewards = RewardOptions | Mapping[str, Any] | str | None
"""What is rewarded, in any form that `RewardOptions.of` takes."""

_W = "reward"


def _said(given: Mapping[str, Any] | str | None) -> dict[str, Any]:
    """Return the options that are named, by name."""
    known = RewardOptions.__struct_fields__
    if given is None:
        return {}
    if isinstance(given, str):
        values: dict[str, Any] = {}
        for place, part in enumerate(one.strip() for one in given.split(",") if one.strip()):
            name, sign, text = (piece.strip() for piece in part.partition("="))
            if not sign:
                if place or name not in PRESETS:
                    raise _wrong("", "a preset, then name=value", name, [*PRESETS, *known])
                name, text = "preset", name
            if name in values:
                raise UsageError("each option once", found=repr(name), where=_W)
            values[name] = _read(name, text)
    elif isinstance(given, Mapping):
        values = dict(given)
        if values and values.keys() <= SPANS.keys():
            values = {"weights": values}
    else:
        raise UsageError("a reward", found=type(given).__name__, where=_W)
    for name in values:
        if name not in known:
            raise _wrong("", "an option of a reward", str(name), known)
    return {name: _plain(value) for name, value in values.items()}


def _read(name: str, text: str) -> Any:
    """Read the value of one option from its text."""
    if name in ("weights", "prices"):
        found: dict[str, float] = {}
        for part in text.split("+"):
            key, sign, number = part.strip().rpartition(":")
            if not sign or key in found:
                raise _wrong(name, "name:number+name:number, each name once", text)
            found[key] = _float(f"{name} {key}", number)
        return found
    if name == "unsafe":
        return _FLAGS.get(text.lower(), text)
    if name == "stage":
        return int(text) if text.isdecimal() else text
    if name in ("gamma", "margin", "budget"):
        return None if text.lower() == "none" and name != "gamma" else _float(name, text)
    return text


def _float(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise _wrong(name, "a number", text) from None


def _plain(value: Any) -> Any:
    """Files hold numbers exactly."""
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    return float(value) if isinstance(value, Decimal) else value


def _mapping(name: str, value: object) -> None:
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise _wrong(name, "names with numbers", value)


def _number(
    name: str,
    value: object,
    expected: str,
    *,
    low: float = -math.inf,
    high: float = math.inf,
    open_: bool = False,
) -> None:
    """See whether a value is a finite number within bounds; the lower one may be shut out."""
    good = type(value) in (int, float) and math.isfinite(value)  # type: ignore[arg-type]
    if not good or not low <= value <= high or (open_ and value == low):  # type: ignore[operator]
        raise _wrong(name, expected, value)


def _wrong(name: str, expected: str, found: object, words: Any = ()) -> UsageError:
    hint = nearest(found, words) if isinstance(found, str) and words else ""
    return UsageError(expected, found=repr(found), where=f"{_W} {name}".strip(), hint=hint)


_PLAIN = RewardOptions()
