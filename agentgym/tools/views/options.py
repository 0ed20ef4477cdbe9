"""The knobs of a view: how the tools of a domain are shown, never what is true.

A record, a mapping or a text such as `granularity=narrow,rename=0.5,docs=brief` comes in, a
checked `ViewOptions` goes out. Next: `surface`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal, get_args

import msgspec

from agentgym.errors import UsageError, nearest
from agentgym.formats import Json, Record

__all__ = ["AS_IS", "ViewOptions"]

Granularity = Literal["as_is", "narrow", "rich"]
Docs = Literal["brief", "examples", "full", "none"]
Detail = Literal["difference", "distilled", "full"]
Faces = Literal["full", "names"]

_WORDS: dict[str, tuple[str, ...]] = {
    "granularity": get_args(Granularity),
    "docs": get_args(Docs),
    "detail": get_args(Detail),
    "faces": get_args(Faces),
}
_THOUGHTS = ("think", "plan", "note", "recall")
_COUNTS = {"near_duplicates": (0, 200), "distractors": (0, 200), "page_size": (1, 1000)}
_SHARES = ("rename", "locked")
_OF_THOUGHTS = "some of " + ", ".join(_THOUGHTS)
_FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


class ViewOptions(Record, kw_only=True):
    """How an episode shows its tools.

    Every view leads to the same calls of the same tools, so that a task keeps its truth, its
    gold run and its verdict. How many calls it takes may change: narrow tools, small pages,
    locks and distilled lists cost more of them, so give such episodes more turns.

    What is drawn is drawn from (domain, `seed`), and never from a task's plan.

    Raises:
        UsageError: A value is out of its range; says which would do.
    """

    granularity: Granularity = "as_is"
    """`rich`: one tool reads an entity and one changes it, each with an action to choose.
    `narrow`: one tool for each field that is changed, filter of a search and state."""
    near_duplicates: int = 0
    """How many tools stand beside one that they resemble: the same under another name, or one
    that differs in what it counts, sorts or takes. Fewer where no more can be made."""
    distractors: int = 0
    """How many further tools of the domain are shown, of those that the task's choice left out."""
    rename: float = 0.0
    """Share of tools, and of parameters, that bear another name than in the domain. The
    parameters of lists (`page`, `sort_by`, ...) and the domain-free tools keep theirs."""
    locked: float = 0.0
    """Share of tools that refuse until their documentation was read with `show_tool_doc`."""
    absent: tuple[str, ...] = ()
    """Tools of the domain that are taken away; none that a task needs."""
    docs: Docs = "full"
    """`brief`: the first sentence, and no descriptions of parameters. `none`: names and types.
    `examples`: all of it, and an example call of each tool."""
    page_size: int | None = None
    """Rows on a page of every list; None for the tools' own."""
    detail: Detail = "full"
    """`distilled`: rows without what is empty or technical, lists with key, label and what was
    filtered or sorted by (as far as a tool shows the rest). `difference`: writes give what
    they changed, and a read that is repeated what has changed since."""
    manual: bool = False
    """Whether `list_tools`, `show_tool_doc`, `read_manual` and `search_manual` are there."""
    intrinsic: tuple[str, ...] = ()
    """Which tools there are that only think: of `think`, `plan`, `note` and `recall`. They take a
    turn and change nothing but what the agent itself can recall."""
    faces: Faces = "full"
    """`names`: the agent is told of those four, `ask_user` and `conclude`, and has to look up
    the rest, all of which can be called. Implies `manual`."""
    seed: int = 0
    """Of what is drawn: names, locks, duplicates, distractors."""

    def __post_init__(self) -> None:
        for name, words in _WORDS.items():
            found = getattr(self, name)
            if found not in words:
                raise _wrong(name, "one of " + ", ".join(words), found)
        for name, (least, most) in _COUNTS.items():
            found = getattr(self, name)
            if found is None and name == "page_size":
                continue
            if type(found) is not int or not least <= found <= most:
                raise _wrong(name, f"a whole number from {least} to {most}", found)
        for name in _SHARES:
            found = getattr(self, name)
            if type(found) not in (int, float) or not math.isfinite(found) or not 0 <= found <= 1:
                raise _wrong(name, "a share from 0 to 1", found)
        if type(self.manual) is not bool:
            raise _wrong("manual", "true or false", self.manual)
        if type(self.seed) is not int:
            raise _wrong("seed", "a whole number", self.seed)
        if not isinstance(self.absent, tuple) or not all(isinstance(n, str) for n in self.absent):
            raise _wrong("absent", "names of tools", self.absent)
        thoughts = self.intrinsic
        if not isinstance(thoughts, tuple) or not all(isinstance(n, str) for n in thoughts):
            raise _wrong("intrinsic", _OF_THOUGHTS, thoughts)
        if list(thoughts) != [name for name in _THOUGHTS if name in thoughts]:
            strange = [name for name in thoughts if name not in _THOUGHTS]
            raise _wrong("intrinsic", _OF_THOUGHTS, strange[0] if strange else thoughts)

    @property
    def documents(self) -> bool:
        """Whether the tools that look things up are there."""
        return self.manual or self.faces == "names"

    @property
    def changed(self) -> bool:
        """Whether anything is shown otherwise than the domain has it."""
        return msgspec.structs.replace(self, seed=0) != AS_IS

    @classmethod
    def of(cls, given: ViewOptions | Mapping[str, Any] | str | None) -> ViewOptions:
        """Take options in any of their forms.

        Args:
            given: Options, a mapping of them, a text `name=value,name=value` in which the names
                of `absent` and `intrinsic` are joined by `+`, or None for the tools as they are.
                `intrinsic` may be true, for all of them, or false.

        Raises:
            UsageError: It has no such option, or a value is not one.
        """
        return given if isinstance(given, ViewOptions) else cls(**_said(given))

    @classmethod
    def over(
        cls, own: Mapping[str, Any], given: ViewOptions | Mapping[str, Any] | str | None
    ) -> ViewOptions:
        """Take options over those that a task has of its own, field by field.

        Args:
            own: The task's.
            given: What wins over them: every option that a mapping or a text names, whatever its
                value; of `ViewOptions`, those that are not as by default.

        Raises:
            UsageError: There is no such option, or a value is not one.
        """
        if not own:
            return cls.of(given)
        if isinstance(given, ViewOptions):
            said = {
                name: value
                for name in cls.__struct_fields__
                if (value := getattr(given, name)) != getattr(AS_IS, name)
            }
        else:
            said = _said(given)
        return cls(**(_said(own) | said))

    def text(self, own: Mapping[str, Any] | None = None) -> str:
        """Write the options so that `of` reads them: what is as by default is left out.

        Args:
            own: Of a task: then `over` reads them, and what differs from these is not left out.
        """
        under = self.of(own)
        parts = []
        for name in self.__struct_fields__:
            found = getattr(self, name)
            if not found == getattr(AS_IS, name) == getattr(under, name):
                parts.append(f"{name}={_written(found)}")
        return ",".join(parts)


def _said(given: Mapping[str, Any] | str | None) -> dict[str, Any]:
    """Return the options that are named, by name."""
    known = ViewOptions.__struct_fields__
    if given is None:
        return {}
    if isinstance(given, str):
        pairs = [part.partition("=") for part in given.split(",") if part.strip()]
        for name, sign, _ in pairs:
            if not sign:
                raise UsageError(
                    "name=value",
                    found=repr(name.strip()),
                    where="view",
                    hint=nearest(name.strip(), known),
                )
        found = {name.strip(): value.strip() for name, _, value in pairs}
        if len(found) < len(pairs):
            raise UsageError("each option once", found=repr(given), where="view")
        values = {name: _read(name, text) for name, text in found.items()}
    elif isinstance(given, Mapping):
        values = dict(given)
    else:
        raise UsageError("options of a view", found=type(given).__name__, where="view")
    for name in values:
        if name not in known:
            raise UsageError(
                "an option of a view",
                found=repr(name),
                where="view",
                hint=nearest(str(name), known),
            )
    if isinstance(values.get("absent"), (list, set, frozenset)):
        values["absent"] = tuple(sorted(values["absent"]))
    if "intrinsic" in values:
        values["intrinsic"] = _thoughts(values["intrinsic"])
    # Files hold numbers exactly.
    return {n: float(v) if isinstance(v, Decimal) else v for n, v in values.items()}


def _thoughts(given: Any) -> Any:
    """Put the intrinsic tools in order, each once; what is none of them stays, to be refused."""
    if isinstance(given, bool):
        return _THOUGHTS if given else ()
    named = (given,) if isinstance(given, str) else given
    if not isinstance(named, (list, tuple, set, frozenset)):
        return given
    strange = sorted({str(name) for name in named if name not in _THOUGHTS})
    return (*strange, *(name for name in _THOUGHTS if name in named))


def _read(name: str, text: str) -> Json:
    """Read the value of one option from its text."""
    if name == "page_size" and text == "none":
        return None
    if name == "absent":
        return tuple(part for part in text.split("+") if part)
    if name == "intrinsic":
        flag = _FLAGS.get(text.lower())
        return tuple(part for part in text.split("+") if part) if flag is None else flag
    if name == "manual":
        if text.lower() not in _FLAGS:
            raise _wrong(name, "true or false", text)
        return _FLAGS[text.lower()]
    if name in _SHARES:
        try:
            return float(text)
        except ValueError:
            raise _wrong(name, "a share from 0 to 1", text) from None
    if name in _COUNTS or name == "seed":
        try:
            return int(text)
        except ValueError:
            raise _wrong(name, "a whole number", text) from None
    return text


def _written(value: Json) -> str:
    if isinstance(value, tuple):
        return "+".join(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return "none" if value is None else str(value)


def _wrong(name: str, expected: str, found: Json) -> UsageError:
    words = _THOUGHTS if name == "intrinsic" else _WORDS.get(name, ())
    hint = nearest(found, words) if isinstance(found, str) and words else ""
    return UsageError(expected, found=repr(found), where=f"view {name}", hint=hint)


AS_IS = ViewOptions()
"""Every tool as the domain has it."""
