"""The client itself: ask, wait and ask again, ask more simply, remember.

Messages come in, an `Answer` goes out. Next: `schema`.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import msgspec

from agentgym.client.cache import Cache
from agentgym.client.faults import (
    REFUSALS,
    Fault,
    guarded,
    is_loopback,
    patience,
    shown,
    unnamed_parameter,
)
from agentgym.client.reading import json_in
from agentgym.client.records import Answer, Message
from agentgym.client.wire import MODES, Mode, answer_of, request
from agentgym.errors import FormatError, NoAnswerError, RefusedError, UsageError, nearest
from agentgym.formats import Json, decode

__all__ = ["Client"]

_PUBLIC = "https://api.openai.com/v1"
_RENAMED = {"max_tokens": "max_completion_tokens"}
"""Options that some servers take under another name."""
_SPARED = ("temperature", "seed", *_RENAMED, *_RENAMED.values())
"""Options without which a question is still the same."""


class Client:
    """One model behind one endpoint. Threads may share it; it keeps no state but what it learned.

    An answer is kept under what was asked: model, messages, schema, tools and options. The URL
    is no part of that, so that a build replays from its cache wherever the model is served. Two
    endpoints that serve different models under one name need caches of their own.

    Args:
        model: The name of the model, as the endpoint calls it.
        base_url: Of the endpoint, up to `/v1`; `$OPENAI_BASE_URL`, or OpenAI's own by default.
        api_key_env: The environment variable that holds the key. A server on this machine
            needs none.
        cache: Where answers are kept; None keeps none.
        timeout: Seconds that one request may take.
        retries: How often a request is repeated that may succeed later; once after a timeout.
        sleep: What waits between two tries; `time.sleep` by default.

    Raises:
        UsageError: The model has no name, or the URL is none.
    """

    def __init__(
        self,
        model: str,
        *,
        base_url: str | None = None,
        api_key_env: str = "OPENAI_API_KEY",
        cache: Cache | None = None,
        timeout: float = 300.0,
        retries: int = 4,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        if not model.strip():
            raise UsageError("the name of a model", found="nothing", where="--model")
        if not timeout > 0 or retries < 0:
            found = f"timeout {timeout}, retries {retries}"
            raise UsageError("a timeout above 0, and retries from 0", found=found)
        self.model = model
        self.cache = cache
        self._url = base_url or os.environ.get("OPENAI_BASE_URL") or _PUBLIC
        self.endpoint = shown(self._url)
        """The URL as people may see it: it holds no credentials."""
        self._api_key_env = api_key_env
        self._timeout, self._retries, self._sleep = timeout, retries, sleep or time.sleep
        self._lock = threading.Lock()
        self._opened: Any = None
        self._mode: Mode = MODES[0]
        self._dropped: set[str] = set()
        self._secret = ""

    def complete(
        self,
        messages: Sequence[Message],
        *,
        schema: Mapping[str, Json] | None = None,
        temperature: float | None = 0,
        max_tokens: int | None = None,
        seed: int | None = None,
        tools: Sequence[Mapping[str, Json]] | None = None,
    ) -> Answer:
        """Ask the model; of the same question return the same answer.

        Args:
            messages: What is asked, as OpenAI writes it.
            schema: JSON Schema of the answer. An endpoint that takes no schema is asked for any
                JSON object, and one that takes neither in words; `parsed` is what came, and may
                not fit.
            temperature: 0 for the likeliest answer; None for the server's own.
            max_tokens: Longest answer.
            seed: Of the server's own draws, where it has them.
            tools: What the model may call, as OpenAI writes it.

        Raises:
            UnreachableError: The server cannot be reached, is too slow, or stays busy.
            RefusedError: It does not let us in, or there is no key.
            UnknownModelError: It has no such model.
            NoAnswerError: It answers nothing that can be used.
            UsageError: The package `openai` is missing, the key cannot be sent, or a message is
                no JSON.
        """
        options = {"temperature": temperature, "max_tokens": max_tokens, "seed": seed}
        question = {
            "model": self.model,
            "messages": list(messages),
            "schema": None if schema is None else dict(schema),
            "tools": list(tools or ()),
            "options": options,
        }
        try:
            key = Cache.key(question)
        except (TypeError, UnicodeEncodeError) as error:
            raise UsageError("messages that are JSON", found=str(error)) from None
        if self.cache is not None and (kept := self.cache.get(key)) is not None:
            return kept
        answer = self._asked(messages, schema, tools, options)
        if schema is not None:
            answer = msgspec.structs.replace(answer, parsed=json_in(answer.text))
        if self.cache is not None:
            self.cache.put(key, answer)
        return answer

    def close(self) -> None:
        """Close the connections; a later question opens new ones."""
        with self._lock:
            opened, self._opened = self._opened, None
        if opened is not None:
            opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _asked(
        self,
        messages: Sequence[Message],
        schema: Mapping[str, Json] | None,
        tools: Sequence[Mapping[str, Json]] | None,
        options: Mapping[str, Json],
    ) -> Answer:
        """Ask in the way that the endpoint is known to take, then in simpler ones, each once."""
        modes = MODES[MODES.index(self._mode) :] if schema is not None else MODES[-1:]
        for mode in modes:
            last = mode == modes[-1]
            try:
                answer = self._sent(
                    lambda dropped, mode=mode: request(  # type: ignore[misc]
                        self.model,
                        messages,
                        schema=schema,
                        mode=mode,
                        tools=tools,
                        options=_left(options, dropped),
                    ),
                    simpler=not last,
                )
            except (Fault, NoAnswerError) as fault:
                if last or (isinstance(fault, Fault) and fault.status not in REFUSALS):
                    if isinstance(fault, Fault):
                        raise self._error(fault) from None
                    raise
                continue
            if schema is not None:
                self._mode = mode
            return answer
        raise AssertionError

    def _sent(self, form: Callable[[set[str]], dict[str, Any]], *, simpler: bool) -> Answer:
        """Send one request, again while that may help.

        Args:
            form: From options that the endpoint does not take to the parameters.
            simpler: Whether there is a simpler way to ask, so that a server that fails at this
                one is asked again only once.
        """
        tried = 0
        while True:
            sent = form(self._dropped)
            try:
                return answer_of(self._posted(sent), where=self.endpoint)
            except Fault as fault:
                name = unnamed_parameter(fault, sent)
                if name is not None and name in _SPARED:
                    with self._lock:
                        self._dropped = {*self._dropped, name}
                    continue
                tried += 1
                once = (simpler and fault.status == 500) or fault.kind == "timeout"
                most = min(1, self._retries) if once else self._retries
                if not fault.passing or tried > most:
                    fault.tried = tried
                    raise
                self._sleep(patience(fault, tried))

    def _posted(self, sent: Mapping[str, Any]) -> bytes:
        raw = self._connection().chat.completions.with_raw_response
        return guarded(lambda: raw.create(**sent), secret=self._secret)

    def _error(self, fault: Fault) -> Exception:
        hint = ""
        if fault.status in (401, 403) and not self._secret:
            hint = f"put the key into the environment variable {self._api_key_env}"
        if fault.status == 404:
            hint = nearest(self.model, self._models())
        return fault.error(where=self.endpoint, model=self.model, hint=hint)

    def _models(self) -> list[str]:
        """Name the models that the endpoint lists; none where it does not say."""
        with suppress(Fault, FormatError):
            raw = self._connection().models.with_raw_response
            content = guarded(raw.list, secret=self._secret)
            body = decode(content, object, where="models")
            listed = body.get("data") if isinstance(body, dict) else None
            return [
                one["id"]
                for one in listed or ()
                if isinstance(one, dict) and isinstance(one.get("id"), str)
            ]
        return []

    def _connection(self) -> Any:
        with self._lock:
            if self._opened is None:
                self._opened = self._open()
            return self._opened

    def _open(self) -> Any:
        try:
            import openai  # noqa: PLC0415 - imported when first used
        except ImportError:
            raise UsageError(
                "the package `openai`, by which models are asked",
                found="no such package",
                hint="pip install 'agentgym-worlds[model]'",
            ) from None
        local = is_loopback(self._url)
        key = os.environ.get(self._api_key_env, "").strip()
        if not key and not local:
            raise RefusedError(
                "a key for the model's server",
                found="none",
                where=self.endpoint,
                hint=f"put it into the environment variable {self._api_key_env}",
            )
        if not (key.isascii() and key.isprintable()):
            raise UsageError(
                "a key of ASCII characters", found="others", where=f"${self._api_key_env}"
            )
        self._secret = key
        return openai.OpenAI(
            api_key=key or "none",
            base_url=self._url,
            timeout=self._timeout,
            max_retries=0,
            # A proxy of the environment leads away from this machine.
            http_client=openai.DefaultHttpxClient(trust_env=not local),
        )


def _left(options: Mapping[str, Json], dropped: set[str]) -> dict[str, Json]:
    """Return the options without what the endpoint does not take, under the names it knows."""
    found = {name: value for name, value in options.items() if name not in dropped}
    for name in dropped & set(_RENAMED):
        other = _RENAMED[name]
        if other not in dropped:
            found[other] = options.get(name)
    return found
