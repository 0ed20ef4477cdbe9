"""What the user of one task knows, prepared once: words, forms and order of their facts.

A script and a schema come in; out comes what no turn of a dialogue changes. Next: `asking`.
"""

from __future__ import annotations

import re
from functools import lru_cache

from agentgym.errors import SchemaError
from agentgym.plan import Fact
from agentgym.schema import Field, Schema
from agentgym.tasks import Turn, UserScript
from agentgym.users.hearing import Vocabulary, forms, kind_of, raw_words
from agentgym.users.spoken import spoken

__all__ = ["Key", "Knowledge"]

_PLURAL = re.compile(r"[^su]s$", re.IGNORECASE)
_MINE = "my "
"""How the name of a fact begins that tells who the user is."""
_NAMES_SOMEBODY = frozenset({"person", "contact", "code", "label"})
_LOOSE = frozenset({"number", "address"})
"""Last words of a label that people leave out: `phone` for `phone number`."""


class Key:
    """The words by which one fact is recognised, and those in which it is told.

    Args:
        fact: The fact.
        name: What it is called in answers; empty for what its field is called.
        schema: Where its field stands.
        vocabulary: What words mean.
    """

    __slots__ = (
        "about",
        "all",
        "entity",
        "exposure",
        "field",
        "forms",
        "id",
        "kind",
        "label",
        "mine",
        "name",
        "options",
        "phrase",
        "said",
        "starts",
        "term",
        "type",
        "unit",
        "value",
        "verb",
        "which",
        "wire",
    )

    def __init__(self, fact: Fact, name: str, schema: Schema, vocabulary: Vocabulary) -> None:
        self.id, self.entity, self.exposure, self.wire = (
            fact.id,
            fact.entity,
            fact.exposure,
            fact.value,
        )
        self.term: str = getattr(fact, "term", None) or ""
        """The word in which it was told, where the user does not know what that stands for."""
        field = _field(fact, schema)
        label, self.type = fact.field.replace("_", " "), "text"
        self.unit = ""
        self.options: tuple[str, ...] = ()
        called = [fact.entity.replace("_", " ")]
        if field is not None:
            label, self.type = field.label, field.type
            self.unit, self.options = (field.unit or ""), field.values or ()
            entity = schema.entity(fact.entity)
            called = [entity.label, entity.plural]
        self.about = vocabulary.words(" ".join(called))
        """Words of what it is a fact about."""
        self.which = tuple(one for one in called if one)
        """How that is called, one and several."""
        self.name = name or f"the {label}"
        self.mine = self.name.startswith(_MINE)
        """Whether it tells who the user is."""
        self.verb = "are" if _PLURAL.search(self.name.partition(" of ")[0]) else "is"
        self.value = spoken(self.term or fact.value)
        if self.term or (self.type == "text" and isinstance(fact.value, str)):
            self.value = f"“{self.value}”" if '"' in self.value else f'"{self.value}"'
        self.phrase = vocabulary.words(self.name) or raw_words(self.name)
        self.field = vocabulary.words(label)
        self.all = self.phrase | self.field | vocabulary.words(called[0])
        self.kind = kind_of(self.type)
        self.forms = forms(fact.value, self.kind)
        """Forms in which others say the value; see `hearing.forms`."""
        self.label, self.starts = _labels(label, fact.field, self.which[0] if self.which else "")
        """Finds what the field is called in a text; one of the words that are there then."""
        self.said = f"{self.name[:1].upper()}{self.name[1:]} {self.verb} {self.value}."


class Knowledge:
    """What a user knows and wants, in the order in which it is told.

    Args:
        script: What they know and want.
        schema: Where the labels of the facts stand.
    """

    __slots__ = (
        "announced",
        "due",
        "first",
        "held",
        "hidden",
        "identity",
        "keys",
        "private",
        "script",
        "secrets",
        "stale",
        "turns",
        "unknown",
        "valid",
        "vocabulary",
        "wanted",
        "wants",
        "wants_about",
    )

    def __init__(self, script: UserScript, schema: Schema) -> None:
        self.script = script
        unknown: tuple[Fact, ...] = getattr(script, "unknown", ())
        facts = (*script.facts, *script.private)
        labels = (f.label if (f := _field(one, schema)) else one.field for one in facts)
        vocabulary = _vocabulary(schema).apart(labels)
        self.vocabulary = vocabulary
        questions = _several(script, schema) | script.questions
        self.keys = {
            fact.id: Key(fact, questions.get(fact.id, ""), schema, vocabulary)
            for fact in script.facts
        }
        self.private = {
            fact.id: Key(fact, self._own(fact, schema), schema, vocabulary)
            for fact in script.private
        }
        self.secrets = tuple(
            value.casefold() for one in script.private if len(value := spoken(one.value)) > 1
        )
        """The values that nobody may hear, as they would be said."""
        self.unknown = {
            fact.id: Key(fact, questions.get(fact.id, ""), schema, vocabulary) for fact in unknown
        }
        """What the user has to be told."""
        self.first = frozenset(
            fact.id for fact in script.facts if fact.exposure not in ("user", "hidden")
        )
        """What the opening tells."""
        self.turns: tuple[Turn, ...] = (
            *(() if script.shift is None else (script.shift,)),
            *script.later,
        )
        """What they come to want, in order."""
        self.hidden = frozenset(i for i, key in self.keys.items() if key.exposure == "hidden")
        self.valid = tuple(self._valid(count) for count in range(len(self.turns) + 1))
        """The facts as the user holds them after that many turns, in order."""
        coming = frozenset(fact for turn in self.turns for fact in turn.facts)
        self.held = tuple({i: self.keys[i] for i in valid} for valid in self.valid)
        """The same with their words."""
        self.stale = tuple(self._stale(count) for count in range(len(self.turns) + 1))
        """After that many turns: the facts that hold no longer, to those that took their place."""
        self.announced = tuple(
            tuple(
                i
                for i in valid
                if self.keys[i].exposure == "user" and i not in coming and i not in self.unknown
            )
            for valid in self.valid
        )
        """The facts that the agent knows of and has to ask for, in order."""
        self.due = tuple(i for i in self.keys if i not in self.first)
        self.wants = self._wants()
        """Ids of what is wanted after that many turns."""
        self.identity = self._identity(schema)
        """The facts that tell who the user is."""
        said = self._said()
        self.wanted = raw_words(said)
        """The words of all that the user wants, and can tell besides who they are."""
        self.wants_about = vocabulary.words(said)
        """The same, one for those that mean the same."""

    def _own(self, fact: Fact, schema: Schema) -> str:
        """Name what the user keeps to themselves."""
        script = self.script
        field = _field(fact, schema)
        if fact.id in script.questions or field is None or script.record is None:
            return script.questions.get(fact.id, "")
        return f"{_MINE}{field.label}" if fact.entity == script.record[0] else ""

    def _said(self) -> str:
        """Put together all that the user says or can say of what they want."""
        script = self.script
        words = [script.opening, *(turn.text for turn in self.turns)]
        words += [deed.words for deed in script.deeds]
        words += [
            f"{key.name} {spoken(key.wire)} {key.term}"
            for key in self.keys.values()
            if not key.mine
        ]
        return " ".join(words)

    def _valid(self, count: int) -> tuple[str, ...]:
        coming = {fact for turn in self.turns for fact in turn.facts}
        held = {i for i in self.keys if i in self.first or i not in coming}
        for turn in self.turns[:count]:
            held = (held - set(turn.replaces)) | set(turn.facts)
        return tuple(i for i in self.keys if i in held)

    def _stale(self, count: int) -> dict[str, tuple[str, ...]]:
        held = set(self.valid[count])
        return {
            old: turn.facts
            for turn in self.turns[:count]
            for old in turn.replaces
            if old in self.keys and old not in held
        }

    def _wants(self) -> tuple[tuple[str, ...], ...]:
        found = [self.script.wants]
        for turn in self.turns:
            found.append(turn.wants or found[-1])
        return tuple(found)

    def _identity(self, schema: Schema) -> tuple[str, ...]:
        mine = tuple(i for i, key in self.keys.items() if key.mine)
        if mine or self.script.record is None:
            return mine
        entity = self.script.record[0]
        return tuple(
            fact.id
            for fact in self.script.facts
            if fact.entity == entity
            and (field := _field(fact, schema)) is not None
            and field.role in _NAMES_SOMEBODY
            and not self.script.questions.get(fact.id, "").startswith("the new ")
        )


def _several(script: UserScript, schema: Schema) -> dict[str, str]:
    """Name facts apart of which some about other things have the same label: the name of the city.

    Only those that the script has no name for.
    """
    labels: dict[str, tuple[str, str]] = {}
    about: dict[str, set[str]] = {}
    for fact in script.facts:
        field = _field(fact, schema)
        if field is not None and fact.id not in script.questions:
            labels[fact.id] = (field.label, schema.entity(fact.entity).label)
            about.setdefault(field.label, set()).add(fact.entity)
    return {
        i: f"the {label} of the {entity}"
        for i, (label, entity) in labels.items()
        if len(about[label]) > 1
    }


@lru_cache(64)
def _of_schema(schema: _Same) -> Vocabulary:
    return Vocabulary(schema.schema)


class _Same:
    """A schema as a key of a cache: the object itself, not what it holds."""

    __slots__ = ("schema",)

    def __init__(self, schema: Schema) -> None:
        self.schema = schema

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.schema is self.schema

    def __hash__(self) -> int:
        return id(self.schema)


def _vocabulary(schema: Schema) -> Vocabulary:
    return _of_schema(_Same(schema))


def _field(fact: Fact, schema: Schema) -> Field | None:
    try:
        return schema.entity(fact.entity).field(fact.field)
    except SchemaError:
        return None


@lru_cache(4096)
def _labels(label: str, name: str, entity: str) -> tuple[re.Pattern[str], frozenset[str]]:
    """Return what finds the label of a field, its name in the schema, and their short forms."""
    called = [label, name.replace("_", " ")]
    first, _, last = label.rpartition(" ")
    if first and last in _LOOSE and first != entity:
        called.append(first)
    written = sorted({one for one in called if one.strip()}, key=lambda one: (-len(one), one))
    spelled = "|".join(r"[\s_-]+".join(map(re.escape, one.split())) for one in written)
    pattern = re.compile(rf"(?<!\w)(?:{spelled or '(?!)'})(?!\w)", re.IGNORECASE)
    # Told apart as `raw_words` does, by which the message is looked at first.
    starts = frozenset(min(raw_words(one), default="") for one in written)
    return pattern, starts
