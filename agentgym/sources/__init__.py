"""The outside, turned into a `Draft`: SQLite files, SQL scripts, graphs.

`read` is the door; it finds out what a file is from its content. Every kind of source
yields the same raw tables, and one road leads from there to the draft. Next: `domain`.
"""

from agentgym.sources.draft import Draft
from agentgym.sources.read import read

__all__ = ["Draft", "read"]
