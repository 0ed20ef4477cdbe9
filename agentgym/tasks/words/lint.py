"""A look at finished words: is there anything in them that only a program would say?

Comes after `say`, for gates and tests.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from agentgym.schema import Schema
from agentgym.tasks.words.lexicon import Lexicon, lexicon, low
from agentgym.tasks.words.values import unit_words

__all__ = ["identifiers_in"]

_QUOTED = re.compile(r'"[^"]*"|“[^“”]*”')
_TOKEN = re.compile(r"[^\W]+(?:[.-]\w+)*")
_CODE = re.compile(r"\w_\w|_\w|\w_|[a-z][A-Z]|^\w*[a-zA-Z]\d|[a-z]\.[a-z]")
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
        if token in units:
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
    spoken: set[str] = set()
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
