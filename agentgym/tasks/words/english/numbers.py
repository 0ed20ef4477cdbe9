"""Patterns for numbers that are worked out of others, and for what depends on a comparison.

Next: `tones`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any as Anything

from agentgym.tasks.words.grammar import Many, Production, Symbol
from agentgym.tasks.words.grammar import productions as p
from agentgym.tasks.words.phrases import (
    Amount,
    Any,
    Being,
    Do,
    If,
    Me,
    Part,
    Query,
    Story,
    Tested,
    Turned,
    Worked,
)

__all__ = ["NUMBERS"]

_WORKS: dict[str, Symbol] = {
    "side": (
        *p(Part, "the {field:mention} of {noun:inner}", own=False),
        *p(Part, "{noun:owner} {field:mention}", own=True),
        *p(None, "{_1:inner figure}", "{_1:worked}"),
    ),
    "operand": p(None, "{_1:side}", "{_1:amount}", "{_1:time}"),
    "two operands": Many(item="operand", separators=(" and ",), least=2, most=2),
    "operands": Many(item="operand", separators=(", ", " and "), least=2, most=6),
    "as a share": Many(item="operand", separators=(" as a percentage of ",), least=2, most=2),
    "pair": Many(item="inner", separators=(" and ",), least=2, most=2),
    "worked": (
        *p(Worked, "the sum of the {shared:fields mention} of {nouns:several}",
           "the total of the {shared:fields mention} of {nouns:several}", function="sum"),
        *p(Worked, "the difference between the {shared:fields mention} of {nouns:pair}",
           function="difference"),
        *p(Worked, "the product of the {shared:fields mention} of {nouns:pair}",
           function="product"),
        *p(Worked, "the number of days between the {shared:fields mention} of {nouns:pair}",
           function="days"),
        *p(Worked, "the sum of {terms:operands}", function="sum"),
        *p(Worked, "the difference between {terms:two operands}", function="difference"),
        *p(Worked, "the product of {terms:two operands}", function="product"),
        *p(Worked, "the number of days between {terms:two operands}", function="days"),
        *p(Worked, "the ratio of {terms:as to} as a percentage{digits:rounded}", function="share"),
    ),
    "as to": Many(item="operand", separators=(" to ",), least=2, most=2),
    "worked clause": (
        *p(Worked, "what the {shared:fields mention} of {nouns:several} add up to", function="sum"),
        *p(Worked, "by how much the {shared:fields mention} of {nouns:pair} differ",
           "how far apart the {shared:fields mention} of {nouns:pair} are", function="difference"),
        *p(Worked, "how many days [lie|there are] between the {shared:fields mention} of "
           "{nouns:pair}", function="days"),
        *p(Worked, "what {terms:operands} [come to together|add up to]", function="sum"),
        *p(Worked, "by how much {terms:two operands} differ",
           "how far apart {terms:two operands} are",
           function="difference"),
        *p(Worked, "what {terms:times} is", function="product"),
        *p(Worked, "what {terms:as a share} is{digits:rounded}", function="share"),
        *p(Worked, "how many days [lie|there are] between {terms:two operands}", function="days"),
    ),
    "worked direct": (
        *p(Worked, "what do the {shared:fields mention} of {nouns:several} add up to",
           function="sum"),
        *p(Worked, "by how much do the {shared:fields mention} of {nouns:pair} differ",
           "how far apart are the {shared:fields mention} of {nouns:pair}", function="difference"),
        *p(Worked, "how many days [lie|are there] between the {shared:fields mention} of "
           "{nouns:pair}", function="days"),
        *p(Worked, "what do {terms:operands} [come to together|add up to]", function="sum"),
        *p(Worked, "by how much do {terms:two operands} differ",
           "how far apart are {terms:two operands}",
           function="difference"),
        *p(Worked, "what is {terms:times}", function="product"),
        *p(Worked, "what is {terms:as a share}{digits:rounded}", function="share"),
        *p(Worked, "how many days [lie|are there] between {terms:two operands}", function="days"),
    ),
    "times": Many(item="operand", separators=(" times ",), least=2, most=2),
}  # fmt: skip

_AMOUNTS: dict[str, Symbol] = {
    "amounts": Many(item="amount", separators=(", ", " and "), least=2, most=6),
    "two amounts": Many(item="amount", separators=(" and ",), least=2, most=2),
    "plus amounts": Many(item="amount", separators=(" plus ",), least=2, most=6),
    "amount by": Many(item="amount", separators=(" by ",), least=2, most=2),
    "times amounts": Many(item="amount", separators=(" times ",), least=2, most=4),
    "two times": Many(item="time", separators=(" and ",), least=2, most=2),
    "to times": Many(item="time", separators=(" to ",), least=2, most=2),
}

_MUCH = (
    "[what does that come to|how much is that altogether|how much is that in total|"
    "what is the total]"
)
_STORIES: dict[str, Symbol] = {
    "story": (
        *p(
            Story,
            f"I [bought|ordered] {{first:amount}} pieces at {{second:amount}} each. {_MUCH}?",
            f"I need {{first:amount}} of something that costs {{second:amount}} apiece. {_MUCH}?",
            "one costs {second:amount}. [how much are|what do I pay for] {first:amount} of them?",
            "at {second:amount} each, [how much do I pay for|what is the price of] {first:amount}?",
            "how much do {first:amount} pieces cost if one is {second:amount}?",
            function="product", frame="price",
        ),
        *p(
            Story,
            "[what is|how much is] {terms:times amounts}[?|, please?]",
            "please work out {terms:times amounts}.",
            "[please |]multiply {terms:amount by}. what [do you get|is the result]?",
            function="product",
        ),
        *p(
            Story,
            f"I have to pay {{terms:amounts}}. {_MUCH}?",
            f"there are bills of {{terms:amounts}} on my desk. {_MUCH}?",
            "I spent {terms:amounts}. how much did I spend [in total|altogether]?",
            function="sum", frame="purse",
        ),
        *p(
            Story,
            "[what do|how much do] {terms:amounts} add up to?",
            "[how much is|what is] {terms:plus amounts}?",
            "[please |]add up {terms:amounts}. what is the [sum|total]?",
            "I need the sum of {terms:amounts}.",
            function="sum",
        ),
        *p(
            Story,
            "I had {first:amount} and spent {second:amount}. how much [is left|do I have left]?",
            "of {first:amount} I have already paid {second:amount}. "
            "how much [is still open|is left]?",
            "I paid with {first:amount} for something that costs {second:amount}. "
            "how much do I get back?",
            function="difference", frame="purse",
        ),
        *p(
            Story,
            "what is the difference between {terms:two amounts}?",
            "[by how much do|how much do] {terms:two amounts} differ?",
            "how far apart are {terms:two amounts}?",
            "I need the difference between {terms:two amounts}.",
            function="difference",
        ),
        *p(
            Story,
            "what percentage of {second:amount} is {first:amount}{digits:rounded}?",
            "{first:amount} out of {second:amount}: what percentage is that{digits:rounded}?",
            "what is {first:amount} as a percentage of {second:amount}{digits:rounded}?",
            function="share",
        ),
        *p(
            Story,
            "of {second:amount}, {first:amount} [is used up|is gone]. "
            "what percentage is that{digits:rounded}?",
            function="share", frame="part",
        ),
        *p(
            Story,
            "how many days [lie|are there|are] between {terms:two times}?",
            "how many days is it from {terms:to times}?",
            "I'm counting the days from {terms:to times}. how many are there?",
            "I need the number of days between {terms:two times}.",
            function="days",
        ),
    ),
}  # fmt: skip

_OVER: dict[str, tuple[str, str]] = {
    "gt": ("[over|above|more than]", "[higher|larger|greater] than"),
    "lt": ("[under|below|less than]", "[lower|smaller] than"),
    "ge": ("[at least|no less than]", "at least as [high|large] as"),
    "le": ("[at most|no more than]", "at most as [high|large] as"),
}
_LATER: dict[str, tuple[str, str]] = {
    "gt": ("[after|later than]", "later than"),
    "lt": ("[before|earlier than]", "earlier than"),
    "ge": ("[on or after|no earlier than]", "no earlier than"),
    "le": ("[on or before|no later than]", "no later than"),
}


def _tests() -> Iterator[Production]:
    for plural, verb in ((False, "is"), (True, "are")):
        more: dict[str, Anything] = {"plural": plural}
        for op, (said, other) in _OVER.items():
            yield from p(
                Tested,
                f"{{left:side}} {verb} {said} {{right:amount}}",
                op=op,
                time=False,
                said=True,
                **more,
            )
            yield from p(
                Tested,
                f"{{left:side}} {verb} {other} {{right:side}}",
                op=op,
                time=False,
                said=False,
                **more,
            )
        for op, (said, other) in _LATER.items():
            yield from p(
                Tested,
                f"{{left:side}} {verb} {said} {{right:time}}",
                op=op,
                time=True,
                said=True,
                **more,
            )
            yield from p(
                Tested,
                f"{{left:side}} {verb} {other} {{right:side}}",
                op=op,
                time=True,
                said=False,
                **more,
            )
        yield from p(Tested, f"{{left:side}} {verb} {{right:term}}", op="eq", said=True, **more)
        yield from p(
            Tested, f"{{left:side}} {verb} exactly {{right:amount}}", op="eq", said=True, **more
        )
        yield from p(
            Tested,
            f"{{left:side}} {verb} not {{right:term}}",
            op="ne",
            said=True,
            **more,
        )
        yield from p(
            Tested, f"{{left:side}} {verb} the same as {{right:side}}", op="eq", said=False, **more
        )
        yield from p(Tested, f"{{left:side}} {verb} different from {{right:side}}",
                     op="ne", said=False, **more)  # fmt: skip


_CHECKS: dict[str, Symbol] = {
    "test": (
        *_tests(),
        *p(Being, "{noun:inner} is [|still |already |currently ]{text:word}", on=True, flag=False),
        *p(Being, "{noun:inner} is [not|no longer|not yet] {text:word}", on=False, flag=False),
        *p(Being, "{noun:inner} is [|still |already ]marked as {text:flag}", on=True, flag=True),
        *p(Being, "{noun:inner} is [not|no longer|not yet] marked as {text:flag}",
           on=False, flag=True),
        *p(Amount, "there are [more than|over] {count:number} {rows:bare rows}", op="gt"),
        *p(Amount, "there are [fewer than|less than] {count:number} {rows:bare rows}", op="lt"),
        *p(Amount, "there are [at least|no fewer than] {count:number} {rows:bare rows}", op="ge"),
        *p(Amount, "there are [at most|no more than] {count:number} {rows:bare rows}", op="le"),
        *p(Amount, "there are exactly {count:number} {rows:bare rows}", op="eq"),
        *p(Amount, "the number of {rows:bare rows} is not {count:number}", op="ne"),
        *p(Any, "[there are|we have|you find] any {rows:bare rows}", owner=None),
        *p(Any, "{owner:inner} has any {rows:bare rows}", mine=False),
        *p(Any, "I have any {rows:bare rows}", owner=Me(), mine=True),
    ),
    "do this": p(Do, "{orders:orders}", "please {orders:orders}"),
    "say this": p(
        Query, "[tell me|please tell me|let me know] {things:tales}", "give me {things:phrases}"
    ),
    "consequence": p(None, "{_1:do this}", "{_1:say this}"),
    "consequences": Many(item="consequence", separators=(", ", " and "), most=4),
    "if": (
        *p(
            If,
            "if {test:test}, {then:consequences}[; otherwise|. otherwise|; if not|. if not], "
            "{otherwise:consequences}.",
            "[please |][check|see] [whether|if] {test:test}. if so, {then:consequences}; "
            "[if not|otherwise], {otherwise:consequences}.",
            "in case {test:test}, {then:consequences}. [if that is not so|in any other case], "
            "{otherwise:consequences}.",
            kind="both",
        ),
        *p(
            If,
            "[if|in case|only if] {test:test}, {then:consequences}.",
            "[please |]check whether {test:test}. if so, {then:consequences}.",
            "if {test:test}, {then:consequences}[; otherwise do nothing|. If not, leave "
            "everything as it is|; otherwise there is nothing to do].",
            kind="then",
        ),
        *p(
            If,
            "unless {test:test}, {otherwise:consequences}.",
            "[please |]check whether {test:test}. if not, {otherwise:consequences}.",
            kind="otherwise",
        ),
    ),
}  # fmt: skip

_TURNS: dict[str, Symbol] = {
    "turn": (
        *p(
            Turned,
            "actually, make that {then:term} instead of {first:term}.",
            "[sorry|wait], I meant {then:term}, not {first:term}.",
            "correction: {then:term} rather than {first:term}.",
            "on second thought, [make it|let's make it] {then:term} instead of {first:term}.",
            "I said {first:term}, but it should be {then:term}.",
            "[hold on|wait], not {first:term}: it has to be {then:term}.",
            field=None,
        ),
        *p(
            Turned,
            "actually, the {field:field} should be {then:term}, not {first:term}.",
            "I changed my mind about the {field:field}: {then:term} instead of {first:term}.",
            "scratch that: for the {field:field}, use {then:term} rather than {first:term}.",
            "[sorry|wait], for the {field:field} I meant {then:term}, not {first:term}.",
            flag=False, clue=False,
        ),
        *p(
            Turned,
            "[sorry|wait], I meant the one with the {field:field} {then:term}, not {first:term}.",
            "I got the {field:field} wrong: it is {then:term}, not {first:term}.",
            flag=False, clue=True,
        ),
        *p(
            Turned,
            "actually, the {field:switch} flag should be {then:truth}, not {first:truth}.",
            "correction: {then:truth} rather than {first:truth} for the {field:switch} flag.",
            "[sorry|wait], for the {field:switch} flag I meant {then:truth}, not {first:truth}.",
            flag=True,
        ),
    ),
}  # fmt: skip

NUMBERS: dict[str, Symbol] = _WORKS | _AMOUNTS | _STORIES | _CHECKS | _TURNS
"""Symbol to what it can be: numbers worked out, and what depends on a check."""
