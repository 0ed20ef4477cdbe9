"""A wording put differently by a model, taken only where it still says the same.

The grammar's wording comes in and is what comes out, too, unless a paraphrase holds every value
that it needs, lets no other in, tells nothing that the user holds back, and is understood as the
same plan: by our own grammar, or by the model, which has to pick the right one of several near
instructions every time that it is asked. With the client's cache it is the same every time.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterable, Sequence

from agentgym.client import Client
from agentgym.errors import NoAnswerError
from agentgym.formats import Json, Record
from agentgym.plan import Plan
from agentgym.rng import key, stream
from agentgym.schema import Schema
from agentgym.tasks.words.lexicon import lexicon, low
from agentgym.tasks.words.lint import identifiers_in
from agentgym.tasks.words.near import near
from agentgym.tasks.words.phrases import Bare, Day, Moment, Number, Quote
from agentgym.tasks.words.plans import same
from agentgym.tasks.words.read import read
from agentgym.tasks.words.say import Wording, say
from agentgym.tasks.words.scan import scan

__all__ = ["GRAMMAR", "Paraphrased", "Paraphraser", "Reason", "doubts", "faults", "paraphrase"]

GRAMMAR = "grammar"
"""Who wrote the words where no paraphrase was taken."""

Reason = str
"""Why a paraphrase was not taken: `empty`, `length`, `unchanged`, `lost value`, `new value`,
`new name`, `leak`, `identifier`, `misread`, `no near plans`, `votes`; and `gates` where a gate of
the task did not hold with it."""

_WRITE = """Rewrite the message below in your own words, as {who}. Ask for exactly the same thing.
Keep every name, number, date, amount with its currency or unit, and everything in quotation marks \
exactly as it is written. Leave nothing out, add nothing, answer nothing. Reply with the rewritten \
message only.

Message:
{text}"""
_CHOOSE = """Here is what a person wrote:

{text}

Which of these requests asks for exactly the same thing?
{options}

Reply with the number of the request and nothing else."""
_TONES = {
    "plain": "most people write to a service desk",
    "polite": "a courteous person writes to a service desk",
    "terse": "someone writes who uses as few words as possible",
    "busy": "someone writes who is in a hurry",
    "rambling": "someone writes who uses more words than needed",
    "expert": "an expert writes who knows the system well",
    "learner": "someone writes whose first language is not English, in simple sentences",
}
_NUMBER = re.compile(r"\d+")
_PROPER = re.compile(r"[^\W\d_][\w'’-]*")
_STARTS = re.compile(r"(?:^|[.!?:]\s+|\n\s*|[\"“]\s*)$")
_SPELLED = ("two", "three", "four", "five", "six", "seven", "eight", "nine")
_EVERYDAY = frozenset("i i'm i'd i've i'll utc".split())


class Paraphrased(Record, kw_only=True):
    """The words that stand, and who wrote them."""

    text: str
    words: str = GRAMMAR
    """`grammar`, or the name of the model."""
    refused: dict[Reason, int] = {}
    """Why paraphrases were not taken, and how often each."""


class Paraphraser:
    """Paraphrases the wordings of one domain's tasks, and counts what comes of it.

    Args:
        client: Reaches the model.
        schema: What can be spoken of.
    """

    def __init__(self, client: Client, schema: Schema) -> None:
        self.client, self.schema = client, schema
        self.taken = 0
        self.refused: Counter[Reason] = Counter()

    def write(self, wording: Wording, plan: Plan, *, seed: int) -> str | None:
        """Return a paraphrase that holds; None where there is none, and for forms with blanks."""
        if "[1]" in wording.text:
            return None
        found = paraphrase(wording, plan, self.schema, self.client, seed=seed)
        self.refused.update(found.refused)
        return None if found.words == GRAMMAR else found.text

    def count(self, *, taken: bool) -> None:
        """Count a paraphrase that came to the gates of its task."""
        if taken:
            self.taken += 1
        else:
            self.refused["gates"] += 1

    def figures(self) -> dict[str, int]:
        """Return how many were taken, and why how many others were not."""
        return {"taken": self.taken, **dict(sorted(self.refused.items()))}


def doubts(text: str, wording: str, plan: Plan, schema: Schema) -> Reason | None:
    """Say why a paraphrase does not stand beside its wording, as far as no model is asked.

    Args:
        text: The paraphrase.
        wording: What the grammar says.
        plan: What both ask.
        schema: What can be spoken of.
    """
    found = next(iter(faults(text, wording, plan, schema)), None)
    if found is not None:
        return found
    owner = plan.party.entity if plan.party is not None else None
    readings = read(text, schema, me=owner)
    clear = not readings or (len(readings) == 1 and same(readings[0], plan))
    return None if clear else "misread"


def paraphrase(
    wording: Wording,
    plan: Plan,
    schema: Schema,
    client: Client,
    *,
    seed: int = 0,
    tries: int = 3,
    options: int = 4,
    votes: int = 3,
    me: str | None = None,
) -> Paraphrased:
    """Put a wording differently, if a model can.

    Args:
        wording: What the grammar says.
        plan: What it asks.
        schema: What can be spoken of.
        client: Reaches the model; its cache makes this repeatable.
        seed: Draws the near plans and the order in which they are shown.
        tries: How many paraphrases to ask for.
        options: Of how many instructions the right one has to be chosen.
        votes: How often it has to be chosen, each time in another order.
        me: The entity of the user's own row; that of the plan's party by default.

    Returns:
        The first paraphrase that holds, or the wording itself, with what was refused.

    Raises:
        UnreachableError: The server cannot be reached.
        RefusedError: It does not let us in.
        UnknownModelError: It has no such model.
    """
    refused: Counter[Reason] = Counter()
    owner = me or (plan.party.entity if plan.party is not None else None)
    for attempt in range(tries):
        prompt = _WRITE.format(who=_TONES.get(wording.register, _TONES["plain"]), text=wording.text)
        text = _cleaned(
            _asked(
                client,
                prompt,
                temperature=0 if attempt == 0 else 0.8,
                max_tokens=min(2000, 80 + len(wording.text)),
                seed=key(seed, "paraphrase", attempt) % 2**31,
            )
        )
        reason = next(iter(faults(text, wording.text, plan, schema)), None)
        if reason is None:
            readings = read(text, schema, me=owner)
            if readings:
                clear = len(readings) == 1 and same(readings[0], plan)
                reason = None if clear else "misread"
            else:
                draws = stream(seed, "paraphrase", "votes", attempt)
                reason = _voted(text, wording, plan, schema, client, draws, options, votes)
        if reason is None:
            return Paraphrased(text=text, words=client.model, refused=dict(refused))
        refused[reason] += 1
    return Paraphrased(text=wording.text, refused=dict(sorted(refused.items())))


def faults(text: str, wording: str, plan: Plan, schema: Schema) -> list[Reason]:
    """Say what is wrong with a paraphrase on its face: nothing where it may stand so far.

    Args:
        text: The paraphrase.
        wording: What it paraphrases.
        plan: What both ask.
        schema: What can be spoken of.
    """
    if not text:
        return ["empty"]
    found: list[Reason] = []
    if low(text) == low(wording):
        found.append("unchanged")
    if not len(wording) / 3 <= len(text) <= 3 * len(wording) + 80:
        found.append("length")
    units = lexicon(schema).units
    before, after = _values(wording, units), _values(text, units)
    told = _told(plan, wording)
    if before - after or any(low(value) not in low(text) for value in told):
        found.append("lost value")
    if after - before:
        found.append("new value")
    if _names(text) - {low(name) for name in _PROPER.findall(wording)} - _EVERYDAY:
        found.append("new name")
    if any(low(value) in low(text) and low(value) not in low(wording) for value in _secret(plan)):
        found.append("leak")
    if identifiers_in(text, schema):
        found.append("identifier")
    return found


def _asked(client: Client, prompt: str, *, temperature: float, max_tokens: int, seed: int) -> str:
    """Return what the model answers; nothing where that cannot be used."""
    message = [{"role": "user", "content": prompt}]
    try:
        answer = client.complete(message, temperature=temperature, max_tokens=max_tokens, seed=seed)
    except NoAnswerError:
        return ""
    return answer.text


def _cleaned(text: str) -> str:
    """Return the message that a model wrote, without quotes around it or a heading."""
    text = re.sub(r"^\s*(?:rewritten )?message:\s*", "", text.strip(), flags=re.IGNORECASE)
    if len(text) > 1 and (text[0], text[-1]) in (('"', '"'), ("“", "”")):
        inner = text[1:-1]
        if not set('"“”') & set(inner):
            text = inner
    return text.strip()


def _values(text: str, units: tuple[str, ...]) -> set[tuple[str, str]]:
    """Find the values of a text: quoted texts, numbers with their units, dates, times, codes."""
    found: set[tuple[str, str]] = set()
    at = 0
    while at < len(text):
        here = [
            (value, end)
            for value, end in scan(text, at, units)
            if isinstance(value, (Quote, Number, Day, Moment)) or _coded(value)
        ]
        inside = at > 0 and (text[at - 1].isalnum() or text[at - 1] in "_.")
        if here and not inside:
            value, end = max(here, key=lambda one: one[1])
            found.add(_marked(value))
            at = end
        else:
            at += 1
    lowered = low(text)
    for place, word in enumerate(_SPELLED, 2):
        if re.search(rf"\b{word}\b", lowered):
            found.add(("number", str(place)))
    return found


def _coded(value: object) -> bool:
    return isinstance(value, Bare) and any(c.isdigit() for c in value.text)


def _marked(value: object) -> tuple[str, str]:
    match value:
        case Number():
            digits = value.digits
            if "." in digits:
                digits = digits.rstrip("0").rstrip(".")
            return ("number", f"{digits} {value.unit}" if value.unit else digits)
        case Day():
            return ("day", value.day)
        case Moment():
            return ("time", value.time)
        case Quote() | Bare():
            return ("text", value.text)
    raise AssertionError(value)


def _names(text: str) -> set[str]:
    """Find the words that are written like names: capitalised where no sentence begins."""
    found = set()
    for match in _PROPER.finditer(text):
        word = match.group()
        if word[0].isupper() and not _STARTS.search(text[: match.start()]):
            found.add(low(word.removesuffix("'s").removesuffix("’s")))
            found.discard("")
    return found


def _told(plan: Plan, wording: str) -> Iterable[str]:
    """Yield the texts that the plan tells and that the wording has, word for word."""
    for fact in plan.facts:
        said = fact.value if isinstance(fact.value, str) else ""
        for shown in (said, said.replace("_", " ")):
            if shown and fact.exposure == "instruction" and low(shown) in low(wording):
                yield shown
                break


def _secret(plan: Plan) -> Iterable[str]:
    """Yield the texts of values that the user holds back."""
    for fact in plan.facts:
        if fact.exposure != "instruction" and _speaking(fact.value):
            yield str(fact.value)


def _speaking(value: Json) -> bool:
    return isinstance(value, str) and len(value) >= 3


def _voted(
    text: str,
    wording: Wording,
    plan: Plan,
    schema: Schema,
    client: Client,
    draws: random.Random,
    options: int,
    votes: int,
) -> Reason | None:
    """Let the model choose what the paraphrase asks for; every vote has to be right."""
    others = _others(wording, plan, schema, draws, options - 1)
    if not others:
        return "no near plans"
    for vote in range(votes):
        shown: Sequence[str] = draws.sample([wording.text, *others], len(others) + 1)
        lines = "\n".join(f"{place}. {one}" for place, one in enumerate(shown, 1))
        prompt = _CHOOSE.format(text=text, options=lines)
        answer = _asked(client, prompt, temperature=0, max_tokens=8, seed=vote)
        number = _NUMBER.search(answer)
        if number is None or int(number.group()) != shown.index(wording.text) + 1:
            return "votes"
    return None


def _others(
    wording: Wording, plan: Plan, schema: Schema, draws: random.Random, count: int
) -> list[str]:
    """Word plans that are near to the plan, but not the same."""
    plans = near(plan, schema)
    draws.shuffle(plans)
    found: dict[str, None] = {}
    for other in plans:
        said = say(other, schema, seed=draws.randrange(2**32))
        if said is not None and said.text != wording.text:
            found[said.text] = None
        if len(found) >= count:
            break
    return list(found)
