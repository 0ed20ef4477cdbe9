"""Reading what an agent sends: calls in any of the usual forms, or a message to the user.

In comes anything; out goes `Parsed`: calls (readable or not) in order, and a text. No
input raises: what looks like a call and is none becomes an unreadable call, with the
reason for it. Next: `play`.
"""

from __future__ import annotations

import re
import reprlib
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from agentgym.formats import Json, Record

__all__ = ["Attempt", "Parsed", "message", "parse", "parse_call", "plain_call"]

MAX_LENGTH = 2**18
"""Longest action, in characters."""
MAX_CALLS = 16
"""Most calls in one action that are made."""
MAX_ANSWERED = 256
"""Most calls in one action that are answered one by one."""
MAX_NAME = 256
"""Longest name of a tool or a parameter that is read, in characters."""
MAX_DEPTH = 64
"""Deepest nesting of lists and objects."""

_TAG = re.compile(r"<tool_call>(.*?)(?:</tool_call>|(?=<tool_call>)|\Z)", re.DOTALL)
_FENCE = re.compile(r"```[ \t]*(\w*)[ \t]*\n(.*?)(?:```|\Z)", re.DOTALL)
_CALL = re.compile(r"""\{\s*["'](name|function|tool_calls|arguments)["']\s*:""")
_SURROGATES = re.compile("[\ud800-\udfff]")
_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)
_FORM = (
    'send {"name": TOOL, "arguments": {...}}, a list of such objects, or each within '
    "<tool_call> and </tool_call>"
)
_ENCODER = msgspec.json.Encoder(decimal_format="number")
_DECODER = msgspec.json.Decoder(float_hook=Decimal)


class Attempt(Record, kw_only=True):
    """One call as an agent sent it, before anything is known of its tool."""

    name: str = ""
    arguments: dict[str, Json] = {}
    raw: str | None = None
    """The unread text, where it is no call."""
    error: str | None = None
    """Why it is no call, and what to send instead."""


class Parsed(Record, kw_only=True):
    """One action: calls in order, else a message; with calls, `text` is said to nobody."""

    calls: tuple[Attempt, ...] = ()
    text: str = ""
    reasoning: str | None = None

    @property
    def malformed(self) -> bool:
        """Whether a part of it looked like a call and could not be read."""
        return any(call.error is not None for call in self.calls)


def parse(action: object) -> Parsed:
    """Read an action.

    Args:
        action: Text (JSON, tagged, fenced or plain), a call, a list of calls, or an
            assistant message with `tool_calls`, the latter as Python objects.

    Returns:
        The calls or the message; an empty action is an unreadable call.
    """
    if isinstance(action, Parsed):
        return action
    parsed = _read(action)
    count = len(parsed.calls)
    return _too_many(_printed(action), count) if count > MAX_ANSWERED else parsed


def plain_call(action: object) -> tuple[str, dict[str, Json]] | None:
    """Read an action that is nothing but `{"name": TOOL, "arguments": {...}}`, the usual one.

    Returns:
        Name and arguments, as `parse` reads them; None where `parse` has to look.
    """
    if type(action) is not str or not action.startswith("{") or len(action) > MAX_LENGTH:
        return None
    if action.count("[") + action.count("{") > MAX_DEPTH:
        return None
    try:
        value = _DECODER.decode(action)
    except (msgspec.DecodeError, ValueError, ArithmeticError, RecursionError):
        return None
    name, given = value.get("name"), value.get("arguments")
    if type(given) is not dict or type(name) is not str or not 0 < len(name) <= MAX_NAME:
        return None
    return (name, given) if len(value) == 2 else None


def parse_call(tool: object, arguments: Mapping[str, object]) -> Attempt:
    """Read one call whose tool and arguments came apart, whatever they are."""
    given, error = plain_arguments(arguments)
    name = _clean(tool) if isinstance(tool, str) else tool
    if error is not None:
        return Attempt(name=_printed(name), raw=_printed(sorted(arguments)), error=error)
    return _attempt({"name": name, "arguments": given}, _printed(name))


def message(said: object) -> str:
    """Return what is said as a text that can be written down: its first characters, if long."""
    text = said if isinstance(said, str) else _printed(said)
    return _clean(text[:MAX_LENGTH])


def plain_arguments(arguments: Mapping[str, object]) -> tuple[dict[str, Json], str | None]:
    """Make JSON of keyword arguments, apart from the objects that they came as.

    Returns:
        The arguments, and why they are none, if so.
    """
    given: dict[str, Any] = dict(arguments)
    for name, value in given.items():
        kind = type(value)
        if kind is str:
            if len(value) > MAX_LENGTH or _SURROGATES.search(value):
                break
        elif kind is int:
            if value.bit_length() > 64:
                break
        elif kind is not bool and value is not None:
            break
        if len(name) > MAX_NAME or not name.isascii():
            break
    else:
        return given, None
    value, error = _plain(given)
    return (value, None) if error is None else ({}, error)


def _read(action: object) -> Parsed:
    if isinstance(action, str):
        return _text(action)
    if isinstance(action, (bytes, bytearray)):
        return _text(bytes(action).decode(errors="replace"))
    if action is None:
        return _text("")
    value, error = _plain(action)
    if error:
        return _bad(_printed(action), error)
    if isinstance(value, str):
        return _text(value)
    return _value(value, _ENCODER.encode(value).decode())


def _plain(value: object) -> tuple[Json, str | None]:
    try:
        text = _ENCODER.encode(value)
    except (TypeError, ValueError, OverflowError, RecursionError, msgspec.MsgspecError):
        return None, f"expected JSON values; {_FORM}"
    if len(text) > MAX_LENGTH:
        return None, f"expected at most {MAX_LENGTH} characters of JSON, found {len(text)}"
    return _decode(text.decode())


def _printed(value: object) -> str:
    """Print the beginning of anything, cheaply."""
    if isinstance(value, str):
        return _clean(value[:1000])
    try:
        return _clean(reprlib.repr(value)[:1000])
    except Exception:  # noqa: BLE001 - a foreign object may do anything when it is printed
        return f"<{type(value).__name__}>"


def _clean(text: str) -> str:
    return _SURROGATES.sub("\ufffd", text) if not text.isascii() else str(text)


def _text(text: str) -> Parsed:
    if len(text) > MAX_LENGTH:
        return _bad(
            _clean(text[:1000]), f"expected at most {MAX_LENGTH} characters, found {len(text)}"
        )
    text = _clean(text)
    stripped = text.strip()
    if not stripped:
        return _bad(text, f"expected a call or a message to the user, found nothing; {_FORM}")
    fault = None
    if stripped[0] in "{[":
        value, fault = _decode(stripped)
        if fault is None and (isinstance(value, dict) or _holds_objects(value)):
            return _value(value, text)
    if "<tool_call>" in stripped:
        return _tagged(stripped)
    if "```" in stripped:
        fenced = _fenced(stripped)
        if fenced is not None:
            return fenced
    if fault is not None and (stripped[0] == "{" or stripped[1:].lstrip()[:1] in ("{", "[", "")):
        return _bad(text, fault)
    if _CALL.search(stripped):
        return _bad(text, f"expected a call alone, found one inside other text; {_FORM}")
    return Parsed(text=stripped)


def _holds_objects(value: list[Json]) -> bool:
    return any(isinstance(part, dict) for part in value)


def _tagged(text: str) -> Parsed:
    calls: list[Attempt] = []
    for block in _TAG.findall(text):
        value, error = _decode(block.strip())
        if error:
            calls.append(Attempt(raw=block, error=error))
        else:
            calls += _value(value, block).calls
    return Parsed(calls=tuple(calls), text=_TAG.sub("", text).strip())


def _fenced(text: str) -> Parsed | None:
    calls: list[Attempt] = []
    for tongue, block in _FENCE.findall(text):
        if tongue.lower() not in ("", "json", "tool_call", "tool_calls", "tool_code"):
            continue
        value, error = _decode(block.strip())
        if error:
            if tongue or _CALL.search(block):
                calls.append(Attempt(raw=block, error=error))
        elif isinstance(value, (dict, list)):
            found = _value(value, block)
            if not found.malformed or (isinstance(value, dict) and _CALL.search(block)):
                calls += found.calls
    if not calls:
        return None
    return Parsed(calls=tuple(calls), text=_FENCE.sub("", text).strip())


def _value(value: Json, raw: str) -> Parsed:
    """Read a JSON value: a call, several, or an assistant message."""
    if isinstance(value, dict):
        if "tool_calls" in value or "role" in value:
            return _message(value, raw)
        return Parsed(calls=(_attempt(value, raw),))
    if isinstance(value, list) and value:
        if len(value) > MAX_ANSWERED:
            return _too_many(raw, len(value))
        return Parsed(calls=tuple(_attempt(part, _said(part)) for part in value))
    return _bad(raw, f"expected a call, found {_kind(value)}; {_FORM}")


def _message(value: dict[str, Json], raw: str) -> Parsed:
    content, calls = value.get("content"), value.get("tool_calls")
    if isinstance(content, list):
        content = "".join(
            part["text"]
            for part in content
            if isinstance(part, dict) and isinstance(part.get("text"), str)
        )
    if calls is not None and not isinstance(calls, list):
        return _bad(raw, f"expected a list as tool_calls, found {_kind(calls)}; {_FORM}")
    if content is not None and not isinstance(content, str):
        return _bad(raw, f"expected a text as content, found {_kind(content)}")
    thought = value.get("reasoning_content", value.get("reasoning"))
    reasoning = thought if isinstance(thought, str) and thought else None
    if calls:
        if len(calls) > MAX_ANSWERED:
            return _too_many(raw, len(calls))
        attempts = tuple(_attempt(call, _said(call)) for call in calls)
        return Parsed(calls=attempts, text=(content or "").strip(), reasoning=reasoning)
    inner = _text(content or "")
    return Parsed(calls=inner.calls, text=inner.text, reasoning=reasoning)


def _attempt(value: Json, raw: str) -> Attempt:
    head = value
    if isinstance(head, dict) and isinstance(head.get("function"), dict):
        head = head["function"]
    if not isinstance(head, dict):
        return Attempt(raw=raw, error=f"expected a call, found {_kind(head)}; {_FORM}")
    name = head.get("name", head.get("function"))
    if not isinstance(name, str) or not name:
        found = "no name" if name is None or name == "" else f"{_kind(name)} as its name"
        return Attempt(raw=raw, error=f"expected the name of a tool, found {found}; {_FORM}")
    if len(name) > MAX_NAME:
        return Attempt(
            raw=raw, error=f"expected the name of a tool, found {len(name)} characters; {_FORM}"
        )
    given = head.get("arguments", head.get("parameters"))
    if isinstance(given, str) and given.strip():
        decoded, error = _decode(given)
        if error:
            return Attempt(name=name, raw=given, error=f"arguments: {error}")
        given = decoded
    if given is None or given == "":
        given = {}
    if not isinstance(given, dict):
        error = f"expected an object as arguments, found {_kind(given)}; {_FORM}"
        return Attempt(name=name, raw=_said(given), error=error)
    return Attempt(name=name, arguments=given)


def _said(part: Json) -> str:
    return _ENCODER.encode(part).decode()


def _bad(raw: str, error: str) -> Parsed:
    return Parsed(calls=(Attempt(raw=raw, error=error),))


def _too_many(raw: str, count: int) -> Parsed:
    return _bad(raw[:1000], f"expected at most {MAX_CALLS} calls in one action, found {count}")


def _decode(text: str) -> tuple[Json, str | None]:
    if (text.count("[") + text.count("{")) > MAX_DEPTH and _depth(text) > MAX_DEPTH:
        return None, f"expected at most {MAX_DEPTH} levels of nesting; {_FORM}"
    try:
        return _DECODER.decode(text), None
    except (msgspec.DecodeError, ValueError, ArithmeticError, RecursionError) as error:
        reason = str(error).removeprefix("JSON is malformed: ") or "no JSON"
        return None, f"expected JSON ({reason[:120]}); {_FORM}"


def _depth(text: str) -> int:
    deepest = depth = 0
    for match in _BRACKETS.finditer(text):
        sign = match.group()
        if sign in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif sign in "]}":
            depth -= 1
    return deepest


def _kind(value: Json) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, (int, float, Decimal)):
        return "a number"
    if isinstance(value, str):
        return "a text"
    return "a list" if isinstance(value, list) else "an object"
