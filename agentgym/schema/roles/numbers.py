"""Roles of numbers: money, counts, measures. Next: `fields`."""

from __future__ import annotations

from agentgym.schema.roles.case import Case, Finding, spread
from agentgym.schema.roles.units import unit_of
from agentgym.schema.roles.words import any_of, ends, has, phrases, single

__all__ = ["number"]

_NUMBERS = ("integer", "decimal", "float")


def number(case: Case) -> Finding:
    """Tell money, counts and measures apart."""
    field, words = case.field, case.words
    if field.type not in _NUMBERS:
        return None
    found = has(words, phrases("money"))
    weak = found in single("money_weak")
    if words[-1][0] in case.setting.measured and set(found.split()) <= {"amount", "total", "value"}:
        found = ""
    if found and not any_of(words, single("not_money") - set(found.split(" "))):
        if field.type == "decimal" and (not weak or field.scale in (2, 3, 4)):
            return "money", f"a decimal, and the name says {found!r}"
        if not weak and not unit_of(field, "measure")[0]:
            return "money", f"the name says {found!r}"
    if field.type == "integer":
        return _whole_number(case)
    found = has(words, phrases("measure"))
    if found:
        return "measure", f"the name says {found!r}"
    found = has(words, (("quantity",), ("qty",), ("count",), ("units",), ("stock",), ("shares",)))
    if found:
        return "quantity", f"the name says {found!r}"
    return "measure", f"a {field.type} number"


def _whole_number(case: Case) -> Finding:
    field, words = case.field, case.words
    if words[0][-1:] and words[0][-1] in single("id") and len(words[0]) > 1:
        return "other", "called an id, but refers to nothing here"
    if unit_of(field, "measure")[0]:
        return "measure", "the name says its unit"
    if words[0][:2] == ("number", "of"):
        return "quantity", "the name says 'number of'"
    found = has(words, phrases("quantity"))
    if " " in found:
        return "quantity", f"the name says {found!r}"
    if words[0][-1] in single("number_codes"):
        return "other", f"a number for a {words[0][-1]}"
    found = ends(words, phrases("code"))
    if found and found != "key":
        if field.unique or spread(case):
            return "code", f"the name ends with {found!r}"
        return "other", f"the name ends with {found!r}, but values come again"
    for role, section in (("quantity", "quantity"), ("measure", "measure")):
        found = has(words, phrases(section))
        if found:
            return ("quantity" if role == "quantity" else "measure"), f"the name says {found!r}"
    return None
