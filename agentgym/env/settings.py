"""The options of `ToolEnv`: every form in which they may be given, read and checked once.

In come the keyword arguments of `gymnasium.make` and the options of a reset; out goes `Settings`,
which nobody changes. Next: `hint`.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, Self, TypeVar, get_args

import msgspec

from agentgym.episode.faults import FaultOptions
from agentgym.episode.feedback import HintOptions
from agentgym.errors import UsageError, nearest
from agentgym.formats import Json, Record
from agentgym.goals.rewards import RewardOptions
from agentgym.tools.views import ViewOptions
from agentgym.users import Profile, draw

__all__ = ["STAGES", "Attempts", "Budget", "PlanHint", "Settings"]

PlanHint = Literal["partial", "full"]
Observation = Literal["full", "difference", "distilled"]
Counted = Literal["last", "best"]
Tell = Literal["none", "brief", "full"]

MAX_ATTEMPTS = 50
SAMPLE = "sample"
"""The user that is drawn anew for each episode; `sample:NAME` draws from that population."""
STAGES: tuple[Mapping[str, Json], ...] = (
    {"reward": "format_first", "hints": "full", "plan_hint": "full", "faults": None, "user": None},
    {"reward": "progress", "hints": "full", "plan_hint": "partial", "faults": None, "user": None},
    {"reward": "progress", "hints": "brief", "plan_hint": None, "faults": None},
    {},
)
"""What `reset(options={"stage": 1})` and on change about an environment, unless it has `stages` of
its own: first the form of calls with the plan at hand, then the way, then without a plan, at last
the environment as it was made."""

OptionsT = TypeVar("OptionsT", bound=Record)


class Attempts(Record, kw_only=True):
    """How often an agent may try, and what counts then."""

    most: int = 1
    """Attempts at the task, the first included."""
    reward: Counted = "last"
    """Whose reward the rewards of the whole episode add up to: the last attempt's or the best's."""
    tell: Tell | None = None
    """What is told of a failed attempt: that it failed (`none`), what fell short (`brief`), that
    and what went wrong on the way (`full`), never how it should have ended; None: as `hints`."""

    def __post_init__(self) -> None:
        if type(self.most) is not int or not 1 <= self.most <= MAX_ATTEMPTS:
            raise _wrong("attempts", f"1 to {MAX_ATTEMPTS} attempts", self.most)
        _one_of("attempts reward", self.reward, get_args(Counted))
        if self.tell is not None:
            _one_of("attempts tell", self.tell, get_args(Tell))

    @classmethod
    def of(cls, given: Attempts | Mapping[str, Json] | str | int) -> Attempts:
        """Read them: a number, a text like `most=3,reward=best`, a mapping, or a record.

        Raises:
            UsageError: There is no such option, or a value is not one.
        """
        return _read(cls, given, "attempts", bare="most")


class Budget(Record, kw_only=True):
    """What an episode may use up, all its attempts together; None: as much as it likes."""

    calls: int | None = None
    tokens: int | None = None
    """Of actions and observations, as `info["tokens"]["total"]` counts them."""
    cost: float | None = None
    """As `info["cost"]` counts it."""

    def __post_init__(self) -> None:
        for name in ("calls", "tokens"):
            found = getattr(self, name)
            if found is not None and (type(found) is not int or found < 1):
                raise _wrong(f"budget {name}", "a whole number from 1", found)
        cost = self.cost
        if cost is not None and (
            type(cost) not in (int, float) or not math.isfinite(cost) or cost <= 0
        ):
            raise _wrong("budget cost", "a number above 0", cost)

    def __bool__(self) -> bool:
        """Whether there is any limit."""
        return self.calls is not None or self.tokens is not None or self.cost is not None

    @classmethod
    def of(cls, given: Budget | Mapping[str, Json] | str | int | None) -> Budget:
        """Read it: calls as a number, a text like `calls=20,cost=3.5`, a mapping, or a record.

        Raises:
            UsageError: There is no such limit, or a value is not one.
        """
        return cls() if given is None else _read(cls, given, "budget", bare="calls")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What an environment does with an episode."""

    user: Profile | None = None
    """How the user behaves; None: plainly."""
    people: str | None = None
    """Population of which a user is drawn for each episode, in the place of `user`; empty for
    `everyday`; None: nobody is drawn."""
    reward: RewardOptions = dataclasses.field(default_factory=lambda: RewardOptions.of(None))
    hints: HintOptions | None = None
    faults: FaultOptions = dataclasses.field(default_factory=lambda: FaultOptions.of(None))
    view: Any = None
    """How the tools are shown, in a form that `ViewOptions.of` takes, `observation` and
    `intrinsic` in it."""
    max_turns: int | None = None
    attempts: Attempts = dataclasses.field(default_factory=Attempts)
    warm_start: int = 0
    plan_hint: PlanHint | None = None
    budget: Budget = dataclasses.field(default_factory=Budget)

    def profile(self, seed: int) -> Profile | None:
        """Return how the user of an episode behaves; None: plainly.

        Args:
            seed: Luck of the user.
        """
        if self.people is None:
            return self.user
        return draw(shares=self.people or None, seed=seed)

    def tell(self, attempt: int) -> Tell:
        """Return how much is told of a failed attempt; hints may fade from one to the next."""
        if self.attempts.tell is not None:
            return self.attempts.tell
        return "none" if self.hints is None else self.hints.level(attempt - 1, "attempt")

    @classmethod
    def of(cls, **given: Any) -> Self:
        """Read the options of an environment.

        Raises:
            UsageError: A value is none of its option, or two options contradict each other.
        """
        return cls().over(given)

    def over(self, given: Mapping[str, Any]) -> Self:
        """Return these settings with some of them given anew; what is not named stays.

        Raises:
            UsageError: There is no such option, or a value is not one.
        """
        known = (*_READERS, "user", "view", "observation", "intrinsic")
        for name in given:
            if name not in known:
                raise UsageError(
                    "an option of the environment",
                    found=repr(name),
                    hint=nearest(str(name), sorted(known)),
                )
        found: dict[str, Any] = {
            name: _READERS[name](value) for name, value in given.items() if name in _READERS
        }
        if "user" in given:
            found["user"], found["people"] = _user(given["user"])
        if any(given.get(name) is not None for name in ("view", "observation", "intrinsic")):
            view = given.get("view", self.view)
            found["view"] = _view(view, given.get("observation"), given.get("intrinsic"))
        elif "view" in given and "observation" not in given:
            found["view"] = given["view"]
        return dataclasses.replace(self, **found)


def _user(given: Any) -> tuple[Profile | None, str | None]:
    """Read a user: one profile, or the population of which one is drawn."""
    if given is None:
        return None, None
    if isinstance(given, str) and given.partition(":")[0].strip() == SAMPLE:
        people = given.partition(":")[2].strip()
        draw(shares=people or None)
        return None, people
    return Profile.of(given), None


def _view(view: Any, observation: Any, intrinsic: Any) -> Any:
    """Put what other options say of a view into it."""
    said: dict[str, Any] = {}
    if observation is not None:
        _one_of("observation", observation, get_args(Observation))
        said["detail"] = observation
    if intrinsic is not None:
        form = f"intrinsic={intrinsic}" if isinstance(intrinsic, str) else {"intrinsic": intrinsic}
        said["intrinsic"] = ViewOptions.of(form).intrinsic
    if not said:
        ViewOptions.of(view)
        return view
    named = _named(view)
    for name, option in (("detail", "observation"), ("intrinsic", "intrinsic")):
        if name in named and name in said and named[name] != said[name]:
            raise UsageError(
                f"one wish for {option}",
                found=f"{said[name]!r} and, in the view, {name}={named[name]!r}",
                where=option,
                hint=f"leave {name} out of the view",
            )
    merged = named | said
    ViewOptions.of(merged)
    return merged


def _named(view: Any) -> dict[str, Any]:
    """Return the options that a view names, with their values."""
    options = ViewOptions.of(view)
    plain = ViewOptions()
    if isinstance(view, str):
        names = {part.partition("=")[0].strip() for part in view.split(",") if part.strip()}
    elif isinstance(view, Mapping):
        names = set(view)
    else:
        names = {
            name
            for name in options.__struct_fields__
            if getattr(options, name) != getattr(plain, name)
        }
    return {name: getattr(options, name) for name in options.__struct_fields__ if name in names}


def _turns(given: Any) -> int | None:
    if given is not None and (type(given) is not int or given < 2):
        raise UsageError("at least 2 turns", found=repr(given), where="max_turns")
    return None if given is None else int(given)


def _warm(given: Any) -> int:
    if type(given) is not int:
        raise _wrong(
            "warm_start", "a number of steps of the gold run, negative from its end", given
        )
    return int(given)


def _plan_hint(given: Any) -> PlanHint | None:
    if given is None:
        return None
    _one_of("plan_hint", given, get_args(PlanHint))
    found: PlanHint = given
    return found


_READERS: dict[str, Callable[[Any], Any]] = {
    "reward": RewardOptions.of,
    "hints": HintOptions.of,
    "faults": FaultOptions.of,
    "max_turns": _turns,
    "attempts": Attempts.of,
    "warm_start": _warm,
    "plan_hint": _plan_hint,
    "budget": Budget.of,
}


def _read(kind: type[OptionsT], given: Any, where: str, *, bare: str) -> OptionsT:
    """Read a record of options from any of its forms; a bare value is that of one of them."""
    known = kind.__struct_fields__
    if isinstance(given, kind):
        return given
    if isinstance(given, str) and "=" in given:
        said: dict[str, Any] = {}
        for part in filter(str.strip, given.split(",")):
            name, sign, value = (piece.strip() for piece in part.partition("="))
            if not sign:
                raise UsageError("name=value", found=repr(part.strip()), where=where)
            if name in said:
                raise UsageError("each option once", found=repr(given), where=where)
            said[name] = _number(value)
    elif isinstance(given, Mapping):
        said = dict(given)
    else:
        said = {bare: _number(given) if isinstance(given, str) else given}
    for name in said:
        if name not in known:
            raise UsageError(
                f"an option of {where}",
                found=repr(name),
                where=where,
                hint=nearest(str(name), known),
            )
    return kind(**said)


def _number(text: str) -> Any:
    """Read a number where a text is one."""
    try:
        found = msgspec.json.decode(text.encode())
    except (msgspec.DecodeError, UnicodeEncodeError):
        return text
    return found if type(found) in (int, float) else text


def _one_of(where: str, found: Any, words: Sequence[str]) -> None:
    if found not in words:
        hint = nearest(found, words) if isinstance(found, str) else ""
        raise UsageError("one of " + ", ".join(words), found=repr(found), where=where, hint=hint)


def _wrong(where: str, expected: str, found: Any) -> UsageError:
    return UsageError(expected, found=repr(found), where=where)
