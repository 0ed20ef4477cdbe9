"""What is wrong in an industry: a slot that is not clothed, a name that leads nowhere.

A `Library` comes in, `Problem`s go out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from agentgym.formats import Json
from agentgym.schema.names.lexicon import plural
from agentgym.sources.compose.check.flow import check_flows, check_state
from agentgym.sources.compose.check.problem import Notes, Problem
from agentgym.sources.compose.check.values import (
    check_field,
    check_identifier,
    check_noun,
    check_range,
    check_values,
)
from agentgym.sources.compose.check.views import View, views
from agentgym.sources.compose.clothes import identifier, specs
from agentgym.sources.compose.flows import states
from agentgym.sources.compose.library import Library, fragments
from agentgym.sources.compose.records import Clothes, FieldSpec, Industry
from agentgym.sources.compose.speech import field_label

__all__ = ["check_industries", "check_industry"]

_NOUN = re.compile(r"[a-z][a-z0-9'-]*( [a-z0-9][a-z0-9'-]*){0,3}\Z")
_RESERVED = frozenset("say ask conclude calculate page field function kind summary type".split())


def check_industries(library: Library) -> list[Problem]:
    """Find what is wrong in the industries of a library."""
    known = views(library)
    return [
        problem
        for industry in library.industries.values()
        for problem in check_industry(industry, library, known)
    ]


def check_industry(
    industry: Industry, library: Library, known: Mapping[str, View] | None = None
) -> list[Problem]:
    """Find what is wrong in one industry.

    Args:
        industry: The industry.
        library: All patterns.
        known: The views of the library, where they are at hand.
    """
    known = views(library) if known is None else known
    notes = Notes(f"industries/{industry.name}")
    check_identifier(industry.name, "name", notes)
    for name in ("title", "desk", "sector"):
        if not getattr(industry, name).strip():
            notes.add(name, "a text", "an empty one")
    if len(industry.firms) < 3 or len(set(industry.firms)) != len(industry.firms):
        notes.add("firms", "at least three names, each once", list(industry.firms))
    if not re.fullmatch(r"[A-Z]{3}", industry.currency):
        notes.add("currency", "three capitals like EUR", repr(industry.currency))
    _check_clothed(industry, library, notes)
    _check_nouns(industry, notes)
    for slot, clothes in industry.slots.items():
        if slot not in known:
            notes.add(f"slots.{slot}", "a slot", repr(slot), known)
            continue
        _check_clothes(clothes, known[slot], f"slots.{slot}", notes)
    _check_rows(industry, known, notes)
    return notes.problems


def _check_clothed(industry: Industry, library: Library, notes: Notes) -> None:
    """Check that all slots of the patterns are clothed, and of what these need."""
    patterns = list(dict.fromkeys(industry.patterns))
    if len(patterns) != len(industry.patterns):
        notes.add("patterns", "each pattern once", list(industry.patterns))
    if len(patterns) < 2:
        notes.add("patterns", "at least two patterns", str(len(patterns)))
    seen: set[str] = set()
    waiting = [(name, "patterns") for name in patterns]
    while waiting:
        name, why = waiting.pop(0)
        if name in seen:
            continue
        seen.add(name)
        if name not in library.patterns:
            notes.add("patterns", "a pattern", repr(name), library.patterns)
            continue
        pattern = library.patterns[name]
        for slot in pattern.slots:
            if slot.slot not in industry.slots:
                notes.add(
                    "slots", f"clothes of {slot.slot}, of the pattern {name} ({why})", "none",
                    hint=f"add [slots.{slot.slot}]",
                )  # fmt: skip
        for need in pattern.needs:
            home = library.homes.get(need)
            if home is not None:
                waiting.append((home.pattern, f"needed by {name}"))
                if home.option and need not in industry.slots:
                    notes.add("slots", f"clothes of {need}, needed by {name}", "none",
                              hint=f"add [slots.{need}]")  # fmt: skip
    for named in industry.without:
        name = named.partition(".")[0]
        known = library.patterns.get(name)
        options = [] if known is None else [f"{name}.{one.name}" for one in known.options]
        if named not in options:
            notes.add("without", "an option, as pattern.option", repr(named),
                      options or library.patterns)  # fmt: skip
    homes = {
        slot.slot: name
        for name, pattern in library.patterns.items()
        for _, fragment in fragments(pattern)
        for slot in fragment.slots
    }
    for worn in industry.slots:
        if worn in homes and homes[worn] not in seen:
            notes.add(f"slots.{worn}", f"its pattern {homes[worn]} among patterns", "not there",
                      hint=f"add {homes[worn]!r} to patterns, or remove the slot")  # fmt: skip


def _check_nouns(industry: Industry, notes: Notes) -> None:
    seen: dict[str, str] = {}
    codes: dict[str, str] = {}
    for slot, clothes in industry.slots.items():
        place = f"slots.{slot}.noun"
        if not _NOUN.match(clothes.noun):
            notes.add(place, "a noun in lower case, of one to four words", repr(clothes.noun))
        if identifier(clothes.noun) in _RESERVED:
            notes.add(place, "a noun that no tool reserves", repr(clothes.noun))
        if clothes.plural and not re.fullmatch(r"[a-z0-9 '-]+", clothes.plural):
            notes.add(f"slots.{slot}.plural", "a plural in lower case", repr(clothes.plural))
        for word in {clothes.noun, clothes.plural or plural(clothes.noun)}:
            name = identifier(word)
            if seen.setdefault(name, slot) != slot:
                notes.add(place, "a noun of its own", f"{word!r}, also of {seen[name]}")
        if clothes.code:
            if not re.fullmatch(r"[A-Z]{2,4}", clothes.code):
                notes.add(f"slots.{slot}.code", "two to four capitals", repr(clothes.code))
            if codes.setdefault(clothes.code, slot) != slot:
                notes.add(f"slots.{slot}.code", "a code of its own",
                          f"{clothes.code}, also of {codes[clothes.code]}")  # fmt: skip


def _check_clothes(clothes: Clothes, view: View, place: str, notes: Notes) -> None:
    known = [*view.fields, *view.refs, *(["status"] if view.flows else [])]
    for name in clothes.names:
        if "_".join(name.split()) not in known:
            notes.add(
                f"{place}.names", f"a field or the label of a reference of {view.slot}",
                repr(name), known,
            )  # fmt: skip
        check_identifier(identifier(clothes.names[name]), f"{place}.names.{name}", notes)
        if "_".join(name.split()) in view.refs:
            check_noun(clothes.names[name], f"{place}.names.{name}", notes)
        elif name in view.fields:
            said = clothes.names[name]
            _check_said(said, view.fields[name], clothes, f"{place}.names.{name}", notes)
    _check_unique_names(clothes, view, place, notes)
    for field in clothes.fields:
        check_field(field, f"{place}.fields.{field.name}", notes, clothed=True)
        if not field.label:
            said = field.name.replace("_", " ")
            _check_said(said, field, clothes, f"{place}.fields.{field.name}", notes)
        if field.name in view.names:
            notes.add(
                f"{place}.fields.{field.name}", "a name that the pattern does not have",
                repr(field.name), hint="use names, values or ranges for a field of the pattern",
            )  # fmt: skip
    mine = specs(view.fields.values(), clothes)
    for name, field in mine.items():
        if field.type == "enum" and not field.values:
            notes.add(
                f"{place}.values", f"the values of the enum {name}", "none",
                hint=f"add {name} = [...] to values",
            )  # fmt: skip
    for name, values in clothes.values.items():
        if name not in mine:
            notes.add(f"{place}.values.{name}", f"a field of {view.slot}", repr(name), mine)
            continue
        check_values(mine[name], values, f"{place}.values.{name}", notes)
        if not values:
            notes.add(f"{place}.values.{name}", "at least one value", "none", hint="remove it")
    for name, ends in clothes.ranges.items():
        if name not in mine:
            notes.add(f"{place}.ranges.{name}", f"a field of {view.slot}", repr(name), mine)
            continue
        check_range(mine[name], ends, f"{place}.ranges.{name}", notes)
    _check_states(clothes, view, place, notes)
    if clothes.naming == "list" and not (
        clothes.values.get("name") or any("name" in row for row in clothes.rows)
    ):
        notes.add(f"{place}.naming", "rows or values that name them", "none")
    if clothes.naming and "name" not in mine:
        notes.add(f"{place}.naming", "a field called name", "none")


def _check_said(words: str, field: FieldSpec, clothes: Clothes, place: str, notes: Notes) -> None:
    """Check that what a field is called can stand after `the`."""
    label, spoken = field_label(words, field.type, clothes.noun)
    if not spoken:
        notes.add(place, "words that can stand after `the`", f"`the {label}`",
                  hint="choose a noun, or give it a label that is one")  # fmt: skip


def _check_unique_names(clothes: Clothes, view: View, place: str, notes: Notes) -> None:
    seen: dict[str, str] = {}
    fields = [*view.fields, *(["status"] if view.flows else []), *[f.name for f in clothes.fields]]
    renamed = {"_".join(old.split()): new for old, new in clothes.names.items()}
    for name in fields:
        new = identifier(renamed.get(name, name))
        if seen.setdefault(new, name) != name:
            notes.add(f"{place}.names", "names that differ",
                      f"{seen[new]} and {name} are both {new!r}")  # fmt: skip


def _check_states(clothes: Clothes, view: View, place: str, notes: Notes) -> None:
    check_flows(clothes.flows, place, notes)
    if clothes.flows and not view.flows:
        notes.add(f"{place}.flows", f"no flows, as {view.slot} has no status", "flows")
    marks = {mark for flow in view.flows for mark in flow.marks}
    shared = marks.intersection(*(flow.marks for flow in view.flows)) if view.flows else set()
    for flow in clothes.flows:
        for mark in sorted(shared - set(flow.marks)):
            notes.add(f"{place}.flows ({flow.name}).marks", f"states for the mark {mark!r}", "none",
                      hint="the pattern's rules speak of it")  # fmt: skip
    known: list[str] = []
    for flow in view.flows:
        known += [state for state in states(flow) if state not in known]
    for old, new in clothes.states.items():
        check_state(new, f"{place}.states.{old}", notes)
        if old not in known:
            notes.add(f"{place}.states", f"a state of {view.slot}", repr(old), known)
    for flow in view.flows:
        said = [clothes.states.get(state, state) for state in states(flow)]
        for state in said:
            if said.count(state) > 1:
                notes.add(f"{place}.states", f"states of {flow.name!r} that differ",
                          f"{state!r} twice")  # fmt: skip


def _check_rows(industry: Industry, known: Mapping[str, View], notes: Notes) -> None:
    names = {
        slot: {_named(row) for row in clothes.rows} | set(_texts(clothes.values.get("name", ())))
        for slot, clothes in industry.slots.items()
    }
    for slot, clothes in industry.slots.items():
        if slot not in known:
            continue
        view = known[slot]
        mine = specs(view.fields.values(), clothes)
        legal = [*mine, *view.refs, *(["status"] if view.flows else [])]
        seen: list[str] = []
        for number, row in enumerate(clothes.rows):
            label = _named(row)
            place = f"slots.{slot}.rows[{number}]" + (f" ({label})" if label else "")
            if label and label in seen:
                notes.add(place, "each name once", repr(label))
            seen.append(label)
            for given, value in row.items():
                name = "_".join(given.split())
                if name in view.refs:
                    _check_reference(view.refs[name].to, value, names, f"{place}.{name}", notes)
                elif name in mine:
                    check_values(_with_values(mine[name], clothes), (value,), f"{place}.{name}",
                                 notes)  # fmt: skip
                elif name != "status" or not view.flows:
                    notes.add(place, f"a field or the label of a reference of {slot}",
                              repr(given), legal)  # fmt: skip
                else:
                    _check_status(value, clothes, view, f"{place}.status", notes)


def _with_values(spec: FieldSpec, clothes: Clothes) -> FieldSpec:
    return specs((spec,), clothes)[spec.name]


def _named(row: Mapping[str, Json]) -> str:
    value = row.get("name", row.get("title", ""))
    return value if isinstance(value, str) else ""


def _texts(values: tuple[Json, ...]) -> list[str]:
    return [value for value in values if isinstance(value, str)]


def _check_reference(
    to: str, value: Json, names: Mapping[str, set[str]], place: str, notes: Notes
) -> None:
    known = names.get(to, set()) - {""}
    if to not in names:
        notes.add(place, f"a slot that is clothed, as it refers to {to}", "none")
    elif value not in known:
        notes.add(place, f"the name of a row of {to}", repr(value), known,
                  hint="" if known else f"give {to} rows with names")  # fmt: skip


def _check_status(value: Json, clothes: Clothes, view: View, place: str, notes: Notes) -> None:
    for flow in clothes.flows or view.flows:
        legal = states(flow)
        if not clothes.flows:
            legal = tuple(clothes.states.get(state, state) for state in legal)
        if legal and value not in legal:
            notes.add(place, f"a state of the flow {flow.name!r}", repr(value), legal)
