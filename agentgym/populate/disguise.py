"""Fictional values in place of personal ones, each a function of seed and old value.

A set of old values comes in; a map from old to new goes out, in which different values
stay different, whatever the order of rows. Next: `privacy`.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from agentgym.populate.people import handle
from agentgym.populate.pools import first_names, last_names, streets, words
from agentgym.rng import key, stream
from agentgym.schema.types import Stored, fold

__all__ = ["Names", "assign", "email", "mask", "street", "url", "username"]

Accept = Callable[[Stored], bool]
Draw = Callable[[str, int], str]
"""From an old value and a count of refusals to a candidate."""

_PREFIXES = frozenset("mr mrs ms miss mx dr prof sir dame rev hon herr frau madame sr sra".split())
_SUFFIXES = frozenset("jr sr ii iii iv phd md esq dds mba".split())
_TRIES = 400


def assign(
    values: Iterable[str],
    draw: Draw,
    *,
    seed: int,
    purpose: str,
    fits: Mapping[str, Sequence[Accept]],
) -> dict[str, str]:
    """Give every value another one, different ones to different values.

    Args:
        values: Old values; those that differ only in case count as one.
        draw: Proposes a new value.
        seed: Of the whole.
        purpose: Keeps the maps of different kinds apart.
        fits: Folded old value to what its columns accept.

    Returns:
        Folded old value to new one; an old value that nothing fits keeps itself.
    """
    wanted: dict[str, str] = {}
    for value in sorted(set(values)):
        wanted.setdefault(fold(value) or "", value)
    old = set(wanted)
    taken: set[str] = set()
    found: dict[str, str] = {}
    for folded in sorted(wanted, key=lambda name: (key(seed, purpose, name), name)):
        second: str | None = None
        for attempt in range(_TRIES):
            candidate = draw(wanted[folded], attempt)
            mark = fold(candidate) or ""
            if mark in old or not all(accept(candidate) for accept in fits.get(folded, ())):
                continue
            second = second or candidate
            if mark not in taken:
                break
        else:
            candidate = _last_resort(wanted[folded], second, fits.get(folded, ()), taken, seed)
        taken.add(fold(candidate) or "")
        found[folded] = candidate
    return found


def _last_resort(
    value: str, second: str | None, accepts: Sequence[Accept], taken: set[str], seed: int
) -> str:
    """Return a value of the same shape where no proposal was free, even an old one."""
    for attempt in range(_TRIES):
        candidate = mask(value, attempt, seed=seed)
        if (fold(candidate) or "") not in taken and all(accept(candidate) for accept in accepts):
            return candidate
    return second if second is not None else value


def mask(value: str, attempt: int, *, seed: int) -> str:
    """Return a text of the same shape: digits for digits, letters for letters, signs kept.

    Numbers keep a leading zero or none, and a country prefix such as `+49`.
    """
    rng = stream(seed, "mask", fold(value), attempt)
    hexadecimal = re.fullmatch(r"(?=.*[a-f])[0-9a-f-]{8,}", value.casefold())
    prefix = re.match(r"\+\d{1,3}(?=[\s(.-])", value)
    kept = prefix.end() if prefix else 0
    found = value[:kept]
    for place, sign in enumerate(value[kept:]):
        if hexadecimal and sign.isalnum():
            letter = rng.choice("0123456789abcdef")
            found += letter.upper() if value.isupper() else letter
        elif sign.isdigit():
            leads = place == 0 or not value[kept + place - 1].isdigit()
            found += sign if leads and sign == "0" else str(rng.randint(1 if leads else 0, 9))
        elif sign.isalpha():
            letter = rng.choice("abcdefghijklmnopqrstuvwxyz")
            found += letter.upper() if sign.isupper() else letter
        else:
            found += sign
    return found


def styled(text: str, model: str) -> str:
    """Return the text in capitals or small letters where the model is."""
    if len(model) > 1 and model.isupper():
        return text.upper()
    return text.lower() if model.islower() else text


class Names:
    """The fictional first and last names of everybody in the rows."""

    def __init__(
        self, firsts: Iterable[str], lasts: Iterable[str], fulls: Iterable[str], *, seed: int,
        fits: Mapping[str, Mapping[str, Sequence[Accept]]],
    ) -> None:  # fmt: skip
        self._known_first = {fold(name) or "" for name in firsts}
        self._known_last = {fold(name) or "" for name in lasts}
        heads: set[str] = set(firsts)
        tails: set[str] = set(lasts)
        for text in fulls:
            given, family = self.parts(text)[1:3]
            heads.update(given)
            tails.update([family] if family else [])
        self._first = assign(
            heads, _pick(first_names(), "first", seed), seed=seed, purpose="first",
            fits=fits.get("first", {}),
        )  # fmt: skip
        self._last = assign(
            tails, _pick(last_names(), "last", seed), seed=seed, purpose="last",
            fits=fits.get("last", {}),
        )  # fmt: skip

    def parts(self, text: str) -> tuple[list[str], list[str], str, list[str], bool]:
        """Take a full name apart: titles, given names, family name, suffixes, family first."""
        family_first = "," in text and not _tail_is_suffix(text)
        if family_first:
            tail, _, head = text.partition(",")
            given, family = head.split(), tail.strip()
            titles = [word for word in given if _plain(word) in _PREFIXES]
            return titles, [word for word in given if word not in titles], family, [], True
        found = text.replace(",", " ").split()
        titles = []
        while len(found) > 1 and _plain(found[0]) in _PREFIXES:
            titles.append(found.pop(0))
        suffixes: list[str] = []
        while len(found) > 1 and _plain(found[-1]) in _SUFFIXES:
            suffixes.insert(0, found.pop())
        for cut in range(1, len(found)):
            head, tail = " ".join(found[:cut]), " ".join(found[cut:])
            if (fold(head) or "") in self._known_first and (fold(tail) or "") in self._known_last:
                return titles, [head], tail, suffixes, False
        if len(found) == 1 and (fold(found[0]) or "") in self._known_first:
            return titles, found, "", suffixes, False
        return titles, found[:-1], found[-1] if found else "", suffixes, False

    def first(self, name: str) -> str:
        """Return the fictional given name."""
        return styled(self._first.get(fold(name) or "", name), name)

    def last(self, name: str) -> str:
        """Return the fictional family name."""
        return styled(self._last.get(fold(name) or "", name), name)

    def full(self, text: str) -> str:
        """Return the fictional full name: the same parts in the same order."""
        titles, given, family, suffixes, family_first = self.parts(text)
        heads = [self.first(name) for name in given]
        last = [self.last(family)] if family else []
        titles = ["Mx." if _plain(t) in ("mr", "mrs", "ms", "miss") else t for t in titles]
        if family_first:
            return f"{last[0]}, {' '.join([*titles, *heads])}".rstrip(" ,")
        return " ".join([*titles, *heads, *last, *suffixes])


def _plain(word: str) -> str:
    return word.casefold().strip(".,")


def _tail_is_suffix(text: str) -> bool:
    return _plain(text.rsplit(",", 1)[1].strip()) in _SUFFIXES


def _pick(pool: Sequence[str], purpose: str, seed: int) -> Draw:
    """Propose names of a pool, then double names, then shorter and shorter ones."""
    short = [name for name in pool if len(name) <= 5]

    def draw(value: str, attempt: int) -> str:
        place = key(seed, purpose, fold(value), attempt)
        if len(value) <= 2 and value.rstrip(".").isalpha():
            return pool[place % len(pool)][0] + value[1:2].replace(value[1:2].strip("."), "")
        if attempt < 60:
            return pool[place % len(pool)]
        if attempt < 120:
            return short[place % len(short)]
        other = pool[place // len(pool) % len(pool)]
        return f"{pool[place % len(pool)]}-{other}"

    return draw


def email(person: Callable[[str], tuple[str, str]], *, seed: int) -> Draw:
    """Return what proposes addresses.

    Args:
        person: Old address to the fictional given and family name of its owner.
        seed: Of the whole.
    """

    def draw(value: str, attempt: int) -> str:
        if "@" not in value:
            return mask(value, attempt, seed=seed)
        a, b = map(handle, person(value))
        domains = words("domains")
        domain = domains[key(seed, "domain", value.rpartition("@")[2].casefold()) % len(domains)]
        number = key(seed, "email", fold(value), attempt)
        local = (
            f"{a}.{b}"
            if attempt == 0
            else f"{a[0]}{b}"
            if attempt == 1
            else f"{a[0]}.{b}{number % 900 + 10}"
        )
        if attempt >= 60:
            local = f"{a[0]}{b[0]}{number % 10**6}"
        return styled(f"{local}@{domain}", value) if value.isupper() else f"{local}@{domain}"

    return draw


def username(person: Callable[[str], tuple[str, str]], *, seed: int) -> Draw:
    """Return what proposes user names."""

    def draw(value: str, attempt: int) -> str:
        a, b = map(handle, person(value))
        number = key(seed, "username", fold(value), attempt)
        forms = (f"{a[0]}{b}", f"{a}{b[0]}", f"{a}.{b}")
        found = forms[attempt] if attempt < 3 else f"{a[0]}{b}{number % 1000}"
        return found if attempt < 60 else f"{a[0]}{b[0]}{number % 10**6}"

    return draw


def street(value: str, attempt: int, *, seed: int) -> str:
    """Return another street, with a number where and as long as the old one had one."""
    place = key(seed, "street", fold(value), attempt)
    name = streets()[place % len(streets())]
    if attempt >= 100:
        name = f"{words('nouns')[place % len(words('nouns'))]} {place % 97 + 1}"
    old = re.search(r"\d+[A-Za-z]?", value)
    if old is None:
        return name
    number = mask(old.group(), attempt, seed=seed)
    return f"{number} {name}" if old.start() < len(value) / 2 else f"{name} {number}"


def url(value: str, attempt: int, *, seed: int) -> str:
    """Return an address of nobody's site, of the same scheme."""
    scheme = value.partition("://")[0] + "://" if "://" in value else ""
    place = key(seed, "url", fold(value), attempt)
    nouns = words("nouns")
    tail = f"{nouns[place % len(nouns)]}-{place // len(nouns) % 1000}".lower()
    return f"{scheme}{words('domains')[place % 3]}/{tail}"


def bytes_of(value: str, attempt: int, *, seed: int) -> str:
    """Return as many random bytes, in base64."""
    size = len(base64.b64decode(value))
    return base64.b64encode(stream(seed, "bytes", value, attempt).randbytes(size)).decode()
