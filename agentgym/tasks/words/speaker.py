"""From acts to phrases: what is said in which sentence.

Every choice is drawn from the stream of the attempt. Next: `say`.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from agentgym.tasks.words.asking import Asking
from agentgym.tasks.words.changing import Changing
from agentgym.tasks.words.describe import Describer
from agentgym.tasks.words.lexicon import Lexicon, many
from agentgym.tasks.words.meaning import (
    Act,
    Cell,
    Change,
    Chosen,
    Figure,
    Fork,
    Get,
    Row,
    Told,
    Work,
    mains,
)
from agentgym.tasks.words.phrases import (
    Add,
    Ask,
    Counted,
    Do,
    Edit,
    Every,
    If,
    Listed,
    Mark,
    Message,
    Order,
    Picked,
    Query,
    Raise,
    Remove,
    Sentence,
    Story,
    Summed,
    Thought,
    Touch,
    Whether,
    Which,
    Worked,
)
from agentgym.tasks.words.values import UnsayableError
from agentgym.tasks.words.working import Working

__all__ = ["Speaker"]

_ASKING = (Ask, Every, Listed, Which, Whether, Counted, Summed, Worked)
_ORDERING = (Edit, Raise, Mark, Add, Remove, Touch)
_LONG = 5
"""From how many acts on a message may be a list or have paragraphs."""

Spoken = Thought | Order | If | Picked | Story


class Speaker:
    """Chooses the phrases of one message."""

    def __init__(self, words: Lexicon, rng: random.Random, level: int) -> None:
        """Prepare for one message.

        Args:
            words: The labels.
            rng: Chooses.
            level: How carefully rows are described; see `describe`.
        """
        self._words = words
        self._rng = rng
        self._nouns = Describer(words, rng, level)
        self._asking = Asking(words, rng, self._nouns)
        self._working = Working(words, rng, self._nouns, self._asking)
        self._changing = Changing(words, rng, self._nouns, self._working.worked)

    def _chance(self, share: float) -> bool:
        return self._rng.random() < share

    def message(self, acts: tuple[Act, ...], *, mine: bool) -> Message:
        """Choose what to say.

        Args:
            acts: What is asked.
            mine: Whether the matter is the user's own.

        Raises:
            UnsayableError: There are no words for it.
        """
        intros = self._nouns.introduce(list(_tops(acts)))
        form = "prose"
        if len(acts) >= _LONG:
            form = "list" if self._chance(0.75) else "paragraphs"
        sentences = self._sentences(self._parts(acts), most=2)
        asks = isinstance(sentences[0], (Query, Story, Picked))
        return Message(
            sentences=sentences,
            intros=tuple(intros),
            led=bool(intros) or isinstance(sentences[0], Story),
            asks=asks,
            mine=mine,
            form=form,
        )

    def _parts(self, acts: Sequence[Act]) -> list[Spoken]:
        """Put acts into phrases, those that go together into one."""
        parts: list[Spoken] = []
        place = 0
        while place < len(acts):
            act = acts[place]
            if isinstance(act, Get):
                gets = self._together(acts[place:])
                place += len(gets)
                parts.append(self._asked(gets))
                continue
            place += 1
            if isinstance(act, Change):
                parts.append(self._changing.order(act))
                self._nouns.focus = None if act.each or act.kind == "delete" else act.target
            else:
                parts.append(self._fork(act))
                self._nouns.focus = None
        return parts

    def _together(self, acts: Sequence[Act]) -> list[Get]:
        """Return the values, first in the list, that one phrase asks for."""
        first = acts[0]
        assert isinstance(first, Get)
        gets = [first]
        for act in acts[1:4]:
            alike = isinstance(act, Get) and act.of == first.of and act.many == first.many
            if not alike or self._alone(first) or self._alone(act):  # type: ignore[arg-type]
                break
            gets.append(act)  # type: ignore[arg-type]
        return gets

    def _alone(self, get: Get) -> bool:
        """Tell whether the answer stands alone: yes, no, or a number that is worked out."""
        if isinstance(get.of, (Figure, Work)):
            return True
        if isinstance(get.of, Chosen):
            return False
        return self._nouns.field(get.of.entity, get.field or "").type == "boolean"

    def _sentences(self, parts: list[Spoken], *, most: int) -> tuple[Sentence, ...]:
        share = 0.4 if len(parts) < _LONG else 0.15
        groups: list[list[Spoken]] = []
        for part in parts:
            kind = _kind(part)
            if kind and groups and len(groups[-1]) < most and self._chance(share):
                if _kind(groups[-1][0]) == kind and all(map(_light, (*groups[-1], part))):
                    groups[-1].append(part)
                    continue
            groups.append([part])
        return tuple(_sentence(group) for group in groups)

    def _asked(self, gets: list[Get]) -> Thought | Picked | Story:
        get = gets[0]
        match get.of:
            case Figure():
                thing = self._asking.figure(get.of)
                self._nouns.learn(get.of.of, inside=True)
                self._nouns.focus = None
                return thing
            case Work():
                self._nouns.focus = None
                told = all(isinstance(term, Told) for term in get.of.of)
                return self._working.story(get.of) if told else self._working.worked(get.of)
            case Chosen():
                return self._asking.picked(get.of, gets)
            case Row() if get.many:
                return self._asking.every(get.of, gets)
            case row:
                return self._asking.row(row, gets)

    def _fork(self, fork: Fork) -> If:
        test = self._working.question(fork.check)
        left = fork.check.left
        alone = fork.check.right is None or isinstance(fork.check.right, Told)
        focus = left.row if isinstance(left, Cell) and alone else None
        branches = []
        for acts in (fork.then, fork.otherwise):
            self._nouns.focus = focus
            branches.append(tuple(self._consequences(acts)))
        kind = "both" if all(branches) else "then" if branches[0] else "otherwise"
        return If(test=test, then=branches[0], otherwise=branches[1], kind=kind)

    def _consequences(self, acts: tuple[Act, ...]) -> list[Query | Do]:
        found: list[Query | Do] = []
        for part in self._parts(acts):
            if isinstance(part, Story) or not _kind(part):
                raise UnsayableError("a consequence that is a sentence of its own")
            sentence = _sentence([part])
            assert isinstance(sentence, (Query, Do))
            found.append(sentence)
        return found


def _kind(part: Spoken) -> str:
    """Return what a phrase can share a sentence with; nothing if it is a sentence itself."""
    if isinstance(part, _ASKING):
        return "asks"
    return "orders" if isinstance(part, _ORDERING) else ""


def _light(part: Spoken) -> bool:
    """Tell whether another thing may stand beside it in a sentence, and both stay clear."""
    match part:
        case Ask():
            return part.short and len(part.fields) == 1
        case Edit():
            return not part.rest and not part.each
        case Raise() | Mark() | Remove() | Touch() | Whether():
            return True
        case Counted():
            return part.owner is not None
    return False


def _sentence(group: Sequence[Spoken]) -> Sentence:
    things = tuple(part for part in group if isinstance(part, _ASKING))
    orders = tuple(part for part in group if isinstance(part, _ORDERING))
    if orders:
        return Do(orders=orders)
    if not things:
        (sentence,) = group
        assert isinstance(sentence, (If, Picked, Story))
        return sentence
    plural = len(things) > 1 or any(
        isinstance(t, (Ask, Every)) and (len(t.fields) > 1 or many(t.fields[0].field))
        for t in things
    )
    return Query(things=things, plural=plural)


def _tops(acts: Sequence[Act]) -> list[tuple[Row, bool]]:
    """Return the rows that acts are about, in order, each with whether it stands for several."""
    found: dict[tuple[Row, bool], None] = {}
    for act in acts:
        match act:
            case Get(of=Row() as row):
                found[row, act.many] = None
            case Get(of=Figure() | Chosen() as of):
                found[of.of, True] = None
            case Change(target=Row() as row):
                found[row, act.each] = None
                for put in act.puts:
                    if put.row is not None:
                        found[put.row, False] = None
            case _:
                for row in mains(act):
                    found[row, isinstance(act, Fork) and act.check.op == "exists"] = None
    return list(found)
