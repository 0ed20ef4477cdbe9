"""Validation of arguments: what an agent sent, turned into stored values by parameter.

Built once a tool from its term, without a JSON-Schema validator on the way of a call.
What comes in is any value whatever; what goes out is a dict, or a refusal that names the
parameter. Next: `guards`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Never

from agentgym.errors import nearest
from agentgym.formats import Json
from agentgym.schema import Entity, Field, Schema
from agentgym.schema.types import Stored, parser
from agentgym.tools.algebra import Argument, Filter, Nested
from agentgym.world.refusals import clean, refuse, show

__all__ = [
    "Given",
    "Parameter",
    "Reader",
    "argument",
    "choice",
    "filtered",
    "flag",
    "keys",
    "nested",
    "page",
    "settable",
    "several",
    "steps",
    "words",
]

Given = dict[str, Stored]
"""Parameter to stored value, for the parameters that were sent."""

_LONGEST = 100_000
"""Most characters of one text: a bound on what a call can cost."""
_MOST = 50
"""Most texts in a list of them."""


class Parameter:
    """One parameter of a tool."""

    __slots__ = ("convert", "name", "nullable", "required")

    def __init__(
        self,
        name: str,
        convert: Callable[[Json], Stored],
        *,
        required: bool = False,
        nullable: bool = False,
    ) -> None:
        self.name = name
        self.convert = convert
        self.required = required
        self.nullable = nullable


def argument(one: Argument, field: Field, *, required: bool, nullable: bool = False) -> Parameter:
    """Make the parameter that stands for a value of a field."""
    convert = _short(parser(field)) if field.type == "json" else parser(field)
    return Parameter(one.param, convert, required=required, nullable=nullable)


def settable(values: Sequence[Argument], entity: Entity, *, optional: bool) -> list[Parameter]:
    """Make the parameters that set fields.

    Args:
        values: The fields.
        entity: Whose they are.
        optional: Whether all may be left out, as where a row is changed.
    """
    found = []
    for one in values:
        field, needed = entity.field(one.field), one.required and not optional
        found.append(argument(one, field, required=needed, nullable=field.nullable and not needed))
    return found


def nested(one: Nested, schema: Schema) -> Parameter:
    """Make the parameter that holds a list of rows; it gives a tuple of what each item gives."""
    entity = schema.entity(schema.relation(one.relation).entity)
    read = Reader(one.param, settable(one.values, entity, optional=False))
    span = f"{one.least} to {one.most}" if one.least else f"at most {one.most}"

    def items(value: Json) -> Any:
        if not isinstance(value, (list, tuple)) or not one.least <= len(value) <= one.most:
            raise ValueError(f"a list of {span} objects")
        return tuple([read(item, at=f"{one.param}[{place}]") for place, item in enumerate(value)])

    return Parameter(one.param, items, required=one.least > 0)


def _short(convert: Callable[[Json], Stored]) -> Callable[[Json], Stored]:
    """Bound what a value of many parts can cost, as texts are bounded."""

    def short(value: Json) -> Stored:
        found = convert(value)
        if isinstance(found, str) and len(found) > _LONGEST:
            raise ValueError(f"a JSON value of at most {_LONGEST} characters")
        return found

    return short


def filtered(one: Filter, field: Field) -> Parameter:
    """Make the parameter of a filter: any length of text, so that nothing matches it."""
    if one.op == "contains":
        return Parameter(one.param, words(field.name))
    free = Field(
        name=field.name, label=field.label, type=field.type, scale=field.scale, values=field.values
    )
    return Parameter(one.param, parser(free))


def words(name: str) -> Callable[[Json], Stored]:
    """Return the converter of a text of at least one character."""
    convert = parser(Field(name=name, label=name, type="text"))

    def text(value: Json) -> Stored:
        if value == "":
            raise ValueError("a text of at least one character")
        return convert(value)

    return text


def several(value: Json) -> Any:
    """Read a list of 1 to 50 texts; gives a list."""
    if not isinstance(value, (list, tuple)) or not 1 <= len(value) <= _MOST:
        raise ValueError(f"a list of 1 to {_MOST} texts")
    read = words("text")
    try:
        found = [read(one) for one in value]
    except ValueError as error:
        raise ValueError(f"a list of texts, of which each is {error}") from None
    if sum(len(str(one)) for one in found) > _LONGEST:
        raise ValueError(f"a list of texts of at most {_LONGEST} characters together")
    return found


def choice(options: Sequence[str]) -> Callable[[Json], Stored]:
    """Return the converter of one of a few words."""
    known = frozenset(options)

    def chosen(value: Json) -> Stored:
        if isinstance(value, str):
            if value in known:
                return value
            hint = nearest(value[:100], options)
            raise ValueError(
                "one of " + ", ".join(options) + (f" ({hint})" if "mean" in hint else "")
            )
        raise ValueError("one of " + ", ".join(options))

    return chosen


def flag(value: Json) -> Stored:
    """Read true or false."""
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return int(value)


_integer = parser(Field(name="page", label="page", type="integer"))


def page(value: Json) -> Stored:
    """Read the number of a page."""
    number = _integer(value)
    if not isinstance(number, int) or number < 1:
        raise ValueError("a page number from 1")
    return number


def steps(most: int) -> Callable[[Json], Stored]:
    """Return the converter of a number of steps, 1 to `most`."""

    def number(value: Json) -> Stored:
        found = _integer(value)
        if not isinstance(found, int) or not 1 <= found <= most:
            raise ValueError(f"a number from 1 to {most}")
        return found

    return number


class Reader:
    """Turns the arguments of one tool into stored values."""

    def __init__(self, tool: str, parameters: Iterable[Parameter]) -> None:
        self.tool = tool
        self.parameters = {one.name: one for one in parameters}
        self._required = tuple(one.name for one in self.parameters.values() if one.required)
        self._only = self._required[0] if len(self.parameters) == len(self._required) == 1 else None

    def __call__(self, arguments: object, at: str = "") -> Given:
        """Read the arguments.

        Args:
            arguments: What was sent.
            at: Where in the arguments of a call this object is, as `items[2]`.

        Raises:
            Refusal: They are not what the tool takes.
        """
        if not isinstance(arguments, dict):
            self._no_object(arguments, at)
        given: Given = {}
        known = self.parameters
        for name, value in arguments.items():
            if type(name) is not str or name not in known:
                self._unknown(name, at)
            one = known[name]
            if value is None:
                if not one.nullable:
                    self._wrong(one, value, _kind(one), at)
                given[name] = None
                continue
            if type(value) is str and len(value) > _LONGEST:
                refuse(
                    "limit_exceeded",
                    f"{_place(name, at)}: expected at most {_LONGEST} characters, "
                    f"found {len(value)}.",
                    parameter=self.tool if at else name,
                )
            try:
                given[name] = one.convert(value)
            except (ValueError, OverflowError, RecursionError, TypeError, ArithmeticError) as error:
                self._wrong(one, value, _expected(error), at)
        for name in self._required:
            if name not in given:
                self._missing(name, at)
        return given

    def _no_object(self, found: object, at: str) -> Never:
        what = (
            f"{at}: expected an object"
            if at
            else f"{self.tool}: expected the arguments as an object"
        )
        refuse(
            "bad_arguments", f"{what}, found {show(found)}.", parameter=self.tool if at else None
        )

    def _unknown(self, name: object, at: str) -> Never:
        found = show(name) if isinstance(name, str) else f"a name that is no text, {show(name)}"
        hint = nearest(str(name)[:100], self.parameters) if isinstance(name, str) else ""
        sent = clean(name) if isinstance(name, str) else None
        refuse(
            "bad_arguments",
            f"{at or self.tool} has no parameter {found}; "
            + (hint or ("it takes none." if not self.parameters else "check the name.")),
            parameter=self.tool if at else sent,
        )

    def _wrong(self, one: Parameter, value: Json, expected: str, at: str) -> Never:
        refuse(
            "bad_arguments",
            f"{_place(one.name, at)}: expected {expected}, found {show(value)}."
            + (
                " Leave it out when it is not needed." if value is None and not one.required else ""
            ),
            parameter=self.tool if at else one.name,
        )

    def _missing(self, name: str, at: str) -> Never:
        refuse(
            "bad_arguments",
            f"{at or self.tool} needs {name}: expected {_kind(self.parameters[name])}, "
            "found nothing.",
            parameter=self.tool if at else name,
        )


def _place(name: str, at: str) -> str:
    return f"{at}.{name}" if at else name


def _kind(one: Parameter) -> str:
    """Say what the parameter expects, by asking its converter about what nobody takes."""
    try:
        one.convert(_NOTHING)
    except ValueError as error:
        return _expected(error)
    except (TypeError, ArithmeticError):
        pass
    return "a value"


class _Nothing:
    """A value of no JSON type."""


_NOTHING = _Nothing()


def _expected(error: Exception) -> str:
    text = str(error)
    plain = isinstance(error, ValueError) and not isinstance(error, UnicodeError)
    return (
        text
        if plain and text.startswith(("a ", "an ", "one ", "true ", "bytes "))
        else ("a value within the limits")
    )


def keys(arguments: Sequence[Argument], entity: str, schema: Schema) -> list[Parameter]:
    """Make the required parameters of a key."""
    owner = schema.entity(entity)
    return [argument(one, owner.field(one.field), required=True) for one in arguments]
