"""Documents as tools: what is at hand, what one tool does, and the desk manual.

The faces of a view and the text of the manual come in, answers of bounded length go out. Search
ranks paragraphs by the words that they share with the question (BM25; Robertson and Zaragoza,
"The Probabilistic Relevance Framework", 2009). Next: `detail`.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence

from agentgym.errors import nearest
from agentgym.formats import Json, Record
from agentgym.rules import sections
from agentgym.tools.algebra import ListTools, ReadManual, SearchManual, ShowToolDoc, Term
from agentgym.tools.views import first_sentence
from agentgym.trajectory import Fault, Result, ToolFace

__all__ = ["Documents", "Manual"]

_MOST = 3
"""Paragraphs that a search gives."""
_LONGEST = 6000
"""Characters of a part of a section."""
_PARAGRAPH = 1200
"""Characters of a paragraph that a search shows."""
_K, _B = 1.2, 0.75

_WORD = re.compile(r"[^\W_]+")
_STOP = frozenset(
    "a an and any are as at be been but by can could did do does for from had has have how i if in "
    "into is it its may me must my no not of on one or our shall she should so than that the their "
    "them then there these they this those to was we were what when where which while who whom "
    "why will with would you your".split()
)


class _Paragraph(Record, kw_only=True):
    """One paragraph and how often each word stands in it."""

    section: str
    text: str
    words: dict[str, int]


class Manual:
    """The desk manual, section by section.

    Args:
        text: Markdown; sections begin with `## `; a text without any is one section.
    """

    def __init__(self, text: str) -> None:
        self.sections: dict[str, str] = {}
        for found, body in sections(text) or [("Manual", text)]:
            title, pieces = found or "Untitled", _pieces(body)
            for number, piece in enumerate(pieces, 1):
                name = title if len(pieces) == 1 else f"{title} ({number} of {len(pieces)})"
                same = 1
                while name in self.sections:
                    same += 1
                    name = f"{title} ({number} of {len(pieces)}, section {same})"
                self.sections[name] = piece
        self._paragraphs = [
            _Paragraph(section=title, text=part, words=dict(Counter(_words(f"{title} {part}"))))
            for title, body in self.sections.items()
            for part in _parts(body)
        ]
        lengths = [sum(one.words.values()) for one in self._paragraphs]
        self._mean = (sum(lengths) / len(lengths) if lengths else 0.0) or 1.0
        self._spread = Counter(word for one in self._paragraphs for word in one.words)

    def read(self, section: str | None) -> Result:
        """Give a section, whatever the case of its title, or the titles of all."""
        if section is None:
            return Result(data={"sections": list(self.sections)})
        wanted = section.strip().casefold()
        for title, body in self.sections.items():
            if title.casefold() == wanted:
                return Result(data={"section": title, "text": body})
        hint = nearest(section[:100], self.sections) or "the manual is empty"
        return _missing(f"The manual has no section of that title; {hint}", "section")

    def search(self, words: str) -> Result:
        """Give the paragraphs that fit the words best, the best first."""
        asked = dict.fromkeys(_words(words[:2000]))
        scored = [(self._score(one, asked), -place) for place, one in enumerate(self._paragraphs)]
        best = sorted((pair for pair in scored if pair[0] > 0), reverse=True)[:_MOST]
        found = [self._paragraphs[-place] for _, place in best]
        if not found:
            return Result(
                data={
                    "matches": [],
                    "hint": "No paragraph holds any of these words. Use other words, or read the "
                    "manual section by section.",
                }
            )
        return Result(
            data={
                "matches": [
                    {"section": one.section, "text": _clipped(one.text, _PARAGRAPH)}
                    for one in found
                ]
            }
        )

    def _score(self, one: _Paragraph, asked: Mapping[str, None]) -> float:
        length = sum(one.words.values()) / self._mean
        total = 0.0
        for word in asked:
            count = one.words.get(word, 0)
            if count:
                held = self._spread[word]
                rarity = math.log(1 + (len(self._paragraphs) - held + 0.5) / (held + 0.5))
                total += rarity * count * (_K + 1) / (count + _K * (1 - _B + _B * length))
        return round(total, 9)


class Documents:
    """Answers the tools that look things up.

    Args:
        faces: The tools at hand, with their whole documentation.
        manual: The text of the desk manual.
        locked: Names of tools that wait for their documentation to be read.
    """

    def __init__(
        self, faces: Sequence[ToolFace], manual: str, locked: frozenset[str] = frozenset()
    ) -> None:
        self._faces = {face.name: face for face in faces}
        self._locked = locked
        self._text = manual
        self._manual: Manual | None = None

    @property
    def manual(self) -> Manual:
        """The desk manual, made ready when it is first looked at."""
        if self._manual is None:
            self._manual = Manual(self._text)
        return self._manual

    def answer(
        self, term: Term, given: Mapping[str, Json], unlocked: frozenset[str] = frozenset()
    ) -> Result:
        """Answer a call of one of them.

        Args:
            term: Which of them.
            given: Its arguments, checked.
            unlocked: Tools whose documentation was read.
        """
        match term:
            case ListTools():
                closed = self._locked - unlocked
                return Result(data={"tools": [_line(f, closed) for f in self._faces.values()]})
            case ShowToolDoc():
                return self._doc(given["name"])
            case ReadManual():
                return self.manual.read(given.get("section"))
            case SearchManual():
                return self.manual.search(given["words"])
            case _:
                raise AssertionError(term)

    def _doc(self, name: str) -> Result:
        face = self._faces.get(name)
        if face is None:
            return _missing(
                f"There is no tool of that name; {nearest(name[:100], self._faces)}", "name"
            )
        return Result(
            data={
                "name": face.name,
                "description": face.description,
                "parameters": face.parameters,
            }
        )


def _line(face: ToolFace, closed: frozenset[str]) -> dict[str, Json]:
    line: dict[str, Json] = {"name": face.name, "does": first_sentence(face.description)}
    return line | {"locked": True} if face.name in closed else line


def _missing(message: str, parameter: str) -> Result:
    return Result(error=Fault(code="not_found", message=message, parameter=parameter))


def _pieces(body: str) -> list[str]:
    """Split a long section between its lines."""
    pieces = [""]
    for line in body.splitlines():
        for start in range(0, max(len(line), 1), _LONGEST):
            part = line[start : start + _LONGEST]
            if len(pieces[-1]) + len(part) >= _LONGEST:
                pieces.append("")
            pieces[-1] += ("\n" if pieces[-1] else "") + part
    return [piece.strip() for piece in pieces if piece.strip()]


def _parts(body: str) -> list[str]:
    """Split a section into paragraphs; every item of a list is one."""
    found: list[str] = []
    fresh = True
    for line in body.splitlines():
        text = line.strip()
        if not text or text.startswith("#"):
            fresh = True
        elif fresh or re.match(r"([-*]|\d+\.)\s", text):
            found.append(text)
            fresh = False
        else:
            found[-1] += f"\n{text}"
    return found


def _words(text: str) -> list[str]:
    """Return the words that count, folded and without plural."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    letters = "".join(c for c in plain if not unicodedata.combining(c))
    return [_stem(word) for word in _WORD.findall(letters) if word not in _STOP]


def _stem(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return f"{word[:-3]}y"
    return word[:-1] if len(word) > 3 and word.endswith("s") and word[-2] not in "su" else word


def _clipped(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 3]}..."
