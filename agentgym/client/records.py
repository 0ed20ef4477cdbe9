"""What a model answers, as records. Next: `reading`."""

from __future__ import annotations

from agentgym.formats import Json, Record

__all__ = ["Answer", "Message", "ToolCall", "Usage"]

Message = dict[str, Json]
"""One message as OpenAI writes it: `role`, `content`, and what tool calls need."""


class ToolCall(Record, kw_only=True):
    """A call that the model asks for. Nothing of it is checked: models write anything."""

    id: str
    name: str
    arguments: str
    """Meant to be a JSON object; as the model wrote it."""


class Usage(Record, kw_only=True):
    """How many tokens an answer took; 0 where the server does not say."""

    prompt: int = 0
    completion: int = 0


class Answer(Record, kw_only=True):
    """What came back for one question."""

    text: str = ""
    """The content of the message; empty where there are only tool calls."""
    parsed: Json = None
    """The JSON value in the text, where a schema was given and there is one. It need not fit."""
    tool_calls: tuple[ToolCall, ...] = ()
    finish: str = ""
    """Why the model stopped, in the server's word: `stop`, `length`, `tool_calls`."""
    usage: Usage = Usage()
    cached: bool = False
    """Whether it was answered before, and nobody was asked."""

    @property
    def cut(self) -> bool:
        """Whether the answer ended because the room for it did."""
        return self.finish == "length"
