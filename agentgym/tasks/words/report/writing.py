"""Writing a report: what is asked, laid out as a form or a table with blanks. Next: `reading`."""

from __future__ import annotations

import random
from collections.abc import Sequence

from agentgym.formats import Json
from agentgym.rules.english import capital, listing
from agentgym.schema import Field
from agentgym.tasks.words.lexicon import Lexicon, said
from agentgym.tasks.words.manners import Persona
from agentgym.tasks.words.meaning import Act, Get, Row
from agentgym.tasks.words.phrases import Quote, Word
from agentgym.tasks.words.report.layout import AHEAD, ASKS, BARS, BLANK, OPENINGS, Node
from agentgym.tasks.words.report.reading import report_acts
from agentgym.tasks.words.units import unit_in, unit_words
from agentgym.tasks.words.values import Style, UnsayableError, literal, written

__all__ = ["report"]


def report(
    acts: Sequence[Act], words: Lexicon, rng: random.Random, who: Persona
) -> tuple[str, str]:
    """Write what is asked as a report with blanks.

    Args:
        acts: Values of single rows.
        words: The labels.
        rng: Chooses the layout.
        who: Who writes.

    Returns:
        The text, and its pattern.

    Raises:
        UnsayableError: It is nothing that a report can show.
    """
    gets = [act for act in acts if isinstance(act, Get)]
    if len(gets) != len(acts) or any(not isinstance(get.of, Row) or get.many for get in gets):
        raise UnsayableError("a report of anything but rows")
    lines = _table(gets, words, rng, who.style()) or _form(gets, words, rng, who.style())
    body = "\n".join("".join(text for text, _ in line) for line in lines)
    mask = "\n".join("".join(kind or text for text, kind in line) for line in lines)
    opening = rng.choice(OPENINGS[who.register])
    blanks = listing([f"[{n}]" for n in range(1, len(gets) + 1)])
    if rng.random() < 0.35:
        ask = rng.choice(AHEAD[who.register]).format(blanks=blanks)
        before, after = " ".join(part for part in (opening, ask) if part), ""
    else:
        before, after = opening, rng.choice(ASKS[who.register]).format(blanks=blanks)
    parts = [part for part in (before, "{}", after) if part]
    frame = "\n\n".join(parts)
    masked = frame.replace(blanks, "<blanks>")
    text = frame.replace("{}", body, 1)
    if not any(_same(found, gets) for found in report_acts(text, words)):
        raise UnsayableError("a report that cannot be read")
    return text, masked.replace("{}", mask, 1)


def _same(found: tuple[Act, ...], gets: Sequence[Get]) -> bool:
    return found == tuple(gets)


def _label(field: Field, *, blank: bool) -> str:
    """Return how a cell is headed: with its unit where it is a blank."""
    label = capital(field.label)
    if not blank:
        return label
    if field.unit is not None and not unit_in(field.unit, field.label):
        return f"{label} (in {unit_words(field.unit)})"
    return f"{label} (UTC)" if field.type == "datetime" else label


def _shown(field: Field, value: Json, style: Style) -> str:
    if value is None:
        raise UnsayableError("an empty cell")
    told = literal(field, value)
    text = told.text if isinstance(told, (Quote, Word)) else written(told, style)
    if BLANK.search(text) or "\n" in text or any(bar.strip() in text for bar in BARS):
        raise UnsayableError("a cell that cannot be told from others")
    return text


Line = list[tuple[str, str]]
"""Characters, and how they are masked; not masked when empty."""


def _table(gets: Sequence[Get], words: Lexicon, rng: random.Random, style: Style) -> list[Line]:
    """Lay out several rows of one entity; nothing where they are none."""
    rows: dict[Row, list[tuple[str, int]]] = {}
    for number, get in enumerate(gets, 1):
        assert isinstance(get.of, Row)
        rows.setdefault(get.of, []).append((get.field or "", number))
    tops = list(rows)
    flat = all(_plainly(row) and not row.ties for row in tops)
    if len(tops) < 2 or not flat or len({row.entity for row in tops}) > 1:
        return []
    columns: dict[str, None] = {}
    for row in tops:
        columns.update(dict.fromkeys(clue.field for clue in row.clues))
    for row in tops:
        columns.update(dict.fromkeys(name for name, _ in rows[row]))
    entity = tops[0].entity
    fields = {name: _field(words, entity, name) for name in columns}
    blanks = {name for found in rows.values() for name, _ in found}
    bar = rng.choice(BARS)
    plural = words.entities[entity].plural
    lines: list[Line] = [[(capital(plural), "<plural>")]]
    lines.append(
        _between(
            [(_label(field, blank=name in blanks), "<field>") for name, field in fields.items()],
            bar,
        )
    )
    for row in tops:
        shown = {clue.field: _shown(fields[clue.field], clue.value, style) for clue in row.clues}
        asked = dict(rows[row])
        cells: Line = []
        for name in columns:
            if (name in shown) == (name in asked):
                raise UnsayableError("a table with an empty cell")
            cells.append((shown[name], "<value>") if name in shown else (f"[{asked[name]}]", ""))
        lines.append(_between(cells, bar))
    return lines


def _between(cells: Line, bar: str) -> Line:
    found: Line = []
    for place, cell in enumerate(cells):
        if place:
            found.append((bar, ""))
        found.append(cell)
    return found


def _field(words: Lexicon, entity: str, name: str) -> Field:
    field = words.field(entity, name)
    if field is None or entity not in words.entities:
        raise UnsayableError(f"{entity}.{name} has no words")
    return field


def _plainly(row: Row) -> bool:
    """Tell whether nothing is said of a row but values that it has."""
    bare = not (row.pick or row.among or row.me or row.again)
    return bare and all(clue.op == "eq" and clue.of is None and not clue.held for clue in row.clues)


def _form(gets: Sequence[Get], words: Lexicon, rng: random.Random, style: Style) -> list[Line]:
    """Lay out a row with the rows that it refers to."""
    nodes: dict[Row, Node] = {}
    roots: dict[Row, Node] = {}
    for number, get in enumerate(gets, 1):
        assert isinstance(get.of, Row)
        node = _grown(get.of, nodes, roots)
        node.cells.append((get.field or "", number, True))
    if len(roots) != 1:
        raise UnsayableError("a report of rows that have nothing to do with each other")
    (root,) = roots.values()
    entity = words.entities.get(root.entity)
    if entity is None:
        raise UnsayableError(f"{root.entity} has no words")
    bullet = rng.choice(("", "", "- "))
    colon = rng.choice((": ", ": ", " = "))
    end = rng.choice(("", ":"))
    lines: list[Line] = [[(capital(entity.label), "<singular>"), (end, "")]]
    _lay(root, words, style, lines, depth=0, marks=(bullet, colon))
    return lines


def _grown(row: Row, nodes: dict[Row, Node], roots: dict[Row, Node]) -> Node:
    """Make the node of a row, inside the one that refers to it, if that is how it is found."""
    if row in nodes:
        return nodes[row]
    if not _plainly(row) or any(tie.absent for tie in row.ties):
        raise UnsayableError("a row that a report cannot show")
    back = [tie for tie in row.ties if not tie.forward]
    node = Node(
        entity=row.entity,
        cells=[(clue.field, clue.value, False) for clue in row.clues],
        inside=[(tie.relation, _shown_node(tie.row)) for tie in row.ties if tie.forward],
    )
    nodes[row] = node
    if not back:
        roots[row] = node
    elif len(back) == 1:
        outer = _grown(back[0].row, nodes, roots)
        outer.inside.append((back[0].relation, node))
    else:
        raise UnsayableError("a row that two others refer to")
    return node


def _shown_node(row: Row) -> Node:
    if not _plainly(row) or any(tie.absent or not tie.forward for tie in row.ties):
        raise UnsayableError("a row that a report cannot show")
    return Node(
        entity=row.entity,
        cells=[(clue.field, clue.value, False) for clue in row.clues],
        inside=[(tie.relation, _shown_node(tie.row)) for tie in row.ties],
    )


def _lay(
    node: Node,
    words: Lexicon,
    style: Style,
    lines: list[Line],
    *,
    depth: int,
    marks: tuple[str, str],
) -> None:
    bullet, colon = marks
    margin = "  " * depth + bullet
    for name, value, blank in node.cells:
        field = _field(words, node.entity, name)
        label = (_label(field, blank=blank), "<field>")
        cell = (f"[{value}]", "") if blank else (_shown(field, value, style), "<value>")
        lines.append([(margin, ""), label, (colon, ""), cell])
    for name, inner in node.inside:
        relation = words.schema.relation(name)
        if not said(relation.label) or relation.entity not in words.entities:
            raise UnsayableError(f"{name} has no words")
        lines.append([(margin, ""), (capital(relation.label), "<role>"), (":", "")])
        _lay(inner, words, style, lines, depth=depth + 1, marks=marks)
