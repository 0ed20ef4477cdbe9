"""Patterns for what leaves a choice: so many of the rows, within limits. Next: `tones`."""

from __future__ import annotations

from agentgym.formats import Json
from agentgym.tasks.words.grammar import Many, Production, Symbol
from agentgym.tasks.words.grammar import productions as p
from agentgym.tasks.words.phrases import Limited, Mention, Picked

__all__ = ["CHOICES"]

_LE = "[at most|no more than]"
_GE = "[at least|no less than]"


def _picks(what: str, **fixed: Json) -> tuple[Production, ...]:
    """Make the patterns of a choice, after which something of each row is asked for."""
    some = "{count:count} {rows:bare rows}{limits:limits}"
    return p(
        Picked,
        f"[please |][pick|choose|find|select] {some}, and [tell|give] me {what}.",
        f"[please suggest|suggest] {some}. [please tell|tell|give] me {what}.",
        f"I need {some}. [please pick them and|any that fit will do; please] tell me {what}.",
        f"[could|can] you [find|pick] me {some}? I need {what}.",
        f"I'm looking for {some}. whichever fit are fine; I [need|want] {what}.",
        **fixed,
    )


CHOICES: dict[str, Symbol] = {
    "limit": (
        *p(
            Limited,
            f"with a combined {{field:mention}} of {_LE} {{value:amount}}",
            f"with {{fields:fields mention}} that [add up to|together come to] {_LE} "
            "{value:amount}",
            kind="total", op="le",
        ),
        *p(
            Limited,
            f"with a combined {{field:mention}} of {_GE} {{value:amount}}",
            f"with {{fields:fields mention}} that [add up to|together come to] {_GE} "
            "{value:amount}",
            kind="total", op="ge",
        ),
        *p(
            Limited,
            "with a combined {field:mention} of at least {value:amount} and at most {upto:amount}",
            "with {fields:fields mention} that [add up to|together come to] at least "
            "{value:amount} and at most {upto:amount}",
            kind="total", op="both",
        ),
        *p(
            Limited,
            "with a combined {field:mention} of exactly {value:amount}",
            "with {fields:fields mention} that add up to exactly {value:amount}",
            kind="total", op="eq",
        ),
        *p(
            Limited,
            "no two with the same {field:distinct}",
            "each with a different {field:distinct}",
            kind="distinct",
        ),
    ),
    "distinct": (
        *p(Mention, "{field:field}", unit=None),
        *p(Mention, "{field:role}", unit=None),
    ),
    "limits": Many(item="limit", separators=(", ", " and "), least=0, leads=(", ",)),
    "picked": (
        *_picks("their {fields:each field}", plural=True),
        *_picks("{fields:mentions} of each", plural=False),
    ),
}  # fmt: skip
"""Symbol to what it can be: what leaves a choice."""
