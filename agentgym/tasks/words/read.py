"""From words to plans: every reading that a message has under a schema.

The parser gives the phrases of one sentence after the other; `senses` says what each can mean,
and here each mention of a row becomes the row that was meant. What comes to the same at the
same place of the text is followed once, so that long messages stay quick. Nothing is known of
the plan that the message was written for. Next: `speaker`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import product
from typing import TypeVar

import msgspec

from agentgym.formats import Record
from agentgym.plan import Plan
from agentgym.schema import Schema
from agentgym.tasks.words.amounts import decimals
from agentgym.tasks.words.english import ENGLISH
from agentgym.tasks.words.english.rows import NOUNS
from agentgym.tasks.words.lexicon import Lexicon, lexicon
from agentgym.tasks.words.meaning import (
    Act,
    Cell,
    Change,
    Check,
    Chosen,
    Figure,
    Fork,
    Get,
    Put,
    Row,
    Told,
    Work,
    cap_order,
    row_of,
    rows_in,
    work_of,
)
from agentgym.tasks.words.nouns import Nouns
from agentgym.tasks.words.parser import Parser
from agentgym.tasks.words.plans import assemble, wishes
from agentgym.tasks.words.report import report_acts
from agentgym.tasks.words.senses import Senses

__all__ = ["decimals", "read"]

_MOST = 32
"""No more readings than this are told apart: two are too many already."""
_STATES = 64
"""No more meanings of a beginning are followed."""
_BREAK = re.compile(r" |\n+(?:\d{1,2}\. |- )?")
_FIRST = re.compile(r"\n*(?:1\. |- )")
_OPENERS = ("opener", "wish opener", "own opener", "calm opener", "list opener")
_CLOSERS = ("closer", "list closer")

T = TypeVar("T")


class State(Record, kw_only=True):
    """What a beginning of the message means."""

    acts: tuple[Act, ...] = ()
    known: tuple[Row, ...] = ()
    """Rows that were described."""
    focus: Row | None = None
    """The row that was spoken of last."""


def read(text: str, schema: Schema, *, me: str | None = None) -> list[Plan]:
    """Read a message: all plans that it can stand for, each as `plans.tellable` has it.

    Args:
        text: What a person said.
        schema: What can be spoken of.
        me: The entity of the user's own row, where it is known who they are.

    Returns:
        The readings, without doubles; empty when it is no message of the grammar.
    """
    return list(_read(text, lexicon(schema), me))


@lru_cache(maxsize=16)
def _read(text: str, words: Lexicon, me: str | None) -> tuple[Plan, ...]:
    """Read a message once: who words a task, who admits it and who certifies it all ask."""
    found: dict[tuple[Act, ...], tuple[Act, ...]] = {}
    for acts in (*report_acts(text, words), *_Reader(words, me).acts(text)):
        found.setdefault(wishes(acts), acts)
        if len(found) >= _MOST:
            break
    return tuple(assemble(acts) for acts in found.values())


class _Reader:
    """Reads messages under one schema."""

    def __init__(self, words: Lexicon, me: str | None) -> None:
        self._words = words
        self._nouns = Nouns(words, me=me)
        self._senses = Senses(words, self._nouns)

    def acts(self, text: str) -> Iterator[tuple[Act, ...]]:
        """Yield what the text can ask for."""
        keep = dict.fromkeys(NOUNS, self._nouns.stands)
        parser = Parser(ENGLISH, text, self._words, keep)
        places: dict[int, dict[State, None]] = {}
        for at in self._begins(parser, text):
            for intros, end in parser.parse("intros", at):
                state: State | None = State()
                for intro in intros:  # type: ignore[attr-defined]
                    states = _introduced(state, self._nouns.introduced(intro)) if state else []
                    state = states[0] if len(states) == 1 else None
                if state is not None:
                    places.setdefault(end, {})[state] = None
        ends: dict[State, None] = {}
        while places:
            at = min(places)
            states = list(places.pop(at))[:_STATES]
            for sentences, end in self._sentences(parser, at):
                said = list(
                    dict.fromkeys(after for state in states for after in _said(state, sentences))
                )[:_STATES]
                if not said:
                    continue
                if self._closes(parser, text, end):
                    ends.update(dict.fromkeys(said))
                for gap in _gaps(text, end):
                    places.setdefault(gap, {}).update(dict.fromkeys(said))
        yield from dict.fromkeys(state.acts for state in ends)

    def _begins(self, parser: Parser, text: str) -> list[int]:
        """Return where the sentences can begin, after words that mean nothing."""
        ends = {0, *(end for name in _OPENERS for _, end in parser.parse(name, 0))}
        found: dict[int, None] = {}
        for end in sorted(ends):
            found[end] = None
            item = _FIRST.match(text, end)
            if item:
                found[item.end()] = None
        return list(found)

    def _sentences(self, parser: Parser, at: int) -> list[tuple[list[tuple[Act, ...]], int]]:
        """Return what the sentences that start there can ask for, by where they end."""
        found: dict[int, dict[tuple[Act, ...], None]] = {}
        for symbol in ("sentence", "later", "item"):
            for phrase, end in parser.parse(symbol, at):
                known = found.setdefault(end, {})
                if len(known) < _STATES:
                    known.update(dict.fromkeys(self._senses.sentence(phrase)))  # type: ignore[arg-type]
        return [(list(acts), end) for end, acts in sorted(found.items()) if acts]

    @staticmethod
    def _closes(parser: Parser, text: str, at: int) -> bool:
        return at == len(text) or any(
            end == len(text) for name in _CLOSERS for _, end in parser.parse(name, at)
        )


def _gaps(text: str, at: int) -> list[int]:
    gap = _BREAK.match(text, at)
    return [gap.end()] if gap and gap.end() < len(text) else []


def _introduced(state: State, rows: Sequence[Row]) -> list[State]:
    found = []
    for row in rows:
        for meant in _meant(row, state):
            found.append(State(known=_learn(state.known, meant), focus=meant))
    return found


def _said(state: State, options: list[tuple[Act, ...]]) -> Iterator[State]:
    """Yield what a beginning means after one more sentence."""
    for acts in options:
        states = [state]
        for act in acts:
            states = [after for one in states for after in _bind(act, one)][:_STATES]
        yield from states


def _bind(act: Act, state: State) -> Iterator[State]:
    """Put the row that was meant in the place of each mere mention of it, and add the act."""
    for bound, after in _bound(act, state):
        yield msgspec.structs.replace(after, acts=(*state.acts, bound))


def _bound(act: Act, state: State) -> Iterator[tuple[Act, State]]:
    match act:
        case Get():
            for of, after in _thing(act.of, state, inside=act.many):
                focus = of if isinstance(of, Row) and not act.many else None
                yield (
                    msgspec.structs.replace(act, of=of),
                    msgspec.structs.replace(after, focus=focus),
                )
        case Change():
            yield from _changed(act, state)
        case Fork():
            for check, after in _checked(act.check, state):
                for then, late in _branch(act.then, after):
                    second = msgspec.structs.replace(late, focus=after.focus)
                    for otherwise, last in _branch(act.otherwise, second):
                        fork = Fork(check=check, then=then, otherwise=otherwise)
                        yield fork, msgspec.structs.replace(last, focus=None)


def _branch(acts: tuple[Act, ...], state: State) -> Iterator[tuple[tuple[Act, ...], State]]:
    if not acts:
        yield (), state
        return
    for act, after in _bound(acts[0], state):
        for rest, last in _branch(acts[1:], after):
            yield (act, *rest), last


def _checked(check: Check, state: State) -> Iterator[tuple[Check, State]]:
    for left, behind in _thing(check.left, state, inside=True):
        row = left.row if isinstance(left, Cell) else None
        after = msgspec.structs.replace(behind, focus=row)
        if check.right is None:
            yield msgspec.structs.replace(check, left=left), after
            continue
        for right, last in _thing(check.right, after):
            clear = last if isinstance(right, Told) else msgspec.structs.replace(last, focus=None)
            yield msgspec.structs.replace(check, left=left, right=right), clear


def _changed(act: Change, state: State) -> Iterator[tuple[Act, State]]:
    targets: Iterator[tuple[Row | None, State]] = (
        iter([(None, state)]) if act.target is None else _thing(act.target, state, inside=act.each)
    )
    for target, after in targets:
        inside = msgspec.structs.replace(after, focus=None if act.each else target)
        for found, last in _puts(tuple(sorted(act.puts, key=_pointing)), inside):
            puts = tuple(sorted(found, key=lambda put: put.field))
            focus = None if act.each or act.kind == "delete" else target
            changed = msgspec.structs.replace(act, target=target, puts=puts)
            yield changed, msgspec.structs.replace(last, focus=focus)


def _pointing(put: Put) -> bool:
    """Tell whether a value is of a row that points at others: those are spoken of first."""
    return put.row is not None and any(row.again for row in rows_in(put.row))


def _puts(puts: tuple[Put, ...], state: State) -> Iterator[tuple[tuple[Put, ...], State]]:
    if not puts:
        yield (), state
        return
    first = puts[0]
    options: Iterator[tuple[Put, State]] = iter([(first, state)])
    if first.row is not None:
        options = (
            (msgspec.structs.replace(first, row=row), after)
            for row, after in _thing(first.row, state)
        )
    elif first.work is not None:
        options = (
            (msgspec.structs.replace(first, work=work), after)
            for work, after in _thing(first.work, state)
        )
    for put, after in options:
        for rest, last in _puts(puts[1:], after):
            yield (put, *rest), last


def _thing(thing: T, state: State, *, inside: bool = False) -> Iterator[tuple[T, State]]:
    """Yield what a row, a value or a number can be, each with what is known then.

    Args:
        thing: A row, a value, a number or a choice.
        state: What is known before.
        inside: Whether a row stands for several, so that nothing can point back to it.
    """
    match thing:
        case Row():
            for row in _meant(thing, state):
                yield row, _knowing(state, row, inside=inside)  # type: ignore[misc]
        case Cell():
            for row in _meant(thing.row, state):
                yield msgspec.structs.replace(thing, row=row), _knowing(state, row)
        case Figure():
            for row in _meant(thing.of, state):
                figure = msgspec.structs.replace(thing, of=row)
                yield figure, _knowing(state, row, inside=True)
        case Chosen():
            for row in _meant(thing.of, state):
                chosen = Chosen(of=row, count=thing.count, caps=cap_order(thing.caps))
                yield chosen, _knowing(state, row, inside=True)  # type: ignore[misc]
        case Work():
            for terms, after in _terms(thing.of, state):
                yield work_of(thing.function, terms), after  # type: ignore[misc]
        case _:
            assert isinstance(thing, Told)
            yield thing, state


def _terms(terms: tuple[object, ...], state: State) -> Iterator[tuple[tuple, State]]:  # type: ignore[type-arg]
    if not terms:
        yield (), state
        return
    for term, after in _thing(terms[0], state):
        for rest, last in _terms(terms[1:], after):
            yield (term, *rest), last


def _knowing(state: State, row: Row, *, inside: bool = False) -> State:
    return msgspec.structs.replace(state, known=_learn(state.known, row, inside=inside))


def _learn(known: tuple[Row, ...], row: Row, *, inside: bool = False) -> tuple[Row, ...]:
    """Add a row that was described, and those inside its description."""
    rows = [r for r in rows_in(row) if not (inside and r is row)]
    return tuple(dict.fromkeys((*known, *rows)))


def _meant(row: Row, state: State) -> Iterator[Row]:
    if row.again:
        among = [state.focus] if row.it else state.known
        yield from (r for r in among if r is not None and r.entity == row.entity)
        return
    ties = [
        [msgspec.structs.replace(tie, row=inner) for inner in _meant(tie.row, state)]
        for tie in row.ties
    ]
    others = [list(_meant(one, state)) for one in row.among]
    for chosen in product(*ties):
        for among in product(*others):
            yield row_of(
                row.entity, list(row.clues), list(chosen), row.pick, among=among, me=row.me
            )
