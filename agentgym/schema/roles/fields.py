"""The role of one field, from its name, type, comment and values.

In come a field, a sample of its values and what stands around it; out goes the field
with role, unit, uniqueness and evidence. Which text names the row is decided later,
in `labels`.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from agentgym.schema import Field, Role
from agentgym.schema.roles.case import Case, Finding, Setting
from agentgym.schema.roles.numbers import number
from agentgym.schema.roles.sample import Sample
from agentgym.schema.roles.texts import category, code, contact, person, place, plain, prose
from agentgym.schema.roles.units import unit_of
from agentgym.schema.roles.words import ends, has, joined, names, phrases, single

__all__ = ["judge"]

_MOMENTS = ("date", "datetime")
_YES = ("y", "n", "yes", "no", "t", "f", "true", "false", "j", "0", "1")


def judge(field: Field, seen: Sample, setting: Setting) -> Field:
    """Return the field with the role that fits it best, and why.

    Args:
        field: Its role is `other` until now.
        seen: A sample of its values, maybe empty.
        setting: The entity around it.
    """
    case = Case(field, names(field), seen, setting)
    role: Role = "other"
    why: tuple[str, ...] = ()
    for test in _TESTS:
        found = test(case)
        if found is not None:
            role, reason = found
            why = (reason,) if reason else ()
            break
    unit, reason = unit_of(field, role)
    if reason:
        why = (*why, reason)
    unique = field.unique
    if not unique and _is_natural(case, role):
        unique = True
        why = (*why, f"no two of {len(seen)} values are alike")
    return msgspec.structs.replace(
        field, role=role, unit=unit, unique=unique, evidence=joined(field.evidence, *why)
    )


def _is_natural(case: Case, role: Role) -> bool:
    field, seen = case.field, case.seen
    if field.type not in ("text", "integer") or not seen.is_unique or seen.length > 60:
        return False
    if role == "code":
        return True
    return role == "contact" and seen.looks("email")


def _reference(case: Case) -> Finding:
    target = case.setting.references.get(case.field.name)
    return ("reference", f"refers to {target}") if target is not None else None


def _secret(case: Case) -> Finding:
    if case.field.type in ("boolean", *_MOMENTS) or has(case.words, phrases("not_secret")):
        return None
    found = has(case.words, phrases("secret")) or ends(case.words, phrases("secret_ends"))
    if not found or case.field.type in ("decimal", "float", "enum"):
        return None
    if case.field.type == "integer" and found.split(" ")[0] in ("token", "secret", "password"):
        return None
    if case.words[0][-1] in single("id") - {"key", "ref"}:
        return None
    if found == "hash" and not (case.setting.is_person or has(case.words, (("password",),))):
        return None
    return "secret", f"the name says {found!r}"


def _key(case: Case) -> Finding:
    field, entity = case.field, case.setting.entity
    if field.name not in entity.key:
        return None
    if entity.key_source == "row_number":
        return "key", "a number of our own: the source has no key"
    if field.type in _MOMENTS:
        return "time", "a date in the primary key"
    if field.type in ("enum", "boolean"):
        return "category", "one of few values, in the primary key"
    if field.type == "text":
        return _text_key(case)
    return _number_key(case)


def _number_key(case: Case) -> Finding:
    field, entity = case.field, case.setting.entity
    last = case.words[0][-1:] + case.words[-1][-1:]
    if set(last) & single("id"):
        return "key", "a number in the primary key, called an id"
    natural = ends(case.words, phrases("natural_key"))
    if natural:
        return "code", f"a number in the primary key, called {natural!r}: people say it"
    if entity.key_source == "counter" or not field.spoken:
        return "key", "a counted primary key"
    if len(entity.key) > 1 or not entity.fields[0].spoken:
        return "code", "a number in the primary key with a name of its own"
    return "code", "a primary key that is not called an id"


def _text_key(case: Case) -> Finding:
    field, seen = case.field, case.seen
    opaque = has(case.words, phrases("opaque"))
    if opaque:
        return "key", f"the name says {opaque!r}"
    for pattern in ("uuid", "hex"):
        if seen.looks(pattern):
            hits, total = seen.share(pattern)
            return "key", f"values are no words: {hits} of {total} look like {pattern}"
    is_id = set(case.words[0][-1:] + case.words[-1][-1:]) & single("id")
    if seen.texts:
        if seen.length <= 24 and not _is_random(seen):
            return "code", "short texts in the primary key: people can say them"
        return "key", "long or random texts in the primary key"
    longest = field.max_length or 0
    if is_id and (longest in (0, 22, 26, 32, 36, 40, 64) or longest > 30):
        return "key", "a text in the primary key, called an id"
    return "code", "a text in the primary key"


def _is_random(seen: Sample) -> bool:
    """Tell whether the texts mix letters and digits as if drawn by lot."""
    mixed = sum(
        1 for t in seen.texts if len(t) >= 12 and len(re.findall(r"[A-Za-z]\d|\d[A-Za-z]", t)) >= 4
    )
    return mixed * 2 > len(seen.texts)


def _audit(case: Case) -> Finding:
    if case.field.type == "boolean" or case.field.type in ("decimal", "float", "enum"):
        return None
    whole = [" ".join(one) for one in case.words]
    known = {" ".join(phrase) for phrase in phrases("audit")}
    found = next((text for text in whole if text in known), "")
    if not found and case.field.type in _MOMENTS:
        found = next((text for text in known if text.startswith("last ") and text in whole[0]), "")
    return ("audit", f"{found!r} says when or by whom the row was written") if found else None


def _flag(case: Case) -> Finding:
    field = case.field
    if field.type == "boolean":
        return "flag", "yes or no"
    if field.type in ("integer", "text", "enum"):
        start = next((one[0] for one in case.words if one[:1] in phrases("flag_starts")), "")
        named = start or ends(case.words, phrases("flag_ends"))
        sure = start in single("number_flag_starts") or ends(case.words, phrases("number_flags"))
        values = field.values if field.type == "enum" else case.seen.distinct
        binary = (
            bool(values) and case.seen.only(_YES)
            if field.type != "enum"
            else ({str(v).casefold() for v in values or ()} <= set(_YES))
        )
        if binary and len(values or ()) <= 2 and (named or field.type == "enum"):
            return "flag", f"values are {' and '.join(sorted(str(v) for v in values or ()))}"
        if sure and not values and field.type == "integer":
            return "flag", f"the name says {named!r}"
        last = case.words[0][-1]
        told = last.endswith("ed") and field.type == "integer"
        if told and len(case.seen) >= 10 and case.seen.only("01"):
            return "flag", "values are 0 and 1"
    return None


def _moment(case: Case) -> Finding:
    field = case.field
    if field.type in _MOMENTS:
        return "time", f"a {field.type}"
    found = ends(case.words, phrases("time_ends"))
    if field.type == "integer" and found:
        numbers = [v for v in case.seen.values if isinstance(v, int)]
        if "year" in found and (not numbers or all(1000 <= n <= 2500 for n in numbers)):
            return "time", "a year"
        clock = found in ("time", "timestamp", "epoch", "at", "datetime", "date")
        if clock and numbers and all(n > 10**8 for n in numbers):
            return "time", "numbers like seconds since 1970"
        if not numbers and found not in ("time", "at", "year"):
            return "time", f"a number whose name ends with {found!r}"
    if (
        field.type == "integer"
        and not len(case.seen)
        and "date" in (case.words[0][0], case.words[-1][0])
    ):
        return "time", "a number whose name says 'date'"
    if field.type == "text" and found and found not in ("time", "year", "at"):
        dates = sum(1 for t in case.seen.texts if re.match(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}", t))
        if case.seen.texts and dates * 10 >= len(case.seen.texts) * 8:
            return "time", f"values look like dates ({dates} of {len(case.seen.texts)})"
    return None


def _opaque(case: Case) -> Finding:
    if case.field.type in ("json", "bytes"):
        return "other", f"{case.field.type} values"
    return None


_TESTS: tuple[Callable[[Case], Finding], ...] = (
    _reference,
    _secret,
    _key,
    _audit,
    _flag,
    _moment,
    _opaque,
    contact,
    person,
    plain,
    place,
    number,
    prose,
    code,
    category,
)
