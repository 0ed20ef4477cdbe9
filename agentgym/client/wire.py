"""What goes over the wire: one request's parameters out, one response's bytes in.

Servers differ in what they take and send, so nothing of a response is taken for granted.
Next: `faults`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from agentgym.client.records import Answer, Message, ToolCall, Usage
from agentgym.errors import FormatError, NoAnswerError
from agentgym.formats import Json, decode, to_text

__all__ = ["LARGEST", "MODES", "Mode", "answer_of", "request"]

Mode = Literal["json_schema", "json_object", "text"]
"""How an answer of some shape is asked for: by a schema, as any object, or in words alone."""

MODES: tuple[Mode, ...] = ("json_schema", "json_object", "text")
"""What asks for most first."""

LARGEST = 4_000_000
"""Bytes of the longest response that is read."""


def request(
    model: str,
    messages: Sequence[Message],
    *,
    schema: Mapping[str, Json] | None,
    mode: Mode,
    tools: Sequence[Mapping[str, Json]] | None,
    options: Mapping[str, Json],
) -> dict[str, Any]:
    """Return the parameters of a request.

    Args:
        model: The name of the model.
        messages: What is asked.
        schema: The JSON Schema of the answer; None for an answer in words.
        mode: How that is asked for.
        tools: What the model may call, as OpenAI writes it.
        options: `temperature`, `max_tokens`, `seed` and the like; None is left out.
    """
    found: dict[str, Any] = {"model": model, "messages": list(messages)}
    found |= {name: value for name, value in options.items() if value is not None}
    if tools:
        found["tools"] = list(tools)
    if schema is None:
        return found
    if mode == "json_schema":
        named = {"name": "answer", "strict": True, "schema": dict(schema)}
        found["response_format"] = {"type": "json_schema", "json_schema": named}
        return found
    if mode == "json_object":
        found["response_format"] = {"type": "json_object"}
    found["messages"] = _told(messages, schema)
    return found


def _told(messages: Sequence[Message], schema: Mapping[str, Json]) -> list[Message]:
    """Say in words what shape the answer has: where no parameter does."""
    said = (
        "Answer with one JSON object and nothing else. It must match this JSON Schema:\n"
        + to_text(schema)
    )
    first = messages[0] if messages else {}
    if first.get("role") == "system" and isinstance(first.get("content"), str):
        return [{**first, "content": f"{first['content']}\n\n{said}"}, *messages[1:]]
    return [{"role": "system", "content": said}, *messages]


def answer_of(content: bytes, *, where: str) -> Answer:
    """Read a response; text and tool calls are taken as they are, whatever they are.

    Raises:
        NoAnswerError: It is no chat completion, is too long, or says nothing.
    """
    if len(content) > LARGEST:
        raise NoAnswerError(
            f"an answer of at most {LARGEST:,} bytes", found=f"{len(content):,}", where=where
        )
    try:
        body = decode(content, object, where=where)
    except FormatError as error:
        raise NoAnswerError(
            "a chat completion in JSON",
            found=error.found or "something else",
            where=where,
            hint="check the base URL; it usually ends with /v1",
        ) from None
    choice = _first(_part(body, "choices"))
    message = _part(choice, "message")
    if not isinstance(message, dict):
        raise NoAnswerError(
            "a chat completion with a message",
            found="none",
            where=where,
            hint="check the base URL; it usually ends with /v1",
        )
    text = _words(message.get("content"))
    calls = tuple(_calls(message.get("tool_calls")))
    finish = _part(choice, "finish_reason")
    if not text.strip() and not calls:
        said = message.get("refusal")
        raise NoAnswerError(
            "an answer",
            found=f"a refusal: {said[:200]}" if isinstance(said, str) and said else "an empty one",
            where=where,
            hint="ask again, or ask another model",
        )
    return Answer(
        text=text,
        tool_calls=calls,
        finish=finish if isinstance(finish, str) else "",
        usage=_usage(_part(body, "usage")),
    )


def _part(value: Json, name: str) -> Json:
    return value.get(name) if isinstance(value, dict) else None


def _first(value: Json) -> Json:
    return value[0] if isinstance(value, list) and value else None


def _words(value: Json) -> str:
    """Return the text of a content, which may be a list of parts."""
    if isinstance(value, list):
        return "".join(_words(_part(part, "text")) for part in value)
    return value if isinstance(value, str) else ""


def _calls(value: Json) -> list[ToolCall]:
    found = []
    for place, call in enumerate(value if isinstance(value, list) else ()):
        function = _part(call, "function")
        name, arguments = _part(function, "name"), _part(function, "arguments")
        if not isinstance(name, str) or not name:
            continue
        if not isinstance(arguments, str):
            arguments = "" if arguments is None else to_text(arguments)
        known = _part(call, "id")
        found.append(
            ToolCall(
                id=known if isinstance(known, str) and known else f"call_{place}",
                name=name,
                arguments=arguments,
            )
        )
    return found


def _usage(value: Json) -> Usage:
    def count(name: str) -> int:
        found = _part(value, name)
        return found if isinstance(found, int) and not isinstance(found, bool) else 0

    return Usage(prompt=count("prompt_tokens"), completion=count("completion_tokens"))
