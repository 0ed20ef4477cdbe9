"""What entities are to each other: `support representative`, `orders as billing address`.

In come the references of a schema and its names; out come a `RelationName` each.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from agentgym.formats import Record
from agentgym.schema.names.christening import Christening, Name, snake
from agentgym.schema.names.lexicon import PARTICIPLES, is_word, singular, vocabulary

__all__ = ["Reference", "RelationName", "relation_words"]

_DATA = vocabulary("relations")
_ROLES: dict[str, str] = _DATA["roles"]
_ADJECTIVES = frozenset(_DATA["adjectives"])
_OWN_CHILDREN: dict[str, str] = _DATA["own_children"]
_TAIL_WORDS = frozenset(_DATA["tail_words"])
_LEADING: dict[str, str] = _DATA["leading"]
_ORDINALS = {"1": "first", "2": "second", "3": "third"}
_ID_WORDS = frozenset(_DATA["id_words"])


class Reference(Record, kw_only=True):
    """A reference, in the names of the source."""

    child: str
    """The referring table."""
    columns: tuple[str, ...]
    target: str
    """The table referred to."""
    target_columns: tuple[str, ...] = ()
    """What is referred to there, where known: equal names say nothing of a role."""


class RelationName(Record, kw_only=True):
    """What a relation is called."""

    name: str
    """`<child>_<role of the target>`, unique in the schema."""
    label: str
    """What the target is to the child, unique among the child's relations."""
    inverse: str
    """What the children are to the target, unique among the target's relations."""


def relation_words(
    christening: Christening, references: Sequence[Reference]
) -> tuple[RelationName, ...]:
    """Name all relations of a schema.

    Args:
        christening: The names of the tables and columns.
        references: All references of the schema, in order.

    Returns:
        A name for each, in the same order.
    """
    labels = [_member(_role(christening, reference)) for reference in references]
    labels = _apart(christening, references, labels)
    names: list[RelationName] = []
    taken: set[str] = set()
    pairs = Counter((r.child, r.target) for r in references)
    inverses: dict[str, set[str]] = {}
    for reference, label in zip(references, labels, strict=True):
        child = christening.entities[reference.child]
        target = christening.entities[reference.target]
        inverse = _inverse(child, target, label, alone=pairs[reference.child, reference.target] < 2)
        name = _free(f"{child.name}_{snake(label.split(' ')) or target.name}", taken, "_")
        known = inverses.setdefault(reference.target, set())
        names.append(RelationName(name=name, label=label, inverse=_free(inverse, known, " ")))
    return tuple(names)


def _role(christening: Christening, reference: Reference) -> str:
    """Say what the target is to the child, from the words of the columns."""
    target = christening.entities[reference.target]
    fields = [christening.fields[reference.child, column] for column in reference.columns]
    if reference.columns == reference.target_columns and reference.child != reference.target:
        return target.label
    if len(fields) > 1:
        return _shared(christening, reference, fields) or target.label
    return _from_words(_words(fields[0]), christening.entities[reference.child], target)


def _member(label: str) -> str:
    """Say `contact staff member` for `contact staff`, and `manager` for `manager staff`."""
    rest, _, last = label.rpartition(" ")
    if last != "staff":
        return label
    return rest if re.search(r"(er|or|ist|ant)\Z", rest) else f"{label} member"


def _words(field: Name) -> list[str]:
    words = field.label.split(" ")
    if not field.spoken:
        words = [word for word in words if is_word(word) or word == "ID"]
    while len(words) > 1 and words[-1].lower() in (_ID_WORDS | {"is", "was"}):
        words = words[:-1]
    return words


def _shared(christening: Christening, reference: Reference, fields: Sequence[Name]) -> str | None:
    """Return the role that all columns of a longer key open with."""
    target = christening.entities[reference.target]
    roles = [_words(field) for field in fields]
    first = roles[0][:1]
    if first and all(words[:1] == first and len(words) > 1 for words in roles):
        child = christening.entities[reference.child]
        return _from_words(first, child, target)
    return None


def _from_words(words: list[str], child: Name, target: Name) -> str:
    lower = [word.lower() for word in words]
    aim = target.label.lower().split(" ")
    if aim[-2:] == ["staff", "member"] and lower[-1:] == ["staff"]:
        aim = aim[:-1]
    if lower[:1] == ["number"] and lower[1:2] == ["of"]:
        return target.label
    while lower and lower[-1] in _ID_WORDS:
        words, lower = words[:-1], lower[:-1]
    if len(lower) > 1 and lower[-1].isdigit():
        base = _from_words([w for w in words[:-1] if w.lower() not in _ID_WORDS], child, target)
        number = _ORDINALS.get(lower[-1])
        return f"{number} {base}" if number else f"{base} {lower[-1]}"
    if len(lower) > 1 and lower[-1] in _TAIL_WORDS:
        words, lower = words[:-1], lower[:-1]
    if len(lower) > 1 and lower[0] in _LEADING:
        rest = lower[1:]
        if rest == aim or _is_part(rest, aim):
            return f"{_LEADING[lower[0]]} {target.label}".strip()
    text = " ".join(lower)
    if text == child.label.lower() and child.name != target.name:
        return target.label
    known = _ROLES.get(text) or _ROLES.get(" ".join(singular(w) for w in lower))
    if known is not None:
        return f"{known} {target.label}" if known in _ADJECTIVES else known
    if not lower or lower == aim or _is_part(lower, aim):
        return target.label
    if lower[-1] in ("by", "to", "from", "for", "at", "in", "on", "of"):
        return f"{_acting(lower[-2])} {target.label}" if len(lower) == 2 else target.label
    if len(lower) == 3 and lower[1] == "by" and lower[2] == aim[-1]:
        return f"{_acting(lower[0])} {words[-1]}"
    if lower[: len(aim)] == aim and len(lower) == len(aim) + 1 and len(aim) > 1:
        return target.label
    if lower[-1] in _ADJECTIVES or _is_participle(lower[-1]):
        return f"{' '.join(words)} {target.label}"
    return " ".join([*words[:-1], singular(words[-1])])


def _is_part(words: list[str], aim: list[str]) -> bool:
    """Tell whether the words say no more than the target's own name."""
    one = [singular(word) for word in words]
    return one == [singular(word) for word in aim] or (
        len(one) <= len(aim) and one in (aim[: len(one)], aim[-len(one) :])
    )


def _is_participle(word: str) -> bool:
    return word in PARTICIPLES or (len(word) > 4 and word.endswith(("ed", "ing")))


def _acting(word: str) -> str:
    return word[:-2] + "ing" if word.endswith("ed") and len(word) > 4 else word


def _apart(
    christening: Christening, references: Sequence[Reference], labels: list[str]
) -> list[str]:
    """Make the labels of each child's relations distinct."""
    counts = Counter(
        (reference.child, label) for reference, label in zip(references, labels, strict=True)
    )
    found: list[str] = []
    taken: dict[str, set[str]] = {}
    for reference, short in zip(references, labels, strict=True):
        label, target = short, christening.entities[reference.target]
        if counts[reference.child, short] > 1 and short != target.label:
            label = f"{short} {target.label}"
        elif counts[reference.child, short] > 1 and len(reference.columns) == 1:
            field = christening.fields[reference.child, reference.columns[0]]
            label = " ".join(_words(field)) or short
        found.append(_free(label, taken.setdefault(reference.child, set()), " "))
    return found


def _inverse(child: Name, target: Name, label: str, *, alone: bool) -> str:
    if child.name == target.name:
        if label in _OWN_CHILDREN:
            return _OWN_CHILDREN[label]
        if label.split(" ", 1)[0] == "parent":
            return f"child {child.plural}"
        return child.plural if label == target.label else f"{child.plural} as {label}"
    if alone or label == target.label:
        return child.plural
    return f"{child.plural} as {label}"


def _free(text: str, taken: set[str], mark: str) -> str:
    found, number = text, 2
    while found in taken:
        found, number = f"{text}{mark}{number}", number + 1
    taken.add(found)
    return found
