"""An ear for instructions, apart from what makes them: it reads a message and its domain.

It knows a frequency dictionary and our list of acronyms, and nothing of how names and
wordings come to be. `offences` says what in a message only a program would say.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from agentgym.domain import Domain
from agentgym.formats import data_root
from agentgym.tasks import Task

QUOTED = re.compile(r'"[^"]*"|“[^“”]*”')
_TOKEN = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*\w*|\w+", re.UNICODE)
_OPAQUE = (
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-"), "a UUID"),
    (re.compile(r"\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{10,}\b", re.IGNORECASE), "hex"),
    (re.compile(r"https?://\S*[?&]\w+="), "a URL with parameters"),
    (re.compile(r"\b(?=\w*\d)(?=\w*[a-z])(?=\w*[A-Z])[A-Za-z0-9+/]{20,}={0,2}"), "base64"),
    (re.compile(r"[{\[]\s*[\"'{\[]|\"\w+\"\s*:\s*[\"{\[]|\\[ntux]"), "JSON or escapes"),
    (re.compile(r"\d\.\d*(?:0{6}|9{6})\d+"), "noise of floating point"),
    (re.compile(r"(?<!#)\b[\d.]+[eE][+-]?\d+\b"), "a power of ten"),
)
_UNIT = re.compile(r"\d(?: ?[A-Za-z%°µ/0-9]+)?\b")
_ORDINAL = re.compile(r"\d+(?:st|nd|rd|th)\Z")
_NAMES = re.compile(r"(?:(?:[A-Z][\w'’-]+|de|da|van|von|der|la|del|dos|di|al|bin|of) ?)+")
_KEYED = re.compile(r"\b(?:ID|id|key|identifier) (?:is |of |to |from |number )?(-?\d+)\b")


@cache
def dictionary() -> frozenset[str]:
    """Return every word of English that a list of 82,765 knows, and ours."""
    path = files("symspellpy").joinpath("frequency_dictionary_en_82_765.txt")
    words = {line.split(" ")[0] for line in path.read_text("utf-8-sig").splitlines()}
    known = _vocabulary("words")
    ours = {*known["extra"], *known["short"], *known["prefixes"]}
    return frozenset({w.removesuffix("'s") for w in words} | ours)


@cache
def acronyms() -> frozenset[str]:
    """Return short forms that people say, as they write them."""
    known = _vocabulary("acronyms")
    written = {word.upper() for word in known["upper"]}
    mixed = {part for text in known["mixed"].values() for part in text.split(" ")}
    return frozenset(written | mixed | {f"{w}s" for w in written} | {"ZIP"})


@cache
def scheme() -> frozenset[str]:
    """Return short forms and prefixes of naming schemes that are no words."""
    known = _vocabulary("words")
    short = {*known["table_prefixes"], *known["shared_prefixes"], *known["table_suffixes"]}
    return frozenset(short | set(_vocabulary("abbreviations")["always"]))


def _vocabulary(name: str) -> dict[str, Any]:
    path: Path = data_root("schemas") / "vocabulary" / f"{name}.json"
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def units(domain: Domain) -> frozenset[str]:
    """Return the unit signs of a domain's fields, in pieces."""
    signs = {f.unit for e in domain.schema.entities for f in e.fields if f.unit}
    return frozenset(part for sign in signs for part in re.split(r"[ /]", sign))


def people(task: Task, domain: Domain) -> frozenset[str]:
    """Return the words of values that a message says without quotes: states, people's names.

    Those that a report shows are all so.
    """
    enums = [f.values or () for e in domain.schema.entities for f in e.fields if f.type == "enum"]
    told = {word for values in enums for value in values for word in _TOKEN.findall(value)}
    for fact in task.plan.facts:
        role = domain.schema.entity(fact.entity).field(fact.field).role
        shown = task.family == "mask_fill" or role in ("person", "label", "place", "code")
        if isinstance(fact.value, str) and shown:
            told.update(_TOKEN.findall(fact.value))
    return frozenset(told)


def offences(task: Task, domain: Domain) -> list[str]:
    """Say what in the instruction of a task no person would write.

    Returns:
        One line for each: identifiers, prefixes, short forms that are no words, opaque
        values, keys said as ids, and sentences that do not begin or end as such.
    """
    text = task.instruction
    bare = QUOTED.sub("“”", text)
    proper = people(task, domain)
    found = [*_words(bare, proper, units(domain)), *_opaque(text), *_keys(bare, task, domain)]
    return list(dict.fromkeys([*found, *form(text)]))


def _words(bare: str, proper: frozenset[str], signs: frozenset[str]) -> Iterator[str]:
    if "_" in bare:
        yield f"an underscore: {bare!r}"
    for match in _TOKEN.finditer(bare):
        token = match.group()
        after_number = bool(re.search(r"\d ?\Z", bare[: match.start()]))
        owner = re.sub(r"['’]s\Z", "", token)
        if owner in proper or (token in signs and (after_number or "in " in bare)):
            continue
        if token == "s" and re.search(r"\w['’]\Z", bare[: match.start()]):
            continue
        yield from (f"{why}: {token!r}" for why in word_faults(token))


def word_faults(token: str) -> Iterator[str]:
    """Say what makes a token no word that people write."""
    bare = token.removesuffix("'s").removesuffix("’s")
    if not token.isascii() or bare in acronyms() or token.isdigit() or _ORDINAL.match(token):
        return
    if re.search(r"[a-z][A-Z]", bare):
        yield "capitals inside"
    elif re.search(r"[A-Za-z]\d", bare):
        yield "digits in a word"
    elif "-" in bare:
        for part in bare.split("-"):
            yield from word_faults(part)
    elif bare not in ("I", "a") and not _is_word(bare):
        yield "no word" if bare.lower() in scheme() or not _foreign(bare) else "an unknown word"


def _foreign(token: str) -> bool:
    """Tell whether it could be a word of another language: `pinyin`, `lieferant`."""
    low = token.lower()
    vowels = sum(letter in "aeiouy" for letter in low)
    return len(low) >= 5 and not token.isupper() and vowels * 4 >= len(low)


def _is_word(token: str) -> bool:
    low = token.lower()
    if token.isupper() and len(token) > 1:
        return False
    if low in scheme() and low not in dictionary():
        return False
    return low in dictionary() or low.replace("’", "'") in _CONTRACTIONS


_CONTRACTIONS = frozenset("what's i'm i'd i'll don't it's that's there's you're".split())


def _opaque(text: str) -> Iterator[str]:
    for pattern, what in _OPAQUE:
        hit = pattern.search(text)
        if hit:
            yield f"{what}: {hit.group()!r}"


def _keys(bare: str, task: Task, domain: Domain) -> Iterator[str]:
    for match in _KEYED.finditer(bare):
        yield f"a key: {match.group()!r}"
    for fact in task.plan.facts:
        field = domain.schema.entity(fact.entity).field(fact.field)
        if field.role in ("key", "reference", "secret") and fact.exposure == "instruction":
            yield f"a {field.role}: {fact.entity}.{fact.field}"


def form(text: str) -> Iterator[str]:
    """Say what is wrong with how sentences begin and end, and with small words.

    Lines may be indented, and the last one may be a field of a form: its name and its value.
    """
    bare = re.sub(r"(?m)^(?: +|- )+", "", QUOTED.sub("“X”", text))
    if not re.match(r"[A-Z“\d]|\[\d|[^\W\d_a-z]", bare):
        yield "begins in lower case"
    last = bare.rpartition("\n")[2]
    if not re.search(r"[.?!]\)?\Z", bare) and not re.match(r"[^\W\d_][^.?!]*(?::|=) ", last):
        yield "no stop at the end"
    for match in re.finditer(r"(?<!\b[Ss]t)(?<!\bvs)(?<!\bno)[.?!] ([a-z])", bare):
        yield f"a sentence in lower case: {bare[match.start() : match.start() + 20]!r}"
    if "  " in bare:
        yield "two spaces"
    small = "a an the of to in by for with is and or".split()
    for match in re.finditer(r"\b(\w+) \1\b", bare):
        if match[1].lower() in small:
            yield f"a small word twice: {match.group()!r}"
    for match in re.finditer(r"\b(a|an) ([A-Za-z]+)", bare):
        yield from _article(match[1], match[2])


def _article(article: str, word: str) -> Iterator[str]:
    if word.isupper() and len(word) > 1:
        return
    vowel = word[0].lower() in "aeiou"
    exceptional = re.match(r"(?i)(un[ai]|us[aeu]|eu|one\b|once|hour|hon|heir|x|ur[aeiou])", word)
    if not exceptional and vowel != (article == "an"):
        yield f"{article!r} before {word!r}"
