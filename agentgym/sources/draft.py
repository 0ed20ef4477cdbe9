"""What every source yields: a `Draft`, before it is a domain."""

from __future__ import annotations

from agentgym.formats import Json, Record
from agentgym.rules import Effect, Rule
from agentgym.schema import Schema
from agentgym.schema.types import Rows
from agentgym.tools.algebra import Tool

__all__ = ["Draft", "Values"]


class Values(Record, kw_only=True):
    """What a field holds in rows that are made: a list to choose from, or a range of numbers."""

    entity: str
    field: str
    values: tuple[Json, ...] = ()
    """Wire values, common ones first; a unique field takes each once before it varies them. One
    that is given several times is as much more frequent."""
    least: Json = None
    """Smallest wire value of a number; the range counts only where both ends are given."""
    most: Json = None
    step: Json = None
    """Numbers are multiples of it."""
    after: str = ""
    """Another time of the row, which it follows by `least` to `most` days (a datetime: hours)."""
    along: tuple[str, ...] = ()
    """Relations up from the row to the one whose time `after` is: then `least` and `most` are days
    whatever the type, and below 0 what comes before that time. `starts_at` of the event of a
    ticket, -40 to 0."""
    late: tuple[Json, ...] = ()
    """Those of `values` that hardly any but the latest rows have: what is not over yet."""
    ahead: tuple[Json, ...] = ()
    """Those of `late` in which what is planned has not begun."""
    only: tuple[Json, ...] = ()
    """States of the row in which the field has a value; in all others it is empty. The field may
    be empty, and the row has one status."""
    within: tuple[str, ...] = ()
    """Relations up from the row, and last a number of the row that they lead to, which this one
    does not pass: a trip sells no more seats than its bus has."""
    repeats: tuple[str, ...] = ()
    """Relations up from the row, and last a field of the row that they lead to: its value is
    repeated, where there is one. A line's price is that of its product."""


class Draft(Record, kw_only=True):
    """A schema, rows if any, and what the source itself declares. Never reaches an episode.

    What the source declares is said in the names of `schema`.
    """

    kind: str
    """`sqlite`, `sql`, `graph`, `spider`, `database`, `openapi`, `tools`, `compose`, `text`, ..."""
    name: str
    """File name without its folder."""
    sha256: str
    dialect: str = ""
    schema: Schema
    authored: bool = False
    """The schema says itself what its fields mean and what holds: nothing is inferred."""
    rows: Rows = {}
    """Entity name to rows in stored form; an entity without rows in the source is absent."""
    size: int | None = None
    """About how many rows a principal entity gets, where they are made; None: as usual."""
    many: dict[str, float] = {}
    """Entity to a factor on how many rows are made for it."""
    values: tuple[Values, ...] = ()
    """What made rows hold."""
    partial: dict[str, tuple[dict[str, Json], ...]] = {}
    """Entity to its rows as far as they are known: field to wire value, name of a relation to
    the label (or code) of the row that it leads to. The rest is made; no further row is."""
    paths: bool = False
    """Whether a tool tells how two rows are connected, besides those that are derived."""
    tools: tuple[Tool, ...] = ()
    """Tools that the source declares, under its own names; without them they are derived."""
    rules: tuple[Rule, ...] = ()
    """Rules of the business, besides those that the schema implies; of level 1 and more."""
    effects: tuple[Effect, ...] = ()
    title: str = ""
    """A heading for people; from the name where empty."""
    description: str = ""
    """What the agent's job is here; made from the schema where empty."""
    tags: dict[str, str] = {}
    """What kind of domain it is: `industry`, `patterns`, `phase` (`general`, `vertical`)."""
    skipped: dict[str, int] = {}
    """What was left out, by kind (`trigger`, `row with a broken reference`), with counts."""
    options: dict[str, Json] = {}
    """What the source itself decided: `synthetic_labels` where the names are ours."""
    notes: tuple[str, ...] = ()
    """One sentence each for what a person should know, naming what was left out."""
