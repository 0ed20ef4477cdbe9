"""A plan becomes a schema: christened, with references and life cycles, and what fields mean.

In comes a `Plan`; out goes a `Schema` with the `Key` from the plan's names to the schema's.
Next: `bonds`.
"""

from __future__ import annotations

import dataclasses

from agentgym.schema import Entity, Field, Lifecycle, Relation, Schema
from agentgym.schema.names import Reference, christen, relation_words
from agentgym.schema.roles import infer
from agentgym.sources.text.names import Directory
from agentgym.sources.text.things import Column, Plan, Table

__all__ = ["Key", "translate"]

_SAID = ("the outline says so",)
_SCALE = 2


@dataclasses.dataclass(slots=True, kw_only=True)
class Key:
    """How the outline's names are called in the schema."""

    plan: Plan
    entities: dict[str, str]
    """Table to entity."""
    fields: dict[tuple[str, str], str]
    """Table and column to field."""
    relations: list[Relation]
    """In the order of the plan's ties."""

    def entity(self, name: str | None) -> Table | None:
        """Find a table by any writing of its name."""
        return self.plan.table(name)

    def field(self, table: Table, name: str | None) -> str | None:
        """Find a field of the schema by any writing of its name, or of what it refers to."""
        column = self.column(table, name)
        return None if column is None else self.fields[table.name, column.name]

    def column(self, table: Table, name: str | None) -> Column | None:
        """Find a column by any writing of its name, or of what it refers to."""
        found = table.fields.find(name)
        if found is not None:
            return table.columns[found]
        relation = self.relation(table, name)
        if relation is None:
            return None
        return next(
            c
            for c in table.columns.values()
            if (self.fields[table.name, c.name],) == relation.fields
        )

    def relation(self, child: Table, to: str | None) -> Relation | None:
        """Find the reference of a table to another, or one by its role."""
        if to is None:
            return None
        roles = Directory()
        mine: dict[str, Relation] = {}
        target = self.plan.table(to)
        for tie, relation in zip(self.plan.ties, self.relations, strict=True):
            if tie.child != child.name:
                continue
            if target is not None and tie.target == target.name:
                return relation
            roles.add(tie.role, tie.column)
            mine.setdefault(tie.role, relation)
        return mine.get(roles.find(to) or "")


def translate(plan: Plan) -> tuple[Schema, Key]:
    """Make the schema of a plan, with roles."""
    names = christen(
        {table.name: list(table.columns) for table in plan.tables.values()},
        targets={(tie.child, tie.column): tie.target for tie in plan.ties},
    )
    entities = {name: names.entities[name].name for name in plan.tables}
    fields = {mark: name.name for mark, name in names.fields.items()}
    references = [
        Reference(
            child=tie.child,
            columns=(tie.column,),
            target=tie.target,
            target_columns=(plan.tables[tie.target].key,),
        )
        for tie in plan.ties
    ]
    relations = [
        Relation(
            name=said.name,
            entity=entities[tie.child],
            fields=(fields[tie.child, tie.column],),
            target=entities[tie.target],
            target_fields=(fields[tie.target, plan.tables[tie.target].key],),
            label=said.label,
            inverse=said.inverse,
            one_to_one=tie.one_to_one,
            evidence=_SAID,
        )
        for tie, said in zip(plan.ties, relation_words(names, references), strict=True)
    ]
    made = []
    for table in plan.tables.values():
        called = names.entities[table.name]
        made.append(
            Entity(
                name=called.name,
                source="" if called.name == table.name else table.name,
                label=called.label,
                plural=called.plural,
                spoken=called.spoken,
                key=(fields[table.name, table.key],),
                key_source="counter",
                fields=tuple(
                    _field(
                        column,
                        names.fields[table.name, column.name].name,
                        names.fields[table.name, column.name].label,
                        spoken=names.fields[table.name, column.name].spoken,
                    )
                    for column in table.columns.values()
                ),
                comment=table.about,
            )
        )
    cycles = tuple(
        Lifecycle(
            entity=entities[cycle.table],
            field=fields[cycle.table, cycle.column],
            initial=tuple(cycle.initial),
            moves={state: tuple(there) for state, there in cycle.moves.items()},
            evidence=_SAID,
        )
        for cycle in plan.cycles
    )
    schema = Schema(entities=tuple(made), relations=tuple(relations), lifecycles=cycles)
    return infer(schema, {}), Key(plan=plan, entities=entities, fields=fields, relations=relations)


def _field(column: Column, name: str, label: str, *, spoken: bool) -> Field:
    return Field(
        name=name,
        source="" if name == column.name else column.name,
        label=label,
        spoken=spoken,
        type=column.kind,
        scale=_SCALE if column.kind == "decimal" else 0,
        unit=column.unit,
        nullable=column.nullable,
        unique=column.unique,
        values=tuple(column.values) if column.kind == "enum" else None,
    )
