"""Reading a report: what its blanks can ask for. Next: `read`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice, product

from agentgym.formats import Json
from agentgym.schema import Field
from agentgym.tasks.words.lexicon import Lexicon, low
from agentgym.tasks.words.meaning import Act, Clue, Get, Row, Tie, row_of
from agentgym.tasks.words.phrases import Quote, Truth
from agentgym.tasks.words.report.layout import AHEAD, ASKS, BARS, BLANK, OPENINGS, Node
from agentgym.tasks.words.scan import scan
from agentgym.tasks.words.units import unit_words
from agentgym.tasks.words.values import NOTHING, valued

__all__ = ["report_acts"]

_NOTE = re.compile(r"(.*?)(?: \((?:in ([^()]+)|UTC)\))?\Z")
_MOST = 16
"""No more readings of a report are told apart."""
_EVERY_OPENING = frozenset(low(text) for texts in OPENINGS.values() for text in texts)
_EVERY_ASK = tuple(
    re.compile(
        re.escape(low(text)).replace(r"\{blanks\}", r"((?:\[\d{1,2}\](?:, | and )?)+)") + r"\Z"
    )
    for texts in (*ASKS.values(), *AHEAD.values())
    for text in texts
)


def report_acts(text: str, words: Lexicon) -> list[tuple[Act, ...]]:
    """Return what a report with blanks can ask for; nothing where the text is none."""
    if "[1]" not in text or "\n" not in text:
        return []
    blocks = text.split("\n\n")
    if len(blocks) > 3:
        return []
    found: dict[tuple[Act, ...], None] = {}
    for place, block in enumerate(blocks):
        count = _framed(blocks[:place], blocks[place + 1 :])
        if count is None:
            continue
        for acts in islice(_read_block(block, words), _MOST):
            if len(acts) == count:
                found[acts] = None
    return list(found)


def _framed(before: list[str], after: list[str]) -> int | None:
    """Return how many blanks are asked for, if that is all that stands around the form."""
    head = low(" ".join(before))
    if len(before) > 1 or len(after) > 1:
        return None
    if after:
        return _asked(low(after[0])) if head in _EVERY_OPENING else None
    for opening in _EVERY_OPENING:
        if head.startswith(opening):
            count = _asked(head[len(opening) :].strip())
            if count is not None:
                return count
    return None


def _asked(text: str) -> int | None:
    for pattern in _EVERY_ASK:
        match = pattern.match(text)
        if match:
            numbers = [int(n) for n in BLANK.findall(match.group(1))]
            if numbers == list(range(1, len(numbers) + 1)):
                return len(numbers)
    return None


def _read_block(block: str, words: Lexicon) -> Iterator[tuple[Act, ...]]:
    title, *lines = block.split("\n")
    for entity in words.plural.get(low(title), ()):
        for bar in BARS:
            yield from _read_table(entity.name, [line.split(bar) for line in lines], words)
    for entity in words.singular.get(low(title.removesuffix(":")), ()):
        for bullet in ("", "- "):
            for colon in (": ", " = "):
                yield from _read_form(entity.name, lines, words, (bullet, colon))


def _heads(entity: str, heading: str, words: Lexicon) -> list[Field]:
    match = _NOTE.match(heading)
    if not match:
        return []
    found = list(words.labelled(entity, heading))
    if match[1] != heading:
        for field in words.labelled(entity, match[1]):
            unit = unit_words(field.unit) if field.unit else None
            fits = unit == match[2] if match[2] else field.type == "datetime"
            if fits:
                found.append(field)
    return found


def _cell(field: Field, text: str, words: Lexicon) -> Json:
    """Return the value that a cell shows, or `NOTHING`."""
    if field.type in ("text", "enum"):
        return valued(field, Quote(text=text))
    for found, end in scan(text, 0, words.units):
        if end == len(text) and (not isinstance(found, Truth) or field.type == "boolean"):
            value = valued(field, found)
            if value is not NOTHING:
                return value
    return NOTHING


def _read_table(entity: str, lines: list[list[str]], words: Lexicon) -> Iterator[tuple[Act, ...]]:
    if len(lines) < 3 or len({len(line) for line in lines}) > 1:
        return
    for fields in product(*(_heads(entity, heading, words) for heading in lines[0])):
        if len({field.name for field in fields}) < len(fields):
            continue
        blanks: dict[int, Get] = {}
        for line in lines[1:]:
            clues, asked = [], []
            for field, cell in zip(fields, line, strict=True):
                blank = BLANK.fullmatch(cell)
                if blank:
                    asked.append((int(blank[1]), field.name))
                    continue
                value = _cell(field, cell, words)
                if value is NOTHING:
                    return
                clues.append(Clue(field=field.name, op="eq", value=value))
            row = row_of(entity, clues, [], None)
            blanks.update({number: Get(of=row, field=name) for number, name in asked})
        yield from _in_order(blanks)


def _in_order(blanks: dict[int, Get]) -> Iterator[tuple[Act, ...]]:
    if blanks and sorted(blanks) == list(range(1, len(blanks) + 1)):
        yield tuple(blanks[number] for number in sorted(blanks))


def _read_form(
    entity: str, lines: list[str], words: Lexicon, marks: tuple[str, str]
) -> Iterator[tuple[Act, ...]]:
    for node, end in _read_node(entity, lines, 0, 0, words, marks):
        if end == len(lines):
            blanks: dict[int, Get] = {}
            _collect(node, None, blanks)
            yield from _in_order(blanks)


def _read_node(
    entity: str,
    lines: list[str],
    at: int,
    depth: int,
    words: Lexicon,
    marks: tuple[str, str],
) -> Iterator[tuple[Node, int]]:
    """Yield the nodes that the lines from there can stand for, and where they end."""
    margin = "  " * depth + marks[0]
    if at < len(lines) and lines[at].startswith(margin) and lines[at][len(margin) :][:1].strip():
        line = lines[at][len(margin) :]
        if line.endswith(":") and marks[1] not in line:
            for relation in words.relations:
                if relation.entity == entity and low(relation.label) == low(line[:-1]):
                    inner = _read_node(relation.target, lines, at + 1, depth + 1, words, marks)
                    for node, end in inner:
                        if end == at + 1:
                            continue
                        for rest, last in _read_node(entity, lines, end, depth, words, marks):
                            inside = [(relation.name, node), *rest.inside]
                            yield Node(entity=entity, cells=rest.cells, inside=inside), last
            return
        heading, colon, cell = line.partition(marks[1])
        if not colon:
            return
        blank = BLANK.fullmatch(cell)
        for field in _heads(entity, heading, words):
            value = int(blank[1]) if blank else _cell(field, cell, words)
            if value is NOTHING:
                continue
            for rest, end in _read_node(entity, lines, at + 1, depth, words, marks):
                cells = [(field.name, value, blank is not None), *rest.cells]
                yield Node(entity=entity, cells=cells, inside=rest.inside), end
        return
    yield Node(entity=entity, cells=[], inside=[]), at


def _collect(node: Node, outer: tuple[str, Row] | None, blanks: dict[int, Get]) -> None:
    """Find the blanks of a node and of those inside, each with the row as it is found."""
    clues = [Clue(field=n, op="eq", value=v) for n, v, blank in node.cells if not blank]
    ties = [
        Tie(relation=name, forward=True, row=_row(inner))
        for name, inner in node.inside
        if not _blanks(inner)
    ]
    if outer is not None:
        ties.append(Tie(relation=outer[0], forward=False, row=outer[1]))
    row = row_of(node.entity, clues, ties, None)
    for name, number, blank in node.cells:
        if blank:
            assert isinstance(number, int)
            blanks[number] = Get(of=row, field=name)
    for name, inner in node.inside:
        if _blanks(inner):
            _collect(inner, (name, row), blanks)


def _blanks(node: Node) -> bool:
    return any(blank for _, _, blank in node.cells) or any(_blanks(n) for _, n in node.inside)


def _row(node: Node) -> Row:
    clues = [Clue(field=n, op="eq", value=v) for n, v, _ in node.cells]
    ties = [Tie(relation=name, forward=True, row=_row(inner)) for name, inner in node.inside]
    return row_of(node.entity, clues, ties, None)
