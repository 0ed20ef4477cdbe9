"""The terms of a reward: what each says, between which bounds it lies, and who measured it first.

Nothing comes in; `TERMS` and `SPANS` go out. All terms are in `info["reward_terms"]` after every
step. Next: `options`.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

__all__ = ["PARTS", "SPANS", "TERMS", "Span"]

PARTS = ("state", "frame", "answer", "evidence", "policy", "outcome")
"""What a verdict consists of: success is all of them."""


class Span(NamedTuple):
    """Between which bounds a term lies after the last turn, and before it."""

    passing: tuple[float, float]
    """Of a run that succeeds."""
    failing: tuple[float, float]
    """Of one that does not."""
    unit: str
    """What it is a share or a number of."""
    doc: str
    """What it is: formula and source."""
    counts: Literal["", "turns", "open"] = ""
    """`turns`: the bounds are per turn of the episode; `open`: it has no upper bound."""

    @property
    def whole(self) -> tuple[float, float]:
        """Bounds of either kind of run, before the end too."""
        return min(0.0, self.passing[0], self.failing[0]), max(self.passing[1], self.failing[1])


_ALWAYS, _NEVER, _SHARE = (1.0, 1.0), (0.0, 0.0), (0.0, 1.0)

SPANS: dict[str, Span] = {
    "success": Span(_ALWAYS, _NEVER, "0 or 1", "The verdict: 1 where a branch of the goal is met."),
    "state": Span(_ALWAYS, _SHARE, "0 or 1", "The verdict's: the required changes were made."),
    "frame": Span(_ALWAYS, _SHARE, "0 or 1", "The verdict's: nothing else was changed."),
    "answer": Span(_ALWAYS, _SHARE, "0 or 1", "The verdict's: the answer holds every slot."),
    "evidence": Span(_ALWAYS, _SHARE, "0 or 1", "The verdict's: the end was looked up."),
    "policy": Span(_ALWAYS, _SHARE, "0 or 1", "The verdict's: no advisory rule was broken."),
    "outcome": Span(_ALWAYS, _SHARE, "0 or 1", "The verdict's: concluded as expected."),
    "progress": Span(
        _ALWAYS,
        _SHARE,
        "share of milestones",
        "Phi: milestones that hold, and all before them, / milestones; 1 on success.",
    ),
    "turn": Span(
        _SHARE,
        _SHARE,
        "share of the user's turns",
        "R_P = 1/T sum r_state r_exec: state as after the gold run, and its results contained "
        "(Environment Tuning).",
    ),
    "format": Span(
        _SHARE,
        _SHARE,
        "share of turns",
        "R_format = 1 - bad / all turns; bad: void or malformed (Environment Tuning, SimpleTIR).",
    ),
    "executed": Span(
        _SHARE,
        _SHARE,
        "share of calls",
        "R_tool = ok / (ok + refused) calls; 1 without calls (Environment Tuning).",
    ),
    "level": Span(
        (5.0, 5.0),
        (0.0, 4.0),
        "gates of 5",
        "Gates passed in order: a call that can be read, is valid, is executed, right state, "
        "success (QUASAR).",
    ),
    "redundancy": Span(
        _SHARE,
        _SHARE,
        "share of calls",
        "rho = repeated / calls; repeated: made before, and nothing has changed since (Fathom).",
    ),
    "overuse": Span(
        _SHARE,
        _SHARE,
        "share of calls",
        "max(0, calls - min_calls) / calls, over calls that read or write rows (SMART).",
    ),
    "harm": Span(
        _NEVER,
        _SHARE,
        "0 to below 1",
        "1 - prod(1 - s e / 2) over rows changed outside the goal; s: 1 where it cannot be taken "
        "back, else 1/2; e: from 1 in the first turn to 1/2 in the last.",
    ),
    "breaches": Span(
        _SHARE,
        _SHARE,
        "0 to below 1",
        "1 - 2^-n; n: advisory rules broken, enforced rules tried beyond what the gold run or the "
        "goal's evidence needs, users taken for somebody else.",
    ),
    "communication": Span(
        _SHARE,
        _SHARE,
        "0 to 1",
        "told / needed facts x (1 - needless / asks / 2) / 2^complaints; 0 where the user left.",
    ),
    "claims": Span(
        _SHARE,
        _SHARE,
        "share of claims",
        "Slots of the answer that are right / slots and unsupported values said at the end "
        "(RLFH); 0 until the end.",
    ),
    "cost": Span(
        _SHARE,
        _SHARE,
        "share of the budget",
        "min(1, spent / budget); without a budget: of four times what the gold run spends.",
    ),
    "spent": Span(
        (0.0, float("inf")),
        (0.0, float("inf")),
        "price",
        "Sum of the prices of all calls and messages.",
        counts="open",
    ),
    "user_cost": Span(
        _SHARE,
        _SHARE,
        "0 to below 1",
        "1 - 0.9^u; u: asks, needless asks once more, and twice the complaints.",
    ),
    "turns": Span(_SHARE, _SHARE, "turns", "Turns of the agent.", counts="turns"),
    "failed": Span(
        _SHARE, _SHARE, "turns", "Turns with a call that was refused (LOOP).", counts="turns"
    ),
    "idle": Span(
        _SHARE, _SHARE, "turns", "Turns without a call that can be read (LOOP).", counts="turns"
    ),
}
"""Name of a term to its bounds. Those of the verdict are 0 until the end."""

TERMS: dict[str, str] = {name: span.doc for name, span in SPANS.items()}
"""Name of a term to what it is, in a line."""
