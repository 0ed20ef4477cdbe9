"""Turns of phrase that rules, policies and tool descriptions share.

Labels and values come in, pieces of English sentences go out. Next: `sentences`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from agentgym.formats import Json, to_text
from agentgym.schema import Field

__all__ = [
    "a",
    "agreed",
    "capital",
    "clip",
    "duration",
    "few",
    "listing",
    "of_the",
    "own",
    "plain",
    "several",
    "times",
    "value",
    "words",
]

_VOWEL_SOUND = ("heir", "honest", "honor", "honour", "hour")
_CONSONANT_SOUND = ("eu", "ewe", "one", "once", "ubi", "uni", "usa", "use", "usu", "uti")
_VOWEL_SOUND_DESPITE = ("unid", "unim", "unin", "uninit")
_SPELT_WITH_VOWEL = frozenset("aefhilmnorsx")


_AFTER_HEAD = frozenset("in of on at left to for from by per made used taken with".split())
"""Words that stand after the head of a noun phrase."""
_SINGULAR = ("ss", "us", "is", "ics", "news", "address", "species", "series", "gas", "lens", "bus")
_PLURAL_VERBS = {
    "is": "are",
    "does": "do",
    "comes": "come",
    "rises": "rise",
    "falls": "fall",
    "has": "have",
}


def a(noun: str) -> str:
    """Put the indefinite article before the noun."""
    word = noun.split(" ", 1)[0]
    low = word.lower()
    spelt = word.isupper() and (len(word) <= 3 or not set(low) & set("aeiou"))
    if len(word) == 1 or spelt:
        vowel = low[:1] in _SPELT_WITH_VOWEL
    elif low.startswith(_VOWEL_SOUND + _VOWEL_SOUND_DESPITE):
        vowel = True
    else:
        vowel = low[:1] in tuple("aeiou") and not low.startswith(_CONSONANT_SOUND)
    return f"an {noun}" if vowel else f"a {noun}"


def capital(text: str) -> str:
    """Begin the text with a capital letter and leave the rest alone."""
    return text[:1].upper() + text[1:]


def listing(items: Iterable[str], word: str = "and") -> str:
    """Join the items as a sentence does: `x`, `x and y`, `x, y and z`."""
    known = list(items)
    if len(known) < 2:
        return "".join(known)
    return f"{', '.join(known[:-1])} {word} {known[-1]}"


def own(field: str, entity: str) -> str:
    """Say a field without its owner: `id` for the customer id of a customer."""
    words, owner = field.split(), entity.split()
    if len(words) > len(owner) and words[: len(owner)] == owner:
        words = words[len(owner) :]
    return " ".join(words)


def several(noun: str) -> bool:
    """Tell whether a noun phrase is plural, by its head: `units in stock`, `refills left`."""
    words = noun.lower().split()
    for place, word in enumerate(words):
        if place and word in _AFTER_HEAD:
            words = words[:place]
            break
    head = words[-1] if words else ""
    return len(head) > 3 and head.endswith("s") and not head.endswith(_SINGULAR)


def agreed(verb: str, noun: str) -> str:
    """Bring a verb phrase into the number of its noun: `is at most 3` to `are at most 3`."""
    if not several(noun):
        return verb
    first, space, rest = verb.partition(" ")
    return _PLURAL_VERBS.get(first, first) + space + rest


def of_the(field: str, entity: str) -> str:
    """Say whose field it is, without saying the owner twice: `id of the customer`."""
    return f"{own(field, entity)} of the {entity}"


def value(field: Field, wire: Json) -> str:
    """Say one wire value of the field."""
    if wire is None:
        return "empty"
    if isinstance(wire, bool):
        return "yes" if wire else "no"
    if isinstance(wire, (int, float, Decimal)):
        return f"{wire} {field.unit}" if field.unit else f"{wire}"
    if not isinstance(wire, str):
        return to_text(wire)
    if not wire:
        return "empty"
    return wire if field.type in ("date", "datetime") else f'"{wire}"'


def duration(seconds: int) -> str:
    """Say a length of time, not negative, as people do: `30 days`, `24 hours`, `2 weeks`."""
    for size, noun, most in _LENGTHS:
        count, rest = divmod(seconds, size)
        if count and not rest and count <= most:
            return _units(count, noun)
    found = []
    for size, noun in ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")):
        count, seconds = divmod(seconds, size)
        if count:
            found.append(_units(count, noun))
    return listing(found) or "no time"


_LENGTHS = (
    (3_600, "hour", 48),
    (604_800, "week", 8),
    (86_400, "day", 10**9),
    (60, "minute", 120),
    (1, "second", 120),
)
"""Seconds of a unit, its name, and up to how many of it people count."""


def _units(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def times(count: int) -> str:
    """Say how often: `once`, `twice`, `3 times`."""
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def words(name: str) -> str:
    """Say an identifier as words: `member ID` for `member_id`."""
    return " ".join("ID" if part == "id" else part for part in name.split("_") if part)


def plain(text: str) -> str:
    """Make one line of a foreign text, without marks that readers of traces take as commands."""
    return " ".join(text.replace("<", "(").replace(">", ")").split())


def clip(text: str, longest: int) -> str:
    """Cut the text at a word so that it has at most `longest` characters."""
    if len(text) <= longest:
        return text
    cut = text[: longest - 3]
    return cut[: cut.rfind(" ") if " " in cut[longest // 2 :] else len(cut)].rstrip(" ,;.") + "..."


def few(items: Sequence[str], most: int = 3) -> str:
    """List the first few items, and say that there are more."""
    if len(items) <= most:
        return listing(items)
    return ", ".join(items[:most]) + " and more"
