"""What an agent is shown of a domain: its tools, and what it is told about its job.

In come a domain, the names of a task's view and options; out go the tool faces, their OpenAI
form and the system text, made once a view and shared by its episodes. Next: `play`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Literal

import msgspec
from msgspec.structs import replace

from agentgym.domain import Domain
from agentgym.episode.clerk import Clerk, Handed, Memory
from agentgym.episode.documents import Documents
from agentgym.episode.flags import Ground
from agentgym.episode.mind import muse
from agentgym.episode.seen import digest
from agentgym.errors import TaskError
from agentgym.formats import Json, encode, to_text
from agentgym.rules import Calls, fields_of, parts, policy_text, sentence
from agentgym.tasks import Task
from agentgym.tools.algebra import (
    INTRINSIC,
    AskUser,
    Conclude,
    ListTools,
    ReadManual,
    ShowToolDoc,
    Term,
    Tool,
    Update,
    Wait,
)
from agentgym.tools.derive import watch_tools
from agentgym.tools.views import (
    AS_IS,
    DOCUMENTS,
    Surface,
    ViewOptions,
    arrange,
    exampled,
    faces,
    openai_tools,
    shown_faces,
    withheld,
)
from agentgym.trajectory import ToolFace

__all__ = ["View", "unfit"]

Kind = Literal["tool", "shown", "ask", "conclude", "document"]


class View:
    """The tools that an episode shows, in order.

    Args:
        domain: Where the tools come from.
        names: Names of the domain's tools, and of those of one who watches.
        options: How they are shown.
        hidden: Names of tools that no option brings to light: they are the user's.
    """

    def __init__(
        self,
        domain: Domain,
        names: Sequence[str],
        options: ViewOptions = AS_IS,
        *,
        hidden: frozenset[str] = frozenset(),
    ) -> None:
        self.options = options
        self.clerk: Clerk | None = None
        """Passes calls on where tools are not shown as the domain has them."""
        self.terms: dict[str, Term] = {}
        """Shown name to the term that it leads to, or the first of them."""
        self.surface: Surface | None = None
        """The shown tools and what they lead to; None where all is as in the domain."""
        self.domain = domain
        known = domain.tool_by_name
        self.added: tuple[Tool, ...] = tuple(
            tool for tool in watch_tools() if tool.name in names and tool.name not in known
        )
        """Tools that no domain has: those of one who watches."""
        tools = (*domain.tools, *self.added)
        if options.changed:
            kept = replace(options, absent=(*options.absent, *sorted(hidden - {*options.absent})))
            surface = arrange(domain.name, domain.schema, tools, names, kept if hidden else options)
            terms = {tool.name: tool.term for tool in surface.run}
            self.surface = surface
            self.clerk = Clerk(domain.schema, surface, options)
            self.names = tuple(surface.by_name)
            """Names of all tools that can be called."""
            self.faces: tuple[ToolFace, ...] = shown_faces(surface, options)
            self.terms = {shown.name: terms[shown.tool] for shown in surface.tools}
            self.kinds: dict[str, Kind] = {
                name: _kind(term, ordinary="shown") for name, term in self.terms.items()
            }
            self.tools = tuple(surface.routes)
            """Names of the domain's tools that calls come to."""
        else:
            self.names = self.tools = tuple(names)
            self.faces = faces(domain.schema, tools, names)
            by_name = {tool.name: tool for tool in tools}
            self.terms = {name: by_name[name].term for name in names}
            self.kinds = {name: _kind(term, ordinary="tool") for name, term in self.terms.items()}
        self._json = to_text(openai_tools(self.faces)).encode()
        self.system = self._system(domain)

    def openai(self) -> list[dict[str, Json]]:
        """Return the tools as OpenAI function schemas; a new list of new objects."""
        return msgspec.json.decode(self._json, type=list[dict[str, Json]])

    @property
    def fingerprint(self) -> bytes:
        """Bytes that are equal for views that look the same."""
        return encode([self.system, self._json.decode()])

    @cached_property
    def key(self) -> str:
        """A hash that is equal for views that look and behave the same."""
        return digest(self.fingerprint + self.options.text().encode())

    def unlocked(self, memory: Memory) -> tuple[str, ...]:
        """Name the shown tools that may be called, in order."""
        if self.surface is None:
            return self.names
        shown = self.surface.by_name
        return tuple(n for n in self.names if not shown[n].locked or n in memory.unlocked)

    @cached_property
    def ground(self) -> Ground:
        """What an agent knows before anybody has said anything."""
        domain = self.domain
        return Ground(
            domain.schema, domain.rules, self.system, self.faces, self.terms, self.surface
        )

    @cached_property
    def documents(self) -> Documents:
        """Answers the tools that look things up."""
        domain = self.domain
        text = policy_text(domain.title, domain.schema, domain.rules, domain.tools, domain.effects)
        if self.surface is None:
            return Documents(self.faces, text)
        return Documents(
            [
                exampled(shown.face) if self.options.docs == "examples" else shown.face
                for shown in self.surface.tools
            ],
            self.surface.say(text),
            frozenset(shown.name for shown in self.surface.tools if shown.locked),
        )

    def look_up(self, name: str, given: Mapping[str, Json], memory: Memory) -> Handed:
        """Answer a tool that looks things up or only thinks.

        To read a tool's documentation unlocks it.
        """
        term = self.terms[name]
        if isinstance(term, INTRINSIC):
            return muse(term, given, memory)
        result = self.documents.answer(term, given, memory.unlocked)
        if not isinstance(term, ShowToolDoc) or not result.ok:
            return Handed(result=result)
        unlocked = memory.unlocked | {given["name"]}
        return Handed(result=result, memory=replace(memory, unlocked=unlocked))

    def _system(self, domain: Domain) -> str:
        kinds = self.kinds
        asks = [name for name in kinds if kinds[name] == "ask"]
        ends = [name for name in kinds if kinds[name] == "conclude"]
        parts = [domain.description.strip()]
        acting = ["You act by calling the tools; every call is answered before you go on."]
        if self.options.faces == "names":
            listing = next(n for n, term in self.terms.items() if isinstance(term, ListTools))
            acting.append(f"There are more tools than you are shown: {listing} names them.")
        if self.options.documents:
            manual = next(n for n, term in self.terms.items() if isinstance(term, ReadManual))
            acting.append(f"The desk manual is read with {manual}.")
        watches = [name for name, term in self.terms.items() if isinstance(term, Wait)]
        if watches:
            acting.append(
                "The user has left you a standing order and waits for nothing else: you watch "
                f"what happens, turn by turn. Call {watches[0]} to let a turn pass."
            )
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
        known = domain.tool_by_name
        guards = {guard for name in self.tools if name in known for guard in known[name].guards}
        told = [f"- {sentence(rule, domain.schema)}" for rule in domain.rules if rule.id in guards]
        if told:
            parts.append("\n".join(["Rules:", *told]))
        text = "\n\n".join(part for part in parts if part)
        return text if self.surface is None else self.surface.say(text)


def unfit(domain: Domain, task: Task, options: ViewOptions) -> TaskError | None:
    """Say why a view cannot serve a task; None where it can.

    Args:
        domain: The domain.
        task: A certified task: the tools of its gold run must be there.
        options: The view.
    """
    agents = [step for step in task.gold if step.by == "agent"]
    if options.granularity == "narrow":
        for step in agents:
            together = _at_once(domain, step.tool, step.arguments, refused=step.fails)
            if together:
                return TaskError(
                    "a view that changes several fields at once",
                    found="one that changes each alone",
                    where=f"view of {task.id}",
                    hint=f"rules let {' and '.join(together)} change in one call only",
                )
    return withheld(
        (*domain.tools, *watch_tools()),
        [step.tool for step in agents],
        options,
        where=f"view of {task.id}",
    )


def _at_once(
    domain: Domain, name: str, arguments: Mapping[str, Json], *, refused: bool
) -> list[str]:
    """Return the fields that a call must change together: of each, rules refuse the other.

    A call that is to be refused is one for all of its fields: alone, one of them might pass. So
    is one that a rule counts.
    """
    tool = domain.tool_by_name.get(name)
    if tool is None or not isinstance(tool.term, Update):
        return []
    rules = [domain.rule(guard) for guard in tool.guards]
    asked = {
        field
        for rule in rules
        if rule.kind in ("state", "time_window")
        for field in fields_of(rule.predicate)
    }
    counted = any(
        isinstance(part, Calls) and part.tool == name
        for rule in rules
        for part in parts(rule.predicate)
    )
    found = {one.field for one in tool.term.values if one.param in arguments}
    found = found if refused or counted else found & asked
    return sorted(found) if len(found) > 1 else []


def _kind(term: Term, *, ordinary: Literal["tool", "shown"]) -> Kind:
    if isinstance(term, AskUser):
        return "ask"
    if isinstance(term, (*DOCUMENTS, *INTRINSIC)):
        return "document"
    return "conclude" if isinstance(term, Conclude) else ordinary
