"""How far errors are explained, and how that fades.

A level, a schedule, a text, a mapping or a record comes in; a checked `HintOptions` goes out.
Next: `legal`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal, get_args

from agentgym.errors import UsageError, nearest
from agentgym.formats import Record
from agentgym.rng import key

__all__ = ["HintOptions", "Hints", "Level"]

Level = Literal["none", "brief", "full"]
"""`none`: the code and a bare sentence. `brief`: what is wrong. `full`: that, the legal values, and
the shown tool that repairs it."""

_LEVELS: tuple[Level, ...] = get_args(Level)
_FADING = "full:3,brief:3,none"
_WORDS = (*_LEVELS, "fading", "fade=0.5", _FADING)
_FORMS = "none, brief, full, fading, a schedule like full:3,brief:3,none or fade=0.0 to fade=1.0"
_MOST = 1_000_000
_GRAIN = 2**64


class HintOptions(Record, kw_only=True):
    """How far an episode explains errors.

    Raises:
        UsageError: A level is none, or a number is out of its range.
    """

    stages: tuple[tuple[Level, int], ...] = ()
    """A level for so many errors, one after the other."""
    last: Level = "full"
    """The level after them."""
    fade: float | None = None
    """How far help has faded, 0.0 (all errors in full) to 1.0 (none): the stage of a training. The
    share of errors that are explained, drawn by what went wrong and how often. None: by stages."""

    def __post_init__(self) -> None:
        for level, count in self.stages:
            _level(level)
            if type(count) is not int or not 1 <= count <= _MOST:
                raise UsageError("a number of errors from 1", found=repr(count), where="hints")
        _level(self.last)
        fade = self.fade
        if fade is None:
            return
        if type(fade) not in (int, float) or not math.isfinite(fade) or not 0 <= fade <= 1:
            raise UsageError("a share from 0.0 to 1.0", found=repr(fade), where="hints fade")
        if self.stages or self.last != "full":
            raise UsageError("stages or fade", found="both", where="hints")

    @classmethod
    def of(cls, given: Hints) -> HintOptions | None:
        """Take options in any of their forms.

        Args:
            given: Options; `none`, `brief` or `full`; `fading` (full for 3 errors, brief for 3
                more, then none); a text like `full:3,brief:3,none`, in which a level without a
                number is the last; `fade=0.5`; a mapping of the record's fields, or of levels to
                numbers of errors; None for the errors as they are.

        Raises:
            UsageError: It is none of these.
        """
        if given is None or isinstance(given, HintOptions):
            return given
        if isinstance(given, str):
            return cls._of_text(given)
        if isinstance(given, Mapping):
            return cls._of_mapping(given)
        raise UsageError(_FORMS, found=type(given).__name__, where="hints")

    @classmethod
    def _of_text(cls, text: str) -> HintOptions:
        said = text.strip()
        name, sign, share = said.partition("=")
        if sign:
            if name.strip() != "fade":
                raise UsageError(
                    _FORMS, found=repr(text), where="hints", hint=nearest(name, ["fade"])
                )
            try:
                return cls(fade=float(share))
            except ValueError:
                raise UsageError(
                    "a share from 0.0 to 1.0", found=repr(share), where="hints fade"
                ) from None
        parts = [
            part.strip() for part in (_FADING if said == "fading" else said).split(",") if part
        ]
        if not parts:
            raise UsageError(_FORMS, found=repr(text), where="hints")
        stages: list[tuple[Level, int]] = []
        for place, part in enumerate(parts):
            word, colon, count = part.partition(":")
            level = _level(word.strip())
            if not colon:
                if place + 1 < len(parts):
                    raise UsageError(
                        f"a number of errors for {level}, as only the last needs none",
                        found=repr(text),
                        where="hints",
                    )
                return cls(stages=tuple(stages), last=level)
            if not count.strip().isdecimal():
                raise UsageError("a number of errors", found=repr(count), where=f"hints {level}")
            stages.append((level, int(count)))
        return cls(stages=tuple(stages), last="none")

    @classmethod
    def _of_mapping(cls, given: Mapping[str, Any]) -> HintOptions:
        # Files hold numbers exactly.
        said: dict[str, Any] = {
            name: float(value) if isinstance(value, Decimal) else value
            for name, value in given.items()
        }
        fields = cls.__struct_fields__
        if said and all(name in _LEVELS for name in said):
            stages = [(_level(name), count) for name, count in said.items() if count is not None]
            last = [_level(name) for name, count in said.items() if count is None]
            if len(last) > 1:
                raise UsageError("one last level", found=", ".join(last), where="hints")
            return cls(stages=tuple(stages), last=last[0] if last else "none")
        for name in said:
            if name not in fields:
                raise UsageError(
                    "an option of hints",
                    found=repr(name),
                    where="hints",
                    hint=nearest(str(name), (*fields, *_LEVELS)),
                )
        if isinstance(said.get("stages"), (list, tuple)):
            pairs = said["stages"]
            if not all(isinstance(pair, (list, tuple)) and len(pair) == 2 for pair in pairs):
                raise UsageError("pairs of a level and a number", found=repr(pairs), where="hints")
            said["stages"] = tuple((level, count) for level, count in pairs)
        return cls(**said)

    def text(self) -> str:
        """Write the options so that `of` reads them."""
        if self.fade is not None:
            return f"fade={self.fade}"
        stages = [f"{level}:{count}" for level, count in self.stages]
        return ",".join([*stages, self.last])

    @property
    def counts(self) -> bool:
        """Whether it matters how many errors there were before."""
        return bool(self.stages) or (self.fade is not None and 0 < self.fade < 1)

    def level(self, number: int, *what: object) -> Level:
        """Return how far an error is explained.

        Args:
            number: How many there were before it; with `fade`, how many of its kind.
            what: Its kind: chances are drawn by it.
        """
        if self.fade is not None:
            if key("hints", number, *what) / _GRAIN >= self.fade:
                return "full"
            return "brief" if key("hints", "brief", number, *what) / _GRAIN >= self.fade else "none"
        for level, count in self.stages:
            if number < count:
                return level
            number -= count
        return self.last


Hints = HintOptions | Mapping[str, Any] | str | None
"""How far errors are explained, in any form that `HintOptions.of` takes."""


def _level(word: object) -> Level:
    for level in _LEVELS:
        if word == level:
            return level
    hint = nearest(word, _WORDS) if isinstance(word, str) else ""
    raise UsageError(_FORMS, found=repr(word), where="hints", hint=hint)
