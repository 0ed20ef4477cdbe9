"""Names for the tables and columns of any schema: identifiers for tools, labels for people.

In come source names, out come `Name`s. An identifier stays near the source; a label is
what a person would say: short forms are written out, the naming scheme's prefixes and
the table's own name are dropped where nothing is lost. Next: `relations`.
"""

from __future__ import annotations

import keyword
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from anyascii import anyascii

from agentgym.formats import Record
from agentgym.schema.names.expand import Expander, Words
from agentgym.schema.names.lexicon import (
    ABBREVIATIONS,
    is_word,
    plural,
    singular,
    vocabulary,
    written,
)
from agentgym.schema.names.phrase import phrase
from agentgym.schema.names.split import Segmenter, Token, tokens

__all__ = ["Christening", "Name", "christen", "snake"]

_WORDS = vocabulary("words")
_PREFIXES = frozenset(_WORDS["table_prefixes"])
_SHARED = frozenset(_WORDS["shared_prefixes"])
_SUFFIXES = frozenset(_WORDS["table_suffixes"])
_QUALIFIERS = frozenset(_WORDS["plain_qualifiers"])
_KEPT = frozenset(_WORDS["own_name_kept"])
_RESERVED = frozenset(
    "element_id xpath bid model_config kind summary security_risk "
    "page sort_by descending function field".split()
)
_LONGEST = 40


class Name(Record, kw_only=True):
    """What a table or a column is called."""

    name: str
    """ASCII identifier in snake_case."""
    label: str
    """What people say, singular."""
    plural: str
    """The same of several."""
    spoken: bool = True
    """Whether the label is made of words."""


class Christening(Record, kw_only=True):
    """The names of a schema."""

    entities: dict[str, Name]
    """By source name of the table."""
    fields: dict[tuple[str, str], Name]
    """By source names of table and column."""


def christen(
    tables: Mapping[str, Sequence[str]],
    *,
    targets: Mapping[tuple[str, str], str] | None = None,
) -> Christening:
    """Name the tables and columns of a schema.

    Args:
        tables: Source name of each table (it may be qualified: `sales.store`) to the
            names of its columns, both in order.
        targets: (table, column) of a reference by a single column to the table referred to.

    Returns:
        A name for every table and column. Identifiers and labels of entities are unique
        in the schema, those of fields in their table.
    """
    return _Christener(tables, targets or {}).christen()


def snake(words: Iterable[str]) -> str:
    """Join words to an ASCII identifier; empty when nothing of them is left."""
    parts: list[str] = []
    for word in words:
        text = word if word.isascii() else re.sub(r"(?<=[a-z])(?=[A-Z])", "_", anyascii(word))
        text = re.sub(r"[^a-z0-9]+", "_", re.sub(r"['`\"]", "", text.lower())).strip("_")
        if text:
            glue = isinstance(word, Token) and word.glued and parts and text.isdigit()
            parts.append(("" if glue else "_") + text)
    return "".join(parts).strip("_")


class _Christener:
    def __init__(
        self, tables: Mapping[str, Sequence[str]], targets: Mapping[tuple[str, str], str]
    ) -> None:
        self.tables = tables
        self.targets = targets
        split = {table: _qualified(table) for table in tables}
        known = {
            token
            for table, columns in tables.items()
            for name in (split[table][1], *columns)
            for token in tokens(name)
            if is_word(token)
        }
        self.segmenter = Segmenter(known)
        self.qualifier = {table: self.cut(split[table][0]) for table in tables}
        self.whole = {table: self.cut(split[table][1]) for table in tables}
        self.columns = {
            (table, column): self.cut(column)
            for table, columns in tables.items()
            for column in columns
        }
        self.words = {table: list(words) for table, words in self.whole.items()}
        raw = {table: tokens(split[table][1]) for table in tables}
        self.dropped = _drop_prefixes(self.words, raw)
        self.expander = Expander(self.words.values(), self.columns.values())
        self.labels: dict[str, Words] = {}

    def cut(self, name: str) -> tuple[Token, ...]:
        found: list[Token] = []
        for token in tokens(name):
            pieces = self.segmenter.cut(token)
            found.extend([token] if len(pieces) == 1 else [Token(piece) for piece in pieces])
        return tuple(found)

    def christen(self) -> Christening:
        entities = self._entities()
        fields: dict[tuple[str, str], Name] = {}
        for table, columns in self.tables.items():
            fields.update(self._fields(table, columns, entities[table]))
        return Christening(entities=entities, fields=fields)

    def _entities(self) -> dict[str, Name]:
        """Name the tables; of those that come out alike, each takes more of its source name."""
        forms: dict[str, list[Words]] = {}
        for table, short in self.words.items():
            full = list(self.whole[table])
            qualified = [*self.qualifier[table], *full]
            forms[table] = [self._named(form) for form in (short, full, qualified) if form] or [
                Words(["table"], spoken=False)
            ]
        chosen = _choose(forms, lambda words: " ".join(words.text).lower())
        names: dict[str, Name] = {}
        taken: set[str] = set()
        labels: set[str] = set()
        for table, words in chosen.items():
            self.labels[table] = words
            label = _distinct(" ".join(words.text), labels, " ")
            name = snake(words.text)
            if not words.spoken or len(name) > _LONGEST:
                name = snake(words.raw) or name
            name = _distinct(_legal_entity(name), taken, "_")
            names[table] = Name(name=name, label=label, plural=plural(label), spoken=words.spoken)
        return names

    def _named(self, form: Sequence[Token]) -> Words:
        found = self.expander.entity(form)
        found.raw = [*form[:-1], Token(singular(form[-1]), glued=form[-1].glued)]
        return found

    def _fields(
        self, table: str, columns: Sequence[str], entity: Name
    ) -> dict[tuple[str, str], Name]:
        own = self.labels[table]
        common = self._common_prefix(table, columns)
        bare = {column: self._bare(table, column, common) for column in columns}
        forms: dict[str, list[Words]] = {}
        for column in columns:
            target = self.labels.get(self.targets.get((table, column), ""))
            short, full = bare[column], list(self.columns[table, column])
            long = self.expander.field(short, own, target)
            forms[column] = [
                phrase(self._without_own(long, short, own), entity.label),
                phrase(long, entity.label),
                long,
                self.expander.field(full, own, target),
            ]
        chosen = _choose(forms, lambda words: " ".join(words.text).lower())
        taken: set[str] = set()
        labels: set[str] = set()
        found: dict[tuple[str, str], Name] = {}
        for place, column in enumerate(columns, 1):
            words = chosen[column]
            text = " ".join(words.text) or f"column {place}"
            label = _distinct(text, labels, " ")
            name = _legal_field(snake(bare[column]), entity.name, place)
            found[table, column] = Name(
                name=_distinct(name, taken, "_"),
                label=label,
                plural=plural(label),
                spoken=words.spoken and bool(words.text),
            )
        return found

    def _common_prefix(self, table: str, columns: Sequence[str]) -> str | None:
        """Return the token that opens nearly all columns and says no more than the table."""
        cut = [self._unschemed(table, column) for column in columns]
        first = Counter(words[0] for words in cut if len(words) > 1)
        if not first:
            return None
        token, count = min(first.items(), key=lambda item: (-item[1], item[0]))
        if count < 3 or count * 5 < len(cut) * 4 or is_word(token):
            return None
        return token

    def _unschemed(self, table: str, column: str) -> list[Token]:
        words = list(self.columns[table, column])
        while len(words) > 1 and words[0] in self.dropped.get(table, ()):
            words = words[1:]
        return words

    def _bare(self, table: str, column: str, common: str | None) -> list[Token]:
        """Return the column's words without the scheme's and the table's own short prefix."""
        words = self._unschemed(table, column)
        if common is not None and len(words) > 1 and words[0] == common:
            rest = words[1:]
            if rest[0].isdigit():
                return words
            if rest == ["id"]:
                return [*(Token(word) for word in self.labels[table].text), *rest]
            return rest
        return words

    def _without_own(self, words: Words, short: Sequence[Token], own: Words) -> Words:
        """Drop the entity's own name from the front of a field's label."""
        mine = [word.lower() for word in own.text]
        text = [word.lower() for word in words.text]
        size = _shared_size(text, mine) or _shared_size(text, [str(word) for word in own.raw])
        if not size and len(mine) > 1 and short and short[0] == "".join(w[0] for w in mine):
            size = 1
        rest = text[size:]
        if not size or not rest or rest[0] in _KEPT or rest[0].isdigit() or rest[-1] == "id":
            return words
        return Words(words.text[size:], spoken=words.spoken or not words.bad - set(text[:size]))


def _shared_size(text: Sequence[str], mine: Sequence[str]) -> int:
    """Return how many words at the front are the end of the entity's own name."""
    for start in range(len(mine)):
        tail = list(mine[start:])
        last = [singular(word) for word in text[len(tail) - 1 : len(tail)]]
        if list(text[: len(tail)]) == tail or [*text[: len(tail) - 1], *last] == tail:
            return len(tail)
    return 0


def _qualified(table: str) -> tuple[str, str]:
    qualifier, _, bare = table.rpartition(".")
    if not tokens(bare):
        return "", table
    return ("" if qualifier.lower() in _QUALIFIERS else qualifier), bare


def _drop_prefixes(
    words: dict[str, list[Token]], raw: Mapping[str, Sequence[str]]
) -> dict[str, frozenset[str]]:
    """Drop, in place, what of the tables' names is naming scheme; say what was dropped."""
    dropped: dict[str, set[str]] = {table: set() for table in words}
    for _ in range(3):
        first = Counter(w[0] for w in words.values() if len(w) > 1)
        alone = {singular(w[0]) for w in words.values() if len(w) == 1}
        for table, w in words.items():
            if len(w) < 2 or w[1].isdigit():
                continue
            repeats = _repeats(w, raw[table])
            if repeats or _is_scheme(w[0], first[w[0]], len(words), alone):
                words[table] = w[1:]
                if not repeats:
                    dropped[table].add(w[0])
    for table, w in words.items():
        if len(w) > 1 and w[-1] in _SUFFIXES:
            words[table] = w[:-1]
    return {table: frozenset(found) for table, found in dropped.items()}


def _repeats(words: Sequence[Token], raw: Sequence[str]) -> bool:
    """Tell whether a name says its first word again: `order_order`, `address_useraddress`."""
    if words[0] not in raw:
        return False
    first, rest = singular(words[0]), [singular(word) for word in words[1:]]
    return first == rest[0] or (len(raw) == 2 and raw[0] == words[0] and first in rest)


def _is_scheme(token: Token, count: int, total: int, alone: set[str]) -> bool:
    if token in _PREFIXES:
        return True
    if singular(token) in alone:
        return False
    everywhere = total >= 3 and count * 10 >= total * 9
    if everywhere or (token in _SHARED and count >= 2):
        return True
    meaning = is_word(token) or written(token) is not None or token in ABBREVIATIONS
    return not meaning and token.isascii() and len(token) <= 5 and count >= 3


def _choose(forms: dict[str, list[Words]], same: Callable[[Words], str]) -> dict[str, Words]:
    """Take for each the first of its forms, and a later one while it clashes with another."""
    level = dict.fromkeys(forms, 0)
    for _ in range(max((len(f) for f in forms.values()), default=0)):
        groups: dict[str, list[str]] = {}
        for key, options in forms.items():
            groups.setdefault(same(options[level[key]]), []).append(key)
        clashes = [key for group in groups.values() if len(group) > 1 for key in group]
        if not clashes:
            break
        for key in clashes:
            level[key] = min(level[key] + 1, len(forms[key]) - 1)
    return {key: options[level[key]] for key, options in forms.items()}


def _distinct(text: str, taken: set[str], mark: str) -> str:
    found, number = text, 2
    while found.lower() in taken:
        found, number = f"{text}{mark}{number}", number + 1
    taken.add(found.lower())
    return found


def _legal_entity(name: str) -> str:
    digits = re.match(r"(\d+)_(.+)\Z", name)
    if digits and not digits[2][0].isdigit():
        name = f"{digits[2]}_{digits[1]}"
    if not name or name[0].isdigit():
        name = f"table_{name}".rstrip("_")
    return f"{name}_record" if keyword.iskeyword(name) or name in _RESERVED else name


def _legal_field(name: str, entity: str, place: int) -> str:
    if not name:
        return f"column_{place}"
    if name[0].isdigit() or keyword.iskeyword(name) or name in _RESERVED:
        return f"{entity}_{name}"
    return name
