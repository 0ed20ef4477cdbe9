"""The engine: a domain's tools, compiled once, run against any number of worlds.

A `Domain` comes in; `Engine.call` takes whatever an agent sends and gives a `Result`,
never an exception. Terms are compiled when they are first called. Next: `plan`.
"""

from __future__ import annotations

import sqlite3
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from functools import cached_property
from threading import Lock

from msgspec.structs import replace

from agentgym.domain import Domain
from agentgym.domain.patch import Patch
from agentgym.errors import nearest
from agentgym.formats import Json
from agentgym.schema import Field
from agentgym.schema.types import Stored, parser
from agentgym.tools.algebra import (
    Aggregate,
    AskUser,
    Calculate,
    Conclude,
    Create,
    CurrentTime,
    Delete,
    Find,
    Get,
    Identify,
    Link,
    ListRelated,
    ListTools,
    LookUpTerm,
    MakePlan,
    Offer,
    Path,
    ReadManual,
    RecallNotes,
    Search,
    SearchManual,
    ShowToolDoc,
    TakeNote,
    Term,
    ThinkAloud,
    Tool,
    Transfer,
    Transition,
    Unlink,
    Update,
    Wait,
    is_write,
)
from agentgym.tools.algebra import (
    Sequence as Several,
)
from agentgym.tools.parameters import parameters
from agentgym.trajectory import Fault, Result
from agentgym.world.arguments import Parameter, Reader, choice, several, words
from agentgym.world.backends import Backend
from agentgym.world.calculate import calculate
from agentgym.world.creates import create
from agentgym.world.deeds import Deed
from agentgym.world.deeds import body as write
from agentgym.world.door import Doors
from agentgym.world.guards import remembered
from agentgym.world.happen import happen
from agentgym.world.identify import identify
from agentgym.world.links import link, unlink
from agentgym.world.lists import list_related, search
from agentgym.world.paths import path
from agentgym.world.reads import Body, aggregate, find, get
from agentgym.world.refusals import Refusal, refuse, show
from agentgym.world.rows import Image, Snapshot, Start, World
from agentgym.world.sequences import sequence
from agentgym.world.terms import look_up_term
from agentgym.world.transfers import transfer
from agentgym.world.writes import delete, transition, update

__all__ = ["Engine", "engine"]

_KEPT = 16
"""Engines that a process keeps, the latest used."""


class Engine:
    """The tools of one domain, ready to be called.

    Args:
        domain: Whose tools and rows.
        backend: Where the rows of its worlds live; SQLite when None.
    """

    def __init__(self, domain: Domain, backend: Backend | None = None) -> None:
        self.domain = domain
        self.image = Image(domain, backend)
        self.doors = Doors(self.image)
        self._bodies: dict[str, Body] = {}

    @cached_property
    def parameters(self) -> dict[str, dict[str, Json]]:
        """The JSON Schema of each tool's parameters, by tool name."""
        schema = self.domain.schema
        return {tool.name: parameters(tool, schema) for tool in self.domain.tools}

    def start(self, patch: Sequence[Patch], *, where: str = "patch") -> Start:
        """Return the start that a task's patch makes, for `world` and `World.rebase`.

        Cheap when repeated: the latest are kept.

        Args:
            patch: The rows that are others; none for the domain's own start.
            where: Whose patch it is, for messages.

        Raises:
            TaskError: The patch does not fit the domain; says which row and why.
        """
        return self.image.patched(patch, where=where)

    def world(self, start: Start | None = None) -> World:
        """Make a world on a connection of its own.

        Args:
            start: What it begins with; None for the domain's rows as they are.
        """
        return World(self.image, start)

    def with_tools(self, tools: Iterable[Tool]) -> Engine:
        """Return an engine of the same image that runs other tools over the same schema.

        What is compiled of a tool that both have is shared.
        """
        other, tools = Engine.__new__(Engine), tuple(tools)
        other.domain = replace(self.domain, tools=tools)
        other.image, other.doors = self.image, self.doors
        known = self.domain.tool_by_name
        other._bodies = {  # noqa: SLF001 - its own kind
            tool.name: self._bodies[tool.name]
            for tool in tools
            if tool.name in self._bodies and known.get(tool.name) == tool
        }
        return other

    def compile(self) -> None:
        """Compile every tool now, so that what is wrong with one is known.

        Raises:
            DomainError: A tool does not fit the schema.
        """
        for tool in self.domain.tools:
            self._body(tool.name)

    def call(self, world: World, name: str, arguments: object) -> Result:
        """Run one tool. Total: any name and any arguments give a result.

        A refused call changes no row. `ask_user` and `conclude` are only validated: the
        data of the result are their arguments.
        """
        try:
            body = self._bodies.get(name) or self._body(name)
            if world.breaches:
                world.breaches.clear()
            data = body(world, arguments)
            if world.breaches:
                return Result(data=data, breaches=tuple(world.breaches))
            return Result(data=data)
        except Refusal as refusal:
            return Result(error=refusal.fault)
        except (OverflowError, RecursionError, MemoryError, sqlite3.DataError):
            return Result(error=Fault(code="limit_exceeded", message=_TOO_LARGE))
        except TypeError:
            if isinstance(name, str):
                raise
            return Result(error=self._unknown(name))

    def happen(
        self, world: World, patch: Sequence[Patch], ground: Snapshot | None = None
    ) -> Snapshot | None:
        """Let rows change by themselves, in the middle of an episode and by nobody's call.

        The patch comes to the rows as they are now: fields that it gives win, the others stay as
        the agent left them, and derived values follow. A row that the agent has deleted stays
        deleted. No rule is asked, and no effect of a tool follows. All of it is one transaction.
        Where the patch does not fit any more, since the agent has done something (a row that it
        would add has a key that the agent took, or what it refers to is gone), it does not happen.

        Args:
            world: Whose rows.
            patch: The rows that change.
            ground: The start with all that has happened so far; None for the start.

        Returns:
            The ground to go on with: `world.diff` against it says what the agent did, net, also in
            rows that both have touched. The one that was given where nothing happened.

        Raises:
            TaskError: The patch speaks of what the schema does not have.
        """
        return happen(world, patch, ground)

    def _body(self, name: str) -> Body:
        tool = self.domain.tool_by_name.get(name)
        if tool is None:
            raise Refusal(self._unknown(name))
        if is_write(tool):
            body = write(tool, _deed(tool, tool.term, self.doors), self.doors)
        else:
            body = remembered(tool, _read(tool, self.image), self.image)
        self._bodies[name] = body
        return body

    def _unknown(self, name: object) -> Fault:
        known = self.domain.tool_by_name
        hint = nearest(name[:100], known) if isinstance(name, str) else "use the name of a tool"
        return Fault(code="unknown_tool", message=f"There is no tool {show(name)}; {hint}")


_TOO_LARGE = "The values are too large to be worked with. Use smaller ones."


def _deed(tool: Tool, term: Term, doors: Doors) -> Deed:
    match term:
        case Create():
            return create(tool, term, doors)
        case Update():
            return update(tool, term, doors)
        case Transition():
            return transition(tool, term, doors)
        case Delete():
            return delete(tool, term, doors)
        case Link():
            return link(tool, term, doors)
        case Unlink():
            return unlink(tool, term, doors)
        case Transfer():
            return transfer(tool, term, doors)
        case Several():
            return sequence(tool, term, doors, _deed)
        case _:
            raise AssertionError(f"{tool.name} writes nothing")


def _read(tool: Tool, image: Image) -> Body:
    match tool.term:
        case Get():
            return get(tool, tool.term, image)
        case Find():
            return find(tool, tool.term, image)
        case Search():
            return search(tool.name, tool.term, image)
        case ListRelated():
            return list_related(tool, tool.term, image)
        case Path():
            return path(tool.name, tool.term, image)
        case Aggregate():
            return aggregate(tool.name, tool.term, image)
        case Identify():
            return identify(tool.name, tool.term, image)
        case Calculate():
            return _calculate(tool.name)
        case CurrentTime():
            return _current_time(tool.name)
        case ListTools():
            return _only_read(Reader(tool.name, []))
        case ShowToolDoc():
            return _only_read(Reader(tool.name, [_needed("name")]))
        case ReadManual():
            return _only_read(Reader(tool.name, [Parameter("section", words("section"))]))
        case SearchManual():
            return _only_read(Reader(tool.name, [_needed("words")]))
        case LookUpTerm():
            return look_up_term(tool.name, tool.term, image.domain.schema)
        case AskUser():
            return _only_read(Reader(tool.name, [_needed("question")]))
        case ThinkAloud():
            return _only_read(Reader(tool.name, [_needed("thought")]))
        case MakePlan():
            return _only_read(Reader(tool.name, [Parameter("steps", several, required=True)]))
        case TakeNote():
            return _only_read(Reader(tool.name, [_needed("text")]))
        case RecallNotes():
            return _only_read(Reader(tool.name, [Parameter("word", words("word"))]))
        case Offer():
            return _offer(tool.name)
        case Wait():
            return _wait(tool.name)
        case Conclude():
            return _conclude(tool.name)
        case _:
            raise AssertionError(f"{tool.name} writes")


def _needed(name: str) -> Parameter:
    return Parameter(name, words(name), required=True)


def _calculate(name: str) -> Body:
    read = Reader(name, [_needed("expression")])

    def body(world: World, arguments: object) -> Json:
        del world
        given = read(arguments)
        try:
            return {"value": calculate(str(given["expression"]))}
        except ValueError as error:
            refuse("bad_arguments", f"expression: expected {error}.", parameter="expression")

    return body


def _current_time(name: str) -> Body:
    read = Reader(name, [])

    def body(world: World, arguments: object) -> Json:
        read(arguments)
        return {"now": world.now}

    return body


def _offer(name: str) -> Body:
    read = Reader(name, [_needed("about"), Parameter("text", words("text"))])

    def body(world: World, arguments: object) -> Json:
        del world
        return {"offered": read(arguments)["about"]}

    return body


def _wait(name: str) -> Body:
    read = Reader(name, [])

    def body(world: World, arguments: object) -> Json:
        del world
        read(arguments)
        return {"waited": True}

    return body


def _only_read(read: Reader) -> Body:
    def body(world: World, arguments: object) -> Json:
        del world
        return dict(read(arguments))

    return body


def _conclude(name: str) -> Body:
    outcomes = Parameter("outcome", choice(("done", "refused", "impossible")), required=True)
    texts = Parameter("reason", words("reason"))
    answers = Parameter("answer", _any, nullable=True)
    read = Reader(name, [outcomes, answers, texts])

    def body(world: World, arguments: object) -> Json:
        del world
        given: dict[str, Json] = dict(read(arguments))
        if "answer" in given:
            given["answer"] = arguments["answer"]  # type: ignore[index]
        return given

    return body


def _any(value: Json) -> Stored:
    """Check that the value is JSON that can be written down."""
    if len(str(_JSON(value))) > 100_000:
        raise ValueError("a value of at most 100000 characters")
    return None


_JSON = parser(Field(name="answer", label="answer", type="json"))

_engines: OrderedDict[str, Engine] = OrderedDict()
_lock = Lock()


def engine(domain: Domain) -> Engine:
    """Return the engine of the domain: one per world hash and process."""
    name = domain.world_hash
    with _lock:
        found = _engines.get(name)
        if found is None:
            found = _engines[name] = Engine(domain)
        _engines.move_to_end(name)
        while len(_engines) > _KEPT:
            _engines.popitem(last=False)
        return found
