"""What a reset wishes: the options of one episode, read and checked.

In come the options of `reset` and the settings of the environment; out goes a `Wish`.
Next: `hint`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from agentgym.env.settings import STAGES, Settings
from agentgym.errors import UsageError, nearest
from agentgym.formats import Json

__all__ = ["OPTIONS", "Wish", "stages_of", "wish"]

OPTIONS = (
    "task_id",
    "split",
    "user",
    "user_seed",
    "fault_seed",
    "warm_start",
    "plan_hint",
    "stage",
)
"""The options that a reset takes."""

_SETTINGS = ("user", "warm_start", "plan_hint")


class Wish(NamedTuple):
    """What one episode is to be."""

    task_id: str | None
    split: str | None
    user_seed: int | None
    fault_seed: int | None
    settings: Settings


def stages_of(
    settings: Settings, given: Sequence[Mapping[str, Json]] | None
) -> tuple[Settings, ...]:
    """Return the settings of each stage, the first stage first.

    Args:
        settings: Of the environment.
        given: What each stage changes about them; None for `STAGES`.

    Raises:
        UsageError: A stage has no such option, or a value is not one.
    """
    stages = STAGES if given is None else given
    for number, stage in enumerate(stages, 1):
        if not isinstance(stage, Mapping):
            raise UsageError("options by name", found=repr(stage), where=f"stage {number}")
    return tuple(settings.over(stage) for stage in stages)


def wish(
    given: Mapping[str, Any] | None,
    settings: Settings,
    stages: Sequence[Settings],
    split: str | None,
) -> Wish:
    """Read the options of a reset.

    Args:
        given: The options.
        settings: Of the environment.
        stages: Settings of its stages.
        split: Where the environment chooses tasks from.

    Raises:
        UsageError: There is no such option, or a value is not one.
    """
    if not given:
        return Wish(None, split, None, None, settings)
    if not isinstance(given, Mapping):
        raise UsageError("a mapping of options of reset", found=repr(given), where="options")
    for name in given:
        if name not in OPTIONS:
            raise UsageError(
                "an option of reset", found=repr(name), hint=nearest(str(name), OPTIONS)
            )
    stage = given.get("stage")
    if stage is not None:
        number = _whole(stage, "stage")
        if not 1 <= number <= len(stages):
            raise UsageError(f"a stage from 1 to {len(stages)}", found=repr(stage), where="stage")
        settings = stages[number - 1]
    named = {name: given[name] for name in _SETTINGS if name in given}
    return Wish(
        _text(given.get("task_id"), "task_id"),
        _text(given.get("split", split), "split"),
        None if given.get("user_seed") is None else _whole(given["user_seed"], "user_seed"),
        None if given.get("fault_seed") is None else _whole(given["fault_seed"], "fault_seed"),
        settings.over(named) if named else settings,
    )


def _text(found: Any, where: str) -> str | None:
    if found is None or isinstance(found, str):
        return found
    raise UsageError("a text", found=repr(found), where=where)


def _whole(found: Any, where: str) -> int:
    if isinstance(found, bool) or not isinstance(found, (int, np.integer)):
        raise UsageError("a whole number", found=repr(found), where=where)
    return int(found)
