"""What an agent is shown of a domain: its tools, and what it is told about its job.

In come a domain and the names of a task's view; out go the tool faces, their OpenAI form
and the system text, made once a view and shared by its episodes. Next: `play`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from agentgym.domain import Domain
from agentgym.formats import Json, encode, to_text
from agentgym.rules import sentence
from agentgym.tools.algebra import AskUser, Conclude
from agentgym.tools.views import faces, openai_tools
from agentgym.trajectory import ToolFace

__all__ = ["View"]

Kind = Literal["tool", "ask", "conclude"]


class View:
    """The tools that an episode shows, in order.

    Args:
        domain: Where the tools come from.
        names: Their names.
    """

    __slots__ = ("_json", "faces", "kinds", "names", "system")

    def __init__(self, domain: Domain, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self.faces: tuple[ToolFace, ...] = tuple(faces(domain.schema, domain.tools, names))
        self.kinds: dict[str, Kind] = {name: _kind(domain, name) for name in names}
        self._json = to_text(openai_tools(self.faces)).encode()
        self.system = _system(domain, names, self.kinds)

    def openai(self) -> list[dict[str, Json]]:
        """Return the tools as OpenAI function schemas; a new list of new objects."""
        return msgspec.json.decode(self._json, type=list[dict[str, Json]])

    @property
    def fingerprint(self) -> bytes:
        """Bytes that are equal for views that look the same."""
        return encode([self.system, self._json.decode()])


def _kind(domain: Domain, name: str) -> Kind:
    term = domain.tool_by_name[name].term
    if isinstance(term, AskUser):
        return "ask"
    return "conclude" if isinstance(term, Conclude) else "tool"


def _system(domain: Domain, names: Sequence[str], kinds: dict[str, Kind]) -> str:
    asks = [name for name in names if kinds[name] == "ask"]
    ends = [name for name in names if kinds[name] == "conclude"]
    parts = [domain.description.strip()]
    acting = ["You act by calling the tools; every call is answered before you go on."]
    if asks:
        acting.append(f"What only the user can know, ask with {asks[0]}.")
    acting.append("Change nothing that the user did not ask for.")
    if ends:
        acting.append(
            f"When you are finished, call {ends[0]}: it ends the conversation. "
            "Give there the answer, if one was asked for: the value alone, or a list of values "
            "in the order asked for."
        )
    acting.append("A plain text without a call is a message to the user.")
    parts.append(" ".join(acting))
    guards = {guard for name in names for guard in domain.tool_by_name[name].guards}
    told = [f"- {sentence(rule, domain.schema)}" for rule in domain.rules if rule.id in guards]
    if told:
        parts.append("\n".join(["Rules:", *told]))
    return "\n\n".join(part for part in parts if part)
