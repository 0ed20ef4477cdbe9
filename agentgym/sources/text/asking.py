"""The dialogue with the model: ask for an outline, say what is wrong with it, a few times.

A text and a `Client` come in; a `Draft` goes out, or an error that says what was wrong. Next:
`sources.read`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import msgspec

from agentgym.client import Answer, Client
from agentgym.client.records import Message
from agentgym.errors import SourceError
from agentgym.formats import Json, fingerprint
from agentgym.sources.draft import Draft
from agentgym.sources.text.lenient import fit
from agentgym.sources.text.outline import MOST_ENTITIES, Outline, json_schema
from agentgym.sources.text.problems import Problem
from agentgym.sources.text.prompt import VERSION, again, opening
from agentgym.sources.text.shape import Reading, shape
from agentgym.sources.text.sketch import FEW, sketch

__all__ = ["LONGEST", "digest", "read_text"]

LONGEST = 40_000
"""Characters of the longest text that is read."""
_SHOWN = 3
"""Problems that an error names."""
_KEPT = 60_000
"""Characters of an answer that are shown to the model again."""
_ROOM, _ROOM_EACH, _ROOM_STEP = 3_000, 600, 400
"""Tokens of an outline, of each of its entities, and of a small step."""
_SEED = 7
_WARM = 0.7


def read_text(
    text: str,
    client: Client,
    *,
    name: str,
    repairs: int = 3,
    entities: int = 12,
    progress: Callable[[str], None] = lambda line: None,
) -> Draft:
    """Make a draft of what a text says of a business.

    Args:
        text: In anybody's words.
        client: The model that writes the outline. It gets the text, and never a row.
        name: What the text is called: a file name, or `words`.
        repairs: How often the model is told what is wrong, and asked again.
        entities: Most kinds of things, 2 to 25. With up to 4 the model is asked in small steps,
            which suits small models.
        progress: Told a line a question.

    Returns:
        The draft of the best outline: the one of which least had to be left out.

    Raises:
        SourceError: The text is empty or too long, or no outline of it can be built.
        ModelError: The model cannot be asked, or does not answer.
    """
    text = _plain(text)
    _check(text, name, repairs, entities)
    sha256 = digest(text)
    dialogue = (
        _Sketched(text, client, entities) if entities <= FEW else _Written(text, client, entities)
    )
    best: Reading | None = None
    said: tuple[Problem, ...] = ()
    rounds = 0
    while rounds <= repairs and (best is None or best.problems):
        rounds += 1
        progress(f"asking {client.model}" if rounds == 1 else f"asking again: {_count(said)}")
        slips = Counter[str]()
        outline = dialogue.ask(rounds, said, slips)
        if outline is None:
            said = ()
            continue
        reading = shape(outline, name=name, sha256=sha256, entities=entities)
        reading = msgspec.structs.replace(
            reading, slips=dict(sorted((slips + Counter(reading.slips)).items()))
        )
        said = reading.problems
        if reading.draft is not None and (best is None or len(said) <= len(best.problems)):
            best = reading
    if best is None or best.draft is None:
        raise SourceError(
            "an outline of a business that can be built",
            found=_found(said, rounds),
            where=name,
            hint="say more in the text, ask another model, or allow more tries with --repairs",
        )
    return _recorded(best, best.draft, client, rounds=rounds, entities=entities)


def digest(text: str) -> str:
    """Return the SHA-256 of words, whatever their line ends and the blanks around them."""
    return fingerprint(_plain(text).encode("utf-8", "replace"))


def _plain(text: str) -> str:
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join(c if c.isprintable() or c in "\n\t" else " " for c in lines)
    return kept.encode("utf-8", "replace").decode().strip()


def _check(text: str, name: str, repairs: int, entities: int) -> None:
    if not text:
        raise SourceError(
            "words about a business", found="none", where=name, hint="say what it does"
        )
    if len(text) > LONGEST:
        raise SourceError(
            f"a text of at most {LONGEST:,} characters",
            found=f"{len(text):,}",
            where=name,
            hint="give the part of it that describes the business",
        )
    if repairs < 0:
        raise SourceError("a number of repairs", found=str(repairs), where="--repairs")
    if not 2 <= entities <= MOST_ENTITIES:
        raise SourceError(f"2 to {MOST_ENTITIES} entities", found=str(entities), where="--entities")


class _Written:
    """The whole outline in one answer; what is wrong with it is said in the next question."""

    def __init__(self, text: str, client: Client, entities: int) -> None:
        self.client = client
        self.first = opening(text, entities=entities)
        self.schema = json_schema(entities=entities)
        self.room = _ROOM + _ROOM_EACH * entities
        self.last: Answer | None = None

    def ask(self, turn: int, problems: Sequence[Problem], slips: Counter[str]) -> Outline | None:
        """Ask for the outline; None where the answer holds no JSON object."""
        del turn
        messages = self.first
        if self.last is not None:
            messages = again(self.first, self.last.text[:_KEPT], problems, cut=self.last.cut)
        self.last = self.client.complete(
            messages, schema=self.schema, max_tokens=self.room, seed=_SEED
        )
        if self.last.parsed is None:
            return None
        return fit(self.last.parsed, Outline, slips)


class _Sketched:
    """The outline in small steps; what is wrong with it is drawn anew."""

    def __init__(self, text: str, client: Client, entities: int) -> None:
        self.text, self.client, self.entities = text, client, entities

    def ask(self, turn: int, problems: Sequence[Problem], slips: Counter[str]) -> Outline | None:
        """Ask step by step, the first time for the likeliest words."""
        del problems

        def step(messages: list[Message], schema: dict[str, Json]) -> Answer:
            return self.client.complete(
                messages,
                schema=schema,
                temperature=0 if turn == 1 else _WARM,
                max_tokens=_ROOM_STEP,
                seed=_SEED + turn - 1,
            )

        return sketch(self.text, step, entities=self.entities, slips=slips)


def _count(problems: Sequence[Problem]) -> str:
    if not problems:
        return "no JSON object"
    return f"{len(problems)} problem" + ("s" if len(problems) > 1 else "")


def _recorded(best: Reading, draft: Draft, client: Client, *, rounds: int, entities: int) -> Draft:
    """Note in the draft who wrote it, what was mended and what was left out."""
    notes = [f"The schema was written by {client.model} from words; rows and tasks are ours."]
    if best.slips:
        listed = "; ".join(f"{what} ({n})" for what, n in best.slips.items())
        notes.append(f"Mended in the model's outline: {listed}.")
    notes += [f"Left out of the model's outline: {p.sentence}" for p in best.problems]
    skipped: dict[str, int] = {}
    for problem in best.problems:
        skipped[problem.part] = skipped.get(problem.part, 0) + 1
    return msgspec.structs.replace(
        draft,
        options={
            "model": client.model,
            "rounds": rounds,
            "prompt": VERSION,
            "entities": entities,
        },
        skipped=dict(sorted(skipped.items())),
        notes=(*draft.notes, *notes),
    )


def _found(problems: Sequence[Problem], rounds: int) -> str:
    times = f"after {rounds} answers" if rounds > 1 else "after one answer"
    if not problems:
        return f"{times} no JSON object"
    fatal = [p for p in problems if p.fatal] or list(problems)
    return f"{times} still: " + "; ".join(p.sentence.rstrip(".") for p in fatal[:_SHOWN])
