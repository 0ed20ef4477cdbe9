"""From finished sheets to a `Schema` and rows under its names. Next: `assemble`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from itertools import chain

from agentgym.schema import Check, Entity, Field, Relation, Schema
from agentgym.schema.names import (
    Christening,
    Name,
    Reference,
    RelationName,
    christen,
    relation_words,
)
from agentgym.schema.types import Row
from agentgym.sources.invariants import declare_invariants
from agentgym.sources.meaning import UnreadableError
from agentgym.sources.sheets import Sheet
from agentgym.sources.tables import RawReference

__all__ = ["name_all", "shape"]


def name_all(sheets: Mapping[str, Sheet]) -> Christening:
    """Name tables and columns; keys of our own are called after their entity."""
    found = christen(
        {name: [column.name for column in sheet.columns] for name, sheet in sheets.items()},
        targets={
            (name, reference.columns[0]): reference.target
            for name, sheet in sheets.items()
            for reference in sheet.references
            if len(reference.columns) == 1
        },
    )
    fields = dict(found.fields)
    for name, sheet in sheets.items():
        if sheet.key_source == "row_number":
            entity, taken = found.entities[name], {fields[name, c.name].name for c in sheet.columns}
            own = fields[name, sheet.key[0]]
            called = f"{entity.name}_id"
            fields[name, sheet.key[0]] = Name(
                name=own.name if called in taken else called,
                label=f"{entity.label} number",
                plural=f"{entity.label} numbers",
                spoken=entity.spoken,
            )
    return Christening(entities=found.entities, fields=fields)


def shape(
    sheets: Mapping[str, Sheet], skipped: Counter[str]
) -> tuple[Schema, dict[str, tuple[Row, ...]]]:
    """Return the schema and the rows, in the names of the schema.

    Args:
        sheets: Finished.
        skipped: Gets the counts of what the source declares and a schema cannot hold.
    """
    names = name_all(sheets)
    references = [
        Reference(
            child=sheet.name,
            columns=ref.columns,
            target=ref.target,
            target_columns=ref.target_columns or tuple(sheets[ref.target].key),
        )
        for sheet in sheets.values()
        for ref in sheet.references
    ]
    words = iter(relation_words(names, references))
    schema = Schema(
        entities=tuple(_entity(sheet, names) for sheet in sheets.values()),
        relations=tuple(
            _relation(sheet, reference, names, next(words))
            for sheet in sheets.values()
            for reference in sheet.references
        ),
        checks=tuple(chain.from_iterable(_checks(sheet, names) for sheet in sheets.values())),
    )
    rows = {
        names.entities[name].name: tuple(sheet.tuples([c.name for c in sheet.columns]))
        for name, sheet in sheets.items()
        if sheet.size
    }
    return declare_invariants(schema, rows, sheets, names, skipped)


def _entity(sheet: Sheet, names: Christening) -> Entity:
    name = names.entities[sheet.name]
    called = {column.name: names.fields[sheet.name, column.name].name for column in sheet.columns}
    alone = {unique[0] for unique in sheet.uniques if len(unique) == 1}
    together = [unique for unique in sheet.uniques if len(unique) > 1]
    return Entity(
        name=name.name,
        source="" if name.name == sheet.name else sheet.name,
        label=name.label,
        plural=name.plural,
        spoken=name.spoken,
        kind="link" if sheet.link else "record",
        key=tuple(called[c] for c in sheet.key),
        key_source=sheet.key_source,
        fields=tuple(
            _field(
                sheet,
                column.name,
                names,
                unique=column.name in alone or sheet.key == (column.name,),
            )
            for column in sheet.columns
        ),
        uniques=tuple(tuple(called[c] for c in unique) for unique in together),
        evidence=tuple(sheet.evidence),
        comment=sheet.comment,
    )


def _field(sheet: Sheet, source: str, names: Christening, *, unique: bool) -> Field:
    column, meaning = sheet.column(source), sheet.meanings[source]
    name = names.fields[sheet.name, source]
    ours = sheet.key_source == "row_number" and sheet.key == (source,)
    try:
        default = None if column.generated else meaning.wire(column.default)
    except UnreadableError:
        default = None
    return Field(
        name=name.name,
        source="" if ours or name.name == source else source,
        label=name.label,
        spoken=name.spoken,
        type=meaning.kind,
        scale=meaning.scale if meaning.kind == "decimal" else 0,
        nullable=column.nullable,
        unique=unique,
        values=meaning.values,
        max_length=meaning.max_length if meaning.kind == "text" else None,
        default=default,
        generated=column.generated,
        evidence=meaning.evidence,
        comment=column.comment,
    )


def _relation(
    sheet: Sheet, reference: RawReference, names: Christening, words: RelationName
) -> Relation:
    uniques = [set(unique) for unique in (sheet.key, *sheet.uniques)]
    return Relation(
        name=words.name,
        entity=names.entities[sheet.name].name,
        fields=tuple(names.fields[sheet.name, c].name for c in reference.columns),
        target=names.entities[reference.target].name,
        target_fields=tuple(
            names.fields[reference.target, c].name for c in reference.target_columns
        ),
        label=words.label,
        inverse=words.inverse,
        one_to_one=any(unique <= set(reference.columns) for unique in uniques),
        inferred=reference.inferred,
        evidence=reference.evidence,
    )


def _checks(sheet: Sheet, names: Christening) -> list[Check]:
    entity = names.entities[sheet.name].name
    found: list[Check] = []
    for check in sheet.checks:
        field = names.fields[sheet.name, check.column].name
        meaning = sheet.meanings[check.column]
        if check.op == "in" and meaning.kind in ("enum", "boolean"):
            continue
        other = None if check.other is None else names.fields[sheet.name, check.other].name
        found.append(
            Check(
                id=f"{entity}_{field}_{check.op}_{len(found) + 1}",
                entity=entity,
                field=field,
                op=check.op,
                value=check.value,
                other=other,
                evidence=("declared",),
            )
        )
    return found
