"""The coach of one episode: explains errors, as far as the level of help goes.

In comes why a call was refused; out goes the same with less, or with legal values and the tool that
repairs it. It knows what the agent could see for itself, and nothing of the task. Next: `faults`.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from functools import lru_cache
from typing import Self

import msgspec

from agentgym.episode.feedback.aim import aim
from agentgym.episode.feedback.legal import legal_values
from agentgym.episode.feedback.options import HintOptions, Hints
from agentgym.episode.feedback.repair import repair
from agentgym.episode.view import View
from agentgym.formats import Json
from agentgym.tools.views import first_sentence
from agentgym.trajectory import ErrorCode, Fault
from agentgym.world.rows import World

__all__ = ["Coach"]

_BARE: dict[ErrorCode, str] = {
    "unknown_tool": "There is no such tool.",
    "bad_arguments": "The arguments are wrong.",
    "not_found": "Nothing was found.",
    "ambiguous": "Several were found.",
    "rule_broken": "A rule does not allow this.",
    "conflict": "This is in conflict with what is there.",
    "limit_exceeded": "This goes beyond a limit.",
    "unavailable": "This is not available.",
}
_HINTED = re.compile(
    r"(?: \((?:did you mean|use one of) [^()]*\)| \(call \w+ first\)"
    r"|;? (?:did you mean|use one of) .*)"
)
_NEXT = {
    "not_found": "Call {} to see what there is.",
    "ambiguous": "Call {} to see which one is meant.",
    "conflict": "Call {} to see what is there.",
    "rule_broken": "Call {} before you go on.",
    "unavailable": "Call {} next.",
    "unknown_tool": "Call {} next.",
}


class Coach:
    """Explains the errors of one episode.

    Args:
        options: How far, and how that fades.
    """

    __slots__ = ("_met", "options")

    def __init__(self, options: HintOptions) -> None:
        self.options = options
        self._met: tuple[tuple[str, ...], ...] = ()
        """What went wrong so far, where that counts."""

    @classmethod
    def of(cls, given: Hints) -> Coach | None:
        """Return a coach; None for the errors as they are.

        Args:
            given: How far errors are explained, as `HintOptions.of` takes it.

        Raises:
            UsageError: There is no such level.
        """
        options = HintOptions.of(given)
        return None if options is None else cls(options)

    def tell(
        self, fault: Fault, name: str, arguments: Mapping[str, Json], view: View, world: World
    ) -> Fault:
        """Return what the agent is told of an error.

        Args:
            fault: Why the call was refused.
            name: Of the shown tool that was called, or what was taken for one.
            arguments: As the agent sent them.
            view: The tools that are shown.
            world: The state, for legal values; only read.
        """
        options = self.options
        what = (name, fault.code, fault.parameter or "", fault.rule or "")
        number = 0
        if options.counts:
            number = self._met.count(what) if options.fade is not None else len(self._met)
            self._met = (*self._met, what)
        level = options.level(number, *what)
        if level == "none":
            return Fault(code=fault.code, message=_BARE[fault.code])
        if level == "brief":
            said = _brief(fault.message)
            return Fault(code=fault.code, message=said, parameter=fault.parameter, rule=fault.rule)
        return _whole(fault, name, arguments, view, world)

    def state(self) -> Hashable:
        """Return all that what it tells from here on depends on."""
        if self.options.fade is not None:
            return self.options.text(), tuple(sorted(self._met))
        spent = sum(count for _, count in self.options.stages)
        return self.options.text(), min(len(self._met), spent)

    def fork(self) -> Self:
        """Return an independent copy in the same state."""
        if not self.options.counts:
            return self
        other = type(self)(self.options)
        other._met = self._met  # noqa: SLF001 - its own kind
        return other


@lru_cache(maxsize=64)
def _brief(message: str) -> str:
    """Return what happened, without the hint behind it."""
    said = _HINTED.sub("", first_sentence(message)).rstrip(" ;")
    return said if said.endswith((".", "!", "?")) else f"{said}."


def _whole(
    fault: Fault, name: str, arguments: Mapping[str, Json], view: View, world: World
) -> Fault:
    """Add the legal values and the tool that repairs it."""
    aimed = aim(fault, name, arguments, view)
    legal = legal_values(fault, arguments, aimed, view, world)
    tool = repair(fault, name, aimed, view, world)
    message = fault.message
    if tool is not None and not re.search(rf"\b{re.escape(tool)}\b", message):
        message = f"{message.rstrip(' ;')} {_NEXT[fault.code].format(tool)}"
    return msgspec.structs.replace(fault, message=message, legal=legal or None, repair=tool)
