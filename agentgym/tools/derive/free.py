"""The tools that belong to no entity, and those with which an agent looks tools and rules up.

Nothing comes in: they are the same in every domain. Next: `tools.views`.
"""

from __future__ import annotations

from agentgym.tools.algebra import (
    AskUser,
    Calculate,
    Conclude,
    CurrentTime,
    ListTools,
    ReadManual,
    SearchManual,
    ShowToolDoc,
    Tool,
)

__all__ = ["free_tools", "manual_tools"]


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
