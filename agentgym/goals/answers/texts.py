"""Texts in answers: how names are compared, alone and inside a sentence.

Two forms of a text: `normal` (case, spaces, outer marks aside) and, where no two names of
the column would fall together, `tokens` (diacritics, punctuation, `&`, articles aside).
Next: `doubts`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import NamedTuple

from agentgym.goals.answers.doubts import doubt, joined_by_or

__all__ = ["Column", "Names", "check_text", "holds", "named", "normal", "tokens"]

_MARKS = " .!?\"'“”‘’`"
LONGEST = 24
"""Words of the longest name that is looked for inside a sentence."""
_ARTICLES = frozenset({"a", "an", "the"})
_LITTLE = frozenset("a an the i it is in on at of to no or and as by be if so we us me my".split())
"""Words of plain English that may be names too; such a name is read as one in capitals only."""
_TITLES = frozenset("mr mrs ms miss dr prof sir madam the a an is it its was called named".split())
_LETTERS = str.maketrans(
    {
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "æ": "ae",
        "œ": "oe",
        "þ": "th",
        "ð": "d",
        "ı": "i",
        "&": " and ",
    }
)
_DROPPED = re.compile(r"['’‘`´ʼ]")
_TOKEN = re.compile(r"\d+(?:[-.,:/]\d+)+|[^\W_]+[+#]*|[€$£¥%+#*@=<>|^~]")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_APART = re.compile(
    r"\b(?:than|not|unlike|versus|vs\.?|against|compared (?:to|with)|instead of)\s+(?:the\s+)?"
    r"[\"'“‘`]?$",
    re.IGNORECASE,
)
_PHONE = re.compile(r"\+?[\d\s().\-/]+\Z")


def normal(text: str) -> str:
    """Return the form in which names are compared: NFC, folded, single spaces, no outer marks."""
    text = unicodedata.normalize("NFC", text).casefold()
    text = re.sub(r"\s+", " ", text).strip()
    return text.strip(_MARKS)


class Token(NamedTuple):
    """A word of a text, folded, and where it stands."""

    word: str
    start: int
    stop: int


def _placed(text: str, *, camel: bool = False) -> list[Token]:
    """Cut a text into words; places are those in the text as given."""
    found = []
    for match in re.finditer(r"[^\s]+", text):
        start = match.start()
        parts = _CAMEL.split(match[0]) if camel else [match[0]]
        for part in parts:
            folded = unicodedata.normalize("NFKD", _DROPPED.sub("", part).casefold())
            folded = "".join(c for c in folded if not unicodedata.combining(c))
            for one in _TOKEN.finditer(folded.translate(_LETTERS)):
                found.append(Token(one[0], *_place(part, folded, one, start)))
            start += len(part)
    return found


def _place(part: str, folded: str, one: re.Match[str], start: int) -> tuple[int, int]:
    """Place a word in the text: exactly where nothing before it was folded away."""
    if len(part) == len(folded.translate(_LETTERS)):
        return start + one.start(), start + one.end()
    return start, start + len(part)


def tokens(text: str, *, camel: bool = False) -> tuple[str, ...]:
    """Return the folded words of a text, a leading article left out."""
    words = tuple(token.word for token in _placed(text, camel=camel))
    return words[1:] if len(words) > 1 and words[0] in _ARTICLES else words


class Column:
    """The texts that a field holds anywhere: what an answer may hedge with.

    Args:
        texts: The texts, as the rows hold them.
        camel: Whether words also part at capitals: `InProgress`.
    """

    def __init__(self, texts: Iterable[str] = (), *, camel: bool = False) -> None:
        self.texts = frozenset(texts)
        self.camel = camel

    @cached_property
    def by_tokens(self) -> dict[tuple[str, ...], frozenset[str]]:
        """The texts that fall together when they are cut into words."""
        found: dict[tuple[str, ...], set[str]] = {}
        for text in self.texts:
            found.setdefault(tokens(text, camel=self.camel), set()).add(text)
        found.pop((), None)
        return {words: frozenset(group) for words, group in found.items()}


class Names(NamedTuple):
    """What an answer is read against."""

    column: Column
    known: str
    """The instruction: names in it are no hedges."""
    labels: frozenset[str]
    """Words of the entity and its field: they may stand beside a name."""


def holds(words: Sequence[str], phrase: Sequence[str]) -> bool:
    """Tell whether the phrase stands in the words, one after another."""
    size = len(phrase)
    return any(
        tuple(words[place : place + size]) == tuple(phrase)
        for place in range(len(words) - size + 1)
    )


def check_text(spellings: Sequence[str], given: str, names: Names) -> str | None:
    """Compare a text with a name.

    Args:
        spellings: The name, and what else it is called.
        given: What was answered.
        names: What else it might name.

    Returns:
        None where it says the name and no other one; else why not.
    """
    value, others = spellings[0], names.column.texts
    told = [value, *(alias for alias in spellings[1:] if alias not in others)]
    if given.strip() in others and given.strip() != value:
        return f"expected {value!r}, found {given.strip()!r}"
    if any(normal(given) == normal(one) and normal(one) for one in told):
        return None
    reasons = [_said(one, value, given, names) for one in told]
    return None if None in reasons else reasons[0]


def named(text: str, names: Names) -> bool:
    """Tell whether a text holds a name of the column that the instruction does not."""
    known = [token.word for token in _placed(names.known, camel=names.column.camel)]
    spoken = _placed(text, camel=names.column.camel)
    return any(not holds(known, words) for words, _, _ in _mentions(spoken, (), text, names.column))


def _said(one: str, value: str, given: str, names: Names) -> str | None:
    """Look for a name in a text; say why it does not stand for it."""
    wrong = f"expected {value!r}, found {given[:80]!r}"
    camel = names.column.camel
    wanted = tokens(one, camel=camel)
    if _PHONE.match(one) and _PHONE.match(given.strip()):
        digits = re.sub(r"\D", "", one)
        return None if len(digits) >= 7 and digits == re.sub(r"\D", "", given) else wrong
    if not wanted:
        return wrong
    alike = names.column.by_tokens.get(wanted, frozenset()) - {value, one}
    spoken = _placed(given, camel=camel)
    if not alike and tokens(given, camel=camel) == wanted:
        return None
    mentions = _mentions(spoken, wanted, given, names.column)
    little = len(wanted) == 1 and wanted[0] in _LITTLE
    mine = [
        (start, stop)
        for words, start, stop in mentions
        if words == wanted
        and (not alike or normal(given[start:stop]) == normal(one))
        and (not little or given[start:stop] == one)
    ]
    if not mine:
        return wrong
    for start, stop in mine:
        found = doubt(given, start, stop) or _longer(given, start, stop, one, names)
        if found:
            return f"{wrong}: {found}"
    others = [m for m in mentions if m[1:] not in mine and not (little and m[0] == wanted)]
    known = [token.word for token in _placed(names.known, camel=camel)] if others else []
    asked = _mentions(_placed(names.known, camel=camel), wanted, names.known, names.column)
    choice = wanted in [words for words, _, _ in asked]
    for words, start, stop in others:
        told = holds(known, words) and (not choice or _set_apart(given, start))
        if not told or any(joined_by_or(given, m, (start, stop)) for m in mine):
            return f"several candidates: {value!r} and {given[start:stop]!r}"
    return None


def _set_apart(given: str, start: int) -> bool:
    """Tell whether a name stands there as what the answer is not."""
    return _APART.search(given[max(0, start - 30) : start]) is not None


def _mentions(
    spoken: Sequence[Token], wanted: tuple[str, ...], given: str, column: Column
) -> list[tuple[tuple[str, ...], int, int]]:
    """Find the names of the column in a text, the longest first at each place."""
    found, place = [], 0
    while place < len(spoken):
        for size in range(min(max(LONGEST, len(wanted)), len(spoken) - place), 0, -1):
            words = tuple(token.word for token in spoken[place : place + size])
            start, stop = spoken[place].start, spoken[place + size - 1].stop
            if words != wanted and (words not in column.by_tokens or _little(words, given, start)):
                continue
            found.append((words, start, stop))
            place += size
            break
        else:
            place += 1
    return found


def _little(words: tuple[str, ...], given: str, start: int) -> bool:
    """Tell whether a name is but a word of plain English where it stands."""
    if len(words) > 1 or words[0] not in _LITTLE:
        return False
    return not given[start].isupper() or not given[:start].strip()


def _longer(given: str, start: int, stop: int, one: str, names: Names) -> str | None:
    """Say whether the name is a part of a longer one that stands there."""
    before = re.search(r"([^\W\d_][\w'’]*)[ -]$", given[:start])
    after = re.match(r"(?:[ -]([^\W\d_][\w'’]*)|[ -]?(\d[\w.-]*))", given[stop:])
    known = set(tokens(names.known)) | names.labels | _TITLES | {"and", "or"}
    neighbours = [] if before is None else [before[1]]
    if after is not None:
        neighbours.append(after[1] or after[2])
    for word in neighbours:
        proper = word[0].isupper() and one[:1].isupper()
        numbered = word[0].isdigit() and one[-1:].isalpha()
        if (proper or numbered) and not set(tokens(word)) <= known:
            return f"{word!r} makes it another name"
    return None
