"""What went wrong with a request, in our errors, and never with a key in them. Next: `asking`."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from agentgym.errors import (
    ModelError,
    NoAnswerError,
    RefusedError,
    UnknownModelError,
    UnreachableError,
    UsageError,
)
from agentgym.formats import Json

__all__ = [
    "REFUSALS",
    "Fault",
    "guarded",
    "is_loopback",
    "patience",
    "shown",
    "unnamed_parameter",
]

REFUSALS = frozenset({400, 405, 406, 415, 422, 500, 501})
"""Statuses with which servers answer what they do not know how to do."""

_AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
_LONGEST = 300
_MOST_PATIENCE = 60.0


class Fault(Exception):  # noqa: N818 - never leaves this room
    """A request that failed, and what may be done about it.

    Args:
        status: HTTP status; 0 where there was none.
        said: The server's own words, cut short, without our key.
        wait: Seconds that the server asks us to wait; None where it does not.
        kind: `unreachable`, `timeout` or `status`.
    """

    def __init__(self, status: int, said: str, *, wait: float | None = None, kind: str) -> None:
        super().__init__(said)
        self.status = status
        self.said = said
        self.wait = wait
        self.kind = kind
        self.tried = 1
        """How often it was tried before it was given up."""

    @property
    def passing(self) -> bool:
        """Whether the same request may succeed later."""
        return self.kind != "status" or self.status in _AGAIN

    def error(self, *, where: str, model: str, hint: str = "") -> ModelError:
        """Return the error that people see."""
        times = f", {self.tried} times" if self.tried > 1 else ""
        if self.kind == "timeout":
            return UnreachableError(
                "an answer in time",
                found=f"none{times}",
                where=where,
                hint="give the server more time with --timeout, or ask for less",
            )
        if self.kind == "unreachable":
            return UnreachableError(
                "a server that answers",
                found=f"{self.said or 'no connection'}{times}",
                where=where,
                hint="start it, or check the base URL",
            )
        said = f"status {self.status}" + (f": {self.said}" if self.said else "")
        if self.status in (401, 403):
            return RefusedError(
                "a server that lets us in",
                found=said,
                where=where,
                hint=hint or "check the key, and what it is allowed to do",
            )
        if self.status == 404:
            return UnknownModelError(
                f"a model called {model!r}",
                found=said,
                where=where,
                hint=hint or "check the name, and that the base URL ends with /v1",
            )
        if self.passing:
            return UnreachableError(
                "a server that is able to answer",
                found=said + times,
                where=where,
                hint="try again later",
            )
        return NoAnswerError(
            "an answer", found=said, where=where, hint=hint or "another model may do"
        )


def patience(fault: Fault, tried: int) -> float:
    """Return how many seconds to wait before the next try: twice as long each time."""
    if fault.wait is not None:
        return min(max(fault.wait, 0.0), _MOST_PATIENCE)
    return float(min(0.5 * 2 ** (tried - 1), 8.0))


def unnamed_parameter(fault: Fault, sent: Mapping[str, Json]) -> str | None:
    """Return the option that a server says it does not take; None where it says no such thing."""
    if fault.status not in (400, 422):
        return None
    said = fault.said.lower()
    if not re.search(
        r"unsupported|not supported|unrecognized|unknown|unexpected|extra|not perm|too large", said
    ):
        return None
    named = [name for name in sent if re.search(rf"\b{re.escape(name)}\b", said)]
    return min(named, key=said.index, default=None)


def shown(url: str) -> str:
    """Return a URL as people may see it: without user, password and query.

    Raises:
        UsageError: It is no URL of a web server.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(
            "the URL of a server, http:// or https://",
            found=repr(url.rpartition("@")[2][:80]),
            where="--base-url",
            hint="for example http://127.0.0.1:8080/v1",
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    place = host if port is None else f"{host}:{port}"
    return urlunsplit((parts.scheme, place, parts.path.rstrip("/"), "", ""))


def is_loopback(url: str) -> bool:
    """Tell whether a server is on this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def guarded(ask: Callable[[], Any], *, secret: str) -> bytes:
    """Send a request; return the bytes of the response.

    Raises:
        Fault: It failed.
    """
    import openai  # noqa: PLC0415 - imported when first used

    try:
        return bytes(ask().http_response.content)
    except openai.APITimeoutError:
        raise Fault(0, "", kind="timeout") from None
    except openai.APIConnectionError as error:
        reason = str(error.__cause__ or "")
        raise Fault(0, _clean(reason, secret), kind="unreachable") from None
    except openai.APIStatusError as error:
        said = _clean(_message(error.body) or error.response.text, secret)
        wait = _seconds(error.response.headers.get("retry-after"))
        raise Fault(error.status_code, said, wait=wait, kind="status") from None
    except openai.OpenAIError as error:
        raise Fault(0, _clean(str(error), secret), kind="unreachable") from None


def _message(body: object) -> str:
    if isinstance(body, dict):
        inner = body.get("error", body)
        if isinstance(inner, str):
            return inner
        if isinstance(inner, dict):
            found = inner.get("message") or inner.get("detail")
            return found if isinstance(found, str) else ""
    return body if isinstance(body, str) else ""


def _clean(text: str, secret: str) -> str:
    """Return words of a server on one line, cut short, without the key, whole or masked."""
    if secret:
        text = text.replace(secret, "***")
    text = re.sub(r"\bsk-[\w*.-]{4,}", "***", text)
    text = " ".join("".join(c if c.isprintable() else " " for c in text[:4000]).split())
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "..."


def _seconds(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None
