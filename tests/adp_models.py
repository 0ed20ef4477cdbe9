"""Models of the Agent Data Protocol, rebuilt from its description: versions 1.0 and 1.5.0.

Both judge our exports. `Trajectory10` ignores what it does not know, as 1.0 did;
`Trajectory15` forbids it and holds actions and observations together by `tool_call_id`.
`Metadata15` is the model of a data set's `metadata.json`.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

SUPPORTED = ("1.0.0", "1.1.0", "1.2.0", "1.3.0", "1.4.0", "1.5.0")
NUMERIC_NAMES = {"reward", "score", "step"}
NUMERIC_ENDINGS = tuple(
    "_correct _count _index _number _percentage _percent _rate _reward _score _success".split()
)
FORBIDDEN_DETAILS = {"system_prompt", "available_apis"}


class Loose(BaseModel):
    """An item of 1.0: knows its class, ignores what it does not know."""

    OWN: ClassVar[str] = ""
    KIND: ClassVar[str] = ""

    class_: str

    @model_validator(mode="after")
    def own_class(self) -> Loose:
        """The discriminator is a plain string that must be the class's own."""
        if self.class_ != self.OWN:
            raise ValueError(f"class_ must be {self.OWN}")
        return self


class Annotation(BaseModel):
    """A box in an image."""

    text: str
    element_type: str
    bounding_box: dict[Literal["x", "y", "width", "height"], float]


def _items(base: type[BaseModel]) -> tuple[type[BaseModel], ...]:
    """Make the six kinds of item over a base: loose for 1.0, strict for 1.5.0."""

    class ApiAction(base):  # type: ignore[valid-type,misc]
        OWN: ClassVar[str] = "api_action"
        KIND: ClassVar[str] = "tool"
        function: str
        kwargs: dict[str, Any]
        description: str | None = None

    class CodeAction(base):  # type: ignore[valid-type,misc]
        OWN: ClassVar[str] = "code_action"
        KIND: ClassVar[str] = "tool"
        language: Literal["python", "bash", "sql", "javascript"]
        content: str
        description: str | None

    class MessageAction(base):  # type: ignore[valid-type,misc]
        OWN: ClassVar[str] = "message_action"
        KIND: ClassVar[str] = "message"
        content: str
        description: str | None = None

    class TextObservation(base):  # type: ignore[valid-type,misc]
        OWN: ClassVar[str] = "text_observation"
        KIND: ClassVar[str] = "observation"
        content: str
        source: Literal["user", "agent", "environment"]
        name: str | None = None

    class ImageObservation(base):  # type: ignore[valid-type,misc]
        OWN: ClassVar[str] = "image_observation"
        KIND: ClassVar[str] = "observation"
        content: str
        source: Literal["user", "agent", "environment"]
        annotations: list[Annotation] | None = None

    class WebObservation(base):  # type: ignore[valid-type,misc]
        OWN: ClassVar[str] = "web_observation"
        KIND: ClassVar[str] = "observation"
        html: str | None
        url: str | None
        image_observation: Any
        viewport_size: tuple[int, int] | None
        axtree: str | None = None

    return (
        ApiAction,
        CodeAction,
        MessageAction,
        TextObservation,
        ImageObservation,
        WebObservation,
    )


Api10, Code10, Message10, Text10, Image10, Web10 = _items(Loose)


class Trajectory10(BaseModel):
    """A record of version 1.0."""

    id: str
    content: list[Api10 | Code10 | Message10 | Text10 | Image10 | Web10]  # type: ignore[valid-type]
    details: dict[str, str] = {}


class Strict(Loose):
    """An item of 1.5.0: forbids what it does not know."""

    model_config = ConfigDict(extra="forbid")

    tool_call_id: str | None = None
    reasoning_content: str | None = None
    reward: float | None = None


Api15, Code15, Message15, Text15, Image15, Web15 = _items(Strict)


class Trajectory15(BaseModel):
    """A record of version 1.5.0."""

    model_config = ConfigDict(extra="forbid")

    schema_version: str = "1.5.0"
    id: str
    content: list[Api15 | Code15 | Message15 | Text15 | Image15 | Web15]  # type: ignore[valid-type]
    available_custom_tools: list[str] | None = None
    available_code_languages: list[str] | None = None
    details: dict[str, Any] = Field(default_factory=dict)

    @field_validator("schema_version")
    @classmethod
    def supported(cls, value: str) -> str:
        """Only known versions are read."""
        if value not in SUPPORTED:
            raise ValueError(f"unsupported schema_version {value!r}")
        return value

    @field_validator("details")
    @classmethod
    def plain_details(cls, value: dict[str, Any]) -> dict[str, Any]:
        """Some names are taken, and names that sound like numbers must hold numbers."""
        if FORBIDDEN_DETAILS & set(value):
            raise ValueError("details holds a reserved name")
        for name, held in value.items():
            numeric = name in NUMERIC_NAMES or name.endswith(NUMERIC_ENDINGS)
            if (numeric or name.startswith("pred_passes_")) and isinstance(held, str):
                raise ValueError(f"details.{name} must be a number")
        return value

    @model_validator(mode="after")
    def linked(self) -> Trajectory15:
        """Each tool action has one answer, later; each linked answer has its action."""
        asked: dict[str, int] = {}
        answered: set[str] = set()
        for place, item in enumerate(self.content):
            following = self.content[place + 1] if place + 1 < len(self.content) else None
            name = item.tool_call_id  # type: ignore[attr-defined]
            kind = item.KIND  # type: ignore[attr-defined]
            if kind == "tool" and name is None and getattr(following, "KIND", "") == "observation":
                raise ValueError(f"item {place}: an answered action needs tool_call_id")
            if name is None:
                continue
            if kind == "message":
                raise ValueError(f"item {place}: a message is no tool call")
            if kind == "tool":
                if name in asked:
                    raise ValueError(f"item {place}: {name!r} twice")
                asked[name] = place
            elif name not in asked or name in answered:
                raise ValueError(f"item {place}: {name!r} answers nothing")
            else:
                answered.add(name)
        if set(asked) != answered:
            raise ValueError(f"without an answer: {sorted(set(asked) - answered)}")
        return self


class Function15(BaseModel):
    """The function of a tool in `metadata.json`."""

    model_config = ConfigDict(extra="forbid")

    name: str
    description: str | None = None
    parameters: dict[str, Any]


class Tool15(BaseModel):
    """A tool in `metadata.json`."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["function"] = "function"
    function: Function15


class Metadata15(BaseModel):
    """The `metadata.json` of a data set."""

    model_config = ConfigDict(extra="forbid")

    custom_tools: list[Tool15] = []
    code_enabled: list[str] = []
    browser_enabled: bool = False

    @model_validator(mode="after")
    def unique_names(self) -> Metadata15:
        """No two tools share a name."""
        names = [tool.function.name for tool in self.custom_tools]
        if len(names) != len(set(names)):
            raise ValueError("a tool twice")
        return self
