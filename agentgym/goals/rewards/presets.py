"""The presets: what of a run each takes for half a success, as a number from 0 to 1.

The terms of a run come in, its credit goes out. What a run earns of it is always less than what
success earns: `total`. Next: `options`.

| preset | credit x of a run | from |
|---|---|---|
| `sparse` | none | |
| `progress` | Phi | Environment Tuning, stages 2 and later |
| `staged` | stage 1: mean of schema, common and hard constraints (share and all), pass; \
stage 2: without shares and schema; stage 3: none | Planner-R1 |
| `format_first` | I_tool (R_format + R_tool) / 2 | Environment Tuning, stage 1 |
| `partial_tests` | max(0, passed / parts - 0.05 failed - 0.05 idle), at the end | LOOP |
| `hierarchical` | level / 5 | QUASAR |
| `redundancy` | 0.1 R_format + right: max(1 - rho, 0.5); wrong: (0.4 - margin) Phi | Fathom |

Schema is the share of well-formed turns. Common constraints hold for every task: nothing else
changed, no rule broken, the end looked up. Hard ones are what the task asks for: the changes, the
answer, the outcome.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

__all__ = ["PRESETS", "credit", "total"]

Terms = Mapping[str, float]

_FAILED = _IDLE = 0.05
"""What a turn with a refused call, and one without a call, cost under `partial_tests`."""

PRESETS: dict[str, str] = {
    "sparse": "1 for success, at the end.",
    "progress": "Milestones as they are reached, and success.",
    "staged": "Schema, constraints and success; with the stage, success alone.",
    "format_first": "Well-formed turns and calls that are executed, and success.",
    "partial_tests": "Parts of the verdict that hold, less failed and idle turns; at the end.",
    "hierarchical": "The gates that are passed, from a readable call to success.",
    "redundancy": "Success, less what was called again; milestones where it fails.",
    "weights": "A weighted sum of terms.",
}
"""Name of a preset to what it pays, in a line."""


def total(credit: float, *, success: float, margin: float) -> float:
    """Return what a run earns: failing ones up to (1 - margin) / 2, passing ones that more.

    Args:
        credit: From 0 to 1.
        success: 1 or 0.
        margin: Between the best failing and the worst passing run.
    """
    half = (1 - margin) / 2
    return half * credit + (1 - half) * success


def credit(preset: str, stage: int) -> Callable[[Terms], float]:
    """Return what a preset takes for half a success."""
    match preset:
        case "progress":
            return lambda terms: terms["progress"]
        case "staged":
            return (_schema, _macro, _none)[stage - 1]
        case "format_first":
            return _format
        case "partial_tests":
            return _tests
        case "hierarchical":
            return lambda terms: terms["level"] / 5
    return _none


def _none(_: Terms) -> float:
    return 0.0


def _schema(terms: Terms) -> float:
    common = (terms["frame"] + terms["policy"] + terms["evidence"]) / 3
    hard = (terms["state"] + terms["answer"] + terms["outcome"]) / 3
    met = float(common == 1) + float(hard == 1) + terms["success"]
    return (terms["format"] + common + hard + met) / 6


def _macro(terms: Terms) -> float:
    common = terms["frame"] * terms["policy"] * terms["evidence"]
    hard = terms["state"] * terms["answer"] * terms["outcome"]
    return (common + hard + terms["success"]) / 3


def _format(terms: Terms) -> float:
    if not terms["level"]:
        return 0.0
    return (terms["format"] + terms["executed"]) / 2


def _tests(terms: Terms) -> float:
    passed = (
        terms["state"]
        + terms["frame"]
        + terms["answer"]
        + terms["evidence"]
        + terms["policy"]
        + terms["outcome"]
    ) / 6
    return max(0.0, passed - _FAILED * terms["failed"] - _IDLE * terms["idle"])
