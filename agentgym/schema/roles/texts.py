"""Roles of texts: contacts, names, places, prose, codes, categories. Next: `numbers`."""

from __future__ import annotations

from agentgym.schema.roles.case import Case, Finding, spread
from agentgym.schema.roles.words import any_of, ends, has, names, phrases, single

__all__ = ["category", "code", "contact", "person", "place", "plain", "prose"]

_FEW = 12


def contact(case: Case) -> Finding:
    """Recognise e-mail addresses, phone numbers, streets and postcodes."""
    if case.field.type not in ("text", "integer"):
        return None
    barred = any_of(case.words, single("not_contact"))
    for pattern, text in (("email", "e-mail addresses"), ("phone", "phone numbers")):
        if barred and pattern == "phone":
            continue
        if pattern == "phone" and not ends(case.words, phrases("contact_ends")):
            continue
        if case.field.type == "text" and case.seen.looks(pattern):
            hits, total = case.seen.share(pattern)
            return "contact", f"values look like {text} ({hits} of {total})"
    if barred:
        return None
    found = ends(case.words, phrases("contact_ends"))
    whole = case.words[0]
    if not found and case.field.type == "text" and whole[:1] == ("address",):
        found = "" if ends(case.words, phrases("place")) else "address"
    return ("contact", f"the name says {found!r}") if found else None


def person(case: Case) -> Finding:
    """Recognise personal names and their parts."""
    if case.field.type != "text":
        return None
    found = ends(case.words, phrases("person"))
    if found:
        return "person", f"{found!r} is part of a person's name"
    whole = case.words[0] == ("name",) or (
        case.words[-1][-1:] == ("name",) and len(case.words[0]) == 1
    )
    public = set(names(case.setting.entity)[0][-1:]) & single("public")
    if whole and case.setting.is_person and not public:
        if case.seen.texts and not case.seen.looks("name", least=0.5):
            return None
        return "person", f"the name of a {case.setting.entity.label}"
    return None


def plain(case: Case) -> Finding:
    """Recognise technical texts: addresses in nets and files, hashes, settings."""
    if case.field.type != "text":
        return None
    found = has(case.words, phrases("opaque"))
    if found:
        return "other", f"the name says {found!r}"
    for pattern in ("uuid", "url", "path", "hex"):
        if case.seen.looks(pattern):
            return "other", f"values look like {pattern}"
    found = ends(case.words, phrases("plain"))
    return ("other", f"the name ends with {found!r}") if found else None


def place(case: Case) -> Finding:
    """Recognise cities, regions and countries."""
    if case.field.type not in ("text", "enum") or any_of(case.words, single("not_place")):
        return None
    found = ends(case.words, phrases("place"))
    if found == "state" and not case.setting.has_address:
        return None
    return ("place", f"the name ends with {found!r}") if found else None


def prose(case: Case) -> Finding:
    """Recognise sentences."""
    if case.field.type != "text":
        return None
    if case.seen.is_prose:
        return "text", f"long texts: {case.seen.length:.0f} characters on average"
    found = ends(case.words, phrases("text"))
    if found and not (case.seen.texts and case.seen.length <= 25):
        return "text", f"the name ends with {found!r}"
    return None


def code(case: Case) -> Finding:
    """Recognise what people call a row by: numbers, symbols, slugs."""
    if case.field.type != "text":
        return None
    found = ends(case.words, phrases("code"))
    alone = case.field.unique or case.seen.is_unique
    if case.words[0][-1:] and case.words[0][-1] in single("id"):
        return ("code", "a unique text, called an id") if alone else None
    if found and (alone or spread(case)):
        return "code", f"the name ends with {found!r}"
    if alone and case.seen.looks("code") and case.seen.length <= 16:
        return "code", "unique short codes"
    return None


def category(case: Case) -> Finding:
    """Recognise one of few values."""
    field, seen = case.field, case.seen
    if field.type == "enum":
        return "category", f"one of {len(field.values or ())} values"
    if field.type != "text":
        return None
    found = ends(case.words, phrases("category")) or ends(case.words, phrases("status"))
    few = len(seen.distinct) * 4 <= len(seen) and len(seen.distinct) <= 40
    if found and (len(seen) < 20 or few):
        return "category", f"the name ends with {found!r}"
    if len(seen) >= 20 and len(seen.distinct) <= _FEW and few:
        return "category", f"{len(seen.distinct)} values in {len(seen)} rows"
    return None
