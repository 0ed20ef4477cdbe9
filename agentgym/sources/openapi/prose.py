"""Texts of descriptions as one plain line: without HTML, Markdown, and more than is needed.

Next: `shapes`.
"""

from __future__ import annotations

import html
import re
from functools import lru_cache

from agentgym.formats import Json
from agentgym.rules.english import clip, plain

__all__ = ["prose", "sentence"]

_READ = 4_000
"""Characters that are looked at: some descriptions are whole manuals."""
_BLOCK = re.compile(
    r"```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)|<(?:pre|code|table|style|script)\b.*?"
    r"(?:</(?:pre|table|style|script|code)>|\Z)",
    re.DOTALL | re.IGNORECASE,
)
_INLINE = re.compile(r"<code>\s*([^<]{1,80}?)\s*</code>", re.IGNORECASE)
_BREAK = re.compile(r"<(?:br|/p|/div|/li|/h\d|p|li|div|h\d|ul|ol)\b[^>]*>", re.IGNORECASE)
_TAG = re.compile(r"</?[A-Za-z][^<>]{0,300}>|<!--.*?-->", re.DOTALL)
_IMAGE = re.compile(r"!\[[^\]\n]{0,200}\]\([^)\n]{0,500}\)")
_LINK = re.compile(r"\[([^\[\]\n]{1,200})\](?:\([^)\n]{0,500}\)|\[[^\]\n]{0,100}\])")
_HEADING = re.compile(r"^\s{0,3}#{1,6}\s+.*$", re.MULTILINE)
_ROW = re.compile(r"^\s*\|.*\|\s*$|^\s*[-=*_]{3,}\s*$|^\s*:?-+:?\s*\|.*$", re.MULTILINE)
_BULLET = re.compile(r"^\s*(?:[-*+•]|\d{1,2}[.)])\s+", re.MULTILINE)
_QUOTE = re.compile(r"^\s*>\s?", re.MULTILINE)
_STRONG = re.compile(r"(\*\*|__)(?=\S)(.{1,300}?)(?<=\S)\1")
_EMPHASIS = re.compile(r"(?<![\w*])\*(?=\S)([^*\n]{1,200}?)(?<=\S)\*(?![\w*])")
_TICKS = re.compile(r"`{1,2}([^`\n]{1,200}?)`{1,2}")
_ADDRESS = re.compile(r"\(?\bhttps?://[^\s)\"'>]+\)?")
_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9])")
_STUMP = re.compile(r"(?:\b(?:e\.g|i\.e|etc|vs|No|approx|incl|cf|St|Mr|Dr))\.$")


def prose(text: Json, longest: int) -> str:
    """Return a description as one line of plain text of at most `longest` characters.

    It ends with a whole sentence where one fits.

    Args:
        text: As the description has it; anything but a text gives nothing.
        longest: Characters at most.
    """
    if not isinstance(text, str) or not text or text.isspace():
        return ""
    return _prose(text[:_READ], longest)


def sentence(text: str) -> str:
    """Begin a text with a capital and end it with a point; nothing stays nothing."""
    text = text.strip()
    if not text:
        return ""
    text = text[0].upper() + text[1:]
    return text if text[-1] in ".!?" else f"{text.rstrip(' :;,-')}."


@lru_cache(maxsize=4096)
def _prose(text: str, longest: int) -> str:
    if any(mark in text for mark in "<`*_[#|>&\n"):
        text = _cleaned(text)
    text = _ADDRESS.sub("", text)
    text = "".join(c if c.isprintable() else " " for c in text)
    text = plain(text)
    text = re.sub(r"\(\s*\)|\s+(?=[.,;:!?)](?:\s|$))", "", text).strip(" -:|*#")
    if len(text) <= longest:
        return text
    kept = ""
    for part in _END.split(text):
        grown = f"{kept} {part}".strip()
        if len(grown) > longest:
            break
        kept = grown
    while kept and _STUMP.search(kept):
        kept = kept.rpartition(". ")[0]
    return kept if len(kept) >= longest // 4 else clip(text, longest)


def _cleaned(text: str) -> str:
    text = _INLINE.sub(r"\1", text)
    text = _BLOCK.sub(" ", text)
    text = _BREAK.sub("\n", text)
    text = _TAG.sub("", text)
    text = html.unescape(text)
    text = _IMAGE.sub("", text)
    text = _LINK.sub(r"\1", text)
    text = _HEADING.sub("", text)
    text = _ROW.sub("", text)
    text = _QUOTE.sub("", text)
    text = _BULLET.sub("", text)
    text = _STRONG.sub(r"\2", text)
    text = _EMPHASIS.sub(r"\1", text)
    text = _TICKS.sub(r"\1", text)
    lines = [line.strip() for line in text.strip().split("\n")]
    said = [
        line if line[-1] in ".,:;!?" or place + 1 == len(lines) or not _starts(lines[place + 1])
        else f"{line}."
        for place, line in enumerate(lines)
        if line
    ]  # fmt: skip
    return " ".join(said)


def _starts(line: str) -> bool:
    """Tell whether a line begins a new sentence."""
    return not line or line[0].isupper()
