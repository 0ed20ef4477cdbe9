"""What to do when a rule refuses a call, in a sentence or two.

Next: `doings`.
"""

from __future__ import annotations

from agentgym.rules.english import capital, listing, times
from agentgym.rules.predicate import (
    All,
    Alone,
    AnyOf,
    Authenticated,
    Calls,
    Compare,
    Confirmed,
    Count,
    Holder,
    In,
    Move,
    NoChildren,
    Not,
    Owner,
    Param,
    Predicate,
    parts,
)
from agentgym.rules.rule import Rule
from agentgym.rules.sentences.clauses import (
    clause,
    exclusive,
    identified_as,
    life,
    lifecycle,
    many,
    same_of,
    shared,
)
from agentgym.rules.sentences.speaker import Speaker
from agentgym.rules.sentences.told import asked, done, never
from agentgym.rules.sentences.ways import belongs, way
from agentgym.schema import Schema

__all__ = ["hint"]


def hint(rule: Rule, schema: Schema) -> str:
    """Say what to do when the rule refuses a call.

    Raises:
        SchemaError: The rule names what the schema does not have.
    """
    if rule.kind == "hand_over":
        return "This is not done at this desk: refuse it, and hand the user over to a colleague."
    return _advice(asked(rule), rule, schema)


def _advice(predicate: Predicate, rule: Rule, schema: Schema) -> str:
    speaker = Speaker(schema, schema.entity(rule.entity), named=True, my="the")
    match predicate:
        case NoChildren():
            children = schema.entity(schema.relation(predicate.relation).entity)
            return (
                f"First delete the {children.plural} that refer to it, or let them refer elsewhere."
            )
        case Move():
            cycle = lifecycle(speaker.entity, predicate.field, schema)
            label = speaker.entity.field(predicate.field).label
            said = capital(f"the {label} {life(cycle)}.")
            return f"{said} Choose a state that may follow the present one."
        case Alone():
            return _elsewhere(predicate, speaker)
        case Authenticated():
            label = schema.entity(predicate.entity).label
            return f"First identify the user{identified_as(label)}."
        case Owner():
            return (
                f"It is only for {belongs(predicate, speaker)}: identify the user first, where "
                "that has not been done, and refuse what others ask for."
            )
        case Holder():
            only = _way(predicate, rule, speaker)
            return capital(f"it can be {_done(rule)} only {only}: refuse it.")
        case Confirmed():
            return (
                "Say what will be done, ask the user whether to go on, and call again after a yes."
            )
        case Calls():
            return _calls(predicate, rule, speaker)
        case Count():
            owner = capital(speaker.whom(predicate.path))
            if predicate.op in ("le", "lt"):
                return f"{owner} may have {many(predicate, schema)}: refuse what goes beyond."
            return f"{owner} must have {many(predicate, schema)}."
        case Param():
            return f"Call it so that {clause(predicate, speaker)}."
        case _ if never(predicate):
            return "This is never allowed: refuse it."
        case _ if _chosen(predicate) and set(rule.on) & {"create", "update"}:
            return f"Choose values so that {clause(predicate, speaker)}."
        case AnyOf() if len(predicate.of) > 1:
            return _either(predicate, rule, speaker)
        case _:
            return capital(f"it can be {_done(rule)} only {_way(predicate, rule, speaker)}.")


def _either(predicate: AnyOf, rule: Rule, speaker: Speaker) -> str:
    """Advise on a condition (`If its total is high: ...`) or on an exception (`unless ...`)."""
    first, rest = predicate.of[0], predicate.of[1:]
    other = rest[0] if len(rest) == 1 else AnyOf(of=rest)
    if isinstance(first, Not):
        said = _advice(other, rule, speaker.schema)
        return f"If {clause(first.of, speaker)}: {said[0].lower()}{said[1:]}"
    said = _advice(first, rule, speaker.schema)
    return f"{said.removesuffix('.')}, unless {clause(other, speaker)}."


def _done(rule: Rule) -> str:
    return done(rule, "or")


def _way(predicate: Predicate, rule: Rule, speaker: Speaker) -> str:
    return way(predicate, speaker, standing=not set(rule.on) & {"create", "update"})


def _chosen(predicate: Predicate) -> bool:
    """Tell whether all that it looks at is what the caller chooses."""
    for part in parts(predicate):
        match part:
            case Compare() | In():
                if part.path or part.at == "before":
                    return False
            case All() | AnyOf() | Not():
                pass
            case _:
                return False
    return True


def _elsewhere(predicate: Alone, speaker: Speaker) -> str:
    one = exclusive(predicate, speaker.entity, speaker.schema)
    same = shared(one, speaker.schema)
    other = ["time"] if one.span else []
    choose = listing([f"another {label}" for label in (*other, *same)], "or")
    there = f"There is another {speaker.entity.label} already"
    return f"{there}: choose {choose}." if choose else f"{there}: end that one first."


def _calls(predicate: Calls, rule: Rule, speaker: Speaker) -> str:
    same = same_of(predicate, speaker)
    match predicate.op, predicate.value:
        case ("ge", 1) | ("gt", 0) | ("ne", 0):
            return f"First call `{predicate.tool}`{same}."
        case ("ge", number):
            return f"First call `{predicate.tool}`{same} {times(number)}."
        case ("lt", 1) | ("le", 0) | ("eq", 0):
            return f"`{predicate.tool}` has been called{same} already: do not do this again."
        case _:
            return f"It can be {_done(rule)} only if {clause(predicate, speaker)}."
