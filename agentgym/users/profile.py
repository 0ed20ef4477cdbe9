"""How a user behaves, apart from what they know: register, patience, habits.

In comes a profile in any form; out goes the record. Next: `sample`, `agenda`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, Literal, get_args

import msgspec

from agentgym.errors import UsageError, nearest
from agentgym.formats import Json, Record

__all__ = ["PLAIN", "PRESETS", "Behaviour", "Profile", "UserOptions"]

Behaviour = Literal[
    "vague_first",
    "partial",
    "truncated",
    "tangential",
    "impatient",
    "unavailable",
    "contradicting",
    "eager",
    "wary",
]
"""A habit: what it is about is said at first, and the value when asked again; one fact at a time;
a message breaks off and the rest comes with the next; asides; complaints, louder and louder, and
every wasted message counts twice; a request that no desk can serve; a value that is wrong, said
with doubt and put right in the next reply; the next fact told unasked; reasons wanted for what is
personal."""

Register = Literal["plain", "polite", "casual", "curt"]
Confirm = Literal["ready", "careful", "reluctant"]
Verbosity = Literal["short", "long"]

BEHAVIOURS: Final[tuple[Behaviour, ...]] = get_args(Behaviour)
_WORDS: Final[dict[str, tuple[str, ...]]] = {
    "register": get_args(Register),
    "confirm": get_args(Confirm),
    "verbosity": get_args(Verbosity),
}
_NAME = re.compile(r"[A-Za-z][\w-]{0,39}")
_MOST = 10_000


class Profile(Record, kw_only=True):
    """How a user behaves. Two users of one task know and want the same, whatever their profiles.

    Raises:
        UsageError: A value is out of its range; says which would do.
    """

    name: str = "plain"
    behaviours: tuple[Behaviour, ...] = ()
    """Habits; their order does not matter."""
    patience: int | None = 12
    """Wasted messages after which the user leaves; None: never. Wasted is a message that asks for
    nothing which is still to be told, agreed to or done, and says of no work that it goes on; one
    that insults, or cannot be read. A message that is of use gives one of them back; an insult
    costs two."""
    mood: float = 1.0
    """How content they are at first, 0.0 to 1.0; it falls as patience is spent."""
    register: Register = "plain"
    """In what words they speak. `plain`: always the same ones, and few."""
    verbosity: Verbosity = "short"
    """Whether they say more than they need to."""
    confirm: Confirm = "ready"
    """How they say yes to going on: at once; only to somebody who says what they will do, or asks
    again; only when asked twice. Never to what contradicts what they said."""
    disclosure: int | None = None
    """New facts in one reply; None: as many as are asked for."""
    model: str = ""
    """Name of the language model that puts the words, and nothing but the words; empty: nobody
    (see `users.chat`)."""
    url: str = ""
    """Where it is reached, up to `/v1`; empty: `$OPENAI_BASE_URL`. It is no part of `text`: what a
    model said is replayed from its cache wherever it was served."""
    candidates: int = 3
    """Wordings that the model is asked for before the user's own stand, 1 to 16."""

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not _NAME.fullmatch(self.name):
            raise _wrong("name", "a word of letters, digits, _ and -", self.name)
        for option, words in _WORDS.items():
            found = getattr(self, option)
            if found not in words:
                raise _wrong(option, "one of " + ", ".join(words), found, words)
        if not isinstance(self.behaviours, tuple):
            raise _wrong("behaviours", "names of behaviours", self.behaviours)
        for one in self.behaviours:
            if one not in BEHAVIOURS:
                raise _wrong("behaviours", "a behaviour", one, BEHAVIOURS)
        if len(set(self.behaviours)) < len(self.behaviours):
            raise _wrong("behaviours", "each behaviour once", "+".join(self.behaviours))
        for option in ("patience", "disclosure"):
            count = getattr(self, option)
            if count is not None and (type(count) is not int or not 1 <= count <= _MOST):
                raise _wrong(option, f"a whole number from 1 to {_MOST}, or none", count)
        for option in ("model", "url"):
            if not isinstance(getattr(self, option), str):
                raise _wrong(option, "a text", getattr(self, option))
        if self.url and not self.model:
            raise _wrong("model", "the name of the model at the url", "nothing")
        if type(self.candidates) is not int or not 1 <= self.candidates <= 16:
            raise _wrong("candidates", "a whole number from 1 to 16", self.candidates)
        if type(self.mood) not in (int, float) or not 0 <= self.mood <= 1:
            raise _wrong("mood", "a number from 0 to 1", self.mood)

    @classmethod
    def of(cls, given: UserOptions) -> Profile:
        """Read a profile.

        Args:
            given: A profile; the name of one (see `PRESETS`); a text like `patience=4,vague_first`
                or `hurried,patience=3`; a mapping of options, in which `name` may be that of one to
                start from; None for the plain one.

        Raises:
            UsageError: There is no such profile or option.
        """
        if isinstance(given, Profile):
            return given
        if given is None:
            return PLAIN
        if isinstance(given, str):
            return _read(given)
        if isinstance(given, Mapping):
            return _made(dict(given))
        raise UsageError("a profile of a user", found=type(given).__name__, where="user")

    def text(self) -> str:
        """Write it as a text that `of` reads; empty for the plain one."""
        if self == PLAIN:
            return ""
        base = PRESETS.get(self.name, PLAIN)
        parts = [] if self.name == "plain" else [self.name if base.name == self.name else ""]
        if parts == [""]:
            parts = [f"name={self.name}"]
        for option in self.__struct_fields__[1:]:
            found = getattr(self, option)
            if option != "url" and found != getattr(base, option):
                parts.append(f"{option}={_written(found)}")
        return ",".join(parts)


UserOptions = Profile | Mapping[str, Json] | str | None
"""How the user behaves, in any form that `Profile.of` takes."""

PLAIN: Final = Profile()
"""Who answers what is asked, at once and in full."""

PRESETS: Final[Mapping[str, Profile]] = {
    one.name: one
    for one in (
        PLAIN,
        Profile(name="terse", register="curt", disclosure=1),
        Profile(
            name="chatty",
            register="casual",
            verbosity="long",
            behaviours=("tangential", "eager"),
            patience=15,
        ),
        Profile(name="courteous", register="polite", verbosity="long", patience=20),
        Profile(
            name="hurried", register="curt", behaviours=("impatient", "eager"), patience=8, mood=0.7
        ),
        Profile(name="vague", register="casual", behaviours=("vague_first", "partial")),
        Profile(
            name="scattered",
            register="casual",
            behaviours=("truncated", "tangential", "contradicting", "unavailable"),
        ),
        Profile(
            name="guarded",
            register="polite",
            behaviours=("wary", "partial"),
            confirm="careful",
            mood=0.8,
        ),
        Profile(name="demanding", register="polite", behaviours=("unavailable", "impatient")),
        Profile(
            name="difficult",
            register="curt",
            behaviours=(
                "vague_first",
                "partial",
                "truncated",
                "contradicting",
                "impatient",
                "unavailable",
            ),
            confirm="reluctant",
            patience=6,
            mood=0.5,
        ),
    )
}
"""Profiles by name."""


def _read(text: str) -> Profile:
    """Read `preset,behaviour,option=value,...`."""
    given: dict[str, Any] = {}
    habits: list[str] = []
    for place, part in enumerate(one.strip() for one in text.split(",")):
        name, sign, value = (piece.strip() for piece in part.partition("="))
        if not name:
            if text.strip():
                raise UsageError("a name or name=value", found=repr(text), where="user")
            continue
        if not sign and name in BEHAVIOURS:
            habits.append(name)
        elif not sign and place == 0 and name in PRESETS:
            given["name"] = name
        elif not sign:
            legal = (*PRESETS, *BEHAVIOURS) if place == 0 else BEHAVIOURS
            what = "a profile or a behaviour" if place == 0 else "a behaviour or option=value"
            raise UsageError(what, found=repr(name), where="user", hint=nearest(name, legal))
        elif name in given:
            raise UsageError("each option once", found=repr(text), where="user")
        else:
            given[name] = _value(name, value)
    if habits:
        base = PRESETS.get(given.get("name", ""), PLAIN)
        named = given.get("behaviours", base.behaviours)
        given["behaviours"] = (*named, *(one for one in habits if one not in named))
        if len(set(habits)) < len(habits):
            raise UsageError("each behaviour once", found=repr(text), where="user")
    return _made(given)


def _value(option: str, text: str) -> Any:
    """Read the value of one option from its text."""
    if option == "behaviours":
        return tuple(one for one in text.split("+") if one)
    if option in ("patience", "disclosure", "candidates"):
        if text == "none" and option != "candidates":
            return None
        try:
            return int(text)
        except ValueError:
            raise _wrong(option, f"a whole number from 1 to {_MOST}, or none", text) from None
    if option == "mood":
        try:
            return float(text)
        except ValueError:
            raise _wrong(option, "a number from 0 to 1", text) from None
    return text


def _made(given: dict[str, Any]) -> Profile:
    """Make a profile of options, over the preset that they name."""
    for option in given:
        if option not in Profile.__struct_fields__:
            raise UsageError(
                "an option of a user",
                found=repr(option),
                where="user",
                hint=nearest(str(option), Profile.__struct_fields__),
            )
    habits = given.get("behaviours")
    if isinstance(habits, (list, set, frozenset)):
        given["behaviours"] = tuple(sorted(habits) if not isinstance(habits, list) else habits)
    elif isinstance(habits, str):
        given["behaviours"] = _value("behaviours", habits)
    if isinstance(given.get("mood"), Decimal):  # files hold numbers exactly
        given["mood"] = float(given["mood"])
    name = given.get("name", PLAIN.name)
    base = PRESETS.get(name, PLAIN) if isinstance(name, str) else PLAIN
    return msgspec.structs.replace(base, **given)


def _written(value: object) -> str:
    if isinstance(value, tuple):
        return "+".join(value)
    return "none" if value is None else str(value)


def _wrong(option: str, expected: str, found: object, legal: tuple[str, ...] = ()) -> UsageError:
    hint = nearest(found, legal) if isinstance(found, str) and legal else ""
    return UsageError(expected, found=repr(found), where=f"user {option}", hint=hint)
