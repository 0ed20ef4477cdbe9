"""What a trade adds to a slot: its fields as they are there, and identifiers from its words.

`Clothes` come in, `FieldSpec`s go out. Next: `check`.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from agentgym.schema.names import snake
from agentgym.sources.compose.records import Clothes, FieldSpec

__all__ = ["identifier", "specs"]


def identifier(words: str) -> str:
    """Make an identifier of the words of a trade: `check_in_at` of `check in at`."""
    return snake(words.replace("-", " ").split())


def specs(fields: Iterable[FieldSpec], clothes: Clothes) -> dict[str, FieldSpec]:
    """Put the fields of a slot as the trade has them, by the name that the pattern gives.

    Values of an enum are the trade's where it has some; ranges and values of others become
    `least`, `most` and `examples`.
    """
    found: dict[str, FieldSpec] = {}
    for field in (*fields, *clothes.fields):
        values = clothes.values.get(field.name, ())
        least, most = clothes.ranges.get(field.name, (field.least, field.most))
        texts = tuple(value for value in values if isinstance(value, str))
        if field.type == "enum":
            field = msgspec.structs.replace(field, values=texts or field.values)  # noqa: PLW2901
        found.setdefault(
            field.name,
            msgspec.structs.replace(
                field,
                least=least,
                most=most,
                examples=(values or field.examples) if field.type != "enum" else field.examples,
            ),
        )
    return found
