"""Hypothesis strategies for recorded episodes: kind ones and hostile ones."""

from __future__ import annotations

from typing import Any, Literal

import hypothesis.strategies as st

from agentgym.trajectory import (
    AgentFacts,
    AssistantEvent,
    Call,
    EnvFacts,
    Event,
    Outcome,
    Provenance,
    TaskFacts,
    ToolEvent,
    ToolFace,
    Trajectory,
    UserEvent,
)

NOW = "2024-01-01T00:00:00Z"
MARKUP = (
    "<think> </think> <finish> </finish> <function=f> </function> <function_calls> <invoke name= "
    '<parameter=x> <_think> <__finish> < <_ \'""" \\ \u2028 \x85 é 漢 </ <FINISH> <thinking>'
).split(" ")

Status = Literal["success", "failure", "truncated", "error"]
STATUSES: tuple[Status, ...] = ("success", "failure", "truncated", "error")
ENDINGS: tuple[Literal["agent_message", "conclude", "max_turns"], ...] = (
    "agent_message",
    "conclude",
    "max_turns",
)

texts = st.one_of(
    st.text(st.characters(codec="utf-8"), max_size=20),
    st.lists(st.sampled_from([*MARKUP, "word", " ", "\n"]), max_size=6).map("".join),
)
words = st.from_regex(r"[a-z][a-z_]{0,8}[a-z0-9]", fullmatch=True)
values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**53), 2**53),
        st.floats(allow_nan=False, allow_infinity=False, width=32),
        texts,
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
kinds = st.one_of(
    st.just({}),
    st.sampled_from("string integer number boolean array object".split()).map(
        lambda name: {"type": name}
    ),
    st.just({"type": ["string", "null"], "description": "May be empty."}),
    st.builds(
        lambda values, about: {"type": "string", "enum": values, "description": about},
        st.lists(texts, min_size=1, max_size=3, unique=True),
        texts,
    ),
)


@st.composite
def tools(draw: st.DrawFn, *, name: str) -> ToolFace:
    """Draw a tool: any texts, parameters of any type, some of them Python keywords."""
    names = draw(st.lists(words | st.sampled_from(["class", "from"]), max_size=4, unique=True))
    required = [one for one in names if draw(st.booleans())]
    return ToolFace(
        name=name,
        description=draw(texts | st.just("List the invoices of a customer, newest first.")),
        parameters={
            "type": "object",
            "properties": {one: draw(kinds) for one in names},
            "required": required,
            "additionalProperties": False,
        },
    )


@st.composite
def calls(draw: st.DrawFn, faces: list[ToolFace]) -> Call:
    """Draw a call: mostly of a tool that there is, with arguments that it takes."""
    identity = draw(st.sampled_from(["", "a", "b", "c", "d"]))
    if not faces or draw(st.integers(0, 9)) == 0:
        if draw(st.booleans()):
            return Call(id=identity, name="", arguments={}, raw=draw(texts), parse_error="no JSON")
        return Call(id=identity, name=draw(words | texts), arguments=draw(_objects))
    face = draw(st.sampled_from(faces))
    given = {name: draw(values) for name in face.parameters["required"]}
    for name in face.parameters["properties"]:
        if name not in given and draw(st.booleans()):
            given[name] = draw(values)
    if draw(st.integers(0, 9)) == 0:
        given = draw(_objects)
    return Call(id=identity, name=face.name, arguments=given)


_objects = st.dictionaries(words, values, max_size=3)


@st.composite
def trajectories(draw: st.DrawFn, *, number: int = 0, status: Status | None = None) -> Trajectory:
    """Draw an episode; with a status given, one that ended so."""
    names = draw(st.lists(words, max_size=4, unique=True))
    faces = [draw(tools(name=name)) for name in names if name not in _KEYWORDS]
    events: list[Event] = []

    def at() -> dict[str, Any]:
        return {"i": len(events), "t": NOW, "turn": len(events)}

    if draw(st.integers(0, 9)):
        events.append(UserEvent(content=draw(texts), **at()))
    for _ in range(draw(st.integers(0, 4))):
        made = tuple(draw(st.lists(calls(faces), max_size=3)))
        events.append(
            AssistantEvent(
                content=draw(texts),
                reasoning=draw(st.none() | texts),
                tool_calls=made,
                loss=draw(st.booleans()),
                **at(),
            )
        )
        for call in made:
            if draw(st.integers(0, 9)):
                bad = draw(st.booleans())
                events.append(
                    ToolEvent(
                        call_id=call.id,
                        name=call.name,
                        content=draw(texts),
                        is_error=bad,
                        error_type="not_found" if bad else None,
                        **at(),
                    )
                )
        if not made:
            events.append(UserEvent(content=draw(texts), **at()))
    ending = draw(st.sampled_from(ENDINGS))
    if ending == "conclude":
        end = Call(
            id="end",
            name="conclude",
            arguments={
                "outcome": draw(st.sampled_from(["done", "refused"])),
                "answer": draw(values),
            },
        )
        faces.append(draw(tools(name="conclude")))
        events.append(AssistantEvent(tool_calls=(end,), **at()))
        events.append(ToolEvent(call_id="end", name="conclude", content='{"concluded":1}', **at()))
    return Trajectory(
        trajectory_id=f"t{number}",
        group_id=draw(words),
        env=EnvFacts(
            env_id="agentgym/Shop-v1",
            env_version="1",
            spec_sha256="0" * 64,
            domain=draw(st.sampled_from(["shop", "clinic"])),
            seed=draw(st.integers(0, 9)),
        ),
        task=TaskFacts(
            task_id=f"shop-v1/{number:04d}", instruction=draw(texts), system=draw(texts)
        ),
        agent=AgentFacts(name="oracle"),
        tools=tuple(faces),
        events=tuple(events),
        outcome=Outcome(
            status=draw(st.sampled_from(STATUSES)) if status is None else status,
            termination=ending,
            reward=1.0,
            components={"answer": 1.0},
        ),
        provenance=Provenance(
            generator_version="0.1.0", license=draw(st.sampled_from(["", "MIT"]))
        ),
    )


_KEYWORDS = frozenset("as def del for from if in is not or try and class conclude".split())


@st.composite
def runs(draw: st.DrawFn, *, successes: int = 1) -> list[Trajectory]:
    """Draw the episodes of a run file, at least so many of them successes."""
    certain = [draw(trajectories(number=i, status="success")) for i in range(successes)]
    more = [draw(trajectories(number=successes + i)) for i in range(draw(st.integers(0, 2)))]
    return draw(st.permutations([*certain, *more]))
