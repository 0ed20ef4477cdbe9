"""The outside, turned into a `Draft`: SQLite files, SQL scripts, lists of schemas, graphs, servers.

`read` is the door; it finds out what a file is from its content, and takes the URL of a live
database as well. Every kind of source yields the same raw tables, and one road leads from
there to the draft. Next: `domain`.
"""

from agentgym.sources.draft import Draft, Values
from agentgym.sources.read import WORDED, called, is_words, listed, read, text_of

__all__ = ["WORDED", "Draft", "Values", "called", "is_words", "listed", "read", "text_of"]
