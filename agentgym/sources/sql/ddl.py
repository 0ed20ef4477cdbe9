"""CREATE TABLE and ALTER TABLE: their parse trees, written into raw tables.

Also what only the text says: comments behind columns. Next: `inserts`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from sqlglot import exp

from agentgym.sources.sql.checks import add_check
from agentgym.sources.sql.constants import NotConstantError, Reader
from agentgym.sources.sql.exclusions import add_exclusion
from agentgym.sources.sql.names import TableName, table_name
from agentgym.sources.sql.sums import summands
from agentgym.sources.tables import RawColumn, RawReference, RawTable, declare

__all__ = [
    "Types",
    "add_column",
    "add_constraint",
    "add_constraints",
    "column_names",
    "note_comments",
    "qualified",
]


@dataclasses.dataclass(slots=True, kw_only=True)
class Types:
    """The types that a script itself defines, by their names in lower case."""

    enums: dict[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    domains: dict[str, exp.ColumnDef] = dataclasses.field(default_factory=dict)


def qualified(name: TableName) -> str:
    """Return a table name with its schema, if any: how references name their targets."""
    return ".".join(part for part in name if part)


def add_column(
    table: RawTable, node: exp.ColumnDef, types: Types, skipped: Counter[str]
) -> RawColumn:
    """Write a column definition into a table; one of the same name is replaced."""
    column = RawColumn(name=node.name)
    old = table.column(node.name)
    if old is not None and not table.rows:
        table.columns[table.columns.index(old)] = column
    elif old is not None:
        column = old
    else:
        table.columns.append(column)
        table.rows = [(*row, None) for row in table.rows]
    domain = _set_type(column, node.args.get("kind"), types)
    for constraint in (
        *(domain.args.get("constraints") or () if domain else ()),
        *node.constraints,
    ):
        _constrain(table, column, constraint.args.get("kind"), skipped)
    if old is None and table.rows:
        table.rows = [(*row[:-1], column.filled) for row in table.rows]
    return column


def _set_type(column: RawColumn, kind: exp.Expression | None, types: Types) -> exp.ColumnDef | None:
    """Write down the type; return the definition of its domain, if it is one."""
    if kind is None:
        return None
    if isinstance(kind, exp.DataType) and kind.this == exp.DataType.Type.ENUM:
        column.declared, column.kind = "enum", "text"
        column.values = tuple(item.name for item in kind.expressions)
        return None
    name = _type_name(kind)
    last = name.rpartition(".")[2].replace('"', "").casefold()
    if last in types.enums and not name.endswith("[]"):
        column.declared, column.kind, column.values = name, "text", types.enums[last]
        return None
    domain = types.domains.get(last)
    if domain is not None:
        inner = _set_type(column, domain.args.get("kind"), types)
        return inner or domain
    declare(column, name)
    return None


def _type_name(kind: exp.Expression) -> str:
    """Return the type in words: the tree's own, without the renaming of a dialect."""
    if not isinstance(kind, exp.DataType):
        return kind.sql("postgres")
    if kind.this == exp.DataType.Type.USERDEFINED:
        inner = kind.args.get("kind")
        return inner.sql("postgres") if isinstance(inner, exp.Expression) else str(inner or "")
    sizes = ", ".join(item.sql() for item in kind.expressions)
    word = kind.this.value if isinstance(kind.this, exp.DataType.Type) else str(kind.this)
    simple = kind.this not in (exp.DataType.Type.ARRAY, exp.DataType.Type.SET)
    return word.casefold() + (f"({sizes})" if sizes and simple else "")


def _constrain(
    table: RawTable, column: RawColumn, kind: exp.Expression | None, skipped: Counter[str]
) -> None:
    """Write one constraint of a column into its table."""
    if isinstance(kind, exp.NotNullColumnConstraint):
        column.nullable = bool(kind.args.get("allow_null"))
    elif isinstance(kind, exp.PrimaryKeyColumnConstraint):
        table.key, column.nullable = (column.name,), False
    elif isinstance(kind, exp.UniqueColumnConstraint):
        table.add_unique([column.name])
    elif isinstance(kind, exp.DefaultColumnConstraint):
        _default(column, kind.this)
    elif isinstance(kind, exp.CheckColumnConstraint):
        node = kind.this.transform(_named(column.name))
        add_check(table, node, skipped)
    elif isinstance(kind, exp.Reference):
        table.references.append(_reference((column.name,), kind))
    elif isinstance(kind, exp.CommentColumnConstraint):
        note_comments({column.name: kind.this.name}, table)
    elif isinstance(kind, exp.ComputedColumnConstraint):
        column.generated, column.summands = True, summands(kind.this)
    elif isinstance(kind, exp.GeneratedAsIdentityColumnConstraint):
        column.generated = kind.args.get("expression") is not None
        column.summands = summands(kind.args.get("expression"))
        column.automatic = not column.generated
        column.nullable = False
    elif isinstance(kind, exp.GeneratedAsRowColumnConstraint):
        column.dropped = True
    elif isinstance(kind, exp.AutoIncrementColumnConstraint):
        column.automatic = True


def _named(column: str) -> object:
    """Return a function that puts a column in place of VALUE, as the check of a domain says."""

    def put(node: exp.Expression) -> exp.Expression:
        if isinstance(node, (exp.Column, exp.Var)) and node.name.casefold() == "value":
            return exp.column(exp.to_identifier(column, quoted=True))
        return node

    return put


def _default(column: RawColumn, node: exp.Expression) -> None:
    if any(_is_sequence(call) for call in node.find_all(exp.Anonymous)):
        column.automatic = True
        return
    try:
        column.default = column.filled = Reader(clock=False).value(node)
    except NotConstantError:
        column.default = None
        with contextlib.suppress(NotConstantError):
            column.filled = Reader().value(node)


def _is_sequence(node: exp.Anonymous) -> bool:
    return str(node.this).casefold() == "nextval"


def _reference(columns: Sequence[str], node: exp.Reference) -> RawReference:
    target = node.this
    theirs = [item.name for item in target.expressions] if isinstance(target, exp.Schema) else []
    return RawReference(
        columns=tuple(columns),
        target=qualified(table_name(target)),
        target_columns=tuple(theirs),
    )


def add_constraints(
    table: RawTable, nodes: Iterable[exp.Expression], skipped: Counter[str]
) -> None:
    """Write the table constraints of a definition into the table."""
    for node in nodes:
        add_constraint(table, node, skipped)


def add_constraint(table: RawTable, node: exp.Expression, skipped: Counter[str]) -> None:
    """Write one table constraint into the table."""
    if isinstance(node, exp.Constraint):
        add_constraints(table, node.expressions, skipped)
    elif isinstance(node, exp.PrimaryKey):
        _set_key(table, column_names(table, node.expressions), skipped)
    elif isinstance(node, exp.ForeignKey):
        columns = column_names(table, node.expressions)
        reference = node.args.get("reference")
        if columns and isinstance(reference, exp.Reference):
            table.references.append(_reference(columns, reference))
    elif isinstance(node, exp.UniqueColumnConstraint):
        inner = node.this
        listed = inner.expressions if isinstance(inner, exp.Schema) else [inner] if inner else []
        columns = column_names(table, listed)
        if columns:
            table.add_unique(columns)
        else:
            skipped["unique index over an expression"] += 1
    elif isinstance(node, exp.CheckColumnConstraint):
        add_check(table, node.this, skipped)
    elif isinstance(node, (exp.IndexColumnConstraint, exp.Index)):
        skipped["index"] += 1
    elif isinstance(node, exp.ExcludeColumnConstraint):
        if not add_exclusion(table, node):
            skipped["exclusion constraint"] += 1
    elif not isinstance(node, (exp.ColumnDef, exp.LikeProperty)):
        skipped["table constraint of an unknown kind"] += 1


def _set_key(table: RawTable, columns: tuple[str, ...], skipped: Counter[str]) -> None:
    if not columns:
        skipped["key over an expression"] += 1
        return
    table.key = columns
    table.uniques = [unique for unique in table.uniques if set(unique) != set(columns)]
    for name in columns:
        column = table.column(name)
        if column is not None:
            column.nullable = False


def column_names(table: RawTable, nodes: Iterable[exp.Expression]) -> tuple[str, ...]:
    """Return the columns that a list names; empty where one is not a plain column."""
    found = []
    for node in nodes:
        inner = node.this if isinstance(node, exp.Ordered) else node
        while isinstance(inner, (exp.Paren, exp.Collate)):
            inner = inner.this
        if isinstance(inner, exp.Anonymous) and all(i.is_int for i in inner.expressions):
            name = str(inner.this)
        elif isinstance(inner, (exp.Column, exp.Identifier, exp.ColumnPrefix, exp.Literal)):
            name = inner.name
        else:
            return ()
        column = table.column(name)
        if column is None:
            return ()
        found.append(column.name)
    return tuple(found)


_LISTED = re.compile(
    r"(?:\b(?:possible|allowed|valid|permitted|legal|accepted)\s+(?:values?|options?|types?)"
    r"(?:\s+(?:are|is|include))?|\bone\s+of|\bvalues?|\benum)\s*[:=-]\s*(.+)",
    re.IGNORECASE | re.DOTALL,
)
_VALUE = re.compile(r"[\w][\w +/&.'-]{0,29}")


def note_comments(comments: Mapping[str, str], table: RawTable) -> None:
    """Keep what a source says about columns; a list of legal values becomes a hint."""
    for name, said in comments.items():
        column = table.column(name)
        text = " ".join(said.split())
        if column is None or not text or text in column.comment:
            continue
        column.comment = f"{column.comment}; {text}" if column.comment else text
        listed = _LISTED.search(text)
        if listed and column.hinted is None and column.values is None and column.kind == "text":
            values = _listed(listed[1])
            if len(values) > 1:
                column.hinted = values
                column.evidence = ("its comment lists the values",)


def _listed(text: str) -> tuple[str, ...]:
    plain = re.split(r"\.\s|\.$|;|\(|\betc\b|\.\.\.", text)[0]
    parts = re.split(r"\s*[,|]\s*(?:and\s+|or\s+)?|\s+or\s+", plain.strip())
    values = [part.strip().strip("'\"`").strip() for part in parts]
    values = [value for value in values if value]
    if not all(_VALUE.fullmatch(value) and len(value.split()) <= 3 for value in values):
        return ()
    return tuple(dict.fromkeys(values))
