"""Patterns for values and for what describes rows. Next: `acts`."""

from __future__ import annotations

from collections.abc import Iterator

from agentgym.tasks.words.grammar import (
    Label,
    Many,
    Name,
    Production,
    Spelled,
    Symbol,
    Unit,
    Valued,
)
from agentgym.tasks.words.grammar import productions as p
from agentgym.tasks.words.phrases import (
    Adjective,
    Again,
    Alike,
    Asked,
    Belongs,
    Best,
    Blank,
    Compared,
    Dated,
    Day,
    Flagged,
    Has,
    Held,
    Is,
    Latest,
    Linked,
    Moment,
    Named,
    Noun,
    Number,
    Of,
    Owner,
    Person,
    Quote,
    Read,
    RoleOf,
    Thing,
    Truth,
    Whose,
    Word,
)

__all__ = ["ROWS"]

_LIST = (", ", " and ")

_WORDS: dict[str, Symbol] = {
    "singular": Label(kind="singular"),
    "plural": Label(kind="plural"),
    "field": Label(kind="field"),
    "a field": Label(kind="field", article=True),
    "role": Label(kind="role"),
    "flag": Label(kind="flag"),
    "switch": Label(kind="switch"),
    "word": Label(kind="word"),
    "quote": Valued(kind=Quote),
    "number": Valued(kind=Number),
    "day": Valued(kind=Day),
    "moment": Valued(kind=Moment),
    "truth": Valued(kind=Truth),
    "name": Name(),
    "unit": Unit(),
    "count": Spelled(),
    "enum word": p(Word, "{text:word}"),
}

_VALUES: dict[str, Symbol] = {
    "amount": p(None, "{_1:number}"),
    "time": p(None, "{_1:day}", "{_1:moment}"),
    "size": p(None, "{_1:number}", "{_1:day}", "{_1:moment}"),
    "term": p(None, "{_1:quote}", "{_1:number}", "{_1:day}", "{_1:moment}", "{_1:enum word}"),
    "token": p(None, "{_1:quote}", "{_1:enum word}"),
    "held": p(
        Held,
        "a new one that I'll give you when you ask",
        "something I'll tell you when you ask",
        "a new one (ask me for it)",
    ),
    "blank": p(Blank, "empty", "blank"),
    "flag value": p(None, "{_1:truth}", "{_1:held}", "{_1:read}", "{_1:that of}"),
    "read": p(Read, "the {field:field} of {noun:inner}", "the {field:switch} flag of {noun:inner}"),
    "that of": p(Alike, "that of {noun:inner}"),
    "alike": p(Alike, "{noun:inner}"),
    "thing": p(Thing, "{noun:inner}"),
    "value": p(
        None,
        "{_1:term}",
        "{_1:held}",
        "{_1:blank}",
        "{_1:read}",
        "{_1:that of}",
        "{_1:thing}",
    ),
}

_SIZES: dict[str, tuple[str, str]] = {
    "gt": ("over|above|more than", "over|above|of more than"),
    "lt": ("under|below|less than", "under|below|of less than"),
    "ge": ("at least|no less than", "of at least"),
    "le": ("at most|no more than", "of at most"),
}
"""How a number compares, after `is` and after `with a`."""

_ORDER_IN_TIME = {
    "gt": "after|later than",
    "lt": "before|earlier than",
    "ge": "on or after|no earlier than",
    "le": "on or before|no later than",
}


def _comparisons() -> Iterator[Production]:
    for op, (being, having) in _SIZES.items():
        for way, pattern in (
            ("whose", f"whose {{field:field}} is [{being}] {{value:amount}}"),
            ("with", f"with {{field:a field}} [{having}] {{value:amount}}"),
        ):
            yield from p(Compared, pattern, op=op, way=way, time=False)
    for op, words in _ORDER_IN_TIME.items():
        for way, start in (("whose", "whose {field:field} is"), ("with", "with {field:a field}")):
            yield from p(Compared, f"{start} [{words}] {{value:time}}", op=op, way=way, time=True)


_MODS: dict[str, Symbol] = {
    "mod": (
        *p(Is, "whose {field:field} is {value:term}", way="whose"),
        *p(Is, "with the {field:field} {value:token}", way="with"),
        *p(Is, "with {field:a field} of {value:size}", way="with"),
        *p(Is, "with the {field:field} {value:number}", way="by"),
        *_comparisons(),
        *p(Dated, "dated {value:time}", "from {value:time}", op="eq"),
        *p(Dated, "dated after {value:time}", op="gt"),
        *p(Dated, "dated before {value:time}", op="lt"),
        *p(Dated, "dated on or after {value:time}", op="ge"),
        *p(Dated, "dated on or before {value:time}", op="le"),
        *p(Flagged, "that is marked as {flag:flag}", on=True, plural=False),
        *p(Flagged, "that is not marked as {flag:flag}", on=False, plural=False),
        *p(Flagged, "that are marked as {flag:flag}", on=True, plural=True),
        *p(Flagged, "that are not marked as {flag:flag}", on=False, plural=True),
        *p(Asked, "whose {field:field} [I'll give you when you ask|you can ask me for]"),
        *p(Of, "of {noun:inner}"),
        *p(Belongs, "that belongs to {noun:inner}", plural=False),
        *p(Belongs, "that belong to {noun:inner}", plural=True),
        *p(Whose, "whose {role:role} is {noun:inner}"),
        *p(Owner, "that {noun:inner} belongs to"),
        *p(Has, "that has {noun:inner}", plural=False),
        *p(Has, "that have {noun:inner}", plural=True),
        *p(Linked, "linked to {noun:inner}"),
        *p(RoleOf, "that is the {role:role} of {noun:inner}"),
        *p(Best, "with the [highest|largest] {field:field}", largest=True, time=False),
        *p(Best, "with the [lowest|smallest] {field:field}", largest=False, time=False),
        *p(Best, "with the [latest|most recent] {field:field}", largest=True, time=True),
        *p(Best, "with the earliest {field:field}", largest=False, time=True),
    ),
    "mods": Many(item="mod", separators=(" ", " and "), alike=True, least=0, leads=(" ",)),
    "close": Many(item="mod", separators=_LIST, least=0, leads=(" (the one ",), tail=")"),
    "closes": Many(item="mod", separators=_LIST, least=0, leads=(" (the ones ",), tail=")"),
    "aside": Many(
        item="mod", separators=_LIST, least=0, leads=(", the one ",), tail=",", loose=True
    ),
    "asides": Many(
        item="mod", separators=_LIST, least=0, leads=(", only those ",), tail=",", loose=True
    ),
}  # fmt: skip

_NOUN = "{before:befores}{head:singular}{naming:naming}{close:close}{mods:mods}"
_NOUNS = "{before:befores}{head:plural}{close:closes}{mods:mods}"

_NOUN_SYMBOLS: dict[str, Symbol] = {
    "before": (
        *p(Latest, "latest", "most recent", largest=True),
        *p(Latest, "earliest", "very first", largest=False),
        *p(Adjective, "{text:word}"),
    ),
    "befores": Many(item="before", least=0, most=2, tail=" "),
    "named": (
        *p(Named, "{text:quote}"),
        *p(Named, "[called|named] {text:quote}", code=False),
        *p(Person, "{first:name} {last:name}"),
    ),
    "naming": Many(item="named", least=0, most=1, leads=(" ",)),
    "inner": (
        *p(Again, "[that|the same] {head:singular}"),
        *p(Noun, f"the {_NOUN}", plural=False, aside=()),
    ),
    "noun": (
        *p(Again, "[that|the same] {head:singular}"),
        *p(Noun, f"the {_NOUN}{{aside:aside}}", plural=False),
    ),
    "rows": p(Noun, f"[the|all|all the] {_NOUNS}{{aside:asides}}", plural=True, naming=()),
    "bare rows": p(Noun, f"{_NOUNS}{{aside:asides}}", plural=True, naming=()),
}

ROWS: dict[str, Symbol] = _WORDS | _VALUES | _MODS | _NOUN_SYMBOLS
"""Symbol to what it can be: values, and what describes rows."""
