"""The grammar of English as service desks hear it: patterns, nothing else.

`{attribute:symbol}` is a slot of the phrase, `[a|b]` a free choice. Whatever is added
here is written by `say` and understood by `read` at once. Next: `say`, `read`.
"""

from __future__ import annotations

from collections.abc import Iterator

from agentgym.tasks.words.grammar import (
    Grammar,
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
    Add,
    Adjective,
    Again,
    Alike,
    Ask,
    Asked,
    Belongs,
    Best,
    Blank,
    Compared,
    Counted,
    Dated,
    Day,
    Edit,
    Flagged,
    Given,
    Has,
    Held,
    Is,
    Latest,
    Linked,
    Mark,
    Mention,
    Moment,
    Named,
    Noun,
    Number,
    Of,
    Owner,
    Person,
    Quote,
    Read,
    Remove,
    RoleOf,
    Summed,
    Thing,
    Truth,
    Whether,
    Whose,
    Word,
)
from agentgym.tasks.words.tones import SENTENCES

__all__ = ["ENGLISH"]

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

ENGLISH: Grammar = _WORDS | _VALUES | _MODS | _NOUN_SYMBOLS | _QUERIES | _ORDERS | SENTENCES
"""Symbol to what it can be."""
