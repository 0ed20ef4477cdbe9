"""Which faults the world has, and how often.

In comes a preset, a text, a mapping or a record; out goes a checked `FaultOptions`.
Next: `words`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal, get_args

import msgspec

from agentgym.errors import FormatError, UsageError, nearest
from agentgym.formats import Json, Record, convert, decode, encode
from agentgym.trajectory import ActKind

__all__ = [
    "CALM",
    "KINDS",
    "PRESETS",
    "THINNEST",
    "FaultOptions",
    "Faults",
    "Kind",
    "RowIs",
    "Strike",
]

Kind = Literal[
    "timeout",
    "rate_limit",
    "error_before",
    "error_after",
    "stale",
    "truncated_page",
    "changed_format",
    "renamed_field",
    "change",
    "policy",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""All kinds of fault, in the order in which a draw looks at them."""

THINNEST = 5
"""How many times shares are halved at most, before faults are left out altogether."""

_COUNTS = {"recoverable": (1, 5), "wait": (1, 5), "lag": (1, 10)}
_OF_TURNS = ("change", "policy")
"""Kinds that come by turn and not by call."""


class RowIs(Record, kw_only=True):
    """A predicate over the state: a row holds a value."""

    entity: str
    key: tuple[Json, ...]
    """Wire values of its key."""
    field: str
    value: Json = None
    """Wire value, no list and no object."""

    def __post_init__(self) -> None:
        for part in (*self.key, self.value):
            if isinstance(part, (list, dict)):
                raise _wrong("schedule row", "plain values", part)


class Strike(Record, kw_only=True):
    """A fault that was scheduled: it strikes the first calls that it fits once all triggers hold.

    `change` and `policy` come after the turn that is given, and take no other trigger.

    Raises:
        UsageError: It has no trigger, or one that its kind does not take, or a value out of range.
    """

    kind: Kind
    turn: int | None = None
    """From that turn on, counted from 1."""
    call: int | None = None
    """From that call of the domain's tools on, counted from 1."""
    tool: str = ""
    """Calls of this tool of the domain alone."""
    act: ActKind | None = None
    """Once the user has done this."""
    row: RowIs | None = None
    """While this row holds this value."""
    times: int = 1
    """How many calls it strikes."""
    wait: int | None = None
    """For `rate_limit`: after how many turns to try again; None to leave it to luck."""
    keep: int | None = None
    """For `truncated_page`: how many items are left; None to leave it to luck."""
    field: str = ""
    """For `renamed_field`, `changed_format` and `change`: which one; empty to leave it to luck."""
    entity: str = ""
    """For `change`: whose rows; empty to leave it to luck."""

    def __post_init__(self) -> None:
        for name in ("turn", "call", "wait", "keep"):
            found = getattr(self, name)
            if found is not None and (found < 1 or found > 1_000_000):
                raise _wrong(f"schedule {name}", "a number from 1 to 1000000", found)
        if not 1 <= self.times <= _COUNTS["recoverable"][1]:
            raise _wrong(
                "schedule times", "a number from 1 to 5, so that a retry gets through", self.times
            )
        if self.wait is not None and self.wait > _COUNTS["wait"][1]:
            raise _wrong("schedule wait", "a number from 1 to 5", self.wait)
        others = [n for n in ("call", "tool", "act", "row") if getattr(self, n) not in (None, "")]
        if self.kind in _OF_TURNS:
            if self.turn is None or others:
                found = f"no turn and {', '.join(others)}" if others else "no turn"
                raise _wrong("schedule", f"a turn, and no other trigger, for {self.kind}", found)
        elif self.turn is None and not others:
            raise _wrong(
                "schedule", "a trigger: turn, call, tool, act or row", f"none for {self.kind}"
            )


class FaultOptions(Record, kw_only=True):
    """How often each kind of fault strikes, and how hard.

    What is drawn is drawn from (`seed`, seed of the episode, task, event): the k-th identical call
    meets the same in every episode of a group, whatever else was done in it.

    Raises:
        UsageError: A value is out of its range; says which would do.
    """

    timeout: float = 0.0
    """Share of calls that are not answered in time; they were not carried out. Of a write that can
    be read back this is not said."""
    rate_limit: float = 0.0
    """Share of calls that are refused until some turns have passed."""
    error_before: float = 0.0
    """Share of calls that fail before anything is done."""
    error_after: float = 0.0
    """Share of writes whose answer is lost though they were carried out; of those alone that can
    be read back with the tools at hand."""
    stale: float = 0.0
    """Share of reads that show rows as they were before the latest changes, and say as of when."""
    truncated_page: float = 0.0
    """Share of lists that hold fewer rows than their page has, and say so."""
    changed_format: float = 0.0
    """Share of reads in which a decimal is given in hundredths or a date day first, with a note."""
    renamed_field: float = 0.0
    """Share of entities of which one field has another, recognisable name for some turns."""
    change: float = 0.0
    """Share of the first turns after which a row changes by itself, in a field that neither the
    task nor a rule speaks of; the agent is told."""
    policy: float = 0.0
    """Share of episodes in which a new rule is announced mid-way, and holds from then on."""
    recoverable: int = 2
    """How many times in a row an identical call is struck at most, 1 to 5."""
    wait: int = 2
    """Most turns that a rate limit asks for, 1 to 5."""
    lag: int = 3
    """Most turns for which a change may not be shown, 1 to 10."""
    seed: int = 0
    """Of what is drawn, beside the seed of the episode."""
    thinned: int | None = None
    """How many times the shares are halved, 0 to 5 (without a new rule then); None for as often as
    it takes to leave the task solvable where the number of turns is fixed."""
    schedule: tuple[Strike, ...] = ()
    """Faults that come when a trigger says so."""

    def __post_init__(self) -> None:
        for kind in KINDS:
            found = getattr(self, kind)
            if type(found) not in (int, float) or not math.isfinite(found) or not 0 <= found <= 1:
                raise _wrong(kind, "a share from 0 to 1", found)
        for name, (least, most) in _COUNTS.items():
            found = getattr(self, name)
            if type(found) is not int or not least <= found <= most:
                raise _wrong(name, f"a whole number from {least} to {most}", found)
        if type(self.seed) is not int:
            raise _wrong("seed", "a whole number", self.seed)
        thin = self.thinned
        if thin is not None and (type(thin) is not int or not 0 <= thin <= THINNEST):
            raise _wrong("thinned", f"a whole number from 0 to {THINNEST}, or none", thin)
        for kinds, what in ((_CALLS, "a call"), (_READS, "a read"), (_WRITES, "a write")):
            total = sum(getattr(self, name) for name in kinds)
            if total > 1 + 1e-9:
                raise _wrong("+".join(kinds), f"shares of {what} that add up to at most 1", total)

    @classmethod
    def of(cls, given: Faults) -> FaultOptions:
        """Take options in any of their forms.

        Args:
            given: Options; the name of a preset; a text `name=value,name=value`, which may begin
                with a preset, or be JSON; a mapping, in which `preset` may name one; None for no
                faults.

        Raises:
            UsageError: There is no such preset or option, or a value is not one.
        """
        if given is None:
            return CALM
        if isinstance(given, FaultOptions):
            return given
        if isinstance(given, str):
            values = _from_text(given)
        elif isinstance(given, Mapping):
            values = dict(given)
        else:
            raise UsageError("options of faults", found=type(given).__name__, where="faults")
        return cls(**_checked(values))

    def __bool__(self) -> bool:
        """Whether there are any faults."""
        return bool(self.schedule) or any(getattr(self, name) > 0 for name in KINDS)

    def text(self) -> str:
        """Write them as a text that `of` reads: what is as by default is left out."""
        said = {
            name: value
            for name in self.__struct_fields__
            if (value := getattr(self, name)) != getattr(CALM, name)
        }
        if self.schedule:
            return encode(said).decode()
        return ",".join(f"{name}={value}" for name, value in said.items())


Faults = FaultOptions | Mapping[str, Json] | str | None
"""Which faults there are, in any form that `FaultOptions.of` takes."""

_CALLS = ("timeout", "rate_limit", "error_before")
_READS = (*_CALLS, "stale", "truncated_page", "changed_format")
_WRITES = (*_CALLS, "error_after")

CALM = FaultOptions()
"""No faults."""

PRESETS: dict[str, FaultOptions] = {
    "none": CALM,
    "mild": FaultOptions(timeout=0.03, rate_limit=0.02, error_before=0.03, recoverable=1),
    "rough": FaultOptions(
        timeout=0.08,
        rate_limit=0.06,
        error_before=0.08,
        error_after=0.1,
        stale=0.15,
        truncated_page=0.15,
        changed_format=0.05,
        renamed_field=0.15,
        change=0.1,
        policy=0.1,
    ),
    "ambiguous_writes": FaultOptions(timeout=0.1, error_after=0.5),
    "rate_limits": FaultOptions(rate_limit=0.3, wait=3, recoverable=1),
    "drift": FaultOptions(renamed_field=0.6, changed_format=0.15, truncated_page=0.1),
    "stale_reads": FaultOptions(stale=0.5, change=0.2, lag=4),
    "moving": FaultOptions(stale=0.2, change=0.5, policy=0.5),
}
"""Named options: `mild` and `rough` have something of everything that a service can do wrong; the
others are about one thing each."""


def _from_text(given: str) -> dict[str, Any]:
    """Return the options that a text names."""
    text = given.strip()
    if text.startswith("{"):
        try:
            found = decode(text.encode(), dict[str, Any], where="faults")
        except FormatError as error:
            raise UsageError(error.expected, found=error.found, where="faults") from None
        return found
    values: dict[str, Any] = {}
    for place, part in enumerate(part for part in text.split(",") if part.strip()):
        name, sign, value = (each.strip() for each in part.partition("="))
        if not sign:
            if name in PRESETS and place == 0:
                values["preset"] = name
                continue
            expected = "the name of a preset" if place == 0 else "name=value"
            if name in PRESETS:
                expected = "one preset, at the beginning, then name=value"
            legal = [*PRESETS, *CALM.__struct_fields__] if place == 0 else CALM.__struct_fields__
            raise UsageError(expected, found=repr(name), where="faults", hint=nearest(name, legal))
        if name in values:
            raise UsageError("each option once", found=repr(given), where="faults")
        values[name] = _read(name, value)
    return values


def _read(name: str, text: str) -> Json:
    """Read the value of one option from its text."""
    if name == "preset":
        return text
    if name == "thinned" and text == "none":
        return None
    try:
        return float(text) if name in KINDS else int(text)
    except ValueError:
        what = "a share from 0 to 1" if name in KINDS else "a whole number"
        if name not in CALM.__struct_fields__:
            return text
        raise _wrong(name, what, text) from None


def _checked(values: dict[str, Any]) -> dict[str, Any]:
    """Return the options by name, those of a preset included."""
    preset = values.pop("preset", None)
    if preset is not None and preset not in PRESETS:
        raise UsageError(
            "a preset of faults",
            found=repr(preset),
            where="faults",
            hint=nearest(str(preset), PRESETS),
        )
    for name in values:
        if name not in CALM.__struct_fields__:
            raise UsageError(
                "an option of faults",
                found=repr(name),
                where="faults",
                hint=nearest(str(name), CALM.__struct_fields__),
            )
    # Files hold numbers exactly.
    values = {n: float(v) if isinstance(v, Decimal) else v for n, v in values.items()}
    if "schedule" in values:
        values["schedule"] = _schedule(values["schedule"])
    base = {} if preset is None else msgspec.structs.asdict(PRESETS[preset])
    return base | values


def _schedule(given: Json) -> tuple[Strike, ...]:
    if not isinstance(given, (list, tuple)):
        raise _wrong("schedule", "a list of strikes", given)
    found = []
    for place, one in enumerate(given):
        if isinstance(one, Strike):
            found.append(one)
            continue
        where = f"faults schedule[{place}]"
        if not isinstance(one, Mapping):
            raise UsageError("a strike", found=repr(one), where=where)
        for name in one:
            if name not in Strike.__struct_fields__:
                hint = nearest(str(name), Strike.__struct_fields__)
                raise UsageError("a part of a strike", found=repr(name), where=where, hint=hint)
        if one.get("kind") not in KINDS:
            hint = nearest(str(one.get("kind")), KINDS)
            raise UsageError("a kind of fault", found=repr(one.get("kind")), where=where, hint=hint)
        try:
            found.append(convert(dict(one), Strike, where=where))
        except FormatError as error:
            raise UsageError(error.expected, found=error.found, where=where) from None
    return tuple(found)


def _wrong(name: str, expected: str, found: Json) -> UsageError:
    return UsageError(expected, found=repr(found), where=f"faults {name}")
