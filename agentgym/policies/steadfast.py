"""The steadfast: the oracle's way, held to whatever the world does to its calls.

In come the task and what the environment shows; out go the oracle's actions, and between them what
a fault asks for: the same call again, a look at what came of a write, a yes of the user. It goes
by what it is shown alone. That it wins is what makes a task under faults solvable. Next: `rollout`.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from decimal import Decimal
from typing import Any

from agentgym.episode.view import View
from agentgym.errors import FormatError
from agentgym.formats import Json, decode, to_text
from agentgym.policies.lens import Lens
from agentgym.policies.oracle import Oracle
from agentgym.schema import Entity, Schema
from agentgym.tasks import Task
from agentgym.tools.algebra import (
    AskUser,
    Create,
    Delete,
    Find,
    Get,
    Link,
    ListRelated,
    Search,
    Term,
    Transition,
    Unlink,
    Update,
    listed,
)

__all__ = ["Steadfast"]

_MOST = 40
"""How often a call is made again at most."""
_PAGES = 50
"""How many pages of a list are looked through at most."""
_QUESTION = "Do you confirm this change?"

Seen = tuple[str, dict[str, Any]]
"""An observation and `info`."""
Acting = Generator[str, Seen, Seen]
"""Yields actions, is sent what came of each, returns what came of it all."""


class Steadfast:
    """Plays one episode of one task, and mends what faults do to it.

    Args:
        task: The task; its gold run is followed.
        view: How the episode shows the tools; None for as they are, and then a write of which
            nobody knows what came of it is made again without a look.
    """

    def __init__(self, task: Task, *, view: View | None = None) -> None:
        self._view = view
        self._watches = bool(task.stream)
        self._oracle = Oracle(task, view=view)
        self._start()

    @property
    def trouble(self) -> str:
        """Why it gave up; empty while all goes well."""
        return self._oracle.trouble

    @property
    def made(self) -> int:
        """How many calls of the gold run were made and answered, as far as it has heard."""
        return self._oracle.made

    def reset(self, *, seed: int) -> None:
        """Start again, for another episode of the same task."""
        self._oracle.reset(seed=seed)
        self._start()

    def _start(self) -> None:
        self._acting: Generator[str, Seen, None] | None = None

    def __call__(self, observation: str, info: dict[str, Any]) -> str:
        """Return the oracle's next action, or what has to be done first."""
        if self._acting is None:
            self._acting = self._play(observation, info)
            return next(self._acting)
        if self._watches:
            self._oracle.notice(observation)
        return self._acting.send((observation, info))

    def _play(self, observation: str, info: dict[str, Any]) -> Generator[str, Seen, None]:
        while True:
            observation, info = yield from self._do(self._oracle(observation, info))

    def _do(self, action: str) -> Acting:
        """Do an action until it comes to what it would have come to without faults."""
        call = _called(action)
        unsure, after = False, ""
        seen: Seen = ("", {})
        for _ in range(_MOST):
            seen = yield action
            text, sign, rest = seen[0].partition("\n")
            # What happened of its own accord is told once, with whatever call it came.
            after += sign + rest if self._watches else ""
            data = _json(text)
            if call is None or not isinstance(data, dict):
                return seen
            fault = data.get("error") if set(data) == {"error"} else None
            if isinstance(fault, dict):
                code, message = fault.get("code"), str(fault.get("message"))
                if code == "rule_broken" and "policy update" in message and "confirm" in message:
                    yield from self._agree(seen[1])
                elif "(as of " in message:
                    pass
                elif code not in ("unavailable", "limit_exceeded"):
                    gone = unsure and code == "not_found" and self._removes(call)
                    if gone:
                        text = to_text({"done": True})
                    return text + after, seen[1]
                elif "not known" in message:
                    unsure = True
                    found = yield from self._look(call)
                    if found is not None:
                        return to_text(found) + after, seen[1]
            elif not (_own("note", data) or _own("as_of", data)):
                return to_text(self._named(call, data)) + after, seen[1]
        return seen

    def _agree(self, info: dict[str, Any]) -> Generator[str, Seen, None]:
        """Ask the user for a yes."""
        named = next((n for n, term in self._terms() if isinstance(term, AskUser)), "")
        shown = any(tool["function"]["name"] == named for tool in info["tools"])
        yield (
            to_text({"name": named, "arguments": {"question": _QUESTION}}) if shown else _QUESTION
        )

    # what came of a write

    def _look(self, call: tuple[str, dict[str, Json]]) -> Generator[str, Seen, Json]:
        """Look whether a write was carried out; return what it gave, or None."""
        own = self._own_call(call)
        if own is None or self._view is None:
            return None
        schema, (term, given) = self._view.domain.schema, own
        match term:
            case Update() | Transition():
                values = (term.to,) if isinstance(term, Transition) else term.values
                key = {one.field: given[one.param] for one in term.key if one.param in given}
                told = {one.field: given[one.param] for one in values if one.param in given}
                row = yield from self._get(term.entity, key)
                return row if row is not None and _holds(row, told) else None
            case Create() | Link():
                values = term.values if isinstance(term, Create) else (*term.ends, *term.values)
                told = {one.field: given[one.param] for one in values if one.param in given}
                return (yield from self._listed(schema.entity(term.entity), told, schema))
            case _:
                return None

    def _get(self, entity: str, key: Mapping[str, Json]) -> Generator[str, Seen, Json]:
        for name, term in self._terms():
            if isinstance(term, Get) and term.entity == entity:
                arguments = {one.param: key[one.field] for one in term.key if one.field in key}
                row = yield from self._read(name, arguments)
                if row is not None:
                    return row
        return None

    def _listed(
        self, entity: Entity, told: dict[str, Json], schema: Schema
    ) -> Generator[str, Seen, Json]:
        """Look through a list that what was told narrows."""
        for name, arguments in self._lists(entity, told, schema):
            page, pages = 1, 1
            while page <= min(pages, _PAGES):
                asked = arguments | ({"page": page} if page > 1 else {})
                data = yield from self._read(name, asked)
                if not isinstance(data, dict) or not isinstance(data.get("items"), list):
                    break
                for row in data["items"]:
                    if _holds(row, told):
                        return row
                page, pages = page + 1, int(data.get("pages", 1))
            else:
                return None
        return None

    def _lists(
        self, entity: Entity, told: dict[str, Json], schema: Schema
    ) -> Iterator[tuple[str, dict[str, Json]]]:
        """Yield calls of lists on which the row would be."""
        for name, term in self._terms():
            if isinstance(term, Search) and term.entity == entity.name:
                found = {
                    one.param: told[one.field]
                    for one in term.filters
                    if one.op == "eq" and told.get(one.field) is not None
                }
                if found:
                    yield name, found
            elif isinstance(term, ListRelated) and listed(term, schema) == entity.name:
                relation = schema.relation(term.relation)
                back = dict(zip(relation.target_fields, relation.fields, strict=True))
                names = [(one.param, back.get(one.field, "")) for one in term.key]
                if term.through is None and all(told.get(field) is not None for _, field in names):
                    yield name, {param: told[field] for param, field in names}

    def _read(self, tool: str, arguments: dict[str, Json]) -> Generator[str, Seen, Json]:
        """Make a call of the domain that reads; return what it gives, None where it gives none."""
        lens = self._lens
        if lens is None:
            text, _ = yield from self._do(to_text({"name": tool, "arguments": arguments}))
            data = _json(text)
        else:
            steps = lens.call(tool, arguments, ("items",))
            try:
                sent = next(steps)
                while True:
                    text, _ = yield from self._do(to_text(sent))
                    sent = steps.send(_json(text))
            except StopIteration as end:
                data = end.value
        refused = not isinstance(data, dict) or set(data) == {"error"}
        return None if refused else data

    # what a call comes to

    @property
    def _lens(self) -> Lens | None:
        return self._oracle.lens

    def _terms(self) -> Iterator[tuple[str, Term]]:
        """Yield the domain's own tools that can be reached."""
        if self._view is not None:
            known = self._view.domain.tool_by_name
            yield from ((name, known[name].term) for name in self._view.tools if name in known)

    def _own_call(self, call: tuple[str, dict[str, Json]]) -> tuple[Term, dict[str, Json]] | None:
        """Return the term of the domain that a shown call comes to, and its arguments."""
        view, (name, arguments) = self._view, call
        if view is None or name not in view.kinds:
            return None
        if view.surface is not None:
            if view.kinds[name] != "shown":
                return None
            found = view.surface.translate(name, arguments)
            if not isinstance(found, tuple):
                return None
            name, arguments = found[0].tool, found[1]
            terms = {tool.name: tool.term for tool in view.surface.run}
            return (terms[name], arguments) if name in terms else None
        return view.terms[name], arguments

    def _removes(self, call: tuple[str, dict[str, Json]]) -> bool:
        own = self._own_call(call)
        return own is not None and isinstance(own[0], (Delete, Unlink))

    def _named(self, call: tuple[str, dict[str, Json]], data: dict[str, Json]) -> Json:
        """Return data with its fields under their own names, where some have others."""
        own = self._own_call(call)
        term = None if own is None else own[0]
        if self._view is None or not isinstance(term, (Get, Find, Search, ListRelated)):
            return data
        schema = self._view.domain.schema
        name = listed(term, schema) if isinstance(term, ListRelated) else term.entity
        names = [field.name for field in schema.entity(name).fields]
        if isinstance(data.get("items"), list):
            return data | {"items": [_own_names(row, names) for row in data["items"]]}
        return _own_names(data, names)


def _own_names(row: Json, names: list[str]) -> Json:
    """Give the fields of a row the names by which they go."""
    if not isinstance(row, dict) or row.keys() <= set(names):
        return row
    return {_own_name(key, row, names): value for key, value in row.items()}


def _own_name(key: str, row: dict[str, Json], names: list[str]) -> str:
    if key in names:
        return key
    plain = key.replace("_", "").casefold()
    found = [n for n in names if n not in row and n.replace("_", "").casefold() in plain]
    return max(found, key=len, default=key)


def _own(name: str, data: dict[str, Json]) -> bool:
    """Tell whether a result says something about itself."""
    return any(key.rstrip("_") == name and isinstance(data[key], str) for key in data)


def _holds(row: Json, told: Mapping[str, Json]) -> bool:
    """Tell whether a row says what was told; what it does not show is not held against it."""
    if not isinstance(row, dict):
        return False
    return all(_same(row[name], value) for name, value in told.items() if name in row)


def _same(one: Json, other: Json) -> bool:
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, (int, float, Decimal)) and isinstance(other, (int, float, Decimal)):
        return Decimal(str(one)) == Decimal(str(other))
    return bool(one == other)


def _called(action: str) -> tuple[str, dict[str, Json]] | None:
    """Return name and arguments of an action that is a call."""
    found = _json(action)
    if isinstance(found, dict) and isinstance(found.get("name"), str):
        return found["name"], found.get("arguments") or {}
    return None


def _json(text: str) -> Json:
    try:
        return decode(text.encode(), object, where="observation")
    except FormatError:
        return None
