"""Pieces of terms: parameters, filters, orders, lists of rows, and ends of a transfer.

Next: `reads`.
"""

from __future__ import annotations

from typing import Literal

from agentgym.formats import Record

__all__ = ["Argument", "Filter", "Function", "Nested", "Op", "Order", "Side"]

Op = Literal["eq", "contains", "lt", "le", "gt", "ge"]
Function = Literal["count", "sum", "avg", "min", "max"]


class Argument(Record, kw_only=True):
    """A parameter whose value is a value of a field."""

    param: str
    field: str
    description: str
    required: bool = False


class Filter(Record, kw_only=True):
    """An optional parameter that keeps the rows whose field compares with its value.

    `contains` matches part of a text whatever its case; `eq` on texts ignores case too.
    """

    param: str
    field: str
    op: Op
    description: str


class Order(Record, kw_only=True):
    """How a list is sorted when the caller does not say."""

    field: str
    descending: bool = False


class Nested(Record, kw_only=True):
    """A parameter that holds a list of rows which will refer to the row that is made.

    Each item is an object with the arguments of `values`.
    """

    param: str
    relation: str
    """From the rows of the list to the new row; its fields are filled in."""
    values: tuple[Argument, ...]
    description: str
    least: int = 1
    most: int = 20


class Side(Record, kw_only=True):
    """One end of a transfer: a row and the number that falls or rises.

    A key field that both ends take under one parameter (the product of which stock is moved) is
    the same for both.
    """

    entity: str
    key: tuple[Argument, ...]
    field: str
