"""A look at finished words: is there anything in them that only a program would say?

`say` asks `clumsy` and puts it differently where it can; gates and tests ask `identifiers_in`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from agentgym.schema import Schema
from agentgym.tasks.words.lexicon import Lexicon, lexicon, low
from agentgym.tasks.words.values import unit_words

__all__ = ["clumsy", "identifiers_in"]

_QUOTED = re.compile(r'"[^"]*"|“[^“”]*”')
_TOKEN = re.compile(r"[^\W]+(?:[.-]\w+)*")
_CODE = re.compile(r"\w_\w|_\w|\w_|[a-z][A-Z]|^\w*[a-zA-Z]\d|[a-z]\.[a-z]")
_NUMBERED = re.compile(r"[A-Z]{1,5}\d{2,8}")
"""A code that people call something by: TX029."""
_WORD = re.compile(r"\w+")


def identifiers_in(text: str, schema: Schema) -> list[str]:
    """Find what looks like code in a message.

    Args:
        text: The message; what stands in quotes is data and is passed over.
        schema: Its names, and those of its source, are looked for.

    Returns:
        Tokens in snake_case or camelCase, names of the source that are no words of any
        label, and labels that are not to be spoken; in order, without doubles.
    """
    known = _vocabulary(lexicon(schema))
    spoken, names, units = known.spoken, known.names, known.units
    bare = _QUOTED.sub('""', text)
    found: dict[str, None] = {}
    for match in _TOKEN.finditer(bare):
        token = match.group()
        if token in units or (_NUMBERED.fullmatch(token) and token not in names):
            continue
        said = set(_WORD.findall(low(token))) <= spoken
        if (
            (_CODE.search(token) and not said)
            or "_" in token
            or (token in names and not said and len(token) > 2 and low(token) not in _ENGLISH)
        ):
            found[token] = None
    lowered = low(bare)
    for label in known.silent:
        if label in lowered:
            hit = re.search(rf"(?<!\w){re.escape(label)}(?!\w)", lowered)
            if hit:
                found[bare[hit.start() : hit.end()]] = None
    return list(found)


def clumsy(text: str, words: Lexicon | None = None) -> list[str]:
    """Say what in a message a person would put differently.

    Args:
        text: The message; what stands in quotes is data and is passed over.
        words: Of the schema, to look for what is no word; left out, that is not looked for.

    Returns:
        Reasons, none where it can be said so; what is wrong outright begins with `wrong`.
    """
    bare = _QUOTED.sub("“”", text)
    found: dict[str, None] = {}
    for why, pattern in _WRONG:
        hit = pattern.search(bare)
        if hit:
            found[f"wrong: {why}: {hit.group()}"] = None
    for why, pattern in _UNSAID:
        hit = pattern.search(bare)
        if hit:
            found[f"{why}: {hit.group()}"] = None
    for sentence in _SENTENCE.split(bare):
        for why, pattern, most in _TIMES:
            if len(pattern.findall(sentence)) > most:
                found[f"{why}: {sentence}"] = None
    if words is not None:
        found.update((f"wrong: no word: {w}", None) for w in identifiers_in(text, words.source))
    return list(found)


_SENTENCE = re.compile(r"[.?!;:]\s+|\n")
_SMALL = "a|an|the|to|of|in|on|at|by|for|with|from|is|are|and|or|that|whose|as|not|has|have"
_BETWEEN = "(?:to|in|of|with|from|for|at|on|by)"
_NO_PLURAL = (
    "information|equipment|advice|software|hardware|furniture|feedback|media|data|metadata"
    "|luggage|merchandise|cash"
)
_MOST = "highest|largest|lowest|smallest|most|fewest|longest|shortest|latest|earliest|same"
_LABEL = "written|held|made|sent|taken|given|paid|sold|placed"


def _patterns(**patterns: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple(
        (why.replace("_", " "), re.compile(pattern, re.IGNORECASE))
        for why, pattern in patterns.items()
    )


_WRONG = _patterns(
    a_word_twice=rf"\b({_SMALL}) \1\b",
    no_plural=rf"\b(?:{_NO_PLURAL})s\b|\b1 (?:letters|words)\b",
    a_yes_for_a_name=r"\b(?:active|enabled|public|deleted) (?:yes|no)\b",
)
_UNSAID = _patterns(
    two_small_words=rf"\b{_BETWEEN} (?!(?:at (?:least|most)|on or|in any)\b){_BETWEEN}\b",
    a_noun_twice=r"\b([^\W\d_]{3,}) \1\b",
    parentheses_in_parentheses=r"\([^()]*\(",
    a_row_in_parentheses=r"\(the ones? ",
    has_and_has_again=r"\b(?:has|have) (?:the|a|an|any) [^.?!]*\bthat (?:has|have) ",
    belongs_and_belongs_again=r"\bbelongs? to [^.?!]*\bthat belongs? to ",
    a_label_that_is_no_noun=rf"\b(?:date|time) (?:{_LABEL}|\w{{3,}}ed)\b",
    a_yes_for_a_clause=r"\bis (?:yes|no)\b",
)
_NOUNS = rf"(?:the|that|any(?! year)|all|whichever)\b(?! (?:{_MOST})\b)"
_CLAUSES = r"(?:that|who) (?:is|are|has|have|does|do|belongs?)\b"
_TIMES = tuple(
    (why.replace("_", " "), re.compile(pattern, re.IGNORECASE), most)
    for why, pattern, most in (
        ("a chain of nouns", rf"\b(?:of|for|on|in|by|with|at) {_NOUNS}", 2),
        ("two superlatives", r"\bwith the (?:most|fewest|\w+est)\b", 1),
        ("clause upon clause", rf"\bwhose\b|\b{_CLAUSES}", 2),
        ("out of breath", r"\S+", 55),
    )
)
"""What may stand in a sentence so often, and no oftener."""


class _Vocabulary(NamedTuple):
    """The words of a schema."""

    spoken: frozenset[str]
    """Words of what can be spoken of."""
    names: frozenset[str]
    """Of entities, fields and relations, here and at the source."""
    units: frozenset[str]
    silent: tuple[str, ...]
    """Labels that are not to be spoken, sorted; those of plain words aside."""


@lru_cache(maxsize=8)
def _vocabulary(words: Lexicon) -> _Vocabulary:
    schema = words.schema
    spoken: set[str] = set(words.idioms())
    names: set[str] = set()
    silent: set[str] = set()
    units: set[str] = set()
    for entity in schema.entities:
        labels = [entity.label, entity.plural] if entity.spoken else []
        silent |= set() if entity.spoken else {low(entity.label), low(entity.plural)}
        names |= {entity.name, entity.source}
        for field in entity.fields:
            names |= {field.name, field.source}
            if field.unit:
                units.add(field.unit)
                spoken |= {w for n in ("", "1") for w in _WORD.findall(unit_words(field.unit, n))}
            if field.spoken:
                labels.append(field.label)
            else:
                silent.add(low(field.label))
            labels += field.values or ()
        labels += [field.label for field in words.fields(entity.name)]
        spoken.update(word for label in labels for word in _WORD.findall(low(label)))
    for relation in schema.relations:
        names.add(relation.name)
        spoken.update(_WORD.findall(low(f"{relation.label} {relation.inverse}")))
    silent = {
        label for label in silent - {""} if not set(_WORD.findall(label)) <= (spoken | _ENGLISH)
    }
    return _Vocabulary(
        spoken=frozenset(spoken),
        names=frozenset(names),
        units=frozenset(units),
        silent=tuple(sorted(silent)),
    )


_ENGLISH = frozenset(
    """a about after all also among an and ask average be before belong belongs by can change
    check clear combined could create date dated day decimals delete do does earliest empty
    files find for from give good have help highest how in is largest latest look lowest many
    mark marked mean need new no not number of on one or over people person please record
    records remove report rounded same set smallest sum system take tell that the then there
    to total under update what when whose with year yes you""".split()
)
"""Words of the grammar that a source may have as names."""
