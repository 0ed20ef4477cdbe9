"""Tables of subject, predicate and object (TSV or CSV), read into `Facts`.

What an object is, a node or a value, is told from all objects of its predicate. Next: `classes`.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from agentgym.errors import SourceError
from agentgym.sources.graph.facts import ALIASES, LABELS, Edge, Facts, Value, local, upwards

__all__ = ["read_triples", "typing_predicate", "written_rows"]

_TYPED = frozenset(("instance of", "instanceof", "instance_of", "type", "is a", "is_a", "isa", "a"))
_CODES = frozenset(("P31", "22-rdf-syntax-ns#type"))
_PARENTS = frozenset(("subclass of", "subclassof", "subclass_of", "P279"))
_HEADS = (
    {"subject", "subj", "s", "head", "source", "from", "h", "node1", "start"},
    {"predicate", "pred", "p", "relation", "rel", "property", "edge", "r", "label", "type"},
    {"object", "obj", "o", "tail", "target", "to", "value", "t", "node2", "end"},
)
_PLAIN = re.compile(
    r"[-+]?\d[\d,]*(?:\.\d+)?(?:[eE][-+]?\d+)?|\d{4}-\d\d-\d\d(?:[T ]\S+)?|true|false|yes|no",
    re.IGNORECASE,
)
_PROSE = 80


def read_triples(text: str, *, tab: bool, where: str) -> Facts:
    """Read a table of triples.

    Args:
        text: The whole of it, with or without a line of headings.
        tab: Whether tabs part the columns; else commas do.
        where: The file, for errors.

    Raises:
        SourceError: A line has not three columns, or a quote is not closed.
    """
    facts = Facts()
    triples = _rows(text, tab, where)
    literal = _literal(triples)
    for subject, predicate, value in sorted(triples):
        facts.nodes.add(subject)
        if _is(predicate, _TYPED, _CODES):
            facts.kinds.setdefault(subject, set()).add(value)
        elif _is(predicate, _PARENTS, _PARENTS):
            facts.above.setdefault(subject, set()).add(value)
        elif predicate in literal:
            facts.said[subject][predicate].add(Value(text=value))
        else:
            facts.nodes.add(value)
            facts.edges.add(Edge(subject, predicate, value))
    _lift(facts)
    return facts


def _rows(text: str, tab: bool, where: str) -> set[tuple[str, str, str]]:
    name = "TSV" if tab else "CSV"
    limit = csv.field_size_limit(2**31 - 1)
    found: set[tuple[str, str, str]] = set()
    try:
        quoted = not tab or _balanced(text)
        reader = csv.reader(
            io.StringIO(text, newline=""),
            delimiter="\t" if tab else ",",
            quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE,
            strict=quoted,
            skipinitialspace=not tab,
        )
        for row in reader:
            if not any(cell.strip() for cell in row) or row[0].startswith("#"):
                continue
            if len(row) == 4 and row[3].strip() in ("", "."):
                row.pop()
            cells = [_clean(cell) for cell in row]
            if len(cells) != 3 or "" in cells:
                raise SourceError(
                    "three columns: subject, predicate, object",
                    found=f"{len(row)}" if len(row) != 3 else "an empty one",
                    where=f"{where} line {reader.line_num}",
                    hint=f"a graph in {name} has one triple a line",
                )
            headed = all(c.casefold() in h for c, h in zip(cells, _HEADS, strict=True))
            if found or not headed:
                found.add((cells[0], cells[1], cells[2]))
    except csv.Error as error:
        raise SourceError(
            f"well-formed {name}",
            found=str(error),
            where=f"{where} line {reader.line_num}",
            hint="close the quotes",
        ) from None
    finally:
        csv.field_size_limit(limit)
    return found


def _balanced(text: str) -> bool:
    """Tell whether quotes in a table of tabs enclose cells, and are not just letters of them."""
    return re.search(r'(?:^|\t)"(?:[^"\t\n]|"")*"(?=[\t\r\n]|\Z)', text, re.MULTILINE) is not None


def typing_predicate(text: str, *, tab: bool, where: str) -> str | None:
    """Return the predicate that says the class of most nodes; None where there is none."""
    counts = Counter(p for _, p, _ in _rows(text, tab, where) if _is(p, _TYPED, _CODES))
    return min(counts, key=lambda name: (-counts[name], name)) if counts else None


def written_rows(rows: Iterable[Sequence[str]], text: str, *, tab: bool) -> str:
    """Return lines for triples, as they are read at the end of the table `text`."""
    if tab and not _balanced(text):
        return "".join(
            "\t".join(re.sub(r"[\t\r\n]+", " ", cell) for cell in row) + "\n" for row in rows
        )
    out = io.StringIO(newline="")
    csv.writer(out, delimiter="\t" if tab else ",", lineterminator="\n").writerows(rows)
    return out.getvalue()


def _clean(cell: str) -> str:
    text = cell.strip()
    return text[1:-1] if re.fullmatch(r"<[^<>\s]+>", text) else text


def _is(predicate: str, names: frozenset[str], codes: frozenset[str]) -> bool:
    short = local(predicate)
    return predicate.casefold() in names or short in codes or short.casefold() in names


def _literal(triples: set[tuple[str, str, str]]) -> set[str]:
    """Return the predicates of which the objects are values."""
    objects: dict[str, Counter[str]] = defaultdict(Counter)
    for _, predicate, value in triples:
        objects[predicate][value] += 1
    uses: Counter[str] = Counter(value for counts in objects.values() for value in counts)
    subjects = {subject for subject, _, _ in triples}
    found = set()
    for predicate, counts in objects.items():
        short = local(predicate).casefold().replace("_", " ")
        known = sum(value in subjects for value in counts)
        linked = sum(uses[value] > 1 for value in counts) + sum(n > 1 for n in counts.values())
        plain = sum(_PLAIN.fullmatch(value) is not None for value in counts)
        prose = any(len(value) > _PROSE for value in counts)
        if (
            short in LABELS
            or short in ALIASES
            or (not known and (2 * plain > len(counts) or prose or not linked))
        ):
            found.add(predicate)
    return found


def _lift(facts: Facts) -> None:
    """Follow declared classes upwards to the end."""
    direct = facts.above
    facts.above = upwards(direct)
    used = {kind for kinds in facts.kinds.values() for kind in kinds}
    gone = {
        node
        for node in direct
        if node in used and node not in facts.kinds and node not in facts.said
    }
    facts.nodes -= gone
    facts.edges = {e for e in facts.edges if e.source not in gone and e.target not in gone}
    facts.skipped["definition of a class or property"] += len(gone)
