"""The tools that belong to no entity: of any desk, of the documents, and of the agent's own mind.

Nothing comes in: they are the same in every domain. Next: `tools.views`.
"""

from __future__ import annotations

from agentgym.tools.algebra import (
    AskUser,
    Calculate,
    Conclude,
    CurrentTime,
    ListTools,
    MakePlan,
    Offer,
    ReadManual,
    RecallNotes,
    SearchManual,
    ShowToolDoc,
    TakeNote,
    ThinkAloud,
    Tool,
    Wait,
)

__all__ = ["INTRINSIC_NAMES", "free_tools", "intrinsic_tools", "manual_tools", "watch_tools"]


def free_tools() -> tuple[Tool, ...]:
    """Return the tools that every domain has, in the order in which they are shown."""
    return (
        Tool(
            name="calculate",
            description="Compute an arithmetic expression exactly.",
            term=Calculate(),
        ),
        Tool(
            name="current_time",
            description="Tell what time it is now, in UTC.",
            term=CurrentTime(),
        ),
        Tool(
            name="ask_user",
            description="Ask the user a question, and get the reply. Ask for what only the "
            "user can know or decide.",
            term=AskUser(),
        ),
        Tool(
            name="conclude",
            description="End the task, once: say how it ended, with the answer if one was "
            "asked for. Nothing can be done afterwards.",
            term=Conclude(),
        ),
    )


def manual_tools() -> tuple[Tool, ...]:
    """Return the tools that stand for the documents, for views that show these as tools."""
    return (
        Tool(
            name="list_tools",
            description="List the tools at hand by name, each with what it does in a sentence.",
            term=ListTools(),
        ),
        Tool(
            name="show_tool_doc",
            description="Show what one tool does and which parameters it takes.",
            term=ShowToolDoc(),
        ),
        Tool(
            name="read_manual",
            description="Read one section of the desk manual, which says what is allowed; "
            "without a section, list the titles.",
            term=ReadManual(),
        ),
        Tool(
            name="search_manual",
            description="Search the desk manual for words: the paragraphs that hold them, the "
            "best first.",
            term=SearchManual(),
        ),
    )


def intrinsic_tools() -> tuple[Tool, ...]:
    """Return the tools that only think: they change nothing but what the agent itself recalls."""
    return (
        Tool(
            name="think_aloud",
            description="Put down a thought before you go on. Nobody else reads it, and it "
            "changes nothing.",
            term=ThinkAloud(),
        ),
        Tool(
            name="make_plan",
            description="Write down the steps that you mean to take; they replace those of the "
            "plan before. It changes nothing else.",
            term=MakePlan(),
        ),
        Tool(
            name="take_note",
            description="Keep a note for later in this conversation. It changes nothing else.",
            term=TakeNote(),
        ),
        Tool(
            name="recall_notes",
            description="Read the notes taken so far and the plan; with a word, only what holds "
            "it.",
            term=RecallNotes(),
        ),
    )


def watch_tools() -> tuple[Tool, ...]:
    """Return the tools of one who watches, for tasks with a stream of events."""
    return (
        Tool(
            name="offer",
            description="Tell the user of one record, unasked: that something is due with it. "
            "Use it for what the standing orders want to be told, and for nothing else.",
            term=Offer(),
        ),
        Tool(
            name="wait",
            description="Let a turn pass without saying or doing anything, until something more "
            "happens.",
            term=Wait(),
        ),
    )


INTRINSIC_NAMES = frozenset(
    name for tool in intrinsic_tools() for name in (tool.name, f"desk_{tool.name}")
)
"""What such tools are called where a view adds them; the longer name where the domain has a tool
of the other."""
