"""Dress: what a fault does to the looks of a result: names, formats and notes of its rows.

In comes the data of a result, as the domain's tool gave it or as a view made it; out goes what is
shown. The data itself is never changed. Next: `past`.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from agentgym.episode.faults.words import AS_OF, NOTE
from agentgym.formats import Json, Record
from agentgym.schema import Entity, Field

__all__ = ["Dress", "formats_of", "other_name", "told"]


class Dress(Record, kw_only=True):
    """What is done to the rows of one result before it is shown."""

    note: str = ""
    """What the result says about itself."""
    as_of: str = ""
    """The moment of its rows, where that is not now."""
    field: str = ""
    """The field that is renamed."""
    name: str = ""
    """Its other name."""
    formatted: Field | None = None
    """The field that is given in another format."""

    def on(self, data: Json) -> Json:
        """Return the data as it is shown."""
        if not isinstance(data, dict):
            return data
        if self.name or self.formatted is not None:
            items = data.get("items")
            if isinstance(items, list):
                data = data | {"items": [self._row(row) for row in items]}
            else:
                data = self._row(data)
        if self.note:
            data = data | {_free(NOTE, data): self.note}
        if self.as_of:
            data = data | {_free(AS_OF, data): self.as_of}
        return data

    def _row(self, row: Json) -> Json:
        if not isinstance(row, dict):
            return row
        field = self.formatted
        if field is not None and row.get(field.name) is not None:
            row = row | {field.name: _FORMATS[field.type](row[field.name])}
        if self.name and self.field in row and self.name not in row:
            row = {self.name if key == self.field else key: value for key, value in row.items()}
        return row


def _free(name: str, data: dict[str, Json]) -> str:
    """Return a key that the data has not."""
    while name in data:
        name += "_"
    return name


def other_name(entity: Entity, field: str, luck: int) -> str:
    """Return another name of a field, by which it can still be told from all others; or nothing.

    Args:
        entity: Whose field it is.
        field: Its name.
        luck: Chooses among the names that will do.
    """
    words = field.split("_")
    camel = words[0] + "".join(word.capitalize() for word in words[1:])
    own = [one.name for one in entity.fields]
    found = [
        name
        for name in (camel, f"{entity.name}_{field}", f"{field}_value", f"current_{field}")
        if name not in own
        and not any(_alike(name, field, other) for other in own if other != field)
    ]
    return found[luck % len(found)] if found else ""


def _alike(name: str, field: str, other: str) -> bool:
    """Tell whether another name of a field could as well be meant for another field."""
    plain, theirs = _plain(name), _plain(other)
    return plain == theirs or (theirs in plain and theirs not in _plain(field))


def _plain(name: str) -> str:
    return name.replace("_", "").casefold()


def formats_of(entity: Entity) -> tuple[Field, ...]:
    """Return the fields of an entity that can be given in another format."""
    return tuple(
        field
        for field in entity.fields
        if field.name not in entity.key
        and field.role != "secret"
        and ((field.type == "decimal" and field.scale == 2) or field.type in ("date", "datetime"))
    )


def told(field: Field) -> str:
    """Return the note that tells in which format a field is given."""
    if field.type == "decimal":
        return f"{field.name} is given in hundredths here: 1250 means 12.50."
    return f"{field.name} is given as day/month/year here."


def _hundredths(value: Json) -> Json:
    return int(Decimal(str(value)).scaleb(2))


def _day_first(value: Json) -> Json:
    if not isinstance(value, str) or len(value) < 10:
        return value
    year, month, day = value[:10].split("-")
    return f"{day}/{month}/{year}{value[10:].replace('T', ' ').replace('Z', ' UTC')}"


_FORMATS: dict[str, Callable[[Json], Json]] = {
    "decimal": _hundredths,
    "date": _day_first,
    "datetime": _day_first,
}
