"""Labels as words: in lower case, in the plural, without what marks a flag. Next: `lexicon`."""

from __future__ import annotations

import re
from functools import lru_cache

from agentgym.schema import Field
from agentgym.schema.names.lexicon import plural

__all__ = ["flag_words", "low", "many", "said", "several", "switch_words"]

_SINGULAR_S = re.compile(r"(ss|us|is|as|os|ics|series|species|means|news|address)$")


_TAIL = re.compile(r" (of|on|in|as|per|by|for|at|to|from|with|until|before|after)\b.*")


_DONE = re.compile(r"(.*\w{2}s) (?:\w{2,}ed|left|sold|lost|spent|paid|held|sent|won|made|taken)")


def many(label: str) -> bool:
    """Tell whether a label is a plural: `bytes`, `milliseconds`."""
    bare = _TAIL.sub("", low(label))
    done = _DONE.fullmatch(bare)
    last = (done[1] if done else bare).rpartition(" ")[2]
    return len(last) > 3 and last.endswith("s") and not _SINGULAR_S.search(last)


def low(text: str) -> str:
    """Return the text in lower case, letter by letter, so that places stay the same."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


@lru_cache(maxsize=4096)
def several(label: str) -> str:
    """Return the plural of a label: `due dates`."""
    tail = _TAIL.search(label)
    if tail and not many(label):
        return f"{plural(label[: tail.start()])}{tail.group()}"
    return label if many(label) else plural(label)


_IS = re.compile(r"^(is|was|has been) (?=\w)", re.IGNORECASE)
_DOES = {"has": "having", "can": "able to", "needs": "needing", "requires": "requiring"}
_DOES |= {"accepts": "accepting", "allows": "allowing", "uses": "using", "includes": "including"}


def switch_words(field: Field) -> str:
    """Return what the flag of a boolean field is called: `is active` is the active flag."""
    bare = _IS.sub("", field.label)
    return bare.removesuffix(" flag") or bare


def flag_words(field: Field) -> str:
    """Return what a row is marked as by a boolean field: `is active` marks it as active."""
    first, _, rest = field.label.partition(" ")
    if rest and low(first) in _DOES:
        return f"{_DOES[low(first)]} {rest}"
    return switch_words(field)


def said(label: str) -> bool:
    """Tell whether a label can stand in a sentence: words in one line, no code."""
    return (
        bool(label)
        and label == label.strip()
        and not re.search(r"[_\n\r\t\"“”]|[a-z][A-Z]|  ", label)
    )
