"""Patterns for what is asked and what is to be done. Next: `tones`."""

from __future__ import annotations

from agentgym.formats import Json
from agentgym.tasks.words.grammar import Label, Many, Production, Symbol
from agentgym.tasks.words.grammar import productions as p
from agentgym.tasks.words.phrases import (
    Add,
    Ask,
    Blank,
    Both,
    Counted,
    Edit,
    Every,
    Given,
    Held,
    Listed,
    Mark,
    Me,
    Mention,
    Noun,
    Raise,
    Remove,
    Summed,
    Touch,
    Whether,
    Which,
)

__all__ = ["ACTS", "WAYS"]

_SEVERAL: dict[str, Json] = {"plural": True, "naming": (), "tail": ()}
_QUERIES: dict[str, Symbol] = {
    "fields": Label(kind="fields"),
    "mention": (
        *p(Mention, "{field:field}", unit=None),
        *p(Mention, "{field:field} [in {unit:unit}|(in {unit:unit})]"),
    ),
    "the mention": (
        *p(Mention, "the {field:field}", unit=None),
        *p(Mention, "the {field:field} [in {unit:unit}|(in {unit:unit})]"),
    ),
    "fields mention": (
        *p(Mention, "{field:fields}", unit=None),
        *p(Mention, "{field:fields} [in {unit:unit}|(in {unit:unit})]"),
    ),
    "each field": Many(item="fields mention", separators=(", ", " and "), most=4),
    "one each field": Many(item="fields mention", most=1),
    "mentions": Many(item="the mention", separators=(", ", " and "), most=4),
    "bare mentions": Many(item="mention", separators=(", ", " and "), most=4),
    "single": Many(item="the mention", most=1),
    "only": Many(item="mention", most=1),
    "figure": (
        *p(None, "{_1:inner figure}"),
        *p(Summed, "the sum of the {fields:fields mention} of {rows:rows}", function="sum"),
    ),
    "inner figure": (
        *p(Counted, "the number of {rows:bare rows}", field=None, owner=None),
        *p(Counted, "the number of {rows:bare rows} with {field:a field} on record", owner=None),
        *p(Summed, "the total {field:mention} of {rows:rows}", function="sum", plain=False),
        *p(Summed, "the combined {field:mention} of {rows:rows}", function="sum"),
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
    "one ask": (
        *p(Ask, "{fields:single} of {noun:noun}", own=False),
        *p(Ask, "{noun:owner} {fields:only}", own=True),
    ),
    "asks": (
        *p(Ask, "{fields:mentions} of {noun:noun}", own=False),
        *p(Ask, "{noun:owner} {fields:bare mentions}", own=True),
    ),
    "every": (
        *p(Every, "the {fields:each field} of {rows:rows}", plural=True),
        *p(Every, "{fields:mentions} of [each|every one] of {rows:the rows}", plural=False),
        *p(Every, "[all |]the different {fields:one each field} of {rows:the rows}", alone=True),
    ),
    "the rows": (
        *p(Noun, "the {before:befores}{head:plural}{mods:mods}", owner=None, **_SEVERAL),
        *p(Noun, "{owner:owner} {before:befores}{head:plural}{mods:mods}", **_SEVERAL),
    ),
    "all rows": (
        *p(Noun, "[all|all the] {before:befores}{head:plural}{mods:mods}", owner=None, **_SEVERAL),
        *p(Noun, "all of {owner:owner} {before:befores}{head:plural}{mods:mods}", **_SEVERAL),
        *p(Both, "{nouns:several}"),
    ),
    "lists": Many(item="listed", most=1),
    "listed": (
        *p(Listed, "a list of {rows:rows}", owner=None),
    ),
    "which of": (
        *p(
            Which,
            "which of {nouns:several} has the [higher|larger|greater] {field:field}",
            "which has the [higher|larger] {field:field}, {nouns:or inner}",
            "which of the two has the [higher|larger] {field:field}, {nouns:or inner}",
            two=True, largest=True, time=False,
        ),
        *p(
            Which,
            "which of {nouns:several} has the [lower|smaller] {field:field}",
            "which has the [lower|smaller] {field:field}, {nouns:or inner}",
            "which of the two has the [lower|smaller] {field:field}, {nouns:or inner}",
            two=True, largest=False, time=False,
        ),
        *p(
            Which,
            "which of {nouns:several} has the [later|more recent] {field:field}",
            "which has the [later|more recent] {field:field}, {nouns:or inner}",
            "which of the two has the later {field:field}, {nouns:or inner}",
            two=True, largest=True, time=True,
        ),
        *p(
            Which,
            "which of {nouns:several} has the earlier {field:field}",
            "which has the earlier {field:field}, {nouns:or inner}",
            "which of the two has the earlier {field:field}, {nouns:or inner}",
            two=True, largest=False, time=True,
        ),
        *p(
            Which,
            "which of {nouns:several} has the [highest|largest] {field:field}",
            "which has the [highest|largest] {field:field}, {nouns:or inner}",
            two=False, largest=True, time=False,
        ),
        *p(
            Which,
            "which of {nouns:several} has the [lowest|smallest] {field:field}",
            "which has the [lowest|smallest] {field:field}, {nouns:or inner}",
            two=False, largest=False, time=False,
        ),
        *p(
            Which,
            "which of {nouns:several} has the [latest|most recent] {field:field}",
            "which has the [latest|most recent] {field:field}, {nouns:or inner}",
            two=False, largest=True, time=True,
        ),
        *p(
            Which,
            "which of {nouns:several} has the earliest {field:field}",
            "which has the earliest {field:field}, {nouns:or inner}",
            two=False, largest=False, time=True,
        ),
    ),
    "or inner": Many(item="inner", separators=(", ", " or "), least=2, most=4),
    "what": p(None, "{_1:one ask}", "{_1:figure}", "{_1:worked}"),
    "phrase": p(
        None, "{_1:asks}", "{_1:figure}", "{_1:every}", "{_1:worked}"
    ),
    "clause": (
        *p(None, "{_1:which of}", "{_1:worked clause}"),
        *p(Listed, "which {rows:bare rows} [there are|we have]", owner=None, short=True),
        *p(Listed, "which {rows:bare rows} {owner:noun} has", mine=False),
        *p(Listed, "which {rows:bare rows} I have", owner=Me(), mine=True),
        *p(Counted, "how many {rows:bare rows} there are", field=None, owner=None, short=True),
        *p(Counted, "how many {rows:bare rows} {owner:noun} has", field=None, mine=False),
        *p(Counted, "how many {rows:bare rows} I have", field=None, owner=Me(), mine=True),
        *p(Ask, "what {fields:single} of {noun:noun} is", short=True, own=False),
        *p(Ask, "what {noun:owner} {fields:only} is", short=True, own=True),
        *p(Whether, "whether {noun:noun} is marked as {flag:flag}"),
    ),
    "tale": p(None, "{_1:phrase}", "{_1:clause}"),
    "whats": Many(item="what", most=1),
    "phrases": Many(item="phrase", separators=(", ", " and "), most=4),
    "tales": Many(item="tale", separators=(", ", " and "), most=4),
    "direct": (
        *p(None, "{_1:which of}?", "{_1:worked direct}?"),
        *p(Listed, "which {rows:bare rows} [are there|do we have]?", owner=None, short=True),
        *p(Listed, "which {rows:bare rows} does {owner:noun} have?", mine=False),
        *p(Listed, "which {rows:bare rows} do I have?", owner=Me(), mine=True),
        *p(Counted, "how many {rows:bare rows} [are there|do we have]?",
           field=None, owner=None, short=True),
        *p(Counted, "how many {rows:bare rows} have {field:a field} on record?", owner=None),
        *p(Counted, "how many {rows:bare rows} does {owner:noun} have?", field=None, mine=False),
        *p(Counted, "how many {rows:bare rows} do I have?", field=None, owner=Me(), mine=True),
        *p(Whether, "is {noun:noun} marked as {flag:flag}?"),
    ),
    "directs": Many(item="direct", most=1),
}  # fmt: skip


def _edits(what: str, **fixed: Json) -> tuple[Production, ...]:
    """Make the patterns of a change of one field, and of one with others after it."""
    return (
        *p(Edit, f"[change|set|update] {what} to {{value:value}}", rest=(), flag=False, **fixed),
        *p(Edit, f"[change|set] {what} to {{value:value}}{{rest:rest}}", flag=False, **fixed),
    )


WAYS = ("for", "in", "on", "at", "to", "with", "from", "by", "under")
"""Words between a new row and what it belongs to."""


def _adds(belonging: str, **fixed: Json) -> tuple[Production, ...]:
    """Make the patterns of a new row, with the words for what it belongs to."""
    new = f"[add|create|set up] a new {{head:singular}}{belonging}"
    return (
        *p(Add, f"{new}{{gives:add givens}}", apart=False, **fixed),
        *p(Add, f"{new}{{gives:apart givens}}", apart=True, **fixed),
        *p(Add, f"{new}{{gives:line givens}}", **fixed),
    )


_ORDERS: dict[str, Symbol] = {
    "given": (
        *p(Given, "the {field:field} to {value:worked}", flag=False),
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
        *p(Given, "{value:thing} as the {field:role}", plain=False),
        *p(Given, "{value:thing}", field="", plain=True),
    ),
    "add givens": Many(item="add given", separators=(", ", " and "), least=0, leads=(" with ",)),
    "apart givens": Many(item="add given", separators=(", ", " and "), leads=(", with ",)),
    "line given": (
        *p(Given, "{field:field} {value:term}"),
        *p(Given, "{field:switch} {value:truth}"),
    ),
    "line givens": Many(item="line given", separators=(", ", " and "), least=2, leads=(": ",)),
    "owner one": Many(item="inner", least=1, most=1),
    "order": (
        *p(
            Edit,
            "[change|set|update] the {field:field} of {noun:noun} to {value:value}",
            rest=(),
            flag=False, own=False,
        ),
        *p(
            Edit,
            "[change|set] the {field:role} of {noun:noun} to {value:thing}",
            rest=(),
            flag=False, own=False,
        ),
        *p(
            Edit,
            "[change|set] the {field:switch} flag of {noun:noun} to {value:flag value}",
            rest=(),
            flag=True, own=False,
        ),
        *p(
            Edit,
            "[change|update] the {field:field} of {noun:noun} (I'll tell you the new one)",
            "[change|update] the {field:field} of {noun:noun} (ask me for the new one)",
            value=Held(),
            rest=(),
            flag=False, own=False,
        ),
        *p(
            Edit,
            "change {noun:owner} {field:field} [to something I'll tell you|"
            "(ask me for the new one)]",
            value=Held(),
            rest=(),
            flag=False,
            own=True,
        ),
        *_edits("{noun:owner} {field:field}", own=True, each=False),
        *p(Edit, "[change|set] {noun:owner} {field:switch} flag to {value:flag value}",
           rest=(), flag=True, own=True, each=False),
        *p(Edit, "[change|set] {noun:owner} {field:role} to {value:thing}",
           rest=(), flag=False, own=True, each=False),
        *p(
            Edit,
            "[change|set|update] the {field:field} of {noun:noun} to {value:worked}",
            rest=(),
            flag=False,
            each=False,
        ),
        *_edits("the {field:field} of {noun:all rows}", each=True),
        *p(Edit, "change the {field:role} of {noun:all rows} to {value:thing}",
           rest=(), flag=False, each=True),
        *p(
            Edit,
            "[change|set] the {field:switch} flag of {noun:all rows} to {value:flag value}",
            rest=(),
            flag=True,
            each=True,
        ),
        *p(
            Edit,
            "change the {field:switch} flag of {noun:all rows} to {value:flag value}{rest:rest}",
            flag=True,
            each=True,
        ),
        *p(
            Edit,
            "change the {field:field} of {noun:all rows} [(I'll tell you the new one)|to something "
            "I'll tell you]",
            value=Held(),
            rest=(),
            flag=False,
            each=True,
        ),
        *p(Edit, "clear {noun:owner} {field:field}", value=Blank(), rest=(), own=True, flag=False),
        *p(
            Edit,
            "clear the {field:field} of {noun:all rows}",
            value=Blank(),
            rest=(),
            flag=False,
            each=True,
        ),
        *p(
            Raise,
            "[increase|raise] the {field:field} of {noun:noun} by {by:amount}",
            own=False,
        ),
        *p(
            Raise,
            "[increase|raise] {noun:owner} {field:field} by {by:amount}",
            "add {by:amount} to {noun:owner} {field:field}",
            own=True,
        ),
        *p(Mark, "mark {noun:all rows} as {text:word}", "mark {noun:all rows} as {text:flag}",
           on=True, each=True),
        *p(Mark, "mark [each|every one] of {noun:the rows} as {text:word}", on=True, each=True),
        *p(Mark, "mark {noun:all rows} as not {text:flag}", on=False, each=True),
        *p(Remove, "[delete|remove] {noun:all rows}",
           "[delete|remove] [each|every one] of {noun:the rows}", each=True),
        *p(Edit, "clear the {field:field} of {noun:noun}", value=Blank(), rest=(), flag=False),
        *p(
            Edit,
            "[change|set] the {field:field} of {noun:noun} to {value:value}{rest:rest}",
            flag=False, own=False,
        ),
        *p(
            Edit,
            "change the {field:role} of {noun:noun} to {value:thing}{rest:rest}",
            flag=False,
        ),
        *p(
            Edit,
            "[change|set] the {field:switch} flag of {noun:noun} to {value:flag value}{rest:rest}",
            flag=True,
        ),
        *p(Mark, "mark {noun:noun} as {text:word}", "mark {noun:noun} as {text:flag}",
           on=True, each=False),
        *p(Mark, "mark {noun:noun} as not {text:flag}", on=False, each=False),
        *_adds("", owners=(), way="for"),
        *(one for way in WAYS for one in _adds(f" {way} {{owners:owner one}}", way=way)),
        *p(Touch, "[update|adjust|edit|amend] {noun:noun}",
           "[change something about|make a change to|fix something about] {noun:noun}"),
        *p(Remove, "[delete|remove] {noun:noun}", "remove {noun:noun} from the system",
           each=False),
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
