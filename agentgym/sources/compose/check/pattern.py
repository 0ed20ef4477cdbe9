"""What is wrong in a pattern.

A `Library` comes in, since a pattern speaks of the slots of others; `Problem`s go out.
Next: `industry`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agentgym.sources.compose import rewrite
from agentgym.sources.compose.check.flow import check_flows
from agentgym.sources.compose.check.problem import Notes, Problem
from agentgym.sources.compose.check.speech import Speech
from agentgym.sources.compose.check.values import check_field, check_identifier, check_noun
from agentgym.sources.compose.check.views import View, views
from agentgym.sources.compose.fields import states_of
from agentgym.sources.compose.library import Library, fragments, parts
from agentgym.sources.compose.records import Extension, Fragment, Pattern, Slot
from agentgym.sources.compose.trade import label_of

__all__ = ["check_pattern", "check_patterns"]


def check_patterns(library: Library) -> list[Problem]:
    """Find what is wrong in the patterns of a library."""
    known = views(library)
    return [
        problem
        for pattern in library.patterns.values()
        for problem in check_pattern(pattern, library, known)
    ]


def check_pattern(
    pattern: Pattern, library: Library, known: Mapping[str, View] | None = None
) -> list[Problem]:
    """Find what is wrong in one pattern.

    Args:
        pattern: The pattern.
        library: All patterns, among them this one.
        known: The views of the library, where they are at hand.
    """
    known = views(library) if known is None else known
    notes = Notes(f"patterns/{pattern.name}")
    check_identifier(pattern.name, "name", notes)
    _check_options(pattern, notes)
    seen: dict[str, str] = {}
    for option, fragment in fragments(pattern):
        place = f"options.{option}" if option else ""
        for slot in fragment.slots:
            if slot.slot in seen:
                where = seen[slot.slot] or "the pattern itself"
                notes.add(_at(place, "slots"), "each slot once", f"{slot.slot!r}, also in {where}")
            seen[slot.slot] = place
            _check_home(slot, pattern, library, notes, _at(place, f"slots.{slot.slot}"))
        _check_fragment(fragment, place, known, notes)
    _check_doubles(pattern, library, notes)
    exclusives = [one.id for _, fragment in fragments(pattern) for one in fragment.exclusives]
    ids: set[str] = set()
    for option, fragment in fragments(pattern):
        place = f"options.{option}" if option else ""
        _check_said(fragment, place, known, exclusives, notes, ids)
    return notes.problems


def _at(place: str, rest: str) -> str:
    return f"{place}.{rest}" if place else rest


def _check_options(pattern: Pattern, notes: Notes) -> None:
    names = [option.name for option in pattern.options]
    for option in pattern.options:
        place = f"options.{option.name}"
        check_identifier(option.name, place, notes)
        if names.count(option.name) > 1:
            notes.add(place, "each option once", repr(option.name))
        if not 0 < option.chance <= 1:
            notes.add(f"{place}.chance", "a chance above 0, up to 1", option.chance)
        for other in option.without:
            if other not in names:
                notes.add(f"{place}.without", "an option of the pattern", repr(other), names)
            if other == option.name:
                notes.add(f"{place}.without", "another option", repr(other))
        empty = not (
            option.slots or option.extends or option.derived or option.exclusives
            or option.effects or option.rules
        )  # fmt: skip
        if empty:
            notes.add(place, "an option that adds something", "nothing")


def _check_home(slot: Slot, pattern: Pattern, library: Library, notes: Notes, place: str) -> None:
    home = library.homes.get(slot.slot)
    if home is not None and home.pattern != pattern.name:
        notes.add(place, "a slot at home in one pattern", f"{slot.slot!r}, also in {home.pattern}")
    check_identifier(slot.slot, place, notes)
    if slot.many <= 0:
        notes.add(f"{place}.many", "a factor above 0", slot.many)
    joined = [reference for reference in slot.refs if reference.in_key]
    if slot.key == "references" and not joined:
        notes.add(f"{place}.key", "references with in_key = true", "none")
    if slot.kind == "link" and len(slot.refs) < 2:
        notes.add(f"{place}.refs", "two references of a link", str(len(slot.refs)))
    for reference in joined:
        if reference.optional:
            notes.add(f"{place}.refs", "a reference in the key that is always there",
                      f"{label_of(reference)!r} is optional")  # fmt: skip
    if joined and slot.key in ("number", "code"):
        notes.add(f"{place}.key", "references, as refs have in_key", slot.key)
    names = {field.name for field in slot.fields} | {label_of(one) for one in slot.refs}
    names |= {"status"} if slot.flows else set()
    for unique in slot.uniques:
        for name in unique:
            if name not in names:
                notes.add(f"{place}.uniques", f"a field of {slot.slot}", repr(name), names)


def _check_fragment(
    fragment: Fragment, place: str, known: Mapping[str, View], notes: Notes
) -> None:
    for slot in fragment.needs:
        if slot not in known:
            notes.add(_at(place, "needs"), "a slot", repr(slot), known)
    for one in parts(fragment):
        part = "slots" if isinstance(one, Slot) else "extends"
        here = _at(place, f"{part}.{one.slot}")
        if one.slot not in known:
            notes.add(here, "a slot", repr(one.slot), known)
            continue
        _check_parts(one, here, known, notes)
        if not isinstance(one, Slot):
            check_flows(one.flows, here, notes)


def _check_parts(
    one: Slot | Extension, place: str, known: Mapping[str, View], notes: Notes
) -> None:
    check_flows(one.flows, place, notes)
    for field in one.fields:
        check_field(field, f"{place}.fields.{field.name}", notes)
        if "." in field.after:
            _check_repeated(field.after, one.slot, f"{place}.fields.{field.name}", known, notes)
        elif field.after and field.after not in known[one.slot].fields:
            notes.add(f"{place}.fields.{field.name}.after", f"a field of {one.slot}",
                      repr(field.after), known[one.slot].fields)  # fmt: skip
        _check_repeated(field.repeats, one.slot, f"{place}.fields.{field.name}", known, notes)
        _check_repeated(field.within, one.slot, f"{place}.fields.{field.name}", known, notes)
        for slot in states_of(field):
            if slot not in known or not known[slot].flows:
                notes.add(
                    f"{place}.fields.{field.name}.values", "a slot that has a status", repr(slot),
                    [each for each, view in known.items() if view.flows],
                )  # fmt: skip
    for reference in one.refs:
        label = label_of(reference)
        check_identifier(label, f"{place}.refs.{label}", notes)
        check_noun(reference.label or reference.to, f"{place}.refs.{label}.label", notes)
        if reference.to not in known:
            notes.add(f"{place}.refs.{label}.to", "a slot", repr(reference.to), known)
        if reference.to == one.slot and not reference.optional:
            notes.add(
                f"{place}.refs.{label}", "a reference to its own kind that is optional", "not so",
                hint="add optional = true: the first row has nobody to refer to",
            )  # fmt: skip


def _check_repeated(
    given: str, slot: str, place: str, known: Mapping[str, View], notes: Notes
) -> None:
    """Check that references lead from a slot to the field that is repeated."""
    if not given:
        return
    *labels, field = given.split(".")
    if not labels:
        notes.add(f"{place}.repeats", "a reference and a field, as item.price", repr(given))
    for label in labels:
        if slot not in known:
            return
        if label not in known[slot].refs:
            notes.add(f"{place}.repeats", f"the label of a reference of {slot}", repr(label),
                      known[slot].refs)  # fmt: skip
            return
        slot = known[slot].refs[label].to
    if slot in known and field not in known[slot].fields:
        notes.add(f"{place}.repeats", f"a field of {slot}", repr(field), known[slot].fields)


def _check_doubles(pattern: Pattern, library: Library, notes: Notes) -> None:
    """Check that no two fragments that can meet give a slot the same name."""
    mine: list[tuple[str, str, str]] = []
    for option, fragment in fragments(pattern):
        for one in parts(fragment):
            names = [field.name for field in one.fields]
            names += [label_of(reference) for reference in one.refs]
            names += ["status"] if one.flows else []
            place = _at(f"options.{option}" if option else "", one.slot)
            mine += [(one.slot, name, place) for name in names]
    apart = {(option.name, other) for option in pattern.options for other in option.without}
    for number, (slot, name, place) in enumerate(mine):
        for other_slot, other_name, other in mine[:number]:
            options = tuple(_option(each) for each in (place, other))
            meet = options not in apart and options[::-1] not in apart
            if (slot, name) == (other_slot, other_name) and meet:
                notes.add(f"{place}.{name}", "each name of a slot once", f"also in {other}")
    for other_pattern in library.patterns.values():
        if other_pattern.name == pattern.name:
            continue
        for option, fragment in fragments(other_pattern):
            for one in parts(fragment):
                taken = {field.name for field in one.fields} | {label_of(r) for r in one.refs}
                for slot, name, place in mine:
                    if slot == one.slot and name in taken:
                        where = f"{other_pattern.name}" + (f", option {option}" if option else "")
                        notes.add(f"{place}.{name}", "each name of a slot once", f"also in {where}")


def _option(place: str) -> str:
    return place.split(".")[1] if place.startswith("options.") else ""


def _check_said(
    fragment: Fragment,
    place: str,
    known: Mapping[str, View],
    exclusives: Sequence[str],
    notes: Notes,
    ids: set[str],
) -> None:
    def speech(part: str, one: str) -> Speech:
        here = _at(place, f"{part} ({one})")
        if one in ids:
            notes.add(here, "each id once", repr(one))
        ids.add(one)
        return Speech(known, exclusives, notes, here)

    for derived in fragment.derived:
        _try(lambda one=derived: rewrite.derived(one, speech("derived", one.id)))
        _check_sum(derived.how, len(derived.terms), _at(place, f"derived ({derived.id})"), notes)
    for exclusive in fragment.exclusives:
        _try(lambda one=exclusive: rewrite.exclusive(one, speech("exclusives", one.id)))
    for effect in fragment.effects:
        _try(lambda one=effect: rewrite.effect(one, speech("effects", one.id)))
        if not effect.on:
            notes.add(_at(place, f"effects ({effect.id})"), "kinds of write in on", "none")
    for rule in fragment.rules:
        here = _at(place, f"rules ({rule.id})")
        _try(lambda one=rule: rewrite.rule(one, speech("rules", one.id)))
        if rule.kind == "invariant" and rule.level != 0:
            notes.add(f"{here}.level", "level 0 for an invariant", rule.level)
        if rule.kind != "invariant" and not 1 <= rule.level <= 4:
            notes.add(f"{here}.level", "a level of 1 to 4, as its kind is no invariant", rule.level)
        if not rule.on:
            notes.add(here, "kinds of write in on", "none")


def _try(said: object) -> None:
    try:
        said()  # type: ignore[operator]
    except rewrite.Absent:
        return


def _check_sum(how: str, terms: int, place: str, notes: Notes) -> None:
    if how == "count" and terms:
        notes.add(f"{place}.terms", "no terms for a count", str(terms))
    if how in ("min", "max") and terms != 1:
        notes.add(f"{place}.terms", f"one term for {how}", str(terms))
    if how == "sum" and not terms:
        notes.add(f"{place}.terms", "terms for a sum", "none")
