"""Reading the reason of a refusal: which rule it names, or what it says is missing.

A rule is named by its id, or in its words: most of what its sentence, or its hint, says, where a
word counts the more the fewer rules use it. A reason that fits more than two rules names none:
whoever recites the manual has not said what stands in the way. Next: `verdict`.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from functools import cached_property

from agentgym.goals.answers.texts import holds, tokens
from agentgym.goals.answers.times import mentions
from agentgym.rules import Rule, hint, sentence
from agentgym.schema import Schema

__all__ = ["MOST", "RuleNames", "unnamed"]

MOST = 2
"""Most rules that a reason may name."""
_COVERED = 0.6
"""Share of a rule's words, by weight, that name it."""
_NEAR = 0.97
"""Share of the best rule's cover from which another rule is named just as well."""
_PLAIN = frozenset(
    "a an the of to in on at by for from with and or nor neither not no if is are be been was were "
    "it its that this these those any may must can could should would will shall only while when "
    "than then there their them they his her as so unless until all each least most what which "
    "who whom do does done have has had set say get user first choose value".split()
)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
_WORD = re.compile(r"[A-Za-z]+\Z")


class RuleNames:
    """What the rules of a domain are called, in ids and in words.

    Args:
        rules: All rules of the domain.
        schema: What they are about.
    """

    def __init__(self, rules: Sequence[Rule], schema: Schema) -> None:
        self._rules, self._schema = rules, schema

    def named(self, reason: str) -> tuple[str, ...]:
        """Name the rules that a reason names: those whose ids stand in it, else by their words."""
        return self._ids(reason) or self._in_words(reason)

    def flaw(self, reason: str | None, wanted: Sequence[str]) -> str | None:
        """Say why a reason names none of the rules wanted; None where it names one.

        Args:
            reason: What was given as the reason.
            wanted: Ids of rules, any of which will do.
        """
        told = f"a reason that names the rule {' or '.join(wanted)}"
        if reason is None or not reason.strip():
            return f"expected {told}, found none"
        found = self._ids(reason)
        if not set(found) & set(wanted):
            found = tuple(dict.fromkeys((*found, *self._in_words(reason))))
        if len(found) > MOST:
            return f"expected {told}, found one that fits {len(found)} rules"
        if set(found) & set(wanted):
            return None
        return f"expected {told}, found {reason[:120]!r}" + (
            f", which names {', '.join(found)}" if found else ""
        )

    def _ids(self, reason: str) -> tuple[str, ...]:
        return tuple(rule.id for rule in self._rules if _id_in(rule.id, reason))

    def _in_words(self, reason: str) -> tuple[str, ...]:
        said = _content(reason)
        covered = {
            name: max(_cover(words, said, self._weights) for words in texts)
            for name, texts in self._texts.items()
        }
        best = max(covered.values(), default=0.0)
        floor = max(_COVERED, best * _NEAR)
        return tuple(name for name, share in covered.items() if share >= floor)

    @cached_property
    def _texts(self) -> dict[str, tuple[frozenset[str], ...]]:
        """The content words of each rule's sentence, and of its hint where that says enough."""
        found = {}
        for rule in self._rules:
            texts = [_content(sentence(rule, self._schema)), _content(hint(rule, self._schema))]
            entity = _content(self._schema.entity(rule.entity).label)
            found[rule.id] = (texts[0], *([texts[1] | entity] if len(texts[1]) > 3 else []))
        return found

    @cached_property
    def _weights(self) -> dict[str, float]:
        uses = Counter(word for texts in self._texts.values() for word in frozenset().union(*texts))
        return {word: math.log(1 + len(self._texts) / count) for word, count in uses.items()}


def _id_in(name: str, reason: str) -> bool:
    """Tell whether an id stands in a text; one that is a plain word must be marked as an id."""
    bare = rf"(?<!\w){re.escape(name)}(?!\w)"
    if _WORD.match(name):
        bare = rf"(?:[\[(\"'`“]{re.escape(name)}[\])\"'`”]|\brule:?\s+{re.escape(name)}(?!\w))"
    return re.search(bare, reason, re.IGNORECASE) is not None


def _content(text: str) -> frozenset[str]:
    """Return the words of a text that carry it, each by its stem."""
    return frozenset(_stem(word) for word in tokens(text) if word not in _PLAIN)


def _stem(word: str) -> str:
    """Cut off the endings of plurals and verbs."""
    if not word.isalpha():
        return word
    for ending in ("ies", "ing", "ed", "es", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            stem = word[: -len(ending)]
            return stem + "y" if ending == "ies" else stem
    return word


def _cover(words: frozenset[str], said: frozenset[str], weights: dict[str, float]) -> float:
    """Return by how much of its weight a rule is said; nothing for less than two words."""
    common = words & said
    if len(common) < min(2, len(words)) or not words:
        return 0.0
    # In a fixed order: sums of floats depend on it.
    return math.fsum(weights[w] for w in sorted(common)) / math.fsum(
        weights[w] for w in sorted(words)
    )


def unnamed(reason: str | None, names: Sequence[Sequence[str]]) -> list[str]:
    """Say which things a reason does not speak of.

    Args:
        reason: What was given as the reason.
        names: Things, each by all that it may be called; a date in any form.

    Returns:
        A sentence for each thing of which no name stands in the reason as whole words,
        whatever the case and diacritics.
    """
    said = tokens(reason or "")
    days = {m.moment.date().isoformat() for m in mentions(reason or "") if m.moment is not None}
    missing = []
    for several in names:
        if not any(holds(said, tokens(name)) or name in days for name in several if tokens(name)):
            told = " or ".join(repr(name) for name in several)
            missing.append(f"expected a reason that names {told}, found {(reason or '')[:120]!r}")
    return missing
