"""What the composer reads: patterns (structure in general words) and industries (their clothes).

Patterns stand in `schemas/patterns`, industries in `schemas/industries`, one TOML file each.
A pattern speaks of *slots* (`client`, `order`): entities in general words, each at home in one
pattern. An industry gives each of its slots the nouns, attributes, states and values of the
trade. Next: `blueprint`, which draws a structure from patterns.
"""

from __future__ import annotations

from typing import Literal

from agentgym.formats import Json, Record
from agentgym.rules import Effect, Rule
from agentgym.schema import Role, ValueType
from agentgym.schema.invariants import Derived, Exclusive

__all__ = [
    "Clothes",
    "Extension",
    "FieldSpec",
    "Flow",
    "Fragment",
    "Industry",
    "Option",
    "Pattern",
    "Reference",
    "Slot",
]


class FieldSpec(Record, kw_only=True):
    """One field of a slot, or an attribute that a trade adds."""

    name: str
    """snake_case; what people say is the name with spaces, unless `label` says otherwise."""
    label: str = ""
    type: ValueType = "text"
    role: Role = "other"
    scale: int = 2
    """Digits after the point, of a decimal."""
    unit: str | None = None
    """`currency` stands for the currency of the industry."""
    optional: bool = False
    unique: bool = False
    values: tuple[str, ...] = ()
    """Legal values of an enum; `@order` stands for the states of that slot."""
    default: Json = None
    least: Json = None
    """Smallest and largest value in made rows; no rule of the domain."""
    most: Json = None
    step: Json = None
    after: str = ""
    """Of a time, another one of the slot that it follows in made rows: by `least` to `most` days,
    a datetime by as many hours. Or one of a row that it refers to, `event.starts_at`: by days,
    below 0 what comes before it."""
    only: tuple[str, ...] = ()
    """States of the slot in which it has a value in made rows; `@done` for those of a mark."""
    within: str = ""
    """A number of a row that it refers to, which it does not pass in made rows: `trip.seats`."""
    repeats: str = ""
    """What it repeats in made rows: `item.price`, the labels of references up and a field there."""
    examples: tuple[Json, ...] = ()
    """Values for made rows, common ones first."""
    comment: str = ""


class Reference(Record, kw_only=True):
    """A field that refers to a row of another slot."""

    to: str
    label: str = ""
    """What the target is to this row, a noun (`sender`), where its own does not say it."""
    inverse: str = ""
    """What these rows are to the target, plural, where their noun does not say it."""
    optional: bool = False
    one_to_one: bool = False
    in_key: bool = False
    """Part of the key: of a link between two slots, both references are."""


class Flow(Record, kw_only=True):
    """One way in which the status of a slot may move."""

    name: str
    chains: tuple[str, ...]
    """`placed > paid > delivered`: each state may move to the next one of its chain. The first
    state of the first chain is the one in which a row begins."""
    initial: tuple[str, ...] = ()
    """Other states to begin in, where there are several."""
    marks: dict[str, tuple[str, ...]] = {}
    """States by what they mean to rules: `live` (in force), `done`, `void`, and others that the
    pattern names."""


class Slot(Record, kw_only=True):
    """One entity in general words."""

    slot: str
    kind: Literal["record", "link", "lookup", "log"] = "record"
    key: Literal["number", "code", "either", "references"] = "either"
    """A counter, a text such as `ORD-0042`, one of the two as drawn, or the references in key."""
    writable: bool = True
    many: float = 1.0
    """Rows, as a factor of what is usual for its place in the schema."""
    fields: tuple[FieldSpec, ...] = ()
    refs: tuple[Reference, ...] = ()
    flows: tuple[Flow, ...] = ()
    """Alternatives, one is drawn; the field is `status`."""
    uniques: tuple[tuple[str, ...], ...] = ()
    """Sets of fields (and labels of references) that are unique together."""


class Extension(Record, kw_only=True):
    """Fields, references and flows that a fragment adds to a slot of another one."""

    slot: str
    fields: tuple[FieldSpec, ...] = ()
    refs: tuple[Reference, ...] = ()
    flows: tuple[Flow, ...] = ()
    """Of a slot that has none at home: with the fragment it gets a `status`."""


class Fragment(Record, kw_only=True):
    """A piece of structure: slots and what holds between them.

    In `derived`, `exclusives`, `effects` and `rules` entities are slots, fields have the names
    of the fragment, a relation is `slot.label` (label of the reference, or the slot it leads to),
    `@mark` stands for the states of a mark, and `{slot}` in an id for the noun of the slot.
    Where a field is named, `key` is the key of the row, and the label of a reference the field
    that refers: `same = ["resource"]`, `values = {order = {field = "key"}}`.
    What speaks of a slot, reference, field or mark that the drawn structure lacks is left out.
    """

    needs: tuple[str, ...] = ()
    """Slots of other patterns without which it cannot be."""
    slots: tuple[Slot, ...] = ()
    extends: tuple[Extension, ...] = ()
    derived: tuple[Derived, ...] = ()
    exclusives: tuple[Exclusive, ...] = ()
    effects: tuple[Effect, ...] = ()
    rules: tuple[Rule, ...] = ()
    """Checks are rules of kind `invariant`."""


class Option(Fragment, kw_only=True):
    """A piece that a pattern may have or not."""

    name: str
    chance: float = 0.5
    without: tuple[str, ...] = ()
    """Options of the pattern that exclude this one."""


class Pattern(Fragment, kw_only=True):
    """A relational pattern: what it always has, and its options."""

    name: str
    about: str
    """One sentence."""
    options: tuple[Option, ...] = ()


class Clothes(Record, kw_only=True):
    """What a trade calls a slot, and what it knows about it."""

    noun: str
    """Singular, lower case: `pet owner`."""
    plural: str = ""
    code: str = ""
    """Two to four capitals that its codes begin with."""
    about: str = ""
    """What it is to this trade, a short sentence where the noun does not say it."""
    naming: Literal["", "person", "company", "list"] = ""
    """What its `name` is: of a person, of a firm, or one of `rows` or `values`."""
    names: dict[str, str] = {}
    """Field, or label of a reference, of the pattern to what the trade calls it, in words."""
    states: dict[str, str] = {}
    """State of the pattern's flows to the word of the trade."""
    flows: tuple[Flow, ...] = ()
    """The trade's own ways instead of the pattern's; with the same marks."""
    fields: tuple[FieldSpec, ...] = ()
    """Attributes that only this trade has."""
    values: dict[str, tuple[Json, ...]] = {}
    """Field to values for made rows, common ones first; of an enum, its legal values."""
    ranges: dict[str, tuple[Json, Json]] = {}
    """Field to the smallest and largest value in made rows."""
    rows: tuple[dict[str, Json], ...] = ()
    """Rows as the trade has them, as far as said: field to value; label of a reference to the
    name of the row it leads to."""


class Industry(Record, kw_only=True):
    """A trade: which patterns occur in it, and what it calls their slots."""

    name: str
    title: str
    """`Veterinary clinic`."""
    desk: str
    """Where the agent works: `the front desk of a veterinary clinic`."""
    sector: str
    """`health`, `retail`, `public services` ..."""
    firms: tuple[str, ...]
    """Names for businesses of the trade: `Larkfield Veterinary Clinic`."""
    currency: str = "EUR"
    patterns: tuple[str, ...]
    """Those whose slots are all clothed; what they need comes with them."""
    without: tuple[str, ...] = ()
    """Options that make no sense in the trade: `asset.owner`, as pattern and option."""
    slots: dict[str, Clothes]
    """Slot to its clothes; an option of a pattern is drawn only where its slots are clothed."""
