"""The voice of a user: a model puts what they say into other words, and adds nothing.

What the agenda says comes in, with what the agent said; out goes a wording of the model's that
carries exactly the same facts, the same yes or no and no other values, or None where it gives none.
With the client's cache it is the same every time. Next: `chat`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from agentgym.client import Client
from agentgym.errors import NoAnswerError
from agentgym.formats import Json
from agentgym.rng import key
from agentgym.schema import Schema
from agentgym.tasks import UserScript
from agentgym.users.spoken import spoken

__all__ = ["Voice", "flaw"]

_HEARD = 1500
"""Characters of the agent's message that the model is shown, its end."""
_ASK = """You play {who}, who talks to a service desk.
The desk has just said:
{heard}

Put this answer of yours into your own words, as {who} would type it:
{text}

Say exactly that and nothing more. Keep every name, number, date, amount and everything in \
quotation marks exactly as written. Ask for nothing else, promise nothing, explain nothing. Reply \
with the message only."""
_YES = re.compile(
    r"\b(yes|yep|yeah|sure|go ahead|please do|proceed|ok|okay|confirm(ed)?|agreed?|correct"
    r"|right)\b",
    re.IGNORECASE,
)
_NO = re.compile(
    r"\b(no|not|don'?t|do not|never|stop|wrong|instead|rather|isn'?t)\b", re.IGNORECASE
)
_YOURS = re.compile(r"\b(your|yours|yourself)\b", re.IGNORECASE)
_FIGURE = re.compile(r"\d+")
_QUOTED = re.compile(r"[\"“]([^\"“”]+)[\"”]")
_PROPER = re.compile(r"[^\W\d_][\w'’-]*")
_START = re.compile(r"(?:^|[.!?:;]\s+|\n\s*|[\"“(]\s*)$")
_PLAIN = frozenset("i i'm i'd i've i'll i’m i’d i’ve i’ll ok utc yes no hello hi thanks".split())


class Voice:
    """Puts the words of one user differently.

    Args:
        client: Reaches the model.
        script: What the user knows.
        schema: Where the types of the facts stand.
        who: How the user talks, in a few words: `a customer in a hurry`.
        candidates: Wordings that are asked for before the user's own stand, 1 to 16.
        seed: Of the model's own draws.
    """

    def __init__(
        self,
        client: Client,
        script: UserScript,
        schema: Schema,
        *,
        who: str = "a customer",
        candidates: int = 3,
        seed: int = 0,
    ) -> None:
        self.client, self.who, self.candidates, self.seed = client, who, candidates, seed
        facts = (*script.facts, *script.private)
        self._values = tuple(
            dict.fromkeys(text for fact in facts for text in _spellings(fact.value))
        )
        self._labels = frozenset(
            word
            for entity in schema.entities
            for text in (entity.label, entity.plural, *(field.label for field in entity.fields))
            for word in text.casefold().split()
        )

    def put(self, text: str, heard: str, place: int) -> str | None:
        """Return a wording of the model's that says the same as a text; None where it has none.

        Args:
            text: What the user says.
            heard: What the agent has said.
            place: Of the message in the conversation.

        Raises:
            UnreachableError: The server cannot be reached.
            RefusedError: It does not let us in.
            UnknownModelError: It has no such model.
        """
        prompt = _ASK.format(who=self.who, heard=heard[-_HEARD:].strip() or "(nothing)", text=text)
        for attempt in range(self.candidates):
            try:
                answer = self.client.complete(
                    [{"role": "user", "content": prompt}],
                    temperature=0 if attempt == 0 else 0.8,
                    max_tokens=min(800, 60 + len(text)),
                    seed=key(self.seed, "voice", place, attempt) % 2**31,
                )
            except NoAnswerError:
                continue
            found = _cleaned(answer.text)
            if not answer.cut and flaw(found, text, self._values, self._labels) is None:
                return found
        return None


def flaw(
    found: str, text: str, values: Sequence[str] = (), labels: Collection[str] = ()
) -> str | None:
    """Say why a wording does not stand for a text; None where it does.

    Args:
        found: The wording.
        text: What it has to say.
        values: All values that the user knows, as they are spoken; those of them that the text
            does not hold must not be said.
        labels: Words that may be capitalised without naming anybody.

    Returns:
        `empty`, `length`, `lost value`, `new value`, `leak`, `new name`, `yes`, `no`, `question`,
        `person`: what is the user's is called the desk's.
    """
    if not found.strip():
        return "empty"
    if len(found) > 3 * len(text) + 160:
        return "length"
    low, said = _normal(found), _normal(text)
    for value in values:
        plain = _normal(value)
        if not plain:
            continue
        if _holds(said, plain) and not _holds(low, plain):
            return "lost value"
        if _holds(low, plain) and not _holds(said, plain):
            return "leak"
    for quote in _QUOTED.findall(text):
        if _normal(quote) not in low:
            return "lost value"
    figures = sorted(_FIGURE.findall(text))
    if sorted(set(_FIGURE.findall(found))) != sorted(set(figures)):
        return "new value" if set(_FIGURE.findall(found)) - set(figures) else "lost value"
    known = set(_PROPER.findall(said)) | _PLAIN | set(labels)
    if any(name.casefold() not in known for name in _names(found)):
        return "new name"
    if bool(_YES.search(text)) != bool(_YES.search(found)):
        return "yes"
    if bool(_NO.search(text)) != bool(_NO.search(found)):
        return "no"
    if ("?" in text) != ("?" in found):
        return "question"
    if _YOURS.search(found) and not _YOURS.search(text):
        return "person"
    return None


def _spellings(value: Json) -> Iterator[str]:
    text = spoken(value)
    # What everybody says is no secret, and one letter is in every text.
    if len(text) > 1 and text.casefold() not in ("yes", "no", "nothing"):
        yield text


def _normal(text: str) -> str:
    plain = text.casefold().replace("’", "'").replace("“", '"').replace("”", '"')
    return re.sub(r"\s+", " ", plain)


def _holds(text: str, value: str) -> bool:
    """Tell whether a text holds a value as words of its own."""
    return re.search(rf"(?<!\w){re.escape(value)}(?!\w)", text) is not None


def _names(text: str) -> Iterator[str]:
    """Yield the words that are capitalised though no sentence begins with them."""
    for word in _PROPER.finditer(text):
        if word[0][:1].isupper() and not _START.search(text[: word.start()]):
            yield word[0]


def _cleaned(text: str) -> str:
    """Take off what models put around a message."""
    found = text.strip()
    found = re.sub(r"^(message|answer|reply|customer|user)\s*:\s*", "", found, flags=re.IGNORECASE)
    if len(found) > 1 and found[0] in '"“' and found[-1] in '"”' and found.count('"') <= 2:
        inner = found[1:-1]
        found = inner if not set('"“”') & set(inner) else found
    return found.strip()
