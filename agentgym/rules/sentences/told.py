"""A rule as one sentence of the desk manual.

A `Rule` and its `Schema` come in. Its class shapes the sentence, its writes and fields say
when it is asked, and what tools do not enforce is said as advice. Next: `hints`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeGuard

from agentgym.rules.english import a, capital, listing, own, value
from agentgym.rules.predicate import (
    All,
    Alone,
    AnyOf,
    Authenticated,
    Compare,
    Confirmed,
    Count,
    In,
    Move,
    Not,
    Owner,
    Param,
    Predicate,
)
from agentgym.rules.rule import Rule
from agentgym.rules.sentences.clauses import (
    bounded,
    clause,
    compared,
    exclusive,
    given,
    identified_as,
    life,
    lifecycle,
    many,
    shared,
)
from agentgym.rules.sentences.speaker import Speaker, pick
from agentgym.rules.sentences.ways import belongs, person, way
from agentgym.schema import Entity, Schema

__all__ = ["asked", "done", "joint", "never", "sentence"]

_DONE = {"create": "created", "update": "changed", "delete": "deleted", "read": "shown"}
_ORDER = ("read", "create", "update", "delete")


def sentence(rule: Rule, schema: Schema, by: Sequence[str] = ()) -> str:
    """Say the rule as one English sentence for the policy document.

    Args:
        rule: The rule.
        schema: What it is about.
        by: Names of the tools that it guards, where not all that write its rows are meant.

    Raises:
        SchemaError: The rule names what the schema does not have.
    """
    return _Telling(rule, schema, by=by).sentence()


def joint(rules: Sequence[Rule], schema: Schema) -> str:
    """Say rules that differ only in their entity in one sentence.

    Args:
        rules: At least one; all bare `Authenticated`, `Owner` or `Confirmed`, of the same
            class, writes and path in words.
        schema: Their schema.

    Raises:
        SchemaError: A rule names what the schema does not have.
    """
    if len(rules) == 1:
        return sentence(rules[0], schema)
    return _Telling(rules[0], schema, [schema.entity(rule.entity) for rule in rules]).sentence()


def never(predicate: Predicate) -> bool:
    """Tell whether the predicate holds of nothing, by its form alone."""
    match predicate:
        case AnyOf():
            return all(never(part) for part in predicate.of)
        case All():
            return any(never(part) for part in predicate.of)
        case Not():
            return predicate.of == All(of=())
        case _:
            return False


def asked(rule: Rule) -> Predicate:
    """Return the predicate, with what must come first as what follows from the rest.

    `the total is at most 6, or the user said yes` is `if it is more, the user said yes`.
    """
    predicate = rule.predicate
    if not isinstance(predicate, AnyOf) or rule.kind not in _BEFORE:
        return predicate
    rest = tuple(part for part in predicate.of if not isinstance(part, _BEFORE[rule.kind]))
    first = tuple(part for part in predicate.of if isinstance(part, _BEFORE[rule.kind]))
    if len(first) != 1 or not rest or isinstance(predicate.of[0], Not):
        return predicate
    return AnyOf(of=(Not(of=_not(rest)), *first))


_BEFORE: dict[str, type[Confirmed | Authenticated]] = {
    "confirmation": Confirmed,
    "authentication": Authenticated,
}
"""What a class of rules wants before a write."""


def _not(parts: Sequence[Predicate]) -> Predicate:
    """Return what holds where none of the parts does."""
    turned: list[Predicate] = [part.of if isinstance(part, Not) else Not(of=part) for part in parts]
    return turned[0] if len(turned) == 1 else All(of=tuple(turned))


def done(rule: Rule, word: str) -> str:
    """List what the rule guards, as participles: `created or changed`."""
    return listing((_DONE[kind] for kind in _ORDER if kind in rule.on), word)


class _Telling:
    """One rule on its way to a sentence."""

    def __init__(
        self,
        rule: Rule,
        schema: Schema,
        entities: Sequence[Entity] = (),
        by: Sequence[str] = (),
    ) -> None:
        self.rule, self.schema = rule, schema
        self.by = listing((f"`{name}`" for name in by), "or")
        self.entity = schema.entity(rule.entity)
        self.entities = list(entities) or [self.entity]
        self.on = frozenset(rule.on)
        self.part = rule.fields if rule.on == ("update",) else ()
        """The fields that alone are spoken of: nothing but a change of them is guarded."""

    def speaker(self, *, named: bool = False, called: str = "") -> Speaker:
        return Speaker(
            self.schema,
            self.entity,
            named=named,
            called=called,
            fresh=self.rule.fields if "update" in self.on else (),
            then="update" in self.on and self.rule.kind != "invariant",
        )

    def sentence(self) -> str:
        predicate, speaker = asked(self.rule), self.speaker()
        if self.rule.kind == "hand_over":
            return capital(f"{self.hand_over(predicate, speaker)}.")
        status = self.becomes(predicate)
        if status:
            return capital(f"{status}.")
        return capital(f"{self.told(predicate, speaker)}.")

    def told(self, predicate: Predicate, speaker: Speaker) -> str:
        """Say a predicate with its conditions before it and its exceptions after it."""
        if isinstance(predicate, AnyOf) and len(predicate.of) > 1 and not never(predicate):
            if isinstance(predicate.of[0], Not):
                rest = predicate.of[1:]
                follows = rest[0] if len(rest) == 1 else AnyOf(of=rest)
                first = self.first(follows, speaker)
                if first:
                    condition = clause(predicate.of[0].of, speaker)
                    return f"{first[0]}, if {condition}, {first[1]}"
                if self.sets(predicate.of[0].of) and self.sets(follows):
                    return self.of_kind(predicate.of[0].of, follows)
                condition = clause(predicate.of[0].of, speaker)
                return f"if {condition}, {self.told(follows, speaker)}"
            if not self.general():
                said = self.told(predicate.of[0], speaker)
                rest = predicate.of[1:]
                other = rest[0] if len(rest) == 1 else AnyOf(of=rest)
                speaker.named = True
                return f"{said}, unless {clause(other, speaker)}"
        return self.plain(predicate, speaker)

    def sets(self, predicate: Predicate) -> TypeGuard[Compare | In]:
        """Tell whether it compares a field of the row itself that the writes may set."""
        return (
            self.on == {"create", "update"}
            and isinstance(predicate, (Compare, In))
            and not predicate.path
            and predicate.at == "after"
            and predicate.field in self.rule.fields
        )

    def of_kind(self, condition: Compare | In, follows: Compare | In) -> str:
        """Say what must be so of rows of a kind: `if its method is "cash", its amount must be`."""
        speaker = Speaker(self.schema, self.entity)
        kind = clause(condition, speaker)
        must = _must(compared(follows, speaker), "must" if self.rule.enforced else "should")
        return f"if {kind}, {speaker.of(follows.field)} {must} when either is set"

    def general(self) -> bool:
        """Tell whether it speaks of what every row is, and not of what may be done."""
        return self.rule.kind == "invariant" and self.on >= {"create", "update"}

    def plain(self, predicate: Predicate, speaker: Speaker) -> str:
        """Say a predicate in the way that suits the class and the predicate."""
        first = self.first(predicate, speaker)
        if first:
            return ", ".join(first)
        match predicate:
            case Owner() if self.rule.kind == "ownership":
                return self.owned(predicate, speaker)
            case Param() if self.by:
                verb = _must(
                    bounded(predicate.value, predicate.op),
                    "must" if self.rule.enforced else "should",
                )
                return f"the {given(predicate.param, speaker)} given to {self.by} {verb}"
            case Count() if self.counts(predicate):
                return self.limited(predicate, speaker)
            case Alone() if self.on >= {"create", "update"} and not self.rule.fields:
                return self.alone(predicate, speaker)
            case Compare() | In() | Move() if self.must(predicate):
                return self.musts(predicate, speaker)
            case _:
                return self.rest(predicate, speaker)

    def first(self, predicate: Predicate, speaker: Speaker) -> tuple[str, str] | None:
        """Say what comes before a write: when, and what."""
        match predicate:
            case Authenticated() if self.rule.kind == "authentication":
                label = self.schema.entity(predicate.entity).label
                must = "must" if self.rule.enforced else "should"
                asked = f"the user {must} have been identified{identified_as(label)}"
            case Confirmed() if self.rule.kind == "confirmation":
                asked = "say what will be done and get the user's yes"
                asked = asked if self.rule.enforced else f"you should {asked}"
            case _:
                return None
        return f"before {f'{self.by} is called' if self.by else self.acted(speaker)}", asked

    def rest(self, predicate: Predicate, speaker: Speaker) -> str:
        if self.general() and not self.rule.fields:
            if speaker.named:
                return clause(predicate, speaker)
            speaker.named = True
            see = "" if self.rule.enforced else "see to it that "
            more = listing(
                f"when it is {_DONE[kind]}" for kind in ("delete", "read") if kind in self.on
            )
            also = f", also {more}" if more else ""
            return f"for every {self.entity.label}{also}, {see}{clause(predicate, speaker)}"
        subject, verb = self.subject(speaker)
        can = "can" if self.rule.enforced else "should"
        if never(predicate):
            return f"{subject} {'cannot' if self.rule.enforced else 'should never'} be {verb}"
        standing = not self.on & {"create", "update"}
        return f"{subject} {can} be {verb} only {way(predicate, speaker, standing=standing)}"

    def subject(self, speaker: Speaker) -> tuple[str, str]:
        """Name what is acted upon, and what is done to it."""
        if self.part:
            labels = [own(self.entity.field(n).label, self.entity.label) for n in self.part]
            return speaker.its(listing(labels, "or")), "changed"
        subject = self.several(speaker)
        if not self.rule.fields or "update" not in self.on:
            return subject, done(self.rule, "or")
        labels = [own(self.entity.field(n).label, self.entity.label) for n in self.rule.fields]
        verbs = [_DONE[kind] for kind in _ORDER if kind in self.on and kind != "update"]
        return subject, listing([*verbs, f"changed in its {listing(labels, 'or')}"], "or")

    def several(self, speaker: Speaker) -> str:
        """Name the row, or one row of each of several entities."""
        if len(self.entities) == 1 or speaker.named:
            return speaker.it()
        speaker.named = True
        return listing((a(entity.label) for entity in self.entities), "or")

    def acted(self, speaker: Speaker) -> str:
        """Say that it is acted upon: `an invoice is shown or changed`."""
        subject, verb = self.subject(speaker)
        return f"{subject} {'are' if ' and ' in subject and self.part else 'is'} {verb}"

    def owned(self, predicate: Owner, speaker: Speaker) -> str:
        target = speaker.reached(predicate.path).label
        subject, _ = self.subject(speaker)
        _, verb = self.subject(self.speaker())
        verb = verb.replace(" or ", " and ") if not self.rule.fields else verb
        should = "is" if self.rule.enforced else "should be"
        first = "serve" if self.rule.enforced else "you should serve"
        that = "who" if person(speaker.reached(predicate.path)) else "that"
        whom = belongs(predicate, speaker)
        if not predicate.path:
            subject, whom = f"the record of {subject}", f"that {target}"
        return (
            f"{first} only the {target} {that} has been identified: "
            f"{subject} {should} {verb} only for {whom}"
        )

    def counts(self, predicate: Count) -> bool:
        tied = set(predicate.where)
        for name in predicate.path[:1]:
            tied |= set(self.schema.relation(name).fields)
        # A change of nothing else can make the number another.
        whole = not self.rule.fields or (bool(tied) and tied >= set(self.rule.fields))
        plain = self.on <= {"create", "update"} and whole
        upper = predicate.op in ("le", "lt") or (predicate.op, predicate.value) == ("eq", 0)
        return plain and "create" in self.on and (upper or "update" in self.on)

    def limited(self, predicate: Count, speaker: Speaker) -> str:
        upper = predicate.op in ("le", "lt")
        verb = ("may" if upper else "must") if self.rule.enforced else "should"
        is_ = "is" if self.rule.enforced else "should be"
        beyond = f": otherwise no {self.entity.label} {is_} created"
        beyond = "" if "update" in self.on else beyond
        owner = speaker.entity
        if not speaker.named and len(predicate.path) == 1:
            owned = a(speaker.schema.relation(predicate.path[0]).label)
        elif not predicate.path:
            owned = a(owner.label) if not speaker.named else "it"
        else:
            owned = speaker.whom(predicate.path)
        speaker.named = True
        return f"{owned} {verb} have {many(predicate, self.schema)}{beyond}"

    def alone(self, predicate: Alone, speaker: Speaker) -> str:
        one = exclusive(predicate, self.entity, self.schema)
        aside, rows = self.aside(one.where)
        same = shared(one, self.schema)
        at = ""
        if one.span is not None:
            first, last = (own(self.entity.field(n).label, self.entity.label) for n in one.span)
            at = f" at a time (from {first} to {last})"
        verb = "has" if self.rule.enforced else "should have"
        related = [
            r for r in self.schema.parents(self.entity.name) if set(r.fields) <= set(one.same)
        ]
        speaker.named = True
        if len(same) == 1 and len(related) == 1:
            return f"{a(same[0])} {verb} at most one {self.entity.label}{rows}{at}{aside}"
        is_ = "is" if self.rule.enforced else "should be"
        with_ = f" with the same {listing(same)}" if same else ""
        return f"there {is_} at most one {self.entity.label}{with_}{rows}{at}{aside}"

    def aside(self, where: dict[str, tuple[str, ...]]) -> tuple[str, str]:
        """Say which rows do not count, or, where that is shorter, which do."""
        if len(where) == 1:
            ((name, values),) = where.items()
            field = self.entity.field(name)
            left = [one for one in field.values or () if one not in values]
            if field.type == "enum" and left and len(left) < len(values):
                said = listing((value(field, one) for one in left), "or")
                label = own(field.label, self.entity.label)
                return f", those whose {label} is {said} aside", ""
        return "", pick(self.entity, where)

    def must(self, predicate: Compare | In | Move) -> bool:
        """Tell whether the row itself must be so, whatever is done to it."""
        if isinstance(predicate, (Compare, In)) and (predicate.path or predicate.at == "before"):
            return False
        writes = self.on in (frozenset({"create", "update"}), frozenset({"create"}))
        return writes and (not self.rule.fields or self.rule.fields == (predicate.field,))

    def musts(self, predicate: Compare | In | Move, speaker: Speaker) -> str:
        if self.on == {"create"} and not speaker.named:
            speaker.called = f"new {self.entity.label}"
        new = self.on == {"create"} and speaker.called == self.entity.label
        named = speaker.of(predicate.field)
        if isinstance(predicate, Move):
            cycle = lifecycle(self.entity, predicate.field, self.schema)
            must = "" if self.rule.enforced else "should change so that it "
            return f"{named} {must}{life(cycle)}"
        verb = _must(compared(predicate, speaker), "must" if self.rule.enforced else "should")
        when = " when it is created" if new else " when it is set" if self.rule.fields else ""
        return f"{named} {verb}{when}"

    def becomes(self, predicate: Predicate) -> str:
        """Say what is asked of a status that is being reached; nothing for other rules."""
        if not (isinstance(predicate, AnyOf) and len(predicate.of) > 1 and len(self.part) == 1):
            return ""
        first = predicate.of[0]
        reached = first.of if isinstance(first, Not) else None
        if not isinstance(reached, (Compare, In)) or reached.path or reached.at == "before":
            return ""
        equal = isinstance(reached, In) or (reached.op == "eq" and reached.other is None)
        field = self.entity.field(reached.field)
        if reached.field != self.part[0] or not equal or field.type not in ("enum", "text"):
            return ""
        values = reached.values if isinstance(reached, In) else (reached.value,)
        said = listing((value(field, one) for one in values), "or")
        label = own(field.label, self.entity.label)
        rest = predicate.of[1:]
        follows = rest[0] if len(rest) == 1 else AnyOf(of=rest)
        inner = _Becoming(self.rule, self.schema, f"given the {label} {said}")
        return inner.told(follows, inner.speaker())

    def hand_over(self, predicate: Predicate, speaker: Speaker) -> str:
        must = "is not" if self.rule.enforced else "should not be"
        end = "at this desk: refuse it, and hand the user over to a colleague"
        condition = _unless_never(predicate)
        start = ""
        if condition is not None:
            start = f"if {clause(condition, speaker, positive=False)}, "
        subject, verb = self.subject(speaker)
        subject = f"that {self.entity.label}" if subject == "it" else subject
        return f"{start}{subject} {must} {verb} {end}"


class _Becoming(_Telling):
    """A rule about a status that is being reached: the move is what is done."""

    def __init__(self, rule: Rule, schema: Schema, verb: str) -> None:
        super().__init__(rule, schema)
        self.verb = verb

    def subject(self, speaker: Speaker) -> tuple[str, str]:
        """Name the row, and the state that it is given."""
        return speaker.it(), self.verb


def _unless_never(predicate: Predicate) -> Predicate | None:
    """Return what must hold, without the parts that never do; None where nothing is left."""
    if never(predicate):
        return None
    if isinstance(predicate, AnyOf):
        left = tuple(part for part in predicate.of if not never(part))
        return left[0] if len(left) == 1 else AnyOf(of=left)
    return predicate


def _must(verb: str, must: str) -> str:
    """Turn what is so into what has to be: `is at least 0` into `must be at least 0`."""
    first, _, rest = verb.partition(" ")
    if first == "is":
        if rest.startswith("not "):
            return f"{must} not be {rest.removeprefix('not ')}"
        return f"{must} be {rest}"
    return f"{must} come {rest}" if first == "comes" else f"{must} {rest}"
