"""How long things last: a time set some days or hours after another of its row.

The stock and what a source says of its fields come in; rows are changed in place. Next: `settle`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from random import Random

from agentgym.populate.limits import Limits
from agentgym.populate.parents import Stock
from agentgym.rng import stream
from agentgym.schema.types import Stored
from agentgym.sources import Values as Declared

__all__ = ["stretch"]


def stretch(
    stock: Stock, made: Collection[str], limits: Mapping[str, Limits], values: Sequence[Declared]
) -> None:
    """Set the times of which the source says how long after another one they are.

    Args:
        stock: All rows; those of entities that were made are changed.
        made: Entities whose rows were made here.
        limits: Of every entity that was made.
        values: What the source says of fields.

    Raises:
        SchemaError: The schema does not have the other time.
    """
    for one in values:
        if not one.after or one.entity not in made or one.least is None or one.most is None:
            continue
        field = stock.schema.entity(one.entity).field(one.field)
        rng = stream(stock.seed, "populate", "span", one.entity, one.field)
        stock.schema.entity(one.entity).field(one.after)
        days = field.type != "date" and float(one.most) >= 48
        for row in stock.rows[one.entity]:
            steps = _steps(one, rng, 24.0 if days else None)
            if row[one.field] is None or row[one.after] is None:
                continue
            value = _later(str(row[one.after]), steps, whole=field.type == "date")
            change = row | {one.field: value}
            if limits[one.entity].legal(one.field, value) and (
                limits[one.entity].broken(change) is None
            ):
                row[one.field] = value


def _steps(one: Declared, rng: Random, step: float | None) -> float:
    """Draw how long it is, the shorter more often; what lasts for days does so by whole days."""
    least, most = float(one.least), float(one.most)
    step = step or (float(one.step) if one.step is not None else 1.0)
    count = max(int((most - least) / step + 1e-9), 0)
    return least + step * min(int((count + 1) * rng.betavariate(1.4, 1.9)), count)


def _later(start: str, steps: float, *, whole: bool) -> Stored:
    """Return the time so many days, or for a datetime hours, later."""
    moment = dt.datetime.fromisoformat(start.rstrip("Z"))
    try:
        moment += dt.timedelta(days=steps) if whole else dt.timedelta(hours=steps)
    except OverflowError:
        return None
    return moment.strftime("%Y-%m-%d" if whole else "%Y-%m-%dT%H:%M:%SZ")
