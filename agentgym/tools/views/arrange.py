"""The arrangement of a view: from the tools that a task shows to the surface that an agent meets.

A schema, its tools, the names chosen for a task and `ViewOptions` come in; a `Surface` goes out.
Next: `sources`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from agentgym.errors import TaskError, nearest
from agentgym.formats import Json
from agentgym.rng import stream
from agentgym.schema import Schema
from agentgym.tools.algebra import (
    INTRINSIC,
    AskUser,
    Conclude,
    Get,
    ListRelated,
    ListTools,
    MakePlan,
    ReadManual,
    RecallNotes,
    Search,
    SearchManual,
    ShowToolDoc,
    TakeNote,
    ThinkAloud,
    Tool,
    listed,
    subject,
)
from agentgym.tools.derive.free import intrinsic_tools, manual_tools
from agentgym.tools.derive.naming import Names
from agentgym.tools.views.extras import near_duplicates
from agentgym.tools.views.faces import exampled, face, first_sentence, thinned
from agentgym.tools.views.granularity import narrow, rich
from agentgym.tools.views.options import ViewOptions
from agentgym.tools.views.rename import rename, share_of
from agentgym.tools.views.surface import Shown, Surface, Way
from agentgym.trajectory import ToolFace

__all__ = ["DOCUMENTS", "TALK", "arrange", "shown_faces", "withheld"]

DOCUMENTS = (ListTools, ShowToolDoc, ReadManual, SearchManual)
"""The terms that look things up in the view itself."""

TALK = (AskUser, Conclude)
"""The terms that every view keeps."""

_THOUGHTS = {"think": ThinkAloud, "plan": MakePlan, "note": TakeNote, "recall": RecallNotes}


def withheld(
    tools: Sequence[Tool], needed: Sequence[str], options: ViewOptions, *, where: str
) -> TaskError | None:
    """Say why a view cannot serve a task: a tool that it takes away is needed, or is none.

    Args:
        tools: Of the domain.
        needed: Names of the tools that the task needs.
        options: Of the view.
        where: The task, for the message.
    """
    known = {tool.name: tool for tool in tools}
    for name in options.absent:
        if name not in known:
            return TaskError(
                "the name of a tool in absent",
                found=repr(name),
                where=where,
                hint=nearest(name, known),
            )
        if name in needed or isinstance(known[name].term, TALK):
            return TaskError(
                f"a view that shows {name}, which the task needs",
                found="a view from which it is absent",
                where=where,
                hint=f"leave {name} out of absent, or choose another task",
            )
    return None


def arrange(
    domain_name: str,
    schema: Schema,
    tools: Sequence[Tool],
    names: Sequence[str],
    options: ViewOptions,
) -> Surface:
    """Make the surface of a view.

    Args:
        domain_name: The domain, for the chances.
        schema: Its schema.
        tools: All its tools.
        names: Those that the task shows.
        options: How they are shown.

    Returns:
        The shown tools. Every parameter of each of the domain's tools named is there, in one
        tool or in several.
    """
    key = (domain_name, options.seed, "surface")
    run, rebuilt = _compiled((*tools, *_added(tools, options)), options)
    chosen = _chosen(schema, run, names, options, key)
    terms = {tool.name: tool.term for tool in run}
    visible = frozenset(tool.name for tool in chosen)
    shown = [_plain(schema, tool, visible) for tool in chosen]
    free = [one for one in shown if subject(terms[one.tool], schema) is None]
    ours = [one for one in shown if subject(terms[one.tool], schema) is not None]
    taken = Names()
    taken.taken |= {tool.name for tool in run}
    if options.granularity == "rich":
        ours = rich(schema, ours, terms, taken.take)
    elif options.granularity == "narrow":
        ours = narrow(schema, ours, terms, taken.take)
    if options.near_duplicates:
        ours = near_duplicates(schema, ours, terms, taken.take, options.near_duplicates, key)
    if options.rename:
        ours = rename(ours, [one.name for one in free], taken.take, options.rename, key)
    locked = frozenset(share_of([one.name for one in ours], options.locked, stream(*key, "locked")))
    surface = Surface(tools=(*ours, *free), run=run, rebuilt=rebuilt)
    return Surface(
        tools=tuple(_said(one, surface, locked=one.name in locked) for one in surface.tools),
        run=run,
        rebuilt=rebuilt,
    )


def shown_faces(surface: Surface, options: ViewOptions) -> tuple[ToolFace, ...]:
    """Return the faces that the agent is given, with as much documentation as it gets."""
    terms = {tool.name: tool.term for tool in surface.run}
    found = []
    for shown in surface.tools:
        if options.faces == "names" and not isinstance(
            terms[shown.tool], (*DOCUMENTS, *TALK, *INTRINSIC)
        ):
            continue
        if options.docs == "examples":
            found.append(exampled(shown.face))
            continue
        if options.docs == "full" or options.faces == "names":
            found.append(shown.face)
            continue
        description = first_sentence(shown.face.description) if options.docs == "brief" else ""
        found.append(
            msgspec.structs.replace(
                shown.face, description=description, parameters=thinned(shown.face.parameters)
            )
        )
    return tuple(found)


def _added(tools: Sequence[Tool], options: ViewOptions) -> list[Tool]:
    """Return the tools that look things up or only think, where the domain has none of its own."""
    if options.documents:
        wanted: tuple[type, ...] = DOCUMENTS
    else:
        wanted = (ShowToolDoc,) if options.locked else ()
    wanted += tuple(_THOUGHTS[name] for name in options.intrinsic)
    there = {type(tool.term) for tool in tools}
    names = {tool.name for tool in tools}
    found = []
    for tool in (*manual_tools(), *intrinsic_tools()):
        if type(tool.term) in wanted and type(tool.term) not in there:
            name = tool.name if tool.name not in names else f"desk_{tool.name}"
            found.append(msgspec.structs.replace(tool, name=name))
    return found


def _compiled(tools: Sequence[Tool], options: ViewOptions) -> tuple[tuple[Tool, ...], bool]:
    size = options.page_size
    if size is None:
        return tuple(tools), any(isinstance(tool.term, (*DOCUMENTS, *INTRINSIC)) for tool in tools)
    return tuple(
        msgspec.structs.replace(tool, term=msgspec.structs.replace(tool.term, page_size=size))
        if isinstance(tool.term, (Search, ListRelated))
        else tool
        for tool in tools
    ), True


def _chosen(
    schema: Schema,
    run: Sequence[Tool],
    names: Sequence[str],
    options: ViewOptions,
    key: tuple[object, ...],
) -> list[Tool]:
    """Choose the domain's tools that the surface leads to, in the domain's order."""
    wanted = set(names) - set(options.absent)
    wanted |= (
        {tool.name for tool in run if isinstance(tool.term, DOCUMENTS)}
        if (options.documents)
        else {tool.name for tool in run if options.locked and isinstance(tool.term, ShowToolDoc)}
    )
    thoughts = tuple(_THOUGHTS[name] for name in options.intrinsic)
    wanted |= {tool.name for tool in run if isinstance(tool.term, thoughts)}
    if options.detail == "distilled":
        wanted |= _getters(schema, run, wanted) - set(options.absent)
    spare = [
        tool.name
        for tool in run
        if tool.name not in wanted
        and tool.name not in options.absent
        and subject(tool.term, schema) is not None
    ]
    chance = stream(*key, "distractors")
    chance.shuffle(spare)
    wanted |= set(spare[: options.distractors])
    return [tool for tool in run if tool.name in wanted]


def _getters(schema: Schema, run: Sequence[Tool], names: set[str]) -> set[str]:
    """Name the tools that give whole rows of what the named ones list."""
    entities = set()
    for tool in run:
        if tool.name in names and isinstance(tool.term, Search):
            entities.add(tool.term.entity)
        elif tool.name in names and isinstance(tool.term, ListRelated):
            entities.add(listed(tool.term, schema))
    found: dict[str, str] = {}
    for tool in run:
        if isinstance(tool.term, Get) and tool.term.entity in entities:
            found.setdefault(tool.term.entity, tool.name)
    return set(found.values())


def _plain(schema: Schema, tool: Tool, visible: frozenset[str]) -> Shown:
    shown = face(schema, tool, visible)
    params: Mapping[str, Json] = shown.parameters["properties"]
    return Shown(face=shown, ways=(Way(tool=tool.name, params={p: p for p in params}),))


def _said(shown: Shown, surface: Surface, *, locked: bool) -> Shown:
    """Let the texts of a tool name others as they are shown."""
    scheme = shown.face.parameters
    properties = {
        name: kind | {"description": surface.say(kind["description"])}
        for name, kind in scheme["properties"].items()
    }
    told = msgspec.structs.replace(
        shown.face,
        description=surface.say(shown.face.description),
        parameters=scheme | {"properties": properties},
    )
    return msgspec.structs.replace(shown, face=told, locked=locked)
