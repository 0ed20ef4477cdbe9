"""Doubt in answers: words beside a value that take it back or leave it open.

`not`, `or`, `maybe`, `at least`, a question mark: what they stand beside is no answer. Only what
touches the value counts; a text may say anything else besides. Next: `numbers`.
"""

from __future__ import annotations

import re

__all__ = ["doubt", "joined_by_or"]

_FILLERS = (
    r"(?:(?:it|it['’]s|is|be|was|were|are|has|the|a|an|exactly|equal|to|called|named)\s+){0,4}"
)
_OPEN = r"[\s\"'“‘`(\[*€$£¥₹]*"
_BEFORE = re.compile(
    r"(?:\b(?:or|either|neither|nor|not|never|maybe|perhaps|possibly|probably|presumably|likely"
    r"|unlike|than|except|excluding|instead of|cannot|might be|may be|could be|guess|suppose"
    rf"|unsure|isn['’]?t|wasn['’]?t|aren['’]?t|hasn['’]?t)[\s:,]\s*{_FILLERS}){_OPEN}$",
    re.IGNORECASE,
)
_ROUGH = re.compile(
    r"(?:\b(?:about|around|approx(?:imately)?\.?|roughly|circa|ca\.?|nearly|almost|over|under"
    r"|above|below|some|up to|at least|at most|as (?:many|much|few|little) as|between"
    r"|upwards of|close to|near|estimated(?: at)?|minimum of|maximum of|before|after"
    r"|earlier|later|early|late|mid)"
    rf"[\s:]\s*{_OPEN}|[~≈±<>≤≥]\s*{_OPEN})$",
    re.IGNORECASE,
)
_AFTER = re.compile(
    r"^[\"'”’`)\]*]*\s*(?:[,;(–—-]\s*)?(?:(?:or|and/or|maybe|perhaps|probably|possibly|presumably"
    r"|approximately|approx|ish|give or take|plus or minus|at (?:least|most)|I think|I guess)\b"
    r"|[?±])",
    re.IGNORECASE,
)
_ROUGHLY = re.compile(
    r"^\s*(?:\+(?!\w)|-?ish\b|more or less|and (?:up|more|over)\b)", re.IGNORECASE
)
_OR = re.compile(
    r"[,;:.(–—-]?\s*(?:or(?:\s+(?:else|maybe|perhaps|possibly|rather|even|just|then|it is|is it))?"
    r"|and/or|alternatively|otherwise|maybe|perhaps|possibly)[\s,:]*|/|\|",
    re.IGNORECASE,
)


def doubt(text: str, start: int, stop: int, *, sized: bool = False) -> str | None:
    """Say what beside a value leaves it open.

    Args:
        text: The answer.
        start: Where the value begins in it.
        stop: Where it ends.
        sized: Whether the value can be more or less: a number, a date.

    Returns:
        The reason; None where nothing does.
    """
    before, after = text[max(0, start - 60) : start], text[stop : stop + 30]
    for pattern, part in ((_BEFORE, before), (_AFTER, after)):
        found = pattern.search(part)
        if found:
            return f"{found[0].strip()!r} leaves it open"
    if sized:
        for pattern, part in ((_ROUGH, before), (_ROUGHLY, after)):
            found = pattern.search(part)
            if found:
                return f"{found[0].strip()!r} leaves it open"
    return None


def joined_by_or(text: str, one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Tell whether nothing but an `or` or a mark stands between two places of a text."""
    first, second = sorted((one, other))
    between = text[first[1] : second[0]].strip(" \t\n\"'“”‘’`()")
    return _OR.fullmatch(between) is not None
