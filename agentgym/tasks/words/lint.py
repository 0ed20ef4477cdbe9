"""A look at finished words: is there anything in them that only a program would say?

Comes after `say`, for gates and tests.
"""

from __future__ import annotations

import re

from agentgym.schema import Schema
from agentgym.tasks.words.lexicon import low
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
    bare = _QUOTED.sub('""', text)
    found: dict[str, None] = {}
    for match in _TOKEN.finditer(bare):
        token = match.group()
        known = set(_WORD.findall(low(token))) <= spoken
        if token in units:
            continue
        if (
            (_CODE.search(token) and not known)
            or "_" in token
            or (token in names and not known and len(token) > 2 and low(token) not in _ENGLISH)
        ):
            found[token] = None
    lowered = low(bare)
    for label in sorted(silent - {""}):
        words = _WORD.findall(label)
        if not set(words) <= (spoken | _ENGLISH):
            hit = re.search(rf"(?<!\w){re.escape(label)}(?!\w)", lowered)
            if hit:
                found[bare[hit.start() : hit.end()]] = None
    return list(found)


_ENGLISH = frozenset(
    """a about after all also among an and ask average be before belong belongs by can change
    check clear combined could create date dated day decimals delete do does earliest empty
    files find for from give good have help highest how in is largest latest look lowest many
    mark marked mean need new no not number of on one or over people person please record
    records remove report rounded same set smallest sum system take tell that the then there
    to total under update what when whose with year yes you""".split()
)
"""Words of the grammar that a source may have as names."""
