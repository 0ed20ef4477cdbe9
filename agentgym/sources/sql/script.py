"""A whole script: each statement to where it belongs, what cannot be used counted and named.

A statement that cannot be read costs itself alone. Next: `whole`.
"""

from __future__ import annotations

import dataclasses
import re
from collections import Counter

from sqlglot import exp

from agentgym.sources.sql.constants import Reader
from agentgym.sources.sql.create import define, parse_table, simplified, trailing
from agentgym.sources.sql.ddl import (
    Types,
    add_column,
    add_constraint,
    add_constraints,
    column_names,
    note_comments,
    qualified,
)
from agentgym.sources.sql.exclusions import add_partial
from agentgym.sources.sql.inserts import Inserted, NotRowsError, arrange, copied_rows, inserted
from agentgym.sources.sql.kinds import SYNTAX, classify, routine
from agentgym.sources.sql.names import NAME, TableName, dotted, parts, table_name, try_parse
from agentgym.sources.sql.split import Statement, pieces, plain
from agentgym.sources.tables import RawColumn, RawTable

__all__ = ["Script"]


class Script:
    """What a script has said so far."""

    def __init__(self, dialect: str) -> None:
        self.dialect = dialect
        others = (other for other in ("postgres", "mysql", "sqlite") if other != dialect)
        self.dialects = (dialect, *others, "tsql")
        self.tables: dict[TableName, RawTable] = {}
        self.types = Types()
        self.parts: dict[TableName, TableName] = {}
        """Partition to the table whose rows it holds."""
        self.skipped: Counter[str] = Counter()
        self.faults: list[str] = []
        self.unrun: list[str] = []
        """Triggers and routines, which are never run, by kind and name."""
        self.reader = Reader()

    def find(self, name: TableName) -> RawTable | None:
        """Find a table; without a schema in its name, the first of that name."""
        found = self._key(name)
        if found is not None and found in self.parts:
            return self.find(self.parts[found])
        return self.tables.get(found) if found is not None else None

    def _key(self, name: TableName) -> TableName | None:
        if name in self.tables or name in self.parts:
            return name
        known = [*self.tables, *self.parts]
        folded = (name[0].casefold(), name[1].casefold())
        for key in known:
            if (key[0].casefold(), key[1].casefold()) == folded:
                return key
        alone = [key for key in known if key[1].casefold() == folded[1]]
        alone = [key for key in alone if not (key[0] and name[0])]
        return alone[0] if alone else None

    def take(self, statement: Statement) -> None:
        """Use a statement, or count it."""
        kind = classify(statement.text)
        work = {
            "table": self._create,
            "unique index": self._unique_index,
            "type": self._type,
            "domain": self._domain,
            "alter": self._alter,
            "comment": self._comment,
            "insert": self._insert,
            "copy": self._copy,
            "drop": self._drop,
        }.get(kind)
        if kind == SYNTAX or (work is not None and not work(statement)):
            self._fault(statement)
        elif work is None and kind != "setting":
            self.skipped[kind] += 1
            name = routine(statement.text, kind)
            if name:
                self.unrun.append(f"{kind} {name}")

    def _fault(self, statement: Statement) -> None:
        parts_of_it = pieces(statement, self.dialect)
        head = parts_of_it[0]
        self.skipped[SYNTAX] += 1
        self.faults.append(f"line {head.line}: `{plain(head.text)}`")
        for part in parts_of_it[1:]:
            self.take(part)

    def parse(self, text: str) -> exp.Expression | None:
        """Parse in the script's dialect, else in another one; None where none can."""
        return try_parse(text, self.dialects) or try_parse(simplified(text), self.dialects)

    def _create(self, statement: Statement) -> bool:
        tree = parse_table(statement.text, self.dialects, self.skipped)
        if isinstance(tree, RawTable):
            self.tables["", tree.name] = tree
            note_comments(trailing(statement.text), tree)
            return True
        if tree is None:
            return False
        name = table_name(tree)
        parent = tree.find(exp.PartitionedOfProperty)
        if parent is not None:
            self.parts[name] = table_name(parent.this)
            self.skipped["partition"] += 1
            return True
        if not isinstance(tree.this, exp.Schema):
            like = tree.find(exp.LikeProperty)
            if like is None:
                self.skipped["table made by a query"] += 1
                return True
            return self._like(name, table_name(like.this))
        if name in self.tables and tree.args.get("exists"):
            return True
        table = RawTable(name=qualified(name))
        self._inherit(table, tree)
        self.tables[name] = table
        for node in tree.this.expressions:
            source = (
                self.find(table_name(node.this)) if isinstance(node, exp.LikeProperty) else None
            )
            if source is not None:
                table.columns += [_copy_of(column) for column in source.columns]
        define(table, tree.this, self.types, self.skipped)
        _automatic_key(table, self.dialect)
        comment = tree.find(exp.SchemaCommentProperty)
        if comment is not None:
            table.comment = comment.this.name
        note_comments(trailing(statement.text), table)
        return bool(table.columns)

    def _like(self, name: TableName, pattern: TableName) -> bool:
        source = self.find(pattern)
        if source is None:
            return False
        self.tables[name] = table = RawTable(name=qualified(name), key=source.key)
        table.columns = [_copy_of(column) for column in source.columns]
        return True

    def _inherit(self, table: RawTable, tree: exp.Create) -> None:
        inherits = tree.find(exp.InheritsProperty)
        for node in inherits.expressions if inherits else ():
            parent = self.find(table_name(node))
            if parent is not None:
                table.columns += [_copy_of(c) for c in parent.columns if not table.column(c.name)]

    def _unique_index(self, statement: Statement) -> bool:
        tree = self.parse(statement.text)
        index = tree.this if isinstance(tree, exp.Create) else None
        if not isinstance(index, exp.Index):
            return False
        table, parameters = self.find(table_name(index.args.get("table"))), index.args.get("params")
        if table is None or not isinstance(parameters, exp.IndexParameters):
            self.skipped["unique index"] += 1
        elif parameters.args.get("where") is not None:
            listed = column_names(table, parameters.args.get("columns") or [])
            if not add_partial(table, listed, parameters.args["where"]):
                self.skipped["partial index"] += 1
        else:
            columns = parameters.args.get("columns") or []
            node = exp.UniqueColumnConstraint(this=exp.Schema(expressions=columns))
            add_constraint(table, node, self.skipped)
        return True

    def _type(self, statement: Statement) -> bool:
        tree = self.parse(statement.text)
        made = tree.expression if isinstance(tree, exp.Create) else None
        if isinstance(made, exp.DataType) and made.this == exp.DataType.Type.ENUM:
            values = tuple(item.name for item in made.expressions)
            self.types.enums[table_name(tree)[1].casefold()] = values
        else:
            self.skipped["type"] += 1
        return True

    def _domain(self, statement: Statement) -> bool:
        found = _DOMAIN.match(statement.text)
        if found is None:
            return False
        body = re.sub(r"\bCONSTRAINT\s+\S+\s+(?=CHECK\b)", "", found["body"], flags=re.IGNORECASE)
        tree = self.parse(f"CREATE TABLE x (value {body})")
        node = tree.find(exp.ColumnDef) if tree is not None else None
        if node is None:
            self.skipped["domain"] += 1
        else:
            self.types.domains[parts(found["name"])[-1].casefold()] = node
        return True

    def _alter(self, statement: Statement) -> bool:
        text = statement.text
        attached = _ATTACH.match(text)
        if attached:
            self._attach(attached)
            return True
        identity = _IDENTITY.match(text)
        if identity:
            self._number(identity)
            return True
        if _UNUSED_ALTER.search(text):
            self.skipped["other change of a table"] += 1
            return True
        tree = self.parse(text)
        if not isinstance(tree, exp.Alter):
            if _ALTERING.search(text):
                return False
            self.skipped["other change of a table"] += 1
            return True
        table = self.find(table_name(tree.this))
        if table is None:
            self.skipped["change of a table that is not there"] += 1
            return True
        for action in tree.args.get("actions") or ():
            self._act(table, action)
        return True

    def _act(self, table: RawTable, action: exp.Expression) -> None:
        if isinstance(action, exp.AddConstraint):
            add_constraints(table, action.expressions, self.skipped)
        elif isinstance(action, exp.ColumnDef):
            add_column(table, action, self.types, self.skipped)
        elif isinstance(action, exp.ModifyColumn) and isinstance(action.this, exp.ColumnDef):
            known = action.args.get("rename_from")
            if known is None and table.column(action.this.name):
                self._modify(table, action.this)
        elif isinstance(action, exp.AlterColumn):
            self._alter_column(table, action)
        else:
            self.skipped["other change of a table"] += 1

    def _modify(self, table: RawTable, node: exp.ColumnDef) -> None:
        old = table.column(node.name)
        new = add_column(table, node, self.types, self.skipped)
        if old is not None and not new.comment:
            new.comment = old.comment

    def _alter_column(self, table: RawTable, action: exp.AlterColumn) -> None:
        column = table.column(action.name)
        if column is None:
            return
        default = action.args.get("default")
        if default is not None:
            node = exp.ColumnConstraint(kind=exp.DefaultColumnConstraint(this=default))
            shell = exp.ColumnDef(this=action.this, constraints=[node])
            probe = add_column(RawTable(name=""), shell, self.types, Counter())
            column.default, column.filled = probe.default, probe.filled
            column.automatic = column.automatic or probe.automatic
        elif action.args.get("allow_null") is not None:
            column.nullable = bool(action.args["allow_null"])

    def _attach(self, found: re.Match[str]) -> None:
        child, parent = dotted(found["child"]), dotted(found["parent"])
        key = self._key(child)
        if key is not None and key in self.tables:
            rows = self.tables.pop(key).rows
            self.parts[key] = parent
            whole = self.find(parent)
            if whole is not None:
                whole.rows += rows
            self.skipped["partition"] += 1

    def _number(self, found: re.Match[str]) -> None:
        table = self.find(dotted(found["table"]))
        column = table.column(parts(found["column"])[0]) if table else None
        if column is not None:
            column.automatic, column.nullable = True, False

    def _comment(self, statement: Statement) -> bool:
        tree = self.parse(statement.text)
        if not isinstance(tree, exp.Comment):
            return False
        text = tree.expression.name if isinstance(tree.expression, exp.Literal) else ""
        node = tree.this
        if isinstance(node, exp.Column):
            table = self.find((node.args["db"].name if node.args.get("db") else "", node.table))
            if table is not None:
                note_comments({node.name: text}, table)
        else:
            table = self.find(table_name(node))
            if table is not None:
                table.comment = " ".join(text.split())
        return True

    def _insert(self, statement: Statement) -> bool:
        try:
            found = inserted(statement.text, self.dialect, self.reader)
        except NotRowsError as fault:
            if str(fault) == SYNTAX:
                return False
            self.skipped[str(fault)] += 1
            return True
        return self._add_rows(found)

    def _copy(self, statement: Statement) -> bool:
        try:
            return self._add_rows(copied_rows(statement.text, statement.copied or ""))
        except NotRowsError:
            return False

    def _add_rows(self, found: Inserted) -> bool:
        table = self.find(found.table)
        if table is None:
            self.skipped["row of a table that is not there"] += len(found.rows)
            return True
        for row in arrange(table, found):
            if row is None:
                self.skipped["row with the wrong number of values"] += 1
            else:
                table.rows.append(row)
        self.skipped["value that is no constant"] += found.unread
        return True

    def _drop(self, statement: Statement) -> bool:
        for name in _DROPPED.sub("", statement.text).split(","):
            key = self._key(
                dotted(re.sub(r"\b(CASCADE|RESTRICT)\s*$", "", name, flags=re.IGNORECASE))
            )
            if key is not None:
                self.tables.pop(key, None)
        return True


_DOMAIN = re.compile(
    rf"CREATE\s+DOMAIN\s+(?P<name>{NAME}(?:\s*\.\s*{NAME})*)\s+(?:AS\s+)?(?P<body>.*)",
    re.IGNORECASE | re.DOTALL,
)
_ATTACH = re.compile(
    r"ALTER\s+TABLE\s+(?:ONLY\s+)?(?P<parent>[^\s]+)\s+ATTACH\s+PARTITION\s+(?P<child>[^\s;]+)",
    re.IGNORECASE,
)
_IDENTITY = re.compile(
    rf"ALTER\s+TABLE\s+(?:ONLY\s+)?(?P<table>[^\s]+)\s+ALTER\s+(?:COLUMN\s+)?(?P<column>{NAME})\s+"
    r"ADD\s+GENERATED\b",
    re.IGNORECASE,
)
_UNUSED_ALTER = re.compile(
    r"\b(?:(?:EN|DIS)ABLE\s+(?:KEYS|TRIGGER|ROW|RULE)|REPLICA\s+IDENTITY|CLUSTER\s+ON"
    r"|SET\s+(?:STATISTICS|STORAGE|SCHEMA|TABLESPACE|WITHOUT|LOGGED)|ROW\s+LEVEL|INHERIT\b"
    r"|ALTER\s+(?:COLUMN\s+)?\S+\s+SET\s+(?:STATISTICS|STORAGE)"
    r"|VALIDATE\s+CONSTRAINT|ATTACH\s+PARTITION|CONVERT\s+TO)",
    re.IGNORECASE,
)
_HOW = re.compile(r"\b(CASCADE|RESTRICT)\s*$", re.IGNORECASE)
_ALTERING = re.compile(
    r"\b(?:ADD\s+(?:CONSTRAINT|COLUMN)|PRIMARY\s+KEY|FOREIGN\s+KEY)\b", re.IGNORECASE
)
_DROPPED = re.compile(r"DROP\s+TABLE\s+(?:IF\s+EXISTS\s+)?", re.IGNORECASE)


def _copy_of(column: RawColumn) -> RawColumn:
    return dataclasses.replace(column)


def _automatic_key(table: RawTable, dialect: str) -> None:
    """Note that SQLite numbers the rows of an INTEGER PRIMARY KEY."""
    column = table.column(table.key[0]) if len(table.key) == 1 else None
    if (
        column is not None
        and dialect == "sqlite"
        and column.declared.casefold() in ("int", "integer")
    ):
        column.automatic = True
