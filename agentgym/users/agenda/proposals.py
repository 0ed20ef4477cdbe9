"""What a message proposes that the user never asked for: to throw things away, to do more besides.

In come sentences and the words of what is wanted; out goes which of them a user says no to. What
cannot be told for sure is left alone: a yes is then as good as any. Next: `decide`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from agentgym.users import hearing
from agentgym.users.agenda.knowledge import Knowledge

__all__ = ["unwanted"]

_GOING = re.compile(
    r"\b(?:i|we)(?:['’]ll| will|(?:['’]m| am|['’]re| are)(?: now)? (?:going|about) to)\b",
    re.IGNORECASE,
)
_THROWS = ("delet", "remov", "eras", "wip", "destroy", "cancel", "terminat", "purg", "discard")
"""How words begin that say of something that it shall be no more."""
_THROWN = re.compile(rf"\b(?:{'|'.join(_THROWS)})\w*", re.IGNORECASE)
_AS_GOOD = frozenset("clear cleared drop dropped withdraw withdrawn void voided rid".split())
"""Other words for it."""
_EVERY = re.compile(r"\b(?:all|everything|every|each)\b", re.IGNORECASE)
_MANY = frozenset("all everything every each any both whole entire".split())
_BESIDES = re.compile(
    r"\b(?:also|as well|too|in addition|additionally|besides|"
    r"while (?:i|we)['’]?(?:m| am|re| are) at it)\b",
    re.IGNORECASE,
)
_ERRAND = re.compile(
    r"\b(?:(?:shall|should|may|can|could) (?:i|we)|like (?:me|us)? ?to|want (?:me|us) to)"
    r"(?: also| now| then)? (send|e-?mail|call|text|notify|subscribe|sign|enrol|escalate|transfer|"
    r"connect|forward|schedule|print|recommend|suggest)\b",
    re.IGNORECASE,
)
"""What desks offer besides."""
_OFFER = re.compile(
    r"\b(?:would|are|might) you (?:be )?interested\b|\binterest you\b|"
    r"\bwould you like (?:an?|our|some)\b",
    re.IGNORECASE,
)
_LEAD = re.compile(r"^\W*(?:and |also|besides|in addition|additionally)\b[\s,]*", re.IGNORECASE)
_EMPTY = hearing.STOP | frozenset(
    "proceed go ahead carry on continue start begin do doing make making apply perform execute run "
    "process submit save set change update edit modify put add create enter record book complete "
    "finish handle take use change changes update updates edit action actions step steps request "
    "task work job thing things way ok okay alright right correct fine good sure yes no now then "
    "new current one ones confirm confirmation agree approve consent sound sounds look check find "
    "get show read see search fetch open help assist again instead well too also addition besides "
    "same other another next first last following above below all everything each every both "
    "out up off over into try be call want wish like please hello thanks thank sorry so just "
    "once after before when until soon ready got while moment value values detail details "
    "information info record records entry entries data".split()
)
"""Words that say nothing about what is proposed."""


def unwanted(sentences: Sequence[str], knowledge: Knowledge) -> list[str]:
    """Return the sentences that propose what the user says no to.

    To throw something away where nothing they say speaks of that, or all of it where they speak
    of one; or something more, of which nothing that they say has a word.

    Args:
        sentences: Of one message.
        knowledge: What the user wants, and its words.
    """
    return [one for one in sentences if _proposes(one) and _strange(one, knowledge)]


def _proposes(sentence: str) -> bool:
    if hearing.closes(sentence):
        return False
    if hearing.assents(sentence) or _GOING.search(sentence) is not None:
        return True
    return _OFFER.search(sentence) is not None


def _strange(sentence: str, knowledge: Knowledge) -> bool:
    wanted, about = knowledge.wanted, _about(sentence, knowledge)
    if _THROWN.search(sentence) is not None:
        if not any(word.startswith(_THROWS) or word in _AS_GOOD for word in wanted):
            return True
        if _EVERY.search(sentence) is not None:
            left = {word for word in about if not word.startswith(_THROWS)}
            return not left & knowledge.wants_about if left else not wanted & _MANY
    if _OFFER.search(sentence) is not None:
        return not about & knowledge.wants_about
    if not hearing.assents(sentence):
        return False  # what else somebody is going to do is theirs to say
    errand = _ERRAND.search(sentence)
    if errand is not None and not any(w.startswith(errand[1].casefold()) for w in wanted):
        return True
    besides = _BESIDES.search(_LEAD.sub("", sentence)) is not None
    # How it is put says nothing: `I should be obliged if you could say whether I may go on`.
    about = _about(
        sentence[max(one.end() for one in hearing.ASSENT.finditer(sentence)) :], knowledge
    )
    if not about or about & knowledge.wants_about:
        return False
    return besides or (len(about) > 1 and not about & knowledge.vocabulary.known)


def _about(sentence: str, knowledge: Knowledge) -> frozenset[str]:
    """Return the words of a proposal that say what it is about."""
    return knowledge.vocabulary.words(
        " ".join(w for w in hearing.raw_words(sentence) if w not in _EMPTY and len(w) > 1)
    )
