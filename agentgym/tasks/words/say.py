"""From a plan to words: what a person would write to a service desk.

A plan's meaning is put into phrases, with a choice wherever English has one, and the
grammar writes them. A wording that reads back in more than one way is put differently,
as long as there is another way to put it. Next: `lint`.
"""

from __future__ import annotations

import random
import re

from agentgym.formats import Record
from agentgym.plan import Fact, Plan
from agentgym.rng import stream
from agentgym.schema import Schema
from agentgym.tasks.words.describe import Describer
from agentgym.tasks.words.english import ENGLISH
from agentgym.tasks.words.grammar import Writer, joined
from agentgym.tasks.words.lexicon import Lexicon, flag_words, lexicon, many, said, switch_words
from agentgym.tasks.words.meaning import Act, Change, Figure, Get, Put, Row, meant, same
from agentgym.tasks.words.phrases import (
    Add,
    Again,
    Alike,
    Ask,
    Blank,
    Counted,
    Do,
    Edit,
    Given,
    Held,
    Mark,
    Mention,
    Message,
    Noun,
    Number,
    Order,
    Query,
    Read,
    Remove,
    Sentence,
    Summed,
    Thing,
    Truth,
    Value,
    Whether,
    Word,
)
from agentgym.tasks.words.read import decimals, read
from agentgym.tasks.words.tones import REGISTERS
from agentgym.tasks.words.values import Style, UnsayableError, literal, unit_in

__all__ = ["Wording", "question", "say"]

_LEVELS = (0, 0, 0, 1, 1, 2, 2, 2)
"""How carefully each attempt marks what belongs to what."""
_TIMES = frozenset({"date", "datetime"})
_CLUMSY = re.compile(
    r"\b(to|in|of|with|that|the|from|for) \1\b|\([^()]*\(|\bbelongs? to (to|and|by)\b|"
    r"\b(with the (?:highest|largest|lowest|smallest|latest|most recent|earliest)"
    r"(?: (?!with)[^ ]+){1,3}) with the \w+est\b",
    re.IGNORECASE,
)
"""What is right and clear, but better put otherwise, if there is a way."""


class Wording(Record, kw_only=True):
    """A message, and the pattern that it follows."""

    text: str
    phrasing: str
    """The text with its labels and values masked: what makes two wordings alike."""


def say(plan: Plan, schema: Schema, *, seed: int) -> Wording | None:
    """Put a plan into words.

    Args:
        plan: What is asked; held-back facts are announced without their values.
        schema: Supplies the labels.
        seed: Chooses tone and phrasing.

    Returns:
        The message, one that `read` understands in exactly one way if some phrasing
        does; None when the plan cannot be told without identifiers or loss.
    """
    words = lexicon(schema)
    acts = meant(plan)
    clumsy: Wording | None = None
    unclear: Wording | None = None
    if not acts or _confused(acts):
        return None
    for attempt, level in enumerate(_LEVELS):
        try:
            wording = _attempt(acts, words, stream(seed, "words", attempt), level)
        except UnsayableError:
            continue
        readings = read(wording.text, schema)
        if any(same(reading, plan) for reading in readings):
            if len(readings) > 1:
                unclear = unclear or wording
            elif not _CLUMSY.search(wording.text):
                return wording
            else:
                clumsy = clumsy or wording
    return clumsy or unclear


def question(fact: Fact, schema: Schema, *, plan: Plan | None = None) -> str:
    """Name a held-back value as its user would: `the new phone number of the customer`.

    Args:
        fact: The fact.
        schema: Supplies the labels.
        plan: Where it is used; without it, the value is taken for a new one.

    Returns:
        A noun phrase.
    """
    entity = schema.entity(fact.entity)
    label = entity.field(fact.field).label
    use = "update"
    if plan is not None:
        use = "clue"
        for act in meant(plan):
            if isinstance(act, Change) and (act.entity, fact.field) in _held(act):
                use = act.kind if act.entity == fact.entity else use
    if use == "create":
        return f"the {label} of the new {entity.label}"
    return f"the {'' if use == 'clue' else 'new '}{label} of the {entity.label}"


def _held(change: Change) -> list[tuple[str, str]]:
    return [(change.entity, put.field) for put in change.puts if put.held]


def _confused(acts: tuple[Act, ...]) -> bool:
    """Tell whether held-back values could not be told apart when asked for."""
    held: list[tuple[str, str]] = []
    for act in acts:
        for row in _described(act):
            held += [(row.entity, clue.field) for clue in row.clues if clue.held]
        if isinstance(act, Change):
            held += _held(act)
    return len(held) != len(set(held))


def _described(act: Act) -> tuple[Row, ...]:
    if isinstance(act, Get):
        tops = [act.of.of if isinstance(act.of, Figure) else act.of]
    else:
        tops = [act.target] if act.target else []
        tops += [put.row for put in act.puts if put.row is not None]
    found: dict[Row, None] = {}
    while tops:
        row = tops.pop()
        found[row] = None
        tops += [tie.row for tie in row.ties]
    return tuple(found)


def _attempt(acts: tuple[Act, ...], words: Lexicon, rng: random.Random, level: int) -> Wording:
    style = Style(curly=rng.random() < 0.2, dates=rng.choice((0, 1, 1, 1, 2)))
    register = rng.choice(REGISTERS)
    message = _Speaker(words, rng, level).message(acts)
    writer = Writer(ENGLISH, rng, register=register, style=style)
    text, mask = joined(writer.write("message", message))
    return Wording(text=text, phrasing=mask)


class _Speaker:
    """Chooses the phrases of one message."""

    def __init__(self, words: Lexicon, rng: random.Random, level: int) -> None:
        self._words = words
        self._rng = rng
        self._nouns = Describer(words, rng, level)

    def _chance(self, share: float) -> bool:
        return self._rng.random() < share

    def message(self, acts: tuple[Act, ...]) -> Message:
        """Group the acts into sentences."""
        parts: list[Ask | Whether | Counted | Summed | Order] = []
        place = 0
        while place < len(acts):
            act = acts[place]
            place += 1
            if isinstance(act, Change):
                parts.append(self._order(act))
                continue
            gets = [act]
            while place < len(acts) and len(gets) < 4 and not self._flag(act):
                other = acts[place]
                if not isinstance(other, Get) or other.of != act.of or self._flag(other):
                    break
                gets.append(other)
                place += 1
            parts.append(self._thing(gets))
        sentences = self._sentences(parts)
        return Message(sentences=sentences, asks=isinstance(sentences[0], Query))

    def _flag(self, get: Get) -> bool:
        """Tell whether the answer stands alone: yes, no, or a figure."""
        if isinstance(get.of, Figure):
            return True
        return self._nouns.field(get.of.entity, get.field or "").type == "boolean"

    def _sentences(
        self, parts: list[Ask | Whether | Counted | Summed | Order]
    ) -> tuple[Sentence, ...]:
        groups: list[list[Ask | Whether | Counted | Summed | Order]] = []
        for part in parts:
            asked = isinstance(part, (Ask, Whether, Counted, Summed))
            if groups and len(groups[-1]) < 3 and self._chance(0.4):
                before = isinstance(groups[-1][0], (Ask, Whether, Counted, Summed))
                if before == asked:
                    groups[-1].append(part)
                    continue
            groups.append([part])
        sentences: list[Sentence] = []
        for group in groups:
            things = tuple(p for p in group if isinstance(p, (Ask, Whether, Counted, Summed)))
            orders = tuple(p for p in group if isinstance(p, (Edit, Mark, Add, Remove)))
            plural = len(things) > 1 or any(
                isinstance(t, Ask) and (len(t.fields) > 1 or many(t.fields[0].field))
                for t in things
            )
            sentences.append(Query(things=things, plural=plural) if things else Do(orders=orders))
        return tuple(sentences)

    # What is asked

    def _thing(self, gets: list[Get]) -> Ask | Whether | Counted | Summed:
        of = gets[0].of
        if isinstance(of, Figure):
            thing = self._figure(of)
            self._nouns.learn(of.of, inside=True)
            return thing
        fields = [self._nouns.field(of.entity, get.field or "") for get in gets]
        noun = self._nouns.noun(of, top=True)
        self._nouns.learn(of)
        if fields[0].type == "boolean":
            return Whether(noun=noun, flag=flag_words(fields[0]))
        return Ask(
            fields=tuple(self._mention(of.entity, f.name, share=0.5) for f in fields),
            noun=noun,
            short=_short(noun),
        )

    def _mention(self, entity: str, name: str, *, share: float = 1.0) -> Mention:
        field = self._nouns.field(entity, name)
        known = field.unit is None or unit_in(field.unit, field.label)
        unit = field.unit if not known and self._chance(share) else None
        return Mention(field=field.label, unit=unit)

    def _figure(self, figure: Figure) -> Counted | Summed:
        row = figure.of
        if figure.function == "count":
            label = None
            if figure.field is not None:
                label = self._nouns.field(row.entity, figure.field).label
            owner: Noun | Again | None = None
            if figure.field is None and self._chance(0.6):
                plain = [t for t in row.ties if self._nouns.owns(row.entity, t)]
                if len(plain) == 1:
                    found = self._nouns.noun(plain[0].row, top=True)
                    owner = found if _short(found) else None
                if owner is not None:
                    rest = tuple(t for t in row.ties if t is not plain[0])
                    row = Row(entity=row.entity, clues=row.clues, ties=rest, pick=row.pick)
            return Counted(rows=self._nouns.nouns(row), field=label, owner=owner)
        if figure.field is None:
            raise UnsayableError(f"{figure.function} of nothing")
        field = self._nouns.field(row.entity, figure.field)
        numeric = field.type in ("integer", "decimal", "float")
        time = field.type in _TIMES
        if not (numeric or (time and figure.function in ("min", "max"))):
            raise UnsayableError(f"{figure.function} of {field.type}")
        return Summed(
            function=figure.function,
            field=self._mention(row.entity, figure.field),
            rows=self._nouns.nouns(row),
            plain=figure.function != "sum" or "total" in field.label or self._chance(0.5),
            digits=str(decimals(field)) if figure.function == "avg" else None,
            time=time,
        )

    # What is to be done

    def _order(self, change: Change) -> Order:
        if change.kind == "create":
            order: Order = self._add(change)
        elif change.target is None:
            raise UnsayableError("a change of nothing")
        else:
            noun = self._nouns.noun(change.target, top=True)
            self._nouns.learn(change.target)
            order = Remove(noun=noun) if change.kind == "delete" else self._edit(change, noun)
        for put in change.puts:
            if put.row is not None:
                self._nouns.learn(put.row)
        return order

    def _edit(self, change: Change, noun: Noun | Again) -> Order:
        if len(change.puts) == 1 and change.puts[0].row is None:
            mark = self._mark(change.entity, change.puts[0], noun)
            if mark is not None and self._chance(0.7):
                return mark
        gives = self._gives(change.entity, change.puts)
        if not gives:
            raise UnsayableError("a change without a value")
        first, *rest = gives
        return Edit(
            field=first.field, noun=noun, value=first.value, rest=tuple(rest), flag=first.flag
        )

    def _mark(self, entity: str, put: Put, noun: Noun | Again) -> Mark | None:
        field = self._nouns.field(entity, put.field)
        if put.held or put.value is None:
            return None
        value = literal(field, put.value)
        if isinstance(value, Truth):
            return Mark(noun=noun, text=flag_words(field), on=value.on)
        if isinstance(value, Word) and self._words.is_status(entity, field):
            return Mark(noun=noun, text=value.text)
        return None

    def _add(self, change: Change) -> Add:
        entity = self._nouns.entity(change.entity)
        gives = self._gives(change.entity, change.puts)
        owners = []
        for given in list(gives):
            if isinstance(given.value, Thing):
                target = self._owned(change, given)
                if target and len(self._words.between(change.entity, target)) == 1:
                    owners.append(given.value.noun)
                    gives.remove(given)
        gives.sort(key=lambda given: isinstance(given.value, Thing))
        return Add(head=entity.label, owners=tuple(owners), gives=tuple(gives))

    def _owned(self, change: Change, given: Given) -> str | None:
        """Name the entity of a reference, if it is what the reference is called by."""
        for relation in self._words.relations:
            if relation.entity == change.entity and relation.label == given.field:
                target = self._words.entities[relation.target]
                return target.name if target.label == relation.label else None
        return None

    def _gives(self, entity: str, puts: tuple[Put, ...]) -> list[Given]:
        """Turn settings into what is said: references first become the rows they refer to."""
        left = {put.field: put for put in puts}
        gives: list[Given] = []
        relations = [r for r in self._words.relations if r.entity == entity and said(r.label)]
        for relation in sorted(relations, key=lambda r: -len(r.fields)):
            parts = [left.get(field) for field in relation.fields]
            first = parts[0]
            if first is None or first.row is None or first.row.entity != relation.target:
                continue
            sources = [p.source for p in parts if p is not None and p.row == first.row]
            if sources == list(relation.target_fields):
                noun = self._nouns.noun(first.row)
                gives.append(Given(field=relation.label, value=Thing(noun=noun)))
                for field in relation.fields:
                    del left[field]
        for put in left.values():
            gives.append(self._give(entity, put))
        return gives

    def _give(self, entity: str, put: Put) -> Given:
        field = self._nouns.field(entity, put.field)
        value: Value
        label = switch_words(field) if field.type == "boolean" else field.label
        if put.row is not None:
            source = self._nouns.field(put.row.entity, put.source or "")
            name = switch_words(source) if source.type == "boolean" else source.label
            noun = self._nouns.noun(put.row)
            value = Alike(noun=noun) if name == label else Read(field=name, noun=noun)
        elif put.held:
            value = Held()
        elif put.value is None:
            value = Blank()
        else:
            value = literal(field, put.value)
        code = isinstance(value, Number) and field.role == "code"
        return Given(field=label, value=value, code=code, flag=field.type == "boolean")


def _short(noun: Noun | Again) -> bool:
    return isinstance(noun, Again) or not (noun.mods or noun.close or noun.aside)
