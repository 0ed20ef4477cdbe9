"""A text in JSON or YAML as plain values: dicts with string keys, lists, and scalars.

YAML is read event by event, so that neither depth nor aliases can hurt: an alias shares what it
stands for, keys are what is written (`200`, `on`), and dates stay texts. Next: `kind`.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import yaml

from agentgym.errors import FormatError, SourceError
from agentgym.formats import Json, decode

__all__ = ["load", "load_yaml"]

_DEEPEST = 200
"""Levels of nesting; real descriptions have less than 40."""
_MERGED = 500_000
"""Entries that merge keys (`<<`) may bring in, in all."""
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"true", "True", "TRUE"})
_FALSE = frozenset({"false", "False", "FALSE"})
_COMMENT = re.compile(r"^\s*(?://|/\*)|[,{\[]\s*(?://|/\*)", re.MULTILINE)
_INTEGER = re.compile(r"[-+]?[0-9]{1,30}\Z")
_FLOAT = re.compile(r"[-+]?(?:[0-9]{1,30}\.[0-9]{0,30}|\.[0-9]{1,30})(?:[eE][-+]?[0-9]{1,3})?\Z")


def load(text: str, *, where: str) -> Json:
    """Read a text in JSON, or else in YAML.

    Args:
        text: The whole of it.
        where: The file, for errors.

    Raises:
        SourceError: It is neither; says where it goes wrong.
    """
    if text.lstrip()[:1] in ("{", "["):
        try:
            return decode(text.encode(), object, where=where)
        except FormatError as error:
            try:  # YAML has braces too
                return load_yaml(text, where=where)
            except SourceError:
                said = _COMMENT.search(text) is not None
                raise SourceError(
                    "JSON",
                    found="a comment" if said else error.found,
                    where=error.where,
                    hint="JSON has none: remove them" if said else "check the file",
                ) from None
    if text.lstrip()[:2] in ("//", "/*"):
        raise SourceError(
            "JSON or YAML", found="a comment", where=where, hint="JSON has none: remove them"
        )
    return load_yaml(text, where=where)


def load_yaml(text: str, *, where: str) -> Json:
    """Read the first document of a text in YAML.

    Raises:
        SourceError: It is no YAML, is nested too deep, or its merge keys never end.
    """
    try:
        return _Builder(where).build(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = where if mark is None else f"{where} line {mark.line + 1}"
        raise SourceError(
            "YAML",
            found=str(getattr(error, "problem", None) or "something else").removeprefix("found "),
            where=place,
            hint="check the file",
        ) from None


_MERGE = object()
"""The key that stands for what is merged in."""


class _Builder:
    """Builds values of events."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.anchors: dict[str, Any] = {}
        self.stack: list[tuple[Any, str | None]] = []
        """The open containers, each with its anchor."""
        self.keys: list[Any] = []
        """Of each open mapping the key that waits for its value; of a list None."""
        self.merges: list[tuple[dict[str, Any], Any]] = []
        self.root: Any = None

    def build(self, text: str) -> Json:
        # the C parser is ten times as fast; not every build of the library has it
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        for event in yaml.parse(text, Loader=loader):
            match event:
                case yaml.MappingStartEvent():
                    self._open({}, event.anchor)
                case yaml.SequenceStartEvent():
                    self._open([], event.anchor)
                case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                    value, anchor = self.stack.pop()
                    self.keys.pop()
                    self._anchor(anchor, value)
                    self._add(value, plain=False)
                case yaml.ScalarEvent():
                    plain = event.implicit[0]
                    self._anchor(event.anchor, _scalar(event.value) if plain else event.value)
                    self._add(event.value, plain=plain, scalar=True)
                case yaml.AliasEvent():
                    # an alias to what is still open would be a circle: it stands for nothing
                    self._add(self.anchors.get(event.anchor or ""), plain=False)
                case yaml.DocumentEndEvent():
                    break
                case _:
                    pass
        self._merge()
        return self.root

    def _open(self, container: Any, anchor: str | None) -> None:
        if len(self.stack) >= _DEEPEST:
            raise SourceError(
                f"values nested at most {_DEEPEST} deep",
                found="deeper ones",
                where=self.where,
                hint="check the file",
            )
        self.stack.append((container, anchor))
        self.keys.append(None)

    def _anchor(self, anchor: str | None, value: Any) -> None:
        if anchor is not None:
            self.anchors[anchor] = value

    def _add(self, value: Any, *, plain: bool, scalar: bool = False) -> None:
        if not self.stack:
            self.root = _scalar(value) if plain else value
            return
        container = self.stack[-1][0]
        if isinstance(container, list):
            container.append(_scalar(value) if plain else value)
            return
        key = self.keys[-1]
        if key is None:
            if plain and value == "<<":
                self.keys[-1] = _MERGE
            else:
                self.keys[-1] = value if scalar else _key(value)
            return
        self.keys[-1] = None
        found = _scalar(value) if plain else value
        if key is _MERGE:
            self.merges.append((container, found))
        else:
            container[key] = found

    def _merge(self) -> None:
        """Bring in what merge keys name; what a mapping says itself counts."""
        count = 0
        for target, source in self.merges:
            for one in source if isinstance(source, list) else [source]:
                if not isinstance(one, dict):
                    continue
                count += len(one)
                if count > _MERGED:
                    raise SourceError(
                        f"merge keys that bring in at most {_MERGED:,} entries",
                        found="more",
                        where=self.where,
                        hint="write them out",
                    )
                for key, value in one.items():
                    if value is not target:
                        target.setdefault(key, value)


def _key(value: Any) -> str:
    """Spell a key that is no scalar."""
    if isinstance(value, (dict, list)):
        return "?"
    return "null" if value is None else str(value)


def _scalar(text: str) -> Json:
    """Return what a plain scalar stands for, in the core schema: dates and `on` are texts."""
    if text in _NULL:
        return None
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    if _INTEGER.match(text):
        return int(text)
    if _FLOAT.match(text):
        return Decimal(text)
    return text
