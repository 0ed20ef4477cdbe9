"""Terms that read rows.

Next: `writes`.
"""

from __future__ import annotations

from agentgym.formats import Record
from agentgym.tools.algebra.pieces import Argument, Filter, Function, Order

__all__ = ["Aggregate", "Find", "Get", "Identify", "ListRelated", "Path", "Search"]


class Get(Record, kw_only=True, tag="get"):
    """The one row of that key. Gives the row; `not_found` otherwise."""

    entity: str
    key: tuple[Argument, ...]


class Find(Record, kw_only=True, tag="find"):
    """The one row with those values of a natural key or label, whatever their case.

    Gives the row; `not_found` when there is none, `ambiguous` when there are several.
    """

    entity: str
    by: tuple[Argument, ...]


class Search(Record, kw_only=True, tag="search"):
    """The rows that pass all filters, sorted, one page at a time.

    Parameters besides the filters: `sort_by` (one of `sorts`), `descending`, `page`.
    Gives `{"items": [row..], "total": n, "page": p, "pages": m}`.
    """

    entity: str
    filters: tuple[Filter, ...]
    sorts: tuple[str, ...] = ()
    order: Order | None = None
    page_size: int = 20


class ListRelated(Record, kw_only=True, tag="list_related"):
    """The rows that refer to one row (or are linked to it), as `Search` gives them.

    With `through`, a link entity stands between: `relation` leads from the link to
    the one row, `through` from the link to the rows that are listed.
    """

    relation: str
    through: str | None = None
    key: tuple[Argument, ...]
    """The key of the one row."""
    filters: tuple[Filter, ...] = ()
    sorts: tuple[str, ...] = ()
    order: Order | None = None
    page_size: int = 20


class Aggregate(Record, kw_only=True, tag="aggregate"):
    """One number (or first and last value) over the rows that pass all filters.

    Parameters besides the filters: `function` (one of `functions`; not declared where there
    is only one) and, where there are `fields`, `field` (required for all but `count`; `count`
    with a field counts its values that are not empty). `avg` is rounded half up to two digits
    more than the field has (4 for floats). Gives `{"value": v, "rows": n}`; v is None over no
    rows (0 for count).
    """

    entity: str
    functions: tuple[Function, ...]
    fields: tuple[str, ...]
    filters: tuple[Filter, ...]


class Path(Record, kw_only=True, tag="path"):
    """How two rows are connected: the fewest steps over references, in either direction.

    Parameters: `from_entity`, `from_key`, `to_entity`, `to_key`, `max_steps` (1 to `most`, by
    default `most`). Gives `{"steps": [{"relation": r, "entity": e, "key": k}..], "length": n}`,
    a step naming the row that it leads to; of several ways the first in the order of relations,
    forward before backward, and keys. `not_found` where a row is not there, or no way is short
    enough. Keys alone are shown: what else a row says is read with the tools of its entity.
    """

    entities: tuple[str, ...]
    """Between rows of these; each has one key field, all texts or all integers."""
    relations: tuple[str, ...]
    """References between them that are followed."""
    joints: tuple[tuple[str, str], ...] = ()
    """Two relations that leave one entity: each row of it joins what they lead to in one step."""
    most: int = 6


class Identify(Record, kw_only=True, tag="identify"):
    """The user identified as one row of an entity, by what only that person would know.

    Gives `{"identified": {key}}`; `not_found` where no row has all the values (texts compare
    whatever their case), `ambiguous` where several have. The conversation goes on as with that
    person; a failing call leaves it as it was.
    """

    entity: str
    by: tuple[Argument, ...]
    """At least two fields, or one that is unique; all required."""
