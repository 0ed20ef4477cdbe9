"""Patterns for values, for nouns, and for sentences that introduce a row. Next: `describing`."""

from __future__ import annotations

from typing import Any

from agentgym.tasks.words.english.describing import MODS
from agentgym.tasks.words.grammar import Label, Many, Name, Spelled, Symbol, Unit, Valued
from agentgym.tasks.words.grammar import productions as p
from agentgym.tasks.words.phrases import (
    Adjective,
    Again,
    Alike,
    Bare,
    Blank,
    Both,
    Called,
    Day,
    Decade,
    Either,
    Having,
    Held,
    Introduced,
    It,
    Latest,
    Leading,
    Letter,
    Me,
    Moment,
    Month,
    Most,
    Named,
    Noun,
    Number,
    Person,
    Place,
    Quote,
    Read,
    Thing,
    Truth,
    Word,
    Year,
    YearMonth,
)

__all__ = ["NOUNS", "ROWS"]

_LIST = (", ", " and ")

_WORDS: dict[str, Symbol] = {
    "singular": Label(kind="singular"),
    "a singular": Label(kind="singular", article=True),
    "plural": Label(kind="plural"),
    "field": Label(kind="field"),
    "a field": Label(kind="field", article=True),
    "role": Label(kind="role"),
    "a role": Label(kind="role", article=True),
    "flag": Label(kind="flag"),
    "switch": Label(kind="switch"),
    "word": Label(kind="word"),
    "does so": Label(kind="does"),
    "do so": Label(kind="do"),
    "most": Label(kind="most"),
    "done": Label(kind="done"),
    "by": Label(kind="by"),
    "quote": Valued(kind=Quote),
    "bare": Valued(kind=Bare),
    "number": Valued(kind=Number),
    "day": Valued(kind=Day),
    "moment": Valued(kind=Moment),
    "year": Valued(kind=Year),
    "decade": Valued(kind=Decade),
    "month": Valued(kind=Month),
    "year month": Valued(kind=YearMonth),
    "letter": Valued(kind=Letter),
    "truth": Valued(kind=Truth),
    "name": Name(),
    "unit": Unit(),
    "count": Spelled(),
    "enum word": p(Word, "{text:word}"),
}

_VALUES: dict[str, Symbol] = {
    "amount": p(None, "{_1:number}"),
    "one": p(Number, "one", digits="1", unit=None),
    "time": p(None, "{_1:day}", "{_1:moment}"),
    "period": p(None, "{_1:year}", "{_1:decade}"),
    "size": p(None, "{_1:number}", "{_1:day}", "{_1:moment}"),
    "term": p(
        None,
        "{_1:quote}",
        "{_1:bare}",
        "{_1:number}",
        "{_1:day}",
        "{_1:moment}",
        "{_1:enum word}",
    ),
    "token": p(None, "{_1:quote}", "{_1:bare}", "{_1:enum word}"),
    "place": p(None, "{_1:quote}", "{_1:bare}"),
    "held": p(
        Held,
        "a new one that I'll give you when you ask",
        "something I'll tell you when you ask",
        "a new one (ask me for it)",
    ),
    "blank": p(Blank, "empty", "blank"),
    "flag value": p(None, "{_1:truth}", "{_1:held}", "{_1:read}", "{_1:that of}"),
    "read": (
        *p(Read, "the {field:field} of {noun:inner}", "the {field:switch} flag of {noun:inner}"),
        *p(Read, "{noun:owner} {field:field}"),
    ),
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

_NOUN = "{before:befores}{head:singular}{naming:naming}{mods:mods}"
_NOUNS = "{before:befores}{head:plural}{mods:mods}"
_POINTERS = (
    *p(Again, "[that|that|the same] {head:singular}"),
    *p(It, "it"),
    *p(Me, "me"),
    *p(Called, "{first:name} {last:name}"),
    *p(Place, "{text:bare}", the=False),
    *p(Place, "the {text:bare}", the=True),
)
_ROOTS = (
    *p(It, "its"),
    *p(Me, "my"),
    *p(Again, "that {head:singular}'s"),
    *p(Called, "{first:name} {last:name}'s"),
    *p(Place, "{text:bare}'s", the=False),
)
_PLAIN: dict[str, Any] = {"plural": False, "tail": ()}
_DESCRIBED = (
    *p(Noun, f"the {_NOUN}", owner=None, article="the", **_PLAIN),
    *p(Noun, f"{{owner:owner}} {_NOUN}", article="the", **_PLAIN),
    *p(Noun, "{head:singular}{naming:name it}{mods:mods}",
       owner=None, article="", before=(), **_PLAIN),
    *p(Noun, f"any {_NOUN}", owner=None, article="any", **_PLAIN),
    *p(Noun, f"whichever {_NOUN} has {{tail:tail}}", owner=None, article="the", plural=False),
    *p(Either, "whichever of {nouns:two} has {best:better}"),
    *p(Either, "whichever of {nouns:three} has {best:best}"),
)  # fmt: skip

_NOUN_SYMBOLS: dict[str, Symbol] = {
    "before": (
        *p(Latest, "latest", "most recent", largest=True),
        *p(Latest, "earliest", "very first", largest=False),
        *p(Most, "{text:most}"),
        *p(Adjective, "{text:word}"),
    ),
    "befores": Many(item="before", least=0, most=2, tail=" "),
    "named": (
        *p(Named, "{text:place}"),
        *p(Named, "[called|named] {text:quote}", code=False),
        *p(Person, "{first:name} {last:name}"),
    ),
    "naming": Many(item="named", least=0, most=1, leads=(" ",)),
    "bearer": (*p(Named, "{text:place}"), *p(Person, "{first:name} {last:name}")),
    "bare named": (*p(Named, "{text:bare}"), *p(Person, "{first:name} {last:name}")),
    "name it": Many(item="bare named", least=1, most=1, leads=(" ",)),
    "root": _ROOTS,
    "owner": (
        *_ROOTS,
        *p(Noun, "the {head:singular}{naming:naming}'s",
           owner=None, before=(), mods=(), article="the", **_PLAIN),
        *p(Noun, "{head:singular}{naming:name it}'s",
           owner=None, before=(), mods=(), article="", **_PLAIN),
        *p(Noun, "{owner:root} {before:befores}{head:singular}'s",
           naming=(), mods=(), article="the", **_PLAIN),
    ),
    "inner": (*_POINTERS, *_DESCRIBED),
    "noun": (*_POINTERS, *_DESCRIBED),
    "two": Many(item="inner", separators=(" and ",), least=2, most=2),
    "three": Many(item="inner", separators=_LIST, least=3, most=6),
    "several": Many(item="inner", separators=_LIST, least=2, most=6),
    "rows": (
        *p(Noun, f"[the|all|all the] {_NOUNS}", plural=True, naming=(), owner=None, tail=()),
        *p(Noun, f"[|all of ]{{owner:owner}} {_NOUNS}", plural=True, naming=(), tail=()),
        *p(Both, "{nouns:several}"),
    ),
    "bare rows": p(Noun, _NOUNS, plural=True, naming=(), owner=None, tail=()),
    "tail": Many(item="best", least=1, most=1),
}  # fmt: skip

_TAKEN = "this is about|it's about|I'm looking at|take|let's start with"
_TAKEN_LATER = "then take|now look at|then look at"

_INTROS: dict[str, Symbol] = {
    "had": p(Noun, "{owner:inner} has {head:a singular}{mods:mods}",
             article="a", before=(), naming=(), **_PLAIN),
    "stated": (
        *p(Leading, "{noun:inner} belongs to {head:a singular}.", own=False),
        *p(Leading, "{noun:inner} has {head:a role}.", own=True),
        *p(Having, "{noun:had}."),
    ),
    "intro": (*p(Introduced, f"[{_TAKEN}] {{noun:inner}}.", new=True), *p(None, "{_1:stated}")),
    "later intro": (
        *p(Introduced, f"[{_TAKEN_LATER}] {{noun:inner}}.", new=False),
        *p(Introduced, "[there's also|then there is] {noun:inner}.", new=True),
        *p(None, "{_1:stated}"),
    ),
    "intros": Many(item="intro", later="later intro", least=0, most=4, tail=" "),
}  # fmt: skip

NOUNS = ("noun", "inner", "owner", "root", "rows", "bare rows", "had")
"""The symbols whose phrases stand for rows: one that means none is dropped while reading."""

ROWS: dict[str, Symbol] = _WORDS | _VALUES | MODS | _NOUN_SYMBOLS | _INTROS
"""Symbol to what it can be: values, what describes rows, and sentences that introduce them."""
