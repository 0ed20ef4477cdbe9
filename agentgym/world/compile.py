"""The engine: a domain's tools, compiled once, run against any number of worlds.

A `Domain` comes in; `Engine.call` takes whatever an agent sends and gives a `Result`,
never an exception. Terms are compiled when they are first called. Next: `plan`.
"""

from __future__ import annotations

import sqlite3
from collections import OrderedDict
from functools import cached_property
from threading import Lock

from agentgym.domain import Domain
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
    ListRelated,
    Search,
    Tool,
    Transition,
    Update,
)
from agentgym.tools.parameters import parameters
from agentgym.trajectory import Fault, Result
from agentgym.world.arguments import Parameter, Reader, choice, words
from agentgym.world.calculate import calculate
from agentgym.world.creates import create
from agentgym.world.lists import list_related, search
from agentgym.world.reads import Body, aggregate, find, get
from agentgym.world.refusals import Refusal, refuse, show
from agentgym.world.rows import Image, World
from agentgym.world.writes import delete, transition, update

__all__ = ["Engine", "engine"]

_KEPT = 16
"""Engines that a process keeps, the latest used."""


class Engine:
    """The tools of one domain, ready to be called."""

    def __init__(self, domain: Domain) -> None:
        self.domain = domain
        self.image = Image(domain)
        self._bodies: dict[str, Body] = {}

    @cached_property
    def parameters(self) -> dict[str, dict[str, Json]]:
        """The JSON Schema of each tool's parameters, by tool name."""
        schema = self.domain.schema
        return {tool.name: parameters(tool, schema) for tool in self.domain.tools}

    def world(self) -> World:
        """Make a world of the rows at the start, on a connection of its own."""
        return World(self.image)

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
            return Result(data=body(world, arguments))
        except Refusal as refusal:
            return Result(error=refusal.fault)
        except (OverflowError, RecursionError, MemoryError, sqlite3.DataError):
            return Result(error=Fault(code="limit_exceeded", message=_TOO_LARGE))
        except TypeError:
            if isinstance(name, str):
                raise
            return Result(error=self._unknown(name))

    def _body(self, name: str) -> Body:
        tool = self.domain.tool_by_name.get(name)
        if tool is None:
            raise Refusal(self._unknown(name))
        body = self._bodies[name] = _compile(tool, self.image)
        return body

    def _unknown(self, name: object) -> Fault:
        known = self.domain.tool_by_name
        hint = nearest(name[:100], known) if isinstance(name, str) else "use the name of a tool"
        return Fault(code="unknown_tool", message=f"There is no tool {show(name)}; {hint}")


_TOO_LARGE = "The values are too large to be worked with. Use smaller ones."


def _compile(tool: Tool, image: Image) -> Body:
    match tool.term:
        case Get():
            return get(tool.name, tool.term, image)
        case Find():
            return find(tool.name, tool.term, image)
        case Search():
            return search(tool.name, tool.term, image)
        case ListRelated():
            return list_related(tool.name, tool.term, image)
        case Aggregate():
            return aggregate(tool.name, tool.term, image)
        case Create():
            return create(tool, tool.term, image)
        case Update():
            return update(tool, tool.term, image)
        case Transition():
            return transition(tool, tool.term, image)
        case Delete():
            return delete(tool, tool.term, image)
        case Calculate():
            return _calculate(tool.name)
        case CurrentTime():
            return _current_time(tool.name)
        case AskUser():
            return _only_read(Reader(tool.name, [_needed("question")]))
        case Conclude():
            return _conclude(tool.name)


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
