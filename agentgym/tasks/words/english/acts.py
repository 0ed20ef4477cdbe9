"""Patterns for what is asked and what is to be done. Next: `tones`."""

from __future__ import annotations

from agentgym.tasks.words.grammar import Many, Symbol
from agentgym.tasks.words.grammar import productions as p
from agentgym.tasks.words.phrases import (
    Add,
    Ask,
    Blank,
    Counted,
    Edit,
    Given,
    Held,
    Mark,
    Mention,
    Remove,
    Summed,
    Whether,
)

__all__ = ["ACTS"]

_QUERIES: dict[str, Symbol] = {
    "mention": (
        *p(Mention, "{field:field}", unit=None),
        *p(Mention, "{field:field} [in {unit:unit}|(in {unit:unit})]"),
    ),
    "the mention": (
        *p(Mention, "the {field:field}", unit=None),
        *p(Mention, "the {field:field} [in {unit:unit}|(in {unit:unit})]"),
    ),
    "mentions": Many(item="the mention", separators=(", ", " and "), most=4),
    "single": Many(item="the mention", most=1),
    "only": Many(item="mention", most=1),
    "figure": (
        *p(Counted, "the number of {rows:bare rows}", field=None, owner=None),
        *p(Counted, "the number of {rows:bare rows} with {field:a field} on record", owner=None),
        *p(Summed, "the total {field:mention} of {rows:rows}", function="sum", plain=False),
        *p(Summed, "the combined {field:mention} of {rows:rows}", function="sum"),
        *p(Summed, "the sum of the {field:mention} over {rows:rows}", function="sum"),
        *p(
            Summed,
            "the [average|mean] {field:mention} of {rows:rows}{digits:rounded}",
            function="avg",
        ),
        *p(Summed, "the [highest|largest] {field:mention} among {rows:rows}",
           function="max", time=False),
        *p(Summed, "the [lowest|smallest] {field:mention} among {rows:rows}",
           function="min", time=False),
        *p(Summed, "the [latest|most recent] {field:mention} among {rows:rows}",
           function="max", time=True),
        *p(Summed, "the earliest {field:mention} among {rows:rows}", function="min", time=True),
    ),
    "rounded": p(
        None, ", rounded to {_1:count} decimals", " (rounded to {_1:count} decimals)"
    ),
    "one ask": p(Ask, "{fields:single} of {noun:noun}"),
    "asks": p(Ask, "{fields:mentions} of {noun:noun}"),
    "what": p(None, "{_1:one ask}", "{_1:figure}"),
    "phrase": p(None, "{_1:asks}", "{_1:figure}"),
    "clause": (
        *p(Counted, "how many {rows:bare rows} there are", field=None, owner=None),
        *p(Counted, "how many {rows:bare rows} {owner:noun} has", field=None),
        *p(Ask, "what {fields:single} of {noun:noun} is", short=True),
        *p(Whether, "whether {noun:noun} is marked as {flag:flag}"),
    ),
    "tale": p(None, "{_1:phrase}", "{_1:clause}"),
    "whats": Many(item="what", most=1),
    "phrases": Many(item="phrase", separators=(", ", " and "), most=4),
    "tales": Many(item="tale", separators=(", ", " and "), most=4),
    "direct": (
        *p(Counted, "how many {rows:bare rows} [are there|do we have]?", field=None, owner=None),
        *p(Counted, "how many {rows:bare rows} have {field:a field} on record?", owner=None),
        *p(Counted, "how many {rows:bare rows} does {owner:noun} have?", field=None),
        *p(Ask, "what {fields:only} does {noun:noun} have?", short=True),
        *p(Whether, "is {noun:noun} marked as {flag:flag}?"),
    ),
    "directs": Many(item="direct", most=1),
}  # fmt: skip

_ORDERS: dict[str, Symbol] = {
    "given": (
        *p(Given, "the {field:field} to {value:value}", flag=False),
        *p(Given, "the {field:switch} flag to {value:flag value}", flag=True),
        *p(Given, "the {field:role} to {value:thing}", flag=False),
    ),
    "rest": Many(item="given", separators=(", ", " and "), leads=(" and ", ", ")),
    "add given": (
        *p(Given, "the {field:field} {value:token}"),
        *p(Given, "the {field:field} {value:amount}", code=True),
        *p(Given, "{field:a field} of {value:size}"),
        *p(Given, "the {field:switch} flag set to {value:truth}"),
        *p(Given, "{field:a field} [I'll give you when you ask|you can ask me for]", value=Held()),
        *p(Given, "no {field:field}", value=Blank()),
        *p(Given, "{field:a field} taken from {value:read}"),
        *p(Given, "the same {field:field} as {value:alike}"),
        *p(Given, "{value:thing} as the {field:role}"),
    ),
    "add givens": Many(item="add given", separators=(", ", " and "), least=0, leads=(" with ",)),
    "line given": (
        *p(Given, "{field:field} {value:term}"),
        *p(Given, "{field:switch} {value:truth}"),
    ),
    "line givens": Many(item="line given", separators=(", ", " and "), least=2, leads=(": ",)),
    "owners": Many(item="inner", separators=(" and for ", " and for "), least=0, leads=(" for ",)),
    "order": (
        *p(
            Edit,
            "[change|set|update] the {field:field} of {noun:noun} to {value:value}",
            rest=(),
            flag=False,
        ),
        *p(
            Edit,
            "[change|set] the {field:role} of {noun:noun} to {value:thing}",
            rest=(),
            flag=False,
        ),
        *p(
            Edit,
            "[change|set] the {field:switch} flag of {noun:noun} to {value:flag value}",
            rest=(),
            flag=True,
        ),
        *p(
            Edit,
            "[change|update] the {field:field} of {noun:noun} (I'll tell you the new one)",
            "[change|update] the {field:field} of {noun:noun} (ask me for the new one)",
            value=Held(),
            rest=(),
            flag=False,
        ),
        *p(Edit, "clear the {field:field} of {noun:noun}", value=Blank(), rest=(), flag=False),
        *p(
            Edit,
            "change the {field:field} of {noun:noun} to {value:value}{rest:rest}",
            "update {noun:noun} by setting the {field:field} to {value:value}{rest:rest}",
            flag=False,
        ),
        *p(
            Edit,
            "change the {field:role} of {noun:noun} to {value:thing}{rest:rest}",
            flag=False,
        ),
        *p(
            Edit,
            "change the {field:switch} flag of {noun:noun} to {value:flag value}{rest:rest}",
            "update {noun:noun} by setting the {field:switch} flag to {value:truth}{rest:rest}",
            flag=True,
        ),
        *p(Mark, "mark {noun:noun} as {text:word}", "mark {noun:noun} as {text:flag}", on=True),
        *p(Mark, "mark {noun:noun} as not {text:flag}", on=False),
        *p(Add, "[add|create|set up] a new {head:singular}{owners:owners}{gives:add givens}"),
        *p(Add, "[add|create] a new {head:singular}{owners:owners}{gives:line givens}"),
        *p(Remove, "[delete|remove] {noun:noun}", "remove {noun:noun} from the system"),
    ),
}  # fmt: skip

_ORDERS["fronts"] = Many(item="front", most=1)
_ORDERS["front"] = (
    *p(
        Edit,
        "[for|on] {noun:noun}, please set the {field:field} to {value:value}{rest:rest}",
        "[for|on] {noun:noun}, please set the {field:role} to {value:thing}{rest:rest}",
        flag=False,
    ),
    *p(
        Edit,
        "[for|on] {noun:noun}, please set the {field:switch} flag to {value:flag value}{rest:rest}",
        flag=True,
    ),
)

ACTS: dict[str, Symbol] = _QUERIES | _ORDERS
"""Symbol to what it can be: what is asked, and what is to be done."""
