"""`agentgym play`: a person is the policy, in the terminal or through a pipe."""

from __future__ import annotations

import contextlib
import json
import re
import shlex
import sys
from collections.abc import Iterator
from typing import Annotated

import typer

from agentgym.episode import Episode, Suite, load
from agentgym.errors import nearest
from agentgym.formats import Json

from .check import Folder
from .console import clean, facts, heading, paragraph, say, table
from .options import FAULTS_HELP, HINTS_HELP, USER_HELP
from .rollout import CIRCUMSTANCES
from .tools import VIEW, print_tool

__all__ = ["play"]

HELP = [
    ("TOOL key=value ...", "call a tool; put values with spaces in quotes"),
    ('{"name": ..., "arguments": ...}', "call a tool in JSON, as an agent does"),
    ("any other text", "say it to the user; `say TEXT` where it would be taken for a command"),
    ("tools", "list the tools"),
    ("tool NAME", "show one tool with its parameters"),
    ("task", "read the request again"),
    ("help", "show this"),
    ("quit", "stop, and see the verdict as it stands"),
]


def play(
    folder: Folder,
    task: Annotated[
        str | None, typer.Option(help="Task to play, like 0001; the seed chooses without it.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Chooses the task.")] = 0,
    user: Annotated[str, typer.Option(help=USER_HELP, rich_help_panel=CIRCUMSTANCES)] = "",
    faults: Annotated[str, typer.Option(help=FAULTS_HELP, rich_help_panel=CIRCUMSTANCES)] = "",
    hints: Annotated[str, typer.Option(help=HINTS_HELP, rich_help_panel=CIRCUMSTANCES)] = "",
    view: Annotated[str, typer.Option(help=VIEW, rich_help_panel=CIRCUMSTANCES)] = "",
) -> None:
    """Play a task yourself: call tools, talk to the user, and read the verdict."""
    suite = load(str(folder))
    episode = suite.episode(
        task,
        view=view,
        user=user or None,
        faults=faults or None,
        hints=hints or None,
        seed=seed,
    )
    say(f"{episode.task_id}, {episode.max_turns} turns", style="bold")
    paragraph(episode.system)
    _request(episode)
    say("\nType `help` for what you can do.")
    for line in _lines():
        if line == "quit" or _turn(episode, line):
            break
    _verdict(suite, episode)


def _lines() -> Iterator[str]:
    """Read what the person types; echo it where it comes through a pipe."""
    typed = sys.stdin.isatty()
    if typed:
        with contextlib.suppress(ImportError):
            __import__("readline")  # line editing and history, where the platform has them
    while True:
        if typed:
            try:
                line = input("> ")
            except (EOFError, KeyboardInterrupt):
                say()
                return
        else:
            line = sys.stdin.readline()
            if not line:
                return
            say(f"> {line.strip()}")
        if line.strip():
            yield line.strip()


def _turn(episode: Episode, line: str) -> bool:
    """Do what the line says; return whether the episode is over."""
    word, _, rest = line.partition(" ")
    if line == "help":
        facts(HELP)
    elif line == "tools":
        table(
            ["tool", "", "what it does"],
            [(f.name, "write" if f.mutates else "read", f.description) for f in episode.view.faces],
        )
    elif line == "task":
        _request(episode)
    elif word == "tool" and rest and " " not in rest:
        _tool(episode, rest)
    elif (action := _action(episode, line)) is None:
        say(f"Expected `{word} key=value ...`; `tool {word}` shows the keys, `say ...` says it.")
    else:
        for text in episode.act(action).observation.split("\n"):
            say(_pretty(text))
    return episode.done


def _request(episode: Episode) -> None:
    heading("The user says")
    paragraph(episode.prompt[-1]["content"], indent=2)


def _tool(episode: Episode, name: str) -> None:
    found = {face.name: face for face in episode.view.faces}
    if name in found:
        print_tool(found[name])
    else:
        say(f"There is no tool {name!r}; {nearest(name, found)}")


def _action(episode: Episode, line: str) -> object:
    """Turn what a person types into what an agent sends; None for a call that is mistyped."""
    word, _, rest = line.partition(" ")
    properties = {f.name: f.parameters.get("properties", {}) for f in episode.view.faces}
    if word == "say" and rest:
        return rest
    try:
        pairs = [part.partition("=") for part in shlex.split(rest)]
    except ValueError:
        pairs = [("", "", rest)]
    named = all(sign and re.fullmatch(r"\w+", name) for name, sign, _ in pairs)
    if word in properties:
        kinds = properties[word]
        call = {name: _value(kinds.get(name, {}), text) for name, _, text in pairs}
        return {"name": word, "arguments": call} if named else None
    if named and pairs and re.fullmatch(r"\w+", word):
        return {"name": word, "arguments": {name: text for name, _, text in pairs}}
    return line


def _value(kind: dict[str, Json], text: str) -> Json:
    """Read a value by the type of its parameter: a text stays one."""
    named = kind.get("type")
    types = [named] if isinstance(named, str) else list(named or ())
    if "string" in types and not ("null" in types and text == "null"):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def _pretty(text: str) -> str:
    try:
        value = json.loads(text)
    except ValueError:
        return clean(text)
    return json.dumps(value, indent=2, ensure_ascii=False) if isinstance(value, dict) else text


def _verdict(suite: Suite, episode: Episode) -> None:
    verdict = suite.verdict(episode)
    heading("Solved" if verdict.success else "Not solved")
    for reason in verdict.reasons:
        paragraph(reason, indent=2)
    facts((f"  {name}", f"{value:g}") for name, value in verdict.terms.items())
    episode.close()
