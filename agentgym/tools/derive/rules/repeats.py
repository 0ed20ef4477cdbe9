"""Rules that say again what another says: a yes to what no limit lets through.

A rule and those that were taken before it come in; whether it adds nothing goes out.
Next: `choose`.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from agentgym.rules import All, AnyOf, Compare, Count, Elapsed, In, Rule, parts

__all__ = ["repeats"]

_BOUND = ("limit", "tier")
"""Classes of which one at most says how much a field may be."""


def repeats(rule: Rule, others: Iterable[Rule]) -> bool:
    """Tell whether the rule only says again, of the same rows, what one of the others says.

    So does a second limit of the same field, whatever it hangs on, or one beside what the field
    may be at all; a large amount that is left to a colleague where no large amount may
    be set; a second time until which the same may be done; a second number of the same rows; a
    second condition on the state of the same row.
    """
    mine = [other for other in others if other.entity == rule.entity]
    return any(
        _capped(rule, other)
        or _bounded(rule, other)
        or _timed(rule, other)
        or _numbered(rule, other)
        or _stated(rule, other)
        for other in mine
    )


def _bounded(rule: Rule, other: Rule) -> bool:
    """Tell whether both say how much a field may be: an invariant, a limit, one but for some."""
    if rule.kind not in _BOUND or other.kind not in (*_BOUND, "invariant"):
        return False
    mine, theirs = _bound(rule), _bound(other)
    return mine is not None and theirs is not None and mine.field == theirs.field


def _bound(rule: Rule) -> Compare | None:
    found = (part for part in parts(rule.predicate) if isinstance(part, Compare) and _upper(part))
    return next(found, None)


def _numbered(rule: Rule, other: Rule) -> bool:
    mine, theirs = rule.predicate, other.predicate
    if not isinstance(mine, Count) or not isinstance(theirs, Count):
        return False
    return (mine.path, mine.relation) == (theirs.path, theirs.relation)


def _stated(rule: Rule, other: Rule) -> bool:
    if not rule.kind == other.kind == "state" or not set(rule.on) & set(other.on):
        return False
    return bool(_states(rule) & _states(other))


def _states(rule: Rule) -> set[tuple[str, tuple[str, ...]]]:
    return {
        (one.field, one.path)
        for one in parts(rule.predicate)
        if isinstance(one, In) or (isinstance(one, Compare) and one.op == "eq" and not one.other)
    }


def _capped(rule: Rule, other: Rule) -> bool:
    if other.kind != "limit" or not isinstance(other.predicate, Compare):
        return False
    bound = next((part for part in parts(rule.predicate) if _upper(part)), None)
    if not isinstance(bound, Compare) or bound.field != other.predicate.field:
        return False
    if rule.kind == "hand_over":
        return True
    set_by = rule.kind in ("confirmation", "tier", "limit") and bound.at == "after"
    return set_by and Decimal(str(bound.value)) >= Decimal(str(other.predicate.value))


def _upper(part: object) -> bool:
    return isinstance(part, Compare) and part.op == "le" and part.other is None and not part.path


def _timed(rule: Rule, other: Rule) -> bool:
    if not rule.kind == other.kind == "time_window" or not set(rule.on) & set(other.on):
        return False
    if isinstance(rule.predicate, All):
        return False
    return bool(_moments(rule) & _moments(other)) or isinstance(rule.predicate, AnyOf)


def _moments(rule: Rule) -> set[tuple[str, tuple[str, ...]]]:
    found = (part for part in parts(rule.predicate) if isinstance(part, Elapsed))
    return {(part.field, part.path) for part in found}
