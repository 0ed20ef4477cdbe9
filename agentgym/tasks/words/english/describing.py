"""Patterns for what describes rows: clues, relations and superlatives. Next: `acts`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from agentgym.tasks.words.grammar import Many, Production, Symbol
from agentgym.tasks.words.grammar import productions as p
from agentgym.tasks.words.phrases import (
    Apart,
    Asked,
    Bearing,
    Belongs,
    Best,
    Compared,
    Done,
    Flagged,
    Has,
    Holding,
    Is,
    Isnt,
    Lacking,
    Linked,
    Missing,
    Number,
    Of,
    Placed,
    RoleOf,
    Shaped,
    Termed,
    Timed,
    Whose,
    Without,
)

__all__ = ["MODS"]

_SIZES: dict[str, tuple[str, str, str]] = {
    "gt": ("over|above|more than", "over|above|of more than", "more than"),
    "lt": ("under|below|less than", "under|below|of less than", "fewer than"),
    "ge": ("at least|no less than", "of at least", "at least"),
    "le": ("at most|no more than", "of at most", "at most"),
}
"""How a number compares: after `is`, after `with a`, and before what is counted."""

_DAYS = {
    "eq": "on {value:time}",
    "ne": "not on {value:time}",
    "gt": "[after|later than] {value:time}",
    "lt": "[before|earlier than] {value:time}",
    "ge": "on or after {value:time}",
    "le": "on or before {value:time}",
}
_PERIODS = {
    "eq": "in {value:period}",
    "ne": "not in {value:period}",
    "gt": "after {value:period}",
    "lt": "before {value:period}",
    "ge": "in {value:period} or later",
    "le": "in {value:period} or earlier",
}
_MONTHS = {
    "eq": "in {value:month} of any year",
    "ne": "not in {value:month} of any year",
    "gt": "in any month after {value:month}",
    "lt": "in any month before {value:month}",
    "ge": "in {value:month} or any later month",
    "le": "in {value:month} or any earlier month",
}
_BETWEEN = "of|for|on|with|by|from|to|in|at|handled by|also of|also on|also for"
"""Words between a row and what it is tied to."""
_NONE: dict[str, Any] = {"value": Number(digits="0"), "upto": None}
_SPANS = ("between {value:time} and {upto:time}", "between {value:period} and {upto:period}")
_WAYS = {
    "whose": "whose {field:field} is ",
    "with": "with {field:a field} ",
    "done": "{field:done} ",
    "dated": "dated ",
}
_COUNTS = {
    "eq": "exactly {value:number}",
    "gt": "more than {value:number}",
    "lt": "fewer than {value:number}",
    "ge": "at least {value:number}",
    "le": "at most {value:number}",
}


def _sizes() -> Iterator[Production]:
    for op, (being, having, before) in _SIZES.items():
        for way, pattern in (
            ("whose", f"whose {{field:field}} is [{being}] {{value:amount}}"),
            ("with", f"with {{field:a field}} [{having}] {{value:amount}}"),
            ("many", f"with {before} {{value:amount}} {{field:field}}"),
            ("number", f"whose number of {{field:field}} is [{being}] {{value:amount}}"),
        ):
            yield from p(Compared, pattern, op=op, way=way, upto=None)
    yield from p(Compared, "with exactly {value:amount} {field:field}",
                 op="eq", way="many", upto=None)  # fmt: skip
    yield from p(Compared, "with no {field:field}", op="eq", way="no", **_NONE)
    yield from p(Compared, "whose number of {field:field} is {value:amount}",
                 op="eq", way="number", upto=None)  # fmt: skip
    for way, start, end in (
        ("whose", "whose {field:field} is ", ""),
        ("with", "with {field:a field} ", ""),
        ("many", "with ", " {field:field}"),
    ):
        pattern = f"{start}between {{value:amount}} and {{upto:amount}}{end}"
        yield from p(Compared, pattern, op="ge", way=way)


def _times() -> Iterator[Production]:
    for way, start in _WAYS.items():
        fixed: dict[str, Any] = {"field": None} if way == "dated" else {}
        for when in (_DAYS, _PERIODS, _MONTHS):
            for op, words in when.items():
                if way == "dated" and (when is _DAYS and op in ("eq", "ne")):
                    continue
                yield from p(Timed, start + words, op=op, way=way, upto=None, **fixed)
        yield from p(Timed, f"{start}in {{value:year month}}", op="eq", way=way, upto=None, **fixed)
        for words in _SPANS:
            yield from p(Timed, start + words, op="ge", way=way, **fixed)
    dated: dict[str, Any] = {"field": None, "way": "dated", "upto": None}
    yield from p(Timed, "dated {value:time}", "from {value:time}", op="eq", **dated)
    yield from p(Timed, "not dated {value:time}", op="ne", **dated)
    yield from p(Timed, "from {value:period}", "from {value:year month}", op="eq", **dated)
    yield from p(Timed, "from {value:month} of any year", op="eq", **dated)


def _shapes() -> Iterator[Production]:
    for plural in (False, True):
        yield from _spellings(plural=plural)
        field = "whose number of {field:field}" if plural else "whose {field:field}"
        adding = f"{field} has digits that"
        for op, words in _COUNTS.items():
            shown = words.replace("exactly ", "").replace("fewer", "less")
            yield from p(
                Shaped, f"{adding} add up to {shown}", of="digit_sum", op=op, plural=plural
            )
        for of, op, words in (
            ("digit_sum", "ne", "has digits that do not add up to"),
            ("remainder", "eq", "is [a multiple of|divisible by]"),
            ("remainder", "ne", "is not [a multiple of|divisible by]"),
        ):
            pattern = f"{field} {words} {{value:number}}"
            yield from p(Shaped, pattern, of=of, op=op, plural=plural)


def _spellings(*, plural: bool) -> Iterator[Production]:
    field = "whose {field:field}"
    start, begin, end, have, does = (
        ("start", "begin", "end", "have", "do not")
        if plural
        else ("starts", "begins", "ends", "has", "does not")
    )
    for of, op, words in (
        ("initial", "eq", f"[{start}|{begin}] with"),
        ("initial", "ne", f"{does} start with"),
        ("ending", "eq", f"{end} [in|with]"),
        ("ending", "ne", f"{does} end in"),
    ):
        yield from p(Shaped, f"{field} {words} {{value:letter}}", of=of, op=op, plural=plural)
    for of in ("letters", "words"):
        both: dict[str, Any] = {"of": of, "plural": plural}
        for op, words in (*_COUNTS.items(), ("eq", "{value:number}")):
            yield from p(Shaped, f"{field} {have} {words} {of}", op=op, one=False, **both)
            alone = words.replace("{value:number}", "{value:one}")
            yield from p(Shaped, f"{field} {have} {alone} {of[:-1]}", op=op, one=True, **both)
        for one, shown in ((True, f"{{value:one}} {of[:-1]}"), (False, f"{{value:number}} {of}")):
            pattern = f"{field} {does} have exactly {shown}"
            yield from p(Shaped, pattern, op="ne", one=one, **both)


def _flags() -> Iterator[Production]:
    for plural, be, does, have in (
        (False, "is", "does not", "has"),
        (True, "are", "do not", "have"),
    ):
        for that, who in (("that", False), ("who", True)):
            both: dict[str, Any] = {"plural": plural, "who": who}
            for on, yes in ((True, ""), (False, "not ")):
                yield from p(
                    Flagged,
                    f"{that} {be} {yes}marked as {{flag:flag}}",
                    on=on,
                    way="marked",
                    **both,
                )
                yield from p(Flagged, f"{that} {be} {yes}{{flag:flag}}", on=on, way="is", **both)
                yield from p(
                    RoleOf, f"{that} {be} {yes}the {{role:role}} of {{noun:inner}}", on=on, **both
                )
            shown = "do so" if plural else "does so"
            yield from p(Flagged, f"{that} {{flag:{shown}}}", on=True, way="does", **both)
            yield from p(Flagged, f"{that} {does} {{flag:do so}}", on=False, way="does", **both)
            yield from p(Without, f"{that} {have} no {{rows:bare rows}}", **both)
            yield from p(Missing, f"{that} {have} no {{role:role}}", **both)
            yield from p(Apart, f"{that} {does} belong to {{noun:inner}}", **both)
            yield from p(Lacking, f"{that} {does} have {{noun:inner}} as {{role:a role}}", **both)
            yield from p(Has, f"{that} {have} {{noun:inner}}", **both)
            yield from p(Linked, f"{that} {be} not linked to {{noun:inner}}", on=False, **both)
            yield from p(Belongs, f"{that} belong{'' if plural else 's'} to {{noun:inner}}", **both)
    for on, shown in ((True, "on"), (False, "off")):
        option = f"with the {{flag:flag}} option turned {shown}"
        yield from p(Flagged, option, on=on, way="option")


def _held() -> Iterator[Production]:
    later = "I'll give you when you ask"
    yield from p(Asked, f"whose {{field:field}} [{later}|you can ask me for]", op="eq", time=False)
    for op, (being, _, _) in _SIZES.items():
        start = f"whose {{field:field}} is {being.split('|')[0]}"
        yield from p(Asked, f"{start} a figure {later}", op=op, time=False)
        word = _DAYS[op].split(" {value")[0]
        yield from p(Asked, f"whose {{field:field}} is {word} a date {later}", op=op, time=True)


def _others() -> Iterator[Production]:
    """What follows another `with`: `with the city "Paris" and the email ...`."""
    yield from p(Is, "and the {field:field} {value:token}", way="and")
    yield from p(Is, "and {field:a field} of {value:size}", way="and")
    yield from p(Is, "and the {field:field} {value:number}", way="and by")
    yield from p(Isnt, "and {field:a field} other than {value:term}", way="and")
    for op, (_, having, before) in _SIZES.items():
        shown = f"and {{field:a field}} [{having}] {{value:amount}}"
        yield from p(Compared, shown, op=op, way="and", upto=None)
        shown = f"and {before} {{value:amount}} {{field:field}}"
        yield from p(Compared, shown, op=op, way="and many", upto=None)
    shown = "and exactly {value:amount} {field:field}"
    yield from p(Compared, shown, op="eq", way="and many", upto=None)
    yield from p(Compared, "and no {field:field}", op="eq", way="and no", **_NONE)
    shown = "and {field:a field} between {value:amount} and {upto:amount}"
    yield from p(Compared, shown, op="ge", way="and")


_MOST = {
    ("number", True): ("highest|largest", "higher|larger"),
    ("number", False): ("lowest|smallest", "lower|smaller"),
    ("count", True): ("most", "more"),
    ("count", False): ("fewest", "fewer"),
    ("span", True): ("longest", "longer"),
    ("span", False): ("shortest", "shorter"),
    ("time", True): ("latest|most recent", "later|more recent"),
    ("time", False): ("earliest", "earlier"),
}


def _best(place: int) -> Iterator[Production]:
    for (how, largest), words in _MOST.items():
        article = "" if place and how == "count" else "the "
        pattern = f"{article}[{words[place]}] {{field:field}}"
        yield from p(Best, pattern, largest=largest, how=how, after=False)
        if not place:
            yield from p(Best, f"and {pattern}", largest=largest, how=how, after=True)


MODS: dict[str, Symbol] = {
    "mod": (
        *p(Is, "whose {field:field} is {value:term}", way="whose"),
        *p(Is, "with the {field:field} {value:token}", way="with"),
        *p(Is, "with {field:a field} of {value:size}", way="with"),
        *p(Is, "with the {field:field} {value:number}", way="by"),
        *p(Isnt, "whose {field:field} is not {value:term}", way="whose"),
        *p(Isnt, "with {field:a field} other than {value:term}", way="with"),
        *p(Holding, "whose {field:field} contains {value:quote}"),
        *p(Holding, "with {value:quote} in the {field:field}"),
        *_sizes(),
        *_times(),
        *_shapes(),
        *_flags(),
        *_held(),
        *p(Placed, "in {value:place}", on=True, the=False),
        *p(Placed, "not in {value:place}", on=False, the=False),
        *p(Placed, "in the {value:place}", on=True, the=True),
        *p(Placed, "not in the {value:place}", on=False, the=True),
        *(
            one
            for how in _BETWEEN.split("|")
            for one in p(Of, f"{how} {{noun:inner}}", how=how)
        ),
        *p(Whose, "whose {role:role} is {noun:inner}"),
        *p(Bearing, "whose {role:role} is {name:bearer}"),
        *p(Done, "{verb:by} {noun:inner}"),
        *p(Linked, "linked to {noun:inner}", on=True),
        *p(Termed, "[that we call|known here as|known to us as] {text:quote}",
           "on our {text:quote} list", "in our {text:quote} class"),
        *p(Without, "without any {rows:bare rows}"),
        *p(Missing, "without {role:a role}"),
        *p(None, "with {_1:best}"),
    ),
    "later mod": (
        *p(None, "{_1:mod}"),
        *_others(),
        *(one for one in _best(0) if one.fixed["after"]),
    ),
    "mods": Many(
        item="mod",
        later="later mod",
        separators=(" ", " and "),
        alike=True,
        least=0,
        leads=(" ",),
    ),
    "best": tuple(one for one in _best(0) if not one.fixed["after"]),
    "better": tuple(_best(1)),
}  # fmt: skip
"""Symbol to what it can be: one thing that is said of a row, and several."""
